"""Where letters stand, for people: which of them to show, a table, a calendar and a web page.

Takes standings and a day; reads no file.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from optout_cli import __version__
from optout_cli.register.events import way_words
from optout_cli.register.standing import Deadline, Standing, settles
from optout_cli.register.status import is_dropped, next_step, sealed
from optout_cli.register.table import distinction_of, short_place_of

if TYPE_CHECKING:
    from optout_cli.templating.templates import Templates

_DROPPED = "dropped"  # what a summary calls letters that will not go out
_STEPS: dict[str, str] = {
    "draft": "in draft",
    "unsent": "not sent",
    "unneeded": "not needed any more",
    _DROPPED: "not to go out",
    "withdrawn": "withdrawn",
    "waiting": "waiting for an answer",
    "returned": "came back",
    "answered": "answered",
    "followed": "followed by another letter",
    "superseded": "superseded",
}
PARTIES = {"bureau": "bureau", "ice": "ICE"}
TO_PARTIES = {"bureau": "to the bureau", "ice": "to ICE"}
_HEADER = ("letter", "to", "sent", "received", "next")
_TO, _SENT, _RECEIVED, _GAP = 6, 14, 10, 2  # columns of the table, and between two of them
_LETTER, _NEXT = (22, 40), (20, 40)  # least and most columns
_ID = 24  # digits of the SHA-256 that a letter is known by
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
_ORDER = ("state", "place", "date", "letter", "distinction", "recipient")  # of the rows
_Facts = dict[str, Any]  # Any: what a template is filled in with


class Entry(NamedTuple):
    """A letter in a folder, as the user named the folder.

    `register` is the SHA-256 of the first line of its register, which copies share.
    """

    folder: Path
    standing: Standing
    register: str


class Selection(NamedTuple):
    """Which letters to show: all of them, or those of which one of the first three is true.

    `due` is the last day on which an answer may be due. `format` leaves out letters without a file
    of that format.
    """

    unsent: bool
    unanswered: bool
    due: date | None
    format: str | None

    def has(self, standing: Standing) -> bool:
        """Tell whether to show a letter."""
        step, deadline = standing.step, standing.answer_due
        formats = {file.format for file in standing.state.letter.files}
        is_late = bool(self.due and deadline and deadline.on <= self.due)
        is_any = not (self.unsent or self.unanswered or self.due)
        return (self.format is None or self.format in formats) and (
            (is_any and standing.is_shown)
            or (self.unsent and step == "unsent")
            or (self.unanswered and step == "waiting")
            or is_late
        )


def summary_of(entries: Sequence[Entry], today: date) -> str:
    """Return how many letters there are, and how many of each kind: `4 letters: 2 not sent`."""
    standings = [entry.standing for entry in entries]
    counts = Counter(_DROPPED if is_dropped(it) else it.step for it in standings)
    parts = {step: f"{counts[step]:,} {words}" for step, words in _STEPS.items() if counts[step]}
    if late := sum(_is_late(standing, today) for standing in standings):
        parts["waiting"] += f" ({late:,} overdue)"
    count = len(entries)
    noun = "letter" if count == 1 else "letters"
    return f"{count:,} {noun}: {', '.join(parts.values())}" if parts else f"{count} {noun}"


def table_of(entries: Sequence[Entry], today: date, width: int) -> str:
    """Return a table of the letters that fits in `width` columns, if that is 80 or more.

    The letters of one request stand together, and its name only beside the first.
    """
    from tabulate import SEPARATING_LINE, tabulate

    rest = width - _TO - _SENT - _RECEIVED - 4 * _GAP
    letter = max(_LETTER[0], min(_LETTER[1], rest // 2))
    step = max(_NEXT[0], min(_NEXT[1], rest - letter))
    rows: list[Sequence[str]] = []
    last = None
    # Letters that only a particular, such as the model of an agreement, tells apart.
    names = {
        it.state.id: (
            short_place_of(it),
            f"{it.title} of {it.state.written.date}",
            distinction_of(it),
        )
        for _, it, _ in entries
    }
    alike = Counter(name[:2] for name in {*names.values()})
    for _, standing, _ in entries:
        is_same = standing.state.id == last
        if rows and not is_same:
            rows.append(SEPARATING_LINE)
        *lines, variant = names[standing.state.id]
        lines += [f"({variant})"] if variant and alike[lines[0], lines[1]] > 1 else []
        name = "" if is_same else _wrap(lines, letter)
        state = standing.state
        sent = "\n".join(f"{sent.on}\n{way_words(sent.by)}" for sent in state.sent)
        days = (f"{day.title}: {day.about}" for day in standing.milestones)
        then = _wrap((next_step(standing, today), *days), step)
        rows.append([name, PARTIES[state.letter.recipient], sent, str(state.received or ""), then])
        last = state.id
    table = tabulate(rows, _HEADER, "simple", disable_numparse=True)
    head, rule, *rest_of = table.split("\n")
    return "\n".join([head, rule, *("" if line == rule else line.rstrip() for line in rest_of)])


def _wrap(texts: Iterable[str], width: int) -> str:
    import textwrap

    lines: list[str] = []
    for text in texts:
        is_short = len(text) <= width  # textwrap takes its time
        is_broken = any(len(word) > width for word in text.split())
        lines += [text] if is_short else textwrap.wrap(text, width, break_on_hyphens=is_broken)
    return "\n".join(lines)


def explanations(entries: Iterable[Entry]) -> Iterator[tuple[str, list[str]]]:
    """Yield each letter that has a deadline, and how each of its days was counted."""
    for _, standing, _ in entries:
        days = [day for day in (standing.answer_due, *standing.milestones) if day]
        if days:
            to = TO_PARTIES[standing.state.letter.recipient]
            name = f"{short_place_of(standing)}, {standing.title} {to}"
            yield name, [f"{day.title} {day.about}: {day.why}" for day in days]


def note_on(entry: Entry) -> str | None:
    """Say that an earlier letter went out which this one, not sent yet, corrects or repeats."""
    state, before = entry.standing.state, entry.standing.before
    if entry.standing.step != "unsent" or before is None:
        return None
    which = f"the one of {before.written.date} that was answered"
    if before.sent:
        which = f"the one that went out on {before.sent[-1].on}"
    to = TO_PARTIES[state.letter.recipient]
    reason = f" ({state.written.reason})" if state.written.reason else ""
    return (
        f"{short_place_of(entry.standing)}: the letter {to} of {state.written.date} corrects"
        f" or repeats {which}, reference {before.written.reference}{reason}"
    )


def calendar_of(entries: Iterable[Entry], chosen: Selection) -> bytes:
    """Return the days that chosen letters lead to as a calendar file (RFC 5545), each a whole day.

    An event keeps its UID from one file to the next, whichever of the `entries` are chosen, also
    that of a corrected letter in place of the first, so that a calendar program changes it in
    place. Of a letter in two copies of one register, the day that was recorded last counts. The
    same register gives the same bytes.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", f"-//optout//optout {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    days: dict[str, tuple[Standing, Deadline]] = {}
    for uid, standing, day in _days_of(entries, chosen):
        if uid not in days or days[uid][1].at < day.at:
            days[uid] = standing, day
    for uid, (standing, day) in days.items():
        to = TO_PARTIES[standing.state.letter.recipient]
        title = day.title[:1].upper() + day.title[1:]
        title += " (estimate)" if day.is_estimated else ""
        event = Event()
        event.add("uid", f"{uid}@optout.invalid")
        event.add("dtstamp", day.at)
        event.add("dtstart", day.on)
        event.add("dtend", day.on + timedelta(1))
        event.add("summary", f"{title}: {short_place_of(standing)}, {standing.title} {to}")
        said = f"reference {standing.state.written.reference}", f"{title} {day.on}: {day.why}"
        words = (word[:1].upper() + word[1:] for word in (*day.details, *said))
        event.add("description", "\n".join(words))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _days_of(
    entries: Iterable[Entry], chosen: Selection
) -> Iterator[tuple[str, Standing, Deadline]]:
    """Yield each day of chosen letters with its id, which follows from all of its folder."""
    meetings: dict[object, str] = {}
    told: set[tuple[Path, str]] = set()
    ids: Counter[tuple[Path, str]] = Counter()
    for folder, standing, register in entries:
        state, written = standing.state, standing.state.written
        for day in filter(None, (standing.answer_due, *standing.milestones)):
            # A meeting is one event, whichever letters and answers name its hour and place.
            matter = (folder, written.jurisdiction, written.name, day.title, day.on, day.details)
            id = meetings.get(matter, "") if day.details else ""
            if not id:
                identity = "/".join(map(str, (register, *state.identity)))
                letter = sha256(identity.encode()).hexdigest()[:_ID]
                name = re.sub(r"\W+", "-", day.title)
                id = f"{letter}-{state.letter.recipient}-{name}"
                ids[folder, id] += 1  # two answers may each name the day of a meeting
                number = ids[folder, id]
                id = meetings[matter] = f"{id}-{number}" if number > 1 else id
            if chosen.has(standing) and (folder, id) not in told:
                told.add((folder, id))
                yield id, standing, day


def page_of(standings: Sequence[Standing], today: date, templates: "Templates") -> bytes:
    """Return a web page for a board or a website: counts, a map, a table.

    It names jurisdictions, letters and days. It never has an address, an e-mail address, a
    telephone number, a name of a person, or anything that people noted. It names only letters that
    went out, and none that was replaced; of the others it has the number.
    """
    shown = [item for item in standings if item.state.is_out and item.step != "superseded"]
    states: defaultdict[str, list[Standing]] = defaultdict(list)
    for standing in shown:
        states[standing.state.written.state].append(standing)
    places = (item.facts.place for item in shown)
    names = {place.state_code: place.state_name for place in places if place}
    unsent = sum(item.step == "unsent" for item in standings)
    late = sum(_is_late(item, today) for item in shown)
    waiting = sum(item.step == "waiting" for item in shown) - late
    facts: _Facts = {
        "date": today,
        "counts": _counts_of(shown)
        | {"unsent": f"{unsent:,}", "late": f"{late:,}", "waiting": f"{waiting:,}"},
        "states": {
            code: {"name": names.get(code, code), **_counts_of(items)}
            for code, items in sorted(states.items())
        },
        "map": [line.split() for line in _MAP.strip().split("\n")],
        "rows": sorted((_row_of(item, today) for item in shown), key=itemgetter(*_ORDER)),
    }
    return sealed(templates.lay_out(_PAGE, facts, limit=_LONGEST).encode())


def _counts_of(standings: Sequence[Standing]) -> _Facts:
    """Return how many jurisdictions wrote, and how many of their letters went how far."""
    steps = [standing.step for standing in standings]
    numbers = {
        "jurisdictions": len({standing.state.written.jurisdiction for standing in standings}),
        "sent": len(steps),
        "received": sum(bool(standing.state.delivered) for standing in standings),
        "answered": sum(
            any(settles(answer, item.program) for answer in item.state.answers)
            for item in standings
        ),
        "withdrawn": steps.count("withdrawn"),
        "returned": steps.count("returned"),
    }
    return {name: f"{number:,}" for name, number in numbers.items()}


def _is_late(standing: Standing, today: date) -> bool:
    return bool(standing.answer_due and standing.answer_due.on < today)


def _row_of(standing: Standing, today: date) -> _Facts:
    state, last, before = standing.state, standing.last_answer, standing.before
    first = None  # when the version first went out that this letter corrects
    if before and before.sent and before.identity == state.identity and state.sent:
        first = before.sent[0].on
    return {
        "state": state.written.state,
        "place": short_place_of(standing),
        "letter": standing.title,
        "date": state.written.date,
        "distinction": distinction_of(standing),
        "recipient": state.letter.recipient,
        "party": PARTIES[state.letter.recipient],
        "sent": state.sent[-1].on if state.sent else None,
        "first_sent": first,
        "received": state.received,
        "answered": last.on if last else None,
        "outcome": "; ".join(standing.outcomes),
        "due": standing.answer_due,
        "is_late": _is_late(standing, today),
        "days": standing.milestones,
    }
