"""On a terminal `write` prints no more than a screen: which files, first notes, and every step."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from command_results import Run, Write
from conftest import ROOT
from run_processes import call

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
# So many paths, notes and steps as the shipped programs never give.
PARTS = """
import sys
from pathlib import Path
from optout_cli.cli.console import print_path
from optout_cli.cli.screen import Line, Part, show_parts
count, words = int(sys.argv[1]), "with some words that a clerk has to read before sending it "
parts = [
    Part("file", [Line(f"letters/letter-{n}.pdf") for n in range(count)], 2,
         lambda line: print_path(Path(line.text)), is_product=True),
    Part("message", [Line(f"kept: letter-{n}.pdf") for n in range(count // 8)], 2),
    Part("note", [Line(f"note: the note {n} {words}") for n in range(count)], 2),
    Part("line", [Line("written: letters of today for a county")], 1),
    Part("step", [Line(f"next: do {n} {words * 4}") for n in range(12)], 0),
]
show_parts(parts, "add --verbose")
"""
Shown = Callable[..., list[str]]


@pytest.fixture
def shown(write: Write, in_folder: Path) -> Shown:
    """Run a command on a terminal of so many columns; return the rows that it shows."""
    write("r.yaml", MANY)

    def run(columns: int, *words: str) -> list[str]:
        own = {key: text for key, text in os.environ.items() if key not in ("COLUMNS", "LINES")}
        child = pexpect.spawn(
            sys.executable,
            [*words],
            env=own,
            dimensions=(ROWS, columns),
            encoding="utf-8",
            timeout=120,
        )
        lines = child.read().splitlines()
        child.close()
        assert child.exitstatus == 0
        return [
            line[at : at + columns] for line in lines for at in range(0, max(1, len(line)), columns)
        ]

    return run


def write_words(formats: str, *options: str) -> tuple[str, ...]:
    return (*WRITE, "r.yaml", "-o", "out/", "-f", formats, *options)


def beginning(rows: list[str], head: str | tuple[str, ...]) -> list[str]:
    return [row for row in rows if row.startswith(head)]


def told(rows: list[str]) -> dict[str, int]:
    """Count what is shown of each kind, together with what is said to be left out."""
    left = re.findall(r"([\d,]+) more (\w+?)s?\b", " ".join(rows))
    counts = {noun: int(count.replace(",", "")) for count, noun in left}
    return {noun: len(beginning(rows, head)) + counts.get(noun, 0) for noun, head in HEADS.items()}


WRITE = ("-m", "optout_cli", "write")
ALL = "pdf,docx,txt,html,json,eml,fax,tiff,fax-pdf"
CHEAP = "txt,html,json,fax"  # eight files, of which a usual run on 80 columns shows two


@pytest.mark.parametrize(
    ("columns", "formats", "options", "files"),
    [
        (80, "pdf", ("--to", "ice"), 1),
        (80, "pdf", (), 2),
        (60, "pdf", (), 2),
        (80, "pdf,docx,txt,html,json,tiff,fax-pdf", ("--to", "ice"), 7),
        (60, "pdf,docx,txt,html", (), 8),
        (80, "pdf,docx,txt,html", (), 8),
        (200, "pdf,docx,txt,html", (), 8),
        (60, ALL, (), 18),
    ],
)
def test_a_run_takes_no_more_than_a_screen(
    columns: int, formats: str, options: tuple[str, ...], files: int, shown: Shown, run: Run
) -> None:
    words = write_words(formats, *options)
    rows = shown(columns, *words)
    log = run(*words[2:]).stderr.splitlines()  # which is complete
    total = (files, *(len(beginning(log, head)) for head in ("note: ", "next: ")))
    assert len(rows) < ROWS  # the last row has the prompt
    assert told(rows) == {"file": total[0], "message": 0, "note": total[1], "step": total[2]}
    assert len(beginning(rows, "out/")) >= min(2, files)
    assert len(beginning(rows, "note: ")) >= 2
    assert len(beginning(rows, "next: ")) >= min(total[2], 10)


@pytest.mark.parametrize("formats", ["txt", "txt,html"])
def test_a_usual_run_leaves_out_no_file_and_no_step(formats: str, shown: Shown) -> None:
    example = str(ROOT / "examples" / "marin-today.yaml")
    rows = shown(80, *WRITE, example, "-o", "out/", "-f", formats)
    assert len(rows) < ROWS
    assert re.search(
        r"^(\d+ more notes?; to see all|to see each note) in full", "\n".join(rows), re.MULTILINE
    )


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("count", [1, 7, 20, 60])
def test_a_screen_counts_what_is_left_out(count: int, columns: int, shown: Shown) -> None:
    rows = shown(columns, "-c", PARTS, str(count))
    assert len(rows) < ROWS
    assert told(rows) == {"file": count, "message": count // 8, "note": count, "step": 12}
    assert len(beginning(rows, "next: ")) == 12


@pytest.mark.parametrize("columns", [20, 40])
def test_a_very_narrow_terminal_shows_something_of_each_and_no_more(
    columns: int, shown: Shown
) -> None:
    rows = shown(columns, *write_words("pdf,docx,txt,html"))
    heads = ("out/", "note: ", "written: ", "next: ")
    assert (len(rows) < ROWS, [head for head in heads if not beginning(rows, head)]) == (True, [])


@pytest.mark.parametrize("columns", [1, 5])
def test_no_terminal_is_too_narrow(columns: int, shown: Shown) -> None:
    assert shown(columns, *write_words("txt"))  # which fails if the command does


def test_verbose_prints_everything_on_a_terminal(shown: Shown) -> None:
    short, full = (shown(80, *write_words(ALL, *more)) for more in ((), ("--verbose",)))
    assert len(short) < ROWS < len(full)
    assert (len(beginning(short, "out/")), len(beginning(full, "out/"))) == (2, 18)
    whole = {"file": 18, "message": 0, "note": told(full)["note"], "step": told(full)["step"]}
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


def test_a_pipe_and_a_log_get_every_path_and_note(
    write: Write, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("r.yaml", MANY)
    monkeypatch.setenv("PATH", "/nowhere")  # so the command is named as it was started
    done = call(*write_words(CHEAP)[2:])
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


def test_where_only_the_talk_is_on_a_terminal_no_path_takes_its_room(shown: Shown) -> None:
    command = f"{sys.executable} {' '.join(write_words(CHEAP))} > paths.txt"
    pexpect.run(f"sh -c '{command}'")
    assert len(Path("paths.txt").read_text("utf-8").splitlines()) == 8
