"""A cache of parsed files, by the content that they were parsed from.

The cache holds code that is run, so an entry is used only if its digest agrees, and if the folder
and the entry belong to the user and nobody else may write them. A damaged, unwritable or foreign
cache costs time and is no error.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from optout_cli import __version__
from optout_cli.trust import is_own, is_own_file, may_be_made

_DIGEST_SIZE = sha256().digest_size  # bytes


class Cache:
    """Bytes by key, in a folder of the user; with `folder` None, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: bytes) -> bytes | None:
        """Return the bytes of `key`, or None if they are missing, damaged or another user's."""
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
        """Keep `payload` as `key`, whole or not at all; do nothing if the folder refuses it."""
        if self.folder is None or not may_be_made(self.folder):
            return
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_own(self.folder):
                write_whole(self._path(key), sha256(payload).digest() + payload)

    def _path(self, key: bytes) -> Path:
        assert self.folder is not None
        # The version is part of the key: no release reads the entries of another.
        name = sha256(__version__.encode() + b"\0" + key).hexdigest()[:32]
        return self.folder / name


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers see all of it or nothing. Raises OSError."""
    import tempfile  # takes 5 ms; a start with a full cache needs none

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".optout-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
