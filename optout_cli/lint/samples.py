"""Requests to try a letter kind with: every particular given, none, each alone, each choice."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any, Literal

import msgspec

from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Particular, Program
from optout_cli.readers.document import Tree

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


class _Recorder:
    """Stands for a struct: gives what it has, and notes each name under its path.

    `particulars.earlier.date` is the field of any entry of the list.
    """

    # Any: whatever a letter kind declares.
    def __init__(self, value: Any, path: str, seen: set[str]) -> None:
        self._value, self._path, self._seen = value, path, seen

    def held(self) -> Iterable[object]:
        """Return what the struct holds, and note nothing."""
        return _held(self._value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._value, name)
        if name.startswith("__"):  # Python's, which no template can ask for
            return value
        path = f"{self._path}.{name.replace('_', '-')}"
        self._seen.add(path)
        if isinstance(value, tuple):
            return tuple(
                _Recorder(it, path, self._seen) if isinstance(it, msgspec.Struct) else it
                for it in value
            )
        return value


class _RecordedDict(dict[str, Any]):  # Any: citations or dates
    """A mapping that notes each key which is asked for."""

    def __init__(self, value: dict[str, Any], path: str, seen: set[str]) -> None:
        super().__init__(value)
        self._path, self._seen = path, seen

    def __getitem__(self, key: str) -> Any:
        self._seen.add(f"{self._path}.{key}")
        return super().__getitem__(key)


def recorded(notice: Notice, seen: set[str]) -> Notice:
    """Return the notice with facts that note in `seen` what is asked of them."""
    activation = notice.activation
    if activation and activation.kind == "scheduled":
        # The letter has it from the particular, and asks for it under another name.
        seen.add("particulars.scheduled")
    return msgspec.structs.replace(
        notice,
        particulars=_Recorder(notice.particulars, "particulars", seen),
        citations=_RecordedDict(notice.citations, "citations", seen),
        computed=_RecordedDict(notice.computed, "computed", seen),
    )


def names_in_rules(program: Program, kind: LetterKind) -> set[str]:
    """Return the particulars that rules ask for: conditions, computed dates, orders of days."""
    conditions = [it.when for it in (*kind.refuse, *program.refuse)]
    conditions += [it.when for it in (*kind.notes, *program.notes)]
    conditions += [it.when for rule in program.recipients for it in rule.copy]
    conditions += [it.when for it in kind.computed.values()]
    names = {name for when in conditions for name in (*when.chosen, *when.given, *when.missing)}
    names |= {it.from_ for it in kind.computed.values()}
    names |= {*program.told_apart_by, *filter(None, [program.author])}
    return {f"particulars.{it}" for it in names}


def days_in(value: object) -> set[date]:
    """Return every day in particulars or computed dates, as they are or recorded."""
    return set(_days(value))


def _days(value: object) -> Iterator[date]:
    if isinstance(value, date):
        yield value
    else:
        for it in _held(value):
            yield from _days(it)


def _held(value: object) -> Iterable[object]:
    if isinstance(value, _Recorder):
        return value.held()
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, tuple) else ()
