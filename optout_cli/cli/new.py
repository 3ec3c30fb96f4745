"""`optout new`: a request from answers on a terminal, elsewhere a sample to fill in."""

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import click

from optout_cli.cli._ask import ask, ask_yes, say_wrapped
from optout_cli.cli._complete import jurisdictions, letters
from optout_cli.cli._interview import ask_all, ask_letter, ask_place
from optout_cli.cli._last import keep_signatory, place
from optout_cli.cli._shared import (
    code_of,
    library_from,
    library_options,
    problems_told,
    quiet_option,
    say,
    tell,
    today,
    usage_error,
)
from optout_cli.cli._sheet import Sheet
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import ExitCode, OptoutError, Problem, Spot
from optout_cli.form import Answers
from optout_cli.output import is_folder, write_all
from optout_cli.pipeline.drafting import drafted, previewed
from optout_cli.pipeline.letters import STDIN
from optout_cli.pipeline.library import Library
from optout_cli.pipeline.spreadsheet import spreadsheet

_PLACE = Spot("JURISDICTION", is_command_line=True)
_LETTER = Spot("--letter", is_command_line=True)
_SUFFIXES = (".yaml", ".yml")
_UNNAMED = "request.yaml"  # where no jurisdiction gives its name
_TABLES, _MANY = ".csv", "requests"  # a table's suffix, and its name where no state gives it
_WELCOME = (
    "This writes a request: a small text file with what you decide, from which the letters are"
    " made. Nothing is sent. Answer each question and press Enter. Enter alone takes what stands in"
    " brackets, or leaves the line out; a single - leaves it out as well. Ctrl-C stops, and nothing"
    " is written. All of it can be changed in the file afterwards."
)


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
    "--wording",
    "wants_wording",
    is_flag=True,
    help="Copy the letter's template for counsel to change a paragraph; with JURISDICTION, for it"
    " alone. Goes into your own folder of templates, or below the folder named by -o.",
)
@quiet_option
@library_options
@problems_told
def command(
    jurisdiction: str | None,
    letter: str | None,
    output: str | None,
    wants_table: bool,
    state: str | None,
    wants_wording: bool,
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
    _check_usage(jurisdiction, state, wants_table=wants_table, wants_wording=wants_wording)
    library = library_from(overlays, folders)
    if letter:
        library.programs.find(letter, _LETTER)
    if wants_wording:
        from optout_cli.cli._wording import copy_wording

        copy_wording(jurisdiction, letter or DEFAULT_LETTER, output, library, quiet=quiet)
        return
    options = _options(overlays, folders)
    is_asked = _is_terminal() and not wants_table
    try:
        if wants_table:
            path, text = _table(state, letter or DEFAULT_LETTER, output, library)
        elif is_asked:
            path, text = _asked(jurisdiction, letter, output, library, options)
        else:
            path, text = _sample(jurisdiction, letter or DEFAULT_LETTER, output, library, options)
    except (click.Abort, KeyboardInterrupt):
        say("\nstopped; no request was written")
        raise SystemExit(ExitCode.INTERRUPTED) from None
    if path is None:
        click.echo(text, nl=False)
        return
    # A spreadsheet tells by its first bytes that a table is UTF-8.
    write_all({path: text.encode("utf-8-sig" if wants_table else "utf-8")})
    click.echo(bytes(path))
    if not quiet:
        name = f"{quote(str(path))}{options}"
        say(f"next: {_next(path, name, is_table=wants_table, is_asked=is_asked)}")


def _check_usage(
    query: str | None, state: str | None, *, wants_table: bool, wants_wording: bool
) -> None:
    """Refuse options that do not agree. Raises click.UsageError."""
    if wants_table and wants_wording:
        usage_error("--csv and --wording write different files", "leave one of them out")
    if wants_table and query:
        hint = "put --state CODE in its place, or leave --csv out"
        usage_error(f"--csv is a table of many, not of {query!r} alone", hint)
    if state is not None and not wants_table:
        usage_error("--state is for --csv", "add --csv, or name a jurisdiction in its place")


def _next(path: Path, name: str, *, is_table: bool, is_asked: bool) -> str:
    """Say what to do with the file; `name` is how the next command names it."""
    if is_table:
        how = f'fill in {path} as a spreadsheet, save it as "CSV UTF-8"'
        return f"{how}, and then optout batch {name} --check"
    before = "" if is_asked else f"fill in {path} in an editor, and then "
    return f"{before}optout write {name} -o letters/"


def _options(overlays: Sequence[str], folders: Sequence[Path]) -> str:
    """Word the options that the next command needs as well."""
    words = [it for overlay in overlays for it in ("--data", overlay)]
    words += [it for folder in folders for it in ("--templates", str(folder))]
    return "".join(f" {quote(it)}" for it in words)


def _is_terminal() -> bool:
    """Say whether someone sits there: who reads the questions, and types."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _sample(
    query: str | None, letter: str, output: str | None, library: Library, options: str
) -> tuple[Path | None, str]:
    """Return where to write the sample, and its text."""
    answers: Answers = {"letter": letter, "date": today().isoformat()}
    name = _UNNAMED
    if query:
        slug = library.directory.find(query, _PLACE).slug
        answers, name = {"jurisdiction": slug, **answers}, f"{slug}.yaml"
    path = _path(output, name)
    if path and path.exists():
        raise OptoutError(_occupied(path))
    return path, drafted(answers, library, today(), f"{quote(str(path or name))}{options}")


def _table(
    state: str | None, letter: str, output: str | None, library: Library
) -> tuple[Path | None, str]:
    """Return where to write the table to fill in, and its text."""
    code = code_of(state, library) if state is not None else None
    path = _path(output, f"{(code or _MANY).lower()}{_TABLES}", (_TABLES,))
    if path and path.exists():
        raise OptoutError(_occupied(path))
    return path, spreadsheet(library, letter, code)


def _asked(
    query: str | None, letter: str | None, output: str | None, library: Library, options: str
) -> tuple[Path | None, str]:
    """Ask everything on the terminal; return where to write the request, and its text."""
    say_wrapped(_WELCOME)
    say("")
    locality = ask_place(query, library)
    path = _free_path(_path(output, f"{locality.slug}.yaml"))
    chosen = letter or ask_letter(library)
    answers = {"jurisdiction": locality.slug, "letter": chosen}
    sheet = Sheet(answers, locality, library, today(), path.parent if path else Path())
    ask_all(sheet)
    name = str(path or f"{locality.slug}.yaml")
    text = drafted(sheet.answers, library, sheet.date, f"{quote(name)}{options}")
    say("")
    _preview(text, name, sheet)
    if not ask_yes(f"Write {name}?", offered=True):
        raise click.Abort
    _keep(sheet)
    return path, text


def _path(output: str | None, name: str, suffixes: tuple[str, ...] = _SUFFIXES) -> Path | None:
    """Return where the file goes; None: standard output."""
    if output == STDIN:
        return None
    path = Path(output or name)
    if output and (output.endswith("/") or is_folder(path)):
        path /= name
    if not path.name.lower().endswith(suffixes):
        noun = "request" if suffixes is _SUFFIXES else "table"
        usage_error(f"{str(path)!r} is no {noun}'s name", f"end it in {suffixes[0]}")
    return path


def _free_path(path: Path | None) -> Path | None:
    """Ask for another name where the file is there already."""
    if path is None or not path.exists():
        return path
    say_wrapped(f"{path} is there already, and stays as it is.")
    numbers = range(2, sys.maxsize)
    free = next(it for n in numbers if not (it := path.with_stem(f"{path.stem}-{n}")).exists())
    return Path(ask("Name of the new file", offered=str(free), fault=_name_fault, required=True))


def _name_fault(name: str) -> Problem | None:
    if not name.lower().endswith(_SUFFIXES):
        return Problem("wrong-name", f"{name!r} is no request's name", hint="end it in .yaml")
    return _occupied(Path(name)) if Path(name).exists() else None


def _occupied(path: Path) -> Problem:
    hint = f"name another file with -o, such as -o second{path.suffix.lower()}"
    return Problem("file-exists", "is there already, and is never replaced", Spot(str(path)), hint)


def _preview(text: str, name: str, sheet: Sheet) -> None:
    """Show the letter to the bureau, or say what keeps it from being written."""
    try:
        letters = previewed(text, name, sheet.library, sheet.today, sheet.folder)
    except OptoutError as error:
        say_wrapped("The letters cannot be written yet. You can mend these lines in the file:")
        tell(error.problems)
        return
    if ask_yes("Read the first letter now?", offered=True):
        say("")
        say(letters[0])


def _keep(sheet: Sheet) -> None:
    """Keep the signatory for the next request, and say so."""
    if (signatory := sheet.answers.get("signatory")) and keep_signatory(signatory):
        say_wrapped(f"Who signs is kept in {place()}, to be offered again. You may delete it.")
