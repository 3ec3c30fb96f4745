"""What a letter kind asks for: declared in its program, read from a request."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from make_letters import document_of, problems_of, told_by

from optout_cli import bundled
from optout_cli.model.program import LetterKind
from optout_cli.programs import load_programs
from optout_cli.programs.validation import particulars_from

PROGRAM = """\
title: Example
code: EX
periods: [{id: only, from: 2010-01-01}]
recipients: [{role: bureau}]
letters:
  ask:
    title: Question
    summary: Asks.
    version: "1"
    particulars:
"""


def kind_declaring(folder: Path, declared: str) -> LetterKind:
    lines = "".join(f"      {line}\n" for line in declared.splitlines())
    path = folder / "example" / "program.yaml"
    path.parent.mkdir()
    path.write_text(PROGRAM + lines, "utf-8")
    return load_programs([folder, bundled.TEMPLATES], None).find("example/ask")[1]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("a: {type: list, help: h}", "the list 'a' needs `of`, and that cannot be a list"),
        (
            "a: {type: list, of: list, help: h}",
            "the list 'a' needs `of`, and that cannot be a list",
        ),
        ("a: {type: list, of: {}, help: h}", "the list 'a' needs `of`, and that cannot be a list"),
        ("a: {type: text, of: text, help: h}", "'a' is not a list, so it cannot have `of`"),
        ("a: {type: text, when: after, help: h}", "'a' is not a date, so it cannot have `when`"),
        ("a: {type: choice, help: h}", "'a': a choice, and only a choice, has `choices`"),
        ("a: {type: list, of: choice, help: h}", "'a': a choice, and only a choice, has `choices`"),
        (
            "a: {type: text, choices: [x], help: h}",
            "'a': a choice, and only a choice, has `choices`",
        ),
        (
            "a: {type: choice, choices: [x], about: {y: [287g]}, help: h}",
            "'a': `about` names 'y', which is not one of its choices",
        ),
        (
            "a: {type: choice, choices: [x], labels: {y: Why}, help: h}",
            "'a': `labels` names 'y', which is not one of its choices",
        ),
        ("287g: {type: text, help: h}", "'287g' must begin with a letter"),
        (
            "a: {type: list, help: h, of: {b: {type: choice, help: h}}}",
            "'b': a choice, and only a choice, has `choices`",
        ),
    ],
)
def test_a_particular_that_no_request_could_fill_in_is_a_problem(
    tmp_path: Path, declared: str, told: str
) -> None:
    problem = told_by(lambda: kind_declaring(tmp_path, declared))
    assert problem.endswith(f"/example/program.yaml:11:7: {told}")


DECLARED = """\
scheduled: {type: date, help: h}
place: {type: text, help: h, required: true}
reasons: {type: paragraphs, help: h}
model: {type: choice, choices: [jem, wso], help: h}
meeting-dates: {type: list, of: date, help: h}
declines: {type: list, of: choice, choices: [detainers, 287g], help: h}
named: {type: list, of: text, help: h}
earlier:
  type: list
  help: h
  of:
    date: {type: date, required: true, help: h}
    to: {type: text, help: h}
    why: {type: paragraphs, help: h}
"""


@pytest.fixture
def kind(tmp_path: Path) -> LetterKind:
    return kind_declaring(tmp_path, DECLARED)


def test_particulars_not_given_are_empty(kind: LetterKind) -> None:
    document = document_of("particulars: {place: Town Hall}")
    assert msgspec.structs.asdict(particulars_from(document, kind)) == {
        "scheduled": None,
        "place": "Town Hall",
        "reasons": (),
        "model": None,
        "meeting_dates": (),
        "declines": (),
        "named": (),
        "earlier": (),
    }


FILLED = """\
particulars:
  scheduled: 2010-10-01
  place: Town Hall
  reasons: |
    First,
    in two lines.

    Second.
  model: wso
  meeting-dates: [2010-09-20, 2010-09-21]
  declines: [287g]
  named: |
    Ann
    Bob
  earlier:
    - {date: 2010-05-18, to: ICE}
    - {date: 2010-06-03, why: [No., Never.]}
"""


def test_particulars_are_read_as_their_letter_kind_declares_them(kind: LetterKind) -> None:
    def plain(value: Any) -> Any:
        return msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value

    particulars = plain(particulars_from(document_of(FILLED), kind))
    particulars["earlier"] = tuple(map(plain, particulars["earlier"]))
    assert particulars == {
        "scheduled": date(2010, 10, 1),
        "place": "Town Hall",
        "reasons": ("First, in two lines.", "Second."),
        "model": "wso",
        "meeting_dates": (date(2010, 9, 20), date(2010, 9, 21)),
        "declines": ("287g",),
        "named": ("Ann", "Bob"),
        "earlier": (
            {"date": date(2010, 5, 18), "to": "ICE", "why": ()},
            {"date": date(2010, 6, 3), "to": None, "why": ("No.", "Never.")},
        ),
    }


WRONG = """\
particulars:
  scheduled: soon
  model: tfm
  meeting-dates: [2010-09-31]
  declines: [detainer]
  named: [[a]]
  earlier:
    - {to: ICE}
    - {date: 2010-06-03, form: letter}
  town: Springfield
"""


TOLD = {
    ("request.yaml:10:3", "particulars has no field 'town'"),
    ("request.yaml:1:1", "particulars needs 'place'"),
    ("request.yaml:2:3", "particulars.scheduled 'soon' is not a date"),
    ("request.yaml:3:3", "particulars.model cannot be 'tfm'"),
    (
        "request.yaml:4:19",
        "particulars.meeting-dates.0 '2010-09-31' is not on the calendar",
    ),
    ("request.yaml:5:14", "particulars.declines.0 cannot be 'detainer'"),
    ("request.yaml:6:11", "particulars.named.0 must be text, not a list"),
    ("request.yaml:8:7", "particulars.earlier.0 needs 'date'"),
    ("request.yaml:9:26", "particulars.earlier.1 has no field 'form'"),
}


def test_every_wrong_particular_is_a_problem_at_its_location(kind: LetterKind) -> None:
    problems = problems_of(lambda: particulars_from(document_of(WRONG), kind))
    assert {(str(it.location), it.message) for it in problems} == TOLD
