"""Write a letter as an e-mail, and read its headers, its parts and their words."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from make_letters import html_words, texts_of
from msgspec.structs import replace
from read_pdf import tagged_words

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Letter

LIST_MARK = r"^ *(?:-|\d{1,2}\.) +(?=\S)"
ADDRESSED = """\
signatory: {email: sheriff@example.gov}
recipients: {bureau: {email: bureau@example.gov}, ice: {email: ice@example.gov}}
"""


class Mailbox(NamedTuple):
    """One of a header's addresses, as a reader takes it apart."""

    name: str
    address: str


def mailed(letter: Letter, library: Library) -> bytes:
    """Return the letter as an e-mail."""
    return exporter_for("eml").encode(letter, library.context)


def drafted(letter: Letter, library: Library) -> bytes:
    """Return the letter as an e-mail that is a draft."""
    return mailed(replace(letter, notice=replace(letter.notice, is_draft=True)), library)


def read(content: bytes) -> EmailMessage:
    """Read a message as its standards have it; a defect raises."""
    return message_from_bytes(content, policy=policy.strict)


def headers_of(content: bytes) -> list[tuple[str, str]]:
    """Return the message's headers as a reader shows them, without the boundary."""
    message = read(content)
    return [(name, str(value)) for name, value in message.items() if name != "Content-Type"]


def mailboxes(content: bytes, header: str) -> list[Mailbox]:
    """Return the addresses of a header; none where there is no such header."""
    found = read(content)[header]
    return [Mailbox(it.display_name, it.addr_spec) for it in found.addresses] if found else []


class Parts(NamedTuple):
    """What the message carries, decoded. Or the same from files of the other formats."""

    text: str
    page: str
    printed: bytes
    is_mailed: bool = True


def parts_of(content: bytes) -> Parts:
    """Return text, page and PDF; the line ends of text are one character each."""
    parts = [it for it in read(content).walk() if not it.is_multipart()]
    text, page = (
        next(it for it in parts if it.get_content_type() == kind)
        for kind in ("text/plain", "text/html")
    )
    attachment = next(it for it in parts if it.get_content_type() == "application/pdf")
    words, shown = (it.get_content().replace("\r\n", "\n") for it in (text, page))
    return Parts(words, shown, attachment.get_content())


def differing(parts: Parts, letter: Letter) -> list[str]:
    """Return those of the parts whose words are not the letter's own, each in its place."""
    page, address = ("mail", letter.recipient) if parts.is_mailed else ("page", letter.envelope)
    shown = {
        "text": ([*letter.recipient], _text_words(parts.text)),
        "page": ([*address], [it for it in html_words(parts.page) if it != "·"]),
        "printed": ([*letter.envelope], [it for it in tagged_words(parts.printed) if it != "·"]),
    }
    return [
        name
        for name, (address, words) in shown.items()
        if "".join(words)
        != "".join(
            " ".join(texts_in_part(letter, address, page if name == "page" else name)).split()
        )
    ]


def _text_words(text: str) -> list[str]:
    return re.sub(LIST_MARK, "", text, flags=re.MULTILINE).split()


def texts_in_part(letter: Letter, address: list[str], part: str) -> Iterator[str]:
    """Yield a letter's texts as a part has them: with labels, and heads where it has pages."""
    texts = texts_of(letter)
    marks = texts[: bool(letter.mark)]
    first = texts.index(letter.recipient[0])
    texts[first : first + len(letter.recipient)] = address
    for line in letter.to:
        texts[texts.index(line)] = f"To: {line}"
    texts[texts.index(letter.subject)] = f"Re: {letter.subject}"
    body = texts[len(marks) : -2]
    if part in ("text", "mail"):
        yield from (*marks, *body, letter.foot)
    elif part == "page":  # running head and foot stand in front, for the printer to take
        yield from (*marks, *marks, letter.continuation, letter.foot, *body)
    else:  # which the tags of a PDF leave out
        yield from body
