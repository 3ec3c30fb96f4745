"""The letter as an e-mail (RFC 5322): its text, its web page, and the PDF attached.

Takes a Letter and gives the message, ready for a file, a pipe or a mail server. Sends nothing.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import pdf
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.html import refuse_outside
from optout_cli.exporters.mail_headers import (
    LINE,
    Envelope,
    address_header,
    address_problems,
    envelope_of,
    header,
    text_header,
    text_problems,
)
from optout_cli.exporters.txt import lines_of
from optout_cli.model.letter import Letter
from optout_cli.templating.layouts import Shown, email_page

RANK = 5
DESCRIPTION = "an e-mail with text, web page and PDF (RFC 5322)"
MEDIA_TYPE = "message/rfc822"
IS_TEXT = True
IS_SLOW = True
IS_PRINTED = False
ROUTE = "email"
SIGNATURES = ("typed", "image")
ENCLOSES = "all"
_MB = 1_000_000
_NOON = time(12, tzinfo=UTC)
_LINE_END = re.compile("\r\n|\r|\n")
# Mail stores change a line that begins with `From `, and mail pipes end at a lone dot.
_AS_IT_IS = re.compile(rf"(?:(?!From |\.\r)[\t -~]{{0,{LINE}}}\r\n)*")
_LONGEST_PAGE = 100_000  # bytes: Gmail cuts a page at 102 kB
# px, at 96 to the inch, of the room that the letter on paper has for each picture
_ROOMS = {"seal": (106, 77), "autograph": (230, 48)}
_SHARPNESS = 3  # pixels of a picture for each CSS pixel, as on a good screen
_FILE_NAME = re.compile(r"[A-Za-z0-9-]+")


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the message, each line ended by CRLF; the same letter gives the same bytes.

    Only a draft may lack the addresses of recipient and sender. Raises OptoutError where another
    letter lacks them, where a header cannot hold a name, and where the message is larger than the
    options allow.
    """
    text = "\n".join(lines_of(letter))
    envelope = envelope_of(letter)
    raise_any(_header_problems(letter, envelope))
    printed = pdf.printed(letter, context)
    own_name = f"{letter.name}.pdf"
    page = _page_part(letter, context, envelope)
    texts = [_text_part("plain", text), *filter(None, [page])]
    files = [
        _attached(own_name, pdf.MEDIA_TYPE, printed),
        *(_attached(file.name, file.media_type, file.content) for file in letter.attachments),
    ]
    # Text and page side by side, and the files behind them, the letter's own first.
    alternative = _multipart("alternative", envelope.identity, texts)
    body = _multipart("mixed", envelope.identity, [alternative, *files])
    is_unsent = letter.is_draft or not context.options.as_sent
    message = _head(letter, envelope, is_unsent=is_unsent).encode("ascii") + body
    limit = context.options.mail_limit
    if len(message) > limit * _MB:
        sizes = {own_name: len(printed)}
        sizes |= {file.name: len(file.content) for file in letter.attachments}
        raise OptoutError(_too_large(len(message), limit, sizes, own_name))
    return message


def count_pages(content: bytes) -> None:
    """Return None: an e-mail has no pages."""


def _header_problems(letter: Letter, envelope: Envelope) -> Iterator[Problem]:
    for name in () if letter.is_draft else ("From", "To"):
        if not envelope.people[name]:
            yield Problem("no-address", f"the e-mail has no address for its {name}:")
    for name, mailboxes in envelope.people.items():
        if name != "Reply-To":  # the same mailbox as in From
            yield from address_problems(name, mailboxes)
    yield from text_problems("Subject", letter.subject)
    if not _FILE_NAME.fullmatch(letter.name):
        yield Problem("file-name", f"{letter.name!r} cannot name an attachment")


def _page_part(letter: Letter, context: ExportContext, envelope: Envelope) -> bytes | None:
    """Return the letter's page with its pictures, or None for a page that Gmail would cut."""
    shown, parts = {}, []
    for name, room in _ROOMS.items():
        if picture := getattr(letter, name):
            from optout_cli.engines.pictures import png_of

            content = png_of(picture, *(side * _SHARPNESS for side in room))
            size = [int.from_bytes(content[at : at + 4]) for at in (16, 20)]  # IHDR comes first
            scale = min(most / side for most, side in zip(room, size, strict=True))
            width, height = (max(1, round(side * scale)) for side in size)
            id = f"{name}.{envelope.message_id.strip('<>')}"
            shown[name] = Shown(f"cid:{id}", picture.alt, width, height)
            parts.append(_inline(f"{name}.png", id, content))
    page = email_page(letter, context.templates, shown)
    refuse_outside(page)
    if len(page.encode()) > _LONGEST_PAGE:
        return None
    part = _text_part("html", page)
    return _multipart("related", envelope.identity, [part, *parts]) if parts else part


def _head(letter: Letter, envelope: Envelope, *, is_unsent: bool) -> str:
    moment = format_datetime(datetime.combine(letter.day, _NOON))
    earlier = [id for service in letter.addressee.service for id in service.in_reply_to]
    return "".join(
        (
            header("Date", [moment]),
            *(address_header(name, mailboxes) for name, mailboxes in envelope.people.items()),
            text_header("Subject", letter.subject),
            header("Message-ID", [envelope.message_id]),
            # Show the message below the earlier ones that it follows (RFC 5322, 3.6.4).
            header("In-Reply-To", earlier[-1:]) if earlier else "",
            header("References", earlier) if earlier else "",
            # Mail programs open such a message to be looked at and sent.
            header("X-Unsent", ["1"]) if is_unsent else "",
            header("MIME-Version", ["1.0"]),
        )
    )


def _text_part(subtype: str, text: str) -> bytes:
    """Return a text with its headers, encoded only where plain ASCII lines would not arrive."""
    lines = "".join(f"{line}\r\n" for line in _LINE_END.split(text.removesuffix("\n")))
    charset = "us-ascii" if lines.isascii() else "utf-8"
    encoding, content = "7bit", lines.encode()
    if not _AS_IT_IS.fullmatch(lines):
        encoding = "quoted-printable"
        # A soft break within the word, so that no line begins with `From `.
        content = re.sub(rb"(?m)^F(?=rom )", b"=46=\r\n", b2a_qp(content))
    head = (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + content


def _attached(name: str, media_type: str, content: bytes) -> bytes:
    disposition = f'Content-Disposition: attachment; filename="{name}"\r\n'
    return _encoded(media_type, content, disposition)


def _inline(name: str, id: str, content: bytes) -> bytes:
    disposition = f'Content-Disposition: inline; filename="{name}"\r\nContent-ID: <{id}>\r\n'
    return _encoded("image/png", content, disposition)


def _encoded(media_type: str, content: bytes, headers: str) -> bytes:
    encoded = b64encode(content)
    lines = [encoded[start : start + LINE] for start in range(0, len(encoded), LINE)]
    head = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n{headers}\r\n"
    return head.encode() + b"\r\n".join((*lines, b""))


def _multipart(subtype: str, identity: str, parts: Sequence[bytes]) -> bytes:
    # No part contains the boundary: a letter cannot contain its own hash.
    boundary = f"=_{subtype}_{identity}"
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + body + f"--{boundary}--\r\n".encode()


def _too_large(size: int, limit: int, sizes: dict[str, int], own_name: str) -> Problem:
    """Return the Problem of a message of `size` bytes; `sizes` are those of the attached files."""
    largest = max(sizes, key=sizes.__getitem__)
    message = (
        f"the e-mail has {size / _MB:.1f} MB, over the limit of {limit};"
        f" {largest} alone has {sizes[largest] / _MB:.1f}, and a third more once encoded"
    )
    if largest == own_name:
        hint, path = "use a smaller picture as the seal", "letterhead.seal"
    else:
        hint = "make that file smaller, send it by mail, or allow more with --mail-limit"
        path = "enclosures"
    return Problem("large-message", message, hint=hint, path=path)
