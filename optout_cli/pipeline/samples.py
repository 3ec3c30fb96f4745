"""Requests to try a letter kind with: every particular given, none, each alone, each choice."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Literal

from optout_cli.model.program import Particular
from optout_cli.source.document import Tree

Group = dict[str, Tree]
_APART = timedelta(days=30)  # between the letter's day and a sample day before or after it
_MOST = timedelta(days=45)  # for a day on neither side: after the days that it may not precede


def samples(declared: Mapping[str, Particular], day: date) -> Iterator[Group]:
    """Yield particulars for a letter of `day`, so that each is there and is not there.

    For every combination of the single choices: all particulars, only those required, all but
    one, and those required with one more. Lists have one entry, and as many as have something
    different in them.
    """
    choices = {name: it.choices for name, it in declared.items() if it.type == "choice"}
    for chosen in product(*choices.values()):
        whole = _group(declared, day) | dict(zip(choices, chosen, strict=True))
        yield from _subsets(declared, whole)
        yield {name: _first(value) for name, value in whole.items()}


def hostile(value: Tree, declared: Particular, words: str) -> Tree:
    """Return a sample with `words` in place of each text that a person writes."""
    if isinstance(value, list):
        kind = declared.of if declared.type == "list" else "text"
        if isinstance(kind, dict):
            return [
                {key: hostile(it, kind[key], words) for key, it in item.items()}
                for item in value
                if isinstance(item, dict)
            ]
        return [words for _ in value] if kind in ("text", "paragraphs") else value
    return words if declared.type == "text" else value


def _subsets(declared: Mapping[str, Particular], whole: Group) -> Iterator[Group]:
    """Yield all of a group; only what is required; all but one; what is required and one more."""
    optional = [name for name, it in declared.items() if not it.required]
    bare = {name: value for name, value in whole.items() if name not in optional}
    yield whole
    yield bare
    for name in optional:
        yield {key: value for key, value in whole.items() if key != name}
        yield {**bare, name: whole[name]}


def _group(declared: Mapping[str, Particular], day: date) -> Group:
    days: dict[str, date] = {}
    for name, spec in declared.items():
        days[name] = _day(spec, day)
    for name, spec in declared.items():
        if spec.not_before in days:
            days[name] = max(days[name], days[spec.not_before])
    return {name: _value(spec, name, day, days[name]) for name, spec in declared.items()}


def _day(spec: Particular, day: date) -> date:
    sides: dict[Literal["before", "after"] | None, timedelta] = {
        "before": -_APART,
        "after": _APART,
        None: _MOST,
    }
    return day + sides[spec.when]


def _value(spec: Particular, name: str, day: date, own_day: date) -> Tree:
    match spec.type:
        case "text":
            return _words(name)
        case "paragraphs":
            return [f"{_words(name)} one.", f"{_words(name)} two."]
        case "date":
            return own_day.isoformat()
        case "choice":
            return spec.choices[0]
        case _:
            return list(_entries(spec, name, day, own_day))


def _entries(spec: Particular, name: str, day: date, own_day: date) -> Iterator[Tree]:
    if isinstance(spec.of, dict):
        for number, item in enumerate(_items(spec.of, day)):
            yield {
                key: f"{it} #{number}" if spec.of[key].type == "text" else it
                for key, it in item.items()
            }
    elif spec.of == "choice":
        yield from spec.choices
    else:
        first = Particular(type=spec.of or "text", help=spec.help)
        yield _value(first, name, day, own_day)
        yield _value(first, f"other-{name}", day, own_day + timedelta(days=1))


def _items(declared: Mapping[str, Particular], day: date) -> Iterator[Group]:
    """Yield entries of a list: with and without each field, and with each choice."""
    whole = _group(declared, day)
    yield from _subsets(declared, whole)
    for name, spec in declared.items():
        yield from ({**whole, name: it} for it in spec.choices[1:])


def _words(name: str) -> str:
    return f"Sample {name.replace('-', ' ')}"


def _first(value: Tree) -> Tree:
    return value[:1] if isinstance(value, list) else value
