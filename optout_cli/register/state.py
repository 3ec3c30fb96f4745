"""The present state of each letter, computed from the events: sent, delivered, answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from optout_cli.model.request import Party
from optout_cli.register.events import (
    Answered,
    Delivered,
    LetterEvent,
    Replaced,
    Sent,
    Written,
    WrittenLetter,
)
from optout_cli.register.journal import Line

Key = tuple[str, Party]  # the SHA-256 of the line `written`, and the recipient


@dataclass
class LetterState:
    """A letter with everything that happened to it. `id` is the SHA-256 of its line `written`.

    `is_current` is False once all its files were moved to `earlier`.
    """

    id: str
    written: Written
    letter: WrittenLetter
    sent: list[Sent] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)  # where each file is now, by its path

    @property
    def is_current(self) -> bool:
        """Whether any file of the letter is still in its place."""
        return any(path == place for path, place in self.places.items())

    def add(self, event: LetterEvent) -> None:
        """Add what happened to the letter, or complete what was there."""
        match event:
            case Sent():
                same = [number for number, sent in enumerate(self.sent) if sent.by == event.by]
                if same and not event.again:
                    self.sent[same[-1]] = event
                else:
                    self.sent.append(event)
            case Delivered():
                self.delivered = [event]
            case Answered():
                self.answers.append(event)


def states_of(lines: Iterable[Line]) -> dict[Key, LetterState]:
    """Return every letter that was written, oldest first."""
    states: dict[Key, LetterState] = {}
    at_path: dict[str, LetterState] = {}
    for digest, event in lines:
        match event:
            case Written():
                for state in _written_states(digest, event):
                    states[digest, state.letter.recipient] = state
                    at_path |= dict.fromkeys(state.places, state)
            case Replaced() if event.path in at_path:
                at_path.pop(event.path).places[event.path] = event.kept
            case LetterEvent() if (event.written, event.recipient) in states:
                states[event.written, event.recipient].add(event)
    return states


def _written_states(digest: str, event: Written) -> Iterator[LetterState]:
    for letter in event.letters:
        places = {file.path: file.path for file in letter.files}
        yield LetterState(digest, event, letter, places=places)
