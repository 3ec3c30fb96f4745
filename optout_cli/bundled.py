"""Paths of the shipped templates, data and documentation, in a checkout or an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# A wheel has them inside the package; a checkout has them beside it.
_ROOT = _PACKAGE / "_bundled" if (_PACKAGE / "_bundled").is_dir() else _PACKAGE.parent

DOCS = _ROOT / "docs"
TEMPLATES = _ROOT / "templates"
JURISDICTIONS = _ROOT / "jurisdictions.yaml"
AGENCIES = _ROOT / "agencies.yaml"
