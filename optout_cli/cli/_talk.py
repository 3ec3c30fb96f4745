"""What a command says of the letters that it wrote: what to know, and what to do next."""

from collections.abc import Iterable, Iterator

from optout_cli.cli._shared import say
from optout_cli.model.notice import Export, Notice


def say_what_to_know(exports: Iterable[Export], *, is_dated: bool) -> None:
    """Print each caution once, then what to do with the letters."""
    exports = list(exports)
    if not is_dated:
        day = exports[0].notice.date
        say(f"dated today, {day}; to keep that date add date: {day} to the request")
    told = dict.fromkeys(
        (it.code, it.text)
        for export in exports
        for it in (*export.notice.cautions, *export.findings)
    )
    for _, text in told:
        say(f"note: {text}")
    steps = dict.fromkeys(it for export in exports for it in _next_steps(export.notice))
    for _, line in sorted(steps, key=_order):
        say(f"next: {line}")


def _order(step: tuple[int, str]) -> int:
    return step[0]


def _next_steps(notice: Notice) -> Iterator[tuple[int, str]]:
    """Yield what is left to do with one letter, each with its turn among those of all letters."""
    if notice.signatory is None:
        yield 1, "name who signs in a request, and write the letters again"
        return
    yield 1, "read each letter"
    if not (notice.recipient.confirmed or notice.recipient.contact.verified):
        yield 2, f"call to confirm the address of: {', '.join(notice.recipient.contact.block)}"
    yield 3, "print each letter, sign it, fold it at the marks"
    files = [act.file for act in notice.authority if act.file]
    files += [it.file or it.title for it in notice.enclosures]
    if files:
        yield 4, f"enclose with each letter: {'; '.join(files)}"
    if notice.addressing == "separate" and len(notice.recipients) > 1:
        yield 5, "put a copy of each letter into the other's envelope"
    for contact in notice.copies:
        yield (
            6,
            f"mail a copy of the {notice.recipient.party} letter to: {', '.join(contact.block)}",
        )
    for it in notice.cc:
        yield 7, f"give a copy to: {', '.join(filter(None, (it.name, it.title, it.organization)))}"
