"""The letter as one PDF to fax: cover, letter and enclosed PDFs, numbered from the first page.

For services that take a PDF, and to print for a fax machine. No archive copy: it claims no PDF/A.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from ctypes import c_int
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from optout_cli.engines import pages_in
from optout_cli.engines.measure import length_problems, room_problems
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import ExportContext, pdf
from optout_cli.model.letter import Attachment, Letter
from optout_cli.output import temporary_files

if TYPE_CHECKING:
    from pikepdf import Object, Page, Pdf
    from PIL import Image
    from pypdfium2 import PdfObject

RANK = 5
DESCRIPTION = "one PDF to fax: cover, letter and enclosed PDFs"
MEDIA_TYPE = pdf.MEDIA_TYPE
IS_SLOW = True
ROUTE = "fax"
SIGNATURES = ("typed", "image")
ENCLOSES = "pdf"
count_pages = pages_in
_SHEET = (612, 792)  # pt: US Letter
_BELOW_HEAD = (0, 0, 612, 756)  # pt: 0.5 in below the top
FAX_WIDTH = 1728  # px per scan line, ITU-T T.4 (215 mm at 204 dpi)
FINE_LINES = 196 * 11  # scan lines of US Letter, ITU-T T.4
FINE_INK = 128  # of 255: darker pixels become black
_AT_ONCE = 4  # pages that are drawn before the PDF is opened again: pdfium keeps what it reads
_HEAD = 0.5 / 11  # of a page's height: its head, above its own ink
_WHITE = 200  # of 255: the back of a scanned sheet is lighter than this
_TWO_TONE = {"JBIG2Decode", "CCITTFaxDecode", "CCF"}
_TWO_TONE_WHITE = 200  # bytes of a white picture, beside a bit a line (ITU-T T.6)
# Operators that paint words, lines, areas and pictures (ISO 32000-1, annex A).
_PAINTING = (
    "Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "INLINE IMAGE",
)  # fmt: skip
_MARKS = ("BMC", "BDC", "EMC")  # around what the tags name (ISO 32000-1, 14.6)


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages. Raises OptoutError for anything that a page cannot show."""
    with whole_fax(letter, context) as fax:
        for _ in draw_fax(fax, FINE_LINES, FINE_INK):
            pass
        fax.file.seek(0)
        return fax.file.read()


class Fax(NamedTuple):
    """The pages of a fax as a PDF file; each enclosed PDF, with its number of pages."""

    file: BinaryIO
    covers: int
    own: int
    enclosed: tuple[tuple[Attachment, int], ...]


@contextmanager
def whole_fax(letter: Letter, context: ExportContext) -> Iterator[Fax]:
    """Bind cover, letter and enclosed PDFs, with the number of each page over the whole fax.

    Its file is a temporary one: a large fax would be in memory again while its pages are drawn.
    Raises OptoutError for anything that a page cannot show.
    """
    from tempfile import TemporaryFile  # 10 ms

    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf, 100 ms

    raise_any(room_problems(letter, has_own_page=context.templates.has_own_page))
    own = context.engine.print_letter(letter, is_fax=True)
    files = [file for file in letter.attachments if file.media_type == pdf.MEDIA_TYPE]
    enclosed = tuple((file, pages_in(file.content)) for file in files)
    count = pages_in(own)
    raise_any(length_problems(count))
    later = count + sum(pages for _, pages in enclosed)

    def print_front(covers: int) -> tuple[bytes, int]:
        front = context.engine.print_cover(letter, letter.cover.with_pages(later + covers), later)
        return front, pages_in(front) - later

    front, covers = print_front(1)
    if covers > 1:
        front, covers = print_front(covers)
    with ExitStack() as stack:
        with temporary_files():
            file = stack.enter_context(TemporaryFile())
            _bind(front, bind_enclosures(own, []), files, file)
        yield Fax(file, covers, count, enclosed)


def draw_pages(file: BinaryIO, lines: int, ink: int) -> "Iterator[Image.Image]":
    """Yield each page as bits, 1,728 px by `lines`, 1 = darker than `ink`, top first."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    with closing(pdfium.PdfDocument(file)) as document:
        count = len(document)
    for first in range(0, count, _AT_ONCE):
        with closing(pdfium.PdfDocument(file)) as document:
            for number in range(first, min(first + _AT_ONCE, count)):
                bitmap = pdfium.PdfBitmap.new_native(FAX_WIDTH, lines, pdfium_c.FPDFBitmap_Gray)
                bitmap.fill_rect((255, 255, 255, 255), 0, 0, FAX_WIDTH, lines)
                with closing(document[number]) as page:
                    # Draw at the fax's own resolution: scaling afterwards takes as long again.
                    pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, FAX_WIDTH, lines, 0, 0)
                yield bitmap.to_pil().point([255 if gray < ink else 0 for gray in range(256)], "1")


def draw_fax(fax: Fax, lines: int, ink: int) -> "Iterator[Image.Image]":
    """Draw the pages, one at a time. Raises OptoutError for a page that failed to draw."""
    parts = [("the cover", fax.covers, None), ("the letter", fax.own, None)]
    enclosed = ((file.name, count, file) for file, count in fax.enclosed)
    drawn = draw_pages(fax.file, lines, ink)
    for name, count, file in (*parts, *enclosed):
        for number, page in enumerate(islice(drawn, count), 1):
            below_head = page.crop((0, round(_HEAD * lines), FAX_WIDTH, lines))
            if not below_head.getbbox():
                if file is None:
                    message = f"page {number} of {name} has no ink"
                    raise OptoutError(Problem("blank-page", message))
                refuse_failed(file, number)
            yield page


def refuse_failed(file: Attachment, number: int) -> None:
    """Raise OptoutError for an enclosed page without ink that was not blank before.

    Blank are a page without content, and the back of a sheet that was scanned.
    """
    import pikepdf
    import pypdfium2 as pdfium
    from pypdfium2.raw import FPDF_PAGEOBJ_FORM

    from optout_cli.readers.pdf_pages import flatten, small_scale

    content = flatten(file.content)
    with (
        closing(pdfium.PdfDocument(BytesIO(content))) as document,
        closing(document[number - 1]) as page,
        closing(page.get_textpage()) as text,
    ):
        shown = [
            shape for shape in page.get_objects(textpage=text) if shape.type != FPDF_PAGEOBJ_FORM
        ]
        try:
            is_blank = all(map(_is_white, shown))
        except pdfium.PdfiumError:
            is_blank = False
        drawn = page.render(scale=small_scale(page), grayscale=True)
        darkest, _ = drawn.to_pil().getextrema()
    if not shown:  # pdfium leaves out what it cannot draw
        with pikepdf.open(BytesIO(content)) as source:
            is_blank = not _paints(source.pages[number - 1].obj, set())
    if not is_blank or darkest < _WHITE:
        message = f"page {number} of {file.name} has content, but would be blank as a fax"
        hint = "open it, check that page, and print it to a new PDF"
        raise OptoutError(Problem("blank-page", message, hint=hint))


def _is_white(item: "PdfObject") -> bool:
    """Tell whether a page without ink looks as it should with this on it.

    Raises PdfiumError for a picture that cannot be unpacked.
    """
    import pypdfium2.raw as pdfium_c
    from pypdfium2 import PdfImage, PdfTextObj

    from optout_cli.readers.pdf_pages import has_light_fill

    if isinstance(item, PdfImage):
        item.get_bitmap()
        # Damage makes such a picture white, which would then take fewer bytes.
        is_two_tone = not _TWO_TONE.isdisjoint(item.get_filters())
        return not is_two_tone or len(item.get_data()) < _TWO_TONE_WHITE + item.get_px_size()[1] / 4
    if isinstance(item, PdfTextObj):
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(item)
        if mode == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE or not item.extract().strip():
            return True
    else:
        fill, stroke = c_int(), c_int()
        if not pdfium_c.FPDFPath_GetDrawMode(item, fill, stroke) or stroke.value:
            return False
    return has_light_fill(item, _WHITE)


def _paints(drawing: "Object", seen: set[tuple[int, int]]) -> bool:
    """Tell whether a page or form has anything to paint, whether or not it can be painted."""
    import pikepdf

    seen.add(drawing.objgen)
    resources = drawing.get("/Resources") or pikepdf.Dictionary()
    drawings = resources.get("/XObject") or pikepdf.Dictionary()
    for step in pikepdf.parse_content_stream(drawing):
        if str(step.operator) in _PAINTING:
            return True
        if str(step.operator) == "Do":
            drawn = drawings.get(str(step.operands[0]))
            if drawn is None or drawn.get("/Subtype") != "/Form":
                return True
            if drawn.objgen not in seen and _paints(drawn, seen):
                return True
    return False


def _bind(front: bytes, own: bytes, files: Sequence[Attachment], output: BinaryIO) -> None:
    """Put a fax's cover before the letter and the PDFs behind it, and over each page its head.

    `front` has the cover, and the heads of all other pages.
    """
    import pikepdf

    from optout_cli.readers.pdf_pages import flatten

    with ExitStack() as stack:
        fax, heads = (
            stack.enter_context(pikepdf.open(BytesIO(content))) for content in (own, front)
        )
        with fax.open_outline() as outline:
            for file in files:
                outline.root.append(pikepdf.OutlineItem(file.name, len(fax.pages)))
                content = flatten(file.content)
                document = stack.enter_context(pikepdf.open(BytesIO(content)))  # until it is saved
                _add_below_head(fax, document, content)
        covers = len(heads.pages) - len(fax.pages)
        for page, head in zip(fax.pages, [*heads.pages][covers:], strict=True):
            shown = [
                it for it in pikepdf.parse_content_stream(head) if str(it.operator) not in _MARKS
            ]
            words = b"/Artifact BMC\n" + pikepdf.unparse_content_stream(shown) + b"\nEMC"
            head.Contents = heads.make_stream(words)
            _draw_over(fax, page, head, (0, 0, *_SHEET), "Head")
        for number, cover in enumerate([*heads.pages][:covers]):
            if "/StructParents" in cover.obj:  # its tags are not in this document
                del cover.obj["/StructParents"]
            fax.pages.insert(number, cover)
        fax.save(output, deterministic_id=True)


def _add_below_head(fax: "Pdf", document: "Pdf", content: bytes) -> None:
    """Add each page of a PDF on an upright page of US Letter, below the head of a fax's page."""
    import pikepdf
    import pypdfium2 as pdfium

    looks = []
    with closing(pdfium.PdfDocument(BytesIO(content))) as shown:  # it keeps what it reads
        for page in shown:
            with closing(page):
                looks.append((page.get_bbox(), page.get_size()))
    for added, (box, (width, height)) in zip(document.pages, looks, strict=True):
        added.trimbox = pikepdf.Rectangle(*box)
        if width > height:
            added.rotate(90, relative=True)
        _draw_over(fax, fax.add_blank_page(page_size=_SHEET), added, _BELOW_HEAD, "Enclosed")


def _draw_over(
    document: "Pdf", page: "Page", other: "Page", place: tuple[int, int, int, int], name: str
) -> None:
    """Draw another document's page on a page; pikepdf's own way names the drawing by chance."""
    from pikepdf import Name, Rectangle

    form = document.copy_foreign(other.as_form_xobject())
    # Pages may share their resources.
    key = page.add_resource(form, Name.XObject, Name(f"/{name}{page.index}"))
    placed = page.calc_form_xobject_placement(form, key, Rectangle(*place))
    page.contents_add(b"q", prepend=True)
    page.contents_add(b"Q " + placed)
