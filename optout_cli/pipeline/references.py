"""What a letter's template may ask for, on every branch of it, against what its program declares.

Read from the templates' syntax, so that a branch which no sample takes is looked at as well.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple, get_args, get_type_hints

from jinja2 import nodes

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.fields import Noun
from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Program
from optout_cli.template_faults import names_in
from optout_cli.templates import Templates


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
                yield Problem("unknown-name", message, templates.spot(template, line), hint)


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
