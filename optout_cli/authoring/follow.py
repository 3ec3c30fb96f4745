"""An earlier letter's JSON form -> what a request for the letter that follows it begins with.

Takes what that letter stated and who received it; never its wording, and no file beside it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from optout_cli.authoring.request_writer import Answers
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.model.program import LetterKind, Particular, Program
from optout_cli.readers.files import MAX_BYTES, read_bytes

# Any: JSON, whose parts are of the model's own shapes.
_Facts = dict[str, Any]
_SCHEMA = 1
_NEEDED = ("letter", "date", "reference", "place", "recipient", "recipients")
_LETTER = Location("--letter", is_command_line=True)
_KEPT = ("addressing", "signatory", "cc", "ori")  # stated once, and so again
_FROM_REQUEST = "request"  # the origin of what a request knew better than the data


def answers_following(path: str, letter: str | None, library: Library, day: date) -> Answers:
    """Return the answers that a letter of `day` takes from an earlier one's JSON form.

    In a request's own shape: jurisdiction, letter, date, who signed, the recipients as they were
    corrected, the ways by which it was sent, and the particulars that are facts of the earlier
    letter. Without `letter`, the one kind that may follow it. Raises OptoutError.
    """
    facts = _facts_in(path)
    program, kind, name = _kind_after(facts, letter, library)
    current = {it.role for it in program.recipients if it.holds(day)}
    recipients = [it for it in facts["recipients"] if it["role"] in current]
    answers = {
        "jurisdiction": facts["place"]["slug"],
        "letter": name,
        "date": day.isoformat(),
        **{key: facts[key] for key in _KEPT if facts.get(key)},
        "authority": [_without(it, "file") for it in facts.get("authority", [])],
        "recipients": {it["party"]: _corrections(it) for it in recipients},
        "service": {it["party"]: list(_ways(it, facts)) for it in recipients},
        "particulars": _particulars(kind, facts),
    }
    return _filled(answers)


def _facts_in(path: str) -> _Facts:
    """Read a letter's JSON form. Raises OptoutError where the file is none."""
    hint = "give a letter's JSON form; `optout write REQUEST -f json -o letters/` makes it"
    try:
        content = read_bytes(path, MAX_BYTES, on_command_line=True)
    except OptoutError as error:
        raise OptoutError(
            *(msgspec.structs.replace(it, hint=hint) for it in error.problems)
        ) from None
    try:
        facts = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise OptoutError(Problem("not-a-letter", "is not JSON", Location(path), hint)) from None
    if not isinstance(facts, dict) or facts.get("schema") != _SCHEMA:
        raise OptoutError(Problem("not-a-letter", "is no letter's JSON form", Location(path), hint))
    if missing := [key for key in _NEEDED if key not in facts]:
        message = f"is no letter's JSON form: it has no {', no '.join(missing)}"
        raise OptoutError(Problem("not-a-letter", message, Location(path), hint))
    return facts


def _kind_after(
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
        message = f"{letter} does not follow {earlier}" if letter else "which letter is to follow?"
        hint = f"one of {', '.join(following)}" if following else f"no letter follows {earlier}"
        raise OptoutError(Problem("not-following", message, _LETTER, hint))
    program, kind = library.programs.find(named, _LETTER)
    return program, kind, named


def _corrections(recipient: _Facts) -> _Facts:
    """Return what the earlier request knew better of a recipient than the data."""
    contact, corrected = recipient["contact"], {}
    paths = [it for it, at in recipient.get("origins", {}).items() if at == _FROM_REQUEST]
    for name in sorted({path.partition(".")[0] for path in paths} & contact.keys()):
        inner = [path.partition(".")[2] for path in paths if path.startswith(f"{name}.")]
        value = contact[name]
        corrected[name] = {key: value[key] for key in inner if key in value} if inner else value
    if "confirmed" in recipient:
        corrected["confirmed"] = recipient["confirmed"]
    return corrected


def _ways(recipient: _Facts, facts: _Facts) -> Iterator[_Facts]:
    """Yield how the earlier letter went, for this one: a number is one piece's own.

    An e-mail answers the earlier one, whose Message-ID stands in the file.
    """
    for way in recipient.get("service", []):
        again = _without(way, "number")
        if way["by"] == "email" and recipient["party"] == facts["recipient"]["party"]:
            earlier = [*way.get("in-reply-to", []), facts.get("message-id")]
            again["in-reply-to"] = list(filter(None, earlier))
        yield again


def _particulars(kind: LetterKind, facts: _Facts) -> _Facts:
    found = {}
    for name, spec in kind.particulars.items():
        value = _fact(spec, facts) if spec.follow else None
        chosen = value if isinstance(value, list) else [value]
        if value and (not spec.choices or set(spec.choices).issuperset(chosen)):
            found[name] = value
    return found


# Any: a particular's value.
def _fact(spec: Particular, facts: _Facts) -> Any:
    assert spec.follow
    head, _, name = spec.follow.partition(".")
    if head == "particulars":
        return facts.get("particulars", {}).get(name)
    return FACTS[head](facts)


def _requests(facts: _Facts) -> list[_Facts]:
    """Return what was asked before, and the earlier letter itself, of each that received it."""
    before = facts.get("particulars", {}).get("earlier", [])
    named = [", ".join(it["contact"]["organization"]) for it in facts["recipients"]]
    return [*before, *({"date": facts["date"], "to": it} for it in named)]


def _served(facts: _Facts) -> list[_Facts]:
    """Return how the earlier letter was sent to each."""
    return [
        {"to": it["party"], **_without(way, "in-reply-to")}
        for it in facts["recipients"]
        for way in it.get("service", [])
    ]


def _without(facts: Mapping[str, Any], key: str) -> _Facts:
    return {name: value for name, value in facts.items() if name != key}


def _filled(answers: _Facts) -> _Facts:
    """Leave out what is empty, also within."""
    inner = {key: _filled(it) if isinstance(it, dict) else it for key, it in answers.items()}
    return {key: it for key, it in inner.items() if it}


# The facts of an earlier letter that a particular's `follow` may name, beside `particulars.x`.
FACTS: dict[str, Callable[[_Facts], Any]] = {
    "date": lambda facts: facts["date"],
    "kind": lambda facts: facts["letter"].partition("/")[2],
    "reference": lambda facts: facts["reference"],
    "requests": _requests,
    "service": _served,
}
