"""`optout review`: show every letter of a folder on one web page. It only reads the letters."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.authoring.follow_notes import contradiction_notes
from optout_cli.cli.console import (
    progress,
    report_problems,
    say,
    usage_error,
    write_files,
)
from optout_cli.cli.options import (
    files,
    force_option,
    library_from,
    output_path,
    parse_date,
    quiet_option,
    templates_option,
    today,
)
from optout_cli.cli.status import journals_in
from optout_cli.cli.value_types import Folder
from optout_cli.errors import as_text, raise_any
from optout_cli.letters import Library
from optout_cli.output import write_errors
from optout_cli.readers.files import STDIN, is_file
from optout_cli.register.replies import recorded_claim
from optout_cli.register.standing import Standing, standings_of
from optout_cli.register.state import Key, Register
from optout_cli.register.status import is_as_made
from optout_cli.reports.drawings import drawings_of, files_of
from optout_cli.reports.review import MOST_BYTES, Review, load_before, page_of

_PAGE = "review.html"
_TOO_LARGE = (
    "the page has {:.0f} MB, so a browser may take long to open it; review fewer letters at a time"
)


@click.command(
    "review",
    short_help="Show every letter of a folder, with its pages, on one web page.",
    epilog="Example:  optout review letters/\n\nMore examples:\n\n\b\n"
    "  optout review letters/ -o review.html\n"
    "  optout review letters/ --since 2026-11-01",
)
@click.argument("folder", metavar="[FOLDER]", required=False, type=Folder())
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE.html|-",
    shell_complete=files,
    help=f"Where the page goes.  [default: {_PAGE} in FOLDER]",
)
@click.option(
    "--since",
    metavar="DATE",
    callback=parse_date,
    help="Mark what was recorded on this day or later, in place of what is new since the last"
    " page.",
)
@force_option
@quiet_option
@templates_option
@report_problems
def command(
    folder: Path | None,
    output: str | None,
    since: date | None,
    force: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Show every letter of a folder, with its pages, on one web page.

    The page has a picture of each letter's pages. Beside it: who signs, to whom, how it goes, the
    source and age of each address, the notes, what happened, and what is new since the last page.
    It has names and telephone numbers: do not publish it. For a website: optout status -f html.

    FOLDER is a folder that `optout write` or `optout batch` wrote to. Without it: this folder, or
    the one in it that has a register. The page takes the place of the last one at the same path,
    and compares with it; one that somebody changed moves to the folder earlier.

    Prints the path of the file.
    """
    if since and since > today():
        usage_error(f"--since {since} is in the future", "name today or a day before")
    journals, problems = journals_in([folder] if folder else ())
    folder, journal = next(iter(journals.items()))
    if len(journals) > 1:
        usage_error("several folders here have letters", f"name one, such as {folder}")
    path = output_path(output or str(folder / _PAGE), _PAGE, "web page", ".html", STDIN)
    before = None
    if output != STDIN and is_file(path):
        with write_errors(path):
            before = load_before(path)
    warnings = [as_text(str(problem).partition("\n")[0]) for problem in journal.problems]
    library = library_from((), folders)
    standings = standings_of(Register(journal.lines).letters.values(), library.programs.by_id)
    checks = _checks(standings, folder, library)
    review = Review(journal.lines, today(), before, since, warnings, checks)
    found = files_of(standings)
    drawn = progress(drawings_of(found, folder), "letters", len(found), quiet=quiet)
    page = page_of(standings, review, dict(drawn), library.templates)
    if output == STDIN:
        click.echo(page, nl=False)
    else:  # the last page is kept only if somebody changed it
        keeps = not before or not is_as_made(path)
        write_files({path: page}, force=force or bool(before), quiet=quiet, keeps=keeps)
        if not quiet:
            say("next: open it in a browser; it is for internal use, not for publication")
    if len(page) > MOST_BYTES and not quiet:
        say(f"note: {_TOO_LARGE.format(len(page) / 1_000_000)}")
    raise_any(problems)


def _checks(
    standings: Sequence[Standing], folder: Path, library: Library
) -> dict[Key, tuple[str, ...]]:
    """Return what each letter that has not gone out says otherwise than the registers."""
    states = [standing.state for standing in standings]
    checks = {}
    for standing in standings:
        state, program = standing.state, standing.program
        kind = program.letters.get(state.kind) if program else None
        if kind and standing.is_shown and standing.step in ("draft", "unsent"):
            claim = recorded_claim(state.written, state.letter.recipient, kind)
            notes = contradiction_notes([claim] if claim else [], states, folder, library)
            texts = tuple(note.removeprefix("note: ") for note in notes)
            checks[state.id, state.letter.recipient] = texts
    return checks
