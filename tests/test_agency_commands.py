"""The commands know agencies: show, guide, the table to fill in, and the questions of `new`."""

import csv
import io
from collections.abc import Sequence

import pytest
from answer_questions import SIGNS, Asked, data_in
from command_results import Run, outcome, words

from optout_cli.authoring.tables import table_template
from optout_cli.cli import new
from optout_cli.letters import Library
from optout_cli.readers.csv import csv_from

AUTAUGA = "autauga-county-sheriffs-office-al"


def csv_template(library: Library, letter: str, states: Sequence[str] = ()) -> str:
    return csv_from(*table_template(library, letter, states))


def test_show_has_the_agreements_with_their_source(run: Run) -> None:
    text = words(outcome(run("show", "Tulsa County Sheriff, OK"))[1])
    assert "Tulsa County Sheriff's Office, OK (tulsa-county-sheriffs-office-ok)" in text
    assert "kind sheriff agencies.yaml:" in text
    assert "county Tulsa County (40143) agencies.yaml:" in text
    assert "agreement jem, signed 2020-06-08, with an addendum agencies.yaml:" in text
    assert "source official, 2026-05-18, https://github.com/RelevantResearch" in text
    assert "activated" not in text


def test_the_guide_says_what_is_on_file_and_compares_it(run: Run) -> None:
    text = words(outcome(run("guide", AUTAUGA, "--letter", "287g/terminate"))[1])
    assert (
        "On file as of 2026-05-18 for Autauga County Sheriff\u2019s Office: Jail Enforcement Model,"
        " signed September 22, 2025; Task Force Model, signed September 22, 2025; Warrant Service"
        " Officer model, signed September 22, 2025. Compare this with your own copies." in text
    )


def test_the_guide_asks_for_no_model_that_is_on_file(run: Run) -> None:
    guide = ("guide", "hialeah-police-department-fl", "--letter", "287g/terminate")
    assert "(model: wso, jem, tfm)" not in words(outcome(run(*guide))[1])


def test_the_guide_of_a_county_names_its_agencies(run: Run) -> None:
    text = words(outcome(run("guide", "01001", "--letter", "287g/terminate"))[1])
    assert f"use its name in the place of the county: {AUTAUGA}." in text
    assert AUTAUGA not in words(outcome(run("guide", "01001"))[1])


UNLISTED = "no agency of Hays County, TX is on ICE's list of 2026-05-18"


def test_show_says_that_a_county_is_not_on_the_list(run: Run) -> None:
    text = words(outcome(run("show", "Hays County, Texas"))[1])
    assert f"agency {UNLISTED} source: official, 2026-05-18, https://github.com/" in text
    assert "is on ICE's list" not in words(outcome(run("show", "Comal County, Texas"))[1])


def test_the_guide_begins_with_what_ices_list_has_of_the_county(run: Run) -> None:
    begins = []
    for county in ("hays-county-tx", "comal-county-tx"):
        text = words(outcome(run("guide", county, "--letter", "287g/terminate"))[1])
        begins.append(text.partition(" Whom to notify")[0].partition("written acknowledgment. ")[2])
    assert begins == [
        f"Check that there is an agreement: {UNLISTED}.".replace("'", "\u2019"),
        (
            "If this agency signed the agreement, use its name in the place of the county:"
            " comal-county-sheriffs-office-tx."
        ),
    ]
    assert "ICE\u2019s list" not in words(outcome(run("guide", "hays-county-tx"))[1])


def test_new_says_that_a_county_is_not_on_the_list(
    asked: Asked, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = f"note: check that there is an agreement: {UNLISTED}"
    letter = ("--letter", "287g/terminate")
    told = outcome(asked(SIGNS | {"Model": "wso"}, "hays-county-tx", *letter)[0])[2]
    before, _, after = words(told).partition(note)
    assert ("What the letter must say:" in after, note in after) == (True, False)
    assert "What the letter must say:" not in before
    monkeypatch.setattr(new, "is_terminal", lambda: False)
    assert words(outcome(run("new", "hays-county-tx", *letter, "-o", "a.yaml"))[2]).startswith(note)
    told = outcome(run("new", "comal-county-tx", *letter, "-o", "b.yaml"))[2]
    listed = "comal-county-sheriffs-office-tx"
    assert told.startswith(f"note: write for the agency that signed, jurisdiction: {listed}\n")
    assert "note:" not in outcome(run("new", "hays-county-tx", "-o", "c.yaml"))[2]


def test_the_table_has_a_row_for_each_agreement(library: Library) -> None:
    table = [*csv.DictReader(io.StringIO(csv_template(library, "287g/terminate", ["AL"])))]
    assert [
        (row["jurisdiction"], row["# name"], row["particulars.model"]) for row in table[:4]
    ] == [
        (AUTAUGA, "Autauga County Sheriff's Office, AL", "jem"),
        (AUTAUGA, "Autauga County Sheriff's Office, AL", "tfm"),
        (AUTAUGA, "Autauga County Sheriff's Office, AL", "wso"),
        ("baldwin-county-sheriffs-office-al", "Baldwin County Sheriff's Office, AL", "tfm"),
    ]


def test_where_no_agency_is_on_file_the_table_has_the_jurisdictions(library: Library) -> None:
    table = [*csv.DictReader(io.StringIO(csv_template(library, "287g/terminate", ["VT"])))]
    assert (len(table), table[0]["jurisdiction"]) == (14, "addison-county-vt")


def test_new_asks_which_agreement_and_nothing_that_is_on_file(asked: Asked) -> None:
    answers = SIGNS | {"Model": "wso"}
    result, clerk = asked(answers, "Autauga County Sheriff", "--letter", "287g/terminate")
    assert (result.exit_code, clerk.unused, clerk.asked["Model"]) == (0, [], [""])
    assert data_in(f"{AUTAUGA}.yaml")["particulars"] == {"model": ["wso"]}


@pytest.mark.parametrize(
    ("typed", "models"),
    [
        (["all"], ["jem", "tfm", "wso"]),
        (["1,2,3"], ["jem", "tfm", "wso"]),
        (["wso and jem"], ["jem", "wso"]),
        (["", "1,4", "1 3"], ["jem", "wso"]),
    ],
)
def test_new_takes_several_agreements_for_one_letter(
    typed: list[str], models: list[str], asked: Asked
) -> None:
    answers = SIGNS | {"Model": typed}
    result, clerk = asked(answers, AUTAUGA, "--letter", "287g/terminate")
    assert (result.exit_code, clerk.unused) == (0, [])
    assert data_in(f"{AUTAUGA}.yaml")["particulars"] == {"model": models}


def test_new_asks_a_county_which_of_its_agencies_signed_the_agreement(asked: Asked) -> None:
    result, clerk = asked(SIGNS, "dakota-county-ne", "--letter", "287g/terminate")
    assert (outcome(result)[1], clerk.unused) == ("dakota-county-sheriffs-office-ne.yaml\n", [])
    data = data_in("dakota-county-sheriffs-office-ne.yaml")
    assert (data["jurisdiction"], "particulars" in data) == (
        "dakota-county-sheriffs-office-ne",
        False,
    )
    assert data["signatory"]["office"] == "Dakota County Sheriff's Office"


def test_new_asks_for_a_field_office_that_is_not_known(asked: Asked) -> None:
    nixon = "nixon-police-department-tx"
    answers = SIGNS | {"Office": ["ero-san-antonio", "Nixon Police Department"]}
    result, _ = asked(answers, nixon, "--letter", "287g/terminate")
    assert (result.exit_code, data_in(f"{nixon}.yaml")["recipients"]["ice"]["office"]) == (
        0,
        "ero-san-antonio",
    )
