"""The Jinja environment of letters: a few HTML tags, our own filters, and nothing else.

Never reads a file. A template that does what it may not ends with an exception, which
`templating.problems` turns into a Problem.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from datetime import date
from functools import partial
from html import unescape
from math import isinf
from types import CodeType
from typing import Any

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, pass_context
from markupsafe import Markup

from optout_cli.errors import Location
from optout_cli.readers.document import UNSEEN, unseen_problem
from optout_cli.templating.filters import FILTERS, WORDING, Endless, Missing, Refused, check_length

MAX_RANGE = 100  # items; the longest list of a request has 60
MAX_CALLS = 50_000  # of macros and `range`, to fill in one template
MAX_STEPS = 1_000_000  # of loops; the pages of a long register have fewer
MAX_SOURCE = 250_000  # characters of a letter's template; the longest that ships has a twentieth
MAX_BITS = 1000  # of a product; the numbers of a request have fewer
# Python's compiler allows 20 loops inside each other and 100 levels of indentation.
MAX_DEPTH, MAX_LOOPS = 60, 10
MAX_ELIF = 100  # in a row; Python's compiler takes each to be inside the one before it
TOO_DEEP = "is nested too deeply"
_LOOP = "loop items"  # a filter that no template can name
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*)>")
_COUNTED = re.compile(r"\{pages?\}")  # which the pages of a letter replace
_STAMP = "at"  # the attribute that carries a tag's location to `body`
# All tags of a letter: those of its body, and the sections that it is made of.
DIALECT = ("p", "ol", "ul", "li", "blockquote", "strong", "em", "code", "br", "h2", "a", "section")
_INSTEAD = {"b": "strong", "i": "em", "h1": "h2", "h3": "h2", "div": "p"}


class WrongWords(jinja2.TemplateSyntaxError):
    """A tag that a letter cannot have, or words that it would show as they should not be."""

    def __init__(self, message: str, hint: str | None, lineno: int, stream: TokenStream) -> None:
        super().__init__(message, lineno, stream.name, stream.filename)
        self.hint = hint


class Unknown(jinja2.UndefinedError):
    """An unknown name: a value `of` has no `name`, or the letter itself has none."""

    def __init__(self, of: Any, name: Any, message: str) -> None:
        super().__init__(message)
        self.of, self.name = of, name
        # Whether the letter itself lacks the name: `{{ nam }}`, not `{{ place.nam }}`.
        self.is_of_letter = of is missing


class _Missing(jinja2.StrictUndefined):
    """Keeps the value and the name, where Jinja's message would name Python's types."""

    __slots__ = ()

    # Any: values of any type, as Jinja hands them over.
    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None
    ) -> None:
        make = (exc or jinja2.UndefinedError) if hint else partial(Unknown, obj, name)
        super().__init__(hint, obj, name, make)  # type: ignore[arg-type]  # Jinja only calls it


class _Generator(CodeGenerator):
    """Passes constants to `finalize` as they are; Jinja would pass None as the text `None`."""

    # Any: the state of Jinja's compiler.
    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class Template(jinja2.Template):
    """A template that prints a mark for each passage of the fact `wording`, not its own words.

    It prints nothing for a passage of the fact `leave_out`.
    """

    # Any: the facts of a notice, of any type.
    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  # Jinja's signature
        shared: bool = False,  # noqa: FBT001, FBT002  # the same
        locals: Mapping[str, Any] | None = None,  # noqa: A002  # the same
    ) -> Context:
        """Put each mark before the blocks of the templates, of which the first one prints."""
        context = super().new_context(vars, shared, locals)
        for name in (vars or {}).get("leave_out", ()):
            context.blocks.setdefault(name, []).insert(0, lambda _: iter(()))
        for name in (vars or {}).get(WORDING, ()):
            marked = partial(lambda mark, _: iter([mark]), f"\0{name}\0")
            context.blocks.setdefault(name, []).insert(0, marked)
        return context


class Environment(ImmutableSandboxedEnvironment):
    """Jinja with only what a letter needs."""

    code_generator_class = _Generator
    template_class = Template
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    # Any: options of jinja2.Environment, each of its own type.
    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=_Missing, **options)
        self.globals = {"range": _short_range}
        self.filters = {**FILTERS, _LOOP: _count_steps}
        self.calls = self.steps = 0  # since a template began
        self._safe: dict[tuple[type, str], bool] = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse a template. Refuse one that a later step, which calls itself, could not follow."""
        if Stamp.identifier in self.extensions and len(source) > MAX_SOURCE:
            message = f"is longer than {MAX_SOURCE:,} characters"
            raise jinja2.TemplateSyntaxError(
                message, source.count("\n", 0, MAX_SOURCE) + 1, name, filename
            )
        parser = Parser(self, source, name, filename)
        try:
            syntax = parser.parse()
        except RecursionError:
            line = parser.stream.current.lineno
            raise jinja2.TemplateSyntaxError(TOO_DEEP, line, name, filename) from None
        waiting: list[tuple[nodes.Node, int, int]] = [(syntax, 0, 0)]
        while waiting:
            node, depth, loops = waiting.pop()
            loops += isinstance(node, nodes.For)
            row = len(node.elif_) if isinstance(node, nodes.If) else 0
            if depth > MAX_DEPTH or loops > MAX_LOOPS or row > MAX_ELIF:
                raise jinja2.TemplateSyntaxError(TOO_DEEP, node.lineno, name, filename)
            waiting += [(child, depth + 1, loops) for child in node.iter_child_nodes()]
        return syntax

    def _compile(self, source: str, filename: str) -> CodeType:
        """Compile the Python code of a template. Python refuses a name that is given twice."""
        try:
            return super()._compile(source, filename)
        except (RecursionError, MemoryError):
            message = TOO_DEEP
        except SyntaxError as error:
            message = f"is not a template: {error.msg}"
        raise jinja2.TemplateSyntaxError(message, 1, None, filename)

    # Any: the options of Jinja's compiler.
    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        """Write a template's Python code, in which each loop counts its steps."""
        for loop in source.find_all(nodes.For):
            if not (isinstance(loop.iter, nodes.Filter) and loop.iter.name == _LOOP):
                loop.iter = nodes.Filter(loop.iter, _LOOP, [], [], None, None, lineno=loop.lineno)
        return super()._generate(source, *args, **options)

    def begin(self) -> None:
        """Forget what the template before this one did."""
        self.calls = self.steps = 0

    # Any: a macro of a template, and what it is called with.
    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, but not without end: one that calls itself twice takes years."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise Endless(f"calls macros or range more than {MAX_CALLS:,} times")
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with small numbers only: `"x" * 10**9` would fill the memory."""
        if operator == "+":
            sized = (item for item in (left, right) if isinstance(item, str | list | tuple))
            check_length(sum(map(len, sized)))
            return super().call_binop(context, operator, left, right)
        if isinstance(left, int) and isinstance(right, int) and operator != "**":
            if left.bit_length() + right.bit_length() > MAX_BITS:
                raise Refused("calculates with a number that is too large")
            return super().call_binop(context, operator, left, right)
        if operator == "**":
            raise Refused("** is not allowed in a letter")
        raise Refused(f"{operator} is only for two numbers")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse Python's internal names, and every method of a fact.

        The answer depends on the type alone, and a letter asks a hundred times.
        """
        key = type(obj), attr
        if key not in self._safe:
            # A text's own methods make texts of any size ("x".ljust(10**9)), and a wrong value for
            # one of a struct would fail in optout's own code.
            is_method = callable(value) and isinstance(obj, str | date | msgspec.Struct)
            self._safe[key] = not is_method and super().is_safe_attribute(obj, attr, value)
        return self._safe[key]

    # Any: a fact, and what it has by this name.
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what `obj.attribute` is; what is known to be safe is not judged again."""
        is_safe = self._safe.get((type(obj), attribute))
        value = getattr(obj, attribute, None) if is_safe else None
        return super().getattr(obj, attribute) if value is None else value

    # Any: the value that a template reads from.
    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Say what was refused, in words for people who write letters."""
        if isinstance(obj, str | date) and not attribute.startswith("_"):
            message = f"a {'text' if isinstance(obj, str) else 'date'} has no {attribute!r}"
            hint = f"use a filter: {', '.join(FILTERS)}"
        else:
            message = f"{attribute!r} is not allowed in a letter"
            hint = "write facts and filters only: {{ signatory.name }}, {{ date | long_date }}"
        return _Missing(message, exc=partial(Refused, hint=hint))

    def wrap_str_format(self, value: Any) -> None:
        """Treat `str.format` as any other method of a text, which `is_safe_attribute` refuses."""


class Stamp(Extension):
    """Check the tags in the template's own text, and stamp each tag with its location.

    `<p>` -> `<p at="secure-communities/opt-out.html.j2:12">`. Data is escaped when it is
    printed, so every tag on the page has a stamp.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the template's tokens, with stamps in the text."""
        # All at once: so no generator is left to close at the greatest depth of calls.
        for token in [*stream]:
            if token.type == "tilde":
                message = "`~` is not allowed; print each part in its own {{ }}"
                raise WrongWords(message, None, token.lineno, stream)
            if unseen := UNSEEN.search(unescape(str(token.value))):
                line = token.lineno + token.value.count("\n", 0, unseen.start())
                problem = unseen_problem(unseen[0], Location(""))
                raise WrongWords(problem.message, problem.hint or "", line, stream)
            if token.type == "float" and isinf(float(token.value)):
                raise WrongWords("a number is too large", "write it in words", token.lineno, stream)
            if token.type == "data":
                yield Token(token.lineno, "data", self._stamp(token, stream))
            else:
                yield token

    def _stamp(self, token: Token, stream: TokenStream) -> str:
        """Return the text of a token with stamps. Raises WrongWords."""

        def stamp(match: re.Match[str]) -> str:
            line = token.lineno + token.value.count("\n", 0, match.start())
            slash, tag, rest = match.groups()
            if tag.lower() not in DIALECT:
                instead = _INSTEAD.get(tag.lower())
                tags = ", ".join(f"<{name}>" for name in DIALECT if name != "section")
                hint = f"write <{instead}>; allowed: {tags}" if instead else f"allowed: {tags}"
                raise WrongWords(f"<{tag}> is not allowed in a letter", hint, line, stream)
            name = stream.name or "template"
            return match[0] if slash else f'<{tag} {_STAMP}="{name}:{line}"{rest}>'

        if brace := re.search(r"[{}]", words := _COUNTED.sub("", token.value)):
            line = token.lineno + words.count("\n", 0, brace.start())
            message = f"`{brace[0]}` is printed as typed"
            hint = "write a fact with two braces on each side: {{ date | long_date }}"
            raise WrongWords(message, hint, line, stream)
        left = _TAG.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), token.value)
        if "<" in left:
            line = token.lineno + left.count("\n", 0, left.index("<"))
            message = "`<` does not start a tag; write &lt; for the character"
            for_comment = "write {# ... #} for a comment" if "<!--" in left else None
            raise WrongWords(message, for_comment, line, stream)
        return _TAG.sub(stamp, token.value)


# Any: whatever a template loops over. `pass_context`: Jinja must not do it once and for all.
@pass_context
def _count_steps(context: Context, items: Any) -> Any:
    """Refuse a loop if all loops together would take too many steps, else return its items."""
    environment = context.environment
    assert isinstance(environment, Environment)
    environment.steps += len(items) if isinstance(items, Sized) else 1
    if environment.steps > MAX_STEPS:
        raise Endless(f"loops more than {MAX_STEPS:,} times")
    return items


def printable(value: Any) -> Any:
    """Return a value that may be printed. Refuses None, an empty text, a list and a raw date."""
    if isinstance(value, str):
        check_length(len(value))
        if value or isinstance(value, Markup):  # what a macro printed may be nothing
            return value
    if isinstance(value, Undefined):
        str(value)  # raises with the name that is not defined
        raise Refused("prints something that is not defined")
    if value is None or value == "":
        raise Missing
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if callable(value):
        raise Refused("prints a macro without calling it", "add () after its name")
    raise Refused(f"prints a {type(value).__name__}; use a loop or a filter")


def _short_range(*bounds: int) -> range:
    try:
        numbers = range(*bounds)
        length = len(numbers)
    except (TypeError, ValueError, OverflowError):
        raise Refused("range takes one to three small numbers") from None
    if length > MAX_RANGE:
        raise Refused(f"a range of {length:,} is too long; at most {MAX_RANGE:,}")
    return numbers
