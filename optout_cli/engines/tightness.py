"""When to set a letter tightly: with less space between its paragraphs and above the signature.

A letter is set so where it then takes fewer pages. To lay it out twice costs time, so these
functions tell from its words whether that can be worth it.
"""

from collections.abc import Iterator
from math import ceil

from optout_cli.model.letter import Block, Letter, ListBlock, Quote
from optout_cli.templating.body import plain

FIRST_ROOM, ROOM = 6.5, 9.25  # in: for the words on the first page, below the window, and on others
_LINE = 0.194  # in: a line of the body
_GAP, _ITEM_GAP, _SPACE = 0.06, 0.02, 0.35  # in: between blocks and items, above the signature
_LESS_GAP, _LESS_ITEM_GAP, _LESS_SPACE = 0.03, 0.02, 0.15  # in: than in a letter set as usual
_CHARACTERS = 110  # that no line of the body exceeds: the typical one has 85


def most_saved(letter: Letter) -> float:
    """Return how many inches a letter gets shorter where it is set tightly."""
    return (
        _LESS_GAP * len(letter.body)
        + _LESS_ITEM_GAP * sum(map(_items_in, letter.body))
        + _LESS_SPACE
    )


def least_height(letter: Letter) -> float:
    """Return how many inches a letter takes below its window at the least, set tightly."""
    texts = [letter.reference, letter.subject, letter.salutation, letter.closing]
    texts += [*letter.to, *letter.signature]
    small = [*letter.enclosures, *letter.cc, *letter.record]
    lines = sum(_lines(text) for text in (*texts, *(t for b in letter.body for t in _texts(b))))
    gaps = _GAP * (len(letter.body) - 1) + _ITEM_GAP * sum(map(_items_in, letter.body))
    return _LINE * (lines + 0.8 * sum(map(_lines, small))) + gaps + _SPACE


def can_be_shorter(letter: Letter, pages: int) -> bool:
    """Tell whether a letter of some pages may take one page less where it is set tightly."""
    return pages > 1 and least_height(letter) <= FIRST_ROOM + ROOM * (pages - 2)


def _lines(text: str) -> int:
    return ceil(len(text) / _CHARACTERS)


def _items_in(block: Block) -> int:
    if not isinstance(block, ListBlock):
        return 0
    return sum(1 + sum(map(_items_in, item)) for item in block.items)


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, ListBlock):
        for item in block.items:
            for part in item:
                yield from _texts(part)
    elif isinstance(block, Quote):
        for paragraph in block.blocks:
            yield from _texts(paragraph)
    else:
        yield plain(block.runs)
