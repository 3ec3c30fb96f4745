"""The templates of letters and pages, filled in: which file is meant, what it is made of.

Two Jinja environments: `letters`, whose templates are held to the body's closed dialect and
stamped with their places, and `pages`, the layout around a finished letter. Neither can reach a
file outside the template folders.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.bccache import Bucket, BytecodeCache

from optout_cli.cache import Cache
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.templating.filters import FILTERS, Refused
from optout_cli.templating.problems import extends_itself, missing_filter, missing_template, placed
from optout_cli.templating.sandbox import MAX_LETTER, Environment, Stamp, printable
from optout_cli.templating.search import SUFFIX, TemplateSearch

# The layout around letters, and of pages that are none.
_PAGES = tuple(f"_layout/{it}.html.j2" for it in ("letter", "cover", "sheet", "guide-page"))
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_Parts = dict[str, tuple[str, nodes.Template]]


class Templates(TemplateSearch):
    """The templates of the folders, the first folder's before the next one's; the last ships."""

    def __init__(self, folders: Sequence[Path], cache: Cache | None = None) -> None:
        super().__init__(folders)
        self._loader = _Loader(self)
        self._bytecode = _Bytecode(cache) if cache else None
        self._parsed: _Parts = {}
        self._own: dict[str, str | None] = {}
        self.letters = self._environment(extensions=[Stamp], finalize=printable)
        self.pages = self._environment(trim_blocks=True, lstrip_blocks=True)

    # Any: options of jinja2.Environment, each of its own type.
    def _environment(self, **options: Any) -> Environment:
        return Environment(
            loader=self._loader, autoescape=True, bytecode_cache=self._bytecode, **options
        )

    # Any: the facts of a notice, of any type.
    def fill_in(self, name: str, facts: dict[str, Any]) -> str:
        """Print a letter's template. Raises OptoutError with the template's line."""
        return self._printed(self.letters, name, facts)

    def lay_out(self, name: str, parts: dict[str, Any]) -> str:
        """Print a page's template. Raises OptoutError with the template's line."""
        return self._printed(self.pages, name, parts)

    def problems(self) -> Iterator[Problem]:
        """Compile every template of the folders and yield what is wrong with them."""
        for folder in self.folders:
            for path in sorted(folder.rglob(f"*{SUFFIX}")):
                name = path.relative_to(folder).as_posix()
                environment = self.pages if name in _PAGES else self.letters
                try:
                    self._file(folder, name)
                    with placed(name, self):
                        source = path.read_text("utf-8")
                        syntax = environment.parse(source, name, str(path))
                        environment.compile(syntax, name, str(path))
                        yield from self._lost(syntax, name, path)
                except OptoutError as error:
                    yield from error.problems

    def _lost(self, syntax: nodes.Template, name: str, path: Path) -> Iterator[Problem]:
        """Yield each template, and filter, that this one names and that is not there.

        Of a filter on a branch Jinja tells only when a letter takes it.
        """
        for it in syntax.find_all(nodes.Filter):
            if it.name not in FILTERS:
                yield missing_filter(it.name, Location(self.shown(path), it.lineno))
        for node, named in _named_in(syntax):
            location = Location(self.shown(path), node.lineno)
            if not self.has(named):
                yield missing_template(named, location, self)
            elif self.path_of(named) == path:
                yield extends_itself(name, location, self)

    def parts_of(self, name: str) -> _Parts:
        """Return source and syntax, by name, of a letter's template and all that it is made of.

        The template comes first, then what it names, in that order. Raises OptoutError.
        """
        parts: _Parts = {}
        waiting = [(name, self.location(name))]
        while waiting:
            at, location = waiting.pop(0)
            if at in parts:
                continue
            if not self.has(at):
                raise OptoutError(missing_template(at, location, self))
            if at not in self._parsed:
                with placed(at, self):
                    source, file, _ = self._loader.get_source(self.letters, at)
                    self._parsed[at] = source, self.letters.parse(source, at, file)
            parts[at] = self._parsed[at]
            syntax = parts[at][1]
            waiting += [(it, self.location(at, node.lineno)) for node, it in _named_in(syntax)]
        return parts

    def digest_of(self, name: str) -> str:
        """Return the SHA-256 of a letter's template and of all that it is made of, as hex."""
        return _digest(self._sources(name))

    def own_digest_of(self, name: str) -> str | None:
        """Return the SHA-256 of what the user wrote of a letter's template, as hex.

        None where all of it ships. Raises OptoutError.
        """
        if not self.own:
            return None
        if name not in self._own:
            own = [(at, source) for at, source in self._sources(name) if self.is_own(at)]
            self._own[name] = _digest(own) if own else None
        return self._own[name]

    def spot_of_words(self, words: str, name: str) -> Location | None:
        """Find where words of a letter stand in its template, or in what that is made of."""
        pattern = re.compile(r"(?:\s|<[^>]*>)+".join(map(re.escape, words.split())))
        for at, source in self._sources(name):
            bare = _COMMENT.sub(lambda it: "\n" * it[0].count("\n"), unescape(source))
            if found := pattern.search(bare):
                return self.location(at, bare.count("\n", 0, found.start()) + 1)
        return None

    def _sources(self, name: str) -> list[tuple[str, str]]:
        return [(at, source) for at, (source, _) in self.parts_of(name).items()]

    def placed(self, problem: Problem, name: str) -> Problem:
        """Place a Problem of a filled-in letter: where its words stand, else at its tag's stamp."""
        location = problem.location
        words = problem.text.split()
        for count in range(len(words), 0, -1):  # its last words may be a fact's
            own = " ".join(words[:count])
            if found := self.spot_of_words(own, name):
                message = problem.message.replace(problem.text, own)
                return msgspec.structs.replace(problem, message=message, location=found, text="")
        shown = self.location(location.file, location.line) if location else None
        return msgspec.structs.replace(problem, location=shown, text="")

    def _printed(self, environment: Environment, name: str, facts: dict[str, Any]) -> str:
        with placed(name, self, facts):
            chunks, size = [], 0
            for chunk in environment.get_template(name).generate(facts):
                size += len(chunk)
                if size > MAX_LETTER:
                    raise Refused(f"prints more than {MAX_LETTER:,} characters")
                chunks.append(chunk)
            return "".join(chunks)


def _named_in(syntax: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    """Yield each template that another one names, with the node that does so."""
    kinds = (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)
    for node in syntax.find_all(kinds):
        template = node.template  # type: ignore[attr-defined]  # each of the four has one
        if isinstance(template, nodes.Const) and isinstance(template.value, str):
            yield node, template.value


def _digest(sources: list[tuple[str, str]]) -> str:
    return sha256("".join(f"{at}\0{source}\0" for at, source in sources).encode()).hexdigest()


class _Loader(jinja2.BaseLoader):
    """Reads the file that the shelf has under a template's name, and no other."""

    def __init__(self, search: TemplateSearch) -> None:
        self._search = search

    def get_source(
        self,
        environment: jinja2.Environment,  # noqa: ARG002  # Jinja's signature
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        path = self._search.path_of(template)
        if path is None:
            raise jinja2.TemplateNotFound(template)
        read = path.stat().st_mtime_ns
        return path.read_text("utf-8"), str(path), lambda: path.stat().st_mtime_ns == read


class _Bytecode(BytecodeCache):
    """Compiled templates, kept where a damaged entry is noticed before it is believed."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def load_bytecode(self, bucket: Bucket) -> None:
        if payload := self._cache.get(self._key(bucket)):
            bucket.bytecode_from_string(payload)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._cache.put(self._key(bucket), bucket.bytecode_to_string())

    @staticmethod
    def _key(bucket: Bucket) -> bytes:
        kind = "letter" if Stamp.identifier in bucket.environment.extensions else "page"
        return f"{kind} {jinja2.__version__} {bucket.key} {bucket.checksum}".encode()
