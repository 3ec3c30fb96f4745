"""One run of `optout batch`: its rows checked, written, printed, and told of."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, NoReturn

import click
import msgspec

from optout_cli.batch.folder import OutputFolder
from optout_cli.batch.input import InputFile, folders_of, rejects_of, rows_of
from optout_cli.batch.manifest import Record, load_records
from optout_cli.batch.plan import OCCUPIED, BatchPlan, plan_from
from optout_cli.batch.pool import hold_interrupts
from optout_cli.batch.print_run import print_run
from optout_cli.batch.rejects import origins_of
from optout_cli.batch.rows import Job, MadeRow, check_rows
from optout_cli.cli.batch.output import Paper, Prints, clear_line, progress
from optout_cli.cli.batch.report import (
    keep_tracebacks,
    note_lines,
    problem_lines,
    say_next,
    say_tracebacks,
    say_what_is_left_over,
    say_what_is_missing,
    say_what_stopped,
    say_what_was_done,
    say_what_was_left,
    tally_lines,
)
from optout_cli.cli.console import print_json, problem_as_json, say
from optout_cli.cli.options import path_lines, say_what_moved
from optout_cli.errors import ExitCode, Location, OptoutError, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.output import open_replacement, write_errors

_STOPPING = ("disk-full", "folder-gone")  # what no further request would escape


class Run:
    """What the command was given, and what is known of each row so far."""

    def __init__(
        self,
        input_files: Sequence[InputFile],
        job: Job,
        jobs: int,
        prints: Prints,
        *,
        quiet: bool,
        force: bool,
    ) -> None:
        self.input_files = input_files
        self.job = job
        self.jobs = jobs
        self.prints = prints
        self.quiet = quiet
        self.force = force
        self.written = 0  # files
        self.finished = 0  # requests of which every file is there
        self.left: list[Path] = []  # files that stay as somebody has changed them
        self.is_partial = False
        files = ((it.name, it.is_rejected) for it in input_files)
        self.origins = origins_of(files, job.folder)
        self.count = sum(1 for _ in rows_of(input_files))
        if not self.count:
            hint = "a table has one request a line, below the line that names the columns"
            raise OptoutError(
                Problem("no-rows", "no request is given", Location(input_files[0].name), hint)
            )

    def check(self) -> ExitCode:
        """Tell what is wrong with each row, what to know of the others, and counts."""
        plan = self._planned(self.job, None)
        records = load_records(self.job.folder)
        if not self.force:
            plan.take_places(records, self.job.folder)
            plan.problems |= plan.taken
        problems = [it for row in plan.problems.values() for it in row]
        if self.prints.as_json:
            for it in dict.fromkeys(problems):
                print_json(problem_as_json(it))
        else:
            for line in problem_lines(problems):
                click.echo(line)
        say_tracebacks(plan.tracebacks)
        notes = [] if self.quiet else self._notes(plan, records)
        for line in (*notes, *tally_lines(plan)):
            click.echo(line, err=self.prints.as_json)
        return ExitCode.CONTENT if problems else ExitCode.DONE

    def _notes(self, plan: BatchPlan, records: Mapping[str, Record]) -> Iterator[str]:
        """Yield what to know of the rows, and what would become of letters that are there."""
        folder = self.job.folder
        yield from note_lines(plan, plan.rows, self.job.order.today)
        replaced = list(plan.replaced(records, folder, force=self.force))
        yield from path_lines("would replace, and move the old one to earlier", replaced)
        stale = [] if self.job.order.is_draft else plan.stale(records)
        moving = [folder / it.path for it in stale if it.is_true(folder)]
        yield from path_lines("would move to earlier", moving)

    def write(self, folder: OutputFolder, spool: IO[bytes], *, fail_fast: bool) -> ExitCode:
        """Write what is not finished, bind what is to be printed, and return the exit code."""
        records = {} if self.force else folder.records
        job = msgspec.structs.replace(self.job, records=records)
        plan = self._planned(job, spool)
        if not self.force:
            plan.take_places(folder.records, folder.path)
        rows = (*plan.problems.values(), *plan.taken.values())
        self._tell(it for problems in rows for it in problems)
        if fail_fast and (plan.problems or plan.taken):
            say_tracebacks(plan.tracebacks)
            say("nothing is written: --fail-fast")
            return ExitCode.CONTENT
        wanted = plan.unfinished(job.order, force=self.force)
        rejected = len(plan.problems) + len(plan.taken)
        before = self.finished = len(plan.rows) - rejected - len(wanted)
        self._put(plan, wanted, job, folder)
        self._retire(plan, folder)
        keep_tracebacks(plan.tracebacks, folder.path)
        folder.finish(plan.places(), self.origins)
        texts = rejects_of(self.input_files, plan.problems, folder.path)
        named = folders_of(self.input_files, texts.values(), folder.path)
        rejects, changed = folder.put_rejects(texts, self.origins)
        if not self.quiet:
            for line in note_lines(plan, wanted, job.order.today):
                say(line)
            say_what_is_left_over(plan.left_over(folder.records), folder.path)
            say_what_was_left(self.left)
        paper = self.prints.paper
        is_printed = paper is not None and self._print(plan, paper, folder)
        if not self.quiet:
            say_what_moved(folder.moved)
            place = paper.path if paper else None
            bound = place if is_printed else None
            say_what_was_done(plan, self.written, before, folder.path, bound)
            is_due = bool(self.written or is_printed)
            say_next(plan, job.order, rejects, changed, place, named, is_due=is_due)
        is_partial = plan.problems or plan.taken or self.is_partial
        return ExitCode.PARTLY if is_partial else ExitCode.DONE

    def _retire(self, plan: BatchPlan, folder: OutputFolder) -> None:
        """Move letters of requests that have changed; a draft outdates nothing."""
        stale = [] if self.job.order.is_draft else plan.stale(folder.records)
        changed, problems = folder.retire(stale)
        for path in changed:
            say(f"{path}: its request has changed, and so was the file; look at it")
        self._tell(problems)
        self.is_partial |= bool(problems)

    def _print(self, plan: BatchPlan, paper: Paper, folder: OutputFolder) -> bool:
        """Put all PDF letters of this run's requests into one file; say whether there are any."""
        requests = list(plan.printed(folder.records))
        if not requests:
            if not self.quiet:
                say(f"nothing to print: {paper.path} is not written")
            return False
        shown = progress(requests, "binding", len(requests), quiet=self.quiet)
        with open_replacement(paper.path, folder.moved) as output:
            pages = print_run(
                shown,
                folder.path,
                output,
                self.job.library,
                is_duplex=paper.is_duplex,
                with_sheets=paper.with_sheets,
            )
        self.prints.show([paper.path], b"")
        if not self.quiet:
            say(f"{paper.path} has {pages:,} pages; print it at 100 %, not fitted to the page")
            say_what_is_missing(paper.path, plan)
        return True

    def _planned(self, job: Job, spool: IO[bytes] | None) -> BatchPlan:
        checks = check_rows(self.input_files, job, self.jobs)
        with write_errors(job.folder):  # of the spool
            shown = progress(checks, "checking", self.count, quiet=self.quiet)
            return plan_from(shown, spool, self.origins)

    def _put(
        self, plan: BatchPlan, wanted: Mapping[int, Order], job: Job, folder: OutputFolder
    ) -> None:
        """Put each wanted request's files into the folder, or tell why one's cannot be."""
        if wanted:
            folder.begin()
        try:
            with closing(plan.results(wanted, self.input_files, job, self.jobs)) as results:
                for it in progress(results, "writing", len(wanted), quiet=self.quiet):
                    clear_line()
                    with hold_interrupts():  # so that what is there is counted
                        self._put_one(plan, it, folder)
        except KeyboardInterrupt:
            self._stop(folder, "interrupted", ExitCode.INTERRUPTED)
        except OptoutError as error:
            self._tell(error.problems)
            self._stop(folder, "stopped", ExitCode.CONTENT)

    def _put_one(self, plan: BatchPlan, it: MadeRow, folder: OutputFolder) -> None:
        plan.note_traceback(it)
        problems = it.problems or self._refused(plan, it, folder)
        if not problems:
            plan.notes += it.notes
            self.finished += 1
            return
        self._tell(problems)
        plan.unwritten.add(it.number)
        if all(one.code == OCCUPIED for one in problems):
            plan.left.add(it.number)
            self.is_partial = True
        else:
            plan.problems[it.number] = problems

    def _refused(self, plan: BatchPlan, it: MadeRow, folder: OutputFolder) -> tuple[Problem, ...]:
        """Put one request's files into the folder, or return why they cannot be."""
        files = [
            (
                output_file.record.moved_to(output_file.record.request, self.origins),
                output_file.content,
            )
            for output_file in it.output_files
        ]
        try:
            put = folder.put(files, force=self.force)
        except OptoutError as error:
            if any(problem.code in _STOPPING for problem in error.problems):
                raise
            return error.problems
        self.prints.show(put.written, put.lines)
        self.written += len(put.written)
        self.left += put.left
        if put.left:
            plan.left.add(it.number)
        return ()

    def _stop(self, folder: OutputFolder, why: str, code: ExitCode) -> NoReturn:
        if not self.quiet:
            say_what_moved(folder.moved)
        say_what_stopped(why, self.finished, self.count)
        sys.exit(code)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for line in problem_lines(problems):
            say(line)
