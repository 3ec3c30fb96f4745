"""What a batch tells besides problems: notes of one kind once, what stays, and what to do next."""

from pathlib import Path

import pytest
from command_results import Run, Write
from run_batch import COMMON, HEADER, Batch, batch_in

TEXAS = "".join(f"48{number:03},Pat,Sheriff\n" for number in range(1, 41, 2))


@pytest.fixture
def batch(run: Run, in_folder: Path) -> Batch:
    return batch_in(in_folder, run)


def notes(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("note")]


def test_the_law_comes_first_and_notes_that_differ_in_a_date_are_one(batch: Batch) -> None:
    law, *rest = notes(batch(table=HEADER + TEXAS)[2])
    assert law.startswith("note (20 requests): Texas law prohibits ")
    activated = [it for it in rest if "activation" in it]
    assert [it.partition(", comes from")[0] for it in activated] == [
        "note (20 requests): the date of activation, ..."
    ]


def test_of_what_was_finished_before_only_the_law_is_told_again(batch: Batch) -> None:
    batch(table=HEADER + TEXAS)
    (law,) = notes(batch()[2])
    assert "Texas law" in law
    more = notes(batch(table=f"{HEADER}{TEXAS}48041,,\n")[2])
    assert [it.partition(": ")[0] for it in more[:3]] == [
        "note (21 requests)",
        "note (1 of 21 requests)",
        "note (1 of 21 requests)",
    ]
    assert "DRAFT" in more[1]


def test_many_letters_that_were_signed_are_told_in_a_few_lines(batch: Batch) -> None:
    for path in batch("-q")[1].splitlines():
        Path(path).write_text("signed and scanned" * 500, "utf-8")
    told = [it for it in batch()[2].splitlines() if it.startswith("kept: ")]
    assert (len(told), told[-1]) == (6, "kept: 1 more file like these")


ROUTES = "recipients: {bureau: {email: b@example.gov, fax: 916-555-0130}}\n"
SIGNED = "jurisdiction,signatory.name,signatory.title,signatory.email\n50001,Pat,Sheriff,s@a.gov\n"
READ = "read the letters, confirm the addresses in the notes"


@pytest.mark.parametrize(
    ("row", "options", "steps"),
    [
        (SIGNED, "-f txt", f"{READ}, and print and sign them"),
        (SIGNED, "-f eml", f"{READ}, and e-mail them"),
        (SIGNED, "-f fax,tiff", f"{READ}, and fax them"),
        (SIGNED, "-f txt,eml", f"{READ}, print and sign them, and e-mail them"),
        (
            SIGNED,
            "-f eml --draft",
            "fill in what is missing, then run this command again without --draft",
        ),
        (
            "jurisdiction\n50001\n",
            "-f txt",
            "fill in signatory.name and signatory.title, then run this command again",
        ),
    ],
)
def test_what_to_do_next_follows_from_what_was_written(
    row: str, options: str, steps: str, run: Run, in_folder: Path, write: Write
) -> None:
    write("common.yaml", f"{COMMON}{ROUTES}")
    write("n.csv", row)
    words = ("--common", "common.yaml", "-j1", "--to", "bureau", *options.split())
    result = run("batch", "n.csv", *words)
    assert result.exit_code == 0
    assert [it for it in result.stderr.splitlines() if it.startswith("next: ")] == [
        f"next: {steps}"
    ]
