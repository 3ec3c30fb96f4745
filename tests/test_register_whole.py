"""A register that is missing, or that lacks its last lines, is told, and nothing is lost by it."""

import shutil
from pathlib import Path

import pytest
from command_results import LETTERS, Run, Write, outcome
from conftest import REQUEST

from optout_cli.register.journal import NAME, OWN, TABLE

OUT = Path("letters")
REGISTER, ICE = OUT / NAME, OUT / LETTERS[1]
WRITE = ("write", "r.yaml", "-f", "txt", "-o", "letters/")
BATCH = ("batch", "n.csv", "--common", "r.yaml", "-f", "txt", "-o", "letters/")
MISSING = f"{REGISTER}: the register is missing, but "
CUT = f"{REGISTER}: its line 3 was the last one once, and is missing or changed now\n"


@pytest.fixture(autouse=True)
def _letters(run: Run, write: Write, in_folder: Path) -> None:
    """Write two letters; record that the one to ICE went out and arrived."""
    write("r.yaml", REQUEST)
    write("n.csv", "jurisdiction\n06041\n")
    for words in (
        WRITE,
        ("sent", str(ICE), "--by", "mail", "--on", "2026-11-21"),
        ("delivered", str(ICE), "--on", "2026-11-23"),
    ):
        assert outcome(run(*words, "-q"))[0] == 0


def cut(count: int = 1) -> None:
    lines = REGISTER.read_bytes().splitlines(keepends=True)
    REGISTER.write_bytes(b"".join(lines[:count]))


@pytest.mark.parametrize("words", [WRITE, (*WRITE, "--check"), BATCH, (*BATCH, "--check")])
@pytest.mark.parametrize("kept", [TABLE, OWN])
@pytest.mark.parametrize("is_emptied", [True, False])
def test_no_new_register_takes_the_place_of_one_that_is_missing(
    words: tuple[str, ...], kept: str, is_emptied: bool, run: Run
) -> None:
    if is_emptied:
        REGISTER.write_bytes(b"")
    else:
        REGISTER.unlink()
    if kept == TABLE:
        shutil.rmtree(OUT / OWN)
    else:
        (OUT / TABLE).unlink()
    before = {path: path.read_bytes() for path in OUT.glob("register.*")}
    code, out, err = outcome(run(*words))
    told = "register.csv lists letters" if kept == TABLE else "end says that events were recorded"
    hint = "  hint: put the register back from a copy, or write to another folder\n"
    assert (code, out, err) == (1, "", f"{MISSING}{told}\n{hint}")
    assert {path: path.read_bytes() for path in OUT.glob("register.*")} == before


@pytest.mark.parametrize("count", [1, 2])
def test_a_register_that_lacks_its_last_lines_is_told_each_time(count: int, run: Run) -> None:
    cut(count)
    table = (OUT / TABLE).read_bytes()
    assert CUT in outcome(run("status", "letters"))[2]
    for _ in range(2):  # a command that writes does not make it forgotten
        code, _, err = outcome(run("status", "letters", "--verify"))
        assert (code, CUT in err) == (1, True)
        assert CUT in outcome(run(*WRITE))[2]
        assert CUT in outcome(run("sent", str(OUT / LETTERS[0]), "--by", "mail"))[2]
    assert (OUT / TABLE).read_bytes() == table


def test_a_last_line_that_was_whole_once_is_told_as_missing_alone(run: Run) -> None:
    REGISTER.write_bytes(REGISTER.read_bytes()[:-40])
    for _ in range(2):
        err = outcome(run("status", "letters"))[2]
        assert (CUT in err, "nothing to do" in err) == (True, False)
        run("sent", str(OUT / LETTERS[0]), "--by", "mail", "-q")


def test_the_last_line_may_not_be_another(run: Run) -> None:
    text = REGISTER.read_text("utf-8")
    REGISTER.write_text(text.replace('"on":"2026-11-23"', '"on":"2026-11-22"'), "utf-8")
    code, _, err = outcome(run("status", "letters", "--verify"))
    assert (code, CUT in err) == (1, True)


def test_a_register_that_is_ahead_after_a_kill_is_whole(run: Run) -> None:
    ending = (OUT / OWN / "end").read_text("ascii")
    run("answer", str(ICE), "--reply", "refused", "-q")
    (OUT / OWN / "end").write_text(ending, "ascii")
    code, _, err = outcome(run("status", "letters", "--verify"))
    assert (code, err) == (0, "")


@pytest.mark.parametrize("count", [1, 2])
def test_the_table_of_a_copy_tells_that_lines_are_missing(count: int, run: Run) -> None:
    cut(count)
    shutil.rmtree(OUT / OWN)
    table = (OUT / TABLE).read_bytes()
    told = f"{OUT / TABLE}: says more than the register about 1 of its letters (SC-06041-20261120-"
    for options in ([], ["--verify"]):
        code, _, err = outcome(run("status", "letters", *options))
        assert (code, err.count(told)) == (1, 1)
    if count > 1:
        assert told in outcome(run("packet", str(ICE)))[2]
    assert told in outcome(run(*WRITE, "--set", "signatory.name=Kim", "--date", "2026-11-22"))[2]
    assert (OUT / TABLE).read_bytes() == table


def test_the_table_of_a_copy_tells_of_letters_that_are_missing(run: Run) -> None:
    run(*WRITE, "--date", "2026-11-22", "-q")
    cut(3)
    shutil.rmtree(OUT / OWN)
    code, _, err = outcome(run("status", "letters", "--verify"))
    assert (code, "says more than the register about 2 of its letters" in err) == (1, True)


def test_a_damaged_line_is_told_and_the_table_keeps_what_it_said(run: Run) -> None:
    text = REGISTER.read_text("utf-8").splitlines(keepends=True)
    REGISTER.write_text("".join([text[0], text[1][:99] + "\n", text[2]]), "utf-8")
    table = (OUT / TABLE).read_bytes()
    told = f"{REGISTER}:2: this line was damaged, and its event is lost\n"
    code, _, err = outcome(run("status", "letters"))
    assert (code, told in err) == (1, True)
    assert told in outcome(run("sent", str(OUT / LETTERS[0]), "--by", "mail"))[2]
    assert (OUT / TABLE).read_bytes() == table


def test_a_whole_copy_without_own_files_is_whole(run: Run) -> None:
    shutil.rmtree(OUT / OWN)
    code, _, err = outcome(run("status", "letters", "--verify"))
    assert (code, err) == (0, "")
    assert outcome(run("answer", str(ICE), "--reply", "refused", "-q"))[0] == 0
    assert (OUT / OWN / "end").read_text("ascii").startswith("4 ")
