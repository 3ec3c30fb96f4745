"""The kinds of text in the nouns, each with the words to reject a wrong one; days in words.

`extra` is for `readers.validate`: what the text should be (`expects`), a `hint`, and the number of
`digits` of a code whose zeros at the front a spreadsheet may drop.
"""

import re
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

_MAX_LINE = 200  # characters; longer than any name, title or address line seen in the data
MAX_TEXT = 5_000  # characters in a paragraph
MAX_ITEMS = 60  # items in a list of a request

_END = r"(?![\s\S])"  # `$` would allow a line break after it


def _kind(pattern: str, expects: str, hint: str) -> Meta:
    return Meta(
        pattern=f"^{pattern}{_END}",
        max_length=_MAX_LINE,
        extra={"expects": expects, "hint": hint},
    )


Line = Annotated[
    str,
    _kind(
        r"\S([^\r\n\t]*\S)?",
        "one line without spaces at its ends",
        "write it on one line, with no spaces before or after it",
    ),
]
Text = Annotated[
    str,
    Meta(
        pattern=r"\S",
        max_length=MAX_TEXT,
        extra={"expects": "text", "hint": "write some text, or leave the line out"},
    ),
]
Zip = Annotated[
    str,
    Meta(
        pattern=rf"^[0-9]{{5}}(-[0-9]{{4}})?{_END}",
        extra={"expects": "a ZIP code", "hint": "write five digits, such as 02134", "digits": 5},
    ),
]
StateCode = Annotated[
    str,
    _kind(r"[A-Z]{2}", "a state's postal code", "write two capital letters, such as CA"),
]
# North American Numbering Plan, which covers every state and territory.
_NUMBER = r"((\+?1[ .-]?)?(\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}|[0-9]{10})"
Phone = Annotated[
    str,
    _kind(
        rf"{_NUMBER}( ?(ext\.?|x) ?[0-9]{{1,6}})?",
        "a telephone number",
        "write it as 415-555-0123, with area code",
    ),
]
Fax = Annotated[
    str,
    _kind(_NUMBER, "a fax number", "write it as 415-555-0123, with area code, no extension"),
]
# The addr-spec of RFC 5322 without quoted parts and comments, which no office uses.
Email = Annotated[
    str,
    _kind(
        r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",
        "an e-mail address",
        "write the bare address, such as records@example.gov",
    ),
]
# The msg-id of RFC 5322 as mail programs write it: in angle brackets, without quoted parts.
MessageId = Annotated[
    str,
    _kind(
        r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\[\]:-]+>",
        "a Message-ID",
        "copy it from the earlier e-mail's headers, with its angle brackets: <...@example.gov>",
    ),
]
Url = Annotated[
    str,
    Meta(
        pattern=rf"^https?://\S+{_END}",
        max_length=500,
        extra={"expects": "a web address", "hint": "begin it with https://"},
    ),
]
Ori = Annotated[
    str,
    _kind(
        r"[A-Z]{2}[A-Z0-9]{7}",
        "an ORI",
        "write nine capital letters and digits, such as CA0380000 (NCIC agency identifier)",
    ),
]
JurisdictionId = Annotated[
    str,
    _kind(
        r"([0-9]{5}|[a-z][a-z0-9-]*)",
        "a jurisdiction's id",
        'write five digits in quotes ("06041"), or small letters, digits and hyphens',
    ),
]
Name = Annotated[
    str,
    _kind(r"[a-z0-9][a-z0-9-]*", "an id", "use only small letters, digits and hyphens"),
]
ValueName = Annotated[
    str,
    _kind(
        r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)?",
        "the name of a particular",
        "write its id, or list.name for a value in the entries of a list",
    ),
]
# Text, because msgspec reads "1e3" as a number; digits only, so that `int` accepts it.
Count = Annotated[
    str,
    _kind(r"[1-9][0-9]{0,3}", "a number", "write it in digits, such as 90"),
]
PartialDate = Annotated[
    str,
    _kind(
        r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?",
        "a date, month or year",
        "write it as 2018-07-31, 2018-07 or 2018",
    ),
]
LetterId = Annotated[
    str,
    _kind(
        r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*",
        "the name of a letter",
        "write program/kind, such as secure-communities/opt-out; see `optout list letters`",
    ),
]


class Noun(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="kebab",
):
    """The base of every noun: frozen, keys in kebab-case, unknown keys rejected.

    Each noun repeats `kw_only`, because msgspec does not inherit it.
    """


# Written out: strftime would follow the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAY = rf"\b({'|'.join(MONTHS)}) ([0-9]{{1,2}}), ([0-9]{{4}})\b"


@lru_cache(maxsize=4096)  # letters have most texts in common
def days_in(text: str) -> tuple[date, ...]:
    """Return the days that a text names, such as `August 5, 2011`, but no February 30."""
    found = []
    for month, day, year in re.findall(_DAY, text):
        with suppress(ValueError):
            found.append(date(int(year), MONTHS.index(month) + 1, int(day)))
    return tuple(found)
