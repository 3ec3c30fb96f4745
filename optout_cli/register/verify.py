"""Compare a folder with its register: the chain of events, and the hash of every file."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from optout_cli.errors import Location, Problem
from optout_cli.register.events import Answered, Delivered, Evidence, Sent
from optout_cli.register.journal import Journal
from optout_cli.register.state import states_of


class Verification(NamedTuple):
    """How many events and files were compared, and what is wrong with them."""

    events: int
    files: int
    problems: tuple[Problem, ...]


def verify(folder: Path, journal: Journal) -> Verification:
    """Read every file that the register names: letters, receipts, answers, also those in earlier.

    The problems of the chain come first. A torn line is one of them only if it is not the last.
    """
    expected = dict(_expected(journal))
    problems = [problem for problem in journal.problems if problem.code != "torn-line"]
    problems += _file_problems(folder, expected.items())
    return Verification(len(journal.lines), len(expected), tuple(problems))


def _expected(journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield the path and the SHA-256 of each file, as the register has them."""
    for state in states_of(journal.lines).values():
        digests = {file.path: file.sha256 for file in state.letter.files}
        yield from ((place, digests[path]) for path, place in state.places.items())
    for _, event in journal.lines:
        for evidence in _evidence_of(event):
            yield evidence.path, evidence.sha256


def _evidence_of(event: object) -> Iterator[Evidence]:
    match event:
        case Sent():
            yield from filter(None, (event.receipt, event.signed))
        case Delivered():
            yield from filter(None, [event.receipt])
        case Answered():
            yield from filter(None, [event.file])


def _file_problems(folder: Path, expected: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for name, digest in expected:
        path = folder / name
        location, found = Location(str(path)), digest_of(path)
        if found is None:
            message = "is in the register, but not in the folder"
            hint = "copy it back, such as from a backup or from the printed letter"
            yield Problem("missing-letter", message, location, hint)
        elif found != digest:
            message = "is not the file that was recorded: its SHA-256 differs"
            hint = "compare it with a copy; keep a signed scan under another name"
            yield Problem("changed-file", message, location, hint)


def digest_of(path: Path) -> str | None:
    """Return a file's SHA-256 in hexadecimal, or None if it cannot be read."""
    with suppress(OSError):
        if path.is_file():  # reading a named pipe never ends
            with path.open("rb") as stream:
                return file_digest(stream, "sha256").hexdigest()
    return None
