"""The case that a request makes, and the facts of the notice for one recipient."""

from datetime import date as Date
from typing import Any, Literal

import msgspec

from optout_cli.model.fields import Noun
from optout_cli.model.jurisdiction import Contact, Locality, Source
from optout_cli.model.program import Citation, LetterKind, Program
from optout_cli.model.request import (
    Authority,
    Confirmation,
    Copy,
    Enclosure,
    Letterhead,
    Party,
    Request,
    Service,
    Signatory,
    Signature,
)

Route = Literal["email", "fax"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a request's notices follow from.

    `today` is the day of writing; `max_age` the days for which a confirmation of a contact
    holds, None where an unconfirmed contact is a caution only; `routes` those by which the letters
    are to go, for which there must be addresses unless it is a draft; `own_wording` the hash of
    what the user wrote of the letter's template, None where all of it ships, and `is_reworded`
    tells that the letter itself ships.
    """

    request: Request
    # Any: a struct made from what the letter kind declares.
    particulars: Any
    locality: Locality
    program: Program
    kind: LetterKind
    date: Date
    today: Date
    max_age: int | None = None
    routes: tuple[Route, ...] = ()
    is_draft: bool = False
    own_wording: str | None = None
    is_reworded: bool = False


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


class Note(Noun, frozen=True, kw_only=True):
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
    notes: tuple[Note, ...] = msgspec.field(name="cautions")
    is_draft: bool = False
    is_reworded: bool = False
    variant: str = ""

    @property
    def name(self) -> str:
        """The file name without suffix, in ASCII: `2026-11-24-terminate-jem-ross-police-ice`."""
        kind = self.letter.partition("/")[2]
        parts = (self.date.isoformat(), kind, self.variant, self.recipient.party)
        return "-".join(filter(None, parts))
