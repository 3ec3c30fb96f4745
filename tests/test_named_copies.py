"""The files that a request names: the register keeps a copy of each, and the packet shows them."""

import errno
import json
import os
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any  # what Path.open takes and returns

import msgspec
import pikepdf
import pytest
from command_results import LETTERS, Run, Write, lying_in, outcome
from conftest import REQUEST
from PIL import Image
from read_pdf import opened, pages_of, text_on
from run_batch import events
from test_register import WRITTEN

from optout_cli.register.events import SCHEMA, FileCopy
from optout_cli.register.folder import LetterFolder
from optout_cli.register.journal import NAME, EvidenceFolder, JournalWriter, load_journal
from optout_cli.register.state import load_register

pytestmark = pytest.mark.usefixtures("with_typst")

OUT = Path("letters")
BUREAU, ICE = (str(OUT / name) for name in LETTERS)
WRITE = ("write", "r.yaml", "-o", "letters/", "-q")
AS_TEXT = (*WRITE, "-f", "txt")
NAMES = """\
signature: {kind: image, file: sig.png, alt: Pat}
authority: [{instrument: Resolution, number: "7", file: acts/resolution.pdf}]
enclosures:
  - {title: Figures, file: figures.txt}
  - {title: The same figures, file: figures.txt}
  - {title: Map}
"""
COPIES = ["figures.txt", "resolution.pdf", "sig.png"]
KEPT_TEXTS = ("letters/evidence/figures.txt",)
COPY = FileCopy(
    path="", name="figures.txt", sha256="", key="enclosures.0.file", title="Figures", bytes=9
)


@pytest.fixture(autouse=True)
def _request(write: Write, in_folder: Path) -> None:
    """Write a request that names a picture, a PDF and a text."""
    write("r.yaml", REQUEST + NAMES)
    Image.new("L", (300, 100), 90).save("sig.png")
    Path("acts").mkdir()
    with pikepdf.new() as act:
        act.add_blank_page(page_size=(612, 792))
        act.save("acts/resolution.pdf", deterministic_id=True)
    write("figures.txt", "12 of 60\n")


def test_each_named_file_is_recorded_and_kept_once(run: Run) -> None:
    assert outcome(run(*AS_TEXT))[0] == 0
    (event,) = events(OUT)
    assert [(it["key"], it["title"], it["name"], it["path"]) for it in event["named"]] == [
        ("signature.file", "Pat", "sig.png", "evidence/sig.png"),
        ("authority.0.file", "Resolution 7", "acts/resolution.pdf", "evidence/resolution.pdf"),
        ("enclosures.0.file", "Figures", "figures.txt", "evidence/figures.txt"),
        ("enclosures.1.file", "The same figures", "figures.txt", "evidence/figures.txt"),
    ]
    for it in event["named"]:
        content = Path(it["name"]).read_bytes()
        assert (OUT / it["path"]).read_bytes() == content
        assert (sha256(content).hexdigest(), len(content)) == (it["sha256"], it["bytes"])
    assert (event["schema"], lying_in(OUT / "evidence")) == (SCHEMA, COPIES)
    assert outcome(run("status", "letters", "--verify")) == (
        0,
        "letters: 1 event and 5 files, all as recorded\n",
        "",
    )
    (OUT / "evidence" / "figures.txt").unlink()
    code, _, err = outcome(run("status", "letters", "--verify"))
    assert (code, err.splitlines()[0]) == (
        1,
        "letters/evidence/figures.txt: is in the register, but not in the folder",
    )


def test_a_batch_keeps_one_copy_for_all_rows_and_never_replaces_it(run: Run, write: Write) -> None:
    header = "jurisdiction,signatory.name,signatory.title,enclosures.0.title,enclosures.0.file\n"
    rows = "".join(f"{id},Pat,Sheriff,Figures,figures.txt\n" for id in ("06041", "50001", "50003"))
    write("t.csv", header + rows)
    words = ("batch", "t.csv", "--date", "2026-11-20", "-f", "txt", "-o", "letters/", "-q")
    letter = ("--letter", "secure-communities/opt-out")
    assert outcome(run(*words, *letter, "-j", "2"))[0] == 0
    assert lying_in(OUT / "evidence") == ["figures.txt"]
    assert [len(it["named"]) for it in events(OUT)] == [1, 1, 1]
    write("figures.txt", "13 of 60\n")
    assert outcome(run(*words, *letter))[0] == 0
    kept = {it.name: it.read_text("utf-8") for it in (OUT / "evidence").iterdir()}
    assert (len(kept), kept["figures.txt"]) == (2, "12 of 60\n")
    assert outcome(run("status", "letters", "--verify"))[2] == ""


def test_a_changed_file_is_named_before_another_format_or_a_sent_letter(
    run: Run, write: Write
) -> None:
    run(*AS_TEXT)
    first = events(OUT)[0]["named"][2]["sha256"][:12]
    write("figures.txt", "13 of 60\n")
    now = sha256(b"13 of 60\n").hexdigest()[:12]
    change = (
        f"enclosures.0.file 'figures.txt' had the SHA-256 {first}..., has {now}...;"
        f" enclosures.1.file 'figures.txt' had the SHA-256 {first}..., has {now}..."
    )
    code, _, err = outcome(run(*WRITE, "-f", "json"))
    assert (code, err.splitlines()[0]) == (1, f"{BUREAU}: was written with other facts: {change}")
    assert outcome(run(*AS_TEXT))[0] == 0
    assert [it.named[2].path for it in load_register(OUT).letters.values()] == [
        f"evidence/figures.{now}.txt"
    ] * 2
    run("sent", ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    write("figures.txt", "12 of 60\n")
    code, _, err = outcome(run(*AS_TEXT))
    assert (code, f"{ICE}: was sent on 2026-11-21, and the letter would" in err) == (1, True)
    assert outcome(run(*AS_TEXT, "--supersede", "corrected"))[0] == 0
    named = [it.named[2].path for it in load_register(OUT).letters.values() if it.sent]
    assert named == [f"evidence/figures.{now}.txt"]
    write("figures.txt", "13 of 60\n")  # as it went out
    assert outcome(run(*AS_TEXT))[0] == 0
    assert load_register(OUT).is_sent(Path(ICE).name)


def test_a_file_that_changes_while_its_letters_are_written_is_refused(in_folder: Path) -> None:
    digest = sha256(b"12 of 61\n").hexdigest()
    with pytest.raises(Exception, match=r"'figures\.txt' was changed while its letters"):
        EvidenceFolder(OUT).copy_of(msgspec.structs.replace(COPY, sha256=digest), "figures.txt")


def test_a_copy_gets_its_name_after_a_kill_and_never_outside_its_folder(in_folder: Path) -> None:
    content = Path("figures.txt").read_bytes()
    copy = msgspec.structs.replace(COPY, sha256=sha256(content).hexdigest())
    (OUT / ".optout").mkdir(parents=True)
    (OUT / ".optout" / ".figures.txt.0123456789ab").write_bytes(content)
    places = ("evidence/figures.txt", "../out.txt", "evidence/../../out.txt", "/tmp/evidence")
    named = tuple(msgspec.structs.replace(copy, path=path) for path in places)
    writer = JournalWriter(OUT, load_journal(OUT))
    writer.append([msgspec.structs.replace(WRITTEN, letters=(), named=named)])
    writer.close()
    with LetterFolder(OUT) as record:
        assert record.register.copies == {copy.sha256: "evidence/figures.txt"}
    assert lying_in(OUT) == ["evidence/figures.txt"]
    assert not Path("out.txt").exists()


def test_a_folder_that_cannot_take_the_copies_gets_no_letter_either(run: Run) -> None:
    OUT.mkdir()
    (OUT / "evidence").write_text("no folder")
    code, _, err = outcome(run(*AS_TEXT))
    assert (code, "letters/evidence is a file, not a folder" in err) == (1, True)
    assert (lying_in(OUT), load_journal(OUT).lines) == (["evidence"], ())


def test_a_file_that_stands_in_the_evidence_itself_is_copied_too(run: Run, write: Write) -> None:
    Path("evidence").mkdir()
    write("evidence/act.txt", "act\n")
    write("r.yaml", REQUEST + "enclosures: [{title: Act, file: evidence/act.txt}]\n")
    for text in ("act\n", "act\n", "another act\n"):
        write("evidence/act.txt", text)
        assert outcome(run("write", "r.yaml", "-f", "txt", "-q"))[0] == 0
    kept = {it.name for it in Path("evidence").iterdir()} - {"act.txt"}
    assert kept == {Path(it["named"][0]["path"]).name for it in events(Path())}
    assert outcome(run("status", "--verify"))[0] == 0


def test_each_copy_has_a_name_that_every_disk_takes(in_folder: Path) -> None:
    folder, places = EvidenceFolder(OUT), list[str]()
    for name in ("Map.txt", "map.txt", "a/map.txt", "\u00e9" * 100 + ".txt", "..", "\u00e9" * 99):
        Path("source").write_text(f"{name} {len(places)}", "utf-8")
        digest = sha256(Path("source").read_bytes()).hexdigest()
        copy = msgspec.structs.replace(COPY, name=name, sha256=digest)
        places.append(folder.copy_of(copy, "source").path)
    folder.keep(places)
    assert len({place.lower() for place in places}) == len(places) == len(lying_in(OUT))
    assert places[0] == "evidence/Map.txt"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_file_that_may_not_be_read_is_told_and_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*AS_TEXT)
    run("sent", "letters", "--by", "mail", "--on", "2026-11-21", "-q")

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.suffix == ".txt":  # as the system does, but not for root
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open(path, *args, **options)  # noqa: PTH123

    monkeypatch.setattr(Path, "open", refuse)
    code, _, err = outcome(run("status", "letters", "--verify"))
    told = [f"{path}: cannot be read: Permission denied" for path in (*KEPT_TEXTS, BUREAU, ICE)]
    assert (code, err.splitlines()[::2]) == (1, told)
    code, _, err = outcome(run("sent", ICE, "--by", "mail"))
    assert (code, err) == (2, f"{ICE}: cannot be read: Permission denied\n")
    code, _, err = outcome(run("packet", "letters"))
    assert (code, err.count("cannot be read: Permission denied")) == (1, 3)


def test_a_packet_shows_and_packs_what_went_out_with_the_letter(run: Run) -> None:
    run(*AS_TEXT)
    run("sent", ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    assert outcome(run("packet", ICE, "-o", "p.pdf", "--zip"))[0] == 0
    *_, first, picture, second, act, figures, originals = pages_of("p.pdf")
    assert (picture, act, "Words of the file 12 of 60" in figures) == ("", "", True)
    sheets = [sheet.partition(" Belongs")[0] for sheet in (first, second, figures)]
    assert sheets == [
        "Exhibit 1 Picture in the letter: Pat",
        "Exhibit 2 Enclosure: Resolution 7",
        "Exhibit 3 Enclosure: Figures; The same figures",
    ]
    assert "Enclosure (Figures; The same figures): evidence/figures.txt" in originals
    assert "Picture in the letter (Pat): evidence/sig.png" in originals
    assert "Enclosure (Resolution 7): evidence/resolution.pdf" in originals
    with zipfile.ZipFile("p.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    for name in COPIES:
        assert packed[f"evidence/{name}"] == (OUT / "evidence" / name).read_bytes()


def test_a_packet_shows_once_what_is_bound_into_the_letter(run: Run) -> None:
    outcome(run(*WRITE, "--engine", "typst", "--with-enclosures", "--to", "ice"))
    letter = ICE.replace(".txt", ".pdf")
    run("sent", letter, "--by", "mail", "--on", "2026-11-21", "-q")
    code, _, err = outcome(run("packet", letter, "-o", "p.pdf", "--engine", "typst"))
    assert (code, "resolution.pdf" in err) == (0, False)
    pages = [*opened(Path("p.pdf").read_bytes())]
    listed = " ".join(text_on(pages[-1]).split())
    assert "Enclosure (Resolution 7): evidence/resolution.pdf (behind its letter)" in listed
    bound = len(opened(Path(letter).read_bytes()))
    assert len(pages) == 1 + bound + len(["figures", "originals"])


def test_a_register_of_schema_1_says_that_it_has_no_copies(run: Run) -> None:
    run(*AS_TEXT)
    (event,) = events(OUT)
    del event["named"]
    (OUT / NAME).write_text(json.dumps(event | {"schema": 1}, separators=(",", ":")) + "\n")
    (OUT / ".optout" / "end").unlink()
    (OUT / "register.csv").unlink()
    run("sent", ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    code, _, err = outcome(run("packet", ICE, "-o", "p.pdf"))
    assert (code, err.splitlines()[:2]) == (
        0,
        [
            f"note: {name} went with the letter, but no copy is kept: add it to the packet"
            for name in ("acts/resolution.pdf", "figures.txt")
        ],
    )
    assert "Enclosure: figures.txt. The register has no copy of it" in pages_of("p.pdf")[-1]
    assert outcome(run(*AS_TEXT))[0] == 0
    (sent,) = (it for it in load_register(OUT).letters.values() if it.sent)
    assert sent.named == ()


def test_an_enclosure_that_changed_makes_no_letter_of_two_files(run: Run, write: Write) -> None:
    run(*WRITE, "-f", "txt,html")
    write("figures.txt", "13 of 60\n")
    code, out, err = outcome(run(*AS_TEXT))
    assert (code, out, "enclosures.0.file 'figures.txt' had the SHA-256" in err) == (1, "", True)
    assert "write it again in all its formats: -f html,txt" in err
    assert outcome(run(*WRITE, "-f", "txt,html"))[0] == 0


def test_a_changed_enclosure_is_told_where_no_letter_changes(run: Run, write: Write) -> None:
    columns = "jurisdiction,letter,signatory.name,signatory.title,date,enclosures.0.file"
    row = "secure-communities/opt-out,Pat,Sheriff,2026-11-20,figures.txt,Figures"
    write("n.csv", f"{columns},enclosures.0.title\n50001,{row}\n50003,{row}\n")
    commands = (*WRITE[:-1], "-f", "txt"), ("batch", "n.csv", "-f", "txt")
    for command in commands:
        run(*command)
    write("figures.txt", "13 of 60\n")
    told = "was changed, and the letter itself was not: enclosures.0.file 'figures.txt' had the"
    runs = [(*command, *check) for command in commands for check in (["--check"], [], [])]
    said = ["".join(outcome(run(*each))[1:]) for each in runs]
    assert [told in each for each in said] == [True, True, False] * 2
