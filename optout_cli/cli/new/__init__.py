"""`optout new`: a request from answers on a terminal, elsewhere a sample to fill in."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shlex import quote

import click
import platformdirs

from optout_cli.authoring.csv_template import csv_template, needed_columns
from optout_cli.authoring.draft import draft_text
from optout_cli.authoring.follow import answers_following
from optout_cli.authoring.request_writer import Answers
from optout_cli.authoring.wording import wording_of
from optout_cli.cli.console import APP, program_name, report_problems, say, usage_error
from optout_cli.cli.new.interview import run_interview
from optout_cli.cli.new.new_file import REQUEST, TABLE, path_for, request_name, require_free
from optout_cli.cli.options import (
    code_of,
    files,
    files_from_option,
    jurisdictions,
    letters,
    library_from,
    library_options,
    quiet_option,
    today,
)
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import ExitCode, Location
from optout_cli.letters.library import Library
from optout_cli.output import write_all

_PLACE = Location("JURISDICTION", is_command_line=True)
_LETTER = Location("--letter", is_command_line=True)


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
@report_problems
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
        # SELF

        copy_wording(jurisdiction, letter or DEFAULT_LETTER, output, library, quiet=quiet)
        return
    options = _options(overlays, folders, files_from)
    if wants_table:
        # SELF

        write_table(state, letter or DEFAULT_LETTER, output, library, options, quiet=quiet)
        return
    is_asked = _is_terminal()
    make = partial(run_interview, files_from=files_from) if is_asked else _sample
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
    say(f"next: {before}{program_name()} write {quote(str(path))}{options} -o letters/")


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
    path = require_free(path_for(output, name, REQUEST))
    return path, draft_text(answers, library, today(), f"{quote(str(path or name))}{options}")


def write_table(
    state: str | None,
    letter: str,
    output: str | None,
    library: Library,
    options: str,
    *,
    quiet: bool,
) -> None:
    """Write the table, print its path, and say how to go on; `options` the next command needs."""
    code = code_of(state, library) if state is not None else None
    path = require_free(path_for(output, f"{(code or 'requests').lower()}.csv", TABLE))
    text = csv_template(library, letter, code)
    if path is None:
        click.echo(text, nl=False)
        return
    write_all({path: text.encode("utf-8-sig")})  # by whose first bytes a spreadsheet knows it
    click.echo(bytes(path))
    if quiet:
        return
    *most, last = needed_columns(library, letter)
    say(f"a letter needs {', '.join(most)} and {last}; what stands in each column is explained by")
    say(f"  {program_name()} new --letter {letter} -o -{options} < /dev/null")
    how = f'fill in {path} as a spreadsheet, save it as "CSV UTF-8"'
    say(f"next: {how}, and then {program_name()} batch {quote(str(path))}{options} --check")


_JURISDICTION = Location("JURISDICTION", is_command_line=True)


def copy_wording(
    query: str | None, letter: str, output: str | None, library: Library, *, quiet: bool
) -> None:
    """Write the template's copy, print its path, and say how to go on."""
    slug = library.directory.find(query, _JURISDICTION).slug if query else None
    own = platformdirs.user_config_path(APP) / "templates"
    folder = Path(output) if output else own
    name, text = wording_of(letter, slug, library)
    path = folder / name
    write_all({path: text.encode()})
    click.echo(bytes(path))
    if quiet:
        return
    option = "" if folder == own else f" --templates {quote(str(folder))}"
    say("next: keep the passage to be changed, and delete all the others")
    say(f"next: optout check{option}")
    say(f"next: optout write REQUEST{option}")
