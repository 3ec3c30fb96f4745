"""What people call the columns of a table -> key paths of a request. Pure.

`Sheriff Name` is signatory.name. A name that several fields could have gives all of them.
"""

import re
from functools import lru_cache

_OWNERS = {
    "signatory": "signatory", "signer": "signatory", "sheriff": "signatory",
    "official": "signatory", "sender": "signatory", "bureau": "bureau", "sib": "bureau",
    "ice": "ice", "cc": "cc",
    "copy": "cc", "authority": "authority", "resolution": "authority", "ordinance": "authority",
}  # fmt: skip
_FIELDS = {
    "name": "name", "title": "title", "position": "title", "office": "office", "phone": "phone",
    "telephone": "phone", "tel": "phone", "fax": "fax", "email": "email", "mail": "email",
    "street": "street", "address": "street", "city": "city", "town": "city", "state": "state",
    "zip": "zip", "zipcode": "zip", "postal": "zip", "date": "date", "dated": "date",
    "number": "number", "no": "number", "vote": "vote", "body": "body", "instrument": "instrument",
    "organization": "organization", "service": "by", "by": "by", "route": "by", "way": "by",
    "tracking": "number",
}  # fmt: skip
_FILLERS = {"of", "the", "for", "s", "code", "letter", "address", "recipients", "0", "e", "full"}
_PLACES = {"signatory": ("street", "city", "state", "zip")}
_COLUMNS = {
    "signatory": ("name", "title", "office", "phone", "fax", "email"),
    "authority": ("instrument", "number", "date", "body", "vote"),
    "cc": ("name", "title", "organization", "email"),
    "bureau": ("email", "fax", "phone", "by", "number"),
    "ice": ("email", "fax", "phone", "by", "number"),
}
# Names of one word, or of words that say nothing else.
_WHOLE = {
    "jurisdiction": ("jurisdiction",), "county": ("jurisdiction",), "parish": ("jurisdiction",),
    "county name": ("jurisdiction",), "name of county": ("jurisdiction",),
    "jurisdiction name": ("jurisdiction",), "fips": ("jurisdiction",), "agency": ("jurisdiction",),
    "fips code": ("jurisdiction",), "letter": ("letter",), "kind of letter": ("letter",),
    "letter kind": ("letter",), "date": ("date",), "date of letter": ("date",),
    "letter date": ("date",), "date of the letter": ("date",), "ori": ("ori",),
    "name": ("signatory.name",), "title": ("signatory.title",), "sheriff": ("signatory.name",),
    "signatory": ("signatory",), "signature": ("signature.kind",), "cc": ("cc",),
    "authority": ("authority",), "service": ("service",),
    "state": ("jurisdiction", "signatory.address.state"),
    "city": ("jurisdiction", "signatory.address.city"),
    "resolution": ("authority.0.number", "authority.0.instrument"),
    "ordinance": ("authority.0.number", "authority.0.instrument"),
}  # fmt: skip
_PATH = re.compile(r"[a-z][a-z-]*(\.[A-Za-z0-9-]+)+")


def _path(owner: str, field: str) -> str:
    """Return the key path of an owner's field."""
    if field in _PLACES.get(owner, ()):
        return f"{owner}.address.{field}"
    if owner in ("bureau", "ice"):
        is_service = field in ("by", "number")
        return f"service.{owner}.0.{field}" if is_service else f"recipients.{owner}.{field}"
    return f"{owner}.0.{field}" if owner in ("authority", "cc") else f"{owner}.{field}"


@lru_cache(512)
def column_of(name: str) -> list[str]:
    """Return the key paths that a column's name may mean; the name itself if it is one already."""
    if _PATH.fullmatch(name):
        return [name]
    words = re.findall(r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if whole := _WHOLE.get(" ".join(words)):
        return list(whole)
    owners = {_OWNERS[word] for word in words if word in _OWNERS}
    fields = [_FIELDS[word] for word in words if word in _FIELDS and word not in _FILLERS]
    if not fields and "address" in words:
        fields = ["street"]
    known = {*_OWNERS, *_FIELDS, *_FILLERS}
    if len(owners) > 1 or len(set(fields)) != 1 or not known.issuperset(words):
        return [name]
    field = fields[0]
    own = [
        owner
        for owner in (owners or _COLUMNS)
        if field in (*_COLUMNS[owner], *_PLACES.get(owner, ()))
    ]
    return [_path(owner, field) for owner in own] or [name]
