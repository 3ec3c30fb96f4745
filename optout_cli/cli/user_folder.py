"""The user's own folders: what optout reads there, and what it keeps there for the next time.

Data, corrections and templates are in the folder `config`, who signed last in the folder `state`.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from optout_cli.cli.console import quote, usage_error
from optout_cli.directory import Directory
from optout_cli.errors import OptoutError, Problem
from optout_cli.model.request import Signatory
from optout_cli.output import write_all
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.files import load_document
from optout_cli.readers.validate import convert
from optout_cli.trust import doubt_about, may_be_made, real

# Any: trees of mappings, lists and texts, as in a data file or a request.
Tree = dict[str, Any]
_APP = "optout"
_IN_HOME = {"cache": ".cache", "config": ".config", "state": ".local/state"}
_CORRECTIONS = "corrections.yaml"
_HEAD = """\
# Corrections that `optout correct` and `optout new` wrote: each says who confirmed it, and when.
# optout uses this file for all letters. To undo a correction, delete its lines.
"""


def user_folder(kind: Literal["cache", "config", "state"]) -> Path | None:
    """Return the folder of one kind that this user has, or None: a user may have no home."""
    try:
        # The rules of Linux are short (XDG Base Directory Specification); to import platformdirs
        # takes 6 ms, a tenth of `optout show`.
        if sys.platform == "linux":
            given = Path(os.environ.get(f"XDG_{kind.upper()}_HOME", ""))
            folder = (given if given.is_absolute() else Path.home() / _IN_HOME[kind]) / _APP
        else:
            import platformdirs

            folder = Path(getattr(platformdirs, f"user_{kind}_dir")(_APP))
    except RuntimeError:  # no HOME, and no account
        return None
    return folder if folder.is_absolute() else None


def own_files(named: Iterable[Path] = ()) -> tuple[list[Path], list[Path], list[Problem]]:
    """Return the user's own data files and templates, without `named`, and why not to use them."""
    home = user_folder("config")
    if home is None:
        return [], [], []
    chosen = {real(path) for path in named}
    doubts: list[Problem] = []
    files, templates = [home / "jurisdictions.yaml", home / _CORRECTIONS], home / "templates"
    # os.path, not pathlib: a folder that the user may not read counts as empty.
    exists = {path: os.path.isfile(path) for path in files}  # noqa: PTH113
    exists[templates] = os.path.isdir(templates)  # noqa: PTH112
    used = [path for path in exists if exists[path] and real(path) not in chosen]
    named_by = {
        path: f"{'--templates' if path == templates else '--data'} {quote(str(path))}"
        for path in used
    }
    if used and (doubt := doubt_about(home)):
        doubts.append(_unused_problem(doubt, " ".join(named_by.values())))
    else:
        found = ((path, doubt_about(path, below=path == templates)) for path in used)
        doubts = [_unused_problem(doubt, named_by[path]) for path, doubt in found if doubt]
    return (
        [path for path in files if path in used],
        [templates] if templates in used else [],
        doubts,
    )


def _unused_problem(doubt: Problem, options: str) -> Problem:
    """Say that the user's own files are not used, and which options use them anyway."""
    hint = f"add {options} to use it anyway"
    hint = f"{doubt.hint}, or {hint}" if doubt.hint else hint
    return msgspec.structs.replace(doubt, message=f"is not used: it {doubt.message}", hint=hint)


def keep_correction(target: str, row: Tree | None, directory: Directory) -> Path:
    """Write a corrected row to the user's own file, and return its path.

    Without a row, take the correction of the target back. Raises OptoutError.
    """
    import yaml

    from optout_cli.readers.yaml import document_from_yaml

    folder = user_folder("config")
    if folder is None:
        message = "there is no folder for your corrections: HOME is not set"
        usage_error(message, "set HOME or XDG_CONFIG_HOME to a folder of yours")
    path = folder / _CORRECTIONS
    known = dict(load_document(str(path)).data) if path.is_file() else {}
    try:
        corrections = _with_correction(known, target, row) if row else _without(known, target)
    except KeyError:
        message = f"you have corrected nothing of {target.removeprefix('states.')}"
        hint = f"your corrections are in {path}" if known else "leave --undo out"
        raise OptoutError(Problem("no-correction", message, hint=hint)) from None
    body = yaml.safe_dump(corrections, allow_unicode=True, sort_keys=True, width=1000)
    text = f"{_HEAD}{body}"
    directory.with_overlay(document_from_yaml(text, path.name))
    write_all({path: text.encode()}, force=True, keep=[path])
    return path


def _with_correction(known: Tree, target: str, row: Tree) -> Tree:
    """Add a corrected row to the user's corrections; a contact replaces its earlier correction."""
    key, _, rest = target.partition(".")
    inner = known.get(key, {})
    if rest:
        return {**known, key: _with_correction(inner, rest, row)}
    is_contact = "verified" in row
    return {**known, key: row if is_contact else {**inner, **row}}


def _without(known: Tree, target: str) -> Tree:
    """Take a row out, and the groups that have nothing else. Raises KeyError."""
    key, _, rest = target.partition(".")
    corrected = known[key]
    inner = _without(corrected, rest) if rest else {}
    left = {name: value for name, value in known.items() if name != key}
    return {**left, key: inner} if inner else left


def signatories_path() -> Path | None:
    """Return the file of signatories: in the state folder, since users clear the cache."""
    folder = user_folder("state")
    return folder and folder / "signatories.json"


def last_signatory(slug: str) -> Tree | None:
    """Return who signed last for a jurisdiction; None if nobody did, or it cannot be trusted."""
    path = _trusted_path()
    return _signatories(path).get(slug) if path else None


def keep_signatory(slug: str, signatory: Mapping[str, Any]) -> bool:
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


def correct_signatory(slug: str, request: Document) -> None:
    """Save who signs a request in place of whom is kept for the place, if only a slip differs.

    A request of somebody else, such as an earlier sheriff, changes nothing.
    """
    known, signatory = last_signatory(slug), request.data.get("signatory")
    if not (known and isinstance(signatory, dict)) or known == signatory:
        return
    from difflib import get_close_matches  # it is seldom needed

    texts = [
        [str(row.get(key)).casefold() for key in ("name", "title")] for row in (signatory, known)
    ]
    if all(get_close_matches(new, [old], cutoff=0.8) for new, old in zip(*texts, strict=True)):
        keep_signatory(slug, signatory)


def _signatories(path: Path) -> Mapping[str, Tree]:
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=dict[str, Tree])
        for row in rows.values():
            convert(Document(row, (Layer("data", {}),)), Signatory)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError, OptoutError):
        return {}
    return rows


def _trusted_path() -> Path | None:
    """Return the file's path, or None if another user could have written the file."""
    path = signatories_path()
    if not path or not may_be_made(path.parent):
        return None
    return None if doubt_about(path.parent) or doubt_about(path) else path
