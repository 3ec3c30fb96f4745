"""`optout answer`: record what came back, and begin the letter that answers it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from optout_cli.cli import record
from optout_cli.cli.answer_questions import Given, ask_for_answer
from optout_cli.cli.ask import Back, ask_choice, ask_in_turn, is_terminal, say_wrapped
from optout_cli.cli.console import quote, report_problems, say, usage_error
from optout_cli.cli.letter_options import set_option, split_assignment
from optout_cli.cli.new import command as new_command
from optout_cli.cli.options import (
    files,
    json_option,
    library_from,
    library_options,
    may_be_empty,
    parse_past_day,
    quiet_option,
)
from optout_cli.errors import ExitCode, Location, OptoutError, Problem, closest, raise_any
from optout_cli.letters import Library
from optout_cli.model.program import Program, Reply
from optout_cli.model.request import RECIPIENTS, Party
from optout_cli.register.events import Answered
from optout_cli.register.recorder import LookUp, Recorded, look_up, sent_letters, versions_sent
from optout_cli.register.replies import (
    answered_from,
    check_facts,
    check_text,
    replies_to,
)
from optout_cli.register.standing import settles, standings_of
from optout_cli.register.state import LetterState
from optout_cli.register.statements import Moment, about_letter, taken_back_from

_OTHER_WORDS = {  # that people type for replies
    ("denied", "rejected", "declined", "refusal"): ("refused",),
    ("no", "nope", "no way"): ("refused", "spoken", "none"),
    ("yes", "ok", "okay", "agreed", "accepted"): ("acknowledged", "removed"),
    ("received", "receipt", "confirmed"): ("acknowledged",),
    ("phone", "telephone", "call", "oral", "verbal"): ("spoken",),
    ("silence", "nothing", "not yet", "no answer", "no reply"): ("none",),
}
_MOST = 9  # letters to choose from
_LATER = "later"
_UNSAID = Given("", None, None, None, None, {})


@click.command(
    "answer",
    short_help="Record an answer, and begin the letter that answers it.",
    epilog="optout answer letters/2026-11-20-opt-out-ice.txt --reply refused\n"
    "optout answer letters/2026-11-20-opt-out-bureau.txt --reply acknowledged",
)
@click.argument("letter", metavar="LETTER", shell_complete=files)
@click.option("--reply", "id", metavar="REPLY", help="What came back, such as refused.")
@record.on_option("When it came, YYYY-MM-DD.  [default: today]")
@click.option("--by", metavar="NAME", help="Who answered, with title.")
@click.option(
    "--words", metavar="TEXT", callback=may_be_empty, help="What the answer says, in its own words."
)
@record.file_option(
    "--file",
    "scan",
    callback=may_be_empty,
    text="The answer itself: a scan or an e-mail. optout keeps a copy.",
)
@set_option("A fact of the reply, such as day=2027-01-15 for a meeting (repeatable).")
@record.correct_option
@record.reason_option("--undo", "Take back the last answer, and say why; the register keeps both.")
@click.option(
    "--of",
    metavar="DATE",
    callback=parse_past_day,
    help="With --correct or --undo: the answer of this day, in place of the last one.",
)
@record.to_option
@record.in_option
@json_option
@quiet_option
@library_options
@report_problems
def command(
    letter: str,
    id: str | None,
    day: date | None,
    by: str | None,
    words: str | None,
    scan: str | None,
    assignments: Sequence[str],
    correct: bool,
    undo: str | None,
    of: date | None,
    parties: tuple[Party, ...],
    within: Path | None,
    as_json: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Record what came back, and name the letter that answers it.

    LETTER is a file of your letter in any format, its reference, or its folder. On a terminal,
    optout asks what came back, when, from whom and in which words, and offers to begin the letter
    that answers it. With --reply it asks nothing; a wrong one lists the replies that optout knows.

    A file that you give is copied to evidence/ in the folder of the letter. --correct replaces the
    last answer, or that of --of, and keeps what you do not say again; if the reply is of another
    kind, it keeps only the day, who answered, and the file. Prints the path of the letter.
    """
    words = words and " ".join(words.split())  # the next letter quotes them on one line
    day, of = (None, of or day) if undo else (day, of)  # which answer to take back
    given = Given(id or "", day, by, words, scan, dict(map(split_assignment, assignments)))
    if of and not (correct or undo):
        usage_error("--of names the answer to correct or to take back", "add --correct or --undo")
    record.check_undo(undo, *given, correct)
    library, found = library_from(overlays, folders), look_up(letter, within, parties)
    is_asked = not (id or correct or undo) and is_terminal()
    try:
        state = _choose(letter, found, is_asked=is_asked)
        statement = _Statement(letter, found, state, record.now(), library)
        old = _answer_to_correct(state, of) if correct else None
        said = None if undo else _read_said(statement, given, old, is_asked=is_asked)
    except (click.Abort, KeyboardInterrupt):
        say("\nstopped; nothing was recorded")
        raise SystemExit(ExitCode.INTERRUPTED) from None
    _record(statement, said, old, undo=(undo or "", of), as_json=as_json, quiet=quiet)
    reply = statement.program.replies[said.id] if said else None
    if not quiet:
        _say_next(statement, reply)
    if reply and is_asked:
        _begin_next(statement, reply, overlays, folders)


def _read_said(
    statement: "_Statement", given: Given, old: Answered | None, *, is_asked: bool
) -> Given:
    """Return what somebody says of the answer, asked or checked; `old` is the one that it corrects.

    Raises OptoutError.
    """
    state, program = statement.state, statement.program
    known = replies_to(state, program)
    before = None
    if old and given == _UNSAID and is_terminal():  # ask for everything
        before, is_asked, given = old, True, given._replace(kept=old.file)
    elif old:
        # What the options leave open is as recorded; words and facts only of the same kind.
        is_same = given.id in ("", old.reply)
        given = given._replace(
            id=given.id or old.reply,
            day=given.day or old.on,
            by=old.by if given.by is None else given.by,
            words=old.words if given.words is None and is_same else given.words,
            facts={**(old.facts if is_same else {}), **given.facts},
            kept=old.file if given.scan is None else None,
        )
        is_asked = old.reply != given.id and given.words is None and is_terminal()
        if old.words and is_asked:
            say_wrapped(f"The answer was recorded with the words: {old.words}")
    if given.id not in known and (given.id or not is_asked):
        location = Location("--reply", is_command_line=True)
        message = f"there is no reply {given.id!r}" if given.id else "no reply is given"
        hint = f"{_reply_meant(given.id, known)}one of {', '.join(known)}"
        raise OptoutError(Problem("unknown-reply", message, location, hint))
    said = ask_for_answer(state, program, given, statement.moment, before) if is_asked else given
    options = {"--by": said.by, "--words": said.words}
    last = old or state.last("answered", said.day or statement.moment.today)
    known_texts = (last.by, last.words) if last else ()
    typed = {option: text for option, text in options.items() if text and text not in known_texts}
    problems = (check_text(option, text) for option, text in typed.items())
    raise_any(filter(None, problems))
    # What completes an answer may leave out what is recorded.
    recorded = last.facts if last and not old and last.reply == said.id else {}
    check_facts(said.id, known[said.id], {**recorded, **said.facts})
    if old and known[said.id].silence:
        usage_error(f"{said.id!r} is not an answer", "take back the last answer with --undo REASON")
    return said


def _reply_meant(typed: str, known: Mapping[str, Reply]) -> str:
    """Return the begin of a hint: the replies that a wrong one may mean, if there are any."""
    words = {word: ids for names, ids in _OTHER_WORDS.items() for word in names}
    match = closest(typed, [*words, *known]) or "" if typed else ""
    ids = [id for id in words.get(match, (match,)) if id in known]
    names = [f"{id!r} ({known[id].label})" if ids[1:] else repr(id) for id in ids]
    return f"did you mean {' or '.join(names)}? It is " if names else ""


def _choose(text: str, found: LookUp, *, is_asked: bool) -> LetterState:
    """Return the letter that was answered; ask which one if several were named."""
    states = versions_sent((named.state for named in found.letters), found.states)
    states = [state for state in states if state.sent] or states
    states = [*{(state.id, state.letter.recipient): state for state in states}.values()]
    if len(states) == 1:
        return states[0]
    names = {
        f"{state.written.reference}, {state.letter.recipient}": f"{state.written.name}: to"
        f" {RECIPIENTS[state.letter.recipient]}, {state.written.date}"
        for state in states
    }
    if not is_asked or len(states) > _MOST:
        raise record.several(text, list(names), [state.letter.recipient for state in states])
    say_wrapped("Which letter was answered?")
    why = "Each is a letter that went out from this folder."
    asked = {"Letter": lambda _: ask_choice("Letter", names, explain=why)}
    return dict(zip(names, states, strict=True))[ask_in_turn(lambda _: asked)["Letter"]]


def _answer_to_correct(state: LetterState, of: date | None) -> Answered:
    """Return the answer that was recorded last, or last of a day. Raises OptoutError for none."""
    found: Answered | None = state.last("answered", of)
    if found is None:
        message = f"no answer{f' of {of}' if of else ''} to the letter is recorded"
        days = " and ".join(str(answer.on) for answer in state.answers)
        hint = f"the answers are of {days}" if days else "leave --correct out to record one"
        location = Location("--of" if of else "--correct", is_command_line=True)
        raise OptoutError(Problem("nothing-recorded", message, location, hint))
    return found


class _Statement(NamedTuple):
    """The letter that is spoken of, as it was named and where it was found, and the moment."""

    letter: str
    found: LookUp
    state: LetterState
    moment: Moment
    library: Library

    @property
    def program(self) -> Program:
        """The program of the letter."""
        return self.library.programs.find(self.state.written.letter)[0]


def _record(
    statement: _Statement,
    said: Given | None,
    old: Answered | None,
    *,
    undo: tuple[str, date | None],
    as_json: bool,
    quiet: bool,
) -> None:
    """Record an answer in place of `old`, if any, or take one back; print the letter.

    `undo` has the reason why, and the day of the answer if that is not the last one. Raises
    OptoutError.
    """
    letter, found, state, moment, library = statement
    if said and statement.program.replies[said.id].silence:
        say("nothing is recorded, since nothing came back")
        return

    def results_of(text: str) -> Iterator[Recorded]:
        letters = recorder.find(text, found.folder, [state.letter.recipient])
        (answered,) = (sent for sent in sent_letters(letters) if sent.state.id == state.id)
        if said is None:
            reason, of = undo
            yield (
                answered,
                taken_back_from(answered.state, "answered", reason, moment, of=of),
            )
            return
        answer = Answered(
            **about_letter(state, moment),
            reply=said.id,
            on=said.day or moment.today,
            by=said.by or None,
            words=said.words or None,
            facts={**said.facts},
            file=answered.take(said.scan, "file", is_own=False) or said.kept,
        )
        reply = statement.program.replies[said.id]
        yield answered, answered_from(answered.state, answer, reply, moment, old)

    with record.recorder_of(library) as recorder:
        done = record.prepare_each(recorder, [letter], results_of)
        record.commit(recorder, done, as_json=as_json, quiet=quiet)


def _say_next(statement: _Statement, reply: Reply | None) -> None:
    """Say what comes next after a reply; without one, after the last answer was taken back."""
    _, found, state, _, _ = statement
    if reply is None:
        due = f"optout status {quote(str(found.folder))}"
        say(f"next: if another answer came, run optout answer; to see what is due, {due}")
        return
    letters = _letters_of(statement, reply)
    if reply.advice and not (reply.silence and letters):
        say(f"next: {reply.advice}")
    when = "next"
    if not (reply.settles or reply.silence or reply.how):
        when = f"next, if no answer comes within {statement.program.wait.days} days"
    for id, title in letters.items():
        folder = quote(str(found.folder))
        words = f"optout new --follow {state.written.reference} --in {folder}"
        say(f"{when}: {title}: {words} --letter {id}")


def _letters_of(statement: _Statement, reply: Reply) -> dict[str, str]:
    """Return the titles of the letters that answer a reply, by id.

    Where nothing came back, that is only the letter that comes next after it or its follow-up.
    """
    state, programs = statement.state, statement.library.programs
    folder = state.written.letter.partition("/")[0]
    names = [row.letter for row in reply.next]
    if state.is_withdrawn:
        names = []
    elif not reply.settles and any(settles(answer, statement.program) for answer in state.answers):
        names = []  # a mere acknowledgment changes nothing any more
    elif reply.silence:
        standings = standings_of(statement.found.states, programs.by_id)
        own = (it for it in standings if it.state is state or it.notice is state)
        names = [standing.next_letter for standing in own if standing.next_letter]
    return {f"{folder}/{name}": programs.find(f"{folder}/{name}")[1].title for name in names}


def _begin_next(
    statement: _Statement, reply: Reply, overlays: Sequence[str], folders: Sequence[Path]
) -> None:
    """Offer to begin the letter that answers a reply."""
    _, found, state, _, _ = statement
    letters = _letters_of(statement, reply)
    if not letters:
        return
    say_wrapped("Begin the next letter now? It starts with the facts of this one.")
    titles = letters | {_LATER: ""}
    later = f"{_LATER} begins none."
    if not reply.silence:
        later += " The answer is recorded; to correct it, add --correct."
    kinds = {id: statement.library.programs.find(id)[1] for id in letters}
    why = "\n".join([*(f"{kind.title}: {kind.summary}" for kind in kinds.values()), later])
    try:
        chosen = ask_choice("Letter", titles, default=_LATER, explain=why)
    except Back:
        say_wrapped(later)
        return
    if chosen == _LATER:
        return
    options: dict[str, Any] = {  # Any: the options of `optout new`
        "former": state.written.reference,
        "within": found.folder,
        "letter": chosen,
        "overlays": overlays,
        "folders": folders,
    }
    click.get_current_context().invoke(new_command, **options)
