"""What a process sets up once for all letters: the layout's templates, styles and typefaces.

Imports the PDF engine only when a PDF is asked for.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from optout_cli.errors import OptoutError, Problem
from optout_cli.templates import Templates

if TYPE_CHECKING:
    from optout_cli.exporters._engine import Engine

_CURE = "install Pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango"
TYPEFACE = "Source Serif Pro"
PAGE, STYLE = "_layout/letter.html.j2", "_layout/letter.css"


class Press:
    """Made once a process; its parts are made when they are first needed."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    @cached_property
    def style(self) -> str:
        """The layout's style sheet, the user's before the shipped one."""
        folders = self.templates.folders
        return next(path for it in folders if (path := it / STYLE).is_file()).read_text("utf-8")

    @cached_property
    def engine(self) -> "Engine":
        """The PDF engine with typefaces and styles loaded."""
        try:
            from optout_cli.exporters._engine import Engine  # imports WeasyPrint, about a second
        except OSError as error:  # a system library that it loads
            message = f"the PDF engine lacks a system library: {error}".splitlines()[0]
            raise OptoutError(Problem("missing-library", message, hint=_CURE)) from None
        return Engine(self.style)


def faces() -> Mapping[tuple[str, str], Path]:
    """Return the typeface's files by weight and style, from the package that carries them.

    Static faces, always the same ones: a letter breaks its lines alike on every machine.
    """
    # Found without importing it: its import lists a folder of 60 files.
    from importlib.util import find_spec

    spec = find_spec("font_source_serif_pro")
    assert spec is not None
    assert spec.origin is not None  # a declared dependency
    folder = Path(spec.origin).parent / "files"
    names = {
        ("normal", "normal"): "Regular",
        ("bold", "normal"): "Bold",
        ("normal", "italic"): "It",
        ("bold", "italic"): "BoldIt",
    }
    return {key: folder / f"SourceSerifPro-{name}.ttf" for key, name in names.items()}
