"""Notes on letters after earlier ones: what the registers have otherwise, and second notices.

Compares facts only: the earlier letter's reference, date and recipients, how it was served, and
what came back. Of what the new letter leaves out, names only letters that it should follow instead.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import dropwhile
from pathlib import Path
from typing import Any

from optout_cli.authoring.earlier import FACTS, Earlier, answer_words, asked_office, earlier_from
from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.model.program import LetterKind, Program
from optout_cli.model.request import RECIPIENTS, Party
from optout_cli.register.events import Answered, way_words
from optout_cli.register.journal import NAME
from optout_cli.register.replies import Claim
from optout_cli.register.returns import came_back, is_given
from optout_cli.register.standing import kinds_after_silence, settles
from optout_cli.register.state import Identity, LetterState, load_register
from optout_cli.templating.filters import quotation, the

_Names = dict[str, str]  # the particulars that repeat facts of an earlier letter, by the fact
_MOST = 20  # notes on a batch
_SECOND = (
    "a new date makes a second notice. If the first is wrong, keep its date and add --supersede"
    " REASON; if it has no answer, write a follow-up: optout new --follow"
)
_ByPlace = dict[str, list[LetterState]]


def contradiction_notes(
    claims: Iterable[Claim],
    states: Iterable[LetterState],
    folder: Path | None,
    library: Library,
    *,
    is_batch: bool = False,
) -> Iterator[str]:
    """Yield notes on what new letters say of earlier ones and the registers have otherwise.

    Looks in the register of `folder`, whose letters are `states`, then in that of this folder and
    those of the folders in it. With `is_batch`, names the jurisdiction, and shows the first notes.
    """
    registers: list[_ByPlace] = []
    count = 0
    for claim in claims:
        if not registers:
            registers += [_by_place(states), *_nearby(folder)]
        head = f"note: {f'{claim.name}: ' if is_batch else ''}check the letter before you sign it: "
        program = library.programs.find(claim.letter)[0]
        own = [
            letters[claim.jurisdiction] for letters in registers if claim.jurisdiction in letters
        ]
        found = (_contradictions(claim, letters, program) for letters in own)
        texts = next((known for known in found if known is not None), None)
        if texts is None and own and claim.cited:
            texts = [f"no register here has the letter that it cites, {claim.cited}"]
        for text in texts or ():
            count += 1
            if not is_batch or count <= _MOST:
                yield head + text
    if is_batch and count > _MOST:
        yield f"note: {count - _MOST:,} more such notes on other letters"


def _by_place(states: Iterable[LetterState]) -> _ByPlace:
    found: _ByPlace = defaultdict(list)
    for state in states:
        found[state.written.jurisdiction].append(state)
    return dict(found)


def _nearby(folder: Path | None) -> Iterator[_ByPlace]:
    """Yield the letters of the registers in this folder and the folders in it, but one."""
    here = Path()
    known = folder.resolve() if folder else None
    with suppress(OSError):
        for path in [here / NAME, *sorted(here.glob(f"*/{NAME}"))]:
            if path.is_file() and path.parent.resolve() != known:
                with suppress(OptoutError):  # the commands for that folder tell of it
                    yield _by_place(load_register(path.parent).letters.values())


def second_notes(
    letters: Iterable[Identity], states: Iterable[LetterState], library: Library
) -> Iterator[str]:
    """Yield notes on notices, not follow-ups, that offices were sent before, with another date."""
    sent = {it.identity: it for it in states if is_given(it)}
    by_matter = {_without_day(identity): state for identity, state in sent.items()}
    again: Counter[str] = Counter()
    for letter in letters:
        first = None if letter in sent else by_matter.get(_without_day(letter))
        if first and not library.programs.find(letter[1])[1].follows:
            days = f"the notice of {first.written.date} (sent {first.sent[-1].on})"
            again[days] += 1
    for days, count in again.items():
        of_them = f"{count:,} letter{'s' if count > 1 else ''}"
        yield f"note: these offices already have {days}: {of_them}; {_SECOND}"


def repeated_notes(letters: Iterable[Identity], library: Library) -> Iterator[str]:
    """Yield notes on notices that several requests of a batch give, each with another date."""
    days: defaultdict[tuple[str, ...], set[date]] = defaultdict(set)
    for place, kind, variant, day, party in letters:
        if not library.programs.find(kind)[1].follows:
            days[place, kind, variant, party].add(day)
    twice = ((key[:3], tuple(sorted(found))) for key, found in days.items() if len(found) > 1)
    for (place, *_), found in dict.fromkeys(twice):  # both offices often have the same days
        name = library.directory.find(place).name
        yield (
            f"note: {name} has {len(found)} requests for the same notice, dated"
            f" {', '.join(map(str, found))}: delete all but one, unless its offices are to get each"
            " of them"
        )


def _without_day(letter: Identity) -> tuple[str, ...]:
    jurisdiction, kind, variant, _, party = letter
    return jurisdiction, kind, variant, party


def _contradictions(
    claim: Claim, states: Sequence[LetterState], program: Program
) -> list[str] | None:
    """Say what the register has otherwise, or return None if it has no such letter."""
    kind = program.letters[claim.letter.partition("/")[2]]
    names = {spec.follow: key for key, spec in kind.particulars.items() if spec.follow in FACTS}
    entries = claim.particulars.get(names.get("requests", ""), [])
    dates = {entry["date"] for entry in entries}
    found: dict[Party, LetterState] = {}  # a version that was sent, else the latest
    for state in states:
        written, party = state.written, state.letter.recipient
        day = written.date.isoformat()
        is_cited = written.reference == claim.cited if claim.cited else day in dates
        is_own = written.reference == claim.reference
        is_meant = is_cited and not is_own and state.kind in kind.follows
        if is_meant and (party not in found or state.sent or not found[party].sent):
            found[party] = state
    if not found:
        return None
    all_earlier = {party: earlier_from(state, states) for party, state in found.items()}
    answers = {  # also those to letters that cite the earlier one
        party: [answer for answer in earlier.answers() if answer.recipient == party]
        for party, earlier in all_earlier.items()
    }
    earlier = next(iter(all_earlier.values()))
    stated = ((names.get(fact, ""), FACTS[fact](earlier, program)) for fact in ("date", "kind"))
    texts = [
        f"the letter says {key}: {said}; the register says {recorded}"
        for key, recorded in stated
        if (said := claim.particulars.get(key)) not in (None, recorded)
    ]
    for party in claim.parties:
        if party in found:
            texts += _status_texts(claim, found[party], answers[party], program)
            texts += _history_texts(claim, found[party], answers[party], names, program)
            texts += _later_texts(claim, all_earlier[party], found[party], states, program)
        else:
            texts.append(f"the earlier letter was not written to {RECIPIENTS[party]}")
    return [*texts, *_reply_texts(claim, kind, list(all_earlier.values()), program)]


def _name_of(state: LetterState) -> str:
    return f"{state.written.reference} to {RECIPIENTS[state.letter.recipient]}"


def _status_texts(
    claim: Claim, state: LetterState, answers: Iterable[Answered], program: Program
) -> Iterator[str]:
    """Yield that the earlier letter is not recorded as sent, or is answered already."""
    named = _name_of(state)
    if not state.sent:
        yield f"{named} is not recorded as sent"
    elif state.withdrawal:
        yield f"{named} was withdrawn on {state.withdrawal.on}"
    elif back := came_back(state):
        yield f"{named} came back on {back.on} ({back.note})"
    name = claim.letter.partition("/")[2]
    specs = program.letters[name].particulars
    for answer in answers if name in kinds_after_silence(program) else ():
        key = next((key for key in specs if specs[key].follow == f"replies.{answer.reply}"), "")
        named_too = {
            (entry.get("office"), entry.get("date")) for entry in claim.particulars.get(key, [])
        }
        if settles(answer, program):
            yield f"{named} was answered on {answer.on} ({answer.reply})"
        elif key and (answer.recipient, str(answer.on)) not in named_too:
            yield f"{named} was answered on {answer.on} ({answer.reply}); say so in the letter"


def _later_texts(
    claim: Claim,
    earlier: Earlier,
    cited: LetterState,
    states: Iterable[LetterState],
    program: Program,
) -> Iterator[str]:
    """Yield each letter that went out since, before this one, and that it should follow instead.

    Also each corrected version that went out in place of the letter that is `cited`.
    """
    own = [state.written.at for state in states if state.written.reference == claim.reference]
    for state in earlier.followed_by(program.letters[claim.letter.partition("/")[2]], program):
        is_before = state.written.date <= claim.date and (not own or state.written.at < min(own))
        if is_before and state.letter.recipient == cited.letter.recipient:
            yield newer_text(state)
    for state in dropwhile(lambda state: state is not cited, states):
        is_same = state.identity == cited.identity and state.written.reference != claim.cited
        if claim.cited and is_same and state.sent:
            yield (
                f"{claim.cited} to {RECIPIENTS[state.letter.recipient]} was replaced by"
                f" {state.written.reference}, which went out on {state.sent[0].on}"
            )


def newer_text(state: LetterState) -> str:
    """Say that a letter went out since the one that a new letter follows."""
    written = state.written
    named = f"{state.kind} of {written.date}, {written.reference}"
    office = RECIPIENTS[state.letter.recipient]
    return f"a later letter, which it does not name, went out to {office}: {named}"


def _history_texts(
    claim: Claim,
    state: LetterState,
    answers: Sequence[Answered],
    names: _Names,
    program: Program,
) -> Iterator[str]:
    """Yield how the earlier letter went out, arrived and was answered, if not as recorded."""
    party, named = state.letter.recipient, _name_of(state)
    ways = [
        way for way in claim.particulars.get(names.get("service", ""), []) if way["to"] == party
    ]
    sent = [way_words(sending.by, sending.number) for sending in state.sent]
    for way in ways if sent else ():
        said = way_words(way["by"], way.get("number"))
        if not any(words.startswith(said) for words in sent):
            yield f"the letter says that {named} was sent by {said}; the register says {sent[-1]}"
    days = {way["received"] for way in ways if way.get("received")}
    if party == "ice" and (day := claim.particulars.get(names.get("received", ""))):
        days.add(day)
    recorded = {receipt.on.isoformat() for receipt in state.delivered}
    if days - recorded:
        said = f"was received on {', '.join(sorted(days))}"
        has = f"says {', '.join(recorded)}" if recorded else "has no such day"
        yield f"the letter says that {named} {said}; the register {has}"
    own = [
        asked_office(recipient)
        for recipient in earlier_from(state, [state]).facts["recipients"]
        if recipient["party"] == party
    ]
    for entry in claim.particulars.get(names.get("requests", ""), []):
        if entry["date"] == str(state.written.date) and the(entry["to"]) in map(the, own):
            for key, source in (("answered", "on"), ("answer", "words")):
                yield from _answer_texts(named, entry.get(key), answers, source, program)


def _reply_texts(
    claim: Claim, kind: LetterKind, all_earlier: Sequence[Earlier], program: Program
) -> Iterator[str]:
    """Yield what is not as recorded of the reply that the new letter answers."""
    answers = [answer for earlier in all_earlier for answer in earlier.answers()]
    name = next(id for id, it in program.letters.items() if it is kind)
    texts: dict[str, None] = {}
    named = all_earlier[0].facts["reference"]
    for id, reply in program.replies.items():
        if name not in [row.letter for row in reply.next]:
            continue
        own = [answer for answer in answers if answer.reply == id]
        for key, source in reply.fills.items():
            said = claim.particulars.get(key)
            texts |= dict.fromkeys(_answer_texts(named, said, own, source, program))
        for key in reply.asks:
            said, recorded = claim.particulars.get(key), [answer.facts.get(key) for answer in own]
            if said and any(recorded) and said not in recorded:
                texts[f"the letter says {key}: {said}; the register says {recorded[-1]}"] = None
    yield from texts


# Any: a particular is a text, a date as text, or a list of texts.
def _answer_texts(
    named: str, said: Any, answers: Sequence[Answered], source: str, program: Program
) -> Iterator[str]:
    """Yield a text if no recorded answer has what a letter says of one; words may be a part."""
    if not said:
        return
    text = str(said) if isinstance(said, str) else " ".join(said)
    recorded = [str(value) for answer in answers if (value := getattr(answer, source))]
    if source == "words":  # as a letter has them, with its quotation marks, or as they are
        recorded += filter(None, (answer_words(answer, program) for answer in answers))
        text, *recorded = ("".join(quotation([words]))[1:-1] for words in (text, *recorded))
    is_part = source != "on" and any(text in value for value in recorded)
    if text not in recorded and not is_part:
        what = f"{named} was answered {source} {text}"
        if source == "words":
            what = f"the answer to {named} was \u201c{text}\u201d"
        has = f"says {recorded[-1]}" if recorded else "has no such answer"
        yield f"the letter says that {what}; the register {has}"
