"""A workbook (.xlsx or .ods) -> the text of a table, and what its sheet does not show.

Each row of the sheet is one record of the table. Values are as the sheet shows them: `06041` where
the format adds the zero. A date keeps its time of day, which tells it from text; a formula is its
result, or itself where the workbook has none. openpyxl reads .xlsx: faster readers tell neither the
formats nor what is hidden or merged. Of .ods, a few elements of ISO/IEC 26300 say the same; odfpy
gives no more than them.
"""

import io
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from operator import attrgetter, eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zipfile import BadZipFile, ZipFile

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.csv import csv_from

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_MAX_INFLATED = 128 * 2**20  # bytes of XML; a table of all counties has 8 MB
_MAX_CELLS = 2_000_000  # 0.5 kB each; a table of all counties has 0.2 million
_CELL_TAG = re.compile(rb"[<:](?:c|table-cell|covered-table-cell)[\s/>]")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]*\bref\s*=\s*["']([^"']*)""")
_TOP = 8  # rows that may have the names of the columns
_TOO_MANY = 10**15  # a spreadsheet keeps 15 digits of a number
# The parts of a number's format (ISO/IEC 29500-1, 18.8.31): places of digits, words and marks that
# are shown, and what shows nothing. With any other part, such as a fraction, it is not followed.
_FORMAT = re.compile(
    r"(?P<place>[0#?]+(?:,[0#?]+)+|General|[0#?])|(?P<decimals>\.[0#?]*)"
    r'|"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^-\]]*)[^\]]*\]'
    r"|(?P<mark>[-+()$:&~ %])|(?P<unseen>_.|\*.|\[[^\]]*\]|@)|(?P<other>.)"
)
_WORDS = {"quoted", "escaped", "currency", "mark"}
_SHOWN = {"place", *_WORDS}
_CONDITION = re.compile(r"\[(<=?|>=?|=)(-?[0-9.]+)\]")  # for the first section of a format
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}
_AS_NUMBER = re.compile(r"-?[0-9][0-9.,\s'\u2019]*(E[+-]?[0-9]+)?")
_WORKBOOK, _CONTENT = "xl/workbook.xml", "content.xml"  # parts of an .xlsx and of an .ods
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"  # also of a template
_DAMAGES = (  # raised by openpyxl and zipfile for a part that is missing, cut off or wrong
    *(AttributeError, BadZipFile, EOFError, IndexError, KeyError, NotImplementedError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, zlib.error),
)
_MAX_LISTED = 5  # rows that a note names

_OFFICE, _TABLE, _TEXT, _STYLE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
    for name in ("office", "table", "text", "style")
)
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_BLANKS = {"s": " ", "tab": "\t", "line-break": "\n"}
_MAX_SIZE = 128 * 2**20  # characters in all cells, with repeats; all counties have 8 million
_MAX_ROWS, _MAX_COLUMNS = 2**20, 2**14  # of a sheet in any program
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


def kind_of_workbook(content: bytes) -> Literal["xlsx", "ods", ""]:
    """Tell which kind of workbook a file is, whatever its name says; "" for any other file."""
    with suppress(*_DAMAGES), ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if _WORKBOOK in names:
            return "xlsx"
        if _CONTENT in names and archive.open("mimetype").read(len(_ODS)) == _ODS:
            return "ods"
    return ""


def sheet_from(content: bytes, file: str, names_columns: Callable[[Iterable[str]], bool]) -> Sheet:
    """Read the first visible sheet in which a row near the top `names_columns`.

    Raises OptoutError where there is none, or where cells of it are merged.
    """
    location = Location(file)
    try:
        if size := _size_if_large(content):
            hint = "delete what is below and beside its table, also if it is empty, and save it"
            raise OptoutError(Problem("too-large", f"holds {size}", location, hint))
        pages_of = _pages_of_xlsx if kind_of_workbook(content) == "xlsx" else _pages_of_ods
        pages = [*pages_of(content)]
    except _DAMAGES as error:
        message = f"is a damaged workbook ({type(error).__name__})"
        hint = "open it in the spreadsheet program, and save it again, without a password"
        raise OptoutError(Problem("damaged-workbook", message, location, hint)) from None
    tables = [page for page in pages if any(map(names_columns, page.rows[:_TOP]))]
    shown = [page for page in tables if not page.is_hidden]
    if not shown:
        hint = "name a column jurisdiction, in the first row of a visible sheet"
        message = "has no sheet whose columns are those of a request"
        raise OptoutError(Problem("no-header", message, location, hint))
    page = shown[0]
    # A title above the columns' names is reported when the table is read.
    top = next(number for number, row in enumerate(page.rows, 1) if names_columns(row))
    if merged := [area for area in page.merged if int(re.findall("[0-9]+$", area)[0]) >= top]:
        hint = "in the spreadsheet, unmerge them and write the value into each row"
        message = f"has merged cells in the sheet {page.title!r} ({_list_words(merged)})"
        raise OptoutError(Problem("merged-cells", message, location, hint))
    return Sheet(csv_from(page.rows[0], page.rows[1:]), tuple(_notes_on(page, tables)), page.title)


def _size_if_large(content: bytes) -> str:
    """Return the size of a workbook that would take all memory, or an empty text."""
    from openpyxl.utils import range_boundaries

    cells = 0
    with ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_INFLATED:
            return f"{size / 2**20:.0f} MB of cells (the limit is 128 MB)"
        for name in archive.namelist():
            part = archive.read(name) if name.endswith(".xml") else b""
            cells += sum(1 for _ in _CELL_TAG.finditer(part))
            for area in _MERGED.findall(part):  # openpyxl makes each cell of it
                left, top, right, bottom = (it or 1 for it in range_boundaries(area.decode()))
                cells += (right - left + 1) * (bottom - top + 1)
    return f"{cells:,} cells (the limit is {_MAX_CELLS:,})" if cells > _MAX_CELLS else ""


def _pages_of_xlsx(content: bytes) -> Iterator[Page]:
    book = load_xlsx(content)
    filled: dict[str, list[Any]] = {}  # the cells with a value, row by row
    for sheet in book.worksheets:
        # `iter_rows` would make every cell up to the last one: 17 billion at most.
        cells = (cell for cell in sheet._cells.values() if cell.value is not None)  # noqa: SLF001
        filled[sheet.title] = sorted(cells, key=attrgetter("row", "column"))
    has_formula = any(cell.data_type == "f" for cells in filled.values() for cell in cells)
    results = load_xlsx(content, is_result=True) if has_formula else book
    for sheet in book.worksheets:
        used = filled[sheet.title]
        if used and used[-1].row > _MAX_ROWS:
            raise ValueError("too many rows")
        rows: list[list[str]] = [[] for _ in range(used[-1].row if used else 0)]
        struck = []
        for cell in used:
            row = rows[cell.row - 1]
            row += [""] * (cell.column - 1 - len(row)) + [_text_in(cell, results[sheet.title])]
            parts = cell.value if isinstance(cell.value, list) else ()
            fonts = (part.font for part in parts if not isinstance(part, str))
            if any(font.strike for font in (cell.font, *fonts)):  # of it, or of a part of its text
                struck.append(cell.coordinate)
        unseen = [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
        columns = sorted({(cell.column, cell.column_letter) for cell in used})
        yield Page(
            sheet.title,
            rows,
            sheet.sheet_state != "visible",
            tuple(str(area) for area in sheet.merged_cells.ranges),
            tuple(number for number, row in sheet.row_dimensions.items() if row.hidden),
            tuple(name for at, name in columns if any(it.min <= at <= it.max for it in unseen)),
            tuple(struck),
        )


# Any: openpyxl's workbooks have types of their own in each way of loading them.
def load_xlsx(content: bytes, *, is_result: bool = False) -> Any:
    """Open an .xlsx workbook, with its formulas or with their results. Raises many errors."""
    import openpyxl  # 100 ms; a text table needs none

    return openpyxl.load_workbook(
        io.BytesIO(content), data_only=is_result, keep_links=False, rich_text=True
    )


# Any: a cell of openpyxl, and the sheet with the results of formulas.
def _text_in(cell: Any, results: Any) -> str:
    if cell.data_type != "f":
        return text_of(cell.value, cell.number_format)
    result, formula = results[cell.coordinate], str(getattr(cell.value, "text", cell.value))
    was_calculated = result.value is not None or result.data_type == "str"  # ="" is empty
    text = text_of(result.value if was_calculated else formula, cell.number_format)
    # `csv_from` would guard a formula as text; a space keeps it one, and is dropped again.
    return f" {text}" if text.startswith("=") else text


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
            for properties in element:
                if properties.get(f"{_TABLE}display") == "false":
                    hidden.add(element.get(f"{_STYLE}name"))
                if properties.get(f"{_STYLE}text-line-through-style", "none") != "none":
                    struck.add(element.get(f"{_STYLE}name"))
        elif element.tag == f"{_TABLE}table":
            is_hidden = element.get(f"{_TABLE}style-name") in hidden
            yield _page_of_ods(element, struck, is_hidden=is_hidden)
            element.clear()


def _page_of_ods(table: "ET.Element", styles: set[str | None], *, is_hidden: bool) -> Page:
    """Read a sheet; text in one of the `styles` has a line through it."""
    from openpyxl.utils import get_column_letter

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
        tuple(map(get_column_letter, hidden)),
        tuple(struck),
    )


def _texts_in(
    row: "ET.Element", number: int, merged: list[str], struck: list[str], styles: set[str | None]
) -> list[str]:
    """Return the texts of a row up to its last filled cell; `merged` and `struck` get more."""
    from openpyxl.utils import get_column_letter

    texts: list[str] = []
    column = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        spans = [int(cell.get(f"{_TABLE}number-{way}-spanned", "1")) for way in ("columns", "rows")]
        if max(spans) > 1:
            last = f"{get_column_letter(column + spans[0])}{number + spans[1] - 1}"
            merged.append(f"{get_column_letter(column + 1)}{number}:{last}")
        repeats = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        if column > _MAX_COLUMNS:
            raise ValueError("too many columns")
        if text := _text_of(cell):
            texts += [""] * (column - len(texts)) + [text] * min(repeats, _MAX_COLUMNS)
            used = {element.get(f"{_TEXT}style-name") for element in cell.iter() if styles}
            if styles & {*used, cell.get(f"{_TABLE}style-name")}:
                struck.append(f"{get_column_letter(column + 1)}{number}")
        column += repeats
    return texts


def _text_of(cell: "ET.Element") -> str:
    """Return a cell's value as the sheet shows it, in the form of a request."""
    kind, value = cell.get(f"{_OFFICE}value-type"), cell.get(f"{_OFFICE}value", "")
    shown = "\n".join(_words(paragraph) for paragraph in cell.findall(f"{_TEXT}p"))
    formula = cell.get(f"{_TABLE}formula", "")
    is_shown = cell.find(f"{_TEXT}p") is not None
    if formula and not kind and not is_shown:  # it was never calculated
        return f" ={formula.partition('=')[2]}"
    if kind == "date":
        day, _, time = cell.get(f"{_OFFICE}date-value", "").partition("T")
        return f"{day} {time or '00:00:00'}"
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value", "").upper()
    if kind == "float" and (_AS_NUMBER.fullmatch(shown) or not is_shown):
        return _number_text(float(value), re.sub("[0-9]", "0", shown).lstrip("-") or "General")
    return shown if is_shown else cell.get(f"{_OFFICE}string-value", value)


def _words(element: "ET.Element") -> str:
    """Return the text of a paragraph, with the spaces and line ends that are elements."""
    text = element.text or ""
    for inner in element:
        blank = _BLANKS.get(inner.tag.removeprefix(_TEXT))
        text += (
            blank * min(int(inner.get(f"{_TEXT}c", "1")), _MAX_COLUMNS) if blank else _words(inner)
        )
        text += inner.tail or ""
    return text


def text_of(value: object, number_format: str) -> str:
    """Return a cell's value as its sheet shows it, in the form of a request."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime():
            return value.isoformat(" ", "seconds")
        case timedelta():
            return f"{value // timedelta(hours=1)}:{value // timedelta(minutes=1) % 60:02}:00"
        case int() | float():
            return _number_text(value, number_format)
    return str(value)


def _number_text(value: float, number_format: str) -> str:
    """Return a number with the zeros, marks and words of its format; 1,234 alone stays 1234."""
    if abs(value) >= _TOO_MANY:  # the digits behind are not those that somebody typed
        return f"{value:.14E}"  # which is refused as a number that has lost digits
    section, sign = _section_for(value, number_format)
    parts = [
        (str(match.lastgroup), match[match.lastgroup or 0]) for match in _FORMAT.finditer(section)
    ]
    kinds = {kind for kind, _ in parts}
    if not section or "other" in kinds or kinds.isdisjoint(_SHOWN) or not math.isfinite(value):
        return f"{value:.15g}" if section else ""
    is_percent = ("mark", "%") in parts
    size = round(abs(float(value)) * 100, 10) if is_percent else abs(float(value))
    exact = f"{size:.15g}"
    cut = f"{size:.{sum(len(text) - 1 for kind, text in parts if kind == 'decimals')}f}"
    whole, *rest = re.split(r"(?=\.)", exact if size.is_integer() or float(cut) != size else cut)
    if "," in "".join(text for kind, text in parts if kind == "place") and kinds & _WORDS:
        whole = f"{int(whole):,}"
    count = [kind for kind, _ in parts].count("place")
    digits = whole.zfill(parts.count(("place", "0"))).rjust(count, "\0")  # "\0": shows none
    taken = [digits[: len(digits) - count + 1], *digits[len(digits) - count + 1 :]]  # by place
    taken[-1] += "".join(rest)
    shown = (taken.pop(0) if kind == "place" else text for kind, text in parts if kind in _SHOWN)
    return (sign + "".join(shown)).replace("\0", "")


def _section_for(value: float, number_format: str) -> tuple[str, str]:
    """Return the section of a format that a number is shown in, and the sign before it."""
    sections = number_format.split(";")
    number = 1 if value < 0 else 2 if value == 0 else 0
    if condition := _CONDITION.search(sections[0]):
        number = 0 if _COMPARE[condition[1]](value, float(condition[2])) else 1
    number = number if number < len(sections) else 0
    return sections[number], "-" if value < 0 and not number else ""


def _notes_on(page: Page, tables: list[Page]) -> Iterator[str]:
    filled = [str(row) for row in page.hidden_rows if any(map(any, page.rows[row - 1 : row]))]
    if filled:
        one, several = ("row", "counts as a request"), ("rows", "count as requests")
        rows, end = several if filled[1:] else one
        yield f"hidden {rows} {_list_words(filled)} of the sheet {page.title!r} {end} too"
    if page.hidden_columns:
        names = _list_words(page.hidden_columns)
        yield f"hidden columns of the sheet {page.title!r} count too: {names}"
    if page.struck:
        cells = _list_words(page.struck)
        yield f"cells of the sheet {page.title!r} with a line through them count too: {cells}"
    for other in (table for table in tables if table is not page):
        state = "hidden " if other.is_hidden else ""
        yield f"only the sheet {page.title!r} is read, not the {state}sheet {other.title!r}"


def _list_words(names: Iterable[str]) -> str:
    several = [*names]
    return ", ".join(several[:_MAX_LISTED]) + (", ..." if len(several) > _MAX_LISTED else "")
