"""What was read, as plain text in mappings and lists, and where each value stands."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Literal

import msgspec

from optout_cli.errors import OptoutError, Problem, Spot, did_you_mean

Tree = str | list["Tree"] | dict[str, "Tree"]


class Layer(msgspec.Struct, frozen=True):
    """Where the values of one source stand: by key path (`cc.0.name`), line and column from 1."""

    file: str
    marks: dict[str, tuple[int, int]]
    kind: Literal["file", "command-line"] = "file"

    def spot(self, path: str) -> Spot | None:
        """Return where `path` stands in this source, or None where it says nothing of it."""
        if path not in self.marks:
            return None
        if self.kind == "command-line":
            return Spot(self.file, path=path, is_command_line=True)
        line, column = self.marks[path]
        return Spot(self.file, line, column)


class Document(msgspec.Struct, frozen=True):
    """Values and their places; the first layer that knows a path is the one that set it."""

    data: dict[str, Tree]
    layers: tuple[Layer, ...]

    def spot(self, path: str) -> Spot:
        """Return the place of `path`, or of the nearest thing around it that has one."""
        while path:
            for layer in self.layers:
                if spot := layer.spot(path):
                    return spot
            path = path.rpartition(".")[0]
        return Spot(self.layers[-1].file)


def merge(base: Document, over: Document) -> Document:
    """Lay `over` onto `base`, mapping by mapping; texts and lists are replaced whole."""
    return Document(_merged(base.data, over.data), (*over.layers, *base.layers))


def _merged(base: Mapping[str, Tree], over: Mapping[str, Tree]) -> dict[str, Tree]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]  # both are
    return merged


def with_assignments(document: Document, option: str, assignments: Mapping[str, str]) -> Document:
    """Set dotted paths (`particulars.reasons.0`) to texts; an empty text takes the value away.

    `option` is how the user gave them (`--set`), for the places of problems.
    """
    data = deepcopy(document.data)
    made = set(assignments)  # and whatever had to be made around them
    for path, value in assignments.items():
        parts = path.split(".")
        around = {".".join(parts[:end]) for end in range(1, len(parts))}
        made |= {it for it in around if not any(it in layer.marks for layer in document.layers)}
        _assign(data, path, value, option)
    layer = Layer(option, dict.fromkeys(made, (1, 1)), "command-line")
    return Document(data, (layer, *document.layers))


def _assign(data: dict[str, Tree], path: str, value: str, option: str) -> None:
    *parents, last = path.split(".")
    node: Tree = data
    for part, following in zip(parents, [*parents[1:], last], strict=True):
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
    spot = Spot(option, path=path, is_command_line=True)
    if isinstance(node, str):
        return Problem("wrong-path", f"{key!r} cannot stand below the text {node!r}", spot)
    known = [*_keys(node), str(len(node))]
    return Problem("wrong-path", f"the list has no place {key!r}", spot, did_you_mean(key, known))
