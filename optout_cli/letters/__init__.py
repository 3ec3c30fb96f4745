"""One request -> its letters -> exports, with the data and templates of a `Library`.

The pipeline returns values and raises problems. It prints nothing, and gets the date from its
caller.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import Directory, load_directory
from optout_cli.errors import OptoutError
from optout_cli.exporters import ExportContext, Options
from optout_cli.programs import Programs, load_programs

if TYPE_CHECKING:
    from optout_cli.templating.templates import Templates


class Library:
    """Data files and template folders, the user's before the shipped ones.

    `overlays` correct the shipped data, in their order. Template `folders` come before the shipped
    folder.
    """

    def __init__(
        self,
        overlays: Sequence[str] = (),
        folders: Sequence[Path] = (),
        cache: Cache | None = None,
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self.overlays = tuple(overlays)
        self.folders = (*folders, bundled.TEMPLATES)
        self._cache = cache

    def __reduce__(self) -> tuple[type["Library"], tuple[object, ...]]:
        """Go to another process without the loaded data, and load it there again."""
        return Library, (self.overlays, self.folders[:-1], self._cache, self.options)

    def with_data(self, path: str) -> "Library":
        """Return a library that also has the data file `path` as an overlay."""
        return Library((*self.overlays, path), self.folders[:-1], self._cache, self.options)

    @property
    def directory(self) -> Directory:
        """Jurisdictions, agencies, bureaus and offices. Raises OptoutError."""
        if isinstance(self._directory, OptoutError):
            raise self._directory.with_traceback(None)
        return self._directory

    def with_options(self, options: Options) -> "Library":
        """Return a library with other options for the look of formats."""
        return Library(self.overlays, self.folders[:-1], self._cache, options)

    def with_folders(self, folders: Sequence[Path]) -> "Library":
        """Return a library with these template folders before the shipped one, and no other."""
        return Library(self.overlays, folders, self._cache, self.options)

    @cached_property
    def _directory(self) -> Directory | OptoutError:
        """The data, or what is wrong with it: `check` asks for the data many times."""
        try:
            return load_directory(
                str(bundled.JURISDICTIONS), self.overlays, self._cache, str(bundled.AGENCIES)
            )
        except OptoutError as error:
            return error

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
    def context(self) -> ExportContext:
        """What exporters share."""
        return ExportContext(self.templates, self.options)
