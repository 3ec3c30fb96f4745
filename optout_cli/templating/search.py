"""The template folders: which file a template's name means, the user's before the shipped one."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from optout_cli.bundled import page_lengths
from optout_cli.errors import Location
from optout_cli.trust import check_within

SUFFIX = ".html.j2"
BUILTIN = "builtin:"  # begins the name of a shipped template, for an override to extend it
PAGE, LETTERHEAD = "_layout/letter.html.j2", "_layout/letterhead.html.j2"
STYLE = "_layout/letter.css"
_LENGTH = re.compile(r"var\(--[a-z-]+\)")  # of page.json, in a style sheet
_IN_NO_NAME = "\0\\:"


class TemplateSearch:
    """The template folders. A file in an earlier folder wins; the last folder ships with optout."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._found: dict[tuple[Path, str], Path | None] = {}  # a compiled template stays, too

    @property
    def own(self) -> tuple[Path, ...]:
        """The user's folders: all but the shipped one."""
        return self.folders[:-1]

    def name_of(self, letter: str, slug: str, state: str) -> str:
        """Return the name of a letter's template: in each folder, local wording comes first.

        Raises OptoutError if a link leads out of a folder, as does every method that finds files.
        """
        names = [f"{letter}.{slug}{SUFFIX}", f"{letter}.{state}{SUFFIX}", f"{letter}{SUFFIX}"]
        for folder in self.folders:
            for name in names:
                if self._file(folder, name):
                    return name
        return names[-1]

    def path_of(self, name: str) -> Path | None:
        """Return the file that a template's name means, or None."""
        inner = name.removeprefix(BUILTIN)
        path = PurePosixPath(inner)
        if ".." in path.parts or path.is_absolute() or any(char in inner for char in _IN_NO_NAME):
            return None
        folders = self.folders[-1:] if inner != name else self.folders
        return next((file for folder in folders if (file := self._file(folder, inner))), None)

    def _file(self, folder: Path, name: str) -> Path | None:
        """Return a file below a folder, or None. Raises OptoutError."""
        key = folder, name
        if key not in self._found:
            path = folder / name
            if folder != self.folders[-1]:  # an installer may link the shipped files
                check_within(path, folder)
            self._found[key] = path if path.is_file() else None
        return self._found[key]

    def has(self, name: str) -> bool:
        """Tell whether there is a template of this name."""
        return self.path_of(name) is not None

    def is_own(self, name: str) -> bool:
        """Tell whether a template's name means a file in one of the user's folders."""
        path = self.path_of(name)
        return path is not None and self.is_own_file(path)

    def ships(self, letter: str) -> bool:
        """Tell whether optout ships a template for a letter."""
        return self.has(f"{BUILTIN}{letter}{SUFFIX}")

    def is_own_file(self, path: Path) -> bool:
        """Tell whether a file is in one of the user's folders."""
        return any(path.is_relative_to(folder) for folder in self.own)

    def shown(self, path: Path) -> str:
        """Return a path to show: of the user's file as given, of a shipped one below its folder."""
        if self.is_own_file(path) or not path.is_relative_to(self.folders[-1]):
            return str(path)
        return path.relative_to(self.folders[-1]).as_posix()

    def location(self, name: str, line: int | None = None) -> Location:
        """Return the location of a template, which need not exist."""
        path = self.path_of(name)
        return Location(self.shown(path) if path else name.removeprefix(BUILTIN), line)

    def names(self) -> Iterator[str]:
        """Yield each name that a template may extend, import or include."""
        for folder in self.folders:
            for path in folder.rglob(f"*{SUFFIX}"):
                if path.is_file():
                    yield path.relative_to(folder).as_posix()
        shipped = self.folders[-1]
        yield from (
            f"{BUILTIN}{path.relative_to(shipped).as_posix()}"
            for path in shipped.rglob(f"*{SUFFIX}")
        )

    def own_files(self, *names: str) -> list[Path]:
        """Return the files of these names that are the user's own."""
        files = (folder / name for folder in self.own for name in names)
        return [path for path in files if path.is_file()]

    @cached_property
    def has_own_page(self) -> bool:
        """Whether the user has a layout or a style sheet of their own for letters."""
        return bool(self.own_files(PAGE, LETTERHEAD, STYLE))

    @cached_property
    def style(self) -> str:
        """The layouts' style sheet: the user's, otherwise the shipped one."""
        path = self.path_of(STYLE)
        assert path is not None  # one ships
        text = path.read_text("utf-8-sig")
        own = {*re.findall(r"--([\w-]+)\s*:", text)}  # that the user's sheet defines itself
        known = {name: length for name, length in page_lengths().items() if name not in own}
        lengths = {f"var(--{name})": f"{length:g}pt" for name, length in known.items()}
        return _LENGTH.sub(lambda found: lengths.get(found[0], found[0]), text)
