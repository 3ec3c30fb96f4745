"""The days that a letter names: when offices are closed, and which may be a slip.

Offices are closed on weekends, and on the holidays of country and state.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache

from optout_cli.model.notice import Case, Note
from optout_cli.model.program import Particular

# Days that a letter may take, if nobody recorded its receipt. Our choice: the Postal Service's own
# standard for First-Class Mail, which certified mail is, is one to five days.
TRANSIT = {"certified-mail": 5, "mail": 5}
_FAR = timedelta(days=366)  # after the letter's date: a day later than this may be a slip


def arrival_of(sent: date, way: str) -> date:
    """Return the day on which a letter has arrived that goes out on `sent`, if nobody knows."""
    return sent + timedelta(TRANSIT.get(way, 0))


def doubt_about(day: date, particular: Particular, case: Case) -> str | None:
    """Return why a particular's day may be a slip, or None."""
    began = case.program.periods[0].from_
    if particular.known == "signed" and day < began:
        return f"before the program began ({began})"
    if particular.when == "after" and day - case.date > _FAR:
        return "more than a year after the letter's date"
    if particular.when == "after" and particular.office_day and day == case.date:
        return "the letter's own date"
    return None


def closed_notes(days: Iterable[date], state: str) -> Iterator[Note]:
    """Yield a note on each day on which offices in a state are closed."""
    for day in days:
        if name := closing_of(day, state):
            yield Note(code="closed-day", text=f"check the day {day}: it is {name}")


def next_working_day(day: date, state: str) -> tuple[date, str]:
    """Return `day`, or the next one on which offices are open, and the reason in words.

    They are closed on Saturdays and Sundays, and on the holidays of the country and of the state.
    """
    reason = ""
    while name := closing_of(day, state):
        reason += f"; {day} is {name}" if reason else f", {name}"
        day += timedelta(1)
    return day, reason and f"{reason}, so the day is {day}"


def closing_of(day: date, state: str) -> str | None:
    """Return why offices are closed on a day, such as `a Saturday`, or None."""
    if weekend := {5: "a Saturday", 6: "a Sunday"}.get(day.weekday()):
        return weekend
    return _holidays(None, day.year).get(day) or _holidays(state, day.year).get(day)


@cache
def _holidays(state: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a state, or those of the country, by their days."""
    from holidays import country_holidays  # imports for a fifth of a second

    try:
        return dict(country_holidays("US", subdiv=state, years=year).items())
    except NotImplementedError:  # a state in the user's own data
        return {}
