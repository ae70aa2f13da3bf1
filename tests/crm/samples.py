"""The lead that the tests of every CRM send: all we may know, nothing, and what nobody expects."""

from datetime import UTC, datetime

from crm.mapping import LeadCard, Reason, parts, properties
from crm.providers.base import CrmProvider, Upsert

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
FULL = LeadCard(
    key="north-1",
    version=3,
    name="Ada Augusta Byron",
    email="ada@acme.example",
    phone="+34 600 000 000",
    score=83,
    tier="hot",
    stage="qualified",
    facts={"budget": "900 EUR", "interest": "two rooms", "role": "CEO", "company": "Acme"},
    reasons=(Reason(label="Budget", points=20, quote="about 900 <b>euros</b>"),),
    created_at=NOW,
    updated_at=NOW,
)
BARE = LeadCard(key="north-2", version=1, created_at=NOW, updated_at=NOW)
ODD = LeadCard(
    key="north-3",
    version=1,
    name="\x00\n " * 50,
    email="not an address",
    facts={"budget": "9" * 5_000, "interest": "\ud800x"},
    created_at=NOW,
    updated_at=NOW,
)


def upsert_of(card: LeadCard, provider: CrmProvider, **more) -> Upsert:
    return Upsert(
        key=card.key,
        delivery_id="msg_1",
        changed_at=NOW,
        properties=properties(card, provider.fields),
        parts=parts(card, provider.parts),
        **more,
    )
