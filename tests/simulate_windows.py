"""Make Python lack what it lacks on Windows; only what can be taken away is simulated.

`environment` gives a process this file as its `sitecustomize`, so its workers lack the same.
Paths, the terminal and the locks of files stay as they are on this computer.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

_MODULES = ("fcntl", "pwd", "grp", "resource", "termios")
_OTHERS = (  # they ask for the system's name, and take what this one has
    "concurrent.futures.process",
    "multiprocessing.resource_tracker",
    "platformdirs.unix",
    "shutil",
    "subprocess",
)
_FUNCTIONS = ("fork", "geteuid", "getuid", "sched_getaffinity", "chown", "fchmod", "mkfifo")
_SIGNALS = ("SIGHUP", "SIGKILL", "pthread_sigmask")


class _Refusing(MetaPathFinder):
    """Refuses the modules that Windows lacks, and WeasyPrint, which finds no Pango there."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in _MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == "weasyprint":
            raise OSError("cannot load library 'libgobject-2.0-0'")


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that lacks what Windows lacks.

    Its terminal has an old encoding, in which not every letter can be shown.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(Path(__file__).read_text("utf-8"), "utf-8")
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "cp437:strict"}


def _msvcrt() -> ModuleType:
    """Return the part of Windows' own module that locks files; here it locks nothing."""
    module = ModuleType("msvcrt")
    vars(module).update(LK_NBLCK=2, locking=lambda _file, _mode, _count: None)
    return module


def _take_away() -> None:
    _delete(signal, _SIGNALS)
    for name in _OTHERS:
        import_module(name)
    for name in _MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Refusing())
    _delete(os, _FUNCTIONS)
    sys.modules["msvcrt"] = _msvcrt()
    tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # type: ignore[assignment]  # as there


def _delete(module: ModuleType, names: Iterable[str]) -> None:
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


if __name__ == "sitecustomize":
    _take_away()
