"""Find what types cannot show of a program: gaps, overlaps, unknown names; read its particulars."""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Annotated, Any, Literal

import msgspec

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.fields import MAX_ITEMS, Line, Noun, Text
from optout_cli.model.program import (
    FOLLOWED,
    OWN_DAY,
    RECEIPT,
    Condition,
    LetterKind,
    Particular,
    ParticularType,
    Program,
)
from optout_cli.readers.document import Document
from optout_cli.readers.validate import convert

_BLANK = re.compile(r"\{([^{}]*)\}?|\}")  # also finds a single brace, which could not be filled in
_ALWAYS = ("place", OWN_DAY)  # what a text in braces may name in every case
_LATER = ("guide.next.", "replies.")  # the texts that may name the day of the next letter
_TAKEN = {OWN_DAY: "the letter's date", RECEIPT: "the day on which a letter is received"}
_Names = Iterator[tuple[str, str, Collection[str]]]  # path, name, and the names that exist


def program_problems(
    program: Program, document: Document, *, is_shipped: bool = False
) -> Iterator[Problem]:
    """Yield every problem of a program, at its location in the document.

    The patterns of a program that is just as shipped are taken as valid: a test compiles them.
    """
    for key in ("periods", "recipients", "letters"):
        if not getattr(program, key):
            message = f"{program.title!r} has no {key}"
            location = document.location(key)
            yield Problem("empty-program", message, location, f"add one under {key}:")
    yield from _date_problems(program, document)
    yield from _particular_problems(program.particulars, "particulars", document)
    yield from _reply_problems(program, document)
    for name, kind in program.letters.items():
        path = f"letters.{name}.particulars"
        yield from _particular_problems(kind.particulars, path, document)
    for path, name, known in _names(program):
        if name not in known:
            message = f"{path} names {name!r}, which does not exist"
            if not name:
                message = f"{path} has a brace without a name"
            hint = did_you_mean(name, map(str, known))
            yield Problem("unknown-name", message, document.location(path), hint)
    if not is_shipped:  # to compile them takes a tenth of the time of a short command
        yield from _pattern_problems(program, document)


def _date_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Yield gaps and overlaps of periods, and days with two recipients on one side.

    Periods follow each other day by day, and only the last one is open. A notice goes to one
    bureau and one ICE office.
    """
    for number, (earlier, later) in enumerate(pairwise(program.periods), 1):
        if earlier.until is None or later.from_ != earlier.until + timedelta(days=1):
            message = f"period {later.id!r} does not begin on the day after {earlier.id!r} ends"
            yield Problem("period-gap", message, document.location(f"periods.{number}.from"))
    for number, period in enumerate(program.periods):
        if period.until is not None and period.until < period.from_:
            message = f"period {period.id!r} ends before it begins"
            yield Problem("period-gap", message, document.location(f"periods.{number}.until"))
    if program.periods and program.periods[-1].until is not None:
        location = document.location(f"periods.{len(program.periods) - 1}.until")
        yield Problem("period-gap", "the last period must have no end", location, "remove until:")
    for (_, first), (number, second) in combinations(enumerate(program.recipients), 2):
        is_same_side = (first.role == "bureau") == (second.role == "bureau")
        day = max(first.from_ or date.min, second.from_ or date.min)
        if is_same_side and first.has(day) and second.has(day):
            message = f"{first.role!r} and {second.role!r} receive letters on the same days"
            hint = "set from: and until: so that they follow each other"
            yield Problem("equal-rules", message, document.location(f"recipients.{number}"), hint)


def _pattern_problems(program: Program, document: Document) -> Iterator[Problem]:
    groups = {f"letters.{id}.must-say": kind.must_say for id, kind in program.letters.items()}
    groups["forbidden"] = program.forbidden
    rules = ((path, *row) for path, group in groups.items() for row in enumerate(group))
    for path, number, rule in rules:
        try:
            re.compile(rule.words)
        except re.error as error:
            message = f"{rule.words!r} is not a regular expression: {error}"
            location = document.location(f"{path}.{number}.words")
            yield Problem("wrong-pattern", message, location)


def _particular_problems(
    particulars: dict[str, Particular], path: str, document: Document
) -> Iterator[Problem]:
    for key, spec in particulars.items():
        for message in _messages_for(key, spec):
            yield Problem("wrong-particular", message, document.location(f"{path}.{key}"))
        if isinstance(spec.of, dict):
            yield from _particular_problems(spec.of, f"{path}.{key}.of", document)
        if key in _TAKEN and not path.endswith(".of"):
            message = f"a particular cannot be named {key!r}: that is {_TAKEN[key]}"
            yield Problem("wrong-particular", message, document.location(f"{path}.{key}"))


def _reply_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Yield the problems of the facts that replies ask for."""
    for id, reply in program.replies.items():
        path = f"replies.{id}.asks"
        yield from _particular_problems(reply.asks, path, document)
        for key, spec in reply.asks.items():
            if spec.type not in ("text", "date", "choice"):
                message = f"{key!r}: a reply has only texts, dates and choices"
                yield Problem("wrong-particular", message, document.location(f"{path}.{key}"))


def _messages_for(key: str, spec: Particular) -> Iterator[str]:
    """Yield what is wrong with the declaration of one particular."""
    is_date = "date" in (spec.type, spec.of)
    if key[0].isdigit():
        yield f"{key!r} must begin with a letter"
    if spec.type == "list" and (not spec.of or spec.of == "list"):
        yield f"the list {key!r} needs `of`, and that cannot be a list"
    if spec.type != "list" and (spec.of or spec.per):
        yield f"{key!r} is not a list, so it cannot have `{'of' if spec.of else 'per'}`"
    if ("choice" in (spec.type, spec.of)) != bool(spec.choices):
        yield f"{key!r}: a choice, and only a choice, has `choices`"
    if (spec.when or spec.not_before) and not is_date:
        yield f"{key!r} is not a date, so it cannot have `{'when' if spec.when else 'not-before'}`"
    is_open = bool(spec.follow and spec.follow.startswith(("particulars.", "replies.")))
    if spec.follow and not is_open and spec.follow not in FOLLOWED:
        yield f"{key!r}: `follow` names {spec.follow!r}, which is not a fact of an earlier letter"
    named = [("about", name) for name in spec.about] + [("labels", name) for name in spec.labels]
    unknown = ((field, name) for field, name in named if name not in spec.choices)
    yield from (
        f"{key!r}: `{field}` names {name!r}, which is not one of its choices"
        for field, name in unknown
    )


def _names(program: Program) -> _Names:
    """Yield every name in a program, with its path and the names that exist there."""
    everywhere: set[str] = set()  # particulars and computed dates of any letter
    for id, kind in program.letters.items():
        path, shared = f"letters.{id}", program.particulars
        declared = {*kind.particulars, *kind.uses, *kind.requires}
        values = {**shared, **kind.particulars}
        known = {*declared, *kind.computed}
        everywhere |= known
        yield from ((f"{path}.uses", name, shared) for name in kind.uses)
        yield from ((f"{path}.requires", name, shared) for name in kind.requires)
        yield from ((f"{path}.follows", name, program.letters) for name in kind.follows)
        yield from ((f"{path}.examples", name, declared) for name in kind.examples)
        for key, spec in kind.particulars.items():
            group, _, name = (spec.follow or "").partition(".")
            if group == "replies":
                yield f"{path}.particulars.{key}.follow", name, program.replies
        for key, rule in kind.computed.items():
            days = [name for name in declared if values[name].type == "date"]
            yield f"{path}.computed.{key}.from", rule.from_, [*days, OWN_DAY]
            yield from _condition_names(f"{path}.computed.{key}", rule.when, declared, program)
        for number, stone in enumerate(kind.milestones):
            days = [name for name in declared if values[name].type == "date"]
            yield f"{path}.milestones.{number}.from", stone.from_, [*days, *kind.computed, RECEIPT]
            yield from ((f"{path}.milestones.{number}", name, declared) for name in stone.details)
            yield from _condition_names(f"{path}.milestones.{number}", stone.when, known, program)
        required = {name for name in declared if name in values and values[name].required}
        always = {*_ALWAYS, *kind.requires, *required}
        for at, when, text in _rule_texts(kind, f"{path}."):
            yield from _condition_names(at, when, known, program)
            # These certainly have a value in a letter for which the condition holds.
            given = {*always, *when.given, *when.chosen, *when.before, *when.not_before}
            given |= {*when.before.values(), *when.not_before.values()}
            given |= {kind.computed[name].from_ for name in given if name in kind.computed}
            given |= _known_with(when)
            yield from ((at, name, given) for name in _BLANK.findall(text))
    yield from _shared_names(program, everywhere)


def _shared_names(program: Program, everywhere: set[str]) -> _Names:
    """Yield the names in what a program states for all its letters; some letter must have them."""
    texts = [*_rule_texts(program, "")]
    for key in ("can", "cannot", "before", "enclose", "send", "next"):
        advices = enumerate(getattr(program.guide, key))
        texts += ((f"guide.{key}.{number}", each.when, each.text) for number, each in advices)
    for id, reply in program.replies.items():
        rows = enumerate(reply.next)
        texts += ((f"replies.{id}.next.{at}", Condition(), row.where or "") for at, row in rows)
    for number, row in enumerate(program.guide.others):
        yield f"guide.others.{number}", row.letter, program.letters
    yield from _reply_names(program)
    for at, when, text in texts:
        yield from _condition_names(at, when, everywhere, program)
        given = {*_ALWAYS, *when.given, *when.chosen, *_known_with(when)}
        if program.guide.wait and at.startswith(_LATER):
            given.add("again")
        yield from ((at, name, given) for name in _BLANK.findall(text))
    for number, rule in enumerate(program.recipients):
        for position, copied in enumerate(rule.copy):
            at = f"recipients.{number}.copy.{position}"
            yield from _condition_names(at, copied.when, everywhere, program)
    yield from ((f"particulars.{name}", name, everywhere) for name in program.particulars)
    groups = (program.particulars, *(kind.particulars for kind in program.letters.values()))
    specs = {name: spec for group in groups for name, spec in group.items()}
    lines = [name for name, spec in specs.items() if spec.type == "text"]
    short = [*lines, *(name for name, spec in specs.items() if "choice" in (spec.type, spec.of))]
    yield from (("author", name, lines) for name in filter(None, [program.author]))
    told_apart_by = enumerate(program.told_apart_by)
    yield from ((f"told-apart-by.{number}", name, short) for number, name in told_apart_by)


def _reply_names(program: Program) -> _Names:
    """Yield the names in what may come back."""
    for id, reply in program.replies.items():
        yield from ((f"replies.{id}.letters", name, program.letters) for name in reply.letters)
        yield from ((f"replies.{id}.next", row.letter, program.letters) for row in reply.next)
        following = [program.letters.get(row.letter) for row in reply.next]
        declared = [(*kind.particulars, *kind.uses, *kind.requires) for kind in following if kind]
        known = [name for names in declared for name in names]
        yield from ((f"replies.{id}.fills", name, known) for name in reply.fills)
        spoken = [name for name, spec in reply.asks.items() if spec.labels]
        yield from ((f"replies.{id}.how", name, spoken) for name in [reply.how] if name)
        for number, stone in enumerate(reply.milestones):
            days = [name for name, spec in reply.asks.items() if spec.type == "date"]
            yield f"replies.{id}.milestones.{number}.from", stone.from_, days
            at = f"replies.{id}.milestones.{number}"
            yield from ((at, name, reply.asks) for name in stone.details)


def _rule_texts(owner: Program | LetterKind, prefix: str) -> Iterator[tuple[str, Condition, str]]:
    """Yield path, condition and text of each refusal, each note, and each question."""
    for name, spec in owner.particulars.items():
        for number, when in enumerate(spec.ask_if):
            yield f"{prefix}particulars.{name}.ask-if.{number}", when, ""
    for number, rule in enumerate(owner.refuse):
        yield f"{prefix}refuse.{number}", rule.when, rule.reason
    for number, note in enumerate(owner.notes):
        yield f"{prefix}cautions.{number}", note.when, note.text
        if note.short:
            yield f"{prefix}cautions.{number}.short", note.when, note.short


def _condition_names(
    path: str, when: Condition, known: Collection[str], program: Program
) -> _Names:
    yield from ((f"{path}.when", name, known) for name in sorted(when.names))
    dotted = (name.partition(".") for name in (*when.given, *when.missing) if "." in name)
    for name, _, inner in dotted:
        lists = [kind.particulars.get(name) for kind in program.letters.values()]
        items = [spec.of for spec in (*lists, program.particulars.get(name)) if spec]
        keys = [key for of in items if isinstance(of, dict) for key in of]
        yield f"{path}.when", inner, keys
    yield from ((f"{path}.when", name, program.letters) for name in when.letters)


def _known_with(when: Condition) -> set[str]:
    known = {"activated", "activation-source"} if when.activation == ("actual",) else set()
    return known | ({"unnamed"} if when.unnamed else set())


# Any: a struct that is defined at run time.
def particulars_from(document: Document, kind: LetterKind) -> Any:
    """Read the request's particulars as the letter kind declares them. Raises OptoutError."""
    return convert(document, particulars_type(kind.particulars), "particulars")


# Any: the value of a particular, whose type the letter kind declares.
def particular_from(document: Document, kind: LetterKind, name: str) -> Any:
    """Read one of the request's particulars, as `particulars_from` does. Raises OptoutError."""
    spec = kind.particulars[name]
    path = f"particulars.{name}"
    return convert(document, _annotation(spec, spec.type, path), path)


def particulars_type(declared: dict[str, Particular]) -> type[msgspec.Struct]:
    """Return the struct for the particulars that a letter kind declares."""
    return _cached_struct(msgspec.msgpack.encode(declared))


@lru_cache(maxsize=64)  # one class for each letter kind, not for each request
def _cached_struct(particulars: bytes) -> type[msgspec.Struct]:
    return _struct("particulars", msgspec.msgpack.decode(particulars, type=dict[str, Particular]))


def _struct(name: str, particulars: dict[str, Particular]) -> type[msgspec.Struct]:
    # Any: annotations have no common type.
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for key, spec in particulars.items():
        field, kind = key.replace("-", "_"), _annotation(spec, spec.type, f"{name}.{key}")
        if spec.required:
            fields.append((field, kind))
        elif spec.type in ("list", "paragraphs"):
            fields.append((field, kind, ()))
        else:
            fields.append((field, kind | None, None))
    return msgspec.defstruct(name, fields, bases=(Noun,), module=__name__, kw_only=True)


# Any: annotations have no common type.
def _annotation(spec: Particular, kind: ParticularType, path: str) -> Any:
    least, quoted = int(spec.required), {"quoted": spec.quoted}
    few = msgspec.Meta(min_length=least, max_length=MAX_ITEMS, extra=quoted)
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
            of = spec.of or "text"
            item = _struct(path, of) if isinstance(of, dict) else _annotation(spec, of, path)
            return Annotated[tuple[item, ...], few]  # type: ignore[valid-type]  # made at run time
