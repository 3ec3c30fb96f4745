"""Counsel's approval as to form, and whether the words are still those that counsel initialed.

The register keeps the SHA-256 of a letter's text where its line of approval has initials. Pure.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli.model.letter import Letter
from optout_cli.model.request import Party
from optout_cli.register.events import Written, WrittenLetter
from optout_cli.register.state import LetterState
from optout_cli.templating.body import texts_in
from optout_cli.templating.filters import as_typed


def approved_words(letter: Letter) -> str | None:
    """Return the SHA-256 of the text of a letter with counsel's initials; None without them."""
    approval = letter.notice.approved_as_to_form
    if not approval or not approval.initials:
        return None
    text = "\n".join((letter.subject, letter.salutation, *texts_in(letter.body), letter.closing))
    return sha256(as_typed(text).encode()).hexdigest()


def has_initials(event: Written) -> bool:
    """Tell whether any letter of a request has counsel's initials."""
    return any(letter.approved_words for letter in event.letters)


def approval_notes(
    events: Iterable[Written], states: Iterable[LetterState], folder: Path
) -> Iterator[str]:
    """Yield a note for each line of approval with the initials of earlier letters, and other words.

    The words are compared with those of the first letter of its kind that has the same line.
    """
    own = [
        (it, _key_of(event, it)) for event in events for it in event.letters if it.approved_words
    ]
    firsts: dict[_Key, LetterState] = {}
    there: set[str] = set()  # what is written
    for state in sorted(states, key=attrgetter("written.at")) if own else ():
        there.update(state.places.values())
        if state.letter.approved_words:
            firsts.setdefault(_key_of(state.written, state.letter), state)
    changed: dict[tuple[str, str, date], list[tuple[LetterState, WrittenLetter]]] = {}
    for letter, key in own:
        first = firsts.get(key)
        if first and letter.approved_words != first.letter.approved_words:
            line = dict(key.approval)
            told = line["name"], line["initials"], first.written.at.date()
            changed.setdefault(told, []).append((first, letter))
    for (name, initials, day), pairs in changed.items():
        (first, letter), many = pairs[0], len(pairs) > 1
        before, path = first.place_in(folder), letter.files[0].path
        how = ""  # a check writes no file to compare
        if path in there and before != folder / path:
            how = f"; to see what: optout diff {before} {folder / path}"
        yield (
            f"note: ask {name} to approve the letter{'s' * many} again, and date the"
            f" initials: {'their' if many else 'its'} words changed since"
            f" {initials!r} was put in on {day}{how}"
        )


class _Key(NamedTuple):
    """What letters have in common whose words are compared."""

    jurisdiction: str
    letter: str
    variant: str
    recipient: Party
    approval: tuple[tuple[str, str], ...]


def _key_of(written: Written, letter: WrittenLetter) -> _Key:
    approval = msgspec.json.decode(written.facts)["approved-as-to-form"]
    kind = written.jurisdiction, written.letter, written.variant
    return _Key(*kind, letter.recipient, tuple(approval.items()))
