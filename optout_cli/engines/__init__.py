"""The PDF engines: what each can print, which of them work on this computer, and their protocol.

An engine is one module here with a class `Engine`. Importing this package imports none of them.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout, suppress
from datetime import date as Date
from functools import cache, lru_cache
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Protocol, cast, get_args

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.model.letter import EngineName
from optout_cli.output import hold_interrupts, temporary_files
from optout_cli.trust import ON_WINDOWS

if TYPE_CHECKING:
    from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
    from optout_cli.templating.pages import Sheet
    from optout_cli.templating.templates import Templates

NAMES: tuple[EngineName, ...] = get_args(EngineName)
DEFAULT: EngineName = "weasyprint"
FIXES = {
    "weasyprint": "install Pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew install"
    " pango",
    "typst": "install it again: pip install --force-reinstall typst",
}
if ON_WINDOWS:
    FIXES["weasyprint"] = "install Pango, or leave it: on Windows, typst prints the same pages"

# How a PDF of Typst begins: the first object is the list of all pages.
_BY_TYPST = re.compile(rb"%PDF-1\.7\n%\x80{4}\n\n1 0 obj\n<</Type/Pages/Count ([0-9]+)/Kids\[")
_OWN_FOLDER = re.compile(r"optout-(\d+)-\w+")  # with the process that made it
# Of Windows: the right to ask whether a process runs, and the error where there is none.
_LOOK_AT, _NO_PROCESS = 0x1000, 87
_HOUR = 3600  # seconds; another container may share the folder, but not the numbers of processes


class Engine(Protocol):
    """A printer of pages, made once a process. The same input gives the same bytes.

    Each method raises OptoutError for anything that the pages cannot show whole.
    """

    def print_letter(self, letter: "Letter", *, is_fax: bool = False) -> bytes:
        """Return the letter as PDF, without the files that it encloses.

        A fax has no heads, window and marks to fold.
        """

    def print_guide(self, guide: "Guide", day: Date) -> bytes:
        """Return the guide as PDF, with `day` as the date of the file."""

    def print_cover(self, letter: "Letter", cover: "Cover", later: int) -> bytes:
        """Return the cover of a letter's fax as PDF.

        Behind it are as many pages as `later`, with nothing but their heads and numbers.
        """

    def print_sheets(self, sheets: "Sequence[Sheet]") -> bytes:
        """Return separator sheets as PDF, one on each page."""

    def print_mailings(self, mailings: "Sequence[Mailing]", form: "MailingForm") -> bytes:
        """Return envelopes as PDF, one on each page, or sheets of labels."""


def load_engine(name: EngineName, templates: "Templates") -> Engine:
    """Import an engine, and make it.

    Raises OptoutError where it cannot be loaded or cannot print the user's layouts.
    """
    raise_any(layout_problems(name, templates))
    if error := load_error(name):
        message = f"the PDF engine {name} cannot be loaded: {error}"
        working, _ = working_engine(name)
        hint = f"{FIXES[name]}; or print with --engine {working}"
        if working == name:  # the other cannot be loaded either
            hint = "; or ".join(FIXES.values())
        raise OptoutError(Problem("missing-library", message, hint=hint))
    with temporary_files():
        # cast: no checker can see through import_module that the class fits the protocol.
        return cast(Engine, import_module(f"{__name__}.{name}").Engine(templates))


def make_folder() -> Path:
    """Make a folder for temporary files, which the caller removes.

    Removes those that runs of this user left more than an hour ago because they were killed.
    """
    import shutil
    import tempfile

    with temporary_files(), hold_interrupts():
        made = Path(tempfile.mkdtemp(prefix=f"optout-{os.getpid()}-"))
    with suppress(OSError):
        for left in made.parent.glob("optout-*-*"):
            found, about = _OWN_FOLDER.fullmatch(left.name), left.lstat()
            is_old = time() - about.st_mtime > _HOUR and about.st_uid == made.stat().st_uid
            if found and is_old and left.is_dir() and not _is_running(int(found[1])):
                shutil.rmtree(left, ignore_errors=True)
    return made


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # where os.kill would end it
        import _winapi

        try:
            handle = _winapi.OpenProcess(_LOOK_AT, False, process)  # noqa: FBT003
        except OSError as error:
            return error.winerror != _NO_PROCESS  # another user's may run
        is_running = _winapi.GetExitCodeProcess(handle) == _winapi.STILL_ACTIVE
        _winapi.CloseHandle(handle)
        return is_running
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # or it is another user's
    return True


def layout_problems(name: EngineName, templates: "Templates") -> Iterator[Problem]:
    """Yield each layout or style sheet of the user's own that the engine cannot print."""
    from optout_cli.templating.pages import LAYOUTS

    for path in templates.own_files(*LAYOUTS) if name != "weasyprint" else ():
        message = f"is a layout of your own, which {name} cannot print"
        hint = "print with --engine weasyprint, or remove this file"
        yield Problem("own-layout", message, Location(str(path)), hint)


@cache
def load_error(name: EngineName) -> str | None:
    """Import an engine, which may take a second. Return why that fails, or None."""
    try:
        with redirect_stdout(StringIO()):  # WeasyPrint prints advice there if it lacks a library
            import_module(f"{__name__}.{name}")
    except (OSError, ImportError) as error:  # a system library, or the package itself, is missing
        return str(error).partition("\n")[0].partition(".  ")[0]
    return None


def working_engine(wanted: EngineName) -> tuple[EngineName, str | None]:
    """Return the engine that is wanted, or one that works here and why that other does not.

    Where none works, it is the one that is wanted, and there is nothing to say about another.
    """
    error = load_error(wanted)
    other = next((name for name in NAMES if not load_error(name)), None) if error else None
    return (other, error) if other else (wanted, None)


@lru_cache(maxsize=1)  # notes and register ask again for what the engine has just counted
def pages_in(content: bytes) -> int:
    """Return how many pages a PDF has."""
    # A program that adds pages to such a file adds a table too, or writes it in its own way.
    if (typst := _BY_TYPST.match(content)) and content.count(b"startxref") == 1:
        return int(typst[1])
    import pypdfium2  # 40 ms

    document = pypdfium2.PdfDocument(BytesIO(content))  # of bytes, it would make a copy
    pages = len(document)
    document.close()
    return pages


def broken_picture(picture: "Image", field: str = "") -> Problem:
    """Return the Problem of a picture that cannot be drawn; `field` is the letter's that has it."""
    message = f"the page cannot be printed as it is: its picture {picture.alt!r} cannot be drawn"
    path = {"seal": "letterhead.seal", "autograph": "signature.file"}.get(field, "")
    return Problem("page", message, hint="save the picture again, as PNG", path=path)


def can_fork(name: EngineName) -> bool:
    """Tell whether a process that has printed may fork workers that print.

    Typst's threads do not survive that: a worker would wait for them without end.
    """
    return name == "weasyprint"


def pango_version() -> str:
    """Return Pango's version. Raises OSError where Pango cannot be loaded."""
    import_module(f"{__name__}.weasyprint")  # loads the libraries as the letters do
    from weasyprint.text.ffi import pango

    number = pango.pango_version()  # 15012 is 1.50.12
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def has_subsetting() -> bool:
    """Tell whether harfbuzz-subset is installed. Letters take twice as long without it."""
    from weasyprint.text import ffi

    return ffi.harfbuzz_subset is not None
