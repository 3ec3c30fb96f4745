"""Find forbidden words in the user's own wording of a letter.

Only the template's words count: the values of a request are the jurisdiction's own words.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from optout_cli.errors import Problem
from optout_cli.letters.library import Library
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Note
from optout_cli.model.program import Forbidden
from optout_cli.templating.body import texts_in
from optout_cli.templating.filters import as_typed
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.templates import Templates

CODE = "wording"  # of the note on a letter
# Facts of a notice that come from the request or the data, not from the template.
_STATED = (
    "place", "recipient", "recipients", "copies", "cc", "signatory", "letterhead", "authority",
    "particulars", "enclosures", "ori", "reference", "calls_itself", "approved_as_to_form",
)  # fmt: skip


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
    texts = [
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
    return [as_typed(text) for text in texts]


def own_wording_problems(letter: Letter, library: Library) -> Iterator[Problem]:
    """Yield the problems with the user's own wording of a letter. Shipped wording has none."""
    notice, name, templates = letter.notice, letter.template, library.templates
    if not templates.own or templates.own_digest_of(name) is None:
        return
    yield from unprinted_parts(name, templates)
    facts = msgspec.to_builtins([getattr(notice, field) for field in _STATED])
    stated = [re.compile(re.escape(text), re.IGNORECASE) for text in set(_texts_in(facts))]
    for text in texts_of(letter):
        claims = claims_in(text, rules_for(notice.program, library))
        matches = (match for fact in stated for match in fact.finditer(text)) if claims else ()
        spans = [match.span() for match in matches]
        for claim in claims:
            if not any(start <= claim.start and claim.end <= end for start, end in spans):
                yield claim_problem(claim, name, templates)


def with_notes(letter: Letter, library: Library) -> Letter:
    """Add a note to the letter's notice for each problem with the user's own wording."""
    problems = dict.fromkeys(own_wording_problems(letter, library))
    if not problems:
        return letter
    notes = (Note(code=CODE, text=f"{problem.location}: {problem.message}") for problem in problems)
    notice = msgspec.structs.replace(letter.notice, notes=(*letter.notice.notes, *notes))
    return msgspec.structs.replace(letter, notice=notice)


def claim_problem(claim: Claim, name: str, templates: Templates) -> Problem:
    """Return the Problem of forbidden words, at their location in a template."""
    location = templates.spot_of_words(claim.words, name) or templates.location(name)
    return Problem("forbidden-words", f"says {claim.words!r}: {claim.reason}", location)


def _texts_in(node: object) -> Iterator[str]:
    """Yield every text in plain data, with single blanks."""
    if isinstance(node, str):
        yield from filter(None, [" ".join(as_typed(node).split())])
    elif isinstance(node, dict | list | tuple):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts_in(item)
