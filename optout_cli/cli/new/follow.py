"""`optout new --follow`: begin after an earlier letter; and the tables of --csv and --xlsx."""

import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from optout_cli.authoring.earlier import Earlier, earlier_from
from optout_cli.authoring.follow import (
    answers_following,
    letterhead_after,
    letters_following,
    seal_kept,
    usual_letter,
)
from optout_cli.authoring.follow_notes import newer_text
from optout_cli.authoring.request_writer import Answers
from optout_cli.authoring.tables import (
    FollowRow,
    Table,
    cells_of_request,
    follow_rows,
    follow_table,
    needed_columns,
    sheet_template,
    states_without_agreements,
    table_template,
)
from optout_cli.authoring.unfinished import Start
from optout_cli.batch.input import load_input
from optout_cli.cli.ask import Question, ask_choice, ask_in_turn, is_terminal, say_wrapped
from optout_cli.cli.console import is_request, put_file, quote, say
from optout_cli.cli.new.interview import WELCOME
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    REQUEST,
    TABLE,
    WORKBOOK,
    codes_of,
    path_for,
    require_free,
    today,
)
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters.json import JsonObject, letter_in
from optout_cli.letters import Library
from optout_cli.letters.pipeline import request_file
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import PARTIES, RECIPIENTS, Party
from optout_cli.output import write_all
from optout_cli.readers.csv import csv_from
from optout_cli.readers.files import STDIN, is_file
from optout_cli.register.recorder import look_up, versions_sent
from optout_cli.register.returns import came_back
from optout_cli.register.standing import kinds_after_silence, settles, standings_of

_EXPLAIN_NEXT = (
    "Enter takes the letter that answers the last reply on record, if there is one. For what each"
    " is for, run: optout list letters"
)
_EXPLAIN_EARLIER = (
    "The new letter goes to those who received the one that you name, and tells its date and"
    " reference. For what is recorded of each, run: optout status"
)
_MOST = 9  # letters to choose from on a terminal
_EARLIER, _NEXT = "earlier", "next"  # questions
_UNKNOWN = ("no-register", "no-such-letter")


class NewOrder(NamedTuple):
    """What the command line asks for: the new file, and the earlier letter or letters to follow.

    `options` are those that the next command needs. `common` is a file with values to add. Files
    that the new request names may also be in `files_from`.
    """

    letter: str | None
    output: str | None
    options: str
    quiet: bool
    is_workbook: bool
    earlier: str | None
    within: Path | None
    common: str | None
    files_from: tuple[Path, ...]


def write_table(order: NewOrder, library: Library, states: Sequence[str]) -> None:
    """Write a table to fill in: of the states' jurisdictions, or of letters to follow."""
    if order.earlier:
        _write_follow_table(order, order.earlier, library)
        return
    letter = order.letter or DEFAULT_LETTER
    codes = codes_of(states, library)
    table = table_template(library, letter, codes)
    path = _put(order, "-".join(codes or ["requests"]).lower(), table, library, [letter])
    if order.quiet or path is None:
        return
    for name in states_without_agreements(library, letter, codes):
        say(
            f"note: no agency in {name} has an agreement on ICE's list, so each jurisdiction there"
            " has a row: keep the rows of those that have one, and fill in its model"
        )
    *most, last = needed_columns(library, letter)
    how = "this command explains each column:"
    if order.is_workbook:
        how = "the second sheet explains each column"
    say(f"each row needs {', '.join(most)} and {last}; {how}")
    if not order.is_workbook:
        say(f"  optout new --letter {letter} -o -{order.options} < {os.devnull}")
    _say_next(path, order)


def _write_follow_table(order: NewOrder, named: str, library: Library) -> None:
    """Write a row for each letter that another one should follow. Raises OptoutError for none."""
    found = look_up(named, order.within)
    chosen = {letter.state.id for letter in found.letters}
    standings = standings_of(found.states, library.programs.by_id)
    all_rows = [*follow_rows(standings, chosen, library, today(), order.letter)]
    rows = [row for row in all_rows if not row.written]
    _say_written([row for row in all_rows if row.written], found.folder, library)
    if not rows and all_rows:
        say("no table was written: no other letter is due")
        return
    if not rows:
        message = "has no letter that another one should follow today"
        hint = "see what is due and when: optout status"
        raise OptoutError(Problem("nothing-due", message, Location(named), hint))
    given = _given_cells(order.common, library) if order.common else {}
    letters = [*dict.fromkeys(row.cells["letter"] for row in rows)]
    place = _folder_for(order.output, WORKBOOK if order.is_workbook else TABLE)
    lacking = []
    for row in rows:
        seal = _letterhead(row.earlier, found.folder, place, order)
        row.cells.update(cells_of_request({"letterhead": seal or {}}))
        lacking += [row] if seal is None else []
    if lacking and not order.quiet:
        more = f" and {len(lacking) - 1:,} more" if len(lacking) > 1 else ""
        _say_no_seal(lacking[0].earlier, f"{lacking[0].cells['# name']}{more}: ")
    path = _put(order, "follow-ups", follow_table(rows, given), library, letters)
    if order.quiet or path is None:
        return
    noun = "letter" if len(rows) == 1 else "letters"
    say(f"{len(rows):,} {noun} to write; delete the rows that you do not want")
    if not given:
        say("note: the columns for who signs are empty, since it may be somebody else now")
    _say_next(path, order, f" -o {folder_option(found.folder)}")


def _folder_for(output: str | None, kind: tuple[str, ...]) -> Path:
    path = path_for(output, f"new{kind[1]}", kind)
    return path.parent if path else Path()


def _letterhead(
    earlier: Earlier, register: Path | None, place: Path, order: NewOrder
) -> JsonObject | None:
    """Return the seal of an earlier letter for a file in the folder `place`; None if it is lost.

    If it is not there, the copy in the evidence is copied there, unless the output is no file.
    """
    seal = letterhead_after(earlier, register, place, order.files_from)
    kept = seal_kept(earlier, register) if seal is None and order.output != STDIN else None
    target = place / kept.name if kept else place
    if kept is None or os.path.lexists(target):
        return seal
    write_all({target: kept.read_bytes()})
    if not order.quiet:
        say(f"note: copied the seal of the earlier letter to {target}")
    return {**earlier.facts["letterhead"], "seal": kept.name}


def _say_no_seal(earlier: Earlier, name: str = "") -> None:
    seal = earlier.facts["letterhead"]["seal"]
    say(
        f"note: {name}the earlier letter had a seal, {seal}, which is not in the folder of the new"
        " file: copy it there, and name it under letterhead.seal, with letterhead.alt"
    )


def _say_written(rows: Sequence[FollowRow], folder: Path, library: Library) -> None:
    """Say which letters are left out of the table, since they only have to be sent."""
    for row in rows[:_MOST]:
        title = library.programs.find(row.cells["letter"])[1].title
        say(f"not in the table: {row.cells['# name']}: {title} of {row.written} is not sent yet")
    if len(rows) > _MOST:
        say(f"not in the table: {len(rows) - _MOST:,} more like these")
    if rows:
        say(f"  to see each: optout status {quote(str(folder))} --unsent")


def _given_cells(common: str, library: Library) -> Mapping[str, Mapping[str, str]]:
    """Read cells to add: those of a request for all, those of a table by its jurisdictions."""
    if is_request(common):
        return {"": dict(cells_of_request(request_file(common).data))}
    found: dict[str, dict[str, str]] = {}
    for row in load_input(common).rows():
        if row.document is None:
            raise OptoutError(*row.problems)
        cells = dict(cells_of_request(row.document.data))
        name = cells.pop("jurisdiction", "")
        slug = library.directory.find(name, row.location).slug if name else ""
        found[slug] = cells
    return found


def _put(
    order: NewOrder, name: str, table: Table, library: Library, letters: Sequence[str]
) -> Path | None:
    """Write a table with its usual name, and print its path; for -, print the table alone."""
    kind = WORKBOOK if order.is_workbook else TABLE
    path = require_free(path_for(order.output, f"{name}{kind[1]}", kind))
    if order.is_workbook:
        content = sheet_template(library, table, letters)
    else:  # the byte order mark of a file tells a spreadsheet: UTF-8
        content = csv_from(*table).encode("utf-8-sig" if path else "utf-8")
    put_file(path, content)
    return path


def _say_next(path: Path, order: NewOrder, place: str = "") -> None:
    how = f'fill in {path} as a spreadsheet and save it as "CSV UTF-8"'
    if order.is_workbook:
        how = f"fill in {path} and save it"
    run = f"optout batch {quote(str(path))}{order.options}{place} --check"
    say(f"next: {how}, then run {run}")


def folder_option(folder: Path) -> str:
    """Return a folder as the value of -o, which ends in a slash."""
    return quote(f"{folder}/")


class Beginning(NamedTuple):
    """How a request begins that follows a letter, that letter, and the folder of its register."""

    start: Start
    earlier: Earlier
    folder: Path | None


def begin_after(order: NewOrder, named: str, library: Library) -> Beginning:
    """Return how a request that follows an earlier letter begins; ask which, if need be."""
    quiet = order.quiet
    earlier, letter, folder = _ask_what_follows(named, order.within, order.letter, library)
    known, earlier = answers_following(earlier, letter, library, today())
    if known.get("to") and not quiet:
        _say_alone(known["to"], earlier, library.programs.find(known["letter"])[0])
    seal = _letterhead(earlier, folder, _folder_for(order.output, REQUEST), order)
    if seal:
        known = {**known, "letterhead": seal}
    elif seal is None and not quiet:
        _say_no_seal(earlier)
    if earlier.facts.get("approved-as-to-form") and not quiet:
        say("note: counsel approved the earlier letter, not this one, so its approval is left out")
    program, kind = library.programs.find(known["letter"])
    if not quiet:
        _say_repeated(known, earlier, program, kind)
    for state in () if quiet else earlier.followed_by(kind, program):
        if known.get("to") in (None, state.letter.recipient):
            again = f"optout new --follow {state.written.reference} --in {quote(str(folder))}"
            say(f"note: {newer_text(state)}; to follow that one, run {again}")
    start = Start(known={**known}, asks=("service",), signed=earlier.facts.get("signatory") or {})
    return Beginning(start, earlier, folder)


def _say_repeated(known: Answers, earlier: Earlier, program: Program, kind: LetterKind) -> None:
    """Say what the new letter asks again, or repeats.

    These are an answer that came already, also one that ends the matter, and particulars of the
    earlier letter, such as its reasons.
    """
    is_asking = known["letter"].partition("/")[2] in kinds_after_silence(program)
    for answer in earlier.answers():
        reply = program.replies.get(answer.reply)
        is_end = reply is not None and not reply.next
        if known.get("to") not in (None, "", answer.recipient) or not settles(answer, program):
            continue
        if is_asking or is_end:
            what = reply.label if reply else answer.reply
            why = "asks for an answer as if none had come" if is_asking else "does not answer that"
            say_wrapped(
                f"note: {RECIPIENTS[answer.recipient]} answered on {answer.on} ({what}): the new"
                f" letter {why}; check that you want it"
            )
    own = known.get("particulars", {})
    if names := [f"{key}:" for key in own if kind.particulars[key].usual]:
        say_wrapped(f"note: the new letter repeats {' and '.join(names)} of the earlier one")


def _say_alone(only: Party, earlier: Earlier, program: Program) -> None:
    """Say why a letter goes to one office alone."""
    (other,) = (party for party in PARTIES if party != only)
    is_sent = any(state.sent and state.letter.recipient == other for state in earlier.states)
    why = f"the earlier one is not recorded as sent to {RECIPIENTS[other]}"
    for state in (it for it in earlier.states if it.letter.recipient == other):
        if state.is_withdrawn or came_back(state):
            what = "was withdrawn" if state.is_withdrawn else "came back"
            is_sent, why = False, f"the earlier one to {RECIPIENTS[other]} {what}"
    settled = {answer.recipient for answer in earlier.answers() if settles(answer, program)}
    if is_sent and only in settled:
        why = f"it answers a reply that {RECIPIENTS[other]} did not give"
    elif is_sent:
        why = f"{RECIPIENTS[other]} has answered"
    say_wrapped(
        f"note: this letter goes to {RECIPIENTS[only]} alone, since {why}; for both, delete the"
        " line to:"
    )


class _Candidate(NamedTuple):
    """An earlier letter that may be meant, what it is in a few words, and its register's folder.

    `parties` are the recipients of the files that were named, if those were sent.
    """

    earlier: Earlier
    summary: str = ""
    folder: Path | None = None
    parties: Collection[Party] = PARTIES


def _candidates(text: str, within: Path | None) -> dict[str, _Candidate]:
    """Return the earlier letters that `text` may mean, by their references. Raises OptoutError."""
    try:
        found = look_up(text, within)
    except OptoutError as error:
        is_unknown = all(problem.code in _UNKNOWN for problem in error.problems)
        if not (is_unknown and is_file(Path(text))):
            raise
        return {text: _Candidate(Earlier(letter_in(text)))}
    # Two commands may have written the letters to the two recipients: they are one request.
    states = {named.state.written.reference: named.state for named in found.letters}
    if len(states) > 1 and not (is_terminal() and len(states) <= _MOST):
        message = f"has {len(states):,} letters"
        hint = f"name one of them, such as {next(iter(states))}"
        location = Location(text, is_command_line=True)
        raise OptoutError(Problem("several-letters", message, location, hint))
    versions = versions_sent(states.values(), found.states)
    return {
        reference: _Candidate(
            earlier_from(version, found.states),
            f"{state.kind} of {state.written.date}, {state.written.name}",
            found.folder,
            {
                named.state.letter.recipient
                for named in found.letters
                if named.state.written.reference == reference and named.state.sent
            }
            or PARTIES,
        )
        for (reference, state), version in zip(states.items(), versions, strict=True)
    }


def _ask_what_follows(
    text: str, within: Path | None, letter: str | None, library: Library
) -> tuple[Earlier, str | None, Path | None]:
    """Return the letter that `text` names, the kind that follows, and the register's folder."""
    found = _candidates(text, within)
    if is_terminal():
        say_wrapped(f"{WELCOME}\n")
    choices = {reference: it.summary for reference, it in found.items()}
    only = next(iter(found)) if len(found) == 1 else None

    def earlier_asked(_before: str) -> str:
        say_wrapped(f"{text} has {len(choices)} letters. Which one do you want to follow?")
        return ask_choice("Letter", choices, explain=_EXPLAIN_EARLIER)

    def usual_after(candidate: _Candidate, following: Sequence[str]) -> str | None:
        usual = usual_letter(candidate.earlier, library, candidate.parties)
        return usual if usual in following else None

    def following_asked(candidate: _Candidate, following: Sequence[str], _before: str) -> str:
        say_wrapped("Which letter do you want?")
        titles = {id: library.programs.find(id)[1].title for id in following}
        default = usual_after(candidate, following) or ""
        return ask_choice("Letter", titles, default=default, explain=_EXPLAIN_NEXT)

    def questions_for(answers: Mapping[str, str]) -> dict[str, Question]:
        questions: dict[str, Question] = {} if only else {_EARLIER: earlier_asked}
        if (chosen := only or answers.get(_EARLIER)) and letter is None and is_terminal():
            following = letters_following(found[chosen].earlier, library)
            if len(following) > 1:
                questions[_NEXT] = partial(following_asked, found[chosen], following)
        return questions

    answers = ask_in_turn(questions_for)
    chosen = found[only or answers[_EARLIER]]
    asked = answers.get(_NEXT, letter)
    usual = usual_after(chosen, letters_following(chosen.earlier, library))
    return chosen.earlier, asked or usual, chosen.folder
