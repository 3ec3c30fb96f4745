"""The data and templates that a run works with, each loaded when it is first needed."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import Directory, load_directory
from optout_cli.exporters.context import Options
from optout_cli.programs import Programs, load_programs

if TYPE_CHECKING:
    from optout_cli.exporters.context import ExportContext
    from optout_cli.templating.templates import Templates


class Library:
    """Data files and template folders, the user's before the shipped ones.

    `overlays` are laid on the shipped data in their order; `folders` of templates come before
    the shipped one.
    """

    def __init__(
        self,
        overlays: Sequence[str] = (),
        folders: Sequence[Path] = (),
        cache: Cache | None = None,
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self._overlays = overlays
        self.folders = (*folders, bundled.TEMPLATES)
        self._cache = cache

    def __reduce__(self) -> tuple[type["Library"], tuple[object, ...]]:
        """Travel to another process as what it was opened with, and be loaded there again."""
        return Library, (self._overlays, self.folders[:-1], self._cache, self.options)

    def with_data(self, path: str) -> "Library":
        """Return a library with one more overlay, the data file `path`."""
        return Library((*self._overlays, path), self.folders[:-1], self._cache, self.options)

    def looking(self, options: Options) -> "Library":
        """Return a library of the same data and templates whose formats look otherwise."""
        return Library(self._overlays, self.folders[:-1], self._cache, options)

    @cached_property
    def directory(self) -> Directory:
        """Jurisdictions, bureaus and offices."""
        return load_directory(str(bundled.JURISDICTIONS), self._overlays, self._cache)

    @cached_property
    def programs(self) -> Programs:
        """Programs and letter kinds."""
        return load_programs(self.folders, self._cache)

    @cached_property
    def templates(self) -> "Templates":
        """The letters' templates."""
        from optout_cli.templating.templates import Templates  # imports jinja2, 40 ms

        return Templates(self.folders, self._cache)

    @cached_property
    def context(self) -> "ExportContext":
        """What exporters share."""
        from optout_cli.exporters.context import ExportContext

        return ExportContext(self.templates, self.options)
