"""Write the lists of codes in docs/scripts.md: each problem and note that optout can report.

The codes come from the source, and the sentence for each from tools/codes.yaml. A test compares
source, sentences and page. Usage: python tools/codes.py
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import document_from_yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "scripts.md"
WORDS = ROOT / "tools" / "codes.yaml"
NOUNS = {"problems": "Problem", "notes": "Note"}
_MODULES = sorted((ROOT / "optout_cli").rglob("*.py"))
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Maker(NamedTuple):
    """A function that uses one of its arguments as a code; `module` None means any module."""

    module: Path | None
    name: str
    index: int
    argument: str


def codes_of(noun: str) -> set[str]:
    """Return each code that the source gives to a `noun`, which is Problem or Note.

    Follows a code that is a function's argument to the callers. Raises ValueError for a code that
    no caller writes as text.
    """
    sources = {path: path.read_text("utf-8") for path in _MODULES}
    makers, done = [_Maker(None, noun, 0, "code")], 0
    codes: set[str] = set()
    while done < len(makers):
        maker = makers[done]
        done += 1
        for path, source in sources.items():
            if f"{maker.name}(" not in source or not _can_call(maker, path, source):
                continue
            tree = _parse(source)
            for call, function in _calls(tree, maker.name, None):
                for found in _values(_argument(call, maker), function, tree, path):
                    if isinstance(found, str):
                        codes.add(found)
                    elif found not in makers:
                        makers.append(found)
    return codes


@cache
def _parse(source: str) -> ast.Module:
    return ast.parse(source)


def _can_call(maker: _Maker, path: Path, source: str) -> bool:
    """Tell whether a module has the maker or imports it."""
    imports = (node for node in ast.walk(_parse(source)) if isinstance(node, ast.ImportFrom))
    imported = (alias.name for node in imports for alias in node.names)
    return maker.module in (None, path) or maker.name in imported


def _calls(
    node: ast.AST, name: str, function: _Function | None
) -> Iterator[tuple[ast.Call, _Function | None]]:
    """Yield each call of `name`, with the function around the call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            called = child.func
            if name in (getattr(called, "id", ""), getattr(called, "attr", "")):
                yield child, function
        yield from _calls(child, name, child if isinstance(child, _Function) else function)


def _argument(call: ast.Call, maker: _Maker) -> ast.expr:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return named[maker.argument] if maker.argument in named else call.args[maker.index]


def _values(
    value: ast.expr, function: _Function | None, tree: ast.Module, path: Path
) -> Iterator[str | _Maker]:
    """Yield the codes that an argument can be, or the function that gets it from its caller."""
    match value:
        case ast.Constant(value=str(code)):
            yield code
        case ast.IfExp():
            yield from _values(value.body, function, tree, path)
            yield from _values(value.orelse, function, tree, path)
        case ast.Attribute(attr="code"):  # a copy of another Problem
            return
        case ast.Name(id=name) if function and name in _arguments(function):
            index = _arguments(function).index(name)
            yield _Maker(path, function.name, index - (_arguments(function)[0] == "self"), name)
        case ast.Name(id=name) if bound := [
            *_assigned(name, function or tree),
            *_assigned(name, tree),
        ]:
            for assigned in filter(None, bound):
                yield from _values(assigned, function, tree, path)
        case _:
            message = f"{path}:{value.lineno}: cannot tell which codes {ast.unparse(value)} can be"
            raise ValueError(message)


def _arguments(function: _Function) -> list[str]:
    return [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]


def _assigned(name: str, within: ast.AST) -> Iterator[ast.expr | None]:
    """Yield each value that is assigned to a name; None if the name is a loop variable."""
    for node in ast.walk(within):
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
