"""Who an e-mail is from and to, and the identity that it has on every machine."""

from collections.abc import Iterator
from hashlib import sha256

from optout_cli.exporters._headers import Mailbox
from optout_cli.exporters._page import lines_of
from optout_cli.model.notice import Letter, Notice
from optout_cli.model.places import Contact

_NO_DOMAIN = "optout.invalid"  # RFC 2606: a domain that nobody has


def people_of(notice: Notice) -> dict[str, list[Mailbox]]:
    """Return who stands in which header: those of them who have an address."""
    signatory = notice.signatory
    sender = [(signatory.name, signatory.email)] if signatory and signatory.email else []
    recipient = list(_mailboxes(notice.recipient.contact))
    copies: dict[str, Mailbox] = {}
    for name, address in _copied(notice):
        copies.setdefault(address.lower(), (name, address))
    for _, address in recipient:
        copies.pop(address.lower(), None)
    return {
        "From": sender,
        "Reply-To": sender,
        "To": recipient,
        "Cc": list(copies.values()),
    }


def message_id(letter: Letter) -> str:
    """Return the letter's Message-ID (RFC 5322, 3.6.4), in the sender's domain."""
    sender = people_of(letter.notice)["From"]
    domain = sender[0][1].rpartition("@")[2] if sender else _NO_DOMAIN
    return f"<{identity_of(letter)}@{domain}>"


def identity_of(letter: Letter) -> str:
    """Return 32 hexadecimal digits that stand for what a letter says, to whom, with which files."""
    said = [repr(people_of(letter.notice)), *lines_of(letter)]
    digest = sha256("\n".join(said).encode())
    for it in (letter.seal, letter.autograph, *letter.attachments):
        digest.update(sha256(it.content if it else b"").digest())
    return digest.hexdigest()[:32]


def _copied(notice: Notice) -> list[Mailbox]:
    """Return everyone behind the letter's "cc:" who has an address, in its order."""
    # A joint letter names all as its addressees, and each has a copy as the recipient.
    others = notice.recipients if notice.addressing == "separate" else ()
    offices = [it.contact for it in others if it.party != notice.recipient.party]
    people = [
        (", ".join(filter(None, (it.name, it.title, it.organization))), it.email)
        for it in notice.cc
        if it.email
    ]
    return [*_mailboxes(*offices, *notice.copies), *people]


def _mailboxes(*contacts: Contact) -> Iterator[Mailbox]:
    for it in contacts:
        if it.email:
            yield it.attention or ", ".join(it.organization), it.email
