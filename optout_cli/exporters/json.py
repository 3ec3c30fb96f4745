"""The composed notice as JSON, with the source and age of every contact and where it was read.

Also reads such a file again, and names what differs between the facts of two letters.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import date as Date
from typing import Annotated, Any, Literal

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Letter
from optout_cli.model.request import Party
from optout_cli.readers.files import MAX_BYTES, read_bytes

RANK = 3
DESCRIPTION = "the facts of the notice, with the source of every contact"
MEDIA_TYPE = "application/json"
IS_TEXT = True
SCHEMA = 1
# The facts that say where a value was read or what draws the pages, and those of one recipient.
_PASSED_OVER = ("cautions", "copies", "engine", "message-id", "origins", "recipient")
# Where a recipient can be reached: a format that needs one of these may be the first to have it.
_ROUTES = ("email", "fax")
# What letters say of the office that they go to, and of the other one. The rest is not printed,
# such as who confirmed the address.
_OF_READER = ("attention", "organization", "address", "envelope", "salutation", "email", "fax")
_OF_OTHER = ("attention", "organization", "email", "fax")
_BY_REQUEST = ("party", "role", "service", "origins", "historical")
_DERIVED = ("reference", "computed", "is-reworded")  # they follow from other facts
_HINT = (
    "name a file of a letter in the folder that it was written to, or with its reference and"
    " --in FOLDER; the JSON form of a letter will do anywhere"
)
_NOT_TEXT = ("schema", "historical", "is-draft", "is-person", "is-reworded")
_KINDS = {"array": "a list", "object": "a group of keys", "str": "text"}
_WRONG_KIND = re.compile(r"expected `(\w+)(?: \| null)?`, got `(\w+)`")
_LACKS = re.compile(r"object missing required field `(.+)`")
JsonObject = dict[str, Any]  # Any: its values have the many shapes of the model


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the letter's facts, indented by two spaces, with a line end at the end.

    `message-id` is that of its e-mail, for a later e-mail to answer.
    """
    data = {**facts_of(letter, context), "message-id": message_id_of(letter)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def facts_of(letter: Letter, context: ExportContext) -> JsonObject:
    """Return the facts of a letter as plain data.

    `template` names the letter's template and gives the SHA-256 of that and of every template that
    it is made of. `engine` is the PDF engine that prints it.
    """
    digest = context.templates.digest_of(letter.template)
    template = {"name": letter.template, "sha256": digest}
    engine = context.engine_name
    return {"schema": SCHEMA, **letter.facts, "template": template, "engine": engine}


class _Contact(msgspec.Struct, frozen=True):
    organization: tuple[str, ...]
    address: JsonObject


class _Service(msgspec.Struct, frozen=True, rename="kebab"):
    by: str
    in_reply_to: tuple[str, ...] = ()


class _Recipient(msgspec.Struct, frozen=True):
    party: Party
    role: str
    contact: _Contact
    service: tuple[_Service, ...] = ()
    origins: dict[str, str] = {}


class _Place(msgspec.Struct, frozen=True):
    id: str
    slug: str


class _Seal(msgspec.Struct, frozen=True):
    seal: str


class _Form(msgspec.Struct, frozen=True, rename="kebab"):
    """What commands read in the JSON form of a letter. It may have more."""

    schema: Literal[1]
    letter: str
    date: Date
    reference: str
    place: _Place
    recipient: _Recipient
    recipients: Annotated[tuple[_Recipient, ...], msgspec.Meta(min_length=1)]
    variant: str = ""
    message_id: str | None = None
    addressing: str = ""
    calls_itself: str | None = None
    ori: str | None = None
    leave_out: tuple[str, ...] = ()
    letterhead: _Seal | None = None
    signatory: JsonObject | None = None
    approved_as_to_form: JsonObject | None = None
    authority: tuple[JsonObject, ...] = ()
    enclosures: tuple[JsonObject, ...] = ()
    cc: tuple[JsonObject, ...] = ()
    particulars: JsonObject = {}


def is_letter(path: str) -> bool:
    """Tell whether a file is the JSON form of a letter, whole or not. Raises OptoutError."""
    facts = _load(path)
    return isinstance(facts, dict) and bool(facts.keys() & {"reference", "recipient", "place"})


def letter_in(path: str) -> JsonObject:
    """Read the JSON form of a letter.

    Raises OptoutError if the file is something else, or lacks what every letter has.
    """
    facts: JsonObject | None = without_none(_load(path))
    message, at = "is not a letter of a register, and not the JSON form of a letter", ""
    if facts is not None:
        found = _wrong_in(facts)
        if found is None:
            return facts
        at, message = found[0], f"is not the JSON form of a letter: {found[1]}"
    raise OptoutError(Problem("not-a-letter", message, Location(path, path=at), _HINT, at))


# Any: whatever the file has.
def _load(path: str) -> Any:
    """Return the value in a JSON file, or None if it is no JSON. Raises OptoutError."""
    try:
        content = read_bytes(path, MAX_BYTES, on_command_line=True)
        return msgspec.json.decode(content.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _wrong_in(facts: object) -> tuple[str, str] | None:
    """Return the path and the words of what is wrong with the form of a letter; None if nothing."""
    if not isinstance(facts, dict):
        return "", "it must be a group of keys"
    names = [field.name for field in msgspec.structs.fields(_Form) if field.required]
    if missing := [name for name in names if name not in facts]:
        return "", f"it has no {', no '.join(missing)}"
    for path, value in _leaves(facts, ""):
        if not isinstance(value, str) and path.rpartition(".")[2] not in _NOT_TEXT:
            return path, f"it must be text, not {msgspec.json.encode(value).decode()}"
    try:
        msgspec.convert(facts, _Form)
    except msgspec.ValidationError as error:
        words, _, at = str(error).removesuffix("`").partition(" - at `$")
        at = re.sub(r"\[([0-9.]+)\]", r".\1", at).strip(".")
        words = f"{words[0].lower()}{words[1:]}"
        if lacking := _LACKS.fullmatch(words):
            words = f"it has no {lacking[1]}"
        elif wrong := _WRONG_KIND.fullmatch(words):
            wanted, given = (_KINDS.get(kind, kind) for kind in wrong.groups())
            words = f"it must be {wanted}, not {given}"
        return at, words
    return None


# Any: JSON of any shape.
def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each leaf: what is neither a list nor a group."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        inner = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict | list):
            yield from _leaves(value, inner)
        else:
            yield inner, value


def without_none(node: Any) -> Any:  # Any: JSON of any shape
    """Leave out what is null: a request has texts, lists and mappings alone."""
    if isinstance(node, dict):
        return {key: without_none(value) for key, value in node.items() if value is not None}
    return [without_none(it) for it in node if it is not None] if isinstance(node, list) else node


def corrections_in(recipient: JsonObject) -> JsonObject:
    """Return what the request of a letter corrected about a recipient, from the letter's facts."""
    known = {**recipient["contact"], "office": recipient.get("office")}
    found: JsonObject = {}
    origins = recipient.get("origins", {})
    for path in sorted(origins, key=lambda path: path.partition(".")[0]):
        name, _, inner = path.partition(".")
        if origins[path] != "request" or name not in known:
            continue
        if not isinstance(known[name], dict):
            found[name] = known[name]
        elif inner in known[name]:
            found.setdefault(name, {})[inner] = known[name][inner]
    return found | ({"confirmed": recipient["confirmed"]} if "confirmed" in recipient else {})


def message_id_of(letter: Letter) -> str:
    """Return the Message-ID of the letter's e-mail."""
    from optout_cli.exporters.eml import envelope_of  # imports the e-mail library, 25 ms

    return envelope_of(letter).message_id


Pair = tuple[Any, Any]  # JSON of any shape: the old and the new value


def changed_facts(
    old: msgspec.Raw, new: msgspec.Raw, reader: Party | None = None
) -> dict[str, Pair]:
    """Return the old and the new value of each fact that differs, by its dotted key.

    With a `reader`, only those of the offices that a letter to this one states.
    """
    if bytes(old) == bytes(new):
        return {}
    found = dict(_differences(_facts_in(old, reader), _facts_in(new, reader), ""))
    stated = {path: pair for path, pair in found.items() if path.split(".")[0] not in _DERIVED}
    return stated or found


# Any: facts are JSON of many shapes.
def _facts_in(raw: msgspec.Raw, reader: Party | None) -> Any:
    facts = msgspec.json.decode(raw)
    for recipient in facts.get("recipients", []):
        recipient.update(recipient.pop("contact", {}))  # as a request has it
        if reader:
            is_reader = recipient["party"] == reader or facts.get("addressing") == "joint"
            stated = {*_BY_REQUEST, *(_OF_READER if is_reader else _OF_OTHER)}
            for key in recipient.keys() - stated:
                del recipient[key]
    return facts


def is_from_data(old: msgspec.Raw, new: msgspec.Raw, path: str) -> bool:
    """Tell whether a fact that differs, by its dotted key, is what the data has of an office.

    It is not if the request states it, or names the office, and that was another one before.
    """
    top, party, field = (*path.split(".")[:3], "", "")[:3]
    parts = (msgspec.json.decode(facts).get("recipients", []) for facts in (old, new))
    found = [it for recipients in parts for it in recipients if it["party"] == party]
    stated = {field, "office"} if len({it.get("office") for it in found}) > 1 else {field}
    origins = [recipient.get("origins", {}).get(name) for recipient in found for name in stated]
    return top == "recipients" and field in _OF_READER and "request" not in origins


def earlier_recipients(old: msgspec.Raw, paths: Iterable[str]) -> str:
    """Return what facts say of offices at the dotted keys, as a request may have it: in JSON."""
    before = {item["party"]: item for item in _facts_in(old, None).get("recipients", [])}
    found: dict[str, JsonObject] = {}
    for _, party, field, *_ in (path.split(".") for path in paths):
        found.setdefault(party, {})[field] = before.get(party, {}).get(field)
    return msgspec.json.encode(found).decode()


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Pair]]:
    if isinstance(old, list) and isinstance(new, list):
        old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            pair = old.get(key), new.get(key)
            if key == "wording":  # each passage by itself
                pair = pair[0] or {}, pair[1] or {}
            is_first_route = path.startswith("recipients.") and key in _ROUTES and None in pair
            if key not in _PASSED_OVER and not is_first_route:
                inner = f"{path}.{key}" if path else key
                yield from _differences(*pair, inner)
    elif old != new:
        yield path, (old, new)


def _by_name(items: list[Any]) -> dict[str, Any]:
    """Return the items of a list by party, or else by number."""
    is_named = all(isinstance(item, dict) and "party" in item for item in items)
    return {item["party"] if is_named else str(number): item for number, item in enumerate(items)}


def fact_text(value: Any) -> str:  # Any: JSON of any shape
    """Return a fact as a message shows it."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return repr(", ".join(value))
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return "not there" if value is None else repr(value)
