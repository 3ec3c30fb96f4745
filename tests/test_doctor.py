"""`optout doctor`: what it checks, and how it says to fix each problem."""

import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from command_results import Run, outcome

from optout_cli import engines
from optout_cli.cli import doctor
from optout_cli.engines import measure

PARTS = [
    "optout", "packages", "weasyprint", "typst", "Pango", "harfbuzz-subset", "typeface", "libyaml",
    "cache", "this folder", "locale", "processes", "streams",
]  # fmt: skip


def found(run: Run) -> dict[str, dict[str, str]]:
    """Return what was found of each part."""
    lines = run("doctor", "--json").stdout.splitlines()
    return {it["what"]: it for it in map(json.loads, lines)}


def test_every_part_is_looked_at_and_well(run: Run) -> None:
    parts = found(run)
    assert list(parts) == PARTS
    assert {it["state"] for it in parts.values()} <= {"ok", "poor"}
    assert parts["optout"]["found"].startswith(f"{version('optout')} on Python ")


def test_each_part_is_a_line_and_a_healthy_machine_is_no_failure(run: Run) -> None:
    code, out, err = outcome(run("doctor"))
    assert (code, err) == (0, "")
    heads = [it for it in out.splitlines() if not it.startswith(" ")]
    assert [it.split(maxsplit=1)[1].partition(":")[0] for it in heads] == PARTS


NO_PANGO = "cannot load library 'libpango-1.0-0'"


def test_without_pango_typst_prints_and_its_cure_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "load_error", {"weasyprint": NO_PANGO, "typst": None}.get)
    code, out, _ = outcome(run("doctor"))
    assert (
        f"poor    weasyprint: cannot be loaded: {NO_PANGO}; typst prints instead\n"
        "        fix: install Pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew"
        " install pango\n"
        "ok      typst: prints the letters\n"
    ) in out
    assert (code, "harfbuzz-subset" in out) == (0, False)


def test_without_any_engine_it_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "load_error", lambda name: f"no {name}")
    code, out, _ = outcome(run("doctor"))
    broken = [line for line in out.splitlines() if line.startswith("broken")]
    assert (code, broken) == (
        1,
        [f"broken  {name}: cannot be loaded: no {name}" for name in ("weasyprint", "typst")],
    )


def test_what_only_costs_time_is_poor_and_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setattr(engines, "has_subsetting", lambda: False)
    monkeypatch.setattr(doctor, "HAS_LIBYAML", False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    parts = found(run)
    poor = {what: it["cure"] for what, it in parts.items() if it["state"] == "poor"}
    assert list(poor) == ["harfbuzz-subset", "libyaml", "cache"]
    assert str(tmp_path / "file") in poor["cache"]
    assert run("doctor").exit_code == 0


def test_where_nothing_can_be_written_or_shared_that_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor, "TemporaryFile", refuse)
    monkeypatch.setattr(doctor, "can_start_workers", lambda: False)
    parts = found(run)
    poor = [part["what"] for part in parts.values() if part["state"] == "poor"]
    assert poor == ["this folder", "processes"]


def test_a_typeface_that_is_not_there_breaks_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {key: path.with_name("lost.ttf") for key, path in measure.faces().items()}
    monkeypatch.setattr(doctor, "faces", lambda: lost)
    assert found(run)["typeface"]["state"] == "broken"


def test_a_locale_without_the_letters_of_names_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    finding = doctor._check_locale()
    assert (finding.state, finding.found) == (
        "poor",
        "output in ascii; a name such as Doña Ana may be shown wrongly",
    )
