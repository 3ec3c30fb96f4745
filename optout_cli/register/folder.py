"""A folder with a register, locked while one command reads and adds to it."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import write_errors
from optout_cli.register.events import AnyEvent
from optout_cli.register.journal import Journal, JournalWriter, Line, load_journal
from optout_cli.register.state import Key, LetterState, states_of

OWN = ".optout"  # the folder within, for optout's own files


class Record:
    """The register of one folder. `journal` is what it held when it was locked."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.journal = journal
        self.states: dict[Key, LetterState] = states_of(journal.lines)
        self._writer = JournalWriter(folder, journal)

    def append(self, events: Sequence[AnyEvent]) -> tuple[Line, ...]:
        """Add events, all or none; they survive a power cut. Raises OptoutError."""
        return self._writer.append(events, durable=True)

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


@contextmanager
def recording(folder: Path) -> Iterator[Record]:
    """Lock `folder`, and open its register. Raises OptoutError if another command has it."""
    lock = folder / OWN / "lock"
    with write_errors(folder):
        lock.parent.mkdir(exist_ok=True)
        stream = lock.open("a+")
    with stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = "another command is writing to this folder"
            hint = "wait until it ends, and run the command again"
            problem = Problem("in-use", message, Location(str(folder)), hint)
            raise OptoutError(problem) from None
        record = Record(folder, load_journal(folder))
        try:
            yield record
        finally:
            record.close()
