"""Measure a letter by counting, before it is laid out, in the typeface that it is set in.

Tells which of its values do not fit on the shipped page, which characters no page can show, and
whether to set it tightly. A layout of the user's own may have other room: there the PDF engine
finds what does not fit.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from optout_cli.bundled import page_lengths
from optout_cli.errors import Location, Problem, raise_any
from optout_cli.model.letter import Block, Letter, ListBlock, Mailing, MailingForm
from optout_cli.model.notice import Recipient
from optout_cli.readers.document import lines_to_add
from optout_cli.templating.body import texts_in

_T = TypeVar("_T")
TYPEFACE, MONO = "Source Serif Pro", "Fira Mono"  # MONO: of what people type


def faces() -> Mapping[tuple[str, str], Path]:
    """Return the typeface's files by weight and style, from the package that ships them."""
    # Do not import the package: its import lists a folder of 60 files.
    spec = find_spec("font_source_serif_pro")
    assert spec is not None
    assert spec.origin is not None  # a declared dependency
    folder = Path(spec.origin).parent / "files"
    names = {
        ("normal", "normal"): "Regular",
        ("bold", "normal"): "Bold",
        ("normal", "italic"): "It",
        ("bold", "italic"): "BoldIt",
    }
    return {key: folder / f"SourceSerifPro-{name}.ttf" for key, name in names.items()}


@cache
def mono_face() -> bytes:
    """Return the OpenType file of the typeface with characters of one width."""
    from pymupdf_fonts.FiraMono_Regular import fontbuffer  # type: ignore[import-untyped]

    return bytes(fontbuffer)


_BLANKS = frozenset("\n\t ")
_NOT_ON_THE_PAGE = {
    "notice", "template", "people", "seal", "autograph", "attachments", "named", "cover", "head",
}  # fmt: skip
# What each face can draw, as most letters have nothing else. A test looks at the faces.
ASCII = bytes(range(0x20, 0x7F))
COMMON = frozenset("\u00a0\u00a7\u00b7\u2013\u2014\u2018\u2019\u201c\u201d\u2022")
# Marks that join the letter before them, and characters without a shape.
_WITHOUT_SHAPE = ("Mn", "Me", "Cf", "Cc", "Zs")


def unknown_glyph(codepoint: int) -> Problem:
    """Return the Problem of a character that the letters' typeface lacks."""
    character = chr(codepoint)
    message = f"{TYPEFACE} has no character {character!r} (U+{codepoint:04X})"
    is_dash = unicodedata.category(character) == "Pd"
    plain = "-" if is_dash else unicodedata.normalize("NFKC", character)
    hint = f"write {plain!r} in its place"
    if plain == character or not known_characters().issuperset(plain):
        hint = "spell it without this character"
    return Problem("unknown-glyph", message, hint=hint, text=character)


@cache
def known_characters(slant: str = "normal") -> frozenset[str]:
    """Return the characters that the upright or the `italic` face can draw, and blanks.

    Where the italics lack a character, WeasyPrint slants the upright face, and Typst uses that.
    """
    from fontTools.ttLib import TTFont

    with TTFont(faces()["normal", slant], lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap())) | _BLANKS


def is_common(text: str) -> bool:
    """Tell whether each face can draw a text, without a look at the faces, which takes 60 ms."""
    return COMMON.issuperset(text.encode().translate(None, ASCII).decode())


def missing_characters(letter: Letter) -> Iterator[Problem]:
    """Yield each character of a letter that no page can show; the finished page may show more."""
    fields = set(letter.__struct_fields__) - _NOT_ON_THE_PAGE
    words = msgspec.json.encode([getattr(letter, name) for name in sorted(fields)]).decode()
    if is_common(words):
        return
    for character in sorted({*unicodedata.normalize("NFC", words)} - known_characters()):
        if unicodedata.category(character) not in _WITHOUT_SHAPE:
            yield unknown_glyph(ord(character))


_PT, _POINTS = page_lengths(), 72  # points; of an inch
LINES = 4  # that stay in the window wherever the sheet slides (see letter.css)
CLEAR = 7  # lines of an address that end above the line with the reference
# In from the top: words below this line would show in the envelope's window.
HEAD_LIMIT = _PT["window-strip"] / _POINTS
PAGE_WIDTH = _PT["line-width"]  # pt: of a line
_LABELED = PAGE_WIDTH - _PT["label"]
# The room of each line of a letter: width and size in pt, and weight.
ROOMS = {
    "sender": (PAGE_WIDTH, _PT["office"], "bold"),
    "sender_contact": (PAGE_WIDTH, _PT["contact"], "normal"),
    "service": (PAGE_WIDTH - _PT["beside-date"], _PT["small"], "normal"),
    "envelope": (_PT["window-width"], _PT["small"], "normal"),
    "recipient": (PAGE_WIDTH, _PT["small"], "normal"),  # on a fax
    "reference": (PAGE_WIDTH, _PT["small"], "normal"),
    "to": (_LABELED, _PT["text"], "normal"),
    "subject": (_LABELED, _PT["text"], "bold"),
    "salutation": (PAGE_WIDTH, _PT["text"], "normal"),
    "closing": (PAGE_WIDTH, _PT["text"], "normal"),
    "signature": (PAGE_WIDTH, _PT["text"], "normal"),
    "continuation": (_PT["running-head-width"], _PT["running-head"], "normal"),
    "foot": (PAGE_WIDTH, _PT["foot"], "normal"),
    "mark": (PAGE_WIDTH, _PT["mark"], "bold"),
    "date": (PAGE_WIDTH, _PT["small"], "normal"),
}
_UNITS = 1000  # px: measure large, so that hinting does not round
_WIDEST, _NARROWEST = 1.1, 0.15  # em: no character of the typeface is wider or narrower
_RUNNING_LINES = 3  # of a later page's head, on the part of the sheet that every printer reaches
_MOST_PAGES = 100  # of a letter; the longest request takes fewer, and a template may loop
_FROM_REQUEST = "request"


def window_lines(block: Sequence[str]) -> int:
    """Return how many lines an address block takes in the window, after wrapping."""
    return sum(lines_taken(line, *ROOMS["envelope"]) for line in block)


def room_problems(letter: Letter, *, has_own_page: bool) -> Iterator[Problem]:
    """Yield what does not fit on the shipped page, each at the location of its value.

    Of a page of the user's own, only the length is known: the engine finds the rest.
    """
    least_pages = 1 + ceil((least_height(letter) - FIRST_ROOM) / ROOM)
    yield from length_problems(least_pages, " or more")
    if has_own_page:
        return
    recipient, contact = letter.addressee, letter.addressee.contact
    whose = "the bureau's" if recipient.party == "bureau" else "ICE's"
    # The head, in points; its rule and gaps are those of letter.css.
    service = 12 * sum(lines_taken(line, *ROOMS["service"]) for line in letter.service)
    margin, rule, gap = _PT["first-top"], 6.51, 7.2
    head_end = (margin + letterhead_height(letter) + rule + gap + max(service, 12.24)) / _POINTS
    if head_end > HEAD_LIMIT:
        yield tall_letterhead(head_end)
    if (lines := window_lines(letter.envelope)) > CLEAR:
        message = f"{whose} address takes {lines} lines; {CLEAR} fit above the reference"
        fields = {
            "organization": contact.organization,
            "address.street": contact.address.street,
            "attention": (contact.attention or "",),
        }
        longest = max(fields, key=lambda name: window_lines(fields[name]))
        field = "envelope" if contact.envelope else longest
        yield _recipient_problem("tall-address", message, recipient, field)
    head = f"{letter.mark} · {letter.continuation}" if letter.mark else letter.continuation
    if (lines := lines_taken(head, *ROOMS["continuation"])) > _RUNNING_LINES:
        message = f"the head of {whose} later pages takes {lines} lines; {_RUNNING_LINES} fit"
        yield _recipient_problem("tall-running-head", message, recipient, "organization")


def length_problems(pages: int, more: str = "") -> Iterator[Problem]:
    """Yield a Problem if a letter of some pages, `or more`, is too long."""
    if pages > _MOST_PAGES:
        message = f"the letter takes {pages} pages{more}; at most {_MOST_PAGES} fit"
        yield Problem("too-long", message, hint="shorten it, or enclose the rest as a file")


def tall_letterhead(end: float) -> Problem:
    """Return the Problem of a head that ends `end` inches from the top, in the window."""
    message = f"letterhead and service lines take {end:.2f} in; {HEAD_LIMIT} in fit"
    return Problem("tall-letterhead", message, hint="shorten signatory: or service:")


def letterhead_height(letter: Letter) -> float:
    """Add up the letterhead above its rule as letter.css sets it; return points."""
    width = PAGE_WIDTH - (_PT["beside-seal"] if letter.seal else 0)
    office, contact = _PT["office"], _PT["contact"]
    words = 1.2 * office * lines_taken(letter.sender[0], width, office, "bold")
    for parts in (letter.sender[1:], letter.sender_contact):
        words += 1.3 * contact * lines_taken(" · ".join(parts), width, contact) if parts else 0
    return max(7.2 + words, _PT["seal-height"]) if letter.seal else words


def _recipient_problem(code: str, message: str, recipient: Recipient, field: str) -> Problem:
    """Return a Problem with a recipient's field, at the location where its value was read."""
    party, origins = recipient.party, recipient.origins
    read_at = [place for path, place in origins.items() if f"{path}.".startswith(f"{field}.")]
    origin = _FROM_REQUEST if _FROM_REQUEST in read_at or not read_at else read_at[0]
    file, _, line = origin.rpartition(":")
    location = Location(file, int(line)) if origin != _FROM_REQUEST and line.isdigit() else None
    lines = f"at most {LINES} lines of 3.25 in"
    fields = (f"recipients.{party}.envelope",)
    hint = f"shorten it, or {lines_to_add(fields)} ({lines})"
    if code == "tall-running-head":
        hint = f"shorten the first line of recipients.{party}.organization"
    elif field == "envelope":
        hint = f"shorten it to {lines}"
    return Problem(code, message, location, hint, f"recipients.{party}.{field}", fields=fields)


@lru_cache(maxsize=4096)  # most addresses are the same from county to county
def lines_taken(text: str, width: float, size: float, weight: str = "normal") -> int:
    """Return how many lines of `width` points a text takes, set in `size` points."""
    if len(text) * size * _WIDEST <= width and "\n" not in text:
        return 1  # to measure a word takes 0.05 ms
    fits, space = width * _UNITS / size, _width(" ", weight)
    lines = 0
    for part in broken_words(text, width, size, weight).split("\n"):
        lines, end = lines + 1, -space
        for word in filter(None, part.split(" ")):
            wide = _width(word, weight)
            end += space + wide
            if end > fits and end > wide:
                lines, end = lines + 1, wide
    return lines


def broken_words(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return a text with line ends within each word that is wider than the line.

    Such a word begins a line of its own, as in CSS with `overflow-wrap: anywhere`.
    """
    if max(map(len, text.split(" "))) * size * _WIDEST <= width:
        return text
    if "\n" in text:  # which a typeface cannot measure
        return "\n".join(broken_words(line, width, size, weight) for line in text.split("\n"))
    fits, most = width * _UNITS / size, int(width / size / _NARROWEST)
    length = _face(weight).getlength
    parts: list[str] = []
    for word in text.split(" "):
        pieces: list[str] = []
        rest = word
        while len(rest) > 1 and length(rest[:most]) > fits:
            ends = range(1, min(len(rest), most))
            cut = max(1, bisect_right(ends, fits, key=lambda end: length(rest[:end])))
            pieces, rest = [*pieces, rest[:cut]], rest[cut:]
        parts.append("\n".join(["", *pieces, rest] if pieces and parts else [*pieces, rest]))
    return " ".join(parts).replace(" \n", "\n")


@lru_cache(maxsize=8192)
def _width(word: str, weight: str) -> float:
    return float(_face(weight).getlength(word))


@cache
def _face(weight: str) -> Any:  # Any: Pillow's class, imported only when needed
    from PIL import ImageFont

    return ImageFont.truetype(faces()[weight, "normal"], _UNITS)


# A letter is set tightly, with less space between its paragraphs and above the signature, where it
# then takes fewer pages. To lay it out twice costs time, so its words tell whether that can be
# worth it.
# In: for the words on the first page, below the window, and on others.
FIRST_ROOM, ROOM = (11 - (_PT[top] + _PT["bottom"]) / _POINTS for top in ("below-window", "top"))
_LINE = 0.194  # in: a line of the body
_GAP, _ITEM_GAP, _TO_SIGN, _TYPED = (  # in: between blocks and items, above the signature
    _PT[name] / _POINTS for name in ("tight-gap", "tight-item-gap", "low-to-sign", "typed-to-sign")
)
_LESS_GAP, _LESS_ITEM_GAP, _LESS_SPACE = 0.03, 0.02, 0.43  # in: than in a letter set as usual
_CHARACTERS = 110  # that no line of the body exceeds: the typical one has 85
_BODY = 450  # pt: how wide a line of the body is, lists and quotations included
_BODY_SIZE = _PT["text"]
_AROUND, _ABOVE_GROUP = 0.25, 0.1  # in: above and below the subject and the body; above a notation
_DOUBT = 0.25  # in, in favor of a letter set tightly: no other program breaks the same lines


def _lines(text: str) -> int:
    return ceil(len(text) / _CHARACTERS)


def most_saved(letter: Letter) -> float:
    """Return how many inches a letter gets shorter where it is set tightly."""
    return (
        _LESS_GAP * len(letter.body)
        + _LESS_ITEM_GAP * sum(map(_items_in, letter.body))
        + _LESS_SPACE
    )


def look_in_word(letter: Letter) -> str:
    """Return how to set a letter that another program lays out: `""`, `tight` or `tight low`."""
    groups = _ABOVE_GROUP * len(letter.after_signature)
    least = (
        _AROUND + groups + least_height(letter, lambda text: lines_taken(text, _BODY, _BODY_SIZE))
    )
    more = {"": most_saved(letter) + _DOUBT, "tight": _LESS_SPACE + _DOUBT, "tight low": 0}
    count = {look: ceil((least + space - FIRST_ROOM) / ROOM) for look, space in more.items()}
    # A look stands for the letter that is set in it.
    return set_in_fewest_pages("", lay_out=str, count=count.__getitem__)


def least_height(letter: Letter, lines_of: Callable[[str], int] = _lines) -> float:
    """Return how many inches a letter takes below its window at the least, set tightly."""
    texts = [letter.reference, letter.subject, letter.salutation, letter.closing]
    texts += [*letter.to, *letter.signature]
    small = [line for group in letter.after_signature for line in group]
    lines = sum(map(lines_of, (*texts, *texts_in(letter.body))))
    gaps = _GAP * (len(letter.body) - 1) + _ITEM_GAP * sum(map(_items_in, letter.body))
    space = _TYPED if letter.is_typed else _TO_SIGN
    return _LINE * (lines + 0.8 * sum(map(lines_of, small))) + gaps + space


def set_in_fewest_pages(usual: _T, lay_out: Callable[[str], _T], count: Callable[[_T], int]) -> _T:
    """Return a letter set tightly if it then takes fewer pages than `usual`.

    It has less space to sign in only where four lines of space would cost a page.
    """
    low = lay_out("tight low")
    if count(low) >= count(usual):
        return usual
    tight = lay_out("tight")
    return tight if count(tight) == count(low) else low


def can_be_shorter(letter: Letter, pages: int) -> bool:
    """Tell whether a letter of some pages may take one page less where it is set tightly."""
    return pages > 1 and least_height(letter) <= FIRST_ROOM + ROOM * (pages - 2)


def _items_in(block: Block) -> int:
    if not isinstance(block, ListBlock):
        return 0
    return sum(1 + sum(map(_items_in, item)) for item in block.items)


# The width and height of a mailing in points, its sizes, the usual one first, and the line height.
_MAILING_ROOM: dict[MailingForm, tuple[float, float, tuple[float, ...], float]] = {
    "envelopes": (331.2, 125, (12, 11, 10), 1.25),
    "labels": (171.7, 65, (9, 8, 7), 1.1),
}
_ABOUT_SIZE = 6.5  # pt: what a label is about, as in letter.css


def fit_mailings(mailings: Iterable[Mailing], form: MailingForm) -> tuple[Mailing, ...]:
    """Give each address the size in which it fits.

    What it is about is the reference alone if there is no room for more, or else nothing.
    Raises OptoutError for addresses that never fit.
    """
    width, height, sizes, lead = _MAILING_ROOM[form]
    found, problems = [], []
    for mailing in mailings:
        reference = mailing.about.rpartition(" \u00b7 ")[2]
        for about, size in product(dict.fromkeys((mailing.about, reference, "")), sizes):
            own = lines_taken(about, width, _ABOUT_SIZE) * _ABOUT_SIZE * lead if about else 0
            lines = sum(lines_taken(line, width, size) for line in mailing.address)
            if lines * size * lead + own <= height:
                found.append(msgspec.structs.replace(mailing, size=size, about=about))
                break
        else:
            hint = "print --envelopes instead" if form == "labels" else "write this one by hand"
            where = Location(mailing.address[0])
            problems.append(Problem("tall-mailing", "has more lines than fit", where, hint))
    raise_any(problems)
    return tuple(found)
