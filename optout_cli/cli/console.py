"""What the commands print: lines, problems, JSON, and errors of the command line."""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import click
import msgspec

from optout_cli.errors import OptoutError, Problem, shorten_quotes
from optout_cli.trust import ON_WINDOWS

_F = TypeVar("_F", bound=Callable[..., Any])

SCHEMA = 1  # version of every JSON object that optout prints
APP = "optout"  # the name of its folders in the user's home
_REQUEST_SUFFIXES = (".yaml", ".yml", ".json")
_TABLE_SUFFIXES = (".csv", ".ndjson")


def is_request(what: str) -> bool:
    """Tell whether an argument names a request's file rather than a jurisdiction."""
    return what.lower().endswith(_REQUEST_SUFFIXES)


def refuse_file_name(what: str) -> NoReturn:
    """Refuse an existing file whose name is not a request's. Raises click.UsageError."""
    hint = f"save it as plain text and name it {Path(what).stem.removesuffix('.yaml')}.yaml"
    if what.lower().endswith(_TABLE_SUFFIXES):
        hint = f"for a table of requests use {APP} batch; --check checks it"
    usage_error(f"{what!r} is not a request: its name does not end in .yaml, .yml or .json", hint)


def program_name() -> str:
    """Return what to type to run optout: its name, or its path if it is not on the PATH."""
    import shutil

    called = Path(sys.argv[0])
    return str(called) if called.stem == APP and not shutil.which(APP) else APP


def user_folder(kind: Literal["cache", "config", "state"]) -> Path | None:
    """Return the folder of one kind that this user has, or None: a user may have no home."""
    import platformdirs

    folders = {
        "cache": platformdirs.user_cache_dir,
        "config": platformdirs.user_config_dir,
        "state": platformdirs.user_state_dir,
    }
    try:
        folder = Path(folders[kind](APP))
    except RuntimeError:  # no HOME, and no account
        return None
    return folder if folder.is_absolute() else None


def terminal_width(most: int) -> int:
    """Return the terminal's width in columns, or `most` if that is less."""
    import shutil

    return min(most, shutil.get_terminal_size().columns)


def wrap(text: str, width: int, indent: str = "", hang: str | None = None) -> list[str]:
    """Break text into lines of `width` columns, never inside a word, name, path or link.

    The first line begins with `indent`, all others with `hang` (the same, if None).
    """
    import textwrap

    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else hang,
        break_on_hyphens=False,
        break_long_words=False,
    )


def say(text: str) -> None:
    """Print text on stderr; on a terminal, wrapped to its width.

    A line with a command stays whole, so that it can be copied.
    """
    if sys.stderr.isatty():
        width = terminal_width(sys.maxsize)
        lines: list[str] = []
        for line in text.split("\n"):
            hang = " " * (len(line) - len(line.lstrip(" ")) + 2)
            lines += [line] if f"{APP} " in line else wrap(line, width, "", hang) or [""]
        text = "\n".join(lines)
    click.echo(text, err=True)


def quote(word: str) -> str:
    """Quote a word for the shell, so that a command that is shown can be copied."""
    if ON_WINDOWS:  # cmd.exe and PowerShell know no backslash before a space
        from subprocess import list2cmdline

        return list2cmdline([word])
    import shlex

    return shlex.quote(word)


def print_json(value: Any) -> None:  # Any: whatever a listing holds
    """Print one JSON object on one line, with its schema."""
    click.echo(_json_line({"schema": SCHEMA, **msgspec.to_builtins(value)}), nl=False)


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, has_numbers: bool) -> None:
    """Print rows as JSON, one object per line, or as a table (numbers are flush right)."""
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        from tabulate import tabulate

        table = tabulate(rows, "keys", tablefmt="plain", disable_numparse=not has_numbers)
        click.echo(table)


def report_problems(command: _F) -> _F:
    """Make a command print its problems on stderr and exit with their code."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:  # Any: each command's own
        try:
            return command(*args, **options)
        except OptoutError as error:
            say_problems(error.problems, as_json=bool(options.get("as_json")))
            sys.exit(error.exit_code)

    return run  # type: ignore[return-value]  # wraps keeps the signature


def say_problems(problems: Iterable[Problem], *, as_json: bool = False) -> None:
    """Print problems on stderr; as JSON, one object per line."""
    for problem in problems:
        if as_json:
            click.echo(_json_line(problem_as_json(problem)), nl=False, err=True)
        else:
            say(str(problem))


def _json_line(value: dict[str, Any]) -> bytes:
    """Return JSON as bytes: it is UTF-8, whatever the encoding of the terminal is."""
    return msgspec.json.encode(value) + b"\n"


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """Return a Problem for scripts; `code` is stable."""
    location = problem.location
    # A file name may have bytes that are not text: JSON shows as much as it can.
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
    """Raise click.UsageError, worded as a Problem is: message and hint."""
    raise click.UsageError(f"{shorten_quotes(message)}\n  hint: {hint}")
