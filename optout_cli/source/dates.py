"""Dates as people write them, to ask which day is meant. Never taken for a date unasked."""

import re
from calendar import month_name, monthrange
from datetime import date, datetime, timedelta

PLAIN_DATE = "write it as 2010-08-31: year, month, day"
# In the order of the United States first: 03/04/2026 is asked for as March 4.
_FORMS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%Y/%m/%d", "%Y%m%d", "%B %d %Y", "%b %d %Y"),
    *("%d %B %Y", "%d %b %Y", "%d %b %y"),
)
_DAY_ONE = date(1899, 12, 30)  # from which spreadsheets count
_COUNTED = range(36_526, 73_051)  # the days of 2000 to 2099, so counted
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def is_day(text: str) -> bool:
    """Tell whether a text is a day of the calendar, written year, month, day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return bool(_ISO.fullmatch(text))


def date_hint(text: str) -> str:
    """Say how a date is written, and which day may be meant."""
    if meant := _meant_by(text):
        return f"write year, month, day; is {meant} meant?"
    parts = _ISO.fullmatch(text)
    year, month = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    if year and 1 <= month <= len(month_name) - 1:
        return f"{month_name[month]} {year} has {monthrange(year, month)[1]} days"
    return PLAIN_DATE


def _meant_by(text: str) -> date | None:
    """Return the day that a text in another form most likely names."""
    if text.isascii() and text.isdecimal() and int(text) in _COUNTED:
        return _DAY_ONE + timedelta(int(text))
    plain = " ".join(text.replace(",", " ").replace(". ", " ").split())
    for form in _FORMS:
        for mark in ("/", ".", "-") if "/" in form else (" ", "-"):
            try:
                found = datetime.strptime(plain, form.replace("/", mark).replace(" ", mark))  # noqa: DTZ007  # a day, in no zone
            except ValueError:
                continue
            return found.date()
    return None
