"""One deed for many leads, and taking it back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.models import Lead, Tag
from leads.services.stages import check_stage
from leads.services.tags import change_tags
from leads.services.work import assign_owner, set_stage
from tenants.accounts.models import User

MOST = 500
STAGE, OWNER, TAG, UNTAG = "stage", "owner", "tag", "untag"
DEEDS = (STAGE, OWNER, TAG, UNTAG)


@dataclass(slots=True)
class BulkDone:
    """What a deed changed, as plain values: enough to take it back."""

    deed: str
    value: str
    before: dict[str, str] = field(default_factory=dict)  # lead's id -> what it was

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def change_many(*, lead_ids: Sequence[int], deed: str, value: str, actor: str) -> BulkDone:
    """Do it to each lead that is not so already; each stands for itself, with its own history.

    ``value`` is a stage's key, a person's id ("": nobody) or a tag's id.
    """
    if deed not in DEEDS:
        raise ValidationError({"deed": f"Choose one of: {', '.join(DEEDS)}."})
    if len(lead_ids) > MOST:
        raise ValidationError({"lead": _("These are too many leads at once.")})
    target = _target(deed, value)
    done = BulkDone(deed, value)
    for lead in Lead.objects.filter(pk__in=lead_ids).order_by("pk"):
        version, was = lead.version, _value(lead, deed)
        if _do(lead, deed, target, actor).version != version:
            done.before[str(lead.pk)] = was
    return done


def take_back(*, done: BulkDone, actor: str) -> int:
    """Make the leads what they were before, except where somebody has decided otherwise since."""
    target = _target(done.deed, done.value)
    count = 0
    for lead in Lead.objects.filter(pk__in=[int(pk) for pk in done.before]).order_by("pk"):
        version, was = lead.version, done.before[str(lead.pk)]
        if done.deed in {TAG, UNTAG}:
            back = UNTAG if done.deed == TAG else TAG
            now = _do(lead, back, target, actor, "Taken back")
        elif _value(lead, done.deed) != done.value:
            continue
        else:
            now = _do(lead, done.deed, _target(done.deed, was), actor, "Taken back")
        count += now.version != version
    return count


def _target(deed: str, value: str) -> Any:
    if deed == STAGE:
        check_stage(value)
        return value
    if deed == OWNER:
        return _found(User.objects.filter(is_active=True), value) if value else None
    return _found(Tag.objects.staying(), value)


def _found(rows: Any, value: str) -> Any:
    held = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 19 else None
    if held is None:
        raise ValidationError({"value": _("This is not there any more.")})
    return held


def _value(lead: Lead, deed: str) -> str:
    return {STAGE: lead.stage, OWNER: str(lead.owner_id or "")}.get(deed, "")


def _do(lead: Lead, deed: str, target: Any, actor: str, reason: str = "") -> Lead:
    if deed == STAGE:
        return set_stage(lead=lead, stage=target, actor=actor, reason=reason)
    if deed == OWNER:
        return assign_owner(lead=lead, owner=target, actor=actor, reason=reason)
    tags = {"add" if deed == TAG else "remove": [target]}
    return change_tags(lead=lead, **tags, actor=actor, reason=reason)
