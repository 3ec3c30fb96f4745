"""The addresses for which a letter has no window: those of copies. Reads the register's letters."""

from collections.abc import Iterable

import msgspec

from optout_cli.engines.measure import lines_taken
from optout_cli.errors import Location, Problem, raise_any
from optout_cli.model.letter import Mailing, MailingForm
from optout_cli.model.request import Copy, Signatory
from optout_cli.register.state import LetterState

# The width and height of an address in points, its sizes, the usual one first, and the line height.
_ROOM: dict[MailingForm, tuple[float, float, tuple[float, ...], float]] = {
    "envelopes": (331.2, 125, (12, 11, 10), 1.25),
    "labels": (171.7, 65, (9, 8, 7), 1.1),
}


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts of a letter say about who sends it, and about people who get a copy."""

    cc: tuple[Copy, ...] = ()
    signatory: Signatory | None = None


class Mailings(msgspec.Struct, frozen=True):
    """What to print, each address once; `without` are those behind cc: who have no address."""

    mailings: tuple[Mailing, ...]
    without: tuple[str, ...]


def mailings_of(states: Iterable[LetterState], *, with_recipients: bool) -> Mailings:
    """Return the addresses of the offices that get copies, and with choice of the recipients."""
    found: list[Mailing] = []
    without: list[str] = []
    for state in states:
        facts = msgspec.json.decode(state.written.facts, type=_Facts)
        sender = _sender_of(state.written.name, facts.signatory)
        blocks = [*state.letter.copies]
        if with_recipients:
            blocks.insert(0, state.letter.address)
        found += (Mailing(sender, block) for block in blocks)
        without += (
            ", ".join(filter(None, (copy.name, copy.title, copy.organization))) for copy in facts.cc
        )
    return Mailings(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(without)))


def _sender_of(name: str, signatory: Signatory | None) -> tuple[str, ...]:
    if signatory is None:
        return (name,)
    return (signatory.office or signatory.title, name, *signatory.address.lines)


def fitted(mailings: Iterable[Mailing], form: MailingForm) -> tuple[Mailing, ...]:
    """Give each address the size in which it fits. Raises OptoutError for those that never do."""
    found = [msgspec.structs.replace(mailing, size=_size(mailing, form)) for mailing in mailings]
    hint = "print --envelopes instead" if form == "labels" else "write this one by hand"
    raise_any(
        Problem("tall-mailing", "has more lines than fit", Location(mailing.address[0]), hint)
        for mailing in found
        if not mailing.size
    )
    return tuple(found)


def _size(mailing: Mailing, form: MailingForm) -> float:
    """Return the largest size in which an address fits, or 0."""
    width, height, sizes, lead = _ROOM[form]
    for size in sizes:
        lines = sum(lines_taken(line, width, size) for line in mailing.address)
        if lines * size * lead <= height:
            return size
    return 0
