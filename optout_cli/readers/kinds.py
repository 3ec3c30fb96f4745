"""What a kind of odd text is, and the words that people write where they have no value. Pure."""

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Literal, NamedTuple

# What a text is for. A name is printed as it stands, and so is that of a person, a street, or a
# city; post is a tracking number; number and vote are those of a resolution; prose is a particular;
# state is one in an address; a code has a form of its own, which is checked elsewhere.
Use = Literal[
    "name", "person", "street", "city", "post", "number", "vote", "prose", "state", "code"
]  # fmt: skip
AS_TEXT = "format the column as Text, and type the value again"
EMPTY = "write the value, or leave it empty"
FILL_IN = "write what belongs there, or leave the value empty"
RETYPE = 'type it again; if it is from a table, save that as "CSV UTF-8"'
DIGITS = "0123456789"
SHORT: tuple[Use, ...] = ("name", "post", "number", "vote")
PRINTED: tuple[Use, ...] = (*SHORT, "prose")

# What people write where they have no value, in any order and number of words: `see attached list`.
# A text needs one of the first; a label, which names what is missing, counts in short texts:
# `Position Title`, but not `Town Office`.
_FILLER_WORDS = (
    "none null nil nobody noone noname nothing etc unknown unk undefined empty blank missing"
    " various multiple several other others anonymous default same ditto dito idem above below"
    " previous tbd tba tbc tbn todo fixme tk tktk pending vacant vacancy unfilled unnamed"
    " unassigned unspecified unavailable test tests testing dummy asdf"
    " qwerty foo foobar lorem ipsum dolor insert enter click tap choose select update verify"
    " confirm check redacted withheld confidential deleted removed idk forthcoming soon follow"
    " coming attached website determined announced decided roster listed applicable wahr falsch"
    " vrai faux subtotal"
)
_LABEL_WORDS = (
    "sample example name names title titles text here goes signed firstname lastname not don dont"
)
_WORDS_AROUND = (
    "a no to be of is are it as on in at by for from with yet the given known provided file list"
    " note notes see per refer please your my their this that later row line item field value"
    " person one any all t dont know date needs me enclosed confirmed hired elected appointed"
    " available sure type fill out or and election column last first sit amet consectetur middle"
    " full contact primary position job city county town state street address agency office number"
    " phone zip reason reasons official signer sheriff s"
)
_FILLERS, _LABELS, _AROUND = (
    frozenset(words.split()) for words in (_FILLER_WORDS, _LABEL_WORDS, _WORDS_AROUND)
)


class Kind(NamedTuple):
    """Texts of one kind: a Problem in fields of the uses in `wrong`, a note in those in `odd`."""

    id: str
    find: Callable[[str], object]
    wrong: tuple[Use, ...]
    message: str
    hint: str
    odd: tuple[Use, ...] = ()


# Compiled when a text needs them: most texts need few.
compiled = cache(partial(re.compile, flags=re.DOTALL))


def whole(pattern: str, marks: Iterable[str] = ()) -> Callable[[str], object]:
    """Return what tells whether a whole text fits a pattern, which needs one of the `marks`."""
    return lambda text: _has_some(marks, text) and compiled(pattern).fullmatch(text)


def within(pattern: str, marks: Iterable[str] = ()) -> Callable[[str], object]:
    """Return what tells whether a text has a pattern in it, which needs one of the `marks`."""
    return lambda text: _has_some(marks, text) and compiled(pattern).search(text)


def _has_some(marks: Iterable[str], text: str) -> bool:
    """Tell whether a text has one of the marks, in small letters, that its pattern needs."""
    return not marks or any(mark in text.lower() for mark in marks)


def is_filler(text: str, *, with_labels: bool = True) -> bool:
    """Tell whether a text is made of nothing but words that stand for a value."""
    words = set(re.findall(r"[^\W_]+", text.casefold()))
    if not words <= _FILLERS | _LABELS | _AROUND:
        return False
    return bool(words & _FILLERS or (with_labels and words & _LABELS))


def has_filler_beside(text: str) -> bool:
    """Tell whether such words stand in brackets or behind a dash: `Pat Perez (TBD)`."""
    beside = compiled(r"[(\[]([^)\]]+)[)\]]|\s[-\u2013\u2014]+\s(.+)").findall(text)
    return any(
        (part != "placeholder" and is_filler(part, with_labels=False))
        or part.endswith("?")
        or not any(map(str.isalnum, part))
        for parts in beside
        for part in parts
        if part
    )


is_unfilled = whole(
    r"(?i)tb[acdn]|t\.b\.[acd]\.|to ?do|pending|x{2,20}( x{2,20})*|lorem ipsum.*"
    r"|(the )?(mr|mrs|ms|dr|hon|honorable|no|unk)\.?|mrs?\.?( or |/)ms\.?"
    r"|to be \w+|(your|insert|enter|type|fill in)\b.*"
    r"|choose an? .*|(none|not) (given|listed|on file)|first( \w\.?)? last(name)?|last,? first"
    r"|[a-z]{1,3}-|\w+\?|((position|office|seat|currently)( is)? )?(open|interim|acting)"
    r"( (position|seat))?|name of .*|change ?me|office|street|city|town|st"
    r"|(column|field|unnamed:|address line) ?[0-9]+|city, state|street address|any street"
    r"|(?:[0-9]+ )?(any ?street|street name|your street)|(grand )?totals?(:.*)?|fnu|lnu"
    r"|fnu lnu|nn|s\.o\.|/?s/|placeholder"
    r"|count: .*|object|system\.\w+|function.*[({].*|%[sd]|\*\|\w+\|\*|mergefield .*"
    r"|(please )?(see|refer to|per) (the )?(notes?|comments?|lists?|files?|memos?|above .*)|on file"
)
