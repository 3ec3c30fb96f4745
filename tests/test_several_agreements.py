"""One letter ends several 287(g) agreements, each by its clause, and what else it may say."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from command_results import Run, outcome
from make_letters import body_texts, case_for, letter_for, notice_for, told_by

from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.model.jurisdiction import Agreement

BASE = """\
jurisdiction: autauga-county-al
letter: 287g/terminate
date: 2026-11-24
"""
SO = "agency: Autauga County Sheriff Office"
ALL = f"{SO}, signed: [2020-03-05, 2025-09-22, 2025-09-23]"
ALERT = "it leaves in force these agreements of the agency on ICE's list"


def given(model: str, more: str = SO) -> str:
    return f"particulars: {{model: {model}, {more}}}"


def words(library: Library, lines: str) -> str:
    """Return the letter's words, with plain blanks and straight apostrophes."""
    text = " ".join(body_texts(letter_for(library, lines, BASE)))
    return " ".join(text.split()).replace("\u2019", "'")


def test_one_letter_ends_all_agreements_that_it_names(library: Library) -> None:
    text = words(library, given("[wso, jem, tfm]", ALL))
    assert (
        "each with any addenda (“the agreements”): the Warrant Service Officer agreement of"
        " March 5, 2020, the Jail Enforcement Model agreement of September 22, 2025, and the Task"
        " Force Model agreement of September 23, 2025."
    ) in text
    assert (
        "The termination of the Jail Enforcement Model and Task Force Model agreements takes effect"
        " on receipt of this notice. The termination of the Warrant Service Officer agreement takes"
        " effect 90 days after receipt of this notice."
    ) in text
    assert [
        text.count(it) for it in ("“This MOA becomes effective", "of 2019 and 2020 provide")
    ] == [
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "effective: 2026-12-31",
            (
                "The termination of the Jail Enforcement Model agreement takes effect on December"
                " 31, 2026, or on receipt of this notice if that is later. The termination of the"
                " Warrant Service Officer agreement takes effect 90 days after receipt of this"
                " notice."
            ),
        ),
        (
            "received: 2026-12-01",
            (
                "The termination of the Jail Enforcement Model agreement takes effect on receipt of"
                " this notice. The termination of the Warrant Service Officer agreement takes"
                " effect 90 days after receipt of this notice. If it is received on December 1,"
                " 2026, that day is March 1, 2027."
            ),
        ),
        (
            "exigent: No trained officer is left.",
            (
                "dictate that the 90-day period of the Warrant Service Officer agreement not apply."
                " No trained officer is left. The termination of each agreement takes effect on"
                " receipt of this notice."
            ),
        ),
        (
            "exigent: No trained officer is left, effective: 2026-12-31",
            (
                "The termination of each agreement takes effect on December 31, 2026, or on receipt"
                " of this notice if that is later."
            ),
        ),
    ],
)
def test_each_agreement_ends_on_its_own_day(library: Library, more: str, said: str) -> None:
    assert said in words(library, given("[jem, wso]", f"{SO}, {more}"))


@pytest.mark.parametrize(
    ("models", "published"),
    [
        ("[jem, tfm]", "the published Jail Enforcement Model agreements"),
        ("[wso, tfm]", "the published Warrant Service Officer agreements"),
        ("[wso, jem]", "the published agreements"),
        (
            "[wso, jem, tfm]",
            "the published Jail Enforcement Model and Warrant Service Officer agreements",
        ),
    ],
)
def test_the_published_words_are_those_of_the_models_that_the_letter_ends(
    library: Library, models: str, published: str
) -> None:
    assert f"In the words of {published}, “The termination" in words(library, given(models))


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (SO, "the Warrant Service Officer agreement and the Task Force Model agreement."),
        (
            f"{SO}, signed: [2020-03-05, 2025-09-22]",
            (
                "the Warrant Service Officer agreement of March 5, 2020, and the Task Force Model"
                " agreement of September 22, 2025."
            ),
        ),
    ],
)
def test_two_agreements_have_a_comma_only_after_a_year(
    library: Library, more: str, named: str
) -> None:
    assert f"(“the agreements”): {named}" in words(library, given("[wso, tfm]", more))


@pytest.mark.parametrize("model", ["wso", "[wso]"])
def test_a_single_model_needs_no_brackets(library: Library, model: str) -> None:
    letter = letter_for(library, given(model), BASE)
    assert "287(g) agreement, Warrant Service Officer model, Autauga" in letter.subject
    assert letter.file_name == "2026-11-24-terminate-wso-autauga-county-sheriff-office-ice"


@pytest.mark.parametrize("model", ["[tfm, wso]", "[wso, tfm]"])
def test_the_name_of_the_file_has_every_model_in_one_order(library: Library, model: str) -> None:
    letter = letter_for(library, given(model), BASE)
    assert letter.file_name == "2026-11-24-terminate-wso-tfm-autauga-county-sheriff-office-ice"
    assert "287(g) agreements, " in letter.subject
    named = "287(g) agreements, Autauga County Sheriff Office, Alabama"
    assert ("Re:", f"Notice of termination: {named}") in letter.cover.facts


def test_letters_of_several_and_of_one_agreement_stand_side_by_side(
    run: Run, in_folder: Path
) -> None:
    rows = "05007,287g/terminate,2026-11-24,jem;wso,Rogers Police\n"
    rows += "05007,287g/terminate,2026-11-24,jem,Rogers Police\n"
    header = "jurisdiction,letter,date,particulars.model,particulars.agency\n"
    (in_folder / "n.csv").write_text(header + rows, "utf-8")
    assert outcome(run("batch", "n.csv", "-f", "txt", "-j1", "-o", "out"))[0] == 0
    names = sorted(path.name for path in (in_folder / "out").rglob("*.txt"))
    assert [it.removeprefix("2026-11-24-terminate-") for it in names] == [
        "jem-rogers-police-ice.txt",
        "wso-jem-rogers-police-ice.txt",
    ]


@pytest.mark.parametrize(
    ("signed", "older"),
    [
        ("2019-05-06", True),
        ("2024-12-31", True),
        ("2025-01-01", False),
        ("[2025-09-22, 2020-03-05]", True),
        ("[2020-03-05, 2025-09-22]", False),
    ],
)
def test_no_clause_of_ninety_days_is_quoted_from_an_agreement_of_before_2025(
    library: Library, signed: str, older: bool
) -> None:
    model = "[jem, wso]" if "[" in signed else "wso"
    text = words(library, given(model, f"{SO}, signed: {signed}"))
    assert ("of 2019 and 2020 provide that notice of termination" in text) is older
    assert ("by the LEA shall be given to the FOD" in text) is not older
    published = "the published Jail Enforcement Model agreements, “The termination of this MOA"
    assert [published in text, "“The termination of this MOA" in text] == [
        older and "[" in signed,
        not older or "[" in signed,
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (given("[jem, tfm]", "signed: [2025-01-02, 2025-01-03, 2025-01-04]"), "has 3 entries, but"),
        (given("[jem, wso]", "clause: Own."), "the clause is one agreement's, but the letter"),
        (given("[jem, tfm]", "exigent: Few."), "only the Warrant Service Officer model has"),
        (given("jem", "earlier-end: 2026-12-31"), "90 days that earlier-end would shorten"),
        (given("wso", "earlier-end: 2026-12-31, exigent: Few."), "nothing to shorten"),
        (given("wso", "earlier-end: 2027-02-22"), "which end on 2027-02-22 or later"),
        (
            given("wso", "earlier-end: 2027-03-01, received: 2026-12-01"),
            "not before the day on which the termination takes effect (2027-03-01)",
        ),
        (given("wso", "effective: 2026-12-31"), "90 days after receipt and on no other day"),
    ],
)
def test_what_fits_none_of_the_agreements_is_refused(
    library: Library, lines: str, reason: str
) -> None:
    assert reason in told_by(lambda: notice_for(library, lines, BASE))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "earlier-end: 2026-12-31",
            "agree to an earlier end of the agreement, on December 31, 2026, and confirm that day",
        ),
        ("off-list: yes", "take the agency off ICE's published list of participating agencies"),
        ("statute: Nowhere Code 1", "Under Nowhere Code 1, the agency gives notice that"),
        (
            "validity: the board did not approve it",
            (
                "It is the position of the agency that the agreement was not validly made. The"
                " board did not approve it. In any case, this notice terminates it."
            ),
        ),
    ],
)
def test_the_letter_says_what_the_request_adds(library: Library, more: str, said: str) -> None:
    assert said in words(library, given("wso", f"agency: Anytown Wardens, {more}"))


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("jem", f"{ALERT}: wso of 2020-03-05, tfm"),
        ("[jem, tfm]", f"{ALERT}: wso of 2020-03-05"),
        ("[jem, tfm, wso]", None),
    ],
)
def test_an_agreement_on_ices_list_that_stays_in_force_is_told(
    library: Library, model: str, told: str | None
) -> None:
    case = case_for(library, given(model), BASE)
    known = (
        Agreement(model="jem", signed=date(2025, 9, 22), addendum=True),
        Agreement(model="wso", signed=date(2020, 3, 5)),
        Agreement(model="tfm"),
    )
    locality = msgspec.structs.replace(case.locality, agreements=known)
    (notice,) = compose(msgspec.structs.replace(case, locality=locality))
    found = [it.text for it in notice.notes if ALERT in it.text]
    assert [it[it.index(ALERT) :] for it in found] == ([told] if told else [])


@pytest.mark.parametrize(
    ("place", "more", "words"),
    [
        ("cecil-county-md", "", "that orders such agreements to end under statute:"),
        ("sussex-county-de", "", "that orders such agreements to end under statute:"),
        ("rensselaer-county-ny", "", "attorney general (who asked for reports by August"),
        ("rensselaer-county-ny", "", "void and unenforceable from August 25, 2026 (Executive"),
        ("rensselaer-county-ny", "statute: N.Y. 1", "add the attorney general under cc:"),
        ("freeborn-county-mn", "", "it is disputed who may sign such an agreement"),
        ("freeborn-county-mn", "validity: It was not.", "have counsel approve the sentence"),
        (
            "autauga-county-al",
            "earlier-end: 2026-12-31",
            "ICE's lists dropped four of six agencies",
        ),
        ("autauga-county-al", "", "reimbursed under them, or was given equipment or vehicles"),
        ("autauga-county-al", "", "your state's public-records law decides"),
    ],
)
def test_the_notes_tell_what_counsel_should_settle(
    library: Library, place: str, more: str, words: str
) -> None:
    lines = f"jurisdiction: {place}\n{given('wso', more or 'agency: A Jail')}"
    notice = notice_for(library, lines, BASE)
    assert [it.text for it in notice.notes if words in it.text] != []


@pytest.mark.parametrize(
    ("model", "more", "is_told"),
    [
        ("[wso, tfm]", "effective: 2027-04-30", True),
        ("[jem, tfm]", "effective: 2027-04-30", False),
        ("[wso, tfm]", SO, False),
        ("[wso, tfm]", "effective: 2027-04-30, exigent: No officer is left.", False),
    ],
)
def test_a_day_that_does_not_count_for_one_of_the_agreements_is_told(
    library: Library, model: str, more: str, *, is_told: bool
) -> None:
    notice = notice_for(library, given(model, more), BASE)
    told = "2027-04-30 counts for the other agreements alone"
    assert any(told in note.text for note in notice.notes) == is_told


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("the Field Office Director", "This letter answers your refusal of October 1, 2026."),
        ("Field Office Director", "This letter answers your refusal of October 1, 2026."),
        ("Kim Doe", "This letter answers the refusal of October 1, 2026, by Kim Doe."),
    ],
)
def test_the_reader_is_addressed_if_the_answer_is_the_readers(
    library: Library, by: str, said: str
) -> None:
    lines = "notice: terminate, notice-date: 2026-09-01, answered: 2026-10-01, answer: [No.]"
    base = BASE.replace("terminate", "reply-to-refusal")
    letter = letter_for(library, given("tfm", f"{lines}, answered-by: {by}"), base)
    assert said in " ".join(body_texts(letter)).replace("\u00a0", " ")


@pytest.mark.parametrize("words", ["statute:", "disputed who may sign"])
def test_other_states_are_told_nothing_of_these(library: Library, words: str) -> None:
    notice = notice_for(library, given("wso"), BASE)
    assert [it.text for it in notice.notes if words in it.text] == []


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("sussex-county-de", date(2025, 7, 14)),
        ("cecil-county-md", date(2026, 2, 17)),
        ("rensselaer-county-ny", date(2026, 5, 27)),
    ],
)
def test_the_statute_is_asked_for_from_the_day_of_the_states_law(
    library: Library, place: str, first: date
) -> None:
    told = []
    for day in (first - timedelta(1), first, first + timedelta(1)):
        more = f"date: {day}\n" + given("wso", "agency: A Jail, clause: By a letter.")
        notice = notice_for(library, f"jurisdiction: {place}\n{more}", BASE)
        told.append(any("orders such agreements to end" in it.text for it in notice.notes))
    assert told == [False, True, True]


FOLLOW_UP = "model: {}, notice: terminate, notice-date: 2026-08-03"
NAMED = (
    "The notice named August 31, 2026, or the day of its receipt if later, as the day on which the"
    " termination{} takes effect."
)


@pytest.mark.parametrize(
    ("model", "more", "said"),
    [
        (
            "[jem, wso]",
            "effective: 2026-08-31, received: 2026-08-06",
            (
                NAMED.format(" of the Jail Enforcement Model agreement")
                + " Your office received it on August 6, 2026, so the termination of the Jail"
                " Enforcement Model agreement took effect on August 31, 2026. Under the Warrant"
                " Service Officer agreement, the termination took effect on the 90th day after"
                " receipt, November 4, 2026."
            ),
        ),
        (
            "[tfm, wso]",
            "received: 2026-10-06",
            (
                "Your office received the notice on October 6, 2026, and the termination of the"
                " Task Force Model agreement took effect on that day. Under the Warrant Service"
                " Officer agreement, the termination takes effect on the 90th day after receipt,"
                " January 4, 2027."
            ),
        ),
        (
            "[jem, tfm]",
            "effective: 2026-08-31, received: 2026-09-02",
            (
                NAMED.format(" of each agreement")
                + " Your office received it on September 2, 2026, so the termination of each"
                " agreement took effect on that day."
            ),
        ),
        (
            "wso",
            "received: 2026-11-06",
            "Your office received the notice on November 6, 2026. Under",
        ),
    ],
)
def test_a_follow_up_tells_the_day_of_each_agreement(
    library: Library, model: str, more: str, said: str
) -> None:
    lines = f"letter: 287g/follow-up\nparticulars: {{{FOLLOW_UP.format(model)}, {more}}}\n"
    assert said in words(library, lines)


def test_a_follow_up_asks_for_the_day_of_each_agreement(library: Library) -> None:
    lines = f"letter: 287g/follow-up\nparticulars: {{{FOLLOW_UP.format('[jem, wso]')}}}\n"
    assert "the termination of each agreement takes effect;" in words(library, lines)


@pytest.mark.parametrize(
    "party",
    ["signatory: {name: Pat Perez, title: Sheriff, office: Dakota County Sheriff's Office}", ""],
)
def test_a_county_is_held_against_the_agreements_of_the_agency_that_it_names(
    library: Library, party: str
) -> None:
    agency = "" if party else ", agency: dakota county sheriff's office"
    lines = f"{party}\nparticulars: {{model: [wso, tfm], signed: [2025-03-05]{agency}}}"
    base = "jurisdiction: dakota-county-ne\nletter: 287g/terminate\ndate: 2026-11-24\n"
    notes = {note.short or note.text for note in notice_for(library, lines, base).notes}
    assert notes >= {
        "check model: no agreement wso or tfm of Dakota County Sheriff's Office is on file",
        "check particulars.signed: the letter says 2025-03-05 for each model",
        "add what else to end under model:, or it stays in force: jem of 2020-06-09",
    }


def test_one_day_is_no_slip_where_the_data_has_that_day_for_each_model(library: Library) -> None:
    base = "jurisdiction: little-river-county-sheriffs-office-ar\nletter: 287g/terminate\n"
    lines = "date: 2026-11-24\nparticulars: {model: [jem, wso], signed: ["
    for day, codes in (("2025-07-07", []), ("2025-07-08", ["other-signed"] * 2)):
        notes = notice_for(library, f"{lines}{day}]}}", base).notes
        assert [
            note.code for note in notes if "signed" in note.text and "sign" in note.code
        ] == codes
        assert "odd-day" not in {note.code for note in notes}
