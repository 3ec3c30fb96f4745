"""`optout batch`: the letters of many requests, checked first, resumed where it was killed."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from optout_cli.cli._order import Values, order_options
from optout_cli.cli._progress import cores
from optout_cli.cli._run import Paper, Run
from optout_cli.cli._shared import (
    files,
    library_from,
    library_options,
    problems_told,
    quiet_option,
    say,
    usage_error,
)
from optout_cli.errors import ExitCode, OptoutError, Problem, Spot
from optout_cli.outfolder import OutFolder
from optout_cli.output import is_folder, refusals
from optout_cli.pipeline.batch import Job
from optout_cli.pipeline.letters import Order, request_file
from optout_cli.pipeline.library import Options
from optout_cli.pipeline.printing import is_print_run
from optout_cli.pipeline.sheets import load_sheets


def _paper(path: Path | None, order: Order, *, is_duplex: bool, with_sheets: bool) -> Paper | None:
    if path is None:
        if is_duplex or with_sheets:
            usage_error("--duplex and --separators are for --print", "add --print FILE.pdf")
        return None
    if "pdf" not in order.formats:
        usage_error("--print needs the format pdf", "add -f pdf, or leave it out")
    if path.suffix.lower() != ".pdf":
        usage_error(f"--print {path} is no PDF's name", "end it in .pdf")
    return Paper(path, is_duplex, with_sheets)


def _refuse_other(path: Path) -> None:
    """Raise OptoutError where the file to print would replace one of another kind."""
    with refusals(path):
        if path.exists() and not is_print_run(path):
            message, hint = "exists, and is no file of letters to print", "name another file"
            raise OptoutError(Problem("file-exists", message, Spot(str(path)), hint))


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

    A file that was changed since it was written, such as a letter that was signed, is left alone.

    Prints the paths of the files that it writes, which are also in manifest.ndjson and
    manifest.csv.
    """
    place = Path(output)
    if as_json and is_nul:
        usage_error("--ndjson and --print0 print different things", "leave one of them out")
    if not is_check and not is_folder(place) and place.is_file():
        usage_error(f"-o {output} is a file, not a folder", "name a folder")
    paper = _paper(print_to, order, is_duplex=is_duplex, with_sheets=with_sheets)
    if paper and not is_check:
        _refuse_other(paper.path)
    sheets = load_sheets(inputs)
    job = Job(
        library=library_from(overlays, folders, look),
        order=order,
        common=request_file(common) if common else None,
        over=tuple(values.items()),
        folder=place,
    )
    show = _lines if as_json else _paths_nul if is_nul else _paths
    with _resumable():
        run = Run(sheets, job, jobs or cores(), show=show, paper=paper, quiet=quiet, force=force)
        if is_check:
            sys.exit(run.check(as_json=as_json))
        with OutFolder(place) as folder, folder.spool() as spool:
            code = run.write(folder, spool, fail_fast=fail_fast)
    sys.exit(code)


@contextmanager
def _resumable() -> Iterator[None]:
    """Say how to go on where the user interrupts, whatever is being done."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; each file is whole or absent; to go on, give the same command again")
        sys.exit(ExitCode.INTERRUPTED)


def _lines(_: Sequence[Path], lines: bytes) -> None:
    click.echo(lines, nl=False)


def _paths(paths: Sequence[Path], _: bytes) -> None:
    click.echo(b"".join(bytes(it) + b"\n" for it in paths), nl=False)


def _paths_nul(paths: Sequence[Path], _: bytes) -> None:
    click.echo(b"".join(bytes(it) + b"\0" for it in paths), nl=False)
