"""`optout show`: who would be notified, by what route, and where each value was read."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli.console import is_request, print_json, report_problems
from optout_cli.cli.options import (
    date_option,
    json_option,
    library_from,
    library_options,
    requests,
    today,
)
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import Location
from optout_cli.letters.pipeline import request_in
from optout_cli.model.jurisdiction import Contact
from optout_cli.reports.show import Outlook, Overview, as_builtins, overview_of

_WIDEST = 100  # columns
_PLACE = 34  # columns for file and line, behind the value
_LABEL = 14
_OWN = ("envelope",)  # what an office need not have


@click.command(
    "show",
    short_help="Show who would be notified of a jurisdiction's letters.",
    epilog='Example:  optout show "Marin County, CA"',
)
@click.argument("what", metavar="JURISDICTION|REQUEST", shell_complete=requests)
@date_option
@json_option
@library_options
@report_problems
def command(
    what: str, day: date | None, as_json: bool, overlays: Sequence[str], folders: Sequence[Path]
) -> None:
    """Show who would be notified of a jurisdiction's letters.

    With the file, line, source and age of each contact, each program's status, and the state's
    laws.

    JURISDICTION is a FIPS code (06041), a slug (marin-county-ca) or a name ("Marin County, CA").
    With a REQUEST's file, what that knows better of the recipients is shown as well.
    """
    library, day = library_from(overlays, folders), day or today()
    if is_request(what):
        given = request_in(what)
        location = Location(what)
        overview = overview_of(given.jurisdiction, library, day, location, given.recipients)
    else:
        overview = overview_of(what, library, day, Location("JURISDICTION", is_command_line=True))
    if as_json:
        print_json(as_builtins(overview))
    else:
        click.echo("\n".join(_lines(overview)))


def _lines(overview: Overview) -> Iterator[str]:
    locality = overview.locality
    jurisdiction = locality.jurisdiction
    ids = dict.fromkeys((locality.slug, locality.id))  # the same where an overlay named it
    yield f"{locality.name} ({', '.join(ids)})"
    yield from _pair(
        "in a letter",
        jurisdiction.formal or jurisdiction.name,
        locality.origins,
        "jurisdiction.formal" if jurisdiction.formal else "jurisdiction.name",
    )
    day = jurisdiction.activated
    yield from _pair(
        "activated", str(day or "no date found"), locality.origins, "jurisdiction.activated"
    )
    if day and locality.activation_source:
        yield from _pair(
            "",
            f"source: {locality.activation_source.kind}, {locality.activation_source.url}",
            {},
            "",
        )
    usual = DEFAULT_LETTER.partition("/")[0]
    for outlook in sorted(overview.outlooks, key=lambda it: it.program != usual):
        yield ""
        yield from _outlook_lines(outlook, overview.date, locality.origins)
    yield ""
    yield f"State laws known here: {len(overview.laws) or 'none, which does not mean none'}"
    for number, law in enumerate(overview.laws):
        yield from _wrapped(f"{law} [{locality.origins[f'laws.{number}']}]")


def _outlook_lines(outlook: Outlook, day: date, origins: Mapping[str, str]) -> Iterator[str]:
    yield f"{outlook.title}, {f'in letters of {day}' if outlook.period else f'not begun on {day}'}"
    if outlook.status:
        yield from _wrapped(outlook.status)
    yield from _wrapped(f"letters: {', '.join(outlook.letters)}")
    for recipient, line in zip(outlook.recipients, outlook.contact_lines, strict=True):
        yield ""
        yield f"  To {line}"
        yield from _contact_lines(recipient.contact, recipient.origins)
    for id, contact in outlook.copies.items():
        yield ""
        yield f"  Copy to {id}"
        root = "bureau." if id == "bureau" else f"offices.{id}."
        own = {path.removeprefix(root): it for path, it in origins.items() if path.startswith(root)}
        yield from _contact_lines(contact, own)


def _contact_lines(contact: Contact, origins: Mapping[str, str]) -> Iterator[str]:
    address = contact.address
    known: list[tuple[str, str | None]] = [
        ("attention", contact.attention),
        ("organization", "; ".join(contact.organization)),
        ("address.street", "; ".join(address.street)),
        ("address.city", address.city),
        ("address.state", address.state),
        ("address.zip", address.zip),
        ("envelope", "; ".join(contact.envelope)),
        ("phone", contact.phone),
        ("fax", contact.fax),
        ("email", contact.email),
        ("website", contact.website),
    ]
    for path, value in known:
        if value:
            yield from _pair(path.removeprefix("address."), value, origins, path)
    if contact.organization:
        missing = [it.removeprefix("address.") for it, value in known if not (value or it in _OWN)]
        if missing:
            yield from _pair("not known", ", ".join(missing), {}, "")
    if source := contact.source:
        yield from _pair(
            "source",
            f"{source.kind}, {source.date or 'undated'}, {source.url or 'no address'}",
            origins,
            "source",
        )
        if source.note:
            yield from _wrapped(source.note, indent=_LABEL + 2)


def _pair(label: str, value: str, origins: Mapping[str, str], path: str) -> Iterator[str]:
    """Lay out a line, or more: `  phone         415-555-0123          jurisdictions.yaml:280`."""
    width = _columns() - _PLACE
    head = f"  {label:<{_LABEL}}"
    place = origins.get(path, "")
    first, *others = _fitted(value, width if place else _columns(), head, " " * len(head))
    yield f"{first:<{width}}  {place}".rstrip()
    yield from others


def _wrapped(text: str, indent: int = 2) -> list[str]:
    return _fitted(text, _columns(), " " * indent, " " * indent)


def _fitted(text: str, width: int, head: str, blanks: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=blanks,
        break_on_hyphens=False,  # an id is copied whole, and so is a link
        break_long_words=False,
    )


def _columns() -> int:
    """Return how wide the lines may be: a terminal's width, or a page's."""
    return min(_WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _WIDEST
