"""What the PDF says of itself, for screen readers and archives."""

import re
from io import BytesIO
from pathlib import Path

import msgspec
import pikepdf
import pytest
from make_letters import letter_for, library_with, pdf_of
from PIL import Image as Raster
from read_pdf import box_of, elements_of, kinds_within, objects_of

from optout_cli.letters import Library
from optout_cli.model.letter import Image

IDENTIFICATION = {
    "{http://www.aiim.org/pdfa/ns/id/}part": "2",
    "{http://www.aiim.org/pdfa/ns/id/}conformance": "A",
    "{http://www.aiim.org/pdfua/ns/id/}part": "1",
}


@pytest.fixture(scope="module")
def library(either_library: Library) -> Library:
    """Print with each engine in turn."""
    return either_library


def test_the_file_says_that_it_is_pdf_a_2a_and_pdf_ua_1(library: Library) -> None:
    pdf = objects_of(pdf_of(letter_for(library), library))
    with pdf.open_metadata() as metadata:
        assert {key: metadata.get(key) for key in IDENTIFICATION} == IDENTIFICATION
    assert [str(it.S) for it in pdf.Root.OutputIntents] == ["/GTS_PDFA1"]


def test_the_file_is_tagged_and_says_its_language(library: Library) -> None:
    pdf = objects_of(pdf_of(letter_for(library), library))
    assert (bool(pdf.Root.MarkInfo.Marked), str(pdf.Root.Lang)) == (True, "en-US")


def test_a_letter_has_one_heading_its_subject(library: Library) -> None:
    pdf = objects_of(pdf_of(letter_for(library), library))
    kinds = [str(it.S) for it in elements_of(pdf)]
    assert [it for it in kinds if re.fullmatch(r"/H\d?", it)] == ["/H1"]


LISTS = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block statement %}
<ol>
  <li>first<ul><li>one</li><li>two</li></ul></li>
  <li><p>second</p><p>more of it</p></li>
  {% for i in range(90) %}<li>item, and <strong>more</strong></li>{% endfor %}
</ol>
{% endblock %}
"""


def test_each_item_of_a_list_has_a_label_and_a_body(library: Library, tmp_path: Path) -> None:
    wording = {"secure-communities/opt-out.html.j2": LISTS}
    library = library_with(tmp_path, wording).with_options(library.options)
    pdf = objects_of(pdf_of(letter_for(library), library))
    items = [it for it in elements_of(pdf) if it.S == "/LI"]
    assert [kinds_within(it) for it in items] == [["/Lbl", "/LBody"]] * 94
    assert {str(it.P.S) for it in items} == {"/L"}


def test_an_item_with_nothing_but_a_list_has_a_label_alone(tmp_path: Path) -> None:
    bare = LISTS.replace("first<ul>", "<ul>")
    library = library_with(tmp_path, {"secure-communities/opt-out.html.j2": bare})
    pdf = objects_of(pdf_of(letter_for(library), library))
    kinds = [kinds_within(it) for it in elements_of(pdf) if it.S == "/LI"]
    assert kinds == [["/Lbl"], *[["/Lbl", "/LBody"]] * 93]


def test_what_an_element_holds_knows_it_as_its_parent(library: Library, tmp_path: Path) -> None:
    wording = {"secure-communities/opt-out.html.j2": LISTS}
    library = library_with(tmp_path, wording).with_options(library.options)
    pdf = objects_of(pdf_of(letter_for(library), library))
    astray = [
        str(inner.S)
        for element in elements_of(pdf)
        for inner in element.K
        if isinstance(inner, pikepdf.Dictionary) and "/S" in inner
        if inner.P.objgen != element.objgen
    ]
    assert astray == []


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


def is_typst(library: Library) -> bool:
    return library.context.engine_name == "typst"


def png() -> bytes:
    stream = BytesIO()
    Raster.new("RGB", (40, 40), "navy").save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "seal",
    [Image("image/png", png(), "Seal of Marin"), Image("image/svg+xml", SVG, "A & B")],
    ids=["png", "svg"],
)
def test_the_seal_has_its_words_and_its_box_in_points_from_the_foot(
    library: Library, seal: Image
) -> None:
    letter = msgspec.structs.replace(letter_for(library), seal=seal)
    pdf = objects_of(pdf_of(letter, library))
    (figure,) = [it for it in elements_of(pdf) if it.S == "/Figure"]
    assert str(figure.Alt) == seal.alt
    # 0.8 in high, in the corner of the margins: 1 in from the left and 0.6 in from the top
    left, low, right, high = map(float, box_of(figure))
    assert (left, low, high) == pytest.approx((72, 792 - 43.2 - 57.6, 792 - 43.2), abs=1)
    # Typst's is the picture's own box, and WeasyPrint's is the room for it, 1.1 in wide.
    assert right - left == pytest.approx(57.6 if is_typst(library) else 79.2, abs=1)
