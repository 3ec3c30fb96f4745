"""Notes on letters after earlier ones: what the registers have otherwise, and second notices."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from optout_cli.authoring.follow_check import contradictions
from optout_cli.errors import OptoutError
from optout_cli.letters.library import Library
from optout_cli.register.journal import NAME
from optout_cli.register.records import load_register
from optout_cli.register.replies import Claim
from optout_cli.register.state import Identity, LetterState

_MOST = 20  # notes on a batch
_SECOND = (
    "a new date makes a second notice. If the first is wrong, keep its date and add --supersede"
    " REASON; if it has no answer, write a follow-up: optout new --follow"
)
_ByPlace = dict[str, list[LetterState]]


def contradiction_notes(
    claims: Iterable[Claim],
    states: Iterable[LetterState],
    folder: Path | None,
    library: Library,
    *,
    is_batch: bool = False,
) -> Iterator[str]:
    """Yield notes on what new letters say of earlier ones and the registers have otherwise.

    Looks in the register of `folder`, whose letters are `states`, then in that of this folder and
    those of the folders in it. With `is_batch`, names the jurisdiction, and shows the first notes.
    """
    notes = _notes(claims, states, folder, library, is_batch=is_batch)
    if not is_batch:
        yield from notes
        return
    yield from islice(notes, _MOST)
    if rest := sum(1 for _ in notes):
        yield f"note: {rest:,} more such notes on other letters"


def _notes(
    claims: Iterable[Claim],
    states: Iterable[LetterState],
    folder: Path | None,
    library: Library,
    *,
    is_batch: bool,
) -> Iterator[str]:
    registers: list[_ByPlace] = []
    for claim in claims:
        if not registers:
            registers += [_by_place(states), *_nearby(folder)]
        told = f"note: {f'{claim.name}: ' if is_batch else ''}check the letter before you sign it: "
        program = library.programs.find(claim.letter)[0]
        own = [
            letters[claim.jurisdiction] for letters in registers if claim.jurisdiction in letters
        ]
        found = (contradictions(claim, letters, program) for letters in own)
        texts = next((it for it in found if it is not None), None)
        if texts is None and own and claim.cited:
            texts = iter([f"no register here has the letter that it cites, {claim.cited}"])
        yield from (told + text for text in texts or ())


def _by_place(states: Iterable[LetterState]) -> _ByPlace:
    found: _ByPlace = defaultdict(list)
    for state in states:
        found[state.written.jurisdiction].append(state)
    return dict(found)


def _nearby(folder: Path | None) -> Iterator[_ByPlace]:
    """Yield the letters of the registers in this folder and the folders in it, but one."""
    here = Path()
    known = folder.resolve() if folder else None
    with suppress(OSError):
        for path in [here / NAME, *sorted(here.glob(f"*/{NAME}"))]:
            if path.is_file() and path.parent.resolve() != known:
                with suppress(OptoutError):  # the commands for that folder tell of it
                    yield _by_place(load_register(path.parent).states.letters.values())


def second_notes(
    letters: Iterable[Identity], states: Iterable[LetterState], library: Library
) -> Iterator[str]:
    """Yield notes on notices that their offices were sent before, with another date.

    A letter that follows another may go out as often as its writer likes.
    """
    sent = {state.identity: state for state in states if state.sent}
    by_matter = {_without_day(identity): state for identity, state in sent.items()}
    again: Counter[str] = Counter()
    for letter in letters:
        first = None if letter in sent else by_matter.get(_without_day(letter))
        if first and not library.programs.find(letter[1])[1].follows:
            days = f"the notice of {first.written.date} (sent {first.sent[-1].on})"
            again[days] += 1
    for days, count in again.items():
        of_them = f"{count:,} letter{'s' if count > 1 else ''}"
        yield f"note: these offices already have {days}: {of_them}; {_SECOND}"


def _without_day(letter: Identity) -> tuple[str, ...]:
    jurisdiction, kind, variant, _, party = letter
    return jurisdiction, kind, variant, party
