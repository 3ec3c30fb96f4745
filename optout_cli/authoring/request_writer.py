"""A request's text, to go on with in an editor: what is known, and a word on the rest. Pure.

Takes answers in a request's own shape, the letter kind, and the layout: a sample of a request
with a note above each key. Never asks, and never reads a file.
"""

import json
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import yaml

from optout_cli.model.program import LetterKind, Particular

# A request as YAML has it: texts, lists and mappings. Any: they hold each other.
Answers = Mapping[str, Any]
_COLUMNS = 98  # of a line
_APART = timedelta(21)  # between the letter and a sample's day before or after it
_PARTICULARS = "particulars"
_ADDRESSING = "addressing"
_BY_PARTY = ("recipients", "service")
_FILE = "FILE"  # stands in the layout for the request's own name


class _Part(NamedTuple):
    """A key of a request: the notes above it, and a sample of what it holds."""

    notes: str
    key: str
    sample: Any


def request_text(
    answers: Answers,
    layout: str,
    kind: LetterKind,
    parties: Collection[str],
    day: date,
    file: str,
) -> str:
    """Write a request in YAML: what is answered holds; all the rest is shown, switched off by a #.

    `parties` are those who receive a letter; `day` is the letter's, from which a sample's days are
    counted; `file` the request's name.
    """
    head, *sections = layout.strip().split("\n\n")
    parts = [head.replace(_FILE, file)]
    for part in map(_part_from, sections):
        value = answers.get(part.key)
        if part.key == _ADDRESSING and value is None and len(parties) == 1:
            continue
        lines = _lines(part.key, value, _for_parties(part, parties))
        if part.key == _PARTICULARS:
            lines = _particular_lines(value or {}, kind.particulars, day)
        if text := "\n".join(lines):
            parts.append(part.notes + text)
    return "\n\n".join(parts) + "\n"


def _for_parties(part: _Part, parties: Collection[str]) -> Any:
    """Return a sample without what is for a party that receives nothing."""
    if part.key not in _BY_PARTY:
        return part.sample
    return {party: it for party, it in part.sample.items() if party in parties}


def notes_in(layout: str) -> dict[str, str]:
    """Return the note that the layout has for each key of a request, as one text."""
    parts = map(_part_from, layout.strip().split("\n\n")[1:])
    return {it.key: " ".join(it.notes.replace("# ", "").split()) for it in parts}


def _part_from(section: str) -> _Part:
    """Read a section of the layout: lines of notes, then a key with its sample."""
    notes = "".join(line for line in section.splitlines(keepends=True) if line.startswith("#"))
    # The base loader makes texts, lists and mappings, and nothing else.
    ((key, sample),) = yaml.load(section, yaml.BaseLoader).items()  # noqa: S506
    return _Part(notes, key, sample)


def _particular_lines(
    answers: Answers, declared: Mapping[str, Particular], day: date
) -> Iterator[str]:
    """Yield what the letter kind asks for, each with its own words of help."""
    if declared:
        yield f"{'' if answers else '#'}{_PARTICULARS}:"
    for key, spec in declared.items():
        yield from _folded(_help(spec), "  # ")
        yield from _lines(key, answers.get(key), _sample(spec, day), 2)


def _help(spec: Particular) -> str:
    text = f"required: {spec.help}" if spec.required else spec.help
    return f"{text} ({', '.join(spec.choices)})" if spec.choices else text


def _sample(spec: Particular, day: date) -> Any:
    """Make up what a particular may hold, from its own example where there is one."""
    if isinstance(spec.of, dict):
        return [{key: _sample(it, day) for key, it in spec.of.items()}]
    kind = spec.of if spec.type == "list" else spec.type
    match kind:
        case "date":
            apart = {"before": -_APART, "after": _APART}
            near = (day + apart[spec.when]).isoformat() if spec.when else day.isoformat()
            # An example is of some other letter's time.
            value = near if spec.when else spec.example or near
        case "choice":
            value = spec.choices[0]
        case _:
            value = spec.example or ""
    return [value] if spec.type in ("list", "paragraphs") and value else value


def _lines(key: str, value: Any, sample: Any, indent: int = 0) -> Iterator[str]:
    """Yield a key's lines: of its value if there is one, else of its sample, switched off."""
    shown, head = (sample, "#") if value is None else (value, "")
    head += f"{' ' * indent}{key}:"
    if isinstance(shown, Mapping) and _is_block(shown, sample, indent):
        yield head
        for inner in dict.fromkeys((*(sample or {}), *shown)):
            held = None if value is None else value.get(inner)
            yield from _lines(inner, held, (sample or {}).get(inner), indent + 2)
    elif isinstance(shown, list) and len(head) + len(_flow(shown)) > _COLUMNS:
        yield head
        yield from _items(shown, f"{head[: head.index(key)]}  ")
    else:
        yield f"{head} {_flow(shown)}".rstrip()


def _is_block(shown: Answers, sample: Any, indent: int) -> bool:
    """Tell whether a mapping has a line for each key: at the top, and where mappings are inside."""
    inside = [*shown.values(), *(sample or {}).values()]
    return indent == 0 or any(isinstance(it, Mapping) for it in inside)


def _items(items: list[Any], head: str) -> Iterator[str]:
    """Yield the lines of a list: an item that is long takes several."""
    inner = f"{head}  "
    for item in items:
        if len(head) + len(_flow(item)) < _COLUMNS:
            yield f"{head}- {_flow(item)}"
        elif isinstance(item, Mapping):
            first, *others = (f"{key}: {_flow(it)}" for key, it in item.items())
            yield f"{head}- {first}"
            yield from (f"{inner}{it}" for it in others)
        else:
            yield f"{head}- >-"
            yield from _folded(item, inner)


def _folded(text: str, head: str) -> list[str]:
    """Break a paragraph at blanks alone, which is where YAML joins it again."""
    return textwrap.wrap(
        text,
        _COLUMNS,
        initial_indent=head,
        subsequent_indent=head,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _flow(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_flow(it)}' for key, it in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(text: str) -> str:
    """Write a text in quotes where YAML, or who learns it from this, would misread it."""
    if not text or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return text
    plain = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10**9)
    return text if plain == f"[{text}]\n" else json.dumps(text, ensure_ascii=False)
