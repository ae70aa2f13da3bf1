"""The opt-out ledger: what somebody does not want to be sent, honoured by the send policy."""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from channels_app import announcements
from channels_app.capabilities import CAPABILITIES
from channels_app.models import ChannelConnection, Contact, Conversation, OptOut
from channels_app.proofs import comparable_phone
from channels_app.services.contacts import standing_for
from tenants import crypto
from tenants.audit.services import record

NETWORK = "network"
BY_PHONE = [name for name, known in CAPABILITIES.items() if known.by_phone]


@transaction.atomic
def opt_out(
    *,
    contact: Contact,
    connection: ChannelConnection | None = None,
    purpose: str = OptOut.Purpose.ALL,
    source: str,
    reason: str = "",
    actor: str = "",
) -> OptOut:
    """Write down that somebody wants no more, on this channel or on all. Twice is once.

    Said by who became part of another contact, it holds for that one.
    """
    said_by, contact = contact, standing_for(contact)
    row, is_new = OptOut.objects.get_or_create(
        contact=contact,
        connection=connection,
        purpose=purpose,
        ended_at=None,
        defaults={"source": source[:32], "reason": reason[:300]},
    )
    Contact.objects.filter(pk=contact.pk).update(has_opted_out=True)
    said_by.has_opted_out = contact.has_opted_out = True
    if is_new:
        announcements.opted_out(contact, purpose, connection.pk if connection else None)
        subject, details = f"contact:{contact.pk}", {"purpose": purpose, "source": source}
        record(action="contact.opted_out", subject=subject, actor=actor or source, details=details)
    return row


@transaction.atomic
def opt_in(
    *,
    contact: Contact,
    purpose: str = "",
    connection: ChannelConnection | None = None,
    source: str,
    actor: str = "",
) -> int:
    """End what is in force, of one purpose or of all, on one channel or on all."""
    said_by, contact = contact, standing_for(contact)
    rows = OptOut.objects.in_force().filter(contact=contact)
    if purpose:
        rows = rows.filter(purpose=purpose)
    if connection is not None:
        rows = rows.filter(connection=connection)
    ended = rows.update(ended_at=timezone.now())
    contact.has_opted_out = OptOut.objects.in_force().filter(contact=contact).exists()
    said_by.has_opted_out = contact.has_opted_out
    Contact.objects.filter(pk=contact.pk).update(has_opted_out=contact.has_opted_out)
    if ended:
        announcements.opted_in(contact, purpose, connection.pk if connection else None)
        subject, details = f"contact:{contact.pk}", {"purpose": purpose, "source": source}
        record(action="contact.opted_in", subject=subject, actor=actor or source, details=details)
    return ended


def purposes_refused(conversation: Conversation) -> frozenset[str]:
    """The purposes for which nothing may be sent to them here."""
    if not conversation.contact.has_opted_out:
        return frozenset()
    here = Q(connection=None) | Q(connection=conversation.connection)
    rows = OptOut.objects.in_force().filter(here, contact=conversation.contact)
    return frozenset(rows.values_list("purpose", flat=True))


def refuses_calls(*, contact: Contact, number: str) -> bool:
    """Whether a call to this number is one too many: they want nothing more on any channel, or
    whoever holds the number said stop on a channel that reaches them by it.

    A number is somebody's where a network vouches for it, under whichever contact they are known.
    Whom we call is somebody we want to sell to, so that stopping marketing stops the call.
    """
    holder = Q(contact__identities__proven_phone=crypto.blind_index(comparable_phone(number)))
    by_it = Q(
        connection__platform__in=BY_PHONE,
        connection__platform=F("contact__identities__platform"),
        connection__account_id=F("contact__identities__account_id"),
    )
    everywhere = Q(connection=None)
    rows = OptOut.objects.in_force().filter(
        Q(everywhere, contact=contact) | (holder & (everywhere | by_it))
    )
    return rows.exists()
