"""How far a long command is, how fast, and how long it will take: on a terminal only."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

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
