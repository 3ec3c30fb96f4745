"""A request: what the jurisdiction decides. The notices for all recipients follow from it."""

from datetime import date as Date
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from optout_cli.model.fields import (
    MAX_ITEMS,
    Email,
    Fax,
    LetterId,
    Line,
    MessageId,
    Name,
    Noun,
    Ori,
    Phone,
    Text,
)
from optout_cli.model.jurisdiction import Address

Way = Literal["certified-mail", "mail", "email", "fax", "hand"]
MESSAGES: frozenset[Way] = frozenset(("email", "fax"))  # ways in which nothing goes out on paper
Party = Literal["bureau", "ice"]
# Of a page: the line at its foot; FIPS and ORI in the subject; the last line on the cover of a fax.
DETAILS = ("foot", "codes", "confidentiality")
REQUESTS = (".yaml", ".yml", ".json")  # how the name of a request's file ends
PARTIES: tuple[Party, ...] = ("bureau", "ice")
RECIPIENTS = {"bureau": "the State Identification Bureau", "ice": "ICE"}  # as people are told
_Few = Meta(max_length=MAX_ITEMS)


class Signatory(Noun, frozen=True, kw_only=True):
    """The official who signs."""

    name: Line
    title: Line
    office: Line | None = None
    address: Address = Address()
    phone: Phone | None = None
    fax: Fax | None = None
    email: Email | None = None


class Letterhead(Noun, frozen=True, kw_only=True):
    """The seal: an SVG or PNG file beside the request; `alt` describes it in words."""

    seal: Line
    alt: Line


class Signature(Noun, frozen=True, kw_only=True):
    """How the letter is signed: in ink above the name, typed (`/s/ Name`), or with a picture.

    A picture needs `file`, a PNG, JPEG or SVG file beside the request, and `alt`, its words.
    """

    kind: Literal["ink", "typed", "image"] = "ink"
    file: Line | None = None
    alt: Line | None = None


class Authority(Noun, frozen=True, kw_only=True):
    """The act that authorizes the signatory: a resolution or ordinance."""

    instrument: Line
    number: Line | None = None
    date: Date | None = None
    body: Line | None = None
    vote: Line | None = None
    file: Line | None = None


class Approval(Noun, frozen=True, kw_only=True):
    """Counsel's approval as to form. Without `initials` the letter leaves room for them."""

    name: Line
    title: Line | None = None
    initials: Line | None = None
    file_number: Line | None = None


class Confirmation(Noun, frozen=True, kw_only=True):
    """How and when somebody asked the agency whether its contact is right."""

    by: Line
    date: Date


class Correction(Noun, frozen=True, kw_only=True):
    """Fields of a recipient in which the user corrects the data."""

    attention: Line | None = None
    organization: Annotated[tuple[Line, ...], _Few] = ()
    address: Address | None = None
    envelope: Annotated[tuple[Line, ...], Meta(max_length=4)] = ()
    salutation: Line | None = None
    phone: Phone | None = None
    fax: Fax | None = None
    email: Email | None = None
    confirmed: Confirmation | None = None


class IceCorrection(Correction, frozen=True, kw_only=True):
    """Corrections to ICE's contact. `office` is the field office, if the data has none or another.

    It is the office's id; it does not change who receives a letter that names another office.
    """

    office: Name | None = None


class Corrections(Noun, frozen=True, kw_only=True):
    """Corrections by recipient."""

    bureau: Correction = Correction()
    ice: IceCorrection = IceCorrection()


class Service(Noun, frozen=True, kw_only=True):
    """One way in which the letter is formally sent; `number` is the tracking number of mail.

    `in_reply_to` are the earlier e-mails of the same thread, the oldest first.
    """

    by: Way
    number: Line | None = None
    in_reply_to: Annotated[tuple[MessageId, ...], _Few] = ()


class Services(Noun, frozen=True, kw_only=True):
    """Service by recipient."""

    bureau: Annotated[tuple[Service, ...], _Few] = ()
    ice: Annotated[tuple[Service, ...], _Few] = ()


class Enclosure(Noun, frozen=True, kw_only=True):
    """A document sent with the letter; a text alone is its title."""

    TEXT_IS: ClassVar = "title"
    title: Line
    file: Line | None = None


class Copy(Noun, frozen=True, kw_only=True):
    """A person or office that receives a copy; a text alone is its title."""

    TEXT_IS: ClassVar = "title"
    name: Line | None = None
    title: Line | None = None
    organization: Line | None = None
    email: Email | None = None

    @property
    def line(self) -> str:
        """Who it is, in one line."""
        return ", ".join(filter(None, (self.name, self.title, self.organization)))


class Request(Noun, frozen=True, kw_only=True):
    """Everything that the jurisdiction decides. Without a signatory, the letters are drafts.

    `to` names the one recipient of a letter that does not concern the other.
    `calls_itself` is what the letters call their sender after its full name: `the Police`.
    `leave_out` are passages to strike, and DETAILS that the page does not show; the PDF's metadata
    keeps those.
    `wording` has plain text for passages of the letter, by their names.
    The letter kind declares the `particulars`; `programs` reads them.
    """

    jurisdiction: Line
    letter: LetterId
    date: Date | None = None
    to: Literal[Party, "all"] = "all"
    calls_itself: Line | None = None
    addressing: Literal["separate", "joint"] = "separate"
    signatory: Signatory | None = None
    letterhead: Letterhead | None = None
    signature: Signature = Signature()
    authority: Annotated[tuple[Authority, ...], _Few] = ()
    approved_as_to_form: Approval | None = None
    recipients: Corrections = Corrections()
    service: Services = Services()
    # Any: the letter kind declares the shape.
    particulars: dict[str, Any] = {}
    wording: dict[str, Text] = {}
    enclosures: Annotated[tuple[Enclosure, ...], _Few] = ()
    cc: Annotated[tuple[Copy, ...], _Few] = ()
    ori: Ori | None = None
    leave_out: Annotated[tuple[Name, ...], _Few] = ()

    @property
    def details(self) -> tuple[Name, ...]:
        """The details that the page does not show."""
        return tuple(name for name in self.leave_out if name in DETAILS)

    @property
    def struck(self) -> tuple[Name, ...]:
        """The passages that the letter leaves out."""
        return tuple(name for name in self.leave_out if name not in DETAILS)
