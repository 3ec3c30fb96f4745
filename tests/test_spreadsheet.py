"""The table to start from has columns that a request knows, and rows that can be written."""

import csv
import io
from datetime import date

import pytest
from conftest import TODAY
from desk import Run, Write, outcome
from stages import problems_of

from optout_cli.pipeline.letters import Order, case_of
from optout_cli.pipeline.library import Library
from optout_cli.pipeline.spreadsheet import spreadsheet
from optout_cli.source.csv_text import rows_from_csv

LETTER = "secure-communities/opt-out"
FILLED = {
    "date": "2026-11-20",
    "ori": "VT0000000",
    "zip": "05000",
    "state": "VT",
    "phone": "802-555-0100",
    "fax": "802-555-0101",
    "email": "clerk@example.gov",
    "by": "mail",
    "declines": "detainers\nmatch-results",
    "scheduled": "2013-02-01",
    "answered": "2026-11-19",
    "meeting-dates": "2026-12-01\n2026-12-02",
    "reply-by": "2026-12-31",
    "number": "No. {}",
}


def test_a_state_has_a_row_for_each_of_its_jurisdictions(library: Library) -> None:
    table = list(csv.DictReader(io.StringIO(spreadsheet(library, LETTER, "VT"))))
    assert len(table) == 14
    assert {key: value for key, value in table[0].items() if value} == {
        "jurisdiction": "50001",
        "# name": "Addison County, VT",
        "letter": LETTER,
    }


def test_without_a_state_there_are_the_columns_alone(library: Library) -> None:
    assert len(spreadsheet(library, LETTER).splitlines()) == 1


def test_every_column_is_one_that_a_request_knows(library: Library) -> None:
    header, row = list(csv.reader(io.StringIO(spreadsheet(library, LETTER, "VT"))))[:2]
    cells = [
        old or FILLED.get(name.rpartition(".")[2], "Some text").format(number)
        for number, (name, old) in enumerate(zip(header, row, strict=True))
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, cells])
    (read,) = rows_from_csv(text.getvalue(), "n.csv")
    assert read.document is not None
    case = case_of(read.document, library, Order(today=TODAY))
    assert case.request.date == date(2026, 11, 20)
    assert case.particulars.declines == ("detainers", "match-results")


def test_the_table_is_a_batch_as_it_stands(library: Library, run: Run, write: Write) -> None:
    path = write("vt.csv", spreadsheet(library, LETTER, "VT"))
    found = outcome(run("batch", str(path), "--check"))
    assert found == (0, "14 requests: 14 can be written (28 files), 0 cannot\n", "")


def test_a_letter_that_there_is_not_is_a_problem(library: Library) -> None:
    (problem,) = problems_of(lambda: spreadsheet(library, "secure-communities/no"))
    assert problem.code == "unknown-letter"


@pytest.mark.parametrize("state", ["VT", "GU"])
def test_no_cell_is_taken_for_a_formula(state: str, library: Library) -> None:
    for row in csv.reader(io.StringIO(spreadsheet(library, LETTER, state))):
        assert not any(cell[:1] in "=+-@" for cell in row if cell)
