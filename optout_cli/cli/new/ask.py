"""Ask on a terminal, in plain words and on stderr: a text, yes or no, one of several choices.

Repeats a question until the answer is valid. Works at any terminal width, without color.
"""

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from optout_cli.authoring.draft import (
    Prospect,
    document_from,
    problem_with,
    prospect_of,
    with_answers,
)
from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import say, terminal_width, wrap
from optout_cli.errors import Problem
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Locality
from optout_cli.readers.document import Document

_WIDEST = 80  # columns
_SKIP = "-"  # the answer that skips a question even when Enter would take a default

Check = Callable[[str], Problem | None]


def is_terminal() -> bool:
    """Tell whether a person can read the questions and type answers."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say_wrapped(text: str, indent: str = "") -> None:
    """Print text on stderr, at most 80 columns wide."""
    say("\n".join(wrap(text, terminal_width(_WIDEST), indent)))


def ask(
    label: str,
    note: str = "",
    *,
    default: str = "",
    check: Check | None = None,
    required: bool = False,
) -> str:
    """Ask for a text until `check` finds no problem; return "" if the user skips it.

    Enter alone takes the default; a single - skips the question.
    """
    if note:
        say_wrapped(note)
    while True:
        text = _prompt(label, default)
        text = "" if text == _SKIP else text
        if not text and required:
            say_wrapped("This answer is required.", "  ")
        elif not text or not (problem := check and check(text)):
            return text
        # A date such as 8/31/2026: the hint names it the way that a request takes it.
        elif guess := re.search(r"\b(?:mean|is) (\d{4}-\d\d-\d\d)\b", problem.hint or ""):
            if ask_yes(f"  Did you mean {guess[1]}?", default=True):
                return guess[1]
            say_wrapped("Then type the date as YYYY-MM-DD, such as 2026-01-31.", "  ")
        else:
            say_problem(problem)


def ask_yes(label: str, *, default: bool) -> bool:
    """Ask a question whose answer is yes or no."""
    shown = "Y/n" if default else "y/N"
    while True:
        text = _prompt(f"{label} [{shown}]", "").lower()
        if not text:
            return default
        if text in ("y", "yes", "n", "no"):
            return text.startswith("y")
        say_wrapped("Type y for yes or n for no.", "  ")


def show(text: str) -> None:
    """Show a long text one screen at a time."""
    lines = text.rstrip("\n").split("\n")
    height = max(shutil.get_terminal_size().lines - 2, 1)
    for start in range(0, len(lines), height):
        if start:
            _prompt("Press Enter for more", "")
        say("\n".join(lines[start : start + height]))


def ask_choice(label: str, choices: Mapping[str, str], *, default: str = "") -> str:
    """Ask for one of several choices, by number or name; return its name.

    Without a default, Enter alone is not an answer.
    """
    names = list(choices)
    for number, (name, text) in enumerate(choices.items(), 1):
        say_wrapped(f"{number}  {name}" + (f": {text}" if text else ""), "  ")
    answers = {str(number): name for number, name in enumerate(names, 1)}
    answers |= {name.lower(): name for name in names}
    while True:
        if found := answers.get(_prompt(label, default).lower()):
            return found
        otherwise = f", or press Enter for {default}" if default else ""
        say_wrapped(f"Type a number from 1 to {len(names)}{otherwise}.", "  ")


def say_problem(problem: Problem) -> None:
    """Say what is wrong with an answer, and what to type instead."""
    path = problem.location.path if problem.location else ""
    message = problem.message.removeprefix(path).strip()  # `signatory.zip '949' is not ...`
    subject = "this " if path and message.startswith(("has ", "is ")) else ""
    say_wrapped(f"Please check: {subject}{message}.", "  ")
    if hint := problem.hint:
        stop = "" if hint.endswith((".", "?", "/", '"')) else "."
        say_wrapped(f"{hint[:1].upper()}{hint[1:]}{stop}", "  ")


def _prompt(label: str, default: str) -> str:
    shown = f"{label} [{default}]" if default else label
    text: str = click.prompt(shown, default=default, show_default=False, err=True).strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'  # typed as in a YAML file
    return text[1:-1].strip() if is_quoted else text


class Question(NamedTuple):
    """One line of a request to ask for. In `note`, {folder} stands for the request's folder."""

    path: str
    label: str
    note: str = ""
    default: str = ""
    required: bool = False


@dataclass
class RequestDraft:
    """The answers so far, in a request's shape.

    The files that it names are in `folder`, where the request will be, or in `files_from`.
    """

    document: Document
    locality: Locality
    library: Library
    today: date
    folder: Path
    files_from: tuple[Path, ...]

    @property
    def answers(self) -> dict[str, Any]:
        """The answers, keyed as in a request."""
        return self.document.data

    @property
    def letter(self) -> str:
        """The letter's id."""
        return str(self.answers["letter"])

    def prospect(self) -> Prospect:
        """Return what follows from the answers: status, laws, recipients."""
        return prospect_of(self.document, self.library, self.today)

    def put(self, texts: Mapping[str, str]) -> None:
        """Set texts by key path; an empty text removes its line."""
        self.document = with_answers(self.document, texts)

    def put_group(self, key: str, value: Answers) -> None:
        """Set all values below one key."""
        self.document = document_from({**self.answers, key: value})

    def ask(self, question: Question) -> str:
        """Ask for one text, and set it; return "" if the user skips it."""
        folder = "this folder" if str(self.folder) == "." else str(self.folder)
        text = ask(
            question.label,
            question.note.replace("{folder}", folder),
            default=question.default,
            required=question.required,
            check=lambda text: self._problem({question.path: text}),
        )
        if text:
            self.put({question.path: text})
        return text

    def ask_group(self, *questions: Question) -> bool:
        """Ask several questions; if the user skips the first, skip them all and return False."""
        first, *others = questions
        if not self.ask(first):
            return False
        for question in others:
            self.ask(question)
        return True

    def ask_lines(self, path: str, label: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Ask for a list of lines, typed with a semicolon between them."""
        text = ask(
            label,
            default="; ".join(default),
            check=lambda text: self._problem(_number_lines(path, text)),
        )
        lines = _number_lines(path, text)
        self.put(lines)
        return tuple(lines.values())

    def _problem(self, texts: Mapping[str, str]) -> Problem | None:
        return problem_with(self.document, texts, self.library, self.folder, self.files_from)


def _number_lines(path: str, text: str) -> dict[str, str]:
    """Turn `a; b` into `{path.0: a, path.1: b}`."""
    lines = [line.strip() for line in text.split(";") if line.strip()]
    return {f"{path}.{number}": line for number, line in enumerate(lines)}
