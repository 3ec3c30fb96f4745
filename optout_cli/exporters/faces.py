"""The letters' typeface: static faces of one package, so that lines break alike everywhere."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

TYPEFACE = "Source Serif Pro"


def faces() -> Mapping[tuple[str, str], Path]:
    """Return the typeface's files by weight and style, from the package that carries them."""
    # Found without importing it: its import lists a folder of 60 files.
    spec = find_spec("font_source_serif_pro")
    assert spec is not None
    assert spec.origin is not None  # a declared dependency
    folder = Path(spec.origin).parent / "files"
    names = {
        ("normal", "normal"): "Regular",
        ("bold", "normal"): "Bold",
        ("normal", "italic"): "It",
        ("bold", "italic"): "BoldIt",
    }
    return {key: folder / f"SourceSerifPro-{name}.ttf" for key, name in names.items()}
