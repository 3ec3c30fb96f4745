"""An earlier letter: its facts, and what happened to it since."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from optout_cli.exporters.json import JsonObject
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import Party
from optout_cli.register.events import Answered
from optout_cli.register.returns import is_given, on_its_way
from optout_cli.register.standing import acknowledgments_first, kinds_after_silence, settles
from optout_cli.register.state import LetterState
from optout_cli.templating.filters import quotation, the

_CITED = "notice-reference"  # the particular with the reference of the letter that this one follows


class Earlier(NamedTuple):
    """An earlier letter: its facts, and what happened to the letter to each recipient.

    `states` has a version that was sent, else the one that the facts are of, and `former` the
    versions that went out before it. `later` are letters that cite it, such as a request for an
    answer, and `newer` all that went out to its recipients since. `notice` is the letter that it
    cites itself.
    """

    facts: JsonObject
    states: tuple[LetterState, ...] = ()
    later: tuple[LetterState, ...] = ()
    notice: "Earlier | None" = None
    newer: tuple[LetterState, ...] = ()
    former: tuple[LetterState, ...] = ()

    def answers(self) -> list[Answered]:
        """Return what came back to it, or to a letter that cites it, the oldest first."""
        states = (*self.states, *self.former, *self.later)
        found = [answer for state in states for answer in state.answers]
        return sorted(found, key=lambda answer: (answer.on, answer.at))

    def followed_by(self, kind: LetterKind, program: Program) -> Iterator[LetterState]:
        """Yield the letters that came after this one, and that `kind` should follow instead."""
        own = self.facts["letter"].partition("/")[2]
        for state in self.newer:
            if state.kind in kind.follows and own in program.letters[state.kind].follows:
                yield state


def earlier_from(state: LetterState, states: Iterable[LetterState]) -> Earlier:
    """Return the request's letters that `state` is one of; `states` are all of the register."""
    all_states = tuple(states)
    facts, reference = _facts_of(state), state.written.reference
    versions: dict[Party, tuple[bool, bool, LetterState]] = {}
    for other in all_states:
        party = other.letter.recipient
        # Another command may have written the letter to the other recipient.
        is_other = party != state.letter.recipient and other.written.reference == reference
        own = other.id == state.id or is_other
        if own or (other.sent and other.identity[:-1] == state.identity[:-1]):
            version = bool(other.sent), own, other
            if party not in versions or version[:2] >= versions[party][:2]:
                versions[party] = version

    def is_newer(other: LetterState) -> bool:
        one, two = other.written, state.written
        is_alike = (  # by the same program, to the same office
            one.letter.partition("/")[0] == two.letter.partition("/")[0]
            and one.jurisdiction == two.jurisdiction
            and one.variant == two.variant
            and other.letter.recipient == state.letter.recipient
        )
        is_later = one.date >= two.date and one.at >= two.at and one.reference != reference
        return is_given(other) and is_alike and is_later

    chosen = [version for *_, version in versions.values()]
    former = [
        other
        for other in all_states
        if other.sent and other.identity[:-1] == state.identity[:-1] and other not in chosen
    ]
    own_references = {it.written.reference for it in (state, *chosen, *former)}
    cited = facts.get("particulars", {}).get(_CITED)
    notices = [other for other in all_states if other.written.reference == cited]
    return Earlier(
        facts,
        tuple(chosen),
        tuple(
            other
            for other in all_states
            # Ten times faster than to decode.
            if any(text.encode() in bytes(other.written.facts) for text in own_references)
            and _facts_of(other).get("particulars", {}).get(_CITED) in own_references
        ),
        earlier_from(notices[-1], all_states) if notices else None,
        tuple({state.identity: state for state in all_states if is_newer(state)}.values()),
        tuple(former),
    )


def _facts_of(state: LetterState) -> JsonObject:
    facts: JsonObject = msgspec.json.decode(state.written.facts)
    return facts


def _asked_again(earlier: Earlier, program: Program) -> list[LetterState]:
    """Return the letters that were given and asked for an answer to this one."""
    asking = kinds_after_silence(program)
    return [state for state in earlier.later if is_given(state) and state.kind in asking]


def _requests_of(earlier: Earlier, program: Program) -> list[JsonObject]:
    """Return the earlier requests, this letter, and those that asked again for an answer to it.

    Each recipient's letter is a request of its own, with the answer that came to it: the last one
    that a letter with these requests answers, such as a refusal, before the last one of any other
    kind, and one to the letter itself before one to a letter that cites it. If any letter of the
    request is recorded as sent, those that are not were no requests.
    """
    facts, again = earlier.facts, _asked_again(earlier, program)
    sent = {it.letter.recipient for it in earlier.states if is_given(it)}
    to_these = [answer for state in again for answer in state.answers]
    versions_sent = (*earlier.states, *earlier.former)
    to_itself = [answer for state in versions_sent for answer in state.answers]
    listing = {
        name
        for name, kind in program.letters.items()
        if any(spec.follow == "requests" for spec in kind.particulars.values())
    }
    renewing = {
        id for id, reply in program.replies.items() if listing & {row.letter for row in reply.next}
    }

    def rank(answer: Answered) -> tuple[bool, bool]:
        return answer.reply in renewing, answer in to_itself

    own = [answer for answer in earlier.answers() if answer not in to_these]
    ranked = sorted(acknowledgments_first(own, program), key=rank)
    answers = {answer.recipient: answer for answer in ranked}  # the last of each
    states = {it.letter.recipient: it for it in earlier.states}
    rows: list[tuple[JsonObject, JsonObject, LetterState | None, Answered | None]] = [
        (facts, recipient, states.get(recipient["party"]), answers.get(recipient["party"]))
        for recipient in facts["recipients"]
        if not sent or recipient["party"] in sent
    ]
    # Of several versions, one that was answered counts.
    versions = {it.identity: it for it in sorted(again, key=lambda it: bool(it.answers))}
    for state in versions.values():
        last = next(reversed(acknowledgments_first(state.answers, program)), None)
        rows += [
            (_facts_of(state), recipient, state, last)
            for recipient in _facts_of(state)["recipients"]
            if recipient["party"] == state.letter.recipient
        ]
    requests = [_request(*row, program) for row in sorted(rows, key=lambda row: row[0]["date"])]
    return [*facts.get("particulars", {}).get("earlier", []), *requests]


def asked_office(recipient: JsonObject) -> str:
    """Return a recipient of an earlier letter as in a sentence: a bureau's name has an article."""
    name = ", ".join(recipient["contact"]["organization"])
    return the(name) if recipient["party"] == "bureau" else name


def _request(
    facts: JsonObject,
    recipient: JsonObject,
    state: LetterState | None,
    answer: Answered | None,
    program: Program,
) -> JsonObject:
    """Return a request as a later letter lists it: also how it was sent, and its reference."""
    ways = [sent.by for sent in state.sent] if state else []
    ways += [service["by"] for service in recipient.get("service", [])]
    reference = state.written.reference if state else facts["reference"]
    request = {"date": facts["date"], "to": asked_office(recipient)}
    request |= omit_empty({"by": next(iter(ways), None), "reference": reference})
    if answer and settles(answer, program):
        words = answer_words(answer, program)
        request |= omit_empty({"answered": answer.on.isoformat(), "answer": words})
    return request


def answer_words(answer: Answered, program: Program) -> str | None:
    """Return the words of an answer as a letter has them: quoted, after how they were said."""
    words = " ".join(quotation([answer.words])) if answer.words else None
    reply = program.replies.get(answer.reply)
    if words and reply and reply.how and (how := answer.facts.get(reply.how)):
        words = f"{reply.asks[reply.how].labels.get(how, how)}, {words}"
    return words


def _services_in(earlier: Earlier) -> list[JsonObject]:
    """Return how the earlier letter was served: if any was sent, only what is recorded.

    What came back did not serve it.
    """
    if sent := [state for state in earlier.states if state.sent]:
        return [
            omit_empty(
                {
                    "to": state.letter.recipient,
                    "by": sending.by,
                    "number": sending.number,
                    "sent": sending.on.isoformat(),
                    "received": _receipt_day(state) if number == 0 else None,
                }
            )
            for state in sent
            for number, sending in enumerate(on_its_way(state))
        ]
    return [
        {"to": recipient["party"], **omit(service, "in-reply-to")}
        for recipient in earlier.facts["recipients"]
        for service in recipient.get("service", [])
    ]


def _receipt_day(state: LetterState) -> str | None:
    return state.delivered[-1].on.isoformat() if state.delivered else None


def omit(facts: Mapping[str, Any], key: str) -> JsonObject:
    """Leave one value out."""
    return {name: value for name, value in facts.items() if name != key}


def omit_empty(answers: JsonObject) -> JsonObject:
    """Drop empty values, also within mappings."""
    inner = {
        key: omit_empty(value) if isinstance(value, dict) else value
        for key, value in answers.items()
    }
    return {key: value for key, value in inner.items() if value}


# The facts of an earlier letter that a particular's `follow` may name, besides `particulars.x`.
FACTS: dict[str, Callable[[Earlier, Program], Any]] = {
    "asked": lambda earlier, program: [
        {"to": party, "date": day.isoformat()}  # once, also if it was corrected
        for party, day in dict.fromkeys(
            (state.letter.recipient, state.written.date) for state in _asked_again(earlier, program)
        )
    ],
    "date": lambda earlier, _: earlier.facts["date"],
    "kind": lambda earlier, _: earlier.facts["letter"].partition("/")[2],
    "received": lambda earlier, _: next(  # by ICE
        filter(None, (_receipt_day(it) for it in earlier.states if it.letter.recipient == "ice")),
        None,
    ),
    "reference": lambda earlier, _: earlier.facts["reference"],
    "requests": _requests_of,
    "service": lambda earlier, _: _services_in(earlier),
}
