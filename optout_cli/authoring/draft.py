"""An unfinished request: what is wrong with an answer, who would receive it, how it reads."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from optout_cli import bundled
from optout_cli.authoring.request_writer import Answers, request_text
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.letters.compose import party_of, recipients_of
from optout_cli.letters.files import NamedFiles, files_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import contact_line, law_notes
from optout_cli.letters.pipeline import Order, case_of, exports_of
from optout_cli.model.notice import Recipient
from optout_cli.model.request import Request
from optout_cli.programs import particulars_from
from optout_cli.readers.document import Document, Layer, locating, with_assignments
from optout_cli.readers.validate import convert
from optout_cli.readers.values import judge
from optout_cli.readers.yaml import document_from_yaml

_LAYOUT = bundled.TEMPLATES / "_layout" / "request.yaml"
_ANSWER = "answer"


class Prospect(msgspec.Struct, frozen=True):
    """What an unfinished request leads to: status, laws, recipients, and a note on each contact."""

    status: str | None
    laws: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    contact_lines: tuple[str, ...]


def document_from(answers: Answers) -> Document:
    """Make an unfinished request from answers, which are in the shape of a request."""
    return Document(dict(answers), (Layer(_ANSWER, {}, "command-line"),))


def with_answers(document: Document, texts: Mapping[str, str]) -> Document:
    """Set texts in an unfinished request, by key path; an empty text removes the value."""
    return with_assignments(document, _ANSWER, texts)


def problem_with(
    document: Document,
    texts: Mapping[str, str],
    library: Library,
    folder: Path,
    files_from: tuple[Path, ...],
) -> Problem | None:
    """Return the first problem with the answers in `texts`, by key path.

    Ignores what the request still lacks. A named file must be in `folder`, where the request will
    be, or in `files_from`.
    """
    try:
        tried = with_answers(document, texts)
        raise_any(problem for problem in judge(tried)[0] if problem.path in texts)
        request = convert(tried, Request)
        particulars_from(tried, library.programs.find(request.letter)[1])
        # Without locations: the answers will be part of the request's file.
        files_of(request, NamedFiles(Document(tried.data, ()), folder, files_from))
    except OptoutError as error:
        # A Problem is about one of the answers, or about the list that they are items of.
        parents = (path.rpartition(".") for path in texts)
        about = {*texts, *(parent for parent, _, last in parents if last.isdigit())}
        for problem in error.problems:
            if problem.path in about or (problem.location and problem.location.path in about):
                return problem
    return None


def prospect_of(document: Document, library: Library, today: date) -> Prospect:
    """Tell what an unfinished request leads to. Raises OptoutError."""
    with locating(document):
        case = case_of(document, library, Order(today=today))
    period, recipients = case.program.period(case.date), recipients_of(case)
    return Prospect(
        status=period.note if period else None,
        laws=tuple(note.text for note in law_notes(case)),
        recipients=recipients,
        contact_lines=tuple(contact_line(case, recipient) for recipient in recipients),
    )


def draft_text(answers: Answers, library: Library, day: date, file: str) -> str:
    """Return the text of a request with these answers, and its letter's samples for the rest."""
    program, kind = library.programs.find(answers["letter"])
    parties = {party_of(rule) for rule in program.recipients if rule.holds(day)}
    return request_text(answers, layout(), kind, parties, day, file)


def layout() -> str:
    """Return the layout of a request's text, which has a note and a sample for each key."""
    return _LAYOUT.read_text("utf-8")


def preview_letters(
    text: str,
    name: str,
    library: Library,
    today: date,
    folder: Path,
    files_from: tuple[Path, ...],
) -> list[str]:
    """Return the letters of a request's text, as plain text. Raises OptoutError."""
    order = Order(today=today, formats=("txt",), files_from=files_from)
    exports = exports_of(document_from_yaml(text, name), library, order, folder)
    return [export.content.decode() for export in exports]
