"""JSON Schemas of what people write and scripts read, made from the model, for editors."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from optout_cli.authoring.request_writer import layout, notes_in
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Gazetteer
from optout_cli.model.printed import LIST_LINES, NoteLine, ProblemLine
from optout_cli.model.program import Particular, Program
from optout_cli.model.request import Request
from optout_cli.programs import particulars_type
from optout_cli.register.events import AnyEvent
from optout_cli.register.status import LetterStatus

# A JSON Schema, or a part of one. Any: they hold each other.
Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(name: str, library: Library) -> Schema:
    """Return the schema named `name` in SCHEMAS, with the letters of the library's programs."""
    title, make = SCHEMAS[name]
    return {"$schema": DRAFT, "title": title, **make(library)}


def _request(library: Library) -> Schema:
    """Describe a request, with each letter's particulars and the notes of the layout."""
    schema = _schema_from(Request)
    root = schema["$defs"][Request.__name__]
    for key, note in notes_in(layout()).items():
        _describe(root["properties"], key, note)
    # Editors complete the names of passages. A template of the user's own may have others.
    words = root["properties"]["wording"]["additionalProperties"]
    root["properties"]["wording"]["properties"] = {
        name: {**words, "description": note}
        for name, note in library.programs.wording.blocks.items()
    }
    letters = {id: kind.particulars for id, _, kind in library.programs.letters()}
    root["properties"]["letter"]["enum"] = list(letters)
    root["allOf"] = [
        {
            "if": {"properties": {"letter": {"const": id}}},
            "then": {
                "properties": {"particulars": _particulars_schema(declared)},
                "required": ["particulars"] * any(spec.required for spec in declared.values()),
            },
        }
        for id, declared in letters.items()
    ]
    return schema


def _particulars_schema(declared: dict[str, Particular]) -> Schema:
    """Return the schema of a letter kind's particulars, each with its help text."""
    root: Schema = _schema_from(particulars_type(declared))["$defs"]["particulars"]
    for key, spec in declared.items():
        if isinstance(spec.of, dict):  # msgspec would give all groups one name in $defs
            root["properties"][key]["items"] = _particulars_schema(spec.of)
        _describe(root["properties"], key, spec.help)
    return root


def _optional_schema(noun: type[msgspec.Struct], *names: str) -> Schema:
    """Describe a file that has only what differs from optout's own, so no key is required.

    `names` are the nouns without required keys; no names means all nouns.
    """
    schema = _schema_from(noun)
    for name, part in schema["$defs"].items():
        if not names or name in names:
            part.pop("required", None)
    return schema


def _schema_from(noun: type[msgspec.Struct]) -> Schema:
    """Return msgspec's schema of `noun`, without the notes to programmers."""
    schema: Schema = msgspec.json.schema(noun)
    for part in _parts_of(schema):
        if "description" in part:
            part["description"] = part["description"].partition("\n")[0]
        # Text may replace a list of texts: it is split into lines or paragraphs. So may one choice.
        items = part.get("items", {}) if part.get("type") == "array" else {}
        if items.get("type") == "string" or "enum" in items:
            array = dict(part)
            part.clear()
            single = {"enum": items["enum"]} if "enum" in items else {"type": "string"}
            part["anyOf"] = [array, single]
    return schema


def _parts_of(schema: Any) -> Iterator[Schema]:
    """Yield each object within a schema, the inner ones first."""
    if isinstance(schema, dict | list):
        for inner in list(schema.values() if isinstance(schema, dict) else schema):
            yield from _parts_of(inner)
    if isinstance(schema, dict):
        yield schema


def _describe(properties: Schema, key: str, text: str) -> None:
    """Add a description to a key. A bare reference cannot have one, so wrap it first."""
    part = properties[key]
    properties[key] = {**({"allOf": [part]} if "$ref" in part else part), "description": text}


def _register(_library: Library) -> Schema:
    """Describe a line of `register.ndjson`: one of the events."""
    return _plain(msgspec.json.schema(AnyEvent))


def _list(_library: Library) -> Schema:
    """Describe a line of `optout list WHAT --json`, for each WHAT."""
    refs, parts = msgspec.json.schema_components(LIST_LINES)
    return {"anyOf": [*refs], "$defs": _plain({"$defs": parts})["$defs"]}


def printed_schema(line: type[msgspec.Struct]) -> Schema:
    """Describe an object that optout prints, without the notes to programmers."""
    return _plain(msgspec.json.schema(line))


def _plain(schema: Schema) -> Schema:
    for part in _parts_of(schema):
        if "description" in part:
            part["description"] = part["description"].partition("\n")[0]
    return schema


SCHEMAS: dict[str, tuple[str, Callable[[Library], Schema]]] = {
    "request": ("A request of optout", _request),
    "jurisdictions": ("A data file of optout", lambda _: _optional_schema(Gazetteer)),
    "program": ("A program of optout", lambda _: _optional_schema(Program, Program.__name__)),
    "register": ("A line of optout's register", _register),
    "status": ("A letter in optout status --json", lambda _: printed_schema(LetterStatus)),
    "list": ("A line of optout list --json", _list),
    "problem": ("A problem of any command with --json", lambda _: printed_schema(ProblemLine)),
    "note": ("A note of any command with --json", lambda _: printed_schema(NoteLine)),
}
