"""An earlier letter -> the first answers of a request that follows it.

Takes what the earlier letter stated, who received it, and what happened to it since. Never takes
its wording, nor who signed it: that may be somebody else now.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from optout_cli.authoring.request_writer import Answers
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.compose import party_of
from optout_cli.letters.library import Library
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import PARTIES, Party
from optout_cli.readers.files import MAX_BYTES, read_bytes
from optout_cli.register.events import Answered
from optout_cli.register.standing import kinds_after_silence, settles
from optout_cli.register.state import LetterState
from optout_cli.templating.filters import quotation

# A JSON object. Any: its values have the many shapes of the model.
_Facts = dict[str, Any]
_SCHEMA = 1
_NEEDED = ("letter", "date", "reference", "place", "recipient", "recipients")
_LETTER = Location("--letter", is_command_line=True)
_KEPT = (
    "addressing",
    "calls-itself",
    "cc",
    "ori",
    "leave-out",
)  # the same in the new request
_FROM_REQUEST = "request"  # the origin of a value that the request corrected
_CITED = "notice-reference"  # the particular with the reference of the letter that this one follows


class Former(NamedTuple):
    """An earlier letter: its facts, and what happened to the letter to each recipient.

    `states` has a version that was sent, else the one that the facts are of. `later` are letters
    that cite it, such as a request for an answer. `notice` is the letter that it cites itself.
    """

    facts: _Facts
    states: tuple[LetterState, ...] = ()
    later: tuple[LetterState, ...] = ()
    notice: "Former | None" = None

    @property
    def signatory(self) -> Answers | None:
        """Who signed it, as in a request."""
        signatory: Answers | None = self.facts.get("signatory")
        return signatory

    def answers(self) -> list[Answered]:
        """Return what came back to it, or to a letter that cites it, the oldest first."""
        found = [answer for state in (*self.states, *self.later) for answer in state.answers]
        return sorted(found, key=lambda answer: (answer.on, answer.at))


def former_from(state: LetterState, states: Iterable[LetterState]) -> Former:
    """Return the request's letters that `state` is one of; `states` are all of the register."""
    all_states = tuple(states)
    facts = _facts_of(state)
    versions: dict[Party, tuple[bool, bool, LetterState]] = {}
    for other in all_states:
        own, party = other.id == state.id, other.letter.recipient
        if own or (other.sent and other.identity[:-1] == state.identity[:-1]):
            version = bool(other.sent), own, other
            if party not in versions or version[:2] >= versions[party][:2]:
                versions[party] = version
    reference, cited = state.written.reference, facts.get("particulars", {}).get(_CITED)
    notices = [other for other in all_states if other.written.reference == cited]
    return Former(
        facts,
        tuple(version for *_, version in versions.values()),
        tuple(
            other
            for other in all_states
            if reference.encode() in bytes(other.written.facts)  # ten times faster than to decode
            and _facts_of(other).get("particulars", {}).get(_CITED) == reference
        ),
        former_from(notices[-1], all_states) if notices else None,
    )


def _facts_of(state: LetterState) -> _Facts:
    facts: _Facts = msgspec.json.decode(state.written.facts)
    return facts


def former_from_json(path: str) -> Former:
    """Read the JSON form of a letter. Raises OptoutError where the file is something else."""
    hint = (
        "name a file of a letter in the folder that it was written to, or with its reference and"
        " --in FOLDER; the JSON form of a letter will do anywhere"
    )
    content = read_bytes(path, MAX_BYTES, on_command_line=True)
    location = Location(path)
    try:
        facts = msgspec.json.decode(content.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = "is no letter of a register, and not the JSON form of a letter"
        raise OptoutError(Problem("not-a-letter", message, location, hint)) from None
    message = "is not the JSON form of a letter"
    if not isinstance(facts, dict) or facts.get("schema") != _SCHEMA:
        raise OptoutError(Problem("not-a-letter", message, location, hint))
    if missing := [key for key in _NEEDED if key not in facts]:
        message += f": it has no {', no '.join(missing)}"
        raise OptoutError(Problem("not-a-letter", message, location, hint))
    return Former(facts)


def answers_following(
    former: Former,
    letter: str | None,
    library: Library,
    day: date,
    parties: Collection[Party] | None = None,
) -> tuple[Answers, Former]:
    """Return the answers that a letter of `day` takes from an earlier letter, and that letter.

    They are in the shape of a request: jurisdiction, letter, date, the corrected recipients, how
    each was served, and the particulars that are facts of the earlier letter or of the reply to
    it. The letter goes to `parties`, or else to those that it concerns. Without `letter`, takes
    the only kind that may follow, or else the one that answers the last reply, or that the program
    names where nothing came back. If the letter follows only what the earlier letter cites, that is
    the earlier letter.
    Raises OptoutError.
    """
    if former.notice:
        following = _following(former, library)
        if not (letter in following if letter else following):
            return answers_following(former.notice, letter, library, day, parties)
    facts = former.facts
    program, kind, name = _find_kind(former, letter, library)
    current = {rule.role: party_of(rule) for rule in program.recipients if rule.holds(day)}
    chosen = parties or _parties_concerned(former, program, name)
    to = [party for party in current.values() if party in chosen]
    recipients = [
        recipient
        for recipient in facts["recipients"]
        if recipient["role"] in current and recipient["party"] in to
    ]
    services = {recipient["party"]: _services_of(recipient, former) for recipient in recipients}
    answers = {
        "jurisdiction": facts["place"]["slug"],
        "letter": name,
        "date": day.isoformat(),
        "to": to[0] if len(to) == 1 < len(current) else "",
        **{key: facts[key] for key in _KEPT if facts.get(key)},
        "authority": [_omit(authority, "file") for authority in facts.get("authority", [])],
        "recipients": {recipient["party"]: _corrections_in(recipient) for recipient in recipients},
        "service": services,
        "particulars": {
            **_particulars_from(former, kind),
            **_particulars_of_reply(former, program, kind, name.partition("/")[2]),
        },
    }
    return _omit_empty(answers), former


def _parties_concerned(former: Former, program: Program, letter: str) -> list[Party]:
    """Return to whom a letter goes that follows an earlier one: who got that one.

    If no letter is recorded as sent, that is everybody. What asks for an answer, since nothing came
    back, does not go to an office that answered, and what answers a reply goes to those that gave
    it, unless that leaves nobody.
    """
    sent = [state for state in former.states if state.sent]
    kind, answers = letter.partition("/")[2], former.answers()
    if kind in kinds_after_silence(program):
        settled = {it.recipient for it in answers if settles(it, program)}
        own = [state for state in sent if state.letter.recipient not in settled]
    else:
        leading = {
            id for id, it in program.replies.items() if kind in [row.letter for row in it.next]
        }
        last = {answer.recipient: answer for answer in answers}  # the last one of each office
        gave = {party for party, answer in last.items() if answer.reply in leading}
        own = [state for state in sent if state.letter.recipient in gave]
    sent = own or sent
    return [state.letter.recipient for state in sent] or [*PARTIES]


def letters_following(former: Former, library: Library) -> list[str]:
    """Return the ids of the letters that may follow; if none may, those after what it cites."""
    return _following(former, library) or (
        letters_following(former.notice, library) if former.notice else []
    )


def usual_letter(former: Former, library: Library) -> str | None:
    """Return the id of the letter that answers the last reply, or follows if nothing came back."""
    folder, _, kind = former.facts["letter"].partition("/")
    replies = library.programs.by_id[folder].replies
    if answers := former.answers():
        reply = replies.get(answers[-1].reply)
    else:
        reply = next((it for it in replies.values() if it.silence and it.fits(kind)), None)
    return next((f"{folder}/{row.letter}" for row in (reply.next if reply else ())), None)


def _following(former: Former, library: Library) -> list[str]:
    folder, _, name = former.facts["letter"].partition("/")
    return [
        id
        for id, _, kind in library.programs.letters()
        if id.startswith(f"{folder}/") and name in kind.follows
    ]


def _find_kind(
    former: Former, letter: str | None, library: Library
) -> tuple[Program, LetterKind, str]:
    """Return program, kind and id of the letter that follows. Raises OptoutError."""
    earlier = former.facts["letter"]
    following = _following(former, library)
    named = letter or (following[0] if len(following) == 1 else None)
    named = named or usual_letter(former, library)
    if named is None or named not in following:
        library.programs.find(letter or earlier, _LETTER)
        message = f"cannot tell which letter follows {earlier}"
        if letter:
            message = f"{letter} does not follow {earlier}"
        hint = f"one of {', '.join(following)}" if following else f"no letter follows {earlier}"
        raise OptoutError(Problem("not-following", message, _LETTER, hint))
    return *library.programs.find(named, _LETTER), named


def _corrections_in(recipient: _Facts) -> _Facts:
    """Return what the earlier request corrected in the data about a recipient."""
    contact, corrections = recipient["contact"], {}
    origins = recipient.get("origins", {})
    paths = [path for path, origin in origins.items() if origin == _FROM_REQUEST]
    for name in sorted({path.partition(".")[0] for path in paths} & contact.keys()):
        inner = [path.partition(".")[2] for path in paths if path.startswith(f"{name}.")]
        value = contact[name]
        corrections[name] = {key: value[key] for key in inner if key in value} if inner else value
    if "confirmed" in recipient:
        corrections["confirmed"] = recipient["confirmed"]
    return corrections


def _services_of(recipient: _Facts, former: Former) -> list[_Facts]:
    """Return how the earlier letter was to be served, without its tracking numbers.

    An e-mail replies to the earlier one, if its Message-ID is known.
    """
    facts, party = former.facts, recipient["party"]
    ids = {state.letter.recipient: state.letter.message_id for state in former.states}
    ids.setdefault(facts["recipient"]["party"], facts.get("message-id"))
    services = [_omit(service, "number") for service in recipient.get("service", [])]
    for service in services:
        if service["by"] == "email" and ids.get(party):
            service["in-reply-to"] = [*service.get("in-reply-to", []), ids[party]]
    return services


def _particulars_from(former: Former, kind: LetterKind) -> _Facts:
    """Return the particulars that repeat facts of the earlier letter."""
    found = {}
    for name, spec in kind.particulars.items():
        if not spec.follow:
            continue
        fact, _, key = spec.follow.partition(".")
        if fact == "particulars":
            value = former.facts.get("particulars", {}).get(key)
        elif fact == "replies":
            value = [_reply_facts(answer) for answer in former.answers() if answer.reply == key]
        else:
            value = FACTS[fact](former)
        chosen = value if isinstance(value, list) else [value]
        if value and isinstance(spec.of, dict):  # an entry has the facts that the kind asks for
            value = [{key: item[key] for key in spec.of if key in item} for item in chosen]
        if value and (not spec.choices or set(spec.choices).issuperset(chosen)):
            found[name] = value
    return found


def _particulars_of_reply(former: Former, program: Program, kind: LetterKind, name: str) -> _Facts:
    """Return the particulars that take facts of the last reply which the letter answers."""
    for answer in reversed(former.answers()):
        reply = program.replies.get(answer.reply)
        if not reply or name not in [row.letter for row in reply.next]:
            continue
        values: _Facts = {key: getattr(answer, source) for key, source in reply.fills.items()}
        values = {key: str(value) for key, value in values.items() if value}
        values |= {key: text for key, text in answer.facts.items() if key in reply.asks}
        declared = {key: kind.particulars[key] for key in values if key in kind.particulars}
        return {
            key: [values[key]] if spec.type in ("list", "paragraphs") else values[key]
            for key, spec in declared.items()
        }
    return {}


def _requests_of(former: Former) -> list[_Facts]:
    """Return the earlier requests, plus this letter for each recipient, with the answer to it.

    If any letter of the request is recorded as sent, those that are not were no requests.
    """
    facts = former.facts
    sent = {state.letter.recipient for state in former.states if state.sent}
    answers = {answer.recipient: answer for answer in former.answers()}
    requests: list[_Facts] = [*facts.get("particulars", {}).get("earlier", [])]
    for recipient in facts["recipients"]:
        party = recipient["party"]
        if sent and party not in sent:
            continue
        request = {
            "date": facts["date"],
            "to": ", ".join(recipient["contact"]["organization"]),
        }
        if answer := answers.get(party):
            words = " ".join(quotation([answer.words])) if answer.words else None
            request |= _omit_empty({"answered": answer.on.isoformat(), "answer": words})
        requests.append(request)
    return requests


def _reply_facts(answer: Answered) -> _Facts:
    named = {"office": answer.recipient, "date": answer.on.isoformat()}
    return _omit_empty({**named, "by": answer.by, "words": answer.words, **answer.facts})


def _services_in(former: Former) -> list[_Facts]:
    """Return each way in which the earlier letter was served, with its recipient.

    If any letter of the request is recorded as sent, only what is recorded counts.
    """
    if sent := [state for state in former.states if state.sent]:
        return [
            _omit_empty(
                {
                    "to": state.letter.recipient,
                    "by": each.by,
                    "number": each.number,
                    "sent": each.on.isoformat(),
                    "received": _received(state) if each is state.sent[0] else None,
                }
            )
            for state in sent
            for each in state.sent
        ]
    return [
        {"to": recipient["party"], **_omit(service, "in-reply-to")}
        for recipient in former.facts["recipients"]
        for service in recipient.get("service", [])
    ]


def _received(state: LetterState) -> str | None:
    return state.delivered[-1].on.isoformat() if state.delivered else None


def _omit(facts: Mapping[str, Any], key: str) -> _Facts:
    return {name: value for name, value in facts.items() if name != key}


def _omit_empty(answers: _Facts) -> _Facts:
    """Drop empty values, also within mappings."""
    inner = {
        key: _omit_empty(value) if isinstance(value, dict) else value
        for key, value in answers.items()
    }
    return {key: value for key, value in inner.items() if value}


# The facts of an earlier letter that a particular's `follow` may name, besides `particulars.x`.
FACTS: dict[str, Callable[[Former], Any]] = {
    "date": lambda former: former.facts["date"],
    "kind": lambda former: former.facts["letter"].partition("/")[2],
    "received": lambda former: next(  # by ICE
        filter(None, (_received(it) for it in former.states if it.letter.recipient == "ice")), None
    ),
    "reference": lambda former: former.facts["reference"],
    "requests": _requests_of,
    "service": _services_in,
}
