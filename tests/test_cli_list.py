"""`optout list`: a table for people, one JSON object a line for scripts, nothing else."""

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest
from click.testing import Result
from command_results import Run, Write, outcome, problem, take_for_terminals, words

FORMATS = """\
id       title
pdf      a letter to print, sign and mail (PDF/A-2a, PDF/UA-1)
txt      plain text, 80 columns
html     one web page, nothing outside it
json     the facts of the notice, with the source of every contact
eml      an e-mail with text, web page and PDF (RFC 5322)
fax-pdf  one PDF to fax: cover, letter and enclosed PDFs
fax      fax-ready text: ASCII, a cover page, numbered pages
tiff     fax pages: cover, letter and enclosed PDFs (TIFF class F)
docx     a Word document, for counsel to mark up
"""
OVERLAY = """\
states:
  CA:
    jurisdictions:
      san-rafael-ca:
        name: City of San Rafael
        kind: city
        formal: the City of San Rafael
        field-office: ero-san-francisco
  ZZ: {name: Nowhere}
offices:
  ero-nowhere:
    role: field-office
    organization: [Nowhere Field Office]
    address: {street: 1 Main Street, city: Nowhere, state: CA, zip: "90001"}
"""
TABLES = ["jurisdictions", "offices", "formats"]


def rows(result: Result) -> list[dict[str, str | None]]:
    """Read what `--json` printed: one object a line, each with the schema's number."""
    code, out, err = outcome(result)
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, err, {it.pop("schema") for it in found}) == (0, "", {1})
    return found


def test_formats_are_a_table_of_id_and_title(run: Run) -> None:
    assert outcome(run("list", "formats")) == (0, FORMATS, "")


def test_letters_are_listed_with_purpose_and_particulars(run: Run) -> None:
    code, out, err = outcome(run("list", "letters"))
    letters = {it.partition(": ")[0]: words(it) for it in out.split("\n\n")}
    listed = rows(run("list", "letters", "--json"))
    assert (code, err, [*letters]) == (0, "", [it["id"] for it in listed])
    for it in listed:
        shown = letters[str(it["id"])]
        assert shown.startswith(f"{it['id']}: {it['title']} {it['summary']}")
        assert [name for name in it["particulars"] or () if name not in shown] == []


@pytest.mark.parametrize("what", TABLES)
def test_json_has_a_row_for_each_row_of_the_table(what: str, run: Run) -> None:
    table = outcome(run("list", what))[1].splitlines()[1:]
    ids = [line.split()[0] for line in table]
    assert ids == [it["id"] for it in rows(run("list", what, "--json"))]


@pytest.mark.parametrize("what", TABLES)
def test_json_keys_are_the_tables_headings(what: str, run: Run) -> None:
    headings = outcome(run("list", what))[1].splitlines()[0].split()
    assert headings == list(rows(run("list", what, "--json"))[0])


def test_every_county_and_equivalent_is_listed_once(run: Run) -> None:
    ids = [it["id"] for it in rows(run("list", "jurisdictions", "--json"))]
    assert (len(ids), len(set(ids))) == (3234, 3234)


def test_every_slug_is_one_jurisdictions_own(run: Run) -> None:
    slugs = [it["slug"] for it in rows(run("list", "jurisdictions", "--json"))]
    assert len(slugs) == len(set(slugs))


def test_every_state_has_one_bureau(run: Run) -> None:
    ids = [it["id"] for it in rows(run("list", "offices", "--json"))]
    assert sum(str(id).startswith("bureau-") for id in ids) == 56


@pytest.mark.parametrize("state", ["DE", "de", "Delaware", "DELAWARE"])
def test_a_state_is_listed_by_its_postal_code_or_its_name(state: str, run: Run) -> None:
    listed = rows(run("list", "jurisdictions", "--state", state, "--json"))
    assert [(it["id"], it["slug"], it["name"], it["state"]) for it in listed] == [
        ("10001", "kent-county-de", "Kent County", "DE"),
        ("10003", "new-castle-county-de", "New Castle County", "DE"),
        ("10005", "sussex-county-de", "Sussex County", "DE"),
    ]


def test_several_states_are_listed_and_each_that_has_none_is_told(run: Run) -> None:
    both = ("--state", "VT", "--state", "Delaware")
    listed = rows(run("list", "jurisdictions", *both, "--json"))
    assert [len([it for it in listed if it["state"] == code]) for code in ("VT", "DE")] == [14, 3]
    offices = [it["id"] for it in rows(run("list", "offices", *both, "--json"))]
    assert len(offices) == len({*offices})
    assert {"bureau-vt", "bureau-de"} < {*offices}
    assert rows(run("list", "jurisdictions", "--state", "VT, Delaware", "--json")) == listed
    none = outcome(run("list", "agencies", "--state", "CA,AK"))
    assert (none[0], none[2]) == (0, "the data has no agencies in CA\n")


def test_a_day_that_is_not_known_is_null(run: Run) -> None:
    listed = rows(run("list", "jurisdictions", "--state", "GU", "--json"))
    assert [(it["name"], it["activated"]) for it in listed] == [("Guam", None)]


def test_a_states_offices_are_its_bureau_and_its_field_offices(run: Run) -> None:
    listed = rows(run("list", "offices", "--state", "NV", "--json"))
    assert [it["id"] for it in listed] == ["bureau-nv", "ero-salt-lake-city"]


def test_a_state_without_agencies_is_told(run: Run) -> None:
    told = (0, "", "the data has no agencies in CA\n")
    assert outcome(run("list", "agencies", "--state", "CA")) == told


def test_a_states_agencies_are_listed_with_their_agreements(run: Run) -> None:
    listed = rows(run("list", "agencies", "--state", "AK", "--json"))
    assert listed == [
        {
            "id": "alaska-department-of-corrections-ak",
            "name": "Alaska Department of Corrections",
            "state": "AK",
            "kind": "corrections",
            "county": None,
            "agreements": [{"model": "wso", "signed": "2020-07-24"}],
        },
        {
            "id": "kodiak-police-department-ak",
            "name": "Kodiak Police Department",
            "state": "AK",
            "kind": "police",
            "county": None,
            "agreements": [{"model": "wso", "signed": "2020-07-20"}],
        },
    ]


def test_a_table_of_agencies_has_their_models_and_days(run: Run) -> None:
    heading, *lines = outcome(run("list", "agencies", "--state", "AL"))[1].splitlines()
    assert (heading.split(), " ".join(lines[0].split())) == (
        ["id", "name", "state", "kind", "county", "agreements"],
        (
            "autauga-county-sheriffs-office-al Autauga County Sheriff's Office AL sheriff 01001"
            " jem 2025-09-22, tfm 2025-09-22, wso 2025-09-22"
        ),
    )


@pytest.mark.no_cover
def test_every_agency_is_listed_once(run: Run) -> None:
    ids = [it["id"] for it in rows(run("list", "agencies", "--json"))]
    assert (len(ids), len(set(ids))) == (1551, 1551)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("jurisdictions --state XX", "no state 'XX'\n  hint: "),
        ("agencies --state kalif", "no state 'kalif'\n  hint: "),
        ("formats --state CA", "formats are the same in every state\n  hint: leave --state out\n"),
        ("letters --state CA", "letters are the same in every state\n  hint: leave --state out\n"),
    ],
)
def test_a_state_that_cannot_be_meant_is_refused(words: str, message: str, run: Run) -> None:
    code, told = problem(run("list", *words.split()))
    assert (code, told[: len(message)]) == (2, message)


@pytest.mark.no_cover
def test_an_overlays_jurisdiction_stands_among_the_shipped_ones(run: Run, write: Write) -> None:
    overlay = str(write("mine.yaml", OVERLAY))
    listed = rows(run("list", "jurisdictions", "--state", "CA", "--data", overlay, "--json"))
    assert listed[-1] == {
        "id": "san-rafael-ca",
        "slug": "san-rafael-ca",
        "name": "City of San Rafael",
        "state": "CA",
        "activated": None,
    }


@pytest.mark.no_cover
def test_nothing_to_list_prints_nothing_on_stdout(run: Run, write: Write) -> None:
    overlay = str(write("mine.yaml", OVERLAY))
    told = (0, "", "the data has no jurisdictions in ZZ\n")
    assert outcome(run("list", "jurisdictions", "--state", "ZZ", "--data", overlay)) == told


def test_the_state_may_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUT_LIST_STATE", "DE")
    assert [it["id"] for it in rows(run("list", "jurisdictions", "--json"))] == [
        "10001",
        "10003",
        "10005",
    ]


def test_a_program_of_the_users_folder_is_listed(run: Run, write: Write) -> None:
    program = write(
        "mine/jail-phones/program.yaml",
        """\
        title: Jail telephones
        code: JT
        periods: [{id: open, from: "2020-01-01"}]
        recipients: [{role: bureau}]
        letters:
          stop: {title: Notice to stop, summary: It stops., version: "1", reviewed-by: null}
        """,
    )
    folder = str(program.parent.parent)
    listed = rows(run("list", "letters", "--templates", folder, "--json"))
    assert next(it for it in listed if it["id"] == "jail-phones/stop") == {
        "id": "jail-phones/stop",
        "title": "Notice to stop",
        "summary": "It stops.",
        "follows": [],
        "particulars": {},
    }


@pytest.mark.parametrize("flag", [["--json"], []], ids=["json", "text"])
def test_a_broken_data_file_is_told_on_stderr_alone(
    flag: list[str], run: Run, write: Write, in_folder: Path
) -> None:
    write("mine.yaml", "states: {CA: {bureau: {fone: 916-555-0100}}}\n")
    message, hint = "states.CA.bureau has no field 'fone'", "did you mean 'phone'?"
    told = {
        "schema": 1,
        "problem": "unknown-key",
        "message": message,
        "hint": hint,
        "file": "mine.yaml",
        "line": 1,
        "column": 24,
        "path": "states.CA.bureau.fone",
        "jurisdiction": None,
    }
    code, out, err = outcome(run("list", "agencies", "--data", "mine.yaml", *flag))
    expected = (
        json.dumps(told, separators=(",", ":"))
        if flag
        else (f"mine.yaml:1:24: {message}\n  hint: {hint}")
    )
    assert (code, out, err) == (1, "", f"{expected}\n")


@pytest.mark.parametrize("words", ["list offices --state CT", "list agencies --state AL", "doctor"])
def test_a_list_is_as_wide_as_the_terminal(
    words: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_for_terminals(monkeypatch)
    monkeypatch.setenv("COLUMNS", "70")
    lines = run(*words.split()).output.splitlines()
    assert 60 < max(map(len, lines)) <= 70


@pytest.mark.parametrize("words", ["list letters", "list nothing", "help nothing"])
def test_text_is_not_written_over_the_edge_of_a_terminal(words: str) -> None:
    arguments = ["-m", "optout_cli", *words.split()]
    own = {key: text for key, text in os.environ.items() if key != "COLUMNS"}
    child = pexpect.spawn(sys.executable, arguments, env=own, dimensions=(24, 70), encoding="utf-8")
    lines = child.read().splitlines()
    assert 60 < max(map(len, lines)) <= 70


def test_a_pipe_gets_one_line_for_each_row_and_each_check(run: Run) -> None:
    assert len(run("list", "offices", "--state", "CT").stdout.splitlines()) == 3
    lines = run("doctor").stdout.splitlines()
    assert all(line.startswith(("ok ", "poor ", "broken ", "        fix: ")) for line in lines)
