"""A second run into an output folder: finished letters stay, stale ones move, none is lost."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, paths
from run_batch import COMMON, FILES, HEADER, ROWS, Batch, below, current, records
from run_processes import call

from optout_cli.register.journal import load_journal

pytestmark = pytest.mark.usefixtures("with_typst")


def test_a_second_run_writes_nothing_and_keeps_every_byte(batch: Batch) -> None:
    batch()
    before = below(Path("out"))
    code, out, err = batch()
    assert (code, out, below(Path("out"))) == (0, "", before)
    assert "0 files written to out/; 3 requests already finished\n" in err


def test_another_format_is_added_and_the_first_is_left(batch: Batch) -> None:
    batch()
    code, out, _ = batch("-f", "txt,json", "-q")
    assert (code, {it.rpartition(".")[2] for it in out.splitlines()}) == (0, {"json"})
    assert len(records()) == 12


def test_force_writes_all_again(batch: Batch) -> None:
    batch()
    assert batch("--force", "-q") == (0, paths(*FILES), "")


def test_a_changed_row_replaces_its_letter_and_moves_the_old_one(batch: Batch) -> None:
    batch()
    table = "jurisdiction,signatory.name,signatory.title,date\n50001,Kim,Sheriff,\n"
    table += "50003,Pat,Sheriff,2026-11-19\n50005,Alex,Sheriff,\n"
    code, out, _ = batch("-q", table=table)
    moved = [it.replace("11-20", "11-19") for it in FILES[2:4]]
    assert (code, out) == (0, paths(*FILES[:2], *moved))
    assert current(Path("out/VT")).keys() == {it[7:] for it in (*FILES[:2], *moved, *FILES[4:])}
    assert [it["path"] for it in records()] == [*FILES[:2], *moved, *FILES[4:]]


def test_letters_whose_row_is_gone_stay_and_are_reported(batch: Batch) -> None:
    batch()
    code, _, err = batch(table=HEADER + ROWS.splitlines()[1] + "\n")
    told = "note: n.csv no longer has the rows of 4 files; move them away unless you want to"
    assert (code, f"{told} send them: {FILES[0]} and 3 more\n" in err) == (0, True)
    assert len(records()) == 6
    for path in (*FILES[:2], *FILES[4:]):
        Path(path).unlink()
    assert "no longer has" not in batch()[2]
    assert [it["path"] for it in records()] == FILES[2:4]


def test_standard_input_is_no_table_that_lost_a_row(run: Run, batch: Batch) -> None:
    for id in ("50001", "50003"):
        common = ("--common", "common.yaml", "-f", "txt", "-j1")
        code, _, err = outcome(run("batch", "-", *common, stdin=f"jurisdiction\n{id}\n"))
        assert (code, "no longer has" in err) == (0, False)


@contextmanager
def piped_in(content: bytes) -> Iterator[None]:
    """Let this process have a pipe as its standard input, as /dev/stdin, while the block runs."""
    kept = os.dup(0)
    read_end, write_end = os.pipe()
    os.write(write_end, content)  # a pipe holds 64 kB
    os.close(write_end)
    os.dup2(read_end, 0)
    os.close(read_end)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_what_comes_through_a_pipe_is_another_table_each_time(
    name: str, run: Run, batch: Batch
) -> None:
    def piped(*options: str, name_of_signer: str = "Pat") -> tuple[int, str, str]:
        table = f"{HEADER}50001,{name_of_signer},Sheriff\n"
        words = ("batch", name, "--common", "common.yaml", "-f", "txt", "-j1", *options)
        with piped_in(table.encode()):
            return outcome(run(*words, stdin=table))

    assert piped()[0] == 0
    before = below(Path("out/VT"))
    assert piped("-q") == (0, "", "")
    for changed in (piped(name_of_signer="Kim"), piped("--set", "signatory.title=Mayor")):
        assert changed[0] == 3
        assert f"would replace {FILES[0]} and 1 more, written from {name}:2" in changed[2]
        assert "use --force" in changed[2]
    code, _, err = piped("--set", "date=2026-11-21")
    assert (code, "moved" in err, "older" in err) == (0, False, False)
    assert before.items() <= below(Path("out/VT")).items()
    assert "replaced: " in piped("--force", name_of_signer="Kim")[2]


def test_another_tables_letters_are_left_alone(batch: Batch) -> None:
    batch()
    table = "jurisdiction,signatory.name,signatory.title,date\n50001,Kim,Sheriff,2026-11-19\n"
    assert batch("-q", table=table, name="march.csv")[0] == 0
    assert len(records()) == 8


def test_a_changed_template_makes_every_letter_anew(batch: Batch, write: Write) -> None:
    batch()
    kept = Path(FILES[0]).read_text("utf-8")
    wording = '{% extends "builtin:secure-communities/opt-out.html.j2" %}\n'
    wording += "{% block closing %}<p>Sincerely,</p>{% endblock %}\n"
    write("wording/secure-communities/opt-out.html.j2", wording)
    assert batch("-q", "--templates", "wording") == (0, paths(*FILES), "")
    assert Path(FILES[0]).read_text("utf-8") != kept


def test_letters_stay_where_their_request_cannot_be_written_in_another_format(
    batch: Batch,
) -> None:
    batch()
    code, _, err = batch("-f", "eml", "--to", "bureau", "-q")
    assert (code, err.count("has no known e-mail address")) == (3, 3)
    assert [it["path"] for it in records()] == FILES
    assert all(Path(it).exists() for it in FILES)


OCCUPIED = (
    "exists with other content; it may be a signed letter or another county's\n"
    "  hint: name another folder with -o, or use --force, which moves this file to earlier/\n"
)


def test_a_letter_that_was_signed_is_not_written_over(batch: Batch) -> None:
    batch()
    signed = Path(FILES[0])
    signed.write_bytes(signed.read_bytes() + b"signed\n")
    why = "changed after optout wrote it (a signed copy? --force replaces it)"
    told = f"kept, since it was {why}: {FILES[0]}\n"
    for _ in range(2):
        code, out, err = batch()
        assert (code, out, told in err, "rejects" in err) == (0, "", True, False)
        assert "already finished; 1 request kept as before\n" in err
        assert signed.read_bytes().endswith(b"signed\n")
        assert [it["path"] for it in records()] == FILES
    assert batch("-q", "-f", "txt,json")[1].count(".json\n") == 6
    assert batch("-q", "-f", "json", "--to", "ice")[0] == 0
    assert FILES[0] in [it["path"] for it in records()]
    assert batch("-q", "--force")[0] == 0
    assert not signed.read_bytes().endswith(b"signed\n")


def test_a_signed_letter_stays_beside_the_others_of_its_request_that_has_changed(
    batch: Batch, write: Write
) -> None:
    batch()
    signed = Path(FILES[0])
    signed.write_bytes(b"signed\n")
    other = Path(FILES[1]).read_bytes()
    write("common.yaml", "letter: secure-communities/opt-out\ndate: 2026-11-20\nori: VT0000000\n")
    code, out, err = batch()
    assert (code, out) == (3, paths(*FILES[2:]))
    assert f"{FILES[0]}: was changed after optout wrote it (a signed copy?), and" in err
    assert "move it away and run the command again, or replace it with --force\n" in err
    assert (signed.read_bytes(), Path(FILES[1]).read_bytes()) == (b"signed\n", other)
    assert not Path("out/rejects.csv").exists()
    assert {it["path"] for it in records()} == set(FILES)


def test_a_letter_that_the_folder_does_not_know_is_not_written_over(batch: Batch) -> None:
    Path(FILES[0]).parent.mkdir(parents=True)
    Path(FILES[0]).write_bytes(b"another's\n")
    code, out, err = batch("-q")
    assert (code, out, err) == (3, paths(*FILES[2:]), f"{FILES[0]}: {OCCUPIED}")
    assert not Path("out/rejects.csv").exists()


def torn(content: bytes) -> list[bytes]:
    half = len(content) // 2
    return [b"", content[:half], content[:half] + bytes(half), bytes(512) + content[512:]]


@pytest.mark.parametrize("number", range(4))
def test_what_a_power_cut_tore_is_made_again(batch: Batch, number: int) -> None:
    batch()
    before = below(Path("out"))
    letter = Path(FILES[2])
    rest = torn(letter.read_bytes())[number]
    letter.write_bytes(rest)
    code, _, err = batch("-q")
    assert (code, err) == (0, "")
    assert current(Path("out")) == before
    assert [it.read_bytes() for it in letter.parent.glob("earlier/*")] == [rest] * bool(rest)


def test_a_letter_that_somebody_shortened_is_kept_and_told(batch: Batch) -> None:
    batch()
    letter = Path(FILES[2])
    letter.write_bytes(letter.read_bytes()[:-200])
    assert f"replaced: {FILES[2]}\n" in batch()[2]


@pytest.mark.parametrize("tail", ["", '{"request": "n.csv', "\0\0\0\0"])
def test_a_torn_line_of_the_register_is_passed_over(batch: Batch, tail: str) -> None:
    batch()
    before = below(Path("out"))
    register = Path("out/register.ndjson")
    lines = register.read_text("utf-8").splitlines(keepends=True)
    register.write_text(lines[0] + lines[1][:40] + tail, "utf-8")
    Path("out/register.csv").unlink()
    Path("out/.optout/.half.0123456789ab").write_text("half", "utf-8")
    Path("out/.optout/end").unlink()  # what a kill leaves is behind the register
    code, out, err = batch("-q")
    assert (code, out, "the last line is torn" in err) == (0, paths(*FILES[2:]), True)
    assert below(Path("out")) == before
    assert [it["path"] for it in records()] == FILES
    assert [it.code for it in load_journal(Path("out")).problems] == ["torn-line"]


def test_a_line_of_the_register_with_a_path_outside_is_ignored(batch: Batch) -> None:
    batch()
    line = Path("out/register.ndjson").read_text("utf-8").splitlines()[0]
    hostile = line.replace("VT/addison-county-vt/", "../../..//etc/../")
    Path("out/register.ndjson").write_text(f"{hostile}\n[]\n{{}}\n", "utf-8")
    assert batch("-q")[0] == 0
    assert [it["path"] for it in records()] == FILES


def test_drafts_to_one_recipient_leave_final_letters_to_the_other(batch: Batch) -> None:
    batch()
    before = below(Path("out/VT"))
    finals = {name: it for name, it in before.items() if name.endswith("-bureau.txt")}
    assert batch("--to", "ice", "--draft", "-q")[0] == 0
    drafted = current(Path("out/VT"))
    assert (finals.items() <= drafted.items(), drafted == before) == (True, False)
    batch()
    assert current(Path("out/VT")) == before


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_pipe_or_a_huge_file_to_enclose_is_a_problem_and_is_not_read(
    jobs: str, write: Write, in_folder: Path
) -> None:
    os.mkfifo(in_folder / "fifo.pdf")
    with (in_folder / "huge.pdf").open("wb") as huge:
        huge.truncate(3 * 10**9)  # a file with a hole takes no room
    header = "jurisdiction,signatory.name,signatory.title,enclosures.0.title,enclosures.0.file\n"
    names = ("fifo.pdf", "huge.pdf", "")
    table = [
        f"5000{number},Pat,Sheriff,Map,{name}" for number, name in zip("135", names, strict=True)
    ]
    write("common.yaml", COMMON)
    write("n.csv", header + "\n".join(table))
    words = ("batch", "n.csv", "--common", "common.yaml", "-f", "txt", "-j", jobs)
    done = call(*words)
    told = done.stderr.decode()
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 2), told
    assert "there is no file 'fifo.pdf' to enclose" in told
    assert "huge.pdf: is too large (2861 MB or more; the limit is 100 MB)" in told
