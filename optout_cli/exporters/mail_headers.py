"""Write an e-mail's header lines. Nothing in a name or a subject can become another header.

The standard library's `EmailMessage` cannot be used: in Python 3.11 it decodes encoded words in a
name, line breaks included (CVE-2024-6923), and joins two recipients if the first has a long
accented name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from email.header import Header
from email.utils import formataddr
from hashlib import sha256
from typing import NamedTuple

import msgspec

from optout_cli.errors import Problem
from optout_cli.exporters.txt import lines_of
from optout_cli.model.fields import Email
from optout_cli.model.letter import Letter, Mailbox

LINE = 76  # octets, RFC 2047, 2; a line with one long address may have more
_WORD = 64  # octets: fits behind the name of each header
_PIECE = 36  # octets: 48 in base64, 60 as an encoded word
_BREAKS = ("Cc", "Cs", "Zl", "Zp")  # control characters, surrogates, line and paragraph ends


def header(name: str, words: Iterable[str]) -> str:
    """Return a header's lines, folded between words and never within a word."""
    lines = [f"{name}:"]
    for number, word in enumerate(words):
        if number and len(lines[-1]) + 1 + len(word) > LINE:
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
            message = f"the e-mail's {name}: {address!r} is no e-mail address"
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


def envelope_of(letter: Letter) -> Envelope:
    """Return the envelope of a letter, the same in each of its forms."""
    sender = list(letter.people.sender)
    people = {
        "From": sender,
        "Reply-To": sender,
        "To": list(letter.people.recipient),
        "Cc": list(letter.people.copies),
    }
    ways = [service for each in letter.recipients for service in each.service]
    text = "\n".join(lines_of(msgspec.structs.replace(letter, service=(), record=())))
    digest = sha256(f"{people}\n{ways}\n{text}".encode())
    for file in (letter.seal, letter.autograph, *letter.attachments):
        digest.update(sha256(file.content if file else b"").digest())
    return Envelope(people, digest.hexdigest()[:32])
