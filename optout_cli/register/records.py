"""What the register of a folder says: each letter's state, and a record of each file in place."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date as Date
from functools import cache
from hashlib import file_digest
from pathlib import Path, PurePosixPath

import msgspec

from optout_cli.exporters import exporter_for, format_names
from optout_cli.model.letter import EngineName
from optout_cli.model.printed import SCHEMA
from optout_cli.register.events import Replaced, Written
from optout_cli.register.journal import Journal, Line, load_journal
from optout_cli.register.state import States


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a letter, with the words of the notice that a mail merge needs.

    `request` is the file and line of the row. `path` is relative to the folder. `pages` is None for
    a format without pages. `notes` are their codes. `fingerprint` is the hash of everything that
    the file follows from. `engine` laid out its pages. `origins` are the tables that the row may
    come from, as paths from the folder.
    """

    request: str
    jurisdiction: str
    name: str
    letter: str
    variant: str
    date: Date
    recipient: str
    address: tuple[str, ...]
    email: str | None
    fax: str | None
    format: str
    path: str
    bytes: int
    sha256: str
    pages: int | None
    notes: tuple[str, ...] = msgspec.field(name="cautions")
    reference: str
    fingerprint: str
    version: str
    engine: EngineName | None = None
    origins: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The file of the request, without the line."""
        return self.request.rpartition(":")[0]

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the request: jurisdiction, letter, and variant."""
        return self.jurisdiction, self.letter, self.variant

    @property
    def identity(self) -> tuple[object, ...]:
        """What identifies the letter, however its request was changed."""
        return (*self.key, self.date, self.recipient)

    def is_true(self, folder: Path) -> bool:
        """Tell whether the file in `folder` has the size and hash that this record states."""
        path = folder / self.path
        with suppress(OSError):
            return path.stat().st_size == self.bytes and digest_of(path) == self.sha256
        return False


class Register:
    """What the register of `folder` says, kept up to date with each line that is added.

    `records` are those of the files in place, by path. `hashes` are those of every file that was
    ever written to a path.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.states = States()
        self.records: dict[str, Record] = {}
        self.hashes: dict[str, set[str]] = {}
        for line in journal.lines:
            self.add(line)

    def add(self, line: Line) -> None:
        """Add the next line of the register."""
        self.states.add(line)
        match line.event:
            case Written() as event:
                for record in records_in(event):
                    self.records[record.path] = record
                    self.hashes.setdefault(record.path, set()).add(record.sha256)
            case Replaced() as event:
                self.records.pop(event.path, None)

    def is_sent(self, path: str) -> bool:
        """Tell whether the letter whose file was last written to a path was sent."""
        state = self.states.at_path(path)
        return state is not None and bool(state.sent)

    def existing(self) -> dict[str, Record]:
        """Return the records of the files that are there, changed or not."""
        return {path: it for path, it in self.records.items() if (self.folder / path).exists()}


def load_register(folder: Path) -> Register:
    """Read the register of a folder. Raises OptoutError."""
    return Register(folder, load_journal(folder))


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@cache  # it reads a folder, and is asked for each file
def _has_pages(name: str) -> bool:
    """Tell whether an engine lays out a format; a newer version may have written another one."""
    return name in format_names() and exporter_for(name).IS_SLOW


def records_in(event: Written) -> Iterator[Record]:
    """Yield a record of each file that was written, but of none outside the folder."""
    for letter in event.letters:
        for file in letter.files:
            place = PurePosixPath(file.path)
            if place.is_absolute() or ".." in place.parts:  # the register may be forged
                continue
            yield Record(
                request=event.request,
                jurisdiction=event.jurisdiction,
                name=event.name,
                letter=event.letter,
                variant=event.variant,
                date=event.date,
                recipient=letter.recipient,
                address=letter.address,
                email=letter.email,
                fax=letter.fax,
                format=file.format,
                path=file.path,
                bytes=file.bytes,
                sha256=file.sha256,
                pages=file.pages,
                notes=letter.notes,
                reference=event.reference,
                fingerprint=event.fingerprint,
                version=event.version,
                engine=event.engine if _has_pages(file.format) else None,
                origins=event.origins,
            )


def line_of(record: Record, folder: Path) -> bytes:
    """Return the record as a line of NDJSON, its path below `folder` as the user named that."""
    shown = msgspec.structs.replace(record, path=str(folder / record.path))
    return msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(shown)}) + b"\n"
