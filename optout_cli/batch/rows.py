"""Rows -> checked rows -> the finished files of each row.

Nothing is written to disk here. A Problem in one row never stops another row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import msgspec

from optout_cli import engines
from optout_cli.batch.input import InputFile, rows_of
from optout_cli.batch.job import (
    CheckedRow,
    Job,
    MadeRow,
    killed_problem,
    pack,
    row_errors,
    unpack,
)
from optout_cli.batch.pool import WorkerKilled, result_alone, results_in_order
from optout_cli.engines.measure import missing_characters, room_problems
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for, suffix_of
from optout_cli.letters import Library
from optout_cli.letters.compose import compose, distinctions, recipients_of, variant_of
from optout_cli.letters.notes import export_notes
from optout_cli.letters.pipeline import (
    Order,
    case_of,
    encode_letters,
    letters_of,
)
from optout_cli.letters.request_files import Fingerprints
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case, Note, Notice
from optout_cli.model.request import MESSAGES
from optout_cli.output import temporary_files
from optout_cli.readers.cells import date_in_words
from optout_cli.readers.document import OWN_MARK, Document, Row, locate
from optout_cli.readers.files import folder_of
from optout_cli.readers.postal import tidy_number
from optout_cli.register.events import Record
from optout_cli.register.plan import Writing
from optout_cli.register.replies import claim_of
from optout_cli.register.state import destination_of

_ROWS_A_TASK = 8  # to check: sending a row to a worker costs a tenth of checking it
_NAME = f"{OWN_MARK} name"  # the column with the jurisdiction's name, in tables to fill in
_UNKNOWN = {"incomplete-contact", "no-address", "no-address-for-service"}


def check_rows(input_files: Sequence[InputFile], job: Job, jobs: int) -> Iterator[CheckedRow]:
    """Check each row, in order.

    Raises OptoutError for problems with the data or the programs, and where an input file cannot
    be read to its end.
    """
    check, rows = _work_on(job).check, rows_of(input_files)
    tasks = iter(lambda: list(islice(rows, _ROWS_A_TASK)), [])
    for task, result in results_in_order(check, tasks, jobs):
        if not isinstance(result, WorkerKilled):
            yield from result
            continue
        for number, row in task:  # one of these rows killed the worker; find out which
            alone = result_alone(check, [(number, row)])
            if isinstance(alone, WorkerKilled):
                problem = killed_problem(row.location)
                yield CheckedRow(number=number, location=row.location, problems=(problem,))
            else:
                yield from alone


def _work_on(job: Job) -> "_Work":
    """Return what checks the rows.

    Raises OptoutError for problems that every row would have: with data, programs, or engine.
    """
    _ = job.library.directory, job.library.programs
    if any(exporter_for(name).IS_SLOW for name in job.order.formats):
        context = job.library.context
        with temporary_files():
            pass
        raise_any(engines.layout_problems(context.engine_name, context.templates))
    work = _Work(job)
    _ = work.fingerprints  # once, for all processes
    return work


def is_made_by_check(order: Order) -> bool:
    """Tell whether checking a row makes its files: it does if no format is slow."""
    return not any(exporter_for(name).IS_SLOW for name in order.formats)


class _Task(NamedTuple):
    """A row to make: from the letters that the check has kept, otherwise from the row itself."""

    checked: CheckedRow
    order: Order
    row: Row | None


def make_rows(
    input_files: Sequence[InputFile],
    wanted: Mapping[int, Order],
    job: Job,
    jobs: int,
    checked: Callable[[int], CheckedRow | None] = lambda _: None,
) -> Iterator[MadeRow]:
    """Make the files of the rows that are `wanted`, by their rising number, as each order says.

    `checked` returns a row with its letters; without them, the row is read and composed again.
    """
    tasks = _tasks(wanted, checked, _finder(input_files))
    find = _finder(input_files)
    can_fork = engines.can_fork(job.library.context.engine_name)
    for task, result in results_in_order(_Work(job).make, tasks, jobs, first_here=can_fork):
        if isinstance(result, WorkerKilled):
            number, location = task.checked.number, task.checked.location
            yield MadeRow(number=number, location=location, problems=(killed_problem(location),))
        elif result.problems:  # few: only here the row is needed once more
            yield _locate(result, find(result.number), job)
        else:
            yield result


def check_and_make(
    rows: Iterable[Row], job: Job, choose: Callable[[CheckedRow], Order | None]
) -> Iterator[tuple[CheckedRow, MadeRow | None]]:
    """Check each row and make its files before the next row is read, all in this process.

    `choose` says what to make of a checked row. Raises OptoutError as `check_rows`.
    """
    work = _work_on(job)
    for number, row in enumerate(rows):
        checked = work.check_row(number, row)
        order = choose(checked)
        if order is None:
            yield checked, None
        elif checked.output_files:
            files = checked.output_files
            yield checked, MadeRow(number=number, location=row.location, output_files=files)
        else:
            task = _Task(checked, order, None if checked.letters else row)
            yield checked, _locate(work.make(task), row, job)


def _locate(result: MadeRow, row: Row, job: Job) -> MadeRow:
    """Give the problems of a row that was made their locations in the row."""
    assert row.document is not None  # the row was checked
    problems = locate(result.problems, job.document_of(row.document), row)
    return msgspec.structs.replace(result, problems=problems)


def _tasks(
    wanted: Mapping[int, Order],
    checked: Callable[[int], CheckedRow | None],
    find: Callable[[int], Row],
) -> Iterator[_Task]:
    for number, order in wanted.items():
        if (known := checked(number)) and known.letters:
            yield _Task(known, order, None)
        else:
            row = find(number)
            yield _Task(CheckedRow(number=number, location=row.location), order, row)


def _finder(input_files: Sequence[InputFile]) -> Callable[[int], Row]:
    """Return a function that finds rows by their rising numbers, and reads no further."""
    rows = rows_of(input_files)
    return lambda wanted: next(row for number, row in rows if number == wanted)


def remaining_order(order: Order, paths: Iterable[str], finished: Iterable[str]) -> Order:
    """Return the order for the formats of which a file is not finished."""
    missing = {f".{path.partition('.')[2]}" for path in set(paths) - set(finished)}
    formats = tuple(name for name in order.formats if suffix_of(name) in missing)
    return msgspec.structs.replace(order, formats=formats)


class _Work:
    """Checks rows, and makes their files; made once, then copied to each worker."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.records: dict[str, list[Record]] = {}  # by fingerprint
        for record in job.records.values():
            self.records.setdefault(record.fingerprint, []).append(record)

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """The hashes of requests; a row that is made after its check has its own."""
        return Fingerprints(self.job.library, self.job.order.formats)

    def check(self, rows: list[tuple[int, Row]]) -> list[CheckedRow]:
        """Check some rows, each with its number."""
        return [self.check_row(number, row) for number, row in rows]

    def check_row(self, number: int, row: Row) -> CheckedRow:
        """Check a row, and keep its letters, or their files if no format is slow."""
        job, document, case, fingerprint = self.job, row.document, None, ""
        problems, traceback = locate(row.problems, None, row), ""
        try:
            with row_errors(row.location):
                if row.document:
                    document = job.document_of(row.document)
                    case = case_of(document, job.library, job.order)
                    fingerprint = self.fingerprints.of(case, job.named_by(document, row))
                    return self._check_letters(number, row, document, case, fingerprint)
        except OptoutError as error:
            problems, traceback = locate(error.problems, document, row), error.traceback
        is_lacking = any(problem.code in _UNKNOWN for problem in problems)
        cells = {} if isinstance(row.original, str) else dict(row.original)
        named = (document.data if document else cells).get("jurisdiction")
        place = asked = None  # what the row is about, whatever else is wrong with it
        with suppress(OptoutError):
            place = job.library.directory.find(named).id if isinstance(named, str) else None
        if document and place:
            letter, day = (document.data.get(key, "") for key in ("letter", "date"))
            if isinstance(letter, str) and isinstance(day, str):
                is_cell = document.is_cell("date")
                meant = date_in_words(day, document.date_order("date")) if is_cell else None
                asked = place, letter, meant or day
        return CheckedRow(
            number=number,
            location=row.location,
            problems=problems,
            key=_key(case) if case and fingerprint else None,
            jurisdiction=place,
            asked=asked,
            fingerprint=fingerprint,
            lacking=tuple(_missing_contacts(case)) if case and is_lacking else (),
            traceback=traceback,
        )

    def _check_letters(
        self, number: int, row: Row, document: Document, case: Case, fingerprint: str
    ) -> CheckedRow:
        job, order = self.job, self.job.order
        known = self.records.get(fingerprint, ())
        finished = tuple(record.path for record in known if record.is_true(job.folder))
        notices = compose(case, order.parties) if finished else ()
        output_files: Writing | None = None
        kept, made, claim = b"", list[Note](), None
        if not finished or set(_paths(notices, order)) - set(finished):
            folder = folder_of(row.location.file)
            letters = letters_of(case, document, job.library, order, folder)
            notices = tuple(letter.notice for letter in letters)
            claim = claim_of(letters, job.library.programs.find(case.request.letter)[1])
            remaining = remaining_order(order, _paths(notices, order), finished)
            if is_made_by_check(order):
                exports = encode_letters(letters, job.library, remaining)
                output_files = job.writing_of(letters, exports, row.location, fingerprint)
                made = [note for export in exports for note in export.notes]
            else:
                raise_any(self._page_problems(letters))
                kept = pack(letters, case.request, job.named_by(document, row))
                made = [
                    note
                    for letter in letters
                    for name in remaining.formats_of(letter.notice)
                    for note in export_notes(letter, name, None, job.library.options)
                ]
        stated = (note for notice in notices for note in notice.notes)
        notes = (*_name_notes(row, case, job.library), *stated, *made)
        return CheckedRow(
            number=number,
            location=row.location,
            key=_key(case),
            distinctions=distinctions(case),
            fingerprint=fingerprint,
            is_dated=case.request.date is not None,
            paths=tuple(_paths(notices, order)),
            finished=finished,
            notes=tuple(dict.fromkeys(notes)),
            output_files=output_files,
            letters=kept,
            claim=claim,
            asked=(case.locality.id, case.request.letter, str(case.request.date or "")),
            numbers=tuple(_numbers(notices[0])),
        )

    def _page_problems(self, letters: Sequence[Letter]) -> Iterator[Problem]:
        """Yield what would not fit on the pages of the letters that get some."""
        is_own = self.job.library.templates.has_own_page
        for letter in letters:
            formats = self.job.order.formats_of(letter.notice)
            if any(exporter_for(name).IS_SLOW for name in formats):
                yield from missing_characters(letter)
                yield from room_problems(letter, has_own_page=is_own)

    def make(self, task: _Task) -> MadeRow:
        """Make the files of a row. Its problems do not have their locations yet."""
        job, row, number, location = self.job, task.row, task.checked.number, task.checked.location
        try:
            with row_errors(location):
                if row is None:
                    letters, fingerprint = unpack(task.checked.letters), task.checked.fingerprint
                else:
                    assert row.document is not None  # the row was checked
                    document, folder = job.document_of(row.document), folder_of(location.file)
                    case = case_of(document, job.library, task.order)
                    letters = letters_of(case, document, job.library, task.order, folder)
                    fingerprint = self.fingerprints.of(case, job.named_by(document, row))
                exports = encode_letters(letters, job.library, task.order)
                return MadeRow(
                    number=number,
                    location=location,
                    output_files=job.writing_of(letters, exports, location, fingerprint),
                    notes=tuple(dict.fromkeys(note for export in exports for note in export.notes)),
                )
        except OptoutError as error:
            problems, traceback = error.problems, error.traceback
            return MadeRow(number=number, location=location, problems=problems, traceback=traceback)


def _name_notes(row: Row, case: Case, library: Library) -> Iterator[Note]:
    """Yield a note if optout's own column of names has the name of another county.

    A name that the data does not know is the user's own. An agency goes with its county.
    """
    name, own = dict(row.cells).get(_NAME, ""), case.locality
    other = library.directory.known(name) if name not in ("", own.name) else None
    both_agencies = other and other.agency and own.agency
    if other and other.id != own.id and (other.code != own.code or both_agencies):
        text = (
            f"check which is right: jurisdiction: {own.slug} is {own.name}, and the column {_NAME}"
            f" says {name!r}"
        )
        yield Note(code="other-place", text=text)


def _key(case: Case) -> tuple[str, str, str]:
    return case.locality.id, case.request.letter, variant_of(case)


def _missing_contacts(case: Case) -> Iterator[tuple[str, str]]:
    """Yield each agency of the case with each contact field that its letter needs and lacks."""
    for recipient in recipients_of(case):
        agency, contact = recipient.office or "none", recipient.contact
        if recipient.party == "bureau":
            agency = f"bureau-{case.locality.state_code.lower()}"
        ways = (way.by for way in recipient.service if way.by in MESSAGES)
        needed = [field for field in (*case.routes, *ways) if not getattr(contact, field)]
        for field in dict.fromkeys((*contact.missing, *needed)):
            yield agency, field


def _numbers(notice: Notice) -> Iterator[tuple[str, str, str]]:
    """Yield each tracking number of a request with the office that it is for, and its key path."""
    for recipient in notice.recipients:
        office = destination_of(recipient.office, notice.place.state_code)
        for number, way in enumerate(recipient.service):
            if way.number:
                path = f"service.{recipient.party}.{number}.number"
                yield tidy_number(way.number), office, path


def _paths(notices: Sequence[Notice], order: Order) -> Iterator[str]:
    for notice in notices:
        for name in order.formats_of(notice):
            place = f"{notice.place.state_code}/{notice.place.slug}"
            yield f"{place}/{notice.file_name}{suffix_of(name)}"
