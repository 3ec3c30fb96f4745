"""What a template's syntax shows: words that are never printed, names that nobody declares."""

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
_SHORT = 40  # characters of words that are shown
_INTO = "put it into the block of the passage that it is to replace"


def unprinted_parts(name: str, templates: Templates) -> Iterator[Problem]:
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
            yield from _unprinted_in(parts[at], known, at, templates)


def _unprinted_in(
    syntax: nodes.Template, known: Collection[str], name: str, templates: Templates
) -> Iterator[Problem]:
    inside = {id(it) for one in _blocks(syntax) for it in one.find_all(nodes.Block)}
    for block in _blocks(syntax):
        if id(block) not in inside and block.name not in known:
            message = f"no letter that this extends has a block {block.name!r}: it is lost"
            location = templates.location(name, block.lineno)
            yield Problem("unknown-block", message, location, did_you_mean(block.name, known))
    outer = (it for node in syntax.body if isinstance(node, nodes.Output) for it in node.nodes)
    for data in outer:
        if isinstance(data, nodes.TemplateData) and (words := _TAG.sub(" ", data.data).split()):
            lines = data.data[: data.data.index(words[0])].count("\n")
            message = f"{' '.join(words)[:_SHORT]!r} stands outside every block: it is lost"
            location = templates.location(name, data.lineno + lines)
            yield Problem("lost-words", message, location, _INTO)


def _blocks(syntax: nodes.Template) -> list[nodes.Block]:
    return list(syntax.find_all(nodes.Block))


def _parent(syntax: nodes.Template) -> str | None:
    extends = syntax.find(nodes.Extends)
    is_named = extends and isinstance(extends.template, nodes.Const)
    return str(extends.template.value) if is_named else None  # type: ignore[union-attr]


def _fields() -> Iterator[tuple[str, Collection[str]]]:
    """Yield each fact of a notice that is a noun, and what it may be asked for."""
    for name, kind in get_type_hints(Notice).items():
        for noun in (kind, *get_args(kind)):
            if isinstance(noun, type) and issubclass(noun, Noun):
                yield name, names_in(noun)


_FACTS = dict(_fields())


class _Scope(NamedTuple):
    """A part of a template that a letter can reach, and the template it stands in."""

    template: str
    node: nodes.Node


def reference_problems(
    name: str, program: Program, kind: LetterKind, templates: Templates
) -> Iterator[Problem]:
    """Yield each name that the template `name` asks for and its program does not declare.

    Raises OptoutError where a template is no template.
    """
    particulars = {name.replace("-", "_"): it for name, it in kind.particulars.items()}
    known: dict[str, Collection[str]] = {
        **_FACTS,
        "particulars": particulars,
        "citations": program.citations,
        "computed": kind.computed,
    }
    choices: dict[str, Collection[str]] = {
        f"particulars.{name}": it.choices for name, it in particulars.items() if it.choices
    }
    choices["period"] = [it.id for it in program.periods]
    for template, node in _reachable(name, templates):
        for asked, word, line in _asked(node):
            words = known.get(asked, choices.get(asked, (word,)))
            if word not in words:
                message = f"{asked} has no {word!r}"
                hint = did_you_mean(word, words)
                yield Problem("unknown-name", message, templates.location(template, line), hint)


def _reachable(name: str, templates: Templates) -> Iterator[_Scope]:
    """Yield what can be printed: the layout, blocks that none overrides, macros that are called."""
    parts = {at: syntax for at, (_, syntax) in templates.parts_of(name).items()}
    overridden: set[str] = set()
    seen: set[str] = set()
    at: str | None = name
    while at and at not in seen:
        seen.add(at)
        syntax = parts[at]
        blocks = list(syntax.find_all(nodes.Block))
        dead = [it for it in blocks if it.name in overridden]
        yield from _with_macros(at, syntax, dead, parts)
        overridden |= {it.name for it in blocks if it not in dead and not _calls_super(it)}
        parent = syntax.find(nodes.Extends)
        at = parent.template.value if parent and isinstance(parent.template, nodes.Const) else None


def _with_macros(
    name: str, syntax: nodes.Template, dead: list[nodes.Block], parts: dict[str, nodes.Template]
) -> Iterator[_Scope]:
    """Yield a template without its dead blocks, and the macros that it imports and uses."""
    alive = list(_walk(syntax, dead))
    yield from (_Scope(name, it) for it in alive)
    yield from _imported(name, _names(alive), parts)


def _imported(name: str, used: set[str], parts: dict[str, nodes.Template]) -> Iterator[_Scope]:
    """Yield the macros that a template imports, as far as they are used."""
    for load in parts[name].find_all(nodes.FromImport):
        source = load.template.value if isinstance(load.template, nodes.Const) else ""
        if source in parts:
            names = {it if isinstance(it, str) else it[0] for it in load.names}
            yield from _macros(source, names & used, parts)


def _macros(name: str, wanted: set[str], parts: dict[str, nodes.Template]) -> Iterator[_Scope]:
    """Yield the macros of a template that are wanted, and those that they call in turn."""
    macros = {it.name: it for it in parts[name].find_all(nodes.Macro)}
    waiting, used = sorted(wanted & macros.keys()), set(wanted)
    while waiting:
        inside = list(_walk(macros[waiting.pop()], []))
        yield from (_Scope(name, it) for it in inside)
        waiting += sorted((_names(inside) & macros.keys()) - used)
        used |= _names(inside)
    yield from _imported(name, used, parts)


def _names(found: list[nodes.Node]) -> set[str]:
    return {it.name for it in found if isinstance(it, nodes.Name)}


def _walk(node: nodes.Node, dead: list[nodes.Block]) -> Iterator[nodes.Node]:
    """Yield a node and all that it holds, without dead blocks and without macros' definitions."""
    yield node
    for child in node.iter_child_nodes():
        if child not in dead and not isinstance(child, nodes.Macro):
            yield from _walk(child, dead)


def _calls_super(block: nodes.Block) -> bool:
    names = (it.node for it in block.find_all(nodes.Call))
    return any(isinstance(it, nodes.Name) and it.name == "super" for it in names)


def _asked(node: nodes.Node) -> Iterator[tuple[str, str, int]]:
    """Yield of what which name is asked, and the line: `citations["x"]`, `period == "x"`."""
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        yield node.node.name, node.attr, node.lineno
    elif isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name):
        yield from ((node.node.name, it, node.lineno) for it in _texts(node.arg))
    elif isinstance(node, nodes.Compare):
        for operand in node.ops:
            asked = _path(node.expr)
            yield from ((asked, it, node.lineno) for it in _texts(operand.expr))
            yield from ((_path(operand.expr), it, node.lineno) for it in _texts(node.expr))


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""


def _texts(node: nodes.Node) -> Iterator[str]:
    """Yield a constant text, or those of a tuple or list."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.Tuple | nodes.List):
        for it in node.items:
            yield from _texts(it)
