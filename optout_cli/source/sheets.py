"""A file of many requests -> Sheet -> rows; and rejected rows -> files of the same forms.

The form is told by the file's name, else by how it begins.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from optout_cli.source.csv_text import rows_from_csv
from optout_cli.source.files import STDIN, decoded, read_bytes
from optout_cli.source.ndjson_text import rows_from_ndjson
from optout_cli.source.rows import OWN_MARK, REASON, Row
from optout_cli.tables import csv_from

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


class Sheet(msgspec.Struct, frozen=True):
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
        from optout_cli.source.yaml_text import rows_from_yaml  # 15 ms that a table saves

        return rows_from_yaml(self.text, self.name)


def load_sheet(path: str) -> Sheet:
    """Read a file of requests (`-`: standard input). Raises OptoutError."""
    content = read_bytes(path, MAX_BYTES, on_command_line=True)
    text = decoded(content, path, _SPREADSHEET)
    known = None if path == STDIN else _FORMS.get(Path(path).suffix.lower())
    return Sheet(path, known or _form_of(text), text)


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
