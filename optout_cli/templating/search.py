"""The template folders: which file a template's name means, and how its place is shown.

Reads file names alone, never what is in a file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from optout_cli.errors import Location
from optout_cli.trust import check_within

SUFFIX = ".html.j2"
BUILTIN = "builtin:"  # how an override names the shipped template that it extends
_IN_NO_NAME = "\0\\:"


class TemplateSearch:
    """Template folders, the first one's files before the next one's; the last ships."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @property
    def own(self) -> tuple[Path, ...]:
        """The user's folders, without the shipped one."""
        return self.folders[:-1]

    def name_of(self, letter: str, slug: str, state: str) -> str:
        """Return the template for a letter id: local wording first, within each folder.

        Raises OptoutError where a link leads out of a folder, as all that look for a file here.
        """
        names = [f"{letter}.{slug}{SUFFIX}", f"{letter}.{state}{SUFFIX}", f"{letter}{SUFFIX}"]
        for folder in self.folders:
            for name in names:
                if self._file(folder, name):
                    return name
        return names[-1]

    def path_of(self, name: str) -> Path | None:
        """Return the file that a template's name means, or None where there is none."""
        inner = name.removeprefix(BUILTIN)
        place = PurePosixPath(inner)
        if ".." in place.parts or place.is_absolute() or any(it in inner for it in _IN_NO_NAME):
            return None
        folders = self.folders[-1:] if inner != name else self.folders
        return next((path for it in folders if (path := self._file(it, inner))), None)

    def _file(self, folder: Path, name: str) -> Path | None:
        """Return a file below a folder, or None where there is none. Raises OptoutError."""
        path = folder / name
        if folder != self.folders[-1]:  # the shipped ones lie where an installer put them
            check_within(path, folder)
        return path if path.is_file() else None

    def has(self, name: str) -> bool:
        """Tell whether there is a template of this name."""
        return self.path_of(name) is not None

    def is_own(self, name: str) -> bool:
        """Tell whether a template's name means a file of the user's."""
        path = self.path_of(name)
        return path is not None and self.is_shown_whole(path)

    def ships(self, letter: str) -> bool:
        """Tell whether a letter's template is among the shipped ones."""
        return self.has(f"{BUILTIN}{letter}{SUFFIX}")

    def is_shown_whole(self, path: Path) -> bool:
        """Tell whether a file lies in a folder of the user's."""
        return any(path.is_relative_to(it) for it in self.own)

    def shown(self, path: Path) -> str:
        """Return a file's path: the user's as they gave it, a shipped one's within its folder."""
        if self.is_shown_whole(path) or not path.is_relative_to(self.folders[-1]):
            return str(path)
        return path.relative_to(self.folders[-1]).as_posix()

    def location(self, name: str, line: int | None = None) -> Location:
        """Return the place of a template, which need not be there."""
        path = self.path_of(name)
        return Location(self.shown(path) if path else name.removeprefix(BUILTIN), line)

    def names(self) -> Iterator[str]:
        """Yield each name that a template may be extended or included by."""
        for folder in self.folders:
            for path in folder.rglob(f"*{SUFFIX}"):
                yield path.relative_to(folder).as_posix()
        shipped = self.folders[-1]
        yield from (
            f"{BUILTIN}{path.relative_to(shipped).as_posix()}"
            for path in shipped.rglob(f"*{SUFFIX}")
        )
