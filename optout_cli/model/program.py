"""A program of ICE and its kinds of letters, as a template folder declares them."""

from datetime import date
from typing import Any, Literal

from msgspec import field

from optout_cli.model.fields import Count, JurisdictionId, Line, Name, Noun, Text
from optout_cli.model.jurisdiction import LawEffect, Source, SourceKind, Topic


class Period(Noun, frozen=True, kw_only=True):
    """A stretch of the program's history with a wording of its own; both ends are in it."""

    id: Name
    from_: date = field(name="from")
    until: date | None = None
    note: Text | None = field(name="caution", default=None)

    def has(self, day: date) -> bool:
        """Tell whether `day` lies in the period."""
        return self.from_ <= day and (self.until is None or day <= self.until)


class Citation(Noun, frozen=True, kw_only=True):
    """A dated source; `text` is its own words, quoted whole."""

    title: Line
    date: date
    text: Text
    source: Source


# In a rule, the name of the letter's own day; no particular has it.
OWN_DAY = "date"


class Condition(Noun, frozen=True, kw_only=True):
    """What must be so, all of it, for a rule to hold; an empty one always holds.

    `from` and `until` are the letter's own date. `activation` is what the letter knows of the
    jurisdiction's, `source` the kind of source that it has for it. `letters` names letter kinds of
    the program, `office` says whether the signatory's is named, `laws` what a state law that bears
    on the letter does. `chosen` has, by choice, the values of which one must be chosen. `given` and
    `missing` name particulars and computed dates. `before` and `not_before` have, by the name of a
    day, another that it must, or may not, precede; `date` is the letter's own.
    """

    from_: date | None = field(name="from", default=None)
    until: date | None = None
    activation: tuple[Literal["actual", "scheduled", "unknown"], ...] = ()
    source: tuple[SourceKind, ...] = ()
    letters: tuple[Name, ...] = ()
    office: Literal["named", "unnamed"] | None = None
    laws: tuple[LawEffect, ...] = ()
    chosen: dict[Name, tuple[Name, ...]] = {}
    given: tuple[Name, ...] = ()
    missing: tuple[Name, ...] = ()
    before: dict[Name, Name] = {}
    not_before: dict[Name, Name] = {}

    @property
    def names(self) -> set[str]:
        """The particulars and computed dates that are asked for."""
        compared = (*self.before.items(), *self.not_before.items())
        return {*self.chosen, *self.given, *self.missing}.union(*compared) - {OWN_DAY}


class CopyRule(Noun, frozen=True, kw_only=True):
    """An agency that receives a copy: an ICE office by id, or the state's `bureau`."""

    office: Name
    when: Condition = Condition()


class Rule(Noun, frozen=True, kw_only=True):
    """Who receives a letter, from which day until which: the bureau or an ICE office.

    `office` names it; without one it is the jurisdiction's own field office.
    """

    role: Literal["bureau", "program-office", "field-office"]
    office: Name | None = None
    from_: date | None = field(name="from", default=None)
    until: date | None = None
    copy: tuple[CopyRule, ...] = ()

    def holds(self, day: date) -> bool:
        """Tell whether the rule is in force on `day`."""
        return (self.from_ is None or self.from_ <= day) and (
            self.until is None or day <= self.until
        )


# The facts of an earlier letter that a particular may be, beside that letter's `particulars.x`.
FOLLOWED = ("date", "kind", "reference", "requests", "service")
ParticularType = Literal["text", "paragraphs", "date", "choice", "list"]


class Particular(Noun, frozen=True, kw_only=True):
    """A fact that a letter kind asks for. `of` says what a list holds.

    `about` names, by choice, the topics of state law which that choice touches. `when` says on
    which side of the letter's own date a date must lie, `not_before` which other date it may not
    precede. `follow` names the fact of an earlier letter that it is, where this one follows one.
    """

    type: ParticularType
    help: Text
    required: bool = False
    example: Text | None = None
    when: Literal["before", "after"] | None = None
    not_before: Name | None = None
    choices: tuple[Name, ...] = ()
    about: dict[Name, tuple[Topic, ...]] = {}
    of: "ParticularType | dict[Name, Particular] | None" = None
    follow: Line | None = None


class ComputedDate(Noun, frozen=True, kw_only=True):
    """A date `days` after a given particular, or the letter's own date, where `when` holds."""

    from_: Name = field(name="from")
    days: Count
    when: Condition = Condition()


class ConditionalText(Noun, frozen=True, kw_only=True):
    """What the user is told of a letter where `when` holds; particulars stand in braces."""

    when: Condition = Condition()
    text: Text


class Refusal(Noun, frozen=True, kw_only=True):
    """Why a letter is not written where `when` holds, and what to do instead."""

    when: Condition
    reason: Text
    hint: Text


class Forbidden(Noun, frozen=True, kw_only=True):
    """Words, as a regular expression, that no letter may hold, and why."""

    words: Text
    reason: Text


class Wording(Noun, frozen=True, kw_only=True):
    """What is asked of every letter of every program, and with whose facts that is checked.

    `samples` are jurisdictions whose names need different words around them, and `request` what
    their requests have beside the particulars. `placeholders` are values of the samples in
    request.yaml that no request may keep, in the shape of a request. `blocks` say what each passage
    of a letter is, by the name of its block, in the order in which who words one would look for
    them.
    """

    forbidden: tuple[Forbidden, ...]
    samples: tuple[JurisdictionId, ...]
    # Any: parts of a request, which `readers` validates.
    request: dict[str, Any]
    placeholders: dict[str, Any]
    blocks: dict[str, Text]


class Reply(Noun, frozen=True, kw_only=True):
    """What may come back on a letter, and the kind of letter that answers it."""

    reply: Text
    letter: Name


class Other(Noun, frozen=True, kw_only=True):
    """What else may be wanted, and the kind of letter that does it."""

    where: Text
    letter: Name


class Advice(Noun, frozen=True, kw_only=True):
    """What the guide to a program's letters says: each a sentence, or an item of a list.

    `before` are the steps before a letter is written, `send` those of sending it, `next` those
    after. `wait` is the days from the letter's own after which one writes again: that day is
    `{again}` in the words of `next` and `replies`.
    """

    can: tuple[ConditionalText, ...] = ()
    cannot: tuple[ConditionalText, ...] = ()
    before: tuple[ConditionalText, ...] = ()
    enclose: tuple[ConditionalText, ...] = ()
    send: tuple[ConditionalText, ...] = ()
    next: tuple[ConditionalText, ...] = ()
    replies: tuple[Reply, ...] = ()
    others: tuple[Other, ...] = ()
    wait: Count | None = None


class LetterKind(Noun, frozen=True, kw_only=True):
    """A letter of a program. `about` names the topics of state law that it touches.

    `uses` and `requires` name particulars that the program declares for several letters; once a
    program is loaded they stand among `particulars`, each with the example that `examples` has for
    it. `follows` names the kinds that this one may follow.
    """

    title: Line
    summary: Text
    version: Line
    reviewed_by: Line | None = None
    about: tuple[Topic, ...] = ()
    follows: tuple[Name, ...] = ()
    refuse: tuple[Refusal, ...] = ()
    notes: tuple[ConditionalText, ...] = field(name="cautions", default=())
    computed: dict[Name, ComputedDate] = {}
    uses: tuple[Name, ...] = ()
    requires: tuple[Name, ...] = ()
    examples: dict[Name, Text] = {}
    particulars: dict[Name, Particular] = {}


class Program(Noun, frozen=True, kw_only=True):
    """A program with its periods, sources, recipients and letters.

    `author` names the particular that says which agency writes, where it is not the jurisdiction
    itself. `told_apart_by` names particulars in which two letters of one jurisdiction, kind and day
    may differ: file names carry them. `refuse` and `cautions` are for each letter that has the
    particulars which they name.
    """

    title: Line
    code: Line
    author: Name | None = None
    told_apart_by: tuple[Name, ...] = ()
    periods: tuple[Period, ...]
    citations: dict[Name, Citation] = {}
    recipients: tuple[Rule, ...]
    refuse: tuple[Refusal, ...] = ()
    notes: tuple[ConditionalText, ...] = field(name="cautions", default=())
    forbidden: tuple[Forbidden, ...] = ()
    guide: Advice = Advice()
    particulars: dict[Name, Particular] = {}
    letters: dict[Name, LetterKind]

    def period(self, day: date) -> Period | None:
        """Return the period that `day` lies in, or None before the program began."""
        return next((period for period in self.periods if period.has(day)), None)
