"""`optout schema`: print a JSON Schema, made from the model, to complete and check files."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from optout_cli.authoring.request_writer import layout, notes_in
from optout_cli.cli.console import JsonLine, NoteLine, ProblemLine, report_problems
from optout_cli.cli.options import library_from, templates_option
from optout_cli.cli.show import UNUSED, Overview
from optout_cli.cli.value_types import Choice
from optout_cli.errors import JSON_SCHEMA
from optout_cli.letters import Library
from optout_cli.model.jurisdiction import Agreement, Contact, Gazetteer, Locality, Office
from optout_cli.model.program import Particular, Program
from optout_cli.model.request import DETAILS, Request
from optout_cli.programs.validation import particulars_type
from optout_cli.register.events import AnyEvent
from optout_cli.register.status import LetterStatus

# A JSON Schema, or a part of one. Any: they hold each other.
_Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class JurisdictionLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list jurisdictions`."""

    id: str
    slug: str
    name: str
    state: str
    activated: str | None


class AgencyLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list agencies`."""

    id: str
    name: str
    state: str
    kind: str | None
    county: str | None
    agreements: tuple[Agreement, ...]


class OfficeLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list offices`."""

    id: str
    name: str
    city: str | None
    source: str | None
    dated: str | None
    verified: str | None


class LetterLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list letters`."""

    id: str
    title: str
    summary: str
    follows: tuple[str, ...]
    particulars: dict[str, Particular]


class PassageLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list passages`."""

    id: str
    help: str
    texts: tuple[str, ...]


class FormatLine(JsonLine, frozen=True, kw_only=True):
    """A row of `optout list formats`."""

    id: str
    title: str


_LIST_LINES = (JurisdictionLine, AgencyLine, OfficeLine, LetterLine, PassageLine, FormatLine)


def _request(library: Library) -> _Schema:
    """Describe a request, with each letter's particulars and the notes of the layout."""
    schema = _schema_from(Request)
    root = schema["$defs"][Request.__name__]
    for key in ("enclosures", "cc"):  # a text alone is a title
        array = root["properties"][key]
        array["items"] = {"anyOf": [array["items"], {"type": "string"}]}
        root["properties"][key] = {"anyOf": [array, {"type": "string"}]}
    for key, note in notes_in(layout()).items():
        _describe(root["properties"], key, note)
    # Editors complete the names of passages. A template of the user's own may have others.
    words = root["properties"]["wording"]["additionalProperties"]
    root["properties"]["wording"]["properties"] = {
        name: {**words, "description": note}
        for name, note in library.programs.wording.blocks.items()
    }
    kinds = [kind for *_, kind in library.programs.letters()]
    passages = sorted({name for kind in kinds for name in kind.may_leave_out})
    root["properties"]["leave-out"]["items"] = {"enum": [*DETAILS, *passages]}
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


def _particulars_schema(declared: dict[str, Particular]) -> _Schema:
    """Return the schema of a letter kind's particulars, each with its help text."""
    root: _Schema = _schema_from(particulars_type(declared))["$defs"]["particulars"]
    for key, spec in declared.items():
        if isinstance(spec.of, dict):  # in place: $defs are those of the whole schema
            root["properties"][key]["items"] = _particulars_schema(spec.of)
        _describe(root["properties"], key, spec.help)
    return root


def _optional_schema(noun: type[msgspec.Struct], *names: str) -> _Schema:
    """Describe a file that has only what differs from optout's own, so no key is required.

    `names` are the nouns without required keys; no names means all nouns.
    """
    schema = _schema_from(noun)
    for name, part in schema["$defs"].items():
        if not names or name in names:
            part.pop("required", None)
    return schema


def _schema_from(noun: type[msgspec.Struct]) -> _Schema:
    """Return msgspec's schema of `noun`, without the notes to programmers."""
    schema = _printed_schema(noun)
    for part in _parts_of(schema):
        # Text may replace a list of texts: it is split into lines or paragraphs. So may one choice.
        items = part.get("items", {}) if part.get("type") == "array" else {}
        if items.get("type") == "string" or "enum" in items:
            array = dict(part)
            part.clear()
            single = {"enum": items["enum"]} if "enum" in items else {"type": "string"}
            part["anyOf"] = [array, single]
    return schema


def _parts_of(schema: Any) -> Iterator[_Schema]:
    """Yield each object within a schema, the inner ones first."""
    if isinstance(schema, dict | list):
        for inner in list(schema.values() if isinstance(schema, dict) else schema):
            yield from _parts_of(inner)
    if isinstance(schema, dict):
        yield schema


def _describe(properties: _Schema, key: str, text: str) -> None:
    """Add a description to a key. A bare reference cannot have one, so wrap it first."""
    part = properties[key]
    properties[key] = {**({"allOf": [part]} if "$ref" in part else part), "description": text}


def _list(_library: Library) -> _Schema:
    """Describe a line of `optout list WHAT --json`, for each WHAT."""
    refs, parts = msgspec.json.schema_components(_LIST_LINES)
    return {"anyOf": [*refs], "$defs": _plain({"$defs": parts})["$defs"]}


def _printed_schema(line: Any) -> _Schema:  # Any: a noun, or one of several
    """Describe an object that optout prints or keeps, without the notes to programmers."""
    return _plain(msgspec.json.schema(line))


def _plain(schema: _Schema) -> _Schema:
    for part in _parts_of(schema):
        if "description" in part:
            part["description"] = part["description"].partition("\n")[0]
    return schema


def _show(_library: Library) -> _Schema:
    """Describe what `optout show --json` prints: an overview without what it does not use."""
    schema = _printed_schema(Overview)
    parts = schema["$defs"]
    locality, overview = parts[Locality.__name__], parts[Overview.__name__]
    for name in UNUSED:
        del locality["properties"][name]
        locality["required"].remove(name)
    overview["properties"] = {"schema": {"enum": [JSON_SCHEMA]}, **overview["properties"]}
    # An ICE office is a contact with a role: where the model has a contact, either may be printed.
    contact = parts.pop(Contact.__name__)
    parts[Contact.__name__] = {"anyOf": [contact, {"$ref": f"#/$defs/{Office.__name__}"}]}
    return schema


_SCHEMAS: dict[str, tuple[str, Callable[[Library], _Schema]]] = {
    "request": ("A request of optout", _request),
    "jurisdictions": ("A data file of optout", lambda _: _optional_schema(Gazetteer)),
    "program": ("A program of optout", lambda _: _optional_schema(Program, Program.__name__)),
    "register": ("A line of optout's register", lambda _: _printed_schema(AnyEvent)),
    "status": ("A letter in optout status --json", lambda _: _printed_schema(LetterStatus)),
    "list": ("A line of optout list --json", _list),
    "problem": ("A problem of any command with --json", lambda _: _printed_schema(ProblemLine)),
    "note": ("A note of any command with --json", lambda _: _printed_schema(NoteLine)),
    "show": ("What optout show --json prints", _show),
}


@click.command(
    "schema",
    short_help="Print a JSON Schema for your editor.",
    epilog="optout schema request\noptout schema program",
)
@click.argument("what", metavar="WHAT", type=Choice(_SCHEMAS))
@templates_option
@report_problems
def command(what: str, folders: Sequence[Path]) -> None:
    """Print a JSON Schema, with which an editor can complete and check what you type.

    WHAT is request, jurisdictions (a data file) or program; or, for programs that read them,
    register (a line of register.ndjson), problem or note (a line that a command prints with
    --json), list, show or status (what that command prints with --json). The schema of a request
    knows all letters, your own included, and the particulars of each.
    """
    library = library_from((), folders)
    title, make = _SCHEMAS[what]
    schema = {"$schema": _DRAFT, "title": title, **make(library)}
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2).encode())
