"""Record what people say about letters, in the folders of those letters: all of it, or none.

A folder stays locked from the first letter that is named in it until the end.
"""

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from optout_cli.errors import Problem
from optout_cli.model.program import Program
from optout_cli.model.request import Party
from optout_cli.register.events import (
    Answered,
    Delivered,
    Evidence,
    LetterNews,
    Sent,
    Withdrawn,
)
from optout_cli.register.evidence import EvidenceFolder
from optout_cli.register.find import NamedLetter, letters_named, register_folder, version_sent
from optout_cli.register.folder import WAIT, LetterFolder, recording
from optout_cli.register.state import LetterState
from optout_cli.register.statements import Result


class OpenFolder:
    """A locked folder: its register, its evidence, and the events to record in it."""

    def __init__(self, path: Path, record: LetterFolder) -> None:
        self.path = path
        self.record = record
        self.evidence = EvidenceFolder(path)
        self.events: list[LetterNews] = []

    @property
    def states(self) -> Collection[LetterState]:
        """All letters, with the events to record."""
        return self.record.states.values()


class Found(NamedTuple):
    """A letter that was named, in its folder."""

    folder: OpenFolder
    letter: NamedLetter

    @property
    def state(self) -> LetterState:
        """What happened to the letter."""
        return self.letter.state

    @property
    def path(self) -> Path:
        """The file that was named; otherwise one of the letter's files, where it is now."""
        places = self.state.places
        first = next(iter(places.values()), "")
        return self.folder.path / (self.letter.path or first)

    def take(self, path: str | None, *, is_own: bool = True) -> Evidence | None:
        """Read a file that is evidence of what happened. Raises OptoutError."""
        return self.folder.evidence.take(path, is_own=is_own) if path else None


def sent_letter(found: Found) -> Found:
    """Return the letter; if it has not gone out, the one that it supersedes and that has."""
    state = version_sent(found.state, found.folder.states)
    return found if state is found.state else Found(found.folder, NamedLetter(state))


class Recorder:
    """Finds letters, and records events of them at the end, when `commit` is called.

    `programs` are for register.csv, which says what is due. If another command is using a folder,
    waits for it, `wait` seconds at most.
    """

    def __init__(self, programs: Mapping[str, Program], wait: float = WAIT) -> None:
        self._programs, self._wait = programs, wait
        self._open: dict[Path, OpenFolder] = {}
        self._locks = ExitStack()

    def __enter__(self) -> Self:
        """Begin without a lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Release every folder."""
        self._locks.close()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the registers themselves."""
        return [it for folder in self._open.values() for it in folder.record.journal.problems]

    def find(
        self, text: str, within: Path | None = None, parties: Collection[Party] = ()
    ) -> list[Found]:
        """Return the letters that `text` names, after locking their folder. Raises OptoutError."""
        folder = register_folder(text, within)
        key = folder.resolve()
        if key not in self._open:
            record = self._locks.enter_context(recording(folder, self._programs, wait=self._wait))
            self._open[key] = OpenFolder(folder, record)
        opened = self._open[key]
        named = letters_named(text, folder, opened.record.states, parties)
        return [Found(opened, letter) for letter in named]

    def add(self, found: Found, result: Result) -> None:
        """Remember an event, so that the next statement knows of it."""
        if not result.is_known:
            found.folder.events.append(result.event)
            found.state.add(result.event)

    def commit(self) -> None:
        """Write the evidence and the events. Raises OptoutError."""
        for folder in self._open.values():
            folder.evidence.keep(
                proof.path for event in folder.events for proof in _evidence_of(event)
            )
            if folder.events:
                folder.record.append(folder.events)
                folder.events = []


def _evidence_of(event: LetterNews) -> list[Evidence]:
    match event:
        case Sent():
            found = [event.receipt, event.signed]
        case Delivered():
            found = [event.receipt]
        case Answered():
            found = [event.file]
        case Withdrawn():
            found = []
    return [proof for proof in found if proof]
