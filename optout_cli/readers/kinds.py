"""The table of the texts that nobody wrote: what programs leave behind, and blanks never filled in.

Each kind says for which fields it is a Problem, and for which it is only worth a note. Pure.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Literal, NamedTuple

from optout_cli.readers.addresses import goes_on_with_state, is_postal_state
from optout_cli.readers.files import is_misread

# What a text is for. A name is printed as it stands, and so is that of a person, a street, or a
# city; post is a tracking number; number and vote are those of a resolution; prose is a particular;
# state is one in an address; a code has a form of its own, which is checked elsewhere.
Use = Literal["name", "person", "street", "post", "number", "vote", "prose", "state", "code"]
_AS_TEXT = "format the column as Text, and type the value again"
_EMPTY = "write the value, or leave it empty"
_FILL_IN = "write what belongs there, or leave the value empty"
_RETYPE = 'type it again; if it is from a table, save that as "CSV UTF-8"'

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|m\u00e4r|mai|okt|dez|ene|abr|ago|dic)\.?"  # of other languages, as spreadsheets shorten them
)
_BLANKS = (
    r"name|first|last|full|date|day|month|year|county|city|town|state|title|position|number|address"
    r"|street|zip|phone|email|agency|office|sheriff|jurisdiction|reason|amount|recipient|signatory"
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


def _whole(pattern: str, marks: Iterable[str] = ()) -> Callable[[str], object]:
    return lambda text: _has_some(marks, text) and compiled(pattern).fullmatch(text)


def _within(pattern: str, marks: Iterable[str] = ()) -> Callable[[str], object]:
    return lambda text: _has_some(marks, text) and compiled(pattern).search(text)


def _has_some(marks: Iterable[str], text: str) -> bool:
    """Tell whether a text has one of the marks, in small letters, that its pattern needs."""
    return not marks or any(mark in text.lower() for mark in marks)


_SHORT: tuple[Use, ...] = ("name", "post", "number", "vote")
_PRINTED: tuple[Use, ...] = (*_SHORT, "prose")
_DIGITS = "0123456789"
_LOST = "{} has lost digits in a spreadsheet"
_EXPONENT = _whole(r"[-+]?[0-9]+([.,][0-9]+[eE][+-]?|[eE]\+)[0-9]+", marks=_DIGITS)

_ONLY = "{} only answers a question"
_FILES = "pdf|docx?|odt|rtf|txt|xlsx?|csv|png|jpe?g|gif|svg|tiff?|heic|eml|ya?ml|html?|zip"
_COUNTED = r"(?i)\d|\b[ivxlc]+\b|unanim|voice|consent|acclam|without|majorit|\ball\b"

# The first kind that fits is told.
KINDS: tuple[Kind, ...] = (
    Kind(
        "spreadsheet-error",
        _whole(
            r"#(N/A\b.*|NV|REF|ERROR|GETTING_DATA|[^\W\d_][^\s#]*[!?]|\u00bf[^\s#]*[!?]|DIV/0)"
            r"|#{2,}|Err:[0-9]{3}|Loading\.\.\.",
            marks=("#", "err:", "loading"),
        ),
        (*_PRINTED, "state", "code"),
        "has the spreadsheet error {}",
        "correct the cell in the spreadsheet, and save the table again",
    ),
    Kind(
        "formula",
        _whole(
            r"=.*|[+@-]\$?[A-Z]{1,3}\$?[0-9]{1,7}(\s*[-+*/&^:,;<>=)].*)?"
            r"|[+@-][A-Z][A-Z0-9.]*\(.*",
            marks="=+-@",
        ),
        (*_PRINTED, "state", "code"),
        "has the formula {}, not its result",
        "write the result in its place",
    ),
    Kind(
        "nothing",
        _whole(
            r"(?i)[<(\[]?(nan|null|none|nil|n[./\\]?a\.?|n[/\\]k|nat|undefined|unknown|blank|empty|missing"
            r"|true|false|not (available|applicable|assigned|set|specified|provided|known))[>)\]]?"
            r"|[-+]?inf(inity)?|#n/?a|ditto|same( as above)?|\[object object\]"
            r"|(please )?see( the)? (above|below|attach(ed|ments?)|enclos(ed|ures?))\.?"
        ),
        _PRINTED,
        "{} stands where there is no value",
        _EMPTY,
    ),
    Kind(
        "unfilled",
        _whole(
            r"(?i)tb[acd]|to ?do|fixme|pending|x{2,20}|lorem ipsum.*|(mr|mrs|ms|dr)\.?|no\."
            r"|to be \w+|(your|insert|enter|type|fill in)\b.*|(none|not) (given|listed|on file)"
            r"|((first|last|full|middle)[ _-]?)?names?|first(name)? last(name)?|[a-z]{1,3}-|\w+\?"
            r"|first[ _-]?name last[ _-]?name|(name|title|office|street|city)( goes)? here"
            r"|(city|county|agency|office|sheriff'?s?|street|official'?s?|signer'?s?) name"
            r"|((position|office|seat|currently)( is)? )?(vacant|open|unfilled)( (position|seat))?"
            r"|vacancy|interim|acting|nobody|no ?one|not (yet )?(filled|named|elected|appointed)"
            r"|name of .*|street address|job title|sample( text)?|placeholder|change ?me|example"
            r"|title|office|street|city"
        ),
        _SHORT,
        "{} is a blank that was never filled in",
        _FILL_IN,
    ),
    Kind("no", _whole("(?i)no|n|nope|skip|quit"), _SHORT, _ONLY, _EMPTY, odd=("prose",)),
    Kind("yes", _whole("(?i)yes|y|yep|ok(ay)?"), _SHORT, _ONLY, _EMPTY),
    Kind(
        "file-name",
        _whole(rf"(?i).*[\w)]\.({_FILES})", marks="."),
        _SHORT,
        "{} is the name of a file",
        "write what the letter should say; a file has a line of its own",
        odd=("prose",),
    ),
    Kind(
        "web-address",
        _whole(r"(?i)\S+@\S+\.\w+|(https?://|www\.)\S+", marks=("@", "http", "www")),
        _SHORT,
        "{} is an address of e-mail or the web",
        _EMPTY,
    ),
    Kind("vote", _whole("[0-9]+ (to|-) [0-9]+"), ("name",), "{} is a vote", _EMPTY),
    Kind(
        "blank-field",
        _within(
            r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{\w[^}]*\}|<<\s*\w[\w .]*>>"
            r"|\u00ab[^\W\d_]\w*( \w+)?\u00bb",
            marks="{<\u00ab",
        ),
        _PRINTED,
        "{} has a field that was never filled in",
        _FILL_IN,
    ),
    Kind(
        "brackets",
        _whole(
            r"[\[{<].*[\]}>]|%\w+%|@@?\w+(@@?)?|__\w+__|\$[A-Za-z_]+\$?|b'.*'", marks="[{<%@_$'"
        ),
        _SHORT,
        "{} stands in brackets or marks, as a blank does",
        _FILL_IN,
    ),
    Kind(
        "blank",
        _within(
            rf"\[(?i:[^\]]*\b(?:insert|enter|your|x{{2,}}|tb[acd]|todo|{_BLANKS})\b[^\]]*)\]"
            rf"|\{{(?i:[^}}]*\b(?:{_BLANKS})\b[^}}]*)\}}|<(?i:{_BLANKS})>"
            r"|_{2,}|\.{5,}|\?{2,}|\b[Xx]{3,20}\b|\b(TODO|TBD|TBA|TBC|FIXME)\b|(?i:lorem ipsum)",
            marks=(*"[{<", "__", ".....", "??", "xxx", "todo", "tb", "fixme", "lorem"),
        ),
        _SHORT,
        "{} has a blank that was never filled in",
        _FILL_IN,
        odd=("prose",),
    ),
    Kind("exponent", _EXPONENT, _SHORT, _LOST, _AS_TEXT),
    Kind("exponent-of-post", _whole(r"[0-9]+[eE][0-9]+"), ("post",), _LOST, _AS_TEXT),
    Kind(
        "rounded",
        _whole(r"([0-9][ .-]*){15}(0[ .-]*){3,}", marks=_DIGITS),
        ("name", "post", "number"),
        "{} was rounded to 15 digits by a spreadsheet",
        _AS_TEXT,
    ),
    Kind(
        "moment",
        _whole(
            r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[ T][0-9]{1,2}:[0-9]{2}.*"
            r"|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4},? [0-9]{1,2}:[0-9]{2}.*"
            r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?( ?[AaPp]\.?[Mm]\.?)?| ?[AaPp]\.?[Mm]\.?)",
            marks=":",
        ),
        _SHORT,
        "{} is a time of day that a spreadsheet made of something else",
        _AS_TEXT,
    ),
    Kind(
        "made-a-date",
        _whole(
            rf"(?i)[0-9]{{1,2}}[-. ]+{_MONTHS}([-. ]+([0-9]{{2}}|[0-9]{{4}}))?"
            rf"|{_MONTHS}[-. ]+([0-9]{{2}}|[0-9]{{4}})"
            r"|[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{2}|[0-9]{4})",
            marks=_DIGITS,
        ),
        _SHORT,
        "{} is a date that a spreadsheet made of something else",
        _AS_TEXT,
    ),
    Kind(
        "date",
        _whole(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}", marks=_DIGITS),
        ("name", "post", "vote"),
        "{} is a date",
        _AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "day-number",
        _whole(r"(3[6-9]|4[0-9]|[56][0-9]|7[0-2])[0-9]{3}", marks=_DIGITS),
        ("vote",),
        "{} may be the number that a spreadsheet gives to a day",
        _AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "decimal",
        _whole(r"[-+]?[0-9]+[.,]0|[-+]?0?\.[0-9]+|[-+]?[0-9]+\.[0-9]{5,}", marks=_DIGITS),
        ("name", "post", "vote"),
        "{} has decimals that a spreadsheet added",
        _AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "short-number",
        lambda text: sum(map(str.isalnum, text)) < 8,  # noqa: PLR2004  # no carrier has shorter ones
        ("post",),
        "{} is too short for a tracking number",
        "copy the whole number from the receipt",
    ),
    Kind(
        "no-letters",
        lambda text: not any(map(str.isalpha, text)),
        ("name",),
        "{} has no letter in it",
        _EMPTY,
    ),
    Kind(
        "marks-only",
        lambda text: not any(map(str.isalnum, text)),
        ("post", "number", "vote", "prose"),
        "{} has neither a letter nor a digit",
        _EMPTY,
    ),
    Kind("misread", is_misread, _PRINTED, "{} was read in the wrong encoding", _RETYPE),
    Kind(
        "no-state",
        lambda text: re.fullmatch("[A-Z]{2}", text) and not is_postal_state(text),
        ("state",),
        "{} is not a state",
        "write the postal code of the state, such as CA",
    ),
    Kind(
        "whole-address",
        goes_on_with_state,
        ("street",),
        "{} has several parts of an address in it",
        "write street, city, state and ZIP code each in its own place",
    ),
    Kind(
        "lost-character",
        _within(r"(?:^|\s)[^\s/:]*[^\W\d_]\?[^\W\d_]", marks="?"),  # in no web address
        _SHORT,
        "{} has a question mark in place of a letter or an apostrophe",
        _RETYPE,
        odd=("prose",),
    ),
    Kind(
        "encoded",
        _within(
            r"&([A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
            r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|_x[0-9A-F]{4}_"
            r"|=\?[\w-]+\?[BbQq]\?.*\?=|(=[0-9A-F]{2}){2}",
            marks="&\\_=",
        ),
        _PRINTED,
        "{} has characters in the code of a web page or a program",
        _RETYPE,
    ),
    Kind(
        "encoded-part",
        _within(r"%[0-9A-F]{2}|\\[nrt\"'\\]|<br ?/?>", marks="%\\<"),
        _SHORT,
        "{} has characters in the code of a web page or a program",
        _RETYPE,
        odd=("prose",),
    ),
    Kind(
        "quoted",
        _whole(r"\"[^\"]*\"?|[^\"]*\"|'.*'|\u201c[^\u201d]*\u201d|''+.*|`.*`", marks="\"'\u201c`"),
        _SHORT,
        "{} is in quotation marks",
        "delete the quotation marks, and in a table the space before them",
    ),
    Kind(
        "apostrophe",
        _whole(r"'[BCDFGHJ-NP-TV-Z0-9].*", marks="'"),
        _SHORT,
        "{} begins with the apostrophe that marks text in a spreadsheet",
        "delete the apostrophe",
    ),
    Kind(
        "open-end",  # before "stray-mark": a line of an address may go on in the next one
        _whole(r"(?!(?i:dear|to) ).*(,|&|\s[-\u2013\u2014])|&.*", marks=",&-\u2013\u2014"),
        (),
        "{} ends as if more followed",
        "delete the mark at its end or beginning",
        odd=("name",),
    ),
    Kind(
        "stray-mark",
        _whole(
            r"([-\u2010-\u2015,;:.!?\u2022\u00b7/\\|~^+=]|\*\s).*|.*[;/\\|~^+=\u2022-]",
            marks="-\u2010\u2011\u2012\u2013\u2014\u2015,;:.!?*\u2022\u00b7/\\|~^+=",
        ),
        ("name",),
        "{} begins or ends with a mark that belongs to no name",
        "delete the mark",
    ),
    Kind(
        "one-letter",
        _whole(r"[A-Za-z]\.?"),
        ("person", "vote"),
        "{} is a single letter",
        _FILL_IN,
        odd=("name",),
    ),
    Kind(
        "title-as-name",
        _whole(
            r"(?i)((the|county|city|town|chief|deputy|acting|interim) )*"
            r"(sheriff|under-?sheriff|mayor|chief|(chief of|commissioner of) police|police chief"
            r"|commissioner|administrator|executive|manager|county (judge|attorney|clerk)|director"
            r"|superintendent|supervisor|constable|sheriff[-/ ]coroner)"
        ),
        ("person",),
        "{} is a title, not the name of a person",
        "write who signs, and the title in signatory.title",
    ),
    Kind(
        "sample-name",
        _whole(r"(?i)(john|jane|richard|mary) (\w\.? )?(doe|roe|q\.? public)"),
        (),
        "{} is the name that samples have",
        "write who signs",
        odd=("person",),
    ),
    Kind(
        "no-vote",
        _whole("[0-9]{1,3} ?/ ?[0-9]{1,3}", marks="/"),
        (),
        "{} is not written as a vote",
        "write it with a hyphen, such as 4-1",
        odd=("vote",),
    ),
    Kind(
        "no-number",
        lambda text: not re.search(_COUNTED, text),
        (),
        "{} has no number in it",
        "write it as it stands on the document",
        odd=("number", "vote"),
    ),
)
