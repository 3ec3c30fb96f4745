"""A YAML file -> Document; a valid one is parsed once and then read from the cache by content."""

from typing import Any

import msgspec

from optout_cli.cache import Cache
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.files import MAX_BYTES, read_bytes, text_from
from optout_cli.readers.validate import convert


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    data: dict[str, Any]  # a Tree, whose recursion msgspec cannot name
    marks: dict[str, tuple[int, int]]


def load_document(path: str, *, on_command_line: bool = False) -> Document:
    """Read the YAML file `path` (`-`: standard input). Raises OptoutError with every problem.

    `on_command_line`: the user typed the name there.
    """
    return _parsed(read_bytes(path, MAX_BYTES, on_command_line=on_command_line), path)


def load_valid(path: str, noun: type[msgspec.Struct], cache: Cache | None, name: str) -> Document:
    """Read a file that must be a whole `noun`; places in it are shown under `name`.

    What comes from the cache was valid when it was kept. Places are as fine as lines. Raises
    OptoutError with every problem.
    """
    content = read_bytes(path, MAX_BYTES)
    key = noun.__name__.encode() + b"\0" + content
    if cache and (payload := cache.get(key)):
        stored = msgspec.msgpack.decode(payload, type=_Stored)
        return Document(stored.data, (Layer(name, stored.marks),))
    document = _parsed(content, name)
    convert(document, noun)
    marks = document.layers[0].marks
    # Most values stand on the line of what holds them, and are found there.
    coarse = {at: it for at, it in marks.items() if marks.get(_around(at), (0, 0))[0] != it[0]}
    if cache:
        cache.put(key, msgspec.msgpack.encode(_Stored(document.data, coarse)))
    return Document(document.data, (Layer(name, coarse),))


def _around(path: str) -> str:
    return path.rpartition(".")[0]


def _parsed(content: bytes, path: str) -> Document:
    from optout_cli.readers.yaml import document_from_yaml  # 15 ms that the cache saves

    return document_from_yaml(text_from(content, path), path)
