"""Which sendings of a letter came back, as ones that cannot be delivered. Pure."""

from optout_cli.register.events import Returned, Sent
from optout_cli.register.state import LetterState

MEND = (  # what to do after a letter came back
    "find the right address, put it into the request, write the letter again with --supersede,"
    " and send it"
)


def on_its_way(state: LetterState) -> list[Sent]:
    """Return the sendings of a letter that did not come back, whether they arrived or not.

    The way of a sending may have been corrected since it came back.
    """
    left = [*state.sent]
    for back in state.returned:
        found = [sent for sent in left if sent.on <= back.on]
        if same := [sent for sent in found if sent.by == back.by] or found:
            left.remove(same[0])
    return left


def came_back(state: LetterState) -> Returned | None:
    """Return the last return of a letter of which nothing is on its way any more, or None.

    What was answered did arrive somehow.
    """
    is_back = bool(state.returned) and not (on_its_way(state) or state.answers_as_recorded)
    return state.returned[-1] if is_back else None


def is_given(state: LetterState) -> bool:
    """Tell whether a letter went out, did not come back, and was not withdrawn."""
    return bool(on_its_way(state)) and not state.is_withdrawn
