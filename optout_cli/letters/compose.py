"""Request, jurisdiction and program -> the facts of each recipient's notice. Pure.

Decides who receives a letter, who gets a copy, what is missing, which period applies, which notes
the user sees, and the reference. The words of letters come from the template folders.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any, Literal, TypeVar

import msgspec

from optout_cli.directory.names import has_name
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.letters.notes import recipient_notes, request_notes, standing_notes
from optout_cli.letters.requirements import (
    date_problems,
    office_problems,
    recipient_problems,
    service_problems,
)
from optout_cli.model.jurisdiction import Contact, Locality
from optout_cli.model.notice import Case, Note, Notice, Place, Recipient
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import PARTIES, Correction, Party, Request, Signatory
from optout_cli.programs import (
    activation_of,
    computed_dates,
    copies_of,
    particular_of,
    refusals,
)
from optout_cli.readers.cells import phone_in_words

# No 0 O, 1 I L, 5 S, 2 Z: they look alike on a fax.
REFERENCE_LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"
_REFERENCE_LENGTH = 4
_LONGEST_PART = 60  # characters of an agency's name in a file name, which may have 255 in all
_MARK_LENGTH = 6


def outline_case(
    request: Request,
    locality: Locality,
    program: Program,
    kind: LetterKind,
    day: date,
    particulars: Any = None,  # Any: a struct made from what the letter kind declares
) -> Case:
    """Return the case of a letter dated and written on `day`, without requirements of its own."""
    return Case(
        request=request,
        particulars=particulars,
        locality=locality,
        program=program,
        kind=kind,
        date=day,
        today=day,
    )


def compose(case: Case, parties: Iterable[Party] = PARTIES) -> tuple[Notice, ...]:
    """Return one Notice for each of `parties` that the program's rules name, in their order.

    Raises OptoutError with every problem, each with its key path in the request.
    """
    raise_any((*refusals(case), *date_problems(case), *office_problems(case)))
    recipients = recipients_of(case)
    parties = tuple(parties)
    chosen = [recipient for recipient in recipients if recipient.party in parties]
    if not recipients:
        raise OptoutError(no_letter(case))
    if not chosen:
        asked = " or ".join(f"--to {party}" for party in parties)
        known = " or ".join(recipient.party for recipient in recipients)
        message = f"{case.request.letter} has no letter {asked}"
        hint = f"leave --to out, or give --to {known}"
        raise OptoutError(Problem("no-letter", message, path="letter", hint=hint))
    problems = [problem for recipient in chosen for problem in recipient_problems(case, recipient)]
    # Each letter names the service of all letters, so check also those not written now.
    # Each letter reports problems with the sender; report them once.
    raise_any(dict.fromkeys((*problems, *service_problems(recipients, is_draft=case.is_draft))))
    shared = _notice(case, chosen[0], recipients)
    of_all = (*request_notes(case), *_letterhead_notes(case), *standing_notes(case))
    is_joint = shared.addressing == "joint"  # then the letter says the same to all
    rules = case.program.recipients_on(case.date)
    notices = []
    for recipient in chosen:
        own = [rule for rule in rules if is_joint or rule.party == recipient.party]
        notices.append(
            msgspec.structs.replace(
                shared,
                recipient=recipient,
                copies=tuple(contact for rule in own for contact in copies_of(case, rule)),
                notes=(*of_all, *recipient_notes(case, recipient)),
            )
        )
    return tuple(notices)


def no_letter(case: Case) -> Problem:
    """Return the Problem of a request whose letter the program sends to nobody whom it names."""
    message = f"{case.request.letter} has no letter to {case.request.to}"
    return Problem("no-letter", message, path="to", hint="leave to: out")


def recipients_of(case: Case) -> tuple[Recipient, ...]:
    """Return who receives a notice on the case's date, whether the contact is complete or not."""
    locality, recipients = case.locality, []
    for rule in case.program.recipients_on(case.date):
        party = rule.party
        if case.request.to not in ("all", party):
            continue
        correction: Correction = getattr(case.request.recipients, party)
        office = "bureau"
        if party == "ice":
            asked = case.request.recipients.ice.office
            office = rule.office or asked or locality.field_office or ""
        known = locality.contact_of(office)
        origins = locality.origins_of(office)
        for name, value in msgspec.to_builtins(correction).items():
            origins[name] = "request"
            if isinstance(value, dict):
                origins |= {f"{name}.{inner}": "request" for inner in value}
        recipients.append(
            Recipient(
                party=party,
                role=rule.role,
                office=office,
                contact=_with_numbers(correct_contact(known or Contact(), correction), "fax"),
                service=getattr(case.request.service, party),
                confirmed=correction.confirmed,
                is_person=correction.attention not in (None, known and known.attention),
                historical=getattr(known, "status", "") == "historical",
                origins=origins,
            )
        )
    return tuple(recipients)


_Reached = TypeVar("_Reached", Contact, Signatory)


def _with_numbers(noun: _Reached, *names: Literal["phone", "fax"]) -> _Reached:
    """Write the numbers that letters print in one form: the sender's, and the office's fax."""
    numbers = {name: phone_in_words(text) for name in names if (text := getattr(noun, name))}
    return msgspec.structs.replace(noun, **numbers)


def correct_contact(contact: Contact, correction: Correction) -> Contact:
    """Correct a contact with the request's values, field by field.

    The lines for the envelope get a new address; a new name drops them, and the old salutation.
    Who confirmed the old name or address did not confirm the new one.
    """
    given: dict[str, Any] = {  # Any: values of each field's own type
        name: value
        for name in Correction.__struct_fields__
        if name not in ("address", "confirmed") and (value := getattr(correction, name))
    }
    if new := correction.address:
        parts = {name: value for name in new.__struct_fields__ if (value := getattr(new, name))}
        given["address"] = msgspec.structs.replace(contact.address, **parts)
    changes = {name: value for name, value in given.items() if value != getattr(contact, name)}
    if {"attention", "organization"} & changes.keys():
        changes.setdefault("envelope", ())
    elif address := changes.get("address"):
        changes.setdefault("envelope", contact.envelope_at(address))
    if "attention" in changes:
        changes.setdefault("salutation", None)
    if {"attention", "organization", "address"} & changes.keys():  # nobody confirmed this one
        changes |= {"verified": None, "verified_by": None}
    return msgspec.structs.replace(contact, **changes)


def _letterhead_notes(case: Case) -> Iterator[Note]:
    """Say that the letterhead does not name the place; a seal may."""
    known, signatory = case.locality.jurisdiction, case.request.signatory
    if not signatory or not signatory.office or case.request.letterhead:
        return
    head = " ".join((signatory.office, *signatory.address.lines))
    author = particular_of(case, case.program.author or "")
    names = (known.name, *known.aliases, case.locality.county_name, author)
    if not any(has_name(head, name) for name in names if name):
        text = f"write {known.name} into office: under signatory:, since no line of the letterhead"
        yield Note(code="unnamed-place", text=f"{text} names it")


def _notice(case: Case, recipient: Recipient, recipients: tuple[Recipient, ...]) -> Notice:
    """Return a notice without what depends on its recipient: copies and notes."""
    request, locality, program = case.request, case.locality, case.program
    period = program.period(case.date)
    assert period is not None  # date_problems made sure
    return Notice(
        program=request.letter.partition("/")[0],
        program_title=program.title,
        letter=request.letter,
        title=case.kind.title,
        version=case.kind.version,
        reviewed_by=case.kind.reviewed_by,
        period=period.id,
        place=place_of(locality),
        author=author_of(case),
        calls_itself=self_name_of(case),
        date=case.date,
        reference=reference_of(case),
        # A joint letter to one office alone is like any other.
        addressing=request.addressing if len(recipients) > 1 else "separate",
        recipient=recipient,
        # No letter can name an unknown agency; the letter to that agency is a Problem.
        recipients=tuple(other for other in recipients if other.contact.organization),
        copies=(),
        cc=request.cc,
        activation=activation_of(case),
        signatory=request.signatory and _with_numbers(request.signatory, "phone", "fax"),
        letterhead=request.letterhead,
        signature=request.signature,
        authority=request.authority,
        approved_as_to_form=request.approved_as_to_form,
        particulars=case.particulars,
        computed=computed_dates(case),
        citations={id: act for id, act in program.citations.items() if act.date <= case.date},
        enclosures=request.enclosures,
        ori=request.ori,
        leave_out=request.leave_out,
        notes=(),
        is_draft=case.is_draft,
        is_reworded=case.is_reworded,
        wording=request.wording,
        variant=variant_of(case),
    )


def place_of(locality: Locality) -> Place:
    """Return the jurisdiction as letters name it."""
    return Place(
        id=locality.id,
        slug=locality.slug,
        name=locality.jurisdiction.name,
        formal=locality.jurisdiction.formal or locality.jurisdiction.name,
        state_code=locality.state_code,
        state_name=locality.state_name,
    )


def author_of(case: Case) -> str:
    """Return the sender as a heading names it: `Ross Police Department, California`."""
    place, bare = place_of(case.locality), _bare(_particular_text(case, case.program.author or ""))
    agency = case.locality.agency
    if agency and agency.type == "state-agency" and bare.startswith(f"{place.state_name} "):
        return bare
    if not bare or bare in (place.name, place.formal.removeprefix("the ")):
        return place.full_name
    is_whole = bare.endswith((f", {place.state_code}", f", {place.state_name}"))
    return bare if is_whole else f"{bare}, {place.state_name}"


def self_name_of(case: Case) -> str:
    """Return what the sender calls itself after its full name: `the County`, `the Sheriff`."""
    if given := case.request.calls_itself:  # within a sentence: `the Office`, also for `The Office`
        return given if given == _bare(given) else f"the {_bare(given)}"
    place, program, signatory = place_of(case.locality), case.program, case.request.signatory
    office = signatory.office if signatory and program.author else None
    name = _particular_text(case, program.author or "") or office or place.formal
    bare = re.sub("['\u2019()]", "", name)  # some lists have `Sheriffs Office`, `(County)`
    is_state = name == place.formal and place.name == place.state_name
    words = place.formal
    for known in program.calls_itself:
        words, where = (known, known) if isinstance(known, str) else (known.words, known.where)
        if _naming(where).search(bare):
            return words
    return place.formal if is_state else words  # Guam, which no word fits


@cache
def _naming(words: str) -> re.Pattern[str]:
    """Return a pattern of what a program calls its sender, without `the` and apostrophes."""
    kind = re.sub("['\u2019]", "", words.removeprefix("the "))
    return re.compile(rf"\b{re.escape(kind)}\b", re.IGNORECASE)


def variant_of(case: Case) -> str:
    """Return the part of file names that tells letters of one jurisdiction, kind and day apart.

    Lowercase ASCII letters, digits and hyphens: `jem-ross-police-department`.
    """
    stated = (_particular_text(case, name) for name in case.program.told_apart_by)
    slugs = []
    for text in filter(None, stated):
        plain = _bare(text)
        if not plain.isascii():
            from anyascii import anyascii  # 50 ms

            plain = anyascii(plain)
        slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "").lower()).strip("-")
        if not slug or len(slug) > _LONGEST_PART:  # cut it short, with a hash behind it
            mark = sha256(text.encode()).hexdigest()[:_MARK_LENGTH]
            slug = f"{slug[:_LONGEST_PART]}-{mark}".replace("--", "-").strip("-")
        slugs.append(slug)
    return "-".join(slugs)


def distinctions(case: Case) -> tuple[tuple[str, str], ...]:
    """Return the path and text of each particular that can tell the letter from another one.

    The text is empty if the request does not state the particular.
    """
    known = (name for name in case.program.told_apart_by if name in case.kind.particulars)
    return tuple((f"particulars.{name}", _particular_text(case, name)) for name in known)


def _bare(name: str) -> str:
    return name.removeprefix("the ").removeprefix("The ")


def _particular_text(case: Case, name: str) -> str:
    """Return a particular's text, or the choices of a list in the order of its declaration."""
    value = particular_of(case, name) or ""
    if isinstance(value, str):
        return value
    return "-".join(choice for choice in case.kind.particulars[name].choices if choice in value)


def reference_of(case: Case) -> str:
    """Return the request's reference, such as `SC-06075-20100831-K7QD`.

    Its last letters change with the statement (jurisdiction, letter, date, the signatory's name and
    title, authority, particulars) and with the user's own wording, in a template or in the
    request, but never with contacts, copies, service or enclosures.
    """
    request, signatory = case.request, case.request.signatory
    stated = [
        case.locality.id,
        request.letter,
        case.date,
        [signatory.name, signatory.title] if signatory else None,
        [msgspec.structs.replace(act, file=None) for act in request.authority],
        case.particulars,
        *filter(None, [case.own_wording, request.wording, request.struck]),
    ]
    digest = sha256(msgspec.json.encode(stated, order="sorted")).digest()
    number = int.from_bytes(digest)
    tail = ""
    for _ in range(_REFERENCE_LENGTH):
        number, index = divmod(number, len(REFERENCE_LETTERS))
        tail += REFERENCE_LETTERS[index]
    return f"{case.program.code}-{case.locality.code}-{case.date:%Y%m%d}-{tail}"
