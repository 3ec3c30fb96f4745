"""Find forbidden words in the user's own wording of a letter, and the facts that it leaves out.

Only the words of a template and of `wording:` count: the other values of a request are facts.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import msgspec

from optout_cli.errors import Problem
from optout_cli.letters import Library
from optout_cli.letters.render import render
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Note
from optout_cli.model.program import Forbidden
from optout_cli.templating.body import texts_in
from optout_cli.templating.filters import WORDING, as_typed, long_date, typographic
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.templates import Templates

CODE = "wording"  # of the note on what is wrong with own wording
UNSTATED = "unstated-fact"  # of the note on a fact that own wording leaves out
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
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
    for pattern, rule in zip(_patterns_of(rules), rules, strict=True):
        for match in pattern.finditer(text):
            start, end = match.span()
            if all(end <= claim.start or claim.end <= start for claim in found):
                found.append(Claim(match[0], start, end, rule.reason))
    return tuple(found)


@lru_cache(maxsize=64)
def _patterns_of(rules: tuple[Forbidden, ...]) -> list[re.Pattern[str]]:
    return [re.compile(rule.words, re.IGNORECASE) for rule in rules]


def rules_for(program: str, library: Library) -> tuple[Forbidden, ...]:
    """Return the rules on forbidden words for the letters of a program."""
    programs = library.programs
    return (*programs.wording.forbidden, *programs.by_id[program].forbidden)


def texts_of(letter: Letter) -> list[str]:
    """Return every text of the letter that its template words, as typed, without the mark."""
    top = (*letter.service, *letter.to, letter.subject, letter.salutation, *texts_in(letter.body))
    below = (letter.closing, *letter.signature, *chain(*letter.after_signature), letter.foot)
    return [as_typed(text) for text in (*top, *below)]


def own_wording_problems(letter: Letter, library: Library) -> Iterator[Problem]:
    """Yield the problems with the user's own wording of a letter. Shipped wording has none.

    One with the words of the request has their key path, one of a template its location.
    """
    notice, name, templates = letter.notice, letter.template, library.templates
    is_template = bool(templates.own) and templates.own_digest_of(name) is not None
    if is_template:
        yield from unprinted_parts(name, templates)
    elif not notice.wording:
        return
    facts = msgspec.to_builtins([getattr(notice, field) for field in _STATED])
    stated = [re.compile(re.escape(text), re.IGNORECASE) for text in set(_texts_in(facts))]
    for text in texts_of(letter):
        claims = claims_in(text, rules_for(notice.program, library))
        matches = (match for fact in stated for match in fact.finditer(text)) if claims else ()
        spans = [match.span() for match in matches]
        for claim in claims:
            if any(start <= claim.start and claim.end <= end for start, end in spans):
                continue
            if passage := _passage_with(claim.words, notice.wording):
                path = f"{WORDING}.{passage}"
                message = f"{path} says {claim.words!r}: {claim.reason}"
                yield Problem("forbidden-words", message, path=path)
            elif is_template:
                yield claim_problem(claim, name, templates)


def _passage_with(words: str, wording: Mapping[str, str]) -> str | None:
    """Return the passage whose words in the request have a claim, or None."""
    for name, text in wording.items():
        (plain,) = _texts_in(text)
        if words.casefold() in plain.casefold():
            return name
    return None


def with_notes(letter: Letter, library: Library) -> Letter:
    """Add a note to the letter's notice for each problem with the user's own wording.

    Also for each fact that the letter would state, if it were not for the request's own words.
    """
    found = dict.fromkeys(own_wording_problems(letter, library))
    notes = [Note(code=CODE, text=str(msgspec.structs.replace(each, hint=None))) for each in found]
    if letter.notice.wording:
        notes += (Note(code=UNSTATED, text=text) for text in _facts_left_out(letter, library))
    if not notes:
        return letter
    notice = msgspec.structs.replace(letter.notice, notes=(*letter.notice.notes, *notes))
    return msgspec.structs.replace(letter, notice=notice)


def _facts_left_out(letter: Letter, library: Library) -> Iterator[str]:
    """Say which facts of the request the letter states only in the words that were replaced."""
    notice = letter.notice
    shipped = render(msgspec.structs.replace(notice, wording={}), library.templates)
    before, now = (" ".join(texts_of(each)).casefold() for each in (shipped, letter))
    lost: dict[str, list[str]] = {}  # by act, or by particular
    for root in ("authority", "particulars"):
        for path, text in _stated_in(msgspec.to_builtins(getattr(notice, root)), root):
            words = text.rstrip(".").casefold()
            if words in before and words not in now:
                lost.setdefault(".".join(path.split(".")[:2]), []).append(text)
    for path, facts in lost.items():
        yield f"{path} is not in the letter: your own words leave out {', '.join(facts)}"


def _stated_in(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the key path and the words of each fact in plain data, as a letter has them."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _stated_in(value, f"{path}.{key}")
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from _stated_in(value, f"{path}.{number}")
    elif isinstance(node, str):
        is_day = _DAY.fullmatch(node)
        (text,) = _texts_in(long_date(date.fromisoformat(node)) if is_day else node)
        yield path, text


def claim_problem(claim: Claim, name: str, templates: Templates) -> Problem:
    """Return the Problem of forbidden words, at their location in a template."""
    location = templates.spot_of_words(claim.words, name) or templates.location(name)
    return Problem("forbidden-words", f"says {claim.words!r}: {claim.reason}", location)


def _texts_in(node: object) -> Iterator[str]:
    """Yield every text in plain data, with single blanks."""
    if isinstance(node, str):
        yield from filter(None, [" ".join(as_typed(typographic(node)).split())])
    elif isinstance(node, dict | list | tuple):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts_in(item)
