"""All PDF letters of a batch in one file to print, in the order of their requests."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.library import Library
from optout_cli.model.request import Copy, Party
from optout_cli.register.records import Record, Register
from optout_cli.register.state import LetterState

_MESSAGES = {"email", "fax"}  # the ways of service for which nothing is printed


class ToPrint(NamedTuple):
    """A letter to print, and how many copies of it."""

    record: Record
    copies: int


class Choice(NamedTuple):
    """The letters to print, by request.

    `before` counts the letters that were printed or sent before, and `messages` those that go only
    by e-mail or fax.
    """

    requests: list[list[ToPrint]]
    before: int
    messages: int


def choose_letters(
    requests: Iterable[Iterable[Record]], register: Register, *, is_all: bool, with_copies: bool
) -> Choice:
    """Choose the letters that were not printed yet, or with `is_all` also those that were.

    `with_copies` counts a copy for everyone behind cc: in the letter.
    """
    chosen: list[list[ToPrint]] = []
    before = messages = 0
    for records in requests:
        due = []
        for record in records:
            state = register.states.at_path(record.path)
            assert state is not None  # the register has the record
            if _goes_as_message(state):
                messages += 1
                continue
            is_old = bool(state.sent) or record.sha256 in state.printed
            before += is_old
            if is_all or not is_old:
                due.append(ToPrint(record, _count_copies(state) if with_copies else 0))
        chosen += [due] if due else []
    return Choice(chosen, before, messages)


def _goes_as_message(state: LetterState) -> bool:
    ways = {service.by for service in state.letter.service}
    return bool(ways) and ways <= _MESSAGES


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
    from optout_cli.exporters.binding import is_print_run_file

    return is_print_run_file(path)
