"""Put finished files where they belong: all of them or none, and never over another letter."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from optout_cli.errors import OptoutError, Problem, Spot, raise_any

_LONGEST = 200  # characters of a name that another name is made from


def write_all(files: Mapping[Path, bytes], *, force: bool = False) -> None:
    """Write every file whole, or none; one that has these bytes already is left alone.

    Raises OptoutError where a file exists with other bytes (it may be the signed one) and `force`
    is not set, or where a place cannot be written.
    """
    fresh = {path: content for path, content in files.items() if _differs(path, content)}
    if not force:
        raise_any(_occupied(path) for path in fresh if path.is_file())
    staged: dict[Path, Path] = {}
    kept: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path, content in fresh.items():
            staged[path] = _stage(path, content)
            if path.is_file():
                kept[path] = _keep(path)
        for path, temporary in staged.items():
            with _refusals(path):
                temporary.replace(path)
            placed.append(path)
    except BaseException:
        for path in placed:
            kept.pop(path).replace(path) if path in kept else path.unlink()
        raise
    finally:
        for temporary in (*staged.values(), *kept.values()):
            temporary.unlink(missing_ok=True)


def is_folder(path: Path) -> bool:
    """Say whether `path` is a folder. Raises OptoutError where it cannot be one's name."""
    with _refusals(path):
        return path.is_dir()


def is_stream(path: Path) -> bool:
    """Say whether `path` is there and neither file nor folder: a device or a named pipe."""
    with _refusals(path):
        return path.exists() and not path.is_dir() and not path.is_file()


def write_stream(path: Path, content: bytes) -> None:
    """Write to something that is no regular file: a device or a named pipe."""
    with _refusals(path), path.open("wb") as stream:
        stream.write(content)


def _differs(path: Path, content: bytes) -> bool:
    with _refusals(path):
        return not path.is_file() or path.read_bytes() != content


def _occupied(path: Path) -> Problem:
    message = "exists with other content; it may be a signed letter, or another county's"
    return Problem(
        "file-exists", message, Spot(str(path)), "name another folder with -o, or --force"
    )


def _stage(path: Path, content: bytes) -> Path:
    """Write the content beside its place, under a name of its own."""
    temporary = _beside(path)
    with _refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return temporary


def _beside(path: Path) -> Path:
    """Return a hidden name in the same folder that nothing has, also none of a killed run."""
    return path.with_name(f".{path.name[:_LONGEST]}.{os.urandom(6).hex()}")


def _keep(path: Path) -> Path:
    """Copy what stands at `path` beside it, to be put back if a later file fails."""
    from shutil import copy2

    kept = _beside(path)
    with _refusals(path):
        try:
            copy2(path, kept)
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
    return kept


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn the system's refusal into a Problem of `path`."""
    try:
        yield
    except OSError as error:
        spot = Spot(str(path))
        reason = error.strerror
        if isinstance(error, FileExistsError | NotADirectoryError):
            files = [it for it in path.parents if it.exists() and not it.is_dir()]
            reason = f"{str(files[0])!r} is a file, not a folder" if files else reason
        raise OptoutError(Problem("unwritable", f"cannot be written: {reason}", spot)) from None
