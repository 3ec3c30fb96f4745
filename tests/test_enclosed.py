"""Files that a request names: what is taken along, how a letter is signed, what is refused."""

import re
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path
from shutil import copyfile
from typing import Any

import pikepdf
import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, ROOT, TODAY
from make_letters import document_of, letter_for, problems_of, told_by
from pikepdf import Dictionary, Name
from read_fax import below_head, pictures_in
from read_mail import read

from optout_cli.exporters import exporter_for
from optout_cli.exporters.binding import bind_enclosures
from optout_cli.exporters.fax_pdf import (
    FINE_INK,
    FINE_LINES,
    draw_pages,
    refuse_failed,
)
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Attachment, Export
from optout_cli.readers import enclosures as attachments

ACT = (ROOT / "examples" / "placeholder-resolution.pdf").read_bytes()
SEAL = (ROOT / "examples" / "placeholder-seal.svg").read_bytes()
MAILED = (
    "recipients: {bureau: {email: bureau@example.gov, fax: 916-555-0130}}\n"
    "authority: [{instrument: Resolution, file: resoluci\u00f3n 1.pdf}]\n"
    "enclosures: [{title: Notes, file: notes.odt}]\n"
)


def exported(library: Library, folder: Path, name: str, lines: str = MAILED) -> Export:
    document = document_of(lines)
    document.data["signatory"]["email"] = "sheriff@example.gov"  # type: ignore[index,call-overload]
    order = Order(today=TODAY, parties=("bureau",), formats=(name,))
    return exports_of(document, library, order, folder)[0]


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Let Typst lay out the pages of the letters."""
    return typst_library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "resoluci\u00f3n 1.pdf").write_bytes(ACT)
    (tmp_path / "notes.odt").write_bytes(b"notes")
    (tmp_path / "autograph.svg").write_bytes(SEAL)
    return tmp_path


def test_an_e_mail_takes_every_file_along_under_a_name_in_ascii(
    library: Library, folder: Path
) -> None:
    message = message_from_bytes(exported(library, folder, "eml").content, policy=policy.default)
    files = [
        (it.get_filename(), it.get_content_type(), it.get_payload(decode=True))
        for it in message.walk()
        if it.get_content_disposition() == "attachment"
    ]
    assert [it[:2] for it in files] == [
        ("2026-11-20-opt-out-bureau.pdf", "application/pdf"),
        ("resolucion-1.pdf", "application/pdf"),
        ("notes.odt", "application/octet-stream"),
    ]
    assert [it[2] for it in files[1:]] == [ACT, b"notes"]


def test_fax_pages_take_the_pages_of_enclosed_pdfs_along(library: Library, folder: Path) -> None:
    alone = exported(library, folder, "tiff", "recipients: {bureau: {fax: 916-555-0130}}")
    both = exported(library, folder, "tiff")
    counts = [len(pictures_in(it.content)) for it in (alone, both)]
    assert counts[1] - counts[0] == 1


WHITE_SCAN = {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 8, "Width": 2, "Height": 2}
TWO_TONE = {**WHITE_SCAN, "BitsPerComponent": 1}
BLANK: list[tuple[bytes, bytes, dict[str, Any]]] = [  # content of the page, picture, its entries
    (b"", b"", WHITE_SCAN),
    (b"1 1 1 rg 0 0 612 792 re f", b"", WHITE_SCAN),
    (b"BT /F 12 Tf 72 700 Td ( ) Tj ET", b"", WHITE_SCAN),
    (b"600 0 0 700 0 0 cm /I Do", b"\xff\xf0\xe6\xff", WHITE_SCAN),
    (b"BT 3 Tr /F 12 Tf (il) Tj ET 600 0 0 700 0 0 cm /I Do", b"\xff" * 4, WHITE_SCAN),
    (b"/I Do", b"", {"Subtype": Name.Form, "BBox": pikepdf.Array([0, 0, 612, 792])}),
]
FAILED: list[tuple[bytes, bytes, dict[str, Any]]] = [
    (b"600 0 0 700 0 0 cm /I Do", b"nonsense", {**WHITE_SCAN, "Filter": Name.JPXDecode}),
    (b"600 0 0 700 0 0 cm /I Do", b"nonsense" * 99, {**TWO_TONE, "Filter": Name.JBIG2Decode}),
    (b"0.7 g BT /F 42 Tf 72 700 Td (Exhibit A) Tj ET", b"", WHITE_SCAN),
    (b"600 0 0 700 0 0 cm /I Do", b"\xff\xff\xff\xa0", WHITE_SCAN),
    (b"0 0 0 RG 1 1 1 rg 0 900 612 792 re B", b"", WHITE_SCAN),
    (b"/sh sh", b"", WHITE_SCAN),
    (b"/I Do", b"/X Do", {"Subtype": Name.Form, "BBox": pikepdf.Array([0, 0, 612, 792])}),
]


def scan_with(content: bytes, picture: bytes, entries: dict[str, Any]) -> Attachment:
    """Return a PDF of one page as the exporters of a fax enclose it."""
    output = BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(612, 792))
        page.Contents = pdf.make_stream(content)
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        named = {"Type": Name.XObject, "Subtype": Name.Image, **entries}
        drawn = Dictionary(I=pdf.make_stream(picture, **named))
        page.Resources = Dictionary(Font=Dictionary(F=font), XObject=drawn)
        pdf.save(output)
    return Attachment("act.pdf", "application/pdf", output.getvalue())


@pytest.mark.parametrize(
    ("page", "is_refused"),
    [(page, False) for page in BLANK] + [(page, True) for page in FAILED],
)
def test_an_enclosed_page_that_shows_nothing_is_refused_unless_it_was_blank(
    page: tuple[bytes, bytes, dict[str, Any]], is_refused: bool
) -> None:
    file = scan_with(*page)
    drawn = next(draw_pages(BytesIO(file.content), FINE_LINES, FINE_INK))
    problems = problems_of(lambda: refuse_failed(file, 1)) if is_refused else ()
    if not is_refused:
        refuse_failed(file, 1)
    assert (drawn.getbbox() is not None, [problem.message for problem in problems]) == (
        False,
        ["page 1 of act.pdf has content, but would be blank as a fax"] * is_refused,
    )


@pytest.mark.parametrize("name", ["tiff", "fax-pdf"])
def test_each_fax_takes_a_blank_page_and_refuses_one_that_failed(
    name: str, library: Library, folder: Path
) -> None:
    counts: list[int] = []
    for number, files in enumerate(([], BLANK, FAILED[2:3])):
        with pikepdf.open(BytesIO(ACT)) as pdf:
            for page in files:
                with pikepdf.open(BytesIO(scan_with(*page).content)) as more:
                    pdf.pages.extend(more.pages)
            pdf.save(folder / "resoluci\u00f3n 1.pdf")
        if number < 2:  # the last one is refused
            content = exported(library, folder, name).content
            assert isinstance(content, bytes)
            counts.append(exporter_for(name).count_pages(content) or 0)
    (problem,) = problems_of(lambda: exported(library, folder, name))
    assert (counts[1] - counts[0], problem.message, problem.hint) == (
        len(BLANK),
        "page 2 of resolucion-1.pdf has content, but would be blank as a fax",
        "open it, check that page, and print it to a new PDF",
    )


def saved(**options: Any) -> bytes:  # Any: what pikepdf takes
    output = BytesIO()
    with pikepdf.open(BytesIO(ACT)) as pdf:
        pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.disable, **options)
    return output.getvalue()


PLAIN = saved()
LENGTHS = [it.span(1) for it in re.finditer(rb"/Length (\d+)", PLAIN)]
INSIDE = PLAIN.index(b"stream\n")
LOCKED = saved(encryption=pikepdf.Encryption(owner="o", user="u"))
UNPRINTED = pikepdf.Permissions(print_lowres=False, print_highres=False)
LIMITED = saved(encryption=pikepdf.Encryption(owner="o", user="", allow=UNPRINTED))
PRINTED = saved(encryption=pikepdf.Encryption(owner="o", user=""))


def lying(span: tuple[int, int], length: bytes) -> bytes:
    """Return a PDF one of whose streams claims a length that it has not."""
    start, end = span
    return PLAIN[:start] + length.rjust(end - start)[: end - start] + PLAIN[end:]


DAMAGED = {
    "no more than a head": b"%PDF-1.7 and no more",
    "cut short": PLAIN[: len(PLAIN) // 2],
    "cut within its end": PLAIN[:-30],
    **{f"length {it!r}": lying(LENGTHS[0], it) for it in (b"0", b"3", b"9999", b"-1")},
    "last length": lying(LENGTHS[-1], b"3"),
    "bytes changed": PLAIN[: INSIDE + 50] + b"\xff" * 20 + PLAIN[INSIDE + 70 :],
}


ANEW = "open it, check each page, and print it to a new PDF"
OTHER = "give the name of the file that you mean"
UNPRINTABLE = "is a PDF that nobody may print, as its owner says in it"
FAULTS = {
    "locked": (
        LOCKED,
        "is a PDF locked with a password",
        "open it with its password, and print it to a new PDF",
    ),
    "printing forbidden": (
        LIMITED,
        "is a PDF that nobody may print, as its owner says in it",
        "ask its owner for a copy that may be printed",
    ),
    "empty": (b"", "is empty", OTHER),
    "a picture": (b"\x89PNG\r\n", "is not a PDF, although its name says so", OTHER),
    **{name: (content, "is a damaged PDF", ANEW) for name, content in DAMAGED.items()},
}


@pytest.mark.parametrize("name", ["txt", "pdf", "eml", "tiff"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_pdf_that_a_reader_may_show_less_of_is_a_problem_in_every_format(
    library: Library, folder: Path, fault: str, name: str
) -> None:
    content, message, hint = FAULTS[fault]
    path = folder / "resoluci\u00f3n 1.pdf"
    path.write_bytes(content)
    (problem,) = problems_of(lambda: exported(library, folder, name))
    assert (problem.code, problem.message, problem.hint) == (
        "broken-pdf",
        f"{path}: {message}",
        hint,
    )
    assert problem.location is not None
    assert problem.location.line == 2


def test_a_pdf_that_only_its_owner_may_change_is_enclosed_as_any_other(
    library: Library, folder: Path
) -> None:
    path = folder / "resoluci\u00f3n 1.pdf"
    path.write_bytes(PLAIN)
    plain = pictures_in(exported(library, folder, "tiff").content)
    path.write_bytes(PRINTED)
    drawn = pictures_in(exported(library, folder, "tiff").content)
    assert [it.tobytes() for it in drawn] == [it.tobytes() for it in plain]
    with pikepdf.open(
        BytesIO(bind_enclosures(PLAIN, [attachments.load_attachment(path)]))
    ) as package:
        assert (package.is_encrypted, len(package.pages)) == (False, 2)


def test_a_pdf_that_no_reader_can_decrypt_is_damaged(folder: Path) -> None:
    path = folder / "resoluci\u00f3n 1.pdf"
    content = saved(encryption=pikepdf.Encryption(owner="o", user="", R=4))
    path.write_bytes(re.sub(rb"/Length (128|16)\b", lambda it: b" " * len(it[0]), content))
    told = told_by(lambda: attachments.load_attachment(path))
    assert told == f"{path}: is a damaged PDF\n  hint: {ANEW}"


def test_a_pdf_may_have_something_before_its_head(library: Library, folder: Path) -> None:
    (folder / "resoluci\u00f3n 1.pdf").write_bytes(b"from the scanner\n" + ACT)
    assert exported(library, folder, "txt").name.endswith(".txt")


def test_a_pdf_that_many_requests_enclose_is_looked_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bytes] = []
    whole = attachments._check_pdf

    def looked_at(content: bytes) -> attachments._PdfCheck:
        looks.append(content)
        return whole(content)

    monkeypatch.setattr(attachments, "_CHECKED", {})
    monkeypatch.setattr(attachments, "_check_pdf", looked_at)
    path = folder / "resoluci\u00f3n 1.pdf"
    assert [attachments.load_attachment(path).content for _ in range(3)] == [ACT] * 3
    path.write_bytes(b"%PDF-1.7 broken")
    assert "damaged" in told_by(lambda: attachments.load_attachment(path))
    assert looks == [ACT, b"%PDF-1.7 broken"]


def test_files_of_one_name_have_names_of_their_own_in_the_e_mail(
    library: Library, folder: Path
) -> None:
    for place in ("one", "other", "third"):
        (folder / place).mkdir()
        (folder / place / "Act.pdf").write_bytes(ACT)
        (folder / place / "notes").write_bytes(place.encode())
    (folder / "act.pdf").write_bytes(ACT)
    named = ("one/Act.pdf", "act.pdf", "third/Act.pdf", "one/notes", "other/notes")
    rows = ", ".join(f"{{title: File, file: {it}}}" for it in named)
    lines = f"enclosures: [{rows}]\nrecipients: {{bureau: {{email: bureau@example.gov}}}}\n"
    message = read(exported(library, folder, "eml", lines).content)
    names = [it.get_filename() for it in message.iter_attachments()]
    assert names[1:] == ["Act.pdf", "act-2.pdf", "Act-3.pdf", "notes", "notes-2"]


@pytest.mark.no_cover
def test_check_finds_what_is_wrong_with_an_enclosed_file(run: Run, write: Write) -> None:
    path = write("r.yaml", f"{REQUEST}enclosures: [{{title: Act, file: act.pdf}}]\n")
    (path.parent / "act.pdf").write_bytes(DAMAGED["cut short"])
    code, out, _ = outcome(run("check", str(path)))
    assert (code, "act.pdf: is a damaged PDF" in out) == (1, True)


def test_a_pdf_without_a_page_is_a_problem(library: Library, folder: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.save(folder / "resoluci\u00f3n 1.pdf")
    (problem,) = problems_of(lambda: exported(library, folder, "eml"))
    assert problem.message.endswith(": is a PDF with no pages")


def test_a_missing_file_is_a_problem_in_every_format(library: Library, folder: Path) -> None:
    (folder / "notes.odt").unlink()
    (problem,) = problems_of(lambda: exported(library, folder, "txt"))
    assert problem.message == "there is no file 'notes.odt' to enclose"


def test_a_typed_signature_stands_above_the_name(library: Library) -> None:
    letter = letter_for(library, "signature: {kind: typed}")
    assert letter.signature == ("/s/ Pat Placeholder", "Pat Placeholder", "Sheriff")


@pytest.mark.parametrize("name", ["html", "pdf"])
def test_a_signatures_picture_is_drawn_with_its_words(
    library: Library, folder: Path, name: str
) -> None:
    lines = "signature: {kind: image, file: autograph.svg, alt: Signature of Pat Placeholder}"
    content = exported(library, folder, name, lines).content
    if name == "pdf":
        with pikepdf.open(BytesIO(content)) as pdf:
            figures = [it for it in pdf.objects if isinstance(it, pikepdf.Dictionary)]
            words = [str(it.Alt) for it in figures if it.get("/S") == "/Figure"]
        assert words == ["Signature of Pat Placeholder"]
    else:
        assert b'alt="Signature of Pat Placeholder"' in content


def test_a_signatures_picture_needs_a_file_and_its_words(library: Library, folder: Path) -> None:
    lines = "signature: {kind: image, file: autograph.svg}"
    (problem,) = problems_of(lambda: exported(library, folder, "txt", lines))
    assert (problem.message, problem.hint) == (
        "a picture of a signature needs both file: and alt:",
        "add file: ..., alt: ... under signature:",
    )


def test_the_web_page_of_a_plain_letter_has_no_picture(library: Library) -> None:
    assert b"<img" not in exporter_for("html").encode(letter_for(library), library.context)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "paper",
    [(612, 792), (792, 612), (595, 842), (306, 396), (1224, 792)],
    ids=["letter", "lying", "A4", "half", "tabloid"],
)
def test_a_page_of_any_shape_is_drawn_in_proportion(
    library: Library, folder: Path, paper: tuple[int, int]
) -> None:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=paper)
        page.Contents = pdf.make_stream(b"72 72 144 144 re f")  # a black square
        pdf.save(folder / "resoluci\u00f3n 1.pdf")
    picture = below_head(pictures_in(exported(library, folder, "tiff").content)[-1])
    ink = picture.point(lambda shade: 255 - shade).getbbox()
    assert ink is not None
    across, down = (ink[2] - ink[0]) / 1728 * 8.5, (ink[3] - ink[1]) / 196
    assert across == pytest.approx(down, abs=0.02)
    assert 0 < ink[0] < ink[2] < 1728


def test_the_folder_of_an_enclosed_file_is_no_word_of_the_fax(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = in_folder / "\u0623\u062d\u0645\u062f"
    folder.mkdir()
    monkeypatch.chdir(folder)
    copyfile(ROOT / "examples" / "placeholder-resolution.pdf", "r.pdf")
    enclosed = "enclosures: [{title: Resolution, file: r.pdf}]\nsignature: {kind: typed}\n"
    fax = 'recipients: {bureau: {fax: "916-555-0130"}}\nto: bureau\n'
    Path("r.yaml").write_text(f"{REQUEST}{enclosed}{fax}", "utf-8")
    assert outcome(run("write", "r.yaml", "-f", "fax", "-o", "out/", "-q"))[::2] == (0, "")
