"""Whether what a request names has room on the shipped page: counted, before a page is laid out.

A layout of the user's own may have other room; what that one cannot show, the PDF engine finds.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from optout_cli.engines.fonts import faces
from optout_cli.errors import Location, Problem
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Recipient

LINES = 4  # that stay in the window wherever the sheet slides (see letter.css)
CLEAR = 7  # lines of an address that end above the line with the reference
HEAD_LIMIT = 2.2  # in from the top: what stands lower would show in the envelope's window
WIDTH = 234  # pt: 3.25 in
SIZE = 10  # pt, as `.recipient` is set
_UNITS = 1000  # px: measured large, so that hinting does not round
_RUNNING_LINES = 3  # of a later page's head, in the part of the sheet that every printer reaches
_RUNNING_WIDTH, _RUNNING_SIZE = 403.2, 8.5  # pt: `@top-left` and `.continuation`
_FROM_REQUEST = "request"


def window_lines(block: Sequence[str]) -> int:
    """Return how many lines an address block takes in the window, after wrapping."""
    return sum(lines_taken(line) for line in block)


def room_problems(letter: Letter, *, has_own_page: bool) -> Iterator[Problem]:
    """Yield what of a letter has no room on the shipped page, each at its place."""
    if has_own_page:
        return
    recipient = letter.notice.recipient
    whose = "the bureau's" if recipient.party == "bureau" else "ICE's"
    yield from _letterhead_problems(letter)
    if (lines := window_lines(letter.envelope)) > CLEAR:
        message = f"{whose} address takes {lines} lines; {CLEAR} fit above the reference"
        yield _of_recipient("tall-address", message, recipient, _longest_part(recipient.contact))
    head = f"{letter.mark} · {letter.continuation}" if letter.mark else letter.continuation
    if (lines := lines_taken(head, _RUNNING_WIDTH, _RUNNING_SIZE)) > _RUNNING_LINES:
        message = f"the head of {whose} later pages takes {lines} lines; {_RUNNING_LINES} fit"
        yield _of_recipient("tall-running-head", message, recipient, "organization")


def tall_letterhead(end: float) -> Problem:
    """Word the Problem of a head that ends `end` inches from the top, in the window."""
    message = f"letterhead and service lines take {end:.2f} in; {HEAD_LIMIT} in fit"
    return Problem("tall-letterhead", message, hint="shorten signatory: or service:")


def _letterhead_problems(letter: Letter) -> Iterator[Problem]:
    """Add up the head as letter.css sets it, in points."""
    width = 378.0 if letter.seal else 468.0
    words = 16.8 * lines_taken(letter.sender[0], width, 14, "bold")
    for parts in (letter.sender[1:], letter.sender_contact):
        words += 11.7 * lines_taken(" · ".join(parts), width, 9) if parts else 0
    service = 12 * sum(lines_taken(it, 324, 10) for it in letter.service)
    margin, seal, rule, gap = 43.2, 7.2, 6.51, 7.2
    head = seal + max(words, 50.4) if letter.seal else words
    end = (margin + head + rule + gap + max(service, 12.24)) / 72
    if end > HEAD_LIMIT:
        yield tall_letterhead(end)


def _of_recipient(code: str, message: str, recipient: Recipient, field: str) -> Problem:
    """Make a Problem of a recipient's field, placed where its value was read."""
    party, origins = recipient.party, recipient.origins
    places = [place for path, place in origins.items() if f"{path}.".startswith(f"{field}.")]
    origin = _FROM_REQUEST if _FROM_REQUEST in places or not places else places[0]
    file, _, line = origin.rpartition(":")
    location = Location(file, int(line)) if origin != _FROM_REQUEST and line.isdigit() else None
    lines = f"at most {LINES} lines of 3.25 in"
    hint = f"shorten it, or add envelope: with {lines} under recipients: {party}:"
    cell = f"shorten it, or fill in recipients.{party}.envelope with {lines}"
    if code == "tall-running-head":
        hint = cell = f"shorten the first line of recipients.{party}.organization"
    elif field == "envelope":
        hint = cell = f"shorten it to {lines}"
    path = f"recipients.{party}.{field}"
    return Problem(code, message, location, hint, path, in_row=cell)


def _longest_part(contact: Contact) -> str:
    """Name the field of an address that takes the most lines."""
    if contact.envelope:
        return "envelope"
    parts = {
        "organization": contact.organization,
        "address.street": contact.address.street,
        "attention": (contact.attention or "",),
    }
    return max(parts, key=lambda name: window_lines(parts[name]))


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
        while _length(line, weight) > fits:  # one word alone is wider, and is broken anywhere
            lines, line = lines + 1, line[_fitting(line, fits, weight) :]
    return lines


def _fitting(word: str, fits: float, weight: str) -> int:
    """Return how many characters of a word fit on a line."""
    return next(end for end in range(len(word), 0, -1) if _length(word[:end], weight) <= fits)


def _length(text: str, weight: str) -> float:
    length: float = _face(weight).getlength(text)
    return length


@cache
def _face(weight: str) -> Any:  # Pillow's class, imported only when it is needed
    from PIL import ImageFont

    return ImageFont.truetype(faces()[weight, "normal"], _UNITS)
