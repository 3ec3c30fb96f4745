"""What a batch says about its PDF engine: another one than before, and how much sooner Typst is."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from optout_cli.batch.input import InputFile
from optout_cli.batch.rows import Job, make_rows
from optout_cli.engines import layout_problems, load_error
from optout_cli.exporters import exporter_for
from optout_cli.letters.pipeline import Order
from optout_cli.model.letter import EngineName
from optout_cli.register.records import Record

LEAST = 200  # letters: below that, what Typst saves is not worth a line
LEAST_SAVED = 1  # s
_SAMPLE = 5  # requests whose letters are made again, to measure
_MINUTE = 60  # s


def other_engine_lines(
    records: Mapping[str, Record], paths: Iterable[str], engine: EngineName
) -> Iterator[str]:
    """Yield a note if another engine printed the letters at some of these paths before."""
    before = [record.engine for path in paths if (record := records.get(path)) and record.engine]
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
        yield (
            f"note: --engine typst would have written these letters in about"
            f" {_lasting(seconds - sooner)} instead of {_lasting(seconds)}"
            f" (measured on {len(sample) - 1} of the requests)"
        )


def _measure(input_files: Sequence[InputFile], job: Job, sample: Mapping[int, Order]) -> float:
    """Return how long the letters of the sample take but for the first, which loads the engine."""
    rows = make_rows(input_files, sample, job, 1)
    next(rows)
    began = time.process_time()
    for _ in rows:
        pass
    return time.process_time() - began


def _lasting(seconds: float) -> str:
    minutes = round(seconds / _MINUTE)
    return f"{minutes:,} min" if minutes > 1 else f"{seconds:,.0f} s"
