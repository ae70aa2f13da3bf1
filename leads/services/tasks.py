"""What is to be done for a lead, and reminding whoever is to do it."""

from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from leads import announcements, notices
from leads.models import Lead, Task
from tenants import context, live
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.handover import host_url
from tenants.models import Domain
from tenants.ringing import ring_now

MOST_OPEN = 50
LONGEST_TITLE = 200
BATCH = 200
MAIL_AGAIN_AFTER = timedelta(minutes=5)


@transaction.atomic
def add_task(
    *,
    lead: Lead,
    title: str,
    due_at: datetime | None = None,
    assignee: User | None = None,
    actor: str,
) -> Task:
    """Write down what is to be done; without an assignee it is the owner's."""
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise ValidationError({"title": _("Say in up to 200 characters what to do.")})
    if assignee is not None and not assignee.is_active:
        raise ValidationError({"assignee": _("This person is not here any more.")})
    if lead.tasks.filter(done_at=None).count() >= MOST_OPEN:
        raise ValidationError({"title": _("This lead has as many open tasks as it can have.")})
    made = Task.objects.create(
        lead=lead, title=title, due_at=due_at, assignee=assignee or lead.owner, created_by=actor
    )
    live.publish("task_added", lead=lead.pk, task=made.pk, assignee=made.assignee_id)
    announcements.task_added(made, actor)
    record(action="lead.task_added", subject=f"task:{made.pk}", actor=actor)
    return made


@transaction.atomic
def finish_task(*, task: Task, actor: str) -> Task:
    """It is done; asked twice, once."""
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if task.is_done:
        return task
    task.done_at, task.done_by = timezone.now(), actor
    return _save(task, "lead.task_done", actor)


@transaction.atomic
def reopen_task(*, task: Task, actor: str) -> Task:
    """It is not done after all. A reminder that went out does not go out again."""
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if not task.is_done:
        return task
    task.done_at, task.done_by = None, ""
    return _save(task, "lead.task_reopened", actor)


def _save(task: Task, action: str, actor: str) -> Task:
    task.save(update_fields=["done_at", "done_by"])
    live.publish("task_changed", lead=task.lead_id, task=task.pk, is_done=task.is_done)
    if task.is_done:
        announcements.task_done(task, actor)
    record(action=action, subject=f"task:{task.pk}", actor=actor)
    return task


def tasks_of(*, user_id: int, is_done: bool = False) -> QuerySet[Task]:
    """A person's tasks: what is due first, first; or what they did last."""
    rows = Task.objects.filter(lead__absorbed_by=None, assignee=user_id)
    rows = rows.select_related("lead__contact", "assignee")
    return rows.exclude(done_at=None).order_by("-done_at") if is_done else rows.filter(done_at=None)


@transaction.atomic
def remind_due() -> dict[str, int]:
    """Claim what is due by now, and what was claimed and whose e-mail never went; ring for each."""
    now = timezone.now()
    lost = Q(reminded_at__lt=now - MAIL_AGAIN_AFTER)
    due = Task.objects.filter(Q(reminded_at=None) | lost, done_at=None, mailed_at=None)
    rows = due.filter(due_at__lte=now).order_by("due_at").select_for_update(skip_locked=True)
    claimed = list(rows[:BATCH])
    for task in claimed:
        if task.reminded_at is None:
            live.publish("task_due", lead=task.lead_id, task=task.pk, assignee=task.assignee_id)
            announcements.task_due(task)
            notices.task_due(task)
        transaction.on_commit(partial(ring_now, "upkeep", "mail_reminder", task.pk))
    Task.objects.filter(pk__in=[task.pk for task in claimed]).update(reminded_at=now)
    return {"reminded": len(claimed)} if claimed else {}


def mail_reminder(*, task_id: int) -> None:
    """Tell whoever is to do it, by e-mail; nothing where it is done or was told.

    A crash between the mail server's yes and ours sends it again, under the same Message-ID, by
    which mailboxes know it (https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4).
    """
    rows = Task.objects.select_related("lead__contact", "lead__owner", "assignee")
    task = rows.filter(pk=task_id, done_at=None, mailed_at=None).first()
    if task is None:
        return
    person = task.assignee or task.lead.owner
    if person is not None and person.is_active and person.email:
        mail = _reminder(task, person)
        context.release()
        get_connection().send_messages([mail])
    Task.objects.filter(pk=task_id, mailed_at=None).update(mailed_at=timezone.now())


def _reminder(task: Task, person: User) -> EmailMessage:
    company = context.current_company()
    domain = Domain.objects.get(tenant=company, is_primary=True).domain
    link = f"{host_url(domain)}{reverse('leads:lead', args=[task.lead_id])}"
    with translation.override(person.language or "en"):
        # No name of the lead in the subject: it is shown on locked screens.
        subject = _("Due now: a task at %(company)s") % {"company": company.name}
        body = render_to_string("leads/reminder.txt", {"task": task, "link": link})
    number = f"{company.schema_name}.task.{task.pk}"
    headers = {"Message-ID": f"<{number}@{domain}>"}
    return EmailMessage(subject, body, None, [person.email], headers=headers)
