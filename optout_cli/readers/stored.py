"""A YAML file -> Document. A valid file is parsed once, then read from the cache by its content.

A file of many parts, such as one for each state, is read a part at a time.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from optout_cli.cache import Cache
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.files import MAX_BYTES, read_bytes, text_from
from optout_cli.readers.validate import convert


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    data: dict[str, Any]  # a Tree; msgspec cannot decode a recursive type
    marks: dict[str, tuple[int, int]]


class _InParts(msgspec.Struct, frozen=True, array_like=True):
    rest: msgspec.Raw
    parts: dict[str, msgspec.Raw]


class Parts:
    """A file in parts, by the keys below its top key `top`; each is decoded when it is needed.

    The document of a part has the whole key paths: `states.FL.agencies`. `rest` has the other top
    keys.
    """

    def __init__(self, payload: bytes, top: str, name: str) -> None:
        self._stored = msgspec.msgpack.decode(payload, type=_InParts)
        self._top, self._name = top, name
        self._decoded: dict[str, Document] = {}
        self.rest = self._document(self._stored.rest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored.parts)

    def __contains__(self, key: object) -> bool:
        return key in self._stored.parts

    def part(self, key: str) -> Document:
        """Return the document of one part. Raises KeyError if there is none."""
        if key not in self._decoded:
            self._decoded[key] = self._document(self._stored.parts[key])
        return self._decoded[key]

    def _document(self, raw: msgspec.Raw) -> Document:
        stored = msgspec.msgpack.decode(raw, type=_Stored)
        return Document(stored.data, (Layer(self._name, stored.marks),))


def load_document(path: str, *, on_command_line: bool = False) -> Document:
    """Read the YAML file `path` (`-`: standard input). Raises OptoutError with every problem.

    `on_command_line` says that the user typed the name there.
    """
    return _parse(read_bytes(path, MAX_BYTES, on_command_line=on_command_line), path)


def load_valid(path: str, noun: type[msgspec.Struct], cache: Cache | None, name: str) -> Document:
    """Read a file that must be a whole `noun`; locations in it have `name` as their file.

    The cache keeps valid files only. Locations are exact to the line. Raises OptoutError with
    every problem.
    """
    content = read_bytes(path, MAX_BYTES)
    key = noun.__name__.encode() + b"\0" + content
    if cache and (payload := cache.get(key)):
        stored = msgspec.msgpack.decode(payload, type=_Stored)
        return Document(stored.data, (Layer(name, stored.marks),))
    data, coarse = _valid(content, noun, name)
    if cache:
        cache.put(key, msgspec.msgpack.encode(_Stored(data, coarse)))
    return Document(data, (Layer(name, coarse),))


def load_parts(
    path: str, noun: type[msgspec.Struct], top: str, cache: Cache | None, name: str
) -> Parts:
    """Read a file that must be a whole `noun`, in the parts below its top key `top`.

    As `load_valid`, but only the parts that are used are decoded. Raises OptoutError.
    """
    content = read_bytes(path, MAX_BYTES)
    key = f"{noun.__name__} by {top}".encode() + b"\0" + content
    payload = cache.get(key) if cache else None
    if payload is None:
        data, marks = _valid(content, noun, name)
        inside = data.pop(top, {})
        parts = {
            part: _raw({top: {part: value}}, _marks_below(marks, f"{top}.{part}"))
            for part, value in inside.items()
        }
        payload = msgspec.msgpack.encode(_InParts(_raw(data, marks), parts))
        if cache:
            cache.put(key, payload)
    return Parts(payload, top, name)


def _valid(
    content: bytes, noun: type[msgspec.Struct], name: str
) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """Parse and check a file; return its data and marks that are exact to the line."""
    document = _parse(content, name)
    convert(document, noun)
    marks = document.layers[0].marks
    # Most values are on the line of the mapping or list around them, whose mark serves for them.
    coarse = {
        path: mark
        for path, mark in marks.items()
        if marks.get(path.rpartition(".")[0], (0, 0))[0] != mark[0]
    }
    return document.data, coarse


def _raw(data: dict[str, Any], marks: dict[str, tuple[int, int]]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(_Stored(data, marks)))


def _marks_below(marks: dict[str, tuple[int, int]], path: str) -> dict[str, tuple[int, int]]:
    """Take the marks at and below `path` out of `marks`."""
    found = [known for known in marks if known == path or known.startswith(f"{path}.")]
    return {known: marks.pop(known) for known in found}


def _parse(content: bytes, path: str) -> Document:
    from optout_cli.readers.yaml import document_from_yaml  # 15 ms that the cache saves

    return document_from_yaml(text_from(content, path), path)
