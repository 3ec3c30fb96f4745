"""`optout batch`: the letters of many requests, checked first, resumed where it was killed."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from optout_cli.batch.folder import OutputFolder
from optout_cli.batch.input import load_inputs
from optout_cli.batch.rows import Job
from optout_cli.cli.batch.output import Prints, cores, prints_options
from optout_cli.cli.batch.run import Run
from optout_cli.cli.console import report_problems, say, usage_error
from optout_cli.cli.options import files, library_from, library_options, quiet_option
from optout_cli.cli.order import Values, order_options
from optout_cli.errors import ExitCode
from optout_cli.exporters.context import Options
from optout_cli.letters.pipeline import Order, request_file
from optout_cli.output import is_folder


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
@click.option(
    "--force",
    is_flag=True,
    help="Write every letter anew, and replace other files; they move to earlier/.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes make letters.  [default: as many as the machine lets this one use]",
)
@order_options
@prints_options
@quiet_option
@library_options
@report_problems
def command(
    inputs: Sequence[str],
    common: str | None,
    output: str,
    is_check: bool,
    fail_fast: bool,
    force: bool,
    jobs: int | None,
    order: Order,
    prints: Prints,
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

    A file that was changed since it was written, such as a letter that was signed, is left alone.
    So is a letter of another table. No letter is deleted: where a row has changed, its old letter
    moves to the folder earlier beside the new one.

    Prints the paths of the files that it writes, which are also in manifest.ndjson and
    manifest.csv.
    """
    place = Path(output)
    if not is_check:
        _refuse_others(place, prints)
    input_files = load_inputs(inputs)
    job = Job(
        library=library_from(overlays, folders, look),
        order=order,
        common=request_file(common) if common else None,
        over=tuple(values.items()),
        folder=place,
    )
    with _resumable():
        run = Run(input_files, job, jobs or cores(), prints, quiet=quiet, force=force)
        if is_check:
            sys.exit(run.check())
        with OutputFolder(place) as folder, folder.spool() as spool:
            code = run.write(folder, spool, fail_fast=fail_fast)
    sys.exit(code)


def _refuse_others(place: Path, prints: Prints) -> None:
    """Refuse to write where something else is: instead of a folder, or of an earlier print."""
    if not is_folder(place) and place.is_file():
        usage_error(f"-o {place} is a file, not a folder", "name a folder")
    if prints.paper:
        prints.paper.refuse_other()


@contextmanager
def _resumable() -> Iterator[None]:
    """Say how to go on where the user interrupts, whatever is being done."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; each file is whole or absent; to go on, give the same command again")
        sys.exit(ExitCode.INTERRUPTED)
