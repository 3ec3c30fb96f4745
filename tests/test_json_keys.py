"""docs/scripts.md names every key of every JSON object that the commands print, and no other."""

import json
import re
from pathlib import Path

import pytest
from command_results import Run, Write
from conftest import REQUEST, ROOT
from make_register import RegisterMaker
from read_docs import PAGES
from written_letters import write_letters

from optout_cli.letters import Library

HEADINGS = re.findall(r"^### `(.*(?:json|ndjson))`$", PAGES["scripts.md"], re.MULTILINE)
# How each object is had, by the heading of its table.
CALLS = {
    "optout list jurisdictions --json": ("list", "jurisdictions", "--state", "VT", "--json"),
    "optout list agencies --json": ("list", "agencies", "--state", "AL", "--json"),
    "optout list offices --json": ("list", "offices", "--state", "VT", "--json"),
    "optout list letters --json": ("list", "letters", "--json"),
    "optout list passages --json": ("list", "passages", "287g/suspend", "--json"),
    "optout list formats --json": ("list", "formats", "--json"),
    "optout show --json": ("show", "50007", "--json"),
    "optout status --json": ("status", "register", "--json"),
    "optout status --verify --json": ("status", "register", "--verify", "--json"),
    "optout diff --json": ("diff", "marin.yaml", "other.yaml", "--json"),
    "optout doctor --json": ("doctor", "--json"),
    "optout check --coverage --json": ("check", "--coverage", "--json"),
    "optout check --json": ("check", "wrong.yaml", "--json"),
    "optout write --json": ("write", "06041", "-f", "txt", "--to", "ice", "--json"),
    "optout write -f json": (
        *("write", str(ROOT / "examples" / "everything.yaml"), "--to", "bureau"),
        *("-f", "json", "-o", "-"),
    ),
    "optout batch --ndjson": ("batch", "requests.ndjson", "-f", "txt", "--ndjson"),
    "optout sent --json": ("sent", "letters/", "--by", "mail", "--json"),
}


def documented(heading: str) -> set[str]:
    """Return the keys in the first column of the table below a heading."""
    section = PAGES["scripts.md"].partition(f"### `{heading}`\n")[2].partition("\n##")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def test_every_table_of_keys_is_compared_with_a_command() -> None:
    assert [*CALLS] == HEADINGS


@pytest.mark.parametrize("heading", CALLS)
def test_a_table_has_the_keys_that_the_command_prints(
    heading: str, write: Write, in_folder: Path, run: Run, library: Library
) -> None:
    write_letters(library, in_folder / "letters")
    write("wrong.yaml", REQUEST.replace("title:", "tilte:"))
    row = {"jurisdiction": "50007", "letter": "secure-communities/opt-out", "date": "2026-11-20"}
    write("marin.yaml", REQUEST)
    write("other.yaml", REQUEST.replace("Sheriff", "Marshal"))
    write("requests.ndjson", json.dumps(row) + "\n")
    RegisterMaker(in_folder / "register").written()
    result = run(*CALLS[heading])
    printed = result.stderr if heading == "optout write --json" else result.stdout
    decoder = json.JSONDecoder()
    first, _ = decoder.raw_decode(printed)
    assert documented(heading) == {*first}
