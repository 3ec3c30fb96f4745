"""Lay a Notice out as a Letter: the template filled in and read into parts.

Reads templates; knows nothing of files written, formats or time.
"""

from typing import Any

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Block, Files, Letter, Paragraph
from optout_cli.model.notice import Notice
from optout_cli.templating.body import plain, sections_from
from optout_cli.templating.filters import long_date
from optout_cli.templating.templates import Templates

_SECTIONS = (
    "mark", "sender", "sender-contact", "service", "to", "reference", "subject", "salutation",
    "body", "closing", "signature", "enclosures", "cc", "record", "continuation",
    "cover", "head", "foot",
)  # fmt: skip
_MAY_BE_EMPTY = ("mark", "sender-contact", "service", "to", "enclosures", "cc", "record", "cover")


def render(notice: Notice, templates: Templates, files: Files | None = None) -> Letter:
    """Fill in the letter kind's template. Raises OptoutError at the template's line."""
    name = templates.name_of(notice.letter, notice.place.slug, notice.place.state_code)
    facts = {field: getattr(notice, field) for field in notice.__struct_fields__}
    sections = sections_of(name, facts, templates)
    location = templates.location(name)
    _check_sections(sections, location)
    lines = {id: _lines(sections[id], location, id) for id in _SECTIONS if id != "body"}
    one_line = {id: " ".join(lines[id]) for id in _ONE_LINE}
    contact = notice.recipient.contact
    files = files or Files()
    return Letter(
        notice=notice,
        sender=lines["sender"],
        sender_contact=lines["sender-contact"],
        seal=files.seal,
        autograph=files.autograph,
        attachments=files.attachments,
        date=long_date(notice.date),
        recipient=contact.block,
        envelope=contact.envelope or contact.block,
        body=sections["body"],
        service=lines["service"],
        to=lines["to"],
        signature=lines["signature"],
        enclosures=lines["enclosures"],
        cc=lines["cc"],
        record=lines["record"],
        cover=lines["cover"],
        **one_line,
    )


# Any: the facts of a notice, of any type.
def sections_of(
    name: str, facts: dict[str, Any], templates: Templates
) -> dict[str, tuple[Block, ...]]:
    """Fill in a template and read it into its sections. Raises OptoutError at its line."""
    html = templates.fill_in(name, facts)
    try:
        return sections_from(html, name)
    except OptoutError as error:
        raise OptoutError(*(templates.placed(it, name) for it in error.problems)) from None


_ONE_LINE = (
    "mark", "reference", "subject", "salutation", "closing", "continuation", "head", "foot",
)  # fmt: skip


def _check_sections(sections: dict[str, tuple[Block, ...]], location: Location) -> None:
    missing = [id for id in _SECTIONS if id not in sections]
    missing += [id for id in _SECTIONS if id not in (*_MAY_BE_EMPTY, *missing) and not sections[id]]
    if missing:
        message = f"the letter has no {', no '.join(missing)}"
        hint = "extend the program's _letter.html.j2, which has every part"
        raise OptoutError(Problem("template", message, location, hint))


def _lines(blocks: tuple[Block, ...], location: Location, section: str) -> tuple[str, ...]:
    if not all(isinstance(block, Paragraph) for block in blocks):
        message = f"the part {section!r} may hold <p> only"
        raise OptoutError(Problem("template", message, location))
    return tuple(plain(block.runs) for block in blocks if isinstance(block, Paragraph))
