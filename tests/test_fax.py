"""The letter as fax-ready text: a cover page, numbered pages, and nothing torn apart."""

from pathlib import Path

import pytest
from conftest import ROOT, TODAY
from hypothesis import given
from hypothesis import strategies as st
from letters_by_period import SETTINGS, Setting, letters_in
from make_letters import BARE, document_of, letter_for, letters_for, told_by
from msgspec.structs import replace
from read_fax import MARKS, pages_of, said_by, said_in, sheets_of

from optout_cli.exporters import FAX_LINES, ExportContext, Options, exporter_for
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Block, Cover, Heading, Letter, ListBlock, Paragraph, Quote, Run
from optout_cli.templating.filters import typeset

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
FAX = "recipients: {bureau: {fax: 916-555-0130}}"


def fax_of(letter: Letter, library: Library, options: Options | None = None) -> str:
    return (
        exporter_for("fax")
        .encode(letter, ExportContext(library.templates, options))
        .decode("ascii")
    )


COVER = """\
Marin County, California

FACSIMILE

To:            California Department of Justice, Bureau of Criminal Information
               and Analysis
Fax:           916-555-0130
From:          Pat Placeholder, Sheriff, Marin County, California
Date:          November 20, 2026
Re:            Notice of opt-out: Secure Communities, Marin County, California
Our reference: {reference}
Pages:         3, with this one

This fax is meant only for the addressee above. If you received it by mistake,
please tell us, and destroy it.
"""


def test_the_first_page_is_the_cover(library: Library) -> None:
    letter = letter_for(library, FAX)
    cover = fax_of(letter, library).partition("\f")[0]
    assert cover == COVER.format(reference=letter.notice.reference)


def test_each_later_page_begins_with_its_head_and_a_blank_line(library: Library) -> None:
    letter = letter_for(library, FAX)
    assert [page[:3] for page in pages_of(fax_of(letter, library))[1:]] == [
        [
            "Marin County, California, to California Department of Justice,",
            f"{letter.notice.reference}, page {number} of 3",
            "",
        ]
        for number in (2, 3)
    ]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_words_are_the_letters_words_in_their_order(library: Library, setting: Setting) -> None:
    for letter in letters_in(setting, library):
        assert said_in(fax_of(letter, library)) == said_by(letter)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_words_are_their_words_in_their_order(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        assert said_in(fax_of(letter, library)) == said_by(letter)


def test_another_word_in_the_body_is_another_word_in_the_fax(library: Library) -> None:
    letter = letter_for(library)
    other = replace(letter, body=(*letter.body[:-1], Paragraph((Run("changed"),))))
    assert said_in(fax_of(letter, library)) != said_by(other)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("height", [20, 37, FAX_LINES, 400])
def test_no_page_is_longer_wider_or_looser_than_paper_takes(
    library: Library, path: Path, height: int
) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        pages = pages_of(fax_of(letter, library, Options(lines_per_page=height)))
        assert [it for page in pages for it in page if len(it) > 80 or it != it.rstrip()] == []
        assert [page for page in pages if len(page) > height or not page[0] or not page[-1]] == []


def test_a_page_of_400_lines_holds_the_whole_letter(library: Library) -> None:
    text = fax_of(letter_for(library), library, Options(lines_per_page=400))
    assert "Pages:         2, with this one\n" in text
    assert text.count("\f") == 1


def test_a_draft_is_marked_on_each_page(library: Library) -> None:
    text = fax_of(letter_for(library, base=BARE), library)
    assert pages_of(text)[0][:2] == ["DRAFT", ""]
    assert [sheet[:2] for sheet in sheets_of(text)] == [["DRAFT", ""]] * text.count("\f")


def test_a_whole_letter_that_is_not_to_be_sent_yet_is_marked_as_a_draft(library: Library) -> None:
    order = Order(today=TODAY, parties=("bureau",), formats=("fax",), is_draft=True)
    (draft,) = exports_of(document_of(FAX), library, order)
    text = draft.content.decode("ascii")
    assert text.count("DRAFT\n") == len(pages_of(text))


def test_a_letter_without_a_cover_begins_with_its_head(library: Library) -> None:
    text = fax_of(replace(letter_for(library), cover=Cover()), library)
    assert pages_of(text)[0][1].endswith(", page 1 of 2")


def test_a_cover_that_fills_a_page_goes_on_overleaf(library: Library) -> None:
    letter = replace(letter_for(library), cover=Cover("A", (), (*["A fact"] * 30, "{pages} pages")))
    text = fax_of(letter, library)
    assert [page[-1] for page in pages_of(text)[:2]] == ["A fact", "4 pages"]
    assert pages_of(text)[1][1].endswith(", page 2 of 4")


def test_no_line_ends_within_what_belongs_together(library: Library) -> None:
    for start in range(60, 76):
        body = typeset((Paragraph((Run("x" * start + " under 8 U.S.C. 1357(g), then"),)),))
        text = fax_of(replace(letter_for(library), body=body), library)
        assert "8 U.S.C. 1357(g)," in text


def test_braces_in_the_letters_own_words_stay(library: Library) -> None:
    text = "see {page} and {pages}"
    letter = replace(letter_for(library), body=(Paragraph((Run(text),)),))
    assert f"\n\n{text}\n\n" in fax_of(letter, library)


def test_a_head_that_fills_the_page_is_a_problem(library: Library) -> None:
    letter = replace(letter_for(library), head="word " * 160)
    assert told_by(lambda: fax_of(letter, library, Options(lines_per_page=20))) == (
        "a page of 20 lines has no room for the letter\n"
        "  hint: its head takes 12 lines; give it more with --lines-per-page"
    )


def running(kind: str, length: int) -> Paragraph:
    """Make a paragraph of `length` words that says where it begins and ends."""
    return Paragraph((Run(" ".join(["Begins", *[kind] * length, "ends."])),))


LENGTHS = st.integers(0, 120)
PARAGRAPHS = st.builds(lambda length: (running("paragraph", length),), LENGTHS)
HEADED = st.builds(lambda length: (Heading((Run("HEADING"),)), running("headed", length)), LENGTHS)
LISTS = st.builds(
    lambda introduction, lengths, ordered: (
        Paragraph((Run(" ".join(["Begins", *["leads"] * introduction, "ends:"])),)),
        ListBlock(ordered, tuple((running("item", it),) for it in lengths)),
    ),
    st.integers(0, 30),
    st.lists(LENGTHS, min_size=1, max_size=12),
    st.booleans(),
)
NESTED = st.builds(
    lambda length, lengths: (
        ListBlock(
            True,
            (
                (running("item", length),),
                (
                    Paragraph((Run("Begins ends:"),)),
                    ListBlock(False, tuple((running("inner", it),) for it in lengths)),
                ),
            ),
        ),
    ),
    LENGTHS,
    st.lists(LENGTHS, min_size=1, max_size=5),
)
QUOTES = st.builds(
    lambda lengths: (Quote(tuple(running("quoted", it) for it in lengths)),),
    st.lists(LENGTHS, min_size=1, max_size=3),
)
BODIES = st.lists(PARAGRAPHS | HEADED | LISTS | NESTED | QUOTES, min_size=1, max_size=14)


@pytest.mark.no_cover  # slow, with code that others cover
@given(parts=BODIES, height=st.integers(20, 70))
def test_pages_break_where_a_person_would(
    library: Library, parts: list[tuple[Block, ...]], height: int
) -> None:
    letter = replace(letter_for(library), body=tuple(it for part in parts for it in part))
    text = fax_of(letter, library, Options(lines_per_page=height))
    sheets = sheets_of(text)
    assert said_in(text) == said_by(letter)
    assert f"Pages:         {len(sheets) + 1}, with this one\n" in text
    assert [page[1].partition(", page ")[2] for page in pages_of(text)[1:]] == [
        f"{number} of {len(sheets) + 1}" for number in range(2, len(sheets) + 2)
    ]
    assert max(map(len, pages_of(text))) <= height
    signature = ["Respectfully,", "", "", "", "", "Pat Placeholder", "Sheriff"]
    assert [it for it in sheets if "\n".join(signature) in "\n".join(it)] == [
        it for it in sheets if "Respectfully," in it or "Sheriff" in it
    ]
    # Neither a heading, nor a greeting, nor a paragraph's first line alone.
    assert [sheet[-1] for sheet in sheets if is_alone(sheet[-1])] == []


def is_alone(line: str) -> bool:
    begins = line.split(maxsplit=1)[0] in (*MARKS, "Begins") and not line.endswith("ends.")
    return begins or line in ("HEADING", "To the State Identification Bureau:")


@pytest.mark.no_cover  # slow, with code that others cover
@given(parts=BODIES, height=st.integers(36, 70))
def test_a_page_never_begins_with_the_signature_or_a_list_without_its_introduction(
    library: Library, parts: list[tuple[Block, ...]], height: int
) -> None:
    letter = replace(letter_for(library), body=tuple(it for part in parts for it in part))
    sheets = sheets_of(fax_of(letter, library, Options(lines_per_page=height)))
    assert [sheet[0] for sheet in sheets if sheet[0] == "Respectfully,"] == []
    assert [sheet[-1] for sheet in sheets if sheet[-1].endswith("ends:")] == []
    # Two lines of a paragraph or none.
    tails = [sheet[0] for sheet in sheets if sheet[0].strip().endswith("ends.")]
    assert [it for it in tails if "Begins" not in it] == []


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("height", range(20, 60))
def test_what_ends_in_a_colon_is_no_pages_last_and_the_foot_no_pages_only_line(
    library: Library, height: int
) -> None:
    reasons = [Paragraph((Run(it),)) for it in ("These are the reasons:", "One.", "Two.")]
    letter = replace(letter_for(library), body=(*reasons * 9,))
    sheets = sheets_of(fax_of(letter, library, Options(lines_per_page=height)))
    assert [sheet[-1] for sheet in sheets if sheet[-1].endswith("reasons:")] == []
    assert len(sheets[-1]) > 1


@pytest.mark.parametrize("height", [20, 21, 52])
def test_a_page_is_filled_to_its_last_line(library: Library, height: int) -> None:
    items = tuple((Paragraph((Run("one line"),)),) for _ in range(400))
    letter = replace(letter_for(library), body=(ListBlock(False, items),))
    pages = pages_of(fax_of(letter, library, Options(lines_per_page=height)))
    assert {len(page) for page in pages[3:-2]} == {height}


def test_what_shows_nothing_leaves_its_list_mark(library: Library) -> None:
    nothing = Paragraph((Run("\u00ad"),))
    items = ((nothing,), (nothing, nothing))
    body = (nothing, Heading(nothing.runs), ListBlock(True, items), Quote((nothing,)))
    text = fax_of(replace(letter_for(library), body=body), library)
    assert "\nTo the State Identification Bureau:\n\n1.\n2.\n\nRespectfully,\n" in text
