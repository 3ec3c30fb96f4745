"""The letter as one web page."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from conftest import REQUEST, ROOT
from make_letters import BARE, html_words, letter_for, letters_for, library_with, texts_of, told_by
from msgspec.structs import replace

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Image, Letter
from optout_cli.templating.search import PAGE, STYLE

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def page_of(letter: Letter, library: Library) -> str:
    return exporter_for("html").encode(letter, library.context).decode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_text_of_the_letter_stands_on_the_page(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        words = " ".join(html_words(page_of(letter, library)))
        whole_block = set(letter.recipient) - set(letter.envelope)
        missing = [it for it in texts_of(letter) if " ".join(it.split()) not in words]
        assert set(missing) <= whole_block


def test_the_page_refers_to_nothing_outside(library: Library) -> None:
    letter = replace(letter_for(library), seal=Image("image/png", b"png", "Seal"))
    page = page_of(letter, library)
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [
        f"data:image/png;base64,{b64encode(b'png').decode()}"
    ]
    assert re.findall(r"@import|url\(|<(?:link|script|iframe|object|base)\b", page) == []


def test_the_page_holds_the_style_sheet_of_the_layout(library: Library) -> None:
    sheet = (library.templates.folders[-1] / STYLE).read_text("utf-8").strip()
    page = page_of(letter_for(library), library)
    assert f"<style>\n{library.templates.style.strip()}" in page
    assert f"<style>\n{sheet.partition('var(')[0]}" in page
    assert "html { font: 11pt/1.27 " in page  # a length of the page by its value
    assert "var(" not in page.partition("*/")[2]


def test_a_property_of_ones_own_style_sheet_stays(tmp_path: Path) -> None:
    (tmp_path / "_layout").mkdir()
    sheet = ":root { --text: #333 } p { color: var(--text); margin: var(--top) }"
    (tmp_path / STYLE).write_text(sheet, "utf-8")
    style = Library(folders=[tmp_path]).templates.style
    assert style == sheet.replace("var(--top)", "68.4pt")  # 0.95 in


def test_the_page_names_its_language_and_title(library: Library) -> None:
    letter = letter_for(library)
    page = page_of(letter, library)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en-US">\n')
    assert f"<title>{letter.plain_subject}</title>" in page
    assert page.count("<h1>") == 1


def test_a_letter_without_a_seal_has_no_picture(library: Library) -> None:
    assert "<img" not in page_of(letter_for(library), library)


def test_the_seal_has_its_words(library: Library) -> None:
    letter = replace(letter_for(library), seal=Image("image/svg+xml", b"<svg/>", 'A "seal" & <b>'))
    assert 'alt="A &#34;seal&#34; &amp; &lt;b&gt;"' in page_of(letter, library)


@pytest.mark.parametrize(("base", "is_draft"), [(BARE, True), (REQUEST, False)])
def test_only_a_draft_is_marked(library: Library, base: str, is_draft: bool) -> None:
    page = page_of(letter_for(library, base=base), library)
    assert ('<p class="mark">DRAFT</p>' in page) == is_draft


@pytest.mark.parametrize("addressing", ["separate", "joint"])
def test_only_a_joint_letter_lists_its_addressees(library: Library, addressing: str) -> None:
    letter = letter_for(library, f"addressing: {addressing}")
    labels = re.findall(r'<span class="label">(\w+):</span>', page_of(letter, library))
    assert labels == [*["To"] * (2 if addressing == "joint" else 0), "Re"]


@pytest.mark.parametrize(
    ("name", "text", "url"),
    [
        (STYLE, "@import url(http://localhost/x.css);", "@import url(http://localhost/x.css)"),
        (STYLE, "p { background: url('x.png') }", "url('x.png')"),
        (
            PAGE,
            '<img src="http://localhost/x.png" alt="x">',
            '<img src="http://localhost/x.png" alt="x"',
        ),
        (PAGE, "<script>1</script>", "<script"),
        (PAGE, '<p style="background: url(x)">x</p>', '<p style="background: url(x)"'),
    ],
)
def test_a_layout_that_reaches_out_of_the_page_is_a_problem(
    tmp_path: Path, name: str, text: str, url: str
) -> None:
    library = library_with(tmp_path, {name: text})
    assert told_by(lambda: page_of(letter_for(library), library)) == (
        f"the page asks for {url!r}, which is outside it"
    )


def test_a_picture_may_be_larger_than_all_the_letters_words(library: Library) -> None:
    large = Image("image/png", b"png" * 1_000_000, "Seal")
    page = page_of(replace(letter_for(library), seal=large), library)
    assert f'src="data:image/png;base64,{b64encode(large.content).decode()}"' in page


def test_words_like_a_pictures_address_stay_words(library: Library) -> None:
    words = 'src="optout:seal"'
    letter = letter_for(library, f"particulars: {{reasons: ['{words} it is.']}}")
    page = page_of(replace(letter, seal=Image("image/png", b"png", words)), library)
    assert (page.count("data:image/png"), html_words(page).count(words)) == (1, 1)
