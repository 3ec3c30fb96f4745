"""An earlier letter -> the first answers of a request that follows it.

Takes what the earlier letter stated, who received it, and what happened to it since. Never takes
its wording, counsel's approval of it, nor who signed it: that may be somebody else now.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from optout_cli.authoring.earlier import FACTS, Earlier, omit, omit_empty
from optout_cli.authoring.request_writer import Answers
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters.json import JsonObject, corrections_in
from optout_cli.letters import Library
from optout_cli.letters.request_files import NamedFiles
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import DETAILS, PARTIES, Party
from optout_cli.output import digest_of
from optout_cli.programs.validation import particular_from
from optout_cli.readers.document import Document, Layer
from optout_cli.register.returns import came_back
from optout_cli.register.standing import acknowledgments_first, kinds_after_silence, settles

_SEAL = "letterhead.seal"
_LETTER = Location("--letter", is_command_line=True)
_KEPT = ("addressing", "calls-itself", "cc", "ori")  # the same in the new request


def answers_following(
    earlier: Earlier,
    letter: str | None,
    library: Library,
    day: date,
    parties: Collection[Party] | None = None,
) -> tuple[Answers, Earlier]:
    """Return the answers that a letter of `day` takes from an earlier letter, and that letter.

    They are in the shape of a request: jurisdiction, letter, date, the corrected recipients, how
    each was served, and the particulars that are facts of the earlier letter or of the reply to
    it. The letter goes to `parties`, or else to those that it concerns. Without `letter`, takes
    the only kind that may follow, or else the one that answers the last reply, or that the program
    names where nothing came back. If the letter follows only what the earlier letter cites, that is
    the earlier letter.
    Raises OptoutError.
    """
    if earlier.notice:
        following = _following(earlier, library)
        if not (letter in following if letter else following):
            return answers_following(earlier.notice, letter, library, day, parties)
    facts = earlier.facts
    program, kind, name = _find_kind(earlier, letter, library)
    current = {rule.role: rule.party for rule in program.recipients_on(day)}
    chosen = parties or _parties_concerned(earlier, program, name)
    to = [party for party in current.values() if party in chosen]
    recipients = [
        recipient
        for recipient in facts["recipients"]
        if recipient["role"] in current and recipient["party"] in to
    ]
    services = {recipient["party"]: _services_of(recipient, earlier) for recipient in recipients}
    answers = {
        "jurisdiction": facts["place"]["slug"],
        "letter": name,
        "date": day.isoformat(),
        "to": to[0] if len(to) == 1 < len(current) else "",
        **{key: facts[key] for key in _KEPT if facts.get(key)},
        "leave-out": [name for name in facts.get("leave-out", []) if name in DETAILS],
        "authority": [omit(authority, "file") for authority in facts.get("authority", [])],
        "recipients": {recipient["party"]: corrections_in(recipient) for recipient in recipients},
        "service": services,
        "particulars": {
            **_particulars_from(earlier, kind, program),
            **_particulars_of_reply(earlier, program, kind, name.partition("/")[2]),
        },
    }
    return omit_empty(answers), earlier


def letterhead_after(
    earlier: Earlier, register: Path | None, folder: Path, files_from: Sequence[Path]
) -> JsonObject | None:
    """Return the seal of an earlier letter for a request in `folder`; None if it is not there.

    That is the file of the same name, or else the copy in `register`, the folder of the letters, if
    that is below. It is empty for a letter without a seal.
    """
    letterhead: JsonObject = earlier.facts.get("letterhead") or {}
    if not letterhead:
        return {}
    names = [letterhead["seal"]]
    copies = [
        file.path for state in earlier.states for file in state.written.named if file.key == _SEAL
    ]
    with suppress(ValueError):  # of a folder that is not below
        place = (register or folder).resolve().relative_to(folder.resolve())
        names += [(place / copy).as_posix() for copy in copies]
    files = NamedFiles(Document({}, ()), folder, (*files_from,))
    for name in names:
        with suppress(OptoutError):
            if files.find(_SEAL, name).place.is_file():
                return {**letterhead, "seal": name}
    return None


def seal_kept(earlier: Earlier, register: Path | None) -> Path | None:
    """Return the copy of an earlier letter's seal in the evidence of its register, or None."""
    for file in (it for state in earlier.states for it in state.written.named if it.key == _SEAL):
        place = register / file.path if register else None
        if place and place.is_file() and digest_of(place) == file.sha256:
            return place
    return None


def _parties_concerned(earlier: Earlier, program: Program, letter: str) -> list[Party]:
    """Return to whom a letter goes that follows an earlier one: who got that one.

    If no letter is recorded as sent, that is everybody. What asks for an answer, since nothing came
    back, does not go to an office that answered, and what answers a reply goes to those that gave
    it, unless that leaves nobody. An office whose letter was withdrawn or came back gets none.
    """
    kind, answers = letter.partition("/")[2], earlier.answers()
    gone = {it.letter.recipient for it in earlier.states if it.is_withdrawn or came_back(it)}
    all_sent = [state.letter.recipient for state in earlier.states if state.sent]
    sent = [party for party in all_sent if party not in gone]
    if kind in kinds_after_silence(program):
        settled = {answer.recipient for answer in answers if settles(answer, program)}
        own = [party for party in sent if party not in settled]
    else:
        replies = program.replies.items()
        leading = {id for id, it in replies if kind in [row.letter for row in it.next]}
        gave = {answer.recipient for answer in answers if answer.reply in leading}
        own = [party for party in sent if party in gave]
    return own or sent or [party for party in PARTIES if party not in gone]


def letters_following(earlier: Earlier, library: Library) -> list[str]:
    """Return the ids of the letters that may follow; if none may, those after what it cites."""
    return _following(earlier, library) or (
        letters_following(earlier.notice, library) if earlier.notice else []
    )


def usual_letter(
    earlier: Earlier, library: Library, parties: Collection[Party] = PARTIES
) -> str | None:
    """Return the id of the letter that answers the last reply of these recipients.

    If nothing came back from them, that is the one that asks for an answer. None if the last reply
    wants no letter.
    """
    folder, _, kind = earlier.facts["letter"].partition("/")
    program, _ = library.programs.find(earlier.facts["letter"])
    replies = program.replies
    own = [answer for answer in earlier.answers() if answer.recipient in parties]
    if answers := acknowledgments_first(own, program):
        reply = replies.get(answers[-1].reply)
    else:
        reply = next((it for it in replies.values() if it.silence and it.fits(kind)), None)
    return next((f"{folder}/{row.letter}" for row in (reply.next if reply else ())), None)


def _following(earlier: Earlier, library: Library) -> list[str]:
    folder, _, name = earlier.facts["letter"].partition("/")
    return [
        id
        for id, _, kind in library.programs.letters()
        if id.startswith(f"{folder}/") and name in kind.follows
    ]


def _find_kind(
    earlier: Earlier, letter: str | None, library: Library
) -> tuple[Program, LetterKind, str]:
    """Return program, kind and id of the letter that follows. Raises OptoutError."""
    if earlier.states and all(it.is_withdrawn or came_back(it) for it in earlier.states):
        what, command = "was withdrawn", "sent"
        if not all(state.is_withdrawn for state in earlier.states):
            what, command = "came back", "delivered"
        message = f"{earlier.facts['reference']} {what}, so no letter follows it"
        hint = f"write the notice again; if it never {what}, say so with optout {command} LETTER"
        raise OptoutError(Problem("withdrawn-letter", message, None, f"{hint} --undo REASON"))
    own, following = earlier.facts["letter"], _following(earlier, library)
    only = following[0] if len(following) == 1 else None
    named = letter or only or usual_letter(earlier, library)
    if named is None or named not in following:
        library.programs.find(letter or own, _LETTER)
        message = f"cannot tell which letter follows {own}"
        if letter:
            message = f"{letter} does not follow {own}"
        hint = f"one of {', '.join(following)}" if following else f"no letter follows {own}"
        raise OptoutError(Problem("not-following", message, _LETTER, hint))
    return *library.programs.find(named, _LETTER), named


def _services_of(recipient: JsonObject, earlier: Earlier) -> list[JsonObject]:
    """Return how the earlier letter was to be served; an e-mail replies to the earlier one."""
    facts, party = earlier.facts, recipient["party"]
    ids = {state.letter.recipient: state.letter.message_id for state in earlier.states}
    ids.setdefault(facts["recipient"]["party"], facts.get("message-id"))
    services = [omit(service, "number") for service in recipient.get("service", [])]
    for service in services:
        if service["by"] == "email" and ids.get(party):
            service["in-reply-to"] = [*service.get("in-reply-to", []), ids[party]]
    return services


def _particulars_from(earlier: Earlier, kind: LetterKind, program: Program) -> JsonObject:
    """Return the particulars that repeat facts of the earlier letter."""
    found = {}
    for name, spec in kind.particulars.items():
        if not spec.follow:
            continue
        fact, _, key = spec.follow.partition(".")
        if fact == "particulars":
            value = earlier.facts.get("particulars", {}).get(key)
        elif fact == "replies":
            answers = (answer for answer in earlier.answers() if answer.reply == key)
            value = [
                omit_empty(
                    {
                        "office": answer.recipient,
                        "date": answer.on.isoformat(),
                        "by": answer.by,
                        "words": answer.words,
                        **answer.facts,
                    }
                )
                for answer in answers
            ]
        else:
            value = FACTS[fact](earlier, program)
        chosen = value if isinstance(value, list) else [value]
        if value and isinstance(spec.of, dict):  # an entry has the facts that the kind asks for
            entries = [item for item in chosen if isinstance(item, dict)]
            value = [{key: item[key] for key in spec.of if key in item} for item in entries]
        if value and (not spec.choices or all(item in spec.choices for item in chosen)):
            found[name] = value
    return found


def _particulars_of_reply(
    earlier: Earlier, program: Program, kind: LetterKind, name: str
) -> JsonObject:
    """Return the particulars that take facts of the last reply which the letter answers."""
    for answer in reversed(earlier.answers()):
        reply = program.replies.get(answer.reply)
        if not reply or name not in [row.letter for row in reply.next]:
            continue
        values: JsonObject = {key: getattr(answer, source) for key, source in reply.fills.items()}
        values = {key: str(value) for key, value in values.items() if value}
        values |= {key: text for key, text in answer.facts.items() if key in reply.asks}
        declared = {key: kind.particulars[key] for key in values if key in kind.particulars}
        found: JsonObject = {}
        for key, spec in declared.items():
            found[key] = [values[key]] if spec.type in ("list", "paragraphs") else values[key]
            if spec.type == "paragraphs" and not spec.quoted:
                text = Document({"particulars": {key: _on_lines(values[key])}}, (Layer("", {}),))
                with suppress(OptoutError):  # told when the request is read
                    found[key] = [*particular_from(text, kind, key)]
        return found
    return {}


def _on_lines(words: str) -> str:
    """Put each numbered sentence on a line of its own: `1. No. 2. Never.` has two."""
    if words.startswith(("1. ", "1) ")):
        for number in range(2, 10):
            words = re.sub(rf"\s+(?={number}[.)]\s)", "\n", words, count=1)
    return words
