"""Rows that came back corrected -> the rows of their table that they replace.

A rejected row carries a key: its number in the table, and a hash of what it said there. So a row is
found again if others were added, moved or deleted, and a key of another table fits nothing.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from optout_cli.batch.input import InputFile, rows_of, with_orders
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.readers.document import KEY, OWN_MARK, Row

_DIGITS = 10  # of a SHA-256: a table of a million rows has no two alike by chance
_KEY = re.compile(rf"row ([0-9]+), ([0-9a-f]{{{_DIGITS}}})")
_TABLES = ("csv", "sheet")
_Place = tuple[int, int]  # an input file and a row in it, counted from 0


def key_of(row: Row) -> str:
    """Return the key of a table's row; that of a rejected row is its key in the first table."""
    if _KEY.fullmatch(known := dict(row.cells).get(KEY, "")):
        return known
    return f"row {row.location.line}, {_digest_of(row)}"


def _digest_of(row: Row) -> str:
    """Hash what a row says; the order of the columns and the user's own ones do not matter."""
    cells = sorted(
        (name, text) for name, text in dict(row.cells).items() if text and name[:1] != OWN_MARK
    )
    return sha256(json.dumps(cells).encode()).hexdigest()[:_DIGITS]


def _jurisdiction_of(row: Row) -> str:
    return dict(row.cells).get("jurisdiction", "")


class _Table:
    """The rows of the input files by the hashes in their keys, and the jurisdictions they name."""

    def __init__(self, input_files: Sequence[InputFile]) -> None:
        self.places: defaultdict[str, list[tuple[_Place, str]]] = defaultdict(list)
        self.jurisdictions: set[str] = set()
        for index, file in enumerate(input_files):
            for number, row in enumerate(file.rows() if file.form in _TABLES else ()):
                key = key_of(row)
                self.places[key.rpartition(" ")[2]].append(((index, number), key))
                self.jurisdictions.add(_jurisdiction_of(row))

    def find(self, key: str, taken: dict[_Place, Row]) -> _Place | None:
        """Return the row with this key, or with its hash if rows were added or moved."""
        free = [found for found in self.places[key.rpartition(" ")[2]] if found[0] not in taken]
        return min(free, key=lambda found: found[1] != key)[0] if free else None


def with_corrections(
    input_files: Sequence[InputFile],
    corrections: Sequence[InputFile],
    keys: Mapping[str, Sequence[str]],
) -> tuple[InputFile, ...]:
    """Put each corrected row in the place of the row that was rejected.

    `keys` are those of the rejected rows, by the name of their file; a row that was deleted there
    is left out of its table. A row in several of the files counts as in the last one. Raises
    OptoutError with the problems of all files: rows of another table, without a key, corrected
    twice, or changed in the table too.
    """
    if not corrections:
        return tuple(input_files)
    table = _Table(input_files)
    problems: list[Problem] = []
    found: dict[_Place, Row | None] = {}
    for file in corrections:
        try:
            found |= _matched(file, table, keys.get(file.name, ()))
        except OptoutError as error:
            problems += error.problems
    raise_any(problems)
    orders = [file.date_orders for file in input_files]
    return tuple(
        msgspec.structs.replace(
            file,
            corrected={
                number: row and with_orders(row, orders[index])
                for (own, number), row in found.items()
                if own == index
            },
            corrections=tuple(corrections),
        )
        for index, file in enumerate(input_files)
    )


def _matched(file: InputFile, table: _Table, keys: Sequence[str]) -> dict[_Place, Row | None]:
    """Return the rows of a file by the rows that they replace, None for a row that was deleted.

    `keys` are those of the rows that the file had. Raises OptoutError.
    """
    rows = [row for _, row in rows_of([file])] if file.form in _TABLES else []
    if not any(KEY in dict(row.cells) for row in rows):
        message = f"has no column {KEY!r} with the rows of the table"
        hint = "name a table of rejected rows that optout wrote; any other file is an INPUT"
        raise OptoutError(Problem("no-row-key", message, Location(file.name), hint))
    places: dict[_Place, Row] = {}
    problems = [*_match(rows, table, places)]
    is_changed = any(_jurisdiction_of(row) in table.jurisdictions for row in rows)
    is_unknown = not places and all(problem.code == "changed-row" for problem in problems)
    if problems and is_unknown and not is_changed:
        message = "has no row of this table"
        hint = "name the table that these rows were rejected from, as it was then"
        raise OptoutError(Problem("other-table", message, Location(file.name), hint))
    raise_any(problems)
    found: dict[_Place, Row | None] = {**places}
    kept = {dict(row.cells)[KEY] for row in rows}
    for key in keys:
        if key not in kept and (place := table.find(key, places)):
            found[place] = None
    return found


def _match(rows: Sequence[Row], table: _Table, places: dict[_Place, Row]) -> Iterator[Problem]:
    """Find the place of each row, and yield a Problem for each that has none."""
    seen: dict[str, Row] = {}
    for row in rows:
        key = dict(row.cells).get(KEY, "")
        if not _KEY.fullmatch(key):
            hint = "write a new row into the table itself; copy the key of a rejected one"
            yield Problem("no-row-key", f"has no key in the column {KEY!r}", row.location, hint)
        elif first := seen.get(key):
            message = f"corrects the same row of the table as line {first.location.line}"
            yield Problem("corrected-twice", message, row.location, "delete one of the two")
        elif place := table.find(key, places):
            places[place] = row
        elif not table.places.get(_digest_of(row)):  # else the table has the correction already
            message = "corrects a row that is not in the table any more, or was changed there"
            hint = "keep one of the two: delete this row, or undo the change in the table"
            yield Problem("changed-row", message, row.location, hint)
        seen[key] = row
