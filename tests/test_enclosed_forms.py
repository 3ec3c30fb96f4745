"""What a PDF shows beside its plain pages: alike on paper and fax, and told if no page shows it."""

import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import pikepdf
import pypdfium2
import pytest
from conftest import TODAY
from make_letters import document_of, told_by
from pikepdf import Array, Dictionary, Name, String

from optout_cli.exporters import Options, exporter_for
from optout_cli.exporters.binding import bind_enclosures
from optout_cli.letters import Library
from optout_cli.letters.notes import export_notes
from optout_cli.letters.pipeline import Order, letters_of_request
from optout_cli.model.letter import Attachment, Letter
from optout_cli.readers import enclosures
from optout_cli.readers.enclosures import load_attachment
from optout_cli.readers.pdf_pages import flatten

Change = Callable[[pikepdf.Pdf], None]
PRINT = 4
LINES = "first\rsecond\rthird"


def pdf(*changes: Change) -> bytes:
    """Return a PDF of one page with a line on it, changed."""
    stream = BytesIO()
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(612, 792))
        page.Contents = document.make_stream(b"72 500 100 50 re S")
        for change in changes:
            change(document)
        with catch_warnings(action="ignore"):  # about a field that no form names
            document.save(stream, static_id=True)
    return stream.getvalue()


# Any, here and below: entries of a PDF's dictionary, of every type.
def annotated(*, flags: int = PRINT, subtype: Name = Name.Widget, **more: Any) -> Change:
    """Return what adds an annotation to the page, and a text field to the form."""

    def change(document: pikepdf.Pdf) -> None:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        named = Dictionary(Font=Dictionary(Helv=document.make_indirect(font)))
        words = more.pop("drawn", None)
        annotation = Dictionary(
            Type=Name.Annot, Subtype=subtype, Rect=Array([72, 600, 300, 700]), F=flags, **more
        )
        if words:
            drawing = f"BT /Helv 12 Tf 5 50 Td ({words}) Tj ET".encode()
            box = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": Array([0, 0, 228, 100])}
            form = document.make_stream(drawing, **box, Resources=named)
            annotation.AP = Dictionary(N=form)
        annotation = document.make_indirect(annotation)
        document.pages[0].Annots = Array([annotation])
        if subtype == Name.Widget and not words:
            fields: dict[str, Any] = {
                "Fields": Array([annotation]),
                "NeedAppearances": True,
                "DR": named,
            }
            document.Root.AcroForm = Dictionary(**fields, DA=String("/Helv 12 Tf 0 g"))

    return change


def field(value: str = LINES, **more: Any) -> Change:
    looks: dict[str, Any] = {"DA": String("/Helv 12 Tf 0 g"), "Ff": 4096}
    return annotated(FT=Name.Tx, T=String("reason"), V=String(value), **looks, **more)


def words_of(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as document:
        return [word for page in document for word in page.get_textpage().get_text_range().split()]


def read(folder: Path, content: bytes) -> Attachment:
    (folder / "form.pdf").write_bytes(content)
    return load_attachment(folder / "form.pdf")


def told(folder: Path, content: bytes) -> str:
    return told_by(lambda: read(folder, content)).removeprefix(f"{folder / 'form.pdf'}: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pdf(field()), ["first", "second", "third"]),
        (pdf(field(drawn="filled")), ["filled"]),
        (pdf(field(drawn="filled", flags=0)), []),
        (pdf(annotated(subtype=Name.Stamp, drawn="RECEIVED")), ["RECEIVED"]),
        (pdf(), []),
    ],
    ids=["three lines", "no form", "not printed", "stamp", "plain"],
)
def test_what_a_printer_draws_over_a_page_becomes_part_of_it(
    content: bytes, words: list[str]
) -> None:
    flat = flatten(content)
    with pikepdf.open(BytesIO(flat)) as document:
        assert (words_of(flat), "/Annots" in document.pages[0]) == (words, False)


def test_the_same_pdf_is_flattened_to_the_same_pages() -> None:
    flatten.cache_clear()
    first = flatten(pdf(field()))
    flatten.cache_clear()
    with pikepdf.open(BytesIO(first)) as one, pikepdf.open(BytesIO(flatten(pdf(field())))) as two:
        found = [
            page.Contents.read_bytes() if isinstance(page.Contents, pikepdf.Stream) else b""
            for document in (one, two)
            for page in document.pages
        ]
    assert found[0] == found[1]


def enclosing(library: Library, folder: Path, content: bytes) -> Letter:
    (folder / "form.pdf").write_bytes(content)
    document = document_of(
        "recipients: {bureau: {fax: 916-555-0130}}\nenclosures: [{title: Form, file: form.pdf}]\n"
    )
    order = Order(today=TODAY, parties=("bureau",), formats=("tiff",))
    return letters_of_request(document, library, order, folder)[0]


def test_paper_and_fax_show_the_same_values(tmp_path: Path, library: Library) -> None:
    letter = enclosing(library, tmp_path, pdf(field(drawn="filled", flags=0)))
    plain = enclosing(library, tmp_path, pdf())
    packing = library.with_options(Options(with_enclosures=True))
    assert "filled" not in words_of(exporter_for("pdf").encode(letter, packing.context))
    faxes = [exporter_for("tiff").encode(each, library.context) for each in (letter, plain)]
    assert faxes[0] == faxes[1]


def attach(document: pikepdf.Pdf) -> None:
    document.attachments["budget.csv"] = pikepdf.AttachedFileSpec(document, b"1,2")


@pytest.mark.parametrize(
    ("content", "unseen"),
    [
        (pdf(field()), ()),
        (pdf(field(drawn="filled")), ("the value of the field 'reason' on page 1",)),
        (pdf(field("filled", drawn="filled")), ()),
        (pdf(field(flags=2)), ()),
        (
            pdf(annotated(FT=Name.Btn, T=String("agreed"), V=Name.Yes)),
            ("the value of the field 'agreed' on page 1",),
        ),
        (
            pdf(annotated(subtype=Name.Text, Contents=String("Is this right?"))),
            ("1 comment on page 1",),
        ),
        (pdf(attach), ("1 file attached to it",)),
    ],
    ids=["drawn", "other words", "the same words", "hidden", "no mark", "comment", "attached"],
)
def test_what_the_pages_do_not_show_is_found(
    tmp_path: Path, content: bytes, unseen: tuple[str, ...]
) -> None:
    assert read(tmp_path, content).unseen == unseen


def of_grandparent(document: pikepdf.Pdf) -> None:
    """Give the value of the only field to the field above the one above it."""
    (widget,) = document.pages[0].Annots
    top = document.make_indirect(Dictionary(FT=widget.FT, T=widget.T, V=widget.V))
    widget.Parent = document.make_indirect(Dictionary(Parent=top, Kids=Array([widget])))
    for key in ("/FT", "/T", "/V"):
        del widget[key]


def as_stream(document: pikepdf.Pdf) -> None:
    (widget,) = document.pages[0].Annots
    widget.V = document.make_stream(b"the jail has no staff")


def as_array(document: pikepdf.Pdf) -> None:
    (widget,) = document.pages[0].Annots
    widget.FT, widget.V = Name.Ch, Array([String("Jail"), String("filled")])


def with_other_mark(document: pikepdf.Pdf) -> None:
    (widget,) = document.pages[0].Annots
    widget.FT, widget.V, widget.AS = Name.Btn, Name.Yes, Name.Off


@pytest.mark.parametrize("change", [of_grandparent, as_stream, as_array, with_other_mark])
def test_a_value_in_any_form_that_no_page_shows_is_found(change: Change, tmp_path: Path) -> None:
    content = pdf(field("the jail", drawn="filled"), change)
    assert read(tmp_path, content).unseen == ("the value of the field 'reason' on page 1",)


def test_what_the_pages_do_not_show_is_a_note(tmp_path: Path, library: Library) -> None:
    comment = annotated(subtype=Name.Text, Contents=String("Is this right?"))
    letter = enclosing(library, tmp_path, pdf(comment))
    notes = {note.code: note.text for note in letter.notice.notes}
    assert notes["unseen-in-pdf"] == "check form.pdf: its pages do not show 1 comment on page 1"


AGAIN = "\n  hint: open it, check each page, and print it to a new PDF"


def made_by_reader(document: pikepdf.Pdf) -> None:
    document.Root.NeedsRendering = True


def portfolio(document: pikepdf.Pdf) -> None:
    document.Root.Collection = Dictionary(View=Name.T)


def layered(usual: dict[str, Any], use: dict[str, Any]) -> Change:
    """Return a change that adds two layers, and says which of them are off."""

    def change(document: pikepdf.Pdf) -> None:
        shown, other = (
            document.make_indirect(
                Dictionary({"/Type": Name.OCG, "/Name": String(name), **entries})
            )
            for name, entries in (("Plan", {}), ("Remarks", use))
        )
        off = {f"/{key}": Array([other]) if key == "OFF" else value for key, value in usual.items()}
        document.Root.OCProperties = Dictionary(OCGs=Array([shown, other]), D=Dictionary(off))

    return change


@pytest.mark.parametrize(
    ("usual", "use"),
    [
        ({"OFF": ()}, {}),
        ({"BaseState": Name.OFF}, {}),
        ({}, {"/Usage": Dictionary(Print=Dictionary(PrintState=Name.OFF))}),
    ],
    ids=["off", "all off", "not printed"],
)
def test_a_pdf_with_a_hidden_layer_is_refused(
    tmp_path: Path, usual: dict[str, Any], use: dict[str, Any]
) -> None:
    problem = f"has hidden layers, which would show behind the letter{AGAIN}"
    assert told(tmp_path, pdf(layered(usual, use))) == problem


@pytest.mark.parametrize("use", [{}, {"/Usage": Array([])}], ids=["no usage", "a wrong usage"])
def test_a_pdf_whose_layers_all_show_is_taken(tmp_path: Path, use: dict[str, Any]) -> None:
    assert read(tmp_path, pdf(layered({}, use))).unseen == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            pdf(portfolio),
            (
                "is a PDF portfolio: its files are not on its pages"
                "\n  hint: enclose each of its files by itself"
            ),
        ),
        (
            pdf(annotated(subtype=Name.Redact)),
            (
                "has passages on page 1 that are marked for redaction but still there"
                "\n  hint: apply the redactions in a PDF program, and save it again"
            ),
        ),
        (
            pdf(made_by_reader),
            f"is an XFA form: its pages are made only as Adobe Reader opens it{AGAIN}",
        ),
    ],
    ids=["portfolio", "redaction", "XFA"],
)
def test_a_pdf_whose_pages_are_not_what_is_meant_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    assert told(tmp_path, content) == problem


def packed(times: int) -> Change:
    content = b" " * 60_000_000
    for _ in range(times):
        content = zlib.compress(content, 9)

    def change(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, b"")
        stream.write(content, filter=Array([Name.FlateDecode] * times), type_check=False)
        document.pages[0].Contents = document.make_indirect(stream)

    return change


@pytest.mark.parametrize("times", [1, 2])
def test_a_pdf_that_unpacks_to_too_much_is_refused(tmp_path: Path, times: int) -> None:
    found = told(tmp_path, pdf(packed(times)))
    assert found == f"is a PDF that unpacks to more than 50 MB in one place{AGAIN}"


def pictured(end: int | None) -> Change:
    """Return what adds a picture of 25 MB, packed, and cut off at `end`."""
    content = zlib.compress(bytes(25_000_000))[:end]
    form = {"Width": 5000, "Height": 5000, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray}

    def change(document: pikepdf.Pdf) -> None:
        kind = {"Type": Name.XObject, "Subtype": Name.Image, **form}
        picture = pikepdf.Stream(document, b"", **kind)
        picture.write(content, filter=Name.FlateDecode, type_check=False)
        document.pages[0].Resources = Dictionary(XObject=Dictionary(I=picture))

    return change


@pytest.mark.parametrize(("end", "messages"), [(None, 0), (9_000, 1)])
def test_a_large_picture_is_checked_and_not_unpacked_at_once(
    tmp_path: Path, end: int | None, messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    listed = enclosures._syntax_messages

    def counted(content: bytes, large: list[tuple[int, int]]) -> list[str]:
        given.append(len(large))  # pictures to leave out
        return listed(content, large)

    monkeypatch.setattr(enclosures, "_syntax_messages", counted)
    path = tmp_path / "picture.pdf"
    path.write_bytes(pdf(pictured(end)))
    if messages:
        assert told_by(lambda: load_attachment(path)) == f"{path}: is a damaged PDF{AGAIN}"
    else:
        load_attachment(path)
    assert given == [1 - messages]


def test_a_fax_of_more_than_thirty_pages_gets_a_note(tmp_path: Path, library: Library) -> None:
    letter = enclosing(library, tmp_path, pdf())
    notes = [
        {note.code for note in export_notes(letter, "fax", pages, Options())} for pages in (30, 31)
    ]
    assert ["long-fax" in codes for codes in notes] == [False, True]


def acting(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def signed(pdf: pikepdf.Pdf) -> None:
    signature = pdf.make_indirect(Dictionary(Type=Name.Sig, Contents=String("0")))
    field = pdf.make_indirect(Dictionary(FT=Name.Sig, T=String("Signer"), V=signature))
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def to_be_signed(pdf: pikepdf.Pdf) -> None:
    signed(pdf)
    del pdf.Root.AcroForm.Fields[0].V


def with_words(words: bytes) -> Callable[[pikepdf.Pdf], None]:
    def add(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(Font=Dictionary(F=font))
        page.obj.Contents = pdf.make_stream(b"BT /F 24 Tf 72 700 Td (Act) Tj " + words + b" ET")

    return add


def below_a_scan(pdf: pikepdf.Pdf) -> None:
    with_words(b"3 Tr (words that were found) Tj ET /I Do BT")(pdf)
    scan = pdf.make_stream(b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1)
    scan.BitsPerComponent, scan.ColorSpace = 8, Name.DeviceGray
    pdf.pages[0].obj.Resources.XObject = Dictionary(I=scan)


def stamped_without_drawing(pdf: pikepdf.Pdf) -> None:
    stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([9, 9, 99, 99]))
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(stamp)])


def stamped_for_the_screen(pdf: pikepdf.Pdf) -> None:
    stamped_without_drawing(pdf)
    pdf.pages[0].obj.Annots[0].AP = Dictionary(N=pdf.make_stream(b"0 0 9 9 re f"))


@pytest.mark.parametrize(
    ("change", "unseen"),
    [
        (acting, ("a script (JavaScript), for which mail servers may refuse it",)),
        (signed, ("the digital signature, which is valid only in the file itself",)),
        (to_be_signed, ()),
        (with_words(b"1 g 0 -50 Td (white) Tj"), ("the words 'white' on page 1",)),
        (with_words(b"3 Tr 0 -50 Td (unseen) Tj"), ("the words 'unseen' on page 1",)),
        (with_words(b"ET 50 600 99 99 re f 1 g BT /F 9 Tf 60 650 Td (white) Tj"), ()),
        (below_a_scan, ()),
        (stamped_without_drawing, ("1 comment on page 1",)),
        (stamped_for_the_screen, ("1 comment on page 1",)),
    ],
)
def test_what_a_printed_page_does_not_show_is_told(
    tmp_path: Path, change: Callable[[pikepdf.Pdf], None], unseen: tuple[str, ...]
) -> None:
    path = tmp_path / "act.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(612, 792))
        change(pdf)
        pdf.save(path)
    assert load_attachment(path).unseen == unseen


def test_a_letter_does_not_take_over_the_scripts_of_what_it_encloses() -> None:
    script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    links = [script, Dictionary(S=Name.URI, URI=String("https://example.gov"))]
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(612, 792)).obj
        page.AA = Dictionary(O=script)
        page.Annots = Array(
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([9, 9, 99, 99]), A=it)
            for it in links
        )
        pdf.save(content := BytesIO())
    file = Attachment("act.pdf", "application/pdf", content.getvalue())
    with pikepdf.open(BytesIO(bind_enclosures(content.getvalue(), [file]))) as package:
        bound = package.pages[1].obj
        assert ("/AA" in bound, [str(it.A.S) for it in bound.Annots]) == (False, ["/URI"])
