"""The letters of a register that need another letter now -> a table of requests, one row for each.

Takes facts only, as `follow` does. Who signs stays empty unless it is given: that may be somebody
else now.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from optout_cli.authoring.follow import answers_following, former_from
from optout_cli.authoring.request_writer import Answers
from optout_cli.authoring.table_template import Table
from optout_cli.letters.library import Library
from optout_cli.model.request import Party
from optout_cli.register.standing import Standing, is_out
from optout_cli.register.state import LetterState

_FIRST = ("jurisdiction", "# name", "# why", "letter", "date", "signatory.name", "signatory.title")
_SIGNATORY = "signatory."
_Matter = tuple[str, str, str, date]  # jurisdiction, letter, variant and date


class FollowRow(NamedTuple):
    """A request that follows an earlier letter: its cells by column.

    `written` is the day of such letters if the register has them already, and they are only not
    sent.
    """

    cells: dict[str, str]
    written: date | None = None


def follow_rows(
    standings: Sequence[Standing],
    chosen: Collection[str],
    library: Library,
    day: date,
    letter: str | None = None,
) -> Iterator[FollowRow]:
    """Yield a row for each request of `day` that answers where a chosen letter stands.

    That is a letter whose answer was due by `day`, or whose answer calls for another letter.
    `standings` are those of all letters of the register, `chosen` the ids of some. With `letter`,
    only rows of this kind. Raises OptoutError.
    """
    states: defaultdict[str, list[LetterState]] = defaultdict(list)  # by jurisdiction
    matters: defaultdict[_Matter, list[Standing]] = defaultdict(list)
    for standing in standings:
        states[standing.state.written.jurisdiction].append(standing.state)
        if is_out(standing.state):
            matters[_matter_of(standing)].append(standing)
    done: set[tuple[_Matter, Party]] = set()
    unsent: dict[object, date] = {}  # the day of the last such letter
    for state in (each.state for each in standings if each.step == "unsent"):
        place, own_name, variant, written_on, party = state.identity
        unsent[place, own_name, variant, party] = written_on
    # An answer of one recipient counts before the silence of another.
    for standing in sorted(standings, key=lambda each: each.step != "answered"):
        written, kind, matter = standing.state.written, standing.next_letter, _matter_of(standing)
        name = f"{written.letter.partition('/')[0]}/{kind}"
        if kind is None or letter not in (None, name) or standing.state.id not in chosen:
            continue
        why, own = _reason(standing, day), standing.state.letter.recipient
        if not why or (matter, own) in done:
            continue
        alike = {
            each.state.letter.recipient
            for each in matters[matter]
            if each.step == standing.step and each.next_letter == kind
        }
        done |= {(matter, party) for party in alike}
        former = former_from(standing.state, states[written.jurisdiction])
        answers, _ = answers_following(former, name, library, day, alike)
        cells = {**dict(flattened(answers)), "# name": written.name, "# why": why}
        days = [unsent.get((written.jurisdiction, name, written.variant, it)) for it in alike]
        there = min((it for it in days if it and it >= written.date), default=None)
        yield FollowRow(cells, None if None in days else there)


def _matter_of(standing: Standing) -> _Matter:
    """Return what identifies a letter to all recipients, whichever version each of them got."""
    written = standing.state.written
    return written.jurisdiction, written.letter, written.variant, written.date


def _reason(standing: Standing, day: date) -> str:
    """Say why a letter is to be followed now; an empty text if it is not."""
    answers = standing.state.answers
    if standing.step == "answered" and answers:
        return f"{answers[-1].reply} on {answers[-1].on}"
    deadline = standing.answer_due
    if standing.step == "waiting" and deadline and deadline.on <= day:
        return f"no answer by {deadline.on}"
    return ""


def flattened(answers: Answers) -> Iterator[tuple[str, str]]:
    """Yield the cells of a request by column: `cc.0.name`. A list of texts is lines of one cell."""
    for key, value in answers.items():
        yield from _cells(key, value)


def _cells(path: str, value: Any) -> Iterator[tuple[str, str]]:  # Any: a value of a request
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = {str(number): item for number, item in enumerate(value)}
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _cells(f"{path}.{key}", inner)
    else:
        yield path, "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def follow_table(rows: Sequence[FollowRow], given: Mapping[str, Mapping[str, str]]) -> Table:
    """Make a table of the rows; `given` has cells to add, by jurisdiction, under "" for all."""
    filled = [
        {
            **given.get("", {}),
            **given.get(row.cells["jurisdiction"], {}),
            **{name: cell for name, cell in row.cells.items() if not name.startswith(_SIGNATORY)},
        }
        for row in rows
    ]
    named = dict.fromkeys(name for cells in filled for name in cells)
    header = [*_FIRST, *(name for name in named if name not in _FIRST)]
    return Table(header, [[cells.get(name, "") for name in header] for cells in filled])
