"""A letter that came back as undeliverable stays in the record, and waits for no answer."""

import json
from datetime import date
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from make_register import RegisterMaker
from read_pdf import pages_of
from written_letters import REACHED, TO_BUREAU, TO_ICE, write_letters

from optout_cli.letters import Library
from optout_cli.register.journal import load_journal
from optout_cli.register.state import load_register
from optout_cli.register.status import next_step

WHY = "not deliverable as addressed"
BACK = ("delivered", TO_BUREAU, "--returned", WHY, "--on", "2026-11-23")
NEXT = "find the right address, put it into the request, write the letter again with --supersede,"


@pytest.fixture
def sent(typst_library: Library, in_folder: Path, run: Run) -> str:
    """Write two letters, and record that they went out by certified mail."""
    reference = write_letters(typst_library, Path("letters"), REACHED, ("txt",))
    Path("envelope.txt").write_text("a scan")
    run("sent", "letters", "--by", "certified-mail", "--on", "2026-11-20", "-q")
    return reference


def statuses(run: Run) -> dict[str, dict[str, object]]:
    """Return where each letter stands, by its recipient."""
    lines = outcome(run("status", "letters", "--json"))[1].splitlines()
    return {row["recipient"]: row for row in map(json.loads, lines)}


def test_a_letter_that_came_back_is_recorded_with_its_scan_and_waits_for_nothing(
    sent: str, run: Run
) -> None:
    told = f"came back on 2026-11-23 ({WHY}): {sent} to the State Identification Bureau"
    assert outcome(run(*BACK)) == (
        0,
        f"{TO_BUREAU}\n",
        f"recorded: {told} ({TO_BUREAU})\nnext: {NEXT} and send it\n",
    )
    assert outcome(run(*BACK, "--receipt", "envelope.txt"))[0] == 0  # which completes it
    assert outcome(run(*BACK))[2].startswith(f"already recorded: {told}")
    assert Path("letters/evidence/envelope.txt").read_text() == "a scan"
    row = statuses(run)["bureau"]
    assert (row["step"], row["returned"], row["answer-due"], len(row["sent"])) == (  # type: ignore[arg-type]
        "returned",
        [{"on": "2026-11-23", "by": "certified-mail", "reason": WHY}],
        None,
        1,
    )
    assert row["next"] == f"came back 2026-11-23: {WHY}; {NEXT} and send it"
    table = Path("letters/register.csv").read_text("utf-8-sig")
    assert f"came back on 2026-11-23,{WHY}," in table
    assert "1 waiting for an answer, 1 came back\n" in outcome(run("status", "letters"))[1]
    calendar = outcome(run("status", "letters", "-f", "ics"))[1]
    assert calendar.count("SUMMARY:Answer due") == 1  # that of ICE's letter
    page = outcome(run("status", "letters", "-f", "html"))[1]
    assert "<dt>Came back</dt><dd>1</dd>" in page
    assert WHY not in page


def test_the_review_page_and_the_packet_tell_of_the_return(sent: str, run: Run) -> None:
    run(*BACK, "--receipt", "envelope.txt", "-q")
    run("review", "letters", "-q")
    page = Path("letters/review.html").read_text("utf-8")
    assert f'<p>Came back on <span class="day">2026-11-23</span>: {WHY}</p>' in page
    assert page.count("evidence/envelope.txt") == 1
    assert f"Remark: {WHY}" not in page
    run("packet", TO_BUREAU, "-o", "proof.pdf", "-q", "--engine", "typst")
    certificate, *_, listed = pages_of("proof.pdf")
    assert f"Came back: on November 23, 2026 (certified mail): {WHY}" in certificate
    assert "Proof of return: evidence/envelope.txt" in listed


def test_the_page_tells_of_a_return_as_news(sent: str, run: Run) -> None:
    run("review", "letters", "-q")
    run(*BACK, "-q")
    run("review", "letters", "-q")
    page = Path("letters/review.html").read_text("utf-8")
    assert f"<strong>New:</strong> came back on 2026-11-23: {WHY}</p>" in page


def test_a_return_is_taken_back_and_then_the_letter_may_arrive(sent: str, run: Run) -> None:
    run(*BACK, "-q")
    arrives = ("delivered", TO_BUREAU, "--on", "2026-11-24")
    code, _, err = outcome(run(*arrives))
    assert (code, "the letter is recorded as returned on 2026-11-23" in err) == (1, True)
    assert "as returned on 2026-11-23" in outcome(run("sent", TO_BUREAU, "--undo", "why"))[2]
    err = outcome(run("delivered", TO_BUREAU, "--undo", "another letter"))[2]
    assert "not returned by certified mail on 2026-11-23 after all (another letter)" in err
    assert statuses(run)["bureau"]["step"] == "waiting"
    assert outcome(run(*arrives, "-q"))[0] == 0
    assert "as delivered on 2026-11-24" in outcome(run(*BACK))[2]


def test_a_letter_that_goes_out_again_waits_again(sent: str, run: Run) -> None:
    run(*BACK, "-q")
    again = ("sent", TO_BUREAU, "--by", "certified-mail", "--on", "2026-11-23", "--again", "-q")
    assert outcome(run(*again))[0] == 0
    row = statuses(run)["bureau"]
    assert (row["step"], row["answer-due"]["on"]) == ("waiting", "2026-12-28")  # type: ignore[index]


def test_of_several_ways_the_one_that_came_back_is_named(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "email", "--on", "2026-11-20", "-q")
    code, _, err = outcome(run(*BACK))
    assert (code, "say with --by which of them came back" in err) == (2, True)
    assert outcome(run(*BACK, "--by", "certified-mail", "-q"))[0] == 0
    assert statuses(run)["bureau"]["step"] == "waiting"  # the e-mail did not come back
    assert outcome(run(*BACK, "--by", "email", "-q"))[0] == 0
    assert statuses(run)["bureau"]["step"] == "returned"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--on", "2026-11-19", "--returned", WHY), 2, "is before the day of sending"),
        (("--returned", WHY), 2, "no day of return is given"),
        (("--on", "2026-11-23", "--returned", " "), 2, "--returned"),
        (("--on", "2026-11-23", "--by", "mail"), 2, "add --returned REASON"),
        (
            ("--on", "2026-11-23", "--returned", WHY, "--by", "fax"),
            1,
            "not recorded as sent by fax",
        ),
        (("--undo", "why", "--returned", WHY), 2, "--undo takes back what is recorded"),
    ],
)
def test_what_cannot_be_so_is_not_recorded(
    words: tuple[str, ...], code: int, told: str, sent: str, run: Run
) -> None:
    before = len(load_journal(Path("letters")).lines)
    result = outcome(run("delivered", TO_BUREAU, *words))
    assert (result[0], told in result[2]) == (code, True)
    assert len(load_journal(Path("letters")).lines) == before


def test_a_corrected_letter_takes_the_place_of_one_that_came_back(
    in_folder: Path, run: Run, write: Write
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q")
    run("sent", "letters", "--by", "certified-mail", "--on", "2026-11-20", "-q")
    run(*BACK, "-q")
    moved = "address: {street: [2 New Street], city: Sacramento, state: CA, zip: '95816'}"
    write("r.yaml", f"{REQUEST}recipients: {{bureau: {{{moved}}}}}\n")
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q", "--supersede", "it came back")
    lines = [json.loads(it) for it in outcome(run("status", "letters", "--json"))[1].splitlines()]
    assert [(row["recipient"], row["step"]) for row in lines] == [
        ("bureau", "returned"),
        ("ice", "waiting"),
        ("bureau", "unsent"),
    ]
    assert lines[0]["next"] == f"came back 2026-11-23: {WHY}; a corrected letter is not sent yet"
    run("sent", TO_BUREAU, "--by", "certified-mail", "--on", "2026-11-24", "-q")
    table = Path("letters/register.csv").read_text("utf-8-sig")
    assert f'"came back on 2026-11-23\nsuperseded",{WHY},' in table


def test_what_follows_goes_only_to_the_office_that_has_the_notice(sent: str, run: Run) -> None:
    run(*BACK, "-q")
    follow = ("new", "--follow", "letters", "--letter", "secure-communities/follow-up", "-o")
    err = outcome(run(*follow, "ice.yaml"))[2]
    assert "since the earlier one to the State Identification Bureau came back" in err
    text = Path("ice.yaml").read_text("utf-8")
    assert "\nto: ice\n" in text
    assert text.count("by: certified-mail, sent: 2026-11-20") == 1
    run("delivered", TO_ICE, "--returned", "moved", "--on", "2026-11-24", "-q")
    code, _, err = outcome(run(*follow, "none.yaml"))
    assert (code, f"{sent} came back, so no letter follows it" in err) == (1, True)


def test_no_day_of_a_notice_is_counted_from_a_sending_that_came_back(
    tmp_path: Path, library: Library
) -> None:
    maker = RegisterMaker(tmp_path)
    wso = {"model": ["wso"]}
    id = maker.written(letter="287g/terminate", parties=("ice",), particulars=wso)
    maker.sent(id, "ice")
    (standing,) = maker.standings(library)
    assert [day.title for day in standing.milestones] == [
        "the termination takes effect after 90 days"
    ]
    maker.returned(id, "ice", date(2026, 11, 12), note="moved")
    (standing,) = maker.standings(library)
    assert (standing.step, standing.milestones) == ("returned", ())
    assert next_step(standing, date(2027, 3, 1)).startswith("came back 2026-11-12: moved; find")


def test_a_version_that_does_not_know_a_line_passes_it_over(sent: str, run: Run) -> None:
    end = load_journal(Path("letters")).end
    line = {"event": "unheard-of", "at": "2026-11-23T15:00:00Z", "previous": end, "note": WHY}
    with Path("letters/register.ndjson").open("a") as stream:
        stream.write(f"{json.dumps(line)}\n")
    run("answer", TO_ICE, "--reply", "refused", "-q")
    assert [it.message for it in load_journal(Path("letters")).problems] == [
        "this line is not an event"
    ]
    states = load_register(Path("letters")).letters.values()
    assert [bool(state.sent) for state in states] == [True, True]
    assert [len(state.answers) for state in states] == [0, 1]


def test_what_is_recorded_after_a_return_is_told_by_its_day(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "fax", "--on", "2026-11-21", "-q")
    run(*BACK, "--by", "certified-mail", "-q")
    assert outcome(run("delivered", TO_BUREAU, "--on", "2026-11-24", "-q"))[0] == 0
    run("packet", TO_BUREAU, "-o", "proof.pdf", "-q", "--engine", "typst")
    told = pages_of("proof.pdf")[0]
    places = [told.index(words) for words in ("facsimile", "Came back", "Delivered")]
    assert places == sorted(places)


def test_an_answer_shows_that_a_letter_which_came_back_did_arrive(sent: str, run: Run) -> None:
    run(*BACK, "-q")
    answer = ("answer", TO_BUREAU, "--reply", "refused", "--on", "2026-11-24", "-q")
    assert outcome(run(*answer))[0] == 0
    assert statuses(run)["bureau"]["step"] == "answered"
    assert outcome(run("delivered", TO_BUREAU, "--on", "2026-11-24", "-q"))[0] == 0
    text = Path("letters/register.csv").read_text("utf-8-sig")
    assert ("2026-11-24" in text, WHY in text) == (True, True)


def test_an_acknowledgment_of_a_letter_that_came_back_leaves_a_day_for_the_answer(
    sent: str, run: Run
) -> None:
    run("answer", TO_BUREAU, "--reply", "acknowledged", "--on", "2026-11-22", "-q")
    assert outcome(run(*BACK, "-q"))[0] == 0
    row = statuses(run)["bureau"]
    assert (row["step"], bool(row["answer-due"])) == ("waiting", True)


def test_the_return_goes_with_its_sending_when_the_way_or_day_is_corrected(
    sent: str, run: Run
) -> None:
    run(*BACK, "-q")
    assert outcome(run("sent", TO_BUREAU, "--correct", "--by", "mail", "-q"))[0] == 0
    row = statuses(run)["bureau"]
    assert (row["step"], row["returned"]) == (
        "returned",
        [{"on": "2026-11-23", "by": "mail", "reason": WHY}],
    )
    assert "already recorded" in outcome(run(*BACK))[2]
    late = ("sent", TO_BUREAU, "--correct", "--on", "2026-11-24")
    code, _, err = outcome(run(*late))
    assert (code, "2026-11-24 is too late: the letter is recorded as returned" in err) == (2, True)


def test_a_day_is_not_corrected_past_the_return_of_its_way(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "fax", "--on", "2026-11-20", "-q")
    run(*BACK, "--by", "certified-mail", "-q")
    late = ("sent", TO_BUREAU, "--by", "certified-mail", "--correct", "--on", "2026-11-24")
    assert "is recorded as returned on 2026-11-23" in outcome(run(*late))[2]
    assert statuses(run)["bureau"]["step"] == "waiting"  # the fax


def test_one_way_comes_back_after_the_letter_arrived_in_the_other(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "fax", "--on", "2026-11-20", "-q")
    run("delivered", TO_BUREAU, "--on", "2026-11-20", "-q")
    assert outcome(run(*BACK, "--by", "certified-mail", "-q"))[0] == 0
    code, _, err = outcome(run(*BACK, "--by", "fax"))
    assert (code, "as delivered on 2026-11-20" in err) == (1, True)
    assert "as delivered" in outcome(run("sent", TO_BUREAU, "--by", "fax", "--undo", "not"))[2]
    assert "--undo REASON --on 2026-11-20\n" in err
    undo = ("delivered", TO_BUREAU, "--undo", "it did not")
    code, _, err = outcome(run(*undo))
    told = "delivered on 2026-11-20, and as returned on 2026-11-23\n"
    assert (code, f"the letter is recorded as {told}" in err) == (2, True)
    assert "not delivered on 2026-11-20" in outcome(run(*undo, "--on", "2026-11-20"))[2]
    assert "not returned by certified mail" in outcome(run(*undo))[2]


def test_undo_takes_back_the_return_by_the_way_that_is_named(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "fax", "--on", "2026-11-20", "-q")
    run(*BACK, "--by", "certified-mail", "-q")
    run("delivered", TO_BUREAU, "--on", "2026-11-24", "-q")
    undo = ("delivered", TO_BUREAU, "--undo", "another letter", "--by", "certified-mail")
    assert "not returned by certified mail on 2026-11-23" in outcome(run(*undo))[2]
    code, _, err = outcome(run(*undo))
    assert (code, "not recorded as returned by certified mail" in err) == (1, True)


def test_undo_finds_a_return_that_was_not_recorded_last(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "fax", "--on", "2026-11-20", "-q")
    run(*BACK, "--by", "certified-mail", "-q")
    run(*BACK, "--by", "fax", "-q")
    undo = ("delivered", TO_BUREAU, "--undo", "another letter")
    err = outcome(run(*undo, "--on", "2026-11-22"))[2]
    assert "is not recorded as returned on 2026-11-22" in err
    assert "it is recorded as returned on 2026-11-23" in err
    told = "not returned by certified mail on 2026-11-23 after all"
    assert told in outcome(run(*undo, "--by", "certified-mail"))[2]
    assert statuses(run)["bureau"]["step"] == "waiting"


def test_two_ways_may_come_back_on_one_day_for_one_reason(sent: str, run: Run) -> None:
    run("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-20", "-q")
    run(*BACK, "--by", "certified-mail", "-q")
    assert "say with --by which of them came back" in outcome(run(*BACK))[2]
    assert outcome(run(*BACK, "--by", "mail", "-q"))[0] == 0
    assert statuses(run)["bureau"]["step"] == "returned"
    assert outcome(run(*BACK))[2].startswith("already recorded")


def test_the_second_sending_cannot_come_back_before_its_own_day(sent: str, run: Run) -> None:
    run(*BACK, "-q")
    run("sent", TO_BUREAU, "--by", "certified-mail", "--on", "2026-11-24", "--again", "-q")
    early = ("delivered", TO_BUREAU, "--returned", "moved", "--on", "2026-11-23")
    code, _, err = outcome(run(*early))
    assert (code, "is before the day of sending (2026-11-24)" in err) == (2, True)
    assert outcome(run(*early[:-1], "2026-11-24", "-q"))[0] == 0
    assert statuses(run)["bureau"]["step"] == "returned"


def test_of_a_folder_the_letter_that_came_back_is_named(sent: str, run: Run) -> None:
    run("delivered", TO_ICE, "--returned", "moved", "--on", "2026-11-24", "-q")
    run(*BACK, "-q")
    err = outcome(run("delivered", "letters", "--on", "2026-11-24"))[2]
    for day, party, path in (
        ("23", "the State Identification Bureau", TO_BUREAU),
        ("24", "ICE", TO_ICE),
    ):
        assert f"as returned on 2026-11-{day}: {sent} to {party} ({path})" in err


def test_what_arrived_before_the_letter_went_out_again_did_not_come_back(
    sent: str, run: Run
) -> None:
    again = ("sent", TO_BUREAU, "--by", "certified-mail", "--on", "2026-11-22", "--again", "-q")
    run("delivered", TO_BUREAU, "--on", "2026-11-21", "-q")
    run(*again)
    assert outcome(run(*BACK, "-q"))[0] == 0
    row = statuses(run)["bureau"]
    assert (row["step"], row["received"]) == ("waiting", "2026-11-21")


def test_a_letter_that_was_answered_after_it_came_back_may_go_out_again(
    sent: str, run: Run
) -> None:
    run("delivered", TO_BUREAU, "--returned", WHY, "--on", "2026-11-21", "-q")
    run("answer", TO_BUREAU, "--reply", "refused", "--on", "2026-11-23", "-q")
    run("delivered", TO_BUREAU, "--on", "2026-11-21", "-q")
    again = ("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-24", "--again", "-q")
    assert outcome(run(*again))[0] == 0
    assert statuses(run)["bureau"]["step"] == "answered"


def test_what_is_wrong_with_each_letter_of_a_folder_is_told_once(
    sent: str, typst_library: Library, run: Run
) -> None:
    early = ("delivered", "letters", "--on", "2026-11-19")
    told = "--on (letters): 2026-11-19 is before the day of sending (2026-11-20)"
    each = [f"{told}: {sent} to {name}" for name in ("the State Identification Bureau", "ICE")]
    lines = outcome(run(*early))[2].splitlines()
    assert [line.partition(" (letters/")[0] for line in lines[::2]] == each
    other = f"{REACHED}date: 2026-11-18\n"
    write_letters(typst_library, Path("letters"), other, ("txt",))
    run("sent", "letters", "--by", "certified-mail", "--on", "2026-11-20", "-q")
    assert outcome(run(*early))[2] == f"{told}\n  hint: correct the day\n"
