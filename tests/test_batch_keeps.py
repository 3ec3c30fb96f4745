"""A batch never loses a letter: one that it replaces or no longer gives moves to `earlier`."""

import random
import signal
from hashlib import sha256
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from run_batch import COMMON, FILES, HEADER, ROWS, Batch, current, records
from run_processes import start, wait_for_lines

from optout_cli.register.state import load_register

# Many batches, with code that others cover.
pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("with_typst")]

TEXAS = [f"48{number:03}" for number in range(1, 131, 2)]
PARTIES = ("bureau", "ice")
ADDISON = Path("out/VT/addison-county-vt")


def hashes(folder: Path = Path("out")) -> set[str]:
    """Return the SHA-256 of every letter below the folder."""
    return {sha256(it.read_bytes()).hexdigest() for it in folder.rglob("*.txt") if it.is_file()}


def earlier(folder: Path = Path("out")) -> list[str]:
    """Return the names of the files in all folders `earlier`, without a part of their hash."""
    names = (it.name for it in folder.rglob("earlier/*"))
    return sorted(f"{it.split('.')[0]}.{it.rpartition('.')[2]}" for it in names)


def moved(err: str) -> list[str]:
    """Return the paths that the batch reports as replaced, and then those moved."""
    words = ("replaced: ", "moved to earlier: ")
    return [it[len(word) :] for word in words for it in err.splitlines() if it.startswith(word)]


def kept(err: str) -> list[str]:
    """Return the reasons why the batch keeps files, with their paths."""
    words = "kept, since "
    return [it.removeprefix(words) for it in err.splitlines() if it.startswith(words)]


def test_no_step_of_a_long_story_loses_a_letter(
    batch: Batch, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(table: str, *options: str, name: str = "n.csv", count: int, code: int = 0) -> str:
        before = hashes()
        ended, _, err = batch(*options, table=table, name=name)
        assert (ended, len(hashes() - before), before - hashes()) == (code, count, set())
        return err

    write("common.yaml", "letter: secure-communities/opt-out\n")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    columns = "jurisdiction,signatory.name,signatory.title,date,service.ice.0.by\n"
    rows = [f"{it},Pat,Sheriff,," for it in TEXAS]
    step(columns + "\n".join(rows[:60]), count=120)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795600000")
    said = moved(step(columns + "\n".join(rows), count=130))
    assert said[0] == "out/TX/anderson-county-tx/2026-11-18-opt-out-bureau.txt"
    assert (len(said), said[5]) == (6, "115 more files")
    rows[0] = "48001,Pat,Sheriff,2026-12-01,"  # a changed date
    said = moved(step(columns + "\n".join(rows), count=2))
    assert said == [f"out/TX/anderson-county-tx/2026-11-25-opt-out-{it}.txt" for it in PARTIES]
    rows[1] = "48003,Pat,Sheriff,,fax"  # rejected: no fax number is known
    err = step(columns + "\n".join(rows), count=0, code=3)
    assert (moved(err), kept(err)) == (
        [],
        [
            f"its row is rejected now: out/TX/andrews-county-tx/2026-11-25-opt-out-{it}.txt"
            for it in PARTIES
        ],
    )
    rejects = Path("out/rejects.csv").read_text("utf-8-sig")
    mended = rejects.replace(",fax\r", ",\r").replace(",fax\n", ",\n").replace("Pat", "Kim")
    step(mended, name="out/rejects.csv", count=2)
    rows[1] = "48003,Lee,Sheriff,,"  # a new sheriff, also of a row that was rejected once
    assert len(moved(step(columns + "\n".join(rows), count=2))) == 2
    second = columns + "48005,Zoe,Chief,,\n48131,Zoe,Chief,,\n"
    assert "file-exists" in batch("--check", name="second.csv", table=second)[1]
    step(second, name="second.csv", count=2, code=3)
    assert len(moved(step(second, "--force", name="second.csv", count=2))) == 2
    assert len(current(Path("out/TX"))) == 132


def test_a_replaced_letter_keeps_its_name_and_part_of_its_hash(batch: Batch) -> None:
    batch()
    old = Path(FILES[0]).read_bytes()
    code, _, err = batch(table=HEADER + ROWS.replace("50001,Pat", "50001,Kim"))
    assert (code, moved(err)) == (0, FILES[:2])
    name = f"2026-11-20-opt-out-bureau.{sha256(old).hexdigest()[:12]}.txt"
    assert (ADDISON / "earlier" / name).read_bytes() == old
    assert [it["path"] for it in records()] == FILES
    assert batch("-q") == (0, "", "")
    assert "moved" not in batch("-q", table=HEADER + ROWS)[2]


def test_a_letter_that_comes_back_is_kept_once(batch: Batch) -> None:
    for name in ("Pat", "Kim", "Pat", "Kim", "Pat"):
        assert batch("-q", table=f"{HEADER}50001,{name},Sheriff\n")[0] == 0
    assert earlier() == sorted(2 * [Path(it).name for it in FILES[:2]])


def test_a_text_that_only_became_longer_is_another_letter(batch: Batch) -> None:
    table = HEADER.replace("\n", ",cc.0.name,cc.0.title\n")
    batch(table=f"{table}50001,Pat,Sheriff,,\n")
    before = hashes()
    place = Path(FILES[0])
    longer = place.read_bytes() + b"more\n"
    batch(table=f"{table}50001,Pat,Sheriff,Sam,Clerk\n")
    assert before <= hashes()
    assert not place.read_bytes().startswith(longer)


def test_force_keeps_a_letter_that_was_signed(batch: Batch) -> None:
    batch()
    Path(FILES[0]).write_bytes(b"signed\n")
    assert moved(batch("--force")[2]) == [FILES[0]]
    assert [it.read_bytes() for it in (ADDISON / "earlier").iterdir()] == [b"signed\n"]


def test_a_draft_keeps_the_final_letter(batch: Batch) -> None:
    batch()
    before = hashes()
    assert moved(batch("--draft", "--to", "ice")[2]) == FILES[1::2]
    assert before <= hashes()


def test_new_addresses_keep_the_letter_to_the_old_one(batch: Batch, write: Write) -> None:
    batch()
    before = hashes()
    write("own.yaml", "states: {VT: {bureau: {attention: Chief}}}\n")
    assert moved(batch("--data", "own.yaml")[2]) == [*FILES[:5], "1 more file"]
    assert before <= hashes()


TAKEN = (
    f"march.csv:2 (50001): would replace {FILES[0]} and 1 more, written from n.csv:2\n"
    "  hint: name another folder with -o, or use --force, which moves it to earlier/\n"
)
MARCH = f"{HEADER}50001,Kim,Sheriff\n50003,Pat,Sheriff\n50007,Kim,Sheriff\n"


def test_another_tables_letter_of_the_same_name_is_a_problem(batch: Batch) -> None:
    batch()
    before = current(Path("out/VT"))
    code, out, err = batch("--check", "-q", table=MARCH, name="march.csv")
    assert (code, out, err) == (
        1,
        TAKEN + "3 requests: 2 can be written (4 files), 1 cannot\n        1  file-exists\n",
        "",
    )
    said = TAKEN + "nothing was written, because of --fail-fast\n"
    assert batch("--fail-fast", name="march.csv") == (1, "", said)
    for _ in range(2):
        code, _, err = batch(name="march.csv")
        assert (code, err.startswith(TAKEN), "1 request kept as before\n" in err) == (3, True, True)
        assert (before.items() <= current(Path("out/VT")).items(), earlier()) == (True, [])
        assert not Path("out/rejects.csv").exists()
    assert batch("-q") == (0, "", "")
    code, _, err = batch("--force", name="march.csv")
    assert (code, moved(err)) == (0, FILES[:2])


def test_a_table_is_the_same_one_from_wherever_it_is_given(
    batch: Batch, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch()
    row = HEADER + ROWS.replace("50001,Pat", "50001,Kim")
    assert moved(batch(table=row, name="./n.csv")[2]) == FILES[:2]
    monkeypatch.chdir("out")
    row = "jurisdiction,signatory.name,signatory.title,date\n50001,Kim,Sheriff,2026-11-21\n"
    Path("../n.csv").write_text(row, "utf-8")
    words = ("--common", "../common.yaml", "-f", "txt", "-o", ".")
    code, _, err = outcome(run("batch", "../n.csv", *words))
    assert (code, moved(err)) == (0, [it[4:] for it in FILES[:2]])


def test_no_hint_offers_to_replace_another_tables_letter_that_was_sent(
    run: Run, batch: Batch
) -> None:
    batch("-q")
    run("sent", "out/", "--by", "mail", "-q")
    assert batch("-q", table=MARCH, name="march.csv")[2] == TAKEN.replace(
        "use --force, which moves it to earlier/", "give the changed letter a new date"
    )


def test_the_letter_of_another_program_in_the_same_place_is_a_problem(batch: Batch) -> None:
    batch()
    register = Path("out/register.ndjson")
    lines = register.read_text("utf-8")
    lines = lines.replace("secure-communities/opt-out", "another/opt-out")
    register.write_text(lines.replace('"fingerprint":"', '"fingerprint":"0'), "utf-8")
    before = current(Path("out/VT"))
    code, _, err = batch()
    assert (code, err.count("would replace out/VT/"), current(Path("out/VT"))) == (3, 3, before)


def test_a_corrected_reject_replaces_its_own_tables_letter_and_no_others(batch: Batch) -> None:
    batch()
    batch("-q", name="march.csv", table=f"{HEADER}50007,Pat,Sheriff\n")
    batch("-q", table=f"{HEADER}50001,Pat,\n50007,Pat,\n")
    rejects = Path("out/rejects.csv").read_text("utf-8-sig")
    mended = rejects.replace("50001,Pat,", "50001,Kim,Sheriff").replace("07,Pat,", "07,Kim,Chief")
    for name in ("out/rejects.csv", "mended.csv"):
        code, _, err = batch(name=name, table=mended.replace("Kim", name[:3]))
        assert (code, err.count("would replace"), moved(err)) == (3, 1, FILES[:2])
        assert f"{name}:3 (50007): would replace out/VT/chittenden-county-vt/" in err
    before = hashes()
    code, _, err = batch(table=f"{HEADER}50001,Lee,Sheriff\n")
    assert (code, moved(err)[:2], before - hashes()) == (0, FILES[:2], set())


def test_rejects_that_nobody_has_changed_move_as_well(batch: Batch) -> None:
    batch(table=f"{HEADER}nowhere,Pat,Sheriff\n")
    rejects = Path("out/rejects.csv").read_bytes()
    assert "out/rejects.csv" in moved(batch(table=f"{HEADER}anywhere,Pat,Sheriff\n")[2])
    second = Path("out/rejects.csv").read_bytes()
    assert "out/rejects.csv" in moved(batch(table=HEADER + ROWS)[2])
    kept = sorted(it.read_bytes() for it in Path("out/earlier").iterdir())
    assert (kept, Path("out/rejects.csv").exists()) == (sorted([rejects, second]), False)


def test_check_says_what_would_be_replaced_moved_and_kept(batch: Batch, run: Run) -> None:
    batch()
    run("sent", FILES[4], FILES[5], "--by", "mail", "--on", "2026-11-20")
    before = lying_in(Path("out"))
    table = "jurisdiction,signatory.name,signatory.title,date\n"
    table += "50001,Kim,Sheriff,\n50003,Pat,Sheriff,2026-11-19\n50005,Alex,Sheriff,2026-11-19\n"
    out = batch("--check", table=table)[1]
    stay = [f"kept, since it was sent: {it}" for it in FILES[4:]]
    assert [it for it in out.splitlines() if it.startswith(("would ", "kept"))] == [
        *(f"would replace, and move the old file to earlier: {it}" for it in FILES[:2]),
        *(f"would move to earlier: {it}" for it in FILES[2:4]),
        *stay,
    ]
    assert lying_in(Path("out")) == before
    assert [it for it in batch()[2].splitlines() if it.startswith("kept")] == stay
    assert "would" not in batch("--check")[1]


def test_no_letter_moves_without_one_to_the_same_recipient(run: Run, batch: Batch) -> None:
    changed, first, second = "date=2026-11-21", "-f txt --to bureau", "-f txt --to ice"

    def asked(options: str, *values: str) -> tuple[int, str, str]:
        words = ("batch", "n.csv", "--common", "common.yaml", "-j1", *options.split())
        return outcome(run(*words, *(word for it in values for word in ("--set", it))))

    asked(first)
    before = current(Path("out/VT"))
    stay = (
        f"no new letter replaces {len(before)} file{'s' * (len(before) > 1)} from an older request"
    )
    assert stay in asked(f"{second} --check", changed)[1]
    code, _, err = asked(second, changed)
    assert (code, moved(err), err.count(stay)) == (0, [], 1)
    assert before.items() <= current(Path("out/VT")).items()
    asked(first, changed, "date=2026-11-22")
    assert not before.items() & current(Path("out/VT")).items()


REJECTED = {
    "without a title": ("50001,Pat,,", "its row is rejected now"),
    "with a problem of the letter": ("50001,Pat,Sheriff,fax", "its row is rejected now"),
    "of an unknown county": (
        "Nowhere,Pat,Sheriff,",
        "its row is rejected now, or no longer in n.csv",
    ),
    "with too many cells": ("50001,Pat,Sheriff,,more", "its row is rejected now"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_the_letters_of_a_row_that_is_rejected_now_stay(batch: Batch, case: str) -> None:
    row, why = REJECTED[case]
    header = HEADER.replace("\n", ",service.ice.0.by\n")
    batch(table=f"{header}50001,Pat,Sheriff,\n")
    before = current(Path("out/VT"))
    told = [f"{why}: {path}" for path in FILES[:2]]
    table = f"{header}{row}\n50003,Pat,Sheriff,\n"
    assert kept(batch("--check", table=table)[1]) == told
    code, _, err = batch()
    assert (code, kept(err), moved(err), "no longer has" in err) == (3, told, [], False)
    assert before.items() <= current(Path("out/VT")).items()


@pytest.mark.parametrize("form", ["txt", "pdf"])
def test_check_refuses_what_the_batch_refuses(run: Run, batch: Batch, form: str) -> None:
    words = ("batch", "n.csv", "--common", "common.yaml", "-f", form, "-j1")
    outcome(run(*words))
    signed, foreign, torn, same = (Path(FILES[it].replace("txt", form)) for it in (0, 2, 3, 4))
    signed.write_bytes(b"signed\n")
    register = Path("out/register.ndjson")
    lines = register.read_text("utf-8").splitlines(keepends=True)
    register.write_text("".join(it for it in lines if str(foreign)[4:] not in it), "utf-8")
    foreign.write_bytes(b"another's\n")
    torn.write_bytes(torn.read_bytes()[:99])
    same.write_bytes(b"signed\n")
    Path("n.csv").write_text(HEADER + ROWS.replace("50001,Pat", "50001,Kim"), "utf-8")
    before = lying_in(Path("out"))
    code, told, _ = outcome(run(*words, "--check"))
    assert (code, lying_in(Path("out"))) == (1, before)
    assert ("2 cannot" in told, "its row is rejected now" in told) == (True, False)
    code, _, err = outcome(run(*words))
    problems = [it for it in err.splitlines() if it.startswith("out/VT/")]
    assert (code, [it.partition(": ")[0] for it in problems]) == (3, [str(signed), str(foreign)])
    assert [it for it in told.splitlines() if it.startswith("out/VT/")] == problems


def test_a_row_that_cannot_be_put_in_place_keeps_its_old_letter_there(batch: Batch) -> None:
    batch()
    before = hashes()
    (ADDISON / "2026-11-21-opt-out-ice.txt").mkdir()
    dated = HEADER.replace("\n", ",date\n")
    code, _, err = batch(table=f"{dated}50001,Pat,Sheriff,2026-11-21\n")
    assert (code, "is a folder where a letter must be" in err, moved(err)) == (3, True, [])
    assert Path(FILES[0]).exists()
    assert before <= hashes()


def test_a_table_of_letters_with_notes_of_ones_own_is_kept(batch: Batch) -> None:
    batch()
    table = Path("out/register.csv")
    noted = table.read_bytes() + b"sent on Monday\r\n"
    table.write_bytes(noted)
    assert (moved(batch()[2]), table.read_bytes()) == ([], noted)
    assert "out/register.csv was changed by hand" in batch("-f", "txt,json")[2]
    assert [it.read_bytes() for it in Path("out/earlier").iterdir()] == [noted]
    assert "changed by hand" not in batch("-f", "txt,html")[2]


def test_a_file_to_print_keeps_the_one_of_before(batch: Batch) -> None:
    words = ("-f", "pdf", "--to", "ice", "--print", "all.pdf")
    table = f"{HEADER}50001,Pat,Sheriff\n"
    batch(*words, table=table)
    before = Path("all.pdf").read_bytes()
    assert moved(batch(*words)[2]) == []
    assert moved(batch(*words, table=table.replace("Pat", "Kim"))[2])[-1:] == ["all.pdf"]
    assert [it.read_bytes() for it in Path("earlier").iterdir()] == [before]


def test_write_and_guide_keep_what_force_replaces(run: Run, in_folder: Path, write: Write) -> None:
    write("letters/2026-11-20-opt-out-ice.txt", "signed\n")
    words = ("write", "50001", "--date", "2026-11-20", "--to", "ice", "-f", "txt")
    assert "which moves this file to earlier/" in outcome(run(*words, "-o", "letters/"))[2]
    code, _, err = outcome(run(*words, "-o", "letters/", "--force"))
    assert (code, moved(err)) == (0, ["letters/2026-11-20-opt-out-ice.txt"])
    (kept,) = Path("letters/earlier").iterdir()
    assert kept.read_text("utf-8") == "signed\n"
    assert moved(outcome(run(*words, "-o", "letters/", "--force"))[2]) == []
    write("guide.txt", "notes\n")
    assert moved(outcome(run("guide", "50001", "-o", "guide.txt", "--force"))[2]) == ["guide.txt"]


def test_a_batch_killed_at_any_instant_has_lost_no_earlier_letter(batch: Batch) -> None:
    words = ("batch", "n.csv", "--common", "common.yaml", "-f", "txt", "-q", "-j1")
    dated = HEADER.replace("\n", ",date\n")
    instants = random.Random(7)
    ids = [f"50{number:03}" for number in range(1, 20, 2)]
    batch(table=dated + "".join(f"{id},Pat,Sheriff,\n" for id in ids))
    register, killed = Path("out/register.ndjson"), 0
    for number in range(4):
        before, known = hashes(), len(register.read_bytes().splitlines())
        day = "2026-11-21" if number % 3 else ""
        rows = "".join(f"{id},Kim {'I' * number},Sheriff,{day}\n" for id in ids)
        Path("n.csv").write_text(dated + rows, "utf-8")
        process = start(*words)
        count = known + instants.randrange(1, len(ids))
        wait_for_lines(register, count, process)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert before <= hashes()
    before = hashes()
    assert batch("-q")[0] == 0
    assert (before <= hashes(), killed > 1) == (True, True)
    assert {str(it["path"])[4:] for it in records()} == current(Path("out")).keys()


NEW_STREET = (
    'address: {street: [1 New Street], city: Waterbury, state: VT, zip: "05671"}, envelope: []'
)


def test_a_letter_that_was_sent_stays_when_its_office_is_only_confirmed_or_moves(
    run: Run, batch: Batch, write: Write
) -> None:
    batch()
    assert outcome(run("sent", "out", "--by", "certified-mail", "--on", "2026-11-21"))[0] == 0
    letters = {path: Path(path).read_bytes() for path in FILES}

    def again(bureau: str, *options: str) -> tuple[int, str, list[str]]:
        write("own.yaml", f"states: {{VT: {{bureau: {{{bureau}}}}}}}\n")
        code, out, err = batch("--data", "own.yaml", *options)
        assert {it: Path(it).read_bytes() for it in letters} == letters
        return code, out, [it for it in err.splitlines() if "the data now has" in it]

    note = (
        "note: the data now has another address or office for 3 sent letters, which will not be"
        f" changed: {FILES[0]} and 2 more; to write there too, use another date"
    )
    assert again("verified: 2026-11-22") == (0, "", [])
    assert again(NEW_STREET) == (0, "", [note])
    assert note in again(NEW_STREET, "--check")[1]
    code, out, _ = again(NEW_STREET, "--set", "signatory.title=Undersheriff")
    assert (code, out) == (3, "")


def test_a_sent_letter_is_written_in_another_format_as_its_hint_says(
    run: Run, write: Write, in_folder: Path
) -> None:
    request = "jurisdiction: 50001\nsignatory: {name: Pat, title: Sheriff}\n" + COMMON
    write("r.yaml", request)
    run("write", "r.yaml", "-f", "txt", "-o", "out/")
    run("sent", "out", "--by", "certified-mail", "--on", "2026-11-21")
    write("own.yaml", f"states: {{VT: {{bureau: {{{NEW_STREET}}}}}}}\n")
    html = ("write", "r.yaml", "-f", "html", "-o", "out/", "--data", "own.yaml")
    code, _, err = outcome(run(*html))
    told, _, lines = err.partition("; to write it as it went out, add to its request: ")
    assert (code, "or add --supersede 'REASON'" in told) == (1, True)
    assert "was sent on 2026-11-21, and the data has another address or office now" in told
    write("r.yaml", request + lines)
    assert outcome(run(*html))[0] == 0
    assert len(load_register(Path("out")).letters) == 2


def test_a_request_that_names_another_office_is_no_corrected_address(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", "jurisdiction: 06041\nsignatory: {name: Pat, title: Sheriff}\n" + COMMON)
    letter = ("write", "r.yaml", "-f", "txt", "-o", "out/", "--to", "ice")
    run(*letter)
    run("sent", "out", "--by", "mail", "--on", "2026-11-21")
    code, _, err = outcome(run(*letter, "--set", "recipients.ice.office=ero-los-angeles"))
    told = "(recipients.ice.organization.2 was 'San Francisco Field Office', is 'Los Angeles Field"
    assert (code, told in err, "as it went out" in err) == (1, True, False)


def test_check_counts_only_the_files_whose_bytes_would_change(batch: Batch, write: Write) -> None:
    batch()
    write("own.yaml", f"states: {{VT: {{bureau: {{{NEW_STREET}}}}}}}\n")
    assert "files: 0 new, 3 unchanged, 3 replaced" in batch("--check", "--data", "own.yaml")[1]
    code, out, err = batch("--data", "own.yaml")
    assert (code, out.splitlines(), moved(err)) == (0, FILES[::2], FILES[::2])
    assert "3 files written to out/" in err


def test_two_rows_with_the_same_notice_and_other_dates_are_told(batch: Batch) -> None:
    table = "jurisdiction,signatory.name,signatory.title,date\n"
    table += "50001,Pat,Sheriff,2026-11-20\n50001,Kim,Sheriff,2026-11-23\n"
    note = (
        "note: Addison County, VT has 2 requests for the same notice, dated 2026-11-20, 2026-11-23:"
        " delete all but one, unless its offices are to get each of them"
    )
    assert batch("--check", table=table)[1].count(note) == 1
    assert batch()[2].count(note) == 1
    apart = table.replace("date\n", "date,to\n").replace("20\n", "20,bureau\n")
    told = batch("--check", table=apart.replace("23\n", "23,ice\n"), name="apart.csv")
    assert "requests for the same notice" not in told[1]
