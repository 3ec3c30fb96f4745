"""No command leaves anything in the folder for temporary files, however it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_results import Write, lying_in
from conftest import REQUEST
from make_letters import library_with
from run_batch import COMMON, HEADER, slow_down
from run_processes import OPTOUT, call, start, wait_for

from optout_cli.batch.pool import WorkerKilled, results_in_order
from optout_cli.exporters import ExportContext

ROWS = "".join(f"50{number:03},Pat,Sheriff\n" for number in range(1, 16, 2))
BATCH = ("batch", "n.csv", "--common", "common.yaml", "-q", "-o", "out/")
FEW = ("batch", "few.csv", *BATCH[2:])
MAILED = ", ".join(f"{{by: mail, number: 1Z0000000{number}}}" for number in range(9))
# Each engine keeps typefaces in a folder of its own making, whatever the command.
TYPST = ("--engine", "typst")
COMMANDS = {
    "write a PDF": ("write", "r.yaml", "-f", "pdf"),
    "check all requests": ("batch", "n.csv", "--common", "common.yaml", "--check"),
    "write many by two workers": (*FEW, "-j2"),
    "print many": (*FEW, "-j2", "--print", "all.pdf", *TYPST),
    "a style that cannot be printed": ("write", "r.yaml", "--templates", "t"),
}
# Those of one process, one after the other in the same.
MORE_COMMANDS = {
    "write an e-mail": ("write", "r.yaml", "-f", "eml", "--draft", *TYPST),
    "write fax pages": ("write", "r.yaml", "-f", "tiff", "--draft", *TYPST),
    "print a guide": ("guide", "marin-county-ca", "-f", "pdf", "-o", "guide.pdf", *TYPST),
    "check a request": ("check", "r.yaml", *TYPST),
    "write many": (*FEW, "-j1", *TYPST),
    "a letterhead that is too tall": ("write", "tall.yaml", *TYPST),
}
IN_TURN = """
import contextlib, json, sys
from optout_cli.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    with contextlib.suppress(SystemExit):
        main()
"""
# pytest's own process has threads; what is forked here never meets them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture
def scratch(write: Write, in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with requests; the folder for temporary files is another one, empty."""
    write("r.yaml", REQUEST)
    write("tall.yaml", f"{REQUEST}service: {{bureau: [{MAILED}]}}\n")
    write("common.yaml", COMMON)
    write("n.csv", HEADER + ROWS)
    write("few.csv", HEADER + "".join(ROWS.splitlines(keepends=True)[:2]))
    write("t/_layout/letter.css", "p { widows: many }\n")
    (in_folder / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(in_folder / "scratch"))
    return in_folder / "scratch"


@pytest.mark.parametrize("case", COMMANDS)
def test_no_command_leaves_a_temporary_file(case: str, scratch: Path) -> None:
    done = call(*COMMANDS[case])
    assert (lying_in(scratch), b"Traceback" in done.stderr) == ([], False)


def test_several_commands_of_a_process_leave_no_temporary_file(scratch: Path) -> None:
    words = json.dumps([*MORE_COMMANDS.values()])
    done = subprocess.run(
        (sys.executable, "-c", IN_TURN, words), capture_output=True, env=os.environ, check=False
    )
    assert (lying_in(scratch), b"Traceback" in done.stderr) == ([], False)
    made = {path.name for path in scratch.parent.rglob("2026-*")} | {"guide.pdf"}
    assert {Path(name).suffix for name in made} == {".eml", ".tiff", ".pdf"}
    assert b"letterhead and service lines take" in done.stderr


# One process is its whole group. WeasyPrint's workers are forked, Typst's are started anew.
@pytest.mark.parametrize(
    ("number", "send", "jobs", "engine"),
    [
        (signal.SIGINT, os.kill, "1", "weasyprint"),
        (signal.SIGINT, os.kill, "2", "typst"),
        (signal.SIGINT, os.killpg, "2", "weasyprint"),
        (signal.SIGTERM, os.kill, "1", "typst"),
        (signal.SIGTERM, os.kill, "2", "weasyprint"),
        (signal.SIGTERM, os.killpg, "2", "typst"),
        (signal.SIGHUP, os.kill, "2", "typst"),
        (signal.SIGHUP, os.killpg, "2", "weasyprint"),
    ],
)
def test_an_interrupted_batch_leaves_no_temporary_file(
    number: signal.Signals,
    send: Callable[[int, int], None],
    jobs: str,
    engine: str,
    scratch: Path,
) -> None:
    process = start(*BATCH, "-j", jobs, "--engine", engine, env=slow_down(scratch.parent))
    wait_for(lambda: list(Path("out").rglob("*.pdf")), process)
    assert lying_in(scratch) != []
    send(process.pid, number)
    _, err = process.communicate()
    assert (process.returncode, lying_in(scratch)) == (128 + number, [])
    assert re.fullmatch(r"interrupted: \d+ of 8 requests finished, .*\n", err.decode())


@pytest.mark.parametrize(
    ("number", "engine"), [(signal.SIGTERM, "weasyprint"), (signal.SIGHUP, "typst")]
)
def test_a_letter_that_is_stopped_leaves_no_temporary_file(
    number: signal.Signals, engine: str, scratch: Path
) -> None:
    process = start("write", "r.yaml", "-f", "pdf", "-o", "out/", "--engine", engine)
    wait_for(lambda: lying_in(scratch), process)
    process.send_signal(number)
    _, err = process.communicate()
    told = b"\ninterrupted; no file is incomplete\n"
    assert (process.returncode, lying_in(scratch), err) == (128 + number, [], told)


def test_what_nohup_ignores_stays_ignored(scratch: Path) -> None:
    words = (*OPTOUT, "write", "r.yaml", "-q", "-f", "pdf", "-o", "out/")
    process = subprocess.Popen(
        ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *words), stdout=subprocess.DEVNULL
    )
    wait_for(lambda: lying_in(scratch), process)
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 0


@pytest.mark.parametrize("options", [(), ("list", "--json")])
def test_an_interrupt_while_the_program_starts_is_answered(
    options: tuple[str, ...], write: Write, in_folder: Path
) -> None:
    write("click.py", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = call(*options, PYTHONPATH=str(in_folder))
    message = "interrupted; no file is incomplete"
    told = {"schema": 1, "note": None, "message": message, "requests": None}
    shown = json.loads(done.stderr) if options else done.stderr.decode()
    assert (done.returncode, shown) == (130, told if options else f"{message}\n")


def test_a_batch_whose_worker_is_killed_leaves_no_temporary_file(scratch: Path) -> None:
    process = start(*FEW, "-j2", env=slow_down(scratch.parent))
    wait_for(lambda: list(Path("out").rglob("*.pdf")), process)
    for worker in workers_of(process.pid):
        os.kill(worker, signal.SIGKILL)
    process.communicate()
    assert lying_in(scratch) == []


def workers_of(process: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(it) for it in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def litters(number: int) -> int:
    """Leave a temporary file behind and, as number 3, be killed."""
    import tempfile

    Path(tempfile.mkdtemp(), "font").write_bytes(b"0")
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_what_a_killed_worker_leaves_is_removed_by_who_started_it(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    results = results_in_order(litters, range(6), 2)
    assert next(results) == (0, 0)  # it is done here
    here = lying_in(scratch)
    assert [result for _, result in results] == [1, 2, WorkerKilled(), 4, 5]
    assert lying_in(scratch) == here


def test_an_engine_that_is_no_longer_used_leaves_no_temporary_file(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    context = ExportContext(library_with(scratch.with_name("own"), {}).templates)
    assert context.engine is not None
    assert lying_in(scratch) != []
    del context
    assert lying_in(scratch) == []


def test_a_folder_that_a_killed_run_left_is_removed_an_hour_later(scratch: Path) -> None:
    ended = subprocess.Popen((sys.executable, "-c", ""))
    ended.wait()
    names = (f"optout-{ended.pid}-old", f"optout-{os.getpid()}-runs", f"optout-{ended.pid}-new")
    for name in (*names, "optout-notes-old"):
        (scratch / name).mkdir()
        if name != names[2]:
            os.utime(scratch / name, (0, 0))
    call("write", "r.yaml", "-f", "pdf", *TYPST)
    assert sorted(lying_in(scratch)) == sorted([*names[1:], "optout-notes-old"])
