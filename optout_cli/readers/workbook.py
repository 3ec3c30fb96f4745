"""A workbook (.xlsx or .ods) -> the text of a table, and what its sheet does not show.

Each row of the sheet is one record of the table. Values are as the sheet shows them: `06041` where
the format adds the zero. A date keeps its time of day, which tells it from text; a formula is its
result, or itself where the workbook has none. openpyxl reads .xlsx: faster readers tell neither the
formats nor what is hidden or merged. `opendocument` reads .ods. `bytes_from` writes a workbook.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.csv import csv_from

_MAX_INFLATED = 128 * 2**20  # bytes of XML; a table of all counties has 8 MB
_TOP = 8  # rows in which the names of the columns may stand
_ZEROS = re.compile(r"(0+)(?:\\?-(0+))?(?:;@)?")  # 00000, and 00000-0000 for a ZIP+4
_WORKBOOK, _CONTENT = "xl/workbook.xml", "content.xml"  # parts of an .xlsx and of an .ods
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"  # also of a template
# What openpyxl and zipfile raise where a part is missing, cut off or has a wrong shape.
_DAMAGES = (
    *(AttributeError, BadZipFile, EOFError, IndexError, KeyError, NotImplementedError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, zlib.error),
)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_LISTED = 5  # rows that a note names
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_FIXED = b"2000-01-01T00:00:00Z"  # the same bytes each time


class Page(NamedTuple):
    """A sheet of a workbook: its texts, and what a reader of it may not see."""

    title: str
    rows: list[list[str]]
    is_hidden: bool = False
    merged: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """The table of a workbook as CSV, notes on what a reader may not see, and its sheet's title."""

    text: str
    notes: tuple[str, ...]
    title: str


def is_workbook(content: bytes) -> bool:
    """Tell whether a file is an .xlsx or .ods workbook, whatever its name says."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            is_ods = "mimetype" in names and archive.read("mimetype").startswith(_ODS)
            return _WORKBOOK in names or (_CONTENT in names and is_ods)
    except _DAMAGES:
        return False


def is_xlsx(content: bytes) -> bool:
    """Tell which kind of workbook a file is, if it is one."""
    with ZipFile(io.BytesIO(content)) as archive:
        return _WORKBOOK in archive.namelist()


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
    try:
        pages = _pages_of_xlsx(content) if is_xlsx(content) else _pages_of_ods(content)
    except _DAMAGES as error:
        message = f"is a damaged workbook ({type(error).__name__})"
        hint = "open it in the spreadsheet program, and save it again"
        raise OptoutError(Problem("damaged-workbook", message, location, hint)) from None
    tables = [page for page in pages if any(map(names_columns, page.rows[:_TOP]))]
    shown = [page for page in tables if not page.is_hidden]
    if not shown:
        hint = "name a column jurisdiction, in the first row of a visible sheet"
        message = "has no sheet whose columns are those of a request"
        raise OptoutError(Problem("no-header", message, location, hint))
    page = shown[0]
    if page.merged:
        hint = "in the spreadsheet, unmerge them and write the value into each row"
        message = f"has merged cells in the sheet {page.title!r} ({_listed(page.merged)})"
        raise OptoutError(Problem("merged-cells", message, location, hint))
    header, *rows = page.rows
    return Sheet(csv_from(header, rows), tuple(_notes_on(page, tables)), page.title)


def _pages_of_ods(content: bytes) -> list[Page]:
    from optout_cli.readers.opendocument import pages_from

    with ZipFile(io.BytesIO(content)) as archive, archive.open(_CONTENT) as stream:
        return [*pages_from(stream)]


def _pages_of_xlsx(content: bytes) -> list[Page]:
    book = load_xlsx(content)
    sheets = book.worksheets
    has_formula = any(
        cell.data_type == "f" for sheet in sheets for row in sheet.iter_rows() for cell in row
    )
    results = load_xlsx(content, is_result=True) if has_formula else book
    return [_page_of(sheet, results[sheet.title]) for sheet in sheets]


# Any: openpyxl's workbooks, sheets and cells have types of their own in each way of loading them.
def load_xlsx(content: bytes, *, is_result: bool = False) -> Any:
    """Open an .xlsx workbook, with its formulas or with their results. Raises many errors."""
    import openpyxl  # 100 ms; a text table needs none

    return openpyxl.load_workbook(io.BytesIO(content), data_only=is_result, keep_links=False)


# Any: a sheet of openpyxl, as above, and the sheet with the results of its formulas.
def _page_of(sheet: Any, results: Any) -> Page:
    return Page(
        sheet.title,
        [[*_texts_of(row, results)] for row in sheet.iter_rows()],
        sheet.sheet_state != "visible",
        tuple(str(area) for area in sheet.merged_cells.ranges),
        tuple(number for number, row in sheet.row_dimensions.items() if row.hidden),
        tuple(name for name, column in sheet.column_dimensions.items() if column.hidden),
    )


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


def _notes_on(page: Page, tables: list[Page]) -> Iterator[str]:
    filled = [str(it) for it in page.hidden_rows if any(map(any, page.rows[it - 1 : it]))]
    if filled:
        rows = "row" if len(filled) == 1 else "rows"
        yield f"hidden {rows} {_listed(filled)} of the sheet {page.title!r} count as requests too"
    if page.hidden_columns:
        names = _listed(page.hidden_columns)
        yield f"hidden columns of the sheet {page.title!r} count too: {names}"
    for other in tables:
        if other is not page:
            state = "hidden " if other.is_hidden else ""
            yield f"only the sheet {page.title!r} is read, not the {state}sheet {other.title!r}"


def _listed(names: Iterable[str]) -> str:
    several = [*names]
    return ", ".join(several[:_MAX_LISTED]) + (", ..." if len(several) > _MAX_LISTED else "")


# Any: a cell of openpyxl.
def put_text(cell: Any, text: str) -> None:
    """Write a text into a cell, also one that begins like a formula."""
    cell.value = _NOT_IN_XML.sub("\ufffd", text)
    cell.data_type = "s"


# Any: a workbook of openpyxl.
def bytes_from(book: Any) -> bytes:
    """Return the content of an .xlsx workbook: the same for the same cells, whatever the day."""
    stream, fixed = io.BytesIO(), io.BytesIO()
    book.save(stream)
    with ZipFile(stream) as parts, ZipFile(fixed, "w", ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            entry = ZipInfo(name)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, _MODIFIED.sub(rb"\g<1>" + _FIXED, parts.read(name)))
    return fixed.getvalue()
