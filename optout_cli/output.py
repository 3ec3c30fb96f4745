"""Put finished files where they belong: all of them or none, and never over another letter."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from optout_cli.errors import OptoutError, Problem, Spot, raise_any


def write_all(files: Mapping[Path, bytes], *, force: bool = False) -> None:
    """Write every file whole, or none; one that has these bytes already is left alone.

    Raises OptoutError where a file exists with other bytes (it may be the signed one) and `force`
    is not set, or where a place cannot be written.
    """
    fresh = {path: content for path, content in files.items() if _differs(path, content)}
    if not force:
        raise_any(_occupied(path) for path in fresh if path.is_file())
    staged: dict[Path, Path] = {}
    new: list[Path] = []  # placed by this call; taken back if a later one fails
    try:
        for path, content in fresh.items():
            staged[path] = _stage(path, content)
        for path, temporary in staged.items():
            was_there = path.exists()
            with _refusals(path):
                temporary.replace(path)
            new += [] if was_there else [path]
    except BaseException:
        for path in (*staged.values(), *new):
            path.unlink(missing_ok=True)
        raise


def write_stream(path: Path, content: bytes) -> None:
    """Write to something that is no regular file: a device or a named pipe."""
    with _refusals(path), path.open("wb") as stream:
        stream.write(content)


def _differs(path: Path, content: bytes) -> bool:
    with _refusals(path):
        return not path.is_file() or path.read_bytes() != content


def _occupied(path: Path) -> Problem:
    message = "exists with other content; it may be the letter that was signed"
    return Problem(
        "file-exists", message, Spot(str(path)), "choose another place with -o, or --force"
    )


def _stage(path: Path, content: bytes) -> Path:
    """Write the content beside its place, under a name of its own."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with _refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    return temporary


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn the system's refusal into a Problem of `path`."""
    try:
        yield
    except OSError as error:
        spot = Spot(str(path))
        raise OptoutError(
            Problem("unwritable", f"cannot be written: {error.strerror}", spot)
        ) from None
