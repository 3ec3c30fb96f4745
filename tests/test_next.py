"""What is left to do with the letters, as it is told after `write`: each step by its occasion."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, words
from conftest import REQUEST

from optout_cli.templating.filters import long_date

pytestmark = pytest.mark.usefixtures("with_typst")

CONFIRMED = "confirmed: {by: telephone, date: 2026-11-18}"
RECIPIENTS = f"""\
recipients:
  bureau: {{email: bureau@example.gov, fax: 916-555-0130, {CONFIRMED}}}
  ice: {{email: ice@example.gov, fax: 415-555-0131, {CONFIRMED}}}
"""
Steps = Callable[..., list[str]]


@pytest.fixture
def steps(run: Run, write: Write) -> Steps:
    """Write the letters of a request with more lines, and return what is to be done next."""

    def told(lines: str = "", *options: str) -> list[str]:
        path = write("r.yaml", REQUEST + lines)
        options = ("-o", f"{path.parent}/out/", *(options or ("-f", "txt")))
        _, _, err = outcome(run("write", str(path), *options))
        return [it.removeprefix("next: ") for it in err.splitlines() if it.startswith("next: ")]

    return told


def test_a_draft_wants_a_signatory_before_anything_else(run: Run, write: Write) -> None:
    path = write("r.yaml", "".join(REQUEST.splitlines(keepends=True)[:3]))
    _, _, err = outcome(run("write", str(path), "-f", "txt", "-o", f"{path.parent}/"))
    assert [it for it in err.splitlines() if it.startswith("next: ")] == [
        "next: add the signer under signatory: and run this command again"
    ]


def test_without_a_request_the_command_line_says_the_date_and_new_says_who_signs(
    run: Run, tmp_path: Path
) -> None:
    letter = ("marin-county-ca", "--letter", "secure-communities/renewed-request")
    _, _, err = outcome(run("write", *letter, "-f", "txt", "-o", f"{tmp_path}/"))
    assert err.splitlines()[1] == "  hint: add --set particulars.earlier=..."
    _, _, err = outcome(run("write", "marin-county-ca", "-f", "txt", "-o", f"{tmp_path}/"))
    first, *_, last, _ = err.splitlines()
    assert first.endswith("; to keep this date, add --set date=2026-11-24")
    assert last == "next: say who signs, in a request: optout new marin-county-ca"


def test_where_one_letter_is_a_fax_only_the_other_goes_into_an_envelope(steps: Steps) -> None:
    services = "service: {bureau: [{by: fax}], ice: [{by: mail}]}\nenclosures: [{title: A map}]\n"
    told = steps(RECIPIENTS + services, "-f", "by-service")
    assert [it.partition(";")[0] for it in told[1:4]] == [
        "print ICE's letter single-sided on US Letter, sign it, and fold it at the two marks",
        "enclose with ICE's letter: A map",
        "print and sign the bureau's letter, and fax the paper to 916-555-0130",
    ]


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("certified-mail", "letters by certified mail (return receipt); keep the receipt"),
        ("mail", "mail the bureau's letter"),
        (
            "email",
            (
                "e-mail the bureau's letter to bureau@example.gov; keep a copy of the sent e-mail;"
                " to have optout make that e-mail, add -f by-service"
            ),
        ),
        ("fax", "fax the bureau's letter to 916-555-0130; keep the report that it went through"),
        ("hand", "have the bureau's letter delivered by hand, and a copy stamped as received"),
    ],
)
def test_each_way_of_service_has_its_proof(way: str, told: str, steps: Steps) -> None:
    lines = steps(f"{RECIPIENTS}service: {{bureau: [{{by: {way}}}]}}\n")
    assert [
        it
        for it in lines
        if ("bureau's letter" in it or "both letters" in it) and it.endswith(told)
    ]


def test_without_a_way_of_service_both_go_by_certified_mail(steps: Steps) -> None:
    assert [it.partition(" (")[0] for it in steps(RECIPIENTS) if "certified mail" in it] == [
        "send both letters by certified mail"
    ]


def test_an_address_that_someone_confirmed_needs_no_call(steps: Steps) -> None:
    assert [it for it in steps(RECIPIENTS) if "to confirm" in it] == []
    assert [it.partition(" to confirm")[0] for it in steps() if "to confirm" in it] == [
        "find a phone number (none on file)",
        "call (415) 365-8800",
    ]


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        (
            "ink",
            "print each letter single-sided on US Letter, sign it, and fold it at the two marks",
        ),
        ("typed", "print each letter single-sided on US Letter and fold it at the two marks"),
    ],
)
def test_a_printed_letter_is_signed_by_hand_unless_its_signature_is_on_it(
    signature: str, told: str, steps: Steps
) -> None:
    assert told in steps(f"signature: {{kind: {signature}}}\n", "-f", "pdf")


def test_nothing_is_printed_where_there_is_no_page(steps: Steps) -> None:
    assert [it for it in steps() if "print" in it] == []


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ("", "by about 2026-12-28"),  # 5 days in the mail and 30 more: Christmas, a Friday
        ("particulars: {reply-by: 2027-01-29}\n", "by 2027-01-29"),
        (
            f"{RECIPIENTS}service: {{bureau: [{{by: mail}}], ice: [{{by: fax}}]}}\n",
            (
                "from the State Identification Bureau by about 2026-12-28, or from ICE by about"
                " 2026-12-21"
            ),
        ),
    ],
)
def test_it_is_said_by_when_to_write_again(lines: str, day: str, steps: Steps) -> None:
    assert steps(lines)[-1] == (
        f"if you have no answer {day}, write again, and quote the reference"
    )


def test_the_day_to_write_again_is_that_of_status_and_guide(
    steps: Steps, run: Run, tmp_path: Path
) -> None:
    told = steps()[-1]
    letters = str(tmp_path / "out")
    run("sent", letters, "--by", "certified-mail", "--on", "2026-11-20", "-q")
    (due, other) = (
        json.loads(line)["answer-due"]
        for line in outcome(run("status", letters, "--json"))[1].splitlines()
    )
    assert due == other
    assert f"by about {due['on']}, write again" in told
    day = long_date(date.fromisoformat(due["on"]))
    guide = words(outcome(run("guide", "06041", "--date", "2026-11-20"))[1])
    assert f"If there is no answer by {day}, write again." in guide


def test_a_word_file_is_for_counsel_and_not_to_be_sent(steps: Steps) -> None:
    mark_up = (
        "have counsel mark up the docx files, and put each change into the request or into your own"
        " wording; then make the letters to send: run this command again with -f docx,pdf"
    )
    assert steps(RECIPIENTS, "-f", "docx") == ["read each letter", mark_up]
    assert steps(RECIPIENTS, "-f", "txt,docx", "--force")[:3] == [
        "read each letter",
        mark_up.replace("docx,pdf", "txt,docx,pdf"),
        "put a copy of each letter into the other envelope too",
    ]


def test_the_step_after_a_word_file_and_its_pdf_is_not_the_command_that_was_just_run(
    steps: Steps,
) -> None:
    (mark_up,) = (it for it in steps(RECIPIENTS, "-f", "docx,pdf") if "mark up" in it)
    assert mark_up.endswith(" wording; then run this command again, before you send the letters")


def test_one_letter_goes_into_no_others_envelope_twice(steps: Steps) -> None:
    joint = steps("addressing: joint\n")
    assert [it for it in joint if "envelope" in it] == []
    (copied,) = (it for it in joint if "after cc:" in it)
    assert copied.startswith("mail a copy of the letter to the office listed after cc: Director,")


def test_a_message_is_sent_and_neither_printed_nor_put_into_an_envelope(steps: Steps) -> None:
    lines = "signature: {kind: typed}\ncc: [{name: A. Clerk, email: clerk@example.gov}]\n"
    sender = "--set=signatory.email=sheriff@example.gov"
    mailed = steps(RECIPIENTS + lines, "-f", "eml", sender)
    assert [it.partition(";")[0] for it in mailed[1:3]] == [
        "e-mail the bureau's letter to bureau@example.gov",
        "e-mail ICE's letter to ice@example.gov",
    ]
    faxed = steps(RECIPIENTS + lines, "-f", "fax,tiff", sender)
    assert faxed[1].startswith("fax the bureau's letter to 916-555-0130")
    assert [
        it for it in mailed + faxed if "envelope" in it or "print" in it or "certified" in it
    ] == []
    assert [it for it in mailed if "Clerk" in it] == []
    assert [it for it in faxed if "Clerk" in it] == ["give a copy to: A. Clerk"]


def test_a_letter_marked_as_a_draft_is_to_be_written_again(steps: Steps) -> None:
    assert steps(RECIPIENTS, "-f", "txt,eml", "--draft") == [
        "read each letter",
        "fill in what is missing, and run this command again without --draft",
    ]


def test_a_fax_is_faxed_where_the_request_names_another_way_alone(steps: Steps) -> None:
    lines = f"{RECIPIENTS}service: {{ice: [{{by: certified-mail}}]}}\n"
    told = steps(lines, "-f", "fax", "--to", "ice")
    assert [it.partition(" to ")[0] for it in told if "ICE's letter" in it][:2] == [
        "send ICE's letter by certified mail (return receipt); keep the receipt",
        "fax ICE's letter",
    ]


def test_one_letter_alone_has_no_other_envelope(steps: Steps) -> None:
    assert [it for it in steps("", "-f", "txt", "--to", "ice") if "other envelope" in it] == []


def test_an_act_that_is_named_and_not_enclosed_is_remembered(steps: Steps) -> None:
    told = steps("authority: [{instrument: Resolution, number: No. 26-07}]\n")
    named = "Resolution No. 26-07 (add file: under authority:)"
    assert f"decide whether to enclose {named}" in told


def test_what_is_faxed_alone_needs_no_envelope(steps: Steps) -> None:
    both = f"{RECIPIENTS}service: {{bureau: [{{by: fax}}], ice: [{{by: fax}}]}}\n"
    told = steps(both, "-f", "pdf")
    assert "print each letter single-sided on US Letter and sign it" in told
    one = steps(f"{RECIPIENTS}service: {{ice: [{{by: fax}}]}}\n", "-f", "pdf", "--force")
    assert (
        "print each letter single-sided on US Letter, sign it, and fold it at the two marks" in one
    )
    assert [it for it in (*told, *one) if "other envelope" in it] == []


def test_what_the_guide_always_encloses_is_a_step_unless_enclosures_are_named(
    run: Run, write: Write, in_folder: Path
) -> None:
    request = REQUEST.replace("secure-communities/opt-out", "287g/terminate")
    request += "particulars: {model: tfm, agency: Marin County Sheriff's Office}\n"
    told = "next: enclose with each letter, as the guide says: a copy of the signed agreement"
    found = []
    for lines in ("", "enclosures: [{title: Memorandum of Agreement}]\n"):
        write("r.yaml", request + lines)
        _, _, err = outcome(run("write", "r.yaml", "-f", "txt", "-o", f"out{len(lines)}/"))
        found.append(told in err)
    assert found == [True, False]


@pytest.mark.parametrize(
    ("started", "typed"),
    [
        ("/my tools/optout", "'/my tools/optout'"),
        ("/lib/optout_cli/__main__.py", "python -m optout_cli"),
        ("/bin/pytest", "optout"),
    ],
)
def test_commands_to_type_begin_with_what_started_optout(
    started: str,
    typed: str,
    steps: Steps,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", [started])
    told = steps()
    assert f"record how they went out: {typed} sent LETTER" in "\n".join(told)
    (empty := tmp_path / "empty").mkdir()
    err = outcome(run("status", str(empty)))[2]
    assert f"hint: name a folder that {typed} write or {typed} batch wrote to" in err
    (named := tmp_path / "optout batch").mkdir()  # no command
    assert f"{named}: " in outcome(run("status", str(named)))[2]
    row = outcome(run("status", str(empty), "--json"))[2]
    assert f"{typed} write or" in json.loads(row)["hint"]
