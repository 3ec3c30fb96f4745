"""Two versions of a letter -> what changed in its facts and in its words, and a page of that.

Reads the words from the files of the letters, in one format for both where that can be. Never
writes a file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zipfile import BadZipFile

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters.json import changed_facts
from optout_cli.reports.word_file import BULLET, HEAD, has_tracked_changes, texts_in_word
from optout_cli.templating.templates import Templates

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

PAGE = "_layout/diff.html.j2"
END = "\n"  # in a list of words: the end of a paragraph
MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}")}
_NONE = "(none)"
_CONTEXT = 12  # words that are shown before and after a change
_ITEM = re.compile(r"\s*(?:[0-9]{1,2}\.|[-\u2022])\s")
_PAGE_NUMBER = re.compile(r".*\bPage [0-9]+ of [0-9]+")  # the head of a later page
_NUMBERS = re.compile(r"Page [0-9]+ of [0-9]+$")
_BLOCKS = ("address", "div", "footer", "h1", "h2", "header", "li", "p", "section", "tr", "title")
# What the readers raise for a broken file: not UTF-8, not a ZIP file, not a PDF.
_BROKEN = (ValueError, BadZipFile, KeyError, RuntimeError, OSError)
_FOLLOWS = ("is-reworded", "template.")  # facts that the words show
_KERNED = re.compile(r"(?<=\w) (?=\u2019\w)")  # bold type has an apostrophe in a box of its own
_DROP = 3  # points
_GAP = 0.6  # of a line's height; a larger gap ends the paragraph
_UNSHOWN = ("style", "script", "title")


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
                    words = (
                        *before,
                        *((END, "...", END) if before and after else ("...",)),
                        *after,
                    )
                    words = words if before else ("...", *after)
            shown.append(Segment(segment.kind, words))
        return shown if any(segment.kind != "same" for segment in shown) else []


def compare(old: Version, new: Version) -> Comparison:
    """Compare two versions of a letter word by word, in the first format that both have."""
    both = [name for name in READERS if name in old.formats and name in new.formats]
    read, unread, tracked = [], [], []
    for version in (old, new):
        if names := both or [name for name in READERS if name in version.formats]:
            content = version.content(names[0])
            read.append(_words_in(version, names[0], content))
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
        f"{path}: {_reworded(*pair)}"
        for key, values in changed.items()
        if not key.startswith(_FOLLOWS)
        for path, pair in _leaves(key, *values)
    ]
    return Comparison(
        old.name, new.name, tuple(facts), tuple(segments), tuple(unread), tuple(tracked)
    )


# Any: facts are JSON of any shape.
def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the dotted key and both values of each text or number that differs."""
    if not isinstance(old, dict | list) and not isinstance(new, dict | list):
        if old != new:
            yield path, (old, new)
        return
    sides = []
    for side in (old, new):
        items = side.items() if isinstance(side, dict) else enumerate(_listed(side))
        sides.append({str(key): value for key, value in items})
    for key in dict.fromkeys((*sides[0], *sides[1])):
        yield from _leaves(f"{path}.{key}", sides[0].get(key), sides[1].get(key))


def _listed(value: Any) -> list[Any]:
    """Return the items of a list, none where there is no value, or else the one value."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _reworded(old: object, new: object) -> str:
    """Write `old -> new`, or what changed within a text of several words."""
    words = [_NONE if value is None else " ".join(str(value).split()) for value in (old, new)]
    before, after = (text.split() for text in words)
    found = list(_segments(before, after))
    if not any(segment.kind == "same" for segment in found):
        return " -> ".join(words)
    shown = (
        f"{begin}{' '.join(segment.words)}{end}"
        for segment in found
        for begin, end in [MARKS.get(segment.kind, ("", ""))]
    )
    return " ".join(shown)


def page_of(comparisons: Sequence[Comparison], templates: Templates) -> str:
    """Return a page with all comparisons, which needs no other file."""
    told: set[str] = set()  # a fact of several recipients stands once
    rows = [
        {
            "old": each.old,
            "new": each.new,
            "facts": new_facts(each, told),
            "paragraphs": list(paragraphs_of(each)),
        }
        for each in comparisons
    ]
    return templates.lay_out(PAGE, {"rows": rows})


def new_facts(comparison: Comparison, told: set[str]) -> list[str]:
    """Return the changes of facts that are not told yet, and add them to those that are."""
    found = [fact for fact in comparison.facts if fact not in told]
    told.update(found)
    return found


def paragraphs_of(comparison: Comparison) -> Iterator[list[Segment]]:
    """Yield the segments of each paragraph to show."""
    paragraph: list[Segment] = []
    for segment in comparison.changes():
        words: list[str] = []
        for word in (*segment.words, None):
            if word not in (None, END):
                words.append(str(word))
                continue
            if words:
                paragraph.append(Segment(segment.kind, tuple(words)))
                words = []
            if word == END and paragraph:
                yield paragraph
                paragraph = []
    if paragraph:
        yield paragraph


def _segments(old: Sequence[str], new: Sequence[str]) -> Iterator[Segment]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield Segment("same", tuple(old[start:end]))
            continue
        gone, come = tuple(old[start:end]), tuple(new[new_start:new_end])
        if set(gone) <= {END}:  # where a paragraph ends is no change of words
            gone = ()
        if gone:
            yield Segment("gone", gone)
        if come:
            yield Segment("same" if set(come) == {END} else "new", come)


def _words_in(version: Version, form: str, content: bytes) -> tuple[list[str], list[str]]:
    """Return the words of a letter, with the end of each paragraph, and of the later pages' heads.

    Raises OptoutError.
    """
    words: list[str] = []
    heads: dict[str, list[str]] = {}  # each once
    try:
        for paragraph in READERS[form](content):
            if found := [BULLET if word == "-" else word for word in paragraph.split()]:
                if paragraph.startswith(HEAD):
                    heads[" ".join(found)] = [*found, END]
                else:
                    words += [*found, END]
    except _BROKEN as error:
        message = f"cannot be read as {form}: {str(error).splitlines()[0]}"
        location = Location(version.name, is_command_line=True)
        hint = "open it in its own program, and save it again"
        raise OptoutError(Problem("unreadable", message, location, hint)) from None
    return words, [word for head in heads.values() for word in head]


def _of_text(content: bytes) -> Iterator[str]:
    """Yield paragraphs between empty lines; an item of a list is one of its own."""
    paragraph: list[str] = []
    for line in (*content.decode("utf-8").splitlines(), ""):
        if not line.strip() or _ITEM.match(line):
            yield " ".join(paragraph)
            paragraph = []
        paragraph.append(line)


class _Page(HTMLParser):
    """Collects the text of each block of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts, self.is_shown = [""], True
        self.lists: list[int | None] = []  # the items of each open list; None: with bullets

    # Any tuple of attributes: none is read.
    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # the parser's signature
        self.handle_endtag(tag)
        self.is_shown = tag not in _UNSHOWN
        if tag in ("ol", "ul"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li" and self.lists:
            count = self.lists[-1]
            self.lists[-1] = None if count is None else count + 1
            self.texts[-1] += f"{BULLET} " if count is None else f"{count + 1}. "

    def handle_endtag(self, tag: str) -> None:
        self.is_shown = True
        if tag in ("ol", "ul"):
            self.lists = self.lists[:-1]
        if tag in _BLOCKS and not _ITEM.fullmatch(self.texts[-1]):
            self.texts.append("")
        elif tag == "br":
            self.texts[-1] += " "

    def handle_data(self, data: str) -> None:
        if self.is_shown:
            self.texts[-1] += data


def _of_html(content: bytes) -> list[str]:
    page = _Page()
    page.feed(content.decode("utf-8"))
    page.close()
    return page.texts


def _of_eml(content: bytes) -> Iterator[str]:
    from email import message_from_bytes
    from email.policy import default

    body = message_from_bytes(content, policy=default).get_body(("plain",))
    text = body.get_content() if body else ""
    yield from _of_text(str(text).encode())


def _of_pdf(content: bytes) -> Iterator[str]:
    """Yield the lines of all pages, joined into paragraphs at the gaps between them.

    The heads of later pages have no numbers. The foot of each page comes once, at the end.
    """
    import pypdfium2

    text, foot = "", ""
    with closing(pypdfium2.PdfDocument(content)) as document:
        for page in document:
            lines = list(_lines_on(page.get_textpage()))
            foot = foot or lines[-1].text
            for number, line in enumerate(lines):
                if "Page" in line.text and _PAGE_NUMBER.fullmatch(line.text):
                    yield f"{HEAD}{_NUMBERS.sub('Page of', line.text)}"
                    continue
                if line.text == foot:
                    continue
                if number and lines[number - 1].bottom - line.top > _GAP * (line.top - line.bottom):
                    yield text
                    text = ""
                text += f" {line.text}"
    yield text
    yield foot


class _Line(NamedTuple):
    """A line of a printed page; the lengths count from the bottom of the page, in points."""

    top: float
    bottom: float
    text: str


def _lines_on(page: "PdfTextPage") -> Iterator[_Line]:
    """Yield the lines of a page from top to bottom, whatever the order in which it draws them."""
    boxes = []
    for number in range(page.count_rects()):
        left, bottom, right, top = page.get_rect(number)
        text = page.get_text_bounded(left, bottom, right, top).strip()
        # A bullet may stand higher than letters as low as those of `one`.
        boxes.append((left, bottom - _DROP if text == BULLET else bottom, top, text))
    boxes.sort(key=lambda box: (-box[2], box[0]))
    while boxes:
        _, bottom, top, _ = boxes[0]
        beside = [box for box in boxes if box[1] < top - (top - bottom) / 2 < box[2]]
        boxes = [box for box in boxes if box not in beside]
        beside.sort()
        words = " ".join(text for *_, text in beside)
        yield _Line(top, bottom, _KERNED.sub("", words))


# The formats with words that can be read again, the one that shows paragraphs best first.
READERS: dict[str, Callable[[bytes], Iterable[str]]] = {
    "txt": _of_text,
    "docx": texts_in_word,
    "eml": _of_eml,
    "html": _of_html,
    "fax": _of_text,
    "pdf": _of_pdf,
}
