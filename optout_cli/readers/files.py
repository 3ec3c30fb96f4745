"""Files -> bytes, lines, text in UTF-8 and documents, or one sentence why that is not possible.

A file that is not text is named as what it looks like instead: its kind, or its encoding.

A valid YAML file is parsed once, then read from the cache by its content; one of many parts, such
as one for each state, is read a part at a time.
"""

import errno
import os
import re
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from functools import partial
from io import BytesIO
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO

import msgspec

from optout_cli.cache import Cache
from optout_cli.errors import Location, OptoutError, Problem, closest
from optout_cli.readers.document import UNSEEN, Document, Layer, find_unseen
from optout_cli.readers.validate import convert

MAX_BYTES = 8 * 2**20  # of a text file: twenty times the shipped data
_PIECE = 2**20  # bytes
STDIN = "-"
# Hints for a file of another kind, and for a text file in another encoding.
_HINTS = (
    "write the request in a plain-text editor, and save it as .yaml",
    "in your editor, choose Save As with encoding UTF-8",
)
_LATIN_1 = "Latin-1 or Windows-1252"
# Encodings of old programs, and the characters that a text mostly has besides ASCII.
_ENCODINGS = {_LATIN_1: "cp1252", "Mac OS Roman": "mac_roman", "text of DOS": "cp437"}
_LIKELY = (
    "\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1\u00fc\u00e7\u00e8\u00e0\u00ea\u00eb\u00f6\u00e4"
    "\u2018\u2019\u201c\u201d\u2013\u00a7"
)
# The first bytes of files that people mistake for a request.
OTHER_KINDS = {
    b"PK\x03\x04": "a Word, Excel, Numbers or zip file",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel file",
    b"%PDF-": "a PDF",
    b"{\\rtf": "a rich-text file",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"ID;P": "a SYLK file",
    b"[InternetShortcut]": "a link",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"<?xml": "an XML file",
    b"BEGIN:VCARD": "an address card",
    b"MIME-Version:": "a saved web page or e-mail",
}
# What Excel and Word (`~$notices.xlsx`) or LibreOffice (`.~lock.notices.ods#`) keep beside a file.
_OPEN_MARK, _MARK_BYTES = re.compile(r"~\$|\.~lock\."), 1000
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)


def lines_from(path: str) -> Iterator[bytes]:
    """Yield each line of a file (`-`: standard input) as it comes. Raises OptoutError."""
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else Path(path).open("rb") as stream:
            yield from iter(partial(stream.readline, MAX_BYTES), b"")
    except OSError as error:
        location = Location(path, is_command_line=True)
        raise OptoutError(_unreadable(error, location)) from None


def _unreadable(error: OSError | ValueError, location: Location) -> Problem:
    """Return the Problem of a file that cannot be read; a ValueError is a NUL in its name."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    message = f"cannot be read: {reason}"
    if location.file == STDIN and isinstance(error, OSError) and error.errno == errno.EBADF:
        message = "standard input is closed"
    return Problem("unreadable", message, location)


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
                content = _read_at_most(stream, limit + 1) if size <= limit else b""
        else:
            size, content = 0, _read_at_most(sys.stdin.buffer, limit + 1)
    except FileNotFoundError:
        problem = no_such_file(Path(path), Path(path))
        raise OptoutError(msgspec.structs.replace(problem, location=location)) from None
    except (OSError, ValueError) as error:
        # Windows refuses a folder as it does a file of somebody else.
        is_folder = isinstance(error, IsADirectoryError | PermissionError) and Path(path).is_dir()
        problem = Problem("not-a-file", "is a folder, not a file", location)
        raise OptoutError(problem if is_folder else _unreadable(error, location)) from None
    if (size := max(size, len(content))) > limit:
        message = (
            f"is too large ({size / 2**20:.0f} MB or more; the limit is {limit / 2**20:.0f} MB)"
        )
        raise OptoutError(Problem("too-large", message, location))
    if _OPEN_MARK.match(Path(path).name) and size < _MARK_BYTES:
        message = "is only the mark of a file that is open in another program"
        raise OptoutError(Problem("open-mark", message, location, "name the file itself"))
    return content


def _read_at_most(stream: BinaryIO, most: int) -> bytes:
    """Read up to `most` bytes; `stream.read` takes memory for all of them, if there are few too."""
    content = BytesIO()
    while piece := stream.read(min(_PIECE, most - content.tell())):
        content.write(piece)
    return content.getvalue()


def folder_of(path: str) -> Path:
    """Return the folder that a request's file names are relative to."""
    return Path() if path == STDIN else Path(path).parent


def is_pipe(path: str) -> bool:
    """Tell whether an input is not a file, such as standard input: its earlier rows are unknown.

    A file that the shell has opened as /dev/stdin is a file.
    """
    return path == STDIN or not is_file(Path(path))


def no_such_file(place: Path, shown: Path) -> Problem:
    """Return the Problem of a file that is missing at `place`, and that the user calls `shown`.

    Its hint names the file there whose name is spelled most like it.
    """
    hint = "check the spelling"
    with suppress(OSError, ValueError):
        if place.is_dir():
            return Problem("not-a-file", "is a folder, not a file", Location(str(shown)))
        suffix, windows = place.suffix.lower(), PureWindowsPath(place.name)  # of docs\a.pdf
        beside = (sibling for sibling in place.parent.iterdir() if sibling != place)
        names = [sibling.name for sibling in beside if sibling.is_dir() or is_file(sibling)]
        known = {Path(name).stem: name for name in names if Path(name).suffix.lower() == suffix}
        others = {".yml": ".yaml", ".yaml": ".yml"}
        for other in (place.with_suffix(others.get(suffix, suffix)).name, windows.as_posix()):
            if other != place.name and is_file(place.parent / other):
                hint = f"did you mean {(shown.parent / other).as_posix()!r}?"
                break
        else:
            if stem := closest(windows.stem, known):
                hint = f"did you mean {shown.with_name(known[stem]).as_posix()!r}?"
    return Problem("missing-file", "cannot find this file", Location(str(shown)), hint)


def no_such_folder(text: str) -> Problem:
    """Return the Problem of a name that the user typed for a folder, and that is none to read."""
    path, location = Path(text), Location(text, is_command_line=True)
    if is_file(path):
        return Problem("not-a-folder", "is a file, not a folder", location)
    problem = no_such_file(path, path)
    if problem.code == "not-a-file":
        message = f"cannot be read: {os.strerror(errno.EACCES)}"
        return Problem("unreadable", message, location)
    return msgspec.structs.replace(problem, message="cannot find this folder", location=location)


def is_file(path: Path) -> bool:
    """Tell whether `path` is a file; a name that the system does not allow is not."""
    return os.path.isfile(path)  # noqa: PTH113  # Path.is_file raises OSError for some names


def in_utf_8(content: bytes) -> bytes:
    """Return text in UTF-16 or UTF-32, by its byte order mark, in UTF-8; other content as it is."""
    if content.startswith((BOM_UTF32_LE, BOM_UTF32_BE)):  # begins like UTF-16
        return content.decode("utf-32", "replace").encode()
    if content.startswith(_UTF_16):  # Excel's "Unicode Text"
        return content.decode("utf-16", "replace").encode()
    return content


def unmarked_utf_16(top: bytes) -> str | None:
    """Return the byte order of Western text in UTF-16 without a mark, or None if it is none."""
    zeros = top[::2].count(0), top[1::2].count(0)  # every second byte of it is zero
    if not top.startswith(_UTF_16) and max(zeros) > len(top) // 4 > 4 * min(zeros):
        return "little-endian" if zeros[1] > zeros[0] else "big-endian"
    return None


def text_from(content: bytes, path: str) -> str:
    """Return the text of a UTF-8 file's `content`, with LF line ends.

    Raises OptoutError where it is not UTF-8, is empty, or has invisible characters.
    """
    text = decode(content, path)
    if unseen := UNSEEN.search(text):
        raise OptoutError(*find_unseen(text, location_in(text, unseen.start(), path)))
    return text


def decode(
    content: bytes, path: str, saved: tuple[str, str] = _HINTS, errors: str = "strict"
) -> str:
    """Return the text of a UTF-8 file, with LF line ends; it may have invisible characters.

    `saved` are the hints for a file of another kind and for one in another encoding. Raises
    OptoutError where it is empty, or not UTF-8; with "surrogateescape" as `errors`, other bytes
    become lone surrogates as in os.fsdecode, and only UTF-16 is refused.
    """
    for beginning, kind in OTHER_KINDS.items():
        if content.startswith(beginning):
            message = f"is {kind}, not a text file"
            raise OptoutError(Problem("not-text", message, Location(path), saved[0]))
    is_utf16 = content.startswith(_UTF_16)
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
            _encoding_problem(content[error.start], location, saved[1], encoding)
        ) from None
    if not text.strip():
        hint = "check that you saved it"
        raise OptoutError(Problem("empty-file", "the file is empty", Location(path), hint))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding_problem(
    byte: int, location: Location, hint: str, encoding: str = _LATIN_1
) -> Problem:
    """Return the Problem of a byte that UTF-8 does not allow at its place."""
    message = f"is not UTF-8 text (byte 0x{byte:02x}); it looks like {encoding}"
    return Problem("not-utf-8", message, location, hint)


def byte_problem(line: str, file: str, number: int, hint: str) -> Problem | None:
    """Return the Problem of the first byte of a line that UTF-8 does not allow, or None.

    Such a byte is a lone surrogate in `line`, as `decode` leaves it.
    """
    if not (found := _NOT_UTF_8.search(line)):
        return None
    (byte,) = found[0].encode("utf-8", "surrogateescape")
    return _encoding_problem(byte, Location(file, number, found.start() + 1), hint)


def location_in(text: str, index: int, path: str) -> Location:
    """Return the line and column of `index` in `text`."""
    before = text[:index]
    return Location(path, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    data: dict[str, Any]  # a Tree; msgspec cannot decode a recursive type
    marks: dict[str, tuple[int, int]]


class _InParts(msgspec.Struct, frozen=True, array_like=True):
    rest: msgspec.Raw
    parts: dict[str, msgspec.Raw]


class Parts:
    """A file in parts, by the keys below its top key `top`; each is decoded when it is needed.

    The document of a part has the whole key paths: `states.FL.agencies`. `rest` has the other top
    keys.
    """

    def __init__(self, payload: bytes, top: str, name: str) -> None:
        self._stored = msgspec.msgpack.decode(payload, type=_InParts)
        self._top, self._name = top, name
        self._decoded: dict[str, Document] = {}
        self.rest = self._document(self._stored.rest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored.parts)

    def __contains__(self, key: object) -> bool:
        return key in self._stored.parts

    def part(self, key: str) -> Document:
        """Return the document of one part. Raises KeyError if there is none."""
        if key not in self._decoded:
            self._decoded[key] = self._document(self._stored.parts[key])
        return self._decoded[key]

    def _document(self, raw: msgspec.Raw) -> Document:
        stored = msgspec.msgpack.decode(raw, type=_Stored)
        return Document(stored.data, (Layer(self._name, stored.marks),))


def load_document(path: str, *, on_command_line: bool = False) -> Document:
    """Read the YAML file `path` (`-`: standard input). Raises OptoutError with every problem.

    `on_command_line` says that the user typed the name there.
    """
    return _parse(read_bytes(path, MAX_BYTES, on_command_line=on_command_line), path)


def load_valid(path: str, noun: type[msgspec.Struct], cache: Cache | None, name: str) -> Document:
    """Read a file that must be a whole `noun`; locations in it have `name` as their file.

    The cache keeps valid files only. Locations are exact to the line. Raises OptoutError with
    every problem.
    """
    return load_parts(path, noun, "", cache, name).rest


def load_parts(
    path: str, noun: type[msgspec.Struct], top: str, cache: Cache | None, name: str
) -> Parts:
    """Read a file that must be a whole `noun`, in the parts below its top key `top`.

    As `load_valid`, but only the parts that are used are decoded. Raises OptoutError.
    """
    content = read_bytes(path, MAX_BYTES)
    key = f"{noun.__name__} by {top}".encode() + b"\0" + content
    payload = cache.get(key) if cache else None
    if payload is None:
        document = _parse(content, name)
        convert(document, noun)
        data, marks = document.data, document.layers[0].marks
        # Most values are on the line of what is around them, whose mark serves for both.
        marks = {
            at: mark
            for at, mark in marks.items()
            if marks.get(at.rpartition(".")[0], (0, 0))[0] != mark[0]
        }
        inside: Any = data.pop(top, {}) if top else {}
        parts = {}
        for part, value in inside.items():
            at = f"{top}.{part}"
            below = [known for known in marks if known == at or known.startswith(f"{at}.")]
            parts[part] = _raw({top: {part: value}}, {known: marks.pop(known) for known in below})
        payload = msgspec.msgpack.encode(_InParts(_raw(data, marks), parts))
        if cache:
            cache.put(key, payload)
    return Parts(payload, top, name)


def _raw(data: dict[str, Any], marks: dict[str, tuple[int, int]]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(_Stored(data, marks)))


def _parse(content: bytes, path: str) -> Document:
    from optout_cli.readers.yaml import document_from_yaml  # 15 ms that the cache saves

    return document_from_yaml(text_from(content, path), path)
