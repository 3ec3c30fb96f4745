"""An agency is found as people write its name; one that could be another is offered, not taken."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from make_letters import told_by

from optout_cli.directory import Directory
from optout_cli.directory.names import fold, is_agency_name
from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.readers.yaml import document_from_yaml

Write = Callable[[str, str], str]


@pytest.fixture(scope="module")
def directory(library: Library) -> Directory:
    return library.directory


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("bradford-county-sheriffs-office-pa", "bradford-county-sheriffs-office-pa"),
        ("Bradford County Sheriff's Office, PA", "bradford-county-sheriffs-office-pa"),
        ("Autauga County Sheriff", "autauga-county-sheriffs-office-al"),
        ("bradford co. so pa", "bradford-county-sheriffs-office-pa"),
        ("Bradford County Sheriffs Dept, Pennsylvania", "bradford-county-sheriffs-office-pa"),
        ("Hialeah Police Department", "hialeah-police-department-fl"),
        ("hialeah pd", "hialeah-police-department-fl"),
        ("City of Hialeah Police, Florida", "hialeah-police-department-fl"),
        ("Police Dept. of Hialeah, FL", "hialeah-police-department-fl"),
        ("hialeah p.d. fl", "hialeah-police-department-fl"),
        ("Sheriff of Bradford County, PA", "bradford-county-sheriffs-office-pa"),
        ("Bradford County Office of the Sheriff, Pa.", "bradford-county-sheriffs-office-pa"),
        ("Alaska DOC", "alaska-department-of-corrections-ak"),
        ("Lancaster County DA, PA", "lancaster-county-district-attorneys-office-pa"),
        ("Constable, Pct. 3, Walker County, TX", "walker-county-constable-pct-3-tx"),
        ("Walker Co. Precinct 3 Constable, TX", "walker-county-constable-pct-3-tx"),
        ("bradford cso pa", "bradford-county-sheriffs-office-pa"),
        ("Bradford Cnty Sherriff, PA", "bradford-county-sheriffs-office-pa"),
        ("Department of Corrections, FL", "florida-department-of-corrections-fl"),
        ("Walker County Sheriff's Department, TX", "walker-county-sheriffs-department-tx"),
        ("Marin County, CA", "marin-county-ca"),
    ],
)
def test_an_agency_is_found_by_slug_and_by_name(
    query: str, slug: str, directory: Directory
) -> None:
    assert directory.find(query).slug == slug


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "Lake County Sheriff's Office",
            (
                '"Lake County Sheriff\'s Office" could be any of 2 agencies\n'
                "  hint: lake-county-sheriffs-office-fl or lake-county-sheriffs-office-oh"
            ),
        ),
        (
            "Walker County Sheriff, TX",
            (
                "'Walker County Sheriff, TX' could be any of 2 agencies\n"
                "  hint: walker-county-sheriffs-department-tx or walker-county-sheriffs-office-tx"
            ),
        ),
        (
            "Marin County Sheriff, CA",
            (
                "there is no jurisdiction 'Marin County Sheriff, CA'\n"
                "  hint: if it is not listed, name its county instead: marin-county-ca"
            ),
        ),
        (
            "Cobb County Sheriff",  # and no agency of Crosby County
            (
                "there is no jurisdiction 'Cobb County Sheriff'\n"
                "  hint: if it is not listed, name its county instead: cobb-county-ga"
            ),
        ),
        (
            "Texas DPS",
            (
                "there is no jurisdiction 'Texas DPS'\n"
                "  hint: texas-department-of-public-safety-criminal-investigations-division-tx"
                " or texas-department-of-public-safety-texas-highway-patrol-tx"
            ),
        ),
        (
            "Baldwin County Sheriff's Office",
            (
                'there is no jurisdiction "Baldwin County Sheriff\'s Office"\n'
                "  hint: name the state too: baldwin-county-sheriffs-office-al"
            ),
        ),
        (
            "Berrien County Sheriff",  # ICE's list has Berrian
            (
                "there is no jurisdiction 'Berrien County Sheriff'\n"
                "  hint: name the state too: berrian-county-sheriffs-office-mi"
            ),
        ),
        (
            "BCSO",
            (
                "there is no jurisdiction 'BCSO'\n  hint: if it is a city, name its county; "
                "`optout list jurisdictions` lists them all"
            ),
        ),
        (
            "Hialeh Police Department, FL",
            (
                "there is no jurisdiction 'Hialeh Police Department, FL'\n"
                "  hint: hialeah-police-department-fl"
            ),
        ),
        (
            "Floyd County Sheriff'w Ofice, GA",
            (
                'there is no jurisdiction "Floyd County Sheriff\'w Ofice, GA"\n'
                "  hint: floyd-county-sheriffs-office-ga;"
                " if it is not listed, name its county instead: floyd-county-ga"
            ),
        ),
        (
            "New Orleans Police Department, LA",  # an alias of the parish
            (
                "there is no jurisdiction 'New Orleans Police Department, LA'\n"
                "  hint: if it is not listed, name its county instead: orleans-parish-la"
            ),
        ),
        (
            "Nixqn Poliec Department, TX",
            (
                "there is no jurisdiction 'Nixqn Poliec Department, TX'\n"
                "  hint: nixon-police-department-tx"
            ),
        ),
        (
            "Kingsville oPliec Department, TX",
            (
                "there is no jurisdiction 'Kingsville oPliec Department, TX'\n"
                "  hint: kingsville-police-department-tx"
            ),
        ),
        (
            "Office of the Attorney General",  # of Guam alone, by its name
            (
                "there is no jurisdiction 'Office of the Attorney General'\n"
                "  hint: name the state too: office-of-the-attorney-general-gu"
            ),
        ),
        (
            "Town of Davie Police, FL",
            (
                "there is no jurisdiction 'Town of Davie Police, FL'\n"
                "  hint: davie-police-department-fl"
            ),
        ),
        (
            "Lake County Shergff's Office, OH",
            (
                'there is no jurisdiction "Lake County Shergff\'s Office, OH"\n'
                "  hint: lake-county-sheriffs-office-oh;"
                " if it is not listed, name its county instead: lake-county-oh"
            ),
        ),
        (
            "Hialeah Polce Dept., Fla.",
            (
                "there is no jurisdiction 'Hialeah Polce Dept., Fla.'\n"
                "  hint: hialeah-police-department-fl"
            ),
        ),
        (
            "mahoning twp police",
            (
                "'mahoning twp police' could be any of 2 agencies\n"
                "  hint: mahoning-township-police-department-pa"
                " or mahoning-twp-police-department-montour-pa"
            ),
        ),
        (
            "Mahoning Township Police, PA",
            (
                "'Mahoning Township Police, PA' could be any of 2 agencies\n"
                "  hint: mahoning-township-police-department-pa"
                " or mahoning-twp-police-department-montour-pa"
            ),
        ),
        (
            "Florida Highway Patrol",
            (
                "there is no jurisdiction 'Florida Highway Patrol'\n"
                "  hint: florida-department-of-highway-safety-and-motor-vehicles"
                "-division-of-highway-patrol-fl"
            ),
        ),
        (
            "Misouri Highway Patrol",
            (
                "there is no jurisdiction 'Misouri Highway Patrol'\n"
                "  hint: missouri-highway-patrol-mo"
            ),
        ),
        (
            "Escambia County Department of Corrections, FL",
            (
                "there is no jurisdiction 'Escambia County Department of Corrections, FL'\n"
                "  hint: escambia-county-board-of-county-commissioners-department-of"
                "-corrections-fl; if it is not listed, name its county instead: escambia-county-fl"
            ),
        ),
        (
            "Hialeah, FL",
            (
                "there is no jurisdiction 'Hialeah, FL'\n"
                "  hint: hialeah-police-department-fl; if it is a city, name its county"
            ),
        ),
        (
            "Foley, AL",
            (
                "there is no jurisdiction 'Foley, AL'\n  hint: foley-police-department-al; "
                "if it is a city, name its county: baldwin-county-al"
            ),
        ),
        (
            "Franklin County Jail, PA",
            (
                "there is no jurisdiction 'Franklin County Jail, PA'\n"
                "  hint: county-of-franklin-franklin-county-jail-pa; if it is not listed, name its"
                " county instead: franklin-county-pa"
            ),
        ),
        (
            "Franklin County Police, PA",  # not the sheriff
            (
                "there is no jurisdiction 'Franklin County Police, PA'\n"
                "  hint: if it is not listed, name its county instead: franklin-county-pa"
            ),
        ),
        (
            "Miami Beach PD, FL",  # not the police of Miami
            (
                "there is no jurisdiction 'Miami Beach PD, FL'\n"
                "  hint: `optout list agencies --state FL` lists them all; if it is not listed,"
                " name its county"
            ),
        ),
        (
            "Lake City, FL",
            (
                "there is no jurisdiction 'Lake City, FL'\n"
                "  hint: lake-city-police-department-fl or lake-county-fl"
            ),
        ),
        (
            "Brooklyn, CT",  # not that of New York
            (
                "there is no jurisdiction 'Brooklyn, CT'\n  hint: if it is a city, name its county;"
                " `optout list jurisdictions --state CT` lists them all"
            ),
        ),
        (
            "Florida, FL",
            (
                "there is no jurisdiction 'Florida, FL'\n"
                "  hint: `optout list jurisdictions --state FL` lists them all"
            ),
        ),
    ],
)
def test_a_name_that_could_be_another_is_offered(
    query: str, told: str, directory: Directory
) -> None:
    assert told_by(lambda: directory.find(query)) == told


def test_a_name_that_fits_a_county_and_an_agency_asks_which() -> None:
    text = (
        "states: {CA: {name: California, jurisdictions: {'06041': {name: Marin County}},"
        " agencies: {marin-ca: {name: Marin County}}}}\n"
    )
    directory = Directory(document_from_yaml(text, "own.yaml"))
    assert told_by(lambda: directory.find("Marin County, CA")) == (
        "'Marin County, CA' could be any of 2 jurisdictions\n  hint: marin-county-ca or marin-ca"
    )


def short(name: str) -> str:
    for long, abbreviation in (
        (r"Sheriff's (Office|Department)", "SO"),
        ("Police Department", "PD"),
        (r"\bCounty\b", "Co."),
        ("Department", "Dept"),
    ):
        name = re.sub(long, abbreviation, name)
    return name


@pytest.mark.no_cover  # all the data, with code that others cover
@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        (lambda name, code: f"{name}, {code}", {"found": 1_551}),
        (lambda name, code: f"{name} {code}".lower(), {"found": 1_551}),
        (lambda name, code: f"{short(name)}, {code}", {"found": 1_545, "offered": 6}),
        (lambda name, _: name, {"found": 1_071, "offered": 480}),
        (lambda name, _: short(name).lower(), {"found": 1_071, "offered": 480}),
    ],
    ids=["printed", "lower case", "abbreviated", "without state", "abbreviated, without state"],
)
def test_no_name_of_an_agency_finds_another(
    typed: Write, counts: dict[str, int], directory: Directory
) -> None:
    found: Counter[str] = Counter()
    for code in directory.data.states:
        for slug, agency in directory.agencies_in(code):
            try:
                is_right = directory.find(typed(agency.name, code)).id == slug
                found["found" if is_right else "wrong"] += 1
            except OptoutError as error:
                hint = error.problems[0].hint or ""
                found["offered" if slug in hint or " more" in hint else "not found"] += 1
    assert found == counts


@pytest.mark.no_cover
def test_each_shipped_agency_has_a_word_that_no_jurisdiction_has(directory: Directory) -> None:
    agencies = {
        agency.name for code in directory.data.states for _, agency in directory.agencies_in(code)
    }
    jurisdictions = {jurisdiction.name for _, _, jurisdiction in directory.all()}
    assert [name for name in agencies if not is_agency_name(fold(name))] == []
    assert [name for name in jurisdictions if is_agency_name(fold(name))] == []
