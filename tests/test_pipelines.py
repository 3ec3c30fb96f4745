"""The pipelines in docs/scripts.md are run with jq, xargs and what takes the letters."""

import os
import shutil
import subprocess
import sys
import sysconfig
from email import message_from_bytes
from pathlib import Path

import pytest
from command_results import Run
from conftest import REQUEST
from read_docs import blocks
from test_readme import COMMON, TABLE
from written_letters import REACHED, write_letters

from optout_cli.letters import Library

pytestmark = pytest.mark.usefixtures("with_typst")

LIST, PRINT, MAIL = blocks("scripts.md", "shell")
STUB = """\
#!/bin/sh
echo "$@" >> "$0.args"
cat > "$0.$$.stdin"
"""


@pytest.fixture(autouse=True)
def _desk(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand beside the pages' files, with stand-ins for what would print or send."""
    programs = in_folder / "bin"
    programs.mkdir()
    for name in ("lp", "sendmail"):
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    own = (str(programs), sysconfig.get_path("scripts"), os.environ["PATH"])
    monkeypatch.setenv("PATH", os.pathsep.join(own))
    (in_folder / "common.yaml").write_text(COMMON)
    (in_folder / "notices.csv").write_text(TABLE)


def piped(pipeline: str) -> list[str]:
    """Run a pipeline and return the lines that it prints; none of its commands may fail."""
    return told_by(pipeline)[0]


def told_by(pipeline: str) -> tuple[list[str], list[str]]:
    """Run a pipeline as `piped` does; return the lines on standard output and standard error."""
    for name in ("jq", "xargs"):
        if name in pipeline and shutil.which(name) is None:
            pytest.skip(f"this machine has no {name}")
    words = ("bash", "-o", "pipefail", "-c", pipeline)
    done = subprocess.run(words, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()
    return done.stdout.decode().splitlines(), done.stderr.decode().splitlines()


def given(program: str) -> list[bytes]:
    return [path.read_bytes() for path in Path("bin").glob(f"{program}.*.stdin")]


def test_a_list_of_counties_becomes_drafts() -> None:
    paths = piped(LIST)
    assert len(paths) == 28
    assert all(Path(it).read_text("utf-8").startswith("DRAFT\n") for it in paths)


def test_each_letter_is_handed_to_the_printer() -> None:
    assert piped(PRINT) == []
    (line,) = Path("bin/lp.args").read_text().splitlines()
    *options, paths = line.split(maxsplit=2)
    assert options == ["-o", "print-scaling=none"]
    assert [Path(it).read_bytes()[:5] for it in paths.split()] == [b"%PDF-"] * 6


def write_messages(typst_library: Library) -> None:
    text = "signature: {kind: typed}\n"
    write_letters(typst_library, Path("out"), text + REACHED, ("eml", "txt"))


def addressees() -> list[str]:
    return sorted(str(message_from_bytes(it)["To"]).partition("<")[2] for it in given("sendmail"))


ALL = ["bureau@example.gov>", "ice@example.gov>"]


def test_each_message_is_sent_once(typst_library: Library) -> None:
    write_messages(typst_library)
    piped(MAIL)
    assert Path("bin/sendmail.args").read_text().splitlines() == ["-t"] * 2
    assert addressees() == ALL
    assert piped(MAIL) == []
    assert addressees() == ALL


def test_a_corrected_letter_goes_out_too_and_is_told_to_be_one(run: Run) -> None:
    reached = REACHED.partition("\n")[2]
    signed = REQUEST.replace("title: Sheriff", "title: Sheriff, email: sheriff@example.gov")
    reason = ("--supersede", "a mistyped name")
    for name, options in (("Pat", ()), ("Pam", reason)):
        text = f"{signed}{reached}signature: {{kind: typed}}\n"
        Path("r.yaml").write_text(text.replace("Pat", name))
        assert run("write", "r.yaml", "-f", "eml", "-o", "out/", "-q", *options).exit_code == 0
        _, told = told_by(MAIL)
        assert piped(MAIL) == []
    assert sum(b"Pam Placeholder" in it for it in given("sendmail")) == 2
    assert len(addressees()) == 4
    notes = [line for line in told if "corrects or repeats the one that went out" in line]
    assert [line.endswith("(a mistyped name)") for line in notes] == [True, True]


def test_what_could_not_be_sent_is_sent_later(typst_library: Library) -> None:
    write_messages(typst_library)
    sendmail = Path("bin/sendmail")
    sendmail.write_text(f"{STUB}[ $(wc -l < $0.args) -gt 1 ]\n")  # the first one fails
    with pytest.raises(AssertionError):  # since xargs says that one failed
        piped(MAIL)
    assert addressees() == ALL
    sendmail.write_text(STUB)
    piped(MAIL)
    assert len(addressees()) == 3
    assert piped(MAIL) == []


def test_a_reader_that_has_seen_enough_ends_a_pipeline_without_a_traceback() -> None:
    command = f"{sys.executable} -m optout_cli batch notices.csv --common common.yaml -f txt -q"
    pipeline = f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(("bash", "-c", pipeline), capture_output=True, check=False)
    first, code = done.stdout.decode().splitlines()
    assert (first.startswith("out/CA/"), code in ("0", "1")) == (True, True)
    told = b"stopped, since nothing reads the output any more: "
    assert done.stderr[: len(told)] in (b"", told)
