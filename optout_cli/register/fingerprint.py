"""One hash of everything that a request's files follow from: same hash, same files."""

import stat
from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec

from optout_cli import __version__
from optout_cli.errors import OptoutError
from optout_cli.exporters import exporter_for
from optout_cli.letters.files import NamedFiles, named_in
from optout_cli.letters.library import Library
from optout_cli.model.notice import Case
from optout_cli.readers.enclosures import MAX_BYTES
from optout_cli.trust import leads_outside

_TYPEFACE = "font-source-serif-pro"


class Fingerprints:
    """Hashes of cases; what all cases share is hashed once. `formats` are those to be made."""

    def __init__(self, library: Library, formats: Iterable[str]) -> None:
        common = sha256(__version__.encode())
        if any(exporter_for(name).IS_SLOW for name in formats):
            from importlib.metadata import version  # takes 50 ms; a text letter needs none

            # Another version may break lines differently.
            for name in (library.context.engine_name, _TYPEFACE):
                common.update(f"{name} {version(name)}\0".encode())
        common.update(msgspec.msgpack.encode(library.options))
        for folder in library.folders:
            is_shipped = folder == library.folders[-1]
            for path in sorted(filter(Path.is_file, folder.rglob("*"))):
                if not is_shipped and leads_outside(path, folder):
                    continue  # no letter uses it
                common.update(f"{path.relative_to(folder)}\0".encode() + _digest(path))
        self._common = common.digest()
        self._files: dict[tuple[str, int, int], bytes] = {}

    def of(self, case: Case, named: NamedFiles) -> str:
        """Return 32 hexadecimal digits; `named` finds the files that the request names.

        Settings that only decide whether a letter may be written are left out.
        """
        stated = msgspec.structs.replace(
            case,
            today=case.today.replace(month=1, day=1),
            max_age=None,
            routes=(),
            is_by_service=False,
        )
        hashed = sha256(self._common + msgspec.msgpack.encode(stated, order="deterministic"))
        for path, name in named_in(case.request):
            try:
                digest = self._digest(named.find(path, name).place)
            except OptoutError:
                digest = b"outside"
            hashed.update(digest)
        return hashed.hexdigest()[:32]

    def _digest(self, path: Path) -> bytes:
        """Return a file's digest; a seal that all rows name is read once.

        A file that no reader accepts is not opened: reading a named pipe never ends.
        """
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
                return b"unreadable"
            key = str(path), status.st_mtime_ns, status.st_size
            if key not in self._files:
                self._files[key] = _digest(path)
        except OSError:
            return b"missing"
        return self._files[key]


def _digest(path: Path) -> bytes:
    """Return a file's SHA-256 without holding the file in memory. Raises OSError."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").digest()
