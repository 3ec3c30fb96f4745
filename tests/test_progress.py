"""Lines for a terminal: progress with rate and time left, and texts that are too wide."""

import io
import os
import sys

import pytest

from optout_cli.batch.pool import cores
from optout_cli.cli.console import clear_line, print_rows, progress, wrapped


class Screen(io.StringIO):
    """Something that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("quiet", "drawn"), [(False, True), (True, False)])
def test_a_terminal_shows_how_many_there_were(
    quiet: bool, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert list(progress(range(5), "writing", 5, quiet=quiet)) == list(range(5))
    shown = screen.getvalue()
    assert ("writing" in shown, "5/5" in shown, " a second" in shown) == (drawn,) * 3


def test_the_bar_makes_way_for_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    for _ in progress(range(2), "writing", 2, quiet=False):
        clear_line()
        screen.write("a path\n")
    shown = screen.getvalue().split("a path\n")
    assert [it.endswith("\r\x1b[K") for it in shown] == [True, True, False]


def test_what_is_no_terminal_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(5), "writing", 5, quiet=False)) == list(range(5))
    clear_line()
    assert capsys.readouterr().err == ""


def test_there_are_as_many_jobs_as_processors_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_a_command_in_a_sentence_stays_whole_and_the_sentence_does_not() -> None:
    text = "  hint: name the state too, or see `optout list letters` for them; `optout help` tells"
    assert wrapped(text, 50).split("\n") == [
        "  hint: name the state too, or see",
        "    `optout list letters` for them; `optout help`",
        "    tells",
    ]


def test_rows_that_are_wider_than_their_header_are_laid_below_each_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_rows([{"id": "pdf", "text": "word " * 9}], as_json=False, has_numbers=False)
    shown = capsys.readouterr().out.split("\n")
    assert max(map(len, shown)) <= 40
    assert shown[0].startswith("pdf: word ")
