"""What a batch has written, a line for each file: read, believed or not, and written as text.

A line is believed where it is whole and the file has the size and hash that it states.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath

import msgspec

from optout_cli import __version__
from optout_cli.errors import Location
from optout_cli.exporters import count_pages
from optout_cli.model.letter import Export
from optout_cli.readers.csv import csv_from

NAME, TABLE = "manifest.ndjson", "manifest.csv"
TABLE_ENCODING = "utf-8-sig"  # a spreadsheet tells by its first bytes that a table is UTF-8
# What mail is merged from comes first in the table.
_MERGED = (
    "jurisdiction", "name", "recipient", "address", "email", "fax", "format", "path", "pages",
    "reference",
)  # fmt: skip
_DEPTH = 3  # state, jurisdiction and name: the parts of a path within the batch's folder


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is finished. Texts of the notice are here for whoever merges mail.

    `request` is the place of the row, `path` is relative to the batch's folder, `pages` is None
    where a format has none, `cautions` are their codes, and `fingerprint` is of all that the
    file follows from. `origins` are the tables that the row may come from, as seen from the folder.
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
    origins: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The file of the request, without the line."""
        return self.request.rpartition(":")[0]

    @property
    def key(self) -> tuple[str, str, str]:
        """What a request is known again by: the jurisdiction, the letter, and its variant."""
        kind, stem = self.letter.partition("/")[2], PurePosixPath(self.path).stem
        variant = stem[len("2026-11-24-") + len(kind) :].removesuffix(f"-{self.recipient}")
        return self.jurisdiction, self.letter, variant.removeprefix("-")

    def moved_to(self, request: str, origins: Mapping[str, tuple[str, ...]]) -> "Record":
        """Return the record of a file whose row is at another place now."""
        moved = msgspec.structs.replace(self, request=request)
        return msgspec.structs.replace(moved, origins=origins.get(moved.source, self.origins))

    def is_true(self, folder: Path) -> bool:
        """Tell whether the file below `folder` has the size and the content that are stated."""
        path = folder / self.path
        with suppress(OSError):
            return path.stat().st_size == self.bytes and digest_of(path) == self.sha256
        return False


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal. Raises OSError."""
    return sha256(path.read_bytes()).hexdigest()


def load_records(folder: Path) -> dict[str, Record]:
    """Return by path what the manifest in `folder` states; a torn or foreign line is no line."""
    try:
        content = (folder / NAME).read_bytes()
    except OSError:
        return {}
    decoder = msgspec.json.Decoder(Record)
    records: dict[str, Record] = {}
    for line in content.split(b"\n")[:-1]:  # what is behind the last line end was torn off
        with suppress(msgspec.DecodeError):
            record = decoder.decode(line)
            path = PurePosixPath(*PurePosixPath(record.path).parts[-_DEPTH:])
            if ".." not in path.parts and len(path.parts) == _DEPTH:
                records[str(path)] = msgspec.structs.replace(record, path=str(path))
    return records


def is_own_table(folder: Path) -> bool:
    """Say whether manifest.csv is as it was written with manifest.ndjson. Raises OSError."""
    decoder = msgspec.json.Decoder(Record)
    lines = (folder / NAME).read_bytes().splitlines() if (folder / NAME).exists() else []
    with suppress(msgspec.DecodeError):
        text = table_of(map(decoder.decode, lines), Path())
        return (folder / TABLE).read_bytes() == text.encode(TABLE_ENCODING)
    return False


def line_of(record: Record, folder: Path) -> bytes:
    """Return the record as a line of NDJSON, its path as seen from where `folder` is named."""
    shown = msgspec.structs.replace(record, path=str(folder / record.path))
    return msgspec.json.encode(shown) + b"\n"


def table_of(records: Iterable[Record], folder: Path) -> str:
    """Return the records as CSV; the lines of an address stand in one cell."""
    columns = [*_MERGED, *(it for it in Record.__struct_encode_fields__ if it not in _MERGED)]
    return csv_from(columns, (_cells(it, columns, folder) for it in records))


def _cells(record: Record, columns: Sequence[str], folder: Path) -> list[str]:
    values = dict(
        zip(Record.__struct_encode_fields__, msgspec.structs.astuple(record), strict=True)
    ) | {"path": str(folder / record.path)}
    return [_cell(values[it]) for it in columns]


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(value)
    return "" if value is None else str(value)


class OutputFile(msgspec.Struct, frozen=True):
    """A finished file: what the manifest will say of it, and its bytes."""

    record: Record
    content: bytes


def files_from_exports(
    exports: Iterable[Export], location: Location, fingerprint: str
) -> tuple[OutputFile, ...]:
    """Put beside each export what the manifest will say of it."""
    return tuple(OutputFile(_record(it, location, fingerprint), it.content) for it in exports)


def row_place(location: Location) -> str:
    """Return a request's place as the manifest has it."""
    return f"{location.file}:{location.line}"


def _record(export: Export, location: Location, fingerprint: str) -> Record:
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
        notes=tuple(dict.fromkeys(it.code for it in notes)),
        reference=notice.reference,
        fingerprint=fingerprint,
        version=__version__,
    )
