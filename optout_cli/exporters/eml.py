"""The letter as an e-mail (RFC 5322): its text, its web page, and the PDF attached.

Takes a Letter, gives the whole message, ready for a file, a pipe or a mail server; sends nothing.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import html, pdf
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.mail_headers import (
    LINE,
    Envelope,
    Mailbox,
    address_header,
    address_problems,
    envelope_of,
    header,
    text_header,
    text_problems,
)
from optout_cli.exporters.txt import lines_of
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Notice

MEDIA_TYPE = "message/rfc822"
IS_TEXT = True
_MB = 1_000_000
_NOON = time(12, tzinfo=UTC)
_LINE_END = re.compile("\r\n|\r|\n")
# Mailboxes change a line that begins with `From `, and pipes end at a lone dot.
_AS_IT_IS = re.compile(rf"(?:(?!From |\.\r)[\t -~]{{0,{LINE}}}\r\n)*")
_FILE_NAME = re.compile(r"[A-Za-z0-9-]+")


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the message, each line ended by CRLF; the same letter gives the same bytes.

    A draft may lack the addresses of recipient and sender. Raises OptoutError where another letter
    lacks them, where a header cannot hold a name, and where the whole is larger than the options
    allow.
    """
    text = "\n".join(lines_of(letter))
    envelope = envelope_of(letter, text)
    raise_any(_faults(letter, envelope.people))
    printed = pdf.printed(letter, context)
    parts = (
        _text_part("plain", text),
        _text_part("html", html.encode(letter, context).decode()),
        _attached(f"{letter.notice.name}.pdf", pdf.MEDIA_TYPE, printed),
        *(_attached(it.name, it.media_type, it.content) for it in letter.attachments),
    )
    message = _head(letter, envelope).encode("ascii") + _multipart(parts, envelope.identity)
    limit = context.options.mail_limit
    if len(message) > limit * _MB:
        raise OptoutError(_too_large(letter, len(message), limit, printed))
    return message


def _faults(letter: Letter, people: Mapping[str, Sequence[Mailbox]]) -> Iterator[Problem]:
    for name in () if letter.notice.is_draft else ("From", "To"):
        if not people[name]:
            yield Problem("no-address", f"the e-mail has no address for its {name}:")
    for name, mailboxes in people.items():
        if name != "Reply-To":  # the sender, once more
            yield from address_problems(name, mailboxes)
    yield from text_problems("Subject", letter.subject)
    if not _FILE_NAME.fullmatch(letter.notice.name):
        yield Problem("file-name", f"{letter.notice.name!r} cannot name an attachment")


def _head(letter: Letter, envelope: Envelope) -> str:
    moment = format_datetime(datetime.combine(letter.notice.date, _NOON))
    return "".join(
        (
            header("Date", [moment]),
            *(address_header(name, mailboxes) for name, mailboxes in envelope.people.items()),
            text_header("Subject", letter.subject),
            header("Message-ID", [envelope.message_id]),
            *_thread(letter.notice),
            # Mail programs open such a message to be edited.
            header("X-Unsent", ["1"]) if letter.notice.is_draft else "",
            header("MIME-Version", ["1.0"]),
        )
    )


def _thread(notice: Notice) -> Iterator[str]:
    """Yield the headers that put a message behind the earlier ones it follows (RFC 5322, 3.6.4)."""
    earlier = [it for way in notice.recipient.service for it in way.in_reply_to]
    if earlier:
        yield header("In-Reply-To", earlier[-1:])
        yield header("References", earlier)


def _text_part(subtype: str, text: str) -> bytes:
    """Return a text with its headers: readable as it stands, but for what ASCII lacks."""
    lines = "".join(f"{line}\r\n" for line in _LINE_END.split(text.removesuffix("\n")))
    charset = "us-ascii" if lines.isascii() else "utf-8"
    encoding, content = "7bit", lines.encode()
    if not _AS_IT_IS.fullmatch(lines):
        encoding = "quoted-printable"
        # A soft break within the word keeps `From ` from beginning a line.
        content = re.sub(rb"(?m)^F(?=rom )", b"=46=\r\n", b2a_qp(content))
    head = (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + content


def _attached(name: str, media_type: str, content: bytes) -> bytes:
    encoded = b64encode(content)
    lines = [encoded[start : start + LINE] for start in range(0, len(encoded), LINE)]
    head = (
        f"Content-Type: {media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return head.encode() + b"\r\n".join((*lines, b""))


def _multipart(parts: Sequence[bytes], identity: str) -> bytes:
    """Put text and page side by side, and the files behind them, the letter's own first."""
    texts, files = parts[:2], parts[2:]
    return _joined("mixed", identity, [_joined("alternative", identity, texts), *files])


def _joined(subtype: str, identity: str, parts: Sequence[bytes]) -> bytes:
    # A boundary that stands in no part: no letter can say its own digest.
    boundary = f"=_{subtype}_{identity}"
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + body + f"--{boundary}--\r\n".encode()


def _too_large(letter: Letter, size: int, limit: int, printed: bytes) -> Problem:
    files = {f"{letter.notice.name}.pdf": len(printed)}
    files |= {it.name: len(it.content) for it in letter.attachments}
    largest = max(files, key=files.__getitem__)
    message = (
        f"the e-mail has {_megabytes(size)} MB, over the limit of {limit};"
        f" {largest} alone has {_megabytes(files[largest])}, and a third more once encoded"
    )
    if largest in {it.name for it in letter.attachments}:
        hint = "make that file smaller, send it by mail, or allow more with --mail-limit"
        path = "enclosures"
    else:
        hint, path = "use a smaller picture as the seal", "letterhead.seal"
    return Problem("large-message", message, hint=hint, path=path)


def _megabytes(size: int) -> str:
    return f"{size / _MB:.1f}"
