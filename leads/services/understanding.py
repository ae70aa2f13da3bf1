"""What was understood of messages becomes evidence, and evidence becomes the lead."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from channels_app.models import Conversation, Message
from leads import scoring
from leads.models import Evidence, Lead
from leads.services.ledger import locked, locked_lead_of, locked_new_lead, rederive
from tenants.audit.services import record
from tenants.prepared import Blank, Prepared, PreparedInsert
from tenants.statements import Statement

SPAM = "spam"
MAX_NAME, MAX_VALUE, MAX_QUOTE = 48, 500, 300
# Networks let people edit and unsend for two days at most (WhatsApp); a week is generous.
SWEPT = timedelta(days=7)


@transaction.atomic
def apply_understanding(
    *,
    conversation: Conversation,
    message: Message,
    facts: Mapping[str, str],
    intent: str,
    sentiment: float | None = None,
    quotes: Mapping[str, str] | None = None,
    burst: Sequence[Message] = (),
) -> Lead | None:
    """Add what was understood of a message to the lead of its contact; make the lead if need be.

    ``quotes`` holds the words behind each fact, and behind ``intent``. ``burst`` names earlier
    messages that were understood together with this one: each fact is credited to the message
    that says it. Doing it again changes nothing. Spam, and words that were edited or unsent in
    the meantime, change nothing either. None where there is no lead.
    """
    if intent == SPAM:
        return Lead.objects.filter(contact=conversation.contact_id).first()
    lead = locked_lead_of(contact=conversation.contact)
    fresh = _still_said([*burst, message])
    if message not in fresh:
        return lead
    lead = lead or locked_new_lead(contact=conversation.contact)
    evidence = _EVIDENCE.all(lead=lead.pk) if lead.version else []
    understood = _evidence(
        lead=lead,
        messages=fresh,
        facts=_clean(facts),
        quotes=quotes or {},
        elsewhere=_known_besides(fresh, evidence),
    )
    understood[-1].intent = intent[:16]
    understood[-1].sentiment = sentiment
    understood[-1].quote = _literal((quotes or {}).get("intent", ""), message) or _opening(message)
    evidence = _store(evidence, understood)
    return rederive(lead=lead, evidence=evidence, actor="ai", message=message)


@transaction.atomic
def record_facts(
    *,
    conversation: Conversation,
    facts: Mapping[str, str],
    message: Message | None = None,
    actor: str = "ai",
) -> Lead:
    """Add what the contact told us, for instance to a tool the agent called."""
    contact = conversation.contact
    lead = locked_lead_of(contact=contact) or locked_new_lead(contact=contact)
    return _add_facts(lead, _clean(facts), message=message, actor=actor)


@transaction.atomic
def correct_facts(*, lead: Lead, facts: Mapping[str, str], actor: str) -> Lead:
    """A person knows better. An empty value takes a fact back."""
    lead = locked(lead=lead)
    cleaned = {name[:MAX_NAME]: value.strip()[:MAX_VALUE] for name, value in facts.items()}
    lead = _add_facts(lead, cleaned, message=None, actor=actor)
    record(
        action="lead.facts_corrected",
        subject=f"lead:{lead.pk}",
        actor=actor,
        details={"facts": sorted(cleaned)},
    )
    return lead


@transaction.atomic
def forget_message(*, message: Message, reason: str = "") -> Lead | None:
    """Take back every fact and point that rested on this message. None if nothing did."""
    # Locked before we look: an understanding that is being written now will be seen.
    lead = locked_lead_of(contact=message.conversation.contact)
    if lead is None or not Evidence.objects.filter(lead=lead, message=message).delete()[0]:
        return None
    return rederive(
        lead=lead,
        evidence=lead.evidence.all(),
        actor="system",
        reason=reason or "A message was taken back",
        message=message,
    )


def forget_what_was_missed() -> dict[str, int]:
    """Forget messages whose edit or deletion was committed and never heard of."""
    missed = Evidence.objects.filter(said_at__gte=timezone.now() - SWEPT).filter(
        Q(message__deleted_at__isnull=False) | Q(message__edited_at__gt=F("understood_at"))
    )
    count = 0
    for row in missed.select_related("message__conversation__contact"):
        if row.message is not None:
            forget_message(message=row.message)
            count += 1
    return {"forgotten": count}


def _add_facts(
    lead: Lead, facts: Mapping[str, str], *, message: Message | None, actor: str
) -> Lead:
    evidence = _EVIDENCE.all(lead=lead.pk) if lead.version else []
    row = next((one for one in evidence if message and one.message_id == message.pk), None)
    row = row or Evidence(lead=lead, message=message, actor=actor, said_at=timezone.now())
    added = {name: {"value": value, "quote": ""} for name, value in facts.items()}
    if message is not None:
        row.said_at = message.provider_time
        for fact in added.values():
            fact["quote"] = _literal(fact["value"], message)
    row.facts = {**row.facts, **added}
    row.save()
    kept = [one for one in evidence if one.pk != row.pk]
    everything = sorted([*kept, row], key=lambda one: (one.said_at, one.pk))
    return rederive(lead=lead, evidence=everything, actor=actor, message=message)


def _still_said(messages: Sequence[Message]) -> list[Message]:
    """Those messages whose words are still the ones that were understood."""
    return [
        message
        for message in messages
        if _AS_IT_IS.first([message.pk]) == (None, message.edited_at)
    ]


# One by one, and there is one as a rule: a list of an unknown length is planned anew each time.
_AS_IT_IS = Statement("SELECT deleted_at, edited_at FROM channels_app_message WHERE id = %s")


def _known_besides(messages: list[Message], evidence: list[Evidence]) -> dict[str, str]:
    """What we know without these messages."""
    ours = {message.pk for message in messages}
    known = scoring.known(row.as_said() for row in evidence if row.message_id not in ours)
    return {name: fact.value for name, fact in known.items()}


def _evidence(
    *,
    lead: Lead,
    messages: list[Message],
    facts: Mapping[str, str],
    quotes: Mapping[str, str],
    elsewhere: Mapping[str, str],
) -> list[Evidence]:
    """One row a message, the last one always; each fact lies with the words that say it."""
    rows = [
        Evidence(lead=lead, message=message, facts={}, said_at=message.provider_time)
        for message in messages
    ]
    for name, value in facts.items():
        for row, message in zip(reversed(rows), reversed(messages), strict=True):
            quote = _literal(quotes.get(name, ""), message) or _literal(value, message)
            if quote:
                row.facts[name] = {"value": value, "quote": quote}
                break
        else:
            # Known already from earlier words: those keep the credit.
            if elsewhere.get(name) != value:
                rows[-1].facts[name] = {"value": value, "quote": ""}
    return [row for row in rows[:-1] if row.facts] + rows[-1:]


def _store(before: list[Evidence], understood: list[Evidence]) -> list[Evidence]:
    """Write the rows that are new or say something else; return all evidence, oldest first."""
    by_message = {row.message_id: row for row in before}
    changed = [
        row
        for row in understood
        if row.message_id not in by_message or not _same(by_message[row.message_id], row)
    ]
    if changed:
        _UNDERSTOOD.rows(changed)
        by_message.update({row.message_id: row for row in changed})
    spoken = {row.message_id for row in understood}
    kept = [row for row in before if row.message_id not in spoken]
    return sorted(
        [*kept, *(by_message[row.message_id] for row in understood)],
        key=lambda row: (row.said_at, row.pk),
    )


_EVIDENCE = Prepared(lambda: Evidence.objects.filter(lead=Blank("lead")))
_UNDERSTOOD = PreparedInsert(
    Evidence,
    """
    ON CONFLICT (lead_id, message_id) DO UPDATE SET
        intent = EXCLUDED.intent, sentiment = EXCLUDED.sentiment, quote = EXCLUDED.quote,
        facts = EXCLUDED.facts, understood_at = EXCLUDED.understood_at
    """,
)


def _same(stored: Evidence, understood: Evidence) -> bool:
    fields = ("intent", "sentiment", "quote", "facts")
    return all(getattr(stored, name) == getattr(understood, name) for name in fields)


def _clean(facts: Mapping[str, str]) -> dict[str, str]:
    cleaned = {name[:MAX_NAME]: str(value).strip()[:MAX_VALUE] for name, value in facts.items()}
    return {name: value for name, value in cleaned.items() if name and value}


def _literal(quote: str, message: Message) -> str:
    """The quote as the message has it, or nothing: only words that were said are shown as said."""
    wanted = quote.strip()
    at = message.text.casefold().find(wanted.casefold()) if wanted else -1
    if at < 0:
        return ""
    return message.text[at : at + len(wanted)][:MAX_QUOTE]


def _opening(message: Message) -> str:
    return message.text.strip()[:MAX_QUOTE]
