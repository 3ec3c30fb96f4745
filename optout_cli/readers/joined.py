"""Lines that YAML joins to the text above them, although they begin like an item or a field. Pure.

reasons:            title: Sheriff
  - One.                phone 415-555-0100
   - Two.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from optout_cli.model.jurisdiction import Address
from optout_cli.model.request import (
    Authority,
    Copy,
    Correction,
    Enclosure,
    Request,
    Service,
    Signatory,
    Signature,
)

# What people type before an item. A bullet is one wherever it stands. The marks of the last pattern
# are ones only where the text itself begins with one: a sentence may go on with "(g)".
_BULLET = re.compile(r"[\u2022\u2023\u25e6\u25aa\u25cf\u00b7\u2219\u25cb\u25a0\u25a1\u27a2*]\s*\S")
_DASH = re.compile(r"-(\s+)?(?=[^\s-])")
_NUMBER = re.compile(r"[0-9]{1,2}[.)]\s+(?=\S)")
_ONLY_AFTER_ANOTHER = re.compile(
    r"(?P<dash>[-+\u2013\u2014]\s*(?=[^\s0-9-]))|(?P<letter>[A-Za-z][.)]\s)"
    r"|(?P<bracket>\([A-Za-z0-9]{1,3}\))|(?P<number>[0-9]{1,2}[.)]\s)"
)
_ENDS_SENTENCE = re.compile(r"[.;:!?][\"'\u201d\u2019)]*$")
_LONG_LINE = 4  # words: a line of so many may be wrapped before a dash
_FIELD = re.compile(r"[a-z]+(?=\s*[:=]?\s+\S)")
_NOUNS = (Request, Signatory, Address, Signature, Authority, Correction, Service, Enclosure, Copy)
_FIELD_NAMES = {field.encode_name for noun in _NOUNS for field in msgspec.structs.fields(noun)} - {
    "by"
}  # "adopted / by the Board"


class Joined(NamedTuple):
    """A line that is joined to the text above: its number in the text, and the field it names."""

    number: int
    field: str = ""


def find_joined(lines: Sequence[str], *, column: int, has_fields: bool) -> Joined | None:
    """Return the first line of a plain text that begins like an item or a field.

    `lines` are as they stand in the file, the first one from the text's `column` on (from 0).
    `has_fields` says that a line may be a field of a request: prose may go on with such a word.
    """
    first = lines[0]
    before = first
    for number, line in enumerate(lines[1:], 1):
        text = line.strip()
        if not text:
            continue
        is_left = len(line) - len(line.lstrip()) < column
        if _is_item(text, before, first) or (is_left and re.match(r"[-*]\s", text)):
            return Joined(number)
        found = _FIELD.match(text) if has_fields else None
        if found and found[0] in _FIELD_NAMES:
            return Joined(number, found[0])
        before = text
    return None


def _is_item(text: str, before: str, first: str) -> bool:
    """Tell whether a line begins like an item, after the line `before` it in a text."""
    mark, opening = _ONLY_AFTER_ANOTHER.match(text), _ONLY_AFTER_ANOTHER.match(first)
    if _BULLET.match(text) or (mark and opening and mark.lastgroup == opening.lastgroup):
        return True
    is_new = bool(_ENDS_SENTENCE.search(before))
    if _NUMBER.match(text):
        return is_new
    dash = _DASH.match(text)
    if dash is None:
        return False
    rest = text[dash.end() :]
    if not dash[1]:  # `-The jail`; but `-5` and `-making` go on
        return rest[0].isupper() or (is_new and rest[0].islower())
    return is_new or rest[0].isupper() or len(before.split()) < _LONG_LINE
