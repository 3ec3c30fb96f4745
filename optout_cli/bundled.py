"""Paths of the shipped templates and data files, in a checkout, editable install or wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# A wheel has both inside the package; a checkout has them beside it.
_ROOT = _PACKAGE / "_bundled" if (_PACKAGE / "_bundled").is_dir() else _PACKAGE.parent

TEMPLATES = _ROOT / "templates"
JURISDICTIONS = _ROOT / "jurisdictions.yaml"
AGENCIES = _ROOT / "agencies.yaml"
