"""What comes back: the replies that a program declares, and the event that one came. Pure.

Also what a later letter says of an earlier one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.letters.days import closed_notes
from optout_cli.model.fields import Noun
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Note, Notice
from optout_cli.model.program import LetterKind, Particular, Program, Reply
from optout_cli.model.request import Party
from optout_cli.programs.validation import particulars_type
from optout_cli.readers.document import Document, Layer, find_unseen, with_assignments
from optout_cli.readers.validate import convert
from optout_cli.readers.values import text_fault
from optout_cli.register.events import Answered, Written
from optout_cli.register.state import LetterState
from optout_cli.register.statements import (
    Moment,
    Result,
    day_problems,
    draft_problems,
    may_come_before,
)
from optout_cli.templating.filters import long_date

_OPTION = "--set"
_SUMMARY = re.compile(r"(?i)(they|he|she|it was|we were|refused|declined|denied|rejected)\b")


def replies_to(state: LetterState, program: Program) -> dict[str, Reply]:
    """Return the replies that may come back after a letter, by id. Raises OptoutError for none."""
    if known := {id: it for id, it in program.replies.items() if it.fits(state.kind)}:
        return known
    message = f"the program {program.title!r} does not say what may come back"
    hint = "add replies: to its program.yaml, such as those in templates/287g"
    raise OptoutError(Problem("unknown-reply", message, None, hint))


def check_text(option: str, text: str) -> Problem | None:
    """Return the Problem of who answered, or of the words, that no letter can repeat, or None."""
    location = Location(option, is_command_line=True)
    if unseen := next(find_unseen(text, location), None):
        return unseen
    fault = text_fault(text, "name" if option.lower().endswith("by") else "prose")
    if fault is None and not any(map(str.isalpha, text)):
        fault = f"{text!r} has no letter in it", "leave it out if the answer has no such words"
    return Problem("odd-value", fault[0], location, fault[1]) if fault else None


def doubt_about_words(text: str, *, is_spoken: bool) -> Problem | None:
    """Return the Problem of words that may be a summary of an answer, and not its own, or None."""
    if not (_SUMMARY.match(text) or text_fault(text, "sentence", is_doubt=True)):
        return None
    if is_spoken:  # the letter that records the conversation lists it, without quotation marks
        message = f"the letter would list {text!r} as what was said"
        hint = "type a sentence as they said it, such as: We cannot remove you."
        return Problem("odd-value", message, hint=hint)
    message = f"the next letter quotes {text!r} as their own words"
    return Problem("odd-value", message, hint="copy a sentence of the answer as it stands")


def check_fact(name: str, spec: Particular, text: str) -> Problem | None:
    """Return what is wrong with the text of one fact, or None."""
    try:
        document = with_assignments(
            Document({}, (Layer(_OPTION, {}, "command-line"),)), _OPTION, {name: text}
        )
        convert(document, particulars_type({name: spec}))
    except OptoutError as error:
        return error.problems[0]
    return None


def check_facts(id: str, reply: Reply, texts: Mapping[str, str]) -> None:
    """Raise OptoutError if facts of a reply are unknown, missing or wrong."""
    location = Location(_OPTION, is_command_line=True)
    problems: list[Problem] = []
    for name, text in texts.items():
        if name not in reply.asks:
            message, hint = f"the reply {id!r} has no fact {name!r}", did_you_mean(name, reply.asks)
            problems.append(Problem("unknown-key", message, location, hint))
        elif problem := check_fact(name, reply.asks[name], text):
            problems.append(problem)
    for name, spec in reply.asks.items():
        if spec.required and not texts.get(name):
            choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
            message = f"the reply {id!r} needs {name}: {spec.help}{choices}"
            problems.append(Problem("missing-key", message, location, f"add --set {name}=..."))
    raise_any(problems)


def label_of(name: str, spec: Particular | None) -> str:
    """Return what a fact of a reply is, in a few words; `spec` declares it."""
    return spec.ask if spec and spec.ask else name.replace("-", " ").capitalize()


def facts_in_words(answer: Answered, reply: Reply | None) -> list[str]:
    """Return each fact of an answer, in the order of its reply: `time: 10:00 a.m.`."""
    asks = reply.asks if reply else {}
    names = [*(name for name in asks if name in answer.facts)]
    names += [name for name in answer.facts if name not in asks]
    found = []
    for name in names:
        text, spec = answer.facts[name], asks.get(name)
        if spec:
            is_date = spec.type == "date"
            text = long_date(date.fromisoformat(text)) if is_date else spec.labels.get(text, text)
        label = label_of(name, spec)
        is_word = label[1:2].islower()  # and no abbreviation
        found.append(f"{label[:1].lower() if is_word else label[:1]}{label[1:]}: {text}")
    return found


def _day_notes(state: LetterState, reply: Reply, facts: Mapping[str, str]) -> Iterator[Note]:
    """Yield notes on days on which offices are closed, and on those that the answer should name."""
    names = [name for name, spec in reply.asks.items() if spec.office_day and name in facts]
    yield from closed_notes(
        [date.fromisoformat(facts[name]) for name in names], state.written.state
    )
    for title, name in ((it.title, it.from_) for it in reply.milestones if not facts.get(it.from_)):
        text = f"no day is recorded for: {title}; if the answer names it, add it with --correct"
        yield Note(code="no-day", text=f"{text} --set {name}=DATE")


def answered_from(
    state: LetterState,
    said: Answered,
    reply: Reply,
    now: Moment,
    corrected: Answered | None,
) -> Result:
    """Return the event that a letter was answered, in place of the answer that is `corrected`.

    What is said of the last answer of a day once more, with facts that it does not have yet,
    completes it. Raises OptoutError with every problem.
    """
    raise_any((*draft_problems(state), *answer_day_problems(state, said.on, now)))
    last = corrected or state.last("answered", said.on)
    whole = _complete(last, said) if last and not corrected else None
    is_change = bool(last and (corrected or whole))
    event = msgspec.structs.replace(whole or said, corrects=last.on if is_change else False)
    check_facts(event.reply, reply, event.facts)  # also of one that completes nothing
    blank = {"at": now.at, "previous": "", "corrects": event.corrects}
    known = [last] if is_change else state.answers
    if any(msgspec.structs.replace(answer, **blank) == event for answer in known):
        return Result(event, tuple(_day_notes(state, reply, event.facts)), is_known=True)
    notes = []
    if not state.sent:
        notes.append(Note(code="answer-to-unsent", text="the letter is not recorded as sent"))
    if corrected and corrected.reply != said.reply:
        notes.append(_changed_note(corrected, said))
    elif whole:
        text = f"this completes the answer of {said.on} that is recorded already"
        notes.append(Note(code="completed-answer", text=text))
    elif not corrected and any(
        (answer.reply, answer.on) == (said.reply, said.on) for answer in state.answers
    ):
        text = (
            f"the letter now has more than one such answer of {said.on}; if only one came, take"
            " this one back with --undo REASON, and correct the other with --correct"
        )
        notes.append(Note(code="second-answer", text=text))
    return Result(event, (*notes, *_day_notes(state, reply, event.facts)))


def _complete(last: Answered, said: Answered) -> Answered | None:
    """Return the last answer with what is said, or None if that is about another answer."""
    pairs = [(last.by, said.by), (last.words, said.words), (last.file, said.file)]
    pairs += [(last.facts.get(name), text) for name, text in said.facts.items()]
    is_same = (last.reply, last.on) == (said.reply, said.on)
    if not is_same or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return None
    return msgspec.structs.replace(
        said,
        by=said.by or last.by,
        words=said.words or last.words,
        facts={**last.facts, **said.facts},
        file=said.file or last.file,
    )


def _changed_note(last: Answered, said: Answered) -> Note:
    """Return the note on what a correction keeps of an answer of another kind, and what it drops.

    Its words and facts are of the other kind, so they are kept only if they are said again.
    """
    kept = [f"the day ({last.on})"] if said.on == last.on else []
    kept += [f"who answered ({last.by})"] if last.by and said.by == last.by else []
    kept += [f"the file {last.file.path}"] if last.file and said.file == last.file else []
    gone = [f"its words ({last.words!r})"] if last.words and said.words != last.words else []
    facts = {name: text for name, text in last.facts.items() if said.facts.get(name) != text}
    gone += [f"{name} {text}" for name, text in facts.items()]
    text = f"the answer was recorded as {last.reply}"
    text += f"; kept of it: {', '.join(kept)}" if kept else ""
    if gone:
        text += f"; left out: {', '.join(gone)}"
        text += "; if this answer has the same, add --correct with --words or --set"
    return Note(code="changed-reply", text=text)


def answer_day_problems(state: LetterState, day: date, now: Moment) -> Iterator[Problem]:
    """Yield a Problem if a letter cannot have been answered on `day`."""
    first, what = state.written.date, "the letter's date"
    if state.sent:
        first, what = min(sent.on for sent in state.sent), "the day of sending"
    arrival = state.received
    if arrival and not may_come_before(state, day, arrival):
        first, what = arrival, "the day of delivery"
    yield from day_problems(day, first, now, what)


class Claim(Noun, frozen=True, kw_only=True):
    """What a new letter says of an earlier one: the reference that it cites, and its particulars.

    They are as in the JSON form.
    """

    letter: str
    jurisdiction: str
    name: str
    date: date
    reference: str
    parties: tuple[Party, ...]
    cited: str | None = None
    # Any: particulars are of the types that the letter kind declares.
    particulars: dict[str, Any]


def claim_of(letters: Sequence[Letter], kind: LetterKind) -> Claim | None:
    """Return what the letters of a request say of an earlier one, or None if they follow none."""
    first = letters[0].notice
    name = f"{first.place.name}, {first.place.state_code}"
    parties = tuple(letter.notice.recipient.party for letter in letters)
    return _claim(first, first.place.id, name, parties, kind, letters[0].facts)


def recorded_claim(written: Written, party: Party, kind: LetterKind) -> Claim | None:
    """Return what a recorded letter says of an earlier one, or None if it follows none."""
    facts = msgspec.json.decode(written.facts)
    return _claim(written, written.jurisdiction, written.name, (party,), kind, facts)


def _claim(
    letter: Notice | Written,
    jurisdiction: str,
    name: str,
    parties: tuple[Party, ...],
    kind: LetterKind,
    facts: Mapping[str, Any],  # Any: as in `Claim`
) -> Claim | None:
    if not kind.follows:
        return None
    particulars = facts.get("particulars") or {}
    cited = (key for key, spec in kind.particulars.items() if spec.follow == "reference")
    return Claim(
        letter=letter.letter,
        jurisdiction=jurisdiction,
        name=name,
        date=letter.date,
        reference=letter.reference,
        parties=parties,
        cited=particulars.get(next(cited, "")),
        particulars=particulars,
    )
