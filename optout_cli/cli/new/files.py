"""The files of `optout new`: the new file's path, the kept answers, and who signed last.

Never changes a file that the user made.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Any

import click
import msgspec

from optout_cli.authoring.draft import document_from, request_name, require_request
from optout_cli.authoring.interview import Interview, Kept
from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import print_path, quote, say, user_folder
from optout_cli.cli.options import output_path
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.request import Signatory
from optout_cli.output import write_all
from optout_cli.readers.files import STDIN
from optout_cli.readers.validate import convert
from optout_cli.trust import doubt_about, may_be_made

REQUEST = ("request", ".yaml", ".yml")  # noun, endings of the file name
TABLE = ("table", ".csv")
WORKBOOK = ("workbook", ".xlsx")
_KEPT = ".draft"


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


def put_request(path: Path | None, text: str) -> Path | None:
    """Write a request and print its path; without a path, print the request. Returns the path."""
    if path is None:
        click.echo(text, nl=False)
        return None
    write_all({path: text.encode(errors="replace")})  # the path in it may be no text
    print_path(path)
    return path


def check_new_name(name: str) -> Problem | None:
    """Return why a file name cannot be that of a new request."""
    if not name.lower().endswith(REQUEST[1:]):
        return Problem(
            "wrong-name", f"{name!r} is not a name for a request", hint="end it in .yaml"
        )
    return _file_exists(Path(name)) if Path(name).exists() else None


def _file_exists(path: Path) -> Problem:
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    free = next(name for name in names if not name.exists())
    hint = f"name another file with -o, such as -o {quote(str(free))}"
    message = "already exists, and optout new never replaces a file"
    return Problem("file-exists", message, Location(str(path)), hint)


# --- answers of an interview that was stopped ---


class KeptFile:
    """The file beside the request that keeps the answers of one interview, and of no other.

    Its name is the request's, such as `marin-county-ca.draft`, with a number if that one has other
    answers. `mine` are the files that it may replace.
    """

    def __init__(self, mine: Iterable[Path] = ()) -> None:
        self._mine = set(mine)

    def path_for(self, interview: Interview) -> Path:
        """Return where the answers are kept."""
        usual = _usual_path(interview)
        others = (usual.with_stem(f"{usual.stem}-{number}") for number in count(2))
        paths = chain([usual], others)
        return next(path for path in paths if path in self._mine or not path.exists())

    def keep(self, interview: Interview) -> None:
        """Write the answers so far, if that is possible; tell if another file is in the way."""
        if not interview.place or not interview.said:
            return
        path, usual = self.path_for(interview), _usual_path(interview)
        content = msgspec.json.format(msgspec.json.encode(interview.kept())) + b"\n"
        with suppress(OptoutError):
            write_all({path: content}, force=True)
            if path != usual and path not in self._mine:
                say(f"note: {usual} has other answers, and stays as it is; yours are in {path}")
            self._mine.add(path)

    def go_on_with(self, found: Path, interview: Interview) -> None:
        """Go on with answers that were kept, under the name that they get here."""
        self._mine = {found}
        path = self.path_for(interview)
        if path != found:
            found.rename(path)
        self._mine = {path}


def _usual_path(interview: Interview) -> Path:
    name = request_name({"jurisdiction": interview.place, **interview.basis.start.known})
    return (interview.basis.place_of(name) or Path(name)).with_suffix(_KEPT)


def kept_answers(folder: Path) -> dict[Path, Kept]:
    """Return the answers that were kept in a folder, by their files."""
    found = {}
    for path in sorted(folder.glob(f"*{_KEPT}")):
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=Kept)
            require_request(kept.start.known, {})
        except (OSError, msgspec.ValidationError, msgspec.DecodeError, OptoutError):
            continue
        found[path] = kept
    return found


# --- who signed last ---


def signatories_path() -> Path | None:
    """Return the file of signatories: in the state folder, since users clear the cache."""
    folder = user_folder("state")
    return folder and folder / "signatories.json"


def last_signatory(slug: str) -> Answers | None:
    """Return who signed last for a jurisdiction; None if nobody did, or it cannot be trusted."""
    path = _trusted_path()
    return _signatories(path).get(slug) if path else None


def keep_signatory(slug: str, signatory: Answers) -> bool:
    """Save who signs for a jurisdiction, for its next request; tell whether that worked."""
    path = _trusted_path()
    if not path:
        return False
    try:
        rows = {**_signatories(path), slug: signatory}
        write_all({path: msgspec.json.encode(rows)}, force=True)
    except OptoutError:
        return False
    return True


# Any: a signatory as in a request, whose street may be one text or several.
def _signatories(path: Path) -> Mapping[str, dict[str, Any]]:
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
        for row in rows.values():
            convert(document_from(row), Signatory)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError, OptoutError):
        return {}
    return rows


def _trusted_path() -> Path | None:
    """Return the file's path, or None if another user could have written the file."""
    path = signatories_path()
    if not path or not may_be_made(path.parent):
        return None
    return None if doubt_about(path.parent) or doubt_about(path) else path
