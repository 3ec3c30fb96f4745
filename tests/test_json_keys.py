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
    """Return the keys in the first column of the table below a heading, and `schema`."""
    section = PAGES["scripts.md"].partition(f"### `{heading}`\n")[2].partition("\n##")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {"schema", *(key for cell in cells for key in re.findall(r"`([^`]+)`", cell))}


# What each line of the list of `optout list --json` is compared with.
LISTS = {
    "jurisdictions": ("--state", "VT"),
    "agencies": ("--state", "AL"),
    "offices": ("--state", "VT"),
    "letters": (),
    "passages": ("287g/suspend",),
    "formats": (),
}


def test_every_table_of_keys_is_compared_with_a_command() -> None:
    assert ["optout list --json", *CALLS] == HEADINGS


def test_the_list_of_lists_has_the_keys_that_each_prints(run: Run) -> None:
    section = PAGES["scripts.md"].partition("### `optout list --json`\n")[2].partition("\n##")[0]
    lines = (" ".join(line.split()) for line in section.split("\n- ")[1:])
    told = {
        head.strip("-` "): {*re.findall(r"(?:^|; )`([\w-]+)`", rest)}
        for head, _, rest in (line.partition("`: ") for line in lines)
    }
    printed = {
        what: {*json.loads(run("list", what, *words, "--json").stdout.splitlines()[0])}
        for what, words in LISTS.items()
    }
    assert {what: {"schema", *keys} for what, keys in told.items()} == printed


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
