"""Telling contacts that an AI answers them, and keeping the record of it.

Where a company has it switched off nothing is asked. The words go out with the answer, in one
message, and the record is written in the transaction that queues it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from agents.disclosing import Occasion, occasion, sentence, told
from agents.models import AiDisclosure
from channels_app.models import Conversation, Message
from tenants import context
from tenants.workspace.models import Profile

PERSON = (Message.Author.HUMAN, Message.Author.ECHO)
FAILED = Q(state=Message.State.FAILED)


@dataclass(frozen=True, slots=True)
class Telling:
    """What has to be said with the next message, and why."""

    words: str
    language: str
    occasion: Occasion

    def before(self, text: str) -> str:
        return told(text, self.words)


def telling_due(*, conversation: Conversation, ours: Profile, language: str) -> Telling | None:
    """What the AI's next message has to say of itself; None where it need not say it (again)."""
    if not ours.discloses_ai:
        return None
    said = Message.objects.filter(
        conversation=conversation.pk, direction=Message.Direction.OUT
    ).exclude(FAILED)
    times = said.aggregate(
        last=Max("provider_time"), person=Max("provider_time", filter=Q(author__in=PERSON))
    )
    why = occasion(
        told_at=_told_at(conversation),
        last_said_at=times["last"],
        person_said_at=times["person"],
        now=timezone.now(),
        pause=timedelta(hours=ours.disclosure_hours),
    )
    if why is None:
        return None
    words, code = _sentence(ours, language)
    return Telling(words, code, why)


def room_for_telling(ours: Profile, language: str) -> str:
    """What may have to stand before an answer: it must fit beside it. Empty where nothing has."""
    return f"{_sentence(ours, language)[0]}\n\n" if ours.discloses_ai else ""


def record_telling(*, telling: Telling, message: Message) -> AiDisclosure:
    """Note that it was said, with the message that carries it."""
    conversation = message.conversation
    return AiDisclosure.objects.create(
        conversation=conversation,
        message_id=message.pk,
        occasion=telling.occasion,
        language=telling.language,
        words=telling.words,
        platform=conversation.connection.platform,
        is_public=conversation.is_public and not message.is_private,
    )


def ledger_rows() -> Iterator[list[str]]:
    """The whole record as a table, oldest first, for whoever has to show it."""
    yield ["at", "conversation", "contact", "channel", "public", "occasion", "language", "words",
           "message"]  # fmt: skip
    rows = AiDisclosure.objects.select_related("conversation").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        yield [
            row.at.isoformat(timespec="seconds"),
            str(row.conversation_id),
            str(row.conversation.contact_id),
            row.platform,
            "yes" if row.is_public else "no",
            row.occasion,
            row.language,
            row.words,
            str(row.message_id or ""),
        ]


def _told_at(conversation: Conversation) -> datetime | None:
    """When it was last said in a message that got through, or is on its way."""
    lost = Message.objects.filter(FAILED, pk=OuterRef("message_id"))
    rows = AiDisclosure.objects.filter(~Exists(lost), conversation=conversation.pk)
    return rows.order_by("-pk").values_list("at", flat=True).first()


def _sentence(ours: Profile, language: str) -> tuple[str, str]:
    usual = (ours.languages or [""])[0]
    company = context.current_company().name
    return sentence(language, ours.disclosure, company=company, usual=usual)
