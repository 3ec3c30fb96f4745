"""YAML text -> Document, or the rows of a list, in one pass over the parser's events.

PyYAML's own loaders guess (FIPS `06041` becomes 3105, `NO` becomes False), let the last of two
equal keys win, and can be brought down by aliases or by nesting; reading the events does not.
A plain `null`, `~` or nothing means absent; quoted it is text.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.readers.document import Document, Layer, Row, Tree, row_from
from optout_cli.readers.files import UNSEEN, unseen_problem

MAX_DEPTH = 40
MAX_NODES = 500_000
_ABSENT = ("", "null", "~")
HAS_LIBYAML: bool = yaml.__with_libyaml__
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first where libyaml is there
# What the parser notices only behind the fault, at times on a later line.
_LATE = re.compile(r"could not find expected ':'|unexpected end of stream")
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"
_NO_COLON = (
    "has no colon with a blank after it",
    "write it as `name: value`, with a blank after the colon",
)
# For what either parser says: plain words, and what to do.
_PLAIN_WORDS = (
    ("nesting depth", _TOO_DEEP, None),  # libyaml has a limit of its own, and looks ahead
    (
        "mapping values",
        "has a second colon, or is indented too far",
        "put a text with a colon in it in quotes, or begin the line where the one above begins",
    ),
    (
        "expected (<block end>|key|'-' indicator)",
        "does not line up with the lines around it",
        "lines that belong together begin at the same column; look at the line above too",
    ),
    ("could not find expected ':'", *_NO_COLON),
    (
        "unexpected end of stream",
        "a quote that is opened here is never closed",
        "end the text with the same sign",
    ),
    (
        "expected (',' or|node content)",
        "a bracket that was opened is not closed, or a comma is missing",
        "look for } or ] or a comma, here or just above",
    ),
    (
        "cannot start any token|escape",
        "begins with a sign that has a meaning of its own here",
        "put the text in single quotes",
    ),
)
# In quotes of a word processor, or behind the first of them where a comma cuts the other off. A
# single one at the beginning may be an okina.
_CURLY = re.compile("\u201c([^\u201d]*|.*\u201d)$|\u2018.*\u2019$", re.DOTALL)
# ` #4` and ` # 4` are what people write for a suite; a comment begins with a blank and a word.
_GLUED_COMMENT = re.compile(r"\s+#([^\s#]|\s*[0-9])")


class _Frame:
    """A mapping or list that is being read, its key path, and the key that waits for a value."""

    def __init__(self, node: dict[str, Tree] | list[Tree], path: str) -> None:
        self.node = node
        self.path = path
        self.key: str | None = None
        self.has_colon = True  # behind that key


class _Reader:
    """Turns events into values; collects problems and goes on where it can."""

    def __init__(self, lines: list[str], file: str, begin: tuple[int, int]) -> None:
        self.lines = lines
        self.begin = begin
        self.file = file
        self.problems: list[Problem] = []
        self.marks: dict[str, tuple[int, int]] = {}
        self.root: Tree | None = None
        self.frames: list[_Frame] = []

    def read(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._read_node(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.frames.pop()

    def fail(self, event: yaml.Event, code: str, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, self.location(event), hint))

    def location(self, event: yaml.Event) -> Location:
        return Location(self.file, *_place(event.start_mark))

    def _read_node(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.fail(
                event, "anchor", "uses a YAML anchor (& or *)", "write the value out, or quote it"
            )
        tag = getattr(event, "tag", None)  # an alias has none
        if tag is not None:
            self.fail(event, "tag", f"uses a YAML tag ({tag})", "leave the ! word out, or quote it")
        if isinstance(event, yaml.ScalarEvent):
            self._read_scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        else:
            self._place(event, "*")

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        node: dict[str, Tree] | list[Tree] = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._place(event, node)
        self.frames.append(_Frame(node, path))
        if len(self.frames) > MAX_DEPTH:
            self.fail(event, "too-deep", _TOO_DEEP)
            raise OptoutError(*self.problems)

    def _read_scalar(self, event: yaml.ScalarEvent) -> None:
        is_plain = event.style is None or event.style == ""
        if unseen := UNSEEN.search(event.value):
            self.problems.append(unseen_problem(unseen[0], self.location(event)))
        if is_plain and _GLUED_COMMENT.match(self._rest_of_line(event)):
            self.fail(
                event,
                "comment-in-value",
                f"what follows {event.value!r} is lost: ' #' begins a comment",
                "put the whole value in quotes",
            )
        if is_plain and _CURLY.match(event.value):
            hint = (
                'type straight quotes (") around it; to keep the curly ones, put those around them'
            )
            self.fail(event, "curly-quotes", "stands in curly quotes, as of a word processor", hint)
        frame = self.frames[-1] if self.frames else None
        if frame and isinstance(frame.node, dict) and frame.key is None:
            self._read_key(frame, event)
        elif is_plain and event.value in _ABSENT:
            self._leave_out(frame, event)
        else:
            self._place(event, event.value)

    def _rest_of_line(self, event: yaml.Event) -> str:
        line, column = _place(event.end_mark)
        # Without a line end at its end, a file's last place is on the line behind it.
        return self.lines[line - 1][column - 1 :] if line <= len(self.lines) else ""

    def _read_key(self, frame: _Frame, event: yaml.ScalarEvent) -> None:
        frame.key = event.value
        frame.has_colon = self._rest_of_line(event).lstrip()[:1] not in (",", "}")
        path = _joined(frame.path, event.value)
        if path in self.marks or event.value in frame.node:
            self.fail(
                event,
                "equal-keys",
                f"{event.value!r} stands here a second time",
                "keep one of the two",
            )
        self._mark(path, event)
        outer, dot, inner = event.value.partition(".")
        if dot and re.fullmatch(r"[\w.-]+", event.value):  # a column's name, which no file has
            message = f"{event.value!r} is two names in one"
            hint = f"write {outer}: and below it, two blanks further in, {inner}:"
            self.fail(event, "dotted-key", message, hint)

    def _mark(self, path: str, event: yaml.Event) -> None:
        """Note where the value at `path` begins. Raises OptoutError where there are too many."""
        self.marks.setdefault(path, _place(event.start_mark))
        if len(self.marks) > MAX_NODES:
            self.fail(event, "too-many", f"has more than {MAX_NODES:,} values")
            raise OptoutError(*self.problems)

    def _leave_out(self, frame: _Frame | None, event: yaml.Event) -> None:
        if frame and isinstance(frame.node, list):
            self.fail(
                event,
                "empty-item",
                "is an empty item of a list",
                "write the item, or delete its line",
            )
        elif frame:
            if not frame.has_colon and frame.node:  # `{street: 1 Main Street, Suite 4}`
                location = Location(self.file, *self.marks[_joined(frame.path, frame.key or "")])
                message = f"{frame.key!r} is lost: the comma before it ends the text"
                hint = "put the whole text in quotes, the comma in it"
                self.problems.append(Problem("comma-in-value", message, location, hint))
            frame.key = None

    def _place(self, event: yaml.Event, value: Tree) -> str:
        """Put `value` where the parser stands and return its key path."""
        if not self.frames:
            self.root = value
            return ""
        frame = self.frames[-1]
        if isinstance(frame.node, list):
            path = _joined(frame.path, str(len(frame.node)))
            self._mark(path, event)
            frame.node.append(value)
            return path
        if frame.key is None:
            self.fail(
                event, "wrong-key", "a key must be one word or text", "quote braces and brackets"
            )
            frame.key = "?"
            return frame.path  # the value of this key comes next and is left alone
        path = _joined(frame.path, frame.key)
        frame.node[frame.key] = value
        frame.key = None
        return path


# Any: the C parser and the other one have each a class of their own for marks.
def _place(mark: Any) -> tuple[int, int]:
    """Return line and column from 1."""
    return mark.line + 1, mark.column + 1


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def document_from_yaml(text: str, file: str) -> Document:
    """Read `text`, which stands in `file`. Raises OptoutError with every problem found."""
    first, *others = _roots(text, file)
    if others:
        location = Location(file, *others[0].begin)
        message = "begins a second document"
        raise OptoutError(Problem("many-documents", message, location, "remove the `---`"))
    if first.root is None:
        raise OptoutError(Problem("empty-file", "holds only comments", Location(file)))
    if not isinstance(first.root, dict):
        raise OptoutError(
            Problem(
                "wrong-shape",
                "must be a list of `name: value` lines",
                Location(file, 1, 1),
                "begin with `jurisdiction: ...`",
            )
        )
    return Document(first.root, (Layer(file, first.marks),))


def rows_from_yaml(text: str, file: str) -> Iterator[Row]:
    """Yield a row for each request of a list, of a stream of documents, or for a lone one.

    Raises OptoutError with every problem of the text.
    """
    for it in _roots(text, file):
        if isinstance(it.root, list):
            places: list[dict[str, tuple[int, int]]] = [{} for _ in it.root]
            for path, place in it.marks.items():
                number, _, within = path.partition(".")
                places[int(number)][within] = place
            for value, marks in zip(it.root, places, strict=True):
                yield row_from(_mapping(value), value, Layer(file, marks), [])
        elif it.root is not None:
            marks = {"": it.begin, **it.marks}
            yield row_from(_mapping(it.root), it.root, Layer(file, marks), [])


def _mapping(value: Tree) -> dict[str, Tree]:
    return value if isinstance(value, dict) else {"": value}


def _roots(text: str, file: str) -> list[_Reader]:
    """Read each document of a stream. Raises OptoutError with every problem found."""
    lines = text.split("\n")
    readers: list[_Reader] = []
    last: yaml.Event | None = None
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            last = event
            if isinstance(event, yaml.DocumentStartEvent):
                readers.append(_Reader(lines, file, _place(event.start_mark)))
            elif readers:
                readers[-1].read(event)
    except yaml.YAMLError as error:
        problems = [problem for it in readers for problem in it.problems]
        # A comment that cuts a line short is the cause; what follows from it is not told.
        is_cut = any(it.code == "comment-in-value" for it in problems)
        cause = _cause(last, lines, file) or _syntax_problem(error, lines, file)
        syntax = [] if is_cut else [cause]
        raise OptoutError(*problems, *syntax) from None
    raise_any(problem for it in readers for problem in it.problems)
    return readers or [_Reader(lines, file, (1, 1))]


def _cause(last: yaml.Event | None, lines: list[str], file: str) -> Problem | None:
    """Return the fault in a text of several lines, where the parser stumbled behind it."""
    if not isinstance(last, yaml.ScalarEvent):
        return None
    (line, column), (end, _) = _place(last.start_mark), _place(last.end_mark)
    if line == end:
        return None
    location = Location(file, line, column)
    if last.style in ("'", '"'):
        message = f"a quote that is opened here is closed on line {end} only"
        return Problem("yaml", message, location, "end the text with the same sign on its own line")
    if lines[line - 1][: column - 1].strip(" -"):
        return None  # it is a value, and what follows it is at fault
    return Problem("yaml", _NO_COLON[0], location, _NO_COLON[1])


def _syntax_problem(error: yaml.YAMLError, lines: list[str], file: str) -> Problem:
    reason = getattr(error, "problem", None) or "it is damaged"
    mark = getattr(error, "context_mark" if _LATE.search(reason) else "problem_mark", None)
    if mark is None:
        return Problem("yaml", f"cannot be read as YAML: {reason}", Location(file))
    location = Location(file, mark.line + 1, mark.column + 1)
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[: mark.column + 1].lstrip(" ").startswith("\t") or "\\t" in reason:
        return Problem("tab", "is indented with a tab", location, "indent with spaces")
    message, hint = _plainly(reason)
    return Problem("yaml", message, location, hint)


def _plainly(reason: str) -> tuple[str, str | None]:
    """Say in plain words, with a hint, what the parser says in its own."""
    for pattern, message, hint in _PLAIN_WORDS:
        if re.search(pattern, reason):
            return message, hint
    hint = "look for a missing quote, bracket or colon, here or just above"
    return f"cannot be read as YAML: {reason}", hint
