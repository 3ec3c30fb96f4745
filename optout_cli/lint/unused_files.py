"""Files of a user's template folders that nothing reads: a misspelt letter, program or place.

Yields Problems at the file's path; reads the templates, and writes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from optout_cli.errors import Location, OptoutError, Problem, did_you_mean
from optout_cli.letters.library import Library
from optout_cli.templating.inspect import unprinted_parts
from optout_cli.templating.search import BUILTIN, SUFFIX
from optout_cli.trust import leads_outside

_PROGRAM, _STYLE, _LAYOUT = "program.yaml", "_layout/letter.css", "_layout"


def unused_files(library: Library) -> Iterator[Problem]:
    """Yield each file of the user's template folders that nothing reads, and what is lost in one.

    Raises OptoutError where the data or the programs cannot be read.
    """
    known = _Known(library)
    for folder in library.templates.own:
        for path in sorted(it for it in folder.rglob("*") if it.is_file()):
            name = path.relative_to(folder).as_posix()
            if leads_outside(path, folder):
                continue  # where it is read, it is told of
            if problem := known.problem_of(name, path):
                yield problem
            elif name.endswith(SUFFIX) and library.templates.path_of(name) == path:
                yield from known.lost_in(name)


def is_idle(folder: Path) -> bool:
    """Tell whether a folder of templates holds nothing that could override or add anything."""
    files = (it for it in folder.rglob("*") if it.is_file())
    return not any(it.suffix == ".css" or it.name.endswith((_PROGRAM, SUFFIX)) for it in files)


class _Known:
    """The names that are read: of programs, letters, places, and of templates in templates."""

    def __init__(self, library: Library) -> None:
        self.library, self.templates = library, library.templates
        self.programs = library.programs.by_id
        self.named: set[str] = set()  # by another template
        for name in {it for it in self.templates.names() if BUILTIN not in it}:
            try:
                self.named |= self.templates.parts_of(name).keys() - {name}
            except OptoutError:
                continue  # it is told where every template is compiled

    def lost_in(self, name: str) -> Iterator[Problem]:
        """Yield what no letter would show of a template."""
        try:
            yield from unprinted_parts(name, self.templates)
        except OptoutError:
            return  # as above

    def problem_of(self, name: str, path: Path) -> Problem | None:
        """Return what is wrong with a file's name, or None where the file is read."""
        program, _, file = name.rpartition("/")
        location = Location(str(path))
        if (file == _PROGRAM and program and "/" not in program) or name == _STYLE:
            return None
        if not name.endswith(SUFFIX):
            return self._misnamed(program, file, location)
        if name in self.named or self.templates.has(f"{BUILTIN}{name}"):
            return None
        if program not in self.programs:
            return self._homeless(program, file, location)
        kind, _, local = file.removesuffix(SUFFIX).partition(".")
        letters = self.programs[program].letters
        if kind not in letters:
            is_part = kind.startswith("_")
            message = "no template names it" if is_part else f"{program} has no letter {kind!r}"
            hint = did_you_mean(kind, self._parts_in(program) if is_part else letters)
            return Problem("stray-template", message, location, hint)
        return self._local_problem(kind, local, location) if local else None

    def _parts_in(self, program: str) -> set[str]:
        """Return the templates of a folder that others name, without suffix."""
        inside = (it for it in self.named if it.startswith(f"{program}/"))
        return {it.rpartition("/")[2].removesuffix(SUFFIX) for it in inside}

    def _homeless(self, program: str, file: str, location: Location) -> Problem:
        """Say that a template lies in no program's folder."""
        if program == _LAYOUT:
            kind = file.removesuffix(SUFFIX)
            hint = did_you_mean(kind, self._parts_in(_LAYOUT))
            return Problem("stray-template", "no template names it", location, hint)
        if program:
            message = f"there is no program {program!r}"
            return Problem(
                "stray-template", message, location, did_you_mean(program, self.programs)
            )
        kind = file.partition(".")[0]
        homes = [id for id, it in self.programs.items() if kind in it.letters]
        hint = f"put it into {homes[0] if homes else 'the folder of its program'}/, "
        return Problem(
            "stray-template",
            "lies in no program's folder",
            location,
            f"{hint}or give --templates the folder above",
        )

    def _misnamed(self, program: str, file: str, location: Location) -> Problem | None:
        """Say that a file is none that is read, where it seems to be meant so."""
        kind = file.partition(".")[0]
        local = file.removeprefix(f"{kind}.").partition(".")[0]
        declared = self.programs.get(program)
        if program in (*self.programs, "") and kind.casefold() == "program" and file != _PROGRAM:
            name = _PROGRAM
        elif declared and kind in declared.letters:
            is_local = local.isupper() or "-" in local
            name = f"{kind}.{local}{SUFFIX}" if is_local else f"{kind}{SUFFIX}"
        elif file.endswith(".j2"):
            name = f"{kind}{SUFFIX}"
        else:
            return None  # a note, a picture, a backup
        return Problem(
            "stray-template", "no file of this name is read", location, f"name it {name}"
        )

    def _local_problem(self, kind: str, local: str, location: Location) -> Problem | None:
        """Say that wording is for a state or a jurisdiction that there is not."""
        states = self.library.directory.data.states
        if local in states:
            return None
        message = f"there is no state or jurisdiction {local!r}"
        try:
            slug = self.library.directory.find(local).slug
        except OptoutError as error:
            folded = did_you_mean(local, states) if len(local) == len("CA") else None
            hint = folded or error.problems[0].hint
            return Problem("stray-template", message, location, hint)
        if slug == local:
            return None
        return Problem("stray-template", message, location, f"name it {kind}.{slug}{SUFFIX}")
