"""Where letters stand, for people: which of them to show, a table, and how days were counted.

Takes standings and a day; reads no file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from optout_cli.register.standing import Standing, Step
from optout_cli.register.status import about, next_step
from optout_cli.register.table import short_place_of

_STEPS: dict[Step, str] = {
    "draft": "in draft",
    "unsent": "not sent",
    "waiting": "waiting for an answer",
    "answered": "answered",
    "followed": "followed by another letter",
    "superseded": "superseded",
}
PARTIES = {"bureau": "bureau", "ice": "ICE"}
TO_PARTIES = {"bureau": "to the bureau", "ice": "to ICE"}
_HEADER = ("letter", "to", "sent", "received", "next")
_TO, _SENT, _RECEIVED, _GAP = 6, 14, 10, 2  # columns of the table, and between two of them
_LETTER, _NEXT = (22, 40), (20, 40)  # least and most columns


class Entry(NamedTuple):
    """A letter in a folder, as the user named the folder."""

    folder: Path
    standing: Standing


class Selection(NamedTuple):
    """Which letters to show: all of them, or those of which one of the first three is true.

    `due` is the last day on which an answer may be due. `format` leaves out letters without a file
    of that format.
    """

    unsent: bool = False
    unanswered: bool = False
    due: date | None = None
    format: str | None = None

    def has(self, standing: Standing) -> bool:
        """Tell whether to show a letter."""
        step, deadline = standing.step, standing.answer_due
        formats = {file.format for file in standing.state.letter.files}
        is_late = bool(self.due and deadline and deadline.on <= self.due)
        is_any = not (self.unsent or self.unanswered or self.due)
        return (self.format is None or self.format in formats) and (
            (is_any and standing.is_shown)
            or (self.unsent and step == "unsent")
            or (self.unanswered and step == "waiting")
            or is_late
        )


def summary_of(entries: Sequence[Entry], today: date) -> str:
    """Return how many letters there are, and how many of each kind: `4 letters: 2 not sent`."""
    counts = Counter(entry.standing.step for entry in entries)
    parts = [f"{counts[step]:,} {words}" for step, words in _STEPS.items() if counts[step]]
    late = sum(
        bool(deadline and deadline.on < today)
        for deadline in (entry.standing.answer_due for entry in entries)
    )
    parts += [f"{late:,} overdue"] if late else []
    count = len(entries)
    noun = "letter" if count == 1 else "letters"
    return f"{count:,} {noun}: {', '.join(parts)}" if parts else f"{count} {noun}"


def table_of(entries: Sequence[Entry], today: date, width: int) -> str:
    """Return a table of the letters that fits in `width` columns, if that is 80 or more.

    The letters of one request stand together, and its name only beside the first.
    """
    from tabulate import SEPARATING_LINE, tabulate

    rest = width - _TO - _SENT - _RECEIVED - 4 * _GAP
    letter = max(_LETTER[0], min(_LETTER[1], rest // 2))
    step = max(_NEXT[0], min(_NEXT[1], rest - letter))
    rows: list[Sequence[str]] = []
    last = None
    for _, standing in entries:
        is_same = standing.state.id == last
        if rows and not is_same:
            rows.append(SEPARATING_LINE)
        name = "" if is_same else _wrapped(_named(standing), letter)
        rows.append([name, *_cells(standing, today, step)])
        last = standing.state.id
    table = tabulate(rows, _HEADER, "simple", disable_numparse=True)
    head, rule, *lines = table.split("\n")
    return "\n".join([head, rule, *("" if line == rule else line.rstrip() for line in lines)])


def _named(standing: Standing) -> tuple[str, str]:
    written = standing.state.written
    kind = written.letter.partition("/")[2]
    variant = f" ({written.variant})" if written.variant else ""
    return short_place_of(standing), f"{kind}{variant} of {written.date}"


def _cells(standing: Standing, today: date, width: int) -> Iterator[str]:
    state = standing.state
    yield PARTIES[state.letter.recipient]
    yield "\n".join(f"{sent.on}\n{sent.by.replace('-', ' ')}" for sent in state.sent)
    yield str(state.delivered[-1].on) if state.delivered else ""
    days = (f"{day.title}: {about(day)}" for day in standing.milestones)
    yield _wrapped((next_step(standing, today), *days), width)


def _wrapped(texts: Iterable[str], width: int) -> str:
    import textwrap

    lines: list[str] = []
    for text in texts:
        is_short = len(text) <= width  # textwrap takes its time
        lines += [text] if is_short else textwrap.wrap(text, width, break_on_hyphens=False)
    return "\n".join(lines)


def explanations(entries: Iterable[Entry]) -> Iterator[tuple[str, list[str]]]:
    """Yield each letter that has a deadline, and how each of its days was counted."""
    for _, standing in entries:
        days = [day for day in (standing.answer_due, *standing.milestones) if day]
        if days:
            to = TO_PARTIES[standing.state.letter.recipient]
            name = f"{short_place_of(standing)}, {standing.title} {to}"
            yield name, [f"{day.title} {about(day)}: {day.why}" for day in days]


def note_on(entry: Entry) -> str | None:
    """Say that an earlier letter went out which this one, not sent yet, corrects or repeats."""
    state, before = entry.standing.state, entry.standing.before
    if entry.standing.step != "unsent" or before is None:
        return None
    day = before.sent[-1].on if before.sent else before.written.date
    to = TO_PARTIES[state.letter.recipient]
    reason = f" ({state.written.reason})" if state.written.reason else ""
    return (
        f"{short_place_of(entry.standing)}: the letter {to} of {state.written.date} corrects"
        f" or repeats the one that went out on {day}, reference {before.written.reference}{reason}"
    )
