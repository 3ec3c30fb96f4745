"""`optout delivered`: record that letters arrived."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli.console import report_problems, say, usage_error
from optout_cli.cli.options import files, json_option, library_from, quiet_option, templates_option
from optout_cli.cli.record import (
    correct_option,
    in_option,
    now,
    on_option,
    one_letter,
    placed,
    report,
    say_journal,
    to_option,
)
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.request import Party
from optout_cli.register.recorder import Found, Recorder, sent_letter
from optout_cli.register.statements import Result, delivered_from


@click.command(
    "delivered",
    short_help="Record that letters arrived.",
    epilog="Example:  optout delivered letters/2026-11-20-opt-out-ice.txt --on 2026-11-24",
)
@click.argument("letters", nargs=-1, required=True, metavar="LETTER...", shell_complete=files)
@on_option("When it arrived, YYYY-MM-DD, as the receipt says.  [required]")
@click.option(
    "--receipt",
    metavar="FILE",
    type=click.Path(),
    shell_complete=files,
    help="A scan of the return receipt. optout keeps a copy.",
)
@correct_option
@to_option
@in_option
@json_option
@quiet_option
@templates_option
@report_problems
def command(
    letters: Sequence[str],
    day: date | None,
    receipt: str | None,
    correct: bool,
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Record on which day letters arrived, as the return receipt says.

    LETTER is a file of the letter in any format, or its reference. It must be recorded as sent.
    Deadlines count from the day of delivery.

    A scan of the receipt is copied to evidence/ in the folder of the letter. Either all is recorded
    or nothing. Prints the path of each letter.
    """
    if day is None:
        usage_error("when it arrived is not said", "add --on DATE, as on the receipt")
    moment = now()
    problems: list[Problem] = []
    done: list[tuple[Found, Result]] = []
    with Recorder(library_from((), folders).programs.by_id) as recorder:
        for text in letters:
            try:
                found = sent_letter(one_letter(text, recorder.find(text, within, parties)))
                scan = found.take(receipt)
                result = delivered_from(found.state, day, scan, moment, correct=correct)
            except OptoutError as error:
                problems += [placed(problem, text) for problem in error.problems]
            else:
                recorder.add(found, result)
                done.append((found, result))
        raise_any(problems)
        recorder.commit()
        if not quiet:
            say_journal(recorder)
    for found, result in done:
        report(found, result, as_json=as_json, quiet=quiet)
    if not quiet:
        say("next: when an answer comes, run optout answer")
