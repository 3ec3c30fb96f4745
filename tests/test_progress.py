"""Progress is drawn with rate and time left where someone can see it, and nowhere else."""

import io
import os
import sys

import pytest

from optout_cli.cli.batch.paper import cores
from optout_cli.cli.console import clear_line, progress


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
    for _ in progress(range(2), "writing", 2):
        clear_line()
        screen.write("a path\n")
    shown = screen.getvalue().split("a path\n")
    assert [it.endswith("\r\x1b[K") for it in shown] == [True, True, False]


def test_what_is_no_terminal_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(5), "writing", 5)) == list(range(5))
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
