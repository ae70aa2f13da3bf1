"""Words that colleagues put on conversations."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from channels_app.models import Conversation, Label
from channels_app.services.conversations import announce_conversation
from tenants.accounts.models import User
from tenants.audit.services import record


def all_labels() -> list[Label]:
    return list(Label.objects.all())


def label_named(name: str) -> Label:
    """The label of this name, made where there is none; case does not tell two apart."""
    wanted = " ".join(name.split())[:40]
    of_this_name = Label.objects.alias(folded=Lower("name")).filter(folded=Lower(Value(wanted)))
    known = of_this_name.first()
    if known is None:  # whoever makes it in the same moment has made it for both
        Label.objects.bulk_create([Label(name=wanted)], ignore_conflicts=True)
        known = of_this_name.get()
    return known


@transaction.atomic
def put_label(
    *, conversation: Conversation, name: str, user: User | None, actor: str = ""
) -> Label:
    label = label_named(name)
    label.conversations.add(conversation)
    announce_conversation(conversation)
    _note("labelled", conversation, label, user, actor)
    return label


@transaction.atomic
def take_label(
    *, conversation: Conversation, label: Label, user: User | None, actor: str = ""
) -> None:
    label.conversations.remove(conversation)
    announce_conversation(conversation)
    _note("unlabelled", conversation, label, user, actor)


def _note(
    action: str, conversation: Conversation, label: Label, user: User | None, actor: str
) -> None:
    record(
        action=f"conversation.{action}",
        subject=f"conversation:{conversation.pk}",
        actor=actor or (user.actor if user else "system"),
        details={"label": label.pk},
    )


def labels_of(conversations: Iterable[Conversation]) -> dict[int, list[Label]]:
    """What is on each of them, in one query."""
    through = Label.conversations.through
    found: dict[int, list[Label]] = {}
    links = through.objects.filter(conversation__in=[each.pk for each in conversations])
    for link in links.select_related("label").order_by("label__name"):
        found.setdefault(link.conversation_id, []).append(link.label)
    return found
