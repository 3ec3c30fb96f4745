"""When an answer is due, what a letter leads to, and where each letter stands."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from make_register import ADDISON, DAY, FOLLOW_UP, NOTICE, TERMINATE, RegisterMaker

from optout_cli.letters import Library
from optout_cli.letters.days import next_working_day
from optout_cli.register.standing import standings_of
from optout_cli.register.status import next_step


@pytest.fixture
def maker(tmp_path: Path) -> RegisterMaker:
    return RegisterMaker(tmp_path / "letters")


Story = Callable[[RegisterMaker], None]


def sent_by_mail(maker: RegisterMaker) -> None:
    maker.sent(maker.written(parties=("ice",)), "ice")


def received(maker: RegisterMaker) -> None:
    id = maker.written(parties=("ice",))
    maker.sent(id, "ice")
    maker.delivered(id, "ice", date(2026, 11, 4))


def received_corrected(maker: RegisterMaker) -> None:
    id = maker.written(parties=("ice",))
    maker.delivered(id, "ice", date(2026, 11, 3))
    maker.delivered(id, "ice", date(2026, 11, 6))


def sent_in_two_ways(maker: RegisterMaker) -> None:
    id = maker.written(parties=("ice",))
    maker.sent(id, "ice")
    maker.sent(id, "ice", by="email")


def naming_a_day(maker: RegisterMaker) -> None:
    id = maker.written(parties=("ice",), particulars={"reply-by": "2026-12-26"})
    maker.sent(id, "ice")


def unsent(maker: RegisterMaker) -> None:
    maker.written(parties=("ice",))


@pytest.mark.parametrize(
    ("story", "due"),
    [
        (
            sent_by_mail,
            (
                date(2026, 12, 7),
                True,
                (
                    "sent on 2026-11-02 by certified mail, no receipt is recorded, so 5 days are"
                    " added for the mail; 30 days later is 2026-12-07"
                ),
            ),
        ),
        (
            received,
            (
                date(2026, 12, 4),
                False,
                "received on 2026-11-04; 30 days later is 2026-12-04",
            ),
        ),
        (
            received_corrected,
            (
                date(2026, 12, 7),
                False,
                (
                    "received on 2026-11-06; 30 days later is 2026-12-06, a Sunday, so"
                    " the day is 2026-12-07"
                ),
            ),
        ),
        (
            sent_in_two_ways,
            (
                date(2026, 12, 2),
                True,
                "sent on 2026-11-02 by e-mail; 30 days later is 2026-12-02",
            ),
        ),
        (
            naming_a_day,
            (
                date(2026, 12, 28),
                False,
                (
                    "the letter asks for an answer by 2026-12-26, a Saturday;"
                    " 2026-12-27 is a Sunday, so the day is 2026-12-28"
                ),
            ),
        ),
        (unsent, None),
    ],
)
def test_an_answer_is_due_from_receipt_else_from_sending_and_never_before(
    story: Story, due: tuple[date, bool, str] | None, maker: RegisterMaker, library: Library
) -> None:
    story(maker)
    (standing,) = maker.standings(library)
    deadline = standing.answer_due
    assert (deadline and (deadline.on, deadline.is_estimated, deadline.why)) == due


@pytest.mark.parametrize(
    ("day", "state", "working", "reason"),
    [
        (date(2026, 12, 3), "CA", date(2026, 12, 3), ""),
        # A Saturday, whose holiday is observed on the Friday before it.
        (
            date(2026, 7, 3),
            "VT",
            date(2026, 7, 6),
            (
                ", Independence Day (observed); 2026-07-04 is a Saturday; 2026-07-05 is"
                " a Sunday, so the day is 2026-07-06"
            ),
        ),
        # California's own holiday; and one of the country that California does not have.
        (
            date(2026, 3, 31),
            "CA",
            date(2026, 4, 1),
            ", Cesar Chavez Day, so the day is 2026-04-01",
        ),
        (
            date(2026, 10, 12),
            "CA",
            date(2026, 10, 13),
            ", Columbus Day, so the day is 2026-10-13",
        ),
        (date(2026, 3, 31), "ZZ", date(2026, 3, 31), ""),
    ],
)
def test_a_deadline_falls_on_the_next_day_on_which_offices_are_open(
    day: date, state: str, working: date, reason: str
) -> None:
    assert next_working_day(day, state) == (working, reason)


WSO, JEM, BOTH = {"model": ["wso"]}, {"model": ["jem"]}, {"model": ["wso", "jem"]}
AFTER = " after 90 days"


@pytest.mark.parametrize(
    ("particulars", "days"),
    [
        # The day is that of the clause: no weekend and no holiday moves it.
        (WSO, [(AFTER, date(2027, 2, 2), "received on 2026-11-04; 90 days later is 2027-02-02")]),
        (
            WSO | {"exigent": "No officer is left."},
            [("", date(2026, 11, 4), "received on 2026-11-04")],
        ),
        (JEM, [("", date(2026, 11, 4), "received on 2026-11-04")]),
        (
            JEM | {"effective": "2026-12-31"},
            [("", date(2026, 12, 31), "the letter's own day, 2026-12-31")],
        ),
        (
            JEM | {"effective": "2026-11-03"},
            [
                (
                    "",
                    date(2026, 11, 4),
                    "the letter's own day, 2026-11-03, but received on 2026-11-04, which is later",
                )
            ],
        ),
        (
            BOTH,
            [
                (AFTER, date(2027, 2, 2), "received on 2026-11-04; 90 days later is 2027-02-02"),
                ("", date(2026, 11, 4), "received on 2026-11-04"),
            ],
        ),
        (
            BOTH | {"effective": "2026-12-31"},
            [
                ("", date(2026, 12, 31), "the letter's own day, 2026-12-31"),
                (AFTER, date(2027, 2, 2), "received on 2026-11-04; 90 days later is 2027-02-02"),
            ],
        ),
        (
            BOTH | {"exigent": "No officer is left."},
            [("", date(2026, 11, 4), "received on 2026-11-04")],
        ),
    ],
)
def test_an_agreement_ends_as_its_model_says(
    particulars: dict[str, Any],
    days: list[tuple[str, date, str]],
    maker: RegisterMaker,
    library: Library,
) -> None:
    id = maker.written(letter=TERMINATE, parties=("ice",), particulars=particulars)
    maker.sent(id, "ice")
    maker.delivered(id, "ice", date(2026, 11, 4))
    (standing,) = maker.standings(library)
    title = "the termination takes effect"
    found = [(it.title.removeprefix(title), it.on, it.why) for it in standing.milestones]
    assert found == days


@pytest.mark.parametrize("clause", [{"clause": ["Either party may end it."]}])
def test_an_agreement_with_its_own_clause_has_no_known_end(
    clause: dict[str, Any], maker: RegisterMaker, library: Library
) -> None:
    id = maker.written(letter=TERMINATE, parties=("ice",), particulars=WSO | clause)
    maker.delivered(id, "ice", date(2026, 11, 4))
    assert [it.milestones for it in maker.standings(library)] == [()]


def test_the_end_of_an_agreement_is_an_estimate_until_receipt_is_known(
    maker: RegisterMaker, library: Library
) -> None:
    maker.sent(maker.written(letter=TERMINATE, parties=("ice",), particulars=WSO), "ice")
    (standing,) = maker.standings(library)
    assert [(it.on, it.is_estimated) for it in standing.milestones] == [(date(2027, 2, 5), True)]


def test_a_letter_that_is_not_sent_ends_nothing(maker: RegisterMaker, library: Library) -> None:
    stated = JEM | {"effective": "2026-12-31"}
    maker.written(letter=TERMINATE, parties=("ice",), particulars=stated)
    assert [it.milestones for it in maker.standings(library)] == [()]


def steps(maker: RegisterMaker, library: Library) -> list[tuple[str, str, str]]:
    return [
        (it.state.written.letter.partition("/")[2], str(it.state.written.date), it.step)
        for it in maker.standings(library)
        if it.state.letter.recipient == "ice"
    ]


def test_a_draft_an_unsent_a_sent_and_an_answered_letter_are_told_apart(
    maker: RegisterMaker, library: Library
) -> None:
    maker.written(is_draft=True, signatory=None)
    maker.written(place=ADDISON)
    maker.sent(maker.written(letter=TERMINATE, particulars=JEM), "ice")
    answered = maker.written(letter=TERMINATE, place=ADDISON, particulars=JEM)
    maker.answered(answered, "ice", date(2026, 11, 9))
    assert [step for _, _, step in steps(maker, library)] == [
        "draft",
        "unsent",
        "waiting",
        "answered",
    ]


def test_a_letter_that_went_out_is_history_once_the_corrected_one_is_out_too(
    maker: RegisterMaker, library: Library
) -> None:
    first = maker.written()
    maker.sent(first, "bureau")
    maker.sent(first, "ice")
    maker.replaced(first)
    again = maker.written(content="corrected")
    maker.sent(again, "ice", date(2026, 11, 9))
    old, old_ice, new, new_ice = maker.standings(library)
    assert [
        (it.state.letter.recipient, it.step, it.answer_due and str(it.answer_due.on))
        for it in (old, new, old_ice, new_ice)
    ] == [
        ("bureau", "waiting", "2026-12-07"),
        ("bureau", "unsent", None),
        ("ice", "superseded", None),
        ("ice", "waiting", "2026-12-14"),
    ]
    assert new_ice.before is old_ice.state
    words = next_step(old, date(2026, 12, 8))
    assert words == "overdue since about 2026-12-07; a corrected letter is not sent yet"
    maker.withdrawn(again, "bureau")
    old, *_ = maker.standings(library)
    assert next_step(old, date(2026, 12, 1)) == "answer due about 2026-12-07"


@pytest.mark.parametrize("kind", ["reply-to-refusal", "meeting-confirmation", "effective-date"])
def test_where_no_letter_comes_next_an_overdue_one_says_what_to_do(
    kind: str, maker: RegisterMaker, library: Library
) -> None:
    maker.sent(maker.written(letter=f"287g/{kind}", parties=("ice",)), "ice")
    (standing,) = maker.standings(library)
    words = next_step(standing, date(2026, 12, 8))
    assert words == "overdue since about 2026-12-07; call the office, and ask counsel"


def test_what_answers_a_follow_up_calls_for_the_letter_that_takes_up_the_notice(
    maker: RegisterMaker, library: Library
) -> None:
    maker.sent(maker.written(parties=("ice",)), "ice")
    cited = {"notice-reference": "SC-06041-20261102-ABCD"}
    later, last = date(2026, 12, 8), date(2026, 12, 21)
    first = maker.written(letter=FOLLOW_UP, on=later, parties=("ice",), particulars=cited)
    maker.sent(first, "ice", later)
    maker.answered(first, "ice", date(2026, 12, 20))
    assert maker.standings(library)[1].next_letter == "renewed-request"
    renewed = "secure-communities/renewed-request"
    again = maker.written(letter=renewed, on=last, parties=("ice",))
    maker.sent(again, "ice", last)
    assert [it.next_letter for it in maker.standings(library)] == [None, None, "follow-up"]


def test_each_answer_calls_for_its_letter_until_that_has_gone_out(
    maker: RegisterMaker, library: Library
) -> None:
    id = maker.written(parties=("ice",))
    maker.sent(id, "ice")
    maker.answered(id, "ice", date(2026, 12, 7))
    maker.answered(id, "ice", date(2026, 12, 8), "meeting-offered")
    maker.answered(id, "ice", date(2026, 12, 9), "acknowledged")
    day, told = date(2026, 12, 14), []
    for kind in ("meeting-confirmation", "renewed-request"):
        notice = maker.standings(library)[0]
        kind_due, answer = notice.next_up
        told.append((kind_due, answer and answer.reply))
        letter = f"secure-communities/{kind}"
        maker.sent(maker.written(letter=letter, on=day, parties=("ice",)), "ice", day)
    assert told == [("meeting-confirmation", "meeting-offered"), ("renewed-request", "refused")]
    notice = maker.standings(library)[0]
    assert notice.next_up == (None, None)


@pytest.mark.parametrize("letter", [FOLLOW_UP, "secure-communities/renewed-request"])
def test_an_answer_that_comes_before_the_request_for_one_goes_out_makes_it_needless(
    letter: str, maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    later = date(2026, 12, 8)
    maker.written(letter=letter, on=later, parties=("ice",))
    if letter == FOLLOW_UP:
        first = maker.standings(library)[0]
        told = next_step(first, later)
        assert told == ("overdue since about 2026-12-07; send: Request for an answer (2026-12-08)")
    maker.answered(notice, "ice", later)
    first, second = maker.standings(library)
    refused = "answered 2026-12-08: a refusal in writing"
    if letter == FOLLOW_UP:
        assert (second.step, next_step(second, later)) == (
            "unneeded",
            "not needed: answered 2026-12-08",
        )
        assert next_step(first, later).startswith(f"{refused}; write: Renewed notice")
    else:  # it answers the refusal
        assert (second.step, next_step(second, later)) == ("unsent", "send it")
        assert next_step(first, later) == f"{refused}; send: Renewed notice of opt-out (2026-12-08)"


def test_the_follow_up_waits_for_the_answer_in_place_of_the_notice(
    maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    cited = {"notice-reference": "SC-06041-20261102-ABCD"}
    later = date(2026, 12, 8)
    again = maker.written(letter=FOLLOW_UP, on=later, parties=("ice",), particulars=cited)
    assert steps(maker, library)[0][2] == "waiting"
    maker.sent(again, "ice", later)
    assert steps(maker, library) == [
        ("opt-out", "2026-11-02", "followed"),
        ("follow-up", "2026-12-08", "waiting"),
    ]
    maker.answered(notice, "ice", date(2026, 12, 20))
    assert [step for _, _, step in steps(maker, library)] == ["answered", "answered"]


def test_a_letter_that_follows_an_answer_waits_for_one_of_its_own(
    maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",))
    maker.answered(notice, "ice", date(2026, 11, 20))
    later = date(2026, 12, 8)
    maker.sent(
        maker.written(letter="secure-communities/renewed-request", on=later, parties=("ice",)),
        "ice",
        later,
    )
    assert [step for _, _, step in steps(maker, library)] == ["answered", "waiting"]


def test_an_answer_that_came_before_a_follow_up_went_out_does_not_answer_it(
    maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    later = date(2026, 12, 8)
    again = maker.written(letter=FOLLOW_UP, on=later, parties=("ice",))
    maker.answered(notice, "ice", later)
    maker.sent(again, "ice", date(2026, 12, 9), "email")
    assert [it.answer_due and it.answer_due.on for it in maker.standings(library)] == [
        None,
        date(2027, 1, 8),
    ]


def test_after_an_acknowledgment_the_answer_is_due_again(
    maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    maker.answered(notice, "ice", date(2026, 11, 9), "acknowledged")
    (standing,) = maker.standings(library)
    assert standing.answer_due is not None
    assert (standing.step, standing.next_letter, standing.answer_due.on) == (
        "waiting",
        "follow-up",
        date(2026, 12, 9),
    )
    assert standing.answer_due.why == (
        "a reply came on 2026-11-09, but no answer; 30 days later is 2026-12-09"
    )


def test_an_acknowledgment_leaves_the_later_day_that_the_letter_names(
    maker: RegisterMaker, library: Library
) -> None:
    notice = maker.written(parties=("ice",), particulars={"reply-by": "2026-12-21"})
    maker.sent(notice, "ice")
    maker.answered(notice, "ice", date(2026, 11, 9), "acknowledged")
    (standing,) = maker.standings(library)
    assert standing.answer_due
    assert standing.answer_due.on == date(2026, 12, 21)


def test_a_follow_up_of_another_notice_leaves_this_one_waiting(
    maker: RegisterMaker, library: Library
) -> None:
    maker.sent(maker.written(parties=("ice",)), "ice")
    cited = {"notice-reference": "SC-06041-20200101-ABCD"}
    again = maker.written(letter=FOLLOW_UP, parties=("ice",), particulars=cited)
    maker.sent(again, "ice")
    assert steps(maker, library)[0][2] == "waiting"


def test_an_older_letter_that_was_never_sent_is_history_once_a_newer_one_is_out(
    maker: RegisterMaker, library: Library
) -> None:
    maker.written(parties=("ice",))
    maker.sent(maker.written(on=date(2026, 11, 9), parties=("ice",)), "ice")
    assert [step for _, _, step in steps(maker, library)] == ["superseded", "waiting"]


def test_without_its_program_a_letter_has_no_deadline(
    maker: RegisterMaker, library: Library
) -> None:
    maker.sent(maker.written(letter=NOTICE, parties=("ice",)), "ice", DAY)
    (state,) = (it.state for it in maker.standings(library))
    (standing,) = standings_of([state], {})
    assert (standing.step, standing.answer_due, standing.milestones) == ("waiting", None, ())


CITED = {"notice-reference": "SC-06041-20261102-ABCD"}


def notice_and_request(maker: RegisterMaker) -> tuple[str, str]:
    """Record a notice and a request for an answer to it as sent; return their ids."""
    id = maker.written(parties=("ice",))
    maker.sent(id, "ice")
    day = date(2026, 12, 14)
    request = maker.written(parties=("ice",), letter=FOLLOW_UP, on=day, particulars=CITED)
    maker.sent(request, "ice", day)
    return id, request


def test_a_request_for_an_answer_to_a_withdrawn_notice_waits_for_none(
    maker: RegisterMaker, library: Library
) -> None:
    id, _ = notice_and_request(maker)
    maker.written(parties=("ice",), letter=FOLLOW_UP, on=date(2027, 1, 20), particulars=CITED)
    maker.withdrawn(id, "ice", date(2027, 1, 21))
    found = maker.standings(library)
    assert [(it.step, next_step(it, date(2027, 5, 1)), it.next_letter) for it in found] == [
        ("withdrawn", "withdrawn on 2027-01-21", None),
        ("withdrawn", "its notice was withdrawn", None),
        ("withdrawn", "its notice was withdrawn", None),
    ]


def test_a_notice_counts_again_if_only_the_follow_up_was_withdrawn(
    maker: RegisterMaker, library: Library
) -> None:
    _, request = notice_and_request(maker)
    maker.withdrawn(request, "ice", date(2026, 12, 15))
    found = maker.standings(library)
    assert [it.step for it in found] == ["waiting", "withdrawn"]


def test_what_came_and_what_to_do_once_a_day_has_come_are_next(
    tmp_path: Path, library: Library
) -> None:
    maker = RegisterMaker(tmp_path)
    wso = {"model": ["wso"]}
    notice = maker.written()
    end = maker.written(letter="287g/terminate", parties=("ice",), particulars=wso)
    maker.sent(notice, "bureau", date(2026, 11, 2), "email")
    maker.sent(notice, "ice", date(2026, 11, 2), "email")
    maker.sent(end, "ice", date(2026, 11, 2), "email")
    maker.answered(notice, "bureau", date(2026, 11, 12), "acknowledged")
    cited = {"notice-reference": "SC-06041-20261102-ABCD"}
    follow_up = maker.written(letter=FOLLOW_UP, on=date(2026, 12, 14), particulars=cited)
    day = date(2027, 1, 31)

    def nexts(today: date) -> list[str]:
        return [next_step(standing, today) for standing in maker.standings(library)][:3]

    acknowledged = "an acknowledgment, without an answer"
    returned = "return ICE's credentials and any equipment, and get a receipt"
    assert nexts(date(2026, 12, 1)) == [
        f"replied 2026-11-12: {acknowledged}; answer due 2026-12-14",
        "answer due about 2026-12-02",
        "answer due about 2026-12-02",
    ]
    maker.sent(follow_up, "bureau", date(2026, 12, 14))
    maker.sent(follow_up, "ice", date(2026, 12, 14))
    assert nexts(day) == [
        f"{acknowledged}; followed by a letter of 2026-12-14",
        "followed by a letter of 2026-12-14",
        f"overdue since about 2026-12-02; write: Request for an acknowledgment; {returned}",
    ]
    maker.answered(end, "ice", date(2026, 11, 20), "acknowledged")
    assert nexts(date(2027, 1, 30))[2] == "answered 2026-11-20: an acknowledgment"
    assert nexts(day)[2] == f"answered 2026-11-20: an acknowledgment; {returned}"
