"""The letterhead: whatever its seal and its words, all of it stands on the paper."""

import pytest
from make_letters import letter_for, pdf_of
from msgspec.structs import replace
from read_pdf import lines_on, opened, shapes_on

from optout_cli.letters import Library
from optout_cli.model.letter import Image

LONG = """\
signatory:
  name: Pat Placeholder
  title: Sheriff
  office: Office of the Sheriff of Marin County, California, Administration and Corrections
  address: {street: 100 Placeholder Road and a very long line of it Mail Stop 4 Front Desk,
    city: San Rafael, state: CA, zip: "94900"}
"""
BASE = "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\ndate: 2026-11-20\n"
WIDE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} 100"><path d="M0 0H{0}V100H0z"/></svg>"""


@pytest.mark.parametrize("width", [10, 100, 1000])
def test_a_seal_of_any_shape_leaves_the_words_whole_and_stays_in_its_place(
    library: Library, width: int
) -> None:
    seal = Image("image/svg+xml", WIDE.format(width).encode(), "Seal")
    letter = letter_for(library, LONG, BASE)
    (page, *_) = opened(pdf_of(replace(letter, seal=seal), library))
    head = [line for line in lines_on(page) if line.top < 2.2]
    words = " ".join(line.text for line in head)
    assert " ".join(letter.sender[0].split()) in words
    assert max(line.right for line in head) <= 7.51
    # Beside the rule below the head and the fold marks there is the seal, not squeezed.
    (drawn,) = [it for it in shapes_on(page) if it[0] >= 1.0 and it[2] <= 2.1]
    left, top, right, bottom = drawn
    assert (right - left) / (bottom - top) == pytest.approx(width / 100, rel=0.02)
