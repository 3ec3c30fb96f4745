"""What a folder's register says: each letter's state, from its events, and the files in place."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date as Date
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from optout_cli.exporters import suffix_of
from optout_cli.exporters.json import (
    Pair,
    changed_facts,
    earlier_recipients,
    fact_text,
    is_from_data,
)
from optout_cli.model.request import PARTIES, Party, Way
from optout_cli.register.events import (
    Answered,
    Delivered,
    FileCopy,
    LetterEvent,
    LetterFile,
    Printed,
    Record,
    Replaced,
    Returned,
    Sent,
    Withdrawn,
    Written,
    WrittenLetter,
    copies_in,
    records_in,
)
from optout_cli.register.journal import Line, load_journal

_DIGITS = 12  # of a SHA-256 that a message shows
_SEAL = "letterhead.seal"

Key = tuple[str, Party]  # the SHA-256 of the line `written`, and the recipient
Identity = tuple[str, str, str, Date, Party]  # jurisdiction, letter, variant, date, recipient


def destination_of(office: str, state: str) -> str:
    """Return an office as no other is called: each state has a bureau of its own."""
    return f"{office}-{state.lower()}" if office == "bureau" else office


@dataclass
class LetterState:
    """A letter with everything that happened to it. `id` is the SHA-256 of its line `written`.

    `letter` has the files of every format, also of those written later. `named` are the files that
    the request names, as they were when the letter went out. `is_current` is False once
    all its files were moved to `earlier`. `withdrawal` says that it will not go out, until it is
    written again or sent; or that it was withdrawn, until it goes out after that day. `printed` has
    the day on which each file was last put into a PDF to print, by its SHA-256, and `print_place`
    the place of the letter in the pile.
    """

    id: str
    written: Written
    letter: WrittenLetter
    sent: list[Sent] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    answers_as_recorded: list[Answered] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)  # where each file is now, by its path
    printed: dict[str, Date] = field(default_factory=dict)
    print_place: float = inf  # not printed yet
    named: tuple[FileCopy, ...] = ()
    withdrawal: Withdrawn | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether somebody said that the letter will not go out, or was withdrawn."""
        return self.withdrawal is not None

    @property
    def kind(self) -> str:
        """The name of the letter's kind, without the program."""
        return self.written.letter.partition("/")[2]

    @property
    def news(self) -> dict[str, list[Any]]:  # Any: each list has events of its own type
        """What happened, by the tag of the event."""
        return {
            "sent": self.sent,
            "delivered": self.delivered,
            "returned": self.returned,
            "answered": self.answers_as_recorded,
        }

    @property
    def is_out(self) -> bool:
        """Whether the letter has gone out, as far as anybody recorded."""
        return any(self.news.values())

    @property
    def is_ready(self) -> bool:
        """Whether the letter is finished and in its place, and is still to be sent."""
        is_finished = self.is_current and not self.written.is_draft
        return is_finished and not (self.is_withdrawn or self.is_out)

    @property
    def received(self) -> Date | None:
        """The day of the receipt, if that is recorded."""
        return self.delivered[-1].on if self.delivered else None

    @property
    def answers(self) -> list[Answered]:
        """What came back, by its day; of one day, in the order in which it was recorded."""
        return sorted(self.answers_as_recorded, key=lambda answer: answer.on)

    @property
    def files(self) -> dict[str, LetterFile]:
        """Each file of the letter, by where it is now in the folder."""
        return {self.places.get(file.path, file.path): file for file in self.letter.files}

    @property
    def is_current(self) -> bool:
        """Whether any file of the letter is still in its place."""
        return any(path == place for path, place in self.places.items())

    @property
    def destination(self) -> str:
        """The office that the letter goes to."""
        return destination_of(self.letter.office, self.written.state)

    @property
    def identity(self) -> Identity:
        """What all versions of the letter share."""
        return identity_of(self.written, self.letter.recipient)

    def place_in(self, folder: Path) -> Path:
        """Return where a file of the letter is in `folder`; if none is, where one was."""
        places = [folder / place for place in self.files]
        return next(filter(Path.exists, places), places[0])

    def copy(self) -> "LetterState":
        """Return a copy, so that what is added to one of the two is not added to the other."""
        own = replace(self, sent=[*self.sent], delivered=[*self.delivered])
        own.returned, own.answers_as_recorded = [*self.returned], [*self.answers_as_recorded]
        return own

    def add(self, event: LetterEvent) -> None:
        """Add what happened to the letter, or complete what was there."""
        if not isinstance(event, Withdrawn):
            events, old = self.news[event.tag], self._corrected_by(event)
            day = self.withdrawal.on if self.withdrawal else Date.max
            if not self.sent or (isinstance(event, Sent) and old is None and event.on > day):
                self.withdrawal = None  # it went out after all, or once more
            place = len(events) if old is None else events.index(old)
            events[place : place + 1] = [event]
            if isinstance(event, Sent) and event.corrects:  # the only sending, so each is its own
                self.returned = [msgspec.structs.replace(it, by=event.by) for it in self.returned]
        elif event.what in ("written", "withdrawn"):
            self.withdrawal = event if event.what == "written" else None
        elif old := self.last(event.what, event.on, event.by):
            self.news[event.what].remove(old)

    # Any: an event of the list that `what` names.
    def last(self, what: str, on: Date | None = None, by: Way | None = None) -> Any:
        """Return what was recorded last, on a day or by a way if these are given, or None."""
        found = (event for event in reversed(self.news[what]) if on in (None, event.on))
        return next((event for event in found if by is None or event.by == by), None)

    def _corrected_by(self, event: LetterEvent) -> Any:  # Any: as above
        """Return the event that another one completes or corrects, or None."""
        match event:
            case Sent(again=False):
                return self.last("sent", by=event.corrects or event.by)
            case Delivered():
                return self.last("delivered")
            case Returned(corrects=True):
                return self.last("returned", by=event.by)
            case Answered(corrects=day) if day:
                return self.last("answered", day if isinstance(day, Date) else None)
        return None

    def add_files(self, event: Written, letter: WrittenLetter) -> None:
        """Add files that were written later, in another format or again."""
        if not self.sent:  # what went out had the files of that time
            self.withdrawal, self.named = None, event.named or self.named
        files = {file.path: file for file in (*self.letter.files, *letter.files)}
        self.letter = msgspec.structs.replace(
            self.letter,
            files=tuple(files.values()),
            message_id=letter.message_id or self.letter.message_id,
        )
        self.places |= {file.path: file.path for file in letter.files}

    def is_same_as(self, event: Written) -> bool:
        """Tell whether an event is about this same letter: the same source, or the same facts."""
        if event.fingerprint == self.written.fingerprint and not self.changed_files(event):
            return True
        return not self.differences_to(event)

    def differences_to(self, event: Written) -> list[str]:
        """Return what an event says otherwise: facts, and files that have changed since."""
        # What the request says first: an office's address often has many parts.
        items = self._changes(event).items()
        changes = sorted(items, key=lambda item: item[0].startswith("recipients."))
        stated = [f"{key} was {fact_text(old)}, is {fact_text(new)}" for key, (old, new) in changes]
        return stated + self.changed_files(event)

    def outdated_by(self, event: Written) -> str:
        """Return what the letter has of offices, if only the data has changed; else an empty text.

        It is as a request may have it.
        """
        old, paths = self.written.facts, [*self._changes(event)]
        if self.changed_files(event) or not all(
            is_from_data(old, event.facts, path) for path in paths
        ):
            return ""
        return earlier_recipients(old, paths)

    def _changes(self, event: Written) -> dict[str, Pair]:
        return changed_facts(self.written.facts, event.facts, self.letter.recipient)

    def changed_files(self, event: Written) -> list[str]:
        """Name the files with other content than before. A seal changes only the look."""
        old = {file.key: file for file in self.named}
        return [
            f"{file.key} {file.name!r} had the SHA-256 {old[file.key].sha256[:_DIGITS]}..., has"
            f" {file.sha256[:_DIGITS]}..."
            for file in event.named
            if file.key in old and file.sha256 != old[file.key].sha256 and file.key != _SEAL
        ]

    def has_files_of(self, event: Written, letter: WrittenLetter) -> bool:
        """Tell whether each file of an event's `letter` is here with the same content.

        The request may have changed anyway, such as in the other recipient's e-mail address.
        A letter that went out with other enclosures is another letter.
        """
        if self.sent and self.changed_files(event):
            return False
        here = {(file.path, file.sha256) for file in self.letter.files}
        files = {(file.path, file.sha256) for file in letter.files}
        is_in_place = all(self.places.get(path) == path for path, _ in files)
        return bool(files) and files <= here and is_in_place


class NamedLetter(NamedTuple):
    """A letter that was named. `path` and `sha256` are those of the file, if one was named.

    `path` is relative to the register's folder if the file is in it. `is_changed` tells that the
    file is not as optout wrote it.
    """

    state: LetterState
    path: str | None = None
    sha256: str | None = None
    is_changed: bool = False


class Register:
    """What the register of `folder` says, kept up to date with each line that is added.

    `letters` are all that were written, oldest first, and `records` those of the files in place, by
    path. `hashes` are those of every file that was ever written to a path. `copies` are the places
    of copies of named files, by their SHA-256.
    """

    def __init__(self, lines: Iterable[Line] = (), folder: Path = Path()) -> None:
        self.folder = folder
        self.letters: dict[Key, LetterState] = {}
        self.records: dict[str, Record] = {}
        self.hashes: defaultdict[str, set[str]] = defaultdict(set)
        self.copies: dict[str, str] = {}
        self._named: dict[Key, LetterState] = {}  # also by the lines of files written later
        self._at_path: dict[str, LetterState] = {}
        self._by_stem: defaultdict[str, set[str]] = defaultdict(set)  # paths without their suffix
        self._by_identity: defaultdict[Identity, list[LetterState]] = defaultdict(list)
        self._by_reference: defaultdict[str, list[LetterState]] = defaultdict(list)
        self._printed = 0  # letters in PDFs to print
        self._by_digest: defaultdict[str, list[LetterState]] = defaultdict(list)
        for line in lines:
            self.add(line)

    def add(self, line: Line) -> None:
        """Add the next line of the register."""
        digest, event = line
        match event:
            case Written():
                self._add_written(digest, event)
            case Replaced():
                self.records.pop(event.path, None)
                if state := self._at_path.pop(event.path, None):
                    state.places[event.path] = event.kept
            case LetterEvent() if state := (
                self._named.get((event.written, event.recipient))
                # Somebody edited the line that says that the letter was written.
                or next(reversed(self.of(event.reference, [event.recipient])), None)
            ):
                state.add(event)
            case Printed():
                for printed in event.letters:
                    if state := self._named.get((printed.written, printed.recipient)):
                        state.printed[printed.sha256] = event.on or event.at.date()
                        state.print_place = self._printed = self._printed + 1

    def current(self, identity: Identity) -> list[LetterState]:
        """Return the versions of a letter that are in place, wherever in the folder."""
        return [state for state in self._by_identity.get(identity, ()) if state.is_current]

    def named(self, key: Key) -> LetterState | None:
        """Return a letter by any line that says it was written, and its recipient."""
        return self._named.get(key)

    def of(self, reference: str, parties: Collection[Party] = PARTIES) -> list[LetterState]:
        """Return the letters of a reference to these, as often as each was written."""
        versions = self._by_reference.get(reference.casefold(), ())
        return [state for state in versions if state.letter.recipient in parties]

    def having(self, digests: Iterable[str]) -> dict[Key, LetterState]:
        """Return the letters that were written with a file of one of these SHA-256."""
        found = (state for digest in digests for state in self._by_digest.get(digest, ()))
        return {(state.id, state.letter.recipient): state for state in found}

    def at_path(self, path: str) -> LetterState | None:
        """Return the letter whose file was last written to a path, if it has not moved."""
        return self._at_path.get(path)

    def foreign(self, event: Written) -> list[LetterState]:
        """Return other jurisdictions' letters with the name of an event's file, in any format."""
        files = (file for letter in event.letters for file in letter.files)
        stems = {file.path.removesuffix(suffix_of(file.format)) for file in files}
        paths = [path for stem in sorted(stems) for path in sorted(self._by_stem[stem])]
        states = {
            id(state): state
            for path in paths
            if (state := self._at_path.get(path))
            and state.written.jurisdiction != event.jurisdiction
            and (state.sent or (self.folder / path).is_file())
        }
        return [*states.values()]

    def is_sent(self, path: str) -> bool:
        """Tell whether the letter whose file was last written to a path was sent."""
        return bool((state := self.at_path(path)) and state.sent)

    def existing(self) -> dict[str, Record]:
        """Return the records of the files that are there, changed or not."""
        return {path: it for path, it in self.records.items() if (self.folder / path).exists()}

    def _add_written(self, digest: str, event: Written) -> None:
        for letter in event.letters:
            identity = identity_of(event, letter.recipient)
            current = self.current(identity)
            same = [state for state in current if state.is_same_as(event)]
            if not same:  # a letter that went out is still that letter, also once it was superseded
                wanted = {file.sha256 for file in letter.files}
                same = [
                    version
                    for version in self._by_identity.get(identity, ())
                    if version.sent
                    and wanted <= {file.sha256 for file in version.letter.files}
                    and not version.changed_files(event)
                ]
            same += (state for state in current if state.has_files_of(event, letter))
            if (state := next(iter(same), None)) is None:
                state = LetterState(digest, event, msgspec.structs.replace(letter, files=()))
                self.letters[digest, letter.recipient] = state
                self._by_identity[identity].append(state)
            state.add_files(event, letter)
            self._named[digest, letter.recipient] = state
            self._by_reference[event.reference.casefold()].append(state)
            for file in letter.files:
                self._by_digest[file.sha256].append(state)
                earlier = self._at_path.get(file.path, state)
                if earlier is not state:  # these bytes are another letter's now
                    earlier.places.pop(file.path, None)
                self._at_path[file.path] = state
                self._by_stem[file.path.removesuffix(suffix_of(file.format))].add(file.path)
        for record in records_in(event):
            self.records[record.path] = record
            self.hashes[record.path].add(record.sha256)
        self.copies |= {copy.sha256: copy.path for copy in copies_in(event)}


def identity_of(event: Written, recipient: Party) -> Identity:
    """Return what all versions of an event's letter to a recipient share."""
    return event.jurisdiction, event.letter, event.variant, event.date, recipient


def load_register(folder: Path) -> Register:
    """Read the register of a folder. Raises OptoutError."""
    return Register(load_journal(folder).lines, folder)
