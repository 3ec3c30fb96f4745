"""The folder of a batch: locked, its manifest kept true, and each file in it whole or absent.

A letter that this folder's manifest does not know, or that was changed since, is never replaced
unless that is asked for: it may be the signed one. No letter is ever deleted: one that is replaced,
or that its request no longer gives, moves to the folder `earlier` beside its place.
"""

import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

from optout_cli.batch.manifest import (
    NAME,
    TABLE,
    TABLE_ENCODING,
    Record,
    digest_of,
    is_own_table,
    line_of,
    load_records,
    table_of,
)
from optout_cli.batch.rejects import OWN, STATE, Rejects, load_rejects
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.output import make_durable, move_to_earlier, occupied, write_all, write_errors

_AT_ONCE = 500  # files to settle, so that an interrupt never waits for thousands
_BLOCK = 512  # bytes: what a disk writes whole
_REJECTS = ("rejects.csv", "rejects.ndjson", "rejects.yaml")
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{12}", re.DOTALL)  # names that write_all gives in OWN


class Put(NamedTuple):
    """What was done with a request's files: lines of the manifest, paths written and left alone."""

    lines: bytes
    written: list[Path]
    left: list[Path]


class OutputFolder:
    """A folder that one batch at a time writes to.

    `records` is what its manifest states, and `moved` the paths whose files are in `earlier` now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.staging = path / OWN
        self.records: dict[str, Record] = {}
        self.moved: list[Path] = []
        self._fresh: list[Path] = []
        self._is_own_table = True

    def __enter__(self) -> Self:
        """Lock the folder and take over its manifest. Raises OptoutError."""
        lock = self.staging / "lock"
        with write_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(self.staging, stat.S_ISDIR, "folder")
            self.staging.mkdir(exist_ok=True)
            _refuse_foreign(lock, stat.S_ISREG, "file")
            self._lock = lock.open("a+")
        try:
            # Not inherited by workers, and gone with this process however it ends.
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            message, hint = "another batch is writing to this folder", "wait until it has ended"
            problem = Problem(
                "in-use", message, Location(str(self.path)), f"{hint}, or give another -o"
            )
            raise OptoutError(problem) from None
        with write_errors(self.staging):
            for file in self.staging.iterdir():  # what a killed run left
                if _UNFINISHED.fullmatch(file.name) and stat.S_ISREG(file.lstat().st_mode):
                    file.unlink()
        self.records = load_records(self.path)
        with write_errors(self.path / NAME):
            table = self.path / TABLE
            self._is_own_table = not table.exists() or is_own_table(self.path)
            self._rewrite(self.records.values())
            self._manifest = (self.path / NAME).open("ab")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Keep what was written through a power cut, and let the next batch in."""
        self._settle()
        with suppress(OSError):  # what was not written was told when it was refused
            self._manifest.close()
        self._lock.close()

    def put(self, files: Sequence[tuple[Record, bytes]], *, force: bool = False) -> Put:
        """Write the files of one request, all or none, and say what was done.

        One that was changed since it was written, and would be the same again, is left alone.
        Raises OptoutError where another one with other content would have to be replaced.
        """
        kept = {
            record.path
            for record, content in files
            if not force and not self._may_replace(record.path, content)
        }
        raise_any(
            self._occupied(it) for it, _ in files if it.path in kept and not self._is_same(it)
        )
        if kept:
            files = [it for it in files if it[0].path not in kept and not self._is_done(it[0])]
        contents = {self.path / record.path: content for record, content in files}
        if not self.staging.is_dir():
            message = "the folder was deleted or moved while it was written to"
            raise OptoutError(Problem("folder-gone", message, Location(str(self.path))))
        keep = {
            self.path / record.path
            for record, content in files
            if self._holds_other(record, content)
        }
        written = write_all(contents, force=True, staging=self.staging, keep=keep)
        self.moved += [path for path, earlier in written.items() if earlier]
        lines = b"".join(line_of(record, self.path) for record, _ in files)
        with write_errors(self.path / NAME):
            self._manifest.write(lines)
            self._manifest.flush()
        self.records |= {record.path: record for record, _ in files}
        self._fresh += contents
        if len(self._fresh) >= _AT_ONCE:
            self._settle()
        return Put(lines, list(contents), [self.path / it for it in sorted(kept)])

    def _is_same(self, new: Record) -> bool:
        """Say whether the folder has had this very letter, whatever became of it."""
        old = self.records.get(new.path)
        return old is not None and old.fingerprint == new.fingerprint

    def _is_done(self, new: Record) -> bool:
        return self._is_same(new) and self.records[new.path].is_true(self.path)

    def _holds_other(self, new: Record, content: bytes) -> bool:
        """Say whether the place of a letter holds another one, and not just a part of this one."""
        place, old = self.path / new.path, self.records.get(new.path)
        with write_errors(place):
            there = place.read_bytes() if place.is_file() else content
        is_whole = old and (old.fingerprint != new.fingerprint or old.is_true(self.path))
        return there != content and bool(is_whole or not _is_torn(there, content))

    def _occupied(self, new: Record) -> Problem:
        place = self.path / new.path
        if new.path not in self.records:
            return occupied(place)
        message = "is not as optout wrote it (signed?), and would read otherwise now"
        hint = "move it away and give the command again, or replace it with --force"
        return Problem("file-exists", message, Location(str(place)), hint)

    def _settle(self) -> None:
        """See to it that what was written since the last time outlives a power cut."""
        make_durable(self._fresh)
        self._fresh = []

    def _may_replace(self, path: str, content: bytes) -> bool:
        """Say whether a file is absent, the same, of this folder, or torn by a power cut."""
        place, record = self.path / path, self.records.get(path)
        with write_errors(place):
            if not place.is_file() or (record and record.is_true(self.path)):
                return True
            return _is_torn(place.read_bytes(), content)

    def retire(self, records: Iterable[Record]) -> tuple[list[Path], list[Problem]]:
        """Move letters that their requests no longer give to `earlier`.

        Returns those that stay because they were changed, and what is wrong where one cannot move.
        """
        self._settle()  # what was written in their stead
        changed: list[Path] = []
        problems: list[Problem] = []
        for record in records:
            place = self.path / record.path
            if record.is_true(self.path):
                try:
                    self._refuse_linked(place.parent)
                    move_to_earlier(place)
                except OptoutError as error:
                    problems += error.problems
                    continue
                self.moved.append(place)
            elif place.exists():
                changed.append(place)
            del self.records[record.path]
        return changed, problems

    def _refuse_linked(self, folder: Path) -> None:
        """Raise OptoutError where a folder is elsewhere: a manifest may be somebody else's."""
        own = os.path.realpath(self.path)
        if os.path.commonpath([own, os.path.realpath(folder)]) != own:
            message = "is a link out of the batch's folder, and letters there are not moved"
            hint = "replace the link with a folder, or move old letters there yourself"
            raise OptoutError(Problem("not-ours", message, Location(str(folder)), hint))

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """Open a file without a name, on the same disk, that is gone at the end of the block."""
        with write_errors(self.staging):
            file = TemporaryFile(dir=self.staging)  # noqa: SIM115  # closed below
        try:
            yield file
        finally:
            with suppress(OSError):  # that the disk was full has been told
                file.close()

    def begin(self) -> None:
        """Take away what tells of a whole batch, until this one is."""
        self._keep_table()
        with write_errors(self.path / TABLE):
            (self.path / TABLE).unlink(missing_ok=True)

    def _keep_table(self) -> None:
        """Move manifest.csv to `earlier` if somebody has changed it, as to note what went out."""
        if not self._is_own_table:
            move_to_earlier(self.path / TABLE)
            self.moved.append(self.path / TABLE)
            self._is_own_table = True

    def finish(self, places: Mapping[str, str], origins: Mapping[str, tuple[str, ...]]) -> None:
        """Set the manifest in order: the run's files, each with its request's place, come last.

        One that was changed, as by signing it, keeps its line, which states what was written.
        `origins` are the tables of each file of requests.
        """
        self._settle()
        self._keep_table()
        others = [it for path, it in self.records.items() if path not in places]
        own = [
            self.records[path].moved_to(place, origins)
            for path, place in places.items()
            if path in self.records
        ]
        kept = [*(it for it in others if (self.path / it.path).exists()), *own]
        self.records = {it.path: it for it in kept}
        self._rewrite(kept)
        self._replace(TABLE, table_of(kept, self.path).encode(TABLE_ENCODING))
        make_durable([self.path / NAME, self.path / TABLE])

    def put_rejects(
        self, texts: Mapping[str, str], origins: Mapping[str, tuple[str, ...]]
    ) -> tuple[list[Path], list[Path]]:
        """Write rejected rows, each form's under its name, and move earlier ones to `earlier`.

        `origins` are the tables of each file that this batch was read from. Such a file is left
        alone, and so are rejects of other forms then: their rows may be nowhere else. One that was
        changed since it was written holds somebody's work. Returns what was written, and what was
        left for that last reason.
        """
        read = {Path(os.path.realpath(it)) for it in origins}
        own = Path(os.path.realpath(self.path))
        forms = {it.suffix for it in read if it.parent == own and it.name.startswith("rejects")}
        contents = {
            name: text.encode(TABLE_ENCODING if name.endswith(".csv") else "utf-8")
            for name, text in texts.items()
        }
        known = self._seal(contents.values())
        written, changed = [], []
        for name in _REJECTS:
            unread = (it for it in self._names(name) if Path(os.path.realpath(it)) not in read)
            for place in unread:
                with write_errors(place):
                    if not place.exists() or digest_of(place) in known.seals:
                        break
                changed.append(place)
            if name in contents:
                self._write_rejects(place, contents[name])
                written.append(place)
            elif place.exists() and place.name == name and (not forms or place.suffix in forms):
                move_to_earlier(place)
                self.moved.append(place)
        tables = {table for several in origins.values() for table in several}
        known.tables.update((it.name, tuple(sorted(tables))) for it in written)
        self._note(known)
        return written, changed

    def _write_rejects(self, place: Path, content: bytes) -> None:
        written = write_all({place: content}, force=True, staging=self.staging, keep=[place])
        self.moved += [path for path, earlier in written.items() if earlier]

    def _seal(self, contents: Iterable[bytes]) -> Rejects:
        """Note the hashes of what is about to be written beside those of what was."""
        known = load_rejects(self.path)
        with write_errors(self.path):
            there = {digest_of(it) for it in self.path.glob("rejects*.*") if it.is_file()}
        seals = (known.seals & there) | {sha256(it).hexdigest() for it in contents}
        sealed = msgspec.structs.replace(known, seals=seals)
        self._note(sealed)
        return sealed

    def _note(self, rejects: Rejects) -> None:
        """Write what is known of the files of rejected rows, if there is anything."""
        if rejects != Rejects():
            content = msgspec.json.encode(rejects, order="deterministic")
            write_all({self.staging / STATE: content}, force=True, staging=self.staging)

    def _names(self, name: str) -> Iterator[Path]:
        yield self.path / name
        stem, _, suffix = name.partition(".")
        number = 2
        while True:
            yield self.path / f"{stem}-{number}.{suffix}"
            number += 1

    def _rewrite(self, records: Iterable[Record]) -> None:
        content = b"".join(line_of(it, self.path) for it in records)
        if content or os.path.lexists(self.path / NAME):  # a link is replaced, not followed
            self._replace(NAME, content)

    def _replace(self, name: str, content: bytes) -> None:
        write_all({self.path / name: content}, force=True, staging=self.staging)


def _refuse_foreign(path: Path, is_kind: Callable[[int], bool], noun: str) -> None:
    """Raise OptoutError where something else is in the place of the batch's own file or folder."""
    if os.path.lexists(path) and not is_kind(path.lstat().st_mode):
        what = "a symbolic link, and not" if path.is_symlink() else "not"
        message = f"is {what} the {noun} that optout keeps here"
        hint = "move it away and give the command again, or give another -o"
        raise OptoutError(Problem("not-ours", message, Location(str(path)), hint))


def _is_torn(old: bytes, content: bytes) -> bool:
    """Say whether `old` is what a power cut can leave of `content`: ends early, has gaps of NUL."""
    return len(old) <= len(content) and all(
        content.startswith(old[start : start + _BLOCK].rstrip(b"\0"), start)
        for start in range(0, len(old), _BLOCK)
    )
