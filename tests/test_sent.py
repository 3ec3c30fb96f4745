"""`optout sent` and `optout delivered`: what people did is recorded once, and nothing untrue."""

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, problem
from conftest import REQUEST, TODAY
from make_register import ADDISON, MARIN, RegisterMaker
from PIL import Image
from run_processes import OPTOUT
from written_letters import REACHED, TO_BUREAU, TO_ICE, write_draft, write_letters

from optout_cli.letters import Library
from optout_cli.register import journal
from optout_cli.register.events import Evidence
from optout_cli.register.journal import NAME, load_journal
from optout_cli.register.state import LetterState, Register, load_register
from optout_cli.register.statements import Moment, day_problems

NUMBER = "7008 1300 0001 7388 9810"
RENEWED = "secure-communities/renewed-request"
OTHER_NUMBER = "9400 1112 0108 0805 4830 16"
FOLDER = Path("letters")
Letters = str  # their reference


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Lay out the pages with the faster engine: they are not the point here."""
    return typst_library


@pytest.fixture(scope="module")
def references() -> dict[Path, str]:
    """Keep the reference of the letters in a folder that each test copies."""
    return {}


@pytest.fixture
def letters(
    library: Library,
    in_folder: Path,
    references: dict[Path, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Letters:
    """Write two letters to the folder `letters`, as plain text and e-mail."""
    written = tmp_path_factory.getbasetemp() / "letters-to-send"
    if written not in references:
        references[written] = write_letters(library, written, REACHED, ("txt", "eml"))
    shutil.copytree(written, FOLDER)
    return references[written]


def states() -> dict[str, LetterState]:
    """Return each letter of the folder by its recipient."""
    journal = load_journal(FOLDER)
    assert journal.problems == ()
    return {state.letter.recipient: state for state in Register(journal.lines).letters.values()}


def sendings(to: str) -> list[tuple[str, str, str | None]]:
    return [(str(sent.on), sent.by, sent.number) for sent in states()[to].sent]


def events() -> int:
    return len(load_journal(FOLDER).lines)


def test_a_letter_is_recorded_by_its_file(letters: Letters, run: Run) -> None:
    options = ("--by", "certified-mail", "--on", "2026-11-23", "--number", NUMBER.replace(" ", ""))
    assert outcome(run("sent", TO_ICE, *options)) == (
        0,
        f"{TO_ICE}\n",
        (
            f"recorded: sent by certified mail no. {NUMBER} on 2026-11-23: {letters} to ICE"
            f" ({TO_ICE})\nnext: when it arrives, run optout delivered; when an answer comes,"
            " optout answer\n"
        ),
    )
    (sent,) = states()["ice"].sent
    assert (sent.by, sent.number, sent.path) == ("certified-mail", NUMBER, Path(TO_ICE).name)


@pytest.mark.parametrize("name", ["elsewhere.txt", "letters/earlier/elsewhere.txt"])
def test_a_copy_of_a_letter_is_known_by_its_content(
    name: str, letters: Letters, run: Run, in_folder: Path
) -> None:
    (in_folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(TO_ICE, name)
    sent = outcome(run("sent", name, "--in", "letters", "--by", "mail", "-q"))
    assert sent == (0, f"{name}\n", "")
    assert sendings("ice") == [("2026-11-24", "mail", None)]


def test_a_reference_stands_for_the_letter_to_one_recipient(letters: Letters, run: Run) -> None:
    code, _, err = outcome(run("sent", letters, "--in", "letters", "--by", "mail"))
    assert (code, err.partition(":")[0]) == (2, letters)
    assert "add --to bureau or --to ice" in err
    options = ("--in", "letters", "--by", "mail", "--to", "bureau")
    assert outcome(run("sent", letters.lower(), *options, "-q"))[0] == 0
    assert (sendings("bureau"), sendings("ice")) == ([("2026-11-24", "mail", None)], [])


def test_a_folder_stands_for_all_its_letters_that_are_not_sent(letters: Letters, run: Run) -> None:
    run("sent", TO_ICE, "--by", "fax")
    assert outcome(run("sent", "letters/", "--by", "mail"))[1] == TO_BUREAU + "\n"
    assert (sendings("bureau"), sendings("ice")) == (
        [("2026-11-24", "mail", None)],
        [("2026-11-24", "fax", None)],
    )
    assert outcome(run("sent", "letters/", "--by", "mail")) == (
        0,
        "",
        "nothing to record: no signed letter is left to be sent\n",
    )


def test_the_way_follows_from_the_letter_and_the_file(
    library: Library, in_folder: Path, run: Run
) -> None:
    service = f"service: {{bureau: [{{by: certified-mail, number: {NUMBER}}}], ice: [{{by: fax}}]}}"
    write_letters(library, FOLDER, REACHED + service, ("txt", "eml", "fax"))
    run("sent", "letters", "-q")
    assert (sendings("bureau"), sendings("ice")) == (
        [("2026-11-24", "certified-mail", NUMBER)],  # the letter names this number
        [("2026-11-24", "fax", None)],
    )
    code, _, err = outcome(run("sent", TO_ICE.replace(".txt", ".eml")))
    assert code == 2
    assert "the letter says that it goes out by fax\n  hint: say how: --by fax" in err


def test_a_letter_that_does_not_say_how_it_goes_out_needs_by(letters: Letters, run: Run) -> None:
    code, out, err = outcome(run("sent", TO_ICE))
    assert (code, out, err.splitlines()[0]) == (
        2,
        "",
        f"--by ({TO_ICE}): the letter does not say how it went out",
    )
    assert outcome(run("sent", TO_ICE.replace(".txt", ".eml"), "-q"))[0] == 0  # an e-mail does
    assert sendings("ice") == [("2026-11-24", "email", None)]


def test_the_same_again_is_recorded_once(letters: Letters, run: Run) -> None:
    command = ("sent", TO_ICE, "--by", "mail", "--on", "2026-11-23")
    run(*command)
    code, out, err = outcome(run(*command))
    assert (code, out, err.partition(":")[0]) == (0, f"{TO_ICE}\n", "already recorded")
    assert events() == 2


def test_a_second_sending_needs_a_word(letters: Letters, run: Run) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-23")
    code, _, err = outcome(run("sent", TO_ICE, "--by", "mail"))
    assert (code, err.splitlines()[0]) == (
        1,
        f"{TO_ICE}: the letter is recorded as sent by mail on 2026-11-23",
    )
    assert outcome(run("sent", TO_ICE, "--by", "mail", "--again"))[0] == 0
    assert outcome(run("sent", TO_ICE, "--by", "hand"))[0] == 0  # another way
    days = [(day, by) for day, by, _ in sendings("ice")]
    assert days == [("2026-11-23", "mail"), ("2026-11-24", "mail"), ("2026-11-24", "hand")]


def test_a_number_is_added_later_and_a_day_is_corrected(letters: Letters, run: Run) -> None:
    way = ("sent", TO_ICE, "--by", "certified-mail")
    run(*way, "--on", "2026-11-22")
    assert outcome(run(*way, "--number", NUMBER))[0] == 0
    assert sendings("ice") == [("2026-11-22", "certified-mail", NUMBER)]
    assert outcome(run(*way, "--on", "2026-11-23", "--correct"))[0] == 0
    assert sendings("ice") == [("2026-11-23", "certified-mail", NUMBER)]
    assert events() == 4  # the register keeps what was corrected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--on", "2026-11-25"), "2026-11-25 is in the future"),
        (("--on", "2026-11-19"), "2026-11-19 is before the letter's own date (2026-11-20)"),
        (("--number", "7008 1300 0001 7388 9811"), "has a wrong digit"),
        (("--by", "email", "--number", NUMBER), "tracking numbers are only for mail"),
        (("--receipt", "nowhere.pdf"), "nowhere.pdf: cannot find this file"),
        (("--number", "0" * 20), "was rounded to 15 digits by a spreadsheet"),
        (("--by", "hand", "--number", "n/a"), "'n/a' is not a value"),
    ],
)
def test_what_cannot_be_so_is_not_recorded(
    options: tuple[str, ...], told: str, letters: Letters, run: Run
) -> None:
    way = () if "--by" in options else ("--by", "certified-mail")
    code, out, err = outcome(run("sent", TO_ICE, *way, *options))
    assert (code, out, events()) == (2, "", 1)
    assert told in err


def test_one_wrong_letter_keeps_all_from_being_recorded(letters: Letters, run: Run) -> None:
    code, out, err = outcome(run("sent", TO_ICE, "marin.yaml", "--by", "mail"))
    assert (code, out, events()) == (2, "", 1)
    assert err.startswith("marin.yaml: cannot find this file")
    told = outcome(run("sent", TO_ICE, TO_BUREAU, "--by", "mail", "--receipt", "no.pdf"))[2]
    assert told.count("no.pdf: cannot find this file") == 1


def test_a_draft_cannot_be_sent(library: Library, in_folder: Path, run: Run) -> None:
    write_draft(library, FOLDER)
    code, out, err = outcome(run("sent", TO_ICE, "--by", "mail"))
    assert (code, out, err) == (
        1,
        "",
        (
            f"{TO_ICE}: the letter is a draft, and a draft cannot be sent\n  hint: add the signer"
            " under signatory: in marin.yaml, and write it again\n"
        ),
    )
    code, _, err = outcome(run("sent", "letters", "--by", "mail"))
    assert (code, err.splitlines()[0]) == (
        0,
        "note: 2 drafts in letters are not recorded as sent",
    )


def test_a_changed_file_and_an_unsigned_message_are_told(letters: Letters, run: Run) -> None:
    message = Path(TO_ICE.replace(".txt", ".eml"))
    message.write_bytes(message.read_bytes() + b"\n")
    code, _, err = outcome(run("sent", str(message)))
    notes = [line.partition(":")[2].split()[:5] for line in err.splitlines() if "note:" in line]
    assert (code, notes) == (
        0,
        [["the", "file", "is", "not", "as"], ["nobody", "signed", "the", "e-mail:", "the"]],
    )


@pytest.mark.parametrize(("way", "name"), [("mail", "pdf"), ("fax", "fax.pdf"), ("email", "eml")])
def test_the_file_that_went_out_is_named(
    way: str, name: str, library: Library, in_folder: Path, run: Run
) -> None:
    reference = write_letters(library, FOLDER, REACHED, ("pdf", "fax-pdf", "eml"))
    out = outcome(run("sent", reference, "--in", str(FOLDER), "--to", "ice", "--by", way))[1]
    assert out == f"{TO_ICE.removesuffix('txt')}{name}\n"


@pytest.mark.parametrize(("form", "way"), [("eml", "email"), ("txt", "fax")])
def test_a_typed_signature_is_one(
    form: str, way: str, library: Library, in_folder: Path, run: Run
) -> None:
    write_letters(library, FOLDER, REACHED + "signature: {kind: typed}", (form,))
    file = TO_ICE.replace("txt", form)
    code, out, err = outcome(run("sent", file, "--by", way))
    assert (code, out, "note:" in err) == (0, f"{file}\n", False)


@pytest.mark.parametrize(("form", "is_told"), [("fax", True), ("tiff", False), ("txt", False)])
def test_the_text_of_a_fax_shows_no_picture_of_a_signature(
    form: str, is_told: bool, library: Library, in_folder: Path, run: Run
) -> None:
    FOLDER.mkdir()
    Image.new("L", (300, 100), 90).save(FOLDER / "sig.png")
    signature = "signature: {kind: image, file: sig.png, alt: Pat}"
    write_letters(library, FOLDER, REACHED + signature, (form,))
    _, _, err = outcome(run("sent", TO_ICE.replace("txt", form), "--by", "fax"))
    assert ("note: the fax shows no signature: its text has no pictures" in err) == is_told
    assert "nobody signed" not in err


def test_two_envelopes_cannot_have_one_number(letters: Letters, run: Run) -> None:
    way = ("--by", "certified-mail", "--number", NUMBER)
    run("sent", TO_ICE, *way)
    code, _, err = outcome(run("sent", TO_BUREAU, *way))
    assert code == 2
    assert f"{NUMBER} is the number of {letters} to " in err
    code, _, err = outcome(run("sent", "letters", "--again", *way))
    assert (code, err.splitlines()[0]) == (
        2,
        "--number (letters): a number is for one piece of mail, not for 2 letters",
    )


def letters_of_two_days(run: Run, write: Write) -> list[str]:
    """Write a letter to ICE on each of two days; return their paths."""
    days = ("2026-08-03", "2026-10-05")
    for day in days:
        write(f"{day}.yaml", REQUEST.replace("2026-11-20", day))
        run("write", f"{day}.yaml", "-f", "txt", "--to", "ice", "-o", "letters/", "-q")
    return [f"letters/{day}-opt-out-ice.txt" for day in days]


@pytest.mark.usefixtures("in_folder")
def test_one_number_is_for_one_envelope_to_one_office_on_one_day(run: Run, write: Write) -> None:
    first, second = letters_of_two_days(run, write)
    way = ("--by", "certified-mail", "-q", "--number", NUMBER)
    assert outcome(run("sent", first, *way, "--on", "2026-10-06"))[0] == 0
    assert outcome(run("sent", second, *way, "--on", "2026-10-06"))[0] == 0
    told = f"{NUMBER} is the number of SC-06041-20261005-"
    for options in (("--correct",), ("--correct", *way)):
        code, _, err = outcome(run("sent", first, *options, "--on", "2026-10-07"))
        assert (code, told in err, "name all of them at once" in err) == (2, True, True)
    for day, number in (("2026-10-10", ()), ("2026-10-12", way)):
        assert outcome(run("sent", first, second, "--correct", *number, "--on", day))[0] == 0
    days = {it.sent[0].on.isoformat() for it in load_register(FOLDER).letters.values()}
    assert days == {"2026-10-12"}
    Path("letters/register.csv").write_text(
        Path("letters/register.csv").read_text("utf-8-sig").replace("2026-10-12", "2026-10-15"),
        "utf-8",
    )
    assert outcome(run("sent", "--from", "letters/register.csv", "--correct", "-q"))[0] == 0
    run("sent", first, "--by", "fax", "--on", "2026-10-06")
    by_mail = ("--by", "certified-mail", "--on", "2026-10-16")
    assert outcome(run("sent", "letters", "--correct", *by_mail))[0] == 0
    run("sent", first, "--by", "fax", "--undo", "it was another letter")
    assert outcome(run("sent", first, "--correct", "--number", OTHER_NUMBER))[0] == 0
    assert outcome(run("sent", first, "--correct", "--on", "2026-10-17"))[0] == 0
    code, _, err = outcome(run("sent", "letters", "--correct", "--on", "2026-10-18"))
    assert (code, "letters: has letters sent on 2026-10-16, 2026-10-17\n" in err) == (1, True)


@pytest.mark.usefixtures("in_folder")
def test_a_letter_in_the_envelope_of_another_went_out_on_its_day(run: Run, write: Write) -> None:
    first, second = letters_of_two_days(run, write)
    way = ("--by", "certified-mail", "--number", NUMBER)
    run("sent", first, *way, "--on", "2026-10-06")
    code, _, err = outcome(run("sent", second, *way))
    assert (code, f"sent by certified mail no. {NUMBER} on 2026-10-06" in err) == (0, True)


def test_scans_are_copied_and_never_replaced(letters: Letters, run: Run, write: Write) -> None:
    write("a/scan.txt", "the receipt")
    write("b/scan.txt", "the signed letter")
    run("sent", TO_ICE, "--by", "mail", "--receipt", "a/scan.txt", "--signed", "b/scan.txt")
    (sent,) = states()["ice"].sent
    assert isinstance(sent.receipt, Evidence)
    assert isinstance(sent.signed, Evidence)
    places = (sent.receipt.path, sent.signed.path)
    assert places == ("evidence/scan.txt", f"evidence/scan.{sent.signed.sha256[:12]}.txt")
    texts = [(FOLDER / place).read_text("utf-8") for place in places]
    assert texts == ["the receipt", "the signed letter"]
    run("sent", TO_BUREAU, "--by", "mail", "--receipt", "a/scan.txt")
    assert len(list((FOLDER / "evidence").iterdir())) == 2


def test_evidence_is_never_kept_behind_a_link(
    letters: Letters, run: Run, write: Write, in_folder: Path
) -> None:
    write("scan.txt", "the receipt")
    (FOLDER / "evidence").symlink_to(in_folder)
    code, _, err = outcome(run("sent", TO_ICE, "--by", "mail", "--receipt", "scan.txt"))
    assert (code, events()) == (1, 1)
    assert "evidence is never kept behind a link" in err


def test_a_table_of_what_was_sent_has_the_headings_of_people(
    letters: Letters, run: Run, write: Write
) -> None:
    head = "Letter,Recipient,Date sent,How,Tracking number"
    write("sent.csv", f"{head}\n{letters},ICE,11/23/2026,Certified mail,{NUMBER}\n")
    code, _, err = outcome(run("sent", "--from", "sent.csv", "--in", "letters"))
    assert (code, err.partition(": SC-")[0]) == (
        0,
        f"recorded: sent by certified mail no. {NUMBER} on 2026-11-23",
    )


def test_a_table_records_its_right_rows_and_tells_of_the_others(
    letters: Letters, run: Run, write: Write
) -> None:
    write(
        "sent.csv",
        f"""\
        letter,recipient,on,by,number,# who
        {letters},ice,2026-11-23,certified-mail,{NUMBER},Kim
        {letters},bureau,23 days ago,mail,,Kim
        {letters},bureau,2026-11-30,mail,,Kim
        nowhere.pdf,,,mail,,Kim
        ,,,mail,,Kim
        """,
    )
    code, out, err = outcome(run("sent", "--from", "sent.csv", "--in", "letters"))
    assert (code, out) == (3, f"{TO_ICE}\n")
    assert [line for line in err.splitlines() if line.startswith("sent.csv")] == [
        "sent.csv:3: on '23 days ago' is not a date",
        "sent.csv:4: on: 2026-11-30 is in the future",
        "sent.csv:5: letter: nowhere.pdf: cannot find this file",
        "sent.csv:6: names no letter",
    ]
    again = outcome(run("sent", "--from", "sent.csv", "--in", "letters"))
    assert (again[0], events()) == (3, 2)
    assert again[2].startswith("already recorded: sent by certified mail no. ")


def test_a_row_is_recorded_as_a_whole_or_not_at_all(
    letters: Letters, run: Run, write: Write
) -> None:
    row = "{},2026-11-21,mail,{}\n"
    rows = row.format(TO_ICE, "2026-11-20") + row.format(TO_BUREAU, "2026-11-23")
    write("sent.csv", f"letter,on,by,delivered\n{rows}")
    code, out, err = outcome(run("sent", "--from", "sent.csv"))
    assert (code, out) == (3, f"{TO_BUREAU}\n{TO_BUREAU}\n")
    told = "sent.csv:2: delivered: 2026-11-20 is before the day of sending (2026-11-21)"
    assert told in err.splitlines()
    assert (states()["ice"].sent, len(states()["bureau"].sent)) == ([], 1)
    rows = rows.replace(",2026-11-20", ",2026-11-22")
    write("sent.csv", f"letter,on,by,delivered\n{rows}")
    assert outcome(run("sent", "--from", "sent.csv"))[0] == 0
    assert [str(states()[it].received) for it in ("ice", "bureau")] == ["2026-11-22", "2026-11-23"]


def test_a_problem_says_which_of_several_letters_it_is_about(
    letters: Letters, run: Run, write: Write
) -> None:
    write("sent.csv", f"letter,on,by\n{FOLDER},2026-11-19,mail\n")
    err = outcome(run("sent", "--from", "sent.csv"))[2]
    told = "sent.csv:2: on: 2026-11-19 is before the letter's own date (2026-11-20)"
    assert [line for line in err.splitlines() if line.startswith("sent.csv")] == [
        f"{told}: {letters} to the State Identification Bureau ({TO_BUREAU})",
        f"{told}: {letters} to ICE ({TO_ICE})",
    ]


def test_a_path_is_printed_as_it_was_named(in_folder: Path, run: Run, write: Write) -> None:
    RegisterMaker(in_folder / "letters").written(parties=("ice",))
    path = "letters/CA/marin-county-ca/2026-11-02-opt-out-ice.txt"
    write("sent.csv", f"letter,by\n{path},mail\n")
    assert outcome(run("sent", "--from", "sent.csv"))[:2] == (0, f"{path}\n")


@pytest.mark.no_cover  # in processes of their own
def test_a_kill_leaves_every_event_or_none(
    letters: Letters, library: Library, in_folder: Path, write: Write
) -> None:
    rows = "".join(f"{path},mail,scan.txt\n" for path in (TO_ICE, TO_BUREAU))
    write("scan.txt", "the receipt")
    write("sent.csv", "letter,by,receipt\n" + rows)
    words = (*OPTOUT, "sent", "--from", "sent.csv", "-q")
    found = set()
    for tenths in range(1, 12, 2):  # a run takes about half a second
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as child:
            with suppress(subprocess.TimeoutExpired):
                child.wait(tenths / 10)
            child.kill()
        found.add((events(), len(sendings("ice")), len(sendings("bureau"))))
    assert found <= {(1, 0, 0), (3, 1, 1)}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    assert (events(), len(sendings("ice")), len(sendings("bureau"))) == (3, 1, 1)


@pytest.mark.usefixtures("in_folder")
def test_many_letters_are_told_in_sum(run: Run) -> None:
    maker = RegisterMaker(Path("many"))
    for number in range(1, 12):
        maker.written(on=date(2026, 11, number))
    for done in ("recorded", "already recorded"):
        words = ("--by", "email", "--on", "2026-11-20")
        code, out, err = outcome(run("sent", *sorted(map(str, Path("many").glob("*/*/*"))), *words))
        assert (code, len(out.splitlines())) == (0, 22)
        assert err.startswith(f"{done}: sent by e-mail on 2026-11-20: 22 letters\n")
        assert ("note (22 letters): nobody signed the e-mail" in err) == (done == "recorded")
    maker.written(on=date(2026, 11, 12), parties=("ice",))
    every = sorted(map(str, Path("many").glob("*/*/*")))
    lines = outcome(run("sent", *every, "--by", "email", "--on", "2026-11-20"))[2].splitlines()
    assert "recorded: sent by e-mail on 2026-11-20: 1 letter" in lines


def test_a_table_of_json_lines_and_options_for_all_rows(
    letters: Letters, run: Run, write: Write
) -> None:
    rows = [{"path": TO_ICE}, {"path": TO_BUREAU, "by": "fax"}]
    write("sent.ndjson", "".join(json.dumps(row) + "\n" for row in rows))
    assert outcome(run("sent", "--from", "sent.ndjson", "--by", "hand", "-q"))[0] == 0
    assert (sendings("ice")[0][1], sendings("bureau")[0][1]) == ("hand", "fax")


def test_a_day_of_an_answer_does_not_say_that_a_letter_went_out(
    letters: Letters, run: Run, write: Write
) -> None:
    write("t.csv", f"letter,answered\n{TO_ICE},2026-11-23\n")
    code, out, err = outcome(run("sent", "--from", "t.csv", "--by", "mail"))
    told = "t.csv:2: 1 row with a day under answered that is not recorded"
    assert (code, out, told in err, events()) == (0, "", True, 1)


def test_a_table_without_a_right_row_is_a_problem(letters: Letters, run: Run, write: Write) -> None:
    write("sent.csv", "letter,by,bye\nletters,mail,x\n")
    code, out, err = outcome(run("sent", "--from", "sent.csv"))
    assert (code, out, events()) == (1, "", 1)
    assert err.startswith("sent.csv:2: bye: entry has no field 'bye'")


@pytest.mark.parametrize("command", ["sent", "delivered"])
def test_a_text_without_quotes_is_not_read_as_letters(
    command: str, letters: Letters, run: Run
) -> None:
    code, message = problem(run(command, TO_ICE, "--undo", "it", "was", "never", "mailed"))
    hint = 'put quotes around a text with spaces: "it was never mailed"'
    assert (code, message) == (2, f"'was' is not a letter\n  hint: {hint}\n")


def test_a_letter_of_a_day_to_come_is_not_sent_before_that_day() -> None:
    day = date(2026, 11, 30)
    (told,) = day_problems(TODAY, day, Moment(datetime(2026, 11, 24, tzinfo=UTC), TODAY))
    assert told.hint == (
        "record it on 2026-11-30 or later; if it went out before, write it with that date"
    )


@pytest.mark.parametrize("arguments", [[], [TO_ICE, "--from", "sent.csv"]])
def test_letters_or_a_table(arguments: list[str], letters: Letters, run: Run) -> None:
    code, message = problem(run("sent", *arguments))
    assert (code, message.partition("\n")[0]) == (2, "name letters, or a table with --from")


def test_only_a_letter_that_was_sent_is_delivered(letters: Letters, run: Run) -> None:
    code, _, err = outcome(run("delivered", TO_ICE, "--on", "2026-11-24"))
    assert (code, err.splitlines()[0]) == (1, f"{TO_ICE}: the letter is not recorded as sent")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-23")
    code, _, err = outcome(run("delivered", TO_ICE, "--on", "2026-11-22"))
    assert code == 2
    assert "2026-11-22 is before the day of sending (2026-11-23)" in err


def test_a_delivery_is_recorded_completed_and_corrected(
    letters: Letters, run: Run, write: Write
) -> None:
    write("card.txt", "signed for")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")
    at = ("delivered", TO_ICE, "--on")
    assert outcome(run(*at, "2026-11-23"))[2].startswith("recorded: delivered on 2026-11-23")
    assert outcome(run(*at, "2026-11-23"))[2].startswith("already recorded: delivered on")
    assert outcome(run(*at, "2026-11-23", "--receipt", "card.txt"))[0] == 0
    code, _, err = outcome(run(*at, "2026-11-24"))
    assert (code, "the letter is recorded as delivered on 2026-11-23" in err) == (1, True)
    assert outcome(run(*at, "2026-11-24", "--correct", "--json"))[0] == 0
    (delivered,) = states()["ice"].delivered
    assert (str(delivered.on), delivered.receipt and delivered.receipt.path) == (
        "2026-11-24",
        "evidence/card.txt",
    )


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (("delivered", TO_ICE, "--on", "2026-11-22"), "delivered on 2026-11-22"),
        (("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-22"), "answered on 2026-11-22"),
    ],
)
def test_a_letter_goes_out_before_it_arrives_and_is_answered(
    after: tuple[str, ...], told: str, letters: Letters, run: Run
) -> None:
    sent = ("sent", TO_ICE, "--by", "mail", "--on")
    run(*sent, "2026-11-21")
    assert outcome(run(*after))[0] == 0
    code, _, err = outcome(run(*sent, "2026-11-23", "--correct"))
    told = f"2026-11-23 is too late: the letter is recorded as {told}"
    assert (code, told in err, sendings("ice")) == (2, True, [("2026-11-21", "mail", None)])
    assert outcome(run(*sent, "2026-11-20", "--correct"))[0] == 0
    assert outcome(run(*sent, "2026-11-23", "--again"))[0] == 0  # once more, after it arrived
    assert outcome(run("sent", TO_ICE, "--by", "fax", "--on", "2026-11-24"))[0] == 0


def test_a_folder_stands_for_its_letters_that_are_on_their_way(letters: Letters, run: Run) -> None:
    run("sent", "letters", "--by", "mail", "--on", "2026-11-21", "-q")
    Path("card.pdf").write_bytes(b"%PDF-1.4 a card")
    code, _, err = outcome(
        run("delivered", "letters", "--on", "2026-11-22", "--receipt", "card.pdf")
    )
    assert (code, "letters: names 2 letters" in err) == (2, True)  # a receipt is of one
    run("delivered", TO_ICE, "--on", "2026-11-22", "-q")
    assert outcome(run("delivered", "letters", "--on", "2026-11-23"))[1] == f"{TO_BUREAU}\n"
    assert [str(states()[to].received) for to in ("bureau", "ice")] == ["2026-11-23", "2026-11-22"]
    code, _, err = outcome(run("delivered", "letters", "--on", "2026-11-23"))
    assert (code, "the letter is recorded as delivered on 2026-11-22" in err) == (1, True)


def test_json_tells_what_was_recorded(letters: Letters, run: Run) -> None:
    out = outcome(run("sent", TO_ICE, "--by", "mail", "--json"))[1]
    assert json.loads(out) == {
        "schema": 1,
        "event": "sent",
        "recorded": True,
        "reference": letters,
        "recipient": "ice",
        "path": TO_ICE,
        "on": "2026-11-24",
        "notes": [],
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("r.yaml", "there is no register.ndjson in . or a folder above it"),
        ("letters/r.yaml", "letters/register.ndjson has no such letter"),
        ("SC-06041", "there is no register.ndjson in . or a folder above it"),
        ("posted/", "cannot find this folder"),
        ("posted", "cannot find this file"),
        ("letters/posted/", "cannot find this folder"),
    ],
)
def test_what_is_no_letter_is_a_problem(
    name: str, told: str, letters: Letters, run: Run, write: Write
) -> None:
    write("r.yaml", "x")
    write("letters/r.yaml", "x")
    code, _, err = outcome(run("sent", name, "--by", "mail"))
    assert (code, err.splitlines()[0]) == (2, f"{name}: {told}")


def test_a_mistyped_reference_is_recognized_by_its_county_and_day(tmp_path: Path, run: Run) -> None:
    maker = RegisterMaker(tmp_path)
    maker.written(place=ADDISON)  # with the end that was typed
    maker.written(place=MARIN, reference="SC-06041-20261102-WXYZ")
    err = outcome(run("sent", "sc-06041-20261102-abcd", "--in", str(tmp_path), "--by", "mail"))[2]
    assert "did you mean 'SC-06041-20261102-WXYZ', Marin County, California?" in err


def test_a_correction_may_name_another_way(letters: Letters, run: Run) -> None:
    run("sent", TO_ICE, "--by", "certified-mail", "--on", "2026-11-22", "--number", NUMBER)
    assert outcome(run("sent", TO_ICE, "--by", "fax", "--correct", "-q"))[0] == 0
    assert sendings("ice") == [("2026-11-22", "fax", None)]
    run("sent", TO_ICE, "--on", "2026-11-23", "--correct", "-q")  # the only sending
    assert sendings("ice") == [("2026-11-23", "fax", None)]


def test_a_correction_replaces_what_went_out_again(letters: Letters, run: Run) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-23", "--again", "-q")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-22", "--correct", "-q")
    assert [day for day, _, _ in sendings("ice")] == ["2026-11-21", "2026-11-22"]


def test_of_several_sendings_a_correction_names_one(letters: Letters, run: Run) -> None:
    for way in ("mail", "email"):
        run("sent", TO_ICE, "--by", way, "-q")
    code, _, err = outcome(run("sent", TO_ICE, "--by", "fax", "--correct"))
    assert (code, events()) == (2, 3)
    assert "recorded as sent by mail on 2026-11-24, and by e-mail on 2026-11-24" in err
    run("sent", TO_ICE, "--by", "email", "--on", "2026-11-23", "--correct", "-q")
    assert [day for day, _, _ in sendings("ice")] == ["2026-11-24", "2026-11-23"]


def test_what_did_not_happen_is_taken_back_and_kept_in_the_register(
    letters: Letters, run: Run
) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-22", "-q")
    run("delivered", TO_ICE, "--on", "2026-11-23", "-q")
    code, _, err = outcome(run("sent", TO_ICE, "--undo", "never mailed"))
    assert (code, "first take it back: optout delivered LETTER --undo REASON" in err) == (1, True)
    run("delivered", TO_ICE, "--undo", "another card", "-q")
    run("answer", TO_ICE, "--reply", "refused", "-q")
    code, _, err = outcome(run("sent", TO_ICE, "--undo", "never mailed"))
    assert (code, "first take it back: optout answer LETTER --undo REASON" in err) == (1, True)
    run("answer", TO_ICE, "--undo", "another letter", "-q")
    assert outcome(run("sent", TO_ICE, "--undo", "never mailed")) == (
        0,
        f"{TO_ICE}\n",
        (
            f"recorded: not sent by mail on 2026-11-22 after all (never mailed): {letters} to"
            f" ICE ({TO_ICE})\n"
            "next: when it goes out, run optout sent; if it never will, add --never REASON\n"
        ),
    )
    assert (sendings("ice"), states()["ice"].delivered, events()) == ([], [], 7)


def test_a_letter_that_will_not_go_out_is_not_to_be_sent_until_it_is_written_again(
    letters: Letters, run: Run, library: Library
) -> None:
    assert outcome(run("sent", TO_ICE, "--never", "thrown away")) == (
        0,
        f"{TO_ICE}\n",
        (
            f"recorded: will not go out (thrown away): {letters} to ICE ({TO_ICE})\n"
            "note: the letter to the State Identification Bureau may say that this one goes out"
            " too: if it is not sent yet, write it again with to: bureau\n"
        ),
    )
    told = f"already recorded: will not go out (thrown away): {letters} to ICE ({TO_ICE})\n"
    assert outcome(run("sent", TO_ICE, "--never", "again"))[2] == told

    def unsent() -> list[str]:
        lines = outcome(run("status", "letters", "--unsent", "--json"))[1].splitlines()
        return [json.loads(line)["recipient"] for line in lines]

    assert unsent() == ["bureau"]
    assert "will not go out,thrown away," in Path("letters/register.csv").read_text("utf-8-sig")
    told = outcome(run("status", "letters"))[1]
    assert told.startswith("2 letters: 1 not sent, 1 not to go out\n")
    row = json.loads(outcome(run("status", "letters", "--json"))[1].splitlines()[1])
    assert (row["step"], row["reason"], row["withdrawn"], row["next"]) == (
        "withdrawn",
        "thrown away",
        None,
        "will not go out (recorded 2026-11-24): thrown away",
    )
    err = outcome(run("sent", "letters", "--by", "mail", "-q"))[2]
    assert (sendings("ice"), err) == (
        [],
        "note: 1 letter in letters that will not go out is not recorded as sent\n",
    )
    code, _, err = outcome(run("sent", TO_BUREAU, "--never", "why"))
    assert (code, "the letter went out: it is recorded as sent" in err) == (1, True)
    assert outcome(run("sent", TO_ICE, "--undo", "found"))[2].startswith(
        f"recorded: is to go out after all (found): {letters} to ICE"
    )
    assert unsent() == ["ice"]
    run("sent", TO_ICE, "--never", "thrown away", "-q")
    write_letters(library, FOLDER, REACHED, ("json",))
    assert unsent() == ["ice"]


def test_a_letter_that_will_not_go_out_counts_again_if_it_is_written_unchanged(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    for command in ("write", "sent", "write"):
        words = ["letters", "--never", "no"] if command == "sent" else ["-f", "txt", "r.yaml"]
        run(command, *words, *(["-o", "letters/"] if command == "write" else []))
    assert "2 letters: 2 not sent" in outcome(run("status", "letters"))[1]


def test_a_letter_that_went_out_is_withdrawn_and_nothing_is_due_until_that_is_taken_back(
    letters: Letters, run: Run
) -> None:
    run("sent", "letters", "--by", "mail", "--on", "2026-11-21", "-q")
    withdraw = ("sent", TO_ICE, "--withdrawn", "the board decided", "--on", "2026-11-22")
    told = f"withdrawn on 2026-11-22 (the board decided): {letters} to ICE ({TO_ICE})\n"
    assert outcome(run(*withdraw)) == (0, f"{TO_ICE}\n", f"recorded: {told}")
    assert outcome(run(*withdraw[:-2]))[2] == f"already recorded: {told}"
    # What is recorded of the letter later does not make it count again.
    run("sent", TO_ICE, "--by", "mail", "--number", NUMBER, "-q")
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-11-23", "-q")
    row = json.loads(outcome(run("status", "letters", "--json"))[1].splitlines()[1])
    assert row["reason"] == "the board decided"
    assert (row["step"], row["withdrawn"], row["answer-due"], row["next"]) == (
        "withdrawn",
        "2026-11-22",
        None,
        "a refusal in writing; withdrawn on 2026-11-22: the board decided",
    )
    assert (
        outcome(run("status", "letters", "--due", "--until", "2027-12-31", "--json"))[1].count(
            '"recipient":"ice"'
        )
        == 0
    )
    page = outcome(run("status", "letters", "-f", "html"))[1]
    assert "withdrawn on 2026-11-22" in page
    assert "the board decided" not in page
    told = outcome(run("answer", TO_ICE, "--reply", "meeting-offered"))[2]
    assert "new --follow" not in told
    code, _, err = outcome(run("new", "--follow", TO_ICE, "--letter", RENEWED, "-o", "r.yaml"))
    assert (code, Path("r.yaml").read_text("utf-8").count("\nto: bureau\n")) == (0, 1)
    assert "goes to the State Identification Bureau alone, since the earlier one to ICE was" in err
    run("sent", "letters", "--withdrawn", "all", "-q")
    code, _, err = outcome(run("new", "--follow", TO_BUREAU, "--letter", RENEWED, "-o", "s.yaml"))
    assert (code, err.splitlines()[0]) == (
        1,
        f"{letters} was withdrawn, so no letter follows it",
    )
    assert outcome(run("new", "--csv", "--follow", "letters", "-o", "n.csv"))[0] == 1
    assert outcome(run("sent", TO_ICE, "--undo", "another letter"))[2].startswith(
        f"recorded: not withdrawn on 2026-11-22 after all (another letter): {letters} to ICE"
    )
    assert (states()["ice"].is_withdrawn, states()["bureau"].is_withdrawn) == (False, True)


def test_what_is_withdrawn_is_the_version_that_went_out(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    options = ("-f", "txt", "-o", "letters/", "-q")
    run("write", "r.yaml", *options)
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-20", "-q")
    write("r.yaml", REQUEST.replace("Pat", "Kim"))
    run("write", "r.yaml", *options, "--supersede", "the wrong signer")
    for named in (TO_ICE, "letters"):
        assert outcome(run("sent", named, "--withdrawn", "why", "-q"))[0] == 0
    steps = [json.loads(it) for it in outcome(run("status", "letters", "--json"))[1].splitlines()]
    told = [(it["step"], it["withdrawn"]) for it in steps if it["recipient"] == "ice"]
    assert told == [("withdrawn", "2026-11-24"), ("unsent", None)]
    err = outcome(run("sent", TO_ICE, "--undo", "why"))[2]
    assert err.startswith("recorded: not withdrawn on 2026-11-24 after all (why)")


def test_a_withdrawn_letter_counts_again_once_it_goes_out_after_that_day(
    letters: Letters, run: Run, library: Library
) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    run("sent", TO_ICE, "--withdrawn", "why", "--on", "2026-11-22", "-q")
    write_letters(library, FOLDER, REACHED, ("json",))  # another format is not another letter
    run("sent", TO_ICE, "--by", "fax", "--on", "2026-11-22", "-q")
    assert states()["ice"].is_withdrawn
    run("sent", TO_ICE, "--by", "mail", "--again", "--on", "2026-11-23", "-q")
    assert not states()["ice"].is_withdrawn


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("sent", "--undo", "why"), "the letter is not recorded as sent"),
        (("sent", "--withdrawn", "why"), "the letter is not recorded as sent"),
        (("sent", "--withdrawn", "why", "--by", "fax"), "--withdrawn says that you withdrew"),
        (("sent", "--withdrawn", "why", "--never", "why"), "--never says that a letter will not"),
        (("sent", "--undo", "why", "--by", "fax"), "the letter is not recorded as sent by fax"),
        (("delivered", "--undo", "why"), "the letter is not recorded as delivered"),
        (("answer", "--undo", "why"), "the letter is not recorded as answered"),
        (("answer", "--correct"), "no answer to the letter is recorded"),
        (("sent", "--undo", " "), "--undo needs a reason"),
        (("sent", "--undo", "why", "--correct"), "--undo takes back what is recorded"),
        (("sent", "--never", " "), "--never needs a reason"),
        (("sent", "--never", "why", "--by", "fax"), "--never says that a letter will not go out"),
    ],
)
def test_only_what_is_recorded_is_taken_back(
    options: tuple[str, ...], told: str, letters: Letters, run: Run
) -> None:
    code, out, err = outcome(run(options[0], TO_ICE, *options[1:]))
    assert (code in (1, 2), out, events()) == (True, "", 1)
    assert told in err


def test_a_row_says_for_itself_that_it_went_out_again_or_corrects(
    letters: Letters, run: Run, write: Write
) -> None:
    run("sent", "letters", "--by", "mail", "--on", "2026-11-21", "-q")
    rows = f"{TO_ICE},mail,2026-11-22,{{}}\n{TO_BUREAU},mail,2026-11-22,correct\n"
    write("sent.csv", "letter,by,on,change\n" + rows.format(""))
    code, _, err = outcome(run("sent", "--from", "sent.csv"))
    assert (code, "write again in a column change of this row" in err) == (3, True)
    write("sent.csv", "letter,by,on,change\n" + rows.format("again"))
    assert outcome(run("sent", "--from", "sent.csv", "-q"))[0] == 0
    assert [[day for day, *_ in sendings(to)] for to in ("ice", "bureau")] == [
        ["2026-11-21", "2026-11-22"],
        ["2026-11-22"],
    ]


def test_a_letter_that_went_out_is_the_same_letter_if_it_is_written_again(
    run: Run, write: Write, in_folder: Path
) -> None:
    letter = ("write", "r.yaml", "-f", "txt", "--to", "ice", "-o", "letters/")
    for day in ("2026-11-20", "2026-11-22", "2026-11-20"):
        write("r.yaml", REQUEST.replace("2026-11-20", day))
        told = outcome(run(*letter))[2]
        for path in map(str, FOLDER.glob("earlier/*-20-*.txt")):
            run("sent", path, "--by", "mail", "--on", "2026-11-21", "-q")
    assert "next: send" not in told
    found = load_register(FOLDER).letters.values()
    assert [(it.is_current, bool(it.sent)) for it in found] == [(True, True), (False, False)]


def test_a_letter_whose_file_is_gone_is_known_by_its_place(letters: Letters, run: Run) -> None:
    for path in (TO_BUREAU, TO_BUREAU.replace("txt", "eml")):
        Path(path).unlink()
    code, _, err = outcome(run("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-21"))
    assert (code, f"{letters} to the State Identification Bureau ({TO_BUREAU})" in err) == (0, True)
    assert sendings("bureau") == [("2026-11-21", "mail", None)]
    code, _, err = outcome(run("sent", TO_BUREAU.replace("bureau", "burea"), "--by", "mail"))
    assert (code, "cannot find this file" in err) == (2, True)


def test_a_folder_of_drafts_is_not_called_sent(library: Library, in_folder: Path, run: Run) -> None:
    write_draft(library, FOLDER)
    assert outcome(run("sent", "letters/", "--by", "mail")) == (
        0,
        "",
        (
            "note: 2 drafts in letters/ are not recorded as sent\n"
            "nothing to record: no signed letter is left to be sent\n"
        ),
    )
    code, _, err = outcome(run("answer", TO_ICE, "--reply", "refused", "--words", "No."))
    assert (code, "a draft cannot be sent" in err) == (1, True)


def test_after_a_correction_nothing_comes_next_that_is_done(letters: Letters, run: Run) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    run("delivered", TO_ICE, "--on", "2026-11-23", "-q")
    correct = run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-22", "--correct")
    assert "next:" not in outcome(correct)[2]


def fill_in(path: str, delimiter: str = ",", **cells: str) -> None:
    """Fill in cells of the last row of register.csv, and write the table as a spreadsheet does."""
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        rows = [*csv.DictReader(stream)]
    rows[-1] |= {name.replace("_", " "): cell for name, cell in cells.items()}
    rows = [row | {"# date": "soon"} for row in rows]
    with Path(path).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[-1]], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def test_the_table_of_the_register_says_what_went_out_once_it_is_filled_in(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/")
    table = "letters/register.csv"
    told = "nothing to record: no row has a new day of sending\n"
    assert outcome(run("sent", "--from", table)) == (0, "", told)
    fill_in(table, sent="2026-11-21", route="certified mail", tracking_number=NUMBER[:-1] + "9")
    before = Path(table).read_bytes()
    code, _, err = outcome(run("sent", "--from", table))
    assert (code, "wrong digit" in err, Path(table).read_bytes()) == (1, True, before)
    fill_in(table, tracking_number=NUMBER)
    code, out, err = outcome(run("sent", "--from", table))
    assert (code, out, "changed by hand" in err) == (0, f"{TO_ICE}\n", False)
    assert sendings("ice") == [("2026-11-21", "certified-mail", NUMBER)]
    assert outcome(run("sent", "--from", table))[2].startswith("already recorded: ")
    fill_in(table, delivered="2026-11-20")
    err = outcome(run("sent", "--from", table))[2]
    assert "delivered: 2026-11-20 is before the day of sending (2026-11-21)\n" in err
    fill_in(table, delivered="2026-11-23")
    err = outcome(run("sent", "--from", table))[2]
    assert "\nrecorded: delivered on 2026-11-23: " in err
    assert "delivered" not in outcome(run("sent", "--from", table))[2]
    for way, day, arrival in (("fax", "2026-11-21", "22"), ("email", "2026-11-22", "24")):
        run("sent", TO_ICE, "--by", way, "--on", day)  # also on the same day: no news in the row
        fill_in(table, delivered=f"2026-11-{arrival}")
        err = outcome(run("sent", "--from", table, "--correct"))[2]
        assert f"recorded: delivered on 2026-11-{arrival}: " in err
    Path("todo.csv").write_text(outcome(run("status", "letters", "--unsent", "--csv"))[1], "utf-8")
    fill_in("todo.csv", ";", sent="2026-11-22", route="hand")
    written = outcome(run("sent", "--from", "todo.csv", "--in", "letters", "-q"))
    assert (written, events()) == ((0, f"{TO_BUREAU}\n", ""), 8)


def test_a_number_that_the_letter_names_is_not_that_of_another_way(
    run: Run, write: Write, in_folder: Path
) -> None:
    bureau, ice = (f"[{{by: certified-mail, number: {it}}}]" for it in (NUMBER, OTHER_NUMBER))
    write("r.yaml", f"{REQUEST}service: {{bureau: {bureau}, ice: {ice}}}\n")
    run("write", "r.yaml", "-f", "txt", "-o", "letters/")
    table = "letters/register.csv"
    fill_in(table, sent="2026-11-21", route="hand")
    run("sent", "--from", table, "-q")
    third = "7020 0000 0000 0000 0010"
    run("sent", TO_BUREAU, "--by", "certified-mail", "--number", third, "-q")
    before = events()
    assert outcome(run("sent", "--from", table))[0] == 0
    assert (sendings("bureau"), sendings("ice"), events()) == (
        [("2026-11-24", "certified-mail", third)],
        [("2026-11-21", "hand", None)],
        before,
    )


def test_two_later_days_are_read_as_excel_writes_them_and_an_answer_is_not_passed_over(
    letters: Letters, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796904000")  # 2026-12-10
    table = "letters/register.csv"
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-30", "-q")
    run("delivered", TO_ICE, "--on", "2026-12-01", "-q")
    fill_in(table, date="11/20/2026", sent="12/2/2026", delivered="12/3/2026", change="correct")
    assert outcome(run("sent", "--from", table))[0] == 0
    state = states()["ice"]
    assert (str(state.sent[0].on), str(state.delivered[0].on)) == ("2026-12-02", "2026-12-03")
    fill_in(table, date="11/20/2026", answered="12/4/2026")
    told = f"note: {table}:9 (row 3): 1 row with a day under answered that is not recorded"
    assert told in outcome(run("sent", "--from", table))[2]
    run("answer", TO_ICE, "--reply", "refused", "--on", "2026-12-04", "-q")
    assert "under answered" not in outcome(run("sent", "--from", table))[2]


@pytest.mark.parametrize(
    ("day", "way", "number"),
    [("11/21/26", "Certified", f"No. {NUMBER}"), ("11/21/2026", "certified mail", NUMBER)],
)
def test_a_table_that_says_the_same_in_other_words_is_not_one_that_somebody_changed(
    day: str, way: str, number: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "--to", "ice", "-f", "txt", "-o", "letters/")
    table = FOLDER / "register.csv"
    with table.open(encoding="utf-8-sig", newline="") as stream:
        header, row = csv.reader(stream)
    cells = dict(zip(header, row, strict=True)) | {"sent": day, "route": way, "date": "11/20/26"}
    cells["tracking number"] = number
    with table.open("w", encoding="utf-8", newline="") as stream:  # as a spreadsheet saves it
        csv.writer(stream, delimiter=";").writerows([header, cells.values()])
    code, out, err = outcome(run("sent", "--from", str(table)))
    assert (code, out, "changed by hand" in err) == (0, f"{TO_ICE}\n", False)
    assert sendings("ice") == [("2026-11-21", "certified-mail", NUMBER)]


def test_a_table_that_somebody_changed_is_kept_and_told_by_each_command(
    letters: Letters, run: Run
) -> None:
    run("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-20")
    table = FOLDER / "register.csv"
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = [it | {"# mine": "rang", "outcome": "done"} for it in csv.DictReader(stream)]
    with table.open("w", encoding="utf-16", newline="") as stream:  # as Excel saves Unicode Text
        writer = csv.DictWriter(
            stream, [it for it in rows[0] if it != "pages"], delimiter="\t", extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    assert outcome(run("sent", "--from", str(table)))[0] == 0
    code, _, err = outcome(run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21"))
    assert (code, f"note: {table} was changed by hand; that table is now" in err) == (0, True)
    assert table.read_text("utf-8-sig").count("rang") == len(rows)


def test_the_table_says_nothing_that_could_not_be_recorded(
    letters: Letters, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(_handle: int, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-20", "-q")
    before = (FOLDER / "register.csv").read_bytes()
    monkeypatch.setattr(journal, "_write", is_full)
    code, out, err = outcome(run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21"))
    assert (code, out, "No space left on device" in err) == (1, "", True)
    assert ((FOLDER / "register.csv").read_bytes(), sendings("ice")) == (before, [])


OTHER = Path("others")
BOTH = ("sent", TO_ICE, str(OTHER / Path(TO_ICE).name), "--by", "mail")
REALLY_WRITE = journal._write


@pytest.fixture
def appended(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Lay a copy of the folder beside it; the disk is full for all events but the first."""
    written: list[bytes] = []
    shutil.copytree(FOLDER, OTHER)

    def write(handle: int, content: bytes) -> None:
        written.append(content)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        REALLY_WRITE(handle, content)

    monkeypatch.setattr(journal, "_write", write)
    return written


def test_letters_in_two_folders_are_recorded_all_or_none(
    appended: list[bytes], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [(at / NAME).read_bytes() for at in (FOLDER, OTHER)]
    code, out, err = outcome(run(*BOTH))
    assert (code, out, "No space left on device" in err, len(appended)) == (1, "", True, 2)
    assert [(at / NAME).read_bytes() for at in (FOLDER, OTHER)] == before
    assert "2026-11-24" not in (FOLDER / "register.csv").read_text("utf-8-sig")
    monkeypatch.setattr(journal, "_write", REALLY_WRITE)
    assert outcome(run(*BOTH))[1].count("\n") == len(BOTH) - 3
    assert [line.event.__struct_config__.tag for line in load_journal(OTHER).lines] == [
        "written",
        "sent",
    ]


@pytest.mark.parametrize("kept", [[], ["card.txt"]])
def test_a_sending_that_fails_leaves_no_scan_but_that_of_another_letter(
    kept: list[str], appended: list[bytes], run: Run
) -> None:
    Path("card.txt").write_text("Received on November 24.", "utf-8")
    for name in kept:
        run("sent", TO_BUREAU, "--by", "mail", "--receipt", name)
        appended.clear()
    code, _, err = outcome(run(*BOTH, "--receipt", "card.txt"))
    assert (code, "No space left on device" in err, len(appended)) == (1, True, 2)
    assert [path.name for at in (FOLDER, OTHER) for path in at.rglob("card*")] == kept


def test_it_is_told_that_register_csv_with_a_wrong_row_records_nothing(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/")
    table = FOLDER / "register.csv"
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, day in zip(rows, ("2026-11-21", "2030-01-01"), strict=True):
        row |= {"sent": day, "route": "mail"}
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    code, out, err = outcome(run("sent", "--from", str(table)))
    assert (code, out, err.splitlines()[-1]) == (
        1,
        "",
        "nothing was recorded: correct these rows, and run the command again",
    )
    assert ": sent: 2030-01-01 is in the future" in err  # as the table calls the column
    assert sendings("bureau") + sendings("ice") == []


def test_a_row_of_register_csv_is_about_its_own_version(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-o", "letters/")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-20", "-q")
    street = "recipients: {ice: {address: {street: 1 New St, city: Reno, state: NV, zip: '89501'}}}"
    write("r.yaml", f"{REQUEST}{street}\n")
    run("write", "r.yaml", "-f", "txt", "-o", "letters/", "--supersede", "it moved")
    with Path("letters/register.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [*csv.DictReader(stream)]
    (new,) = [row for row in rows if row["recipient"] == "ice" and not row["sent"]]
    new |= {"sent": "2026-11-23", "route": "fax"}
    with Path("letters/register.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*new])
        writer.writeheader()
        writer.writerows(rows)
    code, out, err = outcome(run("sent", "--from", "letters/register.csv", "-q"))
    assert (code, TO_ICE in out.splitlines(), err) == (0, True, "")
    by_street = {
        state.letter.address[-2]: [sent.by for sent in state.sent]
        for state in load_register(Path("letters")).letters.values()
        if state.letter.recipient == "ice"
    }
    assert sorted(by_street.values()) == [["fax"], ["mail"]]
    assert by_street["1 New St"] == ["fax"]


def test_the_next_step_says_what_sent_then_needs(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    write("t.csv", "jurisdiction\nmarin-county-ca\n")
    told = outcome(run("write", "r.yaml", "-f", "txt", "-o", "one/"))[2]
    assert "next: record how they went out: optout sent LETTER --by certified-mail\n" in told
    words = ("--to", "ice", "--set", "service.ice.0.by=mail", "-f", "txt", "-o", "said/")
    told = outcome(run("write", "r.yaml", *words))[2]
    assert "next: record that it went out: optout sent LETTER\n" in told
    told = outcome(run("batch", "t.csv", "--common", "r.yaml", "-f", "txt", "-o", "many/"))[2]
    how = "(add --by certified-mail, since the requests do not say how)"
    assert f"next: record what goes out with optout sent {how}; optout status many" in told
    assert outcome(run("sent", "one", "-q"))[2].startswith(
        "--by (one): the letter does not say how"
    )
    write("s.csv", "letter,on\none/2026-11-20-opt-out-ice.txt,2026-11-21\n")
    assert outcome(run("sent", "--from", "s.csv", "-q"))[2] == (
        "s.csv:2: the letter does not say how it went out\n"
        "  hint: fill in the column by (route in register.csv), such as certified-mail, or give"
        " --by for all rows\n"
    )
    assert outcome(run("sent", "many", "--by", "certified-mail", "-q"))[0] == 0
    write("r.yaml", REQUEST + "service: {bureau: [{by: mail}], ice: [{by: hand}]}\n")
    code, _, err = outcome(run("write", "r.yaml", "-f", "txt", "-o", "two/"))
    assert (code, "record how" in err) == (0, False)


def test_a_row_is_told_about_its_own_columns(
    library: Library, in_folder: Path, run: Run, write: Write
) -> None:
    write_letters(library, FOLDER, REACHED)
    rows = f"{TO_ICE},bureau,mail,\n{TO_ICE},,mail,no.jpg\n{TO_ICE},ice,hand,\n"
    write("sent.csv", "letter,recipient,by,receipt\n" + rows)
    code, _, err = outcome(run("sent", "--from", "sent.csv", "-q"))
    assert (code, err.splitlines()) == (
        3,
        [
            (
                f"sent.csv:2: recipient: {TO_ICE}: letters/register.ndjson has this letter only to"
                " the other recipient"
            ),
            "  hint: correct the recipient, or leave its cell empty",
            "sent.csv:3: receipt: no.jpg: cannot find this file",
            "  hint: check the spelling",
        ],
    )


def test_a_way_is_read_in_the_words_that_people_write(letters: Letters, run: Run) -> None:
    missing = "note: no number is recorded: when you have the receipts, add --number to each letter"
    for words, way, notes in (
        ("Certified Mail, R.R.R.", "certified-mail", [missing]),
        ("by FAX", "fax", []),
        ("hand delivered", "hand", []),
    ):
        code, _, err = outcome(run("sent", TO_ICE, "--by", words))
        told = [line for line in err.splitlines() if "number" in line]
        assert (code, told, sendings("ice")[-1][1]) == (0, notes, way)
    code, message = problem(run("sent", TO_ICE, "--by", "registered mail"))
    assert (code, "certified-mail" in message) == (2, True)


def test_the_number_of_another_carrier_goes_with_mail(
    letters: Letters, run: Run, write: Write
) -> None:
    number = "1Z999AA10123456784"
    hint = "another carrier, such as UPS, is by mail: --by mail, or by: mail in a request"
    for way in ("certified mail", "ups", "FedEx"):
        code, _, err = outcome(run("sent", TO_ICE, "--by", way, "--number", number))
        assert (code, hint in err) == (2, True)
    write("sent.csv", f"letter,on,by\n{TO_ICE},2026-11-21,UPS\n")
    assert hint in outcome(run("sent", "--from", "sent.csv"))[2]
    assert outcome(run("sent", TO_ICE, "--by", "mail", "--number", number, "-q"))[0] == 0
    assert sendings("ice")[0][2] == number


def test_the_day_may_be_in_the_words_that_new_takes(letters: Letters, run: Run) -> None:
    _, _, err = outcome(run("sent", TO_ICE, "--by", "mail", "--on", "nov 23"))
    assert "note: --on nov 23 is read as 2026-11-23" in err
    assert sendings("ice") == [("2026-11-23", "mail", None)]


def test_a_day_with_two_readings_is_refused(letters: Letters, run: Run) -> None:
    code, told = problem(run("sent", TO_ICE, "--by", "mail", "--on", "04.03.2026"))
    assert (code, "could be 2026-03-04 or 2026-04-03" in told, sendings("ice")) == (2, True, [])
    _, _, err = outcome(run("sent", TO_ICE, "--by", "mail", "--on", "23.11.2026"))
    assert "note: --on 23.11.2026 is read as 2026-11-23" in err


def test_write_names_no_next_step_for_a_letter_that_was_sent(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    again = ("write", "r.yaml", "-f", "txt", "-o", "letters/")
    run(*again)
    run("sent", TO_BUREAU, "--by", "mail", "--on", "2026-11-20", "-q")
    told = outcome(run(*again))[2]
    assert ("next: send ICE's letter by" in told, "both letters" in told) == (True, False)
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-20", "-q")
    assert "next:" not in outcome(run(*again))[2]
    assert "optout sent" not in outcome(run(*again[:4], "-o", "two/", "--no-register"))[2]


@pytest.mark.usefixtures("in_folder")
def test_a_way_that_the_letter_does_not_name_is_told(library: Library, run: Run) -> None:
    write_letters(library, FOLDER, f"{REACHED}service: {{ice: [{{by: certified-mail}}]}}\n")
    told = outcome(run("sent", TO_ICE, "--by", "hand"))[2]
    assert "note: the letter itself says that it goes by certified mail\n" in told


def test_a_letter_with_its_own_number_again_is_no_second_piece(letters: Letters, run: Run) -> None:
    sent = ("sent", TO_ICE, "--by", "certified-mail", "--number", NUMBER)
    run(*sent, "--on", "2026-11-22", "-q")
    code, _, err = outcome(run(*sent, "--again"))
    assert (code, f"{NUMBER} is the number of" in err) == (2, True)
    assert len(states()["ice"].sent) == 1


def test_a_table_may_have_a_blank_between_the_hashes_of_files(
    letters: Letters, run: Run, write: Write
) -> None:
    hashes = " ".join(file.sha256 for file in states()["ice"].letter.files)
    write("sent.csv", f"letter,on,by,sha256\n{TO_ICE},2026-11-22,mail,{hashes}\n")
    assert outcome(run("sent", "--from", "sent.csv", "--in", "letters", "-q"))[0] == 0
    assert [str(sent.on) for sent in states()["ice"].sent] == ["2026-11-22"]


def test_a_sending_that_is_not_safe_on_the_disk_is_not_recorded(
    letters: Letters, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    Path("card.txt").write_text("Received on November 24.", "utf-8")
    before = (FOLDER / NAME).read_bytes()
    monkeypatch.setattr(os, "fsync", fail)
    code, out, err = outcome(run("sent", TO_ICE, "--by", "mail", "--receipt", "card.txt"))
    assert (code, out, "Input/output error" in err) == (1, "", True)
    assert ((FOLDER / NAME).read_bytes(), [*FOLDER.rglob("card*")]) == (before, [])


def test_an_interrupt_parts_no_sending_from_its_scan(
    letters: Letters, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_sync = os.fsync

    def interrupted(handle: int) -> None:
        really_sync(handle)
        monkeypatch.setattr(os, "fsync", really_sync)
        signal.raise_signal(signal.SIGINT)

    Path("card.txt").write_text("Received on November 24.", "utf-8")
    monkeypatch.setattr(os, "fsync", interrupted)
    run("sent", TO_ICE, "--by", "mail", "--receipt", "card.txt")
    assert [sent.receipt is not None for sent in states()["ice"].sent] == [True]
    assert [path.name for path in FOLDER.rglob("card*")] == ["card.txt"]


@pytest.mark.parametrize(("said", "day"), [("friday", "2026-11-20"), ("11/20", "2026-11-20")])
def test_a_day_of_the_week_is_the_last_one(
    said: str, day: str, run: Run, in_folder: Path, write: Write
) -> None:
    write("r.yaml", REQUEST)
    assert run("write", "r.yaml", "--to", "ice", "-f", "txt", "-o", "l/", "-q").exit_code == 0
    code, _, err = outcome(run("sent", "l", "--by", "mail", "--on", said))
    assert (code, f"on {day}" in err) == (0, True)
