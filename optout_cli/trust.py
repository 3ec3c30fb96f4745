"""Which files are believed: the user's own, and what lies within a folder, every link followed.

Looks at names, links, owners and modes alone, and never opens a file.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from optout_cli.errors import Location, OptoutError, Problem

_HAS_OWNERS = hasattr(os, "geteuid")  # not on Windows
_ROOT = 0  # the user id of who can change everything anyway


def real(path: Path) -> Path:
    """Return where a name leads once every link is followed, whether or not something is there."""
    return Path(os.path.realpath(path))


def within(place: Path, folders: Iterable[Path]) -> bool:
    """Tell whether a place lies in one of `folders` or below it; all are without links."""
    return any(place.is_relative_to(folder) for folder in folders)


def leads_outside(path: Path, folder: Path) -> Path | None:
    """Return the link that leads from `path`, below `folder`, out of that; None: none does."""
    root = real(folder)
    if within(real(path), [root]):
        return None
    parts = path.relative_to(folder).parts
    steps = (folder.joinpath(*parts[:count]) for count in range(1, len(parts) + 1))
    return next(it for it in steps if not within(real(it), [root]))


def check_within(path: Path, folder: Path) -> None:
    """Raise OptoutError where a link leads from `path`, below a template folder, out of that."""
    if link := leads_outside(path, folder):
        message = "is a link that leads outside the template folder"
        hint = "put a copy of what it leads to in its place"
        raise OptoutError(Problem("link-outside", message, Location(str(link)), hint))


def doubt_about(path: Path, *, below: bool = False) -> Problem | None:
    """Return why a file or folder that nobody named need not be the user's word; None: it is.

    It is believed where it belongs to the user, or to root, and nobody else may write it; with
    `below`, all that a folder holds is looked at as well. What is not there is not doubted, and
    nothing is where files have no owners that Python knows (Windows).
    """
    owners = {_ROOT, _user()}
    inside = (Path(at, name) for at, *names in os.walk(path) for it in names for name in it)
    for place in (path, *(inside if below else ())):
        if reason := _link_doubt(place) or _doubt(place, owners):
            return reason
    return None


def is_own(path: Path) -> bool:
    """Tell whether a file or folder is the user's, and nobody else may write it or lead to it."""
    return not _link_doubt(path) and not _doubt(path, {_user()})


def may_be_made(folder: Path) -> bool:
    """Tell whether a folder is there, or may be made without littering another user's home."""
    there = next((it for it in _at_and_above(folder) if _status(it, is_followed=True)), None)
    status = there and _status(there, is_followed=True)
    return not status or status.st_uid in (_ROOT, _user())


def is_own_file(status: os.stat_result) -> bool:
    """Tell the same of an open file."""
    return not _HAS_OWNERS or (status.st_uid == _user() and not _is_shared(status))


def _link_doubt(path: Path) -> Problem | None:
    """Return the Problem of a link of another user at `path` or above it."""
    for place in _at_and_above(path):
        status = _status(place, is_followed=False)
        if status and stat.S_ISLNK(status.st_mode) and status.st_uid not in (_ROOT, _user()):
            message = f"is reached through {place}, a link of {_name_of(status.st_uid)}"
            return Problem("not-own", message, Location(str(path)))
    return None


def _at_and_above(path: Path) -> Iterator[Path]:
    whole = Path(os.path.abspath(path))  # noqa: PTH100  # Path's own would follow the links
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
    """Tell whether others than the owner may write; a group of the owner's alone is nobody else."""
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_private(status)


def _is_private(status: os.stat_result) -> bool:
    """Tell whether a group is the one that many systems make for each user, by the user's name."""
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return False
    return group.gr_name == owner and {owner}.issuperset(group.gr_mem)


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
