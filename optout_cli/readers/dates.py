"""Dates as people and spreadsheets write them. Pure."""

import re
from calendar import month_name, monthrange
from datetime import date, datetime, timedelta

# The United States' order comes first: 03/04/2026 is March 4.
_DATE_FORMS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%Y/%m/%d", "%Y%m%d", "%B %d %Y", "%b %d %Y"),
    *("%d %B %Y", "%d %b %Y", "%d %b %y"),
)
_DAY_ZERO = date(1899, 12, 30)  # spreadsheets count days from here
_DAY_NUMBERS = range(36_526, 73_051)  # the days of 2000 to 2099 in a spreadsheet
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def check_date(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a date and a hint, or None where it is right."""
    parts = _ISO.fullmatch(text)
    hint = "write it as YYYY-MM-DD, such as 2010-08-31"
    if not parts:
        if meant := guess_date(text):
            hint = f"write it as YYYY-MM-DD; did you mean {meant}?"
        return "is not a date", hint
    year, month = int(parts[1]), int(parts[2])
    try:
        date.fromisoformat(text)
    except ValueError:
        if year and 1 <= month <= len(month_name) - 1:
            hint = f"{month_name[month]} {year} has {monthrange(year, month)[1]} days"
        return "is not on the calendar", hint
    return None


def guess_date(text: str) -> date | None:
    """Return the day that text in another form most likely means."""
    if text.isascii() and text.isdecimal() and int(text) in _DAY_NUMBERS:
        return _DAY_ZERO + timedelta(int(text))
    plain = " ".join(text.replace(",", " ").replace(". ", " ").split())
    for form in _DATE_FORMS:
        for mark in ("/", ".", "-") if "/" in form else (" ", "-"):
            try:
                found = datetime.strptime(plain, form.replace("/", mark).replace(" ", mark))  # noqa: DTZ007  # a day has no time zone
            except ValueError:
                continue
            return found.date()
    return None
