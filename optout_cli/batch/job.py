"""What a batch makes of each row, and what it knows of a row before and after it is made.

A row's letters are kept packed between its check and the making of its files, without the files
that they show or enclose: a thousand rows may enclose one resolution. They are read again when a
letter is made, and must be the same then.
"""

import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from traceback import format_exc
from typing import Any

import msgspec

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order
from optout_cli.letters.request_files import NamedFiles, files_of, names_in
from optout_cli.model.fields import Noun
from optout_cli.model.letter import Export, Letter
from optout_cli.model.notice import Note
from optout_cli.model.request import Request
from optout_cli.programs import validation
from optout_cli.readers.document import Document, Row, merge, with_assignments
from optout_cli.readers.files import folder_of
from optout_cli.register.events import Record
from optout_cli.register.plan import Writing, writing_of
from optout_cli.register.replies import Claim


class _RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What every row has; `traceback` is that of an unexpected error, if one ended the work."""

    number: int
    location: Location
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    traceback: str = ""

    @property
    def place(self) -> str:
        """The row's file and line, as the register shows them."""
        return f"{self.location.file}:{self.location.line}"


class CheckedRow(_RowResult, frozen=True, kw_only=True):
    """A row as it is known before anything is written.

    `key` is the jurisdiction, the letter kind and its variant, or None where the row has none; then
    `jurisdiction` may be known still. `distinctions` are the particulars that could tell the letter
    from another with the same file name, with their texts. `paths` are the files of its letters
    below the output folder, and `finished` those that need not be made again. `lacking` has each
    agency with a contact field that nobody knows. `output_files` are there if the check made them,
    and otherwise `letters`, packed. `claim` is what the letters say of an earlier one. `asked` is
    the jurisdiction, the letter kind and the date, as far as a row with problems has them too.
    `numbers` are the tracking numbers, each with its office and its key path.
    """

    key: tuple[str, str, str] | None = None
    jurisdiction: str | None = None
    distinctions: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    is_dated: bool = True
    paths: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    lacking: tuple[tuple[str, str], ...] = ()
    letters: bytes = b""
    output_files: Writing | None = None
    claim: Claim | None = None
    asked: tuple[str, str, str] | None = None
    numbers: tuple[tuple[str, str, str], ...] = ()


class MadeRow(_RowResult, frozen=True, kw_only=True):
    """All files of one row, or the problems that prevent them."""

    output_files: Writing | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every row: data, templates, what to make, and shared values.

    Values of a row replace those of `common`; values in `over`, by the option that gave them,
    replace those of the row. `folder` is the output folder, and `records` what its register has.
    """

    library: Library
    order: Order
    common: Document | None = None
    over: tuple[tuple[str, Mapping[str, str]], ...] = ()
    folder: Path = Path()
    records: Mapping[str, Record] = {}

    def document_of(self, row: Document) -> Document:
        """Merge a row with the shared values. Raises OptoutError."""
        document = merge(self.common, row) if self.common else row
        for option, values in self.over:
            document = with_assignments(document, option, values)
        return document

    def named_by(self, document: Document, row: Row) -> NamedFiles:
        """Return what finds the files that a row names."""
        return NamedFiles(document, folder_of(row.location.file), self.order.files_from)

    def writing_of(
        self,
        letters: Sequence[Letter],
        exports: Sequence[Export],
        location: Location,
        fingerprint: str,
    ) -> Writing:
        """Return a row's files with their event; each jurisdiction has a folder of its own."""
        place = letters[0].notice.place
        return writing_of(
            letters,
            exports,
            self.library.context,
            lambda export: f"{place.state_code}/{place.slug}/{export.name}",
            request=f"{location.file}:{location.line}",
            fingerprint=fingerprint,
        )


_Stamp = tuple[int, int] | None  # when a file was changed, in ns, and its size; None if missing


class _Kept(msgspec.Struct, frozen=True):
    """Letters without their files, and the request that names those with what tells a change."""

    letters: tuple[Letter, ...]
    request: Request | None = None
    named: NamedFiles | None = None
    stamps: tuple[_Stamp, ...] = ()


def pack(letters: Sequence[Letter], request: Request, named: NamedFiles) -> bytes:
    """Pack the letters of a request; `named` finds the files that it names."""
    bare = tuple(
        msgspec.structs.replace(letter, seal=None, autograph=None, attachments=(), named=())
        for letter in letters
    )
    stamps = _stamps(request, named)
    packed = BytesIO()
    _Packer(packed).dump(_Kept(bare, request, named, stamps) if stamps else _Kept(bare))
    return packed.getvalue()


class _Packer(pickle.Pickler):
    """Packs a noun without the fields that have their default.

    JSON leaves out a field if its value is the default itself; an equal one would be shown.
    """

    # Any: objects of every type, and what pickle accepts for them.
    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Noun):
            return NotImplemented
        kind = type(value)
        if kind.__module__ == validation.__name__:  # another process knows no name of its class
            return dict, (msgspec.to_builtins(value),)
        stated = {
            field: inner
            for field, default in _defaults(kind)
            if (inner := getattr(value, field)) is not default
        }
        return _struct_from, (kind, stated)


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """Return the name of each field of a struct with its default, or NODEFAULT."""
    fields, defaults = kind.__struct_fields__, kind.__struct_defaults__
    needed = (msgspec.NODEFAULT,) * (len(fields) - len(defaults))
    return tuple(zip(fields, (*needed, *defaults), strict=True))


# Any: values of each field's own type.
def _struct_from(kind: type[msgspec.Struct], stated: dict[str, Any]) -> msgspec.Struct:
    return kind(**stated)


def unpack(content: bytes) -> tuple[Letter, ...]:
    """Return the letters that were packed, with their files.

    Raises OptoutError if a file was changed since.
    """
    kept: _Kept = pickle.loads(content)  # noqa: S301  # packed above
    if not kept.request or not kept.named:
        return kept.letters
    files = files_of(kept.request, kept.named)
    now = _stamps(kept.request, kept.named)
    raise_any(
        Problem(
            "changed-file",
            f"{name!r} was changed while the batch was running",
            None,
            "run the command again",
            path,
        )
        for (path, name, _), old, new in zip(names_in(kept.request), kept.stamps, now, strict=True)
        if old != new
    )
    return tuple(
        msgspec.structs.replace(
            letter,
            seal=files.seal,
            autograph=files.autograph,
            attachments=files.attachments,
            named=files.named,
        )
        for letter in kept.letters
    )


def _stamps(request: Request, named: NamedFiles) -> tuple[_Stamp, ...]:
    found: list[_Stamp] = []
    for path, name, _ in names_in(request):
        try:
            status = named.find(path, name).place.stat()
        except (OSError, OptoutError):
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)


_CHECK_DISK = "check the disk or the file that it names, and run the command again"
_REPORT = "this is a bug: report it with its traceback, and leave the row out until it is fixed"
_MAX_ERROR = 300  # characters of a library's own message that a Problem shows


def killed_problem(location: Location) -> Problem:
    """Report a row that killed the process that worked on it."""
    message = "the process that worked on this row was killed"
    hint = "if memory ran out, try again with --jobs 1"
    return Problem("worker-killed", message, location, hint)


@contextmanager
def row_errors(location: Location) -> Iterator[None]:
    """Turn each unexpected error in the block, optout's or a library's, into an OptoutError.

    A panic of Typst is no Exception. Nobody reads the output any more after a BrokenPipeError.
    """
    try:
        yield
    except (OptoutError, BrokenPipeError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001  # other rows are written whatever happens here
        traceback = format_exc()
        text = " ".join(str(error).split())[:_MAX_ERROR]
        shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
        message = ": ".join(filter(None, (f"optout failed with {type(error).__name__}", shown)))
        hint = _CHECK_DISK if isinstance(error, OSError) else _REPORT
        problem = Problem("internal-error", message, location, hint)
        if isinstance(error, MemoryError):
            message = "there is not enough memory for its letters"
            workers = sys.modules.get("multiprocessing")  # what a worker has imported
            is_shared = workers is not None and workers.parent_process()
            fewer = "try it with --jobs 1" if is_shared else None
            problem = Problem("out-of-memory", message, location, fewer)
        raise OptoutError(problem, traceback=traceback) from None
