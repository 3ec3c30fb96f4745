"""One module per format: it turns a finished Letter into bytes, and holds all facts of its format.

Here is what they share: the user's options, the templates, the PDF engine. It is cheap to import:
the CLI needs `Options` at start-up.

A new format is one new module here with what it has otherwise than `Exporter`. The module `fax_pdf`
is the format `fax-pdf`, whose files end in `.fax.pdf`. A command imports the formats that it uses.
Listing imports them all, so no format's module imports anything slow at its top.
"""

from collections.abc import Callable
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from optout_cli.engines import DEFAULT, Engine, load_engine
from optout_cli.model.letter import EngineName, Letter
from optout_cli.model.notice import Route

if TYPE_CHECKING:
    from optout_cli.templating.templates import Templates

# Modules here that are not formats.
_SHARED = {"__init__", "binding", "word_writer"}
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

    @property
    def engine_name(self) -> EngineName:
        """The name of the PDF engine. It need not be loaded."""
        return self.options.engine or DEFAULT

    @cached_property
    def engine(self) -> Engine:
        """The PDF engine, with typefaces and styles loaded."""
        return load_engine(self.engine_name, self.templates)


class Exporter:
    """Everything that the other packages know about a format, as most formats have it.

    The module of a format has what is otherwise there, by the same names.
    """

    RANK: int  # its place in lists of formats, lowest first; by-service takes the first of a route
    DESCRIPTION: str  # a few words for `optout list formats`
    MEDIA_TYPE: str
    IS_TEXT = False  # a terminal may show it
    IS_SLOW = False  # its pages are laid out: a hundred times the work of checking a request
    IS_PRINTED = False  # people print it, sign it and fold it for the envelope's window
    IS_TO_MARK_UP = False  # it is for counsel; the letter that goes out has another format
    # The field of the recipient's contact to which a message in this format goes; None: on paper.
    ROUTE: Route | None = None
    # Which kinds of signature it can show, or leave room for.
    SIGNATURES: tuple[str, ...] = ("ink", "typed", "image")
    ENCLOSES: Literal["all", "pdf", "none"] = (
        "none"  # which of the enclosed files it can take along
    )
    # Gives the letter in this format; the same letter gives the same bytes.
    encode: Callable[[Letter, ExportContext], bytes]
    # Gives how many pages an export has; None: the format has no pages.
    count_pages: Callable[[bytes], int | None] = staticmethod(lambda _: None)


def format_names() -> set[str]:
    """Return the name of every format. Imports none."""
    stems = {path.stem for folder in __path__ for path in Path(folder).glob("*.py")} - _SHARED
    return {stem.replace("_", "-") for stem in stems}


def suffix_of(name: str) -> str:
    """Return how the names of files in the format `name` end."""
    return "." + name.replace("-", ".")


@cache
def exporter_for(name: str) -> Exporter:
    """Import the module of the format `name`, and return what it says."""
    exporter = Exporter()
    vars(exporter).update(vars(import_module(f"{__name__}.{name.replace('-', '_')}")))
    return exporter


@cache  # it reads a folder, and is asked for each file
def known_exporter(name: str) -> Exporter | None:
    """Return what a format's module says; None for the format of a newer version."""
    return exporter_for(name) if name in format_names() else None


def route_of(name: str) -> Route | None:
    """Return the way by which a format goes; None on paper, or if a newer version wrote it."""
    exporter = known_exporter(name)
    return exporter.ROUTE if exporter else None


def all_exporters() -> dict[str, Exporter]:
    """Return every format by its name, in the order of lists."""
    names = sorted(format_names(), key=lambda name: exporter_for(name).RANK)
    return {name: exporter_for(name) for name in names}
