"""The files of requests that a batch is given, and the rows of them that it gives back."""

import json
import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.pipeline.letters import folder_of
from optout_cli.source.document import Tree
from optout_cli.source.rows import Row, told_of
from optout_cli.source.sheets import Sheet, load_sheet, rejects_from
from optout_cli.trust import real

_NAMING = ("letterhead", "signature", "authority", "enclosures")  # what of a request names files
_NAMES = ("file", "seal")  # and under which key
__all__ = ["Row", "Sheet", "told_of"]


def load_sheets(paths: Iterable[str]) -> tuple[Sheet, ...]:
    """Read each file of requests. Raises OptoutError with the problems of all of them."""
    problems: list[Problem] = []
    sheets: list[Sheet] = []
    for path in paths:
        try:
            sheets.append(load_sheet(path))
        except OptoutError as error:
            problems += error.problems
    raise_any(problems)
    return tuple(sheets)


def rows_of(sheets: Iterable[Sheet]) -> Iterator[tuple[int, Row]]:
    """Yield each row of all sheets with its number. Raises OptoutError."""
    return enumerate(row for sheet in sheets for row in sheet.rows())


def rejects_of(
    sheets: Sequence[Sheet], problems: Mapping[int, Sequence[Problem]], folder: Path
) -> dict[str, str]:
    """Return the rows that have problems in the forms they came in, by the names of files.

    They name files as seen from `folder`, where they are to lie.
    """
    return rejects_from(
        (_row_moved(row, folder), "\n".join(map(_reason, problems[number])))
        for number, row in rows_of(sheets)
        if number in problems
    )


def folders_of(sheets: Iterable[Sheet], texts: Iterable[str], folder: Path) -> list[Path]:
    """Return the sheets' folders that the `texts` of rejects in `folder` name files of.

    A file in `folder` may name those only where the user allows it.
    """
    here, joined = real(folder), "".join(texts)
    folders = dict.fromkeys(folder_of(it.name) for it in sheets)
    seen = {it: json.dumps(os.path.relpath(real(it), here) + os.sep)[1:-1] for it in folders}
    return [it for it in folders if real(it) != here and seen[it] in joined]


def _row_moved(row: Row, folder: Path) -> Row:
    """Name the files of a row as seen from another folder than its own."""
    own, folder, original = real(folder_of(row.spot.file)), real(folder), row.original
    if own == folder:
        return row
    if isinstance(original, tuple):
        cells = ((name, _seen_from(folder, own, name, text)) for name, text in original)
        return msgspec.structs.replace(row, original=tuple(cells))
    if isinstance(original, dict):
        return msgspec.structs.replace(row, original=_moved(original, own, folder))
    if row.document is None:  # a line of no use as it is
        return row
    data = json.loads(original, parse_int=str)  # numbers are text, of as many digits as may be
    moved = _moved(data, own, folder)
    line = json.dumps(moved, ensure_ascii=False) if moved != data else original
    return msgspec.structs.replace(row, original=line)


def _moved(data: dict[str, Tree], own: Path, folder: Path) -> dict[str, Tree]:
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
    path = problem.spot.path.removeprefix("$.") if problem.spot else ""
    head = f"{path}: " if path and not problem.message.startswith(path) else ""
    return f"{head}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")
