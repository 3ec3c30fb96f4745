"""What a command says of the letters that it wrote: what to know, and what to do next."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from optout_cli.cli.console import say
from optout_cli.exporters import exporter_for
from optout_cli.model.letter import Export
from optout_cli.model.notice import Notice, Recipient
from optout_cli.model.request import Service, Way


def report_letters(exports: Sequence[Export], *, is_dated: bool, is_new: bool) -> None:
    """Print each caution once, then what was written and what to do with it.

    `is_new` False: all of it was there already, to the byte.
    """
    notice = exports[0].notice
    if not is_dated:
        day = notice.date
        say(f"dated today, {day}; to keep that date add date: {day} to the request")
    told = dict.fromkeys(
        (it.code, it.text) for export in exports for it in (*export.notice.notes, *export.notes)
    )
    for _, text in told:
        say(f"note: {text}")
    done = "written" if is_new else "unchanged, as they were written before"
    say(f"{done}: {_letters(exports)} for {notice.author}, reference {notice.reference}")
    for step in next_steps(exports):
        say(f"next: {step}")


def _letters(exports: Sequence[Export]) -> str:
    """Count what was written: `2 letters of 2026-11-20 (pdf, txt)`."""
    count = len({it.notice.name for it in exports})
    formats = ", ".join(dict.fromkeys(it.format for it in exports))
    what = "letter" if count == 1 else "letters"
    return f"{count} {what} of {exports[0].notice.date} ({formats})"


FOLLOW_UP = timedelta(30)  # after the letter's date: our choice, since no source sets a deadline


def next_steps(exports: Sequence[Export]) -> Iterator[str]:
    """Yield what to do with a request's letters, each step in one line."""
    notices = list({it.notice.name: it.notice for it in exports}.values())
    first = notices[0]
    if first.signatory is None:
        yield "write down who signs, under signatory:, and write the letters again"
        return
    yield "read each letter"
    for it in notices:
        yield from _calls(it.recipient)
    if first.is_draft:
        yield "fill in what is missing, and write the letters again without --draft"
        return
    exporters = [exporter_for(name) for name in {it.format for it in exports}]
    if any(exporter.ROUTE is None for exporter in exporters):
        is_printed = any(exporter.IS_PRINTED for exporter in exporters)
        yield from _on_paper(exports, notices, is_laid_out=is_printed)
    # How a letter goes out where the request says nothing about service: paper by certified mail.
    usual: set[Way] = {exporter.ROUTE or "certified-mail" for exporter in exporters}
    ways = [Service(by=way) for way in sorted(usual)]
    for it in notices:
        yield from _services(it.recipient, ways)
        yield from _copies(it)
    for copy in first.cc:
        if not (copy.email and "email" in usual):
            named = ", ".join(filter(None, (copy.name, copy.title, copy.organization)))
            yield f"give a copy to: {named}"
    yield _follow_up(first)


def _on_paper(
    exports: Sequence[Export], notices: Sequence[Notice], *, is_laid_out: bool
) -> Iterator[str]:
    notice, mailed = notices[0], [it for it in notices if _is_mailed(it.recipient)]
    if is_laid_out:
        steps = ["print each letter single-sided on US Letter"]
        steps += ["sign it"] if notice.signature.kind == "ink" else []
        steps += ["fold it at the two marks"] if mailed else []
        yield ", ".join(steps)
    yield from _enclosing(exports)
    if notice.addressing == "separate" and len(mailed) > 1:
        yield "put a copy of each letter into the other's envelope"


def _is_mailed(recipient: Recipient) -> bool:
    """Tell whether a letter goes in an envelope: it does where the request says nothing."""
    ways = {it.by for it in recipient.service}
    return not ways or not ways <= {"email", "fax"}


def _enclosing(exports: Sequence[Export]) -> Iterator[str]:
    """Name what goes into the envelope, but for PDFs that are printed behind the letter."""
    notice = exports[0].notice
    files = [act.file for act in notice.authority if act.file]
    files += [it.file or it.title for it in notice.enclosures]
    if any(it.code == "package" for export in exports for it in export.notes):
        files = [it for it in files if not it.lower().endswith(".pdf")]
    acts = [act for act in notice.authority if not act.file]
    if acts:
        named = "; ".join(f"{it.instrument} {it.number or ''}".strip() for it in acts)
        yield f"see whether to enclose what the letter names: {named} (file: under authority:)"
    if files:
        yield f"enclose with each letter: {'; '.join(files)}"


def _whose(recipient: Recipient) -> str:
    return "the bureau's letter" if recipient.party == "bureau" else "ICE's letter"


def _calls(recipient: Recipient) -> Iterator[str]:
    contact = recipient.contact
    if not recipient.is_confirmed:
        how = (
            f"call {contact.phone}" if contact.phone else "find a telephone number (none is known)"
        )
        yield f"{how} to confirm the address of: {', '.join(contact.block)}"


def _services(recipient: Recipient, usual: Sequence[Service]) -> Iterator[str]:
    """Yield how the letter goes out: as the request says, and as what was written is sent."""
    whose, contact = _whose(recipient), recipient.contact
    said = {it.by for it in recipient.service}
    sent = [it for it in usual if it.by in ("email", "fax") or not said]
    for service in (*recipient.service, *(it for it in sent if it.by not in said)):
        match service.by:
            case "certified-mail":
                yield f"send {whose} by certified mail, return receipt requested; keep the receipt"
            case "mail":
                yield f"mail {whose}"
            case "email":
                yield f"e-mail {whose} to {contact.email}; keep a copy of what was sent"
            case "fax":
                yield f"fax {whose} to {contact.fax}; keep the report that it went through"
            case "hand":
                yield f"have {whose} taken there, and a copy stamped as received"


def _copies(notice: Notice) -> Iterator[str]:
    for contact in notice.copies:
        to = ", ".join(contact.block)
        yield f"mail a copy of {_whose(notice.recipient)}, which names it behind cc:, to: {to}"


def _follow_up(notice: Notice) -> str:
    """Say by when to write again: after the day that the letter itself names, or a month."""
    asked = getattr(notice.particulars, "reply_by", None)
    day = asked or notice.date + FOLLOW_UP
    return f"no answer by {day}: write again, and quote the reference {notice.reference}"
