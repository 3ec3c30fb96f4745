"""What a program declares, applied to a case: conditions, computed dates, refusals. Pure.

The words are the program's; what stands in braces in them is filled in here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from optout_cli.errors import Problem
from optout_cli.model.jurisdiction import Contact, Law, Source
from optout_cli.model.notice import Activation, Case
from optout_cli.model.program import OWN_DAY, Condition, ConditionalText, Rule


def activation_of(case: Case) -> Activation | None:
    """Return the day it happened, if the letter can know it, else the day the request names."""
    actual = case.locality.jurisdiction.activated
    if actual and actual <= case.date:
        return Activation(date=actual, kind="actual", source=case.locality.activation_source)
    scheduled = getattr(case.particulars, "scheduled", None)
    return Activation(date=scheduled, kind="scheduled") if scheduled else None


def holds(when: Condition, case: Case) -> bool:
    """Tell whether all that a condition names is so, each particular among what the kind has."""
    return (
        when.names <= {*case.kind.particulars, *case.kind.computed}
        and (when.from_ or date.min) <= case.date <= (when.until or date.max)
        and _is_of_letter(when, case)
        and _is_of_place(when, case)
        and all(set(values) & _chosen(case, name) for name, values in when.chosen.items())
        and all(_value(case, it) for it in when.given)
        and not any(_value(case, it) for it in when.missing)
        and all(_precedes(case, *days) is True for days in when.before.items())
        and all(_precedes(case, *days) is False for days in when.not_before.items())
    )


def laws_of(case: Case) -> Iterator[Law]:
    """Yield the state's laws that bear on the letter and were, or may have been, in effect."""
    topics = set(case.kind.about)
    for name, particular in case.kind.particulars.items():
        for choice in _chosen(case, name) if particular.about else ():
            topics.update(particular.about.get(choice, ()))
    for law in laws_in_effect(case):
        if topics.intersection(law.about):
            yield law


def laws_in_effect(case: Case) -> Iterator[Law]:
    """Yield the state's laws that were, or may have been, in effect on the letter's day."""
    for law in case.locality.laws:
        if law.effective is None or law.effective <= case.date:
            yield law


def computed_dates(case: Case) -> dict[str, date | None]:
    """Return each date that the letter kind computes; None where it cannot be."""
    return {name: _computed(case, name) for name in case.kind.computed}


def copies_of(case: Case, rule: Rule) -> tuple[Contact, ...]:
    """Return the agencies that receive a copy of the letter to a rule's recipient."""
    named = [case.locality.agency(it.office) for it in rule.copy if holds(it.when, case)]
    return tuple(contact for contact in named if contact)


def refusals(case: Case) -> Iterator[Problem]:
    """Yield why a letter of this kind makes no sense for the case, if it makes none.

    Where the particulars could not be read, only what no particular decides.
    """
    for it in (*case.kind.refuse, *case.program.refuse):
        is_known = case.particulars is not None or not it.when.names
        if is_known and holds(it.when, case):
            reason = it.reason.format_map(_blanks(case))
            yield Problem("refused-letter", reason, hint=it.hint, path="letter")


def program_notes(case: Case) -> Iterator[str]:
    """Yield what the program and the letter kind tell the user of the case."""
    yield from texts_that_hold((*case.kind.notes, *case.program.notes), case)


def texts_that_hold(told: Iterable[ConditionalText], case: Case, **more: object) -> Iterator[str]:
    """Yield the texts that hold for the case, filled in; `more` is what else they may name."""
    for it in told:
        if holds(it.when, case):
            yield it.text.format_map({**_blanks(case), **more})


def _is_of_letter(when: Condition, case: Case) -> bool:
    kinds = (case.program.letters.get(it) for it in when.letters)
    if when.letters and not any(it is case.kind for it in kinds):
        return False
    signatory = case.request.signatory
    office = "named" if signatory and signatory.office else "unnamed"
    return when.office in (None, office)


def _is_of_place(when: Condition, case: Case) -> bool:
    activation = activation_of(case)
    if when.activation and (activation.kind if activation else "unknown") not in when.activation:
        return False
    source = activation.source if activation else None
    if when.source and (source.kind if source else None) not in when.source:
        return False
    return not when.laws or any(it.effect in when.laws for it in laws_of(case))


def _precedes(case: Case, one: str, other: str) -> bool | None:
    """Tell whether one day lies before another; None where one of them is not known."""
    day, other_day = _value(case, one), _value(case, other)
    return day < other_day if day and other_day else None


# Any: a particular's value, as its letter kind declares it.
def _particular(case: Case, name: str) -> Any:
    return getattr(case.particulars, name.replace("-", "_"), None)


def _chosen(case: Case, name: str) -> set[str]:
    chosen = _particular(case, name) or ()
    return {chosen} if isinstance(chosen, str) else set(chosen)


def _value(case: Case, name: str) -> Any:
    if name == OWN_DAY:
        return case.date
    return _computed(case, name) if name in case.kind.computed else _particular(case, name)


def _computed(case: Case, name: str) -> date | None:
    rule = case.kind.computed[name]
    start = _value(case, rule.from_)
    return start + timedelta(int(rule.days)) if start and holds(rule.when, case) else None


def _blanks(case: Case) -> Mapping[str, object]:
    names = (*case.kind.particulars, *case.kind.computed)
    return {
        **{name: _value(case, name) for name in names},
        OWN_DAY: case.date,
        "place": case.locality.name,
        "activated": case.locality.jurisdiction.activated,
        "activation-source": _named(case.locality.activation_source),
    }


def _named(source: Source | None) -> str:
    return f"{source.kind} source: {source.url or 'no address'}" if source else "no source"
