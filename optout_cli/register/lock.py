"""One process at a time: the lock of a folder that letters are written to."""

import time
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import write_errors

_PAUSE = 0.05  # seconds between two attempts


def _lock(file: IO[str]) -> None:
    """Lock a file, or raise OSError. The lock ends with this process in every case."""
    # Any: a system has one of the two modules, and no checker knows both.
    try:
        fcntl: Any = import_module("fcntl")
    except ImportError:
        msvcrt: Any = import_module("msvcrt")  # Windows
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # workers do not inherit it


def lock(path: Path, folder: Path, wait: float) -> IO[str]:
    """Open and lock the file at `path`; try for `wait` seconds. Closing it ends the lock.

    Raises OptoutError if another command is using the folder.
    """
    with write_errors(folder):
        file = path.open("a+")
    last = time.monotonic() + wait
    while True:
        try:
            _lock(file)
        except OSError:
            if time.monotonic() >= last:
                file.close()
                message = "another command is writing to this folder"
                hint = "wait until it ends, or name another folder with -o"
                raise OptoutError(Problem("in-use", message, Location(str(folder)), hint)) from None
            time.sleep(_PAUSE)
        else:
            return file
