"""`optout delivered`: record that letters arrived."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli import record
from optout_cli.cli.console import report_problems, say, usage_error
from optout_cli.cli.options import files, json_option, library_from, quiet_option, templates_option
from optout_cli.model.request import Party
from optout_cli.output import is_folder
from optout_cli.register.recorder import Found, Recorded, sent_letters
from optout_cli.register.statements import delivered_from, taken_back_from


@click.command(
    "delivered",
    short_help="Record that letters arrived.",
    epilog="optout delivered letters/2026-11-20-opt-out-ice.txt --on 2026-11-24\n"
    "optout delivered letters/ --to bureau --on 2026-11-24",
)
@click.argument("letters", nargs=-1, required=True, metavar="LETTER...", shell_complete=files)
@record.on_option("When it arrived, YYYY-MM-DD, as the receipt says.  [required]")
@record.file_option("--receipt", text="A scan of the return receipt. optout keeps a copy.")
@record.correct_option
@record.undo_option("Take back that it arrived, and say why; the register keeps both.")
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
    correct: bool,
    undo: str | None,
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Record on which day letters arrived, as the return receipt says.

    LETTER is a file of the letter in any format, its reference, or a folder, which stands for all
    its letters that are recorded as sent and not as delivered. Deadlines count from the day of
    delivery.

    A scan of the receipt is copied to evidence/ in the folder of the letter. Either all is recorded
    or nothing. Prints the path of each letter.
    """
    record.check_quotes(letters, undo)
    record.check_undo(undo, day, receipt, correct)
    if not (day or undo):
        usage_error("no day of arrival is given", "add --on DATE, as on the receipt")
    moment = record.now()

    def results_of(text: str) -> Iterator[Recorded]:
        named = recorder.find(text, within, parties)
        for found in _letters_named(text, named, is_one=bool(receipt or undo or correct)):
            if day is None:
                yield found, taken_back_from(found.state, "delivered", undo or "", moment)
            else:
                proof = found.take(receipt, "receipt")
                yield found, delivered_from(found.state, day, proof, moment, correct=correct)

    with record.recorder_of(library_from((), folders)) as recorder:
        done = record.prepare_each(recorder, letters, results_of)
        record.commit(recorder, done, as_json=as_json, quiet=quiet)
    if undo and not quiet:
        say("next: when it arrives, run optout delivered")
    elif not quiet and any(it.state.delivered and not it.state.answers for it, _ in done):
        say("next: when an answer comes, run optout answer")


def _letters_named(text: str, named: Sequence[Found], *, is_one: bool) -> list[Found]:
    """Return the one letter, or all of a folder that are on their way, or else that arrived.

    Raises OptoutError.
    """
    sent = [found for found in named if found.state.sent]
    if sent and is_folder(Path(text)) and not is_one:
        return [found for found in sent if not found.state.delivered] or sent
    return sent_letters([record.one_letter(text, named)])
