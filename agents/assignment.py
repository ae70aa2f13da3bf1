"""Who belongs to which side of an experiment: computed from ids, stored nowhere."""

import hashlib

PARTS = 10_000


def is_on_variant(*, experiment: int, contact: int, share: int) -> bool:
    """Whether this contact is answered by the variant; ``share`` is in percent.

    The same contact stays on the same side of an experiment, and when the share grows contacts
    only move towards the variant. Another experiment deals the contacts out anew.
    """
    digest = hashlib.sha256(f"{experiment}:{contact}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % PARTS < share * PARTS // 100
