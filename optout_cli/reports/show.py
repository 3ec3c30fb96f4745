"""What optout knows about a jurisdiction: who receives its letters, and the laws of its state."""

from datetime import date

import msgspec

from optout_cli.errors import Location
from optout_cli.letters.compose import outline_case, recipients_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import contact_line, law_text
from optout_cli.model.fields import Noun
from optout_cli.model.jurisdiction import Agency, Contact, Locality, Source
from optout_cli.model.notice import Recipient
from optout_cli.model.program import Program
from optout_cli.model.request import Corrections, Request
from optout_cli.programs import program_notes

UNUSED = ("offices", "origins")  # fields of a locality that are not shown as JSON


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
    """A jurisdiction with the outlook of every program; of a county, also its agencies, by slug."""

    locality: Locality
    date: date
    outlooks: tuple[Outlook, ...]
    laws: tuple[str, ...]
    agencies: dict[str, Agency] = {}
    agency_source: Source | None = None


def overview_of(
    query: str,
    library: Library,
    day: date,
    location: Location,
    recipients: Corrections | None = None,
) -> Overview:
    """Return what is known about the jurisdiction that `query` names, as of `day`.

    `recipients` are a request's corrections to the contacts. Raises OptoutError at `location`.
    """
    corrections = recipients or Corrections()
    locality = library.directory.find(query, location)
    outlooks = tuple(
        _outlook(id, program, locality, day, corrections)
        for id, program in sorted(library.programs.by_id.items())
    )
    laws = tuple(law_text(law, locality.state_name) for law in locality.laws)
    agencies: dict[str, Agency] = {}
    if locality.agency is None:
        agencies = dict(library.directory.agencies_in(locality.state_code, locality.id))
    return Overview(
        locality=locality,
        date=day,
        outlooks=outlooks,
        laws=laws,
        agencies=agencies,
        agency_source=library.directory.agency_source(locality.state_code) if agencies else None,
    )


def _outlook(
    id: str,
    program: Program,
    locality: Locality,
    day: date,
    corrections: Corrections,
) -> Outlook:
    letters = tuple(f"{id}/{name}" for name in sorted(program.letters))
    # Any letter kind will do: the program and the day alone decide who receives a letter.
    request = Request(jurisdiction=locality.id, letter=letters[0], recipients=corrections)
    kind = program.letters[letters[0].partition("/")[2]]
    case = outline_case(request, locality, program, kind, day)
    recipients = recipients_of(case)
    period = program.period(day)
    rules = [rule for rule in program.recipients if rule.holds(day)]
    copied = {copy.office for rule in rules for copy in rule.copy}
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


def as_builtins(overview: Overview) -> dict[str, object]:
    """Return the overview as plain data for JSON, without the offices that it does not use."""
    data: dict[str, object] = msgspec.to_builtins(overview)
    locality = data["locality"]
    assert isinstance(locality, dict)
    for name in UNUSED:
        del locality[name]
    return data
