"""The manifest of a batch: one record for each file that it has written, as NDJSON and as CSV.

A record is true if its line is whole and the file has the size and hash that the record states.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath

import msgspec

from optout_cli import __version__
from optout_cli.errors import Location
from optout_cli.exporters import count_pages
from optout_cli.model.letter import EngineName, Export
from optout_cli.readers.csv import csv_from

NAME, TABLE = "manifest.ndjson", "manifest.csv"
TABLE_ENCODING = "utf-8-sig"  # a spreadsheet recognizes UTF-8 by the first bytes
# The columns for a mail merge come first in the table.
_MERGED = (
    "jurisdiction", "name", "recipient", "address", "email", "fax", "format", "path", "pages",
    "reference",
)  # fmt: skip
_DEPTH = 3  # parts of a path in the output folder: state, jurisdiction and name


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One finished file, with the words of the notice that a mail merge needs.

    `request` is the file and line of the row. `path` is relative to the output folder. `pages` is
    None for a format without pages. `notes` are their codes. `fingerprint` is the hash of
    everything that the file follows from. `engine` laid out its pages. `origins` are the tables
    that the row may come from, as paths from the output folder.
    """

    request: str
    jurisdiction: str
    name: str
    letter: str
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
        kind, stem = self.letter.partition("/")[2], PurePosixPath(self.path).stem
        variant = stem[len("2026-11-24-") + len(kind) :].removesuffix(f"-{self.recipient}")
        return self.jurisdiction, self.letter, variant.removeprefix("-")

    def moved_to(self, request: str, origins: Mapping[str, tuple[str, ...]]) -> "Record":
        """Return the record of a file whose row has moved to another file or line."""
        moved = msgspec.structs.replace(self, request=request)
        return msgspec.structs.replace(moved, origins=origins.get(moved.source, self.origins))

    def is_true(self, folder: Path) -> bool:
        """Tell whether the file in `folder` has the size and hash that this record states."""
        path = folder / self.path
        with suppress(OSError):
            return path.stat().st_size == self.bytes and digest_of(path) == self.sha256
        return False


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def load_records(folder: Path) -> dict[str, Record]:
    """Return the records of the manifest in `folder` by path, without torn or foreign lines."""
    try:
        content = (folder / NAME).read_bytes()
    except OSError:
        return {}
    decoder = msgspec.json.Decoder(Record)
    records: dict[str, Record] = {}
    for line in content.split(b"\n")[:-1]:  # the rest, after the last line end, is torn
        with suppress(msgspec.DecodeError):
            record = decoder.decode(line)
            path = PurePosixPath(*PurePosixPath(record.path).parts[-_DEPTH:])
            if ".." not in path.parts and len(path.parts) == _DEPTH:
                records[str(path)] = msgspec.structs.replace(record, path=str(path))
    return records


def is_own_table(folder: Path) -> bool:
    """Tell whether manifest.csv still agrees with manifest.ndjson. Raises OSError."""
    decoder = msgspec.json.Decoder(Record)
    lines = (folder / NAME).read_bytes().splitlines() if (folder / NAME).exists() else []
    with suppress(msgspec.DecodeError):
        text = table_of(map(decoder.decode, lines), Path())
        return (folder / TABLE).read_bytes() == text.encode(TABLE_ENCODING)
    return False


def line_of(record: Record, folder: Path) -> bytes:
    """Return the record as a line of NDJSON, its path below `folder` as the user named that."""
    shown = msgspec.structs.replace(record, path=str(folder / record.path))
    return msgspec.json.encode(shown) + b"\n"


def table_of(records: Iterable[Record], folder: Path) -> str:
    """Return the records as CSV; all lines of an address are in one cell."""
    names = Record.__struct_encode_fields__
    columns = [*_MERGED, *(name for name in names if name not in _MERGED)]
    rows = []
    for record in records:
        values = dict(zip(names, msgspec.structs.astuple(record), strict=True))
        values["path"] = str(folder / record.path)
        cells = (values[name] for name in columns)
        rows.append(
            [
                "\n".join(cell) if isinstance(cell, tuple) else "" if cell is None else str(cell)
                for cell in cells
            ]
        )
    return csv_from(columns, rows)


class OutputFile(msgspec.Struct, frozen=True):
    """A finished file: its record in the manifest, and its bytes."""

    record: Record
    content: bytes


def files_from_exports(
    exports: Iterable[Export], location: Location, fingerprint: str
) -> tuple[OutputFile, ...]:
    """Return each export with its record."""
    return tuple(
        OutputFile(_record_of(export, location, fingerprint), export.content) for export in exports
    )


def row_place(location: Location) -> str:
    """Return a request's file and line, as the manifest shows them."""
    return f"{location.file}:{location.line}"


def _record_of(export: Export, location: Location, fingerprint: str) -> Record:
    notice = export.notice
    contact, place = notice.recipient.contact, notice.place
    notes = (*notice.notes, *export.notes)
    is_own = notice.author == place.full_name
    return Record(
        request=row_place(location),
        jurisdiction=place.id,
        name=f"{place.name}, {place.state_code}" if is_own else notice.author,
        letter=notice.letter,
        recipient=notice.recipient.party,
        address=contact.block,
        email=contact.email,
        fax=contact.fax,
        format=export.format,
        path=f"{place.state_code}/{place.slug}/{export.name}",
        bytes=len(export.content),
        sha256=sha256(export.content).hexdigest(),
        pages=count_pages(export.format, export.content),
        notes=tuple(dict.fromkeys(note.code for note in notes)),
        reference=notice.reference,
        fingerprint=fingerprint,
        version=__version__,
        engine=export.engine,
    )
