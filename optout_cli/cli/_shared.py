"""What the commands share: options, folders, the clock, and how problems are told."""

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
import msgspec
import platformdirs

from optout_cli.cache import Cache
from optout_cli.errors import OptoutError, Problem, did_you_mean, raise_any
from optout_cli.pipeline.library import Library, Options
from optout_cli.trust import doubt_about, real

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SCHEMA = 1  # of every JSON object that is printed
APP = "optout"  # the name of its folders in the user's home
_REQUEST_SUFFIXES = (".yaml", ".yml", ".json")
_TABLE_SUFFIXES = (".csv", ".ndjson")
_MOST_PATHS = 5  # that are named one by one
_F = TypeVar("_F", bound=Callable[..., Any])


# Any: what click's own class takes.
def item(value: str, **more: Any) -> "CompletionItem":
    """Return one completion. Only a shell that asks needs click's module for it."""
    from click.shell_completion import CompletionItem

    return CompletionItem(value, **more)


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Let the shell complete the names of files and folders."""
    return [item(incomplete, type="file")]


def library_options(command: _F) -> _F:
    """Add the options that say which data and templates a command works with."""
    data = click.option(
        "--data",
        "overlays",
        multiple=True,
        metavar="FILE",
        type=click.Path(),  # several in a variable of the environment are split as paths are
        shell_complete=files,
        help="Lay this data file on the shipped one (repeatable).",
    )
    templates = click.option(
        "--templates",
        "folders",
        multiple=True,
        metavar="DIR",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Look for templates here first (repeatable).",
    )
    return data(templates(command))


files_from_option = click.option(
    "--files-from",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Let requests name files in this folder too, and not in their own only (repeatable).",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")

quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing on stderr but problems."
)


def _parsed_date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    """Read a date option. Raises click.BadParameter."""
    if value is None:
        return None
    try:
        # The one form that a request takes: 20100831 and 2010-W35-2 would be ISO dates as well.
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day of the calendar") from None
    raise click.BadParameter(f"{value!r} is not a date; write it as 2010-08-31")


date_option = click.option(
    "--date", "day", metavar="DATE", callback=_parsed_date, help="The letter's date, or as of when."
)


def library_from(
    overlays: Iterable[str], folders: Iterable[Path], options: Options | None = None
) -> Library:
    """Return the data and templates: the user's own folder, then what the options name.

    Raises OptoutError where that folder need not be the user's own.
    """
    own_data, own_templates, doubts = own_files([*map(Path, overlays), *folders])
    raise_any(doubts)
    return Library(
        overlays=[*map(str, own_data), *overlays],
        folders=(*folders, *own_templates),
        cache=Cache(platformdirs.user_cache_path(APP)),
        options=options,
    )


def own_files(named: Iterable[Path] = ()) -> tuple[list[Path], list[Path], list[Problem]]:
    """Return the data file and the templates of the user's own folder, and why not to use them.

    What is `named` on the command line is the user's choice, and not looked for here.
    """
    home = platformdirs.user_config_path(APP)
    chosen = {real(it) for it in named}
    doubts: list[Problem] = []
    data, templates = home / "jurisdictions.yaml", home / "templates"
    # Of a folder that the user may not even look into, nothing is there.
    is_there = {data: os.path.isfile(data), templates: os.path.isdir(templates)}  # noqa: PTH112, PTH113
    used = [it for it, is_it in is_there.items() if is_it and real(it) not in chosen]
    for path in used:
        if doubt := doubt_about(home) or doubt_about(path, below=path == templates):
            option = "--data" if path == data else "--templates"
            named_so = f"add {option} {quote(str(path))} to use it all the same"
            hint = f"{doubt.hint}, or {named_so}" if doubt.hint else named_so
            message = f"is not used: it {doubt.message}"
            doubts.append(msgspec.structs.replace(doubt, message=message, hint=hint))
    return [it for it in used if it == data], [it for it in used if it == templates], doubts


def code_of(state: str, library: Library) -> str:
    """Return the postal code of a state that is named by it or in full, in any case.

    Raises click.UsageError for a state that there is not.
    """
    states = library.directory.data.states
    codes = {name.casefold(): code for code, it in states.items() for name in (code, it.name)}
    code = codes.get(state.casefold())
    return code or usage_error(f"no state {state!r}", did_you_mean(state, states))


def today() -> date:
    """Return the day of writing: the machine's own, or SOURCE_DATE_EPOCH's where that is set.

    Raises click.UsageError where that is no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now().astimezone().date()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date()
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH {epoch!r} is no day, in seconds since 1970"
        usage_error(message, "unset SOURCE_DATE_EPOCH, and the day is the machine's own")


def is_request(what: str) -> bool:
    """Tell whether an argument is a request's file, and no jurisdiction."""
    return what.lower().endswith(_REQUEST_SUFFIXES)


def misnamed(what: str) -> NoReturn:
    """Refuse a file that is there under a name which no request or data has."""
    hint = f"save it as plain text, and name it {Path(what).stem.removesuffix('.yaml')}.yaml"
    if what.lower().endswith(_TABLE_SUFFIXES):
        hint = f"a table of many is for {APP} batch, which checks it with --check"
    usage_error(f"{what!r} is a file, but no request's name ends that way", hint)


def program() -> str:
    """Return what to type to run this program: its name, or its path where no shell knows that."""
    import shutil

    called = Path(sys.argv[0])
    return str(called) if called.name == APP and not shutil.which(APP) else APP


def say(text: str) -> None:
    """Tell the user something, on stderr; on a terminal no word is broken at its edge."""
    click.echo(_fitted(text) if sys.stderr.isatty() else text, err=True)


def path_lines(what: str, paths: Sequence[Path]) -> Iterator[str]:
    """Yield a line that says what happens to each path, and how many there are besides a few."""
    yield from (f"{what}: {path}" for path in paths[:_MOST_PATHS])
    more = len(paths) - _MOST_PATHS
    if more > 0:
        yield f"{what}: {more:,} more file{'s' if more > 1 else ''}"


def say_what_moved(paths: Sequence[Path]) -> None:
    """Print which files are in the folder `earlier` now, since others took their places."""
    for line in path_lines("moved to earlier", paths):
        say(line)


def _fitted(text: str) -> str:
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


def problems_told(command: _F) -> _F:
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
    spot = problem.spot
    # A file's name may be no text at all: then JSON shows what can be shown of it.
    file = spot and click.format_filename(spot.file)
    place = {"file": file, "line": spot.line, "column": spot.column} if spot else {}
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
