"""Jurisdictions, agencies, contacts and laws: what the data files hold."""

from collections.abc import Mapping
from datetime import date
from operator import attrgetter
from typing import Literal

from optout_cli.model.fields import (
    Email,
    Fax,
    JurisdictionId,
    Line,
    Name,
    Noun,
    PartialDate,
    Phone,
    StateCode,
    Text,
    Url,
    Zip,
)

SourceKind = Literal["official", "other-government", "third-party", "memory"]
OWN_ENTRY = "your office's own entry"  # begins the note of a source of the user's own
LawEffect = Literal["requires", "prohibits-sanctuary", "restricts"]
Topic = Literal["287g", "detainers", "policy", "information-sharing"]
LAW_EFFECTS: Mapping[LawEffect, str] = {
    "requires": "requires cooperation",
    "prohibits-sanctuary": 'prohibits "sanctuary" policies',
    "restricts": "restricts cooperation",
}
LAW_SIDES: Mapping[LawEffect, str] = {  # every letter is for less cooperation
    "requires": "may be against the letter",
    "prohibits-sanctuary": "may be against the letter",
    "restricts": "may support the letter",
}
LAW_TOPICS: Mapping[Topic, str] = {
    "287g": "287(g) agreements",
    "detainers": "detainers",
    "policy": "policies on cooperation",
    "information-sharing": "sharing of information",
}
AgencyType = Literal["county", "municipality", "state-agency"]  # as on ICE's list
AgencyKind = Literal[
    "sheriff", "police", "constable", "marshal", "jail", "corrections", "prosecutor", "campus",
    "airport", "state-agency",
]  # fmt: skip


class Source(Noun, frozen=True, kw_only=True):
    """Where a fact was read. `date` is the date that the source shows, or None."""

    kind: SourceKind
    url: Url | None = None
    date: PartialDate | None = None
    note: Text | None = None


class Address(Noun, frozen=True, kw_only=True):
    """A postal address; parts that are not known are empty."""

    street: tuple[Line, ...] = ()
    city: Line | None = None
    state: StateCode | None = None
    zip: Zip | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as on an envelope: street lines, then `City, ST ZIP`."""
        place = " ".join(filter(None, (self.state, self.zip)))
        last = ", ".join(filter(None, (self.city, place)))
        return (*self.street, last) if last else self.street


_NEEDED = ("organization", "address.street", "address.city", "address.state", "address.zip")


class Contact(Noun, frozen=True, kw_only=True):
    """A body that receives notices: an office, never a person.

    `attention` is the title of its head, None if no source gives one. `envelope` is a block of at
    most four lines for the window, if the full block is longer. `verified` is the day on which
    somebody confirmed the contact, `verified_by` how, such as by telephone.
    """

    attention: Line | None = None
    organization: tuple[Line, ...] = ()
    address: Address = Address()
    envelope: tuple[Line, ...] = ()
    salutation: Line | None = None
    phone: Phone | None = None
    fax: Fax | None = None
    email: Email | None = None
    website: Url | None = None
    source: Source | None = None
    verified: date | None = None
    verified_by: Line | None = None

    @property
    def block(self) -> tuple[str, ...]:
        """The full address block, one line each, for a letter."""
        head = (self.attention,) if self.attention else ()
        return (*head, *self.organization, *self.address.lines)

    def envelope_at(self, address: Address) -> tuple[str, ...]:
        """Return the lines for the window with another address; none if they end otherwise."""
        count = len(self.address.lines)
        if not self.envelope or self.envelope[-count:] != self.address.lines:
            return ()
        return (*self.envelope[:-count], *address.lines)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that a letter's address needs and that are empty."""
        return tuple(path for path in _NEEDED if not self.text_at(path))

    def text_at(self, path: str) -> str:
        """Return a field as one text, such as `address.street`; `; ` is between several lines."""
        value = attrgetter(path)(self)
        return "; ".join(value) if isinstance(value, tuple) else str(value or "")


class Office(Contact, frozen=True, kw_only=True):
    """An ICE office. A `historical` office is closed, and only on letters dated in its time."""

    role: Literal["field-office", "program-office", "headquarters"]
    status: Literal["current", "historical"] = "current"
    area: Text | None = None


class Law(Noun, frozen=True, kw_only=True):
    """A state law that requires cooperation with ICE, limits it, or forbids sanctuary policies.

    `effective` is None if the source shows no date. `dated` is then the day, the month or the
    year in which the law was signed, passed or issued. `checked` is the day on which an editor of
    the data last read the source, or looked for something newer.
    """

    effect: LawEffect
    about: tuple[Topic, ...]
    citation: Line
    summary: Text
    effective: date | None = None
    dated: PartialDate | None = None
    status: Text | None = None
    source: Source
    checked: date | None = None

    def in_words(self, state: str) -> str:
        """Say what a law of `state` requires, since when, and what kind of source says so."""
        of = f"of {self.dated}, " if self.dated and self.dated not in self.citation else ""
        undated = f"{of}{'effective ' if self.dated else ''}date not shown in the source"
        since = f"in effect since {self.effective}" if self.effective else undated
        about = ", ".join(LAW_TOPICS[topic] for topic in self.about)
        what = f"{state} law {LAW_EFFECTS[self.effect]} ({about}): {self.citation}, {since}."
        never = "not checked since it was found"
        checked = f"last checked on {self.checked}" if self.checked else never
        source = f"Source: {self.source.kind} ({self.source.url or 'no address'}), {checked}."
        return " ".join(f"{what} {self.summary} {self.status or ''} {source}".split())


class Agreement(Noun, frozen=True, kw_only=True):
    """An agency's 287(g) agreement. `signed` is the day on which ICE signed, as its list says."""

    model: Name
    signed: date | None = None
    addendum: bool = False


class Agency(Noun, frozen=True, kw_only=True):
    """A body that has, or had, a 287(g) agreement, with its name as on ICE's list.

    `county` is the FIPS code of the county it is in, None if that is not known. `source` is its
    own, if that is not the state's.
    """

    name: Line
    formal: Line | None = None
    type: AgencyType | None = None
    kind: AgencyKind | None = None
    aliases: tuple[Line, ...] = ()
    county: JurisdictionId | None = None
    field_office: Name | None = None
    agreements: tuple[Agreement, ...] = ()
    source: Source | None = None
    note: Text | None = None


class Jurisdiction(Noun, frozen=True, kw_only=True):
    """A county, city or agency. `formal` is its name in a sentence, if that is not `name`.

    `aliases` are other names, and codes, that people use for it. `activated` is the day on which
    ICE activated Secure Communities there, never a planned day.
    """

    name: Line
    formal: Line | None = None
    aliases: tuple[Line, ...] = ()
    kind: Line | None = None
    activated: date | None = None
    field_office: Name | None = None
    note: Text | None = None


class State(Noun, frozen=True, kw_only=True):
    """A state or territory with its State Identification Bureau, laws and jurisdictions.

    The shipped agencies are in a file of their own; `Directory.agencies_in` has all of them.
    """

    name: Line
    bureau: Contact | None = None
    field_office: Name | None = None
    activation_source: Name | None = None
    agency_source: Name | None = None
    laws: tuple[Law, ...] = ()
    jurisdictions: dict[JurisdictionId, Jurisdiction] = {}
    agencies: dict[Name, Agency] = {}


class Retired(Noun, frozen=True, kw_only=True):
    """A FIPS code that the data does not use, and the codes to use in its place."""

    name: Line
    state: StateCode
    successors: tuple[JurisdictionId, ...]
    note: Text


class Gazetteer(Noun, frozen=True, kw_only=True):
    """A whole data file: the shipped one or an overlay."""

    sources: dict[Name, Source] = {}
    states: dict[StateCode, State] = {}
    offices: dict[Name, Office] = {}
    retired: dict[JurisdictionId, Retired] = {}


class Locality(Noun, frozen=True, kw_only=True):
    """A jurisdiction with all data that its notices need.

    Of an agency, `jurisdiction` has its name and field office, `agency` the rest, and `county_name`
    the name of its county.
    `field_offices` are those of its state, of which one is its own; `field_office` is None if that
    does not follow from the data. `read_from` is what was typed, if it was less than the whole
    name. `origins` has the file and line of each key path (`bureau.address.zip`), and
    `office_origins` those of each ICE office (`phone`); these and `offices` are the same for all.
    """

    id: str
    slug: str
    jurisdiction: Jurisdiction
    state_code: str
    state_name: str
    bureau: Contact | None
    field_office: str | None
    field_offices: tuple[str, ...]
    offices: dict[str, Office]
    office_origins: dict[str, dict[str, str]]
    laws: tuple[Law, ...]
    activation_source: Source | None
    origins: dict[str, str]
    agency: Agency | None = None
    county_name: str | None = None
    agreements: tuple[Agreement, ...] = ()
    agency_source: Source | None = None
    read_from: str | None = None

    def contact_of(self, office: str) -> Contact | None:
        """Return the contact of the ICE office with this id, or for `bureau` the bureau's."""
        return self.bureau if office == "bureau" else self.offices.get(office)

    def origins_of(self, office: str) -> dict[str, str]:
        """Return the file and line of each key path of a contact: `address.zip`."""
        if office != "bureau":
            return {**self.office_origins.get(office, {})}
        root = "bureau."
        return {
            path.removeprefix(root): place
            for path, place in self.origins.items()
            if path.startswith(root)
        }

    @property
    def name(self) -> str:
        """The name with the state code: `Marin County, CA`."""
        return f"{self.jurisdiction.name}, {self.state_code}"

    @property
    def state_formal(self) -> str:
        """The state's name in a sentence: `the District of Columbia`, `the U.S. Virgin Islands`."""
        has_article = self.state_code == "DC" or self.state_name.endswith(" Islands")
        return f"the {self.state_name}" if has_article else self.state_name

    @property
    def code(self) -> str:
        """The jurisdiction in a reference: its id, or an agency's county or state: `12086`."""
        return (self.agency.county or self.state_code) if self.agency else self.id.upper()
