"""What is due, and what is old."""

from datetime import datetime

from django.utils import timezone

from tenants.notices.models import Notice
from tenants.notices.services.reading import settle_hidden
from tenants.notices.services.ringing import ring_mails, ring_pushes

SLICE = 2_000


def sweep() -> dict[str, int]:
    """Ring for what is due by now; says how much of it there is."""
    now = timezone.now()
    mails = Notice.objects.filter(mail_at__lte=now).count()
    pushes = Notice.objects.filter(push_at__lte=now).count()
    if mails:
        ring_mails()
    if pushes:
        ring_pushes()
    settle_hidden()
    return {"mails": mails, "pushes": pushes} if mails or pushes else {}


def prune_notices(*, before: datetime) -> int:
    """Let go of what was said before that, read or not."""
    old = Notice.objects.filter(created_at__lt=before).order_by("pk")
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:SLICE]):
        Notice.objects.filter(pk__in=ids).delete()
        count += len(ids)
    return count
