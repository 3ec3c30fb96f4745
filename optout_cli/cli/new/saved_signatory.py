"""The signatory of the last request, offered again; kept in the user's own state folder."""

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
    """Return the file; a state folder, since no one may lose it by emptying a cache."""
    return platformdirs.user_state_path(APP) / "signatory.json"


def last_signatory() -> Answers | None:
    """Return the signatory of the last request; None where none was kept, or it cannot be read.

    What is not the user's own is not offered.
    """
    if _is_doubtful():
        return None
    try:
        content = signatory_path().read_bytes()
        msgspec.json.decode(content, type=Signatory)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError):
        return None
    kept: Answers = msgspec.json.decode(content)
    return kept


def keep_signatory(signatory: Answers) -> bool:
    """Keep a signatory for the next request; say whether that could be done."""
    if _is_doubtful():
        return False
    try:
        write_all({signatory_path(): msgspec.json.encode(signatory)}, force=True)
    except OptoutError:
        return False
    return True


def _is_doubtful() -> bool:
    folder = signatory_path().parent
    return not may_be_made(folder) or any(doubt_about(it) for it in (folder, signatory_path()))
