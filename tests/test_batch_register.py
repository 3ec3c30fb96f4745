"""A batch and its register: what was sent stays, and a format says what the others say."""

from datetime import date
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from run_batch import FILES, HEADER, ROWS, Batch, batch_in, below, events
from test_register import AT

from optout_cli.register.events import Sent
from optout_cli.register.folder import LetterFolder

KIM = HEADER + ROWS.replace("50001,Pat", "50001,Kim")
DATED = HEADER.replace("\n", ",date\n") + "50001,Pat,Sheriff,2026-11-21\n"


@pytest.fixture
def batch(run: Run, in_folder: Path) -> Batch:
    """Write the letters of three counties, and record that the first one was sent to ICE."""
    call = batch_in(in_folder, run)
    call()
    with LetterFolder(Path("out")) as record:
        (written, state) = next(
            (key[0], it) for key, it in record.register.letters.items() if key[1] == "ice"
        )
        sent = Sent(
            at=AT,
            written=written,
            recipient="ice",
            reference=state.written.reference,
            on=date(2026, 11, 25),
            by="mail",
        )
        record.append([sent])
    return call


def test_a_letter_that_was_sent_stays_if_its_row_changes(batch: Batch) -> None:
    before = below(Path("out/VT"))
    told = (
        f"{FILES[1]}: was sent on 2026-11-25, and the letter would read differently now"
        " (signatory.name was 'Pat', is 'Kim')\n"
        "  hint: give the changed letter a new date, or add --supersede 'REASON'\n"
    )
    code, out, err = batch("--check", "-q", table=KIM)
    assert (code, out.startswith(told), err) == (1, True, "")
    for options in ((), ("--force",)):
        code, _, err = batch("-q", *options)
        assert (code, told in err, "rejects" in err) == (3, True, False)
    assert below(Path("out/VT")) == before
    assert batch("-q", "--supersede", "a new sheriff")[0] == 0
    (late,) = [it for it in events() if it.get("reason")]
    assert (late["reason"], late["signatory"]) == ("a new sheriff", "Kim")
    kept = {it.read_bytes() for it in Path("out").rglob("earlier/*")}
    assert kept == {before[name[7:]] for name in FILES[:2]}


def test_a_letter_that_was_sent_stays_if_its_row_has_a_new_date(batch: Batch) -> None:
    assert "would move to earlier: " + FILES[0] in batch("--check", table=DATED)[1]
    code, _, err = batch()
    assert (code, f"kept, since it was sent: {FILES[1]}\n" in err) == (0, True)
    assert (Path(FILES[0]).exists(), Path(FILES[1]).exists()) == (False, True)


SECOND = (
    "note: these offices already have the notice of 2026-11-20 (sent 2026-11-25): 1 letter; a new"
    " date makes a second notice. If the first is wrong, keep its date and add --supersede REASON;"
    " if it has no answer, write a follow-up: optout new --follow"
)


def test_a_new_date_for_a_letter_that_was_sent_is_told_to_make_a_second_notice(
    batch: Batch, run: Run
) -> None:
    def told(text: str) -> list[str]:
        return [it for it in text.splitlines() if "these offices" in it]

    assert told(batch()[2]) == []  # the same letters
    assert told(batch("--check", table=DATED)[1]) == [SECOND]
    assert told(batch()[2]) == [SECOND]
    words = (
        "--set",
        "date=2026-11-22",
        "--set",
        "signatory.name=Pat",
        "--set",
        "signatory.title=Sheriff",
    )
    write = ("write", "50001", "-f", "txt", "-o", "out/", *words)
    for more in (["--check"], []):
        assert told(outcome(run(*write, *more))[2]) == [SECOND]


def test_another_format_is_refused_if_the_row_has_changed(batch: Batch, run: Run) -> None:
    Path("n.csv").write_text(HEADER + ROWS.replace("50003,Pat", "50003,Kim"), "utf-8")
    html = ("batch", "n.csv", "--common", "common.yaml", "-j1", "-f", "html")
    told = f"{FILES[2]}: was written with other facts: signatory.name was 'Pat', is 'Kim'\n"
    hint = "  hint: give the letter a new date, or write it again in all its formats: -f txt,html\n"
    assert told + hint in outcome(run(*html, "--check"))[1]
    code, out, err = outcome(run(*html, "-q"))
    assert (code, told + hint in err, len(out.splitlines())) == (3, True, 4)
    assert batch("-q", "-f", "txt,html")[0] == 0
    assert lying_in(Path("out/VT/bennington-county-vt/earlier")) == sorted(
        it["kept"].rpartition("/")[2] for it in events() if it["event"] == "replaced"
    )


def test_check_tells_of_a_changed_file_and_of_a_torn_register(batch: Batch, run: Run) -> None:
    with Path(FILES[2]).open("a") as letter, Path("out/register.ndjson").open("a") as register:
        letter.write("signed")
        register.write('{"torn')
    why = "changed after optout wrote it (a signed copy? --force replaces it)"
    told = f"kept, since it was {why}: {FILES[2]}\n"
    torn = "out/register.ndjson:5: the last line is torn"
    _, out, err = batch("--check")
    assert (told in out, torn in err) == (True, True)
    assert torn in outcome(run("write", "50001", "--draft", "-f", "txt", "-o", "out", "--check"))[2]


def test_check_counts_the_files_that_would_be_new_unchanged_and_replaced(batch: Batch) -> None:
    table = HEADER + ROWS.replace("50003,Pat", "50003,Kim") + "50007,Pat,Sheriff\n"
    before = below(Path("out"))
    assert "files: 2 new, 4 unchanged, 2 replaced\n" in batch("--check", table=table)[1]
    assert below(Path("out")) == before


def test_check_agrees_with_the_batch_about_a_letter_elsewhere_in_the_folder(
    run: Run, in_folder: Path, write: Write
) -> None:
    batch = batch_in(in_folder, run)
    batch("-q", table=HEADER)
    request = "jurisdiction: 50001\nsignatory: {name: Pat, title: Sheriff}\n"
    write("r.yaml", request + Path("common.yaml").read_text("utf-8"))

    def agree(mark: str, *options: str) -> int:
        check, ended = ("".join(batch(*options, *it, table=KIM)[1:]) for it in (["--check"], []))
        found = [it for it in check.splitlines() if mark in it]
        assert found == [
            it for it in ended.replace("moved", "would move").splitlines() if mark in it
        ]
        return len(found)

    run("write", "r.yaml", "-f", "txt", "-o", "out/")
    assert agree("opt-out-ice.txt: was written with other facts") == 1
    run("sent", "out/2026-11-20-opt-out-ice.txt", "--by", "mail", "--on", "2026-11-20")
    assert agree("opt-out-ice.txt: was sent on 2026-11-20, and the letter would read") == 1
    assert agree("would move to earlier: out/2026-11-20", "--supersede", "a new sheriff") == 2


def test_no_register_keeps_none_and_takes_each_file_for_anothers(batch: Batch) -> None:
    words = ("-q", "--no-register", "-o", "bare/")
    assert batch(*words)[0] == 0
    assert batch(*words)[0] == 0
    assert batch(*words, table=KIM)[0] == 3
    assert not Path("bare/register.ndjson").exists()


def test_the_record_of_an_older_version_is_told_and_left_alone(batch: Batch) -> None:
    Path("old").mkdir()
    Path("old/manifest.ndjson").write_text("{}\n", "utf-8")
    told = "note: old/manifest.ndjson is of an older version; it is not read\n"
    assert told in batch("-o", "old/")[2]
    assert Path("old/manifest.ndjson").read_text("utf-8") == "{}\n"
    assert told not in batch("-o", "old/")[2]


def test_today_alone_makes_no_new_letter_of_one_that_was_sent(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("n.csv").write_text(
        HEADER.replace("\n", ",letter\n") + "50001,Pat,Sheriff,secure-communities/opt-out\n"
    )
    batch = ("batch", "n.csv", "-f", "txt", "-j1", "-q")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795694400")  # 2026-11-26
    outcome(run(*batch))
    outcome(run("sent", "out/", "--by", "mail", "-q"))
    assert outcome(run(*batch))[0] == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795780800")
    told = (
        "n.csv:2 (50001): the letter of 2026-11-26 was sent on 2026-11-26, and without a date"
        " this row would write it again\n"
    )
    for options, expected in (((), 3), (("--force",), 3), (("--check",), 1)):
        code, out, err = outcome(run(*batch, *options))
        assert (code, told in out + err) == (expected, True)
    assert outcome(run(*batch, "--set", "date=2026-11-26"))[0] == 0
    assert outcome(run("status", "out/", "--unsent", "--json"))[1] == ""
    code, out, _ = outcome(run(*batch, "--supersede", "a second notice"))
    assert (code, len(out.splitlines())) == (0, 2)


def test_nobody_is_told_to_move_away_what_was_sent(batch: Batch, run: Run) -> None:
    told = "move them away unless you want to send them"
    assert told in batch(table=HEADER + ROWS.partition("\n")[2])[2]  # the first row is gone
    outcome(run("sent", "out/VT/addison-county-vt", "--by", "mail", "-q"))
    assert told not in batch()[2]
