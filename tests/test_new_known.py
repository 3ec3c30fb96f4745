"""What `optout new` finds known: who signed last, a file of that name, whom the letters go to."""

from pathlib import Path

import pytest
from answer_questions import SIGNS, Asked, at_the_terminal, data_in
from command_results import Run, outcome, words
from conftest import TODAY

from optout_cli.cli.new import signatory


@pytest.fixture
def asked(run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    return at_the_terminal(run, in_folder, monkeypatch)


def test_the_last_signatory_is_offered_again_and_it_is_said_where_it_is_kept(
    asked: Asked,
) -> None:
    first = asked({**SIGNS, "Office": "Sheriff's Office"}, "06041")[0]
    assert f"saved who signs in {signatory.signatory_path()}, to offer it next time." in words(
        outcome(first)[2]
    )
    again, clerk = asked({}, "06029")
    told = words(outcome(again)[2])
    assert "Last time Pat Placeholder, Sheriff, Sheriff's Office signed." in told
    assert "Name" not in clerk.asked
    assert data_in("kern-county-ca.yaml")["signatory"]["name"] == "Pat Placeholder"


def test_someone_else_may_sign_this_time(asked: Asked) -> None:
    asked({**SIGNS}, "06041")
    asked({"Same again": "n", "Name": "Sam Placeholder", "Title": "Chair"}, "06029")
    assert data_in("kern-county-ca.yaml")["signatory"]["name"] == "Sam Placeholder"


def test_a_signatory_that_cannot_be_kept_or_read_is_none(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, in_folder: Path
) -> None:
    (in_folder / "file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(in_folder / "file"))
    result, _ = asked({**SIGNS}, "06041")
    assert (outcome(result)[0], "saved who signs" in outcome(result)[2]) == (0, False)
    monkeypatch.setenv("XDG_STATE_HOME", str(in_folder))
    path = signatory.signatory_path()
    assert path is not None
    path.parent.mkdir()
    path.write_text("{}", "utf-8")
    assert "Name" in asked({}, "06029")[1].asked


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
    asked({"Is this address right?": ["no"], "Fax": "916-555-0111"}, "06041")
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
    assert "Missing: zip. The letter cannot be written without it." in words(outcome(result)[2])
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
        "E-mail address": ["", "records@example.gov"],
        "Fax number": "415-555-0121",
    }
    _, clerk = asked(said, "06041")
    assert clerk.unused == []
    recipients = data_in("marin-county-ca.yaml")["recipients"]
    assert recipients == {
        "bureau": {"email": "records@example.gov"},
        "ice": {"fax": "415-555-0121"},
    }
