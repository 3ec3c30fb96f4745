"""Rejected rows: written with their reasons, in the form they came in, to fix and run again.

A rejected row belongs to the table that it came from first. Tables are named by their path from
the output folder, so that a table stays the same if the command names it in another way.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from optout_cli.batch.corrections import Rejected, digest_in, key_of, reason_of, reject_sheet
from optout_cli.batch.input import InputFile, load_input, rows_of
from optout_cli.errors import OptoutError, Problem
from optout_cli.output import digest_of, move_to_earlier, write_all, write_errors
from optout_cli.readers.cells import DateOrder
from optout_cli.readers.csv import Table, csv_from, read_table
from optout_cli.readers.document import KEY, OWN_MARK, REASON, Row
from optout_cli.readers.files import STDIN, folder_of, is_pipe
from optout_cli.register.folder import LetterFolder
from optout_cli.register.journal import OWN
from optout_cli.register.table import ENCODING
from optout_cli.trust import real

_TABLE, _LINES, _LIST, _SHEET = _FILES = (
    *("rejects.csv", "rejects.ndjson", "rejects.yaml", "rejects.xlsx"),
)
_STATE = "rejects"  # the file in OWN that holds a _State
_DIGITS = 12  # of a SHA-256, in the name of a table that came through a pipe
_OWN_REASON = re.compile(rf'\{{"{REASON}": "(?:[^"\\]|\\.)*"(, )?')  # begins a line of _LINES
_NAMING = ("letterhead", "signature", "authority", "enclosures")  # keys above a file's name
_NAMES = ("file", "seal")  # keys of a file's name


class _State(msgspec.Struct, frozen=True):
    """What an output folder knows of its files of rejected rows.

    `seals` are the SHA-256 of the files as they were written. `tables` has, by file, the tables
    that its rows came from, and `keys` those of its rows.
    """

    seals: frozenset[str] = frozenset()
    tables: dict[str, tuple[str, ...]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    orders: dict[str, dict[str, DateOrder]] = {}

    def of_others(self, tables: Iterable[str]) -> set[str]:
        """Return the files that have rows of other tables; what comes by pipes is one table."""
        own = {_without_hash(table) for table in tables}
        return {
            name for name, of in self.tables.items() if not own.issuperset(map(_without_hash, of))
        }

    def hashes_in(self, path: Path) -> Iterator[str]:
        """Yield the hashes of the rows that optout wrote into a file and that are still in it."""
        with suppress(OptoutError):
            there = {dict(row.cells).get(KEY) for row in load_input(str(path)).rows()}
            yield from (digest_in(key) for key in self.keys.get(path.name, ()) if key in there)


def _without_hash(table: str) -> str:
    return STDIN if table.startswith(f"{STDIN}:") else table


class WrittenRejects(NamedTuple):
    """Files of rejected rows: `written`, and `changed` by somebody and so kept.

    `fixed` has how many of the rejected rows are in a changed file that this batch did not read;
    they are written to no other. `folders` are the input folders that the rows name files in.
    """

    written: list[Path]
    changed: list[Path]
    fixed: dict[Path, int]
    folders: list[Path]


def origins_of(input_files: Iterable[InputFile], folder: Path) -> dict[str, tuple[str, ...]]:
    """Return for each input file the tables that its rows may come from.

    A file with reasons in it may hold rows of any table that the folder has had rejects of.
    """
    tables = _load_state(folder).tables
    rejected = sorted({table for origins in tables.values() for table in origins})
    found = {}
    for file in input_files:
        if is_pipe(file.name):  # each content is a table of its own
            table = f"{STDIN}:{sha256(file.text.encode()).hexdigest()[:_DIGITS]}"
        else:
            table = _path_from(real(folder), real(Path(file.name)))
        found[file.name] = tables.get(table) or (
            (table, *rejected) if file.is_rejected else (table,)
        )
        for row in filter(None, file.corrected.values()):  # it counts as a row of the table
            name = row.location.file
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *found[file.name])))
    return found


def rejected_keys(file: str) -> tuple[str, ...]:
    """Return the keys of the rows that optout wrote into a file of rejected rows, if it did.

    The folder that the file was written to knows them, whatever folder the letters go to now.
    """
    path = real(Path(file))
    return _load_state(path.parent).keys.get(path.name, ())


def with_rejected_orders(file: InputFile) -> InputFile:
    """Read the dates of a file of rejected rows as those of the tables that the rows came from.

    The folder that the file was written to knows how, whatever folder the letters go to now.
    """
    path = real(Path(file.name))
    orders = {} if is_pipe(file.name) else _load_state(path.parent).orders.get(path.name, {})
    return msgspec.structs.replace(file, orders=orders) if orders else file


def write_rejects(
    folder: LetterFolder,
    input_files: Sequence[InputFile],
    problems: Mapping[int, Sequence[Problem]],
    origins: Mapping[str, tuple[str, ...]],
) -> WrittenRejects:
    """Write each row that has problems, and move earlier rejects to `earlier`.

    `problems` are by the row's number, `origins` as of `origins_of`. A file of rejects that this
    batch has read stays as it is, and so do rejects of other forms then: their rows may be nowhere
    else. A file that somebody has changed stays too, or that has rows of other tables, and a
    numbered one is written.
    """
    files = {file.name: file for source in input_files for file in (source, *source.corrections)}
    read = {real(Path(name)) for name in origins}
    tables = tuple(sorted({table for several in origins.values() for table in several}))
    before = _load_state(folder.path)
    kept = read | {real(folder.path / name) for name in before.of_others(tables)}
    places = {name: _find_place(folder.path / name, kept, before.seals) for name in _FILES}
    changed = [path for _, edited in places.values() for path in edited]
    known = {key: path for path in changed for key in before.hashes_in(path)}
    fixed: Counter[Path] = Counter()
    by_form: dict[bool, list[Rejected]] = {True: [], False: []}  # whether it came in a workbook
    for number, row in rows_of(input_files) if problems else ():
        if number not in problems:
            continue
        key, source = key_of(row), row.location.file
        if (path := known.get(digest_in(key))) and not is_pipe(source):
            fixed[path] += 1
        else:
            rejected = Rejected(row, _relocate_row(row, folder.path), key, problems[number])
            by_form[files[source].form == "sheet"].append(rejected)
    contents, text = _contents_of(by_form[True], by_form[False], files)
    state = _seal(folder, before, contents.values())
    written = _put(folder, contents, {name: place for name, (place, _) in places.items()}, read)
    orders: dict[str, DateOrder] = {}
    for file in input_files if written else ():
        with suppress(OptoutError):  # a stream that broke off has reported it
            for name, order in file.date_orders.items():
                orders[name] = order if orders.get(name, order) == order else "mixed"
    for place in written:
        rows = by_form[place.suffix == ".xlsx"]
        state.tables[place.name], state.orders[place.name] = tables, orders
        state.keys[place.name] = tuple(row.key for row in rows if row.row.cells)
    _save_state(folder, state)
    return WrittenRejects(written, changed, fixed, _folders_named(input_files, text, folder.path))


def _contents_of(
    sheets: Sequence[Rejected], others: Sequence[Rejected], files: Mapping[str, InputFile]
) -> tuple[dict[str, bytes], str]:
    """Return the files of rejected rows by name, and the text that may name other files."""
    texts = rejects_from(
        others, [files[name] for name in dict.fromkeys(other.row.location.file for other in others)]
    )
    # A line of JSON that is not UTF-8 is written with the bytes that it came with.
    contents = {
        name: text.encode(ENCODING if name == _TABLE else "utf-8", "surrogateescape")
        for name, text in texts.items()
    }
    if sheets:
        contents[_SHEET] = reject_sheet(sheets, files)
        texts[_SHEET] = "\n".join(text for sheet in sheets for _, text in sheet.moved.cells)
    return contents, "".join(texts.values())


def _put(
    folder: LetterFolder, contents: Mapping[str, bytes], places: Mapping[str, Path], read: set[Path]
) -> list[Path]:
    """Write the files, and move those of an earlier run away that have no successor.

    Returns the written ones. `places` are by the name of the file, and `read` are the batch's own
    input files.
    """
    own = real(folder.path)
    forms = {path.suffix for path in read if path.parent == own and path.name.startswith("rejects")}
    written = []
    for name, place in places.items():
        if name in contents:
            moved = write_all(
                {place: contents[name]}, force=True, staging=folder.staging, keep=[place]
            )
            folder.moved += [path for path, earlier in moved.items() if earlier]
            written.append(place)
        elif place.exists() and (not forms or place.suffix in forms):
            move_to_earlier(place)
            folder.moved.append(place)
    return written


def _find_place(path: Path, read: set[Path], seals: frozenset[str]) -> tuple[Path, list[Path]]:
    """Return where to write a file of rejects, and the files before it that somebody has changed.

    The places are rejects.csv, rejects-2.csv and so on, without the files that were read.
    """
    changed = []
    for number in count(1):
        place = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        if real(place) in read:
            continue
        with write_errors(place):
            if not place.exists() or digest_of(place) in seals:
                break
        changed.append(place)
    return place, changed


def _load_state(folder: Path) -> _State:
    """Return what an output folder knows; nothing if that cannot be read."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / OWN / _STATE).read_bytes(), type=_State)
    return _State()


def _seal(folder: LetterFolder, state: _State, contents: Iterable[bytes]) -> _State:
    """Save the hashes of the files to be written beside those of the files that are there."""
    with write_errors(folder.path):
        paths = folder.path.glob("rejects*.*")
        there = {digest_of(path) for path in paths if path.is_file()}
    seals = (state.seals & there) | {sha256(content).hexdigest() for content in contents}
    sealed = msgspec.structs.replace(state, seals=seals)
    _save_state(folder, sealed)
    return sealed


def _save_state(folder: LetterFolder, state: _State) -> None:
    if state != _State():
        content = msgspec.json.encode(state, order="deterministic")
        write_all({folder.staging / _STATE: content}, force=True, staging=folder.staging)


def _folders_named(input_files: Iterable[InputFile], text: str, folder: Path) -> list[Path]:
    """Return the folders of input files in which the `text` of rejects names files.

    A request in `folder` may name a file there only with --files-from.
    """
    here = real(folder)
    folders = dict.fromkeys(folder_of(file.name) for file in input_files)
    prefixes = {
        own: json.dumps(f"{_path_from(here, real(own))}/")[1:-1]
        for own in folders
        if real(own) != here
    }
    return [own for own, prefix in prefixes.items() if prefix in text]


def rejects_from(rejected: Iterable[Rejected], sources: Iterable[InputFile] = ()) -> dict[str, str]:
    """Write rows with their reasons as the text of files, by file name.

    Columns have the names of the tables among the `sources`, if these agree. A spreadsheet program
    that writes semicolons opens no table with commas, so that of the first source counts.
    """
    tables: list[dict[str, str]] = []
    lines: list[str] = []
    trees: list[dict[str, object]] = []
    for reject in rejected:
        row, reason = reject.moved, "\n".join(map(reason_of, reject.problems))
        if isinstance(row.original, str):
            lines += _rejected_lines(row.original, reason)
        elif isinstance(row.original, dict):
            rest = {key: value for key, value in row.original.items() if key != REASON}
            trees.append({REASON: reason, **rest})
        else:  # cells below no column name are kept by their number, if they hold anything
            cells = {
                name or f"\0{number}": text
                for number, (name, text) in enumerate(row.original)
                if name not in (REASON, KEY) and (name or text)
            }
            tables.append({REASON: reason, KEY: reject.key, **cells})
    files = {}
    if tables:
        columns = dict.fromkeys(column for row_cells in tables for column in row_cells)
        columns = dict.fromkeys(sorted(columns, key=lambda column: column.startswith("\0")))
        paths = ["" if column.startswith("\0") else column for column in columns]
        named = [file.table() for file in sources if file.form == "csv"]
        delimiter = ";" if named and named[0] and named[0].delimiter == ";" else ","
        rows = ([row_cells.get(column, "") for column in columns] for row_cells in tables)
        files[_TABLE] = csv_from(_own_header(paths, named), rows, delimiter)
    if lines:
        files[_LINES] = "".join(f"{line}\n" for line in lines)
    if trees:
        import yaml

        files[_LIST] = yaml.safe_dump(trees, allow_unicode=True, sort_keys=False)
    return files


def _own_header(paths: Sequence[str], named: Sequence[Table | None]) -> list[str]:
    """Return the tables' own names of columns, or the paths where the names would not be read so.

    What `State` means depends on the columns beside it.
    """
    own = named[0].columns if named and named[0] else {}
    header = [own.get(path, path) for path in paths]
    with suppress(OptoutError):
        table, _ = read_table(csv_from(header, []), _TABLE)
        is_same = all(named_file and named_file.columns == own for named_file in named)
        if is_same and table and table.names == paths:
            return header
    return [*paths]


def _rejected_lines(line: str, reason: str) -> Iterator[str]:
    """Yield a line of JSON with the reason in it, or below a comment if it is not an object."""
    try:
        is_object = isinstance(json.loads(line, parse_int=str), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        yield f"{OWN_MARK} {' '.join(reason.split())}"
        yield line
        return
    rest = _OWN_REASON.sub("", line, count=1) if _OWN_REASON.match(line) else line[1:].lstrip()
    comma = "" if rest.startswith("}") else ", "
    yield f"{{{json.dumps(REASON)}: {json.dumps(reason, ensure_ascii=False)}{comma}{rest}"


def _relocate_row(row: Row, folder: Path) -> Row:
    """Name the files of a row by their path from `folder` in place of the row's own folder."""
    own, folder, original = real(folder_of(row.location.file)), real(folder), row.original
    if own == folder:
        return row
    if isinstance(original, tuple):
        cells = ((name, _relocate(text, name, own, folder)) for name, text in original)
        return msgspec.structs.replace(row, original=tuple(cells))
    if isinstance(original, dict):
        return msgspec.structs.replace(row, original=_relocate(original, "", own, folder))
    if row.document is None:  # the line is not a request
        return row
    data = json.loads(original, parse_int=str)  # a number stays as long as it is
    moved = _relocate(data, "", own, folder)
    line = json.dumps(moved, ensure_ascii=False) if moved != data else original
    return msgspec.structs.replace(row, original=line)


# Any: a line of JSON holds more than text.
def _relocate(node: Any, path: str, own: Path, folder: Path) -> Any:
    """Return data in which each file of `own` is named by its path from `folder`.

    A file that is not in `own` is in a folder of --files-from, and keeps its name.
    """
    if isinstance(node, dict):
        return {
            key: _relocate(value, f"{path}.{key}" if path else key, own, folder)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [
            _relocate(item, f"{path}.{number}", own, folder) for number, item in enumerate(node)
        ]
    keys = path.split(".")
    is_file = isinstance(node, str) and keys[0] in _NAMING and keys[-1] in _NAMES
    if not is_file or not node or Path(node).is_absolute() or not os.path.lexists(own / node):
        return node
    return _path_from(folder, own / node)


def _path_from(folder: Path, path: Path) -> str:
    """Return a path from a folder, with `/`; on Windows it may be on another drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()
