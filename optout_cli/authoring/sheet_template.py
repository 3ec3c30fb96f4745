"""A table to fill in -> a workbook (.xlsx): cells of text, drop-downs, and a sheet of explanations.

Knows no word about a column itself: those are in `_layout/columns.yaml` and the letters' programs.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from optout_cli import bundled
from optout_cli.authoring.follow_table import flattened
from optout_cli.authoring.request_writer import layout
from optout_cli.authoring.table_template import Table, needed_columns
from optout_cli.letters.library import Library
from optout_cli.model.program import Particular
from optout_cli.model.request import PARTIES, Request
from optout_cli.readers.document import OWN_MARK
from optout_cli.readers.validate import choices_at
from optout_cli.readers.workbook import bytes_from, put_text
from optout_cli.readers.yaml import document_from_yaml

_COLUMNS = bundled.TEMPLATES / "_layout" / "columns.yaml"
_TITLES = ("Requests", "Columns", "Lists")  # of the sheets
_HEADS = ("Column", "What goes in", "Needed", "Example")
_WIDTHS = (34, 90, 9, 34)  # of the explanations, in characters
_LEAST, _MOST = 12, 42  # width of a column of requests, in characters
_LINE = 15  # pt: height of a line of text
_ROOM = 1000  # empty rows that have the drop-downs too
_HEAD_COLOR, _NEEDED_COLOR = "D9E1F2", "FFE699"
_PARTICULARS, _STATE = "particulars", ".state"


class _Column(NamedTuple):
    """What is known about a column: in words, its choices, a sample, and if a letter needs it.

    A cell may have several of the choices if it `is_list`.
    """

    name: str
    help: str = ""
    choices: tuple[str, ...] = ()
    example: str = ""
    is_needed: bool = False
    is_list: bool = False


def sheet_template(library: Library, table: Table, letters: Collection[str]) -> bytes:
    """Write a table for requests of these letters as a workbook. Raises OptoutError."""
    import openpyxl

    texts: Mapping[str, Any] = document_from_yaml(_COLUMNS.read_text("utf-8"), str(_COLUMNS)).data
    columns = [*_columns_of(library, table.header, letters, dict(flattened(texts["columns"])))]
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    requests, explained, lists = (book.create_sheet(title) for title in _TITLES)
    _write_requests(requests, table, columns)
    _write_lists(lists, requests, columns, len(table.rows) + _ROOM)
    _write_explanations(explained, texts["rules"], columns)
    return bytes_from(book)


def _columns_of(
    library: Library, header: list[str], letters: Collection[str], texts: Mapping[str, str]
) -> Iterator[_Column]:
    """Tell what is known about each column of requests."""
    samples = dict(flattened(document_from_yaml(layout(), "").data))
    needed = {name for letter in letters for name in needed_columns(library, letter)}
    own: dict[str, Particular] = {}
    for letter in letters:
        own |= library.programs.find(letter)[1].particulars
    for name in header:
        keys = [key for key in name.split(".") if not key.isdecimal()]
        plain = ".".join(key for key in keys if key not in PARTIES)
        is_needed = name in needed
        if name == "letter":
            choices = tuple(id for id, _, _ in library.programs.letters())
            yield _Column(name, texts[name], choices, next(iter(letters)), is_needed)
        elif keys[0] == _PARTICULARS and (spec := _particular(own, keys[1:])):
            is_list = spec.type != "choice"
            said = f"{spec.help} ({', '.join(spec.choices)})" if spec.choices else spec.help
            yield _Column(name, said, spec.choices, spec.example or "", is_needed, is_list)
        elif name.startswith(OWN_MARK):
            yield _Column(name)
        else:
            choices = choices_at(Request, name)
            if name.endswith(_STATE):
                choices = tuple(library.directory.data.states)
            yield _Column(name, texts.get(plain, ""), choices, samples.get(name, ""), is_needed)


def _particular(declared: Mapping[str, Particular], keys: list[str]) -> Particular | None:
    """Return the declaration of a fact, or of one in a list of groups."""
    spec = declared.get(keys[0]) if keys else None
    if spec and keys[1:] and isinstance(spec.of, dict):
        return _particular(spec.of, keys[1:])
    return spec


# Any: sheets of openpyxl, here and below.
def _write_requests(sheet: Any, table: Table, columns: list[_Column]) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    _write_head(sheet, 1, columns)
    for number, column in enumerate(columns, 1):
        cells = [column.name, *(row[number - 1] for row in table.rows)]
        widest = max(len(line) for cell in cells for line in cell.split("\n"))
        shape = sheet.column_dimensions[get_column_letter(number)]
        shape.width = min(max(widest + 2, _LEAST), _MOST)
        shape.number_format = "@"  # text, also in the rows to come
    for line, row in enumerate(table.rows, 2):
        for number, text in enumerate(row, 1):
            cell = sheet.cell(line, number)
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text="\n" in text)
            if text:
                put_text(cell, text)
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.freeze_panes = "C2"  # the names of columns and jurisdictions stay in sight


def _write_head(sheet: Any, line: int, columns: list[_Column]) -> None:
    from openpyxl.styles import Font, PatternFill

    for number, column in enumerate(columns, 1):
        cell = sheet.cell(line, number)
        cell.number_format = "@"
        put_text(cell, column.name)
        cell.font = Font(bold=True)
        color = _NEEDED_COLOR if column.is_needed else _HEAD_COLOR
        cell.fill = PatternFill("solid", fgColor=color)


def _write_lists(sheet: Any, requests: Any, columns: list[_Column], last: int) -> None:
    """Write each list of choices into a column, and offer it in the column of requests.

    A list within a rule may have 255 characters at most, and the names of the letters have more.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.sheet_state = "hidden"
    lists = dict.fromkeys((it.choices, it.is_list) for it in columns if it.choices)
    for number, (choices, is_list) in enumerate(lists, 1):
        letter = get_column_letter(number)
        for line, choice in enumerate(choices, 1):
            put_text(sheet.cell(line, number), choice)
        area = f"{_TITLES[2]}!${letter}$1:${letter}${len(choices)}"
        rule = DataValidation(type="list", formula1=area, allow_blank=True)
        rule.showErrorMessage = not is_list
        for place, column in enumerate(columns, 1):
            if (column.choices, column.is_list) == (choices, is_list):
                own = get_column_letter(place)
                rule.add(f"{own}2:{own}{last}")
        requests.add_data_validation(rule)


def _write_explanations(sheet: Any, rules: list[str], columns: list[_Column]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for line, rule in enumerate(rules, 1):
        put_text(sheet.cell(line, 1), rule)
    sheet.cell(1, 1).font = Font(bold=True)
    head = len(rules) + 2
    _write_head(sheet, head, [_Column(name) for name in _HEADS])
    explained = (column for column in columns if not column.name.startswith(OWN_MARK))
    for line, column in enumerate(explained, head + 1):
        texts = (column.name, column.help, "yes" if column.is_needed else "", column.example)
        for number, text in enumerate(texts, 1):
            cell = sheet.cell(line, number)
            put_text(cell, text)
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        lines = max(-(-len(text) // width) for text, width in zip(texts, _WIDTHS, strict=True))
        sheet.row_dimensions[line].height = _LINE * max(lines, 1)
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each as wide as the sheet
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
