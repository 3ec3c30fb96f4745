"""`optout write` of a message: it needs an address to go to, or stays in the house as a draft."""

import os
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome, problem
from conftest import REQUEST

BOTH = "recipients: {bureau: {fax: 916-555-0130}, ice: {fax: 415-555-0131}}\n"
FAXES = ["2026-11-20-opt-out-bureau.fax", "2026-11-20-opt-out-ice.fax"]
NO_FAX = """\
r.yaml: {} has no known fax number
  hint: add fax: ... under recipients: {}:, or pass --set recipients.{}.fax=...; \
or write a draft with --draft
"""


@pytest.fixture
def write_fax(run: Run, write: Write, in_folder: Path) -> Run:
    """Run `optout write r.yaml -q -f fax ...` beside a request that knows no fax number."""
    write("r.yaml", REQUEST)
    return lambda *options: run("write", "r.yaml", "-q", "-f", "fax", *options)


def test_a_fax_needs_a_number_for_each_recipient(write_fax: Run, in_folder: Path) -> None:
    told = [
        NO_FAX.format("the State Identification Bureau", "bureau", "bureau"),
        NO_FAX.format("the ICE office", "ice", "ice"),
    ]
    assert outcome(write_fax()) == (1, "", "".join(told))
    assert lying_in(in_folder) == ["r.yaml"]


def test_with_the_numbers_it_is_written(write_fax: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST + BOTH)
    assert outcome(write_fax()) == (0, "".join(f"{it}\n" for it in FAXES), "")
    assert "\nFax:           916-555-0130\n" in (in_folder / FAXES[0]).read_text("ascii")


def test_a_draft_is_written_without_the_number_and_marked(write_fax: Run, in_folder: Path) -> None:
    assert outcome(write_fax("--draft")) == (0, "".join(f"{it}\n" for it in FAXES), "")
    pages = (in_folder / FAXES[0]).read_text("ascii").split("\f")
    assert [page.count("DRAFT\n") for page in pages] == [1, 1, 1]
    assert "Fax:" not in pages[0]


def test_the_environment_may_ask_for_drafts(
    write_fax: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_WRITE_DRAFT", "1")
    assert outcome(write_fax("--to", "ice")) == (0, f"{FAXES[1]}\n", "")


def test_the_number_may_be_set_on_the_command_line(write_fax: Run) -> None:
    number = "recipients.ice.fax=415-555-0131"
    ended = outcome(write_fax("--to", "ice", "--set", number, "-o", "-"))
    assert (ended[0], "\nFACSIMILE\n" in ended[1], ended[2]) == (0, True, "")


@pytest.mark.parametrize("formats", ["fax", "txt,fax"])
def test_a_draft_of_a_message_never_goes_to_standard_output(
    formats: str, write_fax: Run, in_folder: Path
) -> None:
    told = (
        "--draft writes fax only to a file, not to -o -\n"
        "  hint: name a folder or a file with -o, or leave --draft out\n"
    )
    assert problem(write_fax("--draft", "--to", "ice", "-f", formats, "-o", "-")) == (2, told)


def test_a_draft_of_a_message_never_goes_into_a_pipe(write_fax: Run, in_folder: Path) -> None:
    os.mkfifo(in_folder / "pipe.fax")
    told = "--draft writes fax only to a file, not to -o pipe.fax\n"
    code, message = problem(write_fax("--draft", "--to", "ice", "-o", "pipe.fax"))
    assert (code, message.partition("  hint")[0]) == (2, told)


def test_a_draft_of_what_is_printed_may_go_to_standard_output(run: Run, write: Write) -> None:
    path = str(write("r.yaml", REQUEST))
    ended = outcome(run("write", path, "-q", "--draft", "--to", "ice", "-f", "txt", "-o", "-"))
    assert (ended[0], ended[1].startswith("DRAFT\n\nMarin County"), ended[2]) == (0, True, "")


@pytest.mark.parametrize(("lines", "pages"), [("20", 7), ("52", 3), ("400", 2)])
def test_the_lines_of_a_page_are_an_option(
    lines: str, pages: int, write_fax: Run, write: Write
) -> None:
    write("r.yaml", REQUEST + BOTH)
    text = outcome(write_fax("--to", "ice", "-o", "-", "--lines-per-page", lines))[1]
    assert max(page.count("\n") for page in text.split("\f")) <= int(lines)
    assert (text.count("\f") + 1, f"{pages}, with this one\n" in text) == (pages, True)


@pytest.mark.parametrize("lines", ["19", "0", "-1", "many"])
def test_a_page_has_at_least_20_lines(lines: str, write_fax: Run) -> None:
    code, told = problem(write_fax("--lines-per-page", lines))
    assert (code, told.partition(": ")[0]) == (2, "Invalid value for '--lines-per-page'")
