"""Problems: what is wrong, where, and what to type next.

Every module reports with these values. Nothing here prints or exits.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal

import msgspec

# Version of the JSON objects that commands print: new keys may be added; none changes its meaning.
JSON_SCHEMA: Literal[1] = 1
_MAX_SHOWN = 60  # characters of any text that a message repeats
_MAX_LISTED = 4  # texts that a message lists in one line
_LONGEST_PATH = 1024  # characters that a message repeats of a path, which somebody may copy
_LONG_QUOTE = re.compile(  # a backslash and what it escapes are one character
    rf"""(?<!\w)(['"])((?:\\.|(?!\1)[^\\]){{{_MAX_SHOWN}}})(?:\\.|(?!\1)[^\\])+\1(?!\w)""",
    re.DOTALL,
)
# Control characters of ISO 2022 and Unicode's marks for the direction of text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class ExitCode(IntEnum):
    """How a command ends, as the shell sees it."""

    DONE = 0
    CONTENT = 1  # a problem in the content of a file, or in reading or writing one
    COMMAND_LINE = 2  # an unknown option, jurisdiction, letter or file
    PARTLY = 3  # some requests of a batch were written, and others rejected
    INTERRUPTED = 130  # 128 + SIGINT


def printable(text: str) -> str:
    """Write the characters that would change a terminal, or the order of its text, as escapes.

    Line ends too. A byte of a file name that is no text stays: it is printed as it is.
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_text(text: str | os.PathLike[str]) -> str:
    """Return a path, or a text that has one, without the bytes of a file name that are no text."""
    # Not os.fsencode: words beside the path may have characters that the locale has not.
    return os.fspath(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# Any: whatever becomes JSON.
def json_line(value: Any) -> bytes:
    """Return a line of JSON that is safe on a terminal: JSON escapes what `printable` does."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # of a path
        import json  # msgspec writes no such text

        plain = msgspec.to_builtins(value)
        text = as_text(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


class Location(msgspec.Struct, frozen=True):
    """A position in the user's input: a file, or an option on the command line.

    `line` and `column` count from 1. `path` is the key path or column, where there are no lines.
    `label` names what is there, such as the jurisdiction of a row.
    """

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""
    is_command_line: bool = False
    label: str = ""

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number is not None]
        file = self.file if len(self.file) <= _LONGEST_PATH else shorten(self.file)
        place = ":".join([file, *numbers]) + (f" ({self.label})" if self.label else "")
        return printable(f"{place}: {shorten(self.path)}" if self.path else place)


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong. `code` is stable, for scripts; `hint` is what to type next.

    `readers.document.locate` finds the location of a Problem in a request: `path` is the key path
    of the value, `text` the wrong characters where no path is known. `fields` are key paths to
    fill in, which `hint` names as lines of YAML.
    """

    code: str
    message: str
    location: Location | None = None
    hint: str | None = None
    path: str = ""
    text: str = ""
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Cut each text that the message repeats."""
        msgspec.structs.force_setattr(self, "message", shorten_quotes(self.message))

    @property
    def subject(self) -> str:
        """The key path of the location, or an empty text where the message begins with it."""
        path = self.location.path.removeprefix("$.") if self.location else ""
        return "" if self.message.startswith(path) else path

    def __str__(self) -> str:
        location = self.location
        if location and not self.subject:
            location = msgspec.structs.replace(location, path="")
        head = f"{location}: {self.message}" if location else self.message
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class OptoutError(Exception):
    """Everything known to be wrong, as Problems.

    The exit code is COMMAND_LINE where each Problem lies on the command line, else CONTENT.
    `traceback` is that of an error that no code expects.
    """

    def __init__(self, *problems: Problem, traceback: str = "") -> None:
        super().__init__(*problems)
        self.problems, self.traceback = problems, traceback

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    @property
    def exit_code(self) -> ExitCode:
        """Tell scripts whether to change the command line or the content of a file."""
        on_command_line = [
            bool(problem.location and problem.location.is_command_line) for problem in self.problems
        ]
        return ExitCode.COMMAND_LINE if all(on_command_line) else ExitCode.CONTENT


def shorten(text: str) -> str:
    """Return a text as a message shows it: cut after _MAX_SHOWN characters."""
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


@lru_cache(maxsize=256)  # a batch has the same notes again and again
def shorten_quotes(message: str) -> str:
    """Cut each text that a message repeats in quotes, as `repr` writes it."""
    return _LONG_QUOTE.sub(r"\1\2...\1", message)


def first_of(texts: Sequence[str]) -> str:
    """Return the first texts in one line, and how many more there are."""
    more = f"; and {len(texts) - _MAX_LISTED:,} more" if len(texts) > _MAX_LISTED else ""
    return "; ".join(texts[:_MAX_LISTED]) + more


def raise_any(problems: Iterable[Problem]) -> None:
    """Raise OptoutError with all `problems`, if there are any."""
    if found := tuple(problems):
        raise OptoutError(*found)


def closest(word: str, known: Iterable[str], meant: Mapping[str, str] = {}) -> str | None:
    """Return the word in `known` that the user probably meant, or None.

    `meant` has other words that people use for some of them: `counties` for `jurisdictions`.
    """
    from difflib import get_close_matches  # only a misspelt word needs it

    names = {name.casefold(): name for name in known}
    others = {also: name for also, name in meant.items() if name.casefold() in names}
    by_folded = {**others, **names}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str], meant: Mapping[str, str] = {}) -> str:
    """Return the hint for an unknown `word`: the closest of `known`, or all of them."""
    names = sorted(known)
    if match := closest(word, names, meant):
        return f"did you mean {match!r}?"
    return f"one of {', '.join(names)}" if names else "none is known here"


def interruption(*, as_json: bool) -> str:
    """Return the line that answers Ctrl-C; as JSON, it is an object like that of a note."""
    message = "interrupted; no file is incomplete"
    line = {"schema": 1, "note": None, "message": message, "requests": None}
    return msgspec.json.encode(line).decode() if as_json else message


def wrap(
    text: str, width: int, indent: str = "", hang: str | None = None, *, breaks_words: bool = False
) -> list[str]:
    """Break text into lines of `width` columns at spaces, never within a name, path or link.

    The first line begins with `indent`, all others with `hang` (the same, if None). With
    `breaks_words`, a word that is longer than a line is broken.
    """
    import textwrap

    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else hang,
        break_on_hyphens=False,
        break_long_words=breaks_words,
    )
