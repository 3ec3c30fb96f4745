"""NDJSON text -> rows, one JSON object per line. Every scalar stays text; null and "" are absent.

A key with dots is a path, as in the tables that such lines are made from: `signatory.name`. Where
some numbers of a list are missing, as empty cells are, its items move up.

A line that begins with `#` is a comment. The file of rejected lines uses it for the reasons.
A byte that is not UTF-8 is a lone surrogate in the text, and a problem of its line alone.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from optout_cli.errors import Location, Problem
from optout_cli.readers.document import (
    MAX_DEPTH,
    OWN_MARK,
    TOO_DEEP,
    UNSEEN,
    Layer,
    Row,
    Tree,
    join_path,
    row_from,
    unseen_in,
    with_lists,
)
from optout_cli.readers.files import byte_problem

_MAX_DIGITS = 40  # in a number; the longest that a request may have is 22
_DOTTED = re.compile(r"[a-z][\w-]*(\.[\w-]+|\[[0-9]{1,4}\](?=\.)){1,9}")
_ONE_OBJECT = "write one object per line, in braces; look for a missing quote, comma or brace"
_LOST_QUOTES = re.compile(r":\s*0[0-9]")


def rows_from_ndjson(text: str | Iterable[str], file: str) -> Iterator[Row]:
    """Yield the row of each line that is neither blank nor a comment, as the lines come."""
    for number, whole in enumerate(text.split("\n") if isinstance(text, str) else text, 1):
        location, line, value = Location(file, number), whole.strip(), None
        if not line or whole.startswith(OWN_MARK):
            continue
        again = "write the line again with encoding UTF-8"
        if (problem := byte_problem(whole, file, number, again)) is None:
            try:
                value = _decoder.decode(line)
            except json.JSONDecodeError as error:
                hint = _ONE_OBJECT
                if _LOST_QUOTES.search(line):
                    hint = 'put a number that begins with 0 in quotes: "06041"'
                message = f"is not JSON: {error.msg} at character {error.pos + 1}"
                problem = Problem("json", message, location, hint)
            except RecursionError:
                problem = Problem("too-deep", TOO_DEEP, location)
        if problem:
            yield Row(location, line, problems=(problem,))
            continue
        layer = Layer(file, {"": (number, 1)}, "row")
        reader = _Reader(layer)
        data = reader.read(value, "", "$", 0)
        yield row_from(line, data, layer, [*reader.problems, *unseen_in(data, layer)])


def _put(node: dict[str, Tree], keys: list[str], value: Tree) -> bool:
    """Put a value at its key path, a list made a mapping by number; tell if it was free."""
    *above, last = keys
    for key in above:
        inner = node.setdefault(key, {})
        if isinstance(inner, list):
            inner = node[key] = {str(number): item for number, item in enumerate(inner)}
        if not isinstance(inner, dict):
            return False
        node = inner
    return node.setdefault(last, value) is value


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of a JSON object, with repeated keys."""


class _Number(str):
    """A number, as it is written."""

    __slots__ = ()


_decoder = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=str
)


class _Reader:
    """Turns decoded JSON into plain data, notes where each value is, and collects problems."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.problems: list[Problem] = []

    # Any: `json` returns values of any type.
    def read(self, value: Any, path: str, shown: str, depth: int) -> Tree:
        """Return the data of `value`, which is at `path`; `shown` is its JSON path."""
        self.layer.marks[path] = self.layer.marks[""]
        self.layer.names[path] = shown if path else ""
        if depth > MAX_DEPTH:
            self._fail(path, "too-deep", TOO_DEEP)
            return ""
        if isinstance(value, _Pairs):
            return self._read_object(value, path, shown, depth)
        if isinstance(value, list):
            if None in value:
                hint = "write the item, or leave it out"
                self._fail(path, "empty-item", "has an empty item (null)", hint)
            return [
                self.read(item, join_path(path, number), f"{shown}[{number}]", depth + 1)
                for number, item in enumerate(value)
                if item is not None
            ]
        if isinstance(value, _Number) and len(value) > _MAX_DIGITS:
            message = f"has a number with {len(value):,} digits"
            self._fail(path, "long-number", message, "if it is text, put it in quotes")
            return ""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _read_object(self, pairs: _Pairs, path: str, shown: str, depth: int) -> Tree:
        data: dict[str, Tree] = {}
        seen: set[str] = set()
        for key, value in pairs:
            if unseen := UNSEEN.search(key):
                message = f"has a key with an invisible character (U+{ord(unseen[0]):04X})"
                self._fail(path, "unseen-character", message, "delete it and type the key again")
                continue
            if key in seen and not key.startswith(OWN_MARK):
                self._fail(path, "equal-keys", f"repeats the key {key!r}", "keep one of them")
            seen.add(key)
            if value is not None and value != "":
                data[key] = self.read(value, join_path(path, key), f"{shown}.{key}", depth + 1)
        dotted = [] if depth else [key for key in data if _DOTTED.fullmatch(key)]
        for key in dotted:
            if not _put(data, re.split(r"[].[]+", key), data.pop(key)):
                self._fail(path, "equal-keys", f"repeats the key {key!r}", "keep one of them")
        return with_lists(data, self.layer) if dotted else data

    def _fail(self, path: str, code: str, message: str, hint: str | None = None) -> None:
        location = self.layer.location(path) or Location(self.layer.file)
        self.problems.append(Problem(code, message, location, hint))
