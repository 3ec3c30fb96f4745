"""`optout guide`: a checklist for one letter: whom to notify, how, with what, and what is next."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import msgspec

from optout_cli.cli.console import is_request, report_problems, usage_error, write_files
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    JURISDICTION,
    Choice,
    date_option,
    engine_option,
    files,
    force_option,
    letters,
    library_from,
    library_options,
    output_path,
    requests,
    today,
    with_engine,
)
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters import Options
from optout_cli.exporters.txt import join_groups, text_groups
from optout_cli.letters import Library
from optout_cli.letters.compose import (
    author_of,
    outline_case,
    place_of,
    recipients_of,
)
from optout_cli.letters.notes import contact_text, next_working_day
from optout_cli.letters.pipeline import request_in
from optout_cli.letters.render import sections_of
from optout_cli.letters.requirements import with_agreement
from optout_cli.model.jurisdiction import LAW_TOPICS
from optout_cli.model.letter import EngineName, Guide, Paragraph
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import ConditionalText
from optout_cli.model.request import Request
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
from optout_cli.readers.files import STDIN
from optout_cli.templating.body import plain
from optout_cli.templating.filters import long_date, typeset, typographic
from optout_cli.templating.pages import guide_page

_TEMPLATE = "_layout/guide.html.j2"
_LISTS = ("can", "cannot", "before", "enclose", "send", "next")  # of a program's advice
_MESSAGES = {"email", "fax"}
_Facts = dict[str, Any]  # Any: what a template is filled in with


@click.command(
    "guide",
    short_help="Show step by step how a jurisdiction gives notice.",
    epilog="optout guide marin-county-ca\n"
    "optout guide dakota-county-ne --letter 287g/terminate\n"
    "optout guide marin-county-ca.yaml -f html",
)
@click.argument("what", metavar="JURISDICTION|REQUEST", shell_complete=requests)
@click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    shell_complete=letters,
    help="Which letter (see `optout list letters`).  [default: the request's, or"
    f" {DEFAULT_LETTER}]",
)
@date_option
@click.option(
    "-f",
    "--format",
    "name",
    type=Choice(("txt", "html", "pdf")),
    default="txt",
    show_default=True,
    help="Plain text, a web page, or pages to print.",
)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="A folder, a file, or - for standard output.  [default: -; for a PDF on a terminal: ./]",
)
@force_option
@engine_option
@library_options
@report_problems
def command(
    what: str,
    letter: str | None,
    day: date | None,
    name: str,
    output: str | None,
    force: bool,
    engine: EngineName | None,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Show step by step how a jurisdiction gives notice, on one or two pages.

    The guide says whom to notify and how, where each address comes from and how old it is, what the
    letter needs, what it can and cannot do on its date, what state law requires, what to do next,
    and which letter answers which reply.

    JURISDICTION is a FIPS code (06041), a slug (marin-county-ca) or a name ("Marin County, CA"),
    also of an agency with a 287(g) agreement ("Hialeah Police Department, FL").
    For the file of a REQUEST, the guide leaves out what you have already decided.
    """
    look = Options(engine=engine)
    if name == "pdf":
        look = with_engine(look, [name], quiet=False)
    library = library_from(overlays, folders, look)
    letter = letter and library.programs.id_of(letter)
    if is_request(what):
        asked, location = request_in(what, library.programs, letter), Location(what)
    else:
        asked = Request(jurisdiction=what, letter=letter or DEFAULT_LETTER)
        location = JURISDICTION
    day = day or asked.date or today()
    guide = guide_of(asked, library, day, location)
    content = encode_guide(guide, day, name, library)
    path = _place(output, name, f"{day}-guide-{asked.letter.partition('/')[2]}.{name}")
    if path is None:
        click.echo(content, nl=False)
    else:
        write_files({path: content}, force=force)


def _place(output: str | None, name: str, file: str) -> Path | None:
    """Return where the guide goes; None for standard output, but no PDF goes to a terminal."""
    can_show = name != "pdf" or not sys.stdout.isatty()
    if output is None:
        return None if can_show else Path(file)
    if output == STDIN:
        return None if can_show else usage_error("a terminal cannot show pdf", "leave -o - out")
    return output_path(output, file, f"file of format {name}", f".{name}")


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
    if locality.agency is None and any(spec.known for spec in kind.particulars.values()):
        known = library.directory.agencies_in(locality.state_code, locality.id)
        slugs = [slug for slug, _ in known]
    if program.period(day) is None:
        message = f"the program began on {program.periods[0].from_}: {program.title}"
        raise OptoutError(Problem("before-program", message, location, "choose a later --date"))
    raise_any(msgspec.structs.replace(problem, location=location) for problem in refusals(case))
    case = msgspec.structs.replace(case, particulars=_particulars(case))
    sections = sections_of(_TEMPLATE, {**_facts(case), "agencies": slugs}, library.templates)
    title, foot = (
        " ".join(plain(block.runs) for block in sections[name] if isinstance(block, Paragraph))
        for name in ("title", "foot")
    )
    return Guide(title=typographic(title), body=typeset(sections["body"]), foot=foot)


# Any: a namespace with the particulars as the letter kind declares them.
def _particulars(case: Case) -> Any:
    """Return the particulars that the request and the data give, as far as they can be read."""
    layer = Layer(case.request.letter, {})
    document = Document({"particulars": {**case.request.particulars}}, (layer,))
    with suppress(OptoutError):  # it may leave open which agreement it is about
        document, _ = with_agreement(document, case.locality, case.kind)
    found = {}
    for name in case.kind.particulars:
        if name in document.data["particulars"]:
            with suppress(OptoutError):
                found[name.replace("-", "_")] = particular_from(document, case.kind, name)
    return SimpleNamespace(**found)


def encode_guide(guide: Guide, day: date, name: str, library: Library) -> bytes:
    """Return the guide in the format `name`. Its date is `day`, also in the PDF's metadata."""
    if name == "txt":
        lines = join_groups(text_groups(guide.title, guide.body, guide.foot))
        return "".join(f"{line.text}\n" for line in lines).encode()
    context = library.context
    if name == "pdf":
        return context.engine.print_guide(guide, day)
    return guide_page(guide, day, library.templates, style=library.templates.style).encode()


def _facts(case: Case) -> _Facts:
    program, advice = case.program, case.program.guide
    period = program.period(case.date)
    recipients = recipients_of(case)
    copies = [
        contact
        for rule in program.recipients_on(case.date)
        if rule.party in {each.party for each in recipients}
        for contact in copies_of(case, rule)
    ]
    models = chosen_models(case)
    about_letter = [*laws_of(case)]
    again = {}
    if advice.wait:
        # The day that the letter itself names, if it does.
        day = getattr(case.particulars, "reply_by", None) or case.date + timedelta(int(advice.wait))
        again = {"again": long_date(next_working_day(day, case.locality.state_code)[0])}
    return {
        "program": program,
        "letter": case.kind,
        "place": place_of(case.locality),
        "author": author_of(case),
        "state": case.locality.state_formal,
        "date": case.date,
        "status": period.note if period else None,
        "recipients": [_route(case, recipient) for recipient in recipients],
        "unconfirmed": [each.contact.block for each in recipients if not each.is_confirmed],
        "copies": [", ".join(contact.block) for contact in copies],
        "agreements": [
            each
            for each in (case.locality.agreements if case.kind.about else ())
            if not models or each.model in models
        ],
        "agreement_source": case.locality.agency_source,
        **{name: [*texts_that_hold(getattr(advice, name), case, **again)] for name in _LISTS},
        "laws": [law.in_words(case.locality.state_name) for law in about_letter],
        "other_laws": [  # on other subjects: `N.M. HB 9 (2026) (detainers)`
            f"{law.citation} ({', '.join(LAW_TOPICS[topic] for topic in law.about)})"
            for law in laws_in_effect(case)
            if law not in about_letter
        ],
        **_decided(case, recipients, has_copies=bool(copies)),
        **_next_letters(case, again),
    }


def _decided(case: Case, recipients: Sequence[Recipient], *, has_copies: bool) -> _Facts:
    """Return what the request has decided, and what it needs.

    It is finished if it names who signs, and all that its letter needs.
    """
    request = case.request
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
        "signatory": request.signatory,
        "acts": request.authority,
        "enclosures": request.enclosures,
        "needs": needs,
        "is_finished": is_finished,
        "is_mailed": any(not names or not names <= _MESSAGES for names in ways),
        "is_signed_by_hand": request.signature.kind == "ink",
        "has_copies": not is_finished or bool(request.cc) or has_copies or len(recipients) > 1,
    }


def _next_letters(case: Case, again: dict[str, str]) -> _Facts:
    """Return the letters that answer a reply, and the others that may be meant."""
    program = case.program
    return {
        "replies": [
            {"where": where, **letter}
            for reply in program.replies.values()
            if reply.fits(case.request.letter.partition("/")[2])
            for row in reply.next
            if row.where
            for where in texts_that_hold([ConditionalText(text=row.where)], case, **again)
            for letter in _next_letter(case, row.letter)
        ],
        "others": [
            {"where": where, **letter}
            for other in program.guide.others
            for where in texts_that_hold([ConditionalText(text=other.where, when=other.when)], case)
            for letter in _next_letter(case, other.letter)
        ],
    }


def _route(case: Case, recipient: Recipient) -> _Facts:
    """Return how to reach a recipient, and where the address is from."""
    contact = recipient.contact
    is_given = recipient.origins.get("address.street") == "request"
    return {
        "party": recipient.party,
        "contact": contact,
        "service": recipient.service,
        "source": contact_text(case, recipient),
        "url": contact.source.url if contact.source and not is_given else None,
    }


def _next_letter(case: Case, name: str) -> Iterator[_Facts]:
    """Yield the letter kind `name`, unless the program refuses it on this day.

    `follows` tells whether it starts from an earlier notice: from this letter, or from the notice
    that this letter itself follows.
    """
    kind, own = case.program.letters[name], case.request.letter
    folder, _, own_name = own.partition("/")
    if kind is not case.kind and not any(refusals(msgspec.structs.replace(case, kind=kind))):
        follows = own_name in kind.follows or bool(case.kind.follows and kind.follows)
        yield {"title": kind.title, "letter": f"{folder}/{name}", "follows": follows}
