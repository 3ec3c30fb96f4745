"""A letter in parts, the blocks of its body, and its exports."""

from datetime import date as Date
from typing import Any, Literal

import msgspec

from optout_cli.model.notice import Note, Notice, Recipient, Route

Mailbox = tuple[str, str]  # name, e-mail address
BOX = "\u2610 "  # a box to tick, and a blank
_MOST_AT_END = 20  # lines of enclosures and copies that stay on the signature's page
EngineName = Literal["weasyprint", "typst"]  # of what lays out pages; see `engines`


class Run(msgspec.Struct, frozen=True):
    """Words in one style. `href` is the address of a link; `is_break` is a line break.

    `code` is what people type, in a typeface whose characters are of one width.
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    href: str | None = None
    is_break: bool = False
    code: bool = False


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """A paragraph."""

    runs: tuple[Run, ...]


class Heading(msgspec.Struct, frozen=True, tag=True):
    """A heading in the body."""

    runs: tuple[Run, ...]


class Quote(msgspec.Struct, frozen=True, tag=True):
    """A block quotation."""

    blocks: tuple[Paragraph, ...]


class ListBlock(msgspec.Struct, frozen=True, tag=True):
    """A numbered or bulleted list; each item holds paragraphs and at most one nested list."""

    ordered: bool
    items: "tuple[tuple[Paragraph | ListBlock, ...], ...]"

    @property
    def has_boxes(self) -> bool:
        """Whether each item begins with a box to tick in place of a bullet."""
        firsts = (item[0] for item in self.items)
        return all(
            isinstance(first, Paragraph) and first.runs[0].text.startswith(BOX) for first in firsts
        )


Block = Paragraph | Heading | Quote | ListBlock


class Image(msgspec.Struct, frozen=True):
    """A picture that was checked when it was read. `alt` describes it in words.

    `color` is that of a picture that is one solid block: `#000000`.
    """

    media_type: str
    content: bytes
    alt: str
    color: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    """A file to enclose, with a name in ASCII. A PDF was checked to be readable.

    `small_faults` are problems of a PDF that every PDF reader repairs. `unseen` is what it contains
    and its printed pages do not show.
    """

    name: str
    media_type: str
    content: bytes
    small_faults: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


class NamedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a request names it, and as it was read. `key` is its key path: `signature.file`.

    `name` is as in the request, and `place` is where it leads after all links. `title` says what it
    is.
    """

    key: str
    name: str
    title: str
    place: str
    sha256: str
    bytes: int


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a request names, read and checked; `named` says which they were."""

    seal: Image | None = None
    autograph: Image | None = None
    attachments: tuple[Attachment, ...] = ()
    named: tuple[NamedFile, ...] = ()


class People(msgspec.Struct, frozen=True):
    """The names and addresses that an e-mail needs, of everyone who has an address."""

    sender: tuple[Mailbox, ...]
    recipient: tuple[Mailbox, ...]
    copies: tuple[Mailbox, ...]


class Cover(msgspec.Struct, frozen=True):
    """The first page of a fax: its title, its facts, each a label and words, and its sentences.

    `{pages}` stands for the number of pages. A letter without a cover has no title.
    """

    title: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    sentences: tuple[str, ...] = ()

    def with_pages(self, count: int) -> "Cover":
        """Return the cover of a fax that has so many pages."""

        def filled(text: str) -> str:
            return text.replace("{pages}", str(count))

        facts = tuple((label, filled(words)) for label, words in self.facts)
        return Cover(filled(self.title), facts, tuple(map(filled, self.sentences)))


class Form(msgspec.Struct, frozen=True):
    """What an e-mail or a fax says of service, where the request names only other ways."""

    service: tuple[str, ...]
    record: tuple[str, ...]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The letter in parts, in the words of its template. Exporters read nothing behind it.

    `envelope` is the address in the window; `recipient` is the full block. `mark` is printed on
    each page of a draft and is empty otherwise. `cover` and `head` are of its fax: the first page,
    and the first line of each later one. `autograph` is a picture of the signature. `attachments`
    are the enclosed files, and `named` all files that the request names. `template` is the name of
    the letter's template. `forms` has the words on service of messages that differ from those on
    paper.
    """

    notice: Notice  # for notes and next steps; exporters use the properties below
    template: str
    people: People
    mark: str
    sender: tuple[str, ...]
    sender_contact: tuple[str, ...]
    seal: Image | None
    date: str
    service: tuple[str, ...]
    recipient: tuple[str, ...]
    envelope: tuple[str, ...]
    to: tuple[str, ...]
    reference: str
    subject: str
    salutation: str
    body: tuple[Block, ...]
    closing: str
    autograph: Image | None
    signature: tuple[str, ...]
    approval: tuple[str, ...]
    enclosures: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    cc: tuple[str, ...]
    record: tuple[str, ...]
    continuation: str
    cover: Cover
    head: str
    foot: str
    forms: dict[Route, Form] = {}
    named: tuple[NamedFile, ...] = ()

    def as_form(self, route: Route | None) -> "Letter":
        """Return the letter in the words of the form that goes out by `route`; None: on paper."""
        form = self.forms.get(route) if route else None
        if form is None:
            return self
        return msgspec.structs.replace(self, service=form.service, record=form.record)

    @property
    def file_name(self) -> str:
        """The file name without suffix, in ASCII."""
        return self.notice.file_name

    @property
    def day(self) -> Date:
        """The letter's date."""
        return self.notice.date

    @property
    def is_draft(self) -> bool:
        """Whether the letter is not to go out."""
        return self.notice.is_draft

    @property
    def is_typed(self) -> bool:
        """Whether the signature is typed (`/s/ Name`)."""
        return self.notice.signature.kind == "typed"

    @property
    def plain_subject(self) -> str:
        """The subject with plain blanks, for headers and metadata."""
        return self.subject.replace("\u00a0", " ")

    @property
    def after_signature(self) -> tuple[tuple[str, ...], ...]:
        """The groups of lines below the signature that are not empty."""
        groups = (self.approval, self.enclosures, self.cc, self.record)
        return tuple(filter(None, groups))

    @property
    def has_long_end(self) -> bool:
        """Whether the lines below the signature may go to another page than it."""
        return sum(map(len, self.after_signature)) > _MOST_AT_END

    @property
    def keywords(self) -> str:
        """What the letter's metadata has: its kind and version, and the jurisdiction's codes."""
        notice = self.notice
        codes = (("FIPS", notice.place.fips), ("ORI", notice.ori))
        known = (f"{name} {code}" for name, code in codes if code)
        return ", ".join((f"{notice.letter} version {notice.version}", *known))

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """The recipients of all letters of the request."""
        return self.notice.recipients

    @property
    def addressee(self) -> Recipient:
        """The recipient with the contact, the service, and where each value was read."""
        return self.notice.recipient

    @property
    def facts(self) -> dict[str, Any]:  # Any: plain data of any shape
        """All facts of the notice as plain data, with the notes for the user."""
        facts: dict[str, Any] = msgspec.to_builtins(self.notice)
        return facts


class Mailing(msgspec.Struct, frozen=True):
    """What to print on an envelope: who sends it, and to whom. A label has no sender.

    `size` is that of the address, in points. `about` says on a label which letter it is for.
    """

    sender: tuple[str, ...]
    address: tuple[str, ...]
    size: float = 0
    about: str = ""


MailingForm = Literal["envelopes", "labels"]


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """The guide to one jurisdiction's letter, in the words of its template.

    `keywords` say in the file what it is. `file_name` has no suffix.
    """

    title: str
    body: tuple[Block, ...]
    foot: str
    keywords: str = "optout guide"
    file_name: str = ""


class Export(msgspec.Struct, frozen=True):
    """A letter in one format, as bytes, with its file name.

    `notes` are those that only the finished page can show. `engine` printed its pages, if any.
    `pages` is None for a format without pages.
    """

    notice: Notice
    format: str
    media_type: str
    is_text: bool
    name: str
    content: bytes
    notes: tuple[Note, ...] = ()
    engine: EngineName | None = None
    pages: int | None = None
