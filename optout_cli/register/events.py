"""Events: what happened to letters. One event is one line of `register.ndjson`.

A letter is known by the SHA-256 of the line that says it was written, together with its recipient:
a reference stays the same when only an address is corrected, and then there are two letters.
A record is what an event says of one file.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date as Date
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import msgspec

from optout_cli.errors import JSON_SCHEMA, json_line
from optout_cli.exporters import known_exporter
from optout_cli.model.fields import Noun
from optout_cli.model.letter import EngineName
from optout_cli.model.notice import Note, Place
from optout_cli.model.request import MESSAGES, Party, Service, Signature, Way
from optout_cli.output import digest_of

EVIDENCE = "evidence"  # the folder for what proves something
SCHEMA = 2  # of `written`; the first, which no line names, has no `named` files


class LetterFile(Noun, frozen=True, kw_only=True):
    """One file of a letter. `path` is relative to the folder; `pages` is None without pages.

    `is_package` tells that its last pages are the PDFs that the letter encloses.
    """

    path: str
    format: str
    bytes: int
    sha256: str
    pages: int | None = None
    is_package: bool = False


class WrittenLetter(Noun, frozen=True, kw_only=True):
    """One recipient's letter as it was written: where it and its copies go, and its files.

    `approved_words` is the SHA-256 of its text, if counsel's initials are in it.
    """

    recipient: Party
    office: str
    address: tuple[str, ...]
    email: str | None = None
    fax: str | None = None
    service: tuple[Service, ...] = ()
    copies: tuple[tuple[str, ...], ...] = ()
    message_id: str | None = None
    notes: tuple[str, ...] = ()
    files: tuple[LetterFile, ...] = ()
    approved_words: str | None = None

    @property
    def is_message(self) -> bool:
        """Whether the letter goes only by e-mail or fax, so that nothing is printed."""
        ways = {service.by for service in self.service}
        return bool(ways) and ways <= MESSAGES


class WrittenNote(Note, frozen=True, kw_only=True):
    """A note in its words of that day, on every letter of the request or on one recipient's."""

    recipient: Party | None = None


class Evidence(Noun, frozen=True, kw_only=True):
    """A file that somebody handed in, as a receipt or an answer, and its copy in the folder."""

    path: str
    name: str
    sha256: str


class FileCopy(Evidence, frozen=True, kw_only=True):
    """A file that the request names, such as a signed resolution, and its copy in the folder.

    `key` is its key path: `enclosures.0.file`. `name` is as in the request, `title` what it is.
    """

    key: str
    title: str
    bytes: int


class Event(Noun, frozen=True, kw_only=True, tag_field="event"):
    """What every event has. `at` is when it was recorded, in UTC.

    `schema` is 1 where it is missing. `previous` is the SHA-256 of the line before, empty in the
    first line.
    """

    schema: int = 1
    at: datetime
    previous: str = ""

    @property
    def tag(self) -> str:
        """What happened, as the register says it, such as `sent`."""
        return str(self.__struct_config__.tag)


class Written(Event, frozen=True, kw_only=True, tag="written"):
    """A request's letters were written.

    `request` is the file, with the line of a table's row. `name` is the jurisdiction or agency as
    in the heading, `variant` tells several agreements apart. `facts` are those of the notice to the
    first recipient, as the JSON format has them, but with the copies of all letters: a later letter
    is made from them. `named` are the files that the request names; events of schema 1 have none.
    `notes` are the words of the codes that the letters have. `fingerprint` is
    the hash of everything that the files follow from. `origins` are the tables that the row may
    come from. `reason` is given where the letters supersede others that were sent.
    """

    request: str
    jurisdiction: str
    slug: str
    state: str
    name: str
    letter: str
    variant: str = ""
    date: Date
    reference: str
    signatory: str | None = None
    is_draft: bool = False
    letters: tuple[WrittenLetter, ...]
    notes: tuple[WrittenNote, ...] = ()
    facts: msgspec.Raw
    named: tuple[FileCopy, ...] = ()
    fingerprint: str
    version: str
    engine: EngineName | None = None
    origins: tuple[str, ...] = ()
    reason: str | None = None


class Replaced(Event, frozen=True, kw_only=True, tag="replaced"):
    """A file moved to `earlier`. `path` is where it was, `kept` where it is now."""

    path: str
    kept: str
    sha256: str


class LetterEvent(Event, frozen=True, kw_only=True):
    """An event of one letter: `written` is the SHA-256 of the line that says it was written."""

    written: str
    recipient: Party
    reference: str
    note: str | None = None


class Sent(LetterEvent, frozen=True, kw_only=True, tag="sent"):
    """A letter went out. `path` and `sha256` are those of the file that was named, if any.

    `signed` is a scan of what was signed. Without `again`, the event completes or corrects an
    earlier one of the same letter by the same way, or by the way that it `corrects`.
    """

    on: Date
    by: Way
    number: str | None = None
    path: str | None = None
    sha256: str | None = None
    receipt: Evidence | None = None
    signed: Evidence | None = None
    again: bool = False
    corrects: Way | None = None


class Delivered(LetterEvent, frozen=True, kw_only=True, tag="delivered"):
    """A letter arrived. A later event completes or corrects an earlier one of the same letter."""

    on: Date
    receipt: Evidence | None = None


class Returned(LetterEvent, frozen=True, kw_only=True, tag="returned"):
    """A letter came back, as one that cannot be delivered; `note` says why.

    `by` is the way of the sending, and `receipt` a scan of what came back. A later event completes
    or corrects the last one of that way if it `corrects`. A version of optout that does not know
    this event passes it over.
    """

    on: Date
    by: Way
    receipt: Evidence | None = None
    corrects: bool = False


class Answered(LetterEvent, frozen=True, kw_only=True, tag="answered"):
    """The recipient answered. `reply` is one that the program declares.

    `by` is who answered, `words` what the answer says; `facts` are what the program asks for with
    this reply, such as the day of a meeting. It takes the place of the last answer to the same
    letter that came on the day that it `corrects`; `true`, as earlier versions wrote, means the
    answer that was recorded last.
    """

    reply: str
    on: Date
    by: str | None = None
    words: str | None = None
    facts: dict[str, str] = {}
    file: Evidence | None = None
    corrects: bool | Date = False


class Withdrawn(LetterEvent, frozen=True, kw_only=True, tag="withdrawn"):
    """What was recorded last of a letter on the day `on` is taken back; `note` says why.

    `by` is the way of a sending, also of one that came back. A letter that was `written` and is
    taken back will not go out, and `on` is its date; one that was sent was withdrawn on the day
    `on`. An event that this was `withdrawn` takes that back.
    """

    what: Literal["written", "sent", "delivered", "returned", "answered", "withdrawn"]
    on: Date
    by: Way | None = None


class PrintedLetter(Noun, frozen=True, kw_only=True):
    """A letter that was put into a PDF to print: which one, and the SHA-256 of its own file."""

    written: str
    recipient: Party
    sha256: str


class Printed(Event, frozen=True, kw_only=True, tag="printed"):
    """Letters were put into one PDF to print. `name` is that of the PDF, without its folder.

    `on` is the day for the user; events of earlier versions have none.
    """

    on: Date | None = None
    name: str
    letters: tuple[PrintedLetter, ...]


class Facts(msgspec.Struct, frozen=True, rename="kebab"):
    """What the days follow from, of the facts that the register keeps of a letter."""

    place: Place | None = None
    # Any: particulars are of the types that the letter kind declares.
    particulars: dict[str, Any] = {}
    computed: dict[str, Date | None] = {}
    signature: Signature = Signature()

    # Any: as above.
    def value(self, name: str) -> Any:
        """Return the value of a particular or a computed date, if there is one."""
        return self.computed.get(name) or self.particulars.get(name)

    def day(self, name: str) -> Date | None:
        """Return the value of a date."""
        value = self.value(name)
        return Date.fromisoformat(value) if isinstance(value, str) else value


FACTS = msgspec.json.Decoder(Facts)


WAYS: dict[Way, str] = {
    "certified-mail": "certified mail",
    "mail": "mail",
    "email": "e-mail",
    "fax": "fax",
    "hand": "hand",
}


def way_words(by: Way, number: str | None = None) -> str:
    """Say how a letter was sent: `certified mail no. 7008 1300 0001 7388 9810`."""
    return f"{WAYS[by]} no. {number}" if number else WAYS[by]


def copies_in(event: Written) -> list[FileCopy]:
    """Return the copies of the files that a request names, but of none outside their folder."""
    folder = PurePosixPath(EVIDENCE)  # a register may be forged
    places = ((PurePosixPath(copy.path), copy) for copy in event.named)
    return [copy for place, copy in places if place.parent == folder and place.name != ".."]


def evidence_of(event: Event) -> list[Evidence]:
    """Return the files that were handed in with an event, or that its request names."""
    if isinstance(event, Written):
        return [*copies_in(event)]
    found = (getattr(event, name, None) for name in ("receipt", "signed", "file"))
    return [proof for proof in found if proof]


LetterNews = Sent | Delivered | Returned | Answered | Withdrawn
AnyEvent = Written | Replaced | LetterNews | Printed


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a letter, with the words of the notice that a mail merge needs.

    `request` is the file and line of the row. `path` is relative to the folder. `pages` is None for
    a format without pages. `notes` are their codes. `fingerprint` is the hash of everything that
    the file follows from. `engine` laid out its pages. `origins` are the tables that the row may
    come from, as paths from the folder.
    """

    request: str
    jurisdiction: str
    name: str
    letter: str
    variant: str
    date: Date
    recipient: str
    address: tuple[str, ...]
    email: str | None
    fax: str | None
    format: str
    path: str
    bytes: int
    sha256: str
    pages: int | None
    notes: tuple[str, ...] = msgspec.field(name="cautions")
    reference: str
    fingerprint: str
    version: str
    engine: EngineName | None = None
    origins: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The file of the request, without the line."""
        return self.request.rpartition(":")[0]

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the request: jurisdiction, letter, and variant."""
        return self.jurisdiction, self.letter, self.variant

    @property
    def identity(self) -> tuple[object, ...]:
        """What identifies the letter, however its request was changed."""
        return (*self.key, self.date, self.recipient)

    def is_same_as(self, other: "Record | None") -> bool:
        """Tell whether another record has the same content, which follows from the same."""
        pair = self.sha256, self.fingerprint
        return other is not None and pair == (other.sha256, other.fingerprint)

    def is_true(self, folder: Path) -> bool:
        """Tell whether the file in `folder` has the size and hash that this record states."""
        path = folder / self.path
        with suppress(OSError):
            return path.stat().st_size == self.bytes and digest_of(path) == self.sha256
        return False


_OF_REQUEST = (
    "request", "jurisdiction", "name", "letter", "variant", "date", "reference", "fingerprint",
    "version", "origins",
)  # fmt: skip
_OF_LETTER = ("recipient", "address", "email", "fax", "notes")
_OF_FILE = ("format", "path", "bytes", "sha256", "pages")


def records_in(event: Written) -> Iterator[Record]:
    """Yield a record of each file that was written, but of none outside the folder."""
    of_request = {name: getattr(event, name) for name in _OF_REQUEST}
    for letter in event.letters:
        of_letter = {name: getattr(letter, name) for name in _OF_LETTER}
        for file in letter.files:
            if file.path.startswith("/") or ".." in file.path.split("/"):  # it may be forged
                continue
            exporter = known_exporter(file.format)
            yield Record(
                **of_request,
                **of_letter,
                **{name: getattr(file, name) for name in _OF_FILE},
                engine=event.engine if exporter and exporter.IS_SLOW else None,
            )


def line_of(record: Record, folder: Path) -> bytes:
    """Return the record as a line of NDJSON, its path below `folder` as the user named that."""
    shown = msgspec.structs.replace(record, path=str(folder / record.path))
    return json_line({"schema": JSON_SCHEMA, **msgspec.to_builtins(shown)})
