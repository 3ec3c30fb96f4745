"""Put finished files where they belong: all of them or none, and never over another letter."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from optout_cli.errors import OptoutError, Problem, Spot, raise_any

_FULL = (errno.ENOSPC, errno.EDQUOT)
_WRITERS = 16  # threads, each of which only waits for the disk
_LONGEST = 200  # characters of a name that another name is made from


def write_all(
    files: Mapping[Path, bytes], *, force: bool = False, staging: Path | None = None
) -> set[Path]:
    """Write every file whole, or none; one that has these bytes already is left alone.

    Returns those that were written. With `staging`, a folder on the same disk, unfinished files
    lie there and not beside their places. Raises OptoutError where a file exists with other bytes
    (it may be the signed one) and `force` is not set, or where a place cannot be written.
    """
    fresh = {path: content for path, content in files.items() if _differs(path, content)}
    if not force:
        raise_any(occupied(path) for path in fresh if path.is_file())
    staged: dict[Path, Path] = {}
    kept: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path, content in fresh.items():
            staged[path] = _stage(path, content, staging)
            if path.is_file():
                kept[path] = _keep(path, staging)
        for path, temporary in staged.items():
            with refusals(path):
                temporary.replace(path)
            placed.append(path)
    except BaseException:
        for path in placed:
            kept.pop(path).replace(path) if path in kept else path.unlink()
        raise
    finally:
        for temporary in (*staged.values(), *kept.values()):
            temporary.unlink(missing_ok=True)
    return set(fresh)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name, and takes the place of another, once the block has ended."""
    temporary = _aside(path, None)
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("xb+")
    try:
        with refusals(path):
            with stream:
                yield stream
            _make_durable(temporary)
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
    with refusals(path):
        return path.is_dir()


def is_stream(path: Path) -> bool:
    """Say whether `path` is there and neither file nor folder: a device or a named pipe."""
    with refusals(path):
        return path.exists() and not path.is_dir() and not path.is_file()


def write_stream(path: Path, content: bytes) -> None:
    """Write to something that is no regular file: a device or a named pipe."""
    with refusals(path), path.open("wb") as stream:
        stream.write(content)


def _differs(path: Path, content: bytes) -> bool:
    with refusals(path):
        return not path.is_file() or path.read_bytes() != content


def occupied(path: Path) -> Problem:
    """Word the Problem of a file that is there with other content."""
    message = "exists with other content; it may be a signed letter, or another county's"
    return Problem(
        "file-exists", message, Spot(str(path)), "name another folder with -o, or --force"
    )


def _stage(path: Path, content: bytes, staging: Path | None) -> Path:
    """Write the content beside its place or in `staging`, under a name of its own."""
    temporary = _aside(path, staging)
    with refusals(path):
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


def _keep(path: Path, staging: Path | None) -> Path:
    """Copy what stands at `path` aside, to be put back if a later file fails."""
    from shutil import copy2

    kept = _aside(path, staging)
    with refusals(path):
        try:
            copy2(path, kept)
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
    return kept


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn the system's refusal into a Problem of `path`."""
    try:
        yield
    except OSError as error:
        spot = Spot(str(path))
        reason = error.strerror
        if isinstance(error, FileExistsError | NotADirectoryError):
            files = [it for it in path.parents if it.exists() and not it.is_dir()]
            reason = f"{str(files[0])!r} is a file, not a folder" if files else reason
        code = "disk-full" if error.errno in _FULL else "unwritable"
        raise OptoutError(Problem(code, f"cannot be written: {reason}", spot)) from None
