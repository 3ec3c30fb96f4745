"""A seal is a PNG or an SVG: whole, not huge, and it needs no other file."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import problems_of, told_by
from PIL import Image as Raster
from PIL import ImageFile

from optout_cli.errors import OptoutError
from optout_cli.model.letter import Image
from optout_cli.readers.pictures import MAX_BYTES, load_image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BROKEN = "is a broken PNG\n  hint: open it in an image editor and save it as PNG again"
EMBEDDED = "\n  hint: save it as plain SVG with everything embedded"
UTF_8 = "is not UTF-8 text\n  hint: save it as plain SVG with encoding UTF-8"


def png(mode: str = "RGBA", size: tuple[int, int] = (20, 20)) -> bytes:
    stream = BytesIO()
    Raster.new(mode, size).save(stream, "PNG")
    return stream.getvalue()


def chunk(name: bytes, payload: bytes) -> bytes:
    return b"".join(
        (
            struct.pack(">I", len(payload)),
            name,
            payload,
            struct.pack(">I", zlib.crc32(name + payload)),
        )
    )


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))


def svg(inside: str = "", before: str = "") -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{before}<svg {names} viewBox="0 0 9 9">\n{inside}\n</svg>\n'.encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seal"


def told_of(path: Path, content: bytes) -> str:
    """Return what is wrong with a picture, without the path that begins it."""
    path.write_bytes(content)
    return told_by(lambda: load_image(path, "Seal")).removeprefix(str(path))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_png_of_any_kind_passes_byte_for_byte(path: Path, mode: str) -> None:
    path.write_bytes(png(mode))
    assert load_image(path, "Seal") == Image("image/png", png(mode), "Seal")


def test_sixteen_bits_of_gray_become_eight_which_every_engine_draws(path: Path) -> None:
    stream = BytesIO()
    Raster.frombytes("I;16", (2, 1), b"\x00\x00\x00\x80").save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    with Raster.open(BytesIO(load_image(path, "Seal").content)) as picture:
        assert (picture.mode, picture.tobytes()) == ("L", b"\x00\x80")


def jpeg(mode: str, turns: int = 1) -> bytes:
    stream, exif = BytesIO(), Raster.Exif()
    exif[0x0112] = turns
    Raster.new(mode, (20, 10)).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_passes_byte_for_byte(path: Path, mode: str) -> None:
    path.write_bytes(jpeg(mode))
    assert load_image(path, "Seal") == Image("image/jpeg", jpeg(mode), "Seal")


@pytest.mark.parametrize(
    ("content", "size"), [(jpeg("RGB", turns=6), (10, 20)), (jpeg("CMYK"), (20, 10))]
)
def test_a_jpeg_that_is_turned_or_has_four_inks_is_written_upright_and_in_rgb(
    path: Path, content: bytes, size: tuple[int, int]
) -> None:
    path.write_bytes(content)
    with Raster.open(BytesIO(load_image(path, "Seal").content)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", size)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_a_png_that_is_turned_is_written_upright(path: Path, mode: str) -> None:
    stream, exif = BytesIO(), Raster.Exif()
    exif[0x0112] = 6
    Raster.new(mode, (20, 10)).save(stream, "PNG", exif=exif)
    path.write_bytes(stream.getvalue())
    with Raster.open(BytesIO(load_image(path, "Seal").content)) as picture:
        turned = picture.getexif().get(0x0112, 1)
        assert (picture.format, picture.size, turned) == ("PNG", (10, 20), 1)


@pytest.mark.parametrize("exif", [b"junkjunk", b"MM\0*", b"II*\0\x08\0\0\0\xff\xff"])
def test_exif_that_cannot_be_read_is_left_out(path: Path, exif: bytes) -> None:
    stream = BytesIO()
    Raster.new("RGB", (20, 10)).save(stream, "PNG")
    head, end = stream.getvalue()[:-12], stream.getvalue()[-12:]
    chunk = b"eXIf" + exif
    path.write_bytes(
        head + struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end
    )
    found = load_image(path, "Seal").content
    assert (b"eXIf" in found, Raster.open(BytesIO(found)).size) == (False, (20, 10))


def test_a_broken_or_huge_jpeg_is_a_problem(path: Path) -> None:
    broken = ": is a broken JPEG\n  hint: open it in an image editor and save it as JPEG again"
    assert told_of(path, jpeg("RGB")[:200]) == broken
    frame = jpeg("L").replace(b"\x00\x0a\x00\x14", b"\x17\x70\x17\x70", 1)
    assert told_of(path, frame).startswith(": is 6,000 x 6,000 pixels")


PLAIN_DOCTYPE = """<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
 "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">"""


def test_a_doctype_that_declares_nothing_is_left_out(path: Path) -> None:
    path.write_bytes(svg(before=PLAIN_DOCTYPE))
    assert load_image(path, "Seal").content == svg(before="\n")


SIZED = '<svg xmlns="http://www.w3.org/2000/svg"{}><rect width="9" height="9"/></svg>'


@pytest.mark.parametrize(
    ("size", "read"),
    [
        (' width="1in" height="2em"', ' width="1in" height="2em"'),
        (' viewBox="0 0 9 9" width="100%" height="9"', ' viewBox="0 0 9 9"'),
        (' width="200" viewBox="0 0 9 9"', ' viewBox="0 0 9 9"'),
        (" height='100%' viewBox='0 0 9 9'", " viewBox='0 0 9 9'"),
    ],
)
def test_the_size_of_an_svg_is_one_that_every_engine_knows(
    path: Path, size: str, read: str
) -> None:
    path.write_text(SIZED.format(size), "utf-8")
    assert load_image(path, "Seal").content == SIZED.format(read).encode()


@pytest.mark.parametrize("size", ["", ' width="9"', ' width="100%" height="100%"'])
def test_an_svg_without_a_size_is_a_problem(path: Path, size: str) -> None:
    assert told_of(path, SIZED.format(size).encode()) == (
        ": has no size: neither a viewBox, nor a width and a height"
        "\n  hint: save it again from a drawing program, as plain SVG or as PNG"
    )


@pytest.mark.parametrize("box", ["0 0 5", "0 0 9 9 9", "0 0 x 9"])
def test_a_view_box_is_four_numbers(path: Path, box: str) -> None:
    assert told_of(path, SIZED.format(f' viewBox="{box}"').encode()) == (
        f": has the viewBox {box!r}, which is not four numbers"
        "\n  hint: save it again from a drawing program, as plain SVG or as PNG"
    )


@pytest.mark.parametrize("box", ["0 0 0 0", "0 0 -9 9"])
def test_a_view_box_has_a_width_and_a_height(path: Path, box: str) -> None:
    told = told_of(path, SIZED.format(f' viewBox="{box}"').encode())
    assert told.startswith(f": has the viewBox {box!r}, which has no width or no height\n")


@pytest.mark.parametrize("style", ["transform:rotate(9deg)", "fill:var(--ink)", "a:nth-child(1)"])
def test_a_style_that_an_engine_leaves_out_is_a_problem(path: Path, style: str) -> None:
    sized = SIZED.replace("<rect", f'<rect style="{style}"').format(' viewBox="0 0 9 9"')
    told = told_of(path, sized.encode())
    assert told.endswith(
        ", which not every PDF engine draws"
        "\n  hint: save it again from a drawing program, as plain SVG or as PNG"
    )


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ('<circle cx="NaN" r="4"/>', "NaN"),
        ('<path d="M1 1LNaN 5"/>', "NaN"),
        ('<g transform="scale(-Infinity)"/>', "-Infinity"),
    ],
)
def test_where_a_number_belongs_there_is_one(path: Path, shape: str, told: str | None) -> None:
    path.write_bytes(svg(shape))
    messages = [it.message for it in problems_of(lambda: load_image(path, "Seal"))]
    assert messages == [f"has {told!r} in the place of a number"]
    path.write_bytes(svg('<g id="nan" class="inf" d="M1 1"/>'))
    assert load_image(path, "Seal").media_type == "image/svg+xml"


def test_an_svg_in_another_encoding_becomes_utf8(path: Path) -> None:
    before = '<?xml version="1.0" encoding="{}"?><!-- se\u00f1al -->'
    path.write_bytes(svg(before=before.format("ISO-8859-1")).decode().encode("latin-1"))
    assert load_image(path, "Seal").content == svg(before=before.format("UTF-8"))


def test_damage_in_a_part_that_no_letter_shows_is_no_problem(path: Path) -> None:
    content = SIGNATURE + header(20, 20) + chunk(b"acTL", b"\xff" * 8) + png()[33:]
    path.write_bytes(content)
    assert load_image(path, "Seal").content == content


def test_a_missing_seal_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "seal.png"
    assert told_by(lambda: load_image(path, "Seal")) == (
        f"{path}: cannot find this file\n  hint: check the spelling"
    )


def test_a_folder_is_no_seal(tmp_path: Path) -> None:
    told = f"{tmp_path}: is not a file"
    assert told_by(lambda: load_image(tmp_path, "Seal")) == told


def test_a_name_too_long_for_a_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / ("🦅" * 100)
    told = f"{path}: cannot be read: File name too long"
    assert told_by(lambda: load_image(path, "Seal")) == told


@pytest.mark.parametrize(
    "content",
    [b"", b"a seal", b"GIF89a", b"%PDF-1.7", b"<html/>", svg().hex().encode()],
)
def test_what_is_no_image_is_a_problem(path: Path, content: bytes) -> None:
    told = ": is neither PNG, JPEG nor SVG\n  hint: save the picture as PNG, JPEG or SVG"
    assert told_of(path, content) == told


def test_a_file_larger_than_the_limit_is_not_read(path: Path) -> None:
    told = ": is too large (6 MB or more; the limit is 5 MB)"
    assert told_of(path, SIGNATURE + bytes(MAX_BYTES + 2**19)) == told


BODY = png()[33:]  # what follows the header


@pytest.mark.parametrize(
    "content",
    [
        SIGNATURE,
        SIGNATURE + header(20, 20)[:-9],
        png()[:50],
        SIGNATURE + header(0, 0) + BODY,
        SIGNATURE + header(20, 20) + chunk(b"IEND", b""),
        SIGNATURE + header(20, 20) + chunk(b"IDAT", b"rubbish") + chunk(b"IEND", b""),
        SIGNATURE + header(20, 20) + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**23))) + BODY,
        SIGNATURE + header(2, 2) + header(9_000, 9_000) + BODY,
        SIGNATURE + header(2, 2) + header(10_000, 10_000) + BODY,
        SIGNATURE + header(2, 2) + header(60_000, 60_000) + BODY,
        SIGNATURE + chunk(b"tEXt", b"a\0" + bytes(20)) + header(20, 20) + BODY,
    ],
    ids=[
        *("signature", "half a header", "cut", "no size", "no pixels", "rubbish"),
        *("8 MB of text", "two sizes", "warned of", "refused", "header late"),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_a_broken_png_is_a_problem_also_where_the_pdf_engine_makes_pillow_lenient(
    path: Path, content: bytes, lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    told = told_of(path, content)
    assert (told, ImageFile.LOAD_TRUNCATED_IMAGES) == (f": {BROKEN}", lenient)


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [
        (60_000, 60_000, "60,000 x 60,000"),
        (5_001, 5_000, "5,001 x 5,000"),
        (1, 25_000_001, "1 x 25,000,001"),
    ],
)
def test_a_png_with_too_many_pixels_is_reported_before_it_is_drawn(
    path: Path, width: int, height: int, shown: str
) -> None:
    content = SIGNATURE + header(width, height) + BODY
    assert told_of(path, content) == (
        f": is {shown} pixels; the limit is 25 million\n"
        "  hint: scale it down: 1,200 pixels per side are enough for a sharp print"
    )


def test_a_png_of_the_most_pixels_passes(path: Path) -> None:
    content = png("1", (5_000, 5_000))
    path.write_bytes(content)
    assert load_image(path, "Seal").content == content


@given(at=st.integers(8, len(png()) - 1), byte=st.integers(0, 255), cut=st.integers(8))
def test_any_damage_to_a_png_is_a_problem_or_harmless_and_never_a_bug(
    at: int, byte: int, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = bytearray(png())
    damaged[at] = byte
    content = bytes(damaged[:cut])
    path = tmp_path_factory.mktemp("seal") / "seal.png"
    path.write_bytes(content)
    try:
        outcome: str | bytes = load_image(path, "Seal").content
    except OptoutError as error:
        outcome = error.problems[0].code
    assert outcome in (content, "broken-image", "too-large")


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ('<image href="file:///etc/passwd"/>', 'href="file:///etc/passwd"'),
        ('<image href="http://localhost/x.png"/>', 'href="http://localhost/x.png"'),
        ('<image xlink:href="http://localhost"/>', 'href="http://localhost"'),
        ("<image xlink:href='//localhost'/>", "href='//localhost'"),
        ('<image href = " seal.png"/>', 'href = " seal.png"'),
        ('<image src="seal.png"/>', 'src="seal.png"'),
        ('<image href=""/>', 'href=""'),
        ('<use href="other.svg#a"/>', 'href="other.svg#a"'),
        ('<a href="https://example.gov"><path/></a>', 'href="https://example.gov"'),
        ('<image href="&#104;ttp://localhost"/>', 'href="&#104;ttp://localhost"'),
        ('<image href="data:text/html,x"/>', 'href="data:text/html,x"'),
        ('<image href="data:image/svg+xml,x"/>', 'href="data:image/svg+xml,x"'),
        ('<path fill="url(http://localhost#a)"/>', "url(http://localhost#a"),
        ("<path style=\"fill:url( 'file:///x' )\"/>", "url( 'file:///x' "),
        ('<path style="fill:URL(&quot;x&quot;)"/>', "URL(&quot;x&quot;"),
        ("<style>@import 'http://localhost';</style>", "@import"),
        ("<style>@font-face {src: url(x.woff)}</style>", "url(x.woff"),
        ("<script>alert(1)</script>", "<script"),
        ('<s:script xmlns:s="http://www.w3.org/2000/svg"/>', "<s:script"),
        ("<SCRIPT/>", "<SCRIPT"),
        ("<foreignObject><p/></foreignObject>", "<foreignObject"),
        ("<iframe/>", "<iframe"),
        ("<!ENTITY a 'b'>", "<!ENTITY"),
    ],
)
def test_an_svg_that_refers_outside_the_file_is_a_problem_at_its_line(
    path: Path, inside: str, words: str
) -> None:
    assert (
        told_of(path, svg(inside)) == f":2: refers to something outside the file: {words}{EMBEDDED}"
    )


@pytest.mark.parametrize(
    ("before", "place", "words"),
    [
        ("<!DOCTYPE html>\n", ":1", "<!DOCTYPE"),
        ('<!DOCTYPE svg [\n<!ENTITY a "b">\n]>\n', ":1", "<!DOCTYPE"),
        ('<?xml version="1.0"?>\n<?xml-stylesheet href="x"?>\n', ":2", "<?xml-stylesheet"),
    ],
)
def test_an_svg_that_declares_what_lies_elsewhere_is_a_problem(
    path: Path, before: str, place: str, words: str
) -> None:
    told = f"{place}: refers to something outside the file: {words}{EMBEDDED}"
    assert told_of(path, svg(before=before)) == told


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<style>&#64;import 'x';</style>", "@import"),
        ("<style>@<![CDATA[import 'x']]></style>", "@import"),
        ('<path style="fill:&#117;rl(x"/>', 'url(x"\n\n'),
        ('<path fill="&#x75;&#x72;l(x)"/>', "url(x"),
    ],
)
def test_an_svg_is_checked_with_its_references_resolved(
    path: Path, inside: str, words: str
) -> None:
    assert (
        told_of(path, svg(inside)) == f": refers to something outside the file: {words}{EMBEDDED}"
    )


def test_only_the_beginning_of_an_outside_reference_is_shown(path: Path) -> None:
    told = f':2: refers to something outside the file: href="http://{"x" * 47}...{EMBEDDED}'
    assert told_of(path, svg(f'<image href="http://{"x" * 200}"/>')) == told


@pytest.mark.parametrize(
    "inside",
    [
        '<path id="a" d="M0 0h9v9z"/><use href="#a"/><use xlink:href=\'#a\'/>',
        '<path fill="url(#a)" style="fill:url( &quot;#a&quot; )" mask=\'url("#a")\'/>',
        "<style>path {fill: url('#a')}</style>",
        '<image href="data:image/png;base64,iVBORw0KGgo="/>',
        "<image xlink:href='data:image/jpeg;base64,/9j/'/>",
        "<title>Doña Ana &amp; the scripture, see href</title><!-- a comment -->",
        "<metadata>C:\\seal.svg</metadata><title>Seal</title>",
    ],
)
def test_an_svg_that_refers_to_itself_alone_passes_byte_for_byte(path: Path, inside: str) -> None:
    path.write_bytes(svg(inside))
    assert load_image(path, "Seal") == Image("image/svg+xml", svg(inside), "Seal")


@pytest.mark.parametrize(
    "content",
    [
        svg(before='<?xml version="1.0" encoding="UTF-8"?>\n'),
        b"\xef\xbb\xbf" + svg(),
        svg(before="<!-- made by hand -->\n"),
        svg("<g>" * 5_000 + "</g>" * 5_000),
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><s:g/></s:svg>',
    ],
    ids=["declared", "BOM", "comment", "5,000 levels", "prefix"],
)
def test_an_svg_in_other_forms_passes_byte_for_byte(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert load_image(path, "Seal").content == content


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<svg", ":1:1: is a broken SVG"),
        (svg("<path"), ":3:1: is a broken SVG"),
        (svg("<g></path>"), ":2:6: is a broken SVG"),
        (svg("&nbsp;"), ":2:1: is a broken SVG"),
        (svg("Doña").decode().encode("latin-1"), ":2:3: is a broken SVG"),
    ],
)
def test_a_broken_svg_is_a_problem_at_its_location(path: Path, content: bytes, told: str) -> None:
    assert told_of(path, content) == told


def test_an_svg_in_utf_16_is_refused_since_nothing_would_be_found_in_it(path: Path) -> None:
    # In UTF-16 these two characters are the bytes `<svg`.
    content = svg("<script/>", before="<!-- \u733c\u6776 -->").decode().encode("utf-16")
    assert told_of(path, content) == f": {UTF_8}"


@pytest.mark.parametrize("encoding", ["no-such", "utf-7", "shift_jis", "punycode"])
def test_an_svg_in_an_encoding_that_is_not_read_is_refused(path: Path, encoding: str) -> None:
    before = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert told_of(path, svg(before=before)) == f": {UTF_8}"


def test_a_seal_that_refers_outside_is_located_in_its_own_file(path: Path) -> None:
    path.write_bytes(svg("<script/>"))
    (problem,) = problems_of(lambda: load_image(path, "Seal"))
    assert (problem.code, problem.location and problem.location.file) == (
        "image-reaches-out",
        str(path),
    )


@pytest.mark.parametrize("lettering", ["<text>City</text>", "<g><text x='1'>City</text></g>"])
def test_text_in_an_svg_is_a_problem(path: Path, lettering: str) -> None:
    assert told_of(path, svg(lettering)) == (
        ": has text, but an SVG file does not carry its typeface\n"
        "  hint: save it as PNG, or convert its text to paths"
    )
