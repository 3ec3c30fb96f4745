"""What `sent`, `delivered` and `answer` share: options, the moment, and what they print."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from optout_cli.cli import options
from optout_cli.cli.console import count_of, print_json, print_path, say, say_lines, usage_error
from optout_cli.cli.options import parse_past_day, require_reason, today
from optout_cli.cli.value_types import Choice, Folder
from optout_cli.errors import Location, OptoutError, Problem, first_of, raise_any
from optout_cli.letters import Library
from optout_cli.model.request import PARTIES, RECIPIENTS, Party
from optout_cli.output import is_folder
from optout_cli.register.events import (
    WAYS,
    Answered,
    Delivered,
    LetterNews,
    Returned,
    Sent,
    Withdrawn,
    evidence_of,
    way_words,
)
from optout_cli.register.folder import LONG_WAIT, WAIT
from optout_cli.register.recorder import Found, Recorded, Recorder
from optout_cli.register.state import LetterState
from optout_cli.register.statements import Moment, Result

_F = TypeVar("_F", bound=Callable[..., Any])


by_option = click.option(
    "--by", type=Choice(WAYS), help="How it went out.  [default: what the letter itself says]"
)
in_option = click.option(
    "--in",
    "within",
    metavar="FOLDER",
    type=Folder(),
    help="The folder that the letters were written to.  [default: the file's, or this folder]",
)
to_option = click.option(
    "--to",
    "parties",
    multiple=True,
    type=Choice(PARTIES),
    help="Only the letter to this recipient (repeatable).",
)
correct_option = click.option(
    "--correct", is_flag=True, help="Correct what is recorded; the register keeps both."
)


# Any: as click has it.
def file_option(*names: str, text: str, **others: Any) -> Callable[[_F], _F]:
    """Return an option that names a file, such as a scan."""
    kind = click.Path()
    return click.option(
        *names, metavar="FILE", type=kind, shell_complete=options.files, help=text, **others
    )


def reason_option(name: str, text: str) -> Callable[[_F], _F]:
    """Return an option whose value says why, such as `--undo`."""
    return click.option(name, metavar="REASON", callback=require_reason, help=text)


def check_undo(undo: str | None, *others: object) -> None:
    """Raise click.UsageError if something else is said of what is taken back."""
    if undo is not None and any(others):
        message = "--undo takes back what is recorded, and records nothing else"
        usage_error(message, "leave the other options out; then record what is right")


def check_quotes(letters: Sequence[str], text: str | None) -> None:
    """Raise click.UsageError if an option's text ends at its first space.

    The other words then stand among the letters; no file or reference is such a word.
    """
    words = [word for word in letters if word.isalnum() and not Path(word).exists()]
    if text and 0 < len(words) < len(letters):
        whole = " ".join([text, *words])
        usage_error(
            f"{words[0]!r} is not a letter", f'put quotes around a text with spaces: "{whole}"'
        )


def on_option(text: str) -> Callable[[_F], _F]:
    """Return the option for the day on which something happened."""
    return click.option("--on", "day", metavar="DATE", callback=parse_past_day, help=text)


def now() -> Moment:
    """Return the moment of recording, or that of SOURCE_DATE_EPOCH. Raises click.UsageError."""
    return Moment(options.now(), today())


def recorder_of(library: Library) -> Recorder:
    """Return what records events; in a script, it waits far longer for another command."""
    return Recorder(library.programs.by_id, WAIT if sys.stdin.isatty() else LONG_WAIT)


def one_letter(text: str, found: Sequence[Found]) -> Found:
    """Return the only letter that was named. Raises OptoutError for several."""
    if len(found) == 1:
        return found[0]
    parties = [named.state.letter.recipient for named in found]
    raise several(text, [letter_name(named) for named in found], parties)


def several(text: str, names: Sequence[str], parties: Sequence[Party]) -> OptoutError:
    """Return the error that a text names several letters, each to one of `parties`."""
    message = f"names {len(names):,} letters: {first_of(names)}"
    alone = [f"--to {party}" for party in PARTIES if parties.count(party) == 1]
    hint = "name one of the files" + (f", or add {' or '.join(alone)}" if alone else "")
    location = Location(text, is_command_line=True)
    return OptoutError(Problem("several-letters", message, location, hint))


def letter_name(found: Found) -> str:
    """Say which letter it is: `SC-06041-20261120-ABCD to ICE (letters/....pdf)`."""
    state = found.state
    return f"{state.written.reference} to {RECIPIENTS[state.letter.recipient]} ({found.path})"


def _happening(event: LetterNews, state: LetterState) -> str:
    """Say what happened to a letter: `sent by certified mail on 2026-11-25`."""
    match event:
        case Sent():
            return f"sent by {way_words(event.by, event.number)} on {event.on}"
        case Delivered():
            return f"delivered on {event.on}"
        case Answered():
            return f"answered on {event.on} ({event.reply})"
        case Returned() | Withdrawn(what="written") if state.sent or isinstance(event, Returned):
            what = "came back" if isinstance(event, Returned) else "withdrawn"
            return f"{what} on {event.on} ({event.note})"
        case Withdrawn(what="written" | "withdrawn") if not state.sent:
            words = "will not go out" if event.what == "written" else "is to go out after all"
            return f"{words} ({event.note})"
        case _:
            how = f" by {way_words(event.by)}" if event.by else ""
            return f"not {event.what}{how} on {event.on} after all ({event.note})"


def prepare_each(
    recorder: Recorder, texts: Iterable[str], results_of: Callable[[str], Iterable[Recorded]]
) -> list[Recorded]:
    """Prepare the events of each letter that the texts name: all, or none.

    Raises OptoutError, with the place of each Problem on the command line: the option, or the
    letter as it was named.
    """
    done: list[Recorded] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            done += recorder.add(results_of(text))
        except OptoutError as error:
            for problem in error.problems:
                place = problem.location or Location(text)
                if not problem.location and problem.path in ("on", "by", "number"):
                    place = Location(f"--{problem.path}", is_command_line=True, label=text)
                problems.append(msgspec.structs.replace(problem, location=place))
    raise_any(dict.fromkeys(problems))
    return done


def results_of_each(
    text: str, found: Sequence[Found], result_of: Callable[[Found], Result]
) -> Iterator[Recorded]:
    """Yield the event of each letter that a text names. Raises OptoutError with every problem.

    Where the text does not name one letter, each problem does.
    """
    problems: list[tuple[Found, Problem]] = []
    for named in found:
        try:
            yield named, result_of(named)
        except OptoutError as error:
            problems += ((named, problem) for problem in error.problems)
    counts = Counter(problem for _, problem in problems)
    is_one = not is_folder(Path(text)) and len(found) == 1
    raise_any(
        dict.fromkeys(  # what concerns a whole folder, such as its scan or day, is told once
            problem
            if is_one or problem.location or len(PARTIES) < counts[problem] == len(found)
            else msgspec.structs.replace(
                problem, message=f"{problem.message}: {letter_name(named)}"
            )
            for named, problem in problems
        )
    )


def commit(
    recorder: Recorder,
    done: Sequence[Recorded],
    *,
    as_json: bool,
    quiet: bool,
    most: int = sys.maxsize,
) -> None:
    """Record the events; print each letter's path, or JSON, and say on stderr what was recorded.

    Of more than `most` letters, only say what they have in common.
    """
    recorder.commit()
    if not quiet:
        say_lines(f"note: {text}" for text in (*recorder.problems, *recorder.notes))
    for found, result in done:
        event = result.event
        if as_json:
            print_json(
                {
                    "event": event.tag,
                    "recorded": not result.is_known,
                    "reference": event.reference,
                    "recipient": event.recipient,
                    "path": click.format_filename(found.path),
                    "on": event.on,
                    "notes": result.notes,
                }
            )
        else:
            print_path(found.path)
        if not quiet and len(done) <= most:
            say(f"{_done(result)}: {_happening(event, found.state)}: {letter_name(found)}")
            if kept := [] if result.is_known else evidence_of(event):
                places = (found.folder.path / file.path for file in kept)
                say(f"kept: {', '.join(map(click.format_filename, places))}")
            for note in result.notes:
                say(f"note: {note.text}", note.code)
    if not quiet and len(done) > most:
        _say_in_sum(done)


def _done(result: Result) -> str:
    return "already recorded" if result.is_known else "recorded"


def _say_in_sum(done: Sequence[Recorded]) -> None:
    """Say what was recorded of many letters, and how many of them each note concerns."""
    news: Counter[str] = Counter()
    for found, result in done:
        event = result.event
        if isinstance(event, Sent):  # each has its own number
            event = msgspec.structs.replace(event, number=None)
        news[f"{_done(result)}: {_happening(event, found.state)}"] += 1
    for what, count in news.items():
        say(f"{what}: {count_of(count, 'letter')}")
    for text, count in Counter(note.text for _, result in done for note in result.notes).items():
        say(f"note ({count_of(count, 'letter')}): {text}")
