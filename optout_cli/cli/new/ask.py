"""Ask on a terminal, in plain words and on stderr: a text, yes or no, one of a few.

Asks again until an answer will do. Takes any width of terminal, and never uses color.
"""

import re
import shutil
import textwrap
from collections.abc import Callable, Mapping

import click

from optout_cli.cli.console import say
from optout_cli.errors import Problem

_WIDEST = 80  # columns
_OUT = "-"  # the answer that leaves a line out, where Enter would take what is offered

Fault = Callable[[str], Problem | None]


def say_wrapped(text: str, indent: str = "") -> None:
    """Say something, broken at blanks where the terminal ends; never within a name or a path."""
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    say("\n".join(lines))


def ask(
    label: str,
    note: str = "",
    *,
    offered: str = "",
    fault: Fault | None = None,
    required: bool = False,
) -> str:
    """Ask for a text until it has no fault; return it, or an empty one where it is left out.

    Enter alone takes what is `offered`, and a single - leaves the line out.
    """
    if note:
        say_wrapped(note)
    while True:
        text = _prompt(label, offered)
        text = "" if text == _OUT else text
        if not text and required:
            say_wrapped("This one is needed.", "  ")
        elif not text or not (problem := fault and fault(text)):
            return text
        elif meant := _date_meant_by(problem):
            if ask_yes(f"  Is {meant} meant?", offered=True):
                return meant
            say_wrapped("Then type it as year, month, day, such as 2026-01-31.", "  ")
        else:
            tell_problem(problem)


def ask_yes(label: str, *, offered: bool) -> bool:
    """Ask a question that is answered by yes or no."""
    shown = "Y/n" if offered else "y/N"
    while True:
        text = _prompt(f"{label} [{shown}]", "").lower()
        if not text:
            return offered
        if text in ("y", "yes", "n", "no"):
            return text.startswith("y")
        say_wrapped("Type y for yes or n for no.", "  ")


def show(text: str) -> None:
    """Show a long text a screen at a time."""
    lines = text.rstrip("\n").split("\n")
    height = max(shutil.get_terminal_size().lines - 2, 1)
    for start in range(0, len(lines), height):
        if start:
            _prompt("Enter shows what follows", "")
        say("\n".join(lines[start : start + height]))


def ask_choice(label: str, choices: Mapping[str, str], *, offered: str = "") -> str:
    """Ask for one of a few, by its number or its name; return the name.

    Where none is `offered`, Enter alone is no answer.
    """
    names = list(choices)
    for number, (name, text) in enumerate(choices.items(), 1):
        say_wrapped(f"{number}  {name}" + (f": {text}" if text else ""), "  ")
    numbers = {str(number): name for number, name in enumerate(names, 1)}
    while True:
        text = _prompt(label, offered).lower()
        if text in names:
            return text
        if text in numbers:
            return numbers[text]
        otherwise = f", or Enter for {offered}" if offered else ""
        say_wrapped(f"Type a number from 1 to {len(names)}{otherwise}.", "  ")


def tell_problem(problem: Problem) -> None:
    """Say what is wrong with an answer, and what to type instead."""
    path = problem.location.path if problem.location else ""
    message = problem.message.removeprefix(path).strip()  # `signatory.zip '949' is not ...`
    subject = "this " if path and message.startswith(("has ", "is ")) else ""
    say_wrapped(f"Please check: {subject}{message}.", "  ")
    if hint := problem.hint:
        stop = "" if hint.endswith((".", "?", "/", '"')) else "."
        say_wrapped(f"{hint[:1].upper()}{hint[1:]}{stop}", "  ")


def _date_meant_by(problem: Problem) -> str:
    """Return the day that was written another way, such as 8/31/2026, in a request's form."""
    found = re.search(r"did you mean ([0-9]{4}-[0-9]{2}-[0-9]{2})", problem.hint or "")
    return found[1] if found else ""


def _prompt(label: str, offered: str) -> str:
    shown = f"{label} [{offered}]" if offered else label
    text: str = click.prompt(shown, default=offered, show_default=False, err=True).strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'  # as a file would need it
    return text[1:-1].strip() if is_quoted else text
