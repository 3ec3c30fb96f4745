"""A request in the making: what is wrong with one answer, who would receive it, how it reads."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from optout_cli import bundled
from optout_cli.authoring.request_writer import Answers, request_text
from optout_cli.errors import OptoutError, Problem
from optout_cli.letters.compose import party_of, recipients_of
from optout_cli.letters.files import NamedFiles, files_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import contact_note, law_notes
from optout_cli.letters.pipeline import Order, case_of, exports_of
from optout_cli.model.notice import Recipient
from optout_cli.model.request import Request
from optout_cli.programs import particulars_from
from optout_cli.readers.document import Document, Layer, with_assignments
from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import document_from_yaml

_LAYOUT = bundled.TEMPLATES / "_layout" / "request.yaml"
_ANSWER = "answer"


class Prospect(msgspec.Struct, frozen=True):
    """What to know of a request before it is whole: status, laws, recipients, a line on each."""

    status: str | None
    laws: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    contact_lines: tuple[str, ...]


def document_from(answers: Answers) -> Document:
    """Take answers, which have a request's shape, for a request in the making."""
    return Document(dict(answers), (Layer(_ANSWER, {}, "command-line"),))


def with_answers(document: Document, texts: Mapping[str, str]) -> Document:
    """Lay texts on a request in the making, by key path; an empty one takes the line away."""
    return with_assignments(document, _ANSWER, texts)


def problem_with(
    document: Document,
    texts: Mapping[str, str],
    library: Library,
    folder: Path,
    files_from: tuple[Path, ...],
) -> Problem | None:
    """Return what is wrong with answers, by key path, whatever else the request still lacks.

    A file is looked for in `folder`, where the request will be, and in `files_from`.
    """
    tried = with_answers(document, texts)
    try:
        request = convert(tried, Request)
        particulars_from(tried, library.programs.find(request.letter)[1])
        # Without places: what is typed here will be the request's own word.
        files_of(request, NamedFiles(Document(tried.data, ()), folder, files_from))
    except OptoutError as error:
        return next((it for it in error.problems if _is_about(it, texts)), None)
    return None


def _is_about(problem: Problem, paths: Mapping[str, str]) -> bool:
    """Tell whether a Problem is one of these answers, or of the list whose lines they are."""
    lists = {list_ for list_, _, last in (it.rpartition(".") for it in paths) if last.isdigit()}
    places = {problem.path, problem.location.path if problem.location else ""}
    return not places.isdisjoint(paths.keys() | lists)


def prospect_of(document: Document, library: Library, today: date) -> Prospect:
    """Look at what would follow from a request in the making. Raises OptoutError."""
    case = case_of(document, library, Order(today=today))
    period, recipients = case.program.period(case.date), recipients_of(case)
    return Prospect(
        status=period.note if period else None,
        laws=tuple(it.text for it in law_notes(case)),
        recipients=recipients,
        contact_lines=tuple(contact_note(case, it).text for it in recipients),
    )


def draft_text(answers: Answers, library: Library, day: date, file: str) -> str:
    """Return the text of a request with these answers, its letter's samples beside them."""
    program, kind = library.programs.find(answers["letter"])
    parties = {party_of(rule) for rule in program.recipients if rule.holds(day)}
    return request_text(answers, layout(), kind, parties, day, file)


def layout() -> str:
    """Return the layout of a request's text: each key with a note and a sample."""
    return _LAYOUT.read_text("utf-8")


def preview_letters(
    text: str,
    name: str,
    library: Library,
    today: date,
    folder: Path,
    files_from: tuple[Path, ...],
) -> list[str]:
    """Return the letters that a request's text would make, as plain text. Raises OptoutError."""
    order = Order(today=today, formats=("txt",), files_from=files_from)
    exports = exports_of(document_from_yaml(text, name), library, order, folder)
    return [it.content.decode() for it in exports]
