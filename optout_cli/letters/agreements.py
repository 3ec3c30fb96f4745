"""What the data says of the agreement that a letter is about: its agency, models and days."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from optout_cli.directory import Directory
from optout_cli.directory.names import fold, names_another
from optout_cli.errors import OptoutError, Problem, shorten
from optout_cli.model.jurisdiction import Agreement, Locality, Source
from optout_cli.model.notice import Case, Note
from optout_cli.model.program import LetterKind
from optout_cli.programs import particular_of
from optout_cli.programs.validation import particular_from
from optout_cli.readers.document import Document, Tree, lines_to_add

_COUNTY = re.compile(r"(?:[A-Z][\w.'\u2019-]+ )+(?:County|Parish|Borough)\b")


def with_agency(
    document: Document, locality: Locality | None, kind: LetterKind, directory: Directory
) -> Document:
    """Write the agency that a request names as the data does, without the state.

    Raises OptoutError if that agency is in another state, or if the signatory's office would be the
    party, and is another county's.
    """
    given = document.data.get("particulars", {})
    names = [name for name, spec in kind.particulars.items() if spec.known == "agency"]
    if locality is None or not names or not isinstance(given, dict):
        return document
    name, own = names[0], locality.state_code
    path, text = f"particulars.{name}", given.get(name)
    if not isinstance(text, str):
        signatory = document.data.get("signatory")
        office = signatory.get("office") if isinstance(signatory, dict) else None
        if isinstance(office, str) and not locality.agency and _states(office, locality, directory):
            message = f"signatory.office {shorten(office)!r} would be the agreement's party, but"
            hint = f"correct the one that is wrong, or add {path}: the agency that signed"
            raise _elsewhere(
                f"{message} jurisdiction: is {locality.name}", "signatory.office", hint
            )
        return document
    stated = re.sub(rf",\s*({own}|{re.escape(locality.state_name)})\.?$", "", text)
    found = directory.known(f"{stated}, {own}") or directory.known(stated)
    states = _states(stated, locality, directory)
    if found and found.agency and fold(stated) in (found.slug, fold(found.agency.name)):
        is_here = found.state_code == own or fold(stated) != found.slug
        states, stated = (set(), found.agency.name) if is_here else ({found.state_code}, stated)
    if states and own not in states:
        message = f"{path} {shorten(text)!r} is in {' or '.join(sorted(states))}, not in {own}"
        raise _elsewhere(message, path, "correct the one that is wrong: agency: or jurisdiction:")
    return Document({**document.data, "particulars": {**given, name: stated}}, document.layers)


def _states(name: str, locality: Locality, directory: Directory) -> set[str]:
    """Return the states that have the county in a name, if that is another than the locality."""
    county = _COUNTY.match(name)
    if county is None or not names_another(locality.jurisdiction.name, name):
        return set()
    return directory.states_with(county[0])


def _elsewhere(message: str, path: str, hint: str) -> OptoutError:
    return OptoutError(Problem("agency-elsewhere", message, hint=hint, path=path))


def with_agreement(
    document: Document, locality: Locality | None, kind: LetterKind
) -> tuple[Document, tuple[str, ...]]:
    """Add the particulars that follow from the agency's agreements, and return their names.

    A particular of the request always stays. Raises OptoutError if the request must say which of
    several agreements it is about.
    """
    agency, given = locality and locality.agency, document.data.get("particulars", {})
    if locality is None or agency is None or not isinstance(given, dict):
        return document, ()
    chosen = _choose(document, agency.agreements, kind)
    facts = {
        "model": [agreement.model for agreement in chosen],
        "signed": [agreement.signed.isoformat() for agreement in chosen if agreement.signed],
    }
    found: dict[str, Tree] = {}
    for name, spec in kind.particulars.items():
        if name in given or spec.known is None:
            continue
        if spec.known == "agency":
            found[name] = agency.name
        elif values := facts[spec.known]:
            if len(values) == len(chosen) and (len(values) == 1 or spec.type == "list"):
                found[name] = [*values] if spec.type == "list" else values[0]
        elif spec.known == "model" and spec.required and agency.agreements:
            models = ", ".join(agreement.model for agreement in agency.agreements)
            message = f"{locality.name} has {len(agency.agreements)} agreements: {models}"
            path = f"particulars.{name}"
            several = f"; several agreements go into one letter: {name}: [{models}]"
            hint = f"{lines_to_add([path])} ({models}){several if spec.type == 'list' else ''}"
            raise OptoutError(Problem("which-agreement", message, None, hint, path, fields=(path,)))
    data = {**document.data, "particulars": {**given, **found}}
    # Without locations of their own: a problem with them is about the request's particulars.
    return Document(data, document.layers), tuple(found)


def with_party(
    document: Document, locality: Locality | None, kind: LetterKind, directory: Directory
) -> Locality | None:
    """Give a county the agreements of its agency that a request names as the party, or writes for.

    So the notes tell where the request differs from them; it states the particulars itself.
    """
    names = [name for name, spec in kind.particulars.items() if spec.known == "agency"]
    if locality is None or locality.agency or not names:
        return locality
    given = (document.data.get(key) for key in ("particulars", "signatory"))
    particulars, signatory = (group if isinstance(group, dict) else {} for group in given)
    named = particulars.get(names[0]) or signatory.get("office")
    state = locality.state_code
    for _, agency in directory.agencies_in(state, locality.id):
        if isinstance(named, str) and fold(named) == fold(agency.name):
            source = agency.source or directory.agency_source(state)
            return replace(locality, agreements=agency.agreements, agency_source=source)
    return locality


def county_notes(locality: Locality, kind: LetterKind, directory: Directory) -> Iterator[Note]:
    """Name the county's agencies in the data: one of them may be the agreement's party.

    Only letters about their agreements read the agencies.
    """
    if locality.agency or not any(spec.known for spec in kind.particulars.values()):
        return
    slugs = [slug for slug, _ in directory.agencies_in(locality.state_code, locality.id)]
    if not slugs:
        unlisted = unlisted_text(locality, directory.agency_list(locality.state_code))
        text = f"check that there is an agreement: {unlisted}"
        yield Note(code="unlisted-agreement", text=text)
    else:
        text = (
            f"say jurisdiction: {slugs[0]} to write for that agency; agencies of {locality.name} on"
            f" ICE's list: {', '.join(slugs)}"
        )
        short = f"write for the agency that signed, jurisdiction: {slugs[0]}"
        if len(slugs) > 1:
            short += f", or {len(slugs) - 1} more on ICE's list"
        yield Note(code="listed-agency", text=text, short=short)


def agreement_notes(case: Case) -> Iterator[Note]:
    """Yield what the data adds to the particulars, and where they differ from it."""
    locality = case.locality
    source, facts = locality.agency_source, case.kind.particulars
    known = {agreement.model for agreement in locality.agreements if agreement.signed}
    for name, spec in facts.items():
        days, each = values_of(case, name), values_of(case, spec.per) if spec.per else ()
        # Where the data has the day of each, a note tells which of them differs.
        if len(days) == 1 < len(each) and isinstance(days[0], date) and not known.issuperset(each):
            text = f"check particulars.{name}: the letter says {days[0]} for each {spec.per}"
            yield Note(code="odd-day", text=text)
    if source is None:
        return
    # `ICE's list; 'signed' is` -> `ICE's list of 2026-05-18 (https://...); 'signed' is`
    name, _, remark = (source.note or source.kind).partition("; ")
    where = f"{name} of {source.date or 'an unknown day'} ({source.url or 'no address'})"
    stated = [name for name in case.known if facts[name].known != "agency"]
    if stated:
        texts = (f"{name}: {', '.join(map(str, values_of(case, name)))}" for name in stated)
        remark = remark and f"; {remark}"
        own = f"; {locality.agency.note}" if locality.agency and locality.agency.note else ""
        compare = f"compare with your copy of the agreement: {', '.join(texts)}"
        text = f"{compare}, from {where}{remark}{own}"
        yield Note(code="agreement-data", text=text, short=f"{compare}{own}")
    for name in (name for name, spec in facts.items() if spec.known == "model"):
        models = {None, *(agreement.model for agreement in locality.agreements)}
        if others := [str(model) for model in values_of(case, name) if model not in models]:
            unknown = " or ".join(others)
            # A county's letter may name the agency, or an office of it signs the letter.
            agencies = [key for key, spec in facts.items() if spec.known == "agency"]
            named = (text for key in agencies for text in values_of(case, key) if text)
            office = case.request.signatory.office if case.request.signatory else None
            of_county = next(named, None) or office or locality.name
            party = locality.name if locality.agency else of_county
            short = f"check model: no agreement {unknown} of {party} is on file"
            yield Note(code="unlisted-agreement", text=f"{short}: {where}", short=short)
        for listed, stated_day in _other_days(case, name):
            head = "compare with your copy of the agreement"
            said = f"the request says that {listed.model} was signed on {stated_day}"
            text = f"{head}: {said}, and {where} says {listed.signed}"
            short = f"{head}: {listed.model} of {stated_day}, or of {listed.signed}"
            yield Note(code="other-signed", text=text, short=short)


def _other_days(case: Case, models: str) -> Iterator[tuple[Agreement, date]]:
    """Yield each agreement in the data that the request gives another day for, and that day."""
    listed = {agreement.model: agreement for agreement in case.locality.agreements}
    for name, spec in case.kind.particulars.items():
        if spec.known != "signed" or spec.per != models or name in case.known:
            continue
        days, chosen = values_of(case, name), values_of(case, models)
        for model, day in zip(chosen, days * len(chosen) if len(days) == 1 else days, strict=False):
            if model in listed and listed[model].signed not in (None, day):
                yield listed[model], day


# Any: the value of a particular, whose type the letter kind declares.
def values_of(case: Case, name: str) -> tuple[Any, ...]:
    """Return the values of a particular, also if it has only one; that may be None."""
    value = particular_of(case, name)
    return value if isinstance(value, tuple) else (value,)


def unlisted_text(locality: Locality, source: Source | None) -> str:
    """Say that a county has no agency in the list, which is of the day of its `source`."""
    day = f" of {source.date}" if source and source.date else ""
    return f"no agency of {locality.name} is on ICE's list{day}"


def _choose(
    document: Document, agreements: Sequence[Agreement], kind: LetterKind
) -> list[Agreement]:
    """Return the agreements that a request names, in its order, or the only one there is.

    Returns none if the data lacks one of them: the days of the others would change places.
    """
    given = document.data.get("particulars", {})
    names = [name for name, spec in kind.particulars.items() if spec.known == "model"]
    stated = [name for name in names if name in given]
    if not stated:
        return [*agreements] if len(agreements) == 1 else []
    try:
        models = particular_from(document, kind, stated[0])
    except OptoutError:  # reported when all particulars are read
        return []
    by_model = {agreement.model: agreement for agreement in agreements}
    found = [by_model.get(model) for model in ([models] if isinstance(models, str) else models)]
    return [agreement for agreement in found if agreement] if all(found) else []
