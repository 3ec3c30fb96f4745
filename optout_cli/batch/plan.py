"""What a batch is going to do, row by row, once every row is checked."""

import pickle
from collections import Counter, defaultdict
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from optout_cli.batch.input import InputFile
from optout_cli.batch.manifest import OutputFile, Record
from optout_cli.batch.rows import CheckedRow, Job, MadeRow, make_rows, remaining_order
from optout_cli.errors import Problem
from optout_cli.letters.pipeline import Order
from optout_cli.model.notice import Note
from optout_cli.readers.files import STDIN

OCCUPIED = "file-exists"  # the problem that no change of the row would mend
_File = tuple[str, tuple[str, ...]]  # the name of a file of requests, and the tables it is of
LAW = "state-law"  # the caution that bears repeating
DRAFT = "draft"


class BatchPlan:
    """Checked rows: those to write, those that are finished, those with problems, and why.

    `origins` are the tables of each file of requests. `spool` is an open file in which what
    checking has made waits for its turn.
    """

    def __init__(
        self, origins: Mapping[str, tuple[str, ...]], spool: IO[bytes] | None = None
    ) -> None:
        self.origins = origins
        self.rows: dict[int, CheckedRow] = {}
        self.problems: dict[int, tuple[Problem, ...]] = {}
        self.notes: list[Note] = []
        self.lacking: Counter[tuple[str, str]] = Counter()
        self.left: set[int] = set()  # rows of which a file stays: changed, or another row's
        self.unwritten: set[int] = set()  # good rows whose letters could not be put in place
        self.taken: dict[int, tuple[Problem, ...]] = {}  # the latter, and whose it is
        self.tracebacks: dict[str, list[str]] = {}  # each with the places of the rows it is of
        self._by_path: dict[str, int] = {}
        self._notes: dict[Note, Note] = {}
        self._spool = _Spool(spool) if spool else None

    def add(self, it: CheckedRow) -> None:
        """Take in the next row."""
        self.lacking.update(it.lacking)
        if it.output_files is not None and self._spool:
            self._spool.put(it.number, it.output_files)
        # Most rows have the same cautions, of which one is enough.
        notes = tuple(self._notes.setdefault(one, one) for one in it.notes)
        slim = msgspec.structs.replace(it, output_files=None, notes=notes, traceback="")
        self.rows[it.number] = slim
        self.note_traceback(it)
        if it.problems:
            self.problems[it.number] = it.problems
        for path in it.paths:
            first = self._by_path.setdefault(path, it.number)
            if first != it.number:
                self._collide(path, first, it.number)

    def note_traceback(self, it: CheckedRow | MadeRow) -> None:
        """Keep the traceback of an error that nobody foresaw, if one ended the work at a row."""
        if it.traceback:
            self.tracebacks.setdefault(it.traceback, []).append(it.place)

    def _collide(self, path: str, *numbers: int) -> None:
        """Two rows would write one file: neither is right more than the other."""
        one, other = (self.rows[it] for it in numbers)
        hint = "give them different dates, or delete one of the two"
        if apart := {*one.unstated, *other.unstated}:
            hint = f"fill in {', '.join(sorted(apart))}, {hint}"
        if one.fingerprint == other.fingerprint:
            hint = "they ask for the same letter: delete one of the two"
        for it, rival in ((one, other), (other, one)):
            message = f"would write {path}, as {rival.place} would"
            problem = Problem("equal-names", message, it.location, hint)
            known = self.problems.get(it.number, ())
            if not any(known_one.code == problem.code for known_one in known):
                self.problems[it.number] = (*known, problem)

    @property
    def good(self) -> Iterator[CheckedRow]:
        """Yield the rows whose letters can be written or are."""
        return (it for number, it in self.rows.items() if number not in self.problems)

    def count_notes(self, wanted: Container[int]) -> Counter[Note]:
        """Count the good rows that each caution is about, the laws and drafts first.

        Of rows that are not `wanted`, which were told of before, only the laws are told again.
        """
        found = Counter(
            one for it in self.good for one in it.notes if it.number in wanted or one.code == LAW
        )
        found.update(self.notes)
        ranks = {LAW: 0, DRAFT: 1}
        return Counter(
            dict(sorted(found.items(), key=lambda it: ranks.get(it[0].code, len(ranks))))
        )

    def unfinished(self, order: Order, *, force: bool) -> dict[int, Order]:
        """Return what is to be made of each good row of which a file is missing."""
        free = (it for it in self.good if it.number not in self.taken)
        if force:
            return {it.number: order for it in free}
        found = {it.number: remaining_order(order, it) for it in free}
        return {number: it for number, it in found.items() if it.formats}

    def take_places(self, records: Mapping[str, Record], folder: Path) -> None:
        """Leave out each good row that would replace a letter of another table or request."""
        for row in self.good:
            others = [
                record
                for path in row.paths
                if (record := records.get(path))
                and record.fingerprint != row.fingerprint
                and not self._is_same_request(record, row)
                and (folder / path).is_file()
            ]
            if others:
                more = f" and {len(others) - 1} more" if others[1:] else ""
                place = folder / others[0].path
                message = f"would replace {place}{more}, written from {others[0].request}"
                hint = "name another folder with -o, or --force, which moves the old to earlier/"
                self.taken[row.number] = (Problem(OCCUPIED, message, row.location, hint),)
        self.left |= self.taken.keys()

    def _is_same_request(self, record: Record, row: CheckedRow) -> bool:
        """Say whether a file was written from a row of this table, or from one it rejected."""
        file = row.location.file
        is_same_table = record.source == file
        if record.origins:
            is_same_table = not set(record.origins).isdisjoint(self.origins.get(file, ()))
        return is_same_table and record.key == row.key

    def replaced(
        self, records: Mapping[str, Record], folder: Path, *, force: bool
    ) -> Iterator[Path]:
        """Yield each file that the good rows would replace with another one."""
        for row in self.good:
            for path in row.paths if row.number not in self.left else ():
                record, place = records.get(path), folder / path
                is_ours = record is not None and record.is_true(folder)
                is_other = record is None or record.fingerprint != row.fingerprint
                if (is_ours and is_other) or (force and not is_ours and place.is_file()):
                    yield place

    def stale(self, records: Mapping[str, Record]) -> list[Record]:
        """Return what the manifest has of requests of these rows as they no longer are.

        A row is known again by its file, its jurisdiction, its letter and that one's variant. What
        a row gave before is not stale as long as its new letter is not in its place.
        """
        current: dict[tuple[_File | str, ...], set[str]] = defaultdict(set)
        for it in self.rows.values():
            if it.key:
                current[self._file(it), *it.key].add(it.fingerprint)
        unwritten = (self.rows[it] for it in self.left | self.unwritten)
        waiting = {(self._file(it), *it.key) for it in unwritten if it.key}
        plan_from = {path for it in self.good for path in it.paths}
        return [
            record
            for path, record in records.items()
            if path not in plan_from
            and (key := (_file_of(record), *record.key)) in current
            and key not in waiting
            and record.fingerprint not in current[key]
        ]

    def _file(self, row: CheckedRow) -> _File:
        """Return what a row's file is known again by, wherever the command is given."""
        return Path(row.location.file).name, self.origins.get(row.location.file, ())

    def left_over(self, records: Mapping[str, Record]) -> list[Record]:
        """Return what the manifest has of requests that were in these rows' files, and no longer.

        Standard input is no file of which one knows what was in it before.
        """
        keys = {(self._file(it), *it.key) for it in self.rows.values() if it.key}
        files = {self._file(it) for it in self.rows.values() if it.location.file != STDIN}
        return [
            it
            for it in records.values()
            if _file_of(it) in files and (_file_of(it), *it.key) not in keys
        ]

    def results(
        self, wanted: Mapping[int, Order], input_files: Sequence[InputFile], job: Job, jobs: int
    ) -> Generator[MadeRow, None, None]:
        """Yield the files of each wanted row, made now or when it was checked."""
        if self._spool and self._spool.offsets:
            for number in wanted:
                output_files = self._spool.get(number)
                yield MadeRow(
                    number=number, location=self.rows[number].location, output_files=output_files
                )
        else:
            yield from make_rows(input_files, wanted, job, jobs)

    @property
    def unprinted(self) -> list[CheckedRow]:
        """Return the rows whose letters are not to be printed: rejected, or changed by somebody."""
        rows = self.rows.items()
        return [it for number, it in rows if number in self.problems or number in self.left]

    def printed(self, records: Mapping[str, Record]) -> Iterator[list[Record]]:
        """Yield the PDF letters of every other row, in the rows' order."""
        left_out = {it.number for it in self.unprinted}
        for it in self.rows.values():
            if it.number not in left_out:
                yield [records[path] for path in it.paths if path.endswith(".pdf")]

    def places(self) -> dict[str, str]:
        """Return the place of the request of each file that a good row gives."""
        free = (it for it in self.good if it.number not in self.taken)
        return {path: it.place for it in free for path in it.paths}


class _Spool:
    """Finished pieces on the disk, so that memory need not hold them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.offsets: dict[int, int] = {}

    def put(self, number: int, output_files: tuple[OutputFile, ...]) -> None:
        self.offsets[number] = self._file.tell()
        pickle.dump(output_files, self._file)

    def get(self, number: int) -> tuple[OutputFile, ...]:
        self._file.seek(self.offsets[number])
        output_files: tuple[OutputFile, ...] = pickle.load(self._file)  # noqa: S301  # written above
        return output_files


def _file_of(record: Record) -> _File:
    return Path(record.source).name, record.origins


def plan_from(
    checks: Iterable[CheckedRow],
    spool: IO[bytes] | None = None,
    origins: Mapping[str, tuple[str, ...]] | None = None,
) -> BatchPlan:
    """Take in each checked row; `origins` are the tables of each file of requests."""
    plan = BatchPlan(origins or {}, spool)
    for it in checks:
        plan.add(it)
    return plan
