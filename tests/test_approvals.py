"""Counsel's initials: a note says that the words are no longer those that were initialed."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from run_batch import COMMON, batch_in

pytestmark = pytest.mark.usefixtures("with_typst")

APPROVED = "approved-as-to-form: {{name: Lee Roe, title: County Counsel, initials: {}}}\n"
REASONS = "particulars: {{reasons: [It costs the {} of residents.]}}\n"


Told = Callable[..., list[str]]  # takes a reason, initials, more lines, and options


@pytest.fixture
def told(run: Run, write: Write, in_folder: Path) -> Told:
    """Return a function that writes a request and returns the notes on its approval."""

    def write_request(
        reason: str, initials: str = "LR", more: str = "", *options: str
    ) -> list[str]:
        write(
            "r.yaml", REQUEST + APPROVED.format(initials or "null") + REASONS.format(reason) + more
        )
        code, _, err = outcome(run("write", "r.yaml", "-f", "txt", "-o", "letters/", *options))
        assert code == 0, err
        return [line for line in err.splitlines() if "approve the letter" in line]

    return write_request


def test_other_words_under_the_same_initials_are_told_until_they_are_dated(
    told: Told, run: Run
) -> None:
    assert told("trust") == []
    assert told("trust") == []
    assert told("faith", "LR", "", "--check")[0].startswith("note: ask Lee Roe to approve")
    (note,) = told("faith")
    why = "and date the initials: their words changed since 'LR' was put in on 2026-11-24"
    assert note.startswith(f"note: ask Lee Roe to approve the letters again, {why}; to see what: ")
    typed = shlex.split(note.partition("to see what: optout ")[2])
    assert "the [-trust-] {+faith+} of" in outcome(run(*typed))[1]
    assert told("faith") == [note]  # until counsel has seen it
    assert told("faith", "LR 11/25") == []
    assert len(told("hope", "LR 11/25")) == 1


def test_what_counsel_does_not_approve_may_change(told: Told) -> None:
    assert told("trust") == []
    assert (
        told(
            "trust", more="service: {ice: [{by: certified-mail}]}\ncc: [{name: Kim Placeholder}]\n"
        )
        == []
    )


def test_a_line_to_initial_by_hand_is_not_remembered(told: Told) -> None:
    assert told("trust", "") == told("faith", "") == told("faith", "LR") == []
    assert "approved-words" in Path("letters/register.ndjson").read_text("utf-8").splitlines()[-1]


def test_a_batch_says_once_that_words_changed_under_their_initials(
    run: Run, in_folder: Path
) -> None:
    batch = batch_in(in_folder, run)

    def told(reason: str, initials: str, *options: str) -> list[str]:
        common = COMMON + APPROVED.format(initials) + REASONS.format(reason)
        (in_folder / "common.yaml").write_text(common, "utf-8")
        code, out, err = batch("-o", "out/", *options)
        assert code == 0, err
        return [line for line in (out + err).splitlines() if "approve the letter" in line]

    assert told("trust", "LR") == []
    (check,) = told("faith", "LR", "--check")
    (note,) = told("faith", "LR")
    assert note.startswith(f"{check}; to see what: ")  # a check writes no file to compare
    assert note.startswith("note: ask Lee Roe to approve the letters again, and date the initials")
    typed = shlex.split(note.partition("to see what: optout ")[2])
    assert "the [-trust-] {+faith+} of" in outcome(run(*typed))[1]
    assert told("faith", "LR") == []  # nothing is written now
    assert told("faith", "LR 11/25") == []
    later = ("--set", "date=2026-11-24", "--check")  # of letters that are not there yet
    assert told("faith", "LR", *later) == [check]
