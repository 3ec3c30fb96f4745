"""Characters that the letters' typeface lacks: told before a page is laid out, or by the page."""

import unicodedata
from collections.abc import Iterator
from functools import cache

import msgspec

from optout_cli.errors import Problem
from optout_cli.exporters.faces import TYPEFACE, faces
from optout_cli.model.notice import Letter

_BLANKS = frozenset("\n\t ")
_NOT_ON_THE_PAGE = {"notice", "seal", "autograph", "attachments", "cover", "head"}
# Marks that are joined to the letter before them, and what has no form of its own.
_WITHOUT_FORM = ("Mn", "Me", "Cf", "Cc", "Zs")


def unknown_glyph(codepoint: int) -> Problem:
    """Word the Problem of a character that the letters' typeface lacks."""
    message = f"{TYPEFACE} has no character {chr(codepoint)!r} (U+{codepoint:04X})"
    return Problem("unknown-glyph", message, hint="spell it without", text=chr(codepoint))


@cache
def known_characters() -> frozenset[str]:
    """Return what the upright face can draw, aslant where the italics cannot, and blanks."""
    from fontTools.ttLib import TTFont

    with TTFont(faces()["normal", "normal"], lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap())) | _BLANKS


def glyph_faults(letter: Letter) -> Iterator[Problem]:
    """Yield each character of a letter that no page could show; a page may tell of more."""
    fields = set(letter.__struct_fields__) - _NOT_ON_THE_PAGE
    words = msgspec.json.encode([getattr(letter, name) for name in sorted(fields)]).decode()
    characters = set(unicodedata.normalize("NFC", words)) - known_characters()
    for it in sorted(characters):
        if unicodedata.category(it) not in _WITHOUT_FORM:
            yield unknown_glyph(ord(it))
