"""The letter as fax pages: cover, letter and enclosed PDFs in one TIFF of class F (RFC 2306).

Draws each page straight onto scan lines, with a threshold: dithering would lose thin strokes.
"""

from enum import IntEnum
from io import BytesIO
from struct import pack_into, unpack_from

from optout_cli.exporters import ExportContext, fax_pdf
from optout_cli.model.letter import Letter

RANK = 7
DESCRIPTION = "fax pages: cover, letter and enclosed PDFs (TIFF class F)"
MEDIA_TYPE = "image/tiff"
IS_SLOW = True
# The pages of that PDF.
ROUTE, SIGNATURES, ENCLOSES = fax_pdf.ROUTE, fax_pdf.SIGNATURES, fax_pdf.ENCLOSES
_ACROSS = 204  # dpi, ITU-T T.4
_DOWN = {"fine": 196, "standard": 98}  # scan lines an inch, ITU-T T.4
_PAPER = 11  # in, the height of US Letter
# Of 255: darker pixels become black. A hyphen may lie across two coarse scan lines and fill only
# half of each: tesseract reads 98.7 % of the words with 180, and 95.8 % with 128.
_INK = {"fine": fax_pdf.FINE_INK, "standard": 180}


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
    Raises OptoutError for a page that failed to draw.
    """
    from PIL.TiffImagePlugin import AppendingTiffWriter, ImageFileDirectory_v2

    output, count, options = BytesIO(), 0, context.options
    with fax_pdf.whole_fax(letter, context) as fax, AppendingTiffWriter(output) as writer:
        down, ink = _DOWN[options.resolution], _INK[options.resolution]
        for image in fax_pdf.draw_fax(fax, down * _PAPER, ink):
            tags = ImageFileDirectory_v2()
            tags[_Tag.SUBFILE] = _ONE_OF_MANY
            tags[_Tag.FILL_ORDER] = _MOST_SIGNIFICANT_FIRST
            tags[_OPTIONS[options.compression]] = 0
            tags[_Tag.PAGE] = (0, 0)  # see _number_pages
            image.save(
                writer,
                "TIFF",
                compression=options.compression,
                dpi=(_ACROSS, down),
                tiffinfo=tags,
            )
            writer.newFrame()
            count += 1
    _number_pages(output.getbuffer(), count)
    return output.getvalue()


def count_pages(content: bytes) -> int:
    """Return how many pages a TIFF has."""
    from PIL import Image

    with Image.open(BytesIO(content)) as image:
        return getattr(image, "n_frames", 1)


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
