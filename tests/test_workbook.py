"""A workbook is read as its sheet shows it; what the sheet hides is told."""

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any  # a cell takes values of many types
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from command_results import Run, outcome
from make_letters import told_by
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from optout_cli.batch.input import InputFile, load_input
from optout_cli.model.request import Request
from optout_cli.readers.validate import convert
from optout_cli.readers.values import judge
from optout_cli.readers.workbook import text_of

HEADER: list[Any] = [
    "County",
    "letter",
    "Date of letter",
    "Sheriff Name",
    "Sheriff Title",
    "Sheriff ZIP",
]
COUNTY: list[Any] = [
    "Marin County, CA",
    "secure-communities/opt-out",
    date(2026, 11, 24),
    "Pat P.",
    "Sheriff",
]
Change = Callable[[Worksheet], object]


def workbook(change: Change = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(HEADER)
    sheet.append([*COUNTY, "94903"])
    change(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def load(folder: Path, change: Change = lambda _: None, name: str = "n.xlsx") -> InputFile:
    (folder / name).write_bytes(workbook(change))
    return load_input(name)


def put(cell: str, value: Any, number_format: str = "General") -> Change:
    def change(sheet: Worksheet) -> None:
        sheet[cell] = value
        sheet[cell].number_format = number_format

    return change


def test_a_row_is_a_request_and_its_date_is_never_guessed(in_folder: Path) -> None:
    (row,) = load(in_folder, put("C2", date(2026, 11, 12), "m/d/yyyy")).rows()
    assert row.document is not None
    request = convert(row.document, Request)
    assert (str(row.location), request.jurisdiction, str(request.date)) == (
        "n.xlsx:2 (Marin County, CA)",
        "Marin County, CA",
        "2026-11-12",
    )


def test_a_row_is_counted_as_the_sheet_counts(in_folder: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet["D2"] = "Pat\nP."
        for column, value in enumerate(COUNTY, 1):
            sheet.cell(5, column, value)

    assert [row.location.line for row in load(in_folder, change).rows()] == [2, 5]


@pytest.mark.parametrize(
    ("value", "number_format", "zip_code"),
    [
        (5345, "00000", "05345"),
        (53451234, "00000-0000", "05345-1234"),
        (94903.0, "General", "94903"),
        ("05345", "@", "05345"),
    ],
)
def test_a_number_is_read_as_it_is_shown(
    value: object, number_format: str, zip_code: str, in_folder: Path
) -> None:
    (row,) = load(in_folder, put("F2", value, number_format)).rows()
    assert row.document is not None
    signatory = convert(row.document, Request).signatory
    assert signatory is not None
    assert signatory.address.zip == zip_code


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('="Pat "&"P."', 'has the formula \'="Pat "&"P."\', not its result'),
        ("#REF!", "has the spreadsheet error '#REF!'"),
        (datetime(2026, 5, 5), "is a time of day"),  # noqa: DTZ001  # as openpyxl has it
        (True, "'TRUE' is not a value"),
        (70200000000000000000.0, "has lost digits in a spreadsheet"),
        (70206907366258499584.0, "has lost digits in a spreadsheet"),
    ],
)
def test_a_cell_that_is_no_text_signs_no_letter(value: object, told: str, in_folder: Path) -> None:
    number_format = "d-mmm" if isinstance(value, datetime) else "General"
    (row,) = load(in_folder, put("D2", value, number_format)).rows()
    assert row.document is not None
    (problem,) = judge(row.document)[0]
    assert told in problem.message
    assert str(problem.location) == "n.xlsx:2: Sheriff Name"


def test_what_a_sheet_hides_is_told(in_folder: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.append([*COUNTY, ""])
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions.group("F", "Z", hidden=True)
        sheet["G1"] = "# note"
        sheet["D2"] = CellRichText("Pat ", TextBlock(InlineFont(strike=True), "P. Old"))
        sheet["A3"].font = Font(strike=True)
        sheet["F3"].font = Font(strike=True)  # it is empty
        assert sheet.parent is not None
        for title, state in (("Old", "hidden"), ("Notes", "visible")):
            other = sheet.parent.create_sheet(title)
            other.append(["County" if state == "hidden" else "What to do"])
            other.sheet_state = state

    assert load(in_folder, change).notes[:4] == (
        "hidden row 3 of the sheet 'Sheet' counts as a request too",
        "hidden columns of the sheet 'Sheet' count too: F, G",
        "cells of the sheet 'Sheet' with a line through them count too: D2, A3",
        "only the sheet 'Sheet' is read, not the hidden sheet 'Old'",
    )


def test_merged_cells_are_refused(in_folder: Path) -> None:
    message = told_by(lambda: load(in_folder, lambda sheet: sheet.merge_cells("D2:D3")))
    assert message == (
        "n.xlsx: has merged cells in the sheet 'Sheet' (D2:D3)\n"
        "  hint: in the spreadsheet, unmerge them and write the value into each row"
    )


def test_a_merged_title_above_the_columns_is_told_as_a_title(in_folder: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "Notices of our counties"
        sheet.merge_cells("A1:D1")

    file = load(in_folder, change)
    assert told_by(lambda: file.notes) == (
        "n.xlsx:1: does not name the columns; line 2 does\n"
        "  hint: delete line 1: the column names come first"
    )


def test_a_workbook_without_a_table_is_told(in_folder: Path) -> None:
    message = told_by(lambda: load(in_folder, put("A1", "What")))
    assert message.partition("\n")[0] == (
        "n.xlsx: has no sheet whose columns are those of a request"
    )


def test_a_damaged_workbook_is_told(in_folder: Path) -> None:
    with ZipFile(in_folder / "n.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook>")
    assert told_by(lambda: load_input("n.xlsx")).startswith("n.xlsx: is a damaged workbook (")


def test_a_formula_that_gives_nothing_is_an_empty_cell(in_folder: Path) -> None:
    load(in_folder, put("F2", '=IF(A2="","x","")'))
    with ZipFile("n.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    cell = b'<c r="F2"><f>'
    with ZipFile("n.xlsx", "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part.replace(cell, cell.replace(b">", b' t="str">', 1)))
    assert load_input("n.xlsx").text.splitlines()[1].endswith(",Sheriff,")


def test_a_workbook_is_one_whatever_its_name(in_folder: Path) -> None:
    assert load(in_folder, name="n.csv").form == "sheet"


def test_letters_are_the_same_from_a_workbook_and_a_table(run: Run, in_folder: Path) -> None:
    (in_folder / "n.xlsx").write_bytes(workbook())
    text = ",".join(HEADER) + '\n"Marin County, CA",secure-communities/opt-out,2026-11-24,'
    (in_folder / "n.csv").write_text(f"{text}Pat P.,Sheriff,94903\n", "utf-8")
    options = ("-f", "txt", "-j1", "-q")
    codes = [
        outcome(run("batch", name, *options, "-o", f"{name}.out/"))[0]
        for name in ("n.xlsx", "n.csv")
    ]
    letters = [
        {path.name: path.read_bytes() for path in (in_folder / f"{name}.out").rglob("*.txt")}
        for name in ("n.xlsx", "n.csv")
    ]
    assert (codes, letters[0] == letters[1], len(letters[0])) == ([0, 0], True, 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_read_as_text(value: float) -> None:
    assert text_of(value, "General").lower().strip("-") in ("nan", "inf")


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (5, '"2026-"000', "2026-005"),
        (5.0, '"No. "0', "No. 5"),
        (5, ";;;", ""),
        (-5, "00000", "-00005"),
        (4.5, "General", "4.5"),
        (10**15, "0", "1.00000000000000E+15"),
        (10**15 - 1, "0", "999999999999999"),
        (202614, r"0000\-00", "2026-14"),
        (2026.1, "0.00", "2026.10"),
        (2026.125, "0.00", "2026.125"),
        (94903.0, "#,##0.00", "94903"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (1234.5, "[$$-409]#,##0.00", "$1,234.50"),
        (0.55, "0%", "55%"),
        (1, "0%", "100%"),
        (0, "0.0%", "0%"),
        (4155550120, "[<=9999999]###-####;(###) ###-####", "(415) 555-0120"),
        (5550120, "[<=9999999]###-####;(###) ###-####", "555-0120"),
        (5, r"_(* #,##0_);_(* \(#,##0\)", "5"),
        (-5, r"0;\(0\)", "(5)"),
        (0, "0;-0;;@", ""),
        (0, '0;-0;"";@', ""),
        (7, "@", "7"),
        (12, "# ?/?", "12"),
        (14, 'General"th"', "14th"),
        (timedelta(hours=29), "[h]:mm", "29:00:00"),
    ],
)
def test_a_format_shows_words_and_zeros(value: object, number_format: str, shown: str) -> None:
    assert text_of(value, number_format) == shown


def test_a_cell_far_away_costs_no_more_than_itself(in_folder: Path) -> None:
    (_, far) = load(in_folder, put("XFD2000", "x")).rows()
    assert (far.location.line, [problem.code for problem in far.problems]) == (
        2000,
        ["nameless-column"],
    )


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            b'</sheetData><mergeCells><mergeCell ref="A5:XFD1048576"/></mergeCells>',
            "17,179,803,660",
        ),
        (b"<row>" + b"<c/>" * 2_000_000 + b"</row></sheetData>", "2,000,012"),
    ],
)
def test_a_workbook_that_would_fill_the_memory_is_refused(
    more: bytes, told: str, in_folder: Path
) -> None:
    with ZipFile(io.BytesIO(workbook())) as old, ZipFile("n.xlsx", "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", more))
    message = f"n.xlsx: holds {told} cells (the limit is 2,000,000)\n"
    assert told_by(lambda: load_input("n.xlsx")).startswith(message)
