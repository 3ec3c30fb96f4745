"""README and docs as tests read them: the pages, and the fenced blocks in each."""

import re

from conftest import ROOT

_PATHS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md")
PAGES = {
    path.name: path.read_text("utf-8") for path in (*_PATHS, *sorted((ROOT / "docs").glob("*.md")))
}
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks of one language, dedented."""
    return [body for found, body in all_blocks(page) if found == language]


def all_blocks(page: str) -> list[tuple[str, str]]:
    """Return language and text of each block of a page."""
    return [
        (language, re.sub(rf"^{indent}", "", body, flags=re.MULTILINE))
        for indent, language, body in _FENCE.findall(PAGES[page])
    ]
