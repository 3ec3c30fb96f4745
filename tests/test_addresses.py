"""A whole address in one cell is divided where its parts are sure, and refused elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_results import Run
from make_letters import document_of
from run_batch import batch_in, current

from optout_cli.letters import Library
from optout_cli.readers.csv import rows_from_csv
from optout_cli.readers.postal import goes_on_with_state
from optout_cli.readers.values import judge

Batch = Callable[..., tuple[int, str, str]]
HEADER = "jurisdiction,signatory.name,signatory.title,Address"


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("100 Main St, Ely, NV 89301", ["100 Main St", "Ely", "NV", "89301"]),
        ("1 Oak Rd\nA\nEly, Nev. 89301-0012", ["1 Oak Rd\nA", "Ely", "NV", "89301-0012"]),
        ("1 Oak Rd, Suite 4, South Bend IN 46601, USA",
         ["1 Oak Rd, Suite 4", "South Bend", "IN", "46601"]),
        ("1 Oak Rd, Suite A, Ely NV 89301", ["1 Oak Rd, Suite A", "Ely", "NV", "89301"]),
        ("1 Oak Rd, Second Floor, San Rafael CA 94903",
         ["1 Oak Rd, Second Floor", "San Rafael", "CA", "94903"]),
        ("PO Box 2, Lusk, West Virginia, 25301", ["PO Box 2", "Lusk", "WV", "25301"]),
        ("1 Oak Rd, Suite B, NV 89301", None),  # the city is left out
        ("1 Oak Rd Ely NV 89301", None),  # the street's end is not sure
        ("1 Oak Rd\nCharleston West Virginia 25301", ["1 Oak Rd", "Charleston", "WV", "25301"]),
        ("1 Oak Rd\nCharleston West Virginia 23220", None),  # a ZIP code of Virginia
        ("Ely, NV 89301", None),
        ("1 Oak Rd, Ely, NV", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "column", ["Address", "signatory.address", "recipients.ice.address.street"]
)
def test_a_whole_address_is_divided_if_its_parts_are_sure(
    cell: str, parts: list[str] | None, column: str
) -> None:
    quoted = cell.replace('"', '""')
    (row,) = rows_from_csv(f'jurisdiction,"{column}"\nx,"{quoted}"\n', "t.csv")
    assert row.document
    data: Any = row.document.data  # a tree of text
    owner = data["recipients"]["ice"] if "recipients" in data else data["signatory"]
    address = owner["address"]
    if parts:
        assert [*address.values()] == parts
    else:  # as it stands in the cell, and refused
        assert (address, goes_on_with_state(cell)) == (
            cell if column == "signatory.address" else {"street": cell},
            True,
        )


@pytest.mark.no_cover
def test_a_batch_shows_how_it_divides_an_address(run: Run, in_folder: Path) -> None:
    batch = batch_in(in_folder, run)
    rows = (
        '50001,Pat Doe,Sheriff,"1 Oak Rd, Middlebury, VT 05753"\n'
        '50003,Pat Doe,Sheriff,"1 Oak Rd Ely VT 05753"\n'
    )
    code, _, told = batch("-o", "out/", table=f"{HEADER}\n{rows}")
    (letter,) = (text for name, text in current(Path("out")).items() if name.endswith("bureau.txt"))
    assert (code, "whole addresses in the column 'Address' are divided, such as" in told) == (
        3,
        True,
    )
    assert "1 Oak Rd | Middlebury | VT | 05753" in told
    assert "n.csv:3 (50003): Address: '1 Oak Rd Ely VT 05753' has several parts" in told
    assert "\n1 Oak Rd\nMiddlebury, VT 05753\n" in letter.decode()


@pytest.mark.parametrize("street", ["1 Oak Rd, Ely, NV 89301", "[1 Oak Rd, 'Ely, NV 89301']"])
def test_a_whole_address_in_a_street_of_a_request_is_refused(street: str) -> None:
    value = street if street.startswith("[") else f"'{street}'"
    problems, _ = judge(document_of(f"signatory: {{address: {{street: {value}}}}}"))
    assert [problem.message.partition(" has ")[2] for problem in problems] == [
        "several parts of an address in it"
    ]


@pytest.mark.parametrize(
    ("street", "is_more"),
    [
        ("14 Main St Clintonville IL", True),
        ("14 Main St. Clintonville, IL", True),
        ("14 Main Street NE", False),
        ("14 Oak CT", False),
        ("1 Court Sq 2nd FL", False),
        ("14 MAIN ST", False),
    ],
)
def test_a_street_that_ends_with_a_state_has_more_than_a_street(street: str, is_more: bool) -> None:
    assert goes_on_with_state(street) is is_more


def test_no_address_that_optout_knows_is_taken_for_a_whole_one(library: Library) -> None:
    data = library.directory.find("marin-county-ca").offices.values()
    places = [contact.address for contact in data]
    streets = [line for address in places for line in (*address.street, address.city or "")]
    assert [line for line in streets if goes_on_with_state(line)] == []


@pytest.mark.parametrize(
    ("code", "state", "told"),
    [
        ("10001", "CA", ["signatory.address.zip '10001' is a ZIP code of NY, not of CA"]),
        ("96799", "Guam", ["signatory.address.zip '96799' is a ZIP code of AS or HI, not of Guam"]),
        ("94903-1234", "Calif.", []),
        ("20598", "VA", []),
        ("83414", "WY", []),
        ("94903", "", []),
        ("949", "NY", []),
    ],
)
def test_a_zip_code_of_another_state_is_told(code: str, state: str, told: list[str]) -> None:
    document = document_of(f"signatory: {{address: {{zip: '{code}', state: '{state}'}}}}")
    assert [doubt.message for doubt in judge(document)[1]] == told


@pytest.mark.parametrize(
    ("street", "told"),
    [
        ("1 Main Street, San Rafael", True),
        ("1 Main Street San Rafael CA", True),
        ("1 San Rafael Avenue", False),
        ("1 Plaza San Rafael", False),
    ],
)
def test_a_city_in_the_street_too_is_told(street: str, told: bool) -> None:
    address = f"{{street: '{street}', city: San Rafael}}"
    _, doubts = judge(document_of(f"signatory: {{address: {address}}}"))
    assert ["has the city in it too" in doubt.message for doubt in doubts] == [True] * told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "signatory: {name: Pat Perez, title: 'Pat Perez, Sheriff'}",
            ["signatory.title 'Pat Perez, Sheriff' has the name in it too"],
        ),
        (
            "recipients: {bureau: {email: a@b.gov}, ice: {email: A@b.gov}}",
            ["recipients.ice.email 'A@b.gov' is recipients.bureau.email too"],
        ),
        (
            "signatory: {address: {street: Elm}}\nrecipients: {ice: {address: {street: [Elm]}}}",
            ["recipients.ice.address.street 'Elm' is signatory.address.street too"],
        ),
        ("recipients: {bureau: {email: a@b.gov}, ice: {email: c@b.gov}}", []),
    ],
)
def test_what_two_would_share_is_told(lines: str, told: list[str]) -> None:
    assert [doubt.message for doubt in judge(document_of(lines))[1]] == told
