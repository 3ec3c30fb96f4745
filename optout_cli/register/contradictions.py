"""What a new letter says of an earlier one, against what the register has of that one. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from optout_cli.model.program import Program
from optout_cli.model.request import Party
from optout_cli.register.due import settles
from optout_cli.register.events import Written
from optout_cli.register.state import LetterState

_CITED = "notice-reference"  # the particular with the reference of the letter that this one follows
_SERVED = "served"  # the particular with the ways in which that letter went out


def contradictions(
    event: Written, states: Iterable[LetterState], program: Program | None
) -> Iterator[str]:
    """Yield in words what the register has otherwise, for each recipient of the new letter.

    A letter that asks for an answer is one that the program names where nothing came back.
    """
    # Any: particulars are of the types that the letter kind declares.
    facts: dict[str, Any] = msgspec.json.decode(event.facts).get("particulars", {})
    if not (cited := facts.get(_CITED)):
        return
    replies = program.replies.values() if program else ()
    silent = {row.letter for reply in replies if reply.silence for row in reply.next}
    asks = event.letter.partition("/")[2] in silent
    wanted = {letter.recipient for letter in event.letters}
    for state in states:
        party = state.letter.recipient
        if state.written.reference != cited or party not in wanted:
            continue
        if not state.sent:
            yield f"{cited} to {party} is not recorded as sent"
        for answer in state.answers if asks else ():
            if settles(answer, program):
                yield f"{cited} to {party} was answered on {answer.on} ({answer.reply})"
        yield from _other_receipts(cited, party, facts.get(_SERVED, []), state)


# Any: as above.
def _other_receipts(
    cited: str, party: Party, served: list[dict[str, Any]], state: LetterState
) -> Iterator[str]:
    days = {way["received"] for way in served if way.get("to") == party and way.get("received")}
    recorded = {receipt.on.isoformat() for receipt in state.delivered}
    if days - recorded:
        told = f"was received on {', '.join(sorted(days))}"
        has = f"says {', '.join(recorded)}" if recorded else "has no such day"
        yield f"the letter says that {cited} to {party} {told}; the register {has}"
