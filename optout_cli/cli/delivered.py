"""`optout delivered`: record that letters arrived, or that one came back."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import click

from optout_cli.cli import record
from optout_cli.cli.console import report_problems, say, usage_error
from optout_cli.cli.options import (
    files,
    json_option,
    library_from,
    quiet_option,
    templates_option,
)
from optout_cli.cli.value_types import Choice
from optout_cli.model.request import Party, Way
from optout_cli.output import is_folder
from optout_cli.register.events import WAYS, Delivered, Returned
from optout_cli.register.recorder import Found, Recorded, sent_letters
from optout_cli.register.returns import MEND, came_back, on_its_way
from optout_cli.register.statements import (
    Result,
    Sending,
    delivered_from,
    returned_from,
    taken_back_from,
)


@click.command(
    "delivered",
    short_help="Record that letters arrived, or came back.",
    epilog="optout delivered letters/2026-11-20-opt-out-ice.txt --on 2026-11-24\n"
    "optout delivered letters/ --to bureau --on 2026-11-24",
)
@click.argument("letters", nargs=-1, required=True, metavar="LETTER...", shell_complete=files)
@record.on_option("When it arrived, YYYY-MM-DD, as the receipt says, or came back.  [required]")
@record.file_option(
    "--receipt", text="A scan of the return receipt, or of what came back. optout keeps a copy."
)
@record.reason_option(
    "--returned",
    "It came back on the day of --on; say why, as the mail does. Then no answer is due.",
)
@click.option(
    "--by",
    type=Choice(WAYS),
    help="With --returned, or to --undo that: what came back, if it went out several ways.",
)
@record.correct_option
@record.reason_option(
    "--undo", "Take back that it arrived or came back; say why. The register keeps both."
)
@record.to_option
@record.in_option
@json_option
@quiet_option
@templates_option
@report_problems
def command(
    letters: Sequence[str],
    day: date | None,
    receipt: str | None,
    returned: str | None,
    by: Way | None,
    correct: bool,
    undo: str | None,
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Record on which day letters arrived, as the return receipt says, or that one came back.

    LETTER is a file of the letter in any format, its reference, or a folder, which stands for all
    its letters that are recorded as sent and not as delivered. Deadlines count from the day of
    delivery. A letter that came back is not answered: correct its address, and write it again.

    A scan is copied to the folder evidence/. Either all is recorded or nothing. Prints the paths.
    """
    record.check_quotes(letters, undo or returned)
    record.check_undo(undo, day, receipt, returned, correct)
    if by and not (returned or undo):
        usage_error("--by says what came back", "add --returned REASON, or leave --by out")
    if not (day or undo):
        what = "return" if returned else "arrival"
        usage_error(f"no day of {what} is given", "add --on DATE, as on the receipt")
    moment = record.now()
    is_one = bool(receipt or returned or undo or correct)

    def result_of(found: Found) -> Result:
        if day is None:
            return taken_back_from(found.state, _last_of(found, by), undo or "", moment, by)
        proof = found.take(receipt, "receipt")
        if returned:
            said = Sending(on=day, by=by, receipt=proof, correct=correct)
            return returned_from(found.state, said, returned, moment)
        return delivered_from(found.state, day, proof, moment, correct=correct)

    def results_of(text: str) -> Iterator[Recorded]:
        found = _letters_named(text, recorder.find(text, within, parties), is_one=is_one)
        return record.results_of_each(text, found, result_of)

    with record.recorder_of(library_from((), folders)) as recorder:
        done = record.prepare_each(recorder, letters, results_of)
        record.commit(recorder, done, as_json=as_json, quiet=quiet)
    if not quiet:
        _say_next(done, is_undone=undo is not None)


def _letters_named(text: str, named: Sequence[Found], *, is_one: bool) -> list[Found]:
    """Return the one letter, or all of a folder that are on their way, or else that arrived.

    Raises OptoutError.
    """
    sent = [found for found in named if found.state.sent]
    if sent and is_folder(Path(text)) and not is_one:
        out = [found for found in sent if on_its_way(found.state)] or sent
        return [found for found in out if not found.state.delivered] or out
    return sent_letters([record.one_letter(text, named)])


def _last_of(found: Found, by: Way | None) -> Literal["returned", "delivered"]:
    """Return what is taken back: a return by a way that is named, or what was recorded last."""
    happened: list[Returned | Delivered] = [*found.state.returned, *found.state.delivered]
    last = max(happened, key=lambda event: event.at, default=None)
    return "returned" if by or isinstance(last, Returned) else "delivered"


def _say_next(done: Sequence[Recorded], *, is_undone: bool) -> None:
    if is_undone:
        say("next: when it arrives, run optout delivered")
    elif any(came_back(found.state) for found, _ in done):
        say(f"next: {MEND}")
    elif any(found.state.delivered and not found.state.answers for found, _ in done):
        say("next: when an answer comes, run optout answer")
