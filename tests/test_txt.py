"""The letter as plain text of 80 columns."""

from pathlib import Path

import pytest
from conftest import REQUEST, ROOT
from hypothesis import given
from hypothesis import strategies as st
from make_letters import BARE, letter_for, letters_for, library_with, texts_of
from msgspec.structs import replace

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Letter, Paragraph, Run

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def text_of(letter: Letter, library: Library) -> str:
    return exporter_for("txt").encode(letter, library.context).decode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_words_are_the_letters_words_in_their_order(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        shown = [it for it in texts_of(letter) if it != letter.continuation]
        shown[shown.index(letter.subject)] = f"Re: {letter.subject}"
        for line in letter.to:
            shown[shown.index(line)] = f"To: {line}"
        words = [it for it in text_of(letter, library).split() if it not in BULLETS]
        assert words == " ".join(shown).split()


BULLETS = {"-", *(f"{number}." for number in range(1, 100))}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_line_has_more_than_80_columns_or_ends_in_blanks(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        lines = text_of(letter, library).split("\n")
        assert [it for it in lines if len(it) > 80 or it != it.rstrip()] == []


def test_the_text_ends_in_one_line_end_and_has_no_two_blank_lines_in_a_row_but_to_sign(
    library: Library,
) -> None:
    text = text_of(letter_for(library), library)
    assert text.endswith("\n") and not text.endswith("\n\n")  # noqa: PT018  # one rule
    assert text.count("\n\n\n") == 1


@pytest.mark.parametrize(
    ("base", "first"), [(BARE, "DRAFT"), (REQUEST, "Marin County, California")]
)
def test_a_draft_begins_with_its_mark(library: Library, base: str, first: str) -> None:
    assert text_of(letter_for(library, base=base), library).split("\n")[0] == first


def test_the_whole_address_stands_in_the_text_not_the_windows_form(library: Library) -> None:
    letter = letter_for(library)
    assert "\n\n" + "\n".join(letter.recipient) + "\n\n" in text_of(letter, library)


BODY = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block body %}
<h2>A heading</h2>
<p>One<br>two</p>
<blockquote><p>quoted</p><p>again</p></blockquote>
<ol>
  <li>first<ul><li>a</li><li>b</li></ul></li>
  <li><p>second</p><p>more</p></li>
  {% for i in range(8) %}<li>x</li>{% endfor %}
</ol>
<ul><li><ol><li>inner</li></ol></li></ul>
<p><a href="https://example.gov/">a link</a></p>
{% endblock %}
"""
LAID_OUT = """\
A heading

One
two

    quoted

    again

1.  first
    - a
    - b
2.  second
    more
3.  x
4.  x
5.  x
6.  x
7.  x
8.  x
9.  x
10. x

- 1. inner

a link
"""


def test_each_element_of_a_body_has_its_own_form(tmp_path: Path) -> None:
    library = library_with(tmp_path, {"secure-communities/opt-out.html.j2": BODY})
    text = text_of(letter_for(library), library)
    assert text.partition(f"{GREETING}\n\n")[2].partition("\nRespectfully,")[0] == LAID_OUT


GREETING = "To the State Identification Bureau:"
WORD = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=90)


@pytest.mark.no_cover  # slow, with code that others cover
@given(words=st.lists(WORD, min_size=1, max_size=30))
def test_no_word_is_lost_however_long(library: Library, words: list[str]) -> None:
    letter = replace(letter_for(library), body=(Paragraph((Run(" ".join(words)),)),))
    text = text_of(letter, library)
    body = text.partition(f"{GREETING}\n\n")[2].partition("\n\nRespectfully,")[0]
    assert body.replace("\n", "").replace(" ", "") == "".join(words)
    assert max(map(len, body.split("\n"))) <= 80
