"""Make small pictures to look at, of pictures and of the pages of a PDF; put a picture on a page.

An SVG is drawn by another process with limits of time and memory: a small file may ask for endless
work.
"""

import re
import subprocess
import sys
from base64 import b64encode
from contextlib import closing, suppress
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import Lock
from time import gmtime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from optout_cli.engines import broken_picture
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Image

if TYPE_CHECKING:
    from PIL import Image as Raster

_SECONDS = 10  # a seal takes a hundredth of one
_MEMORY = 2**30  # bytes
_SIDE = 200  # px: of the picture that is looked at
_FAINT = 8  # of 255: less than this nobody sees on paper
# The picture as large as fits into the page's room, on nothing.
_PAGE = b"""\
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let picture = bytes(sys.inputs.svg)
#let side = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#context {
  let size = measure(image(picture, format: "svg"))
  let scale = calc.min(side.at(0) / size.width, side.at(1) / size.height)
  image(picture, format: "svg", width: size.width * scale)
}
"""
_PPI = 72.0  # a pixel is a point
# What WeasyPrint leaves out of an SVG, or draws in another way than Typst and web browsers do.
_UNLIKE = re.compile(
    rb"<(?:\w+:)?(?:radialGradient|switch|mask)\b|\bfilter\s*[=:]|mix-blend-mode"
    rb"|data:image/(?!png|jpeg)|\bpreserveAspectRatio\s*=\s*.[^>\"']*\bslice\b",
    re.IGNORECASE,
)
_SHARP = (1440, 660)  # px: 600 an inch of the largest picture of each kind
_LETTER = (612, 792)  # pt: US Letter
_ROOM = (7.5, 10)  # in: a page without its margins
_UNDATED = dict.fromkeys(("creationDate", "modDate"), gmtime(0))  # the same bytes each time
_LONGEST = 792  # pt: the height of US Letter; a longer page is drawn smaller
_GRAYS = 4  # enough for black letters with smooth edges
_LEVELS = [round(round(gray * (_GRAYS - 1) / 255) * 255 / (_GRAYS - 1)) for gray in range(256)]
_LARGE = 90_000  # bytes of a picture: often a scan, which may be smaller with some loss
_LOSSY = 35  # WebP's quality of 100
_PDFIUM = Lock()  # two threads must not call it at once


def png_of(picture: Image, width: int, height: int) -> bytes:
    """Return a PNG of a picture, at most `width` by `height` px, with its transparency.

    Raises OptoutError for a picture that cannot be drawn.
    """
    output = BytesIO()
    _draw(picture, width, height).save(output, "PNG", optimize=True)
    return output.getvalue()


@lru_cache(maxsize=64)  # a thousand rows may show one seal
def look_at(picture: Image) -> str | None:
    """Draw a picture, and return the color of one that is a solid block, else None.

    Raises OptoutError for a picture that cannot be drawn or that shows nothing on white paper.
    """
    from PIL import Image as Raster

    drawn = _draw(picture, _SIDE, _SIDE)
    paper = Raster.new("RGBA", drawn.size, "white")
    paper.alpha_composite(drawn)
    bands = [band.getextrema() for band in paper.convert("RGB").split()]
    ranges = [(int(low), int(high)) for low, high in bands]  # type: ignore[arg-type]  # of one band
    if all(low > 255 - _FAINT for low, _ in ranges):  # 255 is white
        message = "shows nothing on white paper: it is empty, transparent or white"
        raise OptoutError(Problem("blank-picture", message, hint="save it again, as PNG"))
    if any(high - low >= _FAINT for low, high in ranges):
        return None
    return "#" + "".join(f"{low:02x}" for low, _ in ranges)


def drawn_alike(picture: Image) -> Image:
    """Return a picture that every engine draws alike: an SVG of which that is not true, as PNG."""
    if picture.media_type != "image/svg+xml" or not _UNLIKE.search(picture.content):
        return picture
    content = png_of(picture, *_SHARP)
    return msgspec.structs.replace(picture, media_type="image/png", content=content)


def _draw(picture: Image, width: int, height: int) -> "Raster.Image":
    from PIL import Image as Raster

    content = picture.content
    if picture.media_type == "image/svg+xml":
        content = _draw_svg(content, width, height)
    try:
        with Raster.open(BytesIO(content)) as opened:
            shown = opened.convert("RGBA")
    except (OSError, SyntaxError, ValueError):
        raise OptoutError(broken_picture(picture)) from None
    shown.thumbnail((width, height), Raster.Resampling.LANCZOS)
    return shown


@lru_cache(maxsize=16)
def _draw_svg(content: bytes, width: int, height: int) -> bytes:
    """Return the PNG that another process draws of an SVG; empty if it cannot.

    Raises OptoutError where that takes too long.
    """
    # -P: no file in the user's folder is taken for a module.
    command = [sys.executable, "-P", "-m", __name__, str(width), str(height)]
    try:
        made = subprocess.run(  # noqa: S603  # our own module
            command, input=content, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"takes more than {_SECONDS} seconds to draw"
        hint = "simplify it in a drawing program, or save it as PNG"
        raise OptoutError(Problem("slow-picture", message, hint=hint)) from None
    return made.stdout if made.returncode == 0 else b""


def picture_as_pdf(path: Path) -> bytes:
    """Put each page of a scan on a page of US Letter, at most as large as the margins allow.

    Raises OptoutError for a picture that cannot be read.
    """
    import pikepdf
    from PIL import Image as Raster
    from PIL import ImageSequence, UnidentifiedImageError

    output = BytesIO()
    try:
        with Raster.open(path) as picture, pikepdf.new() as document:
            for frame in ImageSequence.Iterator(picture):
                page = BytesIO()
                shown = frame if frame.mode in ("1", "L") else frame.convert("RGB")
                # px per inch, so that the picture fits
                scale = max(frame.width / _ROOM[0], frame.height / _ROOM[1])
                shown.save(page, "PDF", resolution=scale, **_UNDATED)
                with pikepdf.open(page) as drawn:
                    document.pages.extend(drawn.pages)
                _, _, width, height = map(float, document.pages[-1].mediabox)
                left, below = (_LETTER[0] - width) / 2, (_LETTER[1] - height) / 2
                corners = (-left, -below, width + left, height + below)
                document.pages[-1].mediabox = pikepdf.Rectangle(*corners)
            document.save(output, deterministic_id=True)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        message, hint = f"is not a picture that can be read: {error}", "save it again, as PDF"
        raise OptoutError(Problem("broken-image", message, Location(str(path)), hint)) from None
    return output.getvalue()


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

    def encode(image: Any, form: str, **options: int) -> bytes:
        output = BytesIO()
        image.save(output, form, **options)
        return output.getvalue()

    few = image.point(_LEVELS)
    if not features.check("webp"):
        return PagePicture("image/png", encode(few, "PNG"), *image.size)
    content = encode(few, "WEBP", lossless=True, quality=50, method=2)
    if len(content) > _LARGE:
        content = min(content, encode(image, "WEBP", quality=_LOSSY), key=len)
    return PagePicture("image/webp", content, *image.size)


def main() -> None:
    """Draw the SVG on standard input, as wide and high as the arguments say, as PNG."""
    import typst

    with suppress(ImportError, ValueError):  # Windows has no limit, or a lower one is set already
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    width, height = sys.argv[1:]
    text = sys.stdin.buffer.read().decode("utf-8-sig")
    drawn = typst.compile(
        _PAGE,
        format="png",
        ppi=_PPI,
        sys_inputs={"svg": text, "width": width, "height": height},
        ignore_system_fonts=True,
    )
    assert isinstance(drawn, bytes)  # one page
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main()
