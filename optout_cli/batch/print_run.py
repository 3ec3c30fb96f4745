"""The letters of a batch as one file to print, in the order of their requests."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from optout_cli.batch.manifest import Record
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library

if TYPE_CHECKING:
    from optout_cli.exporters.binding import Bundle


def print_run(
    requests: Iterable[Sequence[Record]],
    folder: Path,
    output: BinaryIO,
    library: Library,
    *,
    is_duplex: bool,
    with_sheets: bool,
) -> int:
    """Write the PDF letters of all requests into `output` and return how many pages there are.

    Raises OptoutError where a letter below `folder` is no longer what its record says.
    """
    from optout_cli.exporters.binding import bind_print_run  # imports pikepdf

    bundles = _bundles(requests, folder)
    return bind_print_run(
        bundles, output, library.context, is_duplex=is_duplex, with_sheets=with_sheets
    )


def is_print_run(path: Path) -> bool:
    """Say whether the file at `path` is one that may be made again. Raises OSError."""
    from optout_cli.exporters.binding import is_print_run_file

    return is_print_run_file(path.read_bytes())


def _bundles(requests: Iterable[Sequence[Record]], folder: Path) -> Iterator["Bundle"]:
    from optout_cli.exporters.binding import Bundle

    for records in requests:
        first = records[0]
        letters = [(f"{first.name}: {it.recipient}", _content(it, folder)) for it in records]
        sheet = {
            "name": first.name,
            "reference": first.reference,
            "request": first.request,
            "letters": records,
        }
        yield Bundle(first.name, letters, sheet)


def _content(record: Record, folder: Path) -> bytes:
    place = folder / record.path
    if not record.is_true(folder):
        message = "is not the letter that the batch wrote, and is not printed"
        hint = "give the command again without --print, and look at what it says of this file"
        raise OptoutError(Problem("changed-letter", message, Location(str(place)), hint))
    return place.read_bytes()
