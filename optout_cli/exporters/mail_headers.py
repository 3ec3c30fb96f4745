"""Write an e-mail's header lines, so that nothing in a name or subject becomes another header.

Written here, since in Python 3.11 `EmailMessage` decodes what stands in a name, line breaks with it
(CVE-2024-6923), and makes one of two recipients where the first has a long accented name.
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
from optout_cli.model.fields import Email
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Notice

Mailbox = tuple[str, str]  # display name, address
LINE = 76  # octets, RFC 2047, 2; a line that holds one long address may have more
_WORD = 64  # octets: fits behind every header's name
_PIECE = 36  # octets, of which base64 makes 48, and an encoded word 60
_BREAKS = ("Cc", "Cs", "Zl", "Zp")  # control characters, half characters, ends of line, paragraph


def header(name: str, words: Iterable[str]) -> str:
    """Return a header's lines, folded between words and never within one."""
    lines = [f"{name}:"]
    for number, word in enumerate(words):
        if number and len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "".join(f"{line}\r\n" for line in lines)


def address_header(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """Return a header that lists addresses, or nothing where there is none."""
    words: list[str] = []
    for mailbox in mailboxes:
        words += _mailbox_words(*mailbox)
        words[-1] += ","
    return header(name, [*words[:-1], words[-1].removesuffix(",")]) if words else ""


def text_header(name: str, text: str) -> str:
    """Return a header that holds a text."""
    words = text.split(" ")
    fits = max(map(len, words)) <= _WORD
    return header(name, words if fits and _is_plain(text) else _encode(text))


def text_problems(name: str, text: str) -> Iterator[Problem]:
    """Yield each character that would end a header's line, or is no character at all."""
    for character in dict.fromkeys(text):
        if unicodedata.category(character) in _BREAKS:
            message = f"the e-mail's {name}: cannot hold the character {character!r}"
            yield Problem("header", message, hint="write it on one line", text=character)


def address_problems(name: str, mailboxes: Sequence[Mailbox]) -> Iterator[Problem]:
    """Yield what is wrong with the names and addresses of a list."""
    for display_name, address in mailboxes:
        yield from text_problems(name, display_name)
        try:
            msgspec.convert(address, Email)
        except msgspec.ValidationError:
            message = f"the e-mail's {name}: {address!r} is no e-mail address"
            hint = "write the bare address, such as records@example.gov"
            yield Problem("header", message, hint=hint, text=address)


def _mailbox_words(name: str, address: str) -> list[str]:
    """Return what a header is folded between: `"Doe, J." <j@example.gov>` are two words."""
    if _is_plain(name) and len(name) <= _WORD:
        return formataddr((name, address)).rsplit(" ", 1)
    return [*_encode(name), f"<{address}>"]


def _is_plain(text: str) -> bool:
    """Tell whether no reader would decode anything in a text, or drop a blank of it."""
    return text.isascii() and "=?" not in text and text == " ".join(text.split())


def _encode(text: str) -> list[str]:
    """Return a text as encoded words (RFC 2047), each of whole characters.

    They end at a blank where there is one, since some readers put another between them.
    """
    output_files = [""]
    for word in re.split("(?<= )", text):
        if output_files[-1] and len((output_files[-1] + word).encode()) > _PIECE:
            output_files.append("")
        output_files[-1] += word
    headers = (Header(it, "utf-8", maxlinelen=_WORD) for it in output_files)
    return [word for it in headers for word in it.encode().split()]


_NO_DOMAIN = "optout.invalid"  # RFC 2606: a domain that nobody has


class Envelope(NamedTuple):
    """Who stands in which header; and 32 hex digits for what is said, to whom, and with what."""

    people: dict[str, list[Mailbox]]
    identity: str

    @property
    def message_id(self) -> str:
        """The Message-ID (RFC 5322, 3.6.4), in the sender's domain."""
        sender = self.people["From"]
        domain = sender[0][1].rpartition("@")[2] if sender else _NO_DOMAIN
        return f"<{self.identity}@{domain}>"


def envelope_of(letter: Letter, text: str) -> Envelope:
    """Return the envelope of a letter, of which `text` is the plain text."""
    people = _people(letter.notice)
    return Envelope(people, _identity(letter, people, text))


def _people(notice: Notice) -> dict[str, list[Mailbox]]:
    """Return those who stand in each header and have an address."""
    signatory = notice.signatory
    sender = [(signatory.name, signatory.email)] if signatory and signatory.email else []
    recipient = list(_mailboxes(notice.recipient.contact))
    copies: dict[str, Mailbox] = {}
    for name, address in _copied(notice):
        copies.setdefault(address.lower(), (name, address))
    for _, address in recipient:
        copies.pop(address.lower(), None)
    return {
        "From": sender,
        "Reply-To": sender,
        "To": recipient,
        "Cc": list(copies.values()),
    }


def _identity(letter: Letter, people: dict[str, list[Mailbox]], text: str) -> str:
    digest = sha256(f"{people}\n{text}".encode())
    for it in (letter.seal, letter.autograph, *letter.attachments):
        digest.update(sha256(it.content if it else b"").digest())
    return digest.hexdigest()[:32]


def _copied(notice: Notice) -> list[Mailbox]:
    """Return everyone behind the letter's "cc:" who has an address, in its order."""
    # A joint letter names all as its addressees, and each has a copy as the recipient.
    others = notice.recipients if notice.addressing == "separate" else ()
    offices = [it.contact for it in others if it.party != notice.recipient.party]
    people = [
        (", ".join(filter(None, (it.name, it.title, it.organization))), it.email)
        for it in notice.cc
        if it.email
    ]
    return [*_mailboxes(*offices, *notice.copies), *people]


def _mailboxes(*contacts: Contact) -> Iterator[Mailbox]:
    for it in contacts:
        if it.email:
            yield it.attention or ", ".join(it.organization), it.email
