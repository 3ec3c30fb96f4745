"""The letter as one PDF to fax: cover, letter and enclosed PDFs, numbered from the first page.

For services that take a PDF, and to print for a fax machine. No archive copy: it claims no PDF/A.
"""

from collections.abc import Iterator
from contextlib import closing
from ctypes import c_int, c_uint
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from optout_cli.engines import pages_in
from optout_cli.engines.measure import room_problems
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import pdf
from optout_cli.exporters.context import ExportContext
from optout_cli.model.letter import Attachment, Letter

if TYPE_CHECKING:
    from pikepdf import Object, Page, Pdf
    from PIL import Image
    from pypdfium2 import PdfObject

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
FAX_WIDTH = 1728  # px per scan line, ITU-T T.4 (215 mm at 204 dpi)
FINE_LINES = 196 * 11  # scan lines of US Letter, ITU-T T.4
FINE_INK = 128  # of 255: darker pixels become black
_HEAD = 0.5 / 11  # of a page's height: its head, above its own ink
_WHITE = 200  # of 255: the back of a scanned sheet is lighter than this
_TWO_TONE = {"JBIG2Decode", "CCITTFaxDecode", "CCF"}
_TWO_TONE_WHITE = 200  # bytes of a white picture, beside a bit a line (ITU-T T.6)
# Operators that paint words, lines, areas and pictures (ISO 32000-1, annex A).
_PAINTING = (
    "Tj",
    "TJ",
    "'",
    '"',
    *("S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh"),
    "INLINE IMAGE",
)
_MARKS = ("BMC", "BDC", "EMC")  # around what the tags name (ISO 32000-1, 14.6)


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages. Raises OptoutError for anything that a page cannot show."""
    fax = whole_fax(letter, context)
    for file, _ in fax.enclosed:
        for number, page in enumerate(draw_pages(file.content, FINE_LINES, FINE_INK), 1):
            if not has_ink(page):
                refuse_failed(file, number)
    return fax.content


class Fax(NamedTuple):
    """The pages of a fax as PDF; each enclosed PDF as they show it, with its number of pages."""

    content: bytes
    covers: int
    own: int
    enclosed: tuple[tuple[Attachment, int], ...]


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
    enclosed = tuple((file, pages_in(file.content)) for file in files)
    count = pages_in(own)
    later = count + sum(pages for _, pages in enclosed)

    def print_front(covers: int) -> tuple[bytes, int]:
        front = context.engine.print_cover(letter, letter.cover_of(later + covers), later)
        return front, pages_in(front) - later

    front, covers = print_front(1)
    if covers > 1:
        front, covers = print_front(covers)
    return Fax(_bind(front, bind_enclosures(own, files)), covers, count, enclosed)


def draw_pages(content: bytes, lines: int, ink: int) -> "Iterator[Image.Image]":
    """Yield each page as bits, 1,728 px by `lines`, 1 = darker than `ink`, top first."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    document = pdfium.PdfDocument(content)
    try:
        for page in document:
            bitmap = pdfium.PdfBitmap.new_native(FAX_WIDTH, lines, pdfium_c.FPDFBitmap_Gray)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, FAX_WIDTH, lines)
            # Draw at the fax's own resolution: scaling afterwards takes as long again.
            pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, FAX_WIDTH, lines, 0, 0)
            page.close()  # with the pictures that pdfium has unpacked for it
            yield bitmap.to_pil().point([255 if gray < ink else 0 for gray in range(256)], "1")
    finally:
        document.close()


def has_ink(page: "Image.Image") -> bool:
    """Tell whether a drawn page has ink below its head."""
    width, height = page.size
    return page.crop((0, round(_HEAD * height), width, height)).getbbox() is not None


def refuse_failed(file: Attachment, number: int) -> None:
    """Raise OptoutError for an enclosed page without ink that was not blank before.

    Blank are a page without content, and the back of a sheet that was scanned.
    """
    import pikepdf
    import pypdfium2 as pdfium
    from pypdfium2.raw import FPDF_PAGEOBJ_FORM

    with (
        closing(pdfium.PdfDocument(file.content)) as document,
        closing(document[number - 1]) as page,
        closing(page.get_textpage()) as text,
    ):
        shown = [it for it in page.get_objects(textpage=text) if it.type != FPDF_PAGEOBJ_FORM]
        try:
            is_blank = all(map(_is_white, shown))
        except pdfium.PdfiumError:
            is_blank = False
        darkest, _ = page.render(grayscale=True).to_pil().getextrema()
    if not shown:  # pdfium leaves out what it cannot draw
        with pikepdf.open(BytesIO(file.content)) as source:
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
    shades = [c_uint() for _ in range(4)]
    is_known = pdfium_c.FPDFPageObj_GetFillColor(item, *shades)
    return bool(is_known) and all(shade.value > _WHITE for shade in shades[:3])


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
