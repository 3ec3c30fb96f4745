"""The few tags of a letter's body: HTML -> blocks -> HTML and text."""

import re
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from make_letters import problems_of

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Block, Heading, ListBlock, Paragraph, Quote, Run
from optout_cli.templating import body
from optout_cli.templating.body import html_from, inline_html, plain, sections_from
from optout_cli.templating.templates import Templates


def blocks(html: str) -> tuple[Block, ...]:
    return sections_from(f'<section id="body">{html}</section>', "ask")["body"]


def p(text: str) -> Paragraph:
    return Paragraph((Run(text),))


@pytest.mark.parametrize(
    "html",
    [
        "<p>a</p> <h2>b</h2> <ul><li>c</li></ul> <blockquote><p>d</p></blockquote>",
        "<p>a</p><ol><li>b <ol><li>c</li></ol></li><li>d</li></ol><p>e</p>",
        "<P>a</P><p>b</p>",
        "",
    ],
)
def test_blocks_read_one_by_one_are_those_of_the_whole_section(html: str) -> None:
    section = f'<section id="body">{html}</section>'
    assert sections_from(f"\n{section}\n", "ask") == body._sections_in(section, "ask")


@pytest.mark.parametrize(
    ("html", "block"),
    [
        ("<p>a</p>", p("a")),
        ("<P>a</P>", p("a")),
        ("<h2>a</h2>", Heading((Run("a"),))),
        ("<blockquote><p>a</p> <p>b</p></blockquote>", Quote((p("a"), p("b")))),
        ("<ol><li>a</li><li>b</li></ol>", ListBlock(True, ((p("a"),), (p("b"),)))),
        ("<ul>\n<li>\na\n</li>\n</ul>", ListBlock(False, ((p("a"),),))),
        ("<ul><li><p>a</p><p>b</p></li></ul>", ListBlock(False, ((p("a"), p("b")),))),
        (
            "<ol><li>a <ul><li>b</li></ul> c</li></ol>",
            ListBlock(True, ((p("a"), ListBlock(False, ((p("b"),),)), p("c")),)),
        ),
        ("<p>a <strong>b</strong></p>", Paragraph((Run("a "), Run("b", strong=True)))),
        ("<p><em>a</em></p>", Paragraph((Run("a", emphasis=True),))),
        (
            "<p><strong><em>a</em></strong></p>",
            Paragraph((Run("a", strong=True, emphasis=True),)),
        ),
        (
            '<p><a href="https://a.test/?x=1&amp;y=2">a</a></p>',
            Paragraph((Run("a", href="https://a.test/?x=1&y=2"),)),
        ),
        (
            '<p><a href="mailto:a@example.gov"><em>a</em></a></p>',
            Paragraph((Run("a", emphasis=True, href="mailto:a@example.gov"),)),
        ),
        ("<p>a<br>b</p>", Paragraph((Run("a"), Run("", is_break=True), Run("b")))),
        ("<p>a<br/>b</p>", Paragraph((Run("a"), Run("", is_break=True), Run("b")))),
    ],
)
def test_every_element_of_the_dialect_becomes_a_block(html: str, block: Block) -> None:
    assert blocks(html) == (block,)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>\n  a\n  b\t c </p>", "a b c"),
        ("<p>a <strong> b </strong> c</p>", "a b c"),
        ("<p>a<strong> b</strong></p>", "a b"),
        ("<p> <em>a</em> </p>", "a"),
        ("<p>a <br> b</p>", "a\nb"),
        ("<p>a<strong> </strong><br>b</p>", "a\nb"),
        ("<p><br>a<br></p>", "\na\n"),
        ("<p>a&nbsp;&nbsp;b\u2003c</p>", "a\u00a0\u00a0b\u2003c"),
        ("<p>a<strong></strong>b</p>", "ab"),
        ("<p>&ldquo;a&#8212;b&rdquo; &lt;c&gt; &amp;amp;</p>", "“a—b” <c> &amp;"),
    ],
)
def test_white_space_is_read_as_html_reads_it(html: str, text: str) -> None:
    (block,) = blocks(html)
    assert isinstance(block, Paragraph)
    assert plain(block.runs) == text


WRONG = {
    "<script></script>": "<script> is not allowed in <section>",
    "<section></section>": "<section> is not allowed in <section>",
    "<li>a</li>": "<li> is not allowed in <section>",
    "<p><p>a</p></p>": "<p> is not allowed in <p>",
    "<p><ul><li>a</li></ul></p>": "<ul> is not allowed in <p>",
    "<ul><p>a</p></ul>": "<p> is not allowed in <ul>",
    "<ul><li><h2>a</h2></li></ul>": "<h2> is not allowed in <li>",
    "<blockquote><ul><li>a</li></ul></blockquote>": "<ul> is not allowed in <blockquote>",
    "<p><strong><strong>a</strong></strong></p>": "<strong> is not allowed in <strong>",
    '<p><a href="https://a.test"><a href="https://a.test">a</a></a></p>':
        "<a> is not allowed in <a>",
    '<p class="x">a</p>': "<p> may not have class",
    '<p style="x" id="y">a</p>': "<p> may not have id, style",
    '<p href="https://a.test">a</p>': "<p> may not have href",
    "<p><a>a</a></p>": "a link must start with https:// or mailto:",
    '<p><a href="http://a.test">a</a></p>': "a link must start with https:// or mailto:",
    '<p><a href="javascript:x">a</a></p>': "a link must start with https:// or mailto:",
    '<p><a href="https://a b">a</a></p>': "a link must start with https:// or mailto:",
    "a": "'a' is outside a paragraph",
    "<p>a</p> and\n more": "'and more' is outside a paragraph",
    "<ol>a<li>b</li></ol>": "'a' is outside a paragraph",
    "<blockquote>a</blockquote>": "'a' is outside a paragraph",
    "<p></p>": "<p> is empty",
    "<p> <strong> </strong><br></p>": "<p> is empty",
    "<h2></h2>": "<h2> is empty",
    "<ul></ul>": "<ul> is empty",
    "<ol><li>a</li><li></li></ol>": "<li> is empty",
    "<blockquote></blockquote>": "<blockquote> is empty",
    "<p>a": "<p> is not closed before </section>",
    "<p><em>a</p></em>": "<em> is not closed before </p>",
    "<p>a</br></p>": "<p> is not closed before </br>",
    "<p/>": "<p> is not closed before </section>",
    "</section></section>": "the letter is not closed before </section>",
    "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>":
        "lists can be nested only once",
}  # fmt: skip


@pytest.mark.parametrize(("html", "message"), WRONG.items(), ids=WRONG)
def test_anything_outside_the_dialect_is_a_problem(html: str, message: str) -> None:
    assert [(it.code, it.message) for it in problems_of(lambda: blocks(html))] == [
        ("template", message)
    ]


def test_a_section_that_is_never_closed_is_a_problem() -> None:
    whole = '<section at="ask:3" id="body"><p at="ask:4">a</p>'
    assert problems_of(lambda: sections_from(whole, "ask")) == [
        Problem("template", "<section> is never closed", Location("ask", 3))
    ]


def test_words_outside_every_section_are_a_problem() -> None:
    hint = "add <p> before it and </p> after it"
    assert problems_of(lambda: sections_from("stray", "ask")) == [
        Problem("template", "'stray' is outside a paragraph", Location("ask"), hint, text="stray")
    ]


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ('<p at="ask:7" class="x">a</p>', 7),
        ('<p at="ask:7" at="other:1" class="x">a</p>', 7),
        ('<p at="ask:7" at="x" class="x">a</p>', 7),
        ('<ul at="ask:7"><p at="ask:8">a</p></ul>', 8),
        ('<ol at="ask:7"><li at="ask:9"></li></ol>', 9),
    ],
)
def test_the_location_of_a_problem_is_the_stamp_of_its_element(html: str, line: int) -> None:
    assert [it.location for it in problems_of(lambda: blocks(html))] == [Location("ask", line)]


def test_sections_are_returned_by_their_id() -> None:
    html = '<section id="a"><p>1</p></section>\n<section id="b"></section>'
    assert sections_from(html, "ask") == {"a": (p("1"),), "b": ()}


EVERYTHING = (
    "<h2>A &amp; B</h2>\n"
    "<p>a <strong>b</strong><br>&lt;b&gt; &quot;c&quot;</p>\n"
    "<blockquote><p>q</p>\n<p>r</p></blockquote>\n"
    "<ol><li><p>a</p>\n<ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>\n"
    '<p><a href="https://a.test/?x=1&amp;y=2"><strong><em>d</em></strong></a></p>'
)


def test_blocks_are_written_as_the_html_that_they_are_read_from() -> None:
    assert html_from(blocks(EVERYTHING)) == EVERYTHING


def test_text_that_looks_like_markup_is_escaped() -> None:
    assert inline_html([Run("<b> & \"'", href='https://a.test/"><i>')]) == (
        '<a href="https://a.test/&quot;&gt;&lt;i&gt;">&lt;b&gt; &amp; &quot;&#x27;</a>'
    )


TEMPLATE = """\
<section id="body">
<p>before {{ x }} after</p>
<ol><li>{{ x }}</li></ol>
<blockquote><p><strong>{{ x }}</strong></p></blockquote>
</section>
"""


@pytest.fixture(scope="session")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder: Path = tmp_path_factory.mktemp("printer")
    (folder / "x.html.j2").write_text(TEMPLATE)
    return Templates([folder])


# What `source` lets through: no control characters, and something to see.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).filter(
    str.strip
)


@given(text=TEXT)
@example(text="<b>")
@example(text="</section><script>")
@example(text="&amp; &lt; &#60; &notanentity; &")
@example(text="{{ 7*7 }} {% if %} {# #}")
@example(text="*stars* # head <!-- x --> ]]> <![CDATA[ <?php")
@example(text="שלום 👋🏽 e\u0301 \u200b")
def test_whatever_a_template_prints_comes_back_as_the_same_words(
    printer: Templates, text: str
) -> None:
    body = sections_from(printer.fill_in("x.html.j2", {"x": text}), "x")["body"]
    paragraph, numbered, quote = body
    assert isinstance(paragraph, Paragraph)
    assert isinstance(numbered, ListBlock)
    assert isinstance(quote, Quote)
    (words,) = numbered.items[0]
    assert isinstance(words, Paragraph)
    assert [plain(paragraph.runs).split(), plain(words.runs).split()] == [
        ["before", *text.split(), "after"],
        text.split(),
    ]
    assert plain(quote.blocks[0].runs).split() == text.split()


@given(text=TEXT)
def test_blocks_written_as_html_and_read_again_are_the_same(text: str) -> None:
    written = html_from([Paragraph((Run(" ".join(text.split())),))])
    assert html_from(blocks(written)) == written


PIECES = (
    '<p at="ask:1">', "</p>", "<br>", "<br/>", '<a at="ask:2" href="https://a.test/?b&amp;c">',
    "</a>", "<strong>", "</strong >", "<LI>", "</li>", "<ul>", "</ul>", '<p class="x">',
    "<!-- a -->",
    "<h2>", "</h2>", "a &amp; b", "&lt;p&gt;", "&sect;&nbsp;1", "a > b", " \n", "a < b", "<", "&",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example(["<p>", "a < b", "</p>"])
def test_reading_tags_at_once_finds_what_pythons_own_reader_finds(pieces: list[str]) -> None:
    # Of a tag that never ends, Python's own reader makes one with the next tag. Both are refused.
    assume(not re.search(r"<\w[^<>]*<", "".join(pieces) + "<"))
    html = f'<section id="body">{"".join(pieces)}</section>'

    def found(read: Callable[[body._Parser], object]) -> object:
        parser = body._Parser("ask")
        try:
            read(parser)
            return tree(parser.finish())
        except OptoutError as error:
            return error.problems

    assert found(lambda it: it.read(html)) == found(lambda it: PythonsOwn(it, html))


@pytest.mark.parametrize(
    "open_tag", [f"<{'a' * 200_000}", f"<p {'a ' * 100_000}", "<p " + "a=" * 100_000]
)
def test_a_long_tag_that_never_ends_is_read_at_once(open_tag: str) -> None:
    with pytest.raises(OptoutError):
        blocks(f"{open_tag}<p>a</p></p>")


class PythonsOwn(HTMLParser):
    """Python's reader of HTML, which hands over what it finds."""

    def __init__(self, parser: body._Parser, html: str) -> None:
        super().__init__()
        self.parser, self.words = parser, ""
        self.feed(html)
        self.close()
        self.hand_over_words()

    def hand_over_words(self) -> None:
        self.parser.handle_data(self.words)
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hand_over_words()
        written = (f'{name}="{escape(value or "")}"' for name, value in attrs)
        self.parser.handle_starttag(tag, " ".join(written))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.hand_over_words()
        self.parser.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:  # noqa: ARG002  # the parser's signature
        self.hand_over_words()


def tree(node: body._Node) -> object:
    children = [tree(child) if isinstance(child, body._Node) else child for child in node.children]
    return node.tag, node.location, node.href, node.id, children
