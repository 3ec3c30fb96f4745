"""`optout labels`: print labels or envelopes for the copies of letters."""

from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.cli.console import count_of, put_file, report_problems, say
from optout_cli.cli.options import (
    engine_option,
    files,
    force_option,
    library_from,
    pdf_output_option,
    pdf_path,
    quiet_option,
    templates_option,
    with_engine,
)
from optout_cli.cli.record import in_option, to_option
from optout_cli.engines.measure import fit_mailings
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters import Options
from optout_cli.model.letter import EngineName, MailingForm
from optout_cli.model.request import PARTIES, Party
from optout_cli.output import is_folder
from optout_cli.register.recorder import look_up
from optout_cli.register.state import LetterState
from optout_cli.register.status import what_is
from optout_cli.reports.packet import Mailings, mailings_of


@click.command(
    "labels",
    short_help="Print labels or envelopes for the copies of letters.",
    epilog="optout labels letters/ --recipients\noptout labels letters/ --recipients --envelopes",
)
@click.argument("letter", metavar="LETTER", shell_complete=files)
@pdf_output_option
@click.option(
    "--envelopes", "are_envelopes", is_flag=True, help="#10 envelopes, not sheets of labels."
)
@click.option(
    "--recipients",
    "with_recipients",
    is_flag=True,
    help="Also the recipients of the letters, whose address a window envelope shows.",
)
@click.option(
    "--sent",
    "with_sent",
    is_flag=True,
    help="With a folder: also for letters that are recorded as sent.",
)
@to_option
@in_option
@force_option
@engine_option
@quiet_option
@templates_option
@report_problems
def command(
    letter: str,
    output: str,
    are_envelopes: bool,
    with_recipients: bool,
    with_sent: bool,
    parties: tuple[Party, ...],
    within: Path | None,
    force: bool,
    engine: EngineName | None,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Print labels or envelopes for the offices that get a copy of a letter.

    A letter's own address shows in the window of its envelope; a copy goes out in an envelope
    without one. Labels are for sheets of 30 (Avery 5160: 2 5/8 by 1 inch). Under the address, in
    small type, each has the jurisdiction and the reference of the letter, if there is room. Print
    at 100 %, not scaled to fit.

    LETTER is a file of the letter, its reference, or a folder, which stands for all its letters
    that are still to be sent. A recipient whose letter goes only by e-mail or fax needs none.

    Prints the path of the file.
    """
    found = look_up(letter, within, parties or PARTIES)
    form: MailingForm = "envelopes" if are_envelopes else "labels"
    # Letters that were put into a PDF to print, in its order: they lie so beside the labels.
    states = sorted((letter.state for letter in found.letters), key=lambda state: state.print_place)
    mailings, left = _addresses_to_print(
        letter, states, form, with_recipients=with_recipients, with_sent=with_sent
    )
    printed = fit_mailings(mailings.mailings, form)
    path = pdf_path(output, f"{form}.pdf", f"file of {form}")
    look = with_engine(Options(engine=engine), ["pdf"], quiet=quiet)
    printer = library_from((), folders, look).context.engine
    is_older = path is not None and what_is(path) == form  # such labels as were there before
    content = printer.print_mailings(printed, form)
    put_file(path, content, force=force or is_older, quiet=quiet)
    if not quiet:
        if left:
            number = count_of(left, "letter")
            say(f"left out: {number} recorded as sent; to print for them too, add --sent")
        for name in mailings.without:
            say(f"note: {name} gets a copy too, but the letter has no address for that")
        say(f"next: print {path or 'it'} at 100 %, not scaled to fit")


def _addresses_to_print(
    named: str,
    states: Sequence[LetterState],
    form: MailingForm,
    *,
    with_recipients: bool,
    with_sent: bool,
) -> tuple[Mailings, int]:
    """Return the addresses to print, and how many letters are left out since they were sent.

    A folder stands for the letters in it that are still to be mailed. Raises OptoutError for none.
    """
    in_folder = is_folder(Path(named))
    if in_folder:
        states = [state for state in states if not state.is_withdrawn]
    own = [state for state in states if with_sent or not (in_folder and state.sent)]
    found = mailings_of(own, form, with_recipients=with_recipients, with_messages=not in_folder)
    left = len(states) - len(own)
    if not found.mailings:
        message, hint = "no office gets a copy of it", "add --recipients for the recipients' own"
        if left and not own:
            message, hint = "all its letters are recorded as sent", "add --sent to print for them"
        elif with_recipients:
            message, hint = "none of its letters is still to be mailed", "name one of its files"
        raise OptoutError(Problem("no-copies", message, Location(named), hint))
    return found, left
