"""Whether everything is on this machine that the letters need; what is not, with its cure."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Literal

import msgspec

from optout_cli import engines as health
from optout_cli.cache import Cache
from optout_cli.engines import CURE
from optout_cli.engines.fonts import TYPEFACE, faces
from optout_cli.readers.yaml import HAS_LIBYAML
from optout_cli.trust import is_own

# Those that decide how a letter looks, or how it is read.
_PACKAGES = ("weasyprint", "pydyf", "pypdfium2", "pikepdf", "pillow", "jinja2", "pyyaml", "msgspec")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. `poor` is a nuisance; `broken` keeps letters from being."""

    what: str
    state: Literal["ok", "poor", "broken"]
    found: str
    cure: str | None = None


def run_checks(cache: Cache) -> Iterator[Check]:
    """Yield what was found of each part, in the order in which a letter needs them."""
    yield _ok("optout", f"{version('optout')} on Python {platform.python_version()}")
    yield _ok("packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES))
    yield from _engine()
    yield _fonts()
    yield _libyaml()
    yield _cache(cache)
    yield _locale()


def _ok(what: str, found: str) -> Check:
    return Check(what=what, state="ok", found=found)


def _engine() -> Iterator[Check]:
    try:
        yield _ok("Pango", health.pango_version())
    except OSError as error:
        found = f"cannot be loaded: {error}".splitlines()[0]
        yield Check(what="Pango", state="broken", found=found, cure=CURE)
        return
    if health.has_subsetting():
        yield _ok("harfbuzz-subset", "is there")
        return
    cure = "apt install libharfbuzz-subset0, or brew install harfbuzz"
    found = "is missing; each letter takes twice the time"
    yield Check(what="harfbuzz-subset", state="poor", found=found, cure=cure)


def _fonts() -> Check:
    missing = [str(path) for path in faces().values() if not path.is_file()]
    if not missing:
        return _ok("typeface", f"{TYPEFACE}, {len(faces())} faces")
    cure = "install it again: pip install --force-reinstall font-source-serif-pro"
    return Check(what="typeface", state="broken", found=f"no {', '.join(missing)}", cure=cure)


def _libyaml() -> Check:
    if HAS_LIBYAML:
        return _ok("libyaml", "is there")
    cure = "install a PyYAML that has it: pip install --force-reinstall pyyaml"
    found = "is missing; data files take several times as long to read"
    return Check(what="libyaml", state="poor", found=found, cure=cure)


def _cache(cache: Cache) -> Check:
    key, value = b"doctor", b"well"
    cache.put(key, value)
    if cache.get(key) == value:
        return _ok("cache", f"{cache.folder} keeps what is put there")
    if cache.folder and cache.folder.exists() and not is_own(cache.folder):
        found = f"{cache.folder} is not used: it is another user's, or others can change it"
        cure = "set XDG_CACHE_HOME to a folder of yours that nobody else can change"
        return Check(what="cache", state="poor", found=found, cure=cure)
    cure = f"make {cache.folder} a folder of yours with room in it, or set XDG_CACHE_HOME"
    found = f"{cache.folder} keeps nothing; each run reads all data anew"
    return Check(what="cache", state="poor", found=found, cure=cure)


def _locale() -> Check:
    encodings = {
        "file names": sys.getfilesystemencoding(),
        "output": getattr(sys.stdout, "encoding", None) or "none",
    }
    others = [f"{what} in {it}" for what, it in encodings.items() if not _is_utf8(it)]
    if not others:
        return _ok("locale", "UTF-8")
    cure = "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
    found = f"{' and '.join(others)}; a name such as Doña Ana may be shown wrongly"
    return Check(what="locale", state="poor", found=found, cure=cure)


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"
