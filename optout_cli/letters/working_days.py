"""The days on which offices are open: not on weekends, nor on the holidays of country and state."""

from datetime import date, timedelta
from functools import cache

_WEEKEND = 5  # the number of Saturday, as date.weekday counts


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
    if day.weekday() >= _WEEKEND:
        return "a Saturday" if day.weekday() == _WEEKEND else "a Sunday"
    return _holidays(None, day.year).get(day) or _holidays(state, day.year).get(day)


@cache
def _holidays(state: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a state, or those of the country, by their days."""
    from holidays import country_holidays  # imports for a fifth of a second

    try:
        return dict(country_holidays("US", subdiv=state, years=year).items())
    except NotImplementedError:  # a state in the user's own data
        return {}
