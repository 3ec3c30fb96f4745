"""Corrected rows take the places of their rows in the table; rows of another table do not."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from command_results import Run, Write
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from run_batch import HEADER, Batch, current, records

TABLE = f"{HEADER}50001,Pat,Sheriff\n50003,Pat,TBD\n5005,,Sheriff\n50007,Alex,Sheriff\n"
FIXES = {"TBD": "Sheriff", "5005": "50005"}
Rows = list[list[str]]
Change = Callable[[Rows], object]


def correct(path: Path, change: Change = lambda _: None) -> None:
    """Correct the faulty rows of rejects, then change the table as a person might."""
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    rows = [[FIXES.get(cell, cell) for cell in row] for row in rows]
    for row in rows[1:]:
        row[3] = row[3] or "Sam"
    change(rows)
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    path.write_text(stream.getvalue(), "utf-8")


def test_corrected_rows_are_written_and_good_ones_stay(batch: Batch) -> None:
    code, _, err = batch(table=TABLE)
    assert (code, "again with --with out/rejects.csv" in err) == (3, True)
    before = current(Path("out/VT"))
    correct(Path("out/rejects.csv"))
    code, out, err = batch("--with", "out/rejects.csv")
    assert (code, len(out.splitlines()), len(before)) == (0, 4, 4)
    assert current(Path("out/VT")).items() >= before.items()
    assert [it["request"] for it in records()] == [
        *["n.csv:2"] * 2,
        *["out/rejects.csv:2"] * 2,
        *["out/rejects.csv:3"] * 2,
        *["n.csv:5"] * 2,
    ]
    checked = batch("--with", "out/rejects.csv", "--check")[1]
    assert "files: 0 new, 8 unchanged, 0 replaced\n" in checked


def test_forgetting_with_names_the_file_that_has_the_corrected_rows(batch: Batch) -> None:
    batch(table=TABLE)
    rejects, second = Path("out/rejects.csv"), Path("out/rejects-2.csv")
    correct(rejects)
    kept = "kept: out/rejects.csv was changed after optout wrote it, and has 2 rows of those"
    step = "next: run this command again with --with out/rejects.csv"
    assert batch("--with", str(rejects), "-q")[0] == 0
    code, _, err = batch()
    assert (code, f"{kept} rejected now\n" in err, f"{step}\n" in err) == (3, True, True)
    assert not second.exists()
    code, _, err = batch("--with", rejects.name)
    assert (code, "hint: did you mean out/rejects.csv?\n" in err) == (2, True)
    err = batch(table=f"{TABLE}50009,TBD,Sheriff\n")[2]
    assert f"next: fix the rows in {second}, then {step[6:]} --with {second}\n" in err
    assert second.read_text("utf-8").count("\n") == 2
    assert batch("--with", str(rejects))[2].count(f"next: fix the rows in {second}") == 1


def test_what_is_still_wrong_comes_back_with_the_same_key(batch: Batch) -> None:
    batch(table=TABLE)
    rejects, second = Path("out/rejects.csv"), Path("out/rejects-2.csv")
    correct(rejects, lambda rows: rows[1].__setitem__(4, "TBD"))
    code, _, err = batch("--with", str(rejects))
    assert (code, f"next: fix the rows in {second}" in err) == (3, True)
    keys = [
        row["# table row"] for row in csv.DictReader(io.StringIO(second.read_text("utf-8-sig")))
    ]
    assert keys[0].startswith("row 3, ")
    correct(second)
    assert batch("--with", str(rejects), "--with", str(second), "-q")[0] == 0
    assert batch("--with", str(second), name=str(rejects))[0] == 0
    assert len(current(Path("out/VT"))) == 8


def test_a_row_is_found_when_the_table_was_sorted_and_has_more_columns(batch: Batch) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"))
    header, *rows = TABLE.splitlines()
    table = "\n".join([f"# mine,{header},date", *(f"x,{row}," for row in reversed(rows))])
    assert batch("--with", "out/rejects.csv", table=table)[0] == 0
    assert len(current(Path("out/VT"))) == 8


def test_a_later_correction_moves_the_letter_before_to_earlier(batch: Batch) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"))
    batch("--with", "out/rejects.csv")
    text = Path("out/rejects.csv").read_text("utf-8").replace("Sam", "Kim")
    Path("out/rejects.csv").write_text(text, "utf-8")
    code, out, err = batch("--with", "out/rejects.csv")
    assert (code, len(out.splitlines()), err.count("replaced: ")) == (0, 2, 2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda rows: rows.append(rows[1]),
            "out/rejects.csv:5 (row 4, 50003): corrects the same row of the table as line 2",
        ),
        (
            lambda rows: rows.append(["", "", "50009", "Pat", "Sheriff"]),
            "out/rejects.csv:5 (row 4, 50009): has no key in the column '# table row'",
        ),
        (
            lambda rows: rows[1].__setitem__(1, "row 3, 0123456789"),
            "out/rejects.csv:2 (50003): corrects a row that is not in the table any more, or was",
        ),
        (
            lambda rows: [
                row.__setitem__(slice(1, 3), [f"row 3, {row[2]}01234", "50009"]) for row in rows[1:]
            ],
            "out/rejects.csv: has no row of this table",
        ),
        (
            lambda rows: [row.pop(1) for row in rows],
            "out/rejects.csv: has no column '# table row' with the rows of the table",
        ),
    ],
)
def test_a_file_that_does_not_fit_the_table_is_refused(
    change: Change, told: str, batch: Batch
) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"), change)
    code, out, err = batch("--with", "out/rejects.csv", "-q")
    assert (code, out, err.startswith(told)) == (1, "", True)


def test_rows_that_were_changed_in_the_table_too_are_each_told(batch: Batch) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"))
    changed = TABLE.replace("TBD", "Marshal").replace("5005,,", "5005,Kim,")
    code, _, err = batch("--with", "out/rejects.csv", "-q", table=changed)
    told = "corrects a row that is not in the table any more, or was changed there"
    hint = "  hint: keep one of the two: delete this row, or undo the change in the table\n"
    places = ("out/rejects.csv:2 (50003)", "out/rejects.csv:3 (50005)")
    assert (code, err) == (1, "".join(f"{place}: {told}\n{hint}" for place in places))


def test_a_row_that_was_deleted_from_the_rejects_is_left_out_and_told(batch: Batch) -> None:
    batch(table=f"{TABLE}50001,Pat,Sheriff\n")  # asks for the first letter again
    correct(Path("out/rejects.csv"), lambda rows: (rows.pop(), rows.pop(2)))
    code, out, err = batch("--with", "out/rejects.csv")
    assert (code, len(out.splitlines()), err.partition("\n")[0]) == (
        0,
        4,
        "note: n.csv: 2 rows are left out: deleted from the rejected rows",
    )


def test_a_correction_that_is_in_the_table_too_is_no_problem(batch: Batch) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"))
    assert batch("--with", "out/rejects.csv", table=TABLE.replace("TBD", "Sheriff"))[0] == 0


@pytest.mark.parametrize("day", ["date", "Date of letter"])
def test_a_corrected_row_is_read_in_the_order_of_its_table(batch: Batch, day: str) -> None:
    header = HEADER.strip()
    table = f"{header},{day}\n50001,Pat,Sheriff,12/15/2026\n50003,Pat,TBD,12/1/2026\n"
    batch(table=table)
    correct(Path("out/rejects.csv"))
    code, out, _ = batch("--with", "out/rejects.csv", "-q")
    assert (code, out.splitlines()[0]) == (
        0,
        "out/VT/bennington-county-vt/2026-12-01-opt-out-bureau.txt",
    )


def test_a_deleted_row_is_left_out_in_another_folder_too(batch: Batch) -> None:
    batch(table=TABLE)
    correct(Path("out/rejects.csv"), lambda rows: rows.pop(2))
    code, out, err = batch("--with", "out/rejects.csv", "-o", "other/")
    assert (code, len(out.splitlines()), err.partition("\n")[0]) == (
        0,
        6,
        "note: n.csv: 1 row is left out: deleted from the rejected rows",
    )


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "header",
    [
        "County,State,Sheriff Name,Sheriff Title,Sheriff ZIP",
        "# mine,Sheriff Name,Title,Name of county,ST,Street,City,State,ZIP",
    ],
)
def test_rejects_have_the_column_names_of_their_table(batch: Batch, header: str) -> None:
    batch(table=f"{header}\n{'x,' * header.count(',')}x\n", name="m.csv")
    rejects = Path("out/rejects.csv").read_text("utf-8-sig")
    assert rejects.partition("\n")[0].strip() == f"# rejected,# table row,{header}"


def test_rejects_of_tables_with_other_names_have_those_of_a_request(
    batch: Batch, write: Write
) -> None:
    write("m.csv", "County,Sheriff Name,Sheriff Title\nNowhere,Pat,Sheriff\n")
    batch("m.csv", table=TABLE)
    rejects = Path("out/rejects.csv").read_text("utf-8-sig")
    assert rejects.partition("\n")[0].strip() == f"# rejected,# table row,{HEADER.strip()}"


def workbook(path: Path) -> None:
    """Make a workbook with columns in people's words, a format, a rule and another sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["County", "# mine", "Sheriff Name", "Sheriff Title", "Date of letter"])
    sheet.append(["Addison County, VT", "x", "Pat", "Sheriff", date(2026, 11, 20)])
    sheet.append(["Bennington County, VT", "y", "Pat", "TBD", date(2026, 11, 20)])
    sheet.append(["=" + '"Nowhere"', None, "Sam", "Sheriff", date(2026, 11, 20)])
    sheet["C3"].font = Font(italic=True)
    sheet["E3"].number_format = "d-mmm"
    sheet.column_dimensions["C"].width = 33
    rule = DataValidation(type="list", formula1='"Sheriff,Marshal"')
    rule.add("D2:D9")
    sheet.add_data_validation(rule)
    book.create_sheet("Notes")["A1"] = "mine"
    book.save(path)


def test_rejects_of_a_workbook_are_one_with_the_faulty_cells_marked(
    batch: Batch, in_folder: Path
) -> None:
    workbook(Path("n.xlsx"))
    code, _, err = batch(name="n.xlsx")
    book = openpyxl.load_workbook("out/rejects.xlsx")
    sheet = book["Sheet"]
    shown = [[cell.value for cell in row[2:]] for row in sheet.iter_rows()]
    marked = {
        cell.coordinate: cell.comment.text
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment and cell.fill.fgColor.rgb == "00FFC7CE"
    }
    told = "Sheriff Title: 'TBD' is a blank that was never filled in"
    assert (code, "--with out/rejects.xlsx" in err, book.sheetnames) == (
        3,
        True,
        ["Sheet", "Notes"],
    )
    assert shown[:2] == [
        ["County", "# mine", "Sheriff Name", "Sheriff Title", "Date of letter"],
        ["Bennington County, VT", "y", "Pat", "TBD", sheet["G2"].value],
    ]
    assert (sheet["E2"].font.italic, sheet["G2"].number_format, str(sheet["G2"].value)[:10]) == (
        True,
        "d-mmm",
        "2026-11-20",
    )
    assert sheet.column_dimensions["E"].width == 33
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == ["F2:F3"]
    assert {name: text.partition(" (")[0] for name, text in marked.items()} == {
        "F2": told,
        "C3": marked["C3"].partition(" (")[0],
    }


@pytest.mark.no_cover
def test_a_corrected_workbook_completes_the_table(batch: Batch, in_folder: Path) -> None:
    workbook(Path("n.xlsx"))
    batch(name="n.xlsx")
    first = Path("out/rejects.xlsx").read_bytes()
    batch(name="n.xlsx")
    assert Path("out/rejects.xlsx").read_bytes() == first
    book = openpyxl.load_workbook("out/rejects.xlsx")
    book["Sheet"]["F2"], book["Sheet"]["C3"] = "Sheriff", "Caledonia County, VT"
    book.save("out/rejects.xlsx")
    code, _, _ = batch("--with", "out/rejects.xlsx", name="n.xlsx")
    assert (code, len(current(Path("out/VT")))) == (0, 6)


def test_rejects_of_several_workbooks_are_one(batch: Batch, run: Run, in_folder: Path) -> None:
    workbook(Path("n.xlsx"))
    book = openpyxl.load_workbook("n.xlsx")
    book["Sheet"]["A3"], book["Sheet"]["F1"], book["Sheet"]["F3"] = (
        "Essex County, VT",
        "Vote",
        "7-Feb",
    )
    del book["Sheet"].data_validations.dataValidation[:]
    book.save("m.xlsx")
    options = ("-f", "txt", "-j1", "-q", "-o", "out/", "--common", "common.yaml")
    run("batch", "n.xlsx", "m.xlsx", *options)
    sheet = openpyxl.load_workbook("out/rejects.xlsx")["Sheet"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][2:] == [
        *("County", "# mine", "Sheriff Name", "Sheriff Title", "Date of letter"),
        "authority.0.vote",
    ]
    assert [row[2] for row in rows[1:]] == [
        *("Addison County, VT", "Bennington County, VT", '="Nowhere"'),
        *("Addison County, VT", "Essex County, VT", '="Nowhere"'),
    ]
    assert {row[6] for row in rows[4:]} == {"2026-11-20"}  # a date of m.xlsx, as text
    assert (rows[5][7], sheet["H6"].fill.fgColor.rgb) == ("7-Feb", "00FFC7CE")
