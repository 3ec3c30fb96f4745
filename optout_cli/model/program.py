"""A program of ICE and its letter kinds, as a template folder declares them."""

from datetime import date as Date
from datetime import timedelta
from typing import Any, Literal

from msgspec import field

from optout_cli.model.fields import (
    Count,
    JurisdictionId,
    Line,
    Name,
    Noun,
    StateCode,
    Text,
    ValueName,
)
from optout_cli.model.jurisdiction import LawEffect, Source, SourceKind, Topic
from optout_cli.model.request import Party


class Span(Noun, frozen=True, kw_only=True):
    """The days from `from` to `until`, both included; None leaves that side open."""

    from_: Date | None = field(name="from", default=None)
    until: Date | None = None

    def has(self, day: Date) -> bool:
        """Tell whether `day` is one of them."""
        return (self.from_ or Date.min) <= day <= (self.until or Date.max)


class Period(Span, frozen=True, kw_only=True):
    """A period of the program with its own wording.

    `note` is what to know of the program's history, and `short` says it in one line.
    """

    id: Name
    from_: Date = field(name="from")
    note: Text | None = field(name="caution", default=None)
    short: Line | None = None


class Citation(Noun, frozen=True, kw_only=True):
    """A dated source; `text` is a verbatim quotation, None if letters name the source only.

    `until` is the last day of the documents that have these words, if later ones read otherwise.
    """

    title: Line
    date: Date
    text: Text | None = None
    until: Date | None = None
    source: Source


# The name of the letter's date in a condition, and that of the day of receipt in a milestone; no
# particular may have them.
OWN_DAY, RECEIPT = "date", "receipt"
FOLLOW_UP = 30  # days until it is time to write again; our choice: no source sets a deadline


class Condition(Span, frozen=True, kw_only=True):
    """When a rule holds: all fields that are set must be met; an empty condition always holds.

    `from` and `until` limit the letter's date. `activation` is what is known of the jurisdiction's
    activation, and `source` the kind of its source. `letters` names letter kinds of the program.
    `office` asks whether the signatory's office is named, `authority` whether an act is, `to`
    whether the request goes to one office alone, `proof` whether it names a way that proves the day
    of receipt, only others, or no way. `states` are postal codes, `laws` effects of state
    laws that concern the letter.
    `agreements` are models: the request must name one of them, or, if it names none, the agency
    must have one if the data has its agreements. `chosen` has, for each choice, the values of which
    one meets the condition; with `only`, no other value may be chosen. `several` names lists that
    must have more than one entry, `unnamed` the choice that must lack the model of an agreement in
    the data. `given` and `missing` name particulars and computed dates; `earlier.answer` is given
    if an entry of the list `earlier` has an `answer`. `before` has pairs of days of which the first
    must precede the second, `not_before` pairs of which it may not; `date` is the letter's.
    """

    activation: tuple[Literal["actual", "scheduled", "unknown"], ...] = ()
    source: tuple[SourceKind, ...] = ()
    letters: tuple[Name, ...] = ()
    office: Literal["named", "unnamed"] | None = None
    authority: Literal["named", "unnamed"] | None = None
    to: Literal["one", "all"] | None = None
    proof: Literal["named", "none", "open"] | None = None
    states: tuple[StateCode, ...] = ()
    laws: tuple[LawEffect, ...] = ()
    agreements: tuple[Name, ...] = ()
    chosen: dict[Name, tuple[Name, ...]] = {}
    only: dict[Name, tuple[Name, ...]] = {}
    several: tuple[Name, ...] = ()
    unnamed: Name | None = None
    given: tuple[ValueName, ...] = ()
    missing: tuple[ValueName, ...] = ()
    before: dict[Name, Name] = {}
    not_before: dict[Name, Name] = {}

    @property
    def names(self) -> set[str]:
        """The particulars and computed dates in the condition."""
        compared = (*self.before.items(), *self.not_before.items())
        choices = (*self.chosen, *self.only, *self.several, *filter(None, [self.unnamed]))
        values = (name.partition(".")[0] for name in (*self.given, *self.missing))
        return {*choices, *values}.union(*compared) - {OWN_DAY}


class CopyRule(Noun, frozen=True, kw_only=True):
    """An agency that receives a copy: the id of an ICE office, or `bureau`."""

    office: Name
    when: Condition = Condition()


class Rule(Span, frozen=True, kw_only=True):
    """Who receives a letter, and in which time: the bureau or an ICE office.

    `office` is the office's id; without it, the jurisdiction's field office is meant.
    """

    role: Literal["bureau", "program-office", "field-office"]
    office: Name | None = None
    copy: tuple[CopyRule, ...] = ()

    @property
    def party(self) -> Party:
        """The party of the recipient: the state's bureau, or ICE."""
        return "bureau" if self.role == "bureau" else "ice"


# Facts of an earlier letter that a particular may repeat, besides that letter's `particulars.x` and
# the replies to it, `replies.x`.
FOLLOWED = ("asked", "date", "kind", "reference", "received", "requests", "service")
ParticularType = Literal["text", "paragraphs", "date", "choice", "list"]


class Particular(Noun, frozen=True, kw_only=True):
    """A fact that a letter kind asks for. `of` is the type of a list's items.

    `about` has, for each choice, the topics of state law that it concerns. `when` says whether a
    date must be before or after the letter's date. `not_before` names a date that it may not
    precede. `known` names the fact about an agency's agreement in the data that stands here if the
    request has none. `per` names a list: this one has an entry for each of its entries, or one for
    all. `follow` names the fact of an earlier letter that a follow-up repeats here; of replies, it
    is a list of their facts, with `office`, `date`, `by` and `words`. `quoted` paragraphs are the
    words of others, which no letter may change. `labels` has what each choice is in words. `ask` is
    what `optout new` asks for, in a few words; it asks only where one of the conditions in `ask_if`
    holds, if there are any, and without asking first whether to for one that is `usual`. A note
    tells if offices are closed on an `office_day`.
    """

    type: ParticularType
    help: Text
    ask: Line | None = None
    required: bool = False
    example: Text | None = None
    when: Literal["before", "after"] | None = None
    not_before: Name | None = None
    per: Name | None = None
    choices: tuple[Name, ...] = ()
    labels: dict[Name, Line] = {}
    about: dict[Name, tuple[Topic, ...]] = {}
    of: "ParticularType | dict[Name, Particular] | None" = None
    known: Literal["agency", "model", "signed"] | None = None
    follow: Line | None = None
    quoted: bool = False
    ask_if: tuple[Condition, ...] = ()
    usual: bool = False
    office_day: bool = False


class ComputedDate(Noun, frozen=True, kw_only=True):
    """The date `days` after a particular or the letter's date, if `when` holds."""

    from_: Name = field(name="from")
    days: Count
    when: Condition = Condition()


class Milestone(Noun, frozen=True, kw_only=True):
    """A day that a letter leads to if `when` holds, such as the end of an agreement.

    It is `days` after `from`, which names a particular, a computed date, or the day of receipt.
    `when` may only ask for the letter's date and its particulars. `details` are particulars that
    belong to the day, such as the hour of a meeting. `then` is what to do once the day has come.
    """

    title: Line
    from_: Name = field(name="from")
    days: Count | None = None
    details: tuple[Name, ...] = ()
    not_before: Literal["receipt"] | None = None
    when: Condition = Condition()
    then: Line | None = None


class ConditionalText(Noun, frozen=True, kw_only=True):
    """A text that holds for a letter if `when` does; names of particulars are in braces."""

    when: Condition = Condition()
    text: Text


class EnclosureText(ConditionalText, frozen=True, kw_only=True):
    """What goes into the envelope with a letter; `always` if there is no such letter without it."""

    always: bool = False


class NoteText(ConditionalText, frozen=True, kw_only=True):
    """A note on a letter: what to do, then why. `short` says it in one line."""

    short: Line | None = None


class Refusal(Noun, frozen=True, kw_only=True):
    """Why a letter is refused if `when` holds, and what to do instead."""

    when: Condition
    reason: Text
    hint: Text


class Forbidden(Noun, frozen=True, kw_only=True):
    """Words, as a regular expression, that no letter may contain, and why."""

    words: Text
    reason: Text


class Wording(Noun, frozen=True, kw_only=True):
    """Rules for the wording of every letter of every program, and samples to check them with.

    `samples` are jurisdictions whose names need different words around them. `request` is their
    request without particulars. `placeholders` are values of the samples in request.yaml that no
    request may keep, in the shape of a request. `promised` has words that own wording leaves out
    only with a note. `blocks` says what each block of a letter is for, in the order in which a
    writer would look for it.
    """

    forbidden: tuple[Forbidden, ...]
    promised: tuple[Forbidden, ...]
    samples: tuple[JurisdictionId, ...]
    # Any: a request as plain data, not read yet.
    request: dict[str, Any]
    placeholders: dict[str, Any]
    blocks: dict[str, Text]


class Other(Noun, frozen=True, kw_only=True):
    """What else the user may want, and the letter kind for it."""

    where: Text
    letter: Name
    when: Condition = Condition()


class NextLetter(Noun, frozen=True, kw_only=True):
    """A letter kind that answers a reply, and the guide's words for the occasion, if it has any.

    With `again`, it is written once more if nothing comes back to it either.
    """

    letter: Name
    where: Text | None = None
    again: bool = False


class Reply(Noun, frozen=True, kw_only=True):
    """What may come back after a letter. `label` says it in a list of choices.

    `letters` are the letter kinds that it may come back after; none means all. With `silence`
    nothing came back, and there is nothing to record. Without `settles` the letter still waits for
    an answer, which is due again from this reply. `asks` are the facts to ask for: texts, dates
    and choices. `next` are the letter kinds that answer it, the usual one first; `advice` says what
    to do where no letter does. `fills` names particulars of those letters, and what of the reply
    they take: its day, who gave it, its words. A particular also takes the fact of the same name in
    `asks`. `how` is the fact that says how it was given, if not in writing: its words stand before
    a quotation. `milestones` are days that it leads to, such as that of a meeting: `from` names a
    fact.
    """

    label: Line
    letters: tuple[Name, ...] = ()
    silence: bool = False
    settles: bool = True
    asks: "dict[Name, Particular]" = {}
    next: tuple[NextLetter, ...] = ()
    advice: Text | None = None
    fills: dict[Name, Literal["on", "by", "words"]] = {}
    how: Name | None = None
    milestones: "tuple[Milestone, ...]" = ()

    def fits(self, kind: str) -> bool:
        """Tell whether the reply may come back after a letter of this kind."""
        return not self.letters or kind in self.letters


class Advice(Noun, frozen=True, kw_only=True):
    """The sentences and list items of the guide to a program's letters.

    `before` has the steps before a letter is written, `send` those of sending it, and `next` those
    after. `wait` is the number of days from the letter's arrival until it is time to write again;
    that day is `{again}` in `next`, and in the program's `replies`.
    """

    can: tuple[ConditionalText, ...] = ()
    cannot: tuple[ConditionalText, ...] = ()
    before: tuple[ConditionalText, ...] = ()
    enclose: tuple[EnclosureText, ...] = ()
    send: tuple[ConditionalText, ...] = ()
    next: tuple[ConditionalText, ...] = ()
    others: tuple[Other, ...] = ()
    wait: Count | None = None


class LetterKind(Noun, frozen=True, kw_only=True):
    """A letter kind of a program. `about` names the topics of state law that it concerns.

    `uses` and `requires` name particulars that the program declares for several letter kinds. When
    the program is loaded, they are added to `particulars` with their example from `examples`.
    `follows` names the letter kinds that this one may follow up. `may_leave_out` names the passages
    that a request may strike. `must_say` has words that own wording loses only with a note.
    """

    title: Line
    summary: Text
    version: Line
    reviewed_by: Line | None = None
    about: tuple[Topic, ...] = ()
    follows: tuple[Name, ...] = ()
    may_leave_out: tuple[Name, ...] = ()
    must_say: tuple[Forbidden, ...] = ()
    refuse: tuple[Refusal, ...] = ()
    notes: tuple[NoteText, ...] = field(name="cautions", default=())
    computed: dict[Name, ComputedDate] = {}
    milestones: tuple[Milestone, ...] = ()
    uses: tuple[Name, ...] = ()
    requires: tuple[Name, ...] = ()
    examples: dict[Name, Text] = {}
    particulars: dict[Name, Particular] = {}


class SelfName(Noun, frozen=True, kw_only=True):
    """What a sender may call itself if its name has other words: `the Police Department`."""

    words: Line
    where: Line


class Program(Noun, frozen=True, kw_only=True):
    """A program with its periods, sources, recipients and letter kinds.

    `author` names the particular with the agency that writes, if that is not the jurisdiction.
    `calls_itself` has the words by which the sender may call itself after its full name, in the
    order in which they are looked for in that name; the last ones are for every other sender. A
    SelfName is looked for by other words.
    `told_apart_by` names particulars that become part of the file name, since two letters of one
    jurisdiction, kind and day may differ in them. `refuse` and `notes` concern each letter kind
    that has the particulars in their conditions. `replies` are what may come back, by id.
    """

    title: Line
    code: Line
    author: Name | None = None
    calls_itself: tuple[Line | SelfName, ...] = ()
    told_apart_by: tuple[Name, ...] = ()
    periods: tuple[Period, ...]
    citations: dict[Name, Citation] = {}
    recipients: tuple[Rule, ...]
    refuse: tuple[Refusal, ...] = ()
    notes: tuple[NoteText, ...] = field(name="cautions", default=())
    forbidden: tuple[Forbidden, ...] = ()
    guide: Advice = Advice()
    particulars: dict[Name, Particular] = {}
    letters: dict[Name, LetterKind]
    replies: dict[Name, Reply] = {}

    def period(self, day: Date) -> Period | None:
        """Return the period of `day`, or None before the program began."""
        return next((period for period in self.periods if period.has(day)), None)

    def recipients_on(self, day: Date) -> list[Rule]:
        """Return the rules that say who receives a letter of `day`."""
        return [rule for rule in self.recipients if rule.has(day)]

    @property
    def wait(self) -> timedelta:
        """How long people wait for an answer before they write again."""
        return timedelta(int(self.guide.wait or FOLLOW_UP))
