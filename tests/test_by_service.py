"""The format by-service: each letter is an e-mail, a fax or a PDF, as its service says."""

from pathlib import Path

import pypdfium2
import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from run_batch import COMMON

from optout_cli.exporters import format_names, suffix_of

HEADER = (
    "jurisdiction,signatory.name,signatory.title,signatory.email,signature.kind,"
    "service.bureau.0.by,service.bureau.1.by,service.ice.0.by,"
    "recipients.bureau.email,recipients.ice.fax\n"
)
ROWS = """\
50001,Pat,Sheriff,s@a.gov,typed,email,,fax,b@example.gov,916-555-0130
50003,Pat,Sheriff,,,,,hand,,
50005,Pat,Sheriff,s@a.gov,typed,certified-mail,email,,b@example.gov,
"""
BY_SERVICE = ("--engine", "typst", "-f", "by-service")


def names(out: str) -> list[str]:
    return [f"{Path(it).parent.name[:7]} {it.rpartition('-')[2]}" for it in out.splitlines()]


@pytest.fixture
def batch(run: Run, in_folder: Path, write: Write) -> Run:
    write("common.yaml", COMMON)
    words = ("batch", "n.csv", "--common", "common.yaml", "-j1", *BY_SERVICE)
    return lambda *options: run(*words, *options)


def test_each_letter_of_a_table_goes_out_as_its_row_says(batch: Run, write: Write) -> None:
    write("n.csv", HEADER + ROWS)
    code, out, _ = outcome(batch("-q"))
    assert (code, names(out)) == (
        0,
        [
            "addison bureau.eml",
            "addison ice.fax.pdf",
            "benning bureau.pdf",
            "benning ice.pdf",
            "caledon bureau.pdf",
            "caledon bureau.eml",
            "caledon ice.pdf",
        ],
    )
    assert outcome(batch("-q")) == (0, "", "")  # all are finished
    code, out, err = outcome(batch("--date", "2026-11-10"))
    assert (code, len(out.splitlines()), err.count("moved to earlier: ")) == (0, 7, 6)
    assert "moved to earlier: 2 more files\n" in err  # also the fax


def test_a_batch_writes_every_format_once_and_prints_the_letters_alone(
    run: Run, in_folder: Path, write: Write
) -> None:
    reached = "email: a@b.gov, fax: 916-555-0130"
    write("common.yaml", f"{COMMON}recipients: {{bureau: {{{reached}}}}}\n")
    write(
        "n.csv",
        "jurisdiction,signatory.name,signatory.title,signatory.email\n50001,Pat,Sheriff,s@a.gov\n",
    )
    words = ("batch", "n.csv", "--common", "common.yaml", "-j1", "--to", "bureau", "-q")
    formats = ("-f", ",".join(sorted(format_names())), "--engine", "typst")
    code, out, _ = outcome(run(*words, *formats, "--print", "all.pdf"))
    ends = {f".{Path(it).name.partition('.')[2]}" for it in out.splitlines()[:-1]}
    assert (code, ends) == (0, {suffix_of(name) for name in format_names()})
    assert len(pypdfium2.PdfDocument("all.pdf")) == 2  # without the cover of the fax
    assert outcome(run(*words, *formats)) == (0, "", "")


def test_only_the_letters_on_paper_are_printed(batch: Run, write: Write) -> None:
    write("n.csv", HEADER + ROWS)
    err = outcome(batch("--print", "all.pdf"))[2]
    assert "all.pdf has 8 pages; " in err
    assert "lacks" not in err


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("50001,Pat,Sheriff,s@a.gov,typed,email,,,,", "no-address-for-service"),
        ("50001,Pat,Sheriff,,typed,email,,,b@example.gov,", "no-sender"),
    ],
)
def test_an_email_needs_the_addresses_of_both(
    row: str, message: str, batch: Run, write: Write
) -> None:
    write("n.csv", f"{HEADER}{row}\n")
    code, out, _ = outcome(batch("--check"))
    assert (code, f"        1  {message}\n" in out) == (1, True)


def test_what_write_says_next_is_about_the_letters_own_way(run: Run, write: Write) -> None:
    lines = "service: {ice: [{by: fax}]}\nrecipients: {ice: {fax: 415-555-0131}}\n"
    path = write("r.yaml", f"{REQUEST}signature: {{kind: typed}}\n{lines}")
    code, out, err = outcome(run("write", str(path), *BY_SERVICE, "-o", f"{path.parent}/out/"))
    told = [it.partition(";")[0] for it in err.splitlines() if "'s letter by" in it or "fax" in it]
    assert (code, [Path(it).suffix for it in out.splitlines()]) == (0, [".pdf", ".pdf"])
    assert told[-2:] == [
        "next: send the bureau's letter by certified mail (return receipt)",
        "next: fax ICE's letter to 415-555-0131",
    ]


def test_it_stands_alone(batch: Run, write: Write) -> None:
    write("n.csv", HEADER + ROWS)
    code, _, err = outcome(batch("-f", "txt"))
    assert (code, "by-service cannot go with another format\n" in err) == (2, True)
