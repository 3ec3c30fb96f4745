"""Judges every text of a document by the table of kinds, whichever source it came from.

Never changes a value.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from optout_cli.errors import Problem, shorten
from optout_cli.readers.document import Document, Tree, join_path
from optout_cli.readers.kinds import Kind, Use, compiled
from optout_cli.readers.leftovers import LEFTOVERS
from optout_cli.readers.slips import SLIPS

KINDS = (*LEFTOVERS, *SLIPS)  # the first kind that fits is told

_USES: tuple[tuple[Use, str], ...] = (
    ("post", r"(service\.\w+|particulars\.(.+\.)?served)\.\d+\.number"),
    ("number", r"particulars\..+\.\d+\.number"),
    ("prose", r"(particulars|wording)\..+"),
    ("state", r"(signatory|recipients\.\w+)\.address\.state"),
    ("number", r"authority\.\d+\.number"),
    ("vote", r"authority\.\d+\.vote"),
    ("number", r"approved-as-to-form\.file-number"),
    ("person", r"(signatory|approved-as-to-form)\.name"),
    (
        "name",
        r"(signatory|approved-as-to-form|cc\.\d+)\.(name|title|office|organization)|calls-itself",
    ),
    ("street", r"(signatory|recipients\.\w+)\.address\.street(\.\d+)?"),
    ("city", r"(signatory|recipients\.\w+)\.address\.city"),
    ("name", r"recipients\.\w+\.(attention|salutation|confirmed\.by)"),
    ("name", r"recipients\.\w+\.(organization|envelope)(\.\d+)?"),
    (
        "name",
        r"authority\.\d+\.(instrument|body)|enclosures\.\d+\.title|(letterhead|signature)\.alt",
    ),
)


class Doubt(NamedTuple):
    """A text that may be meant, with the key path of its value."""

    path: str
    message: str
    hint: str


def judge(document: Document) -> tuple[tuple[Problem, ...], tuple[Doubt, ...]]:
    """Return a Problem for each text that cannot be meant, and a Doubt for each that may be."""
    problems: list[Problem] = []
    doubts: list[Doubt] = []
    for path, text in _texts_in(document.data, ""):
        if (found := _judged(text.strip(), _use_of(path))) is None:
            continue
        kind, is_wrong = found
        words = kind.message.format(repr(shorten(text)))
        location = document.location(path)
        # A table's own name of the column stands before the message.
        is_renamed = document.is_cell(path) and location.path not in ("", path, f"$.{path}")
        message = words if is_renamed else f"{path} {words}"
        if is_wrong:
            problems.append(Problem("odd-value", message, location, kind.hint, path))
        else:
            doubts.append(Doubt(path, f"{path} {words}", kind.hint))
    return tuple(problems), tuple(doubts)


def _texts_in(node: Tree, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        if node:
            yield path, node
        return
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield from _texts_in(value, join_path(path, key))


@lru_cache(1024)  # a batch asks for the same few paths in each row
def _use_of(path: str) -> Use:
    top = path.partition(".")[0]  # a pattern has it as it is
    likely = ((use, pattern) for use, pattern in _USES if top in pattern)
    return next((use for use, pattern in likely if compiled(pattern).fullmatch(path)), "code")


@lru_cache(4096)  # a batch repeats many texts
def _judged(text: str, use: Use) -> tuple[Kind, bool] | None:
    """Return the first kind that a text is of, and whether that is wrong in this use."""
    more: dict[Use, set[Use]] = {"person": {"name"}, "street": {"name"}, "city": {"street", "name"}}
    uses = {use} | more.get(use, set())
    for kind in KINDS:
        if uses.intersection(kind.wrong + kind.odd) and kind.find(text):
            return kind, bool(uses.intersection(kind.wrong))
    return None
