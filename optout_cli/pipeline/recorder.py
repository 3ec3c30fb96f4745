"""Facts of a notice that remember what a template asks of them."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import msgspec

from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Program


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
    conditions += [it.when for it in (*kind.cautions, *program.cautions)]
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
