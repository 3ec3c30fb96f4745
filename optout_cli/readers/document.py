"""A document: text in mappings and lists, with the location of every value."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import pairwise
from typing import Literal

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.readers.cells import DateOrder

# Characters that no reader can see: control characters, separators that some programs treat as line
# ends, spaces and joiners without width, fillers, and marks that set the direction of the text.
# They are built from numbers, so that this file has none of them.
_UNSEEN_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029),
    (0x202A, 0x202E), (0x2060, 0x2069), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C),
    (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E), (0x200B, 0x200F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF),
    (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip
UNSEEN = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _UNSEEN_RANGES) + "]")

Tree = str | list["Tree"] | dict[str, "Tree"]


def join_path(path: str, key: str | int) -> str:
    """Return the key path of `key` within `path`; the path of the whole document is empty."""
    return f"{path}.{key}" if path else str(key)


class Layer(msgspec.Struct, frozen=True):
    """The locations of one source's values: by key path (`cc.0.name`), line and column from 1.

    The empty path is the location of the whole, such as a row. `names` has a table's column or a
    line's JSON path for each key path that differs from it, `orders` the order of month and day in
    a table's columns of dates.
    """

    file: str
    marks: dict[str, tuple[int, int]]
    kind: Literal["file", "row", "command-line"] = "file"
    names: dict[str, str] = {}
    orders: dict[str, DateOrder] = {}

    def location(self, path: str) -> Location | None:
        """Return the location of `path` in this source, or None if it is not there."""
        if path not in self.marks:
            return None
        if self.kind == "command-line":
            return Location(self.file, path=path, is_command_line=True)
        line, column = self.marks[path]
        if self.kind == "row":
            return Location(self.file, line, path=self.names.get(path, path))
        return Location(self.file, line, column)


class Document(msgspec.Struct, frozen=True):
    """Values and their locations; the first layer that has a path is the one that set it."""

    data: dict[str, Tree]
    layers: tuple[Layer, ...]

    def location(self, path: str) -> Location:
        """Return the location of `path`, or of the nearest key above it that has one."""
        for place in _at_and_above(path):
            for layer in self.layers:
                if location := layer.location(place):
                    return location
        return Location(self.layers[-1].file)

    @property
    def is_command_line(self) -> bool:
        """Tell whether no file, but the command line alone has the values."""
        return self.layers[-1].kind == "command-line"

    def is_cell(self, path: str) -> bool:
        """Tell whether the value at `path` is from a row of a table or of a list of requests.

        An item of a list that one cell has is, too.
        """
        return self._layer_of(path).kind == "row"

    def date_order(self, path: str) -> DateOrder | None:
        """Return the order of month and day in the column of the cell at `path`, if it is known.

        It is not where rows are read as they come.
        """
        layer = self._layer_of(path)
        for place in _at_and_above(path):
            if order := layer.orders.get(layer.names.get(place, place)):
                return order
        return None

    def _layer_of(self, path: str) -> Layer:
        """Return the layer that has `path`, or the nearest key above it."""
        places = ((place, layer) for place in _at_and_above(path) for layer in self.layers)
        return next((layer for place, layer in places if place in layer.marks), self.layers[-1])

    def path_of(self, text: str) -> str:
        """Return the path with the fewest parts of a value that has `text`, or an empty path."""
        found = (path for path, value in texts_in(self.data) if text in value)
        return min(found, key=lambda path: path.count("."), default="")


def texts_in(node: Tree, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its key path."""
    if isinstance(node, str):
        yield path, node
        return
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield from texts_in(value, join_path(path, key))


def merge(base: Document, over: Document) -> Document:
    """Add the values of `over` to `base`, key by key; texts and lists are replaced whole."""
    kept: list[str] = []
    replaced: set[str] = set()
    data = _merge_data(base.data, over.data, "", kept, replaced)
    # A value that stays gets a location of its own: else it would be located by the key above it,
    # which may be in `over` now.
    places: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for path in kept:
        location = base.location(path)
        if location.line is not None and location.column is not None:
            places[location.file][path] = location.line, location.column
    above = (Layer(file, marks) for file, marks in places.items())
    below = (_layer_without(layer, replaced) for layer in base.layers)
    return Document(data, (*over.layers, *above, *below))


def _merge_data(
    base: Mapping[str, Tree],
    over: Mapping[str, Tree],
    path: str,
    kept: list[str],
    replaced: set[str],
) -> dict[str, Tree]:
    """Merge two mappings at `path`; `kept` and `replaced` get the paths of values in `base`."""
    merged = {**base, **over}
    for key, old in base.items():
        new, place = over.get(key), join_path(path, key)
        if new is None:
            kept.append(place)
        elif isinstance(old, dict) and isinstance(new, dict):
            merged[key] = _merge_data(old, new, place, kept, replaced)
        else:
            replaced.add(place)
    return merged


def without(document: Document, paths: set[str]) -> Document:
    """Remove the values at `paths`, with all locations at and below them."""
    if not paths:
        return document
    data = document.data
    for path in paths:
        data = _data_without(data, path.split("."))
    return Document(data, tuple(_layer_without(layer, paths) for layer in document.layers))


def _data_without(data: dict[str, Tree], keys: list[str]) -> dict[str, Tree]:
    """Copy the groups on the way to a value that is removed, and share all others."""
    key, *rest = keys
    node = data.get(key)
    kept = {name: value for name, value in data.items() if rest or name != key}
    if rest and isinstance(node, dict):
        kept[key] = _data_without(node, rest)
    return kept


def _layer_without(layer: Layer, paths: set[str]) -> Layer:
    if not paths:
        return layer
    below = tuple(f"{path}." for path in paths)
    marks = {
        path: mark
        for path, mark in layer.marks.items()
        if path not in paths and not path.startswith(below)
    }
    return msgspec.structs.replace(layer, marks=marks)


def _at_and_above(path: str) -> Iterator[str]:
    """Yield `path`, then each path above it, and the empty path last."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def with_assignments(document: Document, option: str, assignments: Mapping[str, str]) -> Document:
    """Set key paths (`particulars.reasons.0`) to texts; an empty text removes the value.

    `option` is the option that gave them (`--set`), for locations. Raises OptoutError.
    """
    raise_any(
        problem
        for path, value in assignments.items()
        for problem in find_unseen(value, Location(option, path=path, is_command_line=True))
    )
    data = deepcopy(document.data)
    made = set(assignments)  # and the keys above them that are new
    for path, value in assignments.items():
        above = set(_at_and_above(path)) - {path, ""}
        made |= above.difference(*(layer.marks for layer in document.layers))
        node: Tree = data
        last = path.rpartition(".")[2]
        for part, following in pairwise(path.split(".")):
            if part not in _keys(node):
                _put(node, part, [] if following.isdigit() else {}, path, option)
            node = node[int(part)] if isinstance(node, list) else node[part]  # type: ignore[index]
        if value:
            _put(node, last, value, path, option)
        elif isinstance(node, dict):
            node.pop(last, None)
        elif isinstance(node, list) and last in _keys(node):
            del node[int(last)]
    layer = Layer(option, dict.fromkeys(made, (1, 1)), "command-line")
    return Document(data, (layer, *document.layers))


def _keys(node: Tree) -> list[str]:
    if isinstance(node, dict):
        return list(node)
    return [str(index) for index in range(len(node))] if isinstance(node, list) else []


def _put(node: Tree, key: str, value: Tree, path: str, option: str) -> None:
    if isinstance(node, dict):
        node[key] = value
    elif isinstance(node, list) and key in _keys(node):
        node[int(key)] = value
    elif isinstance(node, list) and key == str(len(node)):
        node.append(value)
    else:
        location = Location(option, path=path, is_command_line=True)
        message, hint = f"{node!r} is a text, so it has no {key!r}", None
        if isinstance(node, list):
            message = f"the list has no entry {key!r}"
            hint = did_you_mean(key, [*_keys(node), str(len(node))])
        raise OptoutError(Problem("wrong-path", message, location, hint))


OWN_MARK = "#"  # begins the names of the user's own columns and keys, which are not read
KEY = "# table row"  # the column with the row of the table that a rejected row is
REASON = "# rejected"  # the column or key with the reason why a row was rejected
_NUMBER = re.compile("[0-9]{1,4}")  # of an item in a list
MAX_DEPTH = 40  # keys within keys
TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"
_LABEL = 40  # characters of a jurisdiction's name that a label shows

Original = tuple[tuple[str, str], ...] | str | dict[str, Tree]


class Row(msgspec.Struct, frozen=True):
    """A request among many: its location, and its document or the problems that prevent one.

    The location has the row's jurisdiction as its label. `original` is what was read: the cells of
    a table with their columns, a line of JSON, or the data of a YAML request.
    """

    location: Location
    original: Original
    document: Document | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """The cells of a table's row with their columns; none of a request in another form."""
        return self.original if isinstance(self.original, tuple) else ()


def with_lists(node: Tree, layer: Layer, path: str = "", column: str = "") -> Tree:
    """Return a value with a list, without gaps, for each mapping by number.

    `column` is its key path with the gaps. Adds the mark and the column of each path to `layer`.
    """
    if not isinstance(node, dict):
        return node
    is_list = bool(node) and all(_NUMBER.fullmatch(key) for key in node)
    tree: dict[str, Tree] = {}
    for number, key in enumerate(sorted(node, key=int) if is_list else node):
        inner_path = join_path(path, number if is_list else key)
        inner_column = join_path(column, key)
        layer.marks[inner_path] = layer.marks[""]
        shown = layer.names.get(inner_column, inner_column)
        if inner_path != shown:
            layer.names[inner_path] = shown
        tree[key] = with_lists(node[key], layer, inner_path, inner_column)
    return list(tree.values()) if is_list else tree


def row_from(
    original: Original, data: Tree, layer: Layer, problems: list[Problem], label: str = ""
) -> Row:
    """Return the row with this `data`; `layer` has its locations. Its label begins with `label`."""
    name = data.get("jurisdiction") if isinstance(data, dict) else None
    words = " ".join(name.split()) if isinstance(name, str) else ""
    label = ", ".join(filter(None, (label, "".join(filter(str.isprintable, words[:_LABEL])))))
    location = msgspec.structs.replace(layer.location("") or Location(layer.file), label=label)
    if not problems and not isinstance(data, dict):
        message, hint = "must hold `name: value`", "begin with the key jurisdiction"
        problems.append(Problem("wrong-shape", message, location, hint))
    if problems or not isinstance(data, dict):
        return Row(location, original, problems=tuple(problems))
    read = {key: value for key, value in data.items() if not key.startswith(OWN_MARK)}
    return Row(location, original, Document(read, (layer,)))


def locate(
    problems: Iterable[Problem], document: Document | None, row: Row | None = None
) -> tuple[Problem, ...]:
    """Give each Problem its location in `document`, and drop those that are the same then.

    In a `row`, the location has the row's label, and a hint for a table or a line of JSON names
    columns to fill in and not lines to add.
    """
    located = []
    for problem in problems:
        location, hint = problem.location, problem.hint
        if location is None and document:
            path = problem.path or (document.path_of(problem.text) if problem.text else "")
            location = document.location(path)
        if row and location and location.file == row.location.file:
            # A particular may be one of another row's letter.
            is_of_column = (
                problem.code == "unknown-key" and not location.path.startswith("particulars.")
            ) or (problem.code == "two-readings" and document and document.date_order(problem.path))
            if is_of_column and isinstance(row.original, tuple):
                # The header: wrong for all rows.
                location = Location(location.file, 1, path=location.path)
            else:
                label = location.label or row.location.label
                location = msgspec.structs.replace(location, label=label)
        if hint and problem.fields and row and not isinstance(row.original, dict):
            cells = " and ".join(filter(None, (", ".join(problem.fields[:-1]), problem.fields[-1])))
            hint = hint.replace(lines_to_add(problem.fields), f"fill in {cells}")
        located.append(msgspec.structs.replace(problem, location=location, hint=hint))
    return tuple(dict.fromkeys(located))


@contextmanager
def locating(document: Document) -> Iterator[None]:
    """Locate in `document` the Problems that the block raises."""
    try:
        yield
    except OptoutError as error:
        raise OptoutError(*locate(error.problems, document)) from None


def lines_to_add(fields: Sequence[str]) -> str:
    """Say which lines to add to a request: `add address: {zip: ...} under recipients: bureau:`.

    `fields` are key paths, all of one recipient or below one key.
    """
    depth = 2 if fields[0].startswith("recipients.") else 1
    values: dict[str, list[str]] = {}
    for field in fields:
        key, _, inner = ".".join(field.split(".")[depth:]).partition(".")
        sample = "telephone" if field.endswith(".confirmed.by") else "..."
        values.setdefault(key, []).append(f"{inner}: {sample}" if inner else "")
    lines = (
        f"{key}: {{{', '.join(inner)}}}" if any(inner) else f"{key}: ..."
        for key, inner in values.items()
    )
    owner = "".join(f" {key}:" for key in fields[0].split(".")[:depth])
    option = f", or pass --set {fields[0]}=..." if len(fields) == 1 else ""
    return f"add {', '.join(lines)} under{owner}{option}"


def find_unseen(text: str, location: Location) -> Iterator[Problem]:
    """Yield a Problem if a text has a character that no letter can show."""
    if found := UNSEEN.search(text):
        yield unseen_problem(found[0], location)


def unseen_problem(character: str, location: Location) -> Problem:
    """Return the Problem of a character that no letter can show."""
    message = f"has an invisible character (U+{ord(character):04X})"
    return Problem("unseen-character", message, location, "delete it and type the text again")


def unseen_in(node: Tree, layer: Layer) -> Iterator[Problem]:
    """Yield a Problem for each text that has an invisible character; `layer` locates them."""
    for path, text in texts_in(node):
        yield from find_unseen(text, layer.location(path) or Location(layer.file))
