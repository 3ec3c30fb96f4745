"""What a batch reports: problems, counts, notes, its PDF engine, and what to do next."""

import re
import sys
import time
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli.batch.existing import FormerLetters
from optout_cli.batch.input import InputFile, Stream
from optout_cli.batch.job import Job
from optout_cli.batch.plan import DRAFT, LAW, OF_ALL, BatchPlan
from optout_cli.batch.rejects import WrittenRejects
from optout_cli.batch.rows import make_rows
from optout_cli.cli.console import (
    count_of,
    path_lines,
    print_problem,
    print_text,
    quote,
    say,
    say_problems,
    speaks_json,
)
from optout_cli.engines import layout_problems, load_error
from optout_cli.errors import Problem
from optout_cli.exporters import exporter_for
from optout_cli.letters.pipeline import Order
from optout_cli.model.letter import EngineName
from optout_cli.model.notice import Note
from optout_cli.output import write_all, write_errors
from optout_cli.register.state import Register

_MOST_ALIKE = 5  # notes of one kind, paths or rows that are listed
_NEVER_SHORTENED = ("period", LAW)
_NUMBER = re.compile(r"([0-9][0-9-]*)")


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield each Problem once, with a count; one that many rows have in the same column, for all.

    `t.csv: service.ice.0.by cannot be 'x' (40 rows: lines 2, 3, 4, 5, 6 and 35 more)`.
    """
    counts = Counter(problems)
    groups: dict[Problem, list[Problem]] = {}
    for problem in counts:
        groups.setdefault(_anywhere(problem), []).append(problem)
    for problem, count in counts.items():
        general = _anywhere(problem)
        alike = groups[general]
        if len(alike) <= _MOST_ALIKE:
            head, _, hint = str(problem).partition("\n")
            yield f"{head} ({count:,} times)" if count > 1 else head
        elif problem is alike[0]:
            head, _, hint = str(general).partition("\n")
            places = [str(problem.location.line) for problem in alike if problem.location]
            lines = f"{', '.join(places[:_MOST_ALIKE])} and {len(places) - _MOST_ALIKE:,} more"
            yield f"{head} ({len(alike):,} rows: lines {lines})"
            more = ""  # how to correct a column in all its rows at once
            if general.code == "missing-key" and general.path not in ("jurisdiction", "letter"):
                more = "; if it is the same for all rows, write it once in the file for --common"
            elif general.code in ("unknown-choice", "odd-value", "wrong-text"):
                more = "; use Find and Replace to correct the whole column at once"
            hint = hint and f"{hint}{more}"
        else:
            hint = ""
        if hint:
            yield hint


def say_each_problem(problems: Iterable[Problem], *, is_product: bool = False) -> None:
    """Print problems, those that many rows have only once: on stderr, or as a check's product."""
    if speaks_json():
        for problem in dict.fromkeys(problems):
            print_problem(problem) if is_product else say_problems([problem])
    else:
        for line in problem_lines(problems):
            print_text(line) if is_product else say(line)


def _anywhere(problem: Problem) -> Problem:
    """Return a Problem of a row as any row may have it."""
    if problem.location is None or not problem.location.label:
        return problem
    location = msgspec.structs.replace(problem.location, line=None, column=None, label="")
    return msgspec.structs.replace(problem, location=location)


def tally_lines(plan: BatchPlan) -> Iterator[str]:
    """Yield how many requests can be written, the problems by code, and what the data lacks."""
    total, bad = len(plan.rows), len(plan.problems)
    files = sum(len(row.paths) for row in plan.good)
    can = f"{total - bad:,} can be written ({count_of(files, 'file')})"
    yield f"{count_of(total, 'request')}: {can}, {bad:,} cannot"
    kinds: Counter[str] = Counter()
    for problems in plan.problems.values():
        # A dict, not a set, keeps the order of equal counts.
        kinds.update(dict.fromkeys((problem.code for problem in problems), 1))
    for code, count in kinds.most_common():
        yield f"  {count:>7,}  {code}"
    if plan.lacking:
        yield "missing in the data, with the number of requests that need it:"
    for (agency, field), count in sorted(plan.lacking.items()):
        yield f"  {count:>7,}  {agency}: {field}"


class Told(NamedTuple):
    """A line for the screen, the code of the note in it, and how many requests it is about."""

    text: str
    note: str | None = None
    requests: int | None = None


def note_lines(
    plan: BatchPlan, wanted: Collection[int], today: date, *, in_full: bool
) -> Iterator[Told]:
    """Yield each note on the rows that are written now once, with their number; and every law.

    `wanted` are the rows that were to be written. Of the other kinds only the first ones, if not
    `in_full`.
    """
    good = {row.number: row for row in plan.good}
    fresh = good.keys() & {*wanted} - plan.left - plan.unwritten
    undated = sum(not good[number].is_dated for number in fresh)
    if undated:
        yield Told(
            f"dated today, {today}: {count_of(undated, 'request')}; to keep this date,"
            f" add date: {today} to the rows or to --common"
        )
    shown: Counter[str] = Counter()
    most = sys.maxsize if in_full else _MOST_ALIKE
    for note, count in _merge_alike(plan.count_notes(fresh)).items():
        shown[note.code] += 1
        if shown[note.code] <= most or note.code in _NEVER_SHORTENED:
            total = len(good if note.code in OF_ALL else fresh)
            share = f"{count:,} of " if count < total else ""
            when = " written now" if total < len(good) else ""
            text = f"note ({share}{count_of(total, 'request')}{when}): {note.text}"
            yield Told(text, note.code, count)
    for code, count in shown.items():
        if count > most and code not in _NEVER_SHORTENED:
            more = count_of(count - most, "more note")
            yield Told(f"note: {more} of the kind {code!r}; to see all, add --verbose", code)


def _merge_alike(notes: Counter[Note]) -> Counter[Note]:
    """Merge notes that differ only in a date or number, which the merged note leaves out."""
    alike: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        text = note.line if note.code in _NEVER_SHORTENED else _NUMBER.sub("", note.line)
        alike.setdefault((note.code, text), []).append(note)
    merged: Counter[Note] = Counter()
    for (code, _), group in alike.items():
        parts = zip(*(_NUMBER.split(note.line) for note in group), strict=True)
        text = "".join(part[0] if len(set(part)) == 1 else "..." for part in parts)
        merged[Note(code=code, text=text)] += sum(notes[note] for note in group)
    return merged


def say_how_read(files: Iterable[InputFile | Stream]) -> None:
    """Say how columns are read that could be meant in another way; of several files, together."""
    names: dict[str, list[str]] = {}
    for file in files:
        for note in file.notes:
            names.setdefault(note, []).append(file.name)
    for note, several in names.items():
        say(f"note: {', '.join(several)}: {note}")


def say_what_was_done(
    plan: BatchPlan, written: int, finished: int, folder: Path, paper: Path | None
) -> None:
    """Print how many files were written, and what happened to the other requests."""
    parts = [f"{count_of(written, 'file')} written to {folder}/{f', and {paper}' if paper else ''}"]
    if finished:
        parts.append(f"{count_of(finished, 'request')} already finished")
    if plan.left:
        parts.append(f"{count_of(len(plan.left), 'request')} kept as before")
    if plan.problems:
        parts.append(f"{count_of(len(plan.problems), 'request')} rejected")
    say("; ".join(parts))


def former_lines(former: FormerLetters, folder: Path) -> Iterator[str]:
    """Yield which letters stay although no row gives them now."""
    for stay, more in ((former.rejected, ""), (former.unclear, ", or no longer in {}")):
        why = more.format(stay[0].source) if stay else ""
        paths = [folder / record.path for record in stay]
        yield from path_lines(f"kept, since its row is rejected now{why}", paths)
    for records, gone in (
        (former.older, "no new letter replaces {count} from an older request"),
        (former.gone, "{source} no longer has the rows of {count}"),
    ):
        if records:
            path = folder / records[0].path
            more = f" and {len(records) - 1:,} more" if len(records) > 1 else ""
            what = gone.format(source=records[0].source, count=count_of(len(records), "file"))
            yield f"note: {what}; move them away unless you want to send them: {path}{more}"


def say_rejects(plan: BatchPlan, rejects: WrittenRejects) -> None:
    """Print which files of rejected rows stay, and how the next run takes the corrected rows."""
    if not (rejects.written or rejects.fixed):
        return
    tables = [path for path in rejects.changed if path in rejects.fixed]
    for path in rejects.changed:
        more = f": if you fixed rows there, add --with {quote(str(path))}"
        if path in tables:
            more = f", and has {count_of(rejects.fixed[path], 'row')} of those rejected now"
        is_table = path.suffix in (".csv", ".xlsx")
        say(f"kept: {path} was changed after optout wrote it{more if is_table else ''}")
    names = " ".join(map(str, rejects.written))
    others = [path for path in rejects.written if path.suffix not in (".csv", ".xlsx")]
    tables += (path for path in rejects.written if path not in others)
    more = "".join(f" --files-from {quote(str(folder))}" for folder in rejects.folders)
    how = "again with" + "".join(f" --with {quote(str(path))}" for path in tables) + more
    if others or plan.pipes:
        what = "that file" if len(rejects.written) == 1 else "those files"
        how = f"with {what} as input, with the same options" + (more and f" and{more}")
    say(f"next: {f'fix the rows in {names}, then ' if names else ''}run this command {how}")


def say_next(plan: BatchPlan, order: Order, steps: Iterable[str], *, is_due: bool) -> None:
    """Print what to do next with the letters; `is_due` if there are some that nobody has seen.

    `steps` are those for letters that are not drafts.
    """
    if order.is_draft and is_due:
        say("next: fill in what is missing, then run this command again without --draft")
    elif is_due and all(any(note.code == DRAFT for note in row.notes) for row in plan.good):
        say("next: fill in signatory.name and signatory.title, then run this command again")
    elif is_due:
        for step in steps:
            say(f"next: {step}")


PLACE = Path("problems", "internal-errors.txt")  # in the batch's folder


def traceback_lines(tracebacks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each traceback once, below the rows where it happened."""
    for traceback, places in tracebacks.items():
        yield f"{', '.join(places)}:"
        yield traceback


def keep_tracebacks(tracebacks: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write the tracebacks to a file and print its path; without any, delete an old file."""
    place = folder / PLACE
    if tracebacks:
        write_all(
            {place: "\n".join(traceback_lines(tracebacks)).encode("utf-8", "replace")}, force=True
        )
        say(f"this is a bug in optout; please report it, and attach {place}")
        return
    with write_errors(place):
        place.unlink(missing_ok=True)
    with suppress(OSError):  # there is no such folder, or the user keeps files in it
        place.parent.rmdir()


LEAST = 200  # letters: below that, what Typst saves is not worth a line
LEAST_SAVED = 1  # s
_SAMPLE = 5  # requests whose letters are made again, to measure
_MINUTE = 60  # s


def other_engine_lines(
    plan: BatchPlan, wanted: Container[int], register: Register, engine: EngineName
) -> Iterator[str]:
    """Yield a note if another engine printed letters of the `wanted` rows that are not sent yet."""
    paths = (path for row in plan.good if row.number in wanted for path in row.paths)
    records = (register.records.get(path) for path in paths if not register.is_sent(path))
    before = [record.engine for record in records if record and record.engine]
    others = [name for name in before if name != engine]
    if others:
        yield (
            f"note: {others[0]} printed {len(others):,} of these letters before, and {engine}"
            f" prints them again; to keep the old ones, use --engine {others[0]}"
        )


def faster_lines(
    input_files: Sequence[InputFile],
    job: Job,
    wanted: Mapping[int, Order],
    files: int,
    seconds: float,
) -> Iterator[str]:
    """Yield how long Typst would have taken for files that took WeasyPrint some seconds.

    Makes the letters of a few requests with each engine, in this process, and writes none.
    """
    context = job.library.context
    with_pages = [name for name in job.order.formats if exporter_for(name).IS_SLOW]
    letters = files * len(with_pages) / len(job.order.formats)
    if context.engine_name == "typst" or letters <= LEAST:
        return
    if load_error("typst") or any(layout_problems("typst", context.templates)):
        return
    sample = dict(islice(wanted.items(), _SAMPLE + 1))
    usual = _measure(input_files, job, sample)
    options = msgspec.structs.replace(job.library.options, engine="typst")
    typst = msgspec.structs.replace(job, library=job.library.with_options(options))
    sooner = seconds * (1 - _measure(input_files, typst, sample) / usual)
    if sooner > LEAST_SAVED:
        times = (
            f"{minutes:,} min" if (minutes := round(taken / _MINUTE)) > 1 else f"{taken:,.0f} s"
            for taken in (seconds - sooner, seconds)
        )
        yield (
            f"note: --engine typst would have written these letters in about"
            f" {' instead of '.join(times)} (measured on {len(sample) - 1} of the requests)"
        )


def _measure(input_files: Sequence[InputFile], job: Job, sample: Mapping[int, Order]) -> float:
    """Return how long the letters of the sample take but for the first, which loads the engine."""
    rows = make_rows(input_files, sample, job, 1)
    next(rows)
    began = time.process_time()
    for _ in rows:
        pass
    return time.process_time() - began
