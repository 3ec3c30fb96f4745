"""`optout diff`: versions of a letter that somebody names, and what changed from one to the other.

Compares facts, and the words in the files of the letters: in one format for both where that can be.
Reads registers, requests and letters, and writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import sha256
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters import exporter_for, format_names
from optout_cli.exporters.json import changed_facts, corrections_in, facts_of
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
from optout_cli.reports.words import END, READERS, facts_in, has_tracked_changes, words_in
from optout_cli.templating.templates import Templates

_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}")}
_CONTEXT = 12  # words that are shown before and after a change
_FEWEST_SHARED = 50  # words: a file that has fewer of a letter's is not that letter
_FOLLOWS = ("is-reworded", "template.")  # facts that the words show


class Version(NamedTuple):
    """One version of a letter: what it is called, its facts, and its content in some formats.

    `key` is what all versions of the letter share. Without `facts` or formats, only the others are
    compared. `content` makes or reads the letter in a format.
    """

    key: tuple[str, ...]
    name: str
    formats: tuple[str, ...]
    content: Callable[[str], bytes]
    facts: msgspec.Raw | None = None


Pair = tuple[Version, Version]


class Segment(NamedTuple):
    """Words that both versions have, or only the old or the new one."""

    kind: Literal["same", "gone", "new"]
    words: tuple[str, ...]


class Comparison(NamedTuple):
    """What changed between two versions. `facts` are such as `date: old -> new`.

    `segments` are all the words. `unread` are the versions whose words cannot be read; then there
    are no segments. `tracked` are those with tracked changes.
    """

    old: str
    new: str
    facts: tuple[str, ...]
    segments: tuple[Segment, ...]
    unread: tuple[str, ...] = ()
    tracked: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether nothing changed."""
        return not self.facts and all(segment.kind == "same" for segment in self.segments)

    @property
    def shared(self) -> int:
        """How many words both versions have."""
        return sum(len(segment.words) for segment in self.segments if segment.kind == "same")

    def changes(self) -> list[Segment]:
        """Return the segments to show: whole changes, and a few words around each."""
        shown: list[Segment] = []
        last = len(self.segments) - 1
        for number, segment in enumerate(self.segments):
            words = segment.words
            if segment.kind == "same":
                before = words[:_CONTEXT] if number else ()
                after = words[-_CONTEXT:] if number < last else ()
                if len(before) + len(after) < len(words):
                    gap = (END, "...", END) if before and after else ("...",)
                    words = (*before, *gap, *after)
            shown.append(Segment(segment.kind, words))
        return shown if any(segment.kind != "same" for segment in shown) else []


def compare(old: Version, new: Version) -> Comparison:
    """Compare two versions of a letter word by word, in the first format that both have."""
    both = [name for name in READERS if name in old.formats and name in new.formats]
    read, unread, tracked = [], [], []
    for version in (old, new):
        if names := both or [name for name in READERS if name in version.formats]:
            content = version.content(names[0])
            read.append(words_in(content, names[0], version.name))
            if names[0] == "docx" and has_tracked_changes(content):
                tracked.append(version.name)
        else:
            unread.append(version.name)
    segments: list[Segment] = []
    if not unread:
        # Not every format has heads of later pages, nor every letter such pages.
        has_heads = both[:1] == ["docx"] or all(heads for _, heads in read)
        segments = [*_segments(*(words + heads * has_heads for words, heads in read))]
    changed = changed_facts(old.facts, new.facts) if old.facts and new.facts else {}
    facts = [
        f"{path}: {_change_words(*pair)}"
        for key, values in changed.items()
        if not key.startswith(_FOLLOWS)
        for path, pair in _leaves(key, *values)
    ]
    return Comparison(old.name, new.name, (*facts,), (*segments,), (*unread,), (*tracked,))


# Any: facts are JSON of any shape.
def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
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
        yield from _leaves(f"{path}.{key}", sides[0].get(key), sides[1].get(key))


def _change_words(old: object, new: object) -> str:
    """Write `old -> new`, or what changed within a text of several words."""
    words = ["(none)" if value is None else " ".join(str(value).split()) for value in (old, new)]
    before, after = (text.split() for text in words)
    found = list(_segments(before, after))
    if not any(segment.kind == "same" for segment in found):
        return " -> ".join(words)
    return mark_changes(found)


def mark_changes(segments: Iterable[Segment]) -> str:
    """Return the words, those that are gone within [- -], and the new ones within {+ +}."""
    words = ((_MARKS.get(segment.kind, ("", "")), segment.words) for segment in segments)
    return " ".join(f"{begin}{' '.join(each)}{end}" for (begin, end), each in words)


def page_of(comparisons: Sequence[Comparison], templates: Templates) -> str:
    """Return a page with all comparisons, which needs no other file."""
    told: set[str] = set()  # a fact of several recipients stands once
    rows = [
        {
            "old": comparison.old,
            "new": comparison.new,
            "facts": new_facts(comparison, told),
            "paragraphs": list(paragraphs_of(comparison)),
        }
        for comparison in comparisons
    ]
    return templates.lay_out("_layout/diff.html.j2", {"rows": rows})


def new_facts(comparison: Comparison, told: set[str]) -> list[str]:
    """Return the changes of facts that were not shown yet, and add them to those that were."""
    found = [fact for fact in comparison.facts if fact not in told]
    told.update(found)
    return found


def paragraphs_of(comparison: Comparison) -> Iterator[list[Segment]]:
    """Yield the segments of each paragraph to show."""
    paragraph: list[Segment] = []
    for segment in comparison.changes():
        for is_end, words in groupby(segment.words, END.__eq__):
            if not is_end:
                paragraph.append(Segment(segment.kind, tuple(words)))
            elif paragraph:
                yield paragraph
                paragraph = []
    if paragraph:
        yield paragraph


def _segments(old: Sequence[str], new: Sequence[str]) -> Iterator[Segment]:
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, start, end, new_start, new_end in found:
        if kind == "equal":
            yield Segment("same", tuple(old[start:end]))
            continue
        gone, come = tuple(old[start:end]), tuple(new[new_start:new_end])
        if set(gone) <= {END}:  # where a paragraph ends does not change its words
            gone = ()
        if gone:
            yield Segment("gone", gone)
        if come:
            yield Segment("same" if set(come) == {END} else "new", come)


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
            recorded = _recorded_version(letter.state, found.folder)
            versions.append(_of_file(path, recorded) if letter.is_changed else recorded)
        return versions

    def with_now(self, text: str) -> Iterator[Pair]:
        """Yield each letter that is named as recorded, and as it would be written now.

        If the request is not at hand, it is as the register has it. Raises OptoutError.
        """
        if not _is_request(text):
            found = look_up(text, self._within, self._order.parties)
            for letter in found.letters:
                old = _recorded_version(letter.state, found.folder)
                now = self._as_now(letter.state, found.folder, old.key)
                yield _of_file(Path(text), old) if letter.is_changed else old, now
            return
        folder = register_folder(text, self._within)
        recorded = (_recorded_version(it, folder) for it in load_register(folder).letters.values())
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

    def _as_now(self, state: LetterState, folder: Path, key: tuple[str, ...]) -> Version:
        """Return a recorded letter as its request, or else what is recorded, would make it now."""
        named = Path(state.written.request)
        for place in map(str, (named, folder / named, folder.parent / named.name)):
            if _is_request(place) and is_file(Path(place)):
                for version in self._versions_now(place):
                    if version.key == key:
                        return version
        written = state.written
        document = _request_of(state)
        order = msgspec.structs.replace(self._order, is_draft=written.is_draft)
        with locating(document):
            (notice,) = compose(case_of(document, self._library, order), [state.letter.recipient])
        letter = render(notice, self._library.templates)
        return version_of(letter, self._library, f"{written.reference}, as it would be now")


def version_of(letter: Letter, library: Library, name: str) -> Version:
    """Return a letter that is made now, in any format for which it has the addresses."""
    notice, context = letter.notice, library.context
    facts = facts_of(letter, context)
    del facts["cautions"]

    def content(form: str) -> bytes:
        exporter = exporter_for(form)
        return exporter.encode(letter.as_form(exporter.ROUTE), context)

    key = (notice.place.id, notice.letter, notice.variant, notice.recipient.party)
    lacks_mail = not (letter.people.sender and letter.people.recipient)
    forms = (it for it in format_names() if not (lacks_mail and exporter_for(it).ROUTE == "email"))
    raw = msgspec.Raw(msgspec.json.encode(facts))
    return Version(key, f"{name} ({notice.recipient.party})", (*forms,), content, raw)


def _recorded_version(state: LetterState, folder: Path) -> Version:
    """Return a letter as its files have it."""
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
    )


def _request_of(state: LetterState) -> Document:
    """Return the request of a recorded letter, as the register has its facts."""
    written = state.written
    facts = msgspec.json.decode(written.facts)
    kept = {key: facts[key] for key in Request.__struct_encode_fields__ if key in facts}
    recipients = facts["recipients"]
    data = {
        **kept,
        "jurisdiction": written.slug,
        "recipients": {recipient["party"]: corrections_in(recipient) for recipient in recipients},
        "service": {recipient["party"]: recipient.get("service", []) for recipient in recipients},
    }
    return Document(_without_none(data), (Layer(written.reference, {}),))


def _without_none(node: Any) -> Any:  # Any: JSON of any shape
    """Leave out what is null: a request has texts, lists and mappings alone."""
    if isinstance(node, dict):
        return {key: _without_none(value) for key, value in node.items() if value is not None}
    return [*map(_without_none, node)] if isinstance(node, list) else node


def _is_request(text: str) -> bool:
    """Tell whether an argument is a request, and not a letter as JSON."""
    if text == STDIN:
        return True
    name = text.lower()
    return name.endswith(REQUESTS) and not (name.endswith(".json") and facts_in(Path(text)))


def _of_file(path: Path, recorded: Version | None = None) -> Version:
    """Return a file as it is, with the facts of the letter that was recorded at its place."""
    form = path.suffix.removeprefix(".").lower()
    facts = facts_in(path) if form == "json" else None
    if facts is None and form not in READERS:
        message = "is in a format that optout cannot read"
        ends = dict.fromkeys(name.rpartition("-")[2] for name in READERS)  # a fax ends in .fax.pdf
        hint = f"save it as .docx, or name one that ends in .{', .'.join(ends)}"
        location = Location(str(path), is_command_line=True)
        raise OptoutError(Problem("not-a-letter", message, location, hint))
    key = recorded.key if recorded else ()
    if facts and not recorded:
        told = msgspec.json.decode(facts)
        place, party = told["place"]["id"], told["recipient"]["party"]
        key = (place, told["letter"], told.get("variant", ""), party)
    return Version(
        key,
        str(path),
        (form,) if form in READERS else (),
        lambda _: path.read_bytes(),
        facts or (recorded.facts if recorded else None),
    )


def pair_letters(old: Sequence[Version], new: Sequence[Version], name: str) -> list[Pair]:
    """Return the two versions of each letter; `name` is what was named as the new ones.

    Letters of other jurisdictions or kinds are compared by recipient, and a file that names no
    letter with the one of most like words. Raises OptoutError if no letter has two versions.
    """
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    part = slice(None) if {it.key for it in old} & {it.key for it in new} else slice(-1, None)
    by_key = {version.key[part]: version for version in new}
    pairs = [(version, by_key[version.key[part]]) for version in old if version.key[part] in by_key]
    if not pairs and min(len(old), len(new)) == 1:
        tried = [(compare(*pair), pair) for pair in product(old, new)]
        near = [(it.shared, pair) for it, pair in tried if it.shared >= _FEWEST_SHARED]
        pairs = [pair for _, pair in sorted(near, key=itemgetter(0))[-1:]]
    if not pairs:
        message = "has no letter in common with the other"
        location = Location(name, is_command_line=True)
        hint = "name one letter each, such as with --to ice"
        raise OptoutError(Problem("no-such-letter", message, location, hint))
    return pairs
