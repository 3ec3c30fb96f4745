"""Lines of YAML that begin like an item of a list or a field, which is no part of a text. Pure."""

import re
from collections.abc import Sequence

from optout_cli.model.request import Request
from optout_cli.readers.validate import field_names

# What a request says on one line.
_OF_ONE_LINE = re.compile(
    r"([0-9]+\.)?(signatory|recipients|authority|service|enclosures|cc|letterhead|signature"
    r"|jurisdiction|letter|date|calls-itself|ori)\b"
)
# What people type before an item. A bullet is one wherever it stands. The marks of the last pattern
# are ones only where the text itself begins with one: a sentence may go on with "(g)".
_BULLET = re.compile(  # also arrows, boxes and ticks, those of word processors, and emoji
    r"[*\u2022\u2023\u2043\u25e6\u00b7\u2219\u22c5\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff"
    r"\ue000-\uf8ff\U0001f300-\U0001faff]\ufe0f?\s*\S"
)
_DASH = re.compile(r"-(\s+)?(?=[^\s-])")
_NUMBER = re.compile(r"(?:[0-9]{1,2}[.)]|\(?(?:[A-Za-z0-9]|[ivx]{2,4})\))\s+(?=\S)")
_ONLY_AFTER_ANOTHER = re.compile(
    r"(?P<dash>[-+~\u2013\u2014]\s*(?=[^\s0-9-]))|(?P<letter>[A-Za-z][.)]\s)"
    r"|(?P<bracket>\([A-Za-z0-9]{1,3}\))|(?P<number>[0-9]{1,2}[.)]\s)"
)
_ENDS_SENTENCE = re.compile(r"[.;:!?][\"'\u201d\u2019)]*$")
_IN_PROSE = {"by", "bureau", "ice", "seal"}  # fields, and words of a text: "adopted / by the Board"
_LONG_LINE = 4  # words: a line of so many may be wrapped before a dash
_SPELLED = {"e-mail": "email", "tel": "phone", "telephone": "phone"}
_FIELD = re.compile(
    r"[a-z]+(?=\s*[:=]?\s+\S)|(?i:e-?mail|tel(ephone)?|phone|fax)(?=[.=]?\s+([+(]?[0-9]|\S+@))"
)


def begins_item(text: str, *, after_name: bool) -> bool:
    """Tell whether a line begins with a mark that people type before an item.

    More marks are ones in the first line after a name.
    """
    marks = (_BULLET, _DASH, _NUMBER, *([_ONLY_AFTER_ANOTHER] if after_name else []))
    return any(mark.match(text) for mark in marks)


def find_joined(lines: Sequence[str], *, column: int, path: str) -> tuple[int, str] | None:
    """Return the number of the first line that begins like an item or a field, and the field.

    `lines` are those of a plain text as in the file, the first one from the text's `column` on
    (from 0). At a `path` that has one line, a line may be a field; prose may go on with its name.
    """
    has_fields = _OF_ONE_LINE.match(path)
    first = before = lines[0]
    for number, line in enumerate(lines[1:], 1):
        if not (text := line.strip()):
            continue
        is_left = len(line) - len(line.lstrip()) < column
        if _is_item(text, before, first) or (is_left and re.match(r"[-*]\s", text)):
            return number, ""
        found = _FIELD.match(text) if has_fields else None
        name = _SPELLED.get(found[0].lower(), found[0].lower()) if found else ""
        if name in field_names(Request) - _IN_PROSE:
            return number, name
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
    if (dash := _DASH.match(text)) is None:
        return False
    rest = text[dash.end() :]
    if not dash[1]:  # `-The jail`; but `-5` and `-making` go on
        return rest[0].isupper() or (is_new and rest[0].islower())
    return is_new or rest[0].isupper() or len(before.split()) < _LONG_LINE
