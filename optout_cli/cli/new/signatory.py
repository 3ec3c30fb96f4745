"""The signatory of the last request, kept in the user's state folder to be offered again."""

from pathlib import Path

import msgspec
import platformdirs

from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import APP
from optout_cli.errors import OptoutError
from optout_cli.model.request import Signatory
from optout_cli.output import write_all
from optout_cli.trust import doubt_about, may_be_made


def signatory_path() -> Path:
    """Return the last signatory's file: in the state folder, since users clear the cache."""
    return platformdirs.user_state_path(APP) / "signatory.json"


def last_signatory() -> Answers | None:
    """Return the signatory of the last request; None if none was saved or it cannot be trusted."""
    if _is_doubtful():
        return None
    try:
        content = signatory_path().read_bytes()
        msgspec.json.decode(content, type=Signatory)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError):
        return None
    saved: Answers = msgspec.json.decode(content)
    return saved


def keep_signatory(signatory: Answers) -> bool:
    """Save a signatory for the next request; tell whether that worked."""
    if _is_doubtful():
        return False
    try:
        write_all({signatory_path(): msgspec.json.encode(signatory)}, force=True)
    except OptoutError:
        return False
    return True


def _is_doubtful() -> bool:
    """Tell whether another user could have written the file."""
    folder = signatory_path().parent
    return not may_be_made(folder) or any(doubt_about(path) for path in (folder, signatory_path()))
