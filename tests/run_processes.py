"""Run `optout` in a process of its own: to its end, or until a test stops it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

OPTOUT = (sys.executable, "-m", "optout_cli")


def call(
    *words: str, stdin: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `optout` with these words to its end."""
    return subprocess.run(
        (*OPTOUT, *words),
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def start(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `optout` with these words, in a group of its own, as a shell does."""
    return subprocess.Popen(
        (*OPTOUT, *words),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_for(is_so: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is so, or the process has ended."""
    while not is_so() and process.poll() is None:
        time.sleep(0.002)


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a file has that many lines, or the process has ended."""

    def has_them() -> bool:
        return path.exists() and path.read_bytes().count(b"\n") >= count

    wait_for(has_them, process)
