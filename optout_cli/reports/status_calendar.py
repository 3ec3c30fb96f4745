"""The days that letters lead to, as a calendar file (RFC 5545).

An event keeps its UID from one file to the next, so that a calendar program changes it in place.
The same register gives the same bytes.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from icalendar import Calendar, Event

from optout_cli import __version__
from optout_cli.register.due import Deadline
from optout_cli.register.standing import Standing
from optout_cli.register.table import short_place_of
from optout_cli.reports.status import TO_PARTIES

_ID = 24  # digits of the SHA-256 that a letter is known by


def calendar_of(standings: Iterable[Standing]) -> bytes:
    """Return a calendar of the days on which answers are due, and of all others, as whole days."""
    calendar = Calendar()
    calendar.add("prodid", f"-//optout//optout {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for standing in standings:
        for day in _days_of(standing):
            calendar.add_component(_event_of(standing, day))
    content: bytes = calendar.to_ical()
    return content


def _days_of(standing: Standing) -> Iterator[Deadline]:
    yield from filter(None, (standing.answer_due, *standing.milestones))


def _event_of(standing: Standing, day: Deadline) -> Event:
    state = standing.state
    to, reference = TO_PARTIES[state.letter.recipient], state.written.reference
    name = re.sub(r"\W+", "-", day.title)
    title = day.title[:1].upper() + day.title[1:] + (" (estimate)" if day.is_estimated else "")
    event = Event()
    event.add("uid", f"{state.id[:_ID]}-{state.letter.recipient}-{name}@optout.invalid")
    event.add("dtstamp", day.at)
    event.add("dtstart", day.on)
    event.add("dtend", day.on + timedelta(1))
    event.add("summary", f"{title}: {short_place_of(standing)}, {standing.title} {to}")
    words = (*day.details, f"reference {reference}", f"{title} {day.on}: {day.why}")
    event.add("description", "\n".join(word[:1].upper() + word[1:] for word in words))
    event.add("transp", "TRANSPARENT")
    return event
