"""The template folders' `program.yaml` files -> Programs; finds a letter kind by its id."""

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
    """All programs of the template folders, by id (the folder's name)."""

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
        """Return where `path` of a program's declaration stands."""
        return self._documents[program].location(path)

    def letters(self) -> Iterator[tuple[str, Program, LetterKind]]:
        """Yield each letter's id (`secure-communities/opt-out`), its program and its kind."""
        for id, program in sorted(self.by_id.items()):
            for name, kind in sorted(program.letters.items()):
                yield f"{id}/{name}", program, kind

    def find(self, letter: str, location: Location | None = None) -> tuple[Program, LetterKind]:
        """Return the program and kind of a letter id. Raises OptoutError, placed at `spot`."""
        for id, program, kind in self.letters():
            if id == letter:
                return program, kind
        hint = did_you_mean(letter, [id for id, _, _ in self.letters()])
        raise OptoutError(
            Problem("unknown-letter", f"there is no letter {letter!r}", location, hint)
        )


def load_programs(folders: Sequence[Path], cache: Cache | None) -> Programs:
    """Read every program of `folders`, the first folder's word before the next one's.

    The last folder is the shipped one. Only that one says what is asked of every letter. Raises
    OptoutError.
    """
    problems: list[Problem] = []
    programs: dict[str, Program] = {}
    documents: dict[str, Document] = {}
    for id in sorted(
        {path.parent.name for folder in folders for path in folder.glob(f"*/{_FILE}")}
    ):
        if id.startswith("_"):
            continue
        try:
            for folder in folders[:-1]:
                check_within(folder / id / _FILE, folder)
            document = _merged_document([folder / id / _FILE for folder in folders], cache)
            program = convert(document, Program)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += program_problems(program, document)
        programs[id], documents[id] = _whole(program), document
    path = folders[-1] / _WORDING
    wording = convert(load_valid(str(path), Wording, cache, _shown(path)), Wording)
    raise_any(problems)
    return Programs(programs, documents, wording)


def _merged_document(paths: Sequence[Path], cache: Cache | None) -> Document:
    """Read a program's files, the last of which ships if it is there."""
    *overlays, lowest = [path for path in paths if path.is_file()]
    shown = _shown(lowest) if lowest == paths[-1] else str(lowest)
    document = load_valid(str(lowest), Program, cache, shown)
    for path in reversed(overlays):
        document = merge(document, load_document(str(path)))
    return document


def _shown(path: Path) -> str:
    """Return the end of a path that tells the file: `secure-communities/program.yaml`."""
    return "/".join(path.parts[-2:])


def _whole(program: Program) -> Program:
    """Put the particulars that a letter kind uses of the program's among its own."""
    letters = {name: _with_used(kind, program) for name, kind in program.letters.items()}
    return msgspec.structs.replace(program, letters=letters)


def _with_used(kind: LetterKind, program: Program) -> LetterKind:
    shared = program.particulars
    used = {it: shared[it] for it in kind.uses if it in shared}
    required = {
        it: msgspec.structs.replace(shared[it], required=True)
        for it in kind.requires
        if it in shared
    }
    whole = required | used | kind.particulars
    for name, example in kind.examples.items():
        if name in whole:
            whole[name] = msgspec.structs.replace(whole[name], example=example)
    needed = {name: it for name, it in whole.items() if it.required}  # asked for first
    return msgspec.structs.replace(kind, particulars=needed | whole)


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
            return Annotated[tuple[_item(spec), ...], few]  # type: ignore[misc]  # made at run time


def _item(spec: Particular) -> Any:
    if isinstance(spec.of, dict):
        return _defined("item", spec.of)
    return _annotation(spec, spec.of or "text")
