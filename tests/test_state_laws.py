"""What the shipped state laws tell the user of which letter, and from which day."""

import re
from datetime import timedelta

import pytest
from make_letters import notice_for

from optout_cli.letters import Library

TERMINATE = "letter: 287g/terminate\nparticulars: {model: jem}\n"
SUSPEND = "letter: 287g/suspend\nparticulars: {model: wso}\n"
OPT_OUT = "letter: secure-communities/opt-out\n"
HOLDS = f"{OPT_OUT}particulars: {{declines: [detainers]}}\n"
DECLINES = f"{OPT_OUT}particulars: {{declines: [detainers, 287g]}}\n"


def told(library: Library, place: str, lines: str, day: str = "2026-11-24") -> list[str]:
    """Return what a letter of that day is told of its state's laws."""
    notice = notice_for(library, f"jurisdiction: {place}\ndate: {day}\n{lines}")
    return [it.text for it in notice.notes if it.code == "state-law"]


@pytest.mark.parametrize(
    ("place", "lines", "words"),
    [
        ("davidson-county-tn", OPT_OUT, "Tenn. Pub. Ch. 1 (2025 first extraordinary session"),
        (
            "davidson-county-tn",
            OPT_OUT,
            "commits a felony and is removed from office on conviction",
        ),
        ("davidson-county-tn", OPT_OUT, "Pub. Ch. 1 of the 2025 special session added criminal"),
        ("davidson-county-tn", TERMINATE, "gives 2027-01-01 as the deadline"),
        ("hinds-county-ms", TERMINATE, "Mississippi law requires cooperation (287(g) agreements)"),
        ("hinds-county-ms", SUSPEND, "Miss. SB 2114 (2026), in effect since 2026-07-01"),
        ("kanawha-county-wv", TERMINATE, "W. Va. Code § 15-16-4"),
        ("wake-county-nc", OPT_OUT, 'North Carolina law prohibits "sanctuary" policies'),
        ("wake-county-nc", OPT_OUT, "SB 153 of the 2025-2026 session (Border Protection Act)"),
        ("rensselaer-county-ny", TERMINATE, "N.Y. Executive Law § 170-k"),
        ("rensselaer-county-ny", TERMINATE, "in effect since 2026-05-27"),
        ("rensselaer-county-ny", TERMINATE, "void and unenforceable from 2026-08-25"),
        ("bergen-county-nj", TERMINATE, "N.J. P.L. 2026, c. 5"),
        ("bergen-county-nj", OPT_OUT, "put into statute by P.L. 2026, c. 5"),
        ("tarrant-county-tx", TERMINATE, "sheriffs must comply by 2026-12-01"),
        ("tarrant-county-tx", TERMINATE, "demanded it of one sheriff on 2026-05-13"),
        ("hillsborough-county-fl", TERMINATE, "by unanimous vote"),
        ("johnson-county-ks", TERMINATE, "Kan. S. Sub. for HB 2372 (2026)"),
        ("cecil-county-md", TERMINATE, "existing ones must end by 2026-07-01"),
        ("freeborn-county-mn", TERMINATE, "reports a preliminary injunction of 2026-01-16"),
        ("cumberland-county-me", TERMINATE, "forecast for mid-July 2026"),
        ("denver-county-co", OPT_OUT, "Colo. HB26-1276 (2026)"),
        ("hartford-county-ct", HOLDS, "The United States sued over the act on 2026-04-14"),
        ("marion-county-in", HOLDS, "amending Ind. Code ch. 5-2-18.2"),
        ("tulsa-county-ok", HOLDS, "22 O.S. § 171.3 and 57 O.S. § 16a"),
        ("cecil-county-md", HOLDS, "The United States sued on 2026-07-09"),
        ("orleans-parish-la", OPT_OUT, "public officials, sheriffs among them, can be charged"),
    ],
)
def test_a_letter_is_told_of_its_states_law(
    library: Library, place: str, lines: str, words: str
) -> None:
    assert [it for it in told(library, place, lines) if words in it] != []


def test_a_law_says_when_it_was_last_checked(library: Library) -> None:
    (text,) = told(library, "kanawha-county-wv", TERMINATE)
    assert text.endswith(", last checked on 2026-11-26.")


def test_every_shipped_law_has_the_day_of_its_check(library: Library) -> None:
    laws = [law for state in library.directory.data.states.values() for law in state.laws]
    assert [law.citation for law in laws if law.checked is None] == []


def test_each_dated_law_is_told_from_its_first_day_on_and_not_on_the_day_before(
    library: Library,
) -> None:
    dated = {
        (code, law.citation, law.effective, next(iter(state.jurisdictions)), law.about)
        for code, state in library.directory.data.states.items()
        for law in state.laws
        if law.effective
    }
    odd = {}
    for code, citation, first, place, about in dated:
        lines = OPT_OUT if {"policy", "information-sharing"}.intersection(about) else DECLINES
        days = [first + timedelta(more) for more in (-1, 0, 1)]
        texts = [" ".join(told(library, f'"{place}"', lines, str(day))) for day in days]
        said = f"{citation}, in effect since {first}."
        if [said in text for text in texts] != [False, True, True]:
            odd[code, citation] = texts
    assert (len(dated) >= 25, odd) == (True, {})


@pytest.mark.parametrize(
    ("place", "lines", "citation"),
    [
        ("davidson-county-tn", TERMINATE, "Pub. Ch. 1 ("),
        ("hinds-county-ms", OPT_OUT, "SB 2114"),
        ("kanawha-county-wv", OPT_OUT, "15-16-4"),
        ("wake-county-nc", TERMINATE, "SB 153"),
    ],
)
def test_a_letter_that_a_law_does_not_touch_is_not_told_of_it(
    library: Library, place: str, lines: str, citation: str
) -> None:
    assert [it for it in told(library, place, lines) if citation in it] == []


def test_the_law_by_which_a_vote_is_a_felony_is_told_first(library: Library) -> None:
    first, *_ = told(library, "davidson-county-tn", OPT_OUT)
    assert "felony" in first


@pytest.mark.no_cover
def test_no_note_names_another_state(library: Library) -> None:
    states = library.directory.data.states
    end = f"{TERMINATE[:-2].replace('jem', 'wso')}, earlier-end: 2026-12-31}}\n"
    odd = []
    for code, state in states.items():
        others = {it.name for it in states.values()} - {state.name}
        others -= {"Virginia"} if state.name == "West Virginia" else set()
        place = next(iter(state.jurisdictions))
        address = "bureau: {address: {street: [7 Elm], city: Elko, state: NV, zip: '89801'}}"
        bureau = f"recipients: {{{address}, ice: {{office: ero-miami}}}}\n"
        for lines in (end, DECLINES):
            notice = notice_for(library, f'jurisdiction: "{place}"\n{bureau}{lines}')
            for note in notice.notes:
                words = note.text.replace("The Florida Trib", "")  # a newspaper
                names = re.findall(rf"\b(?:{'|'.join(others)})\b", words)
                odd += [(code, note.text)] if names else []
    assert odd == []


def test_the_executive_order_that_revoked_the_last_one_names_no_program(library: Library) -> None:
    (period,) = [it.text for it in notice_for(library).notes if it.code == "period"]
    revoked = "14159 revoked Executive Order 13993 on January 20, 2025, without naming the program"
    assert revoked in period
    assert "not settled" not in period


@pytest.mark.parametrize(
    ("place", "day", "cited"),
    [
        ("bergen-county-nj", "2018-11-28", []),
        ("bergen-county-nj", "2018-11-29", ["N.J. Attorney General Law Enforcement Directive"]),
        ("marion-county-fl", "2018-12-31", []),
        (
            "marion-county-fl",
            "2019-01-01",
            ["Fla. Stat. §§ 908.104-908.106", "Fla. Stat. § 908.103"],
        ),
    ],
)
def test_a_letter_is_told_of_no_law_that_was_made_after_it(
    library: Library, place: str, day: str, cited: list[str]
) -> None:
    texts = told(library, place, OPT_OUT, day)
    assert [any(words in text for text in texts) for words in cited] == [True] * len(cited)
    assert len(texts) == len(cited)


def test_a_law_without_an_effective_date_says_when_it_was_made(library: Library) -> None:
    (text,) = [
        it for it in told(library, "bergen-county-nj", TERMINATE) if "P.L. 2026, c. 5 (" in it
    ]
    assert "put into statute), of 2026-03-25, effective date not shown in the source." in text
