"""What the CRMs hear when two leads become one: both records stay there, and one says so.

Merging two records is the CRM's own business, and in most of them for good (HubSpot: "merging
contacts cannot be undone"). So ours may be taken back: the record that is no longer kept up is
marked with the one that is, and the mark is taken away again.
"""

from typing import Any

from channels_app.services import Merging, Parting
from crm.models import SyncRecord, TimelineEntry
from crm.services.cards import key_of
from leads.models import Lead

STANDS = "none"  # an empty value would not be sent, and the old mark would stay


def merged(merging: Merging) -> dict[str, Any]:
    """Mark what the CRMs know of the absorbed lead; what they never heard of, they need not."""
    there = Lead.everything.filter(contact=merging.absorbed).select_related("absorbed_by").first()
    if there is None or there.absorbed_by is None:
        return {}
    records = SyncRecord.objects.filter(lead=there)
    records.filter(external_id="", synced_version=0).delete()
    records.update(merged_into=key_of(there.absorbed_by))
    entries = TimelineEntry.objects.filter(lead=there)
    moved = list(entries.values_list("pk", flat=True))
    TimelineEntry.objects.filter(pk__in=moved).update(lead=there.absorbed_by)
    return {"timeline": moved}


def parted(parting: Parting) -> None:
    SyncRecord.objects.filter(lead__contact=parting.absorbed).exclude(merged_into="").update(
        merged_into=STANDS
    )
    back = Lead.everything.filter(contact=parting.absorbed).first()
    if back is not None:
        theirs = TimelineEntry.objects.filter(pk__in=parting.kept.get("timeline", ()))
        theirs.update(lead=back)
