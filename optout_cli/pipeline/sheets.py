"""The files of requests that a batch is given, and the rows of them that it gives back."""

import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.pipeline.letters import folder_of
from optout_cli.source.document import Document, Tree
from optout_cli.source.rows import Row, told_of
from optout_cli.source.sheets import Sheet, load_sheet, rejects_from

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
    sheets: Sequence[Sheet], problems: Mapping[int, Sequence[Problem]]
) -> dict[str, str]:
    """Return the rows that have problems in the forms they came in, by the names of files."""
    return rejects_from(
        (row, "\n".join(map(_reason, problems[number])))
        for number, row in rows_of(sheets)
        if number in problems
    )


def relocated(common: Document, folder: Path) -> Document:
    """Name the files of the common values as seen from a row's folder."""
    own = folder_of(common.layers[0].file)
    if own == folder:
        return common

    def moved(node: Tree, key: str) -> Tree:
        if isinstance(node, dict):
            return {name: moved(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [moved(value, key) for value in node]
        return os.path.relpath(own / node, folder) if key in ("file", "seal") else node

    kept = ("letterhead", "signature", "authority", "enclosures")
    data = {key: moved(it, key) if key in kept else it for key, it in common.data.items()}
    return Document(data, common.layers)


def _reason(problem: Problem) -> str:
    """Word a Problem for the row itself, which needs to be told of no line."""
    path = problem.spot.path.removeprefix("$.") if problem.spot else ""
    head = f"{path}: " if path and not problem.message.startswith(path) else ""
    return f"{head}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")
