"""What to say once letters are written: notes, a summary, and what to do next with them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from optout_cli.cli.console import (
    count_of,
    path_lines,
    quote,
    speaks_json,
)
from optout_cli.cli.options import DEFAULT_LETTER
from optout_cli.cli.screen import Line
from optout_cli.exporters import exporter_for
from optout_cli.letters.notes import WHOSE, lines_of_notes
from optout_cli.model.letter import Export
from optout_cli.model.notice import Case, Notice, Route
from optout_cli.model.request import (
    MESSAGES,
    RECIPIENTS,
    Authority,
    Copy,
    Enclosure,
    Service,
    Signature,
    Way,
)
from optout_cli.programs import texts_that_hold
from optout_cli.readers.document import Document

if TYPE_CHECKING:  # the register takes 30 ms to import; a letter in a pipeline needs none
    from optout_cli.register.plan import Plan
    from optout_cli.register.state import LetterState, Register

_MARK_UP = (
    "have counsel mark up the {names} files, and put each change into the request or into your own"
    " wording; then "
)
_CHANGED = "changed after optout wrote it (a signed copy? --force replaces it)"
_SENT = "sent, and would only look different now"
_SAY_HOW = "--by certified-mail"  # the usual way, for letters whose request names none
_SENDING: dict[Way, tuple[str, str]] = {  # a letter, and so many letters
    "certified-mail": (
        "send {letter}{to} by certified mail (return receipt); keep the receipt",
        "send {count:,} letters by certified mail (return receipt); keep the receipts",
    ),
    "mail": ("mail {letter}{to}", "mail {count:,} letters"),
    "hand": (
        "have {letter}{to} delivered by hand, and a copy stamped as received",
        "have {count:,} letters delivered by hand, and a copy of each stamped as received",
    ),
    "email": (
        "e-mail {letter}{to}; keep a copy of the sent e-mail",
        "e-mail {count:,} letters; keep copies of the sent e-mails",
    ),
    "fax": (
        "fax {letter}{to}; keep the report that it went through",
        "fax {count:,} letters; keep the reports that they went through",
    ),
}
_SIGN_FAX = "print and sign {letter}, and fax the paper{to}; keep the report that it went through"

# Where letters go: to another program, or to a folder with or without a register.
Keeping = Literal["stream", "folder", "register"]


def staying_lines(plans: Iterable["Plan"], register: "Register") -> Iterator[str]:
    """Yield which files stay as they are and why, and what was changed about their letters."""
    plans, folder = [*plans], register.folder
    kept = [path for plan in plans for path in plan.kept]
    for what, is_sent in ((_CHANGED, False), (_SENT, True)):
        paths = [folder / path for path in kept if register.is_sent(path) == is_sent]
        yield from path_lines(f"kept, since it was {what}", paths)
    if paths := [folder / path for plan in plans for path in plan.outdated]:
        more = f" and {len(paths) - 1:,} more" if paths[1:] else ""
        yield (
            f"note: the data now has another address or office for"
            f" {count_of(len(paths), 'sent letter')}, which will not be changed: {paths[0]}{more};"
            " to write there too, use another date"
        )
    if texts := [*dict.fromkeys(text for plan in plans for text in plan.enclosed)]:
        more = f"; and {len(texts) - 1:,} more" if texts[1:] else ""
        yield (
            "note: a file that goes with a letter was changed, and the letter itself was not:"
            f" {texts[0]}{more}; enclose the file as it is now"
        )


def lines_on(exports: Sequence[Export], document: Document, *, in_full: bool) -> list[Line]:
    """Return each note on a request's letters once, and first how to keep the date of today."""
    first, day = [], exports[0].notice.date
    if "date" not in document.data:
        add = f"--set date={day}" if document.is_command_line else f"date: {day} to the request"
        first = [Line(f"dated today, {day}; to keep this date, add {add}")]
    notes = [note for export in exports for note in (*export.notice.notes, *export.notes)]
    told = lines_of_notes(notes, in_full=in_full or speaks_json(), before=set())
    return [*first, *(Line(f"note: {text}", code) for code, text in told)]


def summary_of(exports: Sequence[Export], *, is_new: bool) -> str:
    """Say which letters were written, or that all files were there, with the same bytes."""
    notice = exports[0].notice
    count = len({export.notice.file_name for export in exports})
    formats = ", ".join(dict.fromkeys(export.format for export in exports))
    letters = f"{count_of(count, 'letter')} of {notice.date} ({formats})"
    done = "written" if is_new else "unchanged, already written"
    return f"{done}: {letters} for {notice.author}, reference {notice.reference}"


def next_steps(
    exports: Sequence[Export], case: Case, *, keeping: Keeping, has_request: bool
) -> Iterator[str]:
    """Yield what to do with a request's letters, one step per line. They are those of `case`.

    Without a request, the command line alone said what to write.
    """
    notices = list({export.notice.file_name: export.notice for export in exports}.values())
    first = notices[0]
    if first.signatory is None:
        letter = "" if first.letter == DEFAULT_LETTER else f" --letter {first.letter}"
        new = f"say who signs, in a request: optout new {first.place.slug}{letter}"
        again = "add the signer under signatory: and run this command again"
        yield again if has_request else new
        return
    yield "read each letter"
    for recipient in [notice.recipient for notice in notices if not notice.recipient.is_confirmed]:
        contact = recipient.contact
        how = f"call {contact.phone}" if contact.phone else "find a phone number (none on file)"
        address = f"{WHOSE[recipient.party]} address: {', '.join(contact.address.lines)}"
        yield f"{how} to confirm {address}"
    if first.is_draft:
        yield "fill in what is missing, and run this command again without --draft"
        return
    formats = dict.fromkeys(export.format for export in exports)
    if marked := _to_mark_up(formats):
        yield _mark_up(marked, formats)
    if len(marked) == len(formats):
        return
    exporters = [exporter_for(name) for name in formats if name not in marked]
    is_paper = any(exporter.ROUTE is None for exporter in exporters)
    if is_paper:
        is_printed = any(exporter.IS_PRINTED for exporter in exporters)
        yield from _paper_steps(exports, notices, case, is_laid_out=is_printed)
    yield from _service_steps(exports, notices)
    if keeping != "stream":  # else there is no day to wait for yet
        yield from _last_steps(exports, notices, case, keeping, is_paper=is_paper)


def _last_steps(
    exports: Sequence[Export],
    notices: Sequence[Notice],
    case: Case,
    keeping: Keeping,
    *,
    is_paper: bool,
) -> Iterator[str]:
    """Yield how to record what went out, and when to write again.

    That is the day that `optout status` says of letters sent on their date.
    """
    # Imports the holidays, which takes 60 ms; a letter in a pipeline needs none.
    from optout_cli.letters.days import arrival_of, next_working_day

    if keeping == "register":
        is_said = all(len(notice.recipient.service) == 1 for notice in notices)
        went = f"{'they' if notices[1:] else 'it'} went out: optout sent LETTER"
        yield f"record that {went}" if is_said or not is_paper else f"record how {went} {_SAY_HOW}"
    days: dict[str, list[str]] = {}
    stated = getattr(notices[0].particulars, "reply_by", None)
    for notice in notices:
        own = (each.format for each in exports if each.notice.file_name == notice.file_name)
        arrived = min(
            arrival_of(notice.date, way) for way in _ways_of(notice.recipient.service, own)
        )
        due = next_working_day(stated or arrived + case.program.wait, notice.place.state_code)[0]
        by = f"by {'' if stated else 'about '}{due}"
        days.setdefault(by, []).append(RECIPIENTS[notice.recipient.party])
    each = [f"from {' and '.join(who)} {by}" for by, who in days.items()]
    when = ", or ".join(each) if len(each) > 1 else next(iter(days))
    yield f"if you have no answer {when}, write again, and quote the reference"


def _mark_up(marked: Sequence[str], formats: Iterable[str]) -> str:
    """Say what to do with files to mark up. All formats are made again, since all say the same."""
    names, done = [*dict.fromkeys((*formats, "pdf"))], [*formats]
    again = f"make the letters to send: run this command again with -f {','.join(names)}"
    if names == done:  # the letters to send were made too
        again = "run this command again, before you send the letters"
    return _MARK_UP.format(names=" and ".join(marked)) + again


def _to_mark_up(formats: Iterable[str]) -> list[str]:
    """Return the formats that are for counsel, and not to be sent."""
    return [name for name in formats if exporter_for(name).IS_TO_MARK_UP]


def _ways_of(service: Iterable[Service], formats: Iterable[str]) -> Sequence[Way]:
    """Return how a letter is sent: as its request says, and as its formats are.

    If the request says nothing, a letter on paper goes by certified mail.
    """
    said = [way.by for way in service]
    usual: set[Way] = {exporter_for(name).ROUTE or "certified-mail" for name in formats}
    more = (way for way in sorted(usual) if way in MESSAGES or not said)
    return tuple(dict.fromkeys((*said, *more)))


def _paper_steps(
    exports: Sequence[Export], notices: Sequence[Notice], case: Case, *, is_laid_out: bool
) -> Iterator[str]:
    """Yield how to print and sign the letters, and what goes into each envelope."""
    paper = {
        export.notice.file_name for export in exports if exporter_for(export.format).ROUTE is None
    }
    printed = [notice for notice in notices if notice.file_name in paper]
    notice = printed[0]
    letter = "each letter" if len(printed) == len(notices) else _whose(notice)
    # A letter goes by mail unless the request names only other ways.
    ways = [{service.by for service in notice.recipient.service} for notice in printed]
    mailed = sum(not names or not names <= MESSAGES for names in ways)
    if is_laid_out:
        steps = ["sign it"] if notice.signature.kind == "ink" else []
        steps += ["fold it at the two marks"] if mailed else []
        more = ("", " and {}", ", {}, and {}")[len(steps)].format(*steps)
        yield f"print {letter} single-sided on US Letter{more}"
    files = _enclosed(notice, [note.code for export in exports for note in export.notes])
    acts = [act for act in notice.authority if not act.file]
    if acts:
        named = "; ".join(f"{act.instrument} {act.number or ''}".strip() for act in acts)
        yield f"decide whether to enclose {named} (add file: under authority:)"
    if files:
        yield f"enclose with {letter}: {'; '.join(files)}"
    expected = [text for text in case.program.guide.enclose if text.always]
    if not notice.enclosures and (texts := [*texts_that_hold(expected, case)]):
        named = "; to have the letter name it, add enclosures: to the request"
        yield f"enclose with {letter}, as the guide says: {'; '.join(texts)}{named}"
    if notice.addressing == "separate" and mailed > 1:
        yield "put a copy of each letter into the other envelope too"


def _service_steps(exports: Sequence[Export], notices: Sequence[Notice]) -> Iterator[str]:
    """Yield how to send the letters and their copies: as requested, and as their formats are."""
    goes: dict[Way, list[Notice]] = {}
    routes: dict[str, list[Route | None]] = {}  # of a letter's formats
    unsigned: list[str] = []  # letters that have to be printed and signed before they are faxed
    for notice in notices:
        own = notice.file_name
        formats = [export.format for export in exports if export.notice.file_name == own]
        ways = _ways_of(notice.recipient.service, formats)
        for way in ways:
            goes.setdefault(way, []).append(notice)
        routes[own] = [exporter_for(name).ROUTE for name in formats]
        is_message = all(routes[own])
        if is_message and [*ways] == ["fax"] and notice.signature.kind == "ink":
            unsigned.append(own)
    for way, sent in goes.items():
        if way not in MESSAGES and len(sent) > 1:
            yield _SENDING[way][0].format(letter="both letters", to="")
            continue
        for notice in sent:
            to = f" to {getattr(notice.recipient.contact, way)}" if way in MESSAGES else ""
            step = _SIGN_FAX if notice.file_name in unsigned else _SENDING[way][0]
            is_made = way in routes[notice.file_name] or way != "email"
            how = "" if is_made else "; to have optout make that e-mail, add -f by-service"
            yield step.format(letter=_whose(notice), to=to) + how
    copied = (
        f"mail a copy of {'the letter' if notice.addressing == 'joint' else _whose(notice)}"
        f" to the office listed after cc: {', '.join(copy.block)}"
        for notice in notices
        for copy in notice.copies
    )
    yield from dict.fromkeys(copied)
    by_email = any("email" in own_routes for own_routes in routes.values())
    by_hand = [copy.line for copy in notices[0].cc if not (copy.email and by_email)]
    if by_hand:
        yield f"give a copy to: {'; '.join(by_hand)}"


def _whose(notice: Notice) -> str:
    return f"{WHOSE[notice.recipient.party]} letter"


def _enclosed(letter: "Notice | _Facts", codes: Collection[str]) -> list[str]:
    """Return what goes into the envelope; with the note `package`, PDFs are in the letter's own."""
    files = [act.file for act in letter.authority if act.file]
    files += [enclosure.file or enclosure.title for enclosure in letter.enclosures]
    is_package = "package" in codes
    return [name for name in files if not (is_package and name.lower().endswith(".pdf"))]


# --- the letters of many requests ---


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps follow from, of the facts that the register keeps of a letter."""

    addressing: Literal["separate", "joint"] = "separate"
    signature: Signature = Signature()
    authority: tuple[Authority, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    cc: tuple[Copy, ...] = ()


_DECODER = msgspec.json.Decoder(_Facts)


def steps_for_all(
    states: Iterable["LetterState"], paper: Path | None, folder: Path
) -> Iterator[str]:
    """Yield what to do with letters that are not sent yet; `paper` is a PDF of those to print."""
    yield "read the letters, and confirm the addresses in the notes"
    letters = [(state, _DECODER.decode(state.written.facts)) for state in states]
    if drafts := {state.id for state, _ in letters if state.written.is_draft}:
        yield f"add the signer to {count_of(len(drafts), 'request')}, then run this command again"
    signed = [(state, facts) for state, facts in letters if not state.written.is_draft]
    formats = sorted({file.format for state, _ in signed for file in state.letter.files})
    if marked := sorted(_to_mark_up(formats)):
        yield _mark_up(marked, formats)
    signed = [
        each for each in signed if any(file.format not in marked for file in each[0].letter.files)
    ]
    ways = [
        _ways_of(it.letter.service, (file.format for file in it.letter.files)) for it, _ in signed
    ]
    both = [*zip(signed, ways, strict=True)]
    mailed = [letter for letter, own in both if not MESSAGES.issuperset(own)]
    faxed = [facts for (_, facts), own in both if own == ("fax",)]
    counts = Counter(way for own in ways for way in own)
    yield from _paper_steps_for_all(mailed, faxed, paper)
    for way, (one, many) in _SENDING.items():
        if count := counts[way]:
            yield one.format(letter="1 letter", to="") if count == 1 else many.format(count=count)
    if offices := sum(len(state.letter.copies) for state, _ in signed):
        labels = f"optout labels {quote(str(folder))}"
        yield f"mail {_copies(offices)} to the offices listed after cc:; print labels with {labels}"
    people = sum(
        not (copy.email and any(file.format == "eml" for file in state.letter.files))
        for state, facts in signed
        for copy in facts.cc
    )
    if people:
        yield f"give {_copies(people)} to the people listed after cc:"
    if signed:
        due = f"optout status {quote(str(folder))} --due"
        is_open = any(not state.letter.service for state, _ in mailed)
        more = f" (add {_SAY_HOW}, since the requests do not say how)" if is_open else ""
        yield f"record what goes out with optout sent{more}; {due} says which answers are due"


def _paper_steps_for_all(
    letters: Sequence[tuple["LetterState", _Facts]], faxed: Sequence[_Facts], paper: Path | None
) -> Iterator[str]:
    """Yield how to print and sign letters that are mailed and faxed, and what to enclose."""
    printed = [
        facts
        for state, facts in letters
        if any(exporter_for(file.format).IS_PRINTED for file in state.letter.files)
    ]
    if printed:
        unsigned = sum(facts.signature.kind == "ink" for facts in printed)
        what = count_of(len(printed), "letter")
        steps = [f"print {paper}" if paper else f"print {what} single-sided on US Letter"]
        one = len(printed) == 1
        if unsigned:
            every = "it" if one else "each"
            is_all = unsigned == len(printed) and (one or not paper)
            steps.append(f"sign {every if is_all else count_of(unsigned, 'letter')}")
        comma = "," if len(steps) > 1 else ""
        fold = f"fold {'it' if one else 'each letter'} at the two marks"
        yield f"{', '.join(steps)}{comma} and {fold}"
    if unsigned := sum(facts.signature.kind == "ink" for facts in faxed):
        yield f"print and sign {count_of(unsigned, 'letter')} to be faxed"
    if acts := sum(any(not act.file for act in facts.authority) for _, facts in letters):
        named = f"the act named in {count_of(acts, 'letter')}"
        yield f"decide whether to enclose {named} (add file: under authority:)"
    if enclosing := sum(bool(_enclosed(facts, state.letter.notes)) for state, facts in letters):
        yield f"enclose what is listed in {count_of(enclosing, 'letter')}"
    separate = Counter(state.id for state, facts in letters if facts.addressing == "separate")
    if any(count > 1 for count in separate.values()):
        which = "each envelope"
        if not all(count > 1 for count in separate.values()):
            which += " of a request with two letters"
        yield f"into {which}, also put a copy of the letter to the other recipient"


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
