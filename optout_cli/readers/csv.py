"""CSV text -> rows. The first line has the column names, which are key paths (`cc.0.name`).

An empty cell is absent, spaces around text are dropped, and the items of a list move up to fill
gaps. A cell where a list is wanted holds one item per line; `validate` splits it. A spreadsheet
runs a cell that begins like a formula, so `csv_from` writes an apostrophe before it.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice, zip_longest
from typing import NamedTuple

from optout_cli.errors import Location, OptoutError, Problem, closest, raise_any, shorten
from optout_cli.readers.cells import (
    CITY,
    OF_SENDER,
    PATH,
    STATE,
    STATE_OF_PLACE,
    DateOrder,
    column_among,
    column_of,
    order_of_dates,
)
from optout_cli.readers.document import (
    MAX_DEPTH,
    OWN_MARK,
    Layer,
    Row,
    Tree,
    row_from,
    unseen_in,
    with_lists,
)
from optout_cli.readers.postal import addresses_in, elsewhere, place_in_state, state_code

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_KEY = "jurisdiction"  # the header has this column name; no row has it as a value
_DELIMITERS = ",;\t|^~"  # spreadsheets write `;` where the comma is the decimal sign
_IN_ONE_CELL = (*map(re.escape, _DELIMITERS), r"\s{2,}")
_RULER = " -=:\t\r\n\u00a0"  # a line with nothing else divides a table: | --- | :--- |
_MAX_TITLES = 8  # lines above the header that are looked through
# A table with neither has no dates to read in one order, and no whole address in a cell: one that
# has is read once more, before its rows.
_MUST_BE_READ_WHOLE = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}|[A-Za-z],?[ ][0-9]{5}\b")
_Names = Collection[str]  # of columns, or keys of a request

csv.field_size_limit(2**31 - 1)  # a long cell is refused with its place, as any text is


class _Line(NamedTuple):
    """A line with a filled cell: its first line in the file, and its row in a spreadsheet."""

    line: int
    number: int
    cells: list[str]


class Table(NamedTuple):
    """A table's columns as a request names them, by their own names, and what else it has."""

    header: _Line
    folded: list[str]  # the header's cells, to know it where it comes again
    names: list[str]
    columns: dict[str, str]  # by key path, where the table has another name
    orders: dict[str, DateOrder]  # by column
    addresses: dict[str, dict[str, str]]  # the parts of the first whole address, by its key path
    delimiter: str


def rows_from_csv(
    text: str, file: str, *, is_sheet: bool = False, columns: _Names = (), keys: _Names = ()
) -> Iterator[Row]:
    """Yield each row below the header that has a filled cell.

    `columns` are those of a table that has no requests, `keys` those of a request. Of a sheet of a
    workbook, locations have the row in place of the line. Raises OptoutError where the header is
    wrong, or a quote is not closed.
    """
    table, lines = read_table(text, file, is_sheet=is_sheet, columns=columns, keys=keys)
    if table:
        for line in lines:
            yield _row_from(line, table, file)


def rows_as_they_come(lines: Iterator[str], file: str, keys: _Names) -> Iterator[Row]:
    """Yield each row of a table once its lines are read. Raises OptoutError as `rows_from_csv`.

    The first line that is not blank has the column names. A date such as 11/24/2026 is read by
    itself: no other row tells whether the month comes first.
    """
    top, count = "", 0
    for line in lines:
        top, count = top + line, count + 1
        # A cell in quotes may go on below: then more text makes no other row. Any delimiter may
        # show that, until one divides the names of columns.
        rows = {delimiter: [*_cells_of(top, delimiter)] for delimiter in _DELIMITERS}
        known = [it for it in rows if any(names_columns(cells, ()) for cells in rows[it])]
        counts = ((len(rows[it]), len([*_cells_of(f"{top}more", it)])) for it in known or rows)
        is_open = any(before == after for before, after in counts)
        if top.strip() and (count > _MAX_TITLES or not is_open):
            break
    table, rest = read_table(top, file, keys=keys)
    if table:  # also rows that seemed to be of the first line
        for below in chain(rest, _read_lines(lines, file, table.delimiter, count)):
            yield _row_from(below, table, file)


def _cells_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """Return the lines of a table in cells; the text may end within one."""
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def read_table(
    text: str, file: str, *, is_sheet: bool = False, columns: _Names = (), keys: _Names = ()
) -> tuple[Table | None, Iterator[_Line]]:
    """Read the header of a table, and return it with the lines below it. Raises OptoutError.

    With the `keys` of a request, a column that is like none of them is a problem of the table.
    """
    keys = () if columns else keys
    delimiter = "," if is_sheet else _find_delimiter(text, columns)
    lines = _read_lines(text, file, delimiter)
    if is_sheet:
        lines = (line._replace(line=line.number) for line in lines)
    header = next(lines, None)
    if header is None:
        return None, lines
    location = Location(file, header.line)
    above = list(islice(lines, _MAX_TITLES))
    raise_any(_header_problems(header, above, location, columns, keys))

    @cache
    def filled() -> set[int]:
        rows = (line.cells for line in islice(_read_lines(text, file, delimiter), 1, None))
        below = {at for cells in rows for at, cell in enumerate(cells) if cell.strip()}
        return below if above else {*range(len(header.cells))}  # the rows are not there yet

    names, others = _read_header(header.cells, location, columns, keys, filled)
    again = _read_lines(text if _MUST_BE_READ_WHOLE.search(text) else "", file, delimiter)
    lines_again = [line.cells for line in again]
    cells = zip(header.cells, zip_longest(*lines_again, fillvalue=""), strict=False)
    orders = {own.strip(): order for own, of in cells if (order := order_of_dates(of[1:]))}
    rows = (zip(names, map(cell_from, line), strict=False) for line in reversed(lines_again[1:]))
    found = (addresses_in(dict(row)).items() for row in rows)
    addresses = dict(chain.from_iterable(found))  # the first one of a column stays
    folded = [cell.strip().casefold() for cell in header.cells]
    table = Table(header, folded, names, others, orders, addresses, delimiter)
    return table, chain(above, lines)


def _header_problems(
    header: _Line,
    above: Sequence[_Line],
    location: Location,
    columns: _Names,
    keys: _Names,
) -> Iterator[Problem]:
    """Yield why the first line does not name the columns: one problem, not one of each row."""
    first, names = header.cells[0], [cell.strip() for cell in header.cells]
    unknown = [name for name in names if _doubt_about(name, column_of(name), location, keys)]
    if names_columns(header.cells, columns):
        is_pair = all(len(line.cells) == 2 for line in (header, *above))  # noqa: PLR2004  # name, value
        if keys and is_pair and any(PATH.fullmatch(line.cells[0].strip()) for line in above):
            message = "has the names of a request below each other"
            hint = "write them side by side in the first line, with the values below them"
            yield Problem("no-header", message, location, hint)
    elif below := next((line for line in above if names_columns(line.cells, columns)), None):
        # Titles are above the names.
        message = f"does not name the columns; line {below.line} does"
        several = f"lines {header.line} to {below.line - 1}"
        several = several if below is not above[0] else f"line {header.line}"
        hint = f"delete {several}: the column names come first"
        yield Problem("no-header", message, location, hint)
    elif len(header.cells) == 1 and any(
        names_columns(re.split(delimiter, first), columns) for delimiter in _IN_ONE_CELL
    ):
        message = f"has one column with several names in it, {shorten(first)!r}"
        hint = "in the spreadsheet choose Data, Text to Columns, and save the table again"
        yield Problem("no-header", message, location, hint)
    elif keys and len(unknown) > len(names) / 2:
        message = "does not name the columns"
        hint = "write their names in the first line, such as jurisdiction and signatory.name"
        yield Problem("no-header", message, location, hint)


def names_columns(cells: Iterable[str], columns: _Names = ()) -> bool:
    """Tell whether a line names the columns of a table: one of requests has the jurisdiction."""
    if columns:
        return any(column_among(cell.strip(), columns) in columns for cell in cells)
    return any(column_of(cell.strip()) == [_KEY] for cell in cells)


def _find_delimiter(text: str, columns: _Names) -> str:
    """Return the delimiter that divides a line near the top so that one cell is a jurisdiction's.

    Where none does, it is the one that gives the first line the most cells.
    """
    widths = {}
    for delimiter in _DELIMITERS:
        lines = _cells_of(text, delimiter)
        filled = (cells for cells in lines if any(cell.strip(_RULER) for cell in cells))
        top = [*islice(filled, _MAX_TITLES)]
        found = [cells for cells in top if names_columns(cells, columns)]
        widths[delimiter] = (bool(found), len((found or top)[0]) if top else 0)
    return max(_DELIMITERS, key=lambda delimiter: widths[delimiter])


def _read_lines(
    text: str | Iterator[str], file: str, delimiter: str, above: int = 0
) -> Iterator[_Line]:
    """Yield the lines of a table with a filled cell; `above` counts the lines above the text."""
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    line = above + 1
    try:
        for number, cells in enumerate(reader, above + 1):
            if any(cell.strip(_RULER) for cell in cells):
                yield _Line(line, number, cells)
            line = above + reader.line_num + 1
    except csv.Error as error:
        hint = 'put text with a comma or a quote in quotes, and write each quote within it as ""'
        problem = Problem("csv", f"is not CSV: {error}", Location(file, line), hint)
        raise OptoutError(problem) from None


def _read_header(
    cells: Sequence[str],
    location: Location,
    columns: _Names,
    keys: _Names,
    filled: Callable[[], Collection[int]],
) -> tuple[list[str], dict[str, str]]:
    """Return the key paths of the columns, and the names of those that have another name.

    Of an empty column, nobody must say what it means: `filled` returns the numbers of the others.
    Raises OptoutError with every problem in the header.
    """
    own_names = [cell.strip() for cell in cells]
    if columns:
        meant = [[column_among(name, columns) if _is_read(name) else name] for name in own_names]
    else:
        meant = _settle([column_of(name) if _is_read(name) else [name] for name in own_names])
    names = [
        paths[0] if len(paths) == 1 else name for name, paths in zip(own_names, meant, strict=True)
    ]
    pairs = [*zip(names, own_names, strict=True)]
    # The columns' own names by what they are read as.
    read = {name: [own for it, own in pairs if it == name] for name in names if _is_read(name)}
    problems = [
        Problem(
            "equal-columns",
            f"has {len(same)} columns for {name}: {' and '.join(map(repr, dict.fromkeys(same)))}",
            location,
            "keep one of them, or begin the names of the others with #",
        )
        for name, same in read.items()
        if len(same) > 1
    ]
    for number, (name, paths) in enumerate(zip(own_names, meant, strict=True)):
        if (doubt := _doubt_about(name, paths, location, keys)) and number in filled():
            problems.append(doubt)
    parents = {name[:end] for name in read for end in range(len(name)) if name[end] == "."}
    for name in read:
        parts = name.split(".")
        if not all(parts) or len(parts) > MAX_DEPTH:
            hint = "column names look like jurisdiction, signatory.name or cc.0.title"
            message = f"has the wrong column name {name!r}"
            problems.append(Problem("wrong-column", message, location, hint))
        if name in parents:
            inner = next(column for column in read if column.startswith(f"{name}."))
            message = f"has both the column {name!r} and the column {inner!r}"
            problems.append(Problem("wrong-column", message, location, "keep one of the two"))
    raise_any(problems)
    return names, {path: name for path, name in pairs if path != name}


def _doubt_about(
    name: str, paths: Sequence[str], location: Location, keys: _Names
) -> Problem | None:
    """Return the Problem of a column that may be one of several, or is like no key of a request."""
    if len(paths) > 1:
        message = f"has the column {name!r}, which could be any of {len(paths)}"
        hint = f"name it {' or '.join(paths)}; begin it with # if it is your own"
        return Problem("ambiguous-column", message, location, hint)
    key, known = paths[0].partition(".")[0], {key for key in keys if "." not in key}
    if not keys or not _is_read(name) or key in {*known, STATE_OF_PLACE} or closest(key, known):
        return None
    message = f"has the column {name!r}, which no request has"
    own = shorten(f"{OWN_MARK} {name}")
    hint = f"name it {own!r} to keep it as your own, which optout does not read"
    particular = f"particulars.{'-'.join(re.findall('[a-z0-9]+', name.lower()))}"
    if particular in keys:
        hint = f"name it {particular} if its letters are to say that; if not, {hint}"
    return Problem("unknown-key", message, location, hint)


def _settle(meant: list[list[str]]) -> list[list[str]]:
    """Choose between the meanings of a column by those beside it.

    County, State, Street, City, State, ZIP: the first state is the county's, the second the
    sender's. An e-mail address behind a column of the sender's is the sender's too.
    """
    has_place = [_KEY] in meant
    settled: list[list[str]] = []
    for before, paths, after in zip([[], *meant], meant, [*meant[1:], []], strict=False):
        chosen, last = paths, settled[-1] if settled else []
        beside = {path.rpartition(".")[2] for path in (*before, *after)}
        if paths == [*CITY] and (has_place or beside & {"street", "zip"}):
            chosen = [CITY[1]]
        elif paths == [*STATE] and ("zip" in beside or before in ([*CITY], [CITY[1]])):
            chosen = [STATE[1]]
        elif paths == [*STATE] and has_place:
            is_only = meant.count(paths) == 1 and [STATE[1]] not in meant
            if is_only or _KEY in (*before, *after):
                chosen = [STATE_OF_PLACE]
        elif len(paths) > 1 and len(last) == 1 and last[0].startswith("signatory."):
            chosen = [path for path in paths if path.startswith("signatory.")] or paths
        settled.append(chosen)
    return settled


def _is_read(name: str) -> bool:
    """Tell whether a column belongs to the request; the user's own columns begin with a mark."""
    return bool(name) and not name.startswith(OWN_MARK)


def _row_from(line: _Line, table: Table, file: str) -> Row:
    location = Location(file, line.line)
    all_names = [*table.names, *[""] * (len(line.cells) - len(table.names))]
    original = tuple(zip(all_names, map(cell_from, line.cells), strict=False))
    problems: list[Problem] = []
    header = table.folded
    if all(text.casefold() in ("", *header[at : at + 1]) for at, (_, text) in enumerate(original)):
        problems.append(Problem("header-again", "is the header again", location, "delete this row"))
    branch: dict[str, Tree] = {}
    layer = Layer(file, {"": (line.line, 1)}, "row", dict(table.columns), table.orders)
    cells = dict(original)
    addresses = addresses_in(cells)
    # The sender's state completes a county's name too, if no other column does.
    state = cells.get(STATE_OF_PLACE) or cells.get(STATE[1], "")
    # The county's state is the sender's, too, if the ZIP code there is of that state.
    *parts_of_sender, zip_code = (cells.get(path, "") for path in OF_SENDER)
    is_open = STATE[1] not in cells and OF_SENDER[0] not in addresses and all(parts_of_sender)
    is_zip = is_open and re.fullmatch("[0-9]{5}", zip_code[:5])
    in_state = cells.get(STATE_OF_PLACE, "")
    is_there = is_zip and not elsewhere(zip_code[:5], state_code(in_state) or "")
    own_state = [(STATE[1], in_state)] if is_there else []
    layer.names.update((path, table.columns.get(STATE_OF_PLACE, path)) for path, _ in own_state)
    for number, (name, text) in enumerate((*original, *own_state), 1):
        if text and not name:
            message = f"cell {number} ({text!r}) is in a column without a name"
            hint = "name the column in the first line, or put text with a comma in quotes"
            problems.append(Problem("nameless-column", message, location, hint))
        if not text or not _is_read(name) or name == STATE_OF_PLACE:
            continue
        is_place = name == _KEY and (STATE_OF_PLACE in table.names or _KEY in table.columns)
        is_stated = bool(cells.get(STATE_OF_PLACE))
        own = place_in_state(text, state, is_stated=is_stated) if is_place else text
        top = name.removesuffix(".street")
        parts = {f"{top}.{key}": part for key, part in addresses.get(name, {}).items()}
        layer.names.update(dict.fromkeys(parts, table.columns.get(name, name)))
        for path, value in (parts or {name: own}).items():
            *parents, last = path.split(".")
            node = branch
            for key in parents:
                node = node.setdefault(key, {})  # type: ignore[assignment]  # never a text
            node[last] = value
    data = with_lists(branch, layer)
    problems += unseen_in(data, layer)
    # A row is labeled where its number in a spreadsheet is not its line.
    label = "" if line.number == line.line else f"row {line.number}"
    return row_from(original, data, layer, problems, label)


def cell_from(cell: str) -> str:
    """Return a cell's text with LF line ends, no spaces around it, and no guarding apostrophe."""
    text = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text[1:] if _GUARDED.match(text) else text


def csv_from(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Write a table as CSV, with the line ends of RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    for row in chain([header], rows):
        writer.writerow(f"'{cell}" if _FORMULA.match(cell) else cell for cell in row)
    return text.getvalue()
