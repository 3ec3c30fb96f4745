"""Run `optout batch` on a small table, and read the folder that it wrote."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any  # an event has the many shapes of the model

from command_results import Run, lying_in, outcome

from optout_cli.register.events import line_of
from optout_cli.register.state import load_register

COMMON = "letter: secure-communities/opt-out\ndate: 2026-11-20\n"
HEADER = "jurisdiction,signatory.name,signatory.title\n"
ROWS = "50001,Pat,Sheriff\n50003,Pat,Sheriff\n50005,Alex,Sheriff\n"
SLUGS = ("addison-county-vt", "bennington-county-vt", "caledonia-county-vt")
FILES = [
    f"out/VT/{slug}/2026-11-20-opt-out-{party}.txt" for slug in SLUGS for party in ("bureau", "ice")
]
BAD = """\
jurisdiction,signatory.name,signatory.title,date,signatory.fx
6041,Pat,Sheriff,,
50001,Pat,Sheriff,,
50003,Pat,,soon,
50005,Pat,Sheriff,,9
50005,Pat,Sheriff,,
50005,Pat,Sheriff,,
"""
SEAL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
# Python reads this file at its start. Without it a batch could end before a test's signal arrives.
SLOW_DISK = """\
import sys, time

def wait(event, arguments):
    if event in ("os.rename", "os.link") and str(arguments[1]).endswith(".pdf"):
        time.sleep(0.25)

sys.addaudithook(wait)
"""
Batch = Callable[..., tuple[int, str, str]]


def batch_in(folder: Path, run: Run) -> Batch:
    """Write the table; return what runs `optout batch n.csv --common common.yaml -f txt -j1 ...`.

    Its `table` is another text for the table, its `name` and `common` are other files.
    """
    (folder / "common.yaml").write_text(COMMON, "utf-8")
    (folder / "n.csv").write_text(HEADER + ROWS, "utf-8")

    def call(
        *options: str, table: str | None = None, name: str = "n.csv", common: str = "common.yaml"
    ) -> tuple[int, str, str]:
        if table is not None:
            (folder / name).write_text(table, "utf-8")
        return outcome(run("batch", name, "--common", common, "-f", "txt", "-j1", *options))

    return call


def slow_down(folder: Path) -> dict[str, str]:
    """Return the environment of a process for which every PDF takes a quarter of a second."""
    (folder / "sitecustomize.py").write_text(SLOW_DISK, "utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}


def records(folder: Path = Path("out")) -> list[dict[str, object]]:
    """Return what `--ndjson` prints of each file that is in its place."""
    found = load_register(folder).existing()
    return [json.loads(line_of(found[path], folder)) for path in sorted(found)]


def events(folder: Path = Path("out")) -> list[dict[str, Any]]:
    """Return the events of a folder's register."""
    lines = (folder / "register.ndjson").read_text("utf-8").splitlines()
    return [json.loads(it) for it in lines]


def current(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder but those in a folder `earlier`."""
    return {name: it for name, it in below(folder).items() if "earlier/" not in name}


def below(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder with its content."""
    files = {name: folder / name for name in lying_in(folder)}
    return {name: path.read_bytes() for name, path in files.items() if path.is_file()}
