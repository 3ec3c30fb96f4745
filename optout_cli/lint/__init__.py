"""Everything wrong with data, templates and requests, in one run; and what the data lacks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from optout_cli import bundled
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.letters.library import Library
from optout_cli.letters.own_wording import CODE as WORDING
from optout_cli.letters.own_wording import own_wording_problems
from optout_cli.letters.pipeline import Order, encode_letters, is_data, letters_of_request
from optout_cli.lint.trial_letters import try_letters
from optout_cli.lint.unused_files import is_idle, unused_files
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.notice import Note
from optout_cli.readers.files import STDIN, folder_of
from optout_cli.readers.stored import load_document


def problems_in_library(library: Library) -> Iterator[Problem]:
    """Yield what is wrong with the data files and the templates."""
    yield from _raised(lambda: raise_any(library.directory.problems()))
    yield from _raised(lambda: library.programs)
    yield from _unknown_offices(library)
    yield from library.templates.problems()
    yield from _raised(lambda: raise_any(unused_files(library)))
    yield from _long_envelopes(library)
    yield from _letters_without_template(library)


def problems_in_letters(library: Library, today: date) -> Iterator[Problem]:
    """Yield what is wrong with the letters of every program, written with sample facts."""
    yield from _raised(lambda: raise_any(try_letters(library, today)))


def idle_folders(folders: Iterable[Path]) -> Iterator[Problem]:
    """Yield each folder of templates that overrides and adds nothing."""
    for folder in folders:
        if is_idle(folder):
            message = "nothing in this folder overrides a template or adds one"
            hint = "a letter's wording is a file like 287g/terminate.html.j2 in it"
            yield Problem("idle-folder", message, Location(str(folder)), hint)


def check_file(path: str, library: Library, order: Order) -> tuple[list[Problem], list[Note]]:
    """Check one file: a request by writing its letters nowhere, a data file as an overlay."""
    notes: list[Note] = []

    def check() -> None:
        document = load_document(path, on_command_line=True)
        if not is_data(document):
            letters = letters_of_request(document, library, order, folder_of(path))
            exports = encode_letters(letters, document, library, order)
            found = [it for one in exports for it in (*one.notice.notes, *one.notes)]
            notes.extend(it for it in found if it.code != WORDING)
            raise_any(own for it in letters for own in own_wording_problems(it, library))
        elif path == STDIN:
            message = "is a data file, which cannot be read from standard input"
            raise OptoutError(Problem("not-a-request", message, Location(path), "name the file"))
        elif not Path(path).samefile(bundled.JURISDICTIONS):  # that one is the library's own
            raise_any(library.with_data(path).directory.problems())

    problems = list(_raised(check))
    return problems, list(dict.fromkeys(notes))


def _raised(check: Callable[[], object]) -> Iterator[Problem]:
    try:
        check()
    except OptoutError as error:
        yield from error.problems


def _unknown_offices(library: Library) -> Iterator[Problem]:
    try:
        programs, offices = library.programs.by_id, library.directory.data.offices
    except OptoutError:
        return  # already told
    for id, program in programs.items():
        for rule in program.recipients:
            for office in filter(None, (rule.office, *(it.office for it in rule.copy))):
                if office not in (*offices, "bureau"):
                    message = f"{id} names the office {office!r}, which is not known"
                    location = library.programs.location(id, "recipients")
                    yield Problem("unknown-office", message, location)


def _long_envelopes(library: Library) -> Iterator[Problem]:
    from optout_cli.engines.window import LINES, window_lines

    try:
        contacts = list(library.directory.contacts())
    except OptoutError:
        return  # already told
    for id, path, contact in contacts:
        lines = window_lines(contact.envelope or contact.block)
        if lines > LINES and not contact.missing:  # an incomplete one is told of with its notice
            message = f"{id}: the address takes {lines} lines in the envelope's window"
            hint = f"add envelope: with at most {LINES} lines of 3.25 in"
            yield Problem("long-envelope", message, library.directory.location(path), hint)


def _letters_without_template(library: Library) -> Iterator[Problem]:
    try:
        letters = [id for id, _, _ in library.programs.letters()]
    except OptoutError:
        return  # already told
    for id in letters:
        name = library.templates.name_of(id, "", "")
        if not library.templates.has(name):
            message = f"the letter {id!r} has no template"
            program, _, kind = id.partition("/")
            location = library.programs.location(program, f"letters.{kind}")
            yield Problem("missing-template", message, location, f"write {name}")


def coverage(library: Library) -> list[dict[str, str | int]]:
    """Count what the data has and lacks, a row for each kind of fact."""
    data = library.directory.data
    states = list(data.states.values())
    jurisdictions = [it for _, _, it in library.directory.all()]
    bureaus = [it.bureau for it in states if it.bureau]
    return [
        _row("jurisdictions", "activation date", [it.activated for it in jurisdictions]),
        _row("states", "field office", [it.field_office for it in states]),
        _row("states", "law found", [it.laws for it in states]),
        *_contact_rows("bureaus", bureaus),
        *_contact_rows("ICE offices", list(data.offices.values())),
    ]


def _contact_rows(what: str, contacts: Sequence[Contact]) -> Iterator[dict[str, str | int]]:
    yield _row(what, "whole address", [not it.missing for it in contacts])
    for field in ("phone", "fax", "email", "verified"):
        yield _row(what, field, [getattr(it, field) for it in contacts])
    sources = [it.source for it in contacts]
    yield _row(what, "dated source", [it and it.date for it in sources])
    for kind in sorted({it.kind for it in sources if it}):
        yield _row(what, f"{kind} source", [it and it.kind == kind for it in sources])


def _row(what: str, fact: str, values: Sequence[object]) -> dict[str, str | int]:
    have = sum(bool(value) for value in values)
    return {"what": what, "fact": fact, "have": have, "lack": len(values) - have}
