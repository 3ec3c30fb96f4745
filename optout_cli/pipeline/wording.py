"""A letter kind's template as a start for other wording: its paragraphs, and what it extends."""

import re

from optout_cli import bundled
from optout_cli.errors import OptoutError, Problem, Spot
from optout_cli.pipeline.library import Library

_LETTER = Spot("--letter", is_command_line=True)
_EXTENDS = re.compile(r'{%-?\s*extends\s+"([^"]+)"\s*-?%}\n?')
_BLOCK = re.compile(r"{%-?\s*block\s+(\w+)")
_HEAD = """\
{{#- Wording of your own. Each block below is a passage of the shipped letter: change the one that
    is to read otherwise, and delete all the others: what does not stand here stays as it ships, and
    is corrected when that is. {others} -#}}
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
    text = (bundled.TEMPLATES / shipped).read_text("utf-8")
    outer = _EXTENDS.search(text)
    inherited = _blocks_of(outer[1]) if outer else []
    others = [it for it in inherited if it not in _BLOCK.findall(text)]
    also = f"Passages around them: {', '.join(others)}." if others else ""
    body = text[outer.end() :] if outer else text
    name = f"{letter}.{slug}.html.j2" if slug else shipped
    return name, _HEAD.format(others=also, name=shipped) + body


def _blocks_of(name: str) -> list[str]:
    return _BLOCK.findall((bundled.TEMPLATES / name).read_text("utf-8"))
