"""Rules that move leads, add tasks and close them, every minute and once for each occasion."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app.models import Conversation
from leads.models import Lead, LeadQuerySet, RuleDeed, StageRule, Task
from leads.models.leads import CLOSED
from leads.services.ledger import locked
from leads.services.stages import check_stage, stage_name
from leads.services.tasks import MOST_OPEN, add_task, finish_task
from leads.services.work import set_stage
from tenants.audit.services import record

When, Then = StageRule.When, StageRule.Then
MOST_RULES = 30
MOST_DAYS = 365
BATCH = 200


def sentence(rule: StageRule) -> str:
    """The rule as people read it."""
    when = {
        When.HOT: _("When a lead is hot"),
        When.WARM: _("When a lead is warm"),
        When.QUIET: _("When a contact has not written for %(days)d days") % {"days": rule.days},
        When.CLOSED: _("When a lead is won or lost"),
    }[When(rule.when)]
    if rule.from_stage:
        when = _("%(when)s and stands in %(stage)s") % {
            "when": when,
            "stage": stage_name(rule.from_stage),
        }
    then = {
        Then.STAGE: _("move it to %(stage)s") % {"stage": stage_name(rule.to_stage)},
        Then.TASK: _("add the task “%(title)s”") % {"title": rule.title},
        Then.FINISH: _("close its open tasks"),
    }[Then(rule.then)]
    return f"{when}: {then}"


@transaction.atomic
def add_rule(
    *,
    when: str,
    then: str,
    days: int = 0,
    from_stage: str = "",
    to_stage: str = "",
    title: str = "",
    actor: str,
) -> StageRule:
    """A rule that is off; raises ValidationError by field where it says nothing that can be."""
    rule = StageRule(when=when, then=then, author=actor)
    rule.days = days if when == When.QUIET else 0
    rule.from_stage = "" if when == When.CLOSED else from_stage
    rule.to_stage = to_stage if then == Then.STAGE else ""
    rule.title = " ".join(title.split())[:200] if then == Then.TASK else ""
    _refuse_what_cannot_be(rule)
    if StageRule.objects.count() >= MOST_RULES:
        raise ValidationError({"when": _("There are as many rules as there can be.")})
    rule.save()
    record(action="lead.rule_added", subject=f"rule:{rule.pk}", actor=actor)
    return rule


def _refuse_what_cannot_be(rule: StageRule) -> None:
    if rule.when not in When.values or rule.then not in Then.values:
        raise ValidationError({"when": _("Choose when, and what then.")})
    if rule.when == When.QUIET and not 1 <= rule.days <= MOST_DAYS:
        raise ValidationError({"days": _("Say after how many days, 1 to 365.")})
    if rule.then == Then.TASK and not rule.title:
        raise ValidationError({"title": _("Say what is to be done.")})
    if rule.from_stage:
        check_stage(rule.from_stage)
    if rule.then == Then.STAGE:
        check_stage(rule.to_stage)
        if rule.to_stage == rule.from_stage:
            raise ValidationError({"to_stage": _("It stands there already.")})
    if rule.when == When.CLOSED and rule.then == Then.STAGE:
        raise ValidationError({"then": _("What is won or lost is not moved by itself.")})


@transaction.atomic
def switch_rule(*, rule: StageRule, is_on: bool, actor: str) -> StageRule:
    held = StageRule.objects.select_for_update().get(pk=rule.pk)
    if held.is_on != is_on:
        held.is_on = is_on
        held.save(update_fields=["is_on"])
        record(
            action="lead.rule_switched",
            subject=f"rule:{held.pk}",
            actor=actor,
            details={"is_on": is_on},
        )
    return held


@transaction.atomic
def remove_rule(*, rule: StageRule, actor: str) -> None:
    """What it did stays in the leads' histories."""
    subject = f"rule:{rule.pk}"
    rule.delete()
    record(action="lead.rule_removed", subject=subject, actor=actor)


def touched_by(rule: StageRule) -> LeadQuerySet:
    """The leads it would act on now: the preview, and what then happens."""
    done = RuleDeed.objects.filter(rule=rule, lead=OuterRef("pk"))
    if rule.when == When.CLOSED:
        rows = Lead.objects.filter(CLOSED)
    else:
        rows = Lead.objects.open()
        rows = rows.filter(stage=rule.from_stage) if rule.from_stage else rows
    if rule.when in {When.HOT, When.WARM}:
        rows = rows.filter(tier=rule.when)
    if rule.when == When.QUIET:
        since = timezone.now() - timedelta(days=rule.days)
        talks = Conversation.objects.filter(contact=OuterRef("contact"))
        rows = rows.filter(
            Exists(talks.filter(last_inbound_at__lt=since)),
            ~Exists(talks.filter(last_inbound_at__gte=since)),
        )
        done = done.filter(at__gte=since)  # they wrote in between: a new silence
    if rule.then == Then.STAGE:
        rows = rows.exclude(stage=rule.to_stage)
    if rule.then == Then.FINISH:
        rows = rows.filter(Exists(Task.objects.filter(lead=OuterRef("pk"), done_at=None)))
        return rows.order_by("pk")
    return rows.filter(~Exists(done)).order_by("pk")


def follow_rules() -> dict[str, int]:
    """Act on what the rules in force touch, a batch a rule; the rest a minute later."""
    count = 0
    for rule in StageRule.objects.filter(is_on=True):
        for pk in list(touched_by(rule).values_list("pk", flat=True)[:BATCH]):
            count += _act(rule, pk)
    return {"ruled": count} if count else {}


@transaction.atomic
def _act(rule: StageRule, lead_id: int) -> bool:
    """Once, whoever else looks at the same moment: asked anew under the lead's lock."""
    lead = locked(lead=Lead(pk=lead_id))
    if not touched_by(rule).filter(pk=lead_id).exists():
        return False
    reason = sentence(rule)
    RuleDeed.objects.update_or_create(rule=rule, lead=lead, defaults={"at": timezone.now()})
    if rule.then == Then.STAGE:
        set_stage(lead=lead, stage=rule.to_stage, actor=rule.actor, reason=reason)
    elif rule.then == Then.FINISH:
        for task in lead.tasks.filter(done_at=None):
            finish_task(task=task, actor=rule.actor)
    elif lead.tasks.filter(done_at=None).count() < MOST_OPEN:
        add_task(lead=lead, title=rule.title, due_at=timezone.now(), actor=rule.actor)
    return True
