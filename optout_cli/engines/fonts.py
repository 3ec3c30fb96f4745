"""The letters' typeface: static font files from one package, so lines break alike everywhere."""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from optout_cli.errors import Problem
from optout_cli.model.letter import Letter

TYPEFACE = "Source Serif Pro"


def faces() -> Mapping[tuple[str, str], Path]:
    """Return the typeface's files by weight and style, from the package that ships them."""
    # Do not import the package: its import lists a folder of 60 files.
    spec = find_spec("font_source_serif_pro")
    assert spec is not None
    assert spec.origin is not None  # a declared dependency
    folder = Path(spec.origin).parent / "files"
    names = {
        ("normal", "normal"): "Regular",
        ("bold", "normal"): "Bold",
        ("normal", "italic"): "It",
        ("bold", "italic"): "BoldIt",
    }
    return {key: folder / f"SourceSerifPro-{name}.ttf" for key, name in names.items()}


_BLANKS = frozenset("\n\t ")
_NOT_ON_THE_PAGE = {
    "notice",
    "template",
    "people",
    "seal",
    "autograph",
    "attachments",
    "cover",
    "head",
}
# Marks that join the letter before them, and characters without a shape.
_WITHOUT_SHAPE = ("Mn", "Me", "Cf", "Cc", "Zs")


def unknown_glyph(codepoint: int) -> Problem:
    """Return the Problem of a character that the letters' typeface lacks."""
    message = f"{TYPEFACE} has no character {chr(codepoint)!r} (U+{codepoint:04X})"
    return Problem(
        "unknown-glyph", message, hint="spell it without this character", text=chr(codepoint)
    )


@cache
def known_characters(slant: str = "normal") -> frozenset[str]:
    """Return the characters that the upright or the `italic` face can draw, and blanks.

    Where the italics lack a character, WeasyPrint slants the upright face, and Typst uses that.
    """
    from fontTools.ttLib import TTFont

    with TTFont(faces()["normal", slant], lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap())) | _BLANKS


def missing_characters(letter: Letter) -> Iterator[Problem]:
    """Yield each character of a letter that no page can show; the finished page may show more."""
    fields = set(letter.__struct_fields__) - _NOT_ON_THE_PAGE
    words = msgspec.json.encode([getattr(letter, name) for name in sorted(fields)]).decode()
    for character in sorted({*unicodedata.normalize("NFC", words)} - known_characters()):
        if unicodedata.category(character) not in _WITHOUT_SHAPE:
            yield unknown_glyph(ord(character))
