"""Where each letter stands, what comes next, and the days that follow from it. Pure.

Each day says how it was counted. Nothing here asks what day it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, Literal, NamedTuple

import msgspec

from optout_cli.letters.days import TRANSIT, arrival_of, next_working_day
from optout_cli.model.program import OWN_DAY, RECEIPT, Program, Reply
from optout_cli.model.request import Party
from optout_cli.programs import holds_for
from optout_cli.register.events import FACTS, Answered, Facts, way_words
from optout_cli.register.returns import came_back, on_its_way
from optout_cli.register.state import LetterState

_REPLY_BY = "reply-by"  # the particular with the day by which the letter asks for an answer


def facts_of(state: LetterState) -> Facts:
    """Read the facts of a letter that its days follow from."""
    return FACTS.decode(state.written.facts)


class Deadline(NamedTuple):
    """A day that a letter leads to, and how it was counted; an estimate without a known receipt.

    `at` is when the event was recorded that the day follows from. `details` are such as the hour of
    a meeting; `then` is what to do once the day has come.
    """

    title: str
    on: date
    why: str
    at: datetime
    is_estimated: bool = False
    details: tuple[str, ...] = ()
    then: str | None = None

    @property
    def about(self) -> str:
        """The day in words: `2026-12-02`, or `about 2026-12-07` for an estimate."""
        return f"{'about ' if self.is_estimated else ''}{self.on}"


def _receipt_of(state: LetterState) -> Deadline | None:
    """Return when a letter was received, or None if it has not gone out or came back."""
    if state.delivered:
        last = state.delivered[-1]
        return Deadline("receipt", last.on, f"received on {last.on}", last.at)
    arrivals = [(arrival_of(sent.on, sent.by), sent) for sent in on_its_way(state)]
    if not arrivals:
        return None
    on, sent = min(arrivals, key=lambda arrival: arrival[0])
    why = f"sent on {sent.on} by {way_words(sent.by)}"
    if sent.by in TRANSIT:
        why += f", no receipt is recorded, so {TRANSIT[sent.by]} days are added for the mail"
    return Deadline("receipt", on, why, sent.at, is_estimated=True)


def settles(answer: Answered, program: Program | None) -> bool:
    """Tell whether an answer ends the waiting; a mere acknowledgment does not."""
    reply = program.replies.get(answer.reply) if program else None
    return reply is None or reply.settles


def acknowledgments_first(answers: Iterable[Answered], program: Program | None) -> list[Answered]:
    """Sort answers so that one that settles stands behind each mere acknowledgment."""
    return sorted(answers, key=lambda answer: settles(answer, program))


def _reply_day(state: LetterState, facts: Facts, program: Program | None) -> Deadline | None:
    """Return the day by which an answer is due, or None if the letter has not gone out.

    It is the day that the letter names, else so many days after receipt as the program says, or
    after the last acknowledgment in writing. A `program` that is not known here sets no day.
    """
    start, stated = _receipt_of(state), facts.day(_REPLY_BY)
    if start is None or not (stated or program):
        return None
    replies = program.replies if program else {}
    written = [it for it in state.answers if it.reply not in replies or not replies[it.reply].how]
    last = written[-1] if written else None
    if last and program and not (stated and stated > last.on + program.wait):
        why = f"a reply came on {last.on}, but no answer"
        start, stated = Deadline("reply", last.on, why, last.at), None
    if stated:
        day, why, is_estimated = stated, f"the letter asks for an answer by {stated}", False
    else:
        assert program
        day, is_estimated = start.on + program.wait, start.is_estimated
        why = f"{start.why}; {program.wait.days} days later is {day}"
    working, reason = next_working_day(day, state.written.state)
    return Deadline("answer due", working, why + reason, start.at, is_estimated)


def _days_named(state: LetterState, program: Program | None) -> Iterator[Deadline]:
    """Yield the days that the answers to a letter name."""
    replies = program.replies if program else {}
    for answer in state.answers:
        for stone in replies[answer.reply].milestones if answer.reply in replies else ():
            if text := answer.facts.get(stone.from_):
                day, why = date.fromisoformat(text), f"the answer of {answer.on} says so"
                details = tuple(filter(None, (answer.facts.get(name) for name in stone.details)))
                yield Deadline(stone.title, day, why, answer.at, details=details, then=stone.then)


def days_reached(state: LetterState, facts: Facts, program: Program | None) -> Iterator[Deadline]:
    """Yield the days that a letter itself leads to. A weekend does not move them."""

    def value(name: str) -> Any:  # Any: as in Facts
        return state.written.date if name == OWN_DAY else facts.value(name)

    kind, receipt = program.letters.get(state.kind) if program else None, _receipt_of(state)
    for stone in kind.milestones if kind else ():
        if not holds_for(stone.when, state.written.date, value):
            continue
        is_counted = stone.from_ == RECEIPT
        start = receipt.on if is_counted and receipt else facts.day(stone.from_)
        if start is None or (stone.not_before and receipt is None):
            continue
        day = start + timedelta(int(stone.days or 0))
        why = receipt.why if is_counted and receipt else f"the letter's own day, {start}"
        why += f"; {stone.days} days later is {day}" if stone.days else ""
        is_late = bool(stone.not_before and receipt and receipt.on > day)
        if is_late and receipt:
            day, why = receipt.on, f"{why}, but {receipt.why}, which is later"
        is_estimated = bool(receipt and receipt.is_estimated and (is_counted or is_late))
        at = receipt.at if receipt and (is_counted or is_late) else state.written.at
        details = tuple(str(value) for name in stone.details if (value := facts.value(name)))
        yield Deadline(stone.title, day, why, at, is_estimated, details, stone.then)


# "followed" and "superseded" letters are history: another letter takes their place. An "unneeded"
# one asks for an answer that came before it went out. A "withdrawn" one will not go out, or it went
# out and was withdrawn; or it asks for an answer to such a notice. A "returned" one came back.
Step = Literal[
    "draft", "unsent", "unneeded", "withdrawn", "waiting", "returned", "answered", "followed",
    "superseded",
]  # fmt: skip
_TOLD = {"draft": "draft", "superseded": "superseded", "withdrawn": "will not go out"}  # outcomes
_UNUSED: tuple[Step, ...] = ("superseded", "withdrawn", "unneeded")
_CITED = "notice-reference"  # the particular with the reference of the letter that this one follows
_Matter = tuple[str, str, str, Party]  # program, jurisdiction, variant and recipient
_Item = tuple[LetterState, Facts]
_Link = tuple[str | None, str]  # the reference that a letter cites, if any, and its kind


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a letter stands. `before` is an earlier letter of its kind that went out.

    `notice` is the letter that it cites, such as the notice that a follow-up is about. `answer_due`
    is None for a letter that has not gone out, that was answered, or that is history. `after` is a
    letter that takes this one up and went out, `ready` are the first of each kind that did not yet;
    `followed` are the kinds of those that did. `answered` is the day of the last answer to an
    unneeded letter's notice. `program` is None if its templates are not there any more.
    """

    state: LetterState
    facts: Facts
    program: Program | None
    step: Step
    answer_due: Deadline | None
    milestones: tuple[Deadline, ...]
    before: LetterState | None
    after: LetterState | None
    ready: Mapping[str, LetterState]
    followed: frozenset[str]
    notice: LetterState | None
    answered: date | None

    @property
    def is_shown(self) -> bool:
        """Whether the letter is worth a row: one that was replaced before it went out is not."""
        return self.step != "superseded" or self.state.is_out

    @property
    def last_answer(self) -> Answered | None:
        """The last answer by its day; a mere acknowledgment only if nothing else came."""
        return next(reversed(acknowledgments_first(self.state.answers, self.program)), None)

    @property
    def outcomes(self) -> list[str]:
        """What became of the letter in words; nothing while it waits or is not sent.

        Of several answers, each has its day.
        """
        replies = self.program.replies if self.program else {}
        answers = self.state.answers
        found = [replies[it.reply].label if it.reply in replies else it.reply for it in answers]
        if len({answer.on for answer in answers}) > 1:
            found = [f"{words} ({it.on})" for words, it in zip(found, answers, strict=True)]
        if self.step == "followed" and self.after:
            found.append(f"followed by a letter of {self.after.written.date}")
        if (back := came_back(self.state)) and self.step in ("returned", *_TOLD):
            found += [f"came back on {back.on}", *(["superseded"] * (self.step == "superseded"))]
        if self.step == "withdrawn" and not self.state.is_withdrawn and self.notice:
            found.append("its notice was withdrawn")
        elif (withdrawal := self.state.withdrawal) and self.state.sent:
            found.append(f"withdrawn on {withdrawal.on}")
        if self.step == "answered" and not answers:
            found.append("answered: see its notice")
        return [*dict.fromkeys(found)] or [_TOLD[it] for it in [self.step] if it in _TOLD]

    @property
    def next_letter(self) -> str | None:
        """The kind of letter that comes next: after a reply, or if no reply comes."""
        return self.next_up[0]

    @property
    def next_up(self) -> tuple[str | None, Answered | None]:
        """The kind of letter that comes next, and the answer that it takes up: the last one first.

        None once letters that take up each reply have gone out, or one that takes up the silence.
        """
        kind, program, after = self.state.kind, self.program, self.after
        is_gone = self.step in ("withdrawn", "returned")
        if program is None or is_gone or (after and after.kind == kind):
            return None, None
        # An earlier letter of this kind about the same notice may have gone out.
        cited = facts_of(self.before).value(_CITED) if self.before else None
        is_second = self.notice is not None and cited == self.notice.written.reference
        answers: list[Answered | None] = [
            it for it in self.state.answers if it is self.last_answer or settles(it, program)
        ]
        for answer in reversed(answers) if answers else [None]:
            reply = program.replies.get(answer.reply) if answer else self.silence
            rows = reply.next if reply else ()
            is_done = bool(after) if answer is None else {it.letter for it in rows} & self.followed
            for row in () if is_done else rows:
                # What answers a follow-up may also be a letter that takes up the notice.
                is_again = row.again and row.letter == kind and not is_second
                notice = self.notice if answer or is_again else None
                kinds = {kind, *([notice.kind] if notice else ())}
                if not kinds.isdisjoint(program.letters[row.letter].follows):
                    return row.letter, answer
        return None, None

    @property
    def next_ready(self) -> LetterState | None:
        """The letter that comes next, if it is written already and still to be sent."""
        return self.ready.get(self.next_letter or "")

    @property
    def silence(self) -> Reply | None:
        """What the program says of a letter to which nothing comes back."""
        replies = self.program.replies.values() if self.program else ()
        return next(
            (reply for reply in replies if reply.silence and reply.fits(self.state.kind)), None
        )

    @property
    def title(self) -> str:
        """The title of the letter's kind, or its name."""
        kind = self.program.letters.get(self.state.kind) if self.program else None
        return kind.title if kind else self.state.written.letter


def standings_of(
    states: Iterable[LetterState], programs: Mapping[str, Program]
) -> tuple[Standing, ...]:
    """Return where each letter of a folder stands, in the order of `states`, the oldest first."""
    every = tuple(states)
    # No variable is named `id` here: Python 3.12.1 then takes the function `id` below for it.
    read = {one: facts_of(state) for one, state in {state.id: state for state in every}.items()}
    matters: defaultdict[_Matter, list[_Item]] = defaultdict(list)
    for state in every:
        written, program = state.written, state.written.letter.partition("/")[0]
        matter = program, written.jurisdiction, written.variant, state.letter.recipient
        matters[matter].append((state, read[state.id]))
    found = {
        id(standing.state): standing
        for (name, *_), items in matters.items()
        for standing in _standings_in(items, programs.get(name))
    }
    return tuple(found[id(state)] for state in every)


def _standings_in(items: Sequence[_Item], program: Program | None) -> Iterator[Standing]:
    """Yield where the letters of one matter stand: those that may follow one another."""
    # The last answer to a letter, or one to the letter that it follows, which came once this letter
    # had gone out: by what takes the letter up, with the first day of that. An acknowledgment is
    # not an answer. Of two events of one day, the one that was recorded first is the earlier.
    answered: defaultdict[_Link, list[tuple[date, tuple[date, datetime]]]] = defaultdict(list)
    out: defaultdict[str, list[LetterState]] = defaultdict(list)  # by their kind
    for (state, facts), place in zip(items, _places_of(items, program), strict=True):
        days = [(answer.on, answer.at) for answer in state.answers if settles(answer, program)]
        own = answered[_link_of((state, facts))]
        before = [day for start, day in own if start <= state.written.date]
        if state.sent:
            went_out = min((sent.on, sent.at) for sent in state.sent)
            days += [day for day in before if day > went_out]
        for link, start in place.links.items() if days else ():
            answered[link].append((start, max(days)))
        is_asking = state.kind in kinds_after_silence(program)
        asked = place.notice if is_asking else None
        step = _step_of(state, place.after, asked, is_answered=bool(days))
        came = [on for on, at in before if at > state.written.at]
        if step in ("draft", "unsent") and came and is_asking:
            step = "unneeded"
        same = (it for it in reversed(out[state.kind]) if it.written.date <= state.written.date)
        yield Standing(
            state=state,
            facts=facts,
            program=program,
            step=step,
            answer_due=_reply_day(state, facts, program) if step == "waiting" else None,
            milestones=()
            if step in _UNUSED
            else (*days_reached(state, facts, program), *_days_named(state, program)),
            before=next(same, None),
            after=place.after,
            ready=place.ready,
            followed=place.followed,
            answered=max(came) if step == "unneeded" else None,
            notice=place.notice,
        )
        if state.is_out:
            out[state.kind].append(state)


class _Place(NamedTuple):
    """Where a letter is among others: its notice, and what takes up one of the two.

    `links` are those of letters that would, each with the first day on which one may be dated.
    """

    notice: LetterState | None
    links: dict[_Link, date]
    after: LetterState | None
    ready: dict[str, LetterState]
    followed: frozenset[str]


def _link_of(item: _Item) -> _Link:
    """Return how a letter takes up others: by the reference that it cites, else by its kind."""
    return item[1].particulars.get(_CITED) or None, item[0].kind


def _places_of(items: Sequence[_Item], program: Program | None) -> list[_Place]:
    """Return the place of each letter, without a comparison of every letter with every other."""
    states = {state.written.reference: state for state, _ in items}
    kinds = {state.kind for state, _ in items}
    found: list[_Place] = []
    # The numbers of those to be sent (True) and of those that went out, the last one first.
    later: defaultdict[tuple[_Link, bool], list[int]] = defaultdict(list)
    for number, (state, facts) in reversed([*enumerate(items)]):
        notice = states.get(facts.particulars.get(_CITED, ""))
        links: dict[_Link, date] = {}
        for other, name in product(filter(None, (state, notice)), kinds):
            kind, first = program.letters.get(name) if program else None, other.written.date
            is_fit = name == other.kind or bool(kind and other.kind in kind.follows)
            for link in ((other.written.reference, name), *([(None, name)] if is_fit else ())):
                links[link] = min(first, links.get(link, first))
        nearest: dict[tuple[bool, str], int] = {}
        for (link, first), is_ready in product(links.items(), (True, False)):
            for place in reversed(later[link, is_ready]):
                follower = items[place][0]
                # What repeats this letter took its place, even if that was withdrawn.
                is_undone = follower.is_withdrawn and follower.kind != state.kind
                if follower.written.date >= first and not is_undone:
                    key = is_ready, follower.kind
                    nearest[key] = min(place, nearest.get(key, place))
                    break
        out = {kind: place for (is_ready, kind), place in nearest.items() if not is_ready}
        ready = {kind: items[it][0] for (is_ready, kind), it in nearest.items() if is_ready}
        after = items[min(out.values())][0] if out else None
        found.append(_Place(notice, links, after, ready, frozenset(out)))
        if state.is_ready or state.is_out:
            later[_link_of((state, facts)), state.is_ready].append(number)
    return found[::-1]


def kinds_after_silence(program: Program | None) -> set[str]:
    """Return the kinds of letters that ask for an answer, since nothing came back."""
    replies = program.replies.values() if program else ()
    return {row.letter for reply in replies if reply.silence for row in reply.next}


def _step_of(
    state: LetterState, after: LetterState | None, asked: LetterState | None, *, is_answered: bool
) -> Step:
    """Return the step of a letter; `asked` is the notice to which it asks for an answer."""
    is_repeated = after is not None and after.kind == state.kind
    if is_repeated and not (state.is_out and state.is_current):
        return "superseded"
    if not (state.is_current or state.is_out):
        return "superseded"
    if state.is_withdrawn or (asked and asked.is_withdrawn and not is_answered):
        return "withdrawn"
    if state.is_out:  # also where a corrected letter is in its place, but has not gone out
        open_step: Step = "returned" if came_back(state) else "waiting"
        return "answered" if is_answered else "followed" if after else open_step
    return "draft" if state.written.is_draft else "unsent"
