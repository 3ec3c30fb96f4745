"""A picture file -> Image, checked: a real PNG, JPEG or SVG, not huge, that needs no other file.

Every PDF engine draws the Image alike: what they take differently is written anew here.
"""

import re
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from optout_cli.errors import Location, OptoutError, Problem, shorten
from optout_cli.model.letter import Image
from optout_cli.readers.files import read_bytes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from PIL import Image as Raster


MAX_BYTES = 5 * 2**20
_MAX_PIXELS = 25_000_000  # 100 MB when drawn; a seal of 1 in at 600 dpi has 0.4 million
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_ORIENTATION = 0x0112  # the number of the tag in Exif
_QUALITY = 95  # of 100, of a JPEG that is written anew
_PLAIN_DOCTYPE = re.compile(rb"<!DOCTYPE\s+svg\b[^\[<>]*>", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\w+:)?svg\b[^>]*>")
_IS_SVG = re.compile(rb"<(?:\w+:)?svg\b", re.IGNORECASE)
_SIDES = re.compile(rb"""\s(?:width|height)\s*=\s*(?:"[^"]*"|'[^']*')""")
_ENCODING = re.compile(rb"""(<\?xml\b[^>]*\sencoding\s*=\s*["'])([\w.-]+)""")
_WESTERN = {b"iso-8859-1", b"iso-8859-15", b"windows-1252"}
_DRAW_AGAIN = "save it again from a drawing program, as plain SVG or as PNG"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOX = re.compile(rf"\s*{_NUMBER}(?:(?:\s+,?\s*|,\s*){_NUMBER}){{3}}\s*")  # a viewBox
# Styles that one of the engines leaves out: another place, or a color given elsewhere.
_UNKNOWN_STYLE = re.compile(r"(?<![\w-])(?:transform|rotate|scale|translate)\s*:|var\(\s*--|:nth-")
# Where a program wrote no number, WeasyPrint leaves out the rest of the page.
_NO_NUMBER = re.compile(
    r"^(?:c?[xyr]|[rf][xy]|[xy][12]|d|points|\w*[tT]ransform|[\w-]*(?:width|height|opacity|offset))="
    r"\"(?:[^\"]*[\s,(A-Z])?([+-]?(?:nan|inf(?:inity)?))\b",
    re.IGNORECASE | re.MULTILINE,
)
_LENGTH = re.compile(r"\s*\+?(\d*\.?\d+)(?:[eE][+-]?\d+)?(?:px|pt|pc|mm|cm|in|em|ex)?\s*")
# What makes an SVG refer to something outside the file, or grow when it is read. A picture embedded
# in it must be made of pixels: another SVG could hide anything.
_OWN = rb"(?:\#|data:image/(?!svg))"
_OUTSIDE = re.compile(
    rb"""<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet|<(?:\w+:)?(?:script|foreignObject|iframe)\b|@import"""
    rb"""|(?:href|src)\s*=\s*(?:"(?!OWN)[^"]*"|'(?!OWN)[^']*')"""
    rb"""|url\((?!\s*(?:["']|&quot;)?\s*OWN)[^)]*""".replace(b"OWN", _OWN),
    re.IGNORECASE,
)


def load_image(path: Path, alt: str) -> Image:
    """Read a PNG, JPEG or SVG file.

    Raises OptoutError where it is missing, broken, of another kind, or needs something outside it.
    """
    with suppress(OSError):  # read_bytes refuses a name that the system does not allow
        if path.exists() and not path.is_file():  # reading a named pipe never ends
            raise OptoutError(Problem("not-a-file", "is not a file", Location(str(path))))
    content = read_bytes(str(path), MAX_BYTES)
    if content.startswith(_PNG):
        return Image("image/png", _checked_png(content, path), alt)
    if content.startswith(_JPEG):
        return Image("image/jpeg", _checked_jpeg(content, path), alt)
    if _IS_SVG.search(content[:4096]):
        return Image("image/svg+xml", _checked_svg(content, path), alt)
    message, hint = "is neither PNG, JPEG nor SVG", "save the picture as PNG, JPEG or SVG"
    raise OptoutError(Problem("not-an-image", message, Location(str(path)), hint))


def _checked_png(content: bytes, path: Path) -> bytes:
    """Return the PNG; one of 16 bits of gray in 8 bits, since WeasyPrint cannot draw it."""
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))  # IHDR comes first
    _refuse_large((width, height), path)
    picture = _load(content, "PNG", path)
    if picture.size != (width, height):  # it has two sizes
        raise OptoutError(_broken_problem("PNG", path))
    upright, is_upright = _upright(picture)
    if is_upright and not picture.mode.startswith("I"):
        return content
    if picture.mode.startswith("I"):
        upright = upright.point(lambda value: value / 256).convert("L")
    output = BytesIO()
    upright.save(output, "PNG")
    return output.getvalue()


def _checked_jpeg(content: bytes, path: Path) -> bytes:
    """Return the JPEG; one that is turned or has the inks of print upright and in RGB."""
    picture = _load(content, "JPEG", path)
    upright, is_upright = _upright(picture)
    if picture.mode in ("L", "RGB") and is_upright:
        return content
    output = BytesIO()
    upright.convert("RGB").save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()


def _upright(picture: "Raster.Image") -> tuple["Raster.Image", bool]:
    """Return a picture as its Exif turns it, which not every engine does, and if it was so.

    Exif that cannot be read turns nothing, and is left out: an engine may stumble over it.
    """
    import struct
    import warnings

    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            is_upright = picture.getexif().get(_ORIENTATION, 1) == 1
            return ImageOps.exif_transpose(picture), is_upright
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, Warning, struct.error):
        return picture.copy(), False  # it is saved without Exif


def _load(content: bytes, kind: str, path: Path) -> "Raster.Image":
    """Return a picture with its pixels. Raises OptoutError where it is broken or too large."""
    import warnings

    from PIL import Image as Raster
    from PIL import ImageFile

    too_many = (Raster.DecompressionBombError, Raster.DecompressionBombWarning)
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES  # WeasyPrint sets it
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other warnings are about parts that no letter shows
            warnings.simplefilter("error", Raster.DecompressionBombWarning)
            picture = Raster.open(BytesIO(content), formats=[kind])
            if kind != "PNG":  # which was measured before
                _refuse_large(picture.size, path)
            picture.load()
    except (OSError, SyntaxError, ValueError, *too_many):
        raise OptoutError(_broken_problem(kind, path)) from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    return picture


def _refuse_large(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > _MAX_PIXELS:
        message = f"is {width:,} x {height:,} pixels; the limit is {_MAX_PIXELS // 10**6} million"
        hint = "scale it down: 1,200 pixels per side are enough for a sharp print"
        raise OptoutError(Problem("too-large", message, Location(str(path)), hint))


def _broken_problem(kind: str, path: Path) -> Problem:
    hint = f"open it in an image editor and save it as {kind} again"
    return Problem("broken-image", f"is a broken {kind}", Location(str(path)), hint)


def _checked_svg(content: bytes, path: Path) -> bytes:
    """Return the SVG without a plain DOCTYPE, and with its size as both engines read it."""
    from xml.etree import ElementTree as ET

    hint = "save it as plain SVG with encoding UTF-8"
    unreadable = Problem("broken-image", "is not UTF-8 text", Location(str(path)), hint)
    if b"\0" in content:  # it is UTF-16, in which the checks below find nothing
        raise OptoutError(unreadable)
    content = _in_utf8(content)
    # Drawing programs write one that names the SVG standard and declares nothing.
    content = _PLAIN_DOCTYPE.sub(lambda found: b"\n" * found[0].count(b"\n"), content, 1)
    if found := _OUTSIDE.search(content):
        raise OptoutError(_outside_problem(found, path, content.count(b"\n", 0, found.start()) + 1))
    try:
        root = ET.fromstring(content)  # noqa: S314  # the check above allows no entity
    except ET.ParseError as error:
        line, column = error.position
        location = Location(str(path), line, column + 1)
        raise OptoutError(Problem("broken-image", "is a broken SVG", location)) from None
    except (LookupError, ValueError):  # an encoding that Python does not know, or cannot parse
        raise OptoutError(unreadable) from None
    # Check again with the references resolved: `&#64;import` is `@import`.
    parts = "\n".join(
        part
        for node in root.iter()
        for part in (
            f"<{_local_name(node.tag)}",
            *(f'{_local_name(name)}="{value}"' for name, value in node.items()),
            *filter(None, (node.text, node.tail)),
        )
    )
    if found := _OUTSIDE.search(parts.encode()):
        raise OptoutError(_outside_problem(found, path))
    # Each computer draws text in its own typeface; text as paths looks the same everywhere.
    if any(_local_name(node.tag) == "text" for node in root.iter()):
        message = "has text, but an SVG file does not carry its typeface"
        hint = "save it as PNG, or convert its text to paths"
        raise OptoutError(Problem("image-lettering", message, Location(str(path)), hint))
    if message := _drawing_problem(root, parts):
        raise OptoutError(Problem("broken-image", message, Location(str(path)), _DRAW_AGAIN))
    return _with_size(content, root, path)


def _in_utf8(content: bytes) -> bytes:
    """Return an XML text that names a Western European encoding in UTF-8, any other as it is."""
    named = _ENCODING.match(content)
    if not named or content.isascii() or named[2].lower() not in _WESTERN:
        return content
    with suppress(UnicodeError):
        text = content.decode(named[2].decode()).encode()
        return _ENCODING.sub(rb"\1UTF-8", text, count=1)
    return content


def _drawing_problem(root: "Element", parts: str) -> str:
    """Return what engines draw each in its own way, or an empty text. `parts` are those of `root`.

    That is a style that one of them leaves out, or a viewBox of nothing.
    """
    if style := _UNKNOWN_STYLE.search(parts):
        return f"has the style {style[0]!r}, which not every PDF engine draws"
    if found := _NO_NUMBER.search(parts):
        return f"has {found[1]!r} in the place of a number"
    for box in filter(None, (node.get("viewBox") for node in root.iter())):
        if not _BOX.fullmatch(box):
            return f"has the viewBox {box[:60]!r}, which is not four numbers"
        if min(map(float, re.findall(_NUMBER, box)[2:])) <= 0:
            return f"has the viewBox {box[:60]!r}, which has no width or no height"
    return ""


def _with_size(content: bytes, root: "Element", path: Path) -> bytes:
    """Return an SVG whose size both engines know: from its viewBox, or its width and height."""
    sizes = {name: _LENGTH.fullmatch(root.get(name, "")) for name in ("width", "height")}
    if root.get("viewBox"):
        # One side alone, and a part of a page's width, are not the same to every engine.
        given = [root.get(name) or "%" for name in sizes]
        if given == ["%", "%"] or not any("%" in side for side in given):
            return content
        return _ROOT.sub(lambda found: _SIDES.sub(b"", found[0]), content, 1)
    if not all(found and float(found[1]) for found in sizes.values()):
        message = "has no size: neither a viewBox, nor a width and a height"
        raise OptoutError(Problem("broken-image", message, Location(str(path)), _DRAW_AGAIN))
    return content


def _local_name(name: str) -> str:
    """Return a name without its namespace: `{http://www.w3.org/2000/svg}g` -> `g`."""
    return name.rpartition("}")[2]


def _outside_problem(found: re.Match[bytes], path: Path, line: int | None = None) -> Problem:
    message = (
        f"refers to something outside the file: {shorten(found[0].decode('utf-8', 'replace'))}"
    )
    hint = "save it as plain SVG with everything embedded"
    return Problem("image-reaches-out", message, Location(str(path), line), hint)
