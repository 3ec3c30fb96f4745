"""Print the time for the letters of the whole country: each county's to its bureau and to ICE.

Runs in the environment that `make bench` makes, and takes some minutes for each format. An overlay
makes up the e-mail addresses and fax numbers that the shipped data lacks. Each page is marked
SAMPLE; the script checks the mark on some of them, and deletes all letters.

Usage: python bench/country.py [FORMATS]..., such as pdf,fax eml
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from batch import OPTOUT, batch, files_in, measured, write_inputs

from bench import isolated

MARK = "SAMPLE"
WORDING = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block mark %}<p>SAMPLE</p>{% endblock %}
"""
FORMATS = sys.argv[1:] or ["pdf,fax", "eml"]
_CHECKED = 100  # every hundredth file


def main() -> None:
    """Measure and print, one table for each list of formats."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        write_inputs(folder, environment)
        options = sample(folder, environment)
        for formats in FORMATS:
            for line in country(folder, environment, formats, options):
                print(line, flush=True)


def sample(folder: Path, environment: dict[str, str]) -> list[str]:
    """Write an overlay of addresses and a template with the mark; return their options."""
    listed = subprocess.check_output((OPTOUT, "list", "offices", "--json"), env=environment)
    ids = [json.loads(line)["id"] for line in listed.splitlines()]
    routes = {
        id: {"email": f"{id}@example.gov", "fax": f"555-555-01{number % 100:02}"}
        for number, id in enumerate(ids)
    }
    states = {id[-2:].upper(): {"bureau": route} for id, route in routes.items() if "bureau-" in id}
    offices = {id: route for id, route in routes.items() if "bureau-" not in id}
    overlay = folder / "sample.json"
    overlay.write_text(json.dumps({"states": states, "offices": offices}))
    template = folder / "templates" / "secure-communities" / "opt-out.html.j2"
    template.parent.mkdir(parents=True)
    template.write_text(WORDING)
    return ["--data", str(overlay), "--templates", str(folder / "templates")]


def country(
    folder: Path, environment: dict[str, str], formats: str, options: list[str]
) -> Iterator[str]:
    """Yield the time to write all letters, and the time to find that they are written."""
    out = folder / formats
    rows = str(folder / "all.ndjson")
    command = batch(folder, rows, "-f", formats, "-o", str(out), *options)
    for name in ("written", "found finished"):
        cpu, took, peak = measured(command, environment)
        files = files_in(out)
        letters = files / len(formats.split(","))
        yield f"the country as {formats}, {name}: {took:.1f} s wall, {cpu:.1f} s CPU;"
        yield f"  {files:,} files, {letters / took:.1f} letters a second,"
        yield f"  largest process {peak:.0f} MiB"
    yield "  limit 5 s for what is found finished"
    pages = [page for path in sorted(out.rglob("*.*"))[::_CHECKED] for page in pages_of(path)]
    unmarked = sum(MARK not in "".join(page.split()) for page in pages)
    yield f"  pages checked: {len(pages)}; without the mark {MARK}: {unmarked}"


def pages_of(path: Path) -> Iterator[str]:
    """Yield the text of each page of a PDF or a fax; an e-mail is one page."""
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            yield from (page.get_textpage().get_text_bounded() for page in document)
    elif path.suffix in (".fax", ".eml"):
        yield from path.read_text("utf-8").split("\f")


if __name__ == "__main__":
    main()
