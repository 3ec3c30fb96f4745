"""What a program declares of a case: conditions, computed dates, refusals, copies, cautions."""

from typing import Any

import msgspec
import pytest
from stages import case_for, letters_for, notices_for, problems_of, told_by

from optout_cli.compose import compose
from optout_cli.model.program import Condition
from optout_cli.pipeline.library import Library
from optout_cli.rules import holds

TERMINATE = "letter: 287g/terminate\nparticulars: {{model: {model}{more}}}"


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
    ],
    ids=str,
)
def test_a_condition_holds_where_all_that_it_names_is_so(
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
    told = [it.text for it in notice.cautions if it.text.startswith("the termination takes effect")]
    assert bool(told) == bool(day)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lines("jem", "exigent: x"), "the 90 days, and the exception from them, stand in the"),
        (lines("wso", "effective: 2027-01-01"), "in the Warrant Service Officer model it takes"),
        (lines("jem", "clause-section: part 4"), "particulars.clause-section says where your own"),
        (f"date: 2025-07-18\n{lines('jem')}", "the clauses known here were read in a copy of July"),
        (lines("jem", letter="suspend"), "how an agency suspends is known here of the Warrant"),
        (
            lines("wso", "officers: [{name: X}]", "revoke-personnel"),
            "how an agency revokes the authorization of single officers is known here of the Task",
        ),
        (
            "letter: secure-communities/adjust-date",  # whatever particulars are missing
            "Marin County, CA was activated on 2010-08-10, so that no activation date is left",
        ),
        (
            "{letter: secure-communities/adjust-date, jurisdiction: guam-gu}",
            "the last jurisdictions were activated on January 22, 2013; no activation date is left",
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


@pytest.mark.parametrize("model", ["jem", "wso", "tfm"])
@pytest.mark.parametrize("more", ["", "courtesy-copy: [bureau]"])
def test_copies_go_by_model_and_by_request(library: Library, model: str, more: str) -> None:
    (notice,) = notices_for(library, lines(model, more))
    expected = ["Assistant Director for Enforcement"] if model == "tfm" else []
    assert [it.attention for it in notice.copies] == [*expected, *(["Director"] if more else [])]
    assert (notice.recipient.role, notice.recipient.office) == ("field-office", "ero-san-francisco")


def test_ones_own_clause_takes_the_place_of_the_known_one(library: Library) -> None:
    own = "clause: [It ends by letter., Keep the receipt.], clause-section: part 4"
    (letter,) = letters_for(library, lines("wso", own))
    text = msgspec.json.encode(letter.body).decode()
    assert "The agreement says, in part 4:" in text
    assert "\u201cIt ends by letter." in text
    assert "Keep the receipt.\u201d" in text
    assert "The termination takes effect as that clause provides." in text
    assert "90" not in text


def test_a_day_may_not_precede_the_one_that_it_follows(library: Library) -> None:
    more = "received: 2026-12-10, effective: 2026-12-01"
    told = told_by(lambda: compose(case_for(library, lines("jem", more))))
    assert told.startswith("particulars.effective 2026-12-01 lies before received (2026-12-10)")


def test_what_must_be_given_and_is_an_empty_list_is_missing(library: Library) -> None:
    text = "letter: secure-communities/renewed-request\nparticulars: {earlier: []}"
    told = told_by(lambda: case_for(library, text))
    assert told.endswith("particulars.earlier has no entry\n  hint: add at least one")
