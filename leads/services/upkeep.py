"""What the sweeper asks of leads, every minute in every company."""

from leads.services.automation import follow_rules
from leads.services.duplicates import compare_new_leads
from leads.services.importing import ring_stuck_imports
from leads.services.rule_sets import ring_unfinished
from leads.services.tags import ring_leaving_tags
from leads.services.tasks import remind_due
from leads.services.understanding import forget_what_was_missed


def sweep() -> dict[str, int]:
    """Finish what a crash, a lost ring or a deaf moment left."""
    return {
        **forget_what_was_missed(),
        **ring_unfinished(),
        **remind_due(),
        **ring_stuck_imports(),
        **follow_rules(),
        **ring_leaving_tags(),
        **_count("likely_duplicates", compare_new_leads()),
    }


def _count(name: str, count: int) -> dict[str, int]:
    return {name: count} if count else {}
