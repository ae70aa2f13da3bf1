"""Numbers of the inbox: today's, and the last days'."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Aggregate, Count, DurationField, F, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from channels_app.models import ChannelConnection, Conversation, InboundEvent, Message

AI = Q(direction=Message.Direction.OUT, author=Message.Author.AI)
PEOPLE = Q(direction=Message.Direction.OUT, author__in=[Message.Author.HUMAN, Message.Author.ECHO])
IN = Q(direction=Message.Direction.IN)
REAL = Q(connection__is_sandbox=False)  # what was only tried out counts for nothing


class Median(Aggregate):
    """The middle value; PostgreSQL takes it while sorting."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight where the reader is."""

    conversations: int
    inbound: int
    by_ai: int
    by_people: int
    failed: int
    first_response: timedelta | None

    @property
    def ai_share(self) -> float | None:
        answers = self.by_ai + self.by_people
        return self.by_ai / answers if answers else None


@dataclass(frozen=True, slots=True)
class Day:
    """One day's inbound messages, and the AI's answers."""

    day: date
    inbound: int
    by_ai: int


def midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def today() -> Today:
    """Today's figures, in two queries."""
    since = midnight()
    said = Message.objects.filter(REAL, provider_time__gte=since).aggregate(
        conversations=Count("conversation", filter=IN, distinct=True),
        inbound=Count("pk", filter=IN),
        by_ai=Count("pk", filter=AI),
        by_people=Count("pk", filter=PEOPLE),
        failed=Count("pk", filter=Q(state=Message.State.FAILED)),
    )
    answered = (
        Conversation.objects.filter(REAL, last_message_at__gte=since)
        .annotate(
            asked=Min(
                "messages__received_at",
                filter=Q(messages__direction="in", messages__provider_time__gte=since),
            ),
            told=Min(
                "messages__received_at",
                filter=Q(messages__direction="out", messages__provider_time__gte=since),
            ),
        )
        .filter(told__gt=F("asked"))
        .aggregate(middle=Median(F("told") - F("asked"), output_field=DurationField()))
    )
    return Today(**said, first_response=answered["middle"])


def last_days(count: int = 14) -> list[Day]:
    """Each of the last days, the empty ones too, oldest first."""
    first = midnight().date() - timedelta(days=count - 1)
    since = midnight() - timedelta(days=count - 1)
    rows = (
        Message.objects.filter(REAL, provider_time__gte=since)
        .annotate(on=TruncDate("provider_time", tzinfo=timezone.get_current_timezone()))
        .values("on")
        .annotate(inbound=Count("pk", filter=IN), by_ai=Count("pk", filter=AI))
        .order_by("on")
    )
    found = {row["on"]: (row["inbound"], row["by_ai"]) for row in rows}
    days = (first + timedelta(days=n) for n in range(count))
    return [Day(day, *found.get(day, (0, 0))) for day in days]


def connections_in_trouble() -> int:
    return (
        ChannelConnection.objects.filter(is_active=True)
        .exclude(health=ChannelConnection.Health.OK)
        .count()
    )


def events_waiting(patience: timedelta = timedelta(minutes=1)) -> int:
    """Webhooks' events that should have been read by now."""
    since = timezone.now() - patience
    late = InboundEvent.objects.filter(status=InboundEvent.Status.PENDING, received_at__lt=since)
    return late.count()
