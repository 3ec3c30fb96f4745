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


REQUEST, RECIPIENTS, COMMON, OVERLAY, LETTERS, PROGRAM, MODELINE = blocks(README, "yaml")
(TABLE,) = blocks(README, "csv")
CLOSING, THANKS, ASK = blocks(README, "jinja")
LETTER = ("write", "marin.yaml", "--to", "ice", "-f", "txt", "-o", "-")


@pytest.fixture
def desk(in_folder: Path) -> Path:
    """Lie README's files where its commands look for them."""
    letters = "wording/secure-communities"
    files = {
        "marin.yaml": REQUEST,
        "own.yaml": OVERLAY,
        "common.yaml": COMMON,
        "notices.csv": TABLE,
        f"{letters}/program.yaml": LETTERS,
        f"{letters}/thanks.html.j2": THANKS,
        "wording/match-records/program.yaml": PROGRAM,
        "wording/match-records/ask.html.j2": ASK,
    }
    for name, text in files.items():
        (in_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (in_folder / name).write_text(text, "utf-8")
    return in_folder


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", commands(README))
def test_every_command_in_readme_runs(line: str, run: Callable[..., Result]) -> None:
    if "write marin-county-ca.yaml" in line:
        run("new", "marin-county-ca")
    if "--follow" in line:
        run("write", "marin.yaml", "-f", "json", "-o", "letters/")
    words, _, stdin = line.partition(" > ")[0].partition(" < ")
    result = run(*shlex.split(words)[1:], stdin=REQUEST if stdin else None)
    assert (result.exit_code, bool(result.stdout)) == (0, " check " not in words)


def test_the_schema_is_written_where_the_editors_line_looks_for_it() -> None:
    (line,) = [it for it in commands(README) if "schema" in it]
    assert MODELINE.strip().endswith(f"$schema={line.partition(' > ')[2]}")


@pytest.mark.usefixtures("desk")
def test_a_request_with_the_editors_line_is_still_a_request(
    desk: Path, run: Callable[..., Result]
) -> None:
    (desk / "marin.yaml").write_text(MODELINE + REQUEST, "utf-8")
    assert run("check", "marin.yaml", "-q").exit_code == 0


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


def test_the_wording_that_readme_replaces_is_replaced(
    desk: Path, run: Callable[..., Result]
) -> None:
    (desk / "wording/secure-communities/opt-out.CA.html.j2").write_text(CLOSING, "utf-8")
    letter = run(*LETTER, "--templates", "wording").stdout
    assert "\nSincerely,\n" in letter
    assert "Respectfully" not in letter


@pytest.mark.usefixtures("desk")
def test_the_letter_that_readme_adds_says_what_it_is_given(run: Callable[..., Result]) -> None:
    own = ("--templates", "wording", "--letter", "secure-communities/thanks")
    letter = " ".join(run(*LETTER, *own, "--set", "particulars.met=2026-11-02").stdout.split())
    assert "Thank you for the meeting of November 2, 2026. Please send its outcome" in letter
    wrong = run(*LETTER, *own, "--set", "particulars.met=2026-12-02")
    assert "particulars.met 2026-12-02 lies after the letter's own date" in wrong.stderr


def test_readme_shows_a_program_in_twenty_lines() -> None:
    assert len((PROGRAM + ASK).splitlines()) <= 20


@pytest.mark.usefixtures("desk")
def test_readmes_own_data_is_shown_with_its_file_and_line(run: Callable[..., Result]) -> None:
    shown = run("show", "san-rafael-police", "--data", "own.yaml").stdout
    assert re.search(r"in a letter +the San Rafael Police Department +own\.yaml:8\n", shown)
    assert re.search(r"fax +916-555-0130 +own\.yaml:4\n", shown)
    assert re.search(r"zip +95816-0207 +jurisdictions\.yaml:\d+\n", shown)
    letter = run("write", "san-rafael-police", "--data", "own.yaml", *LETTER[2:]).stdout
    assert "the San Rafael Police Department" in " ".join(letter.split())


def test_data_in_the_users_own_folder_is_found_without_being_named(
    desk: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "config" / "optout").mkdir(parents=True)
    (desk / "own.yaml").rename(desk / "config" / "optout" / "jurisdictions.yaml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(desk / "config"))
    shown = run("show", "San Rafael Police Department, CA").stdout
    assert re.search(r"fax +916-555-0130 +\S+/optout/jurisdictions\.yaml:4\n", shown)


def test_the_overlay_in_the_data_guide_is_laid_on_the_data(
    in_folder: Path, run: Callable[..., Result]
) -> None:
    overlay, _ = blocks(DATA, "yaml")
    (in_folder / "own.yaml").write_text(overlay, "utf-8")
    shown = run("show", "marin-county-ca", "--data", "own.yaml").stdout
    assert re.search(r"phone +916-555-0100 +own\.yaml:4\n", shown)
