"""Which sendings of a letter came back, as ones that cannot be delivered. Pure."""

from collections.abc import Iterable
from datetime import date

from optout_cli.register.events import Answered, Delivered, LetterNews, Returned, Sent
from optout_cli.register.state import LetterState

Happened = Delivered | Returned | Answered
MEND = (  # what to do after a letter came back
    "find the right address, put it into the request, write the letter again with --supersede,"
    " and send it"
)


def match_returns(
    state: LetterState, returned: Iterable[Returned] | None = None
) -> tuple[list[Sent], list[Returned]]:
    """Return a letter's sendings that did not come back, and the returns that can be of none.

    What came back is the first sending by that way, up to that day, which may not have arrived.
    `returned` are other returns than those of the letter.
    """
    left, others = [*state.sent], []
    arrived = state.received or date.min
    for back in sorted(state.returned if returned is None else returned, key=lambda it: it.on):
        same = [sent for sent in left if sent.by == back.by and sent.on <= back.on]
        late = (sent for sent in same if sent.on > arrived)  # cannot be what arrived
        if same:
            left.remove(next(late, same[0]))
        else:
            others.append(back)
    return left, others


def on_its_way(state: LetterState) -> list[Sent]:
    """Return the sendings of a letter that did not come back, whether they arrived or not.

    Those are all if somebody answered before any of these went out: one did arrive somehow.
    """
    left, _ = match_returns(state)
    answered = min((answer.on for answer in state.answers), default=None)
    if answered is None or any(sent.on <= answered for sent in left):
        return left
    return [*state.sent]


def came_back(state: LetterState) -> Returned | None:
    """Return the last return of a letter of which nothing is on its way any more, or None."""
    is_back = bool(state.returned) and not on_its_way(state)
    # Of one day, the one that was recorded last.
    return max(reversed(state.returned), key=lambda event: event.on) if is_back else None


def is_given(state: LetterState) -> bool:
    """Tell whether a letter went out, did not come back, and was not withdrawn."""
    return bool(on_its_way(state)) and not state.is_withdrawn


def journey_of(state: LetterState) -> list[Sent | Delivered | Returned]:
    """Return each sending of a letter, its arrival and each return, by their days."""
    return sorted([*state.sent, *state.delivered, *state.returned], key=lambda event: event.on)


def contradicted_by(state: LetterState, event: LetterNews) -> list[Happened]:
    """Return what is recorded of a letter that could not be so once `event` is recorded too.

    A letter is answered from the day on which it first went out, and arrives from the day of the
    first sending that did not come back.
    """
    after = state.copy()
    after.add(event)
    known = [(id(other), first) for other, first in _impossible(state)]
    found = [other for other, first in _impossible(after) if (id(other), first) not in known]
    return [other for other in found if other is not event]


def _impossible(state: LetterState) -> list[tuple[Happened, date]]:
    """Return what cannot have happened to a letter, and the first day on which it could."""
    arrival, answer = (
        min((sent.on for sent in sendings), default=date.max)
        for sendings in (on_its_way(state), state.sent)
    )
    found: list[tuple[Happened, date]] = [(it, arrival) for it in state.delivered]
    found += [(it, answer) for it in state.answers]
    early = [(event, first) for event, first in found if event.on < first]
    return [*early, *((it, it.on) for it in match_returns(state)[1])]
