"""Each picture is drawn once when it is read: it shows something, and both engines can draw it."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from make_letters import told_by
from PIL import Image as Raster

from optout_cli.engines import pictures
from optout_cli.engines.pictures import drawn_alike, look_at
from optout_cli.model.letter import Image

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{}</svg>'
DISC = '<circle cx="20" cy="20" r="15"/>'
NOTHING = (
    "shows nothing on white paper: it is empty, transparent or white\n  hint: save it again, as PNG"
)


def svg(inside: str) -> Image:
    return Image("image/svg+xml", SVG.format(inside).encode(), "Seal")


def raster(color: tuple[int, int, int, int], kind: str = "PNG") -> bytes:
    stream = BytesIO()
    picture = Raster.new("RGBA", (40, 40), color)
    picture.convert("RGB" if kind == "JPEG" else "RGBA").save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    "picture",
    [
        svg(""),
        svg(f'<g style="display:none">{DISC}</g>'),
        svg('<circle cx="200" cy="200" r="15"/>'),
        svg('<circle cx="20" cy="20" r="15" fill="#fff"/>'),
        Image("image/png", raster((0, 0, 0, 0)), "Seal"),
        Image("image/jpeg", raster((255, 255, 255, 255), "JPEG"), "Seal"),
    ],
    ids=["empty", "hidden", "outside", "white", "transparent", "white JPEG"],
)
def test_a_picture_that_shows_nothing_is_a_problem(picture: Image) -> None:
    assert told_by(lambda: look_at(picture)) == NOTHING


@pytest.mark.parametrize(
    ("picture", "color"),
    [
        (svg(DISC), None),
        (svg('<rect width="40" height="40" fill="navy"/>'), "#000080"),
        (Image("image/png", raster((255, 0, 0, 255)), "Seal"), "#ff0000"),
    ],
    ids=["disc", "square", "red"],
)
def test_a_solid_block_is_told_from_a_picture(picture: Image, color: str | None) -> None:
    assert look_at(picture) == color


def test_a_picture_that_takes_too_long_to_draw_is_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nested = "".join(
        f'<g id="a{number}">{f"""<use href="#a{number - 1}"/>""" * 10}</g>'
        for number in range(1, 10)
    )
    monkeypatch.setattr(pictures, "_SECONDS", 1)
    endless = svg(f'<defs><g id="a0">{DISC}</g>{nested}</defs><use href="#a9"/>')
    told = told_by(lambda: look_at(endless))
    assert told.startswith(("takes more than 1 seconds", "the page cannot be printed as it is"))


WITHIN = f'<image width="40" height="40" href="data:image/png;base64,{{}}"/>{DISC}'


@pytest.mark.parametrize("engine", ["weasyprint", "typst"])
@pytest.mark.parametrize(
    "content",
    [
        SVG.format(WITHIN.format(b64encode(raster((255, 0, 0, 255))).decode())).encode(),
        raster((255, 0, 0, 255), "JPEG"),
    ],
    ids=["SVG with a PNG", "JPEG"],
)
def test_both_engines_draw_what_was_read(
    content: bytes, engine: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "letterhead: {seal: seal, alt: Seal of the county}\n")
    (in_folder / "seal").write_bytes(content)
    options = ("-f", "pdf,eml", "--draft", "--to", "ice", "-o", "out/", "--engine", engine)
    code, _, err = outcome(run("write", "r.yaml", *options))
    solid = "note: check the picture 'Seal of the county': it is a solid block of the color"
    assert (code, solid in err) == (0, content.startswith(b"\xff\xd8"))


def test_a_picture_that_shows_nothing_is_told_with_its_file_before_a_text_letter_is_written(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "letterhead: {seal: seal, alt: Seal of the county}\n")
    (in_folder / "seal").write_bytes(raster((0, 0, 0, 0)))
    told = f"r.yaml:5:14: seal: {NOTHING}\n"
    assert outcome(run("write", "r.yaml", "-f", "txt", "--check")) == (1, "", told)


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        (DISC, "image/svg+xml"),
        (f'<filter id="f"><feOffset dx="9"/></filter><g filter="url(#f)">{DISC}</g>', "image/png"),
        (f'<radialGradient id="g"/>{DISC}', "image/png"),
        (f'<mask id="m"><rect width="5"/></mask>{DISC}', "image/png"),
    ],
)
def test_an_svg_that_the_engines_draw_differently_becomes_pixels(inside: str, kind: str) -> None:
    assert drawn_alike(svg(inside)).media_type == kind
