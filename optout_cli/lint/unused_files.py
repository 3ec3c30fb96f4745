"""Find files of a user's template folders that are never read: misspelled or misplaced.

Yields Problems at the file's path. Reads the templates, and writes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean
from optout_cli.letters.library import Library
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.search import BUILTIN, SUFFIX
from optout_cli.trust import check_within, leads_outside

_PROGRAM, _STYLE, _LAYOUT = "program.yaml", "_layout/letter.css", "_layout"
_Words = tuple[str, str | None]  # message and hint


def unused_files(library: Library) -> Iterator[Problem]:
    """Yield each file of the user's template folders that is never read, or never printed in part.

    Raises OptoutError if the data or the programs cannot be read.
    """
    names = _Names(library)
    for folder in library.templates.own:
        try:
            check_within(folder / _STYLE, folder)  # no sample letter needs it
        except OptoutError as error:
            yield from error.problems
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = path.relative_to(folder).as_posix()
            if leads_outside(path, folder):
                continue  # whatever reads the file reports it
            if found := names.words_for(name):
                message, hint = found
                yield Problem("stray-template", message, Location(str(path)), hint)
            elif name.endswith(SUFFIX) and library.templates.path_of(name) == path:
                try:
                    yield from unprinted_parts(name, library.templates)
                except OptoutError:
                    continue  # `Templates.problems` reports it


def is_idle(folder: Path) -> bool:
    """Tell whether a template folder has no file that overrides or adds anything."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return not any(
        path.suffix == ".css" or path.name.endswith((_PROGRAM, SUFFIX)) for path in files
    )


class _Names:
    """The names that are read: programs, letters, places, and templates that others name."""

    def __init__(self, library: Library) -> None:
        self.library, self.templates = library, library.templates
        self.programs = library.programs.by_id
        self.named: set[str] = set()  # templates that another template names
        for name in {name for name in self.templates.names() if BUILTIN not in name}:
            try:
                self.named |= self.templates.parts_of(name).keys() - {name}
            except OptoutError:
                continue  # `Templates.problems` reports it

    def words_for(self, name: str) -> _Words | None:
        """Return what is wrong with a file's name, and a hint; None if the file is read."""
        program, _, file = name.rpartition("/")
        is_program = file == _PROGRAM and program != "" and "/" not in program
        is_template = name in self.named or self.templates.has(f"{BUILTIN}{name}")
        if is_program or is_template or name == _STYLE:
            return None
        if not name.endswith(SUFFIX):
            return self._words_for_wrong_suffix(program, file)
        if program not in self.programs:
            return self._words_for_wrong_folder(program, file)
        kind, _, place = file.removesuffix(SUFFIX).partition(".")
        letters = self.programs[program].letters
        if kind.startswith("_") and kind not in letters:
            return "no template uses this file", did_you_mean(kind, self._parts_in(program))
        if kind not in letters:
            return f"{program} has no letter {kind!r}", did_you_mean(kind, letters)
        return self._words_for_place(kind, place) if place else None

    def _parts_in(self, program: str) -> set[str]:
        """Return the templates of a folder that others name, without suffix."""
        inside = (name for name in self.named if name.startswith(f"{program}/"))
        return {name.rpartition("/")[2].removesuffix(SUFFIX) for name in inside}

    def _words_for_wrong_folder(self, program: str, file: str) -> _Words:
        if program == _LAYOUT:
            hint = did_you_mean(file.removesuffix(SUFFIX), self._parts_in(_LAYOUT))
            return "no template uses this file", hint
        if program:
            return f"there is no program {program!r}", did_you_mean(program, self.programs)
        kind = file.partition(".")[0]
        folders = [f"{id}/" for id, known in self.programs.items() if kind in known.letters]
        folder = folders[0] if folders else "its program's folder"
        hint = f"move it into {folder}, or give --templates the folder above it"
        return "is not in a program's folder", hint

    def _words_for_wrong_suffix(self, program: str, file: str) -> _Words | None:
        """Say how to rename a file that looks like a template or a program; None for others."""
        kind = file.partition(".")[0]
        place = file.removeprefix(f"{kind}.").partition(".")[0]
        declared = self.programs.get(program)
        if program in (*self.programs, "") and kind.casefold() == "program" and file != _PROGRAM:
            name = _PROGRAM
        elif declared and kind in declared.letters:
            is_local = place.isupper() or "-" in place
            name = f"{kind}.{place}{SUFFIX}" if is_local else f"{kind}{SUFFIX}"
        elif file.endswith(".j2"):
            name = f"{kind}{SUFFIX}"
        else:
            return None  # such as a text of the user's, a picture, a backup
        return "optout does not read a file with this name", f"rename it to {name}"

    def _words_for_place(self, kind: str, place: str) -> _Words | None:
        """Say that wording is for a state or a jurisdiction that does not exist."""
        states = self.library.directory.data.states
        if place in states:
            return None
        message = f"there is no state or jurisdiction {place!r}"
        try:
            slug = self.library.directory.find(place).slug
        except OptoutError as error:
            is_code = len(place) == len("CA")
            return message, did_you_mean(place, states) if is_code else error.problems[0].hint
        return None if slug == place else (message, f"rename it to {kind}.{slug}{SUFFIX}")
