"""Case: everything about a request. Notice: the facts of the letter to one recipient."""

import re
from collections.abc import Mapping
from datetime import date as Date
from typing import Any, Literal, NamedTuple

import msgspec

from optout_cli.errors import shorten_quotes
from optout_cli.model.fields import Noun
from optout_cli.model.jurisdiction import OWN_ENTRY, Contact, Locality, Source
from optout_cli.model.program import Citation, LetterKind, Program
from optout_cli.model.request import (
    Approval,
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
_OWN_PARTS = re.compile(rf"{re.escape(OWN_ENTRY)} of ([0-9-]+): ([^;]+)")  # as `correct` notes them


class Note(Noun, frozen=True, kw_only=True):
    """Something worth knowing about a notice: what to do, then why.

    `short` says it in one line, unless `text` is short itself. `code` is stable, for scripts.
    """

    code: str
    text: str
    short: str | None = None

    @property
    def line(self) -> str:
        """The note in one line."""
        return self.short or self.text

    def __post_init__(self) -> None:
        """Cut each text that the note repeats."""
        msgspec.structs.force_setattr(self, "text", shorten_quotes(self.text))


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a request's notices follow from.

    `today` is the day of writing. `max_age` is the number of days for which the confirmation of a
    contact counts; with None, an unconfirmed contact is only a note. `routes` are how the letters
    go out: each needs an address unless the letter is a draft. With `is_by_service`, each letter
    goes out as its service says, and there are no `routes`. `known` names the particulars that
    come from the data and not from the request. `doubts` are about values that may not be meant.
    `own_wording` is the hash of the user's own parts of the letter's template, None if all parts
    are shipped. `is_reworded` is true if the user has reworded a shipped letter.
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
    is_by_service: bool = False
    known: tuple[str, ...] = ()
    is_draft: bool = False
    doubts: tuple[Note, ...] = ()
    own_wording: str | None = None
    is_reworded: bool = False


class Place(Noun, frozen=True, kw_only=True):
    """The jurisdiction as the letter names it. `formal` is its name in a sentence."""

    id: str
    slug: str
    name: str
    formal: str
    state_code: str
    state_name: str

    @property
    def fips(self) -> str | None:
        """The FIPS code, or None for a jurisdiction without its own."""
        return self.id if self.id.isdigit() else None

    @property
    def is_in_state(self) -> bool:
        """Whether it is in a state: not in the District of Columbia or a territory."""
        return self.state_code not in {"AS", "DC", "GU", "MP", "PR", "VI"}

    @property
    def full_name(self) -> str:
        """The name with its state in a heading: `City of Alexandria, Virginia`, `Guam`."""
        return self._with_state(self.formal.removeprefix("the "))

    @property
    def full_formal(self) -> str:
        """The name with its state in a sentence: `the City of Alexandria, Virginia`."""
        return self._with_state(self.formal)

    def _with_state(self, name: str) -> str:
        """Add the state, unless the name says it: `Iowa Department of Public Safety`."""
        is_county = self.fips is not None or " County" in self.name  # Iowa County
        says_it = self.name.startswith(f"{self.state_name} ") and not is_county
        return name if says_it or self.name == self.state_name else f"{name}, {self.state_name}"


class Activation(Noun, frozen=True, kw_only=True):
    """The day of activation: it has happened, or the request says that it is planned."""

    date: Date
    kind: Literal["actual", "scheduled"]
    source: Source | None = None


class Recipient(Noun, frozen=True, kw_only=True):
    """Who receives a letter. `origins` has the file and line of each field.

    `is_person` is true if the request names the addressee: the office's salutation does not fit.
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
        """Whether the user or an editor of the data has confirmed the contact."""
        return bool(self.confirmed or self.contact.verified)

    def service_by(self, route: Route) -> tuple[Service, ...]:
        """Return the service that an e-mail or a fax states, which is nothing true of paper only.

        As the request says if it names this way or none; otherwise the way of the message itself.
        """
        if not self.service or any(way.by == route for way in self.service):
            return self.service
        return (Service(by=route),)


class Ground(NamedTuple):
    """Where a part of a contact is from, with the date and the web address of that, if known.

    That is the `request`, the user's `own` entry in their data, the contact's `source`, or
    `unknown`.
    """

    kind: Literal["request", "own", "source", "unknown"]
    date: str | None = None
    url: str | None = None


def ground_of(part: str, origins: Mapping[str, str], source: Source | None) -> Ground:
    """Return where a part of a contact is from, such as `address` or `email`.

    No source has what a request corrects, be it only the ZIP code of the address.
    """
    if origins.get(part) == "request":
        return Ground("request")
    if source is None:
        return Ground("unknown")
    note = source.note or ""
    if note.startswith(f"{OWN_ENTRY}, "):
        return Ground("own", source.date)
    for day, parts in reversed(_OWN_PARTS.findall(note)):
        if part in parts.split(", "):
            return Ground("own", day)
    return Ground("source", source.date, source.url)


class Notice(Noun, frozen=True, kw_only=True):
    """The facts of one recipient's letter; all notices of a request share one reference.

    `author` is the jurisdiction that writes, or an agency in it, as named in a heading.
    `calls_itself` is what it is called after that: `the County`.
    `recipients` are those of all letters of the request. `citations` has only sources from before
    the letter's date. `computed` has each date that the letter kind computes, None if it cannot be
    computed. A draft is marked, and may lack the address that it needs to go out. `is_reworded` is
    true if the user has reworded a shipped letter; `wording` has the request's own words for
    passages. `variant` is the part of the file name that
    tells agreements of one jurisdiction apart.
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
    calls_itself: str
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
    approved_as_to_form: Approval | None
    # Any: a struct made from what the letter kind declares in its program.yaml.
    particulars: Any
    computed: dict[str, Date | None]
    citations: dict[str, Citation]
    enclosures: tuple[Enclosure, ...]
    ori: str | None
    leave_out: tuple[str, ...]
    notes: tuple[Note, ...] = msgspec.field(name="cautions")
    is_draft: bool = False
    is_reworded: bool = False
    wording: dict[str, str] = {}
    variant: str = ""

    @property
    def file_name(self) -> str:
        """The file name without suffix, in ASCII: `2026-11-24-terminate-jem-ross-police-ice`."""
        kind = self.letter.partition("/")[2]
        parts = (self.date.isoformat(), kind, self.variant, self.recipient.party)
        return "-".join(filter(None, parts))
