"""The composed facts for one recipient, and the letter that is laid out from them."""

from datetime import date as Date
from typing import Any, Literal

import msgspec

from optout_cli.model.fields import Noun
from optout_cli.model.places import Contact, Source
from optout_cli.model.program import Citation
from optout_cli.model.request import (
    Authority,
    Confirmation,
    Copy,
    Enclosure,
    Letterhead,
    Party,
    Service,
    Signatory,
    Signature,
)


class Place(Noun, frozen=True, kw_only=True):
    """The jurisdiction as the letter names it. `formal` stands within a sentence."""

    id: str
    slug: str
    name: str
    formal: str
    state_code: str
    state_name: str

    @property
    def fips(self) -> str | None:
        """The FIPS code, or None for a jurisdiction that has none of its own."""
        return self.id if self.id.isdigit() else None

    @property
    def full_name(self) -> str:
        """The name with its state, as a heading: `City of Alexandria, Virginia`, `Guam`."""
        return self._with_state(self.formal.removeprefix("the "))

    @property
    def full_formal(self) -> str:
        """The same within a sentence: `the City of Alexandria, Virginia`."""
        return self._with_state(self.formal)

    def _with_state(self, name: str) -> str:
        return name if self.name == self.state_name else f"{name}, {self.state_name}"


class Activation(Noun, frozen=True, kw_only=True):
    """The program's day for the jurisdiction: it happened, or the request says it is planned."""

    date: Date
    kind: Literal["actual", "scheduled"]
    source: Source | None = None


class Recipient(Noun, frozen=True, kw_only=True):
    """Who receives a letter. `origins` says for each field where its value was read.

    `is_person` is true where the request names the addressee, so that no office's salutation
    may stand before the name.
    """

    party: Party
    role: str
    office: str
    contact: Contact
    service: tuple[Service, ...] = ()
    confirmed: Confirmation | None = None
    is_person: bool = False
    historical: bool = False
    origins: dict[str, str] = {}

    @property
    def is_confirmed(self) -> bool:
        """Tell whether somebody has confirmed the contact: the user, or whoever made the data."""
        return bool(self.confirmed or self.contact.verified)


class Caution(Noun, frozen=True, kw_only=True):
    """What the user is told about a notice; `code` is stable, for scripts."""

    code: str
    text: str


class Notice(Noun, frozen=True, kw_only=True):
    """The facts of one recipient's letter; all notices of a request share one reference.

    `author` is who writes, as a heading names it: the jurisdiction, or an agency in it.
    `recipients` are those of all the request's letters, this one's among them. `citations` holds
    only sources that the letter's own date can know; `computed` each date that the kind computes,
    None where it cannot be. A draft may lack the address by which it is to go, and is marked.
    `is_reworded` is true of a shipped letter in words of the user's. `variant` is what sets its
    file apart from those of the jurisdiction's other agreements.
    """

    program: str
    program_title: str
    letter: str
    title: str
    version: str
    reviewed_by: str | None
    period: str
    place: Place
    author: str
    date: Date
    reference: str
    addressing: Literal["separate", "joint"]
    recipient: Recipient
    recipients: tuple[Recipient, ...]
    copies: tuple[Contact, ...]
    cc: tuple[Copy, ...]
    activation: Activation | None
    signatory: Signatory | None
    letterhead: Letterhead | None
    signature: Signature
    authority: tuple[Authority, ...]
    # Any: a struct made from what the letter kind declares in its program.yaml.
    particulars: Any
    computed: dict[str, Date | None]
    citations: dict[str, Citation]
    enclosures: tuple[Enclosure, ...]
    ori: str | None
    cautions: tuple[Caution, ...]
    is_draft: bool = False
    is_reworded: bool = False
    variant: str = ""

    @property
    def name(self) -> str:
        """The file name without suffix, in ASCII: `2026-11-24-terminate-jem-ross-police-ice`."""
        kind = self.letter.partition("/")[2]
        parts = (self.date.isoformat(), kind, self.variant, self.recipient.party)
        return "-".join(filter(None, parts))


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
    findings: tuple[Caution, ...] = ()
