"""Keep what is costly to parse, by the content it was parsed from.

A cache entry is never believed unless its own digest agrees, and folder and entry are the user's,
whom nobody else can write for: what is kept here is run. A damaged, truncated, unwritable or
foreign cache costs time and is no error.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from optout_cli import __version__
from optout_cli.trust import is_own, is_own_file, may_be_made

_DIGEST_SIZE = sha256().digest_size  # bytes


class Cache:
    """Bytes under a key, in one folder of the user's own; `folder` None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: bytes) -> bytes | None:
        """Return what was put under `key`, or None where it is missing, damaged or another's."""
        if self.folder is None or not is_own(self.folder):
            return None
        try:
            with self._path(key).open("rb") as stream:
                entry = stream.read() if is_own_file(os.fstat(stream.fileno())) else b""
        except OSError:
            return None
        digest, payload = entry[:_DIGEST_SIZE], entry[_DIGEST_SIZE:]
        return payload if sha256(payload).digest() == digest else None

    def put(self, key: bytes, payload: bytes) -> None:
        """Keep `payload` under `key`, whole or not at all; a folder that refuses keeps nothing."""
        if self.folder is None or not may_be_made(self.folder):
            return
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_own(self.folder):
                write_whole(self._path(key), sha256(payload).digest() + payload)

    def _path(self, key: bytes) -> Path:
        assert self.folder is not None
        # The version is part of the key: a release never reads another release's shapes.
        name = sha256(__version__.encode() + b"\0" + key).hexdigest()[:32]
        return self.folder / name


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers see all of it or nothing. Raises OSError."""
    import tempfile  # 5 ms that a warm start does not need

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".optout-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
