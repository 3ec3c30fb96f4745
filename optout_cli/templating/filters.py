"""The filters of templates, all there are, and what ends a template that does what it may not.

A letter's own words for dates, lists and names; nothing here knows of files or folders.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import jinja2


class Refused(jinja2.TemplateRuntimeError):
    """Something that a template may not do; `hint` is what to write in its place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def long_date(day: date) -> str:
    """Write a date as a letter does: `August 31, 2010`."""
    if not isinstance(day, date):
        raise Refused(f"long_date takes a date, not {day!r}")
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


# Written out: strftime would follow the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def and_list(items: Sequence[str]) -> str:
    """Join texts as a sentence does: `a`, `a and b`, `a, b, and c`."""
    return _with_last(items, "and")


def or_list(items: Sequence[str]) -> str:
    """Join texts as a choice: `a`, `a or b`, `a, b, or c`."""
    return _with_last(items, "or")


def _with_last(items: Sequence[str], word: str) -> str:
    if not items:
        raise Refused("prints an empty list")
    *first, last = items
    if not first:
        return last
    return f"{first[0]} {word} {last}" if len(items) == 2 else f"{', '.join(first)}, {word} {last}"  # noqa: PLR2004  # two take no comma


def _sentence(text: str) -> str:
    """Write a name as a sentence begins: `The City of Alexandria`."""
    return text[:1].upper() + text[1:]


def the(name: str) -> str:
    """Put an article before a body's name, where it has none."""
    return name if name.lower().startswith("the ") else f"the {name}"


def full_stop(text: str) -> str:
    """End a text as a sentence, where it does not end as one."""
    return text if text.rstrip("\"'\u201d\u2019)").endswith((".", "!", "?")) else f"{text}."


def _joined(items: Sequence[str], separator: str = ", ") -> str:
    if not isinstance(separator, str):
        raise Refused(f"join takes a text, not {separator!r}")
    return separator.join(items)


# All filters there are; Jinja's own let markup through or make texts of any size.
FILTERS: dict[str, Callable[..., Any]] = {
    "and_list": and_list,
    "join": _joined,
    "length": len,
    "long_date": long_date,
    "long_dates": lambda days: [long_date(day) for day in days],
    "or_list": or_list,
    "full_stop": full_stop,
    "sentence": _sentence,
    "the": the,
}
