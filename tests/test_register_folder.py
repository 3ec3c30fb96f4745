"""A folder of letters: each letter has its event, and no letter is lost or replaced in silence."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from command_results import LETTERS, Run, Write, lying_in, outcome, paths
from conftest import REQUEST
from run_batch import events
from test_register import AT, WRITTEN

from optout_cli.register.events import LetterFile, Replaced, Sent, WrittenLetter
from optout_cli.register.folder import LetterFolder
from optout_cli.register.journal import JournalWriter, load_journal
from optout_cli.register.state import LetterState, load_register
from optout_cli.register.status import verify

OUT = Path("letters")
BUREAU, ICE = (OUT / name for name in LETTERS)
Written = Callable[..., tuple[int, str, str]]
CHANGE = "signatory.name was 'Pat Placeholder', is 'Kim'"
KIM = ("--set", "signatory.name=Kim")


@pytest.fixture
def written(run: Run, write: Write, in_folder: Path) -> Written:
    """Write the request once; return what runs `optout write r.yaml -f txt -o letters/ ...`."""
    write("r.yaml", REQUEST)

    def call(*options: str) -> tuple[int, str, str]:
        given = () if "-f" in options else ("-f", "txt")
        return outcome(run("write", "r.yaml", *given, "-o", "letters/", *options))

    assert call("-q")[0] == 0
    return call


def states() -> list[LetterState]:
    return list(load_register(OUT).letters.values())


def send(number: int = 1) -> None:
    """Record that one of the letters was sent."""
    with LetterFolder(OUT) as record:
        (key, state) = [*record.register.letters.items()][number]
        sent = Sent(
            at=AT,
            written=key[0],
            recipient=key[1],
            reference=state.written.reference,
            on=date(2026, 11, 25),
            by="mail",
        )
        record.append([sent])


def test_a_request_that_is_written_has_one_event_with_all_its_letters(written: Written) -> None:
    (event,) = events(OUT)
    files = [file for letter in event["letters"] for file in letter["files"]]
    assert [it["path"] for it in files] == LETTERS
    assert [it["sha256"] for it in files] == [
        sha256(it.read_bytes()).hexdigest() for it in (BUREAU, ICE)
    ]
    facts = event["facts"]
    assert (event["event"], event["date"], facts["signatory"]["name"], "cautions" in facts) == (
        "written",
        "2026-11-20",
        "Pat Placeholder",
        False,
    )
    assert written("-q") == (0, paths(*map(str, (BUREAU, ICE))), "")
    assert len(events(OUT)) == 1


def test_a_changed_request_replaces_its_letters_and_keeps_the_old_ones(written: Written) -> None:
    before = [it.read_bytes() for it in (BUREAU, ICE)]
    code, _, err = written(*KIM)
    assert (code, f"replaced: {BUREAU}\nreplaced: {ICE}\n" in err) == (0, True)
    kept = sorted((OUT / "earlier").iterdir())
    assert [it.read_bytes() for it in kept] == before
    assert [(it["path"], it["kept"]) for it in events(OUT)[1:3]] == [
        (name, f"earlier/{it.name}") for name, it in zip(LETTERS, kept, strict=True)
    ]
    assert [it.is_current for it in states()] == [False, False, True, True]


def test_a_new_date_moves_what_did_not_go_out_and_an_old_date_comes_back(
    written: Written,
) -> None:
    """One command records all letters of a folder as sent: two dates must not lie there."""
    send()
    later = [name.replace("2026-11-20", "2026-11-21") for name in LETTERS]

    def lying() -> list[str]:
        return sorted(it.name for it in OUT.iterdir() if it.suffix == ".txt")

    code, _, err = written("--date", "2026-11-21", "--to", "bureau")
    assert (code, f"moved to earlier: {BUREAU}\n" in err) == (0, True)
    assert lying() == [LETTERS[1], later[0]]
    assert written("--to", "bureau")[0] == 0
    assert lying() == LETTERS
    (OUT / LETTERS[0]).write_text("signed", "utf-8")
    assert written("--date", "2026-11-21")[0] == 0
    assert lying() == [*LETTERS, *later]


def test_another_countys_letter_of_the_same_name_is_refused_in_every_format(
    written: Written,
) -> None:
    before = BUREAU.read_bytes()
    hint = "  hint: name another folder with -o, or use --force, which moves it to earlier/\n"
    told = [f"{place}: is a letter of Marin County, CA\n" for place in (BUREAU, ICE)]
    for formats in ("txt", "docx", "txt,json"):
        for more in ((), ("--check",)):
            code, out, err = written("--set", "jurisdiction=06075", "-f", formats, *more)
            assert (code, out, err) == (1, "", told[0] + hint + told[1] + hint)
    assert (BUREAU.read_bytes(), len(events(OUT)), lying_in(OUT)) == (before, 1, LETTERS)
    assert written("--set", "jurisdiction=06075", "-f", "docx", "--force", "-q")[0] == 0
    lying = lying_in(OUT)
    assert lying[:2] == [Path(it).with_suffix(".docx").name for it in LETTERS]
    assert [it.rpartition(".")[2] for it in lying[2:] if it.startswith("earlier/")] == ["txt"] * 2


def test_another_countys_letter_that_was_sent_stays_even_with_force(written: Written) -> None:
    send()
    code, _, err = written("--set", "jurisdiction=06075", "-f", "docx", "--force")
    told = f"{ICE}: is a letter of Marin County, CA\n  hint: name another folder with -o\n"
    assert (code, err) == (1, told)


def test_an_event_is_never_recorded_for_another_countys_letter(written: Written, run: Run) -> None:
    send()
    assert written(*KIM, "--supersede", "a new sheriff", "-q")[0] == 0
    assert written("--set", "jurisdiction=06075", "--force", "-q")[0] == 0
    code, _, err = outcome(run("delivered", str(ICE), "--on", "2026-11-25"))
    assert (code, err.splitlines()[0]) == (1, f"{ICE}: the letter is not recorded as sent")
    assert [len(it.delivered) for it in states()] == [0] * 6


def test_a_letter_that_somebody_changed_is_replaced_only_with_force(written: Written) -> None:
    ICE.write_text("signed\n", "utf-8")
    for options in ((), KIM):
        code, _, err = written(*options)
        assert (code, "was changed after optout wrote it (a signed copy?)" in err) == (1, True)
    assert written("--force", "-q")[0] == 0
    (kept,) = (OUT / "earlier").iterdir()
    moved, again = events(OUT)[-2:]
    assert (kept.read_text("utf-8"), moved["kept"]) == ("signed\n", f"earlier/{kept.name}")
    assert verify(OUT, load_journal(OUT)).problems == ()
    assert [it["path"] for it in again["letters"][0]["files"]] == LETTERS[1:]


def test_a_letter_that_was_sent_is_replaced_only_for_a_reason(written: Written) -> None:
    send()
    before = ICE.read_bytes()
    for options in (KIM, (*KIM, "--force"), (*KIM, "-f", "json"), (*KIM, "--check")):
        code, _, err = written(*options)
        told = f"{ICE}: was sent on 2026-11-25, and the letter would read differently now"
        what = f"({CHANGE})\n"
        hint = "  hint: give the changed letter a new date, or add --supersede 'REASON'\n"
        assert (code, err) == (1, f"{told} {what}{hint}")
    assert written(*KIM, "--date", "2026-11-21", "-q")[0] == 0
    assert ICE.read_bytes() == before
    assert written(*KIM, "--supersede", "a new sheriff", "-q")[0] == 0
    assert (events(OUT)[-1]["reason"], ICE.read_bytes() != before) == ("a new sheriff", True)
    assert before in [it.read_bytes() for it in (OUT / "earlier").iterdir()]


def test_a_format_written_later_says_the_same_or_is_refused(written: Written) -> None:
    code, _, err = written(*KIM, "-f", "json")
    assert (code, err.splitlines()[:2]) == (
        1,
        [
            f"{BUREAU}: was written with other facts: {CHANGE}",
            "  hint: give the letter a new date, or write it again in all its formats: -f txt,json",
        ],
    )
    assert lying_in(OUT) == LETTERS
    assert written("-f", "json", "-q")[0] == 0
    assert [len(it.letter.files) for it in states()] == [2, 2]
    assert written(*KIM, "-f", "txt,json", "-q")[0] == 0
    assert [it.is_current for it in states()] == [False, False, True, True]
    assert written("-f", "txt", "--force", "-q")[0] == 0
    assert lying_in(OUT)[:2] == LETTERS


def test_an_address_for_another_route_is_no_change(written: Written) -> None:
    mail = "--set=recipients.ice.fax=415-555-0100"
    assert written(mail, "--to", "ice", "-f", "fax", "-q")[0] == 0
    (ice,) = (it for it in states() if it.letter.recipient == "ice")
    assert [it.format for it in ice.letter.files] == ["txt", "fax"]


def test_own_words_are_named_passage_by_passage(written: Written, write: Write) -> None:
    write("r.yaml", f"{REQUEST}wording: {{closing: 'Sincerely,'}}\n")
    code, _, err = written("-f", "json")
    assert (code, err.count("facts: wording.closing was not there, is 'Sincerely,'\n")) == (1, 2)


def test_check_says_what_would_happen_and_writes_nothing(written: Written) -> None:
    before = lying_in(OUT), len(events(OUT))
    code, out, err = written("--check")
    assert (code, out) == (0, f"unchanged: {BUREAU}\nunchanged: {ICE}\n")
    assert "note: call ICE before sending: address from an official source (2026-02-04)" in err
    assert written("--check", *KIM)[:2] == (0, f"replaced: {BUREAU}\nreplaced: {ICE}\n")
    new = OUT / LETTERS[1].replace("txt", "json")
    assert written("--check", "--to", "ice", "-f", "json")[:2] == (0, f"new: {new}\n")
    _, out, _ = written("--check", "--to", "ice", "--json")
    assert json.loads(out) == {"schema": 1, "path": str(ICE), "would-be": "unchanged"}
    changed = written("--check", "--no-register", *KIM)
    assert (changed[0], changed) == (1, written("--no-register", *KIM))
    ICE.write_text("signed\n", "utf-8")
    assert written("--check")[0] == 1
    assert (lying_in(OUT), len(events(OUT))) == before


def test_without_a_register_no_evidence_is_kept_so_that_its_folder_may_be_a_link(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("act.txt", "the act")
    write("r.yaml", f"{REQUEST}enclosures: [{{title: The act, file: act.txt}}]\n")
    (in_folder / "evidence").symlink_to(in_folder)
    words = ("write", "r.yaml", "-f", "txt", "--to", "ice", "-q")
    options = (("--no-register", "--check"), ("--no-register",), ("--check",))
    assert [outcome(run(*words, *each))[0] for each in options] == [0, 0, 1]


def test_standard_output_and_no_register_keep_none(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    words = ("write", "r.yaml", "-f", "txt", "--to", "ice", "-q")
    assert outcome(run(*words, "-o", "-"))[0] == 0
    assert [it.name for it in in_folder.iterdir()] == ["r.yaml"]
    assert outcome(run(*words, "--no-register"))[0] == 0
    assert outcome(run(*words, "--no-register"))[0] == 0
    assert outcome(run(*words, "--no-register", *KIM))[0] == 1
    assert not (in_folder / "register.ndjson").exists()
    usage = outcome(run(*words, "-o", "-", "--check"))
    assert (usage[0], "--check is about files" in usage[2]) == (2, True)


def test_a_full_disk_leaves_neither_letter_nor_event(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = below()

    def fails(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("optout_cli.register.journal.os.write", fails)
    code, _, err = written(*KIM)
    told = "letters/register.ndjson: cannot be written: No space left on device\n"
    assert (code, err) == (1, told)
    assert below() == before


def test_where_a_letter_cannot_get_its_name_its_event_is_taken_back(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = below()
    place = OUT / LETTERS[1].replace("20", "21", 2).replace("2126", "2026")
    whole = Path.replace

    def fails(temporary: Path, path: Path) -> Path:
        if path == place:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return whole(temporary, path)

    monkeypatch.setattr(Path, "replace", fails)
    code, _, err = written("--date", "2026-11-21")
    assert (code, err) == (1, f"{place}: cannot be written: Permission denied\n")
    copies = OUT / "earlier"  # of the letters of the date before, which are still in place
    assert sorted(it.read_bytes() for it in copies.iterdir()) == sorted(
        it.read_bytes() for it in (BUREAU, ICE)
    )
    assert {path: it for path, it in below().items() if str(copies) not in path} == before
    assert load_journal(OUT).problems == ()


def below() -> dict[str, bytes]:
    return {str(it): it.read_bytes() for it in OUT.rglob("*") if it.is_file()}


def stage(path: str, content: bytes, *, is_recorded: bool) -> LetterFile:
    """Leave what a command leaves that is killed before its file has its name."""
    own = OUT / ".optout"
    own.mkdir(parents=True, exist_ok=True)
    (own / f".{Path(path).name}.0123456789ab").write_bytes(content)
    digest = sha256(content).hexdigest()
    file = LetterFile(path=path, format="txt", bytes=len(content), sha256=digest)
    if is_recorded:
        letter = WrittenLetter(recipient="ice", office="o", address=("ICE",), files=(file,))
        writer = JournalWriter(OUT, load_journal(OUT))
        writer.append([msgspec.structs.replace(WRITTEN, letters=(letter,))])
        writer.close()
    return file


def test_a_file_that_the_register_has_gets_its_name_after_a_kill(in_folder: Path) -> None:
    stage("CA/marin/a.txt", b"letter\n", is_recorded=True)
    with LetterFolder(OUT):
        assert (OUT / "CA/marin/a.txt").read_bytes() == b"letter\n"
    assert lying_in(OUT) == ["CA/marin/a.txt"]


def test_without_the_register_a_file_that_it_has_waits_for_its_name(in_folder: Path) -> None:
    stage("a.txt", b"letter\n", is_recorded=True)
    with LetterFolder(OUT, has_register=False):
        pass
    with LetterFolder(OUT):
        assert (OUT / "a.txt").read_bytes() == b"letter\n"


def test_a_file_that_the_register_does_not_have_is_removed_after_a_kill(in_folder: Path) -> None:
    stage("a.txt", b"letter\n", is_recorded=False)
    with LetterFolder(OUT) as record:
        assert record.register.letters == {}
    assert lying_in(OUT) == []


def test_what_stands_in_the_place_is_kept_where_a_kill_is_made_good(in_folder: Path) -> None:
    stage("a.txt", b"letter\n", is_recorded=True)
    (OUT / "a.txt").write_bytes(b"scan\n")
    with LetterFolder(OUT):
        pass
    (kept,) = (OUT / "earlier").iterdir()
    assert ((OUT / "a.txt").read_bytes(), kept.read_bytes()) == (b"letter\n", b"scan\n")


def test_a_move_to_earlier_is_finished_after_a_kill(in_folder: Path) -> None:
    file = stage("a.txt", b"letter\n", is_recorded=True)
    with LetterFolder(OUT) as record:
        (OUT / "earlier").mkdir()
        (OUT / "earlier" / "a.0.txt").hardlink_to(OUT / "a.txt")
        moved = Replaced(at=AT, path="a.txt", kept="earlier/a.0.txt", sha256=file.sha256)
        record.append([moved])
    with LetterFolder(OUT):
        assert lying_in(OUT) == ["earlier/a.0.txt"]


HOLD = """\
import sys, time
from pathlib import Path
from optout_cli.register.folder import LetterFolder
with LetterFolder(Path("letters")):
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize(("seconds", "code"), [("0.4", 0), ("9", 1)])
def test_write_waits_a_little_for_another_command(
    seconds: str, code: int, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    if code:
        monkeypatch.setattr("optout_cli.register.folder.WAIT", 0.1)
    words = (sys.executable, "-c", HOLD, seconds)
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        ended, _, err = written("-q", *KIM)
        other.kill()
    told = "letters: another command is writing to this folder\n" if code else ""
    assert (ended, err.partition("  hint")[0]) == (code, told)


def test_in_a_script_sent_waits_long_for_another_command(
    written: Written, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout_cli.cli.record.WAIT", 0)
    written("-q", *KIM)
    with subprocess.Popen((sys.executable, "-c", HOLD, "0.4"), stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        assert outcome(run("sent", "letters/", "--by", "mail", "-q"))[0] == 0


@pytest.mark.parametrize("command", [("write", "r.yaml"), ("batch", "n.csv")])
def test_a_letter_is_superseded_only_for_a_reason(command: tuple[str, ...], run: Run) -> None:
    code, _, err = outcome(run(*command, "--supersede", " "))
    assert (code, "--supersede needs a reason" in err) == (2, True)


def test_the_register_keeps_the_words_of_each_note_once(written: Written) -> None:
    (event,) = events(OUT)
    kept = [(note["code"], note.get("recipient")) for note in event["notes"]]
    codes = {code for letter in event["letters"] for code in letter["notes"]}
    assert ({code for code, _ in kept}, kept.count(("period", None))) == (codes, 1)
    assert [party for code, party in kept if code == "contact"] == ["bureau", "ice"]


def test_the_register_keeps_where_the_address_of_each_copy_is_from(written: Written) -> None:
    (copy,) = events(OUT)[0]["facts"]["copies"]
    assert (copy["address"]["city"], copy["source"]["kind"]) == ("Washington", "official")


def test_what_was_sent_is_not_replaced_without_the_register_either(written: Written) -> None:
    send()
    code, _, err = written(*KIM, "--no-register", "--force")
    assert (code, "was sent on" in err) == (1, True)
