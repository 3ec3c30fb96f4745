"""`optout show`: whom a jurisdiction notifies, and where each value comes from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import click
import msgspec

from optout_cli.cli.console import (
    is_request,
    page_width,
    print_json,
    print_text,
    report_problems,
)
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    JURISDICTION,
    date_option,
    json_option,
    library_from,
    library_options,
    requests,
    today,
)
from optout_cli.errors import Location, wrap
from optout_cli.letters.agreements import unlisted_text
from optout_cli.letters.compose import outline_case, recipients_of
from optout_cli.letters.notes import contact_line
from optout_cli.letters.pipeline import request_in
from optout_cli.model.fields import Noun
from optout_cli.model.jurisdiction import Agency, Agreement, Contact, Locality, Source
from optout_cli.model.notice import Recipient, ground_of
from optout_cli.model.program import Program
from optout_cli.model.request import Corrections, Request
from optout_cli.programs import program_notes

_LOCATION = 34  # columns for file and line, after the value
_LABEL = 14  # columns
_FIELDS = (  # of a contact
    "attention", "organization", "address.street", "address.city", "address.state", "address.zip",
    "envelope", "phone", "fax", "email", "website",
)  # fmt: skip
UNUSED = ("offices", "office-origins", "origins")  # fields of a locality that are not shown as JSON


class Outlook(Noun, frozen=True, kw_only=True):
    """One program on one day: its status, its letters, who receives them, and notes on them.

    The notes are those of every letter of that day, in full and with their sources.
    """

    program: str
    title: str
    period: str | None
    status: str | None
    letters: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    contact_lines: tuple[str, ...]
    copies: dict[str, Contact]
    notes: tuple[str, ...] = ()


class Overview(Noun, frozen=True, kw_only=True):
    """A jurisdiction with the outlook of every program; of a county, also its agencies, by slug.

    `agency_source` is the list in which the county's agencies are, or are not.
    """

    locality: Locality
    date: date
    outlooks: tuple[Outlook, ...]
    laws: tuple[str, ...]
    agencies: dict[str, Agency] = {}
    agency_source: Source | None = None


@click.command(
    "show",
    short_help="Show whom a jurisdiction notifies, and where each address is from.",
    epilog='optout show "Marin County, CA"\n'
    'optout show "Hialeah Police Department, FL"\n'
    "optout show marin-county-ca.yaml\n"
    "optout show 06041 --date 2010-08-31 --json",
)
@click.argument("what", metavar="JURISDICTION|REQUEST", shell_complete=requests)
@date_option
@json_option
@library_options
@report_problems
def command(
    what: str, day: date | None, as_json: bool, overlays: Sequence[str], folders: Sequence[Path]
) -> None:
    """Show whom a jurisdiction notifies.

    For each address: its file and line, its source and how old it is. Also the status of each
    program and the laws of the state.

    JURISDICTION is a FIPS code (06041), or a name: marin-county-ca or "Marin County, CA",
    also of an agency with a 287(g) agreement ("Hialeah Police Department, FL").
    For the file of a REQUEST: its program first, on its date, with the addresses that it corrects.
    """
    library = library_from(overlays, folders)
    if is_request(what):
        asked, location = request_in(what, library.programs), Location(what)
    else:
        asked, location = Request(jurisdiction=what, letter=DEFAULT_LETTER), JURISDICTION
    day = day or asked.date or today()
    directory = library.directory
    locality = directory.find(asked.jurisdiction, location)
    agencies: dict[str, Agency] = {}
    source: Source | None = None
    if locality.agency is None:
        state = locality.state_code
        agencies = dict(directory.agencies_in(state, locality.id))
        source = directory.agency_source(state) if agencies else directory.agency_list(state)
    overview = Overview(
        locality=locality,
        date=day,
        outlooks=tuple(
            _outlook(id, program, locality, day, asked.recipients)
            for id, program in sorted(library.programs.by_id.items())
        ),
        laws=tuple(law.in_words(locality.state_name) for law in locality.laws),
        agencies=agencies,
        agency_source=source,
    )
    if as_json:
        data = msgspec.to_builtins(overview)
        for name in UNUSED:  # such as the offices
            del data["locality"][name]
        print_json(data)
    else:
        print_text("\n".join(_lines(overview, asked.letter)))


def _lines(overview: Overview, letter: str) -> Iterator[str]:
    """Lay out what is known, first of the program of a letter."""
    locality = overview.locality
    jurisdiction = locality.jurisdiction
    ids = dict.fromkeys((locality.slug, locality.id))  # the same if a data file of the user adds it
    yield f"{locality.name} ({', '.join(ids)})"
    name = jurisdiction.formal or jurisdiction.name
    key = "jurisdiction.formal" if jurisdiction.formal else "jurisdiction.name"
    yield from _pair("in a letter", name, locality.origins, key)
    if jurisdiction.note:
        yield from _pair("note", jurisdiction.note, locality.origins, "jurisdiction.note")
    if locality.agency:
        yield from _agency_lines(locality, locality.agency)
    else:
        day, key = jurisdiction.activated, "jurisdiction.activated"
        yield from _pair("activated", str(day or "no date found"), locality.origins, key)
        if day and (source := locality.activation_source):
            yield from _pair("", f"source: {source.kind}, {source.url}")
        listed = [
            f"{slug}: {'; '.join(map(_agreement_text, agency.agreements)) or 'no agreement'}"
            for slug, agency in overview.agencies.items()
        ]
        for text in listed or [unlisted_text(locality, overview.agency_source)]:
            yield from _pair("agency", text)
        if source := overview.agency_source:
            dated = f"{source.kind}, {source.date or 'undated'}, {source.url or 'no address'}"
            yield from _pair("", f"source: {dated}")
    own = letter.partition("/")[0]
    shown: set[object] = set()
    for outlook in sorted(overview.outlooks, key=lambda outlook: outlook.program != own):
        yield ""
        yield from _outlook_lines(outlook, overview.date, locality, shown)
    yield ""
    count = len(overview.laws)
    yield f"State laws that optout knows: {count or 'none, but there may be some'}; ask counsel"
    for number, law in enumerate(overview.laws):
        yield from _indent(f"{law} [{locality.origins[f'laws.{number}']}]")


def _agency_lines(locality: Locality, agency: Agency) -> Iterator[str]:
    origins = locality.origins
    if kind := agency.kind or agency.type:
        yield from _pair("kind", kind, origins, "jurisdiction.kind")
    county = f"{locality.county_name} ({agency.county})" if agency.county else "not known"
    yield from _pair("county", county, origins, "jurisdiction.county")
    for agreement in agency.agreements:
        text = _agreement_text(agreement)
        yield from _pair("agreement", text, origins, "jurisdiction.agreements")
    if locality.agency_source:
        yield from _source_lines(locality.agency_source)


def _agreement_text(agreement: Agreement) -> str:
    signed = f"{agreement.model}, signed {agreement.signed or 'on an unknown day'}"
    return f"{signed}, with an addendum" if agreement.addendum else signed


def _outlook_lines(
    outlook: Outlook, day: date, locality: Locality, shown: set[object]
) -> Iterator[str]:
    """Lay out a program; contacts that are `shown` already get one line."""
    period = f"for letters of {day}" if outlook.period else f"not yet begun on {day}"
    yield f"{outlook.title}, {period}"
    if outlook.status:
        yield from _indent(outlook.status)
    yield from _indent(f"letters: {', '.join(outlook.letters)}")
    for recipient, line in zip(outlook.recipients, outlook.contact_lines, strict=True):
        yield ""
        yield from _indent(f"To {line}")
        yield from _contact_lines(recipient.contact, recipient.origins, shown)
    for id, contact in outlook.copies.items():
        yield ""
        yield f"  Copy to {id}"
        yield from _contact_lines(contact, locality.origins_of(id), shown)
    if outlook.notes:
        yield ""
        yield "  Notes on letters of this day"
        for text in outlook.notes:
            yield from wrap(text, page_width(), "  - ", "    ")


def _contact_lines(
    contact: Contact, origins: Mapping[str, str], shown: set[object]
) -> Iterator[str]:
    key = contact.organization, contact.address, contact.attention
    if contact.organization and key in shown:
        yield from _pair("as above", ", ".join(contact.block))
        return
    shown.add(key)
    known = {path: contact.text_at(path) for path in _FIELDS}
    for path in filter(known.get, known):
        yield from _pair(path.removeprefix("address."), known[path], origins, path)
    # Few letters need an addressee or lines for an envelope.
    missing = [path for path in known if not (known[path] or path in ("attention", "envelope"))]
    if contact.organization and missing:
        names = ", ".join(path.removeprefix("address.") for path in missing)
        yield from _pair("not known", names)
    if contact.source:
        yield from _source_lines(contact.source, origins)


def _source_lines(source: Source, origins: Mapping[str, str] = {}) -> Iterator[str]:
    is_own = ground_of("", {}, source).kind == "own"  # its note says all
    found = f"{source.kind}, {source.date or 'undated'}, {source.url or 'no web address'}"
    found = f"{source.note} ({source.date})" if is_own else found
    yield from _pair("source", found, origins, "source")
    if source.note and not is_own:
        yield from _indent(source.note, indent=_LABEL + 2)


def _pair(label: str, value: str, origins: Mapping[str, str] = {}, path: str = "") -> Iterator[str]:
    """Lay out one value, on one or more lines: `  phone    555-0123    jurisdictions.yaml:280`."""
    columns = page_width()
    width = columns - _LOCATION
    head = f"  {label:<{_LABEL}}"
    location = origins.get(path, "")
    first, *others = wrap(value, width if location else columns, head, " " * len(head))
    yield f"{first:<{width}}  {location}".rstrip()
    yield from others


def _indent(text: str, indent: int = 2) -> list[str]:
    return wrap(text, page_width(), " " * indent)


def _outlook(
    id: str, program: Program, locality: Locality, day: date, corrections: Corrections
) -> Outlook:
    letters = tuple(f"{id}/{name}" for name in sorted(program.letters))
    # Any letter kind will do: the program and the day alone decide who receives a letter.
    request = Request(jurisdiction=locality.id, letter=letters[0], recipients=corrections)
    kind = program.letters[letters[0].partition("/")[2]]
    case = outline_case(request, locality, program, kind, day)
    recipients = recipients_of(case)
    period = program.period(day)
    copied = {copy.office for rule in program.recipients_on(day) for copy in rule.copy}
    return Outlook(
        program=id,
        title=program.title,
        period=period.id if period else None,
        status=period.note if period else None,
        letters=letters,
        recipients=recipients,
        contact_lines=tuple(contact_line(case, recipient) for recipient in recipients),
        copies={id: contact for id in sorted(copied) if (contact := locality.contact_of(id))},
        notes=tuple(
            dict.fromkeys(
                note.text
                for kind in program.letters.values()
                for note in program_notes(msgspec.structs.replace(case, kind=kind))
            )
        ),
    )
