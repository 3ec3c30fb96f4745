"""The pipelines in docs/scripts.md are run with jq, xargs and what takes the letters."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from email import message_from_bytes
from pathlib import Path

import pytest
from read_docs import blocks
from test_readme import COMMON, TABLE

LIST, PRINT, MAIL, REST = blocks("scripts.md", "shell")
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
    for name in ("jq", "xargs"):
        if name in pipeline and shutil.which(name) is None:
            pytest.skip(f"this machine has no {name}")
    words = ("bash", "-o", "pipefail", "-c", pipeline)
    done = subprocess.run(words, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()
    return done.stdout.decode().splitlines()


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


def write_messages() -> None:
    for number, county in enumerate(("50001", "50003")):
        request = {
            "jurisdiction": county,
            "letter": "secure-communities/opt-out",
            "date": "2026-11-20",
            "signatory": {"name": "Pat", "title": "Sheriff", "email": "sheriff@example.gov"},
            "recipients": {
                party: {"email": f"{party}-{number}@example.gov"} for party in ("bureau", "ice")
            },
        }
        with Path("requests.ndjson").open("a") as stream:
            stream.write(json.dumps(request) + "\n")


def test_each_message_is_handed_to_sendmail() -> None:
    write_messages()
    assert piped(MAIL) == []
    assert Path("bin/sendmail.args").read_text().splitlines() == ["-t"] * 4
    sent = [str(message_from_bytes(it)["To"]) for it in given("sendmail")]
    assert sorted(it.partition("<")[2] for it in sent) == [
        f"{party}-{number}@example.gov>" for party in ("bureau", "ice") for number in range(2)
    ]


def test_what_could_not_be_sent_is_sent_later() -> None:
    write_messages()
    sendmail = Path("bin/sendmail")
    sendmail.write_text(f"{STUB}[ $(wc -l < $0.args) -lt 3 ]\n")
    with pytest.raises(AssertionError):  # since xargs says that some failed
        piped(MAIL)
    assert len(Path("sent.txt").read_text().splitlines()) == 2
    sendmail.write_text(STUB)
    assert piped(REST) == []
    sent = Path("sent.txt").read_text().splitlines()
    assert (len(sent), len(set(sent)), len(given("sendmail"))) == (4, 4, 6)


def test_a_reader_that_has_seen_enough_ends_a_pipeline_in_silence() -> None:
    command = f"{sys.executable} -m optout_cli batch notices.csv --common common.yaml -f txt -q"
    pipeline = f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(("bash", "-c", pipeline), capture_output=True, check=False)
    first, code = done.stdout.decode().splitlines()
    assert (first.startswith("out/CA/"), code in ("0", "1"), done.stderr) == (True, True, b"")
