"""The table of the texts that nobody wrote: what programs leave behind, and blanks never filled in.

Each kind says for which fields it is a Problem, and for which it is only worth a note. Pure.
"""

import re
from functools import partial

from optout_cli.readers.addresses import goes_on_with_state, is_postal_state
from optout_cli.readers.files import is_misread
from optout_cli.readers.kinds import (
    AS_TEXT,
    DIGITS,
    EMPTY,
    FILL_IN,
    PRINTED,
    RETYPE,
    SHORT,
    Kind,
    compiled,
    has_filler_beside,
    is_filler,
    is_unfilled,
    whole,
    within,
)

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|m\u00e4r|mai|okt|dez|ene|abr|ago|dic)\.?"  # of other languages, as spreadsheets shorten them
)
_BLANKS = (
    r"name|first|last|full|date|day|month|year|county|city|town|state|title|position|number|address"
    r"|street|zip|phone|email|agency|office|sheriff|jurisdiction|reason|amount|recipient|signatory"
)
_LOST = "{} has lost digits in a spreadsheet"
_EXPONENT = whole(r"[-+]?[0-9]+([.,][0-9]+[eE][+-]?|[eE]\+)[0-9]+", marks=DIGITS)
_ONLY = "{} only answers a question"
_FILES = "pdf|docx?|odt|rtf|txt|xlsx?|csv|png|jpe?g|gif|svg|tiff?|heic|eml|ya?ml|html?|zip"

LEFTOVERS: tuple[Kind, ...] = (
    Kind(
        "spreadsheet-error",
        whole(
            r"#(N/A\b.*|NV|REF|ERROR|GETTING_DATA|[^\W\d_][^\s#]*[!?]|\u00bf[^\s#]*[!?]|DIV/0|N/V)"
            r"|#{2,}|Err:[0-9]{3}|Loading(\.\.\.|\u2026)",
            marks=("#", "err:", "loading"),
        ),
        (*PRINTED, "state", "code"),
        "has the spreadsheet error {}",
        "correct the cell in the spreadsheet, and save the table again",
    ),
    Kind(
        "formula",
        whole(
            r"=.*|[+@-]\$?[A-Z]{1,3}\$?[0-9]{1,7}(\s*[-+*/&^:,;<>=)].*)?"
            r"|[+@-][A-Z][A-Z0-9.]*\(.*",
            marks="=+-@",
        ),
        (*PRINTED, "state", "code"),
        "has the formula {}, not its result",
        "write the result in its place",
    ),
    Kind(
        "error-within",
        within(
            r"#([A-Z0/\u00a1\u00bf][A-Z0/\u00a1\u00bf\u00c0-\u00de]+[!?]|N/A\b)"
            r"|\[object Object\]",
            marks="#[",
        ),
        (*PRINTED, "state", "code"),
        "has a spreadsheet error in {}",
        "correct the cell in the spreadsheet, and save the table again",
    ),
    Kind(
        "nothing",
        whole(
            r"(?i)[<(\[]?(nan|null|none|nil|n ?[./\\]? ?a\.?|n[/\\][kv]|nat"
            r"|(pd|np)\.nan?|true|false"
            r"|undefined|unknown|blank|empty|missing|\\n"
            r"|not (available|applicable|assigned|set|specified|provided|known))[>)\]]?\.?"
            r"|[-+]?inf(inity)?|#n/?a|ditto"
            r"|(the )?same( as( the)? (above|below|before|mailing|row \w+))?\.?"
            r"|as above|\[object object\]|\u3003|[\u2191^]+|n\.n\.|n\.d\."
            r"|(please )?see( the)? (above|below|attach(ed|ments?)|enclos(ed|ures?))\.?"
        ),
        PRINTED,
        "{} stands where there is no value",
        EMPTY,
    ),
    Kind("no", whole("(?i)no|n|nope|skip|quit"), SHORT, _ONLY, EMPTY, odd=("prose",)),
    Kind("yes", whole("(?i)yes|y|yep|ok(ay)?"), SHORT, _ONLY, EMPTY),
    Kind(
        "unfilled",
        lambda text: is_filler(text) or is_unfilled(text),
        SHORT,
        "{} is a blank that was never filled in",
        FILL_IN,
    ),
    Kind(
        "filler",
        partial(is_filler, with_labels=False),
        ("prose",),
        "{} stands where there is no value",
        EMPTY,
    ),
    Kind(
        "filler-beside",
        has_filler_beside,
        SHORT,
        "{} has a word in it that stands for no value",
        FILL_IN,
    ),
    Kind(
        "value-of-program",
        within(r"(?<![\w'.-])(nan|NaN|null|NULL|undefined|None|N/A|TBD|TBA)(?![\w'.-])"),
        SHORT,
        "{} has a word in it that a program writes for no value",
        FILL_IN,
    ),
    Kind(
        "greets-nobody",
        whole(r"(?i)dear( (mr|mrs|ms|dr)\.?)?( ?0)? ?[:,]?"),
        SHORT,
        "{} greets nobody",
        "write whom the letter greets, or leave it empty",
    ),
    Kind(
        "file-name",
        whole(rf"(?i).*[\w)]\.({_FILES})", marks="."),
        SHORT,
        "{} is the name of a file",
        "write what the letter should say; a file has a line of its own",
        odd=("prose",),
    ),
    Kind(
        "web-address",
        whole(r"(?i)\S+@\S+\.\w+|(https?://|www\.)\S+", marks=("@", "http", "www")),
        SHORT,
        "{} is an address of e-mail or the web",
        EMPTY,
    ),
    Kind("vote", whole("[0-9]+ (to|-) [0-9]+"), ("name",), "{} is a vote", EMPTY),
    Kind(
        "blank-field",
        within(
            r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{\w[^}]*\}|<<\s*\w[\w .]*>>"
            r"|\u00ab[^\W\d_]\w*( \w+)?\u00bb",
            marks="{<\u00ab",
        ),
        PRINTED,
        "{} has a field that was never filled in",
        FILL_IN,
    ),
    Kind(
        "brackets",
        whole(r"[\[{<].*[\]}>]|%\w+%|@@?\w+(@@?)?|__\w+__|\$[A-Za-z_]+\$?|b'.*'", marks="[{<%@_$'"),
        SHORT,
        "{} stands in brackets or marks, as a blank does",
        FILL_IN,
    ),
    Kind(
        "blank",
        within(
            rf"\[(?i:[^\]]*\b(?:insert|enter|your|x{{2,}}|tb[acd]|todo|{_BLANKS})\b[^\]]*)\]"
            rf"|\{{(?i:[^}}]*\b(?:{_BLANKS})\b[^}}]*)\}}|<(?i:{_BLANKS})>"
            r"|_{2,}|\.{5,}|\?{2,}|\b[Xx]{3,20}\b|\b(TODO|TBD|TBA|TBC|FIXME)\b|(?i:lorem ipsum)",
            marks=(*"[{<", "__", ".....", "??", "xxx", "todo", "tb", "fixme", "lorem"),
        ),
        SHORT,
        "{} has a blank that was never filled in",
        FILL_IN,
        odd=("prose",),
    ),
    Kind("exponent", _EXPONENT, SHORT, _LOST, AS_TEXT),
    Kind("exponent-of-post", whole(r"[0-9]+[eE][0-9]+"), ("post",), _LOST, AS_TEXT),
    Kind(
        "rounded",
        whole(r"([0-9][ .-]*){15}(0[ .-]*){3,}", marks=DIGITS),
        ("name", "post", "number"),
        "{} was rounded to 15 digits by a spreadsheet",
        AS_TEXT,
    ),
    Kind(
        "moment",
        whole(
            r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[ T][0-9]{1,2}:[0-9]{2}.*"
            r"|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4},? [0-9]{1,2}:[0-9]{2}.*"
            r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?( ?[AaPp]\.?[Mm]\.?)?| ?[AaPp]\.?[Mm]\.?)",
            marks=":",
        ),
        SHORT,
        "{} is a time of day that a spreadsheet made of something else",
        AS_TEXT,
    ),
    Kind(
        "made-a-date",
        whole(
            rf"(?i)[0-9]{{1,2}}[-. ]+{_MONTHS}([-. ]+([0-9]{{2}}|[0-9]{{4}}))?"
            rf"|{_MONTHS}[-. ]+([0-9]{{1,2}}|[0-9]{{4}})"
            r"|[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{2}|[0-9]{4})",
            marks=DIGITS,
        ),
        SHORT,
        "{} is a date that a spreadsheet made of something else",
        AS_TEXT,
    ),
    Kind(
        "date",
        whole(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}", marks=DIGITS),
        ("name", "post", "vote"),
        "{} is a date",
        AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "day-number",
        whole(r"(3[6-9]|4[0-9]|[56][0-9]|7[0-2])[0-9]{3}", marks=DIGITS),
        ("vote",),
        "{} may be the number that a spreadsheet gives to a day",
        AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "decimal",
        whole(r"[-+]?[0-9]+[.,]0|[-+]?0?\.[0-9]+|[-+]?[0-9]+\.[0-9]{5,}", marks=DIGITS),
        ("name", "post", "vote"),
        "{} has decimals that a spreadsheet added",
        AS_TEXT,
        odd=("number",),
    ),
    Kind(
        "letter-for-digit",
        whole(
            r"(?=.*[OolI])(?=[^0-9]*[0-9])[0-9OolI .-]{16,}|[0-9]+-[Oo]|[OolI]-[0-9]+", marks="oil"
        ),
        ("post", "vote"),
        "{} has a letter where a digit should be",
        "type the letter O as 0, and l or I as 1",
    ),
    Kind(
        "two-numbers",
        lambda text: sum(map(str.isalnum, text)) > 34,  # noqa: PLR2004  # the longest of USPS has 34
        ("post",),
        "{} is too long for one tracking number",
        "write one number; a second letter has a service of its own",
    ),
    Kind(
        "words-in-number",
        lambda text: (
            compiled(r"[^\x20-\x7e]|[^\w .-]|_|^[a-z]{2}|[a-z]{3}|[0-9]\.[0-9]*$").search(
                text.replace("\u00a0", " ")
            )
            or len({*filter(str.isalnum, text)}) == 1
        ),
        ("post",),
        "{} is not a tracking number alone",
        "write only the number, as it stands on the receipt",
    ),
    Kind(
        "phone-as-number",
        whole(r"\(?[0-9]{3}[-.) ]+[0-9]{3}[-.][0-9]{4}"),
        (),
        "{} looks like a telephone number",
        "write the tracking number, as it stands on the receipt",
        odd=("post",),
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
        EMPTY,
    ),
    Kind(
        "marks-only",
        lambda text: not any(map(str.isalnum, text)),
        ("post", "number", "vote", "prose"),
        "{} has neither a letter nor a digit",
        EMPTY,
    ),
    Kind("misread", is_misread, PRINTED, "{} was read in the wrong encoding", RETYPE),
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
)
