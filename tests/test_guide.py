"""`optout guide`: the steps for one jurisdiction's letter, on one or two pages."""

from io import BytesIO
from pathlib import Path

import msgspec
import pikepdf
import pytest
from command_results import Run, lying_in, outcome, problem, words
from compare_pages import pages_of
from conftest import ROOT, TODAY
from make_letters import html_words

from optout_cli.engines import pages_in
from optout_cli.errors import Location
from optout_cli.letters import Library
from optout_cli.model.letter import ListBlock, Paragraph
from optout_cli.model.letter import Run as Words
from optout_cli.model.request import Request
from optout_cli.reports.guide import encode_guide, guide_of

PLACES = [
    "dona-ana-county-nm",
    "orange-county-fl",
    "harris-county-tx",
    "davidson-county-tn",
    "guam-gu",
    "missoula-county-mt",
]
LETTERS = ["secure-communities/opt-out", "287g/terminate"]


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("place", PLACES)
def test_a_guide_takes_two_pages_at_most(
    library: Library, typst_library: Library, place: str, letter: str
) -> None:
    # test_both_engines compares another guide's pages.
    library = library if (place, letter) == (PLACES[1], LETTERS[0]) else typst_library
    guide = guide_of(Request(jurisdiction=place, letter=letter), library, TODAY, Location(""))
    assert pages_in(encode_guide(guide, TODAY, "pdf", library)) in (1, 2)


def test_it_names_each_recipient_with_routes_source_and_age(run: Run) -> None:
    text = words(outcome(run("guide", "35013"))[1])
    assert "- New Mexico Department of Public Safety" in text
    assert "- Field Office Director, U.S. Immigration and Customs Enforcement" in text
    assert (
        "Fax: not known. E-mail: not known. Call before sending: address from an official" in text
    )
    assert " https://www.ice.gov/contact/field-offices " in text
    assert "A copy goes to Director, U.S. Immigration and Customs Enforcement, 500 12th" in text


@pytest.mark.parametrize(
    ("fips", "state"), [("39049", "Ohio"), ("78010", "the U.S. Virgin Islands")]
)
def test_it_says_so_where_no_law_is_on_file(run: Run, fips: str, state: str) -> None:
    assert (
        f"optout has no law of {state} on file. Nothing was found. There may still be one."
        " Ask counsel before you send." in words(outcome(run("guide", fips))[1])
    )


def test_it_says_so_where_no_street_of_the_bureau_is_known(run: Run) -> None:
    text = words(outcome(run("guide", "eastern-district-as"))[1])
    assert "Call before sending: no street is known; name from a doubtful (memory) source" in text


def test_it_says_so_where_no_ice_office_follows_from_the_data(run: Run) -> None:
    text = words(outcome(run("guide", "Texas National Guard, TX", "--letter", "287g/terminate"))[1])
    assert "- ICE: optout does not know which office. Telephone: not known." in text
    assert "\N{BALLOT BOX} Send the letter to ICE by certified mail with return receipt." in text


def test_it_says_what_the_letter_needs_can_and_cannot(run: Run) -> None:
    text = words(outcome(run("guide", "35013", "--letter", "287g/terminate"))[1])
    assert (
        "\N{BALLOT BOX} The agreement\u2019s model: Warrant Service Officer, Jail Enforcement"
        " Model, or Task Force Model; an agency with several agreements may name several (model:"
        " wso, jem, tfm)." in text
    )
    assert "\N{BALLOT BOX} Enclose a copy of the signed agreement" in text
    assert "- Warrant Service Officer model: it takes effect 90 days after receipt." in text
    assert "- It does not affect any other arrangement, such as a contract for detention." in text
    assert (
        "\N{BALLOT BOX} Clear any statement to the press with ICE\u2019s Office of Public" in text
    )


def test_floridas_board_stands_first_among_its_laws(run: Run) -> None:
    text = words(outcome(run("guide", "12095", "--letter", "287g/terminate"))[1])
    laws = text.partition("What the law of your state says ")[2]
    assert laws.startswith(
        "- This law may be against the letter. Florida law requires cooperation (287(g) agreements)"
    )
    assert "the State Board of Immigration Enforcement must approve ending it" in laws
    assert (
        "Before you write \N{BALLOT BOX} Before you send, settle with counsel what the laws"
        " above require, such as an approval or an agreement." in laws
    )


def test_laws_on_other_subjects_are_named(run: Run) -> None:
    text = words(outcome(run("guide", "35013"))[1])
    assert (
        "The state also has these laws on other subjects: N.M. HB 9 (2026), Immigrant Safety Act"
        " (287(g) agreements, detainers)." in text
    )
    assert "settle with counsel" not in text


def test_a_state_without_a_known_law_may_have_one(run: Run) -> None:
    text = words(outcome(run("guide", "dakota-county-mn"))[1])
    assert "optout knows no state law about this letter. There may be one." in text


@pytest.mark.parametrize(
    ("day", "said", "unsaid"),
    [
        (
            "2010-09-15",
            ["ICE will request a meeting with you", "only the date of"],
            "opt-in/opt-out",
        ),
        ("2010-11-15", ["ICE will request a meeting", "said on October 6, 2010, that"], "history"),
        (
            "2026-11-20",
            ["cites that procedure as history", "match results are declined"],
            "only the date of",
        ),
    ],
)
def test_the_day_decides_what_it_says(run: Run, day: str, said: list[str], unsaid: str) -> None:
    text = words(outcome(run("guide", "guam-gu", "--date", day))[1]).replace("Only", "only")
    assert [it for it in said if it not in text] == []
    assert unsaid not in text


def test_each_reply_is_answered_by_a_letter_that_makes_sense_on_that_day(run: Run) -> None:
    text = words(outcome(run("guide", "06041", "--date", "2026-11-20"))[1])
    assert (
        "- No answer by December 28, 2026: Request for an answer. optout new --follow LETTER"
        " --letter secure-communities/follow-up" in text
    )
    assert "- Somebody answers by word of mouth, even with a no: Record of a conversation." in text
    assert "- ICE or the bureau says no in writing: Renewed notice of opt-out." in text
    assert "adjust-date" not in text  # Marin County was activated


def test_another_letter_that_follows_none_begins_with_the_jurisdiction(run: Run) -> None:
    text = words(outcome(run("guide", "06041", "--letter", "287g/terminate"))[1])
    others = text.partition("Other letters:")[2]
    assert "take single officers out of it: Notice that authorizations are revoked." in others
    assert "optout new marin-county-ca --letter 287g/revoke-personnel" in others


@pytest.mark.parametrize(
    ("letter", "said", "unsaid"),
    [
        (
            "follow-up",
            ["a copy of the notice, and of the receipt"],
            ["signed agreement", "It ends"],
        ),
        ("revoke-personnel", ["tell ICE within 48 hours", "It leaves the agreement"], ["It ends"]),
        ("suspend", ["It suspends the agreement"], ["It ends", "48 hours"]),
        ("terminate", ["It ends each agreement"], ["It suspends", "48 hours"]),
    ],
)
def test_each_letter_has_a_guide_of_its_own(
    run: Run, letter: str, said: list[str], unsaid: list[str]
) -> None:
    text = words(outcome(run("guide", "12095", "--letter", f"287g/{letter}"))[1])
    assert [it for it in said if it not in text] == []
    assert [it for it in unsaid if it in text] == []
    asks_counsel = "whether a law about ending an agreement also covers this letter" in text
    assert asks_counsel == (letter in ("suspend", "revoke-personnel"))


def test_what_the_letter_needs_is_said_in_words_with_the_key_behind(run: Run) -> None:
    text = words(outcome(run("guide", "06041", "--letter", "287g/follow-up"))[1])
    assert "\N{BALLOT BOX} The date of that letter (notice-date)." in text


@pytest.mark.no_cover  # slow, with code that others cover
def test_each_step_has_a_box_and_no_number(typst_library: Library) -> None:
    for letter, _, _ in typst_library.programs.letters():
        if not letter.endswith("adjust-date"):  # refused today
            guide = guide_of(
                Request(jurisdiction="35013", letter=letter), typst_library, TODAY, Location("")
            )
            assert [it for it in guide.body if isinstance(it, ListBlock) and it.ordered] == []
            assert pages_in(encode_guide(guide, TODAY, "pdf", typst_library)) in (1, 2)


def test_all_forms_say_the_same(library: Library) -> None:
    guide = guide_of(Request(jurisdiction="35013", letter=LETTERS[0]), library, TODAY, Location(""))
    text, page = (encode_guide(guide, TODAY, it, library).decode() for it in ("txt", "html"))
    plain = [it for it in text.split() if it != "-"]
    shown = html_words(page)[len(guide.title.split()) + len(guide.foot.split()) :]
    assert shown == plain[: -len(guide.foot.split())]


def test_it_goes_to_a_file_and_replaces_none(run: Run, in_folder: Path) -> None:
    arguments = ("guide", "06041", "--date", "2026-11-20")
    assert outcome(run(*arguments, "-f", "html", "-o", "out/"))[:2] == (
        0,
        "out/2026-11-20-guide-opt-out-marin-county-ca.html\n",
    )
    assert outcome(run(*arguments, "-o", "g.txt"))[0] == 0
    code, _, err = outcome(run("guide", "35013", "-o", "g.txt"))
    assert (code, "g.txt" in err) == (1, True)
    assert outcome(run("guide", "35013", "-o", "g.txt", "--force"))[0] == 0
    (earlier,) = (in_folder / "earlier").iterdir()
    assert (earlier.name[:2], "Marin" in earlier.read_text("utf-8")) == ("g.", True)
    others = [it for it in lying_in(in_folder) if "earlier/" not in it]
    assert others == ["g.txt", "out/2026-11-20-guide-opt-out-marin-county-ca.html"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere-zz"], "JURISDICTION: there is no jurisdiction 'nowhere-zz'"),
        (["06041", "--letter", "a/b"], "--letter: there is no letter 'a/b'"),
        (
            ["06041", "--letter", "follow-up"],
            "--letter: there is no letter 'follow-up'\n  hint: write 287g/follow-up or secure-",
        ),
        (
            ["06041", "--letter", "secure-communities/adjust-date"],
            "JURISDICTION: Marin County, CA was activated on 2010-08-10, so there is no",
        ),
        (
            ["06041", "--date", "2001-01-01"],
            "JURISDICTION: the program began on 2008-10-27: Secure Communities",
        ),
    ],
)
def test_what_cannot_be_guided_is_told(run: Run, arguments: list[str], told: str) -> None:
    code, out, err = outcome(run("guide", *arguments))
    assert (code, out, err[: len(told)]) == (2, "", told)


def test_the_files_name_says_the_format_unless_an_option_does(run: Run, in_folder: Path) -> None:
    for name, start in (("g.html", b"<!DOCTYPE html>"), ("g.pdf", b"%PDF")):
        assert outcome(run("guide", "06041", "-o", name))[0] == 0
        assert (in_folder / name).read_bytes().startswith(start)
    for arguments in (["-f", "txt", "-o", "h.pdf"], ["-o", "h.docx"]):
        assert "end it in .txt" in outcome(run("guide", "06041", *arguments))[2]


REQUEST_FILE = """\
jurisdiction: marin-county-ca
letter: secure-communities/follow-up
date: 2026-11-20
recipients: {ice: {fax: 415-555-0131, confirmed: {by: telephone, date: 2026-11-18}}}
"""


def test_a_requests_guide_knows_its_letter_and_its_recipients(run: Run, in_folder: Path) -> None:
    (in_folder / "r.yaml").write_text(REQUEST_FILE, "utf-8")
    code, text, err = outcome(run("guide", "r.yaml"))
    assert (code, err) == (0, "")
    assert text.startswith("How to give notice: Request for an answer, Marin County, California\n")
    assert "Fax: 415-555-0131." in words(text)
    assert "confirmed by telephone on 2026-11-18" in words(text)
    other = outcome(run("guide", "r.yaml", "--letter", "secure-communities/opt-out"))[1]
    assert other.startswith("How to give notice: Notice of opt-out, ")


@pytest.mark.parametrize("letter", ["Notice of opt-out", "opt-out"])
def test_a_request_may_have_the_title_or_the_kind_of_its_letter(
    letter: str, run: Run, in_folder: Path
) -> None:
    request = f"jurisdiction: marin-county-ca\nletter: {letter}\n"
    (in_folder / "r.yaml").write_text(request, "utf-8")
    for typed in (("guide", "r.yaml"), ("show", "r.yaml"), ("new", "r.yaml", "--wording")):
        assert outcome(run(*typed))[0] == 0


def test_a_request_that_cannot_be_read_is_told_with_its_place(run: Run, in_folder: Path) -> None:
    (in_folder / "r.yaml").write_text("jurisdiction: nowhere-zz\nletter: a/b\n", "utf-8")
    code, _, err = outcome(run("guide", "r.yaml"))
    assert (code, err.partition(": ")[0]) == (1, "r.yaml")


def test_the_day_to_write_again_counts_from_the_letters_that_go_out(
    run: Run, in_folder: Path
) -> None:
    (in_folder / "r.yaml").write_text(
        "letter: 287g/terminate\njurisdiction: kodiak-police-department-ak\ndate: 2026-11-02\n"
        "service: {ice: [{by: email}]}\nrecipients: {ice: {email: ice@example.gov}}\n",
        "utf-8",
    )
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert "If none comes by December 2, 2026, write again." in text


def test_a_letter_to_an_office_that_gets_none_has_no_guide(run: Run, in_folder: Path) -> None:
    text = "letter: 287g/terminate\njurisdiction: kodiak-police-department-ak\nto: bureau\n"
    (in_folder / "r.yaml").write_text(text, "utf-8")
    code, out, err = outcome(run("guide", "r.yaml"))
    assert (code, out, err) == (
        1,
        "",
        "r.yaml: 287g/terminate has no letter to bureau\n  hint: leave to: out\n",
    )


def test_what_a_request_has_decided_is_no_step_any_more(run: Run, in_folder: Path) -> None:
    (in_folder / "r.yaml").write_text(
        REQUEST_FILE.replace("follow-up", "opt-out")
        + "signatory: {name: Pat Placeholder, title: Sheriff}\n"
        + "service: {ice: [{by: fax}]}\n"
        + "authority: [{instrument: Resolution, number: No. 26-07}]\n"
        + "particulars: {reply-by: 2026-12-30}\n",
        "utf-8",
    )
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert "If there is no answer by December 30, 2026, write again." in text
    assert "Nobody has confirmed the addresses" not in text
    assert "Call and confirm this address: California Department of Justice" in text
    assert "Call and confirm this address: Field Office Director" not in text
    assert "Your request has everything that the letter needs." in text
    assert "Enclose Resolution No. 26-07." in text
    assert "if there is one" not in text.partition("Send it")[2]
    send = "Send the letter to Field Office Director, U.S. Immigration and Customs Enforcement, by"
    assert f"{send} facsimile to 415-555-0131." in text
    send = "Send the letter to California Department of Justice by"
    assert f"{send} certified mail with return receipt. This is the usual way." in text


def test_needs_that_a_request_states_are_left_out(run: Run, in_folder: Path) -> None:
    (in_folder / "r.yaml").write_text(REQUEST_FILE + "particulars: {notice: opt-out}\n", "utf-8")
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert ("(notice:" in text, "(notice-date)" in text) == (False, True)
    bare = words(outcome(run("guide", "06041", "--letter", "secure-communities/follow-up"))[1])
    assert ("(notice:" in bare, "(notice-date)" in bare) == (True, True)


JAIL_MODEL = """\
jurisdiction: autauga-county-sheriffs-office-al
letter: 287g/terminate
date: 2026-11-24
signatory: {name: Pat Placeholder, title: Sheriff, office: Autauga County Sheriff's Office}
service: {ice: [{by: email}]}
particulars: {model: [jem]}
"""


def test_a_finished_requests_guide_has_only_what_concerns_its_model_and_service(
    run: Run, in_folder: Path
) -> None:
    (in_folder / "r.yaml").write_text(JAIL_MODEL, "utf-8")
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert [it for it in ("Jail Enforcement Model", "optout answer LETTER") if it not in text] == []
    others = ("Warrant", "Task Force", "90 days", "not known", "Print the", "signed the agreement")
    assert [it for it in (*others, "cc:", "suspend", "tfm,", "wso,") if it in text] == []


def test_a_requests_guide_follows_what_its_particulars_say(run: Run, in_folder: Path) -> None:
    agency = "letter: 287g/terminate\nparticulars: {model: tfm, agency: Ross Police Department}\n"
    (in_folder / "r.yaml").write_text(f"jurisdiction: marin-county-ca\n{agency}", "utf-8")
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert "Notice of termination, Ross Police Department, California" in text
    assert "- A copy goes to Assistant Director for Enforcement, U.S. Immigration" in text
    alone = f"to: bureau\nletter: {LETTERS[0]}\nsignatory: {{name: Pat Doe, title: Sheriff}}\n"
    (in_folder / "r.yaml").write_text(f"jurisdiction: marin-county-ca\n{alone}", "utf-8")
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert [it for it in ("A copy goes", "cc:", "Field Office Director") if it in text] == []
    declines = f"letter: {LETTERS[0]}\nparticulars: {{declines: [detainers]}}\n"
    (in_folder / "r.yaml").write_text(f"jurisdiction: adams-county-co\n{declines}", "utf-8")
    text = words(outcome(run("guide", "r.yaml"))[1])
    assert (
        "- This law may support the letter. Colorado law restricts cooperation (detainers): Colo."
        in text
    )


def test_a_step_that_sends_has_lines_to_fill_in(run: Run) -> None:
    text = outcome(run("guide", "06041"))[1]
    line = "  Sent on __________ Number ______________ Received on __________ By __________"
    assert text.splitlines().count(line) == 2


def test_a_finished_request_is_not_told_what_it_has_decided(run: Run) -> None:
    text = outcome(run("guide", str(ROOT / "examples" / "everything.yaml")))[1]
    line = "  Sent on __________ Received on __________ By __________"
    assert text.splitlines().count(line) == 4  # two have their number, and two need none
    assert "Settle who decides" not in text
    assert "Settle who decides" in outcome(run("guide", "06041"))[1]


def test_what_people_type_is_in_a_typeface_of_one_width(either_library: Library) -> None:
    request = Request(jurisdiction="06041", letter=LETTERS[0])
    guide = guide_of(request, either_library, TODAY, Location(""))
    page = encode_guide(guide, TODAY, "html", either_library).decode()
    assert "<code>optout answer LETTER</code>" in page
    with pikepdf.open(BytesIO(encode_guide(guide, TODAY, "pdf", either_library))) as pdf:
        names = {
            str(it.get("/BaseFont", "")) for it in pdf.objects if isinstance(it, pikepdf.Dictionary)
        }
    assert any("FiraMono" in it.replace("-", "") for it in names)


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("rows", range(0, 40, 8))
def test_no_last_page_has_fewer_than_four_lines(either_library: Library, rows: int) -> None:
    guide = guide_of(
        Request(jurisdiction="06041", letter=LETTERS[0]), either_library, TODAY, Location("")
    )
    more = (Paragraph((Words("One line more."),)),) * rows
    longer = msgspec.structs.replace(guide, body=(*more, *guide.body))
    *_, last = pages_of(encode_guide(longer, TODAY, "pdf", either_library))
    assert sum(not it.is_fixed for it in last) >= 4


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("Hialeah Police Department, FL", [True, False, False]),  # tfm
        ("alaska-department-of-corrections-ak", [False, True, True]),  # wso
        ("brevard-county-sheriffs-office-fl", [True, True, True]),  # both
        ("brevard-county-fl", [True, True, True]),  # an agency of the county may have any
    ],
)
def test_an_agencys_guide_has_only_what_concerns_its_models(
    place: str, told: list[bool], run: Run
) -> None:
    text = words(outcome(run("guide", place, "--letter", "287g/terminate"))[1])
    assert [
        "- Task Force Model: it takes effect" in text,
        "- Warrant Service Officer model: it takes effect 90 days after receipt" in text,
        "suspend the agreement for a time" in text,
    ] == told


def test_a_day_near_the_end_of_the_calendar_is_refused(run: Run) -> None:
    code, told = problem(run("guide", "marin-county-ca", "--date", "9999-12-31"))
    assert (code, told) == (
        2,
        "Invalid value for '--date': 9999-12-31 is too far in the future\n",
    )
