"""What happens to leads, as single people are told of it."""

from django.utils.translation import gettext_lazy as _

from leads.models import Lead, Task
from tenants.notices.kinds import Mail, Wish, declare
from tenants.notices.services import tell

HOT_LEAD = declare(
    "hot_lead",
    label=_("A lead becomes hot"),
    title=_("A lead is hot"),
    icon="flame",
    place="leads:lead",
    permission="leads.change_lead",
    usual=Wish(mail=Mail.SOON),
)
TASK_DUE = declare(
    "task_due",
    label=_("A task of mine is due"),
    title=_("A task is due"),
    icon="clock",
    place="leads:lead",
    permission="leads.change_lead",
    has_mail=False,  # it is mailed when it is due
)


def became_hot(lead: Lead) -> None:
    """Whose lead it is, or everybody who may take it; of somebody made up nobody is told."""
    if lead.contact.is_sample:
        return
    whose = [lead.owner_id] if lead.owner_id else None
    tell(HOT_LEAD, people=whose, subject=lead.pk, about=str(lead))


def task_due(task: Task) -> None:
    whose = task.assignee_id or task.lead.owner_id
    if whose is not None:
        tell(TASK_DUE, people=[whose], subject=task.lead_id, about=task.title)
