"""NDJSON text -> rows, one JSON object a line. Every scalar stays text; `null` means absent.

A line that begins with `#` is a comment: rejected lines that are not JSON have their reason there.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from optout_cli.errors import Location, Problem
from optout_cli.readers.document import MAX_DEPTH, OWN_MARK, Layer, Row, Tree, row_from, unseen_in
from optout_cli.readers.files import UNSEEN

_MOST_DIGITS = 40  # of a number: the longest that a request may state has 22
_LOST_QUOTES = re.compile(r":\s*0[0-9]")


def rows_from_ndjson(text: str, file: str) -> Iterator[Row]:
    """Yield the row of each line that is neither blank nor a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith(OWN_MARK):
            yield _row(line.strip(), number, file)


def _row(line: str, number: int, file: str) -> Row:
    location = Location(file, number)
    try:
        value = _decoder.decode(line)
    except json.JSONDecodeError as error:
        hint = "one object a line, in braces; look for a missing quote, comma or brace"
        if _LOST_QUOTES.search(line):
            hint = 'a number that begins with 0 stands in quotes: "06041"'
        message = f"is not JSON: {error.msg} at character {error.pos + 1}"
        return Row(location, line, problems=(Problem("json", message, location, hint),))
    except RecursionError:
        return Row(location, line, problems=(_too_deep(location),))
    layer = Layer(file, {"": (number, 1)}, "row")
    reader = _Reader(layer)
    data = reader.read(value, "", "$", 0)
    return row_from(line, data, layer, [*reader.problems, *unseen_in(iter(reader.texts), layer)])


class _Pairs(list[tuple[str, Any]]):
    """A JSON object's keys and values, equal keys and all."""


class _Number(str):
    """A number, as it is written."""

    __slots__ = ()


_decoder = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=str
)


def _too_deep(location: Location) -> Problem:
    return Problem("too-deep", f"is nested more than {MAX_DEPTH} levels deep", location)


class _Reader:
    """Turns decoded JSON into plain data, notes its places, and collects what is wrong."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.problems: list[Problem] = []
        self.texts: list[tuple[str, str]] = []

    # Any: what `json` gives is of any shape.
    def read(self, value: Any, path: str, shown: str, depth: int) -> Tree:
        self.layer.marks[path] = self.layer.marks[""]
        self.layer.names[path] = shown if path else ""
        location = self.layer.location(path) or Location(self.layer.file)
        if depth > MAX_DEPTH:
            self.problems.append(_too_deep(location))
            return ""
        if isinstance(value, _Pairs):
            return self._mapping(value, path, shown, depth)
        if isinstance(value, list):
            if None in value:
                message, hint = "has an empty item (null)", "write the item, or leave it out"
                self.problems.append(Problem("empty-item", message, location, hint))
            return [
                self.read(it, _joined(path, str(number)), f"{shown}[{number}]", depth + 1)
                for number, it in enumerate(value)
                if it is not None
            ]
        if isinstance(value, _Number) and len(value) > _MOST_DIGITS:
            message, hint = f"has a number of {len(value):,} digits", "put a text in quotes"
            self.problems.append(Problem("long-number", message, location, hint))
            return ""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        self.texts.append((path, text))
        return text

    def _mapping(self, pairs: _Pairs, path: str, shown: str, depth: int) -> Tree:
        data: dict[str, Tree] = {}
        seen: set[str] = set()
        location = self.layer.location(path) or Location(self.layer.file)
        for key, value in pairs:
            if unseen := UNSEEN.search(key):
                message = f"has a key with a character that cannot be seen (U+{ord(unseen[0]):04X})"
                hint = "delete it and type the key again"
                self.problems.append(Problem("unseen-character", message, location, hint))
                continue
            at = _joined(path, key)
            if key in seen and not key.startswith(OWN_MARK):
                message = f"{key!r} stands here a second time"
                self.problems.append(
                    Problem("equal-keys", message, location, "keep one of the two")
                )
            seen.add(key)
            if value is not None:
                data[key] = self.read(value, at, f"{shown}.{key}", depth + 1)
        return data


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
