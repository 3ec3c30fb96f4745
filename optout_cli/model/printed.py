"""The lines of JSON that commands print for scripts: a problem, a note, and each row of a list.

`optout schema` describes them. New keys may be added; none changes its meaning.
"""

from typing import Literal

import msgspec

from optout_cli.model.jurisdiction import Agreement
from optout_cli.model.program import Particular

SCHEMA: Literal[1] = 1  # version of every JSON object that optout prints


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One JSON object on one line."""

    schema: Literal[1]


class ProblemLine(Line, frozen=True, kw_only=True):
    """A problem, and where it is. `path` is the key or the column of a table.

    `jurisdiction` is that of a table's row. What is not known is null.
    """

    problem: str
    message: str
    hint: str | None
    file: str | None
    line: int | None
    column: int | None
    path: str | None
    jurisdiction: str | None


class NoteLine(Line, frozen=True, kw_only=True):
    """Something worth knowing; `note` is its code, or null if it has none.

    `requests` is how many requests of a batch it is about.
    """

    note: str | None
    message: str
    requests: int | None


class JurisdictionLine(Line, frozen=True, kw_only=True):
    """A row of `optout list jurisdictions`."""

    id: str
    slug: str
    name: str
    state: str
    activated: str | None


class AgencyLine(Line, frozen=True, kw_only=True):
    """A row of `optout list agencies`."""

    id: str
    name: str
    state: str
    kind: str | None
    county: str | None
    agreements: tuple[Agreement, ...]


class OfficeLine(Line, frozen=True, kw_only=True):
    """A row of `optout list offices`."""

    id: str
    name: str
    city: str | None
    source: str | None
    dated: str | None
    verified: str | None


class LetterLine(Line, frozen=True, kw_only=True):
    """A row of `optout list letters`."""

    id: str
    title: str
    summary: str
    follows: tuple[str, ...]
    particulars: dict[str, Particular]


class PassageLine(Line, frozen=True, kw_only=True):
    """A row of `optout list passages`."""

    id: str
    help: str
    texts: tuple[str, ...]


class FormatLine(Line, frozen=True, kw_only=True):
    """A row of `optout list formats`."""

    id: str
    title: str


LIST_LINES = (JurisdictionLine, AgencyLine, OfficeLine, LetterLine, PassageLine, FormatLine)
