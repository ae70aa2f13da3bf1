"""Conversations, locked together with who they are with.

Whoever waits for a row that a merge is moving gets the row as it is now, but PostgreSQL joins it
with the contact as it was before: they do not fit, and the answer is empty although the row is
locked from then on. Asked once more, it is there.
https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
"""

from channels_app.models import Conversation
from tenants.prepared import Blank, Prepared

WITH_CONTACT = (
    Conversation.objects.select_for_update(of=("self",)).select_related("contact").order_by()
)
_BY_KEY = Prepared(lambda: WITH_CONTACT.select_related("connection").filter(pk=Blank("pk")))


def locked(pk: int) -> Conversation:
    """A conversation with its contact and connection, locked until the transaction ends."""
    row = _BY_KEY.first(pk=pk) or _BY_KEY.first(pk=pk)
    if row is None:
        raise Conversation.DoesNotExist(f"Conversation {pk} is gone.")
    return row
