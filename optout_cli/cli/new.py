"""`optout new`: a request from answers on a terminal, elsewhere a sample to fill in."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shlex import quote

import click

from optout_cli.cli._complete import jurisdictions, letters
from optout_cli.cli._newfile import REQUEST, free, path_for, request_name
from optout_cli.cli._session import asked
from optout_cli.cli._shared import (
    files,
    files_from_option,
    library_from,
    library_options,
    problems_told,
    program,
    quiet_option,
    say,
    today,
    usage_error,
)
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import ExitCode, Spot
from optout_cli.form import Answers
from optout_cli.output import write_all
from optout_cli.pipeline.drafting import drafted
from optout_cli.pipeline.follow import answers_following
from optout_cli.pipeline.library import Library

_PLACE = Spot("JURISDICTION", is_command_line=True)
_LETTER = Spot("--letter", is_command_line=True)


@click.command(
    "new",
    short_help="Write a request: asks on a terminal, else gives a sample.",
    epilog="Example:  optout new marin-county-ca -o marin.yaml",
)
@click.argument("jurisdiction", required=False, shell_complete=jurisdictions)
@click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    shell_complete=letters,
    help="Which letter; `optout list letters` has them.",
)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="The file to write.  [default: the jurisdiction's name, such as marin-county-ca.yaml; of a"
    " table the state's, such as vt.csv]",
)
@click.option(
    "--csv",
    "wants_table",
    is_flag=True,
    help="Write a table for `optout batch` instead, to fill in as a spreadsheet: a column for each"
    " thing that a request says.",
)
@click.option(
    "--state", metavar="CODE", help="In that table, put a row for each jurisdiction of this state."
)
@click.option(
    "--follow",
    "former",
    metavar="FILE.json",
    shell_complete=files,
    help="Begin with the facts of an earlier letter, from its JSON form: who signed it, who"
    " received it, when and how, its reference.",
)
@click.option(
    "--wording",
    "wants_wording",
    is_flag=True,
    help="Copy the letter's template for counsel to change a paragraph; with JURISDICTION, for it"
    " alone. Goes into your own folder of templates, or below the folder named by -o.",
)
@files_from_option
@quiet_option
@library_options
@problems_told
def command(
    jurisdiction: str | None,
    letter: str | None,
    output: str | None,
    wants_table: bool,
    state: str | None,
    former: str | None,
    wants_wording: bool,
    files_from: tuple[Path, ...],
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Write a request, from which `optout write` makes the letters.

    On a terminal it asks in plain words, shows what is known and how old it is, and lets you
    correct an address. Elsewhere it writes a sample with a word on each line. With --csv it writes
    a table of many requests, for `optout batch`. It never replaces a file.

    JURISDICTION is a FIPS code (06041), a slug (marin-county-ca) or a name ("Marin County, CA").
    Prints the path of the file.
    """
    _check_usage(jurisdiction, state, former, wants_table=wants_table, wants_wording=wants_wording)
    library = library_from(overlays, folders)
    if letter:
        library.programs.find(letter, _LETTER)
    if wants_wording:
        from optout_cli.cli._wording import copy_wording

        copy_wording(jurisdiction, letter or DEFAULT_LETTER, output, library, quiet=quiet)
        return
    options = _options(overlays, folders, files_from)
    if wants_table:
        from optout_cli.cli._table import write_table

        write_table(state, letter or DEFAULT_LETTER, output, library, options, quiet=quiet)
        return
    is_asked = _is_terminal()
    make = partial(asked, files_from=files_from) if is_asked else _sample
    known = _known(letter, former, library)
    try:
        path, text = make(jurisdiction, known, output, library, options)
    except (click.Abort, KeyboardInterrupt):
        say("\nstopped; no request was written")
        raise SystemExit(ExitCode.INTERRUPTED) from None
    if path is None:
        click.echo(text, nl=False)
        return
    write_all({path: text.encode()})
    click.echo(bytes(path))
    if not quiet:
        _say_next(path, options, is_asked=is_asked)


def _check_usage(
    query: str | None,
    state: str | None,
    former: str | None,
    *,
    wants_table: bool,
    wants_wording: bool,
) -> None:
    """Refuse options that do not agree. Raises click.UsageError."""
    modes = {"--csv": wants_table, "--wording": wants_wording, "--follow": former}
    chosen = [name for name, it in modes.items() if it]
    if len(chosen) > 1:
        usage_error(f"{' and '.join(chosen)} write different files", "leave one of them out")
    if wants_table and query:
        hint = "put --state CODE in its place, or leave --csv out"
        usage_error(f"--csv is a table of many, not of {query!r} alone", hint)
    if former and query:
        usage_error("--follow takes the jurisdiction from its file", f"leave {query!r} out")
    if state is not None and not wants_table:
        usage_error("--state is for --csv", "add --csv, or name a jurisdiction in its place")


def _known(letter: str | None, former: str | None, library: Library) -> Answers:
    """Return what the command line answers, itself or by an earlier letter's file."""
    if former:
        return answers_following(former, letter, library, today())
    return {"letter": letter} if letter else {}


def _say_next(path: Path, options: str, *, is_asked: bool) -> None:
    before = "" if is_asked else f"fill in {path} in an editor, and then "
    say(f"next: {before}{program()} write {quote(str(path))}{options} -o letters/")


def _options(overlays: Sequence[str], folders: Sequence[Path], files_from: Sequence[Path]) -> str:
    """Word the options that the next command needs as well."""
    words = [it for overlay in overlays for it in ("--data", overlay)]
    words += [it for folder in folders for it in ("--templates", str(folder))]
    words += [it for folder in files_from for it in ("--files-from", str(folder))]
    return "".join(f" {quote(it)}" for it in words)


def _is_terminal() -> bool:
    """Say whether someone sits there: who reads the questions, and types."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _sample(
    query: str | None, known: Answers, output: str | None, library: Library, options: str
) -> tuple[Path | None, str]:
    """Return where to write the sample, and its text."""
    place = {"jurisdiction": library.directory.find(query, _PLACE).slug} if query else {}
    answers = {**place, "letter": DEFAULT_LETTER, "date": today().isoformat(), **known}
    name = request_name(answers)
    path = free(path_for(output, name, REQUEST))
    return path, drafted(answers, library, today(), f"{quote(str(path or name))}{options}")
