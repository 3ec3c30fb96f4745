"""Which of the sample letters of a kind to write: as few as show all that its template can print.

Pure but for the template, whose branches decide what a letter shows.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from datetime import date
from heapq import heapify, heappop, heappush
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from optout_cli.letters.compose import party_of
from optout_cli.lint.samples import Sample, Subject, case_of, samples_of
from optout_cli.model.program import OWN_DAY
from optout_cli.model.request import PARTIES, Party, Request
from optout_cli.programs import holds_for, refusals
from optout_cli.templating.inspect import facts_together

# What of a sample decides a fact of its notice. Facts that are not here are in whole samples only.
_DECIDE = {
    "period": {"period"},
    "citations": {"citations"},
    "day": {"day"},
    "date": set(),
    "addressing": {"is_active"},
    "activation": {"is_active", "particulars.scheduled"},
    "place": {"place"},
    "author": {"place", "author"},
    "calls_itself": {"place", "author", "is_whole"},
    "recipient.service": {"is_whole"},
    "recipient": {"recipient", "office"},
    "recipients": {"recipient", "office"},
    "copies": {"recipient", "office", "is_active"},
}
_MOST_BESIDE = 3  # particulars that two places beside each other are tried with
_Group = tuple[str, ...]  # what decides together what a letter prints at one place


class Trial(NamedTuple):
    """A letter to write: a sample's to one party, or to whoever there is; and what it `shows`."""

    sample: Sample
    parties: tuple[Party, ...]
    shows: frozenset[Hashable]


class Trials:
    """The letters to write of a kind, the one that shows most first, until all is in `shown`.

    A letter shows each combination of what decides one place in it.
    """

    def __init__(self, subject: Subject, today: date) -> None:
        self._subject = subject
        self._groups: dict[str, list[itemgetter[Hashable]]] = {}  # by template
        self._templates = {
            id: subject.library.templates.name_of(subject.id, place.slug, place.state_code)
            for id, place in subject.places.items()
        }
        self.shown: set[Hashable] = set()
        self._waiting: list[tuple[int, int, Trial]] = []
        for number, sample in enumerate(samples_of(subject, today)):
            for trial in self._trials_of(sample, number):
                self._waiting.append((-len(trial.shows), len(self._waiting), trial))

    def __iter__(self) -> Iterator[Trial]:
        """Yield the letters; whoever writes one adds what it shows to `shown`."""
        waiting = self._waiting
        heapify(waiting)
        while waiting:
            _, number, trial = heappop(waiting)
            count = len(trial.shows - self.shown)
            if count and waiting and waiting[0][0] < -count:
                heappush(waiting, (-count, number, trial))
            elif count and not any(refusals(case_of(self._subject, trial.sample))):
                yield trial

    def _trials_of(self, sample: Sample, number: int) -> Iterator[Trial]:
        """Yield the letter to each recipient; of a sample that is not whole, to one only."""
        program = self._subject.program
        rules = tuple(rule.holds(sample.day) for rule in program.recipients)
        values: defaultdict[str, Hashable] = defaultdict(lambda: None)  # a name that does not exist
        values |= {
            "period": program.period(sample.day),
            "citations": sum(act.date <= sample.day for act in program.citations.values()),
            "day": sample.day,
            "is_active": sample.is_active,
            "is_whole": sample.is_whole,
            "place": sample.place,
            "rules": rules,
        }
        for name, spec in self._subject.kind.particulars.items():
            value = sample.particulars.get(name)
            is_choice = "choice" in (spec.type, spec.of)
            shown = value if is_choice else len(value) if isinstance(value, list) else bool(value)
            values[f"particulars.{name}"] = str(shown)
        given = {**sample.particulars, OWN_DAY: sample.day.isoformat()}
        for name, rule in self._subject.kind.computed.items():
            is_used = rule.from_ in given and holds_for(rule.when, sample.day, given.get)
            values[f"computed.{name}"] = is_used
        template = self._templates[sample.place]
        if template not in self._groups:
            self._groups[template] = [itemgetter(*it) for it in self._groups_in(template)]
        parties = [party_of(rule) for rule in program.recipients if rule.holds(sample.day)]
        chosen = parties if sample.is_whole else parties[number % (len(parties) or 1) :][:1]
        # With none, `compose` says so.
        each: list[tuple[Party, ...]] = [(party,) for party in chosen]
        for to in each or [PARTIES]:
            values["recipient"] = to
            told = [get(values) for get in self._groups[template]]
            shows = frozenset((template, *each) for each in enumerate(told))
            yield Trial(sample, to, shows)

    def _groups_in(self, template: str) -> Iterator[_Group]:
        together = facts_together(template, self._subject.library.templates)
        deciding = [frozenset[str]().union(*map(self._deciding, facts)) for facts in together]
        found = {frozenset({"recipient", "office"}), *deciding}
        particulars = {f"particulars.{name}" for name in self._subject.kind.particulars}
        for first, second in pairwise(deciding):
            if first | second <= particulars and len(first | second) <= _MOST_BESIDE:
                found.add(first | second)
        # An office is the place's own, or a rule of the program names it. What the place's own
        # lacks shows in a joint letter as in a bare one.
        for group in [group for group in found if "office" in group]:
            rest = group - {"office"}
            found |= {rest | {"rules", "is_whole"}}
            found |= {(rest - {other}) | {"place"} for other in ("is_whole", "is_active")}
            found.remove(group)
        for group in found:
            if not any(group < other for other in found):
                yield tuple(sorted(group))

    def _deciding(self, fact: str) -> set[str]:
        """Return what of a sample decides a fact."""
        root = fact.partition(".")[0]
        if root in ("particulars", "computed"):
            return {fact.replace("_", "-")}
        is_asked = {"is_whole"} if root in Request.__struct_fields__ else set[str]()
        found = _DECIDE.get(fact, _DECIDE.get(root, is_asked))
        if "author" in found:  # which a particular may name
            found = found - {"author"} | {f"particulars.{self._subject.program.author}"}
        return found
