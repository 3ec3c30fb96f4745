"""What people say about a letter -> the event to record, or why it cannot be so. Pure.

How a letter went out is in sendings.py, and an answer in replies.py. Each Problem has the key of
the statement that it is about: `letter`, `on`, `by` or `number`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.notice import Note
from optout_cli.model.request import MESSAGES, RECIPIENTS, Way
from optout_cli.register.events import (
    Answered,
    Delivered,
    Evidence,
    LetterNews,
    Returned,
    Sent,
    Withdrawn,
    way_words,
)
from optout_cli.register.returns import (
    Happened,
    came_back,
    contradicted_by,
    match_returns,
    on_its_way,
)
from optout_cli.register.state import LetterState


class Sending(NamedTuple):
    """How a letter went out, as somebody says. What is None follows from the letter.

    `undo` is the reason why it did not go out after all, `never` why it will not go out, and
    `withdrawn` why one that went out was withdrawn, on the day `on`.
    """

    on: date | None = None
    by: Way | None = None
    number: str | None = None
    receipt: Evidence | None = None
    signed: Evidence | None = None
    again: bool = False
    correct: bool = False
    undo: str | None = None
    never: str | None = None
    withdrawn: str | None = None


class Result(NamedTuple):
    """The event to record, or the one that is recorded already; and what is worth knowing."""

    event: LetterNews
    notes: tuple[Note, ...] = ()
    is_known: bool = False


class Moment(NamedTuple):
    """The moment of recording, in UTC, and the day that it is for the user."""

    at: datetime
    today: date


def sending_of(state: LetterState, by: Way | None) -> Sent | None:
    """Return the sending to correct or take back: the last one by this way, or else the only one.

    Raises OptoutError if it could be several.
    """
    same = [sent for sent in state.sent if by in (None, sent.by)]
    found = same or state.sent
    if len(found) > 1 and not (by and same):
        ways = [f"by {way_words(sent.by)} on {sent.on}" for sent in state.sent]
        message = f"the letter is recorded as sent {', and '.join(ways)}"
        hint = (
            "say with --by which one it is about; to change its way, take it back with --undo"
            " REASON, and record how it went out"
        )
        raise OptoutError(Problem("which-way", message, hint=hint, path="by"))
    return found[-1] if found else None


# Any: the fields of an event, which mypy checks where the event is made.
def about_letter(state: LetterState, now: Moment) -> dict[str, Any]:
    """Return what each event of a letter has."""
    return {
        "at": now.at,
        "written": state.id,
        "recipient": state.letter.recipient,
        "reference": state.written.reference,
    }


def draft_problems(state: LetterState) -> Iterator[Problem]:
    """Yield a Problem if a letter is a draft, which nobody can have got."""
    if state.written.is_draft:
        hint = f"add the signer under signatory: in {state.written.request}, and write it again"
        message = "the letter is a draft, and a draft cannot be sent"
        yield Problem("draft-sent", message, hint=hint, path="letter")


def day_problems(
    day: date, first: date, now: Moment, what: str = "the letter's own date"
) -> Iterator[Problem]:
    """Yield a Problem if `day` is in the future, or before `first`."""
    if day > now.today:
        hint = "write when it happened"
        yield Problem("later-event", f"{day} is in the future", hint=hint, path="on")
    elif day < first:
        message = f"{day} is before {what} ({first})"
        hint = "correct the day"
        if first > now.today:
            hint = f"record it on {first} or later; if it went out before, write it with that date"
        yield Problem("impossible-date", message, hint=hint, path="on")


def taken_back_from(
    state: LetterState,
    what: Literal["sent", "delivered", "returned", "answered"],
    reason: str,
    now: Moment,
    by: Way | None = None,
    of: date | None = None,
) -> Result:
    """Return the event that what was recorded last is taken back: of a day, or sent by a way.

    Where that was the withdrawal of the letter, it is that. Raises OptoutError.
    """
    about = about_letter(state, now)
    if what == "sent" and state.withdrawal:
        day = state.withdrawal.on
        if by:
            what_is = f"withdrawn on {day}" if state.sent else "one that will not go out"
            message = f"the letter is recorded as {what_is}"
            hint = "first take that back: --undo REASON, without --by"
            raise OptoutError(Problem("already-sent", message, hint=hint, path="by"))
        return Result(Withdrawn(**about, what="withdrawn", on=day, note=reason))
    last = sending_of(state, by) if what == "sent" else state.last(what, of, by)
    way = last.by if isinstance(last, Sent | Returned) else None
    if last is None or by not in (None, way):
        how = f"{what} by {way_words(by)}" if by else f"{what} on {of}" if of else what
        message = f"the letter is not recorded as {how}"
        days = sorted({str(event.on) for event in state.news[what]})
        hint = "see what is recorded: optout status FOLDER"
        if days and of:
            hint = f"it is recorded as {what} on {', and on '.join(days)}"
        raise OptoutError(Problem("nothing-recorded", message, hint=hint, path="letter"))
    event = Withdrawn(**about, what=what, on=last.on, by=way, note=reason)
    raise_any(_later_problems(contradicted_by(state, event)))
    return Result(event)


def withdrawn_from(
    state: LetterState, said: Sending, now: Moment, beside: Iterable[LetterState]
) -> Result:
    """Return the event that a letter will never go out, or that one that was sent is withdrawn.

    `beside` are other letters of its request. Raises OptoutError for the wrong one of the two, or a
    day that cannot be.
    """
    day, old = state.written.date, state.withdrawal
    if said.never and state.is_out:
        what = next(what for what, events in state.news.items() if events)
        message = f"the letter went out: it is recorded as {what}"
        hint = "if you withdrew it then, say --withdrawn REASON; if it never went out, first take"
        hint += " that back with --undo: see optout help record"
        raise OptoutError(Problem("already-sent", message, hint=hint, path="letter"))
    if said.withdrawn:
        if not state.sent:
            message, hint = "the letter is not recorded as sent", "if it never will, say --never"
            raise OptoutError(Problem("not-sent", message, hint=hint, path="letter"))
        day = said.on or (old.on if old else now.today)
        last = max(sent.on for sent in state.sent)
        raise_any(day_problems(day, last, now, "the day of sending"))
        if old and old.on != day:
            message = f"the letter is recorded as withdrawn on {old.on}"
            hint = "first take that back with --undo REASON"
            raise OptoutError(Problem("already-sent", message, hint=hint, path="on"))
    note = said.withdrawn or said.never
    event = Withdrawn(**about_letter(state, now), what="written", on=day, note=note)
    others = {it.letter.recipient for it in beside if not it.is_withdrawn}
    notes = [
        Note(
            code="other-letter",
            text=f"the letter to {RECIPIENTS[party]} may say that this one goes out too: if it is"
            f" not sent yet, write it again with to: {party}",
        )
        for party in sorted(others - {state.letter.recipient} if said.never and not old else ())
    ]
    return Result(old or event, tuple(notes), is_known=old is not None)


def _later_problems(others: Iterable[Happened]) -> Iterator[Problem]:
    """Yield a Problem for each event that keeps another from being recorded."""
    for other in others:
        command = "answer" if isinstance(other, Answered) else "delivered"
        which = f"--of {other.on}" if isinstance(other, Answered) else f"--on {other.on}"
        which = f"--by {other.by}" if isinstance(other, Returned) else which
        message = f"the letter is recorded as {other.tag} on {other.on}"
        hint = f"if that is wrong too, first take it back: optout {command} LETTER"
        hint += f" --undo REASON {which}"
        yield Problem("already-delivered", message, hint=hint, path="letter")


def delivered_from(
    state: LetterState, day: date, receipt: Evidence | None, now: Moment, *, correct: bool
) -> Result:
    """Return the event that a letter arrived on `day`. Raises OptoutError with every problem."""
    if not state.sent:
        message = "the letter is not recorded as sent"
        hint = "first record how it went out, with optout sent"
        raise OptoutError(Problem("not-sent", message, hint=hint, path="letter"))
    if back := came_back(state):
        message = f"the letter is recorded as returned on {back.on}"
        hint = "if it went out again, first record that: optout sent LETTER --again; if it did not"
        hint += " come back, take that back with --undo REASON"
        raise OptoutError(Problem("already-delivered", message, hint=hint, path="letter"))
    first = min(sent.on for sent in on_its_way(state))
    problems = [*day_problems(day, first, now, "the day of sending")]
    for early in (it.on for it in state.answers if not may_come_before(state, it.on, day)):
        message = f"the answer of {early} came before {day}"
        hint = "correct the day, or first that of the answer: optout answer LETTER --correct"
        hint += f" --of {early} --on DATE"
        problems.append(Problem("impossible-date", message, hint=hint, path="on"))
    last = state.delivered[-1] if state.delivered else None
    is_same = last is None or (last.on == day and last.receipt in (None, receipt or last.receipt))
    if last and not is_same and not correct:
        message = f"the letter is recorded as delivered on {last.on}"
        hint = "add --correct to correct what is recorded"
        problems.append(Problem("already-delivered", message, hint=hint, path="letter"))
    raise_any(problems)
    if last and last.on == day and receipt in (None, last.receipt):
        return Result(last, is_known=True)
    kept = receipt or (last.receipt if last else None)
    return Result(Delivered(**about_letter(state, now), on=day, receipt=kept))


def returned_from(state: LetterState, said: Sending, reason: str, now: Moment) -> Result:
    """Return the event that a sending of a letter came back, with the `reason` that the mail gives.

    `said` has the day, and a scan of what came back. What is said once more completes the event.
    Raises OptoutError.
    """
    day, by, receipt, correct = said.on or now.today, said.by, said.receipt, said.correct
    if not any(by in (None, sent.by) for sent in state.sent):
        message = f"the letter is not recorded as sent{f' by {way_words(by)}' if by else ''}"
        hint = "first record how it went out, with optout sent"
        raise OptoutError(Problem("not-sent", message, hint=hint, path="letter"))
    out = match_returns(state)[0]
    left = [sent for sent in out if by in (None, sent.by)]
    last: Returned | None = state.last("returned", by=by)
    is_same = last is not None and (last.on, last.note) == (day, reason)
    old = last if is_same or correct or not left else None
    ways = {sent.by: way_words(sent.by) for sent in (*left, *([old] if old else ()))}
    if len(ways) > 1 and not (by or (correct and old)):
        message = f"the letter went out by {', and by '.join(ways.values())}"
        hint = "say with --by which of them came back"
        raise OptoutError(Problem("which-way", message, hint=hint, path="by"))
    if old:
        others = [back for back in state.returned if back is not old]
        left = [it for it in match_returns(state, others)[0] if it.by == old.by]
    event = Returned(
        **about_letter(state, now),
        on=day,
        by=(old or left[0]).by,
        note=reason,
        receipt=receipt or (old.receipt if old else None),
        corrects=old is not None,
    )
    first = min((sent.on for sent in left), default=state.written.date)
    problems = [*day_problems(day, first, now, "the day of sending")]
    if old and not correct and not (is_same and old.receipt in (None, event.receipt)):
        message = f"the letter is recorded as returned on {old.on}"
        hint = "add --correct to correct what is recorded"
        problems.append(Problem("already-delivered", message, hint=hint, path="letter"))
    raise_any(problems or _later_problems(contradicted_by(state, event)))
    is_known = is_same and old is not None and old.receipt == event.receipt
    return Result(old if old and is_known else event, is_known=is_known)


def may_come_before(state: LetterState, answer: date, delivery: date) -> bool:
    """Tell whether an answer may come before a delivery, as one to an e-mail or a fax may."""
    at_once = (sent.on for sent in state.sent if sent.by in MESSAGES)
    return answer >= delivery or min(at_once, default=delivery) <= answer
