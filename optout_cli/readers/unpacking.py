"""How large a stream of a PDF is once it is unpacked, without keeping all of it in memory.

Knows the filters that qpdf unpacks (ISO 32000-1, 7.4) but those of pictures.
"""

import base64
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pikepdf

_CHUNK = 2**20
_CLEAR, _END, _MOST_CODES = 256, 257, 4096  # of LZW
_RUN, _LAST = 128, 128  # of run lengths: a longer one repeats a byte, and one of this size ends


class Unpacked(NamedTuple):
    """The bytes of a stream, or some number over the limit; whether all of it could be unpacked."""

    size: int
    is_whole: bool


def _inflate(packed: bytes) -> Iterator[bytes]:
    unpacker, rest = zlib.decompressobj(), packed
    while rest and not unpacker.eof:
        yield unpacker.decompress(rest, _CHUNK)
        rest = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise ValueError("cut off")


def _repeat_runs(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed) and (length := packed[at]) != _LAST:
        if length < _RUN:
            yield packed[at + 1 : at + length + 2]
        else:
            yield packed[at + 1 : at + 2] * (257 - length)
        at += length + 2 if length < _RUN else 2


def _look_up_codes(packed: bytes, early: int = 1) -> Iterator[bytes]:
    """Unpack LZW; its codes grow wider so many codes `early`."""
    first = [*(bytes([byte]) for byte in range(256)), b"", b""]
    words, before, width, bits, count = [*first], b"", 9, 0, 0
    for byte in packed:
        bits, count = (bits << 8 | byte) & 0xFFFFF, count + 8
        if count < width:
            continue
        count -= width
        code = bits >> count & ((1 << width) - 1)
        if code == _END:
            return
        if code == _CLEAR:
            words, before, width = [*first], b"", 9
            continue
        word = words[code] if code < len(words) else before + before[:1]
        if before and len(words) < _MOST_CODES:
            words.append(before + word[:1])
        yield word
        before = word
        width = min(12, max(9, (len(words) + early).bit_length()))


def _from_hex(packed: bytes) -> Iterator[bytes]:
    digits = b"".join(packed.partition(b">")[0].split())
    yield bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii", "replace"))


def _from_ascii85(packed: bytes) -> Iterator[bytes]:
    yield base64.a85decode(packed.partition(b"~")[0], ignorechars=b" \t\n\r\v\f\0")


# Each filter with how many bytes a byte may become.
_FILTERS: Mapping[str, tuple[Callable[[bytes], Iterator[bytes]], int]] = {
    "FlateDecode": (_inflate, 1032),
    "LZWDecode": (_look_up_codes, 2600),
    "RunLengthDecode": (_repeat_runs, 64),
    "ASCIIHexDecode": (_from_hex, 1),
    "ASCII85Decode": (_from_ascii85, 4),
}
_SHORT = {
    "Fl": "FlateDecode",
    "LZW": "LZWDecode",
    "RL": "RunLengthDecode",
    "AHx": "ASCIIHexDecode",
    "A85": "ASCII85Decode",
}


def unpack(stream: "pikepdf.Stream", most: int, least: int) -> Unpacked | None:
    """Measure a stream, up to `most` bytes; return None where it cannot have `least` bytes.

    A filter of pictures, or damage, ends the count: readers stop there, too.
    """
    import pikepdf

    given, settings = stream.get("/Filter"), stream.get("/DecodeParms")
    names = [str(name)[1:] for name in (given if isinstance(given, pikepdf.Array) else [given])]
    known = [*takewhile(_FILTERS.__contains__, (_SHORT.get(name, name) for name in names))]
    packed = stream.read_raw_bytes() if known else b""
    if len(packed) * prod(_FILTERS[name][1] for name in known) <= least:
        return None
    unpackers = {name: unpacker for name, (unpacker, _) in _FILTERS.items()}
    if settings is not None and b"/EarlyChange 0" in settings.unparse(resolved=True):
        unpackers["LZWDecode"] = partial(_look_up_codes, early=0)
    is_whole, size = len(known) == len(names), 0
    for number, name in enumerate(known, 1):
        parts, size = [], 0
        try:
            for part in unpackers[name](packed):
                size += len(part)
                if size > most:
                    return Unpacked(size, is_whole)
                if number < len(known):
                    parts.append(part)
        except (ValueError, zlib.error):
            is_whole = False
        packed = b"".join(parts)
    return Unpacked(size, is_whole)
