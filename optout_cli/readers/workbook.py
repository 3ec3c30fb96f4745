"""A workbook (.xlsx) -> the text of a table, and what its sheet does not show.

Each row of the sheet is one record of the table. Values are as the sheet shows them: `06041` where
the format adds the zero. A date keeps its time of day, which tells it from text; a formula is its
result, or itself where the workbook has none.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.csv import csv_from

_MAX_INFLATED = 128 * 2**20  # bytes of XML; a table of all counties has 8 MB
_TOP = 8  # rows in which the names of the columns may stand
_ZEROS = re.compile(r"(0+)(?:\\?-(0+))?(?:;@)?")  # 00000, and 00000-0000 for a ZIP+4
# What openpyxl raises where a part of a workbook is missing, cut off or has a wrong shape.
_DAMAGES = (
    *(AttributeError, BadZipFile, EOFError, IndexError, KeyError, NotImplementedError, OSError),
    *(SyntaxError, TypeError, ValueError, zlib.error),
)
_MAX_LISTED = 5  # rows that a note names


class Sheet(NamedTuple):
    """A sheet's text as CSV, and notes on what a reader of the sheet may not see."""

    text: str
    notes: tuple[str, ...]


def is_workbook(content: bytes) -> bool:
    """Tell whether a file is an .xlsx workbook, whatever its name says."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except BadZipFile:
        return False


def sheet_from(content: bytes, file: str, names_columns: Callable[[Iterable[str]], bool]) -> Sheet:
    """Read the first visible sheet in which a row near the top `names_columns`.

    Raises OptoutError where there is none, or where cells of it are merged.
    """
    location = Location(file)
    with ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _MAX_INFLATED:
        message = f"holds {size / 2**20:.0f} MB of cells (the limit is 128 MB)"
        raise OptoutError(Problem("too-large", message, location))
    book, results = _load(content, location, is_result=False), None
    tables = [sheet for sheet in book.worksheets if _is_table(sheet, names_columns)]
    shown = [sheet for sheet in tables if sheet.sheet_state == "visible"]
    if not shown:
        hint = "name a column jurisdiction, in the first row of a visible sheet"
        message = "has no sheet whose columns are those of a request"
        raise OptoutError(Problem("no-header", message, location, hint))
    sheet = shown[0]
    if merged := ", ".join(str(area) for area in sheet.merged_cells.ranges):
        hint = "in the spreadsheet, unmerge them and write the value into each row"
        message = f"has merged cells in the sheet {sheet.title!r} ({merged})"
        raise OptoutError(Problem("merged-cells", message, location, hint))
    if any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row):
        results = _load(content, location, is_result=True)[sheet.title]
    header, *rows = ([*_texts_of(row, results)] for row in sheet.iter_rows())
    return Sheet(csv_from(header, rows), tuple(_notes_on(sheet, tables)))


# Any: openpyxl's workbooks, sheets and cells have types of their own in each way of loading them.
def _load(content: bytes, location: Location, *, is_result: bool) -> Any:
    """Open a workbook, with its formulas or with their results. Raises OptoutError."""
    import openpyxl  # 100 ms; a text table needs none

    try:
        return openpyxl.load_workbook(io.BytesIO(content), data_only=is_result, keep_links=False)
    except _DAMAGES as error:
        message = f"is a damaged workbook ({type(error).__name__})"
        hint = "open it in the spreadsheet program, and save it again"
        raise OptoutError(Problem("damaged-workbook", message, location, hint)) from None


# Any: a sheet of openpyxl, as above.
def _is_table(sheet: Any, names_columns: Callable[[Iterable[str]], bool]) -> bool:
    top = sheet.iter_rows(max_row=_TOP, values_only=True)
    return any(names_columns(str(value or "") for value in row) for row in top)


# Any: a row of openpyxl's cells, and the sheet with their results.
def _texts_of(row: Any, results: Any) -> Iterator[str]:
    for cell in row:
        value, is_formula = cell.value, cell.data_type == "f"
        if is_formula:
            result = results[cell.coordinate].value
            value = str(getattr(value, "text", value)) if result is None else result
        text = text_of(value, cell.number_format)
        # `csv_from` would guard a formula as text; a space keeps it one, and is dropped again.
        yield f" {text}" if is_formula and text.startswith("=") else text


def text_of(value: object, number_format: str) -> str:
    """Return a cell's value as its sheet shows it, in the form of a request."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    match value:
        case None:
            text = ""
        case bool():
            text = str(value).upper()
        case datetime():
            text = value.isoformat(" ", "seconds")
        case int() if value >= 0 and (zeros := _ZEROS.fullmatch(number_format)):
            digits = str(value).zfill(len(zeros[1] + (zeros[2] or "")))
            end = len(digits) - len(zeros[2] or "")
            text = "-".join(filter(None, (digits[:end], digits[end:])))
        case _:
            text = str(value)
    return text


# Any: sheets of openpyxl.
def _notes_on(sheet: Any, tables: list[Any]) -> Iterator[str]:
    hidden = [
        str(number)
        for number, row in sheet.row_dimensions.items()
        if row.hidden and any(cell.value is not None for cell in sheet[number])
    ]
    if hidden:
        listed = ", ".join(hidden[:_MAX_LISTED]) + (", ..." if len(hidden) > _MAX_LISTED else "")
        rows = "row" if len(hidden) == 1 else "rows"
        yield f"hidden {rows} {listed} of the sheet {sheet.title!r} count as requests too"
    if columns := [name for name, column in sheet.column_dimensions.items() if column.hidden]:
        yield f"hidden columns of the sheet {sheet.title!r} count too: {', '.join(columns)}"
    for other in tables:
        if other is not sheet:
            state = "" if other.sheet_state == "visible" else "hidden "
            yield f"only the sheet {sheet.title!r} is read, not the {state}sheet {other.title!r}"
