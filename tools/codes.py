"""Write the lists of codes in docs/scripts.md: each problem and note that optout can report.

The codes come from the source, and the sentence for each from tools/codes.yaml. A test compares
source, sentences and page. Usage: python tools/codes.py
"""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import document_from_yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "scripts.md"
WORDS = ROOT / "tools" / "codes.yaml"
NOUNS = {"problems": "Problem", "notes": "Note"}
_MODULES = sorted((ROOT / "optout_cli").rglob("*.py"))
_PASSED_ON = "code"  # what a function calls the code that it is given


def codes_of(noun: str) -> set[str]:
    """Return each code that the source gives to a `noun`, which is Problem or Note.

    A function may get the code as its argument `code`; then its callers give it. Raises ValueError
    for a code that nobody writes as text.
    """
    trees = {path: _tree_of(path) for path in _MODULES}
    codes: set[str] = set()
    for path, tree in trees.items():
        codes.update(_codes(tree, noun, 0, path))
        for maker in (it for it in _nodes(tree) if isinstance(it, ast.FunctionDef)):
            names = _arguments(maker)
            if _PASSED_ON in names and any(_calls(maker, noun)):
                place = names.index(_PASSED_ON) - (names[0] == "self")
                for user, other in trees.items():
                    if user == path or maker.name in _imports(other):
                        codes.update(_codes(other, maker.name, place, user))
    return codes


@cache
def _tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache  # a tree is gone through for each function that makes a Problem
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in _nodes(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if name in (getattr(called, "id", ""), getattr(called, "attr", "")):
                yield node


@cache
def _imports(tree: ast.AST) -> set[str]:
    imports = (node for node in _nodes(tree) if isinstance(node, ast.ImportFrom))
    return {alias.name for node in imports for alias in node.names}


def _codes(tree: ast.AST, name: str, place: int, path: Path) -> Iterator[str]:
    """Yield each code in the calls of `name`, which gets it at a place or as `code`."""
    within = {  # the innermost function comes last
        id(call): function
        for function in _nodes(tree)
        if isinstance(function, ast.FunctionDef)
        for call in _calls(function, name)
    }
    for call in _calls(tree, name):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        value = given[_PASSED_ON] if _PASSED_ON in given else call.args[place]
        function = within.get(id(call))
        is_passed_on = function and _PASSED_ON in _arguments(function)
        if not (is_passed_on and ast.unparse(value) == _PASSED_ON):
            yield from _texts(value, [function or tree, tree], path)


def _arguments(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]


def _texts(value: ast.expr, scopes: Sequence[ast.AST], path: Path) -> Iterator[str]:
    """Yield the texts that a code can be; a name has the values of the first scope that sets it."""
    match value:
        case ast.Constant(value=str(code)):
            yield code
        case ast.IfExp():
            yield from _texts(value.body, scopes, path)
            yield from _texts(value.orelse, scopes, path)
        case ast.Attribute(attr="code"):  # a copy of another Problem
            return
        case ast.Name(id=name) if bound := next(
            filter(None, ([*_assigned(name, scope)] for scope in scopes)), None
        ):
            for assigned in filter(None, bound):
                yield from _texts(assigned, scopes, path)
        case _:
            message = f"{path}:{value.lineno}: cannot tell which codes {ast.unparse(value)} can be"
            raise ValueError(message)


def _assigned(name: str, within: ast.AST) -> Iterator[ast.expr | None]:
    """Yield each value that is assigned to a name; None if the name is a loop variable."""
    for node in _nodes(within):
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.For(target=target) | ast.comprehension(target=target):
                names = [child.id for child in ast.walk(target) if isinstance(child, ast.Name)]
                yield from [None] * (name in names)


def words(path: Path = WORDS) -> dict[str, dict[str, str]]:
    """Return the sentence for each code, under `problems` and `notes`.

    Raises OptoutError if a code is there twice, which PyYAML's own loaders pass over.
    """
    document = document_from_yaml(path.read_text("utf-8"), str(path))
    return convert(document, dict[str, dict[str, str]])


def page() -> str:
    """Return docs/scripts.md with up-to-date lists."""
    text = PAGE.read_text("utf-8")
    for kind, sentences in words().items():
        rows = "\n".join(f"| `{code}` | {text} |" for code, text in sorted(sentences.items()))
        table = f"| code | |\n| --- | --- |\n{rows}\n"
        begin, end = f"<!-- {kind}: written by tools/codes.py -->\n", f"<!-- end of {kind} -->"
        pattern = f"(?<={re.escape(begin)}).*?(?={re.escape(end)})"
        text = re.sub(pattern, lambda _, table=table: table, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
