"""What the user's own words do to a letter: claims, and what the letter no longer says.

Only the words of a template and of `wording:` count: the other values of a request are facts.
"""

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from optout_cli.errors import Problem
from optout_cli.letters import Library
from optout_cli.letters.render import (
    Claim,
    claim_problem,
    claims_in,
    render,
    rules_for,
    texts_of,
)
from optout_cli.model.fields import MONTHS, days_in
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Note, Notice
from optout_cli.model.request import DETAILS
from optout_cli.templating.body import texts_in
from optout_cli.templating.filters import (
    WORDING,
    and_list,
    as_typed,
    long_date,
    typographic,
    with_curly_quotes,
)
from optout_cli.templating.inspect import unprinted_parts

WORDING_NOTE = "wording"  # of the note on what is wrong with own wording
SHARED = "shared-words"  # of the note on words that stand in both letters
UNFINISHED = "unfinished-words"  # of the note on own wording that lacks a mark at its end
UNSTATED = "unstated-fact"  # of the note on a fact that own wording leaves out
_NAMED = rf"(?:{'|'.join(MONTHS)}) [0-9]{{1,2}}, [0-9]{{4}}\b"
_ACTIVATED = re.compile(
    rf"\bactivat(?:ed|ion)\b[^.;]{{0,60}}?\b(?:on|of|was|is|for) {_NAMED}"
    rf"|\b[Oo]n {_NAMED},? [^.;]{{0,40}}?\bactivated\b"
)
_HAS_ITEM = re.compile(r"^\s*(?:[-*\u2022]|[0-9]{1,2}[.)])\s", re.MULTILINE)
_INCHES = re.compile("[0-9]['\"\u2019\u201d]")
# Facts of a notice that come from the request or the data, not from the template.
_STATED = (
    "place", "recipient", "recipients", "copies", "cc", "signatory", "letterhead", "authority",
    "particulars", "enclosures", "ori", "reference", "calls_itself", "approved_as_to_form",
)  # fmt: skip


def own_wording_problems(letter: Letter, library: Library) -> Iterator[Problem]:
    """Yield the problems with the user's own wording of a letter. Shipped wording has none.

    One with the words of the request has their key path, one of a template its location.
    """
    notice, name, templates = letter.notice, letter.template, library.templates
    is_template = bool(templates.own) and templates.own_digest_of(name) is not None
    if is_template:
        yield from unprinted_parts(name, templates)
    elif not notice.wording:
        return
    facts = msgspec.to_builtins([getattr(notice, field) for field in _STATED])
    stated = [re.compile(re.escape(text), re.IGNORECASE) for text in set(_texts_in(facts))]
    for text in texts_of(letter):
        claims = (
            *claims_in(text, rules_for(notice.program, library)),
            *_other_activations(text, notice, facts),
        )
        matches = (match for fact in stated for match in fact.finditer(text)) if claims else ()
        spans = [match.span() for match in matches]
        for claim in claims:
            if any(start <= claim.start and claim.end <= end for start, end in spans):
                continue
            words = claim.words.casefold()
            passages = (
                name
                for name, text in notice.wording.items()
                if words in " ".join(_texts_in(text)).casefold()
            )
            if passage := next(passages, None):
                path = f"{WORDING}.{passage}"
                message = f"{path} says {claim.words!r}: {claim.reason}"
                yield Problem("forbidden-words", message, path=path)
            elif is_template:
                yield claim_problem(claim, name, templates)


def _other_activations(text: str, notice: Notice, facts: object) -> Iterator[Claim]:
    """Yield each day of activation in a text that is neither the letter's nor one of its facts."""
    if not (activation := notice.activation):
        return
    known = {activation.date.isoformat(), *_texts_in(facts)}
    for match in _ACTIVATED.finditer(text):
        if not {day.isoformat() for day in days_in(match[0])} & known:
            reason = f"the date of activation in the letter's facts is {long_date(activation.date)}"
            yield Claim(match[0], *match.span(), reason)


def with_notes(letter: Letter, library: Library) -> Letter:
    """Add a note to the letter's notice for each problem with the user's own wording.

    Also for each fact that the letter would state, if it were not for the request's own words.
    """
    found = dict.fromkeys(own_wording_problems(letter, library))
    told = (str(msgspec.structs.replace(problem, hint=None)) for problem in found)
    notes = [Note(code=WORDING_NOTE, text=f"check your own words: {text}") for text in told]
    if letter.notice.wording or not {*letter.notice.leave_out} <= {*DETAILS}:
        notes += (Note(code=UNSTATED, text=text) for text in _left_unsaid(letter, library))
        notes += (Note(code=UNFINISHED, text=text) for text in _unfinished(letter, library))
        notes += (Note(code=SHARED, text=text) for text in _shared_words(letter, library))
    if not notes:
        return letter
    notice = msgspec.structs.replace(letter.notice, notes=(*letter.notice.notes, *notes))
    return msgspec.structs.replace(letter, notice=notice)


def _shared_words(letter: Letter, library: Library) -> Iterator[str]:
    """Say which of the request's words stand in two letters that optout words differently."""
    notice = letter.notice
    if len(notice.recipients) == 1:
        return
    plain = msgspec.structs.replace(notice, wording={}, leave_out=())
    facts = [
        msgspec.structs.asdict(msgspec.structs.replace(plain, recipient=recipient))
        for recipient in notice.recipients
    ]
    shipped = [library.templates.blocks_of(letter.template, each) for each in facts]
    for name in notice.wording:
        if len({words.get(name, "").strip() for words in shipped}) < len(shipped):
            continue
        if name == "salutation":
            greeted = ": and ".join(recipient.party for recipient in notice.recipients)
            hint = f"to greet each by itself, use salutation: under recipients: {greeted}: instead"
            yield f"check wording.salutation: it greets both offices; {hint}"
        else:
            yield f"check wording.{name}: both letters get it, and optout's words for them differ"


def _unfinished(letter: Letter, library: Library) -> Iterator[str]:
    """Say which of the request's words surely lack a period, or a quotation mark."""
    plain = msgspec.structs.replace(letter.notice, wording={}, leave_out=())
    shipped = library.templates.blocks_of(letter.template, msgspec.structs.asdict(plain))
    for name, text in letter.notice.wording.items():
        is_sentence = re.sub("<[^<>]*>", "", shipped.get(name, "")).strip().endswith(".")
        if is_sentence and re.search(r"[\w,;]\s*$", text) and not _HAS_ITEM.search(text):
            yield f"check wording.{name}: it ends without a period"
        paragraphs = re.split(r"\n\s*\n", with_curly_quotes(text))
        marks = [it.count("\u201c") - it.count("\u201d") for it in paragraphs]
        # A quotation of several paragraphs has a mark before each, and one at its end.
        goes_on = [it.lstrip().startswith("\u201c") for it in (*paragraphs[1:], "")]
        is_open = any(count and not more for count, more in zip(marks, goes_on, strict=True))
        if sum(marks) and is_open and not _INCHES.search(text):
            yield f"check wording.{name}: it has a quotation mark without its pair"


def _left_unsaid(letter: Letter, library: Library) -> Iterator[str]:
    """Say which statements and facts the letter has only in the words that were replaced."""
    notice = letter.notice
    kind = library.programs.find(notice.letter)[1]
    plain = msgspec.structs.replace(notice, wording={}, leave_out=())
    shipped = render(plain, library.templates)
    for rule in (*kind.must_say, *library.programs.wording.promised):
        # The subject and the foot name the letter, whatever its words do.
        bodies = (as_typed(" ".join(texts_in(version.body))) for version in (shipped, letter))
        found = [re.search(rule.words, text, re.IGNORECASE) for text in bodies]
        if found[0] and not found[1]:
            yield f"check your own words: they no longer say {rule.reason}"
    before, now = (" ".join(texts_of(version)).casefold() for version in (shipped, letter))
    lost: dict[str, dict[str, str]] = {}  # by act or particular: each fact by its key path
    for root in ("authority", "particulars"):
        facts_of_root = msgspec.to_builtins(getattr(notice, root), builtin_types=(date,))
        for path, text in _words_in(facts_of_root, root):
            words = text.rstrip(".").casefold()
            if words in before and words not in now:
                owner = ".".join(path.split(".")[:2])
                lost.setdefault(owner, {})[path.removeprefix(f"{owner}.")] = text
    for owner, facts in lost.items():
        root, _, key = owner.partition(".")
        if root == "authority":  # `the vote (4 to 1) of Resolution No. 26-14`
            act, own = notice.authority[int(key)], {"instrument", "number"}
            name = " ".join(filter(None, [act.instrument, act.number]))
            others = [f"the {field} ({text})" for field, text in facts.items() if field not in own]
            is_named = not own.isdisjoint(facts)
            told = "; ".join([name, *others]) if is_named else f"{and_list(others)} of {name}"
        else:
            named = re.split("[,;]", kind.particulars[key].help)[0]
            told = f"{named} ({'; '.join(facts.values())})"
        yield f"check your own words: they leave out {told}"


def _words_in(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the key path and the words of each fact in plain data, as a letter has them."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _words_in(value, f"{path}.{key}")
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from _words_in(value, f"{path}.{number}")
    elif isinstance(node, str | date):
        text = node if isinstance(node, str) else long_date(node)
        yield from ((path, words) for words in _texts_in(text))


def _texts_in(node: object) -> Iterator[str]:
    """Yield every text in plain data, with single blanks."""
    if isinstance(node, str):
        yield from filter(None, [" ".join(as_typed(typographic(node)).split())])
    elif isinstance(node, dict | list | tuple):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts_in(item)
