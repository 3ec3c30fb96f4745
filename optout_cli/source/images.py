"""A picture file -> Image, checked: it is what it claims, not huge, and refers to nothing."""

import re
from pathlib import Path

from optout_cli.errors import OptoutError, Problem, Spot
from optout_cli.model.notice import Image
from optout_cli.source.files import read_bytes

MAX_BYTES = 5 * 2**20
MAX_PIXELS = 25_000_000  # 100 MB when drawn; a seal of 1 in at 600 dpi has 0.4 million
_PNG = b"\x89PNG\r\n\x1a\n"
# What would make an SVG reach outside itself, or grow when it is read.
_OUTSIDE = re.compile(
    rb"""<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet|<(?:\w+:)?(?:script|foreignObject|iframe)\b|@import"""
    rb"""|(?:href|src)\s*=\s*(?:"(?!\#|data:image/)[^"]*"|'(?!\#|data:image/)[^']*')"""
    rb"""|url\(\s*["']?\s*(?!["']?\s*(?:\#|data:image/))[^)]*\)""",
    re.IGNORECASE,
)


def load_image(path: Path, alt: str) -> Image:
    """Read a PNG or SVG file. Raises OptoutError where it is missing, wrong or not its own."""
    content = read_bytes(str(path), MAX_BYTES)
    if content.startswith(_PNG):
        return Image("image/png", _checked_png(content, path), alt)
    if b"<svg" in content[:4096].lower():
        return Image("image/svg+xml", _checked_svg(content, path), alt)
    raise OptoutError(
        Problem(
            "not-an-image", "is neither PNG nor SVG", Spot(str(path)), "save the seal as PNG or SVG"
        )
    )


def _checked_png(content: bytes, path: Path) -> bytes:
    import warnings
    from io import BytesIO

    from PIL import Image as Raster

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Raster.DecompressionBombWarning)  # measured below
            picture = Raster.open(BytesIO(content), formats=["PNG"])
            width, height = picture.size
            if width * height > MAX_PIXELS:
                message = (
                    f"is {width:,} x {height:,} pixels; at most {MAX_PIXELS // 10**6} million fit"
                )
                hint = "scale it down: 1,200 pixels a side print sharply"
                raise OptoutError(Problem("too-large", message, Spot(str(path)), hint))
            picture.load()
    except (OSError, SyntaxError, ValueError, Raster.DecompressionBombError) as error:
        raise OptoutError(
            Problem("broken-image", f"is a broken PNG: {error}", Spot(str(path)))
        ) from None
    return content


def _checked_svg(content: bytes, path: Path) -> bytes:
    from xml.etree import ElementTree as ET

    if found := _OUTSIDE.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        words = found[0].decode("utf-8", "replace")[:60]
        message = f"reaches outside itself: {words}"
        hint = "save it as plain SVG with everything embedded"
        raise OptoutError(Problem("image-reaches-out", message, Spot(str(path), line), hint))
    try:
        ET.fromstring(content)  # noqa: S314  # no entity can stand in it, see above
    except ET.ParseError as error:
        line, column = error.position
        raise OptoutError(
            Problem("broken-image", "is a broken SVG", Spot(str(path), line, column + 1))
        ) from None
    return content
