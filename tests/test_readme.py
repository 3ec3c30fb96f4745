"""README and docs are true: a test reads every block, and runs the commands as they are."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import ROOT
from make_register import ADDISON, RegisterMaker
from PIL import Image
from read_docs import PAGES, all_blocks, blocks

from optout_cli.batch.corrections import key_of
from optout_cli.readers.csv import csv_from, rows_from_csv
from optout_cli.readers.document import KEY

AGREEMENTS, REQUEST, RECIPIENTS, ADDRESSEE, MODELINE = blocks("letters.md", "yaml")
(COMMON,) = blocks("batch.md", "yaml")
(TABLE,) = blocks("batch.md", "csv")
(SENT,) = blocks("record.md", "csv")
WORDS, LETTERS, PROGRAM = blocks("wording.md", "yaml")
CLOSING, THANKS, ASK = blocks("wording.md", "jinja")
CONFIRMED, PHONE, OVERLAY = blocks("data.md", "yaml")
CONTACT, SERVICE, TYPED, PICTURE = blocks("email-and-fax.md", "yaml")
(MISTAKE,) = blocks("letters.md", "text")
# The blocks that single tests use, here and in `test_pipelines` and `test_complete`.
TAKEN = {
    ("letters.md", "yaml"): 5,
    ("letters.md", "text"): 1,
    ("batch.md", "yaml"): 1,
    ("batch.md", "csv"): 1,
    ("record.md", "csv"): 1,
    ("wording.md", "yaml"): 3,
    ("wording.md", "jinja"): 3,
    ("data.md", "yaml"): 3,
    ("email-and-fax.md", "yaml"): 4,
    ("scripts.md", "shell"): 3,
    ("install.md", "bash"): 1,
    ("install.md", "zsh"): 1,
    ("install.md", "fish"): 1,
}
# Commands that change the computer are not run: the tests check their form and their names.
ON_THE_MACHINE = re.compile(
    r"sudo (apt|dnf) |brew install|pipx (un)?install|pipx ensurepath|explorer\.exe \.|wsl --install"
    r"|(ls|cd|mkdir -p) (/mnt/c/Users|~/optout)|cp -r /mnt/c/Users/"
    r"|winget install|py (--version|-m pip|-m pipx)|(cd|mkdir) \$HOME\\"
    r"|\.venv/bin/(pytest|python|towncrier)|git "
)
pytestmark = pytest.mark.no_cover  # many commands, with code that others cover
LETTER = ("write", "marin.yaml", "--to", "ice", "-f", "txt", "-o", "-")
NEW = "optout new marin-county-ca -o marin.yaml"
Run = Callable[..., Result]


def lines_of(page: str) -> list[str]:
    """Return the lines of a page's shell blocks, without the words behind a `#`."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines]


def commands(page: str) -> list[str]:
    """Return those that run optout."""
    return [line for line in lines_of(page) if re.match(r"(\.venv/bin/)?optout ", line)]


@pytest.fixture
def desk(in_folder: Path) -> Path:
    """Put the files of the pages where their commands look for them."""
    letters = "wording/secure-communities"
    files = {
        "marin.yaml": REQUEST,
        "own.yaml": OVERLAY,
        "common.yaml": COMMON,
        "notices.csv": TABLE,
        "sent.csv": SENT,
        "answer.eml": "Subject: Your notice\n\nICE will not remove the county.\n",
        f"{letters}/program.yaml": LETTERS,
        f"{letters}/thanks.html.j2": THANKS,
        "wording/match-records/program.yaml": PROGRAM,
        "wording/match-records/ask.html.j2": ASK,
    }
    for name, text in files.items():
        (in_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (in_folder / name).write_text(text, "utf-8")
    for name in ("receipt.jpg", "card.jpg", "envelope.jpg", "signed.pdf"):
        Image.new("L", (850, 1100), 255).save(in_folder / name)
    RegisterMaker(in_folder / "letters").written(place=ADDISON)
    first, *_ = rows_from_csv(TABLE, "notices.csv")
    corrected = dict(first.cells) | {KEY: key_of(first), "jurisdiction": "napa-county-ca"}
    rejects = csv_from([*corrected], [[*corrected.values()]])
    (in_folder / "letters" / "rejects.csv").write_text(rejects, "utf-8")
    return in_folder


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_read_by_a_test(page: str) -> None:
    languages = [language for language, _ in all_blocks(page)]
    assert PAGES[page].count("```") == 2 * len(languages)
    others = {it: languages.count(it) for it in languages if it not in ("sh", "powershell")}
    assert others == {kind: count for (name, kind), count in TAKEN.items() if name == page}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_run_or_known(page: str) -> None:
    lines = [*lines_of(page), *"".join(blocks(page, "powershell")).splitlines()]
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
    made = {f"make {target}" for target in re.findall(r"^([\w./-]+):", makefile, re.MULTILINE)}
    others = [it for it in lines if it and it not in made and it not in commands(page)]
    assert [it for it in others if not ON_THE_MACHINE.match(it)] == []
    named = [word for line in others for word in line.split() if word.startswith("tests/")]
    assert [it for it in named if not (ROOT / it).exists()] == []
    script = "\n".join(line for block in blocks(page, "sh") for line in block.splitlines())
    assert subprocess.run(("bash", "-n", "-c", script), check=False).returncode == 0


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_every_optout_command_of_a_page_runs_in_its_turn(
    page: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_ENGINE", "typst")
    for line in dict.fromkeys(commands(page)):
        if line.endswith("optout check"):  # thousands of letters, which test_cli_check tries
            continue
        if line == NEW:
            Path("marin.yaml").unlink()
        if line.endswith("-o letters/ --engine typst"):  # which else prints nothing twice
            shutil.rmtree("letters")
        words, _, target = line.partition(" > ")
        words, _, stdin = words.partition(" < ")
        result = run(*shlex.split(words)[1:], stdin=REQUEST if stdin else None)
        is_silent = re.search(r" check( |$)|--check$", words) is not None
        assert (result.exit_code, result.stdout != "" or is_silent) == (0, True), (
            line,
            result.stdout,
            result.stderr,
        )
        if target:
            Path(target).write_text(result.stdout, "utf-8")
        if line == NEW:  # nobody answers its questions here: take the page's own request
            Path("marin.yaml").write_text(REQUEST, "utf-8")


def test_readme_is_a_front_page() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 150


def test_readme_has_two_commands_that_set_everything_up() -> None:
    setups = [it for it in lines_of("README.md") if it.startswith("make ")]
    assert setups == ["make notice", "make test"]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    folder = ROOT if (ROOT / page).is_file() else ROOT / "docs"
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        file, _, heading = target.partition("#")
        assert (folder / file).exists(), target
        if heading:
            text = (folder / (file or page)).read_text("utf-8")
            titles = [it.strip() for it in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
            slugs = [re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in titles]
            assert heading in slugs, target


def test_the_source_distribution_has_every_page() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    included = settings["build"]["targets"]["sdist"]["only-include"]
    pages = {page if (ROOT / page).is_file() else "docs" for page in PAGES}
    assert pages - {*included, "README.md"} == set()  # hatchling adds the README by itself


def test_the_packages_that_windows_users_install_are_those_of_make() -> None:
    script = (ROOT / "tools" / "system-libraries.sh").read_text("utf-8")
    named = re.findall(r"\blib[a-z]+[\w.-]*\d\b", PAGES["install.md"])
    assert named
    assert [it for it in named if it not in script] == []


def test_the_schema_is_written_where_the_editors_line_looks_for_it() -> None:
    (line,) = [it for it in commands("letters.md") if "schema" in it]
    assert MODELINE.strip().endswith(f"$schema={line.partition(' > ')[2]}")


def test_a_request_with_the_editors_line_is_still_a_request(desk: Path, run: Run) -> None:
    (desk / "marin.yaml").write_text(MODELINE + REQUEST, "utf-8")
    assert run("check", "marin.yaml", "-q").exit_code == 0


def test_the_mistake_that_the_page_shows_is_reported_as_it_says(desk: Path, run: Run) -> None:
    (desk / "marin.yaml").write_text(REQUEST.replace("title:", "tilte:"), "utf-8")
    assert run("check", "marin.yaml").stdout == MISTAKE


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (RECIPIENTS, ['"phone": "916-555-0110"', '"email": "bureau@example.gov"']),
        (ADDRESSEE, ['"attention": "Chief, Records Section"', '"salutation": "Dear Chief:"']),
        (CONFIRMED, ['"phone": "916-555-0100"', '"by": "telephone"']),
        (CONTACT, ['"fax": "916-555-0130"', '"email": "bureau@example.gov"']),
        (TYPED, ['"kind": "typed"']),
        (f"{CONTACT}{SERVICE}", ["<c2a1fe6d@example.gov>", '"email": "attorney@example.gov"']),
    ],
)
def test_what_a_page_adds_to_a_request_reaches_the_letter(
    block: str, expected: list[str], desk: Path, run: Run
) -> None:
    confirmed_then = block.replace("2026-12-01", "2026-11-21")  # a day to come, for these tests
    (desk / "marin.yaml").write_text(REQUEST + confirmed_then, "utf-8")
    letter = run("write", "marin.yaml", "--to", "bureau", "-f", "json", "-o", "-").stdout
    assert [it for it in expected if it not in letter] == []


def test_the_agreements_that_the_page_names_end_in_one_letter(desk: Path, run: Run) -> None:
    request = REQUEST.replace("secure-communities/opt-out", "287g/terminate")
    (desk / "marin.yaml").write_text(request + AGREEMENTS, "utf-8")
    letter = " ".join(run("write", "marin.yaml", "-f", "txt", "-o", "-").stdout.split())
    assert "the Warrant Service Officer agreement of March 5, 2020." in letter


def test_a_picture_of_the_signature_is_taken(desk: Path, run: Run) -> None:
    from PIL import Image

    Image.new("L", (600, 200), 0).save(desk / "signature.png")
    (desk / "marin.yaml").write_text(REQUEST + PICTURE, "utf-8")
    letter = run("write", "marin.yaml", "--to", "bureau", "-f", "html", "-o", "-").stdout
    assert 'alt="Signature of Sheriff Placeholder"' in letter


def test_the_wording_that_the_page_replaces_is_replaced(desk: Path, run: Run) -> None:
    (desk / "wording/secure-communities/opt-out.CA.html.j2").write_text(CLOSING, "utf-8")
    letter = run(*LETTER, "--templates", "wording").stdout
    assert "\nSincerely,\n" in letter
    assert "Respectfully" not in letter


def test_the_words_that_the_page_gives_are_in_the_letter(desk: Path, run: Run) -> None:
    (desk / "marin.yaml").write_text(REQUEST + WORDS, "utf-8")
    letter = " ".join(run(*LETTER, "--set", "wording.closing=So it is.").stdout.split())
    said = (
        "As Sheriff of the County of Marin",
        "two things: - the program",
        "asked. This",
        "So it is.",
    )
    assert [words for words in said if words not in letter] == []


@pytest.mark.usefixtures("desk")
def test_the_letter_that_the_page_adds_says_what_it_is_given(run: Run) -> None:
    own = ("--templates", "wording", "--letter", "secure-communities/thanks")
    letter = " ".join(run(*LETTER, *own, "--set", "particulars.met=2026-11-02").stdout.split())
    assert "Thank you for the meeting of November 2, 2026. Please send its outcome" in letter
    wrong = run(*LETTER, *own, "--set", "particulars.met=2026-12-02")
    assert "particulars.met 2026-12-02 is after the letter's own date" in wrong.stderr


def test_the_page_shows_a_program_in_twenty_lines() -> None:
    assert len((PROGRAM + ASK).splitlines()) <= 20


@pytest.mark.usefixtures("desk")
def test_own_data_is_shown_with_its_file_and_line(run: Run) -> None:
    shown = run("show", "san-rafael-police", "--data", "own.yaml").stdout
    assert re.search(r"in a letter +the San Rafael Police Department +own\.yaml:8\n", shown)
    assert re.search(r"fax +916-555-0130 +own\.yaml:4\n", shown)
    assert re.search(r"zip +95816-0207 +jurisdictions\.yaml:\d+\n", shown)
    letter = run("write", "san-rafael-police", "--data", "own.yaml", *LETTER[2:]).stdout
    assert "the San Rafael Police Department" in " ".join(letter.split())


def test_data_in_the_users_own_folder_is_found_without_being_named(
    desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "config" / "optout").mkdir(parents=True)
    (desk / "own.yaml").rename(desk / "config" / "optout" / "jurisdictions.yaml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(desk / "config"))
    shown = run("show", "San Rafael Police Department, CA").stdout
    assert re.search(r"fax +916-555-0130 +\S+/optout/jurisdictions\.yaml:4\n", shown)


def test_a_corrected_number_is_laid_on_the_shipped_data(in_folder: Path, run: Run) -> None:
    (in_folder / "own.yaml").write_text(PHONE, "utf-8")
    shown = run("show", "marin-county-ca", "--data", "own.yaml").stdout
    assert re.search(r"phone +916-555-0100 +own\.yaml:4\n", shown)
