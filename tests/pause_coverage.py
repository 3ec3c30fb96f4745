"""Measure coverage only where it shows something: while a test runs or a fixture is made.

It follows every line of pytest and of WeasyPrint too, which doubles what a test or a page costs,
and then keeps none of them; and of a test that is marked `no_cover`, other tests run the same code.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

# Of each `coverage_paused` that runs, what measured before; Any: an inner type of the interpreter.
_TRACERS: list[Any] = []


@contextmanager
def coverage_paused() -> Iterator[None]:
    """Measure nothing while the block runs.

    By itself pytest-cov does not stop in the workers of pytest-xdist, where it started twice.
    """
    _TRACERS.append(sys.gettrace())
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(_TRACERS.pop())


@contextmanager
def coverage_resumed() -> Iterator[None]:
    """Within `coverage_paused`, measure again while the block runs."""
    running = sys.gettrace()
    outer = running if running is _TRACERS[-1] else None  # a test may ask for a fixture
    # After a test marked `no_cover`, pytest-cov has started another one.
    _TRACERS[-1] = running or _TRACERS[-1]
    sys.settrace(_TRACERS[-1])
    try:
        yield
    finally:
        sys.settrace(outer)


def import_measured(package: str) -> None:
    """Import every module of a package now, if anything measures, so that this is measured."""
    if sys.gettrace():
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, f"{package}."
        ):
            importlib.import_module(module.name)


# What WeasyPrint does for a page without a call to the package: styles, layout, drawing.
_STEPS = ("get_all_computed_styles", "layout_document", "generate_pdf")


def pause_in_layouts() -> None:
    """Let WeasyPrint make pages unmeasured, from the first test on after it was imported."""
    document: Any = sys.modules.get("weasyprint.document")  # Any: it ships no types
    if document is not None and not hasattr(document.layout_document, "__wrapped__"):
        for name in _STEPS:
            setattr(document, name, _unmeasured(getattr(document, name)))


# Any: WeasyPrint ships no types.
def _unmeasured(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def unmeasured(*arguments: Any, **options: Any) -> Any:
        with coverage_paused():
            made = step(*arguments, **options)
            return list(made) if isinstance(made, Generator) else made  # it works where it is read

    return unmeasured
