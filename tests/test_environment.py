"""What the environment may say, and what it may not: options, colors, the day."""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.core import ParameterSource
from command_results import LETTERS, Run, Write, lying_in, outcome, paths, problem
from conftest import REQUEST, ROOT
from run_batch import HEADER, ROWS

from optout_cli.cli import COMMANDS, group
from optout_cli.cli.letter_options import WholeNumber


@pytest.fixture
def write_text(run: Run, write: Write, in_folder: Path) -> Run:
    """Run `optout write r.yaml -f txt ...` beside that request."""
    write("r.yaml", REQUEST)
    return lambda *options: run("write", "r.yaml", "-f", "txt", *options)


@pytest.mark.parametrize(
    ("name", "value", "letters"),
    [
        ("OPTOUT_WRITE_TO", "ice", LETTERS[1:]),
        ("OPTOUT_WRITE_OUTPUT", "out/", [f"out/{name}" for name in LETTERS]),
    ],
)
def test_an_option_may_come_from_the_environment(
    name: str, value: str, letters: list[str], write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert outcome(write_text("-q")) == (0, paths(*letters), "")


def test_the_command_line_outweighs_the_environment(
    write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_WRITE_TO", "ice")
    assert outcome(write_text("-q", "--to", "bureau")) == (0, paths(LETTERS[0]), "")


GROUP = click.Context(group, info_name="optout", **group.context_settings)
PAGE = (ROOT / "docs" / "optout.1").read_text("utf-8").replace("\\-", "-")


def command_of(name: str) -> click.Command:
    command = group.get_command(GROUP, name)
    assert command is not None
    return command


def all_options() -> Iterator[tuple[str, str]]:
    """Yield each command with the long name of each of its options."""
    for name in COMMANDS:
        for option in command_of(name).params:
            if isinstance(option, click.Option):
                yield name, next(it for it in option.opts if it.startswith("--"))


def variable_of(command: str, option: str) -> str:
    """Return the variable that the manual page names with an option of a command."""
    section = PAGE.partition(f"\n.SS {command}\n")[2].partition("\n.S")[0]
    found = re.search(
        rf"^\\fB(?:-\w, )?{option}\b(?!-).*\n.*\[(OPTOUT_\w+)\]$", section, re.MULTILINE
    )
    assert found, f"the manual page names no variable for {option} of {command}"
    return found[1]


def value_for(option: click.Option) -> str:
    """Return what a user could give an option, and is not its default."""
    kind = option.type
    if option.is_flag:
        return "true"
    if isinstance(kind, click.Choice):
        return next(str(it) for it in kind.choices if it not in (option.default, "all"))
    if isinstance(kind, WholeNumber):
        return "27"
    if isinstance(kind, click.Path) and kind.exists:
        return "."
    return "2026-01-02" if option.metavar == "DATE" else "letters.pdf"


@pytest.mark.no_cover
@pytest.mark.parametrize(("command", "name"), [*all_options()])
def test_the_variable_that_the_manual_names_sets_the_option(
    command: str, name: str, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert variable_of(command, name) == f"OPTOUT_{command}_{name[2:]}".upper().replace("-", "_")
    (option,) = (it for it in command_of(command).params if name in it.opts)
    assert isinstance(option, click.Option)
    assert option.name is not None
    value = value_for(option)
    typed = [name] if option.is_flag else [name, value]
    assert parsed(command, *typed)[option.name][0] == ParameterSource.COMMANDLINE
    monkeypatch.delenv(variable_of(command, name), raising=False)  # conftest sets one
    default = parsed(command)[option.name]
    assert default[0] == ParameterSource.DEFAULT
    expected = parsed(command, *typed)[option.name][1]
    monkeypatch.setenv(variable_of(command, name), value)
    assert parsed(command)[option.name] == (ParameterSource.ENVIRONMENT, expected)
    assert expected != default[1]


# Any: what the options come to, each of its own type.
def parsed(command: str, *words: str) -> dict[str, tuple[ParameterSource | None, Any]]:
    """Read a command line; return for each option where its value comes from, and the value."""
    given = {"list": ["letters"], "schema": ["request"], "new": [], "check": [], "doctor": []}
    given |= {"status": [], "review": []}
    arguments = [*words, *given.get(command, ["marin-county-ca"])]
    context = command_of(command).make_context(command, arguments, parent=GROUP)
    return {it: (context.get_parameter_source(it), value) for it, value in context.params.items()}


def test_a_batch_that_the_environment_checks_writes_nothing(
    run: Run, write: Write, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("n.csv", HEADER + ROWS)
    monkeypatch.setenv("OPTOUT_BATCH_CHECK", "1")
    run("batch", "n.csv", "-f", "txt", "-o", "out/")
    assert lying_in(in_folder) == ["n.csv"]


@pytest.mark.parametrize("name", ["CHECK", "OUTPUT", "LETTER"])
def test_a_blank_variable_is_refused(
    name: str, run: Run, write: Write, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("n.csv", HEADER + ROWS)
    monkeypatch.setenv(f"OPTOUT_BATCH_{name}", " ")
    told = f"the environment variable OPTOUT_BATCH_{name} is blank\n"
    told += "  hint: give it a value, or unset it\n"
    assert problem(run("batch", "n.csv", "-f", "txt")) == (2, told)
    assert lying_in(in_folder) == ["n.csv"]


@pytest.mark.parametrize("value", ["0", "false", "no", ""])
def test_a_variable_may_unset_an_option(
    value: str, write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_WRITE_DRAFT", value)
    monkeypatch.setenv("OPTOUT_WRITE_QUIET", "yes")
    assert outcome(write_text()) == (0, paths(*LETTERS), "")
    assert "DRAFT" not in Path(LETTERS[0]).read_text("utf-8")


@pytest.mark.parametrize("name", ["HELP", "VERSION", "WRITE_HELP", "WRITE_IS_DRAFT", "WRITE_DAY"])
def test_no_other_variable_sets_anything(
    name: str, write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OPTOUT_{name}", "1")
    assert outcome(write_text("-q")) == (0, paths(*LETTERS), "")
    assert "DRAFT" not in Path(LETTERS[0]).read_text("utf-8")


def test_a_variable_may_set_several_values(
    write_text: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    offices = "offices:\n  {}:\n    phone: {}\n"
    write("a b.yaml", offices.format("ero-san-francisco", "415-555-0101"))
    write("c.yaml", offices.format("ero-los-angeles", "415-555-0102"))
    monkeypatch.setenv(
        "OPTOUT_WRITE_SET", "signatory.name=Sam Placeholder\n\nsignatory.title=Jailer"
    )
    monkeypatch.setenv("OPTOUT_WRITE_TO", "bureau ice")
    monkeypatch.setenv("OPTOUT_WRITE_DATA", os.pathsep.join(["a b.yaml", "c.yaml"]))
    assert outcome(write_text("-q")) == (0, paths(*LETTERS), "")
    assert "Sam Placeholder\nJailer" in Path(LETTERS[0]).read_text("utf-8")
    monkeypatch.setenv("OPTOUT_WRITE_DATA", os.pathsep.join(["a b.yaml", "none.yaml"]))
    assert outcome(write_text("-q"))[2].startswith("none.yaml: cannot find this file\n")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DRAFT", "perhaps", "'--draft' (set by OPTOUT_WRITE_DRAFT): 'perhaps' is not a valid"),
        ("DATE", "today", "'--date' (set by OPTOUT_WRITE_DATE): 'today' is not a date; write it"),
        (
            "MAX_AGE",
            "-1",
            "'--max-age' (set by OPTOUT_WRITE_MAX_AGE): -1 is not between 0 and 999,999",
        ),
        ("TO", "jail", "'--to' (set by OPTOUT_WRITE_TO): 'jail' is not one of 'bureau', 'ice'"),
    ],
)
def test_a_bad_value_is_told_of_with_the_variable_that_has_it(
    name: str, value: str, message: str, write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OPTOUT_WRITE_{name}", value)
    code, told = problem(write_text())
    assert (code, told[: len(message) + 18]) == (2, f"Invalid value for {message}")


@pytest.mark.parametrize("color", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "xterm"}])
def test_nothing_is_colored(
    color: dict[str, str], write_text: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    for name, value in color.items():
        monkeypatch.setenv(name, value)
    found = write_text()
    assert "\x1b" not in found.stdout + found.stderr


@pytest.mark.parametrize("epoch", ["yesterday", "99999999999999999", "1e9"])
def test_a_day_of_the_environment_must_be_one(
    epoch: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    code, _, err = outcome(run("show", "06041"))
    assert (code, err.partition("Error: ")[2]) == (
        2,
        (
            f"SOURCE_DATE_EPOCH {epoch!r} is not a number of seconds since 1970\n"
            "  hint: unset SOURCE_DATE_EPOCH to use today's date\n"
        ),
    )


def test_without_a_day_of_the_environment_it_is_the_machines_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now().astimezone().date().isoformat()
    shown = json.loads(outcome(run("show", "06041", "--json"))[1])["date"]
    assert before <= shown <= datetime.now().astimezone().date().isoformat()
