"""An agency of the data writes its own letters: it is the party, and its agreement is known."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from command_results import Run, outcome
from make_letters import (
    body_texts,
    case_for,
    document_of,
    letter_for,
    notice_for,
    notices_for,
    problems_of,
    told_by,
)
from run_batch import records

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import load_directory
from optout_cli.errors import Problem
from optout_cli.letters import Library
from optout_cli.letters.agreements import with_agency
from optout_cli.letters.compose import compose

HIALEAH = "hialeah-police-department-fl"
AUTAUGA = "autauga-county-sheriffs-office-al"


def base(jurisdiction: str, letter: str = "287g/terminate") -> str:
    return f"jurisdiction: {jurisdiction}\nletter: {letter}\ndate: 2026-11-20\n"


def of(jurisdiction: str, *particulars: str) -> str:
    lines = "".join(f"  {line}\n" for line in particulars)
    return base(jurisdiction) + (f"particulars:\n{lines}" if lines else "")


def notes(library: Library, request: str) -> dict[str, str]:
    return {note.code: note.text for note in notice_for(library, base=request).notes}


def test_the_agency_is_the_party_and_its_agreement_is_as_on_the_list(library: Library) -> None:
    notice = notice_for(library, base=base(HIALEAH))
    assert (
        notice.author,
        notice.file_name,
        notice.particulars.model,
        [str(day) for day in notice.particulars.signed],
        notice.particulars.agency,
        notice.recipient.office,
        notice.reference[:17],
    ) == (
        "Hialeah Police Department, Florida",
        "2026-11-20-terminate-tfm-hialeah-police-department-ice",
        ("tfm",),
        ["2025-07-02"],
        "Hialeah Police Department",
        "ero-miami",
        "287G-FL-20261120-",
    )


@pytest.mark.parametrize(
    ("agency", "author", "named"),
    [
        (
            "alaska-department-of-corrections-ak",
            "Alaska Department of Corrections",
            "the Alaska Department of Corrections (“the Department of Corrections”)",
        ),
        (
            "miami-dade-corrections-and-rehabilitation-fl",
            "Miami-Dade Corrections and Rehabilitation, Florida",
            "Miami-Dade Corrections and Rehabilitation (“the agency”)",
        ),
        (
            "constable-unity-township-pa",
            "Constable Unity Township, Pennsylvania",
            "Constable Unity Township (“the Constable's Office”)",
        ),
    ],
)
def test_an_agencys_name_is_written_as_its_kind_wants(
    agency: str, author: str, named: str, library: Library
) -> None:
    letter = letter_for(library, base=base(agency))
    assert letter.notice.author == author
    assert f"I write on behalf of {named}." in body_texts(letter)[0]


@pytest.mark.parametrize(
    "office", ["Constable Precinct 4", "Miami-Dade Corrections and Rehabilitation"]
)
def test_a_signatorys_office_is_written_as_an_agencys_name_is(
    office: str, library: Library
) -> None:
    signatory = f"{{name: Pat Doe, title: Chief, office: {office}}}"
    lines = f"{{signatory: {signatory}, particulars: {{model: jem}}}}"
    letter = letter_for(library, lines, base("dallas-county-tx"))
    assert f"I write on behalf of {office} (" in body_texts(letter)[0]


@pytest.mark.parametrize(
    ("place", "more", "named"),
    [
        ("kodiak-police-department-ak", "", "the Kodiak Police Department"),
        ("alexandria-city-va", "particulars: {model: jem}\n", "the City of Alexandria"),
    ],
)
def test_a_name_has_its_article_where_it_calls_itself_the_agency(
    place: str, more: str, named: str, library: Library
) -> None:
    letter = letter_for(library, f"calls-itself: the agency\n{more}", base(place))
    assert f"I write on behalf of {named} (“the agency”)." in body_texts(letter)[0]


@pytest.mark.parametrize(
    ("agency", "opening"),
    [
        (
            "alaska-department-of-corrections-ak",
            "the Alaska Department of Corrections (“the Department of Corrections”).",
        ),
        ("hialeah-police-department-fl", "the Hialeah Police Department, Florida (“the Police"),
    ],
)
def test_an_agency_whose_name_has_the_state_is_not_given_it_again(
    library: Library, agency: str, opening: str
) -> None:
    lines = f"letter: secure-communities/opt-out\njurisdiction: {agency}\n"
    first, *_ = body_texts(letter_for(library, base=lines))
    assert f"on behalf of {opening}" in " ".join(first.split())


def test_what_the_data_adds_is_told_with_its_source(library: Library) -> None:
    assert notes(library, base(HIALEAH))["agreement-data"] == (
        "compare with your copy of the agreement: model: tfm, signed: 2025-07-02, from ICE's list"
        " of 2026-05-18 (https://github.com/RelevantResearch/287g-DetentionData); 'signed' is the"
        " day on which ICE signed"
    )


def test_a_name_that_ices_list_misspells_is_told_and_printed_right(library: Library) -> None:
    request = base("berrian-county-sheriffs-office-mi")
    assert notes(library, request)["agreement-data"].endswith(
        "; ICE's list names it Berrian County Sheriff's Office; the agency is in Berrien County"
    )
    letter = letter_for(library, base=request)
    assert letter.notice.author == "Berrien County Sheriff's Office, Michigan"
    assert "on behalf of the Berrien County Sheriff's Office (" in body_texts(letter)[0]


def test_the_request_comes_before_the_data(library: Library) -> None:
    stated = of(HIALEAH, 'signed: "2025-06-30"', "agency: Hialeah Police")
    particulars = case_for(library, base=stated).particulars
    assert (particulars.model, [str(day) for day in particulars.signed], particulars.agency) == (
        ("tfm",),
        ["2025-06-30"],
        "Hialeah Police",
    )
    told = notes(library, of(HIALEAH, 'signed: "2025-06-30"', "model: tfm"))
    assert "agreement-data" not in told


@pytest.mark.parametrize(
    "typed",
    [
        "dakota-county-sheriffs-office-ne",
        "DAKOTA COUNTY SHERIFF'S OFFICE",
        "Dakota County Sheriff's Office, NE",
        "Dakota County Sheriff's Office, Nebraska",
    ],
)
def test_an_agency_of_the_list_is_named_as_there(typed: str, library: Library) -> None:
    stated = of("dakota-county-ne", "model: wso", f'agency: "{typed}"')
    assert case_for(library, base=stated).particulars.agency == "Dakota County Sheriff's Office"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("  agency: Bucks County Sheriff's Office\n", "is in PA, not in NE"),
        ("  agency: hialeah-police-department-fl\n", "is in FL, not in NE"),
        (
            "signatory: {name: Pat Doe, title: Sheriff, office: Marin County Sheriff's Office}\n",
            "would be the agreement's party, but jurisdiction: is Dakota County, NE",
        ),
    ],
)
def test_an_agency_of_another_place_is_no_party(lines: str, told: str, library: Library) -> None:
    stated = of("dakota-county-ne", "model: wso") + lines
    (problem,) = problems_of(lambda: case_for(library, base=stated))
    assert (problem.code, told in problem.message) == ("agency-elsewhere", True)


def test_a_letter_may_name_the_agency_in_two_places(library: Library) -> None:
    case = case_for(library, base=of("dakota-county-ne", "model: wso", "agency: Ross Police, NE"))
    both = case.kind.particulars | {"again": case.kind.particulars["agency"]}
    kind = msgspec.structs.replace(case.kind, particulars=both)
    document = document_of("particulars: {agency: 'Ross Police, NE'}")
    stated = with_agency(document, case.locality, kind, library.directory)
    assert stated.data["particulars"] == {"agency": "Ross Police"}


def test_a_county_of_your_own_data_is_in_the_state_that_has_it(
    write: Callable[..., Path], library: Library, cache: Cache
) -> None:
    inside = (
        "jurisdictions: {redwood-district: {name: Redwood County, field-office: ero-san-diego}}"
    )
    path = str(write("own.yaml", f"states: {{CA: {{{inside}}}}}\n"))
    own = load_directory(str(bundled.JURISDICTIONS), [path], cache, str(bundled.AGENCIES))
    assert own.states_with("Redwood County") == {"CA", "MN"}
    assert library.directory.states_with("Redwood County") == {"MN"}


@pytest.mark.parametrize("agency", ["Thurston County Jail", "Tri County Jail", "Ross Police"])
def test_an_agency_that_is_not_listed_is_taken_as_it_is(agency: str, library: Library) -> None:
    stated = of("dakota-county-ne", "model: wso", f"agency: {agency}")
    assert case_for(library, base=stated).particulars.agency == agency


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("VIII", "in section VIII:"),
        ("5.", "in section 5:"),
        ("part 4", "in part 4:"),
        ("Introduction", "in Introduction:"),
    ],
)
def test_a_number_alone_is_that_of_a_section(typed: str, told: str, library: Library) -> None:
    facts = ("model: wso", "clause: It ends.", f"clause-section: '{typed}'", "agency: A Jail")
    letter = letter_for(library, base=of("dakota-county-ne", *facts))
    assert any(it.endswith(told) for it in body_texts(letter))


def test_one_of_several_agreements_is_asked_for(library: Library) -> None:
    assert problems_of(lambda: case_for(library, base=base(AUTAUGA))) == [
        Problem(
            "which-agreement",
            "Autauga County Sheriff's Office, AL has 3 agreements: jem, tfm, wso",
            hint="add model: ... under particulars:, or pass --set particulars.model=..."
            " (jem, tfm, wso); several agreements go into one letter: model: [jem, tfm, wso]",
            path="particulars.model",
            fields=("particulars.model",),
        )
    ]


def test_the_day_is_that_of_the_agreement_that_is_named(library: Library) -> None:
    notice = notice_for(library, base=of(AUTAUGA, "model: wso"))
    assert (notice.file_name, [str(day) for day in notice.particulars.signed]) == (
        "2026-11-20-terminate-wso-autauga-county-sheriffs-office-ice",
        ["2025-09-22"],
    )


def test_an_agreement_that_is_not_on_the_list_is_told(library: Library) -> None:
    request = of(HIALEAH, "model: jem")
    assert notes(library, request)["unlisted-agreement"].startswith(
        "check model: no agreement jem of Hialeah Police Department, FL is on file: ICE's list"
    )
    assert case_for(library, base=request).particulars.signed == ()


BREVARD = "brevard-county-sheriffs-office-fl"  # wso of 2019, tfm of 2025


@pytest.mark.parametrize(
    "models", ["[wso, tfm]", '"wso, tfm"', "wso;tfm", "[tfm, wso]", '"tfm,wso"']
)
def test_models_in_one_text_are_read_as_a_list_is(models: str, library: Library) -> None:
    notice = notice_for(library, base=of(BREVARD, f"model: {models}"))
    days = dict(zip(notice.particulars.model, map(str, notice.particulars.signed), strict=True))
    assert days == {"wso": "2019-05-06", "tfm": "2025-02-24"}


def test_no_day_is_taken_for_another_agreements(library: Library) -> None:
    case = case_for(library, base=of(BREVARD, "model: [jem, wso]"))
    assert case.particulars.signed == ()


@pytest.mark.parametrize(
    ("particulars", "told"),
    [
        (("model: wso", "signed: 2025-03-12"), "wso was signed on 2025-03-12 2019-05-06"),
        (
            ("model: [tfm, wso]", "signed: [2025-02-24, 2025-02-27]"),
            "wso was signed on 2025-02-27 2019-05-06",
        ),
        (("model: wso", "signed: 2019-05-06"), ""),
        (("model: wso",), ""),
    ],
)
def test_a_day_that_differs_from_the_list_is_told(
    particulars: tuple[str, ...], told: str, library: Library
) -> None:
    note = notes(library, of(BREVARD, *particulars)).get("other-signed", "")
    stated, _, listed = note.partition(" says that ")[2].partition(", and ICE's list")
    assert " ".join([stated, *listed.split(" says ")[1:]]).strip() == told


NIXON = base("nixon-police-department-tx")


def test_a_field_office_that_does_not_follow_from_the_data_is_asked_for(library: Library) -> None:
    assert told_by(lambda: compose(case_for(library, base=NIXON))) == (
        "it is not known which ICE field office Nixon Police Department, TX belongs to\n"
        "  hint: add office: ... under recipients: ice:, or pass --set recipients.ice.office=..."
        " (one of ero-dallas, ero-el-paso, ero-harlingen, ero-houston, ero-san-antonio)"
    )


def test_the_field_office_that_the_request_names_receives_the_letter(library: Library) -> None:
    (notice,) = notices_for(library, "recipients: {ice: {office: ero-san-antonio}}", NIXON)
    assert notice.recipient.contact.address.city == "San Antonio"


def test_an_office_that_does_not_exist_is_a_problem(library: Library) -> None:
    case = case_for(library, "recipients: {ice: {office: ero-san-antono}}", NIXON)
    assert told_by(lambda: compose(case)) == (
        "there is no ICE office 'ero-san-antono'\n  hint: did you mean 'ero-san-antonio'?"
    )


def test_a_name_that_is_not_whole_is_told_as_it_was_read(library: Library) -> None:
    assert notes(library, base("Hialeah PD"))["read-as"] == (
        "check that 'Hialeah PD' means Hialeah Police Department, FL: another state may have one of"
        " that name"
    )
    assert notes(library, base("Hialeah PD, Fla."))["read-as"] == (
        "check that 'Hialeah PD, Fla.' means Hialeah Police Department, FL"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "Hialeah PD",
            (
                "'Hialeah PD' is Hialeah Police Department, FL, but the signatory's address is in"
                " MO\n  hint: add the state: 'Hialeah PD, MO', or correct the address"
            ),
        ),
        ("Hialeah PD, FL", None),  # a note tells of the address
    ],
)
def test_an_agency_named_without_its_state_is_not_taken_for_one_of_another(
    name: str, told: str | None, library: Library
) -> None:
    signatory = (
        "signatory: {name: Lee Poe, title: Chief, address: {city: Springfield, state: MO}}\n"
    )
    request = base(name) + signatory + "particulars: {model: tfm}\n"
    if told is None:
        assert "other-state" in notes(library, request)
    else:
        assert told_by(lambda: notes(library, request)) == told


@pytest.mark.parametrize("whole", [HIALEAH, "Hialeah Police Department, FL", '"06041"'])
def test_a_whole_name_is_not_told(whole: str, library: Library) -> None:
    request = base(whole) + "particulars: {model: tfm}\n"
    assert "read-as" not in notes(library, request)


def test_two_agencies_of_a_county_never_share_a_file(run: Run, in_folder: Path) -> None:
    rows = "jurisdiction,letter,date,particulars.model\n"
    for agency in (
        "Cherokee County Sheriff's Office, AL,tfm",
        "Cherokee County Sheriff, AL,wso",
        "cedar-bluff-police-department-al,",
    ):
        name, _, model = agency.rpartition(",")
        rows += f'"{name}",287g/terminate,2026-11-20,{model}\n'
    (in_folder / "n.csv").write_text(rows, "utf-8")
    code, _, told = outcome(run("batch", "n.csv", "-f", "txt", "-j1", "-o", "out"))
    assert (code, [str(it["path"]).removeprefix("out/AL/") for it in records()]) == (
        0,
        [
            (
                "cedar-bluff-police-department-al"
                "/2026-11-20-terminate-tfm-cedar-bluff-police-department-ice.txt"
            ),
            (
                "cherokee-county-sheriffs-office-al"
                "/2026-11-20-terminate-tfm-cherokee-county-sheriffs-office-ice.txt"
            ),
            (
                "cherokee-county-sheriffs-office-al"
                "/2026-11-20-terminate-wso-cherokee-county-sheriffs-office-ice.txt"
            ),
        ],
    ), told


@pytest.mark.no_cover  # every agreement of a state, with code that others cover
def test_every_agreement_of_a_state_is_written_in_one_batch(
    run: Run, in_folder: Path, library: Library
) -> None:
    rows = "jurisdiction,letter,date,particulars.model\n"
    count = 0
    for _, agency in library.directory.agencies_in("NH"):
        for agreement in agency.agreements:
            rows += f'"{agency.name}, NH",287g/terminate,2026-11-20,{agreement.model}\n'
            count += 1
    (in_folder / "n.csv").write_text(rows, "utf-8")
    code, _, _ = outcome(run("batch", "n.csv", "-f", "txt", "-j1", "-o", "out"))
    letters = [(in_folder / str(it["path"])).read_text("utf-8") for it in records()]
    subjects = [re.sub(r"\s+", " ", text).partition("Re: ")[2] for text in letters]
    assert (code, len(letters), all("New Hampshire" in it for it in subjects)) == (0, count, True)


@pytest.mark.parametrize(
    ("county", "told"),
    [
        (
            "dakota-county-ne",
            (
                "say jurisdiction: dakota-county-sheriffs-office-ne to write for that agency;"
                " agencies of Dakota County, NE on ICE's list: dakota-county-sheriffs-office-ne"
            ),
        ),
        ("marin-county-ca", None),
    ],
)
def test_a_countys_agencies_on_the_list_are_named(
    county: str, told: str | None, library: Library
) -> None:
    assert notes(library, of(county, "model: jem")).get("listed-agency") == told


def test_a_letter_about_no_agreement_names_no_agencies(library: Library) -> None:
    request = base("dakota-county-ne", "secure-communities/opt-out")
    assert "listed-agency" not in notes(library, request)


def test_a_short_name_with_a_city_office_is_told_with_the_office(library: Library) -> None:
    request = base("Benton, AR") + "particulars: {model: tfm}\n"
    signed = "signatory: {name: Pat Doe, title: Chief, office: Benton Police Department}\n"
    assert notes(library, request + signed)["read-as"] == (
        "check that 'Benton, AR' means Benton County, AR: the signatory's office is 'Benton Police"
        " Department'"
    )


@pytest.mark.parametrize(
    ("county", "is_told"), [("sussex-county-de", True), ("autauga-county-al", False)]
)
def test_a_county_without_an_agency_on_the_list_is_told(
    county: str, *, is_told: bool, library: Library
) -> None:
    told = notes(library, of(county, "model: tfm", "agency: Anytown Police Department"))
    unlisted = "no agency of Sussex County, DE is on ICE's list of 2026-05-18"
    expected = f"check that there is an agreement: {unlisted}" if is_told else None
    assert told.get("unlisted-agreement") == expected
