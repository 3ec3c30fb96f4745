"""The interview: which question is next, what an answer does, and the way back. Pure.

It holds the answers as they were typed, and replays them from the beginning for each next question:
whatever depends on an answer that changed follows it. It never prints, and never reads a file that
the user did not name.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import count, takewhile
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from optout_cli.authoring import NONE
from optout_cli.authoring.particular_questions import EXPANDED
from optout_cli.authoring.questions import (
    SHOWN,
    Question,
    fill_in_names,
    is_met,
    question_from,
    signed_before,
    table,
)
from optout_cli.authoring.request_writer import sample_of
from optout_cli.authoring.unfinished import Basis, Start, UnfinishedRequest, document_from
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.jurisdiction import Locality
from optout_cli.readers.cells import guess_date
from optout_cli.readers.postal import address_parts

_MOST_CANDIDATES = 8
_KEYS = (
    "< goes back to the question before. Enter takes the value in brackets, or skips the question;"
    " a single - always skips it. Ctrl-C stops and keeps your answers."
)

_REFERENCE = re.compile(r"-[0-9]{8}-[A-Z0-9]{4}\b")  # of a letter: differs with every answer
_PATH = re.compile(r"[a-z]+(?:[.-][a-z0-9]+)+")  # of a key
_ACT = re.compile(r"([a-z][a-z ]+?)\.? ((?:no\. ?)?[0-9]\S*)", re.IGNORECASE)  # `resolution 2026-5`
_ACTS = {"ord": "ordinance", "res": "resolution", "reso": "resolution"}
_DATES = ("impossible-date", "later-authority")
_AS_IN_LETTER = "With an answer of that kind, the letter says:"


class Answered(NamedTuple):
    """A question, and the answer to it: "" if it was skipped."""

    question: Question
    text: str


def walk(request: UnfinishedRequest) -> Iterator[Question]:
    """Yield each question that matters, in order; each must be answered before the next."""
    intro: list[str] = []
    for section in table():
        for party in request.recipients if section.each else [""]:
            if not all(is_met(term, request, party) for term in section.when):
                continue
            title = fill_in_names(section.section, request, party)
            for row in section.questions:
                if row.show:
                    intro += SHOWN[row.show](request, party)
                elif row.expand or all(is_met(term, request, party) for term in row.when):
                    expand = EXPANDED[row.expand] if row.expand else question_from
                    for question in expand(row, request, party):
                        explained = question.help or section.help
                        yield replace(question, section=title, intro=(*intro,), help=explained)
                        intro.clear()


def take(request: UnfinishedRequest, question: Question, text: str) -> None:
    """Put an answer into the request."""
    request.said[question.key] = text
    if question.reads == "way":
        _take_way(request, question.key, text)
    elif question.reads == "signatory":
        if text == "yes":
            request.put_group("signatory", signed_before(request))
    elif question.unit:
        group = request.units.setdefault(question.unit, {})
        group |= {path: line for path, line in _texts_of(request, question, text).items() if line}
        if text != question.known or request.value(question.unit):
            request.put(group)
    elif text == question.none and question.path.endswith(".confirmed.by"):  # it has changed since
        request.drop(question.path.rpartition(".")[0])
    elif text and text not in (question.known, question.none) and question.path[0] != "~":
        request.put(_texts_of(request, question, text))


def _take_way(request: UnfinishedRequest, key: str, text: str) -> None:
    """Set how a letter goes out, with what is known of that way from the earlier letter."""
    if text in ("no", "open"):
        return
    party, kind, also = f"{key.removeprefix('~')}..".split(".")[:3]
    way = also or text
    earlier = request.basis.start.known.get("service", {}).get(party, [])
    service = next((way_before for way_before in earlier if way_before["by"] == way), {"by": way})
    others = request.value(f"service.{party}") if kind == "also" else []
    request.put_group(f"service.{party}", [*others, service])


def _texts_of(request: UnfinishedRequest, question: Question, text: str) -> dict[str, str]:
    """Return the texts by key path that an answer stands for: `a; b` is two lines."""
    if question.reads == "letter":
        return {question.path: f"{request.said['~program']}/{text}"}
    if question.reads == "seal":  # a seal without words for it is a problem
        jurisdiction = request.locality.jurisdiction
        words = f"Seal of {jurisdiction.formal or jurisdiction.name}"
        return {"letterhead.alt": words, question.path: text}
    if question.reads not in ("lines", "several"):
        return {question.path: text}
    lines = [line.strip() for line in text.split(";") if line.strip()]
    return {f"{question.path}.{number}": line for number, line in enumerate(lines)}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an interview that was stopped, to go on with it."""

    schema: Literal[1] = 1
    start: Start
    said: dict[str, str]
    offered: dict[str, str] = {}

    @property
    def place(self) -> str | None:
        """The slug of the jurisdiction."""
        return self.said.get("jurisdiction") or self.start.known.get("jurisdiction")

    @property
    def letter(self) -> str | None:
        """The letter, as a request names it."""
        if "~program" in self.said and "letter" in self.said:
            return f"{self.said['~program']}/{self.said['letter']}"
        return self.start.known.get("letter")


class Interview:
    """The answers so far, by the keys of their questions, and which question is next."""

    def __init__(self, basis: Basis, kept: Kept | None = None) -> None:
        self.basis = basis
        self.said = dict(kept.said) if kept else {}
        self.offered = dict(kept.offered if kept else basis.start.offered)
        self.asked: list[Answered] = []
        self.request = UnfinishedRequest(basis)
        self._unsure = set(self.said)  # keys of answers to check again
        self._implied: dict[str, dict[str, str]] = {}  # by an answer: what it offers for others

    def next(self) -> Question | None:
        """Return the first question without an answer, or None when all are answered.

        An answer that cannot be right beside the others is asked again, with what is wrong. Raises
        OptoutError if something else is wrong.
        """
        try:
            return self._first_open()
        except OptoutError as error:
            keys = {question.path: question.key for question, _ in self.asked}
            for problem in error.problems:
                path = problem.path or (problem.location.path if problem.location else "")
                if path in keys:
                    del self.said[keys[path]]
                    about = self.with_labels(problem.message, path, "")
                    subject = "this " if problem.message.startswith(f"{path} ") else ""
                    intro = (f"Please check: {subject}{about}.",)
                    question = self.next()
                    return question and replace(question, intro=intro)
            raise

    def _first_open(self) -> Question | None:
        self.request, self.asked = UnfinishedRequest(self.basis), []
        for question in walk(self.request):
            offered = self.offered.get(question.key, "")
            if question.reads == "several" and not offered:  # of an earlier request, item by item
                items = (self.offered.get(f"{question.key}.{number}", "") for number in count())
                offered = "; ".join(takewhile(bool, items))
            offered = offered if offered and question.allows(offered) else question.default
            shown = replace(question, default=offered)
            text = self.said.get(question.key)
            still_fits = text is not None and shown.allows(text)
            if text is not None and still_fits and question.key in self._unsure:
                self._unsure.remove(question.key)
                is_sure = not text or question.reads == "place"
                still_fits = is_sure or not self.problem(shown, text)
            if text is None and len(question.choices) == 1 and question.choices_of:
                text = next(iter(question.choices))
            elif text is None or not still_fits:
                is_wrong = offered != question.default and self.problem(question, offered)
                return question if is_wrong else shown  # a day that has passed is not offered
            else:
                self.asked.append(Answered(shown, text))
            take(self.request, question, text)
        return None

    def answer(self, question: Question, text: str) -> None:
        """Set the answer to the next question. Another county makes all other answers void."""
        if question.reads == "place":
            text = self._place(text).slug
        if question.reads == "place" and self.offered.get(question.key, text) != text:
            self.said, self.offered = {}, {}
        self.offered |= self._implied.pop(text, {})
        self.said[question.key] = text
        self.offered.pop(question.key, None)

    def back(self) -> bool:
        """Go back to the question before; return False at the first one."""
        if not self.asked:
            return False
        self.change(len(self.asked))
        return True

    def change(self, number: int) -> None:
        """Ask the question with this number again, and offer its answer."""
        question = self.asked[number - 1].question
        self.offered[question.key] = self.said.pop(question.key)
        self._unsure = set(self.said)

    @property
    def place(self) -> str | None:
        """The slug of the jurisdiction, once it is known."""
        return self.answers_to_keep().place

    def answers_to_keep(self) -> Kept:
        """Return what to keep, to go on with it another day."""
        return Kept(start=self.basis.start, said=self.said, offered=self.offered)

    def problem(self, question: Question, text: str) -> Problem | None:
        """Return what is wrong with an answer.

        For a place, the slug or the full name with the state is enough; `meanings` has what another
        text may mean.
        """
        if question.reads == "place":
            try:
                found = self._place(text)
            except OptoutError as error:
                return error.problems[0]
            states = (found.state_code, found.state_name)
            full = {found.slug, *(f"{found.jurisdiction.name}, {it}".lower() for it in states)}
            near = Problem("ambiguous-jurisdiction", f"{text!r} may mean another place")
            return None if " ".join(text.lower().split()) in full else near
        if question.choices or question.path.startswith("~"):
            return None
        problem = self.request.problem_with(_texts_of(self.request, question, text))
        is_past = question.side == "past"
        own = str(self.basis.today if is_past else self.request.value("date"))
        is_wrong = question.side and text != own and (text > own) != (question.side == "after")
        if is_wrong and (problem is None or problem.code in _DATES):
            named = "it is in the future" if is_past else f"the letter is dated {own}"
            return Problem("impossible-date", f"{text} cannot be: {named}", hint="type another day")
        if problem is None:
            return None
        message = self.with_labels(problem.message, question.path, question.section)
        return replace(problem, message=message, hint=question.hint or problem.hint)

    def doubt(self, question: Question, text: str) -> Problem | None:
        """Return what may be wrong with an answer that has no problem."""
        if question.reads == "place" or question.choices or question.path.startswith("~"):
            return None
        if question.path.endswith(".instrument") and _ACT.fullmatch(text):
            message = f"{text!r} has the number in it, which comes next"
            return Problem("odd-value", message, hint=question.hint)
        is_words = question.path.startswith("particulars.") and question.reads in ("text", "lines")
        if is_words and guess_date(text):
            return Problem("odd-value", f"{text!r} is a date, and the letter needs words here")
        doubt = self.request.doubt_about(_texts_of(self.request, question, text))
        if doubt is None:
            return None
        message = self.with_labels(doubt.message, question.path, question.section)
        return replace(doubt, message=message, hint=question.hint or doubt.hint)

    def _place(self, text: str) -> Locality:
        return self.basis.library.directory.find(text, Location(""))

    def with_labels(self, message: str, own: str = "", section: str = "") -> str:
        """Name the answers in a message by their questions: `Fax (Who signs)`; its `own` by "this".

        One of the same section needs no section behind it.
        """
        labels = {
            each.path: each.label if each.section == section else f"{each.label} ({each.section})"
            for each, _ in self.asked
        }
        labels[own] = "this answer"
        return _PATH.sub(lambda it: labels.get(it[0], it[0]), message.removeprefix(f"{own} "))

    def meanings(self, question: Question, text: str) -> dict[str, str]:
        """Return what a text with a problem may mean, in words: states and jurisdictions.

        A name that is only near may be the wrong one, so there is also NONE.
        """
        if question.path.endswith(".instrument") and (act := _ACT.fullmatch(text)):
            parts = _ACTS.get(act[1].lower(), act[1]), act[2]
            kind, number = (f"{part[0].upper()}{part[1:]}" for part in parts)
            self._implied = {kind: {question.key.replace("instrument", "number"): number}}
            return {kind: f"{kind}, with the number {number}"}
        if question.path.endswith("address.street") and (whole := address_parts(text)):
            street, city, state, code = whole.values()
            others = {question.key.replace("street", part): line for part, line in whole.items()}
            self._implied = {street: others}
            return {street: f"{street}, in {city}, {state} {code}"}
        if question.reads != "place":
            is_odd = not self.problem(question, text) and self.doubt(question, text)
            return {text: repr(text)} if is_odd else {}
        none = {}
        try:
            places = [self._place(text)]
        except OptoutError:
            slugs, none = self.basis.library.directory.candidates(text), {NONE: ""}
            if len(slugs) > _MOST_CANDIDATES or not slugs:
                return {}
            places = [self._place(slug) for slug in slugs]
        names = {
            it.slug: f"{it.jurisdiction.name}, {it.state_name}"
            + (f" ({it.id})" if it.id != it.slug else "")
            for it in places
        }
        return {**names, **none}

    def words(self, question: Question, text: str) -> str:
        """Return an answer as a person says it: a place and a choice by name, not by slug."""
        if question.reads == "place":
            place = self._place(text)
            return f"{place.jurisdiction.name}, {place.state_name}"
        if question.choices:
            return "; ".join(question.choices[name] or name for name in text.split("; "))
        return text or "none"

    def explain(self, question: Question) -> str:
        """Return what ? says: also what each letter is for, or how the letter puts an answer."""
        if question.reads == "letter":
            kinds = self.basis.library.programs.by_id[self.request.said["~program"]].letters
            summaries = {name: kinds[name].summary for name in question.choices}
            shown = [f"{name}: {text.split('. ')[0]}" for name, text in summaries.items()]
        elif shown := self._passages_with(question.path.removeprefix("~")):
            shown = [_AS_IN_LETTER, *(f"  {text}" for text in shown)]
        return "\n".join([question.help or question.note, *shown, _KEYS])

    def _passages_with(self, path: str) -> list[str]:
        """Return the passages that the letter has only with a sample of a particular."""
        top, _, name = path.partition(".")
        name, request = name.partition(".")[0], self.request
        if top != "particulars":
            return []
        own = {**(request.value(top) or {}), name: None}
        sample = sample_of(request.declared[name], date.fromisoformat(str(request.value("date"))))
        letters = []
        for value in (sample, None):
            given = {key: each for key, each in {**own, name: value}.items() if each is not None}
            document = document_from({**request.document.data, top: given})
            try:
                letter = request.letters_of(document)[0].content.decode()
            except OptoutError:  # the letter needs more than that
                return []
            text = _REFERENCE.sub("", letter)
            letters.append([" ".join(paragraph.split()) for paragraph in text.split("\n\n")])
        return [text for text in letters[0] if text not in letters[1]]
