"""A file of many requests -> InputFile -> rows, one request each.

The file's name tells its form; where it does not, the first line does.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Literal

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any, shorten_quotes
from optout_cli.model.request import Request
from optout_cli.readers.cells import OF_SENDER, STATE, STATE_OF_PLACE, DateOrder
from optout_cli.readers.csv import (
    Table,
    names_columns,
    read_table,
    rows_as_they_come,
    rows_from_csv,
)
from optout_cli.readers.document import OWN_MARK, REASON, Row
from optout_cli.readers.files import (
    OTHER_KINDS,
    STDIN,
    byte_problem,
    decode,
    in_utf_8,
    lines_from,
    read_bytes,
    unmarked_utf_16,
)
from optout_cli.readers.ndjson import rows_from_ndjson
from optout_cli.readers.workbook import kind_of_workbook, sheet_from

MAX_BYTES = 256 * 2**20  # of one file: all counties with a page of reasons each are 20 MB
Form = Literal["csv", "sheet", "ndjson", "yaml"]
_FORMS: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "yaml",
}
# Hints for a file of another kind, and for a text file in another encoding. Of a YAML file,
# `decode` knows them.
_SPREADSHEET = ('in the spreadsheet choose Save as, "CSV UTF-8"',) * 2
_LINES = ("write one JSON object per line, as plain text", "write the file with encoding UTF-8")
# `="007"`, as programs write text for Excel, which would drop the zeros of "007".
_KEPT_TEXT = re.compile(r'(?:(?<=[,;\t|\n])|\A)="([^"\n]*)"(?=[,;\t|\n]|\Z)')
_TOP = 4096  # bytes of a file that are looked at to tell its kind
_KEY = "jurisdiction"
REQUEST_KEYS = Request.__struct_encode_fields__
_YAML_LINE = re.compile(r"-( |$)|---|\[|[^,;\t\"]*:(\s|$)")


class InputFile(msgspec.Struct, frozen=True):
    """A file of requests, kept in memory as it was when the run began: it is read twice.

    The text of a workbook is its sheet as CSV, `sheet_notes` tell what the sheet hides, and
    `content` is the workbook. `corrected` has rows that stand for others, by the number of those
    from 0, or None for a row to leave out, and `corrections` the files that they came from.
    `columns` are those of a table that has no requests. `orders` are those of dates in the table
    that its rows were rejected from. `keys` are those that a request has, and the key paths of
    particulars.
    """

    name: str
    form: Form
    text: str
    sheet_notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    content: bytes = b""
    sheet_title: str = ""
    corrected: Mapping[int, Row | None] = {}
    corrections: "tuple[InputFile, ...]" = ()
    orders: Mapping[str, DateOrder] = {}
    keys: tuple[str, ...] = REQUEST_KEYS

    @property
    def is_rejected(self) -> bool:
        """Tell whether its rows were rejected by a batch, each with the reason."""
        return REASON in self.text

    def table(self) -> Table | None:
        """Read the header of a table; None in another form. Raises OptoutError."""
        if self.form not in ("csv", "sheet"):
            return None
        is_sheet = self.form == "sheet"
        table, _ = read_table(
            self.text, self.name, is_sheet=is_sheet, columns=self.columns, keys=self.keys
        )
        return table

    @property
    def notes(self) -> tuple[str, ...]:
        """How columns are read that could be meant in another way. Raises OptoutError."""
        if (table := self.table()) is None:
            return ()
        dropped = [*self.corrected.values()].count(None)
        rows = "1 row is" if dropped == 1 else f"{dropped:,} rows are"
        left_out = [f"{rows} left out: deleted from the rejected rows"] if dropped else []
        names = map(str.strip, table.header.cells)
        own = {name: self.orders[name] for name in names if name in self.orders}
        read = _notes_on(table, {**table.orders, **own})
        return tuple(map(shorten_quotes, (*self.sheet_notes, *read, *left_out)))

    @property
    def date_orders(self) -> dict[str, DateOrder]:
        """Tell which columns of dates have a settled order, or several, by each of their names."""
        if (table := self.table()) is None:
            return {}
        proved = {name: order for name, order in table.orders.items() if order != "either"}
        paths = {own: path for path, own in table.columns.items()}
        named = proved | {paths.get(name, name): order for name, order in proved.items()}
        return {**named, **self.orders}

    def rows(self) -> Iterator[Row]:
        """Read each row. Raises OptoutError if the rest cannot be divided into rows."""
        if self.form == "ndjson":
            rows = rows_from_ndjson(self.text, self.name)
        elif self.form == "yaml":
            from optout_cli.readers.yaml import rows_from_yaml  # takes 15 ms; a table needs none

            rows = rows_from_yaml(self.text, self.name)
        else:
            is_sheet = self.form == "sheet"
            rows = rows_from_csv(
                self.text, self.name, is_sheet=is_sheet, columns=self.columns, keys=self.keys
            )
        given = (
            self.corrected.get(number, with_orders(row, self.orders))
            for number, row in enumerate(rows)
        )
        return (row for row in given if row)


def _notes_on(table: Table, orders: Mapping[str, DateOrder]) -> Iterator[str]:
    """Yield how columns are read that could have been meant in another way."""
    columns = table.columns
    place, state, of_sender = (columns.get(path, path) for path in (_KEY, *STATE))
    renamed = {path: name for path, name in columns.items() if path.casefold() != name.casefold()}
    if STATE_OF_PLACE in columns:
        is_both = STATE[1] not in table.names and all(path in table.names for path in OF_SENDER)
        more = f", and {state!r} as {STATE[1]} too if the ZIP code is of it" if is_both else ""
        yield f"the columns {place!r} and {state!r} are read together as {_KEY}{more}"
        renamed = {path: renamed[path] for path in renamed if path not in (_KEY, STATE_OF_PLACE)}
    elif _KEY in columns and STATE[1] in table.names and STATE_OF_PLACE not in table.names:
        yield f"the column {place!r} is read as {_KEY}, with the state in {of_sender!r}"
        renamed.pop(_KEY, None)
    verbs = chain(["is read as"], repeat("as"))
    texts = [f"{renamed[path]!r} {verb} {path}" for path, verb in zip(renamed, verbs, strict=False)]
    if texts:
        yield f"the column {', '.join(texts)}"
    for column, order in orders.items():
        if order == "month-first" and column and not column.startswith(OWN_MARK):
            yield f"the dates with slashes in the column {column!r} are read month first"
    for path, parts in table.addresses.items():
        column = table.columns.get(path, path)
        shown = " | ".join(parts.values()).replace("\n", ", ")
        yield f"whole addresses in the column {column!r} are divided, such as {shown}"


def with_orders(row: Row, orders: Mapping[str, DateOrder]) -> Row:
    """Read the dates of a row that was rejected in the order that its table settled."""
    if not row.document or not orders:
        return row
    layers = (
        msgspec.structs.replace(layer, orders={**layer.orders, **orders})
        for layer in row.document.layers
    )
    document = msgspec.structs.replace(row.document, layers=tuple(layers))
    return msgspec.structs.replace(row, document=document)


def load_input(
    path: str, columns: tuple[str, ...] = (), keys: tuple[str, ...] = REQUEST_KEYS
) -> InputFile:
    """Read a file of requests, or of rows with these `columns` (`-`: standard input).

    Raises OptoutError.
    """
    content = in_utf_8(read_bytes(path, MAX_BYTES, on_command_line=True))
    if kind_of_workbook(content):
        names = partial(names_columns, columns=columns)
        sheet = sheet_from(content, path, names)
        return InputFile(
            *(path, "sheet", sheet.text, sheet.notes, columns, content, sheet.title), keys=keys
        )
    form = None if path == STDIN else _FORMS.get(Path(path).suffix.lower())
    form = form or _form_of(content)
    if problem := _other_kind(content, path):
        raise OptoutError(problem)
    if form == "csv":
        # A line for Excel, which does not show it; the others keep their numbers.
        text = re.sub(r"\Asep=.(?=\r?\n|\r)", "", decode(content, path, _SPREADSHEET))
        text = _KEPT_TEXT.sub(r'"\1"', text)
    elif form == "ndjson":  # a line that is not UTF-8 costs only its own request
        text = decode(content, path, _LINES, "surrogateescape")
    else:
        text = decode(content, path)
    return InputFile(path, form, text, columns=columns, keys=keys)


class Stream:
    """A table or lines of JSON whose rows are read one by one, as they come through a pipe."""

    def __init__(self, path: str, keys: tuple[str, ...] = REQUEST_KEYS) -> None:
        self.name, self.keys = path, keys
        self.form: Form | None = None if path == STDIN else _FORMS.get(Path(path).suffix.lower())
        self._lines: list[str] = []

    def rows(self) -> Iterator[Row]:
        """Yield each row as soon as it is whole. Raises OptoutError if the rest cannot be read."""
        lines = self._read()
        first = next((line for line in lines if line.strip()), "")
        self.form = self.form or _form_of(first.encode("utf-8", "replace"))
        again = chain(self._lines[:], lines)
        if self.form == "csv":
            yield from rows_as_they_come(again, self.name, self.keys)
        elif self.form == "ndjson":
            yield from rows_from_ndjson(again, self.name)
        else:
            message = "is neither a table nor lines of JSON, so its rows cannot be read one by one"
            location = Location(self.name, is_command_line=True)
            raise OptoutError(Problem("not-text", message, location, "leave out --stream"))

    def _read(self) -> Iterator[str]:
        """Yield each line as it comes, and keep it. Raises OptoutError."""
        size, encoding = 0, "utf-8-sig"
        for number, content in enumerate(lines_from(self.name), 1):
            size += len(content)
            if size > MAX_BYTES:
                message = f"is too large (the limit is {MAX_BYTES >> 20} MB)"
                raise OptoutError(Problem("too-large", message, Location(self.name)))
            line = content.decode(encoding, "surrogateescape").replace("\r\n", "\n")
            problem = byte_problem(line, self.name, number, _SPREADSHEET[1])
            if problem and self.form == "csv":
                raise OptoutError(problem)
            encoding = "utf-8"
            self._lines.append(line)
            yield line

    @property
    def notes(self) -> tuple[str, ...]:
        """How the columns of the rows so far are read that could be meant in another way."""
        with suppress(OptoutError):  # in a row below those that were read
            if table := self.file().table():
                # Each date with slashes is read by itself.
                return tuple(map(shorten_quotes, _notes_on(table, {})))
        return ()

    def file(self) -> InputFile:
        """Return what was read so far as a file."""
        text = "".join(self._lines)
        return InputFile(self.name, self.form or "csv", text, keys=self.keys)


def _other_kind(content: bytes, path: str) -> Problem | None:
    """Return the Problem of a text file that is not a table: a web page, or in another encoding."""
    top, location = content.removeprefix(BOM_UTF8)[:_TOP], Location(path)
    kinds = (
        (
            re.match(rb"(?i)\s*<(!--|!doctype html|(html|head|meta|body|div|table)\b)", top),
            "is a web page, not a table, whatever its name says",
            _SPREADSHEET[0],
        ),
        (
            top.startswith((b'{"url":', b'{"doc_id":')) or path.endswith(".gsheet"),
            "is a link to a spreadsheet on the web, not a table",
            "open it, and choose File, Download, Comma-separated values",
        ),
        (
            "EncryptedPackage".encode("utf-16-le") in content,
            "is locked with a password",
            "open it, and save it without a password",
        ),
        (
            content.startswith(b"PK") and path.lower().endswith((".xlsx", ".xlsm", ".ods")),
            "is a damaged workbook",
            "open it in the spreadsheet program, and save it again",
        ),
        (
            re.match(rb"\s*\[\s*\{", top) and path.lower().endswith(".csv"),
            "is JSON, not a table",
            "name it with .json at the end",
        ),
    )
    found = (
        Problem("not-text", message, location, hint) for is_it, message, hint in kinds if is_it
    )
    if problem := next(found, None):
        return problem
    if order := unmarked_utf_16(top):
        message = f"is UTF-16 text ({order}, without a byte order mark), not UTF-8"
        return Problem("not-utf-8", message, location, _SPREADSHEET[0])
    if b"\0" in top.partition(b"\n")[0] and not content.startswith(tuple(OTHER_KINDS)):
        hint = 'export it there as "CSV UTF-8"'
        return Problem("not-text", "is a file of a database or another program", location, hint)
    return None


def _form_of(content: bytes) -> Form:
    """Tell the form of a file by its first line that is neither blank nor a comment."""
    for line in content.removeprefix(BOM_UTF8).splitlines():
        first = line.decode("utf-8", "replace")
        if first.strip() and not first.startswith(OWN_MARK):
            if first.lstrip().startswith("{"):
                return "ndjson"
            return "yaml" if _YAML_LINE.match(first) else "csv"
    return "csv"


def load_inputs(
    paths: Iterable[str], columns: tuple[str, ...] = (), keys: tuple[str, ...] = REQUEST_KEYS
) -> tuple[InputFile, ...]:
    """Read each file as `load_input` does. Raises OptoutError with the problems of all of them."""
    problems: list[Problem] = []
    input_files: list[InputFile] = []
    for path in paths:
        try:
            input_files.append(load_input(path, columns, keys))
        except OptoutError as error:
            problems += error.problems
    raise_any(problems)
    return tuple(input_files)


def rows_of(input_files: Iterable[InputFile]) -> Iterator[tuple[int, Row]]:
    """Yield each row of all files with its number. Raises OptoutError."""
    return enumerate(row for file in input_files for row in file.rows())
