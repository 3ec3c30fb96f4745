"""`optout new` on a terminal: everything is asked, the first letter shown, the request drafted."""

from pathlib import Path
from shlex import quote

import click

from optout_cli.cli._ask import ask_yes, say_wrapped, show
from optout_cli.cli._interview import ask_all, ask_letter, ask_place
from optout_cli.cli._last import keep_signatory, place
from optout_cli.cli._newfile import REQUEST, asked_free, path_for, request_name
from optout_cli.cli._shared import say, tell, today
from optout_cli.cli._sheet import Sheet
from optout_cli.errors import OptoutError, Spot
from optout_cli.form import Answers
from optout_cli.pipeline.drafting import drafted, previewed
from optout_cli.pipeline.library import Library

_WELCOME = (
    "This writes a request: a small text file with what you decide, from which the letters are"
    " made. Nothing is sent. Answer each question and press Enter. Enter alone takes what stands in"
    " brackets, or leaves the line out; a single - leaves it out as well. Ctrl-C stops, and nothing"
    " is written. All of it can be changed in the file afterwards."
)
_FOLLOWING = (
    "Who signed the earlier letter, who received it, and how it was sent are taken from it. What"
    " this letter needs besides is asked now."
)


def asked(
    query: str | None,
    known: Answers,
    output: str | None,
    library: Library,
    options: str,
    *,
    files_from: tuple[Path, ...],
) -> tuple[Path | None, str]:
    """Ask everything on the terminal; return where to write the request, and its text.

    `known` is what an earlier letter, or the command line, has answered already. The files that it
    names may lie in `files_from` besides.
    """
    say_wrapped(_WELCOME)
    say("")
    if "jurisdiction" in known:
        locality = library.directory.find(known["jurisdiction"], Spot("--follow"))
        say_wrapped(f"For {locality.jurisdiction.name}, {locality.state_name} ({locality.id}).")
        say_wrapped(_FOLLOWING)
    else:
        locality = ask_place(query, library)
    answers = {"jurisdiction": locality.slug, **known}
    name = request_name(answers)
    path = asked_free(path_for(output, name, REQUEST))
    if "letter" not in answers:
        answers["letter"] = ask_letter(library)
    folder = path.parent if path else Path()
    sheet = Sheet(answers, locality, library, today(), folder, files_from)
    ask_all(sheet)
    name = str(path or name)
    text = drafted(sheet.answers, library, sheet.date, f"{quote(name)}{options}")
    say("")
    _preview(text, name, sheet)
    if not ask_yes(f"Write {name}?", offered=True):
        raise click.Abort
    _keep(sheet)
    return path, text


def _preview(text: str, name: str, sheet: Sheet) -> None:
    """Show the letter to the bureau, or say what keeps it from being written."""
    try:
        letters = previewed(text, name, sheet.library, sheet.today, sheet.folder, sheet.files_from)
    except OptoutError as error:
        say_wrapped("The letters cannot be written yet. You can mend these lines in the file:")
        tell(error.problems)
        return
    if ask_yes("Read the first letter now?", offered=True):
        say("")
        show(letters[0])


def _keep(sheet: Sheet) -> None:
    """Keep the signatory for the next request, and say so."""
    if (signatory := sheet.answers.get("signatory")) and keep_signatory(signatory):
        say_wrapped(f"Who signs is kept in {place()}, to be offered again. You may delete it.")
