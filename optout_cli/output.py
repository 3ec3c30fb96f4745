"""Put finished files where they belong: all of them or none, and never over another letter.

A letter that is replaced all the same stays in the folder `earlier` beside its place.
"""

import errno
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import file_digest
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from optout_cli.errors import Location, OptoutError, Problem, raise_any

_FULL = (errno.ENOSPC, errno.EDQUOT)
_WRITERS = 16  # threads, each of which only waits for the disk
_LONGEST = 200  # characters of a name that another name is made from
_EARLIER = "earlier"  # the folder beside the letters, for those that were replaced
_DIGITS = 12  # of a SHA-256, in the name of an earlier letter


def write_all(
    files: Mapping[Path, bytes],
    *,
    force: bool = False,
    staging: Path | None = None,
    keep: Container[Path] = (),
) -> dict[Path, Path | None]:
    """Write every file whole, or none; one that has these bytes already is left alone.

    Returns those that were written, each with where the file that it replaced is now: in the
    folder `earlier` beside it for a path in `keep`, else None. With `staging`, a folder on the same
    disk, unfinished files lie there and not beside their places. A link is replaced and never
    followed. Raises OptoutError where a file exists with other bytes (it may be the signed one)
    and `force` is not set, or where a place cannot be written.
    """
    fresh = _unwritten(files, force=force)
    staged: dict[Path, Path] = {}
    backups: dict[Path, Path] = {}
    kept: dict[Path, Path] = {}
    added: list[Path] = []  # those of them that were not there before
    placed: list[Path] = []
    try:
        for path, content in fresh.items():
            staged[path] = _stage(path, content, staging)
            if path.is_file():
                backups[path] = _back_up(path, staging)
                if path in keep:
                    kept[path] = _keep(path, added)
        for path, temporary in staged.items():
            with write_errors(path):
                _place(temporary, path, force=force)
            placed.append(path)
    except BaseException:
        _put_back(placed, backups)
        for path in added:  # which each have their own place again
            path.unlink()
        raise
    finally:
        for temporary in (*staged.values(), *backups.values()):
            temporary.unlink(missing_ok=True)
    return {path: kept.get(path) for path in placed}


def _unwritten(files: Mapping[Path, bytes], *, force: bool) -> dict[Path, bytes]:
    """Return what is to be written. Raises OptoutError where that may not be."""
    if force:
        return {
            path: content
            for path, content in files.items()
            if path.is_symlink() or _differs(path, content)
        }
    fresh = {path: content for path, content in files.items() if _differs(path, content)}
    raise_any(occupied(path) for path in fresh if path.is_file())
    return fresh


def _put_back(placed: Iterable[Path], backups: dict[Path, Path]) -> None:
    """Make each place as it was before."""
    for path in placed:
        backups.pop(path).replace(path) if path in backups else path.unlink()


def _place(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name. Without `force` never that of a file that has appeared."""
    if not force:
        with suppress(OSError):  # it is there, or this disk has no hard links
            os.link(temporary, path)
            return
        if path.is_file() and _digest(path) != _digest(temporary):
            raise OptoutError(occupied(path))
    temporary.replace(path)


def move_to_earlier(path: Path) -> Path:
    """Move a letter to the folder `earlier` beside it, and return where it is now.

    At each instant it has one name or both. Raises OptoutError.
    """
    kept = _keep(path, [])
    with write_errors(path):
        path.unlink()
    return kept


def _keep(path: Path, added: list[Path]) -> Path:
    """Give the file at `path` a second name in the folder `earlier` beside it.

    The name has the beginning of the file's SHA-256: 2026-11-24-opt-out-ice.1f0c5a9d3e7b.pdf.
    Returns it, and adds it to `added` if it is new. No file there is ever replaced, so two
    processes may do this at once. Raises OptoutError.
    """
    folder = path.parent / _EARLIER
    with write_errors(folder / path.name):
        if folder.is_symlink():
            message = "is a symbolic link, and letters are never moved through one"
            hint = "replace the link with a folder, and give the command again"
            raise OptoutError(Problem("not-ours", message, Location(str(folder)), hint))
        folder.mkdir(exist_ok=True)
        digest = _digest(path)
        texts = chain([digest[:_DIGITS]], (f"{digest}-{number}" for number in count(1)))
        names = (folder / f"{path.stem[:_LONGEST]}.{text}{path.suffix}" for text in texts)
        for name in names:
            if _add_name(path, name):
                added.append(name)
                return name
            if not name.is_symlink() and name.is_file() and _digest(name) == digest:
                return name
    raise AssertionError  # there is always another name


def _digest(path: Path) -> str:
    with path.open("rb") as stream:  # a file to print may be large
        return file_digest(stream, "sha256").hexdigest()


def _add_name(path: Path, name: Path) -> bool:
    """Make `name` the same file, or else a copy. Returns False where there is one of that name."""
    if not path.is_symlink():
        with suppress(OSError):  # this disk has no hard links, or it is another user's file
            os.link(path, name)
            return True
    if os.path.lexists(name):
        return False
    copy = _back_up(path, name.parent)
    _make_durable(copy)
    copy.replace(name)
    return True


@contextmanager
def open_replacement(path: Path, moved: list[Path]) -> Iterator[BinaryIO]:
    """Open a file that gets its name once the block has ended.

    A file of that name with other content is moved to `earlier`, and its path added to `moved`.
    """
    temporary = _aside(path, None)
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("xb+")
    try:
        with write_errors(path):
            with stream:
                yield stream
            _make_durable(temporary)
            if path.is_file() and _digest(path) != _digest(temporary):
                _keep(path, [])
                moved.append(path)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def make_durable(paths: Iterable[Path]) -> None:
    """See to it that files outlive a power cut; what cannot be had is left as it is.

    Together: a disk writes a thousand files at once in the time of twenty one by one.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_WRITERS) as writers:
        for _ in writers.map(_make_durable, paths):
            pass


def _make_durable(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_folder(path: Path) -> bool:
    """Say whether `path` is a folder. Raises OptoutError where it cannot be one's name."""
    with write_errors(path):
        return path.is_dir()


def is_stream(path: Path) -> bool:
    """Say whether `path` is there and neither file nor folder: a device or a named pipe."""
    with write_errors(path):
        return path.exists() and not path.is_dir() and not path.is_file()


def write_stream(path: Path, content: bytes) -> None:
    """Write to something that is no regular file: a device or a named pipe."""
    with write_errors(path), path.open("wb") as stream:
        stream.write(content)


def _differs(path: Path, content: bytes) -> bool:
    with write_errors(path):
        return not path.is_file() or path.read_bytes() != content


def occupied(path: Path) -> Problem:
    """Word the Problem of a file that is there with other content."""
    message = "exists with other content; it may be a signed letter, or another county's"
    hint = "name another folder with -o, or --force, which moves this file to earlier/"
    return Problem("file-exists", message, Location(str(path)), hint)


def _stage(path: Path, content: bytes, staging: Path | None) -> Path:
    """Write the content beside its place or in `staging`, under a name of its own."""
    temporary = _aside(path, staging)
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return temporary


def _aside(path: Path, staging: Path | None) -> Path:
    """Return a hidden name, in the same folder or `staging`, that nothing has had."""
    return (staging or path.parent) / f".{path.name[:_LONGEST]}.{os.urandom(6).hex()}"


def _back_up(path: Path, staging: Path | None) -> Path:
    """Copy what stands at `path` aside, to be put back if a later file fails."""
    from shutil import copy2

    backup = _aside(path, staging)
    with write_errors(path):
        try:
            copy2(path, backup)
        except BaseException:
            backup.unlink(missing_ok=True)
            raise
    return backup


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal into a Problem of `path`."""
    try:
        yield
    except OSError as error:
        location = Location(str(path))
        reason = error.strerror
        if isinstance(error, FileExistsError | NotADirectoryError):
            files = [it for it in path.parents if it.exists() and not it.is_dir()]
            reason = f"{str(files[0])!r} is a file, not a folder" if files else reason
        code = "disk-full" if error.errno in _FULL else "unwritable"
        raise OptoutError(Problem(code, f"cannot be written: {reason}", location)) from None
