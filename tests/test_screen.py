"""On a terminal `write` prints no more than a screen: which files, first notes, and every step."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pexpect
import pytest
from click import testing
from command_results import Run, Write, outcome, take_for_terminals
from conftest import ROOT
from run_processes import OPTOUT, call

import optout_cli
from optout_cli.cli.console import print_path
from optout_cli.cli.screen import Line, Part, show_parts

pytestmark = pytest.mark.usefixtures("with_typst")

ROWS = 24  # of a usual terminal
HEADS: dict[str, str | tuple[str, ...]] = {
    "file": ("out/", "letters/"),
    "message": "kept: ",
    "note": "note: ",
    "step": "next: ",
}
# Nothing is confirmed, much is enclosed, and a letter goes out in several ways: many notes, steps.
REQUEST = """\
jurisdiction: marin-county-ca
letter: secure-communities/opt-out
date: 2026-11-20
signatory:
  name: Sheriff Pat Placeholder
  title: Sheriff
  email: sheriff@example.gov
signature: {kind: typed}
recipients:
  bureau: {email: bureau@example.gov, fax: 916-555-0130}
  ice: {email: ice@example.gov, fax: 415-555-0131}
service:
  bureau: [{by: certified-mail}, {by: email}, {by: fax}]
  ice: [{by: certified-mail}, {by: email}, {by: fax}]
authority: [{instrument: Resolution, number: No. 26-01}]
"""
LISTED = "".join(f"- {{title: Exhibit {letter} of the record}}\n" for letter in "ABCDEFGHIJKL")
COPIED = "".join(f"- {{name: Member {letter}, title: Supervisor}}\n" for letter in "ABCDEFGH")
MANY = f"{REQUEST}enclosures:\n{LISTED}cc:\n{COPIED}"
Shown = Callable[..., list[str]]


@pytest.fixture
def request_of_many(write: Write, in_folder: Path) -> None:
    write("r.yaml", MANY)


@pytest.fixture
def on_terminal(request_of_many: None) -> Shown:
    """Run a command on a terminal of so many columns; return the rows that it shows."""

    def call(columns: int, *words: str) -> list[str]:
        own = {key: text for key, text in os.environ.items() if key not in ("COLUMNS", "LINES")}
        child = pexpect.spawn(
            OPTOUT[0],
            [*OPTOUT[1:], *words],
            env=own,
            dimensions=(ROWS, columns),
            encoding="utf-8",
            timeout=120,
        )
        text = child.read()
        child.close()
        assert child.exitstatus == 0
        return rows_of(text, columns)

    return call


@pytest.fixture
def shown(request_of_many: None, run: Run, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Run a command in this process as if on such a terminal."""
    take_for_terminals(monkeypatch)

    def call(columns: int, *words: str) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            result = run(*words)
        assert outcome(result)[0] == 0
        return rows_of(result.output, columns)

    return call


def rows_of(text: str, columns: int) -> list[str]:
    return [
        line[at : at + columns]
        for line in text.splitlines()
        for at in range(0, max(1, len(line)), columns)
    ]


def write_words(formats: str, *options: str) -> tuple[str, ...]:
    return ("write", "r.yaml", "-o", "out/", "-f", formats, *options)


def beginning(rows: list[str], head: str | tuple[str, ...]) -> list[str]:
    return [row for row in rows if row.startswith(head)]


def told(rows: list[str]) -> dict[str, int]:
    """Count what is shown of each kind, together with what is said to be left out."""
    left = re.findall(r"([\d,]+) more (\w+?)s?\b", " ".join(rows))
    counts = {noun: int(count.replace(",", "")) for count, noun in left}
    return {noun: len(beginning(rows, head)) + counts.get(noun, 0) for noun, head in HEADS.items()}


ALL = "pdf,docx,txt,html,json,eml,fax,tiff,fax-pdf"
CHEAP = "txt,html,json,fax"  # eight files, of which a usual run on 80 columns shows two


@pytest.mark.parametrize(
    ("columns", "formats", "options", "files"),
    [
        (80, "pdf", ("--to", "ice"), 1),
        (80, "pdf", (), 2),
        (60, "pdf", (), 2),
        (80, "pdf,docx,txt,html,json,tiff,fax-pdf", ("--to", "ice"), 7),
        (60, CHEAP, (), 8),
        (80, "pdf,docx,txt,html", (), 8),
        (200, CHEAP, (), 8),
        (60, ALL, (), 18),
    ],
)
def test_a_run_takes_no_more_than_a_screen(
    columns: int, formats: str, options: tuple[str, ...], files: int, shown: Shown
) -> None:
    words = write_words(formats, *options)
    rows = shown(columns, *words)
    log = shown(sys.maxsize, *words, "--verbose")  # which is complete
    total = (files, *(len(beginning(log, head)) for head in ("note: ", "next: ")))
    assert len(rows) < ROWS  # the last row has the prompt
    assert told(rows) == {"file": total[0], "message": 0, "note": total[1], "step": total[2]}
    assert len(beginning(rows, "out/")) >= min(2, files)
    assert len(beginning(rows, "note: ")) >= 2
    assert len(beginning(rows, "next: ")) >= min(total[2], 10)


def test_a_real_terminal_shows_the_same(
    on_terminal: Shown, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # so the command is named as it was started
    monkeypatch.setattr("sys.argv", [optout_cli.__file__])
    for columns, formats in ((60, "txt,html"), (200, CHEAP)):
        rows = on_terminal(columns, *write_words(formats))
        shutil.rmtree("out")  # else they are there already
        assert rows == shown(columns, *write_words(formats))
        shutil.rmtree("out")


@pytest.mark.parametrize("formats", ["txt", "txt,html"])
def test_a_usual_run_leaves_out_no_file_and_no_step(formats: str, shown: Shown) -> None:
    example = str(ROOT / "examples" / "marin-today.yaml")
    rows = shown(80, "write", example, "-o", "out/", "-f", formats)
    assert len(rows) < ROWS
    assert re.search(
        r"^(\d+ more notes?; to see all|to see each note) in full", "\n".join(rows), re.MULTILINE
    )


def parts_of(count: int) -> list[Part]:
    """Return so many paths, notes and steps as the shipped programs never give."""
    words = "with some words that a clerk has to read before sending it "
    paths = [Line(f"letters/letter-{n}.pdf") for n in range(count)]
    return [
        Part("file", paths, 2, lambda line: print_path(Path(line.text)), is_product=True),
        Part("message", [Line(f"kept: letter-{n}.pdf") for n in range(count // 8)], 2),
        Part("note", [Line(f"note: the note {n} {words}") for n in range(count)], 2),
        Part("line", [Line("written: letters of today for a county")], 1),
        Part("step", [Line(f"next: do {n} {words * 4}") for n in range(12)], 0),
    ]


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("count", [1, 7, 20, 60])
def test_a_screen_counts_what_is_left_out(
    count: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_for_terminals(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(columns))
    command = click.Command("show", callback=lambda: show_parts(parts_of(count), "add --verbose"))
    rows = rows_of(testing.CliRunner().invoke(command).output, columns)
    assert len(rows) < ROWS
    assert told(rows) == {"file": count, "message": count // 8, "note": count, "step": 12}
    assert len(beginning(rows, "next: ")) == 12


@pytest.mark.parametrize("columns", [20, 40])
def test_a_very_narrow_terminal_shows_something_of_each_and_no_more(
    columns: int, shown: Shown
) -> None:
    rows = shown(columns, *write_words(CHEAP))
    heads = ("out/", "note: ", "written: ", "next: ")
    assert (len(rows) < ROWS, [head for head in heads if not beginning(rows, head)]) == (True, [])


@pytest.mark.parametrize("columns", [1, 5])
def test_no_terminal_is_too_narrow(columns: int, on_terminal: Shown) -> None:
    assert on_terminal(columns, *write_words("txt"))  # which fails if the command does


def test_verbose_prints_everything_on_a_terminal(shown: Shown) -> None:
    short, full = (shown(80, *write_words(CHEAP, *more)) for more in ((), ("--verbose",)))
    assert len(short) < ROWS < len(full)
    assert (len(beginning(short, "out/")), len(beginning(full, "out/"))) == (2, 8)
    whole = {"file": 8, "message": 0, "note": told(full)["note"], "step": told(full)["step"]}
    assert told(short) == whole
    assert (len(beginning(short, "note: ")) >= 2, len(beginning(short, "next: ")) >= 10) == (
        True,
        True,
    )
    assert [row for row in full if row.endswith("...") or "to see " in row] == []
    assert "Exhibit L" not in " ".join(short)
    assert "Exhibit L" in " ".join(full)


def test_check_says_of_every_file_what_would_happen_where_it_fits(shown: Shown) -> None:
    words = write_words(f"{CHEAP},txt", "--check")
    assert len(beginning(shown(80, *words), "new: ")) == 8


@pytest.mark.usefixtures("request_of_many")
def test_a_pipe_and_a_log_get_every_path_and_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # so the command is named as it was started
    done = call(*write_words(CHEAP))
    log = done.stderr.decode().splitlines()
    assert len(done.stdout.splitlines()) == len(list(Path("out").glob("2026-*"))) == 8
    assert [line for line in log if "Exhibit L" in line and line.startswith("next: enclose")]
    assert (
        log[-1]
        == "to see each note in full, add --verbose or run `python -m optout_cli review out`"
    )
    assert [line for line in log if " more " in line or line.endswith("...")] == []


def test_quiet_prints_every_path_on_a_terminal(shown: Shown) -> None:
    assert len(beginning(shown(80, *write_words(CHEAP, "-q")), "out/")) == 8


@pytest.mark.usefixtures("request_of_many")
def test_where_only_the_talk_is_on_a_terminal_no_path_takes_its_room() -> None:
    command = f"{' '.join(OPTOUT)} {' '.join(write_words(CHEAP))} > paths.txt"
    pexpect.run(f"sh -c '{command}'")
    assert len(Path("paths.txt").read_text("utf-8").splitlines()) == 8
