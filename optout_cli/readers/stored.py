"""A YAML file -> Document. A valid file is parsed once, then read from the cache by its content."""

from typing import Any

import msgspec

from optout_cli.cache import Cache
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.files import MAX_BYTES, read_bytes, text_from
from optout_cli.readers.validate import convert


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    data: dict[str, Any]  # a Tree; msgspec cannot decode a recursive type
    marks: dict[str, tuple[int, int]]


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
    document = _parse(content, name)
    convert(document, noun)
    marks = document.layers[0].marks
    # Most values are on the line of the mapping or list around them, whose mark serves for them.
    coarse = {
        path: mark
        for path, mark in marks.items()
        if marks.get(path.rpartition(".")[0], (0, 0))[0] != mark[0]
    }
    if cache:
        cache.put(key, msgspec.msgpack.encode(_Stored(document.data, coarse)))
    return Document(document.data, (Layer(name, coarse),))


def _parse(content: bytes, path: str) -> Document:
    from optout_cli.readers.yaml import document_from_yaml  # 15 ms that the cache saves

    return document_from_yaml(text_from(content, path), path)
