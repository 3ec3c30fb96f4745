"""Find a jurisdiction as people write it; if that is not certain, name the candidates."""

from functools import partial

import pytest
from command_results import Write
from hypothesis import given
from hypothesis import strategies as st
from make_letters import problems_of, told_by

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import Directory, load_directory
from optout_cli.directory.names import fold, without_legal_word
from optout_cli.errors import Location, Problem
from optout_cli.letters import Library
from optout_cli.letters.compose import place_of
from optout_cli.readers.yaml import document_from_yaml


@pytest.fixture
def directory(library: Library) -> Directory:
    return library.directory


def small(text: str) -> Directory:
    return Directory(document_from_yaml(text, "data.yaml"))


@pytest.mark.parametrize(
    ("query", "id"),
    [
        ("06041", "06041"),
        ("marin-county-ca", "06041"),
        ("Marin County, CA", "06041"),
        ("Marin County, California", "06041"),
        ("Marin, CA", "06041"),
        ("  MARIN  county,ca ", "06041"),
        ("Prince George's County, MD", "24033"),
        ("Prince George\u2019s County, MD", "24033"),
        ("Prince Georges, MD", "24033"),
        ("Doña Ana County, NM", "35013"),
        ("Dona Ana, NM", "35013"),
        ("LaSalle Parish, LA", "22059"),
        ("lasalle-parish-la", "22059"),
        ("Saint Louis County, MO", "29189"),
        ("St. Louis city, MO", "29510"),
        ("Sainte Genevieve, MO", "29186"),
        ("Carson City, NV", "32510"),
        ("District of Columbia", "11001"),
        ("District of Columbia, DC", "11001"),
        ("Guam", "66010"),
        ("Guam, GU", "66010"),
        ("Juneau, AK", "02110"),
        ("New Orleans, LA", "22071"),
        ("Anchorage, AK", "02020"),
        ("Bethel, AK", "02050"),
        ("Adjuntas, PR", "72001"),
        ("Baltimore County, MD", "24005"),
        ("Baltimore city, MD", "24510"),
        ("James City County, VA", "51095"),
        ("Mercer County, West Virginia", "54055"),
        ("San Francisco, CA", "06075"),
        ("New York County, New York", "36061"),
    ],
)
def test_a_jurisdiction_is_found_by_code_slug_or_name(
    directory: Directory, query: str, id: str
) -> None:
    assert directory.find(query).id == id


FIRST_WASHINGTONS = ("al", "ar", "co", "fl", "ga", "ia", "id", "il")


CITY = "if it is a city, name its county"


def listing(option: str = "") -> str:
    return f"`optout list jurisdictions{option}` lists them all"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("6041", "did you mean '06041'? FIPS codes have five digits"),
        ("9999", listing()),
        ("94903", "type the county's name or its FIPS code; a ZIP code names no county"),
        ("", listing()),
        ("日本", listing()),
        ("Zzzz, NV", listing(" --state NV")),
        ("Seattle", f"{CITY}; {listing()}"),
        (
            "Texas",
            (
                "name the state too: texas-county-mo or texas-county-ok;"
                " for the state's offices: `optout list offices --state TX`"
            ),
        ),
        ("ero-boston", "`optout list offices` lists it; name a jurisdiction that it serves"),
        ("Boston", f"{CITY}; {listing()}"),  # not Houston
        ("Californa", f"did you mean CA? {listing(' --state CA')}"),
        ("Pigeon Forge, TN", f"{CITY}; {listing(' --state TN')}"),
        ("Nashville, TN", f"davidson-county-tn; {CITY}"),
        ("Louisville, KY", f"jefferson-county-ky; {CITY}"),
        ("Metro Government of Nashville and Davidson County, TN", "davidson-county-tn"),
        ("Kenai, AK", f"kenai-peninsula-borough-ak; {CITY}"),
        ("Kansas City, KS", f"wyandotte-county-ks; {CITY}"),
        ("Indianapolis", f"marion-county-in; {CITY}"),
        ("San Rafael, CA", f"{CITY}; {listing(' --state CA')}"),
        ("Aurora, CO", f"name the state too: aurora-county-sd; {CITY}"),
        (
            "Navajo Nation",
            "the data has no tribes: see `optout help data` to add one in a file of your own",
        ),
        ("Pittsburgh", f"pittsburgh-police-department-nh; {CITY}"),
        ("Chicago", f"chisago-county-mn or chicot-county-ar; {CITY}"),
        ("Dodge Cty, KS", f"{CITY}; {listing(' --state KS')}"),
        ("King", f"name the state too: king-county-tx or king-county-wa; {CITY}"),
        ("Suffolk County", "name the state too: suffolk-county-ma or suffolk-county-ny"),
        ("L.A. County, CA", "los-angeles-county-ca"),
        ("PG County, Md.", "prince-georges-county-md"),
        ("D.C.", "district-of-columbia-dc"),
        ("CA", listing(" --state CA")),
        ("Puerto Rico", listing(" --state PR")),
        ("Marin", "name the state too: marin-county-ca"),
        ("Marin County", "name the state too: marin-county-ca"),
        ("County of Marin", "name the state too: marin-county-ca"),
        # Words of counties' names that are like words of agencies' names.
        ("Denton County", "name the state too: denton-county-tx"),
        ("Person County", "name the state too: person-county-nc"),
        ("Davison County, ND", "davison-county-sd"),
        (
            "Washington County",
            "name the state too: "
            + " or ".join(f"washington-county-{it}" for it in FIRST_WASHINGTONS)
            + " or 22 more",
        ),
        ("Total: 58", "this looks like a row of totals: delete the row"),
        ("Grand total", "this looks like a row of totals: delete the row"),
        ("Los Angeles City, CA", "los-angeles-county-ca"),
        ("Imperial County, AZ", "imperial-county-ca"),
        ("Agana, GU", "guam-gu"),
        ("Zzzz, VI", "st-croix-island-vi or st-john-island-vi or st-thomas-island-vi"),
        ("Zzzz, MP", listing(" --state MP")),
    ],
)
def test_an_unknown_jurisdiction_is_a_problem_with_what_to_type_next(
    directory: Directory, query: str, hint: str
) -> None:
    (problem,) = problems_of(lambda: directory.find(query))
    message = f"there is no jurisdiction {query!r}"
    assert problem == Problem("unknown-jurisdiction", message, hint=hint)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("Baltimore, MD", "baltimore-county-md or baltimore-city-md"),
        ("Saint Louis, Missouri", "st-louis-county-mo or st-louis-city-mo"),
        ("Macon, GA", "bibb-county-ga or macon-county-ga"),  # the city is in Macon-Bibb County
    ],
)
def test_a_name_that_fits_two_is_a_problem_with_both(
    directory: Directory, query: str, hint: str
) -> None:
    (problem,) = problems_of(lambda: directory.find(query))
    message = f"{query!r} could be any of 2 jurisdictions"
    assert problem == Problem("ambiguous-jurisdiction", message, hint=hint)


@pytest.mark.parametrize(
    ("query", "old", "hint"),
    [
        (
            "51515",
            "Bedford city, VA (became a town in Bedford County, 2013)",
            "51019 (Bedford County, VA)",
        ),
        (
            "South Boston city, Virginia",
            "South Boston city, VA (became a town in Halifax County, 1995)",
            "51083 (Halifax County, VA)",
        ),
        (
            "Northwest Hills Planning Region, CT",
            (
                "Northwest Hills Planning Region, CT (a planning region of 2022; ICE's data are by"
                " county)"
            ),
            (
                "09001 (Fairfield County, CT) or 09003 (Hartford County, CT)"
                " or 09005 (Litchfield County, CT) or 09007 (Middlesex County, CT)"
                " or 09009 (New Haven County, CT) or 09011 (New London County, CT)"
                " or 09013 (Tolland County, CT) or 09015 (Windham County, CT)"
            ),
        ),
        (
            "Clifton Forge, VA",
            "Clifton Forge city, VA (became a town in Alleghany County, 2001)",
            "51005 (Alleghany County, VA)",
        ),
        (
            "02261, AK",  # a table with a column of states gives it so
            "Valdez-Cordova Census Area, AK (split into Chugach and Copper River, 2019)",
            "02063 (Chugach Census Area, AK) or 02066 (Copper River Census Area, AK)",
        ),
        (
            "valdez-cordova-census-area-ak",
            "Valdez-Cordova Census Area, AK (split into Chugach and Copper River, 2019)",
            "02063 (Chugach Census Area, AK) or 02066 (Copper River Census Area, AK)",
        ),
    ],
)
def test_a_retired_jurisdiction_is_a_problem_with_its_successors(
    directory: Directory, query: str, old: str, hint: str
) -> None:
    (problem,) = problems_of(lambda: directory.find(query))
    message = f"the data does not use {query!r}: {old}"
    assert problem == Problem("retired-jurisdiction", message, hint=hint)


def test_a_planning_region_is_known_by_its_short_name(directory: Directory) -> None:
    queries = ("Capitol Region CT", "Capitol Planning Region, CT", "Capitol Planning Region")
    one, *others = (problems_of(partial(directory.find, query))[0] for query in queries)
    assert one.code == "retired-jurisdiction"
    assert [other.hint for other in others] == [one.hint, one.hint]


@pytest.mark.parametrize(
    "query", ["New York City", "NYC", "City of New York, NY", "The City of New York", "NYC, NY"]
)
def test_new_york_city_is_its_five_counties(directory: Directory, query: str) -> None:
    (problem,) = problems_of(lambda: directory.find(query))
    boroughs = ["bronx", "kings", "new-york", "queens", "richmond"]
    assert problem.code == "retired-jurisdiction"
    assert directory.candidates(query) == [f"{name}-county-ny" for name in boroughs]


def test_the_name_of_a_retired_county_that_another_state_has_needs_its_state(
    directory: Directory,
) -> None:
    (problem,) = problems_of(lambda: directory.find("Dade County"))
    assert (
        problem.hint
        == "name the state too: miami-dade-county-fl or dade-county-ga or dade-county-mo"
    )


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("Marn County, CA", "marin-county-ca"),
        ("Narin County, CA", "marin-county-ca"),
        ("Maron, CA", "marin-county-ca"),
        ("San Fransisco", f"san-francisco-county-ca; {CITY}"),
        ("Cook, Ilinois", f"cook-county-il; {CITY}"),
    ],
)
def test_the_hint_for_a_misspelled_name_begins_with_the_closest_one(
    directory: Directory, query: str, slug: str
) -> None:
    (problem,) = problems_of(lambda: directory.find(query))
    assert problem.hint is not None
    assert problem.hint.split(" or ")[0] == slug


def test_a_misspelled_name_that_several_states_have_takes_turns_with_the_others(
    directory: Directory,
) -> None:
    assert directory.candidates("Maron")[:4] == [
        "marion-county-al",
        "mason-county-il",
        "marin-county-ca",
        "marion-county-ar",
    ]


def test_the_location_of_the_problem_is_where_the_name_was_typed(directory: Directory) -> None:
    (problem,) = problems_of(lambda: directory.find("Marin", Location("r.yaml", 1, 1)))
    assert problem.location == Location("r.yaml", 1, 1)


def test_the_hint_says_if_a_successor_is_not_in_the_data() -> None:
    text = 'retired:\n  "01999": {name: Old County, state: AL, successors: ["01998"], note: gone}\n'
    assert told_by(lambda: small(text).find("01999")) == (
        "the data does not use '01999': Old County, AL (gone)\n  hint: 01998 (not in the data)"
    )


@pytest.mark.parametrize(("number", "more"), [(8, ""), (9, " or 1 more"), (10, " or 2 more")])
def test_eight_candidates_are_listed_and_the_others_counted(number: int, more: str) -> None:
    rows = [f"x{it}: {{name: X}}" for it in range(number)]
    text = f"states: {{CA: {{name: California, jurisdictions: {{{', '.join(rows)}}}}}}}\n"
    (problem,) = problems_of(lambda: small(text).find("X"))
    listed = " or ".join(f"x{it}" for it in range(8))
    assert problem.hint == f"name the state too: {listed}{more}"


def test_an_id_that_two_states_have_is_ambiguous() -> None:
    text = "states:\n"
    for code, name in (("AL", "Alabama"), ("GA", "Georgia")):
        text += f"  {code}: {{name: {name}, jurisdictions: {{troy: {{name: City of Troy}}}}}}\n"
    assert told_by(lambda: small(text).find("troy")) == (
        "'troy' could be any of 2 jurisdictions\n  hint: troy or troy"
    )


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("Marin Co., CA", "marin-county-ca"),
        ("Marin County, Calif.", "marin-county-ca"),
        ("Marin Cty, CA", "marin-county-ca"),
        ("Alexandria Cty, VA", "alexandria-city-va"),
        ("Lee County, Fla.", "lee-county-fl"),
        ("Wake, N.C.", "wake-county-nc"),
        ("Ohio County, W.Va.", "ohio-county-wv"),
        ("the County of Marin, California", "marin-county-ca"),
        ("City and County of San Francisco, CA", "san-francisco-county-ca"),
        ("City of Alexandria, Va.", "alexandria-city-va"),
        ("Parish of Orleans, La.", "orleans-parish-la"),
        ("Denver, Colo.", "denver-county-co"),
        ("king co wash", "king-county-wa"),
        ("La Salle Parish, LA", "lasalle-parish-la"),
        ("La Porte, IN", "laporte-county-in"),
        ("De Witt County, TX", "dewitt-county-tx"),
        ("Brooklyn, NY", "kings-county-ny"),
        ("Manhattan, New York", "new-york-county-ny"),
        ("Staten Island, NY", "richmond-county-ny"),
        ("the Bronx, NY", "bronx-county-ny"),
        ("Dade County, FL", "miami-dade-county-fl"),
        ("12025", "miami-dade-county-fl"),
        ("shannon county, sd", "oglala-lakota-county-sd"),
        ("Wade Hampton, Alaska", "kusilvak-census-area-ak"),
        ("the District of Columbia", "district-of-columbia-dc"),
        ("Washington, D.C.", "district-of-columbia-dc"),
        ("Lewis & Clark County, MT", "lewis-and-clark-county-mt"),
        ("Athens-Clarke County, GA", "clarke-county-ga"),
        ("Butte-Silver Bow, MT", "silver-bow-county-mt"),
        ("Municipio Autónomo de Caguas, PR", "caguas-municipio-pr"),
        ("Saipan, CNMI", "saipan-municipality-mp"),
        ("St. Thomas, Virgin Islands", "st-thomas-island-vi"),
        ("Office of the Sheriff, Pinal County, Arizona", "pinal-county-sheriffs-office-az"),
    ],
)
def test_a_name_is_found_as_people_write_it(query: str, slug: str, directory: Directory) -> None:
    assert directory.find(query).slug == slug


def test_an_abbreviation_of_two_states_is_ambiguous(directory: Directory) -> None:
    assert told_by(lambda: directory.find("Washington, Miss.")) == (
        "'Washington, Miss.' could be any of 2 jurisdictions\n"
        "  hint: washington-county-mo or washington-county-ms"
    )


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("marin", ["marin-county-ca"]),
        ("baltimore, md", ["baltimore-county-md", "baltimore-city-md"]),
        ("marn, ca", ["marin-county-ca"]),
        ("DC", ["district-of-columbia-dc"]),
        ("SD County", ["san-diego-county-ca"]),
        ("Los Angeles City, CA", ["los-angeles-county-ca"]),
        ("Denton County", ["denton-county-tx"]),
        ("xyzzy", []),
    ],
)
def test_candidates_are_the_slugs_that_a_query_may_mean(
    query: str, slugs: list[str], directory: Directory
) -> None:
    assert directory.candidates(query) == slugs


def test_an_empty_data_file_has_no_jurisdiction_and_no_hint() -> None:
    told = "there is no jurisdiction 'Marin'"
    assert told_by(lambda: small("states: {}\n").find("Marin")) == told


def test_a_locality_holds_all_the_facts_that_its_notices_need(directory: Directory) -> None:
    it = directory.find("Los Angeles County, CA")
    assert (it.id, it.slug, it.name, it.state_code, it.state_name, it.field_office) == (
        "06037",
        "los-angeles-county-ca",
        "Los Angeles County, CA",
        "CA",
        "California",
        "ero-los-angeles",
    )
    assert it.bureau is not None
    assert it.bureau.address.state == "CA"
    assert it.field_office in it.offices
    assert it.activation_source is not None
    assert {law.source.kind for law in it.laws} <= {"official", "other-government", "third-party"}


def test_a_jurisdiction_without_an_office_of_its_own_has_its_states(directory: Directory) -> None:
    assert directory.find("Marin County, CA").field_office == "ero-san-francisco"


def test_american_samoa_has_a_bureau_by_name_only_and_no_field_office(directory: Directory) -> None:
    it = directory.find("eastern-district-as")
    assert it.bureau is not None
    assert (it.field_office, it.bureau.missing) == (
        None,
        ("address.street", "address.city", "address.state", "address.zip"),
    )


def test_each_value_of_a_locality_has_its_file_and_line() -> None:
    text = """\
states:
  CA:
    name: California
    bureau:
      attention: Director
      address: {city: Sacramento,
        zip: "95816"}
    laws:
      - {effect: restricts, about: [287g], citation: c, summary: s, source: {kind: official}}
    jurisdictions:
      "06041": {name: Marin County, activated: "2010-08-10"}
      "06075": {name: San Francisco County}
"""
    assert small(text).find("06041").origins == {
        "bureau": "data.yaml:4",
        "bureau.attention": "data.yaml:5",
        "bureau.address": "data.yaml:6",
        "bureau.address.city": "data.yaml:6",
        "bureau.address.zip": "data.yaml:7",
        "jurisdiction": "data.yaml:11",
        "jurisdiction.name": "data.yaml:11",
        "jurisdiction.activated": "data.yaml:11",
        "laws": "data.yaml:8",
        "laws.0": "data.yaml:9",
    }


def test_jurisdictions_are_listed_by_id_of_one_state_or_of_all() -> None:
    text = """\
states:
  NV: {name: Nevada, jurisdictions: {"32510": {name: Carson City}}}
  CA: {name: California, jurisdictions: {"06075": {name: SF}, "06041": {name: Marin}}}
"""
    ids = [[(code, id) for code, id, _ in small(text).all(state)] for state in (None, "CA", "XX")]
    assert ids == [
        [("CA", "06041"), ("CA", "06075"), ("NV", "32510")],
        [("CA", "06041"), ("CA", "06075")],
        [],
    ]


def test_contacts_are_the_bureaus_and_then_the_offices() -> None:
    text = """\
states: {NV: {name: Nevada}, CA: {name: California, bureau: {attention: Director}}}
offices: {hq: {role: headquarters}, a: {role: field-office}}
"""
    assert [(id, path) for id, path, _ in small(text).contacts()] == [
        ("bureau-ca", "states.CA.bureau"),
        ("a", "offices.a"),
        ("hq", "offices.hq"),
    ]


def test_a_states_agencies_are_its_bureau_and_every_field_office_of_it() -> None:
    text = """\
states:
  NY: {name: New York, field-office: a, jurisdictions: {x: {name: X, field-office: b}}}
  AS: {name: American Samoa}
"""
    agencies = [small(text).offices_of(code) for code in ("NY", "AS")]
    assert agencies == [{"bureau-ny", "a", "b"}, {"bureau-as"}]


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Prince George's County, MD", "prince-georges-county-md"),
        ("Doña Ana", "dona-ana"),
        ("St. John the Baptist", "st-john-the-baptist"),
        ("Saint-Denis", "st-denis"),
        ("Sainte Genevieve", "ste-genevieve"),
        ("Saintsbury", "saintsbury"),
        ("  A -- b  ", "a-b"),
        ("\u02bbŌlelo", "olelo"),
        ("", ""),
    ],
)
def test_a_name_is_folded_to_ascii_letters_digits_and_hyphens(name: str, folded: str) -> None:
    assert fold(name) == folded


_parts = st.sampled_from(["Saint", "sainte", "St.", " ", "-", "'", "e", "É", "County", "ß"])
_names = st.text() | st.lists(_parts).map("".join)


@given(_names)
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(_names)
def test_a_folded_name_is_a_slug(name: str) -> None:
    assert all(part.isascii() and part.isalnum() for part in fold(name).split("-") if fold(name))


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("marin-county", "marin"),
        ("juneau-city-and-borough", "juneau"),
        ("bethel-census-area", "bethel"),
        ("james-city-county", "james-city"),
        ("guam", "guam"),
        ("county", "county"),
    ],
)
def test_one_legal_word_at_the_end_is_dropped(slug: str, said: str) -> None:
    assert without_legal_word(slug) == said


@pytest.mark.no_cover  # all the data, with code that others cover
def test_every_name_that_letters_print_finds_its_jurisdiction(directory: Directory) -> None:
    lost = []
    for _, id, _ in directory.all():
        locality = directory.find(id)
        place = place_of(locality)
        names = {locality.name, place.full_name, place.full_formal}
        lost += [name for name in names if directory.find(name).id != id]
    assert lost == []


@pytest.mark.parametrize(
    ("query", "read_from"),
    [
        ("Benton, AR", "Benton, AR"),
        ("Brooklyn, NY", "Brooklyn, NY"),
        ("12025", "12025"),
        ("Benton County, AR", None),
        ("benton-county-ar", None),
        ("05007", None),
        ("the City and County of San Francisco, California", None),
    ],
)
def test_a_name_that_is_not_whole_is_kept_as_it_was_typed(
    query: str, read_from: str | None, directory: Directory
) -> None:
    assert directory.find(query).read_from == read_from


def test_an_overlay_adds_names(write: Write, cache: Cache) -> None:
    text = 'states: {CA: {jurisdictions: {"06041": {aliases: [Tamalpais]}}}}\n'
    path = str(write("own.yaml", text))
    directory = load_directory(str(bundled.JURISDICTIONS), [path], cache)
    assert directory.find("Tamalpais, CA").slug == "marin-county-ca"


@pytest.mark.parametrize(
    "query", ["6041", "6041.0", "06041.0", "6,041", "0500000US06041", "Marin County, CA (06041)"]
)
def test_a_fips_code_that_a_program_changed_is_guessed(library: Library, query: str) -> None:
    hint = told_by(lambda: library.directory.find(query)).partition("hint: ")[2]
    assert hint == "did you mean '06041'? FIPS codes have five digits"


def test_a_fips_code_with_another_state_is_not_found(library: Library) -> None:
    assert library.directory.find("06041, CA").name == "Marin County, CA"
    assert told_by(lambda: library.directory.find("10001, NY")) == (
        "there is no jurisdiction '10001, NY'\n"
        "  hint: 10001 is kent-county-de; if it is a ZIP code, type the county's name"
    )


def test_a_code_with_its_own_state_is_no_short_name(directory: Directory) -> None:
    assert [directory.find(it).read_from for it in ("06041, CA", "Marin, CA")] == [
        None,
        "Marin, CA",
    ]
