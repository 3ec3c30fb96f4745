"""Notes on a letter, printed beside it, never in it: what to do, then why."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from optout_cli.directory.names import names_another, names_state
from optout_cli.errors import shorten
from optout_cli.exporters import Options, exporter_for
from optout_cli.letters.agreements import agreement_notes, values_of
from optout_cli.letters.days import closed_notes, doubt_about
from optout_cli.model.fields import days_in
from optout_cli.model.jurisdiction import LAW_EFFECTS, LAW_SIDES, OWN_ENTRY
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case, Note, Notice, Recipient, Route, ground_of
from optout_cli.model.request import Party, Signatory
from optout_cli.programs import laws_of, particular_of, program_notes
from optout_cli.readers.document import texts_in

_PICTURES = (".heic", ".heif", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp")
_LONG_FAX = 30  # pages: more take over half an hour, and run many machines out of paper
_DOUBTFUL = ("third-party", "memory")  # kinds of source
_SIGNED_WITHIN = timedelta(days=30)  # of the letter's date; a letter dated earlier gets a note
_LONGEST_INITIALS = 4  # letters of a title that are capitals: `CAO`
_OF_OTHERS = {"police": "sheriff", "campus": "sheriff", "sheriff": "police|mayor"}  # by kind
_RECENT_YEARS = 1  # letters older than this get a note on an undated address
# Notes on the county and the program come last: they are the same for all letters. A law comes
# before the calls, which the next steps name too.
CONTACT = "contact"  # the note that says where an address is from, and how old it is
LAST = {"state-law": 1, CONTACT: 2, "period": 3, "letter": 4}
_WORD = re.compile(r"[A-Za-z]{3,}")
_FEWEST_WORDS = 3  # of a sample that nobody would type
_IS_LOCAL = re.compile(r"\b(Police|City|Town|Township|Village|Borough|Mayor)\b")
_OFFICES: Mapping[Party, str] = {"bureau": "the bureau", "ice": "ICE"}
WHOSE: Mapping[Party, str] = {"bureau": "the bureau's", "ice": "ICE's"}


def request_notes(case: Case) -> Iterator[Note]:
    """Yield what the user must know about a request, whoever receives its letters."""
    yield from _signatory_notes(case)
    yield from case.doubts
    yield from _particular_notes(case)
    yield from _place_notes(case)
    yield from agreement_notes(case)
    if case.today - case.date > _SIGNED_WITHIN:
        text = f"use the date of the signature: the letter is dated {case.date}"
        yield Note(code="antedated", text=text)
    if case.routes and case.date > case.today:
        text = f"send the letter on {case.date}: its date is in the future"
        yield Note(code="postdated", text=text)


def recipient_notes(case: Case, recipient: Recipient) -> Iterator[Note]:
    """Yield what the user must know about the letter to one recipient."""
    yield contact_note(case, recipient)
    yield from _address_notes(case, recipient)
    lines = {line.casefold() for line in recipient.contact.block}
    for copy in case.request.cc:
        named = [text for text in (copy.name, copy.title, copy.organization) if text]
        if len(named) > 1 and {text.casefold() for text in named} <= lines:
            text = f"delete {copy.line!r} from cc:, since the letter goes to that office itself"
            yield Note(code="copy-to-itself", text=text)
    if recipient.is_person and not recipient.contact.salutation:
        whose, party = WHOSE[recipient.party], recipient.party
        text = (
            f'add salutation: under recipients: {party}: to replace the "Dear Sir or Madam:" of'
            f" {whose} letter, which it has because you changed the addressee"
        )
        short = f'add salutation: under recipients: {party}:, or keep "Dear Sir or Madam:"'
        yield Note(code="greeting", text=text, short=short)


def _particular_notes(case: Case) -> Iterator[Note]:
    """Yield samples that nobody replaced, and days that may be a slip."""
    for name, particular in case.kind.particulars.items():
        texts, sample = values_of(case, name), particular.example
        # A sample of few words may be right by chance, such as `10:00 a.m.` or `section VIII`.
        is_long = len(_WORD.findall(str(sample))) >= _FEWEST_WORDS
        if particular.type in ("text", "paragraphs") and sample in texts and is_long:
            text = f"replace particulars.{name}: it is still the sample: {sample}"
            yield Note(code="sample", text=text, short=f"replace the sample in particulars.{name}")
        days = [day for day in texts if isinstance(day, date)]
        if particular.office_day:
            yield from closed_notes(days, case.locality.state_code)
        for day in days:
            if why := doubt_about(day, particular, case):
                text = f"check particulars.{name}: {day} is {why}"
                yield Note(code="odd-day", text=text)
    request = case.request
    for path, words in texts_in(
        {"wording": {**request.wording}, "particulars": request.particulars}
    ):
        for day in [day for day in days_in(words) if case.date < day <= case.today]:
            text = f"check {path}: it names {day}, which is after the letter's own date"
            yield Note(code="odd-day", text=text)


def standing_notes(case: Case) -> Iterator[Note]:
    """Yield what holds for the county and the program on the letter's date, whoever receives it."""
    period = case.program.period(case.date)
    if period and period.note:
        yield Note(code="period", text=period.note, short=period.short)
    yield from program_notes(case)
    yield from law_notes(case)


def lines_of_notes(
    notes: Iterable[Note], *, in_full: bool, before: set[Note]
) -> Iterator[tuple[str, str]]:
    """Yield the code and text of each note once, those on the request first: in a line, or in full.

    A note is shown in full once in a run: one that was shown `before` comes in one line.
    """
    ranked = sorted(dict.fromkeys(notes), key=lambda note: LAST.get(note.code, 0))
    for note in ranked:
        yield note.code, note.text if in_full and note not in before else note.line
    before.update(ranked)


def _place_notes(case: Case) -> Iterator[Note]:
    """Yield how the jurisdiction's name was read, and if the office may be of another place."""
    locality = case.locality
    signatory = None if locality.agency else case.request.signatory
    named = {"office": signatory.office, "title": signatory.title} if signatory else {}
    place = locality.jurisdiction
    own, names = place.name.rpartition(" ")[2], f"{place.name} {place.formal}"
    is_local = []  # of a city or a town, where the jurisdiction is none
    for key, text in named.items():
        kinds = ["City" if kind == "Mayor" else kind for kind in _IS_LOCAL.findall(text or "")]
        if text and kinds and own not in text and not any(kind in names for kind in kinds):
            is_local.append(f"the signatory's {key} is {text!r}")
    if locality.read_from:
        text = f"check that {locality.read_from!r} means {locality.name}"
        state = locality.state_code, locality.state_name
        if locality.agency and not names_state(locality.read_from, *state):
            text += ": another state may have one of that name"
        text += f": {is_local[0]}" if is_local else ""
        yield Note(code="read-as", text=text)
    elif is_local and not case.program.author:
        text = f"check that jurisdiction: is right: {is_local[0]}, and the"
        yield Note(code="other-place", text=f"{text} letter is that of {locality.name}")


def _signatory_notes(case: Case) -> Iterator[Note]:
    """Yield what the letterhead lacks, and who or what may be of another place."""
    signatory, check = case.request.signatory, "check that jurisdiction: is right"
    if signatory is None:
        text = "add the signer under signatory:, since each page is marked DRAFT until then"
        yield Note(code="draft", text=text)
        return
    parts = ("street", "city", "state", "zip")
    if missing := [name for name in parts if not getattr(signatory.address, name)]:
        names = " and ".join(f"{name}:" for name in missing)
        text = f"complete the letterhead: address: under signatory: has no {names}"
        if missing == [*parts]:
            text = "add address: under signatory:, since the letterhead has no address"
        yield Note(code="no-return-address", text=text)
    yield from _title_notes(case, signatory)
    agency = particular_of(case, case.program.author or "")
    bodies, place = (act.body for act in case.request.authority), case.locality.jurisdiction.name
    own_words = (case.request.calls_itself, *case.request.wording.values())
    for name in (signatory.office, *bodies, *own_words, agency):
        if name and not case.locality.agency and names_another(place, name):
            text = f"{check}: {shorten(name)!r} does not name {case.locality.name}"
            yield Note(code="other-place", text=text)
    state, own = signatory.address.state, case.locality.state_code
    if state and state != own:
        text = f"{check}: the signatory's address is in {state}, but the jurisdiction is in {own}"
        yield Note(code="other-state", text=text)


def _title_notes(case: Case, signatory: Signatory) -> Iterator[Note]:
    """Yield what the letter would say twice, and a title that is oddly typed or another body's."""
    name, title, place = signatory.name, signatory.title, case.locality.jurisdiction.name
    rank, _, rest = name.partition(" ")
    if " " in rest and rank.casefold() in re.findall(r"\w+", title.casefold()):
        text = f"write signatory.name without {rank!r}: the title {title!r} is printed below it"
        yield Note(code="title-in-name", text=text)
    head, comma, tail = title.partition(", ")
    if comma and tail.casefold() in (place.casefold(), case.locality.name.casefold()):
        text = f"write {head!r} as signatory.title: the letter says {place} beside it anyway"
        yield Note(code="place-in-title", text=text)
    if title in (title.upper(), title.lower()) and sum(map(str.isalpha, title)) > _LONGEST_INITIALS:
        text = f"check signatory.title: the letter prints {title!r} as it is typed"
        yield Note(code="odd-title", text=text)
    plain, kind = title.casefold(), (case.locality.agency and case.locality.agency.kind) or ""
    if kind in _OF_OTHERS and kind not in plain and re.search(_OF_OTHERS[kind], plain):
        text = f"check signatory.title: {title!r} may be of another body than {case.locality.name}"
        yield Note(code="odd-title", text=text)


def law_notes(case: Case) -> Iterator[Note]:
    """Yield the state's laws that bear on the letter and were, or may have been, in effect."""
    state = case.locality.state_name
    for law in laws_of(case):
        side, citation = LAW_SIDES[law.effect], law.citation.partition(" (")[0]
        text = f"ask counsel before sending: this law {side}: {law.in_words(state)}"
        effect = f"it {LAW_EFFECTS[law.effect]}, {citation}"
        short = f"ask counsel first: {state} law {side}: {effect}"
        yield Note(code="state-law", text=text, short=short)


def contact_note(case: Case, recipient: Recipient) -> Note:
    """Say what to do about a recipient's address, as `contact_text` does, and whose it is."""
    whom = _OFFICES[recipient.party]
    if not recipient.contact.organization:
        text = f"add {whom} under recipients: {recipient.party}:, since it is unknown"
        return Note(code="unknown-agency", text=text)
    if recipient.is_confirmed:
        text = f"use {WHOSE[recipient.party]} {contact_text(case, recipient)}"
    else:
        text = contact_text(case, recipient).replace("call", f"call {whom}", 1)
    return Note(code=CONTACT, text=text)


def contact_line(case: Case, recipient: Recipient) -> str:
    """Return `contact_text` with the recipient before it, as a heading."""
    return f"{_OFFICES[recipient.party].removeprefix('the ')}: {contact_text(case, recipient)}"


def contact_text(case: Case, recipient: Recipient) -> str:
    """Say where the recipient's address is from, how old it is, and whether anyone confirmed it."""
    source, confirmed = recipient.contact.source, recipient.confirmed
    if not recipient.contact.organization:
        return f"add it under recipients: {recipient.party}:, since the agency is unknown"
    ground = ground_of("address", recipient.origins, source)
    if ground.kind == "request":
        origin = f"your request ({case.date:%Y})"
    elif source is None:
        origin = "an unnamed source (undated)"
    elif ground.kind == "own":
        origin = f"{OWN_ENTRY} ({ground.date})"
    else:
        plain = source.kind.removeprefix("other-")  # "a government source"
        kind = f"doubtful ({source.kind})" if source.kind in _DOUBTFUL else plain
        article = "an" if kind[0] in "aeiou" else "a"
        origin = f"{article} {kind} source ({source.date or 'undated'})"
    if confirmed:
        return f"address from {origin}, confirmed by {confirmed.by} on {confirmed.date}"
    if recipient.contact.verified:
        by = recipient.contact.verified_by
        how = f"confirmed by {by}" if by else "confirmed"
        return f"address from {origin}, {how} on {recipient.contact.verified}"
    what = "address" if recipient.contact.address.street else "no street is known; name"
    return f"call before sending: {what} from {origin}, not confirmed"


def _address_notes(case: Case, recipient: Recipient) -> Iterator[Note]:
    """Yield addresses elsewhere, or that may not have been in use on the letter's date.

    Also lines of the user's own for the envelope that lack the ZIP code of the address.
    """
    source, year, party = recipient.contact.source, case.date.year, recipient.party
    address, own = recipient.contact.address, case.locality.state_code
    usual = (*case.locality.field_offices, recipient.office) if party == "ice" else ("bureau",)
    offices = filter(None, map(case.locality.contact_of, usual))
    late = f"find the address used at that time: {WHOSE[party]} address is"
    chosen, known = case.request.recipients.ice.office, case.locality.field_office
    if party == "ice" and chosen and known and chosen != known:
        text = f"check recipients.ice.office: the data has {known} for {case.locality.name}"
        yield Note(code="other-office", text=f"{text}, not {chosen}")
    if ground_of("address", recipient.origins, source).kind == "request":
        if address.state not in (own, *(office.address.state for office in offices)):
            text = f"check recipients.{party}.address: it is in {address.state}, the jurisdiction"
            yield Note(code="other-state", text=f"{text} in {own}")
    elif recipient.historical or source is None:
        pass
    elif source.date is None and case.today.year - year > _RECENT_YEARS:
        text = f"{late} undated, but the letter is from {year}"
        yield Note(code="undated-address", text=text)
    elif source.date and int(source.date[:4]) > year:
        text = f"{late} from {source.date[:4]}, but the letter is from {year}"
        yield Note(code="newer-address", text=text)
    correction = getattr(case.request.recipients, party)
    if correction.envelope and not any((address.zip or "")[:5] in it for it in correction.envelope):
        text = (
            f"check envelope: under recipients: {party}:, which shows another address:"
            f" the letter is addressed to {', '.join(address.lines)}"
        )
        yield Note(code="other-address", text=text)


def export_notes(letter: Letter, name: str, pages: int | None, options: Options) -> Iterator[Note]:
    """Yield what to know about a letter in the format `name`, which has so many pages."""
    exporter, notice = exporter_for(name), letter.notice
    is_package = options.with_enclosures and exporter.IS_PRINTED and exporter.ENCLOSES == "pdf"
    named = (*(act.file for act in notice.authority), *(each.file for each in notice.enclosures))
    files = [file for file in named if file]
    if exporter.IS_PRINTED:
        yield from _paper_notes(letter, pages if is_package else None)
        if pictures := [file for file in files if file.lower().endswith(_PICTURES)]:
            text = f"save as PDF, or scan as that: {', '.join(pictures)}"
            why = "only an e-mail takes a picture; a fax, a package and the proof packet do not"
            yield Note(code="enclosed-as", text=f"{text}: {why}", short=text)
    if is_package or exporter.ROUTE:  # nobody adds a sheet to a message
        taken = {"all": "", "pdf": ".pdf", "none": None}[exporter.ENCLOSES]
        missing = [file for file in files if taken is None or not file.lower().endswith(taken)]
        missing += [enclosure.title for enclosure in notice.enclosures if not enclosure.file]
        if missing:
            text = f"send these enclosures separately from the {name}: {'; '.join(missing)}"
            yield Note(code="left-out", text=text)
    if exporter.ROUTE == "fax" and pages and pages > _LONG_FAX:
        text = f"ask first whether their fax machine takes the {pages} pages of {name}"
        yield Note(code="long-fax", text=text)
    if exporter.ROUTE:
        yield from _message_notes(notice, exporter.ROUTE, exporter.SIGNATURES)


def _paper_notes(letter: Letter, pages: int | None) -> Iterator[Note]:
    """Yield an address too tall for the window, and what to print: so many pages of a package."""
    from optout_cli.engines.measure import LINES, window_lines

    party, lines = letter.notice.recipient.party, window_lines(letter.envelope)
    if lines > LINES:
        address = f"{WHOSE[party]} address"
        text = (
            f"shorten {address} with envelope: under recipients: {party}:, since it takes"
            f" {lines} lines in the envelope's window, where {LINES} are safe"
        )
        short = f"shorten {address} with envelope:, since it takes {lines} lines"
        yield Note(code="envelope", text=text, short=short)
    pdf = exporter_for("pdf")
    enclosed = [file for file in letter.attachments if file.media_type == pdf.MEDIA_TYPE]
    if pages and enclosed:
        counts = {file.name: pdf.count_pages(file.content) or 0 for file in enclosed}
        counts = {"the letter": pages - sum(counts.values()), **counts}
        counted = ", ".join(f"{name} {count}" for name, count in counts.items())
        yield Note(code="package", text=f"print {pages} pages for {_OFFICES[party]}: {counted}")


def _message_notes(notice: Notice, route: Route, signatures: Sequence[str]) -> Iterator[Note]:
    """Yield that a message counts as a copy, and that it shows no signature."""
    recipient, message = notice.recipient, {"email": "e-mail", "fax": "fax"}[route]
    if not (is_itself := recipient.service_by(route) == recipient.service):
        ways = ", ".join(dict.fromkeys(way.by for way in recipient.service))
        add = f"add by: {route} to service: {recipient.party}: if this {message}"
        why = f"the request says {ways}, so this {message} counts as a copy"
        text = f"{add} is the letter itself: {why}, and says only how it goes itself"
        yield Note(code="copy", text=text, short=f"{add} is the letter itself, not a copy")
    if notice.signatory and not notice.is_draft and notice.signature.kind not in signatures:
        is_fax = route == "fax" and is_itself
        text = "print and sign the fax, and fax the paper" if is_fax else "mail the signed letter"
        text += f", or set signature: {{kind: typed}}: this {message} shows no signature"
        yield Note(code="unsigned", text=text)
