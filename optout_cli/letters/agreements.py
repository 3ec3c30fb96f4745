"""What the data says of an agency's agreements, where a request leaves it out. Pure."""

from collections.abc import Sequence

from optout_cli.errors import OptoutError, Problem
from optout_cli.model.jurisdiction import Agreement, Locality
from optout_cli.model.program import LetterKind, Particular
from optout_cli.programs import particular_from
from optout_cli.readers.document import Document, Tree, lines_to_add


def with_agreement(
    document: Document, locality: Locality, kind: LetterKind
) -> tuple[Document, tuple[str, ...]]:
    """Add the particulars that follow from the agency's agreements, and return their names.

    A particular of the request always stays. Raises OptoutError if the request must say which of
    several agreements it is about.
    """
    agency, given = locality.agency, document.data.get("particulars", {})
    if agency is None or not isinstance(given, dict):
        return document, ()
    chosen = _chosen(document, agency.agreements, kind)
    found: dict[str, Tree] = {}
    for name, spec in kind.particulars.items():
        if name in given or spec.known is None:
            continue
        if spec.known == "agency":
            found[name] = agency.name
        elif values := [value for each in chosen if (value := _value(each, spec))]:
            if len(values) == len(chosen) and (len(values) == 1 or spec.type == "list"):
                found[name] = [*values] if spec.type == "list" else values[0]
        elif spec.known == "model" and spec.required and agency.agreements:
            raise OptoutError(_which(locality, agency.agreements, f"particulars.{name}"))
    data = {**document.data, "particulars": {**given, **found}}
    # Without locations of their own: a problem with them is about the request's particulars.
    return Document(data, document.layers), tuple(found)


def _chosen(
    document: Document, agreements: Sequence[Agreement], kind: LetterKind
) -> list[Agreement]:
    """Return the agreements that a request names, in its order, or the only one there is.

    Returns none if the data lacks one of them: the days of the others would change places.
    """
    given = document.data.get("particulars", {})
    names = [name for name, spec in kind.particulars.items() if spec.known == "model"]
    stated = [name for name in names if name in given]
    if not stated:
        return [*agreements] if len(agreements) == 1 else []
    try:
        models = particular_from(document, kind, stated[0])
    except OptoutError:  # told when all particulars are read
        return []
    by_model = {each.model: each for each in agreements}
    found = [by_model.get(model) for model in ([models] if isinstance(models, str) else models)]
    return [each for each in found if each] if all(found) else []


def _value(agreement: Agreement, spec: Particular) -> str:
    if spec.known == "model":
        return agreement.model
    return agreement.signed.isoformat() if agreement.signed else ""


def _which(locality: Locality, agreements: Sequence[Agreement], path: str) -> Problem:
    """Ask which of an agency's agreements the letter is about."""
    models = ", ".join(each.model for each in agreements)
    message = f"{locality.name} has {len(agreements)} agreements: {models}"
    hint = f"{lines_to_add([path])} ({models})"
    return Problem("which-agreement", message, None, hint, path, fields=(path,))
