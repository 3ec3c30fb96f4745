"""The earlier letter that --follow names: found in a register, or read from its JSON form."""

from collections.abc import Sequence
from pathlib import Path

from optout_cli.authoring.draft import Start
from optout_cli.authoring.follow import (
    Former,
    answers_following,
    former_from,
    former_from_json,
    letters_following,
    usual_letter,
)
from optout_cli.cli.new.ask import ask_choice, say_wrapped
from optout_cli.cli.options import today
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.readers.files import is_file
from optout_cli.register.recorder import LookUp, look_up
from optout_cli.register.state import LetterState

_MOST = 9  # letters to choose from on a terminal
_UNKNOWN = ("no-register", "no-such-letter")


def begin_after(
    text: str, within: Path | None, letter: str | None, library: Library, *, is_asked: bool
) -> tuple[Start, Former]:
    """Return how a request that follows the letter `text` begins, and that letter.

    With `is_asked`, asks which letter is meant, and which one follows, if there are several. Raises
    OptoutError.
    """
    former = _former_named(text, within, is_asked=is_asked)
    if letter is None and is_asked:
        letter = _ask_following(former, library)
    known, former = answers_following(former, letter, library, today())
    return Start(known={**known}, asks=("service",), signed={**(former.signatory or {})}), former


def _former_named(text: str, within: Path | None, *, is_asked: bool) -> Former:
    try:
        found = look_up(text, within)
    except OptoutError as error:
        is_unknown = all(problem.code in _UNKNOWN for problem in error.problems)
        if not (is_unknown and is_file(Path(text))):
            raise
        return former_from_json(text)
    requests = {named.state.id: named.state for named in found.letters}
    state = _choose(text, list(requests.values()), found, is_asked=is_asked)
    return former_from(state, found.states)


def _ask_following(former: Former, library: Library) -> str | None:
    """Ask which letter follows if several may; by default, the one that answers the last reply."""
    following = letters_following(former, library)
    if len(following) <= 1:
        return None
    say_wrapped("Which letter do you want?")
    titles = {id: library.programs.find(id)[1].title for id in following}
    usual = usual_letter(former, library)
    return ask_choice("Letter", titles, default=usual if usual in following else "")


def _choose(
    text: str, states: Sequence[LetterState], found: LookUp, *, is_asked: bool
) -> LetterState:
    if len(states) == 1:
        return states[0]
    if is_asked and len(states) <= _MOST:
        say_wrapped(f"{found.folder} has {len(states)} letters. Which one do you want to follow?")
        choices = {state.written.reference: _summary(state) for state in states}
        chosen = ask_choice("Letter", choices)
        return next(state for state in states if state.written.reference == chosen)
    message = f"has {len(states)} letters"
    hint = f"name one of them, such as {states[0].written.reference}"
    location = Location(text, is_command_line=True)
    raise OptoutError(Problem("several-letters", message, location, hint))


def _summary(state: LetterState) -> str:
    written = state.written
    return f"{written.letter.partition('/')[2]} of {written.date}, {written.name}"
