"""The JSON form of an earlier letter -> the first answers of a request that follows it.

Takes what the earlier letter stated and who received it. Never takes its wording, and reads no
other file.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from optout_cli.authoring.request_writer import Answers
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.model.program import LetterKind, Program
from optout_cli.readers.files import MAX_BYTES, read_bytes

# A JSON object. Any: its values have the many shapes of the model.
_Facts = dict[str, Any]
_SCHEMA = 1
_NEEDED = ("letter", "date", "reference", "place", "recipient", "recipients")
_LETTER = Location("--letter", is_command_line=True)
_KEPT = ("addressing", "signatory", "cc", "ori")  # the same in the new request
_FROM_REQUEST = "request"  # the origin of a value that the request corrected


def answers_following(path: str, letter: str | None, library: Library, day: date) -> Answers:
    """Return the answers that a letter of `day` takes from the JSON form of an earlier letter.

    They are in the shape of a request: jurisdiction, letter, date, signatory, the corrected
    recipients, how each was served, and the particulars that are facts of the earlier letter.
    Without `letter`, takes the only kind that may follow it. Raises OptoutError.
    """
    facts = _read_facts(path)
    program, kind, name = _find_kind(facts, letter, library)
    current = {rule.role for rule in program.recipients if rule.holds(day)}
    recipients = [recipient for recipient in facts["recipients"] if recipient["role"] in current]
    answers = {
        "jurisdiction": facts["place"]["slug"],
        "letter": name,
        "date": day.isoformat(),
        **{key: facts[key] for key in _KEPT if facts.get(key)},
        "authority": [_omit(authority, "file") for authority in facts.get("authority", [])],
        "recipients": {recipient["party"]: _corrections_in(recipient) for recipient in recipients},
        "service": {recipient["party"]: _services_of(recipient, facts) for recipient in recipients},
        "particulars": _particulars_from(facts, kind),
    }
    return _omit_empty(answers)


def _read_facts(path: str) -> _Facts:
    """Read the JSON form of a letter. Raises OptoutError where the file is something else."""
    hint = "give the JSON file of a letter; `optout write REQUEST -f json -o letters/` writes one"
    try:
        content = read_bytes(path, MAX_BYTES, on_command_line=True)
    except OptoutError as error:
        problems = (msgspec.structs.replace(problem, hint=hint) for problem in error.problems)
        raise OptoutError(*problems) from None
    try:
        facts = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise OptoutError(Problem("not-a-letter", "is not JSON", Location(path), hint)) from None
    message = "is not the JSON form of a letter"
    if not isinstance(facts, dict) or facts.get("schema") != _SCHEMA:
        raise OptoutError(Problem("not-a-letter", message, Location(path), hint))
    if missing := [key for key in _NEEDED if key not in facts]:
        message += f": it has no {', no '.join(missing)}"
        raise OptoutError(Problem("not-a-letter", message, Location(path), hint))
    return facts


def _find_kind(
    facts: _Facts, letter: str | None, library: Library
) -> tuple[Program, LetterKind, str]:
    """Return program, kind and id of the letter that follows. Raises OptoutError."""
    earlier = facts["letter"]
    folder, _, former = earlier.partition("/")
    following = [
        id
        for id, _, kind in library.programs.letters()
        if id.startswith(f"{folder}/") and former in kind.follows
    ]
    named = letter or (following[0] if len(following) == 1 else None)
    if named is None or (letter and letter not in following):
        library.programs.find(letter or earlier, _LETTER)
        message = f"cannot tell which letter follows {earlier}"
        if letter:
            message = f"{letter} does not follow {earlier}"
        hint = f"one of {', '.join(following)}" if following else f"no letter follows {earlier}"
        raise OptoutError(Problem("not-following", message, _LETTER, hint))
    return *library.programs.find(named, _LETTER), named


def _corrections_in(recipient: _Facts) -> _Facts:
    """Return what the earlier request corrected in the data about a recipient."""
    contact, corrections = recipient["contact"], {}
    origins = recipient.get("origins", {})
    paths = [path for path, origin in origins.items() if origin == _FROM_REQUEST]
    for name in sorted({path.partition(".")[0] for path in paths} & contact.keys()):
        inner = [path.partition(".")[2] for path in paths if path.startswith(f"{name}.")]
        value = contact[name]
        corrections[name] = {key: value[key] for key in inner if key in value} if inner else value
    if "confirmed" in recipient:
        corrections["confirmed"] = recipient["confirmed"]
    return corrections


def _services_of(recipient: _Facts, facts: _Facts) -> list[_Facts]:
    """Return how the earlier letter was served, without its tracking numbers.

    An e-mail replies to the earlier one, whose Message-ID is in the file.
    """
    services = [_omit(service, "number") for service in recipient.get("service", [])]
    for service in services:
        if service["by"] == "email" and recipient["party"] == facts["recipient"]["party"]:
            earlier = [*service.get("in-reply-to", []), facts.get("message-id")]
            service["in-reply-to"] = list(filter(None, earlier))
    return services


def _particulars_from(facts: _Facts, kind: LetterKind) -> _Facts:
    found = {}
    for name, spec in kind.particulars.items():
        if not spec.follow:
            continue
        fact, _, key = spec.follow.partition(".")
        if fact == "particulars":
            value = facts.get("particulars", {}).get(key)
        else:
            value = FACTS[fact](facts)
        chosen = value if isinstance(value, list) else [value]
        if value and (not spec.choices or set(spec.choices).issuperset(chosen)):
            found[name] = value
    return found


def _requests_of(facts: _Facts) -> list[_Facts]:
    """Return the earlier requests, plus this letter for each of its recipients."""
    earlier = facts.get("particulars", {}).get("earlier", [])
    names = [", ".join(recipient["contact"]["organization"]) for recipient in facts["recipients"]]
    return [*earlier, *({"date": facts["date"], "to": name} for name in names)]


def _services_in(facts: _Facts) -> list[_Facts]:
    """Return each way in which the earlier letter was served, with its recipient."""
    return [
        {"to": recipient["party"], **_omit(service, "in-reply-to")}
        for recipient in facts["recipients"]
        for service in recipient.get("service", [])
    ]


def _omit(facts: Mapping[str, Any], key: str) -> _Facts:
    return {name: value for name, value in facts.items() if name != key}


def _omit_empty(answers: _Facts) -> _Facts:
    """Drop empty values, also within mappings."""
    inner = {
        key: _omit_empty(value) if isinstance(value, dict) else value
        for key, value in answers.items()
    }
    return {key: value for key, value in inner.items() if value}


# The facts of an earlier letter that a particular's `follow` may name, besides `particulars.x`.
FACTS: dict[str, Callable[[_Facts], Any]] = {
    "date": lambda facts: facts["date"],
    "kind": lambda facts: facts["letter"].partition("/")[2],
    "reference": lambda facts: facts["reference"],
    "requests": _requests_of,
    "service": _services_in,
}
