"""`optout help`: the help of a command, or a section of the documentation as plain text."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from optout_cli import bundled
from optout_cli.cli import COMMANDS, MEANT, TOPICS, group
from optout_cli.cli.console import usage_error
from optout_cli.errors import did_you_mean
from optout_cli.readers.cells import choice_in_words

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from markdown_it.token import Token

_COLUMNS = 80
_TWO = 2  # columns of a table that needs no head
_NUMBER = re.compile(r"^\d+\. ")  # of a step, before its heading
_ABOUT = {  # what people call some topics
    "email": "routes", "fax": "routes", "sign": "signatures", "word": "formats", "pdf": "formats",
    "csv": "tables", "excel": "tables", "spreadsheet": "tables", "errors": "codes",
    "passages": "wording", "counsel": "wording", "letters": "list", "shell": "completion",
}  # fmt: skip
_TERM = 28  # columns of the longest name in a table; a longer one gets a line of its own


class Part(NamedTuple):
    """A piece of a topic: texts, or pairs of a name and what it means."""

    kind: Literal["heading", "text", "bullets", "code", "pairs"]
    texts: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


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
    """Return a topic as plain text of 80 columns, without the marks of its Markdown."""
    formatter = click.HelpFormatter(width=_COLUMNS)
    for number, part in enumerate(parts_of(name)):
        if number:
            formatter.write_paragraph()
        match part.kind:
            case "pairs":
                formatter.write_dl(part.pairs, col_max=_TERM)
            case "code":
                formatter.write("".join(f"    {line}".rstrip() + "\n" for line in part.texts))
            case "bullets":
                for text in part.texts:
                    mark, _, rest = text.partition(" ")
                    wrapped = click.formatting.wrap_text(
                        rest, _COLUMNS, f"{mark} ", " " * (len(mark) + 1)
                    )
                    formatter.write(f"{wrapped}\n")
            case "heading":
                formatter.write(f"{part.texts[0]}\n{'-' * len(part.texts[0])}\n")
            case _:
                formatter.write_text(part.texts[0])
    return formatter.getvalue()


def parts_of(name: str) -> Iterator[Part]:
    """Read a topic's section of the documentation, from its heading to the next one like it."""
    from markdown_it import MarkdownIt  # 40 ms, and only topics need it

    page, heading = TOPICS[name]
    text = (bundled.DOCS / page).read_text("utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    level = "" if heading else "h1"
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _NUMBER.sub("", tokens[number + 1].content)
            if not level and title == heading:
                level = token.tag
                yield Part("heading", (title,))
                continue
            if level and number and token.tag <= level:
                return
        if level and token.level == 0:
            yield from _part_at(tokens, number)


def _part_at(tokens: list["Token"], number: int) -> Iterator[Part]:
    """Yield the part that begins with a token, if one does."""
    token = tokens[number]
    match token.type:
        case "heading_open":
            yield Part("heading", (_plain(tokens[number + 1]),))
        case "paragraph_open":
            yield Part("text", (_plain(tokens[number + 1]),))
        case "fence":
            yield Part("code", tuple(token.content.splitlines()))
        case "bullet_list_open" | "ordered_list_open":
            items = (each for each in _inside(tokens, number) if each.type == "inline")
            marks = (f"{at}." if token.tag == "ol" else "-" for at in range(1, len(tokens)))
            yield Part("bullets", tuple(f"{next(marks)} {_plain(item)}" for item in items))
        case "table_open":
            yield Part("pairs", pairs=tuple(_rows(_inside(tokens, number))))


def _inside(tokens: list["Token"], number: int) -> Iterator["Token"]:
    """Yield the tokens between a token that opens a block and the one that closes it."""
    for token in tokens[number + 1 :]:
        if token.level == tokens[number].level:
            return
        yield token


def _rows(tokens: Iterator["Token"]) -> Iterator[tuple[str, str]]:
    """Yield the first cell of each row, and the others, each with the name of its column."""
    heads: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            cells: list[str] = []
        elif token.type == "inline":
            cells.append(_plain(token))
        elif token.type == "tr_close" and not heads:
            heads = cells
        elif token.type == "tr_close":
            named = zip(heads[1:], cells[1:], strict=True)
            texts = [
                f"{head}: {cell}" if head and len(heads) > _TWO else cell for head, cell in named
            ]
            yield cells[0].replace("`", ""), "; ".join(filter(None, texts))


def _plain(token: "Token") -> str:
    """Return the words of a text: without emphasis and links, with the marks of code."""
    words = []
    for child in token.children or ():
        match child.type:
            case "text":
                words.append(child.content)
            case "code_inline":
                words.append(f"`{child.content}`")
            case "softbreak":
                words.append(" ")
    return "".join(words)
