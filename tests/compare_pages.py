"""Compare the pages of two PDFs: their words, where lines end, and where each line stands."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple
from unicodedata import normalize

from pypdfium2 import PdfPage, raw
from read_pdf import PAGE_HEIGHT, POINTS, opened, text_of

SLACK = 0.02  # in between the places of one line in two PDFs
_ONE_LINE = 1.5  # pt between the baselines of what stands on one line
BODY = (0.85, 10.25)  # in from the top: between a later page's head and the foot


class Row(NamedTuple):
    """A line of a page: its words without blanks, and its left, baseline and right in inches."""

    text: str
    left: float
    base: float
    right: float

    def is_at(self, other: "Row") -> bool:
        """Tell whether two lines stand at the same place."""
        apart = (self.left - other.left, self.base - other.base, self.right - other.right)
        return max(map(abs, apart)) <= SLACK

    @property
    def is_fixed(self) -> bool:
        """Whether the line is in a page's margin."""
        return not BODY[0] < self.base < BODY[1]


Pages = list[list[Row]]


def pages_of(content: bytes) -> Pages:
    """Return the lines of each page, from top to bottom."""
    document = opened(content)
    pages = [list(_rows_on(page)) for page in document]
    document.close()
    return pages


def _rows_on(page: PdfPage) -> Iterator[Row]:
    texts, rows = page.get_textpage(), dict[float, list[tuple[float, str, float]]]()
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        if text := text_of(item, texts).strip():
            place = item.get_matrix()
            near = (base for base in rows if abs(base - place.f) < _ONE_LINE)
            parts = rows.setdefault(next(near, place.f), [])
            parts.append((place.e, text, item.get_bounds()[2]))
    for base in sorted(rows, reverse=True):
        parts = sorted(rows[base])
        text = normalize("NFC", "".join("".join(text for _, text, _ in parts).split()))
        right = max(right for *_, right in parts)
        yield Row(text, parts[0][0] / POINTS, PAGE_HEIGHT - base / POINTS, right / POINTS)


def _pairs(one: Pages, other: Pages) -> Iterator[tuple[list[Row], list[Row]]]:
    for number in range(max(len(one), len(other))):
        rows, others = (pages[number] if number < len(pages) else [] for pages in (one, other))
        yield rows, others


def first_difference(one: Pages, other: Pages) -> str:
    """Name the first thing in which two PDFs differ; empty if nothing does."""
    for number, (rows, others) in enumerate(_pairs(one, other), 1):
        for row, match in zip_longest(rows, others):
            if row is None or match is None or row.text != match.text or not row.is_at(match):
                return f"page {number}: {row} and {match}"
    return ""


def same_lines(one: Pages, other: Pages) -> tuple[int, int]:
    """Return how many lines two PDFs have alike, and how many there are."""
    alike = total = 0
    for rows, others in _pairs(one, other):
        texts = {row.text for row in others}
        alike += sum(row.text in texts for row in rows)
        total += max(len(rows), len(others))
    return alike, total


def words_of(pages: Pages) -> str:
    """Return the words of all pages but those in the margins."""
    return "".join(row.text for rows in pages for row in rows if not row.is_fixed)
