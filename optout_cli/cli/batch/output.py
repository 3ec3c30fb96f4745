"""What a batch prints: paths or lines of JSON, a PDF of all letters, and its progress."""

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from optout_cli.batch.print_run import is_print_run
from optout_cli.cli.console import speaks_json, usage_error
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.output import write_errors

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")


class Paper(NamedTuple):
    """The PDF of all letters: its path, and how its sheets are arranged."""

    path: Path
    is_duplex: bool
    with_sheets: bool
    is_all: bool
    with_copies: bool

    def refuse_other(self) -> None:
        """Raise OptoutError if the path has a file that is not a PDF of letters."""
        with write_errors(self.path):
            if self.path.exists() and not is_print_run(self.path):
                message = "already exists, and is not a PDF that batch --print wrote"
                location = Location(str(self.path))
                raise OptoutError(Problem("file-exists", message, location, "name another file"))


class Prints(NamedTuple):
    """What to print on standard output for each file written, and on paper."""

    end: bytes  # after each path
    paper: Paper | None

    def show(self, paths: Sequence[Path], lines: bytes) -> None:
        """Print the paths, or their lines of JSON."""
        shown = lines if speaks_json() else b"".join(bytes(path) + self.end for path in paths)
        click.echo(shown, nl=False)


def prints_options(command: _F) -> _F:
    """Add the options; the command, which has an `order`, gets what it `prints`."""

    @functools.wraps(command)
    def run(*args: Any, order: Order, **given: Any) -> Any:  # Any: each command's own
        is_nul, path = given.pop("is_nul"), given.pop("print_to")
        names = ("is_duplex", "with_sheets", "is_all", "with_copies")
        arrangement = {name: given.pop(name) for name in names}
        if speaks_json() and is_nul:
            usage_error("--ndjson and --print0 do not go together", "leave one of them out")
        if path is None and any(arrangement.values()):
            message = "--all, --copies, --duplex and --separators work only with --print"
            usage_error(message, "add --print FILE.pdf")
        if path and "pdf" not in order.formats:
            usage_error("--print needs the format pdf", "add -f pdf, or leave it out")
        if path and path.suffix.lower() != ".pdf":
            usage_error(f"--print {path} is not a name for a PDF", "end it in .pdf")
        paper = Paper(path, **arrangement) if path else None
        prints = Prints(b"\0" if is_nul else b"\n", paper)
        return command(*args, order=order, prints=prints, **given)

    for option in reversed(_OPTIONS):
        option(run)
    return run  # type: ignore[return-value]  # wraps keeps the signature


_OPTIONS = (
    click.option(
        "--print0", "is_nul", is_flag=True, help="End each path with NUL, for `xargs -0`."
    ),
    click.option(
        "--print",
        "print_to",
        metavar="FILE.pdf",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Also put the letters that were not printed yet into one PDF to print.",
    ),
    click.option(
        "--all",
        "is_all",
        is_flag=True,
        help="In that PDF, put also the letters that were printed or sent before.",
    ),
    click.option(
        "--copies",
        "with_copies",
        is_flag=True,
        help="In that PDF, put a copy behind each letter for everyone named after cc:.",
    ),
    click.option(
        "--duplex",
        "is_duplex",
        is_flag=True,
        help="In that PDF, begin each letter on a new sheet, for two-sided printing.",
    ),
    click.option(
        "--separators",
        "with_sheets",
        is_flag=True,
        help="In that PDF, put a sheet with its name before each request.",
    ),
)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def progress(items: Iterable[_T], label: str, length: int, *, quiet: bool = False) -> Iterator[_T]:
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
