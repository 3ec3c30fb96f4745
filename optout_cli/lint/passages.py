"""The named passages of a letter: their words in a letter of today, and a template to change them.

Reads templates, and writes nothing.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters import Library, pipeline
from optout_cli.letters.compose import compose
from optout_cli.lint.samples import case_of, samples_of, subject_of
from optout_cli.model.letter import ListBlock
from optout_cli.model.notice import Notice
from optout_cli.model.request import REQUESTS, Request
from optout_cli.programs import refusals
from optout_cli.readers.document import locating
from optout_cli.readers.validate import convert
from optout_cli.templating.body import sections_from, texts_in
from optout_cli.templating.filters import WORDING, fixed_passages
from optout_cli.templating.search import SUFFIX

_LETTER = Location("--letter", is_command_line=True)
_EXTENDS = re.compile(r'{%-?\s*extends\s+"([^"]+)"\s*-?%}\n?')
_SAMPLE = r"Sample ((?:other )?(?:{}))\b(?: #([0-9]+)| (one|two)\b)?"
_COUNTED = ("one", "two")
_ENTRIES = 3  # of a list of facts, as of earlier requests: a sample has each form of them
_HEAD = """\
{{#- Your own wording. Each block below is a passage of optout's letter. Change the blocks that you
    want to reword, and delete the others: the letter takes those from optout, with its later
    corrections. You can replace any of these blocks:

{blocks} -#}}
{{% extends "builtin:{name}" %}}
"""


def sample_notice(library: Library, letter: str, today: date, place: str = "") -> Notice:
    """Return a notice of today with every fact that a letter kind can state.

    It is of a sample jurisdiction, or of `place`. Raises OptoutError for a letter that does not
    exist, or that is refused in every period.
    """
    program, kind = library.programs.find(letter)
    subject = subject_of(library, letter, program, kind)
    if place:
        subject.places[place] = library.directory.find(place)
    newest_first = sorted(samples_of(subject, today), key=lambda sample: sample.day, reverse=True)
    for sample in newest_first:
        chosen = sample._replace(place=place or sample.place)
        if sample.is_whole and not any(refusals(case := case_of(subject, chosen))):
            return compose(case)[0]
    raise OptoutError(subject.never_written())


class Passage(NamedTuple):
    """A passage that local wording can replace. It has no texts if no letter of today has any.

    `parts` are the passages of which it consists, if it has no words beside theirs. With
    `is_fixed`, a template can replace it, but not the words of a request. With `is_reworded`, the
    request has replaced it, and with `is_struck`, left it out.
    """

    id: str
    help: str
    texts: tuple[str, ...]
    parts: tuple[str, ...] = ()
    is_fixed: bool = False
    is_reworded: bool = False
    is_struck: bool = False


def passages_of(named: str, library: Library, today: date, location: Location) -> Iterator[Passage]:
    """Yield the passages of a request's letter, or of a letter kind with placeholders for facts.

    They are in the order of their descriptions. Raises OptoutError, at `location` for a letter that
    does not exist.
    """
    templates = library.templates
    notice, name, facts = _letter_named(named, library, today, location)
    kind = library.programs.find(notice.letter)[1]
    fields = (of for spec in kind.particulars.values() if isinstance(of := spec.of, dict))
    names = {name.replace("-", " ") for group in (kind.particulars, *fields) for name in group}
    samples = re.compile(_SAMPLE.format("|".join(sorted(names, key=len, reverse=True))))
    texts: dict[str, tuple[str, ...]] = {}
    for told in facts:
        filled, whole = templates.blocks_of(name, told), templates.fill_in(name, told)
        for id, html in filled.items():
            shown = _texts_of(html.strip() if html.strip() in whole else "", name)
            texts[id] = tuple(samples.sub(_placeholder, text) for text in shown) or texts.get(
                id, ()
            )
    greetings = [
        templates.blocks_of(name, {**facts[-1], "recipient": recipient})["salutation"].strip()
        for recipient in notice.recipients
    ]
    texts["salutation"] = tuple(
        dict.fromkeys(text for html in greetings for text in _texts_of(html, name))
    )
    inner = templates.passages_within(name)
    emptied = {**facts[-1], WORDING: dict.fromkeys(filled, "")}
    fixed = fixed_passages(templates.fill_in(name, emptied))
    described = library.programs.wording.blocks
    known = [id for id in described if id in filled]
    for id in (*known, *sorted(filled.keys() - described.keys())):
        parts = tuple(
            passage for passage in known if passage in inner.get(id, ()) and texts[passage]
        )
        words = [word for part in parts for text in texts[part] for word in text.split()]
        is_whole = bool(parts) and words == " ".join(texts[id]).split()
        within, changed = parts if is_whole else (), (id in notice.wording, id in notice.leave_out)
        yield Passage(id, described.get(id, ""), texts[id], within, id in fixed, *changed)


# Any: the facts of a notice, of any type.
def _letter_named(
    named: str, library: Library, today: date, location: Location
) -> tuple[Notice, str, list[dict[str, Any]]]:
    """Return the notice of a request or a sample one, its template, and facts to fill that in with.

    Most letters go to each recipient alone; a joint one has passages of its own.
    """
    templates = library.templates
    if named.lower().endswith(REQUESTS):
        document = pipeline.request_file(named)
        with locating(document):
            notices = compose(pipeline.case_of(document, library, pipeline.Order(today=today)))
        notice = notices[0]
        shown: dict[str, Any] = {WORDING: {}, "leave_out": ()}
        facts = [{**msgspec.structs.asdict(each), **shown} for each in reversed(notices)]
        name = templates.name_of(notice.letter, notice.place.slug, notice.place.state_code)
        return notice, name, facts
    letter = library.programs.id_of(named)
    library.programs.find(letter, location)
    notice = sample_notice(library, letter, today)
    particulars = notice.particulars
    few = {
        field: entries[:_ENTRIES]
        for field, entries in msgspec.structs.asdict(particulars).items()
        if isinstance(entries, tuple) and entries and isinstance(entries[0], msgspec.Struct)
    }
    own = {**msgspec.structs.asdict(notice), "particulars": replace(particulars, **few)}
    facts = [{**own, "addressing": addressing} for addressing in ("joint", "separate")]
    return notice, templates.name_of(letter, "", ""), facts


def _placeholder(sample: re.Match[str]) -> str:
    """Return `[asked 1]` for `Sample asked #0`, which a request would not take."""
    words, number, counted = sample.groups()
    place = int(number) + 1 if number else _COUNTED.index(counted) + 1 if counted else ""
    return f"[{f'{words} {place}'.rstrip()}]"


def _texts_of(html: str, name: str) -> Iterator[str]:
    """Yield each paragraph of a passage, and each item of a list with its number or a hyphen.

    A passage within a paragraph has no tags around its words.
    """
    if not html:
        return
    inner = html if html.startswith("<") else f"<p>{html}</p>"
    for block in sections_from(f'<section id="{name}">{inner}</section>', name)[name]:
        if not isinstance(block, ListBlock):
            yield from texts_in([block])
            continue
        for number, item in enumerate(block.items, 1):
            first, *others = texts_in(item)
            yield f"{f'{number}.' if block.ordered else '-'} {first}"
            yield from others


def letter_and_place(
    query: str | None, letter: str | None, library: Library, location: Location
) -> tuple[str | None, str | None]:
    """Return the letter to reword, if one is named, and for which jurisdiction alone, if for one.

    `query` is a jurisdiction, or a request. Raises OptoutError; an agency has no usual letter.
    """
    if query is None:
        return letter, None
    if query.lower().endswith(REQUESTS):
        document = library.programs.with_id(pipeline.request_file(query))
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
    shipped = f"{letter}{SUFFIX}"
    library.programs.find(letter, _LETTER)
    if not library.templates.ships(letter):
        message = f"the letter {letter!r} is your own, not one of optout's"
        hint = f"change {shipped} in your own template folder"
        raise OptoutError(Problem("not-shipped", message, _LETTER, hint))
    templates = library.with_folders([]).templates
    text, _ = templates.source_of(shipped)
    outer = _EXTENDS.search(text)
    body = text[outer.end() :] if outer else text
    name = f"{letter}.{slug}{SUFFIX}" if slug else shipped
    # One line per block: those with a description first, in the order of the descriptions.
    blocks, described = templates.passages_in(shipped), library.programs.wording.blocks
    ordered = [*(block for block in described if block in blocks), *sorted(blocks - set(described))]
    width = max(map(len, blocks))
    lines = (f"    {block:{width}}  {described.get(block, '')}".rstrip() for block in ordered)
    return name, _HEAD.format(blocks="\n".join(lines), name=shipped) + body
