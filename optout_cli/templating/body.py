"""Read a letter's HTML into sections of blocks, and write blocks as HTML or as text.

The only tags are `p, ol, ul, li` (nested once), `blockquote, strong, em, code, br, h2, a`, inside
`section`s. Anything else is a Problem at the template's line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from html import escape, unescape
from itertools import chain
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import BOX, Block, Heading, ListBlock, Paragraph, Quote, Run

_T = TypeVar("_T")
_INLINE = ("strong", "em", "code", "a")
_WITHIN = {  # the tags that may be directly inside a tag
    "": ("section",),
    "section": ("p", "ol", "ul", "blockquote", "h2"),
    "blockquote": ("p",),
    "ol": ("li",),
    "ul": ("li",),
    "li": ("p", "ol", "ul", *_INLINE, "br"),
    "p": (*_INLINE, "br"),
    "h2": (*_INLINE, "br"),
    "strong": ("em", "a", "br"),
    "em": ("strong", "a", "br"),
    "a": ("strong", "em"),
    "code": (),
}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)>|<!--.*?-->", re.DOTALL)
_BLOCK = re.compile(r"(<(p|ol|ul|blockquote|h2)\b[^<]*+(?:<(?!/\2>)[^<]*+)*+</\2>)")
_ATTRIBUTE = re.compile(r"""([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?""")
_LINK = re.compile(r"(https://|mailto:)\S+")


class _Node(Struct):
    """An open or finished element."""

    tag: str
    location: Location
    href: str | None = None
    id: str = ""
    children: "list[_Node | str]" = []


class _Parser:
    """Reads a filled-in template into nodes."""

    def __init__(self, name: str, within: str = "") -> None:
        self.root = _Node(within, Location(name))
        self.open = [self.root]

    def read(self, html: str) -> None:
        """Read a page, in which the `<` and `>` of data are escaped."""
        read_to = 0
        for tag in _TAG.finditer(html):
            self.handle_data(unescape(html[read_to : tag.start()]))
            read_to = tag.end()
            slash, name, rest = tag.groups()
            if slash:
                self.handle_endtag(name.lower())
            elif name:  # not a comment
                self.handle_starttag(name.lower(), rest)
        self.handle_data(unescape(html[read_to:]))

    def handle_starttag(self, tag: str, attributes: str) -> None:
        """Open an element, and check that it may be there."""
        stamp, given = _read(attributes)
        given, location = dict(given), stamp or self.root.location
        href = given.pop("href", None) if tag == "a" else None
        node = _Node(tag, location, href, given.pop("id", "") if tag == "section" else "")
        parent = self.open[-1]
        if given:
            raise _error(location, f"<{tag}> may not have {', '.join(sorted(given))}")
        if tag not in _WITHIN.get(parent.tag, ()):
            raise self._misplaced_error(tag, location, parent)
        if tag in ("ol", "ul") and sum(outer.tag in ("ol", "ul") for outer in self.open) > 1:
            raise _error(location, "lists can be nested only once")
        if tag in _INLINE and any(outer.tag == tag for outer in self.open):
            raise _error(location, f"<{tag}> is already open")
        if tag == "a" and not _LINK.fullmatch(node.href or ""):
            raise _error(location, "a link must start with https:// or mailto:")
        parent.children.append(node)
        if tag != "br":
            self.open.append(node)

    def _misplaced_error(self, tag: str, location: Location, parent: _Node) -> OptoutError:
        """Say that a tag cannot be in its parent, or that the parent was never closed."""
        allowed = ", ".join(f"<{name}>" for name in _WITHIN.get(parent.tag, ()))
        hint = f"allowed there: {allowed}"
        if not parent.tag:
            hint = 'begin the template with {% extends "..." %}, and put words into its blocks'
        elif parent.location.file == self.root.location.file != location.file:
            # The letter's own template left it open; the tag is of the one that it extends.
            hint = f"add </{parent.tag}> after its words"
            return _error(parent.location, f"{_node_text(parent)} is never closed", hint)
        elif tag == parent.tag == "p":
            hint = "add </p> before it"
            if location.file != parent.location.file:
                hint = "this block is already inside a paragraph: remove <p> and </p>"
        return _error(location, f"<{tag}> is not allowed in {_node_text(parent)}", hint)

    def handle_endtag(self, tag: str) -> None:
        """Close the last element, which must be the one that the tag names."""
        node = self.open[-1]
        if tag != node.tag:
            hint = f"add </{node.tag}> before it" if node.tag else None
            raise _error(node.location, f"{_node_text(node)} is not closed before </{tag}>", hint)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        """Add words, or nothing, to the open element."""
        node = self.open[-1]
        if node.tag in ("", "section", "blockquote", "ol", "ul"):
            if data.strip():
                words = " ".join(data.split())[:40]
                tag = "li" if node.tag in ("ol", "ul") else "p"
                hint = f"add <{tag}> before it and </{tag}> after it"
                raise _error(node.location, f"{words!r} is outside a paragraph", hint, text=words)
        elif data:
            node.children.append(data)

    def finish(self) -> _Node:
        """Return the page, whose elements must all be closed."""
        if len(self.open) > 1:
            raise _error(self.open[-1].location, f"{_node_text(self.open[-1])} is never closed")
        return self.root


@lru_cache(maxsize=4096)  # letters have the same tags again and again
def _read(attributes: str) -> tuple[Location | None, Mapping[str, str]]:
    """Return the location in a tag's stamp, and the other attributes."""
    # The stamp comes first; of two attributes `at`, the first wins.
    found = reversed(_ATTRIBUTE.findall(attributes))
    given = {name.lower(): unescape("".join(quoted)) for name, *quoted in found}
    file, _, line = given.pop("at", "").rpartition(":")
    return Location(file, int(line)) if line else None, given


def _node_text(node: _Node) -> str:
    return f"<{node.tag}>" if node.tag else "the letter"


def _error(
    location: Location, message: str, hint: str | None = None, text: str = ""
) -> OptoutError:
    return OptoutError(Problem("template", message, location, hint, text=text))


def sections_from(html: str, name: str) -> dict[str, tuple[Block, ...]]:
    """Return the blocks of each section of a filled-in letter, by the section's id.

    Raises OptoutError at the template's line.
    """
    *sections, end = html.split("</section>")
    is_plain = all(part.lstrip().startswith("<section ") for part in sections)
    if not is_plain or html.count("<section") > len(sections) or "<!--" in html or end.strip():
        return _sections_in(html, name)  # a tag may be where it looks like another
    return {id: blocks for part in sections for id, blocks in _blocks_in(part, name).items()}


@lru_cache(maxsize=256)  # so are most sections, but not the longest one
def _blocks_in(section: str, name: str) -> dict[str, tuple[Block, ...]]:
    """Read a section without its end, block by block: most are the same from county to county."""
    start, _, inside = section.lstrip().partition(">")
    parts = _BLOCK.split(inside)
    between, blocks = parts[::3], parts[1::3]
    if blocks and not "".join(between).strip():  # as there is after a list within a list
        with suppress(OptoutError):  # which is reported below, at its place in the section
            read = tuple(_block_in(block, name) for block in blocks)
            return dict.fromkeys(_sections_in(f"{start}></section>", name), read)
    return _sections_in(f"{start}>{inside}</section>", name)


@lru_cache(maxsize=1024)
def _block_in(html: str, name: str) -> Block:
    parser = _Parser(name, within="section")
    parser.read(html)
    (node,) = parser.finish().children
    assert isinstance(node, _Node)
    return _block(node)


@lru_cache(maxsize=1024)
def _sections_in(html: str, name: str) -> dict[str, tuple[Block, ...]]:
    parser = _Parser(name)
    parser.read(html)
    return {
        node.id: tuple(_block(child) for child in node.children if isinstance(child, _Node))
        for node in parser.finish().children
        if isinstance(node, _Node)
    }


def _block(node: _Node) -> Block:
    children = [child for child in node.children if isinstance(child, _Node)]
    match node.tag:
        case "h2":
            return Heading(_runs(node))
        case "blockquote":
            return Quote(tuple(Paragraph(_runs(child)) for child in _not_empty(node, children)))
        case "ol" | "ul":
            items = (_not_empty(item, _item_blocks(item)) for item in _not_empty(node, children))
            return ListBlock(node.tag == "ol", tuple(items))
        case _:
            return Paragraph(_runs(node))


def _not_empty(node: _Node, contents: Iterable[_T]) -> tuple[_T, ...]:
    """Return the contents of an element. Raises OptoutError if there are none."""
    if found := tuple(contents):
        return found
    raise _error(node.location, f"{_node_text(node)} is empty")


def _item_blocks(item: _Node) -> Iterator[Paragraph | ListBlock]:
    """Yield the paragraphs and the nested list of an item. Bare words become a paragraph."""
    words = _Node("p", item.location)
    for child in [*item.children, None]:
        is_block = child is None or (isinstance(child, _Node) and child.tag in ("p", "ol", "ul"))
        if not is_block and child is not None:
            words.children.append(child)
            continue
        if any(isinstance(part, _Node) or part.strip() for part in words.children):
            yield Paragraph(_runs(words))
        words = _Node("p", item.location)
        if isinstance(child, _Node):
            block = _block(child)
            assert isinstance(block, Paragraph | ListBlock)  # _WITHIN allows no other
            yield block


def _runs(node: _Node) -> tuple[Run, ...]:
    """Return the runs of a paragraph. White space collapses as in HTML."""
    runs: list[Run] = []
    for run in _raw_runs(node, Run("")):
        at_start = not runs or runs[-1].is_break
        text = re.sub(r"[ \t\r\n]+", " ", run.text)
        if at_start or runs[-1].text.endswith(" "):
            text = text.removeprefix(" ")
        if run.is_break and runs:
            runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip(" "))
        if text or run.is_break:
            runs.append(replace(run, text=text))
    if runs:
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip(" "))
    if not any(run.text for run in runs):
        raise _error(node.location, f"{_node_text(node)} is empty")
    return tuple(run for run in runs if run.text or run.is_break)


def _raw_runs(node: _Node, style: Run) -> Iterator[Run]:
    for child in node.children:
        if isinstance(child, str):
            yield replace(style, text=child)
        elif child.tag == "br":
            yield Run("", is_break=True)
        else:
            strong = style.strong or child.tag == "strong"
            emphasis = style.emphasis or child.tag == "em"
            code = style.code or child.tag == "code"
            href = child.href or style.href
            yield from _raw_runs(child, Run("", strong, emphasis, href, code=code))


def plain(runs: Iterable[Run]) -> str:
    """Return the text of runs. A line break is a line end; a link is its words."""
    return "".join("\n" if run.is_break else run.text for run in runs)


def html_from(blocks: Iterable[Block]) -> str:
    """Write blocks as HTML, for a page. Every text is escaped."""
    written = []
    for block in blocks:
        if isinstance(block, Heading):
            written.append(f"<h2>{inline_html(block.runs)}</h2>")
        elif isinstance(block, Quote):
            written.append(f"<blockquote>{html_from(block.blocks)}</blockquote>")
        elif isinstance(block, ListBlock):
            tag, kind = ("ol" if block.ordered else "ul"), ""
            items = "".join(f"<li>{html_from(item)}</li>" for item in block.items)
            if block.has_boxes:
                kind = ' class="boxes"'
                items = items.replace(f"<li><p>{BOX}", f'<li><p><span class="box">{BOX}</span>')
            written.append(f"<{tag}{kind}>{items}</{tag}>")
        else:
            written.append(f"<p>{inline_html(block.runs)}</p>")
    return "\n".join(written)


def inline_html(runs: Iterable[Run]) -> str:
    """Write runs as HTML. Every text is escaped."""
    written = []
    for run in runs:
        text = "<br>" if run.is_break else escape(run.text)
        if run.code:
            text = f"<code>{text}</code>"
        if run.emphasis:
            text = f"<em>{text}</em>"
        if run.strong:
            text = f"<strong>{text}</strong>"
        written.append(f'<a href="{escape(run.href)}">{text}</a>' if run.href else text)
    return "".join(written)


def texts_in(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the text of each paragraph and heading, in order."""
    return chain.from_iterable(map(_texts_of, blocks))


@lru_cache(maxsize=1024)  # most blocks are the same from county to county
def _texts_of(block: Block) -> tuple[str, ...]:
    if isinstance(block, ListBlock):
        return tuple(chain.from_iterable(map(texts_in, block.items)))
    return tuple(texts_in(block.blocks)) if isinstance(block, Quote) else (plain(block.runs),)
