"""Read a file's text, or say in one sentence why that is not possible."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, closest

MAX_BYTES = 8 * 2**20  # of a text file: twenty times the shipped data
STDIN = "-"
# Hints for a file of another kind, and for a text file in another encoding.
_HINTS = (
    "write the request in a plain-text editor, and save it as .yaml",
    "in your editor, choose Save As with encoding UTF-8",
)
LATIN_1 = "Latin-1 or Windows-1252"
# Encodings of old programs, and the characters that a text mostly has besides ASCII.
_ENCODINGS = {LATIN_1: "cp1252", "Mac OS Roman": "mac_roman", "text of DOS": "cp437"}
_LIKELY = (
    "\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1\u00fc\u00e7\u00e8\u00e0\u00ea\u00eb\u00f6\u00e4"
    "\u2018\u2019\u201c\u201d\u2013\u00a7"
)
# The first bytes of files that people mistake for a request.
_OTHER_KINDS = {
    b"PK\x03\x04": "a Word, Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel file",
    b"%PDF-": "a PDF",
    b"{\\rtf": "a rich-text file",
}

# Characters that no reader can see: control characters, separators that some programs treat as line
# ends, spaces and joiners without width, fillers, and marks that set the direction of the text.
# They are built from numbers, so that this file has none of them.
_UNSEEN_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029),
    (0x202A, 0x202E), (0x2060, 0x2069), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C),
    (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E), (0x200B, 0x200F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF),
    (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip
UNSEEN = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _UNSEEN_RANGES) + "]")


def text_from(content: bytes, path: str) -> str:
    """Return the text of a UTF-8 file's `content`, with LF line ends.

    Raises OptoutError where it is not UTF-8, is empty, or has invisible characters.
    """
    text = decode(content, path)
    if unseen := UNSEEN.search(text):
        raise OptoutError(unseen_problem(unseen[0], location_in(text, unseen.start(), path)))
    return text


def decode(
    content: bytes, path: str, saved: tuple[str, str] = _HINTS, errors: str = "strict"
) -> str:
    """Return the text of a UTF-8 file, with LF line ends; it may have invisible characters.

    `saved` are the hints for a file of another kind and for one in another encoding. Raises
    OptoutError where it is empty, or not UTF-8; with "surrogateescape" as `errors`, other bytes
    become lone surrogates as in os.fsdecode, and only UTF-16 is refused.
    """
    for beginning, kind in _OTHER_KINDS.items():
        if content.startswith(beginning):
            message = f"is {kind}, not a text file"
            raise OptoutError(Problem("not-text", message, Location(path), saved[0]))
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-8-sig", "strict" if is_utf16 else errors)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        foreign = bytes(byte for byte in content if byte > 127)  # noqa: PLR2004  # ASCII ends there
        likely = {
            name: sum(map(_LIKELY.count, foreign.decode(codec, "ignore")))
            for name, codec in _ENCODINGS.items()
        }
        encoding = "UTF-16" if is_utf16 else max(likely, key=lambda name: likely[name])
        location = Location(path, line, column)
        raise OptoutError(
            encoding_problem(content[error.start], location, saved[1], encoding)
        ) from None
    if not text.strip():
        hint = "check that you saved it"
        raise OptoutError(Problem("empty-file", "the file is empty", Location(path), hint))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_from(path: str) -> Iterator[bytes]:
    """Yield each line of a file (`-`: standard input) as it comes. Raises OptoutError."""
    location = Location(path, is_command_line=True)
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else Path(path).open("rb") as stream:
            yield from iter(partial(stream.readline, MAX_BYTES), b"")
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        if path == STDIN and error.errno == errno.EBADF:
            message = "standard input is closed"
        raise OptoutError(Problem("unreadable", message, location)) from None


def read_bytes(path: str, limit: int, *, on_command_line: bool = False) -> bytes:
    """Return the content of `path` (`-`: standard input), at most `limit` bytes.

    `on_command_line` says that the user typed the name there. Raises OptoutError where the file
    is missing, a folder, unreadable or too large.
    """
    location = Location(path, is_command_line=on_command_line)
    try:
        if path != STDIN:
            with Path(path).open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                content = stream.read(limit + 1) if size <= limit else b""
        else:
            size, content = 0, sys.stdin.buffer.read(limit + 1)
    except FileNotFoundError:
        problem = no_such_file(Path(path), Path(path))
        raise OptoutError(msgspec.structs.replace(problem, location=location)) from None
    except IsADirectoryError:
        raise OptoutError(Problem("not-a-file", "is a folder, not a file", location)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot be read: {reason}"
        if path == STDIN and isinstance(error, OSError) and error.errno == errno.EBADF:
            message = "standard input is closed"
        raise OptoutError(Problem("unreadable", message, location)) from None
    if (size := max(size, len(content))) > limit:
        message = (
            f"is too large ({size / 2**20:.0f} MB or more; the limit is {limit / 2**20:.0f} MB)"
        )
        raise OptoutError(Problem("too-large", message, location))
    return content


def folder_of(path: str) -> Path:
    """Return the folder that a request's file names are relative to."""
    return Path() if path == STDIN else Path(path).parent


def is_pipe(path: str) -> bool:
    """Tell whether an input is no file, such as standard input: nothing tells what it held before.

    A file that the shell has opened as /dev/stdin is a file.
    """
    return path == STDIN or not is_file(Path(path))


def no_such_file(place: Path, shown: Path) -> Problem:
    """Return the Problem of a file that is missing at `place`, and that the user calls `shown`.

    Its hint names the file there whose name is spelled most like it.
    """
    hint = "check the spelling"
    with suppress(OSError, ValueError):
        stems = [file.stem for file in place.parent.iterdir() if file.suffix == place.suffix]
        others = {".yml": ".yaml", ".yaml": ".yml"}
        if is_file(other := place.with_suffix(others.get(place.suffix, place.suffix))):
            hint = f"did you mean {str(shown.with_suffix(other.suffix))!r}?"
        elif stem := closest(place.stem, stems):
            hint = f"did you mean {str(shown.with_name(stem + place.suffix))!r}?"
    return Problem("missing-file", "cannot find this file", Location(str(shown)), hint)


def is_file(path: Path) -> bool:
    """Tell whether `path` is a file; a name that the system does not allow is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def encoding_problem(byte: int, location: Location, hint: str, encoding: str = LATIN_1) -> Problem:
    """Return the Problem of a byte that UTF-8 does not allow at its place."""
    message = f"is not UTF-8 text (byte 0x{byte:02x}); it looks like {encoding}"
    return Problem("not-utf-8", message, location, hint)


def unseen_problem(character: str, location: Location) -> Problem:
    """Return the Problem of a character that no letter can show."""
    message = f"has an invisible character (U+{ord(character):04X})"
    return Problem("unseen-character", message, location, "delete it and type the text again")


def location_in(text: str, index: int, path: str) -> Location:
    """Return the line and column of `index` in `text`."""
    before = text[:index]
    return Location(path, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


# --- UTF-8 that was read in another encoding ---

# Read in another encoding, UTF-8 gives such pairs. The result must be a letter or mark of Latin-1
# or Latin Extended-A, or a word processor's punctuation: capitals before a curly quote give others.
_WRONG = ("cp1252", "latin-1", "mac_roman", "cp437", "cp850")
_FOREIGN = r"[^\x00-\x7f]{2,}"
_MEANT = "[\u00a0-\u017f\u2010-\u2044\u20ac\u2122]+"
_HALF_DECODED = (
    "\u00e2\u20ac|[a-z][\u00c3\u00c2](?![\u00c0-\u00de])|\ufffd|\u00ef\u00bf\u00bd|\u00d4\u00f8\u03a9"
    "|[a-z][\u00d2-\u00d5](?=s?\\b)"  # a curly quote of Mac OS Roman read as Latin-1
)


def is_misread(text: str) -> bool:
    """Tell whether UTF-8 was read in another encoding: `Mar\u00c3\u00ada` for `Mar\u00eda`."""
    if text.isascii():
        return False
    return bool(re.search(_HALF_DECODED, text)) or any(
        re.fullmatch(_MEANT, decoded)
        for run in re.findall(_FOREIGN, text)
        for encoding in _WRONG
        for decoded in _decodings(run, encoding)
    )


def _decodings(run: str, encoding: str) -> Iterator[str]:
    """Yield each pair or triple of a run of characters that is one character of UTF-8."""
    for start in range(len(run) - 1):
        for end in (start + 2, start + 3):
            try:
                decoded = run[start:end].encode(encoding).decode()
            except UnicodeError:
                continue
            if len(decoded) == 1:
                yield decoded
