"""What a network tells us about a thread or our account, without anybody having written."""

from channels_app import announcements
from channels_app.models import Conversation, InboundEvent
from channels_app.providers.values import AccountNews, InboundControl, InboundPerson, Noted
from channels_app.services.consequences import set_health
from channels_app.services.outgoing import withdraw_drafts_of_ai
from channels_app.services.people import find_conversation, learn
from channels_app.services.winding import wind
from tenants.live import publish


def take_control(event: InboundEvent, inbound: InboundControl) -> tuple[str, str]:
    """Whoever does not lead the thread is silent in it; the AI comes back by a person's hand."""
    conversation = find_conversation(connection=event.connection, person_ids=[inbound.thread_id])
    if conversation is None:
        return "handover", "There is no conversation with them."
    conversation.is_led_elsewhere = not inbound.is_ours
    changed = ["is_led_elsewhere"]
    if not inbound.is_ours:
        conversation.controller = Conversation.Controller.HUMAN
        conversation.turn_version += 1
        conversation.escalation_reason = inbound.reason[:300]
        changed += ["controller", "turn_version", "escalation_reason"]
        withdraw_drafts_of_ai(conversation)
    conversation.save(update_fields=[*changed, *wind(conversation)])
    publish("conversation", conversation=conversation.pk, controller=conversation.controller)
    if not inbound.is_ours:
        announcements.escalated(conversation, conversation.escalation_reason)
    return "handover", inbound.reason


def take_person(event: InboundEvent, inbound: InboundPerson) -> tuple[str, str]:
    """What somebody says about themselves fills in what we did not know; nothing is replaced."""
    person = inbound.person
    conversation = find_conversation(connection=event.connection, person_ids=[person.id])
    if conversation is None:
        return "person", "There is no conversation with them."
    learn(conversation.contact, person)
    publish("conversation", conversation=conversation.pk, controller=conversation.controller)
    return "person", ""


def take_account_news(event: InboundEvent, inbound: AccountNews) -> tuple[str, str]:
    if inbound.health:
        text = "" if inbound.health == "ok" else inbound.text
        set_health(connection=event.connection, health=inbound.health, text=text)
    return "account", inbound.text


def take_note(event: InboundEvent, inbound: Noted) -> tuple[str, str]:
    return inbound.outcome, inbound.reason
