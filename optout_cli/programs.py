"""Programs and their letter kinds, read from the template folders.

A program is a folder with a `program.yaml`; a user's folder adds programs and, field by field,
changes shipped ones. A name that begins with `_` is never a program or a letter.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from optout_cli.cache import Cache
from optout_cli.errors import OptoutError, Problem, Spot, did_you_mean, raise_any
from optout_cli.model.fields import MAX_ITEMS, Line, Noun, Text
from optout_cli.model.program import (
    Cautions,
    LetterKind,
    Particular,
    ParticularType,
    Program,
)
from optout_cli.source.document import Document, merge
from optout_cli.source.shape import convert
from optout_cli.source.stored import load_document, load_valid

_FILE = "program.yaml"
_CAUTIONS = "_layout/cautions.yaml"


class Programs:
    """All programs of the template folders, by id (the folder's name)."""

    def __init__(self, programs: dict[str, Program], cautions: Cautions) -> None:
        self.by_id = programs
        self.cautions = cautions

    def letters(self) -> Iterator[tuple[str, Program, LetterKind]]:
        """Yield each letter's id (`secure-communities/opt-out`), its program and its kind."""
        for id, program in sorted(self.by_id.items()):
            for name, kind in sorted(program.letters.items()):
                yield f"{id}/{name}", program, kind

    def find(self, letter: str, spot: Spot | None = None) -> tuple[Program, LetterKind]:
        """Return the program and kind of a letter id. Raises OptoutError, placed at `spot`."""
        for id, program, kind in self.letters():
            if id == letter:
                return program, kind
        hint = did_you_mean(letter, [id for id, _, _ in self.letters()])
        raise OptoutError(Problem("unknown-letter", f"there is no letter {letter!r}", spot, hint))


def load_programs(folders: Sequence[Path], cache: Cache | None) -> Programs:
    """Read every program of `folders`, the first folder's word before the next one's.

    The last folder is the shipped one and alone holds the cautions. Raises OptoutError.
    """
    problems: list[Problem] = []
    programs: dict[str, Program] = {}
    for id in sorted(
        {path.parent.name for folder in folders for path in folder.glob(f"*/{_FILE}")}
    ):
        if id.startswith("_"):
            continue
        try:
            document = _merged_document([folder / id / _FILE for folder in folders], cache)
            program = convert(document, Program)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += _empty_problems(program, document)
        problems += _period_problems(program, document)
        problems += _rule_problems(program, document)
        problems += _particular_problems(program, document)
        programs[id] = program
    told = folders[-1] / _CAUTIONS
    cautions = convert(load_valid(str(told), Cautions, cache, _shown(told)), Cautions)
    raise_any(problems)
    return Programs(programs, cautions)


def _merged_document(paths: Sequence[Path], cache: Cache | None) -> Document:
    *overlays, lowest = [path for path in paths if path.is_file()]
    document = load_valid(str(lowest), Program, cache, _shown(lowest))
    for path in reversed(overlays):
        document = merge(document, load_document(str(path)))
    return document


def _shown(path: Path) -> str:
    """Return the end of a path that tells the file: `secure-communities/program.yaml`."""
    return "/".join(path.parts[-2:])


def _empty_problems(program: Program, document: Document) -> Iterator[Problem]:
    for key in ("periods", "recipients", "letters"):
        if not getattr(program, key):
            message = f"{program.title!r} has no {key}"
            yield Problem("empty-program", message, document.spot(key), f"write one below {key}:")


def _period_problems(program: Program, document: Document) -> Iterator[Problem]:
    """Periods must follow each other with neither a gap nor an overlap; only the last is open."""
    for number, (earlier, later) in enumerate(pairwise(program.periods), 1):
        if earlier.until is None or later.from_ != earlier.until + timedelta(days=1):
            message = f"period {later.id!r} does not begin on the day after {earlier.id!r} ends"
            yield Problem("period-gap", message, document.spot(f"periods.{number}.from"))
    for number, period in enumerate(program.periods):
        if period.until is not None and period.until < period.from_:
            message = f"period {period.id!r} ends before it begins"
            yield Problem("period-gap", message, document.spot(f"periods.{number}.until"))
    if program.periods and program.periods[-1].until is not None:
        spot = document.spot(f"periods.{len(program.periods) - 1}.until")
        yield Problem("period-gap", "the last period must have no end", spot, "leave `until` out")


def _rule_problems(program: Program, document: Document) -> Iterator[Problem]:
    """On no day may two rules name the bureau, or two an ICE office: a notice has one of each."""
    for (_, rule), (number, other) in combinations(enumerate(program.recipients), 2):
        is_same_side = (rule.role == "bureau") == (other.role == "bureau")
        day = max(rule.from_ or date.min, other.from_ or date.min)
        if is_same_side and rule.holds(day) and other.holds(day):
            message = f"{other.role!r} receives letters on days on which {rule.role!r} does"
            hint = "set from: and until: so that they follow each other"
            yield Problem("equal-rules", message, document.spot(f"recipients.{number}"), hint)


def _particular_problems(program: Program, document: Document) -> Iterator[Problem]:
    for name, kind in program.letters.items():
        yield from _declared_problems(kind.particulars, f"letters.{name}.particulars", document)


def _declared_problems(
    particulars: dict[str, Particular], path: str, document: Document
) -> Iterator[Problem]:
    for key, spec in particulars.items():
        for message in _faults(key, spec):
            yield Problem("wrong-particular", message, document.spot(f"{path}.{key}"))
        if isinstance(spec.of, dict):
            yield from _declared_problems(spec.of, f"{path}.{key}.of", document)


def _faults(key: str, spec: Particular) -> Iterator[str]:
    if key[0].isdigit():
        yield f"{key!r} must begin with a letter"
    if spec.type == "list" and (not spec.of or spec.of == "list"):
        yield f"the list {key!r} needs `of`, and no list in it"
    if spec.type != "list" and spec.of:
        yield f"{key!r} is no list and has no `of`"
    if ("choice" in (spec.type, spec.of)) != bool(spec.choices):
        yield f"{key!r}: choice and `choices` go together"
    if spec.when and "date" not in (spec.type, spec.of):
        yield f"{key!r} is no date and has no `when`"
    if unknown := sorted(spec.about.keys() - set(spec.choices)):
        yield f"{key!r}: `about` names {unknown[0]!r}, which is no choice"


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
    few = msgspec.Meta(max_length=MAX_ITEMS)
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
