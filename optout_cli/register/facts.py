"""Compare the facts of two letters, and name what differs."""

from collections.abc import Iterator
from typing import Any

import msgspec

# The facts that say where a value was read or what draws the pages, and those of one recipient.
_PASSED_OVER = ("cautions", "copies", "engine", "message-id", "origins", "recipient")
# Where a recipient can be reached: a format that needs one of these may be the first to have it.
_ROUTES = ("email", "fax")
_DERIVED = ("reference", "computed")  # they follow from other facts
_MOST = 4  # differences that a message names


def differences(old: msgspec.Raw, new: msgspec.Raw) -> list[str]:
    """Return what differs, such as `signatory.name was 'Pat', is 'Kim'`."""
    if bytes(old) == bytes(new):
        return []
    found = dict(_differences(_facts_in(old), _facts_in(new), ""))
    stated = {path: text for path, text in found.items() if path.split(".")[0] not in _DERIVED}
    return [f"{path} {text}" for path, text in (stated or found).items()]


def named(texts: list[str]) -> str:
    """Return the first differences in one line, and how many more there are."""
    more = len(texts) - _MOST
    return "; ".join(texts[:_MOST]) + (f"; and {more} more" if more > 0 else "")


# Any: facts are JSON of many shapes.
def _facts_in(raw: msgspec.Raw) -> Any:
    facts = msgspec.json.decode(raw)
    for recipient in facts.get("recipients", []):
        recipient.update(recipient.pop("contact", {}))  # as a request has it
    return facts


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(old, list) and isinstance(new, list):
        old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            pair = old.get(key), new.get(key)
            is_first_route = path.startswith("recipients.") and key in _ROUTES and None in pair
            if key not in _PASSED_OVER and not is_first_route:
                inner = f"{path}.{key}" if path else key
                yield from _differences(*pair, inner)
    elif old != new:
        yield path, f"was {_shown(old)}, is {_shown(new)}"


def _by_name(items: list[Any]) -> dict[str, Any]:
    """Return the items of a list by party, or else by number."""
    is_named = all(isinstance(item, dict) and "party" in item for item in items)
    return {item["party"] if is_named else str(number): item for number, item in enumerate(items)}


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return "not there" if value is None else repr(value)
