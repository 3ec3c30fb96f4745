"""What `optout answer` asks on a terminal."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from optout_cli.authoring import NONE
from optout_cli.cli.ask import Check, Question, ask, ask_choice, ask_in_turn, ask_yes, say_wrapped
from optout_cli.errors import Problem
from optout_cli.model.program import Particular, Program, Reply
from optout_cli.model.request import RECIPIENTS
from optout_cli.readers.files import is_file, no_such_file
from optout_cli.register.events import Answered, Evidence
from optout_cli.register.replies import (
    answer_day_problems,
    check_fact,
    check_text,
    doubt_about_words,
    label_of,
    replies_to,
)
from optout_cli.register.state import LetterState
from optout_cli.register.statements import Moment

_DAY = Particular(type="date", help="when it came")
_REPLY, _DAY_ASKED, _RIGHT = "Reply", "Day", "right"  # questions
_WHY_REPLY = (
    "Choose what the office wrote or said. It is recorded, and you see which letter answers it. A"
    " spoken no is not one in writing. If nothing came, nothing is recorded."
)
_WHY_DAY = (
    "When the answer reached you, or was said. Enter takes the day in brackets. What is due next"
    " counts from it, and the next letter names it."
)
_WHY_BY = (
    "For example: Kim Doe, Deputy Director. The register keeps the name, and a letter that answers"
    " a refusal may state it."
)
_WHY_WORDS = (
    "For example: We cannot accept this. The next letter repeats these words in quotation marks. Do"
    " not type your own summary."
)
_WHY_SAID = (
    "For example: We cannot accept this. A letter that records the conversation lists it as what"
    " was said, as you understood it. Type it as near to their words as you can."
)
_WHY_FILE = (
    "For example: answer.pdf. The copy goes to evidence/ in the folder of the letter, and into the"
    " packet. If you have no file yet, you can add it later with --correct and --file."
)
_UNCLEAR = {"no": "Did nothing come back, or did they say no? Type the number."}


class Given(NamedTuple):
    """What the options say of an answer; `scan` is a path, and `kept` the file recorded before.

    Without an option, `id` is empty.
    """

    id: str
    day: date | None
    by: str | None
    words: str | None
    scan: str | None
    facts: Mapping[str, str]
    kept: Evidence | None = None


def ask_for_answer(
    state: LetterState,
    program: Program,
    given: Given,
    moment: Moment,
    last: Answered | None,
) -> Given:
    """Ask on the terminal for what the options do not say; Enter takes what `last` has."""
    known = replies_to(state, program)
    written, to = state.written, RECIPIENTS[state.letter.recipient]
    say_wrapped(f"{written.name}: the letter to {to} of {written.date}, {written.reference}.")
    say_wrapped("Type ? to have a question explained, and < to go back to the one before.")

    def reply_asked(before: str) -> str:
        say_wrapped("What came back?")
        labels = {id: reply.label for id, reply in known.items()}
        return ask_choice("Reply", labels, default=before, explain=_WHY_REPLY, refused=_UNCLEAR)

    def confirmed(shown: Sequence[str], label: str, _before: str) -> str:
        for line in shown:
            say_wrapped(line, "  ")
        why = "yes records it. no records nothing. < goes back to the last question."
        return "yes" if ask_yes(label, default=True, explain=why) else "no"

    def questions_for(answers: Mapping[str, str]) -> dict[str, Question]:
        questions: dict[str, Question] = {} if given.id else {_REPLY: reply_asked}
        reply = known.get(given.id or answers.get(_REPLY, ""))
        if reply and not reply.silence:
            questions |= _questions(state, reply, given, moment)
            day = answers.get(_DAY_ASKED, given.day)
            told = [it for it in questions if it not in (_REPLY, _DAY_ASKED) and answers.get(it)]
            shown = [f"{label_of(key, reply.asks.get(key))}: {answers[key]}" for key in told]
            label = f"Record this: {reply.label}, {day}?"
            questions[_RIGHT] = partial(confirmed, shown, label)
        return questions

    answers = ask_in_turn(questions_for, lambda answers: _answers_in(last, answers))
    if answers.pop(_RIGHT, "yes") == "no":
        raise click.Abort
    named, facts = {_DAY_ASKED, "By", "Words", "File", _REPLY}, dict(given.facts)
    facts |= {name: text for name, text in answers.items() if text and name not in named}
    return given._replace(
        id=given.id or answers[_REPLY],
        day=given.day or (date.fromisoformat(day) if (day := answers.get(_DAY_ASKED)) else None),
        by=given.by or answers.get("By"),
        words=given.words or answers.get("Words"),
        scan=given.scan or answers.get("File"),
        facts=facts,
    )


def _answers_in(last: Answered | None, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what is recorded as answers; words and facts of another kind are not of this one."""
    if last is None:
        return {}
    texts = {_REPLY: last.reply, _DAY_ASKED: str(last.on), "By": last.by or ""}
    is_same = answers.get(_REPLY, last.reply) == last.reply
    return texts | ({"Words": last.words or "", **last.facts} if is_same else {})


def _questions(
    state: LetterState, reply: Reply, given: Given, moment: Moment
) -> dict[str, Question]:
    """Return the questions about an answer that the options do not answer."""

    def day_problem(text: str) -> Problem | None:
        if problem := check_fact("day", _DAY, text):
            return problem
        return next(answer_day_problems(state, date.fromisoformat(text), moment), None)

    def day_asked(before: str) -> str:
        note = "On what day did it come, or was it said? Type it as you like, such as November 30."
        return ask(
            _DAY_ASKED,
            note,
            default=before or moment.today.isoformat(),
            check=day_problem,
            required=True,
            explain=_WHY_DAY,
            is_date=True,
        )

    texts: dict[str, tuple[str, str, Check]] = {
        "By": (
            "Who answered? Name, title and office. Press Enter to skip.",
            _WHY_BY,
            partial(check_text, "By"),
        ),
        "Words": (
            "What was said? One or two sentences are enough (Enter to skip)."
            if reply.how
            else "What does it say? Type its own words, as few as possible (Enter to skip).",
            _WHY_SAID if reply.how else _WHY_WORDS,
            partial(check_text, "Words"),
        ),
        "File": (
            "Is there a scan or an e-mail? Type its file name, and optout keeps a copy (or Enter).",
            _WHY_FILE,
            lambda text: None if is_file(Path(text)) else no_such_file(Path(text), Path(text)),
        ),
    }
    file = given.scan or given.kept
    said = {_DAY_ASKED: given.day, "By": given.by, "Words": given.words, "File": file}
    questions: dict[str, Question] = {_DAY_ASKED: day_asked}
    ask_text = partial(_ask_text, is_spoken=bool(reply.how))
    questions |= {label: partial(ask_text, *texts[label], label) for label in ("By", "Words")}
    facts = {name: spec for name, spec in reply.asks.items() if name not in given.facts}
    questions |= {name: partial(_ask_fact, name, spec) for name, spec in facts.items()}
    questions["File"] = partial(ask_text, *texts["File"], "File")
    return {name: question for name, question in questions.items() if not said.get(name)}


def _ask_text(
    note: str, why: str, check: Check, label: str, before: str, *, is_spoken: bool
) -> str:
    """Ask for a text; words that may be a summary are asked about."""
    known_as = "what was said" if is_spoken else "a quotation"

    def doubt(text: str) -> Problem | None:
        is_new = label == "Words" and text != before
        return check(text) or (doubt_about_words(text, is_spoken=is_spoken) if is_new else None)

    def meanings(text: str) -> dict[str, str]:
        return {} if check(text) else {text: f"{text!r} as {known_as}"}

    return ask(label, note, default=before, check=doubt, explain=why, meanings=meanings)


def _ask_fact(name: str, spec: Particular, before: str) -> str:
    note = f"{spec.help} (for example: {spec.example})" if spec.example else spec.help
    label, about = label_of(name, spec), f"{spec.help[:1].upper()}{spec.help[1:]}"
    note = f"{note[:1].upper()}{note[1:]}"
    why = f"{about}. The next letter states it. Type it as the answer has it."
    why += "" if spec.required else " Press Enter if the answer does not say."
    if not spec.choices:
        return ask(
            label,
            note,
            default=before,
            check=lambda text: check_fact(name, spec, text),
            required=spec.required,
            explain=why,
            is_date="date" in (spec.type, spec.of),
        )
    say_wrapped(note)
    choices = {name: spec.labels.get(name, "") for name in spec.choices} | (
        {} if spec.required else {NONE: ""}
    )
    default = before or ("" if spec.required else NONE)
    chosen = ask_choice(label, choices, default=default, explain=why)
    return "" if chosen == NONE else chosen
