"""Where a new file goes: a name of its kind, and never onto another file."""

import sys
from pathlib import Path
from typing import NamedTuple

from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import usage_error
from optout_cli.cli.new.ask import ask, say_wrapped
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.output import is_folder
from optout_cli.readers.files import STDIN


class Kind(NamedTuple):
    """A kind of file that `optout new` writes, and how its names end."""

    noun: str
    suffixes: tuple[str, ...]


REQUEST = Kind("request", (".yaml", ".yml"))
TABLE = Kind("table", (".csv",))


def request_name(answers: Answers) -> str:
    """Return the name of a request: its jurisdiction's, with the letter's where it follows one."""
    place = answers.get("jurisdiction", "request")
    kind = answers["letter"].partition("/")[2] if "particulars" in answers else ""
    return f"{place}-{kind}.yaml" if kind else f"{place}.yaml"


def path_for(output: str | None, name: str, kind: Kind) -> Path | None:
    """Return where a file goes, `name` where only its folder is given; None: standard output.

    Raises click.UsageError for a name of another kind.
    """
    if output == STDIN:
        return None
    path = Path(output or name)
    if output and (output.endswith("/") or is_folder(path)):
        path /= name
    if not path.name.lower().endswith(kind.suffixes):
        usage_error(f"{str(path)!r} is no {kind.noun}'s name", f"end it in {kind.suffixes[0]}")
    return path


def require_free(path: Path | None) -> Path | None:
    """Return the path. Raises OptoutError where a file is there already."""
    if path and path.exists():
        raise OptoutError(_occupied(path))
    return path


def ask_for_free_name(path: Path | None) -> Path | None:
    """Ask for another name where the request is there already."""
    if path is None or not path.exists():
        return path
    say_wrapped(f"{path} is there already, and stays as it is.")
    numbers = range(2, sys.maxsize)
    other = next(it for n in numbers if not (it := path.with_stem(f"{path.stem}-{n}")).exists())
    return Path(ask("Name of the new file", offered=str(other), fault=_name_fault, required=True))


def _name_fault(name: str) -> Problem | None:
    if not name.lower().endswith(REQUEST.suffixes):
        return Problem("wrong-name", f"{name!r} is no request's name", hint="end it in .yaml")
    return _occupied(Path(name)) if Path(name).exists() else None


def _occupied(path: Path) -> Problem:
    hint = f"name another file with -o, such as -o second{path.suffix.lower()}"
    return Problem(
        "file-exists", "is there already, and is never replaced", Location(str(path)), hint
    )
