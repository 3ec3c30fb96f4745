"""The files that a request names: found, read, checked, and told of at the request's own line.

A request may come from somebody else. What it names is read from its own folder, and from those
that the user allows; nothing elsewhere is opened, or said to be there or not.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.letter import Attachment, Files, Image
from optout_cli.model.request import Request
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.files import STDIN, folder_of, is_file, no_such_file
from optout_cli.trust import real, within

_T = TypeVar("_T")


class Found(NamedTuple):
    """Where a name leads, without a link; and the file's path as the user would give it."""

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
        """Return the file that is named at a key path, which need not be there.

        Raises OptoutError where the name, or a link, leads out of the folders.
        """
        layer = next((it for it in self.document.layers if path in it.marks), None)
        folders = (self._folder(layer), *self.others)
        roots = [real(it) for it in folders]
        missing = None
        for folder, root in zip(folders, roots, strict=True):
            # `..` is taken as it is written: what it leads through is not looked at.
            written = Path(os.path.normpath(root / name))
            place, shown = real(written), Path(os.path.normpath(folder / name))
            if not within(place, roots) and not _is_typed(layer, written, roots):
                continue
            if os.path.exists(place):  # noqa: PTH110  # Path's own raises for a name too long
                return Found(place, shown)
            missing = missing or Found(place, shown)
        return missing or _refuse(path, name, layer)

    def _folder(self, layer: Layer | None) -> Path:
        """Return the folder of the file that a value is from; beside rows it may be --common's."""
        has_rows = any(it.kind == "row" for it in self.document.layers)
        if layer and layer.kind == "file" and has_rows:
            return folder_of(layer.file)
        return self.folder


def _is_typed(layer: Layer | None, written: Path, roots: Iterable[Path]) -> bool:
    """Tell whether the user typed a name that leads elsewhere; a link may not take them there."""
    return layer is not None and layer.kind == "command-line" and not within(written, roots)


def _refuse(path: str, name: str, layer: Layer | None) -> Found:
    is_named = layer and layer.kind != "command-line" and layer.file != STDIN
    folder = f"the folder of {layer.file}" if layer and is_named else "the request's folder"
    message = f"{name!r} leads outside {folder}"
    hint = "copy the file into that folder, or allow its own folder with --files-from DIR"
    raise OptoutError(Problem("file-outside", message, None, hint, path))


def named_in(request: Request) -> Iterator[tuple[str, str]]:
    """Yield key path and name of each file that a request names."""
    if request.letterhead:
        yield "letterhead.seal", request.letterhead.seal
    if request.signature.file:
        yield "signature.file", request.signature.file
    yield from _enclosed(request)


def files_of(request: Request, named: NamedFiles) -> Files:
    """Read the pictures that a request names, and what it encloses.

    Raises OptoutError with every problem, each with its key path.
    """
    problems: list[Problem] = []
    seal = _read(problems, "letterhead.seal", lambda: _seal(request, named))
    autograph = _read(problems, "signature.file", lambda: _autograph(request, named))
    attachments = [
        _read(problems, path, lambda path=path, name=name: _attachment(path, name, named))  # type: ignore[misc]  # mypy cannot type a lambda's default
        for path, name in _enclosed(request)
    ]
    raise_any(problems)
    whole = _told_apart(it for it in attachments if it)
    return Files(seal=seal, autograph=autograph, attachments=tuple(whole))


def _told_apart(attachments: Iterable[Attachment]) -> Iterator[Attachment]:
    """Give files of one name, from several folders, a number behind it."""
    taken: set[str] = set()
    for it in attachments:
        stem, dot, suffix = it.name.rpartition(".")
        names = (f"{stem or suffix}-{number}{dot}{suffix if stem else ''}" for number in count(2))
        name = next(name for name in chain([it.name], names) if name.lower() not in taken)
        taken.add(name.lower())
        yield msgspec.structs.replace(it, name=name)


def _enclosed(request: Request) -> Iterator[tuple[str, str]]:
    """Yield key path and name of each file to enclose."""
    for group in ("authority", "enclosures"):
        for number, it in enumerate(getattr(request, group)):
            if it.file:
                yield f"{group}.{number}.file", it.file


def _seal(request: Request, named: NamedFiles) -> Image | None:
    letterhead = request.letterhead
    if letterhead is None:
        return None
    return _image(named.find("letterhead.seal", letterhead.seal), letterhead.alt)


def _autograph(request: Request, named: NamedFiles) -> Image | None:
    signature = request.signature
    if signature.kind != "image":
        return None
    if not signature.file or not signature.alt:
        hint = "add file: ... and alt: ... under signature:"
        cells = "fill in signature.file and signature.alt"
        message = "a signature's picture needs both"
        raise OptoutError(Problem("no-picture", message, None, hint, in_row=cells))
    return _image(named.find("signature.file", signature.file), signature.alt)


def _image(found: Found, alt: str) -> Image:
    from optout_cli.readers.pictures import load_image

    if not os.path.exists(found.place):  # noqa: PTH110  # as above
        raise OptoutError(no_such_file(found.place, found.shown))
    return _as_shown(found, lambda place: load_image(place, alt))


def _attachment(path: str, name: str, named: NamedFiles) -> Attachment:
    from optout_cli.readers.enclosures import load_attachment

    found = named.find(path, name)
    if not is_file(found.place):
        hint = "a file's name is read from the request's own folder"
        message = f"there is no file {name!r} to enclose"
        raise OptoutError(Problem("missing-file", message, None, hint))
    return _as_shown(found, lambda place: load_attachment(place, name))


def _as_shown(found: Found, load: Callable[[Path], _T]) -> _T:
    """Return what is loaded; a problem with it names the file as the user would."""
    try:
        return load(found.place)
    except OptoutError as error:
        called = (_called(it, str(found.shown)) for it in error.problems)
        raise OptoutError(*called) from None


def _called(problem: Problem, file: str) -> Problem:
    location = problem.location and msgspec.structs.replace(problem.location, file=file)
    return msgspec.structs.replace(problem, location=location)


def _read(problems: list[Problem], path: str, make: Callable[[], _T]) -> _T | None:
    """Return what `make` reads; what is wrong with it is told at `path` of the request."""
    try:
        return make()
    except OptoutError as error:
        for it in error.problems:
            message = f"{it.location}: {it.message}" if it.location else it.message
            problems.append(Problem(it.code, message, None, it.hint, path, in_row=it.in_row))
        return None
