"""A file of a letter, also one that came back from somebody -> its words, and the part of each.

The words are in the order of reading, with tracked changes accepted; comments are beside them.
Looks and pictures are not read. A part is a passage of the letter's text, or a fixed part.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from difflib import SequenceMatcher
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

from msgspec.structs import asdict

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Letter
from optout_cli.reports.word_file import BULLET, COMMENT, HEAD, paragraphs_in
from optout_cli.templating.filters import REWORDABLE, as_typed, with_words
from optout_cli.templating.templates import PASSAGE_END, Templates, passage_mark

if TYPE_CHECKING:
    from email.message import EmailMessage

    from pypdfium2 import PdfTextPage

END = "\n"  # in a list of words: the end of a paragraph
_ITEM = re.compile(r"\s*(?:[0-9]{1,2}\.|[-\u2022])\s")
_PAGE_NUMBER = re.compile(r".*\bPage [0-9]+ of [0-9]+")  # the head of a later page
_NUMBERS = re.compile(r"Page [0-9]+ of [0-9]+$")
_BLOCKS = ("address", "div", "footer", "h1", "h2", "header", "li", "p", "section", "tr", "title")
_KERNED = re.compile(r"(?<=\w) (?=\u2019\w)")  # bold type has an apostrophe in a box of its own
_SPACED = re.compile(r"[A-Z]{1,2}(?: [A-Z]{1,2}){2,}")  # a mark whose letters are set apart
_BROKEN_WORD = re.compile(r"\w-$")  # at the end of a line: `SC-06041-20261124-`
_DROP = 3  # points
_EDGE = 0.01  # points by which boxes of letters may overlap
_GAP = 0.6  # of a line's height; a larger gap ends the paragraph
_SAVE_IN_WORD = "open it in Word, and save it again as .docx, without a password"
_UNSHOWN = ("style", "script", "title")
# What the readers raise for a broken file: not UTF-8, not a ZIP file, not a PDF.
_BROKEN = (ValueError, OverflowError, BadZipFile, KeyError, RuntimeError, OSError)
_MOST_COMMENTED = 12  # words that the title of a comment repeats
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
_MARK = re.compile("[-\ue000-\uf8ff]")  # a bullet: LibreOffice takes that of a symbol font


class Comment(NamedTuple):
    """A comment in a Word file: who wrote what, and on which words. `at` is after its paragraph."""

    at: int
    by: str
    on: str
    text: str

    @property
    def title(self) -> str:
        """Who wrote it, and on which words."""
        words = self.on.split()
        if len(words) > _MOST_COMMENTED:
            half = _MOST_COMMENTED // 2
            words = [*words[:half], "...", *words[-half:]]
        by, on = f" by {self.by}" * bool(self.by), f' on "{" ".join(words)}"' * bool(words)
        return f"comment{by}{on}"


class Reading(NamedTuple):
    """The words of a file with the end of each paragraph, the later pages' heads, the comments."""

    words: list[str]
    heads: list[str]
    comments: list[Comment]


def words_in(content: bytes, form: str, name: str) -> Reading:
    """Read the words of a file. Raises OptoutError."""
    words: list[str] = []
    comments: list[Comment] = []
    heads: dict[str, list[str]] = {}  # each once
    try:
        for paragraph in READERS[form](content):
            if paragraph.startswith(COMMENT):
                by, on, text = (" ".join(part.split()) for part in paragraph[1:].split(COMMENT))
                comments.append(Comment(len(words), by, on, text))
                continue
            if found := [BULLET if _MARK.fullmatch(word) else word for word in paragraph.split()]:
                if paragraph.startswith(HEAD):
                    found = found[:-2] if found[-2:] == ["Page", "of"] else found
                    heads[" ".join(found)] = [*found, END]
                else:
                    words += [*found, END]
    except _BROKEN as error:
        message = f"cannot be read as {form}: {str(error).splitlines()[0]}"
        location = Location(name, is_command_line=True)
        hint = _SAVE_IN_WORD if form == "docx" else "open it in its own program, and save it again"
        raise OptoutError(Problem("unreadable", message, location, hint)) from None
    if not words:
        message = "has no words that can be read"
        hint = "if it is a scan, ask for the file that was printed; or compare it by eye"
        raise OptoutError(
            Problem("unreadable", message, Location(name, is_command_line=True), hint)
        )
    return Reading(words, [word for head in heads.values() for word in head], comments)


def lines_in(path: Path) -> list[str]:
    """Return the lines of a text file, or of an e-mail and its heads."""
    content = path.read_bytes()
    if path.suffix.lower() == ".eml":
        message, text = _mail_in(content)
        heads = [f"{name}: {message[name]}" for name in ("From", "To", "Date", "Subject")]
        return [head for head in heads if not head.endswith(": None")] + text.splitlines()
    return content.decode("utf-8", "replace").splitlines()


def _of_text(content: bytes) -> Iterator[str]:
    """Yield paragraphs between empty lines; an item of a list is one of its own."""
    paragraph: list[str] = []
    for line in (*content.decode("utf-8-sig").splitlines(), ""):
        if not line.strip() or _ITEM.match(line):
            yield " ".join(paragraph)
            paragraph = []
        paragraph.append(line)


class _Page(HTMLParser):
    """Collects the text of each block of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.texts, self.is_shown = [""], True
        self.lists: list[int | None] = []  # the items of each open list; None: with bullets
        self.feed(content.decode("utf-8"))
        self.close()

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
        elif tag in ("br", "span"):
            self.texts[-1] += " "

    def handle_data(self, data: str) -> None:
        if self.is_shown:
            self.texts[-1] += data


def _mail_in(content: bytes) -> tuple["EmailMessage", str]:
    """Return an e-mail and its plain text, also in a character set that Python does not know."""
    from email import message_from_bytes, policy  # 25 ms, and only e-mails need it

    message = message_from_bytes(content, policy=policy.default)
    part = message.get_body(("plain",))
    try:
        text = str(part.get_content()) if part else ""
    except LookupError:
        payload = part.get_payload(decode=True) if part else b""
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return message, text


def _of_pdf(content: bytes) -> Iterator[str]:
    """Yield the lines of all pages, joined into paragraphs at the gaps between them.

    The heads of later pages have no numbers. The foot of most pages comes once, at the end: the
    cover of a fax has none.
    """
    import pypdfium2

    text = ""
    with closing(pypdfium2.PdfDocument(content)) as document:
        pages = [list(_lines_on(page.get_textpage())) for page in document]
        feet = Counter(lines[-1].text for lines in pages if lines)
        foot = max(feet, key=feet.__getitem__, default="")
        for lines in pages:
            for number, line in enumerate(lines):
                if "Page" in line.text and _PAGE_NUMBER.fullmatch(line.text):
                    yield f"{HEAD}{_NUMBERS.sub('Page of', line.text)}"
                    continue
                if line.text == foot:
                    continue
                if number and lines[number - 1].bottom - line.top > _GAP * (line.top - line.bottom):
                    yield text
                    text = ""
                is_broken = _BROKEN_WORD.search(text) and line.text[:1].isalnum()
                text += line.text if is_broken else f" {line.text}"
    yield text
    yield foot


def is_pdf_of_others(content: bytes) -> bool:
    """Tell whether another program than optout's engines made a PDF that can be read."""
    import pypdfium2

    with closing(pypdfium2.PdfDocument(content)) as document:
        return not document.get_metadata_value("Creator").startswith(("optout", "Typst"))


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
        text = page.get_text_bounded(left + _EDGE, bottom, right - _EDGE, top).strip()
        # A bullet may be higher on the line than letters as low as those of `one`.
        boxes.append((left, bottom - _DROP if text == BULLET else bottom, top, text))
    boxes.sort(key=lambda box: (-box[2], box[0]))
    while boxes:
        _, bottom, top, _ = boxes[0]
        beside = [box for box in boxes if box[1] < top - (top - bottom) / 2 < box[2]]
        boxes = [box for box in boxes if box not in beside]
        beside.sort()
        words = _KERNED.sub("", " ".join(text for *_, text in beside))
        is_spaced = _SPACED.fullmatch(words)
        yield _Line(top, bottom, words.replace(" ", "") if is_spaced else words)


# The formats with words that can be read again, the one that shows paragraphs best first.
READERS: dict[str, Callable[[bytes], Iterable[str]]] = {
    "txt": _of_text,
    "docx": paragraphs_in,
    "eml": lambda content: _of_text(_mail_in(content)[1].encode()),
    "html": lambda content: _Page(content).texts,
    "fax": _of_text,
    "pdf": _of_pdf,
    "fax-pdf": _of_pdf,
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
    """Return the words of a letter in the order of its page, each with its part.

    That is the innermost passage around a word, else its section of the page.
    """
    notice = letter.notice
    html = templates.with_passage_marks(letter.template, asdict(notice))
    if notice.wording:
        html = with_words(html, notice.wording, notice.letter)
    found: dict[str, list[tuple[str, Part]]] = {
        id: [(word, Part(id, is_fixed=True)) for word in " ".join(lines).split()]
        for id, lines in (("date", [letter.date]), ("address", letter.envelope))
    }
    passages: list[str] = []  # the innermost one last
    section, read_to = "", 0
    for token in (*_TOKEN.finditer(html), None):
        text = html[read_to : token.start() if token else None]
        id = passages[-1] if passages else section
        part = Part(id, is_fixed=section not in REWORDABLE)
        found.setdefault(section, []).extend((word, part) for word in unescape(text).split())
        if token is None:
            break
        read_to = token.end()
        begun, ended, entered = token.groups()
        if begun:
            passages.append(begun)
        elif ended:
            passages.pop()
        section = entered or section
    return [known for section in _ORDER for known in found.get(section, ())]


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
    before: Part | None = None
    for place in range(len(words)):
        if not found[place]:
            # A new paragraph goes on with the part before it, but not from a fixed one to the text.
            next_known = next((at for at in range(place, len(words)) if found[at]), None)
            after = found[next_known] if next_known is not None else None
            is_new = END in words[place:next_known]
            begins = place == 0 or words[place - 1] == END
            goes_on = before and (not begins or (is_new and not (before.is_fixed and after)))
            found[place] = before if goes_on or words[place] == END else after or before
        before = found[place]
    return found


def _plain(word: str) -> str:
    return as_typed(word).translate(_STRAIGHT)
