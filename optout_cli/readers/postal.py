"""Postal addresses, states, ZIP codes and tracking numbers, as people write them. Pure.

An address is divided only where its parts are sure.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from optout_cli.model.request import MESSAGES, Way

# Postal codes with the names of the states.
_STATES = (
    "AK Alaska, AL Alabama, AR Arkansas, AS American Samoa, AZ Arizona, CA California, CO "
    "Colorado, CT Connecticut, DC District of Columbia, DE Delaware, FL Florida, GA Georgia, "
    "GU Guam, HI Hawaii, IA Iowa, ID Idaho, IL Illinois, IN Indiana, KS Kansas, KY Kentucky, "
    "LA Louisiana, MA Massachusetts, MD Maryland, ME Maine, MI Michigan, MN Minnesota, MO "
    "Missouri, MP Northern Mariana Islands, MS Mississippi, MT Montana, NC North Carolina, ND "
    "North Dakota, NE Nebraska, NH New Hampshire, NJ New Jersey, NM New Mexico, NV Nevada, NY "
    "New York, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, PR Puerto Rico, RI Rhode "
    "Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VA "
    "Virginia, VI U.S. Virgin Islands, VT Vermont, WA Washington, WI Wisconsin, WV West "
    "Virginia, WY Wyoming, "
    # As newspapers shorten them.
    "AL Ala, AR Ark, AZ Ariz, CA Cal, CA Calif, CO Colo, CT Conn, DE Del, FL Fla, IL Ill, IN Ind, "
    "KS Kan, KS Kans, MA Mass, MI Mich, MN Minn, MP CNMI, MS Miss, MT Mont, NE Neb, NE Nebr, "
    "NM N Mex, NV Nev, OK Okla, OR Ore, OR Oreg, PA Penn, PA Penna, TN Tenn, TX Tex, VI USVI, "
    "VI Virgin Islands, WA Wash, WI Wis, WI Wisc, WV WVa, WV W Va, WY Wyo"
)
# The first three digits of the ZIP codes of each state (USPS, ZIP Locale Detail).
_ZIPS = (
    "AA 340, AE 090-099, AK 995-999, AL 350-369, AP 962-966, AR 716-729, AS 967, AZ 850-865, "
    "CA 900-961, CO 800-816, CT 060-069, DC 200 202-205 569 888, DE 197-199, FL 320-339 341-349, "
    "FM 969, GA 300-319 398-399, GU 969, HI 967-968, IA 500-528, ID 832-838, IL 600-629, "
    "IN 460-479, KS 660-679, KY 400-427, LA 700-714, MA 010-027 055, MD 205-219, ME 039-049, "
    "MH 969, MI 480-499, MN 550-567, MO 630-658 726, MP 969, MS 386-397, MT 590-599, NC 270-289, "
    "ND 580-588, NE 680-693, NH 030-038, NJ 070-089, NM 870-884, NV 889-898, NY 005 063 100-149, "
    "OH 430-459, OK 730-731 734-749, OR 970-979, PA 150-196, PR 006-007 009, PW 969, RI 028-029, "
    "SC 290-299, SD 570-577, TN 370-385, TX 733 739 750-799 885, UT 840-847, VA 201 205 220-246, "
    "VI 008, VT 050-054 056-059, WA 980-994, WI 530-549, WV 247-268, WY 820-831 834"
)
_CODES = {
    word.replace(".", "").casefold(): state[:2]
    for state in _STATES.split(", ")
    for word in (state[:2], state[3:])
}

# The end of a whole address: `Springfield, IL 62701`, with or without the street before it. Some
# leave out the comma before the state.
_PLACES = [
    re.compile(
        rf"(?:(?P<street>.+),\s*)?(?P<city>[^,0-9]+?){state},?\s+(?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?)"
    )
    for state in (r",\s*(?P<state>[A-Za-z. ]+?)", "(?P<state>)")
]
_ADDRESS_WITHIN = re.compile(r"\b[A-Z]{2},? [0-9]{5}\b")
_ADDRESS = re.compile(r"((?:signatory|recipients\.\w+)\.address)(?:\.street)?")
_COUNTRY = re.compile(r"(?<![,\s])[,\s]+(?:USA|U\.S\.A\.|US|United States(?: of America)?)$")
_STATE_AT_END = re.compile(r"(?:.*,)?\s*(?P<words>[^,]+?),?\s+[0-9]{5}(?:-[0-9]{4})?", re.DOTALL)
# `1 Main Street, NE` is northeast; without a comma, `Oak CT` and `2nd FL` are a court and a floor.
# A city may have the state: `Washington DC`.
_CODE_AT_END = re.compile(
    r"(?:.*,\s*(?!NE)|.*[0-9].*[a-z.]\s+(?!CT|FL|LA|MT|NE))([A-Z]{2})", re.DOTALL
)
_LONGEST = 1000  # characters of an address
_NO_CITY = re.compile(  # a part of a street, which may follow where the city is left out
    r"(?:suites?|ste|fl|rooms?|rm|unit|building|bldg|apt|attn|c/o)\b.*|(?:p\.? ?o\.? )?box( \w)?"
    r"|.*\b(?:street|st|avenue|ave?|road|rd|boulevard|blvd|drive|dr|lane|ln|court|ct|highway|hwy"
    r"|parkway|pkwy|plaza|square|sq|circle|terrace|way|route|floor|building|bldg)\.?",
    re.IGNORECASE,
)
_INTERNATIONAL = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")  # UPU S10: RR123456785US
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # UPU S10, for the eight digits before the check digit
_S10_CHECKS = {10: 0, 11: 5}  # the two remainders that are not digits
_DOMESTIC = re.compile(r"[0-9]{20,22}")  # USPS Publication 91 (20 digits), Publication 199 (22)
# A label, or the ZIP code of the recipient, which a scanner reads too (USPS Publication 199).
_BEFORE_NUMBER = re.compile(r"^(?:(?:USPS|NO|#)+(?=[0-9])|420[0-9]{5}(?:[0-9]{4})?(?=9[0-9]{21}$))")
_SHORT, _APPLICATION = 20, "91"  # "91" counts in the check digit, but is not printed before 20
_NUMERIC = re.compile(r"[0-9 .-]+")
_LOST = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")  # as a spreadsheet shows it: 7.02E+19
_HOW_TO_READ = (
    "read it again from the receipt: 20 or 22 digits on the green and white slip, or two letters,"
    " nine digits and two letters"
)
_CARRIER = re.compile(r"(?i)\b(?:ups|u\.p\.s|fed ?ex|federal express|dhl|ontrac)\b")
_OTHER_CARRIER = "another carrier, such as UPS, is by mail: --by mail, or by: mail in a request"


def state_code(text: str) -> str | None:
    """Return the postal code of a state, given by that or its name, or both: `US-CA`, or None."""
    plain = " ".join(text.replace(".", "").split()).casefold()
    plain = re.sub(r"^(state|commonwealth) of ", "", plain)
    parts = {part.strip() for part in re.split(r"[-,/()]", plain)} - {"", "us", "usa"}
    codes = {_CODES.get(part) for part in parts}
    return _CODES.get(plain) or (codes.pop() if len(codes) == 1 else None)


def state_names(code: str | None = None) -> tuple[str, ...]:
    """Return the codes, names and short names of the states or of one, in small letters."""
    return tuple(name for name, known in _CODES.items() if code in (None, known))


@lru_cache(maxsize=1024)  # most letters of a batch go to the same offices
def elsewhere(zip_code: str, state: str) -> str:
    """Return the states that a ZIP code belongs to if the given one is not among them."""
    if not re.fullmatch("[0-9]{5}(-[0-9]{4})?", zip_code):
        return ""
    known = [
        code
        for code, *ranges in map(str.split, _ZIPS.split(", "))
        for low, _, high in (span.partition("-") for span in ranges)
        if low <= zip_code[:3] <= (high or low)
    ]
    return "" if state in known else " or ".join(known)


@cache
def postal_states() -> frozenset[str]:
    """Return the codes of two letters that an address in the United States may have."""
    # Besides those of the data: freely associated states, and mail to the armed forces.
    return frozenset(_CODES.values()) | {"AA", "AE", "AP", "FM", "MH", "PW"}


def address_parts(text: str) -> dict[str, str] | None:
    """Return street, city, state and zip of a whole address, or None where they are not sure.

    `100 Main St, Springfield, IL 62701`, or the same on several lines.
    """
    if len(text) > _LONGEST:
        return None
    lines = [
        " ".join(line.split()).strip(" ,") for line in _COUNTRY.sub("", text.strip()).split("\n")
    ]
    *above, last = [line for line in lines if line] or [""]
    matches = (match for place in _PLACES if (match := place.fullmatch(last)))
    # `1 Main St, Suite A, Reno NV 89501` has no comma before the state: `Reno NV` is none.
    found = next((it for it in matches if not it["state"] or state_code(it["state"])), None)
    if found is None:
        return None
    city, state = found["city"].strip(), state_code(found["state"])
    if not found["state"]:
        # `Salt Lake City UT`, `Charleston West Virginia`: the longest name counts, as Charleston is
        # not in Virginia. It may be part of the city's (Fort Washington): the ZIP code tells.
        words = city.split()
        for place in range(1, len(words)):
            end = " ".join(words[place:])
            if code := end if end in postal_states() else state_code(end):
                city = " ".join(words[:place])
                state = code if code == end or not elsewhere(found["zip"], code) else None
                break
    street = "\n".join(filter(None, (*above, found["street"])))
    if not street or not state or state not in postal_states() or _NO_CITY.fullmatch(city):
        return None
    if _ADDRESS_WITHIN.search(street):  # `12 Main St, Ross, CA 94957; 4 Oak Ave, Novato, CA 94945`
        return None
    return {"street": street, "city": city, "state": state, "zip": found["zip"]}


def addresses_in(cells: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the parts of each whole address in one cell, if no other cell has parts of it."""
    found = {}
    for path, text in cells.items():
        if (owner := _ADDRESS.fullmatch(path)) and (parts := address_parts(text)):
            others = (
                cells[name] for name in cells if name.startswith(f"{owner[1]}.") and name != path
            )
            if not any(others):
                found[path] = parts
    return found


def goes_on_with_state(text: str) -> bool:
    """Tell whether a street or city ends with a state: `1 Main Street, Ely, NV 89301`."""
    text = " ".join(text[-_LONGEST:].split())  # many spaces would be tried in many ways
    if code := _CODE_AT_END.fullmatch(text):
        return code[1] in postal_states()
    found = _STATE_AT_END.fullmatch(_COUNTRY.sub("", text))
    words = found["words"].split() if found else []
    return any(state_code(" ".join(words[-count:])) for count in range(1, 1 + len(words)))


def place_in_state(place: str, state: str, *, is_stated: bool) -> str:
    """Add a state to the name of a place that has none: `Marin County` -> `Marin County, CA`.

    A number and an id (`marin-county-ca`) need none; a place in another state stays wrong. If the
    table says the state of the place, a FIPS code gets it: it may be a ZIP code of another place.
    """
    name, _, end = place.rpartition(",")
    code = state_code(state) or state
    is_id = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", place)
    if is_stated and re.fullmatch("[0-9]{5}", place):
        return f"{place}, {code}"
    if not state or re.fullmatch(r"[0-9.]+", place):
        return place
    if is_id and (not is_stated or not state_code(state) or place.endswith(code.lower())):
        return place
    return f"{name if name and state_code(end) == code else place}, {code}"


def _bare_number(number: str) -> str:
    """Return a tracking number without marks, and without what stands before it: `No. 7008-...`."""
    return _BEFORE_NUMBER.sub("", re.sub(r"[ .\u00a0\u2010-\u2015-]", "", number).upper())


def tidy_number(number: str) -> str:
    """Return a tracking number without spaces at its ends, one of USPS grouped as on its receipt.

    70081300000173889810 -> 7008 1300 0001 7388 9810; rr123456785us -> RR123456785US
    """
    bare = _bare_number(number)
    if _INTERNATIONAL.fullmatch(bare):
        return bare
    if _DOMESTIC.fullmatch(bare):
        return " ".join(re.findall(".{1,4}", bare))
    return number.strip()


def carrier_hint(way: str) -> str | None:
    """Return how to name a carrier that somebody gives as the way of a letter; None for others."""
    return _OTHER_CARRIER if _CARRIER.search(way) else None


def number_fault(number: str, by: Way) -> tuple[str, str] | None:
    """Return what is wrong with the tracking number of a letter sent by `by`, and a hint.

    Certified mail has a number of USPS. Ordinary mail and a delivery by hand may also have that of
    another carrier, which is not checked.
    """
    bare = _bare_number(number)
    if by in MESSAGES:
        return f"tracking numbers are only for mail, not for {by}", "leave the number out"
    if not bare:
        return f"{number!r} is not a number", "type it as on the receipt, or leave it out"
    if _LOST.fullmatch(number.strip()):
        hint = "format the column as text in the spreadsheet, and type the number again"
        return f"{number!r} has lost digits in a spreadsheet", hint
    if _INTERNATIONAL.fullmatch(bare):
        total = sum(map(int.__mul__, map(int, bare[2:10]), _S10_WEIGHTS))
        check = 11 - total % 11
        is_right = int(bare[10]) == _S10_CHECKS.get(check, check)
    elif _DOMESTIC.fullmatch(bare):
        is_short = len(bare) == _SHORT
        is_right = by == "hand" or _is_mod_10(bare)
        is_right |= is_short and _is_mod_10(_APPLICATION + bare)
    elif by == "certified-mail":
        digits = (
            f" ({len(bare)} digit{'s' if len(bare) > 1 else ''})"
            if _NUMERIC.fullmatch(number)
            else ""
        )
        hint = f"{_HOW_TO_READ}; {_OTHER_CARRIER}"
        return f"{number!r} is not a number of certified mail{digits}", hint
    else:
        return None
    return None if is_right else (f"the tracking number {number!r} has a wrong digit", _HOW_TO_READ)


def _is_mod_10(digits: str) -> bool:
    """Check the last digit: the others have the weights 3, 1, 3, ... from the right."""
    *others, check = map(int, digits)
    total = sum(digit * (1 if place % 2 else 3) for place, digit in enumerate(reversed(others)))
    return (total + check) % 10 == 0
