"""An unexpected error rejects its own row, and no other row of the batch."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from conftest import TODAY
from run_batch import FILES, HEADER, ROWS, Batch

from optout_cli.batch import rows as stages
from optout_cli.batch.input import load_inputs
from optout_cli.batch.job import Job
from optout_cli.batch.rows import (
    check_rows,
    make_rows,
)
from optout_cli.cli import write as write_command
from optout_cli.cli.batch.report import PLACE
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.register.folder import LetterFolder
from optout_cli.register.plan import Plan, Replacing, Writing

FATAL = "50003"
GOOD = [it for it in FILES if "bennington" not in it]
BUG = "this is a bug: report it with its traceback, and leave the row out until it is fixed"
FAILED = f"n.csv:3 (50003): optout failed with KeyError: 'fax'\n  hint: {BUG}\n"
# pytest's own process has threads; what is forked here never meets them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
Failing = Callable[..., None]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Let one stage of the batch fail at Bennington County's row."""

    def call(error: BaseException, stage: str = "case_of") -> None:
        whole = getattr(stages, stage)

        def fails(*given: object) -> object:
            if FATAL in repr(given):
                raise error
            return whole(*given)

        monkeypatch.setattr(stages, stage, fails)

    return call


@pytest.mark.parametrize("stage", ["case_of", "letters_of", "encode_letters"])
def test_a_row_that_fails_is_rejected_and_all_others_are_written(
    batch: Batch, failing: Failing, stage: str
) -> None:
    failing(KeyError("fax"), stage)
    code, out, err = batch("-q")
    assert (code, out.splitlines()) == (3, GOOD)
    assert err == f"{FAILED}this is a bug in optout; please report it, and attach out/{PLACE}\n"
    rejects = Path("out/rejects.csv").read_text("utf-8-sig").splitlines()
    assert rejects[1].startswith(f'"optout failed with KeyError: \'fax\' ({BUG})","row 3, ')
    kept = Path("out", PLACE).read_text("utf-8")
    assert kept.startswith("n.csv:3:\nTraceback (most recent call last):\n")
    assert kept.endswith("\nKeyError: 'fax'\n")


def test_a_fault_that_every_row_would_meet_stops_the_batch(
    batch: Batch, failing: Failing, in_folder: Path
) -> None:
    full = "temporary files cannot be written: No space left on device"
    problem = Problem("temporary-files", full, Location("TMPDIR"))
    failing(OptoutError(problem), "encode_letters")
    code, out, err = batch("-q", "-f", "pdf", "--engine", "typst")
    stopped = "stopped: 1 of 3 requests finished, no file is incomplete"
    assert (code, out.count("\n"), err.splitlines()) == (
        1,
        4,
        [f"TMPDIR: {full}", f"{stopped}; to go on, run the same command again"],
    )
    assert not (in_folder / "out/rejects.csv").exists()


def test_tracebacks_of_an_earlier_run_are_deleted(
    batch: Batch, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(KeyError("fax"))
    batch()
    monkeypatch.setattr(stages, "case_of", case_of)
    code, out, _ = batch("-q")
    assert (code, len(out.splitlines())) == (0, 2)
    assert not Path("out", PLACE).parent.exists()


@pytest.mark.parametrize("option", ["--check", "--fail-fast"])
def test_a_run_that_writes_nothing_prints_the_traceback(
    batch: Batch, failing: Failing, option: str
) -> None:
    failing(KeyError("fax"))
    code, out, err = batch(option, "-q")
    assert (code, FAILED in out + err) == (1, True)
    assert "n.csv:3:\nTraceback (most recent call last):\n" in err
    assert "KeyError: 'fax'" in err
    assert not [it for it in lying_in(Path()) if str(PLACE) in it]


def test_check_counts_a_row_that_fails_among_those_that_cannot_be_written(
    batch: Batch, failing: Failing
) -> None:
    failing(KeyError("fax"))
    _, out, _ = batch("--check", "-q")
    assert "3 requests: 2 can be written (4 files), 1 cannot\n        1  internal-error\n" in out


class Panic(BaseException):
    """What a library in Rust raises where it fails, as that of Typst."""


@pytest.fixture
def _failing_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the folder fail to plan Bennington County's files."""
    whole = LetterFolder.plan

    def fails(folder: LetterFolder, writing: Writing, replacing: Replacing) -> Plan:
        if writing.event.jurisdiction == FATAL:
            raise KeyError("fax")
        return whole(folder, writing, replacing)

    monkeypatch.setattr(LetterFolder, "plan", fails)


@pytest.mark.usefixtures("_failing_plan")
@pytest.mark.parametrize("options", [(), ("--stream",)])
def test_a_row_whose_files_cannot_be_put_costs_one_row(
    batch: Batch, options: tuple[str, ...]
) -> None:
    code, out, err = batch("-q", *options)
    assert (code, out.splitlines(), FAILED in err) == (3, GOOD, True)
    assert "\nKeyError: 'fax'\n" in Path("out", PLACE).read_text("utf-8")


def test_the_check_of_what_would_happen_to_files_goes_on_after_a_row_that_fails(
    batch: Batch, request: pytest.FixtureRequest
) -> None:
    batch("-q")
    request.getfixturevalue("_failing_plan")
    code, out, err = batch("--check", table=HEADER + ROWS.replace("Pat", "Kim"))
    assert (code, FAILED in out, "\nKeyError: 'fax'\n" in err) == (1, True, True)
    assert "files: 0 new, 2 unchanged, 2 replaced\n" in out


DISK = "check the disk or the file that it names, and run the command again"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ZeroDivisionError(), f"optout failed with ZeroDivisionError\n  hint: {BUG}"),
        (AssertionError("a\n  b"), f"optout failed with AssertionError: a b\n  hint: {BUG}"),
        (RecursionError("deep"), f"optout failed with RecursionError: deep\n  hint: {BUG}"),
        (
            ValueError("\ud800 \x1b[31m \u202e"),
            f"optout failed with ValueError: \\ud800 \\x1b[31m \\u202e\n  hint: {BUG}",
        ),
        (
            OSError(28, "No space"),
            f"optout failed with OSError: [Errno 28] No space\n  hint: {DISK}",
        ),
        (MemoryError(), "there is not enough memory for its letters"),
        (SystemExit(2), f"optout failed with SystemExit: 2\n  hint: {BUG}"),
        (Panic("index"), f"optout failed with Panic: index\n  hint: {BUG}"),
    ],
)
def test_an_error_of_any_kind_is_reported_in_plain_text(
    batch: Batch, failing: Failing, error: BaseException, message: str
) -> None:
    failing(error)
    code, out, err = batch("-q")
    assert (code, out.splitlines()) == (3, GOOD)
    assert err.startswith(f"n.csv:3 (50003): {message}\n")


def test_a_long_message_of_a_library_is_shortened(batch: Batch, failing: Failing) -> None:
    failing(ValueError("x" * 100_000))
    code, out, err = batch("-q")
    told, *_ = err.splitlines()
    assert (code, out.splitlines(), len(err) < 1000) == (3, GOOD, True)
    assert re.fullmatch(r"n\.csv:3 \(50003\): optout failed with ValueError: x{100,}\S*", told)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_row_that_fails_in_a_worker_costs_one_row(
    library: Library, write: Write, failing: Failing, jobs: int
) -> None:
    sheets = load_inputs([str(write("n.csv", f"{HEADER}{ROWS}"))])
    order = Order(today=TODAY, formats=("txt",))
    over = (("--letter", {"letter": "secure-communities/opt-out"}),)
    job = Job(library=library, order=order, over=over)
    failing(KeyError("fax"), "letters_of")
    found = list(check_rows(sheets, job, jobs))
    assert [bool(it.output_files) for it in found] == [True, False, True]
    assert found[1].key == ("50003", "secure-communities/opt-out", "")
    written = list(make_rows(sheets, dict.fromkeys(range(3), order), job, jobs))
    assert [bool(it.output_files) for it in written] == [True, False, True]
    for it in (found[1], written[1]):
        assert [one.code for one in it.problems] == ["internal-error"]
        assert it.traceback.endswith("KeyError: 'fax'\n")


@pytest.mark.parametrize(("parent", "hints"), [(None, 0), ("the batch", 1)])
def test_fewer_jobs_are_a_hint_only_where_workers_share_the_memory(
    batch: Batch,
    failing: Failing,
    parent: str | None,
    hints: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("multiprocessing.parent_process", lambda: parent)
    failing(MemoryError())
    _, _, err = batch("-q")
    assert err.count("hint: try it with --jobs 1") == hints


def test_a_letter_of_a_row_that_fails_now_is_not_reported_as_left_over(
    batch: Batch, failing: Failing
) -> None:
    batch("-q")
    before = lying_in(Path("out"))
    failing(KeyError("fax"), "encode_letters")
    code, _, err = batch("--force")
    assert (code, "no longer has" in err) == (3, False)
    assert set(before) <= set(lying_in(Path("out")))


def test_an_interrupt_is_no_error_of_a_row(batch: Batch, failing: Failing) -> None:
    failing(KeyboardInterrupt())
    assert batch("-q")[0] == 130


def test_a_single_letter_keeps_the_traceback_of_a_bug(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("fax")

    monkeypatch.setattr(write_command, "case_of", fails)
    with pytest.raises(KeyError):
        outcome(run("write", "marin-county-ca", "-f", "txt"))


REQUEST = {
    "jurisdiction": "50001",
    "letter": "secure-communities/opt-out",
    "date": "2026-11-20",
    "signatory": {"name": "Pat", "title": "Sheriff"},
}
HOSTILE = {
    "half a character in a text": ('"Pat"', '"\\ud800"'),
    "half a character in a key": ('"name"', '"\\udc00"'),
    "half a character in a key of one's own": ('"date"', '"# \\ud800": 1, "date"'),
    "a number of 5,000 digits": ('"Pat"', "9" * 5000),
    "such a number in a key of one's own": ('"date"', f'"# n": -{"9" * 5000}, "date"'),
    "deep nesting": ('"Pat"', "[" * 500 + "]" * 500),
    "deeper nesting": ('"Pat"', "[" * 90_000 + "]" * 90_000),
    "deep objects": ('"Pat"', '{"a":' * 500 + "1" + "}" * 500),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_line_of_json_costs_one_row(
    case: str, run: Run, write: Write, in_folder: Path
) -> None:
    (in_folder / "in").mkdir()
    lines = [json.dumps(REQUEST | {"jurisdiction": it}) for it in ("50001", "50003", "50005")]
    lines[1] = lines[1].replace(*HOSTILE[case])
    Path("in/n.ndjson").write_text("\n".join(lines), "utf-8")
    code, out, err = outcome(run("batch", "in/n.ndjson", "-f", "txt", "-q"))
    assert (code, out.splitlines()) == (3, GOOD)
    assert err.startswith("in/n.ndjson:2")
    assert "internal-error" not in outcome(run("batch", "in/n.ndjson", "-f", "txt", "--check"))[1]
    assert lines[1][-20:] in Path("out/rejects.ndjson").read_text("utf-8")


def test_a_row_with_files_and_long_numbers_comes_back_as_it_was(run: Run, in_folder: Path) -> None:
    (in_folder / "in").mkdir()
    row = json.dumps(REQUEST | {"authority": [{"instrument": "Act", "file": "no.pdf"}]})
    row = row.replace('"date"', f'"# n": {"9" * 5000}, "date"')
    Path("in/n.ndjson").write_text(row, "utf-8")
    code, _, err = outcome(run("batch", "in/n.ndjson", "-f", "txt", "-q"))
    assert (code, "5,000 digits" in err) == (3, True)
