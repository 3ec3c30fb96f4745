"""What exporters share: the user's options, the templates, the PDF engine.

Cheap to import: the CLI needs `Options` at start-up.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from optout_cli.engines import DEFAULT, load_engine
from optout_cli.model.letter import EngineName

if TYPE_CHECKING:
    from optout_cli.engines import Engine
    from optout_cli.templating.templates import Templates


# Lines that HylaFAX 6's `textfmt -B -s na-let -p 11` sets on a page of US Letter before it starts
# another; 80 columns do not wrap. (At its default of 10 pt it sets 57, so 52 fit as well.)
FAX_LINES = 52
Resolution = Literal["fine", "standard"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chooses about the look of formats.

    `engine` lays out pages; None means that nobody chose one. `with_enclosures` is for PDF,
    `mail_limit` (MB) and `as_sent` for e-mail, `lines_per_page` for fax text, `resolution` and
    `compression` for fax pages.
    """

    engine: EngineName | None = None
    with_enclosures: bool = False
    mail_limit: int = 20  # large providers refuse more than 25
    as_sent: bool = False
    lines_per_page: int = FAX_LINES
    resolution: Resolution = "fine"
    compression: Literal["group4", "group3"] = "group4"


class ExportContext:
    """Made once a process; each part is made when it is first needed."""

    def __init__(self, templates: "Templates", options: Options | None = None) -> None:
        self.templates = templates
        self.options = options or Options()
        self._digests: dict[str, str] = {}

    def digest_of(self, template: str) -> str:
        """Return the SHA-256 of a template and of every template that it is made of."""
        if template not in self._digests:
            self._digests[template] = self.templates.digest_of(template)
        return self._digests[template]

    @cached_property
    def has_own_page(self) -> bool:
        """Tell whether the user has a layout or a style sheet of their own for letters."""
        from optout_cli.templating.layouts import LETTERHEAD, PAGE, STYLE, own_layouts

        return bool(own_layouts(self.templates, PAGE, LETTERHEAD, STYLE))

    @cached_property
    def style(self) -> str:
        """The layout's style sheet: the user's, otherwise the shipped one."""
        from optout_cli.templating.layouts import style_of

        return style_of(self.templates)

    @property
    def engine_name(self) -> EngineName:
        """The name of the PDF engine. It need not be loaded."""
        return self.options.engine or DEFAULT

    @cached_property
    def engine(self) -> "Engine":
        """The PDF engine, with typefaces and styles loaded."""
        return load_engine(self.engine_name, self.templates)
