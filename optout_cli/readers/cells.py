"""What a cell of a table says in other words than a request's, where these have one meaning. Pure.

Each function returns the value as a request has it, or None where the cell must be corrected.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from optout_cli.readers.dates import guess_date

# How a column of 11/12/2026 is to be read, as its other cells show.
DateOrder = Literal["month-first", "day-first", "either", "mixed"]
_SLASHED = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})")
_MIDNIGHT = re.compile(
    r"[T ,]+(0{1,2}|12(?=:00(:00)? ?[Aa])):00(:00(\.0+)?)?( ?[Aa][Mm])?(Z|\+00:?00)?$|\.0$"
)
_WEEKDAY = re.compile(
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.IGNORECASE
)
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SCHEMES = re.compile(r"^(?:tel|fax|phone|mailto):\s*", re.IGNORECASE)
_PLAIN_PHONE = re.compile(r"\+?1?([0-9]{3})([0-9]{3})([0-9]{4})")
_BY = ("by ", "via ", "in ")  # by hand, via fax, in ink


def choice_in_words(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a cell names: `Certified Mail`, `E-Mail`, `in ink`."""
    if text in choices:
        return None
    words = text.casefold()
    for begin in _BY:
        words = words.removeprefix(begin)
    known = {_letters(choice): choice for choice in choices}
    return known.get(_letters(words))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def is_slashed(text: str) -> bool:
    """Tell whether a date has numbers whose order only its column can tell."""
    return bool(_SLASHED.fullmatch(_MIDNIGHT.sub("", text.strip())))


def date_in_words(text: str, order: DateOrder) -> str | None:
    """Return the date of a cell as YYYY-MM-DD; `order` is that of its column."""
    plain = _WEEKDAY.sub("", _MIDNIGHT.sub("", text.strip().removeprefix("'")))
    plain = re.sub(r"(?<=[0-9])(st|nd|rd|th)\b", "", plain)
    slashed = _SLASHED.fullmatch(plain)
    if not slashed:
        day = guess_date(plain)
        return day.isoformat() if day else _iso(plain)
    if order in ("either", "mixed"):
        return None
    month, day_of_month = slashed[1], slashed[2]
    if order == "day-first":
        month, day_of_month = day_of_month, month
    year = slashed[3] if len(slashed[3]) > 2 else f"20{slashed[3]}"  # noqa: PLR2004  # digits
    return _iso(f"{year}-{month:0>2}-{day_of_month:0>2}")


def _iso(text: str) -> str | None:
    day = guess_date(text.replace("-", "/"))
    return day.isoformat() if day and re.match("[0-9]{4}-", text) else None


def order_of_dates(cells: Sequence[str]) -> DateOrder | None:
    """Tell how the cells of a column have dates such as 11/24/2026; None if they have none."""
    found = [(int(m[1]), int(m[2])) for cell in cells if (m := _SLASHED.match(cell.strip()))]
    if not found:
        return None
    is_day_first = any(first > 12 for first, _ in found)  # noqa: PLR2004  # months
    is_month_first = any(second > 12 for _, second in found)  # noqa: PLR2004
    if is_day_first and is_month_first:
        return "mixed"
    if all(first == second for first, second in found):
        return "month-first"
    return "day-first" if is_day_first else "month-first" if is_month_first else "either"


def code_in_words(text: str, pattern: str) -> str | None:
    """Return a cell as the pattern of its field wants it: a ZIP, phone or e-mail address."""
    if re.search(pattern, text):
        return None
    plain = unicodedata.normalize("NFKC", text)
    plain = _SCHEMES.sub("", _DASHES.sub("-", plain)).strip(" '\u2018\u2019<>")
    plain = " ".join(plain.split())
    candidates = [plain, re.sub(r"\.0$", "", plain), re.sub(r"\s*-\s*", "-", plain)]
    if phone := _PLAIN_PHONE.fullmatch(re.sub(r"\.0$", "", plain)):
        candidates.append("-".join(phone.groups()))
    return next((known for known in candidates if re.search(pattern, known)), None)
