"""`optout labels`: an address for each copy, on a label or an envelope where it is read."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from command_results import Run, Write, noted, outcome
from make_letters import told_by
from read_pdf import lines_on, opened

from optout_cli import engines
from optout_cli.engines import load_engine
from optout_cli.engines.measure import fit_mailings
from optout_cli.letters import Library
from optout_cli.model.letter import EngineName, Mailing, MailingForm

REQUEST = """\
jurisdiction: marin-county-ca
letter: 287g/terminate
date: 2026-11-20
signatory:
  name: Pat Placeholder
  title: Sheriff
  address: {street: 1 Main Street, city: San Rafael, state: CA, zip: "94903"}
particulars: {model: tfm, agency: Marin County Sheriff's Office}
cc: [{name: Lee Example, title: Chair, organization: Board of Supervisors}]
"""
SENDER = ("Office of the Sheriff", "1 Main Street", "San Rafael, CA 94903")
ADDRESS = ("Director", "Office of Records", "500 Main Street", "Washington, DC 20536")


COUNTY = "Marin County, CA"


@pytest.fixture
def letters(run: Run, write: Write, in_folder: Path) -> Path:
    write("r.yaml", REQUEST)
    assert outcome(run("write", "r.yaml", "-q", "-f", "txt", "-o", "letters/"))[0] == 0
    return in_folder / "letters"


def words_of(path: Path) -> str:
    return " ".join(line.text for page in opened(path.read_bytes()) for line in lines_on(page))


def test_offices_that_get_a_copy_have_a_label(letters: Path, run: Run) -> None:
    code, out, err = outcome(run("labels", "letters/"))
    assert (code, out) == (0, "labels.pdf\n")
    assert noted(err) == [
        (
            "Lee Example, Chair, Board of Supervisors gets a copy too, but the letter has no"
            " address for that"
        )
    ]
    printed = words_of(Path("labels.pdf"))
    assert "500 12th Street" in printed
    assert "630 Sansome Street" not in printed  # it shows in the window
    assert re.search(r"Office, California . 287G-06041-20261120-\w{4}", printed)


def test_a_folders_labels_leave_out_what_was_sent_unless_asked(letters: Path, run: Run) -> None:
    (path,) = letters.glob("*.txt")
    run("sent", str(path), "--by", "mail", "--on", "2026-11-21")
    told = "letters/: all its letters are recorded as sent\n  hint: add --sent to print for them\n"
    assert outcome(run("labels", "letters/")) == (1, "", told)
    assert outcome(run("labels", "letters/", "--sent", "-q"))[:2] == (0, "labels.pdf\n")
    assert outcome(run("labels", str(path), "-o", "own.pdf", "-q"))[:2] == (0, "own.pdf\n")
    (letters.parent / "r.yaml").write_text(REQUEST.replace("11-20", "11-23"), "utf-8")
    run("write", "r.yaml", "-q", "-f", "txt", "-o", "letters/")
    err = outcome(run("labels", "letters/", "-o", "new.pdf"))[2]
    assert "left out: 1 letter recorded as sent; to print for them too, add --sent" in err


def test_a_folders_labels_leave_out_what_is_faxed_or_will_not_go_out(
    letters: Path, run: Run
) -> None:
    request = letters.parent / "r.yaml"
    way = "service: {ice: [{by: fax}]}\nrecipients: {ice: {fax: 415-555-0110}}\n"
    request.write_text(f"{REQUEST}{way}".replace("arin", "onterey"), "utf-8")
    (first,) = letters.glob("*.txt")
    run("write", "r.yaml", "-q", "-f", "txt", "-o", "letters/")
    run("sent", str(first), "--never", "the board decided against it")
    assert outcome(run("labels", "letters/", "--recipients", "-q"))[0] == 0
    printed = words_of(Path("labels.pdf"))
    assert ("500 12th Street" in printed, "630 Sansome" in printed) == (True, False)
    assert COUNTY not in printed


def test_envelopes_have_the_sender_and_with_choice_the_recipient(letters: Path, run: Run) -> None:
    options = ("--envelopes", "--recipients", "-o", "out.pdf", "-q")
    assert outcome(run("labels", "letters/", *options)) == (0, "out.pdf\n", "")
    first, second = opened(Path("out.pdf").read_bytes())
    assert first.get_size() == (684, 297)  # pt: 9.5 by 4.125 in
    assert "630 Sansome Street" in " ".join(line.text for line in lines_on(first))
    assert "1 Main Street" in " ".join(line.text for line in lines_on(second))


def test_a_letter_without_copies_needs_no_label(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST.replace("tfm", "jem").partition("cc:")[0])
    run("write", "r.yaml", "-q", "-f", "txt", "-o", "letters/")
    assert outcome(run("labels", "letters/")) == (
        1,
        "",
        "letters/: no office gets a copy of it\n  hint: add --recipients for the recipients' own\n",
    )


@pytest.mark.parametrize("engine", engines.NAMES)
def test_the_labels_of_a_sheet_stand_in_three_columns_of_ten(
    engine: EngineName, library: Library
) -> None:
    mailings = [Mailing(SENDER, (f"Office {number}", *ADDRESS), 9, COUNTY) for number in range(32)]
    printed = load_engine(engine, library.templates).print_mailings(mailings, "labels")
    first, second = opened(printed)
    assert [line.text for line in lines_on(first)].count(COUNTY) == 30
    starts = [
        line
        for line in lines_on(first)
        if line.text.startswith("Office ") and line.text[7:].isdigit()
    ]
    lefts = sorted({round(line.left, 1) for line in starts})
    assert (
        len(starts),
        len(list(second.get_textpage().get_text_bounded().split("Office of"))),
    ) == (30, 3)
    assert [round(right - left, 2) for left, right in pairwise(lefts)] == [
        2.8,
        2.7,
    ]


@pytest.mark.parametrize(("form", "most"), [("labels", (6, 7, 8)), ("envelopes", (8, 9, 10))])
def test_an_address_is_smaller_where_it_has_more_lines(
    form: MailingForm, most: tuple[int, ...]
) -> None:
    sizes = [fit_mailings([Mailing(SENDER, ("Office",) * lines)], form)[0].size for lines in most]
    assert sizes == ([9, 8, 7] if form == "labels" else [12, 11, 10])
    kept = [
        fit_mailings([Mailing(SENDER, ("Office",) * it, 0, COUNTY)], form)[0].about for it in most
    ]
    assert kept == [COUNTY, COUNTY, ""]
    tall = Mailing(SENDER, ("Office",) * (most[-1] + 1))
    assert told_by(lambda: fit_mailings([tall], form)).startswith("Office: has more lines than fit")


def test_a_label_without_room_for_the_name_still_has_the_reference() -> None:
    about = "The sheriff's office of a county whose name is long \u00b7 WS-42055-20261202-K7QD"
    labels = fit_mailings([Mailing(SENDER, ("Office",) * it, 0, about) for it in (6, 7)], "labels")
    assert [it.about for it in labels] == [about, "WS-42055-20261202-K7QD"]


def test_standard_output_takes_labels(letters: Path, run: Run) -> None:
    result = run("labels", "letters/", "--recipients", "-o", "-")
    assert (result.exit_code, result.stdout_bytes[:5]) == (0, b"%PDF-")
    assert "next: print it at 100 %" in result.stderr
    assert not Path("-").exists()
