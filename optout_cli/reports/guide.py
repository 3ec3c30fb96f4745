"""The guide: a checklist for one letter: whom to notify, how, with what, and what is next."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters.txt import join_groups, text_groups
from optout_cli.letters import Library
from optout_cli.letters.agreements import county_notes, with_agreement
from optout_cli.letters.compose import author_of, no_letter, outline_case, place_of, recipients_of
from optout_cli.letters.days import arrival_of, next_working_day
from optout_cli.letters.notes import contact_text
from optout_cli.letters.render import sections_of
from optout_cli.model.jurisdiction import LAW_SIDES, LAW_TOPICS
from optout_cli.model.letter import Guide, Paragraph
from optout_cli.model.notice import Case, ground_of
from optout_cli.model.program import ConditionalText
from optout_cli.model.request import MESSAGES, Request
from optout_cli.programs import (
    chosen_models,
    copies_of,
    laws_in_effect,
    laws_of,
    refusals,
    texts_that_hold,
)
from optout_cli.programs.validation import particular_from
from optout_cli.readers.document import Document, Layer
from optout_cli.templating.body import plain
from optout_cli.templating.filters import long_date, typeset, typographic
from optout_cli.templating.pages import guide_page

_TEMPLATE = "_layout/guide.html.j2"
_LISTS = ("can", "cannot", "before", "enclose", "send", "next")  # of a program's advice
_Facts = dict[str, Any]  # Any: what a template is filled in with


def guide_of(request: Request, library: Library, day: date, location: Location) -> Guide:
    """Write the guide to a request's letter of `day`, without the steps that the request settles.

    `request` may have no more than a jurisdiction and a letter; its problems are reported at
    `location`. Raises OptoutError, also if the program refuses the letter.
    """
    locality = library.directory.find(request.jurisdiction, location)
    program, kind = library.programs.find(
        request.letter, Location("--letter", is_command_line=True)
    )
    case = outline_case(request, locality, program, kind, day)
    slugs: list[str] = []
    notes = [*county_notes(locality, kind, library.directory)]
    if notes:
        known = library.directory.agencies_in(locality.state_code, locality.id)
        slugs = [slug for slug, _ in known]
    if program.period(day) is None:
        message = f"the program began on {program.periods[0].from_}: {program.title}"
        raise OptoutError(Problem("before-program", message, location, "choose a later --date"))
    nobody = () if recipients_of(case) else (no_letter(case),)
    raise_any(replace(problem, location=location) for problem in (*refusals(case), *nobody))
    document = Document({"particulars": {**request.particulars}}, (Layer(request.letter, {}),))
    with suppress(OptoutError):  # it may leave open which agreement it is about
        document, _ = with_agreement(document, locality, kind)
    found = {}  # the particulars that the request and the data give, as far as they can be read
    for name in kind.particulars:
        if name in document.data["particulars"]:
            with suppress(OptoutError):
                found[name.replace("-", "_")] = particular_from(document, kind, name)
    case = replace(case, particulars=SimpleNamespace(**found))
    facts = {"agencies": slugs, "unlisted": [note.line for note in notes if not slugs]}
    sections = sections_of(_TEMPLATE, {**_facts(case), **facts}, library.templates)
    title, foot = (
        " ".join(plain(block.runs) for block in sections[name] if isinstance(block, Paragraph))
        for name in ("title", "foot")
    )
    return Guide(
        title=typographic(title),
        body=typeset(sections["body"]),
        foot=foot,
        file_name=f"{day}-guide-{case.request.letter.partition('/')[2]}-{locality.slug}",
    )


def encode_guide(guide: Guide, day: date, name: str, library: Library) -> bytes:
    """Return the guide in the format `name`. Its date is `day`, also in the PDF's metadata."""
    if name == "txt":
        lines = join_groups(text_groups(guide.title, guide.body, guide.foot))
        return "".join(f"{line.text}\n" for line in lines).encode()
    context = library.context
    if name == "pdf":
        return context.engine.print_guide(guide, day)
    return guide_page(guide, day, library.templates, style=library.templates.style).encode()


def _day_to_write_again(case: Case) -> date:
    """Return when to write again, as `optout status` says it of letters sent on their date.

    That is the day that the letter itself names, if it does. Without another way, it goes by mail.
    """
    if (day := getattr(case.particulars, "reply_by", None)) is None:
        ways = [
            [way.by for way in getattr(case.request.service, recipient.party)] or ["certified-mail"]
            for recipient in recipients_of(case)
        ]
        arrivals = (min(arrival_of(case.date, way) for way in each) for each in ways)
        day = max(arrivals) + case.program.wait
    return next_working_day(day, case.locality.state_code)[0]


def _facts(case: Case) -> _Facts:
    program, advice, request = case.program, case.program.guide, case.request
    period, models, about_letter = program.period(case.date), chosen_models(case), [*laws_of(case)]
    specs = case.kind.particulars.values()
    words = next((spec.labels for spec in specs if spec.known == "model"), {})
    again = {"again": long_date(_day_to_write_again(case))} if advice.wait else {}
    return {
        "program": program,
        "letter": case.kind,
        "place": place_of(case.locality),
        "author": author_of(case),
        "state": case.locality.state_formal,
        "date": case.date,
        "status": period.note if period else None,
        "agreements": [
            (words.get(agreement.model, agreement.model), agreement)
            for agreement in (case.locality.agreements if case.kind.about else ())
            if not models or agreement.model in models
        ],
        "agreement_source": case.locality.agency_source,
        **{name: [*texts_that_hold(getattr(advice, name), case, **again)] for name in _LISTS},
        "laws": [
            f"This law {LAW_SIDES[law.effect]}. {law.in_words(case.locality.state_name)}"
            for law in about_letter
        ],
        "other_laws": [  # on other subjects: `N.M. HB 9 (2026) (detainers)`
            f"{law.citation} ({', '.join(LAW_TOPICS[topic] for topic in law.about)})"
            for law in laws_in_effect(case)
            if law not in about_letter
        ],
        **_sending(case),
        "replies": [
            letter
            for reply in program.replies.values()
            if reply.fits(request.letter.partition("/")[2])
            for row in reply.next
            if row.where
            for letter in _next_letter(case, row.letter, ConditionalText(text=row.where), again)
        ],
        "others": [
            letter
            for row in advice.others
            for letter in _next_letter(
                case, row.letter, ConditionalText(text=row.where, when=row.when)
            )
        ],
    }


def _sending(case: Case) -> _Facts:
    """Return whom the letter goes to, what its request has decided of that, and what it needs.

    The request is finished if it names who signs, and all that its letter needs.
    """
    request, recipients = case.request, recipients_of(case)
    parties = {recipient.party for recipient in recipients}
    rules = [rule for rule in case.program.recipients_on(case.date) if rule.party in parties]
    copies = [contact for rule in rules for contact in copies_of(case, rule)]
    needs = [
        {"name": name, "help": particular.help, "choices": particular.choices}
        for name, particular in case.kind.particulars.items()
        if particular.required
        and name not in request.particulars
        and not (particular.known and len(case.locality.agreements) == 1)
    ]
    is_finished = bool(request.signatory) and not needs
    ways = [{way.by for way in recipient.service} for recipient in recipients]
    return {
        "recipients": [
            {
                "party": recipient.party,
                "contact": recipient.contact,
                "service": recipient.service,
                "source": contact_text(case, recipient),
                "url": ground_of("address", recipient.origins, recipient.contact.source).url,
            }
            for recipient in recipients
        ],
        "unconfirmed": [
            recipient.contact.block for recipient in recipients if not recipient.is_confirmed
        ],
        "copies": [", ".join(contact.block) for contact in copies],
        "signatory": request.signatory,
        "acts": request.authority,
        "enclosures": request.enclosures,
        "needs": needs,
        "is_finished": is_finished,
        "is_mailed": any(not names or not names <= MESSAGES for names in ways),
        "is_signed_by_hand": request.signature.kind == "ink",
        "has_copies": not is_finished or bool(request.cc or copies) or len(recipients) > 1,
    }


def _next_letter(
    case: Case, name: str, where: ConditionalText, again: Mapping[str, str] = {}
) -> Iterator[_Facts]:
    """Yield the letter kind `name`, unless the program refuses it on this day.

    `follows` tells whether it starts from an earlier notice: from this letter, or from the notice
    that this letter itself follows.
    """
    kind, (folder, _, own_name) = case.program.letters[name], case.request.letter.partition("/")
    if kind is not case.kind and not any(refusals(replace(case, kind=kind))):
        follows = own_name in kind.follows or bool(case.kind.follows and kind.follows)
        for text in texts_that_hold([where], case, **again):
            yield {
                "where": text,
                "title": kind.title,
                "letter": f"{folder}/{name}",
                "follows": follows,
            }
