"""What a batch says: the problems of all rows in one list, counts, and what to do next."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from optout_cli.cli._shared import say
from optout_cli.errors import Problem
from optout_cli.manifest import Record
from optout_cli.pipeline.plan import Plan

_MOST_ALIKE = 5  # cautions of one kind whose words differ, by a date as a rule
_ALWAYS_TOLD = ("period", "state-law")


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield each Problem once, and in how many requests it is met where that is told by none."""
    for problem, count in Counter(problems).items():
        head, _, hint = str(problem).partition("\n")
        yield f"{head} (met {count:,} times)" if count > 1 else head
        if hint:
            yield hint


def tally_lines(plan: Plan) -> Iterator[str]:
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


def say_what_to_know(plan: Plan, day: str) -> None:
    """Print each caution once, with how many requests it is about."""
    if plan.undated:
        say(
            f"dated today, {day}: {_counted(plan.undated, 'request')}; to keep that date"
            f" add date: {day} to the rows or to --common"
        )
    told: Counter[str] = Counter()
    for caution, count in plan.cautions().items():
        told[caution.code] += 1
        if told[caution.code] <= _MOST_ALIKE or caution.code in _ALWAYS_TOLD:
            say(f"note ({_counted(count, 'request')}): {caution.text}")
    for code, count in told.items():
        if count > _MOST_ALIKE and code not in _ALWAYS_TOLD:
            say(f"note: {count - _MOST_ALIKE:,} more of the kind {code!r}")


def say_what_was_done(plan: Plan, written: int, finished: int, folder: Path) -> None:
    """Print how many files there are now, and why not more."""
    parts = [f"{_counted(written, 'file')} written to {folder}/"]
    if finished:
        parts.append(f"{_counted(finished, 'request')} had been finished before")
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
    say(f"note: {said}, which stay; delete them if they are not to go out: {path}{more}")


def say_next(rejects: Sequence[Path], written: int) -> None:
    """Print what is left to do."""
    if rejects:
        names = " ".join(map(str, rejects))
        say(f"next: correct {names}, and give it in place of the input, with the same options")
    if written:
        say("next: read the letters, confirm the addresses that the notes name, print and sign")


def say_what_stopped(why: str, finished: int, total: int) -> None:
    """Print how far a batch came, and how it goes on."""
    say(
        f"{why}: {finished:,} of {_counted(total, 'request')} finished, each file whole or absent;"
        " to go on, give the same command again"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
