"""Turn what Jinja raises into a Problem at the template's line, in words for letter writers.

Reads the template files only when something is wrong. An error of optout's own code stays an
exception, with its traceback.
"""

import re
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from optout_cli.errors import Location, OptoutError, Problem, closest, did_you_mean
from optout_cli.templating.filters import FILTERS, Endless, Missing
from optout_cli.templating.sandbox import Unknown
from optout_cli.templating.search import BUILTIN, SUFFIX, TemplateSearch

ENDLESS = "endless-template"  # the code of a problem that every letter of the template has
_TAGS = (
    "block", "elif", "else", "endblock", "endfor", "endif", "endmacro", "endset", "extends", "for",
    "from", "if", "import", "include", "macro", "set",
)  # fmt: skip
_INSTEAD = {"elseif": "elif", "elsif": "elif"}  # of other languages
_A_FACT = "write a fact with two braces on each side: {{ signatory.name }}"
# What Jinja says, the message, and the hint: `{0}` is what the pattern's first group found.
_SYNTAX = (
    (
        r"unexpected char '([\u201c\u201d\u2018\u2019])'",
        "`{0}` is a curly quote",
        'write " instead',
    ),
    (r"unexpected char '&' at", "`&` is out of place", "write and, or or, in words"),
    (r"unexpected char '(.+)' at", "`{0}` is out of place", _A_FACT),
    (r"unexpected '(.+)'$", "`{0}` is out of place", _A_FACT),
    (r"[Ee]xpected an expression, got 'end of print", "{{{{ }}}} is empty", _A_FACT),
    (
        r"[Ee]xpected an expression, got 'end of statement",
        "{{% %}} is not complete",
        "for example: {% if signatory %}",
    ),
    (
        r"expected token 'end of print statement', got '(.+)'",
        "{0!r} is out of place in {{{{ }}}}",
        "write one fact, then filters after |: {{ date | long_date }}",
    ),
    (r"expected token '.+', got '='", "'=' is out of place in {{% %}}", "compare with =="),
    (r"expected token '(?:name|:)', got '([|}])'", "{0!r} is out of place in {{{{ }}}}", _A_FACT),
    (r"expected token '.+', got '(.+)'", "{0!r} is out of place in {{% %}}", None),
    (r"[Ee]xpected an expression, got '(.+)'", "{0!r} is out of place", _A_FACT),
    (r"block '(.+)' defined twice", "two blocks are named {0!r}", "remove one of them"),
    (r"Block names in Jinja", "the name of a block cannot have a hyphen", "use _ instead"),
    (r"Missing end of comment tag", "{{# is never closed", "add #} after the comment"),
)
_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'.(?:.*closed is '(\w+)')?", re.DOTALL)
_OPEN = re.compile(r"Unexpected end of template.*closed is '(\w+)'", re.DOTALL)
_RUNTIME = (
    (
        r"'NoneType' object is not iterable",
        "a loop runs over a fact that is missing",
        "put {% if ... %} around it",
    ),
    (
        r"(?:' object|non-iterable .+ object)(?: is not iterable)?$",
        "a loop runs over something that is not a list",
        "print the fact itself, without {% for %}",
    ),
    (r"'NoneType'", "uses a fact that is missing", "put {% if ... %} around it"),
    (
        r"not supported between instances",
        "compares facts that are not of one kind",
        "compare a date with a date, and a number with a number",
    ),
    (
        r"(?:unsupported|bad) operand|can only concatenate",
        "calculates with something that is not a number",
        "print each fact in its own {{ }}",
    ),
    (
        r"argument of type|has no len\(\)",
        "takes something for a list or a text that is neither",
        "compare with ==, and print a fact by its name",
    ),
    (
        r"(\w+)\(\) (?:takes|missing|got)\b.* (?:argument|given)",
        "{0} is called with too many values, or too few",
        "a filter follows |, most without (): {{ date | long_date }}",
    ),
    (r"macro '(.+)' takes no", "the macro {0!r} is called with too many values", "remove some"),
    (
        r"parameter '(.+)' was not provided",
        "a macro is called without a value for {0!r}",
        "put it in the () after the macro's name",
    ),
    (
        r"template '(.+?)'.* does not export the requested name '(.+)'",
        "{0} has no macro {1!r}",
        "correct the name behind import",
    ),
    (r"No test named '(.+)' found", "there is no test {0!r}", "compare with =="),
    (r"object is not callable", "() is only for macros", "remove the ()"),
    (r"(.*)", "{0}", None),
)
_JINJA, _OURS = Path(jinja2.__file__).parent, Path(__file__).parents[1]
_Words = tuple[str, str | None]  # message and hint


@contextmanager
def template_problems(
    name: str, search: TemplateSearch, known: Collection[str] = ()
) -> Iterator[None]:
    """Raise what Jinja raises in a `with` block as an OptoutError at the template's line.

    `known` are the facts that the template is filled in with. Where optout's own code raises
    something else than a jinja2.TemplateError, that is a bug: it passes through.
    """
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise OptoutError(_syntax_problem(error, name, search)) from None
    except jinja2.TemplateNotFound as error:
        location = _location_of(error, name, search)
        raise OptoutError(missing_template(str(error.name), location, search)) from None
    except (RecursionError, MemoryError) as error:
        raise OptoutError(_endless_problem(error, name, search)) from None
    except Unknown as error:
        location = _location_of(error, name, search)
        message, hint = _unknown_words(error, _Source(location, name, search), known)
        raise OptoutError(Problem("template", message, location, hint)) from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        if not isinstance(error, jinja2.TemplateError) and _is_ours(error):
            raise
        message, hint = _reword(str(error), _RUNTIME)
        hint = getattr(error, "hint", None) or hint
        location = _location_of(error, name, search)
        if isinstance(error, Missing):
            facts = _PRINTED.findall(_Source(location, name, search).line)
            hint = f"put {{% if {facts[0] if len(facts) == 1 else '...'} %}} around it"
        code = ENDLESS if isinstance(error, Endless) else "template"
        raise OptoutError(Problem(code, message, location, hint)) from None


_PRINTED = re.compile(r"{{-? *([A-Za-z_][\w.]*)")
_CALLING = re.compile(r"{%-? *include|\bself *[.\[]")  # what can call its own template again


def _endless_problem(error: BaseException, name: str, search: TemplateSearch) -> Problem:
    """Say that a template calls or includes itself without end, or fills the memory."""
    location = _location_of(error, name, search)
    if isinstance(error, MemoryError):
        return Problem(ENDLESS, "takes too much memory", location)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path, line = Path(frame.filename), frame.line or ""
        if search.is_own_file(path) and (found := _CALLING.search(line)):
            location = Location(search.shown(path), frame.lineno)
            if "include" in found[0]:
                hint = "remove this line, or name another template"
                return Problem(ENDLESS, "includes itself", location, hint)
            break  # the call itself: which frame was the last depends on the room that was left
    hint = "put {% if ... %} around the inner call"
    if "macro" not in _Source(location, name, search).text:
        hint = "remove the self.name() of a block that is within it"
    return Problem(ENDLESS, "calls itself without end", location, hint)


def missing_template(name: str, location: Location, search: TemplateSearch) -> Problem:
    """Say that a template names another one that does not exist."""
    message = f"there is no template {name!r} in the template folders"
    is_shipped = name.startswith(BUILTIN)
    names = {
        known.removesuffix(SUFFIX): known
        for known in search.names()
        if known.startswith(BUILTIN) == is_shipped and known != name
    }
    match = closest(name.removesuffix(SUFFIX), names)
    hint = f"did you mean {names[match]!r}?" if match else None
    return Problem("missing-template", message, location, hint)


def missing_filter(name: str, location: Location) -> Problem:
    """Say that a template uses a filter that does not exist."""
    message = f"there is no filter {name!r}"
    return Problem("template", message, location, did_you_mean(name, FILTERS))


def names_itself(name: str, named: str, node: nodes.Node, search: TemplateSearch) -> Problem:
    """Say that a template extends, includes or imports itself, perhaps by way of `named`."""
    verb = "extends" if isinstance(node, nodes.Extends) else "imports"
    if isinstance(node, nodes.Include):
        verb = "includes"
    hint = "remove this line, or name another template"
    shipped = f"{BUILTIN}{name}"
    if verb == "extends" and search.has(shipped):
        hint = f'extend the shipped template: {{% extends "{shipped}" %}}'
    way = "" if named == name else f" by way of {named}"
    return Problem(ENDLESS, f"{verb} itself{way}", search.location(name, node.lineno), hint)


# Any: a fact of any type.
def names_in(value: Any) -> Collection[str]:
    """Return the names that a template may read from a fact, or from a kind of facts."""
    if isinstance(value, dict):
        return [str(key) for key in value]
    kind = value if isinstance(value, type) else type(value)
    properties = (name for name, known in vars(kind).items() if isinstance(known, property))
    return [*getattr(value, "__struct_fields__", ()), *properties]


def _is_ours(error: BaseException) -> bool:
    """Tell whether optout's code raised an error, and not a template with a wrong value.

    The innermost frame of a template, of Jinja or of optout decides. Other libraries are
    called by one of these.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.name.endswith(SUFFIX) or path.is_relative_to(_JINJA):
            return False
        if path.is_relative_to(_OURS):
            return True
    return False


def _location_of(error: BaseException, name: str, search: TemplateSearch) -> Location:
    """Return the innermost line of a template in an error's traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(SUFFIX)]
    if not inside:
        return search.location(name)
    if "was not provided" in str(error):  # the fault is the call's, not the macro's
        macros = inside[-1].filename
        inside = [frame for frame in inside if frame.filename != macros] or inside
    return Location(search.shown(Path(inside[-1].filename)), inside[-1].lineno)


def _reword(jinja_message: str, words: tuple[tuple[str, str, str | None], ...]) -> _Words:
    for pattern, message, hint in words:
        if found := re.search(pattern, jinja_message, re.DOTALL):
            return message.format(*found.groups()), hint
    return jinja_message, None


def _syntax_problem(
    error: jinja2.TemplateSyntaxError, name: str, search: TemplateSearch
) -> Problem:
    # For a comment that is never closed, Jinja gives the file as the name.
    files = [Path(file) for file in (error.filename, error.name) if file and Path(file).is_file()]
    path = files[0] if files else search.path_of(error.name or name)
    shown, line = search.shown(path) if path else name, error.lineno
    jinja_message = error.message or "is wrong"
    if found := re.match(r"No filter named '(.+)'", jinja_message):
        return missing_filter(found[1], Location(shown, line))
    if found := _OPEN.match(jinja_message):
        message = f"{{% {found[1]} %}} is never closed"
        hint: str | None = f"add {{% end{found[1]} %}} after its contents"
        source = path.read_text("utf-8-sig") if path else ""
        open_lines: list[int] = []  # of the tags that nothing closes
        for mark in re.finditer(rf"{{%[-+]?\s*(end)?{found[1]}\b", source):
            if not mark[1]:
                open_lines.append(source.count("\n", 0, mark.start()) + 1)
            elif open_lines:
                open_lines.pop()
        line = open_lines[-1] if open_lines else line
    elif found := _UNKNOWN_TAG.match(jinja_message):
        tag, around = found.groups()  # `{% tag %}`, and the open `{% around %}` that holds it
        meant = _INSTEAD.get(tag)
        message = f"there is no {{% {tag} %}}"
        hint = f"did you mean {meant!r}?" if meant else did_you_mean(tag, _TAGS)
        if tag in _TAGS:
            message = f"{{% {tag} %}} closes nothing here"
            hint = (
                f"close {{% {around} %}} first: add {{% end{around} %}}" if around else "remove it"
            )
    else:
        message, hint = _reword(jinja_message, _SYNTAX)
        hint = getattr(error, "hint", hint)
    return Problem("template", message, Location(shown, line), hint)


class _Source:
    """The template that has a problem, and the text of its line."""

    def __init__(self, location: Location, name: str, search: TemplateSearch) -> None:
        self.search, self.name = search, name
        path = Path(location.file)
        found = path if path.is_file() else search.path_of(location.file)
        self.text = found.read_text("utf-8-sig") if found else ""
        lines = dict(enumerate(self.text.splitlines(), 1))
        self.line = lines.get(location.line or 0, "")

    def owner_of(self, name: str) -> str | None:
        """Return what the line reads `name` from: `particulars` in `particulars.modle`."""
        pattern = rf"([A-Za-z_][\w.]*)(?:\.|\[\s*['\"]){re.escape(name)}\b"
        found = re.search(pattern, self.line)
        return found[1] if found else None

    def names(self) -> set[str]:
        """Return the names that the template itself imports, sets and defines."""
        imported = re.findall(r"import\s+([\w, ]+?)(?:\s+with|\s+without|\s*[-+]?%)", self.text)
        own = re.findall(r"\b(?:set|macro|for)\s+(\w+)", self.text)
        return {*re.split(r"[,\s]+", ",".join(imported)), *own} - {"", "as"}

    def macros(self) -> dict[str, str]:
        """Map each macro of the letter's program and of the layout to its template."""
        found = {}
        for name in sorted(self.search.names()):
            folder, _, file = name.rpartition("/")
            if folder in (self.name.partition("/")[0], "_layout") and BUILTIN not in name:
                path = self.search.path_of(name)
                text = path.read_text("utf-8-sig") if path and "_" in (file[0], folder[0]) else ""
                found.update(dict.fromkeys(re.findall(r"{%-?\s*macro\s+(\w+)", text), name))
        return found


def _unknown_words(error: Unknown, source: _Source, known: Collection[str]) -> _Words:
    name = str(error.name)
    if error.is_of_letter:
        message, macros = f"a letter has no {name!r}", source.macros()
        if name in macros:
            return message, f'add {{% from "{macros[name]}" import {name} with context %}}'
        match = closest(name, {*known, *source.names(), *macros})
        if match == name:
            return message, "a block does not see what is set outside it: set it within the block"
        facts = f"one of {', '.join(sorted(known))}" if known else None
        return message, f"did you mean {match!r}?" if match else facts
    owner = source.owner_of(name)
    if isinstance(error.of, tuple | list):
        named = re.search(rf"([A-Za-z_][\w.]*)\[ *{re.escape(name)} *\]", source.line)
        of = named[1] if named else "a list"
        return f"{of} has no entry {name}", "use {% for %}, which prints the entries that there are"
    if name in vars(type(error.of)):  # a property of ours, whose AttributeError Jinja swallowed
        getattr(error.of, name)
    if error.of is None:
        owner = owner or "this fact"
        return f"{owner} is missing, so it has no {name!r}", f"put {{% if {owner} %}} around it"
    message = f"{owner or type(error.of).__name__.lower()} has no {name!r}"
    is_text = isinstance(error.of, str)
    text_hint = f"it is a text: write {{{{ {owner or '...'} }}}}"
    return message, text_hint if is_text else did_you_mean(name, names_in(error.of))
