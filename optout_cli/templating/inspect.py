"""Find problems in a template's syntax: words that are never printed, names that do not exist."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple, get_args, get_type_hints

from jinja2 import nodes

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.fields import Noun
from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Program
from optout_cli.templating.problems import names_in
from optout_cli.templating.templates import Templates

_TAG = re.compile(r"<[^>]*>")
_MOST_SHOWN = 40  # characters of the lost words in a message
_Parts = dict[str, nodes.Template]  # by the template's name
# The names that a template may read from each fact of a notice that is a struct.
_FACTS = {
    name: names_in(noun)
    for name, kind in get_type_hints(Notice).items()
    for noun in (kind, *get_args(kind))
    if isinstance(noun, type) and issubclass(noun, Noun)
}


class _Scope(NamedTuple):
    """A part of a template that a letter can reach, and the template's name."""

    template: str
    node: nodes.Node


def unprinted_parts(name: str, templates: Templates) -> Iterator[Problem]:
    """Yield the blocks and words that are never printed in a template and in those it extends.

    Only the user's own files are checked. Raises OptoutError if a template cannot be parsed.
    """
    parts = _parts_of(name, templates)
    chain = _chain(name, parts)
    for number, child in enumerate(chain[:-1]):
        if not templates.is_own(child):
            continue
        syntax = parts[child]
        known = {block.name for parent in chain[number + 1 :] for block in _blocks(parts[parent])}
        inner = {id(node) for block in _blocks(syntax) for node in block.find_all(nodes.Block)}
        for block in _blocks(syntax):
            if id(block) not in inner and block.name not in known:
                message = f"the template that this one extends has no block {block.name!r}"
                location = templates.location(child, block.lineno)
                yield Problem("unknown-block", message, location, did_you_mean(block.name, known))
        yield from _lost_words(syntax, child, templates)


def reference_problems(
    name: str, program: Program, kind: LetterKind, templates: Templates
) -> Iterator[Problem]:
    """Yield each name that a template reads and that neither a notice nor its program has.

    Raises OptoutError if a template cannot be parsed.
    """
    particulars = {key.replace("-", "_"): spec for key, spec in kind.particulars.items()}
    known: dict[str, Collection[str]] = {
        **_FACTS,
        "particulars": particulars,
        "citations": program.citations,
        "computed": kind.computed,
    }
    choices: dict[str, Collection[str]] = {
        f"particulars.{key}": spec.choices for key, spec in particulars.items() if spec.choices
    }
    choices["period"] = [period.id for period in program.periods]
    for template, node in _reachable(name, templates):
        for owner, word in _names_read(node):
            words = known.get(owner, choices.get(owner, (word,)))
            if word not in words:
                message = f"{owner} has no {word!r}"
                location = templates.location(template, node.lineno)
                yield Problem("unknown-name", message, location, did_you_mean(word, words))


def _lost_words(syntax: nodes.Template, name: str, templates: Templates) -> Iterator[Problem]:
    """Yield the words of a template that stand outside its blocks."""
    outputs = (node for node in syntax.body if isinstance(node, nodes.Output))
    for data in (child for output in outputs for child in output.nodes):
        if isinstance(data, nodes.TemplateData) and (words := _TAG.sub(" ", data.data).split()):
            lines = data.data[: data.data.index(words[0])].count("\n")
            shown = " ".join(words)[:_MOST_SHOWN]
            message = f"{shown!r} is outside every block, so it is not printed"
            location = templates.location(name, data.lineno + lines)
            yield Problem("lost-words", message, location, "move it into the block to replace")


def _parts_of(name: str, templates: Templates) -> _Parts:
    return {part: syntax for part, (_, syntax) in templates.parts_of(name).items()}


def _chain(name: str, parts: _Parts) -> list[str]:
    """Return the template `name`, the one that it extends, and so on."""
    chain, parent = [], name
    while parent in parts and parent not in chain:
        chain.append(parent)
        extends = parts[parent].find(nodes.Extends)
        if extends and isinstance(extends.template, nodes.Const):
            parent = str(extends.template.value)
    return chain


def _blocks(syntax: nodes.Template) -> list[nodes.Block]:
    return list(syntax.find_all(nodes.Block))


def _reachable(name: str, templates: Templates) -> Iterator[_Scope]:
    """Yield what can be printed: no block that is overridden, no macro that is not called."""
    parts = _parts_of(name, templates)
    overridden: set[str] = set()
    for part in _chain(name, parts):
        blocks = _blocks(parts[part])
        dead = [block for block in blocks if block.name in overridden]
        alive = list(_walk(parts[part], dead))
        yield from (_Scope(part, node) for node in alive)
        yield from _imported_macros(part, _names(alive), parts)
        for block in blocks:
            called = _names([call.node for call in block.find_all(nodes.Call)])
            if block not in dead and "super" not in called:
                overridden.add(block.name)


def _imported_macros(name: str, used: set[str], parts: _Parts) -> Iterator[_Scope]:
    """Yield the macros that a template imports and uses, and those that they call in turn."""
    for load in parts[name].find_all(nodes.FromImport):
        source = load.template.value if isinstance(load.template, nodes.Const) else ""
        if source not in parts:
            continue
        imported = {name if isinstance(name, str) else name[0] for name in load.names} & used
        macros = {macro.name: macro for macro in parts[source].find_all(nodes.Macro)}
        waiting, called = sorted(imported & macros.keys()), set(imported)
        while waiting:
            inside = list(_walk(macros[waiting.pop()], []))
            yield from (_Scope(source, node) for node in inside)
            waiting += sorted((_names(inside) & macros.keys()) - called)
            called |= _names(inside)
        yield from _imported_macros(source, called, parts)


def _names(found: list[nodes.Node]) -> set[str]:
    return {node.name for node in found if isinstance(node, nodes.Name)}


def _walk(node: nodes.Node, dead: list[nodes.Block]) -> Iterator[nodes.Node]:
    """Yield a node and all nodes in it, but no dead block and no macro's definition."""
    yield node
    for child in node.iter_child_nodes():
        if child not in dead and not isinstance(child, nodes.Macro):
            yield from _walk(child, dead)


def _names_read(node: nodes.Node) -> Iterator[tuple[str, str]]:
    """Yield owner and name of what a node reads: `citations["x"]`, `period == "x"`."""
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        yield node.node.name, node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name):
        yield from ((node.node.name, text) for text in _texts(node.arg))
    elif isinstance(node, nodes.Compare):
        for operand in node.ops:
            yield from ((_path(node.expr), text) for text in _texts(operand.expr))
            yield from ((_path(operand.expr), text) for text in _texts(node.expr))


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""


def _texts(node: nodes.Node) -> Iterator[str]:
    """Yield a constant text, or the texts of a tuple or list."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.Tuple | nodes.List):
        for item in node.items:
            yield from _texts(item)
