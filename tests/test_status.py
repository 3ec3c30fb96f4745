"""`optout status`: where each letter stands, for people and scripts, a board and a calendar."""

import csv
import io
import json
import re
import shutil
import textwrap
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import icalendar
import pytest
import vobject
from command_results import Run, Write, lying_in, outcome
from conftest import REQUEST, TODAY
from make_register import ADDISON, FOLLOW_UP, TERMINATE, RegisterMaker
from run_batch import below

from optout_cli.register.events import Evidence
from optout_cli.register.journal import NAME
from optout_cli.register.status import sealed

pytestmark = pytest.mark.usefixtures("with_typst")

BENNINGTON = ADDISON | {
    "id": "50003",
    "slug": "bennington-county-vt",
    "name": "Bennington County",
    "formal": "Bennington County",
}
SENT_LONG_AGO = date(2026, 9, 1)


@pytest.fixture
def letters(in_folder: Path) -> RegisterMaker:
    """Make a folder with a letter in each state."""
    maker = RegisterMaker(in_folder / "letters")
    marin = maker.written(on=SENT_LONG_AGO)
    maker.sent(marin, "bureau", SENT_LONG_AGO, by="email")
    maker.sent(marin, "ice", SENT_LONG_AGO, number="70200000000000000001")
    maker.delivered(marin, "ice", date(2026, 9, 4))
    maker.answered(marin, "ice", date(2026, 9, 21), words="Call Pat Doe, 415-555-0123.")
    maker.written(place=ADDISON, parties=("ice",), formats=("eml", "txt"))
    maker.written(place=BENNINGTON, parties=("bureau",), is_draft=True, signatory=None)
    wso = maker.written(
        letter=TERMINATE,
        parties=("ice",),
        name="Ross Police Department",
        variant="wso",
        particulars={"model": ["wso"]},
    )
    maker.sent(wso, "ice")
    return maker


TABLE = """\
5 letters: 1 in draft, 1 not sent, 2 waiting for an answer (1 overdue), 1 answered

letter                 to      sent            received    next
---------------------  ------  --------------  ----------  --------------------
Marin County, CA       bureau  2026-09-01                  overdue since about
Notice of opt-out of           e-mail                      2026-10-01; write:
2026-09-01                                                 Request for an
                                                           answer
                       ICE     2026-09-01      2026-09-04  answered 2026-09-21:
                               certified mail              a refusal in
                                                           writing; write:
                                                           Renewed notice of
                                                           opt-out

Addison County, VT     ICE                                 send it
Notice of opt-out of
2026-11-02

Bennington County, VT  bureau                              draft: add who signs
Notice of opt-out of
2026-11-02

Ross Police            ICE     2026-11-02                  answer due about
Department, Marin              certified mail              2026-12-07
County, CA                                                 the termination
Notice of termination                                      takes effect after
of 2026-11-02                                              90 days: about
                                                           2027-02-05
"""


@pytest.mark.usefixtures("letters")
def test_the_table_fits_in_80_columns(run: Run) -> None:
    code, out, err = outcome(run("status", "letters"))
    assert (code, out, err) == (0, TABLE, "")


def test_letters_that_only_their_variant_tells_apart_are_named_in_full(
    in_folder: Path, run: Run
) -> None:
    maker = RegisterMaker(in_folder / "letters")
    for name, variant in (("txt", "tfm"), ("eml", "tfm-addison-borough-constables-office")):
        maker.written(letter=TERMINATE, parties=("ice",), formats=(name,), variant=variant)
    assert outcome(run("status"))[1].partition("-------\n")[2] == textwrap.dedent("""\
        Marin County, CA       ICE                       send it
        Notice of termination
        of 2026-11-02
        (tfm)

        Marin County, CA       ICE                       send it
        Notice of termination
        of 2026-11-02
        (tfm-addison-borough-
        constables-office)
        """)


@pytest.mark.usefixtures("letters")
def test_without_a_folder_those_here_are_meant(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome(run("status"))[1] == TABLE
    monkeypatch.chdir(in_folder / "letters")
    assert outcome(run("status"))[1] == TABLE


def test_several_folders_have_a_table_each(run: Run, in_folder: Path) -> None:
    for name in ("a", "b"):
        RegisterMaker(in_folder / name).written(parties=("ice",))
    out = outcome(run("status"))[1]
    assert re.findall(r"^(?:a|b): .*$", out, re.MULTILINE) == [
        "a: 1 letter: 1 not sent",
        "b: 1 letter: 1 not sent",
    ]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ([], ["waiting", "answered", "unsent", "draft", "waiting"]),
        (["--due"], ["waiting"]),
        (["--due", "--until", "2026-12-31"], ["waiting", "waiting"]),
        (["--due", "--on", "2026-09-30"], []),
        (["--unsent"], ["unsent"]),
        (["--unanswered"], ["waiting", "waiting"]),
        (["--unsent", "--unanswered"], ["waiting", "unsent", "waiting"]),
        (["--format", "eml"], ["unsent"]),
        (["--format", "html"], []),
    ],
)
@pytest.mark.usefixtures("letters")
def test_options_choose_letters(options: list[str], steps: list[str], run: Run) -> None:
    code, out, _ = outcome(run("status", *options, "--json"))
    assert (code, [json.loads(line)["step"] for line in out.splitlines()]) == (0, steps)


@pytest.mark.usefixtures("letters")
def test_nothing_due_is_said_in_words(run: Run) -> None:
    told = "1 letter is not sent, so no answer is due yet; to see which: optout status letters"
    assert outcome(run("status", "letters", "--due", "--until", "2026-01-01")) == (
        0,
        "0 letters\n",
        f"note: {told} --unsent\n",
    )


@pytest.mark.usefixtures("letters")
def test_drafts_are_no_unsent_letters(run: Run) -> None:
    err = outcome(run("status", "--unsent"))[2]
    assert err == "note: 1 draft is left out: add who signs, and write the letters again\n"


@pytest.mark.usefixtures("letters")
def test_the_files_name_says_that_a_calendar_or_a_page_is_meant(run: Run) -> None:
    for name, start in (("s.ics", "BEGIN:VCALENDAR"), ("s.html", "<!DOCTYPE html>")):
        assert outcome(run("status", "letters", "-o", name))[:2] == (0, f"{name}\n")
        assert Path(name).read_text("utf-8").startswith(start)


@pytest.mark.usefixtures("letters")
def test_each_day_is_explained(run: Run) -> None:
    out = outcome(run("status", "--unanswered", "--explain"))[1].partition("2027-02-05\n\n")[2]
    assert out == textwrap.dedent("""\
        Marin County, CA, Notice of opt-out to the bureau
          answer due about 2026-10-01: sent on 2026-09-01 by e-mail; 30 days later is
            2026-10-01

        Ross Police Department, Marin County, CA, Notice of termination to ICE
          answer due about 2026-12-07: sent on 2026-11-02 by certified mail, no receipt
            is recorded, so 5 days are added for the mail; 30 days later is 2026-12-07
          the termination takes effect after 90 days about 2027-02-05: sent on
            2026-11-02 by certified mail, no receipt is recorded, so 5 days are added
            for the mail; 90 days later is 2027-02-05
        """)


@pytest.mark.usefixtures("letters")
def test_a_json_object_has_everything_about_a_letter(run: Run) -> None:
    out = outcome(run("status", "--json"))[1]
    row = json.loads(out.splitlines()[1])
    digest = row["files"][0].pop("sha256")
    assert len(digest) == 64
    assert row == {
        "schema": 1,
        "folder": "letters",
        "jurisdiction": "06041",
        "slug": "marin-county-ca",
        "state": "CA",
        "name": "Marin County, California",
        "letter": "secure-communities/opt-out",
        "title": "Notice of opt-out",
        "date": "2026-09-01",
        "reference": "SC-06041-20260901-ABCD",
        "signatory": "Pat Placeholder, Sheriff",
        "recipient": "ice",
        "step": "answered",
        "sent": [{"on": "2026-09-01", "by": "certified-mail", "number": "70200000000000000001"}],
        "received": "2026-09-04",
        "returned": [],
        "withdrawn": None,
        "reason": None,
        "answer-due": None,
        "answers": [{"on": "2026-09-21", "reply": "refused", "by": None}],
        "days": [],
        "next": "answered 2026-09-21: a refusal in writing; write: Renewed notice of opt-out",
        "before": None,
        "files": [
            {
                "path": "letters/CA/marin-county-ca/2026-09-01-opt-out-ice.txt",
                "format": "txt",
                "bytes": 46,
            }
        ],
    }


@pytest.mark.usefixtures("letters")
def test_csv_has_the_columns_of_the_table_and_paths_from_here(run: Run) -> None:
    out = outcome(run("status", "--due", "--csv"))[1]
    (row,) = csv.DictReader(io.StringIO(out, newline=""))
    assert (row["answer due"], row["path"]) == (
        "2026-10-01",
        "letters/CA/marin-county-ca/2026-09-01-opt-out-bureau.txt",
    )


EML = "letters/VT/addison-county-vt/2026-11-02-opt-out-ice.eml"
UNSENT = ("status", "--unsent", "--format", "eml", "--print0")


@pytest.mark.usefixtures("letters")
def test_print0_prints_the_paths_of_one_format(run: Run) -> None:
    assert outcome(run(*UNSENT))[:2] == (0, f"{EML}\0")
    assert outcome(run("status", "--unsent", "--print0"))[1].count("\0") == 2


def test_an_email_of_a_later_day_waits_for_it(letters: RegisterMaker, run: Run) -> None:
    letters.written(place=BENNINGTON, formats=("eml", "txt"), on=TODAY + timedelta(1))
    code, out, err = outcome(run(*UNSENT))
    told = "note: e-mails and faxes of a later day are left out (2): send each on its day, "
    assert (code, out) == (0, f"{EML}\0")
    assert f"{told}the first on 2026-11-25" in err.splitlines()


@pytest.mark.usefixtures("letters")
def test_an_email_without_a_signature_is_told(run: Run) -> None:
    assert "note: 1 of these e-mails or faxes show no signature: mail" in outcome(run(*UNSENT))[2]


def test_a_letter_that_went_out_is_not_printed_again(letters: RegisterMaker, run: Run) -> None:
    again = letters.written(place=ADDISON, parties=("ice",), formats=("eml",), on=date.max)
    letters.sent(again, "ice", by="email")
    assert outcome(run(*UNSENT))[1] == ""


@pytest.mark.parametrize("content", [None, b"changed"])
@pytest.mark.usefixtures("letters")
def test_a_file_that_is_not_as_written_is_left_out(content: bytes | None, run: Run) -> None:
    Path(EML).unlink()
    if content:
        Path(EML).write_bytes(content)
    code, out, err = outcome(run(*UNSENT))
    assert (code, out) == (1, "")
    assert f"{EML}: is left out: it is missing, or is not the file that was written\n" in err


def test_a_corrected_letter_says_that_one_went_out(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(in_folder / "letters")
    first = maker.written(parties=("ice",), formats=("eml",))
    maker.sent(first, "ice", by="email")
    maker.replaced(first)
    reason = "the address was wrong"
    maker.written(
        parties=("ice",), formats=("eml",), content="corrected", reason=reason, is_typed=True
    )
    assert outcome(run(*UNSENT)) == (
        0,
        "letters/CA/marin-county-ca/2026-11-02-opt-out-ice.eml\0",
        (
            "note: Marin County, CA: the letter to ICE of 2026-11-02 corrects or repeats the one"
            " that went out on 2026-11-02, reference SC-06041-20261102-ABCD (the address was"
            " wrong)\n"
        ),
    )


def test_a_correction_that_changes_no_byte_of_a_letter_leaves_it_sent(
    in_folder: Path, write: Write, run: Run
) -> None:
    request = write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q")
    run("sent", "letters/", "--by", "mail")
    corrected = "recipients: {bureau: {email: desk@example.gov}}\n"
    request.write_text(REQUEST + corrected, "utf-8")
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q", "--supersede", "a new address")
    out = outcome(run("status", "letters", "--json"))[1]
    rows = [(row["recipient"], row["step"]) for row in map(json.loads, out.splitlines())]
    assert rows == [("bureau", "waiting"), ("ice", "waiting")]


def test_status_writes_nothing_and_takes_no_lock(letters: RegisterMaker, run: Run) -> None:
    before = below(letters.folder)
    for options in ([], ["--json"], ["--csv"], ["-f", "html"], ["-f", "ics"], ["--verify"]):
        assert outcome(run("status", "letters", *options))[0] == 0
    assert below(letters.folder) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--json", "--csv"], "--json and --csv do not go together"),
        (["-f", "html", "--explain"], "-f html and --explain do not go together"),
        (
            ["--csv", "--print0", "--verify"],
            "--csv and --print0 and --verify do not go together\n  hint: leave all but one",
        ),
        (["--until", "2026-11-24"], "--until (or --on) works only with --due"),
        (["-o", "x.txt"], "-o works only with -f html or -f ics"),
        (["-o", "x.html", "--csv"], "-o works only with -f html or -f ics"),
        (["-f", "ics", "-o", "x.html"], "'x.html' is not a name for a file of format ics"),
        (["letters/CA"], ""),
        (["nowhere"], "nowhere: cannot find this folder"),
    ],
)
@pytest.mark.usefixtures("letters")
def test_a_wrong_command_line_is_told(options: list[str], told: str, run: Run) -> None:
    code, out, err = outcome(run("status", *options))
    assert (code, out) == (2 if told else 1, "")
    assert (told or "letters/CA: has no register.ndjson") in err


def test_a_folder_without_letters_is_told(in_folder: Path, run: Run) -> None:
    code, _, err = outcome(run("status"))
    assert (code, "there is no register in this folder" in err) == (2, True)


def test_the_name_of_a_folder_may_be_no_text(in_folder: Path, run: Run) -> None:
    folder = in_folder / "l\udcff"
    RegisterMaker(folder).written(parties=("ice",))
    (line,) = outcome(run("status", str(folder), "--json"))[1].splitlines()
    (told,) = outcome(run("status", str(folder), "--verify", "--json"))[1].splitlines()
    assert [json.loads(text)["folder"][-2:] for text in (line, told)] == ["l\ufffd"] * 2


def test_no_command_stumbles_over_a_name_that_is_no_text(in_folder: Path, run: Run) -> None:
    folder = Path("l\udcff")
    folder.mkdir()
    request, new = (str(folder / name) for name in ("r.yaml", "new.yaml"))
    Path(request).write_text(REQUEST, "utf-8")
    Path(new).write_text(f"{REQUEST}wording: {{closing: 'Yours,'}}\n", "utf-8")
    assert run("write", request, "-f", "txt", "-o", f"{folder}/").exit_code == 0
    with (folder / NAME).open("ab") as register:
        register.write(b"torn")
    told = {
        words: done.stdout_bytes + (done.stderr_bytes or b"")
        for words in (
            ("check", request, "--json"),
            ("diff", request, new, "--json"),
            ("diff", request, new, "-f", "html"),
            ("review", str(folder), "-o", "-"),
            ("status", str(folder), "--csv"),
        )
        for done in [run(*words)]
    }
    assert [b"l\xff" in text for text in told.values()] == [False] * 4 + [True]
    assert ["l\ufffd" in text.decode("utf-8", "replace") for text in told.values()] == [True] * 5


# --verify


def test_no_name_of_a_folder_or_file_changes_the_terminal(run: Run, in_folder: Path) -> None:
    folder, evil = "a\x1b[2J\u202eb\x9b", "own\x1b]0;\u202e"
    RegisterMaker(in_folder / folder).written(parties=("ice",))
    (in_folder / folder / evil).touch()
    RegisterMaker(in_folder / "other").written(parties=("ice",))
    options: tuple[list[str], ...] = ([], ["--verify"], ["--json"], ["--verify", "--json"])
    results = [run("status", folder, "other", *words) for words in options]
    told = "".join(result.stdout + result.stderr for result in results)
    assert [char for char in told if not char.isprintable() and char != "\n"] == []
    assert {json.loads(line)["folder"] for line in results[2].stdout.splitlines()} == {
        folder,
        "other",
    }


@pytest.mark.usefixtures("letters")
def test_a_folder_that_is_whole_is_verified(run: Run) -> None:
    assert outcome(run("status", "--verify")) == (
        0,
        "letters: 9 events and 6 files, all as recorded\n",
        "",
    )


def test_missing_and_changed_files_are_told(letters: RegisterMaker, run: Run) -> None:
    folder = letters.folder / "VT" / "addison-county-vt"
    (folder / "2026-11-02-opt-out-ice.txt").unlink()
    (folder / "2026-11-02-opt-out-ice.eml").write_text("another")
    code, out, err = outcome(run("status", "--verify"))
    assert (code, out) == (1, "letters: 9 events and 6 files, 2 wrong\n")
    assert re.findall(
        r"^letters/VT/addison-county-vt/2026-11-02-opt-out-ice\.(.*)$", err, re.MULTILINE
    ) == [
        "eml: is not the file that was recorded: its SHA-256 differs",
        "txt: is in the register, but not in the folder",
    ]


def test_a_letter_in_earlier_is_verified_too(letters: RegisterMaker, run: Run) -> None:
    letters.replaced(letters.written(on=date(2026, 11, 9), parties=("ice",)))
    assert outcome(run("status", "--verify"))[0] == 0
    (kept,) = letters.folder.glob("*/*/earlier/*")
    kept.unlink()
    assert outcome(run("status", "--verify"))[0] == 1


def test_each_file_in_the_folder_is_explained_or_told(letters: RegisterMaker, run: Run) -> None:
    path = Path("letters/CA/marin-county-ca/2026-11-09-opt-out-ice.txt")
    day = date(2026, 11, 9)
    for number, is_sent in enumerate((False, True, False)):  # each is deleted, and written again
        id = letters.written(on=day, parties=("ice",), content=f"version {number}")
        if is_sent:
            letters.sent(id, "ice", day)
            sent = path.read_bytes()
    (letters.folder / "earlier").mkdir()
    (letters.folder / "earlier" / "own.pdf").write_text("mine")
    for name in ("rejects.csv", "rejects-2.csv"):  # optout's own, whoever corrected them
        (letters.folder / name).write_text("x")
    code, out, err = outcome(run("status", "--verify"))
    assert (code, out) == (1, "letters: 13 events and 7 files, 1 wrong\n")
    assert err == (
        f"{path}: a version of this letter that was sent is not in the folder\n"
        "  hint: copy it back under any name, such as from a backup\n"
        f"note: {path}: an earlier version was deleted; it is not recorded as sent\n"
        "note: other files in letters (1): earlier/own.pdf\n"
    )
    (letters.folder / "copy.txt").write_bytes(sent)
    assert outcome(run("status", "--verify"))[:2] == (
        0,
        "letters: 13 events and 7 files, all as recorded\n",
    )
    path.rename(letters.folder / "moved.txt")
    assert "hint: move it back: it is now letters/moved.txt" in run("status", "--verify").stderr


@pytest.mark.usefixtures("letters")
def test_reports_of_optout_are_no_other_files(run: Run) -> None:
    for words in (
        ("status", "-f", "html", "-o", "letters/status.html"),
        ("status", "-f", "ics", "-o", "letters/days.ics"),
        ("review", "letters", "-o", "letters/review.html"),
    ):
        assert outcome(run(*words))[0] == 0
    assert outcome(run("status", "letters", "--verify"))[2] == ""


def test_evidence_is_verified_too(letters: RegisterMaker, run: Run) -> None:
    id = letters.written(on=date(2026, 11, 9), parties=("ice",))
    scans = [Evidence(path=f"scan-{n}.pdf", name="scan.pdf", sha256="0" * 64) for n in range(4)]
    letters.sent(id, "ice", receipt=scans[0], signed=scans[1])
    letters.delivered(id, "ice", date(2026, 11, 10), receipt=scans[2])
    letters.answered(id, "ice", date(2026, 11, 10), file=scans[3])
    told = re.findall(
        r"letters/(scan-\d.pdf): is in the register", run("status", "--verify").stderr
    )
    assert told == [scan.path for scan in scans]


def test_evidence_that_was_exchanged_is_told_by_the_hash_of_either_event(
    letters: RegisterMaker, run: Run
) -> None:
    id = letters.written(on=date(2026, 11, 9), parties=("ice",))
    card = letters.folder / "card.txt"
    for text in ("as handed in", "exchanged"):
        card.write_text(text)
        proof = Evidence(path=card.name, name=card.name, sha256=sha256(text.encode()).hexdigest())
        letters.sent(id, "ice", receipt=proof)
    code, out, err = outcome(run("status", "--verify"))
    assert (code, out) == (1, "letters: 12 events and 8 files, 1 wrong\n")
    assert err.startswith("letters/card.txt: is not the file that was recorded")


def test_a_changed_line_is_told_by_each_status(letters: RegisterMaker, run: Run) -> None:
    path = letters.folder / NAME
    path.write_text(path.read_text().replace("Marin", "Mason", 1))
    for options in (["--verify"], []):
        code, _, err = outcome(run("status", *options))
        assert (code, err.count("one was changed")) == (1, 1)


def test_a_torn_line_is_only_a_note(letters: RegisterMaker, run: Run) -> None:
    with (letters.folder / NAME).open("a") as stream:
        stream.write('{"event":"sent"')
    for options in (["--verify"], []):
        code, _, err = outcome(run("status", *options))
        assert (code, err.splitlines()[0]) == (
            0,
            "note: letters/register.ndjson:10: the last line is torn",
        )


def test_a_register_of_a_newer_version_is_refused(letters: RegisterMaker, run: Run) -> None:
    with (letters.folder / NAME).open("a") as stream:
        stream.write('{"event":"shredded","schema":3,"at":"2031-01-01T00:00:00Z"}\n')
    assert outcome(run("status")) == (
        1,
        "",
        (
            "letters/register.ndjson:10: this event is of schema 3; this optout knows 2 at most\n"
            "  hint: update optout: a newer version wrote this register\n"
        ),
    )


@pytest.mark.usefixtures("letters")
def test_a_verification_may_be_json(run: Run) -> None:
    Path(EML).unlink()
    code, out, err = outcome(run("status", "--verify", "--json"))
    assert (code, json.loads(out), json.loads(err)["problem"]) == (
        1,
        {
            "schema": 1,
            "folder": "letters",
            "events": 9,
            "files": 6,
            "wrong": 1,
            "own": 0,
            "unknown": 0,
        },
        "missing-letter",
    )


# -f html


class Page(HTMLParser):
    """Reads a page's tags with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1][0] != "style":
            self.words.append(data.strip())


@pytest.fixture
def page(letters: RegisterMaker, run: Run) -> str:
    return outcome(run("status", "-f", "html"))[1]


def test_a_page_has_no_address_and_no_name_of_a_person(page: str) -> None:
    words = " ".join(Page(page).words)
    assert re.findall(r"\S*@\S*|\d{3}-\d{4}\b|Main Street|Pat|Call", words) == []


def test_a_page_asks_for_nothing_outside_itself(page: str) -> None:
    named = {"src", "href", "srcset", "data", "action"}
    assert [tag for tag, attributes in Page(page).tags if named & attributes.keys()] == []
    assert re.findall(r"url\(|@import|https?:", page) == []


def test_a_page_is_told_to_those_who_hear_it(page: str) -> None:
    found = Page(page)
    assert [tag for tag, given in found.tags if tag == "th" and "scope" not in given] == []
    maps = [given for tag, given in found.tags if tag == "svg" and given.get("role") == "img"]
    assert [given["aria-labelledby"] for given in maps] == ["map-title map-words"]
    ids = [given["id"] for _, given in found.tags if "id" in given]
    assert {"map-title", "map-words"} <= {*ids}
    text = " ".join(" ".join(found.words).split())
    assert "The table beside the map says the same: California, 1." in text


def test_a_page_counts_letters_but_no_drafts(page: str) -> None:
    counts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    assert dict(counts) == {
        "Jurisdictions that wrote": "1",
        "Letters sent in all": "3",
        "Receipt known": "1",
        "Answered": "1",
        "Waiting, not overdue": "1",
        "Answer overdue": "1",
        "Not sent yet": "1",
    }


def test_a_page_names_no_letter_that_did_not_go_out(page: str) -> None:
    assert [name for name in ("Bennington", "Addison", "Vermont") if name in page] == []


def test_a_page_says_which_answers_are_overdue(page: str) -> None:
    words = " ".join(Page(page).words)
    assert re.findall(r"(?:overdue since|due) about \S+", words) == [
        "overdue since about 2026-10-01",
        "due about 2026-12-07",
    ]


def test_the_map_has_every_state_and_territory_once(page: str, run: Run) -> None:
    listed = outcome(run("list", "jurisdictions", "--json"))[1].splitlines()
    codes = sorted({json.loads(line)["state"] for line in listed})
    shown = re.findall(r'<text x="20" y="\d+">([A-Z]{2})</text>', page)
    assert sorted(shown) == codes


def test_hostile_names_are_words_on_a_page(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(in_folder / "letters")
    maker.sent(maker.written(name="<script>alert(1)</script>"), "ice")
    page = outcome(run("status", "-f", "html"))[1]
    assert ("<script" in page, "&lt;script&gt;alert(1)" in page) == (False, True)


def test_the_page_tells_an_overdue_letter_from_its_acknowledgment_and_counts_own_answers(
    in_folder: Path, run: Run
) -> None:
    maker = RegisterMaker(in_folder / "out")
    notice = maker.written(on=date(2026, 9, 1))
    maker.sent(notice, "bureau", date(2026, 9, 1))
    maker.answered(notice, "bureau", date(2026, 9, 8), "acknowledged")
    maker.sent(notice, "ice", date(2026, 9, 1))
    cited = {"notice-reference": "SC-06041-20260901-ABCD"}
    again = maker.written(
        letter=FOLLOW_UP, on=date(2026, 9, 20), parties=("ice",), particulars=cited
    )
    maker.sent(again, "ice", date(2026, 9, 20))
    maker.answered(notice, "ice", date(2026, 9, 30))
    page = outcome(run("status", "out", "-f", "html"))[1]
    text = re.sub(r"<[^>]*>", " ", page.partition('<table class="letters"')[2])
    assert "2026-09-08 : an acknowledgment, without an answer overdue since 2026-10-08" in " ".join(
        text.split()
    )
    assert "answered: see its notice" in text
    assert "<dt>Answered</dt><dd>1</dd>" in page


def test_a_page_without_letters_says_so(in_folder: Path, run: Run) -> None:
    (in_folder / NAME).write_text("")
    assert "No letter has been sent yet." in outcome(run("status", "-f", "html"))[1]


@pytest.mark.usefixtures("letters")
def test_a_page_that_somebody_changed_is_kept(run: Run, in_folder: Path) -> None:
    for words in ("status letters -f html -o status.html", "review letters -o review.html"):
        assert outcome(run(*words.split()))[0] == 0
        page = in_folder / words.split()[-1]
        changed = page.read_bytes().replace(b"<body>", b"<body><p>Ours</p>")
        page.write_bytes(changed)
        assert f"moved to earlier: {page.name}\n" in outcome(run(*words.split()))[2]
        (kept,) = Path("earlier").glob(f"{page.stem}*")
        assert (kept.read_bytes(), b"Ours" in page.read_bytes()) == (changed, False)
        assert "moved" not in outcome(run(*words.split()))[2]


@pytest.mark.usefixtures("letters")
def test_a_report_may_go_into_a_file(run: Run, in_folder: Path) -> None:
    assert outcome(run("status", "-f", "html", "-o", "site/"))[1] == "site/2026-11-24-status.html\n"
    page = Path("site/2026-11-24-status.html")
    made = page.read_bytes()
    body = made[: made.rindex(b"<!--")]
    page.write_bytes(sealed(body.replace(b"2026", b"2025")))  # as of an earlier day
    for name in ("html", "ics"):  # a page takes the place of one of its kind, which is not kept
        written = outcome(run("status", "-f", name, "-o", f"site/2026-11-24-status.{name}"))
        assert (written[0], written[2], Path("site/earlier").exists()) == (0, "", False)
    run("review", "letters", "-o", "site/review.html")
    code, _, err = outcome(run("status", "-f", "html", "-o", "site/review.html"))
    assert (code, "exists with other content" in err) == (1, True)
    (in_folder / "s.ics").write_text("older")
    assert outcome(run("status", "-f", "ics", "-o", "s.ics"))[0] == 1
    code, out, err = outcome(run("status", "-f", "ics", "-o", "s.ics", "--force"))
    assert (code, out, err) == (0, "s.ics\n", "moved to earlier: s.ics\n")
    assert len([name for name in lying_in(in_folder) if name.startswith("earlier/")]) == 1


# -f ics


@pytest.fixture
def calendar(letters: RegisterMaker, run: Run) -> bytes:
    return run("status", "-f", "ics").stdout_bytes


DAYS = [
    ("Answer due (estimate): Marin County, CA, Notice of opt-out to the bureau", date(2026, 10, 1)),
    (
        (
            "Answer due (estimate): Ross Police Department, Marin County, CA, Notice of termination"
            " to ICE"
        ),
        date(2026, 12, 7),
    ),
    (
        (
            "The termination takes effect after 90 days (estimate): Ross Police Department, Marin"
            " County, CA, Notice of termination to ICE"
        ),
        date(2027, 2, 5),
    ),
]


def test_a_calendar_has_each_day_as_a_whole_day(calendar: bytes) -> None:
    events = icalendar.Calendar.from_ical(calendar).walk("VEVENT")
    found = [(str(it["SUMMARY"]), it.decoded("DTSTART")) for it in events]
    assert (found, [type(day) for _, day in found]) == (DAYS, [date] * 3)


def test_another_reader_reads_the_same_calendar(calendar: bytes) -> None:
    (found,) = vobject.readComponents(calendar.decode())
    events = [(it.summary.value, it.dtstart.value) for it in found.vevent_list]
    assert events == DAYS


def test_an_event_keeps_its_id_and_the_moment_it_was_recorded(
    calendar: bytes, letters: RegisterMaker, run: Run
) -> None:
    def ids(content: bytes) -> list[tuple[str, datetime]]:
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
        return [(str(it["UID"]), it.decoded("DTSTAMP")) for it in events]

    assert run("status", "-f", "ics").stdout_bytes == calendar
    before = ids(calendar)
    assert len({id for id, _ in before}) == 3
    letters.written(on=date(2026, 11, 9), place=BENNINGTON)
    assert ids(run("status", "-f", "ics").stdout_bytes) == before


MEETING = {"day": "2026-12-09", "time": "10:00 a.m.", "place": "at the Sheriff's Office"}


def confirmed(maker: RegisterMaker) -> None:
    kind = "secure-communities/meeting-confirmation"
    maker.written(letter=kind, parties=("ice",), particulars=MEETING)


def offered(maker: RegisterMaker) -> None:
    id = maker.written(parties=("ice",))
    maker.answered(id, "ice", date(2026, 11, 20), "meeting-offered", facts=MEETING)


@pytest.mark.parametrize(
    ("story", "letter", "why"),
    [
        (confirmed, "Confirmation of a meeting", "the letter's own day, 2026-12-09"),
        (offered, "Notice of opt-out", "the answer of 2026-11-20 says so"),
    ],
)
def test_the_day_of_a_meeting_is_in_the_calendar(
    story: Callable[[RegisterMaker], None], letter: str, why: str, in_folder: Path, run: Run
) -> None:
    story(RegisterMaker(in_folder / "letters"))
    events = icalendar.Calendar.from_ical(run("status", "-f", "ics").stdout_bytes).walk("VEVENT")
    read = [(it["SUMMARY"], it.decoded("DTSTART"), it["DESCRIPTION"]) for it in events]
    words = [
        "10:00 a.m.",
        "At the Sheriff's Office",
        "Reference SC-06041-20261102-ABCD",
        f"Meeting 2026-12-09: {why}",
    ]
    assert [(str(title), day, str(text).split("\n")) for title, day, text in read] == [
        (f"Meeting: Marin County, CA, {letter} to ICE", date(2026, 12, 9), words)
    ]


def test_a_meeting_that_several_letters_name_is_one_event(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(in_folder / "letters")
    offered(maker)
    confirmation = "secure-communities/meeting-confirmation"
    maker.written(letter=confirmation, on=date(2026, 11, 21), particulars=MEETING)
    events = icalendar.Calendar.from_ical(run("status", "-f", "ics").stdout_bytes).walk("VEVENT")
    assert [it.decoded("DTSTART") for it in events if "Meeting" in str(it["SUMMARY"])] == [
        date(2026, 12, 9)
    ]


def test_a_meeting_keeps_its_id_whichever_letters_are_chosen(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(in_folder / "letters")
    offered(maker)
    confirmed_by = "secure-communities/meeting-confirmation"
    maker.sent(
        maker.written(letter=confirmed_by, on=date(2026, 11, 21), particulars=MEETING), "ice"
    )

    def meetings(*options: str) -> list[str]:
        content = run("status", "-f", "ics", *options).stdout_bytes
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
        return [str(it["UID"]) for it in events if "Meeting" in str(it["SUMMARY"])]

    assert len(meetings()) == 1
    assert meetings("--unsent") == meetings()


def test_a_corrected_letter_keeps_the_ids_and_two_meetings_have_their_own(
    in_folder: Path, run: Run
) -> None:
    def ids() -> list[str]:
        calendar = icalendar.Calendar.from_ical(run("status", "-f", "ics").stdout_bytes)
        return [str(it["UID"]) for it in calendar.walk("VEVENT")]

    maker = RegisterMaker(in_folder / "letters")
    maker.sent(maker.written(parties=("ice",)), "ice")
    (due,) = ids()
    reasons = {"reasons": ["They are new."]}
    second = maker.written(parties=("ice",), content="new", fingerprint="g", particulars=reasons)
    maker.sent(second, "ice")
    assert ids() == [due]
    for day in ("2026-12-09", "2026-12-16"):
        facts = MEETING | {"day": day}
        maker.answered(second, "ice", date(2026, 11, 20), "meeting-offered", facts=facts)
    assert ids() == [due.replace("answer-due", "meeting"), due.replace("answer-due", "meeting-2")]


def test_an_event_has_the_same_id_whichever_folders_are_exported(in_folder: Path, run: Run) -> None:
    def days(*folders: str) -> dict[str, date]:
        content = run("status", *folders, "-f", "ics").stdout_bytes
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
        assert len({str(it["UID"]) for it in events}) == len(events)
        return {str(it["UID"]): it.decoded("DTSTART") for it in events}

    for name, signatory in (("one", "Pat"), ("two", "Kim")):
        maker = RegisterMaker(in_folder / name)
        notice = maker.written(parties=("ice",), signatory=signatory)
        maker.sent(notice, "ice")
        wso = maker.written(letter=TERMINATE, parties=("ice",), variant="wso")
        for day in ("2026-12-09", "2026-12-16"):
            facts = MEETING | {"day": day}
            maker.answered(wso, "ice", date(2026, 11, 20), "meeting-offered", facts=facts)
    assert days("one", "two") == days("one") | days("two")
    assert not days("one").keys() & days("two").keys()
    shutil.copytree("two", "copy")
    maker.delivered(notice, "ice", date(2026, 11, 4))  # only the copy does not know
    assert days("copy", "two") == days("two", "copy") == days("two") != days("copy")


def test_a_page_names_the_first_version_that_a_corrected_letter_replaced(
    in_folder: Path, write: Write, run: Run
) -> None:
    request = write("r.yaml", REQUEST)
    for title, day in (("Sheriff", "2026-11-22"), ("Undersheriff", "2026-11-24")):
        request.write_text(REQUEST.replace("title: Sheriff", f"title: {title}"), "utf-8")
        run("write", "r.yaml", "-f", "txt", "-o", "letters/", "-q", "--supersede", "its signer")
        run("sent", "letters/", "--by", "mail", "--on", day)
    run("status", "letters", "-f", "html", "-o", "page.html")
    page = Path("page.html").read_text("utf-8")
    assert page.count("2026-11-24<br>first version 2026-11-22</td>") == 2
