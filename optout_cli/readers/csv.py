"""CSV text -> rows. The first line names the columns, which are key paths (`cc.0.name`).

An empty cell is absent, blanks around a text are dropped, and what is left of a list moves up. A
text where a list is wanted is a list of its lines, which is for `shape` to say. A spreadsheet
would take a cell that begins as a formula for one, so such a cell is kept behind an apostrophe.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.readers.document import MAX_DEPTH, OWN_MARK, Layer, Row, Tree, row_from, unseen_in

_ERROR = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_KEY = "jurisdiction"  # the column that the header has, and no row
_DELIMITERS = ",;\t"  # spreadsheets write the second where the comma is the decimal sign
_Branch = dict[str, "_Branch | str"]


class _Column(NamedTuple):
    """A column's place, its name, and the keys that the name consists of."""

    number: int
    name: str
    keys: tuple[str, ...]


def rows_from_csv(text: str, file: str) -> Iterator[Row]:
    """Yield each row below the header that has a cell filled in.

    Raises OptoutError where the header is wrong, or where quotes do not pair.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = _lines(text, file)
    header, first = next(lines, None), next(lines, None)
    if header is None:
        return
    if first is not None:
        _refuse_title(header, first, file)
    columns = _columns(header.cells, Location(file, header.line))
    for it in chain(filter(None, [first]), lines):
        yield _row(it, columns, file)


class _Line(NamedTuple):
    """A line with a cell filled in: where it begins, and its row as a spreadsheet counts."""

    line: int
    number: int
    cells: list[str]


def _lines(text: str, file: str) -> Iterator[_Line]:
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for number, cells in enumerate(reader, 1):
            if any(it.strip() for it in cells):
                yield _Line(line, number, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        hint = 'a text with a comma or a quote in it stands in quotes, a quote in it is ""'
        raise OptoutError(
            Problem("csv", f"is not CSV: {error}", Location(file, line), hint)
        ) from None


def _refuse_title(header: _Line, following: _Line, file: str) -> None:
    """Tell once of what stands above the columns' names, and not in each row."""
    has_key = [_KEY in map(str.strip, it.cells) for it in (header, following)]
    if has_key == [False, True]:
        message = f"does not name the columns; line {following.line} does"
        hint = f"delete line {header.line}: the names of the columns come first"
        raise OptoutError(Problem("no-header", message, Location(file, header.line), hint))


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _columns(cells: Sequence[str], location: Location) -> tuple[_Column, ...]:
    """Read the header. Raises OptoutError with every problem of it."""
    names = [it.strip() for it in cells]
    read = [it for it in names if it and not it.startswith(OWN_MARK)]
    problems = [
        Problem(
            "equal-columns", f"has the column {name!r} {count} times", location, "keep one of them"
        )
        for name, count in Counter(read).items()
        if count > 1
    ]
    above = {name.rpartition(".")[0] for name in read}
    above |= {name[:end] for name in above for end in range(len(name)) if name[end] == "."}
    for name in dict.fromkeys(read):
        keys = name.split(".")
        if not all(keys) or len(keys) > MAX_DEPTH:
            hint = "such as jurisdiction, signatory.name or cc.0.title"
            problems.append(
                Problem("wrong-column", f"has no such column as {name!r}", location, hint)
            )
        if name in above:
            inner = next(it for it in read if it.startswith(f"{name}."))
            message = f"has the column {name!r} and within it {inner!r}"
            problems.append(Problem("wrong-column", message, location, "keep one of the two forms"))
    raise_any(problems)
    return tuple(_Column(it, name, tuple(name.split("."))) for it, name in enumerate(names))


def _row(at: _Line, columns: Sequence[_Column], file: str) -> Row:
    line, number, cells = at
    names = [it.name for it in columns] + [""] * (len(cells) - len(columns))
    original = tuple(zip(names, map(_plain, cells), strict=False))
    location = Location(file, line)
    problems = [
        _nameless(place, text, location)
        for place, (name, text) in enumerate(original, 1)
        if text and not name
    ]
    problems += [
        it
        for (name, _), cell in zip(original, cells, strict=False)
        if name and not name.startswith(OWN_MARK) and (it := _formula(name, cell.strip(), location))
    ]
    branch: _Branch = {}
    for column, (_, text) in zip(columns, original, strict=False):
        if text and column.name and not column.name.startswith(OWN_MARK):
            node = branch
            for key in column.keys[:-1]:
                node = node.setdefault(key, {})  # type: ignore[assignment]  # the header saw to it
            node[column.keys[-1]] = text
    layer = Layer(file, {"": (line, 1)}, "row")
    data = _settled(branch, "", "", layer)
    texts = ((path, _at(branch, layer.names.get(path, path))) for path in layer.marks)
    problems += unseen_in(texts, layer)
    return row_from(original, data, layer, problems, "" if number == line else f"row {number}")


def _nameless(number: int, text: str, location: Location) -> Problem:
    message = f"cell {number} ({text[:40]!r}) stands in a column without a name"
    hint = "name the column in the first line; or is a text with a comma in it not in quotes?"
    return Problem("nameless-column", message, location, hint)


def _formula(column: str, cell: str, location: Location) -> Problem | None:
    """Return the Problem of a cell that holds a formula, or why that comes to nothing."""
    at = msgspec.structs.replace(location, path=column)
    hint = "see to it in the spreadsheet, and save the values as CSV UTF-8"
    if _ERROR.fullmatch(cell):
        return Problem("spreadsheet-error", f"holds {cell}, a spreadsheet's error", at, hint)
    if cell.startswith("="):
        return Problem("formula", "holds a formula, not what it comes to", at, hint)
    return None


def _settled(branch: _Branch, path: str, column: str, layer: Layer) -> Tree:
    """Turn numbered keys into lists without gaps, and note the column of each path in `layer`."""
    is_list = bool(branch) and all(key.isdecimal() for key in branch)
    keys = sorted(branch, key=int) if is_list else list(branch)
    settled: dict[str, Tree] = {}
    for number, key in enumerate(keys):
        at = _joined(path, str(number) if is_list else key)
        from_column = _joined(column, key)
        layer.marks[at] = layer.marks[""]
        if at != from_column:
            layer.names[at] = from_column
        value = branch[key]
        settled[key] = value if isinstance(value, str) else _settled(value, at, from_column, layer)
    return list(settled.values()) if is_list else settled


def _at(branch: _Branch, column: str) -> str:
    """Return the text of a column, or an empty one where other columns lie within it."""
    node: _Branch | str = branch
    for key in column.split(".") if column else ():
        node = node[key] if isinstance(node, dict) else ""
    return node if isinstance(node, str) else ""


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _plain(cell: str) -> str:
    """Return a cell's text as it is meant: line ends as LF, no blanks around it, no guard."""
    return unguarded(cell.replace("\r\n", "\n").replace("\r", "\n").strip())


_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def csv_from(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; lines end as RFC 4180 has them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_guarded, header))
    writer.writerows(map(_guarded, row) for row in rows)
    return text.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return a cell's text as it is meant, without the apostrophe that guards it."""
    return cell[1:] if _GUARDED.match(cell) else cell
