"""Print the CPU time of 500 letters: by a batch, and by WeasyPrint as a plain program calls it.

The batch is measured with each PDF engine.

Usage: python bench/side_by_side.py ROWS COMMON FOLDER RULES. ROWS and COMMON are as `optout batch`
takes them; RULES are the CSS rules by which WeasyPrint finds the typeface. All write the same
letters in turns, in one process, so that a busy computer slows them alike. batch.py runs this.
"""

import gc
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from time import process_time

from weasyprint import HTML

from optout_cli.batch.input import InputFile, load_inputs, rows_of
from optout_cli.batch.plan import plan_from
from optout_cli.batch.rows import Job, check_rows
from optout_cli.cache import Cache
from optout_cli.engines import NAMES
from optout_cli.exporters import Options, exporter_for
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of, letters_of, request_file
from optout_cli.readers.document import Document
from optout_cli.register.folder import LetterFolder

_WARM_UP = 2  # rows that are not counted: they fill the caches


def main(rows: str, common: str, work: str, rules: str) -> None:
    """Measure and print the three times, in ms: by each PDF engine, and by the plain program."""
    order = Order(today=date(2026, 11, 24), formats=("pdf",))
    inputs = load_inputs([rows])
    jobs = [
        Job(
            library=Library(cache=Cache(Path(work) / "cache"), options=Options(engine=engine)),
            order=order,
            common=request_file(common),
            folder=Path(work) / engine,
        )
        for engine in NAMES
    ]
    pages = [html_pages(row.document, jobs[0], rules) for _, row in rows_of(inputs)]
    batches = [batch(inputs, job) for job in jobs]
    times: list[list[float]] = []
    for letters, *ours in zip(pages, *batches, strict=True):
        gc.enable()  # as a plain program has it
        start = process_time()
        for page in letters:
            HTML(string=page).write_pdf(pdf_variant="pdf/a-2a")
        times.append([*ours, process_time() - start])
        gc.disable()
    counted = times[_WARM_UP:]
    print(*(sum(column) / len(counted) * 500 for column in zip(*counted, strict=True)))


def batch(inputs: Sequence[InputFile], job: Job) -> Iterator[float]:
    """Write the letters of a table, and yield the time of each row in s, with that of its check."""
    with LetterFolder(job.folder) as output, output.spool() as spool:
        start = process_time()
        plan = plan_from(check_rows(inputs, job, 1), spool, {})
        wanted = plan.unfinished(job.order, force=False)
        checking = (process_time() - start) / len(wanted)
        results = plan.results(wanted, inputs, job, 1)
        for _ in wanted:
            start = process_time()
            made = next(results)
            assert made.output_files
            output.put(made.output_files)
            yield process_time() - start + checking


def html_pages(row: Document, job: Job, rules: str) -> list[str]:
    """Return a row's letters as web pages that name the typeface's files."""
    document = job.document_of(row)
    case = case_of(document, job.library, job.order)
    letters = letters_of(case, document, job.library, job.order, job.folder)
    encode = exporter_for("html").encode
    pages = [encode(letter, job.library.context).decode() for letter in letters]
    return [page.replace("<style>", f"<style>{rules}") for page in pages]


if __name__ == "__main__":
    main(*sys.argv[1:])
