"""The table of questions in questions.yaml, and what its rows need to know of a request. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec.structs import replace

from optout_cli import bundled
from optout_cli.authoring.unfinished import UnfinishedRequest, value_at
from optout_cli.engines.measure import LINES, window_lines
from optout_cli.errors import raise_any
from optout_cli.letters.agreements import county_notes
from optout_cli.letters.compose import outline_case
from optout_cli.letters.notes import contact_text, standing_notes
from optout_cli.model.fields import Noun
from optout_cli.model.request import RECIPIENTS, Request
from optout_cli.output import free_name
from optout_cli.programs import refusals
from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import TEXT_LOADER

_TABLE = bundled.TEMPLATES / "_layout" / "questions.yaml"
_USUAL = ("secure-communities", "opt-out")  # what Enter takes for a county
_NUMBERS = {"phone": "telephone", "fax": "fax", "email": "e-mail"}


class Question(Noun, frozen=True, kw_only=True):
    """A question, or the row of the table that it is made from. questions.yaml explains the rows.

    `intro` is what is shown before it, such as a recipient's address.
    """

    path: str = ""
    key: str = ""
    label: str = ""
    section: str = ""
    note: str = ""
    help: str = ""
    helps: dict[str, str] = {}
    hint: str = ""
    intro: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    default: str = ""
    required: bool = False
    known: str | None = None
    unit: str | None = None
    choices: dict[str, str] = {}
    choices_of: str | None = None
    none: str | None = None
    reads: Literal[
        "text", "date", "lines", "several", "place", "letter", "file", "way", "signatory", "seal"
    ] = "text"
    side: Literal["before", "after", "past"] | None = None
    expand: Literal["agreement", "required", "also", "each", "usual", "optional"] | None = None
    show: Literal["refusals", "county", "status", "recipient"] | None = None

    def allows(self, text: str) -> bool:
        """Tell whether an answer is one of the choices, or several of them where they may be."""
        named = text.split("; ") if self.reads == "several" else [text]
        return not self.choices or all(choice in self.choices for choice in named)


class _Section(Noun, frozen=True, kw_only=True):
    """Questions under one title; with `each`, asked for each recipient."""

    section: str
    help: str = ""
    each: Literal["party"] | None = None
    when: tuple[str, ...] = ()
    questions: tuple[Question, ...]


@cache
def table() -> tuple[_Section, ...]:
    """Return the questions of questions.yaml."""
    rows = yaml.load(_TABLE.read_text("utf-8"), TEXT_LOADER)  # noqa: S506  # texts alone
    return msgspec.convert(rows, tuple[_Section, ...], strict=False)


def question_from(row: Question, request: UnfinishedRequest, party: str) -> Iterator[Question]:
    """Yield a row of the table, filled in: names in braces, choices, and what the data says."""
    known: str | None = None
    if row.known:  # lines have a semicolon between them
        known = request.recipients[party].contact.text_at(row.known)
    yield replace(
        row,
        path=row.path.format(party=party),
        key=(row.key or row.path).format(party=party),
        label=fill_in_names(row.label, request, party),
        note=fill_in_names(row.note, request, party),
        help=fill_in_names(row.help, request, party),
        default=fill_in_names(row.default, request, party) if known is None else known,
        known=known,
        unit=row.unit and row.unit.format(party=party),
        choices=_CHOICES[row.choices_of](request, party) if row.choices_of else row.choices,
    )


def is_met(term: str, request: UnfinishedRequest, party: str) -> bool:
    """Tell whether a term of `when` holds: a fact, an answer, or an answer with these words.

    Some facts have a name behind a colon.
    """
    if term.startswith("not "):
        return not is_met(term.removeprefix("not "), request, party)
    fact, _, name = term.partition(":")
    if fact in _FACTS:
        return bool(_FACTS[fact](request, party, name))
    path, _, words = term.format(party=party).partition("=")
    value = request.value(path)
    return bool(value == words if words else value)


def fill_in_names(text: str, request: UnfinishedRequest, party: str) -> str:
    """Fill in the names in braces, each with its text of now."""
    return re.sub(
        r"{([a-z-]+):?([a-z.]*)}", lambda it: str(_TEXTS[it[1]](request, party, it[2])), text
    )


def signed_before(request: UnfinishedRequest) -> Mapping[str, Any]:
    """Return who signed the earlier letter, or the last one for the same jurisdiction."""
    return request.basis.start.signed or request.basis.signatory_of(request.locality.slug) or {}


def known_ways(request: UnfinishedRequest, party: str) -> list[str]:
    """Return how the earlier letter to a recipient went out, the main way first."""
    services = request.basis.start.known.get("service", {}).get(party, [])
    return [service["by"] for service in services]


def _is_too_long(request: UnfinishedRequest, party: str, _: str) -> bool:
    """Tell whether a corrected addressee or address may not fit into the window."""
    keys = request.value(f"recipients.{party}") or {}
    is_changed = not {"attention", "organization", "address"}.isdisjoint(keys)
    is_corrected = is_changed and request.value(f"~{party}") == "no"
    return is_corrected and window_lines(request.recipients[party].contact.block) > LINES


def _lacks(request: UnfinishedRequest, party: str, name: str) -> bool:
    if name == "way":
        name = request.value(f"service.{party}.0.by")
    return name in ("fax", "email") and not getattr(request.recipients[party].contact, name)


def _signed_text(request: UnfinishedRequest, *_: str) -> str:
    signed = signed_before(request)
    named = ", ".join(str(signed[key]) for key in ("name", "title", "office") if key in signed)
    if request.basis.start.signed:
        return f"The earlier letter was signed by {named}."
    return f"{named} signed last for {request.locality.name}."


def _signed(request: UnfinishedRequest, _: str, path: str) -> str:
    """Return a value of the earlier signatory: the office and its address stay."""
    value = value_at(signed_before(request), path) or ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _office(request: UnfinishedRequest, *_: str) -> str:
    name, title = request.locality.jurisdiction.name, request.value("signatory.title") or ""
    own = name if request.locality.agency else ""
    if not own and "sheriff" in title.lower():
        own = f"{name} Sheriff's Office"
    return _signed(request, "", "office") or own


def _usual_program(request: UnfinishedRequest, *_: str) -> str:
    """Return the program of an agency's agreements, or else the usual one."""
    programs = request.basis.library.programs.by_id
    about = (
        id
        for id, program in programs.items()
        if any(spec.known == "model" for spec in program.particulars.values())
    )
    usual = next(about, _USUAL[0]) if request.locality.agreements else _USUAL[0]
    return usual if usual in programs else min(programs)


def _letters(request: UnfinishedRequest, _: str = "") -> dict[str, str]:
    letters = request.basis.library.programs.by_id[request.value("~program")].letters
    return {name: kind.title for name, kind in letters.items()}


def _agencies(request: UnfinishedRequest, _: str = "") -> dict[str, str]:
    """Return the agencies in a county that have agreements, and the county itself."""
    locality = request.locality
    listed = request.basis.library.directory.agencies_in(locality.state_code, locality.id)
    return {slug: agency.name for slug, agency in listed} | {
        locality.slug: locality.jurisdiction.name
    }


def _checks(request: UnfinishedRequest, party: str) -> dict[str, str]:
    recipient = request.recipients[party]
    later = "not confirmed yet; I will call before sending"
    if recipient.confirmed:
        later = "it is confirmed; keep it"
    elif not recipient.contact.phone:
        later = "not confirmed yet; I will look up their telephone number and call before sending"
    right = {} if recipient.contact.missing else {"yes": "I called them, and it is right"}
    return {"later": later, **right, "no": "it has changed; I will type the new address"}


_FACTS: Mapping[str, Callable[[UnfinishedRequest, str, str], object]] = {
    "known": lambda request, _, key: key in request.basis.start.known,
    "asks": lambda request, _, key: (
        key in request.basis.start.asks or key not in request.basis.start.known
    ),
    "file-taken": lambda request, *_: request.default_path and request.default_path.exists(),
    "agency-listed": lambda request, *_: (
        request.locality.agency is None
        and any(spec.known for spec in request.declared.values())
        and len(_agencies(request)) > 1
    ),
    "office-unknown": lambda request, *_: any(
        recipient.party == "ice" and not recipient.office and request.locality.field_offices
        for recipient in request.recipients.values()
    ),
    "verified": lambda request, party, _: request.recipients[party].contact.verified,
    "too-long": _is_too_long,
    "retyped": lambda request, party, _: (
        request.value(f"~{party}") == "no"
        and (request.value("recipients") or {}).get(party, {})
        != request.basis.start.known.get("recipients", {}).get(party, {})
    ),
    "lacks": _lacks,
    "emailed": lambda request, *_: any(
        way["by"] == "email" for ways in (request.value("service") or {}).values() for way in ways
    ),
    "signed-before": lambda request, *_: (
        signed_before(request) and "signatory.name" not in request.basis.start.offered
    ),
}

_TEXTS: Mapping[str, Callable[[UnfinishedRequest, str, str], object]] = {
    "today": lambda request, *_: request.basis.today,
    "date": lambda request, *_: request.value("date") or request.basis.today,
    "folder": lambda request, *_: "this folder" if request.folder == Path() else request.folder,
    "place": lambda request, *_: request.locality.name,
    "state": lambda request, *_: (
        _signed(request, "", "address.state") or request.locality.state_code
    ),
    "program": _usual_program,
    "letter": lambda request, *_: min(_letters(request), key=lambda name: name != _USUAL[1]),
    "agency": lambda request, *_: found[0] if len(found := [*_agencies(request)][:-1]) == 1 else "",
    "file": lambda request, *_: request.default_path,
    "free-file": lambda request, *_: request.default_path and free_name(request.default_path),
    "recipient": lambda _, party, __: RECIPIENTS[party],
    "lines": lambda request, party, _: len(request.recipients[party].contact.block),
    "last-signed": _signed_text,
    "same": lambda request, *_: "no" if request.basis.start.signed else "yes",
    "signed": _signed,
    "office": _office,
    "way": lambda request, party, _: next(iter(known_ways(request, party)), "certified-mail"),
}

_CHOICES: Mapping[str, Callable[[UnfinishedRequest, str], dict[str, str]]] = {
    "programs": lambda request, _: {
        id: program.title for id, program in sorted(request.basis.library.programs.by_id.items())
    },
    "letters": _letters,
    "agencies": _agencies,
    "offices": lambda request, _: {
        id: office.address.city or ""
        for id in request.locality.field_offices
        if (office := request.locality.offices.get(id))
    },
    "checks": _checks,
}


def _refuse(request: UnfinishedRequest, _: str) -> Iterator[str]:
    """Raise OptoutError if the program has no such letter for this jurisdiction on this day."""
    program, kind = request.basis.library.programs.find(request.letter)
    day = date.fromisoformat(request.value("date"))
    case = outline_case(convert(request.document, Request), request.locality, program, kind, day)
    # The answer that is asked again: a letter that the command line names is none.
    path = "letter" if "letter" in request.said else "date"
    raise_any(replace(problem, path=path) for problem in refusals(case))
    return iter(())


def _county_lines(request: UnfinishedRequest, _: str) -> Iterator[str]:
    """Yield a note if the letter is about an agreement, and the county has none on ICE's list."""
    library = request.basis.library
    kind = library.programs.find(request.letter)[1]
    for note in county_notes(request.locality, kind, library.directory):
        if note.code == "unlisted-agreement":  # the agencies of another county are asked about
            yield f"note: {note.line}"


def _status_lines(request: UnfinishedRequest, _: str) -> Iterator[str]:
    """Yield the activation, if a rule of the program asks for it, and each note in one line."""
    case, locality = request.case, request.locality
    activated, source = locality.jurisdiction.activated, locality.activation_source
    if activated and "scheduled" in case.program.particulars:
        kind = f"{source.kind} source" if source else "no source named"
        yield f"note: activated in {case.program.title} on {activated} ({kind})"
    yield from (f"note: {note.line}" for note in standing_notes(case))
    yield f"note: to see each note in full, run: optout show {locality.slug}"


def _recipient_lines(request: UnfinishedRequest, party: str) -> Iterator[str]:
    recipient = request.recipients[party]
    contact = recipient.contact
    yield f"To {RECIPIENTS[party]}:"
    yield from (f"  {line}" for line in contact.block)
    for key, name in _NUMBERS.items():
        if number := getattr(contact, key):
            yield f"  {name} {number}"
    yield f"  ({contact_text(request.case, recipient)})"
    if contact.missing:
        fields = ", ".join(field.removeprefix("address.") for field in contact.missing)
        yield f"  Missing: {fields}. The letter needs a whole address."


SHOWN: Mapping[str, Callable[[UnfinishedRequest, str], Iterator[str]]] = {
    "refusals": _refuse,
    "county": _county_lines,
    "status": _status_lines,
    "recipient": _recipient_lines,
}
