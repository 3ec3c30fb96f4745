"""The options that say what a batch prints: paths or lines of the manifest, and a file on paper."""

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from optout_cli.batch.print_run import is_print_run
from optout_cli.cli.console import usage_error
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.output import write_errors

_F = TypeVar("_F", bound=Callable[..., Any])


class Paper(NamedTuple):
    """Where the file to print goes, and how its sheets are."""

    path: Path
    is_duplex: bool
    with_sheets: bool

    def refuse_other(self) -> None:
        """Raise OptoutError where the file to print would replace one of another kind."""
        with write_errors(self.path):
            if self.path.exists() and not is_print_run(self.path):
                message, hint = "exists, and is no file of letters to print", "name another file"
                raise OptoutError(Problem("file-exists", message, Location(str(self.path)), hint))


class Prints(NamedTuple):
    """What goes to standard output of each file that is written, and to paper."""

    as_json: bool
    end: bytes  # of a path
    paper: Paper | None

    def show(self, paths: Sequence[Path], lines: bytes) -> None:
        """Print paths, or their lines of the manifest."""
        shown = lines if self.as_json else b"".join(bytes(it) + self.end for it in paths)
        click.echo(shown, nl=False)


def prints_options(command: _F) -> _F:
    """Add the options; the command, which has an `order`, gets what it `prints`."""

    @functools.wraps(command)
    def gathered(*args: Any, order: Order, **given: Any) -> Any:  # Any: each command's own
        return command(*args, order=order, prints=_prints_from(given, order), **given)

    adorned: Any = gathered
    for option in reversed(_OPTIONS):
        adorned = option(adorned)
    return adorned  # type: ignore[no-any-return]  # wraps keeps the signature


_OPTIONS = (
    click.option(
        "--ndjson",
        "as_json",
        is_flag=True,
        help="Print the manifest's line of each file, not its path.",
    ),
    click.option(
        "--print0", "is_nul", is_flag=True, help="End each path with NUL, for `xargs -0`."
    ),
    click.option(
        "--print",
        "print_to",
        metavar="FILE.pdf",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Put all PDF letters into one file to print, in the order of their rows.",
    ),
    click.option(
        "--duplex",
        "is_duplex",
        is_flag=True,
        help="In that file, begin each letter on the front of a sheet.",
    ),
    click.option(
        "--separators",
        "with_sheets",
        is_flag=True,
        help="In that file, put a sheet with its name before each request's letters.",
    ),
)


# Any: the options' values, each of its own type.
def _prints_from(given: dict[str, Any], order: Order) -> Prints:
    """Take the options out of `given`. Raises click.UsageError for those that do not agree."""
    as_json, is_nul = given.pop("as_json"), given.pop("is_nul")
    path, is_duplex, with_sheets = (
        given.pop(it) for it in ("print_to", "is_duplex", "with_sheets")
    )
    if as_json and is_nul:
        usage_error("--ndjson and --print0 print different things", "leave one of them out")
    if path is None and (is_duplex or with_sheets):
        usage_error("--duplex and --separators are for --print", "add --print FILE.pdf")
    if path and "pdf" not in order.formats:
        usage_error("--print needs the format pdf", "add -f pdf, or leave it out")
    if path and path.suffix.lower() != ".pdf":
        usage_error(f"--print {path} is no PDF's name", "end it in .pdf")
    paper = Paper(path, is_duplex, with_sheets) if path else None
    return Prints(as_json, b"\0" if is_nul else b"\n", paper)


_T = TypeVar("_T")


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def progress(items: Iterable[_T], label: str, length: int, *, quiet: bool = False) -> Iterator[_T]:
    """Yield the items, and draw on stderr how many there were, if that is a terminal."""
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
        for it in shown:
            count += 1
            yield it


def clear_line() -> None:
    """Take the bar away from where something else is about to be printed; it is drawn again."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
