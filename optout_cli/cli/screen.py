"""What a command prints in parts: everything, or on a terminal as much as a screen has room for."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from optout_cli.cli.console import (
    count_of,
    print_json,
    print_text,
    say,
    speaks_json,
    terminal_width,
    wrapped,
)
from optout_cli.errors import printable

_ROWS = 23  # of a usual terminal; the last of its 24 has the prompt
_MOST_ROWS = 3  # of one line
_FEWEST_COLUMNS = 20  # of a terminal whose rows count


class Line(NamedTuple):
    """A line of text; `code` is that of a note, and `data` what --json prints of it."""

    text: str
    code: str | None = None
    data: Mapping[str, str] = {}


def print_planned(line: Line) -> None:
    """Print what would happen to a file on standard output; with --json, the data of the line."""
    if speaks_json():
        print_json({**line.data})
    else:
        print_text(line.text)


class Part(NamedTuple):
    """Lines of a kind, the most important ones first, and what prints one of them, if not `say`.

    So many as `least` are shown, however much else there is. Lines of the product go to standard
    output, and are never cut.
    """

    noun: str
    lines: Sequence[Line]
    least: int
    show: Callable[[Line], None] | None = None
    is_product: bool = False

    @property
    def heights(self) -> list[int]:
        """How many rows each line takes; the terminal itself breaks those of the product."""
        if not self.is_product:
            return [_rows(line.text) for line in self.lines]
        if not sys.stdout.isatty():
            return [0] * len(self.lines)
        width = terminal_width(sys.maxsize)
        return [max(1, -(-len(printable(line.text)) // width)) for line in self.lines]


def show_parts(parts: Sequence[Part], more: str = "", *, is_short: bool = False) -> None:
    """Print the parts. With `more`, print no more on a terminal than fits on a screen.

    The last part matters most. `more` says how to see the rest. It comes last if something is left
    out, or if `is_short`: if a line has a longer form.
    """
    shown, counts = parts, [len(part.lines) for part in parts]
    if more and sys.stderr.isatty() and not speaks_json():
        shown, counts = _fit(parts, more)
    for part, count in zip(shown, counts, strict=True):
        for line in part.lines[:count]:
            part.show(line) if part.show else say(line.text, line.code)
    if left := _left(parts, counts):
        say(_rest(left, more))
    elif more and (is_short or shown != parts):
        say(f"to see each note in full, {more}")


def _left(parts: Sequence[Part], counts: Iterable[int]) -> str:
    """Say how many lines of each part are left out."""
    left = [(part.noun, len(part.lines) - count) for part, count in zip(parts, counts, strict=True)]
    *others, last = [count_of(count, f"more {noun}") for noun, count in left if count] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _rest(left: str, more: str) -> str:
    return f"{left}; to see all in full, {more}"


def _fit(parts: Sequence[Part], more: str) -> tuple[Sequence[Part], list[int]]:
    """Return the parts with shorter lines, and how many lines of each fit on the screen."""
    fitted = [part if part.is_product else _cut(part, _MOST_ROWS) for part in parts]
    heights = [part.heights for part in fitted]
    counts = [min(part.least, len(part.lines)) for part in fitted[:-1]] + [0]
    room = _ROWS - _rows(_rest(_left(parts, [0] * len(parts)), more))
    room -= sum(sum(own[:count]) for own, count in zip(heights, counts, strict=True))
    while sum(heights[-1]) > room and max(heights[-1], default=0) > 1:  # what is longest first
        fitted[-1] = _cut(fitted[-1], max(heights[-1]) - 1, sum(heights[-1]) - room)
        heights[-1] = fitted[-1].heights
    for number, own in reversed([*enumerate(heights)]):
        while counts[number] < len(own) and own[counts[number]] <= room:
            room -= own[counts[number]]
            counts[number] += 1
    return fitted, counts


def _width() -> int:
    """Return the terminal's width; no line is cut to less than a few words."""
    return max(terminal_width(), _FEWEST_COLUMNS)


def _rows(text: str) -> int:
    width = _width()
    return sum(max(1, -(-len(row) // width)) for row in wrapped(text, width).split("\n"))


def _cut(part: Part, most_rows: int, most_lines: int = sys.maxsize) -> Part:
    """Return a part whose first lines that have more rows than that are cut."""
    import textwrap

    lines = [*part.lines]
    long = [number for number, height in enumerate(part.heights) if height > most_rows]
    for number in long[:most_lines]:
        text = lines[number].text
        while _rows(text) > most_rows:
            most = min(len(text) - 1, most_rows * _width())
            text = textwrap.shorten(text, most, placeholder=" ...")
        lines[number] = lines[number]._replace(text=text)
    return part._replace(lines=lines)
