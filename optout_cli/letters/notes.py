"""What the user is told beside a notice, never in it. Pure; the wording is the templates'."""

import re
from collections.abc import Iterator
from datetime import timedelta

from optout_cli.exporters import Exporter, count_pages, exporter_for
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Law
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case, Note, Notice, Recipient
from optout_cli.model.program import NoteWording, Period
from optout_cli.programs.conditions import laws_of, program_notes

_DOUBTFUL = ("third-party", "memory")  # kinds of source that need special care
_SIGNED_WITHIN = timedelta(days=30)  # a letter of an earlier day is told of
_RECENT_YEARS = 1  # an undated address is told of on letters older than this


def notes_for(case: Case, period: Period, recipient: Recipient) -> Iterator[Note]:
    """Yield what the user must know about one recipient's notice, most general first."""
    yield from _signatory_notes(case)
    yield from _sample_notes(case)
    if case.today - case.date > _SIGNED_WITHIN:
        yield Note(code="antedated", text=case.wording.antedated.format(date=case.date))
    if period.note:
        yield Note(code="period", text=period.note)
    yield from (Note(code="letter", text=text) for text in program_notes(case))
    yield from law_notes(case)
    yield contact_note(case, recipient)
    yield from _anachronism_notes(case, recipient)
    if recipient.is_person and not recipient.contact.salutation:
        yield Note(code="greeting", text=case.wording.greeting.format(party=recipient.party))


def _signatory_notes(case: Case) -> Iterator[Note]:
    signatory, words = case.request.signatory, case.wording
    if signatory is None:
        yield Note(code="draft", text=words.draft)
        return
    if not signatory.address.street:
        yield Note(code="no-return-address", text=words.no_return_address)
    for text in (signatory.office, *(act.body for act in case.request.authority)):
        if text and _names_another(case.locality.jurisdiction.name, text):
            blanks = {"text": text, "name": case.locality.name}
            yield Note(code="other-place", text=words.other_place.format(**blanks))
    state = signatory.address.state
    if state and state != case.locality.state_code:
        blanks = {"signatory-state": state, "state": case.locality.state_code}
        yield Note(code="other-state", text=words.other_state.format(**blanks))


def _sample_notes(case: Case) -> Iterator[Note]:
    """Tell of what a letter says as its sample had it, which by chance may be right."""
    for name, it in case.kind.particulars.items():
        value = getattr(case.particulars, name.replace("-", "_"), None)
        texts = value if isinstance(value, tuple) else (value,)
        if it.type in ("text", "paragraphs") and it.example in texts and " " in str(it.example):
            text = case.wording.sample.format(name=f"particulars.{name}", text=it.example)
            yield Note(code="sample", text=text)


def _names_another(name: str, text: str) -> bool:
    """Tell whether a text names some county, but not this one: `Kane County Board`, Cook County.

    `Board of County Commissioners` names none.
    """
    short, _, legal = name.rpartition(" ")
    names_some = re.search(rf"\b[A-Z]\S* {re.escape(legal)}\b", text)
    return bool(short and names_some) and short not in text


def law_notes(case: Case) -> Iterator[Note]:
    """Yield the state's laws that bear on the letter and were, or may have been, in effect."""
    for law in laws_of(case):
        text = law_text(law, case.locality.state_name, case.wording)
        yield Note(code="state-law", text=text)


def law_text(law: Law, state: str, words: NoteWording) -> str:
    """Say what a law asks, since when, from what kind of source."""
    wording = words.law if law.effective else words.law_undated
    text = wording.format(
        state=state,
        effect=words.law_effects[law.effect],
        about=", ".join(words.law_topics[it] for it in law.about),
        citation=law.citation,
        effective=law.effective,
        summary=law.summary,
        status=law.status or "",
        kind=law.source.kind,
        url=law.source.url or words.law_unsourced,
    )
    return " ".join(text.split())


def contact_note(case: Case, recipient: Recipient) -> Note:
    """Say of what kind and age the recipient's contact is, and whether anyone confirmed it."""
    words, source, confirmed = case.wording, recipient.contact.source, recipient.confirmed
    if not recipient.contact.organization:
        return Note(code="unknown-agency", text=words.unknown.format(party=recipient.party))
    if recipient.origins.get("address.street") == "request":
        named, age = words.from_request, f"{case.date:%Y}"
    elif source is None:
        named, age = words.unsourced, words.undated
    else:
        wording = words.doubtful if source.kind in _DOUBTFUL else words.sourced
        named = wording.format(kind=source.kind)
        age = words.dated.format(date=source.date) if source.date else words.undated
    if confirmed:
        confirmation = words.confirmed.format(by=confirmed.by, date=confirmed.date)
    elif recipient.contact.verified:
        confirmation = words.verified.format(date=recipient.contact.verified)
    else:
        confirmation = words.unconfirmed
    text = words.contact.format(
        party=recipient.party, source=named, age=age, confirmation=confirmation
    )
    return Note(code="contact", text=text)


def _anachronism_notes(case: Case, recipient: Recipient) -> Iterator[Note]:
    source, is_new = recipient.contact.source, recipient.origins.get("address.street") == "request"
    if recipient.historical or source is None or is_new:
        return
    words, year = case.wording, case.date.year
    blanks = {"party": recipient.party, "letter-year": year}
    if source.date is None and case.today.year - year > _RECENT_YEARS:
        text = words.undated_address.format(**blanks)
        yield Note(code="undated-address", text=text)
    elif source.date and int(source.date[:4]) > year:
        text = words.newer_address.format(year=source.date[:4], **blanks)
        yield Note(code="newer-address", text=text)


_PDF = "application/pdf"


def export_notes(letter: Letter, name: str, content: bytes, library: Library) -> Iterator[Note]:
    """Yield what to know of a letter in the format `name`, whose bytes are `content`."""
    exporter = exporter_for(name)
    is_package = exporter.IS_PRINTED and library.options.with_enclosures
    if exporter.IS_PRINTED:
        yield from _window_notes(letter, library)
    if is_package:
        yield from _package_notes(letter, content, library)
    if is_package or exporter.ROUTE:  # nobody adds a sheet to a message, or signs it
        yield from _left_out_notes(letter.notice, name, exporter, library)
    if exporter.ROUTE:
        yield from _unsigned_notes(letter.notice, name, exporter, library)


def _window_notes(letter: Letter, library: Library) -> Iterator[Note]:
    from optout_cli.engines.window import LINES, window_lines

    recipient = letter.notice.recipient
    lines = window_lines(letter.envelope)
    if lines > LINES:
        text = library.programs.notes.envelope.format(party=recipient.party, lines=lines)
        yield Note(code="envelope", text=text)


def _package_notes(letter: Letter, content: bytes, library: Library) -> Iterator[Note]:
    """Count the pages to print."""
    enclosed = [it for it in letter.attachments if it.media_type == _PDF]
    pages = [(it.name, count_pages("pdf", it.content) or 0) for it in enclosed]
    total = count_pages("pdf", content) or 0
    if pages:
        text = library.programs.notes.package.format(
            party=letter.notice.recipient.party,
            pages=total,
            own=total - sum(count for _, count in pages),
            enclosed=", ".join(f"{name} {count}" for name, count in pages),
        )
        yield Note(code="package", text=text)


def _left_out_notes(
    notice: Notice, name: str, exporter: Exporter, library: Library
) -> Iterator[Note]:
    """Name what the letter encloses and the file does not hold: no file, or one it cannot take."""
    files = [act.file for act in notice.authority if act.file]
    titles = [it.title for it in notice.enclosures if not it.file]
    files += [it.file for it in notice.enclosures if it.file]
    taken = {"all": "", "pdf": ".pdf", "none": None}[exporter.ENCLOSES]
    missing = [it for it in files if taken is None or not it.lower().endswith(taken)]
    if missing or titles:
        names = "; ".join([*missing, *titles])
        text = library.programs.notes.left_out.format(format=name, names=names)
        yield Note(code="left-out", text=text)


def _unsigned_notes(
    notice: Notice, name: str, exporter: Exporter, library: Library
) -> Iterator[Note]:
    is_final = notice.signatory and not notice.is_draft
    if is_final and notice.signature.kind not in exporter.SIGNATURES:
        text = library.programs.notes.unsigned.format(format=name)
        yield Note(code="unsigned", text=text)
