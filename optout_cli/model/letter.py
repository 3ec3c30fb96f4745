"""The letter in parts, the blocks of its body, and what exporters make of it."""

import msgspec

from optout_cli.model.notice import Note, Notice


class Run(msgspec.Struct, frozen=True):
    """Words set alike. `href` is where a link leads; `is_break` is a line break."""

    text: str
    strong: bool = False
    emphasis: bool = False
    href: str | None = None
    is_break: bool = False


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """A paragraph."""

    runs: tuple[Run, ...]


class Heading(msgspec.Struct, frozen=True, tag=True):
    """A heading within the body."""

    runs: tuple[Run, ...]


class Quote(msgspec.Struct, frozen=True, tag=True):
    """A passage quoted as a block."""

    blocks: tuple[Paragraph, ...]


class ListBlock(msgspec.Struct, frozen=True, tag=True):
    """A numbered or bulleted list; each item holds paragraphs and at most one nested list."""

    ordered: bool
    items: "tuple[tuple[Paragraph | ListBlock, ...], ...]"


Block = Paragraph | Heading | Quote | ListBlock


class Image(msgspec.Struct, frozen=True):
    """A picture, checked when it was read: media type, bytes, and its words."""

    media_type: str
    content: bytes
    alt: str


class Attachment(msgspec.Struct, frozen=True):
    """A file to enclose: a name in ASCII, media type and bytes. A PDF among them can be read.

    `small_faults` are those of a PDF that readers repair.
    """

    name: str
    media_type: str
    content: bytes
    small_faults: tuple[str, ...] = ()


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a request names, read and checked."""

    seal: Image | None = None
    autograph: Image | None = None
    attachments: tuple[Attachment, ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The letter in parts, in the words of its template; exporters read nothing else.

    `envelope` stands in the window; `recipient` is the full block. `mark` stands on each page
    of a draft, else it is empty. `cover` are the lines of a fax's first page, in which `{pages}`
    stands for their number, and `head` begins each later one. `autograph` is a signature's
    picture. `attachments` are the files enclosed, where a format takes them along.
    """

    notice: Notice
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
    enclosures: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    cc: tuple[str, ...]
    record: tuple[str, ...]
    continuation: str
    cover: tuple[str, ...]
    head: str
    foot: str


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """The protocol for one jurisdiction's letter, in the words of its template."""

    title: str
    body: tuple[Block, ...]
    foot: str


class Export(msgspec.Struct, frozen=True):
    """A letter in one format, as bytes, with the name it is written under.

    `findings` are what only the finished page shows, for the user.
    """

    notice: Notice
    format: str
    media_type: str
    is_text: bool
    name: str
    content: bytes
    notes: tuple[Note, ...] = ()
