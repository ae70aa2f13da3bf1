"""Tags: which there are, and which lead carries which."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Lead, LeadChange, Tag
from leads.services.ledger import locked, settle
from tenants.audit.services import record
from tenants.ringing import ring_now

MOST_TAGS = 200
BATCH = 100


@transaction.atomic
def make_tag(*, name: str, colour: str = Tag.Colour.PLAIN, actor: str) -> Tag:
    """The tag of this name, whatever its capitals; made where there is none."""
    name = " ".join(name.split())[:40]
    if not name:
        raise ValidationError({"name": _("A tag needs a name.")})
    if colour not in Tag.Colour.values:
        raise ValidationError({"colour": "Choose one of the colours."})
    held = Tag.objects.filter(name__iexact=name).select_related("into").first()
    if held is not None:
        return _staying(held)
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
def change_tag(*, tag: Tag, name: str, colour: str, actor: str) -> Tag:
    """Another name or colour, on every lead that carries it."""
    name = " ".join(name.split())[:40]
    held = Tag.objects.staying().select_for_update().get(pk=tag.pk)
    if not name:
        raise ValidationError({"name": _("A tag needs a name.")})
    if colour not in Tag.Colour.values:
        raise ValidationError({"colour": _("Choose one of the colours.")})
    if Tag.objects.filter(name__iexact=name).exclude(pk=tag.pk).exists():
        raise ValidationError({"name": _("There is a tag of this name. Merge the two instead.")})
    if (held.name, held.colour) != (name, colour):
        held.name, held.colour = name, colour
        held.save(update_fields=["name", "colour"])
        record(action="lead.tag_changed", subject=f"tag:{held.pk}", actor=actor)
    return held


def retire_tag(*, tag: Tag, into: Tag | None = None, actor: str) -> None:
    """Take the tag off every lead and delete it; ``into`` is put on instead. Many leads take a
    worker a while; the tag is not seen any more meanwhile."""
    with transaction.atomic():
        held = Tag.objects.staying().select_for_update().get(pk=tag.pk)
        if into is not None:
            into = Tag.objects.staying().select_for_update().filter(pk=into.pk).first()
            if into is None or into.pk == held.pk:
                raise ValidationError({"into": _("Choose another tag to keep.")})
        Tag.objects.filter(into=held).update(into=into)
        held.is_leaving, held.into = True, into
        held.save(update_fields=["is_leaving", "into"])
        details = {"into": into.pk} if into else {}
        record(action="lead.tag_retired", subject=f"tag:{held.pk}", actor=actor, details=details)
    retire_next(tag_id=tag.pk, actor=actor)


def retire_next(*, tag_id: int, actor: str = "system") -> None:
    """The next leads of a tag that leaves; after the last, the tag itself."""
    tag = Tag.objects.filter(pk=tag_id, is_leaving=True).select_related("into").first()
    if tag is None:
        return
    leads = list(Lead.everything.filter(tags=tag).order_by("pk")[:BATCH])
    for lead in leads:
        if lead.absorbed_by_id is not None:
            lead.tags.remove(tag)
            continue
        reason = _("The tag became “%(name)s”") % {"name": tag.into} if tag.into else ""
        added = [tag.into] if tag.into else []
        change_tags(lead=lead, add=added, remove=[tag], actor=actor, reason=reason)
    if len(leads) == BATCH:
        ring_now("upkeep", "retire_tag", tag_id)
    else:
        Tag.objects.filter(pk=tag_id, is_leaving=True, leads=None).delete()


def ring_leaving_tags() -> dict[str, int]:
    """For the sweeper: tags whose worker died."""
    left = list(Tag.objects.filter(is_leaving=True).values_list("pk", flat=True))
    for pk in left:
        ring_now("upkeep", "retire_tag", pk)
    return {"leaving_tags": len(left)} if left else {}


def _staying(tag: Tag) -> Tag:
    """Who uses the name of a tag that leaves means the one it becomes, else wants it back."""
    if tag.is_leaving and tag.into is not None:
        return tag.into
    if tag.is_leaving:
        tag.is_leaving = False
        tag.save(update_fields=["is_leaving"])
    return tag


@transaction.atomic
def tag_by_name(*, lead: Lead, add: Sequence[str], remove: Sequence[str], actor: str) -> Lead:
    """As ``change_tags``; a name that nobody used yet becomes a tag."""
    gone = [tag for name in remove if (tag := Tag.objects.filter(name__iexact=name).first())]
    new = [make_tag(name=name, actor=actor) for name in add]
    return change_tags(lead=lead, add=new, remove=gone, actor=actor)
