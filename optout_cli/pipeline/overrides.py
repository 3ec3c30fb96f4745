"""What of a user's template no letter would ever show: blocks and words that are lost.

A misspelt block is no fault to Jinja: the letter is written in the shipped words instead.
"""

import re
from collections.abc import Collection, Iterator

from jinja2 import nodes

from optout_cli.errors import Problem, did_you_mean
from optout_cli.templates import Templates

_TAG = re.compile(r"<[^>]*>")
_SHORT = 40  # characters of words that are shown
_INTO = "put it into the block of the passage that it is to replace"


def unreached(name: str, templates: Templates) -> Iterator[Problem]:
    """Yield blocks and words of the template `name`, and of what it extends, that none prints.

    Only the user's are looked at. Raises OptoutError where a template is no template.
    """
    parts = {at: syntax for at, (_, syntax) in templates.parts_of(name).items()}
    chain = [name]
    while (at := _parent(parts[chain[-1]])) and at in parts and at not in chain:
        chain.append(at)
    for number, at in enumerate(chain[:-1]):
        if templates.is_own(at):
            known = {it.name for one in chain[number + 1 :] for it in _blocks(parts[one])}
            yield from _unreached(parts[at], known, at, templates)


def _unreached(
    syntax: nodes.Template, known: Collection[str], name: str, templates: Templates
) -> Iterator[Problem]:
    inside = {id(it) for one in _blocks(syntax) for it in one.find_all(nodes.Block)}
    for block in _blocks(syntax):
        if id(block) not in inside and block.name not in known:
            message = f"no letter that this extends has a block {block.name!r}: it is lost"
            spot = templates.spot(name, block.lineno)
            yield Problem("unknown-block", message, spot, did_you_mean(block.name, known))
    outer = (it for node in syntax.body if isinstance(node, nodes.Output) for it in node.nodes)
    for data in outer:
        if isinstance(data, nodes.TemplateData) and (words := _TAG.sub(" ", data.data).split()):
            lines = data.data[: data.data.index(words[0])].count("\n")
            message = f"{' '.join(words)[:_SHORT]!r} stands outside every block: it is lost"
            spot = templates.spot(name, data.lineno + lines)
            yield Problem("lost-words", message, spot, _INTO)


def _blocks(syntax: nodes.Template) -> list[nodes.Block]:
    return list(syntax.find_all(nodes.Block))


def _parent(syntax: nodes.Template) -> str | None:
    extends = syntax.find(nodes.Extends)
    is_named = extends and isinstance(extends.template, nodes.Const)
    return str(extends.template.value) if is_named else None  # type: ignore[union-attr]
