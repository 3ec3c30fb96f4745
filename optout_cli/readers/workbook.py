"""A workbook (.xlsx or .ods) -> the text of a table, and what its sheet does not show.

Each row of the sheet is one record of the table. Values are as the sheet shows them: `06041` where
the format adds the zero. A date keeps its time of day, which tells it from text; a formula is its
result, or itself where the workbook has none. openpyxl reads .xlsx: faster readers tell neither the
formats nor what is hidden or merged. A few elements of ISO/IEC 26300 say the same of .ods: they are
read here, since odfpy (of 2020) gives those same elements, in a tree of the whole file.
`bytes_from` writes a workbook.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.csv import csv_from

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_MAX_INFLATED = 128 * 2**20  # bytes of XML; a table of all counties has 8 MB
_TOP = 8  # rows in which the names of the columns may stand
_LITERAL = re.compile(r'(?:"([^"]*)")?(0+|#)(?:"([^"]*)")?')  # "No. "0, "2026-"000
_TOO_MANY = 10**15  # a spreadsheet keeps 15 digits of a number
_ZEROS = re.compile(r"(0+)(?:\\?-(0+))?(?:;@)?")  # 00000, and 00000-0000 for a ZIP+4
_WORKBOOK, _CONTENT = "xl/workbook.xml", "content.xml"  # parts of an .xlsx and of an .ods
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"  # also of a template
# What openpyxl and zipfile raise where a part is missing, cut off or has a wrong shape.
_DAMAGES = (
    *(AttributeError, BadZipFile, EOFError, IndexError, KeyError, NotImplementedError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, zlib.error),
)
_LAST_ROW = re.compile("[0-9]+$")  # of an area: A1:D2
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_LISTED = 5  # rows that a note names
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_FIXED = b"2000-01-01T00:00:00Z"  # the same bytes each time

_OFFICE, _TABLE, _TEXT, _STYLE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
    for name in ("office", "table", "text", "style")
)
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MAX_SIZE = 128 * 2**20  # characters in all cells, with repeats; all counties have 8 million
_MAX_ROWS = 2**20  # of a sheet in any program
_MAX_COLUMNS = 16_384  # of a sheet in any program
_WITH_ZEROS = re.compile(r"0[0-9]*|[0-9]{5}-[0-9]{4}")  # a number that its format shows as a code
_UNSEEN = ("collapse", "filter")


class Page(NamedTuple):
    """A sheet of a workbook: its texts, and what a reader of it may not see."""

    title: str
    rows: list[list[str]]
    is_hidden: bool = False
    merged: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()  # filled cells with a line through their text


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
        pages = _pages_of_xlsx(content) if is_xlsx(content) else [*_pages_of_ods(content)]
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
    # A title above the columns' names is told when the table is read.
    top = next(number for number, row in enumerate(page.rows, 1) if names_columns(row))
    if merged := [area for area in page.merged if int(_LAST_ROW.findall(area)[0]) >= top]:
        hint = "in the spreadsheet, unmerge them and write the value into each row"
        message = f"has merged cells in the sheet {page.title!r} ({_listed(merged)})"
        raise OptoutError(Problem("merged-cells", message, location, hint))
    header, *rows = page.rows
    return Sheet(csv_from(header, rows), tuple(_notes_on(page, tables)), page.title)


def _pages_of_xlsx(content: bytes) -> list[Page]:
    book = load_xlsx(content)
    sheets = book.worksheets
    has_formula = any(
        cell.data_type == "f" for sheet in sheets for row in sheet.iter_rows() for cell in row
    )
    results = load_xlsx(content, is_result=True) if has_formula else book
    return [
        Page(
            sheet.title,
            [[*_texts_of(row, results[sheet.title])] for row in sheet.iter_rows()],
            sheet.sheet_state != "visible",
            tuple(str(area) for area in sheet.merged_cells.ranges),
            tuple(number for number, row in sheet.row_dimensions.items() if row.hidden),
            tuple(name for name, column in sheet.column_dimensions.items() if column.hidden),
            tuple(cell.coordinate for row in sheet.iter_rows() for cell in row if _is_struck(cell)),
        )
        for sheet in sheets
    ]


# Any: openpyxl's workbooks, sheets and cells have types of their own in each way of loading them.
def load_xlsx(content: bytes, *, is_result: bool = False) -> Any:
    """Open an .xlsx workbook, with its formulas or with their results. Raises many errors."""
    import openpyxl  # 100 ms; a text table needs none

    return openpyxl.load_workbook(
        io.BytesIO(content), data_only=is_result, keep_links=False, rich_text=True
    )


# Any: a cell of openpyxl, whose text may be in parts with a font of their own.
def _is_struck(cell: Any) -> bool:
    """Tell whether a filled cell, or a part of its text, has a line through it."""
    parts = cell.value if isinstance(cell.value, list) else ()
    fonts = (part.font for part in parts if not isinstance(part, str))
    return cell.value is not None and any(font.strike for font in (cell.font, *fonts))


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


def _pages_of_ods(content: bytes) -> Iterator[Page]:
    """Yield each sheet of an .ods workbook. Raises many errors for a damaged one.

    Repeated cells are written once in the file. Empty ones, which go on to the last column and
    row, are not expanded.
    """
    from xml.etree import ElementTree as ET

    with ZipFile(io.BytesIO(content)) as archive:
        stream = io.BytesIO(archive.read(_CONTENT))
    hidden: set[str | None] = set()
    struck: set[str | None] = set()
    for _, element in ET.iterparse(stream):  # noqa: S314  # Python's expat limits entities
        if element.tag == f"{_STYLE}style":
            properties = element.find(f"{_STYLE}table-properties")
            if properties is not None and properties.get(f"{_TABLE}display") == "false":
                hidden.add(element.get(f"{_STYLE}name"))
            properties = element.find(f"{_STYLE}text-properties")
            if properties is not None:
                line = properties.get(f"{_STYLE}text-line-through-style", "none")
                struck |= {element.get(f"{_STYLE}name")} if line != "none" else set()
        elif element.tag == f"{_TABLE}table":
            is_hidden = element.get(f"{_TABLE}style-name") in hidden
            yield _page_of_ods(element, struck, is_hidden=is_hidden)
            element.clear()


def _page_of_ods(table: "ET.Element", styles: set[str | None], *, is_hidden: bool) -> Page:
    """Read a sheet; text in one of the `styles` has a line through it."""
    rows: list[list[str]] = []
    merged: list[str] = []
    struck: list[str] = []
    hidden_rows: list[int] = []
    number, size = 0, 0
    for row in table.iter(f"{_TABLE}table-row"):
        texts = _texts_in(row, number + 1, merged, struck, styles)
        repeats = int(row.get(f"{_TABLE}number-rows-repeated", "1"))
        if texts:
            size += sum(len(text) + 1 for text in texts) * repeats
            if size > _MAX_SIZE or number + repeats > _MAX_ROWS:
                raise ValueError("too many cells")
            rows += [[] for _ in range(number - len(rows))]  # empty rows before this one
            rows += [texts] * repeats
            if row.get(f"{_TABLE}visibility") in _UNSEEN:
                hidden_rows += range(number + 1, number + repeats + 1)
        number += repeats
    hidden: list[int] = []
    last = 0
    for column in table.iter(f"{_TABLE}table-column"):
        first, last = last + 1, last + int(column.get(f"{_TABLE}number-columns-repeated", "1"))
        if column.get(f"{_TABLE}visibility") in _UNSEEN:
            hidden += range(first, min(last, max(map(len, rows), default=0)) + 1)
    return Page(
        table.get(f"{_TABLE}name", ""),
        rows,
        is_hidden,
        tuple(merged),
        tuple(hidden_rows),
        tuple(map(_letters, hidden)),
        tuple(struck),
    )


def _texts_in(
    row: "ET.Element", number: int, merged: list[str], struck: list[str], styles: set[str | None]
) -> list[str]:
    """Return the texts of a row up to its last filled cell.

    Adds the areas of merged cells, and the names of filled cells in one of the `styles`.
    """
    texts: list[str] = []
    column = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        spans = [int(cell.get(f"{_TABLE}number-{way}-spanned", "1")) for way in ("columns", "rows")]
        if max(spans) > 1:
            last = f"{_letters(column + spans[0])}{number + spans[1] - 1}"
            merged.append(f"{_letters(column + 1)}{number}:{last}")
        repeats = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        if text := _text_of(cell):
            texts += [""] * (column - len(texts)) + [text] * min(repeats, _MAX_COLUMNS)
            used = {element.get(f"{_TEXT}style-name") for element in cell.iter() if styles}
            if styles & {*used, cell.get(f"{_TABLE}style-name")}:
                struck.append(f"{_letters(column + 1)}{number}")
        column += repeats
    return texts


def _text_of(cell: "ET.Element") -> str:
    """Return a cell's value as the sheet shows it, in the form of a request."""
    kind, value = cell.get(f"{_OFFICE}value-type"), cell.get(f"{_OFFICE}value", "")
    shown = "\n".join(_words(paragraph) for paragraph in cell.findall(f"{_TEXT}p"))
    formula = cell.get(f"{_TABLE}formula", "")
    if formula and not kind and not shown:  # it was never calculated
        return f" ={formula.partition('=')[2]}"
    if kind == "date":
        day, _, time = cell.get(f"{_OFFICE}date-value", "").partition("T")
        return f"{day} {time or '00:00:00'}"
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value", "").upper()
    if kind == "float" and not _WITH_ZEROS.fullmatch(shown):
        return text_of(float(value), "")
    return shown


def _words(element: "ET.Element") -> str:
    """Return the text of a paragraph, with the spaces and line ends that are elements."""
    text = element.text or ""
    for inner in element:
        match inner.tag.removeprefix(_TEXT):
            case "s":
                text += " " * int(inner.get(f"{_TEXT}c", "1"))
            case "tab":
                text += "\t"
            case "line-break":
                text += "\n"
            case _:
                text += _words(inner)
        text += inner.tail or ""
    return text


def _letters(number: int) -> str:
    """Return the name of a column by its number from 1: 28 -> AB."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def text_of(value: object, number_format: str) -> str:
    """Return a cell's value as its sheet shows it, in the form of a request."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime():
            return value.isoformat(" ", "seconds")
        case int() | float():
            return _number_text(value, number_format)
    return str(value)


def _number_text(value: float, number_format: str) -> str:
    """Return a number with the zeros and the words that its format adds."""
    if abs(value) >= _TOO_MANY:  # the digits behind are not those that somebody typed
        return f"{value:.14E}"  # which is refused as a number that has lost digits
    if value < 0 or not float(value).is_integer():
        return str(value)
    digits = str(int(value))
    if number_format == ";;;":  # it shows nothing
        return ""
    if words := _LITERAL.fullmatch(number_format):
        before, code, after = words.groups("")
        return f"{before}{digits.zfill(len(code))}{after}"
    if zeros := _ZEROS.fullmatch(number_format):
        digits = digits.zfill(len(zeros[1] + (zeros[2] or "")))
        end = len(digits) - len(zeros[2] or "")
        return "-".join(filter(None, (digits[:end], digits[end:])))
    return digits


def _notes_on(page: Page, tables: list[Page]) -> Iterator[str]:
    filled = [str(it) for it in page.hidden_rows if any(map(any, page.rows[it - 1 : it]))]
    if filled:
        is_one = len(filled) == 1
        rows, end = ("row", "counts as a request") if is_one else ("rows", "count as requests")
        yield f"hidden {rows} {_listed(filled)} of the sheet {page.title!r} {end} too"
    if page.hidden_columns:
        names = _listed(page.hidden_columns)
        yield f"hidden columns of the sheet {page.title!r} count too: {names}"
    if page.struck:
        cells = _listed(page.struck)
        yield f"cells of the sheet {page.title!r} with a line through them count too: {cells}"
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
