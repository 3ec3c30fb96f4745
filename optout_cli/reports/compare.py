"""`optout diff`: what changed from one version of a letter to the other.

Compares facts, and the words in the files of the letters: in one format for both where that can be.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, product
from operator import itemgetter
from typing import Literal, NamedTuple

from optout_cli.errors import Location, OptoutError, Problem, as_text
from optout_cli.exporters.json import changed_facts
from optout_cli.register.status import sealed
from optout_cli.reports.versions import Version, changes_within
from optout_cli.reports.word_file import tracked_by
from optout_cli.reports.words import (
    END,
    OF_FAX,
    READERS,
    Comment,
    Known,
    Part,
    Reading,
    is_pdf_of_others,
    parts_of,
    words_in,
)
from optout_cli.templating.filters import and_list
from optout_cli.templating.templates import Templates

_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}")}
_CONTEXT = 12  # words that are shown before and after a change
_FEWEST_SHARED = 50  # words: a file that has fewer of a letter's is not that letter
_FOLLOWS = ("is-reworded", "template.")  # facts that the words show
_PLURALS = ("addressees", "comments", "copies", "enclosures")
Pair = tuple[Version, Version]


class Segment(NamedTuple):
    """Words that both versions have, or only the old or the new one; these may be a `comment`.

    `part` is what changed words are part of, if that is known.
    """

    kind: Literal["same", "gone", "new"]
    words: tuple[str, ...]
    part: Part | None = None
    comment: Comment | None = None


class Comparison(NamedTuple):
    """What changed between two versions. `facts` are such as `date: old -> new`.

    `segments` are all the words. `unread` are the versions whose words cannot be read; then there
    are no segments. `tracked` are those with tracked changes, each with who made them; in `printed`
    ones, the PDFs of other programs, nobody can tell.
    """

    old: str
    new: str
    facts: tuple[str, ...]
    segments: tuple[Segment, ...]
    unread: tuple[str, ...]
    tracked: tuple[tuple[str, tuple[str, ...]], ...]
    printed: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing changed."""
        return not self.facts and not self.changed

    @property
    def changed(self) -> list[Segment]:
        """The segments that only one version has."""
        return [segment for segment in self.segments if segment.kind != "same"]

    @property
    def parts(self) -> list[str]:
        """The titles of the parts with changed words, and `comments`, in the order of the page."""
        titles = (
            "comments" if segment.comment else segment.part.title if segment.part else ""
            for segment in self.changed
        )
        return [*dict.fromkeys(filter(None, titles))]

    @property
    def has_same_text(self) -> bool | None:
        """Whether only fixed parts and comments differ; None if that is not known."""
        parts = [segment.part for segment in self.changed if not segment.comment]
        if self.unread or None in parts:
            return None
        return all(part.is_fixed for part in parts if part)

    @property
    def agreement(self) -> str:
        """Say that the words of the text agree, and what else differs; or nothing."""
        if not self.has_same_text:
            return ""
        if not self.parts:
            return "The words agree."
        differ = "differ" if len(self.parts) > 1 or self.parts[0] in _PLURALS else "differs"
        named = and_list([f"the {title}" for title in self.parts])
        return f"The words of the text agree; only {named} {differ}."

    def tracked_notes(self) -> Iterator[str]:
        """Say how each version with tracked changes is compared, or one that may have some."""
        for name, authors in self.tracked:
            by = f" by {and_list(authors)}" if authors else ""
            yield f"{name} has tracked changes{by}; it is compared as if all were accepted"
        for name in self.printed:
            yield f"in {name}, tracked changes look like other words; compare the .docx instead"

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
            shown.append(segment._replace(words=words))
        return shown if self.changed else []


def compare(old: Version, new: Version) -> Comparison:
    """Compare two versions of a letter word by word, in the first format that both have."""
    forms, readings = _read(old, new)
    pairs = [*zip((old, new), forms, strict=True)]
    printed = (
        version.name
        for version, form in pairs
        if form.endswith("pdf") and is_pdf_of_others(version.content(form))
    )
    tracked = (
        (version.name, (*authors,))
        for version, form in pairs
        if form == "docx" and (authors := tracked_by(version.content(form))) is not None
    )
    unread = (version.name for version, form in pairs if not form)
    changed = changed_facts(old.facts, new.facts) if old.facts and new.facts else {}
    facts = (
        f"{path}: {_change_words(*pair)}"
        for key, values in changed.items()
        if not key.startswith(_FOLLOWS)
        for path, pair in changes_within(key, *values)
    )
    sides: list[_Side] = []
    if len(readings) > 1:
        told: list[Known] = [(), ()]
        if readings[0] != readings[1]:
            told = [
                [it for it in version.parts() if form.startswith("fax") or it[1].id not in OF_FAX]
                for version, form in pairs
            ]
        sides = [
            _Side(
                own.words,
                parts_of(own.words, told[number] or told[1 - number]),
                [it for it in own.comments if it[1:] not in {each[1:] for each in other.comments}],
            )
            for number, (own, other) in enumerate((readings, readings[::-1]))
        ]
    segments = _segments(*sides) if sides else ()
    all_parts = (*facts,), (*segments,), (*unread,), (*tracked,), (*printed,)
    return Comparison(old.name, new.name, *all_parts)


def _read(old: Version, new: Version) -> tuple[list[str], list[Reading]]:
    """Return the format in which each version is read, or "", and what is read, its heads last."""
    both = [name for name in READERS if name in old.formats and name in new.formats]
    forms = [
        next((name for name in both or READERS if name in version.formats), "")
        for version in (old, new)
    ]
    readings = [
        words_in(version.content(form), form, version.name)
        for version, form in zip((old, new), forms, strict=True)
        if form
    ]
    # Not every format has heads of later pages, nor every letter such pages.
    has_heads = both[:1] == ["docx"] or all(reading.heads for reading in readings)
    return forms, [it._replace(words=it.words + it.heads * has_heads) for it in readings]


class _Side(NamedTuple):
    """The words of a version, the part of each, if any is known, and the comments to show."""

    words: Sequence[str]
    parts: Sequence[Part | None] = ()
    comments: Sequence[Comment] = ()

    def runs(self, start: int, end: int) -> dict[Part | None, list[str]]:
        """Return some of the words by their parts."""
        runs: dict[Part | None, list[str]] = {}
        for place in range(start, end):
            part = self.parts[place] if self.parts else None
            runs.setdefault(part, []).append(self.words[place])
        return runs

    def part_of(self, comment: Comment) -> Part | None:
        """Return the part of the words that a comment is on, else of the end of its paragraph."""
        begin = comment.at - 1
        while begin and self.words[begin - 1] != END:
            begin -= 1
        before, found, _ = " ".join(self.words[begin : comment.at]).partition(comment.on)
        place = begin + before.count(" ") if found and comment.on else comment.at - 1
        return self.parts[place] if self.parts else None


# Any: facts are JSON of any shape.
def _change_words(old: object, new: object) -> str:
    """Write `old -> new`, or what changed within a text of several words."""
    words = ["(none)" if value is None else " ".join(str(value).split()) for value in (old, new)]
    found = list(_segments(*(_Side(text.split()) for text in words)))
    if not any(segment.kind == "same" for segment in found):
        return " -> ".join(words)
    return mark_changes(found)


def mark_changes(segments: Iterable[Segment]) -> str:
    """Return the words, those that are gone within [- -], and the new ones within {+ +}."""
    words = ((_MARKS.get(segment.kind, ("", "")), segment.words) for segment in segments)
    return " ".join(f"{begin}{' '.join(each)}{end}" for (begin, end), each in words)


def page_of(comparisons: Sequence[Comparison], templates: Templates) -> bytes:
    """Return a page with all comparisons, which needs no other file."""
    told: set[str] = set()  # a fact of several recipients stands once
    rows = [
        {
            "old": comparison.old,
            "new": comparison.new,
            "facts": new_facts(comparison, told),
            "notes": list(comparison.tracked_notes()),
            "agreement": comparison.agreement,
            "paragraphs": list(headed_paragraphs(comparison)),
        }
        for comparison in comparisons
    ]
    page = templates.lay_out("_layout/diff.html.j2", {"rows": rows})
    return sealed(as_text(page).encode())  # it has paths


def new_facts(comparison: Comparison, told: set[str]) -> list[str]:
    """Return the changes of facts that were not shown yet, and add them to those that were."""
    found = [fact for fact in comparison.facts if fact not in told]
    told.update(found)
    return found


def _paragraphs_of(comparison: Comparison) -> Iterator[list[Segment]]:
    """Yield the segments of each paragraph to show, and each comment by itself."""
    paragraph: list[Segment] = []
    for segment in comparison.changes():
        if segment.comment:
            yield from filter(None, (paragraph, [segment]))
            paragraph = []
            continue
        for is_end, words in groupby(segment.words, END.__eq__):
            if not is_end:
                paragraph.append(segment._replace(words=tuple(words)))
            elif paragraph:
                yield paragraph
                paragraph = []
    if paragraph:
        yield paragraph


def headed_paragraphs(comparison: Comparison) -> Iterator[tuple[str, list[Segment]]]:
    """Yield each paragraph to show, below the names of the parts that changed in it.

    The names are not repeated, and empty where they are not known or nothing changed. Where they
    are known, a paragraph in which nothing changed is shown only if a comment is on it.
    """
    last, is_named = "", any(segment.part for segment in comparison.changed)
    paragraphs = [*_paragraphs_of(comparison)]
    for paragraph, after in zip(paragraphs, (*paragraphs[1:], []), strict=False):
        is_same = all(segment.kind == "same" for segment in paragraph)
        if is_named and is_same and not any(segment.comment for segment in after):
            continue
        parts = (segment.part for segment in paragraph if segment.kind != "same")
        heading = ", ".join(dict.fromkeys(part.title for part in parts if part))
        yield "" if heading == last else heading, paragraph
        last = heading or last


def _segments(old: _Side, new: _Side) -> Iterator[Segment]:
    """Yield what both sides have, and what only one has, with each comment after its paragraph."""
    found = SequenceMatcher(None, old.words, new.words, autojunk=False).get_opcodes()
    for tag, start, end, new_start, new_end in found:
        spans: tuple[tuple[Literal["gone", "new"], _Side, int, int], ...]
        spans = (("gone", old, start, end), ("new", new, new_start, new_end))
        comments = sorted(
            (
                (
                    comment.at - first,
                    Segment(kind, (*comment.text.split(),), side.part_of(comment), comment),
                )
                for kind, side, first, last in spans
                for comment in side.comments
                if first < comment.at <= last
            ),
            key=itemgetter(0),
        )
        if tag != "equal":
            yield from _changed(old.runs(start, end), new.runs(new_start, new_end))
            yield from (comment for _, comment in comments)
            continue
        begun = start
        for offset, comment in comments:
            if begun < start + offset:
                yield Segment("same", tuple(old.words[begun : start + offset]))
            begun = start + offset
            yield comment
        if begun < end:
            yield Segment("same", tuple(old.words[begun:end]))


def _changed(
    old: dict[Part | None, list[str]], new: dict[Part | None, list[str]]
) -> Iterator[Segment]:
    """Yield the words of each part that are gone, and those that are new."""
    if {word for words in old.values() for word in words} <= {END}:
        old = {}  # where a paragraph ends does not change its words
    for part in dict.fromkeys((*old, *new)):
        gone, come = old.get(part, []), new.get(part, [])
        if gone[-1:] == come[-1:] == [END]:
            gone = gone[:-1]
        if gone and gone != [END]:
            yield Segment("gone", tuple(gone), part)
        if come:
            yield Segment("same" if set(come) == {END} else "new", tuple(come), part)


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
        (one,), many = (old, new) if len(old) == 1 else (new, old)
        # A file may have the reference of one of many letters; without any, it may be each of them.
        form = next((name for name in READERS if name in one.formats), None)
        text = " ".join(words_in(one.content(form), form, one.name).words) if form else ""
        named = [it for it in many if it.reference and it.reference in text] or many
        likely = (old, named) if many is new else (named, new)
        most = _FEWEST_SHARED
        for pair in product(*likely):
            sides = [_Side(reading.words) for reading in _read(*pair)[1]]
            segments = _segments(*sides) if len(sides) > 1 else ()
            shared = sum(len(segment.words) for segment in segments if segment.kind == "same")
            if shared >= most:
                most, pairs = shared, [pair]
    if not pairs:
        message = "has no letter in common with the other"
        location = Location(name, is_command_line=True)
        hint = "name one letter each, such as with --to ice"
        raise OptoutError(Problem("no-such-letter", message, location, hint))
    return pairs
