"""The letter as one PDF to fax: cover, letter and enclosed PDFs, numbered from the first page.

For services that take a PDF, and to print for a fax machine. No archive copy: it claims no PDF/A.
"""

from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from optout_cli.engines import pages_in
from optout_cli.engines.measure import room_problems
from optout_cli.errors import raise_any
from optout_cli.exporters import pdf
from optout_cli.exporters.context import ExportContext
from optout_cli.model.letter import Attachment, Letter

if TYPE_CHECKING:
    from pikepdf import Page, Pdf

RANK = 7
DESCRIPTION = "one PDF to fax: cover, letter and enclosed PDFs"
MEDIA_TYPE = pdf.MEDIA_TYPE
IS_TEXT = False
IS_SLOW = True
IS_PRINTED = False
IS_TO_MARK_UP = False
ROUTE = "fax"
SIGNATURES = ("typed", "image")
ENCLOSES = "pdf"
count_pages = pages_in
_SHEET = (612, 792)  # pt: US Letter
_BELOW_HEAD = (0, 0, 612, 756)  # pt: 0.5 in below the top
_MARKS = ("BMC", "BDC", "EMC")  # around what the tags name (ISO 32000-1, 14.6)


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages. Raises OptoutError for anything that a page cannot show."""
    return whole_fax(letter, context).content


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
    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf, 100 ms
    from optout_cli.readers.enclosures import flatten

    raise_any(room_problems(letter, has_own_page=context.has_own_page))
    own = context.engine.print_fax(letter)
    files = [
        Attachment(file.name, file.media_type, _below_head(flatten(file.content)))
        for file in letter.attachments
        if file.media_type == pdf.MEDIA_TYPE
    ]
    enclosed = tuple((file.name, pages_in(file.content)) for file in files)
    count = pages_in(own)
    later = count + sum(pages for _, pages in enclosed)

    def print_front(covers: int) -> tuple[bytes, int]:
        front = context.engine.print_cover(letter, letter.cover_of(later + covers), later)
        return front, pages_in(front) - later

    front, covers = print_front(1)
    if covers > 1:
        front, covers = print_front(covers)
    return Fax(_bind(front, bind_enclosures(own, files)), covers, count, enclosed)


def _below_head(content: bytes) -> bytes:
    """Put each page of a PDF on an upright page of US Letter, below the head of a fax's page."""
    import pikepdf
    import pypdfium2 as pdfium

    output = BytesIO()
    with (
        pikepdf.open(BytesIO(content)) as document,
        pikepdf.new() as fitted,
        closing(pdfium.PdfDocument(content)) as shown,
    ):
        for page, look in zip(document.pages, shown, strict=True):
            page.trimbox = pikepdf.Rectangle(*look.get_bbox())
            width, height = look.get_size()
            if width > height:
                page.rotate(90, relative=True)
            _draw_over(fitted, fitted.add_blank_page(page_size=_SHEET), page, _BELOW_HEAD)
        fitted.save(output, deterministic_id=True)
    return output.getvalue()


def _bind(front: bytes, content: bytes) -> bytes:
    """Put a fax's cover before its other pages, and over each of these its head.

    `front` has the cover, and the heads of as many pages as `content` has.
    """
    import pikepdf

    output = BytesIO()
    with pikepdf.open(BytesIO(content)) as fax, pikepdf.open(BytesIO(front)) as heads:
        covers = len(heads.pages) - len(fax.pages)
        for page, head in zip(fax.pages, [*heads.pages][covers:], strict=True):
            shown = [
                it for it in pikepdf.parse_content_stream(head) if str(it.operator) not in _MARKS
            ]
            words = b"/Artifact BMC\n" + pikepdf.unparse_content_stream(shown) + b"\nEMC"
            head.Contents = heads.make_stream(words)
            _draw_over(fax, page, head, (0, 0, *_SHEET))
        for number, cover in enumerate([*heads.pages][:covers]):
            if "/StructParents" in cover.obj:  # its tags are not in this document
                del cover.obj["/StructParents"]
            fax.pages.insert(number, cover)
        fax.save(output, deterministic_id=True)
    return output.getvalue()


def _draw_over(
    document: "Pdf", page: "Page", other: "Page", place: tuple[int, int, int, int]
) -> None:
    """Draw another document's page on a page; pikepdf's own way names the drawing by chance."""
    from pikepdf import Name, Rectangle

    form = document.copy_foreign(other.as_form_xobject())
    # Pages may share their resources.
    name = page.add_resource(form, Name.XObject, Name(f"/Drawn{page.index}"))
    placed = page.calc_form_xobject_placement(form, name, Rectangle(*place))
    page.contents_add(b"q", prepend=True)
    page.contents_add(b"Q " + placed)
