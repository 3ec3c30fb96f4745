"""Check by counting, before a page is laid out, that a request's values fit on the shipped page.

A layout of the user's own may have other room. There the PDF engine finds what does not fit.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from optout_cli.engines.fonts import faces
from optout_cli.errors import Location, Problem
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Recipient
from optout_cli.readers.document import lines_to_add

LINES = 4  # that stay in the window wherever the sheet slides (see letter.css)
CLEAR = 7  # lines of an address that end above the line with the reference
HEAD_LIMIT = 2.2  # in from the top: words below this line would show in the envelope's window
WIDTH = 234  # pt: 3.25 in
SIZE = 10  # pt, as `.recipient` is set
_UNITS = 1000  # px: measure large, so that hinting does not round
_WIDEST, _NARROWEST = 1.1, 0.15  # em: no character of the typeface is wider or narrower
_RUNNING_LINES = 3  # of a later page's head, on the part of the sheet that every printer reaches
_RUNNING_WIDTH, _RUNNING_SIZE = 403.2, 8.5  # pt: `@top-left` and `.continuation`
_FROM_REQUEST = "request"


def window_lines(block: Sequence[str]) -> int:
    """Return how many lines an address block takes in the window, after wrapping."""
    return sum(lines_taken(line) for line in block)


def room_problems(letter: Letter, *, has_own_page: bool) -> Iterator[Problem]:
    """Yield what does not fit on the shipped page, each at the location of its value."""
    if has_own_page:
        return
    recipient, contact = letter.addressee, letter.addressee.contact
    whose = "the bureau's" if recipient.party == "bureau" else "ICE's"
    head_end = _head_end(letter)
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
    if (lines := lines_taken(head, _RUNNING_WIDTH, _RUNNING_SIZE)) > _RUNNING_LINES:
        message = f"the head of {whose} later pages takes {lines} lines; {_RUNNING_LINES} fit"
        yield _recipient_problem("tall-running-head", message, recipient, "organization")


def tall_letterhead(end: float) -> Problem:
    """Return the Problem of a head that ends `end` inches from the top, in the window."""
    message = f"letterhead and service lines take {end:.2f} in; {HEAD_LIMIT} in fit"
    return Problem("tall-letterhead", message, hint="shorten signatory: or service:")


def letterhead_height(letter: Letter) -> float:
    """Add up the letterhead above its rule as letter.css sets it; return points."""
    width = 378.0 if letter.seal else 468.0
    words = 16.8 * lines_taken(letter.sender[0], width, 14, "bold")
    for parts in (letter.sender[1:], letter.sender_contact):
        words += 11.7 * lines_taken(" · ".join(parts), width, 9) if parts else 0
    return 7.2 + max(words, 50.4) if letter.seal else words


def _head_end(letter: Letter) -> float:
    """Add up the head as letter.css sets it, in points; return inches from the top."""
    service = 12 * sum(lines_taken(line, 324, 10) for line in letter.service)
    margin, rule, gap = 43.2, 6.51, 7.2
    return (margin + letterhead_height(letter) + rule + gap + max(service, 12.24)) / 72


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
def lines_taken(text: str, width: float = WIDTH, size: float = SIZE, weight: str = "normal") -> int:
    """Return how many lines of `width` points a text takes, set in `size` points."""
    fits = width * _UNITS / size
    if _length(" ".join(text.split()), weight) <= fits:
        return 1
    lines, line = 1, ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and _length(longer, weight) > fits:
            lines, line = lines + 1, word
        else:
            line = longer
        while _length(line, weight) > fits:  # one word is wider than the line: break it anywhere
            cut = next(
                end for end in range(len(line), 0, -1) if _length(line[:end], weight) <= fits
            )
            lines, line = lines + 1, line[cut:]
    return lines


def broken_words(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return a text with line ends within each word that is wider than the line.

    Such a word begins a line of its own, as in CSS with `overflow-wrap: anywhere`.
    """
    if max(map(len, text.split(" "))) * size * _WIDEST <= width:
        return text
    fits, most = width * _UNITS / size, int(width / size / _NARROWEST)
    parts: list[str] = []
    for word in text.split(" "):
        pieces: list[str] = []
        rest = word
        while len(rest) > 1 and _length(rest[:most], weight) > fits:
            ends = range(1, min(len(rest), most))
            cut = max(1, bisect_right(ends, fits, key=lambda end: _length(rest[:end], weight)))
            pieces, rest = [*pieces, rest[:cut]], rest[cut:]
        parts.append("\n".join(["", *pieces, rest] if pieces and parts else [*pieces, rest]))
    return " ".join(parts).replace(" \n", "\n")


def _length(text: str, weight: str) -> float:
    length: float = _face(weight).getlength(text)
    return length


@cache
def _face(weight: str) -> Any:  # Any: Pillow's class, imported only when needed
    from PIL import ImageFont

    return ImageFont.truetype(faces()[weight, "normal"], _UNITS)
