"""The questions about who receives: shows what is known of each, and how old, and corrects it."""

from optout_cli.cli.console import say
from optout_cli.cli.new.ask import ask_choice, say_wrapped
from optout_cli.cli.new.draft import RequestDraft
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.notice import Recipient

_NUMBERS = {"phone": "Telephone", "fax": "Fax", "email": "E-mail"}
_ACTIVATED_IN = "secure-communities/"  # the program whose activations the data has
_SAFE_LINES = 4  # in the window of an envelope


def ask_recipients(draft: RequestDraft) -> None:
    """Tell of the program, the state's laws and each recipient; let her correct the addresses."""
    jurisdiction, source = draft.locality.jurisdiction, draft.locality.activation_source
    if jurisdiction.activated and draft.letter.startswith(_ACTIVATED_IN):
        told = f"{source.kind} source" if source else "no source named"
        say_wrapped(f"Activated in Secure Communities: {jurisdiction.activated} ({told}).")
    prospect = draft.prospect()
    for text in filter(None, (prospect.status, *prospect.laws)):
        say_wrapped(f"Note: {text}")
    for recipient, line in zip(prospect.recipients, prospect.contact_lines, strict=True):
        say("")
        _ask_recipient(draft, recipient, line)


def _ask_recipient(draft: RequestDraft, recipient: Recipient, line: str) -> None:
    contact = recipient.contact
    say_wrapped("To the state's bureau:" if recipient.party == "bureau" else "To ICE:")
    ways = {"telephone": contact.phone, "fax": contact.fax, "e-mail": contact.email}
    known = [f"{name} {value}" for name, value in ways.items() if value]
    for text in (*contact.block, *known):
        say_wrapped(text, "  ")
    say_wrapped(f"({line.partition(': ')[2]})", "  ")
    choices = {"later": "I will call to confirm it before sending"}
    if contact.missing:
        fields = ", ".join(it.removeprefix("address.") for it in contact.missing)
        say_wrapped(f"Not known: {fields}. Without it the letter cannot be written.", "  ")
    else:
        choices["yes"] = "I have called them, and it is right"
    choices["no"] = "I know better, and will type it"
    match ask_choice("Is that right?", choices, offered="later"):
        case "later":
            return
        case "yes":
            _ask_routes(draft, recipient)
        case "no":
            _correct(draft, f"recipients.{recipient.party}", contact)
    path = f"recipients.{recipient.party}.confirmed"
    draft.ask(f"{path}.by", "How did you confirm it?", offered="telephone", required=True)
    draft.ask(f"{path}.date", "On which day?", offered=draft.today.isoformat(), required=True)


def _ask_routes(draft: RequestDraft, recipient: Recipient) -> None:
    """Ask for the numbers that are not known, since somebody has just been called."""
    for key in ("fax", "email"):
        if not getattr(recipient.contact, key):
            note = "It is not known here; Enter leaves it out."
            draft.ask(f"recipients.{recipient.party}.{key}", _NUMBERS[key], note)


def _correct(draft: RequestDraft, path: str, contact: Contact) -> None:
    """Ask line by line; what stays as it was does not go into the request."""
    say_wrapped(
        "Enter keeps what stands in brackets. Where there are several lines, put a ; between them."
    )
    address = contact.address
    parts = [
        _has_changed(draft, f"{path}.attention", "Attention", contact.attention),
        _has_changed(draft, f"{path}.organization", "Organization", contact.organization),
    ]
    asked = [
        draft.ask_lines(f"{path}.address.street", "Street or box", address.street),
        draft.ask(f"{path}.address.city", "City", offered=address.city or "", required=True),
        draft.ask(f"{path}.address.state", "State", offered=address.state or "", required=True),
        draft.ask(f"{path}.address.zip", "ZIP code", offered=address.zip or "", required=True),
    ]
    if asked == [address.street, address.city, address.state, address.zip]:
        draft.put({f"{path}.address": ""})
    else:
        parts.append(True)
    for key, label in _NUMBERS.items():
        _has_changed(draft, f"{path}.{key}", label, getattr(contact, key))
    if parts[0]:
        note = "How the letter greets whoever that is."
        draft.ask(f"{path}.salutation", "Greeting", note, offered="Dear Sir or Madam:")
    if any(parts):
        _ask_envelope(draft, path)


def _has_changed(
    draft: RequestDraft, path: str, label: str, known: str | tuple[str, ...] | None
) -> bool:
    """Ask for what is known; keep in the request what is new, and say whether it is."""
    if isinstance(known, tuple):
        answer: object = draft.ask_lines(path, label, known)
    else:
        answer = draft.ask(path, label, offered=known or "") or None
    if answer == known:
        draft.put({path: ""})
    return answer != known


def _ask_envelope(draft: RequestDraft, path: str) -> None:
    """Ask for the lines in the window where the block has more than fit."""
    party = path.rpartition(".")[2]
    block = next(it.contact.block for it in draft.prospect().recipients if it.party == party)
    if len(block) > _SAFE_LINES:
        note = (
            f"The address has {len(block)} lines, and the window of an envelope shows"
            f" {_SAFE_LINES}. How shall it read there?"
        )
        say_wrapped(note)
        draft.ask_lines(f"{path}.envelope", "Lines", ())
