"""What `optout new` asks on a terminal, what it makes of answers, and how it takes wrong ones."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from answer_questions import SIGNS, Asked, data_in
from command_results import NOWHERE, Run, Write, lying_in, outcome, words
from conftest import ROOT, TODAY
from written_letters import write_letters

from optout_cli.cli import ask as _ask
from optout_cli.cli.ask import choices_meant
from optout_cli.letters import Library
from optout_cli.readers.days_said import days_meant

EVERYTHING: dict[str, Any] = {
    "County or city": "Marin, CA",
    "Date": "2026-11-20",
    "Is this address right?": ["yes", "no"],
    "How did you confirm": ["telephone", "letter"],
    "On what date": ["2026-11-18", "2026-11-19"],
    "Attention": "Deputy Field Office Director",
    "Organization": "ICE; San Francisco Field Office",
    "Street or box": ["1 Main Street; Floor 2", "123 Main Street"],
    "City": ["Oakland", "San Rafael"],
    "ZIP": ["94600", "94900"],
    "Telephone": ["415-555-0120", "415-555-0100"],
    "Fax": ["", "415-555-0121", "415-555-0101"],
    "E-mail": ["bureau@example.gov", "ice@example.gov", "sheriff@example.gov"],
    "Greeting": "Dear Deputy Director:",
    "Lines": "Deputy Director; ICE; 1 Main Street; Oakland, CA 94600",
    **SIGNS,
    "Office": "Marin County Sheriff's Office",
    "Resolution or ordinance": "Resolution",
    "Number": ["Resolution 26-01", "No. 26-01"],  # the first repeats the word Resolution
    "Date passed": "2026-11-01",
    "Who passed": "Board of Supervisors",
    "Vote": "5 to 0",
    "PDF file": "resolution.pdf",
    "Seal file": "seal.svg",
    "Sent by": ["certified-mail", "4"],
}


@pytest.fixture
def files(in_folder: Path) -> None:
    for name in ("resolution.pdf", "seal.svg"):
        (in_folder / name).write_bytes((ROOT / "examples" / f"placeholder-{name}").read_bytes())


@pytest.mark.no_cover
@pytest.mark.usefixtures("files")
def test_every_answer_stands_in_the_request(asked: Asked) -> None:
    result, clerk = asked(EVERYTHING)
    assert (outcome(result)[:2], clerk.unused) == ((0, "marin-county-ca.yaml\n"), [])
    assert data_in("marin-county-ca.yaml") == yaml.load(
        """
        jurisdiction: marin-county-ca
        letter: secure-communities/opt-out
        date: 2026-11-20
        signatory:
          name: Pat Placeholder
          title: Sheriff
          office: Marin County Sheriff's Office
          address: {street: 123 Main Street, city: San Rafael, state: CA, zip: "94900"}
          phone: 415-555-0100
          fax: 415-555-0101
          email: sheriff@example.gov
        letterhead: {seal: seal.svg, alt: Seal of Marin County}
        authority:
          - instrument: Resolution
            number: No. 26-01
            date: 2026-11-01
            body: Board of Supervisors
            vote: 5 to 0
            file: resolution.pdf
        recipients:
          bureau: {email: bureau@example.gov, confirmed: {by: telephone, date: 2026-11-18}}
          ice:
            attention: Deputy Field Office Director
            organization: [ICE, San Francisco Field Office]
            address: {street: [1 Main Street, Floor 2], city: Oakland, state: CA, zip: "94600"}
            envelope: [Deputy Director, ICE, 1 Main Street, "Oakland, CA 94600"]
            salutation: "Dear Deputy Director:"
            phone: 415-555-0120
            fax: 415-555-0121
            email: ice@example.gov
            confirmed: {by: letter, date: 2026-11-19}
        service: {bureau: [{by: certified-mail}], ice: [{by: fax}]}
        """,
        yaml.BaseLoader,
    )


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.usefixtures("files")
@pytest.mark.usefixtures("with_typst")
def test_two_letters_follow_that_are_ready_to_sign(asked: Asked, run: Run) -> None:
    asked(EVERYTHING)
    code, out, err = outcome(run("write", "marin-county-ca.yaml", "--strict", "-o", "letters/"))
    assert (code, out.split()) == (
        0,
        [f"letters/2026-11-20-opt-out-{it}.pdf" for it in ("bureau", "ice")],
    )
    assert "call to confirm" not in err


def test_enter_alone_gives_a_draft_with_what_is_known(asked: Asked) -> None:
    result, _ = asked({}, "06041")
    assert outcome(result)[0] == 0
    assert data_in("marin-county-ca.yaml") == {
        "jurisdiction": "marin-county-ca",
        "letter": "secure-communities/opt-out",
        "date": TODAY.isoformat(),
        "service": {"bureau": [{"by": "certified-mail"}], "ice": [{"by": "certified-mail"}]},
    }


@pytest.mark.no_cover
def test_she_is_shown_whom_it_goes_to_with_source_and_age_and_the_states_laws(
    asked: Asked, write: Write
) -> None:
    write("nowhere.yaml", NOWHERE)
    told = words(outcome(asked({}, "99001", "--data", "nowhere.yaml")[0])[2])
    for text in (
        "1  later: not confirmed yet; I will call before sending"[3:],
        "note: activated in Secure Communities on 2010-09-01 (no source named)",
        "note: use the letter as a record: by itself it does not stop fingerprint sharing",
        "note: ask counsel first: Nowhere law may be against the letter: it requires cooperation,",
        "note: ask counsel first: a notice may draw a listing under Executive Order 14287",
        "note: to see each note in full, run: optout show nowhere-county-zz",
        "To the State Identification Bureau: Chief Nowhere Police Records Section 2 Main Street",
        "telephone 555-555-0100 (call before sending: address from an official source (2026-01",
        (
            "To ICE: Director Nowhere Field Office 1 Main Street Nowhere, ZZ 00002 (call before"
            " sending: address from a doubtful (third-party) source (undated), not confirmed)"
        ),
    ):
        assert text in told


def test_the_letter_is_shown_before_the_request_is_written(asked: Asked) -> None:
    told = outcome(asked({**SIGNS}, "06041")[0])[2]
    assert told.index("To the State Identification Bureau:") < told.index("next: optout write")


def test_what_she_declines_is_kept_and_not_written(asked: Asked, in_folder: Path) -> None:
    result, _ = asked({"What next": "no"}, "06041")
    assert (outcome(result)[:2], lying_in(in_folder)) == ((130, ""), ["marin-county-ca.answers"])


# By question: wrong answers, each with what is told of it.
WRONG = {
    "County or city": {
        "": "This answer is required.",
        "Atlantis": "there is no jurisdiction 'Atlantis'",
        "Washington": "'Washington'. Name the state too: washington-county-al",
    },
    "Answer these now?": {"maybe": "Type y for yes or n for no."},
    "Date": {
        "soon": "'soon' is not a date. Type a day, such as November 30 or 2026-11-30.",
        "2026-02-30": "'2026-02-30' is not on the calendar.",
        "-": "This answer is required.",
    },
    "Is this address right?": {
        "9": "Type a number from 1 to 3, or a word: later, yes, no; Enter takes later."
    },
    "Title": {"": "This answer is required."},
    "Name": {"a\tb": "is not one line without spaces"},
    "State": {"Kalif": "'Kalif' is not a state's postal code."},
    "ZIP": {"949": "'949' is not a ZIP code."},
    "Telephone": {"call me": "'call me' is not a telephone number."},
    "Fax": {"415-555-0101 ext 3": "is not a fax number. Write it as 415-555-0123, with area"},
    "E-mail": {"pat at example": "'pat at example' is not an e-mail address."},
    "Resolution or ordinance": {
        "2021-55": "Type Resolution or Ordinance; its number comes next; Enter alone skips the"
    },
    "Date passed": {"November 31": "'November 31' is not a date."},
    "Who passed it": {"res.pdf": "'res.pdf' is the name of a file."},
    "Vote": {"yes": "'yes' only answers a question. Write the value, or leave it empty;"},
    "Seal file": {"nowhere.png": "Check the spelling; Enter alone skips the question."},
    "Number": {"Board": "Please check: 'Board' has no number in it."},
    "PDF file": {"nowhere.pdf": "there is no file 'nowhere.pdf' to enclose."},
}


def test_a_wrong_answer_is_told_and_asked_again(asked: Asked) -> None:
    right: dict[str, Any] = {
        "County or city": ["Marin, CA"],
        **{key: [text] for key, text in SIGNS.items()},
        "Street": ["1 Main Street"],
        "City": ["Ross"],
        "ZIP": ["94957"],
        "Resolution or ordinance": ["Resolution"],
    }
    labels = dict.fromkeys([*WRONG, *right])
    answers = {it: [*WRONG.get(it, ()), *right.get(it, ())] for it in labels}
    result, clerk = asked(answers)
    code, _, err = outcome(result)
    replies = re.findall(r"^([^\n]*): ([^\n]*)\n((?:  [^\n]*\n)+)", err, re.MULTILINE)
    missing = [
        (label, answer)
        for label, wrong in WRONG.items()
        for answer, told in wrong.items()
        if not any(
            question.startswith(label) and given == answer and told in words(reply)
            for question, given, reply in replies
        )
    ]
    times = {
        label: len(next(it for question, it in clerk.asked.items() if question.startswith(label)))
        for label in WRONG
    }
    assert (code, clerk.unused, missing) == (0, [], [])
    assert [label for label, count in times.items() if count <= len(WRONG[label])] == []


def test_a_name_that_is_near_is_offered_to_choose_from(asked: Asked) -> None:
    result, _ = asked({"County or city": ["morin, ca", "morin, ca"], "Which one": ["3", "1"]})
    told = words(outcome(result)[2])
    first = "1 marin-county-ca: Marin County, California (06041) 2 mono-county-ca"
    assert f"there is no jurisdiction 'morin, ca'. Perhaps one of these? {first}" in told
    assert data_in("marin-county-ca.yaml")["jurisdiction"] == "marin-county-ca"


def test_another_county_can_be_named_where_one_is_to_be_chosen(asked: Asked) -> None:
    asked({"County or city": "marn, ca", "Which one": "Kern, CA"})
    assert data_in("kern-county-ca.yaml")["jurisdiction"] == "kern-county-ca"


def test_another_county_can_be_named_when_the_one_found_is_not_meant(asked: Asked) -> None:
    asked({"  Did you mean Marin": ["n"], "County or city": ["Kern, CA"]}, "06041")
    assert data_in("kern-county-ca.yaml")["jurisdiction"] == "kern-county-ca"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "typed", ["marin-county-ca", "Marin County, CA", "marin county, california"]
)
def test_a_full_name_is_not_asked_again(typed: str, asked: Asked) -> None:
    result, clerk = asked({}, typed)
    assert outcome(result)[1] == "marin-county-ca.yaml\n"
    assert [label for label in clerk.asked if "Did you mean" in label] == []


def test_who_has_called_is_not_offered_not_yet_and_is_told_where_no_number_is_on_file(
    asked: Asked,
) -> None:
    result, _ = asked({"Is this address right?": ["yes", "later"]}, "06041")
    told = words(outcome(result)[2])
    assert "nobody there has confirmed it" not in told
    assert "I will look up their telephone number and call before sending" in told


def test_each_question_is_explained_in_its_own_words(asked: Asked) -> None:
    labels = ["Name", "Title", "Office", "Telephone", "Number", "Date passed", "Who passed", "Vote"]
    said: dict[str, Any] = {label: ["?", ""] for label in labels}
    said |= {key: ["?", text] for key, text in SIGNS.items()}
    said |= {"Resolution or": "Resolution"}
    result, _ = asked(said, "06041")
    told = words(outcome(result)[2])
    for text in (
        "It appears under the name.",
        "for the letterhead",
        "The day of the vote.",
        "how many against",
    ):
        assert text in told
    assert told.count("The official who signs the letters.") == 0


def test_a_missing_number_is_explained_as_that_number(asked: Asked) -> None:
    said = {"Sent by": ["fax", "mail"], "Fax number": ["?", "916-555-0100"]}
    told = words(outcome(asked(said, "06041")[0])[2])
    assert "The fax number of the State Identification Bureau, with its area code" in told


def test_the_reasons_and_who_gets_a_copy_are_asked_for_in_turn(asked: Asked) -> None:
    said = {
        "Reason": ["trust of residents", "The jail is full."],
        "  Keep 'trust of residents'?": "n",
        "Copy to": ["County Counsel", "Clerk of the Board", "none"],
    }
    result, clerk = asked(said, "06041")
    data = data_in("marin-county-ca.yaml")
    assert (clerk.unused, data["cc"], data["particulars"]) == (
        [],
        ["County Counsel", "Clerk of the Board"],
        {"reasons": ["The jail is full."]},
    )
    assert "'trust of residents' is not a full sentence" in words(outcome(result)[2])
    assert clerk.asked["Reason"] == ["", "", ""]


def test_an_address_on_one_line_is_taken_apart(asked: Asked) -> None:
    said = {**SIGNS, "Street": "100 Main St, Suite 2, San Rafael, California 94903"}
    _, clerk = asked(said, "06041")
    data = data_in("marin-county-ca.yaml")
    assert data["signatory"]["address"] == {
        "street": "100 Main St, Suite 2", "city": "San Rafael", "state": "CA", "zip": "94903",
    }  # fmt: skip
    assert clerk.asked["  Did you mean 100 Main St, Suite 2, in San Rafael, CA 94903? [Y/n]"]


@pytest.mark.parametrize(
    ("county", "typed", "city"),
    [
        ("salt-lake-county-ut", "410 State St, Salt Lake City UT 84111", "Salt Lake City"),
        ("wyandotte-county-ks", "1 Oak Ct, Kansas City Kansas 66101", "Kansas City"),
        ("kanawha-county-wv", "12 Court St, Charleston West Virginia 25301", "Charleston"),
    ],
)
def test_a_city_of_several_words_needs_no_comma_before_the_state(
    county: str, typed: str, city: str, asked: Asked
) -> None:
    asked({**SIGNS, "Street": typed}, county)
    address = data_in(f"{county}.yaml")["signatory"]["address"]
    assert (address["city"], address["state"]) == (city, county[-2:].upper())


def test_an_address_that_is_not_meant_leaves_nothing_behind(asked: Asked) -> None:
    said = {
        **SIGNS,
        "Street": ["100 Main St, San Rafael, CA 94903", "12 Oak St"],
        "  Did you mean 100": "n",
        "City": "Novato",
        "ZIP": "94945",
    }
    result, clerk = asked(said, "06041")
    address = {"street": "12 Oak St", "city": "Novato", "state": "CA", "zip": "94945"}
    assert data_in("marin-county-ca.yaml")["signatory"]["address"] == address
    assert "City" in clerk.asked
    assert "Write street, city, state and ZIP code each in its own place" in words(
        outcome(result)[2]
    )


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "typed", ["none", "No", "n/a", "N.A.", "not yet", "skip", "nobody", "I don't know"]
)
def test_words_that_mean_none_skip_a_question(typed: str, asked: Asked) -> None:
    labels = ["Name", "Resolution or", "Seal file", "Reason", "Copy to"]
    result, clerk = asked(dict.fromkeys(labels, typed), "06041")
    assert (clerk.unused, outcome(result)[2].count("  Skipped.\n")) == ([], len(labels))
    assert data_in("marin-county-ca.yaml").keys() == {"jurisdiction", "letter", "date", "service"}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("typed", "way"),
    [
        *(("by fax", "fax"), ("2.", "mail"), ("(2)", "mail"), ("Certified Mail", "certified-mail")),
        *(("E-mail.", "email"), ("hand delivery", "hand"), ("cert", "certified-mail")),
    ],
)
def test_a_menu_takes_what_people_type(typed: str, way: str) -> None:
    ways = {"certified-mail": "", "mail": "ordinary mail", "email": "e-mail", "fax": "", "hand": ""}
    assert choices_meant(typed, ways) == [way]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [
        *(("yes please", True), ("Yes.", True), ("sure", True), ("ye", True), ("OK", True)),
        *(("no, thanks", False), ("No!", False), ("nope", False), ("-", False)),
    ],
)
def test_yes_and_no_are_understood_as_people_type_them(
    typed: str, is_yes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ask, "_prompt", lambda *_: typed)
    assert _ask.ask_yes("Right?", default=not is_yes) == is_yes


def test_a_particular_is_explained_with_the_words_that_the_letter_has_for_it(
    asked: Asked,
) -> None:
    said = {"Answer these": ["?", "y"], "Is there an earlier": "?", "Day for a meeting": ["?", ""]}
    result, _ = asked({"Date": "2026-11-20", **said}, "06041")
    told = words(outcome(result)[2])
    assert [
        text
        for text in (
            "None of these has to be in the letter.",
            "- The request of October 30, 2026, to your office by certified mail",
            "Give one at a time. Press Enter alone when there are no more.",
            "the letter says: For the meeting, the County offers December 11, 2026. The County",
        )
        if text not in told
    ] == []


def test_an_enter_too_many_after_reading_does_not_write_the_request(asked: Asked) -> None:
    result, clerk = asked({"What next": ["perhaps", "read", "", "stop"]}, "06041")
    assert (outcome(result)[0], clerk.asked["What next"]) == (130, ["read", "read", "", ""])
    assert words(outcome(result)[2]).count("Type write, read, stop or a number up to") == 3


def test_a_date_is_only_read_where_a_date_is_asked_for(asked: Asked) -> None:
    said = {
        "Resolution or ord": "Resolution",
        "Number": ["11/17/2026", "No. 26-14"],
        "Date": ["Nov 20 2026"],
        "Date passed": ["Dec 5 2026", "Nov 5"],
        "  Did you mean 2026-11-05": "nov 6",
        "  Did you mean 2026-11-06": "y",
        "Answer these now?": "-",
    }
    result, clerk = asked(said, "06041")
    told = words(outcome(result)[2])
    assert "2026-12-05 cannot be: the letter is dated 2026-11-20" in told
    assert [label for label in clerk.asked if "mean 2026-1" in label] == [
        "  Did you mean 2026-11-20 (Friday)? [Y/n]",
        "  Did you mean 2026-11-05 (Thursday)? [Y/n]",
        "  Did you mean 2026-11-06 (Friday)? [Y/n]",
    ]
    assert (clerk.unused, data_in("marin-county-ca.yaml")["authority"][0]) == (
        [],
        {"instrument": "Resolution", "number": "No. 26-14", "date": "2026-11-06"},
    )


@pytest.mark.parametrize(("said", "date"), [("y", "2026-11-05"), ("n", TODAY.isoformat())])
def test_an_american_date_is_read_back_to_her(said: str, date: str, asked: Asked) -> None:
    asked({"Date": ["11/5/2026"], "  Did you mean 2026-11-05 (Thursday)?": said}, "06041")
    assert data_in("marin-county-ca.yaml")["date"] == date


ANOTHER = """\
title: Another
code: AN
periods: [{id: all, from: "2000-01-01"}]
recipients: [{role: bureau}, {role: field-office}]
letters:
  first:
    title: First
    summary: The first.
    version: "1"
    particulars:
      model: {type: choice, required: true, choices: [jem, wso], help: which model}
      signed: {type: date, required: true, help: the day it was signed, example: "2020-01-31"}
      said:
        type: list
        required: true
        help: what was said
        of: {to: {type: text, required: true, help: to whom}, day: {type: date, help: on which day}}
      reasons: {type: paragraphs, help: why}
"""


def test_which_letter_is_asked_where_there_are_several_and_what_it_must_have(
    asked: Asked, write: Write
) -> None:
    write("own/another/program.yaml", ANOTHER)
    said = {
        "Program": "another",
        "Model": "2",
        "Signed": ["soon", "2020-02-01"],
        "To": "Pat",
        "Day": "2020-02-02",
        "Add another?": "n",
        "Answer these now?": "y",
        "Reasons": ["One.", "Two."],
    }
    result, clerk = asked(said, "06041", "--templates", "own")
    assert clerk.unused == []
    assert "The day it was signed (for example: 2020-01-31)" in words(outcome(result)[2])
    data = data_in("marin-county-ca.yaml")
    assert (data["letter"], data["particulars"]) == (
        "another/first",
        {
            "model": "wso",
            "signed": "2020-02-01",
            "said": [{"to": "Pat", "day": "2020-02-02"}],
            "reasons": ["One.", "Two."],
        },
    )


@pytest.mark.no_cover
def test_a_date_where_the_letter_needs_words_is_kept_only_if_it_is_meant(asked: Asked) -> None:
    """One Enter too many, and the answers after it stand a question too late."""
    said = {
        "Answer these now?": "y",
        "Reason": ["2027-01-04", "n", "Jan 4, 2027", "The jail is full."],
        "Answer wanted by": "2027-01-04",
    }
    result, clerk = asked(said, "06041", "-o", "r.yaml")
    told = outcome(result)[2]
    assert clerk.asked["  Keep '2027-01-04'? [y/N]"] == [""]
    assert "'Jan 4, 2027' is a date, and the letter needs words here" in words(told)
    particulars = data_in("r.yaml")["particulars"]
    assert particulars["reply-by"] == "2027-01-04"
    assert "The jail is full." in particulars["reasons"]
    assert "2027-01-04" not in particulars["reasons"]


@pytest.mark.no_cover
def test_the_next_command_has_the_options_that_it_needs(asked: Asked, write: Write) -> None:
    write("my data/own.yaml", NOWHERE)
    result, _ = asked({}, "99001", "--data", "my data/own.yaml", "-o", "a b.yaml")
    command = "'a b.yaml' --data 'my data/own.yaml'"
    assert outcome(result)[2].endswith(f"next: optout write {command} -o letters/\n")
    assert f"optout check {command} " in Path("a b.yaml").read_text("utf-8")


def test_an_empty_first_answer_is_not_sent_back(asked: Asked) -> None:
    told = outcome(asked({"County or city": ["-", "Marin, CA"]})[0])[2]
    assert "  This answer is required.\n" in told


def test_a_city_that_is_not_in_the_list_is_sent_to_a_data_file(asked: Asked) -> None:
    said = {"County or city": ["San Rafael, CA", "?", "Marin, CA"]}
    told = words(outcome(asked(said)[0])[2])
    assert "describe it in a data file of your own and name that file with --data" in told


def test_an_interrupt_keeps_the_answers_and_the_next_time_goes_on_with_them(
    asked: Asked, in_folder: Path
) -> None:
    result, _ = asked({"Title": "^C", "Name": "Pat", "Date": "2026-11-20"}, "06041")
    code, out, err = outcome(result)
    assert (code, out, lying_in(in_folder)) == (130, "", ["marin-county-ca.answers"])
    assert err.endswith(
        "\nstopped; no request was written, and your answers are kept in marin-county-ca.answers\n"
        "to go on: optout new marin-county-ca\n"
    )
    result, clerk = asked({"Title": "Sheriff"}, "marin-county-ca")
    assert (outcome(result)[:2], "Date" in clerk.asked) == ((0, "marin-county-ca.yaml\n"), False)
    assert data_in("marin-county-ca.yaml")["date"] == "2026-11-20"
    assert lying_in(in_folder) == ["marin-county-ca.yaml"]


def test_without_a_county_the_kept_answers_are_offered_and_may_be_left(
    asked: Asked, in_folder: Path
) -> None:
    asked({"Date": "^C"}, "06041")
    result, clerk = asked({"Go on with them?": "n", "County": "Kern, CA", "Name": "^C"})
    assert (outcome(result)[0], clerk.unused) == (130, [])
    result, clerk = asked({"Go on with": ["y", "start again"], "County": "Inyo, CA"})
    assert (outcome(result)[1], clerk.unused) == ("inyo-county-ca.yaml\n", [])
    assert lying_in(in_folder) == [
        "inyo-county-ca.yaml",
        "kern-county-ca.answers",
        "marin-county-ca.answers",
    ]


def test_the_request_can_go_to_standard_output(asked: Asked, in_folder: Path) -> None:
    code, out, err = outcome(asked({}, "06041", "-o", "-")[0])
    assert (code, lying_in(in_folder)) == (0, [])
    assert out.startswith("# A request:")
    assert "next:" not in err


def test_no_question_takes_more_than_one_line_to_explain(asked: Asked) -> None:
    told = outcome(asked({}, "06041")[0])[2]
    notes = [it for it in re.split(r"\n\n+", told) if it.endswith("?")]
    assert all(len(it) <= 80 for it in notes)


def test_the_terminal_asks_which_letter_follows_which_one(
    asked: Asked, run: Run, library: Library, in_folder: Path
) -> None:
    write_letters(library, in_folder / "letters")
    second = write_letters(library, in_folder / "letters", "date: 2026-11-22")
    letter = "secure-communities/follow-up"
    said = ["<", "?", second.lower(), "<", second, "?", letter]
    result, clerk = asked({"Letter": said}, "--follow", "letters")
    code, out, err = outcome(result)
    assert (code, out, clerk.unused) == (0, "marin-county-ca-follow-up.yaml\n", [])
    assert words(err).count("This is the first question.") == 1
    assert (err.startswith("This creates a request"), err.count("This creates")) == (True, 1)
    for explained in ("run: optout status", "run: optout list letters"):
        assert explained in words(err)
    assert data_in(out.strip())["particulars"]["notice-reference"] == second


def test_an_earlier_letter_answers_all_but_who_signs_and_how_it_goes_out(
    asked: Asked, run: Run
) -> None:
    request = "jurisdiction: 06041\nletter: secure-communities/opt-out\ndate: 2026-10-01\n"
    request += "signatory: {name: Pat Placeholder, title: Sheriff}\n"
    request += "service: {bureau: [{by: hand}], ice: [{by: mail}]}\n"
    Path("first.yaml").write_text(request.replace("06041", '"06041"'), "utf-8")
    run("write", "first.yaml", "-f", "json", "-o", "out/")
    former = ("--follow", "out/2026-10-01-opt-out-ice.json")
    letter = ("--letter", "secure-communities/record-of-conversation")
    answers = {
        "Date": "2026-11-20",
        "Date of the conv": "2026-11-02",
        "How you spoke": "telephone",
        "Who spoke for them": "Kim Placeholder, ICE",
        "What was said": ["No.", ""],
        "Name": "Kim Successor",
        "Title": "Sheriff",
    }
    result, clerk = asked(answers, *former, *letter)
    code, out, err = outcome(result)
    assert (code, out, clerk.unused) == (0, "marin-county-ca-record-of-conversation.yaml\n", [])
    assert "For Marin County, California (06041)." in words(err)
    assert (
        clerk.asked["Does the same person sign this letter? [y/N]"],
        clerk.asked["Sent by"],
    ) == ([""], ["hand", "mail"])
    data = data_in(out.strip())
    assert (data["date"], data["signatory"]["name"]) == ("2026-11-20", "Kim Successor")
    assert data["particulars"]["notice-date"] == "2026-10-01"
    assert data["particulars"]["said"] == ["No."]
    assert data["service"] == {"bureau": [{"by": "hand"}], "ice": [{"by": "mail"}]}


def test_a_renewed_notice_asks_what_was_answered(
    asked: Asked, run: Run, library: Library, in_folder: Path
) -> None:
    write_letters(library, in_folder / "letters")
    letter = ("--letter", "secure-communities/renewed-request")
    answers = {
        "Date of the answer": ["2026-11-30", ""],
        "What the answer": ["The program is not voluntary.", ""],
        "Date": "2026-12-01",
        **SIGNS,
    }
    result, clerk = asked(answers, "--follow", "letters", *letter)
    code, out, err = outcome(result)
    assert (code, clerk.unused, "cannot be written yet" in err) == (0, [], False)
    bureau, ice = data_in(out.strip())["particulars"]["earlier"]
    assert (bureau["answered"], bureau["answer"]) == ("2026-11-30", "The program is not voluntary.")
    assert "answered" not in ice


EARLIER = """\
jurisdiction: marin-county-ca
letter: secure-communities/opt-out
date: 2026-10-01
signatory: {name: Pat Placeholder, title: Sheriff, address: {street: [1 Main Street, Room 2]}}
authority: [{instrument: Resolution, number: No. 26-01}]
service: {bureau: [{by: certified-mail, number: "7020 0000 0000 0000 0001"}], ice: [{by: hand}]}
cc: [{name: Kim Placeholder}]
calls-itself: the Office
particulars: {reasons: One reason., meeting-dates: 2026-12-15, declines: [detainers, 287g]}
"""


@pytest.mark.no_cover
def test_a_request_like_an_earlier_one_offers_its_answers_and_asks_for_the_day(
    asked: Asked, write: Write
) -> None:
    write("first.yaml", EARLIER)
    answers = {"Date": "2026-11-20", "Name": "Kim Successor", "City": "Ross", "ZIP": "94957"}
    result, clerk = asked(answers, "--from", "first.yaml")
    assert (outcome(result)[:2], clerk.unused) == ((0, "marin-county-ca.yaml\n"), [])
    assert (clerk.asked["Name"], clerk.asked["Title"]) == (["Pat Placeholder"], ["Sheriff"])
    data = data_in("marin-county-ca.yaml")
    assert data.pop("signatory")["address"]["street"] == "1 Main Street, Room 2"
    assert data == {
        "jurisdiction": "marin-county-ca",
        "letter": "secure-communities/opt-out",
        "date": "2026-11-20",
        "calls-itself": "the Office",
        "authority": [{"instrument": "Resolution", "number": "No. 26-01"}],
        "service": {"bureau": [{"by": "certified-mail"}], "ice": [{"by": "hand"}]},
        "particulars": {
            "reasons": ["One reason."],
            "meeting-dates": ["2026-12-15"],
            "declines": ["detainers", "287g"],
        },
        "cc": [{"name": "Kim Placeholder"}],
    }


def test_a_day_of_the_earlier_request_that_has_passed_is_not_offered(
    asked: Asked, write: Write
) -> None:
    write("first.yaml", EARLIER)
    answers = {"Date": "2026-12-20", "City": "Ross", "ZIP": "94957"}
    _, clerk = asked(answers, "--from", "first.yaml", "-o", "second.yaml")
    assert clerk.asked["Day for a meeting"] == [""]


def test_another_county_takes_no_fact_and_no_words_of_the_first(
    run: Run, write: Write, in_folder: Path
) -> None:
    own = "wording: {opening: Marin County opts out.}\nleave-out: [foot]\n"
    write("first.yaml", f"{EARLIER}{own}addressing: joint\n")
    assert outcome(run("new", "kern-county-ca", "--from", "first.yaml"))[0] == 0
    assert data_in("kern-county-ca.yaml") == {
        "jurisdiction": "kern-county-ca",
        "letter": "secure-communities/opt-out",
        "date": TODAY.isoformat(),
        "addressing": "joint",
        "service": {"bureau": [{"by": "certified-mail"}], "ice": [{"by": "hand"}]},
        "leave-out": ["foot"],
    }


@pytest.mark.usefixtures("in_folder")
def test_another_letter_takes_no_wording_of_the_first(run: Run, write: Write) -> None:
    write("first.yaml", f"{EARLIER}wording: {{opening: Marin County opts out.}}\n")
    for letter, keeps in (("opt-out", True), ("renewed-request", False)):
        given = ("--from", "first.yaml", "--letter", f"secure-communities/{letter}")
        assert outcome(run("new", *given, "-o", f"{letter}.yaml"))[0] == 0
        assert ("wording" in data_in(f"{letter}.yaml")) == keeps


def test_a_changed_address_that_nobody_confirmed_is_not_confirmed(asked: Asked) -> None:
    told = {"Is this address right?": ["no", "no"], "Fax": ["916-555-0111", ""]}
    _, clerk = asked(told, "06041")
    assert data_in("marin-county-ca.yaml")["recipients"] == {"bureau": {"fax": "916-555-0111"}}
    assert clerk.asked["How did you confirm it?"] == ["not yet"]  # nothing of ICE's has changed


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("date", "matters"),
    [("2010-08-05", "Scheduled activation"), ("2026-11-20", "What else is declined")],
)
def test_a_question_is_asked_only_where_its_answer_matters(
    date: str, matters: str, asked: Asked
) -> None:
    _, clerk = asked({"Date": date, "Answer these": "y"}, "06041")
    assert {"What else is declined", "Scheduled activation"} & {*clerk.asked} == {matters}


def test_the_question_before_is_asked_again_with_its_answer_to_keep(asked: Asked) -> None:
    said = {
        "County": ["<", "?", "Marin, CA", "Marin, CA"],
        "  Did you mean Marin": ["<"],
        "Date": ["2026-11-20", ""],
        "Name": ["<", "Pat Placeholder"],
        "Is this": ["", "", "<", "<", "", ""],
        "Title": "Sheriff",
        "What next": "<",
    }
    result, clerk = asked(said)
    told = words(outcome(result)[2])
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert "This is the first question." in told
    assert clerk.asked["Date"] == [TODAY.isoformat(), "2026-11-20"]
    assert data_in("marin-county-ca.yaml")["date"] == "2026-11-20"


def test_an_answer_that_the_letters_cannot_have_is_asked_again_with_the_reason(
    asked: Asked,
) -> None:
    said = {
        "Resolution or ord": "Resolution",
        "Number": ["No. 26-00", "No. 26-01"],  # the first is the sample's
        "Date passed": ["2027-01-01", "1/2"],
        "  Did you mean 2026-01-02": "y",
        **SIGNS,
        "Street": "1 Main Street",
        "City": "Ross",
        "State": "california",
        "ZIP": "94957",
    }
    result, clerk = asked(said, "06041")
    told = words(outcome(result)[2])
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert "Please check: this is still the sample's: 'No. 26-00'" in told
    assert f"2027-01-01 cannot be: the letter is dated {TODAY}" in told
    data = data_in("marin-county-ca.yaml")
    assert data["authority"] == [
        {"instrument": "Resolution", "number": "No. 26-01", "date": "2026-01-02"}
    ]
    assert data["signatory"]["address"]["state"] == "CA"


def test_an_act_in_one_answer_is_kind_and_number(asked: Asked) -> None:
    said = {"Resolution or ord": "resolution no. 2026-5", "  Did you mean Resolution, with": "y"}
    result, clerk = asked(said | SIGNS, "06041")
    assert (outcome(result)[0], clerk.asked["Number"]) == (0, ["No. 2026-5"])
    expected = [{"instrument": "Resolution", "number": "No. 2026-5"}]
    assert data_in("marin-county-ca.yaml")["authority"] == expected


def test_a_telephone_number_gets_its_hyphens(asked: Asked) -> None:
    outcome(asked({"Telephone": "13015550100", **SIGNS}, "06041")[0])
    assert data_in("marin-county-ca.yaml")["signatory"]["phone"] == "301-555-0100"


def test_a_problem_of_the_letters_offers_the_number_of_its_answer(asked: Asked) -> None:
    said = {
        "Letter": ["renewed-request", "opt-out"],
        "Date of the request": "2024-05-01",
        "Who was asked": "ICE",
        "What next": ["y", "3", "stop"],
    }
    result, clerk = asked(said, "06041")
    assert (outcome(result)[0], clerk.asked["What next"]) == (130, ["3", "", "read"])
    told = words(outcome(result)[2])
    assert "No letter can be made from marin-county-ca.yaml yet. Type number 3 to change" in told
    assert "3 Letter: Renewed notice of opt-out" in told
    assert "Letter: Notice of opt-out" in told
    assert "Sent by: certified mail with a return receipt" in told


def test_a_change_of_county_makes_the_other_answers_void(asked: Asked) -> None:
    said = {
        "What next": "1",
        "County": "Kern, CA",
        "Is this address right?": "no",
        "Fax": "916-555-0111",
        **SIGNS,
    }
    asked(said, "06041")
    data = data_in("kern-county-ca.yaml")
    assert (data["jurisdiction"], {"signatory", "recipients"} & data.keys()) == (
        "kern-county-ca",
        set(),
    )


def test_an_answer_that_no_longer_fits_the_others_is_asked_again(asked: Asked) -> None:
    said = {"What next": "2", "Program": ["secure-communities", "287g"], "Model": "jail"}
    result, clerk = asked(said, "06041")
    assert (outcome(result)[0], clerk.asked["Letter"]) == (0, ["opt-out", "terminate"])
    assert data_in("marin-county-ca.yaml")["particulars"] == {"model": ["jem"]}


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("November 30", ["2026-11-30", "2025-11-30", "2027-11-30"]),
        ("Nov. 30th", ["2026-11-30", "2025-11-30", "2027-11-30"]),
        ("Nov. 30, 26", ["2026-11-30"]),
        ("1/5", ["2027-01-05", "2026-01-05", "2025-01-05"]),
        ("12-1", ["2026-12-01", "2025-12-01", "2027-12-01"]),
        ("Monday, November 30, 2026", ["2026-11-30"]),
        ("30 nov 2026", ["2026-11-30"]),
        ("tomorrow", ["2026-11-25"]),
        ("Friday", ["2026-11-27", "2026-11-20"]),
        ("Tues. Dec 1", ["2026-12-01", "2025-12-01", "2027-12-01"]),
        ("Nov30 2026", ["2026-11-30"]),
        ("Nov.30", ["2026-11-30", "2025-11-30", "2027-11-30"]),
        ("Nov.30, 2026", ["2026-11-30"]),
        ("November 30 '26", ["2026-11-30"]),
        ("December first", ["2026-12-01", "2025-12-01", "2027-12-01"]),
        ("the twenty-first of December 2026", ["2026-12-21"]),
        ("Monday, December Thirty-first", ["2026-12-31", "2025-12-31", "2027-12-31"]),
        ("last Monday", ["2026-11-23"]),
        ("last Tuesday", ["2026-11-17"]),  # today is one
        ("in a month", ["2026-12-24"]),
        ("In 30 days", ["2026-12-24"]),
        ("30 days", ["2026-12-24", "2026-10-25"]),
        ("two weeks ago", ["2026-11-10"]),
        ("15 months from now", ["2028-02-24"]),
        ("the day after tomorrow", ["2026-11-26"]),
        ("3 days from Monday", []),
        ("the 30th of november", ["2026-11-30", "2025-11-30", "2027-11-30"]),
        ("on the first of December.", ["2026-12-01", "2025-12-01", "2027-12-01"]),
        ("30.11.", ["2026-11-30", "2025-11-30", "2027-11-30"]),
        ("mid december", []),
    ],
)
def test_a_day_is_understood_as_people_type_it(typed: str, days: list[str]) -> None:
    assert [day.isoformat() for day in days_meant(typed, TODAY)] == days


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2", ["wso"]),
        ("WSO", ["wso"]),
        ("w", ["wso"]),
        ("Jail Enforcement Model", ["jem"]),
        ("jail", ["jem"]),
        ("yes please", ["yes"]),
        ("model", ["jem", "tfm"]),
        ("force", ["tfm"]),  # not "Enforcement"
        ("nforce", ["jem"]),
        ("men", []),
        ("pigeon", []),
        ("", []),
    ],
)
def test_a_choice_is_a_number_a_word_its_beginning_or_a_part_of_it(
    typed: str, meant: list[str]
) -> None:
    choices = {"jem": "Jail Enforcement Model", "wso": "", "tfm": "Task Force Model", "yes": ""}
    assert choices_meant(typed, choices) == meant


@pytest.mark.parametrize(
    "text", ["", "{", '{"start": {"known": {"service": {"ice": "x"}}}, "said": {}}', "[1]"]
)
def test_a_file_that_does_not_hold_kept_answers_is_neither_offered_nor_replaced(
    text: str, asked: Asked, write: Write
) -> None:
    write("marin-county-ca.answers", text)
    result, clerk = asked({"Date": "^C"}, "06041")
    told = words(outcome(result)[2])
    assert "Go on with" not in clerk.asked
    assert Path("marin-county-ca.answers").read_text("utf-8") == text
    assert "marin-county-ca.answers has other answers, and stays as it is" in told
    assert "your answers are kept in marin-county-ca-2.answers" in told


def test_answers_for_two_letters_of_one_county_are_kept_in_two_files(
    asked: Asked, in_folder: Path
) -> None:
    for letter in ("secure-communities/opt-out", "287g/suspend"):
        asked({"Model": "wso", "Name": "^C"}, "06041", "--letter", letter)
    kept = ["marin-county-ca-2.answers", "marin-county-ca.answers"]
    assert lying_in(in_folder) == kept
    second = {"Go on with": "marin-county-ca-2.answers", "Name": "^C"}
    assert outcome(asked(second, "06041")[0])[0] == 130
    assert lying_in(in_folder) == kept
    assert outcome(asked({}, "06041", "--letter", "secure-communities/opt-out")[0])[0] == 0
    assert lying_in(in_folder) == [kept[0], "marin-county-ca.yaml"]


@pytest.mark.no_cover
def test_answers_about_a_place_of_ones_own_data_ask_for_that_data(
    asked: Asked, write: Write, in_folder: Path
) -> None:
    write("own.yaml", NOWHERE)
    asked({"Name": "^C"}, "99001", "--data", "own.yaml")
    (kept,) = set(lying_in(in_folder)) - {"own.yaml"}
    code, _, err = outcome(asked({"Go on with": "y"})[0])
    assert code == 1
    assert f"{kept}: there is no jurisdiction" in err
    assert "hint: name the --data and --templates that you began with, or start again" in err
    assert outcome(asked({"Go on with": "y"}, "--data", "own.yaml")[0])[0] == 0


def test_a_value_of_the_command_line_that_no_request_has_is_refused_before_the_first_question(
    asked: Asked,
) -> None:
    result, clerk = asked({}, "06041", "--set", "service.ice=pigeon")
    message = "--set: service.ice must be a list, not 'pigeon'\n  hint: write it as [{by: ...}]\n"
    assert (outcome(result), clerk.asked) == ((2, "", message), {})


def test_a_day_before_the_program_is_refused_at_once(asked: Asked) -> None:
    result, clerk = asked({"Date": ["1999-01-01", "2026-11-20"], **SIGNS}, "06041")
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert "the letter is dated 1999-01-01, before the program began" in words(result.stderr)


def test_an_answer_before_its_request_is_told_at_once(asked: Asked) -> None:
    said = {
        "Date of the request": "2024-05-01",
        "Who was asked": "ICE",
        "Date of the answer": ["2023-05-01", "2025-05-01"],
        "What the answer said": "the request was declined",
        **SIGNS,
    }
    result, clerk = asked(said, "06041", "--letter", "renewed-request")
    told = "Please check: 2023-05-01 is before Date of the request (2024-05-01)."
    assert (outcome(result)[0], clerk.unused) == (0, [])
    assert told in words(result.stderr)


def test_a_way_without_an_address_offers_the_question_that_chose_it(asked: Asked) -> None:
    said = {"Sent by": "fax", "What instead?": "open", "What next": "stop", **SIGNS}
    result, clerk = asked(said, "06041")
    chosen = re.search(r"([0-9]+)  Sent by: fax", result.stderr)
    assert chosen
    assert (outcome(result)[0], clerk.asked["What next"][0]) == (130, chosen[1])


def test_a_letter_that_the_program_refuses_is_asked_again_at_once(asked: Asked) -> None:
    result, clerk = asked({"Letter": ["adjust-date", "opt-out"], **SIGNS}, "06041")
    assert (outcome(result)[0], clerk.unused, len(clerk.asked["Letter"])) == (0, [], 2)
    assert "there is no activation date left to adjust" in words(result.stderr)
    assert "Scheduled activation" not in clerk.asked


def test_where_the_command_names_such_a_letter_its_date_is_asked_again(asked: Asked) -> None:
    said = {"Date": ["2026-11-20", "2010-05-05"], "Scheduled": "^C"}
    result, clerk = asked(said, "06041", "--letter", "adjust-date")
    assert (outcome(result)[0], len(clerk.asked["Date"])) == (130, 2)
    assert "there is no activation date left to adjust" in words(result.stderr)


def test_the_end_tells_the_notes_that_write_tells_of_the_answers(asked: Asked) -> None:
    hialeah = "hialeah-police-department-fl"
    answers = {"Name": "Chief Pat Placeholder", "Title": "Chief of Police", "Letter": "terminate"}
    told = words(outcome(asked(answers, hialeah)[0])[2])
    end = told[told.index("Your answers:") :]
    assert "note: write Name (Who signs) without 'Chief': the title 'Chief of Police' is" in end
    assert "note: compare with your copy of the agreement: model: tfm, signed: 2025-07-02" in end
    assert told.count("note: clear any statement to the press") == 1


def test_kept_answers_are_offered_with_their_county_and_letter(asked: Asked) -> None:
    asked({"Name": "^C"}, "dakota-county-ne")
    told = words(outcome(asked({"Name": "^C"})[0])[2])
    assert ".answers: 6 answers, dakota-county-ne, secure-communities/opt-out." in told


def test_a_number_is_no_answer_to_a_question_of_yes_or_no(asked: Asked) -> None:
    said = {"  Did you mean Marin": ["1", "y"], "County or city": "Marin cty, CA"}
    result, clerk = asked(said)
    assert (clerk.unused, data_in("marin-county-ca.yaml")["jurisdiction"]) == (
        [],
        "marin-county-ca",
    )
    assert "  Type y for yes or n for no.\n" in outcome(result)[2]
