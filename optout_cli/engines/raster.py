"""Draw an SVG as pixels, for formats that cannot carry one."""

import typst

from optout_cli.engines import broken_picture
from optout_cli.errors import OptoutError
from optout_cli.model.letter import Image

# However long a picture is, it is drawn in a limited room.
_PAGE = b"""\
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let picture = bytes(sys.inputs.picture)
#context {
  let size = measure(image(picture, format: "svg"))
  let scale = calc.min(1.1in / size.width, 0.8in / size.height)
  image(picture, format: "svg", width: size.width * scale, height: size.height * scale)
}
"""
_PPI = 600  # sharp on paper: at most 660 by 480 px


def png_of(picture: Image) -> Image:
    """Return an SVG picture as PNG, with its background left clear.

    Raises OptoutError for a picture that cannot be drawn.
    """
    inputs = {"picture": picture.content.decode()}
    try:
        drawn = typst.compile(
            _PAGE, format="png", ppi=_PPI, sys_inputs=inputs, ignore_system_fonts=True
        )
    except typst.TypstError:
        raise OptoutError(broken_picture(picture)) from None
    assert isinstance(drawn, bytes)  # one page
    return Image("image/png", drawn, picture.alt)
