"""`optout help`: the help of a command, or a section of the documentation as plain text."""

import re
from typing import TYPE_CHECKING

import click

from optout_cli import bundled
from optout_cli.cli import COMMANDS, MEANT, TOPICS, group
from optout_cli.cli.console import usage_error
from optout_cli.errors import did_you_mean
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
        click.echo(topic_text(what), nl=False)
    else:
        hint = did_you_mean(what, known, MEANT)
        usage_error(f"there is no help on {what!r}", hint)


def topic_text(name: str) -> str:
    """Return a section of the documentation as plain text of 80 columns, without its marks."""
    from markdown_it import MarkdownIt  # 40 ms, and only topics need it
    from markdown_it.tree import SyntaxTreeNode

    page, heading = TOPICS[name]
    text = (bundled.DOCS / page).read_text("utf-8")
    formatter = click.HelpFormatter(width=_COLUMNS)
    level = "" if heading else "h1"
    for node in SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text)).children:
        if node.type == "heading" and formatter.buffer and node.tag <= level:
            break
        if level and node.type != "html_block":
            formatter.write("\n" if formatter.buffer else "")
            _write(node, formatter)
        elif node.type == "heading" and _NUMBER.sub("", _plain(node)) == heading:
            level = node.tag
            formatter.write(_underlined(heading))
    return formatter.getvalue()


def _write(node: "SyntaxTreeNode", formatter: click.HelpFormatter) -> None:
    match node.type:
        case "heading":
            formatter.write(_underlined(_plain(node)))
        case "paragraph":
            formatter.write_text(_plain(node))
        case "fence":
            lines = node.content.splitlines()
            formatter.write("".join(f"    {line}".rstrip() + "\n" for line in lines))
        case "bullet_list" | "ordered_list":
            for number, item in enumerate(node.children, 1):
                mark = f"{number}. " if node.type == "ordered_list" else "- "
                text = click.formatting.wrap_text(_plain(item), _COLUMNS, mark, " " * len(mark))
                formatter.write(f"{text}\n")
        case "table":
            rows = [[*map(_plain, row.children)] for row in node.walk() if row.type == "tr"]
            formatter.write_dl([_pair(rows[0], cells) for cells in rows[1:]], col_max=_TERM)


def _pair(heads: list[str], cells: list[str]) -> tuple[str, str]:
    """Return the first cell of a row, and the others, each with the name of its column."""
    others = zip(heads[1:], cells[1:], strict=True)
    texts = [f"{head}: {cell}" if head and len(heads) > _TWO else cell for head, cell in others]
    return cells[0].replace("`", ""), "; ".join(filter(None, texts))


def _underlined(title: str) -> str:
    return f"{title}\n{'-' * len(title)}\n"


def _plain(node: "SyntaxTreeNode") -> str:
    """Return the words of a text: without emphasis and links, with the marks of code."""
    forms = {"text": "{}", "code_inline": "`{}`", "softbreak": " "}
    return "".join(
        forms[each.type].format(each.content) for each in node.walk() if each.type in forms
    )
