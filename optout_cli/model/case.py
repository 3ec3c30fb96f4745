"""What one request's notices follow from, gathered for `compose`."""

from datetime import date as Date
from typing import Any, Literal

import msgspec

from optout_cli.model.places import Locality
from optout_cli.model.program import Cautions, LetterKind, Program
from optout_cli.model.request import Request

Route = Literal["email", "fax"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a request's notices follow from.

    `today` is the day of writing; `max_age` the days for which a confirmation of a contact
    holds, None where an unconfirmed contact is a caution only; `routes` those by which the letters
    are to go, for which there must be addresses unless it is a draft; `own_wording` the hash of
    what the user wrote of the letter's template, None where all of it ships, and `is_reworded`
    tells that the letter itself ships.
    """

    request: Request
    # Any: a struct made from what the letter kind declares.
    particulars: Any
    locality: Locality
    program: Program
    kind: LetterKind
    wording: Cautions
    date: Date
    today: Date
    max_age: int | None = None
    routes: tuple[Route, ...] = ()
    is_draft: bool = False
    own_wording: str | None = None
    is_reworded: bool = False
