"""Whatever is put into a table, each good row is written, and each faulty one told by its columns.

Set OPTOUT_FAULTY_ROWS to try a longer table, such as 1000.
"""

import csv
import io
import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from command_results import Run, lying_in, outcome
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_values import SAMPLES

from optout_cli.letters import Library
from optout_cli.readers.csv import csv_from

ROWS = int(os.environ.get("OPTOUT_FAULTY_ROWS", "30"))
STATES = ("VT", "TX", "GA", "VA", "KY", "KS", "IL", "NC")
# A column with texts that are taken, the last ones in other words than a request's.
COLUMNS = {
    "jurisdiction": [""],
    "signatory.name": ["Pat Placeholder", "Jos\u00e9 Pe\u00f1a", "O'Neil, Jr.", "\u00d1and\u00fa"],
    "signatory.title": ["Sheriff", "Chief Deputy", "Alguacil"],
    "signatory.office": ["", "Office of the Sheriff", "Sheriff\u2019s Office"],
    "signatory.address.street": ["", "1 Main Street", "P.O. Box 7"],
    "signatory.address.state": ["", "IL", "Illinois", "Calif.", "new mexico"],
    "signatory.address.zip": ["", "05345", "05345-1234", "05345.0", "05345 \u2013 1234"],
    "signatory.phone": ["", "415-555-0120", "+14155550120", "tel:415-555-0120"],
    "signature.kind": ["", "ink", "Typed", "in ink"],
    "authority.0.instrument": ["Resolution"],
    "authority.0.number": ["", "2026-14", "No. 26-31", "R-7"],
    "authority.0.date": ["", "2026-11-02", "2-Nov-26", "Nov. 2, 2026", "2026-11-02 00:00:00"],
    "authority.0.vote": ["", "5 to 0", "unanimous"],
    "service.bureau.0.by": ["certified-mail", "Certified Mail", "By mail"],
    "service.bureau.0.number": [""],
}
WRONG_DIGIT = "7020 0000 0000 0000 0004"
LATE = (WRONG_DIGIT, "2027-05-01")  # told once nothing else is wrong
NO_DATES = ["soon", "2026-13-01", "2026-02-30", "11/12/2026", "Tuesday", "99999"]
# What other programs and hurried people leave in a column.
FAULTS = {
    "jurisdiction": ["Nowhere County, TX", "6041.0x", "123456", "Washington County", "#N/A"],
    "signatory.address.state": ["XX", "Utopia", "5", "#REF!"],
    "signatory.address.zip": ["123", "ABCDE", "5345", "=A1", "########"],
    "signatory.phone": ["555-0120", "call me", "(415) 555", "#NAME?"],
    "signature.kind": ["stamp", "maybe"],
    "authority.0.date": [*NO_DATES, "2027-05-01"],
    "service.bureau.0.by": ["pigeon", "UPS", "1"],
    "service.bureau.0.number": ["7.02E+19", "70200000000000000000", "123", WRONG_DIGIT],
} | {
    column: [text for uses, texts in SAMPLES.values() if use in uses for text in texts]
    for column, use in (
        ("signatory.name", "name"),
        ("signatory.title", "name"),
        ("signatory.office", "name"),
        ("signatory.address.street", "name"),
        ("authority.0.number", "number"),
        ("authority.0.vote", "vote"),
    )
}
Table = dict[str, dict[str, str]]  # rows by their number


@pytest.fixture(scope="module")
def places(library: Library) -> list[str]:
    every = (found for state in STATES for found in library.directory.all(state))
    return [library.directory.slug(code, id) for code, id, _ in every][:ROWS]


def faulty_table(places: list[str], random: Random) -> tuple[Table, dict[str, set[str]]]:
    """Make a table, and tell the faulty columns of its rows; about half of them have none."""
    rows: Table = {}
    faults: dict[str, set[str]] = {}
    for number, place in enumerate(places):
        row = {column: random.choice(texts) for column, texts in COLUMNS.items()}
        row["jurisdiction"] = place
        columns = random.sample([*FAULTS], random.choice((0, 0, 0, 1, 1, 2, 3)))
        for column in columns:
            texts = [text for text in FAULTS[column] if columns == [column] or text not in LATE]
            row[column] = random.choice(texts)
        rows[str(number)] = row
        if columns:
            faults[str(number)] = {*columns}
    return rows, faults


@settings(
    max_examples=1 if ROWS > 100 else 3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(random=st.randoms(use_true_random=True))
def test_faulty_rows_cost_no_other_row(run: Run, places: list[str], random: Random) -> None:
    rows, faults = faulty_table(places, random)
    with TemporaryDirectory() as folder:
        table, out = Path(folder, "n.csv"), Path(folder, "out")
        Path(folder, "common.yaml").write_text(
            "letter: secure-communities/opt-out\ndate: 2026-11-20\n", "utf-8"
        )
        header = ["# n", *COLUMNS]
        table.write_text(csv_from(header, ([n, *row.values()] for n, row in rows.items())), "utf-8")
        common = ("--common", f"{folder}/common.yaml", "-f", "txt", "-j1", "-q", "-o", str(out))
        code, _, _ = outcome(run("batch", str(table), *common))
        rejects = (out / "rejects.csv").read_text("utf-8-sig") if faults else "# n\n"
        letters = {Path(name).parent.name for name in lying_in(out) if name.endswith(".txt")}
    rejected = csv.DictReader(io.StringIO(rejects, newline=""))
    told = {row["# n"]: row["# rejected"] for row in rejected}
    silent = {
        (number, column)
        for number, columns in faults.items()
        for column in columns
        if column not in told.get(number, "")
    }
    good = {row["jurisdiction"] for number, row in rows.items() if number not in faults}
    wrong = {number: told[number] for number in told.keys() - faults.keys()}
    assert (code, wrong, silent) == (3 if faults else 0, {}, set())
    assert letters == good
