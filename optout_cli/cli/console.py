"""What the commands print: talk, problems, JSON, and errors of the command line."""

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
import msgspec

from optout_cli.errors import OptoutError, Problem

if TYPE_CHECKING:
    pass


_F = TypeVar("_F", bound=Callable[..., Any])


SCHEMA = 1  # of every JSON object that is printed
APP = "optout"  # the name of its folders in the user's home
_REQUEST_SUFFIXES = (".yaml", ".yml", ".json")
_TABLE_SUFFIXES = (".csv", ".ndjson")


def is_request(what: str) -> bool:
    """Tell whether an argument is a request's file, and no jurisdiction."""
    return what.lower().endswith(_REQUEST_SUFFIXES)


def misnamed(what: str) -> NoReturn:
    """Refuse a file that is there under a name which no request or data has."""
    hint = f"save it as plain text, and name it {Path(what).stem.removesuffix('.yaml')}.yaml"
    if what.lower().endswith(_TABLE_SUFFIXES):
        hint = f"a table of many is for {APP} batch, which checks it with --check"
    usage_error(f"{what!r} is a file, but no request's name ends that way", hint)


def program_name() -> str:
    """Return what to type to run this program: its name, or its path where no shell knows that."""
    import shutil

    called = Path(sys.argv[0])
    return str(called) if called.name == APP and not shutil.which(APP) else APP


def say(text: str) -> None:
    """Tell the user something, on stderr; on a terminal no word is broken at its edge."""
    click.echo(_wrap_to_terminal(text) if sys.stderr.isatty() else text, err=True)


def _wrap_to_terminal(text: str) -> str:
    """Break lines that are wider than the terminal at blanks, and indent what follows.

    A command stays whole, to be copied.
    """
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns
    lines: list[str] = []
    for line in text.split("\n"):
        if f"{APP} " in line:
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
        lines += textwrap.wrap(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        ) or [""]
    return "\n".join(lines)


def print_json(value: Any) -> None:  # Any: whatever a listing holds
    """Print one JSON object on one line, with its schema."""
    click.echo(_json_line({"schema": SCHEMA, **msgspec.to_builtins(value)}))


def report_problems(command: _F) -> _F:
    """Let a command end with its problems on stderr and their exit code."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> Any:  # Any: each command's own
        try:
            return command(*args, **options)
        except OptoutError as error:
            tell(error.problems, as_json=bool(options.get("as_json")))
            sys.exit(error.exit_code)

    return told  # type: ignore[return-value]  # wraps keeps the signature


def tell(problems: Iterable[Problem], *, as_json: bool = False) -> None:
    """Print problems on stderr; as JSON, one object a line."""
    for problem in problems:
        say(_json_line(problem_as_json(problem)) if as_json else str(problem))


def _json_line(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """Return a Problem for scripts; `code` is stable."""
    location = problem.location
    # A file's name may be no text at all: then JSON shows what can be shown of it.
    file = location and click.format_filename(location.file)
    place = {"file": file, "line": location.line, "column": location.column} if location else {}
    return {
        "schema": SCHEMA,
        "problem": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        **place,
    }


def usage_error(message: str, hint: str) -> NoReturn:
    """End with a fault of the command line, worded as every Problem is."""
    raise click.UsageError(f"{message}\n  hint: {hint}")
