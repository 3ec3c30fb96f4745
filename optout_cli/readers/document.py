"""What was read, as plain text in mappings and lists, and where each value stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import pairwise
from typing import Literal

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.readers.files import UNSEEN, unseen_problem

Tree = str | list["Tree"] | dict[str, "Tree"]


def join_path(path: str, key: str | int) -> str:
    """Return the key path of `key` within `path`; the path of the whole document is empty."""
    return f"{path}.{key}" if path else str(key)


class Layer(msgspec.Struct, frozen=True):
    """Where the values of one source stand: by key path (`cc.0.name`), line and column from 1.

    A row of a table has the empty path as its own place. `names` are a table's columns or a
    line's JSON paths, where they are not the key path itself.
    """

    file: str
    marks: dict[str, tuple[int, int]]
    kind: Literal["file", "row", "command-line"] = "file"
    names: dict[str, str] = {}

    def location(self, path: str) -> Location | None:
        """Return where `path` stands in this source, or None where it says nothing of it."""
        if path not in self.marks:
            return None
        if self.kind == "command-line":
            return Location(self.file, path=path, is_command_line=True)
        line, column = self.marks[path]
        if self.kind == "row":
            return Location(self.file, line, path=self.names.get(path, path))
        return Location(self.file, line, column)


class Document(msgspec.Struct, frozen=True):
    """Values and their places; the first layer that knows a path is the one that set it."""

    data: dict[str, Tree]
    layers: tuple[Layer, ...]

    def location(self, path: str) -> Location:
        """Return the place of `path`, or of the nearest thing around it that has one."""
        for it in _around(path):
            for layer in self.layers:
                if location := layer.location(it):
                    return location
        return Location(self.layers[-1].file)

    def is_cell(self, path: str) -> bool:
        """Tell whether the value at `path` is from a row: of a table, or of a list of requests."""
        return next((it.kind == "row" for it in self.layers if path in it.marks), False)

    def path_of(self, text: str) -> str:
        """Return the key path of the first value that holds `text`, or an empty one."""
        waiting: list[tuple[str, Tree]] = [("", self.data)]
        while waiting:
            path, node = waiting.pop(0)
            if isinstance(node, str) and text in node:
                return path
            if not isinstance(node, str):
                inside = node.items() if isinstance(node, dict) else enumerate(node)
                waiting += [(f"{path}.{key}".lstrip("."), value) for key, value in inside]
        return ""


def merge(base: Document, over: Document) -> Document:
    """Lay `over` onto `base`, mapping by mapping; texts and lists are replaced whole."""
    kept = _kept_places(base, over)
    replaced = set(_replaced(base.data, over.data, ""))
    below = (_layer_without(it, replaced) for it in base.layers)
    return Document(_merged(base.data, over.data), (*over.layers, *kept, *below))


def without(document: Document, paths: set[str]) -> Document:
    """Take the values at `paths` away, with every place at and below them."""
    data = deepcopy(document.data)
    for path in paths:
        *around, last = path.split(".")
        node: Tree = data
        for key in around:
            node = node.get(key, {}) if isinstance(node, dict) else {}
        if isinstance(node, dict):
            node.pop(last, None)
    return Document(data, tuple(_layer_without(it, paths) for it in document.layers))


def _layer_without(layer: Layer, paths: set[str]) -> Layer:
    marks = {path: it for path, it in layer.marks.items() if paths.isdisjoint(_around(path))}
    return msgspec.structs.replace(layer, marks=marks)


def _around(path: str) -> Iterator[str]:
    """Yield `path` and everything that holds it, the nearest first and the whole last."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def _replaced(base: Mapping[str, Tree], over: Mapping[str, Tree], around: str) -> Iterator[str]:
    for key in base.keys() & over.keys():
        old, new = base[key], over[key]
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _replaced(old, new, f"{around}{key}.")
        else:
            yield f"{around}{key}"


def _kept_places(base: Document, over: Document) -> Iterator[Layer]:
    """Give each value of `base` that stays beside one of `over` a place of its own.

    One that has only the place of what holds it would be found where `over` changes that.
    """
    places: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for path in _kept(base.data, over.data, ""):
        location = base.location(path)
        if location.line is not None and location.column is not None:
            places[location.file][path] = location.line, location.column
    for file, marks in places.items():
        yield Layer(file, marks)


def _kept(base: Mapping[str, Tree], over: Mapping[str, Tree], around: str) -> Iterator[str]:
    for key, value in base.items():
        new = over.get(key)
        if new is None:
            yield f"{around}{key}"
        elif isinstance(value, dict) and isinstance(new, dict):
            yield from _kept(value, new, f"{around}{key}.")


def _merged(base: Mapping[str, Tree], over: Mapping[str, Tree]) -> dict[str, Tree]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]  # both are
    return merged


def with_assignments(document: Document, option: str, assignments: Mapping[str, str]) -> Document:
    """Set dotted paths (`particulars.reasons.0`) to texts; an empty text takes the value away.

    `option` is how the user gave them (`--set`), for the places of problems. Raises OptoutError.
    """
    raise_any(_unseen(option, assignments))
    data = deepcopy(document.data)
    made = set(assignments)  # and whatever had to be made around them
    for path, value in assignments.items():
        parts = path.split(".")
        around = {".".join(parts[:end]) for end in range(1, len(parts))}
        made |= {it for it in around if not any(it in layer.marks for layer in document.layers)}
        _assign(data, path, value, option)
    layer = Layer(option, dict.fromkeys(made, (1, 1)), "command-line")
    return Document(data, (layer, *document.layers))


def _unseen(option: str, assignments: Mapping[str, str]) -> Iterator[Problem]:
    for path, value in assignments.items():
        if found := UNSEEN.search(value):
            yield unseen_problem(found[0], Location(option, path=path, is_command_line=True))


def _assign(data: dict[str, Tree], path: str, value: str, option: str) -> None:
    last = path.rpartition(".")[2]
    node: Tree = data
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
        raise OptoutError(_no_such_place(node, key, path, option))


def _no_such_place(node: Tree, key: str, path: str, option: str) -> Problem:
    location = Location(option, path=path, is_command_line=True)
    if isinstance(node, str):
        return Problem("wrong-path", f"{key!r} cannot stand below the text {node!r}", location)
    known = [*_keys(node), str(len(node))]
    return Problem(
        "wrong-path", f"the list has no place {key!r}", location, did_you_mean(key, known)
    )


OWN_MARK = "#"  # begins the names of columns and keys that are the user's own, and are not read
REASON = "# rejected"  # the column or key in which a rejected row says why
MAX_DEPTH = 40  # of keys within keys
_LABEL = 40  # characters of a jurisdiction that are enough to know it by

Original = tuple[tuple[str, str], ...] | str | dict[str, Tree]


class Row(msgspec.Struct, frozen=True):
    """Where a request stands, and its document, or every problem that keeps it from having one.

    The place is labelled with the row's jurisdiction, as it stands there.
    `original` is what it was read from: a table's cells with their columns, a line of JSON, or
    the data of a YAML request.
    """

    location: Location
    original: Original
    document: Document | None = None
    problems: tuple[Problem, ...] = ()


def row_from(
    original: Original, data: Tree, layer: Layer, problems: list[Problem], label: str = ""
) -> Row:
    """Make the row that `data` holds; `layer` has its places, `label` begins that of the row."""
    label = ", ".join(filter(None, (label, _named(data))))
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
    located = (
        msgspec.structs.replace(
            problem, location=_find_location(problem, document, row), hint=_hint_in(row, problem)
        )
        for problem in problems
    )
    return tuple(dict.fromkeys(located))


@contextmanager
def locating(document: Document) -> Iterator[None]:
    """Locate in `document` the Problems that the block raises."""
    try:
        yield
    except OptoutError as error:
        raise OptoutError(*locate(error.problems, document)) from None


def _find_location(problem: Problem, document: Document | None, row: Row | None) -> Location | None:
    location = problem.location
    if location is None and document:
        path = problem.path or (document.path_of(problem.text) if problem.text else "")
        location = document.location(path)
    if not row or not location or location.file != row.location.file:
        return location
    if problem.code == "unknown-key" and isinstance(row.original, tuple):
        return Location(location.file, 1, path=location.path)  # the header: wrong for all rows
    label = location.label or row.location.label
    return msgspec.structs.replace(location, label=label)


def _hint_in(row: Row | None, problem: Problem) -> str | None:
    if not row or isinstance(row.original, dict) or not problem.hint or not problem.fields:
        return problem.hint
    cells = " and ".join(filter(None, (", ".join(problem.fields[:-1]), problem.fields[-1])))
    return problem.hint.replace(lines_to_add(problem.fields), f"fill in {cells}")


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


def _named(data: Tree) -> str:
    """Return the jurisdiction of a row as it can stand on one line, or an empty text."""
    name = data.get("jurisdiction") if isinstance(data, dict) else None
    words = " ".join(name.split()) if isinstance(name, str) else ""
    return "".join(filter(str.isprintable, words[:_LABEL]))


def unseen_in(texts: Iterator[tuple[str, str]], layer: Layer) -> Iterator[Problem]:
    """Yield a Problem for each text, given with its key path, that has an unseen character."""
    for path, text in texts:
        if found := UNSEEN.search(text):
            yield unseen_problem(found[0], layer.location(path) or Location(layer.file))
