"""The review page: every letter of a folder with its pages as pictures, as one web page.

Takes standings, the register's lines and the letters' files; writes nothing. The page is for those
who prepare the letters: it has addresses and names, and must not be published.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from optout_cli.letters.notes import CONTACT, LAST
from optout_cli.model.jurisdiction import Address, Source
from optout_cli.model.notice import ground_of
from optout_cli.model.request import Confirmation, Copy, Service
from optout_cli.register.events import (
    Answered,
    AnyEvent,
    Delivered,
    LetterEvent,
    Returned,
    Sent,
    Withdrawn,
    Written,
    WrittenNote,
    evidence_of,
    way_words,
)
from optout_cli.register.journal import Line
from optout_cli.register.replies import facts_in_words
from optout_cli.register.returns import journey_of
from optout_cli.register.standing import Standing, settles
from optout_cli.register.state import Key, LetterState, Register
from optout_cli.register.status import is_dropped, open_step, sealed, steps_reached
from optout_cli.register.table import distinction_of, group_digits, short_place_of
from optout_cli.reports.drawings import Drawing, shown_file
from optout_cli.templating.filters import quotation
from optout_cli.templating.pages import review_page
from optout_cli.templating.templates import Templates

_MARK = re.compile(rb'<meta name="optout-review" content="([0-9a-f]*) ([0-9-]{10})">')
MOST_BYTES = 60_000_000  # of a page that still opens in about a second
_HEAD = 1_000  # bytes of a page in which its mark is
_SEVERAL = 3  # letters that have the same note; it is folded on the page
_DROPPED = "dropped"  # where a letter stands that will not go out
_CHECK = "before-signing"  # what it calls a letter that the register contradicts
_UNCONFIRMED = "unconfirmed"  # what the page calls a letter whose address nobody confirmed
_ORDER = ("state", "place", "date", "title", "distinction", "party")  # of the letters
_Facts = dict[str, Any]  # Any: what a template is filled in with


class _Contact(msgspec.Struct, frozen=True, rename="kebab"):
    """What a letter's facts say about an office."""

    attention: str | None = None
    organization: tuple[str, ...] = ()
    address: Address = Address()
    envelope: tuple[str, ...] = ()
    source: Source | None = None
    verified: date | None = None
    verified_by: str | None = None

    @property
    def block(self) -> tuple[str, ...]:
        """The full address block."""
        head = (self.attention,) if self.attention else ()
        return (*head, *self.organization, *self.address.lines)


class _Recipient(msgspec.Struct, frozen=True):
    party: str = ""
    contact: _Contact = _Contact()
    confirmed: Confirmation | None = None
    origins: dict[str, str] = {}


class _Signatory(msgspec.Struct, frozen=True):
    name: str
    title: str | None = None
    office: str | None = None


class _Told(msgspec.Struct, frozen=True):
    """What the facts of a letter say about people and offices."""

    signatory: _Signatory | None = None
    recipients: tuple[_Recipient, ...] = ()
    copies: tuple[_Contact, ...] = ()
    cc: tuple[Copy, ...] = ()


class Review(NamedTuple):
    """What the page is about; `before` is the page that it takes the place of.

    News is what was recorded on the day `since` or later, else after the page before. `warnings`
    are what is wrong with the register, and `checks` what to check in a letter before it is signed.
    """

    lines: Sequence[Line]
    today: date
    before: "Before | None"
    since: date | None
    warnings: Sequence[str]
    checks: Mapping[Key, Sequence[str]]

    @property
    def seen(self) -> int | None:
        """How many lines are not news; None if nothing is compared."""
        if self.since:
            days = (line.event.at.astimezone().date() for line in self.lines)
            return sum(day < self.since for day in days)
        if self.before is None:
            return None
        ends = ["", *(line.sha256 for line in self.lines)]
        return ends.index(self.before.end) if self.before.end in ends else None


class Before(NamedTuple):
    """An earlier page: the SHA-256 of the last line that it knew, and its day."""

    end: str
    day: date


def load_before(path: Path) -> Before | None:
    """Read what an earlier page says of itself; None if the file is not such a page."""
    with path.open("rb") as stream:
        found = _MARK.search(stream.read(_HEAD))
    return Before(found[1].decode(), date.fromisoformat(found[2].decode())) if found else None


def page_of(
    standings: Sequence[Standing],
    review: Review,
    drawings: Mapping[str, Drawing],
    templates: Templates,
) -> bytes:
    """Fill in the page. `drawings` are those of `files_of`, by the path in the folder."""
    shown = [standing for standing in standings if standing.is_shown]
    news = _news_in(review)
    notes_on = (_notes_on(standing.state, review)["notes"] for standing in shown)
    every = [note for found in notes_on for note in found if note.text]
    texts = Counter(note.text for note in every)
    letters: list[_Facts] = []
    for standing in shown:
        key = standing.state.id, standing.state.letter.recipient
        letter = _letter_of(standing, review, news.get(key, ()))
        drawing = drawings.get(letter["shown"], Drawing(trouble="no-pages"))
        letters.append(letter | drawing._asdict())
    states = Counter(letter["step"] for letter in letters)
    states["overdue"] = sum(letter["is_late"] for letter in letters)
    notes = Counter(code for letter in letters for code in letter["codes"])
    fresh = sum(bool(letter["news"]) for letter in letters)
    page = review_page(
        {
            "date": review.today,
            "end": review.lines[-1].sha256 if review.lines else "",
            "since": review.since,
            "before": review.before.day if review.before else None,
            "compares": review.seen is not None,
            "warnings": review.warnings,
            "fresh": f"{fresh:,}" if fresh else None,
            "count": f"{len(letters):,}",
            "places": sorted({letter["place"] for letter in letters}),
            "counts": {name: f"{number:,}" for name, number in states.items() if number},
            "counted_notes": sorted(notes.items()),
            "common": {note.text: note for note in every if texts[note.text] >= _SEVERAL},
            "letters": sorted(letters, key=itemgetter(*_ORDER)),
        },
        templates,
    )
    return sealed(page.encode())


def _news_in(review: Review) -> dict[Key, list[AnyEvent]]:
    """Return the events that are news, by letter, without those that a later one corrects."""
    news: defaultdict[Key, list[AnyEvent]] = defaultdict(list)
    seen = review.seen
    if seen is None:
        return news
    register = Register(review.lines)
    for digest, event in review.lines[seen:]:
        keys: list[Key] = []
        if isinstance(event, Written):
            keys = [(digest, letter.recipient) for letter in event.letters]
        elif isinstance(event, LetterEvent):
            keys = [(event.written, event.recipient)]
        for state in filter(None, map(register.named, keys)):
            news[state.id, state.letter.recipient].append(event)
    for key, found in news.items():  # what was taken back stays beside that
        own = register.named(key)
        counts = [event for events in own.news.values() for event in events] if own else []
        if not any(isinstance(event, Withdrawn) for event in found):
            happened = Sent | Delivered | Returned | Answered
            news[key] = [it for it in found if it in counts or not isinstance(it, happened)]
    return news


def _event_facts(event: AnyEvent, standing: Standing) -> _Facts:
    """Return what happened, as the page says it."""
    facts: _Facts = {"what": event.tag, "on": getattr(event, "on", None)}
    facts["why"] = getattr(event, "note", None)
    match event:
        case Answered():
            replies = standing.program.replies if standing.program else {}
            reply = replies[event.reply].label if event.reply in replies else event.reply
            details = facts_in_words(event, replies.get(event.reply))
            words = quotation([event.words])[0] if event.words else None
            facts["is_answer"] = settles(event, standing.program)
            facts |= {"reply": "; ".join((reply, *details)), "by": event.by, "words": words}
        case Sent():
            facts |= _way_facts(event)
        case Written():
            facts["why"] = event.reason
        case Withdrawn(what="written"):  # of a letter that will not go out, the day is no news
            facts |= {"on": event.on if standing.state.sent else None}
        case Withdrawn():
            facts |= {"what": "undone", "undone": event.what}
    return facts


def _way_facts(way: Sent | Service) -> _Facts:
    return {"by": way_words(way.by), "number": group_digits(way.number) if way.number else None}


def _letter_of(standing: Standing, review: Review, events: Iterable[AnyEvent]) -> _Facts:
    """Return what the page says of a letter, without its pages."""
    state, written, letter = standing.state, standing.state.written, standing.state.letter
    happened = (*journey_of(state), *state.answers)
    proofs = (proof.path for event in happened for proof in evidence_of(event))
    shown, due, step = shown_file(state), standing.answer_due, str(standing.step)
    if step == "waiting":
        step = "delivered" if state.delivered else "sent"
    program, name = standing.program, standing.next_letter
    told, notes = _facts_told(state), _notes_on(state, review)
    if told["is_unconfirmed"]:
        notes["codes"].append(_UNCONFIRMED)
    return {
        "id": f"letter-{state.id[:12]}-{letter.recipient}",
        "state": written.state,
        "place": short_place_of(standing),
        "title": standing.title,
        "distinction": distinction_of(standing),
        "party": letter.recipient,
        "date": written.date,
        "reference": written.reference,
        "step": _DROPPED if is_dropped(standing) else step,
        "is_late": bool(due and due.on < review.today),
        "news": [_event_facts(event, standing) for event in events],
        "is_out": bool(state.sent),
        "journey": [_event_facts(event, standing) for event in journey_of(state)],
        "answers": [_event_facts(event, standing) for event in state.answers],
        "replies": [event.reply for event in state.answers],
        "reason": written.reason,
        "successor": standing.after.written if standing.after and step == "superseded" else None,
        "next": open_step(standing, review.today),
        "steps_reached": steps_reached(standing, review.today),
        "next_date": ready.written.date if (ready := standing.next_ready) else None,
        "next_title": program.letters[name].title if program and name else None,
        "days": standing.milestones,
        "remarks": [it.note for it in happened if it.note and not isinstance(it, Returned)],
        "signature": standing.facts.signature.kind,
        "address": letter.address,
        "email": letter.email,
        "fax": letter.fax,
        "ways": [*map(_way_facts, letter.service)],
        "files": [*dict.fromkeys([*state.files, *proofs])],
        "formats": [*dict.fromkeys(file.format for file in state.files.values())],
        "shown": shown.path if shown else None,
        "shown_as": shown.kind if shown else None,
        **told,
        **notes,
    }


def _facts_told(state: LetterState) -> _Facts:
    """Return what the facts of a letter say: who signs, and where each address is from."""
    letter, day = state.letter, state.written.date
    told = msgspec.json.decode(state.written.facts, type=_Told)
    found = [recipient for recipient in told.recipients if recipient.party == letter.recipient]
    own = found[0] if found else _Recipient()
    confirmed: _Facts | None = None
    if own.confirmed:
        confirmed = {"by": own.confirmed.by, "date": own.confirmed.date}
    elif own.contact.verified:
        confirmed = {"by": own.contact.verified_by, "date": own.contact.verified}
    if confirmed:
        confirmed["age"] = (day - confirmed["date"]).days
    signatory = told.signatory
    names = (signatory.name, signatory.title, signatory.office) if signatory else ()
    offices = {contact.block: contact for contact in told.copies}
    offices |= {contact.envelope: contact for contact in told.copies if contact.envelope}
    parts = ("address", *(part for part in ("email", "fax") if getattr(letter, part)))
    origins = {part: _origin_of(part, own, day) for part in parts}
    return {
        "signatory": [*filter(None, names or (state.written.signatory,))],
        "origins": origins,
        "has_one_origin": all(origin == origins["address"] for origin in origins.values()),
        "confirmed": confirmed,
        "is_unconfirmed": bool(found) and confirmed is None,
        "copies": [
            {"lines": lines, "origin": _origin_of("address", office, day)}
            for lines in letter.copies
            for office in [_Recipient(contact=offices.get(lines, _Contact()))]
        ],
        "cc": [copy.line for copy in told.cc],
    }


def _origin_of(part: str, recipient: _Recipient, day: date) -> _Facts:
    """Return where a part of a contact is from, and its age in days on the letter's `day`."""
    source, age = recipient.contact.source, None
    ground = ground_of(part, recipient.origins, source)
    if ground.date and "-" in ground.date:  # a year alone gives no age
        age = (day - date.fromisoformat(f"{ground.date}-01"[:10])).days
    return {**ground._asdict(), "source": source and source.kind, "age": age}


def _notes_on(state: LetterState, review: Review) -> _Facts:
    """Return the notes on a letter, those on its words first, without that on its address.

    The page shows the source of the address itself. An older register has only the codes of notes.
    """
    party = state.letter.recipient
    checks = (
        WrittenNote(code=_CHECK, text=text) for text in review.checks.get((state.id, party), ())
    )
    own = (note for note in state.written.notes if note.recipient in (None, party))
    found = (note for note in (*checks, *own) if note.code != CONTACT)
    notes = sorted(found, key=lambda note: LAST.get(note.code, 0))
    codes = dict.fromkeys((*(note.code for note in notes), *state.letter.notes))
    codes.pop(CONTACT, None)
    untold = [WrittenNote(code=code, text="") for code in codes]
    return {"notes": notes or untold, "codes": [*codes]}
