"""`optout batch`: the letters of many requests, checked first, resumed where it was killed."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

import click
import msgspec

from optout_cli.cli._order import Values, order_options
from optout_cli.cli._progress import clear_line, cores, progress
from optout_cli.cli._shared import (
    files,
    library_from,
    library_options,
    print_json,
    problem_as_json,
    problems_told,
    quiet_option,
    say,
    usage_error,
)
from optout_cli.cli._tally import (
    problem_lines,
    say_next,
    say_what_is_left_over,
    say_what_stopped,
    say_what_to_know,
    say_what_was_done,
    tally_lines,
)
from optout_cli.errors import ExitCode, OptoutError, Problem, Spot
from optout_cli.outfolder import OutFolder
from optout_cli.output import is_folder, occupied, refusals, written
from optout_cli.pipeline.batch import Job, Made, checked
from optout_cli.pipeline.farm import uninterrupted
from optout_cli.pipeline.letters import Order, request_file
from optout_cli.pipeline.library import Options
from optout_cli.pipeline.plan import Plan, planned
from optout_cli.pipeline.printing import is_print_run, print_run
from optout_cli.pipeline.sheets import Sheet, load_sheets, rejects_of, rows_of

_STOPPING = ("disk-full", "folder-gone")  # what no further request would escape
Show = Callable[[Sequence[Path], bytes], None]  # prints paths, or their lines of the manifest


class _Paper(NamedTuple):
    """Where the file to print goes, and how its sheets are."""

    path: Path
    is_duplex: bool
    with_sheets: bool


def _paper(path: Path | None, order: Order, *, is_duplex: bool, with_sheets: bool) -> _Paper | None:
    if path is None:
        if is_duplex or with_sheets:
            usage_error("--duplex and --separators are for --print", "add --print FILE.pdf")
        return None
    if "pdf" not in order.formats:
        usage_error("--print needs the format pdf", "add -f pdf, or leave it out")
    with refusals(path):
        if path.exists() and not is_print_run(path):
            raise OptoutError(occupied(path))
    return _Paper(path, is_duplex, with_sheets)


@click.command(
    "batch",
    short_help="Write the letters of many requests, from a spreadsheet or a pipeline.",
    epilog="Example:  optout batch notices.csv --common common.yaml -o out/",
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", shell_complete=files)
@click.option(
    "--common", metavar="FILE", shell_complete=files, help="A request's lines that all rows share."
)
@click.option(
    "-o",
    "--output",
    "output",
    default="out/",
    show_default=True,
    metavar="DIR/",
    shell_complete=files,
    help="The folder for the letters.",
)
@click.option("--check", "is_check", is_flag=True, help="Check every row, and write nothing.")
@click.option("--fail-fast", is_flag=True, help="Write nothing where a row has a problem.")
@click.option("--force", is_flag=True, help="Write every letter anew, and replace other files.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes make letters.  [default: as many as the machine lets this one use]",
)
@click.option(
    "--ndjson",
    "as_json",
    is_flag=True,
    help="Print the manifest's line of each file, not its path.",
)
@click.option("--print0", "is_nul", is_flag=True, help="End each path with NUL, for `xargs -0`.")
@click.option(
    "--print",
    "print_to",
    metavar="FILE.pdf",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Put all PDF letters into one file to print, in the order of their rows.",
)
@click.option(
    "--duplex",
    "is_duplex",
    is_flag=True,
    help="In that file, begin each letter on the front of a sheet.",
)
@click.option(
    "--separators",
    "with_sheets",
    is_flag=True,
    help="In that file, put a sheet with its name before each request's letters.",
)
@order_options("OPTOUT_BATCH")
@quiet_option
@library_options
@problems_told
def command(
    inputs: Sequence[str],
    common: str | None,
    output: str,
    is_check: bool,
    fail_fast: bool,
    force: bool,
    jobs: int | None,
    as_json: bool,
    is_nul: bool,
    print_to: Path | None,
    is_duplex: bool,
    with_sheets: bool,
    order: Order,
    values: Values,
    look: Options,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Write the letters of many requests, one row each.

    INPUT is a table (.csv), one JSON object a line (.ndjson), or a YAML list; - is standard input,
    in any of them. A table's columns are a request's keys with dots: jurisdiction, signatory.name,
    cc.0.title. An empty cell is left out. What all rows share stands once in the file of --common.

    Every row is checked before the first letter is written. Rows with a problem go to rejects.csv
    (or .ndjson, .yaml) in the folder, with the reason, to be corrected and given again. A batch
    that was interrupted goes on where it was when the same command is given.

    Prints the paths of the files that it writes, which are also in manifest.ndjson and
    manifest.csv.
    """
    place = Path(output)
    if as_json and is_nul:
        usage_error("--ndjson and --print0 print different things", "leave one of them out")
    if not is_folder(place) and place.is_file():
        usage_error(f"-o {output} is a file, not a folder", "name a folder")
    paper = _paper(print_to, order, is_duplex=is_duplex, with_sheets=with_sheets)
    sheets = load_sheets(inputs)
    job = Job(
        library=library_from(overlays, folders, look),
        order=order,
        common=request_file(common) if common else None,
        over=tuple(values.items()),
        folder=place,
    )
    with _resumable():
        run = _Run(sheets, job, jobs or cores(), quiet=quiet, force=force)
        if is_check:
            run.check(as_json=as_json)
        show = _lines if as_json else _paths_nul if is_nul else _paths
        with OutFolder(place) as folder, folder.spool() as spool:
            code = run.write(folder, spool, show, fail_fast=fail_fast)
            if paper:
                run.print(folder, paper)
    sys.exit(code)


@contextmanager
def _resumable() -> Iterator[None]:
    """Say how to go on where the user interrupts, whatever is being done."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; each file is whole or absent; to go on, give the same command again")
        sys.exit(ExitCode.INTERRUPTED)


class _Run:
    """One run of the command: what it was given, and what is known of each row so far."""

    def __init__(
        self, sheets: Sequence[Sheet], job: Job, jobs: int, *, quiet: bool, force: bool
    ) -> None:
        self.sheets = sheets
        self.job = job
        self.jobs = jobs
        self.quiet = quiet
        self.force = force
        self.written = 0  # files
        self.finished = 0  # requests of which every file is there
        self.count = sum(1 for _ in rows_of(sheets))
        if not self.count:
            hint = "a table has one request a line, below the line that names the columns"
            raise OptoutError(Problem("no-rows", "no request is given", Spot(sheets[0].name), hint))

    def check(self, *, as_json: bool) -> NoReturn:
        """Tell what is wrong with each row, with counts, and leave with the exit code."""
        plan = self._planned(self.job, None)
        problems = [it for row in plan.problems.values() for it in row]
        if as_json:
            for it in dict.fromkeys(problems):
                print_json(problem_as_json(it))
        else:
            for line in problem_lines(problems):
                click.echo(line)
        for line in tally_lines(plan):
            click.echo(line, err=as_json)
        sys.exit(ExitCode.CONTENT if problems else ExitCode.DONE)

    def write(
        self, folder: OutFolder, spool: IO[bytes], show: Show, *, fail_fast: bool
    ) -> ExitCode:
        """Write what is not finished, and return the exit code."""
        records = {} if self.force else folder.records
        job = msgspec.structs.replace(self.job, records=records)
        plan = self._planned(job, spool)
        self._tell(it for row in plan.problems.values() for it in row)
        if fail_fast and plan.problems:
            say("nothing is written: --fail-fast")
            sys.exit(ExitCode.CONTENT)
        for path in folder.remove(plan.stale(folder.records)):
            say(f"{path}: its request has changed, and so was the file; look at it")
        wanted = plan.unfinished(job.order, force=self.force)
        before = self.finished = len(plan.rows) - len(plan.problems) - len(wanted)
        self._put(plan, wanted, job, folder, show)
        folder.finish(plan.places())
        rejects = folder.put_rejects(
            rejects_of(self.sheets, plan.problems), [Path(it.name) for it in self.sheets]
        )
        if not self.quiet:
            say_what_to_know(plan, job.order.today.isoformat())
            say_what_is_left_over(plan.left_over(folder.records), folder.path)
            say_what_was_done(plan, self.written, before, folder.path)
            say_next(rejects, self.written)
        self.plan = plan
        return ExitCode.PARTLY if plan.problems else ExitCode.DONE

    def print(self, folder: OutFolder, paper: _Paper) -> None:
        """Put all PDF letters of this run's requests into one file."""
        requests = list(self.plan.printed(folder.records))
        shown = progress(requests, "binding", len(requests), quiet=self.quiet)
        with written(paper.path) as output:
            pages = print_run(
                shown,
                folder.path,
                output,
                self.job.library,
                is_duplex=paper.is_duplex,
                with_sheets=paper.with_sheets,
            )
        if not self.quiet:
            say(f"{paper.path} has {pages:,} pages; print it at 100 %, not fitted to the page")

    def _planned(self, job: Job, spool: IO[bytes] | None) -> Plan:
        checks = checked(self.sheets, job, self.jobs)
        with refusals(job.folder):  # of the spool
            return planned(progress(checks, "checking", self.count, quiet=self.quiet), spool)

    def _put(
        self, plan: Plan, wanted: Mapping[int, Order], job: Job, folder: OutFolder, show: Show
    ) -> None:
        """Put each wanted request's files into the folder, or tell why one's cannot be."""
        if wanted:
            folder.begin()
        try:
            with closing(plan.results(wanted, self.sheets, job, self.jobs)) as results:
                for it in progress(results, "writing", len(wanted), quiet=self.quiet):
                    clear_line()
                    with uninterrupted():  # so that what is there is counted
                        self._put_one(plan, it, folder, show)
        except KeyboardInterrupt:
            self._stop("interrupted", ExitCode.INTERRUPTED)
        except OptoutError as error:
            self._tell(error.problems)
            self._stop("stopped", ExitCode.CONTENT)

    def _put_one(self, plan: Plan, it: Made, folder: OutFolder, show: Show) -> None:
        if problems := it.problems or self._refused(it, folder, show):
            plan.problems[it.number] = problems
            self._tell(problems)
            return
        plan.findings += it.findings
        self.written += len(it.pieces)
        self.finished += 1

    def _refused(self, it: Made, folder: OutFolder, show: Show) -> tuple[Problem, ...]:
        """Put one request's files into the folder, or return why they cannot be."""
        files = [(piece.record, piece.content) for piece in it.pieces]
        try:
            lines = folder.put(files, force=self.force)
        except OptoutError as error:
            if any(problem.code in _STOPPING for problem in error.problems):
                raise
            return error.problems
        show([folder.path / record.path for record, _ in files], lines)
        return ()

    def _stop(self, why: str, code: ExitCode) -> NoReturn:
        say_what_stopped(why, self.finished, self.count)
        sys.exit(code)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for line in problem_lines(problems):
            say(line)


def _lines(_: Sequence[Path], lines: bytes) -> None:
    click.echo(lines, nl=False)


def _paths(paths: Sequence[Path], _: bytes) -> None:
    click.echo(b"".join(bytes(it) + b"\n" for it in paths), nl=False)


def _paths_nul(paths: Sequence[Path], _: bytes) -> None:
    click.echo(b"".join(bytes(it) + b"\0" for it in paths), nl=False)
