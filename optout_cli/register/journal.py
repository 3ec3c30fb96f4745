"""What a folder keeps for good: the file `register.ndjson`, and the folder `evidence` beside it.

Locks the register, appends events, reads them, and verifies the chain. It never rewrites a line,
and one process writes at a time. Evidence are scans and answers that somebody hands in, and files
that requests name. They keep their own names; none is ever replaced, and the same file is kept
once.

Each line has the SHA-256 of the line before it, so that a change of any line is evident. A file
beside the register has the number of its lines and the SHA-256 of the last one, so that it is
evident if lines are missing at the end. After a kill it may be behind the register, never ahead.
"""

import os
import re
import time
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from itertools import chain, count
from os.path import lexists
from pathlib import Path, PurePath
from typing import IO, Any, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, as_text, raise_any
from optout_cli.output import digest_of, write_all, write_errors
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.files import is_file, read_bytes
from optout_cli.register.events import EVIDENCE, SCHEMA, AnyEvent, Evidence, FileCopy

NAME = "register.ndjson"
TABLE = "register.csv"  # made from the register, for people
OWN = ".optout"  # the folder within the folder of letters for optout's own files
TORN = "torn-line"
_CUT = "cut-register"
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_MAX_BYTES = 128 * 2**20  # of one file: a long scan in color
_DIGITS = 12  # of a SHA-256, in the name of a file whose own name is taken
_LONGEST = 150  # bytes of a name that are kept
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # what Windows does not allow in a name
_END = f"{OWN}/end"
_ENDING = re.compile(rb"([1-9][0-9]{0,9}) ([0-9a-f]{64})\r?\n")  # what it has: `12 4a1f...`
_PUT_BACK = "put the whole register back from a copy"
_DIGESTS = b"SHA-256"  # the column of the table that the register makes
_DECODER = msgspec.json.Decoder(AnyEvent)


class _Head(msgspec.Struct):
    """What the events of every version have."""

    schema: int


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
        return any(problem.code == _CUT for problem in self.problems)

    @property
    def news(self) -> tuple[Problem, ...]:
        """The problems to report: a torn line is reported once, before the next line is written."""
        last = self.problems[-1] if self.is_torn and self.problems else None
        return tuple(it for it in self.problems if it.code != TORN or it is last)


def load_journal(folder: Path) -> Journal:
    """Read the register in `folder`; a folder without one has no events.

    A line that cannot be read, or that does not follow from the line before it, is passed over or
    kept, and is a Problem. A byte order mark and line ends of Windows, as editors and transfers add
    them, change no event. Raises OptoutError if the file cannot be read, or is of a later version,
    or if it is missing although the folder had a register.
    """
    path = folder / NAME
    ending = ending_of(folder)  # before the lines, as another command may be writing
    with write_errors(path):
        content = path.read_bytes() if path.is_file() else b""
        if not content:
            _refuse_missing(folder, ending)
    *whole, rest = content.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n").split(b"\n")
    lines: list[Line] = []
    problems: list[Problem] = []
    ends = [""]
    for number, text in enumerate([*whole, rest] if rest else whole, 1):
        digest = sha256(text).hexdigest()
        location = Location(str(path), number)
        try:
            event = _DECODER.decode(text)
        except msgspec.DecodeError:
            _refuse_newer(text, location)
            message = (
                "the last line is torn" if number > len(whole) else "this line is not an event"
            )
            hint = "nothing to do: it is passed over, and the other lines are read"
            problems.append(Problem(TORN, message, location, hint))
        else:
            if event.previous != ends[-1]:
                code = "broken-chain"
                message = "this line does not follow from the line before it: one was changed"
                hint = "compare the file with a copy, such as one in a backup or an e-mail"
                before = Location(str(path), number - 1)
                if problems and (problems[-1].code, problems[-1].location) == (TORN, before):
                    problems.pop()  # what was written behind a torn line follows from it
                    code, location = _CUT, before
                    message = "this line was damaged, and its event is lost"
                    hint = f"{_PUT_BACK}; to go on without the event, delete this line"
                problems.append(Problem(code, message, location, hint))
            lines.append(Line(digest, event))
        ends.append(digest)
    cut = [*_cut_problems(folder, ending, ends)]
    once_whole = Location(str(path), ending[0]) if cut and ending else None
    problems = [it for it in problems if (it.code, it.location) != (TORN, once_whole)]
    return Journal(tuple(lines), (*cut, *problems), ends[-1], bool(rest), len(ends) - 1)


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
        message = f"its line {count:,} was the last one once, and is missing or changed now"
        hint = f"{_PUT_BACK}; to go on without the missing lines, delete {folder / _END}"
        yield Problem(_CUT, message, Location(str(folder / NAME)), hint)


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
        if (schema := msgspec.json.decode(text, type=_Head).schema) > SCHEMA:
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
                if durable:
                    os.fsync(self._handle)
            except OSError:  # such as a full disk: leave no half event
                os.ftruncate(self._handle, before)
                raise
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


class EvidenceFolder:
    """The evidence of one register. `take` reads a file, and `keep` writes all that were taken.

    `known` are the places of copies that the register names, by their SHA-256.
    """

    def __init__(self, folder: Path, known: Mapping[str, str] = {}) -> None:
        self._folder = folder
        self._taken: dict[str, bytes] = {}
        self._known, self._there = known, dict[str, str]()  # the latter are compared

    def take(self, path: str, *, is_own: bool) -> Evidence:
        """Read a file, and choose its place. Raises OptoutError.

        If it is the user's own scan, its pages must be readable; an answer is kept as it came.
        """
        content = read_bytes(path, _MAX_BYTES, on_command_line=True)
        if not content:
            location = Location(path, is_command_line=True)
            raise OptoutError(Problem("empty-file", "the file is empty", location, "scan it again"))
        if is_own and path.lower().endswith((".pdf", *PICTURES)):
            pages_in(Path(path))
        digest = sha256(content).hexdigest()
        place = self._choose_place(Path(path).name, content)
        return Evidence(path=place, name=as_text(Path(path).name), sha256=digest)

    def copy_of(self, copy: FileCopy, source: str) -> FileCopy:
        """Return a copy of the file at `source` with its place; read the file if no place has it.

        Raises OptoutError if the file is not as it was when its letter was made.
        """
        place = self._there.get(copy.sha256, "")
        if place not in self._taken and not is_file(self._folder / place):
            place = self._known.get(copy.sha256, "")
            path = self._folder / place
            with write_errors(path):
                is_kept = is_file(path) and digest_of(path) == copy.sha256
            if not is_kept:
                content = read_bytes(source, _MAX_BYTES)
                if sha256(content).hexdigest() != copy.sha256:
                    message = f"{copy.name!r} was changed while its letters were written"
                    location, hint = Location(source), "run the command again"
                    raise OptoutError(Problem("changed-file", message, location, hint))
                place = self._choose_place(PurePath(copy.name).name, content, Path(source))
            self._there[copy.sha256] = place
        return msgspec.structs.replace(copy, path=place)

    def _choose_place(self, name: str, content: bytes, source: Path | None = None) -> str:
        """Choose a place where nothing else is, and remember what to write there.

        The file at `source` is not its own copy: somebody may change it.
        Names count that differ in capitals only, since on some disks they are the same. A name is
        cut by its bytes, since a disk counts these, and bytes that are no text are left out.
        """
        digest = sha256(content).hexdigest()
        named = Path(_UNSAFE.sub("-", name).lstrip(".") or "file")
        stem, suffix = (
            os.fsencode(part)[:_LONGEST].decode("utf-8", "ignore")
            for part in (named.stem, named.suffix)
        )
        endings = chain(["", f".{digest[:_DIGITS]}"], (f".{digest}-{it}" for it in count(1)))
        for place in (f"{EVIDENCE}/{stem}{ending}{suffix}" for ending in endings):
            taken: list[bytes | None] = [
                it for known, it in self._taken.items() if known.lower() == place.lower()
            ]
            path = self._folder / place
            with write_errors(path):
                if not taken and lexists(path):
                    is_own = is_file(path) and not path.is_symlink()
                    is_own = is_own and not (source and path.samefile(source))
                    taken = [path.read_bytes() if is_own else None]
            if taken in ([], [content]):
                self._taken[place] = content
                return place
        raise AssertionError  # the numbers never end

    def keep(self, places: Iterable[str]) -> list[Path]:
        """Write the taken files of `places`, and return those that are new. Raises OptoutError."""
        contents = self.contents(places)
        new = [path for path in contents if not path.exists()]  # one scan may be of several letters
        write_all(contents)
        return new

    def contents(self, places: Iterable[str]) -> dict[Path, bytes]:
        """Return and drop what was taken for `places`. Raises OptoutError if behind a link."""
        used = {place for place in places if place in self._taken}  # others are there already
        if used:
            raise_any(evidence_problems(self._folder))
        return {self._folder / place: self._taken.pop(place) for place in used}


def evidence_problems(folder: Path) -> Iterator[Problem]:
    """Yield a Problem if nothing can be kept in the evidence of a folder, since that is a link."""
    if (place := folder / EVIDENCE).is_symlink():
        message = "is a symbolic link, and evidence is never kept behind a link"
        hint = "replace the link with a folder, and run the command again"
        yield Problem("not-ours", message, Location(str(place)), hint)


def pages_in(path: Path) -> bytes:
    """Return a PDF, or a picture as PDF. Raises OptoutError if it cannot be read."""
    from optout_cli.engines.pictures import picture_as_pdf  # imports pikepdf

    if path.suffix.lower() in PICTURES:
        return picture_as_pdf(path)
    return load_attachment(path).content
