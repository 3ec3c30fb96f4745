"""The folder `evidence`: scans and answers that somebody hands in, and files that requests name.

Files keep their own names. None there is ever replaced, and the same file is kept once.
"""

import os
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import chain, count
from os.path import lexists
from pathlib import Path, PurePath

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import digest_of, write_all, write_errors
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.files import is_file, read_bytes
from optout_cli.register.events import EVIDENCE, Evidence, FileCopy

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_MAX_BYTES = 128 * 2**20  # of one file: a long scan in color
_DIGITS = 12  # of a SHA-256, in the name of a file whose own name is taken
_LONGEST = 150  # bytes of a name that are kept
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # what Windows does not allow in a name


class EvidenceFolder:
    """The evidence of one register. `take` reads a file, and `keep` writes all that were taken.

    `known` are the places of copies that the register names, by their SHA-256.
    """

    def __init__(self, folder: Path, known: Mapping[str, str] = {}) -> None:
        self._folder = folder
        self._taken: dict[str, bytes] = {}
        self._known, self._there = known, dict[str, str]()  # the latter are compared

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
        place = self._choose_place(Path(path).name, content)
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        return Evidence(path=place, name=name, sha256=digest)

    def copy_of(self, copy: FileCopy, source: str) -> FileCopy:
        """Return a copy of the file at `source` with its place; read the file if no place has it.

        Raises OptoutError if the file is not as it was when its letter was made.
        """
        place = self._there.get(copy.sha256, "")
        if place not in self._taken and not is_file(self._folder / place):
            place = self._known.get(copy.sha256, "")
            path = self._folder / place
            with write_errors(path):
                is_kept = is_file(path) and digest_of(path) == copy.sha256
            if not is_kept:
                content = read_bytes(source, _MAX_BYTES)
                if sha256(content).hexdigest() != copy.sha256:
                    message = f"{copy.name!r} was changed while its letters were written"
                    location, hint = Location(source), "run the command again"
                    raise OptoutError(Problem("changed-file", message, location, hint))
                place = self._choose_place(PurePath(copy.name).name, content)
            self._there[copy.sha256] = place
        return msgspec.structs.replace(copy, path=place)

    def _choose_place(self, name: str, content: bytes) -> str:
        """Choose a place where nothing else is, and remember what to write there.

        Names count that differ in capitals only, since on some disks they are the same. A name is
        cut by its bytes, since a disk counts these, and bytes that are no text are left out.
        """
        digest = sha256(content).hexdigest()
        named = Path(_UNSAFE.sub("-", name).lstrip(".") or "file")
        stem, suffix = (
            os.fsencode(part)[:_LONGEST].decode("utf-8", "ignore")
            for part in (named.stem, named.suffix)
        )
        endings = chain(["", f".{digest[:_DIGITS]}"], (f".{digest}-{it}" for it in count(1)))
        for place in (f"{EVIDENCE}/{stem}{ending}{suffix}" for ending in endings):
            taken: list[bytes | None] = [
                it for known, it in self._taken.items() if known.lower() == place.lower()
            ]
            path = self._folder / place
            with write_errors(path):
                if not taken and lexists(path):
                    is_own = is_file(path) and not path.is_symlink()
                    taken = [path.read_bytes() if is_own else None]
            if taken in ([], [content]):
                self._taken[place] = content
                return place
        raise AssertionError  # the numbers never end

    def keep(self, places: Iterable[str]) -> None:
        """Write those of the taken files that belong to `places`. Raises OptoutError."""
        write_all(self.contents(places))

    def contents(self, places: Iterable[str]) -> dict[Path, bytes]:
        """Give away what was taken for `places`. Raises OptoutError if the folder is a link."""
        folder = self._folder / EVIDENCE
        if folder.is_symlink():
            message = "is a symbolic link, and evidence is never kept behind a link"
            hint = "replace the link with a folder, and run the command again"
            raise OptoutError(Problem("not-ours", message, Location(str(folder)), hint))
        used = {place for place in places if place in self._taken}  # others are there already
        return {self._folder / place: self._taken.pop(place) for place in used}


def pages_in(path: Path) -> bytes:
    """Return a PDF, or a picture as PDF. Raises OptoutError if it cannot be read."""
    from optout_cli.engines.pictures import picture_as_pdf  # imports pikepdf

    if path.suffix.lower() in PICTURES:
        return picture_as_pdf(path)
    return load_attachment(path).content
