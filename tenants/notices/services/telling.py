"""Telling people of something, in the transaction that makes it true."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from tenants.accounts.models import User
from tenants.live import publish
from tenants.notices.kinds import Kind
from tenants.notices.models import Notice
from tenants.notices.services.ringing import ring_pushes
from tenants.notices.services.team import members
from tenants.prepared import PreparedInsert

# What of this they have not read yet says it already.
_NOTICES = PreparedInsert(
    Notice, "ON CONFLICT (user_id, kind, subject) WHERE read_at IS NULL DO NOTHING"
)


def tell(
    kind: Kind,
    *,
    people: Iterable[int] | None = None,
    subject: int,
    about: str = "",
    by: User | None = None,
) -> int:
    """Tell these people, or all who may open the subject; returns how many it was meant for.

    Whoever did it needs not be told. One statement, whatever the number of people; none where
    nobody wants to know.
    """
    now = timezone.now()
    rows = []
    for member in members(kind, people):
        wish = member.wish(kind)
        if not wish.is_any or (by is not None and by.pk == member.pk):
            continue
        rows.append(
            Notice(
                user_id=member.pk,
                kind=kind.name,
                subject=subject,
                about=about[:300],
                by=str(by)[:120] if by else "",
                created_at=now,
                is_shown=wish.page,
                mail_at=member.mail_at(wish, now),
                push_at=member.push_at(wish, now),
            )
        )
    if not rows:
        return 0
    _NOTICES.rows(rows)
    publish("notice", permission=kind.permission, users=[row.user_id for row in rows])
    if any(row.push_at is not None and row.push_at <= now for row in rows):
        transaction.on_commit(ring_pushes)
    return len(rows)
