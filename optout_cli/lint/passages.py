"""The named passages of a letter: their words in a letter of today, and a template to change them.

Reads templates, and writes nothing.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from optout_cli import bundled
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.letters.pipeline import REQUESTS, request_file
from optout_cli.lint.trial_letters import sample_notice
from optout_cli.model.request import Request
from optout_cli.readers.validate import convert
from optout_cli.templating.body import sections_from, texts_in

_LETTER = Location("--letter", is_command_line=True)
_EXTENDS = re.compile(r'{%-?\s*extends\s+"([^"]+)"\s*-?%}\n?')
_BLOCK = re.compile(r"{%-?\s*block\s+(\w+)")
_HEAD = """\
{{#- Your own wording. Each block below is a passage of optout's letter. Change the blocks that you
    want to reword, and delete the others: the letter takes those from optout, with its later
    corrections. You can replace any of these blocks:

{blocks} -#}}
{{% extends "builtin:{name}" %}}
"""


class Passage(NamedTuple):
    """A passage that local wording can replace. It has no texts if no letter of today has any."""

    id: str
    help: str
    texts: tuple[str, ...]


def passages_of(
    letter: str, library: Library, today: date, location: Location
) -> Iterator[Passage]:
    """Yield the passages of a letter kind, in the order of their descriptions.

    The facts are placeholders. Raises OptoutError at `location` for a letter that does not exist.
    """
    library.programs.find(letter, location)
    notice, name = sample_notice(library, letter, today), library.templates.name_of(letter, "", "")
    facts = {field: getattr(notice, field) for field in notice.__struct_fields__}
    filled = library.templates.blocks_of(name, facts)
    described = library.programs.wording.blocks
    known = [id for id in described if id in filled]
    for id in (*known, *sorted(filled.keys() - described.keys())):
        yield Passage(id, described.get(id, ""), tuple(_texts_of(filled[id].strip(), name)))


def _texts_of(html: str, name: str) -> Iterator[str]:
    """Yield each paragraph of a passage; one within a paragraph has no tags around its words."""
    if not html:
        return
    inner = html if html.startswith("<") else f"<p>{html}</p>"
    yield from texts_in(sections_from(f'<section id="{name}">{inner}</section>', name)[name])


def letter_and_place(
    query: str | None, letter: str | None, library: Library, location: Location
) -> tuple[str | None, str | None]:
    """Return the letter to reword, if one is named, and for which jurisdiction alone, if for one.

    `query` is a jurisdiction, or a request. Raises OptoutError; an agency has no usual letter.
    """
    if query is None:
        return letter, None
    if query.lower().endswith(REQUESTS):
        document = request_file(query)
        request = convert(document, Request)
        query, location = request.jurisdiction, document.location("jurisdiction")
        letter = letter or request.letter
    found = library.directory.find(query, location)
    if found.agency and letter is None:
        known = [id for id, program, _ in library.programs.letters() if program.author]
        message = f"name the letter of {found.slug}"
        hint = f"one of {', '.join(known)}"
        raise OptoutError(Problem("missing-key", message, _LETTER, hint))
    return letter, found.slug


def wording_of(letter: str, slug: str | None, library: Library) -> tuple[str, str]:
    """Return the name and text of a template that extends optout's own and has its passages.

    With `slug` the template is for that jurisdiction only. Raises OptoutError where the letter is
    unknown, or not one of optout's own.
    """
    shipped = f"{letter}.html.j2"
    library.programs.find(letter, _LETTER)
    if not (bundled.TEMPLATES / shipped).is_file():
        message = f"the letter {letter!r} is your own, not one of optout's"
        hint = f"change {shipped} in your own template folder"
        raise OptoutError(Problem("not-shipped", message, _LETTER, hint))
    text = _read_template(shipped)
    outer = _EXTENDS.search(text)
    body = text[outer.end() :] if outer else text
    name = f"{letter}.{slug}.html.j2" if slug else shipped
    # One line per block: those with a description first, in the order of the descriptions.
    blocks, described = set(_blocks_of(shipped)), library.programs.wording.blocks
    ordered = [*(block for block in described if block in blocks), *sorted(blocks - set(described))]
    width = max(map(len, blocks))
    lines = (f"    {block:{width}}  {described.get(block, '')}".rstrip() for block in ordered)
    return name, _HEAD.format(blocks="\n".join(lines), name=shipped) + body


def _blocks_of(name: str) -> Iterator[str]:
    """Yield the blocks of one of optout's templates, and of the template that it extends."""
    text = _read_template(name)
    yield from _BLOCK.findall(text)
    if outer := _EXTENDS.search(text):
        yield from _blocks_of(outer[1])


def _read_template(name: str) -> str:
    return (bundled.TEMPLATES / name).read_text("utf-8")
