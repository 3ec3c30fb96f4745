"""All filters of templates, and the exception for what a template may not do.

They write dates, lists and names as a letter does. Nothing here reads files.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import jinja2

MAX_LETTER = 1_000_000  # characters that one template may print


class Refused(jinja2.TemplateRuntimeError):
    """Something that a template may not do; `hint` is what to write instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


# Any: texts, or lists of anything.
def check_length(parts: Iterable[Sequence[Any]]) -> None:
    """Refuse parts that together are too long: a text that is doubled often fills the memory."""
    if sum(map(len, parts)) > MAX_LETTER:
        raise Refused(f"prints more than {MAX_LETTER:,} characters")


# Any: whatever a template passes to a filter.
def _check(value: Any, kind: type, name: str, wanted: str) -> None:
    """Refuse a value that a filter cannot use. An undefined value raises its own error."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    if not isinstance(value, kind):
        raise Refused(f"{name} takes {wanted}, not {value!r}")


def long_date(day: date) -> str:
    """Write a date as a letter does: `August 31, 2010`."""
    _check(day, date, "long_date", "a date")
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def _long_dates(days: Sequence[date]) -> list[str]:
    _check(days, Sequence, "long_dates", "a list of dates")
    return [long_date(day) for day in days]


# Written out: strftime would follow the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def and_list(items: Sequence[str]) -> str:
    """Join texts as in a sentence: `a`, `a and b`, `a, b, and c`."""
    return _list_with("and", items)


def or_list(items: Sequence[str]) -> str:
    """Join texts as a choice: `a`, `a or b`, `a, b, or c`, `May 1, 2026, or May 2, 2026`."""
    return _list_with("or", items)


def _list_with(word: str, items: Sequence[str]) -> str:
    if not items:
        raise Refused("prints an empty list")
    _check_texts(items, f"{word}_list")
    *first, last = items
    if not first:
        return last
    if len(first) == 1 and "," not in first[0]:
        return f"{first[0]} {word} {last}"
    return f"{', '.join(first)}, {word} {last}"  # also after a date, which has a comma within


def _check_texts(items: Sequence[str], name: str) -> None:
    _check(items, Sequence, name, "a list of texts")
    for item in items:
        _check(item, str, name, "a list of texts")
    check_length(items)


def _sentence(text: str) -> str:
    """Capitalize a name, to begin a sentence: `The City of Alexandria`."""
    _check(text, str, "sentence", "a text")
    return text[:1].upper() + text[1:]


def the(name: str) -> str:
    """Put `the` before a name that does not begin with it."""
    _check(name, str, "the", "a text")
    return name if name.lower().startswith("the ") else f"the {name}"


def full_stop(text: str) -> str:
    """Put a period after a text that does not end as a sentence."""
    _check(text, str, "full_stop", "a text")
    return text if text.rstrip("\"'\u201d\u2019)").endswith((".", "!", "?")) else f"{text}."


def _join(items: Sequence[str], separator: str = ", ") -> str:
    _check(separator, str, "join", "a text")
    _check_texts(items, "join")
    check_length([separator] * len(items))
    return separator.join(items)


# All filters. Jinja's own are left out: they let markup through or make texts of any size.
FILTERS: dict[str, Callable[..., Any]] = {
    "and_list": and_list,
    "join": _join,
    "length": len,
    "long_date": long_date,
    "long_dates": _long_dates,
    "or_list": or_list,
    "full_stop": full_stop,
    "sentence": _sentence,
    "the": the,
}
