"""What the commands print: lines, problems, JSON, and errors of the command line."""

import functools
import inspect
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import click
import msgspec

import optout_cli
from optout_cli.cli import COMMANDS
from optout_cli.errors import (
    JSON_SCHEMA,
    Location,
    OptoutError,
    Problem,
    json_line,
    printable,
    shorten_quotes,
    wrap,
)
from optout_cli.model.request import REQUESTS
from optout_cli.output import write_all
from optout_cli.trust import ON_WINDOWS

_MOST_PATHS = 5  # that a message lists
_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")

APP = "optout"  # what to type
_TABLE_SUFFIXES = (".csv", ".ndjson")
_BYTES = re.compile("[\ud800-\udfff]")  # of a file name that are not text
_NOTE = re.compile(r"^note(?: \([^)]*\))?: ")
_WIDEST = 100  # columns of text, however wide a terminal is
_BOUND = "\xa0"  # a space at which no line is broken
_COMMAND = re.compile(
    rf"`{APP} [^`]+`|(?:(?<=: )|(?<=run )){APP} .+$|\u00a7+ ", re.MULTILINE
)  # stays on one line
_CALL = re.compile(rf"\b(?<![-./\\]){APP}([ {_BOUND}])(?=(?:{'|'.join(COMMANDS)})(?![\w/-]|\.\w))")
_MARK = re.compile(r"- |\(\b|[0-9]+  ")  # before a point, a remark, a choice


class JsonLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One JSON object on one line."""

    schema: Literal[1]


class ProblemLine(JsonLine, frozen=True, kw_only=True):
    """A problem, and where it is. `path` is the key or the column of a table.

    `jurisdiction` is that of a table's row. What is not known is null.
    """

    problem: str
    message: str
    hint: str | None
    file: str | None
    line: int | None
    column: int | None
    path: str | None
    jurisdiction: str | None


class NoteLine(JsonLine, frozen=True, kw_only=True):
    """Something worth knowing; `note` is its code, or null if it has none.

    `requests` is how many requests of a batch it is about.
    """

    note: str | None
    message: str
    requests: int | None


def is_request(what: str) -> bool:
    """Tell whether an argument names a request's file rather than a jurisdiction."""
    return what.lower().endswith(REQUESTS)


def refuse_file_name(what: str) -> NoReturn:
    """Refuse an existing file whose name is not a request's. Raises click.UsageError."""
    hint = f"save it as plain text and name it {Path(what).stem.removesuffix('.yaml')}.yaml"
    if what.lower().endswith(_TABLE_SUFFIXES):
        hint = f"for a table of requests use {APP} batch; --check checks it"
    message = "is not a request: its name does not end in .yaml, .yml or .json"
    usage_error(f"{Path(what).as_posix()!r} {message}", hint)


def as_called(text: str) -> str:
    """Put into the commands of a text what the user typed to run optout: `optout status out/`.

    That is its name, or its path if it is not on the PATH.
    """
    if not _CALL.search(text):
        return text
    import shutil

    called, name = Path(sys.argv[0]), APP
    if not shutil.which(APP):
        is_module = called.parent.name == optout_cli.__name__
        name = f"python -m {optout_cli.__name__}" if is_module else name
        name = quote(str(called)) if called.stem == APP else name
    return _CALL.sub(lambda it: f"{name}{it[1]}".replace(" ", it[1]), text)


def terminal_width(most: int = _WIDEST) -> int:
    """Return the terminal's width in columns, or `most` if that is less."""
    import shutil

    return min(most, shutil.get_terminal_size().columns)


def page_width() -> int:
    """Return the width of text on standard output, which may be no terminal."""
    return terminal_width() if sys.stdout.isatty() else _WIDEST


def speaks_json() -> bool:
    """Tell whether the running command was given --json: then each line on stderr is JSON."""
    context = click.get_current_context(silent=True)
    return bool(context and context.params.get("as_json"))


def say(text: str, code: str | None = None, requests: int | None = None) -> None:
    """Print text on stderr; on a terminal, wrapped to its width. With --json, print a NoteLine.

    `code` is that of a note, and `requests` how many requests of a batch it is about.
    """
    if speaks_json():
        message = as_called(_NOTE.sub("", text).strip())
        if message:
            noted = NoteLine(schema=JSON_SCHEMA, note=code, message=message, requests=requests)
            _echo_json(noted, err=True)
        return
    text = _printable_lines(text)
    shown = wrapped(text, terminal_width()) if sys.stderr.isatty() else as_called(text)
    click.echo(shown, err=True)


def wrapped(text: str, width: int) -> str:
    """Wrap each line of a text to `width` columns; indented lines stay indented.

    A command at the end of a line stays whole, so that it can be copied. Behind a label, such as
    `note:`, all but the first line are indented.
    """
    lines: list[str] = []
    bound = _COMMAND.sub(lambda it: it[0].replace(" ", _BOUND), text)
    for line in as_called(bound).split("\n"):
        plain = line.lstrip(" ")
        indent, mark = " " * (len(line) - len(plain)), _MARK.match(plain)
        hang = len(mark[0]) if mark else 2 * plain.partition(" ")[0].endswith(":")
        lines += wrap(plain, width, indent, indent + " " * hang) or [""]
    return "\n".join(lines).replace(_BOUND, " ")


def print_text(text: str) -> None:
    """Print lines on standard output, such as a table: none of them changes the terminal."""
    text = _printable_lines(text)
    click.echo(os.fsencode(text) if _BYTES.search(text) else text)


def _printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def quote(word: str) -> str:
    """Quote a word for the shell, so that a command that is shown can be copied."""
    if ON_WINDOWS:  # cmd.exe and PowerShell know no backslash before a space
        from subprocess import list2cmdline

        return list2cmdline([word])
    import shlex

    return shlex.quote(word)


def print_json(value: Any) -> None:  # Any: whatever a listing holds
    """Print one JSON object on one line, with its schema."""
    _echo_json({"schema": JSON_SCHEMA, **msgspec.to_builtins(value)})


def print_path(path: Path) -> None:
    """Print the path of a file that was written, as its bytes; with --json, as an object."""
    if speaks_json():
        print_json({"path": click.format_filename(path)})
    elif sys.stdout.isatty():  # no name of a file is to change the terminal
        click.echo(printable(click.format_filename(path)))
    else:
        click.echo(bytes(path))


def _echo_json(value: Any, *, err: bool = False) -> None:  # Any: whatever becomes JSON
    """Print JSON as bytes: it is UTF-8, whatever the encoding of the terminal is."""
    click.echo(json_line(value), nl=False, err=err)


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, has_numbers: bool) -> None:
    """Print rows as JSON, one object per line, or as a table (numbers are flush right).

    On a terminal that is too narrow for the table, the values of each row are below its first two.
    """
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        from tabulate import tabulate

        table = tabulate(rows, "keys", tablefmt="plain", disable_numparse=not has_numbers)
        widest = max(map(len, table.split("\n")))
        if sys.stdout.isatty() and widest > terminal_width(sys.maxsize):
            shown = []
            for row in rows:
                known = [(name, value) for name, value in row.items() if value is not None]
                more = "; ".join(f"{name} {value}" for name, value in known[2:])
                text = f"{known[0][1]}: {known[1][1]}" + (f"\n  {more}" if more else "")
                shown.append(wrapped(text, page_width()))
            table = "\n".join(shown)
        click.echo(table)


def report_problems(command: _F, names: Sequence[str] = ("--json",)) -> _F:
    """Make a command print its problems on stderr and exit with their code.

    Adds --json (`names`) to a command that does not have it: problems and notes are then JSON.
    """
    takes_it = "as_json" in inspect.signature(command).parameters

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:  # Any: each command's own
        if not takes_it:
            options.pop("as_json")
        try:
            return command(*args, **options)
        except OptoutError as error:
            say_problems(error.problems)
            sys.exit(error.exit_code)

    if takes_it:
        return run  # type: ignore[return-value]  # wraps keeps the signature
    words = "Print problems, notes and paths as JSON, one object per line."
    return click.option(*names, "as_json", is_flag=True, is_eager=True, help=words)(run)  # type: ignore[return-value]


def path_lines(what: str, paths: Sequence[Path]) -> Iterator[str]:
    """Yield one line for each of the first paths, and how many more there are."""
    yield from (f"{what}: {path}" for path in paths[:_MOST_PATHS])
    more = len(paths) - _MOST_PATHS
    if more > 0:
        yield f"{what}: {count_of(more, 'more file')}"


def count_of(count: int, noun: str) -> str:
    """Say how many there are: `1 letter`, `1,200 letters`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def say_lines(lines: Iterable[str]) -> None:
    """Print each line on stderr, as `say` does."""
    for line in lines:
        say(line)


def what_moved(moved: Sequence[Path], replaced: Sequence[Path] = ()) -> Iterator[str]:
    """Yield which old files moved to the folder `earlier`, with and without a new one in place."""
    yield from path_lines("replaced", replaced)
    if replaced:
        yield "the files before them are in the folder earlier beside them"
    yield from path_lines("moved to earlier", moved)


def write_files(
    files: Mapping[Path, bytes], *, force: bool = False, quiet: bool = False, keeps: bool = True
) -> None:
    """Write files, print their paths, and say which old ones moved to the folder `earlier`.

    None moves there without `keeps`. Raises OptoutError if a file exists and `force` is not set.
    """
    fresh = write_all(files, force=force, keep=files if keeps else ())
    for path in files:
        print_path(path)
    if not quiet:
        say_lines(what_moved([path for path, earlier in fresh.items() if earlier]))


def put_file(
    path: Path | None, content: bytes, *, force: bool = False, quiet: bool = False
) -> None:
    """Write a file as `write_files` does; without a path, print its content."""
    if path is None:
        click.echo(content, nl=False)
    else:
        write_files({path: content}, force=force, quiet=quiet)


def say_problems(problems: Iterable[Problem]) -> None:
    """Print problems on stderr; with --json, one object per line."""
    for problem in problems:
        if speaks_json():
            _echo_json(_problem_as_json(problem), err=True)
        else:
            say(str(problem))


def print_problem(problem: Problem) -> None:
    """Print a problem on standard output: as a line, or with --json as an object."""
    if speaks_json():
        _echo_json(_problem_as_json(problem))
    else:
        print_text(as_called(str(problem)))


def _problem_as_json(problem: Problem) -> ProblemLine:
    """Return a Problem for scripts; `code` is stable."""
    location = problem.location or Location("")
    return ProblemLine(
        schema=JSON_SCHEMA,
        problem=problem.code,
        message=problem.message,
        hint=problem.hint and as_called(problem.hint),
        # A file name may have bytes that are not text: JSON shows as much as it can.
        file=click.format_filename(location.file) or None,
        line=location.line,
        column=location.column,
        path=location.path or problem.path or None,
        jurisdiction=location.label or None,
    )


def usage_error(message: str, hint: str) -> NoReturn:
    """Raise click.UsageError, worded as a Problem is: message and hint."""
    raise click.UsageError(f"{shorten_quotes(message)}\n  hint: {hint}")


def refuse_terminal(name: str) -> None:
    """Raise click.UsageError if standard output is a terminal, which cannot show a format."""
    if sys.stdout.isatty():
        usage_error(f"a terminal cannot show {name}", "name a file with -o")


def say_usage_problem(error: click.UsageError) -> None:
    """Print an error of the command line as JSON on stderr."""
    # format_message names the option too, which `file` does.
    message, _, hint = error.format_message().partition("\n  hint: ")
    message = " ".join(message.split())  # click breaks the lines of choices
    option = error.param.opts[-1] if isinstance(error, click.BadParameter) and error.param else ""
    problem = Problem("usage", message.rstrip("."), Location(option), hint or None)
    _echo_json(_problem_as_json(problem), err=True)


def progress(items: Iterable[_T], label: str, length: int, *, quiet: bool) -> Iterator[_T]:
    """Yield the items, with a progress bar on stderr if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    began = time.monotonic()
    count = 0

    def rate(_: object) -> str:
        return f"{count / max(time.monotonic() - began, 0.001):,.0f} a second"

    bar = click.progressbar(
        items, length, label, show_pos=True, item_show_func=rate, file=sys.stderr, width=24
    )
    with bar as shown:
        for item in shown:
            count += 1
            yield item


def clear_line() -> None:
    """Clear the progress bar before something else is printed; the bar draws itself again."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
