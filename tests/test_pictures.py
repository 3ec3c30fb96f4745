"""README's pictures show the letters as they are today."""

import re

import pytest
from conftest import ROOT
from import_tool import tool
from PIL import Image, ImageChops

PICTURES = tool("pictures").PICTURES
BLOCK = 12  # px: as high as a line of a letter, so that a word that moved changes a block's gray
SAME = 16  # of 255: what another version may draw otherwise at the edges of the letters


def difference(picture: Image.Image, other: Image.Image) -> int:
    """Return how far apart two pictures' blocks are at most, in shades of gray."""
    assert picture.size == other.size
    size = (picture.width // BLOCK, picture.height // BLOCK)
    coarse = [it.convert("L").resize(size, Image.Resampling.BOX) for it in (picture, other)]
    extremes = ImageChops.difference(*coarse).getextrema()
    assert not isinstance(extremes[1], tuple)  # the gray band's least and most
    return int(extremes[1])


@pytest.mark.no_cover
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_is_drawn_today(name: str) -> None:
    with Image.open(ROOT / "docs" / name) as shown:
        today = PICTURES[name]()
        assert difference(shown, today) <= SAME, "make docs draws it anew"
        assert difference(shown, ImageChops.offset(today, 0, 5)) > SAME


def test_readme_shows_each_picture_with_words_for_who_cannot_see_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = dict(re.findall(r"!\[([^\]]{20,})\]\(docs/([a-z.]+)\)", readme))
    assert set(shown.values()) == set(PICTURES)
