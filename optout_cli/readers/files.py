"""Read a file's text, or say in one sentence why not."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, closest

MAX_BYTES = 8 * 2**20  # of a text file: twenty times the shipped data
STDIN = "-"
_EDITOR = (
    "write the request in an editor for plain text, and save it as .yaml",
    "in your editor choose Save as, encoding UTF-8",
)
# How files begin that people take for a request.
_OTHER_KINDS = {
    b"PK\x03\x04": "a Word, Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel file",
    b"%PDF-": "a PDF",
    b"{\\rtf": "a rich-text file",
}

# What no letter can show and no reader can see: control characters, the separators that some
# readers take for line ends, and the marks that turn the direction of the text around.
# Built from numbers, so that this file itself has none of them.
_UNSEEN_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029),
    (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip
UNSEEN = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _UNSEEN_RANGES) + "]")


def text_from(content: bytes, path: str) -> str:
    """Return the text of a UTF-8 file's `content`, line ends as LF.

    Raises OptoutError where it is not UTF-8, empty, or holds characters that cannot be seen.
    """
    text = decode(content, path, _EDITOR)
    if unseen := UNSEEN.search(text):
        raise OptoutError(unseen_problem(unseen[0], location_in(text, unseen.start(), path)))
    return text


def decode(content: bytes, path: str, saved: tuple[str, str]) -> str:
    """Return the text of a UTF-8 file, line ends as LF, whatever characters are in it.

    `saved` are the hints for a file of another kind and of another encoding. Raises OptoutError
    where it is not UTF-8 or empty.
    """
    text = _decode(content, path, saved).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise OptoutError(
            Problem("empty-file", "the file is empty", Location(path), "was it saved?")
        )
    return text


def read_bytes(path: str, limit: int, *, on_command_line: bool = False) -> bytes:
    """Return the content of `path` (`-`: standard input), at most `limit` bytes.

    Raises OptoutError for what is missing, a folder, unreadable or too large. `on_command_line`:
    the user typed the name there.
    """
    location = Location(path, is_command_line=on_command_line)
    try:
        if path == STDIN and sys.stdin is None:
            raise OptoutError(Problem("unreadable", "standard input is closed", location))
        if path == STDIN:
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                content = stream.read(limit + 1) if size <= limit else b""
                if size > limit:
                    raise OptoutError(_too_large(size, limit, location))
    except FileNotFoundError:
        problem = no_such_file(Path(path), Path(path))
        raise OptoutError(msgspec.structs.replace(problem, location=location)) from None
    except IsADirectoryError:
        raise OptoutError(Problem("not-a-file", "is a folder, not a file", location)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OptoutError(Problem("unreadable", f"cannot be read: {reason}", location)) from None
    if len(content) > limit:
        raise OptoutError(_too_large(len(content), limit, location))
    return content


def folder_of(path: str) -> Path:
    """Return the folder that a request's file names are read from."""
    return Path() if path == STDIN else Path(path).parent


def no_such_file(place: Path, shown: Path) -> Problem:
    """Word the Problem of a file that is missing at `place`, and is called `shown`."""
    hint = f"there is no such file in {shown.parent}/; {_looked_like(place)}"
    return Problem("missing-file", "no such file", Location(str(shown)), hint)


def is_file(path: Path) -> bool:
    """Say whether `path` is a file that is there; what the system takes for no name is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _looked_like(path: Path) -> str:
    """Name the file of the same kind beside a missing one that is spelled most like it."""
    with suppress(OSError, ValueError):
        stems = [it.stem for it in path.parent.iterdir() if it.suffix == path.suffix]
        if stem := closest(path.stem, stems):
            return f"is {stem}{path.suffix} meant?"
    return "look for a misspelt name"


def _too_large(size: int, limit: int, location: Location) -> Problem:
    return Problem(
        "too-large",
        f"is too large ({size / 2**20:.0f} MB or more; at most {limit / 2**20:.0f} MB are read)",
        location,
    )


def _decode(content: bytes, path: str, saved: tuple[str, str]) -> str:
    for beginning, kind in _OTHER_KINDS.items():
        if content.startswith(beginning):
            message = f"is {kind}, not a text file"
            raise OptoutError(Problem("not-text", message, Location(path), saved[0]))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        encoding = "UTF-16" if is_utf16 else "Latin-1 or Windows-1252"
        message = f"is not UTF-8 text (byte 0x{content[error.start]:02x}); it looks like {encoding}"
        problem = Problem("not-utf-8", message, Location(path, line, column), saved[1])
        raise OptoutError(problem) from None


def unseen_problem(character: str, location: Location) -> Problem:
    """Word the Problem of a character that no letter can show."""
    message = f"has a character that cannot be seen (U+{ord(character):04X})"
    return Problem("unseen-character", message, location, "delete it and type the text again")


def location_in(text: str, index: int, path: str) -> Location:
    """Return the line and column of `index` in `text`."""
    before = text[:index]
    return Location(path, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
