"""Stop measuring coverage while WeasyPrint lays out a page and Jinja parses a template.

Coverage follows their every line too, which doubles what they cost, and then keeps none of them.
"""

import sys
from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

# Any: functions of other packages, of any arguments.
_PLACES = (
    ("weasyprint.document", "layout_document"),
    ("jinja2.environment", "Environment._parse"),
)
_paused: set[tuple[str, str]] = set()


def pause_coverage() -> None:
    """Wrap what is imported by now; what is not is wrapped before a later test."""
    for module, name in _PLACES:
        if module in sys.modules and (module, name) not in _paused:
            _paused.add((module, name))
            *owners, last = name.split(".")
            owner: object = sys.modules[module]
            for it in owners:
                owner = getattr(owner, it)
            setattr(owner, last, _untraced(getattr(owner, last)))


def _untraced(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def untraced(*arguments: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            result = call(*arguments, **named)
            # A generator does its work where it is read.
            return list(result) if isinstance(result, Generator) else result
        finally:
            sys.settrace(tracer)

    return untraced
