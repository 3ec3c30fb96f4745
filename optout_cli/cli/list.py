"""`optout list`: list jurisdictions, letters, agencies or formats, as a table or as NDJSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from optout_cli.cli.console import print_rows, report_problems, usage_error, wrap
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
@click.option("--state", metavar="CODE", help="Only those of this state, such as CA.")
@json_option
@library_options
@report_problems
def command(
    what: str, state: str | None, as_json: bool, overlays: Sequence[str], folders: Sequence[Path]
) -> None:
    """List what optout knows: WHAT is jurisdictions, letters, agencies or formats."""
    library = library_from(overlays, folders)
    if state is not None:
        if what not in _BY_STATE:
            usage_error(f"{what} are the same in every state", "leave --state out")
        state = code_of(state, library)
    if what == "letters" and not as_json:
        click.echo("\n".join(_letter_lines(library)).rstrip("\n"))
        return
    print_rows(list(_rows(what, library, state)), as_json=as_json, has_numbers=False)


def _rows(what: str, library: Library, state: str | None) -> Iterator[Row]:
    match what:
        case "jurisdictions":
            for code, id, jurisdiction in library.directory.all(state):
                yield {
                    "id": id,
                    "slug": library.directory.slug(code, id),
                    "name": jurisdiction.name,
                    "state": code,
                    "activated": jurisdiction.activated and jurisdiction.activated.isoformat(),
                }
        case "letters":
            for id, _, kind in library.programs.letters():
                yield {
                    "id": id,
                    "title": kind.title,
                    "summary": kind.summary,
                    "follows": kind.follows,
                    "particulars": kind.particulars,
                }
        case "agencies":
            yield from _agencies(library, state)
        case _:
            for name, exporter in all_exporters().items():
                yield {"id": name, "title": exporter.DESCRIPTION}


def _letter_lines(library: Library) -> Iterator[str]:
    """Yield each letter's id and title, its summary, and its particulars."""
    for id, _, kind in library.programs.letters():
        yield f"{id}: {kind.title}"
        yield from wrap(kind.summary, _COLUMNS, "  ")
        particulars = kind.particulars.items()
        for label, is_required in (("needs", True), ("may have", False)):
            if names := [name for name, spec in particulars if spec.required == is_required]:
                yield from wrap(f"{label}: {', '.join(names)}", _COLUMNS, "  ")
        yield ""


def _agencies(library: Library, state: str | None) -> Iterator[Row]:
    wanted = library.directory.offices_of(state) if state else None
    for id, _, contact in library.directory.contacts():
        if wanted is None or id in wanted:
            yield {
                "id": id,
                "name": ", ".join(contact.organization),
                "city": contact.address.city,
                "source": contact.source and contact.source.kind,
                "dated": contact.source and contact.source.date,
                "verified": contact.verified and contact.verified.isoformat(),
            }
