"""A YAML file -> Document, parsed once and then read from the cache by the file's content."""

from typing import Any

import msgspec

from optout_cli.cache import Cache
from optout_cli.source.document import Document, Layer
from optout_cli.source.files import MAX_BYTES, read_bytes, text_from


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    data: Any  # a Tree, whose recursion msgspec cannot name; an entry is its own content's digest
    marks: dict[str, tuple[int, int]]


def load_document(
    path: str,
    cache: Cache | None = None,
    *,
    shown_as: str | None = None,
    on_command_line: bool = False,
) -> Document:
    """Read the YAML file `path` (`-`: standard input). Raises OptoutError with every problem.

    `shown_as` is the name that places carry, where it is not the path; `on_command_line`: the
    user typed the name there.
    """
    content = read_bytes(path, MAX_BYTES, on_command_line=on_command_line)
    file = shown_as or path
    if cache and (payload := cache.get(content)):
        stored = msgspec.msgpack.decode(payload, type=_Stored)
        return Document(stored.data, (Layer(file, stored.marks),))
    from optout_cli.source.yaml_text import document_from_yaml  # 15 ms that the cache saves

    document = document_from_yaml(text_from(content, file), file)
    if cache:
        stored = _Stored(document.data, document.layers[0].marks)
        cache.put(content, msgspec.msgpack.encode(stored))
    return document
