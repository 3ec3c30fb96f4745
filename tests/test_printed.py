"""With --json every command prints objects that fit the published schemas, its errors too."""

import json
from functools import cache
from pathlib import Path
from typing import Any  # a parsed JSON object

import pytest
from click.testing import CliRunner, Result
from command_results import Run, Write
from conftest import REQUEST
from jsonschema import Draft202012Validator
from run_batch import BAD, COMMON, HEADER, ROWS

from optout_cli.cli import COMMANDS, group


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the schema that `optout schema` prints."""
    return Draft202012Validator(json.loads(CliRunner().invoke(group, ["schema", name]).stdout))


def lines_of(text: str, *names: str) -> list[Any]:
    """Return the objects of some lines, each of which one of these schemas must describe."""
    found = [json.loads(line) for line in text.splitlines()]
    wrong = [it for it in found if not any(validator(name).is_valid(it) for name in names)]
    assert wrong == []
    return found


def told(result: Result) -> list[Any]:
    """Return the problems and notes that a command printed on stderr."""
    return lines_of(result.stderr, "problem", "note")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_usage_error_of_every_command_is_a_problem(name: str, run: Run) -> None:
    result = run(name, "--frobnicate", "--json")
    (problem,) = told(result)
    assert (result.exit_code, result.stdout, problem["problem"]) == (2, "", "usage")


def test_a_usage_error_names_the_option_and_what_to_type(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bad,) = told(run("write", "06041", "--date", "soon", "--json"))
    monkeypatch.setenv("OPTOUT_SHOW_JSON", "yes")
    (extra,) = told(run("show", "Marin", "County"))
    assert [(it["file"], it["hint"]) for it in (bad, extra)] == [
        ("--date", None),
        (None, 'put quotes around a name with spaces: "Marin County, CA"'),
    ]
    assert bad["message"].endswith("'soon' is not a date; write it as 2026-11-24")


def test_notes_next_steps_and_paths_are_objects(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    result = run("write", "r.yaml", "-f", "txt", "--to", "ice", "--json")
    notes = told(result)
    (printed,) = map(json.loads, result.stdout.splitlines())
    assert Path(printed["path"]).is_file()
    assert {it["note"] for it in notes} >= {"period", "contact", None}
    assert not [it for it in notes if it["message"].startswith("note")]


@pytest.mark.parametrize("options", [(), ("--check",)], ids=["write", "check"])
def test_a_problem_of_a_table_names_the_column_and_the_county(
    options: tuple[str, ...], run: Run, write: Write, in_folder: Path
) -> None:
    write("common.yaml", COMMON)
    write("bad.csv", BAD)
    common = ("--common", "common.yaml", "-f", "txt", "-j1")
    result = run("batch", "bad.csv", *common, "--ndjson", *options)
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    problems = [it for it in (*told(result), *printed) if "problem" in it]
    assert {it["schema"] for it in printed} == {1}
    (dated,) = (it for it in problems if it["problem"] == "wrong-date")
    assert (dated["line"], dated["path"], dated["jurisdiction"]) == (4, "date", "50003")


def test_a_note_of_a_batch_says_how_many_requests_it_is_about(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("common.yaml", COMMON)
    write("n.csv", HEADER + ROWS)
    result = run("batch", "n.csv", "--common", "common.yaml", "-f", "txt", "-j1", "--json")
    (period,) = (it for it in told(result) if it["note"] == "period")
    assert (period["requests"], period["message"][:3]) == (3, "use")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        *(
            ("list", f"list {what} --json")
            for what in (
                *("jurisdictions --state VT", "agencies --state AL", "offices --state VT"),
                *("letters", "passages 287g/suspend", "formats"),
            )
        ),
        ("show", "show 06041 --json"),
        ("show", "show hialeah-police-department-fl --json"),
        ("status", "status letters/ --json"),
        ("problem", "check bad.yaml --json"),
    ],
)
def test_what_a_command_prints_fits_its_schema(
    schema: str, words: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("bad.yaml", REQUEST.replace("title:", "tilte:"))
    if schema == "status":
        run("write", "r.yaml", "-f", "txt", "-o", "letters/")
        run("sent", "letters/", "--by", "mail")
    assert lines_of(run(*words.split()).stdout, schema) != []


def test_a_schema_refuses_what_no_command_prints() -> None:
    line = {"schema": 1, "problem": "usage", "message": "", "hint": None, "file": None}
    line |= {"line": None, "column": None, "path": None, "jurisdiction": None}
    problem = validator("problem")
    assert [problem.is_valid(line | more) for more in ({}, {"line": "1"}, {"more": 1})] == [
        True,
        False,
        False,
    ]
