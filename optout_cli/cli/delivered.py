"""`optout delivered`: record that letters arrived, or that one came back."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
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
from optout_cli.errors import OptoutError, Problem
from optout_cli.model.request import Party, Way
from optout_cli.output import is_folder
from optout_cli.register.events import WAYS, Delivered, Returned
from optout_cli.register.recorder import Found, Recorded, sent_letters
from optout_cli.register.returns import MEND, came_back, on_its_way
from optout_cli.register.statements import (
    Moment,
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
    help="What came back, if it went out several ways: with --returned, or with --undo.",
)
@record.correct_option
@record.reason_option(
    "--undo",
    "Take back that it arrived or came back; say why. The register keeps both. If both are"
    " recorded, name one with --on or --by.",
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

    A scan is copied to evidence/ in the folder of the letter. Either all is recorded or nothing.
    Prints the path of each letter.
    """
    record.check_quotes(letters, undo or returned)
    record.check_undo(undo, receipt, returned, correct)
    if by and not (returned or undo):
        usage_error("--by says what came back", "add --returned REASON, or leave --by out")
    if not (day or undo):
        what = "return" if returned else "arrival"
        usage_error(f"no day of {what} is given", "add --on DATE, as on the receipt")
    moment = record.now()
    is_one = bool(receipt or returned or undo or correct)
    said = Sending(on=day, by=by, correct=correct, undo=undo)

    def results_of(text: str) -> Iterator[Recorded]:
        found = _letters_named(text, recorder.find(text, within, parties), is_one=is_one)
        result_of = partial(_result_of, said=said, returned=returned, receipt=receipt, now=moment)
        return record.results_of_each(text, found, result_of)

    with record.recorder_of(library_from((), folders)) as recorder:
        done = record.prepare_each(recorder, letters, results_of)
        record.commit(recorder, done, as_json=as_json, quiet=quiet)
    if quiet:
        return
    if undo:
        say("next: when it arrives, run optout delivered")
    elif any(came_back(found.state) for found, _ in done):
        say(f"next: {MEND}")
    elif any(found.state.delivered and not found.state.answers for found, _ in done):
        say("next: when an answer comes, run optout answer")


def _result_of(
    found: Found, said: Sending, returned: str | None, receipt: str | None, now: Moment
) -> Result:
    """Return the event of one letter. Raises OptoutError."""
    if said.undo:
        what = _named_event(found, said.by, said.on)
        return taken_back_from(found.state, what, said.undo, now, said.by, said.on)
    proof = found.take(receipt, "receipt")
    if returned:
        return returned_from(found.state, said._replace(receipt=proof), returned, now)
    return delivered_from(found.state, said.on or now.today, proof, now, correct=said.correct)


def _letters_named(text: str, named: Sequence[Found], *, is_one: bool) -> list[Found]:
    """Return the one letter, or all of a folder that are on their way, or else that arrived.

    Raises OptoutError.
    """
    sent = [found for found in named if found.state.sent]
    if sent and is_folder(Path(text)) and not is_one:
        out = [found for found in sent if on_its_way(found.state)] or sent
        return [found for found in out if not found.state.delivered] or out
    return sent_letters([record.one_letter(text, named)])


def _named_event(
    found: Found, by: Way | None, day: date | None
) -> Literal["returned", "delivered"]:
    """Return what is taken back: an arrival, or a return. Raises OptoutError if it may be both."""
    happened: list[Delivered | Returned] = [*found.state.delivered, *found.state.returned]
    on_day = {event.tag for event in happened if event.on == day}
    tags = on_day or {event.tag for event in happened}
    if by or tags == {"returned"}:
        return "returned"
    if len(tags) > 1 and not on_day:
        told = ", and as ".join(f"{event.tag} on {event.on}" for event in happened)
        hint = "say the day of what you take back with --on, or the way of what came back with --by"
        message = f"the letter is recorded as {told}"
        raise OptoutError(Problem("which-way", message, hint=hint, path="by"))
    return "delivered"
