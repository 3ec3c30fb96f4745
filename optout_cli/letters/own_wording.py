"""What a letter's template says that no letter may say; what its request states is its own."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from optout_cli.errors import Problem
from optout_cli.letters.library import Library
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Note, Notice
from optout_cli.model.program import Forbidden
from optout_cli.templating.body import texts_in
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.templates import Templates

CODE = "wording"  # of the note on a letter
# Facts of a notice that a request states, or the data: none of them is the template's word.
_STATED = (
    "place", "recipient", "recipients", "copies", "cc", "signatory", "letterhead", "authority",
    "particulars", "enclosures", "ori", "reference",
)  # fmt: skip


class Claim(NamedTuple):
    """Words that no letter may say, where they stand in a text, and why."""

    words: str
    start: int
    end: int
    reason: str


@lru_cache(maxsize=4096)  # many letters of a batch say the same
def claims_in(text: str, rules: tuple[Forbidden, ...]) -> tuple[Claim, ...]:
    """Return what a text says that it may not, each stretch of words by its first rule."""
    found: list[Claim] = []
    for rule in rules:
        for it in re.finditer(rule.words, text, re.IGNORECASE):
            if all(it.end() <= one.start or one.end <= it.start() for one in found):
                found.append(Claim(it[0], it.start(), it.end(), rule.reason))
    return tuple(found)


def rules_for(program: str, library: Library) -> tuple[Forbidden, ...]:
    """Return what no letter of a program may say."""
    programs = library.programs
    return (*programs.wording.forbidden, *programs.by_id[program].forbidden)


def texts_of(letter: Letter) -> list[str]:
    """Return every text that the letter's template wrote, without its mark."""
    return [
        *letter.service,
        *letter.to,
        letter.subject,
        letter.salutation,
        *texts_in(letter.body),
        letter.closing,
        *letter.signature,
        *letter.enclosures,
        *letter.cc,
        *letter.record,
        letter.foot,
    ]


def own_wording_problems(letter: Letter, library: Library) -> Iterator[Problem]:
    """Yield what is wrong with a letter's own wording; nothing where all of it ships."""
    notice, templates = letter.notice, library.templates
    if not templates.own:
        return
    name = templates.name_of(notice.letter, notice.place.slug, notice.place.state_code)
    if templates.own_digest_of(name) is None:
        return
    yield from unprinted_parts(name, templates)
    stated = [re.compile(re.escape(it), re.IGNORECASE) for it in _stated_texts(notice)]
    for text in texts_of(letter):
        claims = claims_in(text, rules_for(notice.program, library))
        spans = [it.span() for one in stated for it in one.finditer(text)] if claims else []
        for it in claims:
            if not any(start <= it.start and it.end <= end for start, end in spans):
                yield claim_problem(it, name, templates)


def with_notes(letter: Letter, library: Library) -> Letter:
    """Tell beside a letter what is wrong with its own wording."""
    found = dict.fromkeys(own_wording_problems(letter, library))
    if not found:
        return letter
    notes = (Note(code=CODE, text=f"{it.location}: {it.message}") for it in found)
    notice = msgspec.structs.replace(letter.notice, notes=(*letter.notice.notes, *notes))
    return msgspec.structs.replace(letter, notice=notice)


def claim_problem(claim: Claim, name: str, templates: Templates) -> Problem:
    """Say where a template says what no letter may."""
    location = templates.spot_of_words(claim.words, name) or templates.location(name)
    return Problem("forbidden-words", f"says {claim.words!r}: {claim.reason}", location)


def _stated_texts(notice: Notice) -> set[str]:
    """Return every text in the facts of a notice that are not the template's."""
    return set(_texts(msgspec.to_builtins([getattr(notice, it) for it in _STATED])))


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield from filter(None, [" ".join(node.split())])
    elif isinstance(node, dict | list | tuple):
        for it in node.values() if isinstance(node, dict) else node:
            yield from _texts(it)
