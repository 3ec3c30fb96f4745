"""`optout doctor`: check that this computer has what optout needs, and say how to fix it."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import click
import msgspec

from optout_cli import engines
from optout_cli.batch.pool import can_start_workers
from optout_cli.cache import Cache
from optout_cli.cli import LostOutput
from optout_cli.cli.console import page_width, print_json, print_text, report_problems
from optout_cli.cli.options import json_option
from optout_cli.cli.user_folder import own_files, user_folder
from optout_cli.engines.measure import TYPEFACE, faces
from optout_cli.errors import ExitCode, OptoutError, wrap
from optout_cli.letters import Library
from optout_cli.readers.yaml import HAS_LIBYAML
from optout_cli.trust import ON_WINDOWS, is_own

# The packages that decide how a letter looks, or how a file is read.
_PACKAGES = (
    "weasyprint", "pydyf", "typst", "pypdfium2", "pikepdf", "pillow", "jinja2", "pyyaml", "msgspec",
)  # fmt: skip
_INDENT = " " * 8  # below a state
_SHEET = {"name": "test", "reference": "", "request": "", "letters": ()}

State = Literal["ok", "poor", "broken"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked. `poor` works, but slower; `broken` means no letters."""

    what: str
    state: State = "ok"
    found: str
    fix: str | None = msgspec.field(default=None, name="cure")


@click.command(
    "doctor",
    short_help="Check that this computer has what optout needs.",
    epilog="optout doctor\noptout doctor --json",
)
@json_option
@report_problems
def command(as_json: bool) -> None:
    """Check this computer, and say how to fix each problem.

    Checks versions, Pango, harfbuzz-subset, the typeface, libyaml, the locale and your own files.
    Prints a page with each PDF engine, and writes to the cache and to this folder.
    "poor" means that it works, but slower or with limits; "broken" means that optout cannot work,
    and the exit code is 1.
    """
    cache = Cache(user_folder("cache"))
    checks = [*_run_checks(Library(cache=cache), cache, Path())]
    for check in checks:
        if as_json:
            print_json(check)
            continue
        said = [f"{check.state:<7} {check.what}: {check.found}"]
        said += [f"{_INDENT}fix: {check.fix}"] if check.fix else []
        for line in said:
            is_wide = sys.stdout.isatty()  # a pipe gets one line of each
            print_text("\n".join(wrap(line, page_width(), "", _INDENT)) if is_wide else line)
    if any(check.state == "broken" for check in checks):
        raise SystemExit(ExitCode.CONTENT)


def _run_checks(library: Library, cache: Cache, here: Path) -> Iterator[Check]:
    """Yield one result per part, in the order in which a letter needs the parts.

    Tries what the commands need: prints a page, and writes to the cache and to the folder `here`.
    """
    yield Check(what="optout", found=f"{version('optout')} on Python {platform.python_version()}")
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield Check(what="packages", found=packages)
    yield from _check_engines(library)
    missing = [str(path) for path in faces().values() if not path.is_file()]
    if missing:
        found = f"missing: {', '.join(missing)}"
        fix = "install it again: pip install --force-reinstall font-source-serif-pro"
        yield Check(what="typeface", state="broken", found=found, fix=fix)
    else:
        yield Check(what="typeface", found=f"{TYPEFACE}, {len(faces())} faces")
    if HAS_LIBYAML:
        yield Check(what="libyaml", found="installed")
    else:
        found = "missing; reading data files takes several times as long"
        fix = "install a PyYAML that includes it: pip install --force-reinstall pyyaml"
        yield Check(what="libyaml", state="poor", found=found, fix=fix)
    yield _check_cache(cache)
    try:  # the letters go there unless -o names another place
        with TemporaryFile(dir=here):
            yield Check(what="this folder", found="can be written to")
    except OSError as error:
        found = f"{here.absolute()} cannot be written to: {error.strerror}"
        fix = "name another folder for the letters with -o"
        yield Check(what="this folder", state="poor", found=found, fix=fix)
    yield _check_locale()
    if can_start_workers():
        yield Check(what="processes", found="a batch uses several at once")
    else:
        found = "the system does not let processes share work; a batch makes its letters one by one"
        yield Check(what="processes", state="poor", found=found, fix="allow writing to /dev/shm")
    closed = [
        name
        for name, stream in (("standard output", sys.stdout), ("standard error", sys.stderr))
        if isinstance(getattr(getattr(stream, "buffer", None), "raw", None), LostOutput)
    ]
    if closed:
        found = f"closed: {' and '.join(closed)}; nobody sees what optout prints there"
        fix = "run optout without >&- and 2>&-"
        yield Check(what="streams", state="poor", found=found, fix=fix)
    else:
        yield Check(what="streams", found="open")
    for doubt in own_files()[2]:  # every command would stop at these
        found = f"{doubt.location} {doubt.message}"
        yield Check(what="own files", state="broken", found=found, fix=doubt.hint)


def _check_engines(library: Library) -> Iterator[Check]:
    """Check each PDF engine, and the libraries of WeasyPrint. One engine is enough."""
    errors = {name: error for name in engines.NAMES if (error := engines.load_error(name))}
    working = [name for name in engines.NAMES if name not in errors]
    for name in engines.NAMES:
        if name in errors:
            found = f"cannot be loaded: {errors[name]}"
            found += f"; {working[0]} prints instead" if working else ""
            state: State = "poor" if working else "broken"
            yield Check(what=name, state=state, found=found, fix=engines.FIXES[name])
            continue
        try:  # to print a page, which needs more: a temporary folder
            engines.load_engine(name, library.templates).print_sheets([_SHEET])
        except OptoutError as error:
            found = f"cannot print: {error.problems[0].message}"
            yield Check(what=name, state="broken", found=found, fix=error.problems[0].hint)
        else:
            yield Check(what=name, found="prints the letters" if name == working[0] else "works")
    if engines.DEFAULT not in working:
        return
    yield Check(what="Pango", found=engines.pango_version())
    if engines.has_subsetting():
        yield Check(what="harfbuzz-subset", found="installed")
        return
    found = "missing; each letter takes twice as long"
    fix = "apt install libharfbuzz-subset0, or brew install harfbuzz"
    yield Check(what="harfbuzz-subset", state="poor", found=found, fix=fix)


def _check_cache(cache: Cache) -> Check:
    if cache.folder is None:
        found = "HOME is not set; each run reads all data again, and optout keeps nothing for you"
        fix = "set HOME, or XDG_CACHE_HOME, XDG_CONFIG_HOME and XDG_STATE_HOME, to a folder"
        return Check(what="cache", state="poor", found=found, fix=fix)
    key, value = b"doctor", b"well"
    cache.put(key, value)
    if cache.get(key) == value:
        return Check(what="cache", found=f"{cache.folder} works")
    found = f"{cache.folder} cannot be used; each run reads all data again"
    fix = f"make {cache.folder} a folder of yours with free space, or set XDG_CACHE_HOME"
    if cache.folder.exists() and not is_own(cache.folder):
        found = f"{cache.folder} is not used: another user owns it, or others can change it"
        fix = "set XDG_CACHE_HOME to a folder of yours that nobody else can change"
    return Check(what="cache", state="poor", found=found, fix=fix)


def _check_locale() -> Check:
    output = getattr(sys.stdout, "encoding", None) or "none"
    encodings = {"file names": sys.getfilesystemencoding(), "output": output}
    others = [
        f"{what} in {encoding}"
        for what, encoding in encodings.items()
        if encoding.lower().replace("-", "").replace("_", "") != "utf8"
    ]
    if not others:
        return Check(what="locale", found="UTF-8")
    found = f"{' and '.join(others)}; a name such as Doña Ana may be shown wrongly"
    fix = "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
    if ON_WINDOWS:  # where this concerns files and pipes only: a window shows every letter
        fix = "type setx PYTHONUTF8 1, and open a new window"
    return Check(what="locale", state="poor", found=found, fix=fix)
