"""Spell a letter in the 95 characters that every fax sets: what is typed stays readable.

A small table of our own comes first, where the field has its own way of writing; the rest is
anyascii's. Never drops a character silently.
"""

import re
from functools import cache
from typing import Any, TypeVar
from unicodedata import normalize

from anyascii import anyascii
from msgspec import Struct, structs

from optout_cli.errors import Problem, raise_any
from optout_cli.model.notice import Letter, Run

_T = TypeVar("_T")
_OWN = {
    "\u00a7": "Sec.",
    "\u00b6": "Par.",
    "\u02bb": "'",  # the okina
    "\u02bc": "'",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "--",
    "\u2014": "--",
    "\u2015": "--",
    "\u2026": "...",
    "\u2610": "[ ]",  # ballot boxes
    "\u2611": "[x]",
    "\u2612": "[x]",
    "\u00d7": "x",
    "\u00ad": "",  # a soft hyphen shows only where a line breaks at it
    "\u00a0": " ",
}
_SIGNS = re.compile("(\u00a7\u00a7|\u00b6\u00b6|\u00a7|\u00b6)(\\w)?")
_PLURALS = {"\u00a7\u00a7": "Secs.", "\u00b6\u00b6": "Pars."}
_FRACTION = re.compile("(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e])")  # 1 1/2, not 11/2
# What no page of text shows, or what is not the letter's words.
_UNSEEN = ("notice", "seal", "envelope", "continuation")


def in_ascii(letter: Letter) -> Letter:
    """Return the letter with each text that a fax shows in ASCII.

    Raises OptoutError with every character for which there is nothing to write.
    """
    shown = {
        name: getattr(letter, name) for name in letter.__struct_fields__ if name not in _UNSEEN
    }
    lacking: dict[str, None] = {}
    spelled = {name: _spelled(value, lacking) for name, value in shown.items()}
    raise_any(map(_no_ascii, lacking))
    return structs.replace(letter, **spelled)


def ascii_of(text: str, lacking: dict[str, None]) -> str:
    """Return a text in ASCII; what has no spelling is left out, and added to `lacking`."""
    if text.isascii():
        return text
    # A letter and its accent, typed apart, are one character.
    text = _FRACTION.sub(" ", _SIGNS.sub(_sign, normalize("NFC", text)))
    spelled = {character: _character(character) for character in text}
    lacking.update((it, None) for it, ascii_ in spelled.items() if not ascii_ and it not in _OWN)
    return "".join(map(spelled.__getitem__, text))


@cache
def _character(character: str) -> str:
    own = _OWN.get(character)
    return anyascii(character) if own is None else own


def _sign(found: re.Match[str]) -> str:
    sign, following = found[1], found[2]
    word = _PLURALS.get(sign) or _OWN[sign]
    return f"{word} {following}" if following else word


def _spelled(value: _T, lacking: dict[str, None]) -> _T:
    """Return a part of the letter with every text in it in ASCII; a link's target is none."""
    made: Any = value  # of the value's own type, which no checker sees through the fields
    if isinstance(value, str):
        made = ascii_of(value, lacking)
    elif isinstance(value, tuple):
        made = tuple(_spelled(it, lacking) for it in value)
    elif isinstance(value, Run):
        made = structs.replace(value, text=ascii_of(value.text, lacking))
    elif isinstance(value, Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        made = structs.replace(value, **{k: _spelled(it, lacking) for k, it in parts.items()})
    return made  # type: ignore[no-any-return]


def _no_ascii(character: str) -> Problem:
    message = f"a fax has no way to write {character!r} (U+{ord(character):04X})"
    return Problem("no-ascii", message, hint="spell it without", text=character)
