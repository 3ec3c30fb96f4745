"""Paths of the shipped templates, data and documentation, in a checkout or an installed wheel."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# A wheel has them inside the package; a checkout has them beside it.
_ROOT = _PACKAGE / "_bundled" if (_PACKAGE / "_bundled").is_dir() else _PACKAGE.parent

DOCS = _ROOT / "docs"
TEMPLATES = _ROOT / "templates"
JURISDICTIONS = _ROOT / "jurisdictions.yaml"
AGENCIES = _ROOT / "agencies.yaml"


@cache
def page_lengths() -> Mapping[str, float]:
    """Return the lengths of the letters' page in points, by their names in `page.json`."""
    import json

    read = json.loads((TEMPLATES / "_layout" / "page.json").read_bytes())
    return {**read["points"], **{name: inches * 72 for name, inches in read["inches"].items()}}
