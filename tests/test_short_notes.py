"""Notes begin with what to do, take one line, and leave room on the screen; in full on demand."""

import re
from pathlib import Path

import pytest
from click.testing import Result
from command_results import Run, outcome
from conftest import ROOT

from optout_cli.letters import Library

pytestmark = pytest.mark.usefixtures("with_typst")

LINE = 80 - len("note: ")
VERBS = frozenset((
    "add", "ask", "check", "clear", "compare", "count", "expect", "have", "keep", "mark", "name",
    "quote", "see", "send", "tell", "use", "wait",
))  # fmt: skip
TODAY = str(ROOT / "examples" / "marin-today.yaml")
AGREEMENT = str(ROOT / "examples" / "dakota-county-287g.yaml")
HISTORY = "Executive Order 13768 brought it back on January 25, 2017."
RECORD = "use the letter as a record: by itself it does not stop fingerprint sharing"


def test_each_note_of_a_program_begins_with_what_to_do_and_has_a_line_of_its_own(
    library: Library,
) -> None:
    notes = [
        (period.note, period.short)
        for program in library.programs.by_id.values()
        for period in program.periods
        if period.note
    ]
    for _, program, kind in library.programs.letters():
        notes += [(note.text, note.short) for note in (*kind.notes, *program.notes)]
    first = {text.split()[0].lower() for note in notes for text in note if text}
    lines = {re.sub(r"\{[^}]*\}", "2026-11-24", short or text) for text, short in notes}
    assert (first - VERBS, {line for line in lines if len(line) > LINE}) == (set(), set())


def told(found: Result) -> tuple[int, int]:
    """Count the notes with the program's history in full, and those with its one line."""
    return found.stderr.count(HISTORY), found.stderr.count(RECORD)


def test_a_note_is_told_in_full_on_demand_and_once(run: Run, tmp_path: Path) -> None:
    options = ("-f", "txt", "-o", f"{tmp_path}/")
    assert told(run("write", TODAY, "-v", *options)) == (1, 0)
    assert told(run("check", TODAY)) == (0, 1)
    assert told(run("check", "-v", TODAY, TODAY)) == (1, 1)


def test_write_and_check_tell_the_same_and_show_what_holds_for_the_county(
    run: Run, tmp_path: Path
) -> None:
    written = run("write", AGREEMENT, "-v", "-f", "txt", "-o", f"{tmp_path}/").stderr.splitlines()
    checked = run("check", "-v", AGREEMENT).stderr.splitlines()
    shown = " ".join(run("show", "dakota-county-ne").stdout.split())
    notes = [line.removeprefix("note: ") for line in written if line.startswith("note: ")]
    assert notes == [line.partition(": note: ")[2] for line in checked if ": note: " in line]
    # Of the request, and of the recipient.
    own = ("say jurisdiction: ", "call ICE ", "check signatory.name: 'Pat Placeholder' is made up")
    assert [note for note in notes if note not in shown and not note.startswith(own)] == []


def test_show_has_each_note_of_the_day_in_full_with_its_source(run: Run) -> None:
    shown = " ".join(outcome(run("show", "dakota-county-ne"))[1].split())
    for text in (
        HISTORY,
        "- ask counsel before sending: under Executive Order 14287 of April 28, 2025 (90 FR 18761)",
        "(dhs.gov, September 2, 2025)",
        "- name the agency that signed the agreement under agency:, if one did",
        "agency dakota-county-sheriffs-office-ne: jem, signed 2020-06-09 source: official",
    ):
        assert text in shown


def test_a_county_on_no_list_says_so(run: Run) -> None:
    lines = outcome(run("show", "marin-county-ca"))[1].splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("  agency ")] == [
        "no agency of Marin County, CA is on ICE's list of 2026-05-18"
    ]
