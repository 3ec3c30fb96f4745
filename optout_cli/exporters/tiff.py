"""The letter as fax pages: cover, letter and enclosed PDFs in one TIFF of class F (RFC 2306).

Draws each page straight onto scan lines, with a threshold: dithering would lose thin strokes.
"""

from collections.abc import Iterator
from enum import IntEnum
from io import BytesIO
from itertools import islice
from struct import pack_into, unpack_from
from typing import TYPE_CHECKING

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters import fax_pdf
from optout_cli.exporters.context import ExportContext, Options, Resolution
from optout_cli.exporters.fax_pdf import Fax, whole_fax
from optout_cli.model.letter import Letter

if TYPE_CHECKING:
    from PIL import Image
    from PIL.TiffImagePlugin import AppendingTiffWriter

RANK = 6
DESCRIPTION = "fax pages: cover, letter and enclosed PDFs (TIFF class F)"
MEDIA_TYPE = "image/tiff"
IS_TEXT = False
IS_SLOW = True
IS_PRINTED = False
IS_TO_MARK_UP = False
# The pages of that PDF.
ROUTE, SIGNATURES, ENCLOSES = fax_pdf.ROUTE, fax_pdf.SIGNATURES, fax_pdf.ENCLOSES
FAX_WIDTH = 1728  # px per scan line, ITU-T T.4 (215 mm at 204 dpi)
_ACROSS = 204  # dpi, ITU-T T.4
_DOWN = {"fine": 196, "standard": 98}  # scan lines an inch, ITU-T T.4
_PAPER = 11  # in, the height of US Letter
_HEAD = 0.5  # in: the height of a page's head, above its own ink
# Of 255: darker pixels become black. A hyphen may lie across two coarse scan lines and fill only
# half of each: tesseract reads 98.7 % of the words with 180, and 95.8 % with 128.
_INK = {"fine": 128, "standard": 180}


class _Tag(IntEnum):
    """Tags by their numbers in TIFF 6.0 and RFC 2306."""

    SUBFILE = 254
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    T4_OPTIONS = 292
    T6_OPTIONS = 293
    PAGE = 297


_ONE_OF_MANY, _MOST_SIGNIFICANT_FIRST = 2, 1
_OPTIONS = {"group4": _Tag.T6_OPTIONS, "group3": _Tag.T4_OPTIONS}


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Draw the pages of the fax, one at a time.

    A page takes 4 MB as it is drawn, and a hundredth of that in the file.
    Raises OptoutError for a page without ink.
    """
    from PIL.TiffImagePlugin import AppendingTiffWriter

    fax, output, count = whole_fax(letter, context), BytesIO(), 0
    with AppendingTiffWriter(output) as writer:
        for image in _pages(fax, context.options.resolution):
            _add_page(image, writer, context.options)
            count += 1
    _number_pages(output.getbuffer(), count)
    return output.getvalue()


def count_pages(content: bytes) -> int:
    """Return how many pages a TIFF has."""
    from PIL import Image

    with Image.open(BytesIO(content)) as image:
        return getattr(image, "n_frames", 1)


def _pages(fax: Fax, resolution: Resolution) -> "Iterator[Image.Image]":
    """Draw the pages, one at a time. Raises OptoutError for a page with no ink below its head."""
    hint = "make a PDF without that page"
    parts = [
        ("the cover", fax.covers, None),
        ("the letter", fax.own, None),
        *((name, count, hint) for name, count in fax.enclosed),
    ]
    lines = _DOWN[resolution] * _PAPER
    drawn = _draw(fax.content, lines, _INK[resolution])
    for name, count, cure in parts:
        for number, page in enumerate(islice(drawn, count), 1):
            if not page.crop((0, round(_HEAD * lines / _PAPER), FAX_WIDTH, lines)).getbbox():
                message = (
                    f"page {number} of {name} has no ink, and a blank fax page is a failed one"
                )
                raise OptoutError(Problem("blank-page", message, hint=cure))
            yield page


def _draw(content: bytes, lines: int, ink: int) -> "Iterator[Image.Image]":
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


def _add_page(page: "Image.Image", writer: "AppendingTiffWriter", options: Options) -> None:
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_Tag.SUBFILE] = _ONE_OF_MANY
    tags[_Tag.FILL_ORDER] = _MOST_SIGNIFICANT_FIRST
    tags[_OPTIONS[options.compression]] = 0
    tags[_Tag.PAGE] = (0, 0)  # see _number_pages
    page.save(
        writer,
        "TIFF",
        compression=options.compression,
        dpi=(_ACROSS, _DOWN[options.resolution]),
        tiffinfo=tags,
    )
    writer.newFrame()


def _number_pages(data: memoryview, pages: int) -> None:
    """Write into each page of a little-endian TIFF that 0 is white, and "page number of total".

    Pillow would invert every pixel in Python, which takes a second a page, and hands the page
    number to libtiff wrongly.
    """
    number = 0
    (at,) = unpack_from("<I", data, 4)
    while at:
        (entries,) = unpack_from("<H", data, at)
        for entry in range(at + 2, at + 2 + 12 * entries, 12):
            match unpack_from("<H", data, entry):
                case (_Tag.PHOTOMETRIC,):
                    pack_into("<H", data, entry + 8, 0)
                case (_Tag.PAGE,):
                    pack_into("<HH", data, entry + 8, number, pages)
        number += 1
        (at,) = unpack_from("<I", data, at + 2 + 12 * entries)
