"""Write every letter kind in every period for three jurisdictions, as golden/family/ has it.

Doña Ana has an accent and gives everything; Orleans Parish gives what is needed and has neither fax
nor e-mail; Missoula's bureau has a long address, and its requests give a part.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from conftest import TODAY
from letters_by_period import BEFORE_ACTIVATION, FULL, PLAIN, not_activated
from make_letters import KINDS, document_of

from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.letters.render import render
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case
from optout_cli.readers.document import Tree
from optout_cli.readers.yaml import document_from_yaml

LONG = """\
jurisdiction: missoula-county-mt
letter: secure-communities/opt-out
signatory:
  name: Robin Placeholder
  title: Chair of the Board of County Commissioners
  office: Missoula County
  address: {{street: [123 Placeholder Street], city: Missoula, state: MT, zip: "59800"}}
authority: [{{instrument: Resolution, number: "7", body: the Board of County Commissioners}}]
"""
REQUESTS = {"dona-ana": FULL, "orleans": PLAIN, "missoula": LONG}
# A day in each period of each program.
DAYS = {
    "secure-communities": {
        "before-procedure": date(2010, 8, 3),
        "procedure": date(2010, 9, 15),
        "contested": date(2010, 11, 15),
        "closed": date(2026, 11, 20),
    },
    "287g": {"own-clause": date(2024, 5, 6), "known-clauses": date(2026, 11, 20)},
}
CLOSED_BUT_AHEAD = date(2012, 3, 1)  # before the last jurisdictions were activated
MODELS = {"dona-ana": "wso", "orleans": "jem", "missoula": "tfm"}
MODEL_OF = {"287g/revoke-personnel": "tfm", "287g/suspend": "wso"}
OWN_CLAUSE: dict[str, Tree] = {
    "clause": ["Either party may end this agreement by a letter."],
    "clause-section": "part 4",
}
_WITHOUT_CLAUSE = ("287g/follow-up", "287g/meeting-confirmation")
_APART = {"long-before": -400, "before": -60, "since": -30, "soon": 21, "later": 120}
_GIVEN = (Path(__file__).parent / "every_letter_kind.yaml").read_text("utf-8")


class Member(NamedTuple):
    """A letter kind, a period, a jurisdiction; the name is the golden files'."""

    kind: str
    period: str
    place: str

    def __str__(self) -> str:
        return "-".join((self.kind.replace("/", "-"), self.period, self.place))

    @property
    def day(self) -> date:
        """The letter's date."""
        day = DAYS[self.kind.partition("/")[0]][self.period]
        is_late = self.kind in BEFORE_ACTIVATION and day > CLOSED_BUT_AHEAD
        return CLOSED_BUT_AHEAD if is_late else day


def members() -> Iterator[Member]:
    """Yield every letter kind in every period, for each place."""
    for kind in KINDS:
        for period in DAYS[kind.partition("/")[0]]:
            yield from (Member(kind, period, place) for place in REQUESTS)


def case_of_member(member: Member, library: Library) -> Case:
    """Gather what the letter follows from. Raises OptoutError where it cannot be written."""
    days = {name: member.day + timedelta(days) for name, days in _APART.items()}
    base = REQUESTS[member.place].format(
        earlier=days["before"], answered=days["since"], latest=days["soon"], later=days["later"]
    )
    document = document_of(f"{{date: {member.day}, letter: {member.kind}}}", base)
    declared = library.programs.find(member.kind)[1].particulars
    given = document.data.get("particulars", {})
    assert isinstance(given, dict)
    particulars = {name: it for name, it in given.items() if name in declared}
    for layer in _layers(member, days):
        particulars |= layer
    if particulars.keys() >= {"clause", "exigent"}:
        del particulars["exigent"]  # the exception is of the known clause
    document.data["particulars"] = particulars
    case = case_of(document, library, Order(today=max(TODAY, member.day), is_draft=True))
    return not_activated(case) if member.kind in BEFORE_ACTIVATION else case


def _layers(member: Member, days: dict[str, date]) -> Iterator[dict[str, Tree]]:
    """Yield the particulars, each later group laid on the earlier."""
    text = re.sub(r"-<([a-z]+)>-", lambda it: f"-{days[it[1]]:%Y%m%d}-", _GIVEN)  # a reference
    text = re.sub(r"<([a-z-]+)>", lambda it: days[it[1]].isoformat(), text)
    layers = document_from_yaml(text, "every_letter_kind.yaml").data[member.kind]
    chosen = {"orleans": (0,), "missoula": (0, 1), "dona-ana": (0, 2)}[member.place]
    for number in chosen:
        assert isinstance(layers, list)
        layer = layers[number]
        assert isinstance(layer, dict)
        yield layer
    if member.kind.startswith("287g/"):
        if member.period == "own-clause" and member.kind not in _WITHOUT_CLAUSE:
            yield OWN_CLAUSE
        if member.period == "own-clause" and member.kind == "287g/effective-date":
            yield {"counted": days["soon"].isoformat()}
        yield {"model": MODEL_OF.get(member.kind, MODELS[member.place])}


def letter_of(member: Member, library: Library) -> Letter:
    """Return the bureau's letter where that has the long address, else ICE's."""
    notices = compose(case_of_member(member, library))
    return render(notices[0 if member.place == "missoula" else -1], library.templates)
