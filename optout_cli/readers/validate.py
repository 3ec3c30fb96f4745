"""Document -> noun. Names every wrong shape, key and text with its location, in one run.

msgspec is fast and stops at its first error. After one, a walk over the noun's fields checks every
value.
"""

import re
from datetime import date
from functools import cache, reduce
from itertools import takewhile
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from optout_cli.errors import Problem, closest, did_you_mean, raise_any, shorten
from optout_cli.model.fields import LetterId, Line, Text
from optout_cli.readers.cells import (
    BETWEEN_DATES,
    check_date,
    choice_in_words,
    code_in_words,
    column_of,
    date_in_words,
    right_weekday,
    slashed_days,
)
from optout_cli.readers.document import OWN_MARK, Document, Tree, join_path
from optout_cli.readers.postal import carrier_hint

_T = TypeVar("_T")
_MAX_NAMES = 5  # fields that a hint lists
# The marks that people type before the items of a list.
_LIST_MARK = re.compile(r"^(?:[-*\u2022\u2013\u25a0-\u27bf\ue000-\uf8ff]|[0-9]{1,2}[.)])\s+")
_LETTERS = "such as secure-communities/opt-out; see `optout list letters`"
_FOR_ALL = "; for all rows at once, write it in the file for --common, or add --letter"
_CERTIFIED = "certified-mail"
_INITIALS = 3  # letters that are enough to recognize a choice


def convert(document: Document, kind: type[_T], path: str = "") -> _T:
    """Read the value at `path` of `document` as a noun. Raises OptoutError with every problem.

    Text where a list is wanted is split: paragraphs at blank lines, and lines and the cells of a
    row at line ends; choices and dates also at semicolons and commas. Text where a noun is wanted
    is its field TEXT_IS, if it has that.
    """
    value: Tree = document.data
    for part in filter(None, path.split(".")):
        value = value.get(part, {}) if isinstance(value, dict) else {}
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        walk = _Walk(document)
        # Any: the walk returns plain data, which msgspec then converts.
        plain: Any = walk.read(value, kind, path, path or kind.__name__.lower())
        raise_any(walk.problems)
        return msgspec.convert(plain, kind, strict=False)


class _Walk:
    """Reads values by their annotations, and collects the problems."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.is_row = any(layer.kind == "row" for layer in document.layers)
        self.problems: list[Problem] = []

    # Any: annotations are classes, unions, literals and Annotated, which have no common type.
    def read(self, value: Tree, annotation: Any, path: str, name: str = "") -> Any:
        """Return the value at `path` as plain data; messages call it `name`, or else `path`."""
        kind, name = _without_none(annotation), name or path
        bare = _without_metas(kind)
        origin = get_origin(bare)
        if bare is Any:
            return value
        if origin in (Union, UnionType):  # take the member with the value's shape, or the first
            is_mapping = isinstance(value, dict)
            members = get_args(bare)
            fitting = (
                member
                for member in members
                if (_is_noun(member) or get_origin(member) is dict) == is_mapping
            )
            return self.read(value, next(fitting, members[0]), path, name)
        if origin is tuple:
            return self._read_list(value, kind, path, name)
        if origin is dict:
            return self._read_mapping(value, get_args(bare), path, name)
        if _is_noun(bare):
            only = _text_field(bare) if isinstance(value, str) else None
            return self._read_noun({only: value} if only else value, bare, path, name)
        return self._read_text(value, kind, path, name)

    def _fail(self, path: str, code: str, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, self.document.location(path), hint, path))

    def _read_noun(self, value: Tree, noun: type[msgspec.Struct], path: str, name: str) -> Tree:
        known = _fields_of(noun)
        if not isinstance(value, dict):
            keys = [self._way_to_write(join_path(path, key)) for key in known]
            hint = f"write {', '.join(keys[:_MAX_NAMES])}"
            message = f"{name} must be `name: value` pairs, not {_describe(value)}"
            self._fail(path, "wrong-shape", message, hint)
            return {}
        unknown = [key for key in value if key not in known]
        for key in unknown:
            hint = self._unknown_key_hint(key, value, known, path)
            self._fail(join_path(path, key), "unknown-key", f"{name} has no field {key!r}", hint)
        misspelt = {closest(key, known) for key in unknown}
        for key, field in known.items():
            if field.required and key not in value and key not in misspelt:
                inner = join_path(path, key)  # an empty key has a location of its own
                add = f"--set {inner}=..." if self.document.is_command_line else f"{key}: ..."
                hint = f"fill in {inner}" if self.is_row else f"add {add}"
                if field.type is LetterId:
                    hint += f", {_LETTERS}{_FOR_ALL if self.is_row else ''}"
                self._fail(inner, "missing-key", f"{name} needs {key!r}", hint)
        plain: dict[str, Tree] = {}
        for key in (key for key in known if key in value):
            inner = join_path(path, key)
            if meant := _find_meant(value, known, key):
                message = f"the lines below {key!r} belong to {meant!r}"
                self._fail(inner, "wrong-key", message, f"write {meant}: instead of {key}:")
            else:
                plain[key] = self.read(value[key], known[key].type, inner)
        return plain

    def _unknown_key_hint(
        self, key: str, value: dict[str, Tree], known: dict[str, FieldInfo], path: str
    ) -> str:
        meant = column_of(key) if self.is_row and not path else [key]
        if len(meant) == 1 and meant != [key]:  # `Signatory Name`, in a line of JSON
            return f"write {meant[0]!r}"
        if self.is_row and not path and not closest(key, known):
            return f"to add a column of your own, begin its name with {OWN_MARK}"
        above = [*takewhile(lambda other: other != key, value)][-1:]
        field = known.get(above[0]) if above and isinstance(value[above[0]], list) else None
        if field and key in field_names(field.type) and not self.document.is_cell(path):
            return "does it belong to the entry above it? if so, indent it like that entry's lines"
        if around := [outer for outer, field in known.items() if key in _keys_within(field)]:
            return f"does it belong to {' or '.join(around)}? if so, indent it two spaces below"
        return did_you_mean(key, known)

    def _way_to_write(self, path: str) -> str:
        """Return how to give the value at a path where its noun was given: `city: ...` in YAML."""
        if self.document.is_cell(path):
            return path
        if self.document.location(path).is_command_line:
            return f"--set {path}=..."
        return f"{path.rpartition('.')[2]}: ..."

    def _read_mapping(self, value: Tree, kinds: tuple[Any, ...], path: str, name: str) -> Tree:
        if not isinstance(value, dict):
            message = f"{name} must be `name: value` pairs, not {_describe(value)}"
            self._fail(path, "wrong-shape", message)
            return {}
        key_kind, value_kind = kinds
        if key_kind is not str:
            for key in value:
                self.read(key, key_kind, join_path(path, key), f"the key in {name}")
        return {
            key: self.read(item, value_kind, join_path(path, key)) for key, item in value.items()
        }

    def _read_list(self, value: Tree, kind: Any, path: str, name: str) -> list[Tree]:
        metas = _metas_of(kind)
        item_kind = get_args(_without_metas(kind))[0]
        bare_item = _without_metas(item_kind)
        is_of_texts = bare_item in (str, date) or get_origin(bare_item) is Literal
        is_of_texts = is_of_texts or _text_field(bare_item) is not None
        if isinstance(value, str) and is_of_texts:
            is_quoted = any((meta.extra or {}).get("quoted") for meta in metas)
            value = self._split(value, item_kind, path, is_quoted=is_quoted)
        if not isinstance(value, list):
            hint = f"below {name}:, begin each item with `- `"
            if _is_noun(item_kind):
                fields = _fields_of(item_kind)
                first = next((key for key in fields if fields[key].required), next(iter(fields)))
                hint = f"write it as [{{{first}: ...}}]"
                if isinstance(value, dict):
                    first = next(iter(value), first)
                    hint = f"write [{{{first}: ...}}], or `- ` before its first line"
                if self.document.is_cell(path):
                    hint = f"name the column {path}.0.{first}"
            message = f"{name} must be a list, not {_describe(value)}"
            self._fail(path, "wrong-shape", message, hint)
            return []
        most = _max_length(metas)
        if most is not None and len(value) > most:
            message = f"{name} has {len(value)} entries; at most {most} fit"
            self._fail(path, "too-long", message)
            return []
        if not value and any(meta.min_length for meta in metas):
            self._fail(path, "missing-key", f"{name} has no entry", "add at least one")
        return [
            self.read(item, item_kind, join_path(path, number), f"{name}.{number}")
            for number, item in enumerate(value)
        ]

    def _split(self, value: str, kind: Any, path: str, *, is_quoted: bool) -> list[Tree]:
        is_cell = self.document.is_cell(path)
        bare = _without_metas(kind)
        ends = "\n" if bare is str else BETWEEN_DATES if bare is date else r"[\n;,]"
        ends = r"[\n;]" if _is_noun(bare) else ends
        lines = [line.strip() for line in re.split(ends, value.strip())]
        filled = [line for line in lines if line]
        # A list in the letter has its own marks; the words of others keep theirs.
        if len(filled) > 1 and all(map(_LIST_MARK.match, filled)):
            return [line if is_quoted else _LIST_MARK.sub("", line) for line in filled]
        if kind == Text and not is_cell:
            parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", value.strip())]
            has_marks = len(parts) > 1 and all(map(_LIST_MARK.match, parts)) and not is_quoted
            return [_LIST_MARK.sub("", part) if has_marks else part for part in parts]
        return [*(filled if is_cell else lines)]

    def _read_text(self, value: Tree, kind: Any, path: str, name: str) -> Tree:
        bare = _without_metas(kind)
        if not isinstance(value, str):
            hint = "put text with a colon in quotes" if isinstance(value, dict) else None
            self._fail(path, "wrong-shape", f"{name} must be text, not {_describe(value)}", hint)
        elif self.document.is_cell(path) and (meant := self._meant_in_cell(value, kind, path)):
            return meant
        elif get_origin(bare) is Literal:
            if value not in get_args(bare):
                hint = self._choice_hint(value, [*map(str, get_args(bare))], path)
                self._fail(path, "unknown-choice", f"{name} cannot be {_describe(value)}", hint)
        elif bare is date:
            days = slashed_days(value) if self.document.is_cell(path) else None
            if days and not right_weekday(value):
                self._fail_slashed(value, days, path, name)
            elif wrong := check_date(value):
                self._fail(path, "wrong-date", f"{name} {_describe(value)} {wrong[0]}", wrong[1])
        else:
            self._check_text(value, kind, path, name)
        return value

    def _fail_slashed(
        self, value: str, days: tuple[str | None, str | None], path: str, name: str
    ) -> None:
        """Say why 13/12/2026 is not read; `days` are what it is month first and day first."""
        shown, order = f"{name} {_describe(value)}", self.document.date_order(path)
        if not any(days):
            hint = "write it as YYYY-MM-DD, such as 2010-08-31"
            self._fail(path, "wrong-date", f"{shown} is not on the calendar", hint)
        elif not all(days) and order != "mixed":
            message = f"{shown} has its month in the second place, not in the first"
            self._fail(path, "wrong-date", message, f"write {days[1]} if that is the day")
        elif order:
            message = "has dates that can be read month first or day first"
            hint = "format the column as Text, and write the dates as 2026-11-24"
            self._fail(path, "two-readings", message, hint)
        else:
            message = f"{shown} can be read month first or day first"
            self._fail(path, "two-readings", message, f"write {days[0]} or {days[1]}")

    def _meant_in_cell(self, value: str, kind: Any, path: str) -> str | None:
        """Return what a cell says in other words, where these have one meaning only."""
        bare = _without_metas(kind)
        if get_origin(bare) is Literal:
            return choice_in_words(value, [*map(str, get_args(bare))])
        if bare is date:
            return date_in_words(value, self.document.date_order(path))
        pattern = next((meta.pattern for meta in _metas_of(kind) if meta.pattern), None)
        return code_in_words(value, pattern) if pattern and kind not in (Line, Text) else None

    def _choice_hint(self, value: str, choices: list[str], path: str) -> str:
        """Separate several choices in one text, and recognize a choice by its first letters."""
        parts = re.split(r"[\s,;]+", value.strip())
        is_in_list = path.rpartition(".")[2].isdecimal()
        if is_in_list and len(parts) > 1 and set(parts) <= set(choices):
            is_cell = self.is_row and self.document.is_cell(path.rpartition(".")[0])
            return "write each on its own line" if is_cell else f"write [{', '.join(parts)}]"
        if "registered" in value.casefold() and _CERTIFIED in choices:
            return f"registered mail is not {_CERTIFIED}: write {_CERTIFIED} if it is that, or mail"
        if "mail" in choices and (hint := carrier_hint(value)):
            return hint
        initials = "".join(word[0] for word in re.split(r"[\W_]+", value.casefold()) if word)
        for choice in choices:
            if len(choice) >= _INITIALS and initials.startswith(choice):
                return f"write {choice}"
        return did_you_mean(value, choices)

    def _check_text(self, value: str, kind: Any, path: str, name: str) -> None:
        try:
            msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError:
            pass
        else:
            return
        metas = _metas_of(kind)
        most = _max_length(metas)
        if most is not None and len(value) > most:
            message = f"{name} is {len(value):,} characters long; at most {most:,} fit"
            self._fail(path, "too-long", message, "shorten it, or enclose it as a file")
            return
        extra = next((meta.extra for meta in metas if meta.extra), None) or {}
        is_bool = _without_metas(kind) is bool
        expects = extra.get("expects", "true or false" if is_bool else "in the right form")
        hint = extra.get("hint")
        digits = extra.get("digits", 0)
        if self.is_row and value.isdecimal() and digits - 2 <= len(value) < digits:
            whole = value.zfill(digits)
            is_json = self.document.location(path).path.startswith("$.")
            keep = "put it in quotes" if is_json else "format the column as Text"
            hint = f"write all {digits} digits; {keep} to keep {whole}"
        message = f"{name} {_describe(value)} is not {expects}"
        parts = [part for part in re.split(r"[\s,;/|]+|\bor\b|\band\b", value) if part]
        pattern = next((meta.pattern for meta in metas if meta.pattern), None)
        is_code = len(parts) > 1 and kind not in (Line, Text)
        if pattern and is_code and all(re.search(pattern, part) for part in parts):
            message = f"{name} {_describe(value)} has {len(parts)} values where one fits"
            hint = "write one of them"
        self._fail(path, "wrong-text", message, hint)


@cache
def _fields_of(noun: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(noun)}


@cache
def field_names(kind: Any) -> frozenset[str]:
    """Return the names of the fields of a noun and of all nouns within it, lists of them too."""
    if _is_noun(kind):
        fields = _fields_of(kind)
        return frozenset(fields).union(*(field_names(field.type) for field in fields.values()))
    return frozenset().union(*map(field_names, get_args(kind)))


def choices_at(kind: Any, path: str) -> tuple[str, ...]:
    """Return the choices that a value at a key path of a noun has; none if it is not a choice."""
    for key in path.split("."):
        bare = _without_metas(_without_none(kind))
        if key.isdecimal():
            kind = get_args(bare)[0]
        elif not _is_noun(bare) or key not in _fields_of(bare):
            return ()
        else:
            kind = _fields_of(bare)[key].type
    bare = _without_metas(_without_none(kind))
    return get_args(bare) if get_origin(bare) is Literal else ()


def _find_meant(value: dict[str, Tree], known: dict[str, FieldInfo], key: str) -> str | None:
    """Return the field that has all the keys found below `key`, where `key` has none of them."""
    inside = value[key]
    own = _keys_within(known[key])
    if not own or not isinstance(inside, dict) or not inside or own & inside.keys():
        return None
    unused = (name for name in known if name not in value)
    return next((name for name in unused if inside.keys() <= _keys_within(known[name])), None)


def _keys_within(field: FieldInfo) -> set[str]:
    kind = _without_none(field.type)
    return set(_fields_of(kind)) if _is_noun(kind) else set()


def _is_noun(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _text_field(kind: Any) -> str | None:
    """Return the field of a noun that a text alone gives, if it has one."""
    return getattr(kind, "TEXT_IS", None)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    return reduce(or_, (member for member in get_args(annotation) if member is not NoneType))


def _without_metas(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _metas_of(kind: Any) -> list[msgspec.Meta]:
    return [meta for meta in get_args(kind)[1:] if isinstance(meta, msgspec.Meta)]


def _max_length(metas: list[msgspec.Meta]) -> int | None:
    return next((meta.max_length for meta in metas if meta.max_length), None)


def _describe(value: Tree) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    return repr(shorten(value))
