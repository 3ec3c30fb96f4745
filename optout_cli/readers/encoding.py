"""Bytes -> text in UTF-8, or the kind of file or the encoding that they look like instead."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.document import UNSEEN, find_unseen

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
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)


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
            encoding_problem(content[error.start], location, saved[1], encoding)
        ) from None
    if not text.strip():
        hint = "check that you saved it"
        raise OptoutError(Problem("empty-file", "the file is empty", Location(path), hint))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_problem(byte: int, location: Location, hint: str, encoding: str = _LATIN_1) -> Problem:
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
    return encoding_problem(byte, Location(file, number, found.start() + 1), hint)


def location_in(text: str, index: int, path: str) -> Location:
    """Return the line and column of `index` in `text`."""
    before = text[:index]
    return Location(path, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
