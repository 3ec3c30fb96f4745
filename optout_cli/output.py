"""Write finished files: all of them or none, and never over another letter.

A letter that is replaced with `--force` moves to the folder `earlier` beside it.
"""

import errno
import io
import os
import re
import signal
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import file_digest
from itertools import chain, count
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any, BinaryIO

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.trust import ON_WINDOWS, is_reserved

_FULL = (errno.ENOSPC, errno.EDQUOT)
_WRITERS = 16  # threads, each of which only waits for the disk
_LONGEST = 200  # characters of a file's name that are kept in a longer name
_EARLIER = "earlier"  # the folder beside the letters, for those that were replaced
_BLOCK = 512  # bytes that a disk writes whole
_DIGITS = 12  # of a SHA-256, in the name of an earlier letter
# What the program ends on. Windows has no SIGHUP, and there is nothing to block a signal with.
INTERRUPTS = {
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
}
HAS_MASK = hasattr(signal, "pthread_sigmask")
_NOT_IN_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
_MODIFIED = rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*"
_IN_USE = (5, 32)  # Windows error codes: access denied, sharing violation


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Delay Ctrl-C, SIGTERM and SIGHUP until the end of the block."""
    if HAS_MASK:
        held = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return
    if current_thread() is not main_thread():  # no signal interrupts another thread
        yield
        return
    noted: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: noted.append(number))
        for number in INTERRUPTS
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in noted:
            signal.raise_signal(number)


@contextmanager
def temporary_files() -> Iterator[None]:
    """Raise OptoutError if the block cannot write its temporary files; plain text has none."""
    import tempfile  # 10 ms

    try:
        with hold_interrupts():  # it tries a folder with a file, which must not stay behind
            tempfile.gettempdir()
        yield
    except OSError as error:
        # Of a missing folder, Python says only which folders it tried.
        is_missing = isinstance(error, FileNotFoundError)
        reason = "no folder for them can be written to" if is_missing else error.strerror
        message = f"temporary files cannot be written: {reason}"
        hint = "set TMPDIR to a folder of yours on a disk with free space"
        raise OptoutError(Problem("temporary-files", message, Location("TMPDIR"), hint)) from None


def write_all(
    files: Mapping[Path, bytes],
    *,
    force: bool = False,
    staging: Path | None = None,
    keep: Container[Path] = (),
    before_placing: Callable[[Mapping[Path, Path]], None] | None = None,
) -> dict[Path, Path | None]:
    """Write every file whole, or none; a file that has these bytes already is left alone.

    Returns each file that was written. Its value is the path in `earlier` of the file that it
    replaced, if its path is in `keep`, else None. `staging` is a folder on the same disk for
    unfinished files, which are beside their places otherwise. `before_placing` is called with the
    kept files once all is ready but the names. A link is replaced, never followed.
    Raises OptoutError if a file exists with other bytes (it may be a signed letter) and `force` is
    not set, or if a file cannot be written.
    """
    fresh = {
        path: content
        for path, content in files.items()
        if _differs(path, content, is_link_other=force)
    }
    raise_any(_reserved_problem(path) for path in files if ON_WINDOWS and is_reserved(path))
    raise_any(exists_problem(path) for path in fresh if not force and path.is_file())
    staged: dict[Path, Path] = {}
    backups: dict[Path, Path] = {}
    kept: dict[Path, Path] = {}
    added: list[Path] = []  # of `kept`, those that were not there before
    placed: list[Path] = []
    try:
        for path, content in fresh.items():
            staged[path] = _stage(path, content, staging)
            if path.is_file():
                backups[path] = _copy_aside(path, staging)
                if path in keep:
                    kept[path] = keep_in_earlier(path, added)
        if before_placing:
            before_placing(kept)
        for path, temporary in staged.items():
            with write_errors(path):
                _place(temporary, path, force=force)
            placed.append(path)
    except BaseException:
        _undo(placed, backups, added)
        raise
    finally:
        for temporary in (*staged.values(), *backups.values()):
            temporary.unlink(missing_ok=True)
    return {path: kept.get(path) for path in placed}


def _undo(placed: list[Path], backups: dict[Path, Path], added: list[Path]) -> None:
    """Restore every place, and then delete the second names in `earlier`."""
    for path in placed:
        backups.pop(path).replace(path) if path in backups else path.unlink()
    for path in added:
        path.unlink()


def _place(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name; without `force`, never replace a file that just appeared."""
    if not force:
        with suppress(OSError):  # the name is taken, or this disk has no hard links
            os.link(temporary, path)
            return
        if path.is_file() and digest_of(path) != digest_of(temporary):
            raise OptoutError(exists_problem(path))
    temporary.replace(path)


def move_to_earlier(path: Path) -> Path:
    """Move a letter to the folder `earlier` beside it, and return its new path.

    At every moment it has the old name, the new name, or both. Raises OptoutError.
    """
    kept = keep_in_earlier(path)
    with write_errors(path):
        path.unlink()
    return kept


def earlier_problem(path: Path) -> Problem | None:
    """Return why the file at `path` cannot move to the folder `earlier` beside it, or None."""
    folder = path.parent / _EARLIER
    location, hint = Location(str(folder)), "move it away, and run the command again"
    if folder.is_symlink():
        message = "is a symbolic link, and letters are never moved through a link"
        hint = "replace the link with a folder, and run the command again"
        return Problem("not-ours", message, location, hint)
    if folder.exists() and not folder.is_dir():
        return Problem("unwritable", "is a file, not a folder", location, hint)
    return None


def keep_in_earlier(path: Path, added: list[Path] | None = None) -> Path:
    """Give the file at `path` a second name in the folder `earlier` beside it.

    The name has the first digits of the file's SHA-256: 2026-11-24-opt-out-ice.1f0c5a9d3e7b.pdf.
    Returns the new path, and adds it to `added` if it was not there before. No file in `earlier`
    is ever replaced, so two processes may do this at once. Raises OptoutError.
    """
    folder = path.parent / _EARLIER
    with write_errors(folder / path.name):
        if problem := earlier_problem(path):
            raise OptoutError(problem)
        folder.mkdir(exist_ok=True)
        digest = digest_of(path)
        texts = chain([digest[:_DIGITS]], (f"{digest}-{number}" for number in count(1)))
        names = (folder / f"{path.stem[:_LONGEST]}.{text}{path.suffix}" for text in texts)
        for name in names:
            if _add_name(path, name):
                if added is not None:
                    added.append(name)
                return name
            if not name.is_symlink() and name.is_file() and digest_of(name) == digest:
                return name
    raise AssertionError  # the numbers never end


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal. Raises OSError."""
    with path.open("rb") as stream:  # a print run may be large
        return file_digest(stream, "sha256").hexdigest()


def _add_name(path: Path, name: Path) -> bool:
    """Make `name` the same file, or a copy of it. Return False if the name is taken."""
    if not path.is_symlink():
        with suppress(OSError):  # this disk has no hard links, or the file is another user's
            os.link(path, name)
            return True
    if os.path.lexists(name):
        return False
    copy = _copy_aside(path, name.parent)
    _make_durable(copy)
    copy.replace(name)
    return True


def is_torn(old: bytes, content: bytes) -> bool:
    """Tell whether a power cut can leave `old` of `content`: it ends early or has gaps of NUL."""
    return len(old) <= len(content) and all(
        content.startswith(old[start : start + _BLOCK].rstrip(b"\0"), start)
        for start in range(0, len(old), _BLOCK)
    )


@contextmanager
def open_replacement(path: Path, moved: list[Path]) -> Iterator[BinaryIO]:
    """Open a file that gets its name at the end of the block.

    A file of that name with other content moves to `earlier`, and its path is added to `moved`.
    """
    raise_any([_reserved_problem(path)] if ON_WINDOWS and is_reserved(path) else [])
    with _fresh_file(path, None) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb+") as stream:
            yield stream
        _make_durable(temporary)
        if path.is_file() and digest_of(path) != digest_of(temporary):
            keep_in_earlier(path)
            moved.append(path)
        temporary.replace(path)


def make_durable(paths: Iterable[Path]) -> None:
    """Make files survive a power cut, as far as the disk can.

    All at once: a disk writes a thousand files together in the time of twenty one by one.
    """
    from concurrent.futures import ThreadPoolExecutor

    def make_each(share: Iterable[Path]) -> None:
        for path in share:
            _make_durable(path)

    every = tuple(paths)
    shares = (every[first::_WRITERS] for first in range(_WRITERS))  # to hand over one costs as much
    with ThreadPoolExecutor(_WRITERS) as writers:
        for _ in writers.map(make_each, shares):
            pass


def _make_durable(path: Path) -> None:
    with suppress(OSError):
        # Windows makes only a file durable that is open for writing.
        handle = os.open(path, os.O_RDWR if ON_WINDOWS else os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_folder(path: Path) -> bool:
    """Tell whether `path` is a folder. Raises OptoutError if the system refuses the name."""
    with write_errors(path):
        return path.is_dir()


def free_name(path: Path, mine: Container[Path] = ()) -> Path:
    """Return the first of `a-2.yaml`, `a-3.yaml` and so on that is free, or is one of `mine`."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return next(name for name in names if name in mine or not name.exists())


def is_stream(path: Path) -> bool:
    """Tell whether `path` is neither file nor folder: a device or a named pipe."""
    with write_errors(path):
        return path.exists() and not path.is_dir() and not path.is_file()


def write_stream(path: Path, content: bytes) -> None:
    """Write to a device or a named pipe."""
    with write_errors(path), path.open("wb") as stream:
        stream.write(content)


def _differs(path: Path, content: bytes, *, is_link_other: bool) -> bool:
    with write_errors(path):
        is_link = is_link_other and path.is_symlink()
        return is_link or not path.is_file() or path.read_bytes() != content


def exists_problem(path: Path) -> Problem:
    """Return the Problem of a file that exists with other content."""
    message = "exists with other content; it may be a signed letter or another county's"
    hint = "name another folder with -o, or use --force, which moves this file to earlier/"
    return Problem("file-exists", message, Location(str(path)), hint)


def _reserved_problem(path: Path) -> Problem:
    """Return the Problem of a name that Windows gives to a device, or changes."""
    message = "has a name that Windows reserves, such as con or aux, or that ends in a dot or space"
    return Problem("reserved-name", message, Location(str(path)), "choose another name with -o")


def _stage(path: Path, content: bytes, staging: Path | None) -> Path:
    """Write the content beside its place or in `staging`, under an unused name."""
    with _fresh_file(path, staging) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(content)
    return temporary


def _copy_aside(path: Path, staging: Path | None) -> Path:
    """Copy the file at `path`, to restore it if a later file fails."""
    from shutil import copy2

    with _fresh_file(path, staging) as backup:
        copy2(path, backup)
    return backup


@contextmanager
def _fresh_file(path: Path, staging: Path | None) -> Iterator[Path]:
    """Name a file for the block to make, hidden in its folder; delete it if the block fails."""
    temporary = (staging or path.parent) / f".{path.name[:_LONGEST]}.{os.urandom(6).hex()}"
    with write_errors(path):
        try:
            yield temporary
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn an error of the system into a Problem of `path`."""
    try:
        yield
    except OSError as error:
        location = Location(str(path))
        reason = error.strerror
        if isinstance(error, FileExistsError | NotADirectoryError):
            files = [
                place for place in (path, *path.parents) if place.exists() and not place.is_dir()
            ]
            reason = f"{files[0]} is a file, not a folder" if files else reason
        code = "disk-full" if error.errno in _FULL else "unwritable"
        hint = None
        if getattr(error, "winerror", None) in _IN_USE:
            hint = "if another program has it open, such as a PDF viewer, close it"
        raise OptoutError(Problem(code, f"cannot be written: {reason}", location, hint)) from None


# Any: a cell of openpyxl.
def write_cell(cell: Any, text: str) -> None:
    """Write a text into a cell of a workbook, also one that begins like a formula."""
    cell.value = re.sub(_NOT_IN_XML, "\ufffd", text)
    cell.data_type = "s"


# Any: a workbook of openpyxl.
def encode_workbook(book: Any) -> bytes:
    """Return a workbook as the bytes of an .xlsx file: the same for the same cells on any day."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo  # only a workbook needs it

    stream, fixed = io.BytesIO(), io.BytesIO()
    with temporary_files():  # openpyxl writes each sheet into one first
        book.save(stream)
    with ZipFile(stream) as parts, ZipFile(fixed, "w", ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            entry = ZipInfo(name)
            entry.compress_type = ZIP_DEFLATED
            dated = re.sub(_MODIFIED, rb"\g<1>2000-01-01T00:00:00Z", parts.read(name))
            archive.writestr(entry, dated)
    return fixed.getvalue()
