"""What a stream of a PDF unpacks to is measured as qpdf unpacks it, and never over a limit."""

import base64
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import told_by
from pikepdf import Array, Dictionary, Name

from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.unpacking import Unpacked, unpack

OWNER = pikepdf.new()  # a stream is gone with its document
SPECIMEN = bytes.fromhex("800b6050220c0c8501")  # of LZW, in ISO 32000-1, 7.4.4.2


def packed(content: bytes, name: str) -> bytes:
    """Pack a content by a filter of PDF."""
    if name == "RunLengthDecode":
        parts = [content[at : at + 128] for at in range(0, len(content), 128)]
        return b"".join(bytes([len(part) - 1]) + part for part in parts) + b"\x81xx\x80"
    if name == "FlateDecode":
        return zlib.compress(content)
    if name == "ASCIIHexDecode":
        return content.hex().encode() + b">"
    return base64.a85encode(content) + b"~>"


def stream_of(content: bytes, *names: str, settings: Dictionary | None = None) -> pikepdf.Stream:
    """Return a stream with this packed content, and the filters that unpack it."""
    stream = pikepdf.Stream(OWNER, b"")
    filters = Array([Name(f"/{name}") for name in names])
    stream.write(content, filter=filters, decode_parms=settings)
    return stream


@given(
    st.binary(max_size=600),
    st.lists(
        st.sampled_from(["FlateDecode", "RunLengthDecode", "ASCIIHexDecode", "ASCII85Decode"]),
        min_size=1,
        max_size=3,
    ),
)
def test_a_stream_is_as_large_as_qpdf_unpacks_it(content: bytes, names: list[str]) -> None:
    for name in reversed(names):
        content = packed(content, name)
    stream = stream_of(content, *names)
    size = len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
    assert unpack(stream, 10_000, -1) == Unpacked(size, is_whole=True)


def test_a_stream_in_lzw_is_as_large_as_its_words() -> None:
    assert unpack(stream_of(SPECIMEN, "LZWDecode"), 99, -1) == Unpacked(10, is_whole=True)
    late = stream_of(SPECIMEN, "LZWDecode", settings=Dictionary(EarlyChange=0))
    assert unpack(late, 99, -1) == Unpacked(len(late.read_bytes()), is_whole=True)


def test_settings_that_are_none_are_passed_over() -> None:
    stream = stream_of(SPECIMEN, "LZWDecode")
    stream.DecodeParms = 5
    assert unpack(stream, 99, -1) == Unpacked(10, is_whole=True)


def test_digits_are_read_in_groups_across_spaces_and_short_forms() -> None:
    for filter_ in ("ASCII85Decode", "ASCIIHexDecode"):
        text = packed(bytes(range(256)) * 12_000 + bytes(4_000), filter_)
        spaced = b"\n".join(text[at : at + 77] for at in range(0, len(text), 77))
        found = unpack(stream_of(spaced, filter_), 10_000_000, -1)
        assert found == Unpacked(256 * 12_000 + 4_000, is_whole=True)


@pytest.mark.parametrize(
    "names",
    [["RunLengthDecode", "RunLengthDecode"], ["LZWDecode"], ["ASCII85Decode"]],
)
def test_a_slow_filter_gets_no_large_stream(names: list[str], tmp_path: Path) -> None:
    content = zlib.compress(bytes(25_000_000))
    assert written_and_told(["FlateDecode", *names], content, tmp_path / "x.pdf").startswith(
        f"{tmp_path}/x.pdf: is a PDF with too much in one place that is packed in an old way"
    )


@pytest.mark.parametrize(
    ("names", "content"),
    [
        (["FlateDecode"], zlib.compress(bytes(999))[:-5]),
        (["DCTDecode"], b"x"),
        (["FlateDecode", "JPXDecode"], zlib.compress(b"x")),
        (["ASCIIHexDecode"], b"no digits"),
    ],
)
def test_damage_and_filters_of_pictures_end_the_count(names: list[str], content: bytes) -> None:
    found = unpack(stream_of(content, *names), 10_000, -1)
    assert found is not None
    assert not found.is_whole


def written_and_told(names: list[str], content: bytes, path: Path) -> str:
    """Write a PDF whose page has this packed content, and return what is told of it."""
    with pikepdf.new() as document:
        page = document.add_blank_page()
        page.obj.Contents = document.make_stream(b"")
        page.obj.Contents.write(content, filter=Array([Name(f"/{it}") for it in names]))
        document.save(
            path,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
    return told_by(lambda: load_attachment(path))


def lzw_of_spaces(size: int) -> bytes:
    """Pack so many spaces as tightly as LZW can, each code one longer than the one before."""
    bits, done, width = "", 0, 9
    while done < size:
        bits += f"{256:0{width}b}{32:09b}"
        done += 1
        for length, code in enumerate(range(258, 4094), 2):
            width = min(12, (code + 1).bit_length())
            bits += f"{code:0{width}b}"
            done += length
    bits += f"{257:0{width}b}"
    whole = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return int(whole, 2).to_bytes(len(whole) // 8)


def deflated_spaces() -> bytes:
    return zlib.compress(b" " * 60_000_000)


# Each is packed only where it is unpacked: both of pytest's processes read this module.
BOMBS: dict[str, tuple[list[str], Callable[[], bytes]]] = {
    "run lengths": (["RunLengthDecode"], lambda: b"\x81 " * 500_000),
    "LZW": (["LZWDecode"], lambda: lzw_of_spaces(60_000_000)),
    "deflate in ASCII": (
        ["ASCII85Decode", "FlateDecode"],
        lambda: base64.a85encode(deflated_spaces()),
    ),
    "deflate in digits": (
        ["ASCIIHexDecode", "FlateDecode"],
        lambda: deflated_spaces().hex().encode(),
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_page_that_unpacks_to_too_much_by_any_filter_is_refused(
    name: str, tmp_path: Path
) -> None:
    names, pack = BOMBS[name]
    told = written_and_told(names, pack(), tmp_path / "x.pdf")
    assert "x.pdf: is a PDF that unpacks to more than 50 MB in one place" in told
