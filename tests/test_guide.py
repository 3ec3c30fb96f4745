"""`optout guide`: the protocol for one jurisdiction's letter, on one or two pages."""

from pathlib import Path

import pytest
from conftest import TODAY
from desk import Run, lying_in, outcome, words
from stages import html_words

from optout_cli.errors import Spot
from optout_cli.exporters.pages import pages_of
from optout_cli.pipeline.guide import guide_of, guide_written
from optout_cli.pipeline.library import Library

PLACES = [
    "dona-ana-county-nm",
    "orange-county-fl",
    "harris-county-tx",
    "davidson-county-tn",
    "guam-gu",
    "missoula-county-mt",
]
LETTERS = ["secure-communities/opt-out", "287g/terminate"]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("place", PLACES)
def test_a_guide_takes_two_pages_at_most(library: Library, place: str, letter: str) -> None:
    guide = guide_of(place, letter, library, TODAY, Spot(""))
    assert pages_of("pdf", guide_written(guide, TODAY, "pdf", library)) in (1, 2)


def test_it_names_each_recipient_with_routes_source_and_age(run: Run) -> None:
    text = words(outcome(run("guide", "35013"))[1])
    assert "1. \N{BALLOT BOX} Director, New Mexico Department of Public Safety" in text
    assert (
        "2. \N{BALLOT BOX} Field Office Director, U.S. Immigration and Customs Enforcement" in text
    )
    assert "fax not known; e-mail not known. Official source, of 2026-02-04, never" in text
    assert "(https://www.ice.gov/contact/field-offices)" in text
    assert "A copy goes to Director, U.S. Immigration and Customs Enforcement, 500 12th" in text


def test_it_says_what_the_letter_needs_can_and_cannot(run: Run) -> None:
    text = words(outcome(run("guide", "35013", "--letter", "287g/terminate"))[1])
    assert "1. \N{BALLOT BOX} Model: which model the agreement follows" in text
    assert "\N{BALLOT BOX} Enclose a copy of the signed agreement" in text
    assert "- Warrant Service Officer model: 90 days after receipt" in text
    assert "- It ends no other arrangement, such as a contract for detention." in text
    assert "- Each model asks that what is told the press about the agreement" in text


def test_floridas_board_stands_first_among_its_laws(run: Run) -> None:
    text = words(outcome(run("guide", "12095", "--letter", "287g/terminate"))[1])
    laws = text.partition("4. What your state's law asks ")[2]
    assert laws.startswith(
        "- Florida law requires cooperation (287(g) agreements): Fla. Stat. § 908.11"
    )
    assert "the State Board of Immigration Enforcement must approve ending it" in laws


def test_a_state_without_a_known_law_may_have_one(run: Run) -> None:
    text = words(outcome(run("guide", "guam-gu"))[1])
    assert "No law on this is known here, which does not mean that there is none." in text


@pytest.mark.parametrize(
    ("day", "said", "unsaid"),
    [
        ("2010-09-15", ["by which ICE will request a meeting", "only the date of"], "opting in"),
        ("2010-11-15", ["ICE will request a meeting", "which has said since October 6"], "history"),
        ("2026-11-20", ["recalls it as history", "match results are declined"], "only the date of"),
    ],
)
def test_the_day_decides_what_it_says(run: Run, day: str, said: list[str], unsaid: str) -> None:
    text = words(outcome(run("guide", "guam-gu", "--date", day))[1]).replace("Only", "only")
    assert [it for it in said if it not in text] == []
    assert unsaid not in text


def test_each_reply_is_answered_by_a_letter_that_makes_sense_on_that_day(run: Run) -> None:
    text = words(outcome(run("guide", "06041"))[1])
    assert "- ICE offers a meeting: Confirmation of a meeting (secure-communities/meeting-" in text
    assert "adjust-date" not in text  # Marin County was activated


def test_all_forms_say_the_same(library: Library) -> None:
    guide = guide_of("35013", LETTERS[0], library, TODAY, Spot(""))
    text, page = (guide_written(guide, TODAY, it, library).decode() for it in ("txt", "html"))
    marks = ("-", "1.", "2.", "3.")
    plain = [it for it in text.split() if it not in marks]
    shown = html_words(page)[len(guide.title.split()) + len(guide.foot.split()) :]
    bare = [it for it in shown if it not in marks]
    assert bare == plain[: -len(guide.foot.split())]


def test_it_goes_to_a_file_and_replaces_none(run: Run, in_folder: Path) -> None:
    arguments = ("guide", "06041", "--date", "2026-11-20")
    assert outcome(run(*arguments, "-f", "html", "-o", "out/"))[:2] == (
        0,
        "out/2026-11-20-guide-opt-out.html\n",
    )
    assert outcome(run(*arguments, "-o", "g.txt"))[0] == 0
    code, _, err = outcome(run("guide", "35013", "-o", "g.txt"))
    assert (code, "g.txt" in err) == (1, True)
    assert outcome(run("guide", "35013", "-o", "g.txt", "--force"))[0] == 0
    assert lying_in(in_folder) == ["g.txt", "out/2026-11-20-guide-opt-out.html"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere-zz"], "JURISDICTION: no jurisdiction is known as 'nowhere-zz'"),
        (["06041", "--letter", "a/b"], "--letter: there is no letter 'a/b'"),
        (
            ["06041", "--letter", "secure-communities/adjust-date"],
            "JURISDICTION: Marin County, CA was activated on 2010-08-10, so that no",
        ),
        (["06041", "--date", "2001-01-01"], "JURISDICTION: Secure Communities began on 2008-10-27"),
    ],
)
def test_what_cannot_be_guided_is_told(run: Run, arguments: list[str], told: str) -> None:
    code, out, err = outcome(run("guide", *arguments))
    assert (code, out, err[: len(told)]) == (2, "", told)


def test_a_name_of_another_kind_is_refused(run: Run) -> None:
    assert "end its name in .txt" in outcome(run("guide", "06041", "-o", "guide.pdf"))[2]
