"""`optout new --xlsx`: the table as a workbook of text, with lists and a sheet that explains it."""

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from command_results import Run, outcome
from openpyxl.worksheet.worksheet import Worksheet

from optout_cli.authoring.tables import sheet_template, table_template
from optout_cli.batch.input import load_input
from optout_cli.letters import Library

OPT_OUT, TERMINATE = "secure-communities/opt-out", "287g/terminate"


def sheets_of(library: Library, letter: str, state: str) -> dict[str, Worksheet]:
    content = sheet_template(library, table_template(library, letter, [state]), [letter])
    return {sheet.title: sheet for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets}


def choices_in(sheets: dict[str, Worksheet]) -> Iterator[tuple[str, list[object]]]:
    """Yield the name of each column that has a list, with the list."""
    for rule in sheets["Requests"].data_validations.dataValidation:
        area = str(rule.formula1).partition("!")[2].replace("$", "")
        listed = [cell.value for (cell,) in sheets["Lists"][area]]
        for place in rule.sqref.ranges:
            yield str(sheets["Requests"].cell(1, place.min_col).value), listed


@pytest.mark.no_cover
def test_its_rows_are_those_of_the_table_and_every_cell_is_text(library: Library) -> None:
    table = table_template(library, TERMINATE, ["PA"])
    sheet = sheets_of(library, TERMINATE, "PA")["Requests"]
    rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    formats = {cell.number_format for row in sheet.iter_rows() for cell in row}
    formats |= {shape.number_format for shape in sheet.column_dimensions.values()}
    assert (rows, formats) == ([table.header, *table.rows], {"@"})
    assert (sheet.freeze_panes, len(rows) > 50) == ("C2", True)
    assert {12 <= shape.width <= 42 for shape in sheet.column_dimensions.values()} == {True}


@pytest.mark.no_cover
def test_lists_offer_what_a_request_may_say(library: Library) -> None:
    found = dict(choices_in(sheets_of(library, TERMINATE, "PA")))
    ways = ["certified-mail", "mail", "email", "fax", "hand"]
    assert {name: found[name] for name in found if not name.startswith("particulars.")} == {
        "letter": [id for id, _, _ in library.programs.letters()],
        "signatory.address.state": list(library.directory.data.states),
        "signature.kind": ["ink", "typed", "image"],
        "service.ice.0.by": ways,
    }
    assert found["particulars.model"] == list(
        library.programs.find(TERMINATE)[1].particulars["model"].choices
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("letter", [OPT_OUT, TERMINATE, "287g/revoke-personnel"])
def test_the_second_sheet_explains_each_column(letter: str, library: Library) -> None:
    sheets = sheets_of(library, letter, "VT")
    table = [[cell.value for cell in row] for row in sheets["Columns"].iter_rows()]
    (head,) = (number for number, row in enumerate(table) if row[0] == "Column")
    own = [str(cell.value) for cell in sheets["Requests"][1]]
    assert [row[0] for row in table[head + 1 :]] == [name for name in own if name[0] != "#"]
    assert [row[0] for row in table[head + 1 :] if not row[1]] == []
    needed = [row[0] for row in table[head + 1 :] if row[2] == "yes"]
    assert needed[:3] == ["jurisdiction", "signatory.name", "signatory.title"]


def test_a_workbook_that_was_filled_in_is_read_without_a_note(run: Run, in_folder: Path) -> None:
    code, out, err = outcome(run("new", "--xlsx", "--state", "VT", "--state", "Rhode Island"))
    assert (code, out) == (0, "vt-ri.xlsx\n")
    assert err == (
        "each row needs jurisdiction, signatory.name and signatory.title; the second sheet"
        " explains each column\nnext: fill in vt-ri.xlsx and save it, then run optout batch"
        " vt-ri.xlsx --check\n"
    )
    book = openpyxl.load_workbook("vt-ri.xlsx")
    for line in range(2, 21):
        book["Requests"].cell(line, 4).value = "2026-11-20"
    book.save(in_folder / "vt-ri.xlsx")
    assert load_input("vt-ri.xlsx").notes == ()
    assert outcome(run("batch", "vt-ri.xlsx", "-f", "txt", "--check", "-q"))[0] == 0


def test_the_same_table_is_the_same_file(library: Library) -> None:
    table = table_template(library, OPT_OUT, ["RI"])
    assert sheet_template(library, table, [OPT_OUT]) == sheet_template(library, table, [OPT_OUT])
