"""Who would be notified of a jurisdiction's letters, and what is known of them."""

from collections.abc import Iterator
from datetime import date

import msgspec

from optout_cli.cautions import contact_caution, law_cautions
from optout_cli.compose import recipients_of
from optout_cli.errors import Spot
from optout_cli.model.case import Case
from optout_cli.model.fields import Noun
from optout_cli.model.notice import Recipient
from optout_cli.model.places import Contact, Locality
from optout_cli.model.program import Program
from optout_cli.model.request import Request
from optout_cli.pipeline.library import Library


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
    laws: tuple[str, ...]


class Overview(Noun, frozen=True, kw_only=True):
    """A jurisdiction with the outlook of every program."""

    locality: Locality
    date: date
    outlooks: tuple[Outlook, ...]


def overview_of(query: str, library: Library, day: date, spot: Spot) -> Overview:
    """Look at the jurisdiction that `query` names. Raises OptoutError, placed at `spot`."""
    locality = library.directory.find(query, spot)
    outlooks = tuple(
        _outlook(id, program, locality, library, day)
        for id, program in sorted(library.programs.by_id.items())
    )
    return Overview(locality=locality, date=day, outlooks=outlooks)


def _outlook(id: str, program: Program, locality: Locality, library: Library, day: date) -> Outlook:
    cases = list(_cases(id, program, locality, library, day))
    recipients = recipients_of(cases[0])
    period = program.period(day)
    copies = [office for rule in program.recipients if rule.holds(day) for office in rule.copy]
    return Outlook(
        program=id,
        title=program.title,
        period=period.id if period else None,
        status=period.caution if period else None,
        letters=tuple(f"{id}/{name}" for name in sorted(program.letters)),
        recipients=recipients,
        contact_lines=tuple(contact_caution(cases[0], it).text for it in recipients),
        copies={office: locality.offices[office] for office in copies},
        laws=tuple(dict.fromkeys(it.text for case in cases for it in law_cautions(case))),
    )


def _cases(
    id: str, program: Program, locality: Locality, library: Library, day: date
) -> Iterator[Case]:
    """Yield the barest case of each letter kind: enough to know recipients and laws."""
    for name, kind in sorted(program.letters.items()):
        yield Case(
            request=Request(jurisdiction=locality.id, letter=f"{id}/{name}"),
            particulars=None,
            locality=locality,
            program=program,
            kind=kind,
            wording=library.programs.cautions,
            date=day,
            today=day,
        )


def as_builtins(overview: Overview) -> dict[str, object]:
    """Return the overview as plain data for JSON, without offices that have no part in it."""
    data: dict[str, object] = msgspec.to_builtins(overview)
    locality = data["locality"]
    assert isinstance(locality, dict)
    del locality["offices"], locality["origins"]
    return data
