"""Many requests: check each row, then make the files of those that can be written.

Nothing is written here. A row that has a Problem never stops another one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from traceback import format_exc
from typing import TypeVar

import msgspec

from optout_cli.batch.input import InputFile, rows_of
from optout_cli.batch.manifest import OutputFile, Record, files_from_exports, row_place
from optout_cli.batch.pool import WorkerKilled, result_alone, results_in_order
from optout_cli.batch.resume import Fingerprints
from optout_cli.engines.fonts import missing_characters
from optout_cli.engines.window import room_problems
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for
from optout_cli.letters.compose import compose, recipients_of, unstated, variant_of
from optout_cli.letters.files import NamedFiles
from optout_cli.letters.library import Library
from optout_cli.letters.pipeline import (
    Order,
    case_of,
    encode_letters,
    letters_of,
    set_values,
)
from optout_cli.model.notice import Case, Note, Notice
from optout_cli.readers.document import Document, Row, locate, merge
from optout_cli.readers.files import folder_of

_T = TypeVar("_T")
_ROWS_A_TASK = 8  # to check; handing one over costs a tenth of checking it
_MOST_OF_ERROR = 300  # characters of a library's own message
_UNKNOWN = {"incomplete-contact", "no-address", "no-address-for-service"}


class CheckedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one row before anything is written.

    `key` is the jurisdiction, the letter and its variant, where they are known, and `unstated` what
    could tell the letter from another of them. `paths` are the files of its
    letters, relative to the batch's folder, and `finished` those of them that need not be made
    again. `lacking` names agencies and what is not known of them. `pieces` are there where
    checking was making, `traceback` where an error that nobody foresaw ended it.
    """

    number: int
    location: Location
    problems: tuple[Problem, ...] = ()
    key: tuple[str, str, str] | None = None
    unstated: tuple[str, ...] = ()
    fingerprint: str = ""
    is_dated: bool = True
    paths: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    lacking: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()
    output_files: tuple[OutputFile, ...] | None = None
    traceback: str = ""

    @property
    def place(self) -> str:
        """Return the row's place as the manifest has it."""
        return row_place(self.location)


class MadeRow(msgspec.Struct, frozen=True, kw_only=True):
    """All files of one row, or why there are none; `traceback` as of Checked."""

    number: int
    location: Location
    output_files: tuple[OutputFile, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    traceback: str = ""

    @property
    def place(self) -> str:
        """Return the row's place as the manifest has it."""
        return row_place(self.location)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for each row: data and templates, what to make, and values around it.

    `common` lies below each row and `over` above it, each mapping under the option that gave it.
    `folder` is where the files will be, and `records` what its manifest states by path.
    """

    library: Library
    order: Order
    common: Document | None = None
    over: tuple[tuple[str, Mapping[str, str]], ...] = ()
    folder: Path = Path()
    records: Mapping[str, Record] = {}

    def document_of(self, row: Document) -> Document:
        """Lay a row onto what is common and under what the options say. Raises OptoutError."""
        document = merge(self.common, row) if self.common else row
        for option, values in self.over:
            document = set_values(document, option, values)
        return document

    def named_by(self, document: Document, row: Row) -> NamedFiles:
        """Return what finds the files that a row's whole document names."""
        return NamedFiles(document, folder_of(row.location.file), self.order.files_from)

    @property
    def is_cheap(self) -> bool:
        """Tell whether checking a letter costs about as much as making it."""
        return not any(exporter_for(name).IS_SLOW for name in self.order.formats)


def check_rows(input_files: Sequence[InputFile], job: Job, jobs: int) -> Iterator[CheckedRow]:
    """Check each row, in order.

    Raises OptoutError for what is wrong with the data or the programs, and where a sheet cannot
    be read to its end.
    """
    _ = job.library.directory, job.library.programs  # loaded, or told of, before all rows
    check = _Check(job)
    tasks = _chunk(rows_of(input_files), _ROWS_A_TASK)
    for task, result in results_in_order(check, tasks, jobs):
        if not isinstance(result, WorkerKilled):
            yield from result
            continue
        for number, row in task:  # one of these rows killed the worker; find out which
            alone = result_alone(check, [(number, row)])
            yield from [_killed(number, row)] if isinstance(alone, WorkerKilled) else alone


def make_rows(
    input_files: Sequence[InputFile], wanted: Mapping[int, Order], job: Job, jobs: int
) -> Iterator[MadeRow]:
    """Make the files of the rows whose numbers are `wanted`, each as its order says."""
    make = _Make(job)
    tasks = ((it, row, wanted[it]) for it, row in rows_of(input_files) if it in wanted)
    for (number, row, _), result in results_in_order(make, tasks, jobs):
        if isinstance(result, WorkerKilled):
            problems = _killed(number, row).problems
            yield MadeRow(number=number, location=row.location, problems=problems)
        else:
            yield result


def remaining_order(order: Order, it: CheckedRow) -> Order:
    """Return what is still to be made of a row: the formats of which a file is missing."""
    return _missing(order, it.paths, it.finished)


def _missing(order: Order, paths: Iterable[str], finished: Iterable[str]) -> Order:
    names = {path.rpartition(".")[2] for path in set(paths) - set(finished)}
    formats = tuple(name for name in order.formats if name in names)
    return msgspec.structs.replace(order, formats=formats)


def _chunk(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _killed(number: int, row: Row) -> CheckedRow:
    message = "the process that worked on this row was killed"
    hint = "was there too little memory? try again with --jobs 1"
    problem = Problem("worker-killed", message, row.location, hint)
    return CheckedRow(number=number, location=row.location, problems=(problem,))


def _unexpected_problem(error: Exception, row: Row) -> Problem:
    """Word the Problem of an error in a row that nobody foresaw, whether ours or a library's."""
    if isinstance(error, MemoryError):
        message, hint = "there was too little memory for its letters", "try it with --jobs 1"
        return Problem("out-of-memory", message, row.location, hint)
    text = " ".join(str(error).split())[:_MOST_OF_ERROR]
    shown = "".join(it if it.isprintable() else ascii(it)[1:-1] for it in text)
    message = ": ".join(filter(None, (f"optout failed with {type(error).__name__}", shown)))
    hint = "this is a bug: report it with its traceback, and leave the row out until then"
    if isinstance(error, OSError):
        hint = "look at the disk or the file that it names, and give the command again"
    return Problem("internal-error", message, row.location, hint)


class _Check:
    """Checks a few rows; made once, and then in each worker."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.prints = Fingerprints(job.library)
        self.by_print: dict[str, list[Record]] = {}
        for it in job.records.values():
            self.by_print.setdefault(it.fingerprint, []).append(it)

    def __call__(self, rows: list[tuple[int, Row]]) -> list[CheckedRow]:
        return [self._one(number, row) for number, row in rows]

    def _one(self, number: int, row: Row) -> CheckedRow:
        if row.document is None:
            problems = locate(row.problems, None, row)
            return CheckedRow(number=number, location=row.location, problems=problems)
        job, document, case, fingerprint = self.job, row.document, None, ""
        try:
            document = job.document_of(row.document)
            case = case_of(document, job.library, job.order)
            fingerprint = self.prints.of(case, job.named_by(document, row))
            return self._letters(number, row, document, case, fingerprint)
        except OptoutError as error:
            problems, traceback = locate(error.problems, document, row), ""
        except Exception as error:  # noqa: BLE001  # whatever it is, the other rows are written
            problems, traceback = (_unexpected_problem(error, row),), format_exc()
        is_lacking = case is not None and any(it.code in _UNKNOWN for it in problems)
        return CheckedRow(
            number=number,
            location=row.location,
            problems=problems,
            key=_key(case) if case and fingerprint else None,
            fingerprint=fingerprint,
            lacking=tuple(_missing_contacts(case)) if is_lacking and case else (),
            traceback=traceback,
        )

    def _letters(
        self, number: int, row: Row, document: Document, case: Case, fingerprint: str
    ) -> CheckedRow:
        job, folder = self.job, folder_of(row.location.file)
        finished: tuple[str, ...] = ()
        output_files: tuple[OutputFile, ...] | None = None
        found: list[Note] = []
        if known := self.by_print.get(fingerprint):
            finished = tuple(it.path for it in known if it.is_true(job.folder))
            notices = compose(case, job.order.parties)
        if not known or set(_paths(notices, job.order)) - set(finished):
            letters = letters_of(case, document, job.library, job.order, folder)
            notices = tuple(it.notice for it in letters)
            if job.is_cheap:
                missing = _missing(job.order, _paths(notices, job.order), finished)
                exports = encode_letters(letters, job.library, missing)
                output_files = files_from_exports(exports, row.location, fingerprint)
                found = [it for export in exports for it in export.notes]
            else:
                is_own = job.library.context.has_own_page
                problems = [
                    f
                    for it in letters
                    for f in (*missing_characters(it), *room_problems(it, has_own_page=is_own))
                ]
                raise_any(problems)
        return CheckedRow(
            number=number,
            location=row.location,
            key=_key(case),
            unstated=unstated(case),
            fingerprint=fingerprint,
            is_dated=case.request.date is not None,
            paths=tuple(_paths(notices, job.order)),
            finished=finished,
            notes=tuple(dict.fromkeys([*(it for one in notices for it in one.notes), *found])),
            output_files=output_files,
        )


def _key(case: Case) -> tuple[str, str, str]:
    return case.locality.id, case.request.letter, variant_of(case)


def _missing_contacts(case: Case) -> Iterator[tuple[str, str]]:
    """Yield each agency of the case with each field that its letter needs and nobody knows."""
    for it in recipients_of(case):
        agency = it.office or "none"
        if it.party == "bureau":
            agency = f"bureau-{case.locality.state_code.lower()}"
        routes = [route for route in case.routes if not getattr(it.contact, route)]
        ways = [way.by for way in it.service if way.by in ("email", "fax")]
        routes += [by for by in ways if not getattr(it.contact, by)]
        for field in dict.fromkeys((*it.contact.missing, *routes)):
            yield agency, field


def _paths(notices: Sequence[Notice], order: Order) -> Iterator[str]:
    for notice in notices:
        for name in order.formats:
            yield f"{notice.place.state_code}/{notice.place.slug}/{notice.name}.{name}"


class _Make:
    """Makes the files of one row; made once, and then in each worker."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.prints = Fingerprints(job.library)

    def __call__(self, task: tuple[int, Row, Order]) -> MadeRow:
        number, row, order = task
        library, folder = self.job.library, folder_of(row.location.file)
        document = row.document
        assert document is not None  # it was checked
        try:
            document = self.job.document_of(document)
            case = case_of(document, library, order)
            letters = letters_of(case, document, library, order, folder)
            exports = encode_letters(letters, library, order)
            fingerprint = self.prints.of(case, self.job.named_by(document, row))
            return MadeRow(
                number=number,
                location=row.location,
                output_files=files_from_exports(exports, row.location, fingerprint),
                notes=tuple(dict.fromkeys(it for one in exports for it in one.notes)),
            )
        except OptoutError as error:
            problems = locate(error.problems, document, row)
            return MadeRow(number=number, location=row.location, problems=problems)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other rows are written
            problem = _unexpected_problem(error, row)
            return MadeRow(
                number=number, location=row.location, problems=(problem,), traceback=format_exc()
            )
