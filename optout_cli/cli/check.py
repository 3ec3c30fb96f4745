"""`optout check`: everything that is wrong, in one run."""

from collections.abc import Iterable, Sequence
from os import fsencode
from pathlib import Path

import click

from optout_cli.cli.console import (
    is_request,
    misnamed,
    print_json,
    problem_as_json,
    report_problems,
    say,
)
from optout_cli.cli.options import (
    files,
    files_from_option,
    json_option,
    library_from,
    library_options,
    quiet_option,
    today,
)
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.lint import (
    check_file,
    coverage,
    idle_folders,
    problems_in_letters,
    problems_in_library,
)
from optout_cli.readers.files import STDIN, is_file


def _named(_ctx: click.Context, _param: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse files that `write` would not take for a request either."""
    for path in paths:
        if path != STDIN and not is_request(path) and is_file(Path(path)):
            misnamed(path)
    return paths


@click.command(
    "check",
    short_help="Say everything that is wrong with data, templates and requests.",
    epilog="Example:  optout check marin-county-ca.yaml",
)
@click.argument("files", nargs=-1, metavar="[FILE]...", callback=_named, shell_complete=files)
@click.option("--coverage", "wants_coverage", is_flag=True, help="Count what the data lacks.")
@files_from_option
@json_option
@quiet_option
@library_options
@report_problems
def command(
    files: Sequence[str],
    wants_coverage: bool,
    files_from: tuple[Path, ...],
    as_json: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Check the data, the templates, and each FILE: a request, or a data file.

    Without a FILE or --coverage, every letter of every program is written in each period with
    sample facts, which takes some seconds: is everything in it declared and used, does it say what
    no letter may say, does what a person writes change more than its words?

    A request is checked by laying out its letters without writing them, a data file by laying it on
    the shipped one. Problems are printed on stdout, one after the other; there are none when
    nothing is printed.
    """
    library = library_from(overlays, folders)
    if wants_coverage:
        _print_coverage(coverage(library), as_json=as_json)
    problems = [*idle_folders(folders), *problems_in_library(library)]
    order = Order(today=today(), files_from=files_from)
    if not files and not wants_coverage:
        problems += problems_in_letters(library, order.today)
    for path in files:
        found, notes = check_file(path, library, order)
        problems += found
        for note in () if quiet else notes:
            say(f"{path}: note: {note.text}")
    if not problems:
        if not quiet and not wants_coverage:
            say(f"no mistakes in {', '.join(files) or 'data, templates and letters'}")
        return
    for problem in _once(problems):
        # Bytes, since a file's name may be no text.
        print_json(problem_as_json(problem)) if as_json else click.echo(fsencode(str(problem)))
    raise SystemExit(OptoutError(*problems).exit_code)


def _once(problems: Iterable[Problem]) -> Iterable[Problem]:
    """Return each problem as it was first met: each file meets the data's, each letter its own."""
    told: dict[tuple[Location | None, str], Problem] = {}
    for it in problems:
        told.setdefault((it.location, it.message), it)
    return told.values()


def _print_coverage(rows: Sequence[dict[str, str | int]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row)
        return
    from tabulate import tabulate

    click.echo(tabulate(rows, headers="keys", tablefmt="plain"))
