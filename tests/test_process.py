"""What only a real process shows: exit codes, pipes, signals, what is imported, no network."""

import contextlib
import json
import os
import pty
import pwd
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from command_results import LETTERS, Run, Write, lying_in, outcome
from conftest import REQUEST
from run_processes import OPTOUT

from optout_cli import __version__
from optout_cli.cli import options
from optout_cli.engines import NAMES
from optout_cli.letters import Library

SCRIPT = str(Path(sysconfig.get_path("scripts")) / "optout")
TO_ICE = ("write", "r.yaml", "-q", "--to", "ice")
# Runs a command and prints on stderr which of the costly modules it imported.
IMPORTS = """
import json, sys
from optout_cli.cli import main
try:
    main()
finally:
    costly = ("weasyprint", "jinja2", "yaml", "PIL", "fontTools", "tabulate", "difflib", "msgspec")
    costly += ("optout_cli.exporters.eml",)
    print(json.dumps([it for it in costly if it in sys.modules]), file=sys.stderr)
"""
# Runs a command and refuses it every name on the network and every connection.
START = "from optout_cli.cli import main\nmain()\n"
OFFLINE = f"""
import sys
def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        raise PermissionError(f"{{event}}{{arguments}}")
sys.addaudithook(refuse)
{START}"""

Done = subprocess.CompletedProcess[bytes]


def call(*words: str, stdin: bytes = b"", **environment: str) -> Done:
    return subprocess.run(
        words,
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture(autouse=True)
def _desk(write: Write, in_folder: Path) -> None:
    """Stand in a folder with a request."""
    write("r.yaml", REQUEST)


@pytest.mark.parametrize("program", [OPTOUT, (SCRIPT,)], ids=["module", "script"])
def test_the_module_and_the_script_are_the_same_command(program: tuple[str, ...]) -> None:
    done = call(*program, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"optout {__version__}\n".encode(),
        b"",
    )


@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("list formats", 0),
        ("check r.yaml bad.yaml", 1),
        ("show nowhere-county-zz", 2),
        ("write r.yaml --formt txt", 2),
        ("write nowhere.yaml", 2),
        ("wirte r.yaml", 2),
    ],
)
def test_the_shell_sees_the_exit_code(words: str, code: int, write: Write) -> None:
    write("bad.yaml", "jurisdiction: 06041\n")
    assert call(SCRIPT, *words.split()).returncode == code


@pytest.mark.parametrize(
    "words",
    [
        ("list", "jurisdictions"),
        ("list", "jurisdictions", "--json"),
        ("show", "06041"),
        ("check", "--coverage"),
        ("--help",),
        (*TO_ICE, "-f", "txt", "-o", "-"),
        (*TO_ICE, "-f", "txt"),
    ],
    ids=" ".join,
)
def test_a_pipe_that_nobody_reads_ends_the_command_in_silence(words: tuple[str, ...]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run((*OPTOUT, *words), stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "words",
    [("list", "formats"), ("--version",), (*TO_ICE, "-f", "txt", "-o", "-")],
    ids=" ".join,
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_output_is_told_in_one_line(words: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            (*OPTOUT, *words),
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    told = b"standard output: cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


LOST = "standard output: is closed, so what was printed there is lost\n"


@pytest.mark.parametrize(
    ("closed", "words", "code", "out", "told"),
    [
        ("2>&-", (*TO_ICE, "-f", "txt"), 0, f"{LETTERS[1]}\n", ""),
        ("2>&-", ("write", "nowhere.yaml"), 2, "", ""),
        (">&-", (*TO_ICE, "-f", "txt"), 1, "", LOST),
        (">&-", ("list", "formats"), 1, "", LOST),
        ("<&-", ("write", "-", "-q"), 2, "", "-: standard input is closed\n"),
        (">&- 2>&- <&-", (*TO_ICE, "-f", "txt"), 1, "", ""),
    ],
)
def test_a_closed_stream_is_no_harm_or_told_in_one_line(
    closed: str, words: tuple[str, ...], code: int, out: str, told: str, in_folder: Path
) -> None:
    done = call("sh", "-c", f'exec "$@" {closed}', "sh", *OPTOUT, *words)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (code, out, told)
    written = {LETTERS[1]} if "-f" in words else set()
    assert {it.name for it in in_folder.glob("*.txt")} == written


# Runs a command as a user without a home or an account, where no folder takes temporary files.
HOMELESS = """
import os, pwd, sys, tempfile
from optout_cli.cli import main
for name in ("HOME", *filter(lambda it: it.startswith("XDG_"), list(os.environ))):
    os.environ.pop(name, None)
def unknown(number):
    raise KeyError(number)
def refuse(*_, **__):
    raise FileNotFoundError(2, "No usable temporary directory found")
pwd.getpwuid = unknown
tempfile.gettempdir = refuse
main()
"""
NO_ROOM = (
    "TMPDIR: temporary files cannot be written: no folder for them can be written to\n"
    "  hint: set TMPDIR to a folder of yours on a disk with free space\n"
)
NO_HOME = (
    "Error: there is no folder for your own letters: HOME is not set\n  hint: name one with -o\n"
)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((*TO_ICE, "-f", "txt"), 0, ""),
        (TO_ICE, 1, NO_ROOM),
        ((*TO_ICE, "--engine", "typst"), 1, NO_ROOM),
    ],
)
def test_without_a_home_or_a_temporary_folder_a_letter_is_written_or_told_what_it_lacks(
    words: tuple[str, ...], code: int, told: str
) -> None:
    done = call(sys.executable, "-c", HOMELESS, *words)
    assert (done.returncode, done.stderr.decode()) == (code, told)


# They take nothing at start that a letter does not: one process is enough.
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("new", "06041", "-o", "-", "-q"), 0, ""),
        (("status", "."), 0, ""),
        (("new", "--xlsx", "--state", "VT"), 1, NO_ROOM),
        (("new", "--wording"), 2, NO_HOME),
    ],
)
def test_without_them_another_command_works_too_or_says_what_it_lacks(
    words: tuple[str, ...], code: int, told: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*TO_ICE, "-f", "json")  # a register for `status`
    homeless(monkeypatch)
    ended, _, err = outcome(run(*words))
    shown = err.partition("help' for help.\n\n")
    assert (ended, shown[2] or shown[0]) == (code, told)


def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be as `HOMELESS` makes one."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    for name in ("HOME", *filter(lambda it: it.startswith("XDG_"), list(os.environ))):
        monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(tempfile, "gettempdir", refuse)


def test_doctor_tells_what_this_process_lacks(in_folder: Path) -> None:
    program = ("sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", HOMELESS)
    done = call(*program, "doctor", "--json")
    found = {it["what"]: it for it in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, {what: it["state"] for what, it in found.items()}) == (
        1,
        {
            **dict.fromkeys(found, "ok"),
            **dict.fromkeys(("weasyprint", "typst"), "broken"),
            **dict.fromkeys(("cache", "streams"), "poor"),
        },
    )
    assert found["typst"]["cure"] == "set TMPDIR to a folder of yours on a disk with free space"


def test_an_unknown_option_before_any_command_is_json_too(in_folder: Path) -> None:
    done = call(*OPTOUT, "--frobnicate", "--json")
    problem = json.loads(done.stderr)
    assert (done.returncode, problem["problem"], problem["message"]) == (
        2,
        "usage",
        "No such option '--frobnicate'",
    )


@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize("words", [("write", "-o", "out/"), ("check", "--json")])
def test_an_interrupt_leaves_nothing_and_says_so(words: tuple[str, ...], in_folder: Path) -> None:
    request = in_folder / "waiting.yaml"
    os.mkfifo(request)
    process = subprocess.Popen(
        (*OPTOUT, *words, "waiting.yaml"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with request.open("wb"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    told = json.loads(err)["message"] if "--json" in words else err.decode().strip()
    assert told == "interrupted; no file is incomplete"
    assert lying_in(in_folder) == ["r.yaml", "waiting.yaml"]


@cache  # for all tests, which share one cache
def keep_what_is_parsed_once() -> None:
    for command in (("show", "06041"), ("list", "letters")):
        call(*OPTOUT, *command)


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"weasyprint", "jinja2", "yaml", "PIL", "msgspec", "tabulate", "difflib"}),
        (["--version"], {"weasyprint", "jinja2", "yaml", "PIL", "msgspec", "tabulate", "difflib"}),
        (["write", "--help"], {"weasyprint", "jinja2", "yaml", "PIL", "tabulate"}),
        (["show", "06041"], {"weasyprint", "jinja2", "yaml", "PIL", "tabulate", "difflib"}),
        (["list", "jurisdictions"], {"weasyprint", "jinja2", "yaml", "PIL", "fontTools"}),
        (["list", "letters"], {"weasyprint", "jinja2", "yaml", "PIL", "fontTools"}),
        (["list", "formats"], {"weasyprint", "jinja2", "yaml", "PIL", "fontTools"}),
        (
            ["write", "r.yaml", "-f", "txt,html"],
            {"weasyprint", "PIL", "fontTools", "optout_cli.exporters.eml"},
        ),
        (["write", "r.yaml", "-f", "json"], {"weasyprint", "PIL", "fontTools"}),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else "",
)
def test_what_a_command_does_not_need_it_does_not_import(
    words: list[str], unwanted: set[str]
) -> None:
    keep_what_is_parsed_once()
    done = call(sys.executable, "-c", IMPORTS, *words)
    imported = set(json.loads(done.stderr.splitlines()[-1]))
    assert (done.returncode, imported & unwanted) == (0, set())


def test_a_letter_is_printed_without_the_network(write: Write, in_folder: Path) -> None:
    seal = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
    write("seal.svg", seal)
    write("r.yaml", REQUEST + "letterhead: {seal: seal.svg, alt: Seal}\n")
    words = (*TO_ICE, "-f", "pdf,txt,html,json")
    done = call(sys.executable, "-c", OFFLINE.replace(START, IMPORTS), *words)
    imported = json.loads(done.stderr)  # and nothing else is said
    assert (done.returncode, "weasyprint" in imported) == (0, True)  # which only paper imports
    assert len(lying_in(in_folder)) == 7


def test_the_guard_against_the_network_holds() -> None:
    probe = OFFLINE.partition("from optout_cli")[0] + "import socket; socket.create_connection"
    done = call(sys.executable, "-c", f"{probe}(('localhost', 9))")
    assert b"PermissionError: socket." in done.stderr


@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize("suffix", ["txt", "pdf"])
def test_a_dash_prints_the_bytes_that_a_file_would_have(suffix: str, in_folder: Path) -> None:
    printed = call(*OPTOUT, *TO_ICE, "-f", suffix, "-o", "-").stdout
    call(*OPTOUT, "write", "-", "-q", "--to", "ice", "-f", suffix, stdin=REQUEST.encode())
    assert printed == (in_folder / f"2026-11-20-opt-out-ice.{suffix}").read_bytes()


@pytest.mark.parametrize("engine", NAMES)
def test_the_machines_language_and_zone_and_chance_change_no_byte(engine: str, run: Run) -> None:
    words = (*TO_ICE, "-o", "-", "--engine", engine)
    here = run(*words).stdout_bytes
    there = call(*OPTOUT, *words, PYTHONHASHSEED="1", TZ="Pacific/Guam", LC_ALL="C").stdout
    assert (here == there, here[:5]) == (True, b"%PDF-")


@pytest.mark.usefixtures("with_typst")
@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are text there")
def test_a_name_that_is_no_text_is_printed_as_it_is() -> None:
    folder = os.fsdecode(b"caf\xe9/")
    done = call(*OPTOUT, *TO_ICE, "-f", "txt", "-o", folder, PYTHONIOENCODING="utf-8:strict")
    missing = call(*OPTOUT, "check", f"{folder}r.yaml", PYTHONIOENCODING="utf-8:strict")
    assert (done.stdout, done.stderr) == (b"caf\xe9/" + LETTERS[1].encode() + b"\n", b"")
    assert missing.stdout.startswith(b"caf\xe9/r.yaml: cannot find this file\n")


@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize(
    ("suffix", "code", "told"),
    [
        ("pdf", 2, "Error: a terminal cannot show pdf\n  hint: name a file with -o\n"),
        ("txt", 0, ""),
    ],
)
def test_a_terminal_is_shown_text_and_spared_the_rest(suffix: str, code: int, told: str) -> None:
    terminal, screen = pty.openpty()
    process = subprocess.Popen(
        (*OPTOUT, *TO_ICE, "-f", suffix, "-o", "-"), stdout=screen, stderr=subprocess.PIPE
    )
    os.close(screen)
    shown = b"".join(everything_from(terminal))
    err = process.communicate()[1].decode()
    assert (process.returncode, err.endswith(told)) == (code, True)
    assert shown[:6] == (b"Marin " if code == 0 else b"")


def everything_from(terminal: int) -> Iterator[bytes]:
    """Yield what is written to a terminal until nobody holds its other end."""
    with contextlib.suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as reader:
        while chunk := reader.read(4096):
            yield chunk


def damaged(folder: Path) -> None:
    for entry in folder.glob("**/optout/*"):
        entry.write_bytes(b"damaged")


def cut_short(folder: Path) -> None:
    for entry in folder.glob("**/optout/*"):
        entry.write_bytes(entry.read_bytes()[:50])


def made_folders(folder: Path) -> None:
    for entry in list(folder.glob("**/optout/*")):
        entry.unlink()
        entry.mkdir()


@pytest.mark.no_cover
def test_a_harmed_cache_costs_no_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, in_folder: Path
) -> None:
    monkeypatch.setattr(options, "Library", Library)  # one that loads its data by the cache
    monkeypatch.setenv("XDG_CACHE_HOME", str(in_folder / "cache"))
    show, write = ("show", "06041"), (*TO_ICE, "-f", "txt", "-o", "-")
    before = {words: outcome(run(*words)) for words in (show, write)}
    for harm, words in ((damaged, show), (cut_short, write), (made_folders, write)):
        harm(in_folder)
        assert (harm, outcome(run(*words))) == (harm, before[words])


@pytest.mark.no_cover
@pytest.mark.parametrize("place", ["r.yaml", "/proc/none"])  # below a file; refused
def test_a_cache_that_cannot_be_written_costs_no_error(
    place: str, run: Run, monkeypatch: pytest.MonkeyPatch, in_folder: Path
) -> None:
    monkeypatch.setattr(options, "Library", Library)  # one that loads its data by the cache
    monkeypatch.setenv("XDG_CACHE_HOME", str(in_folder / place))
    assert outcome(run(*TO_ICE, "-f", "txt")) == (0, f"{LETTERS[1]}\n", "")
