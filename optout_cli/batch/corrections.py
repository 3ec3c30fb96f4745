"""Rejected rows -> a workbook; rows that came back corrected -> the rows that they replace.

In the workbook, the faulty cells are marked and say what is wrong. All else is as it was: the
columns by their own names, formats, drop-downs, and the other sheets.

A rejected row carries a key: its number in the table, and a hash of what it said there. So a row is
found again if others were added, moved or deleted, and a key of another table fits nothing.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from hashlib import sha256
from itertools import chain, product
from typing import Any, NamedTuple

import msgspec

from optout_cli.batch.input import InputFile, rows_of, with_orders
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.output import encode_workbook, write_cell
from optout_cli.readers.csv import Table
from optout_cli.readers.document import KEY, OWN_MARK, REASON, Row
from optout_cli.readers.workbook import kind_of_workbook, load_xlsx

_DIGITS = 10  # of a SHA-256: a table of a million rows has no two alike by chance
_KEY = re.compile(rf"row ([0-9]+), ([0-9a-f]{{{_DIGITS}}})")
_TABLES = ("csv", "sheet")
_Place = tuple[int, int]  # an input file and a row in it, counted from 0

_OWN = {REASON: 44, KEY: 20}  # the first columns, with their widths in characters
_WIDTH = 24  # of other columns, in characters
_LINE = 15  # pt: height of a line of text
_MARK = "FFC7CE"  # the color of a faulty cell, as of Excel's style "Bad"
_COMMENT = (320, 120)  # px
_TITLE = "Rejected"
_DAY = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$")  # a date of another workbook


def key_of(row: Row) -> str:
    """Return the key of a table's row; that of a rejected row is its key in the first table."""
    if _KEY.fullmatch(known := dict(row.cells).get(KEY, "")):
        return known
    return f"row {row.location.line}, {_digest_of(row)}"


def digest_in(key: str) -> str:
    """Return the hash in a key, which stays the same if rows are added or moved."""
    return key.rpartition(" ")[2]


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
                self.places[digest_in(key)].append(((index, number), key))
                self.jurisdictions.add(_jurisdiction_of(row))

    def find(self, key: str, taken: dict[_Place, Row]) -> _Place | None:
        """Return the row with this key, or with its hash if rows were added or moved."""
        free = [found for found in self.places[digest_in(key)] if found[0] not in taken]
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
            found |= _match_rows(file, table, keys.get(file.name, ()))
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


def _match_rows(file: InputFile, table: _Table, keys: Sequence[str]) -> dict[_Place, Row | None]:
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


class Rejected(NamedTuple):
    """A rejected row with its key and problems; `moved` is the row with file names from here."""

    row: Row
    moved: Row
    key: str
    problems: Sequence[Problem]


def reject_sheet(rejected: Sequence[Rejected], files: Mapping[str, InputFile]) -> bytes:
    """Write rows of workbooks, named in `files`, into one workbook: the first one's copy."""
    first = files[rejected[0].row.location.file]
    table = first.table()
    assert table  # it has rows
    return encode_workbook(_Writer(first, table).write(rejected))


class _Writer:
    """Copies the sheet of a workbook row by row."""

    def __init__(self, file: InputFile, table: Table) -> None:
        import openpyxl

        self.file, self.header = file, table.header
        self.names = [REASON, KEY]
        self.own = [*self.names]  # the names of the columns in the table itself
        self.source: Any = None  # a sheet of openpyxl
        self.columns: dict[int, int] = {}  # of the source -> of the copy, counted from 1
        pairs = zip(table.names, table.header.cells, strict=True)
        for number, (name, own) in enumerate(pairs, 1):
            if name not in _OWN:
                self.names.append(name)
                self.own.append(own.strip())
                self.columns[number] = len(self.names)
        if kind_of_workbook(file.content) == "xlsx":
            self.book = load_xlsx(file.content)
            self.source = self.book[file.sheet_title]
            self.sheet: Any = self.book.create_sheet(_TITLE, self.book.index(self.source))
        else:
            self.book = openpyxl.Workbook()
            self.sheet = self.book.active

    def write(self, rejected: Sequence[Rejected]) -> Any:
        """Write all rows, and return the workbook."""
        from openpyxl.utils import get_column_letter

        for line, reject in enumerate(rejected, 2):
            self._put(line, 1, "\n".join(map(reason_of, reject.problems)))
            self._put(line, 2, reject.key)
            if self.source and reject.row.location.file == self.file.name:
                self._copy_row(line, reject)
            else:
                cells = {name: it for name, it in reject.moved.cells if it and name not in _OWN}
                new = [name for name in cells if name not in self.names]
                self.names += new
                self.own += new
                for name, text in cells.items():
                    self._put(line, self.names.index(name) + 1, _DAY.sub(r"\1", text))
            self._mark(line, reject)
        self._write_header()
        if self.source:
            # The rules for what a cell may hold, such as drop-downs, are for all rows.
            for rule in self.source.data_validations.dataValidation:
                areas = rule.sqref.ranges
                numbers = (it for area in areas for it in range(area.min_col, area.max_col + 1))
                if columns := [*filter(None, map(self.columns.get, numbers))]:
                    own, last = copy(rule), len(rejected) + 1
                    letters = map(get_column_letter, columns)
                    own.sqref = type(rule.sqref)(" ".join(f"{it}2:{it}{last}" for it in letters))
                    self.sheet.add_data_validation(own)
            self.book.remove(self.source)
        self.sheet.title = self.file.sheet_title or _TITLE
        self.sheet.freeze_panes = "C2"
        self.book.active = self.book.index(self.sheet)
        return self.book

    def _put(self, line: int, column: int, text: str) -> None:
        cell = self.sheet.cell(line, column)
        cell.number_format = "@"
        write_cell(cell, text)

    def _copy_row(self, line: int, reject: Rejected) -> None:
        """Copy the cells of a row; a formula becomes its result, a file is named from here."""
        pairs = zip(reject.row.cells, reject.moved.cells, strict=True)
        for number, ((_, text), (name, moved)) in enumerate(pairs, 1):
            if name in _OWN:
                continue
            source = self.source.cell(reject.row.location.line, number)
            column = self.columns.get(number) or len(self.names) + number - len(self.header.cells)
            target = self.sheet.cell(line, column)
            target._style = copy(source._style)  # noqa: SLF001  # openpyxl's own way
            if text != moved or source.data_type == "f":
                write_cell(target, moved)
            else:
                target.value = source.value
            if source.comment:
                target.comment = copy(source.comment)

    def _mark(self, line: int, reject: Rejected) -> None:
        """Mark the cell that each problem is about, or else the first one."""
        from openpyxl.comments import Comment
        from openpyxl.styles import PatternFill

        said: dict[int, list[str]] = {}
        for problem in reject.problems:
            shown = problem.location.path if problem.location else ""
            named = [path for path in (shown, problem.path, *problem.fields) if path]
            lists = product(named, (self.own, self.names))
            columns = (known.index(path) + 1 for path, known in lists if path in known)
            about = problem.path or shown
            around = (  # an item of a list in one cell, or a group of several cells
                number
                for number, name in enumerate(self.names, 1)
                if name and about
                if about.startswith(f"{name}.") or name.startswith(f"{about}.")
            )
            faulty = next(chain(columns, around), 1)
            said.setdefault(faulty, []).append(reason_of(problem))
        for column, reasons in said.items():
            cell = self.sheet.cell(line, column)
            cell.fill = PatternFill("solid", fgColor=_MARK)
            comment = Comment("\n".join(reasons), "optout")
            comment.width, comment.height = _COMMENT
            cell.comment = comment

    def _write_header(self) -> None:
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter

        source_of = {column: number for number, column in self.columns.items()}
        for column, name in enumerate(self.own, 1):
            self._put(1, column, name)
            cell, letter = self.sheet.cell(1, column), get_column_letter(column)
            cell.font = Font(bold=True)
            width = _OWN.get(name, _WIDTH)
            if self.source and column in source_of:
                first = self.source.cell(self.header.number, source_of[column])
                cell._style = copy(first._style)  # noqa: SLF001
                number = source_of[column]
                widths = self.source.column_dimensions.values()  # one may be for several columns
                before = next((it for it in widths if it.min and it.min <= number <= it.max), None)
                if before:
                    width = before.width
                    self.sheet.column_dimensions[letter].number_format = before.number_format
                    self.sheet.column_dimensions[letter].hidden = before.hidden
            self.sheet.column_dimensions[letter].width = width
        for (cell,) in self.sheet.iter_rows(2, self.sheet.max_row, 1, 1):
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            lines = sum(1 + len(line) // _OWN[REASON] for line in str(cell.value).split("\n"))
            self.sheet.row_dimensions[cell.row].height = _LINE * lines


def reason_of(problem: Problem) -> str:
    """Return a Problem as the row itself shows it, without the file and line."""
    head = f"{problem.subject}: " if problem.subject else ""
    return f"{head}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")
