"""What a batch tells besides problems: notes of one kind once, what stays, and what to do next."""

from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from run_batch import COMMON, HEADER, ROWS, Batch

pytestmark = pytest.mark.usefixtures("with_typst")

TEXAS = "".join(f"48{number:03},Pat,Sheriff\n" for number in range(1, 41, 2))


def notes(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("note")]


def test_the_law_comes_first_and_notes_that_differ_in_a_date_are_one(batch: Batch) -> None:
    law, *rest = notes(batch(table=HEADER + TEXAS)[2])
    assert law.startswith(
        "note (20 requests): ask counsel first: Texas law may be against the letter: "
    )
    activated = [it for it in rest if "activation" in it]
    assert [it.partition(": its source")[0] for it in activated] == [
        "note (20 requests): check the date of activation, ..."
    ]


def test_the_check_has_the_notes_on_formats_with_pages(batch: Batch) -> None:
    table = HEADER.replace("\n", ",recipients.ice.fax,service.ice.0.by\n")
    table += "50001,Pat,Sheriff,802-555-0130,fax\n50003,Kim,Sheriff,802-555-0130,fax\n"
    options = ("-f", "fax-pdf", "--to", "ice")
    told = notes(batch("--check", *options, table=table)[1])
    assert told[-1].startswith("note (2 requests): print and sign the fax, and fax the paper")
    assert notes(batch(*options)[2]) == told


def test_of_what_was_finished_before_only_the_law_is_told_again(batch: Batch) -> None:
    batch(table=HEADER + TEXAS)
    (law,) = notes(batch()[2])
    assert "Texas law" in law
    more = notes(batch(table=f"{HEADER}{TEXAS}48041,,\n48043,Kim,Sheriff\n")[2])
    assert [it.partition(": ")[0] for it in more[:3]] == [
        "note (22 requests)",
        "note (1 of 2 requests written now)",
        "note (2 requests written now)",
    ]
    assert "DRAFT" in more[1]


@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_letters_that_are_made_again_without_a_change_count_as_finished(
    stream: tuple[str, ...], batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1799000000")  # in 2027: the letters are older now
    table = HEADER + ROWS.replace("50001", "ADDISON CO VT").replace("Alex", "Kim")
    code, out, err = batch(*stream, table=table)
    assert (code, len(out.splitlines())) == (0, 2)
    assert "2 files written to out/; 2 requests already finished\n" in err
    assert {it.partition(": ")[0] for it in notes(err)} == {"note (1 request written now)"}
    assert "next: send 2 letters by certified mail" in err


@pytest.mark.parametrize(
    ("options", "count", "last"),
    [
        ((), 5, ["note: 2 more notes of the kind 'title-in-name'; to see all, add --verbose"]),
        (("-v",), 7, []),
    ],
)
def test_notes_of_one_kind_are_all_told_on_demand(
    options: tuple[str, ...], count: int, last: list[str], batch: Batch
) -> None:
    fips = ("50001", "50003", "50005", "50007", "50009", "50011", "50013")
    rows = (f"{id},Sheriff Pat E,Sheriff {chr(97 + at)}\n" for at, id in enumerate(fips))
    told = notes(batch("--check", *options, table=HEADER + "".join(rows))[1])
    named = [it for it in told if "signatory.name without" in it]
    assert (len(named), [it for it in told if " more note" in it]) == (count, last)


def test_many_letters_that_were_signed_are_told_in_a_few_lines(batch: Batch) -> None:
    for path in batch("-q")[1].splitlines():
        Path(path).write_text("signed and scanned" * 500, "utf-8")
    told = [it for it in batch()[2].splitlines() if it.startswith("kept, since it was changed")]
    assert (len(told), told[-1].rpartition(": ")[2]) == (6, "1 more file")


ROUTES = "recipients: {bureau: {email: b@example.gov, fax: 916-555-0130}}\n"
SIGNED = "jurisdiction,signatory.name,signatory.title,signatory.email\n50001,Pat,Sheriff,s@a.gov\n"
READ = "read the letters, and confirm the addresses in the notes"
MAIL = "send 1 letter by certified mail (return receipt); keep the receipt"
RECORD = "record what goes out with optout sent; optout status out --due says which answers are due"
RECORD_BY = RECORD.replace(
    "sent;", "sent (add --by certified-mail, since the requests do not say how);"
)


@pytest.mark.parametrize(
    ("row", "options", "steps"),
    [
        (SIGNED, "-f txt", [READ, MAIL, RECORD_BY]),
        (
            SIGNED,
            "-f eml",
            [READ, "e-mail 1 letter; keep a copy of the sent e-mail", RECORD],
        ),
        (
            SIGNED,
            "-f fax,tiff",
            [
                READ,
                "print and sign 1 letter to be faxed",
                "fax 1 letter; keep the report that it went through",
                RECORD,
            ],
        ),
        (
            SIGNED,
            "-f txt,eml",
            [READ, MAIL, "e-mail 1 letter; keep a copy of the sent e-mail", RECORD_BY],
        ),
        (
            SIGNED,
            "-f docx",
            [
                READ,
                (
                    "have counsel mark up the docx files, and put each change into the request or"
                    " into your own wording; then make the letters to send: run this command again"
                    " with -f docx,pdf"
                ),
            ],
        ),
        (
            SIGNED,
            "-f eml --draft",
            ["fill in what is missing, then run this command again without --draft"],
        ),
        (
            "jurisdiction\n50001\n",
            "-f txt",
            ["fill in signatory.name and signatory.title, then run this command again"],
        ),
    ],
)
def test_what_to_do_next_follows_from_what_was_written(
    row: str, options: str, steps: list[str], run: Run, in_folder: Path, write: Write
) -> None:
    write("common.yaml", f"{COMMON}{ROUTES}")
    write("n.csv", row)
    words = ("--common", "common.yaml", "-j1", "--to", "bureau", *options.split())
    result = run("batch", "n.csv", *words)
    assert result.exit_code == 0
    told = [it for it in result.stderr.splitlines() if it.startswith("next: ")]
    assert [it.removeprefix("next: ") for it in told] == steps


def test_the_next_steps_of_many_letters_are_summed_up(
    run: Run, in_folder: Path, write: Write
) -> None:
    write("map.txt", "A map.\n")
    lines = "authority: [{instrument: Resolution}]\ncc: [{name: A. Clerk}]\n"
    write("common.yaml", f"{COMMON}{lines}enclosures: [{{title: Map, file: map.txt}}]\n")
    header = "jurisdiction,signatory.name,signatory.title,service.bureau.0.by,service.ice.0.by\n"
    rows = "50001,Pat,Sheriff,,hand\n50003,Pat,Sheriff,mail,hand\n50005,,,,\n"
    write("n.csv", header + rows)
    words = ("--common", "common.yaml", "-j1", "--engine", "typst", "--print", "all.pdf")
    err = outcome(run("batch", "n.csv", *words))[2]
    write("one.csv", f"to,{header}ice,{rows.splitlines()[0]}\n,{rows.splitlines()[1]}\n")
    two = outcome(run("batch", "one.csv", *words, "-o", "two"))[2]
    assert "into each envelope of a request with two letters, also put a copy" in two
    assert [it for it in err.splitlines() if it.startswith("next: ")] == [
        f"next: {READ}",
        "next: add the signer to 1 request, then run this command again",
        "next: print all.pdf, sign 4 letters, and fold each letter at the two marks",
        "next: decide whether to enclose the act named in 4 letters (add file: under authority:)",
        "next: enclose what is listed in 4 letters",
        "next: into each envelope, also put a copy of the letter to the other recipient",
        f"next: {MAIL}",
        "next: mail 1 letter",
        "next: have 2 letters delivered by hand, and a copy of each stamped as received",
        "next: mail 2 copies to the offices listed after cc:; print labels with optout labels out",
        "next: give 4 copies to the people listed after cc:",
        f"next: {RECORD_BY}",
    ]


def test_nobody_is_given_a_copy_who_gets_the_e_mail(
    run: Run, in_folder: Path, write: Write
) -> None:
    cc = "cc: [{name: A. Clerk, email: clerk@example.gov}, {name: B. Chair}]\n"
    write("common.yaml", f"{COMMON}{ROUTES}{cc}")
    write("n.csv", SIGNED)
    words = ("--common", "common.yaml", "-j1", "--to", "bureau", "--engine", "typst", "-f")
    steps = [outcome(run("batch", "n.csv", *words, form, "-o", form))[2] for form in ("eml", "txt")]
    assert ["next: give 1 copy to" in steps[0], "next: give 2 copies to" in steps[1]] == [True] * 2


def test_the_next_steps_are_about_the_letters_of_this_run(batch: Batch) -> None:
    batch()
    err = batch(table=f"{HEADER}{ROWS}50007,Pat,Sheriff\n")[2]
    sending = [it for it in err.splitlines() if it.startswith("next: send ")]
    assert [it.partition(" by ")[0] for it in sending] == ["next: send 2 letters"]


def test_letters_that_are_all_to_be_signed_are_not_counted_twice(batch: Batch) -> None:
    err = batch("-f", "pdf", table=f"{HEADER}50007,Pat,Sheriff\n")[2]
    (step,) = (it for it in err.splitlines() if it.startswith("next: print "))
    assert step.startswith("next: print 2 letters single-sided on US Letter, sign each, and fold")


NUMBERED = (
    "jurisdiction,signatory.name,signatory.title,service.bureau.0.by,service.bureau.0.number\n"
    "50001,Pat,Sheriff,mail,70200000000000000010\n"
    "{},Pat,Sheriff,mail,7020 0000 0000 0000 0010\n"
)


def test_one_number_for_two_offices_is_a_problem_of_both_rows(batch: Batch) -> None:
    code, out, _ = batch("--check", table=NUMBERED.format("06041"))
    head = "has the tracking number 7020 0000 0000 0000 0010"
    hint = "  hint: write each piece's own number, which is on its receipt"
    assert (code, out.splitlines()[:4]) == (
        1,
        [
            f"n.csv:2 (50001): {head}; n.csv:3 has it for another office",
            hint,
            f"n.csv:3 (06041): {head}; n.csv:2 has it for another office",
            hint,
        ],
    )


def test_each_row_with_a_number_of_another_office_is_refused(batch: Batch) -> None:
    table = NUMBERED.format("50003") + "06041,Pat,Sheriff,mail,70200000000000000010\n"
    code, out, _ = batch("--check", table=table)
    refused = [line[:7] for line in out.splitlines() if "has the tracking number" in line]
    assert (code, sorted(refused)) == (1, ["n.csv:2", "n.csv:3", "n.csv:4"])


def test_one_number_for_one_office_is_told_as_one_envelope(batch: Batch) -> None:
    code, out, _ = batch("--check", table=NUMBERED.format("50003"))
    told = "put these letters into one envelope: they have the number 7020 0000 0000 0000 0010"
    assert (code, f"note (2 requests): {told}" in out) == (0, True)
    batch(table=NUMBERED.format("50003"))
    Path("out/VT/bennington-county-vt/2026-11-20-opt-out-bureau.txt").unlink()
    assert f"note (2 requests): {told}" in batch()[2]


def test_a_number_that_a_letter_to_another_office_went_out_with_is_refused(
    batch: Batch, run: Run
) -> None:
    batch(table=NUMBERED.format("50003"))
    letter = "out/VT/addison-county-vt/2026-11-20-opt-out-bureau.txt"
    words = ("--by", "mail", "--number", "70200000000000000010", "--on", "2026-11-20")
    assert run("sent", letter, *words).exit_code == 0
    table = NUMBERED.replace("50001", "06043").format("06041")
    told = batch("--check", table=table, name="other.csv")[1]
    assert "7020 0000 0000 0000 0010 is the number of SC-50001-20261120" in told


def test_a_particular_of_another_rows_letter_is_told_with_its_own_row(batch: Batch) -> None:
    rows = "50001,Pat,Sheriff,\n50003,Kim,Sheriff,wso\n"
    code, out, _ = batch("--check", table=f"{HEADER.rstrip()},particulars.model\n{rows}")
    told = "(50003): particulars.model: particulars has no field 'model'"
    assert (code, out.splitlines()[0].partition(":3 ")[2]) == (1, told)


def test_the_same_letter_in_another_format_is_not_of_an_older_request(
    batch: Batch, run: Run
) -> None:
    batch()
    words = ("batch", "n.csv", "--common", "common.yaml", "-f", "pdf", "-j1")
    code, out, err = outcome(run(*words))
    assert (code, len(out.splitlines()), "older request" in err) == (0, 6, False)
