"""Which files to trust: files of the user, and files inside a folder once links are followed.

Only names, links, owners and modes are checked; no file is opened.
"""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePath, PureWindowsPath

from optout_cli.errors import Location, OptoutError, Problem

_HAS_OWNERS = hasattr(os, "geteuid")  # not on Windows
ON_WINDOWS = os.name == "nt"
# What Windows opens for these names, whatever follows a dot or a colon. pathlib knows them up to
# Python 3.14, and ntpath, with more that is forbidden, from 3.13 on.
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}).union(
    f"{port}{number}" for port in ("COM", "LPT") for number in "123456789\u00b9\u00b2\u00b3"
)
_ROOT = 0  # user id; root can change every file anyway


def real(path: Path) -> Path:
    """Return the path with every link followed, whether or not it exists."""
    return Path(os.path.realpath(path))


def within(place: Path, folders: Iterable[Path]) -> bool:
    """Tell whether `place` is one of `folders` or below one; no path may have links."""
    return any(place.is_relative_to(folder) for folder in folders)


def is_reserved(path: PurePath) -> bool:
    """Tell whether Windows would open a device for a part of the path, or change the part.

    `con`, `aux.yaml` and `nul .txt` are devices; Windows drops dots and spaces at the end.
    """
    parts = PureWindowsPath(path)
    named = parts.parts[1:] if parts.anchor else parts.parts
    return any(
        part != ".."
        and (part.endswith((".", " ")) or re.split("[.:]", part)[0].rstrip().upper() in _DEVICES)
        for part in named
    )


def leads_outside(path: Path, folder: Path) -> Path | None:
    """Return the link by which `path`, below `folder`, leads out of `folder`, or None."""
    root = real(folder)
    if within(real(path), [root]):
        return None
    parts = path.relative_to(folder).parts
    steps = (folder.joinpath(*parts[:count]) for count in range(1, len(parts) + 1))
    return next(step for step in steps if not within(real(step), [root]))


def place_problems(folder: Path, paths: Collection[str]) -> Iterator[Problem]:
    """Yield why files cannot have their places in a folder.

    A link leads outside, or nowhere, so that no copy of it can be kept; a file is in the place of a
    folder, or the other way round.
    """
    places = [folder / path for path in paths]
    parents = {place.parent for place in places}
    # What is above something that exists is a folder.
    above = {next(filter(Path.exists, chain([parent], parent.parents))) for parent in parents}
    taken = [(it, "a file where a folder must be") for it in sorted(above) if it.is_file()]
    there = [place for place in places if os.path.lexists(place)]
    folders = [place for place in there if place.is_dir() and not place.is_symlink()]
    taken += ((place, "a folder where a letter must be") for place in folders)
    hint = "move it away and run the command again, or name another folder with -o"
    for place, what in taken:
        yield Problem("unwritable", f"is {what}", Location(str(place)), hint)
    for place in [place for place in there if place.is_symlink() and not place.is_file()]:
        where = "to a folder" if place.is_dir() else "nowhere"
        message = f"is a symbolic link that leads {where}, and optout did not put it there"
        yield Problem("file-exists", message, Location(str(place)), hint)
    for parent in parents:
        if link := leads_outside(parent, folder):
            message = "is a link that leads outside the folder of the letters"
            hint = "move the link away, and run the command again"
            yield Problem("link-outside", message, Location(str(link)), hint)


def check_within(path: Path, folder: Path) -> None:
    """Raise OptoutError if a link leads from `path` out of its template folder."""
    if link := leads_outside(path, folder):
        message = "is a link that leads outside the template folder"
        hint = "replace the link with a copy of the file"
        raise OptoutError(Problem("link-outside", message, Location(str(link)), hint))


def doubt_about(path: Path, *, below: bool = False) -> Problem | None:
    """Return why a file or folder that the user did not name cannot be trusted, or None.

    It is trusted if it belongs to the user or root and nobody else may write it. With `below`,
    everything in a folder is checked too. A missing file is trusted, and so is every file where
    Python knows no owners (Windows).
    """
    owners = {_ROOT, _user()}
    inside = (Path(at, name) for at, *lists in os.walk(path) for names in lists for name in names)
    for place in (path, *(inside if below else ())):
        if reason := _link_doubt(place) or _doubt(place, owners):
            return reason
    return None


def is_own(path: Path) -> bool:
    """Tell whether a file or folder belongs to the user, and nobody else may write or link it."""
    return not _link_doubt(path) and not _doubt(path, {_user()})


def may_be_made(folder: Path) -> bool:
    """Tell whether a folder exists, or may be made without writing to another user's home."""
    statuses = (_status(place, is_followed=True) for place in _at_and_above(folder))
    status = next(filter(None, statuses), None)
    return not status or status.st_uid in (_ROOT, _user())


def is_own_file(status: os.stat_result) -> bool:
    """Tell whether an open file belongs to the user, and nobody else may write it."""
    return not _HAS_OWNERS or (status.st_uid == _user() and not _is_shared(status))


def _link_doubt(path: Path) -> Problem | None:
    """Return the Problem of another user's link at `path` or above it."""
    for place in _at_and_above(path):
        status = _status(place, is_followed=False)
        if status and stat.S_ISLNK(status.st_mode) and status.st_uid not in (_ROOT, _user()):
            message = f"is reached through {place}, a link of {_name_of(status.st_uid)}"
            return Problem("not-own", message, Location(str(path)))
    return None


def _at_and_above(path: Path) -> Iterator[Path]:
    whole = Path(os.path.abspath(path))  # noqa: PTH100  # Path.resolve would follow the links
    yield whole
    yield from whole.parents


def _doubt(path: Path, owners: Collection[int]) -> Problem | None:
    status = _status(path, is_followed=True)
    if not status:
        return None
    location = Location(str(path))
    if status.st_uid not in owners:
        return Problem("not-own", f"belongs to {_name_of(status.st_uid)}", location)
    if _is_shared(status):
        return Problem("not-own", "can be changed by others", location, f"chmod go-w {path}")
    return None


def _is_shared(status: os.stat_result) -> bool:
    """Tell whether anyone but the owner may write.

    Many systems make a private group for each user, with the user's name: its members do not count.
    """
    if status.st_mode & stat.S_IWOTH:
        return True
    if not status.st_mode & stat.S_IWGRP:
        return False
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return True
    return group.gr_name != owner or not {owner}.issuperset(group.gr_mem)


def _status(path: Path, *, is_followed: bool) -> os.stat_result | None:
    if not _HAS_OWNERS:
        return None
    try:
        return path.stat(follow_symlinks=is_followed)
    except OSError:
        return None


def _name_of(user: int) -> str:
    import pwd

    try:
        return f"another user ({pwd.getpwuid(user).pw_name})"
    except KeyError:
        return f"another user ({user})"


def _user() -> int:
    return os.geteuid() if _HAS_OWNERS else _ROOT
