"""Letters that the output folder has: those that no row gives any more, and those to send."""

from collections import defaultdict
from collections.abc import Container, Iterable
from pathlib import Path
from typing import NamedTuple

from optout_cli.batch.job import CheckedRow
from optout_cli.batch.plan import BatchPlan, without_suffix
from optout_cli.register.events import Record
from optout_cli.register.state import LetterState, Register

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


def former_letters(plan: BatchPlan, register: Register, *, is_draft: bool) -> FormerLetters:
    """Sort the records of letters that the rows of the plan's input files gave before.

    A row is recognized by its file, jurisdiction, letter and variant. A row that cannot be written
    now keeps all its letters. Nothing is known of the rows that came through a pipe before. A draft
    replaces no letter, and makes none older; nobody is to move away what was sent.
    """
    found = FormerLetters([], [], [], [], [])
    rows = _Rows(plan)
    # In another format, it is the same letter: a file with other facts is refused or has moved.
    planned = {without_suffix(path) for row in plan.good for path in row.paths}
    for path, record in register.existing().items():
        file = Path(record.source).name, record.origins
        key = (file, *record.key)
        if (
            without_suffix(path) in planned
            or file not in rows.files
            or record.fingerprint in rows.current.get(key, ())
        ):
            continue
        if key in rows.rejected or (file, record.jurisdiction) in rows.rejected:
            found.rejected.append(record)
        elif key in rows.current and (is_draft or key in rows.waiting):
            continue
        elif key in rows.current and _end_of(path) in rows.successors[key]:
            found.replaced.append(record)
        elif key not in rows.current and file in rows.unclear:
            found.unclear.append(record)
        elif not register.is_sent(path):
            (found.older if key in rows.current else found.gone).append(record)
    return found


def _end_of(path: str) -> str:
    """Return the end of a letter's path that names its recipient and format: `ice.fax.pdf`."""
    return path.rpartition("-")[2]


class _Rows:
    """What a plan's rows say about former letters.

    `current` has the fingerprints of good rows by their key, and `successors` the recipients and
    suffixes of the letters in place. `waiting` are the keys of good rows whose letters are not in
    place. `rejected` are the keys of the other rows, or their files and jurisdictions; `unclear`
    are the files with rows of which not even those are known.
    """

    def __init__(self, plan: BatchPlan) -> None:
        self.files: set[_File] = set()
        self.current: defaultdict[object, set[str]] = defaultdict(set)
        self.successors: defaultdict[object, set[str]] = defaultdict(set)
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
            if row.key:
                self.rejected.add((file, *row.key))
            elif row.jurisdiction:
                self.rejected.add((file, row.jurisdiction))
            else:
                self.unclear.add(file)
        elif row.key:
            key = (file, *row.key)
            self.current[key].add(row.fingerprint)
            if number in plan.left or number in plan.unwritten:
                self.waiting.add(key)
            else:
                self.successors[key].update(map(_end_of, row.paths))


def unsent_letters(
    plan: BatchPlan, wanted: Container[int], printed: Iterable[Record], register: Register
) -> Iterable[LetterState]:
    """Return the letters that a run wrote or printed and that are not sent yet."""
    left_out = {row.number for row in plan.unprinted} | plan.unwritten
    written = (row for row in plan.good if row.number in wanted)
    paths = [path for row in written if row.number not in left_out for path in row.paths]
    paths += (record.path for record in printed)
    states = filter(None, map(register.at_path, paths))
    return {id(state): state for state in states if not state.sent}.values()
