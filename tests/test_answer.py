"""`optout answer`: what came back is recorded, and the letter that answers it has its facts."""

import io
import json
import os
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pexpect
import pytest
from answer_questions import Answers, Clerk
from click.testing import Result
from command_results import Run, Write, outcome
from conftest import REQUEST as BASIC
from make_register import ADDISON, MARIN, RegisterMaker
from written_letters import REACHED, TO_BUREAU, TO_ICE, write_letters

from optout_cli.cli import answer, ask, new
from optout_cli.letters import Library
from optout_cli.model.program import Program
from optout_cli.readers.yaml import document_from_yaml
from optout_cli.register.events import Answered
from optout_cli.register.journal import load_journal
from optout_cli.register.state import LetterState, load_register

FOLDER = Path("letters")
RENEWED = "secure-communities/renewed-request"
DECLINED = "secure-communities/decline-results"
REQUEST = "marin-county-ca-renewed-request.yaml"
At = Callable[..., tuple[Result, Clerk]]


@pytest.fixture
def reference(library: Library, in_folder: Path, run: Run) -> str:
    """Write two letters, and record that the one to ICE went out and arrived."""
    text = REACHED + "service: {bureau: [{by: mail}], ice: [{by: mail}]}"
    found = write_letters(library, FOLDER, text)
    run("sent", TO_ICE, "--on", "2026-11-21")
    run("delivered", TO_ICE, "--on", "2026-11-22")
    return found


@pytest.fixture
def at_terminal(run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> At:
    """Run `optout answer` as on a terminal: `at_terminal(answers, TO_ICE)`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(in_folder / ".state"))
    for command in (answer, new):
        monkeypatch.setattr(command, "is_terminal", lambda: True)

    def call(answers: Answers, *arguments: str) -> tuple[Result, Clerk]:
        clerk = Clerk(answers)
        monkeypatch.setattr(ask, "_prompt", clerk)
        return run("answer", *arguments), clerk

    return call


def answers() -> list[Answered]:
    events = [line.event for line in load_journal(FOLDER).lines]
    return [event for event in events if isinstance(event, Answered)]


def data_in(path: str) -> dict[str, object]:
    data: dict[str, object] = document_from_yaml(Path(path).read_text("utf-8"), path).data  # type: ignore[assignment]  # a request is a mapping
    return data


def test_an_answer_is_recorded_with_its_words_and_its_file(
    reference: str, run: Run, write: Write
) -> None:
    write("answer.eml", "From: ICE")
    options = ("--reply", "refused", "--on", "2026-11-23", "--words", "No.", "--by", "Pat Doe, ICE")
    code, out, err = outcome(run("answer", TO_ICE, *options, "--file", "answer.eml"))
    follow = f"optout new --follow {reference} --in letters"
    assert (code, out) == (0, f"{TO_ICE}\n")
    assert err.splitlines() == [
        f"recorded: answered on 2026-11-23 (refused): {reference} to ICE ({TO_ICE})",
        "kept: letters/evidence/answer.eml",
        f"next: Renewed notice of opt-out: {follow} --letter {RENEWED}",
        f"next: Notice that match results are declined: {follow} --letter {DECLINED}",
    ]
    (answered,) = answers()
    assert answered.file is not None
    assert (answered.words, answered.by, answered.file.path, answered.facts) == (
        "No.",
        "Pat Doe, ICE",
        "evidence/answer.eml",
        {},
    )
    assert (FOLDER / answered.file.path).read_text("utf-8") == "From: ICE"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--words", "see attached"), "--words: 'see attached' is not a value"),
        (("--words", "14:30"), "--words: '14:30' has no letter in it"),
        (("--by", "n/a"), "--by: 'n/a' is not a value"),
        (("--by", "2027-01-15"), "--by: '2027-01-15' is a date"),
    ],
)
def test_words_that_no_letter_can_repeat_are_not_recorded(
    options: tuple[str, str], told: str, reference: str, run: Run
) -> None:
    code, _, err = outcome(
        run("answer", reference, "--in", "letters", "--reply", "refused", *options)
    )
    assert (code, answers()) == (2, [])
    assert told in err


def test_what_comes_back_concerns_the_letter_that_went_out(
    run: Run, write: Write, in_folder: Path
) -> None:
    path = write("m.yaml", "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\n")
    signed = ("--set", "signatory.title=Sheriff", "-f", "txt", "-o", f"{FOLDER}/", "-q")
    command = ("write", str(path), *signed, "--to", "ice", "--set")
    (place,) = outcome(run(*command, "signatory.name=Ann Clerk"))[1].split()
    run("sent", place, "--by", "mail", "-q")
    run(*command, "signatory.name=Ann Clark", "--supersede", "a mistyped name")
    assert outcome(run("delivered", place, "--on", "2026-11-24", "-q"))[0] == 0
    assert outcome(run("answer", place, "--reply", "refused", "-q"))[0] == 0
    first, second = load_register(FOLDER).letters.values()
    assert [len(it.answers) + len(it.delivered) for it in (first, second)] == [2, 0]


NOTICE = "letters/2026-08-03-terminate-wso-ice.txt"


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize(
    ("reply", "kind", "given", "passage"),
    [
        (
            ("refused", "--words", "We do not\naccept it. ", "--by", "Kim Doe, ICE"),
            "reply-to-refusal",
            {"answered": "2026-09-01", "answered-by": "Kim Doe, ICE"}
            | {"answer": ["We do not accept it."]},
            "refusal of September 1, 2026, by Kim Doe, ICE. The refusal concerns the notice",
        ),
        (
            ("effective-disputed", "--words", "It is too early.", "--set", "day-named=2026-12-01"),
            "effective-date",
            {"answered": "2026-09-01", "day-named": "2026-12-01", "answer": ["It is too early."]},
            "on the 90th day after receipt, November 4, 2026.",
        ),
        (
            ("meeting-offered", "--set", "day=2026-12-15", "--set", "place=in Room 4"),
            "meeting-confirmation",
            {"offered": "2026-09-01", "day": "2026-12-15", "place": "in Room 4"},
            "The meeting is on December 15, 2026, in Room 4.",
        ),
    ],
)
def test_a_reply_to_a_termination_has_the_letter_that_answers_it(
    reply: tuple[str, ...],
    kind: str,
    given: dict[str, object],
    passage: str,
    run: Run,
    write: Write,
) -> None:
    notice = "jurisdiction: marin-county-ca\nletter: 287g/terminate\ndate: 2026-08-03\n"
    signed = "signatory: {name: Pat Placeholder, title: Sheriff}\n"
    write("t.yaml", f"{notice}{signed}particulars: {{model: wso}}\n")
    run("write", "t.yaml", "-f", "txt", "-q", "-o", "letters/")
    run("sent", NOTICE, "--by", "certified-mail", "--on", "2026-08-03", "-q")
    run("delivered", NOTICE, "--on", "2026-08-06", "-q")
    run("answer", NOTICE, "--on", "2026-09-01", "--reply", *reply)
    assert outcome(run("new", "--follow", NOTICE, "-q", "-o", "next.yaml"))[0] == 0
    request = data_in("next.yaml")
    particulars = request["particulars"]
    assert isinstance(particulars, dict)
    assert (request["letter"], {key: particulars[key] for key in given}) == (f"287g/{kind}", given)
    code, out, err = outcome(run("write", "next.yaml", "--draft", "-f", "txt", "-o", "-"))
    told = [line for line in err.splitlines() if "check the letter" in line]
    assert (code, passage in " ".join(out.split()), told) == (0, True, [])


def test_what_ice_only_said_about_a_termination_is_asked_for_in_writing(
    run: Run, write: Write, in_folder: Path
) -> None:
    notice = "jurisdiction: marin-county-ca\nletter: 287g/terminate\ndate: 2026-11-01\n"
    signed = "signatory: {name: Pat Placeholder, title: Sheriff}\n"
    write("t.yaml", f"{notice}{signed}particulars: {{model: wso}}\n")
    run("write", "t.yaml", "-f", "txt", "-q", "-o", "letters/")
    path = "letters/2026-11-01-terminate-wso-ice.txt"
    run("sent", path, "--by", "certified-mail", "--on", "2026-11-02", "-q")
    run("delivered", path, "--on", "2026-11-05", "-q")
    said = ("--reply", "spoken", "--set", "means=telephone", "--words", "We will look at it.")
    code, _, err = outcome(run("answer", path, "--on", "2026-11-20", *said))
    assert (code, "next: What was said is no answer in writing. Ask for one" in err) == (0, True)
    assert "\nnext: Request for an acknowledgment: optout new --follow " in err
    (row,) = outcome(run("status", "letters", "--json"))[1].splitlines()
    assert json.loads(row)["next"] == (
        "replied 2026-11-20: an answer by telephone or at a meeting; answer due 2026-12-07;"
        " write: Request for an acknowledgment"
    )
    assert (
        "spoken on 2026-11-20" in outcome(run("new", "--csv", "--follow", "letters", "-o", "-"))[1]
    )
    run("new", "--follow", path, "-q", "-o", "next.yaml")
    assert data_in("next.yaml")["letter"] == "287g/follow-up"
    code, out, err = outcome(run("write", "next.yaml", "--draft", "-f", "txt", "-o", "-"))
    assert (code, "check the letter" in err) == (0, False)
    assert "received no written acknowledgment" in " ".join(out.split())


def last_state() -> LetterState:
    return [*load_register(FOLDER).letters.values()][-1]


def last_answer() -> Answered:
    return last_state().answers[-1]


def test_a_correction_keeps_what_is_not_said_and_words_only_of_the_same_kind(
    reference: str, run: Run, write: Write
) -> None:
    write("answer.eml", "From: ICE")
    options = ("--on", "2026-11-23", "--words", "No.", "--file", "answer.eml", "-q")
    run("answer", TO_ICE, "--reply", "refused", *options)
    assert outcome(run("answer", TO_ICE, "--correct", "--by", "Kim", "-q"))[0] == 0
    same = last_answer()
    assert (same.reply, str(same.on), same.words, same.by) == (
        "refused",
        "2026-11-23",
        "No.",
        "Kim",
    )
    meeting = ("--reply", "meeting-offered", "--set", "day=2026-12-15")
    note = (
        "note: the answer was recorded as refused; kept of it: the day (2026-11-23), who answered"
    )
    told = outcome(run("answer", TO_ICE, "--correct", *meeting))[2]
    assert f"{note} (Kim), the file evidence/answer.eml; left out: its words ('No.'); if" in told
    told = outcome(run("answer", TO_ICE, "--correct", "--reply", "removed", "--words", "Yes."))[2]
    assert "left out: day 2026-12-15; if this answer has the same" in told
    removed = last_answer()
    assert removed.file == same.file is not None
    assert (removed.on, removed.words, removed.facts) == (same.on, "Yes.", {})
    again = run("answer", TO_ICE, "--correct", "--reply", "removed", "--json")
    assert json.loads(outcome(again)[1])["recorded"] is False
    run("answer", TO_ICE, "--correct", "--words", "", "--file", "", "-q")
    assert (last_answer().words, last_answer().file, len(answers())) == (None, None, 5)


def test_the_terminal_asks_for_the_words_of_a_correction_of_another_kind(
    reference: str, at_terminal: At, run: Run
) -> None:
    run(
        "answer",
        TO_ICE,
        "--reply",
        "refused",
        "--on",
        "2026-11-23",
        "--words",
        "No.",
        "--by",
        "Kim",
    )
    typed = {"Words": "See you.", "  Keep": "y", "Date of the meeting": "2026-12-15"}
    result, clerk = at_terminal(typed, TO_ICE, "--correct", "--reply", "meeting-offered")
    code, _, err = outcome(result)
    assert (code, clerk.unused, "recorded with the words: No." in err) == (0, [], True)
    found = last_answer()
    assert (found.reply, str(found.on), found.by, found.words, found.facts) == (
        "meeting-offered", "2026-11-23", "Kim", "See you.", {"day": "2026-12-15"},
    )  # fmt: skip


def test_an_answer_that_is_said_again_with_more_is_completed(reference: str, run: Run) -> None:
    offered = ("answer", TO_ICE, "--reply", "meeting-offered", "--on", "2026-11-23")
    told = outcome(run(*offered, "--by", "Kim"))[2]
    add = "if the answer names it, add it with --correct --set day=DATE"
    assert f"note: no day is recorded for: meeting; {add}" in told
    told = outcome(run(*offered, "--set", "day=2026-12-15", "--set", "place=Room 1"))[2]
    assert "note: this completes the answer of 2026-11-23 that is recorded already" in told
    assert "no day is recorded" not in told
    (_, state) = load_register(FOLDER).letters.values()
    (only,) = state.answers
    # A fact that the reply needs is not asked for again.
    spoken = ("answer", TO_BUREAU, "--reply", "spoken", "--on", "2026-11-23")
    assert outcome(run(*spoken, "--set", "means=telephone"))[0] == 0
    assert "this completes the answer" in outcome(run(*spoken, "--words", "Call ICE."))[2]
    assert "needs means" in outcome(run(*spoken, "--words", "No."))[2]
    assert (only.by, only.facts) == ("Kim", {"day": "2026-12-15", "place": "Room 1"})
    assert outcome(run(*offered))[2].startswith("already recorded: ")
    told = outcome(run(*offered, "--by", "Pat"))[2]
    assert "note: the letter now has more than one such answer of 2026-11-23; if only" in told


def test_an_acknowledgment_beside_a_refusal_changes_nothing_whenever_it_is_recorded(
    reference: str, run: Run
) -> None:
    refused = ("--reply", "refused", "--on", "2026-11-23", "--words", "No.")
    run("answer", TO_ICE, *refused, "-q")
    for day in ("2026-11-22", "2026-11-24"):
        told = outcome(run("answer", TO_ICE, "--reply", "acknowledged", "--on", day))[2]
        assert "next" not in told.splitlines()[-1].partition(":")[0]
        status = [*map(json.loads, outcome(run("status", "letters", "--json"))[1].splitlines())][1]
        assert f"an acknowledgment, without an answer ({day})" in status["next"]
        assert "a refusal in writing (2026-11-23)" in status["next"]
        assert status["next"].endswith("; write: Renewed notice of opt-out")
    run("answer", TO_ICE, "--correct", "--on", "2026-11-22", "-q")  # what was recorded last
    assert [str(it.on) for it in last_state().answers] == ["2026-11-22", "2026-11-22", "2026-11-23"]
    assert outcome(run("new", "--follow", TO_ICE, "-o", "next.yaml", "-q"))[0] == 0
    text = Path("next.yaml").read_text("utf-8")
    assert (f"\nletter: {RENEWED}\n" in text, "answered: 2026-11-23" in text) == (True, True)


def test_what_was_said_by_telephone_is_quoted_as_that(reference: str, run: Run) -> None:
    said = ("--set", "means=telephone", "--by", "Kim Doe", "--words", 'Ask "the bureau".')
    run("answer", TO_ICE, "--reply", "spoken", "--on", "2026-11-23", *said, "-q")
    signed = ("--set", "signatory.name=Pat Doe", "--set", "signatory.title=Sheriff")
    run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "next.yaml", *signed, "-q")
    code, _, err = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/", "-v"))
    assert (code, "check the letter" in err) == (0, False)
    (letter,) = FOLDER.glob("*renewed*.txt")
    text = " ".join(letter.read_text("utf-8").split())
    assert (
        "answered on November 23, 2026: by telephone, \u201cAsk \u2018the bureau\u2019.\u201d"
        in text
    )


def test_a_renewed_notice_goes_to_who_refused_and_calls_no_acknowledgment_an_answer(
    reference: str, run: Run
) -> None:
    run("sent", TO_BUREAU, "--on", "2026-11-21", "-q")
    run("answer", TO_BUREAU, "--reply", "acknowledged", "--on", "2026-11-22", "-q")
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-22", "--words", "No.", "-q")
    run("answer", TO_ICE, "--reply", "meeting-offered", "--on", "2026-11-23", "-q")
    told = outcome(run("new", "--follow", "letters", "--letter", RENEWED, "-o", "next.yaml"))[2]
    assert "this letter goes to ICE alone" in told
    text = Path("next.yaml").read_text("utf-8")
    assert ("\nto: ice\n" in text, re.findall(r"\banswered: (.*)", text)) == (True, ["2026-11-22"])


def test_an_answer_to_the_first_version_is_quoted_after_a_corrected_one_went_out(
    in_folder: Path, run: Run, write: Write
) -> None:
    write("r.yaml", BASIC)
    options = ("-f", "txt", "-o", "letters/", "-q")
    run("write", "r.yaml", *options)
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-20", "-q")
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-21", "--words", "No.", "-q")
    write("r.yaml", BASIC.replace("Pat", "Kim"))
    run("write", "r.yaml", *options, "--supersede", "the wrong signer")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-23", "-q")
    signed = ("--set", "signatory.name=Pat Doe", "--set", "signatory.title=Sheriff")
    run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "next.yaml", *signed, "-q")
    text = Path("next.yaml").read_text("utf-8")
    assert re.findall(r"\banswer(?:ed)?: (.*)", text) == ["2026-11-21", '"\u201cNo.\u201d"']
    told = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/", "-v"))[2]
    assert "check the letter" not in told


def test_a_letter_after_an_answer_that_ends_the_matter_has_a_note(reference: str, run: Run) -> None:
    run("answer", TO_ICE, "--reply", "removed", "-q")
    told = outcome(run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "next.yaml"))[2]
    assert "the new letter does not answer that; check that you want it" in " ".join(told.split())


def test_an_answer_that_did_not_come_is_taken_back(reference: str, run: Run) -> None:
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "-q")
    assert outcome(run("answer", TO_ICE, "--undo", "it was another county's")) == (
        0,
        f"{TO_ICE}\n",
        (
            "recorded: not answered on 2026-11-23 after all (it was another county's):"
            f" {reference} to ICE ({TO_ICE})\n"
            "next: if another answer came, run optout answer; to see what is due, optout status"
            " letters\n"
        ),
    )
    (_, state) = load_register(FOLDER).letters.values()
    assert (state.answers, len(answers())) == ([], 1)


def test_a_day_chooses_the_answer_to_correct_or_to_take_back(reference: str, run: Run) -> None:
    acknowledged = ("answer", TO_ICE, "--reply", "acknowledged", "-q", "--on")
    for day in ("2026-11-22", "2026-11-24", "2026-11-23"):
        run(*acknowledged, day, "--by", "Kim")
    run("answer", TO_ICE, "--correct", "--of", "2026-11-22", "--by", "Pat", "-q")
    run(*acknowledged, "2026-11-24", "--words", "Yes.")  # completes that one
    run("answer", TO_ICE, "--undo", "a draft", "--of", "2026-11-23", "-q")
    assert [(str(it.on), it.by, it.words) for it in last_state().answers] == [
        ("2026-11-22", "Pat", None),
        ("2026-11-24", "Kim", "Yes."),
    ]
    for choice, hint in (
        (("--undo", "why", "--of", "2026-11-23"), "answered on 2026-11-22, and on 2026-11-24"),
        (("--correct", "--of", "2026-11-23"), "the answers are of 2026-11-22 and 2026-11-24"),
        (("--undo", "why", "--on", "2026-11-23"), "answered on 2026-11-22, and on 2026-11-24"),
        (("--reply", "refused", "--of", "2026-11-24"), "add --correct or --undo"),
    ):
        code, _, err = outcome(run("answer", TO_ICE, *choice))
        assert (code in (1, 2), hint in " ".join(err.split())) == (True, True)


def test_a_correction_as_earlier_versions_wrote_it_replaces_the_last_answer(
    tmp_path: Path,
) -> None:
    maker = RegisterMaker(tmp_path)
    id = maker.written(parties=("ice",))
    for day in (20, 9):
        maker.answered(id, "ice", date(2026, 11, day))
    maker.answered(id, "ice", date(2026, 11, 10), corrects=True)
    (state,) = load_register(tmp_path).letters.values()
    assert [answer.on.day for answer in state.answers] == [10, 20]


def test_only_an_e_mail_or_a_fax_is_answered_before_the_letter_arrives(
    reference: str, run: Run
) -> None:
    early = ("answer", TO_ICE, "--reply", "acknowledged", "--on", "2026-11-21")
    code, _, err = outcome(run(*early))
    assert (code, "2026-11-21 is before the day of delivery (2026-11-22)" in err) == (2, True)
    run("delivered", TO_ICE, "--undo", "another card", "-q")
    assert outcome(run(*early, "-q"))[0] == 0
    code, _, err = outcome(run("delivered", TO_ICE, "--on", "2026-11-22"))
    assert (code, "optout answer LETTER --correct --of 2026-11-21" in err) == (2, True)
    run("sent", TO_ICE, "--by", "fax", "--on", "2026-11-21", "-q")
    assert outcome(run("delivered", TO_ICE, "--on", "2026-11-22", "-q"))[0] == 0


def test_an_answer_is_not_corrected_to_silence(reference: str, run: Run) -> None:
    run("answer", TO_ICE, "--reply", "refused", "-q")
    code, _, err = outcome(run("answer", TO_ICE, "--correct", "--reply", "none"))
    assert (code, "take back the last answer with --undo REASON" in err) == (2, True)


def test_the_same_answer_is_recorded_once(reference: str, run: Run) -> None:
    command = ("answer", TO_ICE, "--reply", "refused", "--words", "No.", "--json")
    assert json.loads(outcome(run(*command))[1])["recorded"] is True
    assert json.loads(outcome(run(*command))[1])["recorded"] is False
    assert len(answers()) == 1


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ((), 2, "--reply: no reply is given\n  hint: one of none, acknowledged, meeting-"),
        (
            ("--reply", "refsed"),
            2,
            "there is no reply 'refsed'\n  hint: did you mean 'refused'? It is one of none, ",
        ),
        (("--reply", "denied"), 2, "hint: did you mean 'refused'? It is one of none, "),
        (
            ("--reply", "no"),
            2,
            (
                "hint: did you mean 'refused' (a refusal in writing) or 'spoken' (an answer by"
                " telephone or at a meeting) or 'none' (nothing yet)? It is one of none, "
            ),
        ),
        (("--reply", "Yes"), 2, "hint: did you mean 'acknowledged' (an acknowledgment, without"),
        (("--reply", "OK"), 2, "hint: did you mean 'acknowledged' (an acknowledgment, without"),
        (("--reply", "rejected"), 2, "hint: did you mean 'refused'? It is one of none, "),
        (("--reply", "declined"), 2, "hint: did you mean 'refused'? It is one of none, "),
        (("--reply", "received"), 2, "hint: did you mean 'acknowledged'? It is one of none, "),
        (("--reply", "silence"), 2, "hint: did you mean 'none'? It is one of none, "),
        (("--reply", "phone"), 2, "hint: did you mean 'spoken'? It is one of none, "),
        (("--reply", "nonsense"), 2, "It is one of none, acknowledged, meeting-"),
        (("--reply", "spoken"), 2, "the reply 'spoken' needs means: how you spoke (telephone, "),
        (("--reply", "spoken", "--set", "means=letter"), 2, "means cannot be 'letter'"),
        (
            ("--reply", "meeting-offered", "--set", "dya=2027-01-15"),
            2,
            "the reply 'meeting-offered' has no fact 'dya'\n  hint: did you mean 'day'?",
        ),
        (("--reply", "meeting-offered", "--set", "day=soon"), 2, "day 'soon' is not a date"),
        (("--reply", "refused", "--on", "2026-11-20"), 2, "before the day of delivery"),
        (("--reply", "refused", "--on", "2026-11-30"), 2, "2026-11-30 is in the future"),
        (("--reply", "refused", "--file", "no.pdf"), 2, "no.pdf: cannot find this file"),
    ],
)
def test_what_cannot_be_so_is_not_recorded(
    options: tuple[str, ...], code: int, told: str, reference: str, run: Run
) -> None:
    result = outcome(run("answer", TO_ICE, *options))
    assert (result[:2], answers()) == ((code, ""), [])
    assert told in result[2]


def test_an_answer_to_a_letter_that_is_not_recorded_as_sent_is_told(
    reference: str, run: Run
) -> None:
    err = outcome(run("answer", TO_BUREAU, "--reply", "acknowledged"))[2]
    assert "note: the letter is not recorded as sent" in err.splitlines()


def test_nothing_yet_is_not_recorded(reference: str, run: Run) -> None:
    code, out, err = outcome(run("answer", TO_ICE, "--reply", "none"))
    assert (code, out, answers()) == (0, "", [])
    assert err.startswith("nothing is recorded, since nothing came back\nnext: Request for an")


def test_where_no_letter_follows_silence_the_program_says_what_to_do(
    in_folder: Path, run: Run
) -> None:
    maker = RegisterMaker(in_folder / "letters")
    maker.sent(maker.written(letter="287g/reply-to-refusal", parties=("ice",)), "ice")
    path = "letters/CA/marin-county-ca/2026-11-02-reply-to-refusal-ice.txt"
    assert outcome(run("answer", path, "--reply", "none"))[2].splitlines() == [
        "nothing is recorded, since nothing came back",
        "next: Call the office, and ask counsel.",
    ]


def test_a_folder_with_one_letter_that_went_out_is_enough(reference: str, run: Run) -> None:
    assert outcome(run("answer", "letters", "--reply", "refused", "-q"))[1] == f"{TO_ICE}\n"
    run("sent", TO_BUREAU)
    code, _, err = outcome(run("answer", "letters", "--reply", "refused"))
    assert (code, err.partition(":")[0]) == (2, "letters")
    assert "add --to bureau or --to ice" in err


def test_only_a_recipient_that_leaves_one_letter_is_offered(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(in_folder / "letters")
    for place in (MARIN, ADDISON):
        maker.sent(maker.written(place=place, parties=("ice",)), "ice")
    err = outcome(run("answer", "letters", "--reply", "refused"))[2]
    assert err.endswith("  hint: name one of the files\n")
    maker.sent(maker.written(parties=("bureau",)), "bureau")
    err = outcome(run("answer", "letters", "--reply", "refused"))[2]
    assert err.endswith("  hint: name one of the files, or add --to bureau\n")


def test_the_terminal_asks_and_begins_the_next_letter(reference: str, at_terminal: At) -> None:
    typed = {
        "Reply": "refused",
        "Day": "2026-11-23",
        "By": "Pat Doe, Field Office Director",
        "Words": "The county cannot leave.",
        "Letter": RENEWED,
        "Date": "2026-11-24",
        "Name": "Kim Successor",
        "Sent by": "email",
    }
    result, clerk = at_terminal(typed, reference, "--in", "letters", "--to", "ice")
    code, out, err = outcome(result)
    assert (code, out, clerk.unused) == (0, f"{TO_ICE}\n{REQUEST}\n", [])
    assert "recorded: answered on 2026-11-23 (refused)" in err
    assert clerk.asked["Does the same person sign this letter? [y/N]"] == [""]  # Enter alone is no
    data = data_in(REQUEST)
    assert data["signatory"] == {
        "name": "Kim Successor",
        "title": "Sheriff",
        "office": "Marin County Sheriff's Office",
    }
    assert (data["to"], data["service"]) == ("ice", {"ice": [{"by": "email"}]})
    (earlier,) = data["particulars"]["earlier"]  # type: ignore[index]  # a mapping
    assert earlier == {
        "date": "2026-11-20",
        "to": earlier["to"],
        "by": "mail",
        "reference": reference,
        "answered": "2026-11-23",
        "answer": "\u201cThe county cannot leave.\u201d",
    }


def test_the_terminal_asks_for_the_facts_of_a_reply(reference: str, at_terminal: At) -> None:
    typed = {
        "Reply": "spoken",
        "Day": "2026-11-23",
        "By": "Pat Doe, ICE",
        "Words": "1. There is no way out. 2. None is planned.",
        "How it was said": "telephone",
        "Letter": "secure-communities/record-of-conversation",
        "Name": "Kim Successor",
    }
    result, clerk = at_terminal(typed, TO_ICE)
    code, _, err = outcome(result)
    assert (code, clerk.unused) == (0, [])
    words = "1. There is no way out. 2. None is planned."
    assert f"  By: Pat Doe, ICE\n  Words: {words}\n  How it was said: telephone\n" in err
    assert data_in("marin-county-ca-record-of-conversation.yaml")["particulars"] == {
        "notice": "opt-out",
        "notice-date": "2026-11-20",
        "notice-reference": reference,
        "spoken": "2026-11-23",
        "means": "telephone",
        "speaker": "Pat Doe, ICE",
        "said": ["There is no way out.", "None is planned."],
    }


def test_the_terminal_asks_which_letter_was_answered(
    reference: str, at_terminal: At, run: Run
) -> None:
    run("sent", TO_BUREAU)
    typed = {"Letter": [f"{reference}, bureau", "later"], "Reply": "acknowledged"}
    result, clerk = at_terminal(typed, "letters")
    assert (outcome(result)[:2], clerk.unused) == ((0, f"{TO_BUREAU}\n"), [])


@pytest.mark.parametrize("typed", [{"Reply": "^C"}, {"Reply": "refused", "Record this": "n"}])
def test_who_stops_records_nothing(typed: Answers, reference: str, at_terminal: At) -> None:
    code, out, err = outcome(at_terminal(typed, TO_ICE)[0])
    assert (code, out, answers()) == (130, "", [])
    assert err.endswith("\nstopped; nothing was recorded\n")


def test_a_real_terminal_puts_wrong_answers_right(reference: str, in_folder: Path) -> None:
    lines = (
        ("Reply", "9", "no", "meeting-offered"),
        ("Day", "11/23/2026"),
        ("  Did you mean 2026-11-23?", ""),
        ("By", ""),
        ("Words", ""),
        ("Date of the meeting", "soon", "2026-12-15"),
        ("Time", "10:00 a.m."),
        ("Place", "-"),
        ("File", "nowhere.pdf", ""),
        ("Record this", ""),
        ("Letter", "?", ""),
    )
    words = ["-m", "optout_cli", "answer", TO_ICE]
    child = pexpect.spawn(sys.executable, words, env=os.environ, encoding="utf-8", timeout=300)
    child.logfile_read = shown = io.StringIO()
    child.delaybeforesend = None
    for label, *texts in lines:
        for text in texts:
            child.expect(rf"(?:^|\n){label.replace('?', '.')}[^\r\n]*: $")
            child.sendline(text)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "Did nothing come back, or did they say no? Type the number." in shown.getvalue()
    assert "Confirmation of a meeting: For use after ICE has offered a meeting" in shown.getvalue()
    (answered,) = answers()
    assert (str(answered.on), answered.reply, answered.facts) == (
        "2026-11-23",
        "meeting-offered",
        {"day": "2026-12-15", "time": "10:00 a.m."},
    )


def test_every_reply_of_every_letter_can_be_answered(library: Library) -> None:
    programs: dict[str, Program] = library.programs.by_id
    assert all(program.replies for program in programs.values())
    answered = {
        (id, row.letter)
        for id, program in programs.items()
        for reply in program.replies.values()
        for row in reply.next
    }
    following = {
        (id, name)
        for id, program in programs.items()
        for name, kind in program.letters.items()
        if kind.follows
    }
    assert following <= answered
    silent = [
        (id, name)
        for id, program in programs.items()
        for name, reply in program.replies.items()
        if not (reply.next or reply.advice)
    ]
    assert silent == []


def test_a_program_without_replies_says_so(
    reference: str, run: Run, write: Write, library: Library
) -> None:
    """A letter kind of one's own may have a program that is not finished."""
    text = (
        'title: X\ncode: XX\nperiods: [{id: a, from: "2009-01-01"}]\nrecipients: [{role: bureau}]\n'
    )
    text += 'letters: {ask: {title: X, summary: X., version: "1"}}\n'
    write("mine/other/program.yaml", text)
    register = FOLDER / "register.ndjson"
    lines = register.read_text("utf-8").replace(
        '"letter":"secure-communities/opt-out"', '"letter":"other/ask"'
    )
    register.write_text(lines, "utf-8")
    code, out, err = outcome(run("answer", TO_ICE, "--templates", "mine", "--reply", "refused"))
    assert (code, out) == (1, "")
    assert err.startswith("the program 'X' does not say what may come back")


def test_a_question_is_explained_and_the_one_before_is_asked_again(
    reference: str, at_terminal: At
) -> None:
    typed = {
        "Reply": ["<", "?", "spoken", "refused"],
        "Day": ["<", "2026-11-23", ""],
        "By": ["<", "Pat Doe"],
        "Record this": ["?", "<", "y"],
        "Letter": "later",
    }
    result, clerk = at_terminal(typed, TO_ICE)
    (answer,) = answers()
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert (answer.reply, str(answer.on), answer.by) == ("refused", "2026-11-23", "Pat Doe")
    assert clerk.asked["Day"] == ["2026-11-24", "2026-11-24", "2026-11-23"]
    err = " ".join(result.stderr.split())
    for told in (
        "This is the first question.",
        "It is recorded, and you see which letter answers it.",
        "yes records it. no records nothing.",
    ):
        assert told in err


@pytest.mark.parametrize(
    ("typed", "is_kept", "kept"),
    [
        (
            ["refused", "This office declines the request."],
            "n",
            "This office declines the request.",
        ),
        (["They will not do it."], "y", "They will not do it."),
    ],
)
def test_words_that_may_be_a_summary_are_a_quotation_only_if_she_says_so(
    typed: list[str], is_kept: str, kept: str, reference: str, at_terminal: At
) -> None:
    said = {"Reply": "refused", "Words": typed, "  Keep": is_kept, "Letter": "later"}
    result, clerk = at_terminal(said, TO_ICE)
    assert (outcome(result)[0], clerk.unused, answers()[0].words) == (0, [], kept)
    told = f"the next letter quotes {typed[0]!r} as their own words."
    assert told in " ".join(result.stderr.split())
    assert clerk.asked[f"  Keep {typed[0]!r} as a quotation? [y/N]"] == [""]


def test_what_was_said_is_asked_for_as_the_letter_lists_it(reference: str, at_terminal: At) -> None:
    summary, itself = "He said they will not take us off", "We will not take you off."
    typed: Answers = {
        "Reply": "spoken",
        "Words": ["?", summary, itself],
        "  Keep": "n",
        "How it was said": "telephone",
        "Letter": "later",
    }
    result, clerk = at_terminal(typed, TO_ICE)
    assert (outcome(result)[0], clerk.unused, answers()[0].words) == (0, [], itself)
    told = " ".join(result.stderr.split())
    assert "What was said? One or two sentences are enough" in told
    assert "lists it as what was said, as you understood it" in told
    assert f"the letter would list {summary!r} as what was said. Type a sentence" in told
    assert "their own words" not in told
    assert "quotation marks" not in told
    assert clerk.asked[f"  Keep {summary!r} as what was said? [y/N]"] == [""]


def test_a_renewed_notice_repeats_the_reasons_and_says_how_the_first_one_went(
    library: Library, in_folder: Path, run: Run
) -> None:
    reasons = "particulars: {reasons: [The jail is full.]}\n"
    reference = write_letters(library, FOLDER, REACHED + reasons)
    run("sent", TO_ICE, "--by", "fax", "--on", "2026-11-21")
    run(
        "answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "--words", "We decline.", "-q"
    )
    signed = ("--set", "signatory.name=Pat Doe", "--set", "signatory.title=Sheriff")
    _, _, err = outcome(
        run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "n.yaml", *signed)
    )
    assert "note: the new letter repeats reasons: of the earlier one" in err
    text = " ".join(outcome(run("write", "n.yaml", "-f", "txt", "-o", "-"))[1].split())
    assert (
        f"- The request of November 20, 2026, went to your office by facsimile (our reference"
        f" {reference}). It was answered on November 23, 2026: \u201cWe decline.\u201d" in text
    )
    assert "The County gives this reason: The jail is full." in text


def test_a_meeting_on_a_weekend_is_told_of(reference: str, run: Run) -> None:
    day = ("--set", "day=2026-12-05")
    err = outcome(run("answer", TO_ICE, "--reply", "meeting-offered", *day))[2]
    assert "note: check the day 2026-12-05: it is a Saturday" in err.splitlines()


def test_a_renewed_notice_takes_the_refusal_of_the_notice_whatever_came_since(
    reference: str, run: Run, library: Library
) -> None:
    refused = ("--reply", "refused", "--on", "2026-11-23", "--words", "No.")
    run("answer", TO_ICE, *refused, "-q")
    meeting = ("--reply", "meeting-offered", "--on", "2026-11-24", "--set", "day=2027-01-15")
    run("answer", TO_ICE, *meeting, "-q")
    confirmation = f"""\
        letter: secure-communities/meeting-confirmation
        date: 2026-11-24
        particulars: {{notice: opt-out, notice-date: 2026-11-20, notice-reference: {reference},
          offered: 2026-11-24, day: 2027-01-15,
          place: "1 Main Street"}}
        """
    write_letters(library, FOLDER, confirmation)
    later = "letters/2026-11-24-meeting-confirmation-ice.txt"
    run("sent", later, "--by", "mail", "--on", "2026-11-24")
    run("answer", later, "--reply", "refused", "--on", "2026-11-24", "--words", "Never.", "-q")
    run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "next.yaml", "-q")
    particulars = data_in("next.yaml")["particulars"]
    assert isinstance(particulars, dict)
    (entry,) = (it for it in particulars["earlier"] if "answered" in it)
    assert (entry["answered"], entry["answer"]) == ("2026-11-23", "\u201cNo.\u201d")


def test_each_of_several_answers_has_its_day(reference: str, run: Run) -> None:
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "-q")
    meeting = ("--reply", "meeting-offered", "--on", "2026-11-24", "--set", "day=2027-01-15")
    run("answer", TO_ICE, *meeting, "-q")
    status = json.loads(outcome(run("status", "letters", "--json"))[1].splitlines()[1])
    said = "answered: a refusal in writing (2026-11-23); a meeting was offered (2026-11-24)"
    assert status["next"].startswith(said)


def test_a_request_for_an_answer_after_an_answer_is_told(reference: str, run: Run) -> None:
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "-q")
    run("sent", TO_BUREAU, "--on", "2026-11-21")
    run("answer", TO_BUREAU, "--reply", "refused", "--on", "2026-11-24", "-q")
    follow_up = ("--letter", "secure-communities/follow-up", "-o", "next.yaml")
    told = " ".join(outcome(run("new", "--follow", TO_ICE, *follow_up))[2].split())
    assert "note: ICE answered on 2026-11-23 (a refusal in writing): the new letter asks" in told


def test_an_acknowledgment_names_the_next_letter_for_later(reference: str, run: Run) -> None:
    told = outcome(run("answer", TO_ICE, "--reply", "acknowledged", "--on", "2026-11-23"))[2]
    assert "\nnext, if no answer comes within 30 days: Request for an answer: optout new" in told


def test_a_correction_to_another_kind_does_not_offer_the_old_words(
    reference: str, at_terminal: At
) -> None:
    options = ("--reply", "refused", "--on", "2026-11-23", "--words", "No.", "--by", "Pat", "-q")
    at_terminal({}, TO_ICE, *options)
    _, clerk = at_terminal({"Reply": "acknowledged"}, TO_ICE, "--correct")
    assert (clerk.asked["Words"], clerk.asked["By"]) == ([""], ["Pat"])


def test_a_correction_that_only_leaves_words_out_asks_nothing(
    reference: str, at_terminal: At
) -> None:
    at_terminal({}, TO_ICE, "--reply", "refused", "--on", "2026-11-23", "--words", "No.", "-q")
    _, clerk = at_terminal({}, TO_ICE, "--correct", "--words", "")
    assert (clerk.asked, last_state().answers[-1].words) == ({}, None)


def test_a_correction_without_more_asks_everything_again(reference: str, at_terminal: At) -> None:
    options = ("--reply", "refused", "--on", "2026-11-23", "--words", "No.", "-q")
    at_terminal({}, TO_ICE, *options)
    result, clerk = at_terminal({"By": "Pat Doe, ICE"}, TO_ICE, "--correct")
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert (clerk.asked["Reply"], clerk.asked["Words"]) == (["refused"], ["No."])
    last = last_state().answers[-1]
    assert (last.reply, str(last.on), last.by, last.words) == (
        "refused",
        "2026-11-23",
        "Pat Doe, ICE",
        "No.",
    )
