"""Read how a command ended, what it said, and which files it left."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click import testing
from click.testing import Result

Run = Callable[..., Result]
Write = Callable[..., Path]

LETTERS = ["2026-11-20-opt-out-bureau.txt", "2026-11-20-opt-out-ice.txt"]  # of conftest's REQUEST
# A state of its own, so that what is shown of it changes with no row of the shipped data.
NOWHERE = """\
states:
  ZZ:
    name: Nowhere
    field-office: ero-nowhere
    bureau:
      attention: Chief
      organization: [Nowhere Police, Records Section]
      address: {street: 2 Main Street, city: Nowhere, state: ZZ, zip: "00001"}
      phone: 555-555-0100
      source: {url: "https://example.gov/", date: "2026-01-02", kind: official, note: The desk.}
    laws:
      - effect: requires
        about: [policy]
        citation: Nowhere Code 1
        summary: Everyone helps.
        effective: "2020-01-01"
        source: {kind: official, url: "https://example.gov/code"}
    jurisdictions:
      "99001": {name: Nowhere County, formal: the County of Nowhere, activated: "2010-09-01"}
      zed-city: {name: City of Zed, kind: city}
offices:
  ero-nowhere:
    role: field-office
    attention: Director
    organization: [Nowhere Field Office]
    address: {street: 1 Main Street, city: Nowhere, state: ZZ, zip: "00002"}
    source: {url: "https://example.gov/offices", kind: third-party}
"""


def outcome(result: Result) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr. A bug comes through as the exception that it is."""
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def take_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each stream of a command in this process say that it is a terminal."""
    monkeypatch.setattr(testing._NamedTextIOWrapper, "isatty", lambda _: True)


def problem(result: Result) -> tuple[int, str]:
    """Return exit code and message of a fault of the command line, without the usage above it."""
    code, out, err = outcome(result)
    assert out == ""
    return code, err.partition("Error: ")[2]


def noted(err: str, prefix: str = "note: ") -> list[str]:
    """Return the notes that a command left on stderr, each a line with the prefix."""
    told = [line for line in err.splitlines() if not line.startswith("to see each note")]
    lines = [line for line in told if not line.startswith(("next: ", "written: "))]
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]


def parties(notes: list[str]) -> list[str]:
    """Return the recipients of whose contacts the notes tell."""
    heads = (re.match(r"(?:call|use|add) (?:the )?(bureau|ICE)\b", it) for it in notes)
    return [head[1].lower() for head in heads if head]


def lying_in(folder: Path) -> list[str]:
    """Return every file and empty folder below `folder`, sorted, but those of the register."""
    found = [it for it in folder.rglob("*") if not it.is_dir() or not any(it.iterdir())]
    names = sorted(it.relative_to(folder).as_posix() for it in found)
    own = re.compile(r"(.*/)?(\.optout/(end|lock|table)|register\.(csv|ndjson))")
    return [name for name in names if not own.fullmatch(name)]


def words(text: str) -> str:
    """Return a letter's text without its line breaks."""
    return re.sub(r"\s+", " ", text)


def paths(*names: str, folder: str = "") -> str:
    """Return paths as they are printed."""
    return "".join(f"{folder}{name}\n" for name in names)
