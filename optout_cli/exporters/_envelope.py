"""Who an e-mail is from and to, and the identity that it has on every machine."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from optout_cli.exporters._headers import Mailbox
from optout_cli.model.notice import Letter, Notice
from optout_cli.model.places import Contact

_NO_DOMAIN = "optout.invalid"  # RFC 2606: a domain that nobody has


class Envelope(NamedTuple):
    """Who stands in which header; and 32 hex digits for what is said, to whom, and with what."""

    people: dict[str, list[Mailbox]]
    identity: str

    @property
    def message_id(self) -> str:
        """The Message-ID (RFC 5322, 3.6.4), in the sender's domain."""
        sender = self.people["From"]
        domain = sender[0][1].rpartition("@")[2] if sender else _NO_DOMAIN
        return f"<{self.identity}@{domain}>"


def envelope_of(letter: Letter, text: str) -> Envelope:
    """Return the envelope of a letter, of which `text` is the plain text."""
    people = _people(letter.notice)
    return Envelope(people, _identity(letter, people, text))


def _people(notice: Notice) -> dict[str, list[Mailbox]]:
    """Return those who stand in each header and have an address."""
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


def _identity(letter: Letter, people: dict[str, list[Mailbox]], text: str) -> str:
    digest = sha256(f"{people}\n{text}".encode())
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
