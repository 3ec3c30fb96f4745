"""Fill in the templates of letters and pages, and know which files each is made of.

Uses two Jinja environments. Templates in `letters` may have only the tags of a letter's body, and
each tag is stamped with its location; `pages` are the layout around a finished letter. Neither can
reach a file outside the template folders.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.runtime import Context

from optout_cli.cache import Cache
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.readers.files import MAX_BYTES
from optout_cli.templating.filters import FILTERS, MAX_LETTER, Endless, Refused
from optout_cli.templating.problems import (
    missing_filter,
    missing_template,
    names_itself,
    template_problems,
)
from optout_cli.templating.sandbox import Environment, Stamp, printable
from optout_cli.templating.search import SUFFIX, TemplateSearch

# The layout around letters, and of pages that are not letters.
_PAGE_NAMES = ("mailings", "letter", "letterhead", "cover", "sheet", "guide-page", "email")
_REPORT_NAMES = ("status", "review", "diff", "screen")
_PAGES = tuple(f"_layout/{page}.html.j2" for page in (*_PAGE_NAMES, *_REPORT_NAMES))
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_Parts = dict[str, tuple[str, nodes.Template]]
PASSAGE_END = "\2"


class Templates(TemplateSearch):
    """The templates of the folders, compiled. An earlier folder wins; the last one ships."""

    def __init__(self, folders: Sequence[Path], cache: Cache | None = None) -> None:
        super().__init__(folders)
        self._loader = _Loader(self)
        self._cache, self._bytecode = cache, _Bytecode(cache) if cache else None
        self._parsed: _Parts = {}
        self._digests: dict[str, str] = {}
        self._own_digests: dict[str, str | None] = {}
        self.letters = self._environment(extensions=[Stamp], finalize=printable)
        self.pages = self._environment(trim_blocks=True, lstrip_blocks=True)

    # Any: options of jinja2.Environment, each of its own type.
    def _environment(self, **options: Any) -> Environment:
        return Environment(
            loader=self._loader,
            autoescape=True,
            auto_reload=False,  # or it looks at each file again for each letter
            bytecode_cache=self._bytecode,
            **options,
        )

    # Any: the facts of a notice, of any type.
    def fill_in(self, name: str, facts: dict[str, Any]) -> str:
        """Fill in a letter's template. Raises OptoutError with the template's line."""
        return self._fill_in(self.letters, name, facts)

    # Any: as above.
    def blocks_of(self, name: str, facts: dict[str, Any]) -> dict[str, str]:
        """Fill in each block of a letter's template by itself. Raises OptoutError at its line."""
        with template_problems(name, self, facts):
            self.letters.begin()
            template = self.letters.get_template(name)
            context = template.new_context(facts)
            for _ in template.root_render_func(context):  # finds the blocks of what it extends
                pass
            return {block: "".join(fill[0](context)) for block, fill in context.blocks.items()}

    # Any: as above.
    def with_passage_marks(self, name: str, facts: dict[str, Any]) -> str:
        """Fill in a letter's template, with `passage_mark(id)` and PASSAGE_END around each passage.

        Raises OptoutError with the template's line.
        """
        with template_problems(name, self, facts):
            self.letters.begin()
            template = self.letters.get_template(name)
            context = template.new_context(facts)
            for id in self.passages_in(name):
                context.blocks.setdefault(id, []).insert(0, partial(_within_marks, id))
            return "".join(template.root_render_func(context))

    # Any: as above.
    def lay_out(self, name: str, parts: dict[str, Any], *, limit: int = MAX_LETTER) -> str:
        """Fill in a page's template, with at most `limit` characters.

        Raises OptoutError with the template's line.
        """
        return self._fill_in(self.pages, name, parts, limit)

    def problems(self) -> Iterator[Problem]:
        """Compile every template of the user's folders, else the shipped ones; yield problems."""
        for folder in self.own or self.folders:
            for path in sorted(folder.rglob(f"*{SUFFIX}")):
                name = path.relative_to(folder).as_posix()
                environment = self.pages if name in _PAGES else self.letters
                try:
                    if not self._file(folder, name):  # reading a named pipe never ends
                        yield Problem("not-a-file", "is not a file", Location(str(path)))
                        continue
                    is_read = environment is self.letters and self.path_of(name) == path
                    with template_problems(name, self):
                        if is_read:  # what letters use is kept, parsed and compiled
                            syntax = self._parse(name)[1]
                        else:
                            syntax = environment.parse(_read(path), name, str(path))
                        # Jinja reports a filter in an `if` only when a letter takes that branch.
                        missing = [
                            missing_filter(used.name, Location(self.shown(path), used.lineno))
                            for used in syntax.find_all(nodes.Filter)
                            if used.name not in FILTERS
                        ]
                        missing += (
                            missing_template(named, Location(self.shown(path), node.lineno), self)
                            for node, named in _names_in(syntax)
                            if not self.has(named)
                        )
                        if is_read:
                            environment.get_template(name)
                        else:
                            environment.compile(syntax, name, str(path))
                    yield from missing
                    if self.is_own(name) and not missing:
                        self.parts_of(name)
                except OptoutError as error:
                    yield from error.problems

    def parts_of(self, name: str) -> _Parts:
        """Return source and syntax of a letter's template and of all that it names, by name.

        The template comes first, then the ones that it names, in order. Raises OptoutError, also
        for a template of the user's that names itself, perhaps by way of others.
        """
        parts: _Parts = {}
        waiting = [(name, self.location(name))]
        while waiting:
            part, location = waiting.pop(0)
            if part in parts:
                continue
            if not self.has(part):
                raise OptoutError(missing_template(part, location, self))
            _, syntax = parts[part] = self._parse(part)
            waiting += [
                (named, self.location(part, node.lineno)) for node, named in _names_in(syntax)
            ]
        if not self.own:
            return parts
        from graphlib import CycleError, TopologicalSorter

        named_by = {part: dict(_names_in(syntax)) for part, (_, syntax) in parts.items()}
        try:
            TopologicalSorter({part: it.values() for part, it in named_by.items()}).prepare()
        except CycleError as error:
            circle = dict(pairwise(reversed(error.args[1])))  # each template, and the one it names
            part = max(filter(self.is_own, circle), default=min(circle))
            node = next(node for node, name in named_by[part].items() if name == circle[part])
            raise OptoutError(names_itself(part, circle[part], node, self)) from None
        return parts

    def source_of(self, name: str) -> tuple[str, list[str]]:
        """Return the source of a letter's template, and the names of those that it names.

        A source that the cache has met is not parsed again. Raises OptoutError.
        """
        with template_problems(name, self):
            source, _, _ = self._loader.get_source(self.letters, name)
        key = f"names in {jinja2.__version__} {name}\0{source}".encode()
        if kept := self._cache.get(key) if self._cache else None:
            return source, msgspec.json.decode(kept, type=list[str])
        names = [named for _, named in _names_in(self._parse(name)[1])]
        if self._cache:
            self._cache.put(key, msgspec.json.encode(names))
        return source, names

    def _parse(self, name: str) -> tuple[str, nodes.Template]:
        """Return source and syntax of a letter's template, which is read once."""
        if name not in self._parsed:
            with template_problems(name, self):
                source, file, _ = self._loader.get_source(self.letters, name)
                self._parsed[name] = source, self.letters.parse(source, name, file)
        return self._parsed[name]

    def digest_of(self, name: str) -> str:
        """Return the SHA-256 of a letter's template and of all that it names, as hex."""
        if name not in self._digests:
            self._digests[name] = _digest(self._sources(name))
        return self._digests[name]

    def passages_in(self, name: str) -> set[str]:
        """Return the names of all passages of a letter's template. Raises OptoutError."""
        syntaxes = (syntax for _, syntax in self.parts_of(name).values())
        return {block.name for syntax in syntaxes for block in syntax.find_all(nodes.Block)}

    def passages_within(self, name: str) -> dict[str, list[str]]:
        """Return the passages directly within each passage of a letter. Raises OptoutError."""
        inner: dict[str, list[str]] = {}
        for _, syntax in self.parts_of(name).values():
            for outer in syntax.find_all(nodes.Block):
                deeper = {
                    nested.name
                    for block in outer.find_all(nodes.Block)
                    for nested in block.find_all(nodes.Block)
                }
                names = [
                    block.name for block in outer.find_all(nodes.Block) if block.name not in deeper
                ]
                inner.setdefault(outer.name, names)
        return inner

    def own_digest_of(self, name: str) -> str | None:
        """Return the SHA-256 of the user's own part of a letter's template, as hex.

        None if all of it is shipped. Raises OptoutError.
        """
        if self.own and name not in self._own_digests:
            own = [(part, source) for part, source in self._sources(name) if self.is_own(part)]
            self._own_digests[name] = _digest(own) if own else None
        return self._own_digests.get(name)

    def has_own_wording(self, letter: str) -> bool:
        """Tell whether the user's folders have a part of a letter's templates, local ones too."""
        local = (path for folder in self.own for path in folder.glob(f"{letter}.*{SUFFIX}"))
        name = self.name_of(letter, "", "")
        return any(local) or not self.has(name) or self.own_digest_of(name) is not None

    def spot_of_words(self, words: str, name: str) -> Location | None:
        """Return the location of a letter's words in its template or in one that it names."""
        joined = r"(?:\s|<[^>]*>)+".join(map(re.escape, words.split()))
        pattern = re.compile(rf"(?<!\w){joined}(?!\w)")  # "hi" is not in "this"
        for part, source in self._sources(name):
            bare = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), unescape(source))
            if found := pattern.search(bare):
                return self.location(part, bare.count("\n", 0, found.start()) + 1)
        return None

    def _sources(self, name: str) -> list[tuple[str, str]]:
        """Return names and sources as `parts_of` does, but without a look for circles."""
        sources: dict[str, str] = {}
        waiting = [name]
        while waiting:
            part = waiting.pop(0)
            if part not in sources:
                if not self.has(part):
                    self.parts_of(name)  # says which template names it
                sources[part], named = self.source_of(part)
                waiting += named
        return [*sources.items()]

    def placed(self, problem: Problem, name: str) -> Problem:
        """Give a Problem of a filled-in letter the location of its words, else of its tag."""
        location = problem.location
        words = problem.text.split()
        for count in range(len(words), 0, -1):  # its last words may come from a fact
            own = " ".join(words[:count])
            if found := self.spot_of_words(own, name):
                message = problem.message.replace(problem.text, own)
                return msgspec.structs.replace(problem, message=message, location=found, text="")
        shown = self.location(location.file, location.line) if location else None
        return msgspec.structs.replace(problem, location=shown, text="")

    def _fill_in(
        self, environment: Environment, name: str, facts: dict[str, Any], limit: int = MAX_LETTER
    ) -> str:
        with template_problems(name, self, facts):
            environment.begin()
            chunks, size = [], 0
            try:
                for chunk in environment.get_template(name).generate(facts):
                    size += len(chunk)
                    if size > limit:
                        raise Endless(f"prints more than {limit:,} characters")
                    chunks.append(chunk)
            except RecursionError:
                self.parts_of(name)  # says which template names itself
                raise
            return "".join(chunks)


def passage_mark(id: str) -> str:
    """Return the mark before the words of a passage."""
    return f"\1{id}\1"


def _within_marks(id: str, context: Context) -> Iterator[str]:
    """Yield a passage between its marks. It is the first of its blocks, and fills in the next."""
    yield passage_mark(id)
    yield from context.blocks[id][1](context)
    yield PASSAGE_END


@lru_cache(maxsize=64)  # letters share most of their templates
def _names_in(syntax: nodes.Template) -> list[tuple[nodes.Node, str]]:
    """Return the name of each template that another one uses, after the node that names it."""
    named: list[tuple[nodes.Node, str]] = []
    kinds = (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)
    for node in syntax.find_all(kinds):
        template = node.template  # type: ignore[attr-defined]  # each of the four has one
        if isinstance(template, nodes.Const) and isinstance(template.value, str):
            named.append((node, template.value))
    return named


def _digest(sources: list[tuple[str, str]]) -> str:
    return sha256("".join(f"{name}\0{source}\0" for name, source in sources).encode()).hexdigest()


def _read(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise Refused(f"is too large; the limit is {MAX_BYTES / 2**20:.0f} MB")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("is not UTF-8 text", "save it with encoding UTF-8") from None


class _Loader(jinja2.BaseLoader):
    """Reads the file that the search finds for a template's name, and no other."""

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
        return _read(path), str(path), lambda: path.stat().st_mtime_ns == read


class _Bytecode(BytecodeCache):
    """Compiled templates in optout's cache, which checks an entry before it is used."""

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
        return f"{kind} counted {jinja2.__version__} {bucket.key} {bucket.checksum}".encode()
