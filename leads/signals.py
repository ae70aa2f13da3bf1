"""What this app tells the floors above. Sent after commit, inside the company's schema."""

from django.dispatch import Signal

# sender=Lead, lead: leads.models.Lead, became_hot: bool. Rung once per committed change;
# a crash may swallow it, so listeners that must not miss one compare ``lead.version``.
lead_changed = Signal()
