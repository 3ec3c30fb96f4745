"""The plan of a batch, once every row is checked: rows to write, finished rows, and problems."""

import os
import pickle
from collections import Counter
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import msgspec

from optout_cli.batch.input import InputFile
from optout_cli.batch.job import CheckedRow, Job, MadeRow
from optout_cli.batch.rows import (
    is_made_by_check,
    make_rows,
    remaining_order,
)
from optout_cli.errors import Problem
from optout_cli.letters.pipeline import Order
from optout_cli.model.notice import Note
from optout_cli.readers.files import is_pipe
from optout_cli.register.events import Record

LAW = "state-law"  # the note that is repeated in every run
DRAFT = "draft"
ENVELOPE = "equal-numbers"
OF_ALL = (LAW, ENVELOPE)  # notes on all rows, also on those that were finished before


class BatchPlan:
    """Checked rows: those to write, those that are finished, and those with problems.

    `origins` has the tables of each input file, and `pipes` those that are not files. `spool` is an
    open file for what the check has made, letters or finished files, until they are written. With
    `is_stream`, each row is written before the next one is known.
    """

    def __init__(
        self,
        origins: Mapping[str, tuple[str, ...]],
        spool: IO[bytes] | None = None,
        *,
        is_stream: bool = False,
    ) -> None:
        self._is_stream = is_stream
        self.origins = origins
        self.pipes = {file for file in origins if is_pipe(file)}
        self.rows: dict[int, CheckedRow] = {}
        self.problems: dict[int, tuple[Problem, ...]] = {}
        self.notes: list[Note] = []
        self.lacking: Counter[tuple[str, str]] = Counter()
        self.left: set[int] = set()  # rows with a file that stays: changed, or another row's
        self.unwritten: set[int] = set()  # good rows whose letters could not be written
        self.taken: dict[int, tuple[Problem, ...]] = {}  # good rows whose file is another row's
        self.tracebacks: dict[str, list[str]] = {}  # each with its rows
        self._by_path: dict[str, int] = {}
        self._by_number: dict[str, dict[int, str]] = {}  # rows with a number, and its office
        self._notes: dict[Note, Note] = {}
        self._spool = _Spool(spool) if spool else None

    def add(self, row: CheckedRow) -> None:
        """Add the next row."""
        self.lacking.update(row.lacking)
        if self._spool and (row.letters or row.output_files is not None):
            self._spool.put(row.number, row.letters or row.output_files)
        # Most rows have the same notes; keep one copy of each.
        notes = tuple(self._notes.setdefault(note, note) for note in row.notes)
        self.rows[row.number] = msgspec.structs.replace(
            row, output_files=None, letters=b"", notes=notes, traceback=""
        )
        self.note_traceback(row.place, row.traceback)
        if row.problems:
            self.problems[row.number] = row.problems
        for path in row.paths:
            first = self._by_path.setdefault(path, row.number)
            if first != row.number:
                hint = _collision_hint(self.rows[first], row)
                words = f"would write {path}; {{}} would too"
                self._refuse_both((self.rows[first], row), "equal-names", words, hint)
        for number, office, path in row.numbers:
            known = self._by_number.setdefault(number, {})
            for rival in [it for it, other in known.items() if other != office]:
                hint = "write each piece's own number, which is on its receipt"
                words = f"has the tracking number {number}; {{}} has it for another office"
                both = (self.rows[rival], row)
                self._refuse_both(both, "equal-numbers", words, hint, path)
            known[row.number] = office

    def note_traceback(self, place: str, traceback: str) -> None:
        """Keep the traceback of an unexpected error at a row, if there is one."""
        if traceback:
            self.tracebacks.setdefault(traceback, []).append(place)

    def _refuse_both(
        self, rows: tuple[CheckedRow, CheckedRow], code: str, words: str, hint: str, path: str = ""
    ) -> None:
        """Add a problem to both rows: optout does not choose. `words` name the other one as `{}`.

        In a stream, the first one is written already. A row has one problem of a kind.
        """
        for row, rival in (rows, rows[::-1])[self._is_stream :]:
            known = self.problems.get(row.number, ())
            if not any(other.code == code for other in known):
                message = words.replace("{}", rival.place)
                problem = Problem(code, message, row.location, hint, path)
                self.problems[row.number] = (*known, problem)

    def add_clashes(self) -> None:
        """Add a problem to each rejected row that asks for the letter of a good row.

        Otherwise it would be reported only once the row is corrected and the letter is written.
        """
        good = {row.asked: row for row in self.good if row.asked and not row.distinctions}
        for number, known in self.problems.items():
            row = self.rows[number]
            if row.asked and (rival := good.get(row.asked)):
                message = f"asks for the same letter as {rival.place}"
                hint = "delete one of the two; with different dates, both go out"
                problem = Problem("equal-names", message, row.location, hint)
                self.problems[number] = (*known, problem)

    @property
    def good(self) -> Iterator[CheckedRow]:
        """Yield the rows without problems, whether they are written yet or not."""
        return (row for number, row in self.rows.items() if number not in self.problems)

    def count_notes(self, fresh: Container[int]) -> Counter[Note]:
        """Count the good rows that each note is about; notes on laws and drafts come first.

        Rows that are not `fresh` were reported by an earlier run: they count only for OF_ALL.
        """
        found = Counter(
            note
            for row in self.good
            for note in row.notes
            if row.number in fresh or note.code in OF_ALL
        )
        found.update(self.notes)
        good = {row.number for row in self.good}
        for number, rows in self._by_number.items():
            together = good.intersection(rows)
            if len(together) > 1 and any(row in fresh for row in together):
                text = f"put these letters into one envelope: they have the number {number}"
                found[Note(code=ENVELOPE, text=text)] += len(together)
        ranks = {LAW: 0, DRAFT: 1}
        return Counter(
            dict(sorted(found.items(), key=lambda item: ranks.get(item[0].code, len(ranks))))
        )

    def unfinished(self, order: Order, *, force: bool) -> dict[int, Order]:
        """Return what is to be made of each good row that misses a file; with `force`, of all."""
        found = {
            row.number: order if force else remaining_order(order, row.paths, row.finished)
            for row in self.good
            if row.number not in self.taken
        }
        return {number: remaining for number, remaining in found.items() if remaining.formats}

    def leave(self, row: CheckedRow, *problems: Problem) -> None:
        """Leave out a good row, with the problems of its letters' places."""
        self.taken[row.number] = (*self.taken.get(row.number, ()), *problems)
        self.left.add(row.number)

    def results(
        self, wanted: Mapping[int, Order], input_files: Sequence[InputFile], job: Job, jobs: int
    ) -> Generator[MadeRow, None, None]:
        """Yield the files of each wanted row: made now, or read from the spool."""
        if self._spool and is_made_by_check(job.order):
            for number in wanted:
                location = self.rows[number].location
                output_files = self._spool.get(number)
                yield MadeRow(number=number, location=location, output_files=output_files)
        else:
            yield from make_rows(input_files, wanted, job, jobs, self._with_letters)

    def _with_letters(self, number: int) -> CheckedRow | None:
        if not self._spool or number not in self._spool.offsets:
            return None
        return msgspec.structs.replace(self.rows[number], letters=self._spool.get(number))

    @property
    def unprinted(self) -> list[CheckedRow]:
        """Return the rows whose letters are not printed: rejected, or changed by somebody."""
        rows = self.rows.items()
        return [row for number, row in rows if number in self.problems or number in self.left]

    def printed(self, records: Mapping[str, Record]) -> Iterator[list[Record]]:
        """Yield the PDF letters of every other row, in the order of the rows."""
        left_out = {row.number for row in self.unprinted}
        for row in self.rows.values():
            if row.number not in left_out:
                paths = (path for path in row.paths if path == f"{without_suffix(path)}.pdf")
                letters = (records[path] for path in paths)
                yield [msgspec.structs.replace(letter, request=row.place) for letter in letters]


def _collision_hint(first: CheckedRow, second: CheckedRow) -> str:
    """Return how to tell two requests apart that would write one file."""
    if first.fingerprint == second.fingerprint:
        return "they ask for the same letter: delete one of the two"
    pairs = sorted({*first.distinctions, *second.distinctions})
    if empty := [path for path, text in pairs if not text]:
        names = ", ".join(dict.fromkeys(empty))
        return f"fill in {names}, or delete one of the two"
    if alike := [path for path, count in Counter(path for path, _ in pairs).items() if count > 1]:
        same = f"{', '.join(alike)} gives both the same file name"
        return f"{same}: add the city to one of the names, or delete one of the two"
    return "delete one of the two; with different dates, both go out"


class _Spool:
    """Finished files or letters on disk: memory could not hold those of a large batch."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.offsets: dict[int, int] = {}

    # Any: finished files, or packed letters.
    def put(self, number: int, content: Any) -> None:
        self.offsets[number] = self._file.seek(0, os.SEEK_END)
        pickle.dump(content, self._file)

    def get(self, number: int) -> Any:
        self._file.seek(self.offsets[number])
        return pickle.load(self._file)  # noqa: S301  # put above


def plan_from(
    rows: Iterable[CheckedRow],
    spool: IO[bytes] | None = None,
    origins: Mapping[str, tuple[str, ...]] | None = None,
) -> BatchPlan:
    """Plan a batch from its checked rows; `origins` has the tables of each input file."""
    plan = BatchPlan(origins or {}, spool)
    for row in rows:
        plan.add(row)
    plan.add_clashes()
    return plan


def without_suffix(path: str) -> str:
    """Return a path without its suffix, which may be `.fax.pdf`; no other part has a dot."""
    return path.partition(".")[0]
