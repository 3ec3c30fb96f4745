"""A batch that is killed, interrupted, or runs out of disk loses nothing and can go on."""

import csv
import fcntl
import json
import os
import pty
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from run_batch import below, records, slow_down
from run_processes import OPTOUT, call, start, wait_for, wait_for_lines

COMMON = "letter: secure-communities/opt-out\ndate: 2026-11-20\n"
ROWS = [f"50{number:03}" for number in range(1, 28, 2)]  # every county of Vermont
REGISTER = Path("out/register.ndjson")
TEXT = ("batch", "n.csv", "--common", "common.yaml", "-f", "txt,json,fax", "--draft")


@pytest.fixture(autouse=True)
def _desk(write: Write, in_folder: Path) -> None:
    """Stand in a folder with a table."""
    write("common.yaml", COMMON)
    write("n.csv", "jurisdiction,signatory.name,signatory.title\n" + rows(ROWS))


def rows(ids: list[str]) -> str:
    return "".join(f"{id},Pat,Sheriff\n" for id in ids)


@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize(
    ("formats", "jobs", "count", "kills"), [("txt,json,fax", "1", 8, 4), ("pdf,txt", "2", 4, 4)]
)
def test_a_batch_killed_at_any_instant_ends_as_if_it_had_not_been(
    formats: str, jobs: str, count: int, kills: int, write: Write
) -> None:
    write("n.csv", "jurisdiction,signatory.name,signatory.title\n" + rows(ROWS[:count]))
    words = (*TEXT[:-2], formats, "--draft", "-q", "-j", jobs, "-o")
    began = time.monotonic()
    assert call(*words, "calm/").returncode == 0
    lasts = time.monotonic() - began
    files = {name: it for name, it in below(Path("calm")).items() if name[:3] == "VT/"}
    instants = random.Random(jobs)
    killed = 0
    for number in range(kills):
        process = start(*words, "out/")
        if number % 2:
            time.sleep(lasts * instants.uniform(0, 0.9))
        else:
            wait_for_lines(REGISTER, instants.randrange(count), process)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        process.communicate()
        left = {name: it for name, it in below(Path("out")).items() if name[:3] == "VT/"}
        assert {name: files.get(name) for name in left} == left
        if number % 4 == 3:  # at times from the beginning
            assert_same(call(*words, "out/"))
            shutil.rmtree("out")
    assert_same(call(*words, "out/"))
    assert killed  # and not each batch was over before


def assert_same(done: subprocess.CompletedProcess[bytes]) -> None:
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    calm, out = below(Path("calm")), below(Path("out"))
    assert out.keys() == calm.keys()
    for name, content in calm.items():
        assert out[name].replace(b"out/", b"calm/") == content
    # A line that was cut off within a kill stays there, and is passed over.
    cut = {number for number, line in enumerate(lines_of("out")) if not line.endswith(b"}\n")}
    whole = [line for number, line in enumerate(lines_of("out")) if number not in cut]
    assert (whole, len(cut)) == (lines_of("calm"), done.stderr.count(b"register.ndjson:"))
    assert Path("out/register.csv").read_bytes() == Path("calm/register.csv").read_bytes()


def lines_of(folder: str) -> list[bytes]:
    return Path(folder, "register.ndjson").read_bytes().splitlines(keepends=True)


@pytest.mark.usefixtures("with_typst")
def test_pages_too_are_whole_or_absent_where_the_batch_is_killed(write: Write) -> None:
    write("n.csv", "jurisdiction,signatory.name,signatory.title\n" + rows(ROWS[:10]))
    words = (*TEXT[:-2], "pdf", "--to", "ice", "-j", "2", "-o", "out/")
    process = start(*words, env=slow_down(Path.cwd()))
    wait_for_lines(REGISTER, 3, process)
    process.kill()
    process.communicate()
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.pdf")}
    known = [str(it["path"]) for it in records()]
    assert 0 < len(before) < 10
    assert set(map(Path, known)) <= before.keys()
    done = call(*words)
    assert done.returncode == 0
    assert len(list(Path("out").rglob("*.pdf"))) == 10
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not set(done.stdout.decode().splitlines()) & set(known)


@pytest.mark.parametrize(("jobs", "engine"), [("1", "typst"), ("2", "weasyprint")])
def test_an_interrupt_ends_the_batch_and_says_how_to_go_on(jobs: str, engine: str) -> None:
    words = (*TEXT[:4], "-j", jobs, "--engine", engine, "-q", "-o", "out/")
    process = start(*words, env=slow_down(Path.cwd()))
    wait_for_lines(REGISTER, 1, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    finished = len(out.splitlines()) // 2
    assert finished < 14  # those left are not written first
    told = (
        f"interrupted: {finished} of 14 requests finished, no file is incomplete;"
        " to go on, run the same command again\n"
    )
    assert (process.returncode, err.decode()) == (130, told)
    assert len(list(Path("out").rglob("*.pdf"))) == 2 * finished


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_while_rows_are_checked_says_how_to_go_on(jobs: str, write: Write) -> None:
    write("n.csv", "jurisdiction,signatory.name,signatory.title\n" + rows(ROWS * 700))
    process = start(*TEXT, "-q", "-j", jobs)
    wait_for(Path("out/.optout/lock").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err.decode()) == (
        130,
        b"",
        "interrupted; no file is incomplete; to go on, run the same command again\n",
    )
    assert not Path("out/VT").exists()


UNREAD = (
    "stopped, since nothing reads the output any more: 1 of 14 requests finished, no file is"
    " incomplete; to go on, run the same command again\n"
)


@pytest.mark.parametrize("option", ["--print0", "-q"])
def test_a_batch_says_that_it_stopped_because_nobody_reads_its_output(
    option: str, run: Run
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run(
            (*OPTOUT, *TEXT, "-q", option), stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.decode()) == (1, UNREAD)
    assert outcome(run(*TEXT, "-q"))[0] == 0
    assert len(list(Path("out").rglob("*.txt"))) == 2 * len(ROWS)


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_streamed_row_is_written_before_the_next_one_is_read(form: str, run: Run) -> None:
    options = ("--stream", "--common", "common.yaml", "-f", "txt", "-q")
    lines = [line.encode() for line in Path("n.csv").read_text("utf-8").splitlines(keepends=True)]
    header = lines.pop(0)
    if form == "ndjson":
        header = b""
        keys = ("jurisdiction", "signatory.name", "signatory.title")
        cells = (line.decode().strip().split(",") for line in lines)
        lines = [json.dumps(dict(zip(keys, it, strict=True))).encode() + b"\n" for it in cells]
    process = subprocess.Popen(
        (*OPTOUT, "batch", "-", *options), 0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(header + lines[0])
        process.stdin.flush()
        first = process.stdout.readline().decode().strip()
        assert Path(first).read_text("utf-8")  # while standard input is open
        rest, _ = process.communicate(b"".join(lines[1:]))
    streamed = {name: text for name, text in below(Path("out")).items() if "register" not in name}
    assert (process.returncode, rest.count(b"\n")) == (0, 2 * len(ROWS) - 1)
    assert outcome(run("batch", "n.csv", *options[1:], "-o", "whole/"))[0] == 0
    assert streamed == {
        name: text for name, text in below(Path("whole")).items() if "register" not in name
    }


def test_a_second_batch_in_the_folder_is_refused() -> None:
    Path("out/.optout").mkdir(parents=True)
    with Path("out/.optout/lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = call(*TEXT)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (
        1,
        b"",
        (
            "out: another command is writing to this folder\n"
            "  hint: wait until it ends, or name another folder with -o\n"
        ),
    )


@pytest.mark.usefixtures("with_typst")
def test_a_folder_that_is_deleted_meanwhile_stops_the_batch(run: Run) -> None:
    process = start(*TEXT[:4], "-q", "-o", "out/", env=slow_down(Path.cwd()))
    wait_for_lines(REGISTER, 1, process)
    shutil.rmtree("out")
    _, err = process.communicate()
    told = err.decode().splitlines()
    assert process.returncode == 1
    assert told[0] == "out: the folder was deleted or moved while optout was writing to it"
    assert told[1].startswith("stopped: ")
    assert outcome(run(*TEXT, "-q"))[0] == 0


def mounted(*words: str) -> bool:
    if shutil.which("mount") is None:
        return False
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(in_folder: Path) -> Iterator[Path]:
    """Mount a disk of 1,600 kB, where that is allowed."""
    place = in_folder / "disk"
    place.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", str(place))
    if not mounted(*mount):
        pytest.skip("no disk may be mounted here")
    yield place
    subprocess.run(("umount", str(place)), check=True)


@pytest.mark.usefixtures("with_typst")
def test_a_full_disk_stops_the_batch_and_room_lets_it_go_on(small_disk: Path, run: Run) -> None:
    (small_disk / "large").write_bytes(bytes(1_150_000))
    words = (*TEXT[:-2], "pdf", "--to", "ice", "-q", "-j1", "-o", "disk/out/")
    done = call(*words)
    first, second = done.stderr.decode().splitlines()[-2:]
    assert (done.returncode, "No space left on device" in first) == (1, True)
    assert second.startswith("stopped: ")
    assert done.stdout.splitlines()
    (small_disk / "large").unlink()
    code, out, _ = outcome(run(*words))
    assert code == 0
    assert len(done.stdout.splitlines()) + len(out.splitlines()) == len(ROWS)
    assert len(list(small_disk.rglob("*.pdf"))) == len(ROWS)


def test_a_disk_that_is_full_before_the_first_letter_is_a_problem(small_disk: Path) -> None:
    (small_disk / "large").write_bytes(bytes(1_600_000))
    done = call(*TEXT, "-q", "-o", "disk/out/")
    told = b"disk/out: cannot be written: No space left on device\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", told)


def test_a_read_only_folder_is_a_problem_before_any_letter() -> None:
    Path("out").mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "ro,size=9k", "tmpfs", "out")
    if not mounted(*mount):
        pytest.skip("no disk may be mounted here")
    done = call(*TEXT)
    subprocess.run(("umount", "out"), check=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        b"",
        b"out: cannot be written: Read-only file system\n",
    )


def test_progress_is_drawn_on_a_terminal_only(run: Run) -> None:
    assert "writing" not in outcome(run(*TEXT))[2]
    terminal, screen = pty.openpty()
    process = subprocess.Popen(
        (*OPTOUT, *TEXT, "--force"), stdout=subprocess.DEVNULL, stderr=screen
    )
    os.close(screen)
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(terminal)
    assert process.wait() == 0
    assert [it for it in (b"checking", b"writing", b"14/14", b" a second") if it not in shown] == []


def test_of_two_thousand_rows_the_three_good_ones_are_written(write: Write) -> None:
    bad = [f"500{2 * (number % 14) + 1:02},Pat," for number in range(1_997)]
    good = [f"{id},Pat,Sheriff" for id in ROWS[:3]]
    lines = ["jurisdiction,signatory.name,signatory.title", *bad[:1000], *good, *bad[1000:]]
    write("n.csv", "\n".join(lines))
    done = call(*TEXT, "-q")
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 18)
    assert b"needs 'title' (1,997 rows: lines 2, 3, 4, 5, 6 and 1,992 more)" in done.stderr
    with Path("out/rejects.csv").open(encoding="utf-8-sig", newline="") as rejects:
        assert sum(1 for _ in csv.reader(rejects)) == 1_998


@pytest.mark.usefixtures("with_typst")
def test_a_disk_too_small_for_the_print_run_is_a_problem_and_the_letters_stay(
    small_disk: Path, run: Run
) -> None:
    (small_disk / "large").write_bytes(bytes(1_500_000))
    words = (*TEXT[:-2], "pdf", "--to", "ice", "-q", "-j1", "--print", "disk/all.pdf")
    done = call(*words)
    told = b"disk/all.pdf: cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr, lying_in(small_disk)) == (1, told, ["large"])
    (small_disk / "large").unlink()
    assert outcome(run(*words))[0] == 0
    assert lying_in(small_disk) == ["all.pdf"]
