"""`optout write`: stdout has the paths, stderr the talk; all letters are written, or none."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from command_results import LETTERS, NOWHERE, Run, Write, lying_in, noted, parties, paths, problem
from command_results import outcome as ended
from conftest import REQUEST, ROOT

from optout_cli.errors import printable
from optout_cli.exporters import all_exporters

TODAY = "dated today, 2026-11-24; to keep this date, add --set date=2026-11-24"
UNCONFIRMED = """\
r.yaml: the address of {} was never confirmed
  hint: call them, then add confirmed: {{by: telephone, date: ...}} under recipients: {}:
"""


@pytest.fixture
def write_text(run: Run, write: Write, in_folder: Path) -> Run:
    """Run `optout write r.yaml -f txt ...` beside that request."""
    write("r.yaml", REQUEST)
    return lambda *options: run("write", "r.yaml", "-f", "txt", *options)


TALK = """\
note: complete the letterhead: address: under signatory: has no state:
note: call the bureau before sending: address from an official source (2026-01-02), not confirmed
note: call ICE before sending: address from a doubtful (third-party) source (undated), not confirmed
note: use the letter as a record: by itself it does not stop fingerprint sharing
note: ask counsel first: a notice may draw a listing under Executive Order 14287
written: 2 letters of 2026-11-20 (txt) for County of Nowhere, Nowhere, reference REF
next: read each letter
next: call 555-555-0100 to confirm the bureau's address: 2 Main Street, Nowhere, ZZ 00001
next: find a phone number (none on file) to confirm ICE's address: 1 Main Street, Nowhere, ZZ 00002
next: enclose with each letter: act.pdf; Map
next: put a copy of each letter into the other envelope too
next: send both letters by certified mail (return receipt); keep the receipt
next: mail a copy of ICE's letter to the office listed after cc: Director, U.S. Immigration and \
Customs Enforcement, 500 12th Street SW, Washington, DC 20536
next: give a copy to: Alex, Counsel
next: record how they went out: optout sent LETTER --by certified-mail
next: if you have no answer by about 2026-12-28, write again, and quote the reference
to see each note in full, add --verbose or run `optout review`
"""


def test_the_paths_are_the_product_and_the_rest_is_talk(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("nowhere.yaml", NOWHERE.replace("[policy]", "[detainers]"))
    write(
        "r.yaml",
        """\
        jurisdiction: nowhere-county-zz
        letter: secure-communities/opt-out
        date: 2026-11-20
        signatory:
          name: Pat Placeholder
          title: Sheriff
          address: {street: 3 Main Street, city: Nowhere, zip: "00003"}
        authority: [{instrument: Resolution, file: act.pdf}]
        enclosures: [{title: Map}]
        cc: [{name: Alex, title: Counsel}]
        """,
    )
    shutil.copy(ROOT / "examples" / "placeholder-resolution.pdf", "act.pdf")
    found = run("write", "r.yaml", "-f", "txt", "--data", "nowhere.yaml")
    code, out, err = ended(found)
    assert (code, out, re.sub(r"SC-99001-20261120-\w{4}", "REF", err)) == (0, paths(*LETTERS), TALK)


def test_quiet_leaves_the_talk_out(write_text: Run) -> None:
    assert ended(write_text("-q")) == (0, paths(*LETTERS), "")


def test_a_jurisdictions_name_makes_drafts_that_are_dated_today(run: Run, in_folder: Path) -> None:
    names = [name.replace("2026-11-20", "2026-11-24") for name in LETTERS]
    code, out, err = ended(run("write", "marin-county-ca", "-f", "txt"))
    first, _, rest = err.partition("\n")
    assert (code, out, first) == (0, paths(*names), TODAY)
    assert noted(rest)[0].startswith("add the signer under signatory:, since each page is marked")
    assert [(in_folder / name).read_text("utf-8").split("\n")[0] for name in names] == ["DRAFT"] * 2


def test_a_request_may_come_from_standard_input(run: Run, in_folder: Path) -> None:
    assert ended(run("write", "-", "-q", "-f", "txt", stdin=REQUEST)) == (0, paths(*LETTERS), "")


def test_json_is_read_as_the_yaml_that_it_is(run: Run, write: Write, in_folder: Path) -> None:
    request = {
        "jurisdiction": "06041",
        "letter": "secure-communities/opt-out",
        "date": "2026-11-20",
        "signatory": {"name": "Pat Placeholder", "title": "Sheriff"},
    }
    write("r.json", json.dumps(request))
    write("r.yaml", REQUEST)
    from_json = ended(run("write", "r.json", "-f", "txt", "--to", "ice", "-o", "-"))
    assert from_json == ended(run("write", "r.yaml", "-f", "txt", "--to", "ice", "-o", "-"))


def test_each_recipients_letter_is_written_in_each_format_asked_for(
    write_text: Run, in_folder: Path
) -> None:
    names = [
        f"2026-11-20-opt-out-{party}.{suffix}"
        for party in ("bureau", "ice")
        for suffix in ("txt", "json", "html")
    ]
    assert ended(write_text("-q", "-f", " json,html , txt", "--format", "json"))[:2] == (
        0,
        paths(*names),
    )
    assert lying_in(in_folder) == sorted([*names, "r.yaml"])


@pytest.mark.parametrize(
    ("to", "letters", "told"),
    [
        ("all", LETTERS, ["bureau", "ice"]),
        ("bureau", LETTERS[:1], ["bureau"]),
        ("ice", LETTERS[1:], ["ice"]),
    ],
)
def test_to_chooses_the_recipient(
    to: str, letters: list[str], told: list[str], write_text: Run, in_folder: Path
) -> None:
    code, out, err = ended(write_text("--to", to))
    assert (code, out, parties(noted(err))) == (0, paths(*letters), told)
    assert lying_in(in_folder) == [*letters, "r.yaml"]


def test_options_may_stand_in_any_order(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    found = ended(run("write", "-o", "out/", "-f", "txt", "--to", "ice", "-q", "--", "r.yaml"))
    assert found == (0, paths(LETTERS[1], folder="out/"), "")


@pytest.mark.parametrize(
    ("option", "folder"),
    [
        ("out/", "out/"),
        ("out/deep/er/", "out/deep/er/"),
        ("my letters/", "my letters/"),
        ("ünï/", "ünï/"),
        ("there", "there/"),
        ("./", ""),
        ("there/..", "there/../"),
    ],
)
def test_a_folder_is_made_where_its_name_ends_with_a_slash(
    option: str, folder: str, write_text: Run, in_folder: Path
) -> None:
    (in_folder / "there").mkdir()
    assert ended(write_text("-q", "-o", option)) == (0, paths(*LETTERS, folder=folder), "")
    assert [(in_folder / folder / name).is_file() for name in LETTERS] == [True, True]


@pytest.mark.parametrize("place", ["letter.txt", "new folder/a letter.TXT", "Ñ.txt"])
def test_one_letter_may_be_given_a_name_of_its_own(
    place: str, write_text: Run, in_folder: Path
) -> None:
    assert ended(write_text("-q", "--to", "ice", "-o", place)) == (0, f"{place}\n", "")
    assert lying_in(in_folder) == sorted([place, "r.yaml"])


def test_a_dash_prints_the_letter_itself(write_text: Run, in_folder: Path) -> None:
    write_text("-q", "--to", "ice")
    letter = (in_folder / LETTERS[1]).read_text("utf-8")
    code, out, err = ended(write_text("--to", "ice", "-o", "-"))
    assert (code, out, parties(noted(err))) == (0, letter, ["ice"])


@pytest.mark.parametrize("place", ["-", "letter.txt"])
@pytest.mark.parametrize(
    ("options", "number"), [("", 2), ("--to ice -f txt,json", 2), ("-f txt,html", 4)]
)
def test_one_place_takes_one_letter(
    place: str, options: str, number: int, write_text: Run, in_folder: Path
) -> None:
    assert problem(write_text("-o", place, *options.split())) == (
        2,
        (
            f"-o {place} takes one letter in one format, not {number}\n"
            "  hint: choose one with --to and -f, or end the name of a folder with /\n"
        ),
    )
    assert lying_in(in_folder) == ["r.yaml"]


def test_the_same_request_leaves_the_letters_that_are_there_alone(
    write_text: Run, in_folder: Path
) -> None:
    write_text()
    before = [(it.st_ino, it.st_mtime_ns) for it in map(os.stat, LETTERS)]
    assert ended(write_text("-q")) == (0, paths(*LETTERS), "")
    assert [(it.st_ino, it.st_mtime_ns) for it in map(os.stat, LETTERS)] == before


def test_a_letter_with_other_bytes_stays_and_no_other_is_written(
    write_text: Run, in_folder: Path
) -> None:
    signed = in_folder / LETTERS[1]
    signed.write_text("signed\n")
    told = (
        f"{LETTERS[1]}: exists with other content; it may be a signed letter or another county's\n"
        "  hint: name another folder with -o, or use --force, which moves this file to earlier/\n"
    )
    assert ended(write_text()) == (1, "", told)
    assert (lying_in(in_folder), signed.read_text()) == ([LETTERS[1], "r.yaml"], "signed\n")


def test_force_replaces_a_letter_with_other_bytes(write_text: Run, in_folder: Path) -> None:
    write_text()
    letter = (in_folder / LETTERS[1]).read_bytes()
    (in_folder / LETTERS[1]).write_text("signed\n")
    assert ended(write_text("-q", "--force")) == (0, paths(*LETTERS), "")
    assert (in_folder / LETTERS[1]).read_bytes() == letter


def test_where_one_recipient_is_incomplete_no_letter_is_written(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST.replace("marin-county-ca", "guam"))
    told = (
        "r.yaml: the ZIP code of the State Identification Bureau of Guam is missing\n"
        "  hint: add address: {zip: ...} under recipients: bureau:, or pass"
        " --set recipients.bureau.address.zip=...; or write the other letter with --to ice\n"
    )
    assert ended(run("write", "r.yaml", "-f", "txt")) == (1, "", told)
    assert lying_in(in_folder) == ["r.yaml"]
    assert ended(run("write", "r.yaml", "-f", "txt", "-q", "--to", "ice"))[0] == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.yaml", "cannot find this file\n  hint: check the spelling"),
        ("no/where.yml", "cannot find this file\n  hint: check the spelling"),
        ("folder.yaml", "is a folder, not a file\n"),
        ("bad\0name.yaml", "cannot be read: embedded null byte\n"),
    ],
)
def test_a_request_that_cannot_be_read_is_a_fault_of_the_command_line(
    name: str, message: str, run: Run, in_folder: Path
) -> None:
    (in_folder / "folder.yaml").mkdir()
    code, out, err = ended(run("write", name))
    expected = f"{printable(name)}: {message}"
    assert (code, out, err[: len(expected)]) == (2, "", expected)


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        (
            "odt",
            "there is no format 'odt'\n  hint: one of "
            + ", ".join(all_exporters())
            + ", by-service\n",
        ),
        ("txt,jsn", "there is no format 'jsn'\n  hint: did you mean 'json'?\n"),
        (
            "PDF word",
            "there is no format 'pdf word'\n  hint: put commas between them: -f pdf,word\n",
        ),
    ],
)
def test_a_format_that_there_is_not_is_refused(
    formats: str, message: str, write_text: Run, in_folder: Path
) -> None:
    assert problem(write_text("-f", formats)) == (2, message)
    assert lying_in(in_folder) == ["r.yaml"]


def test_a_format_must_be_named(run: Run, write: Write) -> None:
    write("r.yaml", REQUEST)
    told = "no format is named\n  hint: such as -f pdf,txt\n"
    assert problem(run("write", "r.yaml", "-f", " , ")) == (2, told)


def test_strict_refuses_contacts_that_nobody_confirmed(write_text: Run, in_folder: Path) -> None:
    told = [
        UNCONFIRMED.format("the State Identification Bureau", "bureau"),
        UNCONFIRMED.format("the ICE office", "ice"),
    ]
    assert ended(write_text("--strict")) == (1, "", "".join(told))
    assert lying_in(in_folder) == ["r.yaml"]


@pytest.mark.parametrize(
    ("day", "options", "code"),
    [
        ("2026-11-20", ["--max-age", "0"], 0),
        ("2026-11-19", ["--max-age", "0"], 1),
        ("2026-10-21", ["--max-age", "30"], 0),
        ("2026-10-20", ["--max-age", "30"], 1),
        ("2026-10-20", ["--max-age", "30", "--strict"], 1),
        ("2016-11-20", ["--strict"], 0),
    ],
)
def test_a_confirmation_holds_for_the_days_of_max_age(
    day: str, options: list[str], code: int, run: Run, write: Write, in_folder: Path
) -> None:
    confirmed = f"recipients: {{ice: {{confirmed: {{by: telephone, date: {day}}}}}}}\n"
    write("r.yaml", REQUEST + confirmed)
    told = f"r.yaml:5:14: the address of the ICE office was last confirmed on {day}\n"
    found = run("write", "r.yaml", "-q", "-f", "txt", "--to", "ice", *options)
    assert (found.exit_code, found.stderr[: len(told)]) == (code, told if code else "")


def test_letters_that_are_there_already_are_not_said_to_be_written(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    first, second = (ended(run("write", "r.yaml", "-f", "txt", "-o", "out/"))[2] for _ in range(2))
    assert ("\nwritten: 2 letters" in first, "\nwritten:" in second) == (True, False)
    assert "\nunchanged, already written: 2 letters" in second


@pytest.mark.usefixtures("in_folder")
def test_check_prints_the_notes_that_writing_prints_and_a_law_before_the_calls(
    run: Run,
) -> None:
    command = ("write", "hays-county-tx", "-f", "txt", "-o", "out/")
    told = [
        [line for line in ended(run(*command, *more))[2].splitlines() if line.startswith("note: ")]
        for more in (("--check",), ())
    ]
    heads = [line.partition(" before")[0].partition(" first")[0] for line in told[0]]
    assert told[0] == told[1]
    assert heads.index("note: ask counsel") < heads.index("note: call ICE")
