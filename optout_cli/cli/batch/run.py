"""One run of `optout batch`: check the rows, write and print their letters, report."""

import sys
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

import msgspec

from optout_cli.authoring.follow_notes import contradiction_notes, repeated_notes, second_notes
from optout_cli.batch.existing import (
    FATES,
    FormerLetters,
    changing_rows,
    fates,
    files_to_move,
    former_letters,
    identities,
    refuse_places,
    refuse_rows,
    unsent_letters,
)
from optout_cli.batch.input import InputFile, Stream, rows_of
from optout_cli.batch.job import CheckedRow, Job, MadeRow, row_errors
from optout_cli.batch.plan import BatchPlan, plan_from
from optout_cli.batch.rejects import origins_of, write_rejects
from optout_cli.batch.rows import check_and_make, check_rows
from optout_cli.cli import give_up_stdout
from optout_cli.cli.batch.paper import Prints, print_letters
from optout_cli.cli.batch.report import (
    Told,
    faster_lines,
    former_lines,
    keep_tracebacks,
    note_lines,
    other_engine_lines,
    say_each_problem,
    say_how_read,
    say_next,
    say_rejects,
    say_what_was_done,
    tally_lines,
    traceback_lines,
)
from optout_cli.cli.console import (
    clear_line,
    count_of,
    path_lines,
    print_text,
    progress,
    say,
    say_lines,
    speaks_json,
    what_moved,
)
from optout_cli.cli.next_steps import staying_lines, steps_for_all
from optout_cli.errors import ExitCode, Location, OptoutError, Problem, raise_any
from optout_cli.letters.pipeline import Order
from optout_cli.output import earlier_problem, hold_interrupts, write_errors
from optout_cli.register.approvals import approval_notes, has_initials
from optout_cli.register.events import Written, line_of
from optout_cli.register.folder import LetterFolder
from optout_cli.register.plan import OCCUPIED, OTHER_FACTS, SENT, Plan, Replacing
from optout_cli.register.state import Register

# The problems of a letter that is there already; no change of the row would fix the first.
_STAYING = (OCCUPIED, SENT, OTHER_FACTS)
_FORMER_RECORD = "manifest.ndjson"  # of versions without a register
# These would stop every other request too.
_STOPPING = {"disk-full", "folder-gone", "temporary-files"}


def _is_stopping(problems: Iterable[Problem]) -> bool:
    return any(problem.code in _STOPPING for problem in problems)


def _no_rows(file: str) -> Problem:
    hint = "write one request per line, below the line with the column names"
    return Problem("no-rows", "has no requests", Location(file), hint)


@dataclass
class Run:
    """The input and options of one run, and its counts so far."""

    input_files: Sequence[InputFile]
    job: Job
    jobs: int
    prints: Prints
    quiet: bool
    in_full: bool  # all notes
    replacing: Replacing
    written = 0  # files
    finished = 0  # requests whose files are all written
    before = 0  # requests that were finished before this run
    count = 0  # requests
    lasted = 0.0  # seconds that writing took; not known of a stream
    is_partial = False

    def __post_init__(self) -> None:
        self.plans: list[Plan] = []  # what happened to the files of each row
        self.initialed: list[Written] = []  # what has counsel's initials
        self.same: set[int] = set()  # rows that were made again, and gave the same files
        self.origins = origins_of(self.input_files, self.job.folder)

    def count_requests(self) -> None:
        """Count the requests. Raises OptoutError if there are none."""
        self.count = sum(1 for _ in rows_of(self.input_files))
        if not self.count:
            raise OptoutError(_no_rows(self.input_files[0].name))

    def check(self, folder: LetterFolder) -> ExitCode:
        """Print the problems of each row, notes on the others, and counts."""
        plan = self._plan(self.job, None)
        folder.load()
        register = folder.register
        say_each_problem(folder.journal.news)
        refuse_rows(plan, register, self.job.order, self.replacing)
        refuse_places(plan, self.job.folder)
        plan.problems |= plan.taken
        plans = self._add_plans(plan, folder)
        former = former_letters(plan, register, is_draft=self.job.order.is_draft)
        moving = {place: earlier_problem(place) for place in files_to_move(former, register, plans)}
        problems = [*chain(*plan.problems.values(), filter(None, moving.values()))]
        say_each_problem(problems, is_product=True)
        say_lines(traceback_lines(plan.tracebacks))
        told: list[Told] = []
        if not self.quiet:
            movable = [place for place, problem in moving.items() if not problem]
            fates = self._fate_lines(plan, register, plans, former, movable)
            told += (*self._told(plan, plan.rows, former, register), *map(Told, fates))
        for line in (*told, *map(Told, tally_lines(plan))):
            say(*line) if speaks_json() else print_text(line.text)
        return ExitCode.CONTENT if problems else ExitCode.DONE

    def _add_plans(self, plan: BatchPlan, folder: LetterFolder) -> dict[int, Plan]:
        """Return what would happen to the files of each changed row, by the row's number.

        Adds the problems of letters that the batch would not replace.
        """
        plans: dict[int, Plan] = {}
        wanted = changing_rows(plan, folder.register, self.job.order)
        for row in plan.results(wanted, self.input_files, self.job, self.jobs):
            problems = row.problems
            if writing := row.output_files:
                try:
                    with row_errors(row.location):
                        plans[row.number] = folder.plan(writing, self.replacing)
                    self.initialed += [writing.event] * has_initials(writing.event)
                except OptoutError as error:
                    problems = error.problems
                    plan.note_traceback(row.place, error.traceback)
                    plan.left.add(row.number)
            if problems:
                plan.problems[row.number] = problems
        return plans

    def _fate_lines(
        self,
        plan: BatchPlan,
        register: Register,
        plans: Mapping[int, Plan],
        former: FormerLetters,
        movable: Sequence[Path],
    ) -> Iterator[str]:
        """Yield what the batch would do with the files that are there."""
        wanted = plan.unfinished(self.job.order, force=self.replacing.force)
        context = self.job.library.context
        yield from other_engine_lines(plan, wanted, register, context.engine_name)
        replaced = [self.job.folder / path for plan in plans.values() for path in plan.replaced]
        yield from path_lines("would replace, and move the old file to earlier", replaced)
        yield from path_lines("would move to earlier", movable)
        sent = [record for record in former.replaced if register.is_sent(record.path)]
        kept = [self.job.folder / record.path for record in sent if record.is_true(self.job.folder)]
        yield from path_lines("kept, since it was sent", kept)
        yield from staying_lines(plans.values(), register)
        counts = Counter(fates(plan, self.job.folder, plans))
        yield f"files: {', '.join(f'{counts[fate]:,} {fate}' for fate in FATES)}"

    def _told(
        self, plan: BatchPlan, wanted: Collection[int], former: FormerLetters, register: Register
    ) -> Iterator[Told]:
        """Yield notes on the wanted rows, and on what they leave or repeat of earlier letters."""
        order, library = self.job.order, self.job.library
        yield from note_lines(plan, wanted, order.today, in_full=self.in_full)
        states = register.letters.values()
        fresh = [row for row in plan.good if row.number in wanted]
        claims = (row.claim for row in fresh if row.claim)
        lines = chain(
            repeated_notes(identities(plan.good), library),
            second_notes(identities(fresh), states, library),
            contradiction_notes(claims, states, self.job.folder, library, is_batch=True),
            approval_notes(self.initialed, states, self.job.folder),
            former_lines(former, self.job.folder),
        )
        yield from map(Told, lines)

    def write(self, folder: LetterFolder, spool: IO[bytes], *, fail_fast: bool) -> ExitCode:
        """Write what is not finished, and the PDF to print; return the exit code."""
        register, job = folder.register, self._job_in(folder)
        plan = self._plan(job, spool)
        refuse_rows(plan, register, job.order, self.replacing)
        say_each_problem(chain(*plan.problems.values(), *plan.taken.values()))
        if fail_fast and (plan.problems or plan.taken):
            say_lines(traceback_lines(plan.tracebacks))
            say("nothing was written, because of --fail-fast")
            return ExitCode.CONTENT
        wanted = plan.unfinished(job.order, force=self.replacing.force)
        rejected = len(plan.problems) + len(plan.taken)
        self.before = self.finished = len(plan.rows) - rejected - len(wanted)
        began = time.monotonic()
        if not self.quiet:
            say_lines(other_engine_lines(plan, wanted, register, job.library.context.engine_name))
        with (
            self._stopping(folder),
            closing(plan.results(wanted, self.input_files, job, self.jobs)) as results,
        ):
            for row in progress(results, "writing", len(wanted), quiet=self.quiet):
                clear_line()
                with hold_interrupts():  # until the files are counted
                    self._put_row(plan, row, folder)
        self.lasted = time.monotonic() - began
        return self._finish(plan, wanted, job, folder)

    def stream(self, folder: LetterFolder, stream: Stream) -> ExitCode:
        """Write the letters of each row before the next row is read; return the exit code."""
        register, job = folder.register, self._job_in(folder)
        plan = BatchPlan(self.origins, is_stream=True)
        wanted: dict[int, Order] = {}
        choose = partial(self._choose, plan, register, job.order)
        with self._stopping(folder):
            try:
                for row, made in check_and_make(stream.rows(), job, choose):
                    if made:
                        wanted[row.number] = job.order
                        with hold_interrupts():  # until the files are counted
                            self._put_row(plan, made, folder)
            except OptoutError as error:  # what was read before it is finished anyway
                if not plan.rows or _is_stopping(error.problems):
                    raise
                say_each_problem(error.problems)
                self.is_partial = True
        if not plan.rows:
            raise OptoutError(_no_rows(stream.name))
        self.input_files = (stream.file(),)
        if not self.quiet:
            say_how_read([stream])
        return self._finish(plan, wanted, job, folder)

    def _choose(
        self, plan: BatchPlan, register: Register, order: Order, row: CheckedRow
    ) -> Order | None:
        """Add a row to the plan, report its problems, and return what is to be made of it."""
        self.count += 1
        plan.add(row)
        alone = plan_from([row], None, self.origins)
        if row.number not in plan.problems:
            refuse_rows(alone, register, order, self.replacing)
            plan.taken |= alone.taken
            plan.left |= alone.left
        problems = (*plan.problems.get(row.number, ()), *alone.taken.get(row.number, ()))
        say_each_problem(problems)
        if problems:
            return None
        remaining = alone.unfinished(order, force=self.replacing.force).get(row.number)
        self.before += remaining is None
        self.finished += remaining is None
        return remaining

    def _job_in(self, folder: LetterFolder) -> Job:
        """Return the job with the folder's records; say what is wrong with the register."""
        say_each_problem(folder.journal.news)
        former = folder.path / _FORMER_RECORD
        if former.is_file() and not folder.register.records:
            say(f"note: {former} is of an older version; it is not read")
        records = {} if self.replacing.force else folder.register.records
        return msgspec.structs.replace(self.job, records=records)

    def _finish(
        self, plan: BatchPlan, wanted: Mapping[int, Order], job: Job, folder: LetterFolder
    ) -> ExitCode:
        """Move old letters away, write rejects and the PDF to print, and say what was done."""
        register = folder.register
        former = former_letters(plan, register, is_draft=job.order.is_draft)
        changed, sent, problems = folder.retire(former.replaced)
        for path in changed:
            say(f"check {path}: its request was changed, and so was the file")
        if not self.quiet:
            say_lines(path_lines("kept, since it was sent", sent))
        say_each_problem(problems)
        keep_tracebacks(plan.tracebacks, folder.path)
        rejects = write_rejects(folder, self.input_files, plan.problems, self.origins)
        paper, quiet = self.prints.paper, self.quiet
        if not quiet:
            for told in self._told(plan, wanted.keys() - self.same, former, register):
                say(*told)
            say_lines(staying_lines(self.plans, register))
        printed = print_letters(plan, self.prints, folder, job, quiet=quiet) if paper else []
        for note in folder.finish():
            say(f"note: {note}")
        if not self.quiet:
            say_lines(what_moved(folder.moved, folder.replaced))
            bound = paper.path if paper and printed else None
            say_what_was_done(plan, self.written, self.before, folder.path, bound)
            is_due, files = bool(self.written or printed), self.input_files
            if self.lasted:
                say_lines(faster_lines(files, job, wanted, self.written, self.lasted))
            states = unsent_letters(plan, wanted.keys() - self.same, printed, register)
            steps = steps_for_all(states, bound, folder.path)
            say_rejects(plan, rejects)
            say_next(plan, job.order, steps, is_due=is_due)
        self.is_partial |= bool(plan.problems or plan.taken or problems)
        return ExitCode.PARTLY if self.is_partial else ExitCode.DONE

    def _plan(self, job: Job, spool: IO[bytes] | None) -> BatchPlan:
        checks = check_rows(self.input_files, job, self.jobs)
        with write_errors(job.folder):  # of the spool
            shown = progress(checks, "checking", self.count, quiet=self.quiet)
            return plan_from(shown, spool, self.origins)

    @contextmanager
    def _stopping(self, folder: LetterFolder) -> Iterator[None]:
        """Say how far the batch got where an interrupt, a closed pipe or a problem ends it."""
        why, code = "stopped", ExitCode.CONTENT
        try:
            yield
        except KeyboardInterrupt:
            why, code = "interrupted", ExitCode.INTERRUPTED
        except BrokenPipeError:  # as `head` ends once it has its lines
            give_up_stdout()
            self.finished += 1  # its files are written, although their paths could not be printed
            why += ", since nothing reads the output any more"
        except OptoutError as error:
            say_each_problem(error.problems)
            code = error.exit_code
        else:
            return
        if not self.quiet:
            say_lines(what_moved(folder.moved, folder.replaced))
        done = f"{self.finished:,} of {count_of(self.count, 'request')} finished"
        say(f"{why}: {done}, no file is incomplete; to go on, run the same command again")
        sys.exit(code)

    def _put_row(self, plan: BatchPlan, row: MadeRow, folder: LetterFolder) -> None:
        """Put one request's files into the folder, or report why that failed."""
        plan.note_traceback(row.place, row.traceback)
        writing, origins = row.output_files, self.origins.get(row.location.file, ())
        try:
            raise_any(row.problems)
            assert writing is not None  # there are no problems
            event = msgspec.structs.replace(writing.event, origins=origins)
            with row_errors(row.location):
                put = folder.put(msgspec.structs.replace(writing, event=event), self.replacing)
        except OptoutError as error:
            if _is_stopping(error.problems):
                raise
            plan.note_traceback(row.place, error.traceback)
            say_each_problem(error.problems)
            plan.unwritten.add(row.number)
            if all(problem.code in _STAYING for problem in error.problems):
                plan.left.add(row.number)
                self.is_partial = True
            else:
                plan.problems[row.number] = error.problems
            return
        unchanged = set() if self.replacing.force else put.unchanged
        records = [record for record in put.records if record.path not in unchanged]
        lines = b"".join(line_of(record, folder.path) for record in records if speaks_json())
        self.prints.show([folder.path / record.path for record in records], lines)
        self.initialed += [event] * (bool(records) and has_initials(event))
        self.written += len(records)
        self.plans.append(put.plan)
        if put.plan.kept:
            plan.left.add(row.number)
        elif not records:
            self.same.add(row.number)
            self.before += 1
        if row.number not in self.same:
            known = plan.rows[row.number].notes
            plan.notes += (note for note in row.notes if note not in known)
        self.finished += 1
