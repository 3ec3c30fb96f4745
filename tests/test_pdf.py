"""The letter as PDF: its pages, its words, and the bytes that they always are."""

from pathlib import Path

import pytest
from conftest import REQUEST, ROOT
from make_letters import BARE, letter_for, letters_for, library_with, pdf_of, texts_of
from msgspec.structs import replace
from read_pdf import lines_on, objects_of, opened, shapes_on, tagged_words, text_on

from optout_cli.cache import Cache
from optout_cli.letters import Library
from optout_cli.model.letter import Image, Letter

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
DIFFERENT = ("/Producer", "/Creator")  # the engine, or optout
LONG = f"particulars: {{reasons: [{'It costs far too much. ' * 200}]}}"  # three pages


@pytest.fixture(scope="module")
def library(either_library: Library) -> Library:
    """Print with each engine in turn."""
    return either_library


def read_aloud(content: bytes) -> str:
    """Return the text in the order of the tags, without blanks: readers add some of their own."""
    return "".join(it for it in tagged_words(content) if it != "·")


def on_paper(letter: Letter) -> str:
    """Return a letter's text as its pages have it: labels, and the window's block as address."""
    texts = texts_of(letter)[bool(letter.mark) : -2]  # mark, running head and foot are apart
    first = texts.index(letter.recipient[0])
    texts[first : first + len(letter.recipient)] = letter.envelope
    for line in letter.to:
        texts[texts.index(line)] = f"To: {line}"
    texts[texts.index(letter.subject)] = f"Re: {letter.subject}"
    return "".join("".join(texts).split())


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_words_in_reading_order_are_the_letters_words(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        assert read_aloud(pdf_of(letter, library)) == on_paper(letter)


NESTED = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block statement %}
<h2>What is asked</h2>
<ol>
  <li>first<ul><li>one</li><li>two</li></ul></li>
  <li><p>second</p><p>more of it</p></li>
</ol>
<p>See <a href="https://example.gov/">the <em>page</em></a>,<br>then <strong>answer</strong>.</p>
{% endblock %}
"""


@pytest.mark.no_cover
def test_a_list_within_a_list_and_a_link_are_read_in_their_place(
    library: Library, tmp_path: Path
) -> None:
    wording = {"secure-communities/opt-out.html.j2": NESTED}
    library = library_with(tmp_path, wording).with_options(library.options)
    letter = letter_for(library)
    assert read_aloud(pdf_of(letter, library)) == on_paper(letter)


def test_every_page_is_us_letter(library: Library) -> None:
    document = opened(pdf_of(letter_for(library, LONG), library))
    assert [page.get_size() for page in document] == [(612, 792)] * 3


def test_the_file_says_its_title_author_maker_and_day(library: Library) -> None:
    letter = letter_for(library)
    pdf = objects_of(pdf_of(letter, library))
    assert {key: str(value) for key, value in pdf.docinfo.items() if key not in DIFFERENT} == {
        "/Title": letter.plain_subject,
        "/Author": letter.sender[0],
        "/Keywords": letter.keywords,
        "/CreationDate": "D:20261120120000Z",
        "/ModDate": "D:20261120120000Z",
    }
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)


def test_pages_after_the_first_carry_recipient_date_reference_and_number(
    library: Library,
) -> None:
    letter = letter_for(library, LONG)
    first, *others = opened(pdf_of(letter, library))
    tops = [[line for line in lines_on(page) if line.bottom < 0.95] for page in others]
    heads = [[line.text for line in sorted(lines, key=lambda line: line.left)] for lines in tops]
    words, _, reference = letter.continuation.rpartition(" ")
    assert heads == [[words, reference, f"Page {number} of 3"] for number in (2, 3)]
    assert all(
        max(line.bottom for line in lines) - min(line.top for line in lines) < 0.15
        for lines in tops
    )
    assert "Page" not in text_on(first)
    named = [letter.notice.recipient.contact.organization[0], letter.date, letter.notice.reference]
    assert [it in letter.continuation for it in named] == [True] * 3


def test_every_page_has_the_letters_kind_and_version_at_its_foot(library: Library) -> None:
    letter = letter_for(library, LONG)
    document = opened(pdf_of(letter, library))
    assert [lines_on(page)[-1].text for page in document] == [letter.foot] * 3


@pytest.mark.parametrize(("base", "is_draft"), [(BARE, True), (REQUEST, False)])
def test_a_draft_is_marked_on_each_page_and_a_signed_letter_on_none(
    library: Library, base: str, is_draft: bool
) -> None:
    document = opened(pdf_of(letter_for(library, LONG, base), library))
    marked = ["DRAFT" in text_on(page).replace(" ", "") for page in document]
    assert marked == [is_draft] * 3


def test_no_word_stands_in_the_margins_at_the_sides(library: Library) -> None:
    word = "particulars: {reasons: [" + "long" * 300 + "]}"
    for page in opened(pdf_of(letter_for(library, word), library)):
        # Typst's box of a line has the space behind the last word, which shows nothing.
        assert {0.98 <= it.left <= it.right <= 7.55 for it in lines_on(page)} == {True}


def test_the_folds_are_marked_on_the_first_page_alone(library: Library) -> None:
    first, *others = opened(pdf_of(letter_for(library, LONG), library))
    marks = [[box for box in shapes_on(page) if box[2] < 0.9] for page in (first, *others)]
    assert [(left, right) for left, _, right, _ in marks[0]] == [(0.12, 0.3)] * 2
    heights = sorted((top + bottom) / 2 for _, top, _, bottom in marks[0])
    assert heights == pytest.approx([3.95, 7.475], abs=0.01)
    assert marks[1:] == [[], []]


@pytest.mark.no_cover
def test_the_same_letter_gives_the_same_bytes_on_any_press(library: Library, cache: Cache) -> None:
    letter, other = letter_for(library), letter_for(library, LONG)
    first, _, again = (pdf_of(it, library) for it in (letter, other, letter))
    fresh = Library(cache=cache, options=library.options)
    assert [pdf_of(letter, fresh)] * 2 == [first, again]


def test_the_page_that_was_just_printed_is_not_laid_out_again(library: Library) -> None:
    letter = letter_for(library)
    printed, again, other = (
        pdf_of(it, library) for it in (letter, letter, letter_for(library, LONG))
    )
    assert (again is printed, other == printed, pdf_of(letter, library) == printed) == (
        True,
        False,
        True,
    )


def test_a_page_with_another_picture_is_another_page(library: Library) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h{}v9z"/></svg>'
    seals = [Image("image/svg+xml", svg.format(it).encode(), "Seal") for it in (3, 9)]
    one, other = (pdf_of(replace(letter_for(library), seal=it), library) for it in seals)
    assert one != other
