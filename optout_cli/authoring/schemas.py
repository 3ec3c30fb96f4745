"""JSON Schemas of what people write, for editors that complete and check: from the model itself."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from optout_cli.authoring.draft import layout
from optout_cli.authoring.request_writer import notes_in
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Gazetteer
from optout_cli.model.program import Particular, Program
from optout_cli.model.request import Request
from optout_cli.programs import particulars_type

# A JSON Schema, or a part of one. Any: they hold each other.
Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(name: str, library: Library) -> Schema:
    """Return the schema called `name` in SCHEMAS, with the letters of the library's programs."""
    title, make = SCHEMAS[name]
    return {"$schema": _DRAFT, "title": title, **make(library)}


def _request(library: Library) -> Schema:
    """Describe a request: each letter's own particulars, the form's notes beside the keys."""
    schema = _plain(Request)
    root = schema["$defs"][Request.__name__]
    for key, note in notes_in(layout()).items():
        _describe(root["properties"], key, note)
    letters = {id: kind.particulars for id, _, kind in library.programs.letters()}
    root["properties"]["letter"]["enum"] = list(letters)
    root["allOf"] = [_only_with(id, declared) for id, declared in letters.items()]
    return schema


def _only_with(letter: str, declared: dict[str, Particular]) -> Schema:
    """Return what holds for a request with that letter."""
    is_needed = any(it.required for it in declared.values())
    return {
        "if": {"properties": {"letter": {"const": letter}}},
        "then": {
            "properties": {"particulars": _particulars(declared)},
            "required": ["particulars"] if is_needed else [],
        },
    }


def _particulars(declared: dict[str, Particular]) -> Schema:
    """Return the schema of what a letter kind declares, each with its words of help."""
    root: Schema = _plain(particulars_type(declared))["$defs"]["particulars"]
    for key, spec in declared.items():
        if isinstance(spec.of, dict):  # which msgspec would put elsewhere, under one name for all
            root["properties"][key]["items"] = _particulars(spec.of)
        _describe(root["properties"], key, spec.help)
    return root


def _data(_library: Library) -> Schema:
    """Describe a data file: it names what differs from the shipped one, so no key is required."""
    schema = _plain(Gazetteer)
    for part in schema["$defs"].values():
        part.pop("required", None)
    return schema


def _program(_library: Library) -> Schema:
    """Describe a program's file: one may change a shipped one key by key, so no key is required."""
    schema = _plain(Program)
    schema["$defs"][Program.__name__].pop("required")
    return schema


def _plain(noun: type[msgspec.Struct]) -> Schema:
    """Return msgspec's schema, with what is said for programmers left out."""
    schema: Schema = msgspec.json.schema(noun)
    for part in _parts(schema):
        if "description" in part:
            part["description"] = part["description"].partition("\n")[0]
        if part.get("type") == "array" and part.get("items", {}).get("type") == "string":
            _let_a_text_stand_for_a_list(part)
    return schema


def _let_a_text_stand_for_a_list(part: Schema) -> None:
    """Allow a text, which is split into lines or paragraphs, where a list of them is wanted."""
    array = dict(part)
    part.clear()
    part["anyOf"] = [array, {"type": "string"}]


def _parts(schema: Any) -> Iterator[Schema]:
    """Yield each object within a schema, the inner ones first."""
    if isinstance(schema, dict | list):
        for it in list(schema.values() if isinstance(schema, dict) else schema):
            yield from _parts(it)
    if isinstance(schema, dict):
        yield schema


def _describe(properties: Schema, key: str, text: str) -> None:
    """Put words beside a key; a bare reference takes none, and is put into brackets first."""
    held = properties[key]
    properties[key] = {"allOf": [held], "description": text} if "$ref" in held else held
    properties[key]["description"] = text


SCHEMAS: dict[str, tuple[str, Callable[[Library], Schema]]] = {
    "request": ("A request of optout", _request),
    "jurisdictions": ("A data file of optout", _data),
    "program": ("A program of optout", _program),
}
