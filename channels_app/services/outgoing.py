"""Recording what we want to say: the fence, the send policy, the queued row."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from channels_app import policy
from channels_app.enclosures import Enclosed
from channels_app.media import services as media
from channels_app.models import ChannelConnection, Conversation, Message, MessageTemplate
from channels_app.quiet import quiet_until
from channels_app.services.answering import (
    NO_ANSWER,
    Answer,
    answered,
    comment_to_answer,
    rules_for,
)
from channels_app.services.consent import purposes_refused
from channels_app.services.locking import locked
from channels_app.services.ringing import ring
from channels_app.services.rows import changed_conversation
from channels_app.services.templates import template_of, why_unusable
from channels_app.services.winding import wind
from tenants import context
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.live import publish
from tenants.prepared import PreparedInsert
from tenants.transactions import wholly
from tenants.workspace.services import profile

PREVIEW = 140


class SendRefused(Exception):
    """The send policy said no. ``text`` is for people; ``next_allowed_at`` if waiting helps."""

    def __init__(self, code: str, text: str, next_allowed_at: datetime | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.next_allowed_at = next_allowed_at


class StaleTurn(Exception):
    """Somebody spoke or took over since the AI looked: what it drafted is not sent."""


def carrier_of(conversation: Conversation) -> ChannelConnection | None:
    """The connection that answers leave by: its own, or where the network cannot carry any
    (a website form) the company's first active one of the platform that does. What is only tried
    out is answered by what is only tried out, and nothing else is."""
    connection = conversation.connection
    platform = connection.capabilities.answered_by
    if not platform:
        return connection
    if "@" not in conversation.external_thread:
        return None
    carriers = ChannelConnection.objects.filter(
        platform=platform, is_active=True, is_sandbox=connection.is_sandbox
    )
    return carriers.order_by("pk").first()


def _no_way_back(conversation: Conversation) -> str:
    if carrier_of(conversation) is not None:
        return ""
    if "@" not in conversation.external_thread:
        return _("They left no e-mail address; reach them another way.")
    return _("Connect an e-mail mailbox first: answers to this channel leave by e-mail.")


def ask_policy(
    *,
    conversation: Conversation,
    text: str,
    by_human: bool,
    attachments: Sequence[Mapping[str, Any]] = (),
    answer: Answer = NO_ANSWER,
    template: Mapping[str, Any] | None = None,
) -> policy.Verdict:
    """Whether this may be sent now; for the composer and for the sender alike."""
    known = template_of(conversation, template) if template is not None else None
    is_marketing = known is not None and known.category == MessageTemplate.MARKETING
    facts = policy.Facts(
        text=text,
        has_attachments=bool(attachments),
        files=tuple(map(enclosed, attachments)),
        by_human=by_human,
        connection_active=conversation.connection.is_active,
        contact_blocked=conversation.contact.is_blocked,
        contact_unreachable=conversation.unreachable_at is not None,
        last_inbound_at=conversation.last_inbound_at,
        now=timezone.now(),
        no_way_back=_no_way_back(conversation),
        stopped=conversation.connection.is_stopped,
        led_elsewhere=conversation.is_led_elsewhere,
        opted_out=purposes_refused(conversation),
        is_template=template is not None,
        template_refused=why_unusable(known) if template is not None else "",
        is_marketing=is_marketing,
        quiet_until=_quiet_until() if is_marketing else None,
        answered=answered(conversation, answer),
        sent_in_window=_sent_in_window(conversation, answer.own),
    )
    return policy.decide(rules_for(conversation, answer), facts)


def _quiet_until() -> datetime | None:
    ours = profile()
    zone = ZoneInfo(context.current_company().time_zone)
    return quiet_until(now=timezone.now(), zone=zone, start=ours.quiet_from, end=ours.quiet_to)


def enclosed(said: Mapping[str, Any]) -> Enclosed:
    """What the policy has to know of an attachment; of a mere link nothing more is known."""
    return Enclosed(
        kind=str(said.get("kind") or "file"),
        mime=str(said.get("mime") or ""),
        size=int(said.get("size") or 0),
        name=str(said.get("name") or ""),
    )


def named(attachments: Sequence[Mapping[str, Any]]) -> str:
    """What a list shows of a message without words."""
    return ", ".join(str(said.get("kind", "file")) for said in attachments[:3])


def _sent_in_window(conversation: Conversation, own: int | None) -> int:
    """How many of ours went out since they last wrote; asked only where the network counts."""
    since = conversation.last_inbound_at
    if not conversation.capabilities.max_in_window or since is None:
        return 0
    ours = conversation.messages.filter(direction=Message.Direction.OUT, received_at__gte=since)
    return ours.exclude(state=Message.State.FAILED).exclude(pk=own or 0).count()


@wholly
def record_message(
    *,
    conversation: Conversation,
    text: str,
    author: str,
    user: User | None = None,
    actor: str = "",
    run_id: int | None = None,
    seen_turn: int | None = None,
    attachments: Sequence[Mapping[str, Any]] = (),
    answers: Message | None = None,
    is_private: bool = False,
    template: Mapping[str, Any] | None = None,
    held_seconds: float = 0,
    is_answer: bool = True,
) -> Message:
    """Write the queued row and ring the courier on commit, or when it was held so long.

    ``seen_turn`` is the fence: with it the row is written only if the AI still leads and
    nobody has spoken since, checked under the conversation's lock. Raises StaleTurn, SendRefused.
    What says only that somebody will answer is no answer: they wait as they did.
    """
    row = locked(conversation.pk)
    if seen_turn is not None and not (row.is_with_ai and row.turn_version == seen_turn):
        raise StaleTurn(f"Conversation {row.pk} is at turn {row.turn_version}, not {seen_turn}.")
    by_human = author == Message.Author.HUMAN
    answer = Answer(message=answers, privately=is_private)
    verdict = ask_policy(
        conversation=row,
        text=text,
        by_human=by_human,
        attachments=attachments,
        answer=answer,
        template=template,
    )
    if isinstance(verdict, policy.Refused):
        raise SendRefused(verdict.code, verdict.text, verdict.next_allowed_at)
    if by_human:
        _let_human_lead(row, user)
    message = Message(
        connection=carrier_of(row) or row.connection,
        conversation=row,
        direction=Message.Direction.OUT,
        author=author,
        user=user,
        text=text,
        attachments=[dict(attachment) for attachment in attachments],
        state=Message.State.QUEUED,
        run_id=run_id,
        answers=comment_to_answer(row, answer),
        is_private=is_private,
        template=dict(template) if template is not None else None,
        next_attempt_at=_held_until(held_seconds),
    )
    row.last_message_at = message.provider_time
    if is_answer:
        row.waiting_since = None
    row.preview = text[:PREVIEW] or named(message.attachments)
    fields = OUTGOING_FIELDS + HUMAN_FIELDS if by_human else OUTGOING_FIELDS
    changed = (*fields, *wind(row))
    _NEW_MESSAGE.row(message, beside=changed_conversation(row, changed))
    if attachments and not media.attach(message=message):
        raise SendRefused("unknown_file", _("There is no such file to be sent; upload it again."))
    copy_state(row, conversation)
    ring("deliver_message", message.pk, delay=held_seconds)
    announce_message(message)
    if by_human:
        who = actor or (f"user:{user.pk}" if user else "system")
        record(action="message.sent", subject=f"message:{message.pk}", actor=who)
    return message


def _held_until(seconds: float) -> datetime | None:
    return timezone.now() + timedelta(seconds=seconds) if seconds else None


_NEW_MESSAGE = PreparedInsert(Message)
OUTGOING_FIELDS = ("last_message_at", "waiting_since", "preview")
HUMAN_FIELDS = ("controller", "turn_version", "status", "unread_count", "assignee")


def _let_human_lead(row: Conversation, user: User | None) -> None:
    row.controller = Conversation.Controller.HUMAN
    row.turn_version += 1
    row.status = Conversation.Status.OPEN
    row.unread_count = 0
    if user is not None and row.assignee_id is None:
        row.assignee = user
    withdraw_drafts_of_ai(row)


def withdraw_drafts_of_ai(conversation: Conversation) -> int:
    """What the AI queued and nobody has sent yet is not sent any more: a person leads now."""
    return conversation.messages.filter(
        author=Message.Author.AI, state=Message.State.QUEUED
    ).update(
        state=Message.State.FAILED,
        error_code="taken_over",
        error_text="A colleague took over before this was sent.",
        state_at=timezone.now(),
    )


def copy_state(source: Conversation, target: Conversation) -> None:
    """Let the caller's instance show what was just saved through another one."""
    if source is target:
        return
    for field in Conversation._meta.concrete_fields:
        setattr(target, field.attname, getattr(source, field.attname))


def announce_message(message: Message) -> None:
    publish(
        "new_message",
        conversation=message.conversation_id,
        message=message.pk,
        direction=message.direction,
        author=message.author,
    )
