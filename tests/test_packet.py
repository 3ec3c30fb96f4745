"""`optout packet`: the proof of what was done, from what the register says and from true files."""

import io
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from PIL import Image
from read_pdf import objects_of, pages_of
from written_letters import REACHED, TO_BUREAU, TO_ICE, write_letters

from optout_cli.letters import Library
from optout_cli.register.journal import NAME
from optout_cli.register.state import load_register

pytestmark = pytest.mark.usefixtures("with_typst")

FOLDER = Path("letters")
NUMBER = "7008 1300 0001 7388 9810"
MAIL = b"""\
From: "Field Office" <office@example.gov>
To: sheriff@example.gov
Subject: Your notice
Content-Type: text/plain; charset=utf-8

We acknowledge your notice.
"""


@pytest.fixture
def letters(typst_library: Library, in_folder: Path) -> str:
    """Write two letters as text and e-mail; return their reference."""
    return write_letters(typst_library, FOLDER, REACHED, ("txt", "eml"))


@pytest.fixture
def sent(letters: str, run: Run, write: Write) -> str:
    """Record that the letter to ICE went out, arrived, and was answered by e-mail."""
    scan = io.BytesIO()
    Image.new("1", (850, 1100), 1).save(
        scan, "TIFF", save_all=True, append_images=[Image.new("L", (99, 9))]
    )
    Path("green-card.tif").write_bytes(scan.getvalue())
    Path("answer.eml").write_bytes(MAIL)
    proof = ("--number", NUMBER, "--on", "2026-11-21")
    for words in (
        ("sent", TO_ICE, "--by", "certified-mail", *proof),
        ("delivered", TO_ICE, "--on", "2026-11-23", "--receipt", "green-card.tif"),
        (
            "answer", TO_ICE, "--reply", "acknowledged", "--on", "2026-11-24", "--by", "A. Clerk",
            "--words", "We acknowledge it.", "--file", "answer.eml",
        ),
    ):  # fmt: skip
        assert outcome(run(*words, "-q"))[0] == 0
    return letters


def test_a_packet_certifies_shows_and_lists_what_was_done(sent: str, run: Run) -> None:
    assert outcome(run("packet", TO_ICE, "--engine", "weasyprint")) == (
        0,
        f"packet-{sent}.pdf\n",
        "next: read the certificate on the first page, sign it, and date it\n",
    )
    certificate, letter, _, *scans, answer, originals = pages_of(f"packet-{sent}.pdf")
    assert f"Sent: on November 21, 2026, by certified mail no. {NUMBER}" in certificate
    assert "Delivered: on November 23, 2026" in certificate
    assert "Answered: on November 24, 2026, by A. Clerk:" in certificate
    assert "Notice of opt-out to ICE, November 20, 2026" in certificate
    assert f"Reference: {sent}" in certificate
    assert f"Our reference: {sent}" in letter
    belongs = f"Belongs to: Notice of opt-out to ICE, November 20, 2026, reference {sent}"
    day = "delivered on November 23, 2026"
    assert scans[0].startswith(f"Exhibit 1 Proof of delivery {belongs}; ")
    assert day in scans[0]
    assert (scans[1:], "Exhibits: 1 and 2" in certificate) == (["", ""], True)
    assert answer.startswith(f"Exhibit 2 Answer {belongs}; ")
    assert "answered on November 24, 2026, by A. Clerk: an acknowledgment" in answer
    assert "Words of the file" in answer.partition("We acknowledge your notice.")[0]
    assert "Exhibit 2. Answer: evidence/answer.eml" in originals
    for path in (TO_ICE, "letters/evidence/green-card.tif", "letters/evidence/answer.eml"):
        assert sha256(Path(path).read_bytes()).hexdigest() in originals


def test_a_packet_has_a_bookmark_for_each_part(sent: str, run: Run) -> None:
    run("packet", TO_ICE, "-o", "proof.pdf")
    with objects_of(Path("proof.pdf").read_bytes()).open_outline() as outline:
        assert [item.title for item in outline.root][1:] == [
            "letter: 2026-11-20-opt-out-ice.txt",
            "Exhibit 1, delivery: green-card.tif",
            "Exhibit 2, answer: answer.eml",
            "Original files",
        ]


def test_the_signed_copy_stands_for_the_letter(letters: str, run: Run) -> None:
    scan = Image.new("L", (850, 1100), 255)
    scan.save("signed.png")
    run("sent", TO_ICE, "--by", "mail", "--signed", "signed.png")
    run("packet", TO_ICE, "-o", "proof.pdf")
    _certificate, sheet, signed, originals = pages_of("proof.pdf")
    assert (signed, "Signed copy: evidence/signed.png" in originals) == ("", True)
    assert sheet.startswith("Exhibit 1 Signed copy Belongs to: Notice of opt-out to ICE")


def test_a_packet_takes_the_place_of_an_earlier_one_which_is_kept_but_of_no_other_file(
    sent: str, run: Run
) -> None:
    both = ("packet", TO_ICE, "--zip", "-o", "proof.pdf")
    run(*both)
    before = Path("proof.pdf").read_bytes()
    run("sent", TO_BUREAU, "--by", "mail", "-q")
    code, _, err = outcome(run("packet", "letters", "--zip", "-o", "proof.pdf"))
    assert code == 0
    assert err.startswith("moved to earlier: proof.pdf\nmoved to earlier: proof.zip\n")
    (kept,) = Path("earlier").glob("proof.*.pdf")
    assert (kept.read_bytes() == before, Path("proof.pdf").read_bytes() == before) == (True, False)
    letter = Path("letter.pdf")
    for content in (b"%PDF-1.7 a scan", Path(TO_ICE).read_bytes()):
        letter.write_bytes(content)
        code, _, err = outcome(run("packet", TO_ICE, "-o", "letter.pdf"))
        assert (code, "letter.pdf: exists with other content" in err) == (1, True)
        assert letter.read_bytes() == content


def test_a_certificate_about_two_that_gave_notice_has_a_note(
    run: Run, write: Write, in_folder: Path
) -> None:
    for name in ("marin", "shasta"):
        write(f"{name}.yaml", REQUEST.replace("marin-county-ca", f"{name}-county-ca"))
    run("batch", "marin.yaml", "shasta.yaml", "-f", "txt", "-o", "letters/")
    run("sent", "letters", "--by", "mail", "-q")
    told = "note: one certificate is about 2 that gave notice (Marin County, CA; Shasta County, CA)"
    assert told in outcome(run("packet", "letters", "-o", "proof.pdf"))[2]
    assert "one certificate" not in outcome(run("packet", "letters/CA/shasta-county-ca"))[2]


def test_a_certificate_says_that_a_letter_was_withdrawn(sent: str, run: Run) -> None:
    run("sent", TO_ICE, "--withdrawn", "why", "--on", "2026-11-24", "-q")
    run("packet", TO_ICE, "-o", "proof.pdf")
    assert "Withdrawn: on November 24, 2026" in pages_of("proof.pdf")[0]


def test_a_certificate_says_what_an_answer_names_and_when_a_notice_takes_effect(
    in_folder: Path, run: Run, write: Write
) -> None:
    write("t.yaml", REQUEST.replace("secure-communities/opt-out", "287g/terminate"))
    options = ("--set", "particulars.model=wso", "--set", "date=2026-08-03")
    run("write", "t.yaml", "-f", "txt", "-o", "letters/", "-q", *options)
    (letter,) = map(str, FOLDER.glob("*.txt"))
    run("sent", letter, "--by", "certified-mail", "--on", "2026-08-03", "-q")
    run("packet", letter, "-o", "early.pdf")
    effect = "The termination takes effect after 90 days:"
    assert f"{effect} about November 6, 2026 (an estimate, since no" in pages_of("early.pdf")[0]
    run("delivered", letter, "--on", "2026-08-06", "-q")
    facts = ("--set", "day-named=2026-12-01", "--words", "Too early.")
    run("answer", letter, "--reply", "effective-disputed", "--on", "2026-09-01", *facts)
    offer = ("--set", "place=Room 4", "--set", "day=2026-12-15", "--set", "time=10:00 a.m.")
    run("answer", letter, "--reply", "meeting-offered", "--on", "2026-09-02", *offer)
    run("packet", letter, "-o", "proof.pdf")
    certificate = pages_of("proof.pdf")[0].replace("\u2022 ", "")
    assert (f"{effect} November 4, 2026 " in certificate, "Exhibit" in certificate) == (True, False)
    disputed = "day that ICE names: December 1, 2026. The words were: \u201cToo early.\u201d"
    assert disputed in certificate
    meeting = "date of the meeting: December 15, 2026; time: 10:00 a.m.; place: Room 4"
    assert f"September 2, 2026: a meeting was offered; {meeting}" in certificate


NOT_SIGNED = "Signatory named in the letter: Pat Placeholder; no signed copy is on file"


@pytest.mark.parametrize(
    ("request_says", "proof", "told"),
    [
        ("", (), NOT_SIGNED),
        ("", ("--signed", "signed.png"), "Signed by: Pat Placeholder"),
        ("signature: {kind: typed}", (), "Signed by: Pat Placeholder"),
    ],
)
def test_a_packet_says_signed_only_of_what_shows_a_signature(
    request_says: str,
    proof: tuple[str, ...],
    told: str,
    library: Library,
    run: Run,
    in_folder: Path,
) -> None:
    Image.new("L", (850, 1100), 255).save(in_folder / "signed.png")
    write_letters(library, FOLDER, request_says)
    run("sent", TO_ICE, "--by", "mail", *proof)
    run("packet", TO_ICE, "-o", "proof.pdf")
    assert told in pages_of("proof.pdf")[0]


def test_the_originals_and_the_register_are_in_the_zip(sent: str, run: Run) -> None:
    code, out, _ = outcome(run("packet", TO_ICE, "-o", "proof.pdf", "--zip"))
    assert (code, out) == (0, "proof.pdf\nproof.zip\n")
    with zipfile.ZipFile("proof.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held.pop("packet.pdf") == Path("proof.pdf").read_bytes()
    assert held == {name: (FOLDER / name).read_bytes() for name in held}
    assert {"register.ndjson", Path(TO_ICE).name, "evidence/answer.eml"} <= held.keys()


def test_what_was_made_of_the_letters_is_told_from_other_files(sent: str, run: Run) -> None:
    for engine in ("weasyprint", "typst"):
        look = ("--engine", engine, "-q")
        run("packet", "letters", "-o", f"letters/{engine}.pdf", "--zip", *look)
        run("labels", "letters", "-o", f"letters/{engine}-labels.pdf", "--recipients", *look)
    Path("letters/own.pdf").write_bytes(b"%PDF-1.7")
    assert outcome(run("status", "letters", "--verify")) == (
        0,
        "letters: 4 events and 6 files, all as recorded\n",
        (
            "note: made by optout in letters (6): typst-labels.pdf (labels), typst.pdf (packet),"
            " typst.zip (packet)\nnote: other files in letters (1): own.pdf\n"
        ),
    )


def test_the_same_record_gives_the_same_packet(sent: str, run: Run) -> None:
    for name in ("a.pdf", "b.pdf"):
        run("packet", TO_ICE, "-o", name)
    assert Path("a.pdf").read_bytes() == Path("b.pdf").read_bytes()


def test_only_letters_that_went_out_are_certified(sent: str, run: Run) -> None:
    run("packet", sent, "--in", "letters", "-o", "proof.pdf")
    certificate, *_, originals = pages_of("proof.pdf")
    certified, _, others = certificate.partition("I certify that")
    assert (certified.count("Addressed to:"), "P.O. Box" in certified) == (1, False)
    assert re.findall(r"Not recorded as sent Nobody recorded .* addressed to .*P\.O\. Box", others)
    assert Path(TO_BUREAU).name not in originals


@pytest.mark.parametrize("what", ["letters/", TO_ICE, "reference"])
def test_a_version_that_was_sent_is_proved_and_not_its_replacement(
    what: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    words = ("write", "r.yaml", "-f", "txt", "--to", "ice", "-o", "letters/", "-q")
    assert outcome(run(*words))[0] == 0
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21", "-q")
    supersede = ("--set", "signatory.name=Kim", "--supersede", "a new sheriff")
    assert outcome(run(*words, *supersede))[0] == 0
    former, _ = load_register(FOLDER).letters.values()
    named = former.written.reference if what == "reference" else what
    code, _, err = outcome(run("packet", named, "--in", "letters", "-o", "proof.pdf"))
    text = " ".join(pages_of("proof.pdf"))
    assert (code, "another version was sent" in err) == (0, what != "reference")
    assert ("Pat Placeholder" in text, "Kim" in text, "earlier/" in text) == (True, False, True)
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-22", "-q")
    run("packet", named, "--in", "letters", "-o", "both.pdf")
    text = " ".join(pages_of("both.pdf"))
    assert ("Pat Placeholder" in text, "Kim" in text) == (True, True)


def test_a_register_that_was_changed_proves_nothing(sent: str, run: Run) -> None:
    register = FOLDER / NAME
    text = register.read_text("utf-8")
    register.write_text(text.replace('"on":"2026-11-21"', '"on":"2026-11-20"'), "utf-8")
    code, out, err = outcome(run("packet", TO_ICE))
    assert (code, out, list(Path().glob("packet*"))) == (1, "", [])
    assert err.startswith("letters/register.ndjson:3: this line does not follow from the line")


def test_a_character_that_no_page_can_show_is_spelled_out(letters: str, run: Run) -> None:
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")
    Path("answer.txt").write_text("No \U0001f600\ufe0f\x1b\u0645.\n", "utf-8")
    words = ("--reply", "refused", "--words", "No \U0001f44e.", "--file", "answer.txt")
    assert outcome(run("answer", TO_ICE, *words))[0] == 0
    code, _, _ = outcome(run("packet", TO_ICE, "-o", "proof.pdf"))
    text = " ".join(pages_of("proof.pdf"))
    assert (code, "No [THUMBS DOWN" in text) == (0, True)
    assert "No [GRINNING FACE][U+001B][ARABIC LETTER MEEM]." in text


@pytest.mark.parametrize("option", ["--words", "--by"])
def test_an_answer_has_no_control_characters(option: str, letters: str, run: Run) -> None:
    before = (FOLDER / NAME).read_bytes()
    code, _, err = outcome(run("answer", TO_ICE, "--reply", "refused", option, "No\x1b[2J."))
    assert (code, err.splitlines()[0]) == (2, f"{option}: has an invisible character (U+001B)")
    assert (FOLDER / NAME).read_bytes() == before


def test_nothing_is_certified_of_letters_that_were_not_sent(letters: str, run: Run) -> None:
    assert outcome(run("packet", TO_ICE)) == (
        1,
        "",
        (
            f"{letters}: is not recorded as sent: there is nothing to certify\n"
            "  hint: say when and how it went out: optout sent LETTER --on DATE --by WAY\n"
        ),
    )


def test_an_original_that_was_changed_or_is_missing_is_no_proof(sent: str, run: Run) -> None:
    Path(TO_ICE).write_text("another letter")
    Path("letters/evidence/answer.eml").rename("letters/moved.eml")
    code, out, err = outcome(run("packet", sent, "--in", "letters", "--to", "ice"))
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"{TO_ICE}: is not the file that was recorded: its SHA-256 differs",
        "  hint: compare it with a copy; keep a signed scan under another name",
        "letters/evidence/answer.eml: is in the register, but not in the folder",
        "  hint: move it back: it is now letters/moved.eml",
    ]
    assert {*err.splitlines()} <= {*outcome(run("status", "letters", "--verify"))[2].splitlines()}


def test_the_letters_of_a_packet_are_in_the_order_of_their_dates(
    in_folder: Path, run: Run, write: Write
) -> None:
    for day in ("2026-11-20", "2026-08-03", "2026-10-05"):
        write(f"{day}.yaml", REQUEST.replace("2026-11-20", day))
        run("write", f"{day}.yaml", "-f", "txt", "--to", "ice", "-o", "letters/", "-q")
    run("sent", "letters", "--by", "mail", "-q")
    assert outcome(run("packet", "letters", "-o", "proof.pdf"))[0] == 0
    certificate, *pages = pages_of("proof.pdf")
    pages = [page for page in pages if "Our reference:" in page]
    letters = ("August 3, 2026", "October 5, 2026", "November 20, 2026")
    assert re.findall(r"Notice of opt-out to ICE, (\w+ \d+, 2026)", certificate) == [*letters]
    assert [next(day for day in letters if day in page) for page in pages] == [*letters]
    first, second, third = re.findall(r"SC-06041-[\w-]+", certificate)[:3]
    assert f"The references are {first}, {second}, and {third}." in certificate
    assert f"Marin County, CA, {first}, and 2 more" in certificate


def test_a_file_without_pages_is_listed_and_told(letters: str, run: Run, write: Write) -> None:
    write("report.docx", "words")
    run("sent", TO_ICE, "--by", "fax", "--receipt", "report.docx")
    code, _, err = outcome(run("packet", TO_ICE, "-o", "proof.pdf"))
    assert (code, err.splitlines()[0]) == (
        0,
        "note: evidence/report.docx cannot be shown as pages; --zip has the file",
    )
    assert "Receipt: evidence/report.docx (no pages here)" in pages_of("proof.pdf")[-1]


@pytest.mark.parametrize("name", ["card.png", "card.pdf"])
@pytest.mark.parametrize("option", ["--signed", "--receipt"])
def test_a_scan_that_cannot_be_read_is_not_recorded(
    option: str, name: str, letters: str, run: Run, write: Write
) -> None:
    write(name, "junk")
    before = (FOLDER / NAME).read_bytes()
    code, _, err = outcome(run("sent", TO_ICE, "--by", "mail", option, name))
    assert (code, err.startswith(f"{name}: is not a ")) == (1, True)
    assert (FOLDER / NAME).read_bytes() == before


@pytest.mark.parametrize("name", ["answer.png", "answer.pdf"])
def test_an_answer_that_cannot_be_shown_does_not_keep_the_packet_back(
    name: str, letters: str, run: Run, write: Write
) -> None:
    write(name, "junk")
    run("sent", TO_ICE, "--by", "mail", "--on", "2026-11-21")
    assert outcome(run("answer", TO_ICE, "--reply", "refused", "--file", name))[0] == 0
    code, _, err = outcome(run("packet", TO_ICE, "-o", "proof.pdf"))
    told = f"note: evidence/{name} cannot be shown as pages; --zip has the file"
    assert (code, err.splitlines()[0]) == (0, told)
    assert f"Answer: evidence/{name} (no pages here)" in pages_of("proof.pdf")[-1]


def test_standard_output_takes_a_packet_alone(sent: str, run: Run) -> None:
    result = run("packet", sent, "-o", "-", "--in", "letters")
    assert (result.exit_code, result.stdout_bytes[:5]) == (0, b"%PDF-")
    assert not Path("-").exists()
    code, out, err = outcome(run("packet", sent, "-o", "-", "--in", "letters", "--zip"))
    assert (code, out, "--zip writes a second file" in err) == (2, "", True)
