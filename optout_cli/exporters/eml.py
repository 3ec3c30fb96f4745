"""The letter as an e-mail (RFC 5322): its text, its web page, and the PDF attached.

Takes a Letter and gives the message, ready for a file, a pipe or a mail server. Sends nothing.
Nothing in a name or a subject can become another header.
"""

import re
import unicodedata
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from email.header import Header
from email.utils import format_datetime, formataddr
from hashlib import sha256
from io import BytesIO
from itertools import chain
from typing import NamedTuple

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import ExportContext, pdf
from optout_cli.exporters.html import refuse_outside
from optout_cli.exporters.txt import lines_of
from optout_cli.model.fields import Email
from optout_cli.model.letter import Letter, Mailbox
from optout_cli.templating.pages import Shown, email_page

RANK = 4
DESCRIPTION = "an e-mail with text, web page and PDF (RFC 5322)"
MEDIA_TYPE = "message/rfc822"
IS_TEXT = True
IS_SLOW = True
ROUTE = "email"
SIGNATURES = ("typed", "image")
ENCLOSES = "all"
_LINE = 76  # octets, RFC 2047, 2; a line with one long address may have more
_WORD = 64  # octets: fits behind the name of each header
_PIECE = 36  # octets: 48 in base64, 60 as an encoded word
_BREAKS = ("Cc", "Cs", "Zl", "Zp")  # control characters, surrogates, line and paragraph ends
_MB = 1_000_000
_NOON = time(12, tzinfo=UTC)
_LINE_END = re.compile("\r\n|\r|\n")
# Mail stores change a line that begins with `From `, and mail pipes end at a lone dot.
_BYTES_A_LINE = _LINE // 4 * 3  # of base64
_AS_IT_IS = re.compile(rf"(?:(?!From |\.\r)[\t -~]{{0,{_LINE}}}\r\n)*")
_LONGEST_PAGE = 100_000  # bytes: Gmail cuts a page at 102 kB
# px, at 96 to the inch, of the room that the letter on paper has for each picture
_ROOMS = {"seal": (106, 77), "autograph": (230, 48)}
_SHARPNESS = 3  # pixels of a picture for each CSS pixel, as on a good screen
_FILE_NAME = re.compile(r"[A-Za-z0-9-]+")
_NO_DOMAIN = "optout.invalid"  # RFC 2606: nobody can own this domain


class Envelope(NamedTuple):
    """The mailboxes in each header, and a hash (32 hex digits) of the words, people and files."""

    people: dict[str, list[Mailbox]]
    identity: str

    @property
    def message_id(self) -> str:
        """The Message-ID (RFC 5322, 3.6.4), in the sender's domain."""
        sender = self.people["From"]
        domain = sender[0][1].rpartition("@")[2] if sender else _NO_DOMAIN
        return f"<{self.identity}@{domain}>"


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the message, each line ended by CRLF; the same letter gives the same bytes.

    Only a draft may lack the addresses of recipient and sender. Raises OptoutError where another
    letter lacks them, where a header cannot hold a name, and where the message is larger than the
    options allow.
    """
    text = "\n".join(lines_of(letter))
    envelope = envelope_of(letter)
    raise_any(_header_problems(letter, envelope))
    printed = pdf.print_letter(letter, context)
    own_name = f"{letter.file_name}.pdf"
    page = _page_part(letter, context, envelope)
    texts = [[part] for part in (_text_part("plain", text), page) if part]
    files = [
        _attach(own_name, pdf.MEDIA_TYPE, printed),
        *(_attach(file.name, file.media_type, file.content) for file in letter.attachments),
    ]
    # Text and page side by side, and the files behind them, the letter's own first.
    alternative = _multipart("alternative", envelope.identity, texts)
    is_unsent = letter.is_draft or not context.options.as_sent
    head = _head(letter, envelope, is_unsent=is_unsent).encode("ascii")
    body = _multipart("mixed", envelope.identity, [[b"".join(alternative)], *files])
    limit, size, message = context.options.mail_limit, 0, BytesIO()
    for piece in chain([head], body):
        size += len(piece)
        if size <= limit * _MB:  # a larger one is only counted
            message.write(piece)
    if size <= limit * _MB:
        return message.getvalue()
    sizes = {own_name: len(printed)}
    sizes |= {file.name: len(file.content) for file in letter.attachments}
    largest = max(sizes, key=sizes.__getitem__)
    reason = (
        f"the e-mail has {size / _MB:.1f} MB, over the limit of {limit};"
        f" {largest} alone has {sizes[largest] / _MB:.1f}, and a third more once encoded"
    )
    hint, path = "use a smaller picture as the seal", "letterhead.seal"
    if largest != own_name:
        hint = "make that file smaller, send it by mail, or allow more with --mail-limit"
        path = "enclosures"
    raise OptoutError(Problem("large-message", reason, hint=hint, path=path))


def _header_problems(letter: Letter, envelope: Envelope) -> Iterator[Problem]:
    for name in () if letter.is_draft else ("From", "To"):
        if not envelope.people[name]:
            yield Problem("no-address", f"the e-mail has no address for its {name}:")
    for name, mailboxes in envelope.people.items():
        if name != "Reply-To":  # the same mailbox as in From
            yield from address_problems(name, mailboxes)
    yield from text_problems("Subject", letter.plain_subject)
    if not _FILE_NAME.fullmatch(letter.file_name):
        yield Problem("file-name", f"{letter.file_name!r} cannot name an attachment")


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
            headers = (
                f'Content-Disposition: inline; filename="{name}.png"\r\nContent-ID: <{id}>\r\n'
            )
            parts.append(_encode_part("image/png", content, headers))
    page = email_page(letter, context.templates, shown)
    refuse_outside(page)
    if len(page.encode()) > _LONGEST_PAGE:
        return None
    part = _text_part("html", page)
    related = _multipart("related", envelope.identity, [[part], *parts])
    return b"".join(related) if parts else part


def _head(letter: Letter, envelope: Envelope, *, is_unsent: bool) -> str:
    moment = format_datetime(datetime.combine(letter.day, _NOON))
    earlier = [id for service in letter.addressee.service for id in service.in_reply_to]
    return "".join(
        (
            header("Date", [moment]),
            *(address_header(name, mailboxes) for name, mailboxes in envelope.people.items()),
            text_header("Subject", letter.plain_subject),
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


def _attach(name: str, media_type: str, content: bytes) -> Iterator[bytes]:
    disposition = f'Content-Disposition: attachment; filename="{name}"\r\n'
    return _encode_part(media_type, content, disposition)


def _encode_part(media_type: str, content: bytes, headers: str) -> Iterator[bytes]:
    """Yield a part in pieces: a large file is in memory as few times as possible."""
    yield (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n{headers}\r\n"
    ).encode()
    for start in range(0, len(content), _BYTES_A_LINE):
        yield b2a_base64(content[start : start + _BYTES_A_LINE], newline=False) + b"\r\n"


def _multipart(subtype: str, identity: str, parts: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    # No part contains the boundary: a letter cannot contain its own hash.
    boundary = f"=_{subtype}_{identity}"
    yield f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    for part in parts:
        yield f"--{boundary}\r\n".encode()
        yield from part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


# The standard library's `EmailMessage` cannot be used for the header's lines: in Python 3.11 it
# decodes encoded words in a name, line breaks included (CVE-2024-6923), and joins two recipients if
# the first has a long accented name.
def header(name: str, words: Iterable[str]) -> str:
    """Return a header's lines, folded between words and never within a word."""
    lines = [f"{name}:"]
    for number, word in enumerate(words):
        if number and len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "".join(f"{line}\r\n" for line in lines)


def address_header(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """Return a header that lists addresses, or an empty text if there are none."""
    words: list[str] = []
    for display_name, address in mailboxes:
        if _is_plain(display_name) and len(display_name) <= _WORD:
            words += formataddr((display_name, address)).rsplit(" ", 1)  # `"Doe, J."`, `<j@a.gov>`
        else:
            words += [*_encode(display_name), f"<{address}>"]
        words[-1] += ","
    return header(name, [*words[:-1], words[-1].removesuffix(",")]) if words else ""


def text_header(name: str, text: str) -> str:
    """Return a header that holds a text."""
    words = text.split(" ")
    fits = max(map(len, words)) <= _WORD
    return header(name, words if fits and _is_plain(text) else _encode(text))


def text_problems(name: str, text: str) -> Iterator[Problem]:
    """Yield each character that would end a header's line, or that is half a character."""
    for character in dict.fromkeys(text):
        if unicodedata.category(character) in _BREAKS:
            message = f"the e-mail's {name}: cannot hold the character {character!r}"
            yield Problem("header", message, hint="write it on one line", text=character)


def address_problems(name: str, mailboxes: Sequence[Mailbox]) -> Iterator[Problem]:
    """Yield the problems with the names and addresses of a list."""
    for display_name, address in mailboxes:
        yield from text_problems(name, display_name)
        try:
            msgspec.convert(address, Email)
        except msgspec.ValidationError:
            message = f"the e-mail's {name}: {address!r} is not an e-mail address"
            hint = "write the bare address, such as records@example.gov"
            yield Problem("header", message, hint=hint, text=address)


def _is_plain(text: str) -> bool:
    """Tell whether every mail program shows a text unchanged: nothing to decode, no lost blanks."""
    return text.isascii() and "=?" not in text and text == " ".join(text.split())


def _encode(text: str) -> list[str]:
    """Return a text as encoded words (RFC 2047), each of whole characters.

    They end at blanks where possible, because some mail programs insert a blank between them.
    """
    pieces = [""]
    for word in re.split("(?<= )", text):
        if pieces[-1] and len((pieces[-1] + word).encode()) > _PIECE:
            pieces.append("")
        pieces[-1] += word
    headers = (Header(piece, "utf-8", maxlinelen=_WORD) for piece in pieces)
    return [word for encoded in headers for word in encoded.encode().split()]


def envelope_of(letter: Letter) -> Envelope:
    """Return the envelope of a letter, the same in each of its forms."""
    sender = list(letter.people.sender)
    people = {
        "From": sender,
        "Reply-To": sender,
        "To": list(letter.people.recipient),
        "Cc": list(letter.people.copies),
    }
    ways = [service for recipient in letter.recipients for service in recipient.service]
    text = "\n".join(lines_of(msgspec.structs.replace(letter, service=(), record=())))
    digest = sha256(f"{people}\n{ways}\n{text}".encode())
    for file in (letter.seal, letter.autograph, *letter.attachments):
        digest.update(sha256(file.content if file else b"").digest())
    return Envelope(people, digest.hexdigest()[:32])
