"""What a letter takes from the JSON form of an earlier letter."""

import json
from datetime import date
from pathlib import Path

import pytest
from command_results import Run, lying_in, outcome, problem
from conftest import REQUEST, TODAY
from make_letters import letters_for, problems_of, told_by

from optout_cli.authoring.draft import draft_text
from optout_cli.authoring.follow import answers_following
from optout_cli.authoring.request_writer import Answers
from optout_cli.exporters import exporter_for
from optout_cli.letters.library import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.readers.yaml import document_from_yaml

SENT = """\
signatory: {office: Marin County Sheriff's Office}
authority: [{instrument: Resolution, number: "1", file: act.pdf}]
letterhead: {seal: seal.svg, alt: The seal}
recipients:
  bureau: {phone: 916-555-0110, confirmed: {by: telephone, date: 2026-11-18}}
  ice: {email: ice@example.gov, address: {zip: "94112"}}
service:
  bureau: [{by: certified-mail, number: "7020 0001"}]
  ice: [{by: email}, {by: hand}]
particulars:
  earlier: [{date: 2026-05-01, to: ICE, answer: "No."}]
cc: [{name: Alex Placeholder}]
"""


@pytest.fixture
def notice(library: Library, tmp_path: Path) -> Path:
    """Keep the JSON form of the letter to ICE."""
    letter = letters_for(library, SENT)[1]
    path = tmp_path / letter.notice.name
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    return path


def following(notice: Path, letter: str | None, library: Library, day: date = TODAY) -> Answers:
    return answers_following(str(notice), letter, library, day)


def test_a_follow_up_begins_with_the_notices_facts(notice: Path, library: Library) -> None:
    facts = json.loads(notice.read_text("utf-8"))
    answers = following(notice, "secure-communities/follow-up", library)
    message_id = answers["service"]["ice"][0].pop("in-reply-to")
    assert message_id == [facts["message-id"]]
    assert answers == {
        "jurisdiction": "marin-county-ca",
        "letter": "secure-communities/follow-up",
        "date": "2026-11-24",
        "addressing": "separate",
        "signatory": {
            "name": "Pat Placeholder",
            "title": "Sheriff",
            "office": "Marin County Sheriff's Office",
        },
        "cc": [{"name": "Alex Placeholder"}],
        "authority": [{"instrument": "Resolution", "number": "1"}],
        "recipients": {
            "bureau": {
                "phone": "916-555-0110",
                "confirmed": {"by": "telephone", "date": "2026-11-18"},
            },
            "ice": {"email": "ice@example.gov", "address": {"zip": "94112"}},
        },
        "service": {
            "bureau": [{"by": "certified-mail"}],
            "ice": [{"by": "email"}, {"by": "hand"}],
        },
        "particulars": {
            "notice": "opt-out",
            "notice-date": "2026-11-20",
            "notice-reference": facts["reference"],
            "served": [
                {"to": "bureau", "by": "certified-mail", "number": "7020 0001"},
                {"to": "ice", "by": "email"},
                {"to": "ice", "by": "hand"},
            ],
        },
    }


def test_the_answers_make_a_request_that_can_be_written(notice: Path, library: Library) -> None:
    answers = following(notice, "secure-communities/follow-up", library)
    text = draft_text(answers, library, TODAY, "r.yaml")
    order = Order(today=TODAY, formats=("txt",))
    bureau, ice = exports_of(document_from_yaml(text, "r.yaml"), library, order)
    reference = answers["particulars"]["notice-reference"]
    words = " ".join(bureau.content.decode().split())
    assert f"the notice of opt-out of November 20, 2026 (our reference {reference})" in words
    assert "sent to your office by certified mail no. 7020 0001." in words
    assert "7020 0001" not in " ".join(ice.content.decode().split())


def test_a_renewed_request_lists_the_notice_and_earlier_requests(
    notice: Path, library: Library
) -> None:
    earlier = following(notice, "secure-communities/renewed-request", library)["particulars"]
    assert [(request["date"], request["to"][:24]) for request in earlier["earlier"]] == [
        ("2026-05-01", "ICE"),
        ("2026-11-20", "California Department of"),
        ("2026-11-20", "U.S. Immigration and Cus"),
    ]


def test_a_287g_follow_up_takes_the_model_and_the_clause_along(
    library: Library, tmp_path: Path
) -> None:
    lines = """\
        letter: 287g/terminate
        particulars: {model: jem, signed: 2020-06-09, clause: [It ends.], effective: 2026-12-01,
          contact: "Pat Doe, 415-555-0123", courtesy-copy: [bureau]}
        """
    (letter,) = letters_for(library, lines)
    path = tmp_path / "terminate.json"
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    answers = following(path, None, library)
    assert (answers["letter"], answers["particulars"]) == (
        "287g/follow-up",
        {
            "model": ["jem"],
            "notice": "terminate",
            "notice-date": "2026-11-20",
            "notice-reference": letter.notice.reference,
            "effective": "2026-12-01",
            "signed": ["2020-06-09"],
            "own-clause": ["It ends."],
            "contact": "Pat Doe, 415-555-0123",
            "courtesy-copy": ["bureau"],
        },
    )


def test_a_later_office_does_not_get_the_old_offices_address(
    library: Library, tmp_path: Path
) -> None:
    lines = "date: 2010-09-15\nrecipients: {ice: {phone: 202-555-0100}}"
    letter = letters_for(library, lines)[1]
    path = tmp_path / "2010.json"
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    name = "secure-communities/follow-up"
    assert "recipients" in following(path, name, library, date(2010, 10, 15))
    assert "recipients" not in following(path, name, library)


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (
            "secure-communities/adjust-date",
            "--letter: secure-communities/adjust-date does not follow secure-communities/opt-out",
        ),
        ("287g/follow-up", "--letter: 287g/follow-up does not follow secure-communities/opt-out"),
        (None, "--letter: cannot tell which letter follows secure-communities/opt-out"),
        ("secure-communities/folow-up", "--letter: there is no letter"),
    ],
)
def test_a_letter_that_does_not_follow_is_a_problem(
    letter: str | None, told: str, notice: Path, library: Library
) -> None:
    found = told_by(lambda: following(notice, letter, library))
    assert found.startswith(told)
    assert "secure-communities/follow-up" in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "is not the JSON form of a letter"),
        ('{"schema": 2}', "is not the JSON form of a letter"),
        ('{"schema": 1, "letter": "x/y"}', "is not the JSON form of a letter: it has no date, no"),
        (REQUEST, "is not JSON"),
    ],
)
def test_a_file_that_is_no_letters_json_form_is_a_problem(
    text: str, told: str, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    (problem,) = problems_of(lambda: following(path, None, library))
    assert problem.message.startswith(told)
    assert (
        problem.hint
        == "give the JSON file of a letter; `optout write REQUEST -f json -o letters/` writes one"
    )


@pytest.mark.usefixtures("in_folder")
def test_new_writes_the_request_beside_the_first_one(notice: Path, run: Run) -> None:
    letter = ("--letter", "secure-communities/follow-up")
    path = "marin-county-ca-follow-up.yaml"
    code, out, err = outcome(run("new", "--follow", str(notice), *letter))
    assert (code, out) == (0, f"{path}\n")
    assert f"optout write {path} -o letters/" in err
    text = Path(path).read_text("utf-8")
    earlier = json.loads(notice.read_text("utf-8"))["date"]
    particulars = document_from_yaml(text, path).data["particulars"]
    assert isinstance(particulars, dict)
    assert particulars["notice-date"] == earlier
    assert f"optout check {path} " in text
    assert outcome(run("write", path, "-q", "-f", "txt", "-o", "out/"))[0] == 0
    assert outcome(run("new", "--follow", str(notice), *letter))[0] == 1  # it replaces nothing


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["06041"], "--follow takes the jurisdiction from the earlier letter"),
        (["--wording"], "--wording and --follow do not go together"),
        (["--csv"], "--csv and --follow do not go together"),
    ],
)
def test_an_option_that_does_not_go_with_follow_is_a_usage_error(
    arguments: list[str], told: str, run: Run, in_folder: Path
) -> None:
    code, message = problem(run("new", "--follow", "x.json", *arguments))
    assert (code, message[: len(told)]) == (2, told)
    assert lying_in(in_folder) == []


def test_a_missing_file_is_reported(run: Run, in_folder: Path) -> None:
    code, _, err = outcome(run("new", "--follow", "x.json"))
    assert (code, err.partition("\n")[0]) == (2, "x.json: cannot find this file")
    assert lying_in(in_folder) == []
