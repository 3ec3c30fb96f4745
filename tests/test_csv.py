"""A table is read as requests: columns are key paths; each problem has its line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import told_by

from optout_cli.model.fields import Noun, Text, Zip
from optout_cli.readers.csv import csv_from, rows_from_csv
from optout_cli.readers.document import UNSEEN, Row, Tree
from optout_cli.readers.validate import convert


class _Lists(Noun, frozen=True, kw_only=True):
    many: tuple[Text, ...]


class _Zipped(Noun, frozen=True, kw_only=True):
    zip: Zip


def rows(text: str) -> list[Row]:
    return list(rows_from_csv(text, "n.csv"))


def data(text: str) -> list[dict[str, Tree]]:
    return [row.document.data for row in rows(text) if row.document]


def told(text: str) -> list[str]:
    return [str(problem) for row in rows(text) for problem in row.problems]


def place(row: Row, path: str) -> str:
    assert row.document is not None
    return str(row.document.location(path))


def test_columns_are_key_paths_and_an_empty_cell_is_absent() -> None:
    table = (
        "jurisdiction,signatory.name,signatory.title,date\n06041,Pat,,\n50001,,Sheriff,2026-01-02\n"
    )
    assert data(table) == [
        {"jurisdiction": "06041", "signatory": {"name": "Pat"}},
        {"jurisdiction": "50001", "signatory": {"title": "Sheriff"}, "date": "2026-01-02"},
    ]


def test_numbered_columns_are_a_list_that_closes_its_gaps() -> None:
    table = "cc.1.name,cc.0.name,cc.10.title\nB,A,\n,,C\n"
    assert data(table) == [
        {"cc": [{"name": "A"}, {"name": "B"}]},
        {"cc": [{"title": "C"}]},
    ]


def test_a_value_that_moved_up_is_found_in_its_own_column() -> None:
    (row,) = rows("jurisdiction,cc.0.name,cc.3.email\n06041,,nobody\n")
    assert place(row, "cc.0.email") == "n.csv:2: cc.3.email"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("signatory.name", "n.csv:2: signatory.name"),
        ("signatory.title", "n.csv:2: signatory"),
        ("letter", "n.csv:2"),
        ("particulars.reasons.1", "n.csv:2: particulars.reasons"),
    ],
)
def test_a_location_is_the_line_and_the_column(path: str, shown: str) -> None:
    (row,) = rows("jurisdiction,signatory.name,particulars.reasons\n06041,Pat,a\n")
    assert place(row, path) == shown


def test_a_location_has_the_line_of_the_file_after_a_cell_of_many_lines() -> None:
    table = 'jurisdiction,particulars.reasons\r\n1,"one\r\n\r\ntwo"\r\n,\r\n2,\r\n'
    first, second = rows(table)
    assert first.document is not None
    assert first.document.data["particulars"] == {"reasons": "one\n\ntwo"}
    assert (first.location.line, second.location.line) == (2, 6)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "^"])
def test_the_header_decides_the_delimiter(delimiter: str) -> None:
    table = f"jurisdiction{delimiter} signatory.name \n06041{delimiter} Pat\xa0\n"
    assert data(table) == [{"jurisdiction": "06041", "signatory": {"name": "Pat"}}]


def test_columns_of_the_users_own_and_empty_ones_are_not_read() -> None:
    assert data("# rejected,jurisdiction,#note,,\nwhy,06041,mine,,\n") == [
        {"jurisdiction": "06041"}
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "a,b,a",
            (
                "n.csv:1: has 2 columns for a: 'a'\n"
                "  hint: keep one of them, or begin the names of the others with #"
            ),
        ),
        (
            "a..b",
            (
                "n.csv:1: has the wrong column name 'a..b'\n"
                "  hint: column names look like jurisdiction, signatory.name or cc.0.title"
            ),
        ),
        (
            "cc,cc.0.name",
            (
                "n.csv:1: has both the column 'cc' and the column 'cc.0.name'\n"
                "  hint: keep one of the two"
            ),
        ),
    ],
)
def test_a_wrong_header_is_reported_before_any_row(header: str, message: str) -> None:
    assert told_by(lambda: rows(f"{header}\n1,2,3\n")) == message


@pytest.mark.parametrize("title", ["Vermont counties", "Vermont counties,,", "Counties: Vt., 2026"])
def test_a_title_above_the_header_is_reported_once(title: str) -> None:
    assert told_by(lambda: rows(f"{title}\n\n#, jurisdiction,date\n1,50001,\n2,50003,\n")) == (
        "n.csv:1: does not name the columns; line 3 does\n"
        "  hint: delete line 1: the column names come first"
    )


def test_a_cell_in_a_nameless_column_is_a_problem_of_its_row() -> None:
    assert told("a,b\n1,2,three,\n4,5\n") == [
        (
            "n.csv:2: cell 3 ('three') is in a column without a name\n"
            "  hint: name the column in the first line, or put text with a comma in"
            " quotes"
        )
    ]


def test_an_unclosed_quote_is_reported_at_the_line_where_it_opens() -> None:
    message = told_by(lambda: rows('a,b\n1,2\n3,"4\n5,6\n'))
    assert message.splitlines()[0] == "n.csv:3: is not CSV: unexpected end of data"


def test_an_invisible_character_is_reported_in_its_column() -> None:
    assert told("a,b.0\n1,x\u202ey\n")[0].splitlines()[0] == (
        "n.csv:2: b.0: has an invisible character (U+202E)"
    )


CHARACTERS = st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029")
CELLS = st.text(CHARACTERS).filter(lambda cell: not UNSEEN.search(cell))


@given(
    cells=st.lists(
        CELLS | st.sampled_from(["=1+1", "'=x", "''@y", "-", "+1 303", "a\nb"]), min_size=1
    )
)
def test_what_is_written_is_read_back_and_no_cell_is_a_formula(cells: list[str]) -> None:
    # With a jurisdiction, no cell is taken for that column's name, and no line for one of dashes.
    header = [*(f"c{number}" for number in range(len(cells))), "jurisdiction"]
    cells = [*cells, "x"]
    text = csv_from(header, [cells])
    (read,) = data(text)
    assert read == {
        name: cell.strip().replace("\r", "\n")
        for name, cell in zip(header, cells, strict=True)
        if cell.strip()
    }
    assert not any(cell[:1] in ("=", "+", "-", "@") for cell in text.split(",") if cell)


@pytest.mark.parametrize(
    ("cell", "reasons"),
    [
        ("One.\nTwo.", ["One.", "Two."]),
        ("One.\n\nTwo.", ["One.", "Two."]),
        ("- One.\n- Two.", ["One.", "Two."]),
        ("1. One.\n2) Two.", ["One.", "Two."]),
        ("1. One.\nTwo.", ["1. One.", "Two."]),
        ("- One.", ["- One."]),
    ],
)
def test_each_line_of_a_cell_is_an_entry_of_its_list(cell: str, reasons: list[str]) -> None:
    (row,) = rows(csv_from(["many"], [[cell]]))
    assert row.document is not None
    assert convert(row.document, _Lists).many == tuple(reasons)


def test_an_unknown_column_has_the_hint_how_to_name_a_column_of_your_own() -> None:
    (row,) = rows("many,notes\nx,called twice\n")
    document = row.document
    assert document is not None
    assert told_by(lambda: convert(document, _Lists)) == (
        "n.csv:2: notes: _lists has no field 'notes'\n"
        "  hint: to add a column of your own, begin its name with #"
    )


def test_a_zero_that_a_spreadsheet_dropped_is_asked_for() -> None:
    (row,) = rows("zip\n5753\n")
    document = row.document
    assert document is not None
    told = told_by(lambda: convert(document, _Zipped, "signatory.address"))
    assert told.endswith("write all 5 digits; format the column as Text to keep 05753")


def test_a_column_with_a_number_of_many_digits_is_no_item() -> None:
    assert data(f"cc.{'1' * 5000}.name\nx\n") == [{"cc": {"1" * 5000: {"name": "x"}}}]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('"jurisdiction,letter"\n"06041,a/b"\n', "has one column with several names in it, "),
        ('"Opt-outs, 2026"\njurisdiction,letter\n', "does not name the columns; line 2 does"),
    ],
)
def test_a_first_line_that_names_no_columns_is_told_as_what_it_is(table: str, told: str) -> None:
    assert told in told_by(lambda: list(rows_from_csv(table, "n.csv")))
