"""The file `register.ndjson`: lock it, append events, read them, verify the chain.

It never rewrites a line, and one process writes at a time.

Each line has the SHA-256 of the line before it, so that a change of any line is evident. A file
beside the register has the number of its lines and the SHA-256 of the last one, so that it is
evident if lines are missing at the end. After a kill it may be behind the register, never ahead.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import write_all, write_errors
from optout_cli.register.events import SCHEMA, AnyEvent

NAME = "register.ndjson"
TABLE = "register.csv"  # made from the register, for people
OWN = ".optout"  # the folder within the folder of letters for optout's own files
TORN = "torn-line"
CUT = "cut-register"
_END = f"{OWN}/end"
_ENDING = re.compile(rb"([1-9][0-9]{0,9}) ([0-9a-f]{64})\n")  # what it has: `12 4a1f...`
_DIGESTS = b"SHA-256"  # the column of the table that the register makes
_DECODER = msgspec.json.Decoder(AnyEvent)


class _Head(msgspec.Struct):
    """What the events of every version have."""

    schema: int


_HEAD = msgspec.json.Decoder(_Head)


class Line(NamedTuple):
    """A line of the register: its SHA-256, and its event."""

    sha256: str
    event: AnyEvent


class Journal(NamedTuple):
    """The events of a folder, oldest first; `problems` say what is wrong with other lines.

    `end` is the SHA-256 of the last line, even of a torn one; `total` is the number of lines.
    """

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()
    end: str = ""
    is_torn: bool = False  # the last line has no line end
    total: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether events are missing that were recorded."""
        return any(problem.code == CUT for problem in self.problems)

    @property
    def news(self) -> tuple[Problem, ...]:
        """The problems to tell of: a torn line is told once, before the next line is written."""
        last = self.problems[-1] if self.is_torn and self.problems else None
        return tuple(it for it in self.problems if it.code != TORN or it is last)


def load_journal(folder: Path) -> Journal:
    """Read the register in `folder`; a folder without one has no events.

    A line that cannot be read, or that does not follow from the line before it, is passed over or
    kept, and is a Problem. Raises OptoutError if the file cannot be read, or is of a later version,
    or if it is missing although the folder had a register.
    """
    path = folder / NAME
    ending = ending_of(folder)  # before the lines, as another command may be writing
    with write_errors(path):
        content = path.read_bytes() if path.is_file() else b""
        if not content:
            _refuse_missing(folder, ending)
    *whole, rest = content.split(b"\n")
    lines: list[Line] = []
    problems: list[Problem] = []
    ends = [""]
    for number, text in enumerate([*whole, rest] if rest else whole, 1):
        digest = sha256(text).hexdigest()
        location = Location(str(path), number)
        is_torn = number > len(whole)
        try:
            event = _DECODER.decode(text)
        except msgspec.DecodeError:
            _refuse_newer(text, location)
            message = "the last line is torn" if is_torn else "this line is no event"
            hint = "nothing to do: it is passed over, and the other lines are read"
            problems.append(Problem(TORN, message, location, hint))
        else:
            if event.previous != ends[-1]:
                message = "this line does not follow from the line before it: one was changed"
                hint = "compare the file with a copy, such as one in a backup or an e-mail"
                problems.append(Problem("broken-chain", message, location, hint))
            lines.append(Line(digest, event))
        ends.append(digest)
    problems[:0] = _cut_problems(folder, ending, ends)
    return Journal(tuple(lines), tuple(problems), ends[-1], bool(rest), len(ends) - 1)


def ending_of(folder: Path) -> tuple[int, str] | None:
    """Return the number of lines that the register had, and the SHA-256 of the last one."""
    path = folder / _END
    with suppress(OSError):
        if path.is_file() and (found := _ENDING.fullmatch(path.read_bytes())):
            return int(found[1]), found[2].decode()
    return None


def _cut_problems(
    folder: Path, ending: tuple[int, str] | None, ends: Sequence[str]
) -> Iterator[Problem]:
    """Yield a Problem if a line is not there that once was the last. `ends` are the hashes."""
    count, digest = ending or (0, "")
    if count >= len(ends) or ends[count] != digest:
        message = f"once had {count:,} lines, and the last of them is missing or changed"
        hint = (
            "put the whole register back from a copy; to go on without the missing lines, delete"
            f" {folder / _END}"
        )
        yield Problem(CUT, message, Location(str(folder / NAME)), hint)


def _refuse_missing(folder: Path, ending: tuple[int, str] | None) -> None:
    """Raise OptoutError if there is no register, but files that follow from one."""
    table = folder / TABLE
    header, _, rows = (table.read_bytes() if table.is_file() else b"").partition(b"\n")
    found = (table, "lists letters") if _DIGESTS in header and rows.strip() else None
    if ending:
        found = found or (folder / _END, "says that events were recorded")
    if found:
        message = f"the register is missing, but {found[0].name} {found[1]}"
        hint = "put the register back from a copy, or write to another folder"
        location = Location(str(folder / NAME))
        raise OptoutError(Problem("missing-register", message, location, hint))


def _refuse_newer(text: bytes, location: Location) -> None:
    """Raise OptoutError if a later version of optout wrote this line."""
    with suppress(msgspec.DecodeError):
        if (schema := _HEAD.decode(text).schema) > SCHEMA:
            message = f"this event is of schema {schema}; this optout knows {SCHEMA} at most"
            hint = "update optout: a newer version wrote this register"
            raise OptoutError(Problem("newer-register", message, location, hint))


class JournalWriter:
    """Appends events to the register in a folder. The caller holds the folder's lock."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._path, self._ending = folder / NAME, folder / _END
        self._end, self._is_torn, self._count = journal.end, journal.is_torn, journal.total
        self._is_cut = journal.is_cut
        self._handle: int | None = None
        self._before: tuple[int, str, bool, int] | None = None  # size, and the fields above

    def append(self, events: Sequence[AnyEvent], *, durable: bool = False) -> tuple[Line, ...]:
        """Append events with one write: all of them or, after a crash, a torn line at most.

        Returns their lines. With `durable`, they survive a power cut. Raises OptoutError.
        """
        if not events:
            return ()
        lines: list[Line] = []
        content = [b"\n"] if self._is_torn else []
        end = self._end
        for event in events:
            chained = msgspec.structs.replace(event, previous=end)
            text = msgspec.json.encode(chained)
            end = sha256(text).hexdigest()
            lines.append(Line(end, chained))
            content += (text, b"\n")
        with write_errors(self._path):
            if self._handle is None:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._handle = os.open(self._path, flags, 0o666)
            before = os.fstat(self._handle).st_size
            try:
                _write(self._handle, b"".join(content))
            except OSError:  # such as a full disk: leave no half event
                os.ftruncate(self._handle, before)
                raise
            if durable:
                os.fsync(self._handle)
        self._before = before, self._end, self._is_torn, self._count
        self._end, self._is_torn, self._count = end, False, self._count + len(lines)
        return tuple(lines)

    def take_back(self) -> None:
        """Remove what was appended last: it did not happen. Raises OptoutError."""
        if self._handle is not None and self._before:
            size, self._end, self._is_torn, self._count = self._before
            self._before = None
            with write_errors(self._path):
                os.ftruncate(self._handle, size)

    def make_durable(self) -> None:
        """Make the events safe from a power cut, as far as the disk can."""
        if self._handle is not None:
            with suppress(OSError):
                os.fsync(self._handle)

    def close(self) -> None:
        """Close the file, after it is safe from a power cut, and write down its last line."""
        self.make_durable()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            # Where lines are missing, that would be forgotten.
            if self._count and not self._is_cut and self._ending.parent.is_dir():
                ending = {self._ending: f"{self._count} {self._end}\n".encode()}
                with suppress(OptoutError):  # the next command writes this safeguard again
                    write_all(ending, force=True, staging=self._ending.parent)


def _write(handle: int, content: bytes) -> None:
    written = os.write(handle, content)
    while written < len(content):
        written += os.write(handle, content[written:])


_PAUSE = 0.05  # seconds between two attempts


def _lock(file: IO[str]) -> None:
    """Lock a file, or raise OSError. The lock ends with this process in every case."""
    # Any: a system has one of the two modules, and no checker knows both.
    try:
        fcntl: Any = import_module("fcntl")
    except ImportError:
        msvcrt: Any = import_module("msvcrt")  # Windows
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # workers do not inherit it


def lock(path: Path, folder: Path, wait: float) -> IO[str]:
    """Open and lock the file at `path`; try for `wait` seconds. Closing it ends the lock.

    Raises OptoutError if another command is using the folder.
    """
    with write_errors(folder):
        file = path.open("a+")
    last = time.monotonic() + wait
    while True:
        try:
            _lock(file)
        except OSError:
            if time.monotonic() >= last:
                file.close()
                message = "another command is writing to this folder"
                hint = "wait until it ends, or name another folder with -o"
                raise OptoutError(Problem("in-use", message, Location(str(folder)), hint)) from None
            time.sleep(_PAUSE)
        else:
            return file
