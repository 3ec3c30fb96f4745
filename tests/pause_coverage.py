"""Stop measuring coverage where that costs much and shows nothing.

It follows every line of WeasyPrint too, which doubles what a page costs, and then keeps none of
them; and of a test that is marked `no_cover`, other tests run the same code.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


@contextmanager
def coverage_paused() -> Iterator[None]:
    """Measure nothing while the block runs.

    By itself pytest-cov does not stop in the workers of pytest-xdist, where it started twice.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def pause_in_layouts() -> None:
    """Let WeasyPrint lay out pages unmeasured, from the first test on after it was imported."""
    document: Any = sys.modules.get("weasyprint.document")  # Any: it ships no types
    if document is not None and not hasattr(document.layout_document, "__wrapped__"):
        document.layout_document = _unmeasured(document.layout_document)


# Any: WeasyPrint ships no types.
def _unmeasured(layout: Callable[..., Any]) -> Callable[..., list[Any]]:
    @wraps(layout)
    def unmeasured(*arguments: Any) -> list[Any]:
        with coverage_paused():
            return list(layout(*arguments))  # a generator, which works where it is read

    return unmeasured
