"""The Jinja environments: which template is meant, and what went wrong in it at which line.

Two of them: `letters`, whose templates are held to the body's closed dialect and stamped with
their places, and `pages`, the layout around a finished letter. Neither can reach a file outside
the template folders.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from optout_cli.cache import Cache
from optout_cli.errors import OptoutError, Problem, Spot

SUFFIX = ".html.j2"
# The layout around letters, and of pages that are none.
_PAGES = tuple(f"_layout/{it}.html.j2" for it in ("letter", "cover", "sheet", "guide-page"))
BUILTIN = "builtin:"  # how an override names the shipped template that it extends
MAX_LETTER = 1_000_000  # characters that one template may print
MAX_RANGE = 100  # items; the longest list of a request has 60
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>")
_STAMP = "at"  # the attribute that carries a tag's place to `body`
# The closed dialect of a letter's body, and the sections that a letter is made of.
DIALECT = ("p", "ol", "ul", "li", "blockquote", "strong", "em", "br", "h2", "a", "section")


class Templates:
    """The templates of the folders, the first folder's before the next one's; the last ships."""

    def __init__(self, folders: Sequence[Path], cache: Cache | None = None) -> None:
        self.folders = tuple(folders)
        shipped = jinja2.FileSystemLoader(self.folders[-1])
        self._loader = jinja2.ChoiceLoader(
            [
                jinja2.PrefixLoader({BUILTIN.rstrip(":"): shipped}, delimiter=":"),
                jinja2.FileSystemLoader(self.folders),
            ]
        )
        self._bytecode = _Bytecode(cache) if cache else None
        self.letters = self._environment(extensions=[_Stamp], finalize=_printable)
        self.pages = self._environment(trim_blocks=True, lstrip_blocks=True)

    # Any: options of jinja2.Environment, each of its own type.
    def _environment(self, **options: Any) -> "_Environment":
        return _Environment(
            loader=self._loader,
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            bytecode_cache=self._bytecode,
            **options,
        )

    def name_of(self, letter: str, slug: str, state: str) -> str:
        """Return the template for a letter id: local wording first, within each folder."""
        names = [f"{letter}.{slug}{SUFFIX}", f"{letter}.{state}{SUFFIX}", f"{letter}{SUFFIX}"]
        for folder in self.folders:
            for name in names:
                if (folder / name).is_file():
                    return name
        return names[-1]

    def has(self, name: str) -> bool:
        """Tell whether there is a template of this name."""
        return any((folder / name).is_file() for folder in self.folders)

    # Any: the facts of a notice, of any type.
    def fill_in(self, name: str, facts: dict[str, Any]) -> str:
        """Print a letter's template. Raises OptoutError with the template's line."""
        return self._printed(self.letters, name, facts)

    def lay_out(self, name: str, parts: dict[str, Any]) -> str:
        """Print a page's template. Raises OptoutError with the template's line."""
        return self._printed(self.pages, name, parts)

    def problems(self) -> Iterator[Problem]:
        """Compile every template of the folders and yield what is wrong with them."""
        for folder in self.folders:
            for path in sorted(folder.rglob(f"*{SUFFIX}")):
                name = path.relative_to(folder).as_posix()
                environment = self.pages if name in _PAGES else self.letters
                try:
                    with _placed(name, self.folders):
                        environment.compile(path.read_text("utf-8"), name, str(path))
                except OptoutError as error:
                    yield from error.problems

    def parts_of(self, name: str) -> dict[str, tuple[str, nodes.Template]]:
        """Return source and syntax, by name, of a letter's template and all that it is made of."""
        from jinja2.meta import find_referenced_templates

        parts: dict[str, tuple[str, nodes.Template]] = {}
        waiting = [name]
        while waiting:
            at = waiting.pop(0)
            with _placed(at, self.folders):
                source, file, _ = self._loader.get_source(self.letters, at)
                syntax = self.letters.parse(source, at, file)
            parts[at] = source, syntax
            named = find_referenced_templates(syntax)  # None: a name that is put together
            waiting += [it for it in named if it and it not in (*parts, *waiting)]
        return parts

    def digest_of(self, name: str) -> str:
        """Return the SHA-256 of a letter's template and of all that it is made of, as hex."""
        from hashlib import sha256

        sources = [f"{at}\0{source}\0" for at, (source, _) in self.parts_of(name).items()]
        return sha256("".join(sources).encode()).hexdigest()

    def _printed(self, environment: "_Environment", name: str, facts: dict[str, Any]) -> str:
        with _placed(name, self.folders):
            chunks, size = [], 0
            for chunk in environment.get_template(name).generate(facts):
                size += len(chunk)
                if size > MAX_LETTER:
                    raise _Refused(f"prints more than {MAX_LETTER:,} characters")
                chunks.append(chunk)
            return "".join(chunks)


class _Refused(jinja2.TemplateRuntimeError):
    """Something that a template may not do."""


class _Bytecode(BytecodeCache):
    """Compiled templates, kept where a damaged entry is noticed before it is believed."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def load_bytecode(self, bucket: Bucket) -> None:
        if payload := self._cache.get(self._key(bucket)):
            bucket.bytecode_from_string(payload)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._cache.put(self._key(bucket), bucket.bytecode_to_string())

    @staticmethod
    def _key(bucket: Bucket) -> bytes:
        kind = "letter" if _Stamp.identifier in bucket.environment.extensions else "page"
        return f"{kind} {jinja2.__version__} {bucket.key} {bucket.checksum}".encode()


class _Generator(CodeGenerator):
    """Leaves constants to `finalize`, which Jinja shows them escaped: None as the text `None`."""

    # Any: Jinja's own names for what it is in the middle of.
    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja with nothing but what a letter needs."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"*", "**", "%"})

    # Any: options of jinja2.Environment, each of its own type.
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals = {"range": _short_range}
        self.filters = dict(FILTERS)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int) and operator != "**":
            return super().call_binop(context, operator, left, right)
        if operator == "**":
            raise _Refused("** has no place in a letter")
        raise _Refused(f"{operator} is for two numbers only")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # A text's own methods make texts of any size ("x".ljust(10**9)).
        return not isinstance(obj, str) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Let `is_safe_attribute` refuse `str.format` like a text's other methods."""


class _Stamp(Extension):
    """Hold the template's own text to the dialect, and stamp each tag with its place.

    `<p>` -> `<p at="secure-communities/opt-out.html.j2:12">`. Data is escaped when it is
    printed, so every tag that reaches the page was stamped here.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "tilde":
                message = "`~` would print what is missing; print each part by itself"
                raise jinja2.TemplateSyntaxError(message, token.lineno, stream.name)
            if token.type == "data":
                yield Token(token.lineno, "data", self._stamped(token, stream.name or "template"))
            else:
                yield token

    def _stamped(self, token: Token, name: str) -> str:
        def stamp(match: re.Match[str]) -> str:
            line = token.lineno + token.value.count("\n", 0, match.start())
            slash, tag, rest = match.groups()
            if tag.lower() not in DIALECT:
                raise jinja2.TemplateSyntaxError(f"<{tag}> has no place in a letter", line, name)
            return match[0] if slash else f'<{tag} {_STAMP}="{name}:{line}"{rest}>'

        left = _TAG.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), token.value)
        if "<" in left:
            line = token.lineno + left.count("\n", 0, left.index("<"))
            raise jinja2.TemplateSyntaxError("`<` begins no tag of a letter", line, name)
        return _TAG.sub(stamp, token.value)


def _printable(value: Any) -> Any:
    """Refuse what must never reach a page: nothing, an empty text, a list, a raw date."""
    if isinstance(value, Undefined):
        str(value)  # raises with the name that is not defined
        raise _Refused("prints something that is not defined")
    if isinstance(value, Markup):  # what a macro printed, which may be nothing
        return value
    if value is None or value == "":
        raise _Refused("prints a fact that is missing")
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise _Refused(f"prints a {type(value).__name__}; use a loop or a filter")


def _short_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise _Refused(f"a range of {len(numbers):,} is too long; at most {MAX_RANGE:,}")
    return numbers


@contextmanager
def _placed(name: str, folders: Sequence[Path]) -> Iterator[None]:
    """Turn what Jinja raises within a `with` block into a Problem with the template's line."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        spot = Spot(_shown(error.filename or error.name or name, folders), error.lineno)
        raise OptoutError(Problem("template", error.message or "is wrong", spot)) from None
    except jinja2.TemplateNotFound as error:
        message = f"there is no template {error.name!r} in the template folders"
        raise OptoutError(
            Problem("missing-template", message, _last(error, name, folders))
        ) from None
    except RecursionError as error:
        spot, hint = _last(error, name, folders), f"name what it extends {BUILTIN}..."
        raise OptoutError(Problem("template", "extends or calls itself", spot, hint)) from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise OptoutError(Problem("template", str(error), _last(error, name, folders))) from None


def _last(error: BaseException, name: str, folders: Sequence[Path]) -> Spot:
    """Find the last frame of the traceback that lies in a template."""
    import traceback  # 3 ms that only an error needs

    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(SUFFIX)]
    return Spot(_shown(inside[-1].filename, folders), inside[-1].lineno) if inside else Spot(name)


def _shown(file: str, folders: Sequence[Path]) -> str:
    inside = [folder for folder in folders if Path(file).is_relative_to(folder)]
    return Path(file).relative_to(inside[0]).as_posix() if inside else file


def long_date(day: date) -> str:
    """Write a date as a letter does: `August 31, 2010`."""
    if not isinstance(day, date):
        raise _Refused(f"long_date takes a date, not {day!r}")
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


# Written out: strftime would follow the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def and_list(items: Sequence[str]) -> str:
    """Join texts as a sentence does: `a`, `a and b`, `a, b, and c`."""
    return _with_last(items, "and")


def or_list(items: Sequence[str]) -> str:
    """Join texts as a choice: `a`, `a or b`, `a, b, or c`."""
    return _with_last(items, "or")


def _with_last(items: Sequence[str], word: str) -> str:
    if not items:
        raise _Refused("prints an empty list")
    *first, last = items
    if not first:
        return last
    return f"{first[0]} {word} {last}" if len(items) == 2 else f"{', '.join(first)}, {word} {last}"  # noqa: PLR2004  # two take no comma


def _sentence(text: str) -> str:
    """Write a name as a sentence begins: `The City of Alexandria`."""
    return text[:1].upper() + text[1:]


def the(name: str) -> str:
    """Put an article before a body's name, where it has none."""
    return name if name.lower().startswith("the ") else f"the {name}"


def full_stop(text: str) -> str:
    """End a text as a sentence, where it does not end as one."""
    return text if text.rstrip("\"'\u201d\u2019)").endswith((".", "!", "?")) else f"{text}."


def _joined(items: Sequence[str], separator: str = ", ") -> str:
    if not isinstance(separator, str):
        raise _Refused(f"join takes a text, not {separator!r}")
    return separator.join(items)


# All filters there are; Jinja's own let markup through or make texts of any size.
FILTERS: dict[str, Callable[..., Any]] = {
    "and_list": and_list,
    "join": _joined,
    "length": len,
    "long_date": long_date,
    "long_dates": lambda days: [long_date(day) for day in days],
    "or_list": or_list,
    "full_stop": full_stop,
    "sentence": _sentence,
    "the": the,
}
