"""YAML text -> Document, or the rows of a list, in one pass over the parser's events.

PyYAML's own loaders guess (FIPS `06041` becomes 3105, `NO` becomes False), keep the last of two
equal keys, and can be overwhelmed by aliases or by nesting. Reading the events avoids all that.
A plain `null`, `~` or nothing means absent; in quotes it is text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.readers.document import (
    MAX_DEPTH,
    TOO_DEEP,
    Document,
    Layer,
    Row,
    Tree,
    find_unseen,
    join_path,
    row_from,
)
from optout_cli.readers.joined_lines import begins_item, find_joined

MAX_NODES = 500_000
_ABSENT = ("", "null", "~")
HAS_LIBYAML: bool = yaml.__with_libyaml__
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first one needs libyaml
# Of shipped files: returns only texts, lists and mappings.
TEXT_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# The parser notices these only after the problem, sometimes on a later line.
_LATE = re.compile(r"could not find expected ':'|unexpected end of stream")
_LIKE_ITEM = "begins like an item of a list"
_ITEMS = "begin each item with `- `, all in the same column"
_SAME_MARK = "end the text with the same quotation mark"
_QUOTED = re.compile(r"""(?:[:{,-]|^)\s*(['"])(?:(?!\1).)*\1\s*$""")  # up to the end: 'the sheriff'
# What the parsers say (a pattern) -> our message and hint.
_PLAIN_WORDS = (
    ("nesting depth", TOO_DEEP, None),  # libyaml has its own limit, and reads ahead
    (
        "mapping values",
        "has a second colon, or is indented too far",
        "put text with a colon in quotes, or indent the line like the one above",
    ),
    (
        "expected (<block end>|key|'-' indicator)",
        "does not line up with the lines around it",
        "start lines that belong together in the same column; check the line above too",
    ),
    ("unexpected end of stream", "a quote that opens here never closes", _SAME_MARK),
    (
        "expected (',' or|node content)",
        "a bracket is not closed, or a comma is missing",
        "look for a missing }, ] or comma, here or just above",
    ),
    (
        "cannot start any token|escape|alphabetic or numeric",
        "begins with a character that means something else in YAML",
        "put the text in single quotes; begin each item of a list with `- `",
    ),
    ("", None, "look for a missing quote, bracket or colon, here or just above"),
)
# Text in curly quotes, or behind the opening one up to a comma. A single one may be an okina.
_CURLY = re.compile("\u201c([^\u201d]*|.*\u201d)$|\u2018.*\u2019$", re.DOTALL)
# People write ` #4` and ` # 4` for a suite. A comment begins with a space and a word.
_GLUED_COMMENT = re.compile(r"\s+#([^\s#]|\s*[0-9])")
# A no-break space in place of an indent, or of the space after a colon.
_NO_BREAK = re.compile(r"(?:[ \t]*|[ \t-]*[\w-]+:)[\u00a0\u2002-\u200a\u202f\u3000]")


@dataclass
class _Frame:
    """An open mapping or list, its key path, and the key that waits for a value."""

    node: dict[str, Tree] | list[Tree]
    path: str
    key: str | None = None
    has_colon: bool = True  # after that key


class _Reader:
    """Turns the events of one YAML document into values; collects problems and goes on."""

    def __init__(self, lines: list[str], file: str, begin: tuple[int, int]) -> None:
        self.lines = lines
        self.begin = begin
        self.file = file
        self.problems: list[Problem] = []
        self.marks: dict[str, tuple[int, int]] = {}
        self.root: Tree | None = None
        self.frames: list[_Frame] = []

    def _fail(
        self, at: yaml.Event | tuple[int, int], code: str, message: str, hint: str | None = None
    ) -> None:
        position = at if isinstance(at, tuple) else _position(at.start_mark)
        self.problems.append(Problem(code, message, Location(self.file, *position), hint))

    def read(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.frames.pop()
        if not isinstance(event, yaml.NodeEvent):
            return
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            hint = "write the value out, or put it in quotes"
            self._fail(event, "anchor", "uses a YAML anchor (& or *)", hint)
        if (tag := getattr(event, "tag", None)) is not None:  # an alias has none
            hint = "delete the word with the !, or put the value in quotes"
            self._fail(event, "tag", f"uses a YAML tag ({tag})", hint)
        if isinstance(event, yaml.ScalarEvent):
            self._read_scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            node: dict[str, Tree] | list[Tree] = {} if is_mapping else []
            self.frames.append(_Frame(node, self._put(event, node)))
            if len(self.frames) > MAX_DEPTH:
                self._fail(event, "too-deep", TOO_DEEP)
                raise OptoutError(*self.problems)
        else:
            self._put(event, "*")

    def _read_scalar(self, event: yaml.ScalarEvent) -> None:
        is_plain = event.style is None or event.style == ""
        at = _position(event.start_mark)
        self.problems += find_unseen(event.value, Location(self.file, *at))
        glued = _GLUED_COMMENT.match(self._rest_of_line(event))
        if glued and (is_plain or glued[1].strip()[0].isdecimal()):
            message = f"the text after {event.value!r} is lost: ' #' begins a comment"
            self._fail(event, "comment-in-value", message, "put the whole value in quotes")
        if is_plain and event.value:
            self._check_plain(event)
        frame = self.frames[-1] if self.frames else None
        if frame and isinstance(frame.node, dict) and frame.key is None:
            self._read_key(frame, event)
        elif is_plain and event.value in _ABSENT:
            if frame and isinstance(frame.node, list):
                hint = "write the item, or delete its line"
                self._fail(event, "empty-item", "is an empty list item", hint)
            elif frame:
                if not frame.has_colon and frame.node:  # `{street: 1 Main Street, Suite 4}`
                    at = self.marks[join_path(frame.path, frame.key or "")]
                    message = f"{frame.key!r} is lost: the comma before it ends the text"
                    hint = "put the whole text in quotes, with the comma"
                    self._fail(at, "comma-in-value", message, hint)
                frame.key = None
        else:
            self._put(event, event.value.rstrip("\n") if event.style in ("|", ">") else event.value)

    def _check_plain(self, event: yaml.ScalarEvent) -> None:
        """Report text without quotes that means something else than it seems to."""
        if _CURLY.match(event.value):
            message = "is in curly quotes from a word processor"
            hint = 'use straight quotes ("); to keep the curly ones, put straight ones around them'
            self._fail(event, "curly-quotes", message, hint)
        (line, column), (end, _) = _position(event.start_mark), _position(event.end_mark)
        lines = [self.lines[line - 1][column - 1 :], *self.lines[line:end]]
        for number, text in enumerate(lines):
            if found := _NO_BREAK.match(text):
                spot = found.end() + (0 if number else column - 1)
                location = Location(self.file, line + number, spot)
                self.problems.append(_no_break_problem(location))
                return
        frame = self.frames[-1] if self.frames else None
        if frame is None or len(lines) == 1:
            return
        path = join_path(frame.path, frame.key or "")
        if joined := find_joined(lines, column=column - 1, path=path):
            number, field = joined
            like, hint = _LIKE_ITEM, _ITEMS
            if field:
                like = f"begins like the field {field!r}"
                hint = f"write {field}: in the column of the field that it belongs to"
            message = f"{like}, and is joined to the text above"
            hint += "; if it is one text, put all of it in quotes"
            self._fail((line + number, 1), "joined-line", message, hint)

    def _rest_of_line(self, event: yaml.Event) -> str:
        line, column = _position(event.end_mark)
        # In a file without a last line end, the end mark is on the line after the last.
        return self.lines[line - 1][column - 1 :] if line <= len(self.lines) else ""

    def _read_key(self, frame: _Frame, event: yaml.ScalarEvent) -> None:
        key = event.value
        frame.key = key
        frame.has_colon = self._rest_of_line(event).lstrip()[:1] not in (",", "}")
        path = join_path(frame.path, key)
        if path in self.marks or key in frame.node:
            self._fail(event, "equal-keys", f"repeats the key {key!r}", "keep one of them")
        self._mark(path, event)
        if not event.style and begins_item(key, after_name=False):
            self._fail(event, "yaml", _LIKE_ITEM, _ITEMS)
        outer, dot, inner = key.partition(".")
        if dot and re.fullmatch(r"[\w.-]+", key):  # a name of a table's column
            hint = f"write {outer}: and below it, indented two spaces, {inner}:"
            self._fail(event, "dotted-key", f"{key!r} is two names in one", hint)

    def _put(self, event: yaml.Event, value: Tree) -> str:
        """Put `value` into the open mapping or list, and return its key path."""
        if not self.frames:
            self.root = value
            return ""
        frame = self.frames[-1]
        if isinstance(frame.node, list):
            path = join_path(frame.path, len(frame.node))
            self._mark(path, event)
            frame.node.append(value)
            return path
        if frame.key is None:
            message = "a key must be text, not a group or a list"
            self._fail(event, "wrong-key", message, "put text with braces or brackets in quotes")
            frame.key = "?"
            return frame.path  # the next event is this key's value, which is ignored
        path = join_path(frame.path, frame.key)
        frame.node[frame.key] = value
        frame.key = None
        return path

    def _mark(self, path: str, event: yaml.Event) -> None:
        """Note where the value at `path` begins. Raises OptoutError where there are too many."""
        self.marks.setdefault(path, _position(event.start_mark))
        if len(self.marks) > MAX_NODES:
            self._fail(event, "too-many", f"has more than {MAX_NODES:,} values")
            raise OptoutError(*self.problems)


# Any: the C parser and the Python parser have different classes for marks.
def _position(mark: Any) -> tuple[int, int]:
    """Return line and column from 1."""
    return mark.line + 1, mark.column + 1


def document_from_yaml(text: str, file: str) -> Document:
    """Read the `text` of `file`. Raises OptoutError with every problem found."""
    first, *others = _read_documents(text, file)
    if others:
        location = Location(file, *others[0].begin)
        message, hint = "begins a second document", "remove the `---`"
        raise OptoutError(Problem("many-documents", message, location, hint))
    if first.root is None:
        raise OptoutError(Problem("empty-file", "has only comments", Location(file)))
    if not isinstance(first.root, dict):
        message, hint = "must be `name: value` lines", "begin with `jurisdiction: ...`"
        raise OptoutError(Problem("wrong-shape", message, Location(file, 1, 1), hint))
    return Document(first.root, (Layer(file, first.marks),))


def rows_from_yaml(text: str, file: str) -> Iterator[Row]:
    """Yield a row for each request of a list or of a stream of documents, or for a single request.

    Raises OptoutError with every problem of the text.
    """
    for reader in _read_documents(text, file):
        root = reader.root
        if isinstance(root, list):
            marks: list[dict[str, tuple[int, int]]] = [{} for _ in root]
            for path, mark in reader.marks.items():
                number, _, within = path.partition(".")
                marks[int(number)][within] = mark
            pairs = list(zip(root, marks, strict=True))
        else:
            pairs = [] if root is None else [(root, {"": reader.begin, **reader.marks})]
        for value, own_marks in pairs:
            original: dict[str, Tree] = value if isinstance(value, dict) else {"": value}
            yield row_from(original, value, Layer(file, own_marks), [])


def _read_documents(text: str, file: str) -> list[_Reader]:
    """Read each document of a stream. Raises OptoutError with every problem found."""
    lines = text.split("\n")
    readers: list[_Reader] = []
    last: yaml.Event | None = None
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            last = event
            if isinstance(event, yaml.DocumentStartEvent):
                readers.append(_Reader(lines, file, _position(event.start_mark)))
            elif readers:
                readers[-1].read(event)
    except yaml.YAMLError as error:
        # Text that runs on is a part of the same mistake as the parser's error.
        found = (problem for reader in readers for problem in reader.problems)
        problems = [problem for problem in found if problem.code != "joined-line"]
        # A comment that cuts a line short, or a no-break space, also causes the parser's error.
        if not {"comment-in-value", "no-break-space"} & {problem.code for problem in problems}:
            problems += [_unfinished_text(last, lines, file) or _syntax_problem(error, lines, file)]
        raise OptoutError(*problems) from None
    raise_any(problem for reader in readers for problem in reader.problems)
    return readers or [_Reader(lines, file, (1, 1))]


def _unfinished_text(last: yaml.Event | None, lines: list[str], file: str) -> Problem | None:
    """Return the Problem of a text over several lines, after which the parser failed."""
    if not isinstance(last, yaml.ScalarEvent):
        return None
    (line, column), (end, _) = _position(last.start_mark), _position(last.end_mark)
    if line == end:
        return None
    location = Location(file, line, column)
    if last.style in ("'", '"'):
        message = f"a quote that opens here closes only on line {end}"
        return Problem("yaml", message, location, f"{_SAME_MARK} on its own line")
    if lines[line - 1][: column - 1].strip(" -"):
        return None  # the text is a value, and the problem is after it
    return _without_colon(lines[:line], location)


def _without_colon(lines: list[str], location: Location) -> Problem:
    """Return the Problem of a line that is no field, which may be an item of the one above it."""
    above, text = ["", *(line.strip() for line in lines if line.strip())][-2:]
    if begins_item(text, after_name=True):
        return Problem("yaml", _LIKE_ITEM, location, _ITEMS)
    hint = "write it as `name: value`, with a space after the colon"
    if above.endswith(":") and ":" not in text:
        hint += f"; if it is the text of {above} indent it two spaces more"
    return Problem("yaml", "has no colon with a space after it", location, hint)


def _no_break_problem(location: Location) -> Problem:
    message = "has a no-break space where YAML needs a space"
    hint = "replace no-break spaces at the beginning of the line, or after the colon"
    return Problem("no-break-space", message, location, hint)


def _syntax_problem(error: yaml.YAMLError, lines: list[str], file: str) -> Problem:
    reason = getattr(error, "problem", None) or "it is damaged"
    mark = getattr(error, "context_mark" if _LATE.search(reason) else "problem_mark", None)
    in_parsers_words = f"cannot be read as YAML: {reason}"
    if mark is None:
        return Problem("yaml", in_parsers_words, Location(file))
    location = Location(file, *_position(mark))
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[: mark.column + 1].lstrip(" -").startswith("\t") or "\\t" in reason:
        return Problem("tab", "is indented with a tab", location, "indent with spaces")
    if _QUOTED.search(line[: mark.column]):
        return Problem(
            "yaml", "goes on after its last quote", location, "use other quotes around it"
        )
    if _NO_BREAK.match(line):
        return _no_break_problem(location)
    if "could not find expected ':'" in reason:
        return _without_colon(lines[: mark.line + 1], location)
    own, advice = next((own, it) for said, own, it in _PLAIN_WORDS if re.search(said, reason))
    return Problem("yaml", own or in_parsers_words, location, advice)
