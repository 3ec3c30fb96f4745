"""Read the `program.yaml` files of the template folders; find a letter kind by its id."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from optout_cli.cache import Cache
from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.model.fields import MAX_ITEMS, Line, Noun, Text
from optout_cli.model.program import (
    LetterKind,
    Particular,
    ParticularType,
    Program,
    Wording,
)
from optout_cli.programs.validation import program_problems
from optout_cli.readers.document import Document, merge
from optout_cli.readers.stored import load_document, load_valid
from optout_cli.readers.validate import convert
from optout_cli.trust import check_within

_FILE = "program.yaml"
_WORDING = "_layout/wording.yaml"


class Programs:
    """All programs of the template folders, by id: the name of the program's folder."""

    def __init__(
        self,
        programs: dict[str, Program],
        documents: dict[str, Document],
        wording: Wording,
    ) -> None:
        self.by_id = programs
        self.wording = wording
        self._documents = documents

    def location(self, program: str, path: str) -> Location:
        """Return the location of a key path in a program's file."""
        return self._documents[program].location(path)

    def letters(self) -> Iterator[tuple[str, Program, LetterKind]]:
        """Yield each letter id (`secure-communities/opt-out`), its program and its kind."""
        for id, program in sorted(self.by_id.items()):
            for name, kind in sorted(program.letters.items()):
                yield f"{id}/{name}", program, kind

    def find(self, letter: str, location: Location | None = None) -> tuple[Program, LetterKind]:
        """Return the program and kind of a letter id. Raises OptoutError at `location`."""
        for id, program, kind in self.letters():
            if id == letter:
                return program, kind
        hint = did_you_mean(letter, [id for id, _, _ in self.letters()])
        message = f"there is no letter {letter!r}"
        raise OptoutError(Problem("unknown-letter", message, location, hint))


def load_programs(folders: Sequence[Path], cache: Cache | None) -> Programs:
    """Read every program of `folders`. An earlier folder overrides a later one, field by field.

    The last folder is the shipped one. The samples for trial letters come only from there. Raises
    OptoutError.
    """
    problems: list[Problem] = []
    programs: dict[str, Program] = {}
    documents: dict[str, Document] = {}
    files = {path.parent.name for folder in folders for path in folder.glob(f"*/{_FILE}")}
    for id in sorted(name for name in files if not name.startswith("_")):
        try:
            for folder in folders[:-1]:
                check_within(folder / id / _FILE, folder)
            document = _merged_document([folder / id / _FILE for folder in folders], cache)
            program = convert(document, Program)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += program_problems(program, document)
        letters = {name: _with_shared(kind, program) for name, kind in program.letters.items()}
        programs[id] = msgspec.structs.replace(program, letters=letters)
        documents[id] = document
    path = folders[-1] / _WORDING
    wording = convert(load_valid(str(path), Wording, cache, _shown(path)), Wording)
    raise_any(problems)
    return Programs(programs, documents, wording)


def _merged_document(paths: Sequence[Path], cache: Cache | None) -> Document:
    """Read a program's files and merge them. The last path is the shipped file, if it exists."""
    *overlays, lowest = [path for path in paths if path.is_file()]
    shown = _shown(lowest) if lowest == paths[-1] else str(lowest)
    document = load_valid(str(lowest), Program, cache, shown)
    for path in reversed(overlays):
        document = merge(document, load_document(str(path)))
    return document


def _shown(path: Path) -> str:
    """Return the last two parts of a path: `secure-communities/program.yaml`."""
    return "/".join(path.parts[-2:])


def _with_shared(kind: LetterKind, program: Program) -> LetterKind:
    """Add the program's particulars that a letter kind uses to the kind's own.

    Required particulars come first: that is the order in which a request states them.
    """
    shared = program.particulars
    used = {name: shared[name] for name in kind.uses if name in shared}
    required = {
        name: msgspec.structs.replace(shared[name], required=True)
        for name in kind.requires
        if name in shared
    }
    whole = required | used | kind.particulars
    for name, example in kind.examples.items():
        if name in whole:
            whole[name] = msgspec.structs.replace(whole[name], example=example)
    first = {name: spec for name, spec in whole.items() if spec.required}
    return msgspec.structs.replace(kind, particulars=first | whole)


# Any: a struct that is defined at run time.
def particulars_from(document: Document, kind: LetterKind) -> Any:
    """Read the request's particulars as the letter kind declares them. Raises OptoutError."""
    return convert(document, particulars_type(kind.particulars), "particulars")


# Any: the value of a particular, whose type the letter kind declares.
def particular_from(document: Document, kind: LetterKind, name: str) -> Any:
    """Read one of the request's particulars, as `particulars_from` does. Raises OptoutError."""
    spec = kind.particulars[name]
    return convert(document, _annotation(spec, spec.type), f"particulars.{name}")


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
        field, kind = key.replace("-", "_"), _annotation(spec, spec.type)
        if spec.required:
            fields.append((field, kind))
        elif spec.type in ("list", "paragraphs"):
            fields.append((field, kind, ()))
        else:
            fields.append((field, kind | None, None))
    return msgspec.defstruct(name, fields, bases=(Noun,), module=__name__, kw_only=True)


# Any: annotations have no common type.
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
            of = spec.of or "text"
            item = _struct("item", of) if isinstance(of, dict) else _annotation(spec, of)
            return Annotated[tuple[item, ...], few]  # type: ignore[valid-type]  # made at run time
