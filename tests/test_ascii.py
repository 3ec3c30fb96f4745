"""A letter in ASCII: what stands for each character, and what nothing stands for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import document_of, letter_for, told_by
from msgspec.structs import replace

from optout_cli.exporters.fax import ascii_of, in_ascii
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Heading, ListBlock, Paragraph, Quote, Run


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("8 U.S.C. \u00a7 1357(g)", "8 U.S.C. Sec. 1357(g)"),
        ("\u00a71357(g)", "Sec. 1357(g)"),
        ("\u00a7\u00a011 and \u00a7\u00a7\u00a011\u201312", "Sec. 11 and Secs. 11--12"),
        ("\u00a7\u00a711, 12", "Secs. 11, 12"),
        ("(\u00a7)", "(Sec.)"),
        ("\u00b6 4, \u00b64, \u00b6\u00b64", "Par. 4, Par. 4, Pars. 4"),
        ("O\u02bbahu, Hawai\u02bci", "O'ahu, Hawai'i"),
        ("\u201cDon\u2019t\u201d, \u2018so\u2019", "\"Don't\", 'so'"),
        ("2010\u20132012 \u2014 so \u2015", "2010--2012 -- so --"),
        ("555\u20110100, 555\u20120100", "555-0100, 555-0100"),
        ("and so on\u2026", "and so on..."),
        ("\u2610 no \u2611 yes \u2612 yes", "[ ] no [x] yes [x] yes"),
        ("2 \u00d7 3", "2 x 3"),
        ("finger\u00adprints", "fingerprints"),
        ("a\u00a0b\u202fc", "a b c"),
        ("1\u00bd, \u00bd", "1 1/2, 1/2"),
        ("Do\u00f1a Ana, \u014chi\u02bba, Stra\u00dfe, \ufb01n", "Dona Ana, Ohi'a, Strasse, fin"),
        ("n\u0303, e\u0301", "n, e"),
        ("\u20ac 5, 5 \u00b0, \u2122", "EUR 5, 5 deg, TM"),
        ("\u05e9\u05dc\u05d5\u05dd", "slvm"),
        ("~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./", "~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./"),
    ],
)
def test_a_text_is_spelled_as_the_field_writes_it(text: str, spelled: str) -> None:
    lacking: dict[str, None] = {}
    assert (ascii_of(text, lacking), lacking) == (spelled, {})


@pytest.mark.no_cover  # slow, with code that others cover
@given(text=st.text())
def test_what_is_spelled_has_seven_bits_and_what_is_not_is_named(text: str) -> None:
    lacking: dict[str, None] = {}
    assert ascii_of(text, lacking).isascii()
    assert not "".join(lacking).isascii() or not lacking


@given(text=st.text(st.characters(categories=("L", "N", "P"), max_codepoint=0x24F)))
def test_every_latin_letter_has_a_spelling(text: str) -> None:
    lacking: dict[str, None] = {}
    assert bool(ascii_of(text, lacking)) == bool(text)
    assert lacking == {}


def test_every_text_of_a_body_is_spelled_and_no_target_of_a_link(library: Library) -> None:
    def words(text: str, end: str = "") -> Paragraph:
        return Paragraph((Run(text), Run(end, strong=True, href="https://example.gov/\u00f1")))

    def body(n: str) -> tuple[Heading | Paragraph | Quote | ListBlock, ...]:
        inner = ListBlock(False, ((words(n),),))
        outer = ListBlock(True, ((words(n), inner),))
        return (Heading((Run(n),)), words(n, n), Quote((words(n),)), outer)

    letter = replace(letter_for(library), body=body("\u00f1"))
    assert in_ascii(letter).body == body("n")


def test_what_a_fax_does_not_show_needs_no_spelling(library: Library) -> None:
    letter = replace(letter_for(library), envelope=("\ue000",), continuation="\ue000")
    assert in_ascii(letter).envelope == letter.envelope
    assert in_ascii(letter).continuation == letter.continuation


def test_each_character_without_a_spelling_is_told_once_at_its_field(library: Library) -> None:
    document = document_of(
        """\
        cc: [{name: "Ann \ue000 Lee"}, {name: "Bob \ue000 Lee"}]
        particulars:
          reasons: ["It is q\u0300ood."]
        """
    )
    order = Order(today=date(2026, 11, 24), formats=("fax",), is_draft=True)
    assert told_by(lambda: exports_of(document, library, order)) == (
        "request.yaml:3:13: a fax has no way to write '\u0300' (U+0300)\n"
        "  hint: spell it without this character\n"
        "request.yaml:1:7: a fax has no way to write '\\ue000' (U+E000)\n"
        "  hint: spell it without this character"
    )
