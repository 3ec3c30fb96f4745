"""What letters of today say of the program, and what they and their notes know on which day."""

import pytest
from make_letters import body_texts, letter_for, letters_for, notice_for

from optout_cli.letters import Library

ORDER_14287 = "Executive Order 14287 of April 28, 2025 (90 FR 18761)"


def words(library: Library, day: str, more: str = "") -> str:
    """Return the words of the bureau's letter of that day."""
    return " ".join(body_texts(letter_for(library, f"date: {day}\n{more}"))).replace("\u2019", "'")


@pytest.mark.parametrize(
    ("day", "said", "unsaid"),
    [
        ("2014-11-19", "for any jurisdiction.\u201d This notice", "discontinued"),
        ("2014-11-20", "wrote: \u201cThe Secure Communities program, as we know it", "13768"),
        (
            "2017-01-30",
            "Executive Order 13768 of January 25, 2017 (82 FR 8799), brought it back.",
            "1399",
        ),
        (
            "2021-01-25",
            "and Executive Order 13993 of January 20, 2021 (86 FR 7051), revoked",
            "14159",
        ),
        ("2026-11-20", "the second of these orders, without naming the program.", "not settled"),
    ],
)
def test_a_letter_tells_the_programs_history_up_to_its_day(
    library: Library, day: str, said: str, unsaid: str
) -> None:
    text = words(library, day)
    assert (said in text, unsaid in text) == (True, False)


def test_a_letter_of_today_says_what_it_means_by_the_program(library: Library) -> None:
    text = words(library, "2026-11-20")
    assert (
        "opts out of Secure Communities: it does not wish to take part in that program, by which"
        " it means the checking of fingerprints sent for criminal identification against"
        " immigration records, under whatever name."
    ) in text
    assert "remain activated" not in text


@pytest.mark.parametrize("more", ["", "particulars: {scheduled: 2027-01-01}"])
def test_a_letter_of_today_asks_to_be_removed_from_a_plan_only_if_one_is_in_force(
    library: Library, more: str
) -> None:
    text = words(library, "2026-11-20", more)
    asked = text.count("removed from the Secure Communities deployment plan")
    assert (asked, "deployment plan, if one is in force;" in text) == (1, True)


@pytest.mark.parametrize("day", ["2010-08-17", "2010-11-15", "2026-11-20"])
def test_no_letter_says_on_which_day_the_procedure_was_published(
    library: Library, day: str
) -> None:
    text = words(library, day)
    assert ("document dated August 17, 2010, " in text, "published" in text) == (True, False)


@pytest.mark.parametrize(
    "lines",
    [
        "letter: secure-communities/opt-out",
        "letter: secure-communities/decline-results",
        "letter: 287g/terminate\nparticulars: {model: jem, clause: Own.}",
    ],
)
@pytest.mark.parametrize(("day", "told"), [("2025-04-27", 0), ("2025-04-28", 1), ("2026-11-20", 1)])
def test_every_letter_since_executive_order_14287_has_a_note_on_it(
    library: Library, lines: str, day: str, told: int
) -> None:
    notice = notice_for(library, f"date: {day}\n{lines}")
    assert sum(ORDER_14287 in note.text for note in notice.notes) == told


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("marin-county-ca", "the County"),
        ("orleans-parish-la", "the Parish"),
        ("alexandria-city-va", "the City"),
        ("san-francisco-county-ca", "the City and County"),
        ("juneau-city-and-borough-ak", "the City and Borough"),
        ("james-city-county-va", "the County"),
        ("adjuntas-municipio-pr", "the Municipality"),
        ("district-of-columbia-dc", "the District"),
        ("bethel-census-area-ak", "the jurisdiction"),
    ],
)
def test_a_jurisdiction_calls_itself_by_its_kind(library: Library, place: str, name: str) -> None:
    letters = letters_for(library, f"jurisdiction: {place}")
    assert {it.notice.calls_itself for it in letters} == {name}
    assert f"(\u201c{name}\u201d)" in body_texts(letters[0])[0]


def test_a_sender_is_not_named_twice_where_its_name_is_short(library: Library) -> None:
    (letter,) = letters_for(library, "{jurisdiction: guam, to: ice}")
    first, *others = body_texts(letter)
    assert "I write on behalf of Guam. Guam gives formal notice" in first
    assert "Guam asks:" in others
    name = "the Hialeah Police Department"
    agency = f"{{jurisdiction: Hialeah PD FL, letter: 287g/terminate, calls-itself: {name}}}"
    assert f"on behalf of {name}. The Hialeah" in body_texts(letter_for(library, agency))[0]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (
            "particulars: {model: jem, agency: Benton County Sheriff\u2019s Office}",
            "Sheriff's Office",
        ),
        ("particulars: {model: jem, agency: Hialeah Police Department}", "Police Department"),
        ("particulars: {model: jem, agency: Benton County Sheriff}", "Sheriff's Office"),
        (
            "particulars: {model: jem, agency: Office of the Attorney General}",
            "Attorney General's Office",
        ),
        ("particulars: {model: jem, agency: Florida Fish and Wildlife}", "agency"),
        ("particulars: {model: jem, agency: Franklin County Sheriffs Office}", "Sheriff's Office"),
        ("particulars: {model: jem, agency: Southwest Regional Jail Authority}", "Authority"),
        (
            'particulars: {model: jem, agency: "Parker County (County) Attorney\'s Office"}',
            "County Attorney's Office",
        ),
        (
            'particulars: {model: jem, agency: "Mississippi Attorney General\'s Office"}',
            "Attorney General's Office",
        ),
        (
            "particulars: {model: jem, agency: Benton County Board of County Commissioners}",
            "Board of County Commissioners",
        ),
        ("particulars: {model: jem, agency: North County Police Cooperative}", "Police Department"),
        (
            "particulars: {model: jem, agency: Benton County Corrections Department}",
            "Corrections Department",
        ),
        ("particulars: {model: jem, agency: Office of Agricultural Law Enforcement}", "Office"),
        ("particulars: {model: jem, agency: Constable Unity Township}", "Constable's Office"),
        ("particulars: {model: jem}", "County"),
        ("particulars: {model: jem}\ncalls-itself: The Office", "Office"),
    ],
)
def test_an_agency_calls_itself_by_its_kind_or_as_the_request_says(
    library: Library, lines: str, name: str
) -> None:
    base = "jurisdiction: benton-county-ar\nletter: 287g/terminate\ndate: 2026-11-24\n"
    assert notice_for(library, lines, base).calls_itself == f"the {name}"
