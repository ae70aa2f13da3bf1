"""Leads that are judged anew, a batch a turn; people reminded of their tasks; files taken; tags
that leave."""

import dramatiq

from leads import services
from leads.services import importing, tags


@dramatiq.actor(queue_name="upkeep")
def preview_rules(rule_set_id: int, after: int) -> None:
    """The leads after this one, judged by a rule set on the side."""
    services.preview_next(rule_set_id=rule_set_id, after=after)


@dramatiq.actor(queue_name="upkeep")
def rescore_leads() -> None:
    """Leads that an older rule set has judged."""
    services.rescore_next()


@dramatiq.actor(queue_name="upkeep")
def mail_reminder(task_id: int) -> None:
    """A task that is due, told to whoever is to do it."""
    services.mail_reminder(task_id=task_id)


@dramatiq.actor(queue_name="upkeep")
def import_leads(import_id: int) -> None:
    """The next lines of a file of leads."""
    importing.import_next(import_id=import_id)


@dramatiq.actor(queue_name="upkeep")
def retire_tag(tag_id: int) -> None:
    """The next leads that carry a tag which leaves."""
    tags.retire_next(tag_id=tag_id)
