"""The options that several commands share, the folders and the clock, and shell completion."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
import platformdirs

from optout_cli.cache import Cache
from optout_cli.cli.console import APP, say, usage_error
from optout_cli.errors import OptoutError, Problem, did_you_mean, raise_any
from optout_cli.exporters.context import Options
from optout_cli.letters.library import Library
from optout_cli.trust import doubt_about, real

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


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


def _parse_date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
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
    "--date", "day", metavar="DATE", callback=_parse_date, help="The letter's date, or as of when."
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


def jurisdictions(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Return the slugs that begin as it was typed."""
    try:
        directory = _library().directory
        slugs = [directory.slug(code, id) for code, id, _ in directory.all()]
    except OptoutError:
        return []  # a command says what is wrong; a completion cannot
    return [item(it) for it in slugs if it.startswith(incomplete.lower())]


def requests(ctx: click.Context, param: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Return what a notice can be written from: files, and jurisdictions."""
    files = item(incomplete, type="file")
    return [files, *(jurisdictions(ctx, param, incomplete) if incomplete else [])]


def letters(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Return the letters' ids, each with its title."""
    try:
        known = [(id, kind.title) for id, _, kind in _library().programs.letters()]
    except OptoutError:
        return []
    return [item(id, help=title) for id, title in known if id.startswith(incomplete)]


def _library() -> Library:
    return library_from((), ())
