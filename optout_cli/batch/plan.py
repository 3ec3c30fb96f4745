"""The plan of a batch, once every row is checked: rows to write, finished rows, and problems."""

import os
import pickle
from collections import Counter, defaultdict
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any

import msgspec

from optout_cli.batch.input import InputFile
from optout_cli.batch.job import CheckedRow, Job, MadeRow
from optout_cli.batch.rows import (
    is_made_by_check,
    make_rows,
    remaining_order,
)
from optout_cli.errors import Location, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.model.notice import Note
from optout_cli.model.request import Party
from optout_cli.readers.files import is_pipe
from optout_cli.register.events import EVIDENCE, Record
from optout_cli.register.plan import Plan
from optout_cli.register.state import Identity, Register
from optout_cli.trust import link_problems

LAW = "state-law"  # the note that is repeated in every run
DRAFT = "draft"
ENVELOPE = "equal-numbers"
OF_ALL = (LAW, ENVELOPE)  # notes on all rows, also on those that were finished before
FATES = ("new", "unchanged", "replaced")  # what can happen to a file


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

    def take_places(self, register: Register) -> None:
        """Leave out each good row that would replace a letter of another table or request."""
        folder, records = register.folder, register.records
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
                hint = "name another folder with -o, or use --force, which moves it to earlier/"
                if any(register.is_sent(it.path) for it in others):  # --force would not replace it
                    hint = "name another folder with -o, or give the changed letter a new date"
                self._leave(row, Problem("file-exists", message, row.location, hint))

    def _leave(self, row: CheckedRow, *problems: Problem) -> None:
        """Leave out a good row, with the problems of its letters' places."""
        self.taken[row.number] = (*self.taken.get(row.number, ()), *problems)
        self.left.add(row.number)

    def refuse_places(self, folder: Path) -> None:
        """Leave out each good row with a letter whose place the folder cannot have.

        A link leads out of the folder, a file is in place of a folder, or the other way round.
        """
        for row in self.good:
            places = [folder / path for path in row.paths]
            above = {it for place in places for it in place.parents if it not in folder.parents}
            problems = (
                *link_problems(folder, row.paths),
                *(_taken_problem("a file", parent) for parent in sorted(above) if parent.is_file()),
                *(_taken_problem("a folder", place) for place in places if place.is_dir()),
            )
            if problems:
                self._leave(row, *problems)

    def refuse_repeats(self, register: Register, today: date) -> None:
        """Leave out each row without a date whose letter was sent before `today`.

        It would be written again with another date, and sent once more by a script. Leave out, too,
        each row with a tracking number under which a letter to another office was sent.
        """
        states = register.letters.values()
        used = {event.number: state for state in states for event in state.sent if event.number}
        sent = {
            (state.written.jurisdiction, state.written.letter, state.written.variant): state
            for state in states
            if state.sent
        }
        for row in self.good:
            state = None if row.is_dated else sent.get(row.key or ("", "", ""))
            if state is not None and state.written.date != today:
                first = state.written.date
                message = f"the letter of {first} was sent on {state.sent[-1].on}"
                message += ", and without a date this row would write it again"
                hint = (
                    f"give the row a date, {first} for the same letter, or add --supersede REASON"
                )
                self._leave(row, Problem("sent-letter", message, row.location, hint))
            for number, office, path in row.numbers:
                if (rival := used.get(number)) and rival.destination != office:
                    message = f"{number} is the number of {rival.written.reference}"
                    message += f" to {rival.letter.address[0]}"
                    hint = "write each piece's own number, which is on its receipt"
                    problem = Problem("equal-numbers", message, row.location, hint, path)
                    self._leave(row, problem)

    def identities(self, wanted: Container[int]) -> Iterator[Identity]:
        """Yield what each letter of the `wanted` good rows shares with its other versions."""
        for row in self.good:
            if row.number in wanted:
                yield from _identities_of(row)

    def changing(self, register: Register, order: Order) -> dict[int, Order]:
        """Return an order for each good row of which a file may stay, be replaced or move.

        A file of the same name is there, in this or another format, that follows from something
        else, or is not as the register has it; or another version of the letter is elsewhere.
        """
        formers: defaultdict[str, list[Record]] = defaultdict(list)  # by path without the suffix
        for path, record in register.existing().items():
            formers[without_suffix(path)].append(record)
        is_linked = (register.folder / EVIDENCE).is_symlink()  # each row that encloses tells of it

        def is_foreign(path: str) -> bool:
            """Tell whether there is a file that is not as the register has it."""
            record = register.records.get(path)
            is_there = os.path.lexists(register.folder / path)
            return is_there and not (record and record.is_true(register.folder))

        def is_changing(row: CheckedRow) -> bool:
            others = [it.fingerprint for path in row.paths for it in formers[without_suffix(path)]]
            for identity in _identities_of(row):
                others += (state.written.fingerprint for state in register.current(identity))
            is_other = any(fingerprint != row.fingerprint for fingerprint in others)
            return is_linked or is_other or any(map(is_foreign, row.paths))

        rows = (row for row in self.good if row.number not in self.taken)
        return {row.number: order for row in rows if is_changing(row)}

    def _is_same_request(self, record: Record, row: CheckedRow) -> bool:
        """Tell whether a file was written from this row, in its table or in rejects of that."""
        file = row.location.file
        tables = self.origins.get(file, ())
        if file in self.pipes:
            tables = tables[1:]  # the pipe's own content is another table each time
        is_same_table = not set(record.origins).isdisjoint(tables)
        if not record.origins and file not in self.pipes:
            is_same_table = record.source == file
        return is_same_table and record.key == row.key

    def fates(self, folder: Path, plans: Mapping[int, Plan]) -> Iterator[str]:
        """Yield what would happen to each file of the good rows, one of FATES.

        `plans` are those of the rows that were changed, by the row's number. Files of rows whose
        letters stay as they are in `left` are not counted.
        """
        for row in self.good:
            plan = plans.get(row.number)
            for path in row.paths if row.number not in self.left else ():
                if plan and path in plan.replaced:
                    yield "replaced"
                else:
                    yield "unchanged" if (folder / path).is_file() else "new"

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


def _identities_of(row: CheckedRow) -> Iterator[Identity]:
    """Yield what each letter of a row shares with its other versions."""
    for stem in dict.fromkeys(map(without_suffix, row.paths)):
        assert row.key  # without one, it has no letters
        name = stem.rpartition("/")[2]  # 2026-11-24-terminate-jem-ross-police-ice
        day = date.fromisoformat(name[:10])
        party: Party = "ice" if name.endswith("-ice") else "bureau"
        yield (*row.key, day, party)


def _taken_problem(kind: str, place: Path) -> Problem:
    """Return the Problem of a place where the other kind must be."""
    message = f"is {kind} where a {'folder' if kind == 'a file' else 'letter'} must be"
    hint = "move it away and run the command again, or name another folder with -o"
    return Problem("unwritable", message, Location(str(place)), hint)


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
