"""From a request to its letters: documents -> cases -> notices -> letters -> exports."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for
from optout_cli.letters.compose import compose
from optout_cli.letters.files import NamedFiles, files_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import export_notes
from optout_cli.model.jurisdiction import Gazetteer
from optout_cli.model.letter import Export, Files, Letter
from optout_cli.model.notice import Case, Note, Notice
from optout_cli.model.program import LetterKind
from optout_cli.model.request import PARTIES, Party, Request
from optout_cli.programs import particulars_from
from optout_cli.programs.conditions import refusals
from optout_cli.readers.document import Document, Layer, with_assignments
from optout_cli.readers.stored import load_document
from optout_cli.readers.validate import convert

_T = TypeVar("_T")
COMMAND_LINE = "command line"
_DATA_KEYS = set(Gazetteer.__struct_fields__)  # what a data file begins with, and no request


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to make of a request: for whom, in which formats, on which day.

    `max_age` is the days for which a confirmation of a contact holds; None asks for none. A draft
    may lack the address by which it is to go. `files_from` are folders outside the request's own
    in which the files that it names may lie.
    """

    today: date
    parties: tuple[Party, ...] = PARTIES
    formats: tuple[str, ...] = ("pdf",)
    max_age: int | None = None
    is_draft: bool = False
    files_from: tuple[Path, ...] = ()


def request_file(path: str) -> Document:
    """Read a request's file (`-`: standard input). Raises OptoutError."""
    document = load_document(path, on_command_line=True)
    if is_data(document):
        hint = f"give it beside a request: --data {path}"
        raise OptoutError(
            Problem("not-a-request", "is a data file, not a request", Location(path), hint)
        )
    return document


def request_in(path: str, letter: str | None = None) -> Request:
    """Read the request in a file, or for another `letter`, which has other particulars.

    What the particulars hold is not looked at. Raises OptoutError.
    """
    request = convert(request_file(path), Request)
    if letter in (None, request.letter):
        return request
    return msgspec.structs.replace(request, letter=letter, particulars={})


def is_data(document: Document) -> bool:
    """Tell whether a document is a data file and no request."""
    return bool(_DATA_KEYS & document.data.keys()) and "jurisdiction" not in document.data


def request_for(jurisdiction: str, letter: str) -> Document:
    """Make the shortest request there is, from the command line."""
    data = {"jurisdiction": jurisdiction, "letter": letter}
    return Document(dict(data), (Layer(COMMAND_LINE, dict.fromkeys(data, (1, 1)), "command-line"),))


def set_values(document: Document, option: str, assignments: Mapping[str, str]) -> Document:
    """Lay what the command line says onto a request. Raises OptoutError."""
    return with_assignments(document, option, assignments) if assignments else document


def case_of(document: Document, library: Library, order: Order) -> Case:
    """Gather what the request's notices follow from. Raises OptoutError with every problem."""
    problems: list[Problem] = []
    request = _try(problems, lambda: convert(document, Request))
    # Looked up as they stand there, so that a fault elsewhere in the request does not hide theirs.
    place, letter = (_named(document, key, problems) for key in ("jurisdiction", "letter"))
    locality = place and _try(problems, lambda: library.directory.find(*place))
    found = letter and _try(problems, lambda: library.programs.find(*letter))
    unread: list[Problem] = []
    particulars = found and _try(unread, lambda: particulars_from(document, found[1]))
    if not request or not locality or not found:
        told = (*problems, *unread)
        raise OptoutError(*(_with_particulars_named(told, document, found[1]) if found else told))
    program, kind = found
    case = Case(
        request=request,
        particulars=particulars,
        locality=locality,
        program=program,
        kind=kind,
        wording=library.programs.notes,
        date=request.date or order.today,
        today=order.today,
        max_age=order.max_age,
        routes=tuple(route for name in order.formats if (route := exporter_for(name).ROUTE)),
        is_draft=order.is_draft,
    )
    case = _with_own_wording(case, library)
    raise_any(_left_samples(document, case))
    if unread:  # a letter that makes no sense needs no particulars
        raise OptoutError(*(tuple(locate_problems(tuple(refusals(case)), document)) or unread))
    return case


def _left_samples(document: Document, case: Case) -> Iterator[Problem]:
    """Yield each sample that a request has as it stood there, switched off."""
    for path, text in _left(case.wording.samples, document.data, ""):
        message = f"{path} is still the sample's: {text!r}"
        hint = "write your own, or take its line out"
        yield Problem("still-sample", message, document.location(path), hint)


# Any: trees of mappings, lists and texts.
def _left(sample: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of what is the same in a request and in its samples."""
    if isinstance(sample, dict) and isinstance(value, dict):
        for key in [it for it in sample if it in value]:
            yield from _left(sample[key], value[key], f"{path}.{key}".lstrip("."))
    elif isinstance(sample, list) and isinstance(value, list):
        for number, (one, other) in enumerate(zip(sample, value, strict=False)):
            yield from _left(one, other, f"{path}.{number}")
    elif sample == value:
        yield path, str(value)


def _with_own_wording(case: Case, library: Library) -> Case:
    """Note what the user wrote of the letter's template, if anything."""
    if len(library.folders) == 1:  # the shipped one: no template need be looked at
        return case
    templates, letter, place = library.templates, case.request.letter, case.locality
    try:
        own = templates.own_digest_of(templates.name_of(letter, place.slug, place.state_code))
    except OptoutError:
        return case  # what is wrong with it is told where it is filled in
    is_reworded = own is not None and templates.ships(letter)
    return msgspec.structs.replace(case, own_wording=own, is_reworded=is_reworded)


def _with_particulars_named(
    problems: Sequence[Problem], document: Document, kind: LetterKind
) -> Iterator[Problem]:
    """Tell of a key that stands at the top and is the letter kind's own, where it belongs."""
    own = {document.location(key): key for key in kind.particulars if key in document.data}
    for it in problems:
        if it.code == "unknown-key" and it.location in own:
            hint = f"put it below particulars: {{{own[it.location]}: ...}}"
            yield msgspec.structs.replace(it, hint=hint)
        else:
            yield it


def _named(
    document: Document, key: str, problems: Sequence[Problem]
) -> tuple[str, Location] | None:
    """Return a text of the request and its place, or None where it is missing or at fault."""
    text, location = document.data.get(key), document.location(key)
    if not isinstance(text, str) or location in [it.location for it in problems]:
        return None
    return text, location


def exports_of(
    document: Document, library: Library, order: Order, folder: Path = Path()
) -> tuple[Export, ...]:
    """Make every letter of a request in every format asked for: all of them or none.

    `folder` is where the files lie that the request names. Raises OptoutError with every problem.
    """
    letters = letters_of_request(document, library, order, folder)
    return encode_letters(letters, document, library, order)


def letters_of_request(
    document: Document, library: Library, order: Order, folder: Path
) -> tuple[Letter, ...]:
    """Compose a request's letters and lay them out. Raises OptoutError with every problem."""
    case = case_of(document, library, order)
    return letters_of(case, document, library, order, folder)


def letters_of(
    case: Case, document: Document, library: Library, order: Order, folder: Path
) -> tuple[Letter, ...]:
    """Lay out the words of every letter of a request. Raises OptoutError with every problem."""
    from optout_cli.letters.render import render  # imports jinja2

    problems: list[Problem] = []
    notices = _try(problems, lambda: compose(case, order.parties)) or ()
    named = NamedFiles(document, folder, order.files_from)
    files = _try(problems, lambda: files_of(case.request, named))
    raise_any(locate_problems(problems, document))
    notices = tuple(_with_faults_told(it, files, library) for it in notices)
    letters = [
        _try(problems, lambda notice=notice: render(notice, library.templates, files))  # type: ignore[misc]  # mypy cannot type a lambda's default
        for notice in notices
    ]
    # What is wrong with the template is met by each notice, and told once.
    raise_any(dict.fromkeys(locate_problems(problems, document)))
    if len(library.folders) == 1:
        return tuple(it for it in letters if it)
    from optout_cli.letters.own_wording import with_notes  # imports jinja2

    return tuple(with_notes(it, library) for it in letters if it)


def _with_faults_told(notice: Notice, files: Files | None, library: Library) -> Notice:
    """Tell beside a notice of enclosed PDFs with faults that readers repair."""
    words = library.programs.notes.small_faults
    notes = [
        Note(
            code="pdf-faults", text=words.format(name=it.name, problems=", ".join(it.small_faults))
        )
        for it in (files.attachments if files else ())
        if it.small_faults
    ]
    return msgspec.structs.replace(notice, notes=(*notice.notes, *notes)) if notes else notice


def encode_letters(
    letters: Sequence[Letter], document: Document, library: Library, order: Order
) -> tuple[Export, ...]:
    """Put a request's letters into every format asked for. Raises OptoutError."""
    problems: list[Problem] = []
    exports = [
        _try(problems, lambda letter=letter: tuple(_exports(letter, library, order)))  # type: ignore[misc]  # as above
        for letter in letters
    ]
    raise_any(dict.fromkeys(locate_problems(problems, document)))
    return tuple(export for group in exports for export in group or ())


def _exports(letter: Letter, library: Library, order: Order) -> Iterator[Export]:
    notice = letter.notice
    for name in order.formats:
        exporter = exporter_for(name)
        content = exporter.encode(letter, library.context)
        yield Export(
            notice=notice,
            format=name,
            media_type=exporter.MEDIA_TYPE,
            is_text=exporter.IS_TEXT,
            name=f"{notice.name}.{name}",
            content=content,
            notes=tuple(export_notes(letter, name, content, library)),
        )


def _try(problems: list[Problem], make: Callable[[], _T]) -> _T | None:
    """Return what `make` gives; where it raises, add its problems and return None."""
    try:
        return make()
    except OptoutError as error:
        problems += error.problems
        return None


def locate_problems(problems: Iterable[Problem], document: Document) -> Iterator[Problem]:
    """Give each Problem that names a key path, or characters, its place in the request."""
    for it in problems:
        path = it.path or (document.path_of(it.text) if it.text else "")
        yield it if it.location else msgspec.structs.replace(it, location=document.location(path))
