"""What a letter says of its service is true of the form that is written: paper, e-mail or fax."""

from pathlib import Path

import pytest
from conftest import TODAY
from make_letters import document_of
from read_mail import parts_of

from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Export

pytestmark = pytest.mark.usefixtures("with_typst")

REACHED = """\
signatory: {name: Pat Placeholder, title: Sheriff, email: sheriff@example.gov}
signature: {kind: typed}
recipients: {bureau: {email: bureau@example.gov, fax: 916-555-0130}}
"""
MAIL = """\
service: {bureau: [{by: certified-mail, number: 9589071052700000000007}], ice: [{by: hand}]}
"""
BOTH = "service: {bureau: [{by: certified-mail}, {by: email}, {by: fax}], ice: [{by: hand}]}"
NONE = "service: {}"


@pytest.fixture
def library(typst_library: Library) -> Library:
    return typst_library


def written(library: Library, service: str, *formats: str) -> dict[str, Export]:
    """Return the bureau's letter in each format."""
    order = Order(today=TODAY, parties=("bureau",), formats=formats)
    document = document_of(REACHED + service)
    return {each.format: each for each in exports_of(document, library, order, Path())}


def about_service(text: str) -> list[str]:
    """Return the lines of a letter that say how it goes."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line.startswith(("Via", "The letter to "))]


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (MAIL, ["Via e-mail to bureau@example.gov"]),
        (
            BOTH,
            [
                "Via certified mail",
                "Via e-mail to bureau@example.gov",
                "Via facsimile to 916-555-0130",
                "The letter to ICE is being sent by hand delivery.",
            ],
        ),
        (NONE, []),
    ],
)
def test_an_email_says_only_what_is_true_of_an_email(
    library: Library, service: str, said: list[str]
) -> None:
    files = written(library, service, "eml")
    assert about_service(parts_of(files["eml"].content).text) == said


def test_a_fax_says_only_what_is_true_of_a_fax(library: Library) -> None:
    text = written(library, MAIL, "fax")["fax"].content.decode("ascii")
    assert about_service(text) == ["Via facsimile to 916-555-0130"]


def test_paper_that_is_written_with_an_email_says_what_the_request_says(library: Library) -> None:
    text = written(library, MAIL, "txt", "eml")["txt"].content.decode()
    assert about_service(text) == [
        "Via certified mail no. 9589071052700000000007",
        "The letter to ICE is being sent by hand delivery.",
    ]
