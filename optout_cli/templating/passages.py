"""The passages of a letter in words of the request's own: plain text in the place of a block.

A template with such words prints a mark for each passage; `with_words` puts the words there. Blank
lines separate paragraphs, and lines that begin with `- ` or `1. ` are a list.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from html import escape
from typing import Any, NamedTuple

import jinja2
from jinja2.runtime import Context

from optout_cli.errors import Problem, closest, raise_any
from optout_cli.templating.filters import with_curly_quotes

WORDING = "wording"  # the key of a request, and the fact of a notice
# What the plain text of a request can change: the body, and these lines around it.
_LINES = ("subject", "salutation", "closing")
_MARK = re.compile(r"\0([^\0]*)\0")
_SECTION = re.compile(r'<section[^>]*\bid="([\w-]+)"')
_PARAGRAPH = re.compile(r"<(/?)(?:p|li)\b")  # the tags between which words stand
_ITEM = re.compile(r"(?:([-*\u2022\u2013])|(\d{1,2})[.)])\s+(?=\S)")
_OTHER_ITEM = re.compile(r"\(?[0-9a-z]{1,3}\)\s|[a-z]\.\s")  # `(a) ...`, `b. ...`
# What YAML makes of a list that stands below a name without `|`: one line.
_SEVERAL_ITEMS = re.compile(r"(?:^|\s)1[.)]\s\S.*\s2[.)]\s\S|:\s-\s\S.*\s-\s\S")
_MARKUP = re.compile(r"[{}]+|</?[A-Za-z][^<>]*>|\*\*|^#+ ", re.MULTILINE)
_MOST_SHOWN = 40  # characters of a line in a message
_LIST_HINT = (
    "write | after the passage's name, and below it each item on a line of its own, as 1. and 2. or"
    " with -; indent the further lines of an item; put an empty line before a new paragraph"
)


class Template(jinja2.Template):
    """A template that prints a mark for each passage of the fact `wording`, not its own words."""

    # Any: the facts of a notice, of any type.
    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  # Jinja's signature
        shared: bool = False,  # noqa: FBT001, FBT002  # the same
        locals: Mapping[str, Any] | None = None,  # noqa: A002  # the same
    ) -> Context:
        """Put each mark before the blocks of the templates, of which the first one prints."""
        context = super().new_context(vars, shared, locals)
        for name in (vars or {}).get(WORDING, ()):
            context.blocks.setdefault(name, []).insert(0, partial(_marked, name))
        return context


def _marked(name: str, _context: Context) -> Iterator[str]:
    yield f"\0{name}\0"


class _Part(NamedTuple):
    """A paragraph (`p`), or the items of a list (`ol`, `ul`) that begins at a column."""

    tag: str
    texts: list[str]
    column: int


def text_problems(wording: Mapping[str, str], known: set[str], letter: str) -> Iterator[Problem]:
    """Yield what is wrong with a request's words for a letter; `known` are its passages."""
    for name, text in wording.items():
        path = f"{WORDING}.{name}"
        if name not in known:
            near = closest(name, known)
            meant = f"did you mean {near!r}? " if near else ""
            hint = f"{meant}`optout list passages {letter}` shows all passages with their words"
            message = f"{letter} has no passage {name!r}"
            yield Problem("unknown-passage", message, path=path, hint=hint)
        if found := _MARKUP.search(text):
            message = f"{path} has {found[0]!r}, which the letter would show as it stands"
            hint = "write plain text; to use facts and markup, see `optout new --wording`"
            yield Problem("wrong-wording", message, path=path, hint=hint)
        yield from _parse(text, path)[1]


def fixed_in(html: str) -> set[str]:
    """Return the passages with a mark that the words of a request cannot replace."""
    return {mark[1] for mark in _MARK.finditer(html) if not _may_reword(html[: mark.start()])}


def _may_reword(before: str) -> bool:
    """Tell whether a request can word what follows this part of a letter."""
    return [None, *_SECTION.findall(before)][-1] in ("body", *_LINES)


def with_words(html: str, wording: Mapping[str, str], letter: str) -> str:
    """Put the words of a request in the place of the marks. Raises OptoutError, all problems."""
    problems: list[Problem] = []

    def words(mark: re.Match[str]) -> str:
        name, before = mark[1], html[: mark.start()]
        parts, _ = _parse(wording[name], name)
        sections = _SECTION.findall(before)
        section = sections[-1] if sections else ""
        if not _may_reword(before):
            message = f"{WORDING}.{name} is not of the letter's text"
            hint = "change the request's facts, or this part in a template: optout new --wording"
            problems.append(Problem("wrong-wording", message, path=f"{WORDING}.{name}", hint=hint))
        tags = _PARAGRAPH.findall(before)
        is_within = bool(tags) and tags[-1] == ""
        if (is_within or section != "body") and (len(parts) > 1 or parts[0].tag != "p"):
            where = "is within a paragraph" if is_within else "is one line"
            message = f"{WORDING}.{name} {where}, so it cannot have several paragraphs or a list"
            hint = "write one paragraph, or put the rest into the passage after it"
            problems.append(Problem("wrong-wording", message, path=f"{WORDING}.{name}", hint=hint))
        return _written(parts[0].texts[0]) if is_within else "".join(map(_html, parts))

    filled = _MARK.sub(words, html)
    for name in wording.keys() - set(_MARK.findall(html)):
        message = f"{WORDING}.{name} is nowhere in this letter"
        hint = (
            "another passage that you give may hold it, or the letter has it only at other times;"
            f" `optout list passages {letter}` shows those of today"
        )
        problems.append(Problem("wrong-wording", message, path=f"{WORDING}.{name}", hint=hint))
    raise_any(problems)
    return filled


def _parse(text: str, path: str) -> tuple[list[_Part], list[Problem]]:
    """Read plain text into paragraphs and lists; return what may be misread as well."""
    parts: list[_Part] = []
    problems: list[Problem] = []
    is_open = False  # whether the line before belongs to the last part
    for line in text.expandtabs().splitlines():
        words, column = line.strip(), len(line) - len(line.lstrip())
        if not words:
            is_open = False
            continue
        item, last = _ITEM.match(words), parts[-1] if parts else None
        if doubt := _doubt_about(words, column, item, last if is_open or item else None):
            shown = words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN]}..."
            message = f"{path}: the line {shown!r} {doubt}"
            problems.append(Problem("wrong-wording", message, path=path, hint=_LIST_HINT))
        if item:
            tag, text = "ul" if item[1] else "ol", words[item.end() :]
            if last and last.tag == tag:
                last.texts.append(text)
            else:
                parts.append(_Part(tag, [text], column))
        elif is_open and last:
            last.texts[-1] += f" {words}"
        else:
            parts.append(_Part("p", [words], column))
        is_open = True
    return parts, problems


def _doubt_about(words: str, column: int, item: re.Match[str] | None, last: _Part | None) -> str:
    """Say how a line may be misread, or nothing. It belongs to the `last` part, if to any."""
    due = len(last.texts) + 1 if last and last.tag == "ol" else 1
    doubt = ""
    if _SEVERAL_ITEMS.search(words):
        doubt = "has several items of a list"
    elif item and item[2] and int(item[2]) != due:
        doubt = f"begins with {item[2]}. where {due}. would come"
    elif last and item and last.tag != "p" and column > last.column + 1:
        doubt = "begins a list inside a list, which plain text cannot have"
    elif last and not item and _OTHER_ITEM.match(words):
        doubt = "looks like an item of a list, which begins with - or 1."
    elif last and not item and last.tag != "p" and column <= last.column:
        doubt = "follows an item of a list; is it part of the item, or a new paragraph?"
    return doubt


def _html(part: _Part) -> str:
    if part.tag == "p":
        return f"<p>{_written(part.texts[0])}</p>"
    items = "".join(f"<li>{_written(text)}</li>" for text in part.texts)
    return f"<{part.tag}>{items}</{part.tag}>"


def _written(text: str) -> str:
    """Escape a text, and give it the quotation marks of the letter."""
    return escape(with_curly_quotes(text), quote=False)
