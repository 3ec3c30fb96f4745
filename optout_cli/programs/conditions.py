"""Apply a program's rules to a case: conditions, computed dates, refusals, notes. Pure.

The words come from the program; the names in braces are filled in here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from optout_cli.errors import Problem
from optout_cli.model.jurisdiction import Agreement, Contact, Law
from optout_cli.model.notice import Activation, Case
from optout_cli.model.program import OWN_DAY, Condition, ConditionalText, Rule


def activation_of(case: Case) -> Activation | None:
    """Return the activation that the letter knows of: one that happened, else a scheduled one.

    A letter dated before the activation cannot know of it.
    """
    actual = case.locality.jurisdiction.activated
    if actual and actual <= case.date:
        return Activation(date=actual, kind="actual", source=case.locality.activation_source)
    scheduled = getattr(case.particulars, "scheduled", None)
    return Activation(date=scheduled, kind="scheduled") if scheduled else None


def holds(when: Condition, case: Case) -> bool:
    """Tell whether a condition holds. It never does if the letter kind lacks one of its names."""
    return (
        when.names <= {*case.kind.particulars, *case.kind.computed}
        and _fits(when, case)
        and (when.unnamed is None or bool(_unnamed(case, when.unnamed)))
        and holds_for(when, case.date, partial(_value, case))
    )


# Any: the value of a particular, whose type the letter kind declares.
def holds_for(when: Condition, day: date, value: Callable[[str], Any]) -> bool:
    """Tell whether the letter's date and its values meet a condition, and ask for nothing else.

    `value` returns the value of a particular or a computed date, if there is one.
    """
    return (
        (when.from_ or date.min) <= day <= (when.until or date.max)
        and all(set(values) & _chosen(value(name)) for name, values in when.chosen.items())
        and all(_has_only(_chosen(value(name)), values) for name, values in when.only.items())
        and all(len(_chosen(value(name))) > 1 for name in when.several)
        and all(value(name) for name in when.given)
        and not any(value(name) for name in when.missing)
        and all(_precedes(value, *days) is True for days in when.before.items())
        and all(_precedes(value, *days) is False for days in when.not_before.items())
    )


def laws_of(case: Case) -> Iterator[Law]:
    """Yield the laws in effect that are about the letter kind or about a chosen value."""
    topics = set(case.kind.about)
    for name, particular in case.kind.particulars.items():
        for choice in _chosen(_particular(case, name)) if particular.about else ():
            topics.update(particular.about.get(choice, ()))
    for law in laws_in_effect(case):
        if topics.intersection(law.about):
            yield law


def laws_in_effect(case: Case) -> Iterator[Law]:
    """Yield the state's laws in effect on the letter's date; also those without a date."""
    for law in case.locality.laws:
        if law.effective is None or law.effective <= case.date:
            yield law


def computed_dates(case: Case) -> dict[str, date | None]:
    """Return each date that the letter kind computes; None if the date it needs is missing."""
    return {name: _computed(case, name) for name in case.kind.computed}


def copies_of(case: Case, rule: Rule) -> tuple[Contact, ...]:
    """Return the contacts that receive a copy of the letter to a rule's recipient."""
    offices = [copied.office for copied in rule.copy if holds(copied.when, case)]
    return tuple(filter(None, map(case.locality.contact_of, offices)))


def refusals(case: Case) -> Iterator[Problem]:
    """Yield each reason why the program refuses a letter of this kind in this case.

    If the particulars could not be read, rules that need one are skipped.
    """
    for rule in (*case.kind.refuse, *case.program.refuse):
        is_known = case.particulars is not None or not rule.when.names
        if is_known and holds(rule.when, case):
            reason = rule.reason.format_map(_blanks(case, rule.when))
            yield Problem("refused-letter", reason, hint=rule.hint, path="letter")


def program_notes(case: Case) -> Iterator[str]:
    """Yield the notes of the letter kind and of the program that apply to the case."""
    yield from texts_that_hold((*case.kind.notes, *case.program.notes), case)


def texts_that_hold(texts: Iterable[ConditionalText], case: Case, **more: object) -> Iterator[str]:
    """Yield the texts that apply to the case, filled in. They may also name the keys of `more`."""
    for text in texts:
        if holds(text.when, case):
            yield text.text.format_map({**_blanks(case, text.when), **more})


def _fits(when: Condition, case: Case) -> bool:
    """Tell whether the letter's kind and office, the activation and so on fit a condition."""
    kinds = [case.program.letters.get(name) for name in when.letters]
    signatory, activation = case.request.signatory, activation_of(case)
    office = "named" if signatory and signatory.office else "unnamed"
    source = activation.source if activation else None
    models = {agreement.model for agreement in case.locality.agreements}
    return (
        (not when.letters or any(kind is case.kind for kind in kinds))
        and when.office in (None, office)
        and (not when.states or case.locality.state_code in when.states)
        and (
            not when.activation or (activation.kind if activation else "unknown") in when.activation
        )
        and (not when.agreements or not models or not models.isdisjoint(when.agreements))
        and (not when.source or (source is not None and source.kind in when.source))
        and (not when.laws or any(law.effect in when.laws for law in laws_of(case)))
    )


# Any: a date, or None.
def _precedes(value: Callable[[str], Any], first: str, second: str) -> bool | None:
    """Tell whether the first day is before the second; None if one is missing."""
    day, later = value(first), value(second)
    return day < later if day and later else None


# Any: the value of a particular, whose type the letter kind declares.
def _particular(case: Case, name: str) -> Any:
    """Return a particular; of `list.name`, the first value in the entries of the list."""
    name, _, inner = name.replace("-", "_").partition(".")
    value = getattr(case.particulars, name, None)
    if not inner:
        return value
    return next(filter(None, (getattr(item, inner, None) for item in value or ())), None)


# Any: the value of a choice, a list of them, or None.
def _chosen(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _has_only(chosen: set[str], values: Iterable[str]) -> bool:
    return bool(chosen) and chosen.issubset(values)


def _unnamed(case: Case, name: str) -> list[Agreement]:
    """Return the agreements in the data whose model a request that names one does not name."""
    chosen = _chosen(_particular(case, name))
    return [each for each in case.locality.agreements if chosen and each.model not in chosen]


def _value(case: Case, name: str) -> Any:
    if name == OWN_DAY:
        return case.date
    return _computed(case, name) if name in case.kind.computed else _particular(case, name)


def _computed(case: Case, name: str) -> date | None:
    rule = case.kind.computed[name]
    start = _value(case, rule.from_)
    return start + timedelta(int(rule.days)) if start and holds(rule.when, case) else None


def _blanks(case: Case, when: Condition) -> Mapping[str, object]:
    """Map each name that a text may have in braces to its value."""
    names = (*case.kind.particulars, *case.kind.computed)
    source = case.locality.activation_source
    return {
        **{name: _value(case, name) for name in names},
        OWN_DAY: case.date,
        "place": case.locality.name,
        "unnamed": ", ".join(
            f"{each.model} of {each.signed}" if each.signed else each.model
            for each in (_unnamed(case, when.unnamed) if when.unnamed else ())
        ),
        "activated": case.locality.jurisdiction.activated,
        "activation-source": (
            f"{source.kind} source: {source.url or 'no address'}" if source else "no source"
        ),
    }
