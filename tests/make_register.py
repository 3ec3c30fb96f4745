"""Make a folder with a register: letters that were written, sent, received and answered."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from optout_cli.letters import Library
from optout_cli.model.request import PARTIES, Party, Way
from optout_cli.register.events import (
    Answered,
    AnyEvent,
    Delivered,
    LetterFile,
    Printed,
    PrintedLetter,
    Replaced,
    Returned,
    Sent,
    Withdrawn,
    Written,
    WrittenLetter,
)
from optout_cli.register.journal import JournalWriter, load_journal
from optout_cli.register.standing import Standing, standings_of
from optout_cli.register.state import Register

NOTICE, TERMINATE = "secure-communities/opt-out", "287g/terminate"
FOLLOW_UP = "secure-communities/follow-up"
DAY = date(2026, 11, 2)
_CODES = {"secure-communities": "SC", "287g": "287G"}
MARIN = {
    "id": "06041",
    "slug": "marin-county-ca",
    "name": "Marin County",
    "formal": "Marin County",
    "state-code": "CA",
    "state-name": "California",
}
ADDISON = MARIN | {
    "id": "50001",
    "slug": "addison-county-vt",
    "name": "Addison County",
    "formal": "Addison County",
    "state-code": "VT",
    "state-name": "Vermont",
}


class RegisterMaker:
    """Appends events to the register in a folder, a second apart, and writes the letters' files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.at = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
        self._writer = JournalWriter(folder, load_journal(folder))
        self._written: dict[str, Written] = {}

    def written(
        self,
        *,
        letter: str = NOTICE,
        on: date = DAY,
        place: dict[str, str] = MARIN,
        parties: tuple[Party, ...] = PARTIES,
        formats: tuple[str, ...] = ("txt",),
        content: str = "",
        # Any: of the types that the letter kind declares.
        particulars: dict[str, Any] | None = None,
        is_typed: bool = False,
        **changes: Any,  # Any: other fields of Written
    ) -> str:
        """Write the letters of a request; return the id by which other events name them."""
        kind = letter.partition("/")[2]
        folder = f"{place['state-code']}/{place['slug']}"
        letters = tuple(
            self._letter(party, f"{folder}/{on}-{kind}-{party}", formats, content)
            for party in parties
        )
        facts = {
            "place": place,
            "particulars": particulars or {},
            "signature": {"kind": "typed" if is_typed else "ink"},
        }
        values: dict[str, Any] = {  # Any: as above
            "at": self._next(),
            "request": "notices.csv:2",
            "jurisdiction": place["id"],
            "slug": place["slug"],
            "state": place["state-code"],
            "name": f"{place['name']}, {place['state-name']}",
            "letter": letter,
            "date": on,
            "reference": f"{_CODES[letter.partition('/')[0]]}-{place['id']}-{on:%Y%m%d}-ABCD",
            "signatory": "Pat Placeholder, Sheriff",
            "letters": letters,
            "facts": msgspec.Raw(msgspec.json.encode(facts)),
            "fingerprint": "f",
            "version": "0",
        }
        event = Written(**(values | changes))
        line = self.append(event)
        self._written[line] = event
        return line

    def _letter(
        self, party: Party, stem: str, formats: tuple[str, ...], content: str
    ) -> WrittenLetter:
        """Write the files of a letter, each with its own path and `content` as its text."""
        files = []
        for suffix in formats:
            path = f"{stem}.{suffix}"
            text = f"{path} {content}".encode()
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(text)
            digest = sha256(text).hexdigest()
            files.append(LetterFile(path=path, format=suffix, bytes=len(text), sha256=digest))
        return WrittenLetter(
            recipient=party,
            office="bureau" if party == "bureau" else "ero-san-francisco",
            address=(f"The {party}", "1 Main Street"),
            email=f"{party}@example.gov",
            files=tuple(files),
        )

    def printed(self, id: str, on: date | None = DAY) -> None:
        """Record that the letters of a request are in a PDF to print."""
        letters = tuple(
            PrintedLetter(written=id, recipient=letter.recipient, sha256=letter.files[0].sha256)
            for letter in self._written[id].letters
        )
        self.append(Printed(at=self._next(), on=on, name="all.pdf", letters=letters))

    def sent(
        self, id: str, to: Party, on: date = DAY, by: Way = "certified-mail", **more: Any
    ) -> None:
        """Record that a letter went out. Any: other fields of Sent."""
        self.append(Sent(**self._about(id, to), on=on, by=by, **more))

    def delivered(self, id: str, to: Party, on: date, **more: Any) -> None:
        """Record that a letter arrived. Any: other fields of Delivered."""
        self.append(Delivered(**self._about(id, to), on=on, **more))

    def returned(
        self, id: str, to: Party, on: date, by: Way = "certified-mail", **more: Any
    ) -> None:
        """Record that a sending came back. Any: other fields of Returned."""
        self.append(Returned(**self._about(id, to), on=on, by=by, **more))

    def answered(self, id: str, to: Party, on: date, reply: str = "refused", **more: Any) -> None:
        """Record an answer. Any: other fields of Answered."""
        self.append(Answered(**self._about(id, to), on=on, reply=reply, **more))

    def withdrawn(self, id: str, to: Party, on: date = DAY) -> None:
        """Record that a letter will not go out, or was withdrawn on a day."""
        self.append(Withdrawn(**self._about(id, to), what="written", on=on))

    def replaced(self, id: str) -> None:
        """Move all files of a request's letters to the folder earlier."""
        for letter in self._written[id].letters:
            for file in letter.files:
                path = self.folder / file.path
                kept = path.parent / "earlier" / f"{path.stem}.{file.sha256[:12]}{path.suffix}"
                kept.parent.mkdir(exist_ok=True)
                path.rename(kept)
                place = kept.relative_to(self.folder).as_posix()
                moved = Replaced(at=self._next(), path=file.path, kept=place, sha256=file.sha256)
                self.append(moved)

    def append(self, event: AnyEvent) -> str:
        """Append an event; return the SHA-256 of its line."""
        (line,) = self._writer.append([event])
        return line.sha256

    def standings(self, library: Library) -> tuple[Standing, ...]:
        """Return where each letter stands."""
        lines = load_journal(self.folder).lines
        return standings_of(Register(lines).letters.values(), library.programs.by_id)

    def _next(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    # Any: fields of several types.
    def _about(self, id: str, to: Party) -> dict[str, Any]:
        reference = self._written[id].reference
        return {"at": self._next(), "written": id, "recipient": to, "reference": reference}
