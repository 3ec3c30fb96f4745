"""Where a letter stands, for scripts and in words; and whether its folder is as recorded.

Only `verify` and `digest_of` read files; nothing here writes one.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date as Date
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli.errors import Location, Problem
from optout_cli.model.request import Party
from optout_cli.register.due import Deadline
from optout_cli.register.events import (
    Answered,
    Delivered,
    Evidence,
    LetterFile,
    Replaced,
    Sent,
    Written,
)
from optout_cli.register.journal import TORN, Journal
from optout_cli.register.standing import Standing, Step
from optout_cli.register.table import outcome_of, table_problems

SCHEMA = 1


class Day(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A day, and how it was counted. It is `estimated` while nobody has recorded the receipt."""

    title: str
    on: Date
    estimated: bool
    why: str


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """When and how a letter went out; `number` is its tracking number."""

    on: Date
    by: str
    number: str | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a letter; `reply` is one that the program declares."""

    on: Date
    reply: str
    by: str | None


class LetterStatus(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Where a letter stands, for scripts.

    `before` is the reference of an earlier letter of the same kind that went out.
    """

    schema: int = SCHEMA
    folder: str
    jurisdiction: str
    slug: str
    state: str
    name: str
    letter: str
    title: str
    date: Date
    reference: str
    signatory: str | None
    recipient: Party
    step: Step
    sent: tuple[Sending, ...]
    received: Date | None
    answer_due: Day | None
    answers: tuple[Answer, ...]
    days: tuple[Day, ...]
    next: str
    before: str | None
    files: tuple[LetterFile, ...]


def status_of(standing: Standing, folder: Path, today: Date) -> LetterStatus:
    """Return where a letter stands; the paths of its files are below `folder`."""
    state, written = standing.state, standing.state.written
    files = [
        msgspec.structs.replace(file, path=_shown(folder / state.places.get(file.path, file.path)))
        for file in state.letter.files
    ]
    return LetterStatus(
        folder=_shown(folder),
        jurisdiction=written.jurisdiction,
        slug=written.slug,
        state=written.state,
        name=written.name,
        letter=written.letter,
        title=standing.title,
        date=written.date,
        reference=written.reference,
        signatory=written.signatory,
        recipient=state.letter.recipient,
        step=standing.step,
        sent=tuple(Sending(on=sent.on, by=sent.by, number=sent.number) for sent in state.sent),
        received=state.delivered[-1].on if state.delivered else None,
        answer_due=_day_of(standing.answer_due) if standing.answer_due else None,
        answers=tuple(Answer(on=it.on, reply=it.reply, by=it.by) for it in state.answers),
        days=tuple(map(_day_of, standing.milestones)),
        next=next_step(standing, today),
        before=standing.before.written.reference if standing.before else None,
        files=tuple(files),
    )


def _shown(path: Path) -> str:
    """Return a path for JSON, which cannot have the bytes of a name that is not text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _day_of(deadline: Deadline) -> Day:
    return Day(
        title=deadline.title, on=deadline.on, estimated=deadline.is_estimated, why=deadline.why
    )


def next_step(standing: Standing, today: Date) -> str:
    """Return what comes next, in a few words."""
    deadline, answers = standing.answer_due, standing.state.answers
    if standing.step == "waiting":
        if deadline is None:
            return "waiting for an answer"
        if deadline.on >= today:
            return f"answer due {about(deadline)}"
        return f"overdue since {about(deadline)}{_to_write(standing)}"
    if standing.step == "answered" and answers:
        return f"answered {answers[-1].on}: {outcome_of(standing)}{_to_write(standing)}"
    words = {"draft": "draft: add who signs", "unsent": "send it", "superseded": "superseded"}
    return words.get(standing.step, outcome_of(standing))


def _to_write(standing: Standing) -> str:
    name, program = standing.next_letter, standing.program
    return f"; write: {program.letters[name].title}" if program and name else ""


def about(deadline: Deadline) -> str:
    """Return a day in words: `2026-12-02`, or `about 2026-12-07` for an estimate."""
    return f"{'about ' if deadline.is_estimated else ''}{deadline.on}"


class Verification(NamedTuple):
    """How many events and files were compared, and what is wrong with them."""

    events: int
    files: int
    problems: tuple[Problem, ...]


def verify(folder: Path, journal: Journal) -> Verification:
    """Read every file that the register names: letters, receipts, answers, also those in earlier.

    A path that two events name with different hashes is compared with both. The problems of the
    chain come first. A torn line is one of them only if it is not the last.
    """
    expected = tuple(dict.fromkeys(_expected(journal)))
    problems = [problem for problem in journal.problems if problem.code != TORN]
    problems += table_problems(folder, journal.lines)
    problems += dict.fromkeys(_file_problems(folder, expected))
    files = {path for path, _ in expected}
    return Verification(len(journal.lines), len(files), tuple(problems))


def _expected(journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield the path and the SHA-256 of each file, as the events have them."""
    in_place: dict[str, str] = {}
    for _, event in journal.lines:
        match event:
            case Written():
                files = (file for letter in event.letters for file in letter.files)
                in_place |= {file.path: file.sha256 for file in files}
            case Replaced():  # somebody may have changed the file before it moved
                in_place.pop(event.path, None)
                yield event.kept, event.sha256
            case _:
                for evidence in _evidence_of(event):
                    yield evidence.path, evidence.sha256
    yield from in_place.items()


def _evidence_of(event: object) -> Iterator[Evidence]:
    match event:
        case Sent():
            yield from filter(None, (event.receipt, event.signed))
        case Delivered():
            yield from filter(None, [event.receipt])
        case Answered():
            yield from filter(None, [event.file])


def _file_problems(folder: Path, expected: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for name, digest in expected:
        path = folder / name
        location, found = Location(str(path)), digest_of(path)
        if found is None:
            message = "is in the register, but not in the folder"
            hint = "copy it back, such as from a backup or from the printed letter"
            yield Problem("missing-letter", message, location, hint)
        elif found != digest:
            message = "is not the file that was recorded: its SHA-256 differs"
            hint = "compare it with a copy; keep a signed scan under another name"
            yield Problem("changed-file", message, location, hint)


def digest_of(path: Path) -> str | None:
    """Return a file's SHA-256 in hexadecimal, or None if it cannot be read."""
    with suppress(OSError):
        if path.is_file():  # reading a named pipe never ends
            with path.open("rb") as stream:
                return file_digest(stream, "sha256").hexdigest()
    return None
