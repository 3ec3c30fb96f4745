"""The particulars of a letter: a noun made of what its kind declares, and read as one."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from optout_cli.model.fields import MAX_ITEMS, Line, Noun, Text
from optout_cli.model.program import LetterKind, Particular, ParticularType
from optout_cli.source.document import Document
from optout_cli.source.shape import convert


# Any: a struct made here, whose fields no checker can know.
def particulars_from(document: Document, kind: LetterKind) -> Any:
    """Read the request's particulars as the letter kind declares them. Raises OptoutError."""
    return convert(document, particulars_type(kind.particulars), "particulars")


def particulars_type(declared: dict[str, Particular]) -> type[msgspec.Struct]:
    """Return the struct that holds what a letter kind declares."""
    return _declared(msgspec.msgpack.encode(declared))


@lru_cache(maxsize=64)  # a class for each letter kind, and none for each request
def _declared(particulars: bytes) -> type[msgspec.Struct]:
    return _defined("particulars", msgspec.msgpack.decode(particulars, type=dict[str, Particular]))


def _defined(name: str, particulars: dict[str, Particular]) -> type[msgspec.Struct]:
    fields = [_field(key, spec) for key, spec in particulars.items()]
    return msgspec.defstruct(name, fields, bases=(Noun,), module=__name__, kw_only=True)


# Any: annotations have no common type.
def _field(key: str, spec: Particular) -> tuple[str, Any] | tuple[str, Any, Any]:
    name, kind = key.replace("-", "_"), _annotation(spec, spec.type)
    if spec.required:
        return name, kind
    if spec.type in ("list", "paragraphs"):
        return name, kind, ()
    return name, kind | None, None


def _annotation(spec: Particular, kind: ParticularType) -> Any:
    few = msgspec.Meta(min_length=1 if spec.required else 0, max_length=MAX_ITEMS)
    match kind:
        case "text":
            return Line
        case "date":
            return date
        case "paragraphs":
            return Annotated[tuple[Text, ...], few]
        case "choice":
            return Literal[spec.choices]
        case _:  # a list
            return Annotated[tuple[_item(spec), ...], few]  # type: ignore[misc]  # made at run time


def _item(spec: Particular) -> Any:
    if isinstance(spec.of, dict):
        return _defined("item", spec.of)
    return _annotation(spec, spec.of or "text")
