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
    sent: Iterable[Sent], returned: Iterable[Returned]
) -> tuple[list[Sent], list[Returned]]:
    """Return the sendings that did not come back, and the returns that can be of no sending.

    What came back is the first sending by that way, up to that day.
    """
    left, others = [*sent], []
    for back in sorted(returned, key=lambda event: event.on):
        same = (it for it in left if it.by == back.by and it.on <= back.on)
        if found := next(same, None):
            left.remove(found)
        else:
            others.append(back)
    return left, others


def on_its_way(state: LetterState) -> list[Sent]:
    """Return the sendings of a letter that did not come back, whether they arrived or not.

    Those are all if each came back, but somebody answered: one did arrive somehow.
    """
    left, _ = match_returns(state.sent, state.returned)
    return left or ([*state.sent] if state.answers_as_recorded else [])


def came_back(state: LetterState) -> Returned | None:
    """Return the last return of a letter of which nothing is on its way any more, or None."""
    is_back = bool(state.returned) and not on_its_way(state)
    return max(state.returned, key=lambda event: event.on) if is_back else None


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
    return [*early, *((it, it.on) for it in match_returns(state.sent, state.returned)[1])]
