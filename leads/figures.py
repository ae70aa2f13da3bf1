"""What is counted of leads: how many came, how far they got, and what became of them."""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import OuterRef, Subquery

from channels_app.models import Conversation
from channels_app.services import is_real
from leads.models import Lead, LeadChange
from leads.pipeline import counts_as
from tenants.figures.sources import Count, Day, Source, count_with

STAGES = tuple(f"leads_{stage}" for stage in Lead.Stage.values)


@count_with
class Funnel(Source):
    """New leads, leads that became hot, and stages they came to, each lead once a day and kind."""

    name = "funnel"
    kinds = ("leads", "leads_hot", *STAGES)
    table = "leads_leadchange"
    days_touched = """
        SELECT DISTINCT (at AT TIME ZONE %(zone)s)::date FROM leads_leadchange WHERE id > %(since)s
    """

    def count(self, day: Day) -> Iterable[Count]:
        seen: set[tuple[str, int]] = set()
        counts: Counter[tuple[str, str]] = Counter()
        for kind, lead, channel in self._events(day):
            if (kind, lead) not in seen:
                seen.add((kind, lead))
                counts[kind, channel or ""] += 1
        return [Count(kind, channel, n=n) for (kind, channel), n in counts.items()]

    def _events(self, day: Day) -> Iterable[tuple[str, int, str]]:
        window = {"gte": day.start, "lt": day.end}
        made = Lead.everything.filter(is_real(OuterRef("contact")), **_within("created_at", window))
        for pk, channel in made.order_by().values_list("pk", _channel_of("contact")):
            yield "leads", pk, channel
        changes = LeadChange.objects.filter(
            is_real(OuterRef("lead__contact")),
            field__in=["stage", "tier"],
            **_within("at", window),
        )
        # What it became is encrypted: only those who hold the key can count it.
        for change in changes.order_by("pk").annotate(channel=_channel_of("lead__contact")):
            if change.field == "stage":
                yield f"leads_{counts_as(change.after)}", change.lead_id, change.channel
            elif change.after == Lead.Tier.HOT:
                yield "leads_hot", change.lead_id, change.channel


def _within(column: str, window: Mapping[str, object]) -> dict[str, object]:
    return {f"{column}__{bound}": at for bound, at in window.items()}


def _channel_of(contact: str) -> Subquery:
    """The network on which they first wrote to us."""
    first = Conversation.objects.filter(contact=OuterRef(contact)).order_by("pk")
    return Subquery(first.values("connection__platform")[:1])
