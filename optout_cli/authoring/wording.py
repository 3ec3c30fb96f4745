"""A letter kind's template as a start for other wording: its passages, and what it extends."""

import re
from collections.abc import Iterator, Mapping

from optout_cli import bundled
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library

_LETTER = Location("--letter", is_command_line=True)
_EXTENDS = re.compile(r'{%-?\s*extends\s+"([^"]+)"\s*-?%}\n?')
_BLOCK = re.compile(r"{%-?\s*block\s+(\w+)")
_HEAD = """\
{{#- Wording of your own. Each block below is a passage of the shipped letter: change the one that
    is to read otherwise, and delete all the others: what does not stand here stays as it ships, and
    is corrected when that is. Every block of this letter can be replaced so:

{blocks} -#}}
{{% extends "builtin:{name}" %}}
"""


def wording_of(letter: str, slug: str | None, library: Library) -> tuple[str, str]:
    """Return name and text of a template that extends the shipped one, with its passages.

    `slug` makes it one jurisdiction's. Raises OptoutError where there is no such letter, or it
    does not ship.
    """
    shipped = f"{letter}.html.j2"
    library.programs.find(letter, _LETTER)
    if not (bundled.TEMPLATES / shipped).is_file():
        message = f"the letter {letter!r} is your own, and not shipped"
        hint = f"change {shipped} in your own folder of templates"
        raise OptoutError(Problem("not-shipped", message, _LETTER, hint))
    text = _text(shipped)
    outer = _EXTENDS.search(text)
    body = text[outer.end() :] if outer else text
    name = f"{letter}.{slug}.html.j2" if slug else shipped
    known = _describe_blocks(set(_blocks_of(shipped)), library.programs.wording.blocks)
    return name, _HEAD.format(blocks="\n".join(known), name=shipped) + body


def _describe_blocks(names: set[str], words: Mapping[str, str]) -> Iterator[str]:
    """Yield a line on each block, those that are described first, in the order of that."""
    width = max(map(len, names))
    for name in [*(it for it in words if it in names), *sorted(names - words.keys())]:
        yield f"    {name:{width}}  {words.get(name, '')}".rstrip()


def _blocks_of(name: str) -> Iterator[str]:
    """Yield the blocks of a shipped template, and of what it extends."""
    text = _text(name)
    yield from _BLOCK.findall(text)
    if outer := _EXTENDS.search(text):
        yield from _blocks_of(outer[1])


def _text(name: str) -> str:
    return (bundled.TEMPLATES / name).read_text("utf-8")
