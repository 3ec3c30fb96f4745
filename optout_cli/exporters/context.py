"""What exporters share: the user's options, the templates, the PDF engine.

Cheap to import: the CLI needs `Options` at start-up.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from optout_cli.engines import CURE, STYLE
from optout_cli.errors import OptoutError, Problem

if TYPE_CHECKING:
    from optout_cli.engines.weasyprint import Engine
    from optout_cli.templating.templates import Templates


# Lines that HylaFAX 6's `textfmt -B -s na-let -p 11` sets on a page of US Letter before it starts
# another; 80 columns do not wrap. (At its default of 10 pt it sets 57, so 52 fit as well.)
FAX_LINES = 52
Resolution = Literal["fine", "standard"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chooses about the look of formats.

    `with_enclosures` is for PDF, `mail_limit` (MB) for e-mail, `lines_per_page` for fax text,
    `resolution` and `compression` for fax pages.
    """

    with_enclosures: bool = False
    mail_limit: int = 20  # large providers refuse more than 25
    lines_per_page: int = FAX_LINES
    resolution: Resolution = "fine"
    compression: Literal["group4", "group3"] = "group4"


GUIDE = "_layout/guide-page.html.j2"
PAGE, COVER = "_layout/letter.html.j2", "_layout/cover.html.j2"
SHEET = "_layout/sheet.html.j2"


class ExportContext:
    """Made once a process; each part is made when it is first needed."""

    def __init__(self, templates: "Templates", options: Options | None = None) -> None:
        self.templates = templates
        self.options = options or Options()

    @cached_property
    def has_own_page(self) -> bool:
        """Tell whether the user has a layout or a style sheet of their own."""
        own = self.templates.folders[:-1]
        return any((folder / name).is_file() for folder in own for name in (PAGE, STYLE))

    @cached_property
    def style(self) -> str:
        """The layout's style sheet: the user's, otherwise the shipped one."""
        path = self.templates.path_of(STYLE)
        assert path is not None  # one ships
        return path.read_text("utf-8")

    @cached_property
    def engine(self) -> "Engine":
        """The PDF engine with typefaces and styles loaded."""
        try:
            from optout_cli.engines.weasyprint import Engine  # imports WeasyPrint, about a second
        except OSError as error:  # a system library is missing
            message = f"the PDF engine lacks a system library: {error}".splitlines()[0]
            raise OptoutError(Problem("missing-library", message, hint=CURE)) from None
        return Engine(self.style)
