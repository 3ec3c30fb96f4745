"""Where each letter stands: a draft, not sent, waiting, answered, and what comes next. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from optout_cli.exporters import exporter_for
from optout_cli.model.program import LetterKind, Program, Reply
from optout_cli.model.request import Party
from optout_cli.register.due import (
    Deadline,
    Facts,
    facts_of,
    milestones_of,
    reply_day,
    settles,
)
from optout_cli.register.state import LetterState

# "followed" and "superseded" letters are history: another letter takes their place.
Step = Literal["draft", "unsent", "waiting", "answered", "followed", "superseded"]
_CITED = "notice-reference"  # the particular with the reference of the letter that this one follows
_Matter = tuple[str, str, str, Party]  # program, jurisdiction, variant and recipient
_Item = tuple[LetterState, Facts]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a letter stands. `before` is an earlier letter of its kind that went out.

    `notice` is the letter that it cites, such as the notice that a follow-up is about. `answer_due`
    is None for a letter that has not gone out, that was answered, or that is history.
    `program` and `kind` are None if the templates are not there any more.
    """

    state: LetterState
    facts: Facts
    program: Program | None
    kind: LetterKind | None
    step: Step
    answer_due: Deadline | None
    milestones: tuple[Deadline, ...]
    before: LetterState | None = None
    after: LetterState | None = None
    notice: LetterState | None = None

    @property
    def is_history(self) -> bool:
        """Whether another letter has taken the place of this one."""
        return self.step in ("followed", "superseded")

    @property
    def is_shown(self) -> bool:
        """Whether the letter is worth a row: one that was replaced before it went out is not."""
        return self.step != "superseded" or is_out(self.state)

    @property
    def next_letter(self) -> str | None:
        """The kind of letter that comes next: after the last reply, or if no reply comes.

        None once a letter that takes this one up has gone out.
        """
        if self.program is None or self.after:
            return None
        letters, kind, answers = self.program.letters, _kind_of(self.state), self.state.answers
        # What answers a follow-up may also be a letter that takes up the notice.
        kinds = {kind, *([_kind_of(self.notice)] if self.notice and answers else ())}
        reply = self.program.replies.get(answers[-1].reply) if answers else self.silence
        rows = reply.next if reply else ()
        found = (row.letter for row in rows if not kinds.isdisjoint(letters[row.letter].follows))
        return next(found, None)

    @property
    def silence(self) -> Reply | None:
        """What the program says of a letter to which nothing comes back."""
        replies, kind = self.program.replies if self.program else {}, _kind_of(self.state)
        silences = (reply for reply in replies.values() if reply.silence)
        return next((reply for reply in silences if reply.fits(kind)), None)

    def is_unsigned_as(self, name: str) -> bool:
        """Tell whether a file of the format `name` would go out without a signature."""
        exporter = exporter_for(name)
        return exporter.ROUTE is not None and self.facts.signature.kind not in exporter.SIGNATURES

    @property
    def title(self) -> str:
        """The title of the letter's kind, or its name."""
        return self.kind.title if self.kind else self.state.written.letter


def standings_of(
    states: Iterable[LetterState], programs: Mapping[str, Program]
) -> tuple[Standing, ...]:
    """Return where each letter of a folder stands, in the order of `states`, the oldest first."""
    matters: defaultdict[_Matter, list[_Item]] = defaultdict(list)
    read: dict[str, Facts] = {}  # the letters of a request share their facts
    ordered: list[_Item] = []
    for state in states:
        facts = read.get(state.id) or read.setdefault(state.id, facts_of(state))
        ordered.append((state, facts))
    for state, facts in ordered:
        written = state.written
        program = written.letter.partition("/")[0]
        matter = program, written.jurisdiction, written.variant, state.letter.recipient
        matters[matter].append((state, facts))
    found = {
        id(standing.state): standing
        for (name, *_), items in matters.items()
        for standing in _standings_in(items, programs.get(name))
    }
    return tuple(found[id(state)] for state, _ in ordered)


def _standings_in(items: Sequence[_Item], program: Program | None) -> Iterator[Standing]:
    """Yield where the letters of one matter stand: those that may follow one another."""
    # The last answer to a letter, by its place; or one to the letter that it follows, which came
    # once this letter had gone out. An acknowledgment is no answer. Of two events of one day, the
    # one that was recorded first is the earlier.
    answered: dict[int, tuple[date, datetime]] = {}
    cited = {item[0].written.reference: item for item in items}
    notices = [cited.get(facts.particulars.get(_CITED, "")) for _, facts in items]

    def takes_up(later: _Item, number: int) -> bool:
        """Tell whether a letter follows an item, or the notice that the item is about."""
        return any(_follows(later, it, program) for it in (items[number], notices[number]) if it)

    for place, (state, facts) in enumerate(items):
        days = [(it.on, it.at) for it in state.answers if settles(it, program)]
        earlier = items[:place]
        for number in range(place):
            if number in answered and takes_up((state, facts), number):
                went_out = min(((sent.on, sent.at) for sent in state.sent), default=None)
                days += [answered[number]] if went_out and answered[number] > went_out else []
        if days:
            answered[place] = max(days)
        out = (item for item in items[place + 1 :] if is_out(item[0]))
        after = next((item[0] for item in out if takes_up(item, place)), None)
        same = [
            other
            for other, _ in earlier
            if _kind_of(other) == _kind_of(state) and other.written.date <= state.written.date
        ]
        step = _step_of(state, after, is_answered=place in answered)
        kind = program.letters.get(_kind_of(state)) if program else None
        yield Standing(
            state=state,
            facts=facts,
            program=program,
            kind=kind,
            step=step,
            answer_due=reply_day(state, facts, program) if step == "waiting" else None,
            milestones=() if step == "superseded" else milestones_of(state, facts, program),
            before=next(filter(is_out, reversed(same)), None),
            after=after,
            notice=notice[0] if (notice := notices[place]) else None,
        )


def is_out(state: LetterState) -> bool:
    """Tell whether a letter has gone out, as far as anybody recorded."""
    return bool(state.sent or state.delivered or state.answers)


def _step_of(state: LetterState, after: LetterState | None, *, is_answered: bool) -> Step:
    is_repeated = after is not None and _kind_of(after) == _kind_of(state)
    if not state.is_current and (is_repeated or not is_out(state)):
        return "superseded"
    if is_out(state):  # also where a corrected letter is in its place, but has not gone out
        return "answered" if is_answered else "followed" if after else "waiting"
    if is_repeated:
        return "superseded"
    return "draft" if state.written.is_draft else "unsent"


def _kind_of(state: LetterState) -> str:
    """Return the name of a letter's kind, without the program."""
    return state.written.letter.partition("/")[2]


def _follows(later: _Item, earlier: _Item, program: Program | None) -> bool:
    """Tell whether a letter takes up an earlier one to the same recipient, or repeats it."""
    if later[0].written.date < earlier[0].written.date:
        return False
    name, former = _kind_of(later[0]), _kind_of(earlier[0])
    if cited := later[1].particulars.get(_CITED):
        return bool(cited == earlier[0].written.reference)
    kind = program.letters.get(name) if program else None
    return name == former or bool(kind and former in kind.follows)
