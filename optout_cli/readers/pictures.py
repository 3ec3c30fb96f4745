"""A picture file -> Image, checked: it is what it claims, not huge, and refers to nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Image
from optout_cli.readers.files import read_bytes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


MAX_BYTES = 5 * 2**20
MAX_PIXELS = 25_000_000  # 100 MB when drawn; a seal of 1 in at 600 dpi has 0.4 million
_PNG = b"\x89PNG\r\n\x1a\n"
# What would make an SVG reach outside itself, or grow when it is read. A picture within it may be
# of pixels only: another SVG could hide anything.
_OWN = rb"(?:\#|data:image/(?!svg))"
_OUTSIDE = re.compile(
    rb"""<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet|<(?:\w+:)?(?:script|foreignObject|iframe)\b|@import"""
    rb"""|(?:href|src)\s*=\s*(?:"(?!OWN)[^"]*"|'(?!OWN)[^']*')"""
    rb"""|url\((?!\s*(?:["']|&quot;)?\s*OWN)[^)]*""".replace(b"OWN", _OWN),
    re.IGNORECASE,
)


def load_image(path: Path, alt: str) -> Image:
    """Read a PNG or SVG file. Raises OptoutError where it is missing, wrong or not its own."""
    with suppress(OSError):  # a name that cannot be one is refused when it is read
        if path.exists() and not path.is_file():  # a named pipe would never end
            raise OptoutError(Problem("not-a-file", "is not a file", Location(str(path))))
    content = read_bytes(str(path), MAX_BYTES)
    if content.startswith(_PNG):
        return Image("image/png", _checked_png(content, path), alt)
    if b"<svg" in content[:4096].lower():
        return Image("image/svg+xml", _checked_svg(content, path), alt)
    raise OptoutError(
        Problem(
            "not-an-image",
            "is neither PNG nor SVG",
            Location(str(path)),
            "save the picture as PNG or SVG",
        )
    )


def _checked_png(content: bytes, path: Path) -> bytes:
    from PIL import Image as Raster

    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))  # IHDR comes first
    if width * height > MAX_PIXELS:
        message = f"is {width:,} x {height:,} pixels; at most {MAX_PIXELS // 10**6} million fit"
        hint = "scale it down: 1,200 pixels a side print sharply"
        raise OptoutError(Problem("too-large", message, Location(str(path)), hint))
    too_many = (Raster.DecompressionBombError, Raster.DecompressionBombWarning)
    try:
        _read_pixels(content, (width, height))
    except (OSError, SyntaxError, ValueError, *too_many):
        hint = "open it in an image editor and save it as PNG again"
        raise OptoutError(
            Problem("broken-image", "is a broken PNG", Location(str(path)), hint)
        ) from None
    return content


def _read_pixels(content: bytes, size: tuple[int, int]) -> None:
    with _strict_pillow() as raster:
        picture = raster.open(BytesIO(content), formats=["PNG"])
        if picture.size != size:
            raise ValueError("it gives its size twice")
        picture.load()


@contextmanager
def _strict_pillow() -> Iterator[Any]:  # Any: a module
    """Lend Pillow as it is by itself: WeasyPrint tells it to take a picture that is cut off."""
    import warnings

    from PIL import Image as Raster
    from PIL import ImageFile

    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a part that no letter shows
            warnings.simplefilter("error", Raster.DecompressionBombWarning)
            yield Raster
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _checked_svg(content: bytes, path: Path) -> bytes:
    from xml.etree import ElementTree as ET

    hint = "save it as plain SVG, encoding UTF-8"
    unreadable = Problem("broken-image", "is not UTF-8 text", Location(str(path)), hint)
    if b"\0" in content:  # in UTF-16 nothing below would be found
        raise OptoutError(unreadable)
    _refuse_outside(content, content, path)
    try:
        root = ET.fromstring(content)  # noqa: S314  # no entity can stand in it, see above
    except ET.ParseError as error:
        line, column = error.position
        raise OptoutError(
            Problem("broken-image", "is a broken SVG", Location(str(path), line, column + 1))
        ) from None
    except (LookupError, ValueError):  # an encoding that is unknown, or not read here
        raise OptoutError(unreadable) from None
    # Once more as it is read: `&#64;import` was not what it looked like.
    _refuse_outside("\n".join(_as_read(root)).encode(), content, path)
    _refuse_lettering(root, path)
    return content


def _refuse_lettering(root: "Element", path: Path) -> None:
    """Text within an SVG is set in whatever typeface a machine has; as shapes it stays itself."""
    if any(_local(node.tag) == "text" for node in root.iter()):
        hint = "save it as PNG, or turn its lettering into shapes (paths)"
        raise OptoutError(
            Problem(
                "image-lettering",
                "has lettering that no typeface comes with",
                Location(str(path)),
                hint,
            )
        )


def _as_read(root: "Element") -> Iterator[str]:
    """Yield what a reader makes of the markup, piece by piece."""
    for node in root.iter():
        yield f"<{_local(node.tag)}"
        for name, value in node.items():
            yield f'{_local(name)}="{value}"'
        yield from filter(None, (node.text, node.tail))


def _local(name: str) -> str:
    """Return a name without its namespace: `{http://www.w3.org/2000/svg}g` -> `g`."""
    return name.rpartition("}")[2]


def _refuse_outside(markup: bytes, content: bytes, path: Path) -> None:
    if found := _OUTSIDE.search(markup):
        line = content.count(b"\n", 0, found.start()) + 1 if markup is content else None
        words = found[0].decode("utf-8", "replace")[:60]
        message = f"reaches outside itself: {words}"
        hint = "save it as plain SVG with everything embedded"
        raise OptoutError(Problem("image-reaches-out", message, Location(str(path), line), hint))
