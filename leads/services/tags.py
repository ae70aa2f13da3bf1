"""Tags: which there are, and which lead carries which."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Lead, LeadChange, Tag
from leads.services.ledger import locked, settle
from tenants.audit.services import record

MOST_TAGS = 200


@transaction.atomic
def make_tag(*, name: str, colour: str = Tag.Colour.PLAIN, actor: str) -> Tag:
    """The tag of this name, whatever its capitals; made where there is none."""
    name = " ".join(name.split())[:40]
    if not name:
        raise ValidationError({"name": _("A tag needs a name.")})
    if colour not in Tag.Colour.values:
        raise ValidationError({"colour": "Choose one of the colours."})
    held = Tag.objects.filter(name__iexact=name).first()
    if held is not None:
        return held
    if Tag.objects.count() >= MOST_TAGS:
        raise ValidationError({"name": _("There are as many tags as there can be.")})
    made, is_new = Tag.objects.get_or_create(name=name, defaults={"colour": colour})
    if is_new:
        record(action="lead.tag_made", subject=f"tag:{made.pk}", actor=actor)
    return made


@transaction.atomic
def change_tags(
    *,
    lead: Lead,
    add: Sequence[Tag] = (),
    remove: Sequence[Tag] = (),
    actor: str,
    reason: str = "",
) -> Lead:
    """Put tags on the lead and take others off; each is a line of its history."""
    lead = locked(lead=lead)
    has = set(lead.tags.values_list("pk", flat=True))
    new = list({tag.pk: tag for tag in add if tag.pk not in has}.values())
    gone = [tag for tag in remove if tag.pk in has]
    if not new and not gone:
        return lead
    lead.tags.add(*new)
    lead.tags.remove(*gone)
    changes = [LeadChange(field="tag", after=tag.name) for tag in new]
    changes += [LeadChange(field="tag", before=tag.name) for tag in gone]
    settle(lead=lead, changes=changes, actor=actor, reason=reason)
    details = {"added": [tag.pk for tag in new], "removed": [tag.pk for tag in gone]}
    record(action="lead.tagged", subject=f"lead:{lead.pk}", actor=actor, details=details)
    return lead


@transaction.atomic
def tag_by_name(*, lead: Lead, add: Sequence[str], remove: Sequence[str], actor: str) -> Lead:
    """As ``change_tags``; a name that nobody used yet becomes a tag."""
    gone = [tag for name in remove if (tag := Tag.objects.filter(name__iexact=name).first())]
    new = [make_tag(name=name, actor=actor) for name in add]
    return change_tags(lead=lead, add=new, remove=gone, actor=actor)
