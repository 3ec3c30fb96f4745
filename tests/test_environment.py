"""What the environment may say, and what it may not: options, colors, the day."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from conftest import REQUEST
from desk import LETTERS, Run, Write, outcome, paths


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
            f"SOURCE_DATE_EPOCH {epoch!r} is no day, in seconds since 1970\n"
            "  hint: unset SOURCE_DATE_EPOCH, and the day is the machine's own\n"
        ),
    )


def test_without_a_day_of_the_environment_it_is_the_machines_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now().astimezone().date().isoformat()
    shown = json.loads(outcome(run("show", "06041", "--json"))[1])["date"]
    assert before <= shown <= datetime.now().astimezone().date().isoformat()
