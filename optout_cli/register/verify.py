"""Compare a folder with its register: the chain of events, and the hash of every file."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from optout_cli.errors import Location, Problem
from optout_cli.register.events import Answered, Delivered, Evidence, Replaced, Sent, Written
from optout_cli.register.journal import TORN, Journal
from optout_cli.register.table import table_problems


class Verification(NamedTuple):
    """How many events and files were compared, and what is wrong with them."""

    events: int
    files: int
    problems: tuple[Problem, ...]


def verify(folder: Path, journal: Journal) -> Verification:
    """Read every file that the register names: letters, receipts, answers, also those in earlier.

    A path that two events name with different hashes is compared with both. The problems of the
    chain come first. A torn line is one of them only if it is not the last.
    """
    expected = tuple(dict.fromkeys(_expected(journal)))
    problems = [problem for problem in journal.problems if problem.code != TORN]
    problems += table_problems(folder, journal.lines)
    problems += dict.fromkeys(_file_problems(folder, expected))
    files = {path for path, _ in expected}
    return Verification(len(journal.lines), len(files), tuple(problems))


def _expected(journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield the path and the SHA-256 of each file, as the events have them."""
    in_place: dict[str, str] = {}
    for _, event in journal.lines:
        match event:
            case Written():
                files = (file for letter in event.letters for file in letter.files)
                in_place |= {file.path: file.sha256 for file in files}
            case Replaced():  # somebody may have changed the file before it moved
                in_place.pop(event.path, None)
                yield event.kept, event.sha256
            case _:
                for evidence in _evidence_of(event):
                    yield evidence.path, evidence.sha256
    yield from in_place.items()


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
