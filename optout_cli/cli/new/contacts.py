"""Ask about each recipient: show its address and how old it is, and let the user correct it."""

from optout_cli.authoring.correction import Confirmed, corrected_contact, target_of
from optout_cli.cli.console import say
from optout_cli.cli.correct import keep_correction
from optout_cli.cli.new.ask import Question, RequestDraft, ask_choice, say_wrapped
from optout_cli.errors import Location
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.notice import Recipient

PARTIES = {"bureau": "the State Identification Bureau", "ice": "ICE"}
ADDRESS = {"city": "City", "state": "State", "zip": "ZIP code"}
NUMBERS = {"phone": "Telephone", "fax": "Fax", "email": "E-mail"}
_ACTIVATED_IN = "secure-communities/"  # the only program whose activation dates the data has
_WINDOW_LINES = 4  # that surely show in the window of an envelope


def ask_recipients(draft: RequestDraft) -> None:
    """Show the program's status, the state's laws and each recipient; ask about each address."""
    jurisdiction, source = draft.locality.jurisdiction, draft.locality.activation_source
    if jurisdiction.activated and draft.letter.startswith(_ACTIVATED_IN):
        kind = f"{source.kind} source" if source else "no source named"
        say_wrapped(f"Activated in Secure Communities: {jurisdiction.activated} ({kind}).")
    prospect = draft.prospect()
    for text in filter(None, (prospect.status, *prospect.laws)):
        say_wrapped(f"Note: {text}")
    for recipient, line in zip(prospect.recipients, prospect.contact_lines, strict=True):
        say("")
        say_wrapped(f"To {PARTIES[recipient.party]}:")
        for text in recipient.contact.block:
            say_wrapped(text, "  ")
        for key, label in NUMBERS.items():
            if number := getattr(recipient.contact, key):
                say_wrapped(f"{label.lower()} {number}", "  ")
        say_wrapped(f"({line.partition(': ')[2]})", "  ")
        if not recipient.contact.verified:  # the user's own data may have it confirmed
            _ask_recipient(draft, recipient)


def keep_confirmed(draft: RequestDraft) -> None:
    """Save each address that was confirmed, so that the next letter does not ask for it again."""
    directory = draft.library.directory
    for recipient in draft.prospect().recipients:
        confirmed, is_bureau = recipient.confirmed, recipient.party == "bureau"
        if confirmed is None or recipient.is_person or recipient.contact.missing:
            continue
        what = draft.locality.state_code if is_bureau else recipient.office
        target = target_of(what, directory, Location(""))
        row = corrected_contact(recipient.contact, {}, Confirmed(confirmed.by, "", confirmed.date))
        path = keep_correction(target, row, directory)
        say_wrapped(f"optout saved the confirmed address of {PARTIES[recipient.party]} in {path}.")


def _ask_recipient(draft: RequestDraft, recipient: Recipient) -> None:
    contact, path = recipient.contact, f"recipients.{recipient.party}"
    choices = {"later": "I will call to confirm it before sending"}
    if contact.missing:
        fields = ", ".join(field.removeprefix("address.") for field in contact.missing)
        say_wrapped(f"Missing: {fields}. The letter cannot be written without it.", "  ")
    else:
        choices["yes"] = "I called them, and it is right"
    choices["no"] = "It has changed; I will type the new address"
    match ask_choice("Is this address right?", choices, default="later"):
        case "later":
            return
        case "yes":
            for key in ("fax", "email"):  # someone has just talked to them
                if not getattr(contact, key):
                    note = "optout has none on file. Press Enter to skip."
                    draft.ask(Question(f"{path}.{key}", NUMBERS[key], note))
        case "no":
            _correct(draft, path, contact)
    for key, label, default in (
        ("by", "How did you confirm it?", "telephone"),
        ("date", "On what date?", draft.today.isoformat()),
    ):
        draft.ask(Question(f"{path}.confirmed.{key}", label, default=default, required=True))


def _correct(draft: RequestDraft, path: str, contact: Contact) -> None:
    """Ask for each line of an address; the request gets only the lines that changed."""
    say_wrapped(
        "Press Enter to keep the value in brackets. If there are several lines, type a semicolon"
        " (;) between them."
    )
    address = contact.address
    is_renamed = _ask_changed(draft, f"{path}.attention", "Attention", contact.attention)
    is_moved = _ask_changed(draft, f"{path}.organization", "Organization", contact.organization)
    answers: list[object] = [
        draft.ask_lines(f"{path}.address.street", "Street or box", address.street)
    ]
    known: list[object] = [address.street]
    for key, label in ADDRESS.items():
        value = getattr(address, key)
        question = Question(f"{path}.address.{key}", label, default=value or "", required=True)
        answers.append(draft.ask(question))
        known.append(value)
    if answers == known:
        draft.put({f"{path}.address": ""})
    else:
        is_moved = True
    for key, label in NUMBERS.items():
        _ask_changed(draft, f"{path}.{key}", label, getattr(contact, key))
    if is_renamed:
        note = "How should the letter greet the addressee?"
        draft.ask(Question(f"{path}.salutation", "Greeting", note, "Dear Sir or Madam:"))
    if is_renamed or is_moved:
        recipients = draft.prospect().recipients
        (block,) = [to.contact.block for to in recipients if path == f"recipients.{to.party}"]
        if len(block) > _WINDOW_LINES:
            say_wrapped(
                f"The address has {len(block)} lines, but an envelope window shows only"
                f" {_WINDOW_LINES}. How should it read there?"
            )
            draft.ask_lines(f"{path}.envelope", "Lines")


def _ask_changed(
    draft: RequestDraft, path: str, label: str, known: str | tuple[str, ...] | None
) -> bool:
    """Ask for a value, and put it in the request only if it differs; tell whether it does."""
    if isinstance(known, tuple):
        answer: object = draft.ask_lines(path, label, known)
    else:
        answer = draft.ask(Question(path, label, "", known or "")) or None
    if answer == known:
        draft.put({path: ""})
    return answer != known
