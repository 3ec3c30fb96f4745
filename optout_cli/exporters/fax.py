"""The letter as fax-ready text: ASCII, at most 80 columns, a cover page, numbered pages."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar
from unicodedata import normalize

from anyascii import anyascii
from msgspec import Struct, structs

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.txt import Line, break_pages, groups_of, join_groups, wrap
from optout_cli.model.letter import Letter, Run

MEDIA_TYPE = "text/plain"
IS_TEXT = True
_HANGING = " " * 4
_PAGE, _PAGES = "{page}", "{pages}"  # wider than any number, so that no line grows
_LEAST = 10  # lines of the letter on a page: a signature block with the body's last lines


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages with a form feed between them, each line with a line end.

    Raises OptoutError for characters that cannot be spelled, and where the head fills the page.
    """
    letter = in_ascii(letter)
    marked = [*wrap(letter.mark), ""] if letter.mark else []
    head = [*wrap(f"{letter.head}, page {_PAGE} of {_PAGES}"), "", *marked]
    height = context.options.lines_per_page - len(head)
    if height < _LEAST:
        message = f"a page of {context.options.lines_per_page} lines has no room for the letter"
        hint = f"its head takes {len(head)} lines; give it more with --lines-per-page"
        raise OptoutError(Problem("low-page", message, hint=hint))
    cover = break_pages(_cover_lines(letter), height)
    body = break_pages(join_groups(groups_of(letter)), height)
    pages = len(cover) + len(body)
    # Only what our own template words is numbered: in the letter `{page}` is the user's text.
    heads = [_numbered(head, number, pages) for number in range(1, pages + 1)]
    cover = [_numbered(sheet, number, pages) for number, sheet in enumerate(cover, 1)]
    if cover:
        heads[0] = marked
    sheets = zip(heads, [*cover, *body], strict=True)
    return "\f".join(_text((*top, *sheet)) for top, sheet in sheets).encode("ascii")


def _cover_lines(letter: Letter) -> list[Line]:
    """Return the cover with a blank line between any two facts, which a clerk reads at a glance."""
    texts = [wrap(text, rest=_HANGING) for text in letter.cover]
    return join_groups(tuple(map(Line, lines)) for lines in texts)


def _numbered(lines: Iterable[str], number: int, pages: int) -> list[str]:
    return [line.replace(_PAGE, str(number)).replace(_PAGES, str(pages)) for line in lines]


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_T = TypeVar("_T")
_OWN = {
    "\u00a7": "Sec.",
    "\u00b6": "Par.",
    "\u02bb": "'",  # the okina
    "\u02bc": "'",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "--",
    "\u2014": "--",
    "\u2015": "--",
    "\u2026": "...",
    "\u2610": "[ ]",  # ballot boxes
    "\u2611": "[x]",
    "\u2612": "[x]",
    "\u00d7": "x",
    "\u00ad": "",  # a soft hyphen shows only where a line breaks at it
    "\u00a0": " ",
}
_SIGNS = re.compile("(\u00a7\u00a7|\u00b6\u00b6|\u00a7|\u00b6)(\\w)?")
_PLURALS = {"\u00a7\u00a7": "Secs.", "\u00b6\u00b6": "Pars."}
_FRACTION = re.compile("(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e])")  # 1 1/2, not 11/2
# What no page of text shows, or what is not the letter's words.
_UNSEEN = ("notice", "seal", "envelope", "continuation")


def in_ascii(letter: Letter) -> Letter:
    """Return the letter with each text that a fax shows in ASCII.

    Raises OptoutError with every character for which there is nothing to write.
    """
    shown = {
        name: getattr(letter, name) for name in letter.__struct_fields__ if name not in _UNSEEN
    }
    lacking: dict[str, None] = {}
    spelled = {name: _spelled(value, lacking) for name, value in shown.items()}
    raise_any(map(_no_ascii, lacking))
    return structs.replace(letter, **spelled)


def ascii_of(text: str, lacking: dict[str, None]) -> str:
    """Return a text in ASCII; what has no spelling is left out, and added to `lacking`."""
    if text.isascii():
        return text
    # A letter and its accent, typed apart, are one character.
    text = _FRACTION.sub(" ", _SIGNS.sub(_sign, normalize("NFC", text)))
    spelled = {character: _character(character) for character in text}
    lacking.update((it, None) for it, ascii_ in spelled.items() if not ascii_ and it not in _OWN)
    return "".join(map(spelled.__getitem__, text))


@cache
def _character(character: str) -> str:
    own = _OWN.get(character)
    return anyascii(character) if own is None else own


def _sign(found: re.Match[str]) -> str:
    sign, following = found[1], found[2]
    word = _PLURALS.get(sign) or _OWN[sign]
    return f"{word} {following}" if following else word


def _spelled(value: _T, lacking: dict[str, None]) -> _T:
    """Return a part of the letter with every text in it in ASCII; a link's target is none."""
    made: Any = value  # of the value's own type, which no checker sees through the fields
    if isinstance(value, str):
        made = ascii_of(value, lacking)
    elif isinstance(value, tuple):
        made = tuple(_spelled(it, lacking) for it in value)
    elif isinstance(value, Run):
        made = structs.replace(value, text=ascii_of(value.text, lacking))
    elif isinstance(value, Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        made = structs.replace(value, **{k: _spelled(it, lacking) for k, it in parts.items()})
    return made  # type: ignore[no-any-return]


def _no_ascii(character: str) -> Problem:
    message = f"a fax has no way to write {character!r} (U+{ord(character):04X})"
    return Problem("no-ascii", message, hint="spell it without this character", text=character)
