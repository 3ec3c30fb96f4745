"""What a program declares, applied to a case: conditions, computed dates, refusals. Pure.

The words are the program's; what stands in braces in them is filled in here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from optout_cli.errors import Problem
from optout_cli.model.case import Case
from optout_cli.model.notice import Activation
from optout_cli.model.places import Contact, Source
from optout_cli.model.program import Condition, Rule, Told


def activation_of(case: Case) -> Activation | None:
    """Return the day it happened, if the letter can know it, else the day the request names."""
    actual = case.locality.jurisdiction.activated
    if actual and actual <= case.date:
        return Activation(date=actual, kind="actual", source=case.locality.activation_source)
    scheduled = getattr(case.particulars, "scheduled", None)
    return Activation(date=scheduled, kind="scheduled") if scheduled else None


def holds(when: Condition, case: Case) -> bool:
    """Tell whether all that a condition names is so, each particular among what the kind has."""
    if not {*when.chosen, *when.given, *when.missing} <= {
        *case.kind.particulars,
        *case.kind.computed,
    }:
        return False
    if not (when.from_ or date.min) <= case.date <= (when.until or date.max):
        return False
    activation = activation_of(case)
    if when.activation and (activation.kind if activation else "unknown") not in when.activation:
        return False
    source = activation.source if activation else None
    if when.source and (source.kind if source else None) not in when.source:
        return False
    if not all(set(values) & _chosen(case, name) for name, values in when.chosen.items()):
        return False
    return all(_value(case, it) for it in when.given) and not any(
        _value(case, it) for it in when.missing
    )


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
        is_known = case.particulars is not None or not _asks_for_particulars(it.when)
        if is_known and holds(it.when, case):
            reason = it.reason.format_map(_blanks(case))
            yield Problem("refused-letter", reason, hint=it.hint, path="letter")


def told_of(case: Case) -> Iterator[str]:
    """Yield what the program and the letter kind tell the user of the case."""
    yield from those_of((*case.kind.cautions, *case.program.cautions), case)


def those_of(told: Iterable[Told], case: Case) -> Iterator[str]:
    """Yield the texts that hold for the case, filled in."""
    for it in told:
        if holds(it.when, case):
            yield it.text.format_map(_blanks(case))


def _asks_for_particulars(when: Condition) -> bool:
    return bool(when.chosen or when.given or when.missing)


# Any: a particular's value, as its letter kind declares it.
def _particular(case: Case, name: str) -> Any:
    return getattr(case.particulars, name.replace("-", "_"), None)


def _chosen(case: Case, name: str) -> set[str]:
    chosen = _particular(case, name) or ()
    return {chosen} if isinstance(chosen, str) else set(chosen)


def _value(case: Case, name: str) -> Any:
    return _computed(case, name) if name in case.kind.computed else _particular(case, name)


def _computed(case: Case, name: str) -> date | None:
    rule = case.kind.computed[name]
    start = _particular(case, rule.from_)
    return start + timedelta(int(rule.days)) if start and holds(rule.when, case) else None


def _blanks(case: Case) -> Mapping[str, object]:
    names = (*case.kind.particulars, *case.kind.computed)
    return {
        **{name: _value(case, name) for name in names},
        "place": case.locality.name,
        "activated": case.locality.jurisdiction.activated,
        "activation-source": _named(case.locality.activation_source),
    }


def _named(source: Source | None) -> str:
    return f"{source.kind} source: {source.url or 'no address'}" if source else "no source"
