"""What the shell completes: commands, options, jurisdictions, letters and files."""

import os
import subprocess
import sysconfig
from pathlib import Path
from shutil import which

import pexpect
import pytest
from click.shell_completion import ShellComplete
from command_results import Write
from read_docs import blocks

from optout_cli.cli import COMMANDS, group

SCRIPTS = sysconfig.get_path("scripts")


def completed(line: str) -> list[str]:
    """Return what `optout` offers for the last word of a line: kind and word."""
    *words, incomplete = line.split(" ")[1:]
    asked = ShellComplete(group, {}, "optout", "_OPTOUT_COMPLETE")
    return [f"{it.type},{it.value}" for it in asked.get_completions(words, incomplete)]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("optout ", [f"plain,{name}" for name in COMMANDS]),
        ("optout show marin-c", ["file,marin-c", "plain,marin-county-ca"]),
        ("optout new Marin-c", ["plain,marin-county-ca"]),
        ("optout write marin-c", ["file,marin-c", "plain,marin-county-ca"]),
        ("optout write ", ["file,"]),
        ("optout list a", ["plain,agencies"]),
        ("optout new hialeah", ["plain,hialeah-police-department-fl"]),
        ("optout check mar", ["file,mar"]),
        ("optout batch --common c", ["file,c"]),
        ("optout show --data own", ["file,own"]),
        ("optout new --follow letters/", ["file,letters/"]),
        ("optout write marin.yaml -o le", ["file,le"]),
        ("optout write --letter secure-communities/opt-o", ["plain,secure-communities/opt-out"]),
        ("optout write --comp", ["plain,--compression"]),
    ],
)
def test_a_word_is_completed(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


def test_broken_data_completes_nothing_and_says_nothing(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = write("config/optout/jurisdictions.yaml", "states: [\n")
    write("config/optout/templates/secure-communities/program.yaml", "letters: [\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(broken.parent.parent))
    assert completed("optout new marin-c") == []
    assert completed("optout new --letter s") == []


ON = {shell: blocks("install.md", shell)[0].strip() for shell in ("bash", "zsh", "fish")}


@pytest.mark.parametrize("shell", ON)
def test_a_shell_takes_what_turns_it_on(shell: str, tmp_path: Path) -> None:
    if which(shell) is None:
        pytest.skip(f"{shell} is not here")
    environment = {**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        (shell, "-c", ON[shell]), env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_as_it_is_typed(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}", "TERM": "dumb"}
    child = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], env=environment, encoding="utf-8", timeout=300
    )
    child.sendline(f"cd {tmp_path}; PS1='> '; {ON['bash']}; echo rea''dy")
    child.expect("ready")
    child.send("optout show marin-c\t")
    child.expect("optout show marin-county-ca")
    child.close(force=True)
