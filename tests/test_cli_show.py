"""`optout show`: who would be notified, each value with the place where it was read."""

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from command_results import NOWHERE, Run, Write, outcome
from conftest import REQUEST

SHOWN = """\
Nowhere County, ZZ (nowhere-county-zz, 99001)
  in a letter   the County of Nowhere                               nowhere.yaml:19
  activated     2010-09-01                                          nowhere.yaml:19

Secure Communities, for letters of 2026-11-24
  Use the letter as a record of the jurisdiction's position: no letter by itself stops the sharing
  of fingerprints between the FBI and DHS. A notice of opt-out of this date follows the procedure in
  ICE's document of August 17, 2010. On October 6, 2010, the Department of Homeland Security (DHS)
  said that the program is not opt-in/opt-out. On August 5, 2011, ICE ended the state agreements.
  DHS discontinued the program on November 20, 2014. Executive Order 13768 brought it back on
  January 25, 2017. Executive Order 13993 revoked that order on January 20, 2021. Executive Order
  14159 revoked Executive Order 13993 on January 20, 2025, without naming the program (90 FR 8443).
  letters: secure-communities/adjust-date, secure-communities/decline-results,
  secure-communities/follow-up, secure-communities/meeting-confirmation, secure-communities/opt-out,
  secure-communities/record-of-conversation, secure-communities/renewed-request

  To bureau: call before sending: address from an official source (2026-01-02), not confirmed
  attention     Chief                                               nowhere.yaml:6
  organization  Nowhere Police; Records Section                     nowhere.yaml:7
  street        2 Main Street                                       nowhere.yaml:8
  city          Nowhere                                             nowhere.yaml:8
  state         ZZ                                                  nowhere.yaml:8
  zip           00001                                               nowhere.yaml:8
  phone         555-555-0100                                        nowhere.yaml:9
  not known     fax, email, website
  source        official, 2026-01-02, https://example.gov/          nowhere.yaml:10
                The desk.
"""


@pytest.fixture
def show(run: Run, write: Write, in_folder: Path) -> Run:
    """Run `optout show` with a made-up state beside the shipped ones."""
    write("nowhere.yaml", NOWHERE)

    def call(*arguments: str) -> Result:
        return run("show", "--data", "nowhere.yaml", *arguments)

    return call


def problem(code: str, message: str, hint: str) -> str:
    """Write a Problem of the argument as `--json` prints it."""
    told = {"schema": 1, "problem": code, "message": message, "hint": hint}
    place = {
        "file": "JURISDICTION",
        "line": None,
        "column": None,
        "path": None,
        "jurisdiction": None,
    }
    return json.dumps({**told, **place}, ensure_ascii=False, separators=(",", ":")) + "\n"


@pytest.mark.no_cover
def test_each_value_stands_beside_its_file_and_line(show: Run) -> None:
    code, out, err = outcome(show("99001"))
    head, program = SHOWN.split("\n\nSecure Communities", 1)
    assert (code, err) == (0, "")
    assert out.startswith(head)
    assert f"\n\nSecure Communities{program}" in out


@pytest.mark.no_cover
def test_the_copy_that_the_program_sends_is_shown(show: Run) -> None:
    copy = outcome(show("99001"))[1].partition("\n  Copy to ice-hq\n")[2]
    assert re.match(r"  attention     Director +jurisdictions\.yaml:\d+\n", copy)


@pytest.mark.no_cover
def test_the_states_laws_come_last(show: Run) -> None:
    law = """
State laws that optout knows: 1; ask counsel
  Nowhere law requires cooperation (policies on cooperation): Nowhere Code 1, in effect since
  2020-01-01. Everyone helps. Source: official (https://example.gov/code), not checked since it was
  found. [nowhere.yaml:12]
"""
    assert outcome(show("99001"))[1].endswith(law)


@pytest.mark.no_cover
def test_a_state_without_a_known_law_may_have_one(show: Run) -> None:
    shown = outcome(show("guam"))[1].splitlines()
    assert shown[-1] == "State laws that optout knows: none, but there may be some; ask counsel"


@pytest.mark.no_cover
def test_a_jurisdiction_without_a_code_is_named_once(show: Run) -> None:
    assert outcome(show("zed-city"))[1].splitlines()[:3] == [
        "City of Zed, ZZ (zed-city)",
        "  in a letter   City of Zed                                         nowhere.yaml:20",
        "  activated     no date found",
    ]


@pytest.mark.parametrize(
    ("day", "period", "to"),
    [
        ("2000-01-01", None, "program-office"),
        ("2010-01-01", "before-procedure", "program-office"),
        ("2010-08-31", "procedure", "program-office"),
        ("2011-08-04", "contested", "program-office"),
        ("2011-08-05", "closed", "field-office"),
    ],
)
def test_the_day_decides_the_period_and_who_receives(
    day: str, period: str | None, to: str, run: Run
) -> None:
    text = outcome(run("show", "06041", "--date", day))[1]
    shown = json.loads(outcome(run("show", "06041", "--date", day, "--json"))[1])
    outlook = next(it for it in shown["outlooks"] if it["program"] == "secure-communities")
    told = f"for letters of {day}" if period else f"not yet begun on {day}"
    assert f"\nSecure Communities, {told}\n" in text
    assert outlook["period"] == period
    assert [it["role"] for it in outlook["recipients"]] == ["bureau", to]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("06041", "Marin County, CA (marin-county-ca, 06041)"),
        ("marin-county-ca", "Marin County, CA (marin-county-ca, 06041)"),
        ("Marin County, CA", "Marin County, CA (marin-county-ca, 06041)"),
        ("marin county, california", "Marin County, CA (marin-county-ca, 06041)"),
        ("Marin, CA", "Marin County, CA (marin-county-ca, 06041)"),
        ("  MARIN   COUNTY CA ", "Marin County, CA (marin-county-ca, 06041)"),
        ("Prince George's County, MD", "Prince George's County, MD (prince-georges-county-md, "),
        ("Prince George\u2019s, Maryland", "Prince George's County, MD (prince-georges-county-md"),
        ("Doña Ana, NM", "Doña Ana County, NM (dona-ana-county-nm, 35013)"),
        ("Dona Ana County, New Mexico", "Doña Ana County, NM (dona-ana-county-nm, 35013)"),
        ("LaSalle Parish, LA", "LaSalle Parish, LA (lasalle-parish-la, 22059)"),
        ("Carson City, NV", "Carson City, NV (carson-city-nv, 32510)"),
        ("Guam", "Guam, GU (guam-gu, 66010)"),
        ("District of Columbia", "District of Columbia, DC (district-of-columbia-dc, 11001)"),
        ("Saint Louis City, MO", "St. Louis city, MO (st-louis-city-mo, 29510)"),
    ],
)
def test_a_jurisdiction_is_found_as_people_write_it(query: str, shown: str, run: Run) -> None:
    assert outcome(run("show", query))[1].partition("\n")[0][: len(shown)] == shown


@pytest.mark.parametrize(
    ("query", "code", "message", "hint"),
    [
        (
            "marn-county-ca",
            "unknown-jurisdiction",
            "there is no jurisdiction 'marn-county-ca'",
            "marin-county-ca or madera-county-ca",
        ),
        (
            "Baltimore, MD",
            "ambiguous-jurisdiction",
            "'Baltimore, MD' could be any of 2 jurisdictions",
            "baltimore-county-md or baltimore-city-md",
        ),
        (
            "6041",
            "unknown-jurisdiction",
            "there is no jurisdiction '6041'",
            "did you mean '06041'? FIPS codes have five digits",
        ),
        (
            "Marin County",
            "unknown-jurisdiction",
            "there is no jurisdiction 'Marin County'",
            "name the state too: marin-county-ca",
        ),
        (
            "02261",
            "retired-jurisdiction",
            (
                "the data does not use '02261': Valdez-Cordova Census Area, AK"
                " (split into Chugach and Copper River, 2019)"
            ),
            "02063 (Chugach Census Area, AK) or 02066 (Copper River Census Area, AK)",
        ),
        (
            "Samoa\x1b[31m, AS",
            "unknown-jurisdiction",
            "there is no jurisdiction 'Samoa\\x1b[31m, AS'",
            (
                "if it is a city, name its county; "
                "`optout list jurisdictions --state AS` lists them all"
            ),
        ),
    ],
)
def test_one_that_is_not_found_is_answered_with_candidates(
    query: str, code: str, message: str, hint: str, run: Run
) -> None:
    assert outcome(run("show", query)) == (2, "", f"JURISDICTION: {message}\n  hint: {hint}\n")
    assert outcome(run("show", query, "--json")) == (2, "", problem(code, message, hint))


def test_what_an_incomplete_bureau_lacks_is_named(run: Run) -> None:
    assert "\n  not known     zip, fax\n" in outcome(run("show", "Guam"))[1]


def test_an_office_that_nobody_knows_is_not_made_up(run: Run) -> None:
    shown = outcome(run("show", "eastern-district-as"))[1]
    ice = shown.partition("\n  To ICE: ")[2].partition("\n\n")[0]
    assert ice == "add it under recipients: ice:, since the agency is unknown"


@pytest.mark.no_cover
def test_json_is_one_object_on_one_line(show: Run) -> None:
    code, out, err = outcome(show("99001", "--json"))
    shown = json.loads(out)
    assert (code, out.count("\n"), err) == (0, 1, "")
    assert list(shown) == ["schema", "locality", "date", "outlooks", "laws", "agency-source"]
    outlook = next(it for it in shown["outlooks"] if it["program"] == "secure-communities")
    assert outlook["recipients"][0]["origins"]["phone"] == "nowhere.yaml:9"


def test_an_overlay_adds_to_a_shipped_contact_field_by_field(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("mine.yaml", "states: {CA: {bureau: {phone: 916-555-0100}}}\n")
    lines = outcome(run("show", "06041", "--data", "mine.yaml"))[1].splitlines()
    assert (
        "  phone         916-555-0100                                        mine.yaml:1" in lines
    )
    assert any(line.startswith("  zip           95816-0207") for line in lines)


def test_a_later_overlay_is_laid_on_an_earlier_one(run: Run, write: Write, in_folder: Path) -> None:
    write("a.yaml", "states: {CA: {bureau: {phone: 916-555-0100, fax: 916-555-0101}}}\n")
    write("b.yaml", "states: {CA: {bureau: {phone: 916-555-0102}}}\n")
    shown = json.loads(
        outcome(run("show", "06041", "--data", "a.yaml", "--data", "b.yaml", "--json"))[1]
    )
    bureau = shown["locality"]["bureau"]
    assert (bureau["phone"], bureau["fax"]) == ("916-555-0102", "916-555-0101")


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2010-02-30", "'2010-02-30' is not a day of the calendar"),
        ("20100831", "'20100831' is not a date; write it as 2026-11-24"),
        ("2010-W35-2", "'2010-W35-2' is not a date; write it as 2026-11-24"),
        ("11/31/2026", "'11/31/2026' is not a date; write it as 2026-11-24"),
    ],
)
def test_a_day_has_one_form(day: str, message: str, run: Run) -> None:
    code, _, err = outcome(run("show", "06041", "--date", day))
    assert (code, err.partition("Error: ")[2]) == (2, f"Invalid value for '--date': {message}\n")


@pytest.mark.parametrize(
    ("day", "read"),
    [
        ("8/4/2010", "2010-08-04"),
        ("31/8/2010", "2010-08-31"),
        ("Aug. 31, 2010", "2010-08-31"),
        ("2010-08-31", None),
    ],
)
def test_a_day_is_read_as_a_table_has_it(day: str, read: str | None, run: Run) -> None:
    _, out, err = outcome(run("show", "06041", "--date", day))
    assert err == (f"note: --date {day} is read as {read}\n" if read else "")
    assert out == outcome(run("show", "06041", "--date", read or day))[1]


def test_a_copy_to_the_bureau_has_file_and_line_too(run: Run) -> None:
    text = outcome(run("show", "31043"))[1]
    copy = text.partition("\n  To bureau: ")[2].partition("\n")[2]
    assert re.match(r"  organization  .+ +jurisdictions\.yaml:\d+\n", copy)
    assert "\n  Copy to bureau\n  as above      Nebraska State Patrol, Criminal" in text


def test_the_usual_program_comes_first(run: Run) -> None:
    text = outcome(run("show", "31043"))[1]
    assert text.index("\nSecure Communities, ") < text.index("\n287(g) agreement, ")


def test_a_requests_own_numbers_are_shown_as_such(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", f"{REQUEST}recipients: {{ice: {{fax: 415-555-0131}}}}\n")
    code, text, err = outcome(run("show", "r.yaml"))
    assert (code, err) == (0, "")
    assert re.search(r"\n  fax +415-555-0131 +request\n", text)


def test_a_request_is_shown_on_its_date_with_its_program_first(run: Run) -> None:
    examples = Path(__file__).parent.parent / "examples"
    text = outcome(run("show", str(examples / "dakota-county-287g.yaml")))[1]
    titles = re.findall(r"^(\S.*), for letters of (.*)$", text, re.MULTILINE)
    assert titles == [(it, "2026-11-24") for it in ("287(g) agreement", "Secure Communities")]
    old = examples / "san-francisco-2010.yaml"
    for options, day in ([], "2010-08-31"), (["--date", "2011-08-04"], "2011-08-04"):
        text = outcome(run("show", str(old), *options))[1]
        assert f"\nSecure Communities, for letters of {day}\n" in text
        assert json.loads(outcome(run("show", str(old), *options, "--json"))[1])["date"] == day
