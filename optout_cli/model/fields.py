"""The kinds of text that the nouns are made of, each with the words to refuse a wrong one.

`extra` carries what `source` says of a text that does not fit: what it `expects`, a `hint`, and how
many `digits` it has, of which a spreadsheet drops zeros at the front.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_LINE = 200  # characters; longer than any name, title or address line seen in the data
MAX_TEXT = 5_000  # characters a paragraph
MAX_ITEMS = 60  # in a list of a request

_END = r"(?![\s\S])"  # `$` would allow a line break behind it


def _kind(pattern: str, expects: str, hint: str) -> Meta:
    return Meta(
        pattern=f"^{pattern}{_END}",
        max_length=MAX_LINE,
        extra={"expects": expects, "hint": hint},
    )


Line = Annotated[
    str,
    _kind(
        r"\S([^\r\n\t]*\S)?",
        "one line without blanks at its ends",
        "write it on one line, with no blanks before or after it",
    ),
]
Text = Annotated[
    str,
    Meta(
        pattern=r"\S",
        max_length=MAX_TEXT,
        extra={"expects": "a text", "hint": "leave the line out, or write the text"},
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
    _kind(r"[A-Z]{2}", "a state's postal code", "two capital letters, such as CA"),
]
# North American Numbering Plan, which every state and territory is in.
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
# The addr-spec of RFC 5322, without quoted parts and comments: what offices really use.
Email = Annotated[
    str,
    _kind(
        r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",
        "an e-mail address",
        "write the bare address, such as records@example.gov",
    ),
]
# The msg-id of RFC 5322, as programs write it: within angle brackets, without quoted parts.
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
        "nine capital letters and digits, such as CA0380000 (NCIC agency identifier)",
    ),
]
JurisdictionId = Annotated[
    str,
    _kind(
        r"([0-9]{5}|[a-z][a-z0-9-]*)",
        "a jurisdiction's id",
        'five digits in quotes ("06041"), or small letters, digits and hyphens',
    ),
]
Name = Annotated[
    str,
    _kind(r"[a-z0-9][a-z0-9-]*", "an id", "small letters, digits and hyphens"),
]
# A text, since msgspec would read "1e3" as a number; digits only, so that `int` takes it.
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
        "a letter",
        "program and kind, such as secure-communities/opt-out; `optout list letters` has them",
    ),
]


class Noun(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="kebab",
):
    """The base of every noun: frozen, keys in kebab-case, unknown keys refused.

    msgspec does not pass `kw_only` on, so each noun says it.
    """
