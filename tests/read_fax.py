"""Read the words of fax text and the pictures of fax pages."""

import re
from collections.abc import Iterator
from io import BytesIO

import pypdfium2 as pdfium
from make_letters import texts_of
from PIL import Image, ImageSequence
from pypdfium2 import raw
from read_mail import LIST_MARK

from optout_cli.exporters.fax import in_ascii
from optout_cli.model.letter import Letter

FAX_PAGE = 1728, 2156  # dots of US Letter at 204x196 an inch
MARKS = {"-", *(f"{number}." for number in range(1, 100))}


def pages_of(text: str) -> list[list[str]]:
    """Return each page's lines."""
    assert text.endswith("\n")
    return [page.removesuffix("\n").split("\n") for page in text.split("\f")]


def sheets_of(text: str) -> list[list[str]]:
    """Return the lines of each page after the cover, below its running head."""
    return [page[page.index("") + 1 :] for page in pages_of(text)[1:]]


def said_in(text: str) -> list[str]:
    """Return the words below the heads, without list marks and the mark of a draft."""
    lines = [re.sub(LIST_MARK, "", line) for sheet in sheets_of(text) for line in sheet]
    return [it for line in lines for it in line.split() if it != "DRAFT"]


def said_by(letter: Letter) -> list[str]:
    """Return what a fax is to say of a letter, in ASCII."""
    letter = in_ascii(letter)
    shown = [it for it in texts_of(letter) if it not in (letter.mark, letter.continuation)]
    shown[shown.index(letter.subject)] = f"Re: {letter.subject}"
    for line in letter.to:
        shown[shown.index(line)] = f"To: {line}"
    return " ".join(shown).split()


def below_head(page: Image.Image) -> Image.Image:
    """Return a fax page without the strip that has its head and its number."""
    return page.crop((0, page.height // 22, page.width, page.height))


def pictures_in(content: bytes) -> list[Image.Image]:
    """Return each page of a TIFF as it is read, 8-bit gray."""
    with Image.open(BytesIO(content)) as picture:
        return [page.convert("L") for page in ImageSequence.Iterator(picture)]


def drawn(content: bytes) -> Iterator[bytes]:
    """Draw each page of a PDF as a fine fax page: a byte a dot, black or white."""
    document = pdfium.PdfDocument(content)
    for page in document:
        bitmap = pdfium.PdfBitmap.new_native(*FAX_PAGE, raw.FPDFBitmap_Gray)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *FAX_PAGE)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *FAX_PAGE, 0, 0)
        yield bitmap.to_pil().point(lambda shade: 0 if shade < 128 else 255).tobytes()
    document.close()
