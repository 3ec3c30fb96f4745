"""Write a request file: known values, and commented samples of the rest. Pure.

Takes answers in the shape of a request, and the letter kind. Never asks, and reads no file but the
layout, which is a sample request with a note above each key.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import yaml

from optout_cli import bundled
from optout_cli.errors import wrap
from optout_cli.model.program import LetterKind, Particular
from optout_cli.readers.yaml import TEXT_LOADER

# A request as in YAML: texts, lists and mappings. Any: they hold each other.
Answers = Mapping[str, Any]
_COLUMNS = 98  # the longest line, in characters
_APART = timedelta(21)  # from the letter's date to a sample's earlier or later day
_PARTICULARS = "particulars"
_OF_SEVERAL = ("addressing", "to")  # only where several parties get a letter
_BY_PARTY = ("recipients", "service")
_LAYOUT = bundled.TEMPLATES / "_layout" / "request.yaml"
_LISTED = "as ICE's list has it: "
_FILE = "FILE"  # the layout's placeholder for the name of the request file


class _Part(NamedTuple):
    """A key of a request, with the notes above it and a sample of its value."""

    notes: str
    key: str
    sample: Any


def request_text(
    answers: Answers,
    kind: LetterKind,
    parties: Collection[str],
    day: date,
    file: str,
    listed: Answers,
) -> str:
    """Write a request in YAML: the answers, and each other key as a sample behind a #.

    `parties` receive a letter; `day` is the letter's date, from which the days of samples are
    counted; `file` is the name of the request file. `listed` are the particulars that the letter
    takes from the list of agencies.
    """
    head, *sections = layout().strip().split("\n\n")
    parts = [head.replace(_FILE, file)]
    for part in map(_part_from, sections):
        value, sample = answers.get(part.key), part.sample
        if part.key in _OF_SEVERAL and value is None and len(parties) == 1:
            continue
        if part.key in _BY_PARTY:  # drop samples for parties that get no letter
            sample = {party: inner for party, inner in sample.items() if party in parties}
        lines = _lines(part.key, value, sample)
        if part.key == _PARTICULARS:
            lines = _particular_lines(value or {}, kind.particulars, day, listed)
        if text := "\n".join(lines):
            parts.append(part.notes + text)
    return "\n\n".join(parts) + "\n"


def layout() -> str:
    """Return the layout of a request's text, which has a note and a sample for each key."""
    return _LAYOUT.read_text("utf-8")


def notes_in(layout: str) -> dict[str, str]:
    """Return the layout's note for each key of a request, as one line."""
    parts = map(_part_from, layout.strip().split("\n\n")[1:])
    return {part.key: " ".join(part.notes.replace("# ", "").split()) for part in parts}


def _part_from(section: str) -> _Part:
    """Read a section of the layout: lines of notes, then a key with its sample."""
    notes = "".join(line for line in section.splitlines(keepends=True) if line.startswith("#"))
    ((key, sample),) = yaml.load(section, TEXT_LOADER).items()  # noqa: S506  # texts alone
    return _Part(notes, key, sample)


def _particular_lines(
    answers: Answers, declared: Mapping[str, Particular], day: date, listed: Answers
) -> Iterator[str]:
    """Yield the lines of each particular of the letter kind, below its help text."""
    if declared:
        yield f"{'' if answers else '#'}{_PARTICULARS}:"
    for key, spec in declared.items():
        choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
        head = _LISTED if key in listed else "required: " if spec.required else ""
        yield from wrap(f"{head}{spec.help}{choices}", _COLUMNS, "  # ")
        yield from _lines(key, answers.get(key), listed.get(key) or sample_of(spec, day), 2)


def sample_of(spec: Particular, day: date) -> Any:
    """Make a sample value of a particular, from its example if it has one."""
    if isinstance(spec.of, dict):
        return [{key: sample_of(inner, day) for key, inner in spec.of.items()}]
    kind = spec.of if spec.type == "list" else spec.type
    match kind:
        case "date":
            apart = {"before": -_APART, "after": _APART}
            near = (day + apart[spec.when]).isoformat() if spec.when else day.isoformat()
            # The example belongs to a letter of another date.
            value = near if spec.when else spec.example or near
        case "choice":
            value = spec.choices[0]
        case _:
            value = spec.example or ""
            if spec.follow == "reference":  # it has the day of the earlier letter
                value = re.sub(r"-[0-9]{8}-", f"-{day - _APART:%Y%m%d}-", value)
    return [value] if spec.type in ("list", "paragraphs") and value else value


def _lines(key: str, value: Any, sample: Any, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a key with its value, or with its sample behind a #."""
    shown, head = (sample, "#") if value is None else (value, "")
    head += f"{' ' * indent}{key}:"
    samples = sample if isinstance(sample, Mapping) else {}
    # A mapping has a line for each key at the top level, and where it has mappings within.
    is_block = isinstance(shown, Mapping) and (
        indent == 0
        or any(isinstance(inner, Mapping) for inner in (*shown.values(), *samples.values()))
    )
    if is_block:
        yield head
        for inner in dict.fromkeys((*samples, *shown)):
            inner_value = None if value is None else value.get(inner)
            yield from _lines(inner, inner_value, samples.get(inner), indent + 2)
    elif isinstance(shown, list) and len(head) + len(_flow(shown)) > _COLUMNS:
        yield head
        edge = f"{head[: head.index(key)]}  "
        for item in shown:  # a long one takes several lines
            if len(edge) + len(_flow(item)) < _COLUMNS:
                yield f"{edge}- {_flow(item)}"
            elif isinstance(item, Mapping):
                first, *others = (f"{name}: {_flow(each)}" for name, each in item.items())
                yield f"{edge}- {first}"
                yield from (f"{edge}  {line}" for line in others)
            else:
                yield f"{edge}- >-"
                yield from wrap(item, _COLUMNS, f"{edge}  ")
    else:
        yield f"{head} {_flow(shown)}".rstrip()


def _flow(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_flow(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text: str = value
    if not text or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return text
    # Quote text where YAML or a reader could misread it. The reader takes a curly quote at the
    # beginning for one that was meant to be straight.
    plain = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10**9)
    is_plain = plain == f"[{text}]\n" and text[0] not in "\u2018\u2019\u201c\u201d"
    return text if is_plain else json.dumps(text, ensure_ascii=False)
