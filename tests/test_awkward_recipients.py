"""Twenty awkward recipients: on the finished page each is whole in the window, or is told of."""

import re

import pytest
from conftest import TODAY
from make_letters import document_of
from read_pdf import CLEAR, SAFE, Line, is_safe, seen_on

from optout_cli.engines.measure import LINES
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.templating.filters import typographic

# How many lines each takes on paper, and its attention, organization, street and place.
AWKWARD = {
    "accents": (4, "Jefa, Sección 2 / Negociado de Policía / Calle Núñez 7 / Añasco, PR 00610"),
    "two accents": (4, "Trưởng phòng / Sở Cảnh sát / 1 Way / San José, CA 95110"),
    "okina": (
        4,
        "Director / Hawai\u02bbi Data Center / Kek\u016bana\u014d St. / Hilo, HI 96720",
    ),
    "apostrophes": (4, "Chief / Prince George's Sheriff\u2019s / O'Brien Way / Largo, MD 20774"),
    "quotes": (4, 'Director / The "Old" Annex / «1» Main Street / Ross, CA 94957'),
    "hyphens": (4, "Co-Director / Winston-Salem-Forsyth-Co. / 1-A Way / Winston-Salem, NC 27101"),
    "markup": (4, "ID & Records / Unit <3> & {ID} / 5th & Main / Ross, CA 94957"),
    "signs": (4, "Desk #3 (rear) / 100% Records, No. 7½ / Suite #300 / Ross, CA 94957-0001"),
    "capitals": (4, "DIRECTOR / STATE BUREAU / P.O. BOX 1 / ROSS, CA 94957"),
    "narrow": (4, "I / l / 1 l / Ii, IL 61111"),
    "wide": (4, "WWWW MMMM WWWW MMMM / MMMM WWWW MMMM / 1 WWWW / WWMWWM, WA 98888-8888"),
    "a full line": (
        4,
        "Director / Bureau of Criminal Identification: Files / 1 Way / Ross, CA 94957",
    ),
    "a long city": (4, "Chief / Bureau / 1 Way / Rancho Santa Margarita, CA 92688-1234"),
    "dashes": (4, "Director / Records \u2014 State House / Room 1\u20132 / Augusta, ME 04333"),
    "military": (4, "Commander / CID / PSC 1234 Box 5678 / APO, AE 09012"),
    "points": (4, "Dir. a. i. / Dept. of Pub. Saf. / P. O. Box 1... / St. Mary's, GA 31558"),
    "digits": (4, "24-7 Desk / 911 Center 2 / 1600 16th St. NW 16 / Washington, DC 20009"),
    "wraps": (5, f"Director / {'Records Section ' * 5}/ 1 Way / Ross, CA 94957"),
    "wraps twice": (
        6,
        f"{'Chief of Files ' * 4}/ {'Records Section ' * 5}/ 1 Way / Ross, CA 94957",
    ),
    "no blank": (5, f"Director / {'Q' * 50} / 1 Way / Ross, CA 94957"),
}


def seen_for(block: str, library: Library) -> tuple[list[Line], list[str]]:
    """Write a letter to a recipient; return what shows in the window, and what is told of it."""
    attention, organization, street, place = (part.strip() for part in block.split("/"))
    city, _, rest = place.partition(", ")
    state, _, code = rest.partition(" ")
    document = document_of()
    document.data["recipients"] = {
        "bureau": {
            "attention": attention,
            "organization": [organization],
            "address": {"street": [street], "city": city, "state": state, "zip": code},
        }
    }
    (export,) = exports_of(document, library, Order(today=TODAY, parties=("bureau",)))
    return seen_on(export.content), [it.code for it in export.notes]


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_recipient_is_whole_in_the_window_or_told_of(
    name: str, typst_library: Library
) -> None:
    lines, block = AWKWARD[name]
    seen, told = seen_for(block, typst_library)
    # A word that is broken anywhere has no blank there: compare the characters.
    assert "".join(it.text for it in seen).replace(" ", "") == re.sub(
        "[ /]", "", typographic(block)
    )
    assert len(seen) == lines
    assert all(map(is_safe, seen)) == (lines <= LINES)
    assert told == ["envelope"] * (lines > LINES)


@pytest.mark.no_cover
def test_accents_over_a_capital_of_the_first_line_take_a_third_of_the_clear_margin_at_most(
    either_library: Library,
) -> None:
    first, *rest = seen_for("\u1ed4 / Bureau / 1 Way / Ross, CA 94957", either_library)[0]
    assert SAFE[1] - CLEAR / 3 < first.top < SAFE[1]
    assert all(map(is_safe, rest))
