"""Counsel's approval as to form, and whether the words are still those that counsel initialed.

The register keeps the SHA-256 of a letter's text where its line of approval has initials. Pure.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from operator import attrgetter
from pathlib import Path

import msgspec

from optout_cli.model.letter import Letter
from optout_cli.model.request import Party
from optout_cli.register.events import Written
from optout_cli.register.state import LetterState
from optout_cli.templating.body import texts_in
from optout_cli.templating.filters import as_typed

_KEY = "approved-as-to-form"


def approved_words(letter: Letter) -> str | None:
    """Return the SHA-256 of the text of a letter with counsel's initials; None without them."""
    approval = letter.notice.approved_as_to_form
    if not approval or not approval.initials:
        return None
    text = "\n".join((letter.subject, letter.salutation, *texts_in(letter.body), letter.closing))
    return sha256(as_typed(text).encode()).hexdigest()


def approval_notes(event: Written, states: Iterable[LetterState], folder: Path) -> Iterator[str]:
    """Yield one note if letters have the initials of earlier ones of their kind, and other words.

    The words are compared with those of the first letter that has the same line of approval.
    """
    own = {it.recipient: it for it in event.letters if it.approved_words}
    if not own:
        return
    approval = _approval_of(event)
    earlier = (
        state
        for state in sorted(states, key=attrgetter("written.at"))
        if state.letter.approved_words
        and state.letter.recipient in own
        and _kind_of(state.written) == _kind_of(event)
        and _approval_of(state.written) == approval
    )
    firsts: dict[Party, LetterState] = {}
    for state in earlier:
        firsts.setdefault(state.letter.recipient, state)
    changed = [
        first
        for party, first in firsts.items()
        if own[party].approved_words != first.letter.approved_words
    ]
    if changed:
        first, many = changed[0], len(changed) > 1
        place = folder / own[first.letter.recipient].files[0].path
        yield (
            f"note: ask {approval['name']} to approve the letter{'s' * many} again, and date the"
            f" initials: {'their' if many else 'its'} words changed since"
            f" {approval['initials']!r} was put in on {first.written.at:%Y-%m-%d}; to see what:"
            f" optout diff {first.place_in(folder)} {place}"
        )


def _approval_of(written: Written) -> dict[str, str]:
    approval: dict[str, str] = msgspec.json.decode(written.facts).get(_KEY) or {}
    return approval


def _kind_of(written: Written) -> tuple[str, str, str]:
    return written.jurisdiction, written.letter, written.variant
