"""A format is one module: whatever else needs to know about it reads that module."""

import sys
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, ROOT

from optout_cli import exporters
from optout_cli.exporters import Exporter, all_exporters, format_names

TELEX = """
RANK = 9
DESCRIPTION = "a telex"
MEDIA_TYPE = "text/x-telex"
IS_TEXT = True
ROUTE = "fax"
SIGNATURES = ("typed",)
ENCLOSES = "pdf"


def encode(letter, context):
    return f"{letter.reference}\\n".encode()


def count_pages(content):
    return 3
"""


@pytest.fixture(autouse=True)
def _telex(in_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the module of a new format into the package."""
    folder = tmp_path / "exporters"
    folder.mkdir()
    (folder / "telex.py").write_text(TELEX, "utf-8")
    monkeypatch.setattr(exporters, "__path__", [*exporters.__path__, str(folder)])


def test_a_new_module_is_listed_last(run: Run) -> None:
    code, out, _ = outcome(run("list", "formats"))
    assert (code, out.splitlines()[-1].split(maxsplit=1)) == (0, ["telex", "a telex"])


def test_a_new_module_is_written_with_its_notes_and_next_steps(run: Run, write: Write) -> None:
    write(
        "r.yaml",
        REQUEST
        + "recipients: {bureau: {fax: 916-555-0130}}\n"
        + "enclosures: [{title: Map of the county}]\n",
    )
    code, out, err = outcome(run("write", "r.yaml", "--to", "bureau", "-f", "telex", "-o", "-"))
    assert (code, len(out.splitlines())) == (0, 1)
    assert "note: send these enclosures separately from the telex: " in err
    assert "next: print and sign the bureau's letter, and fax the paper to 916-555-0130" in err
    assert "next: print each" not in err


def test_a_new_message_needs_the_recipients_address(run: Run, write: Write) -> None:
    write("r.yaml", REQUEST)
    code, _, err = outcome(run("write", "r.yaml", "--to", "bureau", "-f", "telex"))
    assert (code, "fax" in err) == (1, True)


def test_each_module_has_what_no_format_shares() -> None:
    facts = {name for name in Exporter.__annotations__ if not hasattr(Exporter, name)}
    lacking = {name: facts - vars(it).keys() for name, it in all_exporters().items()}
    assert (facts, lacking) == (
        {"RANK", "DESCRIPTION", "MEDIA_TYPE", "encode"},
        {name: set() for name in format_names()},
    )


def test_no_two_formats_have_the_same_place_in_lists() -> None:
    ranks = [exporter.RANK for exporter in all_exporters().values()]
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("package", ["exporters", "engines"])
def test_no_format_reads_what_is_behind_the_letter(package: str) -> None:
    sources = (ROOT / "optout_cli" / package).glob("*.py")
    assert [it.name for it in sources if ".notice." in it.read_text("utf-8")] == []


@pytest.mark.parametrize(
    "command", ["sent out --by fax --on 2026-11-20", "review out", "status out"]
)
def test_a_format_that_only_a_newer_version_knows_stops_no_command(
    command: str, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "recipients: {bureau: {fax: 916-555-0130}}\n"
    write("r.yaml", f"{REQUEST}{number}signature: {{kind: typed}}\n")
    written = run("write", "r.yaml", "--to", "bureau", "-f", "txt,telex", "-o", "out/", "-q")
    assert written.exit_code == 0
    monkeypatch.setattr(exporters, "__path__", exporters.__path__[:-1])
    monkeypatch.delitem(sys.modules, "optout_cli.exporters.telex")
    exporters.exporter_for.cache_clear()
    exporters.known_exporter.cache_clear()
    assert run(*command.split()).exit_code == 0
