"""A seal that is missing, no picture, too large or that reaches out: told, and nothing written."""

import struct
import zlib
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from conftest import REQUEST

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' viewBox="0 0 9 9">{}</svg>'
)
PLAIN = "  hint: save it as plain SVG with everything embedded\n"


def png(width: int, height: int) -> bytes:
    """Make a PNG that claims a size; its pixels are one black row after the other."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    size = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * min(height, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(
            None,
            "seal: cannot find this file\n  hint: check the spelling\n",
            id="missing",
        ),
        pytest.param(
            b"hello",
            "seal: is neither PNG, JPEG nor SVG\n  hint: save the picture as PNG, JPEG or SVG\n",
            id="no picture",
        ),
        pytest.param(
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            "seal: is a broken JPEG\n"
            "  hint: open it in an image editor and save it as JPEG again\n",
            id="JPEG",
        ),
        pytest.param(
            png(60_000, 60_000),
            "seal: is 60,000 x 60,000 pixels; the limit is 25 million\n"
            "  hint: scale it down: 1,200 pixels per side are enough for a sharp print\n",
            id="60,000 x 60,000 pixels",
        ),
        pytest.param(
            png(9, 9).replace(b"IHDR", b"IHD!"),
            "seal: is a broken PNG\n  hint: open it in an image editor and save it as PNG again\n",
            id="broken PNG",
        ),
        pytest.param(
            png(9, 9)[:45],
            "seal: is a broken PNG\n  hint: open it in an image editor and save it as PNG again\n",
            id="PNG cut short",
        ),
        pytest.param(b"<svg><g></svg>", "seal:1:11: is a broken SVG\n", id="broken SVG"),
        pytest.param(
            b"<svg>" + b" " * 5 * 2**20,
            "seal: is too large (5 MB or more; the limit is 5 MB)\n",
            id="too many bytes",
        ),
        pytest.param(
            SVG.format('<image xlink:href="file:///etc/passwd"/>').encode(),
            f'seal:1: refers to something outside the file: href="file:///etc/passwd"\n{PLAIN}',
            id="a file of the machine",
        ),
        pytest.param(
            SVG.format('<image href="http://localhost/x.png"/>').encode(),
            f'seal:1: refers to something outside the file: href="http://localhost/x.png"\n{PLAIN}',
            id="the network",
        ),
        pytest.param(
            SVG.format('\n<rect fill="url(http://localhost/x)"/>').encode(),
            f"seal:2: refers to something outside the file: url(http://localhost/x\n{PLAIN}",
            id="a paint of the network",
        ),
    ],
)
def test_a_seal_that_cannot_be_printed_is_told_and_nothing_is_written(
    content: bytes | None, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "letterhead: {seal: seal, alt: Seal of the county}\n")
    if content is not None:
        (in_folder / "seal").write_bytes(content)
    before = lying_in(in_folder)
    found = outcome(run("write", "r.yaml", "-f", "txt,html,pdf", "-o", "out/"))
    assert (*found, lying_in(in_folder)) == (1, "", f"r.yaml:5:14: {told}", before)


def test_a_folder_is_no_seal(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST + "letterhead: {seal: seal, alt: Seal of the county}\n")
    (in_folder / "seal").mkdir()
    found = outcome(run("write", "r.yaml", "-f", "txt"))
    assert found == (1, "", "r.yaml:5:14: seal: is not a file\n")


@pytest.mark.parametrize("content", [SVG.format('<path d="M0 0h9v9z"/>').encode(), png(9, 9)])
def test_a_seal_that_is_a_picture_is_printed(
    content: bytes, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "letterhead: {seal: seal, alt: Seal of the county}\n")
    (in_folder / "seal").write_bytes(content)
    assert outcome(run("write", "r.yaml", "-q", "-f", "pdf", "--to", "ice", "-o", "a.pdf"))[0] == 0
    assert (in_folder / "a.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "enclosures: [{title: Map, file: map.pdf}]",
            "r.yaml:5:27: there is no file 'map.pdf' to enclose\n",
        ),
        (
            "authority: [{instrument: Resolution, file: act.pdf}]",
            "r.yaml:5:38: there is no file 'act.pdf' to enclose\n",
        ),
    ],
)
def test_a_file_to_enclose_must_lie_beside_the_request(
    lines: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", f"{REQUEST}{lines}\n")
    hint = "  hint: write the file's name as seen from the request's own folder\n"
    assert outcome(run("write", "r.yaml", "-f", "txt")) == (1, "", told + hint)


@pytest.mark.parametrize("name", ["docs\\act.pdf", "docs/ACT.PDF", "docs/akt.pdf"])
def test_a_file_to_enclose_that_is_misspelled_is_offered(
    name: str, run: Run, write: Write, in_folder: Path
) -> None:
    (in_folder / "docs").mkdir()
    write("docs/act.pdf", "")
    write("r.yaml", f"{REQUEST}enclosures: [{{title: Act, file: '{name}'}}]\n")
    code, _, err = outcome(run("write", "r.yaml", "-f", "txt"))
    assert (code, err.partition("\n")[2]) == (1, "  hint: did you mean 'docs/act.pdf'?\n")
