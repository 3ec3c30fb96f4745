"""`optout sent`: record that letters went out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
from msgspec.structs import replace

from optout_cli.cli import record
from optout_cli.cli.console import count_of, report_problems, say, say_problems, usage_error
from optout_cli.cli.options import (
    files,
    json_option,
    library_from,
    quiet_option,
    require_seen,
    templates_option,
)
from optout_cli.cli.sent_rows import (
    Claim,
    Entry,
    SendingTable,
    claim_of,
    locate_problems,
    sending_tables,
)
from optout_cli.errors import ExitCode, Location, OptoutError, Problem
from optout_cli.model.program import Program
from optout_cli.model.request import Party, Way
from optout_cli.output import is_folder
from optout_cli.readers.postal import tidy_number
from optout_cli.register.recorder import Found, Recorded, Recorder, sent_letters
from optout_cli.register.sendings import sent_from
from optout_cli.register.standing import Step, standings_of
from optout_cli.register.statements import (
    Moment,
    Result,
    Sending,
    delivered_from,
    taken_back_from,
    withdrawn_from,
)

_MOST_TOLD = 20  # letters of which each has its line on the screen
_LEFT_OUT: dict[Step, tuple[str, str]] = {  # of a folder: one such letter, and several
    "draft": ("1 draft{}", "drafts{}"),
    "unneeded": ("1 request{} for an answer that came", "requests{} for answers that came"),
    "withdrawn": ("1 letter{} that will not go out", "letters{} that will not go out"),
}


@click.command(
    "sent",
    short_help="Record that letters went out.",
    epilog="optout sent letters/ --by certified-mail\n"
    "optout sent letters/2026-11-20-opt-out-ice.txt --correct --on 2026-11-23\n"
    'optout sent letters/2026-11-20-opt-out-ice.txt --undo "never mailed"',
)
@click.argument("letters", nargs=-1, metavar="LETTER...", shell_complete=files)
@record.on_option("When it went out, YYYY-MM-DD.  [default: today]")
@record.by_option
@click.option(
    "--number", metavar="NUMBER", callback=require_seen, help="The tracking number on the receipt."
)
@record.file_option(
    "--receipt", text="A scan of the receipt, or the report of the fax. optout keeps a copy."
)
@record.file_option("--signed", text="A scan of the letter as it was signed. optout keeps a copy.")
@click.option("--again", is_flag=True, help="It went out once more in the same way.")
@record.correct_option
@record.reason_option("--undo", "It did not go out after all; say why. The register keeps both.")
@record.reason_option("--never", "It will not go out; say why. Then nobody is told to send it.")
@record.reason_option(
    "--withdrawn",
    "It went out, and you withdrew it on the day of --on; say why. Then nothing is due.",
)
@record.file_option(
    "--from",
    "tables",
    multiple=True,
    text="Read many letters from a table (CSV or NDJSON) with the columns letter, recipient, on,"
    " by, number, receipt, signed, delivered, change; or from register.csv, in which you filled in"
    " sent, route, tracking number and delivered (repeatable).",
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
    by: Way | None,
    number: str | None,
    receipt: str | None,
    signed: str | None,
    again: bool,
    correct: bool,
    undo: str | None,
    never: str | None,
    withdrawn: str | None,
    tables: Sequence[str],
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Record that letters went out: when, how, and with which tracking number.

    LETTER is a file of the letter in any format, its reference (SC-06041-20261120-ABCD), or a
    folder, which stands for all its letters that are not recorded as sent, or with --correct or
    --withdrawn for those that are. optout sends nothing itself.

    The register of the folder keeps what you say. A scan that you give is copied to evidence/
    there. What a row of a table says takes the place of the options. If a row has a problem, the
    other rows are recorded; without --from, or from register.csv, all is recorded or nothing. If
    another command is using the folder, waits 5 seconds on a terminal, 10 minutes in a script.
    Prints the path of each letter.
    """
    said = Sending(day, by, number, None, None, again, correct, undo, never, withdrawn)
    record.check_quotes(letters, number or undo or never or withdrawn)
    _check_usage(letters, tables, said, (number, receipt, signed, again, correct, tables))
    moment, problems = record.now(), list[Problem]()
    with record.recorder_of(library_from((), folders)) as recorder:
        if tables:
            done, problems = _prepare_rows(recorder, tables, said, parties, within, moment)
        else:
            scans = Entry(receipt=receipt, signed=signed)
            claim = partial(Claim, said=said, parties=parties, row=scans)
            corrections = _corrections(recorder, map(claim, letters), within)
            results = partial(_results, recorder, within, moment, corrections)
            done = record.prepare_each(recorder, letters, lambda text: results(claim(text)))
        if done or not problems:
            record.commit(recorder, done, as_json=as_json, quiet=quiet, most=_MOST_TOLD)
    if problems:
        _stop(problems, is_partly=bool(done), quiet=quiet)
    if not quiet:
        _say_next(done, said, has_table=bool(tables))


def _stop(problems: Iterable[Problem], *, is_partly: bool, quiet: bool) -> NoReturn:
    """Say what is wrong with the rows that were not recorded, and exit."""
    say_problems(problems)
    if not (is_partly or quiet):
        say("nothing was recorded: correct these rows, and run the command again")
    raise SystemExit(ExitCode.PARTLY if is_partly else ExitCode.CONTENT)


def _check_usage(
    letters: Sequence[str],
    tables: Sequence[str],
    said: Sending,
    others: Sequence[object],
) -> None:
    """Raise click.UsageError if the options do not go together."""
    if bool(letters) == bool(tables):
        usage_error("name letters, or a table with --from", "such as optout sent letters/")
    record.check_undo(said.undo, said.never, said.withdrawn, said.on, *others)
    if said.never and (said.by or said.on or said.withdrawn or any(others)):
        message = "--never says that a letter will not go out, and records nothing else"
        usage_error(message, "leave the other options out")
    if said.withdrawn and (said.by or any(others)):
        message = "--withdrawn says that you withdrew a letter, and records nothing else"
        usage_error(message, "leave the other options out, but --on, which says the day")


def _say_next(done: Sequence[Recorded], said: Sending, *, has_table: bool) -> None:
    verb = "withdrawn" if said.withdrawn else "sent"
    if not done and has_table:
        say("nothing to record: no row has a new day of sending")
    elif not done:
        say(f"nothing to record: no signed letter is left to be {verb}")
    elif said.undo and not all(found.state.sent for found, _ in done):
        say("next: when it goes out, run optout sent; if it never will, add --never REASON")
    elif any(
        state.sent and not (state.delivered or state.answers or state.is_withdrawn)
        for state in (found.state for found, _ in done)
    ):
        say("next: when it arrives, run optout delivered; when an answer comes, optout answer")


def _prepare_rows(
    recorder: Recorder,
    tables: Sequence[str],
    said: Sending,
    parties: tuple[Party, ...],
    within: Path | None,
    moment: Moment,
) -> tuple[list[Recorded], list[Problem]]:
    """Prepare the events of each row; return them, and the problems of the other rows."""
    done: list[Recorded] = []
    problems: list[Problem] = []
    for table in sending_tables(tables, within):
        # In register.csv, only a row's own day says that its letter went out.
        common = said._replace(on=None) if table.is_register else said
        corrections: dict[int, Sending] = {}
        for row in table.rows:
            with suppress(OptoutError):  # which is reported below
                claim = claim_of(row, common, parties)
                corrections |= _corrections(recorder, [claim], table.at)
        unrecorded: list[Location] = []  # of rows with an answer
        for row in table.rows:
            try:
                claim = claim_of(row, common, parties)
                found = recorder.find(claim.letter, table.at, claim.parties, claim.digests)
                # A number that the letter itself names for another way stood in the row of
                # register.csv already, so nobody says that it is that of this sending.
                services = (it for named in found for it in named.state.letter.service)
                by, number = claim.said.by, tidy_number(claim.said.number or "")
                ways = {it.by for it in services if it.number and tidy_number(it.number) == number}
                if table.is_register and by and ways and by not in ways:
                    claim = claim._replace(said=claim.said._replace(number=None))
                results = _results(recorder, table.at, moment, corrections, claim)
                done += recorder.add(*_in_order(claim, found, results, moment, table))
                days = {answer.on for named in found for answer in named.state.answers}
                unrecorded += [] if days.issuperset(claim.row.answered) else [row.location]
            except OptoutError as error:
                problems += locate_problems(error, row, is_register=table.is_register)
        if unrecorded:
            rows = count_of(len(unrecorded), "row")
            text = f"{unrecorded[0]}: {rows} with a day under answered that is not recorded"
            recorder.notes.append(f"{text}: say what came back with optout answer LETTER")
        if table.is_register and problems:  # it would be written anew, without the wrong rows
            return [], problems
    return done, problems


def _in_order(
    claim: Claim,
    found: Sequence[Found],
    results: Iterable[Recorded],
    moment: Moment,
    table: SendingTable,
) -> list[Iterable[Recorded]]:
    """Return what a row says: the `results` of its sending, and that the letter arrived.

    A day of delivery or of an answer alone is of a letter that is recorded as sent. If both days
    are corrected to later ones, the arrival comes first: no letter goes out after it arrived.
    """
    on, day = claim.said.on, claim.row.delivered
    parts = [results] if on or not (table.is_register or day or claim.row.answered) else []
    parts += [_delivery_events(claim, found, day, moment)] if day else []
    is_later = on and any(arrival.on < on for named in found for arrival in named.state.delivered)
    return parts[::-1] if is_later else parts


def _delivery_events(
    claim: Claim, named: Sequence[Found], day: date, moment: Moment
) -> Iterator[Recorded]:
    """Yield the event that a letter arrived, if it is new. Raises OptoutError."""
    found, is_change = record.one_letter(claim.letter, named), claim.said.correct
    try:
        result = delivered_from(found.state, day, None, moment, correct=is_change)
    except OptoutError as error:
        paths = {"on": "delivered"}
        problems = (replace(it, path=paths.get(it.path, it.path)) for it in error.problems)
        raise OptoutError(*problems) from None
    if not result.is_known:
        yield found, result


def _corrections(
    recorder: Recorder, claims: Iterable[Claim], within: Path | None
) -> dict[int, Sending]:
    """Return what is corrected of each letter, by the `id` of its state."""
    found: dict[int, Sending] = {}
    for claim in claims:
        with suppress(OptoutError):  # which is reported with the claim
            letters = _find_named(recorder, claim, within) if claim.said.correct else ()
            for letter in letters:
                found[id(letter.state)] = claim.said
                recorder.expect_number(claim.said.number, letter)
    return found


def _find_named(recorder: Recorder, claim: Claim, within: Path | None) -> list[Found]:
    """Return the letters that a claim is about. Raises OptoutError."""
    found = recorder.find(claim.letter, within, claim.parties, claim.digests)
    if claim.said.withdrawn or claim.said.undo:  # a corrected letter may be in its place
        pairs = zip(found, sent_letters(found), strict=True)
        found = [named if named.state.withdrawal else sent for named, sent in pairs]
    if is_folder(Path(claim.letter)) and not claim.said.undo:
        return _in_folder(claim, found, recorder.programs)
    if len(claim.parties) < len(found):
        record.one_letter(claim.letter, found)
    return found


def _results(
    recorder: Recorder,
    within: Path | None,
    moment: Moment,
    corrections: Mapping[int, Sending],
    claim: Claim,
) -> Iterator[Recorded]:
    """Yield the event of each letter that a claim names. Raises OptoutError."""
    found = _find_named(recorder, claim, within)
    offices = {named.state.destination for named in found}
    if claim.said.number and len(offices) > 1:
        message = f"a number is for one piece of mail, not for {len(found):,} letters"
        hint = "name one letter, or give each its number in a table with --from"
        raise OptoutError(Problem("equal-numbers", message, hint=hint, path="number"))
    own = {id(named.state) for named in found}

    def result_of(named: Found) -> Result:
        said = claim.said._replace(
            receipt=named.take(claim.row.receipt, "receipt"),
            signed=named.take(claim.row.signed, "signed"),
        )
        if said.never or said.withdrawn:
            both = named.folder.register.of(named.state.written.reference)
            others = [state for state in both if id(state) not in own]
            return withdrawn_from(named.state, said, moment, others)
        if said.undo:
            return taken_back_from(named.state, "sent", said.undo, moment, said.by)
        numbered = recorder.numbered(named.folder)
        return sent_from(named.letter, said, numbered, moment, corrections)

    yield from record.results_of_each(claim.letter, found, result_of)


def _in_folder(
    claim: Claim, found: Sequence[Found], programs: Mapping[str, Program]
) -> list[Found]:
    """Return the letters that a folder stands for: those that did not go out, and are to.

    If withdrawn, they are those that went out; to correct, too, and all of them on one day. Raises
    OptoutError.
    """
    if claim.said.correct:
        sent = [named for named in found if named.state.sent]
        sendings = [sending for named in sent for sending in named.state.sent]
        own = [sending for sending in sendings if sending.by == claim.said.by]
        days = sorted({str(sending.on) for sending in own or sendings})
        if len(days) != 1:
            message = f"has letters sent on {', '.join(days)}" if days else "has no sent letter"
            hint = "name the letters to correct"
            raise OptoutError(Problem("several-letters", message, hint=hint, path="letter"))
        return sent
    if claim.said.withdrawn:
        return [it for it in found if it.state.sent and not it.state.is_withdrawn]
    unsent = [named for named in found if not named.state.sent or claim.said.again]
    if claim.said.never or not unsent:
        return unsent
    standings = standings_of(unsent[0].folder.register.letters.values(), programs)
    steps = {id(standing.state): standing.step for standing in standings}
    left_out = Counter(step for named in unsent if (step := steps[id(named.state)]) in _LEFT_OUT)
    for step, count in left_out.items():
        one, several = (noun.format(f" in {claim.letter}") for noun in _LEFT_OUT[step])
        told = f"{one} is" if count == 1 else f"{count:,} {several} are"
        say(f"note: {told} not recorded as sent")
    return [named for named in unsent if steps[id(named.state)] not in _LEFT_OUT]
