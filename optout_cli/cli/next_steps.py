"""What a command says after it wrote letters: notes, a summary, and what to do next."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from optout_cli.cli.console import say
from optout_cli.exporters import exporter_for
from optout_cli.model.letter import Export
from optout_cli.model.notice import Notice
from optout_cli.model.program import FOLLOW_UP
from optout_cli.model.request import Service, Way

MESSAGES: frozenset[Way] = frozenset(("email", "fax"))  # ways in which nothing goes out on paper


def report_letters(exports: Sequence[Export], *, is_dated: bool, is_new: bool) -> None:
    """Print each note once, then what was written and what to do with it.

    `is_new` is False if all files were there before, with the same bytes.
    """
    notice = exports[0].notice
    if not is_dated:
        day = notice.date
        say(f"dated today, {day}; to keep this date, add date: {day} to the request")
    notes = [note for export in exports for note in (*export.notice.notes, *export.notes)]
    for _, text in dict.fromkeys((note.code, note.text) for note in notes):
        say(f"note: {text}")
    count = len({export.notice.name for export in exports})
    formats = ", ".join(dict.fromkeys(export.format for export in exports))
    letters = f"{count} letter{'s' if count > 1 else ''} of {notice.date} ({formats})"
    done = "written" if is_new else "unchanged, already written"
    say(f"{done}: {letters} for {notice.author}, reference {notice.reference}")
    for step in next_steps(exports):
        say(f"next: {step}")


def next_steps(exports: Sequence[Export]) -> Iterator[str]:
    """Yield what to do with a request's letters, one step per line."""
    notices = list({export.notice.name: export.notice for export in exports}.values())
    first = notices[0]
    if first.signatory is None:
        yield "add the signer under signatory: and run this command again"
        return
    yield "read each letter"
    recipients = [notice.recipient for notice in notices if not notice.recipient.is_confirmed]
    for contact in (recipient.contact for recipient in recipients):
        how = f"call {contact.phone}" if contact.phone else "find a phone number (none on file)"
        yield f"{how} to confirm this address: {', '.join(contact.block)}"
    if first.is_draft:
        yield "fill in what is missing, and run this command again without --draft"
        return
    exporters = [exporter_for(name) for name in {export.format for export in exports}]
    if any(exporter.ROUTE is None for exporter in exporters):
        is_printed = any(exporter.IS_PRINTED for exporter in exporters)
        yield from _paper_steps(exports, notices, is_laid_out=is_printed)
    for notice in notices:
        own = {export.format for export in exports if export.notice.name == notice.name}
        yield from _service_steps(notice, own)
    routes = {exporter.ROUTE for exporter in exporters}
    for copy in first.cc:
        if not (copy.email and "email" in routes):
            named = ", ".join(filter(None, (copy.name, copy.title, copy.organization)))
            yield f"give a copy to: {named}"
    # The day that the letter itself names, if it does.
    day = getattr(first.particulars, "reply_by", None) or first.date + timedelta(FOLLOW_UP)
    yield f"if you have no answer by {day}, write again and quote the reference {first.reference}"


def ways_of(service: Iterable[Service], formats: Iterable[str]) -> Sequence[Way]:
    """Return how a letter is sent: as its request says, and as its formats are.

    If the request says nothing, a letter on paper goes by certified mail.
    """
    said = [each.by for each in service]
    usual: set[Way] = {exporter_for(name).ROUTE or "certified-mail" for name in formats}
    more = (way for way in sorted(usual) if way in MESSAGES or not said)
    return tuple(dict.fromkeys((*said, *more)))


def _paper_steps(
    exports: Sequence[Export], notices: Sequence[Notice], *, is_laid_out: bool
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
    if notice.addressing == "separate" and mailed > 1:
        yield "put a copy of each letter into the other envelope too"


def _service_steps(notice: Notice, formats: Collection[str]) -> Iterator[str]:
    """Yield how to send a letter and its copies: as the request says, and as its formats are."""
    recipient, contact = notice.recipient, notice.recipient.contact
    whose = "the bureau's letter" if recipient.party == "bureau" else "ICE's letter"
    for way in ways_of(recipient.service, formats):
        match way:
            case "certified-mail":
                yield f"send {whose} by certified mail, return receipt requested; keep the receipt"
            case "mail":
                yield f"mail {whose}"
            case "email":
                yield f"e-mail {whose} to {contact.email}; keep a copy of the sent e-mail"
            case "fax":
                yield f"fax {whose} to {contact.fax}; keep the report that it went through"
            case "hand":
                yield f"have {whose} delivered by hand, and a copy stamped as received"
    for copy in notice.copies:
        yield f"mail a copy of {whose} to the office listed after cc: {', '.join(copy.block)}"
