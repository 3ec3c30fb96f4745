"""The replies that a program declares, and what a later letter says of an earlier one. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.model.fields import Noun
from optout_cli.model.letter import Letter
from optout_cli.model.program import LetterKind, Particular, Program, Reply
from optout_cli.model.request import Party
from optout_cli.programs import particulars_type
from optout_cli.readers.document import Document, Layer, find_unseen, with_assignments
from optout_cli.readers.validate import convert
from optout_cli.register.state import LetterState

_OPTION = "--set"


def replies_to(state: LetterState, program: Program) -> dict[str, Reply]:
    """Return the replies that may come back after a letter, by id."""
    kind = state.written.letter.partition("/")[2]
    return {id: reply for id, reply in program.replies.items() if reply.fits(kind)}


def check_text(option: str, text: str) -> Problem | None:
    """Return the Problem of a character that nobody sees, or None."""
    return next(find_unseen(text, Location(option, is_command_line=True)), None)


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
    location = Location(_OPTION, is_command_line=True)
    problems: list[Problem] = []
    for name, text in texts.items():
        if name not in reply.asks:
            message, hint = f"the reply {id!r} has no fact {name!r}", did_you_mean(name, reply.asks)
            problems.append(Problem("unknown-key", message, location, hint))
        elif problem := check_fact(name, reply.asks[name], text):
            problems.append(problem)
    for name, spec in reply.asks.items():
        if spec.required and not texts.get(name):
            choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
            message = f"the reply {id!r} needs {name}: {spec.help}{choices}"
            problems.append(Problem("missing-key", message, location, f"add --set {name}=..."))
    raise_any(problems)


def office_days(reply: Reply, facts: Mapping[str, str]) -> list[date]:
    """Return the days among the facts of a reply on which offices must be open."""
    names = [name for name, spec in reply.asks.items() if spec.office_day]
    return [date.fromisoformat(facts[name]) for name in names if name in facts]


class Claim(Noun, frozen=True, kw_only=True):
    """What a new letter says of an earlier one: the reference that it cites, and its particulars.

    They are as in the JSON form.
    """

    letter: str
    jurisdiction: str
    name: str
    reference: str
    parties: tuple[Party, ...]
    cited: str | None = None
    # Any: particulars are of the types that the letter kind declares.
    particulars: dict[str, Any]


def claim_of(letters: Sequence[Letter], kind: LetterKind) -> Claim | None:
    """Return what the letters of a request say of an earlier one, or None if they follow none."""
    if not kind.follows:
        return None
    first, particulars = letters[0].notice, letters[0].facts.get("particulars", {})
    cited = (key for key, spec in kind.particulars.items() if spec.follow == "reference")
    return Claim(
        letter=first.letter,
        jurisdiction=first.place.id,
        name=f"{first.place.name}, {first.place.state_code}",
        reference=first.reference,
        parties=tuple(letter.notice.recipient.party for letter in letters),
        cited=particulars.get(next(cited, "")),
        particulars=particulars,
    )
