"""Errors in single rows of a batch that nobody foresaw: told with what a report of them needs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from optout_cli.cli._shared import say
from optout_cli.output import refusals, write_all

PLACE = Path("problems", "internal-errors.txt")  # in the batch's folder, beside the letters' own


def say_tracebacks(tracebacks: Mapping[str, Sequence[str]]) -> None:
    """Print each traceback once, with the rows that it is of."""
    for line in _lines(tracebacks):
        say(line)


def keep_tracebacks(tracebacks: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write the tracebacks of a run to a file and name it, or take an earlier run's away."""
    place = folder / PLACE
    if tracebacks:
        write_all({place: "\n".join(_lines(tracebacks)).encode("utf-8", "replace")}, force=True)
        say(f"the tracebacks, to be sent with a report of the bug: {place}")
        return
    with refusals(place):
        place.unlink(missing_ok=True)
    with suppress(OSError):  # somebody keeps a file of their own there, or there is no folder
        place.parent.rmdir()


def _lines(tracebacks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for traceback, places in tracebacks.items():
        yield f"{', '.join(places)}:"
        yield traceback
