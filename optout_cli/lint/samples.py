"""Sample particulars to try a letter kind with, and a record of the facts that a letter uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import msgspec

from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Particular, Program
from optout_cli.readers.document import Tree

Group = dict[str, Tree]
_APART = timedelta(days=30)  # from the letter's date to a sample day before or after it
_MOST = timedelta(days=45)  # to any other sample day; it may have to follow the ones after it


def samples(declared: Mapping[str, Particular], day: date) -> Iterator[Group]:
    """Yield particulars for a letter of `day`, with and without each of them.

    For every combination of the single choices, and of each and all choices of a required list:
    all particulars, only the required ones, all but one, and the required ones with one more. Other
    lists have one entry, and an entry for each difference that they can have.
    """
    choices: dict[str, Sequence[Tree]] = {}
    for name, spec in declared.items():
        if spec.type == "choice":
            choices[name] = spec.choices
        elif spec.of == "choice" and spec.required:
            each: list[Tree] = [[choice] for choice in spec.choices]
            choices[name] = [*each, [*spec.choices]]
    for chosen in product(*choices.values()):
        whole = _group(declared, day) | dict(zip(choices, chosen, strict=True))
        yield from _subsets(declared, whole)
        yield {
            name: value[:1] if isinstance(value, list) else value for name, value in whole.items()
        }


def hostile(value: Tree, declared: Particular, words: str) -> Tree:
    """Return a sample with `words` for each text that a person would write."""
    if isinstance(value, list):
        kind = declared.of if declared.type == "list" else "text"
        if isinstance(kind, dict):
            return [
                {key: hostile(inner, kind[key], words) for key, inner in item.items()}
                for item in value
                if isinstance(item, dict)
            ]
        return [words for _ in value] if kind in ("text", "paragraphs") else value
    return words if declared.type == "text" else value


def _subsets(declared: Mapping[str, Particular], whole: Group) -> Iterator[Group]:
    """Yield a group whole; only the required ones; all but one; the required ones and one more."""
    optional = [name for name, spec in declared.items() if not spec.required]
    bare = {name: value for name, value in whole.items() if name not in optional}
    yield whole
    yield bare
    for name in optional:
        yield {key: value for key, value in whole.items() if key != name}
        yield {**bare, name: whole[name]}


def _group(declared: Mapping[str, Particular], day: date) -> Group:
    """Return a value for each particular, so that every `when` and `not-before` holds."""
    apart = {"before": -_APART, "after": _APART, None: _MOST}
    days = {name: day + apart[spec.when] for name, spec in declared.items()}
    for name, spec in declared.items():
        if spec.not_before in days:
            days[name] = max(days[name], days[spec.not_before])
    return {name: _value(spec, name, day, days[name]) for name, spec in declared.items()}


def _value(spec: Particular, name: str, day: date, own_day: date) -> Tree:
    words = f"Sample {name.replace('-', ' ')}"
    match spec.type:
        case "text":
            return words
        case "paragraphs":
            return [f"{words} one.", f"{words} two."]
        case "date":
            return own_day.isoformat()
        case "choice":
            return spec.choices[0]
        case _:
            return list(_entries(spec, name, day, own_day))


def _entries(spec: Particular, name: str, day: date, own_day: date) -> Iterator[Tree]:
    """Yield entries of a list: with and without each field, and with each choice."""
    if isinstance(spec.of, dict):
        whole = _group(spec.of, day)
        items = [*_subsets(spec.of, whole)]
        for field, inner in spec.of.items():
            items += [{**whole, field: choice} for choice in inner.choices[1:]]
        for number, item in enumerate(items):
            yield {
                key: f"{value} #{number}" if spec.of[key].type == "text" else value
                for key, value in item.items()
            }
    elif spec.of == "choice":
        yield from spec.choices
    else:
        first = Particular(type=spec.of or "text", help=spec.help)
        yield _value(first, name, day, own_day)
        if spec.per:  # one for all
            return
        yield _value(first, f"other-{name}", day, own_day + timedelta(days=1))


class _Recorder:
    """A struct's values, with a record in `seen` of the path of each one that is read.

    `particulars.earlier.date` is the field of any entry of the list.
    """

    # Any: whatever a letter kind declares.
    def __init__(self, value: Any, path: str, seen: set[str]) -> None:
        self._value, self._path, self._seen = value, path, seen

    def held(self) -> Iterable[object]:
        """Return the values of the struct without a record in `seen`."""
        return _held(self._value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._value, name)
        if name.startswith("__"):  # a name of Python's, which no template can read
            return value
        path = f"{self._path}.{name.replace('_', '-')}"
        self._seen.add(path)
        if isinstance(value, tuple):
            return tuple(
                _Recorder(item, path, self._seen) if isinstance(item, msgspec.Struct) else item
                for item in value
            )
        return value


class _RecordedDict(dict[str, Any]):  # Any: citations or dates
    """A mapping with a record in `seen` of the path of each key that is read."""

    def __init__(self, value: dict[str, Any], path: str, seen: set[str]) -> None:
        super().__init__(value)
        self._path, self._seen = path, seen

    def __getitem__(self, key: str) -> Any:
        self._seen.add(f"{self._path}.{key}")
        return super().__getitem__(key)


def recorded(notice: Notice, seen: set[str]) -> Notice:
    """Return the notice with facts that record in `seen` each path that a template reads."""
    activation = notice.activation
    if activation and activation.kind == "scheduled":
        # The activation comes from the particular; the letter reads it as `activation`.
        seen.add("particulars.scheduled")
    return msgspec.structs.replace(
        notice,
        particulars=_Recorder(notice.particulars, "particulars", seen),
        citations=_RecordedDict(notice.citations, "citations", seen),
        computed=_RecordedDict(notice.computed, "computed", seen),
    )


def names_in_rules(program: Program, kind: LetterKind) -> set[str]:
    """Return the paths of the particulars that a rule of the program or the kind uses."""
    conditions = [rule.when for rule in (*kind.refuse, *program.refuse)]
    conditions += [note.when for note in (*kind.notes, *program.notes)]
    conditions += [copied.when for rule in program.recipients for copied in rule.copy]
    conditions += [rule.when for rule in kind.computed.values()]
    names = {name for when in conditions for name in when.names}
    names |= {rule.from_ for rule in kind.computed.values()}
    names |= {*program.told_apart_by, *filter(None, [program.author])}
    return {f"particulars.{name}" for name in names}


def days_in(value: object) -> set[date]:
    """Return every day in particulars or computed dates, and leave no record of it."""
    if isinstance(value, date):
        return {value}
    return set().union(*map(days_in, _held(value)))


def _held(value: object) -> Iterable[object]:
    if isinstance(value, _Recorder):
        return value.held()
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, tuple) else ()
