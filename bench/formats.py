"""Print the CPU time of text, e-mail, fax text and fax pages, without the time of their PDF.

The PDF that an e-mail or a fax page needs is made beforehand, so each figure is the format's own
work. Each figure has its limit beside it; nothing fails.
"""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from PIL import Image as Picture

from optout_cli.cache import Cache
from optout_cli.engines import Engine
from optout_cli.exporters import ExportContext, exporter_for
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of, request_file
from optout_cli.letters.render import render
from optout_cli.model.letter import Cover, Letter

ROOT = Path(__file__).resolve().parent.parent
REQUEST = ROOT / "examples" / "everything.yaml"
TODAY = date(2026, 11, 24)
RUNS = 9  # of each, after one that fills the caches
TIMES = 50  # in one run


class Printed:
    """An engine that prints each page of a letter once, and then returns the same PDF."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._printed: dict[str, bytes] = {}

    def print_letter(self, letter: Letter, *, is_fax: bool = False) -> bytes:
        """Return the PDF of the letter, or of its fax."""
        name = "fax" if is_fax else "letter"
        return self._once(name, lambda: self._engine.print_letter(letter, is_fax=is_fax))

    def print_cover(self, letter: Letter, cover: Cover, later: int) -> bytes:
        """Return the PDF of the fax's cover."""
        return self._once("cover", lambda: self._engine.print_cover(letter, cover, later))

    def _once(self, name: str, printer: Callable[[], bytes]) -> bytes:
        if name not in self._printed:
            self._printed[name] = printer()
        return self._printed[name]


def main() -> None:
    """Measure and print the table."""
    with TemporaryDirectory() as folder:
        library = Library(cache=Cache(Path(folder)))
        document = request_file(str(REQUEST))
        order = Order(today=TODAY, parties=("bureau",), is_draft=True)

        def composed() -> Letter:
            return render(compose(case_of(document, library, order))[0], library.templates)

        letter, context = composed(), ExportContext(library.templates)
        context.__dict__["engine"] = Printed(library.context.engine)
        for line in table(composed, letter, context):
            print(line)


def table(composed: Callable[[], Letter], letter: Letter, context: ExportContext) -> list[str]:
    """Return the lines to print: each figure with its limit."""
    pages = Picture.open(BytesIO(exporter_for("tiff").encode(letter, context))).n_frames
    fax_page = cost(lambda: exporter_for("tiff").encode(letter, context), 5) / pages
    rows = [
        ("request to letter", 1 / cost(composed), "a second and core", ""),
        *(
            (
                name,
                1 / cost(lambda name=name: exporter_for(name).encode(letter, context)),
                unit,
                limit,
            )
            for name, unit, limit in (
                ("txt", "a second and core", ""),
                ("eml", "a second and core", "at least 400"),
                ("fax", "a second and core", ""),
            )
        ),
        ("tiff", fax_page * 1000, "ms a page", "at most 35"),
    ]
    head = f"CPU time, median of {RUNS} runs, without the time of the PDF"
    return [
        head,
        "",
        *(f"{name:<26}{rate:>8.0f} {unit:<20}{limit}" for name, rate, unit, limit in rows),
    ]


def cost(work: Callable[[], object], times: int = TIMES) -> float:
    """Return the median CPU time of `work` in s."""
    spent = []
    for _ in range(RUNS + 1):
        start = process_time()
        for _ in range(times):
            work()
        spent.append((process_time() - start) / times)
    return median(spent[1:])


if __name__ == "__main__":
    main()
