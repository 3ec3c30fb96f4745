"""Tables as CSV that no spreadsheet takes a formula from, and the cells of such a table read back.

A cell that begins as a formula is kept behind an apostrophe, as a spreadsheet itself shows it.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def csv_from(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; lines end as RFC 4180 has them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_guarded, header))
    writer.writerows(map(_guarded, row) for row in rows)
    return text.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return a cell's text as it is meant, without the apostrophe that guards it."""
    return cell[1:] if _GUARDED.match(cell) else cell
