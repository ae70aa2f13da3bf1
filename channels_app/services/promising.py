"""What a company promises those who write: made, changed, taken back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from channels_app.models import Promise
from channels_app.services.ringing import ring
from channels_app.services.winding import house
from tenants.audit.services import record
from tenants.workspace.services import promise_anew

MOST = 50
MINUTES = ("first_minutes", "next_minutes", "resolve_minutes")


@transaction.atomic
def make_promise(*, actor: str, **said: Any) -> Promise:
    """Promise something on a channel, or where nothing else is promised. Raises ValidationError."""
    if Promise.objects.count() >= MOST:
        raise ValidationError({"name": _("These are enough; remove one first.")})
    return _keep(Promise(**said), "made", actor)


@transaction.atomic
def change_promise(*, promise: Promise, actor: str, **said: Any) -> Promise:
    """Promise something else from now on; every timer is set anew. Raises ValidationError."""
    for name, value in said.items():
        setattr(promise, name, value)
    return _keep(promise, "changed", actor)


@transaction.atomic
def drop_promise(*, promise: Promise, actor: str) -> None:
    """It is promised no more; what was broken stays on record."""
    key = promise.pk
    promise.delete()
    _tell("dropped", key, actor)


def _keep(promise: Promise, deed: str, actor: str) -> Promise:
    promise.full_clean(validate_constraints=False)
    others = Promise.objects.exclude(pk=promise.pk).filter(connection=promise.connection_id)
    if others.exists():
        raise ValidationError({"connection": _("There is a promise for this already.")})
    if not any(getattr(promise, name) for name in MINUTES):
        raise ValidationError({"first_minutes": _("Promise at least one of the three.")})
    promise.save()
    _tell(deed, promise.pk, actor)
    return promise


def _tell(deed: str, key: int | None, actor: str) -> None:
    promise_anew(promises=Promise.objects.count())
    transaction.on_commit(house.forget)
    ring("set_timers")
    record(action=f"promise.{deed}", subject=f"promise:{key}", actor=actor)
