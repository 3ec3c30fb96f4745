"""What to do with the letters of a batch: the steps that `write` names, each with how many letters.

Reads what the register says of the letters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from optout_cli.cli.console import quote
from optout_cli.cli.write import MESSAGES, ways_of
from optout_cli.exporters import exporter_for
from optout_cli.model.request import Authority, Copy, Enclosure, Signature, Way
from optout_cli.register.state import LetterState

# What to do with so many letters that go out in each way, and with one.
_SENDING: dict[Way, tuple[str, str]] = {
    "certified-mail": (
        "send {} letters by certified mail, return receipt requested; keep the receipts",
        "send {} letter by certified mail, return receipt requested; keep the receipt",
    ),
    "mail": ("mail {} letters", "mail {} letter"),
    "hand": (
        "have {} letters delivered by hand, and a copy of each stamped as received",
        "have {} letter delivered by hand, and a copy stamped as received",
    ),
    "email": (
        "e-mail {} letters; keep copies of the sent e-mails",
        "e-mail {} letter; keep a copy of the sent e-mail",
    ),
    "fax": (
        "fax {} letters; keep the reports that they went through",
        "fax {} letter; keep the report that it went through",
    ),
}


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps follow from, of the facts that the register keeps of a letter."""

    addressing: Literal["separate", "joint"] = "separate"
    signature: Signature = Signature()
    authority: tuple[Authority, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    cc: tuple[Copy, ...] = ()


_DECODER = msgspec.json.Decoder(_Facts)


def steps_for_all(states: Iterable[LetterState], paper: Path | None, folder: Path) -> Iterator[str]:
    """Yield what to do with letters that are not sent yet; `paper` is a PDF of those to print."""
    yield "read the letters, and confirm the addresses in the notes"
    letters = [(state, _DECODER.decode(state.written.facts)) for state in states]
    drafts = [state for state, _ in letters if state.written.is_draft]
    if drafts:
        count = len({state.id for state in drafts})
        rows = f"{count:,} request{'' if count == 1 else 's'}"
        yield f"add the signer to {rows}, then run this command again"
    signed = [(state, facts) for state, facts in letters if not state.written.is_draft]
    ways = [_ways_of(state) for state, _ in signed]
    mailed = [
        letter for letter, own in zip(signed, ways, strict=True) if not MESSAGES.issuperset(own)
    ]
    yield from _paper_steps(mailed, paper)
    counts = Counter(way for own in ways for way in own)
    for way, (many, one) in _SENDING.items():
        if count := counts[way]:
            yield (one if count == 1 else many).format(f"{count:,}")
    offices = sum(len(state.letter.copies) for state, _ in signed)
    if offices:
        labels = f"optout labels {quote(str(folder))}"
        yield f"mail {_copies(offices)} to the offices listed after cc:; print labels with {labels}"
    if people := sum(len(facts.cc) for _, facts in signed):
        yield f"give {_copies(people)} to the people listed after cc:"
    if signed:
        due = f"optout status {quote(str(folder))} --due"
        yield f"record with optout sent what goes out; {due} says which answers are due"


def _ways_of(state: LetterState) -> Sequence[Way]:
    return ways_of(state.letter.service, {file.format for file in state.letter.files})


def _paper_steps(
    letters: Sequence[tuple[LetterState, _Facts]], paper: Path | None
) -> Iterator[str]:
    """Yield how to print and sign the letters that go out on paper, and what to enclose."""
    printed = [
        facts
        for state, facts in letters
        if any(exporter_for(file.format).IS_PRINTED for file in state.letter.files)
    ]
    if printed:
        unsigned = sum(facts.signature.kind == "ink" for facts in printed)
        what = f"{len(printed):,} letter{'' if len(printed) == 1 else 's'}"
        steps = [f"print {paper}" if paper else f"print {what} single-sided on US Letter"]
        steps += [f"sign {unsigned:,}"] if unsigned else []
        yield ", ".join([*steps, f"fold {'it' if len(printed) == 1 else 'each'} at the two marks"])
    acts = sum(any(not act.file for act in facts.authority) for _, facts in letters)
    if acts:
        what = f"{acts:,} letter{' names' if acts == 1 else 's name'}"
        yield f"decide whether to enclose the act that {what} (add file: under authority:)"
    enclosing = sum(_has_enclosures(state, facts) for state, facts in letters)
    if enclosing:
        what = f"{enclosing:,} letter{' lists' if enclosing == 1 else 's list'}"
        yield f"enclose what {what}"
    separate = Counter(state.id for state, facts in letters if facts.addressing == "separate")
    if any(count > 1 for count in separate.values()):
        yield "put a copy of each letter to one recipient into the other recipient's envelope too"


def _has_enclosures(state: LetterState, facts: _Facts) -> bool:
    """Tell whether anything goes into the envelope that is not in the letter's own PDF."""
    files = [act.file for act in facts.authority if act.file]
    files += [enclosure.file or enclosure.title for enclosure in facts.enclosures]
    is_package = "package" in state.letter.notes
    return any(not (is_package and name.lower().endswith(".pdf")) for name in files)


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
