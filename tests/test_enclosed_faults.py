"""Enclosed PDFs: a problem that readers repair is a note; one that costs a page is refused."""

import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from struct import pack

import pikepdf
import pytest
from command_results import Run, Write, noted, outcome
from conftest import REQUEST, ROOT
from make_letters import problems_of
from pikepdf import Array, Dictionary, Name, String
from PIL import Image as Picture
from run_batch import SEAL
from run_processes import call

from optout_cli.errors import OptoutError
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.pictures import load_image

pytestmark = pytest.mark.usefixtures("with_typst")

ACT = (ROOT / "examples" / "placeholder-resolution.pdf").read_bytes()
ENCLOSING = f"{REQUEST}enclosures: [{{title: Resolution, file: act.pdf}}]\n"
NOTE = "print act.pdf to a new PDF to remove its small errors, which PDF readers repair: {}"


def changed(
    change: Callable[[pikepdf.Pdf], None] = lambda _: None, *, linear: bool = False
) -> bytes:
    """Return the resolution after a change, its objects to be read as text."""
    output = BytesIO()
    with pikepdf.open(BytesIO(ACT)) as pdf:
        change(pdf)
        plain = pikepdf.ObjectStreamMode.disable
        pdf.save(output, object_stream_mode=plain, linearize=linear)
    return output.getvalue()


def rewritten(content: bytes, pattern: bytes, change: Callable[[int], int]) -> bytes:
    """Change the first number that stands behind a pattern, at the same width."""
    found = re.search(pattern + rb" *(\d+)", content)
    assert found
    start, end = found.span(1)
    number = str(change(int(found[1]))).encode().rjust(end - start)
    return content[:start] + number[: end - start] + content[end:]


def page_of_a_picture(pdf: pikepdf.Pdf) -> None:
    """Pack the words of the page as if they were a picture."""
    words = pdf.make_stream(b"")
    words.write(b"garbage", filter=Name.JBIG2Decode)
    pdf.pages[0].obj.Contents = words


# A page, and a region with bits of any kind, whose header refers to the page.
JBIG2 = pack(">IBBBIIIIIBH", 0, 48, 0, 1, 19, 8, 8, 0, 0, 0, 0) + pack(
    ">IBBBBI", 1, 38, 32, 0, 1, 9
)
JBIG2 += bytes(9)


def picture_in_jbig2(pdf: pikepdf.Pdf) -> None:
    image = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=8, Height=8)
    image.BitsPerComponent, image.ColorSpace = 1, Name.DeviceGray
    image.write(JBIG2, filter=Name.JBIG2Decode)
    pdf.pages[0].add_resource(image, Name.XObject, Name.Scan)


def broken_picture(pdf: pikepdf.Pdf) -> None:
    picture_in_jbig2(pdf)
    pdf.pages[0].obj.Resources.XObject.Scan.write(b"garbage", filter=Name.JPXDecode)
    pdf.pages[0].contents_add(b" q 99 0 0 99 0 0 cm /Scan Do Q")


def forms_in_forms(pdf: pikepdf.Pdf) -> None:
    """Draw a form that draws two forms, each of which draws two, and so on."""
    words, within = b"0 0 9 9 re f", Dictionary()
    for _ in range(17):
        form = pdf.make_stream(words, Type=Name.XObject, Subtype=Name.Form)
        form.BBox, form.Resources = Array([0, 0, 9, 9]), Dictionary(XObject=within)
        words, within = b"/F Do /F Do", Dictionary(F=form)
    pdf.pages[0].add_resource(within.F, Name.XObject, Name.F)
    pdf.pages[0].contents_add(b" /F Do")


def drawn(words: bytes, form: bytes = b" ") -> Callable[[pikepdf.Pdf], None]:
    """Draw these words on the page until they are 10 MB, with the forms that they draw."""

    def put(pdf: pikepdf.Pdf) -> None:
        stream = pdf.make_stream(form, Type=Name.XObject, Subtype=Name.Form)
        stream.BBox = Array([0, 0, 9, 9])
        pdf.pages[0].add_resource(stream, Name.XObject, Name.F)
        size = len(form) if b"Do" in words else len(words)
        pdf.pages[0].contents_add(words * (10**7 // size + 1))

    return put


def stamped(drawing: bytes) -> Callable[[pikepdf.Pdf], None]:
    """Put stamps on the page, which share one drawing, until they have 10 MB."""

    def put(pdf: pikepdf.Pdf) -> None:
        look = pdf.make_stream(drawing, Type=Name.XObject, Subtype=Name.Form)
        look.BBox = Array([0, 0, 9, 9])
        stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([0, 0, 9, 9]), F=4)
        stamp.AP = Dictionary(N=look)
        pdf.pages[0].obj.Annots = Array([stamp] * (10**7 // len(drawing) + 1))

    return put


def on_each_page(drawing: bytes) -> Callable[[pikepdf.Pdf], None]:
    """Add pages with one drawing until they have 100 MB."""

    def put(pdf: pikepdf.Pdf) -> None:
        stream = pdf.make_stream(drawing)
        for _ in range(10**8 // len(drawing) + 1):
            pdf.add_blank_page().obj.Contents = stream

    return put


def with_xfa(pdf: pikepdf.Pdf) -> None:
    """Add a form with one field, also as XFA, as the forms of federal agencies have it."""
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), F=4)
    field.Rect, field.V = Array([9, 9, 99, 30]), String("")
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(field)])
    pdf.Root.AcroForm = Dictionary(Fields=Array(list(pdf.pages[0].obj.Annots)))
    pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")


def box(name: str, *corners: float) -> Callable[[pikepdf.Pdf], None]:
    def put(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj[name] = Array(corners)

    return put


def without_size(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0].obj["/MediaBox"]


def wrong_name(pdf: pikepdf.Pdf) -> None:
    """Add a list of names, for links, with an entry of another kind."""
    pdf.Root.Names = Dictionary(Dests=Dictionary(Names=Array([Name.Wrong, pdf.pages[0].obj])))


PLAIN, LINEAR = changed(), changed(linear=True)
HINTS = re.search(rb"/H \[ (\d+)", LINEAR)
assert HINTS
HINT = LINEAR.index(b"stream\n", int(HINTS[1])) + 10
WEB, COUNT = "wrong entries for fast web view", "a wrong count of its objects"
SMALL = {
    "hints changed": (LINEAR[:HINT] + b"\xff" * 5 + LINEAR[HINT + 5 :], WEB),
    "hints elsewhere": (rewritten(LINEAR, rb"/H \[", lambda number: number + 3), WEB),
    "end of first page": (rewritten(LINEAR, rb"/E", lambda number: number - 5), WEB),
    "first page": (rewritten(LINEAR, rb"/O", lambda _: 2), WEB),
    "pages": (rewritten(LINEAR, rb"/N", lambda _: 9), WEB),
    "size too small": (rewritten(PLAIN, rb"/Size", lambda number: number - 1), COUNT),
    "size too large": (rewritten(PLAIN, rb"/Size", lambda number: number + 5), COUNT),
    "an entry that is none": (changed(wrong_name), "a wrong entry in its list of places"),
    "no size of page": (changed(without_size), "a page without a size"),
}
WHOLE = {
    "a form that is XFA too": changed(with_xfa),
    "plain": PLAIN,
    "linearized": LINEAR,
    "linearized, then added to": LINEAR + b"\n% more\n",
    "a scan in JBIG2": changed(picture_in_jbig2),
}
PATHS = b"0 0 m 9 9 l S " * 100_000
DAMAGED = "is a damaged PDF"
AS_PICTURES = "scan its pages, or save them as pictures, and enclose these as a PDF"
MUCH_ON_PAGE = "is a PDF whose page 1 is drawn with more than 10 MB of instructions"
REFUSED = {
    "more pages counted than there are": (
        PLAIN.replace(b"/Count 1 /Kids", b"/Count 5 /Kids"),
        DAMAGED,
    ),
    "words in JBIG2": (changed(page_of_a_picture), DAMAGED),
    "linearized, a wrong length": (rewritten(LINEAR, rb"/Length", lambda _: 3), DAMAGED),
    "cropped to nothing": (
        changed(box("/CropBox", 1000, 1000, 1100, 1100)),
        "is a PDF whose page 1 is cropped to nothing",
    ),
    "a broken picture in JPEG 2000": (changed(broken_picture), DAMAGED),
    "forms within forms": (
        changed(forms_in_forms),
        MUCH_ON_PAGE,
    ),
    "one long drawing": (changed(drawn(b"0 0 m 9 9 l S ")), MUCH_ON_PAGE),
    "a form of one long drawing": (changed(drawn(b"/F Do ", PATHS * 8)), MUCH_ON_PAGE),
    "a form on a page again and again": (changed(drawn(b"/F Do ", PATHS)), MUCH_ON_PAGE),
    "a stamp on a page again and again": (changed(stamped(PATHS)), MUCH_ON_PAGE),
    "many pages with the same long drawing": (
        changed(on_each_page(PATHS * 2)),
        "is a PDF whose pages are drawn with more than 100 MB of instructions",
    ),
}


@pytest.mark.parametrize("case", SMALL)
def test_a_problem_that_readers_repair_is_a_note_and_the_file_is_enclosed(
    case: str, run: Run, write: Write
) -> None:
    content, problem = SMALL[case]
    path = write("r.yaml", ENCLOSING)
    (path.parent / "act.pdf").write_bytes(content)
    code, _, err = outcome(run("write", str(path), "-f", "txt,html", "-o", f"{path.parent}/out/"))
    told = [note for note in noted(err) if note.startswith("print act.pdf")]
    assert (code, told) == (0, [NOTE.format(problem)])


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("pages", ("check", "r.yaml")),
        ("size too large", ("write", "r.yaml", "--to", "ice", "--engine", "weasyprint")),
        ("no size of page", ("batch", "n.yaml", "--with-enclosures")),
    ],
)
def test_every_command_reports_a_repaired_problem_in_a_process_of_its_own(
    case: str, words: tuple[str, ...], write: Write, in_folder: Path
) -> None:
    content, problem = SMALL[case]
    write("r.yaml", ENCLOSING)
    write("n.yaml", f"- {ENCLOSING.replace(chr(10), chr(10) + '  ').rstrip()}\n")
    (in_folder / "act.pdf").write_bytes(content)
    done = call(*words)
    err = done.stderr.decode()
    assert (done.returncode, NOTE.format(problem) in err) == (0, True), err


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_pdf_has_no_problem(
    case: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "act.pdf"
    path.write_bytes(WHOLE[case])
    assert load_attachment(path).small_faults == ()
    assert capfd.readouterr() == ("", "")
    assert caplog.messages == []  # without pytest, they are on the terminal


@pytest.mark.parametrize("case", REFUSED)
def test_a_problem_that_costs_a_page_is_refused(case: str, tmp_path: Path) -> None:
    content, message = REFUSED[case]
    path = tmp_path / "act.pdf"
    path.write_bytes(content)
    (problem,) = problems_of(lambda: load_attachment(path))
    assert (problem.code, problem.message) == ("broken-pdf", message)
    is_large = "instructions" in message
    assert problem.hint == (
        AS_PICTURES if is_large else "open it, check each page, and print it to a new PDF"
    )


@pytest.mark.parametrize("case", REFUSED)
def test_check_of_many_requests_finds_files_that_cannot_become_pages(
    case: str, run: Run, write: Write
) -> None:
    path = write("n.yaml", f"- {ENCLOSING.replace(chr(10), chr(10) + '  ').rstrip()}\n")
    (path.parent / "act.pdf").write_bytes(REFUSED[case][0])
    words = ("batch", str(path), "-f", "tiff,pdf", "--with-enclosures", "--check")
    code, out, _ = outcome(run(*words))
    assert (code, f"act.pdf: {REFUSED[case][1]}" in out) == (1, True)


def test_check_notes_a_problem_that_readers_repair(run: Run, write: Write) -> None:
    path = write("r.yaml", ENCLOSING)
    (path.parent / "act.pdf").write_bytes(SMALL["size too small"][0])
    code, _, err = outcome(run("check", str(path)))
    assert (code, err.count(NOTE.format(COUNT))) == (0, 1)


def test_a_file_that_looks_different_when_repaired_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optout_cli.readers import enclosures as attachments

    monkeypatch.setattr(attachments, "_CHECKED", {})
    monkeypatch.setattr(attachments, "_draw_pages", lambda content: [content])
    path = tmp_path / "act.pdf"
    path.write_bytes(SMALL["size too large"][0])
    (problem,) = problems_of(lambda: load_attachment(path))
    assert problem.message == DAMAGED


@pytest.mark.parametrize("is_black_one", [True, False])
@pytest.mark.parametrize("loss", ["none", "end", "middle"])
def test_a_damaged_fax_in_a_pdf_is_told_once_and_nothing_else_is(
    loss: str, is_black_one: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    drawn, stream = Picture.effect_noise((200, 200), 99).convert("1"), BytesIO()
    drawn.save(stream, "TIFF", compression="group4")
    stream.seek(0)
    with Picture.open(stream) as tiff:
        tags = tiff.tag_v2  # type: ignore[attr-defined]  # of a TIFF
        start, length = tags[273][0], tags[279][0]
    packed = stream.getvalue()[start : start + length]
    half = length // 2
    packed = {"none": packed, "end": packed[:half], "middle": packed[:half] + packed[half + 9 :]}[
        loss
    ]

    def add(pdf: pikepdf.Pdf) -> None:
        size = Dictionary(K=-1, Columns=200, BlackIs1=is_black_one)
        image = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=200, Height=200)
        image.BitsPerComponent, image.ImageMask = 1, True
        image.write(packed, filter=Name.CCITTFaxDecode, decode_parms=size)
        pdf.pages[0].add_resource(image, Name.XObject, Name.Scan)

    (tmp_path / "act.pdf").write_bytes(changed(add))
    told = () if loss == "none" else ("all of 1 damaged picture",)
    assert (load_attachment(tmp_path / "act.pdf").unseen, *capfd.readouterr()) == (told, "", "")


@pytest.mark.parametrize("picture", [JBIG2[:-1], JBIG2[:-10], b"garbage" * 9, b""])
def test_a_picture_in_jbig2_that_is_cut_off_is_told(picture: bytes, tmp_path: Path) -> None:
    def cut(pdf: pikepdf.Pdf) -> None:
        picture_in_jbig2(pdf)
        pdf.pages[0].obj.Resources.XObject.Scan.write(picture, filter=Name.JBIG2Decode)

    (tmp_path / "act.pdf").write_bytes(changed(cut))
    assert load_attachment(tmp_path / "act.pdf").unseen == ("all of 1 damaged picture",)


def test_messages_after_a_linearized_pdf_reach_the_user(run: Run, write: Write) -> None:
    path = write("r.yaml", ENCLOSING)
    (path.parent / "act.pdf").write_bytes(LINEAR)
    code, _, err = outcome(run("write", str(path), "-f", "txt", "-o", f"{path.parent}/out/"))
    assert (code, "call the bureau " in err, "next: " in err) == (0, True, True)


def test_nothing_that_is_enclosed_changes_where_messages_go(tmp_path: Path) -> None:
    streams = sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    contents = [
        *(content for content, _ in SMALL.values()),
        *WHOLE.values(),
        *(content for content, _ in REFUSED.values()),
    ]
    for name in ("a.pdf", "a.docx", "a.txt", "a.bin"):
        for number, content in enumerate(contents):
            # Content of its own, so that each is looked at here.
            (tmp_path / name).write_bytes(content + b"%% %d" % number)
            try_to(lambda path=tmp_path / name: load_attachment(path))  # type: ignore[misc]  # mypy cannot type a lambda's default
    picture = BytesIO()
    Picture.new("L", (9, 9)).save(picture, "PNG")
    for content in (picture.getvalue(), picture.getvalue()[:-9], SEAL.encode(), b"<svg", b"GIF89a"):
        (tmp_path / "seal").write_bytes(content)
        try_to(lambda: load_image(tmp_path / "seal", "Seal"))
    assert (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) == streams
    assert not any(stream.closed for stream in streams if stream)


def try_to(call: Callable[[], object]) -> None:
    try:
        call()
    except OptoutError:
        return
