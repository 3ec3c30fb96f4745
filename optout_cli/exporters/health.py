"""What the PDF engine is made of on this machine, for who looks after it."""

from importlib import import_module


def pango_version() -> str:
    """Return Pango's version. Raises OSError where it cannot be loaded."""
    import_module("optout_cli.exporters._engine")  # loads the libraries as the letters do
    from weasyprint.text.ffi import pango

    number = pango.pango_version()  # 15012 is 1.50.12
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def has_subsetting() -> bool:
    """Tell whether harfbuzz-subset is there, without which letters take twice the time."""
    from weasyprint.text import ffi

    return ffi.harfbuzz_subset is not None
