"""Give each test a home of its own, a fixed day, the shipped library, and a request to vary."""

import gc
import os
import shlex
import signal
import sys
import textwrap
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import date
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from answer_questions import Asked, at_the_terminal
from click.testing import CliRunner, Result
from hypothesis import settings
from jinja2 import nodes
from msgspec import Struct
from pause_coverage import coverage_paused, coverage_resumed, import_measured, pause_in_layouts
from run_batch import Batch, batch_in

from optout_cli import bundled, directory, engines
from optout_cli.cache import Cache
from optout_cli.cli import check, group, options
from optout_cli.errors import Problem
from optout_cli.exporters import ExportContext, Options
from optout_cli.letters import Library
from optout_cli.lint import problems_in_letters, problems_in_library
from optout_cli.readers import files
from optout_cli.readers.files import Parts
from optout_cli.templating.templates import Templates

TODAY = date(2026, 11, 24)
# No example is drawn by chance, and a busy machine is no failure.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

_NUMBERS = count(1)
ROOT = Path(__file__).resolve().parent.parent
SHIPPED = bundled.TEMPLATES
DATA = (str(bundled.JURISDICTIONS), str(bundled.AGENCIES))
# The user's folders, below the tests' home.
_FOLDERS = (
    ("HOME", ""),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_STATE_HOME", "state"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


def pytest_configure() -> None:
    # A shell lets what runs in the background ignore Ctrl-C, and nohup a closed terminal, and so
    # would each process of a test.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Else each process that a test starts compiles the package again, a third of its time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    # To read the tests takes half as long again if it is measured.
    if session.config.getoption("dist", "no") == "no":  # else the workers read them
        import_measured("optout_cli")
    with coverage_paused():
        return (yield)


def pytest_collection_finish() -> None:
    # The thousands of tests stay to the end, so garbage collection need not look through them. To
    # look through the data that they share takes a third of a second: do that seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_runtest_setup() -> None:
    pause_in_layouts()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    # What pytest itself does between two tests is not measured.
    with coverage_paused():
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    with coverage_resumed():
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    # A property's hundred examples run the same lines, which other tests cover.
    is_property = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
    is_left_out = is_property or item.get_closest_marker("no_cover")
    # Where pytest-cov started twice, it lets the other go on for a test marked `no_cover`.
    with coverage_paused() if is_left_out else coverage_resumed():
        return (yield)


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the user's folders, the clock or the network."""
    home = tmp_path_factory.getbasetemp() / "home"
    for name, folder in _FOLDERS:
        monkeypatch.setenv(name, str(home / folder))
    # `optout correct` writes there, and every other test would read it.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / f"config-{next(_NUMBERS)}"))
    for name in [it for it in os.environ if it.startswith("OPTOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795521600")  # TODAY
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("OPTOUT_BATCH_JOBS", "1")  # pytest's process has threads, and never forks


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    # The commands' own, so that the data is parsed once for all.
    return Cache(tmp_path_factory.getbasetemp() / "home" / "cache" / "optout")


@pytest.fixture(scope="session")
def library(cache: Cache) -> Library:
    """Open the shipped data and templates."""
    return Library(cache=cache)


@pytest.fixture(scope="session")
def typst_library(cache: Cache) -> Library:
    """Open them with the faster engine: test_both_engines shows that the pages are the same."""
    return Library(cache=cache, options=Options(engine="typst"))


@pytest.fixture
def with_typst(_own_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command lay out pages with the faster engine, also in a process of its own."""
    monkeypatch.setenv("OPTOUT_ENGINE", "typst")


@pytest.fixture(scope="session", autouse=True)
def _shipped_templates_read_once() -> Iterator[None]:
    """Read each shipped template once, and look for problems in them once.

    Each command with data or templates of the user's own would read all of them again.
    """
    parse, problems = Templates._parse, Templates.problems
    parsed: dict[str, tuple[str, nodes.Template]] = {}
    found: list[list[Problem]] = []

    def parse_once(self: Templates, name: str) -> tuple[str, nodes.Template]:
        path = self.path_of(name)
        if path is None or not path.is_relative_to(SHIPPED):
            return parse(self, name)
        if name not in parsed:
            parsed[name] = parse(self, name)
        return parsed[name]

    def problems_once(self: Templates) -> list[Problem]:
        if self.folders != (SHIPPED,):
            return list(problems(self))
        if not found:
            found.append(list(problems(self)))
        return found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "_parse", parse_once)
        patch.setattr(Templates, "problems", problems_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _shipped_data_decoded_once(cache: Cache) -> Iterator[None]:
    """Take each shipped file from the cache once, not once for each command."""
    decoded: dict[object, Parts] = {}
    load = files.load_parts

    def load_once(path: str, noun: type[Struct], top: str, kept: Cache | None, name: str) -> Parts:
        is_shipped = path in DATA or Path(path).is_relative_to(SHIPPED)
        if not (is_shipped and kept and kept.folder == cache.folder):
            return load(path, noun, top, kept, name)
        key = path, noun, top, name
        if key not in decoded:
            decoded[key] = load(path, noun, top, kept, name)
        return decoded[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (files, directory):
            patch.setattr(module, "load_parts", load_once)
        yield


@pytest.fixture(scope="session")
def shipped_problems() -> dict[str, list[Problem]]:
    """Keep what `optout check` found wrong with the shipped data, templates and letters."""
    return {}


def _found_once(
    find: Callable[..., Iterable[Problem]], found: dict[str, list[Problem]]
) -> Callable[..., list[Problem]]:
    """Return `find`, which looks at a library as it ships only once, and keeps that in `found`."""

    def problems_in(library: Library, *day: date) -> list[Problem]:
        if library.overlays or len(library.folders) > 1:
            return list(find(library, *day))
        if find.__name__ not in found:
            found[find.__name__] = list(find(library, *day))
        return found[find.__name__]

    return problems_in


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    library: Library,
    typst_library: Library,
    shipped_problems: dict[str, list[Problem]],
) -> Callable[..., Result]:
    """Run `optout` in this process: `run("show", "06041")`.

    The shipped data and templates are loaded once for all tests, so are the engines that print the
    shipped layouts, and `optout check` checks them once.
    """
    printers = {"weasyprint": library, "typst": typst_library}

    class Context(ExportContext):
        @cached_property
        def engine(self) -> engines.Engine:
            """The engine of all tests; where a test lets it fail, that of this command."""
            if engines.load_error(self.engine_name):
                return super().engine
            printer = printers[self.engine_name].context.engine
            vars(printer)["_last"] = None, b""  # each command prints its pages itself
            return printer

    def open_library(**arguments: Any) -> Library:  # Any: those of Library
        opened = Library(**arguments)
        if not opened.overlays:
            vars(opened).update(_directory=library.directory)
        if not arguments["folders"]:
            vars(opened).update(programs=library.programs, templates=library.templates)
            vars(opened).update(context=Context(library.templates, opened.options))
        return opened

    monkeypatch.setattr(options, "Library", open_library)
    for find in (problems_in_library, problems_in_letters):
        monkeypatch.setattr(check, find.__name__, _found_once(find, shipped_problems))

    def call(*arguments: str, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(group, list(arguments), input=stdin)
        # pytest shows this where the test fails, whatever the assertion compares.
        shown = f"$ optout {shlex.join(arguments)}\n{result.output}exit code {result.exit_code}\n"
        sys.stdout.write(shown.encode("utf-8", "replace").decode())
        return result

    return call


@pytest.fixture
def batch(run: Callable[..., Result], in_folder: Path) -> Batch:
    """Stand in a folder with a table, and run `optout batch` on it: `batch("--check")`."""
    return batch_in(in_folder, run)


@pytest.fixture
def asked(run: Callable[..., Result], in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Run `optout new` as on a terminal: `asked({"Title": "Sheriff"}, "06041")`."""
    return at_the_terminal(run, in_folder, monkeypatch)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file below the test's folder: `write("r.yaml", text)`; the text is dedented."""

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        return path

    return put


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


REQUEST = """\
jurisdiction: marin-county-ca
letter: secure-communities/opt-out
date: 2026-11-20
signatory: {name: Pat Placeholder, title: Sheriff}
"""


@pytest.fixture(scope="module", params=engines.NAMES)
def either_library(
    request: pytest.FixtureRequest, library: Library, typst_library: Library
) -> Library:
    """Open the shipped data and templates with each PDF engine in turn."""
    return library if request.param == "weasyprint" else typst_library
