"""Which part of a letter each word belongs to: a passage of its text, or a fixed part.

Fills in templates, and reads no file.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import unescape
from typing import NamedTuple

from msgspec.structs import asdict

from optout_cli.model.letter import Letter
from optout_cli.reports.words import END
from optout_cli.templating.filters import REWORDABLE, as_typed, with_words
from optout_cli.templating.templates import PASSAGE_END, Templates, passage_mark

_TOKEN = re.compile(
    rf'{passage_mark("([^<>]*?)")}|({PASSAGE_END})|<section[^>]*\bid="([\w-]+)"[^>]*>|</?[a-z][^>]*>'
)
_STRAIGHT = str.maketrans("\u201c\u201d", '""')
# The parts of a letter in the order of its page. The cover and the head are those of a fax.
_ORDER = (
    "cover", "head", "mark", "sender", "sender-contact", "date", "service", "address", "reference",
    "to", "subject", "salutation", "body", "closing", "signature", "approval", "enclosures", "cc",
    "record", "foot", "continuation",
)  # fmt: skip
OF_FAX = ("cover", "cover_subject", "head")
_TITLES = {
    "cc": "copies",
    "continuation": "head of later pages",
    "cover": "cover of the fax",
    "cover_subject": "cover of the fax",
    "head": "head of the fax",
    "record": "service of the other letter",
    "sender": "letterhead",
    "sender_contact": "letterhead",
    "to": "addressees",
}


class Part(NamedTuple):
    """A passage, or one of the parts around the text, which `wording:` cannot change."""

    id: str
    is_fixed: bool

    @property
    def title(self) -> str:
        """What the part is called on the screen."""
        return _TITLES.get(self.id, self.id) if self.is_fixed else f"passage {self.id}"


Known = Sequence[tuple[str, Part]]  # words, each with its part


def words_by_part(letter: Letter, templates: Templates) -> list[tuple[str, Part]]:
    """Return the words of a letter in the order of its page, each with its part."""
    notice = letter.notice
    html = templates.with_passage_marks(letter.template, asdict(notice))
    if notice.wording:
        html = with_words(html, notice.wording, notice.letter)
    found: dict[str, list[tuple[str, Part]]] = {
        id: [(word, Part(id, is_fixed=True)) for word in " ".join(lines).split()]
        for id, lines in (("date", [letter.date]), ("address", letter.envelope))
    }
    for section, known in _marked_words(html):
        found.setdefault(section, []).append(known)
    return [known for section in _ORDER for known in found.get(section, ())]


def _marked_words(html: str) -> Iterator[tuple[str, tuple[str, Part]]]:
    """Yield each word with its section and its part: the innermost passage, else the section."""
    passages: list[str] = []
    section, read_to = "", 0
    for token in (*_TOKEN.finditer(html), None):
        text = html[read_to : token.start() if token else None]
        id = passages[-1] if passages else section
        part = Part(id, is_fixed=section not in REWORDABLE)
        yield from ((section, (word, part)) for word in unescape(text).split())
        if token is None:
            return
        read_to = token.end()
        begun, ended, entered = token.groups()
        if begun:
            passages.append(begun)
        elif ended:
            passages.pop()
        section = entered or section


def parts_of(words: Sequence[str], known: Known) -> list[Part | None]:
    """Return the part of each word of a version, as far as another version tells it.

    Words that only this version has are of the part around them.
    """
    places = [place for place, word in enumerate(words) if word != END]
    own, theirs = [_plain(words[place]) for place in places], [_plain(word) for word, _ in known]
    found: list[Part | None] = [None] * len(words)
    matcher = SequenceMatcher(None, theirs, own, autojunk=False)
    for _, start, end, own_start, own_end in matcher.get_opcodes():
        for place in range(own_start, own_end) if start < end else ():
            at = start + (place - own_start) * (end - start) // (own_end - own_start)
            found[places[place]] = known[at][1]
    before = None
    for place in range(len(words)):
        before = found[place] = found[place] or _part_around(words, place, before, found)
    return found


def _part_around(
    words: Sequence[str], place: int, before: Part | None, found: Sequence[Part | None]
) -> Part | None:
    """Return the part of a word that no other version has.

    A new paragraph goes on with the part before it, except between a fixed part and the text.
    """
    next_known = next((at for at in range(place, len(words)) if found[at]), None)
    after = found[next_known] if next_known is not None else None
    is_new = END in words[place:next_known]
    begins = place == 0 or words[place - 1] == END
    goes_on = before and (not begins or (is_new and not (before.is_fixed and after)))
    return before if goes_on or words[place] == END else after or before


def _plain(word: str) -> str:
    return as_typed(word).translate(_STRAIGHT)
