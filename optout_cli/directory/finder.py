"""Find the jurisdiction or agency that a query names, or say what it may mean."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from optout_cli.directory.agencies import AgencyList
from optout_cli.directory.names import (
    MOST_CANDIDATES,
    Entry,
    agency_key,
    closest,
    entry_of,
    fold,
    is_agency_name,
    is_of_kind,
    list_words,
    names_of,
    names_within,
    place_in,
    rank_of,
    respelled,
    retired_as,
    with_name,
    without_legal_word,
)
from optout_cli.errors import Location, Problem
from optout_cli.readers.postal import state_code

_DIGITS = re.compile(r"(?:^|US|\()([0-9],?[0-9]{3,4})(?:\.0+)?\)?$")  # of a FIPS code: 6041.0
_FIPS_IN_STATE = re.compile(r"([0-9]{5})-[a-z-]+")
_FEW = 3  # a hint lists them all: those of a state, or of one name in other states
_TOTALS = re.compile(r"(grand-|sub-?)?totals?\b|sum\b|count(-\d+)?$")
_WORD = re.compile(r"(?=.*[aeiouy])[a-z]{3}")
_TRIBE = re.compile(r"\b(nation|tribes?|tribal|reservation|rancheria|indian-community|pueblo-of)\b")
_CITY = "if it is a city, name its county"
_LIKE_A_STATE = 0.85  # how much a misspelled name must be like a state's


class Match(NamedTuple):
    """A jurisdiction or agency that a query fits."""

    code: str
    id: str
    is_agency: bool = False


class Finder:
    """The names in the data. Takes plain data: `states` and `retired` as in a data file."""

    # Any: plain data.
    def __init__(
        self, states: Mapping[str, Any], agencies: AgencyList, retired: Mapping[str, Any]
    ) -> None:
        self._states = states
        self._agencies = agencies
        self._retired = retired
        self._names: dict[str, dict[str, tuple[str, ...]]] = {}

    def _names_in(self, code: str) -> dict[str, tuple[str, ...]]:
        """Return the folded names of each jurisdiction in a state, by id."""
        if code not in self._names:  # the next query is often about the same state
            inside = self._states[code].get("jurisdictions", {})
            self._names[code] = {id: names_of(known) for id, known in inside.items()}
        return self._names[code]

    def slug(self, code: str, id: str) -> str:
        """Return a jurisdiction's slug: made from the name of a county, an overlay's own id."""
        name = self._states[code]["jurisdictions"][id]["name"]
        return f"{fold(name)}-{code.lower()}" if id.isdigit() else id

    def candidates(self, query: str) -> list[str]:
        """Return the slugs that a query may mean when it fits nothing, or more than one."""
        folded, matches = fold(query), self.matches(query)
        if matches:
            return [self._slug_of(match) for match in matches]
        if is_agency := is_agency_name(spelled := self._respelled(folded)):
            folded = spelled
        entries = self._agency_entries if is_agency else self._jurisdiction_entries
        known = with_name(folded, entries)
        if not known and (old := retired_as(folded, self._retired, self._states, entries)):
            known = [self._slug_of(it) for id in old["successors"] for it in self._with_id(id, "")]
        if not (known or is_agency):
            known = self._of_state(folded)[1] or self._with_other_word(folded)
            known = known or self._with_initials(folded)
        known = known or self._closest(folded, entries)[:MOST_CANDIDATES]
        return known or self._agencies_at(folded)

    def states_with(self, name: str) -> set[str]:
        """Return the codes of the states that have a jurisdiction with this name."""
        slugs = with_name(fold(name), self._jurisdiction_entries)
        return {entry.code for entry in self._jurisdiction_entries if entry.slug in slugs}

    def _respelled(self, folded: str) -> str:
        names = (name for entry in self._jurisdiction_entries for name in entry.names)
        return respelled(folded, {word for name in names for word in name.split("-")})

    def _slug_of(self, match: Match) -> str:
        return match.id if match.is_agency else self.slug(match.code, match.id)

    def matches(self, query: str) -> list[Match]:
        """Return each jurisdiction and agency that `query` fits best."""
        folded = fold(query)
        if by_id := self._with_id(query, folded):
            return by_id
        earlier = [  # each jurisdiction that had this FIPS code
            Match(code, id)
            for code, state in (self._states.items() if folded.isdigit() else ())
            for id, known in state.get("jurisdictions", {}).items()
            if folded in known.get("aliases", ())
        ]
        if earlier:
            return earlier
        ranked: dict[int, set[Match]] = {0: set(), 1: set()}
        joint: set[Match] = set()  # `Macon` is in `Macon-Bibb County`, too
        for code, names in self._names_by_state(folded).items():
            for id, others in self._names_in(code).items():
                ranks = [
                    rank for name in names if (rank := rank_of(name, folded, others)) is not None
                ]
                if ranks:
                    ranked[min(ranks)].add(Match(code, id))
                elif any(
                    other.startswith(tuple(f"{name}-" for name in names)) for other in others[1:]
                ):
                    joint.add(Match(code, id))
            if self._agencies.may_have(folded, code):
                named = self._agencies.find_named(names, [code])
                ranked[0] |= {Match(*found, is_agency=True) for found in named}
        loosely = ranked[1] | joint if ranked[1] else set()
        return sorted(ranked[0] or loosely) or self._without_state(folded)

    def _with_id(self, query: str, folded: str) -> list[Match]:
        """Return each jurisdiction with this id, or the agency with this slug."""
        if stated := _FIPS_IN_STATE.fullmatch(folded):  # `06041, CA`
            at_home = self._names_by_state(folded).keys() & {
                it.code for it in self._with_id(stated[1], "")
            }
            return [Match(code, stated[1]) for code in at_home]
        found = {
            Match(code, id)
            for code, state in self._states.items()
            for id in (query, folded)
            if id in state.get("jurisdictions", {})
        }
        code = folded.rpartition("-")[2].upper()
        is_likely = code in self._states and self._agencies.may_have(folded, code)
        if is_likely and folded in self._agencies.of(code):
            found.add(Match(code, folded, is_agency=True))
        return sorted(found)

    def _without_state(self, folded: str) -> list[Match]:
        """Return each agency with this name, but not one of a county that another state has too.

        Nor one whose name has no place, such as that of Guam's attorney general.
        """
        key = agency_key(folded)
        has_place = place_in(folded) or any(
            fold(state["name"]) in folded for state in self._states.values()
        )
        if not is_agency_name(folded) or not has_place:
            return []
        found = {
            Match(code, slug, is_agency=True)
            for code, slug in self._agencies.with_keys([key], self._states)
            for name in map(agency_key, names_of(self._agencies.of(code)[slug]))
            if f"{name}-".startswith(f"{key}-")
        }
        is_elsewhere = len(found) == 1 and any(
            key.startswith(f"{entry.names[0]}-")
            and entry.code not in {place.code for place in found}
            for entry in self._jurisdiction_entries
        )
        return [] if is_elsewhere else sorted(found)

    def not_found(self, query: str, location: Location | None) -> Problem:
        """Say why a query finds no single jurisdiction, and what to type in its place."""
        if matches := self.matches(query):
            hint = list_words(map(self._slug_of, matches))
            kinds = {match.is_agency for match in matches}
            what = "jurisdictions" if kinds != {True} else "agencies"
            message = f"{query!r} could be any of {len(matches)} {what}"
            return Problem("ambiguous-jurisdiction", message, location, hint)
        folded = fold(query)
        if old := retired_as(folded, self._retired, self._states, self._jurisdiction_entries):
            now_named = {
                known: f"{now['name']}, {state}"
                for state, inside in self._states.items()
                for known, now in inside.get("jurisdictions", {}).items()
            }
            hint = list_words(
                f"{new} ({now_named.get(new, 'not in the data')})" for new in old["successors"]
            )
            named = f"{old['name']}, {old['state']} ({old['note']})"
            message = f"the data does not use {query!r}: {named}"
            return Problem("retired-jurisdiction", message, location, hint)
        message = f"there is no jurisdiction {query!r}"
        return Problem("unknown-jurisdiction", message, location, self._suggestion(query, folded))

    def _suggestion(self, query: str, folded: str) -> str:
        """Return the hint for a query that fits nothing."""
        digits = _DIGITS.search(query)
        code = digits[1].replace(",", "").zfill(5) if digits else ""
        if self._with_id(code, ""):
            return f"did you mean {code!r}? FIPS codes have five digits"
        if _TOTALS.match(folded):
            return "this looks like a row of totals: delete the row"
        if (stated := _FIPS_IN_STATE.fullmatch(folded)) and self._with_id(stated[1], ""):
            elsewhere = list_words(map(self._slug_of, self._with_id(stated[1], "")))
            return f"{stated[1]} is {elsewhere}; if it is a ZIP code, type the county's name"
        if re.fullmatch(r"\d{5}(-\d{4})?", query):
            return "type the county's name or its FIPS code; a ZIP code names no county"
        names = (name for entry in self._jurisdiction_entries for name in entry.names)
        if _TRIBE.search(folded) and not any(map(_TRIBE.search, names)):
            return "the data has no tribes: see `optout help data` to add one in a file of your own"
        spelled = self._respelled(folded)
        is_agency = is_agency_name(spelled)
        return self._agency_suggestion(spelled) if is_agency else self._place_suggestion(folded)

    def _agency_suggestion(self, folded: str) -> str:
        if found := with_name(folded, self._agency_entries):
            return f"name the state too: {list_words(found)}"
        named, key = self._names_by_state(folded), agency_key(folded)
        county = {  # whose name begins the agency's
            entry.slug: f"{name}-"
            for entry in self._jurisdiction_entries
            if not named or entry.code in named
            for name in (entry.names if named else entry.names[:1])
            if key.startswith(f"{name}-")
        }
        alike = [entry for entry in self._agency_entries if is_of_kind(entry.names[0], key)]
        likely = {entry.slug for entry in alike}
        inside = [  # the same kind of office in that county, however it is called
            entry.slug
            for entry in alike
            if (id := self._agencies.of(entry.code).get(entry.slug, {}).get("county"))
            and self.slug(entry.code, id) in county
        ]
        close = inside or [
            slug
            for slug in self._closest(folded, self._agency_entries)
            if slug in likely and (not county or slug.startswith(tuple(county.values())))
        ]
        hints = [
            list_words(close or [slug for slug in self._agencies_at(folded) if slug in likely])
        ]
        if county:
            hints.append(f"if it is not listed, name its county instead: {list_words(county)}")
        elif not hints[0] and self._agency_entries:
            hints += [
                self._whole_list(*named, what="agencies"),
                "if it is not listed, name its county",
            ]
        return "; ".join(filter(None, hints))

    def _place_suggestion(self, folded: str) -> str:
        """Return the hint for a query that has no word of an agency; it may be a city."""
        from difflib import get_close_matches

        named = self._names_by_state(folded)
        words = {folded, *(name for names in named.values() for name in names)}
        pool = [entry for entry in self._jurisdiction_entries if not named or entry.code in named]
        is_county = any(
            without_legal_word(name) not in (name, name.removesuffix("-city"))
            or not _WORD.search(name)
            or state_code(name.replace("-", " "))
            for name in words
        )
        may_be_either = any(name.endswith("-cty") for name in words)  # `Dodge Cty, KS`
        is_city = len(pool) > _FEW and (may_be_either or not is_county)
        code, inside = self._of_state(folded)
        if found := with_name(folded, self._jurisdiction_entries):
            more = f"; {_CITY}" if is_city and (named or len(found) > 1) else ""  # `Aurora, CO`
            if inside:  # `Texas` is two counties, too
                more = f"; for the state's offices: `optout list offices --state {code}`"
            return f"name the state too: {list_words(found)}{more}"
        if inside:
            return list_words(inside) if len(inside) <= _FEW else self._whole_list(code)
        states = {fold(state["name"]): code for code, state in self._states.items()}
        alike = get_close_matches(folded, states, 1, _LIKE_A_STATE)  # `Californa`
        if alike and not with_name(alike[0], self._jurisdiction_entries):
            return f"did you mean {states[alike[0]]}? {self._whole_list(states[alike[0]])}"
        close = self._with_other_word(folded) or self._with_initials(folded)
        is_city = is_city and not close
        agencies = self._agencies_at(folded)
        at_place = [] if close else agencies
        own = [slug for slug in agencies if slug.startswith(tuple(f"{name}-" for name in words))]
        # Of this very name in another state; `Brooklyn, CT` is not Kings County, NY.
        elsewhere = [it.slug for it in self._jurisdiction_entries if it.names[0] in words]
        close = [*own, *close] or [
            *(elsewhere if len(elsewhere) <= _FEW else ()),
            *(at_place or self._closest(folded, self._jurisdiction_entries)),
        ]
        hints = [list_words(dict.fromkeys(close))]
        if is_city:
            counties = {
                self.slug(code, agency["county"])
                for code in (named if at_place else ())
                for slug, agency in self._agencies.of(code).items()
                if slug in at_place and "county" in agency
            }
            hints.append(f"{_CITY}: {list_words(sorted(counties))}" if counties else _CITY)
        if not close and self._jurisdiction_entries:
            hints.append(self._whole_list(*named))
        return "; ".join(filter(None, hints))

    @staticmethod
    def _whole_list(*states: str, what: str = "jurisdictions") -> str:
        option = f" --state {states[0]}" if len(states) == 1 else ""
        return f"`optout list {what}{option}` lists them all"

    def _of_state(self, folded: str) -> tuple[str, list[str]]:
        """Return the state that is typed alone, such as DC, with the slugs of its jurisdictions."""
        code = state_code(folded.replace("-", " ")) or folded.replace("-", "").upper()
        return code, [entry.slug for entry in self._jurisdiction_entries if entry.code == code]

    def _with_initials(self, folded: str) -> list[str]:
        """Return the slugs of the jurisdictions with these initials: `LA County`, `NYC`."""
        typed = self._names_by_state(folded) or {code: [folded] for code in self._states}
        found = [
            entry.slug
            for entry in self._jurisdiction_entries
            if "-" in entry.short[0]
            and {without_legal_word(name).replace("-", "") for name in typed.get(entry.code, ())}
            & {"".join(part[0] for part in name.split("-")) for name in entry.names + entry.short}
        ]
        return found if len(found) <= MOST_CANDIDATES else []

    def _with_other_word(self, folded: str) -> list[str]:
        """Return the slugs of a state's jurisdictions that have the name with another legal word.

        `Los Angeles City, CA` gives the county.
        """
        typed = self._names_by_state(folded)
        return [
            entry.slug
            for entry in self._jurisdiction_entries
            if any(without_legal_word(name) in entry.short for name in typed.get(entry.code, ()))
        ]

    @cached_property
    def _agency_entries(self) -> list[Entry]:
        own = (entry for entry in self._jurisdiction_entries if is_agency_name(entry.names[0]))
        return [*self._agencies.entries(self._states), *own]  # of a user's data file

    @cached_property
    def _jurisdiction_entries(self) -> list[Entry]:
        return [
            entry_of(code, self.slug(code, id), names_of(known))
            for code, state in self._states.items()
            for id, known in sorted(state.get("jurisdictions", {}).items())
        ]

    def _agencies_at(self, folded: str) -> list[str]:
        """Return the slugs of a place's agencies, which share most words with the query.

        `Hialeah, FL` is not a county: it gives the police department of Hialeah.
        """
        named = self._names_by_state(folded) or {code: [folded] for code in self._states}
        shared: dict[int, list[str]] = {}
        for entry in self._agency_entries if folded else ():
            words = {*entry.names[0].split("-")}
            for name in named.get(entry.code, ()):
                place, typed = place_in(name), {*name.split("-"), *agency_key(name).split("-")}
                is_state = name == fold(self._states[entry.code]["name"])
                if place and place == place_in(entry.names[0]) and not is_state:
                    shared.setdefault(len(words & typed), []).append(entry.slug)
        return shared[max(shared)] if shared else []

    def _names_by_state(self, folded: str) -> dict[str, list[str]]:
        """Map each state that a query ends with to the names before it."""
        named = {
            code: [*names_within(folded, code, state["name"])]
            for code, state in self._states.items()
        }
        return {code: names for code, names in named.items() if names}

    def _closest(self, folded: str, entries: Sequence[Entry]) -> list[str]:
        """Return the slugs spelled most like a query, or all of a state that has few."""
        named = self._names_by_state(folded)
        pool = [entry for entry in entries if not named or entry.code in named]
        states = {code: state["name"] for code, state in self._states.items()}
        found = closest(folded, pool, named, states)
        return found or [entry.slug for entry in pool if len(pool) <= _FEW]
