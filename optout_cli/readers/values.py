"""Judges every text of a document by the table of odd values, whichever source it came from.

Never changes a value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from itertools import pairwise, product
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple
from unicodedata import normalize

import msgspec

from optout_cli.errors import Problem, first_of, shorten
from optout_cli.model.fields import MAX_ITEMS, MAX_TEXT
from optout_cli.readers.document import Document, texts_in
from optout_cli.readers.postal import (
    elsewhere,
    goes_on_with_state,
    postal_states,
    state_code,
    state_names,
)

# What a text is for. A name is printed as it stands, and so is that of a person, a street, a city,
# or a document; post is a tracking number; number and vote are those of a resolution; prose is a
# particular: a quotation, or own words, an item of which is one of a list, and a sentence stands by
# itself; state is one in an address; a code has a form of its own, which is checked elsewhere, and
# so has a phone number; act is what a resolution is called, and self what the sender calls itself.
Use = Literal[
    "name", "person", "street", "city", "document", "post", "number", "vote", "prose", "own",
    "item", "sentence", "state", "phone", "code", "act", "self", "title", "office",
]  # fmt: skip
_GROUPS = {"short": "name post number vote", "printed": "name post number vote prose"}
_WIDER: Mapping[Use, tuple[Use, ...]] = {  # a person's name is a name too
    "person": ("name",), "street": ("name",), "city": ("street", "name"),
    "document": ("name",), "act": ("name",), "self": ("name",), "title": ("name",),
    "office": ("name",),
    "phone": ("code",), "own": ("prose",), "item": ("own", "prose"),
    "sentence": ("item", "own", "prose"),
}  # fmt: skip

_USES: tuple[tuple[Use, str], ...] = (
    ("post", r"(service\.\w+|particulars\.(.+\.)?served)\.\d+\.number"),
    ("number", r"particulars\..+\.\d+\.number"),
    # Somebody else may have said `No.`
    ("prose", r"particulars\.((.+[.-])?section|(.+\.)?(said|answer|words)(\.\d+)?)"),
    ("item", r"particulars\..+\.\d+"),
    ("own", r"(particulars|wording)\..+"),
    ("state", r"(signatory|recipients\.\w+)\.address\.state"),
    ("number", r"authority\.\d+\.number"),
    ("vote", r"authority\.\d+\.vote"),
    ("number", r"approved-as-to-form\.file-number"),
    ("self", r"calls-itself"),
    ("office", r"signatory\.office"),
    ("title", r"(signatory|approved-as-to-form|cc\.\d+)\.title|cc(\.\d+)?"),
    ("person", r"(signatory|approved-as-to-form)\.name"),
    (
        "name",
        r"(signatory|approved-as-to-form|cc\.\d+)\.(name|title|office|organization)",
    ),
    ("phone", r"(signatory|recipients\.\w+)\.(phone|fax)"),
    ("street", r"(signatory|recipients\.\w+)\.address\.street(\.\d+)?"),
    ("city", r"(signatory|recipients\.\w+)\.address\.city"),
    ("name", r"recipients\.\w+\.(attention|salutation|confirmed\.by|name|formal)"),
    ("name", r"recipients\.\w+\.(organization|envelope)(\.\d+)?"),
    ("document", r"enclosures(\.\d+)?(\.title)?"),
    ("act", r"authority\.\d+\.instrument"),
    ("name", r"authority\.\d+\.body|(letterhead|signature)\.alt"),
)

# Read in another encoding, UTF-8 gives such pairs. The result must be a letter or mark of Latin-1
# or Latin Extended-A, or a word processor's punctuation: capitals before a curly quote give others.
_WRONG = ("cp1252", "latin-1", "mac_roman", "cp437", "cp850")
_FOREIGN = r"[^\x00-\x7f]{2,}"
_MEANT = "[\u00a0-\u017f\u1e00-\u1eff\u2010-\u2044\u20ac\u2122]+"
_HALF_DECODED = (
    "\u00e2\u20ac|[a-z][\u00c3\u00c2](?![\u00c0-\u00de])|\ufffd|\u00ef\u00bf\u00bd|\u00d4\u00f8\u03a9"
    # A curly quote: of Mac OS Roman read as Latin-1, and of UTF-8 that lost its control characters.
    "|[a-z][\u00d2-\u00d5](?=s?\\b)|\\b[DO][\u00d5\u00e2][A-Z][a-z]|[a-z]\u00e2(?=s\\b)"
)


_OF_MANY = ("prose", "own", "item", "sentence")  # uses whose text may have a whole list
_LONGEST = MAX_ITEMS * MAX_TEXT  # characters of a list in one text
_SPELLED_LIKE = 0.85  # from 0 to 1
_FEWEST_IN_SENTENCE, _FEW_WORDS = 3, 10  # more words are taken for a sentence
# What is meant, of such words: a part of a sentence; perhaps also `The position is vacant.`
_CLAUSE = r"that \w+ \w+.*|to be (removed|deleted|listed|withheld)\b.*"
_IS_CLAUSE = re.compile(_CLAUSE, re.IGNORECASE)
_IS_STATEMENT = re.compile(
    rf"{_CLAUSE}|to (verify|confirm|update) \w+ \w+|(\w+ )+(is|are|was|were) .+|removed\.?",
    re.IGNORECASE,
)


class _Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One kind of odd text, as the table has it."""

    message: str
    hint: str
    whole: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    test: Literal["filler", "filler-alone", "filler-beside", "misread", "whole-address",
                  "small-letters", "lost", "misspelled", "fragment"] | None = None  # fmt: skip
    wrong: str = ""
    odd: str = ""
    is_nothing: bool = False

    def fits(self, text: str) -> bool:
        """Tell whether a text is of this kind."""
        return bool(
            (self.test and _TESTS[self.test](text))
            or (self.whole and _compile("|".join(self.whole)).fullmatch(text))
            or (self.within and _compile("|".join(self.within)).search(text))
        )


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: dict[str, _Kind]
    parts: dict[str, str]  # of patterns
    words: dict[str, str]
    names: dict[Use, str]


class Doubt(NamedTuple):
    """A text that may be meant, with the key path of its value."""

    path: str
    message: str
    hint: str


@cache  # read when the first text is judged
def _table() -> _Table:
    return msgspec.toml.decode(
        Path(__file__).with_name("odd_values.toml").read_bytes(), type=_Table
    )


def judge(
    document: Document, uses: Mapping[str, Use] | None = None
) -> tuple[tuple[Problem, ...], tuple[Doubt, ...]]:
    """Return a Problem for each text that cannot be meant, and a Doubt for each that may be.

    `uses` has what particulars are for that are not own words, by key path without numbers.
    """
    problems: list[Problem] = []
    doubts: list[Doubt] = []
    # One that is too long is refused elsewhere, and takes seconds here.
    texts = {path: text for path, text in texts_in(document.data) if 0 < len(text) <= _LONGEST}
    for path, text in texts.items():
        use = _use_of(path)
        if uses and use in ("own", "item"):
            use = uses.get(re.sub(r"\.\d+", "", path), use)
        is_long = len(text) > MAX_TEXT and use not in _OF_MANY
        if is_long or (found := _judge(text.strip(), use)) is None:
            continue
        kind, is_wrong = found
        words = kind.message.format(repr(shorten(text)))
        location = document.location(path)
        # A table's own name of the column stands before the message.
        is_renamed = document.is_cell(path) and location.path not in ("", path, f"$.{path}")
        message, hint = words if is_renamed else f"{path} {words}", kind.hint
        if not document.is_cell(path) or location.path.startswith("$."):
            hint = _outside_tables(hint)
        if is_wrong:
            problems.append(Problem("odd-value", message, location, hint, path))
        else:
            doubts.append(Doubt(path, f"{path} {words}", hint))
    doubts += _doubts_about_several(texts)
    return tuple(problems), tuple(doubts)


# What the shipped examples have where a letter needs facts of its own. A person may have that name.
_OF_EXAMPLES = re.compile(r"\bPlaceholder\b|@example\.|\b555-01[0-9]{2}\b|(?:0000 ){3}")
_NO_NAME = re.compile(r"[0-9] Placeholder\b|Placeholder\b.*\b555-01")


def _doubts_about_several(texts: Mapping[str, str]) -> Iterator[Doubt]:
    """Yield a Doubt for each two values that do not go together, and for made-up facts left."""
    path = "signatory.address"
    street, city, state, code = (
        texts.get(f"{path}.{name}", "") for name in ("street", "city", "state", "zip")
    )
    name, title = texts.get("signatory.name", ""), texts.get("signatory.title", "")
    if " " in name and name in title:
        message = f"signatory.title {shorten(title)!r} has the name in it too"
        yield Doubt("signatory.title", message, "write the title alone")
    if state and (others := elsewhere(code, state_code(state) or state)):
        message = f"{path}.zip {code!r} is a ZIP code of {others}, not of {state}"
        yield Doubt(f"{path}.zip", message, "correct the one that is wrong")
    place = re.escape(city)
    before = r"(?:[,\n]|\b(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Dr|Drive|Lane)\.?)\s*"
    if city and re.search(rf"{before}{place}$|\b{place},? [A-Z]{{2}}$", street):
        message = f"{path}.street {shorten(street)!r} has the city in it too"
        yield Doubt(f"{path}.street", message, "write the city in its own place only")
    for field in ("email", "fax", "address.street"):
        seen: dict[str, str] = {}
        for owner in ("signatory", "recipients.bureau", "recipients.ice"):
            at = f"{owner}.{field}"
            value = texts.get(at) or texts.get(f"{at}.0", "")
            if value and (first := seen.setdefault(value.casefold(), at)) != at:
                yield Doubt(at, f"{at} {value!r} is {first} too", "write each one's own")
    if any(map(_NO_NAME.search, texts.values())):
        left = [path for path, text in texts.items() if _OF_EXAMPLES.search(text)]
        also = f" (also {first_of(left[1:])})" if left[1:] else ""
        message = f"{left[0]} {shorten(texts[left[0]])!r} is made up, as in the examples{also}"
        yield Doubt(left[0], message, "write your own")


@lru_cache(4096)  # a batch repeats many texts
def _judge(text: str, use: Use) -> tuple[_Kind, bool] | None:
    """Return the first kind that is wrong for this use, or else odd, and whether it is wrong."""
    plain = normalize("NFC", text)
    names = _table().names.get("name" if use == "person" else use)
    if names and _compile(names).fullmatch(plain):
        return None
    return max(
        (pair for pair in _kinds_for(use) if pair[0].fits(plain)), key=itemgetter(1), default=None
    )


def text_fault(text: str, use: Use, *, is_doubt: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with a text that cannot be meant for a use, and a hint.

    With `is_doubt`, return it of a text that may be meant.
    """
    kind, is_wrong = _judge(text.strip(), use) or (None, False)
    if kind is None or is_wrong == is_doubt:
        return None
    return kind.message.format(repr(shorten(text))), _outside_tables(kind.hint)


def _outside_tables(hint: str) -> str:
    """Return a hint without the advice that is only for a cell."""
    hint = hint.removeprefix("format the column as Text, and ")
    return hint.removesuffix(", or a comma before the city")


def is_nothing(text: str) -> bool:
    """Tell whether own words only say that there are none: `N/A`, `TBD`, a dash."""
    found = _judge(text.strip(), "own")
    return not text.strip() or bool(found and found[0].is_nothing)


@lru_cache(1024)  # a batch asks for the same few paths in each row
def _use_of(path: str) -> Use:
    top = path.partition(".")[0]  # a pattern has it as it is
    likely = ((use, pattern) for use, pattern in _USES if top in pattern)
    return next((use for use, pattern in likely if re.fullmatch(pattern, path)), "code")


@cache
def _kinds_for(use: Use) -> tuple[tuple[_Kind, bool], ...]:
    """Return the kinds that are reported of a use, each with whether it is wrong there.

    What is odd for the use itself is not wrong for it, even if it is for a wider one.
    """
    uses = {use, *_WIDER.get(use, ())}
    return tuple(
        (kind, use not in _uses_in(kind.odd) and not uses.isdisjoint(_uses_in(kind.wrong)))
        for kind in _table().kind.values()  # the first one that fits a text is reported
        if not uses.isdisjoint(_uses_in(f"{kind.wrong} {kind.odd}"))
    )


def _uses_in(words: str) -> frozenset[str]:
    """Return the uses that the table names, with those of a group in place of the group."""
    return frozenset(use for word in words.split() for use in _GROUPS.get(word, word).split())


@cache  # when a text needs it: most texts need few
def _compile(pattern: str) -> re.Pattern[str]:
    states, names = sorted(postal_states()), (name for name in state_names() if name[2:])
    known = {"states": f"(?:{'|'.join(states)})", "state-names": f"(?:{'|'.join(names)})"}
    parts = {**_table().parts, **known}
    return re.compile(
        re.sub(r"\{\{([\w-]+)\}\}", lambda found: parts[found[1]], pattern), re.DOTALL
    )


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_table().words[name].split())


def _is_filler(text: str, *, with_labels: bool = True, meant: re.Pattern[str] = _IS_CLAUSE) -> bool:
    """Tell whether a text is made of nothing but words that stand for a value."""
    words = set(re.findall(r"[^\W_]+", text.casefold()))
    if meant.fullmatch(text) and words.isdisjoint(_words("codes")):
        return False
    fillers, labels = _words("fillers"), _words("labels")
    if not words <= fillers | labels | _words("around"):
        return False
    return bool(words & fillers or (with_labels and words & labels))


def _has_filler_beside(text: str) -> bool:
    """Tell whether such words stand in brackets or behind a dash: `Pat Perez (TBD)`."""
    beside = re.findall(r"[(\[]([^()\[\]]+)[)\]]|\s[-\u2013\u2014]+\s(.+)", text, re.DOTALL)
    return any(
        (part not in ("placeholder", "one vacancy") and _is_filler(part, with_labels=False))
        or part.endswith("?")
        or not any(map(str.isalnum, part))
        for parts in beside
        for part in parts
        if part
    )


def _is_misread(text: str) -> bool:
    """Tell whether UTF-8 was read in another encoding: `Mar\u00c3\u00ada` for `Mar\u00eda`."""
    if text.isascii() or re.search(_HALF_DECODED, text):
        return not text.isascii()
    for run, encoding in product(re.findall(_FOREIGN, text), _WRONG):
        # Two or three characters of the run may be one of UTF-8.
        for start, length in product(range(len(run) - 1), (2, 3)):
            with suppress(UnicodeError):
                decoded = run[start : start + length].encode(encoding).decode()
                if len(decoded) == 1 and re.fullmatch(_MEANT, decoded):
                    return True
    return False


def _is_misspelled(text: str) -> bool:
    """Tell whether a word of a title is nearly one that titles have: `Sherif`."""
    from difflib import get_close_matches

    known = _words("titles")
    words = {word.removesuffix("s") for word in re.findall(r"[^\W\d_]{5,}", text.casefold())}
    words -= {word.removesuffix("s") for word in known}
    return any(get_close_matches(word, known, 1, _SPELLED_LIKE) for word in words)


def _is_fragment(text: str) -> bool:
    """Tell whether a text of few words has no verb, and so is no sentence: `trust of residents`."""
    words = re.findall(r"[^\W\d_]+(?:['\u2019][a-z]+)?", text.casefold())
    verbs = [
        word
        for before, word in pairwise(words)
        if word.endswith(("ed", "ies", "n't", "n\u2019t"))
        or (before not in _words("before-nouns") and {word, word[:-1]} & _words("verbs"))
    ]
    return len(words) < _FEWEST_IN_SENTENCE or (len(words) <= _FEW_WORDS and not verbs)


def _has_lost(text: str) -> bool:
    """Tell whether a vote has no more ayes than noes: `0 to 5`."""
    votes = re.match(r"(?i)(?:ayes:? )?([0-9]+),? ?(?:-|\u2013|to|:|noes:?) ?([0-9]+)\b", text)
    return votes is not None and int(votes[1]) <= int(votes[2])


_TESTS: Mapping[str, Callable[[str], bool]] = {
    "filler": _is_filler,
    "filler-alone": lambda text: _is_filler(text, with_labels=False, meant=_IS_STATEMENT),
    "filler-beside": _has_filler_beside,
    "misread": _is_misread,
    "whole-address": goes_on_with_state,
    "lost": _has_lost,
    "misspelled": _is_misspelled,
    "fragment": _is_fragment,
    "small-letters": lambda text: text.islower() and " " in text,
}
