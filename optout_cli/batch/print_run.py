"""All PDF letters of a batch in one file to print, in the order of their requests."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.register.records import Record


def print_run(
    requests: Iterable[Sequence[Record]],
    folder: Path,
    output: BinaryIO,
    library: Library,
    *,
    is_duplex: bool,
    with_sheets: bool,
) -> int:
    """Write the PDF letters of all requests into `output`, and return the number of pages.

    Raises OptoutError if a letter in `folder` was changed since its record was written.
    """
    from optout_cli.exporters.binding import Bundle, bind_print_run  # imports pikepdf

    def bundles() -> Iterator[Bundle]:
        for records in requests:
            first = records[0]
            letters = []
            for record in records:
                path = folder / record.path
                if not record.is_true(folder):
                    message = "was changed after the batch wrote it, so it is not printed"
                    hint = "run the command without --print, and read what it says about this file"
                    location = Location(str(path))
                    raise OptoutError(Problem("changed-letter", message, location, hint))
                letters.append((f"{first.name}: {record.recipient}", path.read_bytes()))
            sheet = {
                "name": first.name,
                "reference": first.reference,
                "request": first.request,
                "letters": records,
            }
            yield Bundle(first.name, letters, sheet)

    return bind_print_run(
        bundles(), output, library.context, is_duplex=is_duplex, with_sheets=with_sheets
    )


def is_print_run(path: Path) -> bool:
    """Tell whether `print_run` wrote the file at `path`. Raises OSError."""
    from optout_cli.exporters.binding import is_print_run_file

    return is_print_run_file(path)
