"""Notice -> Letter: fill in the template, and read the result into parts.

Reads templates; knows nothing about files written, formats or time. Here are also the forbidden
words, of which only those of a template and of `wording:` count: the other values of a request are
facts.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import asdict

from optout_cli.errors import OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.letter import Block, Cover, Files, Form, Letter, Mailbox, Paragraph, People
from optout_cli.model.notice import Notice, Route
from optout_cli.model.program import Forbidden
from optout_cli.templating.body import plain, sections_from, texts_in
from optout_cli.templating.filters import (
    WORDING,
    as_typed,
    long_date,
    typeset,
    typeset_line,
    typographic,
    with_words,
)
from optout_cli.templating.templates import Templates

_ONE_LINE = (
    "mark", "reference", "subject", "salutation", "closing", "continuation", "head", "foot",
)  # fmt: skip
_SECTIONS = (  # in the order of a letter
    "mark", "sender", "sender-contact", "service", "to", "reference", "subject", "salutation",
    "body", "closing", "signature", "approval", "enclosures", "cc", "record", "continuation",
    "cover", "head", "foot",
)  # fmt: skip
_NEVER_EMPTY = (  # the same
    "sender", "reference", "subject", "salutation", "body", "closing", "signature", "continuation",
    "head",
)  # fmt: skip

# Parts in which no line ends within a date or a citation, as in the body. The room of the other
# parts is measured by their words.
_BOUND = ("subject", "enclosures", "cc", "record")


def render(notice: Notice, templates: Templates, files: Files | None = None) -> Letter:
    """Fill in the letter kind's template. Raises OptoutError at the template's line."""
    name = templates.name_of(notice.letter, notice.place.slug, notice.place.state_code)
    sections = sections_of(name, asdict(notice), templates)
    # A template of the user's own may be older than this section.
    sections.setdefault("approval", ())
    missing = [id for id in _SECTIONS if id not in sections]
    missing += [id for id in _NEVER_EMPTY if id in sections and not sections[id]]
    if missing:
        message = f"the letter has no {', no '.join(missing)}"
        hint = "extend the program's _letter.html.j2, which has every part"
        raise OptoutError(Problem("template", message, templates.location(name), hint))
    # Any: lines, or one line.
    parts: dict[str, Any] = {}
    for id in _SECTIONS:
        if id != "body":
            lines = _lines_of(sections[id], id, name, templates)
            parts[id.replace("-", "_")] = " ".join(lines) if id in _ONE_LINE else lines
    # A line of the cover below its title is `Label: words`, or a sentence.
    title, *below = parts["cover"] or [""]
    pairs = [line.partition(": ") for line in below]
    parts["cover"] = Cover(
        title,
        tuple((f"{label}:", words) for label, _, words in pairs if words),
        tuple(label for label, _, words in pairs if not words),
    )
    contact = notice.recipient.contact
    files = files or Files()
    return Letter(
        notice=notice,
        template=name,
        people=people_of(notice),
        seal=files.seal,
        autograph=files.autograph,
        attachments=files.attachments,
        named=files.named,
        date=long_date(notice.date),
        recipient=tuple(map(typographic, contact.block)),
        envelope=tuple(map(typographic, contact.envelope or contact.block)),
        body=typeset(sections["body"]),
        **parts,
    )


def with_forms(letter: Letter, routes: Iterable[Route], templates: Templates) -> Letter:
    """Add what the letter says of service in each message that goes by a way it does not name.

    Such a message says how it goes itself, and of the other recipients only what names this way.
    """
    notice, forms = letter.notice, {}
    for route in routes:
        own = notice.recipient.service_by(route)
        if own == notice.recipient.service:
            continue
        others = tuple(
            recipient
            if any(way.by == route for way in recipient.service)
            else msgspec.structs.replace(recipient, service=())
            for recipient in notice.recipients
        )
        recipient = msgspec.structs.replace(notice.recipient, service=own)
        sent = msgspec.structs.replace(notice, recipient=recipient, recipients=others)
        sections = sections_of(letter.template, asdict(sent), templates)
        service, record = (
            _lines_of(sections.get(id, ()), id, letter.template, templates)
            for id in ("service", "record")
        )
        forms[route] = Form(service, record)
    return msgspec.structs.replace(letter, forms=forms)


# Any: the facts of a notice, of any type.
def sections_of(
    name: str, facts: dict[str, Any], templates: Templates
) -> dict[str, tuple[Block, ...]]:
    """Fill in a template and read it into its sections. Raises OptoutError at its line."""
    html = templates.fill_in(name, facts)
    if wording := facts.get(WORDING):
        html = with_words(html, wording, facts["letter"])
    try:
        return sections_from(html, name)
    except OptoutError as error:
        located = (templates.placed(problem, name) for problem in error.problems)
        raise OptoutError(*located) from None


def _lines_of(
    blocks: tuple[Block, ...], section: str, name: str, templates: Templates
) -> tuple[str, ...]:
    if not all(isinstance(block, Paragraph) for block in blocks):
        message = f"the part {section!r} may contain only <p>"
        raise OptoutError(Problem("template", message, templates.location(name)))
    setting = typeset_line if section in _BOUND else typographic
    return tuple(setting(plain(block.runs)) for block in blocks if isinstance(block, Paragraph))


def people_of(notice: Notice) -> People:
    """Return the sender, the recipient, and everyone behind "cc:", if they have an address.

    A joint letter names all its recipients as addressees, and each gets a letter as the recipient.
    """
    signatory, recipient = notice.signatory, list(_mailboxes(notice.recipient.contact))
    others = notice.recipients if notice.addressing == "separate" else ()
    offices = [other.contact for other in others if other.party != notice.recipient.party]
    copied = [
        *_mailboxes(*offices, *notice.copies),
        *((copy.line, copy.email) for copy in notice.cc if copy.email),
    ]
    copies: dict[str, Mailbox] = {}  # by address in small letters
    for name, address in copied:
        copies.setdefault(address.lower(), (name, address))
    for _, address in recipient:
        copies.pop(address.lower(), None)
    return People(
        sender=((signatory.name, signatory.email),) if signatory and signatory.email else (),
        recipient=tuple(recipient),
        copies=tuple(copies.values()),
    )


def _mailboxes(*contacts: Contact) -> Iterator[Mailbox]:
    for contact in contacts:
        if contact.email:
            unit = contact.organization[-1] if contact.organization else ""
            yield contact.attention or unit, contact.email


class Claim(NamedTuple):
    """Forbidden words, where they are in a text, and why they are forbidden."""

    words: str
    start: int
    end: int
    reason: str


@lru_cache(maxsize=4096)  # many letters of a batch have the same words
def claims_in(text: str, rules: tuple[Forbidden, ...]) -> tuple[Claim, ...]:
    """Return the forbidden words in a text, each stretch of words by its first rule."""
    found: list[Claim] = []
    for rule in rules:
        for match in re.finditer(rule.words, text, re.IGNORECASE):
            start, end = match.span()
            if all(end <= claim.start or claim.end <= start for claim in found):
                found.append(Claim(match[0], start, end, rule.reason))
    return tuple(found)


def rules_for(program: str, library: Library) -> tuple[Forbidden, ...]:
    """Return the rules on forbidden words for the letters of a program."""
    programs = library.programs
    return (*programs.wording.forbidden, *programs.by_id[program].forbidden)


def texts_of(letter: Letter) -> list[str]:
    """Return every text of the letter that its template words, as typed, without the mark."""
    top = (*letter.service, *letter.to, letter.subject, letter.salutation, *texts_in(letter.body))
    below = (letter.closing, *letter.signature, *chain(*letter.after_signature), letter.foot)
    return [as_typed(text) for text in (*top, *below)]


def claim_problem(claim: Claim, name: str, templates: Templates) -> Problem:
    """Return the Problem of forbidden words, at their location in a template."""
    location = templates.spot_of_words(claim.words, name) or templates.location(name)
    return Problem("forbidden-words", f"says {claim.words!r}: {claim.reason}", location)
