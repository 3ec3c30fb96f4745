"""Report every problem of data, templates and requests in one run, and what the data lacks."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from optout_cli import bundled
from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.letters import Library
from optout_cli.letters.own_words import WORDING_NOTE, own_wording_problems
from optout_cli.letters.pipeline import Order, encode_letters, is_data, letters_of_request
from optout_cli.letters.request_files import NamedFiles, files_of
from optout_cli.lint.trial_letters import try_program
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.letter import Export
from optout_cli.model.notice import Note
from optout_cli.model.request import Request
from optout_cli.readers.document import Document, locating, without
from optout_cli.readers.files import STDIN, folder_of, load_document
from optout_cli.readers.validate import convert
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.search import BUILTIN, SUFFIX
from optout_cli.trust import check_within, leads_outside

_PROGRAM, _STYLE, _LAYOUT = "program.yaml", "_layout/letter.css", "_layout"
# Lines of a request on which all others depend; a problem without a line is of the whole request.
_DECIDING = frozenset(("", "jurisdiction", "letter"))
# Lines that may be wrong only because another one is left out.
_FOLLOWING = {
    "date": ("jurisdiction", "letter", "particulars", "recipients", "authority", "wording"),
    "to": ("recipients", "service", "wording"),
    "particulars": ("wording", "leave-out"),
    "recipients": ("service",),
}
_Words = tuple[str, str | None]  # message and hint


def problems_in_library(library: Library, files: Container[str] | None) -> Iterator[Problem]:
    """Yield the problems of the data files and the templates.

    Addresses that are too long for an envelope are those in the data `files`, or all if None: the
    check of a request notes its own.
    """
    from optout_cli.engines.measure import LINES, window_lines

    yield from _problems_raised(lambda: raise_any(library.directory.problems()))
    yield from _problems_raised(lambda: library.programs)
    with suppress(OptoutError):  # of the data or the programs, which is reported above
        yield from _unknown_offices(library)
    yield from library.templates.problems()
    yield from _problems_raised(lambda: raise_any(unused_files(library)))
    with suppress(OptoutError):
        for id, path, contact in library.directory.contacts():
            lines = window_lines(contact.envelope or contact.block)
            if lines <= LINES or contact.missing:  # a notice reports an incomplete one
                continue
            location = library.directory.location(path)
            if files is None or location.file in files:
                message = f"{id}: the address takes {lines} lines in the envelope's window"
                hint = f"add envelope: with at most {LINES} lines of 3.25 in"
                yield Problem("long-envelope", message, location, hint)
    with suppress(OptoutError):
        for id, _, _ in library.programs.letters():
            name = library.templates.name_of(id, "", "")
            if not library.templates.has(name):
                program, _, kind = id.partition("/")
                location = library.programs.location(program, f"letters.{kind}")
                message = f"the letter {id!r} has no template"
                yield Problem("missing-template", message, location, f"add the file {name}")


def problems_in_letters(library: Library, today: date) -> Iterator[Problem]:
    """Write the letters of every program with sample facts, and yield each problem once.

    With templates of the user's own, leave out the letters that they do not change.
    """
    yield from _problems_raised(
        lambda: raise_any(
            problem
            for id in sorted(library.programs.by_id)
            for problem in try_program(library, id, today, _as_shipped(id, library))
        )
    )


def _as_shipped(id: str, library: Library) -> frozenset[str]:
    """Return the letter kinds of a program that the user's own files do not change.

    Data of the user's own may change every letter.
    """
    templates, program = library.templates, library.programs.by_id[id]
    if library.overlays or not templates.own:
        return frozenset()
    shipped = Library().programs.by_id.get(id)
    if not shipped or msgspec.structs.replace(shipped, letters=program.letters) != program:
        return frozenset()
    return frozenset(
        name
        for name, kind in program.letters.items()
        if kind == shipped.letters.get(name) and not templates.has_own_wording(f"{id}/{name}")
    )


def idle_folders(folders: Iterable[Path]) -> Iterator[Problem]:
    """Yield a problem for each template folder that overrides nothing and adds nothing."""
    for folder in folders:
        files = [path for path in folder.rglob("*") if path.is_file()]
        if not any(
            file.suffix == ".css" or file.name.endswith((_PROGRAM, SUFFIX)) for file in files
        ):
            message = "no file in this folder overrides or adds a template"
            hint = "add a letter's wording to the folder, such as 287g/terminate.html.j2"
            yield Problem("idle-folder", message, Location(str(folder)), hint)


def check_file(path: str, library: Library, order: Order) -> tuple[list[Problem], list[Note]]:
    """Check one file: make the letters of a request, or load a data file as an overlay.

    Writes nothing. Returns the problems and the notes.
    """
    notes: list[Note] = []

    def check() -> None:
        document = load_document(path, on_command_line=True)
        if not is_data(document):
            notes.extend(_notes_on_request(document, path, library, order))
        elif path == STDIN:
            message = "is a data file, which cannot come from standard input"
            raise OptoutError(
                Problem("not-a-request", message, Location(path), "give the file's name")
            )
        elif not Path(path).samefile(bundled.JURISDICTIONS):  # the library has read that one
            raise_any(library.with_data(path).directory.problems())

    problems = list(_problems_raised(check))
    return problems, list(dict.fromkeys(notes))


def _notes_on_request(document: Document, path: str, library: Library, order: Order) -> list[Note]:
    """Return the notes on a request's letters. Raises OptoutError with every problem.

    No letter is made while a value is wrong. So its line is left out then, to see what is wrong
    with the others, but for those that follow from it.
    """
    exports: list[Export] = []
    problems: list[Problem] = []
    wrong: set[str] = set()
    unknown: set[str] = set()

    def make() -> None:
        with locating(document):
            rest = without(document, wrong)
            letters = letters_of_request(rest, library, order, folder_of(path))
            exports.extend(encode_letters(letters, library, order))
            raise_any(
                problem for letter in letters for problem in own_wording_problems(letter, library)
            )

    while found := [it for it in _problems_raised(make) if _line_of(it) not in unknown]:
        problems += found
        lines = {*map(_line_of, found)}
        wrong |= lines
        unknown |= {"", *lines}.union(*(_FOLLOWING.get(line, ()) for line in lines))
        if lines & _DECIDING:
            break
        if "recipients" in lines:  # else a way of service would lack the address that is left out
            wrong.add("service")
    if problems:
        problems += _problems_raised(lambda: _read_files(document, path, library, order, wrong))
    raise_any(dict.fromkeys(problems))
    notes = (note for export in exports for note in (*export.notice.notes, *export.notes))
    return [note for note in notes if note.code != WORDING_NOTE]


def _read_files(
    document: Document, path: str, library: Library, order: Order, wrong: set[str]
) -> None:
    """Read the files that a request names. Raises OptoutError with every problem."""
    with locating(document):
        rest = without(library.programs.with_id(document), wrong - _DECIDING)
        files_of(convert(rest, Request), NamedFiles(document, folder_of(path), order.files_from))


def _line_of(problem: Problem) -> str:
    """Return the line of a request that a problem is about, or an empty text."""
    return problem.path.partition(".")[0]


def _problems_raised(check: Callable[[], object]) -> Iterator[Problem]:
    try:
        check()
    except OptoutError as error:
        yield from error.problems


def _unknown_offices(library: Library) -> Iterator[Problem]:
    programs, offices = library.programs.by_id, library.directory.data.offices
    for id, program in programs.items():
        for rule in program.recipients:
            for office in filter(None, (rule.office, *(copied.office for copied in rule.copy))):
                if office not in (*offices, "bureau"):
                    message = f"{id} names the office {office!r}, which does not exist"
                    location = library.programs.location(id, "recipients")
                    yield Problem("unknown-office", message, location)


def coverage(library: Library, today: date, max_age: int | None) -> list[dict[str, str | int]]:
    """Count what the data has and what it lacks, one row for each kind of fact.

    With `max_age`, also count the laws and contacts that somebody checked in as many days.
    """
    data = library.directory.data
    states = list(data.states.values())
    activated = [jurisdiction.activated for _, _, jurisdiction in library.directory.all()]
    agencies = [agency for code in data.states for _, agency in library.directory.agencies_in(code)]
    bureaus = [state.bureau for state in states if state.bureau]
    laws = [law for state in states for law in state.laws]
    recent = []
    if max_age:
        since = today - timedelta(max_age)
        days = [contact.verified for _, _, contact in library.directory.contacts()]
        for what, known in (("laws", [law.checked for law in laws]), ("contacts", days)):
            recent.append(
                _row(what, f"checked since {since}", [day and day >= since for day in known])
            )
    return [
        _row("jurisdictions", "activation date", activated),
        _row("states", "field office", [state.field_office for state in states]),
        _row("states", "law found", [state.laws for state in states]),
        _row("laws", "checked", [law.checked for law in laws]),
        _row("agencies", "county", [agency.county for agency in agencies]),
        _row("agencies", "kind", [agency.kind for agency in agencies]),
        _row("agreements", "day", [it.signed for agency in agencies for it in agency.agreements]),
        *_contact_rows("bureaus", bureaus),
        *_contact_rows("ICE offices", list(data.offices.values())),
        *recent,
    ]


def _contact_rows(what: str, contacts: Sequence[Contact]) -> Iterator[dict[str, str | int]]:
    yield _row(what, "whole address", [not contact.missing for contact in contacts])
    for field in ("phone", "fax", "email", "verified"):
        yield _row(what, field, [getattr(contact, field) for contact in contacts])
    sources = [contact.source for contact in contacts]
    yield _row(what, "dated source", [source and source.date for source in sources])
    for kind in sorted({source.kind for source in sources if source}):
        has_kind = [source and source.kind == kind for source in sources]
        yield _row(what, f"{kind} source", has_kind)


def _row(what: str, fact: str, values: Sequence[object]) -> dict[str, str | int]:
    have = sum(bool(value) for value in values)
    return {"what": what, "fact": fact, "have": have, "lack": len(values) - have}


def unused_files(library: Library) -> Iterator[Problem]:
    """Yield each file of the user's template folders that is never read, or never printed in part.

    Raises OptoutError if the data or the programs cannot be read.
    """
    names = _Names(library)
    for folder in library.templates.own:
        try:
            check_within(folder / _STYLE, folder)  # no sample letter needs it
        except OptoutError as error:
            yield from error.problems
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = path.relative_to(folder).as_posix()
            if leads_outside(path, folder):
                continue  # whatever reads the file reports it
            if found := names.words_for(name):
                message, hint = found
                yield Problem("stray-template", message, Location(str(path)), hint)
            elif name.endswith(SUFFIX) and library.templates.path_of(name) == path:
                try:
                    yield from unprinted_parts(name, library.templates)
                except OptoutError:
                    continue  # `Templates.problems` reports it


class _Names:
    """The names that are read: programs, letters, places, and templates that others name."""

    def __init__(self, library: Library) -> None:
        self.library, self.templates = library, library.templates
        self.programs = library.programs.by_id

    @cached_property
    def named(self) -> set[str]:
        """The templates that another one names: read late, only for a folder of the user's."""
        named: set[str] = set()
        for name in {name for name in self.templates.names() if BUILTIN not in name}:
            try:
                named |= {*self.templates.source_of(name)[1]} - {name}
            except OptoutError:
                continue  # `Templates.problems` reports it
        return named

    def words_for(self, name: str) -> _Words | None:
        """Return what is wrong with a file's name, and a hint; None if the file is read."""
        program, _, file = name.rpartition("/")
        is_program = file == _PROGRAM and program != "" and "/" not in program
        is_template = name in self.named or self.templates.has(f"{BUILTIN}{name}")
        if is_program or is_template or name == _STYLE:
            return None
        if not name.endswith(SUFFIX):
            return self._words_for_wrong_suffix(program, file)
        if program not in self.programs:
            return self._words_for_wrong_folder(program, file)
        kind, _, place = file.removesuffix(SUFFIX).partition(".")
        letters = self.programs[program].letters
        if kind.startswith("_") and kind not in letters:
            return "no template uses this file", did_you_mean(kind, self._parts_in(program))
        if kind not in letters:
            return f"{program} has no letter {kind!r}", did_you_mean(kind, letters)
        return self._words_for_place(kind, place) if place else None

    def _parts_in(self, program: str) -> set[str]:
        """Return the templates of a folder that others name, without suffix."""
        inside = (name for name in self.named if name.startswith(f"{program}/"))
        return {name.rpartition("/")[2].removesuffix(SUFFIX) for name in inside}

    def _words_for_wrong_folder(self, program: str, file: str) -> _Words:
        if program == _LAYOUT:
            hint = did_you_mean(file.removesuffix(SUFFIX), self._parts_in(_LAYOUT))
            return "no template uses this file", hint
        if program:
            return f"there is no program {program!r}", did_you_mean(program, self.programs)
        kind = file.partition(".")[0]
        folders = [f"{id}/" for id, known in self.programs.items() if kind in known.letters]
        folder = folders[0] if folders else "its program's folder"
        hint = f"move it into {folder}, or give --templates the folder above it"
        return "is not in a program's folder", hint

    def _words_for_wrong_suffix(self, program: str, file: str) -> _Words | None:
        """Say how to rename a file that looks like a template or a program; None for others."""
        kind = file.partition(".")[0]
        place = file.removeprefix(f"{kind}.").partition(".")[0]
        declared = self.programs.get(program)
        if program in (*self.programs, "") and kind.casefold() == "program" and file != _PROGRAM:
            name = _PROGRAM
        elif declared and kind in declared.letters:
            is_local = place.isupper() or "-" in place
            name = f"{kind}.{place}{SUFFIX}" if is_local else f"{kind}{SUFFIX}"
        elif file.endswith(".j2"):
            name = f"{kind}{SUFFIX}"
        else:
            return None  # such as a text of the user's, a picture, a backup
        is_written = file.casefold().endswith((".docx", ".doc", ".odt", ".rtf", ".pdf"))
        hint = f"save it as plain text: {name}" if is_written else f"rename it to {name}"
        return "optout does not read a file with this name", hint

    def _words_for_place(self, kind: str, place: str) -> _Words | None:
        """Say that wording is for a state or a jurisdiction that does not exist."""
        states = self.library.directory.data.states
        if place in states:
            return None
        message = f"there is no state or jurisdiction {place!r}"
        try:
            slug = self.library.directory.find(place).slug
        except OptoutError as error:
            is_code = len(place) == len("CA")
            return message, did_you_mean(place, states) if is_code else error.problems[0].hint
        return None if slug == place else (message, f"rename it to {kind}.{slug}{SUFFIX}")
