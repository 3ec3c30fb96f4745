"""One request among many, as it was read from a table, a line of JSON or a YAML list."""

from collections.abc import Iterator

import msgspec

from optout_cli.errors import Problem, Spot
from optout_cli.source.document import Document, Layer, Tree
from optout_cli.source.files import UNSEEN, unseen_problem

OWN_MARK = "#"  # begins the names of columns and keys that are the user's own, and are not read
REASON = "# rejected"  # the column or key in which a rejected row says why
MAX_DEPTH = 40  # of keys within keys
_LABEL = 40  # characters of a jurisdiction that are enough to know it by

Original = tuple[tuple[str, str], ...] | str | dict[str, Tree]


class Row(msgspec.Struct, frozen=True):
    """Where a request stands, and its document, or every problem that keeps it from having one.

    The place is labelled with the row's jurisdiction, as it stands there.
    `original` is what it was read from: a table's cells with their columns, a line of JSON, or
    the data of a YAML request.
    """

    spot: Spot
    original: Original
    document: Document | None = None
    problems: tuple[Problem, ...] = ()


def row_from(
    original: Original, data: Tree, layer: Layer, problems: list[Problem], label: str = ""
) -> Row:
    """Make the row that `data` holds; `layer` has its places, `label` begins that of the row."""
    label = ", ".join(filter(None, (label, _named(data))))
    spot = msgspec.structs.replace(layer.spot("") or Spot(layer.file), label=label)
    if not problems and not isinstance(data, dict):
        message, hint = "must hold `name: value`", "begin with the key jurisdiction"
        problems.append(Problem("wrong-shape", message, spot, hint))
    if problems or not isinstance(data, dict):
        return Row(spot, original, problems=tuple(problems))
    read = {key: value for key, value in data.items() if not key.startswith(OWN_MARK)}
    return Row(spot, original, Document(read, (layer,)))


def told_of(problem: Problem, row: Row) -> Problem:
    """Label the place of a Problem that lies in the row."""
    spot = problem.spot
    if not spot or spot.file != row.spot.file or spot.label:
        return problem
    labelled = msgspec.structs.replace(spot, label=row.spot.label)
    return msgspec.structs.replace(problem, spot=labelled)


def _named(data: Tree) -> str:
    """Return the jurisdiction of a row as it can stand on one line, or an empty text."""
    name = data.get("jurisdiction") if isinstance(data, dict) else None
    words = " ".join(name.split()) if isinstance(name, str) else ""
    return "".join(filter(str.isprintable, words[:_LABEL]))


def unseen_in(texts: Iterator[tuple[str, str]], layer: Layer) -> Iterator[Problem]:
    """Yield a Problem for each text, given with its key path, that has an unseen character."""
    for path, text in texts:
        if found := UNSEEN.search(text):
            yield unseen_problem(found[0], layer.spot(path) or Spot(layer.file))
