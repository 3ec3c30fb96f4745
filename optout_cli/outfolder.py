"""The folder of a batch: locked, its manifest kept true, and each file in it whole or absent.

A letter that this folder's manifest does not know, or that was changed since, is never replaced
unless that is asked for: it may be the signed one.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

from optout_cli.errors import OptoutError, Problem, Spot, raise_any
from optout_cli.manifest import NAME, TABLE, Record, digest_of, line_of, load_records, table_of
from optout_cli.output import make_durable, occupied, refusals, write_all

_OWN = ".optout"  # the folder within the folder: the lock, and files that are not whole yet
_AT_ONCE = 500  # files to settle, so that an interrupt never waits for thousands
_BLOCK = 512  # bytes: what a disk writes whole
_TABLE_ENCODING = "utf-8-sig"  # a spreadsheet tells by its first bytes that a table is UTF-8
_REJECTS = ("rejects.csv", "rejects.ndjson", "rejects.yaml")
_SEALS = "rejects"  # in the folder's own: the hashes of what was put into those


class Put(NamedTuple):
    """What was done with a request's files: lines of the manifest, paths written and left alone."""

    lines: bytes
    written: list[Path]
    left: list[Path]


class OutFolder:
    """A folder that one batch at a time writes to; `records` is what its manifest states."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.staging = path / _OWN
        self.records: dict[str, Record] = {}
        self._fresh: list[Path] = []

    def __enter__(self) -> Self:
        """Lock the folder and take over its manifest. Raises OptoutError."""
        with refusals(self.path):
            self.staging.mkdir(parents=True, exist_ok=True)
            self._lock = (self.staging / "lock").open("a+")
        try:
            # Not inherited by workers, and gone with this process however it ends.
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            message, hint = "another batch is writing to this folder", "wait until it has ended"
            problem = Problem(
                "in-use", message, Spot(str(self.path)), f"{hint}, or give another -o"
            )
            raise OptoutError(problem) from None
        for it in self.staging.glob(".*"):  # what a killed run left
            it.unlink()
        self.records = load_records(self.path)
        self._rewrite(self.records.values())
        with refusals(self.path / NAME):
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
            raise OptoutError(Problem("folder-gone", message, Spot(str(self.path))))
        write_all(contents, force=True, staging=self.staging)
        lines = b"".join(line_of(record, self.path) for record, _ in files)
        with refusals(self.path / NAME):
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

    def _occupied(self, new: Record) -> Problem:
        place = self.path / new.path
        if new.path not in self.records:
            return occupied(place)
        message = "is not as optout wrote it (signed?), and would read otherwise now"
        hint = "move it away and give the command again, or replace it with --force"
        return Problem("file-exists", message, Spot(str(place)), hint)

    def _settle(self) -> None:
        """See to it that what was written since the last time outlives a power cut."""
        make_durable(self._fresh)
        self._fresh = []

    def _may_replace(self, path: str, content: bytes) -> bool:
        """Say whether a file is absent, the same, of this folder, or torn by a power cut."""
        place, record = self.path / path, self.records.get(path)
        with refusals(place):
            if not place.is_file() or (record and record.is_true(self.path)):
                return True
            return _is_torn(place.read_bytes(), content)

    def remove(self, records: Iterable[Record]) -> list[Path]:
        """Take files away that their requests no longer give; return those that were changed."""
        kept = []
        for it in list(records):
            place = self.path / it.path
            if it.is_true(self.path):
                with refusals(place):
                    place.unlink()
            elif place.exists():
                kept.append(place)
            del self.records[it.path]
        return kept

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """Open a file without a name, on the same disk, that is gone at the end of the block."""
        with refusals(self.staging):
            file = TemporaryFile(dir=self.staging)  # noqa: SIM115  # closed below
        try:
            yield file
        finally:
            with suppress(OSError):  # that the disk was full has been told
                file.close()

    def begin(self) -> None:
        """Take away what tells of a whole batch, until this one is."""
        with refusals(self.path / TABLE):
            (self.path / TABLE).unlink(missing_ok=True)

    def finish(self, places: Mapping[str, str]) -> None:
        """Set the manifest in order: the run's files, each with its request's place, come last.

        One that was changed, as by signing it, keeps its line, which states what was written.
        """
        self._settle()
        others = [it for path, it in self.records.items() if path not in places]
        own = [
            msgspec.structs.replace(self.records[path], request=place)
            for path, place in places.items()
            if path in self.records
        ]
        kept = [*(it for it in others if (self.path / it.path).exists()), *own]
        self.records = {it.path: it for it in kept}
        self._rewrite(kept)
        self._replace(TABLE, table_of(kept, self.path).encode(_TABLE_ENCODING))
        make_durable([self.path / NAME, self.path / TABLE])

    def put_rejects(
        self, texts: Mapping[str, str], inputs: Iterable[Path]
    ) -> tuple[list[Path], list[Path]]:
        """Write rejected rows, each form's under its name, and take earlier ones away.

        One that this batch was read from is left alone, and so are those of other forms then:
        their rows may be nowhere else. One that was changed since it was written holds somebody's
        work. Returns what was written, and what was left for that last reason.
        """
        read = {Path(os.path.realpath(it)) for it in inputs}
        own = Path(os.path.realpath(self.path))
        forms = {it.suffix for it in read if it.parent == own and it.name.startswith("rejects")}
        contents = {
            name: text.encode(_TABLE_ENCODING if name.endswith(".csv") else "utf-8")
            for name, text in texts.items()
        }
        seals = self._seal(contents.values())
        written, changed = [], []
        for name in _REJECTS:
            unread = (it for it in self._names(name) if Path(os.path.realpath(it)) not in read)
            for place in unread:
                with refusals(place):
                    if not place.exists() or digest_of(place) in seals:
                        break
                changed.append(place)
            if name in contents:
                write_all({place: contents[name]}, force=True, staging=self.staging)
                written.append(place)
            elif place.name == name and (not forms or place.suffix in forms):
                with refusals(place):
                    place.unlink(missing_ok=True)
        return written, changed

    def _seal(self, contents: Iterable[bytes]) -> set[str]:
        """Note the hashes of what is about to be written beside those of what was."""
        place = self.staging / _SEALS
        with refusals(place):
            known = set(place.read_text("ascii", "replace").split()) if place.exists() else set()
            there = {digest_of(it) for it in self.path.glob("rejects*.*") if it.is_file()}
        seals = (known & there) | {sha256(it).hexdigest() for it in contents}
        if seals != known:
            write_all({place: "\n".join(sorted(seals)).encode()}, force=True, staging=self.staging)
        return seals

    def _names(self, name: str) -> Iterator[Path]:
        yield self.path / name
        stem, _, suffix = name.partition(".")
        number = 2
        while True:
            yield self.path / f"{stem}-{number}.{suffix}"
            number += 1

    def _rewrite(self, records: Iterable[Record]) -> None:
        content = b"".join(line_of(it, self.path) for it in records)
        if content or (self.path / NAME).exists():
            self._replace(NAME, content)

    def _replace(self, name: str, content: bytes) -> None:
        write_all({self.path / name: content}, force=True, staging=self.staging)


def _is_torn(old: bytes, content: bytes) -> bool:
    """Say whether `old` is what a power cut can leave of `content`: ends early, has gaps of NUL."""
    return len(old) <= len(content) and all(
        content.startswith(old[start : start + _BLOCK].rstrip(b"\0"), start)
        for start in range(0, len(old), _BLOCK)
    )
