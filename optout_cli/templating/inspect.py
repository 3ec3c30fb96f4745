"""Read a template's syntax: words never printed, names that do not exist, facts of a branch."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import TypeVar, get_args, get_type_hints

from jinja2 import nodes

from optout_cli.errors import Problem, did_you_mean
from optout_cli.model.fields import Noun
from optout_cli.model.notice import Notice
from optout_cli.model.program import LetterKind, Program
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
        outputs = (node for node in syntax.body if isinstance(node, nodes.Output))
        for data in (inside for output in outputs for inside in output.nodes):
            if isinstance(data, nodes.TemplateData) and (words := _TAG.sub(" ", data.data).split()):
                lines = data.data[: data.data.index(words[0])].count("\n")
                shown = " ".join(words)[:_MOST_SHOWN]
                message = f"{shown!r} is outside every block, so it is not printed"
                location = templates.location(child, data.lineno + lines)
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


def _macros(syntax: nodes.Template) -> dict[str, nodes.Macro]:
    return {macro.name: macro for macro in _all(nodes.Macro, syntax)}


def _names(found: list[nodes.Node]) -> set[str]:
    return {node.name for node in found if isinstance(node, nodes.Name)}


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


_BY_NAME = ("particulars", "citations", "computed", "recipient")  # their parts are facts
ANY = "*"  # the part that is read in a path where a variable has its name: `citations[key]`
Facts = frozenset[str]


class Reading:
    """What a letter's template reads, in every branch that it can print.

    Follows blocks, macros and includes in place, with `names` of what is set, or what a macro gets,
    and the facts behind each. A fact is `particulars.signed`, `citations.ruling`,
    `recipient.contact`, or `addressing`. Raises OptoutError if a template cannot be parsed.
    """

    def __init__(self, name: str, templates: Templates) -> None:
        self._templates = templates
        self._parts = _parts_of(name, templates)
        chain = _chain(name, self._parts)
        self._read: dict[int, nodes.Node] = {}  # what may read a name, by its id
        self.paths: set[str] = set()  # of what is read, such as `particulars.earlier.to`
        self._within: list[str] = []  # the macros being followed
        self._followed: set[object] = set()  # macros, with what they get
        self._read_by: dict[str, Facts] = {}  # the facts that a macro reads, by its name
        self._included: set[str] = set()
        self._blocks: dict[str, list[nodes.Block]] = {}
        for part in chain:
            for block in _all(nodes.Block, self._parts[part]):
                self._blocks.setdefault(block.name, []).append(block)
        syntaxes = self._parts.values()
        self._macros = {macro.name: macro for part in syntaxes for macro in _all(nodes.Macro, part)}
        names: dict[str, Facts] = {}
        for assign in (
            inner for part in syntaxes for inner in part.body if isinstance(inner, nodes.Assign)
        ):
            self._set(assign.target, self._facts(assign.node, names), names)
        self._follow(self._parts[chain[-1]], names)

    def problems(self, program: Program, kind: LetterKind) -> Iterator[Problem]:
        """Yield each name that is read and that neither a notice nor its program has."""
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
        for template, syntax in self._parts.items():
            for node in (read for read in _all(nodes.Expr, syntax) if id(read) in self._read):
                for owner, word in _names_read(node):
                    words = known.get(owner, choices.get(owner, (word,)))
                    if word not in words:
                        message = f"{owner} has no {word!r}"
                        location = self._templates.location(template, node.lineno)
                        hint = did_you_mean(word, words)
                        yield Problem("unknown-name", message, location, hint)

    def _follow(self, node: nodes.Node, names: dict[str, Facts]) -> None:
        """Read what is printed in a node, and the conditions in it."""
        match node:
            case nodes.Macro() | nodes.FromImport() | nodes.Import() | nodes.Extends():
                return
            case nodes.If():
                for branch in (node, *node.elif_):
                    self._facts(branch.test, names)
                    self._follow_all(branch.body, names)
                self._follow_all(node.else_, names)
            case nodes.For():
                items = self._facts(node.iter, names)
                names = {**names, "loop": items}
                self._set(node.target, items, names)
                if node.test:
                    self._facts(node.test, names)
                self._follow_all((*node.body, *node.else_), names)
            case nodes.Assign():
                self._set(node.target, self._facts(node.node, names), names)
            case nodes.Expr():
                self._print(node, names)
            case _:
                self._follow_all(self._inside(node, names), names)

    def _follow_all(self, inner: Iterable[nodes.Node], names: dict[str, Facts]) -> None:
        for child in inner:
            self._follow(child, names)

    def _inside(self, node: nodes.Node, names: dict[str, Facts]) -> Iterable[nodes.Node]:
        """Return what is printed in place of a node that is no condition and no value."""
        match node:
            case nodes.Block():
                replaced = self._blocks.get(node.name, [node])
                # Those that a block replaces are printed as far as each repeats the next.
                calls = ([call.node for call in block.find_all(nodes.Call)] for block in replaced)
                called = (_names([*names]) for names in calls)
                repeats = [*takewhile(lambda names: "super" in names, called)]
                return [child for block in replaced[: len(repeats) + 1] for child in block.body]
            case nodes.Include():
                named = {*_texts(node.template)} & self._parts.keys() - self._included
                self._included |= named
                return [self._parts[part] for part in named]
            case nodes.AssignBlock():
                facts = [self._facts(child, names) for child in node.body]
                self._set(node.target, frozenset[str]().union(*facts), names)
        return node.iter_child_nodes()

    def _print(self, node: nodes.Expr, names: dict[str, Facts]) -> None:
        self._facts(node, names)
        for call in (node, *node.find_all(nodes.Call)):
            macro = self._macro(call)
            if not (isinstance(call, nodes.Call) and macro) or macro.name in self._within:
                continue
            given = {arg.name: frozenset[str]() for arg in macro.args}
            for arg, value in zip(macro.args, call.args, strict=False):
                given[arg.name] = self._facts(value, names)
            for pair in call.kwargs:
                given[pair.key] = self._facts(pair.value, names)
            way = (macro.name, *given.items())
            if way in self._followed:
                continue
            self._followed.add(way)
            self._within.append(macro.name)
            for child in macro.body:
                self._follow(child, given)
            self._within.pop()

    def _macro(self, node: nodes.Node) -> nodes.Macro | None:
        callee = node.node if isinstance(node, nodes.Call) else None
        name = callee.attr if isinstance(callee, nodes.Getattr) else getattr(callee, "name", "")
        return self._macros.get(name)

    def _set(self, target: nodes.Node, facts: Facts, names: dict[str, Facts]) -> None:
        names |= dict.fromkeys(_names([target, *target.find_all(nodes.Name)]), facts)

    def _facts(self, node: nodes.Node, names: dict[str, Facts]) -> Facts:
        """Return every fact that an expression reads, also in the macros that it calls."""
        if isinstance(node, nodes.Name):
            return names.get(node.name, frozenset([node.name]))
        self._read[id(node)] = node
        if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
            self.paths.add(f"{_path(node.node)}.{ANY}")
        for owner, word in () if isinstance(node, nodes.Compare) else _names_read(node):
            facts = names.get(owner, [owner])  # of an entry of a list, the list
            self.paths.update(f"{fact}.{word}".replace("_", "-") for fact in facts)
            if owner in _BY_NAME and owner not in names:  # a part that is a fact itself
                return frozenset([f"{owner}.{word}"])
        found = set().union(*(self._facts(child, names) for child in node.iter_child_nodes()))
        macro = self._macro(node)
        if macro and macro.name not in self._within:
            if macro.name not in self._read_by:
                self._within.append(macro.name)
                inner = dict.fromkeys([arg.name for arg in macro.args], frozenset[str]())
                body = (self._facts(child, inner) for child in macro.body)
                self._read_by[macro.name] = frozenset[str]().union(*body)
                self._within.pop()
            found |= self._read_by[macro.name]
        return frozenset(found)
