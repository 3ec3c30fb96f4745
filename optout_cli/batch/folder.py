"""The output folder of a batch: locked, with a true manifest, and each file whole or absent.

A letter that is not in the manifest, or that was changed since, is replaced only with `--force`: it
may be the signed one. No letter is ever deleted: a letter that is replaced, or that its request no
longer gives, moves to the folder `earlier` beside it.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, NamedTuple, Self

from optout_cli.batch.manifest import (
    NAME,
    TABLE,
    TABLE_ENCODING,
    Record,
    is_own_table,
    line_of,
    load_records,
    table_of,
)
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.output import make_durable, move_to_earlier, occupied, write_all, write_errors
from optout_cli.trust import leads_outside

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

OWN = ".optout"  # the folder within the output folder for optout's own files
_AT_ONCE = 500  # files to make durable together, so that an interrupt never waits for thousands
_BLOCK = 512  # bytes that a disk writes whole
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{12}", re.DOTALL)  # names that write_all gives in OWN


class Put(NamedTuple):
    """What happened to the files of a request: manifest lines, paths written, and paths kept."""

    lines: bytes
    written: list[Path]
    left: list[Path]


class OutputFolder:
    """A folder that one batch at a time writes to.

    `records` holds what the manifest says, by path. `moved` lists the paths whose earlier files are
    in `earlier` now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.staging = path / OWN
        self.records: dict[str, Record] = {}
        self.moved: list[Path] = []
        self._fresh: list[Path] = []  # files that a power cut could still damage
        self._is_own_table = True

    def __enter__(self) -> Self:
        """Lock the folder and load its manifest. Raises OptoutError."""
        lock = self.staging / "lock"
        with write_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(self.staging, stat.S_ISDIR, "folder")
            self.staging.mkdir(exist_ok=True)
            _refuse_foreign(lock, stat.S_ISREG, "file")
            self._lock = lock.open("a+")
        try:
            # Workers do not inherit this lock, and it ends with this process in every case.
            if fcntl is not None:
                fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            message = "another batch is writing to this folder"
            hint = "wait until it ends, or name another folder with -o"
            location = Location(str(self.path))
            raise OptoutError(Problem("in-use", message, location, hint)) from None
        with write_errors(self.staging):
            for file in self.staging.iterdir():  # a killed run left these
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
        """Make every file durable, and release the lock."""
        self._make_fresh_durable()
        with suppress(OSError):  # the failed write has been reported
            self._manifest.close()
        self._lock.close()

    def put(self, files: Sequence[tuple[Record, bytes]], *, force: bool = False) -> Put:
        """Write the files of one request, all or none.

        A file that was changed since it was written is kept if the letter would be the same again.
        Raises OptoutError as `changed` does.
        """
        kept = self.changed(files, force=force)
        if kept:
            files = [
                (record, content)
                for record, content in files
                if record.path not in kept
                and not (self._is_same(record) and self.records[record.path].is_true(self.path))
            ]
        contents = {self.path / record.path: content for record, content in files}
        if not self.staging.is_dir():
            message = "the folder was deleted or moved while optout was writing to it"
            raise OptoutError(Problem("folder-gone", message, Location(str(self.path))))
        keep = {path for path, content in contents.items() if _holds_other(path, content)}
        written = write_all(contents, force=True, staging=self.staging, keep=keep)
        self.moved += [path for path, earlier in written.items() if earlier]
        lines = b"".join(line_of(record, self.path) for record, _ in files)
        with write_errors(self.path / NAME):
            self._manifest.write(lines)
            self._manifest.flush()
        self.records |= {record.path: record for record, _ in files}
        self._fresh += contents
        if len(self._fresh) >= _AT_ONCE:
            self._make_fresh_durable()
        return Put(lines, list(contents), [self.path / path for path in sorted(kept)])

    def changed(self, files: Sequence[tuple[Record, bytes]], *, force: bool = False) -> set[str]:
        """Return the paths of letters that somebody has changed and that stay as they are.

        Raises OptoutError if a changed or unknown file would have to be replaced, or a link that
        leads nowhere. Writes nothing.
        """
        raise_any(_dead_link_problems(self.path / record.path for record, _ in files))
        kept = {
            record.path
            for record, content in files
            if not force and not self._may_replace(record.path, content)
        }
        raise_any(
            self._occupied_problem(record)
            for record, _ in files
            if record.path in kept and not self._is_same(record)
        )
        return kept

    def _is_same(self, new: Record) -> bool:
        """Tell whether the manifest has this same letter, even if the file was changed since."""
        old = self.records.get(new.path)
        return old is not None and old.fingerprint == new.fingerprint

    def _may_replace(self, path: str, content: bytes) -> bool:
        """Tell whether a file is absent, as the manifest says, or torn by a power cut."""
        place, record = self.path / path, self.records.get(path)
        with write_errors(place):
            if not place.is_file() or (record and record.is_true(self.path)):
                return True
            return _is_torn(place.read_bytes(), content)

    def _occupied_problem(self, new: Record) -> Problem:
        place = self.path / new.path
        if new.path not in self.records:
            return occupied(place)
        message = (
            "was changed after optout wrote it (a signed copy?),"
            " and the letter would read differently now"
        )
        hint = "move it away and run the command again, or replace it with --force"
        return Problem("file-exists", message, Location(str(place)), hint)

    def _make_fresh_durable(self) -> None:
        make_durable(self._fresh)
        self._fresh = []

    def retire(self, records: Iterable[Record]) -> tuple[list[Path], list[Problem]]:
        """Move letters that their requests no longer give to `earlier`.

        Returns the letters that stay because they were changed, and the problems of those that
        cannot be moved.
        """
        self._make_fresh_durable()  # the new letters first
        changed: list[Path] = []
        problems: list[Problem] = []
        for record in records:
            place = self.path / record.path
            if record.is_true(self.path):
                if leads_outside(place.parent, self.path):  # the manifest may be forged
                    message = "is a link out of the output folder; letters there are not moved"
                    hint = "replace the link with a folder, or move old letters there yourself"
                    location = Location(str(place.parent))
                    problems.append(Problem("not-ours", message, location, hint))
                    continue
                try:
                    move_to_earlier(place)
                except OptoutError as error:
                    problems += error.problems
                    continue
                self.moved.append(place)
            elif place.exists():
                changed.append(place)
            del self.records[record.path]
        return changed, problems

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """Open a file without a name, on the same disk, that is gone at the end of the block."""
        with write_errors(self.staging):
            file = TemporaryFile(dir=self.staging)  # noqa: SIM115  # closed below
        try:
            yield file
        finally:
            with suppress(OSError):  # a full disk has been reported
                file.close()

    def begin(self) -> None:
        """Remove manifest.csv, which stands for a finished batch, until this batch is finished."""
        self._save_changed_table()
        with write_errors(self.path / TABLE):
            (self.path / TABLE).unlink(missing_ok=True)

    def _save_changed_table(self) -> None:
        """Move manifest.csv to `earlier` if somebody has changed it, as to note what went out."""
        if not self._is_own_table:
            move_to_earlier(self.path / TABLE)
            self.moved.append(self.path / TABLE)
            self._is_own_table = True

    def finish(self, places: Mapping[str, str], origins: Mapping[str, tuple[str, ...]]) -> None:
        """Sort the manifest: the files of this run come last, in the order of `places`.

        `places` has the row of each file by its path, and `origins` the tables of each input file.
        A file that was changed, such as a signed letter, keeps the line that says what was written.
        """
        self._make_fresh_durable()
        self._save_changed_table()
        kept = [
            record
            for path, record in self.records.items()
            if path not in places and (self.path / path).exists()
        ]
        kept += [
            self.records[path].moved_to(place, origins)
            for path, place in places.items()
            if path in self.records
        ]
        self.records = {record.path: record for record in kept}
        self._rewrite(kept)
        self._replace(TABLE, table_of(kept, self.path).encode(TABLE_ENCODING))
        make_durable([self.path / NAME, self.path / TABLE])

    def _rewrite(self, records: Iterable[Record]) -> None:
        content = b"".join(line_of(record, self.path) for record in records)
        if content or os.path.lexists(self.path / NAME):  # a link is replaced, not followed
            self._replace(NAME, content)

    def _replace(self, name: str, content: bytes) -> None:
        write_all({self.path / name: content}, force=True, staging=self.staging)


def _refuse_foreign(path: Path, is_kind: Callable[[int], bool], noun: str) -> None:
    """Raise OptoutError if `path` is there and is not the batch's own file or folder."""
    if os.path.lexists(path) and not is_kind(path.lstat().st_mode):
        link = "a symbolic link, " if path.is_symlink() else ""
        message = f"is {link}not the {noun} that optout keeps here"
        hint = "move it away and run the command again, or name another folder with -o"
        raise OptoutError(Problem("not-ours", message, Location(str(path)), hint))


def _dead_link_problems(paths: Iterable[Path]) -> Iterator[Problem]:
    """Yield a Problem for each symbolic link that leads nowhere: no copy of it can be kept."""
    for path in paths:
        if path.is_symlink() and not path.exists():
            message = "is a symbolic link that leads nowhere, and optout did not put it there"
            hint = "move it away and run the command again, or name another folder with -o"
            yield Problem("file-exists", message, Location(str(path)), hint)


def _holds_other(path: Path, content: bytes) -> bool:
    """Tell whether a file holds anything but `content`, even if it is only a part of that."""
    with write_errors(path):
        return path.is_file() and path.read_bytes() not in (b"", content)


def _is_torn(old: bytes, content: bytes) -> bool:
    """Tell whether a power cut can leave `old` of `content`: it ends early or has gaps of NUL."""
    return len(old) <= len(content) and all(
        content.startswith(old[start : start + _BLOCK].rstrip(b"\0"), start)
        for start in range(0, len(old), _BLOCK)
    )
