"""What the jurisdiction decides: one request, from which every recipient's notice follows."""

from datetime import date as Date
from typing import Annotated, Any, Literal

from msgspec import Meta

from optout_cli.model.fields import (
    MAX_ITEMS,
    Email,
    Fax,
    LetterId,
    Line,
    MessageId,
    Noun,
    Ori,
    Phone,
)
from optout_cli.model.jurisdiction import Address

Way = Literal["certified-mail", "mail", "email", "fax", "hand"]
Party = Literal["bureau", "ice"]
PARTIES: tuple[Party, ...] = ("bureau", "ice")
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
    """The seal: an SVG or PNG file beside the request, and the words for who cannot see it."""

    seal: Line
    alt: Line


class Signature(Noun, frozen=True, kw_only=True):
    """How the letter is signed: in ink above the name, typed (`/s/ Name`), or by a picture.

    A picture needs `file`, PNG or SVG beside the request, and `alt`, its words.
    """

    kind: Literal["ink", "typed", "image"] = "ink"
    file: Line | None = None
    alt: Line | None = None


class Authority(Noun, frozen=True, kw_only=True):
    """The act by which the signatory writes: a resolution, an ordinance."""

    instrument: Line
    number: Line | None = None
    date: Date | None = None
    body: Line | None = None
    vote: Line | None = None
    file: Line | None = None


class Confirmation(Noun, frozen=True, kw_only=True):
    """That someone asked the agency whether its contact is right, how and when."""

    by: Line
    date: Date


class Correction(Noun, frozen=True, kw_only=True):
    """What the office knows better of a recipient than the data, field by field."""

    attention: Line | None = None
    organization: Annotated[tuple[Line, ...], _Few] = ()
    address: Address | None = None
    envelope: Annotated[tuple[Line, ...], Meta(max_length=4)] = ()
    salutation: Line | None = None
    phone: Phone | None = None
    fax: Fax | None = None
    email: Email | None = None
    confirmed: Confirmation | None = None


class Corrections(Noun, frozen=True, kw_only=True):
    """Corrections by recipient."""

    bureau: Correction = Correction()
    ice: Correction = Correction()


class Service(Noun, frozen=True, kw_only=True):
    """One way by which the letter is formally sent; `number` is the post's.

    `in_reply_to` are the earlier e-mails that this one follows, the oldest first.
    """

    by: Way
    number: Line | None = None
    in_reply_to: Annotated[tuple[MessageId, ...], _Few] = ()


class Services(Noun, frozen=True, kw_only=True):
    """Ways of service by recipient."""

    bureau: Annotated[tuple[Service, ...], _Few] = ()
    ice: Annotated[tuple[Service, ...], _Few] = ()


class Enclosure(Noun, frozen=True, kw_only=True):
    """A document sent with the letter."""

    title: Line
    file: Line | None = None


class Copy(Noun, frozen=True, kw_only=True):
    """Someone who receives a copy."""

    name: Line | None = None
    title: Line | None = None
    organization: Line | None = None
    email: Email | None = None


class Request(Noun, frozen=True, kw_only=True):
    """Everything the jurisdiction decides. Without a signatory the letters are drafts.

    `particulars` are what the letter kind declares; `programs` reads them.
    """

    jurisdiction: Line
    letter: LetterId
    date: Date | None = None
    addressing: Literal["separate", "joint"] = "separate"
    signatory: Signatory | None = None
    letterhead: Letterhead | None = None
    signature: Signature = Signature()
    authority: Annotated[tuple[Authority, ...], _Few] = ()
    recipients: Corrections = Corrections()
    service: Services = Services()
    # Any: the shape is the letter kind's, known only once the letter is.
    particulars: dict[str, Any] = {}
    enclosures: Annotated[tuple[Enclosure, ...], _Few] = ()
    cc: Annotated[tuple[Copy, ...], _Few] = ()
    ori: Ori | None = None
