"""What people and spreadsheets write in other words than a request's, with one meaning. Pure.

The names of a table's columns (`Sheriff Name` is signatory.name), dates, choices, and codes. What
has no single meaning must be corrected: the functions for cells return None then.
"""

import re
import unicodedata
from calendar import day_name, month_name, monthrange
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from optout_cli.readers.postal import state_code

# The United States' order comes first: 03/04/2026 is March 4.
_DATE_FORMS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d", "%B %d %Y", "%b %d %Y"),
    *("%d %B %Y", "%d %b %Y", "%Y %b %d", "%Y %B %d", "%d%b%Y"),
)
_DAY_ZERO = date(1899, 12, 30)  # spreadsheets count days from here
_DAY_NUMBERS = range(36_526, 73_051)  # the days of 2000 to 2099 in a spreadsheet
_SPANISH = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_IN_SPANISH = re.compile(rf"([0-9]{{1,2}}) de ({_SPANISH}) del? ([0-9]{{4}})")
_LONGEST = 100  # characters of a date; of a long text, some patterns take minutes
_OPEN_YEAR = re.compile("(?<![0-9])[5-9][0-9]$")  # 1950 to 1999, or a century later
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def check_date(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a date and a hint, or None where it is right."""
    hint = "write it as YYYY-MM-DD, such as 2026-11-24"
    if parts := _ISO.fullmatch(text):
        year, month = int(parts[1]), int(parts[2])
        try:
            date.fromisoformat(text)
        except ValueError:
            if year and 1 <= month <= len(month_name) - 1:
                hint = f"{month_name[month]} {year} has {monthrange(year, month)[1]} days"
            return "is not on the calendar", hint
        return None
    if len(text) > _LONGEST:
        return "is not a date", hint
    seconds = re.fullmatch("([0-9]{10})([0-9]{3})?", text)  # or milliseconds, since 1970
    then = date(1970, 1, 1) + timedelta(seconds=int(seconds[1])) if seconds else None
    # The day before a time of day or a remark, or behind a weekday.
    head = re.split(r"[T ]+[0-9]{1,2}[:.][0-9]{2}|\s*[*?(]", text)[0].strip(" ~")
    forms = (text, _WEEKDAY.sub("", head), head.replace("-", "/"))
    meant = then or next((day for form in forms if (day := guess_date(form))), None)
    if weekday := right_weekday(text):
        return "names the wrong day of the week", f"{meant} is a {weekday}; {hint}"
    if meant:
        hint = f"write it as YYYY-MM-DD; did you mean {meant}?"
    elif guess_date(_OPEN_YEAR.sub("00", _plain_date(text))):
        hint = f"write the year in four digits; {hint}"
    return "is not a date", hint


def guess_date(text: str) -> date | None:
    """Return the day that text in another form most likely means."""
    if text.isascii() and text.isdecimal() and int(text) in _DAY_NUMBERS:
        return _DAY_ZERO + timedelta(int(text))
    plain = _with_century(" ".join(text.replace(",", " ").replace(". ", " ").split()))
    plain = re.sub(r"(?i)\bsept\b", "Sep", plain)
    if words := _IN_SPANISH.fullmatch(plain.lower()):
        plain = f"{_SPANISH.split('|').index(words[2]) + 1}/{words[1]}/{words[3]}"
    for form in _DATE_FORMS:
        for mark in ("/", ".", "-") if "/" in form else (" ", "-"):
            try:
                found = datetime.strptime(plain, form.replace("/", mark).replace(" ", mark))  # noqa: DTZ007  # a day has no time zone
            except ValueError:
                continue
            return found.date()
    return None


def _with_century(text: str) -> str:
    """Return a date with its year in four digits: 26 is 2026. One of either century stays."""
    is_whole = re.search("[0-9]{4}", text)
    return text if is_whole else re.sub("(?<![0-9])(?=[0-4][0-9]$)", "20", text)


# What a column's dates such as 11/24/2026 show together. `month-first`: some can only be that, and
# no two different ones only day first. `day-first`: the other way round; a date that could be
# either is not read then. `mixed`: several of both. `either`: nothing is proved.
DateOrder = Literal["month-first", "day-first", "either", "mixed"]
_SLASHED = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_TIME = re.compile(
    r"[T ,]+(0{1,2}|12(?=[:.]00([:.]00(\.0+)?)? ?[Aa]))[:.]00([:.]00(\.0+)?)?( ?[Aa][Mm])?"
    r"(Z|\+00:?00| GMT.*)?$|\.0$|(?<=-[0-9]{2})(Z|\+00:00)$"
    r"|[T ,]+([01]?[0-9]|2[0-3])(:[0-5][0-9]){1,2}(\.[0-9]+)?( ?[AaPp][Mm])?$"  # of NOW()
)
_WEEKDAY = re.compile(r"(?i)^(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\.?,?\s+")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SCHEMES = re.compile(r"^(?:tel|fax|phone|mailto):\s*", re.IGNORECASE)
# `Pat <a@example.gov>`, and the links of databases and of Markdown.
_BOXED_EMAIL = re.compile(
    r"[^<>@]*<([^<>]+)>?|([^#@]+@[^#]+)#mailto:[^#]+#?|\[([^\]]+)\]\(mailto:[^)]+\)?"
)
_ANY_PHONE = re.compile(
    r"(?:\(?\+?1\)?[ .-]*)?\(?([2-9][0-9]{2})\)?[ ./-]*([0-9]{3})[ .-]*([0-9]{4})"
    r"(?:[,;]? ?(?:ext|x|extension|#)[ .:=]*([0-9]{1,6}))?",
    re.IGNORECASE,
)
_PHONE_PARTS = re.compile(
    r"(?:\+?(1)[ .-]?)?\(?([0-9]{3})\)?[ .-]?([0-9]{3})[ .-]?([0-9]{4})"
    r"(?: ?(?:ext\.?|x) ?([0-9]{1,6}))?"
)
# What people write for a choice, in letters and digits alone. Registered mail is none of these.
_WAYS = {
    "certified-mail": (
        "certified certifiedmailreturnreceiptrequested certifiedmailreturnreceipt certifiedmailrrr"
        " certifiedreturnreceiptrequested cmrrr uspscertified uspscertifiedmail uscertifiedmail"
        " certifiedletter certifiedusmail certmail"
    ),
    "mail": (
        "usmail usps uspsmail uspostalservice uspostalmail postalmail postal post regularmail"
        " regular firstclass firstclassmail uspsfirstclass uspsfirstclassmail 1stclass"
        " 1stclassmail ordinarymail standardmail"
    ),
    "ink": "wet wetink wetsignature inksignature penandink pen",
    "typed": "s conformed conformedsignature typedname",
    "email": "electronicmail emailed",
    "fax": "facsimile faxed telefax",
    "hand": (
        "handdelivery handdelivered handdeliver deliveredbyhand handcarried person inperson"
        " personal personally personaldelivery personalservice"
    ),
}
_CHOICES = {word: choice for choice, words in _WAYS.items() for word in words.split()}
_BY = ("signed ", "by ", "via ", "in ")  # by hand, via fax, signed in ink


def choice_in_words(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a cell names: `Certified Mail`, `E-Mail`, `in ink`."""
    if text in choices:
        return None
    words = text.casefold()
    for begin in _BY:
        words = words.removeprefix(begin)
    known = {_letters(choice): choice for choice in choices}
    meant = _letters(words)
    usual = _CHOICES.get(meant)
    return known.get(meant) or (usual if usual in choices else None)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def slashed_days(text: str) -> tuple[str | None, str | None] | None:
    """Return the days that 11/12/2026 is, month first and day first; None for no such text.

    A day that is not on the calendar is None.
    """
    found = _SLASHED.fullmatch(_with_century(_plain_date(text)))
    if not found:
        return None
    first, second, year = found.groups()
    days = (f"{year}-{first:0>2}-{second:0>2}", f"{year}-{second:0>2}-{first:0>2}")
    return tuple(None if check_date(day) else day for day in days)  # type: ignore[return-value]  # two


def _plain_date(text: str) -> str:
    """Return a date without the day of the week and the time of day."""
    if len(text) > _LONGEST:
        return ""
    plain = unicodedata.normalize("NFKC", text).strip(" '.,;")
    plain = re.sub(r" */ *", "/", _DASHES.sub("-", plain))
    plain = _WEEKDAY.sub("", _TIME.sub("", plain))
    plain = re.sub(r"(?<=[0-9])(st|nd|rd|th)\b( of\b)?", "", plain)
    return re.sub(r"/(?=[A-Za-z])|(?<=[A-Za-z])/", " ", plain)  # 24/Nov/2026


def right_weekday(text: str) -> str:
    """Return the day of the week of a date that names another one, or an empty text."""
    named = _WEEKDAY.match(text.strip())
    found = slashed_days(text) or (str(guess_date(_plain_date(text)) or ""),) if named else ()
    names = [day_name[date.fromisoformat(day).weekday()] for day in found if day]
    is_one = named and any(name.casefold().startswith(named[1].casefold()) for name in names)
    return names[0] if names and not is_one else ""


def date_in_words(text: str, order: DateOrder | None) -> str | None:
    """Return the date of a cell as YYYY-MM-DD; `order` is that of its column, if it has one."""
    if right_weekday(text):
        return None
    days = slashed_days(text)
    if days is None:
        plain = _plain_date(text)
        day = guess_date(plain)
        if day is None and re.match("[0-9]{4}-", plain):
            day = guess_date(plain.replace("-", "/"))
        return day.isoformat() if day else None
    month_first, day_first = days
    if month_first == day_first:
        return month_first
    if order == "mixed" or (month_first and day_first and order != "month-first"):
        return None
    return month_first or (day_first if order == "day-first" else None)


# A comma ends a date if another one begins behind it, or a year of four digits is before it.
BETWEEN_DATES = re.compile(r"[\n;]|,(?=\s*[0-9]{1,4}[-/.])|(?<=[0-9]{4}),")


def order_of_dates(cells: Iterable[str]) -> DateOrder | None:
    """Tell how the cells of a column have dates such as 11/24/2026; None if they have none.

    A single date that can only be day first is taken for a slip, and proves nothing.
    """
    texts = (text for cell in cells for text in BETWEEN_DATES.split(cell))  # of a list too
    found = {days for text in texts if (days := slashed_days(text))}
    if not found:
        return None
    is_month_first = any(month_first and not day_first for month_first, day_first in found)
    is_day_first = sum(bool(day_first and not month_first) for month_first, day_first in found) > 1
    if is_day_first:
        return "mixed" if is_month_first else "day-first"
    return "month-first" if is_month_first else "either"


def code_in_words(text: str, pattern: str) -> str | None:
    """Return a cell as the pattern of its field wants it: a ZIP, phone or e-mail address."""
    if re.search(pattern, text):
        return None
    plain = unicodedata.normalize("NFKC", text)
    plain = _SCHEMES.sub("", _DASHES.sub("-", plain)).strip(" '\u2018\u2019<>")
    plain = " ".join(plain.split())
    candidates = [plain, re.sub(r"\.0$", "", plain), re.sub(r"\s*-\s*", "-", plain)]
    candidates.append(re.sub(r"\.0+$|-$", "", plain.rstrip(".;,")))  # 94903.00, a@example.gov;
    candidates.append(re.sub(r"^([0-9]{2}),([0-9]{3})$", r"\1\2", plain))  # 94,903
    candidates.append(re.sub(r"^([0-9]{5}) ?([0-9]{4})$", r"\1-\2", plain))
    candidates.append(re.sub(r"^([0-9]{3})/", r"\1-", plain))  # 415/555-0100
    if boxed := _BOXED_EMAIL.fullmatch(plain):
        candidates.append(boxed[1] or boxed[2] or boxed[3])
    if phone := _ANY_PHONE.fullmatch(re.sub(r"\.0$", "", plain)):
        extension = f" x{phone[4]}" if phone[4] else ""
        candidates.append(f"{phone[1]}-{phone[2]}-{phone[3]}{extension}")
    if state := state_code(plain):
        candidates.append(state)
    return next((known for known in candidates if re.search(pattern, known)), None)


def phone_in_words(text: str) -> str:
    """Return a telephone or fax number as letters print it: 415-555-0123 ext. 4.

    Every digit stays, and so does a text that is no such number.
    """
    found = _PHONE_PARTS.fullmatch(text)
    if not found:
        return text
    number = "-".join(filter(None, found.groups()[:4]))
    return f"{number} ext. {found[5]}" if found[5] else number


_OWNERS = {
    "signatory": "signatory", "signer": "signatory", "sheriff": "signatory",
    "official": "signatory", "sender": "signatory", "bureau": "bureau", "sib": "bureau",
    "ice": "ice", "cc": "cc",
    "copy": "cc", "authority": "authority", "resolution": "authority", "ordinance": "authority",
}  # fmt: skip
_FIELDS = {
    "name": "name", "title": "title", "position": "title", "office": "office", "phone": "phone",
    "telephone": "phone", "tel": "phone", "fax": "fax", "email": "email", "mail": "email",
    "street": "street", "address": "street", "city": "city", "town": "city", "state": "state",
    "zip": "zip", "zipcode": "zip", "postal": "zip", "date": "date", "dated": "date",
    "number": "number", "no": "number", "vote": "vote", "body": "body", "instrument": "instrument",
    "organization": "organization", "service": "by", "by": "by", "route": "by", "way": "by",
    "tracking": "number", "how": "by", "method": "by", "delivery": "by",
}  # fmt: skip
_FILLERS = {
    "mailing", "send", "sent", "to", "certified", "signed", "adopted", "on", "type", "of", "the",
    "for", "s", "code", "letter", "address", "recipients", "0", "e", "full",
}  # fmt: skip
_PLACES = {"signatory": ("street", "city", "state", "zip")}
_COLUMNS = {
    "signatory": ("name", "title", "office", "phone", "fax", "email"),
    "authority": ("instrument", "number", "date", "body", "vote"),
    "cc": ("name", "title", "organization", "email"),
    "bureau": ("email", "fax", "phone", "by", "number"),
    "ice": ("email", "fax", "phone", "by", "number"),
}
STATE_OF_PLACE = "jurisdiction state"  # a column that goes on with the jurisdiction's name
STATE = (STATE_OF_PLACE, "signatory.address.state")
CITY = ("jurisdiction", "signatory.address.city")
OF_SENDER = ("signatory.address.street", CITY[1], "signatory.address.zip")
# Any of these words, with any of the others, names the jurisdiction: `Name of county`.
_JURISDICTION = {
    "jurisdiction", "county", "parish", "borough", "municipality", "locality", "agency", "lea",
    "fips", "geoid", "enforcement",
}  # fmt: skip
# Words of a question in a form: `What county are you in?`.
_ASKING = {"what", "which", "is", "are", "you", "your", "in", "please", "enter"}
_BESIDE_IT = {"name", "of", "the", "or", "code", "law", "full", "city", *_ASKING}
# What people add to a column's name: `1. County (required)`, `Phone number`.
_ADDED = re.compile(
    r"(?i)^[0-9]+[.)]\s+|\((?:required|optional)\)|__c$"
    r"|(?:(?<=phone)|(?<=fax)|(?<=tel))[\s_]*(?:number|no)(?![a-z])"
)
# Names of one word, or of words that say nothing else.
_WHOLE = {
    "letter": ("letter",), "kind of letter": ("letter",),
    "letter kind": ("letter",), "date": ("date",), "date of letter": ("date",),
    "letter date": ("date",), "date of the letter": ("date",), "ori": ("ori",),
    "letter type": ("letter",), "type of letter": ("letter",),
    "signature type": ("signature.kind",),
    "adopted by": ("authority.0.body",), "adopted on": ("authority.0.date",),
    "copy to": ("cc.0.name",), "position": ("signatory.title",), "signed by": ("signatory.name",),
    "reason": ("particulars.reasons",), "reasons": ("particulars.reasons",),
    "name": ("signatory.name",), "title": ("signatory.title",), "sheriff": ("signatory.name",),
    "signatory": ("signatory",), "signature": ("signature.kind",), "cc": ("cc",),
    "authority": ("authority",), "service": ("service",),
    "state": STATE, "st": STATE, "state code": STATE, "state name": STATE, "state postal": STATE,
    "state abbreviation": STATE, "state or territory": STATE, "city": CITY, "town": CITY,
    STATE_OF_PLACE: (STATE_OF_PLACE,), "county state": (STATE_OF_PLACE,),
    "agency state": (STATE_OF_PLACE,), "state of county": (STATE_OF_PLACE,),
    "county and state": ("jurisdiction",), "jurisdiction and state": ("jurisdiction",),
    "resolution": ("authority.0.number", "authority.0.instrument"),
    "ordinance": ("authority.0.number", "authority.0.instrument"),
}  # fmt: skip
# Of a table of letters that went out, in the words of people.
_EVENTS = {
    "on": "date|date sent|sent|sent on|date mailed|mailed|mailed on|sent date|day",
    "by": "how|how sent|sent by|sent via|via|route|method|service|way|mailed by|delivery method",
    "number": (
        "tracking|tracking number|tracking no|certified number|certified mail number"
        "|certified mail no|article number"
    ),
    "letter": "file|letter file|file name|filename",
    "reference": "ref|reference number|reference no",
    "recipient": "to|sent to",
    "signed": "signed copy|signed letter|scan of signed letter",
    "receipt": "receipt file|scan of receipt|return receipt",
}
_EVENT_COLUMNS = {word: key for key, words in _EVENTS.items() for word in words.split("|")}
PATH = re.compile(r"[a-z][a-z-]*(\.[A-Za-z0-9-]+)+")


def _path(owner: str, field: str) -> str:
    """Return the key path of an owner's field."""
    if field in _PLACES.get(owner, ()):
        return f"{owner}.address.{field}"
    if owner in ("bureau", "ice"):
        is_service = field in ("by", "number")
        return f"service.{owner}.0.{field}" if is_service else f"recipients.{owner}.{field}"
    return f"{owner}.0.{field}" if owner in ("authority", "cc") else f"{owner}.{field}"


def column_among(name: str, columns: Collection[str]) -> str:
    """Return which of a table's own columns a name means; the name itself if it means none."""
    words = " ".join(re.findall(r"[a-z]+|[0-9]+", name.lower()))
    meant = words if words in columns else _EVENT_COLUMNS.get(words, "")
    return meant if name not in columns and meant in columns else name


@lru_cache(512)
def column_of(name: str) -> list[str]:
    """Return the key paths that a column's name may mean; the name itself if it is one already."""
    if PATH.fullmatch(name):
        return [name]
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _ADDED.sub("", name))
    words = re.findall(r"[a-z]+|[0-9]+", apart.lower())
    if whole := _WHOLE.get(" ".join(words)):
        return list(whole)
    if _JURISDICTION.intersection(words) and (_JURISDICTION | _BESIDE_IT).issuperset(words):
        return ["jurisdiction"]
    owners = {_OWNERS[word] for word in words if word in _OWNERS}
    fields = [_FIELDS[word] for word in words if word in _FIELDS and word not in _FILLERS]
    if "address" in words and set(fields) <= {"office"}:
        fields = ["street"]
    if {"certified", "tracking"}.intersection(words):
        fields = ["number"]
    if not fields and owners == {"signatory"}:
        fields = ["name"]
    known = {*_OWNERS, *_FIELDS, *_FILLERS, *_ASKING}
    if len(owners) > 1 or len(set(fields)) != 1 or not known.issuperset(words):
        return [name]
    field = fields[0]
    own = [
        owner
        for owner in (owners or _COLUMNS)
        if field in (*_COLUMNS[owner], *_PLACES.get(owner, ()))
    ]
    return [_path(owner, field) for owner in own] or [name]
