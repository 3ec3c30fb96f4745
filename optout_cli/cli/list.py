"""`optout list`: jurisdictions, letters, agencies and formats, as a table or as NDJSON."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from tabulate import tabulate

from optout_cli.cli.console import print_json, report_problems, usage_error
from optout_cli.cli.options import code_of, json_option, library_from, library_options
from optout_cli.exporters import all_exporters
from optout_cli.letters.library import Library

Row = Mapping[str, object]
_COLUMNS = 100
_BY_STATE = ("jurisdictions", "agencies")


@click.command(
    "list",
    short_help="List jurisdictions, letters, agencies or formats.",
    epilog="Example:  optout list jurisdictions --state VT --json",
)
@click.argument(
    "what", metavar="WHAT", type=click.Choice(["jurisdictions", "letters", "agencies", "formats"])
)
@click.option("--state", metavar="CODE", help="Only this state's, such as CA.")
@json_option
@library_options
@report_problems
def command(
    what: str, state: str | None, as_json: bool, overlays: Sequence[str], folders: Sequence[Path]
) -> None:
    """List what there is: WHAT is jurisdictions, letters, agencies or formats."""
    library = library_from(overlays, folders)
    if state is not None:
        if what not in _BY_STATE:
            usage_error(f"{what} are the same in every state", "leave --state out")
        state = code_of(state, library)
    if what == "letters" and not as_json:
        click.echo("\n".join(_letter_lines(library)).rstrip("\n"))
        return
    rows = list(_rows(what, library, state))
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        click.echo(tabulate(rows, headers="keys", tablefmt="plain", disable_numparse=True))


def _rows(what: str, library: Library, state: str | None) -> Iterator[Row]:
    match what:
        case "jurisdictions":
            yield from _jurisdictions(library, state)
        case "letters":
            yield from _letters(library)
        case "agencies":
            yield from _agencies(library, state)
        case _:
            for name, exporter in all_exporters().items():
                yield {"id": name, "title": exporter.DESCRIPTION}


def _jurisdictions(library: Library, state: str | None) -> Iterator[Row]:
    for code, id, it in library.directory.all(state):
        yield {
            "id": id,
            "slug": library.directory.slug(code, id),
            "name": it.name,
            "state": code,
            "activated": it.activated and it.activated.isoformat(),
        }


def _letters(library: Library) -> Iterator[Row]:
    for id, _, kind in library.programs.letters():
        yield {
            "id": id,
            "title": kind.title,
            "summary": kind.summary,
            "follows": kind.follows,
            "particulars": kind.particulars,
        }


def _letter_lines(library: Library) -> Iterator[str]:
    """Yield each letter's id and title, its purpose, and the particulars that it takes."""
    for id, _, kind in library.programs.letters():
        yield f"{id}: {kind.title}"
        yield from _wrapped(kind.summary)
        names = kind.particulars
        for label, wanted in (("needs", True), ("may have", False)):
            if found := [it for it in names if names[it].required == wanted]:
                yield from _wrapped(f"{label}: {', '.join(found)}")
        yield ""


def _wrapped(text: str) -> list[str]:
    indent = "  "
    return textwrap.wrap(
        text,
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,  # a name is copied whole
    )


def _agencies(library: Library, state: str | None) -> Iterator[Row]:
    wanted = library.directory.agencies_of(state) if state else None
    for id, _, it in library.directory.contacts():
        if wanted is None or id in wanted:
            yield {
                "id": id,
                "name": ", ".join(it.organization),
                "city": it.address.city,
                "source": it.source and it.source.kind,
                "dated": it.source and it.source.date,
                "verified": it.verified and it.verified.isoformat(),
            }
