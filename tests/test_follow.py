"""What a letter takes from an earlier letter: its facts, and what is recorded about it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from answer_questions import SIGNS, Asked, data_in
from command_results import Run, Write, lying_in, outcome, problem, words
from conftest import REQUEST, TODAY
from make_letters import case_for, letters_for, problems_of, texts_of, told_by
from written_letters import REACHED, TO_BUREAU, TO_ICE, write_letters

from optout_cli.authoring.earlier import Earlier
from optout_cli.authoring.follow import answers_following
from optout_cli.authoring.request_writer import Answers
from optout_cli.authoring.unfinished import text_with_samples
from optout_cli.exporters import exporter_for
from optout_cli.exporters.json import letter_in
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.programs import program_notes
from optout_cli.readers.yaml import document_from_yaml

pytestmark = pytest.mark.usefixtures("with_typst")

SEAL = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
SIGNED = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
SENT = """\
signatory: {office: Marin County Sheriff's Office}
authority: [{instrument: Resolution, number: "1", file: act.pdf}]
letterhead: {seal: seal.svg, alt: The seal}
recipients:
  bureau: {phone: 916-555-0110, confirmed: {by: telephone, date: 2026-11-18}}
  ice: {email: ice@example.gov, address: {zip: "94112"}}
service:
  bureau: [{by: certified-mail, number: "7020 0001 0000 0000 0026"}]
  ice: [{by: email}, {by: hand}]
particulars:
  earlier: [{date: 2026-05-01, to: ICE, answer: "No."}]
cc: [{name: Alex Placeholder}]
"""


@pytest.fixture
def notice(library: Library, tmp_path: Path) -> Path:
    """Keep the JSON form of the letter to ICE."""
    letter = letters_for(library, SENT)[1]
    path = tmp_path / letter.notice.file_name
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    return path


def following(notice: Path, letter: str | None, library: Library, day: date = TODAY) -> Answers:
    return answers_following(Earlier(letter_in(str(notice))), letter, library, day)[0]


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
        "calls-itself": "the County",
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
                {"to": "bureau", "by": "certified-mail", "number": "7020 0001 0000 0000 0026"},
                {"to": "ice", "by": "email"},
                {"to": "ice", "by": "hand"},
            ],
        },
    }


def test_the_answers_make_a_request_that_can_be_written(notice: Path, library: Library) -> None:
    answers = following(notice, "secure-communities/follow-up", library)
    text = text_with_samples(answers, library, TODAY, "r.yaml")
    order = Order(today=TODAY, formats=("txt",))
    bureau, ice = exports_of(document_from_yaml(text, "r.yaml"), library, order)
    reference = answers["particulars"]["notice-reference"]
    words = " ".join(bureau.content.decode().split())
    assert f"the notice of opt-out of November 20, 2026 (our reference {reference})" in words
    assert "sent to your office by certified mail no. 7020 0001 0000 0000 0026." in words
    assert "7020 0001 0000 0000 0026" not in " ".join(ice.content.decode().split())


def test_a_renewed_request_lists_the_notice_and_earlier_requests(
    notice: Path, library: Library
) -> None:
    earlier = following(notice, "secure-communities/renewed-request", library)["particulars"]
    assert [(request["date"], request["to"][:24]) for request in earlier["earlier"]] == [
        ("2026-05-01", "ICE"),
        ("2026-11-20", "the California Departmen"),
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


def test_a_follow_up_goes_to_the_office_that_the_request_named(
    library: Library, tmp_path: Path
) -> None:
    letter = letters_for(library, "recipients: {ice: {office: ero-los-angeles}}")[1]
    path = tmp_path / "ice.json"
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    answers = following(path, "secure-communities/follow-up", library)
    assert answers["recipients"] == {"ice": {"office": "ero-los-angeles"}}


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (
            "secure-communities/adjust-date",
            "--letter: secure-communities/adjust-date does not follow secure-communities/opt-out",
        ),
        ("287g/follow-up", "--letter: 287g/follow-up does not follow secure-communities/opt-out"),
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
        ("", "is not a letter of a register, and not the JSON form of a letter"),
        ("{", "is not a letter of a register, and not the JSON form of a letter"),
        ("[]", "is not the JSON form of a letter"),
        ('{"schema": 2}', "is not the JSON form of a letter"),
        ('{"schema": 1, "letter": "x/y"}', "is not the JSON form of a letter: it has no date, no"),
        (REQUEST, "is not a letter of a register, and not the JSON form of a letter"),
    ],
)
def test_a_file_that_is_no_letters_json_form_is_a_problem(
    text: str, told: str, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    (problem,) = problems_of(lambda: following(path, None, library))
    assert problem.message.startswith(told)
    assert problem.hint is not None
    assert problem.hint.endswith("the JSON form of a letter will do anywhere")


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("recipients", None, " is not the JSON form of a letter: it has no recipients"),
        ("recipients", "ICE", " recipients: {}: it must be a list, not text"),
        ("recipients", [{"role": "bureau"}], " recipients.0: {}: it has no party"),
        ("recipients", [], " recipients: {}: expected `array` of length >= 1"),
        ("recipient", {}, " recipient: {}: it has no party"),
        ("place", "Marin", " place: {}: it must be a group of keys, not text"),
        ("date", "soon", " date: {}: invalid RFC3339 encoded date"),
        ("authority", ["Resolution"], " authority.0: {}: it must be a group of keys, not text"),
        ("signatory", 5, " signatory: {}: it must be text, not 5"),
        ("place", {"id": "06041", "slug": 5}, " place.slug: {}: it must be text, not 5"),
    ],
)
@pytest.mark.parametrize("command", [("new", "--follow", "thin.json"), ("diff", "", "thin.json")])
def test_a_letters_json_form_that_lacks_a_part_is_a_problem_with_its_path(
    command: tuple[str, ...], part: str, value: object, told: str, notice: Path, run: Run
) -> None:
    facts = json.loads(notice.read_text("utf-8")) | {part: value}
    whole, thin = notice.with_name("whole.json"), notice.with_name("thin.json")
    notice.rename(whole)
    thin.write_text(json.dumps({key: it for key, it in facts.items() if it is not None}), "utf-8")
    names = {"": str(whole), "thin.json": str(thin)}
    code, _, err = outcome(run(*(names.get(word, word) for word in command)))
    said = told.format("is not the JSON form of a letter")
    assert (code, err.splitlines()[0]) == (1, f"{thin}:{said}")


@pytest.mark.usefixtures("in_folder")
def test_new_writes_the_request_beside_the_first_one(notice: Path, run: Run) -> None:
    letter = ("--letter", "secure-communities/follow-up")
    path = "marin-county-ca-follow-up.yaml"
    code, out, err = outcome(run("new", "--follow", str(notice), *letter))
    assert (code, out) == (0, f"{path}\n")
    assert f"optout write {path} -f by-service -o letters/" in err
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


@pytest.fixture
def sent_notice(typst_library: Library, in_folder: Path, run: Run) -> str:
    """Write two letters, and record what happened to them; return their reference."""
    text = REACHED + "service: {bureau: [{by: mail}], ice: [{by: email}]}"
    reference = write_letters(typst_library, in_folder / "letters", text, ("txt", "eml"))
    number = "7008 1300 0001 7388 9810"
    run("sent", TO_BUREAU, "--by", "certified-mail", "--number", number, "--on", "2026-11-21")
    run("sent", TO_ICE.replace(".txt", ".eml"), "--on", "2026-11-21")
    run("delivered", TO_BUREAU, "--on", "2026-11-23")
    return reference


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "named",
    [
        (TO_ICE,),
        (TO_BUREAU,),
        (TO_ICE.replace(".txt", ".eml"),),
        ("letters/",),
        ("REFERENCE", "--in", "letters"),
    ],
)
def test_any_file_a_folder_and_a_reference_name_the_earlier_letter(
    named: tuple[str, ...], sent_notice: str, run: Run
) -> None:
    words = [sent_notice if word == "REFERENCE" else word for word in named]
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml")
    code, out, err = outcome(run("new", "--follow", *words, *letter))
    assert (code, out) == (0, "next.yaml\n")
    assert err.splitlines()[0] == (
        "note: the earlier letter was signed by Pat Placeholder, Sheriff; add who signs now"
    )
    data = document_from_yaml(Path("next.yaml").read_text("utf-8"), "next.yaml").data
    assert "signatory" not in data  # there may have been an election
    assert data["particulars"] == {
        "notice": "opt-out",
        "notice-date": "2026-11-20",
        "notice-reference": sent_notice,
        "served": [
            {
                "to": "bureau",
                "by": "certified-mail",
                "number": "7008 1300 0001 7388 9810",
                "sent": "2026-11-21",
                "received": "2026-11-23",
            },
            {"to": "ice", "by": "email", "sent": "2026-11-21"},
        ],
    }


def test_the_next_step_writes_to_the_folder_of_the_earlier_letter(
    sent_notice: str, run: Run, in_folder: Path
) -> None:
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "--words", "No.")
    case = in_folder / "cases" / "Marin County"
    case.parent.mkdir()
    (in_folder / "letters").rename(case)
    named = ("new", "--follow", "cases/Marin County")
    steps = [
        outcome(run(*named, *options))[2].splitlines()[-1].partition("then run ")[2]
        for options in (("-o", "n.yaml"), ("--csv",))
    ]
    place = "-o 'cases/Marin County/'"
    assert steps == [
        f"optout write n.yaml -f by-service {place}",
        f"optout batch follow-ups.csv {place} --check",
    ]


def test_the_seal_goes_along_from_where_it_is(library: Library, in_folder: Path, run: Run) -> None:
    seal, letters = in_folder / "seal.svg", in_folder / "letters"
    seal.write_text(SEAL, "utf-8")
    text = "letterhead: {seal: seal.svg, alt: The seal}\napproved-as-to-form: {name: Kim Counsel}\n"
    (in_folder / "r.yaml").write_text(REQUEST + text, "utf-8")
    assert outcome(run("write", "r.yaml", "-f", "txt", "-o", "letters/"))[0] == 0
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")

    def seal_in(path: str) -> tuple[object, list[str]]:
        letter = ("--letter", "secure-communities/follow-up", "-o", path)
        err = outcome(run("new", "--follow", TO_ICE, *letter))[2]
        data = document_from_yaml(Path(path).read_text("utf-8"), path).data
        about = ("note: the earlier letter had a seal", "note: copied", "note: counsel approved")
        notes = [line for line in err.splitlines() if line.startswith(about)]
        return data.get("letterhead"), [line.partition(",")[0] for line in notes]

    approval = "note: counsel approved the earlier letter"
    copied = "note: copied the seal of the earlier letter to other/seal.svg"
    (in_folder / "other").mkdir()
    found = [seal_in("n.yaml"), seal_in("letters/n.yaml"), seal_in("other/n.yaml")]
    seal.unlink()
    found.append(seal_in("again.yaml"))
    (letters / "evidence" / "seal.svg").write_text("another", "utf-8")
    (in_folder / "third").mkdir()
    found.append(seal_in("third/n.yaml"))
    assert found == [
        ({"seal": "seal.svg", "alt": "The seal"}, [approval]),
        ({"seal": "evidence/seal.svg", "alt": "The seal"}, [approval]),
        ({"seal": "seal.svg", "alt": "The seal"}, [copied, approval]),
        ({"seal": "letters/evidence/seal.svg", "alt": "The seal"}, [approval]),
        (None, ["note: the earlier letter had a seal", approval]),
    ]
    assert (in_folder / "other" / "seal.svg").read_text("utf-8") == SEAL


def test_set_says_who_signs_now(sent_notice: str, run: Run) -> None:
    values = ("--set", "signatory.name=Kim Successor", "--set", "signatory.title=Sheriff")
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml")
    err = outcome(run("new", "--follow", TO_ICE, *letter, *values))[2]
    assert "note:" not in err
    assert outcome(run("write", "next.yaml", "-f", "txt", "-o", "-", "--to", "ice"))[0] == 0


def test_the_last_answer_chooses_the_letter_and_fills_it_in(sent_notice: str, run: Run) -> None:
    options = ("--on", "2026-11-24", "--words", "The county cannot leave.")
    run("answer", TO_ICE, "--reply", "refused", *options)
    run("new", "--follow", "letters", "-o", "next.yaml")
    data = document_from_yaml(Path("next.yaml").read_text("utf-8"), "next.yaml").data
    assert data["letter"] == "secure-communities/renewed-request"
    particulars = data["particulars"]
    assert isinstance(particulars, dict)
    assert data["to"] == "ice"  # the bureau did not refuse
    earlier = particulars["earlier"]
    answered = [(item.get("answered"), item.get("answer")) for item in earlier]  # type: ignore[union-attr]  # mappings
    assert answered == [(None, None), ("2026-11-24", "\u201cThe county cannot leave.\u201d")]
    signer = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    code, out, err = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/", *signer))
    text = " ".join(Path(out.split()[0]).read_text("utf-8").split())
    told = "It was answered on November 24, 2026: \u201cThe county cannot leave.\u201d"
    assert (code, told in text, TOLD in err) == (0, True, False)


def test_a_place_to_meet_stands_in_a_letter_only_with_a_day(library: Library) -> None:
    place = "particulars: {meeting-place: the jail%s}"
    ways = [place % "", place % ", meeting-dates: [2026-12-01]"]
    letters = [letters_for(library, lines)[0] for lines in ways]
    found = [[it for it in texts_of(letter) if "the jail" in it] for letter in letters]
    notes = [[*program_notes(case_for(library, lines))] for lines in ways]
    noted = [any("meeting-place" in it.line for it in each) for each in notes]
    assert ([len(texts) for texts in found], noted) == ([0, 1], [True, False])


def test_a_place_to_meet_is_not_offered_again(library: Library, tmp_path: Path) -> None:
    lines = "particulars: {meeting-place: the jail, meeting-dates: [2026-12-01]}"
    letter = letters_for(library, lines)[0]
    path = tmp_path / "notice.json"
    path.write_bytes(exporter_for("json").encode(letter, library.context))
    answers = following(path, "secure-communities/renewed-request", library)
    assert answers["particulars"].keys() == {"earlier"}


def test_a_letter_that_was_not_sent_was_no_request(
    library: Library, in_folder: Path, run: Run
) -> None:
    write_letters(library, in_folder / "letters", REACHED)
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")
    letter = ("--letter", "secure-communities/renewed-request", "-o", "next.yaml")
    run("new", "--follow", TO_ICE, *letter)
    earlier = data_in("next.yaml")["particulars"]["earlier"]
    assert [item["to"].partition(",")[0] for item in earlier] == [
        "U.S. Immigration and Customs Enforcement"
    ]


def test_a_renewed_request_says_what_was_answered(sent_notice: str, run: Run) -> None:
    letter = ("--letter", "secure-communities/renewed-request", "-o", "next.yaml")
    run("new", "--follow", TO_ICE, *letter)
    code, out, _ = outcome(run("check", "next.yaml"))
    said = "a renewed notice says on which day an earlier request was answered, and no entry of"
    assert (code, out.partition("\n")[0]) == (1, f"next.yaml:17:1: {said} earlier has that day")


def test_what_each_office_answered_is_asked_with_its_name(
    sent_notice: str, run: Run, asked: Asked
) -> None:
    for path in (TO_BUREAU, TO_ICE.replace(".txt", ".eml")):
        assert outcome(run("answer", path, "--reply", "refused", "--on", "2026-11-24"))[0] == 0
    said = {"What the answer said": ["it was late", "it was declined"], **SIGNS}
    letter = ("--letter", "secure-communities/renewed-request", "-o", "next.yaml")
    result, clerk = asked(said, "--follow", TO_BUREAU, *letter)
    assert (result.exit_code, clerk.unused) == (0, [])
    summary = words(result.stderr).rpartition("Your answers:")[2]
    found = re.findall(r"What the answer said (\(.*?\)): (it was [a-z]+)", summary)
    entries = data_in("next.yaml")["particulars"]["earlier"]
    assert found == [(f"({entry['to']})", entry["answer"]) for entry in entries]
    assert len(found) == 2


def test_the_answer_to_a_follow_up_leads_back_to_the_notice(
    sent_notice: str, run: Run, library: Library
) -> None:
    cited = f"""\
        letter: secure-communities/follow-up
        date: 2026-11-22
        particulars: {{notice: opt-out, notice-date: 2026-11-20, notice-reference: {sent_notice}}}
        """
    write_letters(library, Path("letters"), cited)
    later = "letters/2026-11-22-follow-up-ice.txt"
    run("sent", later, "--by", "mail", "--on", "2026-11-23")
    second = ("--letter", "secure-communities/follow-up", "-o", "second.yaml", "-q")
    run("new", "--follow", later, *second)
    asked = "\n  asked-again: [{to: ice, date: 2026-11-22}]\n"
    assert asked in Path("second.yaml").read_text("utf-8")
    run("answer", later, "--reply", "refused", "--on", "2026-11-24", "--words", "No.")
    letter = ("--letter", "secure-communities/renewed-request")
    run("new", "--follow", later, *letter, "-o", "next.yaml")
    data = document_from_yaml(Path("next.yaml").read_text("utf-8"), "next.yaml").data
    particulars = data["particulars"]
    assert isinstance(particulars, dict)
    answered = [item.get("answered") for item in particulars["earlier"]]  # type: ignore[union-attr]  # mappings
    assert answered == [None, None, "2026-11-24"]  # it is the follow-up that was refused
    signed = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    err = outcome(run("write", "next.yaml", *signed, "-f", "txt", "-o", "letters/", "--check"))[2]
    assert "the letter says" not in err
    run("write", "next.yaml", *signed, "-f", "txt", "-o", "letters/")
    run("sent", "letters/2026-11-24-renewed-request-ice.txt", "--on", "2026-11-24")
    declines = ("--letter", "secure-communities/decline-results", "-o", "d.yaml")
    err = outcome(run("new", "--follow", later, *declines, *signed))[2]
    told = "a later letter, which it does not name, went out to ICE: renewed-request of 2026-11-24"
    assert told in err
    written = ("write", "d.yaml", "-f", "txt", "-o", "letters/", "--check")
    assert told in outcome(run(*written))[2]
    again = outcome(run("write", "next.yaml", *signed, "-f", "txt", "-o", "letters/", "--check"))[2]
    assert "a later letter" not in again  # it is that letter


def test_a_folder_with_several_requests_needs_one_to_be_named(
    sent_notice: str, run: Run, library: Library
) -> None:
    write_letters(library, Path("letters"), "date: 2026-11-22")
    code, out, err = outcome(run("new", "--follow", "letters"))
    assert (code, out, err) == (
        2,
        "",
        f"letters: has 2 letters\n  hint: name one of them, such as {sent_notice}\n",
    )


def test_letters_of_one_request_written_by_two_commands_are_followed_as_one(
    in_folder: Path, run: Run
) -> None:
    ways = "service: {bureau: [{by: hand}], ice: [{by: mail}]}\n"
    Path("notice.yaml").write_text(REQUEST + ways, "utf-8")
    for party in ("bureau", "ice"):
        run("write", "notice.yaml", "--to", party, "-f", "txt", "-o", "letters/")
    run("sent", "letters", "--on", "2026-11-21")
    err = outcome(run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23"))[2]
    command = next(line for line in err.splitlines() if line.endswith("/renewed-request"))
    options = command.partition("optout ")[2].split()
    assert outcome(run(*options, "-o", "next.yaml"))[0] == 0
    named = ("--follow", "letters", "--letter", "secure-communities/follow-up")
    run("new", *named, "-o", "again.yaml", "-q")
    assert [it["to"] for it in data_in("again.yaml")["particulars"]["served"]] == ["bureau", "ice"]


def test_a_287g_follow_up_has_the_day_of_receipt(
    library: Library, in_folder: Path, run: Run
) -> None:
    lines = "letter: 287g/terminate\nparticulars: {model: jem, signed: 2020-06-09}"
    write_letters(library, in_folder / "letters", lines)
    letter = "letters/2026-11-20-terminate-jem-ice.txt"
    run("sent", letter, "--by", "certified-mail", "--on", "2026-11-20")
    run("delivered", letter, "--on", "2026-11-23")
    run("new", "--follow", letter, "-o", "next.yaml")
    data = document_from_yaml(Path("next.yaml").read_text("utf-8"), "next.yaml").data
    particulars = data["particulars"]
    assert isinstance(particulars, dict)
    assert (particulars["received"], particulars["served"]) == (
        "2026-11-23",
        [{"to": "ice", "by": "certified-mail", "sent": "2026-11-20"}],
    )
    signer = ("--set", "signatory.name=Pat", "--set", "signatory.title=Sheriff")
    out = outcome(run("write", "next.yaml", "-f", "txt", "-o", "-", *signer))[1]
    told = "was sent to your office on November 20, 2026, by certified mail."
    assert told in " ".join(out.split())


def test_where_nothing_came_back_the_follow_up_is_begun(sent_notice: str, run: Run) -> None:
    run("new", "--follow", TO_ICE, "-o", "next.yaml", "-q")
    assert "\nletter: secure-communities/follow-up\n" in Path("next.yaml").read_text("utf-8")


TOLD = "check the letter before you sign it: "


def told_in(err: str) -> list[str]:
    return [line.partition(TOLD)[2] for line in err.splitlines() if TOLD in line]


def test_each_fact_of_an_earlier_letter_is_compared_with_the_register(
    sent_notice: str, run: Run, write: Write
) -> None:
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml", "-q", "--set")
    run(
        "new", "--follow", TO_ICE, *letter, "signatory.name=Kim", "--set", "signatory.title=Sheriff"
    )
    text = Path("next.yaml").read_text("utf-8")
    write("next.yaml", text.replace("to: ice, by: email", "to: ice, by: fax"))
    wrong = [f"the letter says that {sent_notice} to ICE was sent by fax; the register says e-mail"]
    ice = ("--to", "ice", "-f", "txt", "-o")
    assert told_in(outcome(run("write", "next.yaml", *ice, "letters/", "--check"))[2]) == wrong
    assert told_in(outcome(run("write", "next.yaml", *ice, "-"))[2]) == wrong
    assert told_in(outcome(run("write", "next.yaml", *ice, "elsewhere/"))[2]) == wrong
    other = text.replace(sent_notice, "SC-06041-20261119-ABCD")
    write("next.yaml", other)
    code, _, err = outcome(run("write", "next.yaml", *ice, "letters/"))
    assert (code, "about Secure Communities dated 2026-11-20\n" in err) == (1, True)
    write("next.yaml", other.replace("notice-date: 2026-11-20", "notice-date: 2026-11-19"))
    assert told_in(outcome(run("write", "next.yaml", *ice, "letters/"))[2]) == [
        "no register here has the letter that it cites, SC-06041-20261119-ABCD"
    ]


def test_the_words_of_an_answer_are_compared_with_the_register(
    sent_notice: str, run: Run, write: Write
) -> None:
    for letter, day in ((TO_BUREAU, "2026-11-23"), (TO_ICE, "2026-11-24")):
        words = ("--words", "We decline. The program goes on.", "-q")
        run("answer", letter, "--reply", "refused", "--on", day, *words)
    renewed = ("--letter", "secure-communities/renewed-request", "-o", "next.yaml", "-q")
    signed = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    run("new", "--follow", TO_ICE, *renewed, *signed)
    text = Path("next.yaml").read_text("utf-8")
    write("next.yaml", text.replace("We decline. The program goes on.", "We decline.", 1))
    batch = ("batch", "next.yaml", "-f", "txt", "-o", "letters/")
    assert told_in("\n".join(outcome(run(*batch, "--check"))[1:])) == []
    longer = "We decline. The program goes on. We had no such call."
    write("next.yaml", text.replace("We decline. The program goes on.", longer, 1))
    (told,) = told_in("\n".join(outcome(run(*batch, "--check"))[1:]))
    assert told.endswith(f"was “{longer}”; the register says We decline. The program goes on.")
    text = text.replace("We decline.", "We refuse.", 1)
    text = text.replace("answered: 2026-11-24", "answered: 2026-11-23")
    write("next.yaml", text)
    wrong = [
        (
            f"the letter says that the answer to {sent_notice} to the State Identification"
            " Bureau was “We refuse. The program goes on.”; the register says We decline. The"
            " program goes on."
        ),
        (
            f"the letter says that {sent_notice} to ICE was answered on 2026-11-23; the register"
            " says 2026-11-24"
        ),
    ]
    assert told_in("\n".join(outcome(run(*batch, "--check"))[1:])) == wrong
    err = outcome(run(*batch))[2]
    assert (told_in(err), f"note: Marin County, CA: {TOLD}" in err) == (wrong, True)


def test_the_facts_of_a_reply_are_compared_with_the_register(
    library: Library, in_folder: Path, run: Run, write: Write
) -> None:
    write_letters(
        library, in_folder / "letters", "letter: 287g/terminate\nparticulars: {model: jem}"
    )
    letter = "letters/2026-11-20-terminate-jem-ice.txt"
    run("sent", letter, "--by", "mail", "--on", "2026-11-21")
    run("delivered", letter, "--on", "2026-11-22")
    reply = ("--reply", "effective-disputed", "--on", "2026-11-23", "--by", "Kim Doe")
    run("answer", letter, *reply, "--set", "day-named=2027-03-01")
    signed = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    run("new", "--follow", letter, "-o", "next.yaml", *signed)
    text = Path("next.yaml").read_text("utf-8")
    named = text.replace("2027-03-01", "2027-04-01").replace("answered-by: Kim", "answered-by: Pat")
    write("next.yaml", named.replace("received: 2026-11-22", "received: 2026-11-21"))
    reference = text.partition("notice-reference: ")[2].split()[0]
    command = ("write", "next.yaml", "-f", "txt", "-o", "letters/", "--check")
    assert told_in(outcome(run(*command))[2]) == [
        (
            f"the letter says that {reference} to ICE was received on 2026-11-21; the register"
            " says 2026-11-22"
        ),
        f"the letter says that {reference} was answered by Pat Doe; the register says Kim Doe",
        "the letter says day-named: 2027-04-01; the register says 2027-03-01",
    ]


def test_a_recipient_who_never_got_the_earlier_letter_is_told(
    sent_notice: str, run: Run, write: Write
) -> None:
    run("write", "marin-county-ca", "--draft", "--to", "ice", "-f", "txt", "-o", "other/", "-q")
    renewed = REQUEST.replace("2026-11-20", "2026-11-24").replace("opt-out", "follow-up")
    cited = Path("other").joinpath("register.ndjson").read_text("utf-8")
    reference = cited.partition('"reference":"')[2].partition('"')[0]
    day = cited.partition('"date":"')[2].partition('"')[0]
    facts = f"notice: opt-out, notice-date: {day}, notice-reference: {reference}"
    write("next.yaml", f"{renewed}particulars: {{{facts}}}\n")
    err = outcome(run("write", "next.yaml", "-f", "txt", "-o", "other/", "--check"))[2]
    assert told_in(err) == [
        "the earlier letter was not written to the State Identification Bureau",
        f"{reference} to ICE is not recorded as sent",
    ]


def test_a_follow_up_that_the_register_contradicts_has_a_note(sent_notice: str, run: Run) -> None:
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml", "-q")
    run("new", "--follow", TO_ICE, *letter, *SIGNED)
    run("delivered", TO_BUREAU, "--on", "2026-11-24", "--correct", "-q")
    run("answer", TO_BUREAU, "--reply", "refused", "-q")
    run("sent", TO_ICE, "--undo", "it lay in the drawer", "-q")
    err = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/"))[2]
    told = "note: check the letter before you sign it: "
    notes = [it.removeprefix(told) for it in err.splitlines() if it.startswith(told)]
    assert notes == [
        f"{sent_notice} to the State Identification Bureau was answered on 2026-11-24 (refused)",
        (
            f"the letter says that {sent_notice} to the State Identification Bureau was"
            " received on 2026-11-23; the register says 2026-11-24"
        ),
        f"{sent_notice} to ICE is not recorded as sent",
    ]
    renewed = ("--letter", "secure-communities/renewed-request", "-o", "renewed.yaml", "-q")
    run("new", "--follow", TO_BUREAU, *renewed, *SIGNED)
    write = run("write", "renewed.yaml", "-f", "txt", "-o", "letters/", "--to", "bureau")
    assert told not in outcome(write)[2]


def test_a_letter_that_cites_a_replaced_version_has_a_note(
    in_folder: Path, run: Run, write: Write
) -> None:
    request = write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q")
    run("sent", "letters/", "--by", "mail", "-q")
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml", "-q")
    run("new", "--follow", TO_ICE, *letter, *SIGNED)
    request.write_text(REQUEST.replace("title: Sheriff", "title: Undersheriff"), "utf-8")
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q", "--supersede", "its signer")
    run("sent", "letters/", "--by", "mail", "-q")
    err = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/", "--check"))[2]
    assert len([text for text in told_in(err) if " was replaced by SC-06041-" in text]) == 2


def test_the_json_form_may_have_a_byte_order_mark(notice: Path) -> None:
    plain = letter_in(str(notice))
    notice.write_bytes(b"\xef\xbb\xbf" + notice.read_bytes())
    assert letter_in(str(notice)) == plain


def test_the_next_letter_goes_only_to_an_office_that_got_the_first(
    library: Library, in_folder: Path, run: Run
) -> None:
    write_letters(library, in_folder / "letters", REACHED + "addressing: joint\n")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-24", "--words", "No.")
    signer = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    err = outcome(run("new", "--follow", TO_BUREAU, "-o", "next.yaml", *signer))[2]
    assert err.splitlines()[0] == (
        "note: this letter goes to ICE alone, since the earlier one is not recorded as sent to the"
        " State Identification Bureau; for both, delete the line to:"
    )
    code, out, told = outcome(run("write", "next.yaml", "-f", "txt", "-o", "letters/"))
    assert (code, out) == (0, "letters/2026-11-24-renewed-request-ice.txt\n")
    assert TOLD not in told
    assert "California Department of Justice" not in Path(out.strip()).read_text("utf-8")


@pytest.mark.parametrize(
    ("named", "letter"),
    [(TO_BUREAU, "renewed-request"), (TO_ICE, "follow-up"), ("letters", "renewed-request")],
)
def test_the_next_letter_is_the_one_that_the_named_recipients_reply_calls_for(
    named: str, letter: str, sent_notice: str, run: Run
) -> None:
    run("answer", TO_BUREAU, "--reply", "refused", "--on", "2026-11-24", "--words", "No.")
    run("new", "--follow", named, "-o", "next.yaml", "-q")
    assert data_in("next.yaml")["letter"] == f"secure-communities/{letter}"


def test_a_request_for_an_answer_goes_only_to_an_office_that_did_not_answer(
    sent_notice: str, run: Run
) -> None:
    run("answer", TO_BUREAU, "--reply", "refused", "--on", "2026-11-24", "--words", "Ask ICE.")
    letter = ("--letter", "secure-communities/follow-up", "-o", "next.yaml", "-q")
    run("new", "--follow", TO_BUREAU, *letter)
    data = data_in("next.yaml")
    assert (data["to"], list(data["service"])) == ("ice", ["ice"])


def test_a_request_for_an_answer_names_an_acknowledgment(sent_notice: str, run: Run) -> None:
    signer = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    begin = ("new", "--follow", sent_notice, "--in", "letters", "-q", *signer)
    run(*begin, "-o", "before.yaml")
    said = ("--on", "2026-11-24", "--words", "We have it.")
    run("answer", TO_BUREAU, "--reply", "acknowledged", *said)
    run(*begin, "-o", "next.yaml")
    told = outcome(run("write", "before.yaml", "--check"))[2].splitlines()
    assert any(
        line.endswith(
            "to the State Identification Bureau was answered on 2026-11-24 (acknowledged); say so"
            " in the letter"
        )
        for line in told
    )
    write = run("write", "next.yaml", "-f", "txt", "-o", "letters/")
    assert TOLD not in outcome(write)[2]
    to_bureau, to_ice = (
        " ".join(Path(path).read_text("utf-8").split()) for path in outcome(write)[1].split()
    )
    assert (
        "Your office acknowledged receipt on November 24, 2026: \u201cWe have it.\u201d The County"
        " has received no written answer to the letter itself."
    ) in to_bureau
    assert "acknowledged" not in to_ice


def test_no_letter_goes_only_to_an_office_that_gets_none(library: Library) -> None:
    lines = "letter: 287g/terminate\nto: bureau\nparticulars: {model: jem}"
    (problem,) = problems_of(lambda: letters_for(library, lines))
    assert (problem.code, problem.message) == (
        "no-letter",
        "287g/terminate has no letter to bureau",
    )


def test_a_letter_that_goes_out_on_the_day_of_the_refusal_waits_for_an_answer(
    sent_notice: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-24", "--words", "No.")
    signer = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff")
    run("new", "--follow", TO_ICE, "-o", "next.yaml", "-q", *signer)
    run("write", "next.yaml", "-f", "txt", "-o", "letters/", "-q")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795521600")  # noon of that day
    run("sent", "letters/2026-11-24-renewed-request-ice.txt", "--by", "mail")
    rows = outcome(run("status", "letters", "--json"))[1].splitlines()
    steps = {(row["letter"], row["recipient"]): row["step"] for row in map(json.loads, rows)}
    assert steps["secure-communities/renewed-request", "ice"] == "waiting"
