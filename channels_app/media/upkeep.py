"""What the sweeper does about files: ring what was never fetched, clear away what nobody names."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from channels_app.media import vault
from channels_app.media.ringing import ring_now
from channels_app.media.services import UPLOADING
from channels_app.models import Media
from tenants.models import Company

PATIENCE = timedelta(seconds=10)  # a file that was just announced is on its way for that long
UNUSED = timedelta(days=1)  # an upload that was never sent
YOUNG = timedelta(hours=1)  # the row of a younger file may not be committed yet
AT_ONCE = 500
HEX = "0123456789abcdef"
SHARDS = [first + second for first in HEX for second in HEX]
SHARDS_AT_ONCE = 8  # of 256, so that half an hour of sweeps looks into every folder


def sweep() -> dict[str, int]:
    """Ring, let go and clear away; return how many of each."""
    turn = int(timezone.now().timestamp() // 60) * SHARDS_AT_ONCE % len(SHARDS)
    return {
        "files": ring_pending(),
        "unused_files": let_unused_go(),
        "orphaned_files": clear_orphans(shards=SHARDS[turn : turn + SHARDS_AT_ONCE]),
    }


def ring_pending() -> int:
    """Ring again for files that are due and in nobody's hands."""
    now = timezone.now()
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now)
    found = Media.objects.filter(
        free,
        due,
        state=Media.State.PENDING,
        message__isnull=False,
        created_at__lt=now - PATIENCE,
    ).order_by("created_at")
    ids = list(found.values_list("pk", flat=True)[:AT_ONCE])
    for media_id in ids:
        ring_now(media_id)
    return len(ids)


def let_unused_go() -> int:
    """Uploads that were interrupted, or that nobody sent within a day."""
    now = timezone.now()
    interrupted = Q(state=Media.State.PENDING, claimed_until__lt=now - UPLOADING)
    unused = Q(created_at__lt=now - UNUSED)
    found = Media.objects.loose().filter(interrupted | unused)
    return len([media.delete() for media in found.order_by("created_at")[:AT_ONCE]])


def clear_orphans(*, shards: Iterable[str] = SHARDS, young: timedelta = YOUNG) -> int:
    """Delete files that no row names: what was being written when its row was erased."""
    cleared = 0
    for shard in shards:
        names = _names_in(shard)
        ids = {UUID(name.partition(".")[0]) for name in names if len(name.partition(".")[0]) == 32}
        known = set(Media.objects.filter(pk__in=ids).values_list("path", flat=True)) if ids else {}
        for name in names:
            path = f"{vault.folder(shard)}/{name}"
            if path not in known and vault.is_older(path, young):
                vault.delete(path)
                cleared += 1
    return cleared


def clear_erased_companies() -> int:
    """Delete what is left of companies whose keys were destroyed: nobody can read it any more."""
    erased = Company.objects.filter(keyring={}).values_list("schema_name", flat=True)
    return sum(vault.delete_all_of(schema) for schema in erased)


def _names_in(shard: str) -> list[str]:
    try:
        return vault.storage().listdir(vault.folder(shard))[1]
    except FileNotFoundError:
        return []
