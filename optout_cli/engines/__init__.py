"""Turn a letter or a page into PDF, and tell which parts of the PDF engine this computer has."""

from importlib import import_module


def pango_version() -> str:
    """Return Pango's version. Raises OSError where Pango cannot be loaded."""
    import_module("optout_cli.engines.weasyprint")  # loads the libraries as the letters do
    from weasyprint.text.ffi import pango

    number = pango.pango_version()  # 15012 is 1.50.12
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def has_subsetting() -> bool:
    """Tell whether harfbuzz-subset is installed. Letters take twice as long without it."""
    from weasyprint.text import ffi

    return ffi.harfbuzz_subset is not None


CURE = "install Pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango"
STYLE = "_layout/letter.css"
