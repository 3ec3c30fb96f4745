"""What keeps a notice from being written: days that cannot be, contacts that are not whole. Pure.

Each Problem carries the key path in the request that it is about.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from optout_cli.errors import Problem
from optout_cli.model.jurisdiction import Address, Contact
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import Particular
from optout_cli.model.request import PARTIES, Correction, Party
from optout_cli.programs.conditions import holds

_OR_DRAFT = "; or write a draft with --draft"
_ONE_OF_TWO = "correct one of the two dates"
_FURTHEST = timedelta(days=366)  # a letter dated later than this is a slip of the pen


def date_problems(case: Case) -> Iterator[Problem]:
    """Yield days that cannot be: the letter's own, and those that the letter tells of."""
    day, program = case.date, case.program
    if program.period(day) is None:
        began = program.periods[0].from_
        message = f"the letter is dated {day}, before {program.title} began ({began})"
        yield Problem("before-program", message, hint="correct date:", path="date")
    if day > case.today + _FURTHEST:
        message = f"the letter is dated {day}, more than a year from now"
        yield Problem("far-date", message, hint="correct date:", path="date")
    for number, act in enumerate(case.request.authority):
        if act.date and act.date > day:
            message = f"the {act.instrument} is dated {act.date}, after the letter ({day})"
            yield Problem(
                "later-authority", message, hint=_ONE_OF_TWO, path=f"authority.{number}.date"
            )
    yield from _order_problems(case, case.kind.particulars, case.particulars, "particulars")


def _order_problems(
    case: Case, declared: dict[str, Particular], values: object, path: str
) -> Iterator[Problem]:
    """Yield each day on the wrong side of the letter's own, or before one that it follows."""
    for name, particular in declared.items():
        at = f"{path}.{name}"
        if isinstance(particular.of, dict):
            for number, item in enumerate(_value(values, name) or ()):
                yield from _order_problems(case, particular.of, item, f"{at}.{number}")
        for at_day, day in _days(_value(values, name), at):
            if particular.when and (
                day > case.date if particular.when == "before" else day < case.date
            ):
                side = "after" if particular.when == "before" else "before"
                message = f"{at_day} {day} lies {side} the letter's own date ({case.date})"
                yield Problem("impossible-date", message, hint=_ONE_OF_TWO, path=at_day)
            first = particular.not_before and _value(values, particular.not_before)
            if first and day < first:
                message = f"{at_day} {day} lies before {particular.not_before} ({first})"
                yield Problem("impossible-date", message, hint=_ONE_OF_TWO, path=at_day)


# Any: a particular's value, as its letter kind declares it.
def _value(values: object, name: str) -> Any:
    return getattr(values, name.replace("-", "_"), None)


def _days(value: object, path: str) -> Iterator[tuple[str, date]]:
    """Yield path and day of a particular that is a day, or a list of days."""
    if isinstance(value, date):
        yield path, value
    elif isinstance(value, tuple):
        yield from (
            (f"{path}.{number}", it) for number, it in enumerate(value) if isinstance(it, date)
        )


def office_problems(case: Case) -> Iterator[Problem]:
    """Yield offices that the program names and the data does not know."""
    for rule in case.program.recipients:
        copies = (it.office for it in rule.copy if holds(it.when, case))
        for office in filter(None, (rule.office, *copies)):
            if rule.holds(case.date) and case.locality.agency(office) is None:
                message = f"{case.program.title} names the office {office!r}, which is not known"
                hint = "add it below offices: in a data file, or correct program.yaml"
                yield Problem("unknown-office", message, hint=hint, path="letter")


def recipient_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    """Yield what a recipient's contact lacks for a letter, and what of it is too old."""
    party, contact = recipient.party, recipient.contact
    path = f"recipients.{party}"
    if missing := contact.missing:
        other = next(it for it in PARTIES if it != party)
        fields = ", ".join(it.removeprefix("address.") for it in missing)
        message = f"{_named(recipient)} of {case.locality.name} is not known in full: no {fields}"
        more = f"; or write the other letter with --to {other}"
        yield _lacking("incomplete-contact", message, path, (party, missing), more)
    correction: Correction = getattr(case.request.recipients, party)
    known = (case.locality.agency(recipient.office) or Contact()).address
    if _is_half(known, correction.address or Address()):
        message = f"{path}.address is new but not whole"
        hint = "write street, city, state and zip"
        yield Problem("half-address", message, hint=hint, path=f"{path}.address")
    yield from _route_problems(case, recipient)
    yield from _age_problems(case, recipient)


def _route_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    """Yield addresses that the formats asked for need: the recipient's, and by e-mail one's own."""
    if case.is_draft:
        return
    for route in case.routes:
        if not getattr(recipient.contact, route):
            message = f"no {route} is known of {_named(recipient)}"
            at = f"recipients.{recipient.party}"
            yield _lacking("no-address", message, at, (recipient.party, [route]), _OR_DRAFT)
    signatory = case.request.signatory
    if "email" in case.routes and not (signatory and signatory.email):
        message = "the sender has no e-mail address"
        hint, cell = f"add email: ... under signatory:{_OR_DRAFT}", "fill in signatory.email"
        yield Problem("no-sender", message, None, hint, "signatory", in_row=f"{cell}{_OR_DRAFT}")


def _is_half(known: Address, new: Address) -> bool:
    """Tell whether an agency would move to a new place and keep a part of the old address."""
    moves = (new.street and known.street) or (new.city and known.city)
    return bool(moves) and not (new.street and new.city and new.state and new.zip)


def _age_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    path, confirmed = f"recipients.{recipient.party}", recipient.confirmed
    if confirmed and confirmed.date > case.today:
        message = f"{path}.confirmed is dated {confirmed.date}, a day to come"
        hint = "write the day on which you asked"
        yield Problem("later-confirmation", message, hint=hint, path=f"{path}.confirmed.date")
    if case.max_age is None or recipient.historical:
        return
    day = confirmed.date if confirmed else recipient.contact.verified
    line = "add confirmed: {by: telephone, date: ...}"
    hint = f"call them, then {line} under recipients: {recipient.party}:"
    cells = f"call them, then fill in {path}.confirmed.by and {path}.confirmed.date"
    if day is None:
        message = f"{_named(recipient)}'s contact was never confirmed"
        yield Problem("unconfirmed-contact", message, None, hint, path, in_row=cells)
    elif (case.date - day).days > case.max_age:
        message = f"{_named(recipient)}'s contact was last confirmed on {day}"
        yield Problem("old-contact", message, None, hint, path, in_row=cells)


def service_problems(recipients: Sequence[Recipient], *, is_draft: bool) -> Iterator[Problem]:
    """Yield ways of service for which there is no address, and a number that stands twice.

    A draft may lack the address.
    """
    ways = [
        (f"service.{recipient.party}.{number}", recipient, way)
        for recipient in recipients
        for number, way in enumerate(recipient.service)
    ]
    uses = Counter(way.number for _, _, way in ways if way.number)
    for path, recipient, way in ways:
        is_lacking = way.by in ("email", "fax") and not getattr(recipient.contact, way.by)
        if is_lacking and not is_draft:
            message = f"service by {way.by}, but no {way.by} is known of {_named(recipient)}"
            lack = recipient.party, [way.by]
            yield _lacking("no-address-for-service", message, path, lack)
        if way.in_reply_to and way.by != "email":
            message = f"a letter sent by {way.by} follows no e-mail"
            hint = "let in-reply-to: stand beside by: email"
            yield Problem("no-thread", message, hint=hint, path=f"{path}.in-reply-to")
        if way.number and way.by in ("email", "fax"):
            message = f"number: is the post's, and a letter sent by {way.by} has none"
            lack, more = (recipient.party, [way.by]), ", and leave number out"
            yield _lacking("number-of-no-mail", message, f"{path}.number", lack, more)
        elif way.number and uses[way.number] > 1:
            message = f"the number {way.number!r} stands on more than one piece of mail"
            hint = "each piece has a number of its own, on its receipt"
            yield Problem("equal-numbers", message, hint=hint, path=f"{path}.number")


def _lacking(
    code: str, message: str, path: str, lack: tuple[Party, Sequence[str]], more: str = ""
) -> Problem:
    """Make the Problem of fields that a recipient lacks; its hint says what to add, and `more`."""
    party, fields = lack
    cells = f"fill in {', '.join(f'recipients.{party}.{it}' for it in fields)}{more}"
    return Problem(code, message, None, f"{_line_to_add(party, fields)}{more}", path, in_row=cells)


def _line_to_add(party: Party, paths: Sequence[str]) -> str:
    """Word what to add: `add address: {zip: ...} under recipients: bureau:`."""
    plain = [f"{path}: ..." for path in paths if "." not in path]
    inner = [f"{path.partition('.')[2]}: ..." for path in paths if "." in path]
    fields = [*plain, *([f"address: {{{', '.join(inner)}}}"] if inner else [])]
    line = f"add {', '.join(fields)} under recipients: {party}:"
    return f"{line}, or pass --set recipients.{party}.{paths[0]}=..." if len(paths) == 1 else line


def _named(recipient: Recipient) -> str:
    return "the State Identification Bureau" if recipient.party == "bureau" else "the ICE office"
