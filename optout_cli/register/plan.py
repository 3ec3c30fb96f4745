"""What would happen to a request's files in a folder: new, the same, replaced, kept, or refused.

Reads the files in place, and writes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from optout_cli.errors import Location, Problem, raise_any
from optout_cli.output import occupied, write_errors
from optout_cli.register.events import Written
from optout_cli.register.facts import differences, named
from optout_cli.register.records import Record, Register, records_in
from optout_cli.register.state import LetterState
from optout_cli.register.writing import Writing

SENT = "sent-letter"
OTHER_FACTS = "other-facts"
OCCUPIED = "file-exists"
_BLOCK = 512  # bytes that a disk writes whole


class Plan(NamedTuple):
    """What would happen to a request's files, by their paths in the folder.

    `new` are not there; `same` are there as wanted; `replaced` are there with other content, which
    moves to `earlier`; `kept` stay although they were changed, as their letter would be the same;
    `retired` are files of the same letter in other formats, which move to `earlier` too. `is_late`
    tells that a letter which was sent is replaced.
    """

    new: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    is_late: bool = False


class Replacing(NamedTuple):
    """What may be replaced that usually stays.

    With `force`, files that the register does not know or that somebody changed; with `supersede`,
    the reason to record, letters that were sent. `keeps_changed` lets a file that somebody changed
    stay where its letter would be the same; otherwise it is a Problem.
    """

    force: bool = False
    supersede: str | None = None
    keeps_changed: bool = False


CAREFUL = Replacing()


def plan_writing(register: Register, writing: Writing, replacing: Replacing) -> Plan:
    """Decide about each file of a request.

    Raises OptoutError for files that would have to be replaced and may not, and for a link that
    leads nowhere.
    """
    is_superseding = replacing.supersede is not None
    folder, contents = register.folder, writing.contents
    raise_any(_dead_link_problems(folder / path for path in contents))
    others = _changed_letters(register, writing.event, contents)
    sent = [state for state in others if state.sent]
    if not is_superseding:
        raise_any(_sent_problem(register, state, writing.event) for state in sent)
    beside = {
        path: state
        for state in others
        for path, place in state.places.items()
        if path == place and path not in contents and (folder / path).is_file()
    }
    if not (replacing.force or is_superseding):
        raise_any(_beside_problems(register, beside, writing.event))
    fates: dict[str, list[str]] = {"new": [], "same": [], "replaced": [], "kept": []}
    problems: list[Problem] = []
    for record in records_in(writing.event):
        is_sent = register.is_sent(record.path) and not is_superseding
        fate = _fate(register, record, contents[record.path], replacing, is_sent=is_sent)
        if fate in fates:
            fates[fate].append(record.path)
        else:
            problems.append(_occupied_problem(register, record))
    raise_any(problems)
    return Plan(
        **{fate: tuple(paths) for fate, paths in fates.items()},
        retired=tuple(beside),
        is_late=bool(sent),
    )


def _changed_letters(
    register: Register, event: Written, contents: Mapping[str, bytes]
) -> list[LetterState]:
    """Return the letters in place that the event's letters would replace, with other facts."""
    states = [
        state
        for letter in event.letters
        for state in register.states.current(event, letter.recipient)
    ]
    states += filter(None, map(register.states.at_path, contents))
    unique = {id(state): state for state in states}
    return [state for state in unique.values() if not state.is_same_as(event)]


def _fate(
    register: Register, new: Record, content: bytes, replacing: Replacing, *, is_sent: bool
) -> str:
    path, place, old = new.path, register.folder / new.path, register.records.get(new.path)
    with write_errors(place):
        if not place.is_file():
            return "new"
        present = place.read_bytes()
        if present == content and not (replacing.force and place.is_symlink()):
            return "same"
        is_same = old is not None and old.fingerprint == new.fingerprint
        if is_sent:
            return "kept"  # only its look would change
        is_ours = old is not None and sha256(present).hexdigest() in register.hashes[path]
        is_successor = old is not None and old.identity == new.identity
        if replacing.force or (is_ours and is_successor) or _is_torn(present, content):
            return "replaced"
        return "kept" if is_same and replacing.keeps_changed else "refused"


def _sent_problem(register: Register, state: LetterState, event: Written) -> Problem:
    day = state.sent[-1].on
    what = named(differences(state.written.facts, event.facts))
    message = f"was sent on {day}, and the letter would read differently now ({what})"
    hint = "give the changed letter a new date, or add --supersede 'REASON'"
    return Problem(SENT, message, _location(register, state), hint)


def _beside_problems(
    register: Register, beside: Mapping[str, LetterState], event: Written
) -> Iterator[Problem]:
    """Yield a Problem for each changed letter that has files in other formats."""
    formats = {file.format for letter in event.letters for file in letter.files}
    states = {id(state): state for state in beside.values()}
    for state in states.values():
        there = [file for file in state.letter.files if beside.get(file.path) is state]
        what = named(differences(state.written.facts, event.facts))
        message = f"was written with other facts: {what}"
        names = ",".join(dict.fromkeys((*(file.format for file in there), *sorted(formats))))
        hint = f"give the letter a new date, or write it again in all its formats: -f {names}"
        yield Problem(OTHER_FACTS, message, Location(str(register.folder / there[0].path)), hint)


def _location(register: Register, state: LetterState) -> Location:
    places = [place for place in state.places.values() if (register.folder / place).exists()]
    return Location(str(register.folder / (places or [*state.places.values()])[0]))


def _occupied_problem(register: Register, new: Record) -> Problem:
    place, old = register.folder / new.path, register.records.get(new.path)
    if old is None or old.identity != new.identity:
        return occupied(place)
    message = "was changed after optout wrote it (a signed copy?)"
    if old.fingerprint != new.fingerprint:
        message += ", and the letter would read differently now"
    hint = "move it away and run the command again, or replace it with --force"
    return Problem(OCCUPIED, message, Location(str(place)), hint)


def _dead_link_problems(paths: Iterable[Path]) -> Iterator[Problem]:
    """Yield a Problem for each symbolic link that leads nowhere: no copy of it can be kept."""
    for path in paths:
        if path.is_symlink() and not path.exists():
            message = "is a symbolic link that leads nowhere, and optout did not put it there"
            hint = "move it away and run the command again, or name another folder with -o"
            yield Problem(OCCUPIED, message, Location(str(path)), hint)


def _is_torn(old: bytes, content: bytes) -> bool:
    """Tell whether a power cut can leave `old` of `content`: it ends early or has gaps of NUL."""
    return len(old) <= len(content) and all(
        content.startswith(old[start : start + _BLOCK].rstrip(b"\0"), start)
        for start in range(0, len(old), _BLOCK)
    )
