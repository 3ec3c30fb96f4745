"""Evidence of what happened: files that somebody hands in, such as a scan of the signed letter.

Files go to the folder `evidence` under their own names. None there is ever replaced.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from os.path import lexists
from pathlib import Path

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import write_all
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.files import is_file, read_bytes
from optout_cli.register.events import Evidence

FOLDER = "evidence"
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_MAX_BYTES = 128 * 2**20  # of one file: a long scan in color
_DIGITS = 12  # of a SHA-256, in the name of a file whose own name is taken
_LONGEST = 150  # characters of a name that are kept
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # what Windows does not allow in a name


class EvidenceFolder:
    """The evidence of one register. `take` reads a file, and `keep` writes all that were taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: dict[str, bytes] = {}

    def take(self, path: str, *, is_own: bool) -> Evidence:
        """Read a file, and choose its place. Raises OptoutError.

        If it is the user's own scan, its pages must be readable; an answer is kept as it came.
        """
        content = read_bytes(path, _MAX_BYTES, on_command_line=True)
        if not content:
            location = Location(path, is_command_line=True)
            raise OptoutError(Problem("empty-file", "the file is empty", location, "scan it again"))
        if is_own and path.lower().endswith((".pdf", *PICTURES)):
            pages_in(Path(path))
        digest = sha256(content).hexdigest()
        name = _UNSAFE.sub("-", Path(path).name).lstrip(".") or "file"
        stem, suffix = Path(name).stem[:_LONGEST], Path(name).suffix[:_LONGEST]
        for text in ("", f".{digest[:_DIGITS]}", f".{digest}"):
            place = f"{FOLDER}/{stem}{text}{suffix}"
            if self._is_free(place, content):
                break
        self._taken[place] = content
        return Evidence(path=place, name=Path(path).name, sha256=digest)

    def _is_free(self, place: str, content: bytes) -> bool:
        """Tell whether nothing but these bytes is at `place`."""
        if place in self._taken:
            return self._taken[place] == content
        path = self._folder / place
        return not lexists(path) or (
            is_file(path) and not path.is_symlink() and path.read_bytes() == content
        )

    def keep(self, places: Iterable[str]) -> None:
        """Write those of the taken files that belong to `places`. Raises OptoutError."""
        folder = self._folder / FOLDER
        if folder.is_symlink():
            message = "is a symbolic link, and evidence is never kept behind a link"
            hint = "replace the link with a folder, and run the command again"
            raise OptoutError(Problem("not-ours", message, Location(str(folder)), hint))
        used = [place for place in places if place in self._taken]  # others are there already
        write_all({self._folder / place: self._taken[place] for place in used})


def pages_in(path: Path) -> bytes:
    """Return a PDF, or a picture as PDF. Raises OptoutError if it cannot be read."""
    from optout_cli.engines.pictures import picture_as_pdf  # imports pikepdf

    if path.suffix.lower() in PICTURES:
        return picture_as_pdf(path)
    return load_attachment(path).content
