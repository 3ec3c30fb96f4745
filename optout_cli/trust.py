"""Which files are believed: what lies within a folder, every link followed.

Looks at names and links alone, and never opens a file.
"""

import os
from collections.abc import Iterable
from pathlib import Path


def real(path: Path) -> Path:
    """Return where a name leads once every link is followed, whether or not something is there."""
    return Path(os.path.realpath(path))


def within(place: Path, folders: Iterable[Path]) -> bool:
    """Tell whether a place lies in one of `folders` or below it; all are without links."""
    return any(place.is_relative_to(folder) for folder in folders)
