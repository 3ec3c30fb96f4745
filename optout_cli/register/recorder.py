"""Find the letters that a person names, and record what people say of them: all of it, or none.

A letter is named by a file, a reference, or a folder. A folder stays locked
from the first letter that is named in it until the end.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from operator import attrgetter, itemgetter
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, closest
from optout_cli.exporters import route_of
from optout_cli.model.program import Program
from optout_cli.model.request import PARTIES, Party
from optout_cli.output import digest_of, hold_interrupts, is_folder
from optout_cli.readers.files import is_file, no_such_file, no_such_folder
from optout_cli.readers.postal import tidy_number
from optout_cli.register.events import Evidence, LetterNews, evidence_of
from optout_cli.register.folder import WAIT, LetterFolder
from optout_cli.register.journal import NAME
from optout_cli.register.state import Key, LetterState, NamedLetter, Register
from optout_cli.register.statements import Result
from optout_cli.register.table import load_checked_journal

_MOST_BELOW = 3  # folders that a hint names


def register_folder(text: str, within: Path | None) -> Path:
    """Return the folder whose register has the letter that `text` names. Raises OptoutError.

    It is `within` or a folder above it; otherwise that of the file, or one above it. A
    reference is looked for from the current folder.
    """
    named = Path(text)
    location = Location(text, is_command_line=True)
    is_here = is_folder(named) or is_file(named)
    problem = None if is_here else _missing(text)
    start = within or named
    if within is None and not is_folder(named):  # also where the file is gone
        start = next(filter(is_folder, named.parents)) if is_here or problem else Path()
    above = () if ".." in start.parts else start.parents  # as the user names them
    for folder in (start, *above, *start.absolute().parents):
        if is_file(folder / NAME):
            return folder
    if problem:
        raise OptoutError(problem)
    message = f"there is no {NAME} in {start} or a folder above it"
    below = [str(path.parent) for path in sorted(start.glob(f"*/{NAME}"))[:_MOST_BELOW]]
    hint = "name the folder that optout wrote the letters to: --in FOLDER"
    if below:
        hint = f"one below it has a register: --in {' or --in '.join(map(quote, below))}"
    raise OptoutError(Problem("no-register", message, location, hint))


class LookUp(NamedTuple):
    """Letters that were named, the folder of their register, and all letters in it.

    `problems` say what is wrong with the register.
    """

    folder: Path
    letters: list[NamedLetter]
    states: tuple[LetterState, ...]
    problems: tuple[Problem, ...]


def look_up(text: str, within: Path | None, parties: Collection[Party] = ()) -> LookUp:
    """Find the letters that `text` names, to read only. Raises OptoutError if there is none."""
    folder = register_folder(text, within)
    journal = load_checked_journal(folder)
    register = Register(journal.lines, folder)
    named = _letters_named(text, register, parties)
    return LookUp(folder, named, tuple(register.letters.values()), journal.problems)


def sent_versions(
    text: str, found: LookUp, parties: Collection[Party]
) -> tuple[list[LetterState], list[LetterState]]:
    """Return the named letters with every version that was sent, and the versions left out.

    A version that was not sent is left out where another one was. A folder has all that was sent
    from it. Both lists are in the order of the letters' dates.
    """
    matters = {letter.state.identity for letter in found.letters}
    at = _relative(Path(text), found.folder) if is_folder(Path(text)) else None
    sent = [
        state
        for state in found.states
        if state.sent
        and state.letter.recipient in (parties or PARTIES)
        and (
            state.identity in matters
            or (at is not None and any(_is_below(place, at) for place in state.places.values()))
        )
    ]
    proved = {state.identity for state in sent}
    unsent = [letter.state for letter in found.letters if not letter.state.sent]
    kept = [*sent, *(state for state in unsent if state.identity not in proved)]
    left = [state for state in unsent if state.identity in proved]
    by_date = attrgetter("written.date")
    return sorted(kept, key=by_date), sorted(left, key=by_date)


def _letters_named(
    text: str, register: Register, parties: Collection[Party], digests: Collection[str] = ()
) -> list[NamedLetter]:
    """Return the letters of a file, also if it is gone, a reference or a folder, oldest first.

    A folder stands for its letters that no later version replaced. A reference stands for one
    letter to each recipient: if there are several versions, the one that was sent, or else the
    latest. With `parties`, only the letters to these count; with `digests`, only versions that have
    a file with one of these SHA-256. Raises OptoutError if there is none.
    """
    named, folder = Path(text), register.folder
    letters = register.having(digests) if digests else register.letters
    if is_file(named):
        own = _letters_of_file(named, register)
        found = [it for it in own if (it.state.id, it.state.letter.recipient) in letters]
    elif is_folder(named):
        at = _relative(named, folder)
        found = [
            NamedLetter(state)
            for state in letters.values()
            if any(_is_below(place, at) for path, place in state.places.items() if path == place)
        ]
    else:
        matching = [it for it in register.of(text) if (it.id, it.letter.recipient) in letters]
        at = "" if matching else _relative(named, folder)
        gone = [state for state in letters.values() if at and at in state.places.values()][-1:]
        found = [NamedLetter(state, at) for state in gone]
        found = found or [NamedLetter(state) for state in _newest(matching)]
    wanted = parties or PARTIES
    if kept := [letter for letter in found if letter.state.letter.recipient in wanted]:
        return kept
    raise OptoutError(_not_found(text, folder, letters, is_other_party=bool(found)))


def _letters_of_file(named: Path, register: Register) -> list[NamedLetter]:
    """Return the letter that the file is: by its place in the folder, else by its content."""
    try:
        digest = digest_of(named)
    except OSError as error:
        location = Location(str(named), is_command_line=True)
        message = f"cannot be read: {error.strerror}"
        raise OptoutError(Problem("unreadable", message, location)) from None
    at = _relative(named, register.folder) or str(named)
    same = register.having([digest]).values()
    here = [state for state in (register.at_path(at),) if state]
    here = here or [
        letter for letter in register.letters.values() if at in letter.places.values()
    ]  # in earlier
    both = [state for state in same if any(state is other for other in here)]
    found = both or _newest(same) or here[-1:]
    return [NamedLetter(state, at, digest, is_changed=not same) for state in found]


def _newest(states: Iterable[LetterState]) -> list[LetterState]:
    """Keep one version of each letter: one that was sent, else one in its place, the latest."""
    kept: dict[tuple[str, Party], LetterState] = {}
    for state in states:
        key = state.written.reference, state.letter.recipient
        if key not in kept or _rank(state) >= _rank(kept[key]):
            kept[key] = state
    return [*kept.values()]


def _rank(state: LetterState) -> tuple[bool, bool]:
    return bool(state.sent), state.is_current


def versions_sent(
    letters: Iterable[LetterState], states: Iterable[LetterState]
) -> list[LetterState]:
    """Return the letters; for each that has not gone out, the one that it supersedes and that has.

    What comes back can only concern a letter that went out, but the file in its place is the new
    one. A letter of another jurisdiction or of another kind is none that it supersedes.
    """
    sent = {
        (file.path, *state.identity[:2]): (number, state)
        for number, state in enumerate(states)
        if state.sent
        for file in state.letter.files
    }

    def version_of(state: LetterState) -> LetterState:
        places = ((file.path, *state.identity[:2]) for file in state.letter.files)
        found = (sent[place] for place in places if place in sent)
        return max(found, key=itemgetter(0), default=(0, state))[1]

    return [state if state.sent else version_of(state) for state in letters]


def _relative(path: Path, folder: Path) -> str:
    """Return a path as the register has it; an empty text for the folder itself or outside it."""
    place, root = path.resolve(), folder.resolve()
    if place == root or not place.is_relative_to(root):
        return ""
    return place.relative_to(root).as_posix()


def _is_below(place: str, at: str) -> bool:
    return not at or place.startswith(f"{at}/")


def _not_found(
    text: str, folder: Path, states: Mapping[Key, LetterState], *, is_other_party: bool
) -> Problem:
    named, location = Path(text), Location(text, is_command_line=True)
    where = str(folder / NAME)
    if is_other_party:
        message = f"{where} has this letter only to the other recipient"
        return Problem("no-such-letter", message, location, "leave --to out", "recipient")
    if is_file(named):
        hint = (
            "name the file as optout wrote it, or the letter's reference; give a scan of the signed"
            " letter with --signed"
        )
    elif is_folder(named):
        hint = "name the folder that optout wrote the letters to"
    elif problem := _missing(text):
        return problem
    else:
        names = {state.written.reference: state.written.name for state in states.values()}
        head = text.upper().rpartition("-")[0]  # program, jurisdiction and day
        match = closest(text, [name for name in names if name.startswith(f"{head}-")] or names)
        hint = "its table register.csv lists all letters"
        if match:
            hint = f"did you mean {match!r}, {names[match]}?"
    return Problem("no-such-letter", f"{where} has no such letter", location, hint)


def _missing(text: str) -> Problem | None:
    """Return the Problem that a file or a folder is not there, unless the text is a reference."""
    named, is_called_folder = Path(text), text.endswith(("/", os.sep))
    if not (named.suffix or len(named.parts) > 1 or is_called_folder or text.isalpha()):
        return None
    if is_called_folder:
        return no_such_folder(text)
    problem = no_such_file(named, named)
    return msgspec.structs.replace(problem, location=Location(text, is_command_line=True))


class Found(NamedTuple):
    """A letter that was named, in its locked folder."""

    folder: LetterFolder
    letter: NamedLetter

    @property
    def state(self) -> LetterState:
        """What happened to the letter."""
        return self.letter.state

    @property
    def path(self) -> Path:
        """The file that was named; otherwise one of the letter's files, where it is now.

        That is the one that went out, such as the fax.
        """
        ways = [sent.by for sent in self.state.sent[-1:]]
        files = self.state.files
        own = (place for place, file in files.items() if route_of(file.format) in ways)
        named = self.letter.path or next(own, next(iter(files), ""))
        place = self.folder.path / named
        # A file that was named may be a copy outside the folder.
        return place if place.exists() or not Path(named).exists() else Path(named)

    def take(self, path: str | None, key: str, *, is_own: bool = True) -> Evidence | None:
        """Read a file that is evidence. Raises OptoutError, whose problems are about `key`."""
        try:
            return self.folder.evidence.take(path, is_own=is_own) if path else None
        except OptoutError as error:
            problems = (msgspec.structs.replace(problem, path=key) for problem in error.problems)
            raise OptoutError(*problems) from None


def sent_letters(named: Sequence[Found]) -> list[Found]:
    """Return letters of one folder; for each that has not gone out, the version that has."""
    folder = named[0].folder
    states = versions_sent((it.state for it in named), folder.register.letters.values())
    return [
        it if state is it.state else Found(folder, NamedLetter(state))
        for it, state in zip(named, states, strict=True)
    ]


Recorded = tuple[Found, Result]  # a letter, and what is recorded of it


class Recorder(ExitStack):
    """Finds letters, and records events of them at the end, when `commit` is called.

    `programs` are for register.csv, which says what is due. If another command is using a folder,
    waits for it, `wait` seconds at most. The end of the block releases every folder.
    """

    def __init__(self, programs: Mapping[str, Program], wait: float = WAIT) -> None:
        super().__init__()
        self.programs, self._wait = programs, wait
        self.notes: list[str] = []  # on the tables that were written
        self._open: dict[Path, LetterFolder] = {}
        self._numbered: defaultdict[str, dict[int, Found]] = defaultdict(dict)
        self._events: defaultdict[Path, list[LetterNews]] = defaultdict(list)  # by the folder

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the registers themselves."""
        return [problem for folder in self._open.values() for problem in folder.journal.problems]

    def find(
        self,
        text: str,
        within: Path | None = None,
        parties: Collection[Party] = (),
        digests: Collection[str] = (),
    ) -> list[Found]:
        """Return the letters that `text` names, after locking their folder.

        With `digests`, the versions that have a file with one of these SHA-256. Raises OptoutError.
        """
        folder = register_folder(text, within)
        key = folder.resolve()
        if key not in self._open:
            unlocked = LetterFolder(folder, programs=self.programs, wait=self._wait)
            opened = self._open[key] = self.enter_context(unlocked)
            for state in opened.register.letters.values():
                for sent in state.sent:
                    self.expect_number(sent.number, Found(opened, NamedLetter(state)))
        opened = self._open[key]
        named = _letters_named(text, opened.register, parties, digests)
        return [Found(opened, letter) for letter in named]

    def expect_number(self, number: str | None, found: Found) -> None:
        """Remember that a letter has, or is to get, a tracking number."""
        if number:
            self._numbered[tidy_number(number)][id(found.state)] = found

    def numbered(self, folder: LetterFolder) -> Callable[[str], list[LetterState]]:
        """Return a function that finds the letters of a folder that may have a tracking number."""
        return lambda number: [
            found.state for found in self._numbered[number].values() if found.folder is folder
        ]

    def add(self, *parts: Iterable[Recorded]) -> list[Recorded]:
        """Remember the events of one statement, so that the next one knows of them: all, or none.

        Each part may depend on what the parts before it say. Raises OptoutError.
        """
        done: list[Recorded] = []
        before: list[tuple[LetterState, LetterState]] = []
        try:
            for part in parts:
                results = [*part]
                before += ((found.state, found.state.copy()) for found, _ in results)
                for found, result in results:
                    if not result.is_known:
                        found.state.add(result.event)
                        self.expect_number(getattr(result.event, "number", None), found)
                done += results
        except OptoutError:
            for state, old in reversed(before):
                vars(state).update(vars(old))
            raise
        for found, result in done:
            if not result.is_known:
                self._events[found.folder.path].append(result.event)
        return done

    def commit(self) -> None:
        """Write the evidence and the events of every folder, or of none. Raises OptoutError."""
        opened = [*self._open.values()]
        news = [(folder, self._events.pop(folder.path, [])) for folder in opened]
        done: list[LetterFolder] = []
        kept: list[Path] = []
        with hold_interrupts():  # else an event might stay without its evidence
            try:
                for folder, events in news:
                    proofs = (proof.path for event in events for proof in evidence_of(event))
                    kept += folder.evidence.keep(proofs)
                for folder, events in news:
                    done += [folder] if folder.append(events) else []
            except BaseException:
                for folder in done:
                    folder.take_back()
                for path in kept:
                    path.unlink(missing_ok=True)
                raise
            for folder in opened:
                self.notes += folder.finish()
