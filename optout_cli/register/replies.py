"""The replies that a program declares, and what a later letter says of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.model.program import Particular, Program, Reply
from optout_cli.model.request import Party
from optout_cli.programs import particulars_type
from optout_cli.readers.document import Document, Layer, with_assignments
from optout_cli.readers.files import UNSEEN, unseen_problem
from optout_cli.readers.validate import convert
from optout_cli.register.due import settles
from optout_cli.register.events import Written
from optout_cli.register.state import LetterState

_OPTION = "--set"


def replies_to(state: LetterState, program: Program) -> dict[str, Reply]:
    """Return the replies that may come back after a letter, by id."""
    kind = state.written.letter.partition("/")[2]
    return {id: reply for id, reply in program.replies.items() if reply.fits(kind)}


def check_text(option: str, text: str) -> Problem | None:
    """Return the Problem of a character that nobody sees, or None."""
    found = UNSEEN.search(text)
    return unseen_problem(found[0], Location(option, is_command_line=True)) if found else None


def check_fact(name: str, spec: Particular, text: str) -> Problem | None:
    """Return what is wrong with the text of one fact, or None."""
    try:
        document = with_assignments(
            Document({}, (Layer(_OPTION, {}, "command-line"),)), _OPTION, {name: text}
        )
        convert(document, particulars_type({name: spec}))
    except OptoutError as error:
        return error.problems[0]
    return None


def check_facts(id: str, reply: Reply, texts: Mapping[str, str]) -> None:
    """Raise OptoutError if facts of a reply are unknown, missing or wrong."""
    raise_any(_fact_problems(id, reply, texts))


def _fact_problems(id: str, reply: Reply, texts: Mapping[str, str]) -> Iterator[Problem]:
    location = Location(_OPTION, is_command_line=True)
    for name, text in texts.items():
        if name not in reply.asks:
            hint = did_you_mean(name, reply.asks)
            yield Problem("unknown-key", f"the reply {id!r} has no fact {name!r}", location, hint)
        elif problem := check_fact(name, reply.asks[name], text):
            yield problem
    for name, spec in reply.asks.items():
        if spec.required and not texts.get(name):
            choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
            message = f"the reply {id!r} needs {name}: {spec.help}{choices}"
            yield Problem("missing-key", message, location, f"add --set {name}=...")


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
