"""The signatory of the last request, kept in the user's state folder to be offered again."""

from pathlib import Path

import msgspec

from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import user_folder
from optout_cli.errors import OptoutError
from optout_cli.model.request import Signatory
from optout_cli.output import write_all
from optout_cli.trust import doubt_about, may_be_made


def signatory_path() -> Path | None:
    """Return the last signatory's file: in the state folder, since users clear the cache."""
    folder = user_folder("state")
    return folder and folder / "signatory.json"


def last_signatory() -> Answers | None:
    """Return the signatory of the last request; None if none was saved or it cannot be trusted."""
    path = _trusted_path()
    if not path:
        return None
    try:
        content = path.read_bytes()
        msgspec.json.decode(content, type=Signatory)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError):
        return None
    saved: Answers = msgspec.json.decode(content)
    return saved


def keep_signatory(signatory: Answers) -> bool:
    """Save a signatory for the next request; tell whether that worked."""
    path = _trusted_path()
    if not path:
        return False
    try:
        write_all({path: msgspec.json.encode(signatory)}, force=True)
    except OptoutError:
        return False
    return True


def _trusted_path() -> Path | None:
    """Return the file's path, or None if another user could have written the file."""
    path = signatory_path()
    if not path or not may_be_made(path.parent):
        return None
    return None if doubt_about(path.parent) or doubt_about(path) else path
