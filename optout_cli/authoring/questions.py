"""The table of questions in questions.yaml, and what its rows need to know of a draft. Pure.

A question is a value; nothing here asks one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Literal

import msgspec
import yaml
from msgspec.structs import replace

from optout_cli import bundled
from optout_cli.authoring.draft import Draft
from optout_cli.letters.notes import contact_text, standing_notes
from optout_cli.model.fields import Noun
from optout_cli.model.request import RECIPIENTS

_TABLE = bundled.TEMPLATES / "_layout" / "questions.yaml"
_USUAL = ("secure-communities", "opt-out")  # what Enter takes for a county
_WINDOW_LINES = 4  # that surely show in the window of an envelope
NUMBERS = {"phone": "telephone", "fax": "fax", "email": "e-mail"}


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
    expand: Literal["agreement", "required", "also", "optional"] | None = None
    tell: Literal["status", "recipient"] | None = None

    def allows(self, text: str) -> bool:
        """Tell whether an answer is one of the choices, or several of them where they may be."""
        named = text.split("; ") if self.reads == "several" else [text]
        return not self.choices or all(each in self.choices for each in named)


class Section(Noun, frozen=True, kw_only=True):
    """Questions under one title; with `each`, asked for each recipient."""

    section: str
    help: str = ""
    each: Literal["party"] | None = None
    when: tuple[str, ...] = ()
    questions: tuple[Question, ...]


@cache
def table() -> tuple[Section, ...]:
    """Return the questions of questions.yaml."""
    # The base loader returns only texts, lists and mappings.
    rows = yaml.load(_TABLE.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    return msgspec.convert(rows, tuple[Section, ...], strict=False)


def question_from(row: Question, draft: Draft, party: str) -> Question:
    """Fill in a row of the table: names in braces, choices, and what the data says."""
    known: str | None = None
    if row.known:  # lines have a semicolon between them
        known = draft.recipients[party].contact.text_at(row.known)
    return replace(
        row,
        path=row.path.format(party=party),
        key=(row.key or row.path).format(party=party),
        label=filled(row.label, draft, party),
        note=filled(row.note, draft, party),
        help=filled(row.help, draft, party),
        default=filled(row.default, draft, party) if known is None else known,
        known=known,
        unit=row.unit and row.unit.format(party=party),
        choices=_CHOICES[row.choices_of](draft, party) if row.choices_of else row.choices,
    )


# --- when: facts that an answer does not tell ---


def is_met(term: str, draft: Draft, party: str) -> bool:
    """Tell whether a term of `when` holds: a fact, an answer, or an answer with these words."""
    if term.startswith("not "):
        return not is_met(term.removeprefix("not "), draft, party)
    fact, _, name = term.partition(":")
    if fact in _FACTS:
        return _FACTS[fact](draft, party, name)
    path, _, words = term.format(party=party).partition("=")
    value = draft.value(path)
    return bool(value == words if words else value)


def _is_too_long(draft: Draft, party: str, _: str) -> bool:
    contact = draft.recipients[party].contact
    keys = draft.value(f"recipients.{party}") or {}
    is_changed = any(key in keys for key in ("attention", "organization", "address"))
    is_corrected = draft.value(f"~{party}") == "no" and is_changed
    return is_corrected and len(contact.block) > _WINDOW_LINES


def _is_confirmable(draft: Draft, party: str, _: str) -> bool:
    """Tell whether there is anything that the office may have confirmed."""
    said = draft.value(f"~{party}")
    given = draft.value(f"recipients.{party}") or {}
    before = draft.basis.start.known.get("recipients", {}).get(party, {})
    return bool(said == "yes" or (said == "no" and given != before))


def _lacks(draft: Draft, party: str, name: str) -> bool:
    if name == "way":
        name = draft.value(f"service.{party}.0.by")
    return name in ("fax", "email") and not getattr(draft.recipients[party].contact, name)


_FACTS: Mapping[str, Callable[[Draft, str, str], bool]] = {
    "known": lambda draft, _, key: key in draft.basis.start.known,
    "asks": lambda draft, _, key: (
        key in draft.basis.start.asks or key not in draft.basis.start.known
    ),
    "file-taken": lambda draft, *_: bool(draft.default_path and draft.default_path.exists()),
    "agency-listed": lambda draft, *_: bool(
        draft.locality.agency is None
        and any(spec.known for spec in draft.declared.values())
        and len(_agencies(draft, "")) > 1
    ),
    "office-unknown": lambda draft, *_: any(
        recipient.party == "ice" and not recipient.office and draft.locality.field_offices
        for recipient in draft.recipients.values()
    ),
    "verified": lambda draft, party, _: bool(draft.recipients[party].contact.verified),
    "too-long": _is_too_long,
    "confirmable": _is_confirmable,
    "lacks": _lacks,
    "emailed": lambda draft, *_: any(
        way["by"] == "email" for ways in (draft.value("service") or {}).values() for way in ways
    ),
    "signed-before": lambda draft, *_: bool(
        signed_before(draft) and "signatory.name" not in draft.basis.start.offered
    ),
}


# --- texts, choices, and what is told ---


def signed_before(draft: Draft) -> Mapping[str, Any]:
    """Return who signed the earlier letter, or the last one for the same jurisdiction."""
    return draft.basis.start.signed or draft.basis.signatory_of(draft.locality.slug) or {}


def filled(text: str, draft: Draft, party: str) -> str:
    """Fill in the names in braces, each with its text of now."""
    return re.sub(r"{([a-z-]+)}", lambda name: str(_TEXTS[name[1]](draft, party)), text)


def _signed_text(draft: Draft, _: str) -> str:
    signed = signed_before(draft)
    named = ", ".join(str(signed[key]) for key in ("name", "title", "office") if key in signed)
    if draft.basis.start.signed:
        return f"The earlier letter was signed by {named}."
    return f"{named} signed last for {draft.locality.name}."


def _office(draft: Draft, _: str) -> str:
    known = signed_before(draft).get("office")
    is_sheriff = "sheriff" in str(draft.value("signatory.title") or "").lower()
    if known or not is_sheriff or draft.locality.agency:
        return str(known or (draft.locality.jurisdiction.name if draft.locality.agency else ""))
    return f"{draft.locality.jurisdiction.name} Sheriff's Office"


def _address(draft: Draft, key: str) -> str:
    """Return a line of the earlier signatory's address: that of the office stays."""
    value = signed_before(draft).get("address", {}).get(key, "")
    return ", ".join(value) if isinstance(value, list) else str(value)


def _free_file(draft: Draft, _: str) -> str:
    path = draft.default_path
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2)) if path else ()
    return next((str(name) for name in names if not name.exists()), "")


def known_ways(draft: Draft, party: str) -> list[str]:
    """Return how the earlier letter to a recipient went out, the main way first."""
    services = draft.basis.start.known.get("service", {}).get(party, [])
    return [service["by"] for service in services]


def _usual_program(draft: Draft, _: str) -> str:
    """Return the program of an agency's agreements, or else the usual one."""
    programs = draft.basis.library.programs.by_id
    about = (
        id
        for id, program in programs.items()
        if any(spec.known == "model" for spec in program.particulars.values())
    )
    usual = next(about, _USUAL[0]) if draft.locality.agreements else _USUAL[0]
    return usual if usual in programs else min(programs)


def _programs(draft: Draft, _: str) -> dict[str, str]:
    programs = draft.basis.library.programs.by_id
    return {id: program.title for id, program in sorted(programs.items())}


def _letters(draft: Draft, _: str) -> dict[str, str]:
    program = draft.value("~program")
    letters = draft.basis.library.programs.by_id[program].letters
    return {name: kind.title for name, kind in letters.items()}


def _agencies(draft: Draft, _: str) -> dict[str, str]:
    """Return the agencies in a county that have agreements, and the county itself."""
    locality = draft.locality
    listed = draft.basis.library.directory.agencies_in(locality.state_code)
    inside = {slug: agency.name for slug, agency in listed if agency.county == locality.id}
    return {**inside, locality.slug: locality.jurisdiction.name}


def _only_agency(draft: Draft, _: str) -> str:
    """Return the agency that ICE's list has in the county, if there is just one."""
    listed = [*_agencies(draft, "")][:-1]
    return listed[0] if len(listed) == 1 else ""


def _offices(draft: Draft, _: str) -> dict[str, str]:
    known = draft.locality.offices
    return {id: known[id].address.city or "" for id in draft.locality.field_offices if id in known}


def _checks(draft: Draft, party: str) -> dict[str, str]:
    right = {"yes": "I called them, and it is right"}
    recipient = draft.recipients[party]
    later = "not confirmed yet; I will call before sending"
    if recipient.confirmed:
        later = "it is confirmed; keep it"
    elif not recipient.contact.phone:
        later = "not confirmed yet; I will look up their telephone number and call before sending"
    return {
        "later": later,
        **({} if draft.recipients[party].contact.missing else right),
        "no": "it has changed; I will type the new address",
    }


def _ways_confirmed(draft: Draft, party: str) -> dict[str, str]:
    """Return how an office can have confirmed an address; after a call, it has."""
    ways = dict.fromkeys(("telephone", "e-mail", "letter", "their web page", "in person"), "")
    is_called = draft.value(f"~{party}") == "yes"
    return ways if is_called else {**ways, "not yet": "nobody there has confirmed it"}


# Each text that may stand in braces: from the draft, and the party of a section.
_TEXTS: Mapping[str, Callable[[Draft, str], str]] = {
    "today": lambda draft, _: draft.basis.today.isoformat(),
    "date": lambda draft, _: str(draft.value("date") or draft.basis.today),
    "folder": lambda draft, _: "this folder" if str(draft.folder) == "." else str(draft.folder),
    "place": lambda draft, _: draft.locality.name,
    "program": _usual_program,
    "letter": lambda draft, _: min(_letters(draft, ""), key=lambda name: name != _USUAL[1]),
    "agency": _only_agency,
    "file": lambda draft, _: str(draft.default_path),
    "free-file": _free_file,
    "recipient": lambda _, party: RECIPIENTS[party],
    "lines": lambda draft, party: str(len(draft.recipients[party].contact.block)),
    "how": lambda draft, party: "telephone" if draft.value(f"~{party}") == "yes" else "not yet",
    "signed": _signed_text,
    "same": lambda draft, _: "no" if draft.basis.start.signed else "yes",
    "title": lambda draft, _: str(signed_before(draft).get("title", "")),
    "office": _office,
    "street": lambda draft, _: _address(draft, "street"),
    "city": lambda draft, _: _address(draft, "city"),
    "state": lambda draft, _: _address(draft, "state") or draft.locality.state_code,
    "zip": lambda draft, _: _address(draft, "zip"),
    "way": lambda draft, party: (known_ways(draft, party) or ["certified-mail"])[0],
}

_CHOICES: Mapping[str, Callable[[Draft, str], dict[str, str]]] = {
    "programs": _programs,
    "letters": _letters,
    "agencies": _agencies,
    "offices": _offices,
    "checks": _checks,
    "ways-confirmed": _ways_confirmed,
}


def _tell_status(draft: Draft, _: str) -> Iterator[str]:
    """Yield the activation, if a rule of the program asks for it, and each note in one line."""
    case, locality = draft.case, draft.locality
    activated, source = locality.jurisdiction.activated, locality.activation_source
    if activated and "scheduled" in case.program.particulars:
        kind = f"{source.kind} source" if source else "no source named"
        yield f"Activated in {case.program.title}: {activated} ({kind})."
    yield from (f"Note: {note.line}" for note in standing_notes(case))
    yield f"Note: to see each note in full, run: optout show {locality.slug}"


def _tell_recipient(draft: Draft, party: str) -> Iterator[str]:
    recipient = draft.recipients[party]
    contact = recipient.contact
    yield f"To {RECIPIENTS[party]}:"
    yield from (f"  {line}" for line in contact.block)
    for key, name in NUMBERS.items():
        if number := getattr(contact, key):
            yield f"  {name} {number}"
    yield f"  ({contact_text(draft.case, recipient)})"
    if contact.missing:
        fields = ", ".join(field.removeprefix("address.") for field in contact.missing)
        yield f"  Missing: {fields}. The letter needs a whole address."


TOLD: Mapping[str, Callable[[Draft, str], Iterator[str]]] = {
    "status": _tell_status,
    "recipient": _tell_recipient,
}
