"""The letter as one PDF to fax: cover, letter and enclosed PDFs, numbered from the first page.

For services that take a PDF, and to print for a fax machine. No archive copy: it claims no PDF/A.
"""

from typing import NamedTuple

from optout_cli.engines.measure import room_problems
from optout_cli.errors import raise_any
from optout_cli.exporters import pdf
from optout_cli.exporters.context import ExportContext
from optout_cli.model.letter import Attachment, Letter

RANK = 7
DESCRIPTION = "one PDF to fax: cover, letter and enclosed PDFs"
MEDIA_TYPE = pdf.MEDIA_TYPE
IS_TEXT = False
IS_SLOW = True
IS_PRINTED = False
ROUTE = "fax"
SIGNATURES = ("typed", "image")
ENCLOSES = "pdf"


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages. Raises OptoutError for anything that a page cannot show."""
    return whole_fax(letter, context).content


def count_pages(content: bytes) -> int:
    """Return how many pages a fax has."""
    return pdf.count_pages(content)


class Fax(NamedTuple):
    """The pages of a fax as PDF; the name of each enclosed PDF, with the number of its pages."""

    content: bytes
    covers: int
    own: int
    enclosed: tuple[tuple[str, int], ...]


def whole_fax(letter: Letter, context: ExportContext) -> Fax:
    """Bind cover, letter and enclosed PDFs, with the number of each page over the whole fax.

    Raises OptoutError for anything that a page cannot show.
    """
    from optout_cli.exporters.binding import below_head, bind_enclosures, bind_fax
    from optout_cli.readers.enclosures import flatten

    raise_any(room_problems(letter, has_own_page=context.has_own_page))
    own = context.engine.print_fax(letter)
    files = [
        Attachment(file.name, file.media_type, below_head(flatten(file.content)))
        for file in letter.attachments
        if file.media_type == pdf.MEDIA_TYPE
    ]
    enclosed = tuple((file.name, pdf.count_pages(file.content)) for file in files)
    count = pdf.count_pages(own)
    later = count + sum(pages for _, pages in enclosed)

    def print_front(covers: int) -> tuple[bytes, int]:
        front = context.engine.print_cover(letter, letter.cover_of(later + covers), later)
        return front, pdf.count_pages(front) - later

    front, covers = print_front(1)
    if covers > 1:
        front, covers = print_front(covers)
    return Fax(bind_fax(front, bind_enclosures(own, files)), covers, count, enclosed)
