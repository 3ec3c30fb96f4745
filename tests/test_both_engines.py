"""Both PDF engines print the same pages: the same words, lines and places.

Set OPTOUT_EVERY_LETTER=1 to compare the letters of each jurisdiction, not of one in turn.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from compare_pages import Pages, first_difference, pages_of, same_lines, words_of
from conftest import ROOT, TODAY
from every_letter_kind import Member, letter_of
from letters_by_period import SETTINGS, Setting, letters_in
from make_letters import letter_for, library_with, pdf_of
from read_pdf import box_of, elements_of, kinds_within, objects_of, opened, shapes_on
from test_awkward_recipients import AWKWARD
from test_family import MEMBERS
from test_window import PLACES

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.engines import NAMES
from optout_cli.errors import Location
from optout_cli.exporters import Options
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, letters_of_request, request_file
from optout_cli.model.letter import (
    Block,
    EngineName,
    Heading,
    Letter,
    ListBlock,
    Paragraph,
    Quote,
    Run,
)
from optout_cli.model.request import Request
from optout_cli.reports.guide import encode_guide, guide_of
from optout_cli.templating.search import STYLE

pytestmark = pytest.mark.no_cover  # many pages, with code that others cover

BODY_DIALECT = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block statement %}
<h2>What is asked</h2>
<p>It asks:</p>
<ol>
  <li>first<ul><li>one</li><li>two, <em>slanted \u0411</em></li></ul></li>
  <li><p>second</p><p>more of it</p></li>
  {% for i in range(40) %}<li>item, and <strong>more</strong></li>{% endfor %}
</ol>
<blockquote><p>One.</p><p>Two.</p></blockquote>
<p>See <a href="https://example.gov/">the <em>page</em></a>,<br>then <strong>answer</strong>.</p>
{% endblock %}
"""
# Lines of a request: long words, many words, a typed signature, and text in its own characters.
AWKWARD_REQUESTS = {
    "long word": "particulars: {reasons: [" + "long" * 300 + "]}",
    "long paragraph": f"particulars: {{reasons: [{'It costs far too much. ' * 200}]}}",
    "characters": 'cc: [{name: "Peña Ōkubo Ngũgĩ Nguyễn § 1 ½ “a” — … № • e\u0301 \u02bb <b> #x"}]',
    "markup": 'particulars: {reasons: ["#eval(1) $x$ *a* _b_ `c` <d> \\\\e [f] @g = h"]}',
    "letters like quotes": "cc: [{name: \u02bbA B\u02bcC, title: D \u2018E\u2019 F\u2019s}]",
    "typed": "signature: {kind: typed}",
    "copies": "cc: [" + ", ".join(f"{{name: Person {number}}}" for number in range(60)) + "]",
    "head": f"signatory: {{office: {'Office of the Sheriff of Marin County ' * 2}}}",
    "no blank": "signatory: {title: " + "Q" * 120 + "}",
}


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    """Let the engines go while Python can still remove their typefaces."""
    yield
    for kept in (library_of, letter_named, printed):
        kept.cache_clear()


@cache
def library_of(engine: EngineName, folder: Path | None = None) -> Library:
    kept = Cache(Path(os.environ["XDG_CACHE_HOME"]) / "optout")  # the tests' own; see conftest
    return Library(folders=[folder] if folder else [], cache=kept, options=Options(engine=engine))


_Make = Callable[[Library], Letter]


def _in_setting(setting: Setting) -> _Make:
    return lambda library: letters_in(setting, library)[-1]


def _of_kind(member: Member) -> _Make:
    return lambda library: letter_of(member, library)


def _with_lines(lines: str) -> _Make:
    return lambda library: letter_for(library, lines)


def _to_address(*lines: str) -> _Make:
    return lambda library: msgspec.structs.replace(letter_for(library), envelope=lines)


# Of each kind in each of its periods, the letter of one jurisdiction of the three, in turn.
CHOSEN = [it for number, it in enumerate(MEMBERS) if (number + number // 3) % 3 == 0]
if "OPTOUT_EVERY_LETTER" in os.environ:
    CHOSEN = MEMBERS
GOLDEN = {str(it): _in_setting(it) for it in SETTINGS} | {str(it): _of_kind(it) for it in CHOSEN}
AWKWARD_LETTERS = {
    **{f"place {lines}": _with_lines(lines) for lines in PLACES},
    **{name: _with_lines(lines) for name, lines in AWKWARD_REQUESTS.items()},
    **{
        f"address, {name}": _to_address(*(part.strip() for part in block.split("/")))
        for name, (_, block) in AWKWARD.items()
    },
}
LETTERS = {**GOLDEN, **AWKWARD_LETTERS}


@cache
def letter_named(name: str) -> Letter:
    return LETTERS[name](library_of("typst"))  # both find the same words


@cache
def printed(name: str, engine: EngineName) -> Pages:
    """Return the lines of a letter's pages; each is printed once."""
    return pages_of(pdf_of(letter_named(name), library_of(engine)))


def both(name: str) -> tuple[Pages, Pages]:
    one, other = (printed(name, engine) for engine in NAMES)
    return one, other


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_has_the_same_words_on_as_many_pages(name: str) -> None:
    one, other = both(name)
    assert (len(one), words_of(one)) == (len(other), words_of(other))


@pytest.mark.parametrize("name", LETTERS)
def test_what_stands_at_a_fixed_place_stands_there_with_both(name: str) -> None:
    """The letterhead, date, address, reference and subject; and the margins of each page."""
    (first, *later), (other_first, *other_later) = both(name)
    count = next(n for n, row in enumerate(first) if row.text.startswith("Re:"))
    parts = [(first[: count + 1], other_first[: count + 1])]
    for rows, others in zip((first, *later), (other_first, *other_later), strict=True):
        parts.append(([it for it in rows if it.is_fixed], [it for it in others if it.is_fixed]))
    assert [first_difference([rows], [others]) for rows, others in parts] == [""] * len(parts)


def test_ninety_eight_of_a_hundred_lines_end_alike() -> None:
    counts = [same_lines(*both(name)) for name in GOLDEN]
    alike, total = (sum(column) for column in zip(*counts, strict=True))
    different = (f"{name}: {it}" for name in GOLDEN if (it := first_difference(*both(name))))
    assert alike / total >= 0.98, next(different)


@pytest.mark.parametrize("engine", NAMES)
def test_the_closing_never_begins_a_page(engine: EngineName) -> None:
    """A last page has a line of the body, at least, before the closing."""
    lone = []
    for name in LETTERS:
        *_, last = printed(name, engine)
        first = next(row.text for row in last if not row.is_fixed)
        lone += [name] if first.startswith("Respectfully") else []
    assert lone == []


def test_all_that_a_body_may_hold_is_set_alike(tmp_path: Path) -> None:
    wording = {"secure-communities/opt-out.html.j2": BODY_DIALECT}
    library_with(tmp_path, wording)
    pages = []
    for engine in NAMES:
        library = library_of(engine, tmp_path)
        pages.append(pages_of(pdf_of(letter_for(library), library)))
    assert first_difference(*pages) == ""


_WORDS = "It costs far too much, and so on and on. "


def _text(lines: int) -> Paragraph:
    return Paragraph((Run(_WORDS * 2 * lines),))


def _items(*lines: int) -> ListBlock:
    return ListBlock(True, tuple((_text(count),) for count in lines))


def _nested() -> ListBlock:
    inner = ListBlock(False, ((Paragraph((Run("One."),)),), (_text(2),)))
    return ListBlock(True, ((_text(1), inner), (_text(2), inner), (_text(1), _text(2))))


# How a body ends, below so many lines that a page ends within it.
ENDS: dict[str, tuple[Block, ...]] = {
    "list": (_text(1), _items(2, 5, 1)),
    "list of two": (_text(4), _items(1, 1)),
    "list and rights": (_text(1), _items(1, 1), _text(2)),
    "nested": (Heading((Run("What is asked"),)), _text(1), _nested()),
    "quote": (Quote((_text(1), _text(4))),),
    "paragraph": (_text(6),),
    "heading": (_items(1, 2), Heading((Run("Then"),)), _text(3)),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("lines", [17, 20, 22, 24, 26])
def test_a_page_breaks_at_the_same_line(end: str, lines: int) -> None:
    body = (_text(lines // 2), _text(lines - lines // 2), *ENDS[end])
    pages = []
    for engine in NAMES:
        library = library_of(engine)
        letter = msgspec.structs.replace(letter_for(library), body=body)
        pages.append(pages_of(pdf_of(letter, library)))
    assert (first_difference(*pages), len(pages[0])) == ("", len(pages[1]))


def test_the_seal_and_the_marks_stand_at_the_same_places() -> None:
    path = ROOT / "examples" / "everything.yaml"
    boxes, marks, kinds = [], [], []
    for engine in NAMES:
        library = library_of(engine)
        order = Order(today=letter_for(library).day)
        letter = letters_of_request(request_file(str(path)), library, order, path.parent)[0]
        signed = msgspec.structs.replace(letter, autograph=letter.seal)
        content = pdf_of(signed, library)
        pdf = objects_of(content)
        figures = [it for it in elements_of(pdf) if it.S == "/Figure"]
        # Left, lower and upper edge: the right one is that of the picture, or of its frame.
        edges = ([*box_of(figure)] for figure in figures)
        boxes += [[float(it) / 72 for left, low, _, high in edges for it in (left, low, high)]]
        shapes = shapes_on(opened(content)[0])
        marks += [[box for box in shapes if box[2] < 0.9]]
        kinds += [[kinds_within(it) for it in elements_of(pdf) if it.S == "/LI"]]
    assert boxes[1] == pytest.approx(boxes[0], abs=0.02)
    assert [it for box in sorted(marks[1]) for it in box] == pytest.approx(
        [it for box in sorted(marks[0]) for it in box], abs=0.02
    )
    assert kinds[0] == kinds[1]


def test_a_guide_has_the_same_lines(library: Library) -> None:
    request = Request(jurisdiction="35013", letter="secure-communities/opt-out")
    guide = guide_of(request, library, TODAY, Location(""))
    one, other = (
        pages_of(encode_guide(guide, TODAY, "pdf", library_of(engine))) for engine in NAMES
    )
    alike, total = same_lines(one, other)
    assert (len(one), words_of(one)) == (len(other), words_of(other))
    assert alike / total >= 0.98, first_difference(one, other)


def test_a_fax_cover_and_separator_sheets_are_the_same(library: Library) -> None:
    letter = letter_for(library)
    record = {"address": ["Director", "Ross"], "pages": 2}
    sheet = {"name": "Marin", "reference": "SC-1", "request": "n.csv:2", "letters": [record]}
    engines = [library_of(engine).context.engine for engine in NAMES]
    covers = [
        pages_of(engine.print_cover(letter, letter.cover.with_pages(3), 2)) for engine in engines
    ]
    sheets = [pages_of(engine.print_sheets([sheet, sheet])) for engine in engines]
    assert [first_difference(*covers), first_difference(*sheets)] == ["", ""]


@pytest.mark.parametrize("service", ["", "service: {bureau: [{by: hand}, {by: mail}]}\n"])
def test_the_letter_of_a_fax_is_the_same(service: str, library: Library) -> None:
    letter = letter_for(library, service)
    engines = [library_of(engine).context.engine for engine in NAMES]
    faxes = [pages_of(engine.print_letter(letter, is_fax=True)) for engine in engines]
    assert first_difference(*faxes) == ""


@pytest.mark.parametrize("engine", NAMES)
def test_another_line_height_in_either_layout_is_found(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "closed-active-separate"
    sheet = (bundled.TEMPLATES / STYLE).read_text("utf-8")
    library_with(
        tmp_path, {STYLE: sheet.replace("html { font: var(--text)/1.27", "html { font: 11pt/1.3")}
    )
    library = library_of(engine, tmp_path if engine == "weasyprint" else None)
    if engine == "typst":
        library = Library(options=Options(engine=engine))
        printer: Any = library.context.engine  # Any: the test changes its page
        page = printer._pages / "page.typ"
        source = page.read_text("utf-8")
        changed_source = source.replace("lined.with(lengths.text, 1.27)", "lined.with(11pt, 1.3)")
        page.write_text(changed_source, "utf-8")
        assert page.read_text("utf-8") != source
    changed = pages_of(pdf_of(letter_named(name), library))
    other = printed(name, next(it for it in NAMES if it != engine))
    assert first_difference(changed, other).startswith("page 1: ")


def test_both_layouts_take_their_common_lengths_from_one_file(library: Library) -> None:
    folder = bundled.TEMPLATES / "_layout"
    sheet = (bundled.TEMPLATES / STYLE).read_text("utf-8")
    pages = "".join(path.read_text("utf-8") for path in folder.glob("*.typ"))
    names = set(bundled.page_lengths()) - {"window-strip"}  # of the check alone
    assert [name for name in names if f"var(--{name})" not in sheet] == []
    assert [name for name in names if f"lengths.{name}" not in pages] == []
    assert "var(--" not in library.templates.style
