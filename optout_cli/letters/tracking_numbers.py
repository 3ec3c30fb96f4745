"""Tracking numbers of the U.S. Postal Service: their shape, and their check digit. Pure.

A wrong digit in a number cannot be found once the receipt is lost, so it is found when it is typed.
"""

import re

from optout_cli.model.request import Way

_INTERNATIONAL = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")  # UPU S10: RR123456785US
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # UPU S10, for the eight digits before the check digit
_S10_CHECKS = {10: 0, 11: 5}  # the two remainders that are no digit
_DOMESTIC = re.compile(r"[0-9]{20,22}")  # USPS Publication 91 (20 digits), Publication 199 (22)
_SHORT, _APPLICATION = 20, "91"  # "91" counts in the check digit, but is not printed before 20
_NUMERIC = re.compile(r"[0-9 .-]+")
_LOST = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")  # as a spreadsheet shows it: 7.02E+19
_MAIL: tuple[Way, ...] = ("certified-mail", "mail", "hand")
_HOW_TO_READ = (
    "read it again from the receipt: 20 or 22 digits on the green and white slip, or two letters,"
    " nine digits and two letters"
)


def tidy_number(number: str) -> str:
    """Return a tracking number without spaces at its ends, one of USPS grouped as on its receipt.

    70081300000173889810 -> 7008 1300 0001 7388 9810; rr123456785us -> RR123456785US
    """
    bare = re.sub(r"[ .-]", "", number).upper()
    if _INTERNATIONAL.fullmatch(bare):
        return bare
    if _DOMESTIC.fullmatch(bare):
        return " ".join(re.findall(".{1,4}", bare))
    return number.strip()


def number_fault(number: str, by: Way) -> tuple[str, str] | None:
    """Return what is wrong with the tracking number of a letter sent by `by`, and a hint.

    Certified mail has a number of USPS. Ordinary mail and a delivery by hand may also have that of
    another carrier, which is not checked.
    """
    bare = re.sub(r"[ .-]", "", number).upper()
    if by not in _MAIL:
        return f"tracking numbers are only for mail, not for {by}", "leave the number out"
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
        return f"{number!r} is not a number of certified mail{digits}", _HOW_TO_READ
    else:
        return None
    return None if is_right else (f"the tracking number {number!r} has a wrong digit", _HOW_TO_READ)


def _is_mod_10(digits: str) -> bool:
    """Check the last digit: the others have the weights 3, 1, 3, ... from the right."""
    *others, check = map(int, digits)
    total = sum(digit * (1 if place % 2 else 3) for place, digit in enumerate(reversed(others)))
    return (total + check) % 10 == 0
