"""Editors use the schemas: right files are valid, and a mistyped value is found at its path."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_results import NOWHERE, Run, Write, outcome, problem
from conftest import ROOT
from jsonschema import Draft202012Validator
from written_letters import write_letters

from optout_cli.letters import Library

pytestmark = pytest.mark.no_cover  # many requests, with code that others cover

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
PROGRAMS = sorted((ROOT / "templates").glob("*/program.yaml"))


class _Editor(yaml.CSafeLoader):
    """Reads YAML as editors do: what looks like a date is a text."""

    yaml_implicit_resolvers = {
        first: [resolver for resolver in resolvers if not resolver[0].endswith("timestamp")]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def read(text: str) -> Any:
    return yaml.load(text, _Editor)


@pytest.fixture(scope="module")
def validators() -> dict[tuple[str, ...], Draft202012Validator]:
    """Keep the schemas that are open: those of the same words are the same."""
    return {}


@pytest.fixture
def schema(run: Run, validators: dict[tuple[str, ...], Draft202012Validator]) -> Any:
    """Open a schema as an editor does: `schema("request")`."""

    def opened(*words: str) -> Draft202012Validator:
        if words not in validators:
            found = json.loads(outcome(run("schema", *words))[1])
            Draft202012Validator.check_schema(found)
            validators[words] = Draft202012Validator(found)
        return validators[words]

    return opened


def problems(validator: Draft202012Validator, text: str) -> list[str]:
    return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors(read(text))]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_is_a_request(path: Path, schema: Any) -> None:
    assert problems(schema("request"), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.parent.name)
def test_each_shipped_program_is_one(path: Path, schema: Any) -> None:
    assert problems(schema("program"), path.read_text("utf-8")) == []


def test_the_shipped_data_and_a_part_of_it_are_data_files(schema: Any) -> None:
    validator = schema("jurisdictions")
    data = read((ROOT / "jurisdictions.yaml").read_text("utf-8"))
    data["states"] = {code: data["states"][code] for code in ("CA", "GU", "PR")}
    assert [error.message for error in validator.iter_errors(data)] == []
    assert problems(validator, NOWHERE) == []
    assert problems(validator, "states: {CA: {bureau: {fax: 916-555-0111}}}") == []


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ("sigantory: {name: Pat}", ""),
        ("signatory: {name: Pat}", "signatory"),
        ("signatory: {name: Pat, title: Sheriff, phone: call me}", "signatory"),
        ("date: tomorrow week\naddressing: both", "addressing"),
        ("particulars: {reasns: x}", "particulars"),
        ("particulars: {earlier: [{date: 2010-01-01}]}", "particulars.earlier.0"),
        ("particulars: {declines: [everything]}", "particulars.declines"),
        ("service: {bureau: [{by: pigeon}]}", "service.bureau.0.by"),
    ],
)
def test_a_mistyped_value_is_found_at_its_path(lines: str, where: str, schema: Any) -> None:
    text = f"jurisdiction: '06041'\nletter: secure-communities/opt-out\n{lines}\n"
    assert problems(schema("request"), text) == [where]


def test_what_may_be_typed_as_a_text_may_also_be_a_list(schema: Any) -> None:
    base = "jurisdiction: '06041'\nletter: secure-communities/opt-out\n"
    for given in ("reasons: One.", "reasons: [One., Two.]", "declines: 287g", "declines: [287g]"):
        assert problems(schema("request"), f"{base}particulars: {{{given}}}\n") == []


def test_letters_are_completed_with_your_own_and_their_required_particulars(
    schema: Any, write: Write
) -> None:
    program = """\
        title: Another
        code: AN
        periods: [{id: all, from: "2000-01-01"}]
        recipients: [{role: bureau}]
        letters:
          first:
            title: First
            summary: The first.
            version: "1"
            particulars: {model: {type: choice, required: true, choices: [a, b], help: which one}}
        """
    own = write("own/another/program.yaml", program).parent.parent
    validator = schema("request", "--templates", str(own))
    request = validator.schema["$defs"]["Request"]
    assert "another/first" in request["properties"]["letter"]["enum"]
    base = "jurisdiction: '06041'\nletter: another/first\n"
    assert problems(validator, base) == [""]
    assert problems(validator, f"{base}particulars: {{model: a}}\n") == []
    assert "which one" in json.dumps(request["allOf"])


def test_every_key_of_a_request_is_explained(schema: Any) -> None:
    properties = schema("request").schema["$defs"]["Request"]["properties"]
    assert [key for key, part in properties.items() if not part.get("description")] == []


def test_an_unknown_schema_is_a_problem_with_the_known_names(run: Run) -> None:
    code, told = problem(run("schema", "csv"))
    assert (code, "'request', 'jurisdictions', 'program'" in told) == (2, True)


def test_no_option_of_a_schema_does_nothing(run: Run) -> None:
    found = outcome(run("schema", "--data", "nope", "request"))
    assert (found[0], "No such option" in found[2]) == (2, True)


def test_each_line_of_a_register_is_an_event(
    schema: Any, run: Run, library: Library, in_folder: Path
) -> None:
    write_letters(library, in_folder / "letters")
    run("sent", "letters", "--by", "mail")
    lines = (in_folder / "letters" / "register.ndjson").read_text("utf-8").splitlines()
    errors = [str(error) for line in lines for error in schema("register").iter_errors(read(line))]
    changed = json.loads(lines[-1]) | {"by": "pigeon"}
    assert (len(lines), errors) == (3, [])
    assert not schema("register").is_valid(changed)
