"""`optout new --csv --follow`: a row for each letter that another letter should follow now."""

import csv
import json
from pathlib import Path

import pytest
from command_results import Run, Write, outcome

from optout_cli.batch.input import load_input

REQUEST = """\
letter: secure-communities/opt-out
date: 2026-09-21
signatory: {name: Pat Placeholder, title: Sheriff}
"""
SILENT, REFUSED, NEW = "marin-county-ca", "napa-county-ca", "yolo-county-ca"


@pytest.fixture
def letters(run: Run, write: Write, in_folder: Path) -> Path:
    """Write three counties' letters: one without an answer, one refused, one sent just now."""
    write("common.yaml", REQUEST)
    write("n.csv", f"jurisdiction,date\n{SILENT},\n{REFUSED},\n{NEW},2026-11-20\n")
    batch = ("batch", "n.csv", "--common", "common.yaml", "-q", "-f", "txt", "-o", "out/")
    assert outcome(run(*batch))[0] == 0
    for place, day in ((SILENT, "2026-09-22"), (REFUSED, "2026-09-22"), (NEW, "2026-11-20")):
        sent = run("sent", f"out/CA/{place}", "--by", "certified-mail", "--on", day, "-q")
        assert outcome(sent)[0] == 0
    for party in ("bureau", "ice"):
        refuse(run, REFUSED, party)
    return in_folder


def refuse(run: Run, place: str, party: str) -> None:
    path = f"out/CA/{place}/2026-09-21-opt-out-{party}.txt"
    words = ("--reply", "refused", "--on", "2026-10-20", "--words", "It is not opt-out.", "-q")
    assert outcome(run("answer", path, *words))[0] == 0


def rows(path: str = "follow-ups.csv") -> dict[str, dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        return {row["jurisdiction"]: row for row in csv.DictReader(stream)}


def test_each_letter_that_is_due_has_the_row_that_answers_its_state(
    letters: Path, run: Run
) -> None:
    code, out, err = outcome(run("new", "--csv", "--follow", "out/"))
    assert (code, out) == (0, "follow-ups.csv\n")
    found = {place: (row["letter"], row["# why"]) for place, row in rows().items()}
    assert found == {
        SILENT: ("secure-communities/follow-up", "no answer by 2026-10-27"),
        REFUSED: ("secure-communities/renewed-request", "refused on 2026-10-20"),
    }
    assert rows()[REFUSED]["particulars.earlier.1.answer"] == "\u201cIt is not opt-out.\u201d"
    assert rows()[SILENT]["signatory.name"] == ""
    assert err.splitlines()[:2] == [
        "2 letters to write; delete the rows that you do not want",
        "note: the columns for who signs are empty, since it may be somebody else now",
    ]


def test_a_follow_up_without_an_answer_is_followed_once_more(letters: Path, run: Run) -> None:
    notice = f"out/CA/{SILENT}/2026-09-21-opt-out-ice.txt"
    signed = ("--set", "signatory.name=Kim", "--set", "signatory.title=Sheriff", "-f", "txt", "-q")
    told = []
    for day in ("2026-10-05", "2026-10-19", ""):
        again = outcome(run("new", "--csv", "--follow", "out/", "-o", "-"))[1]
        silence = outcome(run("answer", notice, "--reply", "none"))[2].splitlines()[1]
        status = outcome(run("status", "out/", "--due", "--json"))[1].splitlines()
        nexts = {json.loads(line)["next"].partition("; ")[2] for line in status}
        told.append((again.count("secure-communities/follow-up"), silence[:24], nexts))
        if day:
            run("new", "--follow", notice, "-o", f"{day}.yaml", "-q")
            run("write", f"{day}.yaml", "--set", f"date={day}", *signed, "-o", "out/")
            for party in ("bureau", "ice"):
                sent = run("sent", f"out/{day}-follow-up-{party}.txt", "--by", "fax", "--on", day)
                assert outcome(sent)[0] == 0
    follow = (1, "next: Request for an ans", {"write: Request for an answer"})
    assert told == [
        follow,
        follow,
        (0, "next: Call the office, a", {"call the office, and ask counsel"}),
    ]


def test_a_follow_up_that_is_written_and_not_sent_is_not_in_the_next_table(
    letters: Path, run: Run, write: Write
) -> None:
    write("now.yaml", "signatory: {name: Kim Successor, title: Sheriff}\n")
    common = ("--common", "now.yaml", "-q")
    follow = ("new", "--csv", "--follow", "out/", "--letter", "secure-communities/follow-up")
    run(*follow, *common, "-o", "first.csv")
    assert outcome(run("batch", "first.csv", "-q", "-f", "txt", "-o", "out/"))[0] == 0
    told = "not in the table: Marin County, CA: Request for an answer of 2026-11-24"
    assert outcome(run(*follow, *common)) == (
        0,
        "",
        (
            f"{told} is not sent yet\n  to see each: optout status out --unsent\n"
            "no table was written: no other letter is due\n"
        ),
    )
    assert outcome(run("new", "--csv", "--follow", "out/", *common))[0] == 0
    assert [*rows()] == [REFUSED]


def test_the_table_makes_the_letters(letters: Path, run: Run, write: Write) -> None:
    write("now.yaml", "signatory: {name: Kim Successor, title: Sheriff}\n")
    run("new", "--csv", "--follow", "out/", "--common", "now.yaml", "-q")
    code, out, _ = outcome(run("batch", "follow-ups.csv", "-q", "-f", "txt", "-o", "next/"))
    texts = [Path(path).read_text("utf-8") for path in out.splitlines()]
    assert (code, len(texts)) == (0, 4)
    assert all("Kim Successor" in text and "Pat Placeholder" not in text for text in texts)
    follow_up = " ".join(next(text for text in texts if "Marin" in text).split())
    assert "was sent to your office on September 22, 2026, by certified mail." in follow_up


def test_a_table_of_signatories_fills_in_who_signs_in_each_county(
    letters: Path, run: Run, write: Write
) -> None:
    write(
        "signers.csv",
        'jurisdiction,signatory.name,signatory.title\n"Marin County, CA",Kim,Sheriff\n',
    )
    run("new", "--csv", "--follow", "out/", "--common", "signers.csv", "-q")
    assert {place: row["signatory.name"] for place, row in rows().items()} == {
        SILENT: "Kim",
        REFUSED: "",
    }


def test_one_kind_of_letter_can_be_chosen(letters: Path, run: Run) -> None:
    options = ("--letter", "secure-communities/follow-up", "-o", "-")
    code, out, _ = outcome(run("new", "--csv", "--follow", "out/", *options))
    assert (code, [line.partition(",")[0] for line in out.splitlines()[1:]]) == (0, [SILENT])


def test_a_letter_that_is_not_due_is_not_followed(letters: Path, run: Run) -> None:
    named = f"out/CA/{NEW}/2026-11-20-opt-out-ice.txt"
    assert outcome(run("new", "--csv", "--follow", named)) == (
        1,
        "",
        (
            f"{named}: has no letter that another one should follow today\n"
            "  hint: see what is due and when: optout status\n"
        ),
    )


def test_common_is_for_follow_ups(run: Run, in_folder: Path) -> None:
    code, _, err = outcome(run("new", "--csv", "--common", "x.yaml"))
    assert (code, "--common works only with --follow and --csv or --xlsx" in err) == (2, True)


def written(run: Run, write: Write) -> list[str]:
    """Write the letters of the table, and return their names."""
    write("now.yaml", "signatory: {name: Kim Successor, title: Sheriff}\n")
    batch = ("batch", "follow-ups.csv", "--common", "now.yaml", "-q", "-f", "txt", "-o", "next/")
    code, out, _ = outcome(run(*batch))
    assert code == 0
    return [path.removeprefix("next/CA/") for path in out.splitlines()]


def test_recipients_whose_letters_stand_differently_have_a_row_each(
    letters: Path, run: Run, write: Write
) -> None:
    refuse(run, SILENT, "bureau")
    assert outcome(run("new", "--csv", "--follow", f"out/CA/{SILENT}"))[0] == 0
    assert written(run, write) == [
        f"{SILENT}/2026-11-24-renewed-request-bureau.txt",
        f"{SILENT}/2026-11-24-follow-up-ice.txt",
    ]


def test_no_row_writes_to_a_recipient_whose_answer_is_not_due_yet(
    letters: Path, run: Run, write: Write
) -> None:
    path = f"out/CA/{SILENT}/2026-09-21-opt-out-bureau.txt"
    assert outcome(run("answer", path, "--reply", "acknowledged", "--on", "2026-11-10"))[0] == 0
    assert outcome(run("new", "--csv", "--follow", f"out/CA/{SILENT}"))[0] == 0
    assert written(run, write) == [f"{SILENT}/2026-11-24-follow-up-ice.txt"]


def test_no_row_writes_to_a_recipient_whose_letter_was_never_sent(
    letters: Path, run: Run, write: Write
) -> None:
    to_ice = f"out/CA/{SILENT}/2026-09-21-opt-out-ice.txt"
    run("sent", to_ice, "--undo", "it lay in the drawer", "-q")
    run("new", "--csv", "--follow", f"out/CA/{SILENT}")
    assert rows()[SILENT]["to"] == "bureau"
    assert written(run, write) == [f"{SILENT}/2026-11-24-follow-up-bureau.txt"]
    text = Path(f"next/CA/{SILENT}/2026-11-24-follow-up-bureau.txt").read_text("utf-8")
    assert "U.S. Immigration and Customs Enforcement" not in text  # not even behind cc:


def test_letters_sent_in_two_versions_are_one_matter(letters: Path, run: Run) -> None:
    to_ice = f"out/CA/{SILENT}/2026-09-21-opt-out-ice.txt"
    run("sent", to_ice, "--undo", "it had an error", "-q")
    options = ("--common", "common.yaml", "-q", "-f", "txt", "-o", "out/")
    changed = ("--set", "signatory.name=Kim Successor", "--to", "ice", "--supersede", "an error")
    assert outcome(run("batch", "n.csv", *options, *changed))[0] == 0
    assert outcome(run("sent", to_ice, "--by", "mail", "--on", "2026-09-24", "-q"))[0] == 0
    code, _, _ = outcome(run("new", "--csv", "--follow", "out/", "-o", "next.csv"))
    with Path("next.csv").open(encoding="utf-8-sig", newline="") as stream:
        places = [row["jurisdiction"] for row in csv.DictReader(stream)]
    assert (code, places.count(SILENT)) == (0, 1)


def test_the_table_may_be_a_workbook(letters: Path, run: Run) -> None:
    run("new", "--csv", "--follow", "out/", "-q")
    assert outcome(run("new", "--xlsx", "--follow", "out/", "-q"))[:2] == (0, "follow-ups.xlsx\n")
    as_csv, as_sheet = (
        [{key: text for key, text in row.cells if text} for row in load_input(file).rows()]
        for file in ("follow-ups.csv", "follow-ups.xlsx")
    )
    assert as_sheet == as_csv
