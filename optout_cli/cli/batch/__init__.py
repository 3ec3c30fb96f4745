"""`optout batch`: check many requests, then write their letters; go on after an interruption."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from optout_cli.batch.corrections import with_corrections
from optout_cli.batch.input import REQUEST_KEYS, Stream, load_inputs
from optout_cli.batch.job import Job
from optout_cli.batch.pool import cores
from optout_cli.batch.rejects import rejected_keys, with_rejected_orders
from optout_cli.cli.batch.paper import Prints, prints_options
from optout_cli.cli.batch.report import say_how_read
from optout_cli.cli.batch.run import Run
from optout_cli.cli.console import report_problems, say, usage_error
from optout_cli.cli.letter_options import (
    Values,
    WholeNumber,
    order_options,
    register_options,
    say_stray_templates,
)
from optout_cli.cli.options import (
    files,
    library_from,
    library_options,
    now,
    quiet_option,
    with_engine,
)
from optout_cli.errors import ExitCode
from optout_cli.exporters import Options
from optout_cli.letters.pipeline import Order, request_file
from optout_cli.output import is_folder
from optout_cli.readers.files import STDIN
from optout_cli.register.folder import LetterFolder
from optout_cli.register.plan import Replacing

_HELP = """\
Write the letters of many requests, one request in each row.

INPUT is a table (.csv, .xlsx, .ods), a file with one JSON object per line (.ndjson), or a YAML
list; - is standard input, in any of these. The columns of a table are the keys of a request,
with dots: jurisdiction, signatory.name, cc.0.title. Empty cells are ignored. Put values that
all rows share in one file, and name it with --common.

optout checks every row before it writes the first letter. Rows with a problem go to rejects.csv
(or .xlsx, .ndjson, .yaml) in the folder, with the reason. Fix them there, and run the command
again with --with and that file; give rejects.ndjson or rejects.yaml as INPUT instead. If a
batch was interrupted, run the same command again, and it goes on.

optout keeps a file that was changed after optout wrote it, such as a signed copy, and letters
of other tables. It deletes no letter: if a row has changed, the old letter moves to the folder
earlier beside the new one. A letter that was sent stays in its place.

Prints the paths of the files that it writes. The folder's register has them all: register.csv
is a table of its letters.
"""


@click.command(
    "batch",
    help=_HELP,
    short_help="Write the letters of many requests, as from a spreadsheet.",
    epilog="optout batch notices.csv --common common.yaml --check\n"
    "optout batch notices.csv --common common.yaml -o out/\n"
    "optout batch notices.csv --common common.yaml -o out/ --print all.pdf",
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", shell_complete=files)
@click.option(
    "--common",
    metavar="FILE",
    shell_complete=files,
    help="File with the values that every row shares.",
)
@click.option(
    "--with",
    "fixes",
    metavar="FILE",
    multiple=True,
    shell_complete=files,
    help="Corrected rows, in the file of rejected rows that optout wrote: each takes the place of"
    " its row in INPUT (repeatable).",
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
@click.option("--check", "is_check", is_flag=True, help="Check every row, but write nothing.")
@click.option(
    "--stream",
    "is_stream",
    is_flag=True,
    help="Write the letters of each row before reading the next one, as from a pipe.",
)
@click.option("--fail-fast", is_flag=True, help="Write nothing if any row has a problem.")
@click.option(
    "--force",
    is_flag=True,
    help="Write every letter again and replace existing files; the old ones move to earlier/.",
)
@click.option(
    "-j",
    "--jobs",
    type=WholeNumber(1),
    metavar="N",
    help="How many processes make letters.  [default: as many as there are processors]",
)
@register_options
@order_options
@prints_options
@click.option("-v", "--verbose", "in_full", is_flag=True, help="Print every note.")
@quiet_option
@library_options
@partial(report_problems, names=("--ndjson", "--json"))
def command(
    inputs: Sequence[str],
    fixes: Sequence[str],
    common: str | None,
    output: str,
    is_check: bool,
    is_stream: bool,
    fail_fast: bool,
    force: bool,
    jobs: int | None,
    supersede: str | None,
    no_register: bool,
    order: Order,
    prints: Prints,
    values: Values,
    look: Options,
    in_full: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Check the input, then write the letters of each row, or only report."""
    place = Path(output)
    _check_usage(inputs, fixes, place, prints, has_register=not no_register)
    if is_stream and (is_check or fail_fast or fixes or len(inputs) > 1):
        message = "--stream takes one INPUT, and no --check, --fail-fast or --with"
        usage_error(message, "leave it out")
    if is_stream and (jobs or 1) > 1:
        usage_error("--stream makes the letters of one row at a time", "leave out --jobs")
    look = with_engine(look, order.formats, quiet=quiet, folder=place)
    library = library_from(overlays, folders, look)
    keys = (*REQUEST_KEYS, *sorted(library.programs.particulars))
    streams = [Stream(inputs[0], keys)] if is_stream else []
    corrections, rows = load_inputs(fixes, keys=keys), {fix: rejected_keys(fix) for fix in fixes}
    given = [stream.file() for stream in streams] or load_inputs(inputs, keys=keys)
    input_files = with_corrections([*map(with_rejected_orders, given)], corrections, rows)
    if not (quiet or is_stream):
        say_how_read((*input_files, *corrections))
    if not quiet:
        say_stray_templates(library)
    shared = request_file(common) if common else None
    over = tuple(values.items())
    job = Job(library=library, order=order, common=shared, over=over, folder=place)
    replacing = Replacing(force, supersede, keeps_changed=True)
    run = Run(input_files, job, jobs or cores(), prints, quiet, in_full, replacing)
    programs = library.programs.by_id
    folder = LetterFolder(place, at=now(), programs=programs, has_register=not no_register)
    sys.exit(_run(run, folder, streams, is_check=is_check, fail_fast=fail_fast))


def _check_usage(
    inputs: Sequence[str], fixes: Sequence[str], place: Path, prints: Prints, *, has_register: bool
) -> None:
    """Raise click.UsageError if the options do not go together, or with what is there."""
    for fix in fixes:
        if not os.path.lexists(fix) and os.path.lexists(meant := place / Path(fix).name):
            usage_error(f"--with: cannot find {fix}", f"did you mean {meant}?")
    if again := [name for name, count in Counter(inputs).items() if count > 1]:
        usage_error(f"INPUT {again[0]} is named more than once", "name each once")
    if str(place) == STDIN:
        usage_error("-o - is standard output, and a batch writes a folder", "name a folder")
    if prints.paper and not has_register:
        message = "--print needs the register, which says what was printed before"
        usage_error(message, "leave out --no-register")
    if not is_folder(place) and os.path.lexists(place):
        is_dead = place.is_symlink() and not place.exists()
        what = "a link that leads nowhere" if is_dead else "a file, not a folder"
        usage_error(f"-o {place} is {what}", "name a folder")
    if prints.paper:
        prints.paper.refuse_other()


def _run(
    run: Run, folder: LetterFolder, streams: Sequence[Stream], *, is_check: bool, fail_fast: bool
) -> ExitCode:
    try:
        for stream in streams:
            with folder:
                return run.stream(folder, stream)
        run.count_requests()
        if is_check:
            folder.refuse_foreign()
            return run.check(folder)
        with folder, folder.spool() as spool:
            return run.write(folder, spool, fail_fast=fail_fast)
    except KeyboardInterrupt:
        say("interrupted; no file is incomplete; to go on, run the same command again")
        return ExitCode.INTERRUPTED
