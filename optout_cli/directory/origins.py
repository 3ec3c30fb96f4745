"""The file and line of each value of a Locality."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

from optout_cli.readers.document import Document, Tree


class Origins:
    """Locations in the data; those of offices are shared by all states, a state's by all in it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._of_states: dict[str, dict[str, str]] = {}

    def of(self, code: str, root: str, document: Document) -> dict[str, str]:
        """Map each key path within a Locality to its `file:line`.

        `root` is the key path of the jurisdiction or agency in its `document`.
        """
        if code not in self._of_states:
            found = {}
            for key in ("bureau", "field-office", "laws"):
                found.update(_below(key, f"states.{code}.{key}", self._document))
            # Any: plain data.
            states = cast(dict[str, Any], self._document.data["states"])
            for number in range(len(states[code].get("laws", ()))):
                location = self._document.location(f"states.{code}.laws.{number}")
                found[f"laws.{number}"] = f"{location.file}:{location.line}"
            self._of_states[code] = found
        own = _below("jurisdiction", root, document)
        return {**self._of_offices, **self._of_states[code], **own}

    @cached_property
    def _of_offices(self) -> dict[str, str]:
        return _below("offices", "offices", self._document)


def _below(short: str, root: str, document: Document) -> dict[str, str]:
    """Map `root`, which the Locality calls `short`, and each key path below it."""
    found = {}
    for path in _paths_below(document.data, root):
        location = document.location(path)
        found[short + path.removeprefix(root)] = f"{location.file}:{location.line}"
    return found


def _paths_below(data: Tree, root: str) -> Iterator[str]:
    """Yield `root` and every key path below it; nothing if `root` is not there."""
    node = data
    for part in root.split("."):
        if not isinstance(node, dict) or part not in node:
            return
        node = node[part]
    waiting = [(root, node)]
    while waiting:
        path, node = waiting.pop()
        yield path
        if isinstance(node, dict):
            waiting += [(f"{path}.{key}", value) for key, value in node.items()]
