"""What Windows does otherwise. It is simulated here: these tests run on no Windows."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from types import ModuleType

import pytest
from command_results import Write
from conftest import REQUEST
from make_letters import told_by
from run_batch import COMMON, HEADER
from run_processes import OPTOUT
from simulate_windows import environment

from optout_cli import cli, engines, output
from optout_cli.batch import pool, rejects
from optout_cli.cli import console, doctor
from optout_cli.errors import OptoutError
from optout_cli.letters import request_files
from optout_cli.letters.request_files import NamedFiles
from optout_cli.output import hold_interrupts, write_all, write_errors
from optout_cli.readers.document import Document
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.files import read_bytes
from optout_cli.trust import is_reserved

ROWS = "50001,Pat,Sheriff\n35013,Pat,Sheriff\n"  # the second is Doña Ana County
LETTERS = [
    f"out/{place}/2026-11-20-opt-out-{party}"
    for place in ("VT/addison-county-vt", "NM/dona-ana-county-nm")
    for party in ("bureau", "ice")
]
FAX = ("--to", "ice", "-q", "-f", "tiff", "-o", "fax/", "--set", "signature.kind=typed")
EVERYTHING = Path(__file__).parent.parent / "examples" / "everything.yaml"
BATCH = ("batch", "n.csv", "--common", "common.yaml", "-q", "-o", "out")


@pytest.fixture
def windows(write: Write, in_folder: Path) -> dict[str, str]:
    write("r.yaml", REQUEST)
    write("n.csv", HEADER + ROWS)
    write("common.yaml", COMMON)
    return environment(in_folder / "simulation")


def call(windows: dict[str, str], *words: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run((*OPTOUT, *words), capture_output=True, env=windows, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_simulation_takes_away_what_windows_lacks(windows: dict[str, str]) -> None:
    code = "import os, signal; print(hasattr(os, 'fork'), hasattr(signal, 'SIGHUP')); import fcntl"
    done = subprocess.run(
        (sys.executable, "-c", code), capture_output=True, env=windows, check=False
    )
    assert (done.stdout, done.stderr.splitlines()[-1]) == (
        b"False False\n",
        b"ModuleNotFoundError: No module named 'fcntl'",
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--help",), b"Usage: "),
        (("show", "35013"), b"Do\xa4a Ana County, NM"),  # in code page 437
        (("list", "jurisdictions", "--json"), '"Doña Ana County"'.encode()),  # JSON is UTF-8
        (("show", "35013", "--json"), "Doña Ana County".encode()),
        (("write", "r.yaml", "-q", "--to", "ice", "-f", "txt"), b"2026-11-20-opt-out-ice.txt\n"),
        (("write", "r.yaml", "-q", "--to", "ice", "-f", "txt", "-o", "-"), "“the".encode()),
        (("write", *FAX, str(EVERYTHING)), b"2026-11-24-opt-out-ice.tiff\n"),
        (("show", "marin-county-ca"), b"Gov. Code ? 7284.6"),  # there is no section sign
        (("new", "--from", str(EVERYTHING), "-o", "-"), "María".encode()),  # so is a request
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_a_command_runs(words: tuple[str, ...], line: bytes, windows: dict[str, str]) -> None:
    code, out, err = call(windows, *words)
    assert (code, line in out, err) == (0, True, b"")


def test_a_batch_runs(windows: dict[str, str], in_folder: Path) -> None:
    found = call(windows, *BATCH, "-f", "txt,html", "-j1")
    names = [f"{letter}.{form}" for letter in LETTERS for form in ("txt", "html")]
    assert found == (0, "".join(f"{name}\n" for name in names).encode(), b"")
    assert [name for name in names if not (in_folder / name).is_file()] == []


def test_a_table_on_standard_output_is_utf_8(windows: dict[str, str]) -> None:
    call(windows, *BATCH, "-f", "txt", "-j1")
    code, out, err = call(windows, "status", "out", "--csv")
    assert (code, "Doña Ana County, New Mexico".encode() in out, err) == (0, True, b"")


def test_a_batch_runs_in_several_processes(windows: dict[str, str], write: Write) -> None:
    rows = (f"{50_001 + 2 * number},Pat,Sheriff\n" for number in range(14))
    write("n.csv", HEADER + "".join(rows))
    code, out, err = call(windows, *BATCH, "-f", "txt", "-j2")
    assert (code, out.count(b".txt\n"), err) == (0, 28, b"")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("CON", True),
        ("out/aux.yaml", True),
        ("nul.tar.gz", True),
        ("C:\\letters\\com1.pdf", True),
        ("lpt9:x.txt", True),
        ("Conin$ .txt", True),
        ("letter.", True),
        ("out /letter.pdf", True),
        ("out\\..\\letter.pdf", False),
        (".optout/lock", False),
        ("console.pdf", False),
        ("com10.pdf", False),
        ("out/VT/addison-county-vt/2026-11-20-opt-out-ice.txt", False),
    ],
)
def test_names_that_windows_keeps_for_devices_are_known(path: str, expected: bool) -> None:
    assert is_reserved(PureWindowsPath(path)) is expected


def test_no_file_of_such_a_name_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(output, "ON_WINDOWS", True)
    told = told_by(lambda: write_all({tmp_path / "a.pdf": b"A", tmp_path / "aux.pdf": b"B"}))
    message = "has a name that Windows reserves, such as con or aux, or that ends in a dot or space"
    assert (told, [*tmp_path.iterdir()]) == (
        f"{tmp_path / 'aux.pdf'}: {message}\n  hint: choose another name with -o",
        [],
    )


def test_a_device_is_never_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "con.svg").write_text("what somebody types")
    named = NamedFiles(Document({}, ()), tmp_path)
    assert named.find("letterhead.seal", "con.svg").place == tmp_path / "con.svg"
    monkeypatch.setattr(request_files, "ON_WINDOWS", True)
    with pytest.raises(OptoutError, match=r"'con\.svg' leads outside the request's folder"):
        named.find("letterhead.seal", "con.svg")


def test_an_enclosure_gets_a_name_under_which_windows_can_save_it(tmp_path: Path) -> None:
    (tmp_path / "Aux.txt").write_bytes(b"text")
    assert load_attachment(tmp_path / "Aux.txt").name == "enclosure-Aux.txt"


def test_a_file_that_another_program_has_open_is_told() -> None:
    def refuse() -> None:
        with write_errors(Path("a.pdf")):
            error = PermissionError(errno.EACCES, "Access is denied")
            error.winerror = 5  # type: ignore[attr-defined]  # only Windows has it
            raise error

    hint = "if another program has it open, such as a PDF viewer, close it"
    assert told_by(refuse) == f"a.pdf: cannot be written: Access is denied\n  hint: {hint}"


def test_an_interrupt_waits_where_signals_cannot_be_blocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "HAS_MASK", False)
    steps = []

    def work() -> None:
        with hold_interrupts():
            with hold_interrupts():
                signal.raise_signal(signal.SIGINT)
                steps.append("inner")
            steps.append("outer")
        steps.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (steps, signal.getsignal(signal.SIGINT)) == (
        ["inner", "outer"],
        signal.default_int_handler,
    )


def test_a_word_of_a_command_is_quoted_as_the_shell_there_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "ON_WINDOWS", True)
    assert [*map(console.quote, ("a b.yaml", "a.yaml"))] == ['"a b.yaml"', "a.yaml"]


def test_a_table_may_be_on_another_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    assert rejects._path_from(Path("/a/b"), Path("/a/c/n.csv")) == "../c/n.csv"
    monkeypatch.setattr(os.path, "relpath", refuse)
    assert rejects._path_from(Path("/a/b"), Path("/a/c/n.csv")) == "/a/c/n.csv"


def test_no_more_workers_are_started_than_windows_can_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "ON_WINDOWS", True)
    with pool._workers(abs, 200) as workers:
        assert workers._max_workers == 61  # type: ignore[attr-defined]  # no public name


def test_a_pipe_that_nobody_reads_is_no_error_there(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    monkeypatch.setattr(cli, "_CLOSED", (errno.EINVAL,))
    monkeypatch.setattr(os, "dup2", lambda _, to: done.append(to))
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    cli._give_up_output(OSError(errno.EINVAL, "Invalid argument"))
    assert done == [1]


@pytest.mark.parametrize(
    ("code", "error", "expected"),
    [(259, 0, True), (0, 0, False), (0, 87, False), (0, 5, True)],
    ids=["runs", "ended", "is-none", "is-another-users"],
)
def test_a_folder_of_a_killed_run_is_told_from_that_of_a_running_one(
    code: int, error: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    def open_process(_access: int, _inherits: bool, process: int) -> str:
        if error:
            refused = OSError(errno.EINVAL, "The parameter is incorrect")
            refused.winerror = error  # type: ignore[attr-defined]  # only Windows has it
            raise refused
        return f"handle of {process}"

    windows = ModuleType("_winapi")
    vars(windows).update(
        OpenProcess=open_process,
        GetExitCodeProcess=lambda _: code,
        CloseHandle=closed.append,
        STILL_ACTIVE=259,
    )
    monkeypatch.setitem(sys.modules, "_winapi", windows)
    monkeypatch.setattr(sys, "platform", "win32")
    found = engines._is_running(7)
    assert (found, closed) == (expected, [] if error else ["handle of 7"])


def test_doctor_names_what_helps_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ON_WINDOWS", True)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "cp1252"))
    assert doctor._check_locale().fix == "type setx PYTHONUTF8 1, and open a new window"


def test_a_folder_that_the_system_refuses_to_open_is_told_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    told = told_by(lambda: read_bytes(str(tmp_path), 1))
    assert told == f"{tmp_path}: is a folder, not a file"
    assert "Permission denied" in told_by(lambda: read_bytes(str(tmp_path / "other"), 1))
