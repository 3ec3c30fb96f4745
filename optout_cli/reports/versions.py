"""The versions of a letter that somebody names: as recorded, as it is now, or in another file.

Reads registers, requests and letters, and writes nothing.
"""

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters import exporter_for, format_names
from optout_cli.exporters.json import corrections_in, facts_of, is_letter, letter_in, without_none
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of, letters_of_request, request_file
from optout_cli.letters.render import render
from optout_cli.model.letter import Letter
from optout_cli.model.request import REQUESTS, Request
from optout_cli.readers.document import Document, Layer, locating
from optout_cli.readers.files import STDIN, folder_of, is_file
from optout_cli.register.journal import NAME
from optout_cli.register.recorder import look_up, register_folder
from optout_cli.register.state import LetterState, load_register
from optout_cli.reports.words import READERS, Known, words_by_part


class Version(NamedTuple):
    """One version of a letter: what it is called, its facts, and its content in some formats.

    `key` is what all versions of the letter share. Without `facts` or formats, only the others are
    compared. `content` makes or reads the letter in a format. `reference` is "" where none is
    known. `parts` returns the letter's words with the part of each, as far as its facts tell them.
    """

    key: tuple[str, ...]
    name: str
    formats: tuple[str, ...]
    content: Callable[[str], bytes]
    facts: msgspec.Raw | None = None
    reference: str = ""
    parts: Callable[[], Known] = tuple


Pair = tuple[Version, Version]


class Finder:
    """Finds versions of letters; `within` is a folder with a register, or in one."""

    def __init__(self, library: Library, order: Order, within: Path | None = None) -> None:
        self._library, self._order, self._within = library, order, within
        self._made: dict[str, list[Version]] = {}  # by request

    def versions(self, text: str) -> list[Version]:
        """Return the versions of letters that an argument names. Raises OptoutError."""
        if _is_request(text):
            return self._versions_now(text)
        path = Path(text)
        try:
            found = look_up(text, self._within, self._order.parties)
        except OptoutError as error:
            codes = {problem.code for problem in error.problems}
            if is_file(path) and codes <= {"no-register", "no-such-letter"}:
                return [_of_file(path)]
            raise
        versions = []
        for letter in found.letters:
            recorded = self._recorded(letter.state, found.folder)
            versions.append(_of_file(path, recorded) if letter.is_changed else recorded)
        return versions

    def with_now(self, text: str) -> Iterator[tuple[Version, Version]]:
        """Yield each letter that is named as recorded, and as it would be written now.

        If the request is not at hand, it is as the register has it. Raises OptoutError.
        """
        if not _is_request(text):
            found = look_up(text, self._within, self._order.parties)
            for letter in found.letters:
                state, folder = letter.state, found.folder
                old, named = self._recorded(state, folder), Path(state.written.request)
                places = map(str, (named, folder / named, folder.parent / named.name))
                requests = (it for it in places if _is_request(it) and is_file(Path(it)))
                versions = (it for request in requests for it in self._versions_now(request))
                now = next((it for it in versions if it.key == old.key), None)
                if now is None:
                    name = f"{state.written.reference}, as it would be now"
                    now = version_of(self._letter_again(state), self._library, name)
                yield _of_file(Path(text), old) if letter.is_changed else old, now
            return
        folder = register_folder(text, self._within)
        recorded = (self._recorded(it, folder) for it in load_register(folder).letters.values())
        latest = {version.key: version for version in recorded}
        pairs = [(latest[it.key], it) for it in self._versions_now(text) if it.key in latest]
        if not pairs:
            message = f"{folder / NAME} has no letter of this request"
            hint = "name the folder that its letters were written to: --in FOLDER"
            location = Location(text, is_command_line=True)
            raise OptoutError(Problem("no-such-letter", message, location, hint))
        yield from pairs

    def _versions_now(self, text: str) -> list[Version]:
        """Return the letters of a request as they would be written now. Raises OptoutError."""
        if text not in self._made:
            document = request_file(text)
            with locating(document):
                made = letters_of_request(document, self._library, self._order, folder_of(text))
            name = f"{text}, as it is now"
            self._made[text] = [version_of(letter, self._library, name) for letter in made]
        return self._made[text]

    def _letter_again(self, state: LetterState) -> Letter:
        """Make a recorded letter again from its facts. Raises OptoutError."""
        written = state.written
        facts = msgspec.json.decode(written.facts)
        own = facts["recipients"]
        data = {
            **{key: facts[key] for key in Request.__struct_encode_fields__ if key in facts},
            "jurisdiction": written.slug,
            "recipients": {recipient["party"]: corrections_in(recipient) for recipient in own},
            "service": {recipient["party"]: recipient.get("service", []) for recipient in own},
        }
        document = Document(without_none(data), (Layer(written.reference, {}),))
        order = msgspec.structs.replace(self._order, is_draft=written.is_draft)
        with locating(document):
            (notice,) = compose(case_of(document, self._library, order), [state.letter.recipient])
        return render(notice, self._library.templates)

    def _recorded(self, state: LetterState, folder: Path) -> Version:
        """Return a letter as its files have it."""

        def parts() -> Known:
            try:
                return words_by_part(self._letter_again(state), self._library.templates)
            except OptoutError:  # it could not be written today: nobody knows its passages
                return ()

        places = ((file, folder / state.places[file.path]) for file in state.letter.files)
        paths = {
            file.format: path
            for file, path in places
            if is_file(path) and sha256(path.read_bytes()).hexdigest() == file.sha256
        }
        written = state.written
        best = next((str(paths[form]) for form in READERS if form in paths), "")
        return Version(
            (written.jurisdiction, written.letter, written.variant, state.letter.recipient),
            f"{best or written.reference}, as recorded on {written.at:%Y-%m-%d}",
            tuple(paths),
            lambda form: paths[form].read_bytes(),
            written.facts,
            written.reference,
            parts,
        )


def version_of(letter: Letter, library: Library, name: str) -> Version:
    """Return a letter that is made now, in any format for which it has the addresses."""
    notice, context = letter.notice, library.context
    facts = facts_of(letter, context)
    del facts["cautions"]

    @cache  # it is read more than once
    def content(form: str) -> bytes:
        exporter = exporter_for(form)
        return exporter.encode(letter.as_form(exporter.ROUTE), context)

    key = (notice.place.id, notice.letter, notice.variant, notice.recipient.party)
    lacks_mail = not (letter.people.sender and letter.people.recipient)
    forms = (it for it in format_names() if not (lacks_mail and exporter_for(it).ROUTE == "email"))
    raw = msgspec.Raw(msgspec.json.encode(facts))
    return Version(
        key,
        f"{name} ({notice.recipient.party})",
        (*forms,),
        content,
        raw,
        parts=lambda: words_by_part(letter, library.templates),
    )


def _is_request(text: str) -> bool:
    """Tell whether an argument is a request, and not a letter as JSON."""
    if text == STDIN:
        return True
    name = text.lower()
    return name.endswith(REQUESTS) and not (
        name.endswith(".json") and is_file(Path(text)) and is_letter(text)
    )


def _of_file(path: Path, recorded: Version | None = None) -> Version:
    """Return a file as it is, with the facts of the letter that was recorded at its place."""
    form = path.suffix.removeprefix(".").lower()
    facts = letter_in(str(path)) if form == "json" and is_letter(str(path)) else None
    if facts is None and form not in READERS:
        message = "is in a format that optout cannot read"
        ends = dict.fromkeys(name.rpartition("-")[2] for name in READERS)  # a fax ends in .fax.pdf
        hint = f"save it as .docx, or name one that ends in .{', .'.join(ends)}"
        location = Location(str(path), is_command_line=True)
        raise OptoutError(Problem("not-a-letter", message, location, hint))
    key = recorded.key if recorded else ()
    if facts and not recorded:
        place, party = facts["place"]["id"], facts["recipient"]["party"]
        key = (place, facts["letter"], facts.get("variant", ""), party)
    return Version(
        key,
        str(path),
        (form,) if form in READERS else (),
        lambda _: path.read_bytes(),
        msgspec.Raw(msgspec.json.encode(facts)) if facts else recorded and recorded.facts,
        parts=recorded.parts if recorded else tuple,
    )


# Any: JSON of any shape.
def changes_within(path: str, old: Any, new: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the dotted key and both values of each text or number that differs."""
    if not isinstance(old, dict | list) and not isinstance(new, dict | list):
        if old != new:
            yield path, (old, new)
        return
    sides = []
    for side in (old, new):
        listed = side if isinstance(side, list) else [] if side is None else [side]
        items = side.items() if isinstance(side, dict) else enumerate(listed)
        sides.append({str(key): value for key, value in items})
    for key in dict.fromkeys((*sides[0], *sides[1])):
        yield from changes_within(f"{path}.{key}", sides[0].get(key), sides[1].get(key))
