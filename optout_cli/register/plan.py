"""A request's finished files: their event, and what would happen to each.

A file is new, the same as before, replaced, kept, or refused. Reads the files in
place, and writes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli import __version__
from optout_cli.errors import Location, Problem, as_text, first_of, raise_any
from optout_cli.exporters import ExportContext, exporter_for
from optout_cli.exporters.json import facts_of, message_id_of
from optout_cli.model.letter import Export, Letter
from optout_cli.model.notice import Note
from optout_cli.model.request import Party
from optout_cli.output import earlier_problem, exists_problem, is_torn, write_errors
from optout_cli.readers.enclosures import PDF
from optout_cli.register.approvals import approved_words
from optout_cli.register.events import (
    SCHEMA,
    FileCopy,
    LetterFile,
    Record,
    Written,
    WrittenLetter,
    WrittenNote,
    records_in,
)
from optout_cli.register.journal import evidence_problems
from optout_cli.register.state import LetterState, Register, identity_of
from optout_cli.trust import place_problems

_NAMED = ("key", "name", "title", "sha256", "bytes")  # of a file that a request names
NOT_YET = datetime.fromtimestamp(0, UTC)  # the folder puts in the moment of writing


class Writing(msgspec.Struct, frozen=True):
    """The finished files of a request: the event, and the bytes by their path in the folder.

    The copies of the event's `named` files have no path yet. `sources` are the places of the files
    themselves, by their SHA-256.
    """

    event: Written
    contents: dict[str, bytes]
    sources: dict[str, str]


def writing_of(
    letters: Sequence[Letter],
    exports: Sequence[Export],
    context: ExportContext,
    path_of: Callable[[Export], str],
    *,
    request: str,
    fingerprint: str,
) -> Writing:
    """Return the exports of a request's letters with their event."""
    first = letters[0].notice
    place = first.place
    is_own = first.author == place.full_name
    facts = facts_of(letters[0], context)
    del facts["cautions"]
    facts["copies"] = [*dict.fromkeys(copy for letter in letters for copy in letter.notice.copies)]
    event = Written(
        schema=SCHEMA,
        at=NOT_YET,
        request=as_text(request),
        jurisdiction=place.id,
        slug=place.slug,
        state=place.state_code,
        name=f"{place.name}, {place.state_code}" if is_own else first.author,
        letter=first.letter,
        variant=first.variant,
        date=first.date,
        reference=first.reference,
        signatory=first.signatory.name if first.signatory else None,
        is_draft=bool(letters[0].mark),
        letters=tuple(_written_letter(letter, exports, path_of, context) for letter in letters),
        notes=tuple(_notes_on(letters, exports)),
        facts=msgspec.Raw(msgspec.json.encode(facts)),
        named=tuple(
            FileCopy(path="", **{key: getattr(file, key) for key in _NAMED})
            for file in letters[0].named
        ),
        fingerprint=fingerprint,
        version=__version__,
        engine=next((export.engine for export in exports if export.engine), None),
    )
    sources = {file.sha256: file.place for file in letters[0].named}
    return Writing(event, {path_of(export): export.content for export in exports}, sources)


def _notes_on(letters: Sequence[Letter], exports: Sequence[Export]) -> Iterator[WrittenNote]:
    """Yield each note once. A note on several letters is on all of them."""
    found: defaultdict[Note, set[Party]] = defaultdict(set)
    for letter in letters:
        for note in _notes_of(letter, exports):
            found[note].add(letter.notice.recipient.party)
    for note, parties in found.items():
        recipient = None if len(parties) == len(letters) else parties.pop()
        yield WrittenNote(**msgspec.structs.asdict(note), recipient=recipient)


def _notes_of(letter: Letter, exports: Iterable[Export]) -> tuple[Note, ...]:
    own = (export for export in exports if export.notice is letter.notice)
    return (*letter.notice.notes, *(note for export in own for note in export.notes))


def _written_letter(
    letter: Letter,
    exports: Sequence[Export],
    path_of: Callable[[Export], str],
    context: ExportContext,
) -> WrittenLetter:
    recipient = letter.notice.recipient
    own = [export for export in exports if export.notice is letter.notice]
    routes = {exporter_for(export.format).ROUTE for export in own}
    only = next(iter(routes)) if len(routes) == 1 else None
    binding = {
        export.format
        for export in own
        if (exporter := exporter_for(export.format)).ENCLOSES == "pdf"
        and (context.options.with_enclosures or not exporter.IS_PRINTED)
    }
    has_pdfs = any(file.media_type == PDF for file in letter.attachments)
    return WrittenLetter(
        recipient=recipient.party,
        office=recipient.office,
        address=recipient.contact.block,
        email=recipient.contact.email,
        fax=recipient.contact.fax,
        service=recipient.service_by(only) if only else recipient.service,
        copies=tuple(copy.envelope or copy.block for copy in letter.notice.copies),
        message_id=message_id_of(letter) if "email" in routes else None,
        notes=tuple(dict.fromkeys(note.code for note in _notes_of(letter, exports))),
        approved_words=approved_words(letter),
        files=tuple(
            LetterFile(
                path=path_of(export),
                format=export.format,
                bytes=len(export.content),
                sha256=sha256(export.content).hexdigest(),
                pages=export.pages,
                is_package=has_pdfs and export.format in binding,
            )
            for export in own
        ),
    )


SENT = "sent-letter"
OTHER_FACTS = "other-facts"
OCCUPIED = "file-exists"


class Plan(NamedTuple):
    """What would happen to a request's files, by their paths in the folder.

    `new` are not there; `same` are there as wanted; `replaced` are there with other content, which
    moves to `earlier`; `kept` stay although they were changed, as their letter would be the same;
    `outdated` stay because they were sent, although the data has another address now; `retired`
    are files of the same letter in other formats, and of the letter of another date that the
    request made before, which move to `earlier` too. `is_late` tells that a letter which was sent
    is replaced. `enclosed` says of files that go with a letter in `same` how they were changed.
    """

    new: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    is_late: bool = False
    enclosed: tuple[str, ...] = ()


class Replacing(NamedTuple):
    """What may be replaced that usually stays.

    With `force`, files that the register does not know or that somebody changed; with `supersede`,
    the reason to record, letters that were sent. `keeps_changed` lets a file that somebody changed
    stay where its letter would be the same; otherwise it is a Problem. With `redates`, a letter of
    another date takes the place of those that the same request made and that did not go out.
    """

    force: bool = False
    supersede: str | None = None
    keeps_changed: bool = False
    redates: bool = False


CAREFUL = Replacing()


def plan_writing(
    register: Register, writing: Writing, replacing: Replacing, *, has_register: bool
) -> Plan:
    """Decide about each file of a request; without a register, no evidence is kept.

    Raises OptoutError for files that may not be replaced, and for a link that leads nowhere.
    """
    is_superseding = replacing.supersede is not None
    folder, contents = register.folder, writing.contents
    raise_any(place_problems(folder, contents))
    copies = (folder / register.copies.get(file.sha256, ".") for file in writing.event.named)
    if has_register and not all(copy.is_file() for copy in copies):
        raise_any(evidence_problems(folder))
    foreign = register.foreign(writing.event)
    if not is_superseding:
        theirs = (state for state in foreign if state.sent or not replacing.force)
        raise_any(_foreign_problem(state, folder) for state in theirs)
    others = _changed_letters(register, writing, foreign)
    outdated = () if is_superseding else tuple(_outdated_files(register, others, writing.event))
    others = [state for state in others if not state.places.keys() & {*outdated}]
    sent = [state for state in others if state.sent]
    if not is_superseding:
        raise_any(_sent_problem(state, writing.event, folder) for state in sent)
    beside = {
        path: state
        for state in others
        for path, place in state.places.items()
        if path == place and path not in contents and (folder / path).is_file()
    }
    if not (replacing.force or is_superseding):
        raise_any(_beside_problems(register, beside, writing.event))
    fates, problems = _fates_of(register, writing, replacing, outdated)
    redated = _redated_files(register, writing) if replacing.redates else ()
    retired = tuple(dict.fromkeys((*beside, *redated)))
    moving = (earlier_problem(folder / path) for path in (*fates["replaced"], *retired))
    raise_any(dict.fromkeys((*problems, *filter(None, moving))))
    changed: dict[str, None] = {}
    if fates["same"]:  # tell which files changed that go with letters which are not sent yet
        ids = (identity_of(writing.event, it.recipient) for it in writing.event.letters)
        unsent = (state for id in ids for state in register.current(id) if not state.sent)
        changed = dict.fromkeys(it for state in unsent for it in state.changed_files(writing.event))
    return Plan(
        **{fate: tuple(paths) for fate, paths in fates.items()},
        outdated=outdated,
        retired=retired,
        is_late=bool(sent),
        enclosed=tuple(text for text in changed if not text.startswith("signature.")),
    )


def _fates_of(
    register: Register, writing: Writing, replacing: Replacing, outdated: Collection[str]
) -> tuple[dict[str, list[str]], list[Problem]]:
    """Return the paths of a request's files by what would happen to them, and what may not."""
    fates: dict[str, list[str]] = {"new": [], "same": [], "replaced": [], "kept": []}
    problems: list[Problem] = []
    for record in records_in(writing.event):
        if record.path in outdated:
            continue
        is_sent = register.is_sent(record.path) and replacing.supersede is None
        content = writing.contents[record.path]
        fate = _fate(register, record, content, replacing, is_sent=is_sent)
        if fate in fates:
            fates[fate].append(record.path)
            continue
        place, old = register.folder / record.path, register.records.get(record.path)
        if old is None or old.identity != record.identity:
            problems.append(exists_problem(place))
            continue
        message = "was changed after optout wrote it (a signed copy?)"
        if old.fingerprint != record.fingerprint:
            message += ", and the letter would read differently now"
        hint = "move it away and run the command again, or replace it with --force"
        problems.append(Problem(OCCUPIED, message, Location(str(place)), hint))
    return fates, problems


def _foreign_problem(state: LetterState, folder: Path) -> Problem:
    """Return the Problem of a letter whose name another jurisdiction's letter would have."""
    message, hint = f"is a letter of {state.written.name}", "name another folder with -o"
    hint += "" if state.sent else ", or use --force, which moves it to earlier/"
    return Problem(OCCUPIED, message, Location(str(state.place_in(folder))), hint)


def _sent_problem(state: LetterState, event: Written, folder: Path) -> Problem:
    """Return the Problem of a letter that was sent, and that an event would change."""
    why = "the letter would read differently now"
    hint = "give the changed letter a new date, or add --supersede 'REASON'"
    if earlier := state.outdated_by(event):
        why = "the data has another address or office now"
        hint += f"; to write it as it went out, add to its request: recipients: {earlier}"
    changes = first_of(state.differences_to(event))
    message = f"was sent on {state.sent[-1].on}, and {why} ({changes})"
    return Problem(SENT, message, Location(str(state.place_in(folder))), hint)


def _changed_letters(
    register: Register, writing: Writing, foreign: Iterable[LetterState]
) -> list[LetterState]:
    """Return the letters in place that a request's letters would replace, and that differ."""
    event = writing.event
    letters = {letter.recipient: letter for letter in event.letters}
    states = [state for party in letters for state in register.current(identity_of(event, party))]
    states += (*filter(None, map(register.at_path, writing.contents)), *foreign)
    unique = {id(state): state for state in states}
    return [
        state
        for state in unique.values()
        if not state.is_same_as(event)
        and not (
            (letter := letters.get(state.letter.recipient))
            and state.has_files_of(event, letter)
            and not state.changed_files(event)  # another format may hold the old ones
        )
    ]


def _outdated_files(
    register: Register, states: Iterable[LetterState], event: Written
) -> Iterator[str]:
    """Yield the files that were sent, and would only go to another address now."""
    for state in states:
        paths = [it.path for it in records_in(event) if it.recipient == state.letter.recipient]
        is_here = all(register.at_path(path) is state for path in paths)
        if state.sent and is_here and state.outdated_by(event):
            yield from paths


def _redated_files(register: Register, writing: Writing) -> Iterator[str]:
    """Yield the files of letters that the same request made with another date.

    Those stay that went out, that somebody changed, and that only a draft would replace.
    """
    event = writing.event
    own = (event.request, event.jurisdiction, event.letter, event.variant)
    parties = {letter.recipient for letter in event.letters}
    for state in register.letters.values():
        old = state.written
        is_other = old.date != event.date and state.letter.recipient in parties
        is_own = (old.request, old.jurisdiction, old.letter, old.variant) == own
        if state.is_out or not (is_own and is_other) or (event.is_draft and not old.is_draft):
            continue
        for path, place in state.places.items():
            at = register.folder / place
            if path == place and path not in writing.contents and at.is_file():
                with write_errors(at):
                    is_ours = sha256(at.read_bytes()).hexdigest() in register.hashes[path]
                if is_ours:
                    yield path


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
        if replacing.force or (is_ours and is_successor) or is_torn(present, content):
            return "replaced"
        return "kept" if is_same and replacing.keeps_changed else "refused"


def _beside_problems(
    register: Register, beside: Mapping[str, LetterState], event: Written
) -> Iterator[Problem]:
    """Yield a Problem for each changed letter that has files in other formats."""
    formats = {file.format for letter in event.letters for file in letter.files}
    states = {id(state): state for state in beside.values()}
    for state in states.values():
        there = [file for file in state.letter.files if beside.get(file.path) is state]
        what = first_of(state.differences_to(event))
        message = f"was written with other facts: {what}"
        names = dict.fromkeys((*(file.format for file in there), *sorted(formats)))
        way = f"write it again in all its formats: -f {','.join(names)}"
        if formats.issuperset(names):  # it was written to another place in the folder
            way = "replace it with --force, which moves it to earlier/"
        hint = f"give the letter a new date, or {way}"
        yield Problem(OTHER_FACTS, message, Location(str(register.folder / there[0].path)), hint)
