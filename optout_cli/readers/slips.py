"""The table of slips: texts that somebody wrote, but not for this field or not in this form.

Each kind says for which fields it is a Problem, and for which it is only worth a note. Pure.
"""

import re
import unicodedata

from optout_cli.readers.addresses import is_postal_state
from optout_cli.readers.kinds import (
    AS_TEXT,
    DIGITS,
    FILL_IN,
    PRINTED,
    RETYPE,
    SHORT,
    Kind,
    compiled,
    is_filler,
    whole,
    within,
)

_COUNTED = r"(?i)\d|\b[ivxlc]+\b|unanim|voice|consent|acclam|without|majorit|\ball\b"

SLIPS: tuple[Kind, ...] = (
    Kind(
        "lost-character",
        within(r"(?:^|\s)[^\s/:]*[^\W\d_]\?[^\W\d_]", marks="?"),  # in no web address
        SHORT,
        "{} has a question mark in place of a letter or an apostrophe",
        RETYPE,
        odd=("prose",),
    ),
    Kind(
        "encoded",
        within(
            r"&([A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
            r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|_x[0-9A-F]{4}_"
            r"|=\?[\w-]+\?[BbQq]\?.*\?=|(=[0-9A-F]{2}){2}",
            marks="&\\_=",
        ),
        PRINTED,
        "{} has characters in the code of a web page or a program",
        RETYPE,
    ),
    Kind(
        "encoded-part",
        within(
            r"%[0-9A-F]{2}|\\[nrt\"'\\]|[a-z]=[0-9A-F]{2}(?![0-9A-F])|<br ?/?>"
            r"|[a-z]\+[A-Za-z0-9/]{2,}-",
            marks="%\\<=+",
        ),
        SHORT,
        "{} has characters in the code of a web page or a program",
        RETYPE,
        odd=("prose",),
    ),
    Kind(
        "quoted",
        whole(
            r"\"[^\"]*\"?|[^\"]*\"|'.*'|\u201c[^\u201d]*\u201d?|[^\u201c]*\u201d"
            r"|\u2018.*\u2019|''+.*|`.*`",
            marks="\"'\u2018\u201c\u201d`",
        ),
        SHORT,
        "{} is in quotation marks",
        "delete the quotation marks, and in a table the space before them",
    ),
    Kind(
        "apostrophe",
        whole(r"'[BCDFGHJ-NP-TV-Z0-9].*", marks="'"),
        SHORT,
        "{} begins with the apostrophe that marks text in a spreadsheet",
        "delete the apostrophe",
    ),
    Kind(
        "wrong-apostrophe",
        within(r"[^\W\d_](\u00b4|`|'')[^\W\d_]", marks="\u00b4`'"),
        (),
        "{} has an accent or two marks in place of an apostrophe",
        "type the apostrophe again",
        odd=("name",),
    ),
    Kind(
        "calculated",
        within(
            r"(?<![\w.])([0-9]+\.[0-9]+[eE][+-]?[0-9]+|[0-9]+[eE]\+[0-9]+|[0-9]+\.0+(?![\w.]))"
            r"|^[0-9]{1,2}(/[0-9]{1,2}/([0-9]{4}|[0-9]{2})|-[A-Z][a-z]{2}) ",
            marks=DIGITS,
        ),
        ("street",),
        "{} has a number or a date in it that a spreadsheet made of something else",
        AS_TEXT,
    ),
    Kind(
        "state-in-city",
        lambda text: (
            (found := compiled(r".+\s(?!DC)([A-Z]{2})").fullmatch(text))
            and is_postal_state(found[1])
        ),
        ("city",),
        "{} has the state in it",
        "write the state in its own place",
    ),
    Kind(
        "open-end",  # before "stray-mark": a line of an address may go on in the next one
        whole(
            r"(?!(?i:dear|to) ).*(,|&|\s[-\u2013\u2014]|\s(of|for|the|and))|&.*",
            marks=(*",&-\u2013\u2014", " of", " for", " the", " and"),
        ),
        (),
        "{} ends as if more followed",
        "delete the mark at its end or beginning",
        odd=("name",),
    ),
    Kind(
        "stray-mark",
        whole(
            r"([-\u2010-\u2015,;:.!?\u2022\u00b7/\\|~^+=]|\*\s).*|.*[;/\\|~^+=\u2022-]",
            marks="-\u2010\u2011\u2012\u2013\u2014\u2015,;:.!?*\u2022\u00b7/\\|~^+=",
        ),
        ("name",),
        "{} begins or ends with a mark that belongs to no name",
        "delete the mark",
    ),
    Kind(
        "one-letter",
        whole(r"[A-Za-z]\.?"),
        ("person", "vote"),
        "{} is a single letter",
        FILL_IN,
        odd=("name",),
    ),
    Kind(
        "title-as-name",
        whole(
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
        whole(r"(?i)(john|jane|richard|mary) (\w\.? )?(doe|roe|q\.? public)"),
        (),
        "{} is the name that samples have",
        "write who signs",
        odd=("person",),
    ),
    Kind(
        "no-vote",
        whole("[0-9]{1,3} ?/ ?[0-9]{1,3}", marks="/"),
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
    # These are only noted, so they come last.
    Kind(
        "half-vote",
        whole(
            r"[-\u2013]?[0-9]*[-\u2013]?|[0-9]+ to|to [0-9]+"
            r"|[0-9]{1,2}:[0-9]{2}|[Xx_?]+-[Xx_?]+|[0-9]+-[0-9]+\?"
        ),
        (),
        "{} is not a whole vote",
        "write it as it stands in the minutes, such as 5-0",
        odd=("vote",),
    ),
    Kind(
        "unsure-number",
        whole(
            r".*[0-9A-Z][-/. ]?(\?+|[Xx]{2,}|_+)|.*[;$%*].*"
            r"|.* (and|&) .*|.*, .*[0-9]|[0-9]{1,2}:[0-9]{2}|.*\([a-z]+\)",
            marks=(*"?x_;$%*&,:(", " and "),
        ),
        (),
        "{} may not be the number alone",
        "write the number as it stands on the document",
        odd=("number",),
    ),
    Kind(
        "several",
        within(r";|/| (?:&|and|or) |\|", marks=(";", "/", "|", " & ", " and ", " or ")),
        (),
        "{} may name more than one",
        "write one here; others belong in a row or a field of their own",
        odd=("person",),
    ),
    Kind(
        "mark-in-name",
        lambda text: compiled(
            r"(?![0-9])[^\w\s.,'()\"&/;\u2018-\u201d\u02bb\u02bc\u00b7\u2010-\u2014-]"
            r"|_|[0-9](?!(?:[0-9]*)(?:st|nd|rd|th)\b)"
        ).search(unicodedata.normalize("NFC", text)),
        (),
        "{} has a digit or a mark in it that belongs to no name",
        "write the name alone",
        odd=("person",),
    ),
    Kind(
        "more-than-name",
        within(
            r",\s*(?!(?:Jr|Sr|Esq(?:uire)?|Ret|PhD|Psy|DDS|Ed|III?|IV|CPA|MPA)\b|\w{1,4}\.|[A-Z.]+(?:,|$))"
            r"[^\W\d_]{2}|:\s|\((?!e?x-)[^\W\dA-Z_]"
            r"| [-\u2013] ",
            marks=",:(-\u2013",
        ),
        (),
        "{} may have more in it than the name, or begin with the family name",
        "write the name as the letter should print it, and the title in signatory.title",
        odd=("person",),
    ),
    Kind(
        "small-letters",
        lambda text: text.islower() and " " in text,
        (),
        "{} has no capital letter",
        "write the name as the letter should print it",
        odd=("person",),
    ),
    Kind(
        "sample-place",
        within(
            r"\b([Xx]{1,3}|ABC|XYZ|Any|Your|Some|Sample|Example|Test) (County|Parish|Town|City)\b"
        ),
        (),
        "{} names a place that samples have",
        "write the name of the place",
        odd=("name",),
    ),
    Kind(
        "short-prose",
        lambda text: (
            is_filler(text)
            or compiled(
                r"[0-9]+\.0|[0-9]{5}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|(.*\b)?[0-9]\.?[0-9]*E\+[0-9]+.*"
                r"|.*\b(nan|NaN|NULL|undefined)\b.*|(?i:(your )?reasons?( [0-9]+)?:?( text)?)"
                r"|(?i:see attach\w+ \w+\.?|to come\.?|does not apply\.?)"
            ).fullmatch(text)
        ),
        (),
        "{} may not be what the letter should say",
        FILL_IN,
        odd=("prose",),
    ),
    Kind(
        "two-in-one",
        within(r"\||[^\s;];(?=\S)", marks="|;"),
        (),
        "{} may be two values in one",
        "write each in a field of its own",
        odd=("name",),
    ),
    Kind(
        "footnote",
        whole(
            r".*(\[[0-9]+\]|[*\u2020\u2021\u00b9\u00b2\u00b3])|(#\s*[^\W\d]|_|\*\*).*",
            marks="[*\u2020\u2021\u00b9\u00b2\u00b3#_",
        ),
        (),
        "{} has a mark that belongs to no name",
        "delete the mark",
        odd=("name",),
    ),
    Kind(
        "cut-off",
        whole(
            r"(?i).*\b(p\. ?o\. ?box|po box|,? (suite|ste\.?|apt\.?|unit)|c/o)",
            marks=("box", "s", "apt", "unit", "c/o"),
        ),
        (),
        "{} ends before its number or name",
        "write it whole",
        odd=("street",),
    ),
    Kind(
        "tag",
        within(r"</?(?i:p|b|i|u|em|strong|span|div|td|tr|li|ul|font|a)\b[^>]*>", marks="<"),
        (),
        "{} has a tag of a web page in it",
        "delete it",
        odd=("name", "prose"),
    ),
)
