"""Stop measuring coverage while WeasyPrint lays out a page.

Coverage follows its every line too, which doubles what a page costs, and then keeps none of them.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any


def pause_coverage() -> None:
    """Wrap the layout of pages as soon as an earlier test has imported WeasyPrint."""
    document: Any = sys.modules.get("weasyprint.document")
    if document is not None and not hasattr(document.layout_document, "__wrapped__"):
        document.layout_document = _untraced(document.layout_document)


# Any: WeasyPrint ships no types.
def _untraced(layout: Callable[..., Any]) -> Callable[..., list[Any]]:
    @wraps(layout)
    def untraced(*arguments: Any) -> list[Any]:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return list(layout(*arguments))  # a generator, which works where it is read
        finally:
            sys.settrace(tracer)

    return untraced
