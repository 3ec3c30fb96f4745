"""`optout diff`: what changed from one version of a letter to the other.

Compares facts, and the words in the files of the letters: in one format for both where that can be.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, product
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters.json import changed_facts
from optout_cli.reports.versions import Version
from optout_cli.reports.words import END, READERS, has_tracked_changes, words_in
from optout_cli.templating.templates import Templates

_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}")}
_CONTEXT = 12  # words that are shown before and after a change
_FEWEST_SHARED = 50  # words: a file that has fewer of a letter's is not that letter
_FOLLOWS = ("is-reworded", "template.")  # facts that the words show
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
        tried = [(compare(*pair), pair) for pair in product(*_likely(old, new))]
        near = [(it.shared, pair) for it, pair in tried if it.shared >= _FEWEST_SHARED]
        pairs = [pair for _, pair in sorted(near, key=itemgetter(0))[-1:]]
    if not pairs:
        message = "has no letter in common with the other"
        location = Location(name, is_command_line=True)
        hint = "name one letter each, such as with --to ice"
        raise OptoutError(Problem("no-such-letter", message, location, hint))
    return pairs


def _likely(
    old: Sequence[Version], new: Sequence[Version]
) -> tuple[Sequence[Version], Sequence[Version]]:
    """Leave out of many letters those whose reference the only file opposite does not have.

    A file without any of the references may be each of the letters.
    """
    (one,), many = (old, new) if len(old) == 1 else (new, old)
    form = next((name for name in READERS if name in one.formats), None)
    text = " ".join(words_in(one.content(form), form, one.name)[0]) if form else ""
    named = [it for it in many if it.reference and it.reference in text] or many
    return (old, named) if many is new else (named, new)
