"""The file and line of each value of a Locality."""

from functools import cached_property
from typing import Any, cast

from optout_cli.errors import Location
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
                law = self._document.location(f"states.{code}.laws.{number}")
                found[f"laws.{number}"] = _place(law)
            self._of_states[code] = found
        own = _below("jurisdiction", root, document)
        return {**self._of_offices, **self._of_states[code], **own}

    @cached_property
    def _of_offices(self) -> dict[str, str]:
        return _below("offices", "offices", self._document)


def _below(short: str, root: str, document: Document) -> dict[str, str]:
    """Map `root`, which the Locality calls `short`, and each key path below it; nothing if missing.

    A value is located at the nearest key above it that has a location, as `Document.location` does.
    With one layer, that place is handed down, which takes a tenth of the time.
    """
    node: Tree = document.data
    for part in root.split("."):
        if not isinstance(node, dict) or part not in node:
            return {}
        node = node[part]
    marks = document.layers[0].marks if len(document.layers) == 1 else None
    found, waiting = {}, [(root, node, _place(document.location(root)))]
    while waiting:
        path, node, place = waiting.pop()
        found[short + path.removeprefix(root)] = place
        for key, value in node.items() if isinstance(node, dict) else ():
            inner = f"{path}.{key}"
            own = place
            if marks is None or inner in marks:
                own = _place(document.location(inner))
            waiting.append((inner, value, own))
    return found


def _place(location: Location) -> str:
    return f"{location.file}:{location.line}"
