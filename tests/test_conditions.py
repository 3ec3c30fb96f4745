"""A program's rules, applied to a case: conditions, computed dates, refusals, copies, notes."""

import re
from typing import Any

import msgspec
import pytest
from make_letters import BARE, body_texts, case_for, letters_for, notices_for, problems_of, told_by

from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.model.program import Condition
from optout_cli.programs import holds
from optout_cli.templating.body import texts_in

FOLLOWED = "notice: terminate, notice-date: 2026-11-14"
REVOKED = "notice: revoke-personnel, notice-date: 2026-11-14"
PAT = "officers: [{name: Pat Placeholder}]"


def lines(model: str, more: str = "", letter: str = "terminate") -> str:
    given = f", {more}" if more else ""
    return f"letter: 287g/{letter}\nparticulars: {{model: {model}{given}}}"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"from": "2026-11-20", "until": "2026-11-20"}, True),
        ({"from": "2026-11-21"}, False),
        ({"until": "2026-11-19"}, False),
        ({"activation": ["actual"]}, True),
        ({"activation": ["scheduled", "unknown"]}, False),
        ({"source": ["third-party"]}, True),
        ({"source": ["official"]}, False),
        ({"chosen": {"model": ["wso", "jem"]}}, True),
        ({"chosen": {"model": ["tfm"]}}, False),
        ({"chosen": {"courtesy-copy": ["bureau"]}}, False),
        ({"given": ["received", "takes-effect"]}, True),
        ({"given": ["effective"]}, False),
        ({"missing": ["effective"]}, True),
        ({"missing": ["received"]}, False),
        ({"missing": ["a-particular-of-another-letter"]}, False),
        ({"letters": ["suspend", "terminate"]}, True),
        ({"letters": ["suspend"]}, False),
        ({"office": "unnamed"}, True),
        ({"office": "named"}, False),
        ({"authority": "unnamed"}, True),
        ({"authority": "named"}, False),
        ({"to": "all"}, True),
        ({"to": "one"}, False),
        ({"laws": ["restricts"]}, True),
        ({"laws": ["requires"]}, False),
        ({"before": {"date": "received"}}, True),
        ({"before": {"received": "date"}}, False),
        ({"before": {"received": "received"}}, False),
        ({"before": {"date": "effective"}}, False),  # which is not known
        ({"not-before": {"received": "date"}}, True),
        ({"not-before": {"received": "received"}}, True),
        ({"not-before": {"date": "received"}}, False),
        ({"not-before": {"effective": "date"}}, False),
    ],
    ids=str,
)
def test_a_condition_holds_if_each_of_its_parts_holds(
    library: Library, condition: dict[str, Any], expected: bool
) -> None:
    case = case_for(library, lines("wso", "received: 2026-12-01"))
    assert holds(msgspec.convert(condition, Condition), case) is expected


@pytest.mark.parametrize(
    ("model", "more", "day"),
    [
        ("wso", "received: 2026-12-01", "2027-03-01"),
        ("wso", "received: 2027-11-30", "2028-02-28"),  # over a year's end
        ("wso", "", None),
        ("wso", "received: 2026-12-01, clause: [It ends.]", None),
        ("wso", "received: 2026-12-01, exigent: none is left", None),
        ("jem", "received: 2026-12-01", None),
    ],
)
def test_the_90_days_are_counted_from_receipt_where_they_are_the_clauses(
    library: Library, model: str, more: str, day: str | None
) -> None:
    (notice,) = notices_for(library, lines(model, more))
    found = notice.computed["takes-effect"]
    assert (str(found) if found else None) == day
    told = [it.text for it in notice.notes if "the termination takes effect then" in it.text]
    assert bool(told) == bool(day)


@pytest.mark.parametrize("notice", ["terminate", "suspend"])
@pytest.mark.parametrize("letter", ["follow-up", "reply-to-refusal", "effective-date"])
def test_a_later_letter_says_what_dictates_that_the_90_days_not_apply(
    library: Library, notice: str, letter: str
) -> None:
    more = f"notice: {notice}, notice-date: 2026-08-03, received: 2026-08-06, exigent: no staff"
    if letter != "follow-up":
        more += ", answered: 2026-09-01, answer: [It waits.]"
    if letter == "effective-date":
        more += ", day-named: 2026-12-01"
    (sent,) = letters_for(library, lines("wso", more, letter))
    act = "suspension" if notice == "suspend" else "termination"
    assert (
        "The notice said that exigent circumstances involving public safety dictate that the 90-day"
        " period not apply: no staff. Your office received the notice on August 6, 2026, and the"
        f" {act} took effect on that day."
    ) in " ".join(body_texts(sent))


@pytest.mark.parametrize(("counted", "verb"), [("2026-11-01", "took"), ("2027-01-04", "takes")])
def test_a_day_that_counsel_counts_is_past_or_to_come(
    library: Library, counted: str, verb: str
) -> None:
    more = (
        "notice: terminate, notice-date: 2026-08-03, received: 2026-08-06, answered: 2026-09-01,"
        f" day-named: 2027-02-01, clause: [It ends.], counted: {counted}"
    )
    (sent,) = letters_for(library, lines("jem", more, "effective-date"))
    assert f"as the County reads it, the termination {verb} effect on" in " ".join(body_texts(sent))


@pytest.mark.parametrize("letter", ["terminate", "suspend"])
def test_the_sentence_after_the_day_of_effect_is_about_that_day(
    library: Library, letter: str
) -> None:
    more = "clause: [It ends.], received: 2026-12-01, effective: 2026-12-05"
    (sent,) = letters_for(library, lines("wso", more, letter))
    assert re.search(
        r"delivered to your office on December 1, 2026\. The \w+ takes effect on December 5, 2026,"
        r" or on receipt of this notice if that is later\. (?:From then on|It lasts)",
        " ".join(body_texts(sent)),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            lines("jem", "exigent: Fire."),
            "only the Warrant Service Officer model has the 90 days",
        ),
        (lines("wso", "effective: 2027-01-01"), "in the Warrant Service Officer model, a notice"),
        (
            lines("wso", "exigent: Fire., clause: [It ends.]"),
            "the exception for exigent circumstances belongs to the published clause, but you",
        ),
        (
            lines(
                "wso",
                f"{FOLLOWED}, exigent: Fire., own-clause: [It ends.]",
                "follow-up",
            ),
            "the exception for exigent circumstances belongs to the published clause, but that",
        ),
        (
            lines("wso", f"{FOLLOWED}, effective: 2026-12-01", "follow-up"),
            "in the Warrant Service Officer model, a notice takes effect 90 days after receipt",
        ),
        (
            lines("tfm", f"{REVOKED}, effective: 2026-12-01", "follow-up"),
            "a notice that authorizations are revoked names no day on which it takes effect",
        ),
        (
            lines("wso", "received: 2026-12-01, lasts-until: 2027-02-28", "suspend"),
            "the suspension would end on 2027-02-28, before it takes effect on 2027-03-01",
        ),
        (
            lines("wso", "lasts-until: 2027-02-17", "suspend"),
            "the suspension would end on 2027-02-17, within the 90 days after receipt: if the",
        ),
        (lines("jem", "clause-section: part 4"), "particulars.clause-section is given, but your"),
        (f"date: 2025-07-18\n{lines('jem')}", "the clauses that optout knows were read in a copy"),
        (lines("jem", letter="suspend"), "optout knows a suspension clause only for the"),
        (
            lines("wso", "officers: [{name: Pat Doe}]", "revoke-personnel"),
            "optout knows a clause on revoking single officers' authority only for the Task Force",
        ),
        (
            "letter: secure-communities/adjust-date",  # whatever particulars are missing
            "Marin County, CA was activated on 2010-08-10, so there is no activation date left",
        ),
        (
            "{letter: secure-communities/adjust-date, jurisdiction: guam-gu}",
            "the last jurisdictions were activated on January 22, 2013, so there is no activation",
        ),
        (
            "{letter: secure-communities/decline-results, date: 2010-11-04}",
            "ICE first named the choice not to receive match results on November 5, 2010",
        ),
    ],
)
def test_a_letter_that_makes_no_sense_is_refused_with_the_reason_and_what_to_do(
    library: Library, text: str, told: str
) -> None:
    (problem,) = problems_of(lambda: compose(case_for(library, text)))
    assert (problem.code, problem.message[: len(told)]) == ("refused-letter", told)
    assert problem.hint


@pytest.mark.parametrize(
    "more",
    [
        "",
        "received: 2026-12-01, lasts-until: 2027-03-02",
        "exigent: Fire., lasts-until: 2026-12-01",
    ],
)
def test_a_suspension_that_ends_after_it_begins_is_written(library: Library, more: str) -> None:
    assert len(notices_for(library, lines("wso", more, "suspend"))) == 1


def notes(library: Library, text: str, base: str = BARE) -> str:
    (notice,) = notices_for(library, text, base)
    return "\n".join(it.text for it in notice.notes if it.code == "letter")


COPY = "it is that of published agreements, read in a copy of July 19, 2025"
NINETY = "in the Warrant Service Officer model, the 90 days begin on"
DECIDES = "check that your own clause allows 2026-12-01: the letter quotes the clause"
PARTY = "the letter names Marin County, CA as the party"
ENDED = "they ended on 2026-11-18, before the letter's date"


@pytest.mark.parametrize(
    ("text", "told", "untold"),
    [
        (lines("wso"), [COPY, NINETY, PARTY], [DECIDES]),
        (lines("jem", "effective: 2026-12-01"), [COPY], [NINETY, DECIDES]),
        (lines("wso", "exigent: Fire."), [COPY], [NINETY]),
        (lines("wso", "clause: [It ends.], effective: 2026-12-01"), [DECIDES], [COPY, NINETY]),
        (lines("wso", "agency: County Jail", "suspend"), [COPY, NINETY], [PARTY]),
        (lines("tfm", f"{PAT}, revoked: 2026-11-16", "revoke-personnel"), [ENDED], ["end on"]),
        (
            lines("tfm", f"{PAT}, revoked: 2026-11-18", "revoke-personnel"),
            ["which end on 2026-11-20, after the revocation of 2026-11-18"],
            ["ended on"],
        ),
        (
            lines("tfm", PAT, "revoke-personnel"),
            ["which end on 2026-11-22, after the letter's date"],
            ["revocation of"],
        ),
        (lines("jem", FOLLOWED, "follow-up"), ["dated 2026-11-14, a few days"], [COPY]),
        (
            lines("jem", FOLLOWED.replace("14", "13"), "follow-up"),
            [PARTY],
            ["a few days", "certified mail", "the press"],
        ),
    ],
)
def test_what_is_told_of_an_agreement_is_true_of_the_letter(
    library: Library, text: str, told: list[str], untold: list[str]
) -> None:
    found = notes(library, text)
    assert [it for it in told if it not in found] == []
    assert [it for it in untold if it in found] == []


def test_the_party_to_the_agreement_is_the_signatorys_office(library: Library) -> None:
    office = "signatory: {name: Pat Placeholder, title: Sheriff, office: Marin County Sheriff}\n"
    assert PARTY not in notes(library, lines("jem"), BARE + office)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "takes effect. The County has received no written acknowledgment."),
        (
            "received: 2026-12-01",
            "on December 1, 2026, so the termination took effect on that day.",
        ),
        (
            "received: 2026-11-16",
            "on November 16, 2026, so the termination took effect on November 30, 2026.",
        ),
    ],
)
def test_a_follow_up_says_on_which_day_the_notice_took_effect(
    library: Library, more: str, said: str
) -> None:
    given = f"{FOLLOWED}, effective: 2026-11-30{', ' if more else ''}{more}"
    (letter,) = letters_for(library, f"date: 2026-12-10\n{lines('jem', given, 'follow-up')}")
    text = " ".join(texts_in(letter.body)).replace("\xa0", " ")
    assert "named November 30, 2026, or the day of its receipt if later, as the day on" in text
    assert said in text


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("at the jail", ", at the jail."),
        ("in Room 4", ", in Room 4."),
        ("Conference Room B", ", in Conference Room B."),
        ("Your office", ", at your office."),
        ("the ICE field office", ", at the ICE field office."),
    ],
)
def test_a_place_has_its_preposition(library: Library, place: str, said: str) -> None:
    given = f"{{day: 2026-12-09, time: noon, place: {place}}}"
    text = f"letter: secure-communities/meeting-confirmation\nparticulars: {given}"
    letter = letters_for(library, text)[0]
    body = " ".join(texts_in(letter.body)).replace("\xa0", " ")
    assert f"The meeting is on December 9, 2026, at noon{said}" in body


@pytest.mark.parametrize(
    ("attends", "said"),
    [
        ("[Pat Doe]", "For the County, this person will attend: Pat Doe"),
        ("[Pat Doe, Robin Doe]", "For the County, these persons will attend: Pat Doe Robin Doe"),
    ],
)
def test_one_person_attends_or_several_do(library: Library, attends: str, said: str) -> None:
    given = f"{{day: 2026-12-09, place: at the jail, attends: {attends}}}"
    text = f"letter: secure-communities/meeting-confirmation\nparticulars: {given}"
    assert said in " ".join(texts_in(letters_for(library, text)[0].body))


@pytest.mark.parametrize(
    ("time", "place", "said"),
    [
        ("noon", "Ontario City Hall", "at noon, at Ontario City Hall."),
        ("From 9 to 10 a.m.", "By video", "from 9 to 10 a.m., by video."),
        ("at 9 a.m.", "via Zoom", "at 9 a.m., via Zoom."),
    ],
)
def test_an_hour_and_a_place_have_one_preposition(
    library: Library, time: str, place: str, said: str
) -> None:
    given = f"{{day: 2026-12-09, time: {time}, place: {place}}}"
    text = f"letter: secure-communities/meeting-confirmation\nparticulars: {given}"
    assert f"on December 9, 2026, {said}" in " ".join(
        texts_in(letters_for(library, text)[0].body)
    ).replace("\xa0", " ")


@pytest.mark.parametrize("model", ["jem", "wso", "tfm"])
@pytest.mark.parametrize("more", ["", "courtesy-copy: [bureau]"])
def test_copies_go_by_model_and_by_request(library: Library, model: str, more: str) -> None:
    (notice,) = notices_for(library, lines(model, more))
    expected = ["Assistant Director for Enforcement"] if model == "tfm" else []
    assert [it.attention for it in notice.copies] == [*expected, *([None] if more else [])]
    assert (notice.recipient.role, notice.recipient.office) == ("field-office", "ero-san-francisco")


def test_ones_own_clause_takes_the_place_of_the_known_one(library: Library) -> None:
    own = """clause: ['"It "ends" by letter.', 'Keep the receipt."'], clause-section: part 4"""
    (letter,) = letters_for(library, lines("wso", own))
    text = msgspec.json.encode(letter.body).decode()
    assert "The agreement says, in part 4:" in text
    assert "\u201cIt \u2018ends\u2019 by letter." in text
    assert "Keep the receipt.\u201d" in text
    assert "The termination takes effect as that clause provides." in text
    assert "90" not in text


def test_a_day_may_not_precede_the_one_that_it_follows(library: Library) -> None:
    more = "received: 2026-12-10, effective: 2026-12-01"
    told = told_by(lambda: compose(case_for(library, lines("jem", more))))
    assert told.startswith("particulars.effective 2026-12-01 is before particulars.received (")


def test_what_must_be_given_and_is_an_empty_list_is_missing(library: Library) -> None:
    text = "letter: secure-communities/renewed-request\nparticulars: {earlier: []}"
    told = told_by(lambda: case_for(library, text))
    assert told.endswith("particulars.earlier has no entry\n  hint: add at least one")
