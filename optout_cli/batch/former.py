"""Former letters: those that the register has and that no row of a run gives any more."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from optout_cli.batch.plan import BatchPlan
from optout_cli.batch.rows import CheckedRow
from optout_cli.register.records import Record

_File = tuple[str, tuple[str, ...]]  # the name of an input file, and the tables of its rows


class FormerLetters(NamedTuple):
    """Records of former letters; only those in `replaced` are to be moved.

    - `replaced`: the changed row gives a letter to the same recipient in the same format.
    - `older`: the changed row does not.
    - `rejected`: the row has a problem now.
    - `unclear`: the row may be one that has a problem now, or may be gone.
    - `gone`: the row is not in its input file any more.
    """

    replaced: list[Record]
    older: list[Record]
    rejected: list[Record]
    unclear: list[Record]
    gone: list[Record]


def former_letters(plan: BatchPlan, records: Mapping[str, Record]) -> FormerLetters:
    """Sort the records of letters that the rows of the plan's input files gave before.

    A row is recognized by its file, jurisdiction, letter and variant. A row that cannot be written
    now keeps all its letters. Nothing is known of the rows that came through a pipe before.
    """
    found = FormerLetters([], [], [], [], [])
    rows = _Rows(plan)
    planned = {path for row in plan.good for path in row.paths}
    for path, record in records.items():
        file = Path(record.source).name, record.origins
        key = (file, *record.key)
        if (
            path in planned
            or file not in rows.files
            or record.fingerprint in rows.current.get(key, ())
        ):
            continue
        if key in rows.rejected or (file, record.jurisdiction) in rows.rejected:
            found.rejected.append(record)
        elif key in rows.current:
            if key not in rows.waiting:
                is_replaced = (record.recipient, record.format) in rows.successors[key]
                (found.replaced if is_replaced else found.older).append(record)
        else:
            (found.unclear if file in rows.unclear else found.gone).append(record)
    return found


class _Rows:
    """What a plan's rows say about former letters.

    `current` has the fingerprints of good rows by their key, and `successors` the recipients and
    formats of the letters in place. `waiting` are the keys of good rows whose letters are not in
    place. `rejected` are the keys of the other rows, or their files and jurisdictions; `unclear`
    are the files with rows of which not even those are known.
    """

    def __init__(self, plan: BatchPlan) -> None:
        self.files: set[_File] = set()
        self.current: defaultdict[object, set[str]] = defaultdict(set)
        self.successors: defaultdict[object, set[tuple[str, str]]] = defaultdict(set)
        self.waiting: set[object] = set()
        self.rejected: set[object] = set()
        self.unclear: set[_File] = set()
        for number, row in plan.rows.items():
            if row.location.file in plan.pipes:
                continue
            tables = plan.origins.get(row.location.file, ())
            # A corrected row counts in its table too: both files have the same origins.
            names = [name for name in plan.origins if plan.origins[name] == tables]
            for name in names or [row.location.file]:
                self._add(plan, number, row, (Path(name).name, tables))

    def _add(self, plan: BatchPlan, number: int, row: CheckedRow, file: _File) -> None:
        self.files.add(file)
        if number in plan.problems and number not in plan.left:
            self._add_rejected(file, row)
        elif row.key:
            key = (file, *row.key)
            self.current[key].add(row.fingerprint)
            if number in plan.left or number in plan.unwritten:
                self.waiting.add(key)
            else:
                self.successors[key].update(map(_addressing, row.paths))

    def _add_rejected(self, file: _File, row: CheckedRow) -> None:
        if row.key:
            self.rejected.add((file, *row.key))
        elif row.jurisdiction:
            self.rejected.add((file, row.jurisdiction))
        else:
            self.unclear.add(file)


def _addressing(path: str) -> tuple[str, str]:
    """Return the recipient and the format of a letter, which end its file name."""
    stem, _, form = path.rpartition(".")
    return stem.rpartition("-")[2], form
