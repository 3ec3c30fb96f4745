"""Draw README's picture from an example's letters.

Usage: python tools/pictures.py, in an environment that has optout. A test draws it again and
compares.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from click.testing import CliRunner
from PIL import Image, ImageOps

from optout_cli.cli import group

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
PAGE = (510, 660)  # px: US Letter at 60 dpi, enough to recognize a letter
GAP = 24  # px around each page
COLORS = 8  # shades of gray; all 256 take ten times the bytes


def letters() -> Image.Image:
    """Draw a letter to print, its second page, and the cover of its fax."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        request = str(EXAMPLES / "everything.yaml")
        options = ["--to", "bureau", "-q", "-f", "pdf,tiff", "-o", f"{folder}/"]
        CliRunner().invoke(group, ["write", request, *options], catch_exceptions=False)
        pdf = pypdfium2.PdfDocument(next(folder.glob("*.pdf")).read_bytes())
        pages = [pdf[number].render(scale=3, grayscale=True).to_pil() for number in (0, 1)]
        with Image.open(next(folder.glob("*.tiff"))) as fax:
            pages.append(fax.convert("L"))
    return side_by_side([page.resize(PAGE, Image.Resampling.LANCZOS) for page in pages])


def side_by_side(pages: list[Image.Image]) -> Image.Image:
    """Put pages side by side on light gray, with a thin edge around each page."""
    width, height = PAGE
    desk = Image.new("L", (len(pages) * (width + GAP) + GAP, height + 2 * GAP), 225)
    for number, page in enumerate(pages):
        edged = ImageOps.expand(page, border=1, fill=150)
        desk.paste(edged, (GAP + number * (width + GAP), GAP))
    return desk.quantize(COLORS)


PICTURES = {"letters.png": letters}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        draw().save(DOCS / name, optimize=True)
