"""From a request to its letters: document -> case -> notices -> letters -> exports."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for, suffix_of
from optout_cli.letters import Library
from optout_cli.letters.agreements import (
    county_notes,
    with_agency,
    with_agreement,
    with_party,
)
from optout_cli.letters.compose import compose, outline_case
from optout_cli.letters.notes import export_notes
from optout_cli.letters.request_files import NamedFiles, files_of
from optout_cli.letters.requirements import (
    earlier_problems,
    empty_passages,
    locality_problems,
    repeat_problems,
    struck_problems,
    with_passage_hint,
)
from optout_cli.model.jurisdiction import Gazetteer, Locality
from optout_cli.model.letter import Export, Files, Letter
from optout_cli.model.notice import Case, Note, Notice
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import MESSAGES, PARTIES, Party, Request
from optout_cli.programs import Programs, refusals
from optout_cli.programs.validation import particulars_from
from optout_cli.readers.document import Document, Layer, locating
from optout_cli.readers.files import load_document
from optout_cli.readers.validate import convert
from optout_cli.readers.values import judge

COMMAND_LINE = "command line"
_DATA_KEYS = set(Gazetteer.__struct_fields__)  # the top keys of a data file


class _Problems(list[Problem]):
    """A list of problems: a `with` block of it adds those that it raises, and goes on."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        if not isinstance(error, OptoutError):
            return False
        self += error.problems
        return True


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to make of a request: for which parties, in which formats, on which day.

    `max_age` is how many days a confirmation of a contact is good for; None requires none. A draft
    may lack the address that its format needs. `files_from` are further folders from which the
    request may name files. With `is_by_service`, each letter has those of the formats in which it
    goes out as its service says, on paper if it says nothing.
    """

    today: date
    parties: tuple[Party, ...] = PARTIES
    formats: tuple[str, ...] = ("pdf",)
    max_age: int | None = None
    is_draft: bool = False
    files_from: tuple[Path, ...] = ()
    is_by_service: bool = False

    def formats_of(self, notice: Notice) -> tuple[str, ...]:
        """Return the formats in which to write the letter of a notice."""
        if not self.is_by_service:
            return self.formats
        ways = [service.by for service in notice.recipient.service]
        routes = {way if way in MESSAGES else None for way in ways or ["mail"]}
        return tuple(name for name in self.formats if exporter_for(name).ROUTE in routes)

    def applied_to(self, case: Case) -> Case:
        """Return a case with what the order says of it."""
        names = () if self.is_by_service else self.formats
        return msgspec.structs.replace(
            case,
            today=self.today,
            max_age=self.max_age,
            routes=tuple(route for name in names if (route := exporter_for(name).ROUTE)),
            is_by_service=self.is_by_service,
            is_draft=self.is_draft,
        )


def request_file(path: str) -> Document:
    """Read a request's file (`-`: standard input). Raises OptoutError."""
    document = load_document(path, on_command_line=True)
    if is_data(document):
        hint = f"name it with --data {path}, beside a request"
        raise OptoutError(
            Problem("not-a-request", "is a data file, not a request", Location(path), hint)
        )
    return document


def request_in(path: str, programs: Programs, letter: str | None = None) -> Request:
    """Read the request in a file. For another `letter`, leave out its particulars.

    Does not check the particulars. Raises OptoutError.
    """
    request = convert(programs.with_id(request_file(path)), Request)
    if letter in (None, request.letter):
        return request
    return msgspec.structs.replace(request, letter=letter, particulars={})


def is_data(document: Document) -> bool:
    """Tell whether a document is a data file, not a request."""
    return bool(_DATA_KEYS & document.data.keys()) and "jurisdiction" not in document.data


def request_for(jurisdiction: str, letter: str) -> Document:
    """Return the shortest possible request, from the command line."""
    data = {"jurisdiction": jurisdiction, "letter": letter}
    return Document(dict(data), (Layer(COMMAND_LINE, dict.fromkeys(data, (1, 1)), "command-line"),))


def case_of(document: Document, library: Library, order: Order) -> Case:
    """Gather everything that decides the request's notices. Raises OptoutError, all problems."""
    document = library.programs.with_id(document)
    problems, unread = _Problems(), _Problems()
    request: Request | None = None
    locality: Locality | None = None
    found: tuple[Program, LetterKind] | None = None
    particulars: Any = None  # Any: a struct made from what the letter kind declares
    from_data: tuple[str, ...] = ()
    samples, odd, doubts = _judge_values(document, library)
    with problems:
        request = convert(document, Request)
    # A value that another program left there has the wrong form too: report that once.
    places = {problem.location for problem in odd}
    problems[:] = [*odd, *(problem for problem in problems if problem.location not in places)]
    # Look these up as written, so that a problem elsewhere in the request does not hide theirs.
    place, letter = (_text_at(document, key, problems) for key in ("jurisdiction", "letter"))
    if place:
        with problems:
            locality = library.directory.find(*place)
    if letter:
        with problems:
            found = library.programs.find(*letter)
    if found:
        with unread:
            stated = with_agency(document, locality, found[1], library.directory)
            stated, from_data = with_agreement(stated, locality, found[1])
            particulars = particulars_from(stated, found[1])
            locality = with_party(stated, locality, found[1], library.directory)
    if odd or request is None or locality is None or found is None:
        known = (*problems, *(problem for problem in unread if problem.location not in places))
        raise OptoutError(*(_with_hints(known, document, found[1]) if found else known))
    outline = outline_case(request, locality, *found, request.date or order.today, particulars)
    case = msgspec.structs.replace(
        order.applied_to(outline),
        known=from_data,
        doubts=(*doubts, *county_notes(locality, found[1], library.directory)),
        is_reworded=bool(request.wording or request.struck),
    )
    if len(library.folders) > 1:
        case = _with_own_wording(case, library)
    wrong = (*locality_problems(case), *earlier_problems(case), *repeat_problems(case))
    raise_any((*samples, *wrong, *struck_problems(case)))
    if unread:  # a letter that makes no sense needs no particulars
        raise OptoutError(*(tuple(refusals(case)) or unread))
    return case


def _judge_values(
    document: Document, library: Library
) -> tuple[list[Problem], list[Problem], list[Note]]:
    """Return values of the sample that nobody replaced, and other wrong and doubtful ones."""
    samples = [
        Problem(
            "still-sample",
            f"{path} is still the sample's: {text!r}",
            document.location(path),
            "write your own, or remove its line",
            path,
        )
        for path, text in _equal_values(library.programs.wording.placeholders, document.data)
    ]
    odd, doubts = judge(document, library.programs.uses_in(document))
    told = {problem.path for problem in samples}
    odd = (*odd, *empty_passages(document))
    notes = [
        Note(
            code="odd-value",
            text=f"check {doubt.path}: {doubt.message.removeprefix(f'{doubt.path} ')};"
            f" if so, {doubt.hint}",
        )
        for doubt in doubts
    ]
    return samples, [problem for problem in odd if problem.path not in told], notes


# Any: trees of mappings, lists and texts.
def _equal_values(sample: Any, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of each value that is the same in a request and in its samples."""
    if isinstance(sample, dict) and isinstance(value, dict):
        for key in [key for key in sample if key in value]:
            yield from _equal_values(sample[key], value[key], f"{path}.{key}".lstrip("."))
    elif isinstance(sample, list) and isinstance(value, list):
        for number, pair in enumerate(zip(sample, value, strict=False)):
            yield from _equal_values(*pair, f"{path}.{number}")
    elif sample == value:
        yield path, str(value)


def _with_own_wording(case: Case, library: Library) -> Case:
    """Record which part of the letter's template the user wrote, if any."""
    templates, letter, place = library.templates, case.request.letter, case.locality
    try:
        own = templates.own_digest_of(templates.name_of(letter, place.slug, place.state_code))
    except OptoutError:
        return case  # render reports template errors
    is_reworded = own is not None and templates.ships(letter)
    return msgspec.structs.replace(
        case, own_wording=own, is_reworded=case.is_reworded or is_reworded
    )


def _wording_problems(case: Case, notices: Sequence[Notice], library: Library) -> Iterator[Problem]:
    """Yield what is wrong with the request's own words, and with their places in the letters."""
    request, place = case.request, case.locality
    if not request.wording:
        return
    from optout_cli.letters.render import render  # imports jinja2
    from optout_cli.templating.filters import text_problems

    name = library.templates.name_of(request.letter, place.slug, place.state_code)
    known = library.templates.passages_in(name)
    found = list(text_problems(request.wording, known, request.letter))
    if not found:
        return  # rendering the letters reports the others
    words = {passage: text for passage, text in request.wording.items() if passage in known}
    others = _Problems()
    for notice in notices:
        with others:
            render(msgspec.structs.replace(notice, wording=words), library.templates)
    told = {problem.path for problem in found}
    found += (other for other in others if other.code == "wrong-wording" and other.path not in told)
    paths = [f"wording.{passage}" for passage in request.wording]
    yield from sorted(found, key=lambda problem: paths.index(problem.path or ""))


def _with_hints(
    problems: Sequence[Problem], document: Document, kind: LetterKind
) -> Iterator[Problem]:
    """Add hints on passages, and on each unknown top-level key that is that of a particular."""
    names = {document.location(key): key for key in kind.particulars if key in document.data}
    for problem in problems:
        if problem.code == "unknown-key" and problem.location in names:
            hint = f"put it under particulars: {{{names[problem.location]}: ...}}"
            yield msgspec.structs.replace(problem, hint=hint)
        else:
            yield with_passage_hint(problem, document, kind)


def _text_at(
    document: Document, key: str, problems: Sequence[Problem]
) -> tuple[str, Location] | None:
    """Return a text of the request and its location, or None if it is missing or has a problem."""
    text, location = document.data.get(key), document.location(key)
    if not isinstance(text, str) or location in [problem.location for problem in problems]:
        return None
    return text, location


def exports_of(
    document: Document, library: Library, order: Order, folder: Path = Path()
) -> tuple[Export, ...]:
    """Make every letter of a request in every format of the order: all of them or none.

    `folder` contains the files that the request names. Raises OptoutError with every problem.
    """
    with locating(document):
        letters = letters_of_request(document, library, order, folder)
        return encode_letters(letters, library, order)


def letters_of_request(
    document: Document, library: Library, order: Order, folder: Path
) -> tuple[Letter, ...]:
    """Compose a request's letters and render them. Raises OptoutError with every problem."""
    case = case_of(document, library, order)
    return letters_of(case, document, library, order, folder)


def letters_of(
    case: Case, document: Document, library: Library, order: Order, folder: Path
) -> tuple[Letter, ...]:
    """Render every letter of a request. Raises OptoutError with every problem."""
    from optout_cli.letters.render import render, with_forms  # imports jinja2

    problems = _Problems()
    notices: tuple[Notice, ...] = ()
    files = Files()
    with problems:
        notices = compose(case, order.parties)
    with problems:
        files = files_of(case.request, NamedFiles(document, folder, order.files_from))
    with problems:
        raise_any(_wording_problems(case, notices, library))
    raise_any(problems)
    faulty = [
        Note(
            code="pdf-faults",
            text=f"print {file.name} to a new PDF to remove its small errors, which PDF readers"
            f" repair: {', '.join(file.small_faults)}",
        )
        for file in files.attachments
        if file.small_faults
    ]
    for file in files.attachments:
        if file.unseen:
            text = f"check {file.name}: its pages do not show {', '.join(file.unseen)}"
            faulty.append(Note(code="unseen-in-pdf", text=text))
    for picture in filter(None, (files.seal, files.autograph)):
        if picture.color:
            what = f"it is a solid block of the color {picture.color}"
            text = f"check the picture {picture.alt!r}: {what}"
            faulty.append(Note(code="solid-picture", text=text))
    letters = []
    for notice in notices:
        with problems:
            noted = msgspec.structs.replace(notice, notes=(*notice.notes, *faulty))
            letter = render(noted, library.templates, files)
            letters.append(with_forms(letter, case.routes, library.templates))
    # Each notice reports problems with the template; report them once.
    raise_any(problems)
    if len(library.folders) == 1 and not case.is_reworded:
        return tuple(letters)
    from optout_cli.letters.own_words import with_notes  # most letters need none

    return tuple(with_notes(letter, library) for letter in letters)


def encode_letters(letters: Sequence[Letter], library: Library, order: Order) -> tuple[Export, ...]:
    """Encode a request's letters in every format of the order. Raises OptoutError."""
    problems = _Problems()
    exports: list[Export] = []
    for letter in letters:
        with problems:
            for name in order.formats_of(letter.notice):
                exporter = exporter_for(name)
                content = exporter.encode(letter.as_form(exporter.ROUTE), library.context)
                pages = exporter.count_pages(content)
                exports.append(
                    Export(
                        notice=letter.notice,
                        format=name,
                        media_type=exporter.MEDIA_TYPE,
                        is_text=exporter.IS_TEXT,
                        name=letter.file_name + suffix_of(name),
                        content=content,
                        notes=tuple(export_notes(letter, name, pages, library.options)),
                        engine=library.context.engine_name if exporter.IS_SLOW else None,
                        pages=pages,
                    )
                )
    raise_any(problems)
    return tuple(exports)
