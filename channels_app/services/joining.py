"""Two contacts for whom two networks vouch with one number or address become one by themselves.

Only where nobody else shares it, and never where somebody has said that they are two. Each can be
undone as any merge. A company that wants to be asked first says so in its profile.
"""

from channels_app.models import MergeSuggestion
from channels_app.services.merging import MergeRefused, merge
from channels_app.services.suggesting import compare_new_identities, open_suggestions
from tenants.workspace.services import profile

AT_ONCE = 200
ACTOR = "system"


def compare_people() -> dict[str, int]:
    """Find who may be one person, and make those one who surely are; how many of each."""
    return {"suggested": compare_new_identities(), "joined": join_the_sure()}


def join_the_sure() -> int:
    """Merge what waits and is beyond doubt, the newer contact into the older one."""
    if not profile().joins_proven:
        return 0
    count = 0
    sure = open_suggestions().filter(grade=MergeSuggestion.Grade.SURE).order_by("pk")
    for suggestion in sure[:AT_ONCE]:
        try:
            merge(survivor=suggestion.one, absorbed=suggestion.other, actor=ACTOR)
        except MergeRefused:  # another worker was faster, or they write: seen again in a minute
            continue
        count += 1
    return count
