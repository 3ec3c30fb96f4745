"""Write the opt-out letter for each period, activation and addressing, as golden/*.txt has it.

Three jurisdictions take turns, each with a request of its own: one that fills everything in, a
plain one, and a draft that recalls an earlier request.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

import msgspec
from conftest import TODAY
from make_letters import case_for, document_of

from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.letters.render import render
from optout_cli.lint.samples import samples
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case
from optout_cli.programs import refusals
from optout_cli.readers.document import Tree

SAMPLE_NUMBER = "7020 0001 0000 0000 0002"  # of certified mail, with its check digit
DAYS = {
    "before-procedure": date(2010, 8, 3),
    "procedure": date(2010, 9, 15),
    "contested": date(2010, 11, 15),
    "closed": date(2026, 11, 20),
}
ACTIVATIONS = ("active", "scheduled", "no-date")
ADDRESSINGS = ("separate", "joint")

FULL = """\
jurisdiction: dona-ana-county-nm
letter: secure-communities/opt-out
ori: NM0000000
signatory:
  name: María Placeholder
  title: Sheriff
  office: Doña Ana County Sheriff's Office
  address: {{street: [123 Placeholder Street], city: Las Cruces, state: NM, zip: "88000"}}
  phone: 575-555-0100
  fax: 575-555-0101
  email: sheriff@example.gov
authority:
  - {{instrument: Resolution, number: 10-01, date: {earlier}, body: Board of County Commissioners,
     vote: 5 to 0}}
recipients:
  bureau: {{email: bureau@example.gov}}
  ice: {{fax: 202-555-0112}}
service:
  bureau: [{{by: certified-mail, number: "7020 0001 0000 0000 0026"}}, {{by: email}}]
  ice: [{{by: certified-mail, number: "7020 0001 0000 0000 0028"}}, {{by: fax}}]
particulars:
  reasons:
    - Victims and witnesses must be able to speak to a deputy without fear.
    - The county's jail has no staff to spare for the requests that follow.
  meeting-dates: [{later}, {latest}]
  meeting-place: at the Sheriff's Office, 123 Placeholder Street, Las Cruces
  meeting-contact: Undersheriff Pat Placeholder, telephone 575-555-0102
  reply-by: {latest}
  declines: [match-results, detainers, 287g]
enclosures: [{{title: Map of the county}}]
cc:
  - {{name: Alex Placeholder, title: County Attorney}}
  - {{title: Chair, organization: Board of County Commissioners}}
"""
PLAIN = """\
jurisdiction: orleans-parish-la
letter: secure-communities/opt-out
signatory:
  name: Sam Placeholder
  title: Sheriff
  office: Orleans Parish Sheriff's Office
  address: {{street: [123 Placeholder Street], city: New Orleans, state: LA, zip: "70100"}}
service: {{bureau: [{{by: mail}}], ice: [{{by: hand}}]}}
"""
DRAFT = """\
jurisdiction: alexandria-city-va
letter: secure-communities/opt-out
particulars:
  earlier:
    - {{date: {earlier}, to: the Governor, asked: to be left out, answered: {answered},
       answer: Declined.}}
    - {{date: {answered}, to: ICE}}
"""
TURNS = (FULL, PLAIN, DRAFT)
EVERYWHERE = date(2013, 1, 23)  # from when on no activation lies ahead
BEFORE_ACTIVATION = ("secure-communities/adjust-date",)


class Setting(NamedTuple):
    """One letter's setting; its name is the golden file's."""

    period: str
    activation: str
    addressing: str

    def __str__(self) -> str:
        return "-".join(self)


SETTINGS = [Setting(*it) for it in product(DAYS, ACTIVATIONS, ADDRESSINGS)]


def letters_in(setting: Setting, library: Library) -> tuple[Letter, ...]:
    """Return the letters of a setting, the bureau's and ICE's."""
    day = DAYS[setting.period]
    turn = TURNS[sum(_indexes(setting)) % len(TURNS)]
    lines = f"{{date: {day}, addressing: {setting.addressing}}}"
    if setting.activation == "scheduled":
        planned = day + timedelta(45)
        lines = f"{lines[:-1]}, particulars: {{scheduled: {planned}}}}}"
    case = case_for(library, lines, turn.format(**_dates(day)))
    if setting.activation != "active":
        case = not_activated(case)
    return tuple(render(it, library.templates) for it in compose(case))


def sample_letters(kind: str, turn: int, library: Library) -> tuple[Letter, ...]:
    """Return today's letters of a kind for one of the jurisdictions, as drafts."""
    return kind_letters(kind, DAYS["closed"], TURNS[turn], library)


def kind_letters(kind: str, day: date, turn: str, library: Library) -> tuple[Letter, ...]:
    """Return the letters of a kind, with a sample of what the turn's request does not give.

    A letter that makes no sense once a jurisdiction is active is of a day on which this was not.
    """
    if kind in BEFORE_ACTIVATION and day >= EVERYWHERE:
        day = EVERYWHERE - timedelta(300)
    document = document_of(f"{{date: {day}, letter: {kind}}}", turn.format(**_dates(day)))
    declared = library.programs.find(kind)[1].particulars
    given = document.data.get("particulars", {})
    assert isinstance(given, dict)
    for whole in samples(declared, day):
        particulars = {
            name: given.get(name, it)
            for name, it in whole.items()
            if name in given or turn != PLAIN or declared[name].required
        }
        for way in particulars.get("served", ()):
            if isinstance(way, dict) and "number" in way:  # a letter takes only real ones
                way |= {"by": "certified-mail", "number": SAMPLE_NUMBER}
        document.data["particulars"] = {name: _once(it) for name, it in particulars.items()}
        case = case_of(document, library, Order(today=TODAY, is_draft=True))
        if kind in BEFORE_ACTIVATION:
            case = not_activated(case)
        if not any(refusals(case)):  # of another model, perhaps
            return tuple(render(it, library.templates) for it in compose(case))
    return ()


def _once(value: Tree) -> Tree:
    """Return a value with each entry of a list once: a letter says nothing twice."""
    if not isinstance(value, list):
        return value
    return [it for number, it in enumerate(value) if it not in value[:number]]


def not_activated(case: Case) -> Case:
    place = msgspec.structs.replace(case.locality.jurisdiction, activated=None)
    return msgspec.structs.replace(
        case, locality=msgspec.structs.replace(case.locality, jurisdiction=place)
    )


def _dates(day: date) -> dict[str, date]:
    apart = {"earlier": -60, "answered": -30, "later": 14, "latest": 21}
    return {name: day + timedelta(days) for name, days in apart.items()}


def _indexes(setting: Setting) -> Iterator[int]:
    yield list(DAYS).index(setting.period)
    yield ACTIVATIONS.index(setting.activation)
    yield ADDRESSINGS.index(setting.addressing)
