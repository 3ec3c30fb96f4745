"""ICE's list of agencies -> agencies.yaml: counties are read or left out, never guessed."""

import csv
import io
from pathlib import Path

import pytest
from conftest import ROOT
from import_tool import tool

from optout_cli.directory.names import fold
from optout_cli.letters import Library

HEADER = "state,agency,type,county_as_printed,model,signed"
COUNTIES = {
    "29189": {"name": "St. Louis County"},
    "29227": {"name": "Worth County"},
    "29510": {"name": "St. Louis city"},
    "29221": {"name": "Washington County"},
    "29113": {"name": "Lincoln County"},
}
STATES = {"MO": {"name": "Missouri", "jurisdictions": COUNTIES}}
agencies = tool("agencies")


SHERIFFS = """\
fips,state,city
29113,MO,TROY
29221,MO,POTOSI
29189,MO,CLAYTON
29227,MO,CLAYTON
"""


def read(folder: Path, *rows: str, sheriffs: str = "") -> tuple[object, list[str]]:
    path, addresses = folder / "list.csv", folder / "sheriffs.csv"
    path.write_text("\n".join((HEADER, *rows)), "utf-8")
    addresses.write_text(sheriffs, "utf-8")
    seats = agencies.seats_from(addresses)
    found, remarks = agencies.agencies_from(agencies.rows_of(path), STATES, set(), seats)
    return found.get("MO"), remarks


def county(folder: Path, agency: str, printed: str) -> object:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["MISSOURI", agency, "County", printed, "jem", "2026-01-02"])
    found, _ = read(folder, buffer.getvalue().strip())
    assert isinstance(found, dict)
    (known,) = found.values()
    return known.get("county")


def test_the_agreements_of_an_agency_are_under_its_slug(tmp_path: Path) -> None:
    rows = [
        "MISSOURI,Lincoln County Sheriff's Office,County,Lincoln County,wso,2025-03-04",
        "MISSOURI,Lincoln County Sheriff\u2019s Office,County,Lincon County,jem,2025-01-02",
        "MISSOURI,Missouri Highway Patrol,State Agency,#N/A,tfm,2025-05-06",
    ]
    assert read(tmp_path, *rows) == (
        {
            "lincoln-county-sheriffs-office-mo": {
                "name": "Lincoln County Sheriff's Office",
                "type": "county",
                "kind": "sheriff",
                "county": "29113",
                "agreements": [
                    {"model": "jem", "signed": "2025-01-02"},
                    {"model": "wso", "signed": "2025-03-04"},
                ],
            },
            "missouri-highway-patrol-mo": {
                "name": "Missouri Highway Patrol",
                "type": "state-agency",
                "kind": "state-agency",
                "agreements": [{"model": "tfm", "signed": "2025-05-06"}],
            },
        },
        [
            (
                "county 'Lincoln County and Lincon County' read as Lincoln County:"
                " lincoln-county-sheriffs-office-mo"
            ),
            "no county ('#N/A' on the list): missouri-highway-patrol-mo",
        ],
    )


@pytest.mark.parametrize(
    ("agency", "printed", "fips"),
    [
        ("Troy Police Department", "Lincoln County", "29113"),
        ("Troy Police Department", "Lincoln", "29113"),
        ("Troy Police Department", "Lincoln Conuty", "29113"),
        ("Troy Police Department", "Licnoln County", "29113"),
        ("Lincoln County Sheriff's Office", "#N/A", "29113"),
        ("Clayton Police Department", "Saint Louis County", "29189"),
        ("Clayton Police Department", "Saint Louis", None),  # county or city
        ("North County Police Cooperative", "North County", None),  # no misspelled Worth
        ("Troy Police Department", "Linclon Conuty", None),
        ("Lincoln County Sheriff's Office", "Worth County", None),  # contradicts the name
        ("Troy Police Department", "#N/A", None),
    ],
)
def test_a_county_is_read_or_left_out(
    agency: str, printed: str, fips: str | None, tmp_path: Path
) -> None:
    assert county(tmp_path, agency, printed) == fips


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "Potosi Police Department,Municipality,#N/A",
            "Washington County has its sheriff's office",
        ),
        ("City of Troy Police Department,Municipality,#N/A", "Lincoln County has its sheriff's"),
        ("Troy Police Department,Municipality,Worth County", "ICE's county Worth County contradic"),
        ("Clayton Police Department,Municipality,#N/A", "no county"),  # two sheriffs
        ("Troy State College Police Department,Municipality,#N/A", "no county"),
        ("Troy Police Department,State Agency,#N/A", "no county"),
    ],
)
def test_a_citys_police_may_be_placed_by_its_only_sheriffs_office(
    row: str, told: str, tmp_path: Path
) -> None:
    _, remarks = read(tmp_path, f"MISSOURI,{row},tfm,2026-01-02", sheriffs=SHERIFFS)
    assert [remark.startswith(told) for remark in remarks] == [True]


def test_a_misspelled_name_stays_with_the_right_one_beside_it(tmp_path: Path) -> None:
    row = "MISSOURI,Linclon County Jail,County,Lincoln County,wso,2025-03-04"
    assert read(tmp_path, row) == (
        {
            "linclon-county-jail-mo": {
                "name": "Linclon County Jail",
                "type": "county",
                "kind": "jail",
                "county": "29113",
                "formal": "the Lincoln County Jail",
                "aliases": ["Lincoln County Jail"],
                "note": "ICE's list names it Linclon County Jail; the agency is in Lincoln County",
                "agreements": [{"model": "wso", "signed": "2025-03-04"}],
            }
        },
        [],
    )


@pytest.mark.parametrize(
    ("printed", "formal"),
    [
        ("Office Of The Attorney General", "the Office of the Attorney General"),
        ("Lincoln County Constable Pct.1", "the Lincoln County Constable Pct. 1"),
        ("Lincoln Board/ Jail", "the Lincoln Board / Jail"),
        ("Public Safety- Crime Division", "the Public Safety - Crime Division"),
        ("Batesburg-Leesville Police", None),
    ],
)
def test_a_letter_has_an_agencys_name_without_slips_of_typing(
    printed: str, formal: str | None, tmp_path: Path
) -> None:
    found, _ = read(tmp_path, f"MISSOURI,{printed},State Agency,#N/A,tfm,2025-05-06")
    assert isinstance(found, dict)
    (known,) = found.values()
    assert (known["name"], known.get("formal")) == (printed, formal)


def test_an_agency_that_may_be_on_the_list_under_two_names_has_a_note(tmp_path: Path) -> None:
    rows = [
        "MISSOURI,Lincoln County Sheriff's Office,County,Lincoln County,wso,2025-03-04",
        "MISSOURI,Lincoln County Sheriff's Department,County,Lincoln County,jem,2025-01-02",
        "MISSOURI,Worth County Sheriff's Department,County,Worth County,jem,2025-01-02",
    ]
    found, _ = read(tmp_path, *rows)
    assert isinstance(found, dict)
    assert {slug.partition("-mo")[0]: known.get("note") for slug, known in found.items()} == {
        "lincoln-county-sheriffs-department": (
            "ICE's list also has Lincoln County Sheriff's Office (wso); it may be the same agency"
        ),
        "lincoln-county-sheriffs-office": (
            "ICE's list also has Lincoln County Sheriff's Department (jem);"
            " it may be the same agency"
        ),
        "worth-county-sheriffs-department": None,
    }


def test_a_day_years_before_all_others_of_its_model_has_a_note(tmp_path: Path) -> None:
    found, _ = read(
        tmp_path,
        "MISSOURI,Ava Police Department,Municipality,Worth County,tfm,2016-03-19",
        "MISSOURI,Troy Police Department,Municipality,Lincoln County,tfm,2025-01-30",
        "MISSOURI,Lincoln County Jail,County,Lincoln County,jem,2019-01-30",
        "MISSOURI,Worth County Jail,County,Worth County,jem,2023-01-30",
    )
    assert isinstance(found, dict)
    assert {slug: it["note"] for slug, it in found.items() if "note" in it} == {
        "ava-police-department-mo": (
            "ICE's list has no other tfm agreement signed before 2025-01-30"
        ),
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Cole County Constable Precinct 3", "constable"),
        ("Cole County District Attorney's Office", "prosecutor"),
        ("Cole County Detention Center", "jail"),
        ("Melbourne Airport Police Department", "airport"),
        ("Cole University Police Department", "campus"),
        ("Drug Task Force", None),
    ],
)
def test_the_kind_follows_from_a_plain_name(name: str, kind: str | None, tmp_path: Path) -> None:
    found, _ = read(tmp_path, f"MISSOURI,{name},County,Worth County,jem,2026-01-02")
    assert isinstance(found, dict)
    assert [known.get("kind") for known in found.values()] == [kind]


def test_a_model_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'hybrid' is no model"):
        read(tmp_path, "MISSOURI,Troy Police,County,Worth County,hybrid,2026-01-02")


def test_the_table_that_ice_publishes_is_read_too(tmp_path: Path) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    sheet = book.active
    sheet.append(
        ["STATE", "LAW ENFORCEMENT AGENCY", "TYPE", "COUNTY", "SUPPORT TYPE", "SIGNED", "ADDENDUM"]
    )
    model = "Task Force Model"
    sheet.append(
        ["MISSOURI", "Troy Police", "Municipality", "Worth County", model, "2026-01-02", "x"]
    )
    book.save(tmp_path / "list.xlsx")
    assert [*agencies.rows_of(tmp_path / "list.xlsx")] == [
        agencies.Row(
            "MISSOURI", "Troy Police", "Municipality", "Worth County", "tfm", "2026-01-02", True
        )
    ]


@pytest.mark.no_cover
def test_a_second_list_says_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "agencies.yaml"
    for rows in (
        [
            "Troy Police,County,Lincoln County,jem,2026-01-02",
            "Ava Police,County,Worth County,jem,2026-01-02",
        ],
        [
            "Troy Police,County,Worth County,jem,2026-03-04",
            "Troy Police,County,Worth County,wso,2026-01-02",
        ],
    ):
        (tmp_path / "list.csv").write_text(
            "\n".join([HEADER, *(f"MISSOURI,{row}" for row in rows)]), "utf-8"
        )
        monkeypatch.setattr(
            "sys.argv",
            [
                "agencies.py",
                str(tmp_path / "list.csv"),
                "--date",
                "2026-03-05",
                "--url",
                "https://x.gov",
                "-o",
                str(data),
            ],
        )
        agencies.main()
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "ava-police-mo jem: 2026-01-02 -> not listed",
        "troy-police-mo jem: 2026-01-02 -> 2026-03-04",
        "troy-police-mo wso: not listed -> 2026-01-02",
        "troy-police-mo county: 29113 -> 29227",
        "1 agencies, 2 agreements",
    ]


@pytest.mark.no_cover  # all the data, with code that others cover
def test_the_shipped_agencies_are_counted(library: Library) -> None:
    known = [
        (code, slug, agency)
        for code in library.directory.data.states
        for slug, agency in library.directory.agencies_in(code)
    ]
    assert {
        "agencies": len(known),
        "agreements": sum(len(agency.agreements) for _, _, agency in known),
        "with several": sum(len(agency.agreements) > 1 for _, _, agency in known),
        "addenda": sum(it.addendum for _, _, agency in known for it in agency.agreements),
        "county known": sum(agency.county is not None for _, _, agency in known),
        "own kind": sum(agency.kind is not None for _, _, agency in known),
        "misnamed": [slug for code, slug, it in known if slug != f"{fold(it.name)}-{code.lower()}"],
    } == {
        "agencies": 1_551,
        "agreements": 1_843,
        "with several": 242,
        "addenda": 4,
        "county known": 1_340,
        "own kind": 1_545,
        "misnamed": [],
    }


@pytest.mark.no_cover
def test_the_file_is_as_the_script_writes_it() -> None:
    text = (ROOT / "agencies.yaml").read_text("utf-8")
    known = agencies.read_agencies(ROOT / "agencies.yaml")
    names = {code: it["name"] for code, it in agencies.states_of(agencies.COUNTIES).items()}
    head, _, body = text.partition("states:\n")
    written = agencies.text_of(known, names, agencies.date(2026, 5, 18), "https://x.gov", "")
    assert written.partition("states:\n")[2] == body
    assert head.startswith("# Agencies")
