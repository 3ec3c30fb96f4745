"""How large a stream of a PDF is once it is unpacked, without keeping all of it in memory.

Knows the filters that qpdf unpacks (ISO 32000-1, 7.4) but those of pictures.
"""

import base64
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pikepdf

_CHUNK = 2**20
_MB = 10**6
_CLEAR, _END, _MOST_CODES = 256, 257, 4096  # of LZW
_SPACES = b" \t\n\r\v\f\0"
_RUN, _LAST = 128, 128  # of run lengths: a longer one repeats a byte, and one of this size ends
_Bytes = bytes | bytearray


class Unpacked(NamedTuple):
    """The bytes of a stream, or some number over the limit; whether all of it could be unpacked.

    One that `is_slow` is too large for a filter that takes a second for each megabyte.
    """

    size: int
    is_whole: bool
    is_slow: bool = False


def _inflate(packed: _Bytes) -> Iterator[_Bytes]:
    unpacker, rest = zlib.decompressobj(), packed
    while rest and not unpacker.eof:
        yield unpacker.decompress(rest, _CHUNK)
        rest = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise ValueError("cut off")


def _repeat_runs(packed: _Bytes) -> Iterator[_Bytes]:
    at = 0
    while at < len(packed) and (length := packed[at]) != _LAST:
        if length < _RUN:
            yield packed[at + 1 : at + length + 2]
        else:
            yield packed[at + 1 : at + 2] * (257 - length)
        at += length + 2 if length < _RUN else 2


def _look_up_codes(packed: _Bytes, early: int = 1) -> Iterator[_Bytes]:
    """Unpack LZW, whose codes grow wider `early` codes before they have to."""
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


def _from_hex(packed: _Bytes) -> Iterator[_Bytes]:
    for digits in _groups(packed, b">", 2):
        yield bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii", "replace"))


def _from_ascii85(packed: _Bytes) -> Iterator[_Bytes]:
    for digits in _groups(packed, b"~", 5, (b"z", b"!!!!!")):
        yield base64.a85decode(digits)


def _groups(
    packed: _Bytes, end: bytes, size: int, short: tuple[bytes, bytes] = (b"", b"")
) -> Iterator[_Bytes]:
    """Yield digits up to the end mark, without spaces, some whole groups at a time."""
    rest, whole = b"", packed.partition(end)[0]
    for at in range(0, len(whole), _CHUNK):
        rest += whole[at : at + _CHUNK].translate(None, _SPACES).replace(*short)
        full = len(rest) - len(rest) % size
        yield rest[:full]
        rest = rest[full:]
    yield rest


class _Filter(NamedTuple):
    """What unpacks a filter, how many bytes a byte may become, and how many bytes it may get."""

    unpack: Callable[[_Bytes], Iterator[_Bytes]]
    growth: int
    most: int = sys.maxsize


_FILTERS: Mapping[str, _Filter] = {
    "FlateDecode": _Filter(_inflate, 1032),
    "LZWDecode": _Filter(_look_up_codes, 2600, 8 * _MB),
    "RunLengthDecode": _Filter(_repeat_runs, 64, 8 * _MB),
    "ASCIIHexDecode": _Filter(_from_hex, 1),
    "ASCII85Decode": _Filter(_from_ascii85, 4, 20 * _MB),
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
    packed: _Bytes = stream.read_raw_bytes() if known else b""
    if len(packed) * prod(_FILTERS[name].growth for name in known) <= least:
        return None
    is_whole, size = len(known) == len(names), 0
    for number, name in enumerate(known, 1):
        if len(packed) > _FILTERS[name].most:
            return Unpacked(size, is_whole, is_slow=True)
        kept, size = bytearray(), 0
        try:
            is_late = (
                name == "LZWDecode"
                and isinstance(settings, pikepdf.Dictionary | pikepdf.Array)
                and b"/EarlyChange 0" in settings.unparse(resolved=True)
            )
            unpacker = partial(_look_up_codes, early=0) if is_late else _FILTERS[name].unpack
            for part in unpacker(packed):
                size += len(part)
                if size > most:
                    return Unpacked(size, is_whole)
                if number < len(known):
                    kept += part
        except (ValueError, zlib.error):
            is_whole = False
        packed = kept
    return Unpacked(size, is_whole)
