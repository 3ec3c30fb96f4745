"""`optout help`: the help of a command, or a section of the documentation as plain text."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from optout_cli import bundled
from optout_cli.cli import COMMANDS, MEANT, TOPICS, group
from optout_cli.cli.console import usage_error
from optout_cli.errors import did_you_mean, wrap
from optout_cli.readers.cells import choice_in_words

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from markdown_it.tree import SyntaxTreeNode

_COLUMNS = 80
_TWO = 2  # columns of a table that needs no head
_NUMBER = re.compile(r"^\d+\. ")  # of a step, before its heading
_ABOUT = {  # what people call some topics
    "email": "routes", "fax": "routes", "sign": "signatures", "word": "formats", "pdf": "formats",
    "csv": "tables", "excel": "tables", "spreadsheet": "tables", "errors": "codes",
    "passages": "wording", "counsel": "wording", "letters": "list", "shell": "completion",
}  # fmt: skip
_TERM = 28  # columns of the longest name in a table; a longer one gets a line of its own


def _complete(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    from click.shell_completion import CompletionItem  # only a shell that completes needs it

    known = (name for name in (*COMMANDS, *TOPICS) if name.startswith(incomplete))
    return [CompletionItem(name, help=COMMANDS.get(name)) for name in known]


@click.command(
    "help",
    short_help="Explain a command or a topic, such as formats.",
    epilog="optout help write\noptout help formats\noptout help dates",
)
@click.argument("words", metavar="[COMMAND|TOPIC]", nargs=-1, shell_complete=_complete)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Print the help of a command, or what the documentation says about a topic.

    Without COMMAND or TOPIC, lists all of them.
    """
    parent = context.parent
    assert parent is not None  # the group runs every command
    if not words:
        click.echo(parent.get_help())
        return
    what, known = " ".join(words).casefold().replace("e-mail", "email"), [*COMMANDS, *TOPICS]
    others = (choice_in_words(what, known), f"{what}s", f"{what}es", _ABOUT.get(what))
    what = next((name for name in others if name in known), what)
    if found := group.get_command(parent, what):
        with click.Context(found, info_name=what, parent=parent) as own:
            click.echo(found.get_help(own))
    elif what in TOPICS:
        click.echo(_topic_text(what), nl=False)
    else:
        hint = did_you_mean(what, known, MEANT)
        usage_error(f"there is no help on {what!r}", hint)


def _topic_text(name: str) -> str:
    """Return a topic as plain text of 80 columns, without the marks of its Markdown."""
    formatter = click.HelpFormatter(width=_COLUMNS)
    for node in nodes_of(name):
        if formatter.buffer:
            formatter.write_paragraph()
        match node.type:
            case "heading":
                title = plain(node) if formatter.buffer else _NUMBER.sub("", plain(node))
                formatter.write(f"{title}\n{'-' * len(title)}\n")
            case "paragraph":
                formatter.write_text(plain(node))
            case "fence":
                lines = node.content.splitlines()
                formatter.write("".join(f"    {line}".rstrip() + "\n" for line in lines))
            case "table":
                formatter.write_dl(pairs_of(node), col_max=_TERM)
            case _:
                for mark, text in items_of(node):
                    lines = wrap(text, _COLUMNS, f"{mark} ", " " * (len(mark) + 1))
                    formatter.write("\n".join([*lines, ""]))
    return formatter.getvalue()


def nodes_of(name: str) -> Iterator["SyntaxTreeNode"]:
    """Yield a topic's section of the documentation, from its heading to the next one like it."""
    from markdown_it import MarkdownIt  # 40 ms, and only topics need it
    from markdown_it.tree import SyntaxTreeNode

    page, heading = TOPICS[name]
    tokens = (
        MarkdownIt("commonmark").enable("table").parse((bundled.DOCS / page).read_text("utf-8"))
    )
    level = ""
    for node in SyntaxTreeNode(tokens).children:
        if level and node.type == "heading" and node.tag <= level:
            return
        if node.type == "heading" and not level:
            level = node.tag if heading in ("", _NUMBER.sub("", plain(node))) else ""
        if level and node.type != "html_block":
            yield node


def items_of(node: "SyntaxTreeNode") -> Iterator[tuple[str, str]]:
    """Yield the mark and the words of each item of a list."""
    for number, item in enumerate(node.children, 1):
        yield f"{number}." if node.type == "ordered_list" else "-", plain(item)


def pairs_of(node: "SyntaxTreeNode") -> list[tuple[str, str]]:
    """Return the first cell of each row of a table, and the others as one text.

    If there are several others, each has the name of its column.
    """
    heads, *rows = ([*map(plain, row.children)] for row in node.walk() if row.type == "tr")
    pairs = []
    for cells in rows:
        others = zip(heads[1:], cells[1:], strict=True)
        texts = [f"{head}: {cell}" if head and len(heads) > _TWO else cell for head, cell in others]
        pairs.append((cells[0].replace("`", ""), "; ".join(filter(None, texts))))
    return pairs


def plain(node: "SyntaxTreeNode") -> str:
    """Return the words of a text: without emphasis and links, with the marks of code."""
    forms = {"text": "{}", "code_inline": "`{}`", "softbreak": " "}
    return "".join(
        forms[part.type].format(part.content) for part in node.walk() if part.type in forms
    )
