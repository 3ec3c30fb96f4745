"""The table to fill in has columns that a request knows, and rows that can be written."""

import codecs
import csv
import io
import shlex
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome, problem
from conftest import TODAY
from make_letters import problems_of

from optout_cli.authoring.tables import table_template
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.readers.csv import csv_from, rows_from_csv

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
    "kind": "typed",
    "declines": "detainers\nmatch-results",
    "scheduled": "2013-02-01",
    "answered": "2026-11-19",
    "meeting-dates": "2026-12-01\n2026-12-02",
    "reply-by": "2026-12-31",
    "number": "7020 0000 00{}",
}


def csv_template(library: Library, letter: str, states: Sequence[str] = ()) -> str:
    return csv_from(*table_template(library, letter, states))


def test_a_state_has_a_row_for_each_of_its_jurisdictions(library: Library) -> None:
    table = list(csv.DictReader(io.StringIO(csv_template(library, LETTER, ["VT"]))))
    assert len(table) == 14
    assert {key: value for key, value in table[0].items() if value} == {
        "jurisdiction": "addison-county-vt",
        "# name": "Addison County, VT",
        "letter": LETTER,
    }


def test_without_a_state_there_are_the_columns_alone(library: Library) -> None:
    assert len(csv_template(library, LETTER).splitlines()) == 1


def test_a_letter_to_ice_alone_has_no_column_for_the_bureau(run: Run, in_folder: Path) -> None:
    code, _, err = outcome(run("new", "--csv", "--letter", "287g/revoke-personnel"))
    header = (in_folder / "requests.csv").read_text("utf-8-sig")
    assert (code, "bureau" in header, "recipients.ice.email" in header) == (0, False, True)
    assert err.startswith("each row needs jurisdiction, signatory.name, signatory.title, ")
    assert "particulars.model" in err


def test_every_column_is_one_that_a_request_knows(library: Library) -> None:
    header, row = list(csv.reader(io.StringIO(csv_template(library, LETTER, ["VT"]))))[:2]
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
    path = write("vt.csv", csv_template(library, LETTER, ["VT"]))
    found = outcome(run("batch", str(path), "--check", "-q"))
    assert found == (0, "14 requests: 14 can be written (28 files), 0 cannot\n", "")


def test_it_is_written_filled_in_and_given_to_batch(run: Run, in_folder: Path) -> None:
    assert outcome(run("new", "--csv", "--state", "NM")) == (
        0,
        "nm.csv\n",
        (
            "each row needs jurisdiction, signatory.name and signatory.title; this command"
            " explains each column:\n"
            "  optout new --letter secure-communities/opt-out -o - < /dev/null\n"
            'next: fill in nm.csv as a spreadsheet and save it as "CSV UTF-8", then run'
            " optout batch nm.csv --check\n"
        ),
    )
    assert (in_folder / "nm.csv").read_bytes().startswith(codecs.BOM_UTF8)
    with Path("nm.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with Path("filled.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        for number, row in enumerate(rows):
            signed = {"signatory.name": f"Pat {number} Placeholder", "signatory.title": "Sheriff"}
            writer.writerow(row | signed)
    code, out, _ = outcome(run("batch", "filled.csv", "-f", "txt", "-j1", "-q"))
    assert (code, len(out.splitlines())) == (0, 2 * len(rows))
    for number, row in enumerate(rows):
        for path in out.splitlines()[2 * number : 2 * number + 2]:
            assert row["jurisdiction"] in path
            assert f"Pat {number} Placeholder" in Path(path).read_text("utf-8")


def test_a_state_without_an_agreement_has_its_jurisdictions_and_a_note(
    run: Run, in_folder: Path
) -> None:
    states = ("--state", "CT", "--state", "PA")
    code, _, err = outcome(run("new", "--csv", "--letter", "287g/terminate", *states))
    notes = [line for line in err.splitlines() if line.startswith("note:")]
    told = (
        "note: no agency in Connecticut has an agreement on ICE's list, so each jurisdiction there"
    )
    assert (code, [note[: len(told)] for note in notes]) == (0, [told])


def test_a_name_beside_another_jurisdiction_is_told(
    run: Run, write: Write, in_folder: Path
) -> None:
    rows = [("Windsor County, VT", "washington-county-vt"), ("Pat", "addison-county-vt")]
    rows += [("Orange County, VT", "orange-county-vt"), ("", "essex-county-vt")]
    lines = [f'"{name}",{slug},{LETTER},Pat Placeholder,Sheriff\n' for name, slug in rows]
    head = "# name,jurisdiction,letter,signatory.name,signatory.title\n"
    write("v.csv", head + "".join(lines))
    out = outcome(run("batch", "v.csv", "--check", "-j1"))[1]
    told = "note (1 of 4 requests): check which is right: jurisdiction: washington-county-vt is"
    told += " Washington County, VT, and the column # name says 'Windsor County, VT'"
    assert [line for line in out.splitlines() if "# name" in line] == [told]


def test_it_goes_to_standard_output_for_a_pipeline(run: Run, in_folder: Path) -> None:
    code, out, err = outcome(run("new", "--csv", "--state", "Vermont", "-o", "-"))
    assert (code, out.count("\n"), err, lying_in(in_folder)) == (0, 15, "", [])
    assert out.startswith("jurisdiction,# name,")


@pytest.mark.parametrize(
    ("words", "name", "lines"),
    [("", "requests.csv", 1), ("--state GU -o sub/", "sub/gu.csv", 2), ("-o A.CSV", "A.CSV", 1)],
)
def test_it_has_a_name_of_its_own(
    words: str, name: str, lines: int, run: Run, in_folder: Path
) -> None:
    assert outcome(run("new", "--csv", "-q", *words.split())) == (0, f"{name}\n", "")
    assert (in_folder / name).read_text("utf-8").count("\n") == lines


def test_an_existing_table_is_kept(run: Run, write: Write, in_folder: Path) -> None:
    own = write("vt.csv", "mine\n")
    assert outcome(run("new", "--csv", "--state", "VT")) == (
        1,
        "",
        (
            "vt.csv: already exists, and optout new never replaces a file\n"
            "  hint: name another file with -o, such as -o vt-2.csv\n"
        ),
    )
    assert own.read_text("utf-8") == "mine\n"


OF_MANY = "--csv or --xlsx writes a table of many, not of"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--csv --state XQ", "no state 'XQ'\n  hint: one of AK, AL, "),
        (
            "--state VT",
            "--state works only with --csv or --xlsx\n  hint: add one of them, ",
        ),
        (
            "--csv marin-county-ca",
            f"{OF_MANY} 'marin-county-ca' alone\n  hint: use --state CODE instead\n",
        ),
        ("--xlsx vt.xlsx", f"{OF_MANY} 'vt.xlsx' alone\n  hint: name the table with -o vt.xlsx\n"),
        ("--csv --xlsx", "--csv and --xlsx do not go together\n"),
        ("--csv --wording", "--csv or --xlsx and --wording do not go together\n"),
        ("--csv -o vt.yaml", "'vt.yaml' is not a name for a table\n  hint: end it in .csv\n"),
    ],
)
def test_a_wrong_command_line_is_reported(words: str, told: str, run: Run, in_folder: Path) -> None:
    code, message = problem(run("new", *shlex.split(words)))
    assert (code, message.startswith(told), lying_in(in_folder)) == (2, True, [])


def test_an_unknown_letter_is_a_problem(library: Library) -> None:
    (problem,) = problems_of(lambda: csv_template(library, "secure-communities/no"))
    assert problem.code == "unknown-letter"


@pytest.mark.parametrize("state", ["VT", "GU"])
def test_no_cell_is_taken_for_a_formula(state: str, library: Library) -> None:
    for row in csv.reader(io.StringIO(csv_template(library, LETTER, [state]))):
        assert not any(cell[:1] in "=+-@" for cell in row if cell)


def test_a_table_has_the_rows_of_several_states_once(
    library: Library, run: Run, in_folder: Path
) -> None:
    states = ("--state", "VT", "--state", "delaware", "--state", "Vermont")
    assert outcome(run("new", "--csv", "-q", *states))[:2] == (0, "vt-de.csv\n")
    table = [*csv.DictReader((in_folder / "vt-de.csv").read_text("utf-8-sig").splitlines())]
    known = [
        library.directory.slug(code, id)
        for state in ("VT", "DE")
        for code, id, _ in library.directory.all(state)
    ]
    assert [row["jurisdiction"] for row in table] == known
