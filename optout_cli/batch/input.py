"""A file of many requests -> Sheet -> rows; and rejected rows -> files of the same forms.

The form is told by the file's name, else by how it begins.
"""

import json
import os.path
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.readers.csv import csv_from, rows_from_csv
from optout_cli.readers.document import OWN_MARK, REASON, Row, Tree
from optout_cli.readers.files import STDIN, decode, folder_of, read_bytes
from optout_cli.readers.ndjson import rows_from_ndjson
from optout_cli.trust import real

MAX_BYTES = 256 * 2**20  # of one file: all counties with a page of reasons each are 20 MB
Form = Literal["csv", "ndjson", "yaml"]
_FORMS: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "yaml",
}
_SPREADSHEET = ('in the spreadsheet choose Save as, "CSV UTF-8"',) * 2
_YAML_LINE = re.compile(r"-( |$)|---|\[|[^,;\t\"]*:(\s|$)")
_OWN_REASON = re.compile(rf'\{{"{REASON}": "(?:[^"\\]|\\.)*"(, )?')


class InputFile(msgspec.Struct, frozen=True):
    """A file of requests, held as it was when the run began, so that it can be read twice."""

    name: str
    form: Form
    text: str

    @property
    def is_rejected(self) -> bool:
        """Say whether its rows came back from a batch, each with the reason."""
        return REASON in self.text

    def rows(self) -> Iterator[Row]:
        """Read each row. Raises OptoutError where what follows cannot be told apart."""
        if self.form == "csv":
            return rows_from_csv(self.text, self.name)
        if self.form == "ndjson":
            return rows_from_ndjson(self.text, self.name)
        from optout_cli.readers.yaml import rows_from_yaml  # 15 ms that a table saves

        return rows_from_yaml(self.text, self.name)


def load_input(path: str) -> InputFile:
    """Read a file of requests (`-`: standard input). Raises OptoutError."""
    content = read_bytes(path, MAX_BYTES, on_command_line=True)
    text = decode(content, path, _SPREADSHEET)
    known = None if path == STDIN else _FORMS.get(Path(path).suffix.lower())
    return InputFile(path, known or _form_of(text), text)


def _form_of(text: str) -> Form:
    """Tell the form by the first line that says something."""
    lines = (line for line in text.split("\n") if line.strip())
    first = next((line for line in lines if not line.startswith(OWN_MARK)), "")
    if first.lstrip().startswith("{"):
        return "ndjson"
    return "yaml" if _YAML_LINE.match(first) else "csv"


def rejects_from(rejected: Iterable[tuple[Row, str]]) -> dict[str, str]:
    """Write rows with their reasons as files to be fed back: each text by its file's name."""
    tables: list[dict[str, str]] = []
    lines: list[str] = []
    trees: list[dict[str, object]] = []
    for row, reason in rejected:
        if isinstance(row.original, str):
            lines += _rejected_line(row.original, reason)
        elif isinstance(row.original, dict):
            trees.append({REASON: reason} | {k: v for k, v in row.original.items() if k != REASON})
        else:
            tables.append({REASON: reason} | _by_column(row.original))
    files = {}
    if tables:
        columns = list(dict.fromkeys(column for it in tables for column in it))
        named = [it for it in columns if not it.startswith("\0")]
        nameless = [it for it in columns if it.startswith("\0")]
        header = [*named, *("" for _ in nameless)]
        cells = ([it.get(column, "") for column in (*named, *nameless)] for it in tables)
        files["rejects.csv"] = csv_from(header, cells)
    if lines:
        files["rejects.ndjson"] = "".join(f"{line}\n" for line in lines)
    if trees:
        import yaml

        files["rejects.yaml"] = yaml.safe_dump(trees, allow_unicode=True, sort_keys=False)
    return files


def _by_column(cells: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return cells by their columns; those of nameless ones, if filled in, by a number."""
    return {
        name or f"\0{number}": text
        for number, (name, text) in enumerate(cells)
        if name != REASON and (name or text)
    }


def _rejected_line(line: str, reason: str) -> Iterator[str]:
    """Yield a line of JSON with its reason within, or below a comment where it is none."""
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


_NAMING = ("letterhead", "signature", "authority", "enclosures")  # what of a request names files
_NAMES = ("file", "seal")  # and under which key


def load_inputs(paths: Iterable[str]) -> tuple[InputFile, ...]:
    """Read each file of requests. Raises OptoutError with the problems of all of them."""
    problems: list[Problem] = []
    input_files: list[InputFile] = []
    for path in paths:
        try:
            input_files.append(load_input(path))
        except OptoutError as error:
            problems += error.problems
    raise_any(problems)
    return tuple(input_files)


def rows_of(input_files: Iterable[InputFile]) -> Iterator[tuple[int, Row]]:
    """Yield each row of all sheets with its number. Raises OptoutError."""
    return enumerate(row for source in input_files for row in source.rows())


def rejects_of(
    input_files: Sequence[InputFile], problems: Mapping[int, Sequence[Problem]], folder: Path
) -> dict[str, str]:
    """Return the rows that have problems in the forms they came in, by the names of files.

    They name files as seen from `folder`, where they are to lie.
    """
    return rejects_from(
        (_relocate_row(row, folder), "\n".join(map(_reason, problems[number])))
        for number, row in rows_of(input_files)
        if number in problems
    )


def folders_of(input_files: Iterable[InputFile], texts: Iterable[str], folder: Path) -> list[Path]:
    """Return the sheets' folders that the `texts` of rejects in `folder` name files of.

    A file in `folder` may name those only where the user allows it.
    """
    here, joined = real(folder), "".join(texts)
    folders = dict.fromkeys(folder_of(it.name) for it in input_files)
    seen = {it: json.dumps(os.path.relpath(real(it), here) + os.sep)[1:-1] for it in folders}
    return [it for it in folders if real(it) != here and seen[it] in joined]


def _relocate_row(row: Row, folder: Path) -> Row:
    """Name the files of a row as seen from another folder than its own."""
    own, folder, original = real(folder_of(row.location.file)), real(folder), row.original
    if own == folder:
        return row
    if isinstance(original, tuple):
        cells = ((name, _seen_from(folder, own, name, text)) for name, text in original)
        return msgspec.structs.replace(row, original=tuple(cells))
    if isinstance(original, dict):
        return msgspec.structs.replace(row, original=_relocate(original, own, folder))
    if row.document is None:  # a line of no use as it is
        return row
    data = json.loads(original, parse_int=str)  # numbers are text, of as many digits as may be
    moved = _relocate(data, own, folder)
    line = json.dumps(moved, ensure_ascii=False) if moved != data else original
    return msgspec.structs.replace(row, original=line)


def _relocate(data: dict[str, Tree], own: Path, folder: Path) -> dict[str, Tree]:
    """Return a request's data, its files seen from `folder` and not from its `own`."""

    # Any: a line of JSON holds more than text.
    def moved(node: Any, path: str) -> Any:
        if isinstance(node, dict):
            return {name: moved(value, f"{path}.{name}") for name, value in node.items()}
        if isinstance(node, list):
            return [moved(value, f"{path}.{number}") for number, value in enumerate(node)]
        return _seen_from(folder, own, path, node) if isinstance(node, str) else node

    return {key: moved(value, key) for key, value in data.items()}


def _seen_from(folder: Path, own: Path, path: str, text: str) -> str:
    """Return a text as it is, or where it names a file of `own`, that file as seen from `folder`.

    A file that lies elsewhere, as --files-from allows, is found there by its name as it is.
    """
    is_file = path.partition(".")[0] in _NAMING and path.rpartition(".")[2] in _NAMES
    if not is_file or not text or Path(text).is_absolute():
        return text
    if not os.path.lexists(own / text):
        return text
    return os.path.relpath(own / text, folder)


def _reason(problem: Problem) -> str:
    """Word a Problem for the row itself, which needs to be told of no line."""
    head = f"{problem.subject}: " if problem.subject else ""
    return f"{head}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")
