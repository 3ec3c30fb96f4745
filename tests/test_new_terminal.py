"""`optout new` at a real terminal: typed answers, wrong ones first, Ctrl-C, Ctrl-D, 40 columns."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from command_results import Run, lying_in, outcome
from conftest import ROOT

from optout_cli.readers.yaml import document_from_yaml

Talk = Callable[..., "pexpect.spawn[str]"]
_SET_ASIDE = ("NO_COLOR", "COLUMNS", "LINES")  # the terminal itself says what it is
PROMPT = r"([^\r\n]*): $"
# Each question's beginning, and what is typed there, wrong answers first.
TYPED = (
    ("County or city", "marn, ca"),
    ("Which one", "x", "1"),
    ("Program", "3", "2"),
    ("Letter", "opt-out"),
    ("Date", "tomorrow", "2026-11-20"),
    ("Is this address right?", "7", "yes"),
    ("Fax", ""),
    ("E-mail", "-"),
    ("How did you confirm", "telephone"),
    ("On what date", "11/18/2026"),
    ("  Did you mean 2026-11-18?", ""),
    ("Is this address right?", "3"),
    ("Attention", ""),
    ("Organization", ""),
    ("Street or box", ""),
    ("City", ""),
    ("State", "Calif.", ""),
    ("ZIP code", ""),
    ("Telephone", ""),
    ("Fax", "555", "415-555-0121"),
    ("E-mail", "ice at example", "ice@example.gov"),
    ("How did you confirm", ""),
    ("On what date", ""),
    ("Name", "Pat Placeholder"),
    ("Title", "", "Sheriff"),
    ("Office", "Marin County Sheriff's Office"),
    ("Street or box", "123 Main Street"),
    ("City", "", "San Rafael"),
    ("State", ""),
    ("ZIP code", "949", "94900"),
    ("Telephone", "555-0100", "415-555-0100"),
    ("Fax", "-"),
    ("E-mail", ""),
    ("Resolution or ordinance", "Resolution"),
    ("Number", "No. 26-01"),
    ("Date passed", "2026-11-31", "2026-11-01"),
    ("Who passed it", "Board of Supervisors"),
    ("Vote", "5 to 0"),
    ("PDF file", "nowhere.pdf", "resolution.pdf"),
    ("Sent by", "pigeon", "1"),
    ("Sent by", "fax"),
    ("Seal file", "resolution.pdf", "seal.svg"),
    ("Answer these now?", "well", "y"),
    ("Scheduled", "soon", ""),
    ("Earlier: add one?", "y"),
    ("Date", "5/18/2010"),
    ("  Did you mean 2010-05-18?", ""),
    ("To", "", "the Attorney General of California"),
    ("Asked", "that its booking data not be passed on"),
    ("Answered", "2010-05-25"),
    ("Answer", "the request was declined"),
    ("Earlier: add another?", "n"),
    ("Reasons", "Deputies need the trust of witnesses."),
    ("Reasons", ""),
    ("Meeting dates", "2026-12-15"),
    ("Meeting dates", ""),
    ("Meeting place", "at the Sheriff's Office"),
    ("Meeting contact", ""),
    ("Reply by", "in a month", "2026-12-31"),
    ("Declines", "all of them", "2"),
    ("Declines", ""),
    ("Read the first letter now?", "perhaps", "y"),
    *(("Press Enter for more", "") for _ in range(2)),
    ("Write marin-county-ca.yaml?", "y"),
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
        }
        child = pexpect.spawn(
            sys.executable,
            ["-m", "optout_cli", "new", *words],
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
    """Answer each question as it is put; return everything that was shown."""
    shown = ""
    for label, *answers in TYPED:
        for answer in answers:
            shown += shown_until(PROMPT, child)
            assert isinstance(child.match, re.Match)
            shown += child.match[0]
            assert re.search(rf"{re.escape(label)}[^\r\n]*$", child.match[1])
            child.sendline(answer)
    shown += shown_until(pexpect.EOF, child)
    child.close()
    return shown


@pytest.mark.parametrize("columns", [80, 40])
def test_every_question_is_answered_wrong_answers_first(
    columns: int, talk: Talk, in_folder: Path, run: Run
) -> None:
    child = talk(columns=columns)
    shown = type_all(child)
    assert child.exitstatus == 0
    assert shown.endswith(
        "marin-county-ca.yaml\r\nnext: optout write marin-county-ca.yaml -o letters/\r\n"
    )
    assert "\x1b" not in shown
    data = document_from_yaml((in_folder / "marin-county-ca.yaml").read_text("utf-8"), "").data
    assert data["recipients"] == {
        "bureau": {"confirmed": {"by": "telephone", "date": "2026-11-18"}},
        "ice": {
            "fax": "415-555-0121",
            "email": "ice@example.gov",
            "confirmed": {"by": "telephone", "date": "2026-11-24"},
        },
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
        "declines": ["detainers"],
    }
    code, out, _ = outcome(run("write", "marin-county-ca.yaml", "-f", "txt", "-o", "letters/"))
    assert (code, len(out.split())) == (0, 2)


def test_a_narrow_terminal_is_not_written_over_its_edge(talk: Talk) -> None:
    child = talk("06041", columns=40)
    shown = ""
    for _ in range(5):
        shown += shown_until(PROMPT, child)
        child.sendline("")
    lines = shown.splitlines()
    assert len(lines) > 30
    links = [it for it in lines if it.startswith("(https://")]  # whole, to be copied
    assert [it for it in lines if len(it) > 40 and it not in links] == []


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("answers", [[], ["", "2026-11-20"]], ids=["at once", "later"])
def test_a_stop_writes_nothing_and_says_so(
    key: str, answers: list[str], talk: Talk, in_folder: Path
) -> None:
    child = talk("06041")
    for answer in answers:
        child.expect(PROMPT)
        child.sendline(answer)
    child.expect(PROMPT)
    child.send(key)
    shown = shown_until(pexpect.EOF, child)
    child.close()
    assert shown.endswith("\r\nstopped; no request was written\r\n")
    assert (child.exitstatus, lying_in(in_folder)) == (130, ["resolution.pdf", "seal.svg"])
