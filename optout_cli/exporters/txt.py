"""The letter as plain text, at most 80 columns, UTF-8."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from optout_cli import errors
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Block, Heading, Letter, ListBlock, Paragraph, Quote
from optout_cli.templating.body import plain

RANK = 1
DESCRIPTION = "plain text, 80 columns"
MEDIA_TYPE = "text/plain"
IS_TEXT = True


def encode(letter: Letter, context: ExportContext) -> bytes:  # noqa: ARG001  # formats are called alike
    """Return the letter's lines, each with a line end."""
    return "".join(f"{line}\n" for line in lines_of(letter)).encode()


COLUMNS = 80
_QUOTE_INDENT = " " * 4
_HANGING = " " * 4  # under `Re: `
_BEGINS = re.compile(r"\s*(-|\d+\.|[A-Z][A-Za-z-]*:) ")  # a line that goes on from no other
_TO_SIGN, _TYPED = 4, 1  # blank lines above the signature


class Bond(IntEnum):
    """How firmly a line holds to the next line. A page ends at its last weakest bond."""

    FREE = 0
    LOOSE = 1  # better on one page: a list's introduction and its first item
    FIRM = 2  # on one page if possible: the signature block, a heading and its text


class Line(NamedTuple):
    """A line of text and its bond to the next line."""

    text: str
    bond: Bond = Bond.FREE


Group = tuple[Line, ...]  # lines with a blank line before and after them


def lines_of(letter: Letter) -> list[str]:
    """Return the lines of the whole letter, without line ends or trailing blanks."""
    lines = [letter.mark, ""] if letter.mark else []
    for group in filter(None, groups_of(letter)):
        lines += [line.text.rstrip() for line in group] + [""]
    return lines[:-1]


def groups_of(letter: Letter) -> list[Group]:
    """Return the letter without its mark, in groups with blank lines between them.

    The bond of a group's last line holds the group to the next group.
    """
    space = [""] * (_TYPED if letter.is_typed else _TO_SIGN)
    groups = [
        _bind_all(_wrap_each((*letter.sender, *letter.sender_contact))),
        _bind_all(wrap(letter.date)),
        _bind_all(_wrap_each(letter.service)),
        _bind_all(_wrap_each(letter.recipient)),
        _bind_all(wrap(letter.reference)),
        _bind_all(line for to in letter.to for line in wrap(f"To: {to}", rest=_HANGING)),
        _bind_all(wrap(f"Re: {letter.subject}", rest=_HANGING)),
        _bind_all(wrap(letter.salutation), Bond.FIRM),
        *_body_groups(letter.body),
        _bind_all([*wrap(letter.closing), *space, *_wrap_each(letter.signature)]),
        *(_bind_ends(_wrap_each(group)) for group in letter.after_signature),
    ]
    kept = [group for group in groups if group]
    # Never put the foot on a page alone.
    return [*kept[:-1], _with_bond(kept[-1], Bond.LOOSE), _bind_all(wrap(letter.foot))]


def text_groups(title: str, blocks: Sequence[Block], foot: str) -> list[Group]:
    """Return a text that is not a letter in groups: title, blocks, foot."""
    return [_bind_all(wrap(title), Bond.FIRM), *_body_groups(blocks), _bind_all(wrap(foot))]


def join_groups(groups: Iterable[Group]) -> list[Line]:
    """Return the groups' lines with a blank line between groups."""
    lines: list[Line] = []
    for group in groups:
        if group:
            lines += [*group, Line("", group[-1].bond)]
    return [Line(line.text.rstrip(), line.bond) for line in lines[:-1]]


def break_pages(lines: Sequence[Line], height: int) -> list[list[str]]:
    """Break lines into pages of at most `height` lines, without blank lines at their ends."""
    pages: list[list[str]] = []
    start = 0
    while start < len(lines):
        end = len(lines)
        if start + height < end:  # the page ends behind the last of its weakest bonds
            own = lines[start : start + height]
            weakest = min(line.bond for line in own)
            end = start + max(at for at, line in enumerate(own, 1) if line.bond == weakest)
        page = [line.text for line in lines[start:end]]
        while page and not page[-1]:
            page.pop()
        pages.append(page)
        while end < len(lines) and not lines[end].text:
            end += 1
        start = end
    return pages


def _body_groups(blocks: Sequence[Block]) -> Iterator[Group]:
    """Yield a group for each block. The last two stay together, with the signature that follows."""
    for number, block in enumerate(blocks, 1):
        group = _group_of(block)
        if number < len(blocks):
            group = _bind_to_next(group, block, blocks[number])
        is_late = number >= len(blocks) - 1 and not isinstance(block, Heading)
        yield _with_bond(group, Bond.LOOSE) if is_late else group


def _bind_to_next(group: Group, block: Block, following: Block) -> Group:
    """Bind a heading to the next block, and an introduction to its list."""
    if isinstance(block, Heading):
        return _with_bond(group, Bond.FIRM)
    is_colon = bool(group) and group[-1].text.endswith(":")
    leads = isinstance(block, Paragraph) and (is_colon or isinstance(following, ListBlock | Quote))
    return _with_bond(group, Bond.LOOSE) if leads else group


@lru_cache(maxsize=1024)  # most blocks are the same from county to county
def _group_of(block: Block, indent: str = "") -> Group:
    if isinstance(block, Quote):
        quoted = indent + _QUOTE_INDENT
        return tuple(join_groups(_group_of(part, quoted) for part in block.blocks))
    if not isinstance(block, ListBlock):
        texts = plain(block.runs).split("\n")
        lines = [line for text in texts for line in wrap(text, first=indent, rest=indent)]
        return _bind_all(lines) if isinstance(block, Heading) else _bind_ends(lines)
    width = len(f"{len(block.items)}. ") if block.ordered else 2
    inner = indent + " " * width
    listed: list[Line] = []
    for number, item in enumerate(block.items, 1):
        mark = f"{number}." if block.ordered else "-"
        bullet = "" if block.has_boxes else mark.ljust(width)
        inside: list[Line] = []
        for part, following in zip(item, [*item[1:], None], strict=True):
            group = _group_of(part, inner)
            inside += _bind_to_next(group, part, following) if following else group
        first, *others = inside or [Line("")]  # an item may be invisible: a soft hyphen
        listed += [Line(indent + bullet + first.text.removeprefix(inner), first.bond), *others]
    return tuple(listed)


def _bind_all(texts: Iterable[str], bond: Bond = Bond.FREE) -> Group:
    """Bind lines that stay together, such as an address."""
    return _with_bond(tuple(Line(text, Bond.FIRM) for text in texts), bond)


def _bind_ends(texts: Iterable[str]) -> Group:
    """Bind lines that may break across pages, with two at least on each side."""
    lines = list(texts)
    bonds = [Bond.FREE] * len(lines)
    bonds[-2:-1] = [Bond.LOOSE] * len(bonds[-2:-1])
    if len(lines) > 1:
        bonds[0] = Bond.FIRM
    return tuple(map(Line, lines, bonds))


def _with_bond(group: Group, bond: Bond) -> Group:
    """Return the group with another bond of its last line."""
    return (*group[:-1], Line(group[-1].text, bond)) if group else group


def unwrap(lines: Iterable[str]) -> list[str]:
    """Join lines that were broken only because the next word had no room, for other widths."""
    joined: list[str] = []
    last = ""
    for line in lines:
        text = line.strip(" ")
        word = text.partition(" ")[0]  # no line ends at a blank that does not break
        had_no_room = last and word and len(last) <= COLUMNS < len(f"{last} {word}")
        if had_no_room and not _BEGINS.match(line):
            joined[-1] += f" {text}"
        else:
            joined.append(line)
        last = line
    return joined


def _wrap_each(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, rest="  ")


@lru_cache(maxsize=4096)  # most paragraphs are the same from county to county
def wrap(text: str, first: str = "", rest: str = "") -> tuple[str, ...]:
    """Break a text at blanks. Breaks words that are longer than a line, but no web address."""
    return tuple(errors.wrap(text, COLUMNS, first, rest, breaks_words="://" not in text))
