"""The letter as fax-ready text: ASCII, at most 80 columns, a cover page, numbered pages.

The words of the cover are the letter's own, from the templates.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar
from unicodedata import normalize

from msgspec import Struct, structs

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters import ExportContext
from optout_cli.exporters.txt import Group, Line, break_pages, groups_of, join_groups, wrap
from optout_cli.model.letter import Letter, Run

RANK = 6
DESCRIPTION = "fax-ready text: ASCII, a cover page, numbered pages"
MEDIA_TYPE = "text/plain"
IS_TEXT = True
ROUTE = "fax"
SIGNATURES = ("typed",)
_PAGE, _PAGES = "{page}", "{pages}"  # wider than any number, so no line grows
_NO_BREAK = "\u00a0"  # a blank at which no line ends
_LEAST = 10  # lines of the letter on a page: a signature block with the body's last lines


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the pages with a form feed between them, each line with a line end.

    Raises OptoutError for characters that ASCII cannot spell, and where the head fills the page.
    """
    letter = in_ascii(letter)
    mark = [*wrap(letter.mark), ""] if letter.mark else []
    head = [*wrap(f"{letter.head}, page {_PAGE} of {_PAGES}"), "", *mark]
    height = context.options.lines_per_page - len(head)
    if height < _LEAST:
        message = f"a page of {context.options.lines_per_page} lines has no room for the letter"
        hint = f"its head takes {len(head)} lines; give it more with --lines-per-page"
        raise OptoutError(Problem("low-page", message, hint=hint))
    cover = break_pages(join_groups(_cover_groups(letter)), height) if letter.cover.title else []
    body = break_pages(join_groups(groups_of(letter)), height)
    pages = len(cover) + len(body)
    # Number only lines of our own template: in the letter `{page}` is the user's text.
    heads = [_number(head, number, pages) for number in range(1, pages + 1)]
    cover = [_number(lines, number, pages) for number, lines in enumerate(cover, 1)]
    if cover:
        heads[0] = mark
    texts = (
        "".join(f"{line}\n" for line in (*top, *lines))
        for top, lines in zip(heads, [*cover, *body], strict=True)
    )
    return "\f".join(texts).replace(_NO_BREAK, " ").encode("ascii")


def count_pages(content: bytes) -> int:
    """Return how many pages a fax text has."""
    return content.count(b"\f") + 1


def _cover_groups(letter: Letter) -> Iterator[Group]:
    """Yield the letterhead, the title, the lines with labels, which are aligned, and sentences."""
    cover = letter.cover
    width = max((len(label) for label, _ in cover.facts), default=0) + 1
    head = (*letter.sender, *letter.sender_contact)
    yield tuple(Line(line) for text in head for line in wrap(text))
    yield tuple(map(Line, wrap(cover.title)))
    yield tuple(
        Line(line)
        for label, words in cover.facts
        for line in wrap(words, first=label.ljust(width), rest=" " * width)
    )
    yield from (tuple(map(Line, wrap(sentence))) for sentence in cover.sentences)


def _number(lines: Iterable[str], number: int, pages: int) -> list[str]:
    return [line.replace(_PAGE, str(number)).replace(_PAGES, str(pages)) for line in lines]


_T = TypeVar("_T")
_OWN = {  # spellings that differ from those of anyascii
    "\u00a7": "Sec.",
    "\u00b6": "Par.",
    **dict.fromkeys("\u02bb\u02bc\u2018\u2019", "'"),  # the okina first
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u2013\u2014\u2015", "--"),
    "\u2026": "...",
    "\u2610": "[ ]",  # ballot boxes
    **dict.fromkeys("\u2611\u2612", "[x]"),
    "\u00d7": "x",
    "\u00ad": "",  # a soft hyphen shows only where a line breaks
    "\u00a0": " ",
}
_SIGNS = re.compile("(\u00a7\u00a7|\u00b6\u00b6|\u00a7|\u00b6)(\\w)?")
_PLURALS = {"\u00a7\u00a7": "Secs.", "\u00b6\u00b6": "Pars."}
_FRACTION = re.compile("(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e])")  # 1 1/2, not 11/2
# The words that its pages show; other fields name files, such as those that are enclosed.
_SHOWN = (
    "mark", "sender", "sender_contact", "date", "service", "recipient", "to", "reference",
    "subject", "salutation", "body", "closing", "signature", "approval", "enclosures", "cc",
    "record", "cover", "head", "foot",
)  # fmt: skip


def in_ascii(letter: Letter) -> Letter:
    """Return the letter with each text that a fax shows in ASCII, and blanks that end no line.

    Raises OptoutError with every character that has no spelling in ASCII.
    """
    lacking: dict[str, None] = {}
    spelled = {name: _spell(getattr(letter, name), lacking) for name in _SHOWN}
    raise_any(
        Problem(
            "no-ascii",
            f"a fax has no way to write {character!r} (U+{ord(character):04X})",
            hint="spell it without this character",
            text=character,
        )
        for character in lacking
    )
    return structs.replace(letter, **spelled)


def ascii_of(text: str, lacking: dict[str, None]) -> str:
    """Return a text in ASCII. Leaves out characters without a spelling; adds them to `lacking`."""
    if text.isascii():
        return text
    # A letter and its accent, typed as two characters, are one character.
    text = _FRACTION.sub(" ", _SIGNS.sub(_spell_sign, normalize("NFC", text)))
    spelled = {character: _spell_character(character) for character in text}
    lacking.update(
        dict.fromkeys(
            character
            for character, ascii_ in spelled.items()
            if not ascii_ and character not in _OWN
        )
    )
    return "".join(map(spelled.__getitem__, text))


@cache
def _spell_character(character: str) -> str:
    from anyascii import anyascii  # 50 ms

    own = _OWN.get(character)
    return anyascii(character) if own is None else own


def _spell_sign(found: re.Match[str]) -> str:
    sign, following = found[1], found[2]
    word = _PLURALS.get(sign) or _OWN[sign]
    return f"{word} {following}" if following else word


def _spell_parts(text: str, lacking: dict[str, None]) -> str:
    """Return a text in ASCII, with the blanks at which no line ends."""
    return _NO_BREAK.join(ascii_of(part, lacking) for part in text.split(_NO_BREAK))


def _spell(value: _T, lacking: dict[str, None]) -> _T:
    """Return a part of the letter with each text in it in ASCII; a link's target stays."""
    made: Any = value  # Any: of the value's own type, which no checker sees through the fields
    if isinstance(value, str):
        made = _spell_parts(value, lacking)
    elif isinstance(value, tuple):
        made = tuple(_spell(item, lacking) for item in value)
    elif isinstance(value, Run):
        made = structs.replace(value, text=_spell_parts(value.text, lacking))
    elif isinstance(value, Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        spelled = {name: _spell(part, lacking) for name, part in parts.items()}
        made = structs.replace(value, **spelled)
    return made  # type: ignore[no-any-return]
