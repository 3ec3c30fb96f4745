"""What `optout new` finds known: who signed last, a file of that name, whom the letters go to."""

from pathlib import Path
from typing import Any

import pytest
from answer_questions import SIGNS, Asked, data_in
from command_results import Run, Write, outcome, words
from conftest import REQUEST, TODAY

from optout_cli.cli.user_folder import signatories_path

pytestmark = pytest.mark.usefixtures("with_typst")


def test_the_last_signatory_is_offered_for_the_same_county_only(asked: Asked) -> None:
    office = {"Street": "1 Main Street", "City": "San Rafael", "ZIP": "94900"}
    first = asked({**SIGNS, **office}, "06041")[0]
    assert f"saved who signs in {signatories_path()}, to offer it for Marin County, CA" in words(
        outcome(first)[2]
    )
    _, other = asked({}, "06029")
    assert "Does the same person sign" not in " ".join(other.asked)
    again, clerk = asked({}, "06041", "-o", "again.yaml")
    told = words(outcome(again)[2])
    assert "Pat Placeholder, Sheriff, Marin County Sheriff's Office signed last" in told
    assert ("Name" in clerk.asked, data_in("again.yaml")["signatory"]) == (
        False,
        data_in("marin-county-ca.yaml")["signatory"],
    )


def test_someone_else_may_sign_this_time_for_the_same_office(asked: Asked) -> None:
    asked({**SIGNS, "Telephone": "415-555-0120", "Fax": "415-555-0121"}, "06041")
    answers = {"Does the same person": "n", "Name": "Sam Placeholder"}
    asked(answers, "06041", "-o", "again.yaml")
    assert data_in("again.yaml")["signatory"] == {
        "name": "Sam Placeholder",
        "title": "Sheriff",
        "office": "Marin County Sheriff's Office",
        "phone": "415-555-0120",
        "fax": "415-555-0121",
    }


def test_a_name_that_was_corrected_in_the_request_is_offered_as_corrected(
    asked: Asked, run: Run
) -> None:
    asked({"Name": "Pat Plaecholder", "Title": "Sheriff"}, "06041")
    request = Path("marin-county-ca.yaml")

    def offered_after(name: str, *how: str) -> str:
        """Return who is offered once somebody has put a name into the request and written it."""
        text = request.read_text("utf-8").replace("Plaecholder", name)
        Path("edited.yaml").write_text(text, "utf-8")
        run("write", "edited.yaml", "-f", "txt", *how)
        told = words(outcome(asked({}, "06041", "-o", f"{len(how)}{name}.yaml")[0])[2])
        return told.partition(", Sheriff")[0].rpartition("Pat ")[2]

    assert offered_after("Placeholder", "--check") == "Plaecholder"  # which writes nothing
    assert offered_after("Placeholder", "--set", "signatory.name=Pat Plaeceholder") == "Plaecholder"
    assert offered_after("Placeholder") == "Placeholder"
    assert offered_after("Former") == "Placeholder"  # an earlier sheriff's request


def test_who_signs_is_kept_only_where_optout_new_kept_somebody(write: Write, run: Run) -> None:
    write("request.yaml", REQUEST)
    run("write", "request.yaml", "-f", "txt")
    path = signatories_path()
    assert path
    assert not path.exists()


def test_a_signatory_that_cannot_be_kept_or_read_is_none(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, in_folder: Path
) -> None:
    (in_folder / "file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(in_folder / "file"))
    result, _ = asked({**SIGNS}, "06041")
    assert (outcome(result)[0], "saved who signs" in outcome(result)[2]) == (0, False)
    monkeypatch.setenv("XDG_STATE_HOME", str(in_folder))
    path = signatories_path()
    assert path
    path.parent.mkdir()
    path.write_text('{"marin-county-ca": {}}', "utf-8")
    assert "Name" in asked({}, "06041", "-o", "again.yaml")[1].asked


def test_a_file_that_is_there_stays_and_another_name_is_offered(
    asked: Asked, in_folder: Path
) -> None:
    for number in ("", "-2"):
        (in_folder / f"marin-county-ca{number}.yaml").write_text("mine\n", "utf-8")
    names = ["marin-county-ca.yaml", "letter.pdf", ""]
    result, clerk = asked({"Name of the new file": names}, "06041")
    code, out, err = outcome(result)
    assert (code, out) == (0, "marin-county-ca-3.yaml\n")
    assert clerk.asked["Name of the new file"] == ["marin-county-ca-3.yaml"] * 3
    assert "already exists, and optout new never replaces a file" in words(err)
    assert "'letter.pdf' is not a name for a request. End it in .yaml." in words(err)
    assert (in_folder / "marin-county-ca.yaml").read_text("utf-8") == "mine\n"


def test_a_corrected_address_keeps_what_stayed_as_it_was_out_of_the_request(asked: Asked) -> None:
    answers = {"Is this address right?": ["no"], "Fax": "916-555-0111", "How did": "telephone"}
    asked(answers, "06041")
    assert data_in("marin-county-ca.yaml")["recipients"] == {
        "bureau": {
            "fax": "916-555-0111",
            "confirmed": {"by": "telephone", "date": TODAY.isoformat()},
        }
    }


def test_more_lines_than_the_window_shows_are_asked_for_again(asked: Asked) -> None:
    lines = ["a; b; c; d; e", "Chief; Bureau; P.O. Box 1; Ross, CA 94957"]
    result, clerk = asked(
        {"Is this address right?": ["no"], "Attention": "Chief", "Lines": lines}, "06041"
    )
    assert clerk.unused == []
    assert "Please check: this has 5 entries; at most 4 fit." in words(outcome(result)[2])
    bureau = data_in("marin-county-ca.yaml")["recipients"]["bureau"]
    assert bureau["envelope"] == ["Chief", "Bureau", "P.O. Box 1", "Ross, CA 94957"]
    assert bureau["salutation"] == "Dear Sir or Madam:"


def test_what_is_not_known_of_an_agency_is_said_and_can_be_filled_in(asked: Asked) -> None:
    said = {"Is this address right?": ["2"], "ZIP": "96910"}
    result, _ = asked(said, "Guam")
    assert "Missing: zip. The letter needs a whole address." in words(outcome(result)[2])
    address = data_in("guam-gu.yaml")["recipients"]["bureau"]["address"]
    assert (address["zip"], set(address)) == ("96910", {"street", "city", "state", "zip"})


def test_where_it_is_left_unknown_the_request_is_written_and_says_what_it_lacks(
    asked: Asked,
) -> None:
    code, out, err = outcome(asked({}, "Guam")[0])
    assert (code, out) == (0, "guam-gu.yaml\n")
    assert "The letters cannot be written yet." in words(err)
    assert "hint: add address: {zip: ...} under recipients: bureau:" in err


def test_a_letter_by_fax_or_e_mail_needs_the_number_where_none_is_known(asked: Asked) -> None:
    said = {
        "Sent by": ["email", "fax"],
        "E-mail address": "records@example.gov",
        "Fax number": "415-555-0121",
    }
    _, clerk = asked(said, "06041")
    assert clerk.unused == []
    recipients = data_in("marin-county-ca.yaml")["recipients"]
    assert recipients == {
        "bureau": {"email": "records@example.gov"},
        "ice": {"fax": "415-555-0121"},
    }


def test_a_letter_by_e_mail_needs_the_senders_address_too(asked: Asked, run: Run) -> None:
    said = {
        **SIGNS,
        "Sent by": ["mail", "email"],
        "E-mail address": "ice@example.gov",
        "Sender's e-mail": ["ICE@example.gov", "pat@example.gov"],
    }
    result, clerk = asked(said, "06041")
    same = "Please check: E-mail address (How it goes to ICE) 'ice@example.gov' is this answer too."
    assert (clerk.unused, same in words(outcome(result)[2])) == ([], True)
    written = run("write", "marin-county-ca.yaml", "--to", "ice", "-f", "eml", "-o", "-")
    assert "From: Pat Placeholder <pat@example.gov>" in outcome(written)[1]


@pytest.mark.parametrize(("instead", "way"), [("certified", "certified-mail"), ("open", "email")])
def test_without_the_address_it_goes_by_certified_mail_or_stays_open(
    instead: str, way: str, asked: Asked
) -> None:
    said = {"Sent by": ["mail", "email"], "What instead": instead, "What next": ["write", "write"]}
    asked(said, "06041")
    service = {"bureau": [{"by": "mail"}], "ice": [{"by": way}]}
    assert data_in("marin-county-ca.yaml")["service"] == service


CONFIRMED = """
recipients:
  ice: {phone: 415-555-0120, confirmed: {by: telephone, date: 2026-11-18}}
"""


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({}, {"by": "telephone", "date": "2026-11-18"}),
        ({"Is this address right?": ["", "yes"]}, {"by": "telephone", "date": TODAY.isoformat()}),
        ({"Is this address right?": ["", "no"], "Telephone": "415-555-0121"}, None),
    ],
)
def test_a_confirmed_address_keeps_its_day_unless_it_is_confirmed_anew_or_changed(
    answers: dict[str, Any], kept: object, asked: Asked, write: Write, run: Run
) -> None:
    write("one.yaml", REQUEST + CONFIRMED)
    run("write", "one.yaml", "-f", "json", "-o", "letters/")
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml")
    result, _ = asked(answers, "--follow", "letters", *letter)
    assert result.exit_code == 0
    assert data_in("next.yaml")["recipients"]["ice"].get("confirmed") == kept
