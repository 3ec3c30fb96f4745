"""What a page could not show whole, or would fetch from outside: a Problem, never a hole."""

import re
from pathlib import Path

import pikepdf
import pytest
from conftest import REQUEST
from make_letters import document_of, letter_for, library_with, pdf_of, problems_of, told_by
from read_pdf import objects_of
from run_processes import call

from optout_cli import bundled
from optout_cli.engines.measure import unknown_glyph
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Files, Image
from optout_cli.readers.document import with_assignments
from optout_cli.templating.search import PAGE, STYLE

LAYOUT = (bundled.TEMPLATES / PAGE).read_text("utf-8")
SHEET = (bundled.TEMPLATES / STYLE).read_text("utf-8")

FIELDS = [
    "recipients.bureau.attention",
    "signatory.office",
    "particulars.reasons.0",
    "cc.0.name",
]


def pdf_with(library: Library, path: str, value: str) -> bytes:
    """Print the bureau's letter with one value of its request set."""
    served = {"service.bureau.0.by": "certified-mail"} if path.startswith("service") else {}
    document = with_assignments(document_of(), "--set", {**served, path: value})
    order = Order(today=letter_for(library).notice.date, parties=("bureau",))
    return exports_of(document, library, order)[0].content


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("path", FIELDS)
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Ann 😀", ["'😀' (U+1F600)"]),
        ("כל", ["'כ' (U+05DB)", "'ל' (U+05DC)"]),
        ("漢漢", ["'漢' (U+6F22)"]),
    ],
    ids=["emoji", "hebrew", "chinese"],
)
def test_a_character_that_the_typeface_lacks_is_a_problem(
    library: Library, path: str, value: str, told: list[str]
) -> None:
    problems = problems_of(lambda: pdf_with(library, path, value))
    assert [(it.code, it.message, it.hint) for it in problems] == [
        (
            "unknown-glyph",
            f"Source Serif Pro has no character {it}",
            "spell it without this character",
        )
        for it in told
    ]


def test_what_to_write_for_a_character_that_the_typeface_lacks_is_told() -> None:
    hints = {text: unknown_glyph(ord(text)).hint for text in "\u2011\uff21\u2192"}
    assert hints == {
        "\u2011": "write '-' in its place",
        "\uff21": "write 'A' in its place",
        "\u2192": "spell it without this character",
    }


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("path", FIELDS)
def test_every_other_character_is_drawn_from_the_letters_own_typeface(
    library: Library, path: str
) -> None:
    pdf = objects_of(
        pdf_with(library, path, "Peña Ōkubo Ngũgĩ Nguyễn § 1 ½ “a” — … № • e\u0301 \u02bb")
    )
    dictionaries = [it for it in pdf.objects if isinstance(it, pikepdf.Dictionary)]
    fonts = [str(it.BaseFont) for it in dictionaries if "/BaseFont" in it]
    assert {it.partition("+")[2].replace("-", "")[:14] for it in fonts} == {"SourceSerifPro"}


def test_a_head_that_reaches_into_the_window_is_a_problem(library: Library) -> None:
    ways = [f"{{by: mail, number: 1Z0000000{number}}}" for number in range(10)]
    few, many = (f"service: {{bureau: [{', '.join(ways[:count])}]}}" for count in (5, 10))
    assert len(pdf_of(letter_for(library, few), library)) > 0
    (problem,) = problems_of(lambda: pdf_of(letter_for(library, many), library))
    assert (problem.code, problem.hint) == ("tall-letterhead", "shorten signatory: or service:")


def test_a_layout_that_does_not_say_where_its_head_ends_is_a_problem(tmp_path: Path) -> None:
    library = library_with(tmp_path, {PAGE: LAYOUT.replace('<div id="head-end"></div>', "")})
    assert told_by(lambda: pdf_of(letter_for(library), library)) == (
        "the layout has no element with the id 'head-end' on its first page\n"
        '  hint: end the letterhead with <div id="head-end"></div>'
    )


SVG = """\
<svg width="9" height="9"><title>x</title><image href="file:///etc/passwd" width="9" height="9"/>
</svg>"""


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<img src="file:///etc/passwd" alt="x">', "file:///etc/passwd"),
        ('<img src="http://localhost/x.png" alt="x">', "http://localhost/x.png"),
        ('<img src="x.png" alt="x">', "x.png"),
        ('<link rel="attachment" href="file:///etc/passwd">', "file:///etc/passwd"),
        ('<link rel="stylesheet" href="http://localhost/x.css">', "http://localhost/x.css"),
        ('<object data="file:///etc/passwd">x</object>', "file:///etc/passwd"),
        ('<embed src="file:///etc/passwd">', "file:///etc/passwd"),
        ('<p style="background: url(http://localhost/x)">x</p>', "http://localhost/x"),
        (SVG, "file:///etc/passwd"),
    ],
)
def test_a_layout_can_name_nothing_outside_the_page(tmp_path: Path, markup: str, url: str) -> None:
    library = library_with(tmp_path, {PAGE: LAYOUT.replace("</body>", f"{markup}</body>")})
    problems = problems_of(lambda: pdf_of(letter_for(library), library))
    assert [(it.code, it.message) for it in problems] == [
        ("outside-page", f"the page asks for {url!r}, which is outside it")
    ]


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ('@import url("http://localhost/x.css");', "http://localhost/x.css"),
        ('@import "file:///etc/passwd";', "file:///etc/passwd"),
        ("p { background: url(file:///etc/passwd) }", "file:///etc/passwd"),
        ("p::before { content: url(http://localhost/x) }", "http://localhost/x"),
        ("ul { list-style-image: url(x.png) }", "x.png"),
        (
            '@font-face { font-family: "X"; src: url(file:///etc/passwd) }',
            "file:///etc/passwd",
        ),
    ],
)
def test_a_style_sheet_can_name_nothing_outside_the_page(
    tmp_path: Path, rule: str, url: str
) -> None:
    template = (
        '{% extends "builtin:secure-communities/opt-out.html.j2" %}'
        "{% block limits %}<ul><li>a</li></ul>{% endblock %}"
    )
    files = {STYLE: rule + SHEET, "secure-communities/opt-out.html.j2": template}
    library = library_with(tmp_path, files)
    problems = problems_of(lambda: pdf_of(letter_for(library), library))
    assert [(it.code, it.message) for it in problems] == [
        ("outside-page", f"the page asks for {url!r}, which is outside it")
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("p { colour: red }", "Ignored `colour: red ` at 2:5, unknown property."),
        ("p { color: }", "Ignored `color: ` at 2:5, no value."),
        ("p { orphans: none }", "Ignored `orphans: none ` at 2:5, invalid value."),
    ],
)
def test_a_style_that_the_engine_does_not_know_is_a_problem_at_its_line(
    tmp_path: Path, rule: str, told: str
) -> None:
    library = library_with(tmp_path, {STYLE: f"\n{rule}\n{SHEET}"})
    assert told_by(lambda: pdf_of(letter_for(library), library)) == (
        f"_layout/letter.css cannot be printed as it is: {told}"
    )


ODD = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g transform="rotate()"/></svg>'
SHORT = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 5"><path d="M0 0h5v5z"/></svg>'


@pytest.mark.parametrize(
    ("media_type", "content"),
    [("image/png", b"no picture"), ("image/svg+xml", ODD), ("image/svg+xml", SHORT)],
    ids=["broken", "logged", "raised"],
)
def test_a_picture_that_cannot_be_drawn_is_a_problem(
    media_type: str, content: bytes, library: Library
) -> None:
    from optout_cli.letters.render import render

    letter = letter_for(library)
    seal = Image(media_type, content, "Seal")
    torn = render(letter.notice, library.templates, Files(seal=seal))
    assert told_by(lambda: pdf_of(torn, library)) == (
        "the page cannot be printed as it is: its picture 'Seal' cannot be drawn\n"
        "  hint: save the picture again, as PNG"
    )


def test_after_a_refusal_the_press_prints_the_next_letter(library: Library) -> None:
    fresh = pdf_of(letter_for(library), library)
    problems_of(lambda: pdf_with(library, "cc.0.name", "😀"))
    assert pdf_of(letter_for(library), library) == fresh


@pytest.mark.parametrize(
    ("chosen", "ended", "told"),
    [
        ([], (0, True), "note: typst prints the pages, because WeasyPrint cannot be loaded: "),
        (["--engine", "weasyprint"], (1, False), "or brew install pango; or print with --engine t"),
    ],
)
def test_without_pango_typst_prints_unless_weasyprint_was_chosen(
    tmp_path: Path, chosen: list[str], ended: tuple[int, bool], told: str
) -> None:
    engine = tmp_path / "weasyprint.py"
    engine.write_text(
        "print('advice')\nraise OSError(\"cannot load library 'libpango-1.0-0'\\nmore\")\n"
    )
    words = ("write", "-", "--to", "bureau", "-o", "-", *chosen)
    done = call(*words, stdin=REQUEST.encode(), PYTHONPATH=str(tmp_path))
    said = done.stderr.decode()
    assert (done.returncode, done.stdout.startswith(b"%PDF")) == ended
    assert (said.count(told), "more" in said) == (1, False)


def test_without_any_engine_no_other_one_is_named(tmp_path: Path) -> None:
    for name in ("weasyprint", "typst"):
        (tmp_path / f"{name}.py").write_text("raise OSError('no library')\n")
    words = ("write", "-", "--to", "bureau", "-o", "-")
    done = call(*words, stdin=REQUEST.encode(), PYTHONPATH=str(tmp_path))
    said = done.stderr.decode()
    assert (done.returncode, "prints the pages" in said, "--engine" in said) == (1, False, False)
    assert re.search(
        r"hint: install Pango: .*; or install it again: pip .* typst$", said, re.MULTILINE
    )


def test_a_typeface_of_the_machine_is_a_problem(tmp_path: Path) -> None:
    sheet = SHEET.replace("html { font:", "html { font-family: monospace } h1 { font:")
    (problem,) = problems_of(
        lambda: pdf_of(letter_for(lib := library_with(tmp_path, {STYLE: sheet})), lib)
    )
    assert (problem.code, problem.hint) == ("foreign-typeface", "set it in Source Serif Pro")
