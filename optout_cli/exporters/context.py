"""What the user chooses of how formats look; light to import, since the commands name it."""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from optout_cli.engines import CURE, STYLE
from optout_cli.errors import OptoutError, Problem

if TYPE_CHECKING:
    from optout_cli.engines.weasyprint import Engine
    from optout_cli.templating.templates import Templates


# Lines that HylaFAX 6's `textfmt -B -s na-let -p 11` sets on a page of US Letter before it begins
# another; 80 columns do not wrap. (At its default of 10 pt it sets 57, so that 52 hold as well.)
FAX_LINES = 52
Resolution = Literal["fine", "standard"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chooses of how formats look.

    `with_enclosures` is a PDF's, `mail_limit` an e-mail's in MB, `lines_per_page` a fax text's;
    `resolution` and `compression` are fax pages'.
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
    """Made once a process; its parts are made when they are first needed."""

    def __init__(self, templates: "Templates", options: Options | None = None) -> None:
        self.templates = templates
        self.options = options or Options()

    @cached_property
    def has_own_page(self) -> bool:
        """Tell whether the user lays letters out, or styles them, in some other way."""
        own = self.templates.folders[:-1]
        return any((folder / name).is_file() for folder in own for name in (PAGE, STYLE))

    @cached_property
    def style(self) -> str:
        """The layout's style sheet, the user's before the shipped one."""
        path = self.templates.path_of(STYLE)
        assert path is not None  # one ships
        return path.read_text("utf-8")

    @cached_property
    def engine(self) -> "Engine":
        """The PDF engine with typefaces and styles loaded."""
        try:
            from optout_cli.engines.weasyprint import Engine  # imports WeasyPrint, about a second
        except OSError as error:  # a system library that it loads
            message = f"the PDF engine lacks a system library: {error}".splitlines()[0]
            raise OptoutError(Problem("missing-library", message, hint=CURE)) from None
        return Engine(self.style)
