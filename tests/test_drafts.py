"""A draft: a letter that is whole, but must not go out yet."""

from email import message_from_bytes, policy
from functools import partial

import pypdfium2
import pytest
from conftest import TODAY
from make_letters import document_of, problems_of
from read_pdf import text_on

from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Export

pytestmark = pytest.mark.usefixtures("with_typst")


def exported(library: Library, name: str, *, is_draft: bool) -> Export:
    """Write a signed letter to the bureau, whose e-mail address is not known."""
    order = Order(today=TODAY, parties=("bureau",), formats=(name,), is_draft=is_draft)
    return exports_of(document_of(), library, order)[0]


@pytest.mark.parametrize("is_draft", [True, False])
@pytest.mark.parametrize("name", ["txt", "html"])
def test_a_draft_is_marked_in_every_form_and_a_letter_in_none(
    library: Library, name: str, is_draft: bool
) -> None:
    assert (b"DRAFT" in exported(library, name, is_draft=is_draft).content) == is_draft


@pytest.mark.parametrize("is_draft", [True, False])
def test_a_draft_is_marked_on_every_page_of_paper(library: Library, is_draft: bool) -> None:
    with pypdfium2.PdfDocument(exported(library, "pdf", is_draft=is_draft).content) as document:
        marked = ["DRAFT" in text_on(page).replace(" ", "") for page in document]
    assert marked == [is_draft] * 2


def test_a_draft_of_a_message_goes_to_nobody_and_says_so(library: Library) -> None:
    content = exported(library, "eml", is_draft=True).content
    message = message_from_bytes(content, policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    assert (message["To"], message["X-Unsent"]) == (None, "1")
    assert text.get_content().splitlines()[0] == "DRAFT"


@pytest.mark.parametrize(
    ("way", "told"), [("email", "\nVia e-mail\n"), ("fax", "\nVia facsimile\n")]
)
def test_a_draft_may_lack_the_address_of_its_service(library: Library, way: str, told: str) -> None:
    document = document_of(f"service: {{bureau: [{{by: {way}}}]}}")
    for is_draft in (False, True):
        order = Order(today=TODAY, parties=("bureau",), formats=("txt",), is_draft=is_draft)
        if is_draft:
            assert told in exports_of(document, library, order)[0].content.decode()
        else:
            problems = problems_of(partial(exports_of, document, library, order))
            assert [it.code for it in problems] == ["no-address-for-service"]
