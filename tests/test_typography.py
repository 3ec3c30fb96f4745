"""Letters have typographic apostrophes, and no line ends within a date or a citation."""

import pytest
from make_letters import letter_for, letters_for, texts_of

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import ListBlock, Paragraph, Quote, Run
from optout_cli.templating.filters import FILTERS, as_typed, typeset, typographic

OFFICE = "signatory: {name: Pat O'Doe, title: Sheriff, office: Marin County Sheriff's Office}\n"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("the Sheriff's Office", "the Sheriff\u2019s Office"),
        ("the agencies' records; its officers'", "the agencies\u2019 records; its officers\u2019"),
        (
            "Prince George's, O'Brien, Manu'a, D'Iberville",
            "Prince George\u2019s, O\u2019Brien, Manu\u2019a, D\u2019Iberville",
        ),
        (
            "write to pat.o'doe@example.gov, don't call",
            "write to pat.o'doe@example.gov, don\u2019t call",
        ),
        ("5'11 and 'quoted'", "5'11 and \u2018quoted\u2019"),
        ("the F.B.I.'s file in the '90s", "the F.B.I.\u2019s file in the \u201990s"),
        ("Rock 'n' roll; 'Tis so", "Rock \u2019n\u2019 roll; \u2019Tis so"),
        ("said 'yes', and the deputies' cars", "said \u2018yes\u2019, and the deputies\u2019 cars"),
        ("12' by 9'", "12' by 9'"),
        ("no apostrophe", "no apostrophe"),
    ],
)
def test_an_apostrophe_is_a_typographic_one(typed: str, printed: str) -> None:
    assert (typographic(typed), as_typed(printed)) == (printed, typed)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ('the answer was "no."', "the answer was \u201cno.\u201d"),
        ('"Don\'t," it said ("so")', "\u201cDon\u2019t,\u201d it said (\u201cso\u201d)"),
        ("said: \"He said 'no'.\"", "said: \u201cHe said \u2018no\u2019.\u201d"),
        ('a room of 12" by 9"', 'a room of 12" by 9"'),
    ],
)
def test_quotation_marks_are_typographic_ones_in_pairs(typed: str, printed: str) -> None:
    assert typographic(typed) == printed


@pytest.mark.parametrize(
    "kept",
    [
        "August 17, 2010",
        "8 U.S.C. 1357(g)",
        "11 Del. C. \u00a7 8402B",
        "90 FR 8443",
        "section 287(g)",
        "sections VIII",
        "no. 7020 0000 0000 0000 0010",
        "FIPS 06075",
        "Order 13768",
        "U.S. Immigration",
        "St. Mary",
        "5 to 0",
        "10 a.m.",
        "Doe, Jr.",
        "Room 5",
        "90 days",
        "Undersheriff Pat Placeholder",
        "Chief Deputy Robin Doe",
        "Mr. O\u2019Doe",
    ],
)
def test_no_line_ends_within_what_belongs_together(kept: str) -> None:
    bound = kept.replace(" ", "\u00a0")
    paragraph = Paragraph((Run(f"It says {kept} there.", strong=True),))
    expected = Paragraph((Run(f"It says {bound} there.", strong=True),))
    blocks = (paragraph, Quote((paragraph,)), ListBlock(True, ((paragraph,),)))  # ordered
    assert typeset(blocks) == (
        expected,
        Quote((expected,)),
        ListBlock(True, ((expected,),)),  # ordered
    )


def test_no_line_of_the_subject_ends_within_a_date_or_a_code(library: Library) -> None:
    letter = letter_for(library)
    assert letter.subject.endswith("(FIPS\u00a006041), activated on August\u00a010,\u00a02010")
    assert letter.plain_subject.endswith("(FIPS 06041), activated on August 10, 2010")


def test_a_letters_prose_and_names_have_no_straight_apostrophe(library: Library) -> None:
    for letter in letters_for(library, OFFICE + "particulars: {reasons: [It isn't ours.]}"):
        assert [text for text in texts_of(letter) if "'" in text] == []
        assert letter.sender[0] == "Marin County Sheriff\u2019s Office"


def test_a_fax_has_them_in_ascii(library: Library) -> None:
    letter = letter_for(library, OFFICE)
    assert b"Marin County Sheriff's Office" in exporter_for("fax").encode(letter, library.context)


@pytest.mark.parametrize(
    ("items", "joined"),
    [
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b, or c"),
        (["May 1, 2026", "May 2, 2026"], "May 1, 2026, or May 2, 2026"),
    ],
)
def test_a_list_of_two_dates_has_a_comma_after_the_year(items: list[str], joined: str) -> None:
    assert FILTERS["or_list"](items) == joined
