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

_PLACE = Spot("JURISDICTION", is_command_line=True)
_LETTER = Spot("--letter", is_command_line=True)
_SUFFIXES = (".yaml", ".yml")
_UNNAMED = "request.yaml"  # where no jurisdiction gives its name
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
    help="The request to write.  [default: the jurisdiction's name, such as marin-county-ca.yaml]",
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
    wants_wording: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Write a request, from which `optout write` makes the letters.

    On a terminal it asks in plain words, shows what is known and how old it is, and lets you
    correct an address. Elsewhere it writes a sample with a word on each line. It never replaces a
    file.

    JURISDICTION is a FIPS code (06041), a slug (marin-county-ca) or a name ("Marin County, CA").
    Prints the path of the file.
    """
    library = library_from(overlays, folders)
    if letter:
        library.programs.find(letter, _LETTER)
    if wants_wording:
        from optout_cli.cli._wording import copy_wording

        copy_wording(jurisdiction, letter or DEFAULT_LETTER, output, library, quiet=quiet)
        return
    is_asked = _is_terminal()
    options = _options(overlays, folders)
    try:
        if is_asked:
            path, text = _asked(jurisdiction, letter, output, library, options)
        else:
            path, text = _sample(jurisdiction, letter or DEFAULT_LETTER, output, library, options)
    except (click.Abort, KeyboardInterrupt):
        say("\nstopped; no request was written")
        raise SystemExit(ExitCode.INTERRUPTED) from None
    if path is None:
        click.echo(text, nl=False)
        return
    write_all({path: text.encode()})
    click.echo(bytes(path))
    if not quiet:
        before = "" if is_asked else f"fill in {path} in an editor, and then "
        say(f"next: {before}optout write {quote(str(path))}{options} -o letters/")


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


def _path(output: str | None, name: str) -> Path | None:
    """Return where the request goes; None: standard output."""
    if output == STDIN:
        return None
    path = Path(output or name)
    if output and (output.endswith("/") or is_folder(path)):
        path /= name
    if not path.name.lower().endswith(_SUFFIXES):
        usage_error(f"{str(path)!r} is no request's name", "end it in .yaml")
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
    hint = "name another file with -o, such as -o second.yaml"
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
