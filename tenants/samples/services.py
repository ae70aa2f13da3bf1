"""Loading sample data and letting it go, step by step; each step commits how far it has come."""

from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.services import record
from tenants.ringing import ring_now
from tenants.samples.models import SampleSet
from tenants.samples.parts import parts, steps

State = SampleSet.State
# A step takes well under a second; after this nobody is at it any more.
LEFT_ALONE = timedelta(seconds=30)


def samples() -> SampleSet | None:
    """What there is of it now."""
    return SampleSet.objects.first()


@transaction.atomic
def load_samples(*, actor: str) -> SampleSet:
    """Have it loaded; where it is there, or on its way, nothing more happens.

    Raises ValidationError while the last of it is still being removed.
    """
    found, is_new = SampleSet.objects.select_for_update().get_or_create(
        pk=SampleSet.ONLY, defaults={"asked_by": actor, "total": len(steps())}
    )
    if found.state == State.REMOVING:
        raise ValidationError(_("The sample data is just being removed. Try again in a moment."))
    if is_new:
        _record("samples.asked", actor)
        _ring()
    return found


@transaction.atomic
def remove_samples(*, actor: str) -> SampleSet | None:
    """Have all of it removed, also what is loaded only in part. None where there is nothing."""
    found = SampleSet.objects.select_for_update().first()
    if found is not None and found.state != State.REMOVING:
        found.state, found.done, found.total = State.REMOVING, 0, len(parts())
        found.asked_by = actor
        found.save()
        _record("samples.given_up", actor)
        _ring()
    return found


def carry_on() -> int:
    """Every step that is left, one after the other; says how many there were."""
    count = 0
    while _take_step():
        count += 1
    return count


def sweep() -> dict[str, int]:
    """Ring again for what somebody began and left."""
    since = timezone.now() - LEFT_ALONE
    left = SampleSet.objects.exclude(state=State.READY).filter(updated_at__lt=since).exists()
    if left:
        _ring()
    return {"samples": int(left)}


@transaction.atomic
def _take_step() -> bool:
    # Two workers that were rung at once take turns: whoever waits sees the other's step done.
    found = SampleSet.objects.select_for_update().first()
    if found is None or not found.is_under_way:
        return False
    return _load_next(found) if found.state == State.LOADING else _remove_next(found)


def _load_next(found: SampleSet) -> bool:
    left = steps()[found.done :]
    if left:
        part, unit = left[0]
        part.load(unit)
        found.done += 1
    else:
        found.state = State.READY
        _record("samples.loaded", found.asked_by)
    found.save()
    return bool(left)


def _remove_next(found: SampleSet) -> bool:
    left = parts()[::-1][found.done :]
    if left:
        left[0].remove()
        found.done += 1
        found.save()
    else:
        found.delete()
        _record("samples.removed", found.asked_by)
    return bool(left)


def _record(action: str, actor: str) -> None:
    record(action=action, subject="samples", actor=actor)


def _ring() -> None:
    transaction.on_commit(partial(ring_now, "upkeep", "carry_on_with_samples"))
