"""Choose the path of a new file: the right ending, and never an existing file."""

import sys
from pathlib import Path

from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.new.ask import ask, say_wrapped
from optout_cli.cli.options import output_path
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.files import STDIN

REQUEST = ("request", ".yaml", ".yml")  # noun, endings of the file name
TABLE = ("table", ".csv")
WORKBOOK = ("workbook", ".xlsx")


def request_name(answers: Answers) -> str:
    """Name a request after its jurisdiction, and a follow-up after its letter too."""
    place = answers.get("jurisdiction", "request")
    kind = answers["letter"].partition("/")[2] if "particulars" in answers else ""
    return f"{place}-{kind}.yaml" if kind else f"{place}.yaml"


def path_for(output: str | None, name: str, kind: tuple[str, ...]) -> Path | None:
    """Return the path that -o names, with `name` inside a folder; None for standard output.

    Raises click.UsageError if the file name is not of this kind.
    """
    if output == STDIN:
        return None
    return output_path(output, name, *kind) if output else Path(name)


def require_free(path: Path | None) -> Path | None:
    """Return the path. Raises OptoutError if the file exists."""
    if path and path.exists():
        raise OptoutError(_file_exists(path))
    return path


def ask_for_free_name(path: Path | None) -> Path | None:
    """Return the path, or ask for another one if the file exists."""
    if path is None or not path.exists():
        return path
    say_wrapped(f"{path} already exists and will not be changed.")
    names = (path.with_stem(f"{path.stem}-{number}") for number in range(2, sys.maxsize))
    free = next(name for name in names if not name.exists())
    label = "Name of the new file"
    return Path(ask(label, default=str(free), check=_check_name, required=True))


def _check_name(name: str) -> Problem | None:
    if not name.lower().endswith(REQUEST[1:]):
        return Problem(
            "wrong-name", f"{name!r} is not a name for a request", hint="end it in .yaml"
        )
    return _file_exists(Path(name)) if Path(name).exists() else None


def _file_exists(path: Path) -> Problem:
    hint = f"name another file with -o, such as -o second{path.suffix.lower()}"
    message = "already exists, and optout new never replaces a file"
    return Problem("file-exists", message, Location(str(path)), hint)
