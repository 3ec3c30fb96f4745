"""The days that follow from a letter: of its receipt, of an answer, and of what it leads to. Pure.

Each day says how it was counted. Nothing here asks what day it is.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from optout_cli.letters.working_days import next_working_day
from optout_cli.model.notice import Place
from optout_cli.model.program import OWN_DAY, RECEIPT, Milestone, Program
from optout_cli.model.request import Signature
from optout_cli.programs import holds_for
from optout_cli.register.events import Answered
from optout_cli.register.state import LetterState

# Days that a letter may take, if nobody recorded its receipt. Our choice: the Postal Service's own
# standard for First-Class Mail, which certified mail is, is one to five days.
TRANSIT = {"certified-mail": 5, "mail": 5}
_REPLY_BY = "reply-by"  # the particular with the day by which the letter asks for an answer


class Facts(msgspec.Struct, frozen=True, rename="kebab"):
    """What the days follow from, of the facts that the register keeps of a letter."""

    place: Place | None = None
    # Any: particulars are of the types that the letter kind declares.
    particulars: dict[str, Any] = {}
    computed: dict[str, date | None] = {}
    signature: Signature = Signature()

    # Any: as above.
    def value(self, name: str) -> Any:
        """Return the value of a particular or a computed date, if there is one."""
        return self.computed.get(name) or self.particulars.get(name)

    def day(self, name: str) -> date | None:
        """Return the value of a date."""
        value = self.value(name)
        return date.fromisoformat(value) if isinstance(value, str) else value


_DECODER = msgspec.json.Decoder(Facts)


def facts_of(state: LetterState) -> Facts:
    """Read the facts of a letter that its days follow from."""
    return _DECODER.decode(state.written.facts)


class Receipt(NamedTuple):
    """The day on which a letter was received; an estimate, if nobody recorded it.

    `at` is when the event was recorded that the day follows from.
    """

    on: date
    is_estimated: bool
    why: str
    at: datetime


class Deadline(NamedTuple):
    """A day that a letter leads to, and how it was counted; `at` as for a receipt.

    `details` are such as the hour of a meeting.
    """

    title: str
    on: date
    is_estimated: bool
    why: str
    at: datetime
    details: tuple[str, ...] = ()


def receipt_of(state: LetterState) -> Receipt | None:
    """Return when a letter was received, or None if it has not gone out."""
    if state.delivered:
        last = state.delivered[-1]  # a later one corrects it
        return Receipt(last.on, is_estimated=False, why=f"received on {last.on}", at=last.at)
    arrivals = [(sent.on + timedelta(TRANSIT.get(sent.by, 0)), sent) for sent in state.sent]
    if not arrivals:
        return None
    on, sent = min(arrivals, key=lambda arrival: arrival[0])
    why = f"sent on {sent.on} by {sent.by.replace('-', ' ')}"
    if sent.by in TRANSIT:
        why += f", no receipt is recorded, so {TRANSIT[sent.by]} days are added for the mail"
    return Receipt(on, is_estimated=True, why=why, at=sent.at)


def settles(answer: Answered, program: Program | None) -> bool:
    """Tell whether an answer ends the waiting; a mere acknowledgment does not."""
    reply = program.replies.get(answer.reply) if program else None
    return reply is None or reply.settles


def reply_day(state: LetterState, facts: Facts, program: Program | None) -> Deadline | None:
    """Return the day by which an answer is due, or None if the letter has not gone out.

    It is the day that the letter names, else so many days after receipt as the program says, or
    after the last acknowledgment. A `program` that is not known here sets no day.
    """
    receipt = receipt_of(state)
    stated = facts.day(_REPLY_BY)
    if receipt is None or not (stated or program):
        return None
    last = max(state.answers, key=lambda answer: answer.on, default=None)
    if last and program and not (stated and stated > last.on + program.wait):
        receipt = Receipt(
            last.on, is_estimated=False, why=f"a reply came on {last.on}, but no answer", at=last.at
        )
        stated = None
    if stated:
        day, why, is_estimated = stated, f"the letter asks for an answer by {stated}", False
    else:
        assert program
        day, is_estimated = receipt.on + program.wait, receipt.is_estimated
        why = f"{receipt.why}; {program.wait.days} days later is {day}"
    working, reason = next_working_day(day, state.written.state)
    return Deadline("answer due", working, is_estimated, why + reason, receipt.at)


def milestones_of(
    state: LetterState, facts: Facts, program: Program | None
) -> tuple[Deadline, ...]:
    """Return the days that a letter leads to, as its program says. A weekend does not move them."""
    receipt = receipt_of(state)
    kind = program.letters.get(state.written.letter.partition("/")[2]) if program else None

    def value(name: str) -> Any:  # Any: as in Facts
        return state.written.date if name == OWN_DAY else facts.value(name)

    stones = kind.milestones if kind else ()
    held = [stone for stone in stones if holds_for(stone.when, state.written.date, value)]
    return (*_reached(held, state, facts, receipt), *_replied(state, program))


def _replied(state: LetterState, program: Program | None) -> Iterator[Deadline]:
    """Yield the days that the answers to a letter name."""
    for answer in state.answers:
        reply = program.replies.get(answer.reply) if program else None
        for stone in reply.milestones if reply else ():
            if text := answer.facts.get(stone.from_):
                details = tuple(filter(None, (answer.facts.get(name) for name in stone.details)))
                why = f"the answer of {answer.on} says so"
                day = date.fromisoformat(text)
                yield Deadline(
                    title=stone.title,
                    on=day,
                    is_estimated=False,
                    why=why,
                    at=answer.at,
                    details=details,
                )


def _reached(
    stones: Sequence[Milestone], state: LetterState, facts: Facts, receipt: Receipt | None
) -> Iterator[Deadline]:
    for stone in stones:
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
        yield Deadline(stone.title, day, is_estimated, why, at, details)
