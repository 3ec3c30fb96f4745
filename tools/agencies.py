"""Write agencies.yaml from ICE's list of agencies that take part in the 287(g) program.

Usage: python tools/agencies.py LIST --date 2026-05-18 --url URL [--note TEXT] [--addenda FILE]
       [--sheriffs FILE]

LIST is ICE's own table (.xlsx) or the same as CSV. An agency is placed in a county only if the
county that ICE prints, or else the agency's own name, is that of one county in its state; a
spelling one letter off counts if only one county has it. A city's police may be placed by the
addresses of sheriffs: in the county of the only sheriff in the state whose office is in that city;
if ICE prints another county, it has none. No county is guessed: the others have none. Prints what
changed since the last list, how each odd spelling was read, and each agency without a county.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any, NamedTuple

from optout_cli.directory.names import agency_key, fold, without_legal_word
from optout_cli.readers.files import load_document

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "agencies.yaml"
COUNTIES = ROOT / "jurisdictions.yaml"
SOURCE = "ice-287g-list"
_HEAD = """\
# Agencies with agreements under section 287(g), as on ICE's list. Made by tools/agencies.py.
# `signed` is the day on which ICE signed. `type` is ICE's; `kind` follows from the name.
# docs/data.md says how each county was found; some agencies have none.
"""
_COLUMNS = {  # of ICE's table -> ours
    "law enforcement agency": "agency",
    "county": "county_as_printed",
    "support type": "model",
}
_MODELS = {
    "jail enforcement model": "jem",
    "task force model": "tfm",
    "warrant service officer": "wso",
}
# The first that fits decides. Only words that leave no doubt.
_KINDS = {
    "campus": r"university|college|school district|\bisd\b",
    "airport": r"airport",
    "prosecutor": r"attorney(?! general)|prosecutor",
    "constable": r"constable",
    "marshal": r"(?<!fire )marshal'?s?\b",
    "sheriff": r"sheriff",
    "jail": r"\bjail\b|prison|detention|correctional facility",
    "corrections": r"corrections?\b|correctional services",
    "police": r"police",
}
_YEARS_APART = 5  # of the first two days of a model: the first may have a wrong year
_NAMED_COUNTY = re.compile(r"(.+? (?:County|Parish))\b")


class Row(NamedTuple):
    """One agreement on the list."""

    state: str
    agency: str
    type: str
    county: str
    model: str
    signed: str
    addendum: bool


Seats = dict[tuple[str, str], set[str]]  # by state code and folded city: the sheriffs' counties
Agencies = dict[str, dict[str, dict[str, Any]]]  # Any: plain data, by state code and slug


def main() -> None:
    """Write the file and print what changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--date", required=True, type=date.fromisoformat)
    parser.add_argument("--url", required=True)
    parser.add_argument("--note", default="", help="which file, and where it was read")
    parser.add_argument("--addenda", type=Path, help="lines of SLUG MODEL of agreements with one")
    parser.add_argument("--sheriffs", type=Path, help="a CSV with state, city and fips of sheriffs")
    parser.add_argument("-o", "--output", type=Path, default=DATA)
    given = parser.parse_args()
    addenda = set(given.addenda.read_text("utf-8").splitlines()) if given.addenda else set()
    earlier = read_agencies(given.output)
    states = states_of(COUNTIES)
    names = {code: state["name"] for code, state in states.items()}
    seats = seats_from(given.sheriffs) if given.sheriffs else {}
    agencies, remarks = agencies_from(rows_of(given.list), states, addenda, seats)
    given.output.write_text(text_of(agencies, names, given.date, given.url, given.note), "utf-8")
    print("\n".join([*changes(earlier, agencies), *remarks]))


def rows_of(path: Path) -> Iterator[Row]:
    """Yield each agreement on a list. Raises ValueError for a model or a day that is not one."""
    for cells in _tables[path.suffix.lower()](path):
        known = {_COLUMNS.get(name.lower(), name.lower()): value for name, value in cells.items()}
        name = known["agency"].replace("\u2019", "'")
        if name:
            yield Row(
                known["state"],
                " ".join(name.split()),
                known["type"],
                known["county_as_printed"],
                _model_of(known["model"]),
                date.fromisoformat(known["signed"]).isoformat(),
                known.get("addendum", "").lower() not in ("", "no", "n/a", "#n/a"),
            )


def seats_from(path: Path) -> Seats:
    """Return the counties whose sheriff has the main office in a city, by state and city."""
    seats: Seats = {}
    for row in _csv_rows(path):
        seats.setdefault((row["state"], fold(row["city"])), set()).add(row["fips"])
    return seats


def _csv_rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def _xlsx_rows(path: Path) -> Iterator[Mapping[str, str]]:
    from openpyxl import load_workbook

    with closing(load_workbook(path, read_only=True)) as book:
        header, *rows = book.worksheets[0].iter_rows(values_only=True)
    names = [str(cell or "").strip() for cell in header]
    for row in rows:
        yield dict(zip(names, map(_cell, row), strict=False))


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value).strip()


_tables = {".csv": _csv_rows, ".xlsx": _xlsx_rows}


def _model_of(text: str) -> str:
    model = _MODELS.get(text.lower(), text.lower())
    if model not in _MODELS.values():
        raise ValueError(f"{text!r} is no model of a 287(g) agreement")
    return model


def states_of(path: Path) -> dict[str, Any]:
    """Return the states with their jurisdictions, as in jurisdictions.yaml."""
    states: dict[str, Any] = load_document(str(path)).data["states"]  # type: ignore[assignment]
    return states


def read_agencies(path: Path) -> Agencies:
    """Return the agencies of an earlier list by state; none if there was none."""
    if not path.exists():
        return {}
    return {code: state["agencies"] for code, state in states_of(path).items()}


def agencies_from(
    rows: Iterable[Row], states: Mapping[str, Any], addenda: set[str], seats: Seats
) -> tuple[Agencies, list[str]]:
    """Return the agencies by state and slug, and a remark on each odd spelling and lack."""
    codes = {fold(state["name"]): code for code, state in states.items()}
    found: Agencies = {}
    printed: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        code = codes[fold(row.state)]
        printed.setdefault((code, f"{fold(row.agency)}-{code.lower()}"), []).append(row)
    remarks = []
    for (code, slug), of_agency in sorted(printed.items()):
        name, type_ = of_agency[0].agency, of_agency[0].type.lower().replace(" ", "-")
        seat = seats.get((code, _city_of(name))) if type_ == "municipality" else None
        county, remark = _county_of(of_agency, states[code].get("jurisdictions", {}), seat or set())
        if remark:
            remarks.append(f"{remark}: {slug}")
        agency: dict[str, Any] = {"name": name, "type": type_}
        if kind := _kind_of(name, type_):
            agency["kind"] = kind
        if (right := _as_in_a_letter(name)) != name:
            agency["formal"] = f"the {right}"
        if county:
            agency["county"] = county
            agency |= _misnamed(name, states[code]["jurisdictions"][county]["name"])
        agency["agreements"] = [
            {"model": row.model, "signed": row.signed}
            | ({"addendum": True} if row.addendum or f"{slug} {row.model}" in addenda else {})
            for row in sorted(set(of_agency), key=lambda row: row.model)
        ]
        found.setdefault(code, {})[slug] = agency
    for known in found.values():
        _note_namesakes([*known.values()])
    _note_odd_days([agency for known in found.values() for agency in known.values()])
    return dict(sorted(found.items())), sorted(remarks)


def _note_namesakes(known: list[dict[str, Any]]) -> None:
    """Add a note to each of two agencies of a state whose names are two ways to write one."""
    for one, two in permutations(known, 2):
        if agency_key(fold(one["name"])) == agency_key(fold(two["name"])):
            models = " and ".join(agreement["model"] for agreement in two["agreements"])
            one["note"] = f"ICE's list also has {two['name']} ({models}); it may be the same agency"


def _note_odd_days(known: list[dict[str, Any]]) -> None:
    """Add a note to an agency that signed years before all others of its model."""
    by_model: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for agency in known:
        for agreement in agency["agreements"]:
            by_model.setdefault(agreement["model"], []).append((agreement["signed"], agency))
    for model, signed in by_model.items():
        signed.sort(key=lambda pair: pair[0])
        for (first, agency), (second, _) in pairwise(signed[:2]):
            if int(second[:4]) - int(first[:4]) >= _YEARS_APART:
                agency["note"] = f"ICE's list has no other {model} agreement signed before {second}"


def _kind_of(name: str, type_: str) -> str | None:
    kinds = (kind for kind, words in _KINDS.items() if re.search(words, name.lower()))
    return next(kinds, "state-agency" if type_ == "state-agency" else None)


def _city_of(name: str) -> str:
    """Return the folded name of a city from that of its police; nothing for another agency."""
    found = re.fullmatch(r"(?:city-of-)?(.+)-police-department", fold(name))
    return found[1] if found else ""


def _county_of(
    rows: list[Row], counties: Mapping[str, Any], seat: set[str]
) -> tuple[str | None, str]:
    """Return the FIPS code of the agency's county, or None, and a remark if it was not plain.

    `seat` has the counties whose sheriff has an office in the agency's city.
    """
    printed = sorted({row.county for row in rows})
    plain = {fips for text in printed for fips in _exact(text, counties)}
    own = _NAMED_COUNTY.match(rows[0].agency)
    named = _exact(own[1], counties) if own else set()
    if len(plain) > 1 or (plain and named and plain != named):
        return None, f"ICE's county {' and '.join(printed)} contradicts the name"
    if plain or named:
        (fips,) = plain or named
        if len(seat) == 1 and seat != {fips}:
            message = f"ICE's county {' and '.join(printed)} contradicts the sheriff's office"
            return None, message
        is_odd = {fold(text) for text in printed} != {fold(counties[fips]["name"])}
        return fips, _reading(printed, counties, fips) if is_odd and _says(printed) else ""
    near = {fips for text in printed for fips in _near(text, counties)}
    if len(near) == 1:
        (fips,) = near
        return fips, _reading(printed, counties, fips)
    if len(seat) == 1:
        (fips,) = seat
        return fips, f"{counties[fips]['name']} has its sheriff's office in the city"
    return None, f"no county ({' and '.join(printed)!r} on the list)"


def _as_in_a_letter(name: str) -> str:
    """Return a name with small words in small letters, and blanks around and behind its marks.

    `Office Of The Attorney General` -> `Office of the Attorney General`, `Pct.1` -> `Pct. 1`.
    """
    name = re.sub(r"(?<= )(Of|The|And|For)(?= )", lambda word: word[0].lower(), name)
    name = re.sub(r"\.(?=\d)", ". ", name)
    return re.sub(r" ?/ ?|(?<=[a-z])- ", lambda mark: f" {mark[0].strip()} ", name)


def _misnamed(name: str, county: str) -> dict[str, Any]:
    """Return the right name, and a note, for an agency whose name has its county's otherwise."""
    own = _NAMED_COUNTY.match(name)
    if own is None or fold(own[1]).endswith(fold(county)):
        return {}
    right = name.replace(own[1], county.replace(" city", " City"))
    note = f"ICE's list names it {name}; the agency is in {county}"
    return {"formal": f"the {right}", "aliases": [right], "note": note}


def _reading(printed: list[str], counties: Mapping[str, Any], fips: str) -> str:
    return f"county {' and '.join(printed)!r} read as {counties[fips]['name']}"


def _says(printed: list[str]) -> bool:
    """Tell whether ICE printed more than `#N/A`."""
    return any(re.search("[a-z]", text) for text in printed)


def _exact(text: str, counties: Mapping[str, Any]) -> set[str]:
    """Return the county with this name, or the only one with it apart from its legal word."""
    name = fold(text)
    whole = {fips for fips, county in counties.items() if fold(county["name"]) == name}
    short = {
        fips
        for fips, county in counties.items()
        if without_legal_word(fold(county["name"])) == without_legal_word(name)
    }
    return whole or (short if len(short) == 1 else set())


def _near(text: str, counties: Mapping[str, Any]) -> set[str]:
    """Return each county whose name is one letter off."""
    name = fold(text)
    return {
        fips
        for fips, county in counties.items()
        for known in (fold(county["name"]),)
        if _is_one_off(name, known)
        or _is_one_off(without_legal_word(name), without_legal_word(known))
    }


def _is_one_off(one: str, two: str) -> bool:
    """Tell whether one letter was left out, added, changed, or swapped with the next."""
    if one[:1] != two[:1]:  # North is no misspelled Worth
        return False
    one, two = sorted((one, two), key=len)
    start = next(
        (at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), len(one)
    )
    rest, other = one[start:], two[start:]
    if len(one) < len(two):
        return rest == other[1:]
    return bool(rest) and (rest[1:] == other[1:] or rest == other[1::-1] + other[2:])


def text_of(agencies: Agencies, names: Mapping[str, str], day: date, url: str, more: str) -> str:
    """Return the file, sorted, one agency a line."""
    note = "ICE's list; 'signed' is the day on which ICE signed"
    source = {"kind": "official", "url": url, "date": f"{day}", "note": note}
    read = [f"# Made from: {more}"] if more else []
    lines = [_HEAD.rstrip(), *read, "sources:", f"  {SOURCE}: {_flow(source)}", "states:"]
    for code, known in agencies.items():
        lines += [f"  {code}:", f"    name: {names[code]}"]
        lines += [f"    agency-source: {SOURCE}", "    agencies:"]
        lines += [f"      {slug}: {_flow(agency)}" for slug, agency in known.items()]
    return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    """Write plain data in one line: quoted where YAML could read something else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text = str(value)
    if value is True:
        return "true"
    return text if re.fullmatch(r"[A-Za-z][A-Za-z .'-]*", text) else json.dumps(text)


def changes(earlier: Agencies, now: Agencies) -> Iterator[str]:
    """Yield each agreement that is new, gone or signed on another day, and each other change."""
    old, new = (
        {slug: it for known in them.values() for slug, it in known.items()}
        for them in (earlier, now)
    )
    for slug in sorted(old.keys() | new.keys()):
        before, after = (
            {row["model"]: row["signed"] for row in them.get(slug, {}).get("agreements", ())}
            for them in (old, new)
        )
        for model in sorted(before.keys() | after.keys()):
            if before.get(model) != after.get(model):
                was, now_ = before.get(model, "not listed"), after.get(model, "not listed")
                yield f"{slug} {model}: {was} -> {now_}"
        if slug in old and slug in new:
            for key in ("name", "type", "kind", "county"):
                if old[slug].get(key) != new[slug].get(key):
                    yield f"{slug} {key}: {old[slug].get(key)} -> {new[slug].get(key)}"
    yield f"{len(new)} agencies, {sum(len(it['agreements']) for it in new.values())} agreements"


if __name__ == "__main__":
    main()
