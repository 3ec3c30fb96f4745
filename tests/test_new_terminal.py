"""`optout new` at a real terminal: typed answers, wrong ones first, Ctrl-C, Ctrl-D, 40 columns."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from answer_questions import data_in
from command_results import Run, lying_in, outcome
from conftest import ROOT

Talk = Callable[..., "pexpect.spawn[str]"]
_SET_ASIDE = ("NO_COLOR", "COLUMNS", "LINES")  # the terminal itself says what it is
PROMPT = r"([^\r\n]*): $"
# Each question's beginning, and what is typed there, wrong answers first.
TYPED = (
    ("County or city", "<", "?", "morin, ca"),
    ("Which one", "x", "m", "1"),
    ("Program", "3", "sec"),
    ("Letter", "?", "re", "<"),
    ("Program", ""),
    ("Letter", "Notice of opt-out"),
    ("Date", "someday", "November 20"),
    ("  Did you mean 2026-11-20 (Friday)?", "?", ""),
    ("Is this address right?", "7", "y"),
    ("Fax", ""),
    ("E-mail", "<"),
    ("Fax", "<"),
    ("Is this address right?", ""),
    ("Fax", "-"),
    ("E-mail", ""),
    ("How did you confirm", "by post", "phone"),
    ("On what date", "11/18/2026"),
    ("  Did you mean 2026-11-18 (Wednesday)?", ""),
    ("Is this address right?", "no"),
    ("Attention", ""),
    ("Operations; San Francisco Field Office]", ""),  # the end of a long question
    ("Street or box", ""),
    ("City", ""),
    ("State", "Kalif.", ""),
    ("ZIP code", ""),
    ("Telephone", ""),
    ("Fax", "555", "415-555-0121"),
    ("E-mail", "ice at example", "ice@example.gov"),
    ("How did you confirm", ""),
    ("Name", "Pat Placeholder"),
    ("Title", "", "Sheriff"),
    ("Office", ""),
    ("Street or box", "123 Main Street"),
    ("City", "", "San Rafael"),
    ("State", ""),
    ("ZIP code", "949", "94900"),
    ("Telephone", "555-0100", "4155550100"),
    ("Fax", "-"),
    ("E-mail", ""),
    ("Resolution or ordinance", "res. 26-1"),
    ("  Did you mean Resolution, with the number 26-1?", ""),
    ("Number", "the Board"),
    ("  Keep 'the Board'?", ""),
    ("Number", "No. 26-01"),
    ("Date passed", "2026-11-31", "Sept. 1st"),
    ("  Did you mean 2026-09-01 (Tuesday)?", ""),
    ("Who passed it", "Board of Supervisors"),
    ("Vote", "5 to 0"),
    ("PDF file", "nowhere.pdf", "resolution.pdf"),
    ("Reason", "trust of witnesses"),
    ("  Keep 'trust of witnesses'?", ""),
    ("Reason", "Deputies need the trust of witnesses."),
    ("Reason", ""),
    ("Sent by", "pigeon", "email"),
    ("E-mail address", ""),
    ("What instead?", "certified"),
    ("Sent by", "by fax"),
    ("Copy to", "County Counsel"),
    ("Copy to", "nobody"),
    ("Seal file", "resolution.pdf", "seal.svg"),
    ("Answer these now?", "well", "y"),
    ("Is there an earlier request to name?", "y"),
    ("Date of the request", "5/18/2010"),
    ("  Did you mean 2010-05-18 (Tuesday)?", ""),
    ("Who was asked", "", "your office"),
    ("  Keep 'your office'?", ""),
    ("Who was asked", "the Attorney General of California"),
    ("Sent by", ""),
    ("Reference of the request", ""),
    ("What was asked for", "that its booking data not be passed on"),
    ("Date of the answer", "2010-05-25"),
    ("What the answer said", "the request was declined"),
    ("Add another?", "n"),
    ("Day for a meeting", "2026-12-15"),
    ("Day for a meeting", ""),
    ("Place for the meeting", "at the Sheriff's Office"),
    ("Who arranges the meeting", ""),
    ("Answer wanted by", "soon", "2026-12-31"),
    ("What else is declined", "9", "1,2"),
    ("What next", "perhaps", "99", "{Vote}"),
    ("Vote", "carried"),
    ("  Keep 'carried'?", "y"),
    ("What next", "<"),
    ("What else is declined", ""),
    ("What next", "r"),
    *(("Press Enter for more", "") for _ in range(2)),
    ("What next", "", "write"),
)


@pytest.fixture
def talk(in_folder: Path) -> Iterator[Talk]:
    """Start `optout new` at a terminal of so many columns; keep what it shows in `.shown`."""
    for name in ("resolution.pdf", "seal.svg"):
        (in_folder / name).write_bytes((ROOT / "examples" / f"placeholder-{name}").read_bytes())
    started = []

    def start(*words: str, columns: int = 80) -> "pexpect.spawn[str]":
        environment = {
            **{key: text for key, text in os.environ.items() if key not in _SET_ASIDE},
            "TERM": "xterm-256color",
            "XDG_STATE_HOME": f"{in_folder}/.state",
            "XDG_CONFIG_HOME": f"{in_folder}/.config",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        child = pexpect.spawn(
            "optout",
            ["new", *words],
            dimensions=(40, columns),
            env=environment,
            encoding="utf-8",
            timeout=300,
        )
        child.delaybeforesend = None
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def shown_until(pattern: str | type[pexpect.EOF], child: "pexpect.spawn[str]") -> str:
    """Wait for a text, or for the end; return what was shown before it."""
    child.expect(pattern)
    assert child.before is not None
    return child.before


def type_all(child: "pexpect.spawn[str]") -> str:
    """Answer each question as it is put; return everything that was shown.

    {Vote} stands for the number that the summary shows beside that answer.
    """
    shown = ""
    for label, *answers in TYPED:
        for answer in answers:
            shown += shown_until(PROMPT, child)
            assert isinstance(child.match, re.Match)
            shown += child.match[0]
            assert re.search(rf"{re.escape(label)}[^\r\n]*$", child.match[1])
            numbers = re.findall(rf"(\d+)  {answer[1:-1]}:", shown) if answer[:1] == "{" else []
            child.sendline(numbers[-1] if numbers else answer)
    shown += shown_until(pexpect.EOF, child)
    child.close()
    return shown


@pytest.mark.no_cover
def test_every_question_is_answered_wrong_answers_first(
    talk: Talk, in_folder: Path, run: Run
) -> None:
    child = talk()
    shown = type_all(child)
    assert child.exitstatus == 0
    assert shown.endswith(
        "\r\nnext: optout write marin-county-ca.yaml -f by-service -o letters/\r\n"
    )
    assert "\x1b" not in shown
    for text in (
        "  y takes this answer. n asks the question again. Or type another answer.\r\n",
        "  adjust-date: For a jurisdiction that ICE has not activated yet, if only the\r\n",
    ):
        assert text in shown
    data = data_in("marin-county-ca.yaml")
    assert (data["authority"][0]["date"], data["authority"][0]["vote"]) == ("2026-09-01", "carried")
    assert data["service"] == {"bureau": [{"by": "certified-mail"}], "ice": [{"by": "fax"}]}
    assert data["recipients"] == {
        "bureau": {"confirmed": {"by": "telephone", "date": "2026-11-18"}},
        "ice": {"fax": "415-555-0121", "email": "ice@example.gov"},
    }
    assert data["particulars"] == {
        "earlier": [
            {
                "date": "2010-05-18",
                "to": "the Attorney General of California",
                "asked": "that its booking data not be passed on",
                "answered": "2010-05-25",
                "answer": "the request was declined",
            }
        ],
        "reasons": ["Deputies need the trust of witnesses."],
        "meeting-dates": ["2026-12-15"],
        "meeting-place": "at the Sheriff's Office",
        "reply-by": "2026-12-31",
        "declines": ["match-results", "detainers"],
    }
    code, out, _ = outcome(run("write", "marin-county-ca.yaml", "-f", "txt", "-o", "letters/"))
    assert (code, len(out.split())) == (0, 2)


def test_a_narrow_terminal_is_not_written_over_its_edge(talk: Talk) -> None:
    child = talk("06041", columns=40)
    shown = ""
    for _ in range(12):
        shown += shown_until(PROMPT, child)
        assert isinstance(child.match, re.Match)
        shown += child.match[0]
        child.sendline("no" if "Is this address right?" in child.match[1] else "")
    lines = shown.splitlines()
    assert "Organization [" in shown
    assert len(lines) > 60
    links = [it for it in lines if it.startswith("(https://")]  # whole, to be copied
    assert [it for it in lines if len(it) > 40 and it not in links] == []


def answer(child: "pexpect.spawn[str]", *answers: str) -> None:
    for text in answers:
        child.expect(PROMPT)
        child.sendline(text)
    child.expect(PROMPT)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_stop_at_once_writes_nothing_and_says_so(key: str, talk: Talk, in_folder: Path) -> None:
    child = talk("06041")
    child.expect(PROMPT)
    child.delaybeforesend = 0.2  # Python misses a Ctrl-C just before it begins to read
    child.send(key)
    shown = shown_until(pexpect.EOF, child)
    child.close()
    assert shown.endswith("\r\nstopped; no request was written\r\n")
    assert (child.exitstatus, lying_in(in_folder)) == (130, ["resolution.pdf", "seal.svg"])


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_stop_later_keeps_the_answers_and_says_where(
    key: str, talk: Talk, in_folder: Path
) -> None:
    child = talk("06041")
    answer(child, "", "", "", "2026-11-20")
    child.delaybeforesend = 0.2  # Python misses a Ctrl-C just before it begins to read
    child.send(key)
    shown = shown_until(pexpect.EOF, child)
    child.close()
    assert shown.endswith(
        "and your answers are kept in\r\nmarin-county-ca.answers\r\n"
        "to go on: optout new marin-county-ca\r\n"
    )
    assert (child.exitstatus, "marin-county-ca.answers" in lying_in(in_folder)) == (130, True)


JAIL = "dakota-county-sheriffs-office-ne"


def test_a_closed_terminal_keeps_the_answers_and_a_jail_agency_is_asked_what_matters_to_it(
    talk: Talk, in_folder: Path
) -> None:
    child = talk(JAIL, "--letter", "287g/terminate")
    answer(child, "2026-11-20", "", "Pat Placeholder")
    child.close(force=False)  # hangs up
    child = talk(JAIL)
    shown = shown_until(PROMPT, child)
    child.sendline("")
    answer(child, "Sheriff", *[""] * 3, *[""] * 3)
    for _ in range(40):
        after = {"Answer these now": "y", "What next: ": "write"}
        child.sendline(
            next((text for label, text in after.items() if label in str(child.after)), "")
        )
        if child.expect([PROMPT, pexpect.EOF]):
            break
        shown += str(child.before)
    child.close()
    assert child.exitstatus == 0
    assert ("optout kept your answers" in shown, "Warrant Service" in shown) == (True, False)
    data = data_in(f"{JAIL}.yaml")
    assert (data["date"], data["signatory"]["name"]) == ("2026-11-20", "Pat Placeholder")
    assert f"{JAIL}.answers" not in lying_in(in_folder)
