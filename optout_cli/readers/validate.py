"""Document -> noun: every wrong shape, key and text named at its place, in one run.

msgspec is quick and stops at its first error; where it does, a walk over the noun's fields looks
at every value.
"""

import re
from calendar import month_name, monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from optout_cli.errors import Problem, closest, did_you_mean, raise_any
from optout_cli.model.fields import Text
from optout_cli.readers.document import OWN_MARK, Document, Tree

_T = TypeVar("_T")
_MOST_SHOWN = 5  # fields that a hint names
_LIST_MARK = re.compile(
    r"^(?:[-*\u2022\u2013]|[0-9]{1,2}[.)])\s+"
)  # as people begin a list's lines
_INITIALS = 3  # letters that are enough to know a name by
_SHOWN = 60  # characters of a wrong value that a message repeats


def convert(document: Document, kind: type[_T], path: str = "") -> _T:
    """Read the value at `path` of `document` as a noun. Raises OptoutError with every problem.

    A text where a list is wanted is split: paragraphs at blank lines, lines at line ends, and so
    is a cell of a row.
    """
    value: Tree = document.data
    for part in filter(None, path.split(".")):
        value = value.get(part, {}) if isinstance(value, dict) else {}
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        walk = _Walk(document)
        # Any: what the walk gives is plain data until msgspec has made the noun of it.
        plain: Any = walk.read(value, kind, path, path or kind.__name__.lower())
        raise_any(walk.problems)
        return msgspec.convert(plain, kind, strict=False)


class _Walk:
    """Reads values by their annotations, and collects what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.is_row = any(it.kind == "row" for it in document.layers)
        self.problems: list[Problem] = []

    # Any: annotations are classes, unions, literals and Annotated, which have no common type.
    def read(self, value: Tree, annotation: Any, path: str, name: str) -> Any:
        kind = _without_none(annotation)
        metas = [it for it in get_args(kind)[1:] if isinstance(it, msgspec.Meta)]
        bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        origin = get_origin(bare)
        if bare is Any:
            return value
        if origin in (Union, UnionType):
            return self.read(value, _chosen(get_args(bare), value), path, name)
        if origin is tuple:
            return self._list(value, get_args(bare)[0], metas, path, name)
        if origin is dict:
            return self._mapping(value, get_args(bare), path, name)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return self._noun(value, bare, path, name)
        return self._text(value, kind, bare, metas, path, name)

    def fail(self, path: str, code: str, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, self.document.location(path), hint))

    def _noun(self, value: Tree, noun: type[msgspec.Struct], path: str, name: str) -> Tree:
        if not isinstance(value, dict):
            keys = ", ".join(f"{field.encode_name}: ..." for field in _fields(noun)[:_MOST_SHOWN])
            message = f"{name} must hold `name: value`, not {_shown(value)}"
            self.fail(path, "wrong-shape", message, f"write {keys}")
            return {}
        known = {field.encode_name: field for field in _fields(noun)}
        unknown = [key for key in value if key not in known]
        for key in unknown:
            message = f"{name} has no field {key!r}"
            is_own = self.is_row and not path and not closest(key, known)
            hint = f"begin the name of a column of your own with {OWN_MARK}" if is_own else ""
            at = _joined(path, key)
            self.fail(at, "unknown-key", message, hint or _hint_for(key, known))
        misspelt = {closest(key, known) for key in unknown}
        for key, field in known.items():
            if field.required and key not in value and key not in misspelt:
                at = _joined(path, key)  # where it stands empty, else around it
                hint = f"fill in {at}" if self.is_row else f"add {key}: ..."
                self.fail(at, "missing-key", f"{name} needs {key!r}", hint)
        return {key: self._field(value, known, key, path) for key in known if key in value}

    def _field(
        self, value: dict[str, Tree], known: dict[str, FieldInfo], key: str, path: str
    ) -> Tree:
        at = _joined(path, key)
        if meant := _meant(value, known, key):
            message = f"what stands below {key!r} belongs to {meant!r}"
            self.fail(at, "wrong-key", message, f"write {meant}: instead of {key}:")
            return {}
        plain: Tree = self.read(value[key], known[key].type, at, at)
        return plain

    def _mapping(self, value: Tree, kinds: tuple[Any, ...], path: str, name: str) -> Tree:
        if not isinstance(value, dict):
            self.fail(path, "wrong-shape", f"{name} must hold `name: value`, not {_shown(value)}")
            return {}
        key_kind, value_kind = kinds
        if key_kind is not str:
            for key in value:
                self.read(key, key_kind, _joined(path, key), f"the key in {name}")
        return {
            key: self.read(item, value_kind, _joined(path, key), _joined(path, key))
            for key, item in value.items()
        }

    def _list(
        self, value: Tree, kind: Any, metas: list[msgspec.Meta], path: str, name: str
    ) -> list[Tree]:
        is_split = isinstance(value, str) and _is_text(kind)
        items = self._split(value, kind, path) if is_split else value  # type: ignore[arg-type]  # a text
        if not isinstance(items, list):
            hint = _list_hint(kind, name)
            self.fail(path, "wrong-shape", f"{name} must be a list, not {_shown(value)}", hint)
            return []
        most = next((meta.max_length for meta in metas if meta.max_length), None)
        if most is not None and len(items) > most:
            self.fail(path, "too-long", f"{name} has {len(items)} entries; at most {most} fit")
            return []
        if not items and any(meta.min_length for meta in metas):
            self.fail(path, "missing-key", f"{name} has no entry", "add at least one")
        return [
            self.read(item, kind, _joined(path, str(number)), f"{name}.{number}")
            for number, item in enumerate(items)
        ]

    def _split(self, value: str, kind: Any, path: str) -> list[Tree]:
        is_cell = self.document.is_cell(path)
        if kind == Text and not is_cell:
            return [" ".join(part.split()) for part in re.split(r"\n\s*\n", value.strip())]
        lines = [line.strip() for line in value.strip().split("\n")]
        if is_cell and len(lines) > 1:  # the letter has marks of its own
            lines = [it for it in lines if it]
            bare = [_LIST_MARK.sub("", it) for it in lines]
            lines = bare if all(it != line for it, line in zip(bare, lines, strict=True)) else lines
        return [*lines]

    def _text(
        self, value: Tree, kind: Any, bare: Any, metas: list[msgspec.Meta], path: str, name: str
    ) -> Tree:
        if not isinstance(value, str):
            hint = "put a text with a colon in it in quotes" if isinstance(value, dict) else None
            self.fail(path, "wrong-shape", f"{name} must be one text, not {_shown(value)}", hint)
        elif get_origin(bare) is Literal:
            if value not in get_args(bare):
                hint = self._choice_hint(value, [*map(str, get_args(bare))], path)
                self.fail(path, "unknown-choice", f"{name} cannot be {_shown(value)}", hint)
        elif bare is date:
            self._date(value, path, name)
        else:
            self._leaf(value, kind, bare, metas, path, name)
        return value

    def _choice_hint(self, value: str, choices: list[str], path: str) -> str:
        """Tell several choices in one text apart, and know one by its initials."""
        parts = re.split(r"[\s,;]+", value.strip())
        is_in_list = path.rpartition(".")[2].isdecimal()
        if is_in_list and len(parts) > 1 and set(parts) <= set(choices):
            is_cell = self.is_row and self.document.is_cell(path.rpartition(".")[0])
            listed = ", ".join(parts)
            return "write each on a line of its own" if is_cell else f"write [{listed}]"
        initials = "".join(it[0] for it in re.split(r"[\W_]+", value.casefold()) if it)
        known = [it for it in choices if len(it) >= _INITIALS and initials.startswith(it)]
        return f"write {known[0]}" if known else did_you_mean(value, choices)

    def _leaf(
        self, value: str, kind: Any, bare: Any, metas: list[msgspec.Meta], path: str, name: str
    ) -> None:
        try:
            msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError:
            pass
        else:
            return
        most = next((meta.max_length for meta in metas if meta.max_length), None)
        if most is not None and len(value) > most:
            message = f"{name} is {len(value):,} characters long; at most {most:,} fit"
            self.fail(path, "too-long", message, "shorten it, or put it into a file to enclose")
            return
        extra = next((meta.extra for meta in metas if meta.extra), None) or {}
        expects = extra.get("expects", "true or false" if bare is bool else "of the right form")
        hint = extra.get("hint")
        digits = extra.get("digits", 0)
        if self.is_row and value.isdecimal() and digits - 2 <= len(value) < digits:
            whole = value.zfill(digits)
            hint = (
                f"write all {digits} digits; a spreadsheet keeps {whole} where the format is Text"
            )
        self.fail(path, "wrong-text", f"{name} {_shown(value)} is not {expects}", hint)

    def _date(self, value: str, path: str, name: str) -> None:
        if is_day(value):
            return
        is_written = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
        problem = "is no day of the calendar" if is_written else "is not a date"
        self.fail(path, "wrong-date", f"{name} {_shown(value)} {problem}", date_hint(value))


@cache
def _fields(noun: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    return msgspec.structs.fields(noun)


def _list_hint(kind: Any, name: str) -> str:
    """Show a list of groups on one line, and say how any other is begun."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        key = next((it.encode_name for it in _fields(kind) if it.required), _fields(kind)[0].name)
        return f"write it as [{{{key}: ...}}]"
    return f"below {name}: begin each with `- `"


def _hint_for(key: str, known: dict[str, FieldInfo]) -> str:
    """Tell where an unknown key may belong: within a field beside it, or to a like one."""
    within = [name for name, field in known.items() if key in _keys_within(field)]
    if within:
        return f"does it belong to {' or '.join(within)}? then indent it by two spaces below that"
    return did_you_mean(key, known)


def _meant(value: dict[str, Tree], known: dict[str, FieldInfo], key: str) -> str | None:
    """Return the field that has all the keys found below `key`, where `key` has none of them."""
    inside = value[key]
    own = _keys_within(known[key])
    if not own or not isinstance(inside, dict) or not inside or own & inside.keys():
        return None
    others = (name for name in known if name not in value)
    return next((name for name in others if inside.keys() <= _keys_within(known[name])), None)


def _keys_within(field: FieldInfo) -> set[str]:
    kind = _without_none(field.type)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {it.encode_name for it in _fields(kind)}
    return set()


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    members = [it for it in get_args(annotation) if it is not NoneType]
    return reduce(or_, members)


def _chosen(members: tuple[Any, ...], value: Tree) -> Any:
    """Pick the member of a union that has the value's shape, else the first."""
    return next((it for it in _fitting(members, value)), members[0])


def _fitting(members: tuple[Any, ...], value: Tree) -> Iterator[Any]:
    for member in members:
        is_mapping = get_origin(member) is dict or (
            isinstance(member, type) and issubclass(member, msgspec.Struct)
        )
        if is_mapping == isinstance(value, dict):
            yield member


def _is_text(kind: Any) -> bool:
    """Tell whether a value is written as one text: a line, a paragraph, a date, a choice."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return bare in (str, date) or get_origin(bare) is Literal


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: Tree) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")


PLAIN_DATE = "write it as 2010-08-31: year, month, day"
# In the order of the United States first: 03/04/2026 is asked for as March 4.
_FORMS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%Y/%m/%d", "%Y%m%d", "%B %d %Y", "%b %d %Y"),
    *("%d %B %Y", "%d %b %Y", "%d %b %y"),
)
_DAY_ONE = date(1899, 12, 30)  # from which spreadsheets count
_COUNTED = range(36_526, 73_051)  # the days of 2000 to 2099, so counted
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def is_day(text: str) -> bool:
    """Tell whether a text is a day of the calendar, written year, month, day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return bool(_ISO.fullmatch(text))


def date_hint(text: str) -> str:
    """Say how a date is written, and which day may be meant."""
    if meant := _meant_by(text):
        return f"write year, month, day; is {meant} meant?"
    parts = _ISO.fullmatch(text)
    year, month = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    if year and 1 <= month <= len(month_name) - 1:
        return f"{month_name[month]} {year} has {monthrange(year, month)[1]} days"
    return PLAIN_DATE


def _meant_by(text: str) -> date | None:
    """Return the day that a text in another form most likely names."""
    if text.isascii() and text.isdecimal() and int(text) in _COUNTED:
        return _DAY_ONE + timedelta(int(text))
    plain = " ".join(text.replace(",", " ").replace(". ", " ").split())
    for form in _FORMS:
        for mark in ("/", ".", "-") if "/" in form else (" ", "-"):
            try:
                found = datetime.strptime(plain, form.replace("/", mark).replace(" ", mark))  # noqa: DTZ007  # a day, in no zone
            except ValueError:
                continue
            return found.date()
    return None
