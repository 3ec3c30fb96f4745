"""The questions about particulars and agreements, from what the letter's program declares. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import count

from msgspec.structs import replace

from optout_cli.authoring import NONE
from optout_cli.authoring.questions import Question, known_ways
from optout_cli.authoring.request_writer import sample_of
from optout_cli.authoring.unfinished import UnfinishedRequest
from optout_cli.model.program import Particular
from optout_cli.programs import holds

_YES_NO = {"yes": "", "no": ""}


def _ask_agreement(row: Question, request: UnfinishedRequest, _: str) -> Iterator[Question]:
    """Ask which of an agency's agreements the letter is about, if it has several."""
    agreements = request.locality.agreements
    for name, spec in request.declared.items():
        path = f"particulars.{name}"
        if spec.known == "model" and not request.value(path) and len(agreements) > 1:
            choices = {
                each.model: f"{spec.labels.get(each.model, '')}, signed {each.signed or '?'}"
                for each in agreements
            }
            many = replace(row, reads="several" if spec.type == "list" else row.reads)
            yield replace(many, path=path, key=path, choices=choices, required=True)


def _ask_also(row: Question, request: UnfinishedRequest, party: str) -> Iterator[Question]:
    """Ask about each other way in which the earlier letter went out."""
    for way in known_ways(request, party):
        if way != request.value(f"~{party}.way"):
            key = f"~{party}.also.{way}"
            label = row.label.replace("{way}", way)
            yield replace(
                row, path=key, key=key, label=label, choices=_YES_NO, default="no", reads="way"
            )


def _ask_required(row: Question, request: UnfinishedRequest, _: str) -> Iterator[Question]:
    """Ask for what the letter must say, and what is missing of what an earlier letter tells."""
    known = request.basis.start.known.get("particulars", {})
    for name, spec in request.declared.items():
        path = f"particulars.{name}"
        if isinstance(known.get(name), list) and isinstance(spec.of, dict):
            yield from _ask_missing(row, request, name, spec.of)
        elif spec.required and name not in known and not _is_on_file(request, spec):
            yield from _ask(row, request, path, name, spec)


def _ask_missing(
    row: Question, request: UnfinishedRequest, name: str, fields: Mapping[str, Particular]
) -> Iterator[Question]:
    """Ask for the fields of known entries without which the letter kind is refused."""
    kind = request.basis.library.programs.find(request.letter)[1]
    needed = {term for refusal in kind.refuse for term in refusal.when.missing}
    entries = request.basis.start.known["particulars"][name]
    for number, entry in enumerate(entries):
        own = [
            str(value)
            for field, value in entry.items()
            if fields[field].required and any(other.get(field) != value for other in entries)
        ]
        known = ", ".join(str(value) for value in entry.values())
        for field, spec in fields.items():
            if f"{name}.{field}" in needed and field not in entry:
                optional = replace(spec, required=False)
                path = f"particulars.{name}.{number}.{field}"
                ask = "Press Enter if you have none; the letter needs at least one."
                about = replace(row, note=f"{name.capitalize()}: {known}. {ask}")
                for question in _ask(about, request, path, field, optional):
                    of = f"{question.label} ({', '.join(own)})" if own else question.label
                    yield replace(question, label=of)


def _ask_usual(row: Question, request: UnfinishedRequest, _: str) -> Iterator[Question]:
    """Ask for what most letters of the kind say, although none must."""
    for name, spec in _open_particulars(request).items():
        if spec.usual and _matters(request, spec):
            yield from _ask(row, request, f"particulars.{name}", name, spec)


def _ask_optional(row: Question, request: UnfinishedRequest, _: str) -> Iterator[Question]:
    """Offer to ask for what the letter can say besides, and ask only what matters."""
    wanted = {name: spec for name, spec in _open_particulars(request).items() if not spec.usual}
    now = [spec for spec in wanted.values() if _matters(request, spec)]
    if not now:
        return
    paths = tuple(f"particulars.{name}" for name in wanted)
    is_offered = any(path.startswith(paths) for path in request.basis.start.offered)
    yield replace(
        row,
        path="~more",
        key="~more",
        note="\n".join([row.note, *(f"- {spec.help}" for spec in now)]),
        choices=_YES_NO,
        default="yes" if is_offered else "no",
    )
    if request.value("~more") != "yes":
        return
    for name, spec in wanted.items():
        if _matters(request, spec):
            plain = Question(helps=row.helps)
            yield from _ask(plain, request, f"particulars.{name}", name, spec)


def _open_particulars(request: UnfinishedRequest) -> dict[str, Particular]:
    """Return what the letter can say, and neither the earlier letter nor the data tells."""
    known = request.basis.start.known.get("particulars", {})
    return {
        name: spec
        for name, spec in request.declared.items()
        if not spec.required and name not in known and not _is_on_file(request, spec)
    }


def _matters(request: UnfinishedRequest, spec: Particular) -> bool:
    """Tell whether a particular can matter for the letter, as far as its answers go."""
    return not spec.ask_if or any(holds(when, request.case) for when in spec.ask_if)


def _is_on_file(request: UnfinishedRequest, spec: Particular) -> bool:
    """Tell whether the data on the agency's agreement gives this particular."""
    return spec.known is not None and bool(request.locality.agreements)


def _ask(
    row: Question, request: UnfinishedRequest, path: str, name: str, spec: Particular
) -> Iterator[Question]:
    """Ask for a particular: a text, a choice, each item of a list, or each entry with fields."""
    about = f"{spec.help[:1].upper()}{spec.help[1:]}"
    note = "\n".join(filter(None, [row.note, about]))
    if spec.example and not spec.choices:
        example = sample_of(spec, date.fromisoformat(str(request.value("date"))))
        note += f" (for example: {example[0] if isinstance(example, list) else example})"
    kinds = (spec.type, spec.of) if isinstance(spec.of, str) else (spec.type,)
    if spec.choices or isinstance(spec.of, dict):
        kinds = ("choice",) if spec.choices else ("entries",)
    question = Question(
        path=path,
        key=path,
        label=spec.ask or name.replace("-", " ").capitalize(),
        note=note,
        help=" ".join([f"{about}.", *(row.helps[kind] for kind in kinds if kind in row.helps)]),
        helps=row.helps,
        side=spec.when,
        reads="date" if "date" in (spec.type, spec.of) else "text",
    )
    if isinstance(spec.of, dict):
        yield from _ask_entries(question, request, spec)
    elif spec.type == "list" and spec.choices:
        yield replace(_with_choices(question, spec, required=spec.required), reads="several")
    elif spec.type in ("list", "paragraphs"):
        yield from _ask_each(replace(question, required=spec.required), request)
    else:
        yield _with_choices(question, spec, required=spec.required)


def _ask_each(question: Question, request: UnfinishedRequest, _: str = "") -> Iterator[Question]:
    """Ask for the items of a list one by one, until an answer is empty."""
    for number in count():
        path = f"{question.path}.{number}"
        note = "Type another one, or press Enter to go on." if number else question.note
        is_required = question.required and not number
        yield replace(question, path=path, key=path, note=note, required=is_required)
        if not request.value(path):
            return


def _ask_entries(
    question: Question, request: UnfinishedRequest, spec: Particular
) -> Iterator[Question]:
    """Ask for entries with several fields, as long as there is another one."""
    assert isinstance(spec.of, dict)
    for number in count():
        path = f"{question.path}.{number}"
        if number or not spec.required:
            key = f"~{path}"
            is_offered = any(offer.startswith(path) for offer in request.basis.start.offered)
            yield replace(
                question,
                path=key,
                key=key,
                label="Add another?" if number else question.label,
                note="" if number else question.note,
                choices=_YES_NO,
                default="yes" if is_offered else "no",
            )
            if request.value(key) != "yes":
                return
        for name, inner in spec.of.items():
            plain = Question(helps=question.helps)
            yield from _ask(plain, request, f"{path}.{name}", name, inner)


def _with_choices(question: Question, spec: Particular, *, required: bool) -> Question:
    """Add the particular's choices. Enter never takes one: it may be a fact of a contract."""
    choices = {choice: spec.labels.get(choice, "") for choice in spec.choices}
    none = None if required or not choices else NONE if [*choices] != ["yes"] else "no"
    choices |= {none: ""} if none else {}
    return replace(question, choices=choices, none=none, default=none or "", required=required)


EXPANDED: Mapping[str, Callable[[Question, UnfinishedRequest, str], Iterator[Question]]] = {
    "agreement": _ask_agreement,
    "required": _ask_required,
    "also": _ask_also,
    "each": _ask_each,
    "usual": _ask_usual,
    "optional": _ask_optional,
}
