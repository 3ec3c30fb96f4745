"""A picture -> a small PNG, for e-mail: mail programs show no SVG."""

from io import BytesIO

from optout_cli.engines import broken_picture
from optout_cli.errors import OptoutError
from optout_cli.model.letter import Image

# The picture as large as fits into the page's room, on nothing.
_PAGE = b"""\
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let picture = bytes(sys.inputs.svg)
#let room = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#context {
  let size = measure(image(picture, format: "svg"))
  let scale = calc.min(room.at(0) / size.width, room.at(1) / size.height)
  image(picture, format: "svg", width: size.width * scale)
}
"""
_PPI = 72.0  # a pixel is a point


def png_of(picture: Image, width: int, height: int) -> bytes:
    """Return a PNG of a picture, at most `width` by `height` px, with its transparency.

    Raises OptoutError for a picture that cannot be drawn.
    """
    from PIL import Image as Raster

    content = picture.content
    if picture.media_type == "image/svg+xml":
        content = _draw_svg(picture, width, height)
    output = BytesIO()
    try:
        with Raster.open(BytesIO(content)) as opened:
            shown = opened.convert("RGBA")
            shown.thumbnail((width, height), Raster.Resampling.LANCZOS)
            shown.save(output, "PNG", optimize=True)
    except (OSError, SyntaxError, ValueError):
        raise OptoutError(broken_picture(picture)) from None
    return output.getvalue()


def _draw_svg(picture: Image, width: int, height: int) -> bytes:
    import typst

    inputs = {
        "svg": picture.content.decode("utf-8-sig"),
        "width": str(width),
        "height": str(height),
    }
    try:
        drawn = typst.compile(
            _PAGE, format="png", ppi=_PPI, sys_inputs=inputs, ignore_system_fonts=True
        )
    except typst.TypstError:
        raise OptoutError(broken_picture(picture)) from None
    assert isinstance(drawn, bytes)  # one page
    return drawn
