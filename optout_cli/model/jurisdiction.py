"""Jurisdictions, agencies and laws: what `jurisdictions.yaml` holds."""

from datetime import date
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
LawEffect = Literal["requires", "prohibits-sanctuary", "restricts"]
Topic = Literal["287g", "detainers", "policy", "information-sharing"]


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


class Contact(Noun, frozen=True, kw_only=True):
    """An agency that receives notices: an office, never a person.

    `envelope` is a block of at most four lines for the window, if the full block is longer.
    `verified` is the day on which somebody confirmed the contact.
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

    @property
    def block(self) -> tuple[str, ...]:
        """The full address block, one line each, for a letter."""
        head = (self.attention,) if self.attention else ()
        return (*head, *self.organization, *self.address.lines)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that a letter's address needs and that are empty."""
        address = self.address
        needs: dict[str, object] = {
            "attention": self.attention,
            "organization": self.organization,
            "address.street": address.street,
            "address.city": address.city,
            "address.state": address.state,
            "address.zip": address.zip,
        }
        return tuple(path for path, value in needs.items() if not value)


class Office(Contact, frozen=True, kw_only=True):
    """An ICE office. A `historical` office is closed, and only on letters dated in its time."""

    role: Literal["field-office", "program-office", "headquarters"]
    status: Literal["current", "historical"] = "current"
    area: Text | None = None


class Law(Noun, frozen=True, kw_only=True):
    """A state law that requires cooperation with ICE, limits it, or forbids sanctuary policies.

    `effective` is None if the source shows no date.
    """

    effect: LawEffect
    about: tuple[Topic, ...]
    citation: Line
    summary: Text
    effective: date | None = None
    status: Text | None = None
    source: Source


class Jurisdiction(Noun, frozen=True, kw_only=True):
    """A county, city or agency. `formal` is its name in a sentence, if that is not `name`.

    `activated` is the day on which ICE activated Secure Communities there, never a planned day.
    """

    name: Line
    formal: Line | None = None
    kind: Line | None = None
    activated: date | None = None
    field_office: Name | None = None
    note: Text | None = None


class State(Noun, frozen=True, kw_only=True):
    """A state or territory with its State Identification Bureau, laws and jurisdictions."""

    name: Line
    bureau: Contact | None = None
    field_office: Name | None = None
    activation_source: Name | None = None
    laws: tuple[Law, ...] = ()
    jurisdictions: dict[JurisdictionId, Jurisdiction] = {}


class Retired(Noun, frozen=True, kw_only=True):
    """A FIPS code that is no longer used, and the codes that replace it."""

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

    `origins` has the file and line of each key path (`bureau.address.zip`,
    `offices.ero-denver.phone`).
    """

    id: str
    slug: str
    jurisdiction: Jurisdiction
    state_code: str
    state_name: str
    bureau: Contact | None
    field_office: str | None
    offices: dict[str, Office]
    laws: tuple[Law, ...]
    activation_source: Source | None
    origins: dict[str, str]

    def agency(self, office: str) -> Contact | None:
        """Return the contact of the ICE office with this id, or for `bureau` the bureau's."""
        return self.bureau if office == "bureau" else self.offices.get(office)

    @property
    def name(self) -> str:
        """The name with the state code: `Marin County, CA`."""
        return f"{self.jurisdiction.name}, {self.state_code}"
