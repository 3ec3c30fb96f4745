"""Where a letter stands, for scripts and in words; and whether its folder is as recorded.

Only `verify` and `digest_of` read files; nothing here writes one.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date as Date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli import output
from optout_cli.errors import Location, Problem, as_text
from optout_cli.model.request import Party
from optout_cli.readers.files import is_file
from optout_cli.register.events import EVIDENCE, LetterFile, Replaced, Sent, Written, evidence_of
from optout_cli.register.journal import NAME, OWN, TORN, Journal
from optout_cli.register.returns import MEND, came_back
from optout_cli.register.standing import Deadline, Standing, Step

SCHEMA = 1
_OWN_TABLES = re.compile("register|rejects(-[0-9]+)?")  # files of optout that are not letters
_REPORTS = {  # by a mark in its head, the first one that fits
    b'name="optout-review"': "review page",
    b"<title>Notices and answers, ": "status page",
    b"<title>What changed: ": "page of what changed",
    b"PRODID:-//optout//": "calendar",
}
ZIP_MARK = b"optout packet"  # at the end of the ZIP file of a packet
_HEAD = 2048  # bytes of a report, by whose mark it is known
_SEAL = re.compile(rb"<!-- as optout made it: ([0-9a-f]{64}) -->\n\Z")


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


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """When a letter came back, how it had gone out, and why it came back."""

    on: Date
    by: str
    reason: str | None


class LetterStatus(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Where a letter stands, for scripts.

    `before` is the reference of an earlier letter of the same kind that went out, `withdrawn` the
    day on which a letter that went out was withdrawn. Of `returned`, each was a sending. `reason`
    is why the letter was withdrawn, or will not go out.
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
    returned: tuple[Return, ...]
    withdrawn: Date | None
    reason: str | None
    answer_due: Day | None
    answers: tuple[Answer, ...]
    days: tuple[Day, ...]
    next: str
    before: str | None
    files: tuple[LetterFile, ...]


_AS_WRITTEN = (
    "jurisdiction", "slug", "state", "name", "letter", "date", "reference", "signatory",
)  # fmt: skip


def status_of(standing: Standing, folder: Path, today: Date) -> LetterStatus:
    """Return where a letter stands; the paths of its files are below `folder`."""
    state, written = standing.state, standing.state.written
    files = (
        msgspec.structs.replace(file, path=as_text(folder / place))
        for place, file in state.files.items()
    )
    return LetterStatus(
        **{name: getattr(written, name) for name in _AS_WRITTEN},
        folder=as_text(folder),
        title=standing.title,
        recipient=state.letter.recipient,
        step=standing.step,
        sent=tuple(Sending(on=sent.on, by=sent.by, number=sent.number) for sent in state.sent),
        received=state.received,
        returned=tuple(Return(on=it.on, by=it.by, reason=it.note) for it in state.returned),
        withdrawn=state.withdrawal.on if state.withdrawal and state.sent else None,
        reason=state.withdrawal.note if state.withdrawal else None,
        answer_due=_day_of(standing.answer_due) if standing.answer_due else None,
        answers=tuple(
            Answer(on=answer.on, reply=answer.reply, by=answer.by) for answer in state.answers
        ),
        days=tuple(map(_day_of, standing.milestones)),
        next=next_step(standing, today),
        before=standing.before.written.reference if standing.before else None,
        files=tuple(files),
    )


def _day_of(deadline: Deadline) -> Day:
    return Day(
        title=deadline.title, on=deadline.on, estimated=deadline.is_estimated, why=deadline.why
    )


def next_step(standing: Standing, today: Date) -> str:
    """Return what comes next, in a few words, and what to do since a day of the letter has come."""
    steps = _came(standing), open_step(standing, today), *steps_reached(standing, today)
    return "; ".join(filter(None, steps))


def steps_reached(standing: Standing, today: Date) -> list[str]:
    """Return what to do since a day of the letter has come."""
    reached = (day.then for day in standing.milestones if day.then and day.on <= today)
    return [*dict.fromkeys(filter(None, reached))]


def _came(standing: Standing) -> str:
    last, outcome = standing.last_answer, "; ".join(standing.outcomes)
    if standing.step == "returned" and (back := came_back(standing.state)):
        return f"came back {back.on}: {back.note}"
    if last is None or standing.step not in ("waiting", "answered"):
        return ""
    how = "answered" if standing.step == "answered" else "replied"
    return f"{how}: {outcome}" if f"({last.on})" in outcome else f"{how} {last.on}: {outcome}"


def open_step(standing: Standing, today: Date) -> str:
    """Return what comes next, without what came back; nothing after an answer that ends it."""
    deadline = standing.answer_due
    is_replaced = standing.state.kind in standing.ready and not standing.state.is_current
    corrected = "; a corrected letter is not sent yet" if is_replaced else ""
    if standing.step == "returned":
        return corrected.removeprefix("; ") or MEND
    if standing.step == "waiting":
        if deadline is None:
            return f"waiting for an answer{corrected}"
        to_write = _to_write(standing)
        to_do = corrected or (f"; {to_write}" if to_write else "")
        if deadline.on >= today:  # what was only said is asked for in writing at once
            return f"answer due {deadline.about}{to_do if is_spoken(standing) else corrected}"
        if not to_do and standing.silence and (advice := standing.silence.advice):
            to_do = f"; {advice[:1].lower()}{advice[1:].rstrip('.')}"
        return f"overdue since {deadline.about}{to_do}"
    if _came(standing):
        return _to_write(standing)
    words = {
        "draft": "draft: add who signs",
        "unsent": "send it",
        "unneeded": f"not needed: answered {standing.answered}",
    }
    outcomes, withdrawal = "; ".join(standing.outcomes), standing.state.withdrawal
    if withdrawal and standing.step == "withdrawn":
        day = f" (recorded {withdrawal.at.astimezone().date()})" if is_dropped(standing) else ""
        outcomes += f"{day}: {withdrawal.note}" if withdrawal.note else day
    return words.get(standing.step, outcomes)


def is_dropped(standing: Standing) -> bool:
    """Tell whether a letter will not go out: one that was sent is withdrawn instead."""
    state = standing.state
    return standing.step == "withdrawn" and state.is_withdrawn and not state.sent


def is_spoken(standing: Standing) -> bool:
    """Tell whether the last answer was only said, as by telephone."""
    last, replies = standing.last_answer, standing.program.replies if standing.program else {}
    return bool(last and last.reply in replies and replies[last.reply].how)


def _to_write(standing: Standing) -> str:
    """Return the letter that comes next: to be sent, if it is written, or else to be written."""
    name, program, ready = standing.next_letter, standing.program, standing.next_ready
    if not program or not name:
        return ""
    title = program.letters[name].title
    return f"send: {title} ({ready.written.date})" if ready else f"write: {title}"


class _Verification(NamedTuple):
    """How many events and files were compared, what is wrong with them, and what else is there.

    `own` are files that optout made of letters, such as packets, with what each is. `unknown` are
    files in the folder that no event explains, such as those of the user's own. Reports of optout
    are left out.
    """

    events: int
    files: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    own: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def verify(folder: Path, journal: Journal) -> _Verification:
    """Read every file in the folder, and compare it with what the register says.

    Those are letters, receipts, answers, and copies of the files that requests name, also what is
    in `earlier`, and versions that somebody deleted before the letter was written again. A path
    that two events name with different hashes is compared with both. The problems of the chain come
    first. A torn line is one of them only if it is not the last.
    """
    expected, gone = _expected_files(journal)
    there = _files_in(folder)
    problems = [problem for problem in journal.problems if problem.code != TORN]
    problems += dict.fromkeys(file_problems(folder, expected, there))
    lost = [lost_file for lost_file in gone if lost_file[1] not in there.values()]
    sent = {(it.written, it.recipient) for _, it in journal.lines if isinstance(it, Sent)}
    written = ((digest, it) for digest, it in journal.lines if isinstance(it, Written))
    letters = ((digest, letter) for digest, event in written for letter in event.letters)
    own = (letter for digest, letter in letters if (digest, letter.recipient) in sent)
    went_out = {file.sha256 for letter in own for file in letter.files}
    for name, digest in lost:
        if digest in went_out:
            message = "a version of this letter that was sent is not in the folder"
            hint = "copy it back under any name, such as from a backup"
            problems.append(Problem("missing-letter", message, Location(str(folder / name)), hint))
    notes = (
        f"{folder / name}: an earlier version was deleted; it is not recorded as sent"
        for name, digest in lost
        if digest not in went_out
    )
    known = {digest for _, digest in (*expected, *gone)}
    names = {name for name, _ in expected}
    others = {
        name: what_is(folder / name)
        for name, digest in sorted(there.items())
        if name not in names and digest not in known
    }
    return _Verification(
        len(journal.lines),
        len(names),
        tuple(problems),
        tuple(notes),
        tuple((name, it) for name, it in others.items() if it and it not in _REPORTS.values()),
        tuple(name for name, what in others.items() if what is None),
    )


_Expected = list[tuple[str, str]]  # the path and the SHA-256 of files


def _expected_files(journal: Journal) -> tuple[_Expected, _Expected]:
    """Return the files of the events, and those in whose place another one was written."""
    found: _Expected = []
    gone: _Expected = []
    in_place: dict[str, str] = {}
    for _, event in journal.lines:
        found += ((evidence.path, evidence.sha256) for evidence in evidence_of(event))
        match event:
            case Written():
                files = {file.path: file.sha256 for it in event.letters for file in it.files}
                gone += (it for it in in_place.items() if files.get(it[0], it[1]) != it[1])
                in_place |= files
            case Replaced():  # somebody may have changed the file before it moved
                in_place.pop(event.path, None)
                found.append((event.kept, event.sha256))
    return [*dict.fromkeys((*found, *in_place.items()))], gone


def _files_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a folder by its path, without optout's own files.

    A folder within it that has a register of its own is left out.
    """
    found = {}
    for place, folders, names in os.walk(folder):
        at = Path(place)
        folders[:] = [inner for inner in folders if inner != OWN and not is_file(at / inner / NAME)]
        for name in names:
            is_table = _OWN_TABLES.fullmatch(name.partition(".")[0])
            if not is_table and (digest := digest_of(at / name)):
                found[(at / name).relative_to(folder).as_posix()] = digest
    return found


def what_is(path: Path) -> str | None:
    """Return what optout made a file for: one that anybody may make again. None for another's."""
    with suppress(OSError):
        if path.suffix.lower() == ".pdf":
            from optout_cli.exporters import binding  # imports pikepdf

            return binding.what_is(path)
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            stream.seek(max(0, path.stat().st_size - len(ZIP_MARK)))
            if stream.read() == ZIP_MARK:
                return "packet"
        return next((name for mark, name in _REPORTS.items() if mark in head), None)
    return None


def sealed(page: bytes) -> bytes:
    """Return a web page with its SHA-256 at the end, by which `is_as_made` knows it."""
    return page + f"<!-- as optout made it: {sha256(page).hexdigest()} -->\n".encode()


def is_as_made(path: Path) -> bool:
    """Tell whether nobody changed a web page that `sealed` returned."""
    content = path.read_bytes()
    found = _SEAL.search(content)
    return found is not None and sealed(content[: found.start()]) == content


def file_problems(
    folder: Path, expected: Iterable[tuple[str, str]], there: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    """Yield a Problem for each file that is missing or is not as recorded, by path and SHA-256.

    `there` has the SHA-256 of each file in the folder, if they are known already.
    """
    for name, digest in expected:
        path = folder / name
        location, found = Location(str(path)), (there or {}).get(name) or digest_of(path)
        if found is None and (reason := _refusal_of(path)):
            hint = "change its permissions so that you can read it, and run the command again"
            yield Problem("unreadable", f"cannot be read: {reason}", location, hint)
        elif found is None:
            there = _files_in(folder) if there is None else there
            places = [place for place, other in there.items() if other == digest]
            message = "is in the register, but not in the folder"
            source = "" if name.startswith(f"{EVIDENCE}/") else " or from the printed letter"
            hint = f"copy it back, such as from a backup{source}"
            if places:
                hint = f"move it back: it is now {folder / places[0]}"
            yield Problem("missing-letter", message, location, hint)
        elif found != digest:
            message = "is not the file that was recorded: its SHA-256 differs"
            hint = "compare it with a copy; keep a signed scan under another name"
            yield Problem("changed-file", message, location, hint)


def _refusal_of(path: Path) -> str | None:
    """Return why the system does not let a file be read, or None if there is no file."""
    try:
        is_there = stat.S_ISREG(path.stat().st_mode)
    except PermissionError as error:
        return error.strerror
    except OSError:
        return None
    return os.strerror(errno.EACCES) if is_there else None


def digest_of(path: Path) -> str | None:
    """Return a file's SHA-256 in hexadecimal, or None if it cannot be read."""
    with suppress(OSError):
        if path.is_file():  # reading a named pipe never ends
            return output.digest_of(path)
    return None
