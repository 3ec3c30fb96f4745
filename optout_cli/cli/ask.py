"""Ask on a terminal, in plain words and on stderr: a text, yes or no, one of several choices.

Repeats a question until the answer is valid. Works at any terminal width, without color.
"""

import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence

import click
from msgspec.structs import replace

from optout_cli.authoring import NONE
from optout_cli.cli.console import say, terminal_width
from optout_cli.cli.options import today
from optout_cli.errors import Problem, wrap
from optout_cli.readers.cells import choice_in_words, phone_in_words
from optout_cli.readers.days_said import days_meant
from optout_cli.readers.postal import state_code

_SKIP = "-"  # the answer that skips a question even when Enter would take a default
_BACK, _EXPLAIN = "<", "?"
_SEVERAL = re.compile(r"\s*[,;+&]\s*|\s+and\s+|\s+(?=[0-9])")  # 1,2 or 1 2 or jem and wso
_QUOTES = ('""', "''", "\u201c\u201d", "\u2018\u2019")
# What people type to leave a question out, and for yes and no.
_NOTHING = re.compile(
    r"(?i)no|none|nope|no,? thanks?( you)?|n\.?/?a\.?|not (applicable|yet|known)|none yet|nothing"
    r"|nobody|no one|skip( (it|this))?|pass|later|blank|unknown|(i )?(don'?t|do not) know"
)
_YES = ["y", "ye", "yes", "yep", "yeah", "yup", "sure", "ok", "okay", "right", "correct"]
_NO = ["n", "no", "nope", "nah"]
_POLITE = r"[ ,.!]*(please|thanks|thank you)?[ .!]*$"
_EXPLAIN_MEANING = "y takes this answer. n asks the question again. Or type another answer."
_EXPLAIN_MEANINGS = "Type the number of the right one, or another answer. Enter asks again."
_SHORT = 2  # letters that are too few to look for in the text of a choice

Check = Callable[[str], Problem | None]
Meanings = Callable[[str], Mapping[str, str]]
Answers = dict[str, str]  # by the name of the question


class Back(Exception):  # noqa: N818  # not an error: the user wants the question before
    """The user typed < to go back to the question before."""


Question = Callable[[str], str]  # takes the answer that it had before, and returns the new one


def ask_in_turn(
    questions_for: Callable[[Mapping[str, str]], Mapping[str, Question]],
    before: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda _: {},
) -> Answers:
    """Ask the questions that follow from the answers so far, one by one; < goes back.

    Enter takes what `before` offers after the answers so far.
    """
    answers: Answers = {}
    place = 0
    while place < len(questions := questions_for(answers)):
        name = [*questions][place]
        try:
            answers[name] = questions[name](answers.get(name, before(answers).get(name, "")))
        except Back:
            if not place:
                say_wrapped("This is the first question.", "  ")
            place = max(place - 1, 0)
        else:
            place += 1
    return {name: answers[name] for name in questions}


def is_terminal() -> bool:
    """Tell whether a person can read the questions and type answers."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say_wrapped(text: str, indent: str = "") -> None:
    """Print text on stderr, with each line indented."""
    say("\n".join(f"{indent}{line}" for line in text.split("\n")))


def ask(
    label: str,
    note: str = "",
    *,
    default: str = "",
    check: Check | None = None,
    required: bool = False,
    explain: str | None = None,
    meanings: Meanings | None = None,
    path: str = "",
    typed: str | None = None,
    is_date: bool = False,
    is_first: bool = False,
) -> str:
    """Ask for a text until `check` finds no problem; return "" if the user skips it.

    Enter alone takes the default; a single - skips the question, and so do words such as none, if
    it can be skipped. `meanings` returns what a text with a problem may mean, with words for each;
    several end with NONE. `path` says what it is a value of. With `is_date`, a day is understood in
    any form. `typed` is an answer that the user gave before. With `explain`, the text for ?, a <
    raises Back; there is nothing before a question that `is_first`.
    """
    if note and not typed:
        say_wrapped(note)
    chosen = ""
    while not chosen:
        text = typed or _read(label, default, explain)
        typed = None
        may_skip = check is not None and not required and text != default
        is_nothing = may_skip and _NOTHING.fullmatch(text)
        if is_nothing:
            say_wrapped("Skipped.", "  ")
        is_left_out = is_nothing or text == _SKIP
        text = "" if is_left_out else text if text == default else tidied(path, text)
        if not text and required:
            back = "" if explain is None or is_first else " Type < to go back."
            say_wrapped(f"This answer is required.{back}", "  ")
        elif not text or not check or not (problem := check(text)):
            return text
        else:
            likely = meanings(text) if meanings else {}
            if is_date:
                problem, likely = _days_like(text, problem, check)
            if not required and not default:
                hint = f"{problem.hint}; ".replace("?;", "?") if problem.hint else ""
                problem = replace(problem, hint=f"{hint}Enter alone skips the question")
            chosen, typed = _choose_meaning(text, problem, likely)
    return chosen


def tidied(path: str, text: str) -> str:
    """Return a text as letters write it: `CA` for California, a telephone number with hyphens."""
    if path.endswith("address.state"):
        return state_code(text) or text
    is_phone = path.endswith(("phone", "fax"))
    return phone_in_words(re.sub(r"^1(?=[0-9]{10}$)", "", text)) if is_phone else text


def _choose_meaning(
    text: str, problem: Problem, meanings: Mapping[str, str]
) -> tuple[str, str | None]:
    """Say what is wrong with a text, or ask whether another one, or just this one, is meant.

    Return the one that is meant, or else a new answer that was typed instead of yes or no.
    """
    if not meanings or text in meanings:
        say_problem(problem)
    if not meanings:
        return "", None
    try:
        if len(meanings) > 1:
            say_wrapped(f"Please check: {problem.message}. Perhaps one of these?", "  ")
            chosen = ask_choice(
                "Which one", meanings, default=NONE, explain=_EXPLAIN_MEANINGS, takes_other=True
            )
            if chosen not in meanings:
                return "", chosen
            return "" if chosen == NONE else chosen, None
        ((value, words),) = meanings.items()
        is_other = value != text
        label = f"  {'Did you mean' if is_other else 'Keep'} {words}?"
        said = _read_yes(label, default=is_other, explain=_EXPLAIN_MEANING)
        while isinstance(said, str) and len(said) < _SHORT:
            say_wrapped("Type y for yes or n for no.", "  ")
            said = _read_yes(label, default=is_other, explain=_EXPLAIN_MEANING)
    except Back:
        return "", None
    if said is False:
        _say_hint(problem)
    return (value if said is True else ""), (said if isinstance(said, str) else None)


def _days_like(text: str, problem: Problem, check: Check) -> tuple[Problem, dict[str, str]]:
    """Return the first day that a text may mean and `check` lets pass, or the likeliest problem."""
    problems = {day: check(day.isoformat()) for day in days_meant(text, today())}
    days = [day for day, wrong in problems.items() if not wrong]
    likeliest = next(filter(None, problems.values()), None)
    if not problems and problem.message.endswith("is not a date"):
        likeliest = replace(problem, hint="type a day, such as November 30 or 2026-11-30")
    return likeliest or problem, {day.isoformat(): f"{day} ({day:%A})" for day in days[:1]}


def ask_yes(label: str, *, default: bool, explain: str | None = None) -> bool:
    """Ask a question whose answer is yes or no; a single - is no."""
    while isinstance(said := _read_yes(label, default=default, explain=explain), str):
        say_wrapped("Type y for yes or n for no.", "  ")
    return said


def _read_yes(label: str, *, default: bool, explain: str | None) -> bool | str:
    """Read yes or no; return any other text as it is."""
    text = _read(f"{label} [{'Y/n' if default else 'y/N'}]", "", explain)
    words = {"": default, _SKIP: False} | dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
    return words.get(re.sub(_POLITE, "", text.lower()), text)


def show(text: str) -> None:
    """Show a long text one screen at a time."""
    lines = text.rstrip("\n").split("\n")
    height = max(shutil.get_terminal_size().lines - 2, 1)
    for start in range(0, len(lines), height):
        if start:
            _prompt("Press Enter for more", "")
        say("\n".join(lines[start : start + height]))


def ask_choice(
    label: str,
    choices: Mapping[str, str],
    *,
    default: str = "",
    explain: str | None = None,
    takes_other: bool = False,
    several: bool = False,
    refused: Mapping[str, str] = {},
) -> str:
    """Ask for one of several choices, by number, by a word, or by its beginning; return its name.

    Without a default, Enter alone is not an answer. With `takes_other`, another text is one. With
    `several`, also `1,3` or `all` is an answer: return the names, with `; ` between. A choice NONE
    goes with no other. `refused` has what to say of words that are no answer.
    """
    for number, (name, text) in enumerate(choices.items(), 1):
        say_wrapped(f"{number}  {name}" + (f": {text}" if text else ""), "  ")
    if several and len(choices.keys() - {NONE}) > 1:
        say_wrapped("You may name several, such as 1,2; or all.", "  ")
    while True:
        typed = _read(label, default, explain)
        if typed.casefold() in refused:
            say_wrapped(refused[typed.casefold()], "  ")
            continue
        typed = NONE if typed == _SKIP and NONE in choices else typed
        is_all = _fold(typed).startswith("all") and "all" not in choices
        every = [name for name in choices if name != NONE] if is_all else []
        apart = default.split("; ") if typed == default else _SEVERAL.split(typed)
        parts = (every or apart) if several else [typed]
        meant = {part: choices_meant(part, choices) for part in parts}
        names = [name for name in choices if [name] in meant.values()]
        if takes_other and not meant[typed] and len(typed) > _SHORT:
            return typed
        if unclear := [part for part in parts if len(meant[part]) != 1]:
            _say_choices(unclear[0], meant[unclear[0]], choices, default)
        elif NONE in names and len(names) > 1:
            say_wrapped(f"{NONE!r} cannot go with another choice.", "  ")
        else:
            return "; ".join(names)


def _say_choices(
    typed: str, meant: Sequence[str], choices: Mapping[str, str], default: str
) -> None:
    """Say what can be typed instead of an answer that means no choice, or several."""
    if meant:
        several = ", ".join(meant)
        say_wrapped(f"{typed!r} may mean {several}. Type more of it, or its number.", "  ")
        return
    otherwise = f"; Enter takes {default}" if default else ""
    words = ", ".join(choices)
    say_wrapped(f"Type a number from 1 to {len(choices)}, or a word: {words}{otherwise}.", "  ")


def choices_meant(typed: str, choices: Mapping[str, str]) -> list[str]:
    """Return the choices that a number, a word, its beginning or a part of it may mean."""
    names = list(choices)
    typed = re.sub(r"^[(#]?([0-9]+)[.):]*$", r"\1", typed.strip(" .!,"))  # 2. or (2)
    if typed.isdecimal() and 1 <= int(typed) <= len(names) and typed not in names:
        return [names[int(typed) - 1]]
    text = _fold(typed)
    known = {name: [_fold(name), _fold(name.rpartition("/")[2])] for name in names}
    words = {name: [*known[name], _fold(choices[name])] for name in names}
    tiers: tuple[Callable[[str], bool], ...] = (
        lambda name: text in words[name],
        lambda name: any(word.startswith(text) for word in known[name]),
        lambda name: text.startswith(f"{known[name][0]}-"),  # yes please
        lambda name: words[name][-1].startswith(text),
        lambda name: len(text) > _SHORT and any(f"-{text}" in f"-{word}" for word in words[name]),
        lambda name: len(text) > _SHORT + 1 and any(text in word for word in words[name]),  # phone
        lambda name: choice_in_words(typed, names) == name,  # by fax
    )
    found = ([name for name in names if is_meant(name)] for is_meant in tiers)
    return next(filter(None, found), []) if text else []


def _fold(text: str) -> str:
    return "-".join(text.lower().replace("_", " ").replace("-", " ").split())


def say_problem(problem: Problem) -> None:
    """Say what is wrong with an answer, and what to type instead."""
    path = problem.location.path if problem.location else problem.path
    message = problem.message.removeprefix(path).strip()  # `signatory.zip '949' is not ...`
    subject = "this " if path and message.startswith(("has ", "is ")) else ""
    say_wrapped(f"Please check: {subject}{message}.", "  ")
    _say_hint(problem)


def _say_hint(problem: Problem) -> None:
    if hint := problem.hint:
        stop = "" if hint.endswith((".", "?", "/", '"')) else "."
        say_wrapped(f"{hint[:1].upper()}{hint[1:]}{stop}", "  ")


def _read(label: str, default: str, explain: str | None) -> str:
    """Read an answer. With `explain`, a ? shows that text, and a < raises Back."""
    while True:
        text = _prompt(label, default)
        if explain is None or text not in (_BACK, _EXPLAIN):
            return text
        if text == _BACK:
            raise Back
        say_wrapped(explain, "  ")


def _prompt(label: str, default: str) -> str:
    shown = f"{label} [{default}]:" if default else f"{label}:"
    indent = " " * (len(shown) - len(shown.lstrip(" ")))
    *lines, last = wrap(shown.strip(), terminal_width(), indent)
    for line in lines:
        say(line)
    text: str = click.prompt(last, "", show_default=False, prompt_suffix=" ", err=True).strip()
    text = text or default
    is_quoted = len(text) > 1 and text[0] + text[-1] in _QUOTES  # typed as in a YAML file
    return text[1:-1].strip() if is_quoted else text
