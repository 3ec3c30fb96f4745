"""Set up a request and a folder with wording of the user's own, and check them."""

from pathlib import Path

from command_results import Run, Write, outcome
from conftest import ROOT

EXTENDS = '{% extends "builtin:287g/terminate.html.j2" %}\n'
NAME = "287g/terminate.html.j2"
OWN = f"wording/{NAME}"
REQUEST = (ROOT / "examples" / "dakota-county-287g.yaml").read_text("utf-8")
WITH = ("--templates", "wording/")
LETTER = ("write", "r.yaml", "-f", "txt", "-o", "-", *WITH)


def own_wording(write: Write, folder: Path) -> Write:
    """Lay a request on the desk, and return what writes a file of wording."""
    write("r.yaml", REQUEST)
    (folder / "wording").mkdir()
    return lambda name, text="": write(f"wording/{name}", text)


def told(run: Run, *options: str) -> list[str]:
    """Return what `check` tells of the request with one's own wording, each on two lines."""
    return outcome(run("check", "-q", "r.yaml", *WITH, *options))[1].splitlines()
