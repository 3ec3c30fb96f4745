"""The days that people mean by what they type, as `optout new` reads it. Pure."""

import re
from calendar import monthrange
from datetime import date, timedelta

from optout_cli.readers.cells import guess_date

_NEAR_DAYS = {
    "yesterday": -1, "today": 0, "now": 0, "tomorrow": 1, "the day after tomorrow": 2,
    "day after tomorrow": 2,
}  # fmt: skip
_ONE_TO_TWELVE = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
_COUNTS = {"a": 1, "an": 1} | {word: count for count, word in enumerate(_ONE_TO_TWELVE, 1)}
# In 30 days, two weeks from today, a month ago.
_FROM_NOW = (
    rf"(in )?([0-9]{{1,3}}|{'|'.join(_COUNTS)}) (day|week|month)s?"
    "( from now| from today| ago)?"
)
_WEEKDAYS = [f"{name}day" for name in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")]
# Compiled when somebody says a day in words: every command imports this.
_WEEKDAY_NAME = r"(?i)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?"
_JOINED = r"(?<=[A-Za-z])\.?(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"  # Nov30, Nov.30
_DAY_OF_WEEK = rf"(?:(on|this|next|last) )?({'|'.join(_WEEKDAYS)})"
_TO_TWENTY = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth",
]  # fmt: skip
_TO_THIRTY = [*(f"twenty-{word}" for word in _TO_TWENTY[:9]), "thirtieth"]
_ORDINALS = [*_TO_TWENTY, *_TO_THIRTY, "thirty-first"]
_IN_WORDS = rf"(?i)\b(?:the )?({'|'.join(reversed(_ORDINALS))})(?: of)?\b"  # the long ones first
_ORDINAL = r"(?i)\b([0-9]{1,2})(?:st|nd|rd|th)\b"
_SHORT_YEAR = r"\B['\u2019](?=[0-9]{2}$)"  # November 30 '26
_MONTH_AND_DAY = r"[0-9]{1,2}([/.-])[0-9]{1,2}"


def days_meant(text: str, near: date) -> list[date]:
    """Return the days that a person may mean: `November 30`, `11/30`, `Friday`, `December first`.

    Without a year, the one in which the day is nearest to `near` comes first.
    """
    text = text.strip(" .,!")
    if days := _days_near(text.lower(), near):
        return days
    plain = re.sub(_IN_WORDS, lambda it: str(_ORDINALS.index(it[1].lower()) + 1), text)
    plain = re.sub(r"(?i)\b(on|the|of)\b", "", re.sub(_ORDINAL, r"\1", plain))
    plain = re.sub(_WEEKDAY_NAME, "", plain).strip(" ,")
    plain = re.sub(_SHORT_YEAR, "", plain)
    apart = re.sub(_JOINED, " ", plain)
    if day := guess_date(plain) or guess_date(apart):
        return [day]
    numbers = re.fullmatch(_MONTH_AND_DAY, plain)
    mark = numbers[1] if numbers else " "
    years = (near.year, near.year + 1, near.year - 1)
    found = filter(None, (guess_date(f"{apart}{mark}{year}") for year in years))
    return sorted(found, key=lambda day: abs(day - near))


def _days_near(word: str, near: date) -> list[date]:
    """Return the days that are said from today on: `tomorrow`, `next Friday`, `in 30 days`."""
    if word in _NEAR_DAYS:
        return [near + timedelta(_NEAR_DAYS[word])]
    if named := re.fullmatch(_DAY_OF_WEEK, word):
        ahead = (_WEEKDAYS.index(named[2]) - near.weekday()) % 7 or 7
        if named[1] == "last":
            return [near - timedelta(7 - ahead % 7)]
        return [near + timedelta(ahead), near + timedelta(ahead - 7)]
    if not (said := re.fullmatch(_FROM_NOW, word)):
        return []
    many = _COUNTS.get(said[2]) or int(said[2])
    before, after = _days_away(near, -many, said[3]), _days_away(near, many, said[3])
    if said[4] == " ago":
        return [before]
    return [after] if said[1] or said[4] else [after, before]


def _days_away(near: date, count: int, unit: str) -> date:
    """Return the day that is so many days, weeks or months after another, or before it."""
    if unit != "month":
        return near + timedelta(count * (7 if unit == "week" else 1))
    years, month = divmod(near.month - 1 + count, 12)
    year, month = near.year + years, month + 1
    return date(year, month, min(near.day, monthrange(year, month)[1]))
