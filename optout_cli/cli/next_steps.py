"""What to do with letters once they are written, in words: confirm, print, sign, send, wait."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Literal

from optout_cli.cli.console import program_name
from optout_cli.cli.options import DEFAULT_LETTER
from optout_cli.exporters import Exporter, exporter_for
from optout_cli.model.letter import Export
from optout_cli.model.notice import Case, Notice
from optout_cli.model.program import FOLLOW_UP
from optout_cli.model.request import Service, Way
from optout_cli.programs import texts_that_hold

MARK_UP = (
    "have counsel mark up the {names} files, and put each change into the request or into your own"
    " wording; then make the letters to send: run this command again with -f pdf"
)
SAY_HOW = "--by certified-mail"  # the usual way, for letters whose request names none
MESSAGES: frozenset[Way] = frozenset(("email", "fax"))  # ways in which nothing goes out on paper
_SENDING: dict[Way, str] = {
    "certified-mail": "send {letter} by certified mail, return receipt requested; keep the receipt",
    "mail": "mail {letter}",
    "hand": "have {letter} delivered by hand, and a copy stamped as received",
    "email": "e-mail {letter} to {contact.email}; keep a copy of the sent e-mail",
    "fax": "fax {letter} to {contact.fax}; keep the report that it went through",
}


# Where letters go: to another program, or to a folder with or without a register.
Keeping = Literal["stream", "folder", "register"]


def next_steps(
    exports: Sequence[Export], case: Case, *, keeping: Keeping, has_request: bool = True
) -> Iterator[str]:
    """Yield what to do with a request's letters, one step per line. They are those of `case`.

    Without a request, the command line alone said what to write.
    """
    notices = list({export.notice.name: export.notice for export in exports}.values())
    first = notices[0]
    if first.signatory is None:
        letter = "" if first.letter == DEFAULT_LETTER else f" --letter {first.letter}"
        new = f"say who signs, in a request: {program_name()} new {first.place.slug}{letter}"
        again = "add the signer under signatory: and run this command again"
        yield again if has_request else new
        return
    yield "read each letter"
    yield from _confirm_steps(notices)
    if first.is_draft:
        yield "fill in what is missing, and run this command again without --draft"
        return
    formats = dict.fromkeys(export.format for export in exports)
    if marked := to_mark_up(formats):
        yield MARK_UP.format(names=" and ".join(marked))
    if len(marked) == len(formats):
        return
    exporters = [exporter_for(name) for name in formats if name not in marked]
    if any(exporter.ROUTE is None for exporter in exporters):
        is_printed = any(exporter.IS_PRINTED for exporter in exporters)
        yield from _paper_steps(exports, notices, case, is_laid_out=is_printed)
    yield from _service_steps(exports, notices)
    by_email = any(exporter.ROUTE == "email" for exporter in exporters)
    for copy in [copy for copy in first.cc if not (copy.email and by_email)]:
        named = ", ".join(filter(None, (copy.name, copy.title, copy.organization)))
        yield f"give a copy to: {named}"
    if keeping != "stream":  # else there is no day to wait for yet
        yield from _last_steps(notices, exporters, has_register=keeping == "register")


def _last_steps(
    notices: Sequence[Notice], exporters: Sequence[Exporter], *, has_register: bool
) -> Iterator[str]:
    """Yield how to record what went out, if the request does not say it, and when to write again.

    `exporters` are those of the formats that go out.
    """
    # Imports the holidays, which takes 60 ms; a letter in a pipeline needs none.
    from optout_cli.letters.working_days import next_working_day

    is_paper = any(exporter.ROUTE is None for exporter in exporters)
    is_said = all(notice.recipient.service for notice in notices)
    if is_paper and has_register and not is_said:
        how = f"{program_name()} sent LETTER {SAY_HOW}"
        yield f"record how they went out, since the request does not say it: {how}"
    # The day that the letter itself names, if it does.
    first = notices[0]
    day = getattr(first.particulars, "reply_by", None) or first.date + timedelta(FOLLOW_UP)
    day = next_working_day(day, first.place.state_code)[0]
    yield f"if you have no answer by {day}, write again and quote the reference {first.reference}"


def _confirm_steps(notices: Sequence[Notice]) -> Iterator[str]:
    """Yield how to confirm each address that nobody confirmed."""
    for recipient in [notice.recipient for notice in notices if not notice.recipient.is_confirmed]:
        contact = recipient.contact
        how = f"call {contact.phone}" if contact.phone else "find a phone number (none on file)"
        whose = "the bureau's" if recipient.party == "bureau" else "ICE's"
        yield f"{how} to confirm {whose} address: {', '.join(contact.address.lines)}"


def to_mark_up(formats: Iterable[str]) -> list[str]:
    """Return the formats that are for counsel, and not to be sent."""
    return [name for name in formats if exporter_for(name).IS_TO_MARK_UP]


def ways_of(service: Iterable[Service], formats: Iterable[str]) -> Sequence[Way]:
    """Return how a letter is sent: as its request says, and as its formats are.

    If the request says nothing, a letter on paper goes by certified mail.
    """
    said = [each.by for each in service]
    usual: set[Way] = {exporter_for(name).ROUTE or "certified-mail" for name in formats}
    more = (way for way in sorted(usual) if way in MESSAGES or not said)
    return tuple(dict.fromkeys((*said, *more)))


def _paper_steps(
    exports: Sequence[Export], notices: Sequence[Notice], case: Case, *, is_laid_out: bool
) -> Iterator[str]:
    """Yield how to print and sign the letters, and what goes into each envelope."""
    notice = notices[0]
    # A letter goes by mail unless the request names only other ways.
    ways = [{service.by for service in notice.recipient.service} for notice in notices]
    mailed = sum(not names or not names <= MESSAGES for names in ways)
    if is_laid_out:
        steps = ["print each letter single-sided on US Letter"]
        steps += ["sign it"] if notice.signature.kind == "ink" else []
        steps += ["fold it at the two marks"] if mailed else []
        yield ", ".join(steps)
    files = [act.file for act in notice.authority if act.file]
    files += [enclosure.file or enclosure.title for enclosure in notice.enclosures]
    if any(note.code == "package" for export in exports for note in export.notes):
        files = [name for name in files if not name.lower().endswith(".pdf")]  # in the letter's PDF
    acts = [act for act in notice.authority if not act.file]
    if acts:
        named = "; ".join(f"{act.instrument} {act.number or ''}".strip() for act in acts)
        yield f"decide whether to enclose {named} (add file: under authority:)"
    if files:
        yield f"enclose with each letter: {'; '.join(files)}"
    expected = [text for text in case.program.guide.enclose if text.always]
    if not notice.enclosures and (texts := [*texts_that_hold(expected, case)]):
        named = "; to have the letter name it, add enclosures: to the request"
        yield f"enclose with each letter, as the guide says: {'; '.join(texts)}{named}"
    if notice.addressing == "separate" and mailed > 1:
        yield "put a copy of each letter into the other envelope too"


def _service_steps(exports: Sequence[Export], notices: Sequence[Notice]) -> Iterator[str]:
    """Yield how to send the letters and their copies: as requested, and as their formats are."""
    goes: dict[Way, list[Notice]] = {}
    for notice in notices:
        formats = [export.format for export in exports if export.notice.name == notice.name]
        for way in ways_of(notice.recipient.service, formats):
            goes.setdefault(way, []).append(notice)
    for way, sent in goes.items():
        if way not in MESSAGES and len(sent) > 1:
            yield _SENDING[way].format(letter="both letters", contact=None)
            continue
        for notice in sent:
            contact = notice.recipient.contact
            yield _SENDING[way].format(letter=_whose(notice), contact=contact)
    copied = (
        f"mail a copy of {'the letter' if notice.addressing == 'joint' else _whose(notice)}"
        f" to the office listed after cc: {', '.join(copy.block)}"
        for notice in notices
        for copy in notice.copies
    )
    yield from dict.fromkeys(copied)


def _whose(notice: Notice) -> str:
    return "the bureau's letter" if notice.recipient.party == "bureau" else "ICE's letter"
