"""Read a template's syntax: words never printed, names that do not exist, facts of a branch."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date as Date
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple, TypeVar, get_args, get_type_hints

from jinja2 import nodes

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.fields import Noun
from optout_cli.model.notice import Notice, Place
from optout_cli.model.program import LetterKind, Program
from optout_cli.templating.filters import MONTHS
from optout_cli.templating.problems import names_in
from optout_cli.templating.templates import Templates

_TAG = re.compile(r"<[^>]*>")
_MOST_SHOWN = 40  # characters of the lost words in a message
_Kind = TypeVar("_Kind", bound=nodes.Node)
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
        known = {
            block.name
            for parent in chain[number + 1 :]
            for block in _all(nodes.Block, parts[parent])
        }
        blocks = _all(nodes.Block, syntax)
        inner = {id(node) for block in blocks for node in block.find_all(nodes.Block)}
        for block in blocks:
            if id(block) not in inner and block.name not in known:
                message = f"the template that this one extends has no block {block.name!r}"
                location = templates.location(child, block.lineno)
                yield Problem("unknown-block", message, location, did_you_mean(block.name, known))
        yield from _lost_words(syntax, child, templates)


def reference_problems(
    names: Iterable[str], program: Program, kind: LetterKind, templates: Templates
) -> Iterator[Problem]:
    """Yield each name that templates read and that neither a notice nor its program has.

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
    for template, node in (it for name in names for it in _reachable(name, templates)):
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
        for extends in _all(nodes.Extends, parts[parent])[:1]:
            if isinstance(extends.template, nodes.Const):
                parent = str(extends.template.value)
    return chain


@lru_cache(maxsize=256)  # letters share most of their templates
def _all(kind: type[_Kind], root: nodes.Node) -> list[_Kind]:
    return list(root.find_all(kind))


@lru_cache(maxsize=1024)
def _calls_super(block: nodes.Block) -> bool:
    return "super" in _names([call.node for call in block.find_all(nodes.Call)])


def _macros(syntax: nodes.Template) -> dict[str, nodes.Macro]:
    return {macro.name: macro for macro in _all(nodes.Macro, syntax)}


def _reachable(name: str, templates: Templates) -> Iterator[_Scope]:
    """Yield what can be printed: no block that is overridden, no macro that is not called."""
    parts = _parts_of(name, templates)
    overridden: set[str] = set()
    for part in _chain(name, parts):
        alive = [node for node, within in _walk(parts[part]) if overridden.isdisjoint(within)]
        yield from (_Scope(part, node) for node in alive)
        yield from _imported_macros(part, _names(alive), parts)
        overridden |= {
            block.name for block in _all(nodes.Block, parts[part]) if not _calls_super(block)
        }


def _imported_macros(name: str, used: set[str], parts: _Parts) -> Iterator[_Scope]:
    """Yield the macros that a template imports and uses, and those that they call in turn."""
    for load in _all(nodes.FromImport, parts[name]):
        source = load.template.value if isinstance(load.template, nodes.Const) else ""
        if source not in parts:
            continue
        imported = {name if isinstance(name, str) else name[0] for name in load.names} & used
        macros = _macros(parts[source])
        waiting, called = sorted(imported & macros.keys()), set(imported)
        while waiting:
            inside = [node for node, _ in _walk(macros[waiting.pop()])]
            yield from (_Scope(source, node) for node in inside)
            waiting += sorted((_names(inside) & macros.keys()) - called)
            called |= _names(inside)
        yield from _imported_macros(source, called, parts)


def _names(found: list[nodes.Node]) -> set[str]:
    return {node.name for node in found if isinstance(node, nodes.Name)}


@lru_cache(maxsize=256)  # letters share most of their templates and macros
def _walk(root: nodes.Node) -> list[tuple[nodes.Node, frozenset[str]]]:
    """Return each node that reads a name, and the blocks that it is in; none of a macro within."""
    found: list[tuple[nodes.Node, frozenset[str]]] = []
    waiting = [(root, frozenset[str]())]
    while waiting:
        node, within = waiting.pop()
        if isinstance(node, nodes.Block):
            within |= {node.name}
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem | nodes.Compare):
            found.append((node, within))
        inner = [it for it in node.iter_child_nodes() if not isinstance(it, nodes.Macro)]
        waiting += [(child, within) for child in reversed(inner)]
    return found


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


# Facts that every letter has: printed, they make no difference.
_GIVEN = {name for name, kind in get_type_hints(Notice).items() if kind in (str, Date, Place)}
_BY_NAME = ("particulars", "citations", "computed", "recipient")  # their parts are facts
_RELATIVE = ("particulars.", "computed.", "date")  # days that samples count from the letter's date
_ORDER = ("lt", "lteq", "gt", "gteq")
A_DAY = re.compile(rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}")
Facts = frozenset[str]


def facts_together(name: str, templates: Templates) -> tuple[Facts, ...]:
    """Return the facts that decide together what a letter prints, for each place that prints.

    They are what is printed there and what the conditions around it read, in the order of the
    letter: `particulars.signed`, `citations.ruling`, `recipient.contact`, `addressing`. `day` is
    among them where a day is written out, or compared with a fixed one.
    Raises OptoutError.
    """
    walk = _Walk(name, templates)
    walk.follow(walk.root, frozenset(), walk.names)
    return tuple(walk.found)


class _Walk:
    """Follows every branch of a letter as it is printed: blocks, macros and includes in place.

    `names` map what a template sets, or a macro gets, to the facts behind it.
    """

    def __init__(self, name: str, templates: Templates) -> None:
        self.parts = _parts_of(name, templates)
        chain = _chain(name, self.parts)
        self.root = self.parts[chain[-1]]
        self.found: dict[Facts, None] = {}
        self.within: list[str] = []  # the macros being followed
        self.followed: set[object] = set()  # macros, with what they get and the conditions around
        self.read_by: dict[str, Facts] = {}  # the facts that a macro reads, by its name
        self.included: set[tuple[str, Facts]] = set()  # with the conditions around it
        self.names: dict[str, Facts] = {}
        self.blocks: dict[str, list[nodes.Block]] = {}
        for part in chain:
            for block in _all(nodes.Block, self.parts[part]):
                self.blocks.setdefault(block.name, []).append(block)
        syntaxes = self.parts.values()
        self.macros = {name: it for part in syntaxes for name, it in _macros(part).items()}
        for assign in (it for part in syntaxes for it in part.body if isinstance(it, nodes.Assign)):
            self._set(assign.target, self._facts(assign.node, self.names), self.names)

    def follow(self, node: nodes.Node, around: Facts, names: dict[str, Facts]) -> None:
        """Add what is printed in a node; the conditions `around` it read those facts."""
        match node:
            case nodes.Macro() | nodes.FromImport() | nodes.Import() | nodes.Extends():
                return
            case nodes.If():
                for branch in (node, *node.elif_):
                    around |= self._facts(branch.test, names)
                    self.found[around] = None
                    self._follow_all(branch.body, around, names)
                self._follow_all(node.else_, around, names)
            case nodes.For():
                items = self._facts(node.iter, names)
                names = {**names, "loop": items}
                self._set(node.target, items, names)
                around |= items | (self._facts(node.test, names) if node.test else items)
                self.found[around] = None
                self._follow_all((*node.body, *node.else_), around, names)
            case nodes.Assign():
                self._set(node.target, self._facts(node.node, names), names)
            case nodes.Expr():
                self._print(node, around, names)
            case _:
                self._follow_all(self._inside(node, around, names), around, names)
        if isinstance(node, nodes.TemplateData) and A_DAY.search(node.data):
            self.found[around | {"day"}] = None

    def _follow_all(
        self, inner: Iterable[nodes.Node], around: Facts, names: dict[str, Facts]
    ) -> None:
        for child in inner:
            self.follow(child, around, names)

    def _inside(
        self, node: nodes.Node, around: Facts, names: dict[str, Facts]
    ) -> Iterable[nodes.Node]:
        """Return what is printed in place of a node that is no condition and no value."""
        match node:
            case nodes.Block():
                replaced = self.blocks.get(node.name, [node])
                # Those that a block replaces are printed as far as each repeats the next.
                repeats = [*takewhile(_calls_super, replaced)]
                return [it for block in replaced[: len(repeats) + 1] for it in block.body]
            case nodes.Include():
                named = [(it, around) for it in _texts(node.template) if it in self.parts]
                found = [self.parts[it[0]] for it in named if it not in self.included]
                self.included |= {*named}
                return found
            case nodes.AssignBlock():
                facts = [self._facts(child, names) for child in node.body]
                self._set(node.target, frozenset[str]().union(*facts), names)
        return node.iter_child_nodes()

    def _print(self, node: nodes.Expr, around: Facts, names: dict[str, Facts]) -> None:
        calls = [it for it in (node, *node.find_all(nodes.Call)) if isinstance(it, nodes.Call)]
        called = [(it, macro) for it in calls if (macro := self._macro(it))]
        if not called:
            asks = (nodes.CondExpr, nodes.Compare, nodes.Test)
            is_plain = not any(isinstance(it, asks) for it in (node, *node.find_all(nodes.Expr)))
            facts = self._facts(node, names)
            self.found[around | (facts - _GIVEN if is_plain else facts)] = None
        for call, macro in called:
            if macro.name in self.within:
                continue
            given = {arg.name: frozenset[str]() for arg in macro.args}
            for arg, value in zip(macro.args, call.args, strict=False):
                given[arg.name] = self._facts(value, names)
            for pair in call.kwargs:
                given[pair.key] = self._facts(pair.value, names)
            way = (macro.name, around, *given.items())
            if way in self.followed:
                continue
            self.followed.add(way)
            self.within.append(macro.name)
            for child in macro.body:
                self.follow(child, around, given)
            self.within.pop()

    def _macro(self, node: nodes.Node) -> nodes.Macro | None:
        callee = node.node if isinstance(node, nodes.Call) else None
        name = callee.attr if isinstance(callee, nodes.Getattr) else getattr(callee, "name", "")
        return self.macros.get(name)

    def _set(self, target: nodes.Node, facts: Facts, names: dict[str, Facts]) -> None:
        names |= dict.fromkeys(_names([target, *target.find_all(nodes.Name)]), facts)

    def _facts(self, node: nodes.Node, names: dict[str, Facts]) -> Facts:
        """Return every fact that an expression reads, also in the macros that it calls."""
        if isinstance(node, nodes.Name):
            return names.get(node.name, frozenset([node.name]))
        for owner, word in [it for it in _names_read(node) if not isinstance(node, nodes.Compare)]:
            if owner in _BY_NAME and owner not in names:
                return frozenset([f"{owner}.{word}"])
        found = set().union(*(self._facts(child, names) for child in node.iter_child_nodes()))
        macro = self._macro(node)
        if macro and macro.name not in self.within:
            if macro.name not in self.read_by:
                self.within.append(macro.name)
                inner = dict.fromkeys([arg.name for arg in macro.args], frozenset[str]())
                body = (self._facts(child, inner) for child in macro.body)
                self.read_by[macro.name] = frozenset[str]().union(*body)
                self.within.pop()
            found |= self.read_by[macro.name]
        if isinstance(node, nodes.Compare):
            sides = (node.expr, *(it.expr for it in node.ops))
            is_fixed = any(isinstance(it, nodes.Const | nodes.Filter) for it in sides)
            is_ordered = node.ops[0].op in _ORDER and not is_fixed
            if (is_ordered and not all(it.startswith(_RELATIVE) for it in found)) or (
                is_fixed and "date" in found
            ):
                found.add("day")
        return frozenset(found)
