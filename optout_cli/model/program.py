"""A program of ICE and its kinds of letters, as a template folder declares them."""

from datetime import date
from typing import Literal

from msgspec import field

from optout_cli.model.fields import Line, Name, Noun, Text
from optout_cli.model.places import Source, Topic


class Period(Noun, frozen=True, kw_only=True):
    """A stretch of the program's history with a wording of its own; both ends are in it."""

    id: Name
    from_: date = field(name="from")
    until: date | None = None
    caution: Text | None = None

    def has(self, day: date) -> bool:
        """Tell whether `day` lies in the period."""
        return self.from_ <= day and (self.until is None or day <= self.until)


class Citation(Noun, frozen=True, kw_only=True):
    """A dated source; `text` is its own words, quoted whole."""

    title: Line
    date: date
    text: Text
    source: Source


class Rule(Noun, frozen=True, kw_only=True):
    """Who receives a letter, from which day until which: the bureau or an ICE office.

    `office` names it; without one it is the jurisdiction's own field office. `copy` names the
    offices that receive a copy.
    """

    role: Literal["bureau", "program-office", "field-office"]
    office: Name | None = None
    from_: date | None = field(name="from", default=None)
    until: date | None = None
    copy: tuple[Name, ...] = ()

    def holds(self, day: date) -> bool:
        """Tell whether the rule is in force on `day`."""
        return (self.from_ is None or self.from_ <= day) and (
            self.until is None or day <= self.until
        )


ParticularType = Literal["text", "paragraphs", "date", "choice", "list"]


class Particular(Noun, frozen=True, kw_only=True):
    """A fact that a letter kind asks for. `of` says what a list holds.

    `about` names, by choice, the topics of state law which that choice touches. `when` says on
    which side of the letter's own date a date must lie.
    """

    type: ParticularType
    help: Text
    required: bool = False
    example: Text | None = None
    when: Literal["before", "after"] | None = None
    choices: tuple[Name, ...] = ()
    about: dict[Name, tuple[Topic, ...]] = {}
    of: "ParticularType | dict[Name, Particular] | None" = None


class LetterKind(Noun, frozen=True, kw_only=True):
    """A letter of a program. `about` names the topics of state law that it touches."""

    title: Line
    summary: Text
    version: Line
    reviewed_by: Line | None = None
    about: tuple[Topic, ...] = ()
    particulars: dict[Name, Particular] = {}


class Program(Noun, frozen=True, kw_only=True):
    """A program with its periods, sources, recipients and letters."""

    title: Line
    code: Line
    periods: tuple[Period, ...]
    citations: dict[Name, Citation] = {}
    recipients: tuple[Rule, ...]
    letters: dict[Name, LetterKind]

    def period(self, day: date) -> Period | None:
        """Return the period that `day` lies in, or None before the program began."""
        return next((period for period in self.periods if period.has(day)), None)


class Cautions(Noun, frozen=True, kw_only=True):
    """The wording of what the user is told beside a notice; never on a page that is mailed.

    Each is filled in by `str.format`; `contact` is put together from the short ones below it.
    """

    draft: Text
    no_return_address: Text
    other_state: Text
    other_place: Text
    greeting: Text
    activation: Text
    law: Text
    law_undated: Text
    newer_address: Text
    undated_address: Text
    envelope: Text
    package: Text
    left_out: Text
    unsigned: Text
    unknown: Text
    contact: Text
    sourced: Text
    unsourced: Text
    doubtful: Text
    dated: Text
    undated: Text
    from_request: Text
    confirmed: Text
    verified: Text
    unconfirmed: Text
