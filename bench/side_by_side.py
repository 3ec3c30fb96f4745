"""Print the CPU time of 500 letters: by a batch, and by WeasyPrint as a plain program calls it.

Usage: python bench/side_by_side.py ROWS COMMON FOLDER RULES. ROWS and COMMON are as `optout batch`
takes them; RULES are the CSS rules by which WeasyPrint finds the typeface. Both write the same
letters in turns, in one process, so that a busy computer slows them alike. batch.py runs this.
"""

import gc
import sys
from datetime import date
from pathlib import Path
from time import process_time

from weasyprint import HTML

from optout_cli.batch.input import load_inputs, rows_of
from optout_cli.batch.plan import plan_from
from optout_cli.batch.rows import Job, check_rows
from optout_cli.cache import Cache
from optout_cli.exporters import exporter_for
from optout_cli.letters.library import Library
from optout_cli.letters.pipeline import Order, case_of, letters_of, request_file
from optout_cli.readers.document import Document
from optout_cli.register.folder import LetterFolder

_WARM_UP = 2  # rows that are not counted: they fill the caches


def main(rows: str, common: str, work: str, rules: str) -> None:
    """Measure and print both times, in ms."""
    library = Library(cache=Cache(Path(work) / "cache"))
    order = Order(today=date(2026, 11, 24), formats=("pdf",))
    inputs = load_inputs([rows])
    folder = Path(work) / "out"
    job = Job(library=library, order=order, common=request_file(common), folder=folder)
    pages = {number: html_pages(row.document, job, rules) for number, row in rows_of(inputs)}
    ours, naive = [], []
    with LetterFolder(folder) as output, output.spool() as spool:
        gc.disable()
        start = process_time()
        plan = plan_from(check_rows(inputs, job, 1), spool, {})
        wanted = plan.unfinished(order, force=False)
        checking = (process_time() - start) / len(wanted)
        results = plan.results(wanted, inputs, job, 1)
        for number in list(wanted):
            gc.disable()
            start = process_time()
            made = next(results)
            assert made.output_files
            output.put(made.output_files)
            ours.append(process_time() - start + checking)
            gc.enable()  # as a plain program has it
            start = process_time()
            for page in pages[number]:
                HTML(string=page).write_pdf(pdf_variant="pdf/a-2a")
            naive.append(process_time() - start)
    counted = len(ours) - _WARM_UP
    print(*(sum(times[_WARM_UP:]) / counted * 500 for times in (ours, naive)))


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
