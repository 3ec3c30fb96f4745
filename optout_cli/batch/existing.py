"""What the output folder has already: letters that a row may not replace, and those of no row.

What a row has finished is in `BatchPlan.unfinished`; `register.plan` decides about each file.
"""

import os
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from optout_cli.batch.job import CheckedRow
from optout_cli.batch.plan import BatchPlan, without_suffix
from optout_cli.errors import Problem
from optout_cli.letters.pipeline import Order
from optout_cli.model.request import Party
from optout_cli.register.events import EVIDENCE, Record
from optout_cli.register.plan import Plan, Replacing
from optout_cli.register.state import Identity, LetterState, Register
from optout_cli.trust import place_problems

FATES = ("new", "unchanged", "replaced")  # what can happen to a file
_File = tuple[str, tuple[str, ...]]  # the name of an input file, and the tables of its rows


def refuse_rows(plan: BatchPlan, register: Register, order: Order, replacing: Replacing) -> None:
    """Leave out good rows that would replace another table's letters, or repeat what was sent.

    A row without a date whose letter was sent before today would be written again with another
    date, and sent once more by a script. Leave out, too, each row with a tracking number under
    which a letter to another office was sent.
    """
    if not replacing.force:
        _refuse_others(plan, register)
    if replacing.supersede is not None or order.is_draft:
        return
    states = register.letters.values()
    used = {event.number: state for state in states for event in state.sent if event.number}
    sent = {
        (state.written.jurisdiction, state.written.letter, state.written.variant): state
        for state in states
        if state.sent
    }
    for row in plan.good:
        state = None if row.is_dated else sent.get(row.key or ("", "", ""))
        if state is not None and state.written.date != order.today:
            first = state.written.date
            message = f"the letter of {first} was sent on {state.sent[-1].on}"
            message += ", and without a date this row would write it again"
            hint = f"give the row a date, {first} for the same letter, or add --supersede REASON"
            plan.leave(row, Problem("sent-letter", message, row.location, hint))
        for number, office, path in row.numbers:
            if (rival := used.get(number)) and rival.destination != office:
                message = f"{number} is the number of {rival.written.reference}"
                message += f" to {rival.letter.address[0]}"
                hint = "write each piece's own number, which is on its receipt"
                problem = Problem("equal-numbers", message, row.location, hint, path)
                plan.leave(row, problem)


def _refuse_others(plan: BatchPlan, register: Register) -> None:
    """Leave out each good row that would replace a letter of another table or request."""
    folder, records = register.folder, register.records
    for row in plan.good:
        file, others = row.location.file, []
        tables, is_pipe = plan.origins.get(file, ()), file in plan.pipes
        tables = tables[1:] if is_pipe else tables  # its own content is another table each time
        for path in row.paths:
            record = records.get(path)
            if record is None or record.fingerprint == row.fingerprint:
                continue
            # The file may be of this row, in its table or in rejects of that.
            is_same_table = not set(record.origins).isdisjoint(tables)
            if not record.origins and not is_pipe:
                is_same_table = record.source == file
            is_same_request = is_same_table and record.key == row.key
            if not is_same_request and (folder / path).is_file():
                others.append(record)
        if others:
            more = f" and {len(others) - 1} more" if others[1:] else ""
            place = folder / others[0].path
            message = f"would replace {place}{more}, written from {others[0].request}"
            hint = "name another folder with -o, or use --force, which moves it to earlier/"
            if any(register.is_sent(it.path) for it in others):  # --force would not replace it
                hint = "name another folder with -o, or give the changed letter a new date"
            plan.leave(row, Problem("file-exists", message, row.location, hint))


def refuse_places(plan: BatchPlan, folder: Path) -> None:
    """Leave out each good row with a letter whose place the folder cannot have."""
    for row in plan.good:
        if problems := [*place_problems(folder, row.paths)]:
            plan.leave(row, *problems)


def changing_rows(plan: BatchPlan, register: Register, order: Order) -> dict[int, Order]:
    """Return an order for each good row of which a file may stay, be replaced or move.

    A file of the same name is there, in this or another format, that follows from something
    else, or is not as the register has it; or another version of the letter is elsewhere. Also of
    each row whose letter had counsel's initials before: its words may have changed.
    """
    formers: defaultdict[str, list[Record]] = defaultdict(list)  # by path without the suffix
    for path, record in register.existing().items():
        formers[without_suffix(path)].append(record)
    approved = {
        state.identity[:3] for state in register.letters.values() if state.letter.approved_words
    }
    is_linked = (register.folder / EVIDENCE).is_symlink()  # each row that encloses tells of it

    def is_foreign(path: str) -> bool:
        """Tell whether there is a file that is not as the register has it."""
        record = register.records.get(path)
        is_there = os.path.lexists(register.folder / path)
        return is_there and not (record and record.is_true(register.folder))

    def is_changing(row: CheckedRow) -> bool:
        others = [it.fingerprint for path in row.paths for it in formers[without_suffix(path)]]
        for identity in identities([row]):
            others += (state.written.fingerprint for state in register.current(identity))
        is_other = any(fingerprint != row.fingerprint for fingerprint in others)
        there = [record.fingerprint for it in row.paths if (record := register.records.get(it))]
        is_written = there == [row.fingerprint] * len(row.paths)
        is_any = is_linked or is_other or (row.key in approved and not is_written)
        return is_any or any(map(is_foreign, row.paths))

    rows = (row for row in plan.good if row.number not in plan.taken)
    return {row.number: order for row in rows if is_changing(row)}


def identities(rows: Iterable[CheckedRow]) -> Iterator[Identity]:
    """Yield what each letter of some good rows shares with its other versions."""
    for row in rows:
        for stem in dict.fromkeys(map(without_suffix, row.paths)):
            assert row.key  # without one, it has no letters
            name = stem.rpartition("/")[2]  # 2026-11-24-terminate-jem-ross-police-ice
            day = date.fromisoformat(name[:10])
            party: Party = "ice" if name.endswith("-ice") else "bureau"
            yield (*row.key, day, party)


def fates(plan: BatchPlan, folder: Path, plans: Mapping[int, Plan]) -> Iterator[str]:
    """Yield what would happen to each file of the good rows, one of FATES.

    `plans` are those of the rows that were changed, by the row's number. Files of rows whose
    letters stay as they are in `left` are not counted.
    """
    for row in plan.good:
        changes = plans.get(row.number)
        for path in row.paths if row.number not in plan.left else ():
            if changes and path in changes.replaced:
                yield "replaced"
            else:
                yield "unchanged" if (folder / path).is_file() else "new"


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


def files_to_move(
    former: FormerLetters, register: Register, plans: Mapping[int, Plan]
) -> Iterator[Path]:
    """Yield the files that a batch would move to `earlier`, with no other in their place."""
    for record in former.replaced:
        if record.is_true(register.folder) and not register.is_sent(record.path):
            yield register.folder / record.path
    yield from (register.folder / path for plan in plans.values() for path in plan.retired)


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
