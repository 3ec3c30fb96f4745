"""A folder that letters are written to: one command at a time, with a register of every letter.

The register is written before the files get their names: a letter has its event, whatever ends the
process. Finished files wait in the folder `.optout`; the next command names them if the register
has them, and removes them otherwise. No letter is ever deleted: a letter that is replaced, or that
its request no longer gives, moves to the folder `earlier` beside it.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date as Date
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple, Self

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.program import Program
from optout_cli.output import digest_of, keep_in_earlier, make_durable, write_all, write_errors
from optout_cli.register.events import (
    AnyEvent,
    Printed,
    PrintedLetter,
    Record,
    Replaced,
    Written,
    copies_in,
    records_in,
)
from optout_cli.register.journal import (
    NAME,
    OWN,
    TABLE,
    EvidenceFolder,
    Journal,
    JournalWriter,
    Line,
    lock,
)
from optout_cli.register.plan import CAREFUL, NOT_YET, Plan, Replacing, Writing, plan_writing
from optout_cli.register.state import Register, load_register
from optout_cli.register.table import load_checked_journal, update_table
from optout_cli.trust import leads_outside

WAIT = 5.0  # seconds that a command waits for another one
LONG_WAIT = 600.0  # in a script: what it did, such as sending an e-mail, has to be recorded
_AT_ONCE = 500  # files to make durable together, so that an interrupt never waits for thousands
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{12}", re.DOTALL)  # names that write_all gives in OWN


class _Put(NamedTuple):
    """What happened to a request's files: the plan, and records and paths of those written.

    Of those, the `unchanged` were there and in the register before, with the same content.
    """

    plan: Plan
    records: list[Record]
    written: list[Path]
    unchanged: set[str]


class LetterFolder:
    """A folder that is locked while the block runs; `register` is what its register says.

    `at` is the moment to record. Without `programs`, register.csv stays as it is. Without
    `has_register`, no event is read or written. `replaced` and `moved` list the paths of files that
    are in `earlier` now, with and without another file in their place.
    """

    def __init__(
        self,
        path: Path,
        *,
        at: datetime = NOT_YET,
        programs: Mapping[str, Program] | None = None,
        wait: float = 0,
        has_register: bool = True,
    ) -> None:
        self.path = path
        self.staging = path / OWN
        self.replaced: list[Path] = []
        self.moved: list[Path] = []
        self.journal = Journal()
        self.register = Register(folder=path)
        self._at, self._programs, self._wait = at, programs, wait
        self._has_register = has_register
        self._fresh: list[Path] = []  # files that a power cut could still damage
        self._has_news = False  # whether the states have events that register.csv has not

    @cached_property
    def _recorded(self) -> Register:
        """The register that is there, also where none is to be read or written."""
        return load_register(self.path)

    def refuse_foreign(self) -> None:
        """Raise OptoutError if something else has the name of a file or folder of optout's own."""
        files = (self.staging / "lock", self.path / NAME)
        own = (
            (self.staging, stat.S_ISDIR, "folder"),
            *((file, stat.S_ISREG, "file") for file in files),
        )
        for path, is_kind, noun in own:
            if os.path.lexists(path) and not is_kind(path.lstat().st_mode):
                link = "a symbolic link, " if path.is_symlink() else ""
                message = f"is {link}not the {noun} that optout keeps here"
                hint = "move it away and run the command again, or name another folder with -o"
                raise OptoutError(Problem("not-ours", message, Location(str(path)), hint))

    def load(self) -> None:
        """Read what the register says, unless none is to be read. Raises OptoutError."""
        if self._has_register:
            self.journal = load_checked_journal(self.path)
            self.register = Register(self.journal.lines, self.path)

    def __enter__(self) -> Self:
        """Lock the folder, load its register, and finish what a killed command began."""
        with write_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self.refuse_foreign()
            self.staging.mkdir(exist_ok=True)
        self._lock = lock(self.staging / "lock", self.path, self._wait)
        try:
            self.load()
            if self._has_register:
                self._recover()
            self.evidence = EvidenceFolder(self.path, self.register.copies)
        except BaseException:
            self._lock.close()
            raise
        self._writer = JournalWriter(self.path, self.journal)
        return self

    def __exit__(self, *error: object) -> None:
        """Make every file durable, write register.csv, and release the lock."""
        try:
            self._make_fresh_durable()
            self._writer.close()
            with suppress(*[OptoutError] if any(error) else []):  # report the first error
                self.finish()
        finally:
            self._lock.close()

    def append(self, events: Sequence[AnyEvent]) -> tuple[Line, ...]:
        """Add events, all or none; they survive a power cut. Raises OptoutError.

        The caller keeps the states up to date.
        """
        lines = self._writer.append(events, durable=True)
        self._has_news = self._has_news or bool(lines)
        return lines

    def take_back(self) -> None:
        """Remove the events that were added last, such as where another folder has a full disk."""
        self._writer.take_back()
        self._has_news = False  # the states have them, and the register does not

    def plan(self, writing: Writing, replacing: Replacing) -> Plan:
        """Decide about each file of one request. Raises OptoutError as `plan_writing` does."""
        if not self._has_register:  # what is recorded stays true
            plan_writing(self._recorded, writing, replacing, has_register=False)
        return plan_writing(self.register, writing, replacing, has_register=self._has_register)

    def put(self, writing: Writing, replacing: Replacing = CAREFUL) -> _Put:
        """Write the files of one request, and their event, all or none.

        Raises OptoutError as `plan_writing` does, or if a file cannot be written.
        """
        plan = self.plan(writing, replacing)
        self._refuse_gone()
        known = self.register.records
        kept = {*plan.kept, *plan.outdated, *(it for it in plan.same if plan.kept and it in known)}
        shown = [record for record in records_in(writing.event) if record.path not in kept]
        wanted = {self.path / record.path: writing.contents[record.path] for record in shown}
        pairs = ((known.get(record.path), record) for record in shown if record.path in plan.same)
        unchanged = {it.path for old, it in pairs if old and old.sha256 == it.sha256}
        event, copies = self._event(writing, plan, replacing.supersede)
        lines: tuple[Line, ...] = ()

        def record(kept: Mapping[Path, Path]) -> None:
            nonlocal lines
            if self._has_register:  # also tells of the files in other formats, in `earlier` here
                retired = map(self.path.joinpath, plan.retired)
                moving = {**kept, **{place: keep_in_earlier(place) for place in retired}}
                moves = map(self._replacement_event, moving.items())
                lines = self._writer.append([*moves, *([event] if event.letters else [])])

        keep = {self.path / path for path in plan.replaced if (self.path / path).stat().st_size}
        try:
            write_all(
                wanted | copies, force=True, staging=self.staging, keep=keep, before_placing=record
            )
        except BaseException:
            self._refuse_gone()
            if lines:
                self._writer.take_back()
            raise
        for path in plan.retired:
            (self.path / path).unlink()
        self._add(lines)
        self.replaced += [self.path / path for path in plan.replaced]
        self.moved += [self.path / path for path in plan.retired]
        self._fresh += (*wanted, *copies)
        if len(self._fresh) >= _AT_ONCE:
            self._make_fresh_durable()
        return _Put(plan, shown, list(wanted), unchanged)

    def _refuse_gone(self) -> None:
        if not self.staging.is_dir():
            message = "the folder was deleted or moved while optout was writing to it"
            raise OptoutError(Problem("folder-gone", message, Location(str(self.path))))

    def _event(
        self, writing: Writing, plan: Plan, supersede: str | None
    ) -> tuple[Written, dict[Path, bytes]]:
        """Return the event with what the register does not have yet, and files to copy with it."""
        kept, register = {*plan.kept, *plan.outdated}, self.register
        due = {
            record.path
            for record in records_in(writing.event)
            if record.path in plan.replaced
            or (
                record.path not in kept and not record.is_same_as(register.records.get(record.path))
            )
            or (  # a letter that was not to go out counts again
                (state := register.at_path(record.path)) and state.is_withdrawn and not state.sent
            )
        }
        letters = (
            msgspec.structs.replace(
                letter, files=tuple(file for file in letter.files if file.path in due)
            )
            for letter in writing.event.letters
        )
        event = msgspec.structs.replace(
            writing.event,
            at=self._at,
            letters=tuple(letter for letter in letters if letter.files),
            reason=supersede if plan.is_late else None,
        )
        if not (event.letters and self._has_register):
            return event, {}
        sources = writing.sources
        named = tuple(self.evidence.copy_of(file, sources[file.sha256]) for file in event.named)
        copies = self.evidence.contents(copy.path for copy in named)
        return msgspec.structs.replace(event, named=named), copies

    def _replacement_event(self, places: tuple[Path, Path]) -> Replaced:
        place, kept = places
        return Replaced(
            at=self._at,
            path=place.relative_to(self.path).as_posix(),
            kept=kept.relative_to(self.path).as_posix(),
            sha256=digest_of(kept),
        )

    def _add(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.register.add(line)
            self._has_news = True

    def retire(self, records: Iterable[Record]) -> tuple[list[Path], list[Path], list[Problem]]:
        """Move letters that their requests no longer give to `earlier`.

        Returns the letters that stay because they were changed, those that were sent, and the
        problems of those that cannot be moved.
        """
        self._make_fresh_durable()  # the new letters first
        changed: list[Path] = []
        sent: list[Path] = []
        problems: list[Problem] = []
        kept: dict[Path, Path] = {}
        for record in records:
            place = self.path / record.path
            if not record.is_true(self.path):
                changed += [place] if place.exists() else []
            elif self.register.is_sent(record.path):
                sent.append(place)
            elif leads_outside(place.parent, self.path):  # the register may be forged
                message = "is a link out of the output folder; letters there are not moved"
                hint = "replace the link with a folder, or move old letters there yourself"
                problems.append(Problem("not-ours", message, Location(str(place.parent)), hint))
            else:
                try:
                    kept[place] = keep_in_earlier(place)
                except OptoutError as error:
                    problems += error.problems
        if kept and self._has_register:
            self._add(self._writer.append([*map(self._replacement_event, kept.items())]))
        for place in kept:
            with write_errors(place):
                place.unlink()
        self.moved += kept
        return changed, sent, problems

    def add_printed(self, name: str, records: Iterable[Record], on: Date) -> None:
        """Record that these files are in a PDF to print, which has the name `name`, on a day."""
        states = ((self.register.at_path(record.path), record.sha256) for record in records)
        letters = tuple(
            PrintedLetter(written=state.id, recipient=state.letter.recipient, sha256=digest)
            for state, digest in states
            if state
        )
        self._add(self._writer.append([Printed(at=self._at, on=on, name=name, letters=letters)]))

    def _recover(self) -> None:
        """Name or remove the files that a killed command left, as the register says."""
        with write_errors(self.staging):
            names = (file for file in self.staging.iterdir() if _UNFINISHED.fullmatch(file.name))
            left = [file for file in names if stat.S_ISREG(file.lstat().st_mode)]
            staged = {digest_of(file): file for file in left}
            last = self.journal.lines[-1].event if self.journal.lines else None
            wanted = dict[str, str]()
            if isinstance(last, Written):
                wanted |= {record.path: record.sha256 for record in records_in(last)}
                wanted |= {copy.path: copy.sha256 for copy in copies_in(last)}
            for path, digest in wanted.items():
                place = self.path / path
                is_there = place.is_file() and digest_of(place) == digest
                if digest in staged and not is_there:
                    if place.is_file():
                        keep_in_earlier(place)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    staged[digest].replace(place)
            for file in left:
                file.unlink(missing_ok=True)
            self._finish_moves()

    def _finish_moves(self) -> None:
        """Remove the first names of files that the last events say are in `earlier`."""
        lines = self.journal.lines
        is_written = bool(lines) and isinstance(lines[-1].event, Written)
        for line in reversed(lines[: len(lines) - is_written]):
            event = line.event
            if not isinstance(event, Replaced):
                break
            place, kept = self.path / event.path, self.path / event.kept
            is_moving = event.path not in self.register.records and place.is_file()
            if is_moving and kept.is_file() and place.samefile(kept):
                place.unlink()

    def _make_fresh_durable(self) -> None:
        self._writer.make_durable()
        make_durable(self._fresh)
        self._fresh = []

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """Open a file without a name, on the same disk, that is gone at the end of the block."""
        from tempfile import TemporaryFile  # 10 ms, which only a batch needs

        with write_errors(self.staging):
            file = TemporaryFile(dir=self.staging)  # noqa: SIM115  # closed below
        try:
            yield file
        finally:
            with suppress(OSError):  # a full disk has been reported
                file.close()

    def finish(self) -> tuple[str, ...]:
        """Write register.csv, if anything happened since; return notes for the screen."""
        if self._programs is None:
            return ()
        register = self.register
        if not self._has_news:
            try:  # a table may be older than its register after a command was killed
                table, events = ((self.path / name).stat() for name in (TABLE, NAME))
                is_old = table.st_mtime_ns < events.st_mtime_ns
            except OSError:
                is_old = bool(self.register.records)
            if not is_old:
                return ()
            register = load_register(self.path)  # the states may have what could not be recorded
        if self.journal.is_cut:  # the table knows more than the register
            return ()
        self._has_news = False
        return update_table(self.path, register.letters.values(), self._programs)
