"""The content of an .ods workbook -> its sheets, as `workbook` reads them.

A few elements of ISO/IEC 26300 say all that a table needs. Repeated cells are written once in the
file: empty ones, which go on to the last column and row, are not expanded.
"""

import re
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree as ET

from optout_cli.readers.workbook import Page, text_of

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


def pages_from(stream: IO[bytes]) -> Iterator[Page]:
    """Yield each sheet of `content.xml`. Raises ET.ParseError or ValueError for a damaged one."""
    hidden: set[str | None] = set()
    for _, element in ET.iterparse(stream):  # noqa: S314  # Python's expat limits entities
        if element.tag == f"{_STYLE}style":
            properties = element.find(f"{_STYLE}table-properties")
            if properties is not None and properties.get(f"{_TABLE}display") == "false":
                hidden.add(element.get(f"{_STYLE}name"))
        elif element.tag == f"{_TABLE}table":
            yield _page_of(element, is_hidden=element.get(f"{_TABLE}style-name") in hidden)
            element.clear()


def _page_of(table: ET.Element, *, is_hidden: bool) -> Page:
    rows: list[list[str]] = []
    merged: list[str] = []
    hidden_rows: list[int] = []
    number, size = 0, 0
    for row in table.iter(f"{_TABLE}table-row"):
        texts = _texts_of(row, number + 1, merged)
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
    return Page(
        table.get(f"{_TABLE}name", ""),
        rows,
        is_hidden,
        tuple(merged),
        tuple(hidden_rows),
        tuple(_hidden_columns(table, max(map(len, rows), default=0))),
    )


def _texts_of(row: ET.Element, number: int, merged: list[str]) -> list[str]:
    """Return the texts of a row up to its last filled cell; adds the areas of merged cells."""
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
        column += repeats
    return texts


def _text_of(cell: ET.Element) -> str:
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


def _words(element: ET.Element) -> str:
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


def _hidden_columns(table: ET.Element, width: int) -> Iterator[str]:
    number = 0
    for column in table.iter(f"{_TABLE}table-column"):
        repeats = int(column.get(f"{_TABLE}number-columns-repeated", "1"))
        if column.get(f"{_TABLE}visibility") in _UNSEEN:
            yield from map(_letters, range(number + 1, min(number + repeats, width) + 1))
        number += repeats


def _letters(number: int) -> str:
    """Return the name of a column by its number from 1: 28 -> AB."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
