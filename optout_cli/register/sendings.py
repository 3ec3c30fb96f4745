"""What somebody says of how a letter went out -> the event to record, or why it cannot be. Pure.

Each Problem has the key of the statement that it is about: `letter`, `on`, `by` or `number`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for, route_of
from optout_cli.model.notice import Note
from optout_cli.model.request import MESSAGES, Way
from optout_cli.readers.postal import number_fault, tidy_number
from optout_cli.readers.values import text_fault
from optout_cli.register.events import WAYS, Sent, way_words
from optout_cli.register.returns import contradicted_by
from optout_cli.register.standing import facts_of
from optout_cli.register.state import LetterState, NamedLetter
from optout_cli.register.statements import (
    Moment,
    Result,
    Sending,
    about_letter,
    day_problems,
    draft_problems,
    sending_of,
)

_AS_RECORDED = Sending()  # corrects nothing
_Numbered = Callable[[str], Iterable[LetterState]]  # letters that may have a tracking number


def sent_from(
    named: NamedLetter,
    said: Sending,
    numbered: _Numbered,
    now: Moment,
    corrections: Mapping[int, Sending],
) -> Result:
    """Return the event that a letter went out. `numbered` finds letters by their tracking number.

    `corrections` are said at the same time, by the `id` of the letter that each is about. Raises
    OptoutError with every problem.
    """
    state = named.state
    last = sending_of(state, said.by) if said.correct else None
    by = said.by or (last.by if last else _usual_way(named))
    if not (last or said.again):
        last = next((sent for sent in reversed(state.sent) if sent.by == by), None)
    if last is None:
        numbers = (service.number for service in state.letter.service if service.by == by)
        printed = next(filter(None, numbers), None)  # on the letter itself
        number = tidy_number(said.number) if said.number else printed
        mail = _mail_with(number, numbered, corrections)  # of one envelope, if to the same office
        beside = (other for other in mail if other[0] is not state)
        days = (on for other, _, on in beside if other.destination == state.destination)
        event = Sent(
            **about_letter(state, now),
            on=said.on or next(days, now.today),
            by=by,
            number=number,
            path=named.path,
            sha256=named.sha256,
            receipt=said.receipt,
            signed=said.signed,
            again=said.again,
        )
        notes = [*_sent_notes(named, event, printed)]
    else:
        event = _complete(last, said, by, now)
        notes = [] if by == last.by else [*_sent_notes(named, event, None)]
    problems = [*draft_problems(state)]
    problems += day_problems(event.on, state.written.date, now)
    problems += _number_problems(said, event, last, state, numbered, corrections)
    problems += _history_problems(said, event, last, state)
    raise_any(problems)
    blank = {"at": now.at, "previous": "", "again": False, "corrects": None}
    is_known = last is not None and event == msgspec.structs.replace(last, **blank)
    return Result(event, tuple(notes), is_known)


def _mail_with(
    number: str | None, numbered: _Numbered, corrections: Mapping[int, Sending]
) -> Iterator[tuple[LetterState, Sent, date]]:
    """Yield each sending that has a tracking number, or is corrected to it; and its day."""
    for state in numbered(number) if number else ():
        for sent in state.sent:
            change = corrections.get(id(state), _AS_RECORDED)
            own, on = sent.number, sent.on
            if change.by in (None, sent.by):
                own = tidy_number(change.number) if change.number else own
                on = change.on or on
            if own == number:
                yield state, sent, on


def _usual_way(named: NamedLetter) -> Way:
    """Return the way that the letter and its file name. Raises OptoutError if they name several."""
    letter = named.state.letter
    ways = tuple(dict.fromkeys(service.by for service in letter.service))
    files = [file for file in letter.files if file.path == named.path]
    files += [file for file in letter.files if file.sha256 == named.sha256]
    route = exporter_for(files[0].format).ROUTE if files else None
    if route and (not ways or route in ways):
        return route
    if len(ways) == 1 and not route:
        return ways[0]
    message = "the letter does not say how it went out"
    if ways:
        message = f"the letter says that it goes out by {', '.join(map(way_words, ways))}"
    hint = f"say how: --by {', or --by '.join(ways or WAYS)}"
    raise OptoutError(Problem("which-way", message, hint=hint, path="by"))


def _complete(last: Sent, said: Sending, by: Way, now: Moment) -> Sent:
    """Return what is recorded, with what is said now. A day is not said if other facts are."""
    adds = said.number or said.receipt or said.signed or by != last.by
    number = tidy_number(said.number) if said.number else last.number
    if number and by != last.by and not said.number and number_fault(number, by):
        number = None  # a fax has none
    return msgspec.structs.replace(
        last,
        at=now.at,
        previous="",
        again=False,
        corrects=None if by == last.by else last.by,
        on=said.on or (last.on if adds else now.today),
        by=by,
        number=number,
        receipt=said.receipt or last.receipt,
        signed=said.signed or last.signed,
    )


def _history_problems(
    said: Sending, event: Sent, last: Sent | None, state: LetterState
) -> Iterator[Problem]:
    """Yield a Problem if the letter went out this way before, and that was not quite the same.

    Also if it would arrive, or be answered, before it first went out.
    """
    if last and not said.correct:
        pairs = (
            (last.number, event.number),
            (last.receipt, event.receipt),
            (last.signed, event.signed),
        )
        if last.on != event.on or any(old not in (None, new) for old, new in pairs):
            how = way_words(last.by, last.number)
            message = f"the letter is recorded as sent by {how} on {last.on}"
            hint = (
                "add --again if it went out once more, or --correct to correct what is recorded;"
                " if it also went out another way, name that way with --by"
            )
            yield Problem("already-sent", message, hint=hint, path="letter")
    for other in contradicted_by(state, event):
        message = f"{event.on} is too late: the letter is recorded as {other.tag} on {other.on}"
        yield Problem("impossible-date", message, hint="correct the day", path="on")


def _number_problems(
    said: Sending,
    event: Sent,
    last: Sent | None,
    state: LetterState,
    numbered: _Numbered,
    corrections: Mapping[int, Sending],
) -> Iterator[Problem]:
    """Yield a Problem if a tracking number cannot be so, or another piece of mail has it.

    Only letters to one office that go out on one day can be in one envelope. `last` is the sending
    that the event completes or corrects.
    """
    number = said.number or ""
    fault = number_fault(number, event.by) or text_fault(tidy_number(number), "post")
    if number and fault:
        yield Problem("wrong-number", fault[0], hint=fault[1], path="number")
        return
    is_new = last is None or (event.number, event.on) != (last.number, last.on)
    for other, sent, on in _mail_with(event.number if is_new else None, numbered, corrections):
        is_same_office = other.destination == state.destination
        if sent is last or (is_same_office and on == event.on):
            continue
        message = f"{event.number} is the number of {other.written.reference}"
        message += f" to {other.letter.address[0]}, sent on {on}"
        hint = "write each piece's own number, which is on its receipt"
        if is_same_office:
            hint += f"; if both were in one envelope, say its day ({on}), or to correct that day,"
            hint += " name all of them at once"
        yield Problem("equal-numbers", message, hint=hint, path="number")
        return


def _sent_notes(named: NamedLetter, event: Sent, printed: str | None) -> Iterator[Note]:
    state = named.state
    if named.is_changed:
        text = "the file is not as optout wrote it; the register has the SHA-256 of both"
        yield Note(code="changed-file", text=text)
    if not state.is_current:
        text = "a later version has replaced this letter; the earlier one is recorded as sent"
        yield Note(code="replaced-letter", text=text)
    if event.by == "certified-mail" and not event.number:
        text = "no number is recorded: when you have the receipts, add --number to each letter"
        yield Note(code="no-number", text=text)
    if printed and event.number and tidy_number(printed) != event.number:
        text = f"the letter itself names the number {printed}"
        yield Note(code="other-number", text=text)
    yield from _way_notes(state, event)


def _way_notes(state: LetterState, event: Sent) -> Iterator[Note]:
    """Yield notes on a way that the letter does not name, or in which nobody signed it."""
    ways = dict.fromkeys(service.by for service in state.letter.service)
    if ways and event.by not in ways:
        text = f"the letter itself says that it goes by {' and by '.join(map(way_words, ways))}"
        yield Note(code="other-way", text=text)
    if event.by in MESSAGES and not event.signed:
        kind = facts_of(state).signature.kind
        own = (file.format for file in state.letter.files if route_of(file.format) == event.by)
        messages = [*map(exporter_for, own)]  # without one, pages went out
        if kind == "ink" or (messages and not any(kind in it.SIGNATURES for it in messages)):
            why = f"nobody signed the {way_words(event.by)}: the letter is to be signed in ink"
            if kind != "ink":
                why = f"the {way_words(event.by)} shows no signature: its text has no pictures"
            what = "also send the signed letter, or give a scan of what was sent with --signed"
            text = f"{why}; {what}"
            if kind == "ink" and event.by == "fax":  # pages may have gone out, or the file
                text = (
                    "if you faxed the signed pages, add a scan of them with --signed; if you faxed"
                    " the file, nobody signed it: also send the signed letter"
                )
            yield Note(code="unsigned", text=text)
