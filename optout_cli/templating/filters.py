"""The words of a letter: the filters for dates, lists and names, the typography, and own wording.

Own wording is plain text of a request in the place of a passage. A template with such words prints
a mark for each passage; `with_words` puts the words there. Blank lines separate paragraphs, and
lines that begin with `- ` or `1. ` are a list. Also the exceptions for what a template may not do.
Nothing here reads files.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup

from optout_cli.errors import Problem, closest, raise_any
from optout_cli.model.fields import MONTHS
from optout_cli.model.letter import Block, ListBlock, Quote

WORDING = "wording"  # the key of a request, and the fact of a notice
# What the plain text of a request can change: the body, and these lines around it.
_LINES = ("subject", "salutation", "closing")
REWORDABLE = ("body", *_LINES)  # the sections with passages that a request can word
_MARK = re.compile(r"\0([^\0]*)\0")
_SECTION = re.compile(r'<section[^>]*\bid="([\w-]+)"')
_PARAGRAPH = re.compile(r"<(/?)(?:p|li)\b")  # the tags that have words between them
_ITEM = re.compile(r"(?:([-*\u2022\u2013])|(\d{1,2})[.)])\s+(?=\S)")
_OTHER_ITEM = re.compile(r"\(?[0-9a-z]{1,3}\)\s|[a-z]\.\s")  # `(a) ...`, `b. ...`
# What YAML makes of a list below a name without `|`: one line.
_SEVERAL_ITEMS = re.compile(r"(?:^|\s)1[.)]\s\S.*\s2[.)]\s\S|:\s-\s\S.*\s-\s\S")
_MARKUP = re.compile(r"[{}]+|</?[A-Za-z][^<>]*>|\*\*|^#+ ", re.MULTILINE)
_MOST_SHOWN = 40  # characters of a line in a message
_LIST_HINT = (
    "write | after the passage's name, and below it each item on a line of its own, as 1. and 2. or"
    " with -; indent the further lines of an item; put an empty line before a new paragraph"
)
_OPENING_QUOTE = re.compile(r'(?:(?<=[\s(\[\u2013\u2014\0])|^)"')
_CLOSING_QUOTE = re.compile(r'(?:"|&(?:#34|quot|rdquo);|\u201d)$')
MAX_LETTER = 1_000_000  # characters that one template may print


class Refused(jinja2.TemplateRuntimeError):
    """Something that a template may not do; `hint` is what to write instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Missing(Refused):
    """A fact that the request does not state, or an empty list, where a template prints it."""

    def __init__(self, message: str = "prints a fact that is missing") -> None:
        super().__init__(message)


class Endless(Refused):
    """A template that would run without end, or print far too much."""


def check_length(length: int) -> None:
    """Refuse a text or a list that is too long: one that is doubled often fills the memory."""
    if length > MAX_LETTER:
        raise Endless(f"prints more than {MAX_LETTER:,} characters")


# Any: whatever a template passes to a filter.
def _check(value: Any, kind: type, name: str, wanted: str) -> None:
    """Refuse a value that a filter cannot use. An undefined value raises its own error."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    if value is None:
        raise Missing
    if not isinstance(value, kind):
        is_day = isinstance(value, date)
        hint = (
            f"write long_dates before it: {{{{ ... | long_dates | {name} }}}}" if is_day else None
        )
        raise Refused(
            f"{name} takes {wanted}, not {f'the date {value}' if is_day else repr(value)}", hint
        )


def long_date(day: date) -> str:
    """Write a date as a letter does: `August 31, 2010`."""
    _check(day, date, "long_date", "a date")
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def long_dates(days: Sequence[date]) -> list[str]:
    """Write each of some dates as a letter does."""
    _check(days, Sequence, "long_dates", "a list of dates")
    return [long_date(day) for day in days]


# Any: entries of a list whose fields a program declares.
def by_date(entries: Sequence[Any]) -> list[Any]:
    """Put entries that have a date in the order of their dates."""
    wanted = "a list of entries with a date"
    _check(entries, Sequence, "by_date", wanted)
    for entry in entries:
        _check(getattr(entry, "date", entry), date, "by_date", wanted)
    return sorted(entries, key=lambda entry: entry.date)


def and_list(items: Sequence[str]) -> str:
    """Join texts as in a sentence: `a`, `a and b`, `a, b, and c`."""
    return _list_with("and", items)


def or_list(items: Sequence[str]) -> str:
    """Join texts as a choice: `a`, `a or b`, `a, b, or c`, `May 1, 2026, or May 2, 2026`."""
    return _list_with("or", items)


def _list_with(word: str, items: Sequence[str]) -> str:
    if not items:
        raise Missing("prints an empty list")
    _check_texts(items, f"{word}_list")
    *first, last = items
    if not first:
        return last
    if len(first) == 1 and "," not in first[0]:
        return f"{first[0]} {word} {last}"
    return f"{', '.join(first)}, {word} {last}"  # also after a date, which has a comma within


def _check_texts(items: Sequence[str], name: str) -> None:
    _check(items, Sequence, name, "a list of texts")
    for item in items:
        _check(item, str, name, "a list of texts")
    check_length(sum(map(len, items)))


def sentence(text: str) -> str:
    """Capitalize a name, to begin a sentence: `The City of Alexandria`."""
    _check(text, str, "sentence", "a text")
    return text[:1].upper() + text[1:]


def the(name: str) -> str:
    """Put `the` before a name within a sentence: `the Board`, also for `The Board`."""
    _check(name, str, "the", "a text")
    return f"the {name[4:] if name[:4].lower() == 'the ' else name}"


def full_stop(text: str) -> str:
    """Put a period after a text that does not end as a sentence, but before a quotation's end."""
    _check(text, str, "full_stop", "a text")
    shown = text.unescape() if isinstance(text, Markup) else text  # a macro's words are markup
    if shown.rstrip("\"'\u201d\u2019)").endswith((".", "!", "?", ":", "\u2026")):
        return text
    quote = _CLOSING_QUOTE.search(text)
    if quote and (shown.endswith("\u201d") or shown.count('"') % 2 == 0):
        return text[: quote.start()] + "." + text[quote.start() :]  # markup stays markup
    return text + "."


def with_curly_quotes(text: str) -> str:
    """Turn the straight double quotation marks of a text into those of a letter."""
    if '"' not in text:
        return text
    return _OPENING_QUOTE.sub("\u201c", text).replace('"', "\u201d")


def quotation(paragraphs: Sequence[str]) -> list[str]:
    """Put paragraphs in quotation marks, unless they are; a quotation within gets single ones."""
    _check_texts(paragraphs, "quotation")
    text = with_curly_quotes("\0".join(paragraphs).strip())
    inner, depth, is_open = text[1:-1], 0, False
    for character in inner:
        depth += (character == "\u201c") - (character == "\u201d")
        is_open = is_open or depth < 0  # the first mark ends before the last one: "Yes" and "no"
    if text[:1] != "\u201c" or text[-1:] != "\u201d" or is_open:
        inner = text
    inner = inner.replace("\u201c", "\u2018").replace("\u201d", "\u2019")
    return f"\u201c{inner}\u201d".split("\0")


def join(items: Sequence[str], separator: str = ", ") -> str:
    """Join texts, without a word before the last."""
    _check(separator, str, "join", "a text")
    _check_texts(items, "join")
    check_length(len(separator) * len(items))
    return separator.join(items)


# All filters. Jinja's own are left out: they let markup through or make texts of any size.
FILTERS: dict[str, Callable[..., Any]] = {
    "and_list": and_list,
    "by_date": by_date,
    "join": join,
    "length": len,
    "long_date": long_date,
    "long_dates": long_dates,
    "or_list": or_list,
    "full_stop": full_stop,
    "quotation": quotation,
    "sentence": sentence,
    "the": the,
}

APOSTROPHE, NO_BREAK = "\u2019", "\u00a0"
# In a word, after a plural (`agencies' records`), or for letters (`'90s`), but in no address.
_LEFT_OUT = r"'(?=[0-9]0s\b|(?i:tis|twas|til|em|cause)\b|n' )"
_STRAIGHT = re.compile(
    r"(?<!\S)\S*@\S*|(?<=[^\W\d_])'(?=[^\W\d_])|(?<=[^\W\d_][sS])'(?=[\s,;:.)\u201d]|$)"
    rf"|(?<=[^\W\d_]\.)'(?=s\b)|(?<!\w){_LEFT_OUT}|(?<= [\u2019']n)'(?= )"
)
_PAIR = re.compile(rf"(?<![^\s(\[\u201c\u2014])(?!{_LEFT_OUT})'(?=\S)([^']*[^'\s])'(?!\w)")
# A blank in one of these never ends a line: a date, a citation, a section, a number, a code.
_UNBROKEN = re.compile(  # the boundary once for all: within a word, nothing else is tried
    rf"\b(?:(?:{'|'.join(MONTHS)}) \d{{1,2}},? \d{{4}}\b"
    r"|\d+ (?:U\.S\.C\.|C\.F\.R\.|FR|O\.S\.|Del\. C\.|M\.R\.S\.)(?: \u00a7+)? \S+"
    r"|[Ss]ections? [0-9IVXL]\S*|[Nn]o\. \S+(?: \d{4}\b)*|\d+ to \d+\b"
    r"|(?:FIPS|ORI) \w+|(?:Order|Ordinance|Resolution) \d\S*|(?:U\.S\.|Ste?\.) [A-Z]\w+"
    r"|\d+ (?:days|hours)\b|\d{1,2}(?::\d{2})? [ap]\.m\.|(?:Room|Rm\.?|Suite|Floor|Box) \d\S*"
    r"|[^\W\d_][\w\u2019-]+, (?:Jr\.|Sr\.|II\b|III\b|IV\b|Esq\.)"
    # A person's name, of at most two parts, behind titles.
    r"|(?:(?:Chief|Vice|(?:Under)?[Ss]heriff|Deputy|Captain|Lieutenant|Sergeant|Attorney|Mayor"
    r"|Administrator|Commissioner|Supervisor|Director|Judge|Mr\.|Mrs\.|Ms\.|Dr\.) )+"
    r"[A-Z](?:[\w\u2019-]+|\.)(?: [A-Z](?:[\w\u2019-]+|\.))?(?![\w\u2019]))"
    r"|(?<!\u00a7)\u00a7+ \S+"
)


def typographic(text: str) -> str:
    """Give a text typographic apostrophes and quotation marks: `the Sheriff\u2019s Office`.

    Leave marks straight that are not pairs, such as those of feet and inches.
    """
    if (curly := with_curly_quotes(text)).count("\u201c") == curly.count("\u201d"):
        text = curly
    if "'" not in text:
        return text
    paired = _PAIR.sub("\u2018\\1\u2019", text)
    return _STRAIGHT.sub(lambda found: found[0] if "@" in found[0] else APOSTROPHE, paired)


def as_typed(text: str) -> str:
    """Undo what this module does: straight apostrophes and plain blanks."""
    return re.sub("[\u2018\u2019]", "'", text).replace(NO_BREAK, " ")


def typeset(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Set the texts of blocks: apostrophes, and no break within dates and citations."""
    return tuple(map(_typeset, blocks))


@lru_cache(maxsize=1024)  # most blocks are the same from county to county
def _typeset(block: Block) -> Block:
    if isinstance(block, ListBlock):
        return ListBlock(block.ordered, tuple(tuple(map(_typeset, item)) for item in block.items))  # type: ignore[arg-type]  # a block stays of its kind
    if isinstance(block, Quote):
        return Quote(tuple(map(_typeset, block.blocks)))  # type: ignore[arg-type]  # a block stays of its kind
    runs = (
        run if run.code else msgspec.structs.replace(run, text=typeset_line(run.text))
        for run in block.runs
    )
    return msgspec.structs.replace(block, runs=tuple(runs))


@lru_cache(maxsize=4096)  # so are most lines beside the blocks
def typeset_line(text: str) -> str:
    """Set a text: apostrophes, and no break within dates and citations."""
    return _UNBROKEN.sub(lambda found: found[0].replace(" ", NO_BREAK), typographic(text))


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
            message = f"{path} has {found[0]!r}, which the letter would show as typed"
            hint = "write plain text; to use facts and markup, see `optout new --wording`"
            yield Problem("wrong-wording", message, path=path, hint=hint)
        yield from _parse(text, path)[1]


def fixed_passages(html: str) -> set[str]:
    """Return the passages with a mark that the words of a request cannot replace."""
    return {mark[1] for mark in _MARK.finditer(html) if not _may_reword(html[: mark.start()])}


def _may_reword(before: str) -> bool:
    """Tell whether a request can word what follows this part of a letter."""
    return [None, *_SECTION.findall(before)][-1] in REWORDABLE


def with_words(html: str, wording: Mapping[str, str], letter: str) -> str:
    """Put the words of a request in the place of the marks. Raises OptoutError, all problems."""
    problems: list[Problem] = []

    def words(mark: re.Match[str]) -> str:
        name, before = mark[1], html[: mark.start()]
        parts, _ = _parse(wording[name], name)
        sections = _SECTION.findall(before)
        section = sections[-1] if sections else ""
        if not _may_reword(before):
            message = f"{WORDING}.{name} is outside the letter's text"
            hint = "change the request's facts, or this part in a template: optout new --wording"
            problems.append(Problem("wrong-wording", message, path=f"{WORDING}.{name}", hint=hint))
        tags = _PARAGRAPH.findall(before)
        is_within = bool(tags) and tags[-1] == ""
        if (is_within or section != "body") and (len(parts) > 1 or parts[0].tag != "p"):
            where = "is within a paragraph" if is_within else "is one line"
            message = f"{WORDING}.{name} {where}, so it cannot have several paragraphs or a list"
            hint = "write one paragraph, or put the rest into the passage after it"
            problems.append(Problem("wrong-wording", message, path=f"{WORDING}.{name}", hint=hint))
        return _escape(parts[0].texts[0]) if is_within else "".join(map(_html, parts))

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
        return f"<p>{_escape(part.texts[0])}</p>"
    items = "".join(f"<li>{_escape(text)}</li>" for text in part.texts)
    return f"<{part.tag}>{items}</{part.tag}>"


def _escape(text: str) -> str:
    """Escape a text, and give it the quotation marks of the letter."""
    return escape(with_curly_quotes(text), quote=False)
