"""Print the CPU time in s of a bare loop that compiles the pages of a batch with Typst.

Usage: python bench/bare_typst.py ROWS COMMON FOLDER, with ROWS and COMMON as `optout batch` takes
them. First optout prints the letters, and every page goes to a list as Typst gets it, with its
words as JSON; that is not counted. The loop reads no row, checks nothing and writes no file.
batch.py runs this.
"""

import sys
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import typst

from optout_cli.batch.input import load_inputs
from optout_cli.batch.plan import plan_from
from optout_cli.batch.rows import Job, check_rows
from optout_cli.cache import Cache
from optout_cli.exporters import Options
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, request_file

# With the words of each page, in files beside it. Any: what Typst's compiler takes.
Pages = list[tuple[typst.Compiler, dict[str, Any], dict[Path, bytes]]]


def main(rows: str, common: str, work: str) -> None:
    """Measure and print."""
    pages: Pages = []
    typst.Compiler = _recording(pages)  # type: ignore[misc]  # for the engine, imported below
    library = Library(cache=Cache(Path(work) / "cache"), options=Options(engine="typst"))
    order = Order(today=date(2026, 11, 24), formats=("pdf",))
    inputs = load_inputs([rows])
    job = Job(library=library, order=order, common=request_file(common), folder=Path(work) / "no")
    plan = plan_from(check_rows(inputs, job, 1))
    wanted = plan.unfinished(order, force=False)
    made = list(plan.results(wanted, inputs, job, 1))
    start = process_time()
    for compiler, page, words in pages:
        for path, content in words.items():
            path.write_bytes(content)
        compiler.compile(**page)
    print(process_time() - start, sum(len(row.output_files.contents) for row in made))


def words_beside(page: dict[str, Any]) -> dict[Path, bytes]:  # Any: as above
    """Return the files of the words that a page shows, with their contents."""
    names = ("words.json", "running.json")
    paths = [Path(page["input"]).with_name(name) for name in names]
    return {path: path.read_bytes() for path in paths}


def _recording(pages: Pages) -> type:
    """Return a compiler that notes each page that it is given."""

    class Recording:
        def __init__(self, **options: Any) -> None:
            self._compiler = compiler(**options)

        def compile(self, **page: Any) -> Any:
            pages.append((self._compiler, page, words_beside(page)))
            return self._compiler.compile(**page)

    compiler = typst.Compiler
    return Recording


if __name__ == "__main__":
    main(*sys.argv[1:])
