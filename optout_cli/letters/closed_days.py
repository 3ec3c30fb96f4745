"""The days on which offices are closed: weekends, and the holidays of country and state."""

from datetime import date, timedelta
from functools import cache


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
