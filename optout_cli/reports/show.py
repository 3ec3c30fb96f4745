"""Who would be notified of a jurisdiction's letters, and what is known of them."""

from datetime import date

import msgspec

from optout_cli.errors import Location
from optout_cli.letters.compose import recipients_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import contact_note, law_text
from optout_cli.model.fields import Noun
from optout_cli.model.jurisdiction import Contact, Locality
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import Program
from optout_cli.model.request import Corrections, Request


class Outlook(Noun, frozen=True, kw_only=True):
    """One program on one day: its status, its letters, who receives them, and what to know."""

    program: str
    title: str
    period: str | None
    status: str | None
    letters: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    contact_lines: tuple[str, ...]
    copies: dict[str, Contact]


class Overview(Noun, frozen=True, kw_only=True):
    """A jurisdiction with the outlook of every program."""

    locality: Locality
    date: date
    outlooks: tuple[Outlook, ...]
    laws: tuple[str, ...]


def overview_of(
    query: str,
    library: Library,
    day: date,
    location: Location,
    recipients: Corrections | None = None,
) -> Overview:
    """Look at the jurisdiction that `query` names, with what is known better of its recipients.

    Raises OptoutError, placed at `spot`.
    """
    corrections = recipients or Corrections()
    locality = library.directory.find(query, location)
    outlooks = tuple(
        _outlook(id, program, locality, library, day, corrections)
        for id, program in sorted(library.programs.by_id.items())
    )
    words = library.programs.notes
    laws = tuple(law_text(it, locality.state_name, words) for it in locality.laws)
    return Overview(locality=locality, date=day, outlooks=outlooks, laws=laws)


def _outlook(
    id: str,
    program: Program,
    locality: Locality,
    library: Library,
    day: date,
    corrections: Corrections,
) -> Outlook:
    letters = tuple(f"{id}/{name}" for name in sorted(program.letters))
    # The barest case there is: who receives depends on the program and the day alone.
    case = Case(
        request=Request(jurisdiction=locality.id, letter=letters[0], recipients=corrections),
        particulars=None,
        locality=locality,
        program=program,
        kind=program.letters[letters[0].partition("/")[2]],
        wording=library.programs.notes,
        date=day,
        today=day,
    )
    recipients = recipients_of(case)
    period = program.period(day)
    rules = [rule for rule in program.recipients if rule.holds(day)]
    copied = {it.office for rule in rules for it in rule.copy}
    return Outlook(
        program=id,
        title=program.title,
        period=period.id if period else None,
        status=period.note if period else None,
        letters=letters,
        recipients=recipients,
        contact_lines=tuple(contact_note(case, it).text for it in recipients),
        copies={it: contact for it in sorted(copied) if (contact := locality.agency(it))},
    )


def as_builtins(overview: Overview) -> dict[str, object]:
    """Return the overview as plain data for JSON, without offices that have no part in it."""
    data: dict[str, object] = msgspec.to_builtins(overview)
    locality = data["locality"]
    assert isinstance(locality, dict)
    del locality["offices"], locality["origins"]
    return data
