"""What is wrong with a program beyond its shape: gaps, rules that meet, names that lead nowhere."""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import combinations, pairwise

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.program import FOLLOWED, OWN_DAY, Condition, LetterKind, Particular, Program
from optout_cli.readers.document import Document

_BLANK = re.compile(r"\{([^{}]*)\}?|\}")  # and a brace by itself, which no text can be filled in at
_ALWAYS = ("place", OWN_DAY)  # what a text in braces may name of every case
_LATER = ("guide.next.", "guide.replies.")  # what may name the day of the next letter


def program_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Yield every problem of a program as it was read, each at its place."""
    yield from _empty_problems(program, document)
    yield from _period_problems(program, document)
    yield from _rule_problems(program, document)
    yield from _particular_problems(program, document)
    yield from _name_problems(program, document)
    yield from _pattern_problems(program, document)


def _empty_problems(program: Program, document: Document) -> Iterator[Problem]:
    for key in ("periods", "recipients", "letters"):
        if not getattr(program, key):
            message = f"{program.title!r} has no {key}"
            yield Problem(
                "empty-program", message, document.location(key), f"write one below {key}:"
            )


def _period_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Periods must follow each other with neither a gap nor an overlap; only the last is open."""
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
        yield Problem(
            "period-gap", "the last period must have no end", location, "leave `until` out"
        )


def _rule_problems(program: Program, document: Document) -> Iterator[Problem]:
    """On no day may two rules name the bureau, or two an ICE office: a notice has one of each."""
    for (_, rule), (number, other) in combinations(enumerate(program.recipients), 2):
        is_same_side = (rule.role == "bureau") == (other.role == "bureau")
        day = max(rule.from_ or date.min, other.from_ or date.min)
        if is_same_side and rule.holds(day) and other.holds(day):
            message = f"{other.role!r} receives letters on days on which {rule.role!r} does"
            hint = "set from: and until: so that they follow each other"
            yield Problem("equal-rules", message, document.location(f"recipients.{number}"), hint)


def _particular_problems(program: Program, document: Document) -> Iterator[Problem]:
    groups = {"particulars": program.particulars}
    for name, kind in program.letters.items():
        groups[f"letters.{name}.particulars"] = kind.particulars
    for path, declared in groups.items():
        yield from _declared_problems(declared, path, document)
        if OWN_DAY in declared:
            message = f"{OWN_DAY!r} is the letter's own day, and no particular"
            yield Problem("wrong-particular", message, document.location(f"{path}.{OWN_DAY}"))


def _declared_problems(
    particulars: dict[str, Particular], path: str, document: Document
) -> Iterator[Problem]:
    for key, spec in particulars.items():
        for message in _faults(key, spec):
            yield Problem("wrong-particular", message, document.location(f"{path}.{key}"))
        if isinstance(spec.of, dict):
            yield from _declared_problems(spec.of, f"{path}.{key}.of", document)


def _faults(key: str, spec: Particular) -> Iterator[str]:
    is_date = "date" in (spec.type, spec.of)
    if key[0].isdigit():
        yield f"{key!r} must begin with a letter"
    if spec.type == "list" and (not spec.of or spec.of == "list"):
        yield f"the list {key!r} needs `of`, and no list in it"
    if spec.type != "list" and spec.of:
        yield f"{key!r} is no list and has no `of`"
    if ("choice" in (spec.type, spec.of)) != bool(spec.choices):
        yield f"{key!r}: choice and `choices` go together"
    if (spec.when or spec.not_before) and not is_date:
        yield f"{key!r} is no date and has no `{'when' if spec.when else 'not-before'}`"
    if spec.follow and not spec.follow.startswith("particulars.") and spec.follow not in FOLLOWED:
        yield f"{key!r}: `follow` names {spec.follow!r}, which is no fact of an earlier letter"
    if unknown := sorted(spec.about.keys() - set(spec.choices)):
        yield f"{key!r}: `about` names {unknown[0]!r}, which is no choice"


def _name_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Yield each name in the program that leads nowhere."""
    for path, name, known in _names(program):
        if name not in known:
            message = f"{path} names {name!r}, which is not there"
            if not name:
                message = f"{path} has a brace around no name"
            yield Problem(
                "unknown-name",
                message,
                document.location(path),
                did_you_mean(name, map(str, known)),
            )


def _names(program: Program) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield path, name, and the names that could stand there."""
    everywhere: set[str] = set()
    for id, kind in program.letters.items():
        path, shared = f"letters.{id}", program.particulars
        declared = {*kind.particulars, *kind.uses, *kind.requires}
        values = {**shared, **kind.particulars}
        everywhere |= declared | kind.computed.keys()
        yield from ((f"{path}.uses", it, shared) for it in kind.uses)
        yield from ((f"{path}.requires", it, shared) for it in kind.requires)
        yield from ((f"{path}.follows", it, program.letters) for it in kind.follows)
        yield from ((f"{path}.examples", it, declared) for it in kind.examples)
        for name, rule in kind.computed.items():
            at = f"{path}.computed.{name}"
            days = [it for it in declared if values[it].type == "date"]
            yield f"{at}.from", rule.from_, [*days, OWN_DAY]
            yield from _condition_names(f"{at}.when", rule.when, declared, program)
        told = [(f"{path}.refuse.{n}", it.when, it.reason) for n, it in enumerate(kind.refuse)]
        told += [(f"{path}.cautions.{n}", it.when, it.text) for n, it in enumerate(kind.notes)]
        for at, when, text in told:
            known = {*declared, *kind.computed}
            yield from _condition_names(f"{at}.when", when, known, program)
            yield from _blank_names(at, text, when, kind, program)
    yield from _shared_names(program, everywhere)


def _shared_names(
    program: Program, everywhere: set[str]
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield the names of what the program says for all its letters; some letter must have them."""
    told = [(f"refuse.{n}", it.when, it.reason) for n, it in enumerate(program.refuse)]
    told += [(f"cautions.{n}", it.when, it.text) for n, it in enumerate(program.notes)]
    told += _advice(program)
    for key in ("replies", "others"):
        for number, it in enumerate(getattr(program.guide, key)):
            yield f"guide.{key}.{number}", it.letter, program.letters
    for at, when, text in told:
        yield from _condition_names(f"{at}.when", when, everywhere, program)
        known = {*_ALWAYS, *when.given, *when.chosen, *_known_with(when)}
        if program.guide.wait and at.startswith(_LATER):
            known.add("again")
        yield from ((at, name, known) for name in _BLANK.findall(text))
    for number, rule in enumerate(program.recipients):
        for place, copied in enumerate(rule.copy):
            at = f"recipients.{number}.copy.{place}.when"
            yield from _condition_names(at, copied.when, everywhere, program)
    yield from ((f"particulars.{name}", name, everywhere) for name in program.particulars)
    groups = (program.particulars, *(kind.particulars for kind in program.letters.values()))
    types = {name: it.type for group in groups for name, it in group.items()}
    short = [name for name, kind in types.items() if kind in ("text", "choice")]
    named = [("author", it) for it in filter(None, [program.author])]
    named += [(f"told-apart-by.{n}", it) for n, it in enumerate(program.told_apart_by)]
    yield from ((path, name, short) for path, name in named)


def _advice(program: Program) -> list[tuple[str, Condition, str]]:
    """Return path, condition and text of all that the guide says."""
    guide = program.guide
    told = [
        (f"guide.{key}.{n}", it.when, it.text)
        for key in ("can", "cannot", "before", "enclose", "send", "next")
        for n, it in enumerate(getattr(guide, key))
    ]
    replies = enumerate(guide.replies)
    return told + [(f"guide.replies.{n}", Condition(), it.reply) for n, it in replies]


def _condition_names(
    path: str, when: Condition, known: Collection[str], program: Program
) -> Iterator[tuple[str, str, Collection[str]]]:
    yield from ((path, it, known) for it in sorted(when.names))
    yield from ((path, it, program.letters) for it in when.letters)


def _blank_names(
    path: str, text: str, when: Condition, kind: LetterKind, program: Program
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield the names in braces, each of which must be sure to be given where `when` holds."""
    own = {**{it: program.particulars.get(it) for it in kind.uses}, **kind.particulars}
    sure = {name for name, it in own.items() if it and it.required}
    known = {*_ALWAYS, *kind.requires, *sure, *when.given, *when.chosen}
    known |= {it for days in (when.before, when.not_before) for it in (*days, *days.values())}
    known |= {kind.computed[it].from_ for it in known if it in kind.computed}
    known |= _known_with(when)
    yield from ((path, name, known) for name in _BLANK.findall(text))


def _known_with(when: Condition) -> set[str]:
    return {"activated", "activation-source"} if when.activation == ("actual",) else set()


def _pattern_problems(program: Program, document: Document) -> Iterator[Problem]:
    for number, it in enumerate(program.forbidden):
        try:
            re.compile(it.words)
        except re.error as error:
            location = document.location(f"forbidden.{number}.words")
            yield Problem(
                "wrong-pattern", f"{it.words!r} is no regular expression: {error}", location
            )
