"""`optout check`: report every problem in data, templates and requests, in one run."""

from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.cli.console import (
    is_request,
    print_problem,
    print_rows,
    refuse_file_name,
    report_problems,
    say,
    speaks_json,
    usage_error,
)
from optout_cli.cli.letter_options import WholeNumber
from optout_cli.cli.options import (
    engine_option,
    files,
    files_from_option,
    json_option,
    library_from,
    library_options,
    quiet_option,
    today,
    verbose_option,
    with_engine,
)
from optout_cli.errors import ExitCode, Location, OptoutError
from optout_cli.exporters import Options
from optout_cli.letters.notes import lines_of_notes
from optout_cli.letters.pipeline import Order
from optout_cli.lint import (
    check_file,
    coverage,
    idle_folders,
    problems_in_letters,
    problems_in_library,
)
from optout_cli.model.letter import EngineName
from optout_cli.model.notice import Note
from optout_cli.readers.files import STDIN, is_file


def _check_names(
    _ctx: click.Context, _param: click.Parameter, paths: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse files that `optout write` does not accept as requests."""
    for path in paths:
        if path != STDIN and not is_request(path) and is_file(Path(path)):
            refuse_file_name(path)
    return paths


@click.command(
    "check",
    short_help="Find every problem in requests, data and templates.",
    epilog="optout check marin-county-ca.yaml\n"
    "optout check marin-county-ca.yaml --verbose\n"
    "optout check --coverage --max-age 365",
)
@click.argument("files", nargs=-1, metavar="[FILE]...", callback=_check_names, shell_complete=files)
@click.option(
    "--coverage",
    "wants_coverage",
    is_flag=True,
    help="Count what the data has and what it lacks.",
)
@click.option(
    "--max-age",
    "max_age",
    metavar="DAYS",
    type=WholeNumber(1),
    help="With --coverage, also count laws and addresses that nobody has checked for DAYS days.",
)
@files_from_option
@engine_option
@json_option
@quiet_option
@verbose_option
@library_options
@report_problems
def command(
    files: Sequence[str],
    wants_coverage: bool,
    max_age: int | None,
    files_from: tuple[Path, ...],
    engine: EngineName | None,
    as_json: bool,
    quiet: bool,
    in_full: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Check the data, the templates, and each FILE: a request or a data file.

    For a request, optout lays out its letters without writing them. A data file is checked together
    with optout's own data.

    Without a FILE or --coverage, optout writes sample letters of every kind and period, which takes
    some seconds; with --templates, only the letters that your files change. It tries every two of
    the facts that decide what a letter prints together. It finds facts that are not declared or not
    used, words that no letter may say, and values that change more than the words of a letter.

    Prints each problem on stdout, and nothing if there are none.
    """
    if max_age and not wants_coverage:
        usage_error("--max-age works only with --coverage", "add --coverage")
    order = Order(today=today(), files_from=files_from)
    look = with_engine(Options(engine=engine), order.formats if files else (), quiet=quiet)
    library = library_from(overlays, folders, look)
    if wants_coverage:
        print_rows(coverage(library, order.today, max_age), as_json=as_json, has_numbers=True)
    problems = [*idle_folders(folders), *problems_in_library(library, overlays if files else None)]
    if not files and not wants_coverage:
        problems += problems_in_letters(library, order.today)
    before: set[Note] = set()
    for path in files:
        found, notes = check_file(path, library, order)
        problems += found
        for code, text in (
            () if quiet else lines_of_notes(notes, in_full=in_full or speaks_json(), before=before)
        ):
            say(f"{Location(path)}: note: {text}", code)
    if not (problems or quiet or wants_coverage):
        say(f"no problems in {', '.join(files) or 'data, templates and letters'}")
    # Every file also reports the data's problems, and every letter its own.
    for problem in {(problem.location, problem.message): problem for problem in problems}.values():
        print_problem(problem)
    raise SystemExit(OptoutError(*problems).exit_code if problems else ExitCode.DONE)
