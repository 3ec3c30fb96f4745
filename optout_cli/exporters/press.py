"""What a process sets up once for all letters: the layout's templates, styles and typefaces.

Imports the PDF engine only when a PDF is asked for.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.options import Options
from optout_cli.templates import Templates

if TYPE_CHECKING:
    from optout_cli.exporters._engine import Engine

CURE = "install Pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango"
GUIDE = "_layout/guide-page.html.j2"
PAGE, COVER, STYLE = "_layout/letter.html.j2", "_layout/cover.html.j2", "_layout/letter.css"
SHEET = "_layout/sheet.html.j2"


class Press:
    """Made once a process; its parts are made when they are first needed."""

    def __init__(self, templates: Templates, options: Options | None = None) -> None:
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
            from optout_cli.exporters._engine import Engine  # imports WeasyPrint, about a second
        except OSError as error:  # a system library that it loads
            message = f"the PDF engine lacks a system library: {error}".splitlines()[0]
            raise OptoutError(Problem("missing-library", message, hint=CURE)) from None
        return Engine(self.style)
