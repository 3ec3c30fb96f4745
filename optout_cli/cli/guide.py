"""`optout guide`: a checklist for one letter: whom to notify, how, with what, and what is next."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli.console import is_request, put_file, report_problems
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    JURISDICTION,
    date_option,
    engine_option,
    files,
    force_option,
    format_of,
    letters,
    library_from,
    library_options,
    path_for,
    pdf_path,
    requests,
    today,
    with_engine,
)
from optout_cli.cli.value_types import Choice
from optout_cli.errors import Location
from optout_cli.exporters import Options
from optout_cli.letters.pipeline import request_in
from optout_cli.model.letter import EngineName
from optout_cli.model.request import Request
from optout_cli.reports.guide import encode_guide, guide_of

_FORMATS = ("txt", "html", "pdf")


@click.command(
    "guide",
    short_help="Show step by step how a jurisdiction gives notice.",
    epilog="optout guide marin-county-ca\n"
    "optout guide dakota-county-ne --letter 287g/terminate\n"
    "optout guide marin-county-ca.yaml -f html",
)
@click.argument("what", metavar="JURISDICTION|REQUEST", shell_complete=requests)
@click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    shell_complete=letters,
    help="Which letter (see `optout list letters`).  [default: the request's, or"
    f" {DEFAULT_LETTER}]",
)
@date_option
@click.option(
    "-f",
    "--format",
    "name",
    type=Choice(_FORMATS),
    help="Plain text, a web page, or pages to print.  [default: as FILE ends, or txt]",
)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="A folder, a file, or - for standard output.  [default: -; for a PDF on a terminal: ./]",
)
@force_option
@engine_option
@library_options
@report_problems
def command(
    what: str,
    letter: str | None,
    day: date | None,
    name: str | None,
    output: str | None,
    force: bool,
    engine: EngineName | None,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Show step by step how a jurisdiction gives notice, on one or two pages.

    The guide says whom to notify and how, where each address comes from and how old it is, what the
    letter needs, what it can and cannot do on its date, what state law requires, what to do next,
    and which letter answers which reply.

    JURISDICTION is a FIPS code (06041), or a name: marin-county-ca or "Marin County, CA",
    also of an agency with a 287(g) agreement ("Hialeah Police Department, FL").
    For the file of a REQUEST, the guide leaves out what you have already decided.
    """
    is_open = name is None
    name = name or format_of(output, _FORMATS) or "txt"
    look = Options(engine=engine)
    if name == "pdf":
        look = with_engine(look, [name], quiet=False)
    library = library_from(overlays, folders, look)
    letter = letter and library.programs.id_of(letter)
    if is_request(what):
        asked, location = request_in(what, library.programs, letter), Location(what)
    else:
        asked = Request(jurisdiction=what, letter=letter or DEFAULT_LETTER)
        location = JURISDICTION
    day = day or asked.date or today()
    guide = guide_of(asked, library, day, location)
    content = encode_guide(guide, day, name, library)
    file, noun = f"{guide.file_name}.{name}", f"file of format {name}"
    if output is None:  # to standard output, but no PDF goes to a terminal
        path = Path(file) if name == "pdf" and sys.stdout.isatty() else None
    elif name == "pdf":
        path = pdf_path(output, file, noun)
    elif is_open:  # the name of the file may choose the format
        path = path_for(output, file, ("guide", *(f".{form}" for form in _FORMATS)))
    else:
        path = path_for(output, file, (noun, f".{name}"))
    put_file(path, content, force=force)
