"""Which tables the requests of a batch come from: a rejected row comes from where it was at first.

A table is named as it is seen from the batch's folder, so that it stays the same table where it is
given by another name or from another folder.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

STATE = "rejects"  # the file, within the folder's own, that holds Rejects
OWN = ".optout"  # the folder within the batch's folder
_STDIN = "-"


class Rejects(msgspec.Struct, frozen=True):
    """What is known of the files of rejected rows.

    `seals` are the SHA-256 of what was put into them, `tables` by file those that the rows are of.
    """

    seals: frozenset[str] = frozenset()
    tables: dict[str, tuple[str, ...]] = {}


def load_rejects(folder: Path) -> Rejects:
    """Return what a batch's folder knows; nothing where that cannot be read."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / OWN / STATE).read_bytes(), type=Rejects)
    return Rejects()


def origins_of(files: Iterable[tuple[str, bool]], folder: Path) -> dict[str, tuple[str, ...]]:
    """Return by name of a file of requests the tables that its rows may come from.

    Each name comes with whether its rows say why they were rejected: such a file may hold rows of
    any table of which the folder has had rejects.
    """
    tables = load_rejects(folder).tables
    rejected = sorted({table for several in tables.values() for table in several})
    found = {}
    for name, is_rejected in files:
        own = _seen_from(folder, name)
        found[name] = tables.get(own) or ((own, *rejected) if is_rejected else (own,))
    return found


def _seen_from(folder: Path, name: str) -> str:
    """Return a table's path as seen from the folder; pipes are all one table."""
    if not Path(name).is_file():
        return _STDIN
    return os.path.relpath(os.path.realpath(name), os.path.realpath(folder))
