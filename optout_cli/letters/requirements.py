"""What a notice needs: the problems that keep it from being written. Pure.

Each Problem has the key path of the request's value that it is about. Tracking numbers are checked
when they are typed: a wrong digit cannot be found once the receipt is lost.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import astuple

from optout_cli.directory.names import fold, names_state
from optout_cli.errors import Problem, did_you_mean, shorten
from optout_cli.model.jurisdiction import Address, Contact
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import DETAILS, MESSAGES, PARTIES, Authority, Correction, Party
from optout_cli.programs import holds
from optout_cli.readers.document import Document, lines_to_add
from optout_cli.readers.postal import elsewhere, number_fault, tidy_number
from optout_cli.readers.values import is_nothing

_OR_DRAFT = "; or write a draft with --draft"
_ONE_OF_TWO = "correct one of the two dates"
_ONE_OF = "keep one of them"
_WORDS_OR_NONE = "write its words, or delete it here to print optout's"
_OF_EMPTY = ("empty-passage", "odd-value", "wrong-text")  # problems of a passage without words
_FIELDS = {
    "address.street": "street",
    "address.city": "city",
    "address.state": "state",
    "address.zip": "ZIP code",
    "email": "e-mail address",
    "fax": "fax number",
}
_FURTHEST = timedelta(days=366)  # a letter dated later than this has a typing error
# What a number may begin with that is another kind of act than its instrument: `ORD 55`.
_KINDS_OF_ACT, _SHORTEST_KIND = ("resolution", "ordinance", "order", "proclamation", "motion"), 3
# Where such an act is kept: `Order Book 5, page 3` is the number of an ordinance, too.
_KEPT_IN = ("book", "docket", "file", "journal", "record", "register", "roll", "volume")


def date_problems(case: Case) -> Iterator[Problem]:
    """Yield impossible dates: the letter's own, and those that it states."""
    day, program = case.date, case.program
    if program.period(day) is None:
        began = program.periods[0].from_
        message = f"the letter is dated {day}, before the program began ({program.title}: {began})"
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
    """Yield dates on the wrong side of the letter's own, or before the date they must follow.

    Also each list that has neither one entry nor as many as the list that it goes with.
    """
    for name, particular in declared.items():
        value, at = _value(values, name), f"{path}.{name}"
        entries = [*enumerate(value)] if isinstance(value, tuple) else []
        others = _value(values, particular.per) if particular.per else None
        if others and len(entries) not in (0, 1, len(others)):
            message = (
                f"{at} has {len(entries)} entries, but {path}.{particular.per} has {len(others)}"
            )
            hint = f"give one for each {particular.per}, in the same order, or one for all"
            yield Problem("uneven-list", message, hint=hint, path=at)
        inner = particular.of if isinstance(particular.of, dict) else {}
        for number, item in entries:
            yield from _order_problems(case, inner, item, f"{at}.{number}")
        days = [(at, value), *((f"{at}.{number}", item) for number, item in entries)]
        for at_day, day in [day for day in days if isinstance(day[1], date)]:
            if particular.when and (
                day > case.date if particular.when == "before" else day < case.date
            ):
                side = "after" if particular.when == "before" else "before"
                message = f"{at_day} {day} is {side} the letter's own date ({case.date})"
                yield Problem("impossible-date", message, hint=_ONE_OF_TWO, path=at_day)
            first = particular.not_before and _value(values, particular.not_before)
            if first and day < first:
                message = f"{at_day} {day} is before {path}.{particular.not_before} ({first})"
                yield Problem("impossible-date", message, hint=_ONE_OF_TWO, path=at_day)


# Any: a particular's value, as its letter kind declares it.
def _value(values: object, name: str) -> Any:
    return getattr(values, name.replace("-", "_"), None)


def locality_problems(case: Case) -> Iterator[Problem]:
    """Yield an agency that was named without its state, if the signatory is in another one."""
    locality, signatory = case.locality, case.request.signatory
    name, state = locality.read_from, signatory.address.state if signatory else None
    own = locality.state_code, locality.state_name
    if locality.agency and name and state not in (None, own[0]) and not names_state(name, *own):
        message = f"{name!r} is {locality.name}, but the signatory's address is in {state}"
        hint = f"add the state: '{name}, {state}', or correct the address"
        yield Problem("agency-elsewhere", message, hint=hint, path="jurisdiction")


def repeat_problems(case: Case) -> Iterator[Problem]:
    """Yield what the letter would say twice: an entry of a list, or an act's name."""
    request = case.request
    lists = {"authority": request.authority, "cc": request.cc, "enclosures": request.enclosures}
    lists |= {f"service.{party}": getattr(request.service, party) for party in PARTIES}
    for name, spec in case.kind.particulars.items():
        value = _value(case.particulars, name)
        if isinstance(value, tuple) and not spec.per:
            lists[f"particulars.{name}"] = value
    for path, entries in lists.items():
        for number, entry in enumerate(entries):
            if entry in entries[:number]:
                is_struct = isinstance(entry, msgspec.Struct)
                shown = next(filter(None, astuple(entry)), "") if is_struct else entry
                message, at = f"{path} has {shorten(str(shown))!r} twice", f"{path}.{number}"
                yield Problem("said-twice", message, hint="delete one of the two", path=at)
    yield from act_problems(request.authority)


def act_problems(acts: Iterable[Authority]) -> Iterator[Problem]:
    """Yield where the number of an act says what it is too, or that it is something else."""
    for number, act in enumerate(acts):
        kind, words = act.instrument.split()[-1].casefold(), (act.number or "").split()
        first, last = (words[at].casefold().rstrip(".") if words else "" for at in (0, -1))
        if len(words) > 1 and words[1].casefold().startswith(_KEPT_IN):
            continue
        is_kind = len(first) >= _SHORTEST_KIND and any(
            word.startswith(first) for word in (kind, *_KINDS_OF_ACT)
        )
        has_own = words and kind[-1].isdecimal() and not re.fullmatch("(19|20)[0-9]{2}", kind)
        if has_own or is_kind or kind in (first, last):
            message = f"the letter would say {f'{act.instrument} {act.number}'!r}"
            rest = " ".join(words[1:] if is_kind or kind == first else words[:-1])
            hint = "write what it is as the instrument, such as Resolution, and the number alone"
            if rest and kind.isalpha():
                hint = f"write {rest!r}; if it is no {act.instrument}, correct the instrument too"
            yield Problem("said-twice", message, hint=hint, path=f"authority.{number}.number")


def earlier_problems(case: Case) -> Iterator[Problem]:
    """Yield what is wrong with an earlier letter: its kind, reference, and tracking numbers."""
    stated = {
        spec.follow: (f"particulars.{name}", value)
        for name, spec in case.kind.particulars.items()
        if spec.follow and (value := _value(case.particulars, name))
    }
    path, kind = stated.get("kind", ("", None))
    if kind and case.kind.follows and kind not in case.kind.follows:
        followed = case.program.letters.get(kind)  # a text may be none
        title = followed.title[:1].lower() + followed.title[1:] if followed else kind
        article = "an" if title[0] in "aeio" else "a"
        message = f"{path} is {kind}, and this letter never follows {article} {title}"
        hint = f"write {' or '.join(case.kind.follows)}, or another letter"
        yield Problem("wrong-earlier", message, hint=hint, path=path)
    path, reference = stated.get("reference", ("", ""))
    parts = reference.split("-")
    if [len(part) for part in parts[2:]] == [8, 4]:  # as optout writes it
        (code, place, written, _), own = parts, case.locality.code
        day = stated.get("date", ("", None))[1]
        is_other_place = place.isdigit() and own.isdigit() and place != own
        is_other_day = day and f"{day:%Y%m%d}" != written
        if code != case.program.code or is_other_place or is_other_day:
            message = f"{path} {reference!r} is not that of a letter of {case.locality.name} about"
            message += f" {case.program.title}" + (f" dated {day}" if day else "")
            hint = "copy the reference from that letter" + (", and its date" if day else "")
            yield Problem("wrong-earlier", message, hint=hint, path=path)
    for name, particular in case.kind.particulars.items():
        ways = _value(case.particulars, name) if particular.follow == "service" else None
        for number, way in enumerate(ways or ()):
            if way.number and (fault := number_fault(way.number, way.by)):
                path = f"particulars.{name}.{number}.number"
                yield Problem("wrong-number", fault[0], hint=fault[1], path=path)


def office_problems(case: Case) -> Iterator[Problem]:
    """Yield offices that the program names and the data does not contain."""
    for rule in case.program.recipients_on(case.date):
        copies = (copy.office for copy in rule.copy if holds(copy.when, case))
        for office in filter(None, (rule.office, *copies)):
            if case.locality.contact_of(office) is None:
                message = f"{case.program.title} names the unknown office {office!r}"
                hint = "add it under offices: in a data file, or correct program.yaml"
                yield Problem("unknown-office", message, hint=hint, path="letter")
    chosen = case.request.recipients.ice.office
    if chosen and chosen not in case.locality.offices:
        hint = did_you_mean(chosen, case.locality.offices)
        message = f"there is no ICE office {chosen!r}"
        yield Problem("unknown-office", message, hint=hint, path="recipients.ice.office")


def recipient_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    """Yield what a recipient's contact lacks for a letter, and whether it is too old."""
    party, contact = recipient.party, recipient.contact
    path = f"recipients.{party}"
    offices = case.locality.field_offices
    if party == "ice" and not recipient.office and not contact.organization and offices:
        message = f"it is not known which ICE field office {case.locality.name} belongs to"
        fields = (f"{path}.office",)
        hint = f"{lines_to_add(fields)} (one of {', '.join(offices)})"
        yield Problem("which-field-office", message, None, hint, f"{path}.office", fields=fields)
    elif missing := contact.missing:
        other = next(other for other in PARTIES if other != party)
        names = ", ".join(_FIELDS.get(field, field) for field in missing)
        verb = "is" if len(missing) == 1 else "are"
        office = _name_recipient(recipient)
        where = case.locality.state_formal if party == "bureau" else case.locality.name
        message = f"the {names} of {office} of {where} {verb} missing"
        more = f"; or write the other letter with --to {other}"
        yield _lacking("incomplete-contact", message, path, (party, missing), more)
    given, own = case.request.calls_itself, (*contact.organization, contact.attention or "")
    if given and _bare(given) in map(_bare, own):
        message = f"calls-itself {given!r} is what the letter calls somebody else"
        hint = "write what the letter calls its sender, such as the County"
        yield Problem("wrong-self", message, hint=hint, path="calls-itself")
    correction: Correction = getattr(case.request.recipients, party)
    new = correction.address or Address()
    known = (case.locality.contact_of(recipient.office) or Contact()).address
    moves = (new.street and known.street) or (new.city and known.city)
    if moves and not (new.street and new.city and new.state and new.zip):
        message = f"{path}.address is incomplete"
        hint = "a new address needs street, city, state and zip"
        yield Problem("half-address", message, hint=hint, path=f"{path}.address")
    elif others := elsewhere(contact.address.zip or "", contact.address.state or ""):
        message = (
            f"the ZIP code {contact.address.zip} of {_name_recipient(recipient)} is one of {others}"
        )
        hint = f"correct zip: or state: ({contact.address.state}) under {path}.address:"
        yield Problem("other-zip", message, hint=hint, path=f"{path}.address.zip")
    yield from _route_problems(case, recipient)
    yield from _age_problems(case, recipient)


def _route_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    """Yield missing addresses that the formats need: the recipient's, the sender's for e-mail."""
    if case.is_draft:
        return
    for route in case.routes:
        if not getattr(recipient.contact, route):
            message = f"{_name_recipient(recipient)} has no known {_FIELDS[route]}"
            at = f"recipients.{recipient.party}"
            yield _lacking("no-address", message, at, (recipient.party, [route]), _OR_DRAFT)
    signatory = case.request.signatory
    routes = [way.by for way in recipient.service] if case.is_by_service else case.routes
    if "email" in routes and not (signatory and signatory.email):
        message = "the sender has no e-mail address"
        fields = ("signatory.email",)
        hint = f"{lines_to_add(fields)}{_OR_DRAFT}"
        yield Problem("no-sender", message, None, hint, "signatory", fields=fields)


def _age_problems(case: Case, recipient: Recipient) -> Iterator[Problem]:
    path, confirmed = f"recipients.{recipient.party}", recipient.confirmed
    if confirmed and confirmed.date > case.today:
        message = f"{path}.confirmed.date is in the future ({confirmed.date})"
        hint = "write the day on which you asked"
        yield Problem("later-confirmation", message, hint=hint, path=f"{path}.confirmed.date")
    if case.max_age is None or recipient.historical:
        return
    day = confirmed.date if confirmed else recipient.contact.verified
    fields = (f"{path}.confirmed.by", f"{path}.confirmed.date")
    hint = f"call them, then {lines_to_add(fields)}"
    if day is None:
        message = f"the address of {_name_recipient(recipient)} was never confirmed"
        yield Problem("unconfirmed-contact", message, None, hint, path, fields=fields)
    elif (case.date - day).days > case.max_age:
        message = f"the address of {_name_recipient(recipient)} was last confirmed on {day}"
        yield Problem("old-contact", message, None, hint, path, fields=fields)


def service_problems(recipients: Sequence[Recipient], *, is_draft: bool) -> Iterator[Problem]:
    """Yield ways of service without an address, and tracking numbers used twice or with a slip.

    A draft may lack the address.
    """
    ways = [
        (f"service.{recipient.party}.{number}", recipient, way)
        for recipient in recipients
        for number, way in enumerate(recipient.service)
    ]
    uses = Counter(tidy_number(way.number) for _, _, way in ways if way.number)
    for path, recipient, way in ways:
        is_lacking = way.by in MESSAGES and not getattr(recipient.contact, way.by)
        if is_lacking and not is_draft:
            name = _name_recipient(recipient)
            message = f"service by {way.by}, but {name} has no known {_FIELDS[way.by]}"
            lack = (recipient.party, [way.by])
            more = f"; or write certified-mail instead of {way.by}"
            yield _lacking("no-address-for-service", message, path, lack, more)
        if way.in_reply_to and way.by != "email":
            message = "in-reply-to: works only with by: email"
            hint = "write by: email, or leave in-reply-to out"
            yield Problem("no-thread", message, hint=hint, path=f"{path}.in-reply-to")
        if way.number and way.by in MESSAGES:
            message = f"tracking numbers are only for mail, not for by: {way.by}"
            hint = "leave number out"
            if not getattr(recipient.contact, way.by):  # it may be meant for that
                hint += f"; the {_FIELDS[way.by]} goes under recipients: {recipient.party}:"
            yield Problem("number-of-no-mail", message, hint=hint, path=f"{path}.number")
        elif way.number and (fault := number_fault(way.number, way.by)):
            yield Problem("wrong-number", fault[0], hint=fault[1], path=f"{path}.number")
        elif way.number and uses[tidy_number(way.number)] > 1:
            message = f"the number {way.number!r} is used for more than one piece of mail"
            hint = "write each piece's own number, which is on its receipt"
            yield Problem("equal-numbers", message, hint=hint, path=f"{path}.number")


def empty_passages(document: Document) -> Iterator[Problem]:
    """Yield the names of passages without words, of which a table alone may have cells."""
    words = document.data.get("wording")
    given = words if isinstance(words, dict) else {}
    paths = dict.fromkeys(path for layer in document.layers for path in layer.marks)
    for path in paths:
        head, _, name = path.partition(".")
        if head == "wording" and name and name not in given and not document.is_cell(path):
            message, location = f"{path} has no words", document.location(path)
            yield Problem("empty-passage", message, location, _WORDS_OR_NONE, path)


def with_passage_hint(problem: Problem, document: Document, kind: LetterKind) -> Problem:
    """Say of a passage whose words mean nothing how to print optout's, or leave the passage out."""
    head, _, name = problem.path.partition(".")
    passages = document.data.get("wording")
    words = passages.get(name, "") if isinstance(passages, dict) else None
    if head != "wording" or problem.code not in _OF_EMPTY or not isinstance(words, str):
        return problem
    if not is_nothing(words):
        return problem
    hint = f"{_WORDS_OR_NONE}; to strike the passage, also add leave-out: [{name}]"
    if name not in kind.may_leave_out:
        may = ", ".join(kind.may_leave_out) or "none of its passages"
        hint = f"{_WORDS_OR_NONE}; this letter may leave out only {may}"
    return msgspec.structs.replace(problem, hint=hint)


def struck_problems(case: Case) -> Iterator[Problem]:
    """Yield what the request leaves out and the letter cannot do without."""
    known = (*DETAILS, *case.kind.may_leave_out)
    for number, name in enumerate(case.request.leave_out):
        path = f"leave-out.{number}"
        if name not in known:
            message, hint = f"{path} cannot be {name!r}", did_you_mean(name, known)
            yield Problem("unknown-choice", message, hint=hint, path=path)
        elif name in case.request.wording:
            message, hint = f"{path} leaves out {name!r}, and wording: has words for it", _ONE_OF
            yield Problem("struck-words", message, hint=hint, path=path)


def _lacking(
    code: str, message: str, path: str, lack: tuple[Party, Sequence[str]], more: str = ""
) -> Problem:
    """Return the Problem of fields that a recipient lacks. The hint says what to add."""
    party, names = lack
    fields = tuple(f"recipients.{party}.{name}" for name in names)
    return Problem(code, message, None, f"{lines_to_add(fields)}{more}", path, fields=fields)


def _bare(name: str) -> str:
    return fold(name).removeprefix("the-")


def _name_recipient(recipient: Recipient) -> str:
    return "the State Identification Bureau" if recipient.party == "bureau" else "the ICE office"
