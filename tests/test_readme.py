"""What README and docs show is true: every block is read, and run as it stands."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
DATA = (ROOT / "docs" / "data.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language, dedented."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def commands(text: str) -> list[str]:
    """Return the lines of the shell blocks that run optout."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\.venv/bin/)?optout ", line)]


REQUEST, RECIPIENTS = blocks(README, "yaml")


@pytest.fixture
def desk(in_folder: Path) -> Path:
    """Lie README's request where its commands look for it."""
    (in_folder / "marin.yaml").write_text(REQUEST, "utf-8")
    return in_folder


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", commands(README))
def test_every_command_in_readme_runs(line: str, run: Callable[..., Result]) -> None:
    words, _, stdin = line.partition(" < ")
    result = run(*shlex.split(words)[1:], stdin=REQUEST if stdin else None)
    assert (result.exit_code, bool(result.stdout)) == (0, "check" not in words)


def test_readme_has_two_commands_that_set_everything_up() -> None:
    setups = [
        line.split("#")[0].strip() for line in README.splitlines() if line.startswith("make ")
    ]
    assert setups == ["make notice", "make test"]


@pytest.mark.usefixtures("desk")
def test_the_mistake_that_readme_shows_is_told_as_it_says(
    desk: Path, run: Callable[..., Result]
) -> None:
    (desk / "marin.yaml").write_text(REQUEST.replace("title:", "tilte:"), "utf-8")
    told = run("check", "marin.yaml").stdout
    assert told == blocks(README, "text")[0]


@pytest.mark.usefixtures("desk")
def test_what_readme_puts_under_recipients_reaches_the_letter(
    desk: Path, run: Callable[..., Result]
) -> None:
    (desk / "marin.yaml").write_text(REQUEST + RECIPIENTS, "utf-8")
    letter = run("write", "marin.yaml", "--to", "bureau", "-f", "json", "-o", "-").stdout
    assert '"phone": "916-555-0110"' in letter
    assert '"email": "bureau@example.gov"' in letter


@pytest.mark.usefixtures("desk")
def test_the_wording_that_readme_replaces_is_replaced(
    desk: Path, run: Callable[..., Result]
) -> None:
    folder = desk / "wording" / "secure-communities"
    folder.mkdir(parents=True)
    (folder / "opt-out.CA.html.j2").write_text(blocks(README, "jinja")[0], "utf-8")
    arguments = ("write", "marin.yaml", "--to", "ice", "-f", "txt", "-o", "-")
    letter = run(*arguments, "--templates", "wording").stdout
    assert "\nSincerely,\n" in letter
    assert "Respectfully" not in letter


def test_the_overlay_in_the_data_guide_is_laid_on_the_data(
    in_folder: Path, run: Callable[..., Result]
) -> None:
    overlay, _ = blocks(DATA, "yaml")
    (in_folder / "own.yaml").write_text(overlay, "utf-8")
    shown = run("show", "marin-county-ca", "--data", "own.yaml").stdout
    assert re.search(r"phone +916-555-0100 +own\.yaml:4\n", shown)
