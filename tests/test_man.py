"""The manual page is what the commands say today, and a man program reads it without complaint."""

import subprocess
from importlib import import_module
from shutil import which

import click
import pytest
from conftest import ROOT
from import_tool import tool

from optout_cli.cli import COMMANDS

PAGE = ROOT / "docs" / "optout.1"


def test_the_page_is_what_the_commands_say() -> None:
    assert tool("man").page() == PAGE.read_text("utf-8"), "make docs writes it anew"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_option(name: str) -> None:
    command: click.Command = import_module(f"optout_cli.cli.{name}").command
    text = PAGE.read_text("utf-8").replace("\\-", "-").partition(f"\n.SS {name}\n")[2]
    section = text.partition("\n.S")[0]
    options = [
        it for param in command.params if isinstance(param, click.Option) for it in param.opts
    ]
    assert [it for it in options if it not in section] == []


@pytest.mark.skipif(which("groff") is None, reason="groff is not here")
def test_a_man_program_reads_it_without_complaint() -> None:
    done = subprocess.run(
        ("groff", "-man", "-Tutf8", "-ww", str(PAGE)), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "optout - write formal letters by which" in " ".join(done.stdout.decode().split())
