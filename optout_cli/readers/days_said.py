"""The days that people mean by what they type, as `optout new` reads it. Pure."""

import re
from datetime import date, timedelta

from optout_cli.readers.cells import guess_date

_NEAR_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
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
    word = text.strip().lower()
    if word in _NEAR_DAYS:
        return [near + timedelta(_NEAR_DAYS[word])]
    if named := re.fullmatch(_DAY_OF_WEEK, word):
        ahead = (_WEEKDAYS.index(named[2]) - near.weekday()) % 7 or 7
        if named[1] == "last":
            return [near - timedelta(7 - ahead % 7)]
        return [near + timedelta(ahead), near + timedelta(ahead - 7)]
    plain = re.sub(_IN_WORDS, lambda it: str(_ORDINALS.index(it[1].lower()) + 1), text)
    plain = re.sub(_WEEKDAY_NAME, "", re.sub(_ORDINAL, r"\1", plain)).strip(" ,")
    plain = re.sub(_SHORT_YEAR, "", plain)
    apart = re.sub(_JOINED, " ", plain)
    if day := guess_date(plain) or guess_date(apart):
        return [day]
    numbers = re.fullmatch(_MONTH_AND_DAY, plain)
    mark = numbers[1] if numbers else " "
    years = (near.year, near.year + 1, near.year - 1)
    days = filter(None, (guess_date(f"{apart}{mark}{year}") for year in years))
    return sorted(days, key=lambda day: abs(day - near))
