"""The files that a request names: read, checked, and told of at the request's own line."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import TypeVar

import msgspec

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.notice import Attachment, Files, Image
from optout_cli.model.request import Request
from optout_cli.source.files import is_file

_T = TypeVar("_T")


def files_of(request: Request, folder: Path) -> Files:
    """Read the pictures that a request names, and what it encloses.

    `folder` is where the files lie. Raises OptoutError with every problem, each with its key path.
    """
    problems: list[Problem] = []
    seal = _read(problems, "letterhead.seal", lambda: _seal(request, folder))
    autograph = _read(problems, "signature.file", lambda: _autograph(request, folder))
    attachments = []
    for path, file in _enclosed(request):
        if not is_file(folder / file):
            hint = "a file's name is read from the request's own folder"
            message = f"there is no file {file!r} to enclose"
            problems.append(Problem("missing-file", message, None, hint, path))
        else:
            attachments.append(_read(problems, path, lambda name=file: _attachment(folder / name)))  # type: ignore[misc]  # mypy cannot type a lambda's default
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


def _seal(request: Request, folder: Path) -> Image | None:
    if request.letterhead is None:
        return None
    from optout_cli.source.images import load_image

    return load_image(folder / request.letterhead.seal, request.letterhead.alt)


def _autograph(request: Request, folder: Path) -> Image | None:
    signature = request.signature
    if signature.kind != "image":
        return None
    if not signature.file or not signature.alt:
        hint = "add file: ... and alt: ... under signature:"
        cells = "fill in signature.file and signature.alt"
        message = "a signature's picture needs both"
        raise OptoutError(Problem("no-picture", message, None, hint, in_row=cells))
    from optout_cli.source.images import load_image

    return load_image(folder / signature.file, signature.alt)


def _attachment(path: Path) -> Attachment:
    from optout_cli.source.attachments import load_attachment

    return load_attachment(path)


def _read(problems: list[Problem], path: str, make: Callable[[], _T]) -> _T | None:
    """Return what `make` reads; what is wrong with it is told at `path` of the request."""
    try:
        return make()
    except OptoutError as error:
        for it in error.problems:
            message = f"{it.spot}: {it.message}" if it.spot else it.message
            problems.append(Problem(it.code, message, None, it.hint, path, in_row=it.in_row))
        return None
