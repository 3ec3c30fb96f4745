"""The files that a request names: found, read and checked. Problems point to the request's line.

A request may come from somebody else. Its files are read from the request's own folder and from
the folders that the user allows. Nothing elsewhere is opened, and no message tells whether a file
exists there.

Here is also the fingerprint of all that a letter follows from: request, data, templates, files.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import msgspec

from optout_cli import __version__
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Attachment, Files, Image, NamedFile
from optout_cli.model.notice import Case
from optout_cli.model.request import Request
from optout_cli.output import digest_of
from optout_cli.readers.document import Document, lines_to_add
from optout_cli.readers.files import STDIN, folder_of, is_file, no_such_file
from optout_cli.trust import ON_WINDOWS, is_reserved, leads_outside, real, within

_TYPEFACE = "font-source-serif-pro"
_NOT_HASHED = ("max_age", "routes", "is_by_service", "program", "kind")  # of a case
_SAME_FOR_ALL = ("offices", "office_origins")  # of a locality


class Found(NamedTuple):
    """Where a name leads after all links, and the file's path as the user would write it."""

    place: Path
    shown: Path


class NamedFiles(msgspec.Struct, frozen=True):
    """Finds the files that `document` names: in the folder of the file that names them, or below.

    `folder` is the request's own, and `others` are those that the user allows besides.
    """

    document: Document
    folder: Path
    others: tuple[Path, ...] = ()

    def find(self, path: str, name: str) -> Found:
        """Return the file that is named at a key path. It need not exist.

        Raises OptoutError where the name, or a link, leads out of the folders.
        """
        layer = next((layer for layer in self.document.layers if path in layer.marks), None)
        folder = self.folder
        kinds = {layer.kind for layer in self.document.layers}
        if layer and layer.kind == "file" and "row" in kinds:
            folder = folder_of(layer.file)  # a value beside the rows is from the file of --common
        folders = (folder, *self.others)
        roots = [real(folder) for folder in folders]
        # The user may type any name on the command line. A link may never lead out of the folders.
        is_typed = layer is not None and layer.kind == "command-line"
        missing = None
        for folder, root in zip(folders, roots, strict=True):
            # Resolve `..` in the text alone, without a look at the folders on the way.
            written = Path(os.path.normpath(root / name))
            place, shown = real(written), Path(os.path.normpath(folder / name))
            if ON_WINDOWS and is_reserved(Path(name)):
                continue  # reading the console would never end
            if not within(place, roots) and not (is_typed and not within(written, roots)):
                continue
            if os.path.exists(place):  # noqa: PTH110  # Path's own raises for a name too long
                return Found(place, shown)
            missing = missing or Found(place, shown)
        if missing:
            return missing
        is_named = layer and not is_typed and layer.file != STDIN
        where = f"the folder of {layer.file}" if layer and is_named else "the request's folder"
        message = f"{Path(name).as_posix()!r} leads outside {where}"
        hint = "copy the file into that folder, or allow its own folder with --files-from DIR"
        raise OptoutError(Problem("file-outside", message, None, hint, path))

    def as_read(self, key: str, name: str, title: str) -> NamedFile:
        """Return what is to be known of a file that was read. Raises OptoutError if it is gone."""
        found = self.find(key, name)
        digest = digest_at(found.place)
        if digest is None:
            raise OptoutError(no_such_file(found.place, found.shown))
        return NamedFile(
            key=key,
            name=name,
            title=title,
            place=str(found.place),
            sha256=digest.sha256,
            bytes=digest.bytes,
        )


def names_in(request: Request) -> Iterator[tuple[str, str, str]]:
    """Yield key path and name of each file that a request names, and what it is."""
    if request.letterhead:
        yield "letterhead.seal", request.letterhead.seal, request.letterhead.alt
    if request.signature.file:
        yield "signature.file", request.signature.file, request.signature.alt or ""
    for number, act in enumerate(request.authority):
        if act.file:
            title = " ".join(filter(None, (act.instrument, act.number)))
            yield f"authority.{number}.file", act.file, title
    for number, enclosure in enumerate(request.enclosures):
        if enclosure.file:
            yield f"enclosures.{number}.file", enclosure.file, enclosure.title


def files_of(request: Request, named: NamedFiles) -> Files:
    """Read the pictures that a request names and the files that it encloses.

    Raises OptoutError with every problem, each with its key path.
    """
    problems: list[Problem] = []
    seal, autograph, signature = None, None, request.signature
    attachments: dict[str, Attachment] = {}  # by name in small letters
    if request.letterhead:
        with _collect_problems(problems, "letterhead.seal"):
            found = named.find("letterhead.seal", request.letterhead.seal)
            seal = _load_image(found, request.letterhead.alt)
    if signature.kind == "image":
        with _collect_problems(problems, "signature.file"):
            if not signature.file or not signature.alt:
                message = "a picture of a signature needs both file: and alt:"
                fields = ("signature.file", "signature.alt")
                hint = lines_to_add(fields)
                raise OptoutError(Problem("no-picture", message, None, hint, fields=fields))
            autograph = _load_image(named.find("signature.file", signature.file), signature.alt)
    for path, name, _ in names_in(request):
        if path in ("letterhead.seal", "signature.file"):
            continue
        with _collect_problems(problems, path):
            attachment = _load_attachment(named.find(path, name), name)
            # Number files of the same name from several folders: map.pdf, map-2.pdf.
            stem, dot, suffix = attachment.name.rpartition(".")
            ending = f"{dot}{suffix if stem else ''}"
            numbered = (f"{stem or suffix}-{number}{ending}" for number in count(2))
            names = chain([attachment.name], numbered)
            free = next(name for name in names if name.lower() not in attachments)
            attachments[free.lower()] = msgspec.structs.replace(attachment, name=free)
    raise_any(problems)
    return Files(
        seal=seal,
        autograph=autograph,
        attachments=tuple(attachments.values()),
        named=tuple(
            named.as_read(key, name, title)
            for key, name, title in names_in(request)
            if key != "signature.file" or signature.kind == "image"
        ),
    )


class Digest(NamedTuple):
    """A file's SHA-256 in hexadecimal, and its size."""

    sha256: str
    bytes: int


_DIGESTS: dict[tuple[str, int, int], Digest] = {}  # a thousand rows may name one seal


def digest_at(place: Path) -> Digest | None:
    """Return a file's digest, or None where no reader accepts the file.

    Such a file is not opened: reading a named pipe never ends. A file that has not changed since is
    not read again.
    """
    from optout_cli.readers.enclosures import MAX_BYTES

    try:
        status = place.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        key = str(place), status.st_mtime_ns, status.st_size
        if key not in _DIGESTS:
            with place.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
                _DIGESTS[key] = Digest(digest, stream.tell())
    except OSError:
        return None
    return _DIGESTS[key]


def _load_image(found: Found, alt: str) -> Image:
    """Read a picture, draw it once, and return it as every engine draws it.

    Raises OptoutError where it cannot be drawn or shows nothing.
    """
    from optout_cli.engines.pictures import drawn_alike, look_at
    from optout_cli.readers.pictures import load_image

    if not os.path.exists(found.place):  # noqa: PTH110  # as above
        raise OptoutError(no_such_file(found.place, found.shown))
    with _as_shown(found):
        image = load_image(found.place, alt)
        color = look_at(image)
        image = drawn_alike(image)
    return msgspec.structs.replace(image, color=color) if color else image


def _load_attachment(found: Found, name: str) -> Attachment:
    from optout_cli.readers.enclosures import load_attachment

    if not is_file(found.place):
        hint = no_such_file(found.place, Path(name)).hint or ""
        if name.startswith("~"):
            hint = "write the whole name of the folder: ~ stands for it only in a shell"
        elif not hint.startswith("did you mean"):
            hint = "write the file's name as seen from the request's own folder"
        message = f"there is no file {Path(name).as_posix()!r} to enclose"
        raise OptoutError(Problem("missing-file", message, None, hint))
    with _as_shown(found):
        return load_attachment(found.place, name)


@contextmanager
def _as_shown(found: Found) -> Iterator[None]:
    """Name the file in each problem that the block raises as the user would."""
    try:
        yield
    except OptoutError as error:
        file, problems = str(found.shown), []
        for problem in error.problems:
            location = msgspec.structs.replace(problem.location or Location(file), file=file)
            problems.append(msgspec.structs.replace(problem, location=location))
        raise OptoutError(*problems) from None


@contextmanager
def _collect_problems(problems: list[Problem], path: str) -> Iterator[None]:
    """Add the problems that the block raises, each at the key path of the request."""
    try:
        yield
    except OptoutError as error:
        for problem in error.problems:
            location = f"{problem.location}: " if problem.location else ""
            message = f"{location}{problem.message}"
            problems.append(
                Problem(problem.code, message, None, problem.hint, path, fields=problem.fields)
            )


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
        shared = [getattr(library.directory, name) for name in _SAME_FOR_ALL]
        common.update(msgspec.msgpack.encode(shared, order="deterministic"))
        for folder in library.folders:
            is_shipped = folder == library.folders[-1]
            for path in sorted(filter(Path.is_file, folder.rglob("*"))):
                if not is_shipped and leads_outside(path, folder):
                    continue  # no letter uses it
                common.update(f"{path.relative_to(folder).as_posix()}\0".encode())
                common.update(bytes.fromhex(digest_of(path)))
        self._common = common.digest()

    def of(self, case: Case, named: NamedFiles) -> str:
        """Return 32 hexadecimal digits; `named` finds the files that the request names.

        Settings that only decide whether a letter may be written are left out, and so are the
        program and the letter kind, which follow from the request and the files of all folders.
        """
        stated = msgspec.structs.asdict(case)
        for name in _NOT_HASHED:
            del stated[name]
        place = stated["locality"] = msgspec.structs.asdict(case.locality)
        for name in _SAME_FOR_ALL:
            del place[name]
        stated["today"] = case.today.year  # the notes tell a letter of this year from older ones
        hashed = sha256(self._common + msgspec.msgpack.encode(stated, order="deterministic"))
        for path, name, _ in names_in(case.request):
            with suppress(OptoutError):  # it leads outside, which keeps the letter from being made
                digest = digest_at(named.find(path, name).place)
                hashed.update(bytes.fromhex(digest.sha256) if digest else b"unreadable")
        return hashed.hexdigest()[:32]
