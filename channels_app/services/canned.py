"""What is written often."""

from django.db.models import Q, QuerySet

from channels_app.blanks import fill
from channels_app.models import CannedReply, Conversation
from tenants import context
from tenants.accounts.models import User

SHOWN = 8


def canned_replies(search: str = "") -> QuerySet[CannedReply]:
    wanted = search.strip().removeprefix("/")
    found = CannedReply.objects.all()
    if wanted:
        found = found.filter(Q(shortcut__icontains=wanted) | Q(text__icontains=wanted))
    return found


def offered_for(conversation: Conversation, user: User, search: str) -> list[CannedReply]:
    """Some that fit what was typed, with their blanks filled; those that begin so come first."""
    wanted = search.strip().removeprefix("/").casefold()
    found = sorted(
        canned_replies(search)[:100],
        key=lambda row: (not row.shortcut.casefold().startswith(wanted), row.shortcut),
    )[:SHOWN]
    values = blanks_of(conversation, user)
    for row in found:
        row.text = fill(row.text, values)
    return found


def blanks_of(conversation: Conversation, user: User) -> dict[str, str]:
    """What the blanks of a canned reply become in this conversation."""
    contact = conversation.contact
    return {
        "name": contact.name,
        "first_name": contact.name.split()[0] if contact.name.split() else "",
        "email": contact.email,
        "phone": contact.phone,
        "agent": user.name or user.email,
        "company": context.current_company().name,
        "channel": conversation.connection.name,
    }
