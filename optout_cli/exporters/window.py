"""Whether an address fits the window of a #10 envelope."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from optout_cli.exporters.faces import faces

LINES = 4  # that stay in the window wherever the sheet slides (see letter.css)
WIDTH = 234  # pt: 3.25 in
SIZE = 10  # pt, as `.recipient` is set
_UNITS = 1000  # px: measured large, so that hinting does not round


def window_lines(block: Sequence[str]) -> int:
    """Return how many lines an address block takes in the window, after wrapping."""
    return sum(_lines(line) for line in block)


def _lines(text: str) -> int:
    lines, line = 1, ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and _width(longer) > WIDTH:
            lines, line = lines + 1, word
        else:
            line = longer
        while _width(line) > WIDTH:  # one word alone is wider, and the page breaks it anywhere
            lines, line = lines + 1, line[_fitting(line) :]
    return lines


def _fitting(word: str) -> int:
    """Return how many characters of a word fit on a line."""
    return next(end for end in range(len(word), 0, -1) if _width(word[:end]) <= WIDTH)


def _width(text: str) -> float:
    length: float = _face().getlength(text)
    return length * SIZE / _UNITS


@cache
def _face() -> Any:  # Pillow's class, imported only when it is needed
    from PIL import ImageFont

    return ImageFont.truetype(faces()["normal", "normal"], _UNITS)
