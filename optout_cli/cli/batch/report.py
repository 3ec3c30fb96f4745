"""What a batch says: the problems of all rows in one list, counts, and what to do next."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from shlex import quote

from optout_cli.batch.manifest import Record
from optout_cli.batch.plan import DRAFT, LAW, BatchPlan
from optout_cli.cli.console import say
from optout_cli.errors import Problem
from optout_cli.exporters import exporter_for
from optout_cli.letters.pipeline import Order
from optout_cli.model.notice import Note
from optout_cli.output import write_all, write_errors

_MOST_ALIKE = 5  # cautions of one kind, paths, or rows that are named one by one
_ALWAYS_TOLD = ("period", LAW)
_NUMBER = re.compile(r"([0-9][0-9-]*)")
_SENT = {"email": "e-mail them", "fax": "fax them"}  # by the field that a message goes to


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield each Problem once, and in how many requests it is met where that is told by none."""
    for problem, count in Counter(problems).items():
        head, _, hint = str(problem).partition("\n")
        yield f"{head} (met {count:,} times)" if count > 1 else head
        if hint:
            yield hint


def tally_lines(plan: BatchPlan) -> Iterator[str]:
    """Yield what was checked: how many can be written, what is wrong, and what nobody knows."""
    total, bad = len(plan.rows), len(plan.problems)
    files = sum(len(it.paths) for it in plan.good)
    can = f"{total - bad:,} can be written ({_counted(files, 'file')})"
    yield f"{_counted(total, 'request')}: {can}, {bad:,} cannot"
    kinds: Counter[str] = Counter()
    for problems in plan.problems.values():
        kinds.update(dict.fromkeys((it.code for it in problems), 1))
    for code, count in kinds.most_common():
        yield f"  {count:>7,}  {code}"
    if plan.lacking:
        yield "not known, and needed by so many requests:"
    for (agency, field), count in sorted(plan.lacking.items()):
        yield f"  {count:>7,}  {agency}: {field}"


def note_lines(plan: BatchPlan, wanted: Collection[int], today: date) -> Iterator[str]:
    """Yield each caution once, with how many requests it is about; of `wanted` rows and laws."""
    good = {it.number: it for it in plan.good}
    undated = sum(not it.is_dated for number, it in good.items() if number in wanted)
    if undated:
        yield (
            f"dated today, {today}: {_counted(undated, 'request')}; to keep that date"
            f" add date: {today} to the rows or to --common"
        )
    told: Counter[str] = Counter()
    for note, count in _summed(plan.count_notes(wanted)).items():
        told[note.code] += 1
        if told[note.code] <= _MOST_ALIKE or note.code in _ALWAYS_TOLD:
            share = f"{count:,} of " if count < len(good) else ""
            yield f"note ({share}{_counted(len(good), 'request')}): {note.text}"
    for code, count in told.items():
        if count > _MOST_ALIKE and code not in _ALWAYS_TOLD:
            yield f"note: {count - _MOST_ALIKE:,} more like those of the kind {code!r}"


def _summed(notes: Counter[Note]) -> Counter[Note]:
    """Make one of cautions whose texts differ in a date or number alone, which is left out."""
    alike: dict[tuple[str, str], list[Note]] = {}
    for it in notes:
        text = it.text if it.code in _ALWAYS_TOLD else _NUMBER.sub("", it.text)
        alike.setdefault((it.code, text), []).append(it)
    found: Counter[Note] = Counter()
    for (code, _), several in alike.items():
        parts = zip(*(_NUMBER.split(it.text) for it in several), strict=True)
        text = "".join(it[0] if len(set(it)) == 1 else "..." for it in parts)
        found[Note(code=code, text=text)] += sum(notes[it] for it in several)
    return found


def say_what_was_done(
    plan: BatchPlan, written: int, finished: int, folder: Path, paper: Path | None
) -> None:
    """Print how many files there are now, and why not more."""
    bound = f", and {paper}" if paper else ""
    parts = [f"{_counted(written, 'file')} written to {folder}/{bound}"]
    if finished:
        parts.append(f"{_counted(finished, 'request')} had been finished before")
    if plan.left:
        parts.append(f"{_counted(len(plan.left), 'request')} left alone")
    if plan.problems:
        parts.append(f"{_counted(len(plan.problems), 'request')} rejected")
    say("; ".join(parts))


def say_what_is_left_over(records: Sequence[Record], folder: Path) -> None:
    """Print which letters stay although their rows are gone: a row may have moved elsewhere."""
    if not records:
        return
    source, path = records[0].source, folder / records[0].path
    more = f" and {len(records) - 1:,} more" if len(records) > 1 else ""
    said = f"{source} no longer has the requests of {_counted(len(records), 'file')}"
    say(f"note: {said}, which stay; move them away if they are not to go out: {path}{more}")


def say_what_was_left(paths: Sequence[Path]) -> None:
    """Print which files stay as somebody has changed them."""
    for it in paths[:_MOST_ALIKE]:
        say(f"left alone: {it} is not as optout wrote it (signed?); --force would replace it")
    if len(paths) > _MOST_ALIKE:
        say(f"left alone: {_counted(len(paths) - _MOST_ALIKE, 'file')} more like these")


def say_what_is_missing(path: Path, plan: BatchPlan) -> None:
    """Print whose letters are not in the file to print."""
    missing, total = plan.unprinted, len(plan.rows)
    if not missing:
        return
    names = ", ".join(str(it.location) for it in missing[:_MOST_ALIKE])
    more = f" and {len(missing) - _MOST_ALIKE:,} more" if len(missing) > _MOST_ALIKE else ""
    count = _counted(total, "request")
    say(f"{path} has {total - len(missing):,} of {count}; missing: {names}{more}")


def say_next(
    plan: BatchPlan,
    order: Order,
    rejects: Sequence[Path],
    changed: Sequence[Path],
    paper: Path | None,
    named: Sequence[Path],
    *,
    is_due: bool,
) -> None:
    """Print what is left to do; `is_due` where there are letters that nobody has seen.

    `named` are folders that the rejects name files of.
    """
    for it in changed:
        say(f"{it} was changed since it was written, and is left alone")
    names = " ".join(map(str, rejects))
    if rejects and paper:
        say(f"next: correct the table itself, and give the command again: {paper} is complete then")
    elif rejects:
        more = "".join(f" and --files-from {quote(str(it))}" for it in named)
        say(
            f"next: correct {names}, and give it in place of the input, with the same options{more}"
        )
    if order.is_draft and is_due:
        say("next: fill in what is missing, and give the command again without --draft")
    elif is_due and all(any(one.code == DRAFT for one in it.notes) for it in plan.good):
        say("next: fill in signatory.name and signatory.title, and give the command again")
    elif is_due:
        steps = ["read the letters", "confirm the addresses that the notes name"]
        steps += [*_sending(order.formats, paper)]
        say(f"next: {', '.join(steps[:-1])}, and {steps[-1]}")


def _sending(formats: Sequence[str], paper: Path | None) -> Iterator[str]:
    """Yield how letters go out: those on paper are printed, the others are sent as they are."""
    routes = {exporter_for(name).ROUTE for name in formats}
    if paper or None in routes:
        yield f"print {paper} and sign" if paper else "print and sign them"
    yield from (how for route, how in _SENT.items() if route in routes)


def say_what_stopped(why: str, finished: int, total: int) -> None:
    """Print how far a batch came, and how it goes on."""
    say(
        f"{why}: {finished:,} of {_counted(total, 'request')} finished, each file whole or absent;"
        " to go on, give the same command again"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


PLACE = Path("problems", "internal-errors.txt")  # in the batch's folder, beside the letters' own


def say_tracebacks(tracebacks: Mapping[str, Sequence[str]]) -> None:
    """Print each traceback once, with the rows that it is of."""
    for line in _lines(tracebacks):
        say(line)


def keep_tracebacks(tracebacks: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write the tracebacks of a run to a file and name it, or take an earlier run's away."""
    place = folder / PLACE
    if tracebacks:
        write_all({place: "\n".join(_lines(tracebacks)).encode("utf-8", "replace")}, force=True)
        say(f"the tracebacks, to be sent with a report of the bug: {place}")
        return
    with write_errors(place):
        place.unlink(missing_ok=True)
    with suppress(OSError):  # somebody keeps a file of their own there, or there is no folder
        place.parent.rmdir()


def _lines(tracebacks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for traceback, places in tracebacks.items():
        yield f"{', '.join(places)}:"
        yield traceback
