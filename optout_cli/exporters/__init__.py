"""One module per format: it turns a finished Letter into bytes, and holds all facts of its format.

A new format is one new module here with everything that `Exporter` lists. The
module `fax_pdf` is the format `fax-pdf`, whose files end in `.fax.pdf`. A command imports the
formats that it uses. Listing imports them all, so no format's module imports anything slow at its
top.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

if TYPE_CHECKING:
    from optout_cli.exporters.context import ExportContext
    from optout_cli.model.letter import Letter
    from optout_cli.model.notice import Route

# Modules here that are no format.
_SHARED = {"__init__", "binding", "context", "word_writer"}


class Exporter(Protocol):
    """Everything that the other packages know about a format."""

    RANK: int  # its place in lists of formats, lowest first
    DESCRIPTION: str  # a few words for `optout list formats`
    MEDIA_TYPE: str
    IS_TEXT: bool  # a terminal may show it
    IS_SLOW: bool  # its pages are laid out: a hundred times the work of checking a request
    IS_PRINTED: bool  # people print it, sign it and fold it for the envelope's window
    IS_TO_MARK_UP: bool  # it is for counsel; the letter that goes out is made in another format
    # The field of the recipient's contact to which a message in this format goes; None: on paper.
    ROUTE: "Route | None"
    SIGNATURES: tuple[str, ...]  # which kinds of signature: it can show, or leave room for
    ENCLOSES: Literal["all", "pdf", "none"]  # which of the enclosed files it can take along

    def encode(self, letter: "Letter", context: "ExportContext") -> bytes:
        """Return the letter in this format; the same letter gives the same bytes."""
        ...

    def count_pages(self, content: bytes) -> int | None:
        """Return how many pages `content` has, or None for a format without pages."""
        ...


def format_names() -> set[str]:
    """Return the name of every format. Imports none."""
    stems = {path.stem for folder in __path__ for path in Path(folder).glob("*.py")} - _SHARED
    return {stem.replace("_", "-") for stem in stems}


def suffix_of(name: str) -> str:
    """Return how the names of files in the format `name` end."""
    return "." + name.replace("-", ".")


@cache
def exporter_for(name: str) -> Exporter:
    """Import the module of the format `name`."""
    # cast: no checker can see through import_module that the module fits the protocol.
    return cast(Exporter, import_module(f"{__name__}.{name.replace('-', '_')}"))


def all_exporters() -> dict[str, Exporter]:
    """Return the module of every format by its name, in the order of lists."""
    names = sorted(format_names(), key=lambda name: exporter_for(name).RANK)
    return {name: exporter_for(name) for name in names}
