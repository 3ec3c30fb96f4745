"""Draw the pages of a PDF as small pictures, to look at."""

from base64 import b64encode
from contextlib import closing
from importlib import import_module
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple

from optout_cli.errors import OptoutError, Problem

_LONGEST = 792  # pt: the height of US Letter; a longer page is drawn smaller
_GRAYS = 4  # enough for black letters with smooth edges
_LEVELS = [round(round(gray * (_GRAYS - 1) / 255) * 255 / (_GRAYS - 1)) for gray in range(256)]
_LARGE = 90_000  # bytes of a picture: often a scan, which may be smaller with some loss
_LOSSY = 35  # WebP's quality of 100
_PDFIUM = Lock()  # two threads must not call it at once


class PagePicture(NamedTuple):
    """A page as a picture, in bytes; its size is in pixels."""

    media_type: str
    content: bytes
    width: int
    height: int

    @property
    def url(self) -> str:
        """A URL that has all its bytes."""
        return f"data:{self.media_type};base64,{b64encode(self.content).decode()}"


class DrawnPages(NamedTuple):
    """The first pages of a PDF with their words; `total` counts all pages."""

    pictures: tuple[PagePicture, ...]
    total: int
    words: str


def check_library() -> None:
    """Raise OptoutError if the library that draws the pages of a PDF cannot be loaded."""
    try:
        for name in ("pypdfium2", "PIL.Image"):
            import_module(name)
    except (ImportError, OSError) as error:
        message = f"the pages cannot be drawn: {error}"
        hint = "install it again: pip install --force-reinstall pypdfium2 pillow"
        raise OptoutError(Problem("missing-library", message, hint=hint)) from None


def draw_pages(content: bytes, dpi: int, most: int) -> DrawnPages:
    """Draw at most so many pages of a PDF in a few grays, at `dpi` dots an inch.

    Several threads may do this at once. Raises OptoutError for a PDF that cannot be read.
    """
    import pypdfium2

    images, words = [], []
    try:
        with _PDFIUM, closing(pypdfium2.PdfDocument(content)) as document:
            total = len(document)
            for number in range(min(total, most)):
                page = document[number]
                scale = dpi / 72 * _LONGEST / max(_LONGEST, *page.get_size())
                bitmap = page.render(scale=scale, grayscale=True)
                images.append(bitmap.to_pil().convert("L"))
                text = page.get_textpage().get_text_range()
                words.append("\n".join(line.strip() for line in text.splitlines()))
    except pypdfium2.PdfiumError as error:
        problem = Problem("broken-pdf", f"the pages cannot be drawn: {error}")
        raise OptoutError(problem) from None
    return DrawnPages(tuple(map(_picture_of, images)), total, "\n\n".join(words).strip())


def _picture_of(image: Any) -> PagePicture:  # Any: Pillow's image, imported where it is needed
    from PIL import features

    def encoded(image: Any, form: str, **options: int) -> bytes:
        output = BytesIO()
        image.save(output, form, **options)
        return output.getvalue()

    few = image.point(_LEVELS)
    if not features.check("webp"):
        return PagePicture("image/png", encoded(few, "PNG"), *image.size)
    content = encoded(few, "WEBP", lossless=True, quality=50, method=2)
    if len(content) > _LARGE:
        content = min(content, encoded(image, "WEBP", quality=_LOSSY), key=len)
    return PagePicture("image/webp", content, *image.size)
