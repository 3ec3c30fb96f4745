"""What Jinja raises -> a Problem at the template's line, in words for who writes letters.

Looks into the folders' files only once something is wrong.
"""

import re
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2

from optout_cli.errors import Location, OptoutError, Problem, closest, did_you_mean
from optout_cli.templating.filters import FILTERS
from optout_cli.templating.sandbox import Unknown
from optout_cli.templating.search import BUILTIN, SUFFIX, TemplateSearch

_TAGS = (
    "block", "elif", "else", "endblock", "endfor", "endif", "endmacro", "endset", "extends", "for",
    "from", "if", "import", "include", "macro", "set",
)  # fmt: skip
_A_FACT = "a fact is written {{ signatory.name }}, two braces on each side"
# What Jinja says, what it means, and what to do: `{0}` is what the first group found.
_SYNTAX = (
    (r"unexpected char '([\u201c\u201d\u2018\u2019])'", "`{0}` is a curly quote", 'write " there'),
    (r"unexpected char '(.+)' at", "`{0}` is out of place", _A_FACT),
    (r"unexpected '(.+)'$", "`{0}` is out of place", _A_FACT),
    (r"[Ee]xpected an expression, got 'end of print", "{{{{ }}}} is empty", _A_FACT),
    (
        r"[Ee]xpected an expression, got 'end of statement",
        "{{% %}} lacks what it is about",
        "as in {% if signatory %}",
    ),
    (
        r"expected token 'end of print statement', got '(.+)'",
        "{0!r} is out of place in {{{{ }}}}",
        "one fact, and filters behind |: {{ date | long_date }}",
    ),
    (r"expected token '.+', got '(.+)'", "{0!r} is out of place in {{% %}}", None),
    (r"[Ee]xpected an expression, got '(.+)'", "{0!r} is out of place", _A_FACT),
    (r"block '(.+)' defined twice", "two blocks are called {0!r}", "keep one of them"),
    (r"Block names in Jinja", "a block's name has no hyphen", "write _ in its place"),
    (r"Missing end of comment tag", "{{# is never closed", "write #} behind the remark"),
)
_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'.(?:.*closed is '(\w+)')?", re.DOTALL)
_OPEN = re.compile(r"Unexpected end of template.*closed is '(\w+)'", re.DOTALL)
_RUNTIME = (
    (
        r"'NoneType' object is not iterable",
        "a loop runs over a fact that is missing",
        "put {% if ... %} around it",
    ),
    (r"object is not iterable", "a loop runs over what is no list", None),
    (r"object is not callable", "() stands behind what is no macro", "leave the () out"),
    (r"(.*)", "{0}", None),
)
_Told = tuple[str, str | None]


@contextmanager
def placed(name: str, search: TemplateSearch, known: Collection[str] = ()) -> Iterator[None]:
    """Turn what Jinja raises within a `with` block into a Problem with the template's line.

    `known` are the facts that the template is filled in with.
    """
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise OptoutError(_syntax_problem(error, name, search)) from None
    except jinja2.TemplateNotFound as error:
        raise OptoutError(
            missing_template(str(error.name), _last(error, name, search), search)
        ) from None
    except RecursionError as error:
        raise OptoutError(extends_itself(name, _last(error, name, search), search)) from None
    except Unknown as error:
        location = _last(error, name, search)
        message, hint = _unknown(error, _Source(location, name, search), known)
        raise OptoutError(Problem("template", message, location, hint)) from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        message, hint = _reword(str(error), _RUNTIME)
        hint = getattr(error, "hint", None) or hint
        raise OptoutError(Problem("template", message, _last(error, name, search), hint)) from None


def missing_template(name: str, location: Location, search: TemplateSearch) -> Problem:
    """Say that a template names another one that is not there."""
    message = f"there is no template {name!r} in the template folders"
    is_shipped = name.startswith(BUILTIN)
    names = {it.removesuffix(SUFFIX): it for it in search.names()}
    match = closest(
        name.removesuffix(SUFFIX), [it for it in names if it.startswith(BUILTIN) == is_shipped]
    )
    hint = f"did you mean {names[match]!r}?" if match else None
    return Problem("missing-template", message, location, hint)


def missing_filter(name: str, location: Location) -> Problem:
    """Say that a template asks for a filter that there is not."""
    message = f"there is no filter {name!r}"
    return Problem("template", message, location, did_you_mean(name, FILTERS))


def extends_itself(name: str, location: Location, search: TemplateSearch) -> Problem:
    """Say that a template extends the file that it is, and how to name the shipped one."""
    shipped = f"{BUILTIN}{name.removeprefix(BUILTIN)}"
    it = shipped if search.has(shipped) else f"{BUILTIN}..."
    hint = f'name the shipped one: {{% extends "{it}" %}}'
    return Problem("template", "extends or calls itself", location, hint)


def _reword(told: str, words: tuple[tuple[str, str, str | None], ...]) -> _Told:
    for pattern, message, hint in words:
        if found := re.match(pattern, told, re.DOTALL) or re.search(pattern, told):
            return message.format(*found.groups()), hint
    return told, None


def _syntax_problem(
    error: jinja2.TemplateSyntaxError, name: str, search: TemplateSearch
) -> Problem:
    # Of an open comment Jinja gives the file as the name.
    files = [Path(it) for it in (error.filename, error.name) if it and Path(it).is_file()]
    path = files[0] if files else search.path_of(error.name or name)
    shown, line = search.shown(path) if path else name, error.lineno
    told = error.message or "is wrong"
    hint: str | None
    if found := re.match(r"No filter named '(.+)'", told):
        return missing_filter(found[1], Location(shown, line))
    if found := _OPEN.match(told):
        message = f"{{% {found[1]} %}} is never closed"
        hint = f"write {{% end{found[1]} %}} behind what it holds"
        line = _line_left_open(found[1], path) or line
    else:
        message, hint = _syntax_words(told)
        hint = getattr(error, "hint", hint)
    return Problem("template", message, Location(shown, line), hint)


def _syntax_words(told: str) -> _Told:
    if not (found := _UNKNOWN_TAG.match(told)):
        return _reword(told, _SYNTAX)
    tag, around = found.groups()
    if tag not in _TAGS:
        return f"there is no {{% {tag} %}}", did_you_mean(tag, _TAGS)
    hint = f"close {{% {around} %}} first, by {{% end{around} %}}" if around else "take it out"
    return f"{{% {tag} %}} closes nothing here", hint


def _line_left_open(tag: str, path: Path | None) -> int | None:
    """Return the line of the last `tag` that nothing closes."""
    source = path.read_text("utf-8") if path else ""
    waiting: list[int] = []
    for it in re.finditer(rf"{{%[-+]?\s*(end)?{tag}\b", source):
        if not it[1]:
            waiting.append(source.count("\n", 0, it.start()) + 1)
        elif waiting:
            waiting.pop()
    return waiting[-1] if waiting else None


class _Source:
    """The template in which something is wrong, and the line of it."""

    def __init__(self, location: Location, name: str, search: TemplateSearch) -> None:
        self.search, self.name = search, name
        path = Path(location.file)
        found = path if path.is_file() else search.path_of(location.file)
        self.text = found.read_text("utf-8") if found else ""
        lines = self.text.splitlines()
        self.line = (
            lines[location.line - 1] if location.line and location.line <= len(lines) else ""
        )

    def asked_for(self, name: str) -> str | None:
        """Return what is asked for `name` on the line: `particulars` in `particulars.modle`."""
        asked = rf"([A-Za-z_][\w.]*)(?:\.|\[\s*['\"]){re.escape(name)}\b"
        found = re.search(asked, self.line)
        return found[1] if found else None

    def names(self) -> set[str]:
        """Return what the template imports, sets and defines itself."""
        imported = re.findall(r"import\s+([\w, ]+?)(?:\s+with|\s+without|\s*[-+]?%)", self.text)
        own = re.findall(r"\b(?:set|macro|for)\s+(\w+)", self.text)
        return {*re.split(r"[,\s]+", ",".join(imported)), *own} - {"", "as"}

    def macros(self) -> Iterator[tuple[str, str]]:
        """Yield template and macro of the letter's program and of the layout."""
        for name in sorted(self.search.names()):
            folder, _, file = name.rpartition("/")
            if folder in (self.name.partition("/")[0], "_layout") and BUILTIN not in name:
                path = self.search.path_of(name)
                text = path.read_text("utf-8") if path and "_" in (file[0], folder[0]) else ""
                yield from ((name, it) for it in re.findall(r"{%-?\s*macro\s+(\w+)", text))


def _unknown(error: Unknown, source: _Source, known: Collection[str]) -> _Told:
    name = str(error.name)
    if error.is_of_letter:
        message = f"nothing in a letter is called {name!r}"
        macros = {macro: template for template, macro in source.macros()}
        if name in macros:
            return message, f'add {{% from "{macros[name]}" import {name} with context %}}'
        match = closest(name, {*known, *source.names(), *macros})
        return message, f"did you mean {match!r}?" if match else None
    what = source.asked_for(name)
    if error.of is None:
        what = what or "what it is asked of"
        return f"{what} is not given, and has no {name!r}", f"put {{% if {what} %}} around it"
    message = f"{what or type(error.of).__name__.lower()} has no {name!r}"
    return message, did_you_mean(name, names_in(error.of))


# Any: a fact of any type.
def names_in(value: Any) -> Collection[str]:
    """Return what a template may ask a fact, or a kind of facts, for."""
    if isinstance(value, dict):
        return [str(it) for it in value]
    kind = value if isinstance(value, type) else type(value)
    properties = (it for it, known in vars(kind).items() if isinstance(known, property))
    return [*getattr(value, "__struct_fields__", ()), *properties]


def _last(error: BaseException, name: str, search: TemplateSearch) -> Location:
    """Find the last frame of the traceback that lies in a template."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(SUFFIX)]
    if not inside:
        return search.location(name)
    return Location(search.shown(Path(inside[-1].filename)), inside[-1].lineno)
