"""The protocol for one jurisdiction's letter: whom to notify, how, with what, and what is next."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters.context import GUIDE, ExportContext
from optout_cli.exporters.html import marked_up
from optout_cli.exporters.txt import join_groups, text_groups
from optout_cli.letters.compose import place_of, recipients_of
from optout_cli.letters.library import Library
from optout_cli.letters.notes import contact_note, law_notes
from optout_cli.letters.render import sections_of
from optout_cli.model.letter import Guide, Paragraph
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import ConditionalText
from optout_cli.model.request import Request
from optout_cli.programs.conditions import (
    copies_of,
    laws_in_effect,
    laws_of,
    refusals,
    texts_that_hold,
)
from optout_cli.templating.body import html_from, plain
from optout_cli.templating.filters import long_date

_TEMPLATE = "_layout/guide.html.j2"
_LISTS = ("can", "cannot", "before", "enclose", "send", "next")  # of a program's advice
_FACTS = dict[str, Any]  # Any: what a template is filled in with


def guide_of(request: Request, library: Library, day: date, location: Location) -> Guide:
    """Write the guide to a request's letter of `day`: what it decides is no step any more.

    `request` may hold a jurisdiction and a letter alone, and is told of at `spot`. Raises
    OptoutError, also where the letter makes no sense.
    """
    locality = library.directory.find(request.jurisdiction, location)
    program, kind = library.programs.find(
        request.letter, Location("--letter", is_command_line=True)
    )
    case = Case(
        request=request,
        particulars=None,
        locality=locality,
        program=program,
        kind=kind,
        wording=library.programs.notes,
        date=day,
        today=day,
    )
    if program.period(day) is None:
        began = program.periods[0].from_
        message = f"{program.title} began on {began}; there is nothing to give notice of before"
        raise OptoutError(Problem("before-program", message, location, "choose a later --date"))
    raise_any(msgspec.structs.replace(it, location=location) for it in refusals(case))
    sections = sections_of(_TEMPLATE, _facts(case), library.templates)
    return Guide(
        title=_line(sections["title"]),
        body=sections["body"],
        foot=_line(sections["foot"]),
    )


def guide_written(guide: Guide, day: date, name: str, library: Library) -> bytes:
    """Return the guide as a file of the format `name`."""
    return encode_guide(guide, day.isoformat(), name, library.context)


def _line(blocks: tuple[object, ...]) -> str:
    return " ".join(plain(block.runs) for block in blocks if isinstance(block, Paragraph))


def _facts(case: Case) -> _FACTS:
    program, advice = case.program, case.program.guide
    period = program.period(case.date)
    recipients = recipients_of(case)
    rules = [it for it in program.recipients if it.holds(case.date)]
    copies = [contact for rule in rules for contact in copies_of(case, rule)]
    more = {"again": long_date(case.date + timedelta(int(advice.wait)))} if advice.wait else {}
    return {
        "program": program,
        "letter": case.kind,
        "place": place_of(case.locality),
        "date": case.date,
        "status": period.note if period else None,
        "recipients": [_route(case, it) for it in recipients],
        "unconfirmed": [it.contact.block for it in recipients if not it.is_confirmed],
        "signatory": case.request.signatory,
        "acts": case.request.authority,
        "enclosures": case.request.enclosures,
        "copies": [{"text": ", ".join(it.block)} for it in copies],
        "needs": [
            {"name": name, "help": it.help, "choices": it.choices}
            for name, it in case.kind.particulars.items()
            if it.required and name not in case.request.particulars
        ],
        **{name: list(texts_that_hold(getattr(advice, name), case, **more)) for name in _LISTS},
        "laws": [it.text for it in law_notes(case)],
        "other_laws": list(_other_laws(case)),
        "replies": [
            {
                "where": "".join(texts_that_hold([ConditionalText(text=it.reply)], case, **more)),
                **answer,
            }
            for it in advice.replies
            for answer in _letters(case, it.letter)
        ],
        "others": [
            {"where": it.where, **other}
            for it in advice.others
            for other in _letters(case, it.letter)
        ],
    }


def _route(case: Case, recipient: Recipient) -> _FACTS:
    contact = recipient.contact
    is_given = recipient.origins.get("address.street") == "request"
    source = None if is_given else contact.source
    return {
        "party": recipient.party,
        "contact": contact,
        "service": recipient.service,
        "block": contact.block,
        "phone": contact.phone,
        "fax": contact.fax,
        "email": contact.email,
        "source": contact_note(case, recipient).text.partition(": ")[2],
        "url": source.url if source else None,
    }


def _other_laws(case: Case) -> Iterator[str]:
    """Yield what laws of the state are on other subjects: `N.M. HB 9 (2026) (detainers)`."""
    near, topics = list(laws_of(case)), case.wording.law_topics
    for law in laws_in_effect(case):
        if law not in near:
            yield f"{law.citation} ({', '.join(topics[it] for it in law.about)})"


def _letters(case: Case, name: str) -> Iterator[_FACTS]:
    """Yield another kind of letter, where it makes sense on this day.

    It takes the facts of the notice that it follows: of this letter, or of the one that this
    letter follows itself.
    """
    kind, own = case.program.letters[name], case.request.letter
    folder, _, own_name = own.partition("/")
    if kind is not case.kind and not any(refusals(msgspec.structs.replace(case, kind=kind))):
        is_next = own_name in kind.follows or bool(case.kind.follows and kind.follows)
        yield {"title": kind.title, "letter": f"{folder}/{name}", "follows": is_next}


GUIDE_FORMATS = {
    "txt": "plain text, 80 columns",
    "html": "one web page, nothing outside it",
    "pdf": "pages to print (PDF/A-2a, PDF/UA-1)",
}


def encode_guide(guide: Guide, day: str, name: str, context: ExportContext) -> bytes:
    """Return the guide as the format `name`; `day` (ISO) is its date, also in the PDF."""
    if name == "txt":
        lines = join_groups(text_groups(guide.title, guide.body, guide.foot))
        return "".join(f"{line.text}\n" for line in lines).encode()
    parts = {
        "guide": guide,
        "body": marked_up(html_from(guide.body)),
        "moment": f"{day}T12:00:00Z",
        "style": marked_up(context.style) if name == "html" else None,
    }
    page = context.templates.lay_out(GUIDE, parts)
    return page.encode() if name == "html" else context.engine.print(page, {})
