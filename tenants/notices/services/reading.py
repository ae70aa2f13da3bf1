"""What stands behind the bell."""

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tenants.accounts.models import User
from tenants.live import publish
from tenants.notices.models import Notice
from tenants.paging import Page, newest_first

PAGE = 30
COUNTED = 99  # beyond that the bell says "99+"


def _of(user: User) -> QuerySet[Notice]:
    return Notice.objects.filter(user=user, is_shown=True)


def unread_count(user: User) -> int:
    """No further than to one more than ``COUNTED``: every page asks."""
    return _of(user).filter(read_at=None).order_by()[: COUNTED + 1].count()


def list_notices(*, user: User, unread: bool = False, cursor: str = "") -> Page[Notice]:
    rows = _of(user).filter(read_at=None) if unread else _of(user)
    return newest_first(rows, cursor=cursor, size=PAGE)


def read_one(*, user: User, notice_id: int) -> Notice | None:
    """They have seen it; ``None`` where it is nobody's or somebody else's."""
    notice = Notice.objects.filter(user=user, pk=notice_id).first()
    if notice is not None:
        _read(user, Q(pk=notice.pk))
    return notice


def read_subject(*, user: User, kinds: tuple[str, ...], subject: int) -> int:
    """They are looking at what these notices are about."""
    return _read(user, Q(kind__in=kinds, subject=subject))


def read_all(*, user: User) -> int:
    return _read(user, Q())


def _read(user: User, which: Q) -> int:
    """What is read is neither mailed nor pushed any more."""
    unread = Notice.objects.filter(which, user=user, read_at=None)
    count = unread.update(read_at=timezone.now(), mail_at=None, push_at=None)
    if count:
        publish("notice", users=[user.pk])
    return count


def settle_hidden() -> None:
    """What somebody wants by other ways only, and has had: the next of its kind may come."""
    over = Notice.objects.filter(is_shown=False, read_at=None, mail_at=None, push_at=None)
    over.update(read_at=F("created_at"))
