"""The named passages of a letter, each with the words that it has in a letter of today."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from optout_cli.errors import Location
from optout_cli.letters.library import Library
from optout_cli.lint.trial_letters import sample_notice
from optout_cli.templating.body import sections_from, texts_in


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
