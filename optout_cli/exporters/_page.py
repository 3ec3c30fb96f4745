"""Lay out a letter's words as lines of text, at most 80 columns, for every text format."""

import textwrap
from collections.abc import Iterable, Iterator

from optout_cli.body import plain
from optout_cli.model.notice import Block, Heading, Letter, ListBlock, Paragraph, Quote

COLUMNS = 80
_QUOTE_INDENT = " " * 4
_HANGING = " " * 4  # under `Re: `
_SPACE_TO_SIGN = ("", "", "")


def lines_of(letter: Letter) -> list[str]:
    """Return the whole letter, one text line each, without line ends or trailing blanks."""
    groups: list[Iterable[str]] = [
        [letter.mark] if letter.mark else [],
        _wrapped_each((*letter.sender, *letter.sender_contact)),
        _wrapped(letter.date),
        _wrapped_each(letter.service),
        _wrapped_each(letter.recipient),
        _wrapped(letter.reference),
        (line for it in letter.to for line in _wrapped(f"To: {it}", rest=_HANGING)),
        _wrapped(f"Re: {letter.subject}", rest=_HANGING),
        _wrapped(letter.salutation),
        *(_block_lines(block) for block in letter.body),
        [*_wrapped(letter.closing), *_SPACE_TO_SIGN, *_wrapped_each(letter.signature)],
        _wrapped_each(letter.enclosures),
        _wrapped_each(letter.cc),
        _wrapped_each(letter.record),
        _wrapped(letter.foot),
    ]
    lines: list[str] = []
    for group in groups:
        if found := list(group):
            lines += [*found, ""]
    return [line.rstrip() for line in lines[:-1]]


def _block_lines(block: Block, indent: str = "") -> Iterator[str]:
    if isinstance(block, ListBlock):
        yield from _list_lines(block, indent)
    elif isinstance(block, Quote):
        for number, paragraph in enumerate(block.blocks):
            if number:
                yield ""
            yield from _block_lines(paragraph, indent + _QUOTE_INDENT)
    else:
        assert isinstance(block, Paragraph | Heading)
        for line in plain(block.runs).split("\n"):
            yield from _wrapped(line, first=indent, rest=indent)


def _list_lines(block: ListBlock, indent: str) -> Iterator[str]:
    width = len(f"{len(block.items)}. ") if block.ordered else 2
    for number, item in enumerate(block.items, 1):
        bullet = (f"{number}." if block.ordered else "-").ljust(width)
        inner = indent + " " * width
        lines = [line for part in item for line in _block_lines(part, inner)]
        yield indent + bullet + lines[0].removeprefix(inner)
        yield from lines[1:]


def _wrapped_each(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(text, rest="  ")


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Break a text at blanks; a word longer than a line is broken rather than lost."""
    return textwrap.wrap(
        text, COLUMNS, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
