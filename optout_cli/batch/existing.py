"""Letters that the output folder has: those that no row gives any more, and those to print."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import msgspec

from optout_cli.batch.job import CheckedRow
from optout_cli.batch.plan import BatchPlan
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.model.request import Copy, Party
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
    planned = {path for row in plan.good for path in row.paths}
    for path, record in register.existing().items():
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


class ToPrint(NamedTuple):
    """A letter to print, and how many copies of it."""

    record: Record
    copies: int


class Choice(NamedTuple):
    """The letters to print, by request.

    `before` counts the letters that were printed or sent before, `messages` those that go only by
    e-mail or fax, and `withdrawn` those that somebody said will not go out.
    """

    requests: list[list[ToPrint]]
    before: int
    messages: int
    withdrawn: int


def choose_letters(
    requests: Iterable[Iterable[Record]], register: Register, *, is_all: bool, with_copies: bool
) -> Choice:
    """Choose the letters that were not printed yet, or with `is_all` also those that were.

    `with_copies` counts a copy for everyone behind cc: in the letter.
    """
    chosen: list[list[ToPrint]] = []
    before = messages = withdrawn = 0
    for records in requests:
        due = []
        for record in records:
            state = register.states.at_path(record.path)
            assert state is not None  # the register has the record
            if state.is_withdrawn:
                withdrawn += 1
                continue
            if state.letter.is_message:
                messages += 1
                continue
            is_old = bool(state.sent) or record.sha256 in state.printed
            before += is_old
            if is_all or not is_old:
                due.append(ToPrint(record, _count_copies(state) if with_copies else 0))
        chosen += [due] if due else []
    return Choice(chosen, before, messages, withdrawn)


class _Recipient(msgspec.Struct, frozen=True):
    party: Party


class _Facts(msgspec.Struct, frozen=True):
    """What the facts of a letter say about who gets a copy of it."""

    addressing: Literal["separate", "joint"] = "separate"
    cc: tuple[Copy, ...] = ()
    recipients: tuple[_Recipient, ...] = ()


def _count_copies(state: LetterState) -> int:
    """Return how many are named behind cc: in a letter: other recipients, offices, and people."""
    facts = msgspec.json.decode(state.written.facts, type=_Facts)
    others = sum(
        facts.addressing == "separate" and other.party != state.letter.recipient
        for other in facts.recipients
    )
    return others + len(state.letter.copies) + len(facts.cc)


def print_run(
    requests: Iterable[Sequence[ToPrint]],
    folder: Path,
    output: BinaryIO,
    library: Library,
    *,
    is_duplex: bool,
    with_sheets: bool,
) -> int:
    """Write the PDF letters of all requests into `output`, and return the number of pages.

    The copies of a letter stand behind it. Raises OptoutError if a letter in `folder` was changed
    since its record was written.
    """
    from optout_cli.exporters.binding import Bundle, bind_print_run  # imports pikepdf

    def bundles() -> Iterator[Bundle]:
        for request in requests:
            first = request[0].record
            letters = []
            for record, copies in request:
                path = folder / record.path
                if not record.is_true(folder):
                    message = "was changed after the batch wrote it, so it is not printed"
                    hint = "run the command without --print, and read what it says about this file"
                    location = Location(str(path))
                    raise OptoutError(Problem("changed-letter", message, location, hint))
                title, content = f"{first.name}: {record.recipient}", path.read_bytes()
                letters.append((title, content))
                letters += [(f"{title} (copy)", content)] * copies
            sheet = {
                "name": first.name,
                "reference": first.reference,
                "request": first.request,
                "letters": [letter.record for letter in request],
            }
            yield Bundle(first.name, letters, sheet)

    return bind_print_run(
        bundles(), output, library.context, is_duplex=is_duplex, with_sheets=with_sheets
    )


def is_print_run(path: Path) -> bool:
    """Tell whether `print_run` wrote the file at `path`. Raises OSError."""
    from optout_cli.exporters.binding import what_is

    return what_is(path) == "print run"


def unsent_letters(
    plan: BatchPlan, wanted: Container[int], printed: Iterable[Record], register: Register
) -> Iterable[LetterState]:
    """Return the letters that a run wrote or printed and that are not sent yet."""
    left_out = {row.number for row in plan.unprinted} | plan.unwritten
    written = (row for row in plan.good if row.number in wanted)
    paths = [path for row in written if row.number not in left_out for path in row.paths]
    paths += (record.path for record in printed)
    states = filter(None, map(register.states.at_path, paths))
    return {id(state): state for state in states if not state.sent}.values()
