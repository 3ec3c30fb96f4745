"""A row's letters between its check and the making of its files: packed, without their files.

A thousand rows may show one seal and enclose one resolution, so files are read again when a letter
is made. They must be the same then.
"""

import pickle
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

import msgspec

from optout_cli import programs
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.letters.files import NamedFiles, files_of, named_in
from optout_cli.model.fields import Noun
from optout_cli.model.letter import Letter
from optout_cli.model.request import Request

_Stamp = tuple[int, int] | None  # when a file was changed, in ns, and its size; None if missing


class _Kept(msgspec.Struct, frozen=True):
    """Letters without their files, and the request that names those with what tells a change."""

    letters: tuple[Letter, ...]
    request: Request | None = None
    named: NamedFiles | None = None
    stamps: tuple[_Stamp, ...] = ()


def pack(letters: Sequence[Letter], request: Request, named: NamedFiles) -> bytes:
    """Pack the letters of a request; `named` finds the files that it names."""
    bare = tuple(
        msgspec.structs.replace(letter, seal=None, autograph=None, attachments=())
        for letter in letters
    )
    stamps = _stamps(request, named)
    packed = BytesIO()
    _Packer(packed).dump(_Kept(bare, request, named, stamps) if stamps else _Kept(bare))
    return packed.getvalue()


class _Packer(pickle.Pickler):
    """Packs a noun without the fields that have their default.

    JSON leaves out a field if its value is the default itself; an equal one would be shown.
    """

    # Any: objects of every type, and what pickle accepts for them.
    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Noun):
            return NotImplemented
        kind = type(value)
        if kind.__module__ == programs.__name__:  # its class has no name that another process knows
            return dict, (msgspec.to_builtins(value),)
        stated = {
            field: inner
            for field, default in _defaults(kind)
            if (inner := getattr(value, field)) is not default
        }
        return _struct_from, (kind, stated)


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """Return the name of each field of a struct with its default, or NODEFAULT."""
    fields, defaults = kind.__struct_fields__, kind.__struct_defaults__
    needed = (msgspec.NODEFAULT,) * (len(fields) - len(defaults))
    return tuple(zip(fields, (*needed, *defaults), strict=True))


# Any: values of each field's own type.
def _struct_from(kind: type[msgspec.Struct], stated: dict[str, Any]) -> msgspec.Struct:
    return kind(**stated)


def unpack(content: bytes) -> tuple[Letter, ...]:
    """Return the letters that were packed, with their files.

    Raises OptoutError if a file was changed since.
    """
    kept: _Kept = pickle.loads(content)  # noqa: S301  # packed above
    if not kept.request or not kept.named:
        return kept.letters
    files = files_of(kept.request, kept.named)
    now = _stamps(kept.request, kept.named)
    raise_any(
        Problem(
            "changed-file",
            f"{name!r} was changed while the batch was running",
            None,
            "run the command again",
            path,
        )
        for (path, name), old, new in zip(named_in(kept.request), kept.stamps, now, strict=True)
        if old != new
    )
    return tuple(
        msgspec.structs.replace(
            letter, seal=files.seal, autograph=files.autograph, attachments=files.attachments
        )
        for letter in kept.letters
    )


def _stamps(request: Request, named: NamedFiles) -> tuple[_Stamp, ...]:
    return tuple(_stamp(named, path, name) for path, name in named_in(request))


def _stamp(named: NamedFiles, path: str, name: str) -> _Stamp:
    try:
        status = named.find(path, name).place.stat()
    except (OSError, OptoutError):
        return None
    return status.st_mtime_ns, status.st_size
