"""Where letters stand as one web page for a board or a website: counts, a map, a table.

The page names jurisdictions, letters and days. It never has an address, an e-mail address, a
telephone number, a name of a person, or anything that people noted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from optout_cli.register.standing import Standing
from optout_cli.register.table import outcome_of, short_place_of
from optout_cli.reports.status import PARTIES
from optout_cli.templating.templates import Templates

_PAGE = "_layout/status.html.j2"
# States and territories, each about where it lies: a row of the map is a line.
_MAP = """
AK .. .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN WI .. MI .. NY MA RI
OR NV WY SD IA IL IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE .. ..
.. AZ NM KS AR TN NC SC DC .. .. ..
.. .. .. OK LA MS AL GA .. .. PR VI
HI .. .. TX .. .. .. .. FL .. .. ..
GU MP AS .. .. .. .. .. .. .. .. ..
"""
_LONGEST = 50_000_000  # characters of the page; a letter takes about 700
_SIDE, _GAP = 40, 4  # of a tile, in units of the picture
_ORDER = ("state", "place", "date", "letter", "recipient")  # of the rows
_Facts = dict[str, Any]  # Any: what a template is filled in with


def page_of(standings: Sequence[Standing], today: date, templates: Templates) -> bytes:
    """Fill in the page. Drafts and letters that were replaced are left out."""
    shown = [item for item in standings if item.step not in ("draft", "superseded")]
    states: defaultdict[str, list[Standing]] = defaultdict(list)
    for standing in shown:
        states[standing.state.written.state].append(standing)
    counts = {code: _counts_of(items) for code, items in sorted(states.items())}
    late = [item for item in shown if item.answer_due and item.answer_due.on < today]
    facts: _Facts = {
        "date": today,
        "counts": _counts_of(shown) | {"late": f"{len(late):,}"},
        "states": [
            {"code": code, "name": _name_of(states[code])} | counts[code] for code in counts
        ],
        "tiles": [*_tiles(counts)],
        "width": 12 * (_SIDE + _GAP) - _GAP,
        "height": 9 * (_SIDE + _GAP) - _GAP,
        "side": _SIDE,
        "rows": sorted(map(_row_of, shown), key=itemgetter(*_ORDER)),
    }
    return templates.lay_out(_PAGE, facts, limit=_LONGEST).encode()


def _counts_of(standings: Sequence[Standing]) -> _Facts:
    """Return how many jurisdictions and letters there are, and how far the letters are."""
    steps = [standing.step for standing in standings]
    numbers = {
        "jurisdictions": len({standing.state.written.jurisdiction for standing in standings}),
        "letters": len(steps),
        "sent": len(steps) - steps.count("unsent"),
        "received": sum(bool(standing.state.delivered) for standing in standings),
        "answered": steps.count("answered"),
        "waiting": steps.count("waiting"),
    }
    return {name: f"{number:,}" for name, number in numbers.items()}


def _name_of(standings: Iterable[Standing]) -> str:
    """Return the name of the state that the letters are from, or its code."""
    for standing in standings:
        if standing.facts.place:
            return standing.facts.place.state_name
        code = standing.state.written.state
    return code


def _tiles(counts: dict[str, _Facts]) -> Iterator[_Facts]:
    """Yield each tile of the map with its place, and how far its letters are."""
    for row, line in enumerate(_MAP.split("\n")[1:-1]):
        for column, code in enumerate(line.split()):
            if code == "..":
                continue
            found = counts.get(code)
            kind = "none"
            if found:
                kind = "sent" if found["sent"] != "0" else "written"
                kind = "answered" if found["answered"] != "0" else kind
            yield {
                "code": code,
                "x": column * (_SIDE + _GAP),
                "y": row * (_SIDE + _GAP),
                "kind": kind,
                "number": found["jurisdictions"] if found else None,
            }


def _row_of(standing: Standing) -> _Facts:
    state, due = standing.state, standing.answer_due
    answers = state.answers
    return {
        "state": state.written.state,
        "place": short_place_of(standing),
        "letter": standing.title,
        "date": state.written.date.isoformat(),
        "recipient": state.letter.recipient,
        "party": PARTIES[state.letter.recipient],
        "sent": state.sent[-1].on.isoformat() if state.sent else None,
        "received": state.delivered[-1].on.isoformat() if state.delivered else None,
        "answered": answers[-1].on.isoformat() if answers else None,
        "outcome": outcome_of(standing) or None,
        "due": due.on.isoformat() if due else None,
        "is_estimated": bool(due and due.is_estimated),
        "days": [
            {"title": day.title, "on": day.on.isoformat(), "is_estimated": day.is_estimated}
            for day in standing.milestones
        ],
    }
