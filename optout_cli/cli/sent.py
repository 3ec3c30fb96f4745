"""`optout sent`: record that letters went out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
from msgspec.structs import replace

from optout_cli.batch.input import InputFile, load_inputs
from optout_cli.cli.console import report_problems, say, say_problems, usage_error
from optout_cli.cli.options import (
    files,
    json_option,
    library_from,
    quiet_option,
    require_reason,
    require_seen,
    templates_option,
)
from optout_cli.cli.record import (
    Recorded,
    by_option,
    check_undo,
    commit,
    correct_option,
    in_option,
    letter_name,
    now,
    on_option,
    one_letter,
    prepare,
    prepare_each,
    recorder_of,
    to_option,
    undo_option,
)
from optout_cli.errors import ExitCode, OptoutError, Problem, raise_any
from optout_cli.model.fields import Line, Noun, Text
from optout_cli.model.program import Program
from optout_cli.model.request import Party, Way
from optout_cli.output import is_folder
from optout_cli.readers.document import Row, locate
from optout_cli.readers.files import is_file
from optout_cli.readers.validate import convert
from optout_cli.register.events import Evidence
from optout_cli.register.journal import NAME
from optout_cli.register.recorder import Found, Recorder
from optout_cli.register.standing import Step, standings_of
from optout_cli.register.statements import (
    Moment,
    Sending,
    dropped_from,
    sent_from,
    withdrawn_from,
)
from optout_cli.register.table import as_sendings

_LETTER_COLUMNS = ("letter", "path", "reference")
# Options concern all rows, so a row says for itself what is different.
_ROW_HINTS = {
    "already-sent": "if it went out once more, write again in a column change of this row; to"
    " correct what is recorded, write correct; if it also went out another way, name that way"
    " under by (route in register.csv)",
    "which-way": "fill in the column by, such as certified-mail, or give --by for all rows",
}
_MOST_TOLD = 20  # letters of which each has its line on the screen
_LEFT_OUT: dict[Step, tuple[str, str]] = {  # of a folder: one such letter, and several
    "draft": ("1 draft", "drafts"),
    "unneeded": ("1 request for an answer that came", "requests for answers that came"),
    "withdrawn": ("1 withdrawn letter", "withdrawn letters"),
}


class _Claim(NamedTuple):
    """A letter, and how it went out. `receipt` and `signed` are paths.

    With `digests`, the version that is meant has a file with one of these SHA-256.
    """

    letter: str
    said: Sending
    receipt: str | None = None
    signed: str | None = None
    parties: tuple[Party, ...] = ()
    digests: tuple[str, ...] = ()


@click.command(
    "sent",
    short_help="Record that letters went out.",
    epilog="optout sent letters/ --by certified-mail\n"
    "optout sent letters/2026-11-20-opt-out-ice.txt --correct --on 2026-11-23\n"
    'optout sent letters/2026-11-20-opt-out-ice.txt --undo "never mailed"',
)
@click.argument("letters", nargs=-1, metavar="LETTER...", shell_complete=files)
@on_option("When it went out, YYYY-MM-DD.  [default: today]")
@by_option
@click.option(
    "--number",
    metavar="NUMBER",
    callback=require_seen,
    help="The tracking number on the receipt.",
)
@click.option(
    "--receipt",
    metavar="FILE",
    type=click.Path(),
    shell_complete=files,
    help="A scan of the receipt, or the report of the fax. optout keeps a copy.",
)
@click.option(
    "--signed",
    metavar="FILE",
    type=click.Path(),
    shell_complete=files,
    help="A scan of the letter as it was signed. optout keeps a copy.",
)
@click.option("--again", is_flag=True, help="It went out once more in the same way.")
@correct_option
@undo_option("It did not go out after all; say why. The register keeps both.")
@click.option(
    "--never",
    metavar="REASON",
    callback=require_reason,
    help="It will not go out; say why. Then nobody is told to send it.",
)
@click.option(
    "--from",
    "tables",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    shell_complete=files,
    help="Read many letters from a table (CSV or NDJSON) with the columns letter, recipient, on,"
    " by, number, receipt, signed, change; or from register.csv, in which you filled in sent, route"
    " and tracking number (repeatable).",
)
@to_option
@in_option
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
    tables: Sequence[str],
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    folders: Sequence[Path],
) -> None:
    """Record that letters went out: when, how, and with which tracking number.

    LETTER is a file of the letter in any format, its reference (SC-06041-20261120-ABCD), or a
    folder, which stands for all its letters that are not recorded as sent. optout sends nothing
    itself.

    The register of the folder keeps what you say. A scan that you give is copied to evidence/
    there. A row of a table counts before the options. If a row has a problem, the other rows are
    recorded; without --from, or from register.csv, either all is recorded or nothing. If another
    command is using the folder, waits 5 seconds on a terminal, and 10 minutes elsewhere.

    Prints the path of each letter.
    """
    others = day, number, receipt, signed, again, correct, tables
    _check_usage(letters, tables, undo, never, by, others)
    said = Sending(day, by, number, again=again, correct=correct, undo=undo, never=never)
    moment, problems = now(), list[Problem]()
    with recorder_of(library_from((), folders)) as recorder:
        if tables:
            done, problems = _prepare_rows(recorder, tables, said, parties, within, moment)
        else:
            claim = partial(_Claim, said=said, receipt=receipt, signed=signed, parties=parties)
            done = prepare_each(
                recorder, letters, lambda text: _results(recorder, claim(text), within, moment)
            )
        commit(recorder, done, as_json=as_json, quiet=quiet, most=_MOST_TOLD)
    say_problems(problems)
    if problems:
        raise SystemExit(ExitCode.PARTLY if done else ExitCode.CONTENT)
    if not quiet:
        _say_next(done, has_table=bool(tables), is_undone=undo is not None)


def _check_usage(
    letters: Sequence[str],
    tables: Sequence[str],
    undo: str | None,
    never: str | None,
    by: Way | None,
    others: Sequence[object],
) -> None:
    """Raise click.UsageError if the options do not go together."""
    if bool(letters) == bool(tables):
        usage_error("name letters, or a table with --from", "such as optout sent letters/")
    check_undo(undo, never, *others)
    if never is not None and (by or any(others)):
        message = "--never says that a letter will not go out, and records nothing else"
        usage_error(message, "leave the other options out")


def _say_next(done: Sequence[Recorded], *, has_table: bool, is_undone: bool) -> None:
    if not done and has_table:
        say("nothing to record: no row has a new day of sending")
    elif not done:
        say("nothing to record: no signed letter is left to be sent")
    elif is_undone and not all(found.state.sent for found, _ in done):
        say("next: when it goes out, run optout sent; if it never will, add --never REASON")
    elif any(it.state.sent and not (it.state.delivered or it.state.answers) for it, _ in done):
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
    for table in load_inputs(tables, Entry.__struct_encode_fields__):
        rows, at, is_register = _rows_of(table, within)
        for row in rows:
            try:
                claim = _claim_of(row, said, parties)
                done += prepare(recorder, _results(recorder, claim, at, moment))
            except OptoutError as error:
                problems += _located(error, row)
        if is_register:  # it is about to be written anew, without the wrong rows
            raise_any(problems)
    return done, problems


def _results(
    recorder: Recorder, claim: _Claim, within: Path | None, moment: Moment
) -> Iterator[Recorded]:
    """Yield the event of each letter that a claim names. Raises OptoutError."""
    found = recorder.find(claim.letter, within, claim.parties, claim.digests)
    if is_folder(Path(claim.letter)) and not claim.said.undo:
        found = _in_folder(claim, found, recorder.programs)
    elif len(claim.parties) < len(found):
        one_letter(claim.letter, found)
    offices = {each.state.destination for each in found}
    if claim.said.number and len(offices) > 1:
        message = f"a number is for one piece of mail, not for {len(found)} letters"
        hint = "name one letter, or give each its number in a table with --from"
        raise OptoutError(Problem("equal-numbers", message, hint=hint, path="number"))
    problems: list[Problem] = []
    for each in found:
        try:
            said = claim.said._replace(
                receipt=_taken(each, claim.receipt, "receipt"),
                signed=_taken(each, claim.signed, "signed"),
            )
            if said.never:
                yield each, dropped_from(each.state, said.never, moment)
            elif said.undo:
                yield each, withdrawn_from(each.state, "sent", said.undo, moment, said.by)
            else:
                yield each, sent_from(each.letter, said, each.folder.states, moment)
        except OptoutError as error:
            name = f": {letter_name(each)}" if len(found) > 1 else ""
            problems += (
                it if it.location else replace(it, message=f"{it.message}{name}")
                for it in error.problems
            )
    raise_any(problems)


def _in_folder(
    claim: _Claim, found: Sequence[Found], programs: Mapping[str, Program]
) -> list[Found]:
    """Return the letters that a folder stands for: those that did not go out, and are to."""
    unsent = [each for each in found if not each.state.sent or claim.said.again]
    if claim.said.never or not unsent:
        return unsent
    standings = standings_of(unsent[0].folder.states, programs)
    steps = {id(standing.state): standing.step for standing in standings}
    left_out = Counter(step for each in unsent if (step := steps[id(each.state)]) in _LEFT_OUT)
    for step, count in left_out.items():
        one, several = (f"{noun} in {claim.letter}" for noun in _LEFT_OUT[step])
        told = f"{one} is" if count == 1 else f"{count:,} {several} are"
        say(f"note: {told} not recorded as sent")
    return [each for each in unsent if steps[id(each.state)] not in _LEFT_OUT]


def _taken(found: Found, path: str | None, key: str) -> Evidence | None:
    """Read a scan. Raises OptoutError, whose problems say that they are about `key`."""
    try:
        return found.take(path)
    except OptoutError as error:
        problems = (replace(problem, path=key) for problem in error.problems)
        raise OptoutError(*problems) from None


# --- the tables of --from ---


class Entry(Noun, frozen=True, kw_only=True):
    """A row of the table in --from: a letter, and how it went out.

    `change` says that it went out again, or that the row corrects what is recorded. `sha256` has
    the SHA-256 of each file of the version that is meant, as register.csv gives them.
    """

    letter: Line | None = None
    path: Line | None = None
    reference: Line | None = None
    recipient: Party | None = None
    on: date | None = None
    by: Way | None = None
    number: Line | None = None
    receipt: Line | None = None
    signed: Line | None = None
    change: Literal["again", "correct"] | None = None
    sha256: Text | None = None


def _rows_of(table: InputFile, within: Path | None) -> tuple[list[Row], Path | None, bool]:
    """Return the rows that say how a letter went out, and the folder of its register, if known.

    Also tell whether it is register.csv, filled in: there, only rows with one day of sending count,
    since what has several is recorded already. Raises OptoutError.
    """
    text, folder = as_sendings(table.text), Path(table.name).parent
    if text is None:
        return [*table.rows()], within, False
    filled_in = [
        row
        for row in replace(table, text=text).rows()
        if row.document is None or "\n" not in str(row.document.data.get("on", "\n"))
    ]
    return filled_in, folder if not within and is_file(folder / NAME) else within, True


def _claim_of(row: Row, said: Sending, parties: tuple[Party, ...]) -> _Claim:
    """Read a row; what it leaves open is as the options say. Raises OptoutError."""
    raise_any(row.problems)
    assert row.document is not None
    line = convert(row.document, Entry)
    names = [text for name in _LETTER_COLUMNS if (text := getattr(line, name))]
    if len(names) != 1:
        message = f"names {len(names)} letters" if names else "names no letter"
        hint = f"fill in one of the columns {', '.join(_LETTER_COLUMNS)}"
        raise OptoutError(Problem("missing-key", message, row.location, hint))
    own: dict[str, Any] = {
        key: value for key in ("on", "by", "number") if (value := getattr(line, key))
    }
    if line.change:
        own |= {line.change: True}
    recipients = (line.recipient,) if line.recipient else parties
    digests = tuple((line.sha256 or "").split())
    return _Claim(names[0], said._replace(**own), line.receipt, line.signed, recipients, digests)


def _located(error: OptoutError, row: Row) -> Iterator[Problem]:
    """Give the problems of a row their place in the table."""
    document = row.document
    letter = next((key for key in _LETTER_COLUMNS if document and key in document.data), "")
    for problem in error.problems:
        if problem.location and not problem.location.is_command_line:
            yield problem
            continue
        path = letter if problem.path in ("", "letter") else problem.path
        message = problem.message
        if problem.location:  # a file that cannot be read, or a letter that is not there
            message = f"{problem.location.file}: {message}"
        hint = _ROW_HINTS.get(problem.code, problem.hint)
        if path == "recipient" and document and path in document.data:
            hint = "correct the recipient, or leave its cell empty"
        bare = replace(problem, location=None, path=path, message=message, hint=hint)
        yield from locate([bare], document, row)
