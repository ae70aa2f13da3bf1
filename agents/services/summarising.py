"""What a prompt has no room for any more, kept as a summary that rolls on with the thread.

Made after the answer, so that nobody waits for it; a ring that is lost comes again with the
next answer, because the row says how far it reads.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from agents import gateway, prompts
from agents.gateway.window import room
from agents.models import ConversationSummary
from agents.prompts import Turn
from agents.services.terms import terms_of
from agents.services.thought import HISTORY, Thought, readable, store_calls
from channels_app import services as channels
from channels_app.models import Conversation, Message
from leads.services import lead_of
from tenants import context
from tenants.ringing import ring_now
from tenants.workspace.services import profile, record_usage

LEAST_TURNS = 4  # that fell out, before it is worth writing
MOST_MESSAGES = 80  # read at a time; the next round reads on
LONGEST_LINE = 600
MAX_TOKENS = 260
SECONDS = 15.0

# Of two that wrote at once the one that read further stays.
_KEEP = """
INSERT INTO agents_conversationsummary AS known
    (conversation_id, text, until_message, by_model, updated_at)
VALUES (%(conversation)s, %(text)s, %(until)s, %(by_model)s, now())
ON CONFLICT (conversation_id) DO UPDATE
SET text = EXCLUDED.text, until_message = EXCLUDED.until_message,
    by_model = EXCLUDED.by_model, updated_at = now()
WHERE known.until_message < EXCLUDED.until_message
"""


def needs_summary(thought: Thought) -> bool:
    """Whether something was said that the prompts have no room for."""
    said = [turn.text for turn in thought.history]
    return len(said) + len(thought.unanswered) >= HISTORY or room("reply", said) < len(said)


def summary_for(thought: Thought) -> str:
    """What was said before, in short, with what we know of the contact; empty in a short thread."""
    if not needs_summary(thought):
        return ""
    row = ConversationSummary.objects.filter(conversation=thought.conversation).first()
    if row is None:
        return ""
    lead = lead_of(thought.conversation.contact)
    facts = "; ".join(f"{name}: {value}" for name, value in lead.facts.items()) if lead else ""
    return f"{row.text}\n(known of the contact: {facts})" if facts else row.text


def ring_summary(thought: Thought) -> None:
    """Have the summary brought up to date, where it is behind."""
    if needs_summary(thought) and not thought.is_dry:
        ring_now("upkeep", "summarise", thought.conversation.pk)


def forget_summary(*, conversation: Conversation) -> None:
    """What was said has changed: the thread is summed up anew, from its beginning."""
    ConversationSummary.objects.filter(conversation=conversation).delete()


def summarise(*, conversation_id: int) -> ConversationSummary | None:
    """Read on from where the summary ends to where the prompts begin."""
    conversation = Conversation.objects.select_related("contact").filter(pk=conversation_id).first()
    if conversation is None:
        return None
    known = ConversationSummary.objects.filter(conversation=conversation).first()
    fallen = _fallen_out(conversation, known.until_message if known else 0)
    if len(fallen) < LEAST_TURNS:
        return known
    turns = [Turn(not m.is_inbound, readable(m.text, LONGEST_LINE)) for m in fallen]
    prompt = prompts.summary(turns, before=known.text if known else "")
    ours = profile()
    completion = gateway.complete(
        task="summarise",
        system=prompt.system,
        messages=prompt.messages,
        material=prompt.material,
        max_tokens=MAX_TOKENS,
        seconds=SECONDS,
        terms=terms_of(ours, conversation.contact),
    )
    _keep(conversation, completion, until=fallen[-1].pk)
    return ConversationSummary.objects.filter(conversation=conversation).first()


def _fallen_out(conversation: Conversation, since: int) -> Sequence[Message]:
    """What was said since, without the newest that the prompts still read."""
    newest = channels.history(conversation=conversation, limit=HISTORY)
    fit = room("reply", [readable(m.text, LONGEST_LINE) for m in newest])
    first_read = newest[-fit].pk if fit and newest else 0
    said = Message.objects.filter(conversation=conversation, pk__gt=since, pk__lt=first_read)
    return list(
        said.exclude(direction=Message.Direction.NOTE)
        .filter(deleted_at=None)
        .order_by("pk")[:MOST_MESSAGES]
    )


@transaction.atomic
def _keep(conversation: Conversation, completion: gateway.Completion, *, until: int) -> None:
    text = ConversationSummary._meta.get_field("text")
    with context.connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "conversation": conversation.pk,
                "text": text.get_db_prep_save(completion.text, context.connection),
                "until": until,
                "by_model": completion.route != gateway.OFFLINE,
            },
        )
    store_calls(completion.calls, run=None)
    record_usage(
        tokens=sum(call.input_tokens + call.output_tokens for call in completion.calls),
        cost=sum((call.cost for call in completion.calls), Decimal(0)),
    )
