"""An unfinished request: its answers so far, what is wrong with one, and what follows from them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from optout_cli.authoring.request_writer import Answers, request_text
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.letters import Library
from optout_cli.letters.agreements import with_agreement
from optout_cli.letters.compose import recipients_of
from optout_cli.letters.pipeline import Order, case_of, exports_of
from optout_cli.letters.request_files import NamedFiles, files_of
from optout_cli.letters.requirements import act_problems, date_problems
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.letter import Export
from optout_cli.model.notice import Case, Recipient
from optout_cli.model.program import Particular
from optout_cli.model.request import Request
from optout_cli.programs import Programs
from optout_cli.programs.validation import particulars_from
from optout_cli.readers.document import Document, Layer, locating, texts_in, with_assignments
from optout_cli.readers.validate import convert
from optout_cli.readers.values import judge

_ANSWER = "answer"
# What states no fact of one jurisdiction, so another jurisdiction's request can take it over.
_ANYWHERE = ("to", "addressing", "leave-out")
_LISTS = ("list", "paragraphs")


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What an interview begins with.

    `known` needs no question, except for the keys in `asks`. `offered` has texts by key path, to
    take with Enter. `signed` is who signed the earlier letter that the new one follows, if it does.
    """

    # Any: values in the shape of a request.
    known: dict[str, Any] = {}
    asks: tuple[str, ...] = ()
    offered: dict[str, str] = {}
    signed: dict[str, Any] | None = None


def value_at(tree: Any, path: str) -> Any:
    """Return the value at a key path in mappings and lists, or None."""
    for part in path.split("."):
        if isinstance(tree, list):
            tree = tree[int(part)] if int(part) < len(tree) else None
        else:
            tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def require_request(
    known: Answers, assigned: Mapping[str, str], programs: Programs | None = None
) -> None:
    """Raise OptoutError if values cannot be those of a request, which may lack others."""
    lacking = {"jurisdiction": "00000", "letter": "program/letter"}
    document = with_assignments(document_from({**lacking, **known}), "--set", assigned)
    convert(document, Request)
    found, _ = judge(document, programs.uses_in(document) if programs else None)
    raise_any(problem for problem in found if problem.path in assigned)


class Basis(NamedTuple):
    """What does not change in an interview.

    `place_of` returns the path for a file name, or None for standard output. `signatory_of` returns
    who last signed for a jurisdiction. Named files may also be in `files_from`.
    """

    start: Start
    library: Library
    today: date
    place_of: Callable[[str], Path | None] = Path
    signatory_of: Callable[[str], Answers | None] = lambda _: None
    files_from: tuple[Path, ...] = ()


@dataclass
class UnfinishedRequest:
    """The request as far as the answers go.

    `said` has each answer as it was typed, by the key of its question, and `units` those that go
    into the request together.
    """

    basis: Basis
    said: dict[str, str] = field(default_factory=dict)
    units: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document = document_from(self.basis.start.known)

    def put(self, texts: Mapping[str, str]) -> None:
        """Set texts by key path; an empty text removes its line."""
        self._change(with_answers(self.document, texts))

    def put_group(self, path: str, value: Any) -> None:  # Any: as in a request
        """Set everything below a key, or below a key of it: `signatory`, `service.ice`."""
        key, _, inner = path.partition(".")
        group = {**(self.value(key) or {}), inner: value} if inner else value
        self._change(document_from({**self.document.data, key: group}))

    def drop(self, path: str) -> None:
        """Remove a group: `recipients.ice.confirmed`."""
        parent, _, last = path.rpartition(".")
        if self.value(path):
            left = {key: value for key, value in self.value(parent).items() if key != last}
            self.put_group(parent, left)

    def _change(self, document: Document) -> None:
        self.document = document
        for name in ("case", "recipients", "locality"):
            vars(self).pop(name, None)

    def value(self, path: str) -> Any:  # Any: a text, a list, a group, or None
        """Return an answer: what was typed, for a key that begins with ~, or what is set."""
        return self.said.get(path) if path.startswith("~") else value_at(self.document.data, path)

    @property
    def letter(self) -> str:
        """The letter's id."""
        return str(self.document.data["letter"])

    @property
    def declared(self) -> dict[str, Particular]:
        """The particulars that the letter kind declares."""
        return self.basis.library.programs.find(self.letter)[1].particulars

    @cached_property
    def locality(self) -> Locality:
        """The jurisdiction with its data."""
        directory = self.basis.library.directory
        return directory.find(str(self.document.data["jurisdiction"]), Location(""))

    @cached_property
    def case(self) -> Case:
        """Everything that the letters follow from. Raises OptoutError."""
        with locating(self.document):
            return case_of(self.document, self.basis.library, Order(today=self.basis.today))

    @cached_property
    def recipients(self) -> dict[str, Recipient]:
        """Who receives a letter, with the corrections so far, by party."""
        return {recipient.party: recipient for recipient in recipients_of(self.case)}

    @property
    def name(self) -> str:
        """The file's usual name: after the jurisdiction, and for a follow-up after its letter."""
        place = {"jurisdiction": self.value("jurisdiction")}
        return request_name({**place, **self.basis.start.known})

    @property
    def default_path(self) -> Path | None:
        """Where the request goes unless that file exists; None for standard output."""
        return self.basis.place_of(self.name)

    @property
    def path(self) -> Path | None:
        """Where the request goes, or None for standard output."""
        return Path(self.said["~file"]) if "~file" in self.said else self.default_path

    @property
    def folder(self) -> Path:
        """The folder of the request, where the files are that it names."""
        return path.parent if (path := self.path) else Path()

    def problem_with(self, texts: Mapping[str, str]) -> Problem | None:
        """Return the first problem with the answers in `texts`, by key path.

        Ignores what the request still lacks. A named file must be in the folder where the request
        will be, or in `files_from`.
        """
        basis, found = self.basis, list[Problem]()
        with _collecting(found):
            tried = with_answers(self.document, texts)
            odd, _ = judge(tried, basis.library.programs.uses_in(tried))
            raise_any(problem for problem in odd if problem.path in texts)
            request = convert(tried, Request)
            with _collecting(found):  # what is still missing there hides no file that is
                particulars_from(tried, basis.library.programs.find(request.letter)[1])
            found += act_problems(request.authority)
            with _collecting(found):
                found += date_problems(case_of(tried, basis.library, Order(today=basis.today)))
            # Without locations: the answers will be part of the request's file.
            files_of(request, NamedFiles(Document(tried.data, ()), self.folder, basis.files_from))
        # A Problem is about one of the answers, or about the list that they are items of.
        parents = (path.rpartition(".") for path in texts)
        about = {*texts, *(parent for parent, _, last in parents if last.isdigit())}
        paths = ((it, {it.path, it.location.path if it.location else None}) for it in found)
        return next((it for it, own in paths if not own.isdisjoint(about)), None)

    def doubt_about(self, texts: Mapping[str, str]) -> Problem | None:
        """Return what may be wrong once `texts` are answers too, although it may be meant."""
        uses = self.basis.library.programs.uses_in
        before = judge(self.document, uses(self.document))[1]
        tried = with_answers(self.document, texts)
        for doubt in judge(tried, uses(tried))[1]:
            if doubt not in before:
                return Problem("odd-value", doubt.message, None, doubt.hint, doubt.path)
        return None

    def letters_of(self, document: Document) -> tuple[Export, ...]:
        """Return the letters of a request as plain text. Raises OptoutError."""
        basis = self.basis
        order = Order(today=basis.today, formats=("txt",), files_from=basis.files_from)
        return exports_of(document, basis.library, order, self.folder)


def start_from_request(
    earlier: Document, query: str | None, letter: str | None, library: Library
) -> Start:
    """Return how a request begins that is like an earlier one, of the same jurisdiction or not.

    Offers what is asked anew, and keeps the rest; never the date, tracking numbers and copies of
    letters, nor the own wording of another letter. For another jurisdiction, takes only what states
    no fact of the first. Raises OptoutError.
    """
    earlier = library.programs.with_id(earlier)
    data: Answers = earlier.data
    find = library.directory.find
    request = convert(earlier, Request)
    slug = find(str(data["jurisdiction"]), earlier.location("jurisdiction")).slug
    former = str(data["letter"])
    letter = letter or former
    kind = library.programs.find(letter, earlier.location("letter"))[1]
    services = {
        party: [{"by": way["by"]} for way in ways if isinstance(way, dict)]
        for party, ways in data.get("service", {}).items()
    }
    new = {"letter": letter, **({"service": services} if services else {})}
    is_other = bool(query) and find(str(query), Location("")).slug != slug
    if request.struck and (is_other or letter != former):  # as for other words of its own
        data = {**data, "leave-out": [*request.details]}
    if is_other:
        known = {key: data[key] for key in _ANYWHERE if key in data}
        return Start(known={**known, **new}, asks=("service",))
    authority = data.get("authority", [])
    dropped = {"date", "signatory", "particulars"}
    dropped |= {"authority"} if len(authority) == 1 else set()
    dropped |= {"wording"} if letter != former else set()
    known = {key: value for key, value in data.items() if key not in dropped}
    offered = {
        "signatory": data.get("signatory", {}),
        "authority": authority if len(authority) == 1 else [],
        "particulars": {
            name: value.split("\n\n")
            if isinstance(value, str) and kind.particulars[name].type in _LISTS
            else value
            for name, value in data.get("particulars", {}).items()
            if name in kind.particulars
        },
    }
    street = "signatory.address.street"
    texts = {path: text for path, text in texts_in(offered) if text}
    if isinstance(lines := value_at(offered, street), list):  # one question asks for all lines
        texts[street] = ", ".join(lines)
    return Start(known={**known, "jurisdiction": slug, **new}, asks=("service",), offered=texts)


def request_name(answers: Answers) -> str:
    """Name a request after its jurisdiction, and a follow-up after its letter too."""
    place = answers.get("jurisdiction", "request")
    kind = answers["letter"].partition("/")[2] if "particulars" in answers else ""
    return f"{place}-{kind}.yaml" if kind else f"{place}.yaml"


def document_from(answers: Answers) -> Document:
    """Make an unfinished request from answers, which are in the shape of a request."""
    return Document(dict(answers), (Layer(_ANSWER, {}, "command-line"),))


def with_answers(document: Document, texts: Mapping[str, str]) -> Document:
    """Set texts in an unfinished request, by key path; an empty text removes the value."""
    return with_assignments(document, _ANSWER, texts)


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except OptoutError as error:
        problems += error.problems


def text_with_samples(answers: Answers, library: Library, day: date, file: str) -> str:
    """Return the text of a request with these answers, and its letter's samples for the rest."""
    program, kind = library.programs.find(answers["letter"])
    everybody = {rule.party for rule in program.recipients_on(day)}
    parties = everybody & {answers.get("to")} or everybody
    place, listed = answers.get("jurisdiction"), dict[str, Any]()
    with suppress(OptoutError):  # the agency has several agreements
        locality = library.directory.find(place, Location("")) if place else None
        document, names = with_agreement(document_from(answers), locality, kind)
        listed = {name: value_at(document.data, f"particulars.{name}") for name in names}
    return request_text(answers, kind, parties, day, file, listed)
